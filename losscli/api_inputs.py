"""What the functions of the Python API take as data: paths, pandas data frames, Arrow tables, one for each model."""

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from losscli.data.assembly import Arrangement, Assembly, ModelFiles, assembled
from losscli.data.chained import ChainTable
from losscli.data.columns import ColumnNames
from losscli.data.keys import JoinKeys, join_named
from losscli.data.left_out import LeftOut
from losscli.data.panel import PanelTable, Side
from losscli.data.sources import Source, resolve
from losscli.data.table import Table
from losscli.data.text_options import TextOptions
from losscli.data.where import Condition
from losscli.errors import UsageError
from losscli.models import ModelChoice
from losscli.records import dataclass, field

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Data: TypeAlias = "str | PathLike[str] | pd.DataFrame | pa.Table | Sequence[str | PathLike[str]]"


@dataclass(frozen=True, slots=True)
class Pairing:
    """What tells which rows belong together.

    Attributes:
        truth: the file with the truth, where that is not with the predictions.
        key: the columns, as --key takes them.
        join: `strict` or `inner`.
        models: the data of each model, where each has its own.
        baseline: the model to put first.
    """

    truth: "str | PathLike[str] | None" = None
    key: str | Sequence[str] | None = None
    join: str = "strict"
    models: Mapping[str, Data] = field(default_factory=dict)
    baseline: str | None = None

    @classmethod
    def of(
        cls,
        data: "Data | None",
        models: "Mapping[str, Data | Mapping[str, ColumnNames]]",
        truth: "str | PathLike[str] | None",
        key: str | Sequence[str] | None,
        join: str,
        baseline: str | None,
    ) -> "tuple[Pairing, list[ModelChoice]]":
        """The same, and the columns of each model, where all are in one table.

        Raises:
            UsageError: no mapping from names, or a model that names no columns.
        """
        if not isinstance(models, Mapping):
            raise UsageError("models must be a mapping from names", hint="models={'old': 'pred_a', 'new': 'pred_b'}")
        if not all(isinstance(name, str) for name in models):
            raise UsageError(f"models: the names must be texts, not {', '.join(map(repr, models))}")
        own = cast("Mapping[str, Data]", models) if data is None else {}
        return cls(truth, key, join, own, baseline), [] if data is None else _choices(models)


def inputs_of(
    data: "Data | None", input_format: str | None, pairing: Pairing, conditions: Sequence[Condition] = ()
) -> Assembly:
    """What opens each input, and the files; no file for what the caller holds.

    Raises:
        UsageError: no data, or parts that do not go together.
    """
    if data is None and not pairing.models:
        raise UsageError("there is no data", hint="a path, a data frame, or models with data of their own")
    if all(_is_path(one) for one in ([data] if data is not None else pairing.models.values())):
        how = Arrangement(
            truth=None if pairing.truth is None else _sources(pairing.truth, input_format)[0],
            keys=_keys(pairing),
            models=tuple(ModelFiles(n, tuple(_sources(one, input_format))) for n, one in pairing.models.items()),
            baseline=pairing.baseline if pairing.models else None,
            join=join_named(pairing.join),
        )
        return assembled([] if data is None else _sources(data, input_format), how, conditions)
    if pairing.truth is not None:
        raise UsageError("truth is for predictions in files", hint="join the data frames first")
    parts = tuple(ModelFiles(name, ()) for name in pairing.models)
    baseline = pairing.baseline if pairing.models else None
    Arrangement(keys=_keys(pairing), models=parts, baseline=baseline, join=join_named(pairing.join)).check([])
    if data is not None:
        table = _table_of(data)
        return Assembly([], False, [lambda: table])
    found = Assembly([], False)
    found.openers.append(lambda: _panel(pairing, input_format, conditions, found.counts("panel")))
    return found


def _keys(pairing: Pairing) -> JoinKeys | None:
    if pairing.key is None:
        return None
    return JoinKeys.parse([pairing.key] if isinstance(pairing.key, str) else pairing.key)


def _panel(pairing: Pairing, input_format: str | None, conditions: Sequence[Condition], left_out: LeftOut) -> Table:
    names = sorted(pairing.models, key=lambda name: name != pairing.baseline)
    sides = []
    for name in names:
        one = pairing.models[name]
        sides.append(Side(name, _of_files(_sources(one, input_format)) if _is_path(one) else _table_of(one)))
    keys = _keys(pairing)
    return PanelTable(sides, None if keys is None else keys.here, join_named(pairing.join), conditions, left_out)


def _of_files(sources: Sequence[Source]) -> Table:
    return sources[0].open() if len(sources) == 1 else ChainTable([source.open for source in sources])


def _sources(data: Any, input_format: str | None) -> list[Source]:
    names = [fspath(data)] if isinstance(data, (str, PathLike)) else [fspath(name) for name in cast("Any", data)]
    return resolve(names, input_format, TextOptions())


def _is_path(data: Any) -> bool:
    several = isinstance(data, (list, tuple)) and all(isinstance(name, (str, PathLike)) for name in data)
    return isinstance(data, (str, PathLike)) or several


def _column_of(values: "pd.Series[Any]") -> "pa.Array":
    import pyarrow as pa

    try:
        return pa.Array.from_pandas(values)
    except pa.ArrowException:
        # values of several types: as text, which is refused with its row if the column is needed as numbers
        missing = values.isna()
        return pa.array([None if gone else str(value) for value, gone in zip(values, missing, strict=True)])


def _table_of(data: Any) -> Table:
    import pyarrow as pa

    from losscli.data.arrow import MemoryTable

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return MemoryTable("the table", data)
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        columns = [_column_of(data.iloc[:, place]) for place in range(data.shape[1])]
        return MemoryTable("the data frame", pa.Table.from_arrays(columns, names=[str(name) for name in data.columns]))
    raise UsageError(f"data must be a path, a pandas DataFrame or an Arrow table, not {type(data).__name__}")


def _choices(models: Mapping[str, Any]) -> list[ModelChoice]:
    found = []
    for name, columns in models.items():
        roles = {"pred": columns} if isinstance(columns, str) else columns
        if not isinstance(roles, Mapping):
            raise UsageError(
                f"models: {name!r} must be a column or a mapping from roles to columns", hint="leave data out"
            )
        found.append(ModelChoice(name, roles))
    return found
