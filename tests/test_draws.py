"""How often units are drawn, and sums over draws: against SciPy's Poisson distribution and whole numbers of Python."""

from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from losscli import drawing
from losscli.drawing import CHUNK, Drawing, tiles
from losscli.errors import DataError
from losscli.exact_sums import ExactSums, Pieces
from losscli.moments import SCALE, Moments
from losscli.resampled import Resampled, drawn_sums
from losscli.unit_arrays import Units
from losscli.workers import workers
from tests.engine import in_slice, run

TILE = next(tiles(1000))
RNG = np.random.default_rng(12)


def test_the_distribution_is_that_of_a_poisson_number_of_mean_1() -> None:
    """Four bits and hits make each probability right to 3e-7, and mean and variance."""
    alone = np.exp(-drawing._RATE)
    shares = np.bincount(drawing._large_numbers(), minlength=11) / 65_536
    found = alone * np.array([6, 6, 3, 1, *[0] * 7]) / 16 + (1 - alone) * shares
    np.testing.assert_allclose(found, stats.poisson.pmf(np.arange(11), 1.0), rtol=0, atol=3e-7)
    counts = np.arange(11)
    assert found @ counts == pytest.approx(1.0, abs=3e-7)
    assert found @ (counts - 1) ** 2 == pytest.approx(1.0, abs=3e-7)


def test_the_number_of_hits_is_a_poisson_number() -> None:
    least, bounds = drawing._hit_bounds()
    assert bounds == sorted(bounds)
    expected = stats.poisson.cdf(least + np.arange(len(bounds)), CHUNK * drawing._RATE)
    np.testing.assert_allclose(np.array(bounds, dtype=float) / 2.0**64, expected, rtol=0, atol=1e-11)
    for share in (0.001, 0.2, 0.5, 0.9, 0.9999):
        assert drawing._hits(round(share * 2**64)) == stats.poisson.ppf(share, CHUNK * drawing._RATE)


def test_each_number_is_as_often_as_it_should_be() -> None:
    """Within five standard deviations over 16 million numbers, and for each position in a word."""
    made = Drawing(5, TILE)
    seen = sum(np.bincount(made.chunk(i).ravel(), minlength=11) for i in range(4))
    expected = stats.poisson.pmf(np.arange(11), 1.0)
    deviations = np.sqrt(expected * (1 - expected) * 4 * CHUNK)
    assert (np.abs(seen - 4 * CHUNK * expected) < 5 * deviations + 3).all()
    by_place = made.chunk(4).reshape(8, -1, 8).astype(float).mean(axis=1)
    assert np.abs(by_place - 1.0).max() < 5 * np.sqrt(64 / CHUNK)


def test_numbers_of_a_chunk_do_not_go_together() -> None:
    """Neighbours, numbers of one random word, and those of the next chunk: correlations under five deviations."""
    made = Drawing(1, TILE)
    one = made.chunk(0).ravel().astype(np.int8) - 1
    two = made.chunk(1).ravel().astype(np.int8) - 1
    eighth = CHUNK // 8
    pairs = [(one, two), *((one[:-step], one[step:]) for step in (1, 2, 7, 8, 64, 1024, eighth, 3 * eighth))]
    for left, right in pairs:
        assert abs(float(np.mean(left * right))) < 5 / np.sqrt(left.size)


def test_a_chunk_is_the_same_whatever_was_made_before() -> None:
    alone = Drawing(3, TILE).chunk(7).copy()
    other = Drawing(3, TILE)
    for number in (9, 0, 7):
        last = other.chunk(number)
    np.testing.assert_array_equal(alone, last)
    assert (Drawing(4, TILE).chunk(7) != alone).mean() > 0.5
    far = (1 << 58) + 3
    assert (Drawing(3, TILE).chunk(far) != alone).mean() > 0.5


@pytest.mark.parametrize("draws", [1, 64, 100, 1000, 1024, 1025, 2500])
def test_tiles_hold_every_draw_once(draws: int) -> None:
    found = list(tiles(draws))
    assert [place for tile in found for place in range(tile.first, tile.first + tile.used)] == list(range(draws))
    for tile in found:
        assert tile.used <= tile.lanes
        assert tile.rows * tile.lanes == CHUNK
    counts = drawn_sums(np.ones((40, 1)), np.arange(40) + 3, draws, 2)
    assert counts.shape == (draws, 1)
    assert np.unique(counts[1024:]).size > 1 or draws <= 1025


