"""What the signature of a loss says: its roles, its parameters, and what a unit is."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from losscli.arrays import Array
from losscli.domain import Domain
from losscli.errors import UsageError


class RowUnits:
    """Marks a loss whose unit is a row: the function returns one value for each element it is given."""


Rows: TypeAlias = Annotated[Array, RowUnits()]

ParameterValue: TypeAlias = float | bool | str | None


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
    """

    name: str
    domain: Domain | None
    choices: tuple[str, ...]
    required: bool
    default: ParameterValue

    @property
    def is_flag(self) -> bool:
        return self.domain is None and not self.choices

    @property
    def allowed(self) -> str:
        if self.domain is not None:
            return self.domain.allowed
        return "one of " + ", ".join(self.choices) if self.choices else "true or false"

    def check(self, value: ParameterValue, loss: str) -> None:
        """Refuse, by name, a value that the parameter does not take."""
        if value is None and not self.required and self.default is None:
            return
        if self.domain is not None:
            fits = not isinstance(value, bool) and value in self.domain
        else:
            fits = value in self.choices if self.choices else isinstance(value, bool)
        if not fits:
            raise UsageError(f"{loss}: {self.name} must be {self.allowed}, not {value}")


def read_signature(function: Callable[..., Array]) -> tuple[tuple[Role, ...], tuple[Parameter, ...]]:
    """The roles and the parameters of a loss, from its annotations and defaults."""
    extras = getattr(inspect.signature(function).return_annotation, "__metadata__", ())
    if not any(isinstance(extra, RowUnits) for extra in extras):
        raise TypeError(f"{function.__name__}: the return annotation does not say what a unit is")
    roles: list[Role] = []
    parameters: list[Parameter] = []
    for item in inspect.signature(function).parameters.values():
        domain, choices = _read_annotation(item.annotation)
        required = item.default is item.empty
        if item.kind is item.KEYWORD_ONLY:
            default = None if required else item.default
            parameters.append(Parameter(item.name, domain, choices, required, default))
        elif domain is None:
            raise TypeError(f"{function.__name__}: role {item.name} has no domain")
        else:
            roles.append(Role(item.name, domain, optional=not required))
    return tuple(roles), tuple(parameters)


def _read_annotation(annotation: Any) -> tuple[Domain | None, tuple[str, ...]]:
    """The domain and the choices in an annotation, also behind `| None`."""
    if get_origin(annotation) is Literal:
        return None, get_args(annotation)
    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, Domain):
            return extra, ()
    for part in get_args(annotation):
        found = _read_annotation(part)
        if found != (None, ()):
            return found
    return None, ()
