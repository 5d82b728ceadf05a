"""Parquet files: their fragments are row groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from losscli.data.numbers import parse_cell
from losscli.data.table import Batch, Column, Fragment, Need, columns_of, position, unreadable


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file; its fragments are row groups."""

    label: str
    path: str
    content: bytes | None = None
    metadata: Any = field(init=False)
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        file = open_parquet(self.path, self.content, None, self.label)
        object.__setattr__(self, "metadata", file.metadata)
        object.__setattr__(self, "columns", columns_of(file.schema_arrow))

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The row groups in file order."""
        names = [self.columns[position(self, need.name)].name for need in needs]
        start = 0
        for index in range(self.metadata.num_row_groups):
            yield _RowGroup(self, names, index, start)
            start += self.metadata.row_group(index).num_rows

    def close(self) -> None:
        """Nothing stays open between reads."""


@dataclass(frozen=True)
class _RowGroup:
    table: ParquetTable
    names: Sequence[str]
    index: int
    start: int

    def batches(self, rows: int) -> Iterator[Batch]:
        table, names = self.table, list(self.names)
        try:
            file = open_parquet(table.path, table.content, table.metadata, table.label)
            # row groups are what runs in parallel, so the columns of one are read one after the other
            for batch in file.iter_batches(rows, row_groups=[self.index], columns=names, use_threads=False):
                yield [batch.column(name) for name in names]
        except (OSError, pa.ArrowException) as error:
            raise unreadable(table.label, "Parquet", error) from error

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)


def open_parquet(path: str, content: bytes | None, metadata: Any, label: str) -> Any:
    """Open a Parquet file by path, or the content of one."""
    import pyarrow.parquet as pq

    try:
        source = pa.BufferReader(content) if content is not None else path
        return pq.ParquetFile(source, metadata=metadata, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(label, "Parquet", error) from error
