"""Files on web servers, by the library `requests`: by ranges where the server gives them, else as one stream."""

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import Any

import pyarrow as pa

from losscli.data.addresses import Address
from losscli.data.read_ahead import ahead
from losscli.data.remote import HEAD_BYTES, RemoteStream, pieces_of
from losscli.errors import DataError
from losscli.records import dataclass, field

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
PAUSES = (0.2, 1.0)
"""How long to wait before each further attempt; after the last one the run ends."""
_STREAM_BYTES = 1 << 20
_TRY_AGAIN = (429, 500, 502, 503, 504)
_PROBLEMS = {
    401: ("no permission to read it", "check the address and how it is signed"),
    403: ("no permission to read it", "check the address and how it is signed"),
    404: ("no such file", "check the address; a server lists no folders and knows no patterns"),
    410: ("no such file any more", "check the address"),
}


class _LostError(Exception):
    """The connection failed, or the server asks to come back."""


@dataclass(frozen=True)
class WebFile:
    """A file that a server gives by ranges.

    Attributes:
        address: as it was given.
    """

    address: str = field(repr=False)
    label: str
    size: int
    version: str | None = None

    def open(self) -> Any:
        """A file as Arrow reads it."""
        return pa.PythonFile(_Ranges(self), mode="r")

    def check(self) -> None:
        """Each answer was held against the first one already."""

    def read_at(self, start: int, size: int) -> bytes:
        """Some of its bytes, asked for again where the connection is lost.

        Raises:
            DataError: they cannot be had, or the file is another by now.
        """
        return bytes(_persistently(self.label, lambda: self._read_once(start, size)))

    def _read_once(self, start: int, size: int) -> bytes:
        with _asked(self.address, self.label, {"Range": f"bytes={start}-{start + size - 1}"}) as answer:
            place, total = _range_of(answer)
            if (_length(answer) if answer.status_code == 200 else total) != self.size or self._is_other(answer):
                raise DataError(f"{self.label} changed while it was read", "run again when its writer is done")
            if answer.status_code != 206 or place != start:
                raise DataError(f"{self.label}: the server gives other ranges than asked for", "download it first")
            content = _content(answer, self.label)
        if len(content) != size:
            raise _LostError("the answer was cut off")
        return content

    def _is_other(self, answer: Any) -> bool:
        """Whether an answer says that it is of another version; one may say less than the first."""
        found = _version(answer)
        kinds = [version.partition(":")[0] for version in (self.version, found) if version is not None]
        return len(set(kinds)) == 1 < len(kinds) and found != self.version


