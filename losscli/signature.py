"""What the signature of a loss says: its roles, its parameters, and what a unit is."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args, get_origin

from losscli.arrays import Array
from losscli.domain import NON_NEGATIVE, POSITIVE, Domain
from losscli.errors import UsageError
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """What the return annotation of a loss says.

    Attributes:
        kind: `row`, `set` or `batch`.
        unless: for a batch, a role with which each row stands for itself.
    """

    kind: Literal["row", "set", "batch"]
    unless: str = ""


Rows: TypeAlias = Annotated[Array, Unit("row")]
"""A loss for each element, or for each row where a role has several values a row."""
Sums: TypeAlias = Annotated[Array, Unit("set")]
"""What each row adds to the sums of its set, of shape (n, k); `of_sums` of the decorator makes a loss of the sums."""
Batch: TypeAlias = Annotated[Array, Unit("batch")]
"""A loss for each row of a whole batch, whose rows are compared with one another."""
BatchUnlessNegative: TypeAlias = Annotated[Array, Unit("batch", unless="negative")]
"""The same; with the role `negative` a row brings what it is compared with and stands for itself."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a loss; each claim begins with yes or no and is checked by a property test."""

    task: str
    convex: str
    differentiable: str
    robust: str
    units: str
    direction: Literal["lower", "higher"] = "lower"


ParameterValue: TypeAlias = float | bool | str | tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Many:
    """Marks a parameter that may have several numbers: one for each `output`, or one for each `class`."""

    over: Literal["output", "class"]


OutputNumbers: TypeAlias = Annotated[float | Array, POSITIVE, Many("output")]
ClassWeights: TypeAlias = Annotated[Array, NON_NEGATIVE, Many("class")]


@dataclass(frozen=True, slots=True)
class Role:
    """One array that a loss reads.

    Attributes:
        name: the role's name, which is also its flag.
        domain: what its values may be.
        optional: whether the loss has another way to get the same information.
    """

    name: str
    domain: Domain
    optional: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """One option of a loss.

    Attributes:
        name: its name, which is also its flag.
        domain: what a number may be; None where the parameter is not a number.
        choices: the words that are allowed; empty where it is not a word.
        required: whether it has no default.
        default: the default; None means not used.
        many: over what it may have several numbers: `output`, `class`, or nothing.
        by_row: whether each row may have a number of its own, from a column: its annotation says `float | Array`.
    """

    name: str
    domain: Domain | None
    choices: tuple[str, ...]
    required: bool
    default: ParameterValue
    many: str = ""
    by_row: bool = False

    @property
    def is_flag(self) -> bool:
        return self.domain is None and not self.choices

    @property
    def allowed(self) -> str:
        if self.many == "class":
            return "balanced, effective:BETA, or a number of 0 or more for each class: 1,2,3 or cat:1,dog:2"
        if self.many == "output":
            return f"{self.domain.allowed if self.domain else ''}, or one for each output: 1,2,3"
        if self.domain is not None:
            return self.domain.allowed
        return "one of " + ", ".join(self.choices) if self.choices else "true or false"

    def check(self, value: ParameterValue, loss: str) -> None:
        """Refuse, by name, a value that the parameter does not take."""
        if value is None and not self.required and self.default is None:
            return
        if self.domain is not None and isinstance(value, tuple) and self.many:
            fits = bool(value) and all(number in self.domain for number in value)
        elif self.domain is not None:
            fits = not isinstance(value, bool) and value in self.domain
        else:
            fits = value in self.choices if self.choices else isinstance(value, bool)
        if not fits:
            raise UsageError(f"{loss}: {self.name} must be {self.allowed}, not {value}")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a loss reads, its options, and what its unit is."""

    roles: tuple[Role, ...]
    parameters: tuple[Parameter, ...]
    unit: Unit


def read_signature(function: Callable[..., Array]) -> Signature:
    """What the annotations and defaults of a loss say."""
    signature = inspect.signature(function)
    units = _marks(signature.return_annotation, Unit)
    if not units:
        raise TypeError(f"{function.__name__}: the return annotation does not say what a unit is")
    roles: list[Role] = []
    parameters: list[Parameter] = []
    for item in signature.parameters.values():
        domain = next(iter(_marks(item.annotation, Domain)), None)
        required = item.default is item.empty
        if item.kind is item.KEYWORD_ONLY:
            default = None if required else item.default
            many = next((mark.over for mark in _marks(item.annotation, Many)), "")
            by_row = _is_by_row(item.annotation)
            if by_row and units[0].kind != "row":
                raise TypeError(f"{function.__name__}: {item.name} cannot differ by row, as a unit is no row")
            words = _choices(item.annotation)
            parameters.append(Parameter(item.name, domain, words, required, default, many, by_row))
        elif domain is None:
            raise TypeError(f"{function.__name__}: role {item.name} has no domain")
        else:
            roles.append(Role(item.name, domain, optional=not required))
    return Signature(tuple(roles), tuple(parameters), units[0])


Mark = TypeVar("Mark")


def _marks(annotation: Any, kind: type[Mark]) -> list[Mark]:
    """The marks of a kind in an annotation, also behind `| None`."""
    found = [extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, kind)]
    for part in () if get_origin(annotation) is Literal else get_args(annotation):
        found += _marks(part, kind)
    return found


def _is_by_row(annotation: Any) -> bool:
    """Whether an annotation admits a number or an array, also behind `| None`."""
    parts = get_args(annotation)
    return (float in parts and Array in parts) or any(_is_by_row(part) for part in parts)


def _choices(annotation: Any) -> tuple[str, ...]:
    """The words of a Literal, also behind `| None`."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((words for part in get_args(annotation) if (words := _choices(part))), ())
