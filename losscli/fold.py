"""Adds the units of a file in row order, in blocks of fixed bounds, whatever pieces they arrive in.

A block is BLOCK consecutive rows of a file. It is summed as a whole, so the bits of a result depend on the rows
alone: not on threads, batches, row groups, or on where a text file was cut. What a fragment has of a block that it
shares with its neighbour goes to the fold as units; the rest as exact sums.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from losscli.arrays import np
from losscli.batches import BatchRows
from losscli.described import Described
from losscli.grouped import GroupSums
from losscli.joint import JointMoments, SeveralMoments
from losscli.moments import Moments, NotFiniteError
from losscli.records import dataclass, field
from losscli.resampled import FILE, Clustered, Resampled
from losscli.slicing import Sliced
from losscli.unit_arrays import Units

Leaf: TypeAlias = Moments | SeveralMoments | JointMoments | GroupSums | BatchRows
State: TypeAlias = Leaf | Clustered | Resampled | Sliced | Described
"""What units add up to; each is merged by adding."""

BLOCK = 65_536
"""Rows of a block: fewer make threads wait for one another, more leave the caches; measured by make bench."""


@dataclass(slots=True)
class Run:
    """Units of consecutive rows that are not summed yet; `span` is how many rows there were."""

    units: Units
    span: int

    def __reduce__(self) -> tuple[Callable[[Units, int], "Run"], tuple[Units, int]]:
        """Between processes the places of the units are as good as nothing where they are all the first row's."""
        rows = self.units.rows
        if rows is None or rows.any():
            return Run, (self.units, self.span)
        return _in_first_row, (replace(self.units, rows=None), self.span)


def _in_first_row(units: Units, span: int) -> Run:
    return Run(replace(units, rows=np.zeros(len(units.losses), dtype=np.int64)), span)


@dataclass(slots=True)
class FragmentSums:
    """What a fragment adds to one term.

    Attributes:
        before: the rows up to the first bound of a block; all rows where the fragment's start is not known.
        moments: the blocks that lie in the fragment as a whole.
        after: the rows after its last bound.
    """

    before: list[Run] = field(default_factory=list)
    moments: State = field(default_factory=Moments)
    after: list[Run] = field(default_factory=list)
    span: int = 0


class Accumulator:
    """The sums of one term over consecutive rows that begin at row `start` of a file (counted from 0).

    Args:
        new: makes the state that the units are added to.
        file: the number of the file, where units must know their row; None where they need not.
    """

    def __init__(self, start: int = 0, new: Callable[[], State] = Moments, file: int | None = None) -> None:
        self._new = new
        self._file = file
        self.moments: Any = new()
        self.row = start
        self.pending: list[Units] = []
        self.before: list[Units] | None = None
        self._shares_first_block = start % BLOCK != 0
        self._start = start

    def feed(self, units: Units, span: int) -> None:
        """Add the units of the next `span` rows."""
        if self._file is not None and units.numbers is None:
            rows = np.arange(span) if units.rows is None else units.rows
            units.numbers = rows + (self._file * FILE + self.row)
        done = 0
        while done < span:
            step = min(BLOCK - self.row % BLOCK, span - done)
            self.pending.append(units if step == span else units.part(done, done + step))
            self.row += step
            done += step
            if self.row % BLOCK == 0:
                self.close_block()

    def close_block(self) -> None:
        """Sum the pending units: their block is complete, or the file ends here."""
        if self._shares_first_block:
            self.before, self._shares_first_block = self.pending, False
        elif self.pending:
            add_units(self.moments, Units.joined(self.pending))
        self.pending = []

    def absorb(self, sums: FragmentSums) -> None:
        """Add the fragment that follows."""
        for run in sums.before:
            self.feed(run.units, run.span)
        whole = sums.span - sum(run.span for run in (*sums.before, *sums.after))
        self.moments += sums.moments
        self.row += whole
        for run in sums.after:
            self.feed(run.units, run.span)

    def sums(self) -> FragmentSums:
        """What these rows add, for the fold over all fragments."""
        span = self.row - self._start
        if self._shares_first_block:
            return FragmentSums([_run(self.pending, span)], self._new(), [], span)
        before = [] if self.before is None else [_run(self.before, BLOCK - self._start % BLOCK)]
        after = [_run(self.pending, self.row % BLOCK)] if self.row % BLOCK else []
        return FragmentSums(before, self.moments, after, span)


def add_units(state: Any, units: Units) -> None:
    """Add a complete block of units to a state of any kind."""
    if not len(units.losses):
        return
    if isinstance(state, (Clustered, Resampled, Sliced, Described)):
        state.take(units, add_units)
    elif isinstance(state, BatchRows):
        state.add_units(units)
    elif isinstance(state, GroupSums):
        if units.keys is not None:
            state.add(units.losses, units.weights, units.keys)
    else:
        state.add(units.losses, units.weights)


def _run(parts: list[Units], span: int) -> Run:
    """One run that lies within a single block, where only the order of the units matters."""
    units = Units.joined(parts) if parts else Units(np.zeros(0), None, None)
    losses = units.losses
    if losses.ndim == 1 and not np.isfinite(np.add.reduce(losses)) and not np.isfinite(losses).all():
        raise NotFiniteError
    # within a block the rows of the units are not needed any more; any place inside the span will do
    return Run(replace(units, rows=np.zeros(len(losses), dtype=np.int64)), span)
