"""Domains: what they contain, what their masks say, and that edges and outsiders are where they belong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losscli import domain as domains
from losscli.domain import Domain
from tests.sampling import LARGEST, quick

NAMED = [value for value in vars(domains).values() if isinstance(value, Domain)]
SPECIAL = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, LARGEST, -LARGEST, math.nan, math.inf, -math.inf)

each_domain = pytest.mark.parametrize("domain", NAMED, ids=lambda domain: domain.name)


def test_the_domains_of_the_package_are_found() -> None:
    assert {domain.name for domain in NAMED} >= {"real", "positive", "non-negative", "non-zero", "fraction"}


@each_domain
def test_edges_lie_inside_and_just_outside_lies_outside(domain: Domain) -> None:
    assert domain.inside() in domain
    for value in domain.edges():
        assert value in domain, value
    for value in domain.just_outside():
        assert value not in domain, value


@each_domain
def test_no_float_lies_between_an_edge_and_its_outsider(domain: Domain) -> None:
    finite = [value for value in domain.just_outside() if math.isfinite(value)]
    edges = set(domain.edges())
    for value in finite:
        neighbours = {math.nextafter(value, math.inf), math.nextafter(value, -math.inf)}
        assert neighbours & edges, f"{value} is refused, and neither neighbour is an edge"
    bounds = [bound for bound in (domain.low, domain.high, domain.hole) if bound is not None and math.isfinite(bound)]
    assert len(finite) == len(bounds)


@each_domain
@given(values=st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats()), max_size=12))
@quick
def test_the_mask_says_of_each_value_what_membership_says(domain: Domain, values: list[float]) -> None:
    tried = np.array([*values, *domain.edges()][:12])
    expected = np.array([value not in domain for value in tried.tolist()], dtype=bool)

    with np.errstate(all="ignore"):
        found = domain.outside(tried)

    if not expected.any():
        assert found is None
    else:
        assert found is not None
        np.testing.assert_array_equal(found, expected)


@each_domain
@given(values=st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats()), max_size=12))
@quick
def test_within_bounds_is_true_only_where_nothing_finite_is_wrong(domain: Domain, values: list[float]) -> None:
    finite = np.array([value for value in values if math.isfinite(value)])
    expected = all(value in domain for value in finite.tolist())
    assert domain.within_bounds(finite) == expected
    bounded = math.isfinite(domain.low) or math.isfinite(domain.high)
    if bounded:
        assert not domain.within_bounds(np.append(finite, math.nan)), "NaN lies beyond any bound"


@each_domain
def test_outsiders_are_found_at_any_place_and_in_any_shape(domain: Domain) -> None:
    for value in (*domain.just_outside(), math.nan):
        for place in np.ndindex(2, 3):
            values = np.full((2, 3), domain.inside())
            values[place] = value
            mask = domain.outside(values)
            assert mask is not None
            assert [tuple(found) for found in np.argwhere(mask).tolist()] == [place]


@each_domain
def test_an_empty_array_lies_inside(domain: Domain) -> None:
    assert domain.outside(np.empty(0)) is None
    assert domain.within_bounds(np.empty((0, 3)))


@each_domain
@pytest.mark.parametrize("values", [[LARGEST, LARGEST], [math.inf, -math.inf]])
def test_a_sum_that_overflows_changes_no_verdict(domain: Domain, values: list[float]) -> None:
    expected = np.array([value not in domain for value in values], dtype=bool)
    with np.errstate(all="ignore"):
        found = domain.outside(np.array(values))
    np.testing.assert_array_equal(np.zeros(2, dtype=bool) if found is None else found, expected)


@each_domain
def test_what_is_no_number_lies_outside(domain: Domain) -> None:
    for value in (None, "0.5", [0.5], math.nan, math.inf, -math.inf):
        assert value not in domain, value


@pytest.mark.parametrize("domain", [domain for domain in NAMED if domain.relaxed], ids=lambda domain: domain.name)
def test_a_relaxed_domain_has_all_of_the_strict_one(domain: Domain) -> None:
    assert domain.relaxed is not None
    for value in (domain.inside(), *domain.edges()):
        assert value in domain.relaxed, value
    assert any(value in domain.relaxed for value in domain.just_outside()), "it relaxes nothing"


@each_domain
def test_the_message_names_the_bounds(domain: Domain) -> None:
    for bound in (domain.low, domain.high, domain.hole):
        if bound is not None and math.isfinite(bound):
            assert f"{bound:g}" in domain.allowed, domain.allowed
