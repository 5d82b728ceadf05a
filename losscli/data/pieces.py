"""Into how many pieces an input can be cut by its index alone, and the fragments of some of them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from losscli.data.arrow import ArrowTable
from losscli.data.parquet import ParquetTable
from losscli.data.partitions import bare
from losscli.data.table import Fragment, Need, Table


def pieces_of(table: Table) -> int:
    """The row groups of a Parquet file or the record batches of an Arrow file; anything else is one piece.

    Where the rows of a text file lie is known when all of it is read.
    """
    table = bare(table)
    if isinstance(table, ParquetTable):
        return int(table.metadata.num_row_groups)
    return table.batch_count() if isinstance(table, ArrowTable) else 1


def fragments_of_pieces(table: Table, needs: Sequence[Need], first: int, last: int) -> Iterator[Fragment]:
    """The fragments of the pieces from first to just below last, in order."""
    found = table.fragments(needs)
    file = bare(table)
    cut = isinstance(file, ParquetTable) or (isinstance(file, ArrowTable) and pieces_of(file) > 1)
    return islice(found, first, last) if cut else found
