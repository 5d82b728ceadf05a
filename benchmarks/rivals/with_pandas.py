"""Mean loss and its standard error with pandas and scikit-learn: `with_pandas.py LOSS FILE`.

One script for all losses, with its imports at the top, as such scripts are written. scikit-learn has the mean of three
of them and the spread of none, so NumPy does the rest, and all of log_cosh.
"""

from __future__ import annotations

import sys

from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error
from with_pandas_numpy import read, rows_of, standard_error


def main() -> None:
    """Read, compute, print."""
    loss, file = sys.argv[1:]
    truth, pred = read(file)
    rows = rows_of(loss, truth, pred)
    if loss == "mse":
        mean = float(mean_squared_error(truth, pred))
    elif loss == "mae":
        mean = float(mean_absolute_error(truth, pred))
    elif loss == "log_cosh":
        mean = float(rows.mean())
    else:
        mean = float(mean_pinball_loss(truth, pred, alpha=0.8))
    print(repr(mean), repr(standard_error(rows)))


main()
