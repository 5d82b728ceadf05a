"""What was said of slices and of chance: by which columns, and what intervals and tests rest on."""

import itertools
import math
import re
from collections.abc import Sequence

from losscli.data.columns import expand
from losscli.data.table import Kind, Table, position
from losscli.errors import UsageError
from losscli.plan import By, Resampling
from losscli.records import dataclass

MOST_SLICES = 1000


@dataclass(frozen=True, slots=True)
class Chance:
    """What a command says of slices and of chance, as it is written.

    Attributes:
        by: columns, or columns with bounds such as `age:0,18,65`; several are crossed.
        min_rows: smaller slices are put together.
        top: only so many of the worst slices are shown.
        max_slices: more of them are refused.
        cluster: the columns whose rows with one value depend on one another.
        block: how many consecutive rows depend on one another.
        bootstrap: how many times to resample.
        seed: which draws.
        baseline: the model that others are held against.
    """

    by: Sequence[str] = ()
    min_rows: str | int | None = None
    top: str | int | None = None
    max_slices: str | int | None = None
    cluster: str | None = None
    block: str | int | None = None
    bootstrap: str | int | None = None
    seed: str | int | None = None
    baseline: str | None = None

    def check(self) -> None:
        """Refuse what can be seen to be wrong before a file is opened.

        Raises:
            UsageError: a number that is none, or options that exclude one another.
        """
        if self.cluster is not None and self.block is not None:
            raise UsageError("--cluster and --block are given", hint="leave one of them out")
        if self.seed is not None and self.bootstrap is None:
            raise UsageError("--seed is given and no --bootstrap", hint="--bootstrap 2000 --seed 7")
        self._numbers()
        self.most_slices()
        self.fewest_rows()
        self.top_slices()

    def _numbers(self) -> tuple[int | None, int, int]:
        """The run, the draws and the seed."""
        run = None if self.block is None else _whole("--block", self.block, 1, 1 << 30)
        draws = 0 if self.bootstrap is None else _whole("--bootstrap", self.bootstrap, 100, 100_000)
        return run, draws, 0 if self.seed is None else _whole("--seed", self.seed, 0, (1 << 64) - 1)

    def resampling(self, table: Table) -> Resampling:
        """What intervals rest on, for an input of these columns.

        Raises:
            UsageError: the columns of clusters are not there.
        """
        cluster = () if self.cluster is None else _of_one_value("--cluster", expand(self.cluster, table), table)
        return Resampling(cluster, *self._numbers())

    def most_slices(self) -> int:
        """How many slices there may be."""
        return MOST_SLICES if self.max_slices is None else self._of_slices("--max-slices", self.max_slices)

    def fewest_rows(self) -> int:
        """Slices with fewer rows are put together."""
        return 0 if self.min_rows is None else self._of_slices("--min-rows", self.min_rows)

    def top_slices(self) -> int | None:
        """How many slices are shown, the worst ones; None for all."""
        return None if self.top is None else self._of_slices("--top", self.top)

    def _of_slices(self, flag: str, given: str | int) -> int:
        if not self.by:
            raise UsageError(f"{flag} is given and no --by", hint=f"--by COLUMN {flag} {given}")
        return _whole(flag, given, 1, 1 << 40)


UNSAID = Chance()
"""Nothing was said: no slices, and each unit by itself."""


def _whole(flag: str, given: str | int, least: int, most: int) -> int:
    if not re.fullmatch("[0-9]{1,20}", str(given)) or not least <= int(given) <= most:
        raise UsageError(f"{flag} takes a whole number from {least:,} to {most:,}, not {given!r}")
    return int(given)


def way_of(text: str, table: Table) -> By:
    """A way to cut the rows: a column, or a column and rising bounds, as `age:0,18,65`.

    Raises:
        UsageError: no such column, or bounds that do not rise.
    """
    names = [column.name for column in table.columns]
    column, colon, bounds = text.rpartition(":")
    whole = text in names or not colon or not column
    found = _of_one_value("--by", expand(text if whole else column, table), table)
    if len(found) != 1:
        raise UsageError(f"--by takes one column, not {', '.join(found)}", hint="--by A --by B crosses two")
    return By(found[0]) if whole else By(found[0], _bounds(text, bounds))


def _of_one_value(flag: str, names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """The same names, of columns whose cells can be told apart."""
    for name in names:
        if table.columns[position(table, name)].kind in (Kind.LIST, Kind.OTHER):
            raise UsageError(
                f"{flag}: column {name!r} holds neither numbers nor texts nor times",
                hint="name a column with one value a row",
            )
    return names


def _bounds(text: str, bounds: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in bounds.split(","))
    except ValueError:
        numbers = ()
    rising = all(low < high for low, high in itertools.pairwise(numbers))
    if not numbers or not rising or not all(map(math.isfinite, numbers)):
        raise UsageError(f"--by {text}: {bounds!r} is no list of rising numbers", hint="--by age:0,18,65")
    return numbers
