"""The fragments of a table worked on in order, with the place of each and of what is wrong in one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from losscli.data.table import CellError, Fragment
from losscli.execution import ordered_map


class Counted(Protocol):
    """What is found in a fragment."""

    @property
    def rows(self) -> int:
        """How many rows the fragment has."""


Found = TypeVar("Found", bound=Counted)


def walked(
    label: str, fragments: Iterable[Fragment], work: Callable[[Fragment], Found], threads: int, start: int = 0
) -> Iterator[tuple[int, Found]]:
    """What is found in each fragment, and how many rows of the table come before it.

    Args:
        label: the table's, for messages.
        start: how many rows come before the first.

    Raises:
        DataError: a cell cannot be read; with its row in the table.
    """
    rows = start
    try:
        for found in ordered_map(work, fragments, threads):
            yield rows, found
            rows += found.rows
    except CellError as error:
        raise error.located(label, rows) from error
