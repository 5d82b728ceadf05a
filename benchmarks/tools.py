"""The tools that are compared: losscli and its rivals, how each is run and how its answer is read."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import BenchmarkError, Command, Timing, run_once

LOSSCLI = "losscli"
DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # where the package is installed under another name
TOLERANCE = 1e-9  # relative; the tools add in different orders, and their logarithms differ in the last bit


@dataclass(frozen=True)
class Loss:
    """A loss by losscli's name, with the options that it needs."""

    name: str
    options: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and parameters, for a table."""
        return " ".join((self.name, *(option.removeprefix("--") for option in self.options)))


@dataclass(frozen=True)
class Rival:
    """A script in rivals/ and the packages that it imports."""

    name: str
    script: str
    packages: tuple[str, ...]
    remedy: str = "the project's `bench` extra brings it"

    def missing(self) -> list[str]:
        """The packages that this interpreter lacks; looked up, not imported, which would be measured."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        return [DISTRIBUTIONS.get(name, name) for name in absent]

    def command(self, name: str, file: Path) -> Command:
        """The script on one file, for the loss or part of that name."""
        return Command(self.name, (sys.executable, f"benchmarks/rivals/{self.script}", name, str(file)))


@dataclass(frozen=True)
class Answer:
    """A mean and its standard error."""

    value: float
    stderr: float


LOSSES = (Loss("mse"), Loss("pinball", ("--tau", "0.8")), Loss("log_cosh"))
RIVALS = (
    Rival("DuckDB", "with_duckdb.py", ("duckdb",)),
    Rival("Polars", "with_polars.py", ("polars",)),
    Rival("pandas + scikit-learn", "with_pandas.py", ("pandas", "sklearn", "pyarrow")),
    Rival("pandas + NumPy", "with_pandas_numpy.py", ("pandas", "pyarrow")),
)


def losscli_command(loss: Loss, file: Path, output: str) -> Command:
    """losscli on one file; `-m` from the project's root runs this checkout, installed or not."""
    columns = ("--target", "y_true", "--pred", "y_pred")
    head = (sys.executable, "-m", "losscli", "compute", "--loss", loss.name, *loss.options)
    return Command(LOSSCLI, (*head, str(file), *columns, "-o", output))


def available(rivals: Sequence[Rival]) -> tuple[tuple[Rival, ...], list[str]]:
    """The rivals that can run here, and a sentence about each that cannot."""
    present = tuple(rival for rival in rivals if not rival.missing())
    absent = [
        f"{rival.name} was left out: this Python has no {' and no '.join(rival.missing())} ({rival.remedy})."
        for rival in rivals
        if rival.missing()
    ]
    return present, absent


def losscli_version() -> str:
    """The number that `losscli --version` prints; a BenchmarkError where it does not run."""
    output = run_once(Command(LOSSCLI, (sys.executable, "-m", "losscli", "--version"))).output
    return output.strip().removeprefix(LOSSCLI).strip()


def losscli_answer(loss: Loss, file: Path) -> Answer:
    """Value and standard error from losscli's JSON, at full precision."""
    command = losscli_command(loss, file, "json")
    return json_answer(command, run_once(command).output)


def json_answer(command: Command, output: str) -> Answer:
    """Value and standard error of the only result."""
    try:
        result = json.loads(output)["results"][0]
        return Answer(float(result["value"]), float(result["stderr"]))
    except (ValueError, LookupError, TypeError) as error:
        message = f"no value and stderr in the JSON of: {command.shown()}\n{output[:2000]}"
        raise BenchmarkError(message) from error


def printed_answer(name: str, output: str) -> Answer:
    """What a rival's script printed: two numbers."""
    try:
        value, stderr = map(float, output.split())
    except ValueError as error:
        raise BenchmarkError(f"{name} should print two numbers, and printed: {output[:500]!r}") from error
    return Answer(value, stderr)


def distance(one: float, other: float) -> float:
    """The relative difference; infinite where either is not a number."""
    if one == other:
        return 0.0
    size = max(abs(one), abs(other))
    far = abs(one - other) / size
    return far if far >= 0 else float("inf")


def disagreement(expected: Answer, timings: Sequence[Timing], tolerance: float = TOLERANCE) -> float:
    """The largest relative difference of a rival's run from the expected answer; past the tolerance it fails."""
    largest = 0.0
    for timing in timings:
        if timing.command.name == LOSSCLI:
            continue
        for sample in timing.samples:
            answer = printed_answer(timing.command.name, sample.output)
            off = max(distance(answer.value, expected.value), distance(answer.stderr, expected.stderr))
            if not off <= tolerance:
                raise BenchmarkError(
                    f"the tools disagree by {off:.3g}, more than {tolerance:g}: expected {expected},"
                    f" {timing.command.name} says {answer} from: {timing.command.shown()}"
                )
            largest = max(largest, off)
    return largest


def same_bytes(timings: Sequence[Timing]) -> None:
    """losscli promises the same bytes for the same input; a run that differs fails."""
    for timing in timings:
        if timing.command.name == LOSSCLI and len({sample.output for sample in timing.samples}) != 1:
            raise BenchmarkError(f"two runs printed different results: {timing.command.shown()}")
