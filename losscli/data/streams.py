"""Streams of bytes whose beginning can be looked at, and what compressed ones hold."""

import bz2
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pyarrow as pa

from losscli.errors import DataError
from losscli.memory import Growing, keep, look


class Peekable:
    """A binary stream whose next bytes can be looked at, and to which one can give back what was not used."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._ahead = b""
        self._goes_back = stream.seekable()

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._stream.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        ahead = self._ahead if size < 0 else self._ahead[:size]
        self._ahead = self._ahead[len(ahead) :]
        if size < 0:
            return ahead + (self._stream.read() or b"")
        rest = size - len(ahead)
        return ahead + ((self._stream.read(rest) or b"") if rest else b"")

    def give_back(self, rest: bytes) -> None:
        """Have the next read begin with these bytes, which are the last that were read."""
        if self._goes_back and not self._ahead:
            # a file is read again from there, which copies less than joining the bytes to those that follow
            self._stream.seek(-len(rest), os.SEEK_CUR)
        else:
            self._ahead = rest + self._ahead

    def tell(self) -> int:
        """How many bytes of a file were read from it."""
        return int(self._stream.tell()) - len(self._ahead)

    def close(self) -> None:
        self._stream.close()


class Decompressed(Peekable):
    """The content of a gzip, bzip2 or zstd stream."""

    def __init__(self, stream: Any, kind: str, label: str) -> None:
        self._label = label
        self._compressed = stream
        content, self._errors = _decompressed(_Readable(stream), kind)
        super().__init__(content)
        # some of these can go back, by starting again
        self._goes_back = False

    def close(self) -> None:
        super().close()
        self._compressed.close()

    def peek(self, size: int) -> bytes:
        with _compressed_errors(self._label, self._errors):
            return super().peek(size)

    def read(self, size: int = -1) -> bytes:
        with _compressed_errors(self._label, self._errors):
            return super().read(size)


def _decompressed(stream: Any, kind: str) -> tuple[Any, type[Exception]]:
    """What reads the content, and the error by which it alone says that it cannot."""
    if kind == "bz2":
        # Arrow's reader stumbles over an empty stream between others
        return bz2.BZ2File(stream), EOFError
    if kind == "gzip":
        with suppress(ImportError):
            # an extra, which takes less than half the time of zlib
            from isal import igzip, isal_zlib

            return igzip.IGzipFile(fileobj=stream), isal_zlib.error
    return pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), kind), pa.ArrowException


class _Readable:
    """What those who decompress ask of a Python file."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return bytes(self._stream.read(size))

    def readinto(self, place: memoryview) -> int:
        found = self._stream.read(len(place))
        place[: len(found)] = found
        return len(found)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _compressed_errors(label: str, own: type[Exception]) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, own) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{label} cannot be decompressed: {reason}", "the file may be cut off") from error


_AT_A_TIME = 4 << 20


def whole(stream: Any, label: str) -> bytes:
    """All that a stream has, in memory."""
    look()
    # grows in place and gives its bytes without a copy; to join parts takes as much again
    content = io.BytesIO()
    while more := stream.read(_AT_A_TIME):
        content.write(more)
        look(partial(_held_whole, label, content.tell()))
    keep(label, partial(_held_whole, label, content.tell()))
    return content.getvalue()


def _held_whole(label: str, size: int) -> Growing:
    what = f"the content of {label}, which is held as a whole ({size:,} bytes so far)"
    return Growing(what, "write it to a file that is not compressed: of such a file only parts are in memory", size)
