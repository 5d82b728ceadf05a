"""The benchmark: losscli beside other tools and scripts, as whole processes in one run.

Usage: python benchmarks/run.py [--runs 7] [--rows 20000000] [--only PART] [--large] [--out FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Collection, Iterator

import machine
import report
from data import ROOT, ROW_GROUP
from measure import BenchmarkError, floor
from model_parts import MODEL_PARTS, MODEL_RIVALS
from page import Occasion, page
from parts import Plan, compare, measure_growth, measure_model, measure_startup, progress
from tools import RIVALS, available, losscli_version

PARTS = ("parquet", "csv", "startup", "memory", *(part.name for part in MODEL_PARTS))
RUNS = 7
ROWS = 20_000_000
LEAST_ROWS = 1_000  # under twenty rows, here of the shortest file, losscli gives no standard error
OUT = "docs/benchmarks.md"


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="timed runs of each process (default 7)")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the Parquet file; the others follow")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part only; repeatable")
    parser.add_argument("--large", action="store_true", help="memory on five times the rows as well")
    parser.add_argument("--rivals-only", action="store_true", help="leave losscli out, to try the rivals")
    parser.add_argument("--out", help=f"where the page goes; a whole run writes {OUT}, a trial prints it")
    chosen = parser.parse_args()
    if chosen.runs < 1 or chosen.rows < LEAST_ROWS:
        parser.error(f"--runs is at least 1, and --rows at least {LEAST_ROWS}")
    return chosen


def is_trial(chosen: argparse.Namespace) -> bool:
    """Whether this run is too small or too partial for the published page."""
    return bool(chosen.only or chosen.rivals_only or chosen.runs < RUNS or chosen.rows < ROWS)


def measure(wanted: Collection[str], plan: Plan) -> Iterator[str]:
    """Run the parts that were asked for, and give the lines of each."""
    if "parquet" in wanted:
        what = f"two float64 columns, Snappy, row groups of {ROW_GROUP:,} rows."
        yield from report.comparison("Parquet", what, compare(plan, "parquet", plan.rows))
    if "csv" in wanted:
        what = "six columns of which two are wanted."
        yield from report.comparison("CSV", what, compare(plan, "csv", plan.csv_rows))
    if "startup" in wanted:
        yield from report.startup(measure_startup(plan), floor())
    if "memory" in wanted and plan.with_losscli:
        yield from report.growth(measure_growth(plan))
        if not plan.large:
            yield from (f"`--large` adds a file of {plan.large_rows:,} rows; this run went without it.", "")
    cells = [measure_model(plan, part) for part in MODEL_PARTS if part.name in wanted]
    if cells:
        yield from report.models(cells)


def rerun(chosen: argparse.Namespace) -> str:
    """The command line of this run, every value spelled out."""
    words = ["python benchmarks/run.py", f"--runs {chosen.runs}", f"--rows {chosen.rows}"]
    words += [f"--only {part}" for part in chosen.only or ()]
    words += ["--large"] * chosen.large + ["--rivals-only"] * chosen.rivals_only
    words += [f"--out {chosen.out}"] if chosen.out else []
    return " ".join(words)


def benchmark(chosen: argparse.Namespace) -> str:
    """Everything that was asked for, as a page."""
    rivals, notes = available(RIVALS)
    model_rivals, model_notes = available(MODEL_RIVALS)
    notes += model_notes
    for note in notes:
        progress(note)
    losscli = "left out" if chosen.rivals_only else losscli_version()
    plan = Plan(chosen.runs, chosen.rows, rivals, model_rivals, not chosen.rivals_only, chosen.large)
    occasion = Occasion(rerun(chosen), is_trial(chosen), losscli, machine.load(), tuple(notes))
    return page(plan, occasion, list(measure(chosen.only or PARTS, plan)))


def main() -> int:
    """Measure, then write the page; on any failure write nothing."""
    chosen = options()
    try:
        text = benchmark(chosen)
    except (BenchmarkError, subprocess.CalledProcessError) as error:
        progress(f"benchmark failed: {error}")
        return 1
    out = chosen.out or (None if is_trial(chosen) else OUT)
    if out is None:
        print(text, end="")
        return 0
    target = ROOT / out
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    progress(f"wrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
