"""What intervals rest on where units are resampled: sums of clusters, and sums of drawn units.

The bootstrap is that of Poisson weights (Chamandy, Muralidharan, Najmi and Naidu, 2012): each unit counts as often as
a Poisson variable of mean 1 says, by itself, so that units can be taken in one pass. The weights are numbers of a
counter (Philox) that the seed and the place of a unit in the input determine, so that neither batches nor threads
change a draw.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.data.group_keys import Keys
from losscli.errors import DataError
from losscli.grouped import GroupSums
from losscli.moments import SCALE, exact, few_bits
from losscli.records import dataclass, field
from losscli.unit_arrays import Units

FILE = 1 << 40
"""Rows are numbered within their file; each file begins at a multiple of this."""
_CHUNK = 1 << 19
"""Weights that are drawn at a time."""


@dataclass(slots=True)
class Clustered:
    """A state with, besides, what each cluster of rows adds.

    Attributes:
        plain: the state without clusters, which has the value.
        gaps: whether a unit may lack some of its results; the differences of models are then series of their own,
            over the units that both have.
        run: how many consecutive rows are a cluster; None where a column tells.
        clusters: for each cluster the sum of w l for each series, then the sum of w.
    """

    plain: Any
    gaps: bool
    run: int | None
    clusters: GroupSums = field(default_factory=GroupSums)

    def __iadd__(self, other: "Clustered") -> "Clustered":
        self.plain += other.plain
        self.clusters += other.clusters
        return self

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units."""
        add(self.plain, units)
        keys = units.clusters
        if self.run is not None and units.numbers is not None:
            keys = runs_of(units.numbers, self.run)
        if keys is not None:
            losses = self.plain.held_against(units.losses) if self.gaps else units.losses
            self.clusters.add(side_by_side(losses, None, gaps=self.gaps), _weights(units), keys)


