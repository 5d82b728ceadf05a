"""Folders as input: which files they stand for, in which order, and what is refused.

Expected values are those of the rows that the tests wrote, worked out by hand.
"""

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.data.sources import natural_order, resolve
from losscli.data.text_options import TextOptions
from losscli.part_sums import scan_part
from losscli.parts import WholeFile
from tests.cli import Outcome, run_cli
from tests.engine import request_of

MAE = ("compute", "-l", "mae", "-t", "y", "-p", "p")


def write(folder: Path, files: dict[str, float]) -> None:
    """A file of one row for each name, with that error."""
    for name, error in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".parquet"):
            pq.write_table(pa.table({"y": [0.0], "p": [error]}), path)
        else:
            path.write_text(f"y,p\n0,{error}\n")


def losses(*args: str, cwd: Path | None = None) -> list[float]:
    """The losses of the rows in order."""
    done = run_cli([*MAE, "-r", "none", "-q", *args], cwd=cwd)
    assert done.code == 0, done.err
    return [float(line.split(",")[1]) for line in done.out.splitlines()[1:]]


def told(done: Outcome, code: int, *words: str) -> None:
    assert done.code == code, done
    assert done.out == ""
    for word in words:
        assert word in done.err, (word, done.err)


def test_the_files_below_it_in_natural_order(tmp_path: Path) -> None:
    write(tmp_path, {"b/part2.csv": 3, "b/part10.csv": 4, "a/c/x.csv": 1, "a/d.csv": 2, "c.csv": 5})
    assert losses(str(tmp_path)) == [1, 2, 3, 4, 5]
    assert losses(f"{tmp_path}/") == [1, 2, 3, 4, 5]
    assert losses(".", cwd=tmp_path) == [1, 2, 3, 4, 5]
    assert losses(f"{tmp_path}/**/*.csv") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("names", [["p01.csv", "p1.csv", "p001.csv"], ["p1.csv", "p001.csv", "p01.csv"]])
def test_names_of_one_number_have_an_order(names: Sequence[str]) -> None:
    """Whatever order the file system lists them in."""
    assert sorted(names, key=natural_order) == ["p001.csv", "p01.csv", "p1.csv"]
    assert sorted(["p10.csv", "p9.csv", "p"], key=natural_order) == ["p", "p9.csv", "p10.csv"]


def test_a_row_is_counted_in_its_file_where_a_piece_of_it_cannot_be_cut(tmp_path: Path) -> None:
    """In a small file, which one thread reads as a whole, as in the first, which is cut here."""
    lines = [f"{row},{row},{'x' * 90}" for row in range(1, 2001)]
    lines[1499] = '1500,1500,"x'
    (tmp_path / "open.csv").write_text("y,p,note\n" + "\n".join(lines) + "\n")
    write(tmp_path, {"a.csv": 1})
    for names in (["open.csv"], ["a.csv", "open.csv"]):
        told(run_cli([*MAE, *names], cwd=tmp_path), 3, "open.csv, row 1500", "never closed")


def test_what_is_hidden_is_no_data(tmp_path: Path) -> None:
    """As Spark and Arrow have it; Spark's partitions may begin with an underscore."""
    seen = {"a.parquet": 1.0, "_key=1/b.parquet": 2.0}
    unseen = ["_SUCCESS.parquet", ".x.parquet", "_temporary/0/y.parquet", ".cache/z.parquet", "_metadata/m.parquet"]
    write(tmp_path, {**seen, **dict.fromkeys(unseen, 99.0)})
    assert sorted(losses(str(tmp_path))) == [1, 2]
    assert sorted(losses(f"{tmp_path}/**/*.parquet")) == [1, 2]
    assert losses(f"{tmp_path}/_temporary/**/*.parquet") == [99]
    assert losses(f"{tmp_path}/_temporary/0/y.parquet") == [99]


def test_a_pattern_that_fits_folders_stands_for_their_files(tmp_path: Path) -> None:
    write(tmp_path, {"run1/a.csv": 1, "run1/b/c.csv": 2, "run2/a.csv": 4, "other/a.csv": 99})
    assert losses(f"{tmp_path}/run*") == [1, 2, 4]
    assert losses(f"{tmp_path}/run*/") == [1, 2, 4]
    assert losses(f"{tmp_path}/run?/*") == [1, 2, 4]
    assert losses(f"{tmp_path}/run*/**") == [1, 2, 4]


