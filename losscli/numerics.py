"""Stable primitives that several losses share."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from losscli.arrays import Array, Mask, np

_TABLE_SIZE = 1024
_EULER_GAMMA = 0.5772156649015329
_TERMS = 56


def log_factorial(count: Array) -> Array:
    """log Gamma(count + 1), elementwise, for count >= 0.

    Counts are mostly small whole numbers, so those come from a table. Near 0 and 1, where the logarithm is 0, a
    series keeps the digits that adding 1 to the count would lose; the rest comes from the C library.
    """
    flat = np.atleast_1d(count)
    whole = (flat < _TABLE_SIZE) & (flat == np.floor(flat))
    values = _log_factorials()[np.where(whole, flat, 0.0).astype(np.intp)]
    if not whole.all():
        values[~whole] = [_log_factorial_of_one(value) for value in flat[~whole].tolist()]
    return values.reshape(np.shape(count))


# log cosh x = x^2 P(x^2) / Q(x^2) for |x| <= 1 to 1.4 units of 2^-53: the quotient that begins with 1/2 and is exact at
# the nine Chebyshev points of x^2 in [0, 1], solved with 60 digits. From the highest power down; all are positive, so
# nothing cancels.
_LOG_COSH_P = (0.0001947318638900922, 0.008504299973509169, 0.09617420373259773, 0.386033602237588, 0.5)
_LOG_COSH_Q = (
    *(1.1611201886377119e-05, 0.0017382225830990616, 0.039505759420567416),
    *(0.3043596082111652, 0.9387338711418419, 1.0),
)


def log_cosh(x: Array) -> Array:
    """log cosh x, elementwise.

    An element takes its formula by its own size, whatever its neighbours are: a quotient of polynomials near 0, where
    it keeps the digits that |x| + log((1 + exp(-2|x|)) / 2) has lost, and that one beyond. Each costs half of
    expm1 and log1p; what most elements need is computed for all, which is cheaper than picking them out.
    """
    size = np.ravel(np.abs(x))
    far = size > 1.0
    most, others, rest = _log_cosh_near, _log_cosh_far, far
    if 2 * np.count_nonzero(far) > size.size:
        most, others, rest = _log_cosh_far, _log_cosh_near, ~far
    values = most(size)
    # by their places, which is twice as fast as by a mask
    places = np.flatnonzero(rest)
    values[places] = others(size[places])
    return values.reshape(np.shape(x))


# (exp x - 1 - x) / x^2 by its Taylor series: for |x| <= 1 the first term left out is below 1e-18 of the sum. From the
# highest power down.
_EXP_REST = tuple(1.0 / math.factorial(power) for power in range(20, 1, -1))


def exp_rest(x: Array) -> Array:
    """exp x - 1 - x, elementwise: 0 or more, and with its digits also near 0, where the difference loses them.

    An element takes its formula by its own size, whatever its neighbours are.
    """
    flat = np.ravel(x)
    values = np.expm1(flat)
    values -= flat
    places = np.flatnonzero(np.abs(flat) <= 1.0)
    near = flat[places]
    values[places] = near * near * _polynomial(near, _EXP_REST)
    return values.reshape(np.shape(x))


def _log_cosh_near(size: Array) -> Array:
    square = size * size
    values = _polynomial(square, _LOG_COSH_P)
    values *= square
    values /= _polynomial(square, _LOG_COSH_Q)
    return values


def _log_cosh_far(size: Array) -> Array:
    values = -2.0 * size
    np.exp(values, out=values)
    values += 1.0
    values *= 0.5
    np.log(values, out=values)
    values += size
    return values


def _polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    """By Horner's rule in one array, which stays in the caches."""
    values = x * coefficients[0]
    values += coefficients[1]
    for coefficient in coefficients[2:]:
        values *= x
        values += coefficient
    return values


