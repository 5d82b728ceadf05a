"""Losses of a numeric target: e stands for pred - target."""

from losscli import numerics
from losscli.arrays import np
from losscli.catalogue import Rows, loss
from losscli.domain import (
    AboveMinusOne,
    FractionNumber,
    NonNegativeNumber,
    NonZero,
    PositiveNumber,
    Real,
)


@loss(
    aliases=("l2",),
    task="regression",
    convex="yes",
    differentiable="yes",
    robust="no",
    units="squared target units",
    reveals=("target", "pred"),
)
def mse(target: Real, pred: Real) -> Rows:
    """Squared error; its minimiser is the conditional mean.

    Formula: e^2
    Args:
        target: the observed value.
        pred: the predicted value.
    Pitfalls: One error of 100 weighs as much as ten thousand errors of 1. It is not in the units of the
        target; its root is.
    Libraries:
        PyTorch: MSELoss agrees.
        Keras: MeanSquaredError agrees.
        scikit-learn: mean_squared_error agrees; the squared_error of its gradient boosting has a factor of 1/2.
    Reference: C. F. Gauss, Theoria combinationis observationum, 1823.
    Example:
        errors of 0.5, -0.5, 0 and 1

        >>> mse([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]).tolist()
        [0.25, 0.25, 0.0, 1.0]
    """
    error = pred - target
    return error * error


@loss(
    aliases=("l1",),
    task="regression",
    convex="yes",
    differentiable="no: kink at 0",
    robust="yes",
    units="target units",
    reveals=("target", "pred"),
)
def mae(target: Real, pred: Real) -> Rows:
    """Absolute error; its minimiser is the conditional median.

    Formula: |e|
    Args:
        target: the observed value.
        pred: the predicted value.
    Pitfalls: On a skewed target the best prediction is the median, which is below the mean that totals need.
    Libraries:
        PyTorch: L1Loss agrees.
        Keras: MeanAbsoluteError agrees.
        scikit-learn: mean_absolute_error agrees.
    Reference: P. S. Laplace, Memoire sur la probabilite des causes par les evenements, 1774.
    Example:
        errors of 0.5, -0.5, 0 and 1

        >>> mae([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]).tolist()
        [0.5, 0.5, 0.0, 1.0]
    """
    return np.abs(pred - target)


@loss(
    task="regression",
    convex="yes",
    differentiable="yes",
    robust="yes, by delta",
    units="squared target units",
    reveals=("target", "pred"),
)
def huber(target: Real, pred: Real, *, delta: PositiveNumber = 1.0) -> Rows:
    """Squared error near 0 and absolute error, times delta, beyond delta.

    Formula: e^2 / 2 where |e| <= delta, otherwise delta (|e| - delta / 2)
    Args:
        target: the observed value.
        pred: the predicted value.
        delta: the error at which the quadratic part ends, in target units.
    Pitfalls: delta has the units of the target: the default of 1 means nothing until the target is scaled.
        It is not smooth_l1: huber equals beta times smooth_l1 with beta = delta.
    Libraries:
        PyTorch: HuberLoss agrees.
        Keras: Huber agrees.
        SciPy: special.huber(delta, pred - target) agrees.
        statsmodels: robust.norms.HuberT agrees with t = delta, 1.345 by default; its RLM divides by a scale first.
    Reference: P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35, 1964.
    Example:
        at delta 1 the errors 0.5 and 2 give 0.5^2 / 2 and 2 - 1/2

        >>> huber([0.0, 0.0], [0.5, 2.0]).tolist()
        [0.125, 1.5]
    """
    size = np.abs(pred - target)
    near = np.minimum(size, delta)
    # both branches at once: near is |e| or delta, and near (|e| - near / 2) is the formula in either case
    return near * (size - 0.5 * near)


@loss(
    task="regression, detection",
    convex="yes",
    differentiable="yes",
    robust="yes",
    units="target units",
    reveals=("target", "pred"),
)
def smooth_l1(target: Real, pred: Real, *, beta: NonNegativeNumber = 1.0) -> Rows:
    """Absolute error whose tip is rounded within beta; on four box columns the mean over the four.

    Formula: e^2 / (2 beta) where |e| < beta, otherwise |e| - beta / 2; beta = 0 is mae
    Args:
        target: the observed value.
        pred: the predicted value.
        beta: the error at which the quadratic part ends, in target units.
    Pitfalls: It is huber divided by beta, so changing beta does not change the slope of the tails.
    Libraries:
        PyTorch: SmoothL1Loss agrees; detectors add the four box coordinates up where this takes their mean.
        Keras: none; Huber(delta=beta) divided by beta agrees.
    Reference: R. Girshick, Fast R-CNN, ICCV 2015.
    Example:
        at beta 2 the errors 1 and 3 give 1 / 4 and 3 - 1

        >>> smooth_l1([0.0, 0.0], [1.0, 3.0], beta=2.0).tolist()
        [0.25, 2.0]
    """
    size = np.abs(pred - target)
    near = np.minimum(size, beta)
    # near / beta is at most 1, so nothing overflows or vanishes for a tiny beta; beta = 0 leaves |e|
    share = np.divide(near, beta, out=np.ones_like(near), where=np.greater(beta, 0.0))
    return share * (size - 0.5 * near)