def test_values_are_cut_into_whole_numbers() -> None:
    """Each is right to 2^-44 of the largest, however small or large they are."""
    for scale in (1.0, 2.0**-1060, 2.0**1010):
        values = RNG.normal(size=(500, 2)) * scale
        values[:, 1] = np.arange(500)
        pieces = Pieces.of(values)
        assert np.abs(pieces.numbers).max() <= 2**15
        assert (pieces.numbers == np.rint(pieces.numbers)).all()
        for place in (0, 1):
            mine = [
                (row, power)
                for row, (column, power) in zip(pieces.numbers, pieces.scales, strict=True)
                if column == place
            ]
            largest = Fraction(float(np.abs(values[:, place]).max()))
            for i in range(500):
                whole = sum((Fraction(int(row[i])) * Fraction(2) ** power for row, power in mine), Fraction(0))
                assert abs(whole - Fraction(values[i, place])) <= largest / 2**44
    assert Pieces.of(np.ones((9, 1))).numbers.shape == (1, 9)
    assert Pieces.of(np.zeros((9, 2))).numbers.shape == (0, 9)
    with pytest.raises(DataError, match="too large to be resampled"):
        Pieces.of(np.array([[1.0], [np.inf]]))


def test_sums_of_whole_numbers_are_exact() -> None:
    """Expected: Python's whole numbers, unit by unit."""
    values = RNG.integers(-(2**40), 2**40, 300).astype(float)
    numbers = np.arange(300) * 5
    counts = [drawn_sums(np.ones((1, 1)), numbers[i : i + 1], 70, 8)[:, 0].astype(int).tolist() for i in range(300)]
    expected = [sum(int(value) * row[b] for value, row in zip(values, counts, strict=True)) for b in range(70)]
    assert drawn_sums(values[:, None], numbers, 70, 8)[:, 0].tolist() == [float(total) for total in expected]


def test_exact_sums_become_whole_numbers_and_back() -> None:
    sums = ExactSums()
    sums.add(0, -300, np.array([5, -7, 0]))
    sums.add(0, 40, np.array([1, 2**50, -(2**50)]))
    sums.add(1, -3, np.array([8, 0, -1]))
    sums.add_times(0, -0.15625, 1)  # -5 / 32
    wholes = sums.wholes(3, 2)
    first = [Fraction(5, 2**300) + 2**40, Fraction(-7, 2**300) + 2**90, Fraction(-(2**90))]
    expected = [
        [first[0] - Fraction(5, 32), Fraction(1)],
        [first[1], Fraction(0)],
        [first[2] + Fraction(5, 256), Fraction(-1, 8)],
    ]
    assert [Fraction(whole, 1 << SCALE) for whole in wholes] == [value for row in expected for value in row]
    again = ExactSums.of_wholes(wholes, 2)
    assert again.wholes(3, 2) == wholes
    np.testing.assert_array_equal(again.nearest(3, 2), [[float(value) for value in row] for row in expected])
    again += sums
    assert again.wholes(3, 2) == [2 * whole for whole in wholes]
    assert ExactSums.of_wholes([], 2).wholes(2, 2) == [0] * 4


@pytest.mark.parametrize("factor", [0.1, -1e300, 3e-320, 36.0, 0.0])
def test_a_column_times_a_number(factor: float) -> None:
    sums = ExactSums()
    sums.add(1, -8, np.array([2**33, -3]))
    sums.add_times(0, factor, 1)
    expected = [Fraction(factor) * Fraction(number, 256) for number in (2**33, -3)]
    assert [Fraction(whole, 1 << SCALE) for whole in sums.wholes(2, 1)] == expected


def test_threads_change_no_bit() -> None:
    losses, numbers = RNG.exponential(size=30_000), np.arange(30_000) + (1 << 40) + 77
    found = []
    for threads in (1, 2, 3):
        state = Resampled(Moments(), gaps=False, draws=1100, seed=6)
        with workers(threads):
            state.take(Units(losses, losses, None, numbers=numbers), lambda plain, units: plain.add(units.losses, None))
        found.append(state.sums.wholes(1100, 2))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("more", [{}, {"weight": "w"}])
def test_a_slice_has_the_draws_of_its_rows(more: dict[str, Any]) -> None:
    """The digits of a run over its rows alone, whose places in the input are the same."""
    rows = 9000
    table = pa.table(
        {
            "y": np.zeros(rows),
            "p": RNG.normal(size=rows),
            "q": RNG.normal(size=rows),
            "w": RNG.exponential(size=rows),
            "g": RNG.choice(["a", "b", "c"], rows, p=[0.6, 0.39, 0.01]),
        }
    )
    asked: dict[str, Any] = {"models": {"pred": ["p", "q"]}, "bootstrap": 300, "seed": 5, **more}
    cut = run(table, ["mse"], {"target": "y"}, by=["g"], **asked)
    for name in "abc":
        alone = run(table, ["mse"], {"target": "y"}, where=[f"g={name}"], **asked)
        assert in_slice(cut, g=name)[:2] == in_slice(alone)[:2]


def test_sums_do_not_end_where_64_bits_do() -> None:
    sums, expected = ExactSums(), 0
    for step in range(5000):
        number = (1 << 61) - 12345 - step
        sums.add(0, -8, np.array([number, -number, 7]))
        expected += number
    other = ExactSums()
    other += sums
    other += sums
    assert sums.wholes(3, 1) == [whole << SCALE - 8 for whole in (expected, -expected, 35_000)]
    assert other.wholes(3, 1) == [2 * whole for whole in sums.wholes(3, 1)]
