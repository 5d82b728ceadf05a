"""Mean loss and its standard error with DuckDB: `with_duckdb.py LOSS FILE`."""

from __future__ import annotations

import sys

import duckdb

LOSSES = {
    "mse": "e * e",
    "pinball": "greatest(0.8 * e, (0.8 - 1) * e)",
    "log_cosh": "abs(e) + ln(1 + exp(-2 * abs(e))) - ln(2)",
}


def main() -> None:
    """One SQL statement; DuckDB reads only the two columns, on every core."""
    loss, file = sys.argv[1:]
    reader = "read_csv" if file.endswith(".csv") else "read_parquet"
    query = f"""
        SELECT avg(loss), stddev_samp(loss) / sqrt(count(loss))
        FROM (SELECT {LOSSES[loss]} AS loss FROM (SELECT y_true - y_pred AS e FROM {reader}(?)))
    """  # noqa: S608  # both insertions are constants of this file
    [(mean, stderr)] = duckdb.connect().execute(query, [file]).fetchall()
    print(repr(float(mean)), repr(float(stderr)))


main()
