"""Units and minimisers: what a loss becomes when its inputs are measured otherwise, and what it is a loss of."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from losscli.arrays import Array
from losscli.catalogue import Loss, ParameterValue, all_losses
from losscli.domain import SOFT_BINARY
from tests.sampling import Case, Values, case_id, cases, cases_of, element_losses, forms, sample, some

each_case = pytest.mark.parametrize("case", cases(), ids=case_id)
each_loss = pytest.mark.parametrize("loss", list(all_losses()), ids=lambda loss: loss.name)

# the units of a loss whose value is a power of the units of its target, or of the parameter that they are named after
POWERS = {"target units": 1, "squared target units": 2, "fraction": 0, "margin units": 1}


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
    elif units != "nats":
        pytest.fail(f"{case.loss.name}: units are said to be {units!r}, which has no reading in {__file__}")


def _rescaled(case: Case, factor: float, origin: float = 0.0) -> Array:
    """The loss of fixed random inputs, in units in which they and the parameters are `factor` times as large.

    A parameter has the units of the target where its description says so, and where it guards the target; or the
    units of the loss are named after it. A label has no units.
    """
    rng = np.random.default_rng(5)
    values = {role.name: sample(case.domain(role), 300, rng, octaves=8.0) for role in case.roles}
    given = dict(case.given)
    for name in [parameter.name for parameter in case.loss.parameters]:
        text = case.loss.doc.arguments[name]
        named = case.loss.facts.units == f"{name} units"
        if "in target units" in text or name == case.loss.guards.get("target") or named:
            value = case.value(name)
            given[name] = factor * value if isinstance(value, float) else value
    labels = [role.name for role in case.roles if role.domain.coded]
    scaled = {name: array if name in labels else origin + factor * (array - origin) for name, array in values.items()}
    return Case(case.loss, case.roles, given)(scaled)


# the settings at which a loss in nats is minus the logarithm of a whole probability, by the name of the parameter
WHOLE: dict[str, tuple[ParameterValue, ...]] = {
    "full": (True, "exact"),
    "eps": (0.0,),
    "pos_weight": (1.0,),
    "label_smoothing": (0.0,),
    "gamma": (0.0,),
    "alpha_mode": ("none",),
}
IN_NATS = [loss for loss in element_losses() if loss.facts.units == "nats"]
IN_FULL = [
    case
    for loss in IN_NATS
    for case in cases_of(loss, (0.0,))
    if all(case.value(p.name) in WHOLE.get(p.name, (case.value(p.name),)) for p in loss.parameters)
]


@pytest.mark.parametrize("case", IN_FULL, ids=case_id)
def test_in_nats_the_probabilities_of_all_targets_make_1(case: Case) -> None:
    rest = {role.name: 0.75 for role in case.others if role.name != "target"}
    coded = next(role.domain.coded for role in case.roles if role.name == "target")
    for pred in some(case.domain(case.varied)) if coded else [0.75]:

        def density(target: Array, pred: float = pred) -> Array:
            values: Values = {name: np.full(target.shape, value) for name, value in rest.items()}
            return np.exp(-case({**values, case.varied.name: np.full(target.shape, pred), "target": target}))

        if coded:
            total = float(density(np.array([0.0, 1.0])).sum())
        elif "count" in case.loss.facts.task:
            total = float(density(np.arange(100.0)).sum())
        else:
            total, _ = integrate.quad(lambda target: float(density(np.array([target]))[0]), -math.inf, math.inf)
        assert total == pytest.approx(1.0, rel=1e-9)


def test_every_form_of_a_loss_in_nats_has_such_settings() -> None:
    expected = {(loss.name, tuple(role.name for role in form)) for loss in IN_NATS for form in forms(loss)}
    assert {(case.loss.name, tuple(role.name for role in case.roles)) for case in IN_FULL} == expected
    assert len(IN_NATS) >= 4


# --- an error is 0 where the prediction is the target, and more elsewhere


@each_case
def test_an_error_is_zero_at_the_target_and_never_less(case: Case) -> None:
    if [role.name for role in case.roles] != ["target", "pred"] or case.roles[0].domain.coded:
        return  # a log-likelihood may be negative, and a label is nothing that a score can equal
    rng = np.random.default_rng(7)
    target, pred = (sample(case.domain(role), 2000, rng, octaves=200.0) for role in case.roles)
    perfect = case({"target": target, "pred": target})
    np.testing.assert_array_equal(perfect, 0.0)
    assert not np.signbit(perfect).any(), "-0.0 is printed with its sign"
    assert (case({"target": target, "pred": pred}) >= 0.0).all()
    moderate = rng.uniform(0.25, 4.0, (2, 2000))
    assert (case(dict(zip(("target", "pred"), moderate, strict=True))) > 0.0).all()


# what is as sure of a label as it can be
CERTAIN: dict[str, tuple[float, float]] = {
    "logits": (-1e4, 1e4),
    "probs": (0.0, 1.0),
    "log_probs": (-1e4, 0.0),
    "pred": (-1e4, 1e4),
}


@each_case
def test_a_label_costs_nothing_where_it_is_certain_and_never_less(case: Case) -> None:
    target = next(role for role in case.roles if role.name == "target")
    if not target.domain.coded:
        return
    rng = np.random.default_rng(7)
    losses = case({role.name: sample(case.domain(role), 2000, rng) for role in case.roles})
    assert (losses >= 0.0).all()
    labels = np.array([some(target.domain)[0], some(target.domain)[-1]])
    if target.domain is SOFT_BINARY:
        labels = np.array([0.0, 1.0])
    certain = case({"target": labels, case.varied.name: np.array(CERTAIN[case.varied.name])})
    assert not np.signbit(certain).any(), "-0.0 is printed with its sign"
    # what takes a share of the other label, or clips a certainty, leaves a loss
    hedged = bool(case.given.get("label_smoothing")) or (case.varied.name == "probs" and bool(case.given.get("eps")))
    if hedged:
        assert (certain > 0.0).all()
    else:
        wrong = case({"target": labels, case.varied.name: np.array(CERTAIN[case.varied.name])[::-1]})
        assert (certain == 0.0).all()
        assert (wrong > 0.0).all()


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
