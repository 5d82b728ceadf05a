"""One scan of the input for every loss of a command: fragments to units, units to sums, sums to results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from losscli.arrays import np
from losscli.batches import RowsApartError
from losscli.block import Block
from losscli.data.table import CellError, Fragment, Need, Table
from losscli.errors import DataError
from losscli.execution import ordered_map
from losscli.fold import BLOCK, Accumulator, FragmentSums, Run
from losscli.moments import NotFiniteError
from losscli.notices import Notices
from losscli.outcome import Outcome, TermState, new_state, new_sums
from losscli.plan import Plan
from losscli.request import Request
from losscli.resolved_words import resolved
from losscli.tally import Tally
from losscli.unit_arrays import Units
from losscli.units import units_of


@dataclass(slots=True)
class Sums:
    """What a scan found: for each term what its units add up to, and what is common to all.

    Attributes:
        plan: the losses bound to columns.
        states: the state of each.
        rows: the data rows of the input.
        gathered: whether all rows of batches had to be held.
    """

    plan: Plan
    states: list[TermState]
    rows: int = 0
    gathered: bool = False
    notices: Notices = field(default_factory=Notices)

    @property
    def tallies(self) -> list[Tally]:
        return [state.tally for state in self.states]

    def outcomes(self) -> list[Outcome]:
        """What each term comes to; called once."""
        with np.errstate(all="ignore"):
            return [state.outcome() for state in self.states]


@dataclass(slots=True)
class _Scanned:
    """What one fragment adds."""

    rows: int
    sums: list[FragmentSums]
    tallies: list[Tally]
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
    request = resolved(openers, request, threads, once)
    try:
        return _scan(openers, request, threads, progress, gather=once)
    except RowsApartError:
        return _scan(openers, request, threads, progress, gather=True)


def _scan(
    openers: Sequence[Opener], request: Request, threads: int, progress: Progress | None, *, gather: bool
) -> Sums:
    total: Sums | None = None
    for opener in openers:
        with closing(opener()) as table, np.errstate(all="ignore"):
            if total is None:
                plan = request.plan(table)
                total = Sums(plan, [new_state(term, gather) for term in plan.terms], gathered=gather)
            _scan_table(table, total, threads, progress)
    if total is None:
        raise DataError("no input", "name a file")
    return total


def _scan_table(table: Table, total: Sums, threads: int, progress: Progress | None) -> None:
    plan = total.plan
    needs = plan.needs(table)
    folds = [Accumulator(0, partial(_known, state)) for state in total.states]
    tallies = [Tally() for _ in plan.terms]
    rows = 0
    try:
        for found in ordered_map(partial(_scan_fragment, plan, needs), table.fragments(needs), threads):
            for fold, state, tally, sums, met in zip(
                folds, total.states, tallies, found.sums, found.tallies, strict=True
            ):
                fold.absorb(sums)
                state.settle()
                tally.absorb(met, rows)
            rows += found.rows
            total.notices.absorb(found.notices)
            if progress:
                progress(total.rows + rows)
    except CellError as error:
        raise error.located(table.label, rows) from error
    for fold, state, tally in zip(folds, total.states, tallies, strict=True):
        tally.check(table.label, rows, plan.refused)
        fold.close_block()
        state.settle()
        state.tally.absorb(tally, 0)
    total.rows += rows


def _known(state: TermState) -> Any:
    """The fold of each file adds to the state of the whole input."""
    return state.sums


def _scan_fragment(plan: Plan, needs: Sequence[Need], fragment: Fragment) -> _Scanned:
    if fragment.start is None:
        return _scan_rows(plan, needs, fragment, trusting=False)
    try:
        return _scan_rows(plan, needs, fragment, trusting=True)
    except NotFiniteError:
        # some row lacks a value or has one that is not allowed: look at each block
        return _scan_rows(plan, needs, fragment, trusting=False)


def _scan_rows(plan: Plan, needs: Sequence[Need], fragment: Fragment, *, trusting: bool) -> _Scanned:
    known = fragment.start is not None
    folds = [Accumulator(fragment.start or 0, partial(new_sums, term)) for term in plan.terms]
    loose: list[list[Run]] = [[] for _ in plan.terms]
    found = _Scanned(0, [], [Tally() for _ in plan.terms], Notices())
    for block in blocks(plan, needs, fragment):
        for i, term in enumerate(plan.terms):
            units = units_of(term, block, found.tallies[i], trusting=trusting)
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
            FragmentSums(before=runs, moments=new_sums(term), span=found.rows)
            for runs, term in zip(loose, plan.terms, strict=True)
        ]
    )
    return found


_VALUES_AT_A_TIME = 1 << 18
"""How many values of a loss's columns are held at a time: 2 MB, so that the arrays of a block stay near the caches."""


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
