"""JSON Lines and a JSON array of objects, read in pieces."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from losscli.data.numbers import parse_cell, way_out
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, sliced
from losscli.errors import DataError

_PIECE_BYTES = 4 << 20
_SNIFFED_ROWS = 1000
_OBJECTS_A_PIECE = 10_000


@dataclass(frozen=True)
class JsonTable:
    """Rows as JSON objects, one a line or in one array; a key that a row lacks is missing there."""

    label: str
    stream: BinaryIO
    columns: Sequence[Column] = field(init=False)
    _rows: Iterator[bytes | list[Any]] = field(init=False, repr=False)
    _first: bytes | list[Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = b""
        while not head.strip() and (more := self.stream.read(_PIECE_BYTES)):
            head += more
        head = head.removeprefix(b"\xef\xbb\xbf")
        if not head.strip():
            raise DataError(f"{self.label} is empty", "give a file with a JSON object for each row")
        as_array = head.lstrip().startswith(b"[")
        rows = _array_pieces(head, self.stream, self.label) if as_array else _line_pieces(head, self.stream)
        first = next(rows, b"")
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_first", first)
        object.__setattr__(self, "columns", _describe(self._head_rows(first)))

    def _head_rows(self, first: bytes | list[Any]) -> list[Any]:
        if isinstance(first, list):
            return first[:_SNIFFED_ROWS]
        try:
            return _objects(b"\n".join(first.split(b"\n", _SNIFFED_ROWS)[:_SNIFFED_ROWS]))
        except CellError as error:
            raise error.located(self.label, 0) from error

    def fragments(self) -> Iterator[Fragment]:
        """Runs of objects in order; reading them consumes the stream."""
        yield _Piece(self, self._first)
        for piece in self._rows:
            yield _Piece(self, piece)

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True)
class _Piece:
    table: JsonTable
    content: bytes | list[Any]
    start: None = None

    def batches(self, needs: Sequence[Need], rows: int) -> Iterator[Batch]:
        whole = self._fast(needs) if isinstance(self.content, bytes) else None
        if whole is None:
            objects = self.content if isinstance(self.content, list) else _objects(self.content)
            whole = _columns(objects, needs)
        yield from sliced(whole, rows)

    def _fast(self, needs: Sequence[Need]) -> Batch | None:
        """Arrow's parser; None where it meets anything that Python's reads and it does not."""
        import pyarrow.json as pa_json

        kinds = {column.name: column.kind for column in self.table.columns}
        types = {}
        for need in needs:
            is_list = kinds.get(need.name) is Kind.LIST
            number = pa.list_(pa.float64()) if is_list else pa.float64()
            types[need.name] = number if need.as_number else pa.string()
        assert isinstance(self.content, bytes)  # noqa: S101 - for the type checker
        try:
            parsed = pa_json.read_json(
                pa.BufferReader(self.content),
                read_options=pa_json.ReadOptions(use_threads=False, block_size=len(self.content) + 1),
                parse_options=pa_json.ParseOptions(
                    explicit_schema=pa.schema(list(types.items())), unexpected_field_behavior="ignore"
                ),
            ).combine_chunks()
        except (pa.ArrowException, OverflowError):
            return None
        return [parsed.column(need.name).combine_chunks() for need in needs]


def _describe(rows: Sequence[Any]) -> list[Column]:
    cells: dict[str, Any] = {}
    for row in rows:
        for name, value in row.items():
            if cells.get(name) is None:
                cells[name] = value
    return [Column(name, _kind_of(value), value if isinstance(value, str) else None) for name, value in cells.items()]


def _kind_of(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if value is None or isinstance(value, (int, float)):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, list) and all(isinstance(item, (int, float)) or item is None for item in value):
        return Kind.LIST
    return Kind.OTHER


def _objects(lines: bytes) -> list[Any]:
    rows: list[Any] = []
    for line in lines.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CellError(len(rows) + 1, f"is not valid JSON: {error}", "write one object a line") from None
        if not isinstance(row, dict):
            raise CellError(len(rows) + 1, "is not a JSON object", 'write rows as {"column": value, ...}')
        rows.append(row)
    return rows


def _columns(rows: Sequence[Any], needs: Sequence[Need]) -> Batch:
    columns = []
    for need in needs:
        cells = [_cell(row.get(need.name), i, need) for i, row in enumerate(rows, start=1)]
        if not need.as_number:
            columns.append(pa.array(cells, type=pa.string()))
        else:
            is_list = any(isinstance(cell, list) for cell in cells)
            columns.append(pa.array(cells, type=pa.list_(pa.float64()) if is_list else pa.float64()))
    return columns


def _cell(value: Any, row: int, need: Need) -> Any:
    if value is None:
        return None
    if not need.as_number:
        return value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, list):
        return [_cell(item, row, need) for item in value]
    if isinstance(value, str):
        try:
            return parse_cell(value)
        except ValueError:
            raise CellError(row, f"column {need.name!r} has {value!r}, not a number", way_out(value)) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CellError(row, f"column {need.name!r} has {json.dumps(value)}, not a number", "give a number or null")
    return float(value)


def _line_pieces(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Cut at line ends: JSON writes a line end inside a text as an escape."""
    pending = head
    while True:
        cut = pending.rfind(b"\n") + 1
        if cut:
            yield pending[:cut]
            pending = pending[cut:]
        more = stream.read(_PIECE_BYTES)
        if not more:
            break
        pending += more
    if pending.strip():
        yield pending


def _array_pieces(head: bytes, stream: BinaryIO, label: str) -> Iterator[list[Any]]:
    """The objects of one array, a few thousand at a time."""
    import codecs

    decoder, utf8 = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8")()
    text, place, rows, seen = utf8.decode(head).lstrip()[1:], 0, [], 0
    ended = False
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        if text[place : place + 1] == "]":
            break
        try:
            row, place = decoder.raw_decode(text, place)
        except ValueError as error:
            if ended:
                problem = f"{label}, row {seen + 1}: the JSON array is cut off or wrong: {error}"
                raise DataError(problem, "write an array of objects: [{...}, {...}]") from None
            more = stream.read(_PIECE_BYTES)
            ended = not more
            text, place = text[place:] + utf8.decode(more), 0
            continue
        seen += 1
        if not isinstance(row, dict):
            raise DataError(f"{label}, row {seen} is not a JSON object", "write an array of objects: [{...}, {...}]")
        rows.append(row)
        if len(rows) == _OBJECTS_A_PIECE:
            yield rows
            rows = []
    if rows:
        yield rows
