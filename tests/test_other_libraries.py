"""Losses beside SciPy and scikit-learn, where they have the same loss under the same convention."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics

from losscli.arrays import Array
from losscli.catalogue import find

RNG = np.random.default_rng(20240229)
TARGET = np.round(RNG.normal(3.0, 5.0, 500), 3)
PRED = TARGET + RNG.standard_cauchy(500)
POSITIVE, POSITIVE_PRED = np.abs(TARGET) + 0.01, np.abs(PRED) + 0.01
COUNT, RATE = RNG.poisson(4.0, 500).astype(np.float64), RNG.gamma(4.0, 1.0, 500)
SPREAD = RNG.gamma(2.0, 1.0, 500) + 0.1
WEIGHT = RNG.gamma(1.0, 1.0, 500)
EPS = float(np.finfo(np.float64).eps)


def _sklearn_mape(target: Array, pred: Array, **named: Any) -> float:
    return float(metrics.mean_absolute_percentage_error(target, pred, **named))


# (loss, its parameters, the function of scikit-learn, its parameters, target, prediction)
MEANS: list[tuple[str, dict[str, Any], Callable[..., float], dict[str, Any], Array, Array]] = [
    ("mse", {}, metrics.mean_squared_error, {}, TARGET, PRED),
    ("mae", {}, metrics.mean_absolute_error, {}, TARGET, PRED),
    ("pinball", {"tau": 0.8}, metrics.mean_pinball_loss, {"alpha": 0.8}, TARGET, PRED),
    ("pinball", {"tau": 0.05}, metrics.mean_pinball_loss, {"alpha": 0.05}, TARGET, PRED),
    ("mape", {}, _sklearn_mape, {}, POSITIVE, PRED),
    ("mape", {"eps": EPS}, _sklearn_mape, {}, np.round(TARGET), PRED),
    ("msle", {}, metrics.mean_squared_log_error, {}, POSITIVE, POSITIVE_PRED),
]


@pytest.mark.parametrize(("name", "given", "function", "named", "target", "pred"), MEANS)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_mean_is_that_of_scikit_learn(
    name: str,
    given: dict[str, Any],
    function: Callable[..., float],
    named: dict[str, Any],
    target: Array,
    pred: Array,
    weight: Array | None,
) -> None:
    expected = function(target, pred, sample_weight=weight, **named)
    assert np.average(find(name)(target, pred, **given), weights=weight) == pytest.approx(expected, rel=1e-13)


def test_the_zero_target_of_scikit_learn_is_in_the_comparison() -> None:
    """Where a target is 0 its mape divides by 2.22e-16, and so does ours with that eps; without, it is refused."""
    assert (np.round(TARGET) == 0.0).any()
    with pytest.raises(ValueError, match="mape: target at"):
        find("mape")(np.round(TARGET), PRED)


def test_poisson_deviance_is_twice_the_difference_to_the_perfect_prediction() -> None:
    loss = find("poisson_nll")
    seen = COUNT > 0.0
    perfect = np.zeros(COUNT.size)
    perfect[seen] = loss(COUNT[seen], COUNT[seen])
    expected = metrics.mean_poisson_deviance(COUNT, RATE)
    assert np.mean(2.0 * (loss(COUNT, RATE) - perfect)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("delta", [0.3, 1.0, 4.0])
def test_huber_is_that_of_scipy(delta: float) -> None:
    expected = special.huber(delta, PRED - TARGET)
    np.testing.assert_allclose(find("huber")(TARGET, PRED, delta=delta), expected, rtol=1e-15)
    np.testing.assert_allclose(find("smooth_l1")(TARGET, PRED, beta=delta), expected / delta, rtol=1e-15)


def test_log_cosh_is_the_log_of_the_cosh_of_numpy() -> None:
    error = np.linspace(0.5, 700.0, 400)
    np.testing.assert_allclose(find("log_cosh")(np.zeros(400), error), np.log(np.cosh(error)), rtol=1e-14)


def test_poisson_nll_is_that_of_scipy() -> None:
    expected = -stats.poisson.logpmf(COUNT, RATE)
    loss = find("poisson_nll")
    np.testing.assert_allclose(loss(COUNT, RATE, full="exact"), expected, rtol=1e-12)
    np.testing.assert_allclose(loss(COUNT, log_rate=np.log(RATE), full="exact"), expected, rtol=1e-12)
    np.testing.assert_allclose(loss(COUNT, RATE) + special.gammaln(COUNT + 1.0), expected, rtol=1e-12, atol=1e-13)


def test_stirling_is_the_leading_part_of_log_gamma() -> None:
    """The series of log Gamma in Abramowitz and Stegun, 6.1.41: what is left out is 1 / (12 y) - 1 / (360 y^3)."""
    count = np.array([0.0, 1.0, 2.0, 10.0, 170.0])
    loss = find("poisson_nll")
    rest = np.where(count > 1.0, 1.0 / (12.0 * np.maximum(count, 1.0)), 0.0)
    found = loss(count, np.ones(5), full="stirling") + rest
    np.testing.assert_allclose(found, loss(count, np.ones(5), full="exact"), atol=1.0 / (360.0 * 2.0**3))


def test_gaussian_nll_is_that_of_scipy() -> None:
    expected = -stats.norm.logpdf(TARGET, PRED, SPREAD)
    loss = find("gaussian_nll")
    forms = {"std": SPREAD, "var": SPREAD**2, "log_var": 2.0 * np.log(SPREAD)}
    for name, spread in forms.items():
        found = loss(TARGET, PRED, **{name: spread}, full=True)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(
            loss(TARGET, PRED, **{name: spread}) + math.log(2.0 * math.pi) / 2.0, expected, rtol=1e-12, atol=1e-13
        )


LABEL = (RNG.uniform(size=500) < 0.3).astype(np.float64)
LOGIT = RNG.normal(size=500) * 8.0


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_losses_of_labels_are_those_of_scikit_learn(weight: Array | None) -> None:
    probs = special.expit(LOGIT)
    probs[:3], certain = (0.0, 1.0, 1.0), LABEL.copy()
    certain[:3] = (0.0, 1.0, 0.0)
    expected = metrics.log_loss(certain, probs, sample_weight=weight)
    found = np.average(find("bce")(certain, probs=probs, eps=EPS), weights=weight)
    assert found == pytest.approx(expected, rel=1e-12)
    expected = metrics.hinge_loss(LABEL, LOGIT, sample_weight=weight)
    assert np.average(find("hinge")(LABEL, LOGIT), weights=weight) == pytest.approx(expected, rel=1e-13)


def test_logits_of_any_size_are_exact() -> None:
    for size in (1e4, 1e300):
        for label, logit, expected in ((1.0, size, 0.0), (0.0, size, size), (1.0, -size, size), (0.0, -size, 0.0)):
            assert find("bce")([label], logits=[logit]).tolist() == [expected]
            assert find("focal")([label], logits=[logit], alpha_mode="none").tolist() == [expected]


def test_focal_without_its_factors_is_cross_entropy() -> None:
    for form in ({"logits": LOGIT}, {"probs": special.expit(LOGIT)}):
        found = find("focal")(LABEL, **form, gamma=0.0, alpha_mode="none")
        np.testing.assert_allclose(found, find("bce")(LABEL, **form), rtol=1e-15)
