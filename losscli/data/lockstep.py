"""Tables read side by side, row by row: the rows are paired by their position."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import pyarrow as pa

from losscli.data.held import Run, in_order, need_of
from losscli.data.joined import JoinedTable
from losscli.data.read_ahead import ahead
from losscli.data.side_by_side import RowsInMemory, Split, chosen_columns
from losscli.data.table import Need, Table
from losscli.errors import DataError


def lockstep(tables: Sequence[Table], split: Split) -> Iterator[RowsInMemory]:
    """The rows of all tables, whatever the runs are in which each is read; two runs of each are in memory.

    Raises:
        DataError: they have different numbers of rows, which may be known only after the last common row.
    """
    known = [_rows_of(table) for table in tables]
    if len({count for count in known if count is not None}) > 1 and None not in known:
        raise different_lengths([table.label for table in tables], [count or 0 for count in known])
    # a table of which nothing is needed is read for the number of its rows
    needs = [own or [_any(table)] for table, own in zip(tables, split.needs, strict=True)]
    with ExitStack() as stack:
        readers = [
            stack.enter_context(closing(ahead(in_order(table, own)))) for table, own in zip(tables, needs, strict=True)
        ]
        yield from _in_step(tables, [_Reader(reader, own) for reader, own in zip(readers, needs, strict=True)], split)


def _any(table: Table) -> Need:
    """A column that its name tells.

    Raises:
        DataError: there is no column at all.
    """
    if not table.columns:
        raise DataError(f"{table.label} has no columns", "check the file")
    names = [column.name for column in table.columns]
    return need_of(table, next((name for name in names if names.count(name) == 1), names[0]))


class _Reader:
    """The rows of one table that were read and not yet given out."""

    def __init__(self, runs: Iterator[Run], needs: Sequence[Need]) -> None:
        self._runs = runs
        self._names = [need.name for need in needs]
        self.run: Run | None = None
        self._used = 0
        self.rows = 0

    def left(self) -> int:
        """How many rows can be given out; 0 at the end."""
        if self.run is None or self._used == self.run.size:
            self.run = next(self._runs, None)
            self._used = 0
        return self.run.size - self._used if self.run is not None else 0

    def take(self, rows: int) -> dict[str, pa.Array]:
        """The next rows."""
        columns = self.run.columns if self.run is not None else []
        part = {name: cells.slice(self._used, rows) for name, cells in zip(self._names, columns, strict=True)}
        self._used += rows
        self.rows += rows
        return part

    def skip_all(self) -> None:
        """Count the rest."""
        while rows := self.left():
            self.take(rows)


def _in_step(tables: Sequence[Table], readers: Sequence[_Reader], split: Split) -> Iterator[RowsInMemory]:
    while rows := min(left := [reader.left() for reader in readers]):
        start, first = readers[0].rows, readers[0].run
        columns = chosen_columns([reader.take(rows) for reader in readers], split.places)
        if first is not None:
            yield RowsInMemory(columns, start, first.number)
    if any(left):
        for reader in readers:
            reader.skip_all()
        raise different_lengths([table.label for table in tables], [reader.rows for reader in readers])


def different_lengths(labels: Sequence[str], rows: Sequence[int]) -> DataError:
    """The error for tables, or models, whose rows cannot be paired by position."""
    shown = ", ".join(f"{label} has {count}" for label, count in zip(labels, rows, strict=True))
    return DataError(
        f"rows are paired by their position, but their numbers differ: {shown}",
        "--key COLUMN pairs them by what tells a row",
    )


def _rows_of(table: Table) -> int | None:
    """How many rows a table has, where that is known without reading it."""
    from losscli.data.arrow import MemoryTable
    from losscli.data.parquet import ParquetTable

    if isinstance(table, JoinedTable):
        return _rows_of(table.predictions) if table.join == "strict" else None
    if isinstance(table, ParquetTable):
        return int(table.metadata.num_rows)
    return int(table.table.num_rows) if isinstance(table, MemoryTable) else None
