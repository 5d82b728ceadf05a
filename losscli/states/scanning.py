"""The scan of one shard: what its rows add up to, with the blocks that it shares with its neighbours left open."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice

from losscli.arrays import np
from losscli.class_weights import scheme
from losscli.contest_state import new_sums
from losscli.data.pieces import fragments_of_pieces, pieces_of
from losscli.data.table import Column, Fragment, Table
from losscli.errors import UsageError
from losscli.evaluation import Opener, Progress
from losscli.fold import Accumulator, FragmentSums
from losscli.models import models_of
from losscli.notices import Notices
from losscli.part_sums import absorb_tallies, file_number, scan_fragment
from losscli.plan import Plan
from losscli.records import dataclass, field
from losscli.request import Request
from losscli.states.shards import Shard, Span
from losscli.tally import Tally
from losscli.walk import walked


@dataclass(frozen=True, slots=True)
class Part:
    """What the rows of one file that are a shard's add to each contest.

    Attributes:
        start: how many rows of the file come before.
        rows: how many there are.
        tallies: what each model of each contest met.
    """

    file: int
    start: int
    rows: int
    sums: list[FragmentSums]
    tallies: list[list[Tally]]


@dataclass(slots=True)
class Scanned:
    """What the scan of a shard found.

    Attributes:
        columns: those of the first file, to which the request was bound.
        pieces: how many each file has.
    """

    columns: Sequence[Column] = ()
    pieces: list[int] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    notices: Notices = field(default_factory=Notices)

    @property
    def rows(self) -> int:
        """The data rows of the shard."""
        return sum(part.rows for part in self.parts)


def check_shardable(request: Request) -> None:
    """Refuse what needs all rows before the first is evaluated.

    Raises:
        UsageError: class weights by a word, which stand for counts over the whole input.
    """
    for spec in request.specs:
        word = next((word for word in spec.words().values() if scheme(word) is not None), None)
        if word is not None:
            raise UsageError(
                f"{spec.loss.name}: class weights called {word} need the counts of the whole input, which no shard has",
                hint="give them as a list: `losscli weights` prints it",
            )


def scan_shard(
    openers: Sequence[Opener], request: Request, shard: Shard, threads: int, progress: Progress | None = None
) -> Scanned:
    """Read the pieces of a shard and add up the units of every loss.

    Args:
        openers: one for each file of the whole input, in order.

    Raises:
        DataError: a cell cannot be read, or rows are refused.
        UsageError: a column is not there or is not clear, or the files cannot be cut.
    """
    check_shardable(request)
    found, plan = Scanned(), None
    for opener in openers:
        with closing(opener()) as table:
            if models_of(table):
                raise UsageError("--shard cannot cut models that have files of their own", hint="join the files first")
            if plan is None:
                plan, found.columns = request.plan(table), table.columns
            found.pieces.append(pieces_of(table))
    if plan is None:
        raise UsageError("no input", hint="name a file")
    for span in shard.of_pieces(found.pieces):
        with closing(openers[span.file]()) as table, np.errstate(all="ignore"):
            before = found.rows
            told = None if progress is None else partial(_told, progress, before)
            found.parts.append(_scan_span(table, plan, span, threads, found.notices, told))
    return found


def _told(progress: Progress, before: int, rows: int) -> None:
    progress(before + rows)


def _scan_span(
    table: Table, plan: Plan, span: Span, threads: int, notices: Notices, progress: Callable[[int], None] | None
) -> Part:
    needs = plan.needs(table)
    start, fragments = _started(fragments_of_pieces(table, needs, span.first, span.last))
    folds = [
        Accumulator(start, partial(new_sums, contest), file_number(contest, span.file)) for contest in plan.contests
    ]
    tallies = [[Tally() for _ in contest.terms] for contest in plan.contests]
    rows = 0
    work = partial(scan_fragment, plan, needs, span.file)
    for before, found in walked(table.label, fragments, work, threads, start):
        for fold, sums in zip(folds, found.sums, strict=True):
            fold.absorb(sums)
        absorb_tallies(tallies, found.tallies, before)
        rows += found.rows
        notices.absorb(found.notices)
        if progress:
            progress(rows)
    for met in tallies:
        for tally in met:
            tally.check(table.label, rows, plan.refused)
    return Part(span.file, start, rows, [fold.sums() for fold in folds], tallies)


def _started(fragments: Iterator[Fragment]) -> tuple[int, Iterator[Fragment]]:
    """How many rows come before the first fragment, and all of them."""
    first = list(islice(fragments, 1))
    start = first[0].start or 0 if first else 0
    return start, chain(first, fragments)
