"""What the catalogue claims of a loss (convex, differentiable, robust) is true of its numbers.

Each word of a claim has one numerical reading, written in its function below. A new wording has none, and the test
says so: a claim that nothing checks is worth nothing. Parameters at the edge of their domain are left out, as there a
loss may turn into another (smooth_l1 with beta = 0 is mae).
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

import numpy as np
import pytest

from losscli.arrays import Array, Mask
from losscli.catalogue import Loss, Role
from tests.sampling import Case, case_id, cases, forms, sample, some

EPSILON = float(np.finfo(np.float64).eps)
INVERSES: dict[str, Callable[[Array], Array]] = {"log1p": np.expm1, "log": np.exp}

each_case = pytest.mark.parametrize("case", cases(), ids=case_id)

Curve = Callable[[Array], Array]


def no_reading(case: Case, fact: str, claim: str) -> NoReturn:
    pytest.fail(f"{case.loss.name}: {fact} is said to be {claim!r}, which has no reading in {__file__}")


# --- convex: a chord lies above the curve, within rounding; "no" needs a chord that lies clearly below it


@each_case
def test_it_is_convex_as_claimed(case: Case) -> None:
    claim, varied = case.loss.facts.convex, case.varied
    if _is_another_form(case):
        return
    inverse = re.fullmatch(r"no \(yes in (\w+) of pred\)", claim)
    if claim == "yes":
        assert all(_dip(case, role) <= 1.0 for role in case.roles if role.name != "target")
    elif claim == f"yes for {varied.name} > 0":
        assert _dip(case, varied) <= 1.0
    elif claim == "in the mean: yes":
        assert _dip(case, varied) <= 1.0
        spread = [role for role in case.roles if role.name == case.loss.one_of[0]]
        assert all(_dip(case, role) > 1e3 for role in spread), "it would be convex in the spread as well"
    elif claim == "yes in the logit":
        logits = [Case(case.loss, form, case.given) for form in forms(case.loss) if form[-1].name == "logits"]
        assert [_dip(other, other.varied) <= 1.0 for other in logits] == [True]
    elif claim == "no":
        # in one of its forms: in another it may be convex, as focal is in the probability for a gamma of 1 and more
        tried = [Case(case.loss, form, case.given) for form in forms(case.loss)]
        assert max(_dip(other, other.varied) for other in tried) > 1e3
    elif inverse:
        assert _dip(case, varied) > 1e3
        assert _dip(case, varied, INVERSES[inverse[1]]) <= 1.0
    else:
        no_reading(case, "convex", claim)


def _is_another_form(case: Case) -> bool:
    """Whether this is not the form that --pred stands for, which a claim is on; without such a form it is on all."""
    means = case.loss.pred_means
    return bool(means) and case.varied.name in case.loss.one_of and case.varied.name != means


def _dip(case: Case, varied: Role, inverse: Curve | None = None) -> float:
    """How far the curve rises above a chord at most, in units of what rounding explains.

    With an inverse the curve is that of the loss over u, where pred = inverse(u).
    """
    rng = np.random.default_rng(3)
    size = 4000
    values = {role.name: sample(case.domain(role), size, rng) for role in case.roles if role is not varied}
    if inverse is None:
        points = np.sort([sample(case.domain(varied), size, rng) for _ in range(3)], axis=0)
    else:
        points = np.sort(rng.uniform(-10.0, 10.0, (3, size)), axis=0)
    points = points[:, points[0] < points[2]]
    values = {name: array[: points.shape[1]] for name, array in values.items()}
    preds = points if inverse is None else inverse(points)
    losses = np.array([case({**values, varied.name: pred}) for pred in preds])
    finite = np.isfinite(losses).all(axis=0)
    assert np.mean(finite) > 0.5, "too few points are left"
    (low, middle, high), preds, points = losses[:, finite], preds[:, finite], points[:, finite]
    chord = low + (high - low) * ((points[1] - points[0]) / (points[2] - points[0]))
    scale = np.max(np.abs([low, middle, high, *preds]), axis=0)
    return float(np.max((middle - chord) / (64.0 * EPSILON * scale)))


# --- differentiable: the slopes on both sides of a point approach each other as the step shrinks, or they do not


STEP, SHRINK = 2.0**-12, 64.0


@each_case
def test_it_is_differentiable_as_claimed(case: Case) -> None:
    claim = case.loss.facts.differentiable
    at_target, elsewhere = _kinks(case)
    if claim == "yes":
        assert not at_target.any()
        assert not elsewhere.any()
    elif claim == "no: kink at 0":
        assert at_target.all()
        assert not elsewhere.any()
    elif claim == "no: kink":
        assert at_target.any() or elsewhere.any()
    else:
        no_reading(case, "differentiable", claim)


def _kinks(case: Case) -> tuple[Mask, Mask]:
    """Whether there is a kink in the prediction, where it equals the target and at other points.

    The other points are where formulas change: a parameter's value away from the target and from 0; and between. A
    label is nothing that a prediction can equal. Where a value is clipped another takes its place, and the border of
    that is no claim on the loss.
    """
    numbers = [value for value in case.loss.with_defaults(case.given).values() if isinstance(value, float) and value]
    offsets = [sign * number for number in numbers for sign in (1.0, -1.0)] + [0.3125, -0.4375, 1.1875, -2.0625]
    coded = next(role.domain.coded for role in case.roles if role.name == "target")
    equal: list[bool] = []
    other: list[bool] = []
    for values in _grid(case):
        target = values["target"]
        around = set() if coded else {target, *(target + offset for offset in offsets)}
        for pred in {*around, *offsets, *some(case.domain(case.varied))}:
            near = np.array([pred - 2.0 * STEP, pred, pred + 2.0 * STEP])
            if case.domain(case.varied).outside(near) is None and not _crosses_a_clip(case, values, near):
                (equal if pred == target and not coded else other).append(_is_kink(case, values, pred))
    assert other, "no point was tried"
    return np.array(equal), np.array(other)


def _crosses_a_clip(case: Case, values: Mapping[str, float], preds: Array) -> bool:
    if case.loss.clipped is None:
        return False
    given = {**{name: np.full(preds.shape, value) for name, value in values.items()}, case.varied.name: preds}
    with np.errstate(all="ignore"):
        mask = np.broadcast_to(case.loss.clipped(**given, **case.loss.with_defaults(case.given)), preds.shape)
    return bool(mask.any() and not mask.all())


def _grid(case: Case) -> list[dict[str, float]]:
    """Combinations of moderate values of the roles other than the prediction."""
    grid: list[dict[str, float]] = [{}]
    for role in case.others:
        grid = [{**values, role.name: value} for values in grid for value in some(case.domain(role))]
    return grid


def _is_kink(case: Case, values: Mapping[str, float], pred: float) -> bool:
    """Decide, or fail: a gap of the slopes either vanishes with the step or stays."""
    wide, narrow = (_gap(case, values, pred, step) for step in (STEP, STEP / SHRINK))
    size = max(1.0, abs(float(_curve(case, values)(np.array([pred]))[0])), abs(pred))
    noise = 16.0 * EPSILON * size / (STEP / SHRINK)
    stays = narrow > wide / 2.0 and narrow > 100.0 * noise
    vanishes = narrow <= wide / (SHRINK / 4.0) + noise
    assert stays != vanishes, f"{case.id}: slopes at {pred} with {dict(values)} differ by {wide}, then by {narrow}"
    return stays


def _gap(case: Case, values: Mapping[str, float], pred: float, step: float) -> float:
    left, middle, right = _curve(case, values)(np.array([pred - step, pred, pred + step]))
    return float(abs((right - middle) - (middle - left)) / step)


def _curve(case: Case, values: Mapping[str, float]) -> Curve:
    def curve(preds: Array) -> Array:
        return case({**{name: np.full(preds.shape, value) for name, value in values.items()}, case.varied.name: preds})

    return curve


# --- robust: how the pull of one row on its prediction (the slope in it) grows as the row's target moves away


FAR = (1e4, 1e6)


def has_no_outliers(loss: Loss) -> bool:
    """Whether no target can be far from the others: there is none, or targets are labels or shares."""
    domains = [role.domain for role in loss.roles if role.name == "target"]
    return all(domain.coded or (math.isfinite(domain.low) and math.isfinite(domain.high)) for domain in domains)


@each_case
def test_it_is_robust_as_claimed(case: Case) -> None:
    claim = case.loss.facts.robust
    by_parameter = re.fullmatch(r"yes, by (\w+)", claim)
    if _is_another_form(case):
        return
    if claim == "not applicable":
        assert has_no_outliers(case.loss)
        return
    bounded = _growth(case) <= 1.001
    if claim == "yes":
        assert bounded
        assert _growth_near_zero(case) <= 1.001
    elif by_parameter:
        assert bounded
        assert _growth_near_zero(case) <= 1.001
        assert _pull(_doubled(case, by_parameter[1]), FAR[1]) == pytest.approx(2.0 * _pull(case, FAR[1]), rel=1e-6)
    elif claim == "moderately":
        # bounded as well, by a number that no parameter moves
        assert bounded
        assert not case.loss.parameters
    elif claim == "partly":
        # it grows, but as a logarithm does: by half, where the target grows a hundredfold
        assert 1.2 < _growth(case) < 2.0
    elif claim == "no":
        # it grows as fast as the error or faster
        assert _growth(case) > 99.0
    elif claim == "no near target 0":
        assert bounded
        guarded = case.loss.guards.get("target") in case.given
        assert _growth_near_zero(case) == pytest.approx(1.0 if guarded else 100.0, rel=1e-6)
    else:
        no_reading(case, "robust", claim)


def _growth(case: Case) -> float:
    """By what factor the pull grows from a far target to one a hundred times as far; the worse of both sides."""
    sides = [
        sign for sign in (1.0, -1.0) if all(sign in case.domain(role) for role in case.roles if role.name == "target")
    ]
    return max(_pull(case, sign * FAR[1]) / _pull(case, sign * FAR[0]) for sign in sides)


def _growth_near_zero(case: Case) -> float:
    """By what factor the pull grows from a target close to 0 to one a hundred times as close."""
    return _pull(case, 1e-6) / _pull(case, 1e-4)


def _pull(case: Case, target: float) -> float:
    step = 2.0**-7
    rest = {role.name: 0.75 for role in case.others}
    below, above = _curve(case, {**rest, "target": target})(np.array([1.5 - step, 1.5 + step]))
    return float(abs(above - below) / (2.0 * step))


def _doubled(case: Case, name: str) -> Case:
    value = case.value(name)
    assert isinstance(value, float)
    return Case(case.loss, case.roles, {**case.given, name: 2.0 * value})
