"""Losses of several values a row, of sets and of batches in settings of their own, with random values.

Parameters that clip are left at their defaults: what is clipped is another value, and counted.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from losscli import domain as domains
from losscli.arrays import Array
from losscli.catalogue import Loss, ParameterValue, Role, all_losses
from losscli.domain import Domain
from tests.sampling import Values, forms

SEVERAL = [loss for loss in all_losses() if not loss.by_element]
WIDTH = 3


@dataclass(frozen=True)
class Setting:
    """A loss in one of its forms, with at most one parameter that is not at its default."""

    loss: Loss
    roles: tuple[Role, ...]
    given: dict[str, ParameterValue]

    def __call__(self, values: Values) -> Array:
        return self.loss(**values, **self.given)

    def draw(self, rng: np.random.Generator, size: int) -> Values:
        parameters = self.loss.with_defaults(self.given)
        return {r.name: _draw(self.loss.domain_of(r, parameters), rng, size) for r in self.roles}

    def role(self, name: str) -> Role:
        return next(role for role in self.roles if role.name == name)

    @property
    def varied(self) -> list[Role]:
        return [role for role in self.roles if role.name != "target"]


def settings(loss: Loss) -> Iterator[Setting]:
    tried: list[dict[str, ParameterValue]] = [{}]
    for parameter in loss.parameters:
        if parameter.name in loss.guards.values() or parameter.many:
            continue
        numbers = [value for value in (0.25, 3.0) if parameter.domain and value in parameter.domain]
        others: list[ParameterValue] = [*numbers, *parameter.choices, *([True] if parameter.is_flag else [])]
        tried += [{parameter.name: value} for value in others if value != parameter.default]
    for form in forms(loss):
        for given in tried:
            if not (given.get("symmetric") and any(role.domain.stacked for role in form)):
                yield Setting(loss, form, given)


def _draw(domain: Domain, rng: np.random.Generator, size: int) -> Array:
    """Values of a domain whose segments lie in it as well."""
    if domain.stacked:
        return rng.normal(size=(size, 2, WIDTH))
    if domain.width == 4:
        # positive numbers in ascending order are a box in any format
        low = rng.uniform(0.5, 2.0, (size, 2))
        return np.concatenate([low, low + rng.uniform(0.5, 2.0, (size, 2))], axis=1)
    if domain in (domains.SIMPLEX, domains.LOG_SIMPLEX):
        shares = rng.dirichlet(np.full(WIDTH, 0.8), size) * 0.99 + 0.01 / WIDTH
        return shares if domain is domains.SIMPLEX else np.log(shares)
    if domain.vector:
        return rng.normal(size=(size, WIDTH)) * 2.0
    if domain.coded == "class":
        return rng.integers(0, WIDTH, size).astype(np.float64)
    if domain.coded == "binary":
        return np.where(np.arange(size) % 3 == 0, 1.0, 0.0) if size < 9 else rng.integers(0, 2, size).astype(np.float64)
    if math.isfinite(domain.high):
        return rng.uniform(0.05, 0.95, size)
    return rng.gamma(2.0, 1.0, size)
