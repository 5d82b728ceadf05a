"""NumPy files: a matrix whose columns go by number, or arrays by name. Pickles are never loaded."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from losscli.arrays import np
from losscli.data.table import Batch, Column, Fragment, Need, kind_of, position, unreadable
from losscli.errors import DataError, UsageError

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

    def close(self) -> None:
        """Nothing stays open between reads."""


@dataclass(frozen=True)
class _ArrayRun:
    table: NumpyTable
    start: int
    stop: int

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[Batch]:
        for first in range(self.start, self.stop, rows):
            last = min(first + rows, self.stop)
            columns = []
            for need in needs:
                name = self.table.columns[position(self.table, need.name)].name
                columns.append(_arrow(self.table.arrays[name][first:last]))
            yield columns


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
