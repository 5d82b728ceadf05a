"""Parts for workers in other processes or on other machines: they travel as a path and what to read there.

A file of a text format is cut here, because only reading tells where rows end; workers then read the same bytes
again. What cannot be found by a path, such as standard input, travels with its content.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

from losscli.data.own_file import bytes_of, source_of
from losscli.data.pieces import fragments_of_pieces, piece_at, rows_of_pieces, text_ranges
from losscli.data.sources import Source
from losscli.data.table import Fragment, Need, Table
from losscli.errors import DataError, UsageError
from losscli.parts import SMALL_FILE, Needs, OfTable, Opener, Part, Stretch, WholeFile
from losscli.records import dataclass

_PARTS_A_SLOT = 8
"""So many parts for each that works at a time: enough that none is idle for long while the last are at work."""
_LARGE_FILE = 1 << 30
"""Bytes beyond which a file is cut whatever there is beside it: what is lost when a worker fails."""
_FEWEST_ROWS, _MOST_ROWS = 1 << 16, 1 << 23
_MOST_FILES = 256


@dataclass(frozen=True, slots=True)
class FarFile:
    """A file as a worker sees it.

    Attributes:
        size: its bytes where the command was given: another size there is another file.
    """

    source: Source
    size: int

    @property
    def path(self) -> str:
        return self.source.place or self.source.name

    def seen(self) -> None:
        """See that it is there.

        Raises:
            DataError: it is not, or it is another.
        """
        size = bytes_of(self.source)
        if size is None:
            raise DataError(
                f"{self.source.label}: a worker does not see this file at {self.path}",
                "put it where all workers see it under the same path, or compute here: --engine local",
            )
        if size != self.size:
            raise DataError(
                f"{self.source.label}: a worker sees another file at {self.path}: {size} bytes, not {self.size}",
                "give all workers the same files",
            )

    def open(self) -> Table:
        """The table behind the name."""
        self.seen()
        return self.source.open()


@dataclass(frozen=True, slots=True)
class Between:
    """Some row groups of a Parquet file, record batches of an Arrow file, or runs of rows of a NumPy array.

    Attributes:
        first, last: from which to just below which.
    """

    file: int
    label: str
    there: FarFile
    first: int
    last: int

    @contextmanager
    def read(self, needs: Needs) -> Iterator[Stretch]:
        """The rows; the index of the file is read once for many parts."""
        self.there.seen()
        table = _indexed(self.there.source, os.stat(self.there.path).st_mtime_ns)  # noqa: PTH116 - as in bytes_of
        wanted = needs(table)
        yield Stretch(self.file, wanted, fragments_of_pieces(table, wanted, self.first, self.last))


@lru_cache(maxsize=16)
def _indexed(source: Source, changed: int) -> Table:  # noqa: ARG001 - a file that has changed is opened again
    # tables of these formats hold no file open
    return source.open()


@dataclass(frozen=True, slots=True)
class TextRange:
    """A piece of a text file, to be read where it lies.

    Attributes:
        piece: the fragment without its bytes.
    """

    file: int
    label: str
    there: FarFile
    needs: Sequence[Need]
    piece: Fragment
    offset: int
    length: int

    @contextmanager
    def read(self, needs: Needs) -> Iterator[Stretch]:  # noqa: ARG002 - they are known
        """The rows of the piece."""
        self.there.seen()
        yield Stretch(self.file, self.needs, [piece_at(self.piece, self.there.path, self.offset, self.length)])


class FarCutting:
    """Parts of a size that keeps all workers busy.

    Args:
        openers: of all files.
        slots: how many parts are worked on at a time.

    Raises:
        UsageError: an input brings several files together, or is held here.
    """

    def __init__(self, openers: Sequence[Opener], slots: int) -> None:
        # by all that they are: a file that is named twice has keys only where a folder or pattern stands for it
        self._there = {source: _far(source) for source in map(_own, openers)}
        sizes = [0 if there is None else there.size for there in self._there.values()]
        self._slots = slots
        self._bytes = min(_LARGE_FILE, max(SMALL_FILE, sum(sizes) // (_PARTS_A_SLOT * slots)))
        self._files = min(_MOST_FILES, max(1, len(sizes) // (_PARTS_A_SLOT * slots)))

    def unopened(self, file: int, opener: Opener, *, is_open: bool) -> Part | None:  # noqa: ARG002 - opened again there
        """A file that is no larger than a part; its rows are added up where it is read."""
        there = self._there[_own(opener)]
        return None if there is None or there.size > self._bytes else WholeFile(file, there.source.label, there.open)

    def opened(self, file: int, opener: Opener, table: Table, needs: Sequence[Need]) -> Iterator[Part]:
        """Runs of what the index of the table has, or pieces of text."""
        source = _own(opener)
        there, content = self._there[source], getattr(table, "content", None)
        whole = replace(source, content=content).open if content is not None or there is None else there.open
        sizes = rows_of_pieces(table)
        if sizes is None:
            # no index, and no pieces: one worker reads it as it comes
            yield WholeFile(file, table.label, whole)
        elif content is not None or there is None or not sizes:
            yield from self._pieces(file, there, table, needs)
        else:
            for first, last in self._runs(sizes):
                yield Between(file, table.label, there, first, last)

    def _pieces(self, file: int, there: FarFile | None, table: Table, needs: Sequence[Need]) -> Iterator[Part]:
        if there is not None and (ranges := text_ranges(table, needs)) is not None:
            for piece, offset, length in ranges:
                yield TextRange(file, table.label, there, needs, piece, offset, length)
        else:
            for fragment in table.fragments(needs):
                yield OfTable(file, table.label, needs, [fragment])

    def _runs(self, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
        most = min(_MOST_ROWS, max(_FEWEST_ROWS, sum(sizes) // (_PARTS_A_SLOT * self._slots)))
        first, rows = 0, 0
        for last, size in enumerate(sizes, start=1):
            rows += size
            if rows >= most or last == len(sizes):
                yield first, last
                first, rows = last, 0

    def together(self, parts: Iterable[Part]) -> Iterator[Sequence[Part]]:
        """Small files together, all else by itself."""
        bundle: list[Part] = []
        total = 0
        for part in parts:
            size = _bytes_of_whole(part)
            if bundle and (size is None or total + size > self._bytes or len(bundle) == self._files):
                yield bundle
                bundle, total = [], 0
            if size is None:
                yield (part,)
            else:
                bundle.append(part)
                total += size
        if bundle:
            yield bundle


def _bytes_of_whole(part: Part) -> int | None:
    owner = getattr(part.opener, "__self__", None) if isinstance(part, WholeFile) else None
    return owner.size if isinstance(owner, FarFile) else None


def _own(opener: Any) -> Source:
    source = source_of(opener)
    if source is None:
        raise UsageError("--engine reads files that have everything in them", hint="--engine local")
    return source


def _far(source: Source) -> FarFile | None:
    """The file by its full path; None where it is a stream or held."""
    size = bytes_of(source)
    return None if size is None else FarFile(replace(source, place=os.path.abspath(source.name)), size)  # noqa: PTH100