def _log_factorial_of_one(count: float) -> float:
    if count < 0.5:
        return _log_gamma_near_1(count)
    if count < 1.5:
        return math.log1p(count - 1.0) + _log_gamma_near_1(count - 1.0)
    try:
        return math.lgamma(count + 1.0)
    except OverflowError:
        return math.inf


def _log_gamma_near_1(x: float) -> float:
    """log Gamma(1 + x) for |x| <= 1/2; DLMF 5.7.3."""
    total = 0.0
    for k, zeta in reversed(list(enumerate(_zetas(), start=2))):
        total = zeta / k - x * total
    return x * (x * total - _EULER_GAMMA)


@cache
def _zetas() -> tuple[float, ...]:
    """Riemann's zeta of 2, 3, ... by the Euler-Maclaurin formula (DLMF 25.2.9) from the 64th term on."""
    n = 64.0
    values = []
    for s in range(2, _TERMS):
        tail = n ** (1 - s) / (s - 1) - n**-s / 2 + s * n ** (-s - 1) / 12
        tail -= s * (s + 1) * (s + 2) * n ** (-s - 3) / 720
        tail += s * (s + 1) * (s + 2) * (s + 3) * (s + 4) * n ** (-s - 5) / 30240
        values.append(math.fsum([*(float(k) ** -s for k in range(1, 65)), tail]))
    return tuple(values)


@cache
def _log_factorials() -> Array:
    return np.array([math.lgamma(count + 1.0) for count in range(_TABLE_SIZE)])


_MANY = 16
"""Values of a row from which on adding them row by row is faster than column by column."""


def total(values: Array) -> Array:
    """The sum over the last axis: the same bits for any number of rows and any layout in memory.

    Many values are added by NumPy, pairwise, once a row of them lies together; few by halves, column to column.
    """
    if values.shape[-1] >= _MANY:
        return np.asarray(np.add.reduce(np.ascontiguousarray(values), axis=-1))
    if values.shape[-1] == 0:
        return np.zeros(values.shape[:-1])
    while values.shape[-1] > 1:
        half = values.shape[-1] // 2
        summed = values[..., :half] + values[..., half : 2 * half]
        if values.shape[-1] % 2:
            summed[..., 0] += values[..., -1]
        values = summed
    return values[..., 0].copy()


def by_columns(values: Any) -> Array:
    """Numbers of any kind as float64, laid out column after column where rows have few.

    What is done column by column is faster so.
    """
    few = values.ndim == 2 and values.shape[1] < _MANY
    return np.asarray(values, dtype=np.float64, order="F" if few else "K")


def by_row(number: Array | float) -> Array:
    """A number, or one for each row, in a shape that meets several values a row."""
    return np.asarray(number)[..., None]


def softplus_parts(logit: Array) -> tuple[Array, Array]:
    """log(1 + exp(z)) and log(1 + exp(-z)), each to its last digits: the logarithms of both probabilities, negated."""
    tail = np.log1p(np.exp(-np.abs(logit)))
    return np.maximum(logit, 0.0) + tail, np.maximum(-logit, 0.0) + tail


def clipped_parts(prob: Array, eps: Array | float) -> tuple[Array, Array, Mask]:
    """Of probabilities clipped to [eps, 1 - eps], -log of the larger and of the lesser of p and 1 - p; where p is it.

    Each has its last digits: the subtraction is exact where p is the larger, and an eps that is lost when it is taken
    from 1 is not lost here.
    """
    least = np.maximum(np.minimum(prob, 1.0 - prob), eps)
    unlikely = np.log(least)
    likely = np.log1p(-least)
    # 0.0 - x, as a certainty would cost -0.0 otherwise
    return np.subtract(0.0, likely), np.subtract(0.0, unlikely), prob < 0.5


