"""The benchmark: losscli beside other tools and scripts, as whole processes in one run.

Usage: python benchmarks/run.py [--runs 7] [--rows 20000000] [--only PART] [--large] [--out FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import machine
import report
from contests import PARTS as CONTESTS
from contests import contests
from data import ROOT
from measure import BenchmarkError, Timing, floor
from page import Occasion, page
from parts import Plan, measure_contest, measure_growth, measure_startup, progress
from targets import MEMORY, STARTUP
from tools import RIVALS, available, losscli_version

PARTS = ("startup", *CONTESTS, "memory")
RUNS = 7
ROWS = 20_000_000
LEAST_ROWS = 20_000  # of which the batch of embeddings has a thousandth, and the triples a twentieth
OUT = "docs/benchmarks.md"


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="timed runs of each process (default 7)")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the Parquet file; the others follow")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part only; repeatable")
    parser.add_argument("--large", action="store_true", help="memory on 5 and 15 times the rows as well")
    parser.add_argument("--rivals-only", action="store_true", help="leave losscli out, to try the rivals")
    parser.add_argument("--out", help=f"where the page goes; a whole run writes {OUT}, a trial prints it")
    chosen = parser.parse_args()
    if chosen.runs < 1 or chosen.rows < LEAST_ROWS:
        parser.error(f"--runs is at least 1, and --rows at least {LEAST_ROWS}")
    return chosen


def is_trial(chosen: argparse.Namespace) -> bool:
    """Whether this run is too small or too partial for the published page."""
    return bool(chosen.only or chosen.rivals_only or chosen.runs < RUNS or chosen.rows < ROWS)


@dataclass
class Measured:
    """What the parts that were asked for gave: the lines of each, and the samples that the targets are held against."""

    lines: list[str] = field(default_factory=list)
    findings: dict[tuple[str, str], Sequence[Timing]] = field(default_factory=dict)


def measure(wanted: Collection[str], plan: Plan) -> Measured:
    """Run the parts one after the other."""
    found = Measured()
    if "startup" in wanted:
        found.findings[STARTUP] = timings = measure_startup(plan)
        found.lines += report.startup(timings, floor())
    for part, title in CONTESTS.items():
        if part not in wanted:
            continue
        results = [measure_contest(plan, contest) for contest in contests(plan.rows) if contest.part == part]
        found.findings |= {(part, result.contest.name): result.timings for result in results}
        found.lines += report.contests(title, plan, results)
    if "memory" in wanted and plan.with_losscli:
        found.findings[MEMORY] = timings = measure_growth(plan)
        found.lines += report.growth(plan, timings)
    return found


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
    for note in notes:
        progress(note)
    losscli = "left out" if chosen.rivals_only else losscli_version()
    plan = Plan(chosen.runs, chosen.rows, rivals, not chosen.rivals_only, chosen.large)
    occasion = Occasion(rerun(chosen), is_trial(chosen), losscli, machine.load(), tuple(notes))
    found = measure(chosen.only or PARTS, plan)
    return page(plan, occasion, [*report.targets(found.findings), *found.lines])


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
