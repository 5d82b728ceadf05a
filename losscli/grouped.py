"""Sets: the sums of the rows of each group, in any order of rows, and the losses that are made of them."""

import itertools
from collections.abc import Callable
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.data.group_keys import Keys
from losscli.errors import DataError
from losscli.memory import look
from losscli.moments import NotFiniteError
from losscli.records import dataclass, field


@dataclass(slots=True)
class _BlockSums:
    """What one block of rows adds to the groups that occur in it."""

    labels: list[Any]
    sums: Array
    counts: Index


def sums_of_groups(addends: Array, weights: Array | None, order: Index | None, starts: Index) -> Array:
    """The sums of the rows of each group, and where there are weights that of the weights as the last: (groups, k).

    Args:
        order: the rows, one group after the other; None where they stand so.
        starts: where each group begins in that order.

    Raises:
        NotFiniteError: an addend or a weight is not finite.
        DataError: they are, and their sum is not.
    """
    if weights is not None:
        addends = np.column_stack([addends, np.ones(len(addends))])
    sums = np.empty((starts.size, addends.shape[1]))
    for i in range(addends.shape[1]):
        column = addends[:, i] if weights is None else addends[:, i] * weights
        sums[:, i] = np.add.reduceat(column if order is None else column[order], starts)
    if not np.isfinite(sums).all():
        if np.isfinite(addends).all() and (weights is None or np.isfinite(weights).all()):
            raise DataError("the weights of a group add up to more than a float64 holds", "divide all weights")
        raise NotFiniteError
    return sums


@dataclass(slots=True)
class GroupSums:
    """The state of a set-wise loss: for each group the sum of w a_j over its rows.

    A block of rows adds one sum to each of its groups, rows in order. The blocks are added up in the order of the
    file, with the rounding errors kept apart (TwoSum), by `settle`, which only the fold calls.
    """

    blocks: list[_BlockSums] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)
    weighted: bool = False
    _sums: Array | None = None
    _rest: Array | None = None
    _counts: Index | None = None
    rows: int = 0

    def __iadd__(self, other: "GroupSums") -> "GroupSums":
        self.blocks.extend(other.blocks)
        self.rows += other.rows
        self.weighted |= other.weighted
        return self

    def add(self, addends: Array, weights: Array | None, keys: Keys) -> None:
        """Add a block of rows.

        Args:
            addends: shape (n, k), finite.
            weights: shape (n,); None for weights of 1.
            keys: the group of each row.

        Raises:
            NotFiniteError: an addend or a weight is not finite.
            DataError: they are, and their sum is not.
        """
        if not len(addends):
            return
        settled = keys.settled()
        codes = settled.codes
        order = settled.order()
        starts = np.searchsorted(codes if order is None else codes[order], np.arange(len(settled.labels)))
        sums = sums_of_groups(addends, weights, order, starts)
        self.weighted |= weights is not None
        self.rows += len(addends)
        self.add_block(settled.labels, sums, np.diff(starts, append=len(codes)))

    def add_block(self, labels: list[Any], sums: Array, counts: Index) -> None:
        """Add what a block of rows that was looked at elsewhere adds to its groups: sums of shape (groups, k)."""
        self.blocks.append(_BlockSums(labels, sums, counts))

    def settle(self) -> None:
        """Add up the blocks that are there, in order."""
        for block in self.blocks:
            for label in block.labels:
                self.places.setdefault(label, len(self.places))
            where = np.array([self.places[label] for label in block.labels], dtype=np.int64)
            sums, rest, counts = self._room(len(self.places), block.sums.shape[1])
            counts[where] += block.counts
            before = sums[where]
            after = before + block.sums
            part = after - before
            sums[where] = after
            rest[where] += (before - (after - part)) + (block.sums - part)
        self.blocks = []

    def take_settled(self, other: "GroupSums") -> None:
        """Add the groups of another state that is settled, with its rounding errors."""
        labels = list(other.places)
        if other._sums is not None and other._rest is not None and other._counts is not None:
            counts = other._counts[: len(labels)]
            self.blocks.append(_BlockSums(labels, other._sums[: len(labels)], counts))
            self.blocks.append(_BlockSums(labels, other._rest[: len(labels)], np.zeros_like(counts)))
        self.rows += other.rows
        self.weighted |= other.weighted
        self.settle()

    def _room(self, groups: int, width: int) -> tuple[Array, Array, Index]:
        if self._sums is None or self._rest is None or self._counts is None:
            self._sums, self._rest = np.zeros((max(groups, 64), width)), np.zeros((max(groups, 64), width))
            self._counts = np.zeros(max(groups, 64), dtype=np.int64)
        if len(self._sums) < groups:
            more = np.zeros((max(groups - len(self._sums), len(self._sums)), width))
            look(more=2 * (self._sums.nbytes + more.nbytes))
            self._sums = np.concatenate([self._sums, more])
            self._rest = np.concatenate([self._rest, more])
            self._counts = np.concatenate([self._counts, np.zeros(len(more), dtype=np.int64)])
        return self._sums, self._rest, self._counts

    def totals(self) -> tuple[list[Any], Array]:
        """The groups in the order in which they first occur, and their sums: shape (groups, k).

        A group whose rows all have a weight of 0 is none, as if its rows were not there.
        """
        labels = list(self.places)
        if self._sums is None or self._rest is None:
            return labels, np.zeros((0, 0))
        totals = (self._sums + self._rest)[: len(labels)]
        if not self.weighted:
            return labels, totals
        there = totals[:, -1] > 0.0
        return [label for label, kept in zip(labels, there.tolist(), strict=True) if kept], totals[there, :-1]

    def sizes(self) -> Index:
        """How many rows each group of `totals` has."""
        if self._sums is None or self._rest is None or self._counts is None:
            return np.zeros(0, dtype=np.int64)
        counts = self._counts[: len(self.places)]
        return counts[(self._sums + self._rest)[: len(counts), -1] > 0.0] if self.weighted else counts


