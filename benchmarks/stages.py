"""Where the time of one scan goes: `python benchmarks/stages.py LOSS FILE [PARAM=VALUE ...]`.

One thread, the least of several runs in one process, the parts of a scan timed from outside. What a part spends in
another part counts for the inner one only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from losscli import compute, fold, pairing, units
from losscli.data import parquet

RUNS = 5
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("columns to arrays", units, "all_arrays"),
    ("loss", units, "losses_of"),
    ("checks and weights", pairing, "units_of"),
    ("sums", fold, "add_units"),
    ("blocks put together", fold.Accumulator, "feed"),
)


class Clock:
    """Seconds by stage, each without those of the stages that it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._inner: list[float] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted."""

        def call(*given: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            start = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                whole = time.perf_counter() - start
                self.spent[stage] = self.spent.get(stage, 0.0) + whole - self._inner.pop()
                if self._inner:
                    self._inner[-1] += whole

        return call

    def steps(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same of a generator: the time until each of its results."""

        def walk(*given: Any, **named: Any) -> Any:
            step = self.timed(stage, function(*given, **named).__next__)
            while True:
                try:
                    found = step()
                except StopIteration:
                    return
                yield found

        return walk


def main() -> None:
    """Time the stages and print them, the largest first."""
    loss, file, *rest = sys.argv[1:]
    given: dict[str, Any] = {name: float(value) for name, _, value in (word.partition("=") for word in rest)}
    clock = Clock()
    for stage, owner, name in STAGES:
        setattr(owner, name, clock.timed(stage, getattr(owner, name)))
    table: Any = parquet.ParquetTable
    table.decoded = clock.steps("read and decode", table.decoded)
    best: tuple[float, dict[str, float]] = (float("inf"), {})
    for _ in range(RUNS):
        clock.spent.clear()
        start = time.perf_counter()
        compute(file, loss=loss, target="y_true", pred="y_pred", threads=1, **given)
        best = min(best, (time.perf_counter() - start, dict(clock.spent)), key=lambda run: run[0])
    whole, spent = best
    spent["the rest"] = whole - sum(spent.values())
    for stage, seconds in sorted(spent.items(), key=lambda entry: -entry[1]):
        print(f"{stage:22} {seconds:6.3f} s  {seconds / whole:4.0%}")
    print(f"{'all':22} {whole:6.3f} s")


main()
