"""A state of the losses of rows with, besides, how they are distributed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from losscli.records import dataclass, field
from losscli.unit_arrays import Units, refuse_several

if TYPE_CHECKING:
    from losscli.histogram import Histogram


def _empty() -> "Histogram":
    # few runs want one
    from losscli.histogram import Histogram

    return Histogram()


@dataclass(slots=True)
class Described:
    """A state and the histogram of the same losses.

    Attributes:
        state: what the units add up to.
        histogram: how many losses lie where.
    """

    state: Any
    histogram: "Histogram" = field(default_factory=_empty)

    def __iadd__(self, other: "Described") -> "Described":
        self.state += other.state
        self.histogram += other.histogram
        return self

    def take(self, units: Units, add: Callable[[Any, Units], None]) -> None:
        """Add a complete block of units.

        Raises:
            UsageError: a unit has several losses.
        """
        refuse_several(units.losses)
        add(self.state, units)
        self.histogram.add(units.losses)
