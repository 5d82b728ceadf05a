"""The measurements as Markdown. The whole page is generated; nothing in it is edited by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from measure import Timing
from parts import Plan, Result
from targets import TARGETS, Findings
from tools import LOSSCLI

MB = 1_000_000


def table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> list[str]:
    """A Markdown table; the first `words` columns are text, the others are numbers and stand right."""
    rule = ["---" if index < words else "--:" for index in range(len(head))]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)] + [""]


def seconds(value: float) -> str:
    """Milliseconds are the last digit worth reading."""
    return f"{value:.3f}"


def megabytes(value: float, floor: int = 0) -> str:
    """At the floor only an upper bound is known."""
    return f"under {value / MB:.0f}" if value <= floor * 1.02 else f"{value / MB:.0f}"


def measured(timing: Timing, floor: int = 0) -> list[str]:
    """The five numbers of a process."""
    walls = (timing.wall, timing.fastest, timing.slowest, timing.cpu)
    return [*map(seconds, walls), megabytes(timing.peak, floor)]


MEASURED = ("wall s, median", "min", "max", "CPU s", "peak MB")


Measure = Callable[[Timing], float]


def share(timings: Sequence[Timing], measure: Measure) -> tuple[float, str] | None:
    """losscli over the best rival in this measure, and which rival that is; None where one side is missing."""
    own = [timing for timing in timings if timing.command.name == LOSSCLI]
    rivals = [timing for timing in timings if not timing.command.name.startswith(LOSSCLI)]
    if not own or not rivals:
        return None
    best = min(rivals, key=measure)
    return measure(own[0]) / measure(best), best.command.name


def ratios(timings: Sequence[Timing]) -> list[str]:
    """The three measures of losscli beside the best rival in each."""
    measures: tuple[Measure, ...] = (lambda one: one.wall, lambda one: one.cpu, lambda one: one.peak)
    shares = [share(timings, measure) for measure in measures]
    return [f"{found[0]:.2f} ({found[1]})" if found else "not measured" for found in shares]


RATIOS = ("wall time", "CPU time", "peak memory")
RATIOS_MEAN = "losscli divided by the best rival in each measure, below 1 where losscli is better:"


def targets(findings: Findings) -> list[str]:
    """What was to be reached, and whether it was."""
    return [
        "## Targets",
        "",
        "A number without a unit is losscli's divided by that of what stands after *of*, in this run: of the median",
        "wall time, or of peak memory where it says so. Of several cases, the one that decides is named.",
        "",
        *table(("target", "case", "met", "measured", "at most"), [target.row(findings) for target in TARGETS], words=3),
    ]


def answered(result: Result) -> str:
    """The file of a contest, the answer, and how close the rivals came."""
    contest, answers, apart = result.contest, result.answers, result.apart
    others = f" (the first of {len(answers)} answers)" if len(answers) > 1 else ""
    size = f"{result.rows:,} rows, {result.bytes / MB:,.0f} MB"
    off = f"{apart.value:.1e} in the value and {apart.stderr:.1e} in the standard error"
    return (
        f"- {contest.name}: {size}, {contest.file.what}; {answers[0]}{others};"
        f" {off} apart at most, and more than {contest.tolerance} would have ended the run."
    )


def once(plan: Plan, results: Sequence[Result]) -> list[str]:
    """Who is so slow that there is one sample, without a warm-up."""
    slow = {t.command.name for result in results for t in result.timings if len(t.samples) < plan.runs}
    return [f"Timed once, without a warm-up: {', '.join(sorted(slow))}.", ""] if slow else []


def contests(title: str, plan: Plan, results: Sequence[Result]) -> list[str]:
    """The table of every loss and tool of a part, the ratios, and how close the answers were."""
    rows = [[r.contest.name, timing.command.name, *measured(timing)] for r in results for timing in r.timings]
    return [
        f"## {title}",
        "",
        *table(("question", "tool", *MEASURED), rows, words=2),
        *once(plan, results),
        RATIOS_MEAN,
        "",
        *table(("question", *RATIOS), [[r.contest.name, *ratios(r.timings)] for r in results], words=1),
        "The files, with the mean loss, its standard error and the largest relative difference in any run:",
        "",
        *map(answered, results),
        "",
    ]


def startup(timings: Sequence[Timing], floor: int) -> list[str]:
    """How long a process with nothing to do takes."""
    bare = timings[0].wall
    rows = [[timing.command.name, *measured(timing, floor), f"{timing.wall / bare:.1f}"] for timing in timings]
    lines = ["```text", *(timing.command.shown() for timing in timings), "```", ""]
    return ["## Start-up", "", *table(("process", *MEASURED, "wall / bare Python"), rows, words=1), *lines]


def growth(plan: Plan, timings: Sequence[Timing]) -> list[str]:
    """losscli's memory against the length of the file."""
    bare = timings[0].peak
    rows = [[timing.command.name, *measured(timing), f"{(timing.peak - bare) / MB:.0f}"] for timing in timings]
    left = "" if plan.large else f" `--large` goes on to {plan.longest:,} rows; this run went without."
    return [
        "## Memory",
        "",
        f"losscli alone, mse, on Parquet files of growing length, beside a process that only imports.{left}",
        "",
        *table(("process", *MEASURED, "MB above the first"), rows, words=1),
    ]
