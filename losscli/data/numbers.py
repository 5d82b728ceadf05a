"""Arrow arrays to float64 arrays and masks of what is missing, without pandas on the way."""

import math
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from losscli.arrays import Array, Mask, np
from losscli.data.table import CellError, Kind, is_list, is_text, kind_of
from losscli.records import dataclass, field

_FIXED_WIDTH = {
    "double": "float64",
    "float": "float32",
    "halffloat": "float16",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
EXACT_WHOLE = 2**53
"""Whole numbers beyond this may have no exact float64."""


@dataclass(slots=True)
class Numbers:
    """The cells of a column as numbers.

    Attributes:
        cells: as the file has them, numbers of any type: shape (n,) for a plain column, (n, width) for a list column.
        nulls: which rows the file says have no value; None where it says that of none.
        rounded: how many whole numbers beyond 2^53 have no exact float64.
        narrow: the type of floating-point numbers with fewer digits than float64; empty for all others.
        inner: how long the lists in the lists of a row are; 0 where a row has no lists of lists.
    """

    cells: Any
    nulls: Mask | None
    rounded: int = 0
    narrow: str = ""
    inner: int = 0
    _values: Array | None = field(default=None, init=False, repr=False)

    @property
    def values(self) -> Array:
        """The cells as float64; who wants them in a layout of his own widens them on the way there."""
        if self._values is None:
            self._values = self.cells.astype(np.float64, copy=False)
        return self._values

    @property
    def parts(self) -> list[Array]:
        """One array of shape (n,) for a plain column, one for each position of a list column."""
        if self.cells.ndim == 1:
            return [self.values]
        return [np.ascontiguousarray(self.values[:, i]) for i in range(self.values.shape[1])]

    @property
    def missing(self) -> Mask:
        """Which rows have no value: a null or a NaN, in a list also one of its values."""
        absent: Mask = np.isnan(self.values)
        if absent.ndim > 1:
            absent = np.any(absent, axis=1)
        return absent if self.nulls is None else absent | self.nulls


Parser = Callable[[str], float | None]


def to_numbers(array: pa.Array, name: str, parse: Parser | None = None, wanted: Mask | None = None) -> Numbers:
    """The values of a column as float64; a null or a NaN is missing.

    Args:
        parse: how to read cells of text; None for the rules of `parse_cell`.
        wanted: the rows that matter; text in others is not looked at.

    Raises:
        CellError: a cell is no number.
    """
    arrow_type = array.type
    if pa.types.is_dictionary(arrow_type):
        return to_numbers(array.dictionary_decode(), name, parse, wanted)
    if is_list(arrow_type):
        from losscli.data.lists import equal_lists

        return equal_lists(array, name)
    if is_text(arrow_type):
        return _parse_text(array, name, parse or parse_cell, wanted)
    if pa.types.is_decimal(arrow_type):
        # Arrow's cast is not rounded to the nearest float64
        cells = [math.nan if cell is None else float(cell) for cell in array.to_pylist()]
        return Numbers(np.array(cells, dtype=np.float64), None)
    if pa.types.is_null(arrow_type):
        return Numbers(np.zeros(len(array)), np.ones(len(array), dtype=bool))
    return _from_fixed_width(array, name)


def _from_fixed_width(array: pa.Array, name: str) -> Numbers:
    code = _FIXED_WIDTH.get(str(array.type))
    if code is None:
        kind = kind_of(array.type)
        hint = "write it as 0 and 1 if numbers are meant" if kind is Kind.BOOLEAN else "name a numeric column"
        raise CellError(1, f"column {name!r} holds values of type {array.type}, not numbers", hint)
    count = len(array)
    # a buffer may be longer than its values, by any number of bytes
    raw = np.frombuffer(array.buffers()[1], dtype=code, count=array.offset + count)[array.offset :]
    nulls = nulls_of(array)
    rounded = _rounded(raw, nulls) if code in ("int64", "uint64") else 0
    return Numbers(raw, nulls, rounded, code if code in ("float32", "float16") else "")


def _rounded(raw: Any, missing: Mask | None) -> int:
    if raw.size == 0 or (raw.max() <= EXACT_WHOLE and raw.min() >= -EXACT_WHOLE):
        return 0
    present = raw if missing is None else raw[~missing]
    return sum(int(float(value)) != value for value in present.tolist() if abs(value) >= EXACT_WHOLE)


def nulls_of(array: pa.Array) -> Mask | None:
    """Which cells are null; None where none is."""
    if array.null_count == 0:
        return None
    first, last = array.offset // 8, (array.offset + len(array) + 7) // 8
    bits = np.frombuffer(array.buffers()[0], dtype=np.uint8)[first:last]
    start = array.offset - 8 * first
    absent: Mask = np.unpackbits(bits, bitorder="little")[start : start + len(array)] == 0
    return absent


def _parse_text(array: pa.Array, name: str, parse: Parser, wanted: Mask | None) -> Numbers:
    values = np.full(len(array), np.nan)
    rounded = 0
    for i, cell in enumerate(array.to_pylist()):
        if cell is None or (wanted is not None and not wanted[i]):
            continue
        try:
            number = parse(cell)
        except ValueError:
            raise CellError(i + 1, f"column {name!r} has {cell!r}, not a number", way_out(cell)) from None
        if number is not None:
            values[i] = number
            rounded += abs(number) >= EXACT_WHOLE and cell.strip().lstrip("+-").isdigit() and int(cell) != number
    return Numbers(values, None, rounded)


NULL_WORDS = ("", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "nan", "NaN", "NAN", "<NA>")
"""Texts that mean missing unless --na says others."""


def parse_cell(cell: str) -> float | None:
    """A cell's number in a file that has no options for its texts, None where it is missing.

    Raises:
        ValueError: it is neither.
    """
    if cell.strip() in NULL_WORDS:
        return None
    return plain_number(cell)


def plain_number(text: str) -> float:
    """The number that a text is.

    Raises:
        ValueError: it is none, or has underscores or digits of other scripts, which Python would take.
    """
    if "_" in text or not text.isascii():
        raise ValueError("not a number as files write it")
    return float(text)


def way_out(cell: str) -> str:
    """What to do about a cell that is no number."""
    text = cell.strip()
    if text.endswith("%"):
        return "--percent-cells reads 50.50% as 0.505"
    # 1,234 may be a thousand: only what cannot be one is taken for a decimal comma
    if re.fullmatch(r"[+-]?\d+,(\d{1,2}|\d{4,})", text):
        return "--decimal , reads 1,5 as 1.5"
    if text.lower() in ("true", "false"):
        return "write it as 0 and 1 if numbers are meant"
    return f"--na {text!r} reads it as missing; otherwise correct the cell"
