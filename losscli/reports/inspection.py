"""What `inspect` prints for people: a table of columns, then classes, pitfalls and commands to copy."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from losscli.inspection import Inspection
from losscli.pitfalls import Balance, balances, pitfalls
from losscli.reports.inspection_table import shorter, table_lines
from losscli.reports.safe import inert_lines, printable
from losscli.shell import shell_line
from losscli.suggestions import Suggestion, Suggestions

_PROSE = 110
_MOST_NEEDS = 8
_MOST_PITFALLS = 15
_MOST_LABELS = 12


def inspection_text(found: Inspection, suggested: Suggestions, width: int, colour: bool) -> str:
    """All of it as lines of at most `width` columns, but for commands, which are broken between options only."""
    lines: list[str] = []
    for heading, body in _sections(found, suggested, width):
        if not body:
            continue
        if lines:
            lines.append("")
        lines.append(f"\x1b[1m{heading}\x1b[0m" if colour and heading else heading)
        lines += body
    return inert_lines("\n".join(line.rstrip() for line in lines)) + "\n"


def _sections(found: Inspection, suggested: Suggestions, width: int) -> Iterator[tuple[str, list[str]]]:
    prose = min(width, _PROSE)
    yield "Files" if len(found.files) > 1 else "File", list(_files(found, prose))
    yield "Columns", table_lines(found, width)
    yield "Classes", [line for balance in balances(found) for line in _balance(balance, prose)]
    yield "Pitfalls", list(_pitfalls(found, prose))
    ready = list(_commands(suggested.ready, width, prose))
    yield (
        "Ready to run",
        ready
        or _wrapped("No loss fits what the names and values say; `losscli list` shows the roles to fill.", prose, 2),
    )
    needs = list(_commands(suggested.needs[:_MOST_NEEDS], width, prose))
    left = len(suggested.needs) - _MOST_NEEDS
    yield "Needs more", [*needs, *([f"  and {left} more: --json has them"] if left > 0 else [])]
    yield "Side by side", list(_commands(suggested.compare, width, prose))


def _files(found: Inspection, width: int) -> Iterator[str]:
    for entry in found.files[:_MOST_PITFALLS]:
        parts = [entry.format, f"{entry.rows:,} row{'s' if entry.rows != 1 else ''}"]
        if entry.row_groups is not None:
            parts.append(f"{entry.row_groups:,} row group{'s' if entry.row_groups != 1 else ''}")
        if entry.delimiter not in (None, ",", "\t"):
            parts.append(f"cells separated by {entry.delimiter!r}")
        if entry.size is not None:
            parts.append(_bytes(entry.size))
        name = "standard input" if entry.name == "-" else printable(entry.name)
        yield from _wrapped(f"{name}: {', '.join(parts)}", width, 2)
    if len(found.files) > _MOST_PITFALLS:
        yield f"  and {len(found.files) - _MOST_PITFALLS:,} more files"
    total = sum(entry.rows for entry in found.files)
    if total != found.rows:
        yield f"  the filters keep {found.rows:,} of {total:,} rows"


def _bytes(size: int) -> str:
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return f"{size} bytes"


def _balance(balance: Balance, width: int) -> list[str]:
    shown = [
        f"{shorter(printable(label), 40)} {count:,} ({100 * count / balance.rows:.3g}%)"
        for label, count in balance.labels
    ]
    more = f", and {len(shown) - _MOST_LABELS} more" if len(shown) > _MOST_LABELS else ""
    return _wrapped(f"{shorter(printable(balance.column), 40)}: {', '.join(shown[:_MOST_LABELS])}{more}", width, 2)


def _pitfalls(found: Inspection, width: int) -> Iterator[str]:
    met = pitfalls(found)
    for entry in met[:_MOST_PITFALLS]:
        first, *rest = _wrapped(printable(entry.says), width, 4)
        yield f"  - {first[4:]}"
        yield from rest
    if len(met) > _MOST_PITFALLS:
        yield f"  and {len(met) - _MOST_PITFALLS} more: --json has them"


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(text, width, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False)


def _commands(entries: Sequence[Suggestion], width: int, prose: int) -> Iterator[str]:
    """Commands under the loss that they compute; what to choose or to know stands before the command."""
    for (loss, says), group in groupby(entries, key=lambda entry: (entry.loss, entry.says)):
        first, *rest = _wrapped(f"{loss}: {says}", prose, 2)
        yield first
        yield from rest
        before = ""
        for entry in group:
            told = printable(entry.note)
            if told and told != before:
                # each line by itself: what is copied must stay a comment
                yield from (f"    # {line}" for line in textwrap.wrap(told, prose - 6, break_on_hyphens=False))
            before = told
            yield from _command(entry.arguments, width)


def _command(arguments: Sequence[str], width: int) -> Iterator[str]:
    """A command to copy, continued as a shell takes it; a flag stays with its value."""
    parts: list[list[str]] = [[]]
    for argument in arguments:
        if argument.startswith("--") or argument.startswith("-l"):
            parts.append([])
        parts[-1].append(argument)
    lines: list[str] = []
    for part in map(shell_line, parts):
        if lines and len(lines[-1]) + 1 + len(part) <= width - 2:
            lines[-1] += f" {part}"
        else:
            lines.append(f"{'      ' if lines else '    '}{part}")
    yield from (line + (" \\" if place < len(lines) - 1 else "") for place, line in enumerate(lines))
