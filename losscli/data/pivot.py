"""Models as values of a column: the rows of one table are split by it and stand side by side."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing

import pyarrow as pa

from losscli.arrays import Index, Mask, np
from losscli.data.group_keys import indices_of
from losscli.data.held import Held, fitting, hold, in_order, key_needs, merged, need_of, own_conditions, taken
from losscli.data.keyed_rows import KeyedRows, emitted, paired, paired_inner
from losscli.data.keys import Join, check_columns, near_names
from losscli.data.left_out import LeftOut
from losscli.data.lockstep import different_lengths
from losscli.data.side_by_side import SideBySide, View
from losscli.data.table import Column, Fragment, Kind, Need, Table
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError

MOST_MODELS = 200
Opener = Callable[[], Table]


class PivotTable:
    """The models of a long table side by side, paired by keys, or without keys by the order of each model's rows.

    The table is read twice: for the names of the models, then for the needed columns, which are held in memory for all
    rows that the filters keep. Rows are in the order of the first model's, and numbers of rows are those of that order.

    Args:
        opener: opens the table; called more than once.
        model_column: tells the model of a row; the models are its values as text, in the order in which they appear.
        keys: the columns that tell a model's rows apart; the model column may be among them.
        baseline: the model to put first; None for the one that appears first.
        conditions: filters; rows that they leave out are not there.
        left_out: counts what an inner join leaves out.

    Raises:
        UsageError: a column is not there, there are more than 200 models, or the baseline is none of them.
        DataError: a row has no model.
    """

    def __init__(
        self,
        opener: Opener,
        model_column: str,
        keys: Sequence[str] | None = None,
        join: Join = "strict",
        *,
        baseline: str | None = None,
        conditions: Sequence[Condition] = (),
        left_out: LeftOut | None = None,
    ) -> None:
        self._opener = opener
        self._keys = None if keys is None else [key for key in keys if key != model_column]
        if keys is not None and not self._keys:
            raise UsageError(f"--key names the column of the models, {model_column!r}, and no other", "add a column")
        self._join = join
        self._conditions = conditions
        self._left_out = left_out or LeftOut()
        with closing(opener()) as table:
            _check_columns(table, model_column, self._keys or ())
            self._long = table.label
            self._model_column = key_needs(table, [model_column])[0].name
            self.models = _first(_models(table, self._model_column, conditions), baseline, model_column)
            self._beside = SideBySide(self.models, [table] * len(self.models))
        self.columns: Sequence[Column] = self._beside.columns

    @property
    def label(self) -> str:
        """The table's name."""
        return self._long if len(self.models) == 1 else f"{self._long} (rows of model {self.models[0]!r})"

    def view(self, model: str, shared: Collection[str] = ()) -> View:
        """The columns of one model, which are those of the table."""
        return self._beside.view(model, shared)

    def fragments(self, needs: Sequence[Need]) -> Iterator[Fragment]:
        """Runs of rows of the models side by side."""
        split = self._beside.split(self, needs)
        own = merged([need for each in split.needs for need in each])
        with closing(self._opener()) as table:
            keys = key_needs(table, self._keys or ())
            texts = [*keys, *key_needs(table, [self._model_column])]
            held = hold(table, own, texts, self._conditions)
        helds = self._by_model(held)
        if self._keys is None:
            counts = [len(one.rows) for one in helds]
            if len(set(counts)) > 1:
                raise different_lengths([f"model {name!r}" for name in self.models], counts)
            rows = [np.arange(counts[0])] * len(helds)
        else:
            rows = self._paired(helds, [need.name for need in keys], {need.name for need in own if need.as_number})
        yield from emitted(helds, rows, split)

    def close(self) -> None:
        """Nothing stays open between reads."""

    def _by_model(self, held: Held) -> list[Held]:
        texts = _texts(held.columns[self._model_column])
        encoded = texts.dictionary_encode()
        place = {name: i for i, name in enumerate(encoded.dictionary.to_pylist())}
        codes = indices_of(encoded, None)
        order = [np.flatnonzero(codes == place[name]) for name in self.models]
        return [
            Held(
                held.label,
                {name: taken(cells, rows) for name, cells in held.columns.items()},
                held.kinds,
                held.number,
                held.rows[rows],
            )
            for rows in order
        ]

    def _paired(self, helds: Sequence[Held], names: Sequence[str], values: set[str]) -> list[Index]:
        sides = [
            KeyedRows.of(f"{self._long}, model {model!r}", held, names)
            for model, held in zip(self.models, helds, strict=True)
        ]
        if self._join == "inner":
            return paired_inner(sides, self._left_out)
        for side in sides:
            side.check(self._hint(side, values) if (side.index.counts > 1).any() else "")
        return paired(sides)

    def _hint(self, side: KeyedRows, values: set[str]) -> str:
        """Which columns tell the rows of the first repeated key apart."""
        keys = np.flatnonzero(side.index.counts > 1)
        key = keys[side.index.first[keys].argmin()]
        rows = set(side.held.rows[np.flatnonzero(side.index.ids == key)].tolist())
        known = {*side.names, *values, self._model_column}
        with closing(self._opener()) as table:
            names = [column.name for column in table.columns]
            others = [
                Need(column.name, False, column.kind)
                for column in table.columns
                if column.name not in known
                and column.kind not in (Kind.LIST, Kind.OTHER)
                and names.count(column.name) == 1
            ]
            differing = _differing(table, others, rows) if others else []
        if not differing:
            return "these rows differ in no other column: leave all but one of them out"
        return f"these rows differ in {', '.join(differing)}: add such columns to --key"


