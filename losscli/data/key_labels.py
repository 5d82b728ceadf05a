"""The values of keys as all files tell them: a date is its ISO text, 1 in one file is 1.0 and "1" in another."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from losscli.data.group_keys import Parser, lacks, one_group
from losscli.data.table import Kind, kind_of

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"([T ](?P<time>\d\d:\d\d)(:(?P<seconds>\d\d)(\.(?P<part>\d{1,9}))?)?\s?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_TRUTHS = {"true", "false"}


def key_labels(cells: pa.Array, parse: Parser | None, *, decimals: bool = True) -> list[Any]:
    """For different values of a key column, what they are compared by; None where one is missing.

    Whole numbers in any type or as text are equal, dates and moments to the same in ISO text, a moment at midnight
    without a zone to its date. A text such as 01 stays a text: it may be a code.

    Args:
        cells: the values, not encoded.
        parse: tells of a text in a column of numbers whether it means missing; None in columns of text.
        decimals: whether a text such as 0.50 is the number; not where the column has 0.5 beside it.
    """
    if pa.types.is_timestamp(cells.type):
        # through text: a Python datetime has no nanoseconds
        zone = "Z" if cells.type.tz else ""
        plain = cells.view(pa.timestamp(cells.type.unit)).cast(pa.string())
        return [None if text is None else text_label(text + zone, decimals=False) for text in plain.to_pylist()]
    return [
        None if lacks(value, parse) else _label(value, decimals=decimals)
        for value in (cells.cast(pa.string()) if kind_of(cells.type) is Kind.TIME else cells).to_pylist()
    ]


def _label(value: Any, *, decimals: bool) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return text_label(value, decimals=decimals) if isinstance(value, str) else one_group(value)


def text_label(text: str, *, decimals: bool) -> Any:
    """What a text is compared by."""
    bare = text.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    if decimals and _DECIMAL.fullmatch(bare):
        return one_group(float(bare))
    if bare.lower() in _TRUTHS:
        return bare.lower()
    date = _DATE.fullmatch(bare)
    if date is None:
        return one_group(text)
    return _moment(date) or text


def _moment(found: re.Match[str]) -> str | None:
    """A date or moment in one spelling, in UTC where it has a zone; None where there is no such time."""
    if found["time"] is None:
        return found["date"]
    part = (found["part"] or "").rstrip("0")
    whole = f"{found['date']}T{found['time']}:{found['seconds'] or '00'}"
    zone = found["zone"]
    if zone and zone != "Z":
        try:
            whole = datetime.fromisoformat(whole + zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        except (ValueError, OverflowError):
            return None
    whole += f".{part}" if part else ""
    if zone:
        return f"{whole}Z"
    return found["date"] if whole.endswith("T00:00:00") else whole
