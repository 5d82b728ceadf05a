"""What a part of the input adds to each contest: its rows block by block, as units, and these as sums."""

from collections.abc import Iterator, Sequence
from functools import partial

from losscli.arrays import np
from losscli.block import Block
from losscli.contest_state import new_sums
from losscli.data.table import CellError, Fragment, Need
from losscli.fold import BLOCK, Accumulator, FragmentSums, Run
from losscli.memory import look
from losscli.moments import NotFiniteError
from losscli.notices import Notices
from losscli.pairing import units_of_contest
from losscli.parts import Stretch
from losscli.plan import Contest, Plan
from losscli.records import dataclass
from losscli.tally import Tally


@dataclass(slots=True)
class Scanned:
    """What a part of the input adds to each contest."""

    rows: int
    sums: list[FragmentSums]
    tallies: list[list[Tally]]
    notices: Notices


def absorb_tallies(totals: list[list[Tally]], found: list[list[Tally]], rows_before: int) -> None:
    """Add to the tallies of each model of each contest those of the rows that follow."""
    for total, more in zip(totals, found, strict=True):
        for tally, met in zip(total, more, strict=True):
            tally.absorb(met, rows_before)


def file_number(contest: Contest, file: int) -> int | None:
    """The number of the file where units must know their row."""
    how = contest.resampling
    return file if how.draws or how.run is not None else None


def scan_part(plan: Plan, part: Stretch) -> Scanned:
    """What a run of fragments adds to each contest, as if it were one fragment.

    Raises:
        CellError: a cell cannot be read; its row counts within the part.
    """
    if not part.whole and isinstance(part.fragments, Sequence) and len(part.fragments) == 1:
        return scan_fragment(plan, part.needs, part.file, part.fragments[0])
    folds: list[Accumulator] = []
    total = Scanned(0, [], [[Tally() for _ in contest.terms] for contest in plan.contests], Notices())
    with np.errstate(all="ignore"):
        try:
            for fragment in part.fragments:
                folds = folds or _folds(plan, part.file, 0 if part.whole else fragment.start or 0)
                found = scan_fragment(plan, part.needs, part.file, fragment)
                for fold, sums in zip(folds, found.sums, strict=True):
                    fold.absorb(sums)
                absorb_tallies(total.tallies, found.tallies, total.rows)
                total.notices.absorb(found.notices)
                total.rows += found.rows
        except CellError as error:
            # of a fragment, or of the cutting of the next one: both count from the row that comes next
            raise CellError(total.rows + error.row, error.problem, error.hint) from error
        for fold in folds if part.whole else ():
            # the file ends here, so that its last block is complete
            fold.close_block()
    total.sums = [fold.sums() for fold in folds or _folds(plan, part.file, 0)]
    return total


def _folds(plan: Plan, file: int, start: int) -> list[Accumulator]:
    return [Accumulator(start, partial(new_sums, contest), file_number(contest, file)) for contest in plan.contests]


def scan_fragment(plan: Plan, needs: Sequence[Need], file: int, fragment: Fragment) -> Scanned:
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


def _scan_rows(plan: Plan, needs: Sequence[Need], file: int, fragment: Fragment, *, trusting: bool) -> Scanned:
    known = fragment.start is not None
    folds = _folds(plan, file, fragment.start or 0)
    loose: list[list[Run]] = [[] for _ in plan.contests]
    found = Scanned(0, [], [[Tally() for _ in contest.terms] for contest in plan.contests], Notices())
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

Half of it took longer for ten classes, and twice of it needed more memory for no less time.
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
