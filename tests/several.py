"""What the laws of losses of several values a row, of sets and of batches are tried on, read from the catalogue.

A case is a loss in one of its forms and layouts: which roles are read, and whether a label or a mask has one value or
one for each class. Its values are rows that the domains and row rules allow, at random and at the edges.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from losscli.arrays import Array
from losscli.catalogue import Loss, Parameter, Role, all_losses
from losscli.domain import Domain
from losscli.row_rules import (
    RowRule,
    ascending_corners,
    logs_sum_to_one,
    non_negative_size,
    sums_to_one,
)
from tests.sampling import Values, sample

WIDTH, STACKED = 3, 2
"""How many classes or coordinates a row has, and how many vectors a list of vectors."""
NOT_TOGETHER = {("info_nce", "symmetric", "negative"): "negatives of a row's own have no other direction"}
NUMBERS = (0.75, 3.0)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A loss, the roles it reads with the shape of a row of each, and the parameters that are given."""

    loss: Loss
    shapes: Mapping[Role, Shape]
    given: Mapping[str, Any]

    @property
    def id(self) -> str:
        roles = [f"{role.name}{len(shape) or ''}" for role, shape in self.shapes.items()]
        return "-".join([self.loss.name, *roles, *(f"{name}={value}" for name, value in self.given.items())])

    @property
    def kind(self) -> str:
        """What a unit is here: a row, a set or a batch."""
        unit = self.loss.unit
        return "row" if unit.unless in {role.name for role in self.shapes} else unit.kind

    @property
    def widths(self) -> dict[str, int]:
        return {role.name: shape[-1] if shape else 1 for role, shape in self.shapes.items()}

    def domain(self, role: Role) -> Domain:
        return self.loss.domain_of(role, self.loss.with_defaults(self.given), self.widths)

    def is_index(self, role: Role) -> bool:
        """Whether the role has the index of a class."""
        return self.domain(role).coded == "class" and not self.shapes[role]

    def __call__(self, values: Mapping[str, Any], **parameters: Any) -> Array:
        return self.loss(**values, **{**self.given, **parameters})

    def draw(self, rows: int, seed: int = 0) -> Values:
        """Random rows that are allowed."""
        rng = np.random.default_rng(seed)
        return {role.name: self._fill(role, rows, rng) for role in self.shapes}

    def _fill(self, role: Role, rows: int, rng: np.random.Generator) -> Array:
        domain, shape = self.domain(role), self.shapes[role]
        if self.is_index(role):
            return rng.integers(0, max(self.widths.values()), rows).astype(np.float64)
        size = rows * int(np.prod(shape, dtype=int))
        values = sample(domain, size, rng, octaves=3.0).reshape(rows, *shape)
        return _obeying(domain.row_rule, values) if domain.row_rule else values

    def edges(self, role: Role) -> Array:
        """Rows of the outermost values that are allowed."""
        domain, shape = self.domain(role), self.shapes[role]
        if self.is_index(role):
            return np.arange(float(max(self.widths.values())))
        inside = [value for value in (0.0, 0.5, 1.0, -1.0) if value in domain]
        values = sorted({*domain.edges(), *inside})
        if not shape:
            return np.array(values)
        rows = np.array(list(product(values, repeat=shape[-1])))
        broken = domain.broken_rows(rows)
        rows = rows if broken is None else rows[~broken]
        rows = rows if len(rows) else np.array([domain.row_rule.example if domain.row_rule else []])
        return np.stack([rows] * shape[0], axis=1) if len(shape) > 1 else rows

    def outside(self, role: Role) -> Iterator[float]:
        """Values just outside the domain of a role."""
        yield from self.domain(role).just_outside()
        if self.is_index(role):
            yield float(max(self.widths.values()))

    def table(self, values: Mapping[str, Array]) -> tuple[pa.Table, dict[str, list[str]]]:
        """The rows as a table, a column for each value of a vector, and the columns of each role."""
        columns: dict[str, Any] = {}
        names: dict[str, list[str]] = {}
        for name, array in values.items():
            if array.ndim != 2:
                columns[name], names[name] = array.tolist(), [name]
                continue
            names[name] = [f"{name}_{i}" for i in range(array.shape[1])]
            columns |= {column: array[:, i].tolist() for i, column in enumerate(names[name])}
        return pa.table(columns), names


