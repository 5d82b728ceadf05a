"""The primitives that losses share, where their formulas meet. Expected: mpmath in 50 digits."""

import math

import numpy as np
import pytest
from mpmath import mp

from losscli.arrays import Array
from losscli.losses import elbo
from losscli.numerics import exp_rest, log_cosh

ULPS = 5
RNG = np.random.default_rng(5)
AROUND_1 = np.concatenate([[1.0, np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0)], RNG.uniform(0.5, 2.0, 2000)])
OTHERS = np.exp(RNG.uniform(math.log(1e-150), math.log(1e3), 2000))


@pytest.mark.parametrize("sizes", [AROUND_1, OTHERS], ids=["where the formulas meet", "elsewhere"])
def test_log_cosh_is_within_a_few_ulp(sizes: Array) -> None:
    with mp.workdps(50):
        for size, found in zip(sizes.tolist(), log_cosh(sizes).tolist(), strict=True):
            # for tiny sizes 50 digits do not hold cosh - 1
            expected = mp.log(mp.cosh(size)) if size > 1e-10 else mp.mpf(size) ** 2 / 2
            assert abs(found - expected) <= ULPS * math.ulp(float(expected)), size


def test_log_cosh_does_not_depend_on_the_neighbours() -> None:
    values = np.concatenate([AROUND_1, -OTHERS, [0.0, -0.0, np.inf, -np.inf, np.nan]])
    with np.errstate(all="ignore"):  # as wherever a loss is called: infinity is tried in both formulas
        alone = np.array([log_cosh(np.array(value)) for value in values])
        among = [log_cosh(np.concatenate([values, np.full(9999, size)])) for size in (0.0, 50.0)]
    for found in among:
        np.testing.assert_array_equal(found[: values.size], alone)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0)])
def test_log_cosh_keeps_the_shape_and_what_it_was_given(shape: tuple[int, ...]) -> None:
    given = np.full(shape, -2.0)
    found = log_cosh(given)
    assert found.shape == shape
    assert (given == -2.0).all()


SMALL = np.concatenate([RNG.uniform(-1.1, 1.1, 2000), np.exp(RNG.uniform(math.log(1e-150), 0.0, 1000))])
FAR = np.concatenate([RNG.uniform(-50.0, 50.0, 500), [1.0, -1.0, np.nextafter(1.0, 2.0), np.nextafter(-1.0, -2.0)]])


@pytest.mark.parametrize("values", [SMALL, -SMALL, FAR], ids=["small", "small and negative", "far"])
def test_the_rest_of_exp_keeps_its_digits(values: Array) -> None:
    """expm1(x) - x loses them: at 1e-9 seven are left, at 1e-16 none."""
    with mp.workdps(400):
        for value, found in zip(values.tolist(), exp_rest(values).tolist(), strict=True):
            expected = mp.expm1(value) - mp.mpf(value)
            assert abs(found - expected) <= 1e-15 * expected, value


def test_the_rest_of_exp_keeps_the_shape_and_what_it_was_given() -> None:
    for shape in ((), (0,), (2, 3), (2, 0)):
        given = np.full(shape, 0.25)
        assert exp_rest(given).shape == shape
        assert (given == 0.25).all()
    np.testing.assert_array_equal(exp_rest(np.array([0.0, -0.0, np.inf * -1.0])), [0.0, 0.0, np.inf])


def test_an_elbo_near_the_prior_keeps_its_digits() -> None:
    """Expected by hand: half of v^2 / 2 + v^3 / 6."""
    found = elbo([0.0], mu=[[0.0]], log_var=[[1e-9]])[0]
    assert found == pytest.approx(0.25e-18, rel=1e-9)
