"""The files of a forecast hub as they are: quantiles in long form, several models, the truth apart. Rows by hand."""

from pathlib import Path

import pytest

from losscli.data.assembly import Arrangement, ModelFiles, assembled
from losscli.data.joined import JoinedTable
from losscli.data.keys import Join, JoinKeys
from losscli.data.panel import PanelTable
from losscli.data.pivot import PivotTable
from losscli.data.table import Table
from losscli.data.where import Condition
from losscli.errors import DataError
from tests.tables import csv_file, parquet_file, rows_of, source

KEY = "location,target_end_date=date,reference_date,horizon,output_type_id"
HEADER = "reference_date,target,horizon,target_end_date,location,output_type,output_type_id,value"
A = """
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.025,80
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.5,100
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.975,140
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.025,85
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.5,110
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.975,150
2024-01-06,wk inc flu hosp,0,2024-01-06,01,quantile,0.5,7
"""
A_LATER = """
2024-01-13,wk inc flu hosp,0,2024-01-13,US,quantile,0.5,115
2024-01-13,wk inc flu hosp,0,2024-01-13,01,quantile,0.5,9
"""
# another order, other spellings of the levels, and rows of another kind
B = """
2024-01-06,wk flu hosp rate change,0,2024-01-06,US,pmf,large_increase,0.3
2024-01-06,wk inc flu hosp,0,2024-01-06,01,quantile,0.500,6
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.975,155
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.500,111
2024-01-06,wk inc flu hosp,1,2024-01-13,US,quantile,0.025,86
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.975,141
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.500,101
2024-01-06,wk inc flu hosp,0,2024-01-06,US,quantile,0.025,81
2024-01-13,wk inc flu hosp,0,2024-01-13,US,quantile,0.500,116
2024-01-13,wk inc flu hosp,0,2024-01-13,01,quantile,0.500,8
"""
TRUTH = """date,location,location_name,value
2024-01-06,01,Alabama,5
2024-01-06,US,US,104
2024-01-13,01,Alabama,10
2024-01-13,US,US,119
2024-01-20,US,US,130"""
# level, truth, value of A, value of B, in the order of A
EXPECTED = [
    (0.025, 104, 80, 81),
    (0.5, 104, 100, 101),
    (0.975, 104, 140, 141),
    (0.025, 119, 85, 86),
    (0.5, 119, 110, 111),
    (0.975, 119, 150, 155),
    (0.5, 5, 7, 6),
    (0.5, 119, 115, 116),
    (0.5, 10, 9, 8),
]
QUANTILES = Condition.parse("output_type=quantile")


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    for team, files in {"a": {"2024-01-06": A, "2024-01-13": A_LATER}, "b": {"both": B}}.items():
        for name, rows in files.items():
            csv_file(tmp_path / "model-output" / team / f"{name}-{team}.csv", HEADER + rows)
    csv_file(tmp_path / "truth.csv", TRUTH)
    return tmp_path


def long_file(hub: Path) -> Path:
    """All models in one file, each row with its model."""
    rows = [f"{row},{model}" for model, text in (("a", A + A_LATER), ("b", B)) for row in text.split("\n") if row]
    # the rows of the models among one another
    rows = rows[::2] + rows[1::2]
    return csv_file(hub / "all.csv", f"{HEADER},model_id\n" + "\n".join(rows))


def team(hub: Path, name: str) -> ModelFiles:
    files = sorted((hub / "model-output" / name).glob("*.csv"))
    return ModelFiles(name, tuple(source(file) for file in files))


def arrangement(hub: Path, join: Join = "strict", **more: object) -> Arrangement:
    return Arrangement(
        truth=source(hub / "truth.csv"),
        keys=JoinKeys.parse([KEY]),
        join=join,
        **more,  # type: ignore[arg-type] # the fields of the arrangement
    )


@pytest.mark.parametrize("batch_rows", [2, 1000])
@pytest.mark.parametrize("join", ["strict", "inner"])
def test_the_models_of_a_column(hub: Path, join: Join, batch_rows: int) -> None:
    how = arrangement(hub, join, model_column="model_id", baseline="a")
    found = assembled([source(long_file(hub))], how, [QUANTILES])
    # openers may be called again
    for _ in range(2):
        table = found.openers[0]()
        assert isinstance(table, PivotTable)
        names = table.view("b").names
        assert names["truth:value"] == "b:truth:value"
        columns = ["output_type_id", "truth:value", "value", names["value"], names["truth:value"]]
        rows = [(float(level), *rest) for level, *rest in rows_of(table, columns, batch_rows)]
        assert sorted(rows) == sorted((level, y, a, b, y) for level, y, a, b in EXPECTED)
        table.close()
    assert found.left_out.unmatched == 0
    assert [Path(entry.name).name for entry in found.sources] == ["all.csv", "truth.csv"]
    assert not found.read_once


