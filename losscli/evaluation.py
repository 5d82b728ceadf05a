"""One scan of the input for every loss of a command: fragments to units, units to sums, sums to results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from losscli.arrays import np
from losscli.data.table import CellError, Fragment, Need, Table
from losscli.errors import DataError
from losscli.execution import ordered_map
from losscli.fold import BLOCK, Accumulator, FragmentSums, Run
from losscli.moments import Moments, NotFiniteError
from losscli.notices import Notices
from losscli.plan import Plan
from losscli.request import Request
from losscli.tally import Tally
from losscli.units import Block, Units, units_of


@dataclass(slots=True)
class Sums:
    """What a scan found: for each term its moments and its tally, and what is common to all."""

    plan: Plan
    moments: list[Moments]
    tallies: list[Tally]
    rows: int = 0
    notices: Notices = field(default_factory=Notices)


@dataclass(slots=True)
class _Scanned:
    """What one fragment adds."""

    rows: int
    sums: list[FragmentSums]
    tallies: list[Tally]
    notices: Notices


Opener = Callable[[], Table]
Progress = Callable[[int], None]


def scan(openers: Sequence[Opener], request: Request, threads: int, progress: Progress | None = None) -> Sums:
    """Read every input once and add up the units of every loss.

    Args:
        openers: one for each input, in order; called when it is that input's turn.
        request: what to compute.
        threads: how many fragments to work on at a time.
        progress: is told the number of rows after each fragment.

    Raises:
        DataError: a cell cannot be read, or rows are refused.
        UsageError: a column is not there or is not clear.
    """
    total: Sums | None = None
    for opener in openers:
        with closing(opener()) as table, np.errstate(all="ignore"):
            plan = request.plan(table) if total is None else total.plan
            if total is None:
                total = Sums(plan, [Moments() for _ in plan.terms], [Tally() for _ in plan.terms])
            _scan_table(table, plan, threads, total, progress)
    if total is None:
        raise DataError("no input", "name a file")
    return total


def _scan_table(table: Table, plan: Plan, threads: int, total: Sums, progress: Progress | None) -> None:
    needs = plan.needs(table)
    folds = [Accumulator() for _ in plan.terms]
    tallies = [Tally() for _ in plan.terms]
    rows = 0
    try:
        for found in ordered_map(partial(_scan_fragment, plan, needs), table.fragments(needs), threads):
            for fold, tally, sums, met in zip(folds, tallies, found.sums, found.tallies, strict=True):
                fold.absorb(sums)
                tally.absorb(met, rows)
            rows += found.rows
            total.notices.absorb(found.notices)
            if progress:
                progress(total.rows + rows)
    except CellError as error:
        raise error.located(table.label, rows) from error
    for fold, tally, moments, all_met in zip(folds, tallies, total.moments, total.tallies, strict=True):
        tally.check(table.label, rows, plan.refused)
        fold.close_block()
        moments += fold.moments
        all_met.absorb(tally, 0)
    total.rows += rows


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
    folds = [Accumulator(fragment.start or 0) for _ in plan.terms]
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
        [fold.sums() for fold in folds] if known else [FragmentSums(before=runs, span=found.rows) for runs in loose]
    )
    return found


def blocks(plan: Plan, needs: Sequence[Need], fragment: Fragment) -> Iterator[Block]:
    """The rows of a fragment block by block.

    Raises:
        CellError: a cell cannot be read.
    """
    row = 0
    with np.errstate(all="ignore"):
        for batch in fragment.batches(BLOCK):
            block = Block(batch, needs, row, fragment.number, plan.where)
            yield block
            row += block.size


def stream_units(
    openers: Sequence[Opener], request: Request, tally: Tally, notices: Notices
) -> Iterator[tuple[Units, int, int]]:
    """The units of the first loss in row order, for `--reduction none`.

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
