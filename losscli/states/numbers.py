"""Numbers as a state has them: whole ones in hexadecimal, arrays as the bytes of their float64 or int64."""

import base64
import binascii
import math
import re
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.strict import UnfitError, listed, text, whole

_WHOLE = re.compile("0|(-?)([0-9a-f]{1,5000})p([0-9]{1,5})")
_MOST_BITS = 20_000
"""A sum of squares of float64 in units of 2**-2260 has under 5,000."""


def whole_text(value: int) -> str:
    """A whole number as a hexadecimal one, `p`, and the power of two to multiply it by: sums end in many zero bits."""
    if not value:
        return "0"
    zeros = (value & -value).bit_length() - 1
    return f"{value >> zeros:x}p{zeros}"


def whole_of(value: Any, place: str) -> int:
    """The number that `whole_text` wrote."""
    found = _WHOLE.fullmatch(text(value, place))
    if found is None:
        raise UnfitError(place, "must be a hexadecimal number with p and a power of two")
    sign, digits, zeros = found.groups()
    if digits is None:
        return 0
    if int(zeros) > _MOST_BITS:
        raise UnfitError(place, "is larger than any sum of float64")
    number = int(digits, 16) << int(zeros)
    return -number if sign else number


def array_list(values: Any) -> list[Any]:
    """An array as its type, its shape and its bytes."""
    kind = "<f8" if values.dtype.kind == "f" else "<i8"
    raw = np.ascontiguousarray(values, dtype=kind).tobytes()
    return [kind[1:], list(values.shape), base64.b64encode(raw).decode("ascii")]


def floats_of(value: Any, place: str, dimensions: tuple[int, ...], *, gaps: bool = False) -> Array:
    """An array of float64 that are finite; with gaps NaN is one of them.

    Args:
        dimensions: how many it may have.
    """
    values: Array = _array(value, place, "f8", dimensions)
    if np.isinf(values).any() or (not gaps and np.isnan(values).any()):
        raise UnfitError(place, "has values that are not finite")
    return values


def places_of(value: Any, place: str, below: int) -> Index:
    """An array of int64 from 0 to just below a bound."""
    values: Index = _array(value, place, "i8", (1,))
    if values.size and not (int(values.min()) >= 0 and int(values.max()) < below):
        raise UnfitError(place, f"has numbers that are not from 0 to {below - 1}")
    return values


def _array(value: Any, place: str, kind: str, dimensions: tuple[int, ...]) -> Any:
    named, shape, encoded = listed(value, place, 3)
    if named != kind:
        raise UnfitError(place, f"must be an array of {kind}")
    lengths = [whole(length, place) for length in listed(shape, place)]
    if len(lengths) not in dimensions:
        raise UnfitError(place, f"must not have {len(lengths)} dimensions")
    try:
        raw = base64.b64decode(text(encoded, place), validate=True)
    except (binascii.Error, ValueError):
        raise UnfitError(place, "is not encoded in base64") from None
    if len(raw) != 8 * math.prod(lengths):
        raise UnfitError(place, f"has {len(raw)} bytes where its shape asks for {8 * math.prod(lengths)}")
    return np.frombuffer(raw, dtype=f"<{kind}").astype(kind).reshape(lengths)
