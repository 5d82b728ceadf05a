"""Engines for tests: started once and lent to commands that ask for one by its name."""

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest

from losscli.execution import Engine, EngineName

WORKERS = 2


@contextmanager
def lent(name: str) -> Iterator[Engine]:
    """A real engine of two processes that --engine finds by its name for as long as this lasts."""
    with EngineName.parse(name).start(WORKERS) as engine, pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def start(asked: EngineName, threads: int) -> Iterator[Engine]:
            assert (asked.name, threads > 0) == (name, True)
            # as the engines themselves do, whose own time has begun before
            with redirect_stdout(io.StringIO()):
                yield engine

        patch.setattr(EngineName, "start", start)
        yield engine


@contextmanager
def small_parts() -> Generator[None, Any, None]:
    """Parts so small that files of tests have several, of each kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("losscli.far_parts.SMALL_FILE", 300_000)
        patch.setattr("losscli.far_parts._LARGE_FILE", 300_000)
        patch.setattr("losscli.far_parts._FEWEST_ROWS", 10_000)
        patch.setattr("losscli.far_parts._MOST_ROWS", 10_000)
        patch.setattr("losscli.data.text.PIECE_BYTES", 100_000)
        patch.setattr("losscli.data.json_lines._PIECE_BYTES", 100_000)
        yield


def processes_of(root: int) -> dict[int, str]:
    """The living processes that a process began, and those that they began, with their command lines."""
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                if state != "Z":
                    found[int(entry.name)] = (int(parent), (entry / "cmdline").read_text().replace("\0", " "))
    below: dict[int, str] = {}
    for _ in range(10):
        below |= {pid: line for pid, (parent, line) in found.items() if parent == root or parent in below}
    return below


def module_address(engine: Engine) -> str:
    """Where a Dask scheduler listens."""
    return str(engine.client.scheduler.address)  # type: ignore[attr-defined] # a Dask one has it
