"""Sums of units and of their products, exact between blocks: adding two states loses nothing.

Within a block of rows the sums are NumPy's pairwise ones, taken around a pivot so that a large mean does not
cancel the spread. Between blocks they are whole numbers of Python, scaled by a power of two. Their addition is
associative and commutative to the last bit, so threads, workers and shards may add in any order.
"""

import math
from fractions import Fraction

from losscli.arrays import Array, np
from losscli.records import dataclass

# A product of two doubles is a multiple of 2**-2148; 53 more bits keep the digits of a scaled sum of them.
SCALE = 2260
TINY = 1e-200
SAMPLE = 129
SAFE = 1e-200
"""A sum of squares above this has lost nothing to squares that vanish."""
_RAISE = 512
PIVOT_NOISE = 70
"""Squares of equal values around their pivot are at most 2**-70 of the square of the pivot, which has 36 bits."""


def exact(value: float, *factors: float, shift: int = 0) -> int:
    """value times the factors times 2**shift as a whole number of units of 2**-SCALE."""
    numerator, denominator = value.as_integer_ratio()
    bits = denominator.bit_length() - 1
    for factor in factors:
        top, bottom = factor.as_integer_ratio()
        numerator *= top
        bits += bottom.bit_length() - 1
    up = SCALE + shift - bits
    return numerator << up if up >= 0 else numerator >> -up


class NotFiniteError(ArithmeticError):
    """A unit has a loss or a weight that is NaN or infinite."""


