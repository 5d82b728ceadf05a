"""Standard errors, intervals and Student's distribution against SciPy, mpmath and simulation."""

import json
import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from losscli.arrays import Array
from losscli.moments import Moments
from losscli.statistics import (
    Interval,
    mean_standard_error,
    square_root,
    student_t_quantile,
    student_t_upper,
    t_interval,
)
from tests.cli import Outcome, run_cli

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=200)

FREEDOM = [1, 1.5, 2, 3, 5, 10, 19, 29, 59, 60, 61, 199, 1000, 1e4, 1e5, 999_999, 1e6, 1e6 + 1, 1e7, 1e8, 1e9]

each_df = pytest.mark.parametrize("df", FREEDOM)


def relative(found: float, expected: float) -> float:
    return abs(found - expected) / abs(expected)


@each_df
@pytest.mark.parametrize("p", [0.55, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995, 0.999999])
def test_quantile_against_scipy(p: float, df: float) -> None:
    assert relative(student_t_quantile(p, df), float(stats.t.ppf(p, df))) < 1e-10
    assert relative(student_t_quantile(1.0 - p, df), float(stats.t.ppf(1.0 - p, df))) < 1e-10


@each_df
@pytest.mark.parametrize("t", [0.0, 0.01, 0.5, 1.0, 1.5, 1.74, 1.96, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0])
def test_upper_tail_against_scipy(t: float, df: float) -> None:
    assert relative(student_t_upper(t, df), float(stats.t.sf(t, df))) < 1e-10
    assert relative(student_t_upper(-t, df), float(stats.t.sf(-t, df))) < 1e-10


@pytest.mark.parametrize("df", [1, 2, 5, 19, 59, 60, 199, 2500])
@pytest.mark.parametrize("t", [0.1, 1.0, 1.7, 2.1, 4.0, 11.0])
def test_upper_tail_against_mpmath(t: float, df: int) -> None:
    with mpmath.workdps(40):
        x = mpmath.mpf(df) / (df + mpmath.mpf(t) ** 2)
        expected = mpmath.betainc(mpmath.mpf(df) / 2, mpmath.mpf(1) / 2, 0, x, regularized=True) / 2
        assert abs(student_t_upper(t, df) / expected - 1) < 1e-12


@pytest.mark.parametrize("df", [2, 5, 19, 60, 199, 10**8])
@pytest.mark.parametrize("p", [0.6, 0.975, 0.9999])
def test_quantile_against_mpmath(p: float, df: int) -> None:
    with mpmath.workdps(40):
        found = mpmath.mpf(student_t_quantile(p, df))
        # the probability beyond what was found, by quadrature of the density from 0: one step of Newton is the error
        n = mpmath.mpf(df)
        scale = mpmath.exp(mpmath.loggamma((n + 1) / 2) - mpmath.loggamma(n / 2)) / mpmath.sqrt(n * mpmath.pi)

        def density(u: mpmath.mpf) -> mpmath.mpf:
            return scale * mpmath.exp(-(n + 1) / 2 * mpmath.log1p(u * u / n))

        beyond = mpmath.mpf(1) / 2 - mpmath.quad(density, mpmath.linspace(0, found, 9))
        assert abs((beyond - (1 - mpmath.mpf(p))) / density(found)) < 1e-12 * found


@pytest.mark.parametrize(("df", "exact"), [(1, math.tan(math.pi * 0.475)), (2, 0.95 * math.sqrt(2 / (1 - 0.95**2)))])
def test_quantile_in_closed_form(df: int, exact: float) -> None:
    """Expected: the Cauchy distribution, and t = (2 p - 1) sqrt(2 / (4 p (1 - p)))."""
    assert relative(student_t_quantile(0.975, df), exact) < 1e-13


@pytest.mark.parametrize("t", [1e-12, 1e-9, 0.3, 1.0, 70.0])
def test_upper_tail_in_closed_form(t: float) -> None:
    """Expected: atan2(1, t) / pi, the Cauchy distribution."""
    assert relative(student_t_upper(t, 1), math.atan2(1.0, t) / math.pi) < 1e-13


def test_the_middle_is_0() -> None:
    assert abs(student_t_quantile(0.5, 7)) < 1e-15
    assert student_t_upper(0.0, 7) == 0.5


def interval(value: Fraction, stderr: float, count: int, level: float) -> Interval:
    found = t_interval(value, stderr, count, level)
    assert found is not None
    return found


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("count", [2, 20, 200, 10**6, 10**9])
def test_interval_against_scipy(level: float, count: int) -> None:
    found = interval(Fraction(7, 3), 0.25, count, level)
    low, high = stats.t.interval(level, count - 1, loc=7 / 3, scale=0.25)
    assert (found.level, found.method) == (level, "t")
    assert found.low == pytest.approx(float(low), rel=1e-10)
    assert found.high == pytest.approx(float(high), rel=1e-10)


@pytest.mark.parametrize("level", [1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2.0**-53])
@pytest.mark.parametrize("count", [2, 20, 1000])
def test_interval_of_a_level_close_to_1(level: float, count: int) -> None:
    """Expected: SciPy, from the tail (1 - level) / 2, which is exact where 1/2 + level / 2 is rounded."""
    found = interval(Fraction(0), 1.0, count, level)
    assert relative(found.high, float(stats.t.isf((1.0 - level) / 2, count - 1))) < 1e-10


def test_interval_about_a_mean_that_a_float_cannot_hold() -> None:
    """Expected: by hand; the bounds are rounded once, from the exact mean."""
    exact = Fraction(10**17 + 1, 3)
    assert t_interval(exact, 0.0, 50, 0.95) == Interval(0.95, float(exact), float(exact), "t")


