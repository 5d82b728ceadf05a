"""From sums to results: reductions, standard errors, intervals, and what a reader should know."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from losscli.errors import DataError
from losscli.evaluation import Sums
from losscli.moments import Moments
from losscli.plan import Term
from losscli.request import Request
from losscli.results import Input, Reduction, Report, Result
from losscli.statistics import FEWEST_UNITS, mean_standard_error, nearest_float, t_interval
from losscli.tally import Tally
from losscli.version import __version__


def report_of(
    command: str,
    sums: Sums,
    request: Request,
    reduction: Reduction,
    confidence: float | None,
    inputs: Sequence[Input] = (),
) -> Report:
    """The results of a scan.

    Args:
        confidence: the level of the intervals; None for no intervals.

    Raises:
        DataError: no row is left to evaluate.
    """
    results = []
    for term, moments, tally in zip(sums.plan.terms, sums.moments, sums.tallies, strict=True):
        if moments.count == 0:
            raise nothing_left(sums.rows, tally.skipped)
        if not moments.weight:
            raise DataError("the weights of all used rows are 0", "check the column of --weight")
        results.append(_result(term, moments, tally, sums, request, reduction, confidence))
    warnings = [*_result_warnings(results, reduction, confidence), *sums.notices.lines()]
    results = [replace(result, warnings=warnings) for result in results]
    return Report(command, results, warnings, inputs)


def _result_warnings(results: Sequence[Result], reduction: Reduction, confidence: float | None) -> list[str]:
    warnings = [f"{result.loss}: no value: {result.reason}" for result in results if result.value is None]
    if reduction is Reduction.MEAN and confidence is not None:
        fewest = min(result.used for result in results)
        if fewest < FEWEST_UNITS:
            warnings.append(f"no interval: {fewest} rows, {FEWEST_UNITS} needed")
    for result in results:
        if result.clipped:
            rows = "row" if result.clipped == 1 else "rows"
            warnings.append(f"{result.loss}: in {result.clipped} {rows} eps took the place of a value")
    return warnings


def nothing_left(rows: int, skipped: Mapping[str, int]) -> DataError:
    """The error for a run that has no row to evaluate."""
    if not rows:
        return DataError("nothing to evaluate: the input has no rows", "give at least one row")
    why = ", ".join(f"{cause} {count}" for cause, count in skipped.items())
    return DataError(f"nothing to evaluate: none of {rows} rows is left ({why})", "check the filters and the file")


def _result(
    term: Term,
    moments: Moments,
    tally: Tally,
    sums: Sums,
    request: Request,
    reduction: Reduction,
    confidence: float | None,
) -> Result:
    exact, denominator = _reduced(moments, reduction)
    value = nearest_float(exact)
    stderr = mean_standard_error(moments) if reduction is Reduction.MEAN else None
    interval = None
    if confidence is not None and stderr is not None and moments.count >= FEWEST_UNITS:
        interval = t_interval(exact, stderr, moments.count, confidence)
    loss = term.spec.loss
    params = {p.name: term.spec.given.get(p.name, p.default) for p in loss.parameters}
    return Result(
        loss=loss.name,
        params=params,
        reduction=reduction.value,
        value=value,
        status="ok" if value is not None else "overflow",
        reason=None if value is not None else "the sum is beyond the largest float64",
        stderr=stderr,
        ci=interval,
        units=_units(loss.units(params), request),
        direction=loss.facts.direction,
        rows=sums.rows,
        used=moments.count,
        skipped=tally.skipped_in_order(),
        clipped=tally.clipped,
        weight_sum=nearest_float(moments.total_weight()),
        denominator=nearest_float(denominator),
        columns=term.roles,
        transform=request.transform.name if request.transform else None,
        slice=None,
        model=None,
        signature=_signature(term, params, reduction, moments.count, request),
    )


def _units(units: str, request: Request) -> str:
    return units if request.transform is None else f"{units} after {request.transform.name}"


def _reduced(moments: Moments, reduction: Reduction) -> tuple[Fraction, Fraction]:
    """The exact value and its denominator."""
    if reduction is Reduction.SUM:
        return moments.total(), Fraction(1)
    denominator = Fraction(moments.count) if reduction is Reduction.MEAN_COUNT else moments.total_weight()
    return moments.total() / denominator, denominator


def _signature(term: Term, params: Mapping[str, Any], reduction: Reduction, count: int, request: Request) -> str:
    parts = [term.spec.loss.name]
    parts += [f"{name}:{_word(value)}" for name, value in params.items()]
    parts += [
        f"red:{reduction.value}",
        f"w:{_names(term.weight.columns) if term.weight else 'none'}",
        f"n:{count}",
    ]
    parts += [f"{entry.argument}:{_names(entry.columns)}" for entry in term.inputs]
    parts += [f"where:{quote(str(condition), safe='=<>!,. ')}" for condition in request.where]
    parts += [f"missing:{request.missing}", f"invalid:{request.invalid}"]
    if request.transform is not None:
        parts.append(f"transform:{request.transform.name}")
    if request.reading:
        parts.append(f"read:{quote(request.reading, safe=' =,')}")
    return "|".join([*parts, f"v:{__version__}"])


def _names(names: Sequence[str]) -> str:
    return ",".join(quote(name, safe=" ()[]%.-/") for name in names)


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
