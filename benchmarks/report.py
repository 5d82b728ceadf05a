"""The measurements as Markdown. The whole page is generated; nothing in it is edited by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from measure import Timing
from parts import Cell, Comparison, Growth
from tools import LOSSCLI, TOLERANCE

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


def ratio(cell: Cell, measure: Callable[[Timing], float]) -> str:
    """losscli over the best rival in this measure, and which rival that is."""
    own = [timing for timing in cell.timings if timing.command.name == LOSSCLI]
    rivals = [timing for timing in cell.timings if timing.command.name != LOSSCLI]
    if not own or not rivals:
        return "not measured"
    best = min(rivals, key=measure)
    return f"{measure(own[0]) / measure(best):.2f} ({best.command.name})"


def comparison(title: str, what: str, part: Comparison) -> list[str]:
    """The table of every loss and tool, the ratios, and how close the answers were."""
    rows = [[cell.loss.title, timing.command.name, *measured(timing)] for cell in part.cells for timing in cell.timings]
    ratios = [
        [
            cell.loss.title,
            ratio(cell, lambda timing: timing.wall),
            ratio(cell, lambda timing: timing.cpu),
            ratio(cell, lambda timing: timing.peak),
        ]
        for cell in part.cells
    ]
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
        "losscli divided by the best rival in each measure, below 1 where losscli is better:",
        "",
        *table(("loss", "wall time", "CPU time", "peak memory"), ratios, words=1),
        f"The answers: {answers}.",
        f"The largest relative difference between {whose} answer and a rival's, over all runs,"
        f" was {apart:.1e}; more than {TOLERANCE:g} would have ended the run.",
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