@given(root=st.floats(5e-324, 1.7976931348623157e308))
@repeatable
def test_root_of_a_square(root: float) -> None:
    """Expected: by hand, from the least subnormal to the largest float."""
    assert square_root(Fraction(root) ** 2) == root


@given(top=st.integers(1, 10**40), bottom=st.integers(1, 10**40), power=st.integers(-900, 900))
@repeatable
def test_root_of_a_fraction(top: int, bottom: int, power: int) -> None:
    """Expected: mpmath, to a unit in the last place: the argument and the root are rounded once each."""
    with mpmath.workdps(60):
        expected = mpmath.sqrt(mpmath.mpf(top) / bottom) * mpmath.mpf(2) ** power
        assert abs(square_root(Fraction(top, bottom) * Fraction(4) ** power) / expected - 1) < 2.0**-52


@pytest.mark.parametrize("power", [-1074, -1022, -600, 0, 511, 1023])
def test_root_of_a_power_of_four(power: int) -> None:
    """Expected: by hand; the argument itself overflows or vanishes as a float."""
    assert square_root(Fraction(4) ** power) == math.ldexp(1.0, power)


def test_root_of_nothing() -> None:
    assert square_root(Fraction(0)) == 0.0


def state(losses: Array, weights: Array | None = None) -> Moments:
    found = Moments()
    found.add(losses, weights)
    return found


def test_no_error_without_two_units_or_weight() -> None:
    one, two = np.array([1.0]), np.array([1.0, 2.0])
    assert mean_standard_error(Moments()) is None
    assert mean_standard_error(state(one)) is None
    assert mean_standard_error(state(two, np.zeros(2))) is None
    assert mean_standard_error(state(two)) == 0.5  # by hand: sqrt(1/2) / sqrt(2)


REPEATS, UNITS = 2000, 200
DRAWS: dict[str, tuple[Callable[[np.random.Generator], Array], float]] = {
    "normal": (lambda rng: rng.standard_normal((REPEATS, UNITS)), 0.0),
    "exponential": (lambda rng: rng.exponential(size=(REPEATS, UNITS)), 1.0),
}


@pytest.mark.parametrize("name", DRAWS)
def test_95_percent_intervals_cover_the_mean_95_times_in_100(name: str) -> None:
    """Expected: the mean that was drawn from; the same intervals by NumPy and SciPy."""
    draw, mean = DRAWS[name]
    table = draw(np.random.default_rng(20))
    found = np.array([interval_of(row) for row in table])
    covered = np.mean((found[:, 0] <= mean) & (mean <= found[:, 1]))
    assert 0.93 <= covered <= 0.97, covered
    reach = stats.t.ppf(0.975, UNITS - 1) * table.std(axis=1, ddof=1) / math.sqrt(UNITS)
    expected = np.stack([table.mean(axis=1) - reach, table.mean(axis=1) + reach], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-13)


def test_so_do_weighted_ones() -> None:
    """Expected: the mean that was drawn from. Weights are random and go along with the losses."""
    rng = np.random.default_rng(21)
    weights = rng.uniform(0.5, 1.5, (REPEATS, UNITS))
    losses = weights + rng.standard_normal((REPEATS, UNITS))
    mean = 13 / 12  # E(w (w + e)) / E(w) = (1 + 1/12) / 1
    found = np.array([interval_of(row, weight) for row, weight in zip(losses, weights, strict=True)])
    covered = np.mean((found[:, 0] <= mean) & (mean <= found[:, 1]))
    assert 0.93 <= covered <= 0.97, covered


def interval_of(losses: Array, weights: Array | None = None) -> tuple[float, float]:
    moments = state(losses, weights)
    value, error = moments.ratio(), mean_standard_error(moments)
    assert value is not None
    assert error is not None
    found = interval(value, error, moments.count, 0.95)
    return found.low, found.high


def computed(lines: list[str], *options: str) -> Outcome:
    return run_cli(["compute", "-l", "mae", "-", "--json", *options], "\n".join(lines).encode())


@pytest.mark.parametrize("count", [19, 20])
def test_an_interval_needs_20_rows(count: int) -> None:
    """Expected: SciPy."""
    losses = np.arange(count) / 4
    done = computed(["y_true,y_pred", *(f"0,{loss}" for loss in losses)])
    result = json.loads(done.out)["results"][0]
    assert result["stderr"] == pytest.approx(stats.sem(losses), rel=1e-14)
    if count < 20:
        assert result["ci"] is None
        assert "no interval: 19 rows, 20 needed" in done.err
    else:
        low, high = stats.t.interval(0.95, count - 1, loc=losses.mean(), scale=stats.sem(losses))
        expected = {"level": 0.95, "low": pytest.approx(low), "high": pytest.approx(high), "method": "t"}
        assert result["ci"] == expected


def test_an_interval_beyond_the_largest_float_is_no_fault() -> None:
    """Expected: by hand, 17 losses of 1.79e308 in 20; JSON has no infinity, so there is no interval or a finite one."""
    done = computed(["y_true,y_pred", *["0,1.79e308"] * 17, *["0,0"] * 3])
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out, parse_constant=pytest.fail)["results"][0]
    assert result["value"] == float(Fraction(1.79e308) * 17 / 20)


def test_a_sum_of_weights_beyond_the_largest_float_is_no_fault() -> None:
    """Expected: by hand."""
    done = computed(["y_true,y_pred,w", "0,1,1e308", "0,3,1e308"], "-w", "w", "--no-ci")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out, parse_constant=pytest.fail)["results"][0]["value"] == 2.0
