"""Which rows count and how much: weights, rows that are left out, filters, levels in rows, outputs, row losses."""

import csv
import io
import json
import math
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import Outcome, run_cli

MAE = ("compute", "data.csv", "--loss", "mae", "--json")


def _run(folder: Path, text: str, *more: str, args: Sequence[str] = MAE) -> Outcome:
    folder.joinpath("data.csv").write_text(text)
    return run_cli([*args, *more], cwd=folder)


def _result(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return found


def _rows(text: str) -> list[tuple[int, float]]:
    return [(int(row["row"]), float(row["loss"])) for row in csv.DictReader(io.StringIO(text))]


WEIGHTED = "y_true,y_pred,w\n0,1,0.5\n0,-3,2\n0,8,0\n1,1,5.5\n"


@pytest.mark.parametrize(
    ("reduction", "value", "denominator"),
    [
        ("mean", Fraction(13, 2) / 8, 8.0),
        ("mean-count", Fraction(13, 2) / 4, 4.0),
        ("sum", Fraction(13, 2), 1.0),
    ],
)
def test_weights_by_hand(reduction: str, value: Fraction, denominator: float, tmp_path: Path) -> None:
    """0.5 1 + 2 3 + 0 8 + 5.5 0 = 6.5; the weights add up to 8, and there are 4 rows."""
    result = _result(_run(tmp_path, WEIGHTED, "-w", "w", "-r", reduction))
    assert (result["value"], result["weight_sum"], result["denominator"]) == (float(value), 8.0, denominator)
    assert (result["used"], result["skipped"]) == (4, {})


@pytest.mark.parametrize(
    ("weight", "words"),
    [("-0.5", ["'w'", "row 2", "-0.5"]), ("", ["'w'", "row 2", "--missing skip"]), ("inf", ["'w'"])],
)
def test_a_weight_that_is_none_is_refused(weight: str, words: list[str], tmp_path: Path) -> None:
    outcome = _run(tmp_path, f"y_true,y_pred,w\n0,1,1\n0,2,{weight}\n", "-w", "w")
    assert (outcome.code, outcome.out) == (3, "")
    assert all(word in outcome.err for word in words), outcome.err


@pytest.mark.parametrize("reduction", ["mean", "mean-count", "sum"])
def test_weights_that_are_all_zero_are_refused(reduction: str, tmp_path: Path) -> None:
    outcome = _run(tmp_path, "y_true,y_pred,w\n0,1,0\n0,2,0\n", "-w", "w", "-r", reduction)
    assert (outcome.code, outcome.out) == (3, "")
    assert "weights" in outcome.err


MIXED = """k,y_true,y_pred,w
a,1,1.5,1
b,0,1,1
a,,7,1
a,0,3,1
a,2,,-1
a,4,3,1
b,,,
a,8,4,-2
"""


def test_each_row_that_is_left_out_has_one_cause(tmp_path: Path) -> None:
    """By filter rows 2 and 7; missing 3 and 5, though 5 has a negative weight; invalid for mape 4 (target 0) and 8."""
    skip = ("--missing", "skip", "--invalid", "skip")
    result = _result(_run(tmp_path, MIXED, "-w", "w", "--where", "k=a", *skip, args=[*MAE[:3], "mape", "--json"]))
    assert result["skipped"] == {"where": 2, "missing": 2, "invalid": 2}
    assert (result["rows"], result["used"]) == (8, 2)
    assert result["value"] == float((Fraction(1, 2) + Fraction(1, 4)) / 2)


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ((), ["no value", "row"]),
        (("--missing", "skip"), ["not allowed", "'w'", "row 8 (-2.0)"]),
        (("--invalid", "skip"), ["no value", "'y_true' has no value in 1 of 8 rows: row 3"]),
    ],
)
def test_what_is_not_skipped_is_an_error(policies: tuple[str, ...], words: list[str], tmp_path: Path) -> None:
    outcome = _run(tmp_path, MIXED, "-w", "w", "--where", "k=a", *policies)
    assert (outcome.code, outcome.out) == (3, "")
    assert all(word in outcome.err for word in words), outcome.err


