"""The benchmark judges by its samples: numbers by hand, answers that differ end a run, what is absent is named."""

from __future__ import annotations

import sys

import pytest
from answers import Answer, Apart, Tolerance, apart, disagreement, losscli_answers, printed_answers, same_bytes
from contests import contests
from measure import BenchmarkError, Command, Sample, Timing, interleave, run_once
from targets import MEMORY, SIX, TARGETS, Findings, Found, Target, geometric_mean, growth, mean_of_six, worst_of
from tools import RIVALS, Rival, available

TIGHT = Tolerance(1e-9, 1e-9)
MB = 1_000_000


def _timing(name: str, wall: float, peak: int = 100, output: str = "") -> Timing:
    return Timing(Command(name, ("true",)), (Sample(wall, wall, peak * MB, output),))


def _six(own: list[float]) -> Findings:
    """DuckDB takes 2 s and Polars 4 s for every loss."""
    walls = zip(SIX, own, strict=True)
    return {key: (_timing("losscli", wall), _timing("DuckDB", 2.0), _timing("Polars", 4.0)) for key, wall in walls}


def test_shares_are_of_the_faster_rival() -> None:
    # shares 1/2, 1/2, 2, 2, 1, 1: their product is 1
    found = mean_of_six(_six([1.0, 1.0, 4.0, 4.0, 2.0, 2.0]))
    assert found.value == pytest.approx(1.0, abs=1e-12)
    assert found.where == "from 0.500 to 2.000"


def test_the_worst_case_decides_and_is_named() -> None:
    measure = worst_of(dict.fromkeys(SIX, ("DuckDB", "Polars")))
    assert measure(_six([1.0, 1.0, 1.0, 1.0, 1.0, 3.0])) == Found(1.5, "bce, DuckDB")


def test_geometric_mean_of_hand_picked_shares() -> None:
    assert geometric_mean([Found(2.0, ""), Found(8.0, "")]).value == pytest.approx(4.0, abs=1e-12)


@pytest.mark.parametrize(("value", "met"), [(1.1, "yes"), (1.1000001, "**no**"), (float("nan"), "**no**")])
def test_a_target_is_met_by_the_number_itself(value: float, met: str) -> None:
    row = Target("a target", 1.1, lambda _: Found(value, "a case")).row({})
    assert row[:3] == ["a target", "a case", met]


def test_without_samples_no_target_is_met() -> None:
    assert {target.row({})[2] for target in TARGETS} == {"not measured"}


def test_a_rival_that_is_absent_leaves_its_target_open() -> None:
    without = {key: timings[:2] for key, timings in _six([1.0] * 6).items()}
    row = Target("six", 0.9, mean_of_six).row(without)
    assert (row[1], row[2]) == ("without Polars", "not measured")


def test_memory_is_compared_over_the_lengths_alone() -> None:
    timings = (
        _timing("NumPy and pyarrow", 1, 60),
        _timing("losscli, 10 rows", 1, 100),
        _timing("losscli, 30 rows", 1, 125),
    )
    assert growth({MEMORY: timings}) == Found(1.25, "10 rows to 30 rows")


def test_every_target_finds_its_contest() -> None:
    """A name that was changed in one place only would be a target that is never measured."""
    asked = {(contest.part, contest.name): contest for contest in contests(20_000_000)}
    everyone = ["losscli", "bare Python", "NumPy and pyarrow", *(rival.name for rival in RIVALS)]
    everyone += [f"losscli, {job}" for job in ("version", "help", "completion", "1,000 rows", "10 rows")]
    everyone += [contest.beside[0] for contest in asked.values() if contest.beside]
    findings = {
        key: [_timing(name, 1.0) for name in everyone] for key in [*asked, ("startup", "startup"), ("memory", "memory")]
    }
    assert "not measured" not in {target.row(findings)[2] for target in TARGETS}


def test_losscli_answers_are_read_from_its_table() -> None:
    table = "loss\tvalue\tstderr\tslice\nmse\t0.5\t0.25\t\nmse\t2.0\t1.0\tk=b\nmse\t1.0\t\tk=a\n"
    assert losscli_answers(table) == (Answer(1.0, None), Answer(2.0, 1.0))
    assert losscli_answers("\n".join(table.splitlines()[:2])) == (Answer(0.5, 0.25),)
    with pytest.raises(BenchmarkError, match="no value and stderr"):
        losscli_answers("nothing\nof the kind\n")


def test_rivals_answers_are_lines_of_numbers() -> None:
    assert printed_answers("Polars", "1.0 0.5\n2.0\n") == (Answer(1.0, 0.5), Answer(2.0, None))
    with pytest.raises(BenchmarkError, match="Polars should print lines of numbers"):
        printed_answers("Polars", "mean 1.0\n")


@pytest.mark.parametrize(
    ("others", "off"),
    [
        ((Answer(1.0, 0.5),), Apart(0.0, 0.0)),
        ((Answer(2.0, 0.5),), Apart(0.5, 0.0)),
        ((Answer(1.0, None),), Apart(0.0, float("inf"))),
        ((Answer(float("nan"), 0.5),), Apart(float("inf"), 0.0)),
        ((), Apart(float("inf"), float("inf"))),
    ],
)
def test_how_far_answers_are_apart(others: tuple[Answer, ...], off: Apart) -> None:
    assert apart((Answer(1.0, 0.5),), others) == off


def test_a_rival_that_disagrees_ends_the_run() -> None:
    expected = (Answer(1.0, 0.5),)
    agreed = _timing("DuckDB", 1.0, output="1.0 0.5\n")
    assert disagreement(expected, [agreed], TIGHT) == Apart(0.0, 0.0)
    with pytest.raises(BenchmarkError, match="Polars says"):
        disagreement(expected, [agreed, _timing("Polars", 1.0, output="1.0 0.6\n")], TIGHT)
    with pytest.raises(BenchmarkError, match="disagree"):
        disagreement(expected, [_timing("Polars", 1.0, output="1.0\n")], TIGHT)


def test_losscli_that_prints_something_else_the_next_time_ends_the_run() -> None:
    runs = (Sample(1.0, 1.0, 1, "0.5"), Sample(1.0, 1.0, 1, "0.6"))
    with pytest.raises(BenchmarkError, match="different results"):
        same_bytes([Timing(Command("losscli, mse alone", ("true",)), runs)])


def test_what_cannot_run_here_is_named() -> None:
    here = Rival("here", "x.py", ("json",))
    present, notes = available(
        [here, Rival("absent", "x.py", ("no_such_package",)), Rival("huge", "x.py", (), gigabytes=10**6)]
    )
    assert present == (here,)
    assert notes == [
        "absent was left out: this Python has no no_such_package (the project's `bench` extra brings it).",
        "huge was left out: it needs 1000000 GB of memory.",
    ]


def test_slow_rivals_are_timed_once() -> None:
    idle = (sys.executable, "-c", "pass")
    timings = interleave([Command("slow", idle), Command("quick", idle)], 2, {"slow"})
    assert [len(timing.samples) for timing in timings] == [1, 2]


def test_a_command_has_its_environment() -> None:
    command = Command("asked", (sys.executable, "-c", "import os; print(os.environ['WORDS'])"), (("WORDS", "a b"),))
    assert run_once(command).output.strip() == "a b"
    assert command.shown().startswith('WORDS="a b" python -c ')
