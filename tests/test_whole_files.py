"""The files of one command are written all or none, whichever of them cannot be written, and at which step."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli import ROOT, Outcome, run_cli

SAMPLE = str(ROOT / "sample_data" / "diabetes_preds.csv")
ROWS = ("-r", "none")
full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def _compute(folder: Path, *args: str) -> Outcome:
    return run_cli(["compute", SAMPLE, "--loss", "mse", *args], cwd=folder)


def _held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("bad", ["absent/b.csv", "folder", pytest.param("/dev/full", marks=full_disk)])
@pytest.mark.parametrize("before", [{}, {"a.csv": "kept"}])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("how", [(), ROWS])
def test_one_that_cannot_be_written(
    bad: str, before: dict[str, str], order: int, how: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    outputs = [f"-ocsv:{path}" for path in ("a.csv", bad, "c.csv")][::order]
    outcome = _compute(tmp_path, *how, *outputs)
    assert (outcome.code, outcome.out) == (3, "")
    assert f"{bad} cannot be written" in outcome.err
    assert _held(tmp_path) == before


def test_nothing_is_printed_when_a_file_cannot_be_written(tmp_path: Path) -> None:
    outcome = _compute(tmp_path, "-o", "json", "-o", "csv:a.csv", "-o", "plain:absent/b.tsv")
    assert (outcome.code, outcome.out, _held(tmp_path)) == (3, "", {})


@pytest.mark.parametrize("error", [OSError(1, "not permitted"), KeyboardInterrupt()])
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("how", [(), ROWS])
def test_one_that_cannot_take_its_place(
    error: BaseException, links: bool, how: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For instance where the old file is marked as immutable: what took its place before goes back."""
    before = {"b.csv": "old b", "c.csv": "old c"} | ({"a.csv": "old a"} if links else {})
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Any:
        if Path(target).name == "b.csv":
            raise error
        return replace(path, target)

    def no_links(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "replace", refuse)
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    outcome = _compute(tmp_path, *how, *(f"-ocsv:{name}.csv" for name in "abc"))
    assert outcome.code == (3 if isinstance(error, OSError) else 130)
    assert _held(tmp_path) == before


@pytest.mark.parametrize("how", [(), ROWS])
def test_all_of_them(how: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "a.csv").chmod(0o640)
    second = "parquet:b" if how else "json:b"
    outcome = _compute(tmp_path, *how, "-o", "csv:a.csv", "-o", second, "-o", "csv:c.csv")
    assert (outcome.code, outcome.out) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b", "c.csv"]
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "c.csv").read_text()
    assert pq.read_table(tmp_path / "b").num_rows == 442 if how else json.loads((tmp_path / "b").read_text())


@pytest.mark.parametrize("other", ["./a.csv", "folder/../a.csv", "link.csv"])
def test_one_file_by_two_names_is_refused(other: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    outcome = _compute(tmp_path, "-o", "csv:a.csv", "-o", f"json:{other}")
    assert (outcome.code, "two outputs" in outcome.err) == (2, True)


@pytest.mark.parametrize("how", ["", "-r none"])
def test_files_are_there_though_nobody_reads_the_rest(how: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("y_true,y_pred\n" + "1,2\n" * 100_000)
    line = f"{sys.executable} -m losscli compute {rows} --loss mse {how} -o csv -o csv:{tmp_path / 'a.csv'}"
    line += " | true; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, cwd=ROOT, check=False)  # noqa: S607 - any bash
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a.csv").read_text().count("\n") == (100_001 if how else 2)
