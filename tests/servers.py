"""Servers on this machine that do what servers do: give ranges or not, lose connections, refuse, change their files."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Served:
    """What a server has, how it behaves, and what it was asked.

    Attributes:
        files: the content of each path.
        ranged: whether it gives ranges.
        sized: whether it says how long its content is where that is not chunked.
        lose: how many of the next answers break off in the middle.
        status: what it answers to everything; None for what is right.
        answers: the statuses of the next answers, before it does what is right.
        kind: the type of its content.
        versions: the version of each path; a new one after each write.
        asked: the method, the path and the range of each question.
        change_after: after so many questions every file is another.
        wait: how long it takes to answer.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranged: bool = True
    chunked: bool = False
    sized: bool = True
    etags: bool = True
    lose: int = 0
    status: int | None = None
    answers: list[int] = field(default_factory=list)
    kind: str = "application/octet-stream"
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    change_after: int | None = None
    wait: float = 0.0
    sent: int = 0
    address: str = ""

    def content(self, path: str) -> bytes | None:
        return self.files.get(path)

    def version(self) -> str:
        changed = self.change_after is not None and len(self.asked) > self.change_after
        return "second" if changed else "first"


class _Handler(BaseHTTPRequestHandler):
    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        served = self.served
        parts = urlsplit(self.path)
        served.asked.append((self.command, self.path, self.headers.get("Range", "")))
        time.sleep(served.wait)
        status = served.answers.pop(0) if served.answers else served.status
        if status is not None:
            self._send(status, b"", {})
            return
        if "list-type" in parts.query:
            self._send(200, _listing(served, unquote(parts.path), parse_qs(parts.query)), {})
            return
        content = served.content(unquote(parts.path))
        if content is None:
            self._send(404, b"", {})
            return
        headers = {"ETag": f'"{served.version()}"'} if served.etags else {}
        asked = self.headers.get("Range", "")
        if served.ranged and asked:
            first, last = asked.removeprefix("bytes=").split("-")
            if int(first) >= len(content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
                return
            part = content[int(first) : int(last) + 1 if last else None]
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
            self._send(206, part, headers)
            return
        self._send(200, content, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        served = self.served
        self.send_response(status)
        for name, value in {"Content-Type": served.kind, **headers}.items():
            self.send_header(name, value)
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif served.sized:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command == "HEAD":
            return
        if served.lose and body:
            served.lose -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
            self._write(body, ends=False)
            self.connection.close()
            return
        self._write(body, ends=True)

    def _write(self, body: bytes, *, ends: bool) -> None:
        self.served.sent += len(body)
        if not self.served.chunked:
            self.wfile.write(body)
        else:
            for start in range(0, len(body), 50_000):
                piece = body[start : start + 50_000]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if ends:
                self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _listing(served: Served, path: str, query: dict[str, list[str]]) -> bytes:
    """What a bucket answers to a question for its keys."""
    bucket = path.strip("/")
    prefix, mark = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
    keys = sorted(name.removeprefix(f"/{bucket}/") for name in served.files if name.startswith(f"/{bucket}/{prefix}"))
    folders: dict[str, None] = {}
    entries = []
    for key in keys:
        rest = key[len(prefix) :]
        if mark and mark in rest:
            folders[prefix + rest.split(mark)[0] + mark] = None
            continue
        size = len(served.files[f"/{bucket}/{key}"])
        moment = "2026-01-01T00:00:00.000Z"
        entries.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{moment}</LastModified>"
            f"<ETag>&quot;x&quot;</ETag><Size>{size}</Size></Contents>"
        )
    entries += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders]
    count = f"<KeyCount>{len(entries)}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    found = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>{count}{''.join(entries)}"
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{space}">{found}</ListBucketResult>'.encode()
    )


@contextmanager
def serving(**behaviour: Any) -> Iterator[Served]:
    """A server on the loopback interface, for as long as the context lasts."""
    served = Served(**behaviour)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a reader may go in the middle
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
