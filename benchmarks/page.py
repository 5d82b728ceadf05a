"""The page around the measurements: where they were made, how, with what, and how to make them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import data
import machine
import model_data
from model_parts import MODEL_PARTS
from parts import Plan
from report import table
from tools import LOSSES, losscli_command

METHOD = """\
Every number is of a whole process, from just before it was started until the kernel reported its end:
interpreter, imports, reading, computing and printing. The tools of a table took turns (A B C D, A B C D,
...) in one run, after a warm-up each, so the files were in the page cache and the byte code was compiled.
Wall time is the median of {runs} runs, with the least and the greatest beside it; CPU time, user and system
over all threads, is their median; peak memory is `ru_maxrss` as `wait4` reports it, the greatest of the
runs, and includes the pages of a file that a tool maps into memory. Every tool reads only the two columns
that are wanted, is told nothing about the file but its name and the columns, uses as many threads as it
likes, and prints the mean of the loss and its standard error (the sample deviation divided by the square
root of the row count); losscli prints its usual result, confidence interval included. scikit-learn is
imported only for the losses that it has, mse and pinball, and its import is a good part of that tool's time.
The data are synthetic, from fixed seeds: a normal target, and a prediction with a small bias and normal
noise; nothing in the CSV file is quoted; a Parquet file of more than {distinct} row groups repeats them.

The parts on files of a trained model are beside a NumPy and a PyTorch (CPU) script instead, as a user would
write them: columns whole in memory, read with pyarrow one by one, which was faster and leaner than all at once;
vectorised, in the type of the file, each loss in the fastest form that was tried. Mean and standard error are
over rows, for dice over images; losscli prints its JSON. These files are as pyarrow writes a table, Snappy and
up to {group:,} rows a row group, so an image can begin in one and end in the next."""


@dataclass(frozen=True)
class Occasion:
    """What is to be said about a run, beside its measurements."""

    command: str
    trial: bool
    losscli: str
    load_before: float
    notes: tuple[str, ...]


def heading(occasion: Occasion) -> list[str]:
    """Title, day, machine, and what is missing."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    loads = f"{occasion.load_before:.2f} before and {machine.load():.2f} after"
    lines = [
        "# Benchmarks",
        "Written by `benchmarks/run.py`; not edited by hand.",
        f"Measured on {day} on {machine.described()}; the load average was {loads}.",
        *occasion.notes,
    ]
    if occasion.trial:
        lines.append("**A trial run, not the published one: fewer runs, fewer rows or fewer parts.**")
    return [part for line in lines for part in (line, "")]


def commands(plan: Plan) -> list[str]:
    """Each tool's command on each file of the comparisons."""
    files = [data.location("parquet", plan.rows), data.location("csv", plan.csv_rows)]
    lines = []
    for file in files:
        for loss in LOSSES:
            if plan.with_losscli:
                lines.append(losscli_command(loss, file, "plain").shown())
            lines += [rival.command(loss.name, file).shown() for rival in plan.rivals]
    for part in MODEL_PARTS:
        model_file = part.file(plan.rows)
        if plan.with_losscli:
            lines.append(part.losscli(model_file).shown())
        lines += [rival.command(part.name, model_file).shown() for rival in plan.model_rivals]
    return lines


def page(plan: Plan, occasion: Occasion, measured: Sequence[str]) -> str:
    """The whole page."""
    method = METHOD.format(runs=plan.runs, distinct=data.DISTINCT_GROUPS, group=model_data.ROW_GROUP)
    again = ["```text", occasion.command, "```", ""]
    tools = ["```text", *commands(plan), "```", ""]
    lines = [
        *heading(occasion),
        *measured,
        *("## How it was measured", "", method, ""),
        *(
            "## To run it again",
            "",
            "From the project's root; the data files are made when they are absent:",
            "",
        ),
        *again,
        *("The commands that it compares:", ""),
        *tools,
        *("## Versions", ""),
        *table(("package", "version"), machine.versions(occasion.losscli), words=2),
    ]
    return "\n".join(lines).rstrip() + "\n"
