"""Poisson numbers of mean 1, four million at a time: how often each unit is drawn.

Given that it is at most 3, such a number is 0, 1, 2 or 3 in 6, 6, 3 and 1 of 16 cases, so four random bits decide it,
and four random words decide 64 of them at once. The 1.9% that are larger are strewn over these: a Poisson number tells
how many places of a chunk are hit, where is even, and a place that is hit has a number of 4 or more.

The bits are those of a generator that can be set to any place of its stream (PCG64DXSM), so a chunk is the same
whichever chunks are made before it.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from losscli.arrays import np
from losscli.records import dataclass

CHUNK = 1 << 22
"""Numbers that are made at a time, one byte each: of fewer the calls are so short that threads wait for one another."""
_MOST_LANES = 1024
_WORDS = CHUNK // 64
_STRIDE = 1 << 19
"""Random words from the start of a chunk to that of the next; each needs at most 350,000."""
_TILE = 1 << 100
_RATE = 0.019170746988273767
"""1 - log(8/3): hits at this rate leave a place alone with the probability that a Poisson number is at most 3."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Some of the draws, side by side: a chunk has a row of numbers for each unit, one number for each draw.

    Attributes:
        place: which tile of all.
        first, used: the draws.
        lanes: how many numbers a row has; those beyond `used` stand for nothing.
    """

    place: int
    first: int
    used: int
    lanes: int

    @property
    def rows(self) -> int:
        """The units of a chunk."""
        return CHUNK // self.lanes


def tiles(draws: int) -> Iterator[Tile]:
    """The tiles of so many draws."""
    for place, first in enumerate(range(0, draws, _MOST_LANES)):
        used = min(_MOST_LANES, draws - first)
        yield Tile(place, first, used, max(64, 1 << (used - 1).bit_length()))


class Drawing:
    """Makes the numbers of a tile, chunk by chunk, in the caller's order."""

    def __init__(self, seed: int, tile: Tile) -> None:
        self._seed, self._tile = seed, tile
        self._source = np.random.PCG64DXSM(seed)
        self._at = 0
        self._counts = np.empty(CHUNK, dtype=np.uint8)
        self._spare = np.empty((3, _WORDS), dtype=np.uint64)

    def chunk(self, number: int) -> Any:
        """How often each unit of a chunk is drawn: bytes of shape (rows, lanes), good until the next call."""
        return self._made(number) if number else _first_chunk(self._seed, self._tile)

    def _made(self, number: int) -> Any:
        start = self._tile.place * _TILE + number * _STRIDE
        self._source.advance((start - self._at) % (1 << 128))
        _few(self._source.random_raw(4 * _WORDS).reshape(4, _WORDS), self._spare, self._counts)
        count = _hits(int(self._source.random_raw()))
        _strew(self._source.random_raw(count), self._counts)
        self._at = start + 4 * _WORDS + 1 + count
        return self._counts.reshape(self._tile.rows, self._tile.lanes)


@lru_cache(maxsize=2)
def _first_chunk(seed: int, tile: Tile) -> Any:
    """The chunk that every slice of few clusters, sets or batches is drawn with."""
    return Drawing(seed, tile)._made(0)


def _few(bits: Any, spare: Any, counts: Any) -> None:
    """Numbers from 0 to 3, two bits each: of 16 cases the last 10 are at least 1, the last 4 at least 2, one is 3.

    In place throughout: fresh pages cost more than what is written to them.
    """
    eight, _, two, one = bits
    twos, ones, crossed = spare
    np.bitwise_and(bits[:2], bits[1:3], out=spare[:2])
    ones |= eight
    ones ^= twos
    two &= one
    two &= twos
    ones |= two
    # the odd bits of one for the even bits of the other: then the two bits of a number stand side by side
    even, low = (np.uint64(int(pattern * 8, 16)) for pattern in ("55", "03"))
    np.right_shift(ones, 1, out=crossed)
    crossed ^= twos
    crossed &= even
    twos ^= crossed
    crossed <<= 1
    ones ^= crossed
    # four numbers to a byte, of which each is moved to a byte of its own
    places = counts.view(np.uint64).reshape(4, 2, _WORDS)
    np.right_shift(spare[:2], np.arange(0, 8, 2, dtype=np.uint64)[:, None, None], out=places)
    places &= low


def _strew(hits: Any, counts: Any) -> None:
    """Numbers of 4 and more: the low bits of each word tell where, the high ones how many."""
    numbers = _large_numbers().take((hits >> 48).view(np.int64))
    counts[(hits & np.uint64(CHUNK - 1)).view(np.int64)] = numbers


@cache
def _large_numbers() -> Any:
    """A number for each of 2^16 cases: probabilities right to 3 in 10^7, and so are mean and variance of all."""
    return np.repeat(np.arange(4, 11, dtype=np.uint8), [52_905, 10_580, 1_764, 252, 31, 3, 1])


def _hits(word: int) -> int:
    """A Poisson number of mean CHUNK times the rate, from 64 random bits."""
    least, bounds = _hit_bounds()
    return least + bisect_right(bounds, word)


@cache
def _hit_bounds() -> tuple[int, list[int]]:
    """The least number of hits, and of each the share of 2^64 that stands for it or fewer.

    Products, quotients and sums are the same on any machine; exponentials need not be.
    """
    mean = CHUNK * _RATE
    middle = int(mean)
    below, above = [1.0], [1.0]
    while below[-1] > 1e-30:
        below.append(below[-1] * (middle - len(below) + 1) / mean)
    while above[-1] > 1e-30:
        above.append(above[-1] * mean / (middle + len(above)))
    weights = [*reversed(below), *above[1:]]
    total = math.fsum(weights)
    sums = itertools.accumulate(weights[:-1])
    return middle - len(below) + 1, [min(int(part / total * 2.0**64), (1 << 64) - 1) for part in sums]
