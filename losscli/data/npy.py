"""One array in a .npy file, read in runs of rows.

The file is not mapped into memory: when one that is mapped gets shorter, the system ends the process.
"""

import io
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from losscli.arrays import np
from losscli.errors import DataError
from losscli.records import dataclass

MAGIC = b"\x93NUMPY"
_READ_BYTES = 1 << 20
"""Bytes read at a time, so that a wide matrix takes no more memory than its needed columns."""
_LONGEST_HEADER = 1 << 16

Reader = Callable[[int, int], list[Any]]
"""From the first row and the one after the last to an array for each column."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a .npy file says of its array; `by_column` means that values of a column lie side by side (Fortran)."""

    shape: tuple[int, ...]
    by_column: bool
    dtype: Any

    @classmethod
    def read(cls, stream: Any) -> "Header":
        """Read the header, after which the stream stands at the values.

        Raises:
            ValueError: it is none that NumPy writes.
        """
        try:
            found = cls(*_header(stream))
            usual = found.dtype.subdtype is None and found.dtype.itemsize > 0 and min(found.shape, default=0) >= 0
        except (IndexError, KeyError, OverflowError, RecursionError, TypeError) as error:
            # what NumPy stumbles over in headers that nobody but a broken disk writes
            raise ValueError("its header is broken") from error
        if not usual:
            raise ValueError("its header is none that NumPy writes")
        # a run of single values lies the same way in either order
        return found if len(found.shape) > 1 else cls(found.shape, False, found.dtype)


def _header(stream: Any) -> tuple[tuple[int, ...], bool, Any]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    if version != (3, 0):
        raise ValueError(f"its version {version} is not known")
    # version 2 in UTF-8, for which NumPy has no public reader
    length = int.from_bytes(stream.read(4), "little")
    text = stream.read(min(length, _LONGEST_HEADER))
    if len(text) < length:
        raise ValueError("its header is cut off")
    text = text.decode().encode("ascii", "backslashreplace")
    return np.lib.format.read_array_header_2_0(io.BytesIO(len(text).to_bytes(4, "little") + text))


@dataclass(frozen=True, slots=True)
class _Column:
    """A field of a structured array, or the place of one value within the rows of a matrix.

    Attributes:
        shape: the shape of its value in one row.
        field, place: its name among the fields; else where it stands in a row.
    """

    dtype: Any
    shape: tuple[int, ...]
    field: str | None
    place: tuple[int, ...]

    def put(self, values: Any, lane: tuple[int, ...], items: Any) -> None:
        """Copy what a piece of the file has of this column; `lane` is empty where the piece has whole rows."""
        if self.field is None:
            values[...] = items[(slice(None), *self.place)]
        else:
            values[(slice(None), *lane)] = items[self.field]


@dataclass(frozen=True, slots=True)
class NpyFile:
    """The array of a .npy file, or of the content of one.

    Attributes:
        length: how many rows there are.
        columns: the fields of a structured array, or the columns of a matrix by number.
    """

    label: str
    path: str
    content: bytes | None
    length: int
    columns: Mapping[str, _Column]
    _header: Header
    _start: int
    _identity: os.stat_result | None

    @classmethod
    def open(cls, label: str, path: str, content: bytes | None) -> "NpyFile":
        """Read the header of a file.

        Raises:
            ValueError: it is broken, or has Python objects.
            DataError: it is a single number.
        """
        with _raw(path, content) as stream:
            header = Header.read(stream)
            start = stream.tell()
            held = stream.seek(0, os.SEEK_END) - start
            identity = None if content is not None else os.fstat(stream.fileno())
        if header.dtype.hasobject:
            raise ValueError("Object arrays are pickles")
        if not header.shape:
            raise DataError(f"{label} holds a single number", "give an array with a row for each prediction")
        announced = math.prod(header.shape) * header.dtype.itemsize
        if held < announced:
            raise ValueError(f"it ends after {held} of {announced} bytes of values")
        length = 0 if 0 in header.shape else header.shape[0]
        return cls(label, path, content, length, _columns(header), header, start, identity)

    def pick(self, names: Sequence[str]) -> tuple[int, Callable[[], AbstractContextManager[Reader]]]:
        """How many rows there are, and what opens a reader of these columns for one thread."""
        return self.length, partial(self._reader, [self.columns[name] for name in names])

    @contextmanager
    def _reader(self, columns: Sequence[_Column]) -> Iterator[Reader]:
        with _raw(self.path, self.content) as stream:
            if self._identity is not None and not os.path.samestat(os.fstat(stream.fileno()), self._identity):
                raise DataError(f"{self.label} was replaced by another file while it was read", "run again")
            # at least a row, whatever its width
            buffer = np.empty(max(_READ_BYTES, self._item_bytes()), dtype=np.uint8)
            yield lambda first, last: self._rows(stream, buffer, columns, first, last)

    def _rows(self, stream: Any, buffer: Any, columns: Sequence[_Column], first: int, last: int) -> list[Any]:
        header = self._header
        found = [np.empty((last - first, *column.shape), column.dtype) for column in columns]
        if not header.dtype.names and (header.by_column or len(header.shape) == 1):
            for column, values in zip(columns, found, strict=True):
                self._fill(values.view(np.uint8), stream, column.place, first)
            return found
        step = buffer.size // self._item_bytes()
        for lane in _places(header) if header.by_column else [()]:
            for start in range(first, last, step):
                stop = min(start + step, last)
                items = self._items(stream, buffer, lane, start, stop)
                for column, values in zip(columns, found, strict=True):
                    column.put(values[start - first : stop - first], lane, items)
        return found

    def _item_bytes(self) -> int:
        """The bytes of what lies together: a row, or in Fortran's order one value of it."""
        inner = () if self._header.by_column else self._header.shape[1:]
        return int(self._header.dtype.itemsize) * math.prod(inner)

    def _items(self, stream: Any, buffer: Any, lane: tuple[int, ...], first: int, last: int) -> Any:
        self._fill(buffer[: (last - first) * self._item_bytes()], stream, lane, first)
        inner = () if self._header.by_column else self._header.shape[1:]
        return np.ndarray((last - first, *inner), self._header.dtype, buffer)

    def _fill(self, space: Any, stream: Any, lane: tuple[int, ...], first: int) -> None:
        """Read from row `first` on until the space is full; `lane` is the place in a row in Fortran's order."""
        before = 0
        for index, size in zip(reversed(lane), reversed(self._header.shape), strict=False):
            before = before * size + index
        stream.seek(self._start + (before * self.length + first) * self._item_bytes())
        view = memoryview(space)
        while len(view):
            count = stream.readinto(view)
            if not count:
                raise DataError(f"{self.label} became shorter while it was read", "run again when its writer is done")
            view = view[count:]


def _raw(path: str, content: bytes | None) -> Any:
    return Path(path).open("rb", buffering=0) if content is None else io.BytesIO(content)


def _places(header: Header) -> list[tuple[int, ...]]:
    return list(product(*map(range, header.shape[1:])))


def _columns(header: Header) -> Mapping[str, _Column]:
    dtype, inner = header.dtype, header.shape[1:]
    if dtype.names:
        fields = [(name, dtype.fields[name][0]) for name in dtype.names]
        return {name: _Column(field.base, (*inner, *field.shape), name, ()) for name, field in fields}
    # a matrix without values has one column, whatever its header says of their number
    places = [()] if 0 in header.shape else _places(header)
    return {str(number): _Column(dtype, (), None, place) for number, place in enumerate(places, start=1)}
