"""What the catalogue claims of the losses of several values a row, of sets and of batches is true of their numbers.

As in tests/test_claims.py each word of a claim has one numerical reading, and a wording without one fails.
"""

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import pytest

from losscli import domain as domains
from losscli.arrays import Array
from losscli.catalogue import Loss, Role
from tests.sampling import Values, forms
from tests.several_settings import SEVERAL, Setting, settings
from tests.test_claims import has_no_outliers

EPSILON = float(np.finfo(np.float64).eps)

each_loss = pytest.mark.parametrize("loss", SEVERAL, ids=lambda loss: loss.name)


def no_reading(loss: Loss, fact: str, claim: str) -> NoReturn:
    pytest.fail(f"{loss.name}: {fact} is said to be {claim!r}, which has no reading in {__file__}")


# --- convex: a chord lies above the curve, within rounding; "no" needs a chord that lies clearly below it


@each_loss
def test_it_is_convex_as_claimed(loss: Loss) -> None:
    claim = loss.facts.convex
    named = {"yes in the logits": "logits", "yes in the predicted distribution": "probs"}
    for setting in settings(loss):
        names = [role.name for role in setting.roles]
        if claim in named:
            assert any(role.name == named[claim] for role in loss.roles)
            assert named[claim] not in names or _dip(setting, [setting.role(named[claim])]) <= 1.0
        elif claim == "no":
            # in one of its roles; of a set, in one of its forms
            same = [Setting(loss, form, setting.given) for form in forms(loss)]
            tried = same if loss.unit.kind == "set" else [setting]
            assert max(_dip(other, [role]) for other in tried for role in other.varied) > 1e3, setting.given
        elif claim == "no in the embeddings":
            # in all of them together: by the product of two vectors it is convex in either
            assert all(role.domain.vector for role in setting.varied)
            assert _dip(setting, setting.varied) > 1e3, setting.given
        elif claim == "no in the model (yes in mu and log_var)":
            # a model has weights, which are none of the roles; in these the loss is convex
            assert _dip(setting, setting.varied) <= 1.0
            assert {"mu", "log_var"} <= set(names) or "kl" in names
        else:
            no_reading(loss, "convex", claim)


def _dip(setting: Setting, varied: list[Role]) -> float:
    """How far the curve rises above a chord at most, in units of what rounding explains, along random segments."""
    rng = np.random.default_rng(3)
    worst = -math.inf
    by_row = setting.loss.unit.kind == "row"
    for _ in range(1 if by_row else 60):
        size = 3000 if by_row else 4
        values = setting.draw(rng, size)
        first, last = (
            {role.name: drawn[role.name] for role in varied} for drawn in [setting.draw(rng, size) for _ in range(2)]
        )
        share = rng.uniform(0.1, 0.9)
        middle = {name: array + share * (last[name] - array) for name, array in first.items()}
        # a batch has the sum of its rows
        curve = [np.asarray(setting({**values, **moved})) for moved in (first, middle, last)]
        low, found, high = curve if by_row else [np.atleast_1d(losses.sum()) for losses in curve]
        scale = np.maximum(np.max(np.abs([low, found, high]), axis=0), 1.0)
        worst = max(worst, float(np.max((found - (low + share * (high - low))) / (64.0 * EPSILON * scale))))
    return worst


# --- differentiable: the slopes on both sides of a point approach each other as the step shrinks, or they do not


STEP, SHRINK = 2.0**-12, 64.0
RIGHT = np.array([[1.0, 0.0]])
BOX = np.array([[1.0, 1.0, 2.0, 3.0]])
# where a loss is not smooth, if anywhere: the role that moves, and the other roles
KINKS: dict[str, tuple[str, Values]] = {
    "contrastive": ("left", {"target": np.zeros(1), "left": np.ones((1, 2)), "right": np.ones((1, 2))}),
    "triplet": ("negative", {"anchor": np.zeros((1, 2)), "positive": RIGHT, "negative": 2.0 * RIGHT}),
    "box_iou": ("pred", {"target": BOX, "pred": BOX}),
    "giou": ("pred", {"target": BOX, "pred": BOX}),
    "diou": ("pred", {"target": BOX, "pred": BOX}),
}


