"""Adds the units of a file in row order, in blocks of fixed bounds, whatever pieces they arrive in.

A block is BLOCK consecutive rows of a file. It is summed as a whole, so the bits of a result depend on the rows
alone: not on threads, batches, row groups, or on where a text file was cut. What a fragment has of a block that it
shares with its neighbour goes to the fold as units; the rest as exact sums.
"""

from dataclasses import dataclass, field

from losscli.arrays import Array, np
from losscli.moments import Moments, NotFiniteError
from losscli.units import Units

BLOCK = 65_536
"""Rows of a block: fewer make threads wait for one another, more leave the caches; measured by make bench."""


@dataclass(slots=True)
class Run:
    """Units of consecutive rows that are not summed yet; `span` is how many rows there were."""

    units: Units
    span: int


@dataclass(slots=True)
class FragmentSums:
    """What a fragment adds to one term.

    Attributes:
        before: the rows up to the first bound of a block; all rows where the fragment's start is not known.
        moments: the blocks that lie in the fragment as a whole.
        after: the rows after its last bound.
    """

    before: list[Run] = field(default_factory=list)
    moments: Moments = field(default_factory=Moments)
    after: list[Run] = field(default_factory=list)
    span: int = 0


class Accumulator:
    """The sums of one term over consecutive rows that begin at row `start` of a file (counted from 0)."""

    def __init__(self, start: int = 0) -> None:
        self.moments = Moments()
        self.row = start
        self.pending: list[Units] = []
        self.before: list[Units] | None = None
        self._shares_first_block = start % BLOCK != 0
        self._start = start

    def feed(self, units: Units, span: int) -> None:
        """Add the units of the next `span` rows."""
        done = 0
        while done < span:
            step = min(BLOCK - self.row % BLOCK, span - done)
            self.pending.append(units if step == span else _part(units, done, done + step))
            self.row += step
            done += step
            if self.row % BLOCK == 0:
                self.close_block()

    def close_block(self) -> None:
        """Sum the pending units: their block is complete, or the file ends here."""
        if self._shares_first_block:
            self.before, self._shares_first_block = self.pending, False
        elif self.pending:
            losses, weights = _joined(self.pending)
            self.moments.add(losses, weights)
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
            return FragmentSums([_run(self.pending, span)], Moments(), [], span)
        before = [] if self.before is None else [_run(self.before, BLOCK - self._start % BLOCK)]
        after = [_run(self.pending, self.row % BLOCK)] if self.row % BLOCK else []
        return FragmentSums(before, self.moments, after, span)


def _part(units: Units, first: int, last: int) -> Units:
    """The units of the rows from first to last of a run."""
    if units.rows is None:
        chosen = slice(first, last)
        rows = None
    else:
        low, high = np.searchsorted(units.rows, [first, last])
        chosen = slice(int(low), int(high))
        rows = units.rows[chosen] - first
    weights = None if units.weights is None else units.weights[chosen]
    return Units(units.losses[chosen], weights, rows)


def _joined(parts: list[Units]) -> tuple[Array, Array | None]:
    if len(parts) == 1:
        return parts[0].losses, parts[0].weights
    losses = np.concatenate([part.losses for part in parts])
    weights = [part.weights for part in parts if part.weights is not None]
    return losses, np.concatenate(weights) if weights else None


def _run(parts: list[Units], span: int) -> Run:
    """One run that lies within a single block, where only the order of the units matters."""
    losses, weights = _joined(parts) if parts else (np.zeros(0), None)
    if not np.isfinite(np.add.reduce(losses)) and not np.isfinite(losses).all():
        raise NotFiniteError
    # within a block the rows of the units are not needed any more; any place inside the span will do
    return Run(Units(losses, weights, np.zeros(losses.size, dtype=np.int64)), span)
