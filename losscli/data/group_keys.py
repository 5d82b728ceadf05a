"""The group that each row belongs to, as a code and a list of the groups that occur."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from losscli.arrays import Index, Mask, np
from losscli.data.numbers import nulls_of
from losscli.records import dataclass

_FIXED = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}


@dataclass(slots=True)
class Keys:
    """The groups of some rows.

    Attributes:
        codes: for each row, which of the labels its group has; a label may occur under several codes.
        labels: the values of the groups; a tuple where several columns make a group.
    """

    codes: Index
    labels: list[Any]

    def of(self, rows: Any) -> "Keys":
        """The groups of some of these rows."""
        return Keys(self.codes[rows], self.labels)

    @classmethod
    def joined(cls, parts: Sequence["Keys"]) -> "Keys":
        """The groups of rows that follow one another."""
        labels: list[Any] = []
        codes = []
        for part in parts:
            codes.append(part.codes + len(labels))
            labels.extend(part.labels)
        return cls(np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64), labels)

    def settled(self) -> "Keys":
        """The same with each label once, in the order in which they first occur."""
        if self._stand_so():
            return self
        known: dict[Any, int] = {}
        order = self.labels
        first = np.full(len(order), self.codes.size)
        np.minimum.at(first, self.codes, np.arange(self.codes.size))
        used = np.flatnonzero(first < self.codes.size)
        for code in used[np.argsort(first[used])].tolist():
            known.setdefault(order[code], len(known))
        new = np.array([known.get(label, -1) for label in order], dtype=np.int64)
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
        starts = np.concatenate([[0], np.flatnonzero(raw[1:] != raw[:-1]) + 1])
        if 8 * starts.size <= raw.size or raw.size < 64:
            # rows that are sorted, or nearly: each run of equal values is a label
            lengths = np.diff(np.concatenate([starts, [raw.size]]))
            codes = np.repeat(np.arange(starts.size), lengths)
            return Keys(codes, raw[starts].tolist()), np.zeros(raw.size, dtype=bool)
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    labels = encoded.dictionary.to_pylist()
    codes = indices_of(encoded, nulls)
    missing = np.zeros(len(cells), dtype=bool) if nulls is None else nulls
    empty = [place for place, label in enumerate(labels) if lacks(label, parse)]
    if empty:
        missing = missing | np.isin(codes, empty)
    return Keys(codes, [one_group(label) for label in labels] or [None]), missing


def indices_of(encoded: pa.DictionaryArray, nulls: Mask | None) -> Index:
    """Which of the values of the dictionary each cell has; 0 for a null."""
    indices = encoded.indices
    count = indices.offset + len(indices)
    raw = np.frombuffer(indices.buffers()[1], dtype=str(indices.type), count=count)[indices.offset :]
    # what stands at a null may be anything
    codes: Index = raw.astype(np.int64) if nulls is None else np.where(nulls, 0, raw).astype(np.int64)
    return codes


def _crossed(parts: Sequence[Keys]) -> Keys:
    table = np.stack([part.codes for part in parts], axis=1)
    different, codes = np.unique(table, axis=0, return_inverse=True)
    labels = [tuple(part.labels[i] for part, i in zip(parts, row, strict=True)) for row in different.tolist()]
    return Keys(codes.reshape(-1).astype(np.int64), labels)
