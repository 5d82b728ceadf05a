"""Losses of classes, distributions, masks and embeddings beside scikit-learn and SciPy, where these have them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import special, stats
from scipy.spatial import distance
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

import losscli
from losscli.catalogue import find
from losscli.class_weights import inverse_frequency

RNG = np.random.default_rng(20250101)
ROWS, CLASSES = 300, 4
LOGITS = RNG.normal(0.0, 3.0, (ROWS, CLASSES))
PROBS = special.softmax(LOGITS, axis=1)
OTHER = RNG.dirichlet(np.ones(CLASSES), ROWS)
LABELS = RNG.choice(CLASSES, ROWS, p=[0.5, 0.3, 0.15, 0.05]).astype(np.float64)
SIGNS, SCORES = RNG.choice([-1.0, 1.0], ROWS), RNG.normal(0.0, 2.0, ROWS)
MASK, HARD = (RNG.random((2, ROWS)) < [[0.4], [0.5]]).astype(np.float64)
WEIGHT = RNG.gamma(1.0, 1.0, ROWS)
LEFT, RIGHT = RNG.normal(size=(2, ROWS, 5))

weighted = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])


@weighted
def test_cross_entropy_is_the_log_loss_of_scikit_learn(weight: Any) -> None:
    expected = metrics.log_loss(LABELS, PROBS, sample_weight=weight, labels=np.arange(CLASSES))
    for given in ({"probs": PROBS}, {"logits": LOGITS}, {"log_probs": special.log_softmax(LOGITS, axis=1)}):
        losses = find("cross_entropy")(LABELS, **given)
        assert np.average(losses, weights=weight) == pytest.approx(expected, rel=1e-13)


@weighted
def test_bce_is_the_log_loss_of_scikit_learn(weight: Any) -> None:
    target, probs = (SIGNS > 0.0).astype(np.float64), special.expit(SCORES)
    expected = metrics.log_loss(target, probs, sample_weight=weight)
    for given in ({"probs": probs}, {"logits": SCORES}, {"log_probs": special.log_expit(SCORES)}):
        assert np.average(find("bce")(target, **given), weights=weight) == pytest.approx(expected, rel=1e-13)


@weighted
def test_hinge_is_that_of_scikit_learn(weight: Any) -> None:
    expected = metrics.hinge_loss(SIGNS, SCORES, sample_weight=weight)
    assert np.average(find("hinge")(SIGNS, SCORES), weights=weight) == pytest.approx(expected, rel=1e-14)


def test_cross_entropy_of_logits_is_that_of_scipy() -> None:
    chosen = LOGITS[np.arange(ROWS), LABELS.astype(int)]
    expected = special.logsumexp(LOGITS, axis=1) - chosen
    np.testing.assert_allclose(find("cross_entropy")(LABELS, logits=LOGITS), expected, rtol=1e-12, atol=1e-15)
    soft = stats.entropy(OTHER, axis=1) + stats.entropy(OTHER, PROBS, axis=1)
    np.testing.assert_allclose(find("cross_entropy")(OTHER, logits=LOGITS), soft, rtol=1e-12)


@pytest.mark.parametrize(("word", "base"), [("e", None), ("2", 2.0)])
def test_kl_div_is_the_relative_entropy_of_scipy(word: str, base: float | None) -> None:
    expected = stats.entropy(OTHER, PROBS, base=base, axis=1)
    for given in ({"probs": PROBS}, {"logits": LOGITS}, {"log_probs": special.log_softmax(LOGITS, axis=1)}):
        np.testing.assert_allclose(find("kl_div")(OTHER, **given, base=word), expected, rtol=1e-12)
    by_element = special.rel_entr(OTHER, PROBS).sum(axis=1)
    np.testing.assert_allclose(find("kl_div")(OTHER, probs=PROBS), by_element, rtol=1e-12)
    # kl_div of SciPy has -p + q besides, which adds up to 0 over a distribution
    with_rest = special.kl_div(OTHER, PROBS).sum(axis=1)
    np.testing.assert_allclose(find("kl_div")(OTHER, probs=PROBS), with_rest, rtol=1e-12)


@weighted
def test_iou_is_one_less_the_jaccard_score(weight: Any) -> None:
    expected = 1.0 - metrics.jaccard_score(MASK, HARD, sample_weight=weight)
    table = pa.table({"y": MASK.tolist(), "p": HARD.tolist(), "w": WEIGHT.tolist()})
    named: dict[str, Any] = {"weight": None if weight is None else "w"}
    found = losscli.compute(table, loss="iou:eps=0", target="y", pred="p", **named).value
    assert found == pytest.approx(expected, rel=1e-14)


@weighted
@pytest.mark.parametrize("average", ["macro", "micro"])
def test_iou_of_classes_is_one_less_the_jaccard_score(average: str, weight: Any) -> None:
    hard = PROBS.argmax(axis=1)
    expected = 1.0 - metrics.jaccard_score(LABELS.astype(int), hard, average=average, sample_weight=weight)
    columns = {f"p_{i}": (hard == i).astype(np.float64).tolist() for i in range(CLASSES)}
    table = pa.table({"y": LABELS.tolist(), **columns, "w": WEIGHT.tolist()})
    named: dict[str, Any] = {"weight": None if weight is None else "w", "pred": list(columns)}
    found = losscli.compute(table, loss=f"iou:eps=0,average={average}", target="y", **named).value
    assert found == pytest.approx(expected, rel=1e-13)


def test_dice_of_hard_masks_is_one_less_the_f1_score() -> None:
    expected = 1.0 - metrics.f1_score(MASK, HARD)
    assert float(find("dice")(MASK, pred=HARD, eps=0.0)) == pytest.approx(expected, rel=1e-14)
    assert float(find("tversky")(MASK, pred=HARD, eps=0.0, alpha=0.5, beta=0.5)) == pytest.approx(expected, rel=1e-14)
    recall = 1.0 - metrics.recall_score(MASK, HARD)
    assert float(find("tversky")(MASK, pred=HARD, eps=0.0, alpha=0.0, beta=1.0)) == pytest.approx(recall, rel=1e-14)
    dissimilar = distance.dice(MASK.astype(bool), HARD.astype(bool))
    assert float(find("dice")(MASK, pred=HARD, eps=0.0)) == pytest.approx(float(dissimilar), rel=1e-14)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(CLASSES), y=LABELS.astype(int))
    assert inverse_frequency(np.bincount(LABELS.astype(int)).tolist()) == pytest.approx(expected, rel=1e-15)
    columns = {f"z_{i}": LOGITS[:, i].tolist() for i in range(CLASSES)}
    table = pa.table({"y": LABELS.tolist(), **columns})
    named: dict[str, Any] = {"target": "y", "logits": list(columns), "class_weight": "balanced"}
    found = losscli.compute(table, loss="cross_entropy", **named).value
    of_rows = expected[LABELS.astype(int)]
    mean = metrics.log_loss(LABELS, PROBS, sample_weight=of_rows, labels=np.arange(CLASSES))
    assert found == pytest.approx(mean, rel=1e-13)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 7.0])
def test_distances_are_those_of_scipy(p: float) -> None:
    """With the anchor as the negative the loss is the distance and the margin."""
    expected = [distance.minkowski(one, other, p) + 1.0 for one, other in zip(LEFT, RIGHT, strict=True)]
    np.testing.assert_allclose(find("triplet")(LEFT, RIGHT, LEFT, p=p), expected, rtol=1e-13)
    if p == 2.0:
        cosine = [distance.cosine(one, other) + 1.0 for one, other in zip(LEFT, RIGHT, strict=True)]
        np.testing.assert_allclose(find("triplet")(LEFT, RIGHT, LEFT, distance="cosine"), cosine, rtol=1e-13)
        squares = [distance.sqeuclidean(one, other) for one, other in zip(LEFT, RIGHT, strict=True)]
        np.testing.assert_allclose(find("contrastive")(np.ones(ROWS), LEFT, RIGHT), squares, rtol=1e-13)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_info_nce_is_the_cross_entropy_of_similarities(temperature: float) -> None:
    """Expected: logsumexp of SciPy over one less its cosine distances."""
    scores = (1.0 - distance.cdist(LEFT, RIGHT, "cosine")) / temperature
    expected = special.logsumexp(scores, axis=1) - np.diag(scores)
    np.testing.assert_allclose(find("info_nce")(LEFT, RIGHT, temperature=temperature), expected, rtol=1e-11)
    views = np.concatenate([LEFT, RIGHT])
    scores = (1.0 - distance.cdist(views, views, "cosine")) / temperature
    np.fill_diagonal(scores, -np.inf)
    own = scores[np.arange(2 * ROWS), np.roll(np.arange(2 * ROWS), ROWS)]
    both = special.logsumexp(scores, axis=1) - own
    found = find("nt_xent")(LEFT, RIGHT, temperature=temperature)
    np.testing.assert_allclose(found, 0.5 * (both[:ROWS] + both[ROWS:]), rtol=1e-11)
