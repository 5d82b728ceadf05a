"""One scan of the input for every loss of a command: fragments to units, units to sums, sums to results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from losscli.arrays import np
from losscli.batches import RowsApartError
from losscli.block import Block
from losscli.contest_state import ContestState, new_state, new_sums
from losscli.data.table import CellError, Fragment, Need, Table
from losscli.errors import DataError
from losscli.fold import BLOCK, Accumulator, FragmentSums, Run
from losscli.grown import grown
from losscli.memory import keep, look
from losscli.moments import NotFiniteError
from losscli.notices import Notices
from losscli.outcome import Outcome
from losscli.pairing import units_of_contest
from losscli.plan import Contest, Plan
from losscli.records import dataclass, field
from losscli.request import Request
from losscli.resolved_words import resolved
from losscli.slicing import Label
from losscli.tally import Tally
from losscli.unit_arrays import Units
from losscli.units import units_of
from losscli.walk import reading, walked
from losscli.workers import workers


@dataclass(slots=True)
class Sums:
    """What a scan found: for each term what its units add up to, and what is common to all.

    Attributes:
        plan: the losses bound to columns.
        states: the state of each contest.
        rows: the data rows of the input.
        gathered: whether all rows of batches had to be held.
        threads: how many to evaluate with what is left for the end.
    """

    plan: Plan
    states: list[ContestState]
    rows: int = 0
    gathered: bool = False
    notices: Notices = field(default_factory=Notices)
    threads: int = 1

    def outcomes(self) -> list[list[tuple[Label | None, Outcome]]]:
        """What each contest comes to, for all rows and for each slice; called once."""
        with workers(self.threads), np.errstate(all="ignore"):
            found = [state.outcomes() for state in self.states]
        look()
        return found


@dataclass(slots=True)
class _Scanned:
    """What one fragment adds."""

    rows: int
    sums: list[FragmentSums]
    tallies: list[list[Tally]]
    notices: Notices


Opener = Callable[[], Table]
Progress = Callable[[int], None]


def scan(
    openers: Sequence[Opener], request: Request, threads: int, progress: Progress | None = None, once: bool = False
) -> Sums:
    """Read every input once and add up the units of every loss.

    Args:
        openers: one for each input, in order; called when it is that input's turn.
        request: what to compute.
        threads: how many fragments to work on at a time.
        progress: is told the number of rows after each fragment.
        once: whether an input can be read once only, so that rows of batches have to be held from the start.

    Raises:
        DataError: a cell cannot be read, or rows are refused.
        UsageError: a column is not there or is not clear.
    """
    with workers(threads):
        request = resolved(openers, request, threads, once)
        try:
            return _scan(openers, request, threads, progress, gather=once)
        except RowsApartError:
            return _scan(openers, request, threads, progress, gather=True)


def _scan(
    openers: Sequence[Opener], request: Request, threads: int, progress: Progress | None, *, gather: bool
) -> Sums:
    total: Sums | None = None
    for file, opener in enumerate(openers):
        with closing(opener()) as table, np.errstate(all="ignore"):
            if total is None:
                plan = request.plan(table)
                total = Sums(
                    plan, [new_state(contest, gather) for contest in plan.contests], gathered=gather, threads=threads
                )
            _scan_table(table, file, total, threads, progress)
    if total is None:
        raise DataError("no input", "name a file")
    return total


def _scan_table(table: Table, file: int, total: Sums, threads: int, progress: Progress | None) -> None:
    plan = total.plan
    needs = plan.needs(table)
    folds = [Accumulator(0, partial(sums_of, state), file_number(state.contest, file)) for state in total.states]
    tallies = [[Tally() for _ in contest.terms] for contest in plan.contests]
    rows = 0
    work = partial(scan_fragment, plan, needs, file)
    held = partial(grown, total.states)
    for before, found in walked(table.label, table.fragments(needs), work, threads, grown=held):
        for fold, state, sums in zip(folds, total.states, found.sums, strict=True):
            fold.absorb(sums)
            state.settle()
        absorb_tallies(tallies, found.tallies, before)
        rows = before + found.rows
        total.notices.absorb(found.notices)
        if progress:
            progress(total.rows + rows)
    for fold, state, met in zip(folds, total.states, tallies, strict=True):
        for tally in met:
            tally.check(table.label, rows, plan.refused)
        fold.close_block()
        state.settle()
        absorb_tallies([state.tallies], [met], 0)
    total.rows += rows


def absorb_tallies(totals: list[list[Tally]], found: list[list[Tally]], rows_before: int) -> None:
    """Add to the tallies of each model of each contest those of the rows that follow."""
    for total, more in zip(totals, found, strict=True):
        for tally, met in zip(total, more, strict=True):
            tally.absorb(met, rows_before)


def file_number(contest: Contest, file: int) -> int | None:
    """The number of the file where units must know their row."""
    how = contest.resampling
    return file if how.draws or how.run is not None else None


def sums_of(state: ContestState) -> Any:
    """The fold of each file adds to the state of the whole input."""
    return state.sums


def scan_fragment(plan: Plan, needs: Sequence[Need], file: int, fragment: Fragment) -> _Scanned:
    """What one fragment adds to each contest.

    Raises:
        CellError: a cell cannot be read.
    """
    if fragment.start is None:
        return _scan_rows(plan, needs, file, fragment, trusting=False)
    try:
        return _scan_rows(plan, needs, file, fragment, trusting=True)
    except NotFiniteError:
        # some row lacks a value or has one that is not allowed: look at each block
        return _scan_rows(plan, needs, file, fragment, trusting=False)


def _scan_rows(plan: Plan, needs: Sequence[Need], file: int, fragment: Fragment, *, trusting: bool) -> _Scanned:
    known = fragment.start is not None
    folds = [
        Accumulator(fragment.start or 0, partial(new_sums, contest), file_number(contest, file))
        for contest in plan.contests
    ]
    loose: list[list[Run]] = [[] for _ in plan.contests]
    found = _Scanned(0, [], [[Tally() for _ in contest.terms] for contest in plan.contests], Notices())
    for block in blocks(plan, needs, fragment):
        for i, contest in enumerate(plan.contests):
            units = units_of_contest(contest, block, found.tallies[i], trusting=trusting)
            if known:
                folds[i].feed(units, block.size)
            else:
                loose[i].append(Run(units, block.size))
        found.rows += block.size
        found.notices.look(block, plan.watched)
    found.sums = (
        [fold.sums() for fold in folds]
        if known
        else [
            FragmentSums(before=runs, moments=new_sums(contest), span=found.rows)
            for runs, contest in zip(loose, plan.contests, strict=True)
        ]
    )
    return found


_VALUES_AT_A_TIME = 3 << 17
"""How many values of a loss's columns are held at a time: 3 MB, so that the arrays of a block stay near the caches.

