"""Negative log-likelihoods of predicted distributions."""

from typing import Literal

from losscli.arrays import Array, Mask, np
from losscli.catalogue import Rows, loss
from losscli.curves import Curve
from losscli.domain import NonNegative, NonNegativeNumber, Positive, Real
from losscli.numerics import log_factorial


@loss(
    task="counts",
    convex="yes for rate > 0",
    differentiable="yes",
    robust="no",
    units="nats",
    one_of=("rate", "log_rate"),
    pred_means="rate",
    reveals=("target", "rate", "log_rate"),
    guards={"rate": "eps"},
    acts_with={"eps": "rate"},
    curve=Curve("rate at a target of 2", 0.2, 8.0, {"": lambda loss, x: loss(np.full_like(x, 2.0), rate=x)}),
)
def poisson_nll(
    target: NonNegative,
    rate: Positive | None = None,
    log_rate: Real | None = None,
    *,
    full: Literal["none", "exact", "stirling"] = "none",
    eps: NonNegativeNumber = 0.0,
) -> Rows:
    """Negative log-likelihood of a Poisson count, without the term that the prediction does not change.

    Formula: rate - target log(rate)
    Args:
        target: the observed count, 0 or more.
        rate: the predicted mean, greater than 0 (0 is allowed with eps).
        log_rate: the logarithm of the predicted mean, instead of rate.
        full: adds log(target!): exact, or by Stirling's formula for targets above 1, as PyTorch does.
        eps: is added to rate inside the logarithm.
    Pitfalls: A logarithm given as the rate, or the reverse, gives a number that looks like a loss. Values are
        often negative: only differences have a meaning unless full is exact.
    Libraries:
        PyTorch: PoissonNLLLoss is --log-rate by default; with log_input=False it is --rate and --eps 1e-8.
        Keras: Poisson is --rate and --eps 1e-7.
        scikit-learn: mean_poisson_deviance is twice the difference to the perfect prediction.
        SciPy: stats.poisson.logpmf is minus the loss with --full exact.
    Reference: P. McCullagh and J. A. Nelder, Generalized Linear Models, 1989.
    Example:
        a rate of 1 has no logarithm to add

        >>> poisson_nll([3.0], [1.0]).tolist()
        [1.0]
    """
    if log_rate is not None:
        value = np.exp(log_rate) - target * log_rate
    else:
        assert rate is not None  # noqa: S101 - the catalogue has checked the roles; this tells the type checker
        value = rate - target * np.log(rate + eps)
    if full == "exact":
        return value + log_factorial(target)
    if full == "stirling":
        above = np.maximum(target, 1.0)
        term = above * np.log(above) - above + 0.5 * np.log(2.0 * np.pi * above)
        return value + np.where(target > 1.0, term, 0.0)
    return value


def _below_least_variance(
    eps: Array, var: Array | None = None, std: Array | None = None, log_var: Array | None = None, **_: Array
) -> Mask:
    """Where gaussian_nll takes eps for the variance."""
    if log_var is not None:
        return log_var < np.log(eps)
    return np.asarray(var) < eps if std is None else std * std < eps


@loss(
    task="heteroscedastic regression",
    convex="in the mean: yes",
    differentiable="yes",
    robust="no",
    units="nats",
    one_of=("var", "std", "log_var"),
    guards={"var": "eps", "std": "eps"},
    reveals=("target", "pred", "var", "std"),
    clipped=_below_least_variance,
    curve=Curve(
        "pred - target",
        -4.0,
        4.0,
        {
            "variance 1": lambda loss, x: loss(np.zeros_like(x), x, var=np.ones_like(x)),
            "variance 4": lambda loss, x: loss(np.zeros_like(x), x, var=np.full_like(x, 4.0)),
        },
    ),
)
def gaussian_nll(
    target: Real,
    pred: Real,
    var: Positive | None = None,
    std: Positive | None = None,
    log_var: Real | None = None,
    *,
    full: bool = False,
    eps: NonNegativeNumber = 0.0,
) -> Rows:
    """Negative log-likelihood of a normal distribution with a predicted mean and spread.

    Formula: (log v + e^2 / v) / 2, where v is the predicted variance
    Args:
        target: the observed value.
        pred: the predicted mean.
        var: the predicted variance, greater than 0 (0 is allowed with eps).
        std: the predicted standard deviation, instead of var.
        log_var: the logarithm of the predicted variance, instead of var.
        full: adds the constant log(2 pi) / 2.
        eps: the least variance: v is replaced by max(v, eps).
    Pitfalls: A standard deviation given as the variance is not noticed by any formula: check which one the
        model returns.
    Libraries:
        PyTorch: GaussianNLLLoss is --var but replaces variances below its eps, 1e-6, without a count.
        SciPy: stats.norm.logpdf is minus the loss with --std and --full.
    Reference: D. A. Nix and A. S. Weigend, Estimating the mean and variance of the target probability
        distribution, ICNN 1994.
    Example:
        an error of 2 at a variance of 1

        >>> gaussian_nll([0.0], [2.0], [1.0]).tolist()
        [2.0]
    """
    error = pred - target
    # e / sqrt(v) is squared, not e: the square of a large or small error overflows or vanishes before it is divided
    if log_var is not None:
        logarithm = np.maximum(log_var, np.log(eps))
        precision = np.minimum(np.exp(-0.5 * log_var), 1.0 / np.sqrt(eps))
        scaled = np.where(error == 0.0, 0.0, error * precision)
    elif std is not None:
        spread = np.maximum(std, np.sqrt(eps))
        logarithm, scaled = 2.0 * np.log(spread), error / spread
    else:
        assert var is not None  # noqa: S101 - the catalogue has checked the roles; this tells the type checker
        spread = np.maximum(var, eps)
        logarithm, scaled = np.log(spread), error / np.sqrt(spread)
    value: Rows = 0.5 * (logarithm + scaled * scaled)
    return value + 0.5 * np.log(2.0 * np.pi) if full else value
