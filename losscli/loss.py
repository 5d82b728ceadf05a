"""What a loss is: a plain function on arrays, and all that is derived from its signature and docstring."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, TypedDict

from losscli.arrays import Array, Mask, np
from losscli.calling import GIVEN_ELSEWHERE, call
from losscli.curves import Curve, error_curve
from losscli.docstrings import Docstring
from losscli.domain import Domain
from losscli.errors import DataError, UsageError
from losscli.observations import Observation
from losscli.records import dataclass, field
from losscli.signature import Facts, Parameter, Role, Unit


class Traits(TypedDict, total=False):
    """What the decorator says of a loss besides its facts; each is an attribute of the loss.

    Attributes:
        aliases: other names that are accepted.
        one_of: optional roles of which exactly one is read; `a+b` is a form that consists of two.
        pred_means: the role that `--pred` stands for; empty where the kind of a prediction must be said.
        guards: for a role, the parameter that relaxes its domain when it is set.
        variants: for a role, the parameters whose word chooses among the variants of its domain; the first that is
            given counts.
        reveals: roles whose NaN and infinity never leave the loss finite, so that a finite loss proves them finite;
            the columns of other roles are looked at. A property test holds the loss to it.
        clipped: for a loss that replaces values near the edge of a domain, which ones; it takes what the loss takes.
        weighs: for a loss whose parameters weigh rows, the weight of each row; None for weights of 1.
        ignores: a role and a parameter: rows in which they are equal are no units, and are counted as ignored.
        of_sums: for a set, its loss from the sums of what the function returns: of shape (sets, sums) and the
            parameters; NaN where a set has none.
        leaves_out: a parameter and its word under which sets without a loss are left out and counted.
        several_by: a parameter and its word under which a set has several losses, one for each class.
        observes_sets: what to look for in the sums of sets, which are given as `sums`.
        observes: what to look for in valid rows.
        reductions: reductions that this loss has besides those of all.
        units_by: for a flag among the parameters, or `name=word`, the units that it makes of the value.
        acts_with: for a parameter that changes nothing by itself, what it needs: a role, or `name=word|word` for a
            parameter that is one of the words. Where it is given in vain a warning says so.
        curve: over what `explain` draws the loss; without a word a loss of two numbers is drawn over their difference.
    """

    aliases: tuple[str, ...]
    one_of: tuple[str, ...]
    pred_means: str
    guards: Mapping[str, str]
    variants: Mapping[str, tuple[str, ...]]
    reveals: tuple[str, ...]
    clipped: Callable[..., Mask]
    weighs: Callable[..., Array | None]
    ignores: tuple[str, str]
    of_sums: Callable[..., Array]
    leaves_out: tuple[str, str]
    several_by: tuple[str, str]
    observes: tuple[Observation, ...]
    observes_sets: tuple[Observation, ...]
    reductions: tuple[str, ...]
    units_by: Mapping[str, str]
    acts_with: Mapping[str, str]
    curve: Curve


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss: a plain function on arrays, and all that is derived from its signature.

    Calling it checks the parameters and the domains and returns the loss of each element or row, or of the whole
    set; `function` is the bare formula, for arrays that were checked before. What the attributes mean that are not
    in the signature is said in `Traits`.
    """

    name: str
    function: Callable[..., Array]
    roles: tuple[Role, ...]
    parameters: tuple[Parameter, ...]
    unit: Unit
    facts: Facts
    aliases: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    pred_means: str = "pred"
    guards: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reveals: tuple[str, ...] = ()
    clipped: Callable[..., Mask] | None = None
    weighs: Callable[..., Array | None] | None = None
    ignores: tuple[str, str] | None = None
    of_sums: Callable[..., Array] | None = None
    leaves_out: tuple[str, str] | None = None
    several_by: tuple[str, str] | None = None
    observes: tuple[Observation, ...] = ()
    observes_sets: tuple[Observation, ...] = ()
    reductions: tuple[str, ...] = ()
    units_by: Mapping[str, str] = field(default_factory=dict)
    acts_with: Mapping[str, str] = field(default_factory=dict)
    curve: Curve | None = None

    def __post_init__(self) -> None:
        # what help(), doctest and inspect.signature() look for on a function
        object.__setattr__(self, "__doc__", self.function.__doc__)
        object.__setattr__(self, "__wrapped__", self.function)
        if self.curve is None:
            object.__setattr__(self, "curve", error_curve(self.roles, self.parameters))

    def __call__(self, *arrays: Any, **named: Any) -> Array:
        """The loss of each element, of each row where a role has several values a row, or of the whole set.

        Args:
            *arrays: the roles in order, of shapes that broadcast together, or (rows, values of a row).
            **named: roles by name, and parameters.

        Raises:
            UsageError: a parameter that the loss does not have, or outside its domain.
            DataError: a value outside the domain of its role, with its position.
        """
        return call(self, arrays, named)

    @cached_property
    def by_element(self) -> bool:
        """Whether the loss is a function of single values, so that its shapes broadcast."""
        return self.unit.kind == "row" and not any(r.domain.vector or r.domain.several for r in self.roles)

    @property
    def family(self) -> str:
        """The file that it stands in."""
        return self.function.__module__.rpartition(".")[2]

    @cached_property
    def forms(self) -> tuple[tuple[str, ...], ...]:
        """The alternatives of `one_of`, each as the roles that it consists of."""
        return tuple(tuple(form.split("+")) for form in self.one_of)

    def no_such_parameter(self, name: str) -> str:
        has = ", ".join(parameter.name for parameter in self.parameters)
        return f"{self.name} has no parameter {name}; it has {has or 'none'}"

    def check_roles(self, given: Mapping[str, object]) -> None:
        """Refuse a call that lacks a role, or that has two forms of the same thing."""
        for role in self.roles:
            if not role.optional and role.name not in given:
                raise UsageError(f"{self.name} needs {role.name}")
        begun = [form for form in self.forms if any(name in given for name in form)]
        if self.forms and len(begun) != 1:
            found = " and ".join(name for form in begun for name in form if name in given) or "none"
            choices = ", ".join(" with ".join(form) for form in self.forms)
            raise UsageError(f"{self.name} needs exactly one of {choices}; given: {found}")
        for name in begun[0] if begun else ():
            if name not in given:
                raise UsageError(f"{self.name} needs {name} beside {' and '.join(n for n in begun[0] if n != name)}")

    def check_labels(self, values: Mapping[str, Array]) -> None:
        """Refuse an index that is none of the classes that the other roles have columns for.

        Raises:
            DataError: with the first label beyond them.
        """
        widths = {name: array.shape[-1] if array.ndim > 1 else 1 for name, array in values.items()}
        classes = max((array.shape[-1] for array in values.values() if array.ndim > 1), default=0)
        for role in self.roles:
            labels = values.get(role.name)
            index = self.domain_of(role, {}, widths).coded == "class"
            if index and classes and labels is not None and labels.ndim == 1:
                beyond = np.flatnonzero(labels >= classes)
                if beyond.size:
                    found = f"{role.name} at ({beyond[0]},) is {labels[beyond[0]]}"
                    raise DataError(f"{self.name}: {found}; allowed is a class from 0 to {classes - 1}")

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name, the given ones checked, the others at their defaults."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise UsageError(self.no_such_parameter(name))
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

    def domain_of(self, role: Role, parameters: Mapping[str, Any], columns: Mapping[str, int] | None = None) -> Domain:
        """The domain of a role in use.

        Args:
            parameters: a guard such as eps relaxes a domain, a word such as a box format chooses one.
            columns: how many columns each role has: several may mean one for each class.
        """
        domain, widths = role.domain, columns or {}
        if domain.several is not None and widths.get(role.name, 1) > 1:
            domain = domain.several
        elif domain.among is not None and any(count > 1 for count in widths.values()):
            domain = domain.among
        words = [parameters.get(name) for name in self.variants.get(role.name, ())]
        chosen = next((word for word in words if word is not None), None)
        domain = dict(domain.variants).get(chosen or "", domain)
        guard = self.guards.get(role.name)
        value = None if guard is None else parameters.get(guard)
        if value is None or domain.relaxed is None or not np.all(np.greater(value, 0.0)):
            return domain
        return domain.relaxed

    def units(self, parameters: Mapping[str, Any]) -> str:
        """What the value is measured in under these parameters."""
        for key, units in self.units_by.items():
            name, _, word = key.partition("=")
            if (parameters.get(name) == word) if word else parameters.get(name):
                return units
        return self.facts.units

    def lacks(self, parameter: str, roles: Collection[str], values: Mapping[str, Any]) -> str:
        """What a parameter needs to change anything and does not have here, as options; empty where it acts."""
        name, _, words = self.acts_with.get(parameter, "").partition("=")
        met = values.get(name) in words.split("|") if words else name in roles
        if not name or met:
            return ""
        return f"--{name.replace('_', '-')} {' or '.join(words.split('|'))}".rstrip()

    def guard_hint(self, role: Role, parameters: Mapping[str, Any]) -> str:
        """How to relax the domain of a role; empty where nothing can, or where it is done."""
        guard = self.guards.get(role.name)
        if guard is None or np.any(np.greater(parameters.get(guard) or 0.0, 0.0)):
            return ""
        return f"--{guard.replace('_', '-')} VALUE: {self.doc.arguments.get(guard, 'guards the formula').rstrip('.')}"

    @cached_property
    def doc(self) -> Docstring:
        return Docstring.parse(self.__doc__ or "")

    def __reduce__(self) -> tuple[Callable[[str], "Loss"], tuple[str]]:
        from losscli.catalogue import find

        return find, (self.name,)
