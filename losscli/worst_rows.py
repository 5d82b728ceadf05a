"""One scan for the rows with the largest loss; their cells are looked up when it is known which rows they are."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from losscli.arrays import np
from losscli.data.cells import ShowsCells
from losscli.data.columns import expand
from losscli.data.table import Fragment, Need, Table, position
from losscli.errors import UsageError
from losscli.evaluation import Progress
from losscli.notices import Notices
from losscli.part_sums import blocks
from losscli.plan import Plan, Term
from losscli.ranking import Ranking
from losscli.records import dataclass, field
from losscli.tally import Tally
from losscli.unit_arrays import refuse_several
from losscli.units import units_of
from losscli.walk import walked


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        most: how many units.
        names: the columns to show beside those of roles, a comma list or patterns; None for all.
    """

    most: int
    names: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.most, int) or self.most < 1:
            raise UsageError(f"-n takes a whole number of at least 1, not {self.most!r}")


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column that is shown: its name, its roles if it has any, and whether the loss reads it as numbers."""

    name: str
    roles: tuple[str, ...] = ()
    numeric: bool = False


@dataclass(slots=True)
class _Found:
    """What one fragment adds; `piece` is the fragment where it cannot be read again."""

    rows: int
    count: int
    ranking: Ranking
    tally: Tally
    notices: Notices
    piece: ShowsCells | None


def sign_of(term: Term) -> float:
    """What a loss is multiplied by so that the worst is the highest."""
    return 1.0 if term.spec.loss.facts.direction == "lower" else -1.0


@dataclass(slots=True)
class RowScan:
    """The worst rows of the inputs, which are read one after the other.

    Attributes:
        rows: the data rows; count: those that have a loss.
        ranking: the rows, counted from 0 over all inputs.
        cells: what the file has in them, by column.
        files: the name of each input and how many rows came before it.
        shown: the columns, those of roles first.
        repeated: columns that are not shown because others have the same name.
    """

    plan: Plan
    asked: Asked
    threads: int
    progress: Progress | None = None
    rows: int = 0
    count: int = 0
    tally: Tally = field(default_factory=Tally)
    notices: Notices = field(default_factory=Notices)
    ranking: Ranking = field(init=False)
    cells: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    files: list[tuple[str, int]] = field(default_factory=list)
    shown: list[ShownColumn] = field(init=False)
    repeated: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ranking = Ranking(self.asked.most)
        self.shown = _columns_of_roles(self.plan.terms[0])

    def read(self, table: Table) -> None:
        """Read the input that follows.

        Raises:
            DataError: a cell cannot be read, or rows are refused.
            UsageError: a column is not there.
        """
        names = self._shown_in(table)
        needs = self.plan.needs(table)
        self.files.append((table.label, self.rows))
        before, tally = self.rows, Tally()
        scan = partial(_scan_fragment, self.plan, needs, self.asked.most)
        for inside, found in walked(table.label, table.fragments(needs), scan, self.threads):
            tally.absorb(found.tally, inside)
            self.notices.absorb(found.notices)
            self.count += found.count
            self.ranking.absorb(found.ranking, self.rows)
            if found.piece is not None:
                # a stream is gone when its next piece comes
                self._look(found.piece, names, self.rows, self.rows + found.rows)
            self.rows += found.rows
            if self.progress:
                self.progress(self.rows)
        tally.check(table.label, self.rows - before, self.plan.refused)
        self.tally.absorb(tally, 0)
        if isinstance(table, ShowsCells):
            self._look(table, names, before, self.rows)

    def losses(self) -> list[float]:
        """The loss of each."""
        sign = sign_of(self.plan.terms[0])
        return [sign * score for score in self.ranking.scores.tolist()]

    def file_of(self, row: int) -> tuple[str, int]:
        """The file that a row is in, and how many rows came before it."""
        return self.files[bisect_right(self.files, row, key=lambda file: file[1]) - 1]

    def warnings(self) -> list[str]:
        """What a reader should know about the columns."""
        if not self.repeated:
            return []
        return [f"not shown: columns of the same name, {', '.join(map(repr, self.repeated))}"]

    def _look(self, place: ShowsCells, names: Mapping[str, str], first: int, last: int) -> None:
        """Take the cells of the worst rows among those from first to last."""
        rows = np.sort(self.ranking.rows)
        here = rows[np.searchsorted(rows, first) : np.searchsorted(rows, last)]
        if here.size:
            found = place.cells((here - first).tolist(), list(names.values()))
            for row, cells in zip(here.tolist(), found, strict=True):
                self.cells[row] = dict(zip(names, cells, strict=True))
        if len(self.cells) > 2 * len(rows):
            # rows that others have overtaken
            self.cells = {row: self.cells[row] for row in rows.tolist() if row in self.cells}

    def _shown_in(self, table: Table) -> dict[str, str]:
        """The columns to show of a table: the name in the result and the name there."""
        columns = table.columns
        names = {shown.name: columns[position(table, shown.name)].name for shown in self.shown if shown.roles}
        taken = set(names.values())
        if self.asked.names is None:
            others = [column.name for column in columns if column.name not in taken]
        else:
            others = [columns[position(table, name)].name for name in expand(self.asked.names, table)]
        times = Counter(others)
        for name in others:
            if name in taken:
                continue
            if times[name] > 1 and self.asked.names is None:
                self.repeated[name] = None
                continue
            names.setdefault(name, name)
        known = {shown.name for shown in self.shown}
        self.shown += [ShownColumn(name) for name in names if name not in known]
        return names


def _columns_of_roles(term: Term) -> list[ShownColumn]:
    roles: dict[str, list[str]] = {}
    for role, names in term.roles.items():
        for name in names:
            roles.setdefault(name, []).append(role)
    coded = {name for entry in term.entries if entry.coding is not None for name in entry.columns}
    return [ShownColumn(name, tuple(found), name not in coded) for name, found in roles.items()]


def _scan_fragment(plan: Plan, needs: Sequence[Need], most: int, fragment: Fragment) -> _Found:
    term = plan.terms[0]
    sign = sign_of(term)
    found = _Found(0, 0, Ranking(most), Tally(), Notices(), fragment if isinstance(fragment, ShowsCells) else None)
    for block in blocks(plan, needs, fragment):
        units = units_of(term, block, found.tally)
        refuse_several(units.losses)
        found.ranking.add(sign * units.losses, units.rows, found.rows)
        found.count += len(units.losses)
        found.rows += block.size
        found.notices.look(block, plan.watched)
    return found
