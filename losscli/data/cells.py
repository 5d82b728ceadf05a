"""The cells of a few rows as they stand in the file, looked up once it is known which rows are wanted."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from losscli.data.table import Batch, validated

Cells: TypeAlias = list[list[Any]]
"""For each row its cells: text, a number, true or false, None, or lists and objects of those."""


@runtime_checkable
class ShowsCells(Protocol):
    """A table that can be read a second time, or a fragment of a stream, which is gone when the next one comes."""

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows as they stand in the file.

        Args:
            rows: ascending, counted from 0 within the table or the fragment.
            names: the names of columns that are there once.

        Raises:
            DataError: the file cannot be read again.
        """


def picked(batches: Iterable[Batch], rows: Sequence[int]) -> Cells:
    """The cells of some rows, ascending, of runs of rows that follow one another; no run is taken after the last."""
    found: Cells = []
    first = 0
    for columns in batches:
        last = first + len(columns[0])
        here = [row - first for row in rows[len(found) : bisect_left(rows, last)]]
        if here:
            validated(columns)
        found += [[arrow_cell(column, row) for column in columns] for row in here]
        if len(found) == len(rows):
            break
        first = last
    return found


def arrow_cell(column: Any, row: int) -> Any:
    """A cell of an Arrow array, plain or in chunks."""
    cell = column[row]
    try:
        return plain_cell(cell.as_py())
    except (OverflowError, ValueError, pa.ArrowException):
        # a moment that no calendar has, or in a zone that this machine does not know
        return str(getattr(cell, "value", None))


def plain_cell(value: Any) -> Any:
    """A value with nothing in it that JSON has no form for, except floats that are not finite."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain_cell(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain_cell(item) for name, item in value.items()}
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
