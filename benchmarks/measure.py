"""Time whole processes side by side: wall seconds, CPU seconds and peak memory, as the kernel counts them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from data import ROOT

# A limit that happens to be set here would slow one tool and not another, or slow every start.
DROPPED = {
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONVERBOSE",
}


class BenchmarkError(Exception):
    """What makes a run worthless: a tool that fails, or two that disagree."""


def quoted(word: str) -> str:
    """A word of a command line, in quotes where a shell would take it apart."""
    return f'"{word}"' if set(word) & set(" ;*") else word


@dataclass(frozen=True)
class Command:
    """A process to run from the project's root, and the name that the report gives it."""

    name: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def shown(self) -> str:
        """The line as a reader would type it."""
        scripts = Path(sys.executable).parent
        words = [Path(word).name if Path(word).parent == scripts else word for word in self.argv]
        words[0] = "python" if self.argv[0] == sys.executable else words[0]
        settings = [f"{name}={quoted(value)}" for name, value in self.environment]
        return " ".join([*settings, *map(quoted, words)])


@dataclass(frozen=True)
class Sample:
    """One process, from before it was started until it was reaped."""

    wall: float
    cpu: float
    peak: int
    output: str


@dataclass(frozen=True)
class Timing:
    """The samples of one command."""

    command: Command
    samples: tuple[Sample, ...]

    @property
    def wall(self) -> float:
        """The median."""
        return median(sample.wall for sample in self.samples)

    @property
    def fastest(self) -> float:
        """The least wall time."""
        return min(sample.wall for sample in self.samples)

    @property
    def slowest(self) -> float:
        """The greatest wall time."""
        return max(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """The median of user and system time together."""
        return median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> int:
        """The greatest peak of any run, in bytes: memory that was needed once is needed."""
        return max(sample.peak for sample in self.samples)


def run_once(command: Command) -> Sample:
    """Run it, wait for it with wait4, and refuse an exit code other than 0."""
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED}
    environment.update(command.environment)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.argv, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait again
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            tail = errors.read().decode(errors="replace")[-2000:]
            raise BenchmarkError(f"exit code {process.returncode} from: {command.shown()}\n{tail}")
        text = output.read().decode()
    return Sample(wall, usage.ru_utime + usage.ru_stime, in_bytes(usage.ru_maxrss), text)


def interleave(commands: Sequence[Command], runs: int, once: Collection[str] = ()) -> list[Timing]:
    """A B C D A B C D ...: whatever the machine does meanwhile falls on all alike. `once` names slow ones."""
    samples: list[list[Sample]] = [[] for _ in commands]
    for turn in range(runs):
        for command, taken in zip(commands, samples, strict=True):
            if turn == 0 or command.name not in once:
                taken.append(run_once(command))
    return [Timing(command, tuple(taken)) for command, taken in zip(commands, samples, strict=True)]


def warm_up(commands: Sequence[Command]) -> list[Timing]:
    """Each once, for the page cache and the byte code; what they print can be checked before the rest."""
    return interleave(commands, 1)


def floor() -> int:
    """The least peak that can be measured, in bytes.

    The kernel starts a child's peak at what its parent holds, so a child smaller than this harness shows the
    harness. That is why the harness imports nothing large.
    """
    return in_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_bytes(maxrss: int) -> int:
    """`ru_maxrss` is in KiB, but in bytes on macOS."""
    return maxrss if sys.platform == "darwin" else maxrss * 1024
