"""Mean loss and its standard error with pandas and scikit-learn: `with_pandas.py LOSS FILE`.

scikit-learn has the mean of two of the three losses and the spread of none, so NumPy does the rest.
"""

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


def losses(name: str, truth: Column, pred: Column) -> tuple[float, Column]:
    """The mean, by scikit-learn where it has the metric, and the loss of each row."""
    error = truth - pred
    if name == "mse":
        from sklearn.metrics import mean_squared_error

        return float(mean_squared_error(truth, pred)), error * error
    if name == "pinball":
        from sklearn.metrics import mean_pinball_loss

        rows = np.maximum(0.8 * error, (0.8 - 1) * error)
        return float(mean_pinball_loss(truth, pred, alpha=0.8)), rows
    if name == "log_cosh":
        size = np.abs(error)
        rows = size + np.log1p(np.exp(-2 * size)) - np.log(2)
        return float(rows.mean()), rows
    raise SystemExit(f"no loss {name!r}")


def main() -> None:
    """Read, compute, print."""
    loss, file = sys.argv[1:]
    mean, rows = losses(loss, *read(file))
    print(repr(mean), repr(float(rows.std(ddof=1) / np.sqrt(len(rows)))))


main()
