"""Losses of masks: a set of pixels has one loss, made of sums over its pixels."""

from typing import Literal

from losscli.arrays import Array, np
from losscli.catalogue import loss
from losscli.curves import Curve, Line, place_by_place
from losscli.domain import Mask01, MaskLogit, MaskProbability, NonNegativeScalar
from losscli.losses.kinds import LIKE_PROBABILITIES
from losscli.numerics import negative_log_softmaxes, sigmoid
from losscli.observations import Observation
from losscli.signature import Sums

Empty = Literal["formula", "0", "1", "nan", "skip"]
Average = Literal["macro", "micro", "none"]


def _true_pixels(others: float) -> Line:
    """The loss of a mask of two pixels among four, over the probability that is given to the two."""
    return place_by_place(lambda loss, x: loss(np.array([1.0, 1.0, 0.0, 0.0]), probs=np.array([x, x, others, others])))


OVER_TRUE_PIXELS = Curve(
    "probability of the two true pixels of four",
    0.0,
    1.0,
    {"others at 0": _true_pixels(0.0), "others at 0.5": _true_pixels(0.5)},
)


def _addends(
    target: Array, logits: Array | None, probs: Array | None, pred: Array | None, *, squared: bool = False
) -> Array:
    """What each pixel adds to the intersection, the prediction and the truth: (n, 3), or (n, 3 C) class by class."""
    if logits is not None:
        mask = sigmoid(logits) if logits.ndim == 1 else np.exp(-negative_log_softmaxes(logits))
    else:
        mask = np.asarray(probs if probs is not None else pred)
    if target.ndim < mask.ndim:
        columns = [(target == i).astype(np.float64) for i in range(mask.shape[1])]
    else:
        columns = [target] if target.ndim == 1 else [target[:, i] for i in range(target.shape[1])]
    masks = [mask] if mask.ndim == 1 else [mask[:, i] for i in range(mask.shape[1])]
    both = [truth * part for truth, part in zip(columns, masks, strict=True)]
    if squared:
        masks, columns = [part * part for part in masks], [truth * truth for truth in columns]
    # one sum after the other in memory: each is added up on its own
    addends: Array = np.stack([*both, *masks, *columns]).T
    return addends


def _parts(sums: Array, average: Average) -> tuple[Array, Array, Array]:
    """Intersection, prediction and truth of each set and class."""
    width = sums.shape[-1] // 3
    parts = [sums[..., i * width : (i + 1) * width] for i in range(3)]
    if average == "micro":
        parts = [part.sum(axis=-1, keepdims=True) for part in parts]
    return parts[0], parts[1], parts[2]


def _averaged(losses: Array, truth: Array, empty: Empty, average: Average) -> Array:
    """The mean over classes; sets and classes whose truth is empty as `empty` says."""
    if empty in ("0", "1"):
        losses = np.where(truth == 0.0, float(empty), losses)
    elif empty in ("nan", "skip"):
        losses = np.where(truth == 0.0, np.nan, losses)
    if average == "none":
        return losses if losses.shape[-1] > 1 else losses[..., 0]
    if empty != "skip":
        plain: Array = losses.mean(axis=-1)
        return plain
    there = truth != 0.0
    total = np.where(there, losses, 0.0).sum(axis=-1)
    nothing = np.full(total.shape, np.nan, total.dtype)
    mean: Array = np.divide(total, there.sum(axis=-1), out=nothing, where=there.any(axis=-1))
    return mean