def log_of_rest(log_prob: Array) -> Array:
    """log(1 - p) from log p: the form of the two that keeps the digits."""
    small = np.log1p(-np.exp(np.minimum(log_prob, -0.6931471805599453)))
    return np.where(log_prob > -0.6931471805599453, np.log(-np.expm1(np.maximum(log_prob, -1.0))), small)


def sigmoid(logit: Array) -> Array:
    """1 / (1 + exp(-z)), small values with their digits."""
    small = np.exp(-np.abs(logit))
    return np.where(logit >= 0.0, 1.0, small) / (1.0 + small)


def negative_log_softmax(logits: Array, label: Array) -> Array:
    """-log softmax of the class of each row, without cancellation where its probability is close to 1.

    With m the largest logit it is (m - z) + log(1 + the other classes' exp(z - m)): two terms that are not negative.
    """
    largest, rest = _largest_and_rest(logits)
    value: Array = (largest - of_class(logits, label)) + np.log1p(rest)
    return value


def negative_log_softmaxes(logits: Array) -> Array:
    """-log softmax of every class, in the form of `negative_log_softmax`."""
    largest, rest = _largest_and_rest(logits)
    value: Array = largest[:, None] - logits
    value += np.log1p(rest)[:, None]
    return value


def of_class(values: Array, label: Array) -> Array:
    """Of the values of each row that of its class, picked by its place in memory: faster than by two indices."""
    rows, width = values.shape
    by_class = values.T.flags.c_contiguous
    places = label.astype(np.intp)
    if by_class:
        places *= rows
        places += np.arange(rows)
    else:
        places += np.arange(0, rows * width, width)
    return np.take(np.ravel(values.T if by_class else values), places)


def _largest_and_rest(logits: Array) -> tuple[Array, Array]:
    """The largest logit of a row, and the sum of exp(z - largest) over the others."""
    if logits.shape[-1] >= _MANY:
        return _largest_and_rest_of_many(logits)
    # of the largest so far and the next class the lesser is one of the others, so no class is looked for among them
    largest = logits[:, 0].copy()
    others = np.empty((logits.shape[-1] - 1, len(logits)))
    for place, other in enumerate(others, start=1):
        np.minimum(largest, logits[:, place], out=other)
        np.maximum(largest, logits[:, place], out=largest)
    rest = np.zeros_like(largest)
    for other in others:
        other -= largest
        np.exp(other, out=other)
        rest += other
    return largest, rest


def _largest_and_rest_of_many(logits: Array) -> tuple[Array, Array]:
    """The same row by row, which is faster where rows are long."""
    best = np.argmax(logits, axis=-1)
    largest = of_class(logits, best)
    shares = logits - largest[:, None]
    np.exp(shares, out=shares)
    np.put_along_axis(shares, best[:, None], 0.0, axis=-1)
    return largest, total(shares)


def norm(vectors: Array, p: float = 2.0) -> Array:
    """The p-norm over the last axis; scaled by the largest element where powers would overflow or vanish."""
    if p == 1.0 or vectors.shape[-1] == 0:
        return total(np.abs(vectors))
    if p == 2.0:
        squares = total(vectors * vectors)
        if not squares.size or (squares.min() > 1e-280 and squares.max() < 1e300):
            return np.sqrt(squares)
    largest = np.max(np.abs(vectors), axis=-1)
    scale = np.where(largest > 0.0, largest, 1.0)
    shares = np.abs(vectors) / scale[..., None]
    if p == 2.0:
        usual = (squares > 1e-280) & (squares < 1e300)
        return np.sqrt(np.where(usual, squares, total(shares * shares))) * np.where(usual, 1.0, largest)
    powers: Array = total(shares**p) ** (1.0 / p) * largest
    return powers


def unit_rows(vectors: Array) -> Array:
    """Vectors scaled to length 1; scaled by their largest element first, so that no square overflows or vanishes."""
    scaled = vectors / np.max(np.abs(vectors), axis=-1, keepdims=True)
    unit: Array = scaled / norm(scaled)[..., None]
    return unit
