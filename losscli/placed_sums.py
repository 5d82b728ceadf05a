"""Exact sums of floats in many places at a time: what `moments.exact` is for one number, in NumPy.

A float is cut into whole multiples of powers of two that lie 32 apart, the same powers for every place, so what a place
adds up to is a whole number in each of them and no digit is lost.
"""

from losscli.arrays import Array, Index, np
from losscli.records import dataclass, field

_APART = 32
_SPLIT = 2.0**27 + 1.0


@dataclass(slots=True)
class PlacedSums:
    """For each place a sum that is exact.

    Attributes:
        powers: for each power of two that occurs, how many of it each place has; places beyond the end have none.
    """

    powers: dict[int, Index] = field(default_factory=dict)

    def add(self, places: Index, terms: Array, size: int) -> None:
        """Add numbers.

        Args:
            places: shape (n,); a place may occur several times, 2^17 at most, as digits of so many add up below 2^53.
            terms: shape (k, n), at most eight numbers for each entry of places: 0, or between 2^-900 and 2^900.
            size: how many places there are.
        """
        most = float(np.max(np.abs(terms), initial=0.0))
        if not most:
            return
        # each digit is then at most 2^32, and so are those of the rest
        power = -(-(int(np.frexp(most)[1]) - _APART) // _APART) * _APART
        rest = terms
        while True:
            rounding = 1.5 * 2.0 ** (power + 52)
            part = (rest + rounding) - rounding
            digits = np.add.reduce(part * 2.0**-power, axis=0)
            self._add_digits(power, np.bincount(places, weights=digits, minlength=size).astype(np.int64))
            rest = rest - part
            if not rest.any():
                return
            power -= _APART

    def absorb(self, other: "PlacedSums", places: Index, size: int) -> None:
        """Add the sums of another, whose places are these, each once, among `size`."""
        for power, digits in other.powers.items():
            added = np.zeros(size, dtype=np.int64)
            known = min(digits.size, places.size)
            added[places[:known]] = digits[:known]
            self._add_digits(power, added)

    def _add_digits(self, power: int, added: Index) -> None:
        had = self.powers.get(power)
        if had is None:
            self.powers[power] = added
        elif had.size == added.size:
            # never in place: another state may hold the array
            self.powers[power] = had + added
        else:
            added[: had.size] += had
            self.powers[power] = added

    def wholes(self, size: int, scale: int) -> list[int]:
        """The sum of each of `size` places as a whole number of 2**-scale."""
        if not self.powers:
            return [0] * size
        low, high = min(self.powers), max(self.powers)
        words = (high - low) // _APART + 1
        digits = np.zeros((size, words + 2), dtype="<u4")
        carry = np.zeros(size, dtype=np.int64)
        for word in range(words):
            power = low + word * _APART
            if power in self.powers:
                part = self.powers[power][:size]
                carry[: part.size] += part
            digits[:, word] = (carry & 0xFFFF_FFFF).astype(np.uint32)
            carry >>= _APART
        digits[:, words] = (carry & 0xFFFF_FFFF).astype(np.uint32)
        digits[:, words + 1] = (carry >> _APART & 0xFFFF_FFFF).astype(np.uint32)
        raw, step = digits.tobytes(), 4 * (words + 2)
        return [
            int.from_bytes(raw[i : i + step], "little", signed=True) << scale + low for i in range(0, len(raw), step)
        ]


def product(left: Array, right: Array) -> tuple[Array, Array]:
    """The product of floats and what rounding took from it, after Dekker (1971); of neither too large nor too small."""
    whole = left * right
    left_high, left_low = _halves(left)
    right_high, right_low = _halves(right)
    rest = left_high * right_high - whole + left_high * right_low + left_low * right_high + left_low * right_low
    return whole, rest


def _halves(values: Array) -> tuple[Array, Array]:
    moved = values * _SPLIT
    high = moved - (moved - values)
    return high, values - high
