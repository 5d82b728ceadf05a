"""Models side by side, each from its own file: one table with the columns of all."""

from collections.abc import Collection, Iterator, Sequence

from losscli.data.keyed_rows import emitted, keyed_rows, paired_inner, streamed
from losscli.data.keys import Join, check_columns
from losscli.data.left_out import LeftOut
from losscli.data.lockstep import lockstep
from losscli.data.side_by_side import SideBySide, View
from losscli.data.table import Column, Fragment, Need, Table
from losscli.data.where import Condition
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """A model and the table of its predictions, which may have their truth with them."""

    name: str
    table: Table


class PanelTable:
    """The rows of the first side with those of the others beside them.

    Without keys, rows are paired by position and all sides stream. With keys the first side streams and of the others
    the needed columns and the keys are held in memory; an inner join holds all sides. Rows are in the order of the
    first side, and numbers of rows in messages are its own, with an inner join those that are left.

    Args:
        sides: the models, the baseline first; `close` closes their tables.
        keys: the columns that tell a row, which every side has; None to go by position.
        conditions: filters; rows that they leave out need no partner.
        left_out: counts what an inner join leaves out.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        keys: Sequence[str] | None,
        join: Join = "strict",
        conditions: Sequence[Condition] = (),
        left_out: LeftOut | None = None,
    ) -> None:
        self.models = [side.name for side in sides]
        self._tables = [side.table for side in sides]
        self._keys = keys
        self._join = join
        self._conditions = conditions
        self._left_out = left_out or LeftOut()
        self._beside = SideBySide(self.models, self._tables)
        self.columns: Sequence[Column] = self._beside.columns
        for table in self._tables:
            check_columns(table, keys or ())

    @property
    def label(self) -> str:
        """The first side's name, and what stands beside it."""
        return self._beside.label + (" (rows with a partner in each)" if self._join == "inner" and self._keys else "")

    def view(self, model: str, shared: Collection[str] = ()) -> View:
        """The columns of one model, and of those it shares with the first one's file the ones that only that has."""
        return self._beside.view(model, shared)

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """Runs of rows, read here one after the other; an error of pairing comes at the end at the latest."""
        split = self._beside.split(self, needs)
        if self._keys is None:
            yield from lockstep(self._tables, split)
        elif self._join == "strict":
            yield from streamed(self._tables, self._keys, split, self._conditions)
        else:
            sides = [
                keyed_rows(table, own, self._keys, self._conditions)
                for table, own in zip(self._tables, split.needs, strict=True)
            ]
            rows = paired_inner(sides, self._left_out)
            yield from emitted([side.held for side in sides], rows, split)

    def close(self) -> None:
        """Close the tables of all sides."""
        for table in self._tables:
            table.close()
