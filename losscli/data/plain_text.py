"""Numbers of a piece of text without quotes, found by whole arrays: half the time of a parser that knows any cell.

The ends of all cells are found at once. The wanted cells and what lies between them are then the texts of one Arrow
array, without a copy; what lies between is null, so that only the wanted ones are parsed, by the code that parses those
of any CSV. Where anything is not as plain as that, the answer is None and the piece is for the parser.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from losscli.arrays import Array, Mask, np

_LINE_END = ord("\n")
_AT_A_TIME = 1 << 20
"""Bytes of lines: few enough that the places of their cells stay near the caches, and take little memory."""
_WORTH_IT = 1 << 19
"""Bytes of a piece: in a smaller one there is less to win than importing Arrow's cast takes."""
_FAILURES = 3


class PlainText:
    """Reads the numbers of some columns, as long as pieces are plain.

    Args:
        delimiter: what separates cells.
        columns: how many cells a line has.
        places: the wanted columns.
    """

    def __init__(self, delimiter: str, columns: int, places: Sequence[int]) -> None:
        self._delimiter = ord(delimiter)
        self._columns = columns
        self._asked = list(places)
        self._places = sorted(set(places))
        # counted by several threads at once: one more or less does no harm
        self._failures = 0

    def numbers(self, content: bytes, size: int) -> list[Array] | None:
        """The wanted numbers of the first bytes of a text, NaN for empty cells; None where it is not plain."""
        if self._failures >= _FAILURES or size < _WORTH_IT:
            return None
        found = self._numbers(content, size) if _has_plain_lines(content, size) else None
        self._failures += found is None
        return None if found is None else [found[self._places.index(place)] for place in self._asked]

    def _numbers(self, content: bytes, size: int) -> list[Array] | None:
        parts: list[list[Array]] = []
        for first, last in _runs_of_lines(content, size):
            part = self._of_lines(memoryview(content)[first:last])
            if part is None:
                return None
            parts.append(part)
        return [np.concatenate(columns) for columns in zip(*parts, strict=True)]

    def _of_lines(self, lines: memoryview) -> list[Array] | None:
        ends = _cell_ends(lines, self._delimiter, self._columns)
        if ends is None:
            return None
        # for each line the start and the end of each wanted cell; the last offset ends what follows the last of them
        bounds = np.empty(2 * len(self._places) * len(ends) + 1, dtype=np.int32)
        pairs = bounds[:-1].reshape(len(ends), len(self._places), 2)
        for i, place in enumerate(self._places):
            if place:
                pairs[:, i, 0] = ends[:, place - 1]
            else:
                pairs[0, i, 0] = -1
                pairs[1:, i, 0] = ends[:-1, -1]
            pairs[:, i, 1] = ends[:, place]
        pairs[:, :, 0] += 1
        bounds[-1] = bounds[-2]
        empty = pairs[:, :, 0] == pairs[:, :, 1]
        values = _parsed(lines, bounds, empty)
        if values is None:
            return None
        numbers = values.reshape(len(ends), len(self._places), 2)
        return [numbers[:, i, 0] for i in range(len(self._places))]


def _has_plain_lines(content: bytes, size: int) -> bool:
    """Whether lines end with a line feed, all of them, and no cell is quoted."""
    ended = content[size - 1 : size] == b"\n"
    return ended and content.find(b'"', 0, size) < 0 and content.find(b"\r", 0, size) < 0


def _runs_of_lines(content: bytes, size: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < size:
        last = content.rfind(b"\n", first, min(first + _AT_A_TIME, size)) + 1 or content.find(b"\n", first, size) + 1
        yield first, last
        first = last


def _cell_ends(lines: memoryview, mark: int, columns: int) -> Any:
    """Where the cells end, of shape (lines, columns); None where the lines have not all as many cells."""
    raw = np.frombuffer(lines, dtype=np.uint8)
    line_ends = raw == _LINE_END
    count = int(np.count_nonzero(line_ends))
    marks = raw == mark
    marks |= line_ends
    ends: Any = np.flatnonzero(marks)
    if ends.size != count * columns:
        return None
    ends = ends.reshape(count, columns)
    # there are as many line ends as lines: where each line ends with one, none stands within a line
    return ends if line_ends[ends[:, -1]].all() else None


def _parsed(lines: memoryview, bounds: Any, empty: Mask) -> Array | None:
    """Every other text as a number, NaN where it is empty; None where one is no number."""
    # all that a cast needs: the public module sets up every other function too, which takes six times as long
    from pyarrow._compute import CastOptions, call_function

    count = len(bounds) - 1
    gaps = bool(empty.any())
    if gaps:
        wanted = np.zeros(count, dtype=bool)
        wanted[::2] = ~empty.reshape(-1)
        bits: Any = np.packbits(wanted, bitorder="little")
    else:
        bits = np.full(count // 8 + 1, 0b01010101, dtype=np.uint8)
    texts = pa.Array.from_buffers(pa.string(), count, [pa.py_buffer(bits), pa.py_buffer(bounds), pa.py_buffer(lines)])
    try:
        numbers = call_function("cast", [texts], CastOptions.safe(pa.float64()))
    except pa.ArrowInvalid:
        return None
    values = np.frombuffer(numbers.buffers()[1], dtype=np.float64, count=count)
    return np.where(np.repeat(empty.reshape(-1), 2), np.nan, values) if gaps else values
