"""What one scan computes: losses bound to columns and parameters, filters, and what to do with bad rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from losscli.arrays import Array, np
from losscli.catalogue import GIVEN_ELSEWHERE, Loss, Parameter
from losscli.data.columns import Roles, Selection, expand, resolve_roles
from losscli.data.table import Kind, Need, Table, position
from losscli.data.where import Condition
from losscli.domain import NON_NEGATIVE, Domain
from losscli.errors import UsageError

Policy = Literal["error", "skip"]
WATCHED = frozenset(["split", "subset", "fold", "model", "model_id", "model_name", "output_type"])
"""Columns whose values usually ask for a choice: a mean over train and test together is seldom meant."""


@dataclass(frozen=True, slots=True)
class LossSpec:
    """A loss and its parameters as the user gave them; `@column` takes a parameter from a column."""

    loss: Loss
    given: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """The parameters that are values, checked, defaults included."""
        fixed = {name: value for name, value in self.given.items() if not _is_column(value)}
        checked = self.loss.with_defaults({**fixed, **dict.fromkeys(self.columns(), GIVEN_ELSEWHERE)})
        return {name: value for name, value in checked.items() if value is not GIVEN_ELSEWHERE}

    def columns(self) -> dict[str, str]:
        """For each parameter that comes from a column, the name of that column."""
        return {name: value[1:] for name, value in self.given.items() if _is_column(value)}


def _is_column(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


@dataclass(frozen=True, slots=True)
class Transform:
    """A function applied to the target and the prediction before the loss."""

    name: str

    def __call__(self, values: Array) -> Array:
        return np.log1p(values) if self.name == "log1p" else np.log(values)


TRANSFORMS = {name: Transform(name) for name in ("log1p", "log")}


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of a loss function: the columns it comes from and what they may hold.

    Attributes:
        argument: the role or parameter.
        columns: the columns, one for each output.
        domain: what the values may be, after the transform if there is one.
        transform: what is done to the cells first.
        hint: the way out where cells lie outside the domain.
        optional: whether a row without a value is no row for this loss, such as one without a level.
        revealed: whether a finite loss proves the values finite, so that they need not be looked at.
    """

    argument: str
    columns: tuple[str, ...]
    domain: Domain
    transform: Transform | None = None
    hint: str = ""
    optional: bool = False
    revealed: bool = False

    @property
    def allowed(self) -> str:
        return self.domain.allowed + (f" after {self.transform.name}" if self.transform else "")


WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Term:
    """One loss bound to columns.

    Attributes:
        spec: the loss with its parameters.
        inputs: its roles, and the parameters that come from columns.
        weight: the input for the weights; None for weights of 1.
        values: the parameters that are the same for each row.
    """

    spec: LossSpec
    inputs: tuple[Input, ...]
    weight: Input | None
    values: Mapping[str, Any]

    @property
    def roles(self) -> Roles:
        """The columns of each role, weight included, as the result shows them."""
        shown = {entry.argument: entry.columns for entry in self.inputs}
        return {**shown, WEIGHT: self.weight.columns} if self.weight else shown


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker needs to know."""

    terms: tuple[Term, ...]
    where: tuple[Condition, ...]
    missing: Policy
    invalid: Policy
    watched: tuple[str, ...]

    @property
    def refused(self) -> set[str]:
        """The causes for which a row is refused rather than left out."""
        return {cause for cause, policy in (("missing", self.missing), ("invalid", self.invalid)) if policy == "error"}

    def needs(self, table: Table) -> list[Need]:
        """The columns to read from a table, each once.

        Raises:
            UsageError: the table lacks one of them.
        """
        numbers = {name for term in self.terms for entry in _entries(term) for name in entry.columns}
        here = {column.name for column in table.columns}
        watched = [name for name in self.watched if name in here]
        found: dict[str, Need] = {}
        for name in (*sorted(numbers), *(condition.column for condition in self.where), *watched):
            kind = table.columns[position(table, name)].kind
            found.setdefault(name, Need(name, name in numbers or kind is Kind.NUMBER, kind))
        return list(found.values())


def _entries(term: Term) -> Sequence[Input]:
    return (*term.inputs, term.weight) if term.weight else term.inputs


def bind(spec: LossSpec, selection: Selection, table: Table, weight: str | None, transform: Transform | None) -> Term:
    """A loss bound to the columns of a table.

    Raises:
        UsageError: a column that is not there or is not clear, or a parameter outside its domain.
    """
    values = spec.values()
    roles = resolve_roles(spec.loss, selection, table)
    changed = ("target", spec.loss.pred_means)
    if transform is not None and spec.loss.pred_means not in roles:
        raise UsageError(f"{spec.loss.name}: --transform applies to {spec.loss.pred_means}, which is not given")
    inputs = [
        Input(
            role.name,
            roles[role.name],
            spec.loss.domain_of(role, values),
            transform if role.name in changed else None,
            spec.loss.guard_hint(role, values),
            revealed=role.name in spec.loss.reveals,
        )
        for role in spec.loss.roles
        if role.name in roles
    ]
    by_name = {parameter.name: parameter for parameter in spec.loss.parameters}
    for name, column in spec.columns().items():
        domain = _number_domain(by_name[name], spec.loss)
        inputs.append(Input(name, expand(column, table), domain, optional=True))
    weight_input = Input(WEIGHT, _one_column(weight, table), NON_NEGATIVE) if weight is not None else None
    return Term(spec, tuple(inputs), weight_input, values)


def _one_column(text: str, table: Table) -> tuple[str, ...]:
    names = expand(text, table)
    if len(names) != 1:
        raise UsageError(f"--weight takes one column, not {', '.join(names)}")
    return names


def _number_domain(parameter: Parameter, loss: Loss) -> Domain:
    if parameter.domain is None:
        raise UsageError(f"{loss.name}: {parameter.name} is {parameter.allowed}; only a number can come from a column")
    return parameter.domain


def watched_columns(table: Table, selected: set[str]) -> tuple[str, ...]:
    """Columns of the table that usually ask for a choice and about which the command says nothing."""
    names = [column.name for column in table.columns]
    return tuple(name for name in names if name.lower() in WATCHED and name not in selected and names.count(name) == 1)
