"""List columns: lists of one length as rows of a matrix, lists of any length as their elements one after the other."""

import pyarrow as pa

from losscli.arrays import Array, Index, Mask, np
from losscli.data.labels import AnyCoding
from losscli.data.numbers import Numbers, nulls_of, to_numbers
from losscli.data.table import CellError, is_list
from losscli.records import dataclass


@dataclass(slots=True)
class Elements:
    """The elements of a list column.

    Attributes:
        values: all elements, row after row.
        bounds: where the lists of the rows begin in them, and where the last one ends: shape (n + 1,).
        nulls: which rows have no list, or one with a null in it; None where none has.
    """

    values: Array
    bounds: Index
    nulls: Mask | None

    @property
    def missing(self) -> Mask:
        """Which rows have no list, or one in which an element has no value."""
        empty = np.isnan(self.values)
        absent = np.zeros(self.bounds.size - 1, dtype=bool)
        if empty.any():
            absent[np.searchsorted(self.bounds, np.flatnonzero(empty), side="right") - 1] = True
        return absent if self.nulls is None else absent | self.nulls

    def of_rows(self, rows: Index | None) -> "Elements":
        """The elements of some rows."""
        if rows is None:
            return self
        sizes = np.diff(self.bounds)[rows]
        bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(bounds[-1]) + np.repeat(self.bounds[:-1][rows] - bounds[:-1], sizes)
        return Elements(self.values[places], bounds, None)


def any_lists(array: pa.Array, name: str, coding: AnyCoding | None = None) -> Elements:
    """The elements of a list column, labels by their codes; a null list has none.

    Raises:
        CellError: the column holds no lists of numbers.
    """
    if not is_list(array.type):
        raise CellError(1, f"column {name!r} holds single values where others hold lists", "name list columns only")
    nulls = nulls_of(array)
    bounds = _bounds(array)
    inner = _flat(array if nulls is None else _filled(array, 0))
    coded = coding is not None and not is_list(inner.type)
    flat = coding.decode(inner, name) if coding is not None and coded else to_numbers(_as_numbers(inner), name)
    if flat.values.ndim > 1:
        raise CellError(1, f"column {name!r} holds lists of lists", "name columns whose lists hold numbers")
    if nulls is not None:
        sizes = np.where(nulls, 0, np.diff(bounds))
        bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values = flat.values
    if flat.nulls is not None:
        values = np.where(flat.nulls, np.nan, values)
    return Elements(values, bounds - bounds[0], nulls)


def equal_lists(array: pa.Array, name: str) -> Numbers:
    """The lists of a column as the rows of a matrix; lists of lists are laid out one after the other.

    Raises:
        CellError: the lists differ in length.
    """
    nulls = nulls_of(array)
    if nulls is not None and not nulls.all():
        present = array.drop_null()
        array = _filled(array, len(present[0]) if len(present) else 0)
    width = _common_length(array, name)
    if nulls is not None and nulls.all():
        return Numbers(np.zeros((len(array), 1)), nulls)
    flat = to_numbers(_as_numbers(_flat(array)), name)
    table = flat.cells.reshape(len(array), -1) if len(array) else flat.cells.reshape(0, width)
    if flat.nulls is not None:
        lacking: Mask = np.any(flat.nulls.reshape(len(array), -1), axis=1)
        nulls = lacking if nulls is None else nulls | lacking
    inner = flat.cells.shape[1] if flat.cells.ndim > 1 else 0
    return Numbers(table, nulls, flat.rounded, flat.narrow, inner)


def _flat(array: pa.Array) -> pa.Array:
    """The elements of lists of which none is null; Arrow's own function for it imports all of its compute module."""
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        return array.values.slice(array.offset * size, len(array) * size)
    first, last = (int(array.offsets[place].as_py()) for place in (0, len(array))) if len(array) else (0, 0)
    return array.values.slice(first, last - first)


def _as_numbers(values: pa.Array) -> pa.Array:
    """Booleans in lists as 0 and 1."""
    return values.cast(pa.uint8()) if pa.types.is_boolean(values.type) else values


def _filled(array: pa.Array, width: int) -> pa.Array:
    """The lists with zeros in place of a null list."""
    filler = [_zeros(array.type.value_type)] * width
    return pa.array([row if row is not None else filler for row in array.to_pylist()], type=array.type)


def _zeros(kind: pa.DataType) -> object:
    return [_zeros(kind.value_type)] if is_list(kind) else 0


def _bounds(array: pa.Array) -> Index:
    """Where the lists begin in the flattened array, counted from its own start."""
    if pa.types.is_fixed_size_list(array.type):
        steps: Index = np.arange(len(array) + 1, dtype=np.int64) * array.type.list_size
        return steps
    offset_type = np.int64 if pa.types.is_large_list(array.type) else np.int32
    count = array.offset + len(array) + 1
    offsets = np.frombuffer(array.buffers()[1], dtype=offset_type, count=count)[array.offset :]
    bounds = offsets.astype(np.int64)
    return bounds - bounds[0] if bounds.size else np.zeros(1, dtype=np.int64)


def _common_length(array: pa.Array, name: str) -> int:
    if pa.types.is_fixed_size_list(array.type):
        return int(array.type.list_size) if len(array) else 0
    sizes = np.diff(_bounds(array))
    if sizes.size == 0:
        return 0
    different = sizes != sizes[0]
    if different.any():
        row = int(np.argmax(different))
        raise CellError(
            row + 1,
            f"column {name!r} has a list of {sizes[row]} values where the rows before have {sizes[0]}",
            "every row needs as many outputs",
        )
    return int(sizes[0])
