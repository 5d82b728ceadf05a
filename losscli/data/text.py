"""CSV and TSV as they are found: the stream is cut at line ends into pieces that workers parse."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from losscli.arrays import Array, np
from losscli.data.cells import Cells, arrow_cell
from losscli.data.numbers import EXACT_WHOLE, NULL_WORDS, to_numbers
from losscli.data.plain_text import PlainText
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, kind_of, position, sliced
from losscli.data.text_cuts import Lines, Returnable, decoded, pieces
from losscli.data.text_options import TextOptions
from losscli.errors import DataError, UsageError
from losscli.memory import tight
from losscli.records import dataclass, field

PIECE_BYTES = 4 << 20
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
    stream: Returnable
    options: TextOptions
    columns: Sequence[Column] = field(init=False)
    delimiter: str = field(init=False)
    _head: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = _read_at_least(self.stream, _SNIFFED_BYTES)
        while head.count(b"\n") <= self.options.skip_lines and (more := self.stream.read(_SNIFFED_BYTES)):
            head += more
        if self.options.skip_lines > head.count(b"\n"):
            raise DataError(f"{self.label} has fewer lines than --skip-lines leaves out", "skip fewer lines")
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
        layout = _Layout(names, self.delimiter, self.options)
        try:
            found = _parse(Lines(sample, len(sample)), layout, None)
        except pa.ArrowException:
            # a row of another width: said with its number when the rows are read
            return [Column(name, Kind.NUMBER) for name in names]
        return [_column(name, column) for name, column in zip(names, found.columns, strict=True)]

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """The pieces in order; reading them consumes the stream."""
        layout = _Layout([column.name for column in self.columns], self.delimiter, self.options)
        places = [position(self, need.name) for need in needs]
        plain = self._plain(needs, places)
        size = PIECE_BYTES // 4 if tight() else PIECE_BYTES
        try:
            for lines in pieces(self._head, self.stream, self.delimiter, size):
                yield _Piece(needs, places, layout, lines, plain)
        except (OSError, EOFError) as error:
            raise DataError(f"{self.label} cannot be read: {error}", "the file may be cut off") from error

    def _plain(self, needs: Sequence[Need], places: Sequence[int]) -> PlainText | None:
        """What reads numbers from pieces that are plain, where nothing but plain numbers is asked for."""
        options = self.options
        plain = options.decimal == "." and options.nulls == NULL_WORDS and not options.percent_cells
        # an empty line is no row, but of a single column it would be taken for an empty cell
        if not plain or len(self.columns) == 1 or not all(need.as_number for need in needs):
            return None
        return PlainText(self.delimiter, len(self.columns), places)

    def first_byte(self) -> int:
        """Where the rows begin in a file of which no row has been read."""
        return self.stream.tell() - len(self._head)

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True, slots=True)
class _Layout:
    names: Sequence[str]
    delimiter: str
    options: TextOptions


@dataclass(frozen=True)
class _Piece:
    needs: Sequence[Need]
    places: Sequence[int]
    layout: _Layout
    lines: Lines
    plain: PlainText | None = None
    start: None = None

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.lines.size

    def holding(self, content: bytes) -> "_Piece":
        """The same with other bytes."""
        return replace(self, lines=Lines(content, len(content)))

    def batches(self, rows: int) -> Iterator[Batch]:
        numbers = None if self.plain is None else self.plain.numbers(self.lines.content, self.lines.size)
        if numbers is not None and not any(map(_any_large, numbers)):
            yield from sliced([_as_arrow(values) for values in numbers], rows)
            return
        numeric = {place for place, need in zip(self.places, self.needs, strict=True) if need.as_number}
        parsed = None if self.layout.options.percent_cells else self._parsed(numeric)
        if parsed is None:
            # some cell is no number as it stands: as text, to be looked at one by one once the filters have spoken
            parsed = self._parsed(set())
        large = {place for place in numeric if _has_large(parsed.column(str(place)))}
        if large:
            # beyond 2^53 the digits tell whether a whole number was rounded
            parsed = self._parsed(numeric - large) or parsed
        yield from sliced([parsed.column(str(place)).combine_chunks() for place in self.places], rows)

    def number(self, cell: str) -> float | None:
        return self.layout.options.number(cell)

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """The texts of some rows; bytes that are not UTF-8 are written as escapes."""
        places = [str(self.layout.names.index(name)) for name in names]
        parsed = _parse(self.lines, self.layout, dict.fromkeys(places, pa.binary()))
        return [[arrow_cell(parsed.column(place), row) for place in places] for row in rows]

    def _parsed(self, numeric: set[int]) -> Any:
        """The needed columns, the numeric ones as numbers; None where a cell of those is none.

        Raises:
            CellError: a row has too many or too few cells.
        """
        types = {str(place): pa.float64() if place in numeric else pa.string() for place in self.places}
        try:
            return _parse(self.lines, self.layout, types)
        except pa.ArrowException as error:
            width = _WIDTH.search(str(error))
            if width:
                problem = f"the row has {width[3]} cells where the header has {width[2]}"
                way = "correct the row, or say the right --delimiter or --skip-lines"
                raise CellError(int(width[1]), problem, way) from error
            if numeric:
                return None
            place = _ROW.search(str(error))
            row = int(place[1]) if place else 1
            raise CellError(row, "a cell is not encoded as UTF-8", "convert the file to UTF-8") from error


def _parse(lines: Lines, layout: _Layout, types: dict[str, Any] | None) -> pa.Table:
    """Parse whole lines; columns are called by their number because real names repeat."""
    import pyarrow.csv as pa_csv

    options = layout.options
    return pa_csv.read_csv(
        pa.BufferReader(pa.py_buffer(lines.content).slice(0, lines.size)),
        pa_csv.ReadOptions(
            use_threads=False,
            block_size=max(lines.size, 64),
            column_names=[str(i) for i in range(len(layout.names))],
        ),
        pa_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=types,
            include_columns=None if types is None else list(types),
            null_values=list(options.nulls),
            # a text such as NA may be a region: only what should be a number is missing by its text
            strings_can_be_null=False,
            decimal_point=options.decimal,
            check_utf8=types is not None,
        ),
    )


_ROW = re.compile(r"Row #(\d+)")
_WIDTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def _has_large(column: pa.ChunkedArray) -> bool:
    if column.type != pa.float64():
        return False
    return _any_large(to_numbers(column.combine_chunks(), "").values)


def _any_large(values: Array) -> bool:
    # without an array of absolute values; a NaN is neither
    return bool(values.size and (np.fmax.reduce(values) >= EXACT_WHOLE or np.fmin.reduce(values) <= -EXACT_WHOLE))


def _as_arrow(values: Array) -> pa.Array:
    return pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(values)])


_LIKE_A_NUMBER = re.compile(r"[~<>≈±$€£]?\s*[+-]?\d[\d.,' ]*(e[+-]?\d+)?\s*[%*]?", re.IGNORECASE)


def _column(name: str, cells: pa.ChunkedArray) -> Column:
    """A column whose kind is a number where most cells look like one, whatever stands in the others."""
    if kind_of(cells.type) is not Kind.TEXT:
        return Column(name, kind_of(cells.type))
    # not decoded by Arrow, for which a single cell that is not UTF-8 would be an error
    raw = [cell for chunk in cells.chunks for cell in chunk.slice(0, 200).view(pa.binary()).to_pylist()]
    texts = [decoded(cell) for cell in raw if cell is not None]
    like = sum(_LIKE_A_NUMBER.fullmatch(text.strip()) is not None for text in texts)
    kind = Kind.NUMBER if 2 * like >= len(texts) else Kind.TEXT
    return Column(name, kind, texts[0] if texts and kind is Kind.TEXT else None)


def _read_at_least(stream: Returnable, size: int) -> bytes:
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

    def counted() -> Iterator[str]:
        nonlocal consumed
        for line in lines:
            consumed += len(line)
            yield decoded(line).rstrip("\r\n") + "\n"

    try:
        cells = next(csv.reader(counted(), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"the header line cannot be read: {error}", hint="say the right --delimiter") from error
    if not has_names:
        return [str(i + 1) for i in range(len(cells))], head
    return cells, head[consumed:]
