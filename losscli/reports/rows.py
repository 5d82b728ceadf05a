"""What the tables show of a report: the same columns for the terminal, TSV, CSV and Markdown."""

from typing import Any

from losscli.comparison import slice_text
from losscli.results import Report, Result

HEADINGS = (
    "loss",
    "params",
    "reduction",
    "value",
    "stderr",
    "ci_low",
    "ci_high",
    "units",
    "rows",
    "used",
    "unit",
    "count",
    "skipped",
    "denominator",
    "columns",
    "penalties",
    "risk",
)


def table_rows(report: Report) -> list[list[str]]:
    """A row of texts for each result, in the order of HEADINGS; numbers with all their digits."""
    return [_row(result) for result in report.results]


def _row(result: Result) -> list[str]:
    interval = result.ci
    reduction = result.reduction if result.transform is None else f"{result.reduction} after {result.transform}"
    return [
        " ".join(filter(None, [result.loss, slice_text(result.slice)])),
        params_text(result),
        reduction,
        _number(result.value),
        _number(result.stderr),
        _number(interval.low if interval else None),
        _number(interval.high if interval else None),
        result.units,
        str(result.rows),
        str(result.used),
        result.unit,
        str(result.count),
        skipped_text(result),
        _number(result.denominator),
        columns_text(result),
        ",".join(f"{penalty.name}={penalty.value!r}" for penalty in result.penalties),
        _number(result.risk),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def params_text(result: Result) -> str:
    """The parameters that are set, as `name=value,name=value`."""
    return ",".join(f"{name}={plain(value)}" for name, value in result.params.items() if value is not None)


def skipped_text(result: Result) -> str:
    """The rows that are left out, as `cause=count`."""
    return ",".join(f"{cause}={count}" for cause, count in result.skipped.items())


def columns_text(result: Result) -> str:
    """The columns of each role, as `role=name,name role=name`."""
    return " ".join(f"{role}={','.join(names)}" for role, names in result.columns.items())


def plain(value: Any) -> str:
    """A parameter as it would be typed."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def significant(value: float | None, digits: int = 6) -> str:
    """A number for reading, rounded to significant digits; the other formats have all of them."""
    if value is None:
        return "-"
    return f"{value:#.{digits}g}".rstrip(".")