def _empty_truth(sums: Array, empty: Empty, **_: object) -> int:
    """How many sets have an empty truth, or a class whose truth is; none where a parameter says what they cost."""
    truth = sums[..., 2 * (sums.shape[-1] // 3) :]
    return int(np.count_nonzero((truth == 0.0).any(axis=-1))) if empty == "formula" else 0


EMPTY_TRUTH = Observation(
    "empty truth",
    _empty_truth,
    "in {count} sets the truth, or that of a class, is empty: their loss is near 1 unless nothing is predicted; "
    "--empty skip leaves them out",
)


def _dice(sums: Array, *, eps: float, empty: Empty, average: Average, **_: object) -> Array:
    both, pred, truth = _parts(sums, average)
    # one fraction, here and below: 1 - ratio would lose the digits of a mask that is nearly right
    return _averaged((pred + truth - 2.0 * both) / (pred + truth + eps), truth, empty, average)


def _iou(sums: Array, *, eps: float, empty: Empty, average: Average, **_: object) -> Array:
    both, pred, truth = _parts(sums, average)
    return _averaged((pred + truth - 2.0 * both) / (pred + truth - both + eps), truth, empty, average)


def _tversky(
    sums: Array, *, alpha: float, beta: float, eps: float, empty: Empty, average: Average, **_: object
) -> Array:
    both, pred, truth = _parts(sums, average)
    missed = alpha * (pred - both) + beta * (truth - both)
    return _averaged(missed / (both + missed + eps), truth, empty, average)


@loss(
    task="segmentation",
    convex="no",
    differentiable="yes with soft predictions",
    robust="not applicable",
    units="none",
    one_of=("logits", "probs", "pred"),
    of_sums=_dice,
    leaves_out=("empty", "skip"),
    several_by=("average", "none"),
    observes_sets=(EMPTY_TRUTH,),
    observes=(LIKE_PROBABILITIES,),
    curve=OVER_TRUE_PIXELS,
)
def dice(
    target: Mask01,
    logits: MaskLogit | None = None,
    probs: MaskProbability | None = None,
    pred: Mask01 | None = None,
    *,
    eps: NonNegativeScalar = 1e-6,  # noqa: ARG001 - for the loss of the sums
    squared: bool = False,
    empty: Empty = "formula",  # noqa: ARG001 - for the loss of the sums
    average: Average = "macro",  # noqa: ARG001 - for the loss of the sums
) -> Sums:
    """One less the overlap of two masks, twice their intersection over the sum of their sizes.

    Formula: 1 - (2 sum(p y) + eps) / (sum(p) + sum(y) + eps)
    Args:
        target: the true mask, 0 or 1 or a share between; with several classes their index or a column for each.
        logits: the log-odds of the mask; with several classes a number for each.
        probs: the probability of the mask; with several classes one for each, which add up to 1.
        pred: a mask, 0 or 1 or a share between, instead of probs.
        eps: is added above and below the fraction.
        squared: puts sum(p^2) + sum(y^2) below.
        empty: the loss of a set whose truth is empty: by the formula, 0, 1, nan, or skip to leave it out.
        average: over classes: macro is their mean, micro adds their sums first, none shows each.
    Pitfalls: Without --group the whole file is one set, which is not the mean over images. An image whose truth is
        empty has a loss near 1 for any prediction that is not empty too; such sets are counted.
    Libraries:
        PyTorch: none.
        MONAI: DiceLoss(smooth_nr=1e-6, smooth_dr=1e-6) of one channel agrees; its default is 1e-5.
        Keras: Dice adds the sums of a whole batch, all classes together: --average micro, and eps 1e-7 below only.
    Reference: F. Milletari, N. Navab and S.-A. Ahmadi, V-Net, 3DV 2016.
    Example:
        two masks of two pixels that share one

        >>> round(float(dice([1.0, 1.0, 0.0], pred=[1.0, 0.0, 1.0], eps=0.0)), 12)
        0.5
    """
    return _addends(target, logits, probs, pred, squared=squared)


@loss(
    aliases=("jaccard",),
    task="segmentation",
    convex="no",
    differentiable="yes with soft predictions",
    robust="not applicable",
    units="none",
    one_of=("logits", "probs", "pred"),
    of_sums=_iou,
    leaves_out=("empty", "skip"),
    several_by=("average", "none"),
    observes_sets=(EMPTY_TRUTH,),
    observes=(LIKE_PROBABILITIES,),
    curve=OVER_TRUE_PIXELS,
)
def iou(
    target: Mask01,
    logits: MaskLogit | None = None,
    probs: MaskProbability | None = None,
    pred: Mask01 | None = None,
    *,
    eps: NonNegativeScalar = 1e-6,  # noqa: ARG001 - for the loss of the sums
    squared: bool = False,
    empty: Empty = "formula",  # noqa: ARG001 - for the loss of the sums
    average: Average = "macro",  # noqa: ARG001 - for the loss of the sums
) -> Sums:
    """One less the intersection of two masks over their union.

    Formula: 1 - (sum(p y) + eps) / (sum(p) + sum(y) - sum(p y) + eps)
    Args:
        target: the true mask, 0 or 1 or a share between; with several classes their index or a column for each.
        logits: the log-odds of the mask; with several classes a number for each.
        probs: the probability of the mask; with several classes one for each, which add up to 1.
        pred: a mask, 0 or 1 or a share between, instead of probs.
        eps: is added above and below the fraction.
        squared: puts the sums of squares of p and y below.
        empty: the loss of a set whose truth is empty: by the formula, 0, 1, nan, or skip to leave it out.
        average: over classes: macro is their mean, micro adds their sums first, none shows each.
    Pitfalls: It is that of masks; boxes have box_iou. Without --group the whole file is one set, which is not the
        mean over images.
    Libraries:
        PyTorch: none.
        MONAI: DiceLoss(jaccard=True) doubles the union and the intersection, so that its eps counts half.
        scikit-learn: jaccard_score of hard masks is one less this with eps 0.
    Reference: P. Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11, 1912.
    Example:
        two masks of two pixels that share one of three

        >>> round(float(iou([1.0, 1.0, 0.0], pred=[1.0, 0.0, 1.0], eps=0.0)), 12)
        0.666666666667
    """
    return _addends(target, logits, probs, pred, squared=squared)


@loss(
    task="segmentation",
    convex="no",
    differentiable="yes with soft predictions",
    robust="not applicable",
    units="none",
    one_of=("logits", "probs", "pred"),
    of_sums=_tversky,
    leaves_out=("empty", "skip"),
    several_by=("average", "none"),
    observes_sets=(EMPTY_TRUTH,),
    observes=(LIKE_PROBABILITIES,),
    curve=OVER_TRUE_PIXELS,
)
def tversky(
    target: Mask01,
    logits: MaskLogit | None = None,
    probs: MaskProbability | None = None,
    pred: Mask01 | None = None,
    *,
    alpha: NonNegativeScalar = 0.3,  # noqa: ARG001 - for the loss of the sums
    beta: NonNegativeScalar = 0.7,  # noqa: ARG001 - for the loss of the sums
    eps: NonNegativeScalar = 1e-6,  # noqa: ARG001 - for the loss of the sums
    empty: Empty = "formula",  # noqa: ARG001 - for the loss of the sums
    average: Average = "macro",  # noqa: ARG001 - for the loss of the sums
) -> Sums:
    """One less the overlap of two masks, with weights of its own for false positives and false negatives.

    Formula: 1 - (TP + eps) / (TP + alpha FP + beta FN + eps)
    Args:
        target: the true mask, 0 or 1 or a share between; with several classes their index or a column for each.
        logits: the log-odds of the mask; with several classes a number for each.
        probs: the probability of the mask; with several classes one for each, which add up to 1.
        pred: a mask, 0 or 1 or a share between, instead of probs.
        alpha: the weight of false positives.
        beta: the weight of false negatives.
        eps: is added above and below the fraction.
        empty: the loss of a set whose truth is empty: by the formula, 0, 1, nan, or skip to leave it out.
        average: over classes: macro is their mean, micro adds their sums first, none shows each.
    Pitfalls: Papers and libraries differ in which of alpha and beta weighs the false negatives. With 1/2 and 1/2 it
        is dice.
    Libraries:
        PyTorch: none.
        MONAI: TverskyLoss has alpha for false positives and beta for false negatives, as here, both 1/2.
        Keras: Tversky has alpha for false positives and beta for false negatives, as here, both 1/2.
    Reference: S. S. M. Salehi, D. Erdogmus and A. Gholipour, Tversky loss function for image segmentation,
        MLMI 2017.
    Example:
        one hit, one false positive, one false negative: 1 - 1 / (1 + 0.3 + 0.7)

        >>> round(float(tversky([1.0, 1.0, 0.0], pred=[1.0, 0.0, 1.0], eps=0.0)), 12)
        0.5
    """
    return _addends(target, logits, probs, pred)
