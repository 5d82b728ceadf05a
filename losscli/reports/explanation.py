"""What `explain` prints: headings with texts beside them, and the curve below, in the width of the terminal."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from losscli.catalogue import Parameter
from losscli.curves import Traced
from losscli.explanation import Explanation
from losscli.reports.curve_text import Alphabet, Panel, Row, legend_mark
from losscli.reports.safe import printable

Styled: TypeAlias = tuple[str, str]
"""Some characters and the style that a terminal gives them."""

_PROSE = 100
"""Wider lines of words are hard to read."""
_NARROW = 60
"""On a narrower terminal texts stand below their names."""
_BESIDE = 120
"""From this width on, the slope stands beside the loss."""
_LINE_STYLES = ("cyan", "yellow", "magenta", "green", "blue")


def explanation_text(explained: Explanation, width: int, alphabet: Alphabet, colour: bool) -> str:
    """All of it as lines of at most `width` columns."""
    lines = list(_lines(explained, width, alphabet))
    if not colour:
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines) + "\n"
    import io

    from rich.console import Console
    from rich.text import Text

    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, highlight=False, legacy_windows=False)
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)
    return stream.getvalue()


def _lines(explained: Explanation, width: int, alphabet: Alphabet) -> Iterator[list[Styled]]:
    prose = min(width, _PROSE)
    loss = explained.loss
    yield [(loss.name, "bold")]
    yield from ([(line, "")] for line in _wrapped(loss.doc.summary, prose, 0))
    if loss.aliases:
        yield from ([(line, "dim")] for line in _wrapped(f"Also called {', '.join(loss.aliases)}.", prose, 0))
    for heading, entries in _sections(explained):
        yield []
        yield [(heading, "bold")]
        yield from _entries(entries, prose)
    yield []
    yield [("Example", "bold")]
    yield from _example(explained, prose)
    yield []
    yield [("Command", "bold")]
    yield from _command(explained.ready, prose)
    yield []
    yield [("Curve", "bold")]
    yield from _curve(explained, width, alphabet)


def _sections(explained: Explanation) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Headings with names and texts; a text without a name stands below the heading alone."""
    loss, doc = explained.loss, explained.loss.doc
    yield "Formula", [("", _formula(explained))]
    yield f"Unit: {loss.unit.kind}", [("", explained.unit)]
    yield "Reads", list(_roles(explained))
    if loss.parameters:
        yield "Parameters", [(_flag(entry.name), _parameter(explained, entry)) for entry in loss.parameters]
    facts = loss.facts
    better = "a lower value is better" if facts.direction == "lower" else "a higher value is better"
    yield (
        "Properties",
        [
            ("task", facts.task),
            ("convex", facts.convex),
            ("differentiable", facts.differentiable),
            ("robust", facts.robust),
            ("units", loss.units(explained.values)),
            ("direction", better),
            *(
                [("reductions", f"{', '.join(loss.reductions)}, besides those of all losses")]
                if loss.reductions
                else []
            ),
        ],
    )
    yield "Pitfalls", [("", _line(doc.sections.get("Pitfalls", "")))]
    yield "Libraries", list(explained.libraries)
    yield "Reference", [("", _line(doc.sections.get("Reference", "")))]


def _formula(explained: Explanation) -> str:
    formula = _line(explained.loss.doc.sections.get("Formula", ""))
    roles = {role.name for role in explained.loss.roles}
    return formula + ("; e is pred - target" if re.search(r"\be\b", formula) and {"target", "pred"} <= roles else "")


def _roles(explained: Explanation) -> Iterator[tuple[str, str]]:
    loss = explained.loss
    alternatives = {name for form in loss.forms for name in form}
    for role in loss.roles:
        spare = " Not needed." if role.optional and role.name not in alternatives else ""
        yield _flag(role.name), f"{loss.doc.arguments[role.name]} Allowed: {role.domain.allowed}.{spare}"
    if loss.forms:
        *others, last = (" with ".join(_flag(name) for name in form) for form in loss.forms)
        yield "exactly one", f"{', '.join(others)} or {last}." if others else f"{last}."


def _parameter(explained: Explanation, parameter: Parameter) -> str:
    text = f"{explained.loss.doc.arguments[parameter.name]} Allowed: {parameter.allowed}."
    default = " It has to be given." if parameter.required else f" Default: {shown(parameter.default)}."
    given = explained.spec.given
    return text + default + (f" Here: {shown(given[parameter.name])}." if parameter.name in given else "")


