"""Losses of labels: two classes, several, and the distance of distributions."""

from typing import Literal

from losscli.arrays import Array, Mask, np
from losscli.catalogue import Rows, loss
from losscli.domain import (
    Binary,
    Label,
    Logits,
    LogProbability,
    LogSimplex,
    NonNegativeNumber,
    PositiveNumber,
    Probability,
    Real,
    ShareNumber,
    Sign,
    Simplex,
    SoftBinary,
    WholeNumber,
)
from losscli.numerics import (
    log_of_rest,
    negative_log_softmax,
    negative_log_softmaxes,
    sigmoid,
    softplus_parts,
    total,
)
from losscli.observations import Observation
from losscli.signature import ClassWeights, OutputNumbers


def _between_0_and_1(logits: Array | None = None, **_: object) -> int:
    """All rows where every logit lies between 0 and 1, none where one does not."""
    if logits is None or not logits.size or logits[:1].min() < 0.0 or logits[:1].max() > 1.0:
        return 0
    return 0 if logits.min() < 0.0 or logits.max() > 1.0 else len(logits)


LIKE_PROBABILITIES = Observation(
    "logits between 0 and 1",
    _between_0_and_1,
    "all logits lie between 0 and 1, as probabilities do; if they are, --probs reads them as such",
    when="all",
)


def _beyond_eps(
    probs: Array | None = None,
    log_probs: Array | None = None,
    logits: Array | None = None,
    eps: Array | float = 0.0,
    **_: object,
) -> Mask:
    """Where a probability is clipped."""
    if probs is None:
        given = np.asarray(logits if log_probs is None else log_probs)
        return np.zeros(given.shape, dtype=np.bool_)
    return (probs < eps) | (probs > 1.0 - np.asarray(eps))


