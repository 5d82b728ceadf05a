"""Several tables after one another as one: a model whose predictions are in several files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from losscli.data.table import Batch, CellError, Column, Fragment, Need, Table
from losscli.records import dataclass


class ChainTable:
    """The rows of one table after those of another; it is read in order, one fragment after the other.

    Args:
        openers: at least one; each is opened when it is its turn. The columns are those of the first.
    """

    def __init__(self, openers: Sequence[Callable[[], Table]]) -> None:
        first = openers[0]()
        self._openers = openers
        self._first: Table | None = first
        self.columns: Sequence[Column] = first.columns
        self.joined = getattr(first, "joined", None)
        more = len(openers) - 1
        self.label = f"{first.label} and {more} more file{'s' if more > 1 else ''}" if more else first.label

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The fragments of all tables."""
        for i, opener in enumerate(self._openers):
            table = self._first if i == 0 and self._first is not None else opener()
            self._first = None
            rows = _Rows()
            with closing(table):
                for fragment in table.fragments(needs):
                    yield _Link(fragment, table.label, rows)

    def close(self) -> None:
        """Close what was opened and not read."""
        if self._first is not None:
            self._first.close()


@dataclass(slots=True)
class _Rows:
    """How many rows of a file have been read."""

    count: int = 0


@dataclass(frozen=True)
class _Link:
    fragment: Fragment
    label: str
    rows: _Rows
    start: None = None

    def batches(self, rows: int) -> Iterator[Batch]:
        start = self.rows.count
        try:
            for batch in self.fragment.batches(rows):
                self.rows.count += len(batch[0])
                yield batch
        except CellError as error:
            raise error.located(self.label, start) from error

    def number(self, cell: str) -> float | None:
        return self.fragment.number(cell)
