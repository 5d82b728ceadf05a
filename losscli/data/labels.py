"""Labels: names, booleans and indices of classes to the numbers that a loss reads."""

import math
import re
from collections.abc import Sequence

import pyarrow as pa

from losscli.arrays import np
from losscli.data.numbers import NULL_WORDS, Numbers, to_numbers
from losscli.data.table import is_text
from losscli.errors import UsageError
from losscli.records import dataclass

NO_CLASS = math.inf
"""Stands for a cell that is no class: no domain contains it."""
YES, NO = ("true", "t", "yes", "y"), ("false", "f", "no", "n")


@dataclass(frozen=True, slots=True)
class Coding:
    """How the cells of a label column become numbers.

    Attributes:
        names: the name of each class, in the order of their codes.
        other: the code of every name that is not listed, such as 0 beside a positive class; None for no class.
        ignored: a cell that stays as it is, because its rows are left out.
    """

    names: tuple[str, ...]
    other: float | None = None
    ignored: float | None = None

    def codes(self) -> dict[str, float]:
        """The code of each name; with another code for the rest the one name that there is is 1."""
        if self.other is not None:
            return {self.names[0]: 1.0}
        return {name: float(code) for code, name in enumerate(self.names)}

    def decode(self, cells: pa.Array, name: str) -> Numbers:
        """The code of each cell; NaN for a missing one, infinity for one that is no class."""
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        known = self.codes()
        numbers = _numbers_of(known)
        if not _by_name(cells.type):
            raw = to_numbers(cells, name)
            different, places = np.unique(raw.values, return_inverse=True)
            coded = np.array([self._code(value, known, numbers) for value in different.tolist()], dtype=np.float64)
            return Numbers(coded[places], raw.nulls)
        values = cells.to_pylist()
        # a column has few different labels: each is looked up once
        found: dict[object, float] = {}
        for value in set(values):
            found[value] = self._code(value, known, numbers)
        return Numbers(np.array([found[value] for value in values], dtype=np.float64), None)

    def _code(self, value: object, known: dict[str, float], numbers: dict[float, float]) -> float:
        if (
            value is None
            or value != value
            or (isinstance(value, str) and value.strip() in NULL_WORDS and value not in known)
        ):
            return math.nan
        if isinstance(value, bool):
            spellings = ("true", "True", "TRUE") if value else ("false", "False", "FALSE")
            value = next((text for text in spellings if text in known), spellings[0])
        if isinstance(value, float):
            if self.ignored is not None and value == self.ignored:
                return value
            return numbers.get(value, NO_CLASS if self.other is None else self.other)
        text = str(value)
        code = known.get(text, known.get(text.strip()))
        if code is None:
            number = _number(text)
            if number is not None and self.ignored is not None and number == self.ignored:
                return number
            code = numbers.get(math.nan if number is None else number)
        return code if code is not None else NO_CLASS if self.other is None else self.other


@dataclass(frozen=True, slots=True)
class BooleanCoding:
    """Booleans in any spelling: true, yes and 1 are 1; false, no and 0 are 0."""

    names: tuple[str, ...] = ("false", "true")

    def decode(self, cells: pa.Array, name: str) -> Numbers:
        """1, 0, NaN for a missing cell, infinity for one that is no boolean."""
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        if not _by_name(cells.type):
            return to_numbers(cells, name)
        found = {value: _boolean(value) for value in set(cells.to_pylist())}
        return Numbers(np.array([found[value] for value in cells.to_pylist()], dtype=np.float64), None)


AnyCoding = Coding | BooleanCoding


def _by_name(kind: pa.DataType) -> bool:
    return is_text(kind) or bool(pa.types.is_boolean(kind))


def _boolean(value: str | bool | None) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool):
        return float(value)
    word = value.strip().lower()
    if word in YES or word in NO:
        return float(word in YES)
    if value.strip() in NULL_WORDS:
        return math.nan
    number = _number(word)
    return NO_CLASS if number is None else number


def looks_boolean(sample: str | None) -> bool:
    """Whether a cell of text is a boolean in one of its spellings."""
    return sample is not None and sample.strip().lower() in YES + NO


def _number(text: str) -> float | None:
    if re.fullmatch(r"\s*[+-]?\d+(\.\d*)?\s*", text) is None:
        return None
    return float(text)


def _numbers_of(known: dict[str, float]) -> dict[float, float]:
    """The codes of the names that are numbers, by their number: a class called 03 or 3.0 is 3 in a numeric column."""
    return {number: code for name, code in known.items() if (number := _number(name)) is not None}


def class_names(columns: Sequence[str], label: str | None = None) -> tuple[str, ...] | None:
    """The classes that the names of prediction columns end in: cat and dog for prob_cat and prob_dog.

    None where the names have no common beginning that ends with a symbol, or no ending.

    Args:
        label: one of the labels: where it is no ending, but one with words before it (class_0 of prob_class_0), or a
            whole name, so are the others.
    """
    shortest = _endings(columns)
    if shortest is None or label is None or label in shortest:
        return shortest
    stem = columns[0].removesuffix(shortest[0])
    starts = [found.end() for found in re.finditer(r"[\W_]+", stem)]
    longer = [tuple(name[start:] for name in columns) for start in (*reversed(starts), 0)]
    return next((names for names in longer if label in names), shortest)


def _endings(columns: Sequence[str]) -> tuple[str, ...] | None:
    if len(columns) < 2:
        return None
    first, last = min(columns), max(columns)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    # the beginning that all share ends at a symbol, or before the digits of a number
    while shared and first[shared - 1].isalnum():
        shared -= 1
    stem = first[:shared]
    endings = tuple(name[shared:] for name in columns)
    if not stem:
        numbered = [re.fullmatch(r"([^\W\d_]+)(\d+)", name) for name in columns]
        if not all(numbered) or len({match[1] for match in numbered if match}) != 1:
            return None
        endings = tuple(match[2] for match in numbered if match)
    return endings if all(endings) and len(set(endings)) == len(endings) else None


def check_class_order(loss: str, classes: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse classes whose order contradicts the names of the columns that stand for them.

    Raises:
        UsageError: the columns are called after the same classes in another order.
    """
    own = tuple(columns) if set(columns) == set(classes) else class_names(columns)
    if own is not None and set(own) == set(classes) and tuple(own) != tuple(classes):
        raise UsageError(
            f"{loss}: --classes names {', '.join(classes)} where the columns are called {', '.join(columns)}",
            hint=f"--classes {','.join(own)} names them in the order of the columns",
        )


def check_same_classes(loss: str, target: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a column of truth for each class where its names are those of the prediction in another order.

    Raises:
        UsageError: the same classes in another order.
    """
    true, own = class_names(target), class_names(columns)
    if true is not None and own is not None and true != own and set(true) == set(own):
        raise UsageError(
            f"{loss}: the columns of target are in another order than those of the prediction: {', '.join(target)}, "
            f"but {', '.join(columns)}",
            hint="name both in the order of the classes",
        )


def named_classes(text: str) -> tuple[str, ...]:
    """The classes of `--classes a,b,c`.

    Raises:
        UsageError: fewer than two, an empty one, or one that is there twice.
    """
    names = tuple(part.strip() for part in text.split(","))
    if len(names) < 2 or not all(names):
        raise UsageError(f"--classes takes two names or more, not {text!r}", hint="--classes cat,dog")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--classes names {name!r} twice")
    return names
