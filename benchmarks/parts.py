"""The parts of the benchmark: what is run side by side, and what is held of it for the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import data
from measure import BenchmarkError, Command, Timing, interleave, warm_up
from model_parts import ModelPart
from tools import (
    LOSSCLI,
    LOSSES,
    Answer,
    Loss,
    Rival,
    disagreement,
    json_answer,
    losscli_answer,
    losscli_command,
    printed_answer,
    same_bytes,
)

STARTUP_ROWS = 1_000


@dataclass(frozen=True)
class Plan:
    """What one invocation measures with."""

    runs: int
    rows: int
    rivals: tuple[Rival, ...]
    model_rivals: tuple[Rival, ...]
    with_losscli: bool
    large: bool

    @property
    def csv_rows(self) -> int:
        """A CSV row takes far longer to read, so the CSV file has a quarter of the rows."""
        return self.rows // 4

    @property
    def large_rows(self) -> int:
        """The rows of the longest file, whose memory is measured when asked for."""
        return self.rows * 5


@dataclass(frozen=True)
class Cell:
    """One loss on one file: every tool, and how far their answers were apart."""

    loss: Loss
    timings: tuple[Timing, ...]
    answer: Answer
    apart: float


@dataclass(frozen=True)
class Comparison:
    """losscli and its rivals on one file."""

    rows: int
    bytes: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ModelCell:
    """One part about a model's file: every tool, and how far their answers were apart."""

    part: ModelPart
    rows: int
    bytes: int
    timings: tuple[Timing, ...]
    answer: Answer
    apart: float


@dataclass(frozen=True)
class Growth:
    """losscli alone on files of several lengths."""

    loss: Loss
    timings: tuple[tuple[int, Timing], ...]


def progress(text: str) -> None:
    """Say on stderr what is being measured."""
    print(text, file=sys.stderr, flush=True)


def announce(name: str, file: Path, commands: Sequence[Command]) -> None:
    """Say who takes part, of whom there must be one."""
    if not commands:
        raise BenchmarkError("no tool is left to be measured")
    progress(f"{name} on {file.name}: {', '.join(command.name for command in commands)}")


def measure_cell(plan: Plan, loss: Loss, file: Path) -> Cell:
    """One loss on one file; the answers are compared before the long part, and again after it."""
    commands = [rival.command(loss.name, file) for rival in plan.rivals]
    if plan.with_losscli:
        commands.insert(0, losscli_command(loss, file, "plain"))
    announce(loss.name, file, commands)
    first = warm_up(commands)
    if plan.with_losscli:
        expected = losscli_answer(loss, file)
    else:
        expected = printed_answer(first[0].command.name, first[0].samples[0].output)
    disagreement(expected, first)
    timings = interleave(commands, plan.runs)
    same_bytes(timings)
    return Cell(loss, tuple(timings), expected, disagreement(expected, timings))


def compare(plan: Plan, kind: str, rows: int) -> Comparison:
    """Every loss on a file of that kind and length."""
    file = data.ensure(kind, rows)
    cells = tuple(measure_cell(plan, loss, file) for loss in LOSSES)
    return Comparison(rows, (data.ROOT / file).stat().st_size, cells)


def measure_model(plan: Plan, part: ModelPart) -> ModelCell:
    """One loss on a model's file; losscli's answer is the one that it prints while it is timed."""
    rows = part.rows(plan.rows)
    file = data.ensure("parquet", rows, part.name)
    commands = [rival.command(part.name, file) for rival in plan.model_rivals]
    if plan.with_losscli:
        commands.insert(0, part.losscli(file))
    announce(part.name, file, commands)
    first = warm_up(commands)
    output = first[0].samples[0].output
    expected = json_answer(commands[0], output) if plan.with_losscli else printed_answer(commands[0].name, output)
    disagreement(expected, first, part.tolerance)
    timings = interleave(commands, plan.runs)
    same_bytes(timings)
    size = (data.ROOT / file).stat().st_size
    return ModelCell(part, rows, size, tuple(timings), expected, disagreement(expected, timings, part.tolerance))


def losscli_entry() -> tuple[str, ...]:
    """The installed `losscli` where it runs this checkout, else `python -m losscli`."""
    script = Path(sys.executable).with_name("losscli")
    question = (sys.executable, "-c", "import losscli; print(losscli.__file__)")
    found = subprocess.run(question, cwd=os.sep, capture_output=True, text=True)
    here = data.ROOT / "losscli" / "__init__.py"
    if script.exists() and found.returncode == 0 and Path(found.stdout.strip()).resolve() == here:
        return (str(script),)
    return (sys.executable, "-m", "losscli")


def measure_startup(plan: Plan) -> tuple[Timing, ...]:
    """How long it takes until a process that has next to nothing to do is done."""
    progress("startup")
    commands = [
        Command("bare Python", (sys.executable, "-c", "pass")),
        Command("NumPy and pyarrow", (sys.executable, "-c", "import numpy, pyarrow.parquet")),
    ]
    if plan.with_losscli:
        file = data.ensure("parquet", STARTUP_ROWS)
        entry = losscli_entry()
        columns = ("--target", "y_true", "--pred", "y_pred")
        compute = (*entry, "compute", "--loss", "mse", str(file), *columns, "--json")
        commands += [
            Command(f"{LOSSCLI}, its version", (*entry, "--version")),
            Command(f"{LOSSCLI}, its help", (*entry, "--help")),
            Command(f"{LOSSCLI}, {STARTUP_ROWS:,} rows", compute),
        ]
    warm_up(commands)
    return tuple(interleave(commands, plan.runs))


def measure_growth(plan: Plan) -> Growth:
    """losscli on files of growing length; the longest is large, and only made when asked for."""
    lengths = [plan.rows // 2, plan.rows] + ([plan.large_rows] if plan.large else [])
    loss = LOSSES[0]
    files = [data.ensure("parquet", rows) for rows in lengths]
    progress(f"memory on {', '.join(f'{rows:,}' for rows in lengths)} rows")
    commands = [losscli_command(loss, file, "plain") for file in files]
    warm_up(commands)
    timings = interleave(commands, plan.runs)
    return Growth(loss, tuple(zip(lengths, timings, strict=True)))
