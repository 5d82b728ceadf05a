"""The moments of many slices at a time. What a block adds to each has the bits of `Moments.add` of its rows alone.

The formulas are those of `Moments.add`; what they do with one array is done here with all segments of one. A slice
whose losses or weights are so large or so small that `Moments.add` goes another way is given to it.
"""

from losscli.arrays import Array, Index, Mask, np
from losscli.moments import PIVOT_NOISE, SAFE, SAMPLE, SCALE, TINY, Moments
from losscli.placed_sums import PlacedSums, product
from losscli.records import dataclass, field
from losscli.segments import Segments

_WAITING = 1 << 13
"""How many slices of blocks are added up at a time."""
_USUAL, _USUAL_SQUARE = 1e60, 1e125
"""Pivots and sums, and sums of squares, up to which (and down to whose inverse) products lose no digit."""


@dataclass(slots=True)
class _Added:
    """What a block adds: for each slice the sums around its pivot, as `Moments.add` has them.

    Without weights `weight` and `heavy` are how many rows there are, and `mixed` is `total`.
    """

    pivot: Array
    total: Array
    square: Array
    weight: Array
    heavy: Array
    mixed: Array

    def some(self, chosen: Index) -> "_Added":
        """Those of some slices."""
        return _Added(*(part[chosen] for part in self.parts()))

    def parts(self) -> tuple[Array, ...]:
        """All of it, in the order in which it is made."""
        return self.pivot, self.total, self.square, self.weight, self.heavy, self.mixed

    def usual(self) -> Mask:
        """For which slices products of these numbers are exact as two floats."""
        fit = np.ones(self.pivot.size, dtype=bool)
        for part, most in zip(self.parts(), (_USUAL, _USUAL, *[_USUAL_SQUARE] * 4), strict=True):
            size = np.abs(part)
            fit &= (size == 0.0) | ((size > 1.0 / most) & (size < most))
        return fit


@dataclass(slots=True)
class SliceMoments:
    """The moments of one result in each slice; a slice is known by its place.

    Attributes:
        weighted: whether the units have weights.
    """

    weighted: bool
    _counts: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _sums: list[PlacedSums] = field(default_factory=lambda: [PlacedSums() for _ in range(5)])
    _unusual: dict[int, Moments] = field(default_factory=dict)
    _waiting: list[tuple[Index, _Added]] = field(default_factory=list)

    def add(self, segments: Segments, places: Index, losses: Array, weights: Array | None, size: int) -> None:
        """Add a block of units.

        Args:
            segments: the slices of the units.
            places: for each segment that has rows, the place of its slice.
            losses, weights: brought together.
            size: how many places there are.

        Raises:
            NotFiniteError: a loss or a weight is NaN or infinite; the state is then of no use.
        """
        added, fit = _plain(segments, losses) if weights is None else _weighted(segments, losses, weights)
        segment = np.arange(segments.counts.size) if segments.there is None else segments.there
        fit &= added.usual()
        if not fit[segment].all():
            self._add_unusual(segments, segment[~fit[segment]], places[~fit[segment]], losses, weights)
            places, segment = places[fit[segment]], segment[fit[segment]]
        self._room(size)
        self._counts[places] += segments.counts[segment]
        self._wait(places, added.some(segment))

    def _add_unusual(
        self, segments: Segments, segment: Index, places: Index, losses: Array, weights: Array | None
    ) -> None:
        for number, place in zip(segment.tolist(), places.tolist(), strict=True):
            rows = segments.rows(number)
            self._unusual.setdefault(place, Moments()).add(losses[rows], None if weights is None else weights[rows])

    def _room(self, size: int) -> None:
        if self._counts.size < size:
            more = np.zeros(max(size, 2 * self._counts.size) - self._counts.size, dtype=np.int64)
            self._counts = np.concatenate([self._counts, more])

    def _wait(self, places: Index, added: _Added) -> None:
        self._waiting.append((places, added))
        if sum(waiting.size for waiting, _ in self._waiting) >= _WAITING:
            self._add_up()

    def _add_up(self) -> None:
        """Add what is waiting to the exact sums."""
        if not self._waiting:
            return
        places = np.concatenate([waiting for waiting, _ in self._waiting])
        parts = (np.concatenate(column) for column in zip(*(added.parts() for _, added in self._waiting), strict=True))
        all_ = _Added(*parts)
        self._waiting = []
        squared, rest = product(all_.pivot, all_.pivot)
        terms = [
            (all_.total, *product(all_.pivot, all_.weight)),
            (
                all_.square,
                *product(2.0 * all_.pivot, all_.mixed),
                *product(squared, all_.heavy),
                *product(rest, all_.heavy),
            ),
        ]
        if self.weighted:
            terms += [(all_.weight,), (all_.mixed, *product(all_.pivot, all_.heavy)), (all_.heavy,)]
        for sums, numbers in zip(self._sums, terms, strict=False):
            sums.add(places, np.stack(numbers), self._counts.size)

    def absorb(self, other: "SliceMoments", places: Index) -> None:
        """Add the moments of another, whose slices have these places here."""
        size = int(places.max(initial=-1)) + 1
        self._room(size)
        counts = other._counts[: places.size]
        self._counts[places[: counts.size]] += counts
        for mine, theirs in zip(self._sums, other._sums, strict=True):
            mine.absorb(theirs, places, self._counts.size)
        for place, moments in other._unusual.items():
            mine_too = self._unusual.setdefault(int(places[place]), Moments())
            mine_too += moments
        for waiting, added in other._waiting:
            self._wait(places[waiting], added)

    def moments(self, size: int) -> list[Moments]:
        """The moments of each of `size` slices."""
        self._room(size)
        self._add_up()
        counts = self._counts[:size].tolist()
        first, second, weight, cross, heavy = (sums.wholes(size, SCALE) for sums in self._sums)
        if not self.weighted:
            weight = heavy = [count << SCALE for count in counts]
            cross = first
        found = list(map(Moments, counts, first, weight, second, cross, heavy))
        for place, moments in self._unusual.items():
            found[place] += moments
        return found