def _differing(table: Table, needs: Sequence[Need], rows: set[int]) -> list[str]:
    """The columns in which some rows differ."""
    values: list[set[str]] = [set() for _ in needs]
    for run in in_order(table, needs):
        inside = np.array(sorted(row - run.first for row in rows if run.first <= row < run.first + run.size), np.int64)
        for cells, found in zip(run.columns, values, strict=True):
            found.update(map(repr, _texts(taken(cells, inside)).to_pylist()))
    return [need.name for need, found in zip(needs, values, strict=True) if len(found) > 1]


def _check_columns(table: Table, model_column: str, keys: Sequence[str]) -> None:
    if all(column.name.strip() != model_column.strip() for column in table.columns):
        raise UsageError(
            f"{table.label} has no column {model_column!r} for --model-column",
            hint=near_names(model_column, table.columns),
        )
    check_columns(table, keys)


def _texts(cells: pa.Array) -> pa.Array:
    """Cells as text."""
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    return cells.cast(pa.string())


def _models(table: Table, name: str, conditions: Sequence[Condition]) -> list[str]:
    own = own_conditions(table, conditions)
    needs = merged([need_of(table, condition.column) for condition in own], key_needs(table, [name]))
    found: dict[str, None] = {}
    for run in in_order(table, needs):
        fits = fitting(run.columns, needs, own, run.number, table.columns)
        cells = run.columns[0] if fits is None else taken(run.columns[0], np.flatnonzero(fits))
        for model in _texts(cells).unique().to_pylist():
            if model is None or not model.strip():
                raise _no_model(table.label, name, run.first, cells, fits)
            found[model] = None
        if len(found) > MOST_MODELS:
            raise UsageError(
                f"{table.label}: column {name!r} has more than {MOST_MODELS} different values, too many for models",
                hint="name the column that has the models' names",
            )
    if not found:
        raise DataError(f"{table.label} has no rows" + (" that fit --where" if own else ""), "check the file")
    return list(found)


def _no_model(label: str, name: str, before: int, cells: pa.Array, fits: Mask | None) -> DataError:
    absent = [i for i, model in enumerate(_texts(cells).to_pylist()) if model is None or not model.strip()]
    rows = np.arange(len(cells)) if fits is None else np.flatnonzero(fits)
    return DataError(
        f"{label}, row {before + int(rows[absent[0]]) + 1}: column {name!r}, which tells the model, has no value",
        "--where leaves rows out",
    )


def _first(models: list[str], baseline: str | None, column: str) -> list[str]:
    """The models with the baseline first."""
    if baseline is None:
        return models
    if baseline not in models:
        hint = f"the models are {', '.join(map(repr, models[:20]))}"
        raise UsageError(f"--baseline {baseline!r} is no value of column {column!r}", hint=hint)
    return [baseline, *(model for model in models if model != baseline)]
