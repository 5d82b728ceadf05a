"""Streams of bytes whose beginning can be looked at, and what compressed ones hold."""

import bz2
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from losscli.errors import DataError


class Peekable:
    """A binary stream whose first bytes can be looked at."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._ahead = b""

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
        readable: Any = _Readable(stream)
        if kind == "bz2":
            # Arrow's reader stumbles over an empty stream between others
            super().__init__(bz2.BZ2File(readable))
        else:
            super().__init__(pa.CompressedInputStream(pa.PythonFile(readable, mode="r"), kind))

    def close(self) -> None:
        super().close()
        self._compressed.close()

    def peek(self, size: int) -> bytes:
        with _compressed_errors(self._label):
            return super().peek(size)

    def read(self, size: int = -1) -> bytes:
        with _compressed_errors(self._label):
            return super().read(size)


class _Readable:
    """What pyarrow asks of a Python file."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return bytes(self._stream.read(size))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _compressed_errors(label: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{label} cannot be decompressed: {reason}", "the file may be cut off") from error