def test_files_that_are_no_data_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": 1, "b.csv": 2})
    (tmp_path / "README.md").write_text("about this")
    (tmp_path / "LICENSE").write_text("free")
    assert losses(str(tmp_path)) == [1, 2]


def test_a_folder_without_data(tmp_path: Path) -> None:
    told(run_cli([*MAE, str(tmp_path)]), 3, "holds no data file")
    (tmp_path / "000000_0").write_text("y,p\n0,7\n")
    told(run_cli([*MAE, str(tmp_path)]), 3, "holds no data file", "000000_0", "--input-format")
    assert losses(str(tmp_path), "--input-format", "csv") == [7]


def test_files_of_several_formats(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": 1, "b.csv": 2, "sub/c.parquet": 3})
    done = run_cli([*MAE, str(tmp_path)])
    told(done, 3, "several formats", "2 of csv", "1 of parquet", "/**/*.csv")
    assert losses(f"{tmp_path}/**/*.csv") == [1, 2]


def test_compressed_text_is_of_the_format_inside(tmp_path: Path) -> None:
    import gzip

    write(tmp_path, {"a.csv": 1})
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"y,p\n0,2\n"))
    assert losses(str(tmp_path)) == [1, 2]


def test_a_folder_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/x.csv": 1})
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    told(run_cli([*MAE, str(tmp_path)]), 3, "lies in")


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"data/a.csv": 1, "else/b.csv": 2})
    (tmp_path / "data" / "more").symlink_to(tmp_path / "else")
    (tmp_path / "data" / "c.csv").symlink_to(tmp_path / "else" / "b.csv")
    assert losses(str(tmp_path / "data")) == [1, 2, 2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.csv": 1, "b/y.csv": 1})
    (tmp_path / "b").chmod(0)
    try:
        told(run_cli([*MAE, str(tmp_path)]), 3, "cannot be listed")
    finally:
        (tmp_path / "b").chmod(0o700)


def test_a_column_that_one_file_lacks(tmp_path: Path) -> None:
    pq.write_table(pa.table({"y": [0.0], "p": [1.0], "extra": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"p": [3.0], "y": [0.0]}), tmp_path / "b.parquet")
    assert losses(str(tmp_path)) == [1, 3]
    done = run_cli([*MAE, "-w", "extra", str(tmp_path)])
    told(done, 2, "b.parquet has no column 'extra'")


def test_a_name_with_marks_of_patterns_is_a_folder_where_there_is_one(tmp_path: Path) -> None:
    write(tmp_path, {"run[1]/a.csv": 1, "run1/a.csv": 99})
    assert losses(str(tmp_path / "run[1]")) == [1]


def test_truth_and_parameters_are_one_file(tmp_path: Path) -> None:
    write(tmp_path, {"preds.csv": 1, "truths/a.csv": 1, "truths/b.csv": 1})
    done = run_cli([*MAE, str(tmp_path / "preds.csv"), "--truth", str(tmp_path / "truths"), "--key", "y"])
    told(done, 3, "is 2 files, where one is needed")


def _commands(folder: str, state: str) -> Sequence[tuple[str, Sequence[str]]]:
    return [
        ("inspect", ["inspect", folder, "--json"]),
        ("worst", ["worst", folder, "-l", "mae", "-t", "y", "-p", "p", "--json", "-n", "2"]),
        ("check", ["check", folder, "-l", "mae", "-t", "y", "-p", "p", "--max", "10"]),
        ("weights", ["weights", folder, "--label", "y"]),
        ("shard", [*MAE, folder, "--shard", "1/2", "--emit-state", state]),
    ]


@pytest.mark.parametrize("place", range(5))
def test_every_command_takes_one(place: int, tmp_path: Path) -> None:
    write(tmp_path, {"data/a.parquet": 1, "data/b.parquet": 5, "data/c.parquet": 3})
    name, args = _commands(str(tmp_path / "data"), str(tmp_path / "state"))[place]
    done = run_cli(args)
    assert done.code == 0, done.err
    if name == "inspect":
        found = json.loads(done.out)
        assert [Path(file["name"]).name for file in found["files"]] == ["a.parquet", "b.parquet", "c.parquet"]
        assert found["rows"] == 3
    if name == "worst":
        rows = json.loads(done.out)["worst"]
        assert [(Path(row["file"]).name, row["loss"]) for row in rows] == [("b.parquet", 5.0), ("c.parquet", 3.0)]
    if name == "check":
        assert "PASS" in done.out


def test_shards_of_a_folder_merge_to_the_bytes_of_one_run(tmp_path: Path) -> None:
    write(tmp_path, {f"data/{i:03}.parquet": i for i in range(120)})
    folder, states = str(tmp_path / "data"), [str(tmp_path / f"{i}.json") for i in (1, 2, 3)]
    for i, state in enumerate(states, start=1):
        assert run_cli([*MAE, folder, "--shard", f"{i}/3", "--emit-state", state, "-q"]).code == 0
    merged, whole = run_cli(["merge", *states, "--json"]), run_cli([*MAE, folder, "--json"])
    assert merged.code == 0, merged.err
    assert merged.out == whole.out
    assert json.loads(whole.out)["results"][0]["value"] == sum(range(120)) / 120


def test_the_same_from_python(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": 1, "b/c.parquet": 3})
    for data in (tmp_path, f"{tmp_path}/", [tmp_path]):
        given: Any = data
        result = losscli.compute(given, loss="mae", target="y", pred="p")
        assert (result.value, result.rows) == (2.0, 2)


def test_many_files_are_one_input_of_a_result(tmp_path: Path) -> None:
    """Their hash changes with a name, with a byte, and with nothing else."""
    write(tmp_path, {f"data/{i}.csv": 1 for i in range(101)})

    def inputs(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run_cli([*MAE, name, "--json"], cwd=tmp_path).out)["inputs"]
        return found

    one = inputs("data")
    assert [(entry["path"], entry["files"]) for entry in one] == [("data", 101)]
    assert one[0]["bytes"] == sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    assert one[0]["hash"].startswith("sha256-files:")
    assert inputs("data/*.csv")[0]["hash"] == one[0]["hash"] == inputs("./data/")[0]["hash"]
    (tmp_path / "data").rename(tmp_path / "moved")
    assert inputs("moved")[0]["hash"] == one[0]["hash"]
    (tmp_path / "moved" / "7.csv").write_text("y,p\n0,2\n")
    changed = inputs("moved")[0]["hash"]
    (tmp_path / "moved" / "7.csv").rename(tmp_path / "moved" / "107.csv")
    assert len({one[0]["hash"], changed, inputs("moved")[0]["hash"]}) == 3
    (tmp_path / "moved" / "107.csv").unlink()
    few = inputs("moved")
    assert len(few) == 100
    assert all(set(entry) == {"path", "bytes", "hash"} for entry in few)


def test_many_large_files_are_hashed_by_their_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losscli.data.identity._WHOLE_BYTES", 1000)
    monkeypatch.setattr("losscli.data.identity._LEAST_SAMPLE", 8)
    content = "y,p\n" + "0,1\n" * 50
    for i in range(101):
        (tmp_path / f"{i}.csv").write_text(content)

    def digest() -> str:
        return str(json.loads(run_cli([*MAE, str(tmp_path), "--json"]).out)["inputs"][0]["hash"])

    first = digest()
    assert first.startswith("sha256-files-sampled:")
    (tmp_path / "5.csv").write_text(content[:-4] + "0,9\n")
    assert digest() != first


def test_verify_knows_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {f"data/{i}.csv": i for i in range(103)})
    folder, saved = str(tmp_path / "data"), tmp_path / "result.json"
    saved.write_text(run_cli([*MAE, folder, "--json"]).out)
    done = run_cli(["verify", str(saved), folder, "--json"])
    assert done.code == 0, done.err
    assert [entry["same"] for entry in json.loads(done.out)["inputs"]] == [True]
    (tmp_path / "data" / "4.csv").write_text("y,p\n0,5\n")
    done = run_cli(["verify", str(saved), folder, "--json"])
    assert done.code == 1
    assert [entry["same"] for entry in json.loads(done.out)["inputs"]] == [False]


def test_an_output_is_not_written_over_a_file_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": 1})
    told(run_cli([*MAE, str(tmp_path), "-o", f"csv:{tmp_path / 'a.csv'}"]), 2, "is an input as well")


def test_of_a_whole_file_nothing_but_sums_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("y_true,y_pred\n" + "1,2\n" * 100)
    source = resolve([str(path)], None, TextOptions())[0]
    with closing(source.open()) as table:
        plan = request_of(["mse"], {"target": "y_true", "pred": "y_pred"}).plan(table)
    with WholeFile(0, "one.csv", source.open).read(plan.needs) as stretch:
        found = scan_part(plan, stretch)
    assert found.rows == 100
    assert not any(len(run.units.losses) for run in (*found.sums[0].before, *found.sums[0].after))
