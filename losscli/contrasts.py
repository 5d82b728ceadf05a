"""Paired comparisons from the estimates of models that have the same units."""

import math
from collections.abc import Sequence
from dataclasses import replace

from losscli.comparison import BETTER, UNCLEAR, UNTESTED, WORSE, Comparison
from losscli.estimates import MEANS, Estimate
from losscli.results import Result, too_few
from losscli.statistics import (
    Interval,
    drawn_p_value,
    holm,
    nearest_float,
    percentile_interval,
    smallest_shown,
    t_interval,
    t_p_value,
)


def interval_of(estimate: Estimate, stderr: float | None, confidence: float | None) -> Interval | None:
    """The confidence interval of an estimate; None where none was asked for or can be given."""
    if (
        confidence is None
        or stderr is None
        or estimate.value is None
        or too_few(estimate.count, estimate.effective, "")
    ):
        return None
    if estimate.replicates is not None:
        return percentile_interval(finite(estimate), estimate.count, confidence)
    found = t_interval(estimate.value, stderr, estimate.count, confidence)
    return None if found is None else replace(found, method=estimate.method)


def finite(estimate: Estimate) -> list[float]:
    """What the draws of a bootstrap came to, those that have a value."""
    drawn = [] if estimate.replicates is None else estimate.replicates.tolist()
    return [value for value in drawn if math.isfinite(value)]


def comparison_of(model: Result, baseline: Result, found: Estimate, confidence: float | None) -> Comparison:
    """A model beside the baseline.

    Args:
        found: the paired difference.
        confidence: the level of the interval; None for no interval and no test.
    """
    difference = None if found.value is None else nearest_float(found.value)
    if model.value is None or baseline.value is None:
        difference = None
    stderr = found.stderr if difference is not None and model.reduction in _TESTED else None
    interval = interval_of(found, stderr, confidence)
    p_value, detectable = None, None
    if interval is not None and difference is not None and stderr is not None and confidence is not None:
        drawn = finite(found)
        p_value = drawn_p_value(drawn, found.count) if drawn else t_p_value(difference, stderr, found.count)
        detectable = smallest_shown(stderr, found.count, confidence)
    return Comparison(
        loss=model.loss,
        params=model.params,
        reduction=model.reduction,
        slice=model.slice,
        model=str(model.model),
        baseline=str(baseline.model),
        difference=difference,
        percent=_percent(difference, baseline.value),
        stderr=stderr,
        ci=interval,
        p_value=p_value,
        p_adjusted=None,
        verdict=UNTESTED,
        detectable=detectable,
        units=model.units,
        direction=model.direction,
        unit=model.unit,
        count=found.count,
        reason=_reason(model, baseline, found, interval, confidence),
    )


_TESTED = tuple(reduction.value for reduction in MEANS)


def _percent(difference: float | None, baseline: float | None) -> float | None:
    if difference is None or not baseline:
        return None
    percent = 100.0 * (difference / abs(baseline))
    return percent if math.isfinite(percent) else None


def _reason(
    model: Result, baseline: Result, found: Estimate, interval: Interval | None, confidence: float | None
) -> str | None:
    for result in (model, baseline):
        if result.value is None:
            return f"{result.model}: {result.reason}"
    if interval is not None:
        return None
    if model.reduction not in _TESTED:
        return f"no test of a {model.reduction}"
    if confidence is None:
        return "no test was asked for"
    few = too_few(found.count, found.effective, model.interval_over)
    return few or "no interval could be made"


def judged(comparisons: Sequence[Comparison], confidence: float | None) -> list[Comparison]:
    """The same with p-values adjusted for all of them, and what they say."""
    tested = [comparison for comparison in comparisons if comparison.p_value is not None]
    adjusted = iter(holm([comparison.p_value or 0.0 for comparison in tested]))
    return [
        comparison if comparison.p_value is None else _judged(comparison, next(adjusted), confidence or 0.0)
        for comparison in comparisons
    ]


def _judged(comparison: Comparison, adjusted: float, confidence: float) -> Comparison:
    verdict = UNCLEAR
    if adjusted < 1.0 - confidence and comparison.difference:
        lower = comparison.difference < 0.0
        verdict = BETTER if lower == (comparison.direction == "lower") else WORSE
    return replace(comparison, p_adjusted=adjusted, verdict=verdict)
