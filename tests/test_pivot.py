"""Models as values of a column. Rows, counts and messages are by hand."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from losscli.data.keys import Join
from losscli.data.left_out import LeftOut
from losscli.data.pivot import PivotTable
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError
from tests.tables import csv_file, names_of, parquet_file, rows_of, source


def pivoted(
    path: Path,
    keys: Sequence[str] | None = None,
    join: Join = "strict",
    where: Sequence[str] = (),
    baseline: str | None = None,
    column: str = "model",
) -> PivotTable:
    conditions = [Condition.parse(text) for text in where]
    opener = source(path).open
    return PivotTable(opener, column, keys, join, baseline=baseline, conditions=conditions, left_out=LeftOut())


@pytest.fixture
def long(tmp_path: Path) -> Path:
    return csv_file(
        tmp_path / "long.csv",
        """model,id,y,pred
        m2,a,1,12
        m1,b,2,21
        m1,a,1,11
        m2,b,2,22""",
    )


@pytest.mark.parametrize("batch_rows", [1, 100])
@pytest.mark.parametrize("join", ["strict", "inner"])
def test_models_are_paired_by_keys(long: Path, join: Join, batch_rows: int) -> None:
    table = pivoted(long, ["id"], join)
    assert table.models == ["m2", "m1"]
    assert names_of(table)[4:] == ["m1:model", "m1:id", "m1:y", "m1:pred"]
    assert table.view("m1").names["pred"] == "m1:pred"
    assert rows_of(table, ["id", "y", "pred", "m1:y", "m1:pred"], batch_rows) == [
        ("a", 1, 12, 1, 11),
        ("b", 2, 22, 2, 21),
    ]


def test_the_baseline_comes_first(long: Path) -> None:
    table = pivoted(long, ["id"], baseline="m1")
    assert table.models == ["m1", "m2"]
    assert rows_of(table, ["pred", "m2:pred"]) == [(21, 22), (11, 12)]
    with pytest.raises(UsageError, match="'m3' is no value of column 'model'") as refused:
        pivoted(long, ["id"], baseline="m3")
    assert refused.value.hint == "the models are 'm2', 'm1'"


def test_without_keys_by_the_order_of_each_models_rows(long: Path) -> None:
    assert rows_of(pivoted(long), ["pred", "m1:pred"]) == [(12, 21), (22, 11)]


def test_without_keys_lengths_must_agree(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "l.csv", "model,pred\na,1\nb,2\na,3")
    with pytest.raises(DataError, match="model 'a' has 2, model 'b' has 1") as refused:
        rows_of(pivoted(path), ["pred"])
    assert "--key" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "values",
    [pa.array([7, 8, 7]), pa.array(["8", "7"]).dictionary_encode().take(pa.array([1, 0, 1]))],
    ids=["numbers", "dictionary"],
)
def test_models_of_any_type_in_the_order_in_which_they_appear(tmp_path: Path, values: pa.Array) -> None:
    path = parquet_file(tmp_path / "l.parquet", {"model": values, "id": [1, 1, 2], "pred": [1.0, 2.0, 3.0]})
    assert pivoted(path, ["id"]).models == ["7", "8"]


def test_a_repeated_key_says_what_tells_the_rows_apart(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "l.csv",
        """model,location,horizon,note,pred
        a,US,1,x,10
        a,US,2,x,20
        b,US,1,x,11
        b,US,2,x,21
        a,DE,1,x,30
        b,DE,1,x,31""",
    )
    with pytest.raises(DataError) as refused:
        rows_of(pivoted(path, ["location"]), ["pred", "b:pred"])
    assert refused.value.message == (
        f"{path}, model 'a': a key stands in more than one row; first location='US' in rows 1, 2"
    )
    assert refused.value.hint == "these rows differ in horizon: add such columns to --key"
    assert rows_of(pivoted(path, ["location", "horizon"]), ["pred", "b:pred"]) == [(10, 11), (20, 21), (30, 31)]


def test_rows_that_are_there_twice(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "l.csv", "model,id,pred\na,1,10\na,1,10\nb,1,11")
    with pytest.raises(DataError, match="first id='1' in rows 1, 2") as refused:
        rows_of(pivoted(path, ["id"]), ["pred", "b:pred"])
    assert "differ in no other column" in (refused.value.hint or "")
    table = pivoted(path, ["id"], "inner")
    assert rows_of(table, ["pred", "b:pred"]) == []
    assert table._left_out.unmatched == 2


def test_rows_that_a_model_lacks(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "l.csv", "model,id,pred\na,1,10\na,2,20\nb,1,11\nb,3,31\na,4,40\nb,4,41")
    with pytest.raises(DataError) as refused:
        rows_of(pivoted(path, ["id"]), ["pred", "b:pred"])
    assert refused.value.message == (
        f"{path}, model 'a': 1 of 3 rows have no partner in {path}, model 'b': row 2 (id='2'); "
        f"{path}, model 'b': 1 of 3 rows have no partner in {path}, model 'a': row 4 (id='3')"
    )
    table = pivoted(path, ["id"], "inner")
    assert rows_of(table, ["pred", "b:pred"]) == [(10, 11), (40, 41)]
    assert table._left_out.unmatched == 1
    with pytest.raises(DataError, match=r"model 'b': 1 of 3 rows have no partner in .* model 'a': row 4 \(id='3'\)"):
        rows_of(pivoted(path, ["id"], where=["id!=2"]), ["pred", "b:pred"])


def test_nulls_in_keys_and_models(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "l.csv", "model,id,pred\na,1,10\nb,,11")
    with pytest.raises(DataError, match="1 of 1 rows lack a value of their key: row 2"):
        rows_of(pivoted(path, ["id"]), ["pred", "b:pred"])
    nameless = csv_file(tmp_path / "n.csv", "model,id,kind,pred\na,1,x,10\n,1,y,11\nb,1,x,12")
    with pytest.raises(DataError, match=r"n\.csv, row 2: column 'model', which tells the model, has no value"):
        pivoted(nameless, ["id"])
    assert rows_of(pivoted(nameless, ["id"], where=["kind=x"]), ["pred", "b:pred"]) == [(10, 12)]


def test_filters_come_before_the_pairing(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "l.csv",
        """model,id,type,pred
        c,1,mean,0
        a,1,quantile,10
        a,1,mean,11
        b,1,quantile,20""",
    )
    table = pivoted(path, ["id"], where=["type=quantile"])
    assert table.models == ["a", "b"]
    assert rows_of(table, ["pred", "b:pred"]) == [(10, 20)]
    with pytest.raises(DataError, match="has no rows that fit --where"):
        pivoted(path, ["id"], where=["type=median"])


def test_too_many_models(tmp_path: Path) -> None:
    many = parquet_file(tmp_path / "m.parquet", {"model": [*range(201)], "pred": [1.0] * 201})
    with pytest.raises(UsageError, match="more than 200 different values"):
        pivoted(many)
    enough = parquet_file(tmp_path / "e.parquet", {"model": [*range(200)], "pred": [1.0] * 200})
    assert len(pivoted(enough).models) == 200


def test_columns_that_are_not_there(long: Path) -> None:
    with pytest.raises(UsageError, match="has no column 'modell' for --model-column") as refused:
        pivoted(long, ["id"], column="modell")
    assert refused.value.hint == "did you mean 'model'?"
    with pytest.raises(UsageError, match="has no column 'idd' for --key"):
        pivoted(long, ["idd"])
    with pytest.raises(UsageError, match="names the column of the models"):
        pivoted(long, ["model"])
