"""Sums of several series over the same units, with their products: what a function of sums is made of."""

from collections.abc import Iterator
from fractions import Fraction

from losscli.arrays import Array, np
from losscli.errors import DataError
from losscli.moments import SCALE, Moments, exact, few_bits, sum_of_products
from losscli.records import dataclass, field


@dataclass(slots=True)
class JointMoments:
    """The state of a loss that is a function of k sums over rows.

    Attributes:
        models: how many models have addends, side by side; products are kept of those of one model with one another,
            and with those of the baseline, which is all that a difference needs.
        baseline: which of them the others are held against.
        series: the moments of each addend.
        products: for j < l the sum of (w a_j) (w a_l), a whole number of 2**-2260; where there are several models
            also for j = l, rounded alike, so that what models have in common cancels in their difference.
    """

    models: int = 1
    baseline: int = 0
    series: list[Moments] = field(default_factory=list)
    products: dict[tuple[int, int], int] = field(default_factory=dict)

    def __iadd__(self, other: "JointMoments") -> "JointMoments":
        if not self.series:
            self.series = [Moments() for _ in other.series]
        # a run of rows that has no whole block adds nothing and has no series
        for mine, theirs in zip(self.series, other.series, strict=bool(other.series)):
            mine += theirs
        for pair, value in other.products.items():
            self.products[pair] = self.products.get(pair, 0) + value
        return self

    @property
    def count(self) -> int:
        """How many rows."""
        return self.series[0].count if self.series else 0

    @property
    def weight(self) -> int:
        """The sum of the weights, in units of 2**-2260."""
        return self.series[0].weight if self.series else 0

    def add(self, addends: Array, weights: Array | None) -> None:
        """Add a block of rows.

        Args:
            addends: shape (n, k), finite.
            weights: shape (n,), finite and not negative; None for weights of 1.

        Raises:
            NotFiniteError: an addend or a weight is NaN or infinite; the state is then of no use.
        """
        if not len(addends):
            return
        width = addends.shape[1]
        if not self.series:
            self.series = [Moments() for _ in range(width)]
        columns = [np.ascontiguousarray(addends[:, i]) for i in range(width)]
        for moments, column in zip(self.series, columns, strict=True):
            moments.add(column, weights)
        heavy = np.ones(len(addends)) if weights is None else weights
        pivots = [few_bits(float(np.add.reduce(column)) / column.size) for column in columns]
        centred = [heavy * (column - pivot) for column, pivot in zip(columns, pivots, strict=True)]
        weight_second, weight_shift = sum_of_products(heavy, heavy)
        leaning = [sum_of_products(series, heavy) for series in centred]
        for j in range(width):
            for other in range(j if self.models > 1 else j + 1, width):
                if not self._kept(j, other):
                    continue
                product, shift = sum_of_products(centred[j], centred[other])
                value = exact(product, shift=shift)
                value += exact(pivots[j], leaning[other][0], shift=leaning[other][1])
                value += exact(pivots[other], leaning[j][0], shift=leaning[j][1])
                value += exact(pivots[j], pivots[other], weight_second, shift=weight_shift)
                self.products[j, other] = self.products.get((j, other), 0) + value

    def totals(self) -> list[Fraction]:
        """The sum of w a_j for each addend."""
        return [moments.total() for moments in self.series]

    def _kept(self, j: int, other: int) -> bool:
        width = len(self.series) // self.models
        models = j // width, other // width
        return models[0] == models[1] or self.baseline in models

    def covariance(self, j: int, other: int, *, paired: bool = False) -> Fraction:
        """n / (n - 1) times the centred products of two addends: the covariance of their totals over n rows.

        Args:
            paired: whether it is for a difference of models.
        """
        n = self.count
        own = j == other and not paired
        raw = self.series[j].second if own else self.products[min(j, other), max(j, other)]
        totals = self.series[j].total() * self.series[other].total()
        return (Fraction(raw, 1 << SCALE) - totals / n) * Fraction(n, n - 1)


def with_differences(results: Array, models: int, baseline: int) -> Array:
    """Results of models side by side, and then what each model but the baseline has more than the baseline."""
    if models == 1:
        return results
    width = results.shape[1] // models
    of_baseline = results[:, baseline * width : (baseline + 1) * width]
    parts = [results[:, j * width : (j + 1) * width] - of_baseline for j in range(models) if j != baseline]
    return np.concatenate([results, *parts], axis=1)


@dataclass(slots=True)
class SeveralMoments:
    """The state of several results a unit, such as one for each class or model: each added up by itself.

    Attributes:
        models, baseline: how many models have results, side by side, and which of them the others are held against.
        gaps: whether a unit may have no value for some result (NaN); it is left out of that one, and counted.
        series: the moments of each result, and then of the differences of models from the baseline.
        absent: for each series, how many units have none.
    """

    models: int = 1
    baseline: int = 0
    gaps: bool = True
    series: list[Moments] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)

    def __iadd__(self, other: "SeveralMoments") -> "SeveralMoments":
        self._widen(len(other.series))
        for i, (theirs, absent) in enumerate(other):
            self.series[i] += theirs
            self.absent[i] += absent
        return self

    def __iter__(self) -> Iterator[tuple[Moments, int]]:
        """Each result with the number of units that have none."""
        return zip(self.series, self.absent, strict=True)

    def add(self, losses: Array, weights: Array | None) -> None:
        """Add a block of units, of shape (n, k), or (n,) where there is a single result."""
        if not len(losses):
            return
        results = losses.shape[1] if losses.ndim > 1 else 1
        losses = self.held_against(losses)
        # a sum that is finite proves the differences finite, and is cheaper than a look at each
        doubtful = not np.isfinite(np.add.reduce(losses[:, results:], axis=None))
        if doubtful and np.isinf(losses[:, results:]).any() and not np.isinf(losses[:, :results]).any():
            raise DataError("the losses of two models differ by more than a float64 holds", "use a larger unit")
        self._widen(losses.shape[1])
        for i, moments in enumerate(self.series):
            if not self.gaps:
                moments.add(np.ascontiguousarray(losses[:, i]), weights)
                continue
            there = ~np.isnan(losses[:, i])
            self.absent[i] += int(np.count_nonzero(~there))
            moments.add(losses[there, i], None if weights is None else weights[there])

    def held_against(self, losses: Array) -> Array:
        """The results of each unit, and then what each model but the baseline has more than the baseline."""
        return with_differences(losses[:, None] if losses.ndim == 1 else losses, self.models, self.baseline)

    def _widen(self, count: int) -> None:
        while len(self.series) < count:
            self.series.append(Moments())
            self.absent.append(0)
