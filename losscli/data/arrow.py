"""Arrow IPC files and streams, and tables in memory: their fragments are record batches."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from losscli.data.cells import Cells, arrow_cell, picked
from losscli.data.numbers import parse_cell
from losscli.data.table import Batch, Column, Fragment, Need, columns_of, position, sliced, unreadable, validated
from losscli.data.usual import usual
from losscli.records import dataclass, field

if TYPE_CHECKING:
    from losscli.data.remote import RemoteFile


@dataclass(frozen=True)
class ArrowTable:
    """An Arrow IPC file or stream (Feather version 2 is one); its fragments are record batches."""

    label: str
    path: "str | RemoteFile"
    content: bytes | None = None
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        try:
            with self._source() as source:
                schema = _ipc_reader(source).schema
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error
        object.__setattr__(self, "columns", columns_of(schema))

    def _source(self) -> Any:
        if self.content is not None:
            return pa.BufferReader(self.content)
        return pa.OSFile(self.path) if isinstance(self.path, str) else self.path.open()

    def batch_count(self) -> int:
        """How many record batches the index of a file has; 1 for a stream, which has none."""
        with self._source() as source:
            reader = _ipc_reader(source)
            return int(reader.num_record_batches) if isinstance(reader, pa.ipc.RecordBatchFileReader) else 1

    def batch_sizes(self) -> list[int] | None:
        """The rows of each record batch of a file; None for a stream, which has no index."""
        try:
            with pa.BufferReader(self.content) if self.content is not None else pa.memory_map(self.path) as source:
                reader = _ipc_reader(source, [0])
                if not isinstance(reader, pa.ipc.RecordBatchFileReader):
                    return None
                return [reader.get_batch(index).num_rows for index in range(reader.num_record_batches)]
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The record batches in file order."""
        return self._fragments(needs, 0, None, 0)

    def between(self, needs: Sequence[Need], first: int, last: int) -> Iterator[Fragment]:
        """The record batches of a file from first to just below last."""
        return self._fragments(needs, first, last, sum((self.batch_sizes() or [])[:first]))

    def _fragments(self, needs: Sequence[Need], first: int, last: int | None, start: int) -> Iterator[Fragment]:
        places = [position(self, need.name) for need in needs]
        read = sorted(set(places))
        try:
            with self._source() as source:
                reader = _ipc_reader(source, read)
                places = [read.index(place) for place in places]
                for batch in _ipc_batches(reader, first, last):
                    batch.validate()
                    yield _ReadBatch([batch.column(place) for place in places], start, self.label)
                    start += batch.num_rows
            if self.content is None and not isinstance(self.path, str):
                self.path.check()
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows; what comes after the last of them is not read."""
        places = [position(self, name) for name in names]
        read = sorted(places)
        try:
            with self._source() as source:
                batches = _ipc_batches(_ipc_reader(source, read))
                return picked(([batch.column(read.index(place)) for place in places] for batch in batches), rows)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error

    def close(self) -> None:
        """Nothing stays open between reads."""


def _ipc_reader(source: Any, fields: list[int] | None = None) -> Any:
    options = pa.ipc.IpcReadOptions(included_fields=fields)
    try:
        return pa.ipc.open_file(source, options=options)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source, options=options)


def _ipc_batches(reader: Any, first: int = 0, last: int | None = None) -> Iterator[pa.RecordBatch]:
    """The record batches of a file from first to just below last, or all of a stream."""
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for index in range(reader.num_record_batches)[first:last]:
            yield reader.get_batch(index)
    else:
        yield from reader


@dataclass(frozen=True)
class _ReadBatch:
    columns: Batch
    start: int
    label: str

    def batches(self, rows: int) -> Iterator[Batch]:
        try:
            columns = validated(self.columns)
        except pa.ArrowException as error:
            raise unreadable(self.label, "Arrow", error) from error
        yield from sliced([usual(column) for column in columns], rows)

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)


@dataclass(frozen=True)
class MemoryTable:
    """A pandas DataFrame or an Arrow table that the caller holds."""

    label: str
    table: pa.Table
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.table.schema))

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The chunks of the table in order."""
        places = [position(self, need.name) for need in needs]
        start = 0
        for batch in self.table.to_batches():
            yield _HeldBatch([batch.column(place) for place in places], start)
            start += batch.num_rows

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows."""
        columns = [self.table.column(position(self, name)) for name in names]
        return [[arrow_cell(column, row) for column in columns] for row in rows]

    def close(self) -> None:
        """Nothing stays open between reads."""


@dataclass(frozen=True)
class _HeldBatch:
    columns: Batch
    start: int

    def batches(self, rows: int) -> Iterator[Batch]:
        yield from sliced([usual(column) for column in self.columns], rows)

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)
