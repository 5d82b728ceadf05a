"""The page around the measurements: where they were made, how, with what, and how to make them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import data
import machine
import model_data
from contests import contests
from parts import Plan
from report import table
from tools import ONCE

METHOD = """\
Every number is of a whole process, from just before it was started until the kernel reported its end:
interpreter, imports, reading, computing and printing. The tools of a table took turns (A B C D, A B C D, ...)
in one run, after a warm-up each, so the files were in the page cache and the byte code was compiled. Wall time
is the median of {runs} runs, with the least and the greatest beside it; CPU time, user and system over all
threads, is their median; peak memory is `ru_maxrss` as `wait4` reports it, the greatest of the runs, and
includes the pages of a file that a tool maps into memory. What takes the better part of a minute is timed once,
without a warm-up: {once}. Every tool reads only the columns that are wanted, is told nothing about the file but
its name and the columns, uses as many threads as it likes, and prints the mean of the loss and its standard
error (the sample deviation divided by the square root of the row count; of the resamples for the bootstrap;
none for one batch); losscli prints the table that it prints when its output is no terminal, confidence interval
included, and JSON where a target says so.

The rivals' scripts are in `benchmarks/rivals/`: SQL on the file for DuckDB, a lazy scan on the streaming engine
for Polars, columns whole in memory for pandas, NumPy and PyTorch (CPU), read with pyarrow one by one for the
last two, which was faster and leaner than all at once; each loss in the fastest form that was tried. Scripts
compute in the type of the file where NumPy, PyTorch and Polars do so by themselves; losscli computes in
float64. scikit-learn has mse, mae and pinball, so log_cosh is NumPy in either script, the second without its import;
it has no metric like huber. The eight losses of one comparison are mse, mae, huber at 1, smooth_l1 at 0.5,
log_cosh, pinball at 0.2 and 0.8, and mape. SciPy's bootstrap makes all 1,000 resamples of all rows and takes
percentiles; losscli draws others, so the two standard errors agree as those of two samples of 1,000 draws do.

The data are synthetic, from fixed seeds: a normal target, and a prediction with a small bias and normal noise;
nothing in a CSV file is quoted; a Parquet file of more than {distinct} row groups repeats them. The files of a
trained model (bce, cross_entropy, nt_xent, dice, giou, triplet) are as pyarrow writes a table, Snappy and up to
{group:,} rows a row group, so an image can begin in one and end in the next; mean and standard error are over
rows, for dice over images."""


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
    """Each tool's command in each contest."""
    return [
        command.shown()
        for contest in contests(plan.rows)
        for command in contest.commands(contest.file.path(plan.rows), plan.rivals, plan.with_losscli)
    ]


def page(plan: Plan, occasion: Occasion, measured: Sequence[str]) -> str:
    """The whole page."""
    method = METHOD.format(
        runs=plan.runs, once=" and ".join(sorted(ONCE)), distinct=data.DISTINCT_GROUPS, group=model_data.ROW_GROUP
    )
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
