"""The columns of several models in one table: the first one's under their own names, others as NAME:column."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from losscli.data.numbers import Parser
from losscli.data.table import Batch, Column, Headed, Need, position, sliced
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.joined import JoinedTable


@dataclass(frozen=True, slots=True)
class View:
    """The columns of one model as its own file calls them, and what they are called in the table of all models.

    Attributes:
        label: the model's file, for messages.
        columns: those of its file, and those that it shares with the first model and only the first one's file has.
        names: for each of these names the one in the table of all models.
        joined: the predictions with their truth, where that is in another file.
    """

    label: str
    columns: Sequence[Column]
    names: Mapping[str, str]
    joined: "JoinedTable | None" = None


Place: TypeAlias = tuple[int, str]
"""Which side a column is of, and its name there."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which columns are needed of each side, and where each needed column of the whole is found."""

    needs: list[list[Need]]
    places: list[Place]


class SideBySide:
    """The columns of models beside one another.

    Args:
        names: the models, different from one another; the first one's columns keep their names.
        heads: the columns of each.
    """

    def __init__(self, names: Sequence[str], heads: Sequence[Headed]) -> None:
        self.names = list(names)
        self._heads = list(heads)
        self._places: list[Place] = []
        self.columns: list[Column] = []
        for i, head in enumerate(heads):
            for column in head.columns:
                self._places.append((i, column.name))
                self.columns.append(replace(column, name=self._joint(i, column.name)))

    @property
    def label(self) -> str:
        """The first one's name, whose rows are counted, and what stands beside it."""
        first = self._heads[0].label
        if len(self._heads) == 1:
            return first
        others = self._heads[1].label if len(self._heads) == 2 else f"{len(self._heads) - 1} others"
        return f"{first} (beside {others})"

    def _joint(self, side: int, name: str) -> str:
        return f"{self.names[side]}:{name}" if side else name

    def view(self, model: str, shared: Collection[str] = ()) -> View:
        """One model's columns.

        Args:
            shared: columns, such as the truth, that are the first model's where this one has none of the name.
        """
        side = self.names.index(model)
        head = self._heads[side]
        names = {column.name: self._joint(side, column.name) for column in head.columns}
        more = [column for column in self._heads[0].columns if column.name in shared and column.name not in names]
        names.update({column.name: column.name for column in more})
        return View(head.label, [*head.columns, *more], names, getattr(head, "joined", None))

    def split(self, whole: Headed, needs: Sequence[Need]) -> Split:
        """What is needed of each side.

        Args:
            whole: the table of these columns.
        """
        found = Split([[] for _ in self.names], [])
        for need in needs:
            side, name = self._places[position(whole, need.name)]
            found.places.append((side, name))
            found.needs[side].append(replace(need, name=name))
        return found


@dataclass(frozen=True, slots=True)
class RowsInMemory:
    """A run of rows that was read already."""

    columns: Batch
    start: int
    number: Parser

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows."""
        yield from sliced(self.columns, rows)


def chosen_columns(parts: Sequence[Mapping[str, object]], places: Sequence[Place]) -> Batch:
    """The columns of one run out of those of its sides."""
    return [parts[side][name] for side, name in places]
