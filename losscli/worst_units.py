"""The rows, sets or batches with the largest loss, with what else the file says of them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from losscli.errors import UsageError
from losscli.evaluation import Opener, Progress, Sums, scan
from losscli.execution import Threads
from losscli.outcome import Outcome
from losscli.plan import Term
from losscli.ranking import Ranking
from losscli.records import dataclass
from losscli.remarks import of_term
from losscli.request import Request
from losscli.resolved_words import resolved
from losscli.summary import nothing_left, shown_value
from losscli.tally import Tally
from losscli.unit_arrays import refuse_several
from losscli.worst_rows import Asked, RowScan, ShownColumn, sign_of


@dataclass(frozen=True, slots=True)
class Place:
    """One of the worst units.

    Attributes:
        rank: from 1.
        loss: its loss.
        row: the data row of the input, from 1; None where a unit has several rows.
        file, file_row: the file that the row is in, and its row there from 1.
        label: the value of the group, a tuple for several columns, or the number of the batch.
        size: how many rows it has.
        cells: the columns of the row as they stand in the file.
    """

    rank: int
    loss: float
    row: int | None = None
    file: str | None = None
    file_row: int | None = None
    label: Any = None
    size: int = 1
    cells: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst units and what they were chosen from.

    Attributes:
        loss, params, direction, transform: what was computed, and whether lower or higher is better.
        unit: `row`, `set` or `batch`.
        asked: how many were asked for.
        rows: the data rows of the input; used: those that have a loss; count: the units that they form.
        skipped: the rows left out, by cause.
        undefined: the units that have no loss.
        columns: the columns of each role.
        shown: the columns of the file that are shown, those of roles first.
        files: the files, in order.
        worst: the units, the worst first.
        warnings: what a reader should know.
    """

    loss: str
    params: Mapping[str, Any]
    direction: str
    transform: str | None
    unit: str
    asked: int
    rows: int
    used: int
    count: int
    skipped: Mapping[str, int]
    undefined: int
    columns: Mapping[str, Sequence[str]]
    shown: Sequence[ShownColumn]
    files: Sequence[str]
    worst: Sequence[Place]
    warnings: Sequence[str]


def worst_of(
    openers: Sequence[Opener],
    request: Request,
    asked: Asked,
    threads: int,
    progress: Progress | None = None,
    once: bool = False,
) -> Worst:
    """The units with the largest loss; with the smallest where a higher one is better.

    Args:
        openers: one for each input, in order.
        request: the one loss, and of what.
        asked: how many, and with which columns.
        threads: how many fragments to work on at a time.
        progress: is told the number of rows after each fragment.
        once: whether an input can be read once only.

    Raises:
        DataError: a row is refused, or none is left.
        UsageError: a column is not there, or a unit has several losses or is the whole input.
    """
    if len(request.specs) != 1:
        raise UsageError(f"worst takes one loss, not {len(request.specs)}", hint="run it for each")
    openers = list(openers)
    request = resolved(openers, request, Threads(threads), once)
    with closing(openers[0]()) as table:
        # the columns tell whether rows are units at all
        plan = request.plan(table)
        if plan.terms[0].sets.kind == "row":
            found = RowScan(plan, asked, threads, progress)
            found.read(table)
            for opener in openers[1:]:
                with closing(opener()) as other:
                    found.read(other)
            return _of_rows(found, request)
        if asked.names:
            raise UsageError("--columns does not apply: a set or batch has many rows", hint="leave it out")
        if once:
            openers[0] = lambda: table
        return _of_sets(scan(openers, request, threads, progress, once), request, asked)


def _of_rows(found: RowScan, request: Request) -> Worst:
    term, ranking = found.plan.terms[0], found.ranking
    if not found.count:
        raise nothing_left(found.rows, found.tally.skipped_in_order())
    places: list[Place] = []
    for rank, (loss, row) in enumerate(zip(found.losses(), ranking.rows.tolist(), strict=True), start=1):
        label, before = found.file_of(row)
        places.append(Place(rank, loss, row + 1, label, row - before + 1, cells=found.cells[row]))
    warnings = [
        *of_term(term, Outcome([], rows=found.count), found.tally),
        *found.notices.lines(),
        *found.warnings(),
    ]
    return _worst(
        term,
        request,
        found.tally,
        asked=found.asked.most,
        rows=found.rows,
        used=found.count,
        count=found.count,
        shown=found.shown,
        files=[label for label, _ in found.files],
        worst=places,
        warnings=warnings,
    )


def _of_sets(sums: Sums, request: Request, asked: Asked) -> Worst:
    term, outcome, tally = sums.plan.terms[0], sums.outcomes()[0][0][1], sums.states[0].tallies[0]
    if outcome.labels is None or outcome.losses is None or outcome.sizes is None:
        raise UsageError(
            f"{term.spec.loss.name}: the whole input is one set", hint="--group COLUMN makes one of each image"
        )
    if not outcome.labels:
        raise nothing_left(sums.rows, tally.skipped_in_order())
    refuse_several(outcome.losses)
    ranking = Ranking(asked.most)
    sign = sign_of(term)
    ranking.add(sign * outcome.losses, None, 0)
    places = [
        Place(rank, sign * score, label=outcome.labels[at], size=int(outcome.sizes[at]))
        for rank, (score, at) in enumerate(zip(ranking.scores.tolist(), ranking.rows.tolist(), strict=True), start=1)
    ]
    return _worst(
        term,
        request,
        tally,
        asked=asked.most,
        rows=sums.rows,
        used=outcome.rows,
        count=len(outcome.labels),
        shown=(),
        files=(),
        worst=places,
        warnings=[*of_term(term, outcome, tally), *sums.notices.lines()],
    )


def _worst(term: Term, request: Request, tally: Tally, **found: Any) -> Worst:
    loss = term.spec.loss
    return Worst(
        loss=loss.name,
        params={p.name: shown_value(term.spec.given.get(p.name, p.default)) for p in loss.parameters},
        direction=loss.facts.direction,
        transform=request.transform.name if request.transform else None,
        unit="set" if loss.unit.kind == "set" else "row" if term.sets.kind == "row" else "batch",
        skipped=tally.skipped_in_order(),
        undefined=tally.undefined,
        columns=term.roles,
        **found,
    )
