"""Row filters: `--where COL=V`, `!=`, `<`, `<=`, `>`, `>=`, `in`. A closed grammar; nothing is evaluated."""

import math
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from losscli.arrays import Mask, np
from losscli.data.numbers import nulls_of, to_numbers
from losscli.data.table import Kind, is_text
from losscli.errors import DataError, UsageError
from losscli.records import dataclass

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

    def keeps(self, cells: pa.Array, kind: Kind, parse: Callable[[str], float | None]) -> Mask:
        """Which cells fit.

        Args:
            cells: the column, in any encoding.
            kind: what the column as a whole holds; one odd cell does not change how the others are compared.
            parse: how the file's texts become numbers.

        Raises:
            DataError: the value cannot be compared with what the column holds.
        """
        if kind in (Kind.LIST, Kind.OTHER):
            raise DataError(
                f"--where {self}: column {self.column!r} holds {cells.type} values, which cannot be compared"
            )
        if pa.types.is_dictionary(cells.type) and len(cells.dictionary) <= 1:
            # all rows say the same, such as those below a folder country=DE, or nothing
            said = cells.null_count < len(cells) and bool(self.keeps(cells.dictionary, kind, parse)[0])
            absent = nulls_of(cells)
            return np.full(len(cells), said) if absent is None else ~absent & said
        if kind is Kind.NUMBER:
            return self._compare_numbers(cells, parse)
        if kind is Kind.TIME and not pa.types.is_time(cells.type) and not pa.types.is_duration(cells.type):
            return self._compare_times(cells)
        try:
            texts = [_as_text(cell) for cell in cells.to_pylist()]
        except (OverflowError, ValueError) as error:
            # a time of day past midnight, or a duration of more than a billion days
            raise DataError(
                f"--where {self}: column {self.column!r} holds {cells.type} values beyond all times"
            ) from error
        values = [value.strip() for value in self.values]
        if kind is Kind.BOOLEAN:
            texts = [None if text is None else text.lower() for text in texts]
            values = [value.lower() for value in values]
        if kind is Kind.TEXT and self.operator in ("<", "<=", ">", ">=") and _number(values[0], parse) is not None:
            return self._compare_as_numbers(texts, parse)
        fits = self._compare(np.array([text or "" for text in texts], dtype=object), values)
        fits &= np.array([text is not None for text in texts], dtype=bool)
        return fits

    def _compare_numbers(self, cells: pa.Array, parse: Callable[[str], float | None]) -> Mask:
        values: list[Any] = [_number(value, parse) for value in self.values]
        if any(value is None for value in values):
            raise DataError(f"--where {self}: column {self.column!r} holds numbers, and that is none")
        if pa.types.is_integer(cells.type) and all(_WHOLE.fullmatch(value.strip()) for value in self.values):
            # as whole numbers: identifiers beyond 2^53 must not meet their neighbours
            exact = np.array([None if cell is None else int(cell) for cell in cells.to_pylist()], dtype=object)
            present = np.array([cell is not None for cell in exact], dtype=bool)
            whole = self._compare(np.where(present, exact, 0), [int(value) for value in self.values])
            whole &= present
            return whole
        if not is_text(cells.type):
            numbers = to_numbers(cells, self.column)
            plain = self._compare(numbers.values, values)
            plain &= ~numbers.missing
            return plain
        texts = cells.to_pylist()
        found = [None if text is None else _number(text, parse) for text in texts]
        array = np.array([math.nan if number is None else number for number in found])
        if all(_WHOLE.fullmatch(value.strip()) for value in self.values):
            # as whole numbers where they are written so: float64 does not tell those beyond 2^53 apart
            values = [int(value) for value in self.values]
            pairs = zip(texts, array.tolist(), strict=True)
            cells_exact = [int(text) if text and _WHOLE.fullmatch(text.strip()) else number for text, number in pairs]
            array = np.array(cells_exact, dtype=object)
        with np.errstate(invalid="ignore"):
            # a text among numbers is NaN here, which is unequal to each of them
            fits = self._compare(array, values)
        fits &= np.array([text is not None and not _is_missing(text, parse) for text in texts], dtype=bool)
        return fits

    def _compare_times(self, cells: pa.Array) -> Mask:
        try:
            values = [np.datetime64(value, "us").astype(np.int64) for value in self.values]
        except ValueError:
            raise DataError(f"--where {self}: column {self.column!r} holds times; write one as 2024-01-31") from None
        if is_text(cells.type):
            found = [_time(text) for text in cells.to_pylist()]
            present = np.array([moment is not None for moment in found], dtype=bool)
            moments = np.array([moment or 0 for moment in found], dtype=np.int64)
        else:
            numbers = to_numbers(cells.cast(pa.timestamp("us"), safe=False).cast(pa.int64()), self.column)
            present, moments = ~numbers.missing, numbers.values.astype(np.int64)
        fits = self._compare(moments, values)
        fits &= present
        return fits

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

    def _compare_as_numbers(self, texts: list[str | None], parse: Callable[[str], float | None]) -> Mask:
        numbers = np.array([math.nan if text is None else _number_or_fail(text, parse, self) for text in texts])
        with np.errstate(invalid="ignore"):
            return self._compare(numbers, [_number(self.values[0], parse)])


_WHOLE = re.compile(r"[+-]?\d+")


def _number(text: str, parse: Callable[[str], float | None]) -> float | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _time(text: str | None) -> int | None:
    """A moment in microseconds; None where the text is none."""
    try:
        return int(np.datetime64(text.strip(), "us").astype(np.int64)) if text and text.strip() else None
    except ValueError:
        return None


def _is_missing(text: str, parse: Callable[[str], float | None]) -> bool:
    try:
        return parse(text) is None
    except ValueError:
        return False


def _number_or_fail(text: str, parse: Callable[[str], float | None], condition: Condition) -> float:
    try:
        number = parse(text)
    except ValueError:
        raise DataError(
            f"--where {condition}: column {condition.column!r} has {text!r}, not a number", "compare by = or !="
        ) from None
    return math.nan if number is None else number


def _as_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    # blanks around a cell mean nothing, and an empty cell is missing
    text = cell.isoformat() if hasattr(cell, "isoformat") else str(cell).strip()
    return text or None
