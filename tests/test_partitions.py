"""Partitioned data sets: the keys that folders say are columns, and filters on them leave files unread.

Expected values come from the same rows in one file, from the rows that the tests wrote, or from pyarrow and DuckDB.
"""

import json
import pickle
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.data.partition_keys import PartitionKey, keys_of_files
from losscli.data.sources import Source, resolve
from losscli.data.table import Table
from losscli.data.text_options import TextOptions
from losscli.errors import DataError
from losscli.far_parts import FarCutting
from losscli.parts import WholeFile
from tests.cli import run_cli
from tests.test_folders import MAE, losses, told, write

LOSSES = ("mse", "mae", "huber:delta=0.5", "log_cosh", "pinball:tau=0.8", "mape", "msle", "poisson_nll", "smooth_l1")


def results(*args: str) -> str:
    """The results in the words of the JSON output, so that every digit counts."""
    done = run_cli(["compare", *(word for loss in LOSSES for word in ("-l", loss)), *args, "--json", "-q"])
    assert done.code == 0, done.err
    found: str = done.out.partition('"results":')[2].partition('"comparisons":')[0]
    assert '"value"' in found
    return found


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("country=DE/month=1/x.csv", [("country", "DE"), ("month", "1")]),
        ("a/country=DE/b/x.csv", [("country", "DE")]),
        ("x=1.csv", []),
        ("=1/x.csv", []),
        ("k=/x.csv", [("k", "")]),
        ("k=a=b/x.csv", [("k", "a=b")]),
        ("k=__HIVE_DEFAULT_PARTITION__/x.csv", [("k", None)]),
        ("na%20me=a%2Fb%3D%C3%A4+c/x.csv", [("na me", "a/b=ä+c")]),
    ],
)
def test_keys_are_read_off_folders(path: str, keys: list[tuple[str, str | None]]) -> None:
    assert [(key.name, key.text) for key in keys_of_files([path])[0]] == keys


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["1", "10", "-3"], True),
        (["1", "__HIVE_DEFAULT_PARTITION__"], True),
        (["__HIVE_DEFAULT_PARTITION__"], False),
        (["1", "x"], False),
        (["1", ""], False),
        (["01", "02"], False),
        (["1.0"], False),
        (["1_0"], False),
        (["٣"], False),
        ([str(2**63 - 1)], True),
        ([str(2**63)], False),
    ],
)
def test_keys_are_whole_numbers_where_all_are(texts: Sequence[str], whole: bool) -> None:
    """01 is a text: it may be a code, such as that of a town."""
    found = keys_of_files([f"k={text}/x.csv" for text in texts])
    assert {key.whole for keys in found for key in keys} == {whole}


def test_a_key_said_twice_is_refused() -> None:
    with pytest.raises(DataError, match="two folders that say 'k'"):
        keys_of_files(["k=1/k=1/x.csv"])


def test_sources_are_small_and_go_to_workers(tmp_path: Path) -> None:
    write(tmp_path, {"k=1/a.csv": 1, "k=2/b.parquet": 2})
    source = resolve([f"{tmp_path}/*/*"], None, TextOptions())[1]
    assert source.keys == (PartitionKey("k", "2", True),)
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301 - what was pickled here
    assert copy == source
    assert len(pickle.dumps(source)) < 1000
    assert len(pickle.dumps(source.open())) < 20_000


def test_a_file_that_is_named_twice_has_keys_where_a_pattern_stands_for_it(tmp_path: Path) -> None:
    write(tmp_path, {"k=1/a.csv": 1})
    sources = resolve([f"{tmp_path}/*/*", f"{tmp_path}/k=1/a.csv"], None, TextOptions())
    cutting = FarCutting([source.open for source in sources], slots=2)
    for file, (source, names) in enumerate(zip(sources, (["y", "p", "k"], ["y", "p"]), strict=True)):
        part = cutting.unopened(file, source.open, is_open=False)
        assert isinstance(part, WholeFile)
        with closing(part.opener()) as table:
            assert [column.name for column in table.columns] == names


ROWS = 4000


