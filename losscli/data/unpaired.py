"""What is said of rows whose keys do not lead to one row of the other table."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from losscli.arrays import Index
from losscli.data.group_keys import Parser
from losscli.data.held import Held
from losscli.data.key_index import KeyCells, KeyColumn, KeyIndex
from losscli.data.key_labels import key_labels
from losscli.errors import DataError
from losscli.records import dataclass, field

_SHOWN = 3
_LONGEST = 80
_LEAVE_OUT = "--join inner leaves such rows out and counts them"


def shown_key(names: Sequence[str], cells: Sequence[pa.Array], row: int) -> str:
    """The key of a row for a message."""
    return ", ".join(f"{name}={_shown_cell(column[row])}" for name, column in zip(names, cells, strict=True))


def _shown_cell(cell: Any) -> str:
    if not pa.types.is_temporal(cell.type):
        shown = repr(cell.as_py())
        return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
    try:
        return str(cell.cast(pa.string()).as_py())
    except pa.ArrowException:
        # a zone that this machine does not know
        return f"{cell.value} {cell.type}"


@dataclass(slots=True)
class Example:
    """A row, counted from 1, and its key."""

    row: int
    key: str

    def __str__(self) -> str:
        return f"row {self.row} ({self.key})"


@dataclass(slots=True)
class Unpaired:
    """Rows of a table that cannot be paired, with the first of them."""

    total: int = 0
    missing: int = 0
    unmatched: int = 0
    first_missing: list[Example] = field(default_factory=list)
    first_unmatched: list[Example] = field(default_factory=list)
    kinds: list[set[str]] = field(default_factory=list)

    def look(self, names: Sequence[str], cells: Sequence[KeyCells], ids: Index, lacks: Any, rows: Index) -> None:
        """Count the rows of a run.

        Args:
            ids: the numbers of their keys, -1 for none.
            lacks: which lack a value of their key.
            rows: where each row stands in its table, from 0.
        """
        self.total += len(ids)
        columns = [column for column, _ in cells]
        absent = (ids < 0) & ~lacks
        for mask, found in ((lacks, self.first_missing), (absent, self.first_unmatched)):
            places = mask.nonzero()[0][: _SHOWN - len(found)].tolist()
            found.extend(Example(int(rows[place]) + 1, shown_key(names, columns, place)) for place in places)
        self.missing += int(lacks.sum())
        self.unmatched += int(absent.sum())
        if not self.kinds:
            self.kinds = [_kinds_of_cells(*column) for column in cells]

    def problem(self, label: str, other: str, index: KeyIndex, names: Sequence[str]) -> DataError:
        """The error for the user; there is at least one such row."""
        if self.missing:
            shown = ", ".join(map(str, self.first_missing))
            return DataError(
                f"{label}: {self.missing} of {self.total} rows lack a value of their key: {shown}",
                "--where leaves out rows of another kind, --join inner all without a partner",
            )
        shown = ", ".join(map(str, self.first_unmatched))
        text = f"{label}: {self.unmatched} of {self.total} rows have no partner in {other}: {shown}"
        if self.unmatched == self.total:
            for name, here, column in zip(names, self.kinds, index.columns, strict=True):
                there = _kinds_of(column)
                if here and there and not here & there:
                    text += f"; {name} holds {_listed(here)} here and {_listed(there)} there"
            return DataError(text, "no row has a partner: check that --key names the right columns")
        return DataError(text, _LEAVE_OUT)


def _listed(kinds: set[str]) -> str:
    return " and ".join(sorted(kinds))


def _kinds_of(column: KeyColumn) -> set[str]:
    return {_kind(label) for label in column.sample}


def _kinds_of_cells(cells: pa.Array, parse: Parser | None) -> set[str]:
    values = cells.slice(0, 1000)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return {_kind(label) for label in key_labels(values, parse) if label is not None}


def _kind(label: object) -> str:
    if not isinstance(label, str):
        return "numbers"
    if label in ("true", "false"):
        return "true and false"
    # what key_labels makes of dates
    date = len(label) >= 10 and label[4] == label[7] == "-" and label[:4].isdigit()
    if not date:
        return "text"
    return ("times in UTC" if label.endswith("Z") else "times without a zone") if len(label) > 10 else "dates"


def missing_keys(held: Held, index: KeyIndex, names: Sequence[str]) -> DataError:
    """The error for rows in memory that lack a value of their key."""
    found = Unpaired()
    found.look(names, held.keys(names), index.ids, index.missing, held.rows)
    return found.problem(held.label, "", index, names)


def repeated_keys(held: Held, index: KeyIndex, names: Sequence[str], who: str, hint: str) -> DataError:
    """The error for keys that several rows in memory have.

    Args:
        who: whose rows these are.
    """
    keys = (index.counts > 1).nonzero()[0]
    # the key that comes first in the file
    first = int(keys[index.first[keys].argmin()])
    rows = (index.ids == first).nonzero()[0]
    places = ", ".join(str(int(held.rows[row]) + 1) for row in rows[:_SHOWN])
    more = ", ..." if len(rows) > _SHOWN else ""
    shown = shown_key(names, [column for column, _ in held.keys(names)], int(rows[0]))
    counted = f"{len(keys)} keys stand" if len(keys) > 1 else "a key stands"
    return DataError(f"{who}: {counted} in more than one row; first {shown} in rows {places}{more}", hint)
