"""Columns of a table held in memory, and a table read in order."""

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa

from losscli.arrays import Index, Mask, np
from losscli.data.group_keys import indices_of
from losscli.data.numbers import Parser, nulls_of, parse_cell, to_numbers
from losscli.data.table import Batch, CellError, Column, Kind, Need, Table, is_text, position
from losscli.data.where import Condition
from losscli.errors import DataError
from losscli.memory import Growing, keep, look
from losscli.records import dataclass

ROWS_AT_A_TIME = 65_536


@dataclass(frozen=True, slots=True)
class Run:
    """Some rows of a table, read in order.

    Attributes:
        columns: the needed columns.
        number: what a cell of text means as a number.
        first: how many rows of the table come before.
    """

    columns: Batch
    number: Parser
    first: int

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.columns[0])


def in_order(table: Table, needs: Sequence[Need]) -> Iterator[Run]:
    """The needed columns of a table, a run of rows after the other; one run is in memory.

    Raises:
        DataError: a cell or the file cannot be read.
    """
    rows = 0
    for fragment in table.fragments(needs):
        start = rows
        try:
            for batch in fragment.batches(ROWS_AT_A_TIME):
                if len(batch[0]):
                    yield Run(batch, fragment.number, rows)
                rows += len(batch[0])
        except CellError as error:
            raise error.located(table.label, start) from error


def need_of(table: Table, name: str) -> Need:
    """A column that is read as what its file says it is."""
    column = table.columns[position(table, name)]
    return Need(column.name, column.kind is Kind.NUMBER, column.kind, column.width)


def key_needs(table: Table, names: Sequence[str]) -> list[Need]:
    """The columns of a key, read as they are written."""
    found = [table.columns[position(table, name)] for name in names]
    return [Need(column.name, False, column.kind, column.width) for column in found]


def merged(needs: Sequence[Need], keys: Sequence[Need] = ()) -> list[Need]:
    """The same columns, each once; as numbers where one of them is read so, but keys as they are written."""
    found = {key.name: key for key in keys}
    own = set(found)
    for need in needs:
        if need.name not in found or (need.as_number and need.name not in own):
            found[need.name] = need
    return list(found.values())


def own_conditions(table: Table, conditions: Sequence[Condition]) -> list[Condition]:
    """The filters that concern columns of this table."""
    names = {column.name for column in table.columns}
    return [condition for condition in conditions if condition.column in names]


