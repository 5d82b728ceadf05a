"""States joined: checked to be the shards of one run, then folded in the order of the files as that run would."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby, pairwise

from losscli.arrays import np
from losscli.batches import RowsApartError
from losscli.contest_state import new_state
from losscli.data.table import Column, Fragment, Need
from losscli.errors import DataError, LosscliError
from losscli.evaluation import Sums, sums_of
from losscli.fold import Accumulator
from losscli.part_sums import absorb_tallies, file_number
from losscli.plan import Plan
from losscli.records import dataclass
from losscli.request import Request
from losscli.states.document import Document, state_at
from losscli.strict import UnfitError
from losscli.tally import Tally


def check_together(documents: Sequence[Document]) -> list[Document]:
    """The states in the order of their shards.

    Raises:
        DataError: they are not all the shards of one run, each once.
    """
    ordered = sorted(documents, key=lambda document: document.shard.number)
    first = ordered[0]
    for other in ordered[1:]:
        what = _difference(first, other)
        if what:
            raise DataError(
                f"{first.path} and {other.path} are not of one run: {what}", "write all states with one command"
            )
    for one, two in pairwise(ordered):
        if one.shard == two.shard:
            raise DataError(f"shard {one.shard} is there twice: {one.path} and {two.path}", "give each shard once")
    lacking = sorted(set(range(1, first.shard.count + 1)) - {document.shard.number for document in ordered})
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        raise DataError(
            f"shard {_runs(lacking)} of {first.shard.count} {verb} missing", "give the states of all shards"
        )
    return ordered


def _difference(one: Document, two: Document) -> str:
    """In what two states differ that must be the same; empty where they do not."""
    if one.shard.count != two.shard.count:
        return f"{one.shard.count} shards and {two.shard.count}"
    if one.asked != two.asked:
        names = sorted(one.asked.keys() | two.asked.keys())
        return f"they differ in {', '.join(name for name in names if one.asked.get(name) != two.asked.get(name))}"
    if len(one.inputs) != len(two.inputs):
        return f"{len(one.inputs)} files and {len(two.inputs)}"
    for mine, theirs in zip(one.inputs, two.inputs, strict=True):
        if mine != theirs:
            return f"the files differ: {mine.path} ({mine.hash}) and {theirs.path} ({theirs.hash})"
    if one.notes != two.notes:
        return "other files were left out by the names of their folders"
    same = (one.pieces, one.columns, one.penalties) == (two.pieces, two.columns, two.penalties)
    return "" if same else "they saw different columns or parameters"


def _runs(numbers: Sequence[int]) -> str:
    """Numbers for reading: 2, 5-7."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{low}-{high}" if low < high else str(low) for low, high in found)


@dataclass(frozen=True)
class _Head:
    """The first file as the shards saw it: its columns, to which the request is bound again."""

    label: str
    columns: Sequence[Column]

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """None: nothing is read."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def merged(documents: Sequence[Document], request: Request) -> Sums:
    """What all rows add up to.

    Args:
        documents: in the order of their shards.

    Raises:
        DataError: a state does not hold what the request needs.
    """
    first = documents[0]
    with trusted_no_further():
        plan = request.plan(_Head(first.inputs[0].path if first.inputs else "", first.columns))
        try:
            return _folded(documents, plan, gather=False)
        except RowsApartError:
            return _folded(documents, plan, gather=True)


@contextmanager
def trusted_no_further() -> Iterator[None]:
    """Turns what goes wrong with sums of a wrong shape into an error of the data: they come from a file.

    Raises:
        DataError: in place of it.
    """
    try:
        yield
    except LosscliError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise DataError(f"the states do not hold what their command needs: {error}", "write them again") from error


def _folded(documents: Sequence[Document], plan: Plan, *, gather: bool) -> Sums:
    total = Sums(plan, [new_state(contest, gather) for contest in plan.contests], gathered=gather)
    places = [(span.file, document, i) for document in documents for i, span in enumerate(document.spans())]
    with np.errstate(all="ignore"):
        for file, of_file in groupby(places, key=lambda place: place[0]):
            _fold_file(file, [(document, i) for _, document, i in of_file], total)
    for document in documents:
        total.notices.absorb(document.notices)
    return total


def _fold_file(file: int, parts: Sequence[tuple[Document, int]], total: Sums) -> None:
    """Add the parts of one file, as the scan of a whole file adds its fragments."""
    folds = [Accumulator(0, partial(sums_of, state), file_number(state.contest, file)) for state in total.states]
    tallies = [[Tally() for _ in contest.terms] for contest in total.plan.contests]
    rows = 0
    for document, place in parts:
        with state_at(document.path):
            part = document.part(place, total.plan)
            if part.start != rows:
                raise UnfitError(f"parts[{place}].start", f"is {part.start} where the rows before end at {rows}")
        for fold, state, sums in zip(folds, total.states, part.sums, strict=True):
            fold.absorb(sums)
            state.settle()
        absorb_tallies(tallies, part.tallies, 0)
        rows += part.rows
    for fold, state, met in zip(folds, total.states, tallies, strict=True):
        fold.close_block()
        state.settle()
        absorb_tallies([state.tallies], [met], 0)
    total.rows += rows