def _clipped_rows(target: Array, probs: Array | None = None, eps: float = 0.0, **_: object) -> Mask:
    """In which rows the probability of a class that the target has is clipped."""
    if probs is None or not np.any(np.greater(eps, 0.0)):
        return np.zeros(len(target), dtype=bool)
    if target.ndim == 1:
        chosen = np.take_along_axis(probs, target.astype(np.intp)[:, None], axis=-1)[:, 0]
        return _beyond_eps(chosen, eps=eps)
    beyond: Mask = np.any(_beyond_eps(probs, eps=eps) & (target > 0.0), axis=-1)
    return beyond


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
    reveals=("target", "logits"),
    clipped=_beyond_eps,
    observes=(LIKE_PROBABILITIES,),
)
def bce(
    target: SoftBinary,
    logits: Real | None = None,
    probs: Probability | None = None,
    log_probs: LogProbability | None = None,
    *,
    pos_weight: OutputNumbers = 1.0,
    label_smoothing: ShareNumber = 0.0,
    eps: ShareNumber = 0.0,
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
    share = target * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if logits is not None:
        negative, positive = softplus_parts(logits)
    elif log_probs is not None:
        negative, positive = -log_of_rest(log_probs), -log_probs
    else:
        clipped = np.minimum(np.maximum(np.asarray(probs), eps), 1.0 - np.asarray(eps))
        negative, positive = -np.log1p(-clipped), -np.log(clipped)
    # a share of 0 takes nothing, also of an infinite logarithm
    hit = np.where(share > 0.0, pos_weight * share * positive, 0.0)
    value: Rows = hit + np.where(share < 1.0, (1.0 - share) * negative, 0.0)
    return value


def _class_weight_of(target: Array, class_weight: Array | None = None, **_: object) -> Array | None:
    """The weight of each row: that of its class, or the mean over the classes that it has shares of."""
    if class_weight is None:
        return None
    weights = np.asarray(class_weight)
    if target.ndim == 1:
        chosen: Array = weights[target.astype(np.intp)]
        return chosen
    return total(target * weights)


@loss(
    aliases=("softmax_cross_entropy", "ce"),
    task="multi-class",
    convex="yes in the logits",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    one_of=("logits", "probs", "log_probs"),
    pred_means="",
    guards={"probs": "eps"},
    clipped=_clipped_rows,
    weighs=_class_weight_of,
    ignores=("target", "ignore_index"),
    observes=(LIKE_PROBABILITIES,),
)
def cross_entropy(
    target: Label,
    logits: Logits | None = None,
    probs: Simplex | None = None,
    log_probs: LogSimplex | None = None,
    *,
    label_smoothing: ShareNumber = 0.0,
    class_weight: ClassWeights | None = None,
    ignore_index: WholeNumber | None = None,  # noqa: ARG001 - rows with it never get here
    eps: ShareNumber = 0.0,
) -> Rows:
    """Negative log-probability of the true class.

    Formula: -sum over c of q_c log p_c, where q is 1 for the class of the target and 0 for others
    Args:
        target: the index or name of the class, or a column with the share of each class.
        logits: a number for each class, whose softmax is the probability.
        probs: the probability of each class, instead of logits; a row adds up to 1.
        log_probs: the logarithm of the probability of each class, instead of logits.
        label_smoothing: s makes the shares q (1 - s) + s / C for C classes.
        class_weight: the weight of each class: 1,2,3 or cat:1,dog:2, balanced, or effective:0.999.
        ignore_index: a label whose rows are left out and counted.
        eps: clips probabilities to [eps, 1 - eps] and counts the clipped rows; logits need none.
    Pitfalls: The class order is that of the columns: a target of 0 is the first of them. Probabilities given as
        logits bring a warning, logits given as probabilities are refused. With class weights the mean is divided by
        the weights of the rows that are there, not by the number of rows.
    Libraries:
        PyTorch: CrossEntropyLoss is --logits, NLLLoss is --log-probs, its ignore_index is -100. With class weights
            and soft labels it divides by the number of rows: --reduction mean-count.
        Keras: SparseCategoricalCrossentropy(from_logits=True) is --logits; from probabilities it is --eps 1e-7.
        scikit-learn: log_loss is --probs with --eps 2.22e-16; its columns follow the sorted names of the classes.
    Reference: I. J. Good, Rational decisions, J. R. Stat. Soc. B 14, 1952.
    Example:
        two equal logits give each class a probability of 1/2

        >>> cross_entropy([0.0], logits=[[3.0, 3.0]]).round(12).tolist()
        [0.69314718056]
    """
    labels = target.ndim == 1
    smoothed = bool(np.any(np.greater(label_smoothing, 0.0)))
    if labels and not smoothed:
        if logits is not None:
            return negative_log_softmax(logits, target)
        given = log_probs if log_probs is not None else probs
        chosen = np.take_along_axis(np.asarray(given), target.astype(np.intp)[:, None], axis=-1)[:, 0]
        return -chosen if log_probs is not None else -np.log(np.clip(chosen, eps, 1.0 - eps))
    if logits is not None:
        nll = negative_log_softmaxes(logits)
    elif log_probs is not None:
        nll = -log_probs
    else:
        nll = -np.log(np.clip(np.asarray(probs), eps, 1.0 - eps))
    width = nll.shape[-1]
    share = (target[:, None] == np.arange(width)).astype(np.float64) if labels else target
    share = share * (1.0 - label_smoothing) + label_smoothing / width
    weights = np.ones(width) if class_weight is None else np.asarray(class_weight)
    value = total(np.where(share > 0.0, weights * share * nll, 0.0))
    own = _class_weight_of(target, class_weight)
    # the mean multiplies by the weight of the row again
    return value if own is None else np.divide(value, own, out=np.zeros_like(value), where=own > 0.0)


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
    reveals=("target", "pred"),
    observes=(ZERO_FOR_MINUS_ONE, MINUS_ONE),
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
    clipped=_beyond_eps,
    observes=(LIKE_PROBABILITIES,),
)
def focal(
    target: Binary,
    logits: Real | None = None,
    probs: Probability | None = None,
    *,
    alpha: ShareNumber = 0.25,
    gamma: NonNegativeNumber = 2.0,
    alpha_mode: Literal["constant", "balanced", "none"] = "constant",
    eps: ShareNumber = 0.0,
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
        toward = np.where(positive, logits, -logits)
        nll, missing = softplus_parts(toward)[1], sigmoid(-toward)
    else:
        clipped = np.minimum(np.maximum(np.asarray(probs), eps), 1.0 - np.asarray(eps))
        nll = np.where(positive, -np.log(clipped), -np.log1p(-clipped))
        missing = np.where(positive, 1.0 - clipped, clipped)
    value: Rows = missing**gamma * nll
    if alpha_mode == "none":
        return value
    return value * (np.where(positive, alpha, 1.0 - np.asarray(alpha)) if alpha_mode == "balanced" else alpha)


@loss(
    task="distillation, variational",
    convex="yes in the predicted distribution",
    differentiable="yes where the predicted probability is positive",
    robust="not applicable",
    units="nats",
    one_of=("probs", "log_probs", "logits"),
    pred_means="",
    guards={"probs": "eps"},
    clipped=lambda target, probs=None, eps=0.0, **_: (
        np.zeros(len(target), dtype=bool) if probs is None else ((probs < eps) & (target > 0.0)).any(axis=-1)
    ),
    observes=(LIKE_PROBABILITIES,),
    reductions=("batchmean", "elementmean"),
    units_by={"base=2": "bits"},
)
def kl_div(
    target: Simplex,
    probs: Simplex | None = None,
    log_probs: LogSimplex | None = None,
    logits: Logits | None = None,
    *,
    base: Literal["e", "2"] = "e",
    eps: ShareNumber = 0.0,
) -> Rows:
    """Kullback-Leibler divergence of the predicted distribution Q from the true one P.

    Formula: sum over c of p_c log(p_c / q_c), where 0 log 0 = 0
    Args:
        target: the true probability of each class; a row adds up to 1.
        probs: the predicted probability of each class; a row adds up to 1.
        log_probs: its logarithm, instead of probs.
        logits: a number for each class, whose softmax is the probability, instead of probs.
        base: e gives nats, 2 gives bits.
        eps: the least predicted probability; rows in which it is used are counted.
    Pitfalls: KL(P||Q) is not KL(Q||P): the target is P. The mean over every element (elementmean) is the divergence
        divided by the number of classes, and brings a warning.
    Libraries:
        PyTorch: KLDivLoss is --log-probs; its batchmean is the mean here, its mean is --reduction elementmean.
        Keras: KLDivergence clips both sides to [1e-7, 1].
        SciPy: stats.entropy(P, Q) agrees and normalises both; its base is any number.
    Reference: S. Kullback and R. A. Leibler, On information and sufficiency, Ann. Math. Statist. 22, 1951.
    Example:
        all on one of two, where both were said to be as likely, is one bit

        >>> kl_div([[1.0, 0.0]], [[0.5, 0.5]], base="2").tolist()
        [1.0]
    """
    if logits is not None:
        nll = negative_log_softmaxes(logits)
    elif log_probs is not None:
        nll = -log_probs
    else:
        nll = -np.log(np.maximum(np.asarray(probs), eps))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = total(np.where(target > 0.0, target * (np.log(target) + nll), 0.0))
    return value / np.log(2.0) if base == "2" else value
