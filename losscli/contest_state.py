"""What the fold adds up for a contest: its state, over all rows and for each slice."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from losscli.arrays import Array, np
from losscli.batches import Batches, BatchRows
from losscli.described import Described
from losscli.fold import State
from losscli.grouped import GroupSums
from losscli.joint import JointMoments, SeveralMoments
from losscli.moments import Moments
from losscli.outcome import Outcome, of_batches, of_groups, of_whole, several
from losscli.plan import Contest
from losscli.records import dataclass, field
from losscli.resampled import Clustered, Resampled
from losscli.slicing import OTHER, Label, Sliced
from losscli.spread import Spread, losses_of_all, spread_of, spread_of_joint
from losscli.tally import Tally
from losscli.unit_arrays import Units, refuse_several

if TYPE_CHECKING:
    from losscli.histogram import Histogram


@dataclass(slots=True)
class ContestState:
    """What the fold adds up for a contest.

    Attributes:
        sums: what the units add up to.
        gather: whether the rows of batches are all held before the first is evaluated.
        batches: the batches of all rows (None), and of each slice.
        tallies: what each model met.
        histogram: how the losses of the units are distributed, where that is asked for; complete with the outcomes.
    """

    contest: Contest
    sums: State
    gather: bool = False
    batches: dict[Label | None, Batches] = field(default_factory=dict)
    tallies: list[Tally] = field(default_factory=list)
    histogram: "Histogram | None" = None

    @property
    def state(self) -> Any:
        """What the units add up to, without their distribution."""
        return self.sums.state if isinstance(self.sums, Described) else self.sums

    def parts(self) -> Iterator[tuple[Label | None, Any]]:
        """The state of all rows, and that of each slice."""
        if isinstance(self.state, Sliced):
            yield None, self.state.whole
            yield from self.state.parts.items()
        else:
            yield None, self.state

    def settle(self) -> None:
        """Take what the last fragment brought, in its order."""
        _, whole = next(self.parts())
        if not isinstance(whole, (GroupSums, Clustered, BatchRows)):
            return
        for label, part in self.parts():
            if isinstance(part, GroupSums):
                part.settle()
            elif isinstance(part, Clustered):
                part.clusters.settle()
            elif isinstance(part, BatchRows):
                self._batches(label).take(part)

    def _batches(self, label: Label | None) -> Batches:
        if label not in self.batches:
            evaluate = partial(_of_batch, self.contest)
            self.batches[label] = Batches(evaluate, self.contest.first.sets.size, self.gather)
        return self.batches[label]

    def outcomes(self) -> list[tuple[Label | None, Outcome]]:
        """What it comes to, for all rows and for each slice; called once, when all rows are there."""
        self.settle()
        for label, part in self.parts():
            if isinstance(part, BatchRows):
                self._batches(label).finish()
        self._with_undefined()
        self._put_together()
        found = [(label, self._outcome(label, part)) for label, part in self.parts()]
        self._describe(found[0][1])
        return found

    def _describe(self, whole: Outcome) -> None:
        """Complete the histogram of the losses of rows, or make that of sets or batches."""
        if isinstance(self.sums, Described):
            self.histogram = self.sums.histogram
        elif self.contest.described and whole.losses is not None:
            from losscli.histogram import Histogram

            refuse_several(whole.losses)
            self.histogram = Histogram()
            self.histogram.add(whole.losses)

    def _with_undefined(self) -> None:
        """Have a slice also of the labels under which no unit has a loss."""
        if isinstance(self.state, Sliced):
            for tally in self.tallies:
                for label in tally.undefined_in:
                    self.state.part(label)

    def _put_together(self) -> None:
        """Make one slice of those that have fewer rows than a slice of its own needs."""
        if not isinstance(self.state, Sliced) or not self.contest.fewest_rows:
            return
        few = [label for label, part in self.parts() if label and self._rows(label, part) < self.contest.fewest_rows]
        if not few:
            return
        other = (OTHER,) * len(self.contest.by)
        total = _new_part(self.contest)
        for label in few:
            for tally in self.tallies:
                count = tally.undefined_in.pop(label, 0)
                tally.undefined_in[other] = tally.undefined_in.get(other, 0) + count
            part = self.state.parts.pop(label)
            if isinstance(part, BatchRows):
                self._batches(other).take_finished(self.batches.pop(label))
            elif isinstance(part, GroupSums):
                total.take_settled(part)
            elif isinstance(part, Clustered):
                total.plain += part.plain
                total.clusters.take_settled(part.clusters)
            else:
                total += part
        self.state.parts[other] = total

    def _rows(self, label: Label, part: Any) -> int:
        """How many rows a slice has."""
        if isinstance(part, BatchRows):
            return self._batches(label).rows
        plain = part.plain if isinstance(part, (Clustered, Resampled)) else part
        if isinstance(plain, SeveralMoments):
            return max((moments.count + absent for moments, absent in plain), default=0)
        rows: int = plain.rows if isinstance(plain, GroupSums) else plain.count
        return rows

    def _outcome(self, label: Label | None, state: Any) -> Outcome:
        tallies = self.tallies if label is None else [Tally() for _ in self.contest.terms]
        found = self._found(label, state, tallies)
        met = [tally.undefined_in.get(label, 0) for tally in self.tallies]
        found.undefined = [tally.undefined + count for tally, count in zip(tallies, met, strict=True)]
        return found

    def _found(self, label: Label | None, state: Any, tallies: list[Tally]) -> Outcome:
        if isinstance(state, GroupSums):
            return of_groups(self.contest, state, tallies)
        if isinstance(state, BatchRows):
            return of_batches(self.contest, self._batches(label))
        spread = None
        if isinstance(state, Clustered):
            settled = state.clusters.totals()[1]
            state, spread = state.plain, self._of_clusters(state, settled)
        elif isinstance(state, Resampled):
            state, spread = state.plain, self._of_draws(state)
        if isinstance(state, JointMoments):
            return of_whole(self.contest, state, spread, tallies)
        if isinstance(state, SeveralMoments):
            units = max((moments.count + absent for moments, absent in state), default=0)
            return Outcome(state.series, spread=spread, rows=units, absent=state.absent)
        return Outcome([state], spread=spread, rows=state.count)

    def _of_clusters(self, state: Clustered, totals: Array) -> Spread | None:
        if not len(totals):
            return None
        if isinstance(state.plain, JointMoments):
            return spread_of_joint(self.contest, totals, state.plain)
        return spread_of(self.contest, totals)

    def _of_draws(self, state: Resampled) -> Spread | None:
        if not state.width:
            return None
        if isinstance(state.plain, JointMoments):
            return Spread(replicates=losses_of_all(self.contest, state.drawn()[:, :-1]))
        return Spread.of_draws(self.contest, state.drawn())


def new_sums(contest: Contest) -> State:
    """An empty state of the kind that the units of a contest add up in."""
    state: State = _new_part(contest)
    if contest.by:
        named = " --by ".join(way.column for way in contest.by)
        state = Sliced(partial(_new_part, contest), contest.most_slices, named, state)
    return Described(state) if contest.described and contest.first.sets.kind == "row" else state


def _new_part(contest: Contest) -> Any:
    kind = contest.first.sets.kind
    if kind == "batch":
        return BatchRows()
    if kind == "set":
        return GroupSums()
    models = len(contest.terms)
    plain: Any = Moments()
    if kind == "whole":
        plain = JointMoments(models, contest.baseline)
    elif models > 1 or contest.gaps:
        plain = several(contest)
    how = contest.resampling
    if how.of_clusters:
        return Clustered(plain, contest.gaps, how.run)
    return Resampled(plain, contest.gaps, how.draws, how.seed) if how.draws else plain


def new_state(contest: Contest, gather: bool) -> ContestState:
    """An empty state of a contest for the fold.

    Args:
        gather: whether the rows of batches are all held before the first is evaluated.
    """
    return ContestState(contest, new_sums(contest), gather, tallies=[Tally() for _ in contest.terms])


def _of_batch(contest: Contest, units: Units) -> Array:
    """The loss of each row of a batch for each model."""
    place = 0
    found: list[Array] = []
    roles = len(units.widths) // len(contest.terms)
    for j, term in enumerate(contest.terms):
        arguments: dict[str, Array] = {}
        for name, width in units.widths[j * roles : (j + 1) * roles]:
            arguments[name] = units.losses[:, place : place + width]
            place += width
        found.append(term.spec.loss.function(**arguments, **term.values))
    return found[0] if len(found) == 1 else np.stack(found, axis=1)
