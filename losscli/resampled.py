"""What intervals rest on where units are resampled: sums of clusters, and sums of drawn units.

The bootstrap is that of Poisson weights (Chamandy, Muralidharan, Najmi and Naidu, 2012): each unit counts as often as
a Poisson variable of mean 1 says, by itself, so that units can be taken in one pass. The seed and the place of a unit
in the input determine its weights, so that neither batches nor threads change a draw.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.data.group_keys import Keys
from losscli.drawing import Drawing, Tile, tiles
from losscli.exact_sums import UNITS_AT_A_TIME, ExactSums, Pieces
from losscli.grouped import GroupSums
from losscli.moments import few_bits
from losscli.records import dataclass, field
from losscli.unit_arrays import Units
from losscli.workers import in_parts, worker_count

FILE = 1 << 40
"""Rows are numbered within their file; each file begins at a multiple of this."""
_WIDE = 1 << 20
"""How many numbers are widened at a time."""
_PARTS = 4
"""Parts of the units of a block for each thread, so that one that is held up holds up less."""


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
            unit is drawn.
        width: how many sums a draw has; 0 while there are no units.
    """

    plain: Any
    gaps: bool
    draws: int
    seed: int
    sums: ExactSums = field(default_factory=ExactSums)
    width: int = 0

    def __iadd__(self, other: "Resampled") -> "Resampled":
        self.plain += other.plain
        self.sums += other.sums
        self.width = max(self.width, other.width)
        return self

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units."""
        take_together([(self, units)], add)

    def drawn(self) -> Array:
        """The sums of each draw, of shape (draws, width)."""
        return self.sums.nearest(self.draws, self.width)

    def _addends(self, units: Units, numbers: Index) -> "tuple[list[float], _Addends]":
        """A pivot for each series, and what each unit adds around them."""
        losses = self.plain.held_against(units.losses) if self.gaps else units.losses
        series = losses[:, None] if losses.ndim == 1 else losses
        totals, heavy = parted(side_by_side(series, units.weights, gaps=self.gaps), gaps=self.gaps)
        pivots = [few_bits(mean_of(total, weight)) for total, weight in zip(totals.T, heavy.T, strict=True)]
        centred = side_by_side(series - np.array(pivots), units.weights, gaps=self.gaps)
        self.width = centred.shape[1]
        return pivots, _Addends(numbers, Pieces.of(centred))

    def _add(self, sums: ExactSums, pivots: list[float]) -> None:
        """Add the sums of a block with what was taken from each series for its pivot."""
        for place, pivot in enumerate(pivots):
            sums.add_times(place, pivot, len(pivots) + (place if self.gaps else 0))
        self.sums += sums


def take_together(blocks: Sequence[tuple[Resampled, Units]], add: Callable[[Any, Units], None]) -> None:
    """Add a block of units to a state and parts of it to others: each unit is drawn once, whatever it is part of.

    Args:
        blocks: the first has all units that any of the others has.
    """
    for state, units in blocks:
        add(state.plain, units)
    taken = [
        (state, *state._addends(units, units.numbers))
        for state, units in blocks
        if len(units.losses) and units.numbers is not None
    ]
    if not taken:
        return
    first = taken[0][0]
    found = _drawn([addends for *_, addends in taken], first.draws, first.seed)
    for (state, pivots, _), sums in zip(taken, found, strict=True):
        state._add(sums, pivots)


def mean_of(total: Array, weight: Array) -> float:
    """The sum of w l over the sum of w; 0 where there is no weight."""
    heavy = float(np.add.reduce(weight))
    return float(np.add.reduce(total)) / heavy if heavy else 0.0


def drawn_sums(columns: Array, numbers: Index, draws: int, seed: int) -> Array:
    """For each draw the sum of each column over the units, each as often as it is drawn: shape (draws, k).

    Args:
        columns: shape (n, k).
        numbers: shape (n,), rising: where each unit stands; the draws depend on it and on nothing else.
    """
    (sums,) = _drawn([_Addends(numbers, Pieces.of(columns))], draws, seed)
    return sums.nearest(draws, columns.shape[1])


@dataclass(frozen=True, slots=True)
class _Addends:
    """What units add, and where each stands."""

    numbers: Index
    pieces: Pieces


def _drawn(sets: Sequence[_Addends], draws: int, seed: int) -> list[ExactSums]:
    """For each set of units its sums over every draw; the first set has the units of all."""
    found = [ExactSums() for _ in sets]
    totals = [np.zeros((len(each.pieces.scales), draws), dtype=np.int64) for each in sets]
    for tile in tiles(draws):
        chunks = np.unique(sets[0].numbers // tile.rows)
        parts = np.array_split(chunks, min(chunks.size, _PARTS * worker_count()))
        for part in in_parts(partial(_tile_totals, sets, seed, tile), parts):
            for total, more in zip(totals, part, strict=True):
                total[:, tile.first : tile.first + tile.used] += more[:, : tile.used].astype(np.int64)
    for sums, each, total in zip(found, sets, totals, strict=True):
        for (place, power), numbers in zip(each.pieces.scales, total, strict=True):
            sums.add(place, power, numbers)
    return found


def _tile_totals(sets: Sequence[_Addends], seed: int, tile: Tile, chunks: Index) -> list[Array]:
    """For each set the sums of its pieces over the units of some chunks: shape (pieces, lanes), whole numbers."""
    drawing = Drawing(seed, tile)
    totals = [np.zeros((len(each.pieces.scales), tile.lanes)) for each in sets]
    wide = np.empty((_WIDE // tile.lanes, tile.lanes), dtype=np.float32)
    for chunk in chunks.tolist():
        counts = drawing.chunk(chunk)
        for each, total in zip(sets, totals, strict=True):
            low, high = np.searchsorted(each.numbers, [chunk * tile.rows, (chunk + 1) * tile.rows]).tolist()
            places = each.numbers[low:high] - chunk * tile.rows
            for first in range(0, places.size, len(wide)):
                last = min(first + len(wide), places.size)
                _widen(counts, places[first:last], wide)
                total += _products(each.pieces.numbers[:, low + first : low + last], wide)
    return totals


def _widen(counts: Any, places: Index, wide: Any) -> None:
    """How often each unit at some places of a chunk is drawn, as float32 in the first rows of `wide`."""
    first, last = int(places[0]), int(places[-1]) + 1
    together = last - first == places.size
    np.copyto(wide[: places.size], counts[first:last] if together else counts.take(places, axis=0))


def _products(pieces: Any, wide: Any) -> Array:
    """For each piece and lane the sum of the products with the first rows of `wide`.

    Of so few units at a time it is a whole number that a float32 holds: any order of adding gives the same, BLAS's too.
    """
    count, units = pieces.shape
    total = np.zeros((count, wide.shape[1]))
    whole = units // UNITS_AT_A_TIME * UNITS_AT_A_TIME
    if whole and count:
        blocks = pieces[:, :whole].reshape(count, -1, UNITS_AT_A_TIME).transpose(1, 0, 2)
        sums = np.matmul(blocks, wide[:whole].reshape(-1, UNITS_AT_A_TIME, wide.shape[1]))
        np.add.reduce(sums, axis=0, dtype=np.float64, out=total)
    if whole < units:
        total += np.matmul(pieces[:, whole:], wide[whole:units])
    return total
