"""From the names in a command to tables: globs, formats, compression, standard input."""

import glob
import io
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from losscli.data.streams import Decompressed, Peekable
from losscli.data.table import Table
from losscli.data.text_options import TextOptions
from losscli.errors import DataError, UsageError

FORMATS = ("csv", "tsv", "parquet", "arrow", "jsonl", "json", "npy", "npz")
_ENDINGS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".npy": "npy",
    ".npz": "npz",
}
_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
)
_COMPRESSED_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One named input, not yet opened.

    Attributes:
        content: the bytes of a stream that was read to be opened more than once.
        place: where the file is for a process with another working folder; messages have the name.
    """

    name: str
    format: str | None
    options: TextOptions
    content: bytes | None = field(default=None, repr=False)
    place: str | None = None

    @property
    def label(self) -> str:
        return "standard input" if self.name == STANDARD_INPUT else self.name

    @property
    def read_once(self) -> bool:
        """Whether it is a stream that cannot be opened a second time."""
        path = Path(self.name)
        stream = self.name == STANDARD_INPUT or (path.exists() and not path.is_file() and not path.is_dir())
        return self.content is None and stream

    def kept(self) -> "Source":
        """The same, to be opened as often as one likes; of a stream the content is in memory from now on."""
        if not self.read_once:
            return self
        stream = self._stream()
        try:
            return replace(self, content=stream.read())
        finally:
            stream.close()

    def open(self) -> Table:
        """The table behind the name.

        Raises:
            DataError: it cannot be read.
            UsageError: its format is unknown.
        """
        stream = self._stream()
        try:
            return self._table(stream)
        except OSError as error:
            stream.close()
            raise DataError(f"{self.label} cannot be read: {error.strerror or error}", "check the file") from error
        except BaseException:
            stream.close()
            raise

    def _table(self, stream: Any) -> Table:
        compression = self._compression(stream)
        if compression:
            stream = Decompressed(stream, compression, self.label)
        kind = self.format or self._format_of_name() or _format_of_content(stream)
        if kind in ("csv", "tsv"):
            from losscli.data.text import TextTable

            _refuse_binary(stream, self.label)
            delimiter = self.options.delimiter or ("\t" if kind == "tsv" else None)
            return TextTable(self.label, stream, replace(self.options, delimiter=delimiter))
        self._refuse_text_options(kind)
        if kind in ("json", "jsonl"):
            from losscli.data.json_lines import JsonTable

            return JsonTable(self.label, stream)
        # the others are read at more than one place: streams are held as a whole, files are opened by their readers
        held = compression or self.name == STANDARD_INPUT or not Path(self.place or self.name).is_file()
        content = stream.read() if held else None
        stream.close()
        return _columnar(kind, self.label, self.place or self.name, content)

    def _refuse_text_options(self, kind: str) -> None:
        given = self.options.summary()
        if given:
            raise UsageError(f"{self.label} is a {kind} file, to which options of text files do not apply: {given}")

    def _stream(self) -> Any:
        if self.content is not None:
            return Peekable(io.BytesIO(self.content))
        try:
            if self.name == STANDARD_INPUT:
                return Peekable(sys.stdin.buffer)
            return Peekable(Path(self.place or self.name).open("rb"))
        except FileNotFoundError:
            raise DataError(f"{self.name}: no such file", _near_files(self.name)) from None
        except IsADirectoryError:
            inside = os.path.join(self.name, "*.parquet")  # noqa: PTH118 - a Path would drop a leading ./
            raise DataError(f"{self.name} is a folder", f"name its files, for instance '{inside}'") from None
        except PermissionError:
            raise DataError(f"{self.name}: no permission to read it", "check its access rights") from None
        except OSError as error:
            raise DataError(f"{self.name} cannot be read: {error.strerror}") from error

    def _compression(self, stream: Any) -> str | None:
        named = _COMPRESSIONS.get(Path(self.name).suffix.lower())
        magic = next((kind for mark, kind in _COMPRESSED_MAGIC if stream.peek(4).startswith(mark)), None)
        if named and magic is None and stream.peek(1):
            raise DataError(f"{self.name} is not compressed with {named}", "rename it to what it is")
        return magic

    def beside(self, name: str) -> "Source":
        """Another input, read with the same options as far as they concern it."""
        other = replace(self, name=name, content=None)
        named = other._format_of_name()
        if named is None:
            return other
        text = named in ("csv", "tsv")
        return replace(other, format=None, options=self.options if text else TextOptions())

    def _format_of_name(self) -> str | None:
        path = Path(self.name)
        if path.suffix.lower() in _COMPRESSIONS:
            path = path.with_suffix("")
        return _ENDINGS.get(path.suffix.lower())


def _columnar(kind: str, label: str, path: str, content: bytes | None) -> Table:
    if kind == "parquet":
        from losscli.data.parquet import ParquetTable

        return ParquetTable(label, path, content)
    if kind == "arrow":
        from losscli.data.arrow import ArrowTable

        return ArrowTable(label, path, content)
    from losscli.data.arrays import NumpyTable

    return NumpyTable(label, path, content)


def _format_of_content(stream: Any) -> str:
    head = stream.peek(64)
    for mark, kind in _MAGIC:
        if head.startswith(mark):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "jsonl" if text.startswith((b"{", b"[")) else "csv"


def _refuse_binary(stream: Any, label: str) -> None:
    head = stream.peek(64)
    for mark, kind in _MAGIC:
        if head.startswith(mark):
            raise DataError(f"{label} is a {kind} file by its content", f"--input-format {kind}")


def _near_files(name: str) -> str:
    from difflib import get_close_matches

    path = Path(name)
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return "check the path"
    near = get_close_matches(path.name, beside, n=3)
    return f"did you mean {' or '.join(near)}?" if near else "check the path"


def resolve(names: Sequence[str], input_format: str | None, options: TextOptions) -> list[Source]:
    """The inputs that the names of a command stand for, in order; patterns are filled in natural order.

    Raises:
        UsageError: no name, an unknown format, or standard input named twice.
        DataError: a pattern that fits no file.
    """
    if not names:
        raise UsageError("no input", hint="name a file, or - for standard input")
    if input_format is not None and input_format not in FORMATS:
        raise UsageError(f"there is no input format {input_format!r}", hint=f"one of {', '.join(FORMATS)}")
    if list(names).count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read once", hint="name - only once")
    sources: list[Source] = []
    for name in names:
        for found in _expand(name):
            sources.append(Source(found, input_format, options))
    return sources


def _expand(name: str) -> list[str]:
    if "://" in name:
        raise UsageError(f"{name}: addresses cannot be read yet", hint="copy the file here first")
    if not glob.has_magic(name) or os.path.lexists(name):
        return [name]
    # not Path.glob: the pattern may be absolute, and the names must come back as they were written
    found = sorted(glob.glob(name, recursive=True), key=natural_order)  # noqa: PTH207
    if not found:
        raise DataError(f"{name}: no file fits this pattern", "check the pattern")
    return found


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which part2 comes before part10."""
    return [(0, int(part), "") if re.fullmatch("[0-9]+", part) else (1, 0, part) for part in re.split("([0-9]+)", name)]
