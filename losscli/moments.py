"""Sums of units and of their products, exact between blocks: adding two states loses nothing.

Within a block of rows the sums are NumPy's pairwise ones, taken around a pivot so that a large mean does not
cancel the spread. Between blocks they are whole numbers of Python, scaled by a power of two. Their addition is
associative and commutative to the last bit, so threads, workers and shards may add in any order.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from losscli.arrays import Array, np

# A product of two doubles is a multiple of 2**-2148; 53 more bits keep the digits of a scaled sum of them.
_SCALE = 2260
_PIVOT_UNITS = 128


def _exact(value: float, *factors: float, shift: int = 0) -> int:
    """value times the factors times 2**shift as a whole number of units of 2**-_SCALE."""
    numerator, denominator = value.as_integer_ratio()
    bits = denominator.bit_length() - 1
    for factor in factors:
        top, bottom = factor.as_integer_ratio()
        numerator *= top
        bits += bottom.bit_length() - 1
    up = _SCALE + shift - bits
    return numerator << up if up >= 0 else numerator >> -up


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
        """
        if losses.size == 0:
            return
        # any pivot gives the right sums; one near the losses keeps the digits of their spread. The mean of the
        # first few does: an outlier among them counts in the spread of the block as well.
        first = losses[:_PIVOT_UNITS]
        pivot = float(np.add.reduce(first)) / first.size
        centred = losses - pivot
        if weights is not None:
            centred *= weights
        total = float(np.add.reduce(centred))
        weight = float(losses.size) if weights is None else float(np.add.reduce(weights))
        if not (math.isfinite(total) and math.isfinite(weight)):
            self._add_one_by_one(losses, weights)
        elif weights is None:
            self._add_plain(losses.size, pivot, total, centred)
        else:
            self._add_weighted(pivot, total, centred, weight, weights)

    def _add_one_by_one(self, losses: Array, weights: Array | None) -> None:
        """The way for values so large that their sum overflows: each unit is its own pivot."""
        if losses.size == 1:
            raise OverflowError("a unit's loss is not finite")
        for index in range(losses.size):
            one = slice(index, index + 1)
            self.add(losses[one], None if weights is None else weights[one])

    def _add_plain(self, count: int, pivot: float, total: float, centred: Array) -> None:
        square, shift = _sum_of_products(centred, centred)
        n = float(count)
        first = _exact(total) + _exact(pivot, n)
        self.count += count
        self.first += first
        self.weight += count << _SCALE
        self.second += _exact(square, shift=shift) + 2 * _exact(pivot, total) + _exact(pivot, pivot, n)
        self.cross += first
        self.weight_second += count << _SCALE

    def _add_weighted(self, pivot: float, total: float, centred: Array, weight: float, weights: Array) -> None:
        square, square_shift = _sum_of_products(centred, centred)
        mixed, mixed_shift = _sum_of_products(centred, weights)
        heavy, heavy_shift = _sum_of_products(weights, weights)
        self.count += weights.size
        self.first += _exact(total) + _exact(pivot, weight)
        self.weight += _exact(weight)
        self.second += (
            _exact(square, shift=square_shift)
            + 2 * _exact(pivot, mixed, shift=mixed_shift)
            + _exact(pivot, pivot, heavy, shift=heavy_shift)
        )
        self.cross += _exact(mixed, shift=mixed_shift) + _exact(pivot, heavy, shift=heavy_shift)
        self.weight_second += _exact(heavy, shift=heavy_shift)

    def ratio(self) -> Fraction | None:
        """The weighted mean, or None where the weights add up to 0."""
        return Fraction(self.first, self.weight) if self.weight else None

    def total(self) -> Fraction:
        """The sum of w l."""
        return Fraction(self.first, 1 << _SCALE)

    def total_weight(self) -> Fraction:
        """The sum of w."""
        return Fraction(self.weight, 1 << _SCALE)

    def residual_squares(self) -> Fraction:
        """The sum of w^2 (l - mean)^2, from which the standard error of the weighted mean follows."""
        mean = Fraction(self.first, self.weight)
        value = self.second - 2 * mean * self.cross + mean * mean * self.weight_second
        # rounding inside the blocks can leave a sum of squares just below 0 where all units are alike
        return max(Fraction(0), value / (1 << _SCALE))


def _sum_of_products(left: Array, right: Array) -> tuple[float, int]:
    """The sum of left times right as a float and the power of two to multiply it by.

    Squares of values beyond 1e154 overflow and of values under 1e-154 vanish, so those are scaled first.
    """
    total = float(np.add.reduce(left * right))
    if math.isfinite(total) and abs(total) > 1e-200:
        return total, 0
    left_most, right_most = _largest(left), _largest(right)
    if left_most == 0.0 or right_most == 0.0:
        return 0.0, 0
    left_shift, right_shift = math.frexp(left_most)[1], math.frexp(right_most)[1]
    scaled = np.ldexp(left, -left_shift) * np.ldexp(right, -right_shift)
    return float(np.add.reduce(scaled)), left_shift + right_shift


def _largest(values: Array) -> float:
    return float(np.max(np.abs(values)))
