"""The fingerprint of a truth: the same for any cut and order of the rows, another one for other values."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from losscli.fingerprint import fingerprint

_WORD = (1 << 64) - 1
_rows = st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), min_size=1, max_size=20)


def _mixed(bits: int) -> int:
    """fmix64 of MurmurHash3, in whole numbers."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        bits = ((bits ^ (bits >> 33)) * factor) & _WORD
    return bits ^ (bits >> 33)


def _of(rows: Sequence[tuple[float, float]]) -> int:
    total = 0
    for row in rows:
        mixed = 0
        for value in row:
            mixed = _mixed((mixed + int(np.float64(value).view(np.uint64))) & _WORD)
        total += mixed
    return total & _WORD


@given(_rows)
def test_it_is_the_sum_of_the_mixed_rows(rows: list[tuple[float, float]]) -> None:
    array = np.array(rows)
    assert fingerprint([array]) == _of(rows)
    assert fingerprint([array[:, 0], array[:, 1]]) == _of(rows)
    assert fingerprint([array[:, :1], array[:, 1]]) == _of(rows)


@given(_rows, st.integers(0, 20))
def test_any_cut_and_order_has_the_same(rows: list[tuple[float, float]], cut: int) -> None:
    array = np.array(rows)
    parts = fingerprint([array[:cut]]) + fingerprint([array[cut:]])
    assert parts & _WORD == fingerprint([array])
    assert fingerprint([array[::-1]]) == fingerprint([array])


def test_small_whole_numbers_of_the_same_sum_and_squares_differ() -> None:
    """Their bits are nearly all 0, so a sum of them alone would be the same."""
    seen = set()
    for a in range(-8, 9):
        for b in range(a, 9):
            for c in range(b, 9):
                seen.add(fingerprint([np.array([a, b, c], dtype=np.float64)]))
    assert len(seen) == 17 * 18 * 19 // 6


def test_which_value_stands_beside_which_counts() -> None:
    one = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert fingerprint([one]) != fingerprint([one[:, ::-1]])
    assert fingerprint([one]) != fingerprint([np.array([[1.0, 4.0], [3.0, 2.0]])])


def test_nothing_has_none() -> None:
    assert fingerprint([]) == 0
    assert fingerprint([np.zeros(0)]) == 0
    assert fingerprint([np.zeros((0, 3))]) == 0
