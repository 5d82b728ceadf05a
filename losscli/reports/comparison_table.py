"""Models side by side and slices one below the other, for people: a table for each loss, with the differences drawn."""

from collections.abc import Sequence
from typing import Any

from losscli.comparison import BETTER, WORSE, Comparison, slice_text
from losscli.reports.blocks import Block, Line, blocks, slice_columns
from losscli.reports.fitting import GAP, Column, comfortable_width, names, numbers, that_fit, words
from losscli.reports.interval_bars import Span, interval_bars, zero_place
from losscli.reports.layout import INDENT, labelled_lines, needs_labels, table_lines
from losscli.reports.rows import aligned, intervals, probability, significant
from losscli.reports.safe import printable
from losscli.results import Report, Result

_LIGHT = ("detectable", "± stderr", "percent")
_HEAVY = ("p (Holm)", "rows", "sets", "batches", "count")
_BESIDE = 100
"""From this width on bars stand beside the numbers, if they have room there."""
_BELOW = 60
"""Under this width there are none."""
_LEAST_BAR, _WIDEST_BAR = 17, 61


def comparison_parts(report: Report, width: int) -> list[Any]:
    """The tables of all losses, with their titles, as Rich prints them one after the other."""
    from rich.text import Text

    parts: list[Any] = []
    starred = False
    for block in blocks(report):
        parts += [Text(""), *_block_parts(block, width)]
        starred = starred or any(line.best for line in block.lines)
    parts.append(Text(""))
    if starred:
        parts.append(Text(f"* best {'of its slice' if any(r.slice for r in report.results) else 'value'}"))
    parts += [Text(reason) for reason in reasons(report)]
    return [Text("\n").join(parts[1:])]


def _block_parts(block: Block, width: int) -> list[Any]:
    from rich.text import Text

    columns = _columns(block)
    compared = [line for line in block.lines if _span(line)]
    beside = _with_bars(block, columns, width) if width >= _BESIDE and compared else None
    parts = [
        Text(_title(block), style="bold"),
        *(table_lines(beside, width) if beside else _lines(block, columns, width)),
    ]
    if compared and not beside and width >= _BELOW:
        below = _once(compared, width)
        room = max(_LEAST_BAR, min(_WIDEST_BAR, width - comfortable_width(below) - GAP))
        parts += [Text(""), *table_lines([*below, _bar_column(compared, room)], width)]
    return parts


def _lines(block: Block, columns: Sequence[Column], width: int) -> list[Any]:
    """The table without bars: its labels in columns, or above the numbers where that takes less lines."""
    labels = _labels(block.lines, width)
    bounds = [column.heading for column in columns if column.heading.endswith("interval")]
    heavy = (*_HEAVY, *bounds, "difference", "verdict")
    kept = that_fit(labels, columns, _LIGHT, heavy, width)
    if needs_labels(labels, kept, width):
        return labelled_lines(labels, that_fit((), columns, _LIGHT, heavy, width - INDENT), width)
    return table_lines([*_once(block.lines, width), *kept], width)


def _with_bars(block: Block, columns: Sequence[Column], width: int) -> list[Column] | None:
    """The columns that fit with bars at their right; None where bars have no room."""
    labels = _once(block.lines, width)
    kept = [*labels, *that_fit(labels, columns, _LIGHT, (), width - _LEAST_BAR - GAP)]
    room = width - comfortable_width(kept) - GAP
    return [*kept, _bar_column(block.lines, min(room, _WIDEST_BAR))] if room >= _LEAST_BAR else None


def _title(block: Block) -> str:
    result = block.lines[0].result
    words_ = [result.units, f"{result.direction} is better"]
    if not _counts_differ(block):
        words_.append(f"{result.count:,} {_counted(result, result.count)}")
    if block.baseline is not None:
        words_.append(f"baseline {printable(block.baseline)}")
    return f"{block.name}: {'; '.join(words_)}"


def _counts_differ(block: Block) -> bool:
    return len({line.result.count for line in block.lines}) > 1


def _counted(result: Result, count: int) -> str:
    many = {"row": "rows", "set": "sets", "batch": "batches"}.get(result.unit, "count")
    return many if count != 1 else result.unit


def _columns(block: Block) -> list[Column]:
    """All numbers of a block and its verdicts, in the order of reading."""
    lines = block.lines
    values = aligned([line.result.value for line in lines], 6)
    cells = [
        value if line.result.value is not None else line.result.status
        for value, line in zip(values, lines, strict=True)
    ]
    if any(line.best for line in lines):
        cells = [f"{cell}{'*' if line.best else ' '}" for cell, line in zip(cells, lines, strict=True)]
    columns = [numbers("value", cells, ["bold" if line.best else "" for line in lines])]
    if any(line.result.stderr is not None for line in lines):
        columns.append(numbers("± stderr", [significant(line.result.stderr, 3) for line in lines]))
    level = next((line.result.ci.level for line in lines if line.result.ci), None)
    if block.baseline is not None:
        columns += _difference_columns(block)
    elif level is not None:
        columns.append(numbers(f"{level * 100:g}% interval", intervals([line.result.ci for line in lines], 6)))
    if _counts_differ(block):
        columns.append(numbers(_counted(lines[0].result, 2), [f"{line.result.count:,}" for line in lines]))
    return columns