@dataclass(slots=True)
class Moments:
    """The state of a loss: what the units add up to.

    Attributes:
        count: how many units.
        first: the sum of w l.
        weight: the sum of w.
        second: the sum of (w l)^2.
        cross: the sum of (w l) w.
        weight_second: the sum of w^2.

    All but count are whole numbers of 2**-2260. Without weights w is 1 for each unit.
    """

    count: int = 0
    first: int = 0
    weight: int = 0
    second: int = 0
    cross: int = 0
    weight_second: int = 0

    def __iadd__(self, other: "Moments") -> "Moments":
        self.count += other.count
        self.first += other.first
        self.weight += other.weight
        self.second += other.second
        self.cross += other.cross
        self.weight_second += other.weight_second
        return self

    def add(self, losses: Array, weights: Array | None) -> None:
        """Add a block of units.

        Args:
            losses: shape (n,), finite.
            weights: shape (n,), finite and not negative; None for weights of 1.

        Raises:
            NotFiniteError: a loss or a weight is NaN or infinite; the state is then of no use.
        """
        if losses.size == 0:
            return
        pivot = _middle(losses)
        if abs(pivot) < TINY and 0.0 < _largest(losses) < TINY:
            # products of such losses fall among the subnormal numbers, which have few digits
            raised = Moments()
            raised.add(np.ldexp(losses, _RAISE), weights)
            self += raised._lowered()
            return
        added = self._add_plain(losses, pivot) if weights is None else self._add_weighted(losses, weights)
        if added:
            return
        if not np.isfinite(losses).all() or not (weights is None or np.isfinite(weights).all()):
            raise NotFiniteError
        # values so large that their sum overflows: each unit is its own pivot
        for index in range(losses.size):
            one = slice(index, index + 1)
            self.add(losses[one], None if weights is None else weights[one])

    def _lowered(self) -> "Moments":
        """The same for losses that are smaller by 2**_RAISE."""
        return Moments(
            self.count,
            self.first >> _RAISE,
            self.weight,
            self.second >> 2 * _RAISE,
            self.cross >> _RAISE,
            self.weight_second,
        )

    def _add_plain(self, losses: Array, pivot: float) -> bool:
        n = float(losses.size)
        centred = losses - pivot
        total = float(np.add.reduce(centred))
        if not math.isfinite(total):
            return False
        # squared in place: one array less to push out of the caches
        square, shift = float(np.add.reduce(np.multiply(centred, centred, out=centred))), 0
        if not SAFE < square < math.inf:
            centred = losses - pivot
            square, shift = sum_of_products(centred, centred)
        if exact(square, shift=shift) <= exact(pivot, pivot, n) >> PIVOT_NOISE and (losses == losses[0]).all():
            pivot, total, square = float(losses[0]), 0.0, 0.0
        first = exact(total) + exact(pivot, n)
        self.count += losses.size
        self.first += first
        self.weight += losses.size << SCALE
        self.second += exact(square, shift=shift) + 2 * exact(pivot, total) + exact(pivot, pivot, n)
        self.cross += first
        self.weight_second += losses.size << SCALE
        return True

    def _add_weighted(self, losses: Array, weights: Array) -> bool:
        weight = float(np.add.reduce(weights))
        if not math.isfinite(weight):
            return False
        # weights have no unit: brought near 1, so that no product with them vanishes or overflows
        scale = 0 if weight == 0.0 or 1e-100 < weight < 1e100 else math.frexp(weight)[1]
        if scale:
            weights = np.ldexp(weights, -scale)
            weight = float(np.add.reduce(weights))
        several = losses.size > 1 and weight
        pivot = few_bits(float(np.add.reduce(weights * losses)) / weight) if several else float(losses[0])
        centred = weights * (losses - pivot)
        total = float(np.add.reduce(centred))
        if not math.isfinite(total):
            return False
        heavy, heavy_shift = sum_of_products(weights, weights)
        square, square_shift = sum_of_products(centred, centred)
        mixed, mixed_shift = sum_of_products(centred, weights)
        noise = exact(pivot, pivot, heavy, shift=heavy_shift) >> PIVOT_NOISE
        if exact(square, shift=square_shift) <= noise and (losses == losses[0]).all():
            pivot, total, square, mixed = float(losses[0]), 0.0, 0.0, 0.0
        self.count += losses.size
        self.first += exact(total, shift=scale) + exact(pivot, weight, shift=scale)
        self.weight += exact(weight, shift=scale)
        self.second += (
            exact(square, shift=square_shift + 2 * scale)
            + 2 * exact(pivot, mixed, shift=mixed_shift + 2 * scale)
            + exact(pivot, pivot, heavy, shift=heavy_shift + 2 * scale)
        )
        self.cross += exact(mixed, shift=mixed_shift + 2 * scale)
        self.cross += exact(pivot, heavy, shift=heavy_shift + 2 * scale)
        self.weight_second += exact(heavy, shift=heavy_shift + 2 * scale)
        return True

    def ratio(self) -> Fraction | None:
        """The weighted mean, or None where the weights add up to 0."""
        return Fraction(self.first, self.weight) if self.weight else None

    def total(self) -> Fraction:
        """The sum of w l."""
        return Fraction(self.first, 1 << SCALE)

    def total_of_squares(self) -> Fraction:
        """The sum of (w l)^2."""
        return Fraction(self.second, 1 << SCALE)

    def total_weight(self) -> Fraction:
        """The sum of w."""
        return Fraction(self.weight, 1 << SCALE)

    def effective(self) -> float:
        """How many units of equal weights know as much as these (Kish, 1965); their number where weights are equal."""
        if not self.weight_second or self.weight_second == self.weight == self.count << SCALE:
            return float(self.count)
        return min(float(self.count), float(Fraction(self.weight * self.weight, self.weight_second << SCALE)))

    def residual_squares(self) -> tuple[int, int]:
        """The sum of w^2 (l - mean)^2, from which the standard error of the weighted mean follows, as a quotient.

        It is not reduced, which would take longer than all else about the result of a slice.
        """
        weight, first = self.weight, self.first
        value = weight * (self.second * weight - 2 * first * self.cross) + first * first * self.weight_second
        # rounding inside the blocks can leave a sum of squares just below 0 where all units are alike
        return max(0, value), weight * weight << SCALE


def _middle(losses: Array) -> float:
    """A pivot: about the median, which is never further from the mean than the spread, however far outliers lie."""
    if losses.size == 1:
        return float(losses[0])
    sample = np.sort(losses[:: -(-losses.size // SAMPLE)])
    return few_bits(float(sample[sample.size // 2]))


def few_bits(mean: float) -> float:
    """A pivot near the mean, of so few bits that the distances of short numbers from it are exact."""
    if not abs(mean) < 1e300:
        return mean
    mantissa, exponent = math.frexp(mean)
    return math.ldexp(round(math.ldexp(mantissa, 36)), exponent - 36)


def sum_of_products(left: Array, right: Array) -> tuple[float, int]:
    """The sum of left times right as a float and the power of two to multiply it by.

    Squares of values beyond 1e154 overflow and of values under 1e-154 vanish, so those are scaled first.
    """
    total = float(np.add.reduce(left * right))
    if SAFE < abs(total) < math.inf:
        return total, 0
    left_most, right_most = _largest(left), _largest(right)
    if left_most == 0.0 or right_most == 0.0:
        return 0.0, 0
    left_shift, right_shift = math.frexp(left_most)[1], math.frexp(right_most)[1]
    scaled = np.ldexp(left, -left_shift) * np.ldexp(right, -right_shift)
    return float(np.add.reduce(scaled)), left_shift + right_shift


def _largest(values: Array) -> float:
    return float(np.max(np.abs(values)))