def make_rows() -> pa.Table:
    """Rows of three countries and four months in the order of their files, each of them a multiple of 100 rows."""
    rng = np.random.default_rng(3)
    target = rng.exponential(size=ROWS) + 0.5
    places = np.repeat(np.arange(12), np.array([1, 2, 5, 1, 3, 3, 10, 1, 4, 2, 2, 6]) * 100)
    return pa.table(
        {
            "y_true": target.tolist(),
            "y_pred": (target * rng.uniform(0.5, 1.5, ROWS)).tolist(),
            "user": rng.integers(0, 50, ROWS).tolist(),
            "country": [("DE", "a/b c", "x=y")[place // 4] for place in places.tolist()],
            "month": [(1, 2, 10, 11)[place % 4] for place in places.tolist()],
        }
    )


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return make_rows()


@pytest.fixture(scope="module")
def flat(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("flat") / "flat.parquet"
    pq.write_table(table, path, row_group_size=700)
    return str(path)


@pytest.fixture(scope="module")
def hive(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same rows as a data set that Arrow wrote."""
    folder = tmp_path_factory.mktemp("hive")
    ds.write_dataset(table, folder, format="parquet", partitioning=["country", "month"], partitioning_flavor="hive")
    assert (folder / "country=a%2Fb%20c" / "month=10").is_dir()
    return str(folder)


QUESTIONS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "by a text": ("--by", "country"),
    "by a number": ("--by", "month"),
    "by both": ("--by", "country", "--by", "month"),
    "by ranges": ("--by", "month:2,11"),
    "where": ("--where", "month>1", "--where", "user<40", "--by", "user:10,20"),
    "weighted by a key": ("-w", "month"),
    "clusters": ("--cluster", "country", "--cluster", "user"),
    "draws": ("--bootstrap", "100", "--seed", "3", "--by", "country"),
}


def without_counts(text: str) -> list[Any]:
    """Results without the rows that a filter leaves out: those of files that are not read are not counted."""
    found = json.loads(text.rstrip().rstrip(","))
    for entry in found:
        for name in ("rows", "skipped", "signature"):
            entry.pop(name)
    return list(found)


@pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)
def test_a_data_set_has_the_bits_of_one_file(
    asked: Sequence[str], hive: str, flat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files begin a block of rows each, so that the blocks of both are the same where files are whole blocks."""
    monkeypatch.setattr("losscli.fold.BLOCK", 100)
    roles = ("-t", "y_true", "-p", "y_pred")
    # draws are made of the place of a unit in its file
    same = "--bootstrap" not in asked
    of_hive, of_flat = results(*roles, *asked, hive), results(*roles, *asked, flat)
    if "--where" in asked:
        assert without_counts(of_hive) == without_counts(of_flat)
    elif same:
        assert of_hive == of_flat
    else:
        values = [
            [(entry["value"], entry["slice"]) for entry in json.loads(t.rstrip()[:-1])] for t in (of_hive, of_flat)
        ]
        assert values[0] == values[1]
    assert results(*roles, *asked, hive, "--threads", "1") == results(*roles, *asked, f"{hive}/**/*.parquet")


def test_it_has_the_bits_of_one_file_for_sets_and_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losscli.fold.BLOCK", 100)
    rng = np.random.default_rng(5)
    rows: dict[str, Any] = {
        "label": rng.integers(0, 2, 2000).tolist(),
        "prob": rng.random(2000).tolist(),
        "image": np.repeat(np.arange(5), 400).tolist(),
    }
    pq.write_table(pa.table(rows), tmp_path / "flat.parquet")
    ds.write_dataset(
        pa.table(rows), tmp_path / "hive", format="feather", partitioning=["image"], partitioning_flavor="hive"
    )
    for loss in ("dice", "iou", "bce", "focal"):
        group = ["--group", "image"] if loss in ("dice", "iou") else ["--by", "image"]
        asked = ["compute", "-l", loss, "-t", "label", "--probs", "prob", *group, "--json"]
        found = [run_cli([*asked, str(tmp_path / name)]) for name in ("flat.parquet", "hive")]
        assert found[0].code == found[1].code == 0, found[1].err
        texts = [done.out.partition('"inputs"')[0] for done in found]
        assert texts[0] == texts[1]


def test_two_thousand_small_files_have_the_bits_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a filter on a key 1,990 of them are not opened."""
    monkeypatch.setattr("losscli.fold.BLOCK", 10)
    rng = np.random.default_rng(9)
    numbers = rng.exponential(size=(2, 20_000)) + 0.1
    columns: dict[str, Any] = {"y_true": numbers[0].tolist(), "y_pred": numbers[1].tolist()}
    whole = pa.table({**columns, "part": np.repeat(np.arange(2000), 10).tolist()})
    pq.write_table(whole, tmp_path / "flat.parquet")
    for i in range(2000):
        folder = tmp_path / "hive" / f"part={i}"
        folder.mkdir(parents=True)
        pq.write_table(whole.slice(i * 10, 10).select(["y_true", "y_pred"]), folder / "0.parquet")
    one, many = str(tmp_path / "flat.parquet"), str(tmp_path / "hive")
    assert results(one) == results(many)
    by = ("--by", "part:500,1000,1500")
    assert results(one, *by) == results(many, *by)
    opened: list[str] = []
    plain = Source.open

    def noted(self: Source) -> Table:
        opened.append(self.name)
        return plain(self)

    monkeypatch.setattr(Source, "open", noted)
    assert without_counts(results(many, "--where", "part>=1990")) == without_counts(
        results(one, "--where", "part>=1990")
    )
    assert len({name for name in opened if "hive" in name}) == 10


def test_files_that_a_filter_leaves_out_are_not_opened(tmp_path: Path) -> None:
    """They are no Parquet at all; how many there are is said, and their rows are not counted."""
    write(tmp_path, {"k=a/x.parquet": 1, "k=b/y.parquet": 3})
    (tmp_path / "k=c").mkdir()
    (tmp_path / "k=c" / "z.parquet").write_bytes(b"broken")
    told(run_cli([*MAE, str(tmp_path)]), 3, "z.parquet cannot be read")
    done = run_cli([*MAE, str(tmp_path), "--where", "k!=c", "--json"])
    assert done.code == 0, done.err
    found = json.loads(done.out)
    said = "--where k!=c left out 1 of 3 files by their folders, unread: their rows are not counted"
    assert found["warnings"][-1] == said
    assert f"warning: {said}" in done.err
    result = found["results"][0]
    assert (result["value"], result["rows"], result["used"], result["skipped"]) == (2.0, 2, 2, {})
    assert [Path(entry["path"]).name for entry in found["inputs"]] == ["x.parquet", "y.parquet"]
    assert losses(str(tmp_path), "--where", "k in b,a") == [1, 3]
    for args in (
        ["worst", "-l", "mae", "-t", "y", "-p", "p"],
        ["inspect"],
        ["weights", "--label", "k"],
        ["check", "-l", "mae", "-t", "y", "-p", "p", "--max", "5"],
        [*MAE, "-r", "none"],
        [*MAE, "--shard", "1/1", "--emit-state", str(tmp_path / "state")],
    ):
        done = run_cli([*args, str(tmp_path), "--where", "k!=c"])
        assert done.code == 0, (args, done.err)
        assert said in done.err
    (tmp_path / "state").unlink()
    assert losscli.compute(tmp_path, loss="mae", target="y", pred="p", where="k!=c").value == 2.0
    saved = tmp_path.parent / "saved.json"
    saved.write_text(json.dumps(found))
    assert run_cli(["verify", str(saved), str(tmp_path)]).code == 0


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("k=2", [2]),
        ("k!=2", [10, 30]),
        ("k<10", [2]),
        ("k>=10", [10, 30]),
        ("k in 2,30", [2, 30]),
        ("k=2.0", [2]),
    ],
)
def test_numbers_are_compared_as_numbers(where: str, kept: list[float], tmp_path: Path) -> None:
    """Expected: by hand. The file of no number fits nothing."""
    write(tmp_path, {f"k={k}/x.csv": float(k) for k in (2, 10, 30)})
    write(tmp_path, {"k=__HIVE_DEFAULT_PARTITION__/x.csv": 99})
    assert losses(str(tmp_path), "--where", where) == kept


def test_a_filter_that_no_file_fits(tmp_path: Path) -> None:
    write(tmp_path, {"k=DE/x.csv": 1, "k=FR/x.csv": 1})
    told(run_cli([*MAE, str(tmp_path), "--where", "k=de"]), 3, "no file fits --where k=de", "DE, FR")
    write(tmp_path / "n", {"m=1/x.csv": 1})
    told(run_cli([*MAE, str(tmp_path / "n"), "--where", "m=may"]), 3, "holds numbers, and that is none")


def test_filters_on_columns_of_the_files_are_held_against_rows(tmp_path: Path) -> None:
    write(tmp_path, {"k=1/x.csv": 1, "k=2/x.csv": 3})
    done = run_cli([*MAE, str(tmp_path), "--where", "p>1", "--json"])
    result = json.loads(done.out)["results"][0]
    assert (result["value"], result["rows"], result["skipped"]) == (3.0, 2, {"where": 1})


def test_where_keys_begin(tmp_path: Path) -> None:
    """Below a folder that is given, below the fixed part of a pattern; a file that is named has none."""
    write(tmp_path, {"a=1/b=2/x.csv": 1, "a=1/b=3/x.csv": 3})

    def slices(name: str, key: str) -> list[Any]:
        done = run_cli([*MAE, name, "--by", key, "--json"])
        return [entry["slice"] for entry in json.loads(done.out)["results"][1:]] if done.code == 0 else [done.code]

    root = str(tmp_path)
    assert slices(root, "a") == [{"a": 1}]
    assert slices(f"{root}/a=1", "b") == [{"b": 3}, {"b": 2}], "the worst first"
    assert slices(f"{root}/a=1", "a") == [2]
    assert slices(f"{root}/a=*/b=2/*.csv", "b") == [{"b": 2}]
    assert slices(f"{root}/a=1/*/x.csv", "a") == [2]
    assert slices(f"{root}/**/x.csv", "a") == [{"a": 1}]
    assert slices(f"{root}/a=1/b=2/x.csv", "a") == [2]


def test_a_key_serves_in_any_role(tmp_path: Path) -> None:
    """Expected: by hand; absolute errors 1, 3 and 8."""
    write(tmp_path, {"k=1/x.csv": 1, "k=2/x.csv": 3, "k=5/x.csv": 8})
    folder = str(tmp_path)

    def value(*args: str) -> float:
        done = run_cli(["compute", "-l", "mae", *args, folder, "--json"])
        assert done.code == 0, done.err
        return float(json.loads(done.out)["results"][0]["value"])

    assert value("-t", "y", "-p", "p", "-w", "k") == pytest.approx((1 + 6 + 40) / 8, rel=1e-15)
    assert value("-t", "k", "-p", "p") == pytest.approx((0 + 1 + 3) / 3, rel=1e-15)
    lines = run_cli(["weights", folder, "--label", "k", "-o", "plain"]).out.splitlines()[1:]
    assert [line.split("\t")[:2] for line in lines] == [["1", "1"], ["2", "1"], ["5", "1"]]


def test_models_are_the_values_of_a_key(tmp_path: Path) -> None:
    """Expected: by hand; the errors of old are 2 and 4, of new 1 and 1."""
    for model, errors in {"new": (1, 1), "old": (2, 4)}.items():
        (tmp_path / f"model={model}").mkdir()
        rows = "".join(f"{i},0,{error}\n" for i, error in enumerate(errors))
        (tmp_path / f"model={model}" / "x.csv").write_text(f"id,y,p\n{rows}")
    asked = ["compare", "-l", "mae", "-t", "y", "-p", "p", "--model-column", "model", "--key", "id", "--json"]
    done = run_cli([*asked, "--baseline", "old", str(tmp_path)])
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert {entry["model"]: entry["value"] for entry in found["results"]} == {"old": 3.0, "new": 1.0}
    done = run_cli([*asked, "--where", "model in new,old", str(tmp_path)])
    assert done.code == 0, done.err
    done = run_cli(["compute", "-l", "mae", "-t", "y", "-p", "p", str(tmp_path)])
    assert "model" in done.err, "a mean over two models is not meant"


def test_truth_is_joined_by_a_key_of_folders(tmp_path: Path) -> None:
    """Expected: by hand; the truth is 1 in January and 2 in February."""
    (tmp_path / "truth.csv").write_text("month,y\n1,1\n2,2\n")
    for month, p in {1: 4, 2: 7}.items():
        (tmp_path / "preds" / f"month={month}").mkdir(parents=True)
        (tmp_path / "preds" / f"month={month}" / "x.csv").write_text(f"p\n{p}\n")
    asked = [*MAE, str(tmp_path / "preds"), "--truth", str(tmp_path / "truth.csv"), "--key", "month", "--json"]
    assert json.loads(run_cli(asked).out)["results"][0]["value"] == 4.0
    done = run_cli([*asked, "--where", "month=2"])
    assert json.loads(done.out)["results"][0]["value"] == 5.0


HELD: Mapping[str, tuple[str, Any]] = {
    "a text": ("DE", pa.array(["DE"] * 3)),
    "a category": ("DE", pa.array(["DE"] * 3).dictionary_encode()),
    "a number": ("7", pa.array([7] * 3)),
    "a float": ("7", pa.array([7.0] * 3)),
    "a text that is a number": ("7", pa.array(["7"] * 3)),
    "a date": ("2024-01-31", pa.array(["2024-01-31"] * 3).cast(pa.date32())),
    "nothing": ("__HIVE_DEFAULT_PARTITION__", pa.nulls(3, pa.string())),
}


@pytest.mark.parametrize(("said", "cells"), HELD.values(), ids=HELD)
def test_a_key_that_the_file_holds_too_must_agree(said: str, cells: pa.Array, tmp_path: Path) -> None:
    folder = tmp_path / "set" / f"k={said}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"y": [0.0] * 3, "k": cells, "p": [1.0, 2.0, 3.0]}), folder / "x.parquet")
    name = str(tmp_path / "set")
    done = run_cli([*MAE, name, "--by", "k", "--json"])
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["results"]) == 2
    other = pa.concat_arrays([cells.cast(pa.string())[:2], pa.array(["other"])])
    pq.write_table(pa.table({"y": [0.0] * 3, "k": other, "p": [1.0] * 3}), folder / "x.parquet")
    told(run_cli([*MAE, name, "--by", "k"]), 3, "row 3", "'other'", "the name of the folder says")
    assert losses(name) == [1, 1, 1], "a column that nobody asks for is not read"


def test_cells_of_the_worst_rows_have_the_keys(hive: str, flat: str) -> None:
    asked = ["worst", "-l", "mse", "-n", "7", "--json"]
    of_hive, of_flat = (json.loads(run_cli([*asked, name]).out)["worst"] for name in (hive, flat))
    assert [entry["cells"] for entry in of_hive] == [entry["cells"] for entry in of_flat]
    assert {entry["cells"]["country"] for entry in of_hive} <= {"DE", "a/b c", "x=y"}
    assert [entry["row"] for entry in of_hive] == [entry["row"] for entry in of_flat]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_so_have_those_of_streams(ending: str, tmp_path: Path) -> None:
    for k, error in {"a": 1, "b": 5}.items():
        (tmp_path / f"k={k}").mkdir()
        text = f"y,p\n0,{error}\n0,0\n" if ending == "csv" else f'{{"y":0,"p":{error}}}\n{{"y":0,"p":0}}\n'
        (tmp_path / f"k={k}" / f"x.{ending}").write_text(text)
    found = json.loads(run_cli(["worst", str(tmp_path), "-l", "mae", "-t", "y", "-p", "p", "-n", "2", "--json"]).out)
    assert [entry["cells"] for entry in found["worst"]] == [
        {"y": 0, "p": 5, "k": "b"},
        {"y": 0, "p": 1, "k": "a"},
    ]


def test_inspect_shows_keys_as_columns(hive: str) -> None:
    found = json.loads(run_cli(["inspect", hive, "--json"]).out)
    columns = {column["name"]: column for column in found["columns"]}
    assert list(columns) == ["y_true", "y_pred", "user", "country", "month"]
    assert columns["country"]["kind"] == "text"
    assert columns["month"]["kind"] == "number"
    assert found["rows"] == ROWS


def test_a_data_set_that_duckdb_wrote(flat: str, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    where = tmp_path / "duck"
    query = f"COPY (SELECT * FROM '{flat}') TO '{where}' (FORMAT parquet, PARTITION_BY (country, month))"  # noqa: S608
    duckdb.sql(query)
    done = run_cli(["compute", "-l", "mse", str(where), "--by", "country", "--json"])
    assert done.code == 0, done.err
    found = {entry["slice"]["country"]: entry["value"] for entry in json.loads(done.out)["results"][1:]}
    expected = duckdb.sql(
        f"SELECT country, avg((y_true - y_pred) ** 2) FROM read_parquet('{where}/**/*.parquet') GROUP BY 1"  # noqa: S608
    ).fetchall()
    assert found == pytest.approx(dict(expected), rel=1e-12)
    assert len(found) == 3
