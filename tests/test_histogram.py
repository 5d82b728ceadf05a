"""The distribution of losses: by hand, against numpy.histogram and numpy.quantile, and merged in any order."""

import itertools
import math
import pickle

import numpy as np
import pytest

from losscli.histogram import RELATIVE_ERROR, Bar, Histogram
from losscli.reports.histogram import histogram_text

RNG = np.random.default_rng(11)
SAMPLES = {
    "lognormal": RNG.lognormal(0.0, 2.0, 20_001),
    "normal": RNG.normal(0.3, 1.0, 20_000),
    "uniform": RNG.uniform(0.0, 1.0, 5_000),
    "few": RNG.normal(size=3),
    "two": np.array([1.0, 2.5]),
    "one": np.array([0.1]),
    "integers": RNG.integers(0, 300, 5_000).astype(float),
    "negative": -RNG.lognormal(0.0, 1.0, 5_000),
    "mostly zero": np.where(RNG.random(4_000) < 0.9, 0.0, RNG.exponential(size=4_000)),
    "subnormal": RNG.integers(0, 1000, 999).astype(float) * 5e-324,
    "large": RNG.normal(size=2_000) * 1e300,
    "largest": np.array([-1.7e308, 1.7e308, 1.0, 2.0, 3.0]),
    "all scales": RNG.choice([-1.0, 1.0], 3_000) * 10.0 ** RNG.uniform(-300, 300, 3_000),
    "far from 0": RNG.normal(1000.0, 0.5, 3_000),
    "heavy tail": RNG.standard_cauchy(30_000),
}


def _of(values: np.ndarray) -> Histogram:
    histogram = Histogram()
    histogram.add(values)
    return histogram


def test_counts_by_hand() -> None:
    """Values with few bits, so that their quantiles are exact; the median of 9 is the fifth."""
    histogram = _of(np.array([0.0, -0.0, 1.0, 2.0, 2.0, -3.0, np.nan, np.inf, -np.inf, 4.0, 0.5]))
    assert (histogram.count, histogram.zeros, histogram.excluded) == (8, 2, 3)
    assert (histogram.low, histogram.high) == (-3.0, 4.0)
    assert [histogram.below(edge) for edge in (-4.0, -3.0, -2.0, 0.0, 0.5, 1.0, 2.0, 2.5, 4.0, 5.0)] == [
        0,
        0,
        1,
        1,
        3,
        4,
        5,
        7,
        7,
        8,
    ]
    # -3, 0, 0, 0.5, 1, 2, 2, 4
    assert [histogram.quantile(q) for q in (0.0, 1 / 7, 0.5, 1.0)] == [-3.0, 0.0, 0.75, 4.0]


def test_there_is_nothing_to_say_of_nothing() -> None:
    histogram = _of(np.array([np.nan, np.inf]))
    assert (histogram.count, histogram.excluded, histogram.quantile(0.5), histogram.bars(10)) == (0, 2, None, [])
    assert histogram_text(histogram, title="mae") == "mae: no rows to show the distribution of\n"


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("bins", [4, 7, 20, 60])
def test_bars_are_those_of_numpy(name: str, bins: int) -> None:
    values = SAMPLES[name]
    bars = _of(values).bars(bins)
    assert 1 <= len(bars) <= bins
    assert sum(bar.count for bar in bars) == len(values)
    assert bars[0].low <= values.min() <= values.max() <= bars[-1].high
    if all(bar.low < bar.high for bar in bars) and all(a.high == b.low for a, b in itertools.pairwise(bars)):
        counts, _ = np.histogram(values, [bars[0].low, *(bar.high for bar in bars)])
        assert [bar.count for bar in bars] == counts.tolist()
    else:
        for bar in bars[:-1]:
            assert bar.count == np.count_nonzero((values >= bar.low) & (values <= bar.high))


