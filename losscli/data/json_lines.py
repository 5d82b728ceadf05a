"""JSON Lines and a JSON array of objects, read in pieces."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import pyarrow as pa

from losscli.data.cells import Cells, plain_cell
from losscli.data.numbers import parse_cell
from losscli.data.table import Batch, CellError, Column, Fragment, Kind, Need, position, sliced
from losscli.errors import DataError
from losscli.records import dataclass, field

_PIECE_BYTES = 4 << 20
_SNIFFED_ROWS = 1000
_OBJECTS_A_PIECE = 10_000


@dataclass(frozen=True)
class JsonTable:
    """Rows as JSON objects, one a line or in one array; a key that a row lacks is missing there."""

    label: str
    stream: BinaryIO
    columns: Sequence[Column] = field(init=False)
    _mark: int = field(init=False, repr=False)
    _rows: Iterator[bytes | list[Any]] = field(init=False, repr=False)
    _first: bytes | list[Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = b""
        while not head.strip() and (more := self.stream.read(_PIECE_BYTES)):
            head += more
        mark = len(head) - len(head.removeprefix(b"\xef\xbb\xbf"))
        head = head[mark:]
        if not head.strip():
            raise DataError(f"{self.label} is empty", "give a file with a JSON object for each row")
        as_array = head.lstrip().startswith(b"[")
        rows = _decoded_pieces(head, self.stream, self.label) if as_array else _line_pieces(head, self.stream)
        first = next(rows, None)
        if first is None:
            raise DataError(f"{self.label} has no rows", "give at least one object")
        object.__setattr__(self, "_mark", mark)
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

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """Runs of objects in order; reading them consumes the stream."""
        kinds = {need.name: self.columns[position(self, need.name)].kind for need in needs}
        yield _Piece(needs, kinds, self._first)
        for piece in self._rows:
            yield _Piece(needs, kinds, piece)

    def first_byte(self) -> int | None:
        """Where the rows begin in a file with an object a line; None for an array."""
        return self._mark if isinstance(self._first, bytes) else None

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True)
class _Piece:
    needs: Sequence[Need]
    kinds: Mapping[str, Kind]
    content: bytes | list[Any]
    start: None = None

    @property
    def size(self) -> int:
        """How many bytes, or objects, it has."""
        return len(self.content)

    def holding(self, content: bytes) -> "_Piece":
        """The same with other bytes."""
        return replace(self, content=content)

    def batches(self, rows: int) -> Iterator[Batch]:
        whole = self._fast(self.content) if isinstance(self.content, bytes) else None
        if whole is None:
            objects = self.content if isinstance(self.content, list) else _objects(self.content)
            whole = _columns(objects, self.needs)
        yield from sliced(whole, rows)

    def number(self, cell: str) -> float | None:
        return parse_cell(cell)

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> Cells:
        """The values of some rows as JSON has them."""
        objects = self.content if isinstance(self.content, list) else list(_in_sequence(self.content))
        return [[plain_cell(objects[row].get(name)) for name in names] for row in rows]

    def _fast(self, content: bytes) -> Batch | None:
        """Arrow's parser; None where it meets anything that Python's reads and it does not."""
        import pyarrow.json as pa_json

        types = {}
        for need in self.needs:
            is_list = self.kinds[need.name] is Kind.LIST
            number = pa.list_(pa.float64()) if is_list else pa.float64()
            types[need.name] = number if need.as_number else pa.string()
        try:
            parsed = pa_json.read_json(
                pa.BufferReader(content),
                read_options=pa_json.ReadOptions(use_threads=False, block_size=len(content) + 1),
                parse_options=pa_json.ParseOptions(
                    explicit_schema=pa.schema(list(types.items())), unexpected_field_behavior="ignore"
                ),
            ).combine_chunks()
        except (pa.ArrowException, OverflowError):
            return None
        return [parsed.column(need.name).combine_chunks() for need in self.needs]


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


def _in_sequence(content: bytes) -> Iterator[Any]:
    """The objects of a piece, wherever its lines end: Arrow takes two objects in a line as two rows."""
    decoder, text, place = json.JSONDecoder(), content.decode("utf-8", "replace"), 0
    while (place := _next_mark(text, place)) < len(text):
        found, place = decoder.raw_decode(text, place)
        yield found


def _next_mark(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


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
    return [_column([row.get(need.name) for row in rows], need) for need in needs]


def _column(values: list[Any], need: Need) -> pa.Array:
    if not need.as_number:
        texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
        return pa.array(texts, type=pa.string())
    if any(isinstance(value, str) for value in values):
        # numbers in quotes: as text here, to be read by the rules for the cells of a text file
        return pa.array([_as_text(value, row, need) for row, value in enumerate(values, start=1)], type=pa.string())
    cells = [_as_number(value, row, need) for row, value in enumerate(values, start=1)]
    is_list = any(isinstance(cell, list) for cell in cells)
    if is_list and not all(cell is None or isinstance(cell, list) for cell in cells):
        row = next(i for i, cell in enumerate(cells, start=1) if not isinstance(cell, list) and cell is not None)
        raise CellError(row, f"column {need.name!r} has a number where other rows have a list", "give each a list")
    return pa.array(cells, type=_list_type(cells, need.name) if is_list else pa.float64())


def _list_type(cells: Sequence[Any], name: str) -> pa.DataType:
    """Lists of numbers, or lists of lists of them where one item is a list."""
    nested = False
    for cell in cells:
        nested = nested or any(isinstance(item, list) for item in cell or ())
    for row, cell in enumerate(cells, start=1):
        for item in (cell or ()) if nested else ():
            if item is not None and (not isinstance(item, list) or any(isinstance(part, list) for part in item)):
                raise CellError(row, f"column {name!r} has lists that are not all as deep", "give lists of numbers")
    return pa.list_(pa.list_(pa.float64())) if nested else pa.list_(pa.float64())


def _as_text(value: Any, row: int, need: Need) -> str | None:
    if value is None or isinstance(value, str):
        return value
    number = _as_number(value, row, need)
    if isinstance(number, list):
        raise CellError(row, f"column {need.name!r} has a list where other rows have a text", "give each a number")
    return json.dumps(value)


def _as_number(value: Any, row: int, need: Need) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        # a mask of true and false is one of 1 and 0
        return [float(item) if isinstance(item, bool) else _as_number(item, row, need) for item in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CellError(row, f"column {need.name!r} has {json.dumps(value)}, not a number", "give a number or null")
    try:
        return float(value)
    except OverflowError:
        raise CellError(row, f"column {need.name!r} has a number beyond the largest float64") from None


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


def _decoded_pieces(head: bytes, stream: BinaryIO, label: str) -> Iterator[list[Any]]:
    try:
        yield from _array_pieces(head, stream, label)
    except UnicodeDecodeError as error:
        raise DataError(f"{label} is not encoded as UTF-8: {error}", "convert it to UTF-8") from None


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
            after = text[place + 1 :] + utf8.decode(stream.read())
            if after.strip():
                problem = f"{label}: something follows the end of the JSON array: {after.strip()[:40]!r}"
                raise DataError(problem, "write one array, or one object a line without an array")
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
