"""The walk over all files of a command: parts through one ordered map, and what is found to the fold of its file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from losscli.data.own_file import source_of
from losscli.data.table import CellError, Table
from losscli.execution import Engine
from losscli.memory import Growing, keep, look
from losscli.parts import Broken, Counted, Cutting, Done, NearCutting, Needs, Opener, Part, Stretch, worked
from losscli.records import dataclass, field
from losscli.walk import growing

Found = TypeVar("Found", bound=Counted)
Taken = TypeVar("Taken", bound=Counted, contravariant=True)


class FileFold(Protocol[Taken]):
    """Takes what is found in one file."""

    def take(self, found: Taken, before: int) -> None:
        """Take what was found in the part that follows so many rows of the file."""

    def finish(self, label: str, rows: int) -> None:
        """The file is at its end."""


@dataclass(slots=True)
class FileWalk(Generic[Found]):
    """A walk over files.

    Attributes:
        needs: the columns to read from each.
        work: what to do with a part; nothing but its arguments may matter, for it may run elsewhere.
        fold: begins the fold of a file, by its number.
        engine: where parts are worked on.
        grown: says what has come to be held of what was found, for the message where memory is not enough.
    """

    needs: Needs
    work: Callable[[Stretch], Found]
    fold: Callable[[int], FileFold[Found]]
    engine: Engine
    grown: Callable[[], Growing | None] | None = None
    _open: dict[int, Table] = field(default_factory=dict)

    def over(self, openers: Sequence[Opener], first: Table) -> None:
        """Work on the parts of all files and fold what is found in their order.

        Args:
            first: the table of the first opener, which is closed here.

        Raises:
            DataError: a file or a cell cannot be read; with its row in the file.
        """
        self._open[0] = first
        try:
            if all(source_of(opener) is not None for opener in openers):
                self._walk(list(enumerate(openers)))
            else:
                # tables that are brought together share what they hold: one is let go of before the next is opened
                for numbered in enumerate(openers):
                    self._walk([numbered])
        finally:
            for table in self._open.values():
                table.close()

    def _walk(self, openers: Sequence[tuple[int, Opener]]) -> None:
        file, label, rows = openers[0][0], "", 0
        fold: FileFold[Found] | None = None
        self._keep(label)
        cutting = self._cutting([opener for _, opener in openers])
        bundles = cutting.together(self._parts(openers, cutting))
        with closing(self.engine.map(partial(worked, self.needs, self.work), bundles)) as results:
            for done in (one for bundle in results for one in bundle):
                if fold is None or done.file != file:
                    self._finish(fold, file, label, rows)
                    file, rows, fold = done.file, 0, self.fold(done.file)
                    self._keep(done.label)
                label = done.label
                if done.found is None:
                    raise _located(done, rows)
                fold.take(done.found, rows)
                rows += done.found.rows
                look()
        self._finish(fold, file, label, rows)

    def _keep(self, label: str) -> None:
        """Have memory looked at, and what is read named where it is not enough."""
        look()
        keep("", partial(growing, label, self.grown))

    def _cutting(self, openers: Sequence[Opener]) -> Cutting:
        if not self.engine.far:
            return NearCutting()
        from losscli.far_parts import FarCutting

        return FarCutting(openers, self.engine.slots)

    def _finish(self, fold: FileFold[Found] | None, file: int, label: str, rows: int) -> None:
        if fold is None:
            return
        fold.finish(label, rows)
        table = self._open.pop(file, None)
        if table is not None:
            table.close()

    def _parts(self, openers: Sequence[tuple[int, Opener]], cutting: Cutting) -> Iterator[Part]:
        for file, opener in openers:
            label = ""
            try:
                whole = cutting.unopened(file, opener, is_open=file in self._open)
                if whole is not None:
                    yield whole
                    continue
                if file not in self._open:
                    self._open[file] = opener()
                table = self._open[file]
                label = table.label
                yield from cutting.opened(file, opener, table, self.needs(table))
            except Exception as error:
                yield Broken(file, label, error)
                return


def _located(done: Done[Any], rows: int) -> Exception:
    """The error of a part, with the row of a cell counted within the file."""
    error = done.error
    if isinstance(error, CellError):
        located = error.located(done.label, rows)
        located.__cause__ = error
        return located
    return error or RuntimeError("a part of the input came to nothing")
