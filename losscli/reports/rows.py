"""What the tables show of a report: the same columns for the terminal, TSV, CSV and Markdown."""

import math
from collections.abc import Sequence
from typing import Any

from losscli.comparison import Comparison, slice_text
from losscli.results import Report, Result
from losscli.statistics import Interval
from losscli.verdicts import Check

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
    "model",
    "slice",
)
"""What stands in each row; the places of columns that scripts count on, so new ones come last."""
COMPARED = (
    "baseline",
    "difference",
    "percent",
    "diff_low",
    "diff_high",
    "p_value",
    "p_adjusted",
    "verdict",
    "detectable",
    "compared",
    "reason",
)
"""What follows where models are compared; empty in the row of the baseline."""
CHECKED = (
    "rule",
    "verdict",
    "loss",
    "params",
    "model",
    "slice",
    "on",
    "value",
    "ci_low",
    "ci_high",
    "limit",
    "margin",
    "baseline",
    "difference",
    "count",
    "reason",
    "tested",
    "level",
    "kind",
    "units",
    "unit",
)
"""What stands in each row where rules are checked."""


def table_of(report: Report) -> tuple[tuple[str, ...], list[list[str]]]:
    """The headings, and a row of texts for each result, or for each check; numbers with all their digits."""
    if report.checks:
        return CHECKED, [_check_row(check) for check in report.checks]
    if not report.comparisons:
        return HEADINGS, [_row(result) for result in report.results]
    comparisons = {result_key(comparison): comparison for comparison in report.comparisons}
    rows = [_row(result) + _compared(comparisons.get(result_key(result))) for result in report.results]
    return HEADINGS + COMPARED, rows


def result_key(entry: Result | Comparison) -> tuple[str, Any, Any, str | None]:
    """What a result and its comparison have in common: the loss, its parameters, the slice and the model."""
    params = tuple((name, repr(value)) for name, value in sorted(entry.params.items()))
    part = None if entry.slice is None else tuple((name, repr(value)) for name, value in entry.slice.items())
    return entry.loss, params, part, entry.model


def _row(result: Result) -> list[str]:
    interval = result.ci
    reduction = result.reduction if result.transform is None else f"{result.reduction} after {result.transform}"
    return [
        result.loss,
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
        result.model or "",
        slice_text(result.slice),
    ]


def _compared(comparison: Comparison | None) -> list[str]:
    if comparison is None:
        return [""] * len(COMPARED)
    interval = comparison.ci
    return [
        comparison.baseline,
        _number(comparison.difference),
        _number(comparison.percent),
        _number(interval.low if interval else None),
        _number(interval.high if interval else None),
        _number(comparison.p_value),
        _number(comparison.p_adjusted),
        comparison.verdict,
        _number(comparison.detectable),
        str(comparison.count),
        comparison.reason or "",
    ]


def _check_row(check: Check) -> list[str]:
    interval = check.ci
    return [
        check.rule,
        check.verdict.value,
        check.loss,
        params_text(check),
        check.model or "",
        slice_text(check.slice),
        check.on,
        _number(check.value),
        _number(interval.low if interval else None),
        _number(interval.high if interval else None),
        _number(check.limit),
        _number(check.margin),
        _number(check.baseline),
        _number(check.difference),
        str(check.count),
        check.reason or "",
        _number(check.tested),
        check.level,
        check.kind,
        check.units,
        check.unit,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def params_text(result: Result | Check) -> str:
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


def significant(value: float | None, digits: int = 6, sign: str = "") -> str:
    """A number for reading, rounded to significant digits; the other formats have all of them.

    Args:
        sign: `+` shows that of a positive number as well.
    """
    if value is None:
        return "-"
    return f"{value:{sign}#.{digits}g}".rstrip(".")


_SPREAD = 1000.0
"""Numbers that differ by more than this factor have no number of decimals in common that would do for all."""


def aligned(values: Sequence[float | None], digits: int, sign: str = "") -> list[str]:
    """Numbers for reading with one number of decimals, so that they can be compared at a glance.

    The largest has so many significant digits, and the smallest three fewer at most; where they are too far apart for
    that, or too large or small to be written out, each is rounded for itself.
    """
    sizes = [abs(value) for value in values if value]
    if sizes and max(sizes) <= _SPREAD * min(sizes) and 1e-4 <= max(sizes) < 10.0**digits:
        decimals = max(digits - 1 - math.floor(math.log10(max(sizes))), 0)
        return ["-" if value is None else f"{value:{sign}.{decimals}f}" for value in values]
    return [significant(value, digits, sign) for value in values]


def intervals(found: Sequence[Interval | None], digits: int, sign: str = "") -> list[str]:
    """Intervals for reading, their bounds with one number of decimals where that does for all."""
    bounds = aligned([bound for entry in found for bound in ((entry.low, entry.high) if entry else ())], digits, sign)
    texts = (f"{low} to {high}" for low, high in zip(bounds[::2], bounds[1::2], strict=True))
    return [next(texts) if entry else "-" for entry in found]


def probability(value: float | None) -> str:
    """A p-value for reading; one that is too small for a float is not called 0."""
    return "<1e-300" if value == 0.0 else significant(value, 2)


def limit_text(value: float | None) -> str:
    """A limit for reading, as short as it was written where it is short."""
    if value is None:
        return "-"
    short = f"{value:g}"
    return short if float(short) == value else significant(value)
