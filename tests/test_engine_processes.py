"""Engines as processes: they start and end with the command, outlive a worker, and say plainly what is not there."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from losscli.data.arrow import MemoryTable
from losscli.errors import DataError, UsageError
from losscli.execution import EngineName
from losscli.execution_far import check_versions, versions
from losscli.part_sums import scan_part
from losscli.parts import Stretch
from tests.cli import ROOT, run_cli, run_process
from tests.engine import request_of
from tests.engine_jobs import module_address, processes_of
from tests.sampling import Case, case_id, plain_cases, sample

PACKAGES = {"dask": "distributed", "ray": "ray"}
ASKED = ["compute", "-l", "mse", "-t", "y", "-p", "a", "--bootstrap", "500", "rows.parquet", "--json"]
each_name = pytest.mark.parametrize("name", PACKAGES)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("engine-processes")
    y = np.random.default_rng(3).normal(size=200_000)
    pq.write_table(pa.table({"y": y, "a": y[::-1].copy()}), place / "rows.parquet", row_group_size=10_000)
    return place


def test_workers_without_losscli() -> None:
    with pytest.raises(DataError) as refused:
        check_versions([("one", versions()), ("two", "ModuleNotFoundError: No module named 'losscli'")])
    assert refused.value.message.startswith("the worker two has not what is here")
    assert "No module named 'losscli'" in refused.value.message
    assert refused.value.exit_code == 3


def test_a_scheduler_by_its_address(data: Path) -> None:
    """The command is a process of its own, and the scheduler goes on afterwards."""
    pytest.importorskip("distributed")
    here = run_cli(ASKED, cwd=data)
    with EngineName.parse("dask").start(2) as engine:
        address = module_address(engine).removeprefix("tcp://")
        for _ in range(2):
            assert run_process([*ASKED, "--engine", f"dask://{address}"], cwd=data) == here


@each_name
def test_the_engine_starts_and_ends_with_the_command(name: str, data: Path) -> None:
    pytest.importorskip(PACKAGES[name])
    assert run_process([*ASKED, "--engine", name, "--threads", "2"], cwd=data) == run_cli(ASKED, cwd=data)


@each_name
def test_nobody_answers(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip(f"losscli.execution_{name}")
    monkeypatch.setattr(module, "WAIT", 1.0)
    with socket.socket() as taken:
        # bound and not listening: nothing else gets this port
        taken.bind(("127.0.0.1", 0))
        told = run_cli([*ASKED, "--engine", f"{name}://127.0.0.1:{taken.getsockname()[1]}"], cwd=data)
    assert (told.code, told.out) == (3, "")
    assert told.err.startswith(f"losscli: no {name.title()} cluster answers at 127.0.0.1:")
    assert told.err.count("\n") == 2


@each_name
def test_the_package_is_not_there(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    told = run_cli([*ASKED, "--engine", name], cwd=data)
    assert (told.code, told.out) == (3, "")
    assert f"pip install 'losscli[{name}]'" in told.err


@pytest.mark.parametrize("asked", ["spark", "dask:", "dask://", "local://x", "Ray", ""])
def test_no_such_engine(asked: str) -> None:
    if not asked:
        assert EngineName.parse(asked) == EngineName()
        return
    with pytest.raises(UsageError, match="there is no engine"):
        EngineName.parse(asked)


@each_name
def test_a_wrong_column_is_told_before_anything_starts(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(EngineName, "start")
    told = run_cli(["compute", "-l", "mse", "-t", "y", "-p", "other", "rows.parquet", "--engine", name], cwd=data)
    assert (told.code, told.out) == (2, "")


@each_name
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_ctrl_c_ends_all_processes(name: str, data: Path) -> None:
    pytest.importorskip(PACKAGES[name])
    long = ["compute", "-l", "mse", "-t", "y", "-p", "a", "--bootstrap", "2000", *["rows.parquet"] * 100]
    command = [sys.executable, "-m", "losscli", *long, "--engine", name, "--threads", "2"]
    begun = subprocess.Popen(
        command,
        cwd=data,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    mark = "ray::work_there" if name == "ray" else "multiprocessing.spawn"
    end = time.monotonic() + 100.0
    while not any(mark in line for line in processes_of(begun.pid).values()) and time.monotonic() < end:
        time.sleep(0.1)
    below = processes_of(begun.pid)
    assert below
    os.killpg(begun.pid, signal.SIGINT)
    out, err = begun.communicate(timeout=60)
    assert (begun.returncode, out, err) == (130, b"", b"losscli: interrupted\n")
    end = time.monotonic() + 60.0
    while (left := [pid for pid, line in below.items() if still(pid, line)]) and time.monotonic() < end:
        time.sleep(0.2)
    assert not left


def still(pid: int, line: str) -> bool:
    """Whether a process that had this command line is there."""
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")[:20] == line[:20]
    return False


def test_errors_travel() -> None:
    error = pickle.loads(pickle.dumps(DataError("what", "way")))  # noqa: S301 - our own bytes
    assert (error.message, error.hint, error.exit_code) == ("what", "way", 3)


@pytest.mark.parametrize("case", plain_cases(), ids=case_id)
def test_what_travels_comes_back_the_same(case: Case) -> None:
    """The plan and the sums of every loss of rows, by the pickles that engines use."""
    rng = np.random.default_rng(7)
    columns = {role.name: sample(case.domain(role), 300, rng, 3.0) for role in case.roles}
    table = pa.table(columns)
    named = {name: name for name in columns}
    request = request_of([case.loss.name], named, params=dict(case.given))
    here = MemoryTable("t", table)
    plan = request.plan(here)
    there = pickle.loads(pickle.dumps(plan))  # noqa: S301 - our own bytes
    assert there == plan
    part = Stretch(0, plan.needs(here), list(here.fragments(plan.needs(here))))
    found = scan_part(plan, part)
    back = pickle.loads(pickle.dumps(scan_part(there, part), pickle.HIGHEST_PROTOCOL))  # noqa: S301
    assert [sums.moments for sums in back.sums] == [sums.moments for sums in found.sums]
    for one, other in zip(back.sums, found.sums, strict=True):
        for mine, theirs in zip([*one.before, *one.after], [*other.before, *other.after], strict=True):
            assert mine.units.losses.tolist() == theirs.units.losses.tolist()
