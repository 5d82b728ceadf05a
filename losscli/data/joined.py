"""Predictions and their truth as one table: each row of the predictions with the row of the truth that has its key."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from losscli.arrays import Index, Mask, np
from losscli.data.held import as_needed, fitting, hold, in_order, key_needs, merged, need_of, own_conditions, taken
from losscli.data.key_index import KeyCells, KeyIndex
from losscli.data.keys import Join, JoinKeys
from losscli.data.left_out import LeftOut
from losscli.data.numbers import Parser
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, Table, position
from losscli.data.unpaired import Unpaired, missing_keys, repeated_keys, shown_key
from losscli.data.where import Condition
from losscli.errors import DataError
from losscli.records import dataclass, field

Opener = Callable[[], Table]


@dataclass(frozen=True, slots=True)
class HeldTruth:
    """What is needed of the truth, in memory, found by its keys."""

    columns: dict[str, object]
    index: KeyIndex
    partner: Index
    """For each key the row that has it; -1 where that is not clear."""


class Truth:
    """The table with the truth; several tables of predictions may share it.

    Holds the needed columns and the keys of all its rows, from the first time that they are asked for.

    Args:
        opener: opens it, once for its columns and again only if other columns are needed later.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._opened: Table | None = opener()
        self.label = self._opened.label
        self.columns: Sequence[Column] = self._opened.columns
        self._asked: object = None
        self._found: HeldTruth | None = None
        self._lock = threading.Lock()

    def held(self, needs: Sequence[Need], names: Sequence[str], join: Join) -> HeldTruth:
        """The needed columns in memory.

        Raises:
            DataError: a key is missing or repeated; an inner join leaves such rows out.
        """
        asked = (tuple(needs), tuple(names), join)
        with self._lock:
            if self._found is None or asked != self._asked:
                self._found = None
                self._found = self._hold(needs, names, join)
                self._asked = asked
            return self._found

    def _hold(self, needs: Sequence[Need], names: Sequence[str], join: Join) -> HeldTruth:
        table = self._open()
        keys = key_needs(table, names)
        with closing(table):
            held = hold(table, needs, keys)
        key_names = [need.name for need in keys]
        index = KeyIndex(held.keys(key_names))
        if join == "strict" and index.missing.any():
            raise missing_keys(held, index, key_names)
        clear = index.counts == 1
        if join == "strict" and not clear.all():
            raise repeated_keys(held, index, key_names, held.label, "add columns to --key that tell these rows apart")
        return HeldTruth(held.given(needs), index, np.where(clear, index.first, -1))

    def _open(self) -> Table:
        table, self._opened = self._opened, None
        return table or self._opener()

    def close(self) -> None:
        """Let go of the file, which is opened again when it is needed."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


@dataclass(frozen=True)
class JoinedTable:
    """The rows of the predictions, in their order, with the columns of the truth beside their own.

    The predictions stream; the truth is held in memory. With an inner join the rows without a partner are not there,
    and rows are counted among those that are.

    Args:
        predictions: the table whose rows these are.
        truth: the other one, which may be shared.
        keys: the columns that both have.
        again: opens the predictions once more, to count all rows that have no partner; None where that cannot be.
        conditions: filters; rows that they leave out need no partner.
        left_out: counts what an inner join leaves out, each time that the rows are read.
    """

    predictions: Table
    truth: Truth
    keys: JoinKeys
    join: Join = "strict"
    again: Opener | None = None
    conditions: Sequence[Condition] = ()
    left_out: LeftOut = field(default_factory=LeftOut)
    columns: Sequence[Column] = field(init=False)
    truth_names: dict[str, str] = field(init=False)
    """For each column of the truth that is no key its name here."""

    def __post_init__(self) -> None:
        own = {column.name for column in self.predictions.columns}
        keys = {pair.there.strip() for pair in self.keys.pairs}
        others = [column for column in self.truth.columns if column.name.strip() not in keys]
        names = {column.name: f"truth:{column.name}" if column.name in own else column.name for column in others}
        object.__setattr__(self, "truth_names", names)
        joined = [replace(column, name=names[column.name]) for column in others]
        object.__setattr__(self, "columns", [*self.predictions.columns, *joined])

    @property
    def joined(self) -> "JoinedTable":
        """The table in which the truth is, for what looks for one."""
        return self

    @property
    def label(self) -> str:
        """The predictions' name, the truth's, and whose rows are counted."""
        which = "rows with a partner in" if self.join == "inner" else "with"
        return f"{self.predictions.label} ({which} {self.truth.label})"

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The fragments of the predictions, the truth beside them."""
        local = {new: old for old, new in self.truth_names.items()}
        theirs: list[Need] = []
        ours: list[Need] = []
        places: list[Place] = []
        for need in needs:
            place = position(self, need.name)
            of_truth = place >= len(self.predictions.columns)
            name = self.columns[place].name
            places.append((of_truth, local[name] if of_truth else name))
            (theirs if of_truth else ours).append(replace(need, name=places[-1][1]))
        truth = self.truth.held(theirs, [pair.there for pair in self.keys.pairs], self.join)
        lookup = _Lookup(self, truth, ours)
        for fragment in self.predictions.fragments(lookup.reads):
            yield _JoinedRun(fragment, lookup, places)

    def close(self) -> None:
        """Let go of both files; what is held of the truth stays for the others who share it."""
        self.predictions.close()
        self.truth.close()


