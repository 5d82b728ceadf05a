"""How often each label occurs in a column, for the command `weights`."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from losscli.arrays import np
from losscli.block import Block, chosen_rows
from losscli.data.columns import expand
from losscli.data.role_names import roles_of_name
from losscli.data.sources import natural_order
from losscli.data.table import Fragment, Need, Table, position
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError
from losscli.fold import BLOCK
from losscli.memory import Growing
from losscli.records import dataclass, field
from losscli.walk import walked


@dataclass(slots=True)
class LabelCounts:
    """The labels of a column with their counts, in the order of classes: numbers by size, names in natural order."""

    column: str
    counts: dict[Any, int] = field(default_factory=dict)
    rows: int = 0
    missing: int = 0
    first_missing: int = 0

    def in_order(self) -> list[tuple[str, int]]:
        """Each label as text, with its count."""
        numbers = all(isinstance(label, (int, float)) for label in self.counts)
        labels = sorted(self.counts) if numbers else sorted(self.counts, key=lambda label: natural_order(str(label)))
        return [(label_text(label), self.counts[label]) for label in labels]


def label_text(label: Any) -> str:
    """A label as it would be typed: 3 for 3.0, true for True."""
    if isinstance(label, bool):
        return str(label).lower()
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def count_labels(
    openers: Sequence[Callable[[], Table]],
    label: str | None,
    where: Sequence[Condition],
    threads: int,
    *,
    skip_missing: bool,
) -> LabelCounts:
    """Count the labels of a column over all inputs.

    Args:
        label: the column; None takes the one whose name says truth.
        skip_missing: whether rows without a label are left out; otherwise they are an error.

    Raises:
        UsageError: a column that is not there or not clear.
        DataError: no rows, or rows without a label.
    """
    found: LabelCounts | None = None
    for opener in openers:
        with closing(opener()) as table:
            found = found or LabelCounts(_column(table, label))
            names = [found.column, *(condition.column for condition in where)]
            needs = [_need(table, name) for name in dict.fromkeys(names)]
            rows = 0
            count = partial(_of_fragment, found.column, needs, tuple(where))
            held = partial(_held, found)
            for before, part in walked(table.label, table.fragments(needs), count, threads, grown=held):
                _add(found, part, before)
                rows = before + part.rows
            if found.missing and not skip_missing:
                raise DataError(
                    f"{table.label}: column {found.column!r} has no value in {found.missing} of {rows} rows, "
                    f"the first is row {found.first_missing}",
                    "--missing skip leaves such rows out and counts them",
                )
    if found is None or not found.counts:
        raise DataError("nothing to count: no row has a label", "check the filters and the file")
    return found


def _column(table: Table, label: str | None) -> str:
    if label is not None:
        names = expand(label, table)
        if len(names) != 1:
            raise UsageError(f"--label takes one column, not {', '.join(names)}")
        return names[0]
    fits = [column.name for column in table.columns if "target" in roles_of_name(column.name)]
    if len(fits) == 1:
        return fits[0]
    shown = ", ".join(repr(column.name) for column in table.columns[:20])
    what = f"more than one column looks like a label: {', '.join(fits)}" if fits else "no column looks like a label"
    raise UsageError(f"{table.label}: {what}; columns: {shown}", hint="--label COLUMN")


def _need(table: Table, name: str) -> Need:
    column = table.columns[position(table, name)]
    # a label may be a name: cells stay what the file makes of them
    return Need(name, False, column.kind)


def _of_fragment(column: str, needs: Sequence[Need], where: tuple[Condition, ...], fragment: Fragment) -> LabelCounts:
    found = LabelCounts(column)
    with np.errstate(all="ignore"):
        for batch in fragment.batches(BLOCK):
            block = Block(batch, needs, found.rows, fragment.number, where)
            chosen = chosen_rows(block)
            keys, lacking = block.keys([column], chosen)
            if lacking.any() and not found.missing:
                first = int(np.flatnonzero(lacking)[0])
                found.first_missing = found.rows + 1 + (first if chosen is None else int(chosen[first]))
            found.missing += int(np.count_nonzero(lacking))
            counts = np.bincount(keys.codes[~lacking], minlength=len(keys.labels)).tolist()
            for label, count in zip(keys.labels, counts, strict=True):
                if count:
                    typed = _typed(label, fragment)
                    found.counts[typed] = found.counts.get(typed, 0) + count
            found.rows += block.size
    return found


def _typed(label: Any, fragment: Fragment) -> Any:
    """A text that is a number as that number, so that 1 and 1.0 of a text file are one label."""
    if not isinstance(label, str):
        return label
    try:
        number = fragment.number(label)
    except ValueError:
        return label
    return label if number is None else number


def _held(found: LabelCounts) -> Growing:
    labels = len(found.counts)
    return Growing(f"the counts of {labels:,} labels", "name a column of labels, not one of numbers", 200 * labels)


def _add(total: LabelCounts, part: LabelCounts, rows_before: int) -> None:
    for label, count in part.counts.items():
        total.counts[label] = total.counts.get(label, 0) + count
    if part.missing and not total.missing:
        total.first_missing = rows_before + part.first_missing
    total.missing += part.missing
    total.rows += part.rows
