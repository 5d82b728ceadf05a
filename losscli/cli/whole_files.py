"""Files are written whole or not at all, and those of one command together."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from losscli.errors import DataError


class whole_files:  # noqa: N801 - reads as a function in a with statement
    """The names of new files beside `paths` that take their places together at the end, or go away after an error.

    Raises:
        DataError: a folder does not exist or cannot be written; then no file takes its place.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._files = [_NewFile(path) for path in paths]

    def __enter__(self) -> list[str]:
        try:
            return [file.open() for file in self._files]
        except BaseException:
            self._discard()
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._take_places()
        finally:
            self._discard()

    def _take_places(self) -> None:
        try:
            for file in self._files:
                file.prepare(undoable=len(self._files) > 1)
            for file in self._files:
                file.take_place()
        except BaseException:
            for file in self._files:
                file.undo()
            raise

    def _discard(self) -> None:
        for file in self._files:
            file.discard()


@contextmanager
def written(path: str) -> Iterator[None]:
    """Says which output it was that could not be written.

    Raises:
        DataError: the system refuses, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}", "name a place that can") from error


class _NewFile:
    """A file under another name, for one place."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._target = Path(path).resolve()
        # a device or a pipe is written to, not replaced
        self._direct = (self._target.exists() and not self._target.is_file()) or path.startswith("/dev/")
        self._new: Path | None = None
        self._old: Path | None = None
        self._existed = self._placed = False

    def open(self) -> str:
        if self._direct:
            return self._path
        with written(self._path):
            handle, name = tempfile.mkstemp(prefix=".losscli-", dir=self._target.parent)
            self._new = Path(name)
            os.close(handle)
        return name

    def prepare(self, *, undoable: bool) -> None:
        """Do all that may fail before the first file takes its place."""
        if self._new is None:
            return
        with written(self._path):
            self._existed = self._target.exists()
            self._new.chmod(self._target.stat().st_mode & 0o777 if self._existed else 0o666 & ~_umask())
        if self._existed and undoable:
            old = self._new.with_name(f"{self._new.name}.old")
            # a file system without links has no second name for the old file, which then cannot come back
            with suppress(OSError):
                old.hardlink_to(self._target)
                self._old = old

    def take_place(self) -> None:
        if self._new is not None:
            with written(self._path):
                self._new.replace(self._target)
            self._placed = True

    def undo(self) -> None:
        """Put back what was there before, after another file could not take its place."""
        with suppress(OSError):
            if self._placed and self._old is not None:
                self._old.replace(self._target)
            elif self._placed and not self._existed:
                self._target.unlink()

    def discard(self) -> None:
        for name in (self._new, self._old):
            if name is not None:
                with suppress(OSError):
                    name.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
