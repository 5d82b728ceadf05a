"""Where and with what the benchmark ran."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "pyarrow", "typer", "rich", "duckdb", "polars", "pandas", "scikit-learn", "scipy", "torch")


def model_name() -> str:
    """The processor as the kernel names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def cores() -> int:
    """The cores that this process may use, which can be fewer than there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def bytes_of_memory() -> int:
    """The machine's memory; 0 where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def memory() -> str:
    """The same in words."""
    size = bytes_of_memory()
    return f"{size / 2**30:.1f} GiB" if size else "of unknown size"


def described() -> str:
    """Its size in a line."""
    return f"{cores()} cores of {model_name()}, {memory()} of memory, {platform.system()}"


def versions(losscli: str) -> list[tuple[str, str]]:
    """Each package and its version; one that is absent is said to be."""
    found = [("Python", platform.python_version()), ("losscli", losscli)]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return found


def load() -> float:
    """How many processes wanted a core in the last minute: near 0 before a run that is to be trusted."""
    return os.getloadavg()[0]