FRAME = pd.DataFrame(
    {
        "y_true": [0.0] * 6,
        "y_pred": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        "number": [1.0, 2.0, 10.0, np.nan, -1.0, 2.0],
        "word": ["a", "b", "10", None, "9", "A b"],
        "flag": pd.array([True, False, None, True, False, True], dtype="boolean"),
        "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 2, 1), None, date(2023, 12, 31), date(2024, 1, 2)],
    }
)
CONDITIONS: list[tuple[str, list[int]]] = [
    ("number=2", [1, 5]),
    ("number==2.0", [1, 5]),
    ("number != 2", [0, 2, 4]),
    ("number<2", [0, 4]),
    ("number<=2", [0, 1, 4, 5]),
    ("number>2", [2]),
    ("number >= 2e0", [1, 2, 5]),
    ("number in 10,-1", [2, 4]),
    ("number in (1, 2)", [0, 1, 5]),
    ("word=a", [0]),
    ("word=A b", [5]),
    ("word!=a", [1, 2, 4, 5]),
    ("word in a,A b", [0, 5]),
    ("word>=b", [1]),
    ("flag=true", [0, 3, 5]),
    ("flag=TRUE", [0, 3, 5]),
    ("flag!=true", [1, 4]),
    ("flag in false", [1, 4]),
    ("day=2024-01-02", [1, 5]),
    ("day<2024-01-02", [0, 4]),
    ("day>2024-01-02", [2]),
    ("day in 2024-02-01,2023-12-31", [2, 4]),
    ("number>0 --where word!=b", [0, 2, 5]),
]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(("condition", "rows"), CONDITIONS)
def test_where_keeps_the_rows_that_fit(condition: str, rows: list[int], kind: str, tmp_path: Path) -> None:
    """A missing cell fits nothing, not even !=; the predictions are powers of two, so a sum says which rows stay."""
    file = tmp_path / f"data.{kind}"
    FRAME.to_parquet(file) if kind == "parquet" else FRAME.to_csv(file, index=False)
    conditions = [word for part in condition.split(" --where ") for word in ("--where", part)]
    result = _result(run_cli([*MAE[:1], str(file), *MAE[2:], "-r", "sum", *conditions]))
    assert result["value"] == sum(2.0**row for row in rows)
    assert result["skipped"] == {"where": 6 - len(rows)}


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_where_on_times_at_midnight_agrees_with_pandas(operator: str, unit: str, tmp_path: Path) -> None:
    """A date column of pandas is a column of times at midnight; 2024-01-02 means the midnight that begins the day."""
    times = [datetime(2024, 1, 1), datetime(2024, 1, 2), datetime(2024, 1, 3), datetime(2024, 1, 1, 12)]
    table = pa.table({"y_true": [0.0] * 4, "y_pred": [1.0, 2.0, 4.0, 8.0], "at": pa.array(times, pa.timestamp(unit))})
    pq.write_table(table, tmp_path / "data.parquet")
    frame = table.to_pandas()
    day = pd.Timestamp("2024-01-02")
    same, less = frame["at"] == day, frame["at"] < day
    kept = {"=": same, "!=": ~same, "<": less, "<=": less | same, ">": ~(less | same), ">=": ~less}[operator]
    line = ["compute", "data.parquet", "--loss", "mae", "--json", "-r", "sum", "--where", f"at{operator}2024-01-02"]
    assert _result(run_cli(line, cwd=tmp_path))["value"] == frame["y_pred"][kept].sum()


@pytest.mark.parametrize(("condition", "rows"), [("fold=1", [0]), ("fold!=1", [1, 2]), ("fold>=2", [1, 2])])
def test_where_on_numbers_does_not_depend_on_other_cells(condition: str, rows: list[int], tmp_path: Path) -> None:
    """A cell such as 50% in the prediction must not turn the comparison of 1.0 with 1 into one of texts."""
    text = "fold,y_true,y_pred\n1.0,0,100%\n2.0,0,200%\n2.0,0,400%\n"
    result = _result(_run(tmp_path, text, "--percent-cells", "-r", "sum", "--where", condition))
    assert result["value"] == sum(2.0**row for row in rows)


