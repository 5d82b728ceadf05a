"""A number that tells one truth from another: the sum over rows, in any order, of their values' bits well mixed.

Sums of whole numbers that wrap around are exact and associative, so it is the same for any cut of the rows. Rows in
another order are the same truth to a mean, and have the same number.
"""

import math
from collections.abc import Sequence
from typing import Any

from losscli.arrays import Array, np

WRAP = 1 << 64
_FACTORS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)


def fingerprint(columns: Sequence[Array]) -> int:
    """The fingerprint of rows that consist of the values of all these columns, each with one value or more a row."""
    mixed: Any = None
    for values in columns:
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        for place in range(flat.shape[1]):
            bits = np.ascontiguousarray(flat[:, place], dtype=np.float64).view(np.uint64)
            mixed = _mixed(bits.copy() if mixed is None else mixed + bits)
    return 0 if mixed is None else int(np.add.reduce(mixed, dtype=np.uint64))


def _mixed(bits: Any) -> Any:
    """Each number, in place, as the last step of MurmurHash3 makes it: one to one, every bit dependent on all."""
    shift = np.uint64(33)
    moved = np.empty_like(bits)
    for factor in _FACTORS:
        np.bitwise_xor(bits, np.right_shift(bits, shift, out=moved), out=bits)
        np.multiply(bits, np.uint64(factor), out=bits)
    return np.bitwise_xor(bits, np.right_shift(bits, shift, out=moved), out=bits)
