"""Predictions with their truth beside them. Rows, counts and messages are by hand."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from losscli.data.joined import JoinedTable, Truth
from losscli.data.keys import Join, JoinKeys, truth_pairs
from losscli.data.left_out import LeftOut
from losscli.data.table import CellError, Table
from losscli.data.text_options import TextOptions
from losscli.data.truth_target import truth_target
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError
from tests.tables import closed_after, csv_file, names_of, parquet_file, rows_of, source

OPENED: list[Any] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield from closed_after(OPENED)


def tables(predictions: Path, truth: Path) -> tuple[Table, Truth]:
    OPENED.append(source(predictions).open())
    OPENED.append(Truth(source(truth).open))
    return OPENED[-2], OPENED[-1]


def joined(
    predictions: Path, truth: Path, key: str, join: Join = "strict", where: Sequence[str] = (), *, again: bool = True
) -> JoinedTable:
    table, other = tables(predictions, truth)
    keys = truth_pairs(JoinKeys.parse([key]), table, other, several_models=False)
    conditions = [Condition.parse(text) for text in where]
    return JoinedTable(table, other, keys, join, source(predictions).open if again else None, conditions, LeftOut())


@pytest.fixture
def preds(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "preds.csv", "id,level,pred\n3,0.1,30\n1,0.1,10\n3,0.9,31\n1,0.9,11\n2,0.1,20")


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "truth.csv", "id,y\n1,100\n2,200\n3,300\n4,400")


ROWS = [(300, 30), (100, 10), (300, 31), (100, 11), (200, 20)]


def test_many_rows_share_a_truth(preds: Path, truth: Path) -> None:
    table = joined(preds, truth, "id")
    assert names_of(table) == ["id", "level", "pred", "y"]
    assert rows_of(table, ["y", "pred"]) == ROWS


def test_only_columns_of_one_side_may_be_needed(preds: Path, truth: Path) -> None:
    assert rows_of(joined(preds, truth, "id"), ["y"]) == [(y,) for y, _ in ROWS]
    assert rows_of(joined(preds, truth, "id"), ["pred"]) == [(pred,) for _, pred in ROWS]
    # a key may be needed too
    assert rows_of(joined(preds, truth, "id"), ["y", "id"]) == [(300, 3), (100, 1), (300, 3), (100, 1), (200, 2)]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize("group_rows", [1, 2, 100])
@pytest.mark.parametrize("reverse", [False, True])
def test_rows_and_starts_are_those_of_the_predictions(
    tmp_path: Path, truth: Path, batch_rows: int, group_rows: int, reverse: bool
) -> None:
    step = -1 if reverse else 1
    columns = {"id": [3, 1, 3, 1, 2][::step], "pred": [30.0, 10.0, 31.0, 11.0, 20.0][::step]}
    table = joined(parquet_file(tmp_path / "p.parquet", columns, group_rows), truth, "id")
    # so small row groups are read together
    assert [fragment.start for fragment in table.fragments([])] == [0]
    again = joined(tmp_path / "p.parquet", truth, "id")
    assert rows_of(again, ["y", "pred"], batch_rows) == ROWS[::step]


def test_a_truth_in_another_format_and_order(tmp_path: Path, preds: Path) -> None:
    other = parquet_file(tmp_path / "t.parquet", {"y": [300.0, 200.0, 100.0], "key": [3.0, 2.0, 1.0]}, 2)
    assert rows_of(joined(preds, other, "id=key"), ["y", "pred"]) == ROWS


def test_several_keys_of_different_types(tmp_path: Path) -> None:
    preds = csv_file(
        tmp_path / "p.csv",
        """location,target_end_date,pred
        01,2024-01-06,1
        US,2024-01-13,2
        01,2024-01-13,3""",
    )
    days = [dt.date(2024, 1, 6), dt.date(2024, 1, 13)]
    truth = parquet_file(
        tmp_path / "t.parquet",
        {
            "date": pa.array([days[0], days[1], days[0], days[1]]),
            "location": pa.array(["01", "01", "US", "US"]).dictionary_encode(),
            "value": [11, 12, 21, 22],
        },
    )
    table = joined(preds, truth, "location,target_end_date=date")
    assert rows_of(table, ["value", "pred"]) == [(11, 1), (22, 2), (12, 3)]


def test_a_name_that_both_have_is_told_apart(tmp_path: Path) -> None:
    preds = csv_file(tmp_path / "p.csv", "id,value\n1,5\n2,6")
    truth = csv_file(tmp_path / "t.csv", "id,value\n2,60\n1,50")
    table = joined(preds, truth, "id")
    assert names_of(table) == ["id", "value", "truth:value"]
    assert rows_of(table, ["truth:value", "value"]) == [(50, 5), (60, 6)]
    assert truth_target(table, None) == truth_target(table, "value") == truth_target(table, "truth:value")
    assert truth_target(table, "value") == "truth:value"


def test_a_truth_that_no_prediction_asks_for_is_no_error(preds: Path, truth: Path) -> None:
    # id 4 has no prediction
    assert len(rows_of(joined(preds, truth, "id"), ["y"])) == 5


def test_a_repeated_key_in_the_truth(tmp_path: Path, preds: Path) -> None:
    twice = csv_file(tmp_path / "t.csv", "id,y\n2,1\n3,2\n1,3\n3,4\n2,5\n3,6\n3,7")
    with pytest.raises(DataError) as refused:
        rows_of(joined(preds, twice, "id"), ["y"])
    # key 2 comes first in the file
    assert refused.value.message.endswith("t.csv: 2 keys stand in more than one row; first id='2' in rows 1, 5")
    assert "--key" in (refused.value.hint or "")


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_rows_without_truth_are_counted(tmp_path: Path, preds: Path, batch_rows: int) -> None:
    short = csv_file(tmp_path / "t.csv", "id,y\n1,100")
    with pytest.raises(DataError) as refused:
        rows_of(joined(preds, short, "id"), ["y"], batch_rows)
    assert refused.value.message == (
        f"{preds}: 3 of 5 rows have no partner in {short}: row 1 (id='3'), row 3 (id='3'), row 5 (id='2')"
    )
    assert "--join inner" in (refused.value.hint or "")


def test_a_stream_names_the_first_row_without_truth(tmp_path: Path, preds: Path) -> None:
    short = csv_file(tmp_path / "t.csv", "id,y\n3,100")
    with pytest.raises(CellError) as refused:
        rows_of(joined(preds, short, "id", again=False), ["y"])
    assert refused.value.row == 2
    assert "id='1'" in refused.value.problem


def test_an_inner_join_leaves_them_out_and_counts_them(tmp_path: Path, preds: Path) -> None:
    some = csv_file(tmp_path / "t.csv", "id,y\n1,100\n2,200\n2,201")
    table = joined(preds, some, "id", "inner")
    assert [fragment.start for fragment in joined(preds, some, "id", "inner").fragments([])] == [None]
    assert rows_of(table, ["y", "pred"], 2) == [(100, 10), (100, 11)]
    assert table.left_out.unmatched == 3
    assert table.left_out.warnings() == [
        f"--join inner left out 2 rows of {preds} without a partner in {some}",
        f"--join inner left out 1 rows of {preds} whose key is repeated in {some}",
    ]
    assert "rows with a partner in" in table.label


def test_nulls_in_keys_of_predictions(tmp_path: Path, truth: Path) -> None:
    preds = parquet_file(tmp_path / "p.parquet", {"id": [1, None, 2, None], "pred": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(DataError, match=r"2 of 4 rows lack a value of their key: row 2 \(id=None\), row 4"):
        rows_of(joined(preds, truth, "id"), ["y"])
    table = joined(preds, truth, "id", "inner")
    assert rows_of(table, ["pred"]) == [(1,), (3,)]
    assert table.left_out.unmatched == 2


def test_nulls_in_keys_of_the_truth(tmp_path: Path, preds: Path) -> None:
    truth = csv_file(tmp_path / "t.csv", "id,y\n1,100\n,50\n2,200\n3,300")
    with pytest.raises(DataError, match=r"t\.csv: 1 of 4 rows lack a value of their key: row 2"):
        rows_of(joined(preds, truth, "id"), ["y"])
    assert len(rows_of(joined(preds, truth, "id", "inner"), ["y"])) == 5


@pytest.mark.parametrize(
    ("key", "said"),
    [("name=id", "name holds text here and numbers there"), ("day=id", "day holds dates here and numbers there")],
)
def test_types_that_never_meet_are_named(tmp_path: Path, truth: Path, key: str, said: str) -> None:
    preds = csv_file(tmp_path / "p.csv", "name,day,pred\nanna,2024-01-01,1\nbert,2024-01-02,2")
    with pytest.raises(DataError, match="2 of 2 rows have no partner") as refused:
        rows_of(joined(preds, truth, key), ["y"])
    assert said in refused.value.message


def test_rows_that_a_filter_leaves_out_need_no_truth(tmp_path: Path) -> None:
    preds = csv_file(tmp_path / "p.csv", "id,kind,pred\n1,a,10\n7,b,70\n,b,80\n2,a,20")
    truth = csv_file(tmp_path / "t.csv", "id,y\n1,100\n2,200")
    table = joined(preds, truth, "id", where=["kind=a"])
    assert rows_of(table, ["y", "pred"]) == [(100, 10), (None, 70), (None, 80), (200, 20)]
    with pytest.raises(DataError, match=r"1 of 2 rows have no partner in .*: row 2"):
        rows_of(joined(preds, truth, "id", where=["pred<71", "id!=1"]), ["y"])


def test_columns_that_are_not_there(preds: Path, truth: Path) -> None:
    with pytest.raises(UsageError, match="has no column 'idd' for --key") as refused:
        joined(preds, truth, "idd")
    assert refused.value.hint == "did you mean 'id'?"
    with pytest.raises(UsageError, match="has no column 'level' for --key") as refused:
        joined(preds, truth, "id,level")
    assert "level=NAME_IN_TRUTH" in (refused.value.hint or "")
    with pytest.raises(UsageError, match=r"truth\.csv has no column 'idx' for --key id=idx") as refused:
        joined(preds, truth, "id=idx")
    assert refused.value.hint == "did you mean 'id'?"
    table, other = tables(preds, truth)
    found = truth_pairs(JoinKeys.parse(["id,level"]), table, other, several_models=True)
    assert [pair.here for pair in found.pairs] == ["id"]
    with pytest.raises(UsageError, match="has none of the columns of --key: level, pred"):
        truth_pairs(JoinKeys.parse(["level", "pred"]), table, other, several_models=True)


@pytest.mark.parametrize("text", ["", "a,", "a=", "=b", "a,a", "a=b,a=c"])
def test_keys_that_make_no_sense(text: str) -> None:
    with pytest.raises(UsageError, match="--key"):
        JoinKeys.parse([text])


def test_lists_are_no_keys(tmp_path: Path, truth: Path) -> None:
    preds = parquet_file(tmp_path / "p.parquet", {"id": [[1, 2]], "pred": [1.0]})
    with pytest.raises(UsageError, match="'id' holds values that are no key: list of numbers"):
        joined(preds, truth, "id")


def test_the_target_by_its_name(tmp_path: Path, preds: Path) -> None:
    several = csv_file(tmp_path / "t.csv", "id,note,y_true,weight\n1,a,100,1\n2,b,200,1\n3,c,300,1")
    table = joined(preds, several, "id")
    assert truth_target(table, None) == "y_true"
    assert truth_target(table, "weight") == "weight"
    assert truth_target(table, "y_*,weight") == "y_true,weight"
    with pytest.raises(UsageError, match="has no column 'y_tru' for --target") as refused:
        truth_target(table, "y_tru")
    assert refused.value.hint == "did you mean 'y_true'?"
    with pytest.raises(UsageError, match="the predictions have one"):
        truth_target(table, "pred")
    unclear = csv_file(tmp_path / "u.csv", "id,inc,rate\n1,a,100\n2,b,200\n3,c,300")
    with pytest.raises(UsageError, match="several columns that may be the target: 'inc', 'rate'"):
        truth_target(joined(preds, unclear, "id"), None)
    keys_only = csv_file(tmp_path / "k.csv", "id\n1")
    with pytest.raises(UsageError, match="no column but the keys"):
        truth_target(joined(preds, keys_only, "id"), None)


def test_cells_of_the_truth_are_read_by_the_rules_of_its_own_file(tmp_path: Path) -> None:
    preds = parquet_file(tmp_path / "p.parquet", {"id": [1, 2], "pred": [1.0, 2.0]})
    truth = csv_file(tmp_path / "t.csv", "id;y\n2;50,5%\n1;0,25")
    options = TextOptions(decimal=",", percent_cells=True)
    other = Truth(source(truth, options).open)
    table = source(preds).open()
    keys = truth_pairs(JoinKeys.parse(["id"]), table, other, several_models=False)
    assert rows_of(JoinedTable(table, other, keys), ["y", "pred"]) == [(0.25, 1.0), (0.505, 2.0)]


def test_the_truth_is_read_once_for_the_same_columns(preds: Path, truth: Path) -> None:
    opened = []
    shared = Truth(lambda: opened.append(1) or source(truth).open())  # type: ignore[func-returns-value] # counts
    for _ in range(3):
        table, _ = tables(preds, truth)
        keys = truth_pairs(JoinKeys.parse(["id"]), table, shared, several_models=False)
        assert rows_of(JoinedTable(table, shared, keys), ["y", "pred"]) == ROWS
    assert len(opened) == 1


def test_keys_in_messages_are_short_and_of_any_type(tmp_path: Path, truth: Path) -> None:
    moments = pa.array([1, 2], pa.timestamp("ns", "Nowhere/Land"))
    long = parquet_file(tmp_path / "p.parquet", {"id": moments, "text": ["x" * 500, "y"], "pred": [1.0, 2.0]})
    with pytest.raises(DataError, match=r"row 1 \(id=1 timestamp\[ns, tz=Nowhere/Land\]\), row 2"):
        rows_of(joined(long, truth, "id"), ["y"])
    with pytest.raises(DataError) as refused:
        rows_of(joined(long, truth, "text=id"), ["y"])
    assert "xxx..." in refused.value.message
    assert len(refused.value.message) < 500
