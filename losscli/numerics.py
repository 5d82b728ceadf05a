"""Stable primitives that several losses share."""

import math

from losscli.arrays import Array, np

_TABLE_SIZE = 1024


def log_factorial(count: Array) -> Array:
    """log Gamma(count + 1), elementwise, for count >= 0.

    Counts are mostly small whole numbers, so those come from a table; the others from the C library.
    """
    table = _log_factorial_table()
    whole = (count < _TABLE_SIZE) & (count == np.floor(count))
    values = table[np.where(whole, count, 0.0).astype(np.intp)]
    if not whole.all():
        rest = count[~whole]
        values[~whole] = [math.lgamma(value + 1.0) for value in rest.tolist()]
    return values


def _log_factorial_table() -> Array:
    global _table
    if _table is None:
        _table = np.array([math.lgamma(count + 1.0) for count in range(_TABLE_SIZE)])
    return _table


_table: Array | None = None
