"""Rows of several models paired by their keys."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from losscli.arrays import Index, np
from losscli.data.held import (
    ROWS_AT_A_TIME,
    Held,
    Run,
    as_needed,
    fitting,
    hold,
    in_order,
    key_needs,
    merged,
    need_of,
    own_conditions,
    taken,
)
from losscli.data.key_index import KeyIndex
from losscli.data.left_out import LeftOut
from losscli.data.read_ahead import ahead
from losscli.data.side_by_side import Place, RowsInMemory, Split, chosen_columns
from losscli.data.table import Kind, Need, Table
from losscli.data.unpaired import Unpaired, missing_keys, repeated_keys, shown_key
from losscli.data.where import Condition
from losscli.errors import DataError
from losscli.records import dataclass

_TELL_APART = "add columns to --key that tell these rows apart"


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """The rows of one model in memory, found by their keys.

    Attributes:
        who: whose rows these are, for messages.
        names: the columns of the key.
    """

    who: str
    held: Held
    names: Sequence[str]
    index: KeyIndex

    @classmethod
    def of(cls, who: str, held: Held, names: Sequence[str]) -> "KeyedRows":
        """With the index made."""
        return cls(who, held, names, KeyIndex(held.keys(names)))

    def check(self, hint: str = _TELL_APART) -> None:
        """See that each row has a key of its own.

        Raises:
            DataError: not so.
        """
        if self.index.missing.any():
            raise missing_keys(self.held, self.index, self.names)
        if (self.index.counts > 1).any():
            raise repeated_keys(self.held, self.index, self.names, self.who, hint)

    def alone(self, untouched: Index, other: str) -> DataError | None:
        """The error for keys of these rows that the other model lacks; None where there is none."""
        if not untouched.size:
            return None
        rows = np.sort(self.index.first[untouched])
        cells = [column for column, _ in self.held.keys(self.names)]
        first = [f"row {int(self.held.rows[row]) + 1} ({shown_key(self.names, cells, row)})" for row in rows[:3]]
        return DataError(
            f"{self.who}: {len(rows)} of {len(self.index.ids)} rows have no partner in {other}: {', '.join(first)}",
            "--join inner leaves such rows out and counts them",
        )


def keyed_rows(table: Table, needs: Sequence[Need], names: Sequence[str], conditions: Sequence[Condition]) -> KeyedRows:
    """A table in memory: its needed columns and its keys."""
    keys = key_needs(table, names)
    held = hold(table, needs, keys, conditions)
    return KeyedRows.of(table.label, held, [need.name for need in keys])


def streamed(
    tables: Sequence[Table], names: Sequence[str], split: Split, conditions: Sequence[Condition]
) -> Iterator[RowsInMemory]:
    """The rows of the first table, read in order, each with its one partner in each of the others, which are held.

    Raises:
        DataError: a row on either side has no partner, or more than one; all of them are counted first.
    """
    first, *rest = tables
    others = [keyed_rows(table, split.needs[i], names, conditions) for i, table in enumerate(rest, start=1)]
    for other in others:
        other.check()
    columns = [other.held.given(split.needs[i]) for i, other in enumerate(others, start=1)]
    search = _Search(first, names, split.needs[0], others, conditions)
    with closing(ahead(in_order(first, search.reads))) as runs:
        for run in runs:
            partners = search.look(run)
            # once a row has no partner the rest is read to count
            if not search.failed:
                parts = [search.own(run), *_parts(columns, partners, split.places)]
                yield RowsInMemory(chosen_columns(parts, split.places), run.first, run.number)
    search.check()


def _parts(
    columns: Sequence[dict[str, object]], rows: Sequence[Index], places: Sequence[Place]
) -> list[dict[str, object]]:
    """The needed columns of the held sides, which are sides 1 and on."""
    return [
        {name: taken(held[name], chosen) for place, name in places if place == side}
        for side, (held, chosen) in enumerate(zip(columns, rows, strict=True), start=1)
    ]


class _Search:
    """Looks the rows of the first model up in those of the others, and counts."""

    def __init__(
        self,
        table: Table,
        names: Sequence[str],
        needs: Sequence[Need],
        others: Sequence[KeyedRows],
        conditions: Sequence[Condition],
    ) -> None:
        self._table = table
        keys = key_needs(table, names)
        self._names = [need.name for need in keys]
        self._conditions = own_conditions(table, conditions)
        self.reads = merged([*needs, *(need_of(table, each.column) for each in self._conditions)], keys)
        self._needs = needs
        self._kinds = {need.name: need.kind for need in self.reads}
        self._others = others
        self._unpaired = [Unpaired() for _ in others]
        self._seen = [np.zeros(len(other.index.counts), dtype=np.int64) for other in others]
        self._met = [np.zeros(len(other.index.counts), dtype=bool) for other in others]

    @property
    def failed(self) -> bool:
        """Whether a row so far has no partner."""
        return any(found.missing or found.unmatched for found in self._unpaired)

    def own(self, run: Run) -> dict[str, object]:
        """The needed columns of the first model."""
        columns = {need.name: cells for need, cells in zip(self.reads, run.columns, strict=True)}
        return {need.name: as_needed(columns[need.name], need, run.number) for need in self._needs}

    def look(self, run: Run) -> list[Index]:
        """For each other model the partner of each row, -1 for none."""
        columns = {need.name: cells for need, cells in zip(self.reads, run.columns, strict=True)}
        fits = fitting(run.columns, self.reads, self._conditions, run.number, self._table.columns)
        asked = np.arange(run.size) if fits is None else np.flatnonzero(fits)
        cells = [(columns[name], run.number if self._kinds[name] is Kind.NUMBER else None) for name in self._names]
        shown = cells if fits is None else [(taken(column, asked), parse) for column, parse in cells]
        partners = []
        for other, found, seen, met in zip(self._others, self._unpaired, self._seen, self._met, strict=True):
            ids, lacks = other.index.find(cells)
            found.look(self._names, shown, ids[asked], lacks[asked], run.first + asked)
            met[ids[ids >= 0]] = True
            known = ids[asked]
            np.add.at(seen, known[known >= 0], 1)
            rows = np.full(run.size, -1, dtype=np.int64)
            rows[ids >= 0] = other.index.first[ids[ids >= 0]]
            partners.append(rows)
        return partners

    def check(self) -> None:
        """See that all rows were paired.

        Raises:
            DataError: not so.
        """
        label = self._table.label
        for other, found, seen, met in zip(self._others, self._unpaired, self._seen, self._met, strict=True):
            lonely = other.alone(np.flatnonzero(~met), label)
            if found.missing or found.unmatched:
                here = found.problem(label, other.who, other.index, self._names)
                raise _both(here, None if found.missing else lonely)
            repeated = np.flatnonzero(seen > 1)
            if repeated.size:
                cells = [column for column, _ in other.held.keys(other.names)]
                shown = shown_key(other.names, cells, int(other.index.first[repeated].min()))
                counted = f"{len(repeated)} keys stand" if len(repeated) > 1 else "a key stands"
                raise DataError(f"{label}: {counted} in more than one row; for instance {shown}", _TELL_APART)
            if lonely is not None:
                raise lonely


def _both(here: DataError, there: DataError | None) -> DataError:
    return here if there is None else DataError(f"{here.message}; {there.message}", here.hint)


def paired(sides: Sequence[KeyedRows]) -> list[Index]:
    """For each row of the first model its row in each; every row has one partner.

    Raises:
        DataError: a row on either side has no partner, or a key is repeated.
    """
    first, *others = sides
    rows = np.arange(len(first.index.ids))
    found = [rows]
    for other in others:
        ids, lacks = other.index.find(first.held.keys(first.names))
        met = np.zeros(len(other.index.counts), dtype=bool)
        met[ids[ids >= 0]] = True
        lonely = other.alone(np.flatnonzero(~met), first.who)
        if (ids < 0).any():
            unpaired = Unpaired()
            unpaired.look(first.names, first.held.keys(first.names), ids, lacks, first.held.rows)
            raise _both(unpaired.problem(first.who, other.who, other.index, first.names), lonely)
        if lonely is not None:
            raise lonely
        found.append(other.index.first[ids])
    return found


def paired_inner(sides: Sequence[KeyedRows], left_out: LeftOut) -> list[Index]:
    """The rows that have one partner in each model, in the order of the first; the others are counted."""
    first, *others = sides
    kept = _clear(first)[np.maximum(first.index.ids, 0)] if len(first.index.counts) else first.index.ids >= 0
    kept = kept & ~first.index.missing
    left_out.add(f"rows of {first.who} whose key is repeated or missing", int((~kept).sum()))
    partners: list[Index] = []
    for other in others:
        ids, _ = other.index.find(first.held.keys(first.names))
        clear = np.where(_clear(other), other.index.first, -1)
        rows = np.full(len(ids), -1, dtype=np.int64)
        rows[ids >= 0] = clear[ids[ids >= 0]]
        alone = kept & (rows < 0)
        left_out.add(f"rows of {first.who} without one partner in {other.who}", int(alone.sum()))
        kept &= ~alone
        partners.append(rows)
    used = np.flatnonzero(kept)
    for other in others:
        unused = len(other.index.ids) - len(used)
        left_out.add(f"rows of {other.who} without one partner in the others", unused, predictions=False)
    return [used, *(rows[used] for rows in partners)]


def _clear(side: KeyedRows) -> Index:
    """Which keys stand in one row."""
    one: Index = side.index.counts == 1
    return one


def emitted(helds: Sequence[Held], rows: Sequence[Index], split: Split) -> Iterator[RowsInMemory]:
    """Rows in memory, put side by side a run after the other."""
    columns = [held.given(needs) for held, needs in zip(helds, split.needs, strict=True)]
    for start in range(0, len(rows[0]), ROWS_AT_A_TIME):
        chosen = [index[start : start + ROWS_AT_A_TIME] for index in rows]
        batch = [taken(columns[side][name], chosen[side]) for side, name in split.places]
        yield RowsInMemory(batch, start, helds[0].number)
