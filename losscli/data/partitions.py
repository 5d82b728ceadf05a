"""Files of a partitioned data set: the keys that their folders say are columns of every row."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import pyarrow as pa

from losscli.data.cells import Cells, ShowsCells
from losscli.data.key_labels import key_labels, text_label
from losscli.data.partition_keys import PartitionKey
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, Table, position
from losscli.errors import DataError
from losscli.records import dataclass, field

Cut: TypeAlias = Callable[[Table, Sequence[Need]], Iterator[Fragment]]
"""Some of the fragments of a table."""


def partitioned(table: Table, keys: Sequence[PartitionKey]) -> Table:
    """A file with the keys of its folders as columns, after its own.

    A key that the file holds as well stands where the file has it, and is held against what the file says.
    """
    kind = ShownPartitionedTable if isinstance(table, ShowsCells) else PartitionedTable
    return kind(table, tuple(keys))


@dataclass(frozen=True)
class PartitionedTable:
    """A table all rows of which have the same values in some columns.

    Attributes:
        table: the file.
    """

    table: Table
    keys: tuple[PartitionKey, ...]
    columns: Sequence[Column] = field(init=False)

    def __post_init__(self) -> None:
        own = {key.name: key for key in self.keys}
        columns = [column_of(own[c.name]) if c.name in own else c for c in self.table.columns]
        here = {column.name for column in columns}
        columns += [column_of(key) for key in self.keys if key.name not in here]
        object.__setattr__(self, "columns", columns)

    @property
    def label(self) -> str:
        """The name of the file."""
        return self.table.label

    def fragments(self, needs: Sequence[Need], some: Cut | None = None) -> Iterator[Fragment]:
        """The fragments of the file, or some of them, with the keys of its folders."""
        own = {key.name: key for key in self.keys}
        keys = [own.get(self.columns[position(self, need.name)].name) for need in needs]
        here = {column.name for column in self.table.columns}
        held = [key is None or key.name in here for key in keys]
        read = [
            need if key is None else replace(need, name=key.name, as_number=False)
            for need, key, there in zip(needs, keys, held, strict=True)
            if there
        ]
        # at least one, which tells how many rows there are
        asked = read or self._any_column()
        layout = _Layout(tuple(keys), tuple(held))
        found = self.table.fragments(asked) if some is None else some(self.table, asked)
        for fragment in found:
            kind = _ShownFragment if isinstance(fragment, ShowsCells) else _Fragment
            yield kind(fragment, layout, self.keys)

    def _any_column(self) -> list[Need]:
        names = [column.name for column in self.table.columns]
        plain = [column for column in self.table.columns if names.count(column.name) == 1]
        if not plain:
            raise DataError(f"{self.label} has no column of its own to count its rows by", "check the file")
        narrow = min(plain, key=lambda column: (column.width, column.kind is not Kind.NUMBER))
        return [Need(narrow.name, False, narrow.kind, narrow.width)]

    def close(self) -> None:
        """Close the file."""
        self.table.close()


def bare(table: Table) -> Table:
    """The file itself, where a table is one with the keys of its folders."""
    return table.table if isinstance(table, PartitionedTable) else table


class ShownPartitionedTable(PartitionedTable):
    """The same over a file that can be read a second time."""

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """Some rows."""
        return _with_keys(self.table, self.keys, rows, names)


def _with_keys(shows: object, keys: Sequence[PartitionKey], rows: Sequence[int], names: Sequence[str]) -> Cells:
    values = {key.name: value_of(key) for key in keys}
    inner = [name for name in names if name not in values]
    # of no column there are no cells to be had
    cells = shows.cells(rows, inner) if inner and isinstance(shows, ShowsCells) else [[] for _ in rows]
    found = []
    for row in cells:
        rest = iter(row)
        found.append([values[name] if name in values else next(rest) for name in names])
    return found


@dataclass(frozen=True, slots=True)
class _Layout:
    """For each needed column its key, None for one of the file; and whether the file holds it."""

    keys: tuple[PartitionKey | None, ...]
    held: tuple[bool, ...]


@dataclass(frozen=True)
class _Fragment:
    fragment: Fragment
    layout: _Layout
    keys: tuple[PartitionKey, ...]

    @property
    def start(self) -> int | None:
        return self.fragment.start

    def batches(self, rows: int) -> Iterator[Batch]:
        before = 0
        for batch in self.fragment.batches(rows):
            size = len(batch[0])
            rest = iter(batch)
            found = []
            for key, held in zip(self.layout.keys, self.layout.held, strict=True):
                cells = next(rest) if held else None
                if key is not None and cells is not None:
                    _check_agrees(key, cells, before)
                found.append(cells if key is None else _constant(key, size))
            yield found
            before += size

    def number(self, cell: str) -> float | None:
        return self.fragment.number(cell)


class _ShownFragment(_Fragment):
    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        return _with_keys(self.fragment, self.keys, rows, names)


def column_of(key: PartitionKey) -> Column:
    """The column that a key is."""
    return Column(key.name, Kind.NUMBER if key.whole else Kind.TEXT, None if key.whole else key.text)


def value_of(key: PartitionKey) -> str | int | None:
    """The value of its cells."""
    return int(key.text) if key.whole and key.text is not None else key.text


@lru_cache(maxsize=64)
def _constant(key: PartitionKey, size: int) -> pa.Array:
    """So many cells of the same value, of a byte each."""
    if key.text is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int8()), cell_of(key).slice(0, 0))
    indices = pa.Array.from_buffers(pa.int8(), size, [None, pa.py_buffer(bytes(size))])
    return pa.DictionaryArray.from_arrays(indices, cell_of(key))


def cell_of(key: PartitionKey) -> pa.Array:
    """One cell with the value of a key; made of bytes, for pa.array imports pandas."""
    if key.text is None:
        return pa.nulls(1, pa.int64() if key.whole else pa.string())
    if key.whole:
        return pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(struct.pack("<q", int(key.text)))])
    content = key.text.encode("utf-8", "replace")
    offsets = pa.py_buffer(struct.pack("<ii", 0, len(content)))
    return pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(content)])


def _check_agrees(key: PartitionKey, cells: pa.Array, before: int) -> None:
    """See that a column of the file says what its folder says.

    Raises:
        CellError: a cell says something else; its row counts within the fragment.
    """
    expected = None if not key.text else text_label(key.text, decimals=True)
    plain = cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells
    if all(label == expected for label in key_labels(plain.unique(), None)):
        return
    labels = key_labels(plain, None)
    row = next(i for i, label in enumerate(labels) if label != expected)
    folder = "no value" if key.text is None else repr(key.text)
    raise CellError(
        before + row + 1,
        f"column {key.name!r} has {plain[row].as_py()!r} where the name of the folder says {folder}",
        "move the row to its folder; of a file that is named by itself the folders say nothing",
    )
