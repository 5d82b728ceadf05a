"""How far results vary by chance where units are resampled: together in clusters, or by drawing them many times."""

from collections.abc import Sequence
from typing import Any

from losscli.arrays import Array, np
from losscli.element_units import losses_of_sums
from losscli.joint import JointMoments, with_differences
from losscli.moments import Moments
from losscli.plan import Contest, Resampling
from losscli.records import dataclass, field
from losscli.resampled import drawn_sums, mean_of, parted, side_by_side


@dataclass(slots=True)
class Spread:
    """What intervals rest on.

    Attributes:
        series: the moments over clusters of each result, and then of the differences from the baseline.
        joint: those of the sums of one undivided set.
        replicates: what each draw comes to, for each result of each model: shape (draws, models * results); where
            units may lack results, then also for the differences.
        count: how many units were drawn from; 0 where each unit stands by itself.
    """

    series: list[Moments] = field(default_factory=list)
    joint: JointMoments | None = None
    replicates: Array | None = None
    count: int = 0

    @classmethod
    def of_draws(cls, contest: Contest, sums: Array) -> "Spread":
        """From the sums of each draw."""
        totals, weights = parted(sums, gaps=contest.gaps)
        with np.errstate(all="ignore"):
            return cls(replicates=totals / weights)


def spread_of(contest: Contest, columns: Array) -> Spread:
    """From what each unit that is resampled adds: shape (units, ...) as `side_by_side` makes it."""
    totals, weights = parted(columns, gaps=contest.gaps)
    if contest.resampling.draws:
        return _drawn(contest.resampling, totals, weights)
    with np.errstate(all="ignore"):
        means = totals / weights
    if not contest.gaps:
        means = with_differences(means, len(contest.terms), contest.baseline)
        weights = np.broadcast_to(weights[:, :1], means.shape)
    series = []
    for place in range(means.shape[1]):
        moments = Moments()
        there = weights[:, place] > 0.0
        moments.add(np.ascontiguousarray(means[there, place]), np.ascontiguousarray(weights[there, place]))
        series.append(moments)
    return Spread(series, count=len(columns))


def _drawn(how: Resampling, totals: Array, weights: Array) -> Spread:
    """What draws of units come to, around the means, so that large means keep the digits of the spread."""
    with np.errstate(all="ignore"):
        pivots = np.array([mean_of(*pair) for pair in zip(totals.T, weights.T, strict=True)])
        columns = np.concatenate([totals - pivots * weights, weights], axis=1)
        sums = drawn_sums(columns, np.arange(len(columns)), how.draws, how.seed)
        centred, heavy = parted(sums, gaps=True)
        return Spread(replicates=pivots + centred / heavy, count=len(columns))


def spread_of_units(
    contest: Contest, losses: Array, weights: Array | None, clusters: Sequence[Any] | None
) -> Spread | None:
    """What intervals rest on where the losses of units are at hand."""
    how = contest.resampling
    if not (how.of_clusters or how.draws) or not len(losses):
        return None
    if contest.gaps:
        losses = with_differences(losses, len(contest.terms), contest.baseline)
    columns = side_by_side(losses, weights, gaps=contest.gaps)
    if how.of_clusters:
        if clusters is None and how.run is not None:
            clusters = [place // how.run for place in range(len(losses))]
        codes = {label: place for place, label in enumerate(dict.fromkeys(clusters or []))}
        totals = np.zeros((len(codes), columns.shape[1]))
        np.add.at(totals, [codes[label] for label in clusters or []], columns)
        columns = totals
    return spread_of(contest, columns)


def spread_of_joint(contest: Contest, columns: Array, plain: JointMoments) -> Spread:
    """From what each cluster adds to the sums of one undivided set; the last column is the weight."""
    how = contest.resampling
    sums = columns[:, :-1]
    if how.draws:
        drawn = drawn_sums(np.ascontiguousarray(sums), np.arange(len(sums)), how.draws, how.seed)
        return Spread(replicates=losses_of_all(contest, drawn), count=len(sums))
    joint = JointMoments(plain.models, plain.baseline)
    joint.add(sums, None)
    return Spread(joint=joint, count=len(sums))


def losses_of_all(contest: Contest, sums: Array) -> Any:
    """The losses of sets from their sums, the models side by side: shape (sets, models * results)."""
    width = sums.shape[1] // len(contest.terms)
    parts = [losses_of_sums(term, sums[:, j * width : (j + 1) * width]) for j, term in enumerate(contest.terms)]
    return np.concatenate([part.reshape(len(sums), -1) for part in parts], axis=1)
