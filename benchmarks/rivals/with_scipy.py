"""Mean squared error and the standard error of 1,000 resamples with SciPy: `with_scipy.py mse FILE`.

One resample at a time was as fast as any other batch that was tried, and needs the least memory. The default, BCa,
would leave out each row in turn, which a million rows do not allow.
"""

from __future__ import annotations

import sys

import numpy as np
from reading import column
from scipy.stats import bootstrap


def main() -> None:
    """Read, resample, print."""
    file = sys.argv[2]
    rows = (column(file, "y_true") - column(file, "y_pred")) ** 2
    found = bootstrap((rows,), np.mean, n_resamples=1_000, batch=1, method="percentile", rng=7)
    print(repr(float(rows.mean())), repr(float(found.standard_error)))


main()
