"""The catalogue: what a loss is, the decorator that makes one, and look-up by name.

A loss is one decorated function. Its signature and docstring are the only description of it:
positional parameters are the roles that it reads, keyword-only parameters are its options, annotations
are their domains, the return annotation says what a unit is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from losscli.arrays import Array, Mask, np
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
    reveals: tuple[str, ...]
    clipped: Callable[..., Mask] | None
    units_by: Mapping[str, str]
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
        with np.errstate(all="ignore"):
            given = {name: value for name, value in bound.items() if name not in roles}
            parameters = self._checked_parameters(given)
            values: dict[str, Any] = {}
            for role in self.roles:
                if bound.get(role.name) is None:
                    continue
                domain = self.domain_of(role, parameters)
                values[role.name] = array = np.asarray(bound[role.name], dtype=np.float64)
                where = _first_outside(domain, array)
                if where is not None:
                    found = f"{role.name} at {where} is {array[where]}" if where else f"{role.name} is {array}"
                    raise DataError(f"{self.name}: {found}; allowed is {domain.allowed}")
            self.check_roles(values)
            result = self.function(**values, **parameters)
            shape = np.broadcast_shapes(*(np.shape(value) for value in (*values.values(), *parameters.values())))
            return result if result.shape == shape else np.broadcast_to(result, shape).copy()

    def _checked_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name; a number may also be an array with a value for each element."""
        known = {parameter.name: parameter for parameter in self.parameters}
        arrays: dict[str, Any] = {}
        for name, value in given.items():
            parameter = known.get(name)
            if parameter is None or parameter.domain is None or isinstance(value, (int, float, str, type(None))):
                continue
            if np.asarray(value).dtype.kind not in "iuf":
                raise UsageError(f"{self.name}: {name} must be {parameter.allowed}, not {value}")
            array = np.asarray(value, dtype=np.float64)
            where = _first_outside(parameter.domain, array)
            if where is not None:
                raise UsageError(f"{self.name}: {name} must be {parameter.allowed}, not {array[where]}")
            arrays[name] = array
        # with_defaults looks at single values only
        return {**self.with_defaults({**given, **dict.fromkeys(arrays, GIVEN_ELSEWHERE)}), **arrays}

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
            if value is not GIVEN_ELSEWHERE:
                parameter.check(value, self.name)
            values[parameter.name] = value
        return values

    def domain_of(self, role: Role, parameters: Mapping[str, Any]) -> Domain:
        """The domain of a role under these parameters: a guard such as eps relaxes it."""
        guard = self.guards.get(role.name)
        value = None if guard is None else parameters.get(guard)
        if value is None or role.domain.relaxed is None or not np.all(np.greater(value, 0.0)):
            return role.domain
        return role.domain.relaxed

    def units(self, parameters: Mapping[str, Any]) -> str:
        """What the value is measured in under these parameters."""
        return next((units for flag, units in self.units_by.items() if parameters.get(flag)), self.facts.units)

    def guard_hint(self, role: Role, parameters: Mapping[str, Any]) -> str:
        """How to relax the domain of a role; empty where nothing can, or where it is done."""
        guard = self.guards.get(role.name)
        if guard is None or self.domain_of(role, parameters) is not role.domain:
            return ""
        return f"--{guard.replace('_', '-')} VALUE: {self.doc.arguments.get(guard, 'guards the formula').rstrip('.')}"

    @cached_property
    def doc(self) -> Docstring:
        return Docstring.parse(self.__doc__ or "")

    def __reduce__(self) -> tuple[Callable[[str], "Loss"], tuple[str]]:
        return find, (self.name,)


GIVEN_ELSEWHERE = object()
"""Stands for the value of a parameter that comes from an array or a column and is checked there."""


def _first_outside(domain: Domain, array: Array) -> tuple[int, ...] | None:
    outside = domain.outside(array)
    return None if outside is None else tuple(int(i) for i in np.argwhere(outside)[0])


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
    reveals: tuple[str, ...] = (),
    clipped: Callable[..., Mask] | None = None,
    units_by: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Array]], Loss]:
    """Make a loss of a function and enter it in the catalogue.

    Args:
        task, convex, differentiable, robust, units: the facts that `list` shows.
        aliases: other names that are accepted.
        one_of: optional roles of which exactly one is read.
        pred_means: the role that `--pred` stands for.
        guards: for a role, the parameter that relaxes its domain when it is set.
        reveals: roles whose NaN and infinity never leave the loss finite, so that a finite loss proves them finite;
            the columns of other roles are looked at. A property test holds the loss to it.
        clipped: for a loss that replaces values near the edge of a domain, which ones; it takes what the loss takes.
        units_by: for a flag among the parameters, the units that it makes of the value.
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
            reveals=reveals,
            clipped=clipped,
            units_by=units_by or {},
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
