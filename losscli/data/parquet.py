"""Parquet files: their fragments are row groups, small ones together."""

from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from losscli.data.cells import Cells, picked
from losscli.data.numbers import parse_cell
from losscli.data.read_ahead import ahead
from losscli.data.table import Batch, Column, Fragment, Kind, Need, columns_of, position, unreadable, validated
from losscli.data.usual import usual
from losscli.records import dataclass, field

if TYPE_CHECKING:
    from losscli.data.remote import RemoteFile


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file; its fragments are row groups, small ones together."""

    label: str
    path: "str | RemoteFile"
    content: bytes | None = None
    metadata: Any = field(init=False)
    columns: Sequence[Column] = field(init=False)
    parts: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        file = open_parquet(self.path, self.content, None, self.label)
        object.__setattr__(self, "metadata", file.metadata)
        object.__setattr__(self, "columns", _with_widths(columns_of(file.schema_arrow), file.metadata))
        object.__setattr__(self, "parts", _parts_of_columns(file))

    def decoded(
        self, rows: int, groups: Sequence[int], names: Sequence[str], encoded: Sequence[str] = (), *, threads: bool
    ) -> Generator[Batch, None, None]:
        """Some columns of row groups, in batches of at most `rows` rows; those `encoded` as dictionaries."""
        file = open_parquet(self.path, self.content, self.metadata, self.label, encoded)
        places = [part for name in names for part in self.parts[name]]
        for batch in file.iter_batches(rows, row_groups=groups, column_indices=places, use_threads=threads):
            yield [batch.column(name) for name in names]

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The row groups in file order."""
        return self.groups(needs, 0, self.metadata.num_row_groups)

    def groups(self, needs: Sequence[Need], first: int, last: int, rows: int = 1 << 16) -> Iterator["_RowGroups"]:
        """The row groups from first to just below last, as many together as have so many rows.

        Opening the file costs as much as reading some ten thousand rows.
        """
        names = [self.columns[position(self, need.name)].name for need in needs]
        texts = [name for name, need in zip(names, needs, strict=True) if need.tells_apart and need.kind is Kind.TEXT]
        start, begin = sum(self.metadata.row_group(index).num_rows for index in range(first)), first
        count = 0
        for index in range(first, last):
            count += self.metadata.row_group(index).num_rows
            if count >= rows or index == last - 1:
                yield _RowGroups(self, names, texts, begin, index + 1, start)
                start, begin, count = start + count, index + 1, 0

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows; of the row groups only those that hold them are read."""
        found: Cells = []
        start = 0
        for index in range(self.metadata.num_row_groups):
            stop = start + self.metadata.row_group(index).num_rows
            here = [row - start for row in rows[bisect_left(rows, start) : bisect_left(rows, stop)]]
            if here:
                found += self._cells_of_group(index, here, names)
            start = stop
        return found

    def _cells_of_group(self, index: int, rows: Sequence[int], names: Sequence[str]) -> Cells:
        try:
            with closing(self.decoded(_SHOWN_AT_A_TIME, [index], names, threads=True)) as batches:
                return picked(batches, rows)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Parquet", error) from error

    def close(self) -> None:
        """Nothing stays open between reads."""


@dataclass(frozen=True)
class _RowGroups:
    table: ParquetTable
    names: Sequence[str]
    texts: Sequence[str]
    first: int
    last: int
    start: int

    def batches(self, rows: int) -> Iterator[Batch]:
        table = self.table
        try:
            encoded = _of_few_texts(table.metadata.row_group(self.first), self.texts) if self.texts else []
            # row groups are what runs in parallel, and the columns of one are read one after the other; a file of a
            # single large one is decoded column by column at once, ahead of what is done with it
            alone = table.metadata.num_row_groups == 1 and table.metadata.num_rows > rows
            groups = range(self.first, self.last)
            batches = table.decoded(rows, groups, self.names, encoded, threads=alone)
            with closing(ahead(batches) if alone else batches) as read:
                for columns in read:
                    yield [usual(cells) for cells in validated(columns)]
            if not isinstance(table.path, str):
                table.path.check()
        except (OSError, pa.ArrowException) as error:
            raise unreadable(table.label, "Parquet", error) from error

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)


def _with_widths(columns: list[Column], metadata: Any) -> list[Column]:
    """The columns with the mean length of their lists in the first row group."""
    if not metadata.num_row_groups or all(column.width == 1 for column in columns):
        return columns
    group = metadata.row_group(0)
    values: dict[str, int] = {}
    for i in range(group.num_columns):
        part = group.column(i)
        name = part.path_in_schema.split(".list.")[0]
        values[name] = max(values.get(name, 0), part.num_values)
    rows = max(1, group.num_rows)
    return [
        replace(column, width=max(1, -(-values[column.name] // rows))) if column.name in values else column
        for column in columns
    ]


_SHOWN_AT_A_TIME = 1 << 14
"""Rows decoded at a time on the way to one that is shown."""
_READ_AT_A_TIME = 1 << 18
"""Bytes of a column that are read at a time: without it a whole column of a row group is held compressed."""


def _of_few_texts(group: Any, names: Sequence[str]) -> list[str]:
    """Which columns of text the file has as a dictionary and numbers in it: in full a text takes 4 bytes and more."""
    parts = [group.column(i) for i in range(group.num_columns)]
    return [
        p.path_in_schema for p in parts if p.path_in_schema in names and p.total_uncompressed_size < 4 * p.num_values
    ]


def open_parquet(
    path: "str | RemoteFile", content: bytes | None, metadata: Any, label: str, encoded: Sequence[str] | None = None
) -> Any:
    """Open a Parquet file by path, or the content of one.

    The reader that `pyarrow.parquet.ParquetFile` wraps: importing the wrapper brings in every remote file system.

    Args:
        encoded: columns of text to be read as dictionaries, which saves making each text again.
    """
    from pyarrow._parquet import ParquetReader

    reader = ParquetReader()
    try:
        if content is None and not isinstance(path, str):
            # over a network few long reads: the needed columns of a row group travel at once
            reader.open(path.open(), metadata=metadata, pre_buffer=True, read_dictionary=encoded)
            return reader
        source = pa.BufferReader(content) if content is not None else path
        reader.open(source, metadata=metadata, pre_buffer=False, buffer_size=_READ_AT_A_TIME, read_dictionary=encoded)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(label, "Parquet", error) from error
    return reader


def _parts_of_columns(reader: Any) -> dict[str, list[int]]:
    """Where the parts of each column stand in the file: one of a plain column, several of a nested one."""
    found: dict[str, list[int]] = {}
    for place, path in enumerate(reader.column_paths):
        found.setdefault(path[0], []).append(place)
    return found