@each_loss
def test_it_is_differentiable_as_claimed(loss: Loss) -> None:
    claim = loss.facts.differentiable
    kinks = [stays for setting in settings(loss) for role in setting.varied for stays in _at_random(setting, role)]
    assert len(kinks) > 20
    if claim in ("yes", "yes with soft predictions"):
        # the draws are soft: a mask of 0 and 1 alone has no slope
        assert not any(kinks)
    elif claim == "yes where the predicted probability is positive":
        assert not any(kinks)
        assert loss([[0.5, 0.5]], probs=[[1.0, 0.0]]).tolist() == [math.inf]
    elif claim == "piecewise":
        assert np.mean(kinks) < 0.02
        name, values = KINKS[loss.name]
        direction = np.zeros_like(values[name])
        direction[..., 0] = 1.0
        assert _is_kink(lambda step: float(loss(**{**values, name: values[name] + step * direction})[0]))
    else:
        no_reading(loss, "differentiable", claim)


def _at_random(setting: Setting, varied: Role) -> list[bool]:
    """Whether there is a kink at random points, in random directions; and where all predictions are alike."""
    rng = np.random.default_rng(5)
    found = []
    for i in range(8):
        size = 1 if setting.loss.unit.kind == "row" else 4
        values = setting.draw(rng, size)
        if i == 0 and varied.domain is domains.LOGITS:
            values[varied.name] = np.ones_like(values[varied.name])
        direction = setting.draw(rng, size)[varied.name] - values[varied.name]
        if varied.domain is domains.LOG_SIMPLEX:
            continue  # no direction leads along it; the other forms say what the loss is

        def curve(step: float, values: Values = values, direction: Array = direction) -> float:
            moved = {**values, varied.name: values[varied.name] + step * direction}
            return float(np.sum(setting(moved)))

        found.append(_is_kink(curve))
    return found


def _is_kink(curve: Callable[[float], float]) -> bool:
    """Decide, or fail: a gap of the slopes either vanishes with the step or stays."""
    wide, narrow = (abs(curve(step) - 2.0 * curve(0.0) + curve(-step)) / step for step in (STEP, STEP / SHRINK))
    noise = 64.0 * EPSILON * max(1.0, abs(curve(0.0))) / (STEP / SHRINK)
    stays = narrow > wide / 2.0 and narrow > 100.0 * noise
    vanishes = narrow <= wide / (SHRINK / 4.0) + noise
    assert stays != vanishes, f"the slopes differ by {wide}, then by {narrow}"
    return stays


# --- robust


@each_loss
def test_it_is_robust_as_claimed(loss: Loss) -> None:
    claim = loss.facts.robust
    if claim == "not applicable":
        assert has_no_outliers(loss)
    elif claim == "bounded":
        for setting in settings(loss):
            values = setting.draw(np.random.default_rng(7), 2000)
            # as far from each other as can be, in both directions
            values["pred"] = values["pred"] + np.exp(np.linspace(-5.0, 30.0, 2000))[:, None] * [1.0, 1.0, 1.0, 1.0]
            losses = setting(values)
            assert losses.min() >= 0.0
            assert losses.max() <= (1.0 if loss.name == "box_iou" else 2.0)
    elif claim == "by the margin; no":
        near, far = ([[size, 0.0]] for size in (1e3, 1e5))
        here, other = [[0.0, 0.0]], [[1.0, 0.0]]
        calls: dict[str, tuple[Callable[[Any], Array], Callable[[Any], Array]]] = {
            "contrastive": (lambda v: loss([0.0], here, v), lambda v: loss([1.0], here, v)),
            "triplet": (lambda v: loss(here, other, v), lambda v: loss(here, v, other)),
        }
        apart, together = calls[loss.name]
        # what should be apart costs nothing past the margin; what should be together costs as far as it is apart
        assert apart(near).tolist() == apart(far).tolist() == [0.0]
        assert together(far)[0] / together(near)[0] > 99.0
    else:
        no_reading(loss, "robust", claim)
