"""Sums over many draws at once that lose nothing: whole numbers, each an array over the draws, times powers of two.

Values are cut into whole numbers of 16 bits. Products of these with how often a unit is drawn, added over a few units,
are whole numbers that a float32 holds, so that any order of adding them, BLAS's too, gives the same.
"""

import math
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.errors import DataError
from losscli.moments import SCALE
from losscli.records import dataclass, field

_BITS = 16
_PIECES = 3
"""Pieces of a value: together they reach at least 44 bits below the largest of a block."""
_STEP = 4
"""The powers of two are multiples of this, so that blocks have most of them in common."""
_DIGIT = 12
_FULL = 1 << 61
"""Sums beyond this are carried on, so that two of them never leave 64 bits."""
_CARRIED = 32
UNITS_AT_A_TIME = 96
"""Pieces are at most 2^15, so their sums stay whole while so many units are drawn at most 2^9 times: of Poisson numbers
the sum is larger once in 10^100. Products of this size are also too small for BLAS to start threads of its own."""


@dataclass(slots=True)
class Pieces:
    """Columns of values cut into whole numbers.

    Attributes:
        numbers: as float32, of shape (pieces, n).
        scales: for each piece its column, and the power of two to multiply it by.
    """

    numbers: Any
    scales: list[tuple[int, int]]

    @classmethod
    def of(cls, columns: Array) -> "Pieces":
        """The pieces of columns of shape (n, k); those that are 0 throughout are left out.

        Raises:
            DataError: a value is not finite.
        """
        numbers: list[Any] = []
        scales: list[tuple[int, int]] = []
        for place, column in enumerate(np.ascontiguousarray(columns.T)):
            most = float(np.max(np.abs(column), initial=0.0))
            if not math.isfinite(most):
                raise DataError("the losses are too large to be resampled", "leave --bootstrap out")
            power = -(-math.frexp(most)[1] // _STEP) * _STEP - _BITS + 1
            rest = np.ldexp(column, -power)
            for _ in range(_PIECES):
                if not rest.any():
                    break
                whole = np.rint(rest)
                if whole.any():
                    numbers.append(whole.astype(np.float32))
                    scales.append((place, power))
                rest -= whole
                rest *= float(1 << _BITS)
                power -= _BITS
        return cls(np.array(numbers, dtype=np.float32).reshape(len(scales), len(columns)), scales)


@dataclass(slots=True)
class ExactSums:
    """For each column and draw a sum.

    Attributes:
        parts: for a column and a power of two an array over the draws; a sum is that of its parts times their powers.
    """

    parts: dict[tuple[int, int], Index] = field(default_factory=dict)

    def __iadd__(self, other: "ExactSums") -> "ExactSums":
        for (place, power), numbers in other.parts.items():
            self.add(place, power, numbers)
        return self

    def add(self, place: int, power: int, numbers: Index) -> None:
        """Add whole numbers, each below 2^62, times a power of two to a column."""
        mine = self.parts.get((place, power))
        total = numbers if mine is None else mine + numbers
        if mine is not None and max(int(total.max()), -int(total.min())) >= _FULL:
            high = total >> _CARRIED
            total = total - (high << _CARRIED)
            self.add(place, power + _CARRIED, high)
        self.parts[place, power] = total

    def add_times(self, place: int, factor: float, source: int) -> None:
        """Add to a column the sums that another has so far, times a number."""
        top, bottom = factor.as_integer_ratio()
        power, sign = 1 - bottom.bit_length(), -1 if top < 0 else 1
        top = abs(top)
        if top:
            zeros = (top & -top).bit_length() - 1
            top, power = top >> zeros, power + zeros
        sources = [(own, numbers) for (column, own), numbers in self.parts.items() if column == source]
        while top:
            # by a few bits at a time, so that no product leaves 64 bits
            digit, top = top & (1 << _DIGIT) - 1, top >> _DIGIT
            for own, numbers in sources if digit else ():
                self.add(place, own + power, numbers * (sign * digit))
            power += _DIGIT

    def wholes(self, draws: int, width: int) -> list[int]:
        """Every sum in units of 2**-2260: the columns of the first draw, those of the second, and so on."""
        columns = []
        for place in range(width):
            totals, power = self._column(place, draws)
            columns.append([total << power + SCALE for total in totals])
        return [total for row in zip(*columns, strict=True) for total in row]

    def nearest(self, draws: int, width: int) -> Array:
        """Every sum as the nearest float64, of shape (draws, width)."""
        found = np.empty((draws, width))
        for place in range(width):
            totals, power = self._column(place, draws)
            found[:, place] = [_nearest(total, power) for total in totals]
        return found

    def _column(self, place: int, draws: int) -> tuple[list[int], int]:
        """The sums of a column as whole numbers, and the power of two to multiply them by."""
        mine = {power: numbers for (column, power), numbers in self.parts.items() if column == place}
        least = min(mine, default=0)
        totals = [0] * draws
        for power, numbers in mine.items():
            totals = [total + (number << power - least) for total, number in zip(totals, numbers.tolist(), strict=True)]
        return totals, least

    @classmethod
    def of_wholes(cls, wholes: list[int], width: int) -> "ExactSums":
        """From what `wholes` gave."""
        found = cls()
        for place in range(width):
            rest, power = wholes[place::width], -SCALE
            while any(rest):
                digits = [_low_digit(number) for number in rest]
                if any(digits):
                    found.add(place, power, np.array(digits, dtype=np.int64))
                rest = [(number - digit) >> 32 for number, digit in zip(rest, digits, strict=True)]
                power += 32
        return found


def _low_digit(number: int) -> int:
    """The last 32 bits, with the sign."""
    return abs(number) % (1 << 32) * (-1 if number < 0 else 1)


def _nearest(total: int, power: int) -> float:
    # a quotient of whole numbers is rounded once
    try:
        return float(total << power) if power >= 0 else total / (1 << -power)
    except OverflowError:
        return math.copysign(math.inf, total)
