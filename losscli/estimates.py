"""From sums to a number with its standard error: means, sums, and functions of the sums of one undivided set."""

from dataclasses import replace
from fractions import Fraction

from losscli.arrays import Array, np
from losscli.element_units import losses_of_sums
from losscli.joint import JointMoments
from losscli.moments import Moments
from losscli.outcome import NO_WEIGHT, Outcome
from losscli.plan import Contest, Term
from losscli.records import dataclass
from losscli.results import Reduction
from losscli.spread import Spread
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
        method: how the interval is made: `t` for means, `delta` for functions of sums, `bootstrap`.
        reason: why there is no value.
        replicates: the value in each draw of the bootstrap, in rising order.
        effective: how many units of equal weights know as much; None for as many as there are.
    """

    value: Fraction | None
    stderr: float | None
    count: int
    weight: Fraction
    denominator: Fraction
    method: str = "t"
    reason: str = ""
    replicates: Array | None = None
    effective: float | None = None


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a contest comes to.

    Attributes:
        values: for each model, each of its results.
        differences: for each model the difference of each result from the baseline; empty for the baseline itself.
    """

    values: list[list[Estimate]]
    differences: list[list[Estimate]]


def without_loss(count: int, term: Term) -> str:
    """Why so many sets have no loss."""
    sets = f"{count} sets have" if count > 1 else "1 set has"
    name, _ = term.spec.loss.leaves_out or ("", "")
    if term.values.get(name) == "nan":
        return f"{sets} no loss, and --{name} says nan"
    return f"{sets} no loss: nothing in truth and prediction, and --eps is 0"


def estimates_of(contest: Contest, outcome: Outcome, reduction: Reduction, classes: int) -> Estimates:
    """The results of a contest: one for each model, or one for each class of each.

    Args:
        classes: how many columns a value of several has, which the mean over every element divides by.
    """
    if not _units_there(outcome):
        count = outcome.rows if outcome.weightless else 0
        reason = NO_WEIGHT[0] if outcome.weightless else "no unit is left for it"
        nothing = Estimate(None, None, count, Fraction(0), Fraction(0), reason=reason)
        return Estimates(
            [[nothing] for _ in contest.terms],
            [[] if j == contest.baseline else [nothing] for j in range(len(contest.terms))],
        )
    with np.errstate(all="ignore"):
        flat = (
            _of_one_set(contest, outcome.joint, outcome.spread)
            if outcome.joint is not None
            else _of_series(contest, outcome, reduction, classes)
        )
    models = len(contest.terms)
    width = len(flat) // (2 * models - 1)
    parts = [flat[first : first + width] for first in range(0, len(flat), width)]
    others = iter(parts[models:])
    values = parts[:models]
    found: list[list[Estimate]] = []
    for j in range(models):
        pairs = [] if j == contest.baseline else zip(next(others), values[j], values[contest.baseline], strict=True)
        found.append([_difference(*pair) for pair in pairs])
    return Estimates(values, found)


def _units_there(outcome: Outcome) -> bool:
    if outcome.joint is not None:
        return outcome.joint.weight > 0
    return any(moments.weight for moments in outcome.series)


def _difference(found: Estimate, model: Estimate, baseline: Estimate) -> Estimate:
    """The difference of two values, with the standard error of the paired one."""
    if found.replicates is None and model.replicates is not None and baseline.replicates is not None:
        replicates = model.replicates - baseline.replicates
        found = replace(
            found, stderr=_deviation(replicates) if found.count > 1 else None, replicates=replicates, method="bootstrap"
        )
    if model.value is None or baseline.value is None:
        return replace(found, value=None, stderr=None, reason=model.reason or baseline.reason)
    if not found.weight == model.weight == baseline.weight:
        # not every unit has both, so that the difference is one over those that do
        return found
    return replace(found, value=model.value - baseline.value)