@pytest.mark.parametrize("name", ["lognormal", "normal", "uniform", "mostly zero", "heavy tail", "all scales", "few"])
def test_bars_but_those_of_tails_are_of_equal_width(name: str) -> None:
    bars = _of(SAMPLES[name]).bars(20)
    widths = {bar.high - bar.low for bar in bars if not bar.tail}
    assert len(widths) == 1
    assert len(bars) >= (9 if name != "all scales" else 3)


@pytest.mark.parametrize("edge", [0.25, -0.25, 3.0, -3.0])
def test_a_value_on_an_edge_is_in_the_bar_that_begins_there(edge: float) -> None:
    values = np.array([edge] * 7 + [-4.0, 4.0, 0.1, 1.3, -2.1, 3.7, -0.7, 2.6, 1.9, -1.1])
    bars = _of(values).bars(32)
    assert [bar.low for bar in bars if bar.count >= 7] == [edge]


def test_a_tail_is_folded_only_where_it_lies_far_off() -> None:
    near = _of(RNG.uniform(0.0, 10.0, 5_000)).bars(20)
    assert not any(bar.tail for bar in near)
    values = np.concatenate([RNG.uniform(0.0, 10.0, 5_000), [1e6, 1e9]])
    above = _of(values).bars(20)
    assert [bar.tail for bar in above] == [False] * (len(above) - 1) + [True]
    assert above[-1].high == 1e9
    assert above[-1].low <= 10.0
    assert above[-1].count == np.count_nonzero(values >= above[-1].low)
    below = _of(-values).bars(20)
    assert [bar.tail for bar in below] == [True] + [False] * (len(below) - 1)
    assert below[0].low == -1e9


def test_few_values_have_a_bar_each() -> None:
    values = np.repeat([0.0, 1.0, 5.0, -2.0], [40, 30, 20, 10])
    assert _of(values).bars(20) == [
        Bar(-2.0, -2.0, 10),
        Bar(0.0, 0.0, 40),
        Bar(1.0, 1.0, 30),
        Bar(5.0, 5.0, 20),
    ]
    # 0.1 is no edge: the bar says where it is between
    (bar, other) = _of(np.repeat([0.1, 0.7], [9, 9])).bars(20)
    assert (bar.low, bar.count, other.high, other.count) == (0.1, 9, 0.7, 9)
    assert bar.high == pytest.approx(0.1, rel=RELATIVE_ERROR)
    assert _of(np.full(9, 0.1)).bars(20) == [Bar(0.1, 0.1, 9)]


@pytest.mark.parametrize("name", SAMPLES)
def test_quantiles_are_those_of_numpy_within_the_bound(name: str) -> None:
    values = SAMPLES[name]
    histogram, ordered = _of(values), np.sort(values)
    for q in (0.0, 0.005, 0.01, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 1.0):
        found = histogram.quantile(q)
        place = math.floor(q * (len(values) - 1))
        neighbours = np.abs(ordered[place : place + 2]).max()
        # below 2^-1022 bins are 2^-1030 wide
        bound = RELATIVE_ERROR * neighbours + 2.0**-1030
        assert found is not None
        if name == "largest":
            # NumPy's way between such neighbours overflows
            share = q * (len(values) - 1) - place
            upper = ordered[min(place + 1, len(values) - 1)]
            assert abs(found - ((1 - share) * ordered[place] + share * upper)) <= bound
            continue
        assert abs(found - float(np.quantile(values, q))) <= bound
    assert histogram.quantile(0.0) == ordered[0]
    assert histogram.quantile(1.0) == ordered[-1]