def _plain(segments: Segments, losses: Array) -> tuple[_Added, Mask]:
    """What units of weight 1 add, and for which segments it is what `Moments.add` adds."""
    pivot = _middles(segments, losses)
    around = segments.spread(pivot)
    centred = losses - around
    centred[segments.starts] = 0.0
    total = segments.sums(centred)
    square = segments.sums(np.multiply(centred, centred, out=centred))
    nothing = (square == 0.0) & (segments.counts > 1)
    # the square of a small number may vanish too
    alike = _all_equal(segments, losses, around) if nothing.any() else square == 0.0
    fit = np.isfinite(total) & (_safe(square) | alike)
    rows = segments.counts.astype(np.float64)
    pivot, total, square, _ = _of_equal(segments, losses, (pivot, total, square, total), rows)
    return _Added(pivot, total, square, rows, rows, total), fit


def _weighted(segments: Segments, losses: Array, weights: Array) -> tuple[_Added, Mask]:
    """What units with weights add, and for which segments it is what `Moments.add` adds."""
    weight = segments.sums(weights)
    mean = _few_bits(segments.sums(weights * losses) / weight)
    firsts = _firsts(segments, losses)
    pivot = np.where((segments.counts > 1) & (weight > 0.0), mean, firsts)
    centred = weights * (losses - segments.spread(pivot))
    centred[segments.starts] = 0.0
    total = segments.sums(centred)
    heavy = segments.sums(weights * weights)
    mixed = segments.sums(centred * weights)
    square = segments.sums(np.multiply(centred, centred, out=centred))
    nothing = (square == 0.0) | (mixed == 0.0)
    without = _all_equal(segments, centred, np.zeros_like(centred)) if nothing.any() else nothing
    fit = (weight == 0.0) | ((weight > 1e-100) & (weight < 1e100) & _safe(heavy))
    fit &= np.isfinite(total) & (without | (_safe(square) & _safe(np.abs(mixed))))
    small = np.abs(pivot) < 2.0 * TINY
    if small.any():
        # products of such losses with weights may have vanished, which leaves a pivot of 0
        largest = np.maximum.reduceat(np.abs(losses), segments.starts)
        fit &= ~small | (largest == 0.0) | (largest >= TINY)
    pivot, total, square, mixed = _of_equal(segments, losses, (pivot, total, square, mixed), heavy)
    return _Added(pivot, total, square, weight, heavy, mixed), fit


def _safe(sums: Array) -> Mask:
    found: Mask = (sums > SAFE) & (sums < np.inf)
    return found


def _of_equal(
    segments: Segments, losses: Array, sums: tuple[Array, Array, Array, Array], heavy: Array
) -> tuple[Array, Array, Array, Array]:
    """The pivot and the sums around it; where all losses of a segment are equal, they are their own pivot."""
    pivot, total, square, mixed = sums
    # equal losses have no larger squares: twice the bound, as this one is rounded
    near = (square > 0.0) & (square <= pivot * pivot * heavy * 2.0 ** (1 - PIVOT_NOISE))
    if not near.any():
        return sums
    firsts = _firsts(segments, losses)
    equal = near & _all_equal(segments, losses, segments.spread(firsts))
    total, square, mixed = (np.where(equal, 0.0, part) for part in (total, square, mixed))
    return np.where(equal, firsts, pivot), total, square, mixed


def _firsts(segments: Segments, losses: Array) -> Array:
    """The first loss of each segment; anything where it has none."""
    return losses[np.minimum(segments.starts + 1, losses.size - 1)]


def _all_equal(segments: Segments, values: Array, others: Array) -> Mask:
    """In which segments each row has what stands in its place among the others."""
    same = values == others
    same[segments.starts] = True
    found: Mask = np.logical_and.reduceat(same, segments.starts)
    return found


def _middles(segments: Segments, losses: Array) -> Array:
    """The pivot of each segment: about the median, as `Moments.add` takes it."""
    step = np.maximum(-(-segments.counts // SAMPLE), 1)
    drawn = -(-segments.counts // step)
    pivot = _firsts(segments, losses)
    left, most = int(np.count_nonzero(drawn > 1)), int(drawn.max())
    # samples of about one size are sorted side by side
    while left:
        chosen = np.flatnonzero((drawn <= most) & (drawn > max(1, most // 2)))
        most //= 2
        if not chosen.size:
            continue
        left -= chosen.size
        places = np.arange(int(drawn[chosen].max()))
        beyond = places >= drawn[chosen, None]
        at = segments.starts[chosen, None] + 1 + step[chosen, None] * places
        at[beyond] = 0
        sample = losses[at]
        sample[beyond] = np.inf
        sample.sort(axis=1)
        pivot[chosen] = _few_bits(sample[np.arange(chosen.size), drawn[chosen] // 2])
    return pivot


def _few_bits(means: Array) -> Array:
    mantissa, exponent = np.frexp(means)
    short = np.ldexp(np.rint(np.ldexp(mantissa, 36)), exponent - 36)
    return np.where(np.abs(means) < 1e300, short, means)