class _Ranges(io.RawIOBase):
    """A file on a server as Python has files."""

    def __init__(self, file: WebFile) -> None:
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place + (0, self._place, self._file.size)[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        rest = max(0, self._file.size - self._place)
        size = rest if size < 0 else min(size, rest)
        content = self._file.read_at(self._place, size) if size else b""
        self._place += size
        return content


def opened_page(address: Address) -> RemoteStream:
    """What stands at an address.

    Raises:
        DataError: it is not there, is a web page, cannot be reached, or the library is not installed.
    """
    label = address.shown
    answer, file, head = _persistently(label, lambda: _first_answer(address.whole, label))
    if file is not None:
        return RemoteStream(pieces_of(file, label, head), file)
    return RemoteStream(iter(()) if answer is None else ahead(_streamed(answer, label)), None)


def _first_answer(address: str, label: str) -> tuple[Any, WebFile | None, bytes]:
    """The file with its first bytes where the server gives ranges; else an answer with all of it, None for nothing."""
    answer = _answer(address, label, {"Range": f"bytes=0-{HEAD_BYTES - 1}"})
    _check_kind(answer, label)
    place, total = _range_of(answer)
    if answer.status_code == 200:
        return answer, None, b""
    with closing(answer):
        if answer.status_code == 416 and total == 0:
            return None, None, b""
        if answer.status_code == 206 and place == 0 and total:
            head = _content(answer, label)
            if len(head) != min(HEAD_BYTES, total):
                raise _LostError("the answer was cut off")
            return None, WebFile(address, label, total, _version(answer)), head
    if answer.status_code == 206:
        # a range of a file whose length the server does not know
        return _answer(address, label, {}), None, b""
    raise DataError(f"{label}: the server answers {_status(answer)}", "check the address")


def _streamed(answer: Any, label: str) -> Iterator[bytes]:
    """The content of an answer piece by piece; a connection that is lost cannot be taken up again."""
    with closing(answer):
        length, seen = _length(answer), 0
        if length is None and answer.headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise DataError(
                f"{label}: the server does not say where the file ends, so that a lost connection would go unnoticed",
                "download it first",
            )
        while True:
            piece = _persistently(label, lambda: _content(answer, label, _STREAM_BYTES), pauses=())
            if not piece:
                break
            seen += len(piece)
            yield piece
        # urllib3 before its second version ends such a stream like any other
        if length is not None and seen != length:
            raise DataError(f"{label}: the connection was lost while it was read", "try again, or download it first")


def _persistently(label: str, ask: Any, pauses: tuple[float, ...] | None = None) -> Any:
    """What a question to a server gives, asked again where the connection is lost."""
    pauses = PAUSES if pauses is None else pauses
    for attempt in range(len(pauses) + 1):
        try:
            return ask()
        except _LostError as lost:
            if attempt == len(pauses):
                raise DataError(f"{label}: {lost}", "check the address and the network, and try again") from None
        time.sleep(pauses[attempt])
    raise AssertionError("each attempt returns or raises")


@contextmanager
def _asked(address: str, label: str, headers: Mapping[str, str]) -> Iterator[Any]:
    with closing(_answer(address, label, headers)) as answer:
        yield answer


def _answer(address: str, label: str, headers: Mapping[str, str]) -> Any:
    """An answer whose content has not been read.

    Raises:
        _LostError: there was none, or one that says to try again.
        DataError: one that says that there is nothing to be had.
    """
    requests = _library()
    try:
        answer = _session().get(
            address,
            headers={"Accept-Encoding": "identity", **headers},
            stream=True,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        )
    except requests.exceptions.SSLError:
        raise DataError(f"{label}: its certificate cannot be verified", "REQUESTS_CA_BUNDLE names others") from None
    except requests.exceptions.Timeout:
        raise _LostError("no answer in time") from None
    except requests.exceptions.ConnectionError as error:
        unknown = "resolve" in str(error).lower()
        raise _LostError("its host is not known" if unknown else "it cannot be reached") from None
    except (requests.exceptions.RequestException, ValueError) as error:
        # its words have the address in them
        raise DataError(f"{label} cannot be read: {type(error).__name__}", "check the address") from None
    if answer.status_code < 400 or answer.status_code == 416:
        return answer
    answer.close()
    if answer.status_code in _TRY_AGAIN:
        raise _LostError(f"the server answers {_status(answer)}")
    problem, hint = _PROBLEMS.get(answer.status_code, ("the server refuses it", "check the address"))
    raise DataError(f"{label}: {problem} ({_status(answer)})", hint)


def _library() -> Any:
    try:
        import requests
    except ImportError:
        raise DataError("http:// and https:// need another library", "pip install 'losscli[http]'") from None
    return requests


@lru_cache(maxsize=1)
def _session() -> Any:
    """Connections stay open from one question to the next."""
    return _library().Session()


def _content(answer: Any, label: str, size: int | None = None) -> bytes:
    """The content of an answer, or the next bytes of it.

    Raises:
        _LostError: it ends before its end.
    """
    from urllib3.exceptions import HTTPError

    if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity", "gzip", "x-gzip"):
        raise DataError(f"{label}: the server compresses it in a way that was not asked for", "download it first")
    try:
        # compressed content is seen by its first bytes, like that of files
        return bytes(answer.raw.read(size, decode_content=False))
    except (HTTPError, OSError):
        raise _LostError("the connection was lost while it was read") from None


def _check_kind(answer: Any, label: str) -> None:
    """Refuse a page for people: that of a folder, of a login, or one that shows a file among other things."""
    if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
        answer.close()
        raise DataError(f"{label} is a web page, not a data file", "give the address of the file itself")


def _range_of(answer: Any) -> tuple[int | None, int | None]:
    """Where the content of an answer begins, and how long the whole is; None where it does not say."""
    said = answer.headers.get("Content-Range", "").removeprefix("bytes").strip()
    part, _, total = said.partition("/")
    first = part.partition("-")[0]
    return (int(first) if first.isdigit() else None), (int(total) if total.isdigit() else None)


def _length(answer: Any) -> int | None:
    said = answer.headers.get("Content-Length", "")
    return int(said) if said.isdigit() else None


def _version(answer: Any) -> str | None:
    for name in ("ETag", "Last-Modified"):
        if answer.headers.get(name):
            return f"{name.lower()}:{answer.headers[name].strip(chr(34))}"
    return None


def _status(answer: Any) -> str:
    return f"HTTP {answer.status_code}"