Half of it took a fifth longer for ten classes, and twice of it needed more memory for no less time.
"""


_FEWEST_ROWS = 16


def rows_at_a_time(plan: Plan, needs: Sequence[Need]) -> int:
    """How many rows a block has: fewer where rows hold long lists. Sums do not depend on it, memory does."""
    widths = {need.name: need.width for need in needs}
    widest = max(sum(widths[name] for entry in term.entries for name in entry.columns) for term in plan.terms)
    rows = BLOCK
    # whole parts of a block, so that its sums are made of few pieces
    while rows > _FEWEST_ROWS and rows * widest > _VALUES_AT_A_TIME:
        rows //= 2
    return rows


def blocks(plan: Plan, needs: Sequence[Need], fragment: Fragment) -> Iterator[Block]:
    """The rows of a fragment block by block.

    Raises:
        CellError: a cell cannot be read.
    """
    row = 0
    with np.errstate(all="ignore"):
        for batch in fragment.batches(rows_at_a_time(plan, needs)):
            block = Block(batch, needs, row, fragment.number, plan.where)
            yield block
            row += block.size
            look()


def stream_units(
    openers: Sequence[Opener], request: Request, tally: Tally, notices: Notices
) -> Iterator[tuple[Units, int, int]]:
    """The units of the first loss, which are rows, in their order, for `--reduction none`.

    Args:
        tally, notices: are filled with what is met.

    Yields:
        units: the units of a run of rows.
        first: how many rows of the whole input came before that run.
        span: how many rows the run has.
    """
    plan: Plan | None = None
    rows_before = 0
    for opener in openers:
        with closing(opener()) as table:
            plan = plan or request.plan(table)
            rows = 0
            for units, first, span in _stream_table(table, plan, tally, notices):
                yield units, rows_before + first, span
                rows = first + span
        rows_before += rows


def _stream_table(table: Table, plan: Plan, total: Tally, notices: Notices) -> Iterator[tuple[Units, int, int]]:
    needs = plan.needs(table)
    rows = 0
    keep("", partial(reading, table.label))
    try:
        for fragment in table.fragments(needs):
            start = rows
            for block in blocks(plan, needs, fragment):
                met = Tally()
                units = units_of(plan.terms[0], block, met)
                located = Tally()
                located.absorb(met, start)
                located.check(table.label, rows + block.size, plan.refused)
                total.absorb(located, 0)
                notices.look(block, plan.watched)
                yield units, rows, block.size
                rows += block.size
    except CellError as error:
        raise error.located(table.label, start) from error
