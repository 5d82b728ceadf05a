"""The distribution of losses in one pass: counts in bins that do not depend on the data, so states add up exactly."""

import math
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.records import dataclass, field

_DIGITS = 8
"""Bits of the mantissa that tell bins apart: 2^8 bins an octave."""
_SHIFT = 52 - _DIGITS
RELATIVE_ERROR = 2.0**-_DIGITS
"""How wide a bin is at most, relative to a value in it; below 2^-1022 bins are 2^-1030 wide instead."""
_SIGN_OFF = 0x7FFF_FFFF_FFFF_FFFF
_FINER = (1 << _SHIFT) - 1
_TAIL = 0.005
"""The share of losses at either end that does not stretch the bars, if it lies far off."""
_FAR_OFF = 2.0
"""How many times as wide as all but the tails the whole must be for the tails to be folded."""
_TIMES_EACH = 3
"""How often each value must occur on average for the values to be told one by one."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram: how many losses lie from `low` up to `high`, which the last bar includes.

    Attributes:
        tail: whether it also holds a tail, so that it reaches further than the other bars are wide.
    """

    low: float
    high: float
    count: int
    tail: bool = False


def _no_counts() -> Index:
    return np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class _Side:
    """The counts of the losses of one sign by bin, from the first bin that has any to the last."""

    first: int = 0
    counts: Index = field(default_factory=_no_counts)

    def add(self, first: int, counts: Index) -> None:
        """Add counts of consecutive bins, the outermost of which are not 0."""
        if not self.counts.size:
            self.first, self.counts = first, counts
            return
        start = min(self.first, first)
        stop = max(self.first + self.counts.size, first + counts.size)
        if stop - start > self.counts.size:
            wider = np.zeros(stop - start, dtype=np.int64)
            wider[self.first - start :][: self.counts.size] = self.counts
            self.first, self.counts = start, wider
        # never in place on an array that another state may hold
        summed = self.counts.copy()
        summed[first - start :][: counts.size] += counts
        self.counts = summed

    def from_bin(self, bin_: int) -> int:
        """How many lie in a bin or in one further from 0."""
        return int(np.add.reduce(self.counts[max(0, bin_ - self.first) :]))


