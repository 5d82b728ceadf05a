"""What losses of classes share: the softmax of few and of many classes, and what is picked by class.

Expected: mpmath in 50 digits; for what is picked, the values written out.
"""

import math

import numpy as np
import pyarrow as pa
import pytest
from mpmath import mp

import losscli
from losscli.arrays import Array
from losscli.data.group_keys import Keys
from losscli.data.numbers import to_numbers
from losscli.numerics import by_columns, negative_log_softmax, negative_log_softmaxes, of_class

ULPS = 8
FEW, MANY = 10, 40
RNG = np.random.default_rng(11)


def logits_of(width: int) -> Array:
    """Usual rows, rows of equal logits, two that share the largest, one far ahead by a little and by much, and far."""
    ahead = np.zeros((3, width))
    ahead[0, width // 2], ahead[1, 0], ahead[2, -1] = 1e-9, 40.0, 700.0
    tied = RNG.normal(0.0, 2.0, (2, width))
    tied[:, 1] = tied[:, -1] = tied.max() + 0.5
    far = RNG.choice([-1e300, 0.0, 1e5], (4, width))
    return np.concatenate([RNG.normal(0.0, 3.0, (60, width)), np.full((1, width), -7.25), ahead, tied, far])


def expected(row: list[float]) -> list[float]:
    """-log softmax of every class."""
    largest = max(row)
    shares = [mp.exp(mp.mpf(value) - mp.mpf(largest)) for value in row]
    rest = mp.fsum(shares) - 1
    return [float(mp.mpf(largest) - mp.mpf(value) + mp.log1p(rest)) for value in row]


@pytest.mark.parametrize("width", [1, 2, FEW, 15, 16, MANY])
def test_softmax_keeps_its_digits(width: int) -> None:
    logits = logits_of(width) if width > 1 else RNG.normal(0.0, 2.0, (5, 1))
    found = negative_log_softmaxes(logits)
    with mp.workdps(700):
        for row, losses in zip(logits.tolist(), found.tolist(), strict=True):
            for loss, right in zip(losses, expected(row), strict=True):
                assert abs(loss - right) <= ULPS * math.ulp(right), row
    for label in range(width):
        chosen = negative_log_softmax(logits, np.full(len(logits), float(label)))
        np.testing.assert_array_equal(chosen, found[:, label])


@pytest.mark.parametrize("width", [2, FEW, MANY])
def test_neither_the_layout_nor_the_neighbours_change_a_bit(width: int) -> None:
    logits = logits_of(width)
    before = logits.copy()
    found = negative_log_softmaxes(logits)
    np.testing.assert_array_equal(negative_log_softmaxes(np.asfortranarray(logits)), found)
    np.testing.assert_array_equal(negative_log_softmaxes(np.repeat(logits, 2, axis=1)[:, ::2]), found)
    alone = np.concatenate([negative_log_softmaxes(logits[i : i + 1]) for i in range(len(logits))])
    np.testing.assert_array_equal(alone, found)
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("width", [FEW, MANY])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_logit_that_is_no_number_leaves_no_loss(width: int, bad: float) -> None:
    logits = np.zeros((width, width))
    np.fill_diagonal(logits, bad)
    with np.errstate(all="ignore"):
        assert not np.isfinite(negative_log_softmax(logits, np.zeros(width))).any()


def test_a_value_is_picked_by_its_class_in_any_layout() -> None:
    values = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    label = np.array([2.0, 0.0])
    for laid_out in (values, np.asfortranarray(values), np.repeat(values, 2, axis=0)[::2], values[:, ::-1][:, ::-1]):
        assert of_class(laid_out, label).tolist() == [3.0, 4.0]
    assert of_class(values[:1], label[:1]).tolist() == [3.0]
    assert of_class(values[:, :1], np.zeros(2)).tolist() == [1.0, 4.0]
    assert of_class(values[:0], label[:0]).tolist() == []


@pytest.mark.parametrize("width", [FEW, MANY])
def test_cells_are_widened_once_and_laid_out_by_columns(width: int) -> None:
    cells = RNG.normal(0.0, 1.0, (7, width)).astype(np.float32)
    wide = by_columns(cells)
    assert wide.dtype == np.float64
    assert wide.tolist() == cells.tolist()
    assert wide.flags.f_contiguous == (width == FEW)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.int16()), pa.list_(pa.float64(), 2)])
