"""Models, slices and clusters over files as they should not be: an error that says what to do, never a wrong number."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import run_cli, run_process
from tests.tables import csv_file

COUNT = 6
VALUES = {
    "y": [float(i) for i in range(COUNT)],
    "a": [i + 1.0 for i in range(COUNT)],
    "b": [i + 0.5 for i in range(COUNT)],
}
TEXTS = pa.array(["x", "z"] * 3)
UNUSUAL = {
    "view": TEXTS.cast(pa.string_view()),
    "category of views": pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * 3, pa.uint32()), pa.array(["x", "z"]).cast(pa.string_view())
    ),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 6], pa.int32()), pa.array(["x", "z"])),
}
NOT_ONE_VALUE = {
    "list": pa.array([[1.0, 2.0]] * COUNT),
    "view of lists": pa.array([[1.0, 2.0]] * COUNT, pa.list_view(pa.float64())),
    "object": pa.array([{"q": 1}] * COUNT),
    "bytes": pa.array([b"q"] * COUNT),
}


def arrow_file(path: Path, **columns: pa.Array) -> Path:
    """An Arrow file with a target, two models and other columns."""
    table = pa.table({**VALUES, "id": [str(i) for i in range(COUNT)], **columns})
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    return path


def compared(*args: object) -> list[dict[str, str]]:
    """The rows that compare prints."""
    done = run_cli(["compare", *map(str, args), "-q", "-o", "plain"])
    assert done.code == 0, done.err
    head, *lines = [line.split("\t") for line in done.out.splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.mark.parametrize("name", UNUSUAL)
def test_arrow_types_with_few_functions_are_read(name: str, tmp_path: Path) -> None:
    file = arrow_file(tmp_path / "t.arrow", g=UNUSUAL[name])
    rows = compared(file, "--loss", "mae", "-t", "y", "-p", "a", "-p", "b", "--by", "g")
    assert {(row["slice"], row["model"], row["value"]) for row in rows[2:]} == {
        ("g=x", "a", "1.0"),
        ("g=x", "b", "0.5"),
        ("g=z", "a", "1.0"),
        ("g=z", "b", "0.5"),
    }
    size = sum(cell == "x" for cell in UNUSUAL[name].to_pylist())
    assert compared(file, "--loss", "mae", "-t", "y", "-p", "a", "--where", "g=x")[0]["used"] == str(size)
    paired = compared(
        "--model", f"A={file}", "--model", f"B={file}", "--key", "id,g", "--loss", "mae", "-t", "y", "-p", "a"
    )
    assert [row["value"] for row in paired] == ["1.0", "1.0"]


@pytest.mark.parametrize("name", UNUSUAL)
def test_such_a_column_of_words_is_no_number(name: str, tmp_path: Path) -> None:
    file = arrow_file(tmp_path / "t.arrow", g=UNUSUAL[name])
    done = run_cli(["compute", str(file), "--loss", "mae", "-t", "g", "-p", "a"])
    assert (done.code, done.out) == (3, "")
    assert "row 1: column 'g' has 'x', not a number" in done.err


def test_runs_of_numbers_are_numbers(tmp_path: Path) -> None:
    numbers = pa.RunEndEncodedArray.from_arrays(pa.array([2, 6], pa.int32()), pa.array([1.0, None]))
    file = arrow_file(tmp_path / "t.arrow", c=numbers)
    # |0 - 1| and |1 - 1|
    row = compared(file, "--loss", "mae", "-t", "y", "-p", "c", "--missing", "skip")[0]
    assert (row["value"], row["used"]) == ("0.5", "2")


@pytest.mark.parametrize("flag", ["--by", "--cluster"])
@pytest.mark.parametrize("name", NOT_ONE_VALUE)
def test_cells_of_several_values_make_no_slices(flag: str, name: str, tmp_path: Path) -> None:
    file = arrow_file(tmp_path / "t.arrow", g=NOT_ONE_VALUE[name])
    done = run_cli(["compare", str(file), "--loss", "mae", "-t", "y", "-p", "a", flag, "g"])
    assert (done.code, done.out) == (2, "")
    assert f"{flag}: column 'g' holds neither numbers nor texts nor times" in done.err


def test_bounds_are_of_one_column(tmp_path: Path) -> None:
    file = arrow_file(tmp_path / "t.arrow")
    done = run_cli(["compare", str(file), "--loss", "mae", "-t", "y", "-p", "a", "--by", "a,b:2,4"])
    assert (done.code, done.out) == (2, "")
    assert "--by takes one column, not a, b" in done.err


def test_a_model_without_columns_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "none.parquet")
    good = csv_file(tmp_path / "good.csv", "y,p\n1,2\n2,3")
    models = ["--model", f"A={good}", "--model", f"B={tmp_path / 'none.parquet'}"]
    done = run_cli(["compare", *models, "--loss", "mae", "-t", "y", "-p", "p"])
    assert (done.code, done.out) == (2, "")
    assert "none.parquet has no column 'p'" in done.err


def test_an_inner_join_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    one, two = csv_file(tmp_path / "one.csv", "id,y,p\n1,2,3\n2,3,4"), csv_file(tmp_path / "two.csv", "id,y,p\n3,2,3")
    models = ["--model", f"A={one}", "--model", f"B={two}", "--key", "id", "--join", "inner"]
    done = run_cli(["compare", *models, "--loss", "mae", "-t", "y", "-p", "p"])
    assert (done.code, done.out) == (3, "")
    assert "--join inner left out 2 rows of" in done.err
    assert "check that the columns of --key hold the same values" in done.err


def weighted_file(path: Path, weights: list[float]) -> Path:
    """Rows of which the second model is 0.25 nearer in each, by a little more or less, with weights."""
    rows = [f"{i},{i + 1 + i % 3 / 8},{i + 0.75},{weight}" for i, weight in enumerate(weights)]
    return csv_file(path, "\n".join(["y,a,b,w", *rows]))


@pytest.mark.parametrize("draws", [[], ["--bootstrap", "200"]])
@pytest.mark.parametrize(
    ("weights", "left"),
    [
        ([0.0] * 59 + [1.0], "1 row of 60"),
        ([1.0, 1.0] + [0.0] * 58, "2 rows of 60"),
        # (100 + 59)^2 / (100^2 + 59) = 2.51
        ([100.0] + [1.0] * 59, "2.51 rows of 60"),
    ],
)
def test_a_few_rows_with_all_the_weight_are_no_proof(
    weights: list[float], left: str, draws: list[str], tmp_path: Path
) -> None:
    file = weighted_file(tmp_path / "w.csv", weights)
    args = ["compare", str(file), "--loss", "mae", "-t", "y", "-p", "a", "-p", "b", "-w", "w", *draws, "--json"]
    done = run_cli(args)
    found = json.loads(done.out)
    assert [result["ci"] for result in found["results"]] == [None, None]
    comparison = found["comparisons"][0]
    assert (comparison["verdict"], comparison["p_value"]) == ("not tested", None)
    assert comparison["reason"] == f"the weights leave {left}, 20 needed"
    assert f"no interval: the weights leave {left}, 20 needed" in done.err


def test_weights_that_are_alike_leave_the_test_as_it_is(tmp_path: Path) -> None:
    file = weighted_file(tmp_path / "w.csv", [2.0] * 20)
    rows = compared(file, "--loss", "mae", "-t", "y", "-p", "a", "-p", "b", "-w", "w")
    assert rows[1]["verdict"] == "better"


def test_one_row_with_weight_has_no_standard_error(tmp_path: Path) -> None:
    file = weighted_file(tmp_path / "w.csv", [0.0] * 5 + [3.0])
    assert compared(file, "--loss", "mae", "-t", "y", "-p", "a", "-w", "w")[0]["stderr"] == ""


def saved_result(folder: Path) -> tuple[Path, Path, dict[str, Any]]:
    """A file with two models, where its saved result is, and what that holds."""
    file, path = weighted_file(folder / "w.csv", [1.0] * 24), folder / "result.json"
    done = run_cli(["compare", str(file), "--loss", "mae", "-t", "y", "-p", "a", "-p", "b", "--json"])
    return file, path, json.loads(done.out)


HUGE = 10**400


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("results", "count", HUGE), ("results", "weight_sum", -HUGE), ("comparisons", "difference", HUGE)],
)
def test_verify_says_that_a_number_beyond_all_floats_differs(part: str, name: str, value: int, tmp_path: Path) -> None:
    file, path, found = saved_result(tmp_path)
    found[part][0][name] = value
    path.write_text(json.dumps(found))
    done = run_cli(["verify", str(path), str(file)])
    assert done.code == 1, done.err
    assert name in done.out


@pytest.mark.parametrize(("name", "value"), [("slice", 1), ("slice", "=1"), ("model", 7), ("loss", None)])
def test_verify_refuses_a_comparison_that_is_none(name: str, value: object, tmp_path: Path) -> None:
    file, path, found = saved_result(tmp_path)
    found["comparisons"][0][name] = value
    path.write_text(json.dumps(found))
    done = run_cli(["verify", str(path), str(file)])
    assert (done.code, done.out) == (3, "")
    assert f"{path} is no saved result: comparisons[0].{name}: must be" in done.err


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("comparisons", "baseline", "c"),
        ("comparisons", "direction", "higher"),
        ("results", "transform", "log"),
        ("results", "units", "kilograms"),
        ("results", "unit", "set"),
    ],
)
def test_verify_sees_words_that_were_changed(part: str, name: str, value: str, tmp_path: Path) -> None:
    file, path, found = saved_result(tmp_path)
    found[part][0][name] = value
    path.write_text(json.dumps(found))
    done = run_cli(["verify", str(path), str(file)])
    assert done.code == 1
    assert name in done.out


def test_tables_keep_their_width_where_the_terminal_has_no_strokes(tmp_path: Path) -> None:
    file = weighted_file(tmp_path / "w.csv", [1.0] * 24)
    args = ["compare", str(file), "--loss", "mae", "-t", "y", "-p", "a", "-p", "b", "--by", "w", "-o", "table"]
    done = run_process(args, env={"PYTHONIOENCODING": "ascii", "COLUMNS": "60"})
    assert done.code == 0
    assert "---" in done.out
    assert "\\" not in done.out
    assert max(map(len, done.out.splitlines())) <= 60
