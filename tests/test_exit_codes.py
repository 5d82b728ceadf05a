"""The contract of exit codes and errors: each code, each stream, and what happens when the world fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from losscli.cli import app
from losscli.errors import ExitCode
from tests.cli import ROOT, run_cli, run_process

FILE = str(ROOT / "sample_data" / "diabetes_preds.csv")
MSE = ["compute", FILE, "--loss", "mse"]


def test_0_when_done() -> None:
    outcome = run_process(MSE)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("loss\t")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["Usage", "compute"]),
        (["bogus"], ["bogus", "--help"]),
        (["compute"], ["loss"]),
        (["compute", FILE], ["no loss", "losscli list"]),
        (["compute", FILE, "--loss", "msee"], ["msee", "mse"]),
        (["compute", FILE, "--loss", "mse", "--bogus"], ["--bogus"]),
        (["compute", FILE, "--loss", "mse", "--tau", "0.5"], ["tau", "mse"]),
        (["compute", FILE, "--loss", "pinball"], ["tau", "--tau"]),
        (["compute", FILE, "--loss", "pinball", "--tau", "1"], ["tau", "between 0 and 1"]),
        (["compute", FILE, "--loss", "pinball:tau=0.5", "--tau", "0.5"], ["tau", "pinball"]),
        (["compute", FILE, "--loss", "huber:delta=0"], ["delta", "greater than 0"]),
        (["compute", FILE, "--loss", "huber:delta=1,delta=2"], ["delta", "twice"]),
        (["compute", FILE, "--loss", "poisson_nll:full=maybe"], ["full", "exact"]),
        (["compute", FILE, "--loss", "mape", "--eps", "@y_true", "--percent", "-p", "y"], ["'y'"]),
        (["compute", FILE, "--loss", "mse", "--target", "nope"], ["nope", "y_true"]),
        (["compute", FILE, "--loss", "mse", "-t", "y_true", "-t", "y_pred"], ["--target", "2 times"]),
        (["compute", FILE, "--loss", "mse", "-t", "y_true", "-p", "y_true"], ["same column"]),
        (["compute", FILE, "--loss", "mse", "--column", "levels=y_true"], ["levels"]),
        (["compute", FILE, "--loss", "mse", "--where", "y_true"], ["--where", "COL=V"]),
        (["compute", FILE, "--loss", "mse", "--missing", "drop"], ["--missing", "skip"]),
        (["compute", FILE, "--loss", "mse", "--reduction", "median"], ["median", "mean-count"]),
        (["compute", FILE, "--loss", "mse", "--confidence", "95"], ["--confidence", "95"]),
        (["compute", FILE, "--loss", "mse", "--threads", "0"], ["--threads"]),
        (["compute", FILE, "--loss", "mse", "-o", "yaml"], ["yaml", "json"]),
        (["compute", FILE, "--loss", "mse", "-o", "csv", "--json"], ["standard output", "-o json:PATH"]),
        (["compute", FILE, "--loss", "mse", "-r", "none", "-o", "parquet"], ["parquet:FILE"]),
        (["compute", FILE, "--loss", "mse", "--input-format", "xlsx"], ["xlsx", "parquet"]),
        (["compute", FILE, "--loss", "mse", "--loss", "mae"], ["compare"]),
        (["compute", "ftp://host/x.parquet", "--loss", "mse"], ["ftp://", "s3://"]),
    ],
)
def test_2_for_usage(args: list[str], words: list[str]) -> None:
    outcome = run_cli(args)
    assert outcome.code == ExitCode.USAGE, outcome
    said = outcome.err if args else outcome.out
    assert all(word in said for word in words), said
    assert "Traceback" not in said


def test_3_for_files_that_cannot_be_read(tmp_path: Path) -> None:
    cases: list[tuple[str, bytes, list[str]]] = [
        ("empty.csv", b"", ["empty"]),
        ("header.csv", b"y_true,y_pred\n", ["no rows"]),
        (
            "cut.parquet",
            (ROOT / "sample_data" / "diabetes_preds.parquet").read_bytes()[:-100],
            ["cut.parquet", "Parquet"],
        ),
        ("text.csv", b"y_true,y_pred\n1,2\n2,many\n", ["row 2", "'many'", "y_pred"]),
        ("short.csv", b"y_true,y_pred\n1,2\n3\n", ["row 2", "1 cells", "2"]),
        ("gap.csv", b"y_true,y_pred\n1,2\n,3\nNA,4\n", ["y_true", "2 of 3 rows", "2, 3", "--missing skip"]),
        ("huge.csv", b"y_true,y_pred\n1,2\n1,inf\n", ["y_pred", "row 2", "inf", "--invalid skip"]),
        ("overflow.csv", b"y_true,y_pred\n1,2\n1e300,-1e300\n", ["row 2", "finite", "mse"]),
    ]
    for name, content, words in cases:
        file = tmp_path / name
        file.write_bytes(content)
        outcome = run_cli(["compute", str(file), "--loss", "mse"])
        assert outcome.code == ExitCode.DATA, (name, outcome)
        assert all(word in outcome.err for word in words), (name, outcome.err)
        assert outcome.out == ""


def test_3_for_what_is_no_file(tmp_path: Path) -> None:
    for name in ("absent.csv", "*.csv"):
        assert run_cli(["compute", str(tmp_path / name), "--loss", "mse"]).code == ExitCode.DATA
    folder = run_cli(["compute", str(tmp_path), "--loss", "mse"])
    assert folder.code == ExitCode.DATA
    assert "no data file" in folder.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_3_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("y_true,y_pred\n1,2\n")
    file.chmod(0)
    outcome = run_cli(["compute", str(file), "--loss", "mse"])
    assert outcome.code == ExitCode.DATA
    assert "permission" in outcome.err


def test_3_when_nothing_is_left() -> None:
    outcome = run_cli([*MSE, "--where", "y_true<0"])
    assert outcome.code == ExitCode.DATA
    assert "none of 442 rows" in outcome.err


def test_70_for_a_fault_of_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise RuntimeError("a bolt came loose")

    monkeypatch.setattr(app, "_run", broken)
    outcome = run_cli(MSE)
    assert outcome.code == ExitCode.FAULT
    assert "a bolt came loose" in outcome.err
    assert "Traceback" not in outcome.err
    assert "Traceback" in run_cli([*MSE, "--debug"]).err


def test_debug_shows_the_traceback_of_an_error() -> None:
    outcome = run_cli(["compute", "absent.csv", "--loss", "mse", "--debug"])
    assert outcome.code == ExitCode.DATA
    assert "Traceback" in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_130_when_interrupted() -> None:
    command = [sys.executable, "-m", "losscli", "compute", "-", "--loss", "mse"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        # a shell that runs the tests in its background has its children ignore the signal
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    process.stdin.write(b"y_true,y_pred\n1,2\n")
    process.stdin.flush()
    time.sleep(2.0)  # it has started by now and waits for more
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED, err
    assert (out, b"Traceback" in err) == (b"", False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_3_when_the_disk_is_full() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "losscli", *MSE], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert done.returncode == ExitCode.DATA
    assert b"standard output" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("y_true,y_pred\n" + "1,2\n" * 200_000)
    line = f"{sys.executable} -m losscli compute {file} --loss mse -r none | head -n 2; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, cwd=ROOT, check=False)  # noqa: S607 - any bash
    assert done.returncode == ExitCode.OK
    assert done.stdout == b"row,loss\n1,1.0\n"
    assert done.stderr == b""


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    before = tmp_path / "out.csv"
    before.write_text("kept")
    source = tmp_path / "bad.csv"
    source.write_text("y_true,y_pred\n" + "1,2\n" * 20_000 + "x,2\n")
    outcome = run_cli(["compute", str(source), "--loss", "mse", "-r", "none", "-o", f"csv:{before}"])
    assert outcome.code == ExitCode.DATA
    assert "row 20001" in outcome.err
    assert before.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "out.csv"]
    outcome = run_cli([*MSE, "-o", f"json:{tmp_path / 'no' / 'out.json'}"])
    assert outcome.code == ExitCode.DATA
    assert "cannot be written" in outcome.err
