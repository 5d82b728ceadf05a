"""What a value may be: named domains for the roles and the parameters of a loss.

A loss annotates each role and parameter with one of the names below. From it follow the validation of
data (with row and value), the bounds and help of options, and the property tests that sample it.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from losscli.arrays import Array, Mask, np
from losscli.records import dataclass
from losscli.row_rules import (
    RowRule,
    ascending_corners,
    logs_sum_to_one,
    non_negative_size,
    not_all_zero,
    sums_to_one,
)


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of finite real numbers.

    Attributes:
        name: the field's word for it.
        allowed: how a message says what is allowed.
        low, high: the bounds.
        low_open, high_open: whether a bound itself lies outside.
        hole: a value inside the bounds that is not allowed, None where there is none.
        whole: whether only whole numbers are allowed.
        relaxed: the domain that holds instead when a parameter such as `eps` guards the formula.
        vector: whether the columns of a role are together one value of a row, of shape (n, width), and not outputs.
        stacked: whether it is several such values, of shape (n, count, width).
        width: how many columns such a value has; None for any number.
        row_rule: what must hold of such a value as a whole.
        coded: what cells may be besides numbers: the name of a class of several (`class`) or of two (`binary`).
        variants: the domains that hold instead when a parameter has this word, such as the format of a box.
        several: the domain that holds instead where the role has several columns, one for each class.
        hint: what may be meant by values outside.
        among: the domain that holds instead where the prediction has several columns, one for each class.
    """

    name: str
    allowed: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    hole: float | None = None
    whole: bool = False
    relaxed: "Domain | None" = None
    vector: bool = False
    width: int | None = None
    stacked: bool = False
    row_rule: RowRule | None = None
    coded: Literal["", "class", "binary"] = ""
    variants: "tuple[tuple[str, Domain], ...]" = ()
    several: "Domain | None" = None
    among: "Domain | None" = None
    hint: str = ""

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value == self.hole:
            return False
        if self.whole and value != math.floor(value):
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
        if self.whole:
            inside &= values == np.floor(values)
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
        if self.whole and not np.array_equal(values, np.floor(values)):
            return False
        return self.hole is None or not (values == self.hole).any()

    def broken_rows(self, rows: Array) -> Mask | None:
        """Which rows, of shape (n, width), break the rule for whole rows; None where none does."""
        if self.row_rule is None:
            return None
        broken = self.row_rule.broken(rows)
        return broken if broken.any() else None

    def inside(self) -> float:
        """Some value that lies inside."""
        return next(value for value in (0.5, 1.0, 0.25, -1.0, 0.0) if value in self)

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
WHOLE = Domain("whole number", "a whole number", whole=True)
FRACTION = Domain(
    "fraction", "a number between 0 and 1, both excluded", low=0.0, high=1.0, low_open=True, high_open=True
)

