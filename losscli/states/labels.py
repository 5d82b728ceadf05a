"""The labels of groups, slices and clusters: each once, with its type, and elsewhere by its number."""

import base64
import binascii
import datetime
import decimal
import json
import math
from collections.abc import Sequence
from typing import Any

from losscli.arrays import np
from losscli.data.group_keys import Keys
from losscli.errors import DataError
from losscli.pairing import InCluster
from losscli.states.numbers import array_list, places_of
from losscli.strict import UnfitError, listed, text, whole

_DEEPEST = 8


class LabelTable:
    """The labels that a state has, numbered in the order in which they are met."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._known: dict[str, int] = {}

    def numbers(self, labels: Sequence[Any]) -> Any:
        """The numbers of some labels, as an array.

        Raises:
            DataError: a label of a type that cannot be written.
        """
        found = []
        for label in labels:
            entry = label_list(label)
            # 1, 1.0 and true are one key of a dictionary, and three texts
            found.append(self._known.setdefault(json.dumps(entry), len(self._known)))
            if len(self._known) > len(self.entries):
                self.entries.append(entry)
        return np.array(found, dtype=np.int64)

    def written(self, keys: Keys | None) -> list[Any] | None:
        """The number of the label of each row."""
        if keys is None:
            return None
        settled = keys.settled()
        numbers = self.numbers(settled.labels)
        return array_list(numbers[settled.codes] if len(settled.codes) else np.zeros(0, dtype=np.int64))


def labels_at(value: Any, place: str, labels: Sequence[Any]) -> list[Any]:
    """The labels of the numbers in an array."""
    return [labels[number] for number in places_of(value, place, len(labels)).tolist()]


def keys_at(value: Any, place: str, labels: Sequence[Any]) -> Keys | None:
    """What `LabelTable.written` wrote."""
    if value is None:
        return None
    used, codes = np.unique(places_of(value, place, len(labels)), return_inverse=True)
    return Keys(codes.reshape(-1).astype(np.int64), [labels[number] for number in used.tolist()])


def label_list(label: Any) -> Any:
    """A label as JSON: what JSON has as it is, anything else as a list of its type and its value.

    Raises:
        DataError: it has a type that cannot be written.
    """
    kind = type(label)
    if label is None or kind in (bool, int, str) or (kind is float and math.isfinite(label)):
        return label
    if kind is float:
        return ["float", repr(label)]
    if isinstance(label, tuple):
        return ["cluster" if kind is InCluster else "tuple", [label_list(part) for part in label]]
    if kind is bytes:
        return ["bytes", base64.b64encode(label).decode("ascii")]
    if kind is decimal.Decimal:
        return ["decimal", str(label)]
    if kind is datetime.timedelta:
        return ["timedelta", label.days, label.seconds, label.microseconds]
    # a moment of pandas, which Arrow makes of nanoseconds, is equal to the plain one where it has none
    if isinstance(label, datetime.datetime) and not getattr(label, "nanosecond", 0):
        return ["datetime", label.isoformat()]
    if kind in (datetime.date, datetime.time):
        return [kind.__name__, label.isoformat()]
    raise DataError(
        f"a group, slice or cluster is {str(label)[:80]!r}, a {kind.__name__}, which a state cannot hold",
        "name a column of texts, numbers, or moments in whole microseconds",
    )


def label_of(value: Any, place: str, depth: int = 0) -> Any:
    """The label that `label_list` wrote."""
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    kind, *parts = listed(value, place) or [None]
    if kind == "timedelta" and len(parts) == 3:
        days, seconds, micro = (whole(part, place, -(10**9), 10**9) for part in parts)
        return _made(place, lambda: datetime.timedelta(days, seconds, micro))
    if len(parts) != 1 or depth > _DEEPEST:
        raise UnfitError(place, "is no label")
    if kind == "tuple":
        return tuple(label_of(part, place, depth + 1) for part in listed(parts[0], place))
    if kind == "cluster":
        group, cluster = (label_of(part, place, depth + 1) for part in listed(parts[0], place, 2))
        return InCluster(group, cluster)
    return _of_text(kind, text(parts[0], place), place)


def _of_text(kind: Any, given: str, place: str) -> Any:
    readers: dict[Any, Any] = {
        "float": float,
        "bytes": lambda encoded: base64.b64decode(encoded, validate=True),
        "decimal": decimal.Decimal,
        "date": datetime.date.fromisoformat,
        "time": datetime.time.fromisoformat,
        "datetime": datetime.datetime.fromisoformat,
    }
    if kind not in readers:
        raise UnfitError(place, "is no label")
    return _made(place, lambda: readers[kind](given))


def _made(place: str, make: Any) -> Any:
    try:
        return make()
    except (ValueError, OverflowError, ArithmeticError, binascii.Error):
        raise UnfitError(place, "is no label of its type") from None
