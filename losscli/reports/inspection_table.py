"""The table of columns that `inspect` prints; columns that differ in a number alone share a line."""

import io
from collections.abc import Sequence

from losscli.column_facts import ColumnFacts
from losscli.data.role_names import member
from losscli.data.table import Kind
from losscli.inspection import Inspection
from losscli.pitfalls import in_order
from losscli.records import dataclass
from losscli.reports.safe import printable
from losscli.role_uses import Use, uses

_TOGETHER = 5
"""So many columns that differ in their ending are one line."""
_MOST_LINES = 40
_LONGEST_NAME = 60
_FEW = 4


@dataclass(frozen=True, slots=True)
class _Line:
    """One column, or several that share a line."""

    facts: tuple[ColumnFacts, ...]
    uses: tuple[Use, ...]


def table_lines(found: Inspection, width: int) -> list[str]:
    """The columns with what they hold, as a table of at most `width` columns."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = _lines(found)
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    lacking = any(facts.missing for line in lines for facts in line.facts)
    for heading in ("column", "kind", *(("missing",) if lacking else ()), "values", "may be"):
        numbers = heading == "missing"
        least = {"column": 12, "values": 16, "may be": 10}.get(heading)
        shown.add_column(
            heading, justify="right" if numbers else "left", overflow="fold", min_width=least, no_wrap=numbers
        )
    for line in lines[:_MOST_LINES]:
        cells = [_name(line), _kind(line), *([_missing(line)] if lacking else []), _values(line), _roles(line)]
        shown.add_row(*map(Text, cells))
    stream = io.StringIO()
    Console(file=stream, width=width - 2, no_color=True, highlight=False, legacy_windows=False).print(shown)
    more = len(lines) - _MOST_LINES
    rest = [f"  and {more:,} more: --json has them"] if more > 0 else []
    return [*(f"  {text}".rstrip() for text in stream.getvalue().splitlines()), *rest]


def shorter(text: str, most: int) -> str:
    """A text without its middle where it is long."""
    return text if len(text) <= most else f"{text[: most - most // 3 - 3]}...{text[-(most // 3) :]}"


def _lines(found: Inspection) -> list[_Line]:
    """The columns in file order; those of a group stand where its first one does."""
    roles = uses(found)
    groups: dict[tuple[object, ...], list[ColumnFacts]] = {}
    for facts in found.columns.values():
        part = member(facts.name)
        alone = part is None or not part.ending.isdigit()
        # columns with other roles are told apart
        key = (facts.name,) if alone or part is None else (part.shared, facts.kind, *_told(roles[facts.name]))
        groups.setdefault(key, []).append(facts)
    lines: list[_Line] = []
    for members in groups.values():
        parts = [tuple(members)] if len(members) >= _TOGETHER else [(facts,) for facts in members]
        lines += [_Line(part, tuple(roles[part[0].name])) for part in parts]
    place = {name: i for i, name in enumerate(found.columns)}
    return sorted(lines, key=lambda line: place[line.facts[0].name])


def _told(roles: Sequence[Use]) -> list[str]:
    return [use.role for use in roles]


def _name(line: _Line) -> str:
    names = [shorter(printable(facts.name), _LONGEST_NAME) or "(no name)" for facts in line.facts]
    return names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}"


def _kind(line: _Line) -> str:
    first = line.facts[0]
    kind = {Kind.LIST: "lists", Kind.TIME: "time"}.get(first.kind, first.kind.value)
    if first.kind is Kind.NUMBER and first.low is not None and all(facts.whole for facts in line.facts):
        kind = "whole number"
    return kind if len(line.facts) == 1 else f"{len(line.facts):,} x {kind}"


def _missing(line: _Line) -> str:
    return f"{sum(facts.missing for facts in line.facts):,}"


def _values(line: _Line) -> str:
    first = line.facts[0]
    lows = [facts.low for facts in line.facts if facts.low is not None]
    highs = [facts.high for facts in line.facts if facts.high is not None]
    if first.fault is not None:
        return "cannot be read"
    if not any(facts.present for facts in line.facts):
        return "none"
    if first.kind is Kind.LIST:
        lengths = f"{first.shortest}" if first.shortest == first.longest else f"{first.shortest} to {first.longest}"
        return f"{lengths} each" + (f", {_range(min(lows), max(highs))}" if lows else "")
    if lows and (len(line.facts) > 1 or first.different is None or first.different > _FEW or not first.whole):
        return _range(min(lows), max(highs))
    if first.earliest is not None and first.latest is not None:
        return printable(f"{first.earliest} to {first.latest}")
    if first.different is None:
        return "many" if first.kind is Kind.TEXT else ""
    values = [shorter(printable(value), 24) for value, _ in in_order(first)]
    if len(values) <= _FEW:
        return ", ".join(values)
    return f"{', '.join(values[:2])}, ... ({len(values):,})"


def _range(low: float, high: float) -> str:
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"


def _roles(line: _Line) -> str:
    """The roles that the name says, or else those that may be meant, with a question mark."""
    named = [use.role for use in line.uses if use.by_name]
    return ", ".join(named or [f"{use.role}?" for use in line.uses])
