"""Mean loss and its standard error with pandas and NumPy alone: `with_pandas_numpy.py LOSS FILE`."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Column = NDArray[np.float64]
COLUMNS = ["y_true", "y_pred"]


def read(file: str) -> tuple[Column, Column]:
    """Only the two columns; pandas' own CSV reader was faster and leaner here than its pyarrow engine."""
    frame = pd.read_csv(file, usecols=COLUMNS) if file.endswith(".csv") else pd.read_parquet(file, columns=COLUMNS)
    return frame["y_true"].to_numpy(), frame["y_pred"].to_numpy()


def rows_of(name: str, truth: Column, pred: Column) -> Column:
    """The loss of each row."""
    error = truth - pred
    if name == "mse":
        return error * error
    if name == "mae":
        mae: Column = np.abs(error)
        return mae
    if name == "pinball":
        pinball: Column = np.maximum(0.8 * error, (0.8 - 1) * error)
        return pinball
    if name == "log_cosh":
        size = np.abs(error)
        log_cosh: Column = size + np.log1p(np.exp(-2 * size)) - np.log(2)
        return log_cosh
    raise SystemExit(f"no loss {name!r}")


def standard_error(rows: Column) -> float:
    """That of the mean."""
    return float(rows.std(ddof=1) / np.sqrt(len(rows)))


def main() -> None:
    """Read, compute, print."""
    loss, file = sys.argv[1:]
    rows = rows_of(loss, *read(file))
    print(repr(float(rows.mean())), repr(standard_error(rows)))


if __name__ == "__main__":
    main()
