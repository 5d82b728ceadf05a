"""The sums of units against exact arithmetic: plain and weighted, of every magnitude, merged in any order.

A double is a fraction, so exact sums, means and squared residuals come from fractions.Fraction, and roots of
them from mpmath or the statistics module. Nothing expected here was computed by the library.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.arrays import Array
from losscli.moments import Moments, NotFiniteError
from losscli.statistics import mean_standard_error

UNIT = 2**2260  # as the docstring of Moments says
LARGEST = 1.7976931348623157e308
LEAST = 5e-324

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=80)


def moments_of(losses: Sequence[float] | Array, weights: Sequence[float] | Array | None = None) -> Moments:
    """The state after these units, added in blocks of 16,384 as the fold does."""
    found, size = Moments(), 16_384
    values = np.array(losses, dtype=np.float64)
    heavy = None if weights is None else np.array(weights, dtype=np.float64)
    with np.errstate(all="ignore"):
        for first in range(0, values.size, size):
            part = slice(first, first + size)
            found.add(values[part], None if heavy is None else heavy[part])
    return found


class Exact:
    """The same sums in rational numbers; doubles are whole numbers of 2**-1074."""

    def __init__(self, losses: Sequence[float] | Array, weights: Sequence[float] | Array | None = None) -> None:
        values = [_whole(float(value)) for value in losses]
        heavy = [2**1074] * len(values) if weights is None else [_whole(float(weight)) for weight in weights]
        pairs = list(zip(heavy, values, strict=True))
        self.weight = Fraction(sum(heavy), 2**1074)
        self.first = Fraction(sum(w * v for w, v in pairs), 4**1074)
        self.size = Fraction(sum(w * abs(v) for w, v in pairs), 4**1074)
        self.second = Fraction(sum((w * v) ** 2 for w, v in pairs), 16**1074)
        self.cross = Fraction(sum(w * w * v for w, v in pairs), 8**1074)
        self.cross_size = Fraction(sum(w * w * abs(v) for w, v in pairs), 8**1074)
        self.weight_second = Fraction(sum(w * w for w in heavy), 4**1074)
        self.mean = self.first / self.weight
        # the sum of w^2 (l - mean)^2, multiplied out: exact, so that nothing cancels
        residual = self.second - 2 * self.mean * self.cross + self.mean**2 * self.weight_second
        n = len(values)
        with mpmath.workdps(60):
            self.stderr = mpmath.sqrt(_big(residual) * n / max(n - 1, 1)) / _big(self.weight)

    def mean_is(self, found: Fraction | None) -> bool:
        """Whether a mean is right to 1e-15 of the mean size: the relative error over the condition of the sum."""
        return found is not None and abs(found - self.mean) * self.weight <= self.size / 10**15

    def error_is(self, found: float | None) -> bool:
        """Whether a standard error is right to 1e-14, or to the rounding of a subnormal: half of the least float64."""
        with mpmath.workdps(60):
            return found is not None and bool(abs(found - self.stderr) <= self.stderr / 10**14 + mpmath.mpf(LEAST) / 2)


def _whole(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator * (2**1074 // denominator)


def _big(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / mpmath.mpf(value.denominator)


def close(found: Fraction, expected: Fraction, of: Fraction | None = None, within: float = 1e-14) -> bool:
    """Whether the error is at most `within` of the expected value, or of `of` where terms cancel."""
    return abs(found - expected) <= Fraction(within) * (abs(expected) if of is None else of)


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


LOSSES: dict[str, Callable[[], Array]] = {
    "mean 1e8, spread 1e-3": lambda: 1e8 + 1e-3 * _rng().standard_normal(17_000),
    "mean 1e9, a little more": lambda: 1e9 + _rng().uniform(0.0, 1e-5, 800),
    "1e-300": lambda: 1e-300 * _rng().uniform(0.5, 1.5, 800),
    "1e300": lambda: 1e300 * _rng().uniform(-0.5, 1.5, 800),
    "every magnitude": lambda: np.power(10.0, _rng().uniform(-300.0, 300.0, 800)),
    "every magnitude and sign": lambda: _rng().choice([-1.0, 1.0], 800) * np.exp(_rng(8).uniform(-20.0, 20.0, 800)),
    "subnormals": lambda: np.ldexp(_rng().integers(1, 1000, 800).astype(np.float64), -1074),
    "signs that cancel": lambda: np.repeat(_rng().standard_normal(500), 2) * np.tile([1.0, -1.0], 500),
    "a sum that overflows": lambda: np.full(100, LARGEST),
    "sums that overflow both ways": lambda: np.tile([LARGEST, LARGEST, -LARGEST, -0.5 * LARGEST], 25),
    "a block of outliers": lambda: np.r_[np.ones(300), np.full(20, 1e12), np.ones(500)],
    "one unit": lambda: np.array([0.1]),
    "a block and one more unit": lambda: _rng().exponential(size=16_385),
}
WEIGHTS: dict[str, Callable[[int], Array]] = {
    "near 1": lambda n: _rng(1).uniform(0.5, 1.5, n),
    "0 and 1": lambda n: np.tile([1.0, 0.0, 1.0], n)[:n],
    "1e-100": lambda n: 1e-100 * _rng(2).uniform(0.5, 1.5, n),
    "1e300": lambda n: 1e300 * _rng(3).uniform(0.5, 1.5, n),
    "every magnitude": lambda n: np.exp(_rng(4).uniform(-28.0, 28.0, n)),
    "whole": lambda n: _rng(5).integers(1, 9, n).astype(np.float64),
}

PAIRS = [(name, weight) for name in LOSSES for weight in WEIGHTS]
# (w l)^2 of these is less than 2**-2260, the unit of the sums, so only the mean of them is known
VANISHING = [("1e-300", "1e-100"), ("subnormals", "1e-100")]


@pytest.mark.parametrize("name", LOSSES)
def test_plain_sums(name: str) -> None:
    """Expected: Fraction."""
    losses = LOSSES[name]()
    found, exact = moments_of(losses), Exact(losses)
    assert found.count == losses.size
    assert found.weight == found.weight_second == losses.size * UNIT
    assert found.first == found.cross
    assert exact.mean_is(found.ratio())
    assert close(found.total(), exact.first, exact.size, 1e-15)
    assert close(Fraction(found.second, UNIT), exact.second)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "one unit"])
def test_plain_standard_error(name: str) -> None:
    """Expected: statistics.stdev over sqrt(n), from Fractions."""
    losses = LOSSES[name]()
    exact = Exact(losses)
    variance = Fraction(statistics.variance([Fraction(value) for value in losses.tolist()]))
    with mpmath.workdps(60):
        assert mpmath.almosteq(exact.stderr, mpmath.sqrt(_big(variance) / losses.size), 1e-50)
    assert exact.error_is(mean_standard_error(moments_of(losses)))


@pytest.mark.parametrize(("name", "weight"), PAIRS)
def test_weighted_sums(name: str, weight: str) -> None:
    """Expected: Fraction."""
    losses = LOSSES[name]()[-1000:]
    weights = WEIGHTS[weight](losses.size)
    found, exact = moments_of(losses, weights), Exact(losses, weights)
    assert found.count == losses.size
    assert exact.mean_is(found.ratio())
    assert close(found.total_weight(), exact.weight)
    assert close(Fraction(found.weight_second, UNIT), exact.weight_second)
    if (name, weight) not in VANISHING:
        assert close(Fraction(found.second, UNIT), exact.second)
        assert close(Fraction(found.cross, UNIT), exact.cross, exact.cross_size)


@pytest.mark.parametrize(("name", "weight"), [pair for pair in PAIRS if pair not in VANISHING])
def test_weighted_standard_error(name: str, weight: str) -> None:
    """Expected: sqrt(n / (n - 1) sum w^2 (l - mean)^2) / sum w in mpmath."""
    losses = LOSSES[name]()
    losses = losses[-1000:] if weight != "near 1" else losses
    weights = WEIGHTS[weight](losses.size)
    error = mean_standard_error(moments_of(losses, weights))
    assert error is None if losses.size == 1 else Exact(losses, weights).error_is(error)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e8 / 3, LARGEST, LEAST, 2e-308, 1e-160, 1e160])
@pytest.mark.parametrize("count", [2, 3, 7, 127, 129, 16_385])
def test_equal_values_have_no_spread(value: float, count: int) -> None:
    """Expected: by hand."""
    count = min(count, 200) if value == LARGEST else count  # a unit at a time where sums overflow, which is slow
    found = moments_of([value] * count)
    assert found.ratio() == Fraction(value)
    assert mean_standard_error(found) == 0.0


@pytest.mark.parametrize("seed", [3, 24, 27, 31])
def test_equal_values_have_no_spread_whatever_their_weights(seed: int) -> None:
    """Expected: by hand."""
    rng = _rng(seed)
    value = float(rng.uniform(0.1, 10.0))
    found = moments_of([value] * 247, rng.uniform(0.1, 3.0, 247))
    assert found.ratio() == Fraction(value)
    assert mean_standard_error(found) == 0.0


def test_a_large_loss_of_weight_0_changes_nothing() -> None:
    """Expected: by hand, (1 + 2) / 2 and an error of sqrt(3/2 (1/4 + 1/4)) / 2."""
    found = moments_of([1e20, 1.0, 2.0], [0.0, 1.0, 1.0])
    assert found.ratio() == Fraction(3, 2)
    assert mean_standard_error(found) == pytest.approx(0.75**0.5 / 2, rel=1e-15)


@pytest.mark.parametrize("small", [1e-30, 1e-300, 1.0])
def test_a_large_loss_among_the_first_costs_no_digits(small: float) -> None:
    """Expected: Fraction."""
    losses, weights = np.r_[1e20, np.ones(6000)], np.r_[small, np.ones(6000)]
    assert Exact(losses, weights).mean_is(moments_of(losses, weights).ratio())
    assert Exact(losses).mean_is(moments_of(losses).ratio())


def test_weights_whose_products_are_subnormal() -> None:
    """Expected: Fraction; weights have no unit, so 1e-310 each is as good as 1 each."""
    losses = np.r_[np.zeros(128), np.full(128, 0.4)]
    for weight in (1e-310, LEAST):
        weights = np.full(256, weight)
        assert Exact(losses, weights).mean_is(moments_of(losses, weights).ratio())


sizes = st.floats(-1e100, 1e100).filter(lambda value: value == 0.0 or abs(value) > 1e-100)
heavy = st.one_of(st.just(0.0), st.floats(1e-100, 1e100), st.integers(1, 9).map(float))
units = st.lists(st.tuples(sizes, heavy), min_size=1, max_size=40)


@given(rows=units.filter(lambda rows: any(weight for _, weight in rows)))
@repeatable
def test_weighted_mean_of_anything(rows: list[tuple[float, float]]) -> None:
    """Expected: Fraction."""
    losses, weights = [loss for loss, _ in rows], [weight for _, weight in rows]
    assert Exact(losses, weights).mean_is(moments_of(losses, weights).ratio())


@given(losses=st.lists(sizes, min_size=2, max_size=40))
@repeatable
def test_plain_mean_and_error_of_anything(losses: list[float]) -> None:
    """Expected: Fraction and mpmath."""
    found, exact = moments_of(losses), Exact(losses)
    assert exact.mean_is(found.ratio())
    assert exact.error_is(mean_standard_error(found))


@given(blocks=st.lists(units, min_size=3, max_size=6), data=st.data())
@repeatable
def test_merging_is_associative_and_commutative_to_the_bit(
    blocks: list[list[tuple[float, float]]], data: st.DataObject
) -> None:
    """Expected: the law itself."""
    states = [moments_of(*map(list, zip(*rows, strict=True))) for rows in blocks]
    one, two, three = states[:3]
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, two) == merged(two, one)
    assert merged(one, Moments()) == merged(Moments(), one) == one
    order = data.draw(st.permutations(states))
    assert merged(*order) == merged(*states)


def merged(*states: Moments) -> Moments:
    """The sum of states, none of which changes."""
    total = replace(states[0])
    for state in states[1:]:
        total += state
    return total


@given(loss=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), weight=st.floats(1e-3, 1e3))
@repeatable
def test_a_row_of_weight_2_is_the_row_twice(loss: float, weight: float) -> None:
    """Expected: the law itself; one unit is its own pivot, so its sums have no rounding."""
    for once, double in ((1.0, 2.0), (weight, 2.0 * weight)):
        twice = merged(moments_of([loss], [once]), moments_of([loss], [once]))
        found = moments_of([loss], [double])
        assert (found.first, found.weight) == (twice.first, twice.weight)
        assert found.ratio() == twice.ratio() == Fraction(loss)


@given(eighths=st.lists(st.integers(-9999, 9999), min_size=64, max_size=64), size=st.sampled_from([1, 2, 4, 16, 64]))
@repeatable
def test_so_are_rows_of_weight_2(eighths: list[int], size: int) -> None:
    """Expected: Fraction; a power of two of eighths has an exact mean, so nothing is rounded."""
    losses = [eighth / 8 for eighth in eighths[:size]]
    doubled, repeated = moments_of(losses, [2.0] * len(losses)), moments_of(losses + losses)
    assert (doubled.first, doubled.weight) == (repeated.first, repeated.weight)
    assert doubled.ratio() == Fraction(sum(eighths[:size]), 8 * size)


def test_nothing_adds_nothing() -> None:
    """Expected: by hand."""
    found = moments_of([1.5, 2.5])
    before = replace(found)
    found.add(np.empty(0), None)
    found.add(np.empty(0), np.empty(0))
    assert found == before


def test_a_mean_needs_weight() -> None:
    """Expected: by hand."""
    assert Moments().ratio() is None
    assert moments_of([1.0, 2.0], [0.0, 0.0]).ratio() is None


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_loss_that_is_not_finite_is_refused(value: float) -> None:
    """Expected: by hand; such rows are left out before, so this is a fault of the caller."""
    with pytest.raises(NotFiniteError):
        moments_of([1.0, value, 2.0])
