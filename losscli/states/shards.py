"""Which part of the input is a shard's: consecutive pieces of its files, as many for each shard as can be."""

import re
from collections.abc import Iterator, Sequence

from losscli.errors import UsageError
from losscli.records import dataclass

MOST_SHARDS = 100_000


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts; numbers count from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """A shard as it is written: 3/16.

        Raises:
            UsageError: it is none.
        """
        found = re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", text)
        number, count = (int(part) for part in found.groups()) if found else (0, 0)
        if not 1 <= number <= count <= MOST_SHARDS:
            raise UsageError(f"--shard takes I/N with I from 1 to N, not {text!r}", hint="--shard 3/16")
        return cls(number, count)

    def of_pieces(self, pieces: Sequence[int]) -> Iterator["Span"]:
        """The shard's pieces, file by file.

        Args:
            pieces: how many each file has.
        """
        total = sum(pieces)
        low, high = (self.number - 1) * total // self.count, self.number * total // self.count
        before = 0
        for file, count in enumerate(pieces):
            first, last = max(low - before, 0), min(high - before, count)
            if first < last:
                yield Span(file, first, last)
            before += count


@dataclass(frozen=True, slots=True)
class Span:
    """Pieces of one file, from first to just below last."""

    file: int
    first: int
    last: int
