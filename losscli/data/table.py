"""What every input looks like to the rest: a table of named columns, read in fragments."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Protocol, TypeAlias

import pyarrow as pa

from losscli.arrays import Mask, np
from losscli.data.usual import usual_type
from losscli.errors import DataError, UsageError
from losscli.records import dataclass


class Kind(Enum):
    """What the values of a column are, as far as the file tells."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "date or time"
    LIST = "list of numbers"
    OTHER = "other"


def kind_of(arrow_type: pa.DataType) -> Kind:
    """The kind of an Arrow type; a column of nothing but nulls may still be a number."""
    types = pa.types
    arrow_type = usual_type(arrow_type)
    if types.is_dictionary(arrow_type):
        return kind_of(arrow_type.value_type)
    if types.is_null(arrow_type) or types.is_integer(arrow_type) or types.is_floating(arrow_type):
        return Kind.NUMBER
    if types.is_decimal(arrow_type):
        return Kind.NUMBER
    if types.is_boolean(arrow_type):
        return Kind.BOOLEAN
    if is_text(arrow_type):
        return Kind.TEXT
    if types.is_temporal(arrow_type) and not types.is_interval(arrow_type):
        return Kind.TIME
    if is_list(arrow_type) and kind_of(arrow_type.value_type) in (Kind.NUMBER, Kind.LIST, Kind.BOOLEAN):
        # a mask of true and false is one of 1 and 0
        return Kind.LIST
    return Kind.OTHER


def is_text(arrow_type: pa.DataType) -> bool:
    """Whether the values are strings, whatever their encoding."""
    types = pa.types
    return bool(types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_string_view(arrow_type))


def is_list(arrow_type: pa.DataType) -> bool:
    """Whether each value is a list, of fixed or varying length."""
    types = pa.types
    return bool(types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type))


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the head of the file shows it.

    Attributes:
        sample: a cell of it where it is text.
        width: about how many values a cell has; more than 1 for lists whose length the file tells.
    """

    name: str
    kind: Kind
    sample: str | None = None
    width: int = 1


@dataclass(frozen=True, slots=True)
class Need:
    """A column to read.

    Attributes:
        as_number: whether its cells must be numbers.
        kind: what the file says it holds.
        width: about how many values a cell has.
        tells_apart: whether all that matters of its cells is which are the same.
    """

    name: str
    as_number: bool
    kind: Kind
    width: int = 1
    tells_apart: bool = False


class CellError(Exception):
    """A cell or row that cannot be read; its row counts from 1 within the fragment."""

    def __init__(self, row: int, problem: str, hint: str | None = None) -> None:
        super().__init__(row, problem, hint)
        self.row = row
        self.problem = problem
        self.hint = hint

    def located(self, file: str, rows_before: int) -> DataError:
        """The error for the user, with the row counted within the file."""
        return DataError(f"{file}, row {rows_before + self.row}: {self.problem}", self.hint)


Batch: TypeAlias = list[pa.Array]
"""Arrays of equal length, one for each needed column."""


class Fragment(Protocol):
    """A run of rows of one table that a worker reads by itself."""

    @property
    def start(self) -> int | None:
        """Rows of the table before this run; None where only reading in order tells."""

    def batches(self, rows: int) -> Iterator[Batch]:
        """The needed columns in their order, in batches of at most `rows` rows.

        Raises:
            CellError: a cell cannot be read.
        """

    def number(self, cell: str) -> float | None:
        """What a cell of text means as a number, None where it means missing.

        Raises:
            ValueError: it is no number.
        """


class Headed(Protocol):
    """What is known of a table before it is read."""

    @property
    def label(self) -> str:
        """The name for messages."""

    @property
    def columns(self) -> Sequence[Column]:
        """All columns in file order; names may repeat."""


class Table(Headed, Protocol):
    """One input file, or a frame in memory."""

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The runs of rows in file order, of which the needed columns are read; can be called once.

        Raises:
            UsageError: a needed column is not there.
            DataError: the file cannot be read.
        """

    def close(self) -> None:
        """Let go of the file."""


def position(table: Headed, name: str) -> int:
    """Where a column stands in a table.

    Raises:
        UsageError: there is no such column, or more than one.
    """
    places = [i for i, column in enumerate(table.columns) if column.name == name]
    if not places:
        places = [i for i, column in enumerate(table.columns) if column.name.strip() == name.strip()]
    if len(places) == 1:
        return places[0]
    if places:
        raise UsageError(
            f"{table.label} has {len(places)} columns called {name!r}",
            hint="rename one of them, or read by number: --no-header --skip-lines 1 makes the columns 1, 2, 3, ...",
        )
    shown = ", ".join(repr(column.name) for column in table.columns[:20])
    more = f" and {len(table.columns) - 20} more" if len(table.columns) > 20 else ""
    raise UsageError(f"{table.label} has no column {name!r}; it has {shown}{more}")


def columns_of(schema: pa.Schema) -> list[Column]:
    """The columns of an Arrow schema with their kinds."""
    return [Column(entry.name, kind_of(entry.type), width=_width_of(entry.type)) for entry in schema]


_SOME_WIDTH = 64
"""What is taken for the length of lists of which nothing is known."""


def _width_of(arrow_type: pa.DataType) -> int:
    if pa.types.is_fixed_size_list(arrow_type):
        return max(1, int(arrow_type.list_size)) * _width_of(arrow_type.value_type)
    return _SOME_WIDTH * _width_of(arrow_type.value_type) if is_list(arrow_type) else 1


def sliced(columns: Batch, rows: int) -> Iterator[Batch]:
    """The same columns in batches of at most `rows` rows; nothing is copied."""
    for first in range(0, len(columns[0]), rows):
        yield [column.slice(first, rows) for column in columns]


def validated(columns: Batch) -> Batch:
    """The same columns, of which each value is known to lie where the file has it.

    Arrow's readers trust offsets and indices, which in a broken file point anywhere in memory. The look at each of them
    is a few percent of what texts and lists cost later, and nothing for plain numbers.

    Raises:
        pa.ArrowInvalid: one does not, or a text is not UTF-8.
    """
    for column in columns:
        column.validate(full=True)
    return columns


def unreadable(label: str, kind: str, error: Exception) -> DataError:
    """The error for a file whose content is not what its format says."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{label}: no such file", "check the path")
    if isinstance(error, PermissionError):
        return DataError(f"{label}: no permission to read it", "check its access rights")
    if "://" in label:
        from losscli.data.network_errors import network_error

        found = network_error(label, error)
        if found is not None:
            return found
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(
        f"{label} cannot be read as {kind}: {reason}",
        "the file may be cut off or of another format; --input-format says which one it is",
    )


def different_values(cells: pa.Array, matching: Mask | None) -> list[str]:
    """The values that occur, as text and without nulls, in the rows that match; none of lists and structures."""
    kind = kind_of(cells.type)
    if kind in (Kind.LIST, Kind.OTHER):
        return []
    if matching is not None:
        cells = cells.take(pa.array(np.flatnonzero(matching)))
    try:
        found = cells.unique().to_pylist()
    except (OverflowError, ValueError):
        if kind is not Kind.TIME:
            raise
        # moments that no calendar has, or in a zone that this machine does not know
        return []
    return [str(value) for value in found if value is not None]
