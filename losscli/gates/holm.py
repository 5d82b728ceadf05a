"""Intervals held against limits: one by one, or over many slices with Holm's adjustment."""

import functools
import math
from collections.abc import Sequence

from losscli.records import dataclass
from losscli.statistics import Interval, student_t_exceeded, student_t_upper

_BEYOND_DOUBT = 1e100
"""A t of this size has a tail that is 0 as a float; a larger one would overflow when squared."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That a number is beyond a limit, with the end of its interval as the proof.

    Attributes:
        value: the number; more is worse.
        end: the end of its interval that lies towards the limit.
        limit: the limit.
        upper: whether the claim is that the number is within the limit, for which its upper end must be; otherwise
            that it is above, for which its lower end must be.
        level: the confidence of the interval.
        df: the degrees of freedom.
    """

    value: float
    end: float
    limit: float
    upper: bool
    level: float
    df: int

    @classmethod
    def of(cls, value: float, interval: Interval, limit: float, *, upper: bool, count: int) -> "Claim":
        """The claim that an interval of so many units makes."""
        end = interval.high if upper else interval.low
        return cls(value, end, limit, upper, interval.level, max(count - 1, 1))

    def holds(self, end: float) -> bool:
        """Whether an end of an interval proves it."""
        return end <= self.limit if self.upper else end > self.limit

    @property
    def _tail(self) -> float:
        return (1.0 - self.level) / 2.0

    @property
    def _reach(self) -> float:
        return self.end - self.value if self.upper else self.value - self.end

    def chance(self) -> float:
        """The one-sided p-value: the chance of a number so far beyond the limit if it were at the limit.

        For a t interval it is that of t = (value - limit) / stderr, whose standard error is read off the interval;
        so any other interval is treated in the same way.
        """
        distance = self.limit - self.value if self.upper else self.value - self.limit
        if self._reach <= 0.0:
            return 0.0 if self.holds(self.end) else 1.0
        t = _exceeded(self._tail, self.df) * (distance / self._reach)
        return student_t_upper(math.copysign(min(abs(t), _BEYOND_DOUBT), t), self.df)

    def widened(self, parts: int) -> float:
        """The end of the interval that leaves out one part in so many of the tail."""
        if parts == 1 or self._reach <= 0.0:
            return self.end
        ratio = _exceeded(self._tail / parts, self.df) / _exceeded(self._tail, self.df)
        return self.value + (self.end - self.value) * ratio


def adjusted_ends(claims: Sequence[Claim]) -> list[float]:
    """The ends that decide each of several claims, so that one true in none is made with the chance of one alone.

    Holm's step-down: the claim with the smallest p-value is tested at the tail divided by the number of claims, the
    next at the tail divided by one less, and so on; from the first that fails on, none is made. (S. Holm, A simple
    sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.) A single claim is
    decided by its interval as it is.
    """
    ends = [0.0] * len(claims)
    parts = len(claims)
    for place in sorted(range(len(claims)), key=lambda i: claims[i].chance()):
        ends[place] = claims[place].widened(parts)
        # after a claim that fails none holds at the same tail: their p-values are no smaller
        if claims[place].holds(ends[place]):
            parts -= 1
    return ends


@functools.cache
def _exceeded(tail: float, df: int) -> float:
    """The quantile, which many slices share."""
    return student_t_exceeded(tail, df)
