"""What the laws are tried on: every form of every loss, its parameters and its values, read from the catalogue.

A loss that is added to the catalogue appears here by itself, and so do its roles, parameters and domains.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st

from losscli.arrays import Array
from losscli.catalogue import Loss, Parameter, ParameterValue, Role, all_losses
from losscli.domain import LOG_PROBABILITY, PROBABILITY, SIGN, Domain

# The same examples on every run and machine, few enough that the whole set stays quick.
hypothesis.settings.register_profile("laws", derandomize=True, max_examples=25, deadline=None, database=None)
quick = hypothesis.settings.get_profile("laws")

LARGEST = sys.float_info.max
LEAST = 5e-324
NUMBERS = (0.25, 0.75, 3.0)

Values = dict[str, Array]


@dataclass(frozen=True)
class Case:
    """A loss in one of its forms, with the parameters that are given."""

    loss: Loss
    roles: tuple[Role, ...]
    given: Mapping[str, ParameterValue]

    @property
    def id(self) -> str:
        form = [role.name for role in self.roles if role.name in self.loss.one_of]
        return "-".join([self.loss.name, *form, *(f"{name}={value}" for name, value in self.given.items())])

    def domain(self, role: Role) -> Domain:
        return self.loss.domain_of(role, self.loss.with_defaults(self.given))

    def value(self, name: str) -> ParameterValue:
        value: ParameterValue = self.loss.with_defaults(self.given)[name]
        return value

    def __call__(self, values: Mapping[str, Any], **parameters: Any) -> Array:
        return self.loss(**values, **{**self.given, **parameters})

    @property
    def varied(self) -> Role:
        """The role that stands for the prediction in this form."""
        forms = [role for role in self.roles if role.name in self.loss.one_of]
        main = [role for role in self.roles if role.name == self.loss.pred_means]
        return (main or forms)[0]

    @property
    def others(self) -> tuple[Role, ...]:
        return tuple(role for role in self.roles if role is not self.varied)


def forms(loss: Loss) -> Iterator[tuple[Role, ...]]:
    """The sets of roles with which a loss can be called: the required ones and one of each choice.

    An optional role that is no choice may be left out or given.
    """
    free = [role.name for role in loss.roles if role.optional and not any(role.name in form for form in loss.forms)]
    for choice in loss.forms or ((),):
        for given in ((), tuple(free)) if free else ((),):
            yield tuple(role for role in loss.roles if not role.optional or role.name in (*choice, *given))


def example(domain: Domain, count: int = 2) -> Array:
    """Some rows of a domain, of the shape that it asks for."""
    if not domain.vector:
        return np.full(count, domain.inside())
    row = np.array(domain.row_rule.example if domain.row_rule else [domain.inside()] * (domain.width or 3))
    rows = np.stack([row] * count)
    return np.stack([rows] * 2, axis=1) if domain.stacked else rows


def examples(form: tuple[Role, ...], count: int = 2) -> Values:
    """Some rows of each role of a form of a loss, whatever the loss reads."""
    several = any(role.domain.vector for role in form)
    return {role.name: example(role.domain.among or role.domain if several else role.domain, count) for role in form}


def required(loss: Loss) -> dict[str, ParameterValue]:
    """A value of each parameter that has no default."""
    return {p.name: p.domain.inside() if p.domain else p.choices[0] for p in loss.parameters if p.required}


def numeric(loss: Loss) -> list[tuple[str, Domain]]:
    """The parameters that are numbers, with their domains."""
    return [(parameter.name, parameter.domain) for parameter in loss.parameters if parameter.domain is not None]


def settings(loss: Loss, numbers: Sequence[float] = NUMBERS) -> Iterator[dict[str, ParameterValue]]:
    """Every combination of flags and words with the default and some numbers of each numeric parameter."""
    tried = [_tried(parameter, numbers) for parameter in loss.parameters]
    for values in product(*tried):
        named = zip(loss.parameters, values, strict=True)
        yield {parameter.name: value for parameter, value in named if parameter.required or value != parameter.default}


def _tried(parameter: Parameter, numbers: Sequence[float]) -> list[ParameterValue]:
    if parameter.domain is None:
        return list(parameter.choices or (False, True))
    given: list[ParameterValue] = [] if parameter.required else [parameter.default]
    if parameter.many == "class":
        return given  # how many numbers it takes depends on the classes
    return given + [value for value in numbers if value in parameter.domain and value != parameter.default]


def element_losses() -> list[Loss]:
    """The losses that are functions of single values; tests/several.py has those of several values a row."""
    return [loss for loss in all_losses() if loss.by_element]


def cases_of(loss: Loss, numbers: Sequence[float] = NUMBERS) -> list[Case]:
    return [Case(loss, form, given) for form in forms(loss) for given in settings(loss, numbers)]


def cases() -> list[Case]:
    return [case for loss in element_losses() for case in cases_of(loss)]


def plain_cases() -> list[Case]:
    """Each form of each loss once, at its defaults."""
    return [Case(loss, form, next(settings(loss))) for loss in element_losses() for form in forms(loss)]


def case_id(case: Case) -> str:
    return case.id


def numbers_in(domain: Domain, most: float = 1e300) -> st.SearchStrategy[float]:
    """Values of a domain: its edges, round numbers, and any float of at most this size."""
    low, high = max(domain.low, -most), min(domain.high, most)
    anything = st.floats(low, high, exclude_min=domain.low_open, exclude_max=domain.high_open)
    round_numbers = [value for value in (-3.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e8) if value in domain]
    usual = st.sampled_from([*domain.edges(), *round_numbers])
    if domain.whole:
        return usual
    return st.one_of(usual, anything).filter(lambda value: value in domain)


@st.composite
def rows(draw: st.DrawFn, loss: Loss, least: int = 0, without: str = "") -> tuple[Case, Values]:
    """A case of the loss, and some rows of values that it takes; one parameter can be left at its default."""
    drawn_setting = draw(st.sampled_from(list(settings(loss))))
    given = {name: value for name, value in drawn_setting.items() if name != without}
    case = Case(loss, draw(st.sampled_from(list(forms(loss)))), given)
    # a required parameter that was left out guards nothing, so the roles have their own domains
    row = st.tuples(*(numbers_in(role.domain if without else case.domain(role)) for role in case.roles))
    drawn = draw(st.lists(row, min_size=least, max_size=9))
    table = np.array(drawn, dtype=np.float64).reshape(len(drawn), len(case.roles))
    return case, {role.name: table[:, i].copy() for i, role in enumerate(case.roles)}


def sample(domain: Domain, size: int, rng: np.random.Generator, octaves: float = 20.0) -> Array:
    """Values of a domain of mixed magnitudes, those close to its bounds included."""
    spread = 2.0 ** rng.uniform(-octaves, octaves, 8 * size + 64)
    near_low = max(domain.low, -1.0) + np.exp2(-rng.uniform(0.0, octaves, size))
    near_high = min(domain.high, 1.0) - np.exp2(-rng.uniform(0.0, octaves, size))
    inside = rng.uniform(0.0, 1.0, 4 * size + 64)
    pool = np.concatenate([spread, -spread, near_low, near_high, inside, np.arange(-1.0, 3.0)])
    if domain is SIGN:
        pool = pool[pool != 0.0]  # 0 and -1 are two ways to write one label and are refused together
    elif domain in (PROBABILITY, LOG_PROBABILITY):
        pool = pool[(pool != 0.0) & (pool != 1.0)]  # a certain and wrong probability has no finite loss
    outside = domain.outside(pool)
    return rng.choice(pool if outside is None else pool[~outside], size)


def some(domain: Domain) -> list[float]:
    """A few moderate values, exact in binary, away from the bounds; of labels each."""
    if domain.whole:
        return [value for value in (-1.0, 0.0, 1.0, 2.0) if value in domain and not (domain is SIGN and value == 0.0)]
    tried = ((-2.5, 0.75, 1.5, 3.0), (0.25, 0.5, 0.75), (-2.5, -1.5, -0.75), (0.125, 0.25, 0.375))
    return next(inside for values in tried if len(inside := [value for value in values if value in domain]) > 2)