def _difference_columns(block: Block) -> list[Column]:
    compared = [line.comparison for line in block.lines]
    differences = aligned([entry.difference if entry else None for entry in compared], 5, "+")
    columns = [numbers("difference", _of_compared(block, differences))]
    level = next((entry.ci.level for entry in compared if entry and entry.ci), None)
    if level is not None:
        bounds = intervals([entry.ci if entry else None for entry in compared], 5, "+")
        columns.append(numbers(f"its {level * 100:g}% interval", _of_compared(block, bounds)))
    percents = ["-" if e is None or e.percent is None else f"{significant(e.percent, 3, '+')}%" for e in compared]
    columns.append(numbers("percent", _of_compared(block, percents)))
    if any(entry and entry.p_adjusted is not None for entry in compared):
        adjusted = [probability(entry.p_adjusted if entry else None) for entry in compared]
        columns.append(numbers("p (Holm)", _of_compared(block, adjusted)))
    verdicts = ["baseline" if entry is None else entry.verdict for entry in compared]
    styles = [{BETTER: "green", WORSE: "red"}.get(verdict, "") for verdict in verdicts]
    columns.append(words("verdict", verdicts, styles))
    if any(entry and entry.detectable is not None for entry in compared):
        smallest = [significant(entry.detectable if entry else None, 3) for entry in compared]
        columns.append(numbers("detectable", _of_compared(block, smallest)))
    return columns


def _of_compared(block: Block, cells: Sequence[str]) -> list[str]:
    return [cell if line.comparison else "" for cell, line in zip(cells, block.lines, strict=True)]


def _labels(lines: Sequence[Line], width: int) -> list[Column]:
    """The slices, a column for each column of the file or all in one where the terminal is narrow; and the models."""
    parts = [line.result.slice for line in lines]
    columns = [
        names(printable(name), [printable(cell) for cell in cells]) for name, cells in slice_columns(parts).items()
    ]
    if len(columns) > 1 and comfortable_width(columns) > width // 3:
        columns = [names("slice", [printable(slice_text(part)) or "(all)" for part in parts])]
    if any(line.result.model is not None for line in lines):
        columns.append(names("model", [printable(line.result.model or "") for line in lines]))
    return columns


def _once(lines: Sequence[Line], width: int) -> list[Column]:
    """The labels with a slice said only for the first of its models."""
    labels = _labels(lines, width)
    if all(line.result.model is None for line in lines):
        return labels
    parts = [line.result.slice for line in lines]
    again = [place > 0 and part == parts[place - 1] for place, part in enumerate(parts)]
    blank = [names(c.heading, ["" if a else t for t, a in zip(c.cells, again, strict=True)]) for c in labels[:-1]]
    return [*blank, labels[-1]]


def _span(line: Line) -> Span | None:
    entry = line.comparison
    if entry is None or entry.difference is None:
        return None
    return (entry.ci.low, entry.difference, entry.ci.high) if entry.ci else (None, entry.difference, None)


def _bar_column(lines: Sequence[Line], width: int) -> Column:
    """The bars, and above them on which side of zero a model is better."""
    spans = [_span(line) for line in lines]
    styles = [
        {BETTER: "green", WORSE: "red"}.get(line.comparison.verdict if line.comparison else "", "") for line in lines
    ]
    sides = ("better", "worse") if lines[0].result.direction != "higher" else ("worse", "better")
    zero = zero_place(spans, width)
    left = f"{sides[0]} " if zero > len(sides[0]) else ""
    right = f" {sides[1]}" if width - zero - 1 > len(sides[1]) else ""
    heading = f"{left.rjust(zero)}0{right.ljust(width - zero - 1)}"
    return Column(heading, interval_bars(spans, width), to_left=True, styles=styles)


def reasons(report: Report) -> list[str]:
    """Why there is no value, no difference or no test: each reason once, with what it is of; printable."""
    of_reason: dict[str, list[str]] = {}
    entries: list[Result | Comparison] = [*report.results, *report.comparisons]
    for entry in entries:
        if entry.reason:
            what = " ".join(filter(None, [entry.loss, entry.model, slice_text(entry.slice)]))
            of_reason.setdefault(entry.reason, []).append(what)
    found = []
    for reason, whats in of_reason.items():
        more = f" and {len(whats) - 3:,} more" if len(whats) > 3 else ""
        found.append(printable(f"{', '.join(whats[:3])}{more}: {reason}"))
    return found
