"""What one sample file holds and how it is written: Parquet always, CSV for the small tables."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

FloatArray = npt.NDArray[np.float64]
Column = npt.NDArray[Any] | Sequence[Any]

DECIMALS = 6


@dataclass(frozen=True)
class Check:
    """The mean loss of the baseline and of the candidate over the rows of a file."""

    loss: str
    baseline: float
    candidate: float


@dataclass(frozen=True)
class Sample:
    """One table, the checks made on it, and whether it is also written as CSV."""

    name: str
    columns: dict[str, Column]
    checks: tuple[Check, ...] = ()
    as_csv: bool = False


def rounded(values: npt.ArrayLike, decimals: int = DECIMALS) -> FloatArray:
    """Round to a fixed number of decimals.

    Rounding hides the last-bit differences between machines, so that the files come out the same on all
    of them, and it lets Parquet compress better. Adding zero turns -0.0 into 0.0.
    """
    return np.asarray(np.round(np.asarray(values, dtype=np.float64), decimals) + 0.0, dtype=np.float64)


def as_list(column: Column) -> list[Any]:
    """Turn a column into plain Python values; a two-dimensional array becomes a list of lists."""
    values: list[Any] = column.tolist() if isinstance(column, np.ndarray) else list(column)
    return values


def require_finite(sample: Sample) -> None:
    """Stop when a numeric column holds a NaN or an infinity."""
    for name, column in sample.columns.items():
        parts = [column] if isinstance(column, np.ndarray) else column
        for part in parts:
            if isinstance(part, np.ndarray) and part.dtype.kind == "f" and not np.isfinite(part).all():
                raise SystemExit(f"{sample.name}: column {name} holds a value that is not finite")


def require_better(sample: Sample) -> None:
    """Stop when the candidate does not beat the baseline on the rows written."""
    for check in sample.checks:
        if not check.candidate < check.baseline:
            raise SystemExit(f"{sample.name}: the candidate does not beat the baseline on {check.loss}")


def write(sample: Sample, folder: Path) -> list[Path]:
    """Write the sample and return the paths written."""
    require_finite(sample)
    require_better(sample)
    columns = {name: as_list(column) for name, column in sample.columns.items()}
    paths = [folder / f"{sample.name}.parquet"]
    pq.write_table(pa.table(columns), paths[0], compression="zstd")
    if sample.as_csv:
        paths.append(folder / f"{sample.name}.csv")
        with paths[1].open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")  # writes floats with repr: nothing is lost
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
    return paths