@pytest.mark.parametrize("join", ["strict", "inner"])
def test_the_files_of_teams(hub: Path, join: Join) -> None:
    how = arrangement(hub, join, models=(team(hub, "a"), team(hub, "b")))
    found = assembled([], how, [QUANTILES])
    for _ in range(2):
        table = found.openers[0]()
        assert isinstance(table, PanelTable)
        columns = ["output_type_id", "truth:value", "value", "b:value", "b:truth:value"]
        rows = [(float(level), *rest) for level, *rest in rows_of(table, columns)]
        assert rows == [(level, y, a, b, y) for level, y, a, b in EXPECTED]
        table.close()
    assert [Path(entry.name).name for entry in found.sources] == [
        "2024-01-06-a.csv",
        "2024-01-13-a.csv",
        "both-b.csv",
        "truth.csv",
    ]


def test_a_forecast_whose_truth_is_not_known_yet(hub: Path) -> None:
    late = "2024-01-13,wk inc flu hosp,2,2024-01-27,US,quantile,0.5,"
    for name, value in (("a", 1), ("b", 2)):
        file = next((hub / "model-output" / name).glob("*.csv"))
        file.write_text(file.read_text() + f"{late}{value}\n")
    models = (team(hub, "a"), team(hub, "b"))
    with pytest.raises(DataError, match=r"rows? have no partner in .*truth\.csv.*target_end_date='2024-01-27'"):
        _rows(assembled([], arrangement(hub, models=models), [QUANTILES]).openers[0]())
    found = assembled([], arrangement(hub, "inner", models=models), [QUANTILES])
    assert len(_rows(found.openers[0]())) == len(EXPECTED)
    # one row of the first model; those of the others are counted by themselves
    assert found.left_out.unmatched == 1
    assert sum(found.left_out.rows.values()) == 2
    # what a filter leaves out is no error
    before = [QUANTILES, Condition.parse("target_end_date<2024-01-20")]
    rows = _rows(assembled([], arrangement(hub, models=models), before).openers[0]())
    # the row is there, without partners, for the engine to leave out
    assert rows == [*(row[2:] for row in EXPECTED[:7]), (1, None), *(row[2:] for row in EXPECTED[7:])]


def _rows(table: Table) -> list[tuple[object, ...]]:
    try:
        return rows_of(table, ["value", "b:value"])
    finally:
        table.close()


def test_one_model_by_itself(hub: Path) -> None:
    files = team(hub, "a").sources
    how = Arrangement(truth=source(hub / "truth.csv"), keys=JoinKeys.parse(["location,target_end_date=date"]))
    found = assembled(files, how)
    tables = [opener() for opener in found.openers]
    assert all(isinstance(table, JoinedTable) for table in tables)
    rows = [row for table in tables for row in rows_of(table, ["truth:value", "value"])]
    assert rows == [(y, a) for _, y, a, _ in EXPECTED]
    for table in tables:
        table.close()


def test_a_truth_in_parquet_with_real_dates(hub: Path) -> None:
    import datetime as dt

    first, second = dt.date(2024, 1, 6), dt.date(2024, 1, 13)
    truth = parquet_file(
        hub / "truth.parquet",
        {
            "date": [second, first, first, second],
            "location": ["US", "US", "01", "01"],
            "observation": [119, 104, 5, 10],
        },
    )
    how = Arrangement(truth=source(truth), keys=JoinKeys.parse([KEY]), models=(team(hub, "a"), team(hub, "b")))
    table = assembled([], how, [QUANTILES]).openers[0]()
    assert rows_of(table, ["observation", "value", "b:value"]) == [row[1:] for row in EXPECTED]
    table.close()


def test_too_few_keys_say_which_to_add(hub: Path) -> None:
    how = Arrangement(
        truth=source(hub / "truth.csv"),
        keys=JoinKeys.parse(["location,target_end_date=date"]),
        model_column="model_id",
    )
    table = assembled([source(long_file(hub))], how, [QUANTILES]).openers[0]()
    with pytest.raises(DataError, match="stand in more than one row") as refused:
        rows_of(table, ["truth:value", "value", "b:value"])
    assert "output_type_id" in (refused.value.hint or "")
    table.close()
