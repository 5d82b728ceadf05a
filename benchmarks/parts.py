"""The parts of the benchmark: what is run side by side, and what is held of it for the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import data
from answers import Answers, Apart, answers_of, disagreement, same_bytes
from contests import PAIR, Contest, compute, losscli
from measure import BenchmarkError, Command, Timing, interleave, warm_up
from tools import LOSSCLI, ONCE, Rival

STARTUP_ROWS = 1_000
BARE = "bare Python"
IMPORTS = "NumPy and pyarrow"
VERSION, HELP, COMPLETION, SMALL = (f"{LOSSCLI}, {what}" for what in ("version", "help", "completion", "1,000 rows"))


@dataclass(frozen=True)
class Plan:
    """What one invocation measures with."""

    runs: int
    rows: int
    rivals: tuple[Rival, ...]
    with_losscli: bool
    large: bool

    @property
    def lengths(self) -> tuple[int, ...]:
        """The rows of the files on which memory is measured; the long ones are only made when asked for."""
        return (self.rows // 2, self.rows, *((self.rows * 5, self.longest) if self.large else ()))

    @property
    def longest(self) -> int:
        """The rows of the longest file."""
        return self.rows * 15


@dataclass(frozen=True)
class Result:
    """One contest: every tool, and how far their answers were apart."""

    contest: Contest
    rows: int
    bytes: int
    timings: tuple[Timing, ...]
    answers: Answers
    apart: Apart


def progress(text: str) -> None:
    """Say on stderr what is being measured."""
    print(text, file=sys.stderr, flush=True)


def measure_contest(plan: Plan, contest: Contest) -> Result:
    """Everyone on one file; the answers are compared before the long part, and again after it."""
    file = contest.file.ensure(plan.rows)
    commands = contest.commands(file, plan.rivals, plan.with_losscli)
    if not commands:
        raise BenchmarkError("no tool is left to be measured")
    progress(f"{contest.name} on {file.name}: {', '.join(command.name for command in commands)}")
    first = warm_up([command for command in commands if command.name not in ONCE])
    if first:
        disagreement(answers_of(first[0]), first, contest.tolerance)
    timings = interleave(commands, plan.runs, ONCE)
    same_bytes(timings)
    expected = answers_of(timings[0])
    off = disagreement(expected, timings, contest.tolerance)
    size = (data.ROOT / file).stat().st_size
    return Result(contest, contest.file.rows(plan.rows), size, tuple(timings), expected, off)


def losscli_entry() -> tuple[str, ...]:
    """The installed `losscli` where it runs this checkout, else `python -m losscli`."""
    script = Path(sys.executable).with_name("losscli")
    question = (sys.executable, "-c", "import losscli; print(losscli.__file__)")
    found = subprocess.run(question, cwd=os.sep, capture_output=True, text=True)
    here = data.ROOT / "losscli" / "__init__.py"
    if script.exists() and found.returncode == 0 and Path(found.stdout.strip()).resolve() == here:
        return (str(script),)
    return (sys.executable, "-m", "losscli")


def startup_commands() -> dict[Command, str]:
    """losscli's short jobs, and a word that each must print."""
    entry = losscli_entry()
    file = data.ensure("parquet", STARTUP_ROWS)
    line = "losscli compute --loss log_"
    asked = (("_LOSSCLI_COMPLETE", "complete_bash"), ("COMP_WORDS", line), ("COMP_CWORD", "3"))
    return {
        Command(VERSION, (*entry, "--version")): LOSSCLI,
        Command(HELP, (*entry, "--help")): "compute",
        Command(COMPLETION, entry, asked): "log_cosh",
        Command(SMALL, (*entry, "compute", "--loss", "mse", str(file), *PAIR, "--json")): '"stderr"',
    }


def measure_startup(plan: Plan) -> tuple[Timing, ...]:
    """How long it takes until a process that has next to nothing to do is done."""
    progress("startup")
    bare = Command(BARE, (sys.executable, "-c", "pass"))
    own = startup_commands() if plan.with_losscli else {}
    commands = [bare, imports(), *own]
    for timing in warm_up(commands):
        word = own.get(timing.command, "")
        if word not in timing.samples[0].output:
            raise BenchmarkError(f"no {word} in the output of: {timing.command.shown()}")
    return tuple(interleave(commands, plan.runs))


def imports() -> Command:
    """What losscli cannot do without, and nothing else."""
    return Command(IMPORTS, (sys.executable, "-c", "import numpy, pyarrow.parquet"))


def measure_growth(plan: Plan) -> tuple[Timing, ...]:
    """losscli on files of growing length, and a process that only imports what it needs."""
    files: Sequence[Path] = [data.ensure("parquet", rows) for rows in plan.lengths]
    progress(f"memory on {', '.join(f'{rows:,}' for rows in plan.lengths)} rows")
    words = compute("mse", *PAIR)
    sized = zip(plan.lengths, files, strict=True)
    commands = [imports(), *(losscli(f"{LOSSCLI}, {rows:,} rows", words, file) for rows, file in sized)]
    warm_up(commands)
    return tuple(interleave(commands, plan.runs))
