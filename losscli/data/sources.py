"""From the names in a command to tables: globs, formats, compression, standard input."""

import glob
import io
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losscli.data.streams import Decompressed, Peekable, whole
from losscli.data.table import Table
from losscli.data.text_options import TextOptions
from losscli.errors import DataError, UsageError
from losscli.records import dataclass, field

if TYPE_CHECKING:
    from losscli.data.partition_keys import PartitionKey
    from losscli.data.remote import RemoteFile

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
    """One named input, not yet opened; small, so that workers can be given it.

    Attributes:
        name: the path, or the address without what is secret in it.
        content: the bytes of a stream that was read to be opened more than once.
        address: the whole address of what is not on this machine; None for files.
        keys: what the folders of a data set say of the file.
        within: the folder or pattern that stands for the file; None where the command names it.
        place: where the file is for a process with another working folder; messages have the name.
    """

    name: str
    format: str | None
    options: TextOptions
    content: bytes | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    keys: "tuple[PartitionKey, ...]" = ()
    within: str | None = None
    place: str | None = None

    @property
    def label(self) -> str:
        return "standard input" if self.name == STANDARD_INPUT else self.name

    @property
    def read_once(self) -> bool:
        """Whether it is a stream that cannot be opened a second time."""
        if self.address is not None:
            return False
        path = Path(self.name)
        stream = self.name == STANDARD_INPUT or (path.exists() and not path.is_file() and not path.is_dir())
        return self.content is None and stream

    def kept(self) -> "Source":
        """The same, to be opened as often as one likes; of a stream the content is in memory from now on."""
        if not self.read_once:
            return self
        stream = self._stream()
        try:
            return replace(self, content=whole(stream, self.label))
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
            return self._with_keys(self._table(stream))
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
        place = self._place(stream, kind) if not compression else None
        content = whole(stream, self.label) if place is None else None
        stream.close()
        return _columnar(kind, self.label, self.name if place is None else place, content)

    def _place(self, stream: Any, kind: str) -> "str | RemoteFile | None":
        """Where a reader opens the file by itself; None where it has to be held."""
        if self.address is not None:
            # arrays of NumPy are read by its own readers, which know files only
            found: RemoteFile | None = stream.file if kind in ("parquet", "arrow") else None
            return found
        path = self.place or self.name
        return path if self.name != STANDARD_INPUT and Path(path).is_file() else None

    def _with_keys(self, table: Table) -> Table:
        if not self.keys:
            return table
        from losscli.data.partitions import partitioned

        return partitioned(table, self.keys)

    def _refuse_text_options(self, kind: str) -> None:
        given = self.options.summary()
        if given:
            raise UsageError(f"{self.label} is a {kind} file, to which options of text files do not apply: {given}")

    def _stream(self) -> Any:
        if self.content is not None:
            return Peekable(io.BytesIO(self.content))
        if self.address is not None:
            from losscli.data.remote import opened

            return opened(self.address, self.name)
        try:
            if self.name == STANDARD_INPUT:
                return Peekable(sys.stdin.buffer)
            return Peekable(Path(self.place or self.name).open("rb"))
        except FileNotFoundError:
            raise DataError(f"{self.name}: no such file", _near_files(self.name)) from None
        except IsADirectoryError:
            raise DataError(f"{self.name} is a folder, where one file is needed", "name its file") from None
        except PermissionError:
            raise DataError(f"{self.name}: no permission to read it", "check its access rights") from None
        except OSError as error:
            raise DataError(f"{self.name} cannot be read: {error.strerror}") from error

    def _compression(self, stream: Any) -> str | None:
        if self.address is not None and stream.file is not None and self._format_of_name() in ("parquet", "arrow"):
            # a look at the first bytes would be a question more
            return None
        named = _COMPRESSIONS.get(_path_of(self.name).suffix.lower())
        magic = next((kind for mark, kind in _COMPRESSED_MAGIC if stream.peek(4).startswith(mark)), None)
        if named and magic is None and stream.peek(1):
            raise DataError(f"{self.name} is not compressed with {named}", "rename it to what it is")
        return magic

    def beside(self, name: str) -> "Source":
        """Another input, read with the same options as far as they concern it.

        Raises:
            DataError: it stands for several files, or for none.
        """
        found = resolve([name], None, TextOptions())
        if len(found) != 1:
            raise DataError(f"{name} is {len(found):,} files, where one is needed", "join them first")
        named = found[0]._format_of_name()
        if named is None:
            return replace(found[0], format=self.format, options=self.options)
        return replace(found[0], options=self.options if named in ("csv", "tsv") else TextOptions())

    def _format_of_name(self) -> str | None:
        return format_of_name(self.name)


def format_of_name(name: str) -> str | None:
    """The format that the name of a file tells; None where it tells none."""
    path = _path_of(name)
    if path.suffix.lower() in _COMPRESSIONS:
        path = path.with_suffix("")
    return _ENDINGS.get(path.suffix.lower())


def _path_of(name: str) -> Path:
    """The path of a name, of an address what comes before a question mark."""
    return Path(name.partition("?")[0] if "://" in name else name)


def _columnar(kind: str, label: str, path: "str | RemoteFile", content: bytes | None) -> Table:
    if kind == "parquet":
        from losscli.data.parquet import ParquetTable

        return ParquetTable(label, path, content)
    if kind == "arrow":
        from losscli.data.arrow import ArrowTable

        return ArrowTable(label, path, content)
    from losscli.data.arrays import NumpyTable

    return NumpyTable(label, label if content is not None else str(path), content)


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
        sources += _expanded(Source(name, input_format, options))
    return sources


def _expanded(named: Source) -> list[Source]:
    """The files that a name stands for."""
    name = named.name
    if "://" in name:
        from losscli.data.remote import expanded

        return expanded(named)
    several = glob.has_magic(name) and not os.path.lexists(name)
    if not several and not os.path.isdir(name):  # noqa: PTH112 - a name is no Path everywhere
        return [named]
    from losscli.data.folders import files_of_folder, files_of_pattern

    found = files_of_pattern(name, named.format) if several else files_of_folder(name, named.format)
    return [replace(named, name=file.name, keys=file.keys, within=name) for file in found]


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key by which part2 comes before part10; of part1 and part01 the order is that of their characters."""
    parts = re.split("([0-9]+)", name)
    return [(0, int(part), "") if re.fullmatch("[0-9]+", part) else (1, 0, part) for part in parts], name