Place = tuple[bool, str]
"""Whether a column is of the truth, and its name there."""


class _Lookup:
    """How runs of predictions find their truth."""

    def __init__(self, table: JoinedTable, truth: HeldTruth, ours: Sequence[Need]) -> None:
        self.table = table
        self.truth = truth
        predictions = table.predictions
        keys = key_needs(predictions, [pair.here for pair in table.keys.pairs])
        self.names = [need.name for need in keys]
        self.conditions = own_conditions(predictions, table.conditions)
        self.reads = merged([*ours, *(need_of(predictions, each.column) for each in self.conditions)], keys)
        self._numbers = [need for need in ours if need.as_number and need.name in self.names]
        self._kinds = {need.name: need.kind for need in self.reads}

    def cells(self, columns: dict[str, object], number: Parser) -> list[KeyCells]:
        """The keys of a run."""
        return [(columns[name], number if self._kinds[name] is Kind.NUMBER else None) for name in self.names]

    def partners(self, batch: Batch, number: Parser) -> tuple[Index, Index, Mask, Mask]:
        """For each row its partner or -1, the number of its key, whether it lacks one, and whether it needs none."""
        columns = {need.name: cells for need, cells in zip(self.reads, batch, strict=True)}
        ids, lacks = self.truth.index.find(self.cells(columns, number))
        partner = np.full(len(ids), -1, dtype=np.int64)
        known = ids >= 0
        partner[known] = self.truth.partner[ids[known]]
        fits = fitting(batch, self.reads, self.conditions, number, self.table.predictions.columns)
        free = np.zeros(len(ids), dtype=bool) if fits is None else ~fits
        return partner, ids, lacks, free

    def as_needed(self, columns: dict[str, object], number: Parser) -> dict[str, object]:
        """The columns of a run, keys that are needed as numbers too."""
        return columns | {need.name: as_needed(columns[need.name], need, number) for need in self._numbers}

    def problem(self, row: int, key: str) -> Exception:
        """What is said of predictions without a partner, of which the first is known; all of them are counted."""
        table = self.table
        if table.again is None:
            return CellError(row, f"there is no partner in {table.truth.label} for {key}", "check --key")
        names = self.names
        found = Unpaired()
        with closing(table.again()) as again:
            for run in in_order(again, self.reads):
                _, ids, lacks, free = self.partners(run.columns, run.number)
                asked = np.flatnonzero(~free)
                columns = {need.name: taken(cells, asked) for need, cells in zip(self.reads, run.columns, strict=True)}
                found.look(names, self.cells(columns, run.number), ids[asked], lacks[asked], run.first + asked)
        if not found.missing and not found.unmatched:
            return DataError(f"{table.predictions.label} changed while it was read", "run the command again")
        return found.problem(table.predictions.label, table.truth.label, self.truth.index, names)


@dataclass(frozen=True)
class _JoinedRun:
    fragment: Fragment
    lookup: _Lookup
    places: Sequence[Place]

    @property
    def start(self) -> int | None:
        return self.fragment.start if self.lookup.table.join == "strict" else None

    def batches(self, rows: int) -> Iterator[Batch]:
        lookup = self.lookup
        before = 0
        for batch in self.fragment.batches(rows):
            partner, ids, _, free = lookup.partners(batch, self.fragment.number)
            alone = (partner < 0) & ~free
            columns = dict(zip((need.name for need in lookup.reads), batch, strict=True))
            if alone.any():
                if lookup.table.join == "strict":
                    raise self._problem(columns, before, int(alone.argmax()))
                kept = np.flatnonzero(~alone)
                _count(lookup, alone & ~(ids >= 0), alone & (ids >= 0))
                columns = {name: taken(cells, kept) for name, cells in columns.items()}
                partner = partner[kept]
            before += len(batch[0])
            if len(partner):
                held, columns = lookup.truth.columns, lookup.as_needed(columns, self.fragment.number)
                yield [taken(held[name], partner) if theirs else columns[name] for theirs, name in self.places]

    def _problem(self, columns: dict[str, object], before: int, row: int) -> Exception:
        cells = [cells for cells, _ in self.lookup.cells(columns, self.fragment.number)]
        return self.lookup.problem(before + row + 1, shown_key(self.lookup.names, cells, row))

    def number(self, cell: str) -> float | None:
        return self.fragment.number(cell)


def _count(lookup: _Lookup, unmatched: Mask, repeated: Mask) -> None:
    """Count rows that an inner join leaves out."""
    table = lookup.table
    label, other = table.predictions.label, table.truth.label
    table.left_out.add(f"rows of {label} without a partner in {other}", int(unmatched.sum()))
    table.left_out.add(f"rows of {label} whose key is repeated in {other}", int(repeated.sum()))
