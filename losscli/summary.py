"""From sums to results: reductions, standard errors, intervals, and what a reader should know."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from losscli.comparison import Slice
from losscli.errors import DataError
from losscli.estimates import MEANS, Estimate, estimates_of, without_loss
from losscli.evaluation import Sums
from losscli.outcome import NO_WEIGHT, Outcome
from losscli.plan import Term
from losscli.remarks import remarks
from losscli.request import Request
from losscli.results import Input, Penalty, Reduction, Report, Result
from losscli.statistics import FEWEST_UNITS, Interval, nearest_float, t_interval
from losscli.tally import Tally
from losscli.version import __version__


def report_of(
    command: str,
    sums: Sums,
    request: Request,
    reduction: Reduction,
    confidence: float | None,
    inputs: Sequence[Input] = (),
    penalties: tuple[Penalty, ...] = (),
) -> Report:
    """The results of a scan.

    Args:
        confidence: the level of the intervals; None for no intervals.
        penalties: what the parameters of the model add to each of them.

    Raises:
        DataError: no row is left to evaluate.
        UsageError: a reduction that a loss does not have.
    """
    results: list[Result] = []
    outcomes = sums.outcomes()
    for term, outcome, tally in zip(sums.plan.terms, outcomes, sums.tallies, strict=True):
        reduction.check(term.spec.loss.name, term.spec.loss.reductions)
        if outcome.rows == 0 or (outcome.labels is not None and not outcome.labels and not tally.undefined):
            raise nothing_left(sums.rows, tally.skipped_in_order())
        if any(moments.count and not moments.weight for moments in outcome.series):
            raise DataError(*NO_WEIGHT)
        estimates = estimates_of(term, outcome, reduction, tally.classes)
        for place, estimate in enumerate(estimates):
            part = _class_of(term, place) if len(estimates) > 1 else None
            results.append(_Summary(term, outcome, tally, sums, request, reduction).result(estimate, confidence, part))
    warnings = remarks(sums, outcomes, results, confidence if reduction in MEANS else None)
    results = [replace(result, warnings=warnings, penalties=penalties) for result in results]
    return Report(command, results, warnings, inputs)


def _class_of(term: Term, place: int) -> Slice:
    return {"class": term.classes[place] if term.classes and place < len(term.classes) else str(place)}


def nothing_left(rows: int, skipped: Mapping[str, int]) -> DataError:
    """The error for a run that has no row to evaluate."""
    if not rows:
        return DataError("nothing to evaluate: the input has no rows", "give at least one row")
    why = ", ".join(f"{cause} {count}" for cause, count in skipped.items())
    return DataError(f"nothing to evaluate: none of {rows} rows is left ({why})", "check the filters and the file")


class _Summary:
    """What the results of one term have in common."""

    def __init__(
        self, term: Term, outcome: Outcome, tally: Tally, sums: Sums, request: Request, reduction: Reduction
    ) -> None:
        self.term = term
        self.outcome = outcome
        self.tally = tally
        self.sums = sums
        self.request = request
        self.reduction = reduction

    def result(self, estimate: Estimate, confidence: float | None, part: Slice | None) -> Result:
        """The result of an estimate.

        Args:
            part: the class that it is of; None for all.
        """
        loss, tally = self.term.spec.loss, self.tally
        value = None if estimate.value is None or tally.undefined else nearest_float(estimate.value)
        status, reason = _status(value, estimate, tally, self.term)
        params = {p.name: shown_value(self.term.spec.given.get(p.name, p.default)) for p in loss.parameters}
        stderr = estimate.stderr if value is not None else None
        return Result(
            loss=loss.name,
            params=params,
            reduction=self.reduction.value,
            value=value,
            status=status,
            reason=reason,
            stderr=stderr,
            ci=_interval(estimate, stderr, confidence),
            units=_units(loss.units(params), self.request),
            direction=loss.facts.direction,
            rows=self.sums.rows,
            used=self.outcome.rows,
            unit="set" if loss.unit.kind == "set" else "row" if self.term.sets.kind == "row" else "batch",
            count=estimate.count,
            skipped=tally.skipped_in_order(),
            clipped=tally.clipped,
            weight_sum=nearest_float(estimate.weight),
            denominator=nearest_float(estimate.denominator),
            columns=self.term.roles,
            transform=self.request.transform.name if self.request.transform else None,
            slice=part,
            model=None,
            signature=_signature(self.term, params, self.reduction, estimate.count, self.request),
            ci_method=estimate.method,
        )


def _status(value: float | None, estimate: Estimate, tally: Tally, term: Term) -> tuple[str, str | None]:
    if tally.undefined:
        return "undefined", without_loss(tally.undefined, term)
    if estimate.value is None:
        return "undefined", estimate.reason
    return ("ok", None) if value is not None else ("overflow", "the sum is beyond the largest float64")


def _interval(estimate: Estimate, stderr: float | None, confidence: float | None) -> Interval | None:
    if confidence is None or stderr is None or estimate.value is None or estimate.count < FEWEST_UNITS:
        return None
    found = t_interval(estimate.value, stderr, estimate.count, confidence)
    return None if found is None else replace(found, method=estimate.method)


def shown_value(value: Any) -> Any:
    """A parameter as results show it."""
    return list(value) if isinstance(value, tuple) else value


def _units(units: str, request: Request) -> str:
    return units if request.transform is None else f"{units} after {request.transform.name}"


def _signature(term: Term, params: Mapping[str, Any], reduction: Reduction, count: int, request: Request) -> str:
    parts = [term.spec.loss.name]
    parts += [f"{name}:{_word(value)}" for name, value in params.items()]
    parts += [
        f"red:{reduction.value}",
        f"w:{_names(term.weight.columns) if term.weight else 'none'}",
        f"n:{count}",
    ]
    parts += [f"{entry.argument}:{_names(entry.columns)}" for entry in term.inputs]
    if term.sets.group:
        parts.append(f"group:{_names(term.sets.group)}")
    if term.sets.size is not None:
        parts.append(f"batch:{term.sets.size}")
    selection = request.selection
    if selection.classes:
        parts.append(f"classes:{_names(selection.classes)}")
    if selection.positive_class is not None:
        parts.append(f"positive:{_names([selection.positive_class])}")
    if selection.probs_percent:
        parts.append("probs:percent")
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
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
