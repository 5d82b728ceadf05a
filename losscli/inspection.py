"""What a file holds and what may be computed from it, found in one pass over all of its columns."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial

from losscli.arrays import np
from losscli.block import Block, chosen_rows
from losscli.column_facts import FEW, KEYS, ColumnFacts, as_input
from losscli.data.formats import kind_of_file
from losscli.data.role_names import tokens
from losscli.data.table import CellError, Column, Fragment, Kind, Need, Table, position
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError
from losscli.file_head import Head
from losscli.fold import BLOCK
from losscli.proposals import proposals
from losscli.records import dataclass
from losscli.row_rules import sums_to_one
from losscli.trials import Trial, trials_of
from losscli.walk import walked

Opener = Callable[[], Table]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file: its name, format, rows, row groups and bytes; None where that is not known."""

    name: str
    format: str
    delimiter: str | None
    rows: int
    row_groups: int | None
    size: int | None


@dataclass(slots=True)
class GroupFacts:
    """Columns that may be the classes of one value, and whether they are probabilities that add up to 1.

    Attributes:
        columns: their names.
        rows: how many rows were looked at, and `ones` in how many the numbers are in [0, 1] and add up to 1.
    """

    columns: tuple[str, ...]
    rows: int = 0
    ones: int = 0

    def look(self, block: Block) -> None:
        """Add the rows of a block that have all values."""
        try:
            found = [block.column(as_input(name), name) for name in self.columns]
        except CellError:
            return
        if any(numbers.values.ndim > 1 for numbers in found):
            return
        rows = np.stack([numbers.values for numbers in found]).T
        whole = ~np.any([numbers.missing for numbers in found], axis=0)
        chosen = chosen_rows(block)
        if chosen is not None:
            whole &= np.isin(np.arange(block.size), chosen)
        rows = rows[whole]
        good = ~sums_to_one.broken(rows) & np.all((rows >= 0.0) & (rows <= 1.0), axis=1)
        self.rows += len(rows)
        self.ones += int(np.count_nonzero(good))


@dataclass(slots=True)
class Inspection:
    """All that was found.

    Attributes:
        files: the files that were read.
        columns: what each column holds, in the order of the first file.
        repeated: names that several columns of a file have, with how many; they are not read.
        partly: for a column that some files lack, the first of those.
        head: the first file and what its first rows hold.
        groups: columns that differ in their ending.
        trials: the commands that were tried.
        rows: rows that the filters keep.
    """

    files: list[FileFacts]
    columns: dict[str, ColumnFacts]
    repeated: dict[str, int]
    partly: dict[str, str]
    head: Head
    groups: list[GroupFacts]
    trials: list[Trial]
    rows: int = 0


@dataclass(slots=True)
class _Part:
    """What one fragment adds."""

    columns: list[ColumnFacts]
    groups: list[GroupFacts]
    trials: list[Trial]
    rows: int = 0
    kept: int = 0


