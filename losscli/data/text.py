"""CSV and TSV as they are found: the stream is cut at line ends into pieces that workers parse."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from losscli.arrays import np
from losscli.data.numbers import EXACT_WHOLE, to_numbers, way_out
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, kind_of, position, sliced
from losscli.data.text_options import TextOptions
from losscli.errors import DataError, UsageError

PIECE_BYTES = 4 << 20
_LONGEST_CELL = 64 << 20
"""A quote that stays open for longer than this is a stray character, not the start of a cell."""
_SNIFFED_BYTES = 64 << 10
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class TextTable:
    """A CSV file; its fragments are pieces of whole lines.

    Args:
        label: the name for messages.
        stream: the decompressed bytes, read once, from the start.
        options: how to read cells.
    """

    label: str
    stream: BinaryIO
    options: TextOptions
    columns: Sequence[Column] = field(init=False)
    delimiter: str = field(init=False)
    _head: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = _read_at_least(self.stream, _SNIFFED_BYTES)
        if not head.strip(b"\xef\xbb\xbf\r\n\t "):
            raise DataError(f"{self.label} is empty", "give a file with a header line and rows")
        head = _skip_lines(_without_mark(head, self.label), self.options.skip_lines)
        first = head.split(b"\n", 1)[0].strip(b"\r").decode("utf-8", "replace")
        named = re.fullmatch(r"sep=(.)", first)
        if named:
            head = _skip_lines(head, 1)
        delimiter = self.options.delimiter or (named[1] if named else _find_delimiter(head))
        names, body = _header(head, delimiter, self.options.header)
        object.__setattr__(self, "delimiter", delimiter)
        object.__setattr__(self, "_head", body)
        object.__setattr__(self, "columns", self._describe(names, body))

    def _describe(self, names: list[str], body: bytes) -> list[Column]:
        """The columns with the kinds that their first cells suggest."""
        sample = body[: body.rfind(b"\n") + 1] or body
        try:
            found = _parse(sample, _Layout(len(names), self.delimiter, self.options), None)
        except (pa.ArrowException, CellError):
            return [Column(name, Kind.NUMBER) for name in names]
        return [
            Column(name, kind_of(column.type), _first_text(column))
            for name, column in zip(names, found.columns, strict=True)
        ]

    def fragments(self) -> Iterator[Fragment]:
        """The pieces in order; reading them consumes the stream."""
        layout = _Layout(len(self.columns), self.delimiter, self.options)
        try:
            for piece in _pieces(self._head, self.stream):
                yield _Piece(self, layout, piece)
        except (OSError, EOFError) as error:
            raise DataError(f"{self.label} cannot be read: {error}", "the file may be cut off") from error

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    delimiter: str
    options: TextOptions


@dataclass(frozen=True)
class _Piece:
    table: TextTable
    layout: _Layout
    content: bytes
    start: None = None

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[Batch]:
        places = [position(self.table, need.name) for need in needs]
        numeric = {place for place, need in zip(places, needs, strict=True) if need.as_number}
        percent = self.layout.options.percent_cells
        types = {str(place): pa.string() if percent or place not in numeric else pa.float64() for place in set(places)}
        try:
            parsed = _parse(self.content, self.layout, types)
            large = [name for name, kind in types.items() if kind == pa.float64() and _has_large(parsed.column(name))]
            if large:
                # beyond 2^53 the digits tell whether a whole number was rounded
                parsed = _parse(self.content, self.layout, {**types, **dict.fromkeys(large, pa.string())})
        except pa.ArrowException as error:
            raise _cell_error(error, self.table) from error
        columns = [parsed.column(str(place)).combine_chunks() for place in places]
        if percent:
            columns = [_without_percent(c) if need.as_number else c for c, need in zip(columns, needs, strict=True)]
        yield from sliced(columns, rows)


def _parse(content: bytes, layout: _Layout, types: dict[str, Any] | None) -> pa.Table:
    """Parse whole lines; columns are called by their number because real names repeat."""
    import pyarrow.csv as pa_csv

    options = layout.options
    return pa_csv.read_csv(
        pa.BufferReader(content),
        pa_csv.ReadOptions(
            use_threads=False,
            block_size=max(len(content), 64),
            column_names=[str(i) for i in range(layout.width)],
        ),
        pa_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=types,
            include_columns=None if types is None else list(types),
            null_values=list(options.nulls),
            strings_can_be_null=True,
            decimal_point=options.decimal,
            check_utf8=types is not None,
        ),
    )


_CONVERSION = re.compile(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", re.DOTALL)
_WIDTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def _cell_error(error: Exception, table: TextTable) -> CellError:
    message = str(error)
    found = _CONVERSION.search(message)
    if found:
        name, text = table.columns[int(found[1])].name, found[3]
        return CellError(int(found[2]), f"column {name!r} has {text!r}, not a number", way_out(text))
    found = _WIDTH.search(message)
    if found:
        problem = f"the row has {found[3]} cells where the header has {found[2]}"
        return CellError(int(found[1]), problem, "correct the row, or say the right --delimiter or --skip-lines")
    return CellError(1, message.splitlines()[0], "correct the file, or say its --delimiter")


def _without_percent(column: pa.Array) -> pa.Array:
    """The text without percent signs, to be parsed as any other text is."""
    import pyarrow.compute as pc

    return pc.utf8_rtrim(pc.utf8_trim_whitespace(column), "%")


def _has_large(column: pa.ChunkedArray) -> bool:
    values = to_numbers(column.combine_chunks(), "").parts[0]
    return bool(values.size and np.fmax.reduce(np.abs(values)) > EXACT_WHOLE)


def _first_text(column: pa.ChunkedArray) -> str | None:
    if kind_of(column.type) is not Kind.TEXT:
        return None
    return next((str(cell) for cell in column.slice(0, 50).to_pylist() if cell is not None), None)


def _read_at_least(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _without_mark(head: bytes, label: str) -> bytes:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{label} is encoded as UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW")
    return head.removeprefix(b"\xef\xbb\xbf")


def _skip_lines(head: bytes, count: int) -> bytes:
    for _ in range(count):
        head = head.partition(b"\n")[2]
    return head


def _find_delimiter(head: bytes) -> str:
    """The most frequent candidate of the header line, quoted cells left out; a comma where there is none."""
    line = re.sub(rb'"[^"]*"', b"", head.lstrip(b"\r\n").split(b"\n", 1)[0])
    return max(_DELIMITERS, key=lambda mark: line.count(mark.encode()))


def _header(head: bytes, delimiter: str, has_names: bool) -> tuple[list[str], bytes]:
    """The names of the columns, and the bytes after the header."""
    head = head.lstrip(b"\r\n")
    ends = b"\n" if b"\n" in head else b"\r"
    lines = io.BytesIO(head if ends == b"\n" else head.replace(b"\r", b"\n"))
    consumed = 0

    def decoded() -> Iterator[str]:
        nonlocal consumed
        for line in lines:
            consumed += len(line)
            yield _decode(line).rstrip("\r\n") + "\n"

    try:
        cells = next(csv.reader(decoded(), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"the header line cannot be read: {error}", hint="say the right --delimiter") from error
    if not has_names:
        return [str(i + 1) for i in range(len(cells))], head
    return cells, head[consumed:]


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _pieces(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Cut at line ends outside quotes; every piece but the last ends with one."""
    pending = head
    while True:
        more = stream.read(PIECE_BYTES)
        if not more:
            break
        pending += more
        cut = _last_line_end(pending)
        if cut:
            yield pending[:cut]
            pending = pending[cut:]
    if pending.strip(b"\r\n"):
        yield pending


def _last_line_end(content: bytes) -> int:
    """The place after the last line end that lies outside quotes, 0 where there is none.

    A line end lies outside where the quotes before it are even in number: a quote inside a quoted cell
    is doubled.
    """
    end = content.rfind(b"\n") + 1
    quotes = content.count(b'"', 0, end)
    while end and quotes % 2:
        if len(content) > _LONGEST_CELL:
            return content.rfind(b"\n") + 1
        before = content.rfind(b"\n", 0, end - 1) + 1
        quotes -= content.count(b'"', before, end)
        end = before
    return end
