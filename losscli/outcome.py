"""What a scan comes to for each loss: the units that there are, and what they add up to."""

import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.batches import Batches
from losscli.errors import DataError
from losscli.fold import BLOCK
from losscli.grouped import GroupSums
from losscli.joint import JointMoments, SeveralMoments
from losscli.moments import Moments
from losscli.pairing import OTHERS, InCluster
from losscli.plan import Contest
from losscli.records import dataclass, field
from losscli.spread import Spread, losses_of_all, spread_of_units
from losscli.tally import Tally

_LARGEST = Fraction(sys.float_info.max)
NO_WEIGHT = ("the weights of all used rows are 0", "check the column of --weight")


@dataclass(slots=True)
class Outcome:
    """The units of a contest, all of them or those of a slice.

    Attributes:
        series: the moments of each result of each model, then of the differences of the others from the baseline.
        joint: the moments of the sums where the whole input is one set.
        spread: what intervals rest on where units are resampled together or by drawing.
        rows: how many rows are in them.
        labels, losses: the group, or the number, and the losses of each set or batch; None where rows are units.
        sizes: how many rows each of those has.
        single: how many batches have a single row.
        short: how many rows the last batch has where it has fewer than the others; 0 where it is complete.
        absent: for each of the series, how many units have none.
        undefined: for each model, how many units have no loss though they should have one.
    """

    series: list[Moments]
    joint: JointMoments | None = None
    spread: Spread | None = None
    rows: int = 0
    labels: list[Any] | None = None
    losses: Array | None = None
    sizes: Index | None = None
    single: int = 0
    short: int = 0
    absent: list[int] = field(default_factory=list)
    undefined: list[int] = field(default_factory=list)

    @property
    def weightless(self) -> bool:
        """Whether there are units, and the weights of all of them are 0."""
        if self.joint is not None:
            return self.joint.count > 0 and not self.joint.weight
        if self.labels is not None and not self.labels:
            return self.rows > 0 and not any(self.undefined)
        return any(moments.count and not moments.weight for moments in self.series)

    @property
    def empty(self) -> bool:
        """Whether there is no unit."""
        return self.rows == 0 or (self.labels is not None and not self.labels)


def of_whole(contest: Contest, sums: JointMoments, spread: Spread | None, tallies: Sequence[Tally]) -> Outcome:
    """The units of a contest whose whole input is one set."""
    if sums.weight:
        _observe(contest, np.array([[float(min(total, _LARGEST)) for total in sums.totals()]]), tallies)
    return Outcome([], sums, spread, rows=sums.count)


def of_groups(contest: Contest, sums: GroupSums, tallies: Sequence[Tally]) -> Outcome:
    """The units of a contest of sets; a set whose rows have weights of 0 is none.

    Raises:
        DataError: a set has rows of several clusters.
    """
    labels, totals = sums.totals()
    sizes = sums.sizes()
    if not labels:
        return Outcome([Moments()], rows=sums.rows, labels=[], losses=np.zeros(0), sizes=sizes)
    clusters = _clusters_of(labels) if contest.resampling.cluster else None
    labels = [label.group if isinstance(label, InCluster) else label for label in labels]
    _observe(contest, totals, tallies)
    losses = losses_of_all(contest, totals)
    good = _defined(contest, losses, tallies)
    if not good.all():
        labels = [label for label, kept in zip(labels, good.tolist(), strict=True) if kept]
        clusters = None if clusters is None else [c for c, kept in zip(clusters, good.tolist(), strict=True) if kept]
        losses, sizes = losses[good], sizes[good]
    series = several(contest)
    for first in range(0, len(losses), BLOCK):
        series.add(losses[first : first + BLOCK], None)
    spread = spread_of_units(contest, losses, None, clusters)
    shown = losses[:, 0] if losses.shape[1] == 1 else losses
    return Outcome(series.series or [Moments()], None, spread, sums.rows, labels, shown, sizes, absent=series.absent)


def _clusters_of(labels: Sequence[InCluster]) -> list[Any]:
    """The cluster of each set.

    Raises:
        DataError: a set has rows of several clusters.
    """
    known: dict[Any, Any] = {}
    for label in labels:
        other = known.setdefault(label.group, label.cluster)
        if other != label.cluster:
            raise DataError(
                f"group {label.group} has rows of several clusters: {other}, {label.cluster}",
                "name a cluster that holds whole groups",
            )
    return [label.cluster for label in labels]


def _defined(contest: Contest, losses: Array, tallies: Sequence[Tally]) -> Any:
    """Which sets have a loss; others are left out or make the result undefined, as a parameter says."""
    count = losses.shape[1] // len(contest.terms)
    gaps = [np.isnan(losses[:, j * count : (j + 1) * count]).all(axis=1) for j in range(len(contest.terms))]
    bad = np.logical_or.reduce(gaps)
    for term, tally, own in zip(contest.terms, tallies, gaps, strict=True):
        name, word = term.spec.loss.leaves_out or ("", "")
        lacking = int(np.count_nonzero(own))
        if name and term.values.get(name) == word:
            tally.skip(name, lacking)
        else:
            tally.undefined += lacking
        tally.skip(OTHERS, int(np.count_nonzero(bad)) - lacking)
    return ~bad


def of_batches(contest: Contest, batches: Batches) -> Outcome:
    """The units of a contest of batches, all of which are evaluated."""
    losses = np.array(batches.losses, dtype=np.float64).reshape(len(batches.losses), len(contest.terms))
    weights = None if contest.first.weight is None else np.array(batches.weights, dtype=np.float64)
    series = several(contest)
    for first in range(0, len(losses), BLOCK):
        part = slice(first, first + BLOCK)
        series.add(losses[part], None if weights is None else weights[part])
    shown = losses[:, 0] if losses.shape[1] == 1 else losses
    return Outcome(
        series.series or [Moments()],
        None,
        spread_of_units(contest, losses, weights, batches.clusters or None),
        batches.rows,
        batches.labels,
        shown,
        np.array(batches.sizes, dtype=np.int64),
        batches.single,
        batches.short,
    )


def several(contest: Contest) -> SeveralMoments:
    """An empty state of the results of all models."""
    return SeveralMoments(len(contest.terms), contest.baseline, contest.gaps)


def _observe(contest: Contest, totals: Array, tallies: Sequence[Tally]) -> None:
    width = totals.shape[1] // len(contest.terms)
    for j, (term, tally) in enumerate(zip(contest.terms, tallies, strict=True)):
        sums = totals[:, j * width : (j + 1) * width]
        for observation in term.spec.loss.observes_sets:
            tally.observe(observation.name, observation.count(sums=sums, **term.values))
