"""From sums to results: reductions, standard errors, intervals, and what a reader should know."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from losscli.comparison import Comparison, Slice
from losscli.contest_state import ContestState
from losscli.contrasts import comparison_of, interval_of, judged
from losscli.data.left_out import LeftOut
from losscli.errors import DataError
from losscli.estimates import MEANS, Estimate, estimates_of, without_loss
from losscli.evaluation import Sums
from losscli.outcome import NO_WEIGHT, Outcome
from losscli.plan import Resampling, Term
from losscli.records import dataclass
from losscli.remarks import remarks
from losscli.request import Request
from losscli.result_signature import signature_of
from losscli.results import Input, Penalty, Reduction, Report, Result
from losscli.slicing import OTHER, Label
from losscli.statistics import nearest_float
from losscli.tally import Tally


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
    parts, warnings = parts_of(sums, request, reduction, confidence)
    flat = [part for contest in parts for part in contest]
    results = [replace(result, warnings=warnings, penalties=penalties) for part in flat for result in part.results]
    comparisons = [comparison for part in flat for comparison in part.comparisons]
    return Report(command, results, warnings, inputs, comparisons)


def parts_of(
    sums: Sums, request: Request, reduction: Reduction, confidence: float | None
) -> "tuple[list[list[Part]], list[str]]":
    """For each contest the results of all rows and of each slice, and the warnings on all of them.

    Raises:
        DataError: no row is left to evaluate.
        UsageError: a reduction that a loss does not have.
    """
    found: list[tuple[list[Part], str]] = []
    wholes: list[Outcome] = []
    for state, outcomes in zip(sums.states, sums.outcomes(), strict=True):
        loss = state.contest.first.spec.loss
        reduction.check(loss.name, loss.reductions)
        whole = outcomes[0][1]
        _check_something_left(whole, state, sums)
        wholes.append(whole)
        summary = _Summary(state, whole, sums, request, reduction, confidence)
        found.append(([summary.part(label, outcome) for label, outcome in outcomes], loss.facts.direction))
    # all slices count, also those that --top leaves out: the worst of many differ more by chance alone
    _judge([part for parts, _ in found for part in parts], confidence)
    shown = [_worst_first(parts, direction, request.chance.top_slices()) for parts, direction in found]
    results = [result for contest in shown for part in contest for result in part.results]
    return shown, remarks(sums, wholes, results, confidence if reduction in MEANS else None)


def _judge(parts: "Sequence[Part]", confidence: float | None) -> None:
    """Adjust the p-values for all comparisons, and say what they come to."""
    verdicts = iter(judged([comparison for part in parts for comparison in part.comparisons], confidence))
    for part in parts:
        part.comparisons[:] = [next(verdicts) for _ in part.comparisons]


def _check_something_left(outcome: Outcome, state: ContestState, sums: Sums) -> None:
    undefined = any(outcome.undefined)
    if outcome.weightless:
        raise DataError(*NO_WEIGHT)
    if outcome.rows == 0 or (outcome.labels is not None and not outcome.labels and not undefined):
        raise nothing_left(sums.rows, state.tallies[0].skipped_in_order())


@dataclass(frozen=True, slots=True)
class Part:
    """The results of a contest in one slice, or over all rows.

    Attributes:
        label: the values of the slice; None for all rows.
        results: those of each model in turn.
        comparisons: those of each model but the baseline, before they are judged together.
    """

    label: Label | None
    results: list[Result]
    comparisons: list[Comparison]


def _worst_first(parts: Sequence[Part], direction: str, top: int | None) -> list[Part]:
    """All rows, then the slices with the worst value of any model first, then what is put together of small ones."""
    sign = 1.0 if direction == "lower" else -1.0

    def badness(part: Part) -> float:
        values = [sign * result.value for result in part.results if result.value is not None]
        return max(values, default=-math.inf)

    whole = [part for part in parts if part.label is None]
    other = [part for part in parts if part.label and part.label[0] == OTHER]
    slices = sorted((part for part in parts if part.label and part not in other), key=badness, reverse=True)
    return [*whole, *slices[:top], *other]


def nothing_left(rows: int, skipped: Mapping[str, int]) -> DataError:
    """The error for a run that has no row to evaluate."""
    if not rows:
        return DataError("nothing to evaluate: the input has no rows", "give at least one row")
    why = ", ".join(f"{cause} {count}" for cause, count in skipped.items())
    return DataError(f"nothing to evaluate: none of {rows} rows is left ({why})", "check the filters and the file")


@dataclass(frozen=True, slots=True)
class _Met:
    """The units of a slice, what the model met in all rows, and how many of those units have no loss for it."""

    outcome: Outcome
    tally: Tally
    undefined: int


class _Summary:
    """What the results of one contest have in common."""

    def __init__(
        self,
        state: ContestState,
        whole: Outcome,
        sums: Sums,
        request: Request,
        reduction: Reduction,
        confidence: float | None,
    ) -> None:
        self.contest = state.contest
        self.tallies = state.tallies
        self.whole = whole
        self.sums = sums
        self.request = request
        self.reduction = reduction
        self.confidence = confidence

    def part(self, label: Label | None, outcome: Outcome) -> Part:
        """The results and comparisons of a slice, or of all rows."""
        estimates = estimates_of(self.contest, outcome, self.reduction, max(t.classes for t in self.tallies))
        rows: list[list[Result]] = []
        models = zip(self.contest.terms, self.tallies, outcome.undefined, estimates.values, strict=True)
        for term, tally, undefined, values in models:
            met = _Met(outcome, tally, undefined)
            rows.append(
                [
                    self.result(term, met, estimate, self._slice(term, label, place, len(values)))
                    for place, estimate in enumerate(values)
                ]
            )
        comparisons = [
            comparison_of(result, baseline, difference, self.confidence)
            for results, differences in zip(rows, estimates.differences, strict=True)
            for result, baseline, difference in zip(results, rows[self.contest.baseline], differences, strict=False)
        ]
        return Part(label, [result for results in rows for result in results], comparisons)

    def _slice(self, term: Term, label: Label | None, place: int, places: int) -> Slice | None:
        found: dict[str, Any] = {}
        for way, value in zip(self.contest.by, label or (), strict=False):
            found[way.column] = _shown_label(value)
        if places > 1:
            name = term.classes[place] if term.classes and place < len(term.classes) else str(place)
            found["class" if "class" not in found else "class of the loss"] = name
        return found or None

    def result(self, term: Term, met: "_Met", estimate: Estimate, part: Slice | None) -> Result:
        """The result of an estimate.

        Args:
            met: the units that it is of, and what the model met in the input.
            part: the slice that it is of, or the class; None for all.
        """
        loss = term.spec.loss
        outcome, tally = met.outcome, met.tally
        value = None if estimate.value is None or met.undefined else nearest_float(estimate.value)
        status, reason = _status(value, estimate, met.undefined, term)
        skipped = tally.skipped_in_order()
        if outcome is not self.whole:
            skipped["other_slices"] = self.whole.rows - outcome.rows
        params = {p.name: shown_value(term.spec.given.get(p.name, p.default)) for p in loss.parameters}
        stderr = estimate.stderr if value is not None else None
        return Result(
            loss=loss.name,
            params=params,
            reduction=self.reduction.value,
            value=value,
            status=status,
            reason=reason,
            stderr=stderr,
            ci=interval_of(estimate, stderr, self.confidence),
            units=_units(loss.units(params), self.request),
            direction=loss.facts.direction,
            rows=self.sums.rows,
            used=outcome.rows,
            unit="set" if loss.unit.kind == "set" else "row" if term.sets.kind == "row" else "batch",
            count=estimate.count,
            skipped=skipped,
            clipped=tally.clipped,
            weight_sum=nearest_float(estimate.weight),
            denominator=nearest_float(estimate.denominator),
            columns=term.roles,
            transform=self.request.transform.name if self.request.transform else None,
            slice=part,
            model=term.model,
            signature=signature_of(
                self.contest, term, params, self.reduction, estimate.count, part, self.request, tally.truth
            ),
            resampling=_resampling(self.contest.resampling),
            ci_method=estimate.method,
            effective=estimate.effective,
        )


def _status(value: float | None, estimate: Estimate, undefined: int, term: Term) -> tuple[str, str | None]:
    if undefined:
        return "undefined", without_loss(undefined, term)
    if estimate.value is None:
        return "undefined", estimate.reason
    return ("ok", None) if value is not None else ("overflow", "the sum is beyond the largest float64")


def _resampling(how: Resampling) -> dict[str, Any] | None:
    if not how.of_clusters and not how.draws:
        return None
    return {
        "cluster": list(how.cluster) or None,
        "block": how.run,
        "bootstrap": how.draws or None,
        "seed": how.seed if how.draws else None,
    }


def _shown_label(value: Any) -> Any:
    """The value of a slice as JSON has it; dates and the like as text."""
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def shown_value(value: Any) -> Any:
    """A parameter as results show it."""
    return list(value) if isinstance(value, tuple) else value


def _units(units: str, request: Request) -> str:
    return units if request.transform is None else f"{units} after {request.transform.name}"


def check_paired(sums: Sums, left_out: LeftOut) -> None:
    """Say why there is no row where an inner join left out all of them.

    Raises:
        DataError: it did.
    """
    if not sums.rows and left_out.rows:
        raise DataError(
            f"nothing to evaluate: {'; '.join(left_out.warnings())}",
            "check that the columns of --key hold the same values",
        )


def with_left_out(report: Report, left_out: LeftOut) -> Report:
    """The report with what was left out: said, and of an inner join counted among the skipped rows."""
    if not left_out.rows and not left_out.notes:
        return report
    results = [counted(result, left_out) for result in report.results]
    return replace(report, results=results, warnings=[*report.warnings, *left_out.warnings()])


def counted(result: Result, left_out: LeftOut) -> Result:
    """The result with the rows that an inner join left out among the skipped ones."""
    count = left_out.unmatched
    if not count:
        return result
    return replace(result, rows=result.rows + count, skipped={**result.skipped, "unmatched": count})
