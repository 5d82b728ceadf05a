"""The input cut into parts that are worked on by themselves: runs of fragments of a table, and whole files.

The parts of all files go through one ordered map, so a thousand small files keep as many threads busy as one large
file does. What is found comes back in the order of the files, and so do errors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any, Generic, Protocol, TypeVar

from losscli import fold
from losscli.data.own_file import bytes_of, source_of
from losscli.data.table import Fragment, Need, Table
from losscli.records import dataclass

Opener = Callable[[], Table]
Needs = Callable[[Table], Sequence[Need]]
"""The columns to read from a table."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of rows of one file, ready to be read.

    Attributes:
        file: the number of the file.
        fragments: to be read in order.
        whole: whether they are all rows of the file.
    """

    file: int
    needs: Sequence[Need]
    fragments: Iterable[Fragment]
    whole: bool = False


class Part(Protocol):
    """What one worker reads by itself; it knows the number of its file, and the file's name for messages."""

    @property
    def file(self) -> int: ...

    @property
    def label(self) -> str: ...

    def read(self, needs: Needs) -> AbstractContextManager[Stretch]:
        """The rows; files that are opened for them are closed afterwards.

        Args:
            needs: tells the columns to read, where the part was cut before they were known.
        """


@dataclass(frozen=True, slots=True)
class OfTable:
    """Fragments of a table that is open."""

    file: int
    label: str
    needs: Sequence[Need]
    fragments: Sequence[Fragment]

    @contextmanager
    def read(self, needs: Needs) -> Iterator[Stretch]:  # noqa: ARG002 - they are known
        """The rows of the fragments."""
        yield Stretch(self.file, self.needs, self.fragments)


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that whoever reads it opens."""

    file: int
    label: str
    opener: Opener

    @contextmanager
    def read(self, needs: Needs) -> Iterator[Stretch]:
        """All rows of the file."""
        with closing(self.opener()) as table:
            wanted = needs(table)
            yield Stretch(self.file, wanted, table.fragments(wanted), whole=True)


@dataclass(frozen=True, slots=True)
class Broken:
    """The place in the input from which on it could not be cut."""

    file: int
    label: str
    error: Exception

    def read(self, needs: Needs) -> AbstractContextManager[Stretch]:  # noqa: ARG002 - there is nothing to read
        """Raise what went wrong."""
        raise self.error


class Counted(Protocol):
    """What is found in a part."""

    @property
    def rows(self) -> int:
        """How many rows the part has."""


Found = TypeVar("Found", bound=Counted)


@dataclass(slots=True)
class Done(Generic[Found]):
    """What became of a part: what was found, or what went wrong.

    An error is a value here, so that it waits for its turn behind what the parts before it come to.
    """

    file: int
    label: str
    found: Found | None = None
    error: Exception | None = None


def worked(needs: Needs, work: Callable[[Stretch], Found], parts: Sequence[Part]) -> list[Done[Found]]:
    """Work on parts one after the other, up to the first in which something is wrong."""
    done: list[Done[Found]] = []
    for part in parts:
        try:
            with part.read(needs) as stretch:
                done.append(Done(part.file, part.label, work(stretch)))
        except Exception as error:
            done.append(Done(part.file, part.label, error=error))
            break
    return done


class Cutting(Protocol):
    """How files are cut into parts."""

    def unopened(self, file: int, opener: Opener, *, is_open: bool) -> Part | None:
        """The part that a file is as a whole; None where it is to be opened here and cut.

        Args:
            is_open: whether it has been opened here for another reason.
        """

    def opened(self, file: int, opener: Opener, table: Table, needs: Sequence[Need]) -> Iterator[Part]:
        """The parts of a table."""

    def together(self, parts: Iterable[Part]) -> Iterator[Sequence[Part]]:
        """The same parts, those together that one worker takes at a time."""


SMALL_FILE = 4 << 20
"""Bytes of a file that one thread takes as a whole: cutting it would cost more than it gains."""


class NearCutting:
    """Parts for the threads of this process, which share what is open."""

    def unopened(self, file: int, opener: Opener, *, is_open: bool) -> Part | None:
        """A small file; its rows are added up in the thread that reads it."""
        source = None if is_open else source_of(opener)
        size = None if source is None else bytes_of(source)
        return None if source is None or size is None or size > SMALL_FILE else WholeFile(file, source.label, opener)

    def opened(self, file: int, opener: Opener, table: Table, needs: Sequence[Need]) -> Iterator[Part]:  # noqa: ARG002
        """Fragments, small ones together."""
        for run in runs_of(table.fragments(needs), fold.BLOCK):
            yield OfTable(file, table.label, needs, run)

    def together(self, parts: Iterable[Part]) -> Iterator[Sequence[Part]]:
        """Each by itself."""
        for part in parts:
            yield (part,)


def runs_of(fragments: Iterable[Fragment], rows: int) -> Iterator[list[Any]]:
    """Consecutive fragments with at least so many rows together; one by one where only reading tells how many."""
    run: list[Fragment] = []
    for fragment in fragments:
        if run and (fragment.start is None or run[0].start is None or fragment.start - run[0].start >= rows):
            yield run
            run = []
        run.append(fragment)
        if fragment.start is None:
            yield run
            run = []
    if run:
        yield run
