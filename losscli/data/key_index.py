"""From the values of keys to the rows that have them, by whole arrays."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from losscli.arrays import Index, Mask, np
from losscli.data.group_keys import Parser, indices_of
from losscli.data.key_labels import key_labels
from losscli.data.numbers import nulls_of
from losscli.data.table import is_text
from losscli.memory import look

KeyCells: TypeAlias = tuple[pa.Array, Parser | None]
"""The cells of a key column, and where it holds numbers, what tells whether a text means that one is missing."""
NONE = -1
"""Stands for no row."""
ROWS_OF_A_TABLE = 65_536
"""How many numbers may lie between few others that are looked up in a table."""


class _Places:
    """Where whole numbers stand among sorted ones, of which each is there once."""

    def __init__(self, values: Index) -> None:
        self._values = values
        self._table: Index | None = None
        self._least = int(values[0]) if values.size else 0
        self._most = int(values[-1]) if values.size else -1
        # close together they are looked up in a table, which is several times as fast as a search
        if self._most - self._least < 4 * values.size + ROWS_OF_A_TABLE:
            self._table = np.full(self._most - self._least + 1, NONE, dtype=np.int64)
            self._table[values - self._least] = np.arange(values.size)

    def find(self, values: Index) -> Index:
        """The place of each value, -1 for those that are not there."""
        if not self._values.size:
            return np.full(len(values), NONE, dtype=np.int64)
        if self._table is None:
            places: Index = np.minimum(np.searchsorted(self._values, values), self._values.size - 1)
            return np.where(self._values[places] == values, places, NONE)
        inside = (values >= self._least) & (values <= self._most)
        found: Index = self._table[np.where(inside, values, self._least) - self._least]
        return np.where(inside, found, NONE)


class KeyColumn:
    """The different values of one column of a key, numbered.

    Attributes:
        codes: the number of each cell; -1 where the value is missing.
        size: how many there are.
        sample: some of the values.
    """

    def __init__(self, cells: pa.Array, parse: Parser | None) -> None:
        self._decimals = True
        self._texts: pa.Array | None = None
        self._text_codes: Index = np.zeros(0, dtype=np.int64)
        whole = _whole_numbers(cells)
        if whole is not None:
            # sorting takes an index, copies and counts: measured; then each value becomes an object of Python
            look(more=12 * whole.nbytes)
            different, codes = np.unique(whole, return_inverse=True)
            look(more=5 * different.nbytes)
            self._labels: list[Any] = different.tolist()
            self.codes = codes.reshape(-1).astype(np.int64)
            self._whole, self._whole_codes = _Places(different), np.arange(different.size)
        else:
            self._number(cells, parse)
            values, self._whole_codes = _sorted_whole(self._labels)
            self._whole = _Places(values)
        self.size = len(self._labels)
        self.sample = self._labels[:1000]
        self._codes_of_labels: dict[Any, int] | None = None

    def _number(self, cells: pa.Array, parse: Parser | None) -> None:
        values, places, nulls = _different(cells)
        labels = key_labels(values, parse)
        if is_text(values.type) and len({label for label in labels if label is not None}) < len(values):
            # a column that has 1.1 beside 1.10 holds no numbers but versions or codes
            self._decimals = False
            labels = key_labels(values, parse, decimals=False)
        known: dict[Any, int] = {}
        codes = [NONE if label is None else known.setdefault(label, len(known)) for label in labels]
        self._labels = list(known)
        self.codes = _spread(codes, places, nulls)
        if is_text(values.type):
            self._texts, self._text_codes = values, np.array(codes, dtype=np.int64)

    def find(self, cells: pa.Array, parse: Parser | None) -> tuple[Index, Mask]:
        """For each cell the number of its value, -1 where there is no such value; and which are missing."""
        whole = _whole_numbers(cells)
        if whole is not None and self._whole_codes.size:
            places = self._whole.find(whole)
            codes = np.where(places == NONE, NONE, self._whole_codes[places])
            return codes, np.zeros(len(cells), dtype=bool)
        if self._texts is not None and len(self._texts) and cells.type == self._texts.type:
            return self._find_texts(cells, parse)
        return self._find_labels(cells, parse)

    def _find_texts(self, cells: pa.Array, parse: Parser | None) -> tuple[Index, Mask]:
        """Texts that the column has as they stand; only others are looked at one by one."""
        import pyarrow.compute as pc

        found = pc.index_in(cells, self._texts)
        absent = nulls_of(found)
        raw = np.frombuffer(found.buffers()[1], dtype=np.int32, count=found.offset + len(found))[found.offset :]
        if absent is None:
            codes: Index = self._text_codes[raw]
            return codes, codes == NONE
        codes = np.where(absent, NONE, self._text_codes[np.where(absent, 0, raw)])
        missing = (codes == NONE) & ~absent
        others = np.flatnonzero(absent)
        codes[others], missing[others] = self._find_labels(cells.filter(found.is_null()), parse)
        return codes, missing

    def _find_labels(self, cells: pa.Array, parse: Parser | None) -> tuple[Index, Mask]:
        values, places, nulls = _different(cells)
        labels = key_labels(values, parse, decimals=self._decimals)
        if self._codes_of_labels is None:
            self._codes_of_labels = {label: code for code, label in enumerate(self._labels)}
        known = self._codes_of_labels
        codes = _spread([known.get(label, NONE) for label in labels], places, nulls)
        lacking = _spread([NONE if label is None else 0 for label in labels], places, nulls)
        return codes, lacking == NONE


class KeyIndex:
    """The rows of a table by their keys; holds the keys' different values and a few numbers for each row.

    Attributes:
        columns: the columns of the key.
        ids: for each row the number of its key; -1 where a value is missing.
        first: for each key the first row that has it.
        counts: how many rows have it.
    """

    def __init__(self, cells: Sequence[KeyCells]) -> None:
        self.columns = [KeyColumn(*column) for column in cells]
        self._steps: list[_Places] = []
        rows = len(cells[0][0])
        present = np.ones(rows, dtype=bool)
        for column in self.columns:
            present &= column.codes != NONE
        used = np.flatnonzero(present)
        ids, size = self.columns[0].codes[used], self.columns[0].size
        for column in self.columns[1:]:
            # numbered anew after each column, so that the pairs of numbers never outgrow 64 bits
            different, ids = np.unique(ids * column.size + column.codes[used], return_inverse=True)
            ids = ids.reshape(-1).astype(np.int64)
            self._steps.append(_Places(different))
            size = different.size
        self.ids: Index = np.full(rows, NONE, dtype=np.int64)
        self.ids[used] = ids
        self.counts: Index = np.bincount(ids, minlength=size)
        self.first: Index = np.full(size, NONE, dtype=np.int64)
        self.first[ids[::-1]] = used[::-1]

    @property
    def missing(self) -> Mask:
        """The rows that lack a value of their key."""
        lacking: Mask = self.ids == NONE
        return lacking

    def find(self, cells: Sequence[KeyCells]) -> tuple[Index, Mask]:
        """For rows of another table the numbers of their keys, -1 for none; and which lack a value of their key."""
        ids, missing = self.columns[0].find(*cells[0])
        for column, places, one in zip(self.columns[1:], self._steps, cells[1:], strict=True):
            codes, lacking = column.find(*one)
            missing = missing | lacking
            ids = places.find(np.where((ids == NONE) | (codes == NONE), NONE, ids * column.size + codes))
        return np.where(missing, NONE, ids), missing


def _whole_numbers(cells: pa.Array) -> Index | None:
    """A column of whole numbers without nulls that 64 bits hold, also as plain text; None for all others."""
    if cells.null_count or len(cells) == 0:
        return None
    if is_text(cells.type):
        cells = _whole_texts(cells)
    if cells is None or not pa.types.is_integer(cells.type):
        return None
    raw = np.frombuffer(cells.buffers()[1], dtype=str(cells.type), count=cells.offset + len(cells))[cells.offset :]
    if pa.types.is_uint64(cells.type) and raw.max() > np.iinfo(np.int64).max:
        return None
    whole: Index = raw.astype(np.int64)
    return whole


def _whole_texts(cells: pa.Array) -> pa.Array | None:
    """Texts such as 17 as numbers; None where one is no whole number or written in another way, such as 017."""
    if not cells[0].as_py().lstrip("-").isdigit():
        return None
    try:
        whole = cells.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return whole if whole.cast(cells.type).equals(cells) else None


def _sorted_whole(labels: Sequence[Any]) -> tuple[Index, Index]:
    """The labels that are whole numbers, sorted, with their numbers."""
    limit = 2**63
    found = [(label, code) for code, label in enumerate(labels) if isinstance(label, int) and -limit <= label < limit]
    values = np.array([label for label, _ in found], dtype=np.int64)
    codes = np.array([code for _, code in found], dtype=np.int64)
    order = np.argsort(values, kind="stable")
    return values[order], codes[order]


def _different(cells: pa.Array) -> tuple[pa.Array, Index, Mask | None]:
    """The different values of a column, for each cell the place of its value, and which are null."""
    if pa.types.is_null(cells.type):
        return pa.nulls(0, pa.string()), np.zeros(len(cells), dtype=np.int64), np.ones(len(cells), dtype=bool)
    nulls = nulls_of(cells)
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    return encoded.dictionary, indices_of(encoded, nulls), nulls


def _spread(codes: Sequence[int], places: Index, nulls: Mask | None) -> Index:
    """What is known of each value, for each cell; -1 for a null."""
    table = np.array(codes or [NONE], dtype=np.int64)
    spread: Index = table[places]
    return spread if nulls is None else np.where(nulls, NONE, spread)
