"""What the tools answered, and whether they agree: means and their standard errors, one for each loss or slice."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from measure import BenchmarkError, Timing
from tools import LOSSCLI


@dataclass(frozen=True)
class Answer:
    """A mean and its standard error, which a single batch does not have."""

    value: float
    stderr: float | None

    def __str__(self) -> str:
        return repr(self.value) if self.stderr is None else f"{self.value!r} with standard error {self.stderr!r}"


@dataclass(frozen=True)
class Tolerance:
    """How far two answers may be apart, relative."""

    value: float
    stderr: float

    def __str__(self) -> str:
        both = f"{self.value:g} in the value and {self.stderr:g} in the standard error"
        return f"{self.value:g}" if self.value == self.stderr else both


@dataclass(frozen=True)
class Apart:
    """How far answers were apart at most, relative."""

    value: float = 0.0
    stderr: float = 0.0

    def within(self, tolerance: Tolerance) -> bool:
        """False for NaN as well."""
        return self.value <= tolerance.value and self.stderr <= tolerance.stderr

    def or_more(self, other: Apart) -> Apart:
        """The larger of each."""
        return Apart(max(self.value, other.value), max(self.stderr, other.stderr))


Answers = tuple[Answer, ...]


def losscli_answers(output: str) -> Answers:
    """The rows of losscli's tab-separated table; of slices those, in the order of their names, without the whole."""
    try:
        rows = list(csv.DictReader(output.splitlines(), delimiter="\t"))
        slices = sorted((row for row in rows if row["slice"]), key=lambda row: row["slice"])
        return tuple(
            Answer(float(row["value"]), float(row["stderr"]) if row["stderr"] else None) for row in slices or rows
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"no value and stderr in the output of {LOSSCLI}:\n{output[:2000]}") from error


def printed_answers(name: str, output: str) -> Answers:
    """What a rival's script printed: a line of one or two numbers for each."""
    try:
        lines = [[float(word) for word in line.split()] for line in output.splitlines()]
        return tuple(Answer(line[0], line[1] if len(line) > 1 else None) for line in lines)
    except (ValueError, IndexError) as error:
        raise BenchmarkError(f"{name} should print lines of numbers, and printed: {output[:500]!r}") from error


def answers_of(timing: Timing) -> Answers:
    """What the tool said in its first run."""
    name, output = timing.command.name, timing.samples[0].output
    return losscli_answers(output) if name == LOSSCLI else printed_answers(name, output)


def distance(one: float | None, other: float | None) -> float:
    """The relative difference; infinite where either is not a number, or one is missing."""
    if one == other:
        return 0.0
    if one is None or other is None:
        return float("inf")
    far = abs(one - other) / max(abs(one), abs(other))
    return far if far >= 0 else float("inf")


def apart(some: Answers, others: Answers) -> Apart:
    """The largest differences between them."""
    if not some or len(some) != len(others):
        return Apart(float("inf"), float("inf"))
    pairs = list(zip(some, others, strict=True))
    values = max(distance(one.value, other.value) for one, other in pairs)
    return Apart(values, max(distance(one.stderr, other.stderr) for one, other in pairs))


def disagreement(expected: Answers, timings: Sequence[Timing], tolerance: Tolerance) -> Apart:
    """How far the rivals' runs were from the expected answers at most; past the tolerance it fails."""
    largest = Apart()
    for timing in timings:
        name = timing.command.name
        if name.startswith(LOSSCLI):
            continue
        for sample in timing.samples:
            found = printed_answers(name, sample.output)
            off = apart(found, expected)
            if not off.within(tolerance):
                raise BenchmarkError(
                    f"the tools disagree by {off}, more than {tolerance}: expected {list(map(str, expected))},"
                    f" {name} says {list(map(str, found))} from: {timing.command.shown()}"
                )
            largest = largest.or_more(off)
    return largest


def same_bytes(timings: Sequence[Timing]) -> None:
    """losscli promises the same bytes for the same input; a run that differs fails."""
    for timing in timings:
        if timing.command.name.startswith(LOSSCLI) and len({sample.output for sample in timing.samples}) != 1:
            raise BenchmarkError(f"two runs printed different results: {timing.command.shown()}")
