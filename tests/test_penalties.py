"""--l1, --l2 and --params: sums by hand and by NumPy, from every kind of file, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import ROOT, run_cli

PREDS = str(ROOT / "sample_data" / "diabetes_preds.parquet")
THETA = np.array([[1.0, -2.0], [3.0, 0.5]])
L1, L2 = 6.5, 14.25


def _write(folder: Path, kind: str) -> str:
    file = folder / f"theta.{kind}"
    if kind == "npy":
        np.save(file, THETA)
    elif kind == "npz":
        np.savez(file, weight=THETA[0], bias=THETA[1])
    elif kind == "csv":
        file.write_text("name,a,b\nfirst,1,-2\nsecond,3,0.5\n")
    elif kind == "list.parquet":
        pq.write_table(pa.table({"theta": [THETA[0].tolist(), THETA[1].tolist()]}), file)
    else:
        pq.write_table(pa.table({"a": THETA[:, 0], "b": THETA[:, 1]}), file)
    return str(file)


def _result(*args: str) -> dict[str, Any]:
    outcome = run_cli(["compute", PREDS, "--loss", "mse", *args, "--json"])
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return found


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "parquet", "list.parquet"])
def test_penalties_are_terms_of_their_own(kind: str, tmp_path: Path) -> None:
    plain = _result()
    found = _result("--l1", "0.5", "--l2", "0.1", "--params", _write(tmp_path, kind))
    assert found["value"] == plain["value"]
    assert (plain["penalties"], plain["risk"]) == ([], None)
    assert [entry["name"] for entry in found["penalties"]] == ["l1", "l2"]
    assert [entry["total"] for entry in found["penalties"]] == [L1, L2]
    assert [entry["value"] for entry in found["penalties"]] == pytest.approx([0.5 * L1, 0.1 * L2], rel=1e-15)
    assert [entry["parameters"] for entry in found["penalties"]] == [4, 4]
    assert math.isclose(found["risk"], plain["value"] + 0.5 * L1 + 0.1 * L2, rel_tol=1e-15)


def test_arrays_of_an_archive_may_differ_in_length(tmp_path: Path) -> None:
    file = tmp_path / "theta.npz"
    np.savez(file, weight=np.full((3, 4), 2.0), bias=np.ones(5))
    entry = _result("--l2", "1", "--params", str(file))["penalties"][0]
    assert (entry["total"], entry["parameters"], entry["columns"]) == (12 * 4 + 5, 17, ["weight", "bias"])


def test_from_python(tmp_path: Path) -> None:
    by_array = losscli.compute(PREDS, loss="mse", l1=2.0, params=THETA)
    by_file = losscli.compute(PREDS, loss="mse", l1=2.0, params=_write(tmp_path, "npy"))
    assert by_array.penalties[0].value == by_file.penalties[0].value == 2.0 * L1
    assert by_array.risk == by_array.value + 2.0 * L1 if by_array.value is not None else False
    assert losscli.compute(PREDS, loss="mse").risk is None


@pytest.mark.parametrize("output", ["table", "plain", "csv", "markdown", "jsonl"])
def test_every_output_shows_them(output: str, tmp_path: Path) -> None:
    args = ["compute", PREDS, "--loss", "mse", "--l2", "2", "--params", _write(tmp_path, "npy"), "-o", output]
    text = run_cli(args).out
    assert "28.5" in text


def test_many_parameters_are_added_exactly(tmp_path: Path) -> None:
    """Expected: math.fsum."""
    theta = np.random.default_rng(3).normal(size=200_000) * 1e3
    np.save(tmp_path / "theta.npy", theta)
    entry = _result("--l1", "1", "--params", str(tmp_path / "theta.npy"))["penalties"][0]
    assert math.isclose(entry["total"], math.fsum(np.abs(theta).tolist()), rel_tol=1e-15)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--l2", "0.1"], 2, "--params FILE"),
        (["--params", "theta.npy"], 2, "neither --l1 nor --l2"),
        (["--l2", "-1", "--params", "theta.npy"], 2, "--l2 takes a number of 0 or more"),
        (["--l1", "x", "--params", "theta.npy"], 2, "--l1 takes"),
        (["--l1", "inf", "--params", "theta.npy"], 2, "--l1 takes"),
        (["--l1", "1", "--params", "absent.npy"], 3, "no such file"),
        (["--l1", "1", "--params", "nan.npy"], 3, "1 values that are no finite number"),
        (["--l1", "1", "--params", "pickle.npy"], 3, "Python objects"),
        (["--l1", "1", "--params", "text.csv"], 3, "no column of numbers"),
        (["--l2", "1", "--params", "huge.npy"], 3, "beyond the largest float64"),
        (["--l2", "1", "--params", "theta.npy", "-r", "none"], 2, "not to the losses of rows"),
    ],
)
def test_what_cannot_be_added_is_refused(args: list[str], code: int, said: str, tmp_path: Path) -> None:
    np.save(tmp_path / "theta.npy", THETA)
    np.save(tmp_path / "nan.npy", np.array([1.0, np.nan]))
    np.save(tmp_path / "huge.npy", np.array([1e200]))
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.csv").write_text("name\na\n")
    outcome = run_cli(["compute", PREDS, "--loss", "mse", *args], cwd=tmp_path)
    assert outcome.code == code, outcome.err
    assert said in outcome.err


def test_a_single_number_of_an_archive_is_one_parameter(tmp_path: Path) -> None:
    """The whole archive was refused for its bias. Expected by hand: 4 * 4 + 3^2 and 4 * 2 + 3."""
    file = tmp_path / "theta.npz"
    np.savez(file, weight=np.full((2, 2), 2.0), bias=np.float32(-3.0))
    found = _result("--l1", "1", "--l2", "1", "--params", str(file))["penalties"]
    assert [(entry["total"], entry["parameters"]) for entry in found] == [(11.0, 5), (25.0, 5)]
    np.savez(file, weight=np.ones(2), bias=np.float64("nan"))
    outcome = run_cli(["compute", PREDS, "--loss", "mse", "--l2", "1", "--params", str(file)])
    assert (outcome.code, "array 'bias' has 1 values that are no finite" in " ".join(outcome.err.split())) == (3, True)


def test_compare_in_python_adds_them_to_every_loss(tmp_path: Path) -> None:
    """l1, l2 and params were no arguments of compare. Expected: what compute gives for each loss."""
    file = _write(tmp_path, "npy")
    report = losscli.compare(PREDS, losses=["mse", "mae"], l1=0.5, l2=0.1, params=Path(file))
    alone = [losscli.compute(PREDS, loss=loss, l1=0.5, l2=0.1, params=THETA) for loss in ("mse", "mae")]
    assert [result.risk for result in report.results] == [result.risk for result in alone]
    assert {entry.path for result in report.results for entry in result.penalties} == {file}
    with pytest.raises(losscli.UsageError, match="need the parameters"):
        losscli.compare(PREDS, losses=["mse"], l2=0.1)