def _obeying(rule: RowRule, values: Array) -> Array:
    """Rows that keep the rule, made of rows that may not; of a rule that is not known here its example."""
    if rule is sums_to_one:
        return np.asarray(values / values.sum(axis=-1, keepdims=True))
    if rule is logs_sum_to_one:
        shares = np.exp(np.maximum(values, -50.0))
        return np.asarray(np.minimum(np.log(shares / shares.sum(axis=-1, keepdims=True)), 0.0))
    if rule is ascending_corners:
        low, high = np.minimum(values[..., :2], values[..., 2:]), np.maximum(values[..., :2], values[..., 2:])
        return np.concatenate([low, high], axis=-1)
    if rule is non_negative_size:
        return np.concatenate([values[..., :2], np.abs(values[..., 2:])], axis=-1)
    if rule.broken(values.reshape(-1, values.shape[-1])).any():
        return np.broadcast_to(np.array(rule.example), values.shape).copy()
    return values


def several_losses() -> list[Loss]:
    """The losses that are not functions of single values."""
    return [loss for loss in all_losses() if not loss.by_element]


def _forms(loss: Loss) -> Iterator[tuple[Role, ...]]:
    """The sets of roles that a loss can be called with: one of its alternatives, and optional ones or not."""
    in_forms = {name for form in loss.forms for name in form}
    free = [role.name for role in loss.roles if role.optional and role.name not in in_forms]
    for form in loss.forms or ((),):
        for extra in ([], free) if free else ([],):
            yield tuple(role for role in loss.roles if not role.optional or role.name in (*form, *extra))


def _layouts(roles: tuple[Role, ...]) -> Iterator[dict[Role, Shape]]:
    """One value a row or one for each class, wherever a role may have both; a label is never wider than the rest."""
    fixed = {role: _shape(role) for role in roles if not role.domain.several}
    labels = [role for role in roles if role.domain.several and role.domain.coded and role.name == "target"]
    others = [role for role in roles if role.domain.several and role not in labels]
    for wide in (False, True) if others else (False,):
        shapes = {**fixed, **dict.fromkeys(others, (WIDTH,) if wide else ())}
        for wide_labels in (False, True) if labels and any(shapes.values()) else (False,):
            found = {**shapes, **dict.fromkeys(labels, (WIDTH,) if wide_labels else ())}
            yield {role: found[role] for role in roles}


def _shape(role: Role) -> Shape:
    width = role.domain.width or WIDTH
    return (STACKED, width) if role.domain.stacked else (width,) if role.domain.vector else ()


def _settings(loss: Loss) -> Iterator[dict[str, Any]]:
    """Every combination of flags and words, once with the default of each number and once with another."""
    words = [parameter for parameter in loss.parameters if parameter.domain is None]
    for chosen in product(*(_words(parameter) for parameter in words)):
        named = {p.name: value for p, value in zip(words, chosen, strict=True) if value != p.default}
        yield named
        numbers = {p.name: number for p in loss.parameters if (number := _number(p)) is not None}
        if numbers:
            yield {**named, **numbers}


def _words(parameter: Parameter) -> list[Any]:
    return list(parameter.choices or (False, True))


def _number(parameter: Parameter) -> Any:
    """A number that is not the default; none where a role would have to fit it, such as a label to ignore."""
    if parameter.domain is None or parameter.domain.whole or parameter.name == "eps":
        return None
    if parameter.many:
        return tuple(0.5 + i for i in range(WIDTH)) if parameter.many == "class" else None
    return next((value for value in NUMBERS if value in parameter.domain and value != parameter.default), None)


def cases(loss: Loss | None = None) -> list[Case]:
    """Every form, layout and setting of a loss, or of all that are not functions of single values."""
    found = []
    for entry in several_losses() if loss is None else [loss]:
        for roles in _forms(entry):
            for shapes in _layouts(roles):
                found += [Case(entry, shapes, given) for given in _settings(entry) if _fits(entry, roles, given)]
    return found


def _fits(loss: Loss, roles: tuple[Role, ...], given: Mapping[str, Any]) -> bool:
    return not any((loss.name, name, role.name) in NOT_TOGETHER for name in given for role in roles)


def plain_cases() -> list[Case]:
    """Each form and layout of each loss once, at its defaults."""
    return [
        Case(entry, shapes, {}) for entry in several_losses() for roles in _forms(entry) for shapes in _layouts(roles)
    ]


def case_id(case: Case) -> str:
    return case.id