def shown(value: object) -> str:
    """A parameter's value as a user writes it."""
    if isinstance(value, tuple):
        return ",".join(shown(number) for number in value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def _entries(entries: Sequence[tuple[str, str]], width: int) -> Iterator[list[Styled]]:
    """Names with their texts beside them, or below them where the terminal is narrow."""
    longest = max((len(name) for name, _ in entries), default=0)
    beside = width >= _NARROW
    indent = 2 + (longest + 2 if longest and beside else 0)
    for name, text in entries:
        wrapped = _wrapped(text, width, indent if beside or not name else 4)
        if not name:
            wrapped = _wrapped(text, width, 2)
        elif not beside:
            yield [("  ", ""), (name, "cyan")]
        first, *rest = wrapped or [""]
        if name and beside:
            yield [("  ", ""), (name.ljust(longest), "cyan"), ("  " + first.lstrip(), "")]
        else:
            yield [(first, "")]
        yield from ([(line, "")] for line in rest)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(text, width, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False)


def _example(explained: Explanation, width: int) -> Iterator[list[Styled]]:
    """The words of the example, its statements, and what they print."""
    words = explained.loss.doc.sections.get("Example", "").partition(">>>")[0]
    yield from ([(line, "")] for line in _wrapped(_line(words), width, 2))
    for step in explained.steps:
        first, *rest = step.source.splitlines()
        for mark, source in ((">>>", first), *(("...", line) for line in rest)):
            yield from _statement(mark, source, width)
        for line in step.output.splitlines():
            yield from ([("  " + part, "green")] for part in _folded(line, width - 2))


def _statement(mark: str, source: str, width: int) -> Iterator[list[Styled]]:
    """A line of code; a narrow terminal breaks it after a comma, as Python allows within brackets."""
    lines = textwrap.wrap(source, width - 6, break_on_hyphens=False, drop_whitespace=True)
    for number, line in enumerate(lines):
        yield [("  ", ""), (mark if number == 0 else "...", "dim"), (" " + line, "")]


def _folded(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)] or [""]


def _command(command: str, width: int) -> Iterator[list[Styled]]:
    """A command, continued as a shell takes it."""
    lines: list[str] = []
    # a flag stays with its value
    for part in re.split(r" (?=--|FILE$)", printable(command)):
        if lines and len(lines[-1]) + 1 + len(part) <= width - 4:
            lines[-1] += " " + part
        else:
            lines.append("  " + part if not lines else "    " + part)
    for number, line in enumerate(lines):
        yield [(line + (" \\" if number < len(lines) - 1 else ""), "green")]


def _curve(explained: Explanation, width: int, alphabet: Alphabet) -> Iterator[list[Styled]]:
    beside = width >= _BESIDE
    columns = min((width - 4) // 2 if beside else width, _PROSE) - 12
    traced = explained.curve(columns * alphabet.across)
    if traced is None:
        yield from ([(line, "")] for line in _wrapped("This loss has no argument to be drawn over.", width, 2))
        return
    yield from ([(line, "dim")] for line in _wrapped(curve_words(explained, traced), min(width, _PROSE), 2))
    if len(traced.lines) > 1:
        yield [("  ", ""), *_legend(traced, alphabet)]
    rows = 8 if width < _NARROW else 10
    pictures = panels(traced)
    margin = max(picture.margin(rows) for picture in pictures)
    left, right = (picture.draw(columns, rows, margin, alphabet) for picture in pictures)
    joined = [[*a, ("    ", -1), *b] for a, b in zip(left, right, strict=True)] if beside else [*left, *right]
    for row in joined:
        yield [("  ", ""), *_styled(row)]


def curve_words(explained: Explanation, traced: Traced) -> str:
    """What the curve is drawn over and with."""
    defaults = {parameter.name: parameter.default for parameter in explained.loss.parameters}
    drawn = [f"{name}={shown(value)}" for name, value in explained.drawn.items() if value != defaults[name]]
    words = f"over {traced.axis}" + (f"; {', '.join(drawn)}" if drawn else "")
    left_out = [f"{name}={shown(explained.values[name])}" for name in explained.not_drawn]
    return words + (f"; without {', '.join(left_out)}" if left_out else "")


def panels(traced: Traced) -> tuple[Panel, Panel]:
    """The loss and its slope as pictures."""
    low, high = float(traced.places[0]), float(traced.places[-1])
    losses = [finite(line.losses.tolist()) for line in traced.lines]
    slopes = [finite(line.slopes.tolist()) for line in traced.lines]
    return Panel("loss", low, high, losses), Panel("slope", low, high, slopes)


def finite(values: Sequence[float]) -> list[float | None]:
    """The values, None in place of what is no finite number."""
    return [value if abs(value) < float("inf") else None for value in values]


def _legend(traced: Traced, alphabet: Alphabet) -> Iterator[Styled]:
    for number, line in enumerate(traced.lines):
        yield (legend_mark(number, alphabet), _style(number))
        yield (f" {line.label}   ", "")


def _styled(row: Row) -> Iterator[Styled]:
    return ((text, "" if number < 0 else _style(number)) for text, number in row)


def _style(number: int) -> str:
    return _LINE_STYLES[number % len(_LINE_STYLES)]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _line(text: str) -> str:
    return " ".join(text.split())
