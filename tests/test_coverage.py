"""Intervals hold the truth as often as they say, and a gate on equal models fails no oftener than it may.

The samples are those of tests/simulated.py, with seeds, so a run has one outcome. With 3,000 samples a coverage of
95% is found within 0.4% (a standard deviation); the bands are those that were promised: 93% to 97%.
"""

import numpy as np
import pytest

from tests.simulated import (
    CASES,
    DEPENDENT,
    alone,
    batches_covered,
    families_that_fail,
    gate_fails,
    hard_cases,
)


@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_the_truth(name: str) -> None:
    assert 0.93 <= CASES[name].coverage(3_000) <= 0.97


def test_intervals_over_batches_hold_the_truth() -> None:
    assert 0.93 <= batches_covered(2_000) <= 0.97


@pytest.mark.parametrize(
    "name",
    [
        "normal losses",
        "squares of normal errors",
        "squares, uniform weights",
        "dice of one set of 200 rows",
        "dice of 200 images",
        "40 clusters of 5, correlation 0.5",
        "series, 0.3 of a value in the next, runs of 10",
    ],
)
def test_intervals_of_draws_hold_the_truth(name: str) -> None:
    """With 300 samples the standard deviation is 1.3%: the band has two of them more on either side."""
    assert 0.905 <= CASES[name].coverage(300, bootstrap=300) <= 0.99


@pytest.mark.parametrize("name", DEPENDENT)
def test_rows_that_depend_on_one_another_need_to_be_named(name: str) -> None:
    """Of clusters of 5 with correlation 0.5 the variance is 1 + 4 * 0.5 = 3 times as large: 1.96 / sqrt(3) is 74%.

    Of a series with 0.3 it is 1.3 / 0.7 times as large: 1.96 / sqrt(1.86) is 85%.
    """
    assert alone(name).coverage(1_000) < 0.88


def test_where_intervals_are_too_short_the_documentation_says_so() -> None:
    """docs/numbers.md has what was measured; it must not get worse."""
    found = [case.coverage(600) for case in hard_cases()]
    np.testing.assert_array_less([0.88, 0.88, 0.80], found)


def test_a_gate_on_equal_models_fails_at_most_as_often_as_it_may() -> None:
    """One side of 95%: 2.5%, and two standard deviations of 2,500 trials, 0.6%."""
    assert 0.01 < gate_fails(2_500) < 0.031


def test_a_gate_by_draws_fails_at_most_as_often_as_it_may() -> None:
    """2.5%, and two standard deviations of 300 trials, 1.8%."""
    assert gate_fails(300, bootstrap=300) < 0.043


def test_several_losses_after_holm_fail_together_at_most_as_often_as_one() -> None:
    """5%, and two standard deviations of 1,000 trials, 1.4%."""
    assert 0.005 < families_that_fail(1_000) < 0.064
