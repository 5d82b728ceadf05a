"""What a scan comes to for each loss: the units that there are, and what they add up to."""

import sys
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.batches import Batches, BatchRows
from losscli.element_units import losses_of_sums
from losscli.errors import DataError
from losscli.fold import BLOCK, State
from losscli.grouped import GroupSums
from losscli.joint import JointMoments, SeveralMoments
from losscli.moments import Moments
from losscli.plan import Term
from losscli.tally import Tally
from losscli.unit_arrays import Units, defined

_LARGEST = Fraction(sys.float_info.max)
NO_WEIGHT = ("the weights of all used rows are 0", "check the column of --weight")


@dataclass(slots=True)
class Outcome:
    """The units of a term.

    Attributes:
        series: their moments, one for each result.
        joint: the moments of the sums where the whole input is one set.
        rows: how many rows are in them.
        labels, losses: the group, or the number, and the loss of each set or batch; None where rows are units.
        sizes: how many rows each of those has.
        single: how many batches have a single row.
        short: how many rows the last batch has where it has fewer than the others; 0 where it is complete.
        absent: for each result, how many units have none.
    """

    series: list[Moments]
    joint: JointMoments | None = None
    rows: int = 0
    labels: list[Any] | None = None
    losses: Array | None = None
    sizes: Index | None = None
    single: int = 0
    short: int = 0
    absent: list[int] = field(default_factory=list)


@dataclass(slots=True)
class TermState:
    """What the fold adds up for a term."""

    term: Term
    sums: State
    batches: Batches | None = None
    tally: Tally = field(default_factory=Tally)

    def settle(self) -> None:
        """Take what the last fragment brought, in its order."""
        if isinstance(self.sums, GroupSums):
            self.sums.settle()
        elif isinstance(self.sums, BatchRows) and self.batches is not None:
            self.batches.take(self.sums)

    def outcome(self) -> Outcome:
        """What it comes to; called once, when all rows are there.

        Raises:
            DataError: the weights of all rows are 0.
        """
        self.settle()
        if isinstance(self.sums, GroupSums):
            return self._of_groups(self.sums)
        if self.batches is not None:
            return self._of_batches(self.batches)
        if isinstance(self.sums, JointMoments):
            if self.sums.count and not self.sums.weight:
                raise DataError(*NO_WEIGHT)
            if self.sums.series:
                self._observe(np.array([[float(min(total, _LARGEST)) for total in self.sums.totals()]]))
            return Outcome([], self.sums, self.sums.count)
        if isinstance(self.sums, SeveralMoments):
            units = max((moments.count + absent for moments, absent in self.sums), default=0)
            return Outcome(self.sums.series, rows=units, absent=self.sums.absent)
        assert isinstance(self.sums, Moments)  # noqa: S101 - what is left; tells the type checker
        return Outcome([self.sums], rows=self.sums.count)

    def _of_groups(self, sums: GroupSums) -> Outcome:
        labels, totals = sums.totals()
        sizes = sums.sizes()
        if sums.places and not labels:
            raise DataError(*NO_WEIGHT)
        if not labels:
            return Outcome([Moments()], labels=[], losses=np.zeros(0), sizes=sizes)
        self._observe(totals)
        units = defined(self.term, Units(losses_of_sums(self.term, totals), None, None), self.tally)
        if units.rows is not None:
            labels = [labels[place] for place in units.rows.tolist()]
            sizes = sizes[units.rows]
        several = SeveralMoments() if units.losses.ndim > 1 else None
        single = Moments()
        for first in range(0, len(units.losses), BLOCK):
            part = units.losses[first : first + BLOCK]
            if several is None:
                single.add(part, None)
            else:
                several.add(part, None)
        if several is None:
            return Outcome([single], rows=sums.rows, labels=labels, losses=units.losses, sizes=sizes)
        return Outcome(
            several.series, rows=sums.rows, labels=labels, losses=units.losses, sizes=sizes, absent=several.absent
        )

    def _of_batches(self, batches: Batches) -> Outcome:
        batches.finish()
        losses = np.array(batches.losses, dtype=np.float64)
        weights = None if self.term.weight is None else np.array(batches.weights, dtype=np.float64)
        moments = Moments()
        for first in range(0, losses.size, BLOCK):
            part = slice(first, first + BLOCK)
            moments.add(losses[part], None if weights is None else weights[part])
        return Outcome(
            [moments],
            rows=batches.rows,
            labels=batches.labels,
            losses=losses,
            sizes=np.array(batches.sizes, dtype=np.int64),
            single=batches.single,
            short=batches.short,
        )

    def _observe(self, totals: Array) -> None:
        for observation in self.term.spec.loss.observes_sets:
            self.tally.observe(observation.name, observation.count(sums=totals, **self.term.values))


def new_sums(term: Term) -> State:
    """An empty state of the kind that the units of a term add up in."""
    loss = term.spec.loss
    if term.sets.kind == "batch":
        return BatchRows()
    if term.sets.kind == "set":
        return GroupSums()
    if term.sets.kind == "whole":
        return JointMoments()
    name, word = loss.several_by or ("", "")
    return SeveralMoments() if name and term.values.get(name) == word else Moments()


def new_state(term: Term, gather: bool) -> TermState:
    """An empty state of a term for the fold.

    Args:
        gather: whether the rows of batches are all held before the first is evaluated.
    """
    if term.sets.kind != "batch":
        return TermState(term, new_sums(term))
    return TermState(term, BatchRows(), Batches(lambda units: _of_batch(term, units), term.sets.size, gather))


def _of_batch(term: Term, units: Units) -> Array:
    """The loss of each row of a batch."""
    arguments: dict[str, Array] = {}
    place = 0
    for name, width in units.widths:
        arguments[name] = units.losses[:, place : place + width]
        place += width
    return term.spec.loss.function(**arguments, **term.values)
