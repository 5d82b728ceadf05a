"""Parquet, Arrow and NumPy files, and frames in memory: formats that know their columns and row counts."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from losscli.arrays import np
from losscli.data.table import Column, Fragment, Need, kind_of, position
from losscli.errors import DataError, UsageError

Bytes = bytes | None


def _columns(schema: pa.Schema) -> list[Column]:
    return [Column(entry.name, kind_of(entry.type)) for entry in schema]


def _select(batch: pa.RecordBatch, places: Sequence[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([batch.column(i) for i in places], names=[str(i) for i in places])


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
        object.__setattr__(self, "columns", _columns(file.schema_arrow))

    def fragments(self) -> Iterator[Fragment]:
        """The row groups in file order."""
        start = 0
        for index in range(self.metadata.num_row_groups):
            yield _RowGroup(self, index, start)
            start += self.metadata.row_group(index).num_rows


@dataclass(frozen=True)
class _RowGroup:
    table: ParquetTable
    index: int
    start: int

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[pa.RecordBatch]:
        table = self.table
        for need in needs:
            position(table, need.name)
        try:
            file = open_parquet(table.path, table.content, table.metadata, table.label)
            names = [need.name for need in needs]
            # row groups are what runs in parallel, so the columns of one are read one after the other
            for batch in file.iter_batches(rows, row_groups=[self.index], columns=names, use_threads=False):
                order = [batch.schema.get_field_index(name) for name in names]
                yield _select(batch, order)
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


def unreadable(label: str, kind: str, error: Exception) -> DataError:
    """The error for a file whose content is not what its format says."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{label}: no such file", "check the path")
    if isinstance(error, PermissionError):
        return DataError(f"{label}: no permission to read it", "check its access rights")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(
        f"{label} cannot be read as {kind}: {reason}",
        "the file may be cut off or of another format; --input-format says which one it is",
    )


@dataclass(frozen=True)
class ArrowTable:
    """An Arrow IPC file or stream (Feather version 2 is one); its fragments are record batches."""

    label: str
    path: str
    content: bytes | None = None
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        try:
            with self._source() as source:
                schema = _ipc_reader(source).schema
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error
        object.__setattr__(self, "columns", _columns(schema))

    def _source(self) -> Any:
        return pa.BufferReader(self.content) if self.content is not None else pa.memory_map(self.path)

    def fragments(self) -> Iterator[Fragment]:
        """The record batches in file order."""
        start = 0
        try:
            with self._source() as source:
                reader = _ipc_reader(source)
                for batch in _ipc_batches(reader):
                    yield _HeldBatch(self, batch, start)
                    start += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.label, "Arrow", error) from error


def _ipc_reader(source: Any) -> Any:
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _ipc_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
    else:
        yield from reader


@dataclass(frozen=True)
class MemoryTable:
    """A pandas DataFrame or an Arrow table that the caller holds."""

    label: str
    table: pa.Table
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _columns(self.table.schema))

    def fragments(self) -> Iterator[Fragment]:
        """The chunks of the table in order."""
        start = 0
        for batch in self.table.to_batches():
            yield _HeldBatch(self, batch, start)
            start += batch.num_rows


@dataclass(frozen=True)
class _HeldBatch:
    table: ArrowTable | MemoryTable
    batch: pa.RecordBatch
    start: int

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[pa.RecordBatch]:
        chosen = _select(self.batch, [position(self.table, need.name) for need in needs])
        for first in range(0, chosen.num_rows, rows):
            yield chosen.slice(first, rows)


ROWS_A_FRAGMENT = 1 << 20


@dataclass(frozen=True)
class NumpyTable:
    """Arrays of a .npy or .npz file: the columns of a matrix by number, or arrays by name."""

    label: str
    path: str
    content: bytes | None = None
    arrays: dict[str, Any] = field(init=False)
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        arrays = self._load()
        lengths = {len(array) for array in arrays.values()}
        if len(lengths) > 1:
            sizes = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
            raise DataError(f"{self.label}: its arrays differ in length: {sizes}", "store arrays of one length")
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(
            self, "columns", [Column(name, kind_of(_arrow(array[:0]).type)) for name, array in arrays.items()]
        )

    def _load(self) -> dict[str, Any]:
        source = io.BytesIO(self.content) if self.content is not None else self.path
        mode = "r" if self.content is None else None
        try:
            # without pickles: loading one runs code that the file brings along
            loaded = np.load(source, mmap_mode=mode, allow_pickle=False)  # type: ignore[arg-type]
            if isinstance(loaded, np.ndarray):
                return _named_columns(loaded)
            with loaded:
                return {name: loaded[name] for name in loaded.files}
        except ValueError as error:
            if "allow_pickle" in str(error) or "Object arrays" in str(error):
                raise DataError(
                    f"{self.label} holds Python objects, which are never loaded",
                    "save it again as an array of numbers",
                ) from error
            raise unreadable(self.label, "NumPy", error) from error
        except (OSError, EOFError) as error:
            raise unreadable(self.label, "NumPy", error) from error

    def fragments(self) -> Iterator[Fragment]:
        """Runs of rows in order."""
        length = len(next(iter(self.arrays.values()), ()))
        for start in range(0, length, ROWS_A_FRAGMENT):
            yield _ArrayRun(self, start, min(start + ROWS_A_FRAGMENT, length))


@dataclass(frozen=True)
class _ArrayRun:
    table: NumpyTable
    start: int
    stop: int

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[pa.RecordBatch]:
        for first in range(self.start, self.stop, rows):
            last = min(first + rows, self.stop)
            columns = []
            for need in needs:
                name = self.table.columns[position(self.table, need.name)].name
                columns.append(_arrow(self.table.arrays[name][first:last]))
            yield pa.RecordBatch.from_arrays(columns, names=[str(i) for i in range(len(columns))])


def _named_columns(array: Any) -> dict[str, Any]:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 0:
        raise UsageError("a single number is no table", hint="give an array with a row for each prediction")
    if array.ndim == 1:
        return {"1": array}
    flat = array.reshape(len(array), -1)
    return {str(i + 1): flat[:, i] for i in range(flat.shape[1])}


def _arrow(array: Any) -> pa.Array:
    """An Arrow array over a NumPy one; a matrix becomes a list column. Does not go through pandas."""
    if array.ndim > 1:
        flat = array.reshape(len(array), -1)
        return pa.FixedSizeListArray.from_arrays(_arrow(flat.reshape(-1)), flat.shape[1])
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    if native.dtype.kind == "b":
        packed = pa.py_buffer(np.packbits(native, bitorder="little"))
        return pa.Array.from_buffers(pa.bool_(), len(native), [None, packed])
    if native.dtype.kind in "US":
        return pa.array(native.astype(str).tolist())
    if native.dtype.kind not in "iuf" or native.dtype.itemsize > 8:
        raise DataError(f"arrays of type {native.dtype} are no numbers that float64 can hold")
    arrow_type = pa.from_numpy_dtype(native.dtype)
    return pa.Array.from_buffers(arrow_type, len(native), [None, pa.py_buffer(native)])
