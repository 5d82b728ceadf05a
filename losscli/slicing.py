"""Slices: parts of the rows that have results of their own, in the same pass as the whole."""

import itertools
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from losscli.arrays import Index, np
from losscli.block import Block
from losscli.data.group_keys import Keys
from losscli.domain import REAL
from losscli.errors import DataError
from losscli.plan import By, Input
from losscli.records import dataclass, field
from losscli.resampled import Resampled, take_together
from losscli.unit_arrays import Units

Label = tuple[Any, ...]
"""The values that the rows of a slice share, one for each way to cut; None where the cell is missing."""


class Rest(Enum):
    """What the slices that are too small to stand alone are called together; no value of a column is equal to it."""

    OTHER = "(other)"

    def __str__(self) -> str:
        return self.value


OTHER = Rest.OTHER


def slices_of(by: Sequence[By], block: Block, rows: Index | None) -> Keys:
    """The slice of some rows of a block.

    Raises:
        CellError: a column that is cut by numbers holds something else.
    """
    parts = [_by_bounds(way, block, rows) if way.bounds else _by_value(way, block, rows) for way in by]
    if len(parts) == 1:
        return Keys(parts[0].codes, [(label,) for label in parts[0].labels])
    codes = parts[0].codes
    for part in parts[1:]:
        codes = codes * len(part.labels) + part.codes
    different, inverse = np.unique(codes, return_inverse=True)
    labels: list[Label] = []
    for code in different.tolist():
        values = []
        for part in reversed(parts):
            code, place = divmod(code, len(part.labels))
            values.append(part.labels[place])
        labels.append(tuple(reversed(values)))
    return Keys(inverse.reshape(-1).astype(np.int64), labels)


def _by_value(way: By, block: Block, rows: Index | None) -> Keys:
    keys, lacking = block.keys([way.column], rows)
    if not lacking.any():
        return keys
    return Keys(np.where(lacking, len(keys.labels), keys.codes), [*keys.labels, None])


def _by_bounds(way: By, block: Block, rows: Index | None) -> Keys:
    numbers = block.column(Input("by", (way.column,), REAL), way.column)
    values, missing = numbers.values, numbers.missing
    if rows is not None:
        values, missing = values[rows], missing[rows]
    bounds = way.bounds
    shown = [_shown(bound) for bound in bounds]
    between = [f"[{low}, {high})" for low, high in itertools.pairwise(shown)]
    labels: list[Any] = [f"< {shown[0]}", *between, f">= {shown[-1]}", None]
    codes = np.searchsorted(np.array(bounds), values, side="right").astype(np.int64)
    return Keys(np.where(missing, len(labels) - 1, codes), labels)


def _shown(bound: float) -> str:
    """A bound with as many digits as tell it from all others, so that no two slices are called alike."""
    if abs(bound) < 1e15 and bound.is_integer():
        return str(int(bound))
    short = f"{bound:g}"
    return short if float(short) == bound else repr(bound)


class TooManySlicesError(DataError):
    """The columns that cut the rows have more values than slices may be."""

    def __init__(self, named: str, most: int) -> None:
        super().__init__(
            f"--by {named} makes more than {most:,} slices",
            "cut numbers into ranges: --by age:0,18,65; or allow more: --max-slices N",
        )
        self.named = named
        self.most = most

    def __reduce__(self) -> tuple[type["TooManySlicesError"], tuple[str, int]]:  # type: ignore[override]
        return type(self), (self.named, self.most)


@dataclass(slots=True)
class Sliced:
    """The state of a contest whose rows are cut into slices: one for all rows, and one for each slice.

    Attributes:
        new: makes an empty state for a slice.
        most: more slices are refused.
        named: how the slices are made, for the message.
        whole: the state of all rows.
        parts: the state of each slice, in the order in which they first occur.
    """

    new: Callable[[], Any]
    most: int
    named: str
    whole: Any
    parts: dict[Label, Any] = field(default_factory=dict)

    def __iadd__(self, other: "Sliced") -> "Sliced":
        self.whole += other.whole
        for label, part in other.parts.items():
            state = self.part(label)
            state += part
        return self

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units."""
        slices = units.slices
        if slices is None:
            return
        settled = slices.settled()
        units.slices = None
        order = settled.order()
        order = np.arange(settled.codes.size) if order is None else order
        bounds = np.searchsorted(settled.codes[order], np.arange(len(settled.labels) + 1)).tolist()
        blocks = [(self.whole, units)]
        for place, label in enumerate(settled.labels):
            blocks.append((self.part(label), units.at(order[bounds[place] : bounds[place + 1]])))
        if isinstance(self.whole, Resampled):
            take_together(blocks, add)
            return
        for state, some in blocks:
            add(state, some)

    def part(self, label: Label) -> Any:
        """The state of a slice; a new one where it has none.

        Raises:
            DataError: there would be too many.
        """
        if label not in self.parts:
            if len(self.parts) >= self.most:
                raise TooManySlicesError(self.named, self.most)
            self.parts[label] = self.new()
        return self.parts[label]
