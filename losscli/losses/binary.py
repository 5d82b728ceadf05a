"""Losses of labels of two classes, and of several labels a row."""

from typing import Literal

from losscli.arrays import np
from losscli.catalogue import Rows, loss
from losscli.curves import Curve
from losscli.domain import (
    Binary,
    ClipNumber,
    LogProbability,
    NonNegativeNumber,
    PositiveNumber,
    Probability,
    Real,
    ShareNumber,
    Sign,
    SoftBinary,
)
from losscli.losses.kinds import LIKE_PROBABILITIES, beyond_eps
from losscli.numerics import clipped_parts, log_of_rest, softplus_parts
from losscli.observations import Observation
from losscli.signature import OutputNumbers

OVER_THE_LOGIT = Curve(
    "logit",
    -6.0,
    6.0,
    {
        "label 1": lambda loss, x: loss(np.ones_like(x), logits=x),
        "label 0": lambda loss, x: loss(np.zeros_like(x), logits=x),
    },
)


@loss(
    aliases=("log_loss", "binary_cross_entropy"),
    task="binary, multi-label",
    convex="yes in the logit",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    one_of=("logits", "probs", "log_probs"),
    pred_means="",
    guards={"probs": "eps"},
    acts_with={"eps": "probs"},
    reveals=("target", "logits"),
    clipped=beyond_eps,
    observes=(LIKE_PROBABILITIES,),
    curve=OVER_THE_LOGIT,
)
def bce(
    target: SoftBinary,
    logits: Real | None = None,
    probs: Probability | None = None,
    log_probs: LogProbability | None = None,
    *,
    pos_weight: OutputNumbers = 1.0,
    label_smoothing: ShareNumber = 0.0,
    eps: ClipNumber = 0.0,
) -> Rows:
    """Binary cross-entropy: the negative log-likelihood of a label of 0 or 1, or of a share between them.

    Formula: -pos_weight y log p - (1 - y) log(1 - p), where p = 1 / (1 + exp(-logit))
    Args:
        target: the label, 0 or 1, or a share between them; names with --classes or --positive-class.
        logits: the log-odds of class 1, any number.
        probs: the probability of class 1, from 0 to 1, instead of logits.
        log_probs: the logarithm of the probability of class 1, instead of logits.
        pos_weight: the weight of the positive part, one number or one for each label.
        label_smoothing: s makes the label y (1 - s) + s / 2.
        eps: clips probabilities to [eps, 1 - eps] and counts the clipped rows; logits need none.
    Pitfalls: Probabilities given as logits give a number near 0.7 that looks like a loss; all logits between 0 and 1
        bring a warning, logits given as probabilities are refused. pos_weight multiplies the positive part of a row
        and is not divided by, unlike --weight.
    Libraries:
        PyTorch: BCEWithLogitsLoss is --logits; BCELoss is --probs but puts log p = -100 in place of less.
        Keras: BinaryCrossentropy(from_logits=True) is --logits; from probabilities it is --eps 1e-7.
        scikit-learn: log_loss is --probs with --eps 2.22e-16.
    Reference: D. R. Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20, 1958.
    Example:
        a logit of 0 is a probability of 1/2, whose loss is log 2

        >>> round(float(bce([1.0], logits=[0.0])[0]), 12)
        0.69314718056
    """
    share, rest = target, 1.0 - target
    if np.any(np.greater(label_smoothing, 0.0)):
        # the rest is not 1 - share, which would lose the digits of a small label_smoothing
        kept, half = 1.0 - np.asarray(label_smoothing), 0.5 * np.asarray(label_smoothing)
        share, rest = share * kept + half, rest * kept + half
    if logits is not None:
        # finite wherever the logit is, so that a share of 0 needs no care
        negative, positive = softplus_parts(logits)
        return pos_weight * (share * positive) + rest * negative
    if log_probs is not None:
        negative, positive = -log_of_rest(log_probs), -log_probs
    else:
        likely, unlikely, small = clipped_parts(np.asarray(probs), eps)
        negative, positive = np.where(small, likely, unlikely), np.where(small, unlikely, likely)
    # a share of 0 takes nothing, also of an infinite logarithm
    hit = np.where(share > 0.0, pos_weight * (share * positive), 0.0)
    value: Rows = hit + np.where(rest > 0.0, rest * negative, 0.0)
    return value


ZERO_FOR_MINUS_ONE = Observation(
    "target 0",
    lambda target, **_: int(np.count_nonzero(target == 0.0)),
    "in {count} rows the target is 0, which was read as -1",
)
MINUS_ONE = Observation(
    "target -1",
    lambda target, **_: int(np.count_nonzero(target == -1.0)),
    "the target has both 0 and -1: it must be -1 and 1, or 0 and 1",
    when="never",
    never_with="target 0",
)


