"""A curve drawn in characters: braille dots where they can be shown, otherwise a letter for each line."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from losscli.records import dataclass

Piece: TypeAlias = tuple[str, int]
"""A run of characters and the number of the line that it belongs to; -1 for axes and words."""
Row: TypeAlias = list[Piece]

_MARKS = "*o+x#"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille character by row and column."""
_DASHES = ((1, 1), (4, 3), (1, 4), (6, 2), (2, 2))
"""How many dots of a line are drawn and how many left out in turn, so that lines differ without colour."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters of a drawing.

    Attributes:
        across, down: how many dots a character has.
    """

    across: int
    down: int
    side: str
    corner: str
    floor: str
    notch: str
    tick: str
    zero: str


BRAILLE = Alphabet(2, 4, "│", "└", "─", "┬", "┤", "┄")
ASCII = Alphabet(1, 1, "|", "+", "-", "+", "+", ".")


def alphabet_for(encoding: str) -> Alphabet:
    """Braille where the encoding can hold it."""
    try:
        "⣿│└─┬┤┄".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BRAILLE


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture of several lines over the same places.

    Attributes:
        title: what is drawn.
        low, high: where the axis begins and ends.
        lines: for each line its values at places at equal distances from low to high; None where it has none.
    """

    title: str
    low: float
    high: float
    lines: Sequence[Sequence[float | None]]

    def margin(self, rows: int) -> int:
        """How many columns the numbers beside the picture take."""
        return max(len(_number(tick)) for tick in self._y_axis(rows)[2])

    def draw(self, columns: int, rows: int, margin: int, alphabet: Alphabet) -> list[Row]:
        """The title, the picture of this size with the numbers of its axes, all rows of the same width.

        A line has a value for each dot across.
        """
        bottom, top, ticks = self._y_axis(rows)
        height = rows * alphabet.down
        at_row = {_level(tick, bottom, top, height) // alphabet.down: tick for tick in ticks}
        cells = _cells(self.lines, bottom, top, height, alphabet)
        drawn: list[Row] = [[(self.title.ljust(margin + 2 + columns), -1)]]
        for row in range(rows):
            label = _number(at_row[row]) if row in at_row else ""
            edge = alphabet.tick if row in at_row else alphabet.side
            is_zero = bottom < 0.0 < top and at_row.get(row) == 0.0
            empty = alphabet.zero if is_zero else " "
            marks = [cells.get((column, row), (empty, -1)) for column in range(columns)]
            drawn.append([(f"{label:>{margin}} {edge}", -1), *_joined(marks)])
        return [*drawn, *_x_axis(self.low, self.high, margin, columns, alphabet)]

    def _y_axis(self, rows: int) -> tuple[float, float, list[float]]:
        """From where to where, on round numbers, and the numbers."""
        values = [value for line in self.lines for value in line if value is not None]
        low, high = (min(values), max(values)) if values else (0.0, 0.0)
        if high - low <= 1e-6 * max(abs(low), abs(high)):
            # a line that is level lies in the middle, with 0 in sight
            low, high = (min(0.0, 2.0 * low), max(0.0, 2.0 * high)) if low else (-1.0, 1.0)
        step = _step(low, high, max(2, (rows - 1) // 2))
        # what goes beyond a round number by less than can be seen needs no further one
        bottom, top = math.floor(low / step + 0.02) * step, math.ceil(high / step - 0.02) * step
        return bottom, top, ticks_between(bottom, top, round((top - bottom) / step) + 1)


def legend_mark(line: int, alphabet: Alphabet) -> str:
    """A sample of a line, for the words beside it."""
    if alphabet is ASCII:
        return _MARKS[line % len(_MARKS)]
    dots = {column: 1 for column in range(8) if _is_drawn(line, column)}
    return "".join(chr(0x2800 + sum(_DOTS[1][side] for side in (0, 1) if 2 * cell + side in dots)) for cell in range(4))


def ticks_between(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high, at most so many."""
    step = _step(low, high, most - 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) + 0.0 for i in range(first, last + 1)]


def _step(low: float, high: float, parts: int) -> float:
    """The least of 1, 2 or 5 times a power of 10 that makes no more than so many parts."""
    size = (high - low) / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= size * (1.0 - 1e-9))


def _number(value: float) -> str:
    return f"{value:.6g}"


def _level(value: float, bottom: float, top: float, height: int) -> int:
    """The row of dots, from the top, at which a value lies."""
    return min(max(round((top - value) / (top - bottom) * (height - 1)), 0), height - 1)


def _is_drawn(line: int, position: int) -> bool:
    drawn, left_out = _DASHES[line % len(_DASHES)]
    return line == 0 or position % (drawn + left_out) < drawn


def _path(values: Sequence[float | None], bottom: float, top: float, height: int) -> Iterator[tuple[int, int]]:
    """The dots of a line from left to right, without gaps where it is steep."""
    before: int | None = None
    for column, value in enumerate(values):
        if value is None:
            before = None
            continue
        level = _level(value, bottom, top, height)
        if before is not None and abs(level - before) > 1:
            way = 1 if level > before else -1
            middle = (before + level) // 2
            yield from ((column - 1, between) for between in range(before + way, middle, way))
            yield from ((column, between) for between in range(middle, level, way))
        yield column, level
        before = level


def _cells(
    lines: Sequence[Sequence[float | None]], bottom: float, top: float, height: int, alphabet: Alphabet
) -> dict[tuple[int, int], Piece]:
    """The characters of the lines; where two meet, the first gives the colour."""
    bits: dict[tuple[int, int], int] = {}
    owners: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines):
        for position, (x, y) in enumerate(_path(line, bottom, top, height)):
            place = (x // alphabet.across, y // alphabet.down)
            if alphabet is BRAILLE and not _is_drawn(number, position):
                continue
            owners.setdefault(place, number)
            bits[place] = bits.get(place, 0) | _DOTS[y % 4][x % 2]
    if alphabet is ASCII:
        return {place: (_MARKS[number % len(_MARKS)], number) for place, number in owners.items()}
    return {place: (chr(0x2800 + bits[place]), number) for place, number in owners.items()}


def _joined(cells: Sequence[Piece]) -> Row:
    """The same characters in as few pieces as there are changes of line."""
    joined: Row = []
    for text, number in cells:
        if joined and joined[-1][1] == number:
            joined[-1] = (joined[-1][0] + text, number)
        else:
            joined.append((text, number))
    return joined


def _x_axis(low: float, high: float, margin: int, columns: int, alphabet: Alphabet) -> list[Row]:
    """The line below the picture, and numbers that do not touch."""
    floor, labels = [alphabet.floor] * columns, [" "] * (margin + 2 + columns)
    end = -1
    for tick in ticks_between(low, high, max(2, columns // 7)):
        column = round((tick - low) / (high - low) * (columns - 1))
        floor[column] = alphabet.notch
        text = _number(tick)
        # centred under its notch, and within the picture
        start = min(margin + 2 + column - (len(text) - 1) // 2, len(labels) - len(text))
        if start > end + 1:
            labels[start : start + len(text)] = text
            end = start + len(text) - 1
    return [[(" " * (margin + 1) + alphabet.corner + "".join(floor), -1)], [("".join(labels), -1)]]