def test_where_reads_numbers_with_the_decimal_mark_of_the_file(tmp_path: Path) -> None:
    text = "h;y_true;y_pred\n0,5;0;1\n1,5;0;2\n2,5;0;4\n"
    outcome = _run(tmp_path, text, "--decimal", ",", "-r", "sum", "--where", "h>1")
    assert _result(outcome)["value"] == 6.0


def test_levels_from_a_column(tmp_path: Path) -> None:
    """Pinball at each row's own level by hand: 0.25 2, 0.5 4 (too high), 0.25 1 (too high); one row is a mean."""
    text = "type,level,y_true,y_pred\nquantile,0.25,3,1\nquantile,0.5,0,4\nmean,,1,1\nquantile,0.75,2,3\nmedian,NA,5,\n"
    for how in (["--loss", "pinball", "--tau", "@level"], ["--loss", "pinball:tau=@level"]):
        result = _result(_run(tmp_path, text, *how, args=["compute", "data.csv", "--json"]))
        assert math.isclose(result["value"], (0.5 + 2 + 0.25) / 3, rel_tol=1e-15)
        assert (result["used"], result["skipped"], result["params"]) == (3, {"no_tau": 2}, {"tau": "@level"})
    outcome = _run(tmp_path, text.replace("0.75", "1.5"), "--tau", "@level", args=[*MAE[:3], "pinball", "--json"])
    assert outcome.code == 3
    assert all(word in outcome.err for word in ("level", "row 4", "1.5", "between 0 and 1"))