@loss(
    task="regression",
    convex="yes",
    differentiable="yes",
    robust="moderately",
    units="none; depends on scale",
    reveals=("target", "pred"),
)
def log_cosh(target: Real, pred: Real) -> Rows:
    """Half the squared error near 0 and the absolute error less log 2 far from it.

    Formula: log cosh e
    Args:
        target: the observed value.
        pred: the predicted value.
    Pitfalls: Where the quadratic part ends is fixed at about 1, whatever the scale of the target; scale
        the target first, or use huber with its delta.
    Libraries:
        PyTorch: none.
        Keras: LogCosh agrees but loses digits near 0, where it subtracts log 2 from a number close to it.
    Reference: P. J. Green, Bayesian reconstructions from emission tomography data, IEEE Trans. Med. Imaging 9, 1990.
    Example:
        cosh(log 2) is (2 + 1/2) / 2, so the loss there is log 1.25

        >>> round(float(log_cosh([0.0], [0.6931471805599453])[0]), 12)
        0.223143551314
    """
    return numerics.log_cosh(pred - target)


@loss(
    aliases=("quantile",),
    task="quantile regression, forecasting",
    convex="yes",
    differentiable="no: kink at 0",
    robust="yes",
    units="target units",
    reveals=("target", "pred"),
)
def pinball(target: Real, pred: Real, *, tau: FractionNumber) -> Rows:
    """Asymmetric absolute error; its minimiser is the tau-quantile.

    Formula: tau (target - pred) where target >= pred, otherwise (1 - tau) (pred - target)
    Args:
        target: the observed value.
        pred: the predicted quantile.
        tau: the level of the quantile; 0.8 makes a prediction that is too low cost four times as much.
    Pitfalls: A level of 0.8 asks for the value that 80% of targets fall below: mixing up tau and 1 - tau gives a
        number that looks right. At 0.5 it is half of mae.
    Libraries:
        PyTorch: none.
        scikit-learn: mean_pinball_loss(alpha=tau) agrees.
        GluonTS: its quantile loss has a factor of 2.
    Reference: R. Koenker and G. Bassett, Regression quantiles, Econometrica 46, 1978.
    Example:
        at tau 0.8 one too low costs 0.8, one too high 0.2

        >>> pinball([1.0, 0.0], [0.0, 1.0], tau=0.8).round(12).tolist()
        [0.8, 0.2]
    """
    # written with both differences: with (tau - 1) (target - pred) a perfect prediction would cost -0.0
    return np.maximum(tau * (target - pred), (1.0 - tau) * (pred - target))


@loss(
    task="relative error",
    convex="yes",
    differentiable="no: kink at 0",
    robust="no near target 0",
    units="fraction",
    reveals=("target", "pred"),
    guards={"target": "eps"},
    clipped=lambda target, eps, **_: np.abs(target) < (0.0 if eps is None else eps),
    units_by={"percent": "percent"},
)
def mape(target: NonZero, pred: Real, *, eps: PositiveNumber | None = None, percent: bool = False) -> Rows:
    """Absolute error divided by the size of the target, as a fraction.

    Formula: |e| / |target|
    Args:
        target: the observed value, other than 0 unless eps is given.
        pred: the predicted value.
        eps: the least denominator: |target| is replaced by max(|target|, eps).
        percent: whether to multiply by 100.
    Pitfalls: It is a fraction: 0.06 means 6%. It favours predictions that are too low, whose error is at most 1,
        and explodes near a target of 0.
    Libraries:
        PyTorch: none.
        Keras: MeanAbsolutePercentageError is --percent --eps 1e-7.
        scikit-learn: mean_absolute_percentage_error is the fraction with --eps 2.22e-16: one zero target swamps it.
    Reference: R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy,
        Int. J. Forecasting 22, 2006.
    Example:
        10 off at 100 and 10 off at 200

        >>> mape([100.0, 200.0], [90.0, 210.0]).tolist()
        [0.1, 0.05]
    """
    size = np.abs(target)
    relative = np.abs(pred - target) / (size if eps is None else np.maximum(size, eps))
    return 100.0 * relative if percent else relative


@loss(
    task="non-negative targets",
    convex="no (yes in log1p of pred)",
    differentiable="yes",
    robust="partly",
    units="squared log",
    reveals=("target", "pred"),
)
def msle(target: AboveMinusOne, pred: AboveMinusOne) -> Rows:
    """Squared error of log(1 + value): relative errors weigh alike at every size.

    Formula: (log(1 + pred) - log(1 + target))^2
    Args:
        target: the observed value, greater than -1.
        pred: the predicted value, greater than -1.
    Pitfalls: A prediction that is too low costs more than one that is as much too high.
    Libraries:
        PyTorch: none.
        Keras: MeanSquaredLogarithmicError raises values below 1e-7 to it, negative ones and 0 too, without a word.
        scikit-learn: mean_squared_log_error agrees; it refuses values of -1 or less as well.
    Reference: scikit-learn user guide, section Mean squared logarithmic error.
    Example:
        log(1 + 1) - log(1 + 0) is log 2

        >>> round(float(msle([0.0], [1.0])[0]), 12)
        0.480453013918
    """
    # the logarithm of the larger over the smaller, as log1p of their relative distance: subtracting two logarithms
    # loses digits for neighbours and for large values
    ratio = np.abs(pred - target) / (1.0 + np.minimum(pred, target))
    apart = np.log1p(np.maximum(pred, target)) - np.log1p(np.minimum(pred, target))
    difference = np.where(np.isfinite(ratio), np.log1p(ratio), apart)
    return difference * difference
