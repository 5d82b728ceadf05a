"""-log softmax of a row's own similarity among those to all others of a batch, which exist one tile at a time.

It is log(1 + sum of exp(s - s_own)) over the others: the row's own is left out of the sum, not subtracted from it.
Stripes of rows are parts that run at the same time; their sums are added in the order of the rows.
"""

from collections.abc import Iterator
from functools import partial

from losscli.arrays import Array, Index, np
from losscli.numerics import norm
from losscli.records import dataclass
from losscli.workers import in_parts

_ROWS, _COLUMNS = 256, 1024
"""The tile of similarities that is held at a time, 2 MB, which stays in the caches: the whole matrix never is."""
_REACH = 300.0
"""No exponential of a similarity within this overflows or vanishes, and neither does the quotient of two."""
_LOG2_E = 1.4426950408889634


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows against others.

    Attributes:
        rows, others: shape (n, k) and (m, k).
        own: for each row, which of the others is its own.
        temperature: divides the similarities.
        mirrored: whether the others are the rows, so that a row itself is left out, each similarity is computed once,
            and a row is the own of its own.
    """

    rows: Array
    others: Array
    own: Index
    temperature: float
    mirrored: bool = False

    def near(self) -> bool:
        """Whether all similarities lie within the reach, by the lengths of the vectors."""
        longest = [float(np.max(norm(vectors), initial=0.0)) for vectors in (self.rows, self.others)]
        return longest[0] * longest[1] <= _REACH * self.temperature

    def stripes(self) -> range:
        """The first row of each stripe."""
        return range(0, len(self.rows), _ROWS)


def among_others(rows: Array, others: Array, temperature: float) -> Array:
    """The loss of each row, whose own is the other of the same place."""
    pairs = _Pairs(*_laid_out(rows, others), np.arange(len(rows)), temperature)
    return _from_sums(pairs, _summed(pairs)[0]) if pairs.near() else _step_by_step(pairs)


def both_ways(left: Array, right: Array, temperature: float) -> tuple[Array, Array]:
    """The losses of the left rows among the right ones, and of the right ones among the left."""
    pairs = _Pairs(*_laid_out(left, right), np.arange(len(left)), temperature)
    if not pairs.near():
        return among_others(left, right, temperature), among_others(right, left, temperature)
    forward, backward = _summed(pairs)
    return _from_sums(pairs, forward), _from_sums(pairs, backward)


def among_themselves(views: Array, own: Index, temperature: float) -> Array:
    """The loss of each view among all others but itself; own of own is the view."""
    pairs = _Pairs(*_laid_out(views, views), own, temperature, mirrored=True)
    if not pairs.near():
        return _step_by_step(pairs)
    forward, backward = _summed(pairs)
    return _from_sums(pairs, forward + backward)


def _laid_out(rows: Array, others: Array) -> tuple[Array, Array]:
    # products of arrays of another layout have other last digits
    return np.ascontiguousarray(rows), np.ascontiguousarray(others)


def _from_sums(pairs: _Pairs, sums: Array) -> Array:
    known = np.einsum("ij,ij->i", pairs.rows * (_LOG2_E / pairs.temperature), pairs.others[pairs.own])
    return np.asarray(np.log1p(sums * np.exp2(-known)))


def _summed(pairs: _Pairs) -> tuple[Array, Array]:
    """For each row the sum of the exponentials over the others, and for each of the others that over the rows.

    Where the two are the same, a similarity is in one of the two sums of each of its rows.
    """
    forward, backward = np.zeros(len(pairs.rows)), np.zeros(len(pairs.others))
    columns = np.ascontiguousarray(pairs.others.T)
    for first, (along, down) in zip(
        pairs.stripes(), in_parts(partial(_stripe, pairs, columns), pairs.stripes()), strict=True
    ):
        forward[first : first + along.size] = along
        backward[len(backward) - down.size :] += down
    return forward, backward


def _stripe(pairs: _Pairs, columns: Array, first: int) -> tuple[Array, Array]:
    """The sums of a stripe along its rows, and down its columns from the first that counts."""
    # powers of two: NumPy has them in half the time of those of e
    scaled = pairs.rows[first : first + _ROWS] * (_LOG2_E / pairs.temperature)
    along = np.zeros(len(scaled))
    origin = first + len(scaled) if pairs.mirrored else 0
    down = np.zeros(columns.shape[1] - origin)
    for start, stop in _bounds(first if pairs.mirrored else 0, origin, columns.shape[1]):
        tile = scaled @ columns[:, start:stop]
        np.exp2(tile, out=tile)
        _fill_own(pairs, tile, first, start, 0.0)
        along += np.add.reduce(tile, axis=1)
        if start >= origin:
            down[start - origin : stop - origin] += np.add.reduce(tile, axis=0)
    return along, down


def _bounds(least: int, origin: int, most: int) -> Iterator[tuple[int, int]]:
    """Where tiles begin and end: a square on the diagonal first, where there is one, and then from the origin on."""
    if least < origin:
        yield least, origin
    for start in range(origin, most, _COLUMNS):
        yield start, min(start + _COLUMNS, most)


def _fill_own(pairs: _Pairs, tile: Array, first: int, start: int, value: float) -> None:
    """Have a value where a row of the tile meets its own, or itself."""
    here = np.arange(len(tile))
    own = pairs.own[first : first + len(tile)]
    for places in (own, here + first) if pairs.mirrored else (own,):
        inside = (places >= start) & (places < start + tile.shape[1])
        tile[here[inside], places[inside] - start] = value


def _step_by_step(pairs: _Pairs) -> Array:
    """The losses where exponentials could overflow: relative to the largest similarity of a row so far."""
    columns = np.ascontiguousarray(pairs.others.T)
    return np.concatenate(list(in_parts(partial(_far_stripe, pairs, columns), pairs.stripes())))


def _far_stripe(pairs: _Pairs, columns: Array, first: int) -> Array:
    scaled = pairs.rows[first : first + _ROWS] / pairs.temperature
    known = np.einsum("ij,ij->i", scaled, pairs.others[pairs.own[first : first + len(scaled)]])
    summed, most = np.zeros(len(scaled)), known
    for start in range(0, columns.shape[1], _COLUMNS):
        tile = scaled @ columns[:, start : start + _COLUMNS]
        _fill_own(pairs, tile, first, start, -np.inf)
        peak = np.maximum(most, tile.max(axis=1))
        tile -= peak[:, None]
        summed = summed * np.exp(most - peak) + np.exp(tile, out=tile).sum(axis=1)
        most = peak
    return np.asarray((most - known) + np.log1p(np.expm1(known - most) + summed))
