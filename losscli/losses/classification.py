"""Losses of labels of several classes, and the distance of distributions."""

from typing import Literal

from losscli.arrays import Array, Mask, np
from losscli.catalogue import Rows, loss
from losscli.curves import Bound, Curve
from losscli.domain import ClipNumber, Label, Logits, LogSimplex, ShareNumber, Simplex, WholeNumber
from losscli.errors import UsageError
from losscli.losses.kinds import LIKE_PROBABILITIES, beyond_eps
from losscli.numerics import by_row, negative_log_softmax, negative_log_softmaxes, of_class, total
from losscli.signature import ClassWeights


def _clipped_rows(
    target: Array,
    probs: Array | None = None,
    eps: Array | float = 0.0,
    label_smoothing: Array | float = 0.0,
    **_: object,
) -> Mask:
    """In which rows the probability of a class that the target has, or that smoothing gives it, is clipped."""
    if probs is None or not np.any(np.greater(eps, 0.0)):
        return np.zeros(len(target), dtype=bool)
    shares = target
    if target.ndim == 1:
        if not np.any(np.greater(label_smoothing, 0.0)):
            return beyond_eps(of_class(probs, target), eps=eps)
        shares = _one_hot(target, probs.shape[-1])
    read = (shares > 0.0) | (by_row(label_smoothing) > 0.0)
    beyond: Mask = np.any(beyond_eps(probs, eps=by_row(eps)) & read, axis=-1)
    return beyond


def _one_hot(label: Array, width: int) -> Array:
    shares: Array = (label[:, None] == np.arange(width)).astype(np.float64)
    return shares


def _class_weight_of(target: Array, class_weight: Array | None = None, **_: object) -> Array | None:
    """The weight of each row: that of its class, or the mean over the classes that it has shares of."""
    if class_weight is None:
        return None
    weights = np.asarray(class_weight)
    if target.ndim == 1:
        chosen: Array = weights[target.astype(np.intp)]
        return chosen
    return total(target * weights)


def _class_weights(class_weight: Array | None, width: int, *, smoothed: bool) -> Array:
    weights = np.ones(width) if class_weight is None else np.asarray(class_weight)
    if smoothed and not weights.all():
        raise UsageError(
            "cross_entropy: a class weight of 0 does not go with label_smoothing: the rows of that class keep a "
            "smoothed part, which a mean that weighs them by 0 would lose",
            hint="leave label_smoothing out, or give the class a small weight",
        )
    return weights


def _beside_two_zeros(loss: Bound, logit: Array) -> Array:
    nothing = np.zeros_like(logit)
    return loss(nothing, logits=np.stack([logit, nothing, nothing], axis=-1))


def _of_two(loss: Bound, prob: Array) -> Array:
    return loss(np.tile([0.3, 0.7], (len(prob), 1)), probs=np.stack([prob, 1.0 - prob], axis=-1))


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
    acts_with={"eps": "probs"},
    clipped=_clipped_rows,
    weighs=_class_weight_of,
    ignores=("target", "ignore_index"),
    observes=(LIKE_PROBABILITIES,),
    curve=Curve("logit of the true class beside two of 0", -6.0, 6.0, {"": _beside_two_zeros}),
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
    eps: ClipNumber = 0.0,
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
    Pitfalls: The class order is that of the columns: a target of 0 is the first of them. One column of a one-hot truth
        given as indices leaves classes that do not occur, which brings a warning; rows of probabilities or shares that
        do not add up to 1 are refused. Probabilities given as logits bring a warning, logits given as probabilities
        are refused. With class weights the mean is divided by
        the weights of the rows that are there, not by the number of rows. A class weight of 0 with label_smoothing is
        refused: the rows of that class keep a smoothed part, which a mean that weighs them by 0 would lose.
    Libraries:
        PyTorch: CrossEntropyLoss is --logits, NLLLoss is --log-probs, its ignore_index is -100. With class weights
            and soft labels it divides by the number of rows: --reduction mean-count. With a class weight of 0 and
            label_smoothing it adds the smoothed part of such rows and divides by the weights of the others.
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
        chosen = of_class(np.asarray(log_probs if log_probs is not None else probs), target)
        # 0.0 - x, as a certain and right prediction would cost -0.0 otherwise
        return 0.0 - (chosen if log_probs is not None else np.log(np.clip(chosen, eps, 1.0 - eps)))
    if logits is not None:
        nll = negative_log_softmaxes(logits)
    elif log_probs is not None:
        nll = -log_probs
    else:
        least = by_row(eps)
        nll = -np.log(np.clip(np.asarray(probs), least, 1.0 - least))
    width = nll.shape[-1]
    share, smoothing = _one_hot(target, width) if labels else target, by_row(label_smoothing)
    share = share * (1.0 - smoothing) + smoothing / width
    weights = _class_weights(class_weight, width, smoothed=smoothed)
    value = total(np.where(share > 0.0, weights * share * nll, 0.0))
    own = _class_weight_of(target, class_weight)
    # the mean multiplies by the weight of the row again
    return value if own is None else np.divide(value, own, out=np.zeros_like(value), where=own > 0.0)


@loss(
    task="distillation, variational",
    convex="yes in the predicted distribution",
    differentiable="yes where the predicted probability is positive",
    robust="not applicable",
    units="nats",
    one_of=("probs", "log_probs", "logits"),
    pred_means="",
    guards={"probs": "eps"},
    acts_with={"eps": "probs"},
    clipped=lambda target, probs=None, eps=0.0, **_: (
        np.zeros(len(target), dtype=bool) if probs is None else ((probs < by_row(eps)) & (target > 0.0)).any(axis=-1)
    ),
    observes=(LIKE_PROBABILITIES,),
    reductions=("batchmean", "elementmean"),
    units_by={"base=2": "bits"},
    curve=Curve("q, the prediction for a class of p = 0.3", 0.03, 0.97, {"": _of_two}),
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
        nll = -np.log(np.maximum(np.asarray(probs), by_row(eps)))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = total(np.where(target > 0.0, target * (np.log(target) + nll), 0.0))
    return value / np.log(2.0) if base == "2" else value
