"""Files on web servers: by ranges and as streams, lost connections, refusals, and what is never printed.

Servers run on the loopback interface. Expected values are those of the same file on this machine.
"""

import bz2
import gzip
import io
import json
import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.data.addresses import Address, shown_address
from losscli.data.web import _streamed
from losscli.errors import DataError, UsageError
from tests.cli import ROOT, Outcome, run_cli, run_process
from tests.servers import Served, serving

pytest.importorskip("requests", reason="losscli[http] is not installed")

ASKED = ("compute", "-l", "mse", "-t", "y_true", "-p", "y_pred")
ROWS = 40_000


def _csv(table: pa.Table) -> bytes:
    import pyarrow.csv

    stream = io.BytesIO()
    pyarrow.csv.write_csv(table, stream)
    return stream.getvalue()


def _arrow(table: pa.Table, *, stream: bool = False) -> bytes:
    sink = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=5000)
    return sink.getvalue()


def make_files() -> dict[str, bytes]:
    """The same rows in each format; most of the bytes are in columns that no loss reads."""
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {"noise1": rng.random(ROWS).tolist()}
    columns |= {name: rng.random(ROWS).round(6).tolist() for name in ("y_true", "y_pred")}
    columns |= {f"noise{i}": rng.random(ROWS).tolist() for i in range(2, 12)}
    table = pa.table(columns)
    few = table.select(["y_true", "y_pred"])
    parquet, npz = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet, row_group_size=10_000, compression="none", use_dictionary=False)
    arrays: dict[str, Any] = {name: np.array(columns[name]) for name in few.column_names}
    np.savez(npz, **arrays)
    text = _csv(few)
    return {
        "/a.parquet": parquet.getvalue(),
        "/a.arrow": _arrow(table),
        "/stream.arrow": _arrow(few, stream=True),
        "/a.csv": text,
        "/a.csv.gz": gzip.compress(text),
        "/a.csv.bz2": bz2.compress(text),
        "/a.jsonl": "\n".join(map(json.dumps, few.to_pylist())).encode(),
        "/a.npz": npz.getvalue(),
    }


FILES = make_files()
each_file = pytest.mark.parametrize("name", FILES)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, small pieces, no proxy."""
    monkeypatch.setattr("losscli.data.web.PAUSES", (0.01, 0.01))
    monkeypatch.setattr("losscli.data.remote.PIECE_BYTES", 100_000)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The results of each file on this machine."""
    folder = tmp_path_factory.mktemp("local")
    found = {}
    for name, content in FILES.items():
        (folder / name[1:]).write_bytes(content)
        found[name] = result_of(run_cli([*ASKED, str(folder / name[1:]), "--json"]))
    return found


def result_of(done: Outcome) -> str:
    assert done.code == 0, done.err
    return done.out.partition('"results":')[2].partition('"comparisons":')[0]


def refused(done: Outcome, *words: str) -> None:
    """One plain line and one that says what to do."""
    assert done.code == 3, done
    assert done.out == ""
    for word in words:
        assert word in done.err, (word, done.err)
    assert len(done.err.splitlines()) == 2, done.err
    assert "Traceback" not in done.err


@each_file
@pytest.mark.parametrize(
    "behaviour",
    [{}, {"ranged": False}, {"ranged": False, "chunked": True}, {"etags": False}],
    ids=["ranges", "streamed", "chunked", "no version"],
)
def test_the_bits_are_those_of_the_file(name: str, behaviour: dict[str, Any], local: dict[str, str]) -> None:
    with serving(files=FILES, **behaviour) as served:
        assert result_of(run_cli([*ASKED, served.address + name, "--json"])) == local[name]


@pytest.mark.parametrize("name", ["/a.parquet", "/a.arrow"])
def test_only_needed_columns_travel(name: str, local: dict[str, str]) -> None:
    """Two of thirteen columns, and of one row group of four for the cells of a few rows."""
    with serving(files=FILES) as served:
        assert result_of(run_cli([*ASKED, served.address + name, "--json"])) == local[name]
        assert served.sent < len(FILES[name]) * 0.3 + 200_000
        assert len(served.asked) < 30


@each_file
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_connection_is_taken_up_again(name: str, lost: int, local: dict[str, str]) -> None:
    with serving(files=FILES, lose=lost) as served:
        assert result_of(run_cli([*ASKED, served.address + name, "--json", "--threads", "1"])) == local[name]
        assert served.lose == 0


@each_file
@pytest.mark.parametrize("behaviour", [{}, {"ranged": False}, {"ranged": False, "chunked": True}])
def test_a_connection_that_is_always_lost_ends_the_run(name: str, behaviour: dict[str, Any]) -> None:
    with serving(files=FILES, lose=1000, **behaviour) as served:
        refused(run_cli([*ASKED, served.address + name]), "the connection was lost while it was read")
        assert len(served.asked) < 10


