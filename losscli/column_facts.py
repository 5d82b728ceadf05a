"""What one column holds: missing values, range, different values with their counts; runs of rows add up."""

from collections.abc import Callable
from typing import Any, TypeVar

from losscli.arrays import Array, Index, Mask, np
from losscli.block import Block, chosen_rows
from losscli.data.table import CellError, Kind
from losscli.domain import REAL
from losscli.plan import Input
from losscli.records import dataclass, field

Rows = TypeVar("Rows", bound=Any)
FEW = 1000
"""Up to so many different values are counted; the memory of a column does not grow beyond them."""
_OFTEN = 20
"""Two whole numbers such as 1 and 2 are labels where they are all that so many rows have."""
KEYS = 100_000
"""The same for a column that is a key by its name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be read as what the column holds: its row in the file, what is wrong, the way out."""

    row: int
    problem: str
    hint: str | None


@dataclass(slots=True)
class ColumnFacts:
    """What the rows so far have in a column.

    Attributes:
        name, kind: as the file tells them.
        cap: how many different values are kept.
        rows: rows that the filters keep; of these `missing` have no value, first in `first_missing`, counted from 1.
        low, high: the range of its finite numbers, or of those in its lists; None where there are none.
        whole: whether all numbers are whole.
        infinite: how many numbers are not finite.
        earliest, latest: the range of times, as text.
        shortest, longest: the lengths of its lists.
        counts: how often each value occurs; None where there are more than `cap`.
        fault: the first cell that cannot be read.
    """

    name: str
    kind: Kind
    cap: int = FEW
    rows: int = 0
    missing: int = 0
    first_missing: int = 0
    low: float | None = None
    high: float | None = None
    whole: bool = True
    infinite: int = 0
    earliest: str | None = None
    latest: str | None = None
    shortest: int | None = None
    longest: int | None = None
    counts: dict[Any, int] | None = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def different(self) -> int | None:
        """How many different values there are; None where they are more than were counted."""
        return None if self.counts is None else len(self.counts)

    @property
    def within_one(self) -> bool:
        """Whether there are numbers and all lie in [0, 1]."""
        return self.low is not None and self.high is not None and 0.0 <= self.low <= self.high <= 1.0

    @property
    def binary(self) -> bool:
        """Whether the values are two labels: words, or whole numbers that are used so or that come often."""
        if self.counts is None or self.different not in (1, 2) or self.kind in (Kind.LIST, Kind.TIME, Kind.OTHER):
            return False
        if self.kind is not Kind.NUMBER:
            return self.different == 2 or self.kind is Kind.BOOLEAN
        usual = set(self.counts) <= {0.0, 1.0} or set(self.counts) in ({-1.0, 1.0}, {0.0, 255.0})
        return self.whole and (usual or (self.different == 2 and self.present >= _OFTEN))

    @property
    def _look_at(self) -> dict[Kind, Callable[[Block, Index | None], Mask]]:
        return {
            Kind.NUMBER: self._look_at_numbers,
            Kind.LIST: self._look_at_lists,
            Kind.TEXT: self._look_at_words,
            Kind.BOOLEAN: self._look_at_words,
            Kind.TIME: self._look_at_times,
            Kind.OTHER: self._look_at_others,
        }

    def new(self) -> "ColumnFacts":
        """The same column before any row; where the values are too many already, none is counted any more."""
        return ColumnFacts(self.name, self.kind, self.cap, counts=None if self.counts is None else {})

    def look(self, block: Block, rows_before: int) -> None:
        """Add the rows of a block; rows_before are those of its file that came before the block."""
        chosen = chosen_rows(block)
        self.rows += block.size if chosen is None else chosen.size
        try:
            lacking = self._look_at[self.kind](block, chosen)
        except CellError as error:
            # the row of the error counts within the fragment, as the block's first row does
            row = rows_before + error.row - block.first_row
            self.fault = self.fault or Fault(row, error.problem, error.hint)
            return
        count = int(np.count_nonzero(lacking))
        if count and not self.missing:
            first = int(np.flatnonzero(lacking)[0])
            self.first_missing = rows_before + 1 + (first if chosen is None else int(chosen[first]))
        self.missing += count

    def absorb(self, other: "ColumnFacts", rows_before: int) -> None:
        """Add what a run of rows that follows has; rows_before are those of its file that came before it."""
        self.rows += other.rows
        if other.missing and not self.missing:
            self.first_missing = rows_before + other.first_missing
        self.missing += other.missing
        self._widen(other.low, other.high)
        self.whole &= other.whole
        self.infinite += other.infinite
        self.earliest = _outer(min, self.earliest, other.earliest)
        self.latest = _outer(max, self.latest, other.latest)
        self.shortest = _outer(min, self.shortest, other.shortest)
        self.longest = _outer(max, self.longest, other.longest)
        self._count(other.counts)
        if self.fault is None and other.fault is not None:
            self.fault = Fault(other.fault.row + rows_before, other.fault.problem, other.fault.hint)

    def _look_at_numbers(self, block: Block, chosen: Index | None) -> Mask:
        found = block.column(as_input(self.name), self.name)
        values, lacking = _chosen(found.values, chosen), _chosen(found.missing, chosen)
        present = values[~lacking].ravel()
        self._take(present)
        if self.counts is not None:
            different, times = np.unique(present, return_counts=True)
            # more than can be kept is not turned into objects first
            few = different.size <= self.cap
            self._count(dict(zip(different.tolist(), times.tolist(), strict=True)) if few else None)
        return lacking

    def _look_at_lists(self, block: Block, chosen: Index | None) -> Mask:
        self.counts = None
        try:
            elements = block.elements(self.name).of_rows(chosen)
        except CellError:
            # lists of lists are laid out one after the other
            found = block.column(as_input(self.name), self.name)
            values, lacking = _chosen(found.values, chosen), _chosen(found.missing, chosen)
            self._take(values[~lacking].ravel())
            self._lengths(np.full(len(values), values.shape[1]))
            return lacking
        lacking = _chosen(block.elements(self.name).missing, chosen)
        self._take(elements.values[~np.isnan(elements.values)])
        self._lengths(np.diff(elements.bounds)[~lacking])
        return lacking

    def _look_at_words(self, block: Block, chosen: Index | None) -> Mask:
        keys, lacking = block.keys([self.name], chosen)
        times = np.bincount(keys.codes[~lacking], minlength=len(keys.labels)).tolist()
        if self.counts is not None:
            found: dict[Any, int] = {}
            for label, count in zip(keys.labels, times, strict=True):
                if count:
                    found[label] = found.get(label, 0) + count
            self._count(found)
        return lacking

    def _look_at_times(self, block: Block, chosen: Index | None) -> Mask:
        lacking = self._look_at_words(block, chosen)
        values = [value for value in block.all_values(self.name) if value.strip()]
        if values:
            self.earliest = _outer(min, self.earliest, min(values))
            self.latest = _outer(max, self.latest, max(values))
        return lacking

    def _look_at_others(self, block: Block, chosen: Index | None) -> Mask:
        self.counts = None
        absent = np.array([cell is None for cell in block.cells(self.name).to_pylist()], dtype=bool)
        return _chosen(absent, chosen)

    def _take(self, present: Array) -> None:
        """Add numbers, none of them missing."""
        finite = present[np.isfinite(present)]
        self.infinite += present.size - finite.size
        if finite.size:
            self._widen(float(finite.min()), float(finite.max()))
            self.whole &= bool(np.array_equal(finite, np.floor(finite)))

    def _widen(self, low: float | None, high: float | None) -> None:
        self.low, self.high = _outer(min, self.low, low), _outer(max, self.high, high)

    def _lengths(self, sizes: Index) -> None:
        if sizes.size:
            self.shortest = _outer(min, self.shortest, int(sizes.min()))
            self.longest = _outer(max, self.longest, int(sizes.max()))

    def _count(self, more: dict[Any, int] | None) -> None:
        if self.counts is None or more is None:
            self.counts = None
            return
        for label, count in more.items():
            self.counts[label] = self.counts.get(label, 0) + count
        if len(self.counts) > self.cap:
            self.counts = None


def as_input(name: str) -> Input:
    """A column as numbers, whatever they are."""
    return Input(name, (name,), REAL)


def _chosen(values: Rows, rows: Index | None) -> Rows:
    """Those of the rows that the filters keep."""
    kept: Rows = values if rows is None else values[rows]
    return kept


def _outer(which: Callable[..., Any], one: Any, other: Any) -> Any:
    """The outer of two bounds, of which each may be None."""
    known = [bound for bound in (one, other) if bound is not None]
    return which(known) if known else None
