"""The table for people: Rich on a terminal, words instead of colour alone."""

from typing import Any

from losscli.reports.blocks import has_parts, loss_name
from losscli.reports.rows import columns_text, plain, significant, skipped_text
from losscli.reports.safe import inert_lines, printable
from losscli.results import Penalty, Report, Result


def table_text(report: Report, width: int, colour: bool) -> str:
    """The results as a table of at most `width` columns, and below it what was read."""
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
    )
    for part in _parts(report, width):
        console.print(part)
    for line in _notes(report):
        console.print(line, style="dim" if colour else "", markup=False, emoji=False, soft_wrap=False)
    return inert_lines("\n".join(line.rstrip() for line in stream.getvalue().splitlines())) + "\n"


def _parts(report: Report, width: int) -> list[Any]:
    if report.checks:
        from losscli.reports.check_table import check_parts

        return check_parts(report, width)
    if has_parts(report):
        from losscli.reports.comparison_table import comparison_parts

        return comparison_parts(report, width)
    return [_table(report, width)]


def _table(report: Report, width: int) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    columns = _that_fit(_columns(report), width)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, cells in columns.items():
        if heading in ("loss", "units"):
            longest = max(len(word) for cell in cells for word in cell.split(" "))
            table.add_column(heading, overflow="fold", min_width=min(longest, 16))
        else:
            style = "bold" if heading == "value" else ""
            table.add_column(heading, justify="right", no_wrap=True, style=style)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def _columns(report: Report) -> dict[str, list[str]]:
    """The cells of each column, the most important column first."""
    results = report.results
    columns = {
        "loss": [printable(loss_name(result.loss, result.params)) for result in results],
        "value": [significant(r.value) if r.value is not None else r.status for r in results],
    }
    if any(result.stderr is not None for result in results):
        columns["± stderr"] = [significant(result.stderr, 3) for result in results]
    level = next((result.ci.level for result in results if result.ci), None)
    if level is not None:
        columns[f"{level * 100:g}% interval"] = [_interval(result) for result in results]
    columns["units"] = [result.units for result in results]
    if any(result.unit != "row" for result in results):
        kinds = {result.unit for result in results}
        columns[{"set": "sets", "batch": "batches"}.get("".join(kinds), "count")] = [_units(r) for r in results]
    columns["rows used"] = [f"{result.used:,}" for result in results]
    return columns


def _that_fit(columns: dict[str, list[str]], width: int) -> dict[str, list[str]]:
    """Without the columns that a narrow terminal has no room for, the least important first.

    The loss and its value stay. Names and units may wrap at blanks; numbers may not.
    """
    kept = dict(columns)
    for heading in ("rows used", "units", "± stderr", *(name for name in columns if name.endswith("interval"))):
        if sum(_least_width(name, cells) + 3 for name, cells in kept.items()) - 2 <= width:
            break
        kept.pop(heading, None)
    return kept


def _least_width(heading: str, cells: list[str]) -> int:
    if heading in ("loss", "units"):
        return max(min(16, max(len(word) for word in cell.split(" "))) for cell in [heading, *cells])
    return max(len(cell) for cell in [heading, *cells])


def _units(result: Result) -> str:
    return "1" if result.ci_method == "delta" else f"{result.count:,}"


def _interval(result: Result) -> str:
    if result.ci is None:
        return "-"
    return f"{significant(result.ci.low)} to {significant(result.ci.high)}"


def _notes(report: Report) -> list[str]:
    if not report.results or has_parts(report):
        from losscli.reports.part_notes import part_notes

        return part_notes(report)
    first = report.results[0]
    same = all(columns_text(result) == columns_text(first) for result in report.results)
    notes = (
        [f"columns: {printable(columns_text(first))}"]
        if same
        else [f"columns of {result.loss}: {printable(columns_text(result))}" for result in report.results]
    )
    how = first.reduction if first.transform is None else f"{first.reduction}, after {first.transform}"
    divisors = {_divisor(result) for result in report.results}
    if len(divisors) == 1:
        notes.append(f"reduction: {how}; divided by {divisors.pop()}")
    else:
        notes.append(f"reduction: {how}")
        notes += [f"{result.loss} divided by {_divisor(result)}" for result in report.results]
    left_out = {skipped_text(result) for result in report.results}
    for result in report.results[:1] if len(left_out) == 1 else report.results:
        if skipped_text(result):
            of_loss = "" if len(left_out) == 1 else f"{result.loss}: "
            notes.append(f"{of_loss}left out of {result.rows:,} rows: {skipped_text(result)}")
    return notes + _penalties(report)


def _penalties(report: Report) -> list[str]:
    """A line for each penalty, and one for each loss with all of them added."""
    notes = []
    for penalty in report.results[0].penalties:
        what = "|theta|" if penalty.name == "l1" else "theta^2"
        notes.append(
            f"{penalty.name}: {significant(penalty.value)} = {plain(penalty.strength)} times the sum of {what}, "
            f"{significant(penalty.total)}, over {penalty.count:,} parameters{_where(penalty)}"
        )
    notes += [
        f"{result.loss} with penalties: {significant(result.risk)}" for result in report.results if result.penalties
    ]
    return notes


def _where(penalty: Penalty) -> str:
    names = ", ".join(penalty.columns[:4]) + (", ..." if len(penalty.columns) > 4 else "")
    return f" of {printable(penalty.path)}, columns {printable(names)}" if penalty.path else ""


def _divisor(result: Result) -> str:
    if result.reduction == "sum":
        return "nothing"
    if result.reduction == "mean" and "weight" in result.columns:
        return f"the sum of the weights, {significant(result.denominator)}"
    if result.reduction == "elementmean":
        return f"the number of elements, {significant(result.denominator)}"
    if result.ci_method == "delta":
        return "nothing: a function of the sums over all rows"
    return f"the number of {result.interval_over if result.unit != 'batch' else 'batches'}, {result.count:,}"
