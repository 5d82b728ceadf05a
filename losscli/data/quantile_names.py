"""The level of a quantile that a column's name says: q10, q0.1, p90, pred_p10, Quantile_0.1, sales-lo-80."""

import re
from collections.abc import Sequence

_DECIMAL = re.compile(r"(?:^|[\W_])(?:q|p|quantile|quant|pct)?[_ ]?(0?\.\d+)(?:$|[^\d.])", re.IGNORECASE)
_PERCENT = re.compile(r"(?:^|[\W_])(?:q|p|quantile|quant|percentile|pct)[_ ]?(\d{1,4})(?:$|[\W_])", re.IGNORECASE)
_SPREAD = re.compile(r"[\W_](lo|hi)[\W_](\d{1,2}(?:\.\d+)?)$", re.IGNORECASE)


def levels_of(names: Sequence[str]) -> dict[str, float]:
    """The columns whose names say a level, with it; a name that could mean two levels is left out.

    A single digit such as q5 is 0.05 only beside one of two digits, such as q50: q1 to q9 alone may be tenths.
    """
    found: dict[str, float] = {}
    single: dict[str, float] = {}
    two_digits = False
    for name in names:
        level, digits = _level(name)
        if level is None or not 0.0 < level < 1.0:
            continue
        two_digits = two_digits or digits == 2
        (single if digits == 1 else found)[name] = level
    return {name: level for name in names for level in [{**found, **(single if two_digits else {})}.get(name)] if level}


def _level(name: str) -> tuple[float | None, int]:
    """The level, and how many digits say it; 0 digits where it is a fraction."""
    spread = _SPREAD.search(name)
    if spread:
        outside = (100.0 - float(spread[2])) / 200.0
        return round(outside if spread[1].lower() == "lo" else 1.0 - outside, 12), 0
    decimal = _DECIMAL.search(name)
    if decimal:
        return float(decimal[1]), 0
    percent = _PERCENT.search(name)
    if percent is None:
        return None, 0
    digits = percent[1]
    if len(digits) > 2 and digits[0] != "0" and digits[-1] != "5":
        # q100 is the largest value, or no quantile at all
        return None, 0
    # q025 and q975 have a digit behind the point; q05 is 5 percent
    return float(f"0.{digits}") if len(digits) > 1 else float(f"0.0{digits}"), len(digits)
