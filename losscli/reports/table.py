"""The table for people: Rich on a terminal, words instead of colour alone."""

from typing import Any

from losscli.reports.rows import columns_text, params_text, significant, skipped_text
from losscli.reports.safe import printable
from losscli.results import Report, Result


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
    console.print(_table(report))
    for line in _notes(report):
        console.print(line, style="dim" if colour else "", markup=False, soft_wrap=False)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _table(report: Report) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    level = next((result.ci.level for result in report.results if result.ci), None)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("loss", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True, style="bold")
    if any(result.stderr is not None for result in report.results):
        table.add_column("± stderr", justify="right", no_wrap=True)
    if level is not None:
        table.add_column(f"{level * 100:g}% interval", justify="right", no_wrap=True)
    table.add_column("units", overflow="fold")
    table.add_column("rows used", justify="right", no_wrap=True)
    for result in report.results:
        cells = [_name(result), significant(result.value) if result.value is not None else result.status]
        if any(other.stderr is not None for other in report.results):
            cells.append(significant(result.stderr, 3))
        if level is not None:
            cells.append(_interval(result))
        cells += [result.units, f"{result.used:,}"]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _name(result: Result) -> str:
    params = params_text(result)
    return f"{result.loss} {params}" if params else result.loss


def _interval(result: Result) -> str:
    if result.ci is None:
        return "-"
    return f"{significant(result.ci.low)} to {significant(result.ci.high)}"


def _notes(report: Report) -> list[str]:
    first = report.results[0]
    same = all(columns_text(result) == columns_text(first) for result in report.results)
    notes = (
        [f"columns: {printable(columns_text(first))}"]
        if same
        else [f"columns of {result.loss}: {printable(columns_text(result))}" for result in report.results]
    )
    reduction = first.reduction if first.transform is None else f"{first.reduction}, after {first.transform}"
    notes.append(f"reduction: {reduction}; divided by {_divisor(first)}")
    left_out = {skipped_text(result) for result in report.results} - {""}
    for text in sorted(left_out):
        notes.append(f"left out of {first.rows:,} rows: {text}")
    return notes


def _divisor(result: Result) -> str:
    if result.reduction == "sum":
        return "nothing"
    if result.reduction == "mean" and "weight" in result.columns:
        return f"the sum of the weights, {significant(result.denominator)}"
    return f"the number of rows, {result.used:,}"