_COUNTED = 1 << 20
"""Up to so many groups of slices are told apart by counting them; beyond that they are sorted."""


def add_to_slices(
    part: Callable[[Any], GroupSums], addends: Array, weights: Array | None, keys: Keys, slices: Keys
) -> None:
    """Add a block of rows to the states of their slices: to each what `GroupSums.add` adds of its rows alone.

    Args:
        part: the state of a slice.
        keys, slices: the group and the slice of each row; no label of a slice under two codes.
    """
    from losscli.segments import Segments

    groups = keys.settled()
    width = len(groups.labels)
    pairs = slices.codes.astype(np.int64) * width + groups.codes
    many = len(slices.labels) * width > _COUNTED
    used, codes = np.unique(pairs, return_inverse=True) if many else (None, pairs)
    segments = Segments.of(codes, len(slices.labels) * width if used is None else used.size)
    pairs = segments.used if used is None else used
    counts = segments.some(segments.counts)
    order = segments.order[segments.order >= segments.codes.size] - segments.codes.size
    sums = sums_of_groups(addends, weights, order, np.cumsum(counts) - counts)
    of_slice, firsts = pairs // width, segments.first_rows
    # the groups of a slice, and the slices, in the order in which they first occur
    by_slice = np.lexsort((firsts, of_slice))
    bounds = np.flatnonzero(np.diff(of_slice[by_slice], prepend=-1, append=-1))
    parts = [by_slice[low:high] for low, high in itertools.pairwise(bounds.tolist())]
    for places in sorted(parts, key=lambda places: int(firsts[places[0]])):
        state = part(slices.labels[int(of_slice[places[0]])])
        state.weighted |= weights is not None
        state.rows += int(np.add.reduce(counts[places]))
        labels = [groups.labels[group] for group in (pairs[places] % width).tolist()]
        state.add_block(labels, sums[places], counts[places])
