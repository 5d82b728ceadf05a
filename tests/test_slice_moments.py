"""Sums of many slices at a time: to the last bit what `Moments.add` adds for the rows of each alone."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from losscli.arrays import Array, Index
from losscli.moments import SCALE, Moments, NotFiniteError
from losscli.placed_sums import PlacedSums, product
from losscli.segments import Segments
from losscli.slice_moments import SliceMoments

LARGEST = 1.7976931348623157e308
RNG = np.random.default_rng(11)
LOSSES: dict[str, Callable[[int], Any]] = {
    "squares": lambda n: RNG.normal(size=n) ** 2,
    "around 1e8": lambda n: 1e8 + 1e-3 * RNG.normal(size=n),
    "0 and 1": lambda n: RNG.integers(0, 2, n).astype(float),
    "mostly 0": lambda n: np.where(RNG.random(n) < 0.99, 0.0, RNG.normal(size=n)),
    "all 0": np.zeros,
    "negative 0": lambda n: np.full(n, -0.0),
    "equal with many digits": lambda n: np.full(n, 0.1),
    "equal or not": lambda n: np.where(RNG.random(n) < 0.999, 0.1, 0.1 + 1e-16),
    "nearly equal": lambda n: 0.1 + 1e-16 * RNG.integers(0, 2, n),
    "of every size": lambda n: RNG.choice([-1.0, 1.0], n) * np.exp(RNG.normal(size=n) * 60.0),
    "1e-150": lambda n: 1e-150 * RNG.random(n),
    "1e-170": lambda n: 1.0 + 1e-170 * RNG.random(n),
    "1e-300": lambda n: 1e-300 * RNG.random(n),
    "subnormal": lambda n: RNG.integers(1, 1000, n) * 5e-324,
    "1e155": lambda n: 1e155 * RNG.random(n),
    "the largest": lambda n: np.where(RNG.random(n) < 0.01, LARGEST, RNG.random(n)),
    "around 0": lambda n: RNG.normal(size=n),
}
WEIGHTS: dict[str, Callable[[int], Array] | None] = {
    "none": None,
    "near 1": lambda n: RNG.uniform(0.5, 1.5, n),
    "0 and 1": lambda n: RNG.integers(0, 2, n).astype(float),
    "all 0": np.zeros,
    "whole": lambda n: RNG.integers(1, 9, n).astype(float),
    "1e-120": lambda n: 1e-120 * RNG.random(n),
    "1e300": lambda n: 1e300 * RNG.random(n),
    "of every size": lambda n: np.exp(RNG.normal(size=n) * 30.0),
}
SHAPES: dict[str, Callable[[int], Index]] = {
    "one": lambda n: np.zeros(n, dtype=np.int64),
    "20": lambda n: RNG.integers(0, 20, n),
    "uneven": lambda n: np.minimum(RNG.geometric(0.2, n), 40),
    "sorted": lambda n: np.arange(n) * 7 // n,
    "many": lambda n: RNG.integers(0, max(2, n // 2), n),
    "each its own": lambda n: RNG.permutation(n),
}


def alone(codes: Index, losses: Array, weights: Array | None, blocks: list[int]) -> dict[int, Moments]:
    """The moments of each code from its rows alone, block by block."""
    found: dict[int, Moments] = {}
    for first, last in itertools.pairwise([*blocks, codes.size]):
        for code in np.unique(codes[first:last]).tolist():
            rows = first + np.flatnonzero(codes[first:last] == code)
            found.setdefault(code, Moments()).add(losses[rows], None if weights is None else weights[rows])
    return found


def together(codes: Index, losses: Array, weights: Array | None, blocks: list[int]) -> dict[int, Moments]:
    """The same with all codes at a time; two states, each with its own order of places, are then one."""
    size = int(codes.max()) + 1
    states = [SliceMoments(weights is not None), SliceMoments(weights is not None)]
    orders = [np.arange(size), RNG.permutation(size)]
    for turn, (first, last) in enumerate(itertools.pairwise([*blocks, codes.size])):
        segments = Segments.of(codes[first:last], size)
        gathered = segments.gathered(losses[first:last])
        heavy = None if weights is None else segments.gathered(weights[first:last])
        states[turn % 2].add(segments, orders[turn % 2][segments.used], gathered, heavy, size)
    states[0].absorb(states[1], np.argsort(orders[1]))
    return {code: moments for code, moments in enumerate(states[0].moments(size)) if moments.count}


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_sums_of_slices_are_those_of_their_rows_alone(loss: str, weight: str) -> None:
    turn = list(SHAPES)[(list(LOSSES).index(loss) + list(WEIGHTS).index(weight)) % len(SHAPES)]
    for shape, rows in [*itertools.product(SHAPES, (1, 40)), (turn, 700)]:
        codes, losses = SHAPES[shape](rows), LOSSES[loss](rows)
        make = WEIGHTS[weight]
        weights = None if make is None else make(rows)
        blocks = sorted({0, rows // 3, rows // 2})
        with np.errstate(all="ignore"):
            assert together(codes, losses, weights, blocks) == alone(codes, losses, weights, blocks), (shape, rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["losses", "weights"])
def test_what_is_not_finite_is_refused(bad: float, where: str) -> None:
    codes, losses, weights = SHAPES["20"](900), LOSSES["squares"](900), np.ones(900)
    (losses if where == "losses" else weights)[417] = bad
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError):
        together(codes, losses, weights, [0])
    if where == "losses":
        with np.errstate(all="ignore"), pytest.raises(NotFiniteError):
            together(codes, losses, None, [0])


def test_a_sum_with_a_0_before_it_has_the_bits_of_the_sum_itself() -> None:
    """What all of this rests on, for segments of every length up to a block and at any place in memory."""
    lengths = [*range(1, 1100), *RNG.integers(1100, 65_537, 150).tolist(), 65_535, 65_536]
    for length in lengths:
        values = RNG.normal(size=length) * np.exp(RNG.normal(size=length) * 5.0)
        first = int(RNG.integers(1, 9))
        row = np.concatenate([RNG.random(first), [0.0], values, RNG.random(3)])
        assert np.add.reduceat(row, [0, first, first + 1 + length])[1] == np.add.reduce(values)


@pytest.mark.parametrize("labels", [3, 900, 1100, 40_000, 131_072])
def test_rows_are_brought_together_in_their_order(labels: int) -> None:
    codes = RNG.integers(0, labels, 65_536)
    codes[codes == 1] = 0
    segments = Segments.of(codes, labels)
    gathered = segments.gathered(np.arange(codes.size, dtype=np.float64) + 1.0)
    used, first = np.unique(codes, return_index=True)
    assert segments.used.tolist() == used.tolist()
    assert segments.first_rows.tolist() == first.tolist()
    assert gathered[segments.starts].tolist() == [0.0] * segments.starts.size
    assert (gathered[gathered > 0.0] - 1.0).tolist() == np.argsort(codes, kind="stable").tolist()


def test_exact_sums_lose_no_digit() -> None:
    """Expected: Fraction."""
    sums, expected = PlacedSums(), [Fraction(0)] * 5
    for size in (3, 5):
        for spread in (1.0, 50.0, 600.0):
            places = RNG.integers(0, size, 400)
            terms = RNG.choice([-1.0, 1.0], (3, 400)) * np.exp2(RNG.uniform(-spread, spread, (3, 400)))
            sums.add(places, terms, size)
            for place, column in zip(places.tolist(), terms.T.tolist(), strict=True):
                expected[place] += sum(map(Fraction, column))
    sums.add(np.array([1]), np.zeros((2, 1)), 5)
    assert [Fraction(whole, 1 << SCALE) for whole in sums.wholes(5, SCALE)] == expected
    assert sums.wholes(7, SCALE)[5:] == [0, 0]


def test_a_product_and_its_rest_are_exact() -> None:
    """Expected: Fraction."""
    left, right = (RNG.normal(size=500) * np.exp2(RNG.uniform(-300, 300, 500)) for _ in range(2))
    for a, b, whole, rest in zip(*(part.tolist() for part in (left, right, *product(left, right))), strict=True):
        assert Fraction(whole) + Fraction(rest) == Fraction(a) * Fraction(b)
