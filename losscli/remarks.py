"""What a reader should know about the results: what was noticed in the data, and what a number is not."""

from collections.abc import Iterator, Sequence

from losscli.comparison import slice_text
from losscli.errors import DataError
from losscli.evaluation import Sums
from losscli.outcome import Outcome
from losscli.plan import Term
from losscli.results import Reduction, Result, one_is_one, too_few
from losscli.statistics import FEWEST_UNITS
from losscli.tally import POSITIVE_SEEN, Tally


def remarks(sums: Sums, outcomes: Sequence[Outcome], results: Sequence[Result], asked: float | None) -> list[str]:
    """The warnings of a report, in an order that does not depend on the data.

    Args:
        outcomes: what each contest comes to over all rows.
        asked: the level of the intervals; None for none.

    Raises:
        DataError: the data contradict what was said of them.
    """
    found = [f"{_named_result(result)}: no value: {result.reason}" for result in results if result.value is None]
    if asked is not None:
        found += _no_interval(results)
    for state, outcome in zip(sums.states, outcomes, strict=True):
        for term, tally in zip(state.contest.terms, state.tallies, strict=True):
            of_model = [result for result in results if result.model == term.model and result.slice is None]
            found += of_term(term, outcome, tally, of_model)
    if sums.gathered and any(term.sets.kind == "batch" and term.sets.group for term in sums.plan.terms):
        found.append("the rows of a group are not together, so all rows were held in memory; sorted input is streamed")
    return [*dict.fromkeys(found), *sums.notices.lines()]


def _named_result(result: Result) -> str:
    return " ".join(filter(None, [result.loss, result.model, slice_text(result.slice)]))


def _no_interval(results: Sequence[Result]) -> list[str]:
    of_means = [result for result in results if result.reduction in ("mean", "batchmean", "elementmean")]
    few = [result for result in of_means if _too_few(result)]
    if not few:
        return []
    slices = {slice_text(result.slice) for result in few if result.slice}
    if len(slices) > 1:
        over = f"fewer than {FEWEST_UNITS} {few[0].interval_over}"
        weighed = any(result.count >= FEWEST_UNITS for result in few)
        return [f"no interval in {len(slices)} slices: they have {over}{', or weights that leave so few' * weighed}"]
    fewest = min(few, key=lambda result: min(result.count, result.effective or result.count))
    return [f"no interval: {_too_few(fewest)}"]


def _too_few(result: Result) -> str | None:
    return too_few(result.count, result.effective, result.interval_over)


def of_term(term: Term, outcome: Outcome, tally: Tally, results: Sequence[Result] = ()) -> Iterator[str]:
    """The warnings on one loss.

    Raises:
        DataError: the data contradict what was said of them.
    """
    return map(one_is_one, _of_term(term, outcome, tally, results))


def _of_term(term: Term, outcome: Outcome, tally: Tally, results: Sequence[Result] = ()) -> Iterator[str]:
    loss = term.spec.loss
    for name in term.spec.given:
        needed = loss.lacks(name, term.roles, term.values)
        if needed:
            yield f"{loss.name}: --{name.replace('_', '-')} is given and changes nothing; it acts with {needed}"
    if tally.clipped:
        rows = "row" if tally.clipped == 1 else "rows"
        yield f"{loss.name}: in {tally.clipped} {rows} eps took the place of a value"
    if term.sets.kind == "whole":
        yield f"{loss.name}: the whole input is one set; --group COLUMN makes one of each image"
    if outcome.single:
        which = "one batch has" if outcome.single == 1 else f"{outcome.single} batches have"
        yield f"{loss.name}: {which} a single row, which has nothing to be compared with and costs 0"
    if outcome.short:
        rows = f"{outcome.short} {'row' if outcome.short == 1 else 'rows'}"
        alone = outcome.short == outcome.rows
        others = f"--batch-size asks for {term.sets.size}" if alone else f"others have {term.sets.size}"
        yield f"{loss.name}: the {'only' if alone else 'last'} batch has {rows} where {others}"
    if any(result.reduction == Reduction.ELEMENTMEAN.value and result.loss == loss.name for result in results):
        yield (
            f"{loss.name}: the mean over every element is the divergence divided by the number of classes, "
            f"{tally.classes}; --reduction mean is the divergence"
        )
    for name, numbers in term.spec.resolved.items():
        shown = ", ".join(_named(term, place, weight) for place, weight in enumerate(numbers[:12]))
        yield f"{loss.name}: {name} {term.spec.given[name]} is {shown}{', ...' if len(numbers) > 12 else ''}"
    absent = [place for place in range(tally.classes) if place not in tally.seen] if tally.seen else []
    if absent:
        shown = ", ".join(_class(term, place) for place in absent[:5]) + (", ..." if len(absent) > 5 else "")
        verb = "does" if len(absent) == 1 else "do"
        yield f"{loss.name}: {len(absent)} of {tally.classes} classes {verb} not occur in the target: {shown}"
    if tally.skipped.get("invalid", 0) * 10 >= outcome.rows + tally.skipped.get("invalid", 0) > 0:
        hint = next((entry.hint for entry in reversed(term.inputs) if entry.domain.hint), "")
        more = f"; {hint}" if hint else ""
        count = tally.skipped["invalid"]
        yield f"{loss.name}: a tenth of the rows or more, {count}, are not allowed and left out{more}"
    yield from _observed(term, outcome, tally)


def _class(term: Term, place: int) -> str:
    return term.classes[place] if term.classes and place < len(term.classes) else str(place)


def _named(term: Term, place: int, weight: float) -> str:
    return f"{_class(term, place)}: {weight:.6g}"


def _observed(term: Term, outcome: Outcome, tally: Tally) -> Iterator[str]:
    """What the loss looked for and found.

    Raises:
        DataError: two things were seen of which only one can be meant, or no row has the positive class.
    """
    loss = term.spec.loss
    for observation in loss.observes:
        count = tally.observed.get(observation.name, 0)
        if observation.never_with and count and tally.observed.get(observation.never_with, 0):
            raise DataError(f"{loss.name}: {observation.says}", "write the labels in one way")
        if observation.holds(count, outcome.rows):
            yield f"{loss.name}: {observation.says.format(count=count)}"
    for observation in loss.observes_sets:
        count = tally.observed.get(observation.name, 0)
        sets = len(outcome.labels) if outcome.labels is not None else max(outcome.rows, 1)
        if observation.holds(count, sets):
            yield f"{loss.name}: {observation.says.format(count=count)}"
    if POSITIVE_SEEN in tally.observed and not tally.observed[POSITIVE_SEEN] and outcome.rows:
        column = next(entry.columns[0] for entry in term.inputs if entry.coding is not None)
        name = next(entry.coding.names[0] for entry in term.inputs if entry.coding is not None)
        raise DataError(
            f"{loss.name}: none of the used rows of column {column!r} is {name!r}", "check --positive-class"
        )
