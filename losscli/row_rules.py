"""What must hold of several values of a row together: a distribution, the corners of a box, a direction."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from losscli.arrays import Array, Mask, np
from losscli.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLERANCE = 1e-6
"""How far the sum of probabilities may be from 1: float32 rows of a few thousand classes stay within it."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule for the values of a row.

    Attributes:
        name: what rows that keep it are.
        function: of an array of shape (n, width), a mask of the rows that break it.
        example: values that keep it, for tests.
        wrong: values that break it, for tests.
    """

    name: str
    function: Callable[[Array], Mask]
    example: "Sequence[float]"
    wrong: "Sequence[float]"

    def broken(self, rows: Array) -> Mask:
        """Which rows break the rule."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.function(rows)


def _off_simplex(rows: Array) -> Mask:
    total = rows[..., 0].copy()
    for i in range(1, rows.shape[-1]):
        total += rows[..., i]
    # written so that a NaN breaks the rule
    return np.logical_not(np.abs(total - 1.0) <= TOLERANCE)


def _off_log_simplex(rows: Array) -> Mask:
    return _off_simplex(np.exp(rows))


def _crossed(rows: Array) -> Mask:
    return np.logical_not((rows[..., 0] <= rows[..., 2]) & (rows[..., 1] <= rows[..., 3]))


def _negative_size(rows: Array) -> Mask:
    return np.logical_not((rows[..., 2] >= 0.0) & (rows[..., 3] >= 0.0))


def _all_zero(rows: Array) -> Mask:
    largest = np.abs(rows[..., 0])
    for i in range(1, rows.shape[-1]):
        np.maximum(largest, np.abs(rows[..., i]), out=largest)
    return np.logical_not(largest > 0.0)


sums_to_one = RowRule("distribution", _off_simplex, (0.25, 0.25, 0.5), (0.25, 0.25, 0.25))
logs_sum_to_one = RowRule(
    "log-distribution", _off_log_simplex, (-1.3862943611198906, -1.3862943611198906, -0.6931471805599453), (-1.0,) * 3
)
ascending_corners = RowRule("box", _crossed, (0.0, 1.0, 2.0, 4.0), (2.0, 1.0, 0.0, 4.0))
non_negative_size = RowRule("box", _negative_size, (1.0, 1.0, 2.0, 4.0), (1.0, 1.0, -2.0, 4.0))
not_all_zero = RowRule("direction", _all_zero, (0.5, 0.0, -1.0), (0.0, 0.0, 0.0))
