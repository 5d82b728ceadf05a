"""NumPy files: a matrix whose columns go by number, or arrays by name. Pickles are never loaded."""

import io
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa

from losscli.arrays import np
from losscli.data.cells import Cells, plain_cell
from losscli.data.npy import MAGIC, Header, NpyFile, Reader
from losscli.data.numbers import parse_cell
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, position, unreadable
from losscli.errors import DataError
from losscli.records import dataclass, field

ROWS_A_FRAGMENT = 1 << 20
_BROKEN = (OSError, EOFError, ValueError, NotImplementedError, SyntaxError, TokenError, BadZipFile, zlib.error)
_KINDS = {"b": Kind.BOOLEAN, "i": Kind.NUMBER, "u": Kind.NUMBER, "f": Kind.NUMBER, "U": Kind.TEXT, "S": Kind.TEXT}


@dataclass(frozen=True)
class NumpyTable:
    """The arrays of a .npy or .npz file; only those that are needed are read."""

    label: str
    path: str
    content: bytes | None = None
    columns: Sequence[Column] = field(init=False)
    _source: "NpyFile | _Archive" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        source: NpyFile | _Archive
        kinds: Mapping[str, Kind]
        with _broken_files(self.label):
            if _is_npy(self.path, self.content):
                source = NpyFile.open(self.label, self.path, self.content)
                kinds = {name: _kind(column.dtype, column.shape) for name, column in source.columns.items()}
            else:
                source = _Archive.open(self.label, self.path, self.content)
                kinds = source.kinds()
        object.__setattr__(self, "_source", source)
        object.__setattr__(self, "columns", [Column(name, kind) for name, kind in kinds.items()])

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """Runs of rows in order."""
        names = [self.columns[position(self, need.name)].name for need in needs]
        with _broken_files(self.label):
            length, reader = self._source.pick(names)
        for start in range(0, length, ROWS_A_FRAGMENT):
            yield _ArrayRun(self.label, names, reader, start, min(start + ROWS_A_FRAGMENT, length))

    def run_sizes(self) -> list[int] | None:
        """The rows of each fragment of a .npy file; None for an archive, whose arrays are loaded as a whole."""
        if isinstance(self._source, _Archive):
            return None
        with _broken_files(self.label):
            length = self._source.pick([self.columns[0].name])[0] if self.columns else 0
        return [min(ROWS_A_FRAGMENT, length - start) for start in range(0, length, ROWS_A_FRAGMENT)]

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows; of an archive, arrays of another length than the first named one have no cells."""
        with _broken_files(self.label):
            if isinstance(self._source, _Archive):
                arrays = [self._source.content[name] for name in names]
                rowwise = [array.ndim and len(array) == len(arrays[0]) for array in arrays]
                return [
                    [_cell(a, row) if fits else None for a, fits in zip(arrays, rowwise, strict=True)] for row in rows
                ]
            with self._source.pick(names)[1]() as read:
                return [[_cell(array, 0) for array in read(row, row + 1)] for row in rows]

    def single(self, name: str) -> float | None:
        """The number of an array without rows, such as a bias; None where the array has rows."""
        if not isinstance(self._source, _Archive):
            return None
        with _broken_files(self.label):
            array = self._source.content[name]
        return None if array.ndim else float(array)

    def close(self) -> None:
        """Close the archive; a single array is opened for each read."""
        if isinstance(self._source, _Archive):
            self._source.content.close()


@dataclass(frozen=True)
class _ArrayRun:
    label: str
    names: Sequence[str]
    reader: Callable[[], AbstractContextManager[Reader]]
    start: int
    stop: int

    def batches(self, rows: int) -> Iterator[Batch]:
        with _broken_files(self.label), self.reader() as read:
            for first in range(self.start, self.stop, rows):
                arrays = read(first, min(first + rows, self.stop))
                yield [_arrow(array, name) for array, name in zip(arrays, self.names, strict=True)]

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)


@dataclass(frozen=True)
class _Archive:
    """The arrays of a .npz file, each of which is loaded as a whole."""

    label: str
    content: Any

    @classmethod
    def open(cls, label: str, path: str, content: bytes | None) -> "_Archive":
        # without pickles: loading one runs code that the file brings along
        return cls(label, np.load(path if content is None else io.BytesIO(content), allow_pickle=False))

    def kinds(self) -> Mapping[str, Kind]:
        found = {name: self._header(name) for name in self.content.files}
        return {name: _kind(header.dtype, header.shape[1:]) for name, header in found.items()}

    def _header(self, name: str) -> Header:
        members = self.content.zip.namelist()
        with self.content.zip.open(f"{name}.npy" if f"{name}.npy" in members else name) as stream:
            return Header.read(stream)

    def pick(self, names: Sequence[str]) -> tuple[int, Callable[[], AbstractContextManager[Reader]]]:
        arrays = [self.content[name] for name in names]
        for name, array in zip(names, arrays, strict=True):
            if array.ndim == 0:
                raise ValueError(f"array {name!r} is a single number, not a column")
        if len({len(array) for array in arrays}) > 1:
            sizes = ", ".join(f"{name} {len(array)}" for name, array in zip(names, arrays, strict=True))
            raise DataError(f"{self.label}: its arrays differ in length: {sizes}", "name arrays of one length")
        read: Reader = lambda first, last: [array[first:last] for array in arrays]  # noqa: E731
        return len(arrays[0]), lambda: nullcontext(read)


def _is_npy(path: str, content: bytes | None) -> bool:
    if content is not None:
        return content.startswith(MAGIC)
    with Path(path).open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


@contextmanager
def _broken_files(label: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except _BROKEN as error:
        raise _refused(label, error) from error


def _kind(dtype: Any, shape: tuple[int, ...]) -> Kind:
    """The kind of a column whose value in one row has this type and shape."""
    kind = _KINDS.get(dtype.kind, Kind.OTHER)
    return Kind.LIST if kind is Kind.NUMBER and shape else kind


def _cell(array: Any, row: int) -> Any:
    return plain_cell(array[row].tolist())


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
    if native.dtype.kind == "U" and native.size and native.view(np.uint32).max() > sys.maxunicode:
        raise ValueError(f"a text of {name!r} has a character that does not exist")
    if native.dtype.kind in "US":
        return pa.array([cell.decode("latin-1") if isinstance(cell, bytes) else cell for cell in native.tolist()])
    if native.dtype.kind not in "iuf" or native.dtype.itemsize > 8:
        problem = f"column {name!r} holds values of type {native.dtype}, which float64 cannot hold"
        raise CellError(1, problem, "name an array of real numbers")
    return pa.Array.from_buffers(pa.from_numpy_dtype(native.dtype), len(native), [None, pa.py_buffer(native)])
