"""Differences with their intervals as bars of characters around a line at zero."""

import math
from collections.abc import Sequence

Span = tuple[float | None, float, float | None]
"""A difference between the bounds of its interval; without bounds it is a point."""


_FAR = 10.0
"""A bar that reaches so many times as far as three in four do is cut off, or all the others would be points."""


def interval_bars(spans: Sequence[Span | None], width: int) -> list[str]:
    """A bar of `width` characters for each span, on one scale; only the line at zero where there is none.

    A bound or a difference that is not 0 never stands on the line of zero, so a bar reaches over the line exactly
    where the interval holds 0. What lies beyond the scale ends in an arrow.
    """
    numbers = [[number for number in span if number is not None] for span in spans if span and _is_finite(span)]
    reaches = sorted(max(map(abs, found)) for found in numbers)
    furthest = _FAR * reaches[3 * len(reaches) // 4] if reaches else 0.0
    # where most are 0 there is no scale but that of the others
    kept = [number for found in numbers for number in found if abs(number) <= furthest or not furthest]
    scale = _Scale(*_bounds(numbers, kept, furthest), width)
    return [_bar(span, scale, width) for span in spans]


def _bounds(numbers: Sequence[Sequence[float]], kept: Sequence[float], furthest: float) -> tuple[float, float]:
    """The ends of the scale, which leave room for an arrow at the side of what is beyond them."""
    beyond = [number for found in numbers for number in found if abs(number) > furthest > 0.0]
    low, high = min([0.0, *kept]), max([0.0, *kept])
    if any(number < 0.0 for number in beyond):
        low = min(low, -furthest / _FAR)
    if any(number > 0.0 for number in beyond):
        high = max(high, furthest / _FAR)
    return low, high


def _is_finite(span: Span) -> bool:
    return all(number is None or math.isfinite(number) for number in span)


def zero_place(spans: Sequence[Span | None], width: int) -> int:
    """How many characters stand before the line at zero."""
    return interval_bars([*spans, None], width)[-1].index("│")


class _Scale:
    """From numbers to places."""

    def __init__(self, low: float, high: float, width: int) -> None:
        self.low, self.high = low, high
        # halves: the distance of the largest doubles is no double
        self._half = high / 2.0 - low / 2.0
        self._last = width - 1
        zero = round(self._part(0.0) * self._last) if self._half else width // 2
        self.zero = min(max(zero, 1 if low < 0.0 else 0), self._last - (1 if high > 0.0 else 0))

    def _part(self, number: float) -> float:
        return (number / 2.0 - self.low / 2.0) / self._half

    def place(self, number: float) -> int:
        """The place of a number, on the right side of zero; at the end of the scale for one beyond it."""
        if number == 0.0 or not self._half:
            return self.zero
        place = round(self._part(min(max(number, self.low), self.high)) * self._last)
        return max(place, self.zero + 1) if number > 0.0 else min(place, self.zero - 1)


def _bar(span: Span | None, scale: _Scale, width: int) -> str:
    marks = [" "] * width
    marks[scale.zero] = "│"
    if span is None or not _is_finite(span):
        return "".join(marks)
    low, difference, high = span
    middle = scale.place(difference)
    first = middle if low is None else min(scale.place(low), middle)
    last = middle if high is None else max(scale.place(high), middle)
    for place in range(first, last + 1):
        marks[place] = "┼" if place == scale.zero else "─"
    marks[first], marks[last] = "├", "┤"
    marks[middle] = "●"
    found = [number for number in span if number is not None]
    if min(found) < scale.low:
        marks[first] = "◂"
    if max(found) > scale.high:
        marks[last] = "▸"
    return "".join(marks)
