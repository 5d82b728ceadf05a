"""The primitives that losses share, where their formulas meet. Expected: mpmath in 50 digits."""

import math

import numpy as np
import pytest
from mpmath import mp

from losscli.arrays import Array
from losscli.numerics import log_cosh

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
