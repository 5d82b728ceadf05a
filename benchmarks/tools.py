"""The tools that are compared: losscli and its rivals, and which of them can run here."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import machine
from measure import Command, run_once

LOSSCLI = "losscli"
DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # where the package is installed under another name
EXTRA = "the project's `bench` extra brings it"
BY_HAND = "`pip install torch` brings it"


@dataclass(frozen=True)
class Rival:
    """A script in rivals/, the packages that it imports, and what else it needs."""

    name: str
    script: str
    packages: tuple[str, ...]
    remedy: str = EXTRA
    once: bool = False  # so slow that it is timed once, without a warm-up
    gigabytes: int = 0  # of memory, where it needs so much that it would not end on a small machine

    def absent(self) -> str | None:
        """A sentence about what it lacks here; packages are looked up, not imported, which would be measured."""
        lacks = [DISTRIBUTIONS.get(name, name) for name in self.packages if importlib.util.find_spec(name) is None]
        if lacks:
            return f"{self.name} was left out: this Python has no {' and no '.join(lacks)} ({self.remedy})."
        if machine.bytes_of_memory() < self.gigabytes * 10**9:
            return f"{self.name} was left out: it needs {self.gigabytes} GB of memory."
        return None

    def command(self, question: str, file: Path) -> Command:
        """The script on one file."""
        return Command(self.name, (sys.executable, f"benchmarks/rivals/{self.script}", question, str(file)))


DUCKDB = Rival("DuckDB", "with_duckdb.py", ("duckdb",))
POLARS = Rival("Polars", "with_polars.py", ("polars",))
SKLEARN = Rival("pandas + scikit-learn", "with_pandas.py", ("pandas", "sklearn", "pyarrow"))
PANDAS = Rival("pandas + NumPy", "with_pandas_numpy.py", ("pandas", "pyarrow"))
NUMPY = Rival("NumPy", "with_numpy.py", ("numpy", "pyarrow"))
TORCH = Rival("PyTorch", "with_torch.py", ("torch", "numpy", "pyarrow"), BY_HAND)
TORCH_WHOLE = Rival("PyTorch, whole matrix", TORCH.script, TORCH.packages, BY_HAND, once=True, gigabytes=20)
TORCH_TILES = Rival("PyTorch, tiles", "with_torch_tiles.py", TORCH.packages, BY_HAND)
SCIPY = Rival("SciPy", "with_scipy.py", ("scipy", "numpy", "pyarrow"), once=True)
RIVALS = (DUCKDB, POLARS, SKLEARN, PANDAS, NUMPY, TORCH, TORCH_WHOLE, TORCH_TILES, SCIPY)
ONCE = frozenset(rival.name for rival in RIVALS if rival.once)


def available(rivals: Sequence[Rival]) -> tuple[tuple[Rival, ...], list[str]]:
    """The rivals that can run here, and a sentence about each that cannot."""
    why = {rival: rival.absent() for rival in rivals}
    return tuple(rival for rival in rivals if why[rival] is None), [reason for reason in why.values() if reason]


def losscli_version() -> str:
    """The number that `losscli --version` prints; a BenchmarkError where it does not run."""
    output = run_once(Command(LOSSCLI, (sys.executable, "-m", "losscli", "--version"))).output
    return output.strip().removeprefix(LOSSCLI).strip()
