"""NumPy files: a matrix whose columns go by number, or arrays by name. Pickles are never loaded."""

import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa

from losscli.arrays import np
from losscli.data.numbers import parse_cell
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, position, unreadable
from losscli.errors import DataError

ROWS_A_FRAGMENT = 1 << 20
_BROKEN = (OSError, EOFError, ValueError, NotImplementedError, SyntaxError, TokenError, BadZipFile, zlib.error)
_KINDS = {"b": Kind.BOOLEAN, "i": Kind.NUMBER, "u": Kind.NUMBER, "f": Kind.NUMBER, "U": Kind.TEXT, "S": Kind.TEXT}


@dataclass(frozen=True)
class NumpyTable:
    """The arrays of a .npy or .npz file; only those that are needed are loaded."""

    label: str
    path: str
    content: bytes | None = None
    columns: Sequence[Column] = field(init=False)
    _archive: Any = field(init=False, repr=False)
    _load: Mapping[str, Callable[[], Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        source = io.BytesIO(self.content) if self.content is not None else self.path
        mode: Any = "r" if self.content is None else None
        try:
            # without pickles: loading one runs code that the file brings along
            loaded = np.load(source, mmap_mode=mode, allow_pickle=False)
            found = _of_array(loaded, self.label) if isinstance(loaded, np.ndarray) else _of_archive(loaded)
        except _BROKEN as error:
            raise _refused(self.label, error) from error
        object.__setattr__(self, "_archive", None if isinstance(loaded, np.ndarray) else loaded)
        object.__setattr__(self, "columns", [Column(name, kind) for name, (kind, _) in found.items()])
        object.__setattr__(self, "_load", {name: load for name, (_, load) in found.items()})

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """Runs of rows in order."""
        arrays = []
        for need in needs:
            position(self, need.name)
            try:
                arrays.append(self._load[need.name]())
            except _BROKEN as error:
                raise _refused(self.label, error) from error
        if len({len(array) for array in arrays}) > 1:
            sizes = ", ".join(f"{need.name} {len(array)}" for need, array in zip(needs, arrays, strict=True))
            raise DataError(f"{self.label}: its arrays differ in length: {sizes}", "name arrays of one length")
        length = len(arrays[0])
        for start in range(0, length, ROWS_A_FRAGMENT):
            yield _ArrayRun(needs, arrays, start, min(start + ROWS_A_FRAGMENT, length))

    def close(self) -> None:
        """Close the archive; a mapped array goes with its last user."""
        if self._archive is not None:
            self._archive.close()


@dataclass(frozen=True)
class _ArrayRun:
    needs: Sequence[Need]
    arrays: Sequence[Any]
    start: int
    stop: int

    def batches(self, rows: int) -> Iterator[Batch]:
        for first in range(self.start, self.stop, rows):
            last = min(first + rows, self.stop)
            yield [_arrow(array[first:last], need.name) for need, array in zip(self.needs, self.arrays, strict=True)]

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)


Loaders = dict[str, tuple[Kind, Callable[[], Any]]]


def _of_array(array: Any, label: str) -> Loaders:
    if array.dtype.names:
        fields = ((name, array[name]) for name in array.dtype.names)
        return {name: (_kind(values.dtype, values.shape), _returning(values)) for name, values in fields}
    if array.ndim == 0:
        raise DataError(f"{label} holds a single number", "give an array with a row for each prediction")
    flat = array.reshape(len(array), -1) if array.size else array.reshape(0, max(1, array[:0].size))
    columns = {str(i + 1): flat[:, i] for i in range(flat.shape[1])}
    return {name: (_kind(values.dtype, values.shape), _returning(values)) for name, values in columns.items()}


def _of_archive(archive: Any) -> Loaders:
    return {name: (_kind(*_header(archive, name)), partial(_loaded, archive, name)) for name in archive.files}


def _loaded(archive: Any, name: str) -> Any:
    array = archive[name]
    if array.ndim == 0:
        raise ValueError(f"array {name!r} is a single number, not a column")
    return array


def _returning(values: Any) -> Callable[[], Any]:
    return lambda: values


def _header(archive: Any, name: str) -> tuple[Any, tuple[int, ...]]:
    """The type and the shape of an array in an archive, without its content."""
    members = archive.zip.namelist()
    with archive.zip.open(f"{name}.npy" if f"{name}.npy" in members else name) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    return dtype, shape


def _kind(dtype: Any, shape: tuple[int, ...]) -> Kind:
    kind = _KINDS.get(dtype.kind, Kind.OTHER)
    return Kind.LIST if kind is Kind.NUMBER and len(shape) > 1 else kind


def _refused(label: str, error: Exception) -> DataError:
    if "allow_pickle" in str(error) or "Object arrays" in str(error) or "pickle" in str(error):
        return DataError(
            f"{label} holds Python objects, which are never loaded", "save it again as an array of numbers"
        )
    return unreadable(label, "NumPy", error)


def _arrow(array: Any, name: str) -> pa.Array:
    """An Arrow array over a NumPy one; a matrix becomes a list column. Does not go through pandas."""
    if array.ndim != 1:
        width = int(np.prod(array.shape[1:], dtype=np.int64))
        return pa.FixedSizeListArray.from_arrays(_arrow(array.reshape(-1), name), width)
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    if native.dtype.kind == "b":
        packed = pa.py_buffer(np.packbits(native, bitorder="little"))
        return pa.Array.from_buffers(pa.bool_(), len(native), [None, packed])
    if native.dtype.kind in "US":
        return pa.array([cell.decode("latin-1") if isinstance(cell, bytes) else cell for cell in native.tolist()])
    if native.dtype.kind not in "iuf" or native.dtype.itemsize > 8:
        problem = f"column {name!r} holds values of type {native.dtype}, which float64 cannot hold"
        raise CellError(1, problem, "name an array of real numbers")
    return pa.Array.from_buffers(pa.from_numpy_dtype(native.dtype), len(native), [None, pa.py_buffer(native)])