def inspect(
    openers: Sequence[tuple[str, Opener]],
    where: Sequence[Condition],
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> Inspection:
    """Read every column of the inputs once.

    Args:
        openers: the name of each input, and what opens it when it is its turn.
        where: the filters that all must hold.

    Raises:
        UsageError: a filter names a column that is not there.
        DataError: a file cannot be read, or has no columns or no rows.
    """
    found: Inspection | None = None
    for name, opener in openers:
        with closing(opener()) as table, np.errstate(all="ignore"):
            found = _read(name, table, found, where, threads, progress)
    if found is None:
        raise DataError("no input", "name a file")
    if not sum(file.rows for file in found.files):
        raise DataError(f"{found.files[0].name} has no rows: nothing to look at", "give a file with at least one row")
    if not found.rows:
        raise DataError("no row fits the filters", "check --where")
    return found


def _read(
    name: str,
    table: Table,
    found: Inspection | None,
    where: Sequence[Condition],
    threads: int,
    progress: Callable[[int], None] | None,
) -> Inspection:
    columns = _named_once(table)
    if not columns:
        raise DataError(f"{table.label} has no columns that can be read", "check the file and --delimiter")
    _check_filters(where, columns, table)
    needs = [_need(column) for column in columns]
    fragments, rows = table.fragments(needs), 0
    if found is None:
        # the first rows say what is worth trying on all of them
        try:
            first = next(fragments, None)
            found = _begun(table, columns, first, needs, where)
        except CellError as error:
            raise error.located(table.label, 0) from error
        fragments = itertools.chain([] if first is None else [first], fragments)
    here = {column.name for column in columns}
    found.partly |= {column: name for column in found.columns if column not in here | found.partly.keys()}
    earlier = sum(file.rows for file in found.files)
    look = partial(_look, found, needs, tuple(where))
    for before, part in walked(table.label, fragments, look, threads):
        _add(found, part, before)
        rows = before + part.rows
        if progress:
            progress(earlier + rows)
    kind = kind_of_file(table)
    found.files.append(FileFacts(name, kind.format, kind.delimiter, rows, kind.row_groups, _size_of(name)))
    return found


def _named_once(table: Table) -> list[Column]:
    names = [column.name for column in table.columns]
    return [column for column in table.columns if names.count(column.name) == 1]


def _check_filters(where: Sequence[Condition], columns: Sequence[Column], table: Table) -> None:
    for condition in where:
        place = position(table, condition.column)
        if table.columns[place] not in columns:
            raise UsageError(f"{table.label}: --where {condition}: its column is there more than once")


def _need(column: Column) -> Need:
    as_number = column.kind in (Kind.NUMBER, Kind.LIST)
    return Need(column.name, as_number, column.kind, column.width)


def _size_of(name: str) -> int | None:
    try:
        return os.stat(name).st_size if name != "-" else None  # noqa: PTH116 - a name is no Path everywhere
    except OSError:
        return None


def _begun(
    table: Table,
    columns: Sequence[Column],
    first: Fragment | None,
    needs: Sequence[Need],
    where: Sequence[Condition],
) -> Inspection:
    """An inspection before any row, with what the first rows suggest to try."""
    facts = {column.name: ColumnFacts(column.name, column.kind, _cap(column.name)) for column in columns}
    seen = [entry.new() for entry in facts.values()]
    for block in itertools.islice(() if first is None else _blocks(first, needs, where), 1):
        for entry in seen:
            entry.look(block, 0)
    head = Head(table, {entry.name: entry for entry in seen})
    names = [column.name for column in table.columns]
    repeated = {name: names.count(name) for name in names if names.count(name) > 1}
    groups = [GroupFacts(columns) for columns in head.groups()]
    return Inspection([], facts, repeated, {}, head, groups, trials_of(proposals(head), table))


def _cap(name: str) -> int:
    return KEYS if {"id", "ids", "key", "uuid"} & set(tokens(name)) else FEW


def _blocks(fragment: Fragment, needs: Sequence[Need], where: Sequence[Condition]) -> Iterator[Block]:
    rows = BLOCK
    widest = max(need.width for need in needs) + len(needs)
    while rows > 16 and rows * widest > _VALUES_AT_A_TIME:
        rows //= 2
    before = 0
    for batch in fragment.batches(rows):
        yield Block(batch, needs, before, fragment.number, where)
        before += len(batch[0])


_VALUES_AT_A_TIME = 1 << 21
"""Cells of a block that are held at a time: 16 MB."""


def _look(found: Inspection, needs: Sequence[Need], where: tuple[Condition, ...], fragment: Fragment) -> _Part:
    here = frozenset(need.name for need in needs)
    part = _Part(
        [facts.new() for facts in found.columns.values() if facts.name in here],
        [GroupFacts(group.columns) for group in found.groups if here.issuperset(group.columns)],
        [trial.new() for trial in found.trials],
    )
    with np.errstate(all="ignore"):
        for block in _blocks(fragment, needs, where):
            for facts in part.columns:
                facts.look(block, block.first_row)
            for group in part.groups:
                group.look(block)
            for trial in part.trials:
                trial.look(block, here)
            chosen = chosen_rows(block)
            part.rows += block.size
            part.kept += block.size if chosen is None else int(chosen.size)
    return part


def _add(found: Inspection, part: _Part, rows_before: int) -> None:
    for facts in part.columns:
        found.columns[facts.name].absorb(facts, rows_before)
    known = {group.columns: group for group in found.groups}
    for group in part.groups:
        known[group.columns].rows += group.rows
        known[group.columns].ones += group.ones
    for trial, more in zip(found.trials, part.trials, strict=True):
        trial.absorb(more, rows_before)
    found.rows += part.kept
