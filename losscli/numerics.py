"""Stable primitives that several losses share."""

import math
from functools import cache

from losscli.arrays import Array, np

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
