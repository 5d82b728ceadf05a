"""Prediction files for the tests of `losscli check`: a truth, two models, weights, countries and users."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

_COUNT = 400
_draws = np.random.default_rng(5)
TRUTH = _draws.normal(20.0, 3.0, _COUNT).round(4)
OLD = (TRUTH + _draws.normal(0.0, 1.0, _COUNT)).round(4)
NEW = (TRUTH + _draws.normal(0.2, 1.3, _COUNT)).round(4)
WEIGHTS = _draws.integers(1, 4, _COUNT)
COUNTRIES = _draws.choice(["DE", "FR", "IT"], _COUNT, p=[0.5, 0.3, 0.2])
USERS = _draws.integers(0, 40, _COUNT)


def table(pred: Iterable[float]) -> dict[str, Any]:
    """The columns of the predictions of a model."""
    return {
        "id": list(range(_COUNT)),
        "y_true": TRUTH,
        "y_pred": list(pred),
        "country": COUNTRIES,
        "w": WEIGHTS,
        "user": USERS,
    }


def write(file: Path, columns: Mapping[str, Iterable[Any]]) -> None:
    """Columns as a CSV file."""
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
