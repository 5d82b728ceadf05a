"""What models have in common, and where each of them has it in a file of its own: it must be the same in each row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.block import Block
from losscli.class_weights import scheme
from losscli.data.group_keys import Keys
from losscli.data.labels import Coding
from losscli.data.table import CellError
from losscli.errors import UsageError
from losscli.plan import WEIGHT, Contest, Input, Term

TRUTH = "target"
_WAY_OUT = "give files with the same rows in the same order, or pair them by a key: --key COLUMN"


def shared_names(term: Term) -> set[str]:
    """The columns of a model that may be those of all others too, because they are no predictions."""
    return {name for entry in _shared(term).values() for name in entry.columns} | set(term.sets.group)


def check_shapes(terms: Sequence[Term], *, by_place: bool) -> None:
    """See that the models can be held against one another, by the columns that they have.

    Args:
        by_place: whether a unit has a result for each class.

    Raises:
        UsageError: their truths have different numbers of columns, or their classes are others.
    """
    first = terms[0]
    ordered = by_place or _has_numbers_of_classes(first)
    for term in terms[1:]:
        name = term.spec.loss.name
        one, two = _shared(first).get(TRUTH), _shared(term).get(TRUTH)
        if one is not None and two is not None and len(one.columns) != len(two.columns):
            raise UsageError(
                f"{name}: the models have different numbers of target columns: {', '.join(one.columns)} and "
                f"{', '.join(two.columns)}",
                hint="--target names those that all have",
            )
        if ordered and first.classes and term.classes and first.classes != term.classes:
            raise UsageError(
                f"{name}: the models have different classes: {', '.join(first.classes)} and {', '.join(term.classes)}",
                hint="name the columns of each model in the same order of classes",
            )


def _has_numbers_of_classes(term: Term) -> bool:
    """Whether a parameter is a number for each class that no name goes with."""
    many = [parameter.name for parameter in term.spec.loss.parameters if parameter.many == "class"]
    given = [term.spec.given[name] for name in many if name in term.spec.given]
    return any(scheme(value) is not None if isinstance(value, str) else value is not None for value in given)


def check_same(contest: Contest, groups: Sequence[Keys | None], block: Block, rows: Index | None) -> None:
    """Refuse models whose files differ in a row in what they should have in common.

    Args:
        groups: for each model the groups of these rows.

    Raises:
        CellError: with both values.
    """
    baseline = contest.terms[contest.baseline]
    ours = _shared(baseline)
    for term, keys in zip(contest.terms, groups, strict=True):
        for argument, other in _shared(term).items():
            if argument in ours and other.columns != ours[argument].columns:
                _check_cells(argument, ours[argument], other, block, rows)
        if term.sets.group != baseline.sets.group:
            _check_groups(baseline, term, groups[contest.baseline], keys, block, rows)


def _shared(term: Term) -> dict[str, Input]:
    """What is no prediction: the truth, the weights, and parameters that come from columns."""
    names = {TRUTH, WEIGHT, *term.spec.columns()}
    return {entry.argument: entry for entry in term.entries if entry.argument in names}


def _check_cells(argument: str, ours: Input, other: Input, block: Block, rows: Index | None) -> None:
    # codes of classes mean the same only where the classes are in the same order
    recoded = isinstance(ours.coding, Coding) and isinstance(other.coding, Coding)
    coding = ours.coding if recoded else other.coding
    for name, of_other in zip(ours.columns, other.columns, strict=True):
        one, two = _cells(ours, ours.coding, name, block, rows), _cells(other, coding, of_other, block, rows)
        different = np.flatnonzero((one != two).reshape(len(one), -1).any(axis=1)) if one.shape == two.shape else [0]
        if len(different):
            place = int(different[0])
            row = place if rows is None else int(rows[place])
            what = {TRUTH: "truths", WEIGHT: "weights"}.get(argument, f"values of {argument}")
            raise CellError(
                block.first_row + 1 + row,
                f"the models have different {what}: {name!r} is {block.shown(name, row, _first(one[place]))} and "
                f"{of_other!r} is {block.shown(of_other, row, _first(two[place]))}",
                _way_out(_first(one[place]), _first(two[place])),
            )


def _way_out(one: float, two: float) -> str:
    if np.float32(one) == np.float32(two):
        return (
            "one file has the digits of a float32: write both with one type, or name one truth: --truth FILE --key ID"
        )
    return _WAY_OUT


def _check_groups(
    baseline: Term, term: Term, ours: Keys | None, theirs: Keys | None, block: Block, rows: Index | None
) -> None:
    if ours is None or theirs is None:
        return
    count = len(theirs.labels)
    pairs = ours.codes * count + theirs.codes
    different, first = np.unique(pairs, return_index=True)
    for pair, place in sorted(zip(different.tolist(), first.tolist(), strict=True), key=lambda each: each[1]):
        one, two = ours.labels[pair // count], theirs.labels[pair % count]
        if one != two:
            row = place if rows is None else int(rows[place])
            raise CellError(
                block.first_row + 1 + row,
                f"the models have different groups: {', '.join(baseline.sets.group)} is {one!r} and "
                f"{', '.join(term.sets.group)} is {two!r}",
                _WAY_OUT,
            )


def _cells(entry: Input, coding: Any, name: str, block: Block, rows: Index | None) -> Array:
    if entry.layout == "elements":
        elements = block.elements(name, coding)
        return (elements if rows is None else elements.of_rows(rows)).values
    values = block.column(replace(entry, coding=coding), name).values
    return values if rows is None else values[rows]


def _first(value: Any) -> float:
    return float(np.ravel(value)[0])
