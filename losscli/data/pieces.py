"""Into how many pieces an input can be cut by its index alone, and the fragments of some of them."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from losscli.data.arrays import NumpyTable
from losscli.data.arrow import ArrowTable
from losscli.data.json_lines import JsonTable
from losscli.data.parquet import ParquetTable
from losscli.data.partitions import PartitionedTable, bare
from losscli.data.streams import Peekable
from losscli.data.table import Fragment, Need, Table
from losscli.data.text import TextTable
from losscli.errors import DataError


def pieces_of(table: Table) -> int:
    """The row groups of a Parquet file or the record batches of an Arrow file; anything else is one piece.

    Where the rows of a text file lie is known when all of it is read.
    """
    table = bare(table)
    if isinstance(table, ParquetTable):
        return int(table.metadata.num_row_groups)
    return table.batch_count() if isinstance(table, ArrowTable) else 1


def rows_of_pieces(table: Table) -> list[int] | None:
    """The rows of each piece that the index of a table has; empty for text, None where there is neither."""
    table = bare(table)
    if isinstance(table, ParquetTable):
        return [table.metadata.row_group(index).num_rows for index in range(table.metadata.num_row_groups)]
    if isinstance(table, ArrowTable):
        return table.batch_sizes()
    return table.run_sizes() if isinstance(table, NumpyTable) else []


def fragments_of_pieces(table: Table, needs: Sequence[Need], first: int, last: int) -> Iterator[Fragment]:
    """The fragments of the pieces from first to just below last, in order."""
    if isinstance(table, PartitionedTable):
        return table.fragments(needs, partial(fragments_of_pieces, first=first, last=last))
    if isinstance(table, ParquetTable):
        return table.groups(needs, first, last)
    if isinstance(table, ArrowTable) and pieces_of(table) > 1:
        return table.between(needs, first, last)
    found = table.fragments(needs)
    return islice(found, first, last) if isinstance(table, NumpyTable) else found


def text_ranges(table: Table, needs: Sequence[Need]) -> Iterator[tuple[Fragment, int, int]] | None:
    """The fragments of a plain text file without their bytes, and where those lie: offset and length.

    None for what is decompressed on the way, and for an array of JSON, whose fragments are no runs of bytes.
    """
    stream: Any = getattr(table, "stream", None)
    if not isinstance(table, (TextTable, JsonTable)) or type(stream) is not Peekable:
        return None
    begin = table.first_byte()
    return None if begin is None else _ranges(table, needs, begin)


def _ranges(table: Table, needs: Sequence[Need], begin: int) -> Iterator[tuple[Fragment, int, int]]:
    for fragment in table.fragments(needs):
        piece: Any = fragment
        yield piece.holding(b""), begin, piece.size
        begin += piece.size


def piece_at(piece: Any, path: str, offset: int, length: int) -> Fragment:
    """A fragment of `text_ranges` with its bytes.

    Raises:
        DataError: the file has changed.
    """
    with Path(path).open("rb") as stream:
        stream.seek(offset)
        content = stream.read(length)
    if len(content) != length:
        raise DataError(f"{path} has become shorter while it was read", "leave it alone, and run again")
    found: Fragment = piece.holding(content)
    return found