def runs_of(numbers: Index, size: int) -> Keys:
    """Runs of so many consecutive rows; a run ends where its file ends."""
    labels, codes = np.unique(numbers // FILE * FILE + numbers % FILE // size, return_inverse=True)
    return Keys(codes.reshape(-1).astype(np.int64), labels.tolist())


def _weights(units: Units) -> Array:
    return np.ones(len(units.losses)) if units.weights is None else units.weights


def side_by_side(losses: Array, weights: Array | None, *, gaps: bool) -> Array:
    """Each series times the weights, 0 where a unit lacks it, and then what weighs: shape (n, k + 1) or (n, 2 k)."""
    series = losses[:, None] if losses.ndim == 1 else losses
    heavy = np.ones((len(series), 1)) if weights is None else weights[:, None]
    if not gaps:
        return np.concatenate([series * heavy, heavy], axis=1)
    there = ~np.isnan(series)
    return np.concatenate([np.where(there, series, 0.0) * heavy, there * heavy], axis=1)


def parted(sums: Array, *, gaps: bool) -> tuple[Array, Array]:
    """The sums of w l and the sums of w, both of shape (n, k), of what `side_by_side` made."""
    count = sums.shape[1] // 2 if gaps else sums.shape[1] - 1
    totals, weights = sums[:, :count], sums[:, count:]
    return totals, np.broadcast_to(weights, totals.shape)


@dataclass(slots=True)
class Resampled:
    """A state with, besides, the sums over units drawn many times.

    Attributes:
        plain: the state of the units as they are.
        gaps: whether a unit may lack some of its results; the differences of models are then series of their own,
            over the units that both have.
        draws, seed: how many times to draw, and which draws.
        sums: for each draw and series the sum of c w l, then for each draw the sum of c w, where c is how often the
            unit is drawn: whole numbers of 2**-2260, so that adding loses nothing.
        width: how many sums a draw has.
    """

    plain: Any
    gaps: bool
    draws: int
    seed: int
    sums: list[int] = field(default_factory=list)
    width: int = 0

    def __iadd__(self, other: "Resampled") -> "Resampled":
        self.plain += other.plain
        self._add(other.sums, other.width)
        return self

    def _add(self, sums: list[int], width: int) -> None:
        if not self.sums:
            self.sums, self.width = list(sums), width
        elif sums:
            self.sums = [mine + theirs for mine, theirs in zip(self.sums, sums, strict=True)]

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units."""
        add(self.plain, units)
        if not len(units.losses) or units.numbers is None:
            return
        losses = self.plain.held_against(units.losses) if self.gaps else units.losses
        columns = side_by_side(losses, units.weights, gaps=self.gaps)
        totals, heavy = parted(columns, gaps=self.gaps)
        pivots = [few_bits(mean_of(total, weight)) for total, weight in zip(totals.T, heavy.T, strict=True)]
        centred = columns.copy()
        for place, pivot in enumerate(pivots):
            centred[:, place] -= pivot * heavy[:, place]
        drawn = drawn_sums(centred, units.numbers, self.draws, self.seed)
        if not np.isfinite(drawn).all():
            raise DataError("the losses are too large to be resampled", "leave --bootstrap out")
        self._add(_exactly(drawn, pivots, gaps=self.gaps), columns.shape[1])

    def drawn(self) -> Array:
        """The sums of each draw, of shape (draws, width)."""
        flat = [_nearest(value) for value in self.sums]
        return np.array(flat, dtype=np.float64).reshape(self.draws, self.width or 1)


def mean_of(total: Array, weight: Array) -> float:
    """The sum of w l over the sum of w; 0 where there is no weight."""
    heavy = float(np.add.reduce(weight))
    return float(np.add.reduce(total)) / heavy if heavy else 0.0


def _exactly(drawn: Array, pivots: list[float], *, gaps: bool) -> list[int]:
    """The sums with what was taken from each series for its pivot, as whole numbers."""
    count = len(pivots)
    found: list[int] = []
    for row in drawn.tolist():
        for place, pivot in enumerate(pivots):
            found.append(exact(row[place]) + exact(pivot, row[count + place if gaps else count]))
        found.extend(exact(value) for value in row[count:])
    return found


def _nearest(value: int) -> float:
    # a quotient of whole numbers is rounded once
    try:
        return value / (1 << SCALE)
    except OverflowError:
        return math.inf


def drawn_sums(columns: Array, numbers: Index, draws: int, seed: int) -> Array:
    """For each draw the sum of each column over the units, each as often as it is drawn: shape (draws, k).

    Args:
        columns: shape (n, k).
        numbers: shape (n,), rising: where each unit stands; the draws depend on it and on nothing else.
    """
    total = np.zeros((columns.shape[1], draws))
    rows = max(1, _CHUNK // draws)
    chunks = numbers // rows
    bounds = np.concatenate([[0], np.flatnonzero(chunks[1:] != chunks[:-1]) + 1, [numbers.size]]).tolist()
    for first, last in itertools.pairwise(bounds):
        if first == last:
            continue
        counts = _counts(seed, int(chunks[first]), rows, draws)
        chosen = counts[numbers[first:last] % rows].astype(np.float64)
        for place in range(columns.shape[1]):
            total[place] += np.einsum("nb,n->b", chosen, columns[first:last, place])
    return total.T


def _thresholds() -> list[int]:
    """For each count the share of 2^16 equally likely numbers that stand for less than it, under a mean of 1."""
    found, below, term = [], 0.0, math.exp(-1.0)
    for count in range(9):
        below += term
        found.append(round(below * 65_536))
        term /= count + 1
    return [bound for bound in found if bound < 65_536]


def _counts(seed: int, chunk: int, rows: int, draws: int) -> Any:
    """How often each of the rows of a chunk is drawn: Poisson numbers of mean 1, of shape (rows, draws)."""
    # as an array of its own type: a list with a number beyond 2^63 would lose its digits
    key = np.array([seed, chunk], dtype=np.uint64)
    raw = np.random.Philox(key=key).random_raw(-(-rows * draws // 4))
    uniform = raw.astype("<u8").view("<u2")[: rows * draws]
    counts = np.zeros(uniform.size, dtype=np.uint8)
    for bound in _thresholds():
        counts += uniform >= bound
    return counts.reshape(rows, draws)
