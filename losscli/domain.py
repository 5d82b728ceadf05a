"""What a value may be: named domains for the roles and the parameters of a loss.

A loss annotates each role and parameter with one of the names below. From it follow the validation of
data (with row and value), the bounds and help of options, and the property tests that sample it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from losscli.arrays import Array, Mask, np


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of finite real numbers.

    Attributes:
        name: the field's word for it.
        allowed: how a message says what is allowed.
        low, high: the bounds.
        low_open, high_open: whether a bound itself lies outside.
        hole: a value inside the bounds that is not allowed, None where there is none.
        relaxed: the domain that holds instead when a parameter such as `eps` guards the formula.
    """

    name: str
    allowed: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    hole: float | None = None
    relaxed: "Domain | None" = None

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value == self.hole:
            return False
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def outside(self, values: Array) -> Mask | None:
        """Which values lie outside: a mask of the same shape, or None where all lie inside.

        Costs one sum, and a minimum and maximum where there are bounds; the mask is built only
        when something is wrong.
        """
        if self.within_bounds(values) and math.isfinite(np.add.reduce(values, axis=None)):
            return None
        inside: Mask = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            inside &= (values > self.low) if self.low_open else (values >= self.low)
            inside &= (values < self.high) if self.high_open else (values <= self.high)
        if self.hole is not None:
            inside &= values != self.hole
        return None if inside.all() else ~inside

    def within_bounds(self, values: Array) -> bool:
        """Whether no value lies beyond a bound or in the hole; a NaN lies beyond any bound, infinity may not."""
        if values.size == 0:
            return True
        if self.low > -math.inf:
            least = values.min()
            if not (least > self.low or (least == self.low and not self.low_open)):
                return False
        if self.high < math.inf:
            most = values.max()
            if not (most < self.high or (most == self.high and not self.high_open)):
                return False
        return self.hole is None or not (values == self.hole).any()

    def inside(self) -> float:
        """Some value that lies inside."""
        return 0.5 if 0.5 in self else 1.0

    def edges(self) -> Iterator[float]:
        """The outermost values that are allowed, for tests."""
        tiny = 5e-324
        for bound, is_open, inward in (
            (self.low, self.low_open, math.inf),
            (self.high, self.high_open, -math.inf),
        ):
            if math.isfinite(bound):
                yield math.nextafter(bound, inward) if is_open else bound
        if self.hole is not None:
            yield from (math.nextafter(self.hole, math.inf), math.nextafter(self.hole, -math.inf))
        if tiny in self:
            yield tiny

    def just_outside(self) -> Iterator[float]:
        """The nearest values that are refused, for tests; infinity is refused everywhere."""
        for bound, is_open, outward in (
            (self.low, self.low_open, -math.inf),
            (self.high, self.high_open, math.inf),
        ):
            if math.isfinite(bound):
                yield bound if is_open else math.nextafter(bound, outward)
        if self.hole is not None:
            yield self.hole
        yield from (math.inf, -math.inf)


REAL = Domain("real", "a finite number")
NON_NEGATIVE = Domain("non-negative", "a number of 0 or more", low=0.0)
POSITIVE = Domain("positive", "a number greater than 0", low=0.0, low_open=True, relaxed=NON_NEGATIVE)
NON_ZERO = Domain("non-zero", "a number other than 0", hole=0.0, relaxed=REAL)
ABOVE_MINUS_ONE = Domain("above -1", "a number greater than -1", low=-1.0, low_open=True)
FRACTION = Domain(
    "fraction", "a number between 0 and 1, both excluded", low=0.0, high=1.0, low_open=True, high_open=True
)

# Roles: an array with a value for each row.
Real: TypeAlias = Annotated[Array, REAL]
NonNegative: TypeAlias = Annotated[Array, NON_NEGATIVE]
Positive: TypeAlias = Annotated[Array, POSITIVE]
NonZero: TypeAlias = Annotated[Array, NON_ZERO]
AboveMinusOne: TypeAlias = Annotated[Array, ABOVE_MINUS_ONE]

# Parameters: a number, or an array where the parameter comes from a column.
PositiveNumber: TypeAlias = Annotated[float | Array, POSITIVE]
NonNegativeNumber: TypeAlias = Annotated[float | Array, NON_NEGATIVE]
FractionNumber: TypeAlias = Annotated[float | Array, FRACTION]
