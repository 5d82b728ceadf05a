"""Bars of differences: drawn by hand on a scale of one character a unit, and what holds for any numbers."""

from hypothesis import given
from hypothesis import strategies as st

from losscli.reports.interval_bars import interval_bars, zero_place

Whole = tuple[float, float, float]

numbers = st.floats(-1e300, 1e300).filter(lambda number: number == 0.0 or abs(number) > 1e-300)
spans = st.lists(st.tuples(numbers, numbers, numbers).map(lambda three: tuple(sorted(three))), min_size=1, max_size=8)


def test_bars_on_a_scale_of_one_character_a_unit() -> None:
    found = interval_bars([(-5.0, -2.0, 1.0), (2.0, 3.0, 5.0), (None, 0.0, None), None], 11)
    assert found == ["├──●─┼┤    ", "     │ ├●─┤", "     ●     ", "     │     "]


def test_a_bound_that_is_nearly_zero_stays_on_its_side() -> None:
    # 11 characters from -1e-9 to 10: zero has the second place, so that what is below it has the first
    nearly, over = interval_bars([(1e-9, 5.0, 10.0), (-1e-9, 5.0, 10.0)], 11)
    assert nearly == " │├──●────┤"
    assert over == "├┼───●────┤"


def test_a_zero_that_bounds_the_interval_is_inside() -> None:
    assert interval_bars([(0.0, 2.0, 4.0)], 5) == ["├─●─┤"]


def test_what_is_far_beyond_the_others_ends_in_an_arrow() -> None:
    # ten of thirteen reach 5 at most, so the scale ends where they do: it has a character a unit
    usual: list[Whole] = [(-5.0, -3.0, -1.0), (1.0, 2.0, 4.0), (-4.0, 1.0, 5.0)]
    found = interval_bars([*usual, *usual, *usual, usual[2], (3.0, 7e9, 1e10), (-1e10, -1.0, 2.0), (7e9, 8e9, 9e9)], 11)
    assert [*found[:3], *found[-3:]] == [
        "├─●─┤│     ",
        "     │├●─┤ ",
        " ├───┼●───┤",
        "     │  ├─▸",
        "◂───●┼─┤   ",
        "     │    ▸",
    ]


def test_few_bars_are_never_cut_off() -> None:
    assert interval_bars([(1e-9, 2e-9, 3e-9), (1.0, 2.0, 4.0)], 5) == ["│●   ", "│├●─┤"]


def test_no_difference_at_all_is_a_point_in_the_middle() -> None:
    assert interval_bars([(0.0, 0.0, 0.0)], 5) == ["  ●  "]


@given(spans, st.integers(5, 80))
def test_a_bar_reaches_over_zero_exactly_where_the_interval_does(found: list[Whole], width: int) -> None:
    zero = zero_place(found, width)
    for span, bar in zip(found, interval_bars(found, width), strict=True):
        assert len(bar) == width
        low, difference, high = span
        assert (bar[zero] != "│") == (low <= 0.0 <= high)
        # the difference is on its side
        middle = next(place for mark in "●▸◂" for place in [bar.find(mark)] if place >= 0)
        assert (middle > zero) - (middle < zero) == (difference > 0.0) - (difference < 0.0)


@given(spans)
def test_an_interval_inside_another_is_no_longer_a_bar(found: list[Whole]) -> None:
    drawn = list(zip(interval_bars(found, 60), found, strict=True))
    for bar, (low, _, high) in drawn:
        for other, (inner_low, _, inner_high) in drawn:
            if low <= inner_low and inner_high <= high:
                assert len(other.strip("│ ")) <= len(bar.strip("│ "))
