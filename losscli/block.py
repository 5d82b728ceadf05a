"""A run of rows whose columns become arrays once, whichever losses ask for them."""

from collections.abc import Callable, Sequence
from typing import Any

from losscli.arrays import Index, Mask, np
from losscli.data.group_keys import Keys, keys_of
from losscli.data.labels import NO_CLASS, AnyCoding
from losscli.data.lists import Elements, any_lists
from losscli.data.numbers import Numbers, to_numbers
from losscli.data.table import Batch, CellError, Kind, Need, different_values
from losscli.data.where import Condition
from losscli.plan import Input
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class _Asked:
    """A column in one of the ways in which it can be read."""

    name: str
    coding: AnyCoding | None = None
    as_elements: bool = False


class Block:
    """A run of rows.

    Attributes:
        size: how many rows.
        first_row: how many rows of the fragment come before.
        matching: which rows fit all conditions; None without conditions.
    """

    def __init__(
        self,
        batch: Batch,
        needs: Sequence[Need],
        first_row: int,
        parse: Callable[[str], float | None],
        conditions: Sequence[Condition],
    ) -> None:
        self.size = len(batch[0])
        self.first_row = first_row
        self._parse = parse
        self._kinds = {need.name: need.kind for need in needs}
        self._batch = batch
        self._place = {need.name: i for i, need in enumerate(needs)}
        self._read: dict[_Asked, Numbers | Elements] = {}
        self.matching = self._matching(conditions)

    def has(self, name: str) -> bool:
        """Whether the column was read."""
        return name in self._place

    def some_values(self, name: str) -> list[str]:
        """A few of the different values that the matching rows have in a column."""
        return self.all_values(name)[:4]

    def all_values(self, name: str) -> list[str]:
        """The different values that the matching rows have in a column, as text."""
        return different_values(self.cells(name), self.matching)

    def cells(self, name: str) -> Any:
        """The column as Arrow holds it."""
        return self._batch[self._place[name]]

    def column(self, entry: Input, name: str) -> Numbers:
        """A column of an input as numbers, labels by their codes.

        Raises:
            CellError: a cell is no number; its row counts within the fragment.
        """
        found = self._once(_Asked(name, entry.coding))
        assert isinstance(found, Numbers)  # noqa: S101 - only elements are read as elements; tells the type checker
        return found

    def elements(self, name: str, coding: AnyCoding | None = None) -> Elements:
        """The elements of a list column, labels by their codes.

        Raises:
            CellError: it holds no lists; its row counts within the fragment.
        """
        found = self._once(_Asked(name, coding, as_elements=True))
        assert isinstance(found, Elements)  # noqa: S101 - read as elements; tells the type checker
        return found

    def keys(self, columns: Sequence[str], rows: Index | None) -> tuple[Keys, Mask]:
        """The groups of some rows, and in which of them a value is missing."""
        return keys_of(
            [(self.cells(name), self._parse if self._kinds[name] is Kind.NUMBER else None) for name in columns], rows
        )

    def shown(self, name: str, row: int, value: float) -> str:
        """A cell for a message: as it stands in the file where it is a text or no class, otherwise the number."""
        cells = self.cells(name)
        if self._kinds[name] in (Kind.TEXT, Kind.BOOLEAN) or value == NO_CLASS:
            return repr(cells[row].as_py())
        return repr(value)

    def _once(self, asked: _Asked) -> Numbers | Elements:
        if asked not in self._read:
            cells = self.cells(asked.name)
            try:
                if asked.as_elements:
                    self._read[asked] = any_lists(cells, asked.name, asked.coding)
                elif asked.coding is not None:
                    self._read[asked] = asked.coding.decode(cells, asked.name)
                else:
                    self._read[asked] = to_numbers(cells, asked.name, self._parse, self.matching)
            except CellError as error:
                raise CellError(self.first_row + error.row, error.problem, error.hint) from None
        return self._read[asked]

    def rounded(self) -> dict[str, int]:
        """For each column read so far, how many whole numbers had no exact float64."""
        return {asked.name: found.rounded for asked, found in self._numbers() if found.rounded}

    def narrow(self) -> dict[str, str]:
        """The columns read so far whose type has fewer digits than float64, with that type."""
        return {asked.name: found.narrow for asked, found in self._numbers() if found.narrow}

    def _numbers(self) -> list[tuple[_Asked, Numbers]]:
        return [(asked, found) for asked, found in self._read.items() if isinstance(found, Numbers)]

    def _matching(self, conditions: Sequence[Condition]) -> Mask | None:
        """Which rows fit all conditions; None without conditions."""
        fits: Mask | None = None
        for condition in conditions:
            one = condition.keeps(self.cells(condition.column), self._kinds[condition.column], self._parse)
            fits = one if fits is None else fits & one
        return fits


def chosen_rows(block: Block) -> Index | None:
    """The places of the rows that fit all conditions; None where there are no conditions."""
    return None if block.matching is None else np.flatnonzero(block.matching)
