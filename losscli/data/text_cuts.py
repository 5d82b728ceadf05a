"""Where a text file may be cut: at line ends outside quoted cells."""

import re
from collections.abc import Iterator
from typing import Protocol

from losscli.data.table import CellError
from losscli.records import dataclass, field

_LONGEST_CELL = 64 << 20
"""A quoted cell of more bytes is taken for a quote that somebody forgot to close."""


class Returnable(Protocol):
    """A stream of bytes to which one can give back what one has not used."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; fewer at the end."""

    def give_back(self, rest: bytes) -> None:
        """Have the next read begin with these bytes, which are the last that were read."""

    def tell(self) -> int:
        """How many bytes of a file were read from it."""

    def close(self) -> None:
        """Let go of what is behind it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines: so many bytes at the beginning of others, which are not cut off because that copies them."""

    content: bytes = field(repr=False)
    size: int


def pieces(head: bytes, stream: Returnable, delimiter: str, size: int) -> Iterator[Lines]:
    """Cut at line ends outside quoted cells; every piece but the last ends with one, and has about `size` bytes.

    Raises:
        CellError: a quoted cell is never closed.
    """
    cells = _QuotedCells(delimiter)
    pending = head
    while True:
        more = stream.read(size)
        if not more:
            break
        pending = pending + more if pending else more
        cut = cells.last_line_end(pending)
        if cut:
            stream.give_back(pending[cut:])
            piece, pending = Lines(pending, cut), b""
            yield piece
        elif len(pending) > _LONGEST_CELL:
            raise _never_closed(pending, cells.first_open(pending))
    opened = cells.first_open(pending)
    if opened is not None:
        raise _never_closed(pending, opened)
    if pending.strip(b"\r\n"):
        yield Lines(pending, len(pending))


def _never_closed(content: bytes, opened: int | None) -> CellError:
    place = opened or 0
    row = content.count(b"\n", 0, place + 1) + 1
    cell = decoded(content[place : place + 40]).lstrip(",;\t|\r\n").split("\n")[0]
    return CellError(
        row, f"a quote is opened and never closed: {cell!r}", "close it, or double it inside a quoted cell"
    )


class _QuotedCells:
    """Finds line ends outside quoted cells. A quote opens a cell only where the cell begins with it."""

    def __init__(self, delimiter: str) -> None:
        mark = delimiter.encode()
        self._opening = (mark + b'"', b'\n"')
        self._closing = (b'"' + mark, b'"\n', b'"\r')
        self._cell = re.compile(rb'(?:\A|[%s\r\n])"(?:[^"]++|"")*+("?)' % re.escape(mark))

    def last_line_end(self, content: bytes) -> int:
        """The place after the last line end outside quoted cells, 0 where there is none; content begins with a line."""
        end = content.rfind(b"\n") + 1
        if content.find(b'"', 0, end) < 0 or self._is_regular(content, end):
            return end
        for cell in self._cell.finditer(content):
            if cell.start() >= end:
                break
            if not cell[1] or cell.end() > end:
                return content.rfind(b"\n", 0, cell.start() + 1) + 1
        return end

    def first_open(self, content: bytes) -> int | None:
        """Where the cell begins that is still open at the end; None where none is."""
        if self._is_regular(content + b"\n", len(content) + 1):
            return None
        return next((cell.start() for cell in self._cell.finditer(content) if not cell[1]), None)

    def _is_regular(self, content: bytes, end: int) -> bool:
        """Whether all quotes up to end open or close a cell, as many one as the other: quick, and mostly so."""
        opened = sum(content.count(mark, 0, end) for mark in self._opening) + content.startswith(b'"')
        closed = sum(content.count(mark, 0, end) for mark in self._closing)
        return opened == closed and opened + closed == content.count(b'"', 0, end)


def decoded(line: bytes) -> str:
    """The text of a line: UTF-8, or Latin-1 where it is not."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