def _of_series(contest: Contest, outcome: Outcome, reduction: Reduction, classes: int) -> list[Estimate]:
    found = [_of_units(moments, reduction, classes) for moments in outcome.series]
    if outcome.spread is not None and reduction in MEANS:
        size = classes if reduction is Reduction.ELEMENTMEAN else 1
        found = [_spread_out(one, outcome.spread, place, size) for place, one in enumerate(found)]
    models = len(contest.terms)
    width = max(1, len(found) // (2 * models - 1))
    for place, count in enumerate(outcome.absent):
        term = contest.terms[min(place // width, models - 1)]
        name, word = term.spec.loss.leaves_out or ("", "")
        if count and term.values.get(name) != word:
            found[place] = replace(found[place], value=None, stderr=None, reason=without_loss(count, term))
    return found


def _spread_out(found: Estimate, spread: Spread, place: int, size: int) -> Estimate:
    """The same value with a standard error from clusters or draws."""
    if spread.replicates is not None:
        if place >= spread.replicates.shape[1]:
            return replace(found, count=spread.count or found.count)
        drawn = spread.replicates[:, place] / size
        count = spread.count or found.count
        stderr = _deviation(drawn) if count > 1 else None
        own = None if spread.count else found.effective
        return replace(found, stderr=stderr, count=count, replicates=drawn, method="bootstrap", effective=own)
    moments = spread.series[place]
    stderr = mean_standard_error(moments)
    return replace(found, stderr=None if stderr is None else stderr / size, count=moments.count, effective=None)


def _deviation(drawn: Array) -> float | None:
    """The standard deviation over the draws that have a value."""
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size < 2:
        return None
    # brought near 1, so that no square overflows or vanishes
    scale = int(np.frexp(np.max(np.abs(drawn)))[1])
    return float(np.ldexp(np.std(np.ldexp(drawn, -scale), ddof=1), scale))


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
    mean = moments.ratio() if denominator == weight else moments.total() / denominator
    effective = moments.effective()
    return Estimate(mean, stderr, moments.count, weight, denominator, effective=effective)


MEANS = (Reduction.MEAN, Reduction.BATCHMEAN, Reduction.ELEMENTMEAN)
_STEP = 1e-30
"""Of a complex step, relative to a sum: the derivative it gives has no error of the step at all."""


def _of_one_set(contest: Contest, joint: JointMoments, spread: Spread | None) -> list[Estimate]:
    """The loss of one set of rows for each model, and then the differences; errors by the delta method."""
    rounded = [nearest_float(total) for total in joint.totals()]
    weight = joint.series[0].total_weight()
    source = joint if spread is None or spread.joint is None else spread.joint
    count = joint.count if spread is None or not spread.count else spread.count
    if None in rounded:
        reason = "a weighted sum is beyond the largest float64"
        empty = Estimate(None, None, count, weight, Fraction(1), "delta", reason)
        return [empty] * (2 * len(contest.terms) - 1)
    sums = np.array(rounded, dtype=np.float64)
    width = sums.size // len(contest.terms)
    parts = [sums[j * width : (j + 1) * width] for j in range(len(contest.terms))]
    losses = [np.atleast_1d(losses_of_sums(t, p[None, :])[0]) for t, p in zip(contest.terms, parts, strict=True)]
    slopes = [_placed(_slopes(t, p), j, sums.size) for j, (t, p) in enumerate(zip(contest.terms, parts, strict=True))]
    base = contest.baseline
    others = [j for j in range(len(contest.terms)) if j != base]
    values = [*losses, *(losses[j] - losses[base] for j in others)]
    leaning = [*slopes, *(slopes[j] - slopes[base] for j in others)]
    found = []
    for place, (value, slope) in enumerate(zip(values, leaning, strict=True)):
        paired = place >= len(contest.terms)
        variances = _variances(source, slope, paired=paired) if source.count > 1 else [None] * len(value)
        found += [
            replace(_of_set(loss, variance, count, weight), effective=source.series[0].effective())
            for loss, variance in zip(value.tolist(), variances, strict=True)
        ]
    if spread is not None and spread.replicates is not None:
        found = [_spread_out(one, spread, place, 1) for place, one in enumerate(found)]
    return found


def _of_set(loss: float, variance: Fraction | None, count: int, weight: Fraction) -> Estimate:
    if not np.isfinite(loss):
        reason = "the truth of the set is empty" if loss != loss else "the value is not finite"
        return Estimate(None, None, count, weight, Fraction(1), "delta", reason)
    stderr = None if variance is None else square_root(max(variance, Fraction(0)))
    return Estimate(Fraction(loss), stderr, count, weight, Fraction(1), "delta")


def _placed(slopes: Array, model: int, size: int) -> Array:
    """The slopes in the sums of one model among those of all: shape (results, size)."""
    width = slopes.shape[1]
    wide = np.zeros((len(slopes), size))
    wide[:, model * width : (model + 1) * width] = slopes
    return wide


def _slopes(term: Term, sums: Array) -> Array:
    """The derivative of each result in each sum, by the imaginary part after a complex step: (results, k)."""
    columns = []
    for j in range(sums.size):
        step = _STEP * max(abs(float(sums[j])), 1.0)
        moved = sums.astype(np.complex128)
        moved[j] += 1j * step
        columns.append(np.atleast_1d(losses_of_sums(term, moved[None, :])[0]).imag / step)
    return np.stack(columns, axis=1)


def _variances(joint: JointMoments, slopes: Array, *, paired: bool) -> list[Fraction | None]:
    """Slopes times covariances times slopes, exactly."""
    found: list[Fraction | None] = []
    for row in slopes.tolist():
        exact = {j: Fraction(value) for j, value in enumerate(row) if value and np.isfinite(value)}
        pairs = ((j, k) for j in exact for k in exact)
        found.append(sum((exact[j] * exact[k] * joint.covariance(j, k, paired=paired) for j, k in pairs), Fraction(0)))
    return found
