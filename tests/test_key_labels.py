"""Keys of different types meet as a user would expect. Expected partners are by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from losscli.data.key_index import KeyIndex
from losscli.data.numbers import parse_cell

DAY, NEXT = dt.date(2024, 1, 6), dt.date(2024, 1, 7)
NOON = dt.datetime(2024, 1, 6, 12, 30)
MIDNIGHT = dt.datetime(2024, 1, 6)
UTC_NOON = dt.datetime(2024, 1, 6, 12, 30, tzinfo=dt.UTC)


def found(truth: pa.Array, predictions: pa.Array) -> list[int]:
    """For each key of the predictions the row of the truth, -1 for none."""
    index = KeyIndex([(truth, None)])
    ids, _ = index.find([(predictions, None)])
    return [int(index.first[i]) if i >= 0 else -1 for i in ids]


SAME: dict[str, tuple[Any, Any]] = {
    "whole number, text": (pa.array([7, 8]), pa.array(["8", "7"])),
    "whole number, number": (pa.array([7, 8]), pa.array([8.0, 7.0])),
    "widths": (pa.array([7, 8], pa.int8()), pa.array([8, 7], pa.uint64())),
    "text, number": (pa.array(["7", "8"]), pa.array([8.0, 7.0])),
    "text with zeros behind": (pa.array(["0.50", "0.10"]), pa.array(["0.1", "0.5"])),
    "text with zeros behind, number": (pa.array(["0.50", "0.10"]), pa.array([0.1, 0.5])),
    "decimal": (pa.array([Decimal("0.50"), Decimal("0.10")]), pa.array([0.1, 0.5])),
    "beyond 2^53": (pa.array([2**60, 2**60 + 1]), pa.array([str(2**60 + 1), str(2**60)])),
    "beyond 2^63": (pa.array([2**64 - 2, 2**64 - 1], pa.uint64()), pa.array([str(2**64 - 1), str(2**64 - 2)])),
    "date, text": (pa.array([DAY, NEXT]), pa.array(["2024-01-07", "2024-01-06"])),
    "date, date of milliseconds": (pa.array([DAY, NEXT]), pa.array([NEXT, DAY], pa.date64())),
    "date, moment": (pa.array([DAY, NEXT]), pa.array([dt.datetime(2024, 1, 7), MIDNIGHT], pa.timestamp("ns"))),
    "moment, text with blank": (
        pa.array([MIDNIGHT, NOON], pa.timestamp("us")),
        pa.array(["2024-01-06 12:30", "2024-01-06 00:00:00"]),
    ),
    "moment, text with T": (pa.array([MIDNIGHT, NOON]), pa.array(["2024-01-06T12:30:00.000", "2024-01-06"])),
    "moment with zone, text": (
        pa.array([dt.datetime(2024, 1, 7, tzinfo=dt.UTC), UTC_NOON], pa.timestamp("us", "UTC")),
        pa.array(["2024-01-06T14:30:00+02:00", "2024-01-07T00:00:00Z"]),
    ),
    "dictionary": (pa.array(["US", "01"]).dictionary_encode(), pa.array(["01", "US"])),
    "dictionary of predictions": (pa.array([7, 8]), pa.array(["8", "7"]).dictionary_encode()),
    "long texts": (pa.array(["US", "01"], pa.large_string()), pa.array(["01", "US"])),
    "true and false": (pa.array([False, True]), pa.array(["True", "false"])),
    "sliced": (pa.array([0, 7, 8])[1:], pa.array(["x", "8", "7"])[1:]),
}


@pytest.mark.parametrize("case", SAME, ids=list(SAME))
def test_the_same_value_in_another_type_is_found(case: str) -> None:
    truth, predictions = SAME[case]
    assert found(truth, predictions) == [1, 0]
    assert found(predictions, truth) == [1, 0]


APART: dict[str, tuple[Any, Any]] = {
    "a code with a zero before": (pa.array(["01"]), pa.array([1])),
    "a code, text": (pa.array(["01"]), pa.array(["1"])),
    "neighbours beyond 2^53": (pa.array([2**60]), pa.array([str(2**60 + 1)])),
    "a time and its date": (pa.array([NOON]), pa.array([DAY])),
    "a nanosecond": (pa.array([1], pa.timestamp("ns")), pa.array(["1970-01-01"])),
    "true and 1": (pa.array([True]), pa.array([1])),
    "case": (pa.array(["us"]), pa.array(["US"])),
    "a date that does not exist": (pa.array([DAY]), pa.array(["2024-01-36"])),
}


@pytest.mark.parametrize("case", APART, ids=list(APART))
def test_other_values_are_not(case: str) -> None:
    truth, predictions = APART[case]
    assert found(truth, predictions) == [-1]
    assert found(predictions, truth) == [-1]


def test_versions_are_no_numbers() -> None:
    assert found(pa.array(["1.1", "1.10"]), pa.array(["1.10", "1.1", "1.100"])) == [1, 0, -1]


def test_missing_values_are_told_from_unknown_ones() -> None:
    index = KeyIndex([(pa.array(["a", None, "b", ""]), None), (pa.array([1, 1, 2, 3]), None)])
    assert index.missing.tolist() == [False, True, False, True]
    ids, lacks = index.find([(pa.array(["b", "b", None, "c", ""]), None), (pa.array([2, 1, 2, 2, 2]), None)])
    assert ids.tolist() == [1, -1, -1, -1, -1]
    assert lacks.tolist() == [False, False, True, False, True]
    numbers = KeyIndex([(pa.array([1.0, float("nan")]), None)])
    assert numbers.missing.tolist() == [False, True]
    # NA is missing in a column of numbers, and may be Namibia in one of texts
    assert KeyIndex([(pa.array(["1", "NA"]), parse_cell)]).missing.tolist() == [False, True]
    assert KeyIndex([(pa.array(["DE", "NA"]), None)]).missing.tolist() == [False, False]


def test_columns_of_nothing_and_no_rows() -> None:
    assert found(pa.array([], pa.string()), pa.array(["a", "b"])) == [-1, -1]
    assert found(pa.array([], pa.int64()), pa.array([1, 2])) == [-1, -1]
    assert found(pa.nulls(2), pa.array(["a"])) == [-1]
    assert found(pa.array(["a"]), pa.nulls(2)) == [-1, -1]
    assert found(pa.array(["a"]), pa.array([], pa.string())) == []
    two = KeyIndex([(pa.array([], pa.string()), None), (pa.array([], pa.int64()), None)])
    assert two.find([(pa.array(["a"]), None), (pa.array([1]), None)])[0].tolist() == [-1]


def test_repeated_keys_are_counted_and_the_first_row_is_known() -> None:
    index = KeyIndex([(pa.array([5, 3, 5, 3, 9, 5]), None), (pa.array(list("aabaaa")), None)])
    # 5a in rows 0 and 5, 3a in rows 1 and 3, 5b in row 2, 9a in row 4
    counted = {int(first): int(count) for first, count in zip(index.first, index.counts, strict=True)}
    assert counted == {0: 2, 1: 2, 2: 1, 4: 1}
