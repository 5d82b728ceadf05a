"""One scan of the input for every loss of a command: fragments to units, units to sums, sums to results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from losscli.arrays import np
from losscli.batches import RowsApartError
from losscli.contest_state import ContestState, new_state
from losscli.data.table import CellError, Table
from losscli.errors import DataError
from losscli.execution import Engine, Threads
from losscli.file_walk import FileWalk
from losscli.fold import Accumulator
from losscli.grown import grown
from losscli.memory import keep, look
from losscli.notices import Notices
from losscli.outcome import Outcome
from losscli.part_sums import Scanned, absorb_tallies, blocks, file_number, scan_part
from losscli.plan import Plan
from losscli.records import dataclass, field
from losscli.request import Request
from losscli.resolved_words import resolved
from losscli.slicing import Label
from losscli.tally import Tally
from losscli.unit_arrays import Units
from losscli.units import units_of
from losscli.walk import reading
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


Opener = Callable[[], Table]
Progress = Callable[[int], None]


def scan(
    openers: Sequence[Opener],
    request: Request,
    engine: Engine | int,
    progress: Progress | None = None,
    once: bool = False,
) -> Sums:
    """Read every input once and add up the units of every loss.

    Args:
        openers: one for each input, in order.
        request: what to compute.
        engine: where parts of the input are worked on; a number is one of threads.
        progress: is told the number of rows after each part.
        once: whether an input can be read once only, so that rows of batches have to be held from the start.

    Raises:
        DataError: a cell cannot be read, or rows are refused.
        UsageError: a column is not there or is not clear.
    """
    engine = Threads(engine) if isinstance(engine, int) else engine
    with workers(1 if engine.far else engine.slots):
        request = resolved(openers, request, engine, once)
        try:
            return _scan(openers, request, engine, progress, gather=once)
        except RowsApartError:
            return _scan(openers, request, engine, progress, gather=True)


def _scan(
    openers: Sequence[Opener], request: Request, engine: Engine, progress: Progress | None, *, gather: bool
) -> Sums:
    if not openers:
        raise DataError("no input", "name a file")
    first = openers[0]()
    try:
        plan = request.plan(first)
    except BaseException:
        first.close()
        raise
    states = [new_state(contest, gather) for contest in plan.contests]
    total = Sums(plan, states, gathered=gather, threads=1 if engine.far else engine.slots)
    fold = partial(_FileSums, total, progress)
    with np.errstate(all="ignore"):
        FileWalk(plan.needs, partial(scan_part, plan), fold, engine, partial(grown, states)).over(openers, first)
    return total


class _FileSums:
    """The fold of one file into the sums of all."""

    def __init__(self, total: Sums, progress: Progress | None, file: int) -> None:
        self._total = total
        self._progress = progress
        self._folds = [
            Accumulator(0, partial(sums_of, state), file_number(state.contest, file)) for state in total.states
        ]
        self._tallies = [[Tally() for _ in contest.terms] for contest in total.plan.contests]

    def take(self, found: Scanned, before: int) -> None:
        """Add a part."""
        for fold, state, sums in zip(self._folds, self._total.states, found.sums, strict=True):
            fold.absorb(sums)
            state.settle()
        absorb_tallies(self._tallies, found.tallies, before)
        self._total.notices.absorb(found.notices)
        if self._progress:
            self._progress(self._total.rows + before + found.rows)

    def finish(self, label: str, rows: int) -> None:
        """Refuse what is wrong, and add the last block.

        Raises:
            DataError: rows are refused.
        """
        for fold, state, met in zip(self._folds, self._total.states, self._tallies, strict=True):
            for tally in met:
                tally.check(label, rows, self._total.plan.refused)
            fold.close_block()
            state.settle()
            absorb_tallies([state.tallies], [met], 0)
        self._total.rows += rows


def sums_of(state: ContestState) -> Any:
    """The fold of each file adds to the state of the whole input."""
    return state.sums


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