TRUTHS, PREDS = [[1.0, 2.0, 10.0], [0.0, 0.0, 0.0]], [[1.0, 4.0, 11.0], [3.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("target", "pred"),
    [
        ("t_*", "p_*"),
        ("t_1,t_2,t_10", "p_1,p_2,p_10"),
        ("t_?,t_10", "p_1, p_2, p_10"),
        ("t", "p"),
        ("t_1,t_2,t_10", "p"),
        ("t", "p_*"),
    ],
)
def test_several_outputs_by_list_glob_and_list_column(target: str, pred: str, tmp_path: Path) -> None:
    """Errors 0, 2, 1 and 3, 0, 0, so each row's mean over its outputs is 1; the glob goes 1, 2, 10."""
    columns: dict[str, Any] = {"t": TRUTHS, "p": PREDS}
    # in the file 10 comes before 1 and 2
    for name, values in (("t", TRUTHS), ("p", PREDS)):
        columns |= {f"{name}_{number}": [row[i] for row in values] for i, number in ((2, 10), (0, 1), (1, 2))}
    pq.write_table(pa.table(columns), tmp_path / "data.parquet")
    line = ["compute", "data.parquet", "--loss", "mae", "-t", target, "-p", pred]
    assert _result(run_cli([*line, "--json"], cwd=tmp_path))["value"] == 1.0
    assert _rows(run_cli([*line, "-r", "none"], cwd=tmp_path).out) == [(1, 1.0), (2, 1.0)]


def test_transform_is_applied_first_and_named(tmp_path: Path) -> None:
    text = "y_true,y_pred\n0,1\n3,1\n9,9\n"
    result = _result(_run(tmp_path, text, "--transform", "log1p"))
    assert result["transform"] == "log1p"
    assert math.isclose(result["value"], (math.log(2) + math.log(4 / 2) + 0) / 3, rel_tol=1e-15)
    outcome = _run(tmp_path, "y_true,y_pred\n1,1\n-1,1\n", "--transform", "log1p")
    assert outcome.code == 3
    assert all(word in outcome.err for word in ("y_true", "row 2", "-1.0", "log1p"))
    assert (
        _result(_run(tmp_path, "y_true,y_pred\n1,1\n-1,1\n", "--transform", "log1p", "--invalid", "skip"))["value"]
        == 0.0
    )


def test_row_losses_keep_the_row_numbers_of_the_input(tmp_path: Path) -> None:
    text = "y_true,y_pred\n0,1\n,2\n0,4\n0,inf\n0,16\n"
    skip = ("-r", "none", "--missing", "skip", "--invalid", "skip")
    expected = [(1, 1.0), (3, 4.0), (5, 16.0)]
    outcome = _run(tmp_path, text, *skip, args=MAE[:4])
    assert _rows(outcome.out) == expected
    assert "missing 1" in outcome.err
    assert "invalid 1" in outcome.err
    places = ("-o", f"csv:{tmp_path / 'o.csv'}", "-o", f"parquet:{tmp_path / 'o.parquet'}")
    assert _run(tmp_path, text, *skip, *places, args=MAE[:4]).out == ""
    assert _rows(tmp_path.joinpath("o.csv").read_text()) == expected
    written = pq.read_table(tmp_path / "o.parquet")
    assert written.column_names == ["row", "loss"]
    assert list(zip(*written.to_pydict().values(), strict=True)) == expected


def test_row_losses_over_several_files_go_on_counting(tmp_path: Path) -> None:
    tmp_path.joinpath("part2.csv").write_text("y_pred,y_true\n4,0\n,0\n8,0\n")
    tmp_path.joinpath("part10.csv").write_text("y_true,y_pred\n0,16\n")
    tmp_path.joinpath("part1.csv").write_text("y_true,y_pred\n0,\n0,2\n")
    pq.write_table(pa.table({"y_true": [0.0, 0.0], "y_pred": [None, 32.0]}), tmp_path / "z.parquet")
    args = ["compute", "part*.csv", "z.parquet", "--loss", "mae", "-r", "none", "--missing", "skip"]
    # the pattern is filled in natural order: 1, 2, 10
    assert _rows(run_cli(args, cwd=tmp_path).out) == [(2, 2.0), (3, 4.0), (5, 8.0), (6, 16.0), (8, 32.0)]
    result = _result(run_cli([*args[:5], "--json", "--missing", "skip"], cwd=tmp_path))
    assert (result["rows"], result["used"], result["value"]) == (8, 5, 62 / 5)


def test_a_second_file_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    tmp_path.joinpath("b.csv").write_text("y_true,forecast\n0,2\n")
    outcome = _run(tmp_path, "y_true,y_pred\n0,1\n", "b.csv")
    assert (outcome.code, outcome.out) == (2, "")
    assert all(word in outcome.err for word in ("b.csv", "y_pred", "forecast"))


@pytest.mark.parametrize(
    ("text", "flags", "value"),
    [
        ("y_true;y_pred\n0,5;1,0\n1;3,5\n", ["--decimal", ","], 1.5),
        ("y_true/y_pred\n0/1\n0/2\n", ["--delimiter", "/"], 1.5),
        ("y_true y_pred\n0 1\n0 2\n", ["--delimiter", " "], 1.5),
        ("y_true,y_pred\n0,25%\n1,1.5\n", ["--percent-cells"], 0.375),
        ("y_true,y_pred\n0,1\n0,2\n", ["--na", "-9"], 1.5),
        ("0,7,1\n0,7,2\n", ["--no-header", "-t", "1", "-p", "3"], 1.5),
        ("made by hand\n\ny_true,y_pred\n0,1\n0,2\n", ["--skip-lines", "2"], 1.5),
        ("note,x\n0,1\n0,2\n", ["--skip-lines", "1", "--no-header", "-t", "1", "-p", "2"], 1.5),
    ],
)
def test_options_of_text_files(text: str, flags: list[str], value: float, tmp_path: Path) -> None:
    assert _result(_run(tmp_path, text, *flags))["value"] == value


def test_na_takes_the_place_of_the_usual_words(tmp_path: Path) -> None:
    text = "y_true,y_pred\n0,1\n0,-9\n0,\n"
    assert _result(_run(tmp_path, text, "--na", "-9", "--missing", "skip"))["skipped"] == {"missing": 2}
    outcome = _run(tmp_path, text.replace("0,\n", "0,NA\n"), "--na", "-9", "--missing", "skip")
    assert outcome.code == 3
    assert "'NA'" in outcome.err
