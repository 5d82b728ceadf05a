"""Row filters: `--where COL=V`, `!=`, `<`, `<=`, `>`, `>=`, `in`. A closed grammar; nothing is evaluated."""

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from losscli.arrays import Mask, np
from losscli.data.numbers import parse_cell, to_numbers
from losscli.data.table import Kind, kind_of
from losscli.errors import DataError, UsageError

_CONDITION = re.compile(r"^(?P<column>.+?)\s*(?P<operator>!=|<=|>=|==|=|<|>)\s*(?P<value>.*)$", re.DOTALL)
_MEMBERSHIP = re.compile(r"^(?P<column>.+?)\s+in\s+(?P<values>\S.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: a column, an operator, and the values to hold it against.

    A numeric column is compared by number, a text column by its text (and by number where an order is asked for
    and the value is a number). A row whose cell is missing does not fit any condition.
    """

    column: str
    operator: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read a condition as it stands on the command line.

        Raises:
            UsageError: it does not fit the grammar.
        """
        listed = _MEMBERSHIP.match(text)
        compared = _CONDITION.match(text)
        if listed and not (compared and compared.end("column") < listed.end("column")):
            items = listed["values"].strip().removeprefix("(").removesuffix(")").split(",")
            return cls(listed["column"].strip(), "in", tuple(item.strip() for item in items))
        if compared:
            operator = "=" if compared["operator"] == "==" else compared["operator"]
            return cls(compared["column"].strip(), operator, (compared["value"],))
        raise UsageError(
            f"--where {text!r} is no condition",
            hint="COL=V, COL!=V, COL<V, COL<=V, COL>V, COL>=V or 'COL in A,B'",
        )

    def __str__(self) -> str:
        if self.operator == "in":
            return f"{self.column} in {','.join(self.values)}"
        return f"{self.column}{self.operator}{self.values[0]}"

    def keeps(self, cells: pa.Array) -> Mask:
        """Which cells fit.

        Raises:
            DataError: the value cannot be compared with what the column holds.
        """
        kind = kind_of(cells.type)
        if kind is Kind.NUMBER:
            numbers = to_numbers(cells, self.column)
            fits = self._compare(numbers.parts[0], [self._number(value) for value in self.values])
            return fits & ~numbers.missing
        if kind in (Kind.LIST, Kind.OTHER):
            raise DataError(
                f"--where {self}: column {self.column!r} holds {cells.type} values, which cannot be compared"
            )
        if kind is Kind.TIME and not pa.types.is_time(cells.type) and not pa.types.is_duration(cells.type):
            return self._compare_times(cells)
        texts = [_as_text(cell) for cell in cells.to_pylist()]
        ordered = self.operator in ("<", "<=", ">", ">=")
        if ordered and kind is Kind.TEXT and _is_number(self.values[0]):
            return self._compare_as_numbers(texts)
        plain = texts if ordered else [None if text is None else _same_form(text) for text in texts]
        values = list(self.values) if ordered else [_same_form(value) for value in self.values]
        fits = self._compare(np.array([text or "" for text in plain], dtype=object), values)
        fits &= np.array([text is not None for text in texts], dtype=bool)
        return fits

    def _compare_times(self, cells: pa.Array) -> Mask:
        try:
            values = [np.datetime64(value, "us").astype(np.int64) for value in self.values]
        except ValueError:
            raise DataError(f"--where {self}: column {self.column!r} holds times; write one as 2024-01-31") from None
        moments = cells.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        numbers = to_numbers(moments, self.column)
        return self._compare(numbers.parts[0].astype(np.int64), values) & ~numbers.missing

    def _compare(self, cells: Any, values: list[Any]) -> Mask:
        first = values[0]
        match self.operator:
            case "=":
                fits = cells == first
            case "!=":
                fits = cells != first
            case "<":
                fits = cells < first
            case "<=":
                fits = cells <= first
            case ">":
                fits = cells > first
            case ">=":
                fits = cells >= first
            case _:
                fits = np.zeros(len(cells), dtype=bool)
                for value in values:
                    fits |= cells == value
        mask: Mask = np.asarray(fits, dtype=bool)
        return mask

    def _compare_as_numbers(self, texts: list[str | None]) -> Mask:
        try:
            cells = [None if text is None else parse_cell(text) for text in texts]
        except ValueError:
            bad = next(text for text in texts if text is not None and not _is_number(text))
            raise DataError(f"--where {self}: column {self.column!r} has {bad!r}, not a number") from None
        numbers = np.array([np.nan if cell is None else cell for cell in cells])
        with np.errstate(invalid="ignore"):
            return self._compare(numbers, [float(self.values[0])])

    def _number(self, value: str) -> float:
        if not _is_number(value):
            raise DataError(f"--where {self}: column {self.column!r} holds numbers, and {value!r} is none")
        return float(value)


def _is_number(text: str) -> bool:
    try:
        return parse_cell(text) is not None
    except ValueError:
        return False


def _same_form(text: str) -> str:
    """One form for texts that mean the same number or truth value: 1 and 1.0, true and TRUE."""
    if text.lower() in ("true", "false"):
        return text.lower()
    return repr(float(text)) if _is_number(text) else text


def _as_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
