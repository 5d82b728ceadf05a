"""Which slice each row of a block belongs to: by the values of columns, by ranges of numbers, crossed."""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from losscli.arrays import Index, np
from losscli.block import Block
from losscli.data.group_keys import Keys
from losscli.data.recurring import Recurring
from losscli.domain import REAL
from losscli.plan import By, Input


def slices_of(by: Sequence[By], block: Block, rows: Index | None) -> Keys:
    """The slice of some rows of a block.

    Raises:
        CellError: a column that is cut by numbers holds something else.
    """
    parts = [_by_bounds(way, block, rows) if way.bounds else _by_value(way, block, rows) for way in by]
    lists = [part.labels for part in parts]
    if len(parts) == 1:
        return Keys(parts[0].codes, _crossed(*lists))
    codes = parts[0].codes.astype(np.int64)
    for part in parts[1:]:
        codes = codes * len(part.labels) + part.codes
    total = math.prod(map(len, lists))
    if total <= _CROSSED:
        return Keys(codes, _crossed(*lists))
    # so many that only those that occur get labels
    if total <= _COUNTED:
        used = np.flatnonzero(np.bincount(codes, minlength=total))
        new = np.zeros(total, dtype=np.int64)
        new[used] = np.arange(used.size)
        codes = new[codes]
    else:
        used, codes = np.unique(codes, return_inverse=True)
    places = np.unravel_index(used, [len(labels) for labels in lists])
    columns = [[labels[i] for i in place.tolist()] for labels, place in zip(lists, places, strict=True)]
    return Keys(codes.reshape(-1), list(zip(*columns, strict=True)))


_CROSSED = 1 << 12
"""Up to so many combinations of labels each gets a code, whether it occurs or not."""
_COUNTED = 1 << 20
"""Up to so many are told apart by counting them; beyond that they are sorted."""
_crossed = Recurring(lambda *lists: list(itertools.product(*lists)))
_with_none = Recurring(lambda labels: [*labels, None])


def _by_value(way: By, block: Block, rows: Index | None) -> Keys:
    keys, lacking = block.keys([way.column], rows)
    codes = np.where(lacking, np.int64(len(keys.labels)), keys.codes) if lacking.any() else keys.codes
    return Keys(codes, _with_none(keys.labels))


def _by_bounds(way: By, block: Block, rows: Index | None) -> Keys:
    numbers = block.column(Input("by", (way.column,), REAL), way.column)
    values, missing = numbers.values, numbers.missing
    if rows is not None:
        values, missing = values[rows], missing[rows]
    labels = _ranges(way.bounds)
    if len(way.bounds) <= _FEW_BOUNDS:
        codes: Any = np.zeros(values.size, dtype=np.uint8)
        for bound in way.bounds:
            codes += values >= bound
    else:
        codes = np.searchsorted(np.array(way.bounds), values, side="right")
    return Keys(np.where(missing, np.int64(len(labels) - 1), codes) if missing.any() else codes, labels)


_FEW_BOUNDS = 32
"""So many comparisons take less than a search."""


@lru_cache(maxsize=16)
def _ranges(bounds: tuple[float, ...]) -> list[Any]:
    """What the ranges between bounds are called, and None for the rows without a number."""
    shown = [_shown(bound) for bound in bounds]
    between = [f"[{low}, {high})" for low, high in itertools.pairwise(shown)]
    return [f"< {shown[0]}", *between, f">= {shown[-1]}", None]


def _shown(bound: float) -> str:
    """A bound with as many digits as tell it from all others, so that no two slices are called alike."""
    if abs(bound) < 1e15 and bound.is_integer():
        return str(int(bound))
    short = f"{bound:g}"
    return short if float(short) == bound else repr(bound)