@pytest.mark.parametrize("name", ["/a.parquet", "/a.arrow", "/a.csv", "/a.csv.gz", "/a.jsonl"])
@pytest.mark.parametrize("questions", [1, 2])
def test_a_file_that_changes_is_noticed(name: str, questions: int) -> None:
    with serving(files=FILES, change_after=questions) as served:
        refused(run_cli([*ASKED, served.address + name, "--threads", "1"]), "changed while it was read")


@pytest.mark.parametrize(("said", "whole"), [("8", True), ("9", False)])
def test_a_stream_that_ends_before_its_end(said: str, whole: bool) -> None:
    """A library that does not look at the length itself ends it without a word."""
    left = iter([b"y,p\n", b"1,2\n", b""])
    answer = SimpleNamespace(
        headers={"Content-Length": said},
        raw=SimpleNamespace(read=lambda *_, **__: next(left)),
        close=lambda: None,
    )
    with nullcontext() if whole else pytest.raises(DataError, match="lost while it was read"):
        assert b"".join(_streamed(answer, "x.csv")) == b"y,p\n1,2\n"


def test_a_file_that_becomes_shorter_is_noticed() -> None:
    with serving(files=dict(FILES), etags=False) as served:
        content = served.files["/a.csv"]

        def shrink(_: str) -> bytes:
            return content if len(served.asked) < 2 else content[: len(content) // 2]

        served.content = shrink  # type: ignore[assignment]
        refused(run_cli([*ASKED, f"{served.address}/a.csv"]), "changed while it was read")


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ({"status": 404}, ["no such file (HTTP 404)"]),
        ({"status": 403}, ["no permission to read it (HTTP 403)"]),
        ({"status": 401}, ["no permission to read it (HTTP 401)"]),
        ({"status": 418}, ["refuses it (HTTP 418)"]),
        ({"status": 503}, ["the server answers HTTP 503"]),
        ({"status": 204}, ["the server answers HTTP 204"]),
        ({"kind": "text/html; charset=utf-8"}, ["is a web page, not a data file"]),
        ({"ranged": False, "sized": False}, ["does not say where the file ends"]),
    ],
)
def test_what_a_server_refuses(behaviour: dict[str, Any], words: list[str]) -> None:
    with serving(files=FILES, **behaviour) as served:
        refused(run_cli([*ASKED, f"{served.address}/a.csv?token=SECRET"]), *words, "/a.csv?token=...")


def test_a_server_that_asks_to_come_back(local: dict[str, str]) -> None:
    with serving(files=FILES, answers=[503, 429]) as served:
        assert result_of(run_cli([*ASKED, f"{served.address}/a.csv", "--json"])) == local["/a.csv"]


def test_an_empty_file() -> None:
    for ranged in (True, False):
        with serving(files={"/a.csv": b""}, ranged=ranged) as served:
            refused(run_cli([*ASKED, f"{served.address}/a.csv"]), "a.csv is empty")


def test_a_small_file_is_one_question() -> None:
    with serving(files={"/a.csv": b"y_true,y_pred\n1,3\n"}) as served:
        assert run_cli([*ASKED, f"{served.address}/a.csv"]).code == 0
        assert len(served.asked) == 1


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused(run_cli([*ASKED, f"http://127.0.0.1:{port}/a.csv"]), "it cannot be reached")


def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losscli.data.web.ANSWER_SECONDS", 0.1)
    with serving(files=FILES, wait=1.0) as served:
        refused(run_cli([*ASKED, f"{served.address}/a.csv"]), "no answer in time")


@pytest.mark.parametrize("command", ["compute", "inspect", "worst", "check", "weights", "typo", "debug"])
def test_secrets_are_never_printed(command: str, tmp_path: Path) -> None:
    """Neither a password nor a signature, in results, warnings, errors, suggested commands or tracebacks."""
    words = {
        "compute": [*ASKED, "--json"],
        "inspect": ["inspect"],
        "worst": ["worst", "-l", "mse", "-n", "1", "--json"],
        "check": ["check", "-l", "mse", "--max", "0"],
        "weights": ["weights", "--label", "c"],
        "typo": ["compute", "-l", "mse", "-t", "y_treu"],
        "debug": ["compute", "-l", "mse", "--debug", "-t", "absent"],
    }[command]
    rows = b"y_true,y_pred,y_hat,c\n1,3,2,0\n2,2,1,1\n"
    with serving(files={"/a.csv": rows}) as served:
        host = served.address.removeprefix("http://")
        address = f"http://me:PASSWORD@{host}/a.csv?X-Sig=SIGNATURE&e=5%2BEXPIRES"
        place = str(tmp_path / "out.json")
        shown = f"http://{host}/a.csv?X-Sig=...&e=..."
        for args in (
            [*words, address],
            [*words, address, "-o", f"json:{place}"],
            [*words, address.replace("a.csv", "b")],
        ):
            done = run_process(args, env={"NO_PROXY": "*"})
            text = done.out + done.err + (Path(place).read_text() if Path(place).exists() else "")
            for secret in ("PASSWORD", "SIGNATURE", "EXPIRES", "me:"):
                assert secret not in text, (args, text)
        assert shown.replace("a.csv", "b") in done.err or command == "typo"


