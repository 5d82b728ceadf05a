"""Mean loss and its standard error with Polars: `with_polars.py QUESTION FILE`.

A lazy scan on the streaming engine, which was the faster one on every kind of file. Of several ways to write a loss,
each is the fastest that was tried; float32 stays float32 until it is added up. A line for each result.
"""

from __future__ import annotations

import math
import sys

import polars as pl

ERROR = pl.col("y_true") - pl.col("y_pred")
SIZE = ERROR.abs()
CLASSES = range(10)
NAMES = [f"logit_{place}" for place in CLASSES]


def bent(width: float) -> pl.Expr:
    """Huber's loss, whose square ends at that width."""
    near = pl.min_horizontal(SIZE, width)
    return near * (SIZE - 0.5 * near)


def pinball(tau: float) -> pl.Expr:
    """The quantile loss of that level."""
    return pl.max_horizontal(tau * ERROR, (tau - 1) * ERROR)


def bce() -> pl.Expr:
    """From the logit, so that no exponential overflows."""
    target, logit = pl.col("y"), pl.col("z")
    return pl.max_horizontal(logit, 0.0) - logit * target + (-logit.abs()).exp().log1p()


def of_classes(chosen: pl.Expr) -> pl.Expr:
    """The log of the sum of exponentials less the logit of the class."""
    largest = pl.max_horizontal(NAMES)
    exponentials = pl.sum_horizontal((pl.col(name) - largest).exp() for name in NAMES)
    return exponentials.log() + largest - chosen


def chosen_column() -> pl.Expr:
    """The logit of the class, from the column of its number."""
    return pl.coalesce(pl.when(pl.col("y") == place).then(pl.col(NAMES[place])) for place in CLASSES)


EIGHT = {
    "mse": ERROR * ERROR,
    "mae": SIZE,
    "huber": bent(1.0),
    "smooth_l1": bent(0.5) / 0.5,
    "log_cosh": SIZE + (-2 * SIZE).exp().log1p() - math.log(2),
    "pinball_low": pinball(0.2),
    "pinball": pinball(0.8),
    "mape": (ERROR / pl.col("y_true")).abs(),
}


def results(names: list[str]) -> list[pl.Expr]:
    """Mean and standard error of each."""
    values = [pl.col(name) for name in names]
    return [
        part.alias(f"{place}")
        for place, part in enumerate(p for v in values for p in (v.mean(), v.std() / v.len().sqrt()))
    ]


def answer(question: str, scan: pl.LazyFrame) -> pl.LazyFrame:
    """One row, or one for each slice."""
    if question.startswith("slices_"):
        rows = scan.select("region", loss=EIGHT[question.removeprefix("slices_")])
        return rows.group_by("region").agg(results(["loss"])).sort("region").drop("region")
    if question == "compare":
        return scan.select(**EIGHT).select(results(list(EIGHT)))
    if question == "cross_entropy_list":
        logits = pl.col("logits").arr
        parts = [logits.get(place).alias(NAMES[place]) for place in CLASSES]
        rows = scan.select(*parts, chosen=logits.get(pl.col("y"))).select(loss=of_classes(pl.col("chosen")))
    elif question == "cross_entropy":
        rows = scan.select(loss=of_classes(chosen_column()))
    else:
        rows = scan.select(loss=bce() if question == "bce" else EIGHT[question])
    return rows.select(results(["loss"]))


def main() -> None:
    """Mean and standard error in turn."""
    question, file = sys.argv[1:]
    scan = pl.scan_parquet(file) if file.endswith(".parquet") else pl.scan_csv(file)
    for row in answer(question, scan).collect(engine="streaming").rows():
        for mean, stderr in zip(row[::2], row[1::2], strict=True):
            print(repr(float(mean)), repr(float(stderr)))


main()
