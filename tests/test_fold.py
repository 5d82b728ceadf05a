"""However rows are cut into fragments and batches, they add up to the same whole numbers.

What is expected comes from the definition of a block: BLOCK consecutive rows of a file, added as a whole. The test
cuts the rows itself and adds each block to a state of its own; where the losses are eighths, Fractions say the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.arrays import Array, Mask
from losscli.fold import BLOCK, Accumulator, FragmentSums, Run
from losscli.moments import Moments
from losscli.unit_arrays import Units

UNIT = 2**2260  # as the docstring of Moments says
SMALL = 8

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=200)


@dataclass(frozen=True)
class Rows:
    """The rows of one file: the loss and the weight of each, and which of them are units."""

    losses: Array
    weights: Array | None
    kept: Mask

    def __len__(self) -> int:
        return self.losses.size

    def units(self, first: int, last: int, numbered: bool) -> Units:
        """The units of a run of rows; where all rows are, their numbers can be left out."""
        rows = np.flatnonzero(self.kept[first:last])
        place = first + rows
        weights = None if self.weights is None else self.weights[place]
        return Units(self.losses[place], weights, None if rows.size == last - first and not numbered else rows)

    def expected(self, block: int) -> Moments:
        """The blocks, each added as a whole."""
        total = Moments()
        for first in range(0, len(self), block):
            units = self.units(first, first + block, True)
            one = Moments()
            one.add(units.losses, units.weights)
            total += one
        return total


@dataclass(frozen=True)
class Fragment:
    """The bounds of the batches of one fragment, and whether its start is known."""

    bounds: Sequence[int]
    known: bool
    numbered: bool

    def sums(self, rows: Rows) -> FragmentSums:
        """What a worker hands to the fold."""
        if not self.known:
            runs = [Run(rows.units(a, b, self.numbered), b - a) for a, b in pairwise(self.bounds)]
            return FragmentSums(before=runs, span=self.bounds[-1] - self.bounds[0])
        part = Accumulator(self.bounds[0])
        for first, last in pairwise(self.bounds):
            part.feed(rows.units(first, last, self.numbered), last - first)
        return part.sums()


def folded(rows: Rows, fragments: Sequence[Fragment]) -> Moments:
    """The sums of a file that arrives in fragments."""
    fold = Accumulator()
    for fragment in fragments:
        fold.absorb(fragment.sums(rows))
        assert fold.row == fragment.bounds[-1]
    fold.close_block()
    assert isinstance(fold.moments, Moments)
    return fold.moments


def cut(size: int, step: int, batch: int, known: bool = True) -> Iterator[Fragment]:
    """Fragments of `step` rows in batches of `batch` rows."""
    for first in range(0, size, step):
        last = min(first + step, size)
        yield Fragment([*range(first, last, batch), last], known, False)


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    size = draw(st.integers(0, 5 * SMALL + 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kept = rng.random(size) < draw(st.sampled_from([0.0, 0.1, 0.7, 1.0]))
    if draw(st.booleans()):
        # nothing is left of a block, or of more
        first = draw(st.integers(0, size))
        kept[first : first + draw(st.integers(0, 3 * SMALL))] = False
    weights = np.where(rng.random(size) < 0.1, 0.0, rng.exponential(size=size)) if draw(st.booleans()) else None
    return Rows(np.exp(rng.uniform(-20.0, 20.0, size)) * rng.choice([-1.0, 1.0], size), weights, kept)


@st.composite
def some_fragments(draw: st.DrawFn, size: int) -> list[Fragment]:
    """Cuts anywhere; a place that is drawn twice makes an empty fragment or batch."""
    places = st.lists(st.integers(0, size), max_size=12)
    ends = [0, *sorted(draw(places)), size]
    found = []
    for first, last in pairwise(ends):
        inside = [first + place % (last - first + 1) for place in draw(places)[:4]]
        found.append(Fragment([first, *sorted(inside), last], draw(st.booleans()), draw(st.booleans())))
    return found


@given(data=st.data())
@repeatable
def test_any_cut_gives_the_same_whole_numbers(data: st.DataObject) -> None:
    """Expected: block by block, by the definition."""
    with patch("losscli.fold.BLOCK", SMALL):
        rows = data.draw(some_rows())
        fragments = data.draw(some_fragments(len(rows)))
        assert folded(rows, fragments) == rows.expected(SMALL)


@given(data=st.data())
@repeatable
def test_one_feed_is_block_by_block(data: st.DataObject) -> None:
    """Expected: block by block, by the definition."""
    with patch("losscli.fold.BLOCK", SMALL):
        rows = data.draw(some_rows())
        fold = Accumulator()
        fold.feed(rows.units(0, len(rows), data.draw(st.booleans())), len(rows))
        fold.close_block()
        assert fold.moments == rows.expected(SMALL)
        assert fold.moments.count == np.count_nonzero(rows.kept)


@given(data=st.data(), eighths=st.lists(st.integers(-8000, 8000), max_size=70))
@repeatable
def test_every_unit_is_there_once(data: st.DataObject, eighths: list[int]) -> None:
    """Expected: Fraction. Blocks of one unit are exact, so no cut may change the sum at all."""
    with patch("losscli.fold.BLOCK", 1):
        losses = np.array(eighths, dtype=np.float64) / 8
        rows = Rows(losses, None, np.arange(losses.size) % 3 > 0)
        found = folded(rows, data.draw(some_fragments(len(rows))))
    kept = [eighth for place, eighth in enumerate(eighths) if place % 3]
    assert found.count == len(kept)
    assert found.total() == Fraction(sum(kept), 8)
    assert Fraction(found.second, UNIT) == Fraction(sum(eighth * eighth for eighth in kept), 64)


SIZE = 3 * BLOCK + 5


def usual_rows(weighted: bool, kept: float) -> Rows:
    rng = np.random.default_rng(11)
    weights = rng.exponential(size=SIZE) if weighted else None
    return Rows(rng.lognormal(0.0, 4.0, SIZE), weights, rng.random(SIZE) < kept)


@pytest.mark.parametrize("known", [True, False], ids=["start known", "loose"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("kept", [1.0, 0.9])
@pytest.mark.parametrize(
    ("step", "batch"),
    [(SIZE, SIZE), (1000, 1000), (7919, 97), (BLOCK, 5000), (BLOCK - 1, BLOCK), (BLOCK + 1, 3001), (2 * BLOCK, BLOCK)],
)
def test_blocks_of_the_real_size(step: int, batch: int, kept: float, weighted: bool, known: bool) -> None:
    """Expected: block by block, by the definition."""
    rows = usual_rows(weighted, kept)
    assert folded(rows, list(cut(SIZE, step, batch, known))) == rows.expected(BLOCK)


def test_the_bounds_of_blocks_matter() -> None:
    """Why blocks are fixed: these rows in other blocks have other sums, so the tests above can fail."""
    rows = usual_rows(weighted=False, kept=1.0)
    assert rows.expected(BLOCK) != rows.expected(BLOCK - 1)


def test_a_fragment_inside_a_block_adds_no_block_of_its_own() -> None:
    """Expected: by hand, from the definition of FragmentSums."""
    rows = usual_rows(weighted=False, kept=1.0)
    inside = Fragment([10, 400, 900], known=True, numbered=False).sums(rows)
    assert (inside.moments, inside.after, inside.span) == (Moments(), [], 890)
    assert [run.span for run in inside.before] == [890]
    across = Fragment([BLOCK - 3, BLOCK + 2], known=True, numbered=False).sums(rows)
    assert (across.moments, across.span) == (Moments(), 5)
    assert [(run.span, run.units.losses.size) for run in (*across.before, *across.after)] == [(3, 3), (2, 2)]
    whole = Fragment([BLOCK - 3, 2 * BLOCK + 2], known=True, numbered=False).sums(rows)
    assert isinstance(whole.moments, Moments)
    assert (whole.moments.count, whole.span) == (BLOCK, BLOCK + 5)


def test_nothing_is_nothing() -> None:
    """Expected: by hand; a file without rows, a fragment without rows, a block without units."""
    fold = Accumulator()
    fold.close_block()
    fold.absorb(Accumulator().sums())
    fold.feed(Units(np.empty(0), None, np.empty(0, dtype=np.int64)), 2 * BLOCK + 1)
    fold.close_block()
    assert (fold.moments, fold.row) == (Moments(), 2 * BLOCK + 1)


def test_the_end_of_a_file_is_counted_once() -> None:
    """Expected: by hand."""
    fold = Accumulator()
    fold.feed(Units(np.array([1.0, 2.0, 4.5]), None, None), 3)
    assert fold.moments == Moments()
    fold.close_block()
    fold.close_block()
    assert (fold.moments.count, fold.moments.total()) == (3, Fraction(15, 2))