def test_what_an_address_shows() -> None:
    shown = {
        "https://u:p@h:80/a/b.csv?x=1&sig=abc&flag#frag": "https://h:80/a/b.csv?x=...&sig=...&...",
        "http://h?next=u@x": "http://h?next=...",
        "http://u:p@h": "http://h",
        "https://h/p@q/x.csv": "https://h/p@q/x.csv",
        "s3://k:s@b/a?b@c": "s3://b/a?b@c",
    }
    for address, expected in shown.items():
        assert shown_address(address) == expected
        assert shown_address(expected) == expected


@pytest.mark.parametrize(
    "address",
    ["ftp://h/x", "file:///x", "http://", "http:///x", "s3://bucket", "s3://", "s3://k:SECRET@b/x", "gs://b/"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse(address)
    assert "SECRET" not in str(caught.value)
    assert run_cli([*ASKED, address]).code == 2


def test_inputs_say_what_the_server_says() -> None:
    with serving(files=FILES) as served:
        found = json.loads(run_cli([*ASKED, f"{served.address}/a.parquet", "--json"]).out)["inputs"]
        size = len(FILES["/a.parquet"])
        assert found == [{"path": f"{served.address}/a.parquet", "bytes": size, "hash": "etag:first"}]
    with serving(files=FILES, ranged=False, etags=False) as served:
        found = json.loads(run_cli([*ASKED, f"{served.address}/a.csv", "--json"]).out)["inputs"]
        assert found == [{"path": f"{served.address}/a.csv", "bytes": None, "hash": None}]


def test_every_command_takes_an_address(tmp_path: Path) -> None:
    with serving(files=FILES) as served:
        name = f"{served.address}/a.parquet"
        for args in (
            ["worst", name, "-l", "mse", "-t", "y_true", "-p", "y_pred"],
            ["inspect", name],
            ["check", name, "-l", "mse", "-t", "y_true", "-p", "y_pred", "--max", "5"],
            ["compare", "-l", "mse", "-t", "y_true", "-p", "y_pred", "--model", f"a={name}", "--model", f"b={name}"],
            [*ASKED, name, "--shard", "2/3", "--emit-state", str(tmp_path / "state")],
            [*ASKED, name, f"{served.address}/a.csv"],
        ):
            done = run_cli(args)
            assert done.code == 0, (args, done.err)
        value = losscli.compute(name, loss="mse", target="y_true", pred="y_pred").value
        assert value == json.loads(run_cli([*ASKED, name, "--json"]).out)["results"][0]["value"]


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    monkeypatch.setattr("losscli.data.web._session", lambda: None)
    refused(run_cli([*ASKED, "http://127.0.0.1:1/a.csv"]), "pip install 'losscli[http]'")


@pytest.mark.parametrize("args", [["sample_data/diabetes_preds.csv"], ["sample_data/diabetes_preds.parquet"]])
def test_files_of_this_machine_load_nothing_for_addresses(args: list[str]) -> None:
    code = (
        f"from losscli.cli.app import run; run(['compute', '-l', 'mse', *{args!r}])\n"
        "import sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, env={**os.environ}
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    ours = {"remote", "web", "buckets", "addresses", "network_errors", "folders", "partitions", "pruning"}
    # Arrow's own reader of Parquet loads pyarrow.fs
    assert "pyarrow.fs" not in loaded or args[0].endswith(".parquet")
    assert not loaded & {"requests", "urllib3", "fsspec"}
    assert not loaded & {f"losscli.data.{name}" for name in (*ours, "partition_keys")}


def test_tab_asks_no_server() -> None:
    from types import SimpleNamespace

    from losscli.cli.completion import complete_column

    with serving(files=FILES) as served:
        context: Any = SimpleNamespace(params={"files": [f"{served.address}/a.csv"]}, args=[])
        assert complete_column(context, "y") == []
        assert served.asked == []


def test_served_is_what_the_tests_think() -> None:
    """Against the library that asks, not ours."""
    import requests

    with serving(files={"/x": b"0123456789"}) as served:
        assert isinstance(served, Served)
        part = requests.get(f"{served.address}/x", headers={"Range": "bytes=2-4"}, timeout=5)
        assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
        served.lose = 1
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(f"{served.address}/x", timeout=5)
