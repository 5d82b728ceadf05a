"""Regularisation: what the parameters of a model add to a risk, loss + l1 sum |theta| + l2 sum theta^2."""

import math
from contextlib import closing

from losscli.arrays import Array, np
from losscli.data.arrays import NumpyTable
from losscli.data.numbers import to_numbers
from losscli.data.sources import Source, resolve
from losscli.data.table import CellError, Kind, Need
from losscli.data.text_options import TextOptions
from losscli.errors import DataError, UsageError
from losscli.fold import BLOCK
from losscli.moments import Moments
from losscli.records import dataclass
from losscli.results import Penalty
from losscli.statistics import nearest_float

_NUMERIC = (Kind.NUMBER, Kind.LIST)


@dataclass(frozen=True, slots=True)
class Strengths:
    """The factors of the penalties; None for none."""

    l1: float | None = None
    l2: float | None = None

    @classmethod
    def of(cls, l1: str | float | None, l2: str | float | None) -> "Strengths":
        """The factors as they are written.

        Raises:
            UsageError: one is no number of 0 or more.
        """
        return cls(*(_strength(name, value) for name, value in (("l1", l1), ("l2", l2))))

    @property
    def any(self) -> bool:
        return self.l1 is not None or self.l2 is not None


def _strength(name: str, value: str | float | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0.0 <= number < math.inf:
        raise UsageError(f"--{name} takes a number of 0 or more, not {value!r}")
    return number


def penalties_of(strengths: Strengths, params: str | Array | None) -> tuple[Penalty, ...]:
    """The penalties of the parameters in a file, or in an array.

    Raises:
        UsageError: a factor without parameters, or parameters without a factor.
        DataError: the file cannot be read, or a parameter is no finite number.
    """
    if not strengths.any and params is None:
        return ()
    if params is None:
        raise UsageError(
            "--l1 and --l2 need the parameters of the model", hint="--params FILE (.npy, .npz, CSV, Parquet)"
        )
    if not strengths.any:
        raise UsageError("--params is given and neither --l1 nor --l2", hint="--l2 0.01")
    sums = Moments()
    if isinstance(params, str):
        path, columns = params, _add_file(sums, params)
    else:
        path, columns = "", ()
        _add(sums, np.asarray(params, dtype=np.float64).reshape(-1), "the parameters")
    if not sums.count:
        raise DataError(f"{path or 'the parameters'}: there are no parameters", "name a file with numbers")
    found = []
    for name, strength in (("l1", strengths.l1), ("l2", strengths.l2)):
        if strength is not None:
            total = nearest_float(sums.total() if name == "l1" else sums.total_of_squares())
            if total is None or not math.isfinite(strength * total):
                raise DataError(f"{path}: the {name} penalty is beyond the largest float64")
            found.append(Penalty(name, strength, total, strength * total, sums.count, columns, path))
    return tuple(found)


def _add_file(sums: Moments, path: str) -> tuple[str, ...]:
    """Add the numbers of every numeric column; returns their names. Arrays of an archive may differ in length."""
    sources = resolve([path], None, TextOptions())
    names: list[str] = []
    for source in sources:
        with closing(source.open()) as table:
            numeric = [column.name for column in table.columns if column.kind in _NUMERIC]
            if not numeric:
                raise DataError(f"{source.label} has no column of numbers", "name a file with the model's parameters")
        names += numeric
        for name in numeric:
            _add_column(sums, source, name)
    return tuple(dict.fromkeys(names))


def _add_column(sums: Moments, source: Source, name: str) -> None:
    with closing(source.open()) as table:
        single = table.single(name) if isinstance(table, NumpyTable) else None
        if single is not None:
            _add(sums, np.array([single]), f"{source.label}: array {name!r}")
            return
        kind = next(column.kind for column in table.columns if column.name == name)
        rows = 0
        try:
            for fragment in table.fragments([Need(name, True, kind)]):
                for batch in fragment.batches(BLOCK):
                    numbers = to_numbers(batch[0], name, fragment.number)
                    values = numbers.values.reshape(-1)
                    if numbers.nulls is not None:
                        values = np.where(np.repeat(numbers.nulls, values.size // numbers.nulls.size), np.nan, values)
                    _add(sums, values, f"{source.label}: column {name!r}")
                    rows += len(batch[0])
        except CellError as error:
            raise error.located(source.label, rows) from error


def _add(sums: Moments, values: Array, where: str) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(
            f"{where} has {int(np.count_nonzero(bad))} values that are no finite number", "leave them out of the file"
        )
    with np.errstate(all="ignore"):
        for first in range(0, values.size, BLOCK):
            sums.add(np.abs(values[first : first + BLOCK]), None)