@pytest.mark.parametrize("values", [np.arange(513.0), np.arange(-40.0, 41.0) / 4, np.full(9, 0.1), np.zeros(5)])
def test_quantiles_of_numbers_with_few_bits_are_exact(values: np.ndarray) -> None:
    histogram = _of(values)
    for q in np.arange(101) / 100:
        assert histogram.quantile(float(q)) == pytest.approx(float(np.quantile(values, q)), rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("name", SAMPLES)
def test_states_add_up_in_any_order(name: str) -> None:
    values = SAMPLES[name]
    whole = _told(_of(values))
    for seed in range(4):
        rng = np.random.default_rng(seed)
        parts = [_of(part) for part in np.array_split(rng.permutation(values), 5)]
        while len(parts) > 1:
            one, other = rng.choice(len(parts), 2, replace=False).tolist()
            parts[one] += parts[other]
            del parts[other]
        assert _told(parts[0]) == whole


def _told(histogram: Histogram) -> tuple[object, ...]:
    """All that a state holds, as plain numbers."""
    sides = [(side.first, side.counts.tolist()) for side in (histogram._below, histogram._above)]
    whole = (histogram.count, histogram.zeros, histogram.excluded, histogram.low, histogram.high, histogram._finer)
    return (*whole, *sides)


def test_adding_does_not_change_what_was_added() -> None:
    first, second, third = _of(np.array([1.0, 2.0])), Histogram(), _of(np.array([1.0, 64.0]))
    second += first
    second += third
    second.add(np.array([1.0]))
    assert _told(first) == _told(_of(np.array([1.0, 2.0])))
    assert _told(second) == _told(_of(np.array([1.0, 2.0, 1.0, 64.0, 1.0])))


def test_memory_does_not_grow_with_the_losses() -> None:
    histogram = Histogram()
    for _ in range(50):
        histogram.add(RNG.lognormal(size=10_000))
    assert len(pickle.dumps(histogram)) < 100_000
    assert len(pickle.dumps(_of(SAMPLES["all scales"]))) < 2 * 2046 * 256 * 8 + 1000


def test_what_cannot_be_asked() -> None:
    for q in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            _of(np.ones(3)).quantile(q)
    with pytest.raises(ValueError, match="4 bars"):
        _of(np.ones(3)).bars(3)


def test_the_drawing_by_hand() -> None:
    """Bars of 1, a half and a quarter of 29 columns: 60 without 1, 4 and 11 for the words and 15 between them."""
    text = histogram_text(_of(np.repeat([0.0, 1.0, 2.0], [8, 4, 2])), title="mae (target units)", mean=4 / 7, width=60)
    assert text.splitlines() == [
        "mae (target units)",
        f"   {'':29}  rows  percent",
        f"0 │{'█' * 29}     8    57.1%  mean median",
        f"1 │{'█' * 14}▌{'':14}     4    28.6%",
        f"2 │{'█' * 7}▎{'':21}     2    14.3%  p95 p99",
        "mean 0.5714  median 0  p95 2  p99 2  least 0  most 2",
    ]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [80, 120])
def test_the_drawing_fits_and_has_every_count_and_mark(name: str, width: int) -> None:
    values = SAMPLES[name]
    text = histogram_text(_of(values), title="loss", mean=float(np.median(values)), width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    drawn = [line for line in lines if "│" in line]
    assert sum(int(line.split("│")[1].replace(",", "").strip(" ▏▎▍▌▋▊▉█").split()[0]) for line in drawn) == len(values)
    for mark in ("mean", "median", "p95", "p99"):
        assert sum(mark in line.split("%")[-1].split() for line in drawn) == 1


def test_a_tail_and_what_is_not_finite_are_said() -> None:
    values = np.concatenate([RNG.uniform(0.0, 10.0, 5_000), [1e6, np.nan]])
    lines = histogram_text(_of(values), title="loss").splitlines()
    assert " and more │" in lines[-4]
    assert lines[-2:] == ["a bar of a tail holds all that lies beyond it", "not finite and left out: 1"]


def test_without_blocks_bars_are_of_letters() -> None:
    text = histogram_text(_of(np.repeat([0.0, 1.0], [8, 2])), title="loss", encoding="ascii")
    assert text.isascii()
    assert "#" in text


def test_the_title_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in histogram_text(_of(np.ones(3)), title="loss \x1b[31m")
