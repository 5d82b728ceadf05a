"""The rows of a block brought together slice by slice, so that a call of NumPy sums all slices at once."""

from typing import Any

from losscli.arrays import Array, Index, np
from losscli.records import dataclass

_FEW = 1024
"""Up to so many codes each gets a segment, also one without rows, which saves counting the rows first."""


@dataclass(slots=True)
class Segments:
    """Where the rows of each slice stand when they are brought together, in the order of the codes.

    Each segment begins with a 0 before its rows. `np.add.reduceat` takes the first of a segment and adds the pairwise
    sum of the rest, `np.add.reduce` adds the pairwise sum of all to 0: with the 0 in front both have the same bits.

    Attributes:
        codes: the codes that have a segment; rising.
        starts: where each segment begins.
        counts: how many rows each has.
        order: what stands at each place: a 0 where it is less than the number of segments, otherwise a row.
        there: which segments have rows; None where all have.
    """

    codes: Index
    starts: Index
    counts: Index
    order: Index
    there: Index | None

    @classmethod
    def of(cls, codes: Index, labels: int) -> "Segments":
        """The segments of rows with these codes, numbers below `labels`."""
        heads = np.arange(labels) if labels <= _FEW else np.flatnonzero(np.bincount(codes, minlength=labels))
        bits = (heads.size + codes.size).bit_length()
        kind: Any = np.uint32 if bits + labels.bit_length() <= 32 else np.uint64
        keys: Any = np.empty(heads.size + codes.size, dtype=kind)
        keys[: heads.size] = heads
        keys[heads.size :] = codes
        keys <<= kind(bits)
        # the row beside the code: keys are unique, so any sort keeps the order of the rows, and a plain one is fastest
        keys += np.arange(keys.size, dtype=kind)
        firsts = keys[: heads.size].copy()
        keys.sort()
        starts = np.searchsorted(keys, firsts)
        keys &= kind((1 << bits) - 1)
        counts = np.diff(starts, append=keys.size) - 1
        there = None if counts.all() else np.flatnonzero(counts)
        return cls(heads, starts, counts, keys.astype(np.int64), there)

    @property
    def used(self) -> Index:
        """The codes that occur."""
        return self.codes if self.there is None else self.codes[self.there]

    @property
    def first_rows(self) -> Index:
        """The first row of each code that occurs."""
        rows: Index = self.order[self.some(self.starts) + 1] - self.codes.size
        return rows

    def some(self, of_segments: Any) -> Any:
        """What segments have, for those with rows only."""
        return of_segments if self.there is None else of_segments[self.there]

    def gathered(self, values: Array) -> Array:
        """The values of the rows, brought together."""
        with_heads = np.empty(self.order.size)
        with_heads[: self.codes.size] = 0.0
        with_heads[self.codes.size :] = values
        return with_heads.take(self.order)

    def spread(self, of_segments: Array) -> Array:
        """What segments have, for each of their rows and the 0 before them."""
        return np.repeat(of_segments, self.counts + 1)

    def sums(self, gathered: Array) -> Array:
        """The sum of each segment."""
        return np.add.reduceat(gathered, self.starts)

    def rows(self, segment: int) -> slice:
        """Where the rows of a segment stand."""
        first = int(self.starts[segment]) + 1
        return slice(first, first + int(self.counts[segment]))

    def rows_of(self, place: int) -> Index:
        """The rows of one of the codes that occur."""
        return self.order[self.rows(place if self.there is None else int(self.there[place]))] - self.codes.size
