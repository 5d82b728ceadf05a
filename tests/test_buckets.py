"""Objects in buckets: folders, patterns and partitions there, ranges, refusals, and what is said of them.

Two servers on the loopback interface: one of ours, which loses connections, refuses and changes files, and moto, where
it is installed, which is an independent S3. Expected values are those of the same files on this machine.
"""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.data.buckets import path_fits
from tests.cli import Outcome, run_cli
from tests.servers import Served, serving

ASKED = ("compute", "-l", "mse", "-t", "y_true", "-p", "y_pred")
ROWS = 20_000


def result_of(done: Outcome) -> str:
    assert done.code == 0, done.err
    return done.out.partition('"results":')[2].partition('"comparisons":')[0]


def refused(done: Outcome, *words: str) -> None:
    assert done.code == 3, done
    assert done.out == ""
    for word in words:
        assert word in done.err, (word, done.err)
    assert len(done.err.splitlines()) == 2, done.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, text, and a few odd names."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(2)
    columns: dict[str, Any] = {name: rng.random(ROWS).round(6).tolist() for name in ("y_true", "y_pred")}
    columns |= {f"noise{i}": rng.random(ROWS).tolist() for i in range(10)}
    columns |= {"country": ["DE", "a/b c"] * (ROWS // 2), "month": np.repeat([1, 2, 10, 11], ROWS // 4).tolist()}
    table = pa.table(columns)
    ds.write_dataset(
        table, root / "hive", format="parquet", partitioning=["country", "month"], partitioning_flavor="hive"
    )
    pq.write_table(table, root / "one.parquet", row_group_size=5000, use_dictionary=False, compression="none")
    with pa.ipc.new_file(str(root / "one.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=4000)
    few = table.slice(0, 9000).select(["y_true", "y_pred"]).to_pylist()
    text = "y_true,y_pred\n" + "".join(f"{row['y_true']},{row['y_pred']}\n" for row in few)
    (root / "texts" / "_temporary").mkdir(parents=True)
    for i in (1, 2, 10):
        (root / "texts" / f"part{i}.csv").write_text(text)
    (root / "texts" / "_temporary" / "x.csv").write_text("y_true,y_pred\n0,99\n")
    (root / "zipped.csv.gz").write_bytes(gzip.compress(text.encode()))
    (root / "lines.jsonl").write_text("\n".join(map(json.dumps, few)))
    return root


def contents(folder: Path) -> dict[str, bytes]:
    """What is below a folder, by its path in a bucket."""
    return {f"/bucket/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("losscli.data.remote.PIECE_BYTES", 100_000)


@pytest.fixture
def bucket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(files=contents(folder)) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.address)
        yield served


@pytest.fixture(scope="module")
def moto(folder: Path) -> Iterator[str]:
    """The address of a server of S3 with the files in its bucket."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed: losscli[buckets]")
    import logging

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    from pyarrow.fs import S3FileSystem

    files = S3FileSystem(
        access_key="KEY",
        secret_key="SECRET",  # noqa: S106 - of a server on this machine
        endpoint_override=f"{host}:{port}",
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    )
    files.create_dir("bucket")
    for path, content in contents(folder).items():
        with files.open_output_stream(path[1:], compression=None) as sink:
            sink.write(content)
    yield f"http://{host}:{port}"
    running.stop()


NAMES = [
    "one.parquet",
    "one.arrow",
    "zipped.csv.gz",
    "lines.jsonl",
    "texts",
    "texts/",
    "texts/*.csv",
    "texts/part?.csv",
    "hive",
    "hive/*",
    "hive/country=*/month=1/*.parquet",
    "hive/**/*.parquet",
    "hive/country=DE/**",
    "**/part-[0-9].parquet",
]


def _same(name: str, folder: Path) -> None:
    """The same numbers from the bucket as from the folder, slices by keys included."""
    by = ["--by", "month"] if "month=" in name or name in ("hive", "hive/*", "hive/**/*.parquet") else []
    here = run_cli([*ASKED, *by, str(folder / name) + ("/" if name.endswith("/") else ""), "--json"])
    there = run_cli([*ASKED, *by, f"s3://bucket/{name}", "--json"])
    assert result_of(there) == result_of(here)


@pytest.mark.parametrize("name", NAMES)
def test_a_bucket_is_read_as_a_folder_is(name: str, bucket: Served, folder: Path) -> None:
    assert bucket.address
    _same(name, folder)


@pytest.mark.parametrize("name", NAMES)
def test_so_it_is_from_another_server(name: str, moto: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    _same(name, folder)


def test_what_another_server_refuses(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    for name in ("s3://bucket/absent.csv", "s3://nobucket/x.csv", "s3://bucket/absent/", "s3://bucket/none*"):
        refused(run_cli([*ASKED, name]), "no ", name)
    found = json.loads(run_cli([*ASKED, "s3://bucket/one.parquet", "--json"]).out)["inputs"]
    assert found[0]["path"] == "s3://bucket/one.parquet"
    assert found[0]["hash"].startswith("etag:")


def test_only_needed_columns_and_files_travel(bucket: Served, folder: Path) -> None:
    """Two of fourteen columns; with a filter on a key a quarter of the files."""
    size = (folder / "one.parquet").stat().st_size
    assert run_cli([*ASKED, "s3://bucket/one.parquet"]).code == 0
    assert bucket.sent < size * 0.25 + 100_000
    bucket.asked.clear()
    assert run_cli([*ASKED, "s3://bucket/hive", "--where", "month=10"]).code == 0
    read = {path for _, path, _ in bucket.asked if path.endswith(".parquet")}
    assert len(read) == 2
    assert all("month%3D10" in path for path in read)


@pytest.mark.parametrize("name", ["one.parquet", "one.arrow", "zipped.csv.gz", "texts/part1.csv"])
def test_a_lost_connection_is_taken_up_again(name: str, bucket: Served, folder: Path) -> None:
    bucket.lose = 1
    _same(name, folder)
    assert bucket.lose == 0


@pytest.mark.parametrize("name", ["one.parquet", "one.arrow", "zipped.csv.gz", "texts/part1.csv"])
def test_one_that_is_always_lost_ends_the_run(name: str, bucket: Served) -> None:
    bucket.lose = 1000
    refused(
        run_cli([*ASKED, f"s3://bucket/{name}", "--threads", "1"]), f"s3://bucket/{name}: ", "the connection was lost"
    )


@pytest.mark.parametrize("name", ["one.parquet", "one.arrow", "zipped.csv.gz", "texts/part1.csv"])
@pytest.mark.parametrize("questions", [3, 4, 5])
def test_an_object_that_changes_is_noticed(name: str, questions: int, bucket: Served) -> None:
    bucket.change_after = questions
    done = run_cli([*ASKED, f"s3://bucket/{name}", "--threads", "1"])
    if len(bucket.asked) > questions:
        refused(done, "changed while it was read")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "no permission to read it"),
        (401, "no permission to read it"),
        (404, "no such object"),
        (301, "the bucket is in another region (HTTP 301)"),
        (500, "the service failed (HTTP 500)"),
    ],
)
def test_what_a_bucket_refuses(status: int, words: str, bucket: Served) -> None:
    bucket.status = status
    for name in ("one.parquet", "texts/part1.csv", "texts/*.csv"):
        refused(run_cli([*ASKED, f"s3://bucket/{name}"]), f"s3://bucket/{name}: {words if '*' not in name else ''}")


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    refused(run_cli([*ASKED, "s3://bucket/x.csv"]), "s3://bucket/x.csv: it cannot be reached")


def test_formats_and_folders_are_looked_at_as_here(bucket: Served) -> None:
    refused(run_cli([*ASKED, "s3://bucket/*.nothing"]), "no object fits this pattern")
    done = run_cli([*ASKED, "s3://bucket/hive/../x"])
    assert done.code == 3
    bucket.files["/bucket/texts/more.parquet"] = b""
    refused(run_cli([*ASKED, "s3://bucket/texts"]), "holds files of several formats", "3 of csv", "1 of parquet")


def test_a_key_with_marks_of_patterns(bucket: Served) -> None:
    bucket.files["/bucket/odd/a[1].csv"] = b"y_true,y_pred\n0,3\n"
    bucket.files["/bucket/odd/a1.csv"] = b"y_true,y_pred\n0,9\n"
    assert '"value": 81.0' in run_cli([*ASKED, "s3://bucket/odd/a1.csv", "--json"]).out
    assert '"value": 81.0' in run_cli([*ASKED, "s3://bucket/odd/[a]1.csv", "--json"]).out
    assert '"value": 9.0' in run_cli([*ASKED, "s3://bucket/odd/a[1].csv", "--json"]).out


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("a/b.csv", "a/*.csv", True),
        ("a/b/c.csv", "a/*.csv", False),
        ("a/.b.csv", "a/*.csv", False),
        ("a/.b.csv", "a/.*", True),
        ("a/b/c.csv", "a/**/*.csv", True),
        ("a/c.csv", "a/**/*.csv", True),
        ("a/c.csv", "**", True),
        ("a/b2/c.csv", "a/b?/c.csv", True),
        ("a/b2/c.csv", "a/b[!2]/c.csv", False),
        ("a", "a/**", False),
    ],
)
def test_patterns_mean_what_they_mean_to_the_shell(path: str, pattern: str, fits: bool) -> None:
    assert path_fits(path.split("/"), pattern.split("/")) is fits


def test_many_objects_are_one_input(bucket: Served) -> None:
    for i in range(101):
        bucket.files[f"/bucket/many/{i}.csv"] = b"y_true,y_pred\n0,2\n"
    found = json.loads(run_cli([*ASKED, "s3://bucket/many", "--json"]).out)["inputs"]
    assert [(entry["path"], entry["bytes"], entry["files"]) for entry in found] == [("s3://bucket/many", 1818, 101)]
    assert found[0]["hash"].startswith("sha256-listing:")


def test_every_command_takes_a_bucket(bucket: Served, tmp_path: Path) -> None:
    assert bucket.address
    for args in (
        ["worst", "s3://bucket/hive", "-l", "mse", "-t", "y_true", "-p", "y_pred"],
        ["inspect", "s3://bucket/hive"],
        ["check", "s3://bucket/hive", "-l", "mse", "-t", "y_true", "-p", "y_pred", "--max", "5"],
        ["weights", "s3://bucket/hive", "--label", "country"],
        [*ASKED, "s3://bucket/hive", "--shard", "2/3", "--emit-state", str(tmp_path / "state")],
    ):
        done = run_cli(args)
        assert done.code == 0, (args, done.err)
    found = losscli.compute("s3://bucket/hive", loss="mse", target="y_true", pred="y_pred", where="country=DE")
    assert found.rows == ROWS // 2