def test_lists_that_begin_within_an_array_have_their_own_values(kind: pa.DataType) -> None:
    cells = pa.array([[1, 2], [3, 4], [5, 6], [7, 8]], type=kind)
    assert to_numbers(cells.slice(1, 2), "a").values.tolist() == [[3.0, 4.0], [5.0, 6.0]]
    assert to_numbers(cells.slice(3), "a").values.tolist() == [[7.0, 8.0]]
    assert to_numbers(cells.slice(4), "a").values.tolist() == []


def test_lists_within_lists_that_begin_within_an_array_have_their_own_values() -> None:
    cells = pa.array([[[1], [2]], [[3], [4]], [[5], [6]]], type=pa.list_(pa.list_(pa.float32())))
    assert to_numbers(cells.slice(1), "a").values.tolist() == [[3.0, 4.0], [5.0, 6.0]]


def test_columns_of_different_types_are_the_classes_of_a_row() -> None:
    """Whole numbers beside float32: the same loss as of float64."""
    table = pa.table(
        {
            "y": pa.array([0, 1, 1], pa.int8()),
            "logit_0": pa.array([1, 2, -3], pa.int16()),
            "logit_1": pa.array([0.5, 0.25, -1.5], pa.float32()),
        }
    )
    found = losscli.compute(table, loss="cross_entropy", target="y", logits="logit_*", reduction="sum")
    with mp.workdps(50):
        right = mp.fsum(expected(row)[label] for row, label in (([1.0, 0.5], 0), ([2.0, 0.25], 1), ([-3.0, -1.5], 1)))
    assert found.value == pytest.approx(float(right), rel=1e-15)


def test_one_hot_truth_given_as_indices_is_still_seen_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class that occurs last is noticed though all others were seen before, and one that never occurs is told."""
    monkeypatch.setattr("losscli.part_sums.BLOCK", 2)
    columns = {f"logit_{i}": pa.array([0.5, -1.0, 2.0, 1.5, 0.0, 3.0]) for i in range(3)}
    for labels, warned in (([0, 1, 1, 0, 1, 2], False), ([0, 1, 1, 0, 1, 0], True)):
        table = pa.table({"y": pa.array(labels), **columns})
        found = losscli.compute(table, loss="cross_entropy", target="y", logits="logit_*")
        assert any("class" in text and "2" in text for text in found.warnings) == warned


SORTED = Keys(np.array([0, 0, 1, 2, 2]), ["a", "b", "c"])


def test_keys_that_stand_in_order_are_settled() -> None:
    found = SORTED.settled()
    assert (found.codes.tolist(), found.labels) == ([0, 0, 1, 2, 2], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("codes", "labels", "settled"),
    [
        ([0, 1, 0], ["a", "b"], ([0, 1, 0], ["a", "b"])),
        ([1, 1, 0], ["a", "b"], ([0, 0, 1], ["b", "a"])),
        ([0, 2, 2], ["a", "b", "c"], ([0, 1, 1], ["a", "c"])),
        ([0, 1, 2], ["a", "b", "a"], ([0, 1, 0], ["a", "b"])),
        ([0, 0, 1], ["a", "b", "c"], ([0, 0, 1], ["a", "b"])),
        ([1, 2, 2], ["a", "b", "c"], ([0, 1, 1], ["b", "c"])),
        ([], ["a"], ([], [])),
    ],
)
def test_others_get_their_labels_in_the_order_of_the_rows(
    codes: list[int], labels: list[str], settled: tuple[list[int], list[str]]
) -> None:
    found = Keys(np.array(codes, dtype=np.int64), labels).settled()
    assert (found.codes.tolist(), found.labels) == settled
