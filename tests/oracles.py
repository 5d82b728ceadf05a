"""An independent value of each loss: its formula as the literature writes it, in 50 digits of mpmath.

A function here has the name of its loss and gets the roles and parameters by name, as exact numbers. It returns the
loss; or, where no float64 formula can be exact to a few ulp of it, an `Inexact`, which says why and by how much.
A loss that has no oracle stands in `WITHOUT_ORACLE` with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mpmath import mp

# mpmath has no type information: a Number is an mpf, or None where a role or parameter is not given
Number = Any
Formula = Callable[..., "Number | Inexact"]

DIGITS = 50
ULPS = 8

WITHOUT_ORACLE: dict[str, str] = {}
ORACLES: dict[str, Formula] = {}


@dataclass(frozen=True)
class Inexact:
    """A value, as a sum of terms, that a float64 formula cannot always give to a few of its own ulp.

    Attributes:
        terms: the terms; the tolerance is measured on the largest.
        why: why no float64 formula does better.
        rounded: sizes of other quantities that are rounded before the terms are made of them.
        least: an absolute error that is allowed besides.
        intermediate: a size that the formula passes through; where it is no float64, infinity is accepted, as such
            a row is refused and no wrong number.
    """

    terms: tuple[Number, ...]
    why: str
    rounded: tuple[Number, ...] = ()
    least: float = 0.0
    intermediate: Number = 0


def oracle(formula: Formula) -> Formula:
    """Enter the formula under its own name."""
    ORACLES[formula.__name__] = formula
    return formula


@oracle
def mse(target: Number, pred: Number) -> Number:
    return (pred - target) ** 2


@oracle
def mae(target: Number, pred: Number) -> Number:
    return abs(pred - target)


@oracle
def huber(target: Number, pred: Number, delta: Number) -> Number:
    size = abs(pred - target)
    return size**2 / 2 if size <= delta else delta * (size - delta / 2)


@oracle
def smooth_l1(target: Number, pred: Number, beta: Number) -> Number:
    size = abs(pred - target)
    return size**2 / (2 * beta) if size < beta else size - beta / 2


@oracle
def log_cosh(target: Number, pred: Number) -> Number:
    error = pred - target
    if abs(error) < mp.mpf("1e-13"):
        # the Taylor series; its next term is e^6 / 45, less than 1e-53 of the first
        return error**2 / 2 - error**4 / 12
    with mp.workdps(2 * DIGITS):
        return mp.log(mp.cosh(error))


@oracle
def pinball(target: Number, pred: Number, tau: Number) -> Number:
    return tau * (target - pred) if target >= pred else (1 - tau) * (pred - target)


@oracle
def mape(target: Number, pred: Number, eps: Number, percent: bool) -> "Number | Inexact":
    fraction = abs(pred - target) / (abs(target) if eps is None else max(abs(target), eps))
    if not percent:
        return fraction
    why = "the fraction is rounded before it is multiplied by 100, and where it is subnormal that shows"
    return Inexact((100 * fraction,), why, least=100 * 5e-324)


@oracle
def msle(target: Number, pred: Number) -> Number:
    with mp.workdps(2 * DIGITS):
        return (mp.log1p(pred) - mp.log1p(target)) ** 2


@oracle
def poisson_nll(target: Number, full: str, eps: Number, rate: Number = None, log_rate: Number = None) -> Inexact:
    rounded: tuple[Number, ...] = ()
    if log_rate is not None:
        terms = [mp.exp(log_rate), -target * log_rate]
    else:
        terms = [rate, -target * mp.log(rate + eps)]
        # rate + eps is rounded, and the logarithm makes of a relative error in it an absolute one
        rounded = (target,) if eps else ()
    if full == "exact":
        terms.append(_log_factorial(target))
    elif full == "stirling" and target > 1:
        terms += [target * mp.log(target), -target, mp.log(2 * mp.pi * target) / 2]
    return Inexact(tuple(terms), "rate and target log(rate) are rounded before they cancel", rounded)


def _log_factorial(count: Number) -> Number:
    if count < mp.mpf("1e-20"):
        # the Taylor series of log Gamma(1 + y); its next term is less than 1e-40 of the first
        return -mp.euler * count + mp.pi**2 / 12 * count**2
    return mp.loggamma(count + 1)


@oracle
def gaussian_nll(
    target: Number,
    pred: Number,
    full: bool,
    eps: Number,
    var: Number = None,
    std: Number = None,
    log_var: Number = None,
) -> Inexact:
    given = var if std is None else std**2
    variance = given if log_var is None else mp.exp(log_var)
    # of a least variance the std form takes the root, whose rounding is an absolute error in log(std)
    rounded = (mp.mpf(1),) if std is not None and variance < eps else ()
    if log_var is None or variance < eps:
        variance = max(variance, eps)
        log_var = mp.log(variance)
    terms = [log_var / 2, (pred - target) ** 2 / (2 * variance)]
    if full:
        terms.append(mp.log(2 * mp.pi) / 2)
    return Inexact(tuple(terms), "half of log v and of e^2 / v are rounded before they cancel", rounded)


@oracle
def bce(
    target: Number,
    pos_weight: Number,
    label_smoothing: Number,
    eps: Number,
    logits: Number = None,
    probs: Number = None,
    log_probs: Number = None,
) -> Inexact:
    negative, positive = _negative_logs(logits, probs, log_probs, eps)
    half = mp.mpf(float(label_smoothing) / 2)  # of the least float it is none
    share, rest = target * (1 - label_smoothing) + half, (1 - target) * (1 - label_smoothing) + half
    # 0 log 0 = 0
    terms = (pos_weight * share * positive if share else mp.mpf(0), rest * negative if rest else mp.mpf(0))
    # a share times a logarithm can be subnormal, which a large pos_weight shows
    least = 5e-324 * float(max(1, pos_weight))
    return Inexact(terms, "both terms are rounded before they are added", least=least)


@oracle
def focal(
    target: Number,
    alpha: Number,
    gamma: Number,
    alpha_mode: str,
    eps: Number,
    logits: Number = None,
    probs: Number = None,
) -> Inexact:
    negative, positive = _negative_logs(logits, probs, None, eps)
    nll, other = (positive, negative) if target else (negative, positive)
    factors = {"none": mp.mpf(1), "constant": alpha, "balanced": alpha if target else 1 - alpha}
    # a factor of 0 takes nothing, also of a logarithm of 0, as 0 log 0 = 0
    fading = mp.exp(-gamma * other) if gamma else mp.mpf(1)
    value = factors[alpha_mode] * fading * nll if factors[alpha_mode] and fading and nll else mp.mpf(0)
    # (1 - p_t)^gamma is the exponential of gamma log(1 - p_t), whose relative error is the absolute one of its exponent
    rounded = (value * (1 + gamma * other),) if value else ()
    return Inexact((value,), "the exponent of the fading factor is rounded", rounded)


def _negative_logs(logits: Number, probs: Number, log_probs: Number, eps: Number) -> tuple[Number, Number]:
    """-log(1 - p) and -log p for each way to give p."""
    if logits is not None:
        tail = mp.log1p(mp.exp(-abs(logits)))
        return max(logits, 0) + tail, max(-logits, 0) + tail
    if log_probs is not None:
        rest = mp.log(-mp.expm1(log_probs)) if log_probs > -1 else mp.log1p(-mp.exp(log_probs))
        return -rest, -log_probs
    # so many digits that 1 less the least float is not 1
    with mp.workdps(400):
        clipped = min(max(probs, eps), 1 - eps)
        return -mp.log(1 - clipped), -mp.log(clipped)


@oracle
def hinge(target: Number, pred: Number, margin: Number) -> Number:
    return max(mp.mpf(0), margin - (1 if target > 0 else -1) * pred)