@dataclass(slots=True)
class Histogram:
    """The distribution of losses: exact counts by sign, binary exponent and the first bits of the mantissa.

    Adding is associative and commutative to the last count. The memory depends on how many octaves the losses span,
    2 kB for each, 8 MB at the very most; not on how many losses there are.

    Attributes:
        count: the finite losses.
        zeros: those that are 0.
        excluded: those that are not finite, which are in nothing else.
        low, high: the smallest and the largest; None where there are none.
    """

    count: int = 0
    zeros: int = 0
    excluded: int = 0
    low: float | None = None
    high: float | None = None
    _below: _Side = field(default_factory=_Side)
    _above: _Side = field(default_factory=_Side)
    _finer: int = 0
    """The bits that bins do not tell, of all losses together: 0 where each is the edge of its bin, as 0, 1, 2 are."""

    def add(self, losses: Array) -> None:
        """Add the losses of some units."""
        values = np.ascontiguousarray(losses, dtype=np.float64).reshape(-1)
        finite = np.isfinite(values)
        if not finite.all():
            self.excluded += int(values.size - np.count_nonzero(finite))
            values = values[finite]
        if not values.size:
            return
        self._stretch(float(values.min()), float(values.max()))
        self.count += values.size
        bits = values.view(np.int64) & _SIGN_OFF
        self._finer |= int(np.bitwise_or.reduce(bits)) & _FINER
        if values.min() <= 0.0:
            negative, zero = values < 0.0, values == 0.0
            self.zeros += int(np.count_nonzero(zero))
            # one less, so that a bin of negative numbers holds its lower edge too and not its upper one
            _count(self._below, (bits[negative] - 1) >> _SHIFT)
            bits = bits[~(negative | zero)]
        _count(self._above, bits >> _SHIFT)

    def __iadd__(self, other: "Histogram") -> "Histogram":
        self.count += other.count
        self.zeros += other.zeros
        self.excluded += other.excluded
        self._finer |= other._finer
        if other.low is not None and other.high is not None:
            self._stretch(other.low, other.high)
        for mine, theirs in ((self._below, other._below), (self._above, other._above)):
            if theirs.counts.size:
                mine.add(theirs.first, theirs.counts)
        return self

    def _stretch(self, low: float, high: float) -> None:
        # 0.0 added: the order in which 0.0 and -0.0 come must not show
        self.low = (low if self.low is None else min(self.low, low)) + 0.0
        self.high = (high if self.high is None else max(self.high, high)) + 0.0

    def quantile(self, q: float) -> float | None:
        """The quantile, between neighbours as in NumPy; None where there are no losses.

        It is off by at most RELATIVE_ERROR of the larger of its two neighbours; exact are 0, the smallest and the
        largest loss, and all quantiles where losses are all equal or numbers with few bits, such as 0 to 512.

        Raises:
            ValueError: q is not between 0 and 1.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile is between 0 and 1, not {q}")
        if not self.count:
            return None
        lows, highs, counts = self._occupied()
        ends = np.cumsum(counts)
        place = (self.count - 1) * q
        before = min(math.floor(place), self.count - 1)
        share = place - before
        values = [_at(rank, lows, highs, counts, ends) for rank in (before, min(before + 1, self.count - 1))]
        return float((1.0 - share) * values[0] + share * values[1]) if share else float(values[0])

    def below(self, edge: float) -> int:
        """How many losses are less than the edge of a bin: 0, or a number with 9 significant bits."""
        if edge == 0.0:
            return self._below.from_bin(0)
        bin_ = (int(np.float64(edge).view(np.int64)) & _SIGN_OFF) >> _SHIFT
        return self._below.from_bin(bin_) if edge < 0.0 else self.count - self._above.from_bin(bin_)

    def bars(self, bins: int) -> list[Bar]:
        """At most so many bars that hold all losses, with exact counts.

        Bars are of equal width and have edges that are edges of bins. Where a few losses lie far off, the first or the
        last bar holds those beyond it. A few values that occur again and again have a bar each.

        Raises:
            ValueError: bins is less than 4.
        """
        if bins < 4:
            raise ValueError(f"a histogram has room for 4 bars, not {bins}")
        if self.low is None or self.high is None:
            return []
        lows, highs, counts = self._occupied()
        if self.low == self.high:
            return [Bar(self.low, self.high, self.count)]
        if counts.size <= bins and self.count >= _TIMES_EACH * counts.size:
            return [Bar(*bar) for bar in zip(lows.tolist(), highs.tolist(), counts.tolist(), strict=True)]
        return self._equal_bars(bins, *self._bounds())

    def _bounds(self) -> tuple[float, float]:
        """From where to where the bars go: over all, or over all but tails that lie far off."""
        low, high = float(self.low or 0.0), float(self.high or 0.0)
        inner_low, inner_high = self.quantile(_TAIL) or 0.0, self.quantile(1.0 - _TAIL) or 0.0
        width = inner_high - inner_low
        if not 0.0 < width < math.inf or high - low <= _FAR_OFF * width:
            return low, high
        # a tail is folded only at the end where it is long
        reach = (_FAR_OFF - 1.0) / 2.0 * width
        return (inner_low if inner_low - low > reach else low, inner_high if high - inner_high > reach else high)

    def _equal_bars(self, bins: int, low: float, high: float) -> list[Bar]:
        first, last, step = _steps(low, high, bins)
        edges = [place * step for place in range(first, last + 1)]
        numbers = [0, *(self.below(edge) for edge in edges[1:-1]), self.count]
        bars = [
            Bar(start, stop, after - before)
            for start, stop, before, after in zip(edges, edges[1:], numbers, numbers[1:], strict=False)
        ]
        least, most = float(self.low or 0.0), float(self.high or 0.0)
        if least < bars[0].low:
            bars[0] = Bar(least, bars[0].high, bars[0].count, tail=True)
        if most > bars[-1].high:
            bars[-1] = Bar(bars[-1].low, most, bars[-1].count, tail=True)
        return bars

    def _occupied(self) -> tuple[Array, Array, Index]:
        """The bins that have losses, in rising order: their edges, within the smallest and the largest, and counts."""
        below, above = np.flatnonzero(self._below.counts)[::-1], np.flatnonzero(self._above.counts)
        down, up = below + self._below.first, above + self._above.first
        zero = np.zeros(1 if self.zeros else 0)
        lows = np.concatenate([-_edges(down + 1), zero, _edges(up)])
        highs = np.concatenate([-_edges(down), zero, _edges(up + 1)]) if self._finer else lows
        zeros = np.full(zero.size, self.zeros, dtype=np.int64)
        counts = np.concatenate([self._below.counts[below], zeros, self._above.counts[above]])
        return np.clip(lows, self.low, self.high) + 0.0, np.clip(highs, self.low, self.high) + 0.0, counts


def _count(side: _Side, bins: Any) -> None:
    if bins.size:
        first = int(bins.min())
        side.add(first, np.bincount(bins - first).astype(np.int64, copy=False))


def _edges(bins: Index) -> Array:
    """Where bins begin, as distances from 0."""
    return (bins.astype(np.int64) << _SHIFT).view(np.float64)


def _at(rank: int, lows: Array, highs: Array, counts: Index, ends: Index) -> float:
    """The loss of a rank from 0, as if those of a bin were spread over it evenly."""
    place = int(np.searchsorted(ends, rank, side="right"))
    inside = rank - int(ends[place]) + int(counts[place])
    last = int(counts[place]) - 1
    if rank == 0 or (place == ends.size - 1 and inside == last):
        return float(lows[place] if rank == 0 else highs[place])
    share = (inside + 0.5) / (last + 1)
    return float(lows[place] * (1.0 - share) + highs[place] * share)


def _steps(low: float, high: float, bins: int) -> tuple[int, int, float]:
    """The edges of at most so many bars from low to high: from which to which multiple of what.

    The multiples are edges of bins: the step has few bits, and none below the bins of the largest of them.
    """
    octave = math.frexp(max(abs(low), abs(high)))[1] - 1
    finest = max(octave - _DIGITS, -1074 + _SHIFT)
    wanted = high / bins - low / bins
    unit = math.ldexp(1.0, max(finest, math.frexp(wanted)[1] - 3 if wanted else finest))
    count = max(1, math.ceil(wanted / unit))
    while True:
        step = count * unit
        first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
        if last - first <= bins and math.isfinite(max(abs(first), abs(last)) * step):
            return first, last, step
        if last - first <= bins:
            # the outermost edge would be beyond the largest number
            return (first + (not math.isfinite(first * step)), last - (not math.isfinite(last * step)), step)
        count += 1
