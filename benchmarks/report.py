"""The measurements as Markdown. The whole page is generated; nothing in it is edited by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from measure import Timing
from parts import Comparison, Growth, ModelCell
from tools import LOSSCLI, TOLERANCE

MB = 1_000_000
AIMS = (1.0, 0.2)  # losscli's wall time and peak memory, of the best rival's, on a model's file


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
    rivals = [timing for timing in timings if timing.command.name != LOSSCLI]
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


def comparison(title: str, what: str, part: Comparison) -> list[str]:
    """The table of every loss and tool, the ratios, and how close the answers were."""
    rows = [[cell.loss.title, timing.command.name, *measured(timing)] for cell in part.cells for timing in cell.timings]
    answers = "; ".join(
        f"{cell.loss.title} {cell.answer.value!r} with standard error {cell.answer.stderr!r}" for cell in part.cells
    )
    whose = "losscli's" if part.cells[0].timings[0].command.name == LOSSCLI else "the first tool's"
    apart = max(cell.apart for cell in part.cells)
    return [
        f"## {title}",
        "",
        f"{part.rows:,} rows, {part.bytes / MB:,.0f} MB, {what}",
        "",
        *table(("loss", "tool", *MEASURED), rows, words=2),
        RATIOS_MEAN,
        "",
        *table(("loss", *RATIOS), [[cell.loss.title, *ratios(cell.timings)] for cell in part.cells], words=1),
        f"The answers: {answers}.",
        f"The largest relative difference between {whose} answer and a rival's, over all runs,"
        f" was {apart:.1e}; more than {TOLERANCE:g} would have ended the run.",
        "",
    ]


def aims_met(cell: ModelCell) -> str:
    """Whether losscli meets the aims here, and which it does not."""
    wall = share(cell.timings, lambda timing: timing.wall)
    peak = share(cell.timings, lambda timing: timing.peak)
    if wall is None or peak is None:
        return "not measured"
    found = (round(wall[0], 2), round(peak[0], 2))  # as the table shows them
    names = [name for name, value, aim in zip(("time", "memory"), found, AIMS, strict=True) if value > aim]
    return "no: " + " and ".join(names) if names else "yes"


def models(cells: Sequence[ModelCell]) -> list[str]:
    """The table of every part about a model's file, the ratios with the aims, the files and the answers."""
    rows = [[cell.part.name, timing.command.name, *measured(timing)] for cell in cells for timing in cell.timings]
    files = [
        f"- {cell.part.name}: {cell.rows:,} rows, {cell.bytes / MB:,.0f} MB, {cell.part.what}; "
        f"{cell.answer.value!r} with standard error {cell.answer.stderr!r}; "
        f"{cell.apart:.1e} apart, and more than {cell.part.tolerance:g} would have ended the run."
        for cell in cells
    ]
    return [
        "## Files of a trained model",
        "",
        *table(("part", "tool", *MEASURED), rows, words=2),
        RATIOS_MEAN,
        "",
        *table(("part", *RATIOS, "aims met"), [[c.part.name, *ratios(c.timings), aims_met(c)] for c in cells], words=1),
        f"The aims are at most {AIMS[0]:.2f} of the best rival's wall time and {AIMS[1]:.2f} of its peak memory.",
        "",
        "The files, with the mean loss, its standard error and the largest relative difference in any run:",
        "",
        *files,
        "",
    ]


def startup(timings: Sequence[Timing], floor: int) -> list[str]:
    """How long a process with nothing to do takes."""
    bare = timings[0].wall
    rows = [[timing.command.name, *measured(timing, floor), f"{timing.wall / bare:.1f}"] for timing in timings]
    lines = ["```text", *(timing.command.shown() for timing in timings), "```", ""]
    return ["## Start-up", "", *table(("process", *MEASURED, "wall / bare Python"), rows, words=1), *lines]


def growth(part: Growth) -> list[str]:
    """losscli's memory against the length of the file."""
    least = part.timings[0][1].peak
    rows = [[f"{length:,}", *measured(timing), f"{timing.peak / least:.2f}"] for length, timing in part.timings]
    return [
        "## Memory",
        "",
        f"losscli alone, {part.loss.title}, on Parquet files of growing length:",
        "",
        *table(("rows", *MEASURED, "peak / peak of the first"), rows, words=0),
    ]
