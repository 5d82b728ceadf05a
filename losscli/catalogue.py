"""The catalogue: what a loss is, the decorator that makes one, and look-up by name.

A loss is one decorated function. Its signature and docstring are the only description of it:
positional parameters are the roles that it reads, keyword-only parameters are its options, annotations
are their domains, the return annotation says what a unit is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from losscli.arrays import Array, np
from losscli.docstrings import Docstring
from losscli.domain import Domain
from losscli.errors import DataError, UsageError
from losscli.signature import Parameter, ParameterValue, Role, Rows, read_signature

__all__ = ["Facts", "Loss", "Parameter", "ParameterValue", "Role", "Rows", "all_losses", "find", "loss"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a loss; each claim begins with yes or no and is checked by a property test."""

    task: str
    convex: str
    differentiable: str
    robust: str
    units: str
    direction: Literal["lower", "higher"] = "lower"


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss: a plain function on arrays, and all that is derived from its signature.

    Calling it checks the parameters and the domains and returns the loss of each element; `function` is
    the bare formula, for arrays that were checked before.
    """

    name: str
    aliases: tuple[str, ...]
    function: Callable[..., Array]
    roles: tuple[Role, ...]
    one_of: tuple[str, ...]
    pred_means: str
    guards: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    facts: Facts

    def __post_init__(self) -> None:
        # what help(), doctest and inspect.signature() look for on a function
        object.__setattr__(self, "__doc__", self.function.__doc__)
        object.__setattr__(self, "__wrapped__", self.function)

    def __call__(self, *arrays: Any, **named: Any) -> Array:
        """The loss of each element.

        Args:
            *arrays: the roles in order, of shapes that broadcast together.
            **named: roles by name, and parameters.

        Raises:
            UsageError: a parameter that the loss does not have, or outside its domain.
            DataError: a value outside the domain of its role, with its position.
        """
        bound = self._bind(arrays, named)
        roles = {role.name for role in self.roles}
        parameters = self.with_defaults({k: v for k, v in bound.items() if k not in roles})
        values: dict[str, Any] = {}
        for role in self.roles:
            if bound.get(role.name) is None:
                continue
            array = np.asarray(bound[role.name], dtype=np.float64)
            outside = self.domain_of(role, parameters).outside(array)
            if outside is not None:
                where = tuple(int(i) for i in np.argwhere(outside)[0])
                allowed = self.domain_of(role, parameters).allowed
                raise DataError(f"{self.name}: {role.name} at {where} is {array[where]}; allowed is {allowed}")
            values[role.name] = array
        self.check_roles(values)
        with np.errstate(all="ignore"):
            return self.function(**values, **parameters)

    def _bind(self, arrays: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        if len(arrays) > len(self.roles):
            raise UsageError(f"{self.name} reads {len(self.roles)} arrays, not {len(arrays)}")
        bound = {role.name: array for role, array in zip(self.roles, arrays, strict=False)}
        known = {role.name for role in self.roles} | {parameter.name for parameter in self.parameters}
        for name in named:
            if name not in known:
                raise UsageError(self._no_such_parameter(name))
            if name in bound:
                raise UsageError(f"{self.name}: {name} is given twice")
        return {**bound, **named}

    def _no_such_parameter(self, name: str) -> str:
        has = ", ".join(parameter.name for parameter in self.parameters)
        return f"{self.name} has no parameter {name}; it has {has or 'none'}"

    def check_roles(self, given: Mapping[str, object]) -> None:
        """Refuse a call that lacks a role, or that has two forms of the same thing."""
        for role in self.roles:
            if not role.optional and role.name not in given:
                raise UsageError(f"{self.name} needs {role.name}")
        forms = [name for name in self.one_of if name in given]
        if self.one_of and len(forms) != 1:
            found = " and ".join(forms) or "none"
            raise UsageError(f"{self.name} needs exactly one of {', '.join(self.one_of)}; given: {found}")

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name, the given ones checked, the others at their defaults."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise UsageError(self._no_such_parameter(name))
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.name not in given and parameter.required:
                raise UsageError(
                    f"{self.name} needs {parameter.name}, {parameter.allowed}",
                    hint=f"--{parameter.name.replace('_', '-')} VALUE",
                )
            value = given.get(parameter.name, parameter.default)
            if isinstance(value, (float, int, str)) or value is None:
                parameter.check(value, self.name)
            values[parameter.name] = value
        return values

    def domain_of(self, role: Role, parameters: Mapping[str, Any]) -> Domain:
        """The domain of a role under these parameters: a guard such as eps relaxes it."""
        guard = self.guards.get(role.name)
        if guard is not None and parameters.get(guard) not in (None, 0, 0.0) and role.domain.relaxed:
            return role.domain.relaxed
        return role.domain

    def guard_hint(self, role: Role, parameters: Mapping[str, Any]) -> str:
        """How to relax the domain of a role; empty where nothing can, or where it is done."""
        guard = self.guards.get(role.name)
        if guard is None or self.domain_of(role, parameters) is not role.domain:
            return ""
        return f"--{guard.replace('_', '-')} VALUE: {self.doc.arguments.get(guard, 'guards the formula')}"

    @cached_property
    def doc(self) -> Docstring:
        return Docstring.parse(self.__doc__ or "")

    def __reduce__(self) -> tuple[Callable[[str], "Loss"], tuple[str]]:
        return find, (self.name,)


_BY_NAME: dict[str, Loss] = {}


def loss(
    *,
    task: str,
    convex: str,
    differentiable: str,
    robust: str,
    units: str,
    aliases: tuple[str, ...] = (),
    one_of: tuple[str, ...] = (),
    pred_means: str = "pred",
    guards: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Array]], Loss]:
    """Make a loss of a function and enter it in the catalogue.

    Args:
        task, convex, differentiable, robust, units: the facts that `list` shows.
        aliases: other names that are accepted.
        one_of: optional roles of which exactly one is read.
        pred_means: the role that `--pred` stands for.
        guards: for a role, the parameter that relaxes its domain when it is set.
    """

    def decorate(function: Callable[..., Array]) -> Loss:
        roles, parameters = read_signature(function)
        made = Loss(
            name=function.__name__,
            aliases=aliases,
            function=function,
            roles=roles,
            one_of=one_of,
            pred_means=pred_means,
            guards=guards or {},
            parameters=parameters,
            facts=Facts(task, convex, differentiable, robust, units),
        )
        for name in (made.name, *aliases):
            if name in _BY_NAME:
                raise ValueError(f"two losses are called {name}")
            _BY_NAME[name] = made
        return made

    return decorate


def all_losses() -> Iterator[Loss]:
    """Every loss once, in the order in which the families define them."""
    import losscli.losses  # noqa: F401 - importing the families is what fills the catalogue

    seen: set[str] = set()
    for entry in _BY_NAME.values():
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry


def find(name: str) -> Loss:
    """The loss of this name or alias; hyphens and capitals do not matter.

    Raises:
        UsageError: there is none; the message has the nearest names.
    """
    known = {alias: entry for entry in all_losses() for alias in (entry.name, *entry.aliases)}
    wanted = name.strip().lower().replace("-", "_")
    if wanted in known:
        return known[wanted]
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`losscli list` shows all of them"
    raise UsageError(f"there is no loss called {name!r}", hint=hint)
