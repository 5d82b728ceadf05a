"""The fragments of a table worked on in order, with the place of each and of what is wrong in one."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from losscli.data.table import CellError, Fragment
from losscli.execution import ordered_map
from losscli.memory import Growing, keep, look


class Counted(Protocol):
    """What is found in a fragment."""

    @property
    def rows(self) -> int:
        """How many rows the fragment has."""


Found = TypeVar("Found", bound=Counted)


def walked(
    label: str,
    fragments: Iterable[Fragment],
    work: Callable[[Fragment], Found],
    threads: int,
    start: int = 0,
    grown: Callable[[], Growing | None] | None = None,
) -> Iterator[tuple[int, Found]]:
    """What is found in each fragment, and how many rows of the table come before it.

    Args:
        label: the table's, for messages.
        start: how many rows come before the first.
        grown: says what the caller has come to hold of what was found, for the message where memory is not enough.

    Raises:
        DataError: a cell cannot be read, with its row in the table; or memory is not enough.
    """
    rows = start
    look()
    keep("", partial(growing, label, grown))
    try:
        for found in ordered_map(work, fragments, threads):
            yield rows, found
            rows += found.rows
            look()
    except CellError as error:
        raise error.located(label, rows) from error


def reading(label: str) -> Growing:
    """What is in memory of an input at a time."""
    return Growing(f"what is in memory of {label} at a time", "--threads 1, or smaller row groups in the file", 0)


def growing(label: str, grown: Callable[[], Growing | None] | None) -> Growing:
    """The largest of what is held, or what is in memory of an input at a time."""
    return (grown and grown()) or reading(label)
