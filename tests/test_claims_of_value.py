"""Units and minimisers: what a loss becomes when its inputs are measured otherwise, and what it is a loss of."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from losscli.arrays import Array
from losscli.catalogue import Loss, all_losses
from tests.sampling import Case, Values, case_id, cases, cases_of, sample

each_case = pytest.mark.parametrize("case", cases(), ids=case_id)
each_loss = pytest.mark.parametrize("loss", list(all_losses()), ids=lambda loss: loss.name)

# the units of a loss whose value is a power of the units of its target
POWERS = {"target units": 1, "squared target units": 2, "fraction": 0}


@each_case
def test_its_units_are_as_claimed(case: Case) -> None:
    units = case.loss.facts.units
    if units in POWERS:
        # a power of two rescales without rounding, so the loss does too
        for factor in (2.0, 2.0**-7, 2.0**30):
            np.testing.assert_array_equal(_rescaled(case, factor), factor ** POWERS[units] * _rescaled(case, 1.0))
        np.testing.assert_allclose(_rescaled(case, 10.0), 10.0 ** POWERS[units] * _rescaled(case, 1.0), rtol=1e-9)
    elif units == "none; depends on scale":
        plain, doubled = _rescaled(case, 1.0), _rescaled(case, 2.0)
        assert not any(np.allclose(doubled, 2.0**power * plain, rtol=0.01) for power in (0, 1, 2))
    elif units == "squared log":
        # what counts is the ratio of 1 + pred to 1 + target
        np.testing.assert_allclose(_rescaled(case, 8.0, origin=-1.0), _rescaled(case, 1.0), rtol=1e-9)
    elif units == "nats":
        _check_total_probability(case)
    else:
        pytest.fail(f"{case.loss.name}: units are said to be {units!r}, which has no reading in {__file__}")


def _rescaled(case: Case, factor: float, origin: float = 0.0) -> Array:
    """The loss of fixed random inputs, in units in which they and the parameters are `factor` times as large.

    A parameter has the units of the target where its description says so, and where it guards the target.
    """
    rng = np.random.default_rng(5)
    values = {role.name: sample(case.domain(role), 300, rng, octaves=8.0) for role in case.roles}
    given = dict(case.given)
    for name, text in case.loss.doc.arguments.items():
        if "in target units" in text or name == case.loss.guards.get("target"):
            value = case.value(name)
            given[name] = factor * value if isinstance(value, float) else value
    scaled = {name: origin + factor * (array - origin) for name, array in values.items()}
    return Case(case.loss, case.roles, given)(scaled)


def _check_total_probability(case: Case) -> None:
    """In nats a full loss is minus the logarithm of a probability: over all targets those make 1."""
    if case.given.get("full") not in (True, "exact") or "eps" in case.given:
        return
    rest = {role.name: 0.75 for role in case.others if role.name != "target"}

    def density(target: Array) -> Array:
        values: Values = {name: np.full(target.shape, value) for name, value in rest.items()}
        return np.exp(-case({**values, case.varied.name: np.full(target.shape, 0.75), "target": target}))

    if "count" in case.loss.facts.task:
        total = float(density(np.arange(100.0)).sum())
    else:
        total, _ = integrate.quad(lambda target: float(density(np.array([target]))[0]), -math.inf, math.inf)
    assert total == pytest.approx(1.0, rel=1e-9)


def test_some_loss_in_nats_is_a_probability() -> None:
    """The check above passes over cases without the full density, so there must be others."""
    for loss in all_losses():
        if loss.facts.units == "nats" and any(parameter.name == "full" for parameter in loss.parameters):
            assert any(case.given.get("full") in (True, "exact") for case in cases_of(loss))


# --- an error is 0 where the prediction is the target, and more elsewhere


@each_case
def test_an_error_is_zero_at_the_target_and_never_less(case: Case) -> None:
    if [role.name for role in case.roles] != ["target", "pred"]:
        return  # a log-likelihood may be negative
    rng = np.random.default_rng(7)
    target, pred = (sample(case.domain(role), 2000, rng, octaves=200.0) for role in case.roles)
    perfect = case({"target": target, "pred": target})
    np.testing.assert_array_equal(perfect, 0.0)
    assert not np.signbit(perfect).any(), "-0.0 is printed with its sign"
    assert (case({"target": target, "pred": pred}) >= 0.0).all()
    moderate = rng.uniform(0.25, 4.0, (2, 2000))
    assert (case(dict(zip(("target", "pred"), moderate, strict=True))) > 0.0).all()


# --- the minimiser that the summary of a loss names


# what a summary may name, as a function of the targets and of the level tau
STATISTICS: dict[str, Callable[[Array, float], float]] = {
    "conditional mean": lambda targets, _: float(np.mean(targets)),
    "conditional median": lambda targets, _: float(np.median(targets)),
    "tau-quantile": lambda targets, tau: float(np.quantile(targets, tau, method="inverted_cdf")),
    "tau-expectile": lambda targets, tau: float(stats.expectile(targets, tau)),
}


@each_loss
def test_the_minimiser_is_as_named(loss: Loss) -> None:
    if "minimiser" not in loss.doc.summary:
        return
    named = re.search(r"its minimiser is the (.+)\.", loss.doc.summary)
    assert named is not None, f"{loss.name}: {loss.doc.summary!r} names its minimiser in other words than the rest"
    assert named[1] in STATISTICS, f"{loss.name}: {named[1]!r} is not among the statistics of {__file__}"
    # skewed, so that mean, median and quantiles differ; 101 values, so that each quantile tried is one of them
    targets = np.sort(np.random.default_rng(11).gamma(1.5, 2.0, 101))
    for case in cases_of(loss, (0.1, 0.5, 0.8)):
        level = case.value("tau") if "tau" in case.given else 0.5
        assert isinstance(level, float)
        best = STATISTICS[named[1]](targets, level)
        others = np.concatenate([best + np.array([-1.0, -0.1, -0.01, 0.01, 0.1, 1.0]), targets])
        least = min(_total(case, targets, other) for other in others.tolist())
        assert _total(case, targets, best) <= least * (1.0 + 1e-14)


def test_some_minimisers_are_named() -> None:
    assert {loss.name for loss in all_losses() if "minimiser" in loss.doc.summary} >= {"mse", "mae", "pinball"}


def _total(case: Case, targets: Array, constant: float) -> float:
    return math.fsum(case({"target": targets, "pred": np.full(targets.shape, constant)}).tolist())
