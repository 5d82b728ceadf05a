"""Faults that were found by trying to break the tool: each stays mended. Expected values are by hand."""

import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import ROOT, run_cli

LOSSCLI = f"{sys.executable} -m losscli"
SAMPLE = "sample_data/diabetes_preds.csv"


def _shell(line: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["bash", "-c", line], capture_output=True, cwd=cwd, env=env, check=False)  # noqa: S607 - any bash


def _csv(folder: Path, text: str, name: str = "a.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def _result(*args: str) -> dict[str, Any]:
    outcome = run_cli([*args, "--json"])
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return found


def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path: Path) -> None:
    file = _csv(tmp_path, 'y_true,y_pred,note\n1,2,a\n3,9,"it is 5 inch\n5,70,b\n6,90,c\n')
    outcome = run_cli(["compute", file, "--loss", "mae"])
    assert outcome.code == 3
    assert "row 2" in outcome.err
    assert "never closed" in outcome.err


def test_a_decimal_is_the_nearest_float64(tmp_path: Path) -> None:
    table = pa.table({"y_true": pa.array([Decimal("0.35")], pa.decimal128(3, 2)), "y_pred": [0.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert _result("compute", str(tmp_path / "a.parquet"), "--loss", "mae")["value"] == 0.35


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_filters_tell_whole_numbers_beyond_2_53_apart(tmp_path: Path, kind: str) -> None:
    columns = {"id": [9007199254740992, 9007199254740993], "y_true": [0.0, 0.0], "y_pred": [1.0, 5.0]}
    file = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), file)
    else:
        rows = zip(*columns.values(), strict=True)
        file.write_text("\n".join(["id,y_true,y_pred", *(",".join(map(str, row)) for row in rows)]) + "\n")
    assert _result("compute", str(file), "--loss", "mae", "--where", "id=9007199254740993")["value"] == 5.0


def test_texts_that_look_like_numbers_are_compared_as_texts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": ["1.1", "1.10"], "y_true": [0.0, 0.0], "y_pred": [1.0, 5.0]}), tmp_path / "a.parquet")
    assert _result("compute", str(tmp_path / "a.parquet"), "--loss", "mae", "--where", "v=1.10")["value"] == 5.0


def test_clipped_values_are_counted(tmp_path: Path) -> None:
    file = _csv(tmp_path, "y_true,y_pred,var\n1,1,0\n1,1,0\n1,1,1\n")
    outcome = run_cli(["compute", file, "--loss", "gaussian_nll", "--eps", "1e-6", "--json"])
    assert json.loads(outcome.out)["results"][0]["clipped"] == 2
    assert "2 rows" in outcome.err


def test_units_follow_parameters_and_transform(tmp_path: Path) -> None:
    file = _csv(tmp_path, "y_true,y_pred\n1,2\n1,3\n")
    assert _result("compute", file, "--loss", "mape", "--percent")["units"] == "percent"
    assert _result("compute", file, "--loss", "mae", "--transform", "log1p")["units"] == "target units after log1p"


def test_the_api_hands_over_the_warnings(tmp_path: Path) -> None:
    file = _csv(tmp_path, "split,y_true,y_pred\ntrain,1,2\ntest,1,3\n")
    assert any("split" in warning for warning in losscli.compute(file, loss="mae").warnings)


def test_a_header_longer_than_the_first_look(tmp_path: Path) -> None:
    names = [f"feature_number_{i}" for i in range(9000)]
    file = _csv(tmp_path, ",".join([*names, "y_true", "y_pred"]) + "\n" + "0," * 9000 + "1,4\n")
    assert _result("compute", file, "--loss", "mae")["value"] == 3.0


def test_an_output_over_an_input_is_refused(tmp_path: Path) -> None:
    file = _csv(tmp_path, "y_true,y_pred\n1,2\n")
    assert run_cli(["compute", file, "--loss", "mae", "-o", f"csv:{file}"]).code == 2
    assert (tmp_path / "a.csv").read_text().startswith("y_true")


def test_a_link_keeps_being_a_link(tmp_path: Path) -> None:
    file, target, link = _csv(tmp_path, "y_true,y_pred\n1,2\n"), tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    assert run_cli(["compute", file, "--loss", "mae", "-o", f"json:{link}"]).code == 0
    assert link.is_symlink()
    assert target.read_text().startswith("{")


@pytest.mark.parametrize("line", [f"compute {SAMPLE} --loss mse >&-", f"compute {SAMPLE} --loss mse 2>&-"])
def test_a_closed_stream_is_no_fault(line: str) -> None:
    done = _shell(f"{LOSSCLI} {line}")
    assert done.returncode == 0


@pytest.mark.parametrize("line", ["--version", "--help", "compute --help"])
def test_a_full_disk_is_an_error_of_data_for_help_too(line: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = _shell(f"{LOSSCLI} {line} > /dev/full")
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


def test_code_beside_the_data_is_not_run(tmp_path: Path) -> None:
    _csv(tmp_path, "y_true,y_pred\n1,2\n")
    (tmp_path / "numpy.py").write_text("raise SystemExit('ran code of the working folder')\n")
    done = _shell(f"{LOSSCLI} compute a.csv --loss mae", tmp_path)
    assert (done.returncode, b"ran code" in done.stderr) == (0, False)


def test_a_run_that_is_ended_leaves_no_file_behind(tmp_path: Path) -> None:
    args = [sys.executable, "-m", "losscli", "compute", "-", "--loss", "mae", "-r", "none"]
    process = subprocess.Popen(
        [*args, "-o", f"csv:{tmp_path / 'out.csv'}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin is not None
    process.stdin.write(b"y_true,y_pred\n1,2\n")
    process.stdin.flush()
    time.sleep(2.0)  # it has started by now and waits for more
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_an_arrow_stream_is_known_by_its_content() -> None:
    table, sink = pa.table({"y_true": [1.0, 2.0], "y_pred": [2.0, 5.0]}), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    outcome = run_cli(["compute", "-", "--loss", "mae", "--json"], stdin=sink.getvalue().to_pybytes())
    assert json.loads(outcome.out)["results"][0]["value"] == 2.0


@pytest.mark.parametrize(("value", "cause"), [(float("nan"), "missing"), (float("inf"), "invalid")])
@pytest.mark.parametrize("row", [0, 70_000, 99_999])
def test_a_bad_value_anywhere_in_a_typed_file_is_found(tmp_path: Path, value: float, cause: str, row: int) -> None:
    preds = [1.0] * 100_000
    preds[row] = value
    pq.write_table(pa.table({"y_true": [0.0] * 100_000, "y_pred": preds}), tmp_path / "a.parquet")
    file = str(tmp_path / "a.parquet")
    refused = run_cli(["compute", file, "--loss", "mae"])
    assert refused.code == 3
    assert f"row {row + 1}" in refused.err
    result = _result("compute", file, "--loss", "mae", f"--{cause}", "skip")
    assert (result["used"], result["skipped"], result["value"]) == (99_999, {cause: 1}, 1.0)
