"""Slices: parts of the rows that have results of their own, in the same pass as the whole."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from losscli.arrays import np
from losscli.data.group_keys import Keys
from losscli.errors import DataError
from losscli.grouped import GroupSums, add_to_slices
from losscli.joint import SeveralMoments
from losscli.moments import Moments
from losscli.records import dataclass, field
from losscli.resampled import Resampled, take_together
from losscli.unit_arrays import Units

if TYPE_CHECKING:
    from losscli.many_slices import ManySlices

Label = tuple[Any, ...]
"""The values that the rows of a slice share, one for each way to cut; None where the cell is missing."""


class Rest(Enum):
    """What the slices that are too small to stand alone are called together; no value of a column is equal to it."""

    OTHER = "(other)"

    def __str__(self) -> str:
        return self.value


OTHER = Rest.OTHER


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
    """

    new: Callable[[], Any]
    most: int
    named: str
    whole: Any
    _together: "ManySlices | None" = None
    _parts: dict[Label, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.whole, Moments) or (isinstance(self.whole, SeveralMoments) and not self.whole.gaps):
            # loaded where there are slices only
            from losscli.many_slices import ManySlices

            self._together = ManySlices()

    @property
    def parts(self) -> dict[Label, Any]:
        """The state of each slice, in the order in which they first occur.

        Moments are added up side by side until this is asked for, and then become states that are each its own.
        """
        if self._together is not None:
            for label, series in self._together.moments():
                self._parts[label] = series[0] if isinstance(self.whole, Moments) else self._with(series)
            self._together = None
        return self._parts

    def _with(self, series: list[Moments]) -> Any:
        state = self.new()
        state.series, state.absent = series, [0] * len(series)
        return state

    def __iadd__(self, other: "Sliced") -> "Sliced":
        self.whole += other.whole
        if self._together is not None and other._together is not None:
            self._together += other._together
            self._check(len(self._together.places))
            return self
        for label, part in other.parts.items():
            state = self.part(label)
            state += part
        return self

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units."""
        slices = units.slices
        if slices is None:
            return
        units.slices = None
        slices = slices.distinct()
        if isinstance(self.whole, Resampled):
            take_together([(self.whole, units), *self._cut(slices, units)], add)
            return
        add(self.whole, units)
        if self._together is not None:
            losses = units.losses if isinstance(self.whole, Moments) else self.whole.held_against(units.losses)
            self._together.add(slices, losses, units.weights)
            self._check(len(self._together.places))
            return
        if isinstance(self.whole, GroupSums) and units.keys is not None:
            add_to_slices(self.part, units.losses, units.weights, units.keys, slices)
            return
        for state, some in self._cut(slices, units):
            add(state, some)

    def _cut(self, slices: Keys, units: Units) -> Iterator[tuple[Any, Units]]:
        """The state of each slice and its units, in the order of their first rows."""
        from losscli.segments import Segments

        segments = Segments.of(slices.codes, len(slices.labels))
        for place in np.argsort(segments.first_rows).tolist():
            yield self.part(slices.labels[segments.used[place]]), units.at(segments.rows_of(place))

    def part(self, label: Label) -> Any:
        """The state of a slice; a new one where it has none.

        Raises:
            DataError: there would be too many.
        """
        parts = self.parts
        if label not in parts:
            self._check(len(parts) + 1)
            parts[label] = self.new()
        return parts[label]

    def _check(self, count: int) -> None:
        if count > self.most:
            raise TooManySlicesError(self.named, self.most)
