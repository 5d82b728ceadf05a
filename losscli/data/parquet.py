"""Parquet files: their fragments are row groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

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

    def fragments(self) -> Iterator[Fragment]:
        """The row groups in file order."""
        start = 0
        for index in range(self.metadata.num_row_groups):
            yield _RowGroup(self, index, start)
            start += self.metadata.row_group(index).num_rows

    def close(self) -> None:
        """Nothing stays open between reads."""


@dataclass(frozen=True)
class _RowGroup:
    table: ParquetTable
    index: int
    start: int

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[Batch]:
        table = self.table
        for need in needs:
            position(table, need.name)
        try:
            file = open_parquet(table.path, table.content, table.metadata, table.label)
            names = [need.name for need in needs]
            # row groups are what runs in parallel, so the columns of one are read one after the other
            for batch in file.iter_batches(rows, row_groups=[self.index], columns=names, use_threads=False):
                yield [batch.column(name) for name in names]
        except (OSError, pa.ArrowException) as error:
            raise unreadable(table.label, "Parquet", error) from error


def open_parquet(path: str, content: bytes | None, metadata: Any, label: str) -> Any:
    """Open a Parquet file by path, or the content of one."""
    import pyarrow.parquet as pq

    try:
        source = pa.BufferReader(content) if content is not None else path
        return pq.ParquetFile(source, metadata=metadata, memory_map=content is None, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(label, "Parquet", error) from error
