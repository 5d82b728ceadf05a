"""Faults that were found where folders, shards, engines and plain text meet, each held by a test."""

from pathlib import Path

from tests.cli import run_cli
from tests.test_folders import write

MAE = ("compute", "--loss", "mae", "--target", "y", "--pred", "p", "--json")


def _states(place: Path, *args: str, shards: int = 2) -> list[str]:
    names = [f"{i}.json" for i in range(1, shards + 1)]
    for i, name in enumerate(names, 1):
        command = [word for word in (*MAE, *args) if word != "--json"]
        done = run_cli([*command, "--shard", f"{i}/{shards}", "--emit-state", name], cwd=place)
        assert done.code == 0, done.err
    return names


def test_merge_says_what_folders_left_out_as_one_run_does(tmp_path: Path) -> None:
    write(tmp_path / "data", {"k=1/a.csv": 1, "k=1/b.csv": 3, "k=2/a.csv": 7})
    args = ("data", "--where", "k=1")
    whole = run_cli([*MAE, *args], cwd=tmp_path)
    assert "left out 1 of 3 files" in whole.err
    for shards in (1, 2, 3):
        merged = run_cli(["merge", *_states(tmp_path, *args, "-q", shards=shards), "--json"], cwd=tmp_path)
        assert (merged.code, merged.out, merged.err) == (0, whole.out, whole.err)


def test_states_of_other_files_left_out_are_not_joined(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write(data, {"k=1/a.csv": 1, "k=1/b.csv": 3, "k=2/a.csv": 7})
    write(data, {"k=3/a.csv": 7})
    names = _states(tmp_path, "data", "--where", "k=1")
    first = (tmp_path / names[0]).read_bytes()
    (data / "k=3" / "a.csv").unlink()
    _states(tmp_path, "data", "--where", "k=1")
    (tmp_path / names[0]).write_bytes(first)
    done = run_cli(["merge", *names], cwd=tmp_path)
    assert done.code == 3
    assert "other files were left out" in done.err