@loss(
    task="binary, SVM",
    convex="yes",
    differentiable="no: kink",
    robust="not applicable",
    units="margin units",
    reveals=("target",),
    observes=(ZERO_FOR_MINUS_ONE, MINUS_ONE),
    curve=Curve(
        "score",
        -3.0,
        3.0,
        {
            "label 1": lambda loss, x: loss(np.ones_like(x), x),
            "label -1": lambda loss, x: loss(-np.ones_like(x), x),
        },
        grows_with=("margin",),
    ),
)
def hinge(target: Sign, pred: Real, *, margin: PositiveNumber = 1.0) -> Rows:
    """How far a score falls short of the margin on the side of its label.

    Formula: max(0, margin - y s)
    Args:
        target: the label, -1 or 1; 0 stands for -1 and is said so.
        pred: the score, any number; its sign is the class.
        margin: the score that costs nothing.
    Pitfalls: A probability is no score: between 0 and 1 it never gets to the other side of 0. Labels of 0 and 1
        are read as -1 and 1 and counted.
    Libraries:
        PyTorch: none with this formula; HingeEmbeddingLoss is another loss, of distances.
        Keras: Hinge agrees and maps 0 to -1 as well.
        scikit-learn: hinge_loss agrees for labels of -1 and 1.
    Reference: C. Cortes and V. Vapnik, Support-vector networks, Machine Learning 20, 1995.
    Example:
        a score of 0.4 on the right and on the wrong side

        >>> hinge([1.0, -1.0], [0.4, 0.4]).round(12).tolist()
        [0.6, 1.4]
    """
    sign = np.where(target > 0.0, 1.0, -1.0)
    return np.maximum(0.0, margin - sign * pred)


@loss(
    task="imbalanced classification",
    convex="no",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    one_of=("logits", "probs"),
    pred_means="",
    guards={"probs": "eps"},
    acts_with={"eps": "probs", "alpha": "alpha_mode=constant|balanced"},
    clipped=beyond_eps,
    observes=(LIKE_PROBABILITIES,),
    curve=OVER_THE_LOGIT,
)
def focal(
    target: Binary,
    logits: Real | None = None,
    probs: Probability | None = None,
    *,
    alpha: ShareNumber = 0.25,
    gamma: NonNegativeNumber = 2.0,
    alpha_mode: Literal["constant", "balanced", "none"] = "constant",
    eps: ClipNumber = 0.0,
) -> Rows:
    """Binary cross-entropy that fades out for labels that are predicted well already.

    Formula: alpha_t (1 - p_t)^gamma (-log p_t), where p_t is the probability of the true label
    Args:
        target: the label, 0 or 1; names with --classes or --positive-class.
        logits: the log-odds of class 1, any number.
        probs: the probability of class 1, from 0 to 1, instead of logits.
        alpha: the factor of the positive label, and of the negative one as alpha_mode says.
        gamma: how fast the loss fades; 0 leaves cross-entropy.
        alpha_mode: constant uses alpha for both labels, balanced 1 - alpha for negatives, none no factor.
        eps: clips probabilities to [eps, 1 - eps] and counts the clipped rows; logits need none.
    Pitfalls: alpha means two things in the literature: see alpha_mode. Its sum divided by the number of positives,
        as detectors train with, is not the mean that is shown.
    Libraries:
        PyTorch: none.
        torchvision: sigmoid_focal_loss is --alpha-mode balanced; its alpha = -1 is --alpha-mode none.
        Keras: BinaryFocalCrossentropy(apply_class_balancing=True) is --alpha-mode balanced, without it none.
    Reference: T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017.
    Example:
        at a probability of 1/2, alpha 1/4 and gamma 2 the factor is 1/16 of log 2

        >>> round(float(focal([1.0], logits=[0.0])[0]) * 16.0, 12)
        0.69314718056
    """
    positive = target > 0.0
    if logits is not None:
        other, nll = softplus_parts(np.where(positive, logits, -logits))
    else:
        likely, unlikely, small = clipped_parts(np.asarray(probs), eps)
        wrong = small == positive
        nll, other = np.where(wrong, unlikely, likely), np.where(wrong, likely, unlikely)
    # (1 - p_t)^gamma by its logarithm: the same bits for one gamma and for a column of them, which ** does not give
    fading = np.where(np.greater(gamma, 0.0), np.exp(-np.asarray(gamma) * other), 1.0)
    value: Rows = fading * nll
    if alpha_mode == "none":
        return value
    factor = np.where(positive, alpha, 1.0 - np.asarray(alpha)) if alpha_mode == "balanced" else alpha
    # a factor of 0 takes nothing, also of an infinite logarithm
    return np.where(np.greater(factor, 0.0), factor * value, 0.0)
