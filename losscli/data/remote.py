"""Files that are not on this machine: found by their address, read by ranges or as a stream."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, Protocol

from losscli.data.addresses import BUCKETS, Address
from losscli.data.network_errors import plain_errors
from losscli.data.read_ahead import ahead
from losscli.data.sources import Source
from losscli.data.streams import Peekable
from losscli.errors import DataError

HEAD_BYTES = 64 << 10
"""What is read first, to see the format."""
PIECE_BYTES = 8 << 20
"""What is asked for at a time of a text: large beside the time that a question takes to travel."""


class RemoteFile(Protocol):
    """A file that is read at any place; small, so that workers can be given it.

    It knows which version of the file was found, and refuses another.
    """

    @property
    def size(self) -> int:
        """How many bytes it has."""

    @property
    def version(self) -> str | None:
        """What tells that it is the same, the kind before it, such as an `etag:`; None where nothing does."""

    def open(self) -> Any:
        """A file as Arrow reads it.

        Raises:
            DataError: it cannot be reached, or is another by now.
        """

    def check(self) -> None:
        """See that it is still the same.

        Raises:
            DataError: it is another by now.
        """


class RemoteStream(Peekable):
    """The content of an address from its beginning.

    Attributes:
        file: for readers that go to any place; None where the server does not let them.
    """

    def __init__(self, pieces: Iterator[bytes], file: RemoteFile | None) -> None:
        super().__init__(_Pieces(pieces))
        self.file = file


class _Pieces:
    """Pieces of any size as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join([self._taken(len(self._rest)), *self._pieces])
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        return self._taken(size)

    def _taken(self, size: int) -> bytes:
        taken, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return taken

    def seekable(self) -> bool:
        """What has come over the network is gone."""
        return False

    def close(self) -> None:
        self._rest = memoryview(b"")
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def pieces_of(file: RemoteFile, label: str, head: bytes = b"") -> Iterator[bytes]:
    """The content of a file that is read by ranges, the next piece on its way while the last one is at work.

    Args:
        head: its first bytes, where they are here already.
    """
    if head:
        yield head
    with plain_errors(label), closing(file.open()) as source:
        if not head:
            head = bytes(source.read_at(min(HEAD_BYTES, file.size), 0))
            yield head
        starts = range(len(head), file.size, PIECE_BYTES)
        if starts:
            yield from ahead(_piece(source, start, min(PIECE_BYTES, file.size - start), label) for start in starts)
        file.check()


def _piece(source: Any, start: int, size: int, label: str) -> bytes:
    piece = bytes(source.read_at(size, start))
    if len(piece) < size:
        raise DataError(f"{label} became shorter while it was read", "run again when its writer is done")
    return piece


def opened(address: str, label: str) -> RemoteStream:
    """What stands at an address.

    Raises:
        DataError: it is not there, cannot be reached, or lacks the library for it.
    """
    parsed = Address.parse(address)
    if parsed.scheme in BUCKETS:
        from losscli.data.buckets import find_object

        file = find_object(parsed.scheme, parsed.path, label)
        return RemoteStream(pieces_of(file, label), file)
    from losscli.data.web import opened_page

    return opened_page(parsed)


def said_of(address: str, label: str) -> tuple[int | None, str | None]:
    """The size and the version of what stands at an address; nothing of it is kept.

    Raises:
        DataError: it is not there, cannot be reached, or lacks the library for it.
    """
    with closing(opened(address, label)) as stream:
        return (None, None) if stream.file is None else (stream.file.size, stream.file.version)


def expanded(named: Source) -> list[Source]:
    """The files that an address stands for: those of a folder or a pattern in a bucket, or itself.

    Raises:
        UsageError: it is no address that can be read.
        DataError: nothing is there.
    """
    parsed = Address.parse(named.name)
    shown = replace(named, name=parsed.shown, address=parsed.whole)
    if parsed.scheme not in BUCKETS:
        return [shown]
    from losscli.data.buckets import files_in_bucket

    found = files_in_bucket(parsed, named.format)
    if found is None:
        return [shown]
    return [replace(shown, name=file.name, address=file.name, keys=file.keys, within=parsed.shown) for file in found]
