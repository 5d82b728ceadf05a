"""Standard errors and intervals from the sums of one pass, and the distributions that they need."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from losscli.moments import SCALE, Moments
from losscli.records import dataclass

FEWEST_UNITS = 20
"""Under this many units the t interval of a skewed loss is not to be trusted, so none is given."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Attributes:
        level: its confidence, such as 0.95.
        low, high: its bounds, in the units of the loss.
        method: how it was made: `t`.
    """

    level: float
    low: float
    high: float
    method: str

    def to_dict(self) -> dict[str, Any]:
        """The interval as it stands in JSON."""
        return {"level": self.level, "low": self.low, "high": self.high, "method": self.method}


def mean_standard_error(moments: Moments) -> float | None:
    """The standard error of sum(w l) / sum(w); by the delta method where there are weights.

    None where there are fewer than two units, or fewer than two have a weight.
    """
    if moments.count < 2 or not moments.weight or moments.effective() < 1.0 + 1e-9:
        return None
    n = moments.count
    squares, of = moments.residual_squares()
    return root_of_quotient(squares * n << 2 * SCALE, of * (n - 1) * moments.weight**2)


def t_interval(value: Fraction, stderr: float, count: int, level: float) -> Interval | None:
    """value -+ t stderr with count - 1 degrees of freedom; None where a bound is beyond the largest float."""
    reach = Fraction(stderr) * Fraction(student_t_exceeded((1.0 - level) / 2.0, count - 1))
    low, high = nearest_float(value - reach), nearest_float(value + reach)
    return None if low is None or high is None else Interval(level, low, high, "t")


def percentile_interval(drawn: Sequence[float], count: int, level: float) -> Interval | None:
    """The middle share of what the draws of a bootstrap came to; None where they are too few to tell.

    Draws of few units know the spread no better than the units do, so the tails are those that the normal
    distribution has beyond Student's quantile for count - 1 degrees of freedom (Hesterberg, 2015).
    """
    if len(drawn) < 100 or count < 2:
        return None
    ordered = sorted(drawn)
    tail = 0.5 * math.erfc(student_t_exceeded((1.0 - level) / 2.0, count - 1) / math.sqrt(2.0))
    return Interval(level, _quantile(ordered, tail), _quantile(ordered, 1.0 - tail), "bootstrap")


def _quantile(ordered: Sequence[float], p: float) -> float:
    """Between the two nearest values, as Hyndman and Fan (1996) define their sixth."""
    place = min(max(p * (len(ordered) + 1) - 1.0, 0.0), len(ordered) - 1.0)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def drawn_p_value(drawn: Sequence[float], count: int) -> float:
    """Two-sided: how often the draws of a difference lie on the less likely side of 0 (Davison and Hinkley, 1997).

    The share is brought from the normal distribution to Student's, as the interval of the draws is.
    """
    from statistics import NormalDist

    below = sum(value <= 0.0 for value in drawn)
    above = sum(value >= 0.0 for value in drawn)
    share = (1 + min(below, above)) / (len(drawn) + 1)
    if share >= 0.5:
        return 1.0
    return min(1.0, 2.0 * student_t_upper(-NormalDist().inv_cdf(share), count - 1))


def t_p_value(difference: float, stderr: float, count: int) -> float:
    """Two-sided, of a difference at least so far from 0, with count - 1 degrees of freedom."""
    if stderr == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return min(1.0, 2.0 * student_t_upper(abs(difference) / stderr, count - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for there being several (Holm, 1979)."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def smallest_shown(stderr: float, count: int, level: float) -> float:
    """The smallest true difference that so many units show four times in five."""
    reach = student_t_exceeded((1.0 - level) / 2.0, count - 1) + student_t_exceeded(0.2, count - 1)
    return stderr * reach


def nearest_float(value: Fraction) -> float | None:
    """The number rounded once; None where it is beyond the largest float."""
    try:
        return float(value)
    except OverflowError:
        return None


def square_root(value: Fraction) -> float:
    """The root of an exact number, also where the number itself is too small or too large for a float."""
    return root_of_quotient(value.numerator, value.denominator)


def root_of_quotient(above: int, below: int) -> float:
    """The root of above / below."""
    if above == 0:
        return 0.0
    shift = (above.bit_length() - below.bit_length()) // 2
    # a quotient of whole numbers is rounded once
    quotient = above / (below << 2 * shift) if shift >= 0 else (above << -2 * shift) / below
    return math.ldexp(math.sqrt(quotient), shift)


def student_t_upper(t: float, df: float) -> float:
    """P(T > t) of Student's distribution with df degrees of freedom, to about 1e-11 relative.

    A regularised incomplete beta function by Lentz's continued fraction (Numerical Recipes 6.4, DLMF 8.17.22).
    """
    if t < 0:
        return 1.0 - student_t_upper(-t, df)
    if df > 1e6:
        return 0.5 * math.erfc(_normal_deviate(t, df) / math.sqrt(2.0))
    a, b = df / 2.0, 0.5
    log_x = -math.log1p(t * t / df)
    x, y = math.exp(log_x), t * t / (df + t * t)
    if y == 0.0:
        return 0.5
    log_front = a * log_x + b * math.log(y) - _log_beta_half(a)
    if x < (a + 1.0) / (a + b + 2.0):
        return 0.5 * math.exp(log_front) * _beta_fraction(a, b, x) / a
    return 0.5 * (1.0 - math.exp(log_front) * _beta_fraction(b, a, y) / b)


def student_t_quantile(p: float, df: float) -> float:
    """The value that Student's distribution with df degrees of freedom stays below with probability p."""
    return -student_t_exceeded(p, df) if p < 0.5 else student_t_exceeded(1.0 - p, df)


