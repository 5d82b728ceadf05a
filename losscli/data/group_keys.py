"""The group that each row belongs to, as a code and a list of the groups that occur."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from losscli.arrays import Index, Mask, np
from losscli.data.numbers import nulls_of
from losscli.data.recurring import Recurring
from losscli.records import dataclass

_FIXED = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}


@dataclass(slots=True)
class Keys:
    """The groups of some rows.

    Attributes:
        codes: for each row, which of the labels its group has; a label may occur under several codes, or under none.
        labels: the values of the groups; a tuple where several columns make a group. Others may hold the same list.
    """

    codes: Index
    labels: list[Any]

    def of(self, rows: Any) -> "Keys":
        """The groups of some of these rows."""
        return Keys(self.codes[rows], self.labels)

    @classmethod
    def joined(cls, parts: Sequence["Keys"]) -> "Keys":
        """The groups of rows that follow one another."""
        if parts and all(part.labels is parts[0].labels for part in parts):
            return cls(np.concatenate([part.codes for part in parts]), parts[0].labels)
        labels: list[Any] = []
        codes = []
        for part in parts:
            codes.append(part.codes.astype(np.int64) + len(labels))
            labels.extend(part.labels)
        return cls(np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64), labels)

    def distinct(self) -> "Keys":
        """The same with each label under one code."""
        first = _first_codes(self.labels)
        return self if first is None else Keys(first[self.codes], self.labels)

    def settled(self) -> "Keys":
        """The same with each label once, in the order in which they first occur."""
        if self._stand_so():
            return self
        first = np.full(len(self.labels), self.codes.size)
        # of rows with one code the last to be written stands: the first of all
        first[self.codes[::-1]] = np.arange(self.codes.size)[::-1]
        used = np.flatnonzero(first < self.codes.size)
        known: dict[Any, int] = {}
        new = np.zeros(len(self.labels), dtype=np.int64)
        for code in used[np.argsort(first[used])].tolist():
            new[code] = known.setdefault(self.labels[code], len(known))
        return Keys(new[self.codes], list(known))

    def _stand_so(self) -> bool:
        """Whether the rows are sorted by their codes, every label has some, and no two labels are one."""
        codes, count = self.codes, len(self.labels)
        if not codes.size or codes[0] != 0 or codes[-1] != count - 1 or len(set(self.labels)) != count:
            return False
        steps = np.diff(codes)
        return bool(steps.min(initial=0) >= 0 and steps.max(initial=0) <= 1)

    def order(self) -> Index | None:
        """The places of the rows, one code after the other and in order within each; None where they stand so."""
        codes = self.codes
        if (codes[1:] >= codes[:-1]).all():
            return None
        # numbers of 16 bits are sorted by radix, several times as fast
        return np.argsort(codes.astype(np.int16) if len(self.labels) < 1 << 15 else codes, kind="stable")


def _first_codes_of(labels: list[Any]) -> Index | None:
    """For each label the first code that it has; None where that is each its own."""
    known: dict[Any, int] = {}
    codes = [known.setdefault(label, code) for code, label in enumerate(labels)]
    return None if len(known) == len(labels) else np.array(codes, dtype=np.int64)


_first_codes = Recurring(_first_codes_of)
Parser = Callable[[str], float | None]


def keys_of(columns: Sequence[tuple[pa.Array, Parser | None]], rows: Index | None) -> tuple[Keys, Mask]:
    """The groups of some rows of some columns, and in which rows a value is missing.

    Args:
        columns: the cells, and where they are numbers, what tells whether a text means that one is missing.
    """
    parts = [_one(column, parse) for column, parse in columns]
    missing = parts[0][1]
    for _, lacking in parts[1:]:
        missing = missing | lacking
    keys = parts[0][0] if len(parts) == 1 else _crossed([part for part, _ in parts])
    return (keys, missing) if rows is None else (keys.of(rows), missing[rows])


_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_EXACT = 2.0**53


def one_group(label: Any) -> Any:
    """A group as all files tell it: 1 in one file is 1.0, and 1 in text, in another; 01 is a text of its own."""
    if isinstance(label, float):
        return int(label) if label.is_integer() and abs(label) < _EXACT else label
    if not isinstance(label, str):
        return label
    text = label.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return label
    return one_group(number) if repr(number) == text and number - number == 0.0 else label


def lacks(label: Any, parse: Parser | None) -> bool:
    """Whether a label means that there is none."""
    if label is None or label != label or label == "":
        return True
    if parse is None or not isinstance(label, str):
        return False
    try:
        return parse(label) is None
    except ValueError:
        return False


def _one(cells: pa.Array, parse: Parser | None) -> tuple[Keys, Mask]:
    nulls = nulls_of(cells) if not pa.types.is_null(cells.type) else np.ones(len(cells), dtype=bool)
    if str(cells.type) in _FIXED and nulls is None and len(cells):
        raw = np.frombuffer(cells.buffers()[1], dtype=str(cells.type), count=cells.offset + len(cells))[cells.offset :]
        keys = _of_numbers(raw)
        if keys is not None:
            return keys, np.zeros(raw.size, dtype=bool)
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    labels, empty = _labels(encoded.dictionary, parse)
    codes = _raw_indices(encoded)
    if nulls is not None:
        # what stands at a null may be anything
        codes = np.where(nulls, 0, codes)
    missing = np.zeros(len(cells), dtype=bool) if nulls is None else nulls
    return Keys(codes, labels), missing | np.isin(codes, empty) if empty else missing


_NARROW, _WIDE = 1 << 12, 1 << 17
"""How many whole numbers lie next to one another for each to be its own code."""


def _of_numbers(raw: Any) -> Keys | None:
    """The groups that whole numbers are where they lie close together, or are sorted; None otherwise."""
    first, last = int(raw.min()), int(raw.max())
    if last - first < _NARROW:
        return _numbered(raw, first, last)
    starts = np.concatenate([[0], np.flatnonzero(raw[1:] != raw[:-1]) + 1])
    if 8 * starts.size <= raw.size or raw.size < 64:
        # rows that are sorted, or nearly: each run of equal values is a label
        lengths = np.diff(np.concatenate([starts, [raw.size]]))
        return Keys(np.repeat(np.arange(starts.size), lengths), raw[starts].tolist())
    return _numbered(raw, first, last) if last - first < _WIDE else None


def _numbered(raw: Any, first: int, last: int) -> Keys | None:
    if last >= 1 << 62:
        return None
    # bounds at which other blocks of the column have theirs too, so that labels are the same object again
    low, high = first & ~0xFF, last | 0xFF
    return Keys(raw.astype(np.int64, copy=False) - low, _whole_numbers(low, high))


@lru_cache(maxsize=16)
def _whole_numbers(first: int, last: int) -> list[Any]:
    return list(range(first, last + 1))


def _labels_of(dictionary: pa.Array, parse: Parser | None) -> tuple[list[Any], list[int]]:
    """The values of a dictionary as labels, and which of them mean that there is none."""
    labels = dictionary.to_pylist()
    empty = [place for place, label in enumerate(labels) if lacks(label, parse)]
    return [one_group(label) for label in labels] or [None], empty


_labels = Recurring(_labels_of, lambda one, other: one == other if callable(one) or one is None else one.equals(other))


def _raw_indices(encoded: pa.DictionaryArray) -> Any:
    indices = encoded.indices
    count = indices.offset + len(indices)
    return np.frombuffer(indices.buffers()[1], dtype=str(indices.type), count=count)[indices.offset :]


def indices_of(encoded: pa.DictionaryArray, nulls: Mask | None) -> Index:
    """Which of the values of the dictionary each cell has; 0 for a null."""
    raw = _raw_indices(encoded)
    # what stands at a null may be anything
    codes: Index = raw.astype(np.int64) if nulls is None else np.where(nulls, 0, raw).astype(np.int64)
    return codes


def _crossed(parts: Sequence[Keys]) -> Keys:
    table = np.stack([part.codes.astype(np.int64) for part in parts], axis=1)
    different, codes = np.unique(table, axis=0, return_inverse=True)
    labels = [tuple(part.labels[i] for part, i in zip(parts, row, strict=True)) for row in different.tolist()]
    return Keys(codes.reshape(-1).astype(np.int64), labels)
