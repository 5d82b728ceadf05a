"""From sums to a number with its standard error: means, sums, and functions of the sums of one undivided set."""

from dataclasses import dataclass, replace
from fractions import Fraction

from losscli.arrays import Array, np
from losscli.element_units import losses_of_sums
from losscli.joint import JointMoments
from losscli.moments import Moments
from losscli.outcome import Outcome
from losscli.plan import Term
from losscli.results import Reduction
from losscli.statistics import mean_standard_error, nearest_float, square_root


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and what it rests on.

    Attributes:
        value: None where it is no number, see reason.
        stderr: its standard error; None for sums and for fewer than two units.
        count: the units that may be resampled.
        weight: the sum of their weights.
        denominator: what the sum of the weighted losses was divided by.
        method: how the interval is made: `t` for means, `delta` for functions of sums.
        reason: why there is no value.
    """

    value: Fraction | None
    stderr: float | None
    count: int
    weight: Fraction
    denominator: Fraction
    method: str = "t"
    reason: str = ""


def without_loss(count: int, term: Term) -> str:
    """Why so many sets have no loss."""
    sets = f"{count} sets have" if count > 1 else "1 set has"
    name, _ = term.spec.loss.leaves_out or ("", "")
    if term.values.get(name) == "nan":
        return f"{sets} no loss, and --{name} says nan"
    return f"{sets} no loss: nothing in truth and prediction, and --eps is 0"


def estimates_of(term: Term, outcome: Outcome, reduction: Reduction, classes: int) -> list[Estimate]:
    """The results of a term: one, or one for each class.

    Args:
        classes: how many columns a value of several has, which the mean over every element divides by.
    """
    if outcome.joint is not None:
        with np.errstate(all="ignore"):
            return _of_one_set(term, outcome.joint)
    found = [_of_units(moments, reduction, classes) for moments in outcome.series]
    name, word = term.spec.loss.leaves_out or ("", "")
    if term.values.get(name) != word:
        for place, count in enumerate(outcome.absent):
            if count:
                found[place] = replace(found[place], value=None, stderr=None, reason=without_loss(count, term))
    return found


def _of_units(moments: Moments, reduction: Reduction, classes: int) -> Estimate:
    weight = moments.total_weight()
    if not moments.count or not moments.weight:
        return Estimate(None, None, moments.count, weight, weight, reason="no unit is left for it")
    if reduction is Reduction.SUM:
        return Estimate(moments.total(), None, moments.count, weight, Fraction(1))
    denominator = Fraction(moments.count) if reduction is Reduction.MEAN_COUNT else weight
    stderr = mean_standard_error(moments) if reduction in MEANS else None
    if reduction is Reduction.ELEMENTMEAN:
        denominator *= classes
        stderr = None if stderr is None else stderr / classes
    return Estimate(moments.total() / denominator, stderr, moments.count, weight, denominator)


MEANS = (Reduction.MEAN, Reduction.BATCHMEAN, Reduction.ELEMENTMEAN)
_STEP = 1e-30
"""Of a complex step, relative to a sum: the derivative it gives has no error of the step at all."""


def _of_one_set(term: Term, joint: JointMoments) -> list[Estimate]:
    """The loss of one set of rows, and its standard error by the delta method over the rows."""
    totals = joint.totals()
    rounded = [nearest_float(total) for total in totals]
    weight = joint.series[0].total_weight()
    if None in rounded:
        reason = "a weighted sum is beyond the largest float64"
        return [Estimate(None, None, joint.count, weight, Fraction(1), "delta", reason)]
    sums = np.array(rounded, dtype=np.float64)
    losses = np.atleast_1d(losses_of_sums(term, sums[None, :])[0])
    slopes = _slopes(term, sums)
    variances = _variances(joint, slopes) if joint.count > 1 else None
    found = []
    for place, loss in enumerate(losses.tolist()):
        if not np.isfinite(loss):
            reason = "the truth of the set is empty" if loss != loss else "the value is not finite"
            found.append(Estimate(None, None, joint.count, weight, Fraction(1), "delta", reason))
            continue
        stderr = None if variances is None else square_root(max(variances[place], Fraction(0)))
        found.append(Estimate(Fraction(loss), stderr, joint.count, weight, Fraction(1), "delta"))
    return found


def _slopes(term: Term, sums: Array) -> Array:
    """The derivative of each result in each sum, by the imaginary part after a complex step: (results, k)."""
    columns = []
    for j in range(sums.size):
        step = _STEP * max(abs(float(sums[j])), 1.0)
        moved = sums.astype(np.complex128)
        moved[j] += 1j * step
        columns.append(np.atleast_1d(losses_of_sums(term, moved[None, :])[0]).imag / step)
    return np.stack(columns, axis=1)


def _variances(joint: JointMoments, slopes: Array) -> list[Fraction]:
    """Slopes times covariances times slopes, exactly."""
    covariances = joint.covariances()
    found = []
    for row in slopes.tolist():
        exact = [Fraction(value) if np.isfinite(value) else Fraction(0) for value in row]
        found.append(
            sum(
                (
                    one * other * covariances[j][k]
                    for j, one in enumerate(exact)
                    for k, other in enumerate(exact)
                    if one and other
                ),
                Fraction(0),
            )
        )
    return found