def fitting(
    columns: Batch, needs: Sequence[Need], conditions: Sequence[Condition], number: Parser, kinds: Sequence[Column]
) -> Mask | None:
    """Which rows the filters keep; None without filters."""
    if not conditions:
        return None
    places = {need.name: i for i, need in enumerate(needs)}
    kind_of_name = {column.name: column.kind for column in kinds}
    fits = np.ones(len(columns[0]), dtype=bool)
    for condition in conditions:
        cells = columns[places[condition.column]]
        fits &= condition.keeps(cells, kind_of_name[condition.column], number)
    return fits


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of a table in memory: the needed columns of those that the filters keep, and nothing else.

    Attributes:
        label: the table's name for messages.
        columns: by name.
        kinds: what the file says they hold.
        number: what a cell of text means as a number.
        rows: which rows of the table these are, from 0.
    """

    label: str
    columns: dict[str, pa.Array]
    kinds: dict[str, Kind]
    number: Parser
    rows: Index

    def given(self, needs: Sequence[Need]) -> dict[str, pa.Array]:
        """The needed columns; those that were read as they are written, for keys, as they are needed."""
        return {need.name: as_needed(self.columns[need.name], need, self.number) for need in merged(needs)}

    def keys(self, names: Sequence[str]) -> list[tuple[pa.Array, Parser | None]]:
        """The cells of some columns, and for those of numbers what tells that one is missing."""
        return [(self.columns[name], self.number if self.kinds[name] is Kind.NUMBER else None) for name in names]


def hold(table: Table, needs: Sequence[Need], keys: Sequence[Need], conditions: Sequence[Condition] = ()) -> Held:
    """Read columns of a table into memory, those of the keys as they are written.

    Raises:
        DataError: a cell or the file cannot be read.
    """
    own = own_conditions(table, conditions)
    read = merged([*needs, *(need_of(table, condition.column) for condition in own)], keys)
    kept = [need.name for need in merged(needs, keys)]
    look()
    size = 0
    parts: dict[str, list[pa.Array]] = {name: [] for name in kept}
    rows: list[Index] = []
    number: Parser = parse_cell
    for run in in_order(table, read):
        number = run.number
        fits = fitting(run.columns, read, own, number, table.columns)
        chosen = None if fits is None else np.flatnonzero(fits)
        rows.append(run.first + (np.arange(run.size) if chosen is None else chosen))
        for need, cells in zip(read, run.columns, strict=True):
            if need.name in parts:
                chosen_cells = cells if chosen is None else taken(cells, chosen)
                parts[need.name].append(as_needed(decoded(chosen_cells), need, number))
                size += parts[need.name][-1].nbytes
        look(partial(_rows_held, table.label, run.first + run.size, size))
    keep(table.label, partial(_rows_held, table.label, sum(map(len, rows)), size))
    # the parts and what they are joined to are there at the same time
    look(more=size)
    columns = {name: _concatenated(parts[name], name, table.label, number) for name in kept}
    kinds = {column.name: column.kind for column in table.columns}
    return Held(table.label, columns, kinds, number, np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64))


def _rows_held(label: str, rows: int, size: int) -> Growing:
    return Growing(
        f"{rows:,} rows of {label}, which are held to be paired by their keys",
        "name the smaller file where one is held: --truth, and models after the first",
        size,
    )


def taken(cells: pa.Array, rows: Index) -> pa.Array:
    """The cells of some rows; null where the row is -1."""
    indices = np.ascontiguousarray(rows, dtype=np.int64)
    absent = indices < 0
    bits = None
    if absent.any():
        bits = pa.py_buffer(np.packbits(~absent, bitorder="little"))
        indices = np.where(absent, 0, indices)
    if len(cells) == 0:
        return pa.nulls(len(indices), cells.type)
    return cells.take(pa.Array.from_buffers(pa.int64(), len(indices), [bits, pa.py_buffer(indices)]))


def decoded(cells: pa.Array) -> pa.Array:
    """Cells without a dictionary of their own."""
    return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells


def as_needed(cells: pa.Array, need: Need, number: Parser) -> pa.Array:
    """Texts as numbers where numbers are needed and each text is one."""
    if not need.as_number or not is_text(cells.type):
        return cells
    encoded = cells.dictionary_encode()
    try:
        found = to_numbers(encoded.dictionary, need.name, number)
    except CellError:
        # the rows that matter are known later, and so is whether this is an error
        return cells
    if found.rounded or not len(encoded.dictionary):
        return cells
    nulls = nulls_of(cells)
    values = found.values[indices_of(encoded, nulls)]
    if nulls is not None:
        values[nulls] = np.nan
    return pa.Array.from_buffers(pa.float64(), len(cells), [None, pa.py_buffer(values)])


def _concatenated(parts: list[pa.Array], name: str, label: str, number: Parser) -> pa.Array:
    if not parts:
        return pa.nulls(0)
    types = {str(part.type) for part in parts}
    if len(types) == 1:
        return pa.concat_arrays(parts)
    full = [part for part in parts if part.null_count < len(part)]
    if not full:
        return pa.nulls(sum(map(len, parts)))
    texts = next((part.type for part in full if is_text(part.type)), None)
    if texts is not None:
        return pa.concat_arrays([_as_texts(part, texts, number) for part in parts])
    wanted = full[0].type
    if any(part.type != wanted for part in full):
        kinds = " and ".join(sorted(types))
        raise DataError(f"{label}: column {name!r} changes its type, {kinds}", "write it with one type")
    return pa.concat_arrays([part if part.type == wanted else pa.nulls(len(part), wanted) for part in parts])


def _as_texts(cells: pa.Array, texts: pa.DataType, number: Parser) -> pa.Array:
    if is_text(cells.type):
        return cells.cast(texts)
    return pa.array([None if cell is None or cell != cell else _written(cell, number) for cell in cells.to_pylist()])


def _written(value: float, number: Parser) -> str:
    """A number as its file would write it."""
    text = repr(value)
    try:
        return text if number(text) == value else text.replace(".", ",")
    except ValueError:
        return text.replace(".", ",")