_LOGITS = "--logits reads any number as a logit; --probs-percent reads 0 to 100"
PROBABILITY = Domain("probability", "a number from 0 to 1", low=0.0, high=1.0, hint=_LOGITS)
CLIP = Domain("least probability", "a number of 0 or more and less than 0.5", low=0.0, high=0.5, high_open=True)
LOG_PROBABILITY = Domain("log-probability", "a number of 0 or less", high=0.0)
_SIGNS = "--classes=-1,1 reads labels of -1 and 1 as 0 and 1; --positive-class 2 reads 2 as 1 and all others as 0"
_PIXELS = "--positive-class 255 reads 255 as 1 and all others as 0"
_NAMES = "--classes 1,2,3 names the labels in the order of the prediction columns"
BINARY = Domain("binary label", "0 or 1", low=0.0, high=1.0, whole=True, coded="binary", hint=_SIGNS)
SOFT_BINARY = Domain("soft binary label", "a number from 0 to 1", low=0.0, high=1.0, coded="binary", hint=_SIGNS)
SIGN = Domain(
    "sign", "-1 or 1 (0 stands for -1)", low=-1.0, high=1.0, whole=True, coded="binary", hint=_SIGNS.rpartition("; ")[2]
)
VECTOR = Domain("vector", "a finite number", vector=True)
LOGITS = Domain("logits", "a finite number for each class", vector=True)
SIMPLEX = Domain(
    "distribution",
    "probabilities from 0 to 1 that add up to 1 within 1e-6",
    low=0.0,
    high=1.0,
    vector=True,
    row_rule=sums_to_one,
    hint=_LOGITS,
)
LOG_SIMPLEX = Domain(
    "log-distribution",
    "numbers of 0 or less, the logarithms of probabilities that add up to 1 within 1e-6",
    high=0.0,
    vector=True,
    row_rule=logs_sum_to_one,
)
LABEL = Domain(
    "label",
    "the index of a class, 0 or more, or its name",
    low=0.0,
    whole=True,
    coded="class",
    several=SIMPLEX,
    hint=_NAMES,
)
MASKS = Domain("masks", "a number from 0 to 1 for each class", low=0.0, high=1.0, vector=True)
MASK = Domain(
    "mask", "a number from 0 to 1", low=0.0, high=1.0, coded="binary", several=MASKS, among=LABEL, hint=_PIXELS
)
MASK_PROBABILITY = Domain("mask probability", "a number from 0 to 1", low=0.0, high=1.0, several=SIMPLEX, hint=_LOGITS)
MASK_LOGIT = Domain("mask logit", "a finite number", several=LOGITS)
DIRECTION = Domain("direction", "a vector of finite numbers that are not all 0", vector=True, row_rule=not_all_zero)
EMBEDDING = Domain("embedding", "a finite number", vector=True, variants=(("cosine", DIRECTION),))
UNIT_EMBEDDING = Domain(
    "embedding with a direction", DIRECTION.allowed, vector=True, row_rule=not_all_zero, variants=(("dot", VECTOR),)
)
VECTORS = Domain("list of vectors", "a finite number", vector=True, stacked=True)
STACK = Domain(
    "list of embeddings",
    DIRECTION.allowed,
    vector=True,
    stacked=True,
    row_rule=not_all_zero,
    variants=(("dot", VECTORS),),
)
_SIZES = "--box-format xywh or cxcywh reads a position and a size"
CORNERS = Domain(
    "box by its corners",
    "x1, y1, x2, y2 with x1 <= x2 and y1 <= y2",
    vector=True,
    width=4,
    row_rule=ascending_corners,
    hint=_SIZES,
)
SIZED = Domain("box by its size", "a width and a height of 0 or more", vector=True, width=4, row_rule=non_negative_size)
BOX = Domain(
    "box",
    CORNERS.allowed,
    vector=True,
    width=4,
    row_rule=ascending_corners,
    hint=_SIZES,
    variants=(("xywh", SIZED), ("cxcywh", SIZED)),
)

# Roles: an array with a value for each row.
Real: TypeAlias = Annotated[Array, REAL]
NonNegative: TypeAlias = Annotated[Array, NON_NEGATIVE]
Positive: TypeAlias = Annotated[Array, POSITIVE]
NonZero: TypeAlias = Annotated[Array, NON_ZERO]
AboveMinusOne: TypeAlias = Annotated[Array, ABOVE_MINUS_ONE]
Probability: TypeAlias = Annotated[Array, PROBABILITY]
LogProbability: TypeAlias = Annotated[Array, LOG_PROBABILITY]
Binary: TypeAlias = Annotated[Array, BINARY]
SoftBinary: TypeAlias = Annotated[Array, SOFT_BINARY]
Sign: TypeAlias = Annotated[Array, SIGN]
Mask01: TypeAlias = Annotated[Array, MASK]
MaskProbability: TypeAlias = Annotated[Array, MASK_PROBABILITY]
MaskLogit: TypeAlias = Annotated[Array, MASK_LOGIT]

# Roles: an array with several values for each row, of shape (n, width). A label is one value, or one for each class.
Label: TypeAlias = Annotated[Array, LABEL]
Vector: TypeAlias = Annotated[Array, VECTOR]
Embedding: TypeAlias = Annotated[Array, EMBEDDING]
Direction: TypeAlias = Annotated[Array, UNIT_EMBEDDING]
Stack: TypeAlias = Annotated[Array, STACK]
Logits: TypeAlias = Annotated[Array, LOGITS]
Simplex: TypeAlias = Annotated[Array, SIMPLEX]
LogSimplex: TypeAlias = Annotated[Array, LOG_SIMPLEX]
Box: TypeAlias = Annotated[Array, BOX]

# Parameters: a number, and where it may differ from row to row, an array.
PositiveNumber: TypeAlias = Annotated[float | Array, POSITIVE]
NonNegativeNumber: TypeAlias = Annotated[float | Array, NON_NEGATIVE]
FractionNumber: TypeAlias = Annotated[float | Array, FRACTION]
PositiveScalar: TypeAlias = Annotated[float, POSITIVE]
NonNegativeScalar: TypeAlias = Annotated[float, NON_NEGATIVE]
BinaryNumber: TypeAlias = Annotated[float, BINARY]
ShareNumber: TypeAlias = Annotated[float | Array, PROBABILITY]
ClipNumber: TypeAlias = Annotated[float | Array, CLIP]
WholeNumber: TypeAlias = Annotated[float, WHOLE]
