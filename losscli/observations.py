"""What a loss looks for in its data that is no error but that a reader should know, such as swapped polarity."""

from collections.abc import Callable
from typing import Literal

from losscli.records import dataclass

Counter = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that may be seen in rows of valid values.

    Attributes:
        name: what is seen; a count stands under this name.
        count: of the roles and parameters of a run of rows, in how many it is seen.
        says: the warning; `{count}` stands for the number of rows.
        when: whether one row is enough for the warning, or all rows must show it, or none is given.
        never_with: another observation that must not be seen in the same input: both together are an error.
    """

    name: str
    count: Counter
    says: str
    when: Literal["any", "all", "half", "never"] = "any"
    never_with: str = ""

    def holds(self, count: int, rows: int) -> bool:
        """Whether a warning is due."""
        if self.when == "never" or not rows:
            return False
        needed = {"any": 1, "all": rows, "half": (rows + 1) // 2}[self.when]
        return count >= needed
