"""Real Dask and Ray workers give the bytes, the warnings and the errors of local threads, or an error that says why.

What is expected is the local run, which the other tests hold to independent values.
"""

import gzip
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import losscli
from losscli import execution_far
from losscli.errors import DataError, UsageError
from losscli.evaluation import _FileSums
from losscli.execution import Engine
from losscli.execution_far import check_versions, versions
from losscli.part_sums import Scanned
from tests.cli import Outcome, run_cli
from tests.engine_jobs import lent, module_address, processes_of, small_parts
from tests.test_shards import CASES, make_files

PACKAGES = {"dask": "distributed", "ray": "ray"}
PAIR = ["-t", "y", "-p", "a"]
DRAWN = ["compute", "-l", "mse", *PAIR, "--bootstrap", "500", "odd.parquet", "--json"]
FILES = {
    "CSV": ["text.csv"],
    "CSV with quotes": ["quoted.csv"],
    "gz": ["text.csv.gz", "text.csv"],
    "JSON lines": ["lines.jsonl"],
    "a JSON array": ["array.json"],
    "npz": ["arrays.npz"],
    "Parquet in gz": ["small.parquet.gz"],
    "an Arrow stream": ["stream.arrow"],
    "all together": ["text.csv", "odd.parquet", "lines.jsonl", "empty.parquet", "some.arrow", "text.csv.gz"],
    "a pattern of small files": ["many/*.parquet"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every form."""
    place = make_files(tmp_path_factory.mktemp("engines"))
    text = (place / "text.csv").read_bytes()
    (place / "text.csv.gz").write_bytes(gzip.compress(text * 1, 1))
    (place / "small.parquet.gz").write_bytes(gzip.compress((place / "small.parquet").read_bytes(), 1))
    table = pa_csv.read_csv(place / "text.csv").select(["y", "a", "w"])
    rows = table.to_pylist()
    (place / "lines.jsonl").write_text("\ufeff" + "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (place / "array.json").write_text(json.dumps(rows[:50]))
    lines = [f'{row["y"]},{row["a"]},"a, ""quoted""\ncell {i}"' for i, row in enumerate(rows * 3)]
    (place / "quoted.csv").write_text("\n".join(["sep=,", "y,a,note", *lines]) + "\n")
    np.savez(place / "arrays.npz", y=[row["y"] for row in rows], a=[row["a"] for row in rows])
    np.save(place / "matrix.npy", np.random.default_rng(0).random((2_200_000, 2), dtype=np.float32))
    with pa.OSFile(str(place / "stream.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=500):
            writer.write_batch(batch)
    (place / "many").mkdir()
    for i in range(40):
        pq.write_table(table.slice(i * 100, 100), place / "many" / f"part-{i}.parquet")
    return place


@pytest.fixture(scope="module", params=PACKAGES)
def started(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    """An engine that is at work, and its name."""
    name: str = request.param
    pytest.importorskip(PACKAGES[name], reason=f"{PACKAGES[name]} is not installed")
    with lent(name) as engine, small_parts():
        yield name, engine


@pytest.fixture
def engine(started: tuple[str, Engine]) -> str:
    """The name of an engine that is at work."""
    return started[0]


def both(engine: str, args: list[str], cwd: Path, stdin: bytes = b"") -> tuple[Outcome, Outcome]:
    """What a command says here and by the engine."""
    return run_cli(args, stdin, cwd), run_cli([*args, "--engine", engine], stdin, cwd)


@pytest.mark.parametrize("case", CASES)
def test_the_bytes_are_those_of_threads(case: str, engine: str, data: Path) -> None:
    command, files = CASES[case]
    here, there = both(engine, [*command, *files, "--json"], data)
    assert here.code == 0, here.err
    assert there == here


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_every_kind_of_file_is_read(files: list[str], engine: str, data: Path) -> None:
    here, there = both(engine, ["compare", "-l", "mae", "-l", "mse", *PAIR, *files, "--json"], data)
    assert here.code == 0, here.err
    assert there == here


def test_arrays_of_several_runs(engine: str, data: Path) -> None:
    here, there = both(engine, ["compute", "-l", "mse", "-t", "1", "-p", "2", "matrix.npy", "--json"], data)
    assert here.code == 0, here.err
    assert there == here


@pytest.mark.parametrize("form", ["text.csv", "text.csv.gz", "small.parquet"])
def test_standard_input_travels(form: str, engine: str, data: Path) -> None:
    content = (data / form).read_bytes()
    here, there = both(engine, ["compute", "-l", "mse", *PAIR, "-", "--json"], data, content)
    assert here.code == 0, here.err
    assert there == here


def test_class_weights_by_a_word_are_counted_by_workers(engine: str, data: Path) -> None:
    asked = ["compute", "-l", "cross_entropy", "-t", "class", "--probs", "prob_*", "--class-weight", "balanced"]
    here, there = both(engine, [*asked, "odd.parquet", "small.parquet", "--json"], data)
    assert here.code == 0, here.err
    assert there == here


def test_the_gate_and_the_histogram(engine: str, data: Path) -> None:
    here, there = both(engine, ["check", "odd.parquet", "-l", "mae", *PAIR, "--max", "0.1", "--json"], data)
    assert here.code == 1, here.err
    assert there == here
    here, there = both(engine, ["compute", "-l", "mae", *PAIR, "--hist", "odd.parquet"], data)
    assert here.code == 0, here.err
    assert there == here


def test_from_python(engine: str, data: Path) -> None:
    files = [str(data / "odd.parquet"), str(data / "text.csv")]
    named: dict[str, Any] = {"target": "y", "pred": "a"}
    assert losscli.compute(files, loss="mse", engine=engine, **named) == losscli.compute(files, loss="mse", **named)
    here, there = (losscli.compare(files, losses=["mae", "mse"], engine=e, **named) for e in (None, engine))
    assert there == here
    here, there = (losscli.check(files, loss="mae", max=9.0, engine=e, **named) for e in (None, engine))
    assert there == here
    frame = pa.table({"y": [1.0], "a": [2.0]})
    with pytest.raises(UsageError, match="or frames"):
        losscli.compute(frame, loss="mse", engine=engine, **named)


def test_errors_come_in_the_order_of_the_files(engine: str, data: Path, tmp_path: Path) -> None:
    """A cell, a missing value, a file that is cut off, one that is not there: the first in the order is told."""
    text = (data / "text.csv").read_text().splitlines()
    (tmp_path / "good.csv").write_text("\n".join(text) + "\n")
    names = text[0].split(",")
    cells = text[3001].split(",")
    cells[names.index("a")] = "oops"
    (tmp_path / "cell.csv").write_text("\n".join([*text[:3001], ",".join(cells), *text[3002:]]) + "\n")
    cells[names.index("a")] = ""
    (tmp_path / "missing.csv").write_text("\n".join([*text[:3001], ",".join(cells), *text[3002:]]) + "\n")
    (tmp_path / "cut.parquet").write_bytes((data / "small.parquet").read_bytes()[:-100])
    (tmp_path / "other.csv").write_text("y,b\n1,2\n")
    bad = ["cell.csv", "missing.csv", "cut.parquet", "other.csv", "not-there.csv"]
    for first in bad:
        others = [name for name in bad if name != first]
        here, there = both(engine, ["compute", "-l", "mae", *PAIR, "good.csv", first, *others], tmp_path)
        assert here.code == (2 if first == "other.csv" else 3)
        assert first in here.err
        assert there == here
    assert "row 3001" in run_cli(["compute", "-l", "mae", *PAIR, "cell.csv", "--engine", engine], cwd=tmp_path).err


def test_a_file_that_workers_do_not_see(engine: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver says another path than the one that is there, as where a folder is mounted elsewhere."""
    monkeypatch.setattr("losscli.far_parts.os.path.abspath", lambda name: f"/elsewhere/{name}")
    monkeypatch.setattr("losscli.far_parts.bytes_of", lambda source: (data / source.name).stat().st_size)
    told = run_cli(["compute", "-l", "mae", *PAIR, "odd.parquet", "--engine", engine], cwd=data)
    assert (told.code, told.out) == (3, "")
    assert "odd.parquet: a worker does not see this file at /elsewhere/odd.parquet" in told.err


def test_another_file_of_the_same_name(engine: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losscli.far_parts.bytes_of", lambda source: (data / source.name).stat().st_size + 1)
    told = run_cli(["compute", "-l", "mae", *PAIR, "text.csv", "--engine", engine], cwd=data)
    assert (told.code, told.out) == (3, "")
    assert "a worker sees another file" in told.err


def test_what_no_engine_does(engine: str, data: Path) -> None:
    for args in (
        ["compute", "-l", "mae", *PAIR, "odd.parquet", "--reduction", "none"],
        ["compute", "-l", "mae", *PAIR, "odd.parquet", "--shard", "1/2", "--emit-state", "s.json"],
        ["compute", "-l", "mae", "odd.parquet", "--truth", "text.csv", "--key", "user", "-t", "y", "-p", "a"],
        ["compare", "-l", "mae", *PAIR, "--model", "one=odd.parquet", "--model", "two=wide.parquet"],
        ["compare", "-l", "mae", *PAIR, "odd.parquet", "--model-column", "split", "--key", "user"],
        ["worst", "-l", "mae", *PAIR, "odd.parquet"],
        ["inspect", "odd.parquet"],
        ["compute", "-l", "mae", *PAIR, "https://localhost/odd.parquet"],
    ):
        told = run_cli([*args, "--engine", engine], cwd=data)
        assert (told.code, told.out) == (2, ""), args
        assert "engine" in told.err
        assert told.err.count("\n") == 2


def workers() -> list[int]:
    """The processes of this one that run parts, those at work first."""
    lines = processes_of(os.getpid()).items()
    marks = ("ray::work_there", "ray::IDLE", "multiprocessing.spawn")
    return [pid for mark in marks for pid, line in lines if mark in line]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_worker_that_is_killed_changes_nothing(
    started: tuple[str, Engine], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run_cli(DRAWN, cwd=data)
    assert here.code == 0, here.err
    take = _FileSums.take
    killed: list[int] = []

    def take_and_kill(fold: _FileSums, found: Scanned, before: int) -> None:
        if before >= 30_000 and not killed:
            killed.append(workers()[0])
            os.kill(killed[0], signal.SIGKILL)
        take(fold, found, before)

    monkeypatch.setattr(_FileSums, "take", take_and_kill)
    there = run_cli([*DRAWN, "--engine", started[0]], cwd=data)
    assert len(killed) == 1
    assert there == here


def test_a_part_that_kills_its_workers_is_given_up(started: tuple[str, Engine]) -> None:
    with pytest.raises(DataError, match="the workers did not get a part of the input done") as refused:
        list(started[1].map(os._exit, [1]))
    assert refused.value.hint
    # the next command finds workers again
    assert list(started[1].map(abs, [-1, -2])) == [1, 2]


def test_items_are_taken_a_few_ahead(started: tuple[str, Engine]) -> None:
    taken = received = most = 0

    def items() -> Iterator[int]:
        nonlocal taken, most
        for item in range(100):
            taken += 1
            most = max(most, taken - received)
            yield -item

    for result in started[1].map(abs, items()):
        assert result == received
        received += 1
    assert (taken, received) == (100, 100)
    assert most <= 3 * started[1].slots + 1


def test_another_version_on_the_workers(started: tuple[str, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    real = versions()
    monkeypatch.setattr(execution_far, "versions", lambda: "losscli 9.9, NumPy 0")
    module = pytest.importorskip(f"losscli.execution_{started[0]}")
    monkeypatch.setattr(module, "versions", lambda: "losscli 9.9, NumPy 0")
    with pytest.raises(DataError, match=f"a worker has {real}"):
        list(started[1].map(abs, [1]))
    if started[0] == "ray":
        with pytest.raises(DataError, match="has not what is here"):
            check_versions(module._of_each_node())
    else:
        with pytest.raises(DataError, match="has not what is here"):
            module.started(module_address(started[1]), 2).__enter__()