@lru_cache(maxsize=1024)
def student_t_exceeded(upper: float, df: float) -> float:
    """The value that Student's distribution with df degrees of freedom exceeds with probability upper <= 1/2."""
    low, high = 0.0, 1.0
    while student_t_upper(high, df) > upper:
        low, high = high, 2.0 * high
    t = 0.5 * (low + high)
    for _ in range(200):
        excess = student_t_upper(t, df) - upper
        low, high = (t, high) if excess > 0 else (low, t)
        following = t + excess / _student_t_density(t, df)
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - t) <= 4e-16 * t:
            return following
        t = following
    return t


def _normal_deviate(t: float, df: float) -> float:
    """The normal deviate with the same upper tail; Abramowitz and Stegun 26.7.5 turned around.

    The fraction's argument is too close to 1 for so many degrees of freedom; this series has an error of df^-4.
    """
    s, square = 1.0 / df, t * t
    first = -(square + 1) / 4
    second = ((13 * square + 8) * square + 3) / 96
    third = -(((35 * square + 19) * square + 1) * square - 15) / 384
    return t * (1 + s * (first + s * (second + s * third)))


def _student_t_density(t: float, df: float) -> float:
    log_density = -0.5 * (df + 1.0) * math.log1p(t * t / df) - 0.5 * math.log(df) - _log_beta_half(df / 2.0)
    return math.exp(log_density)


def _log_beta_half(a: float) -> float:
    """log B(a, 1/2). For large a by Stirling's series of the ratio, where lgamma would cancel."""
    if a < 30.0:
        return math.lgamma(a) + 0.5 * math.log(math.pi) - math.lgamma(a + 0.5)
    s = 1.0 / a
    # log Gamma(a) - log Gamma(a + 1/2) from DLMF 5.11.8
    series = s * (1 / 8 + s * s * (-1 / 192 + s * s * (1 / 640 + s * s * (-17 / 14336 + s * s * 31 / 18432))))
    return 0.5 * math.log(math.pi) - 0.5 * math.log(a) + series


def _beta_fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0), tiny)
    result = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d, tiny)
            c = _not_zero(1.0 + term / c, tiny)
            result *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return result


def _not_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
