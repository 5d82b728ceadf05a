"""Mean loss and its standard error with DuckDB: `with_duckdb.py QUESTION FILE`.

One SQL statement on the file; DuckDB reads only the columns that it names, on every core. Of several ways to write a
loss, each is the fastest that was tried. A line for each result.
"""

from __future__ import annotations

import sys

import duckdb

EIGHT = {
    "mse": "e * e",
    "mae": "a",
    "huber": "CASE WHEN a < 1 THEN 0.5 * e * e ELSE a - 0.5 END",
    "smooth_l1": "CASE WHEN a < 0.5 THEN e * e ELSE a - 0.25 END",
    "log_cosh": "a + ln(1 + exp(-2 * a)) - ln(2)",
    "pinball_low": "CASE WHEN e > 0 THEN 0.2 * e ELSE (0.2 - 1) * e END",
    "pinball": "CASE WHEN e > 0 THEN 0.8 * e ELSE (0.8 - 1) * e END",
    "mape": "abs(e / y_true)",
}
ERRORS = "(SELECT *, abs(e) AS a FROM (SELECT *, y_true - y_pred AS e FROM {file}))"
WIDE = [f"logit_{place}" for place in range(10)]
EXPONENTIALS = " + ".join(f"exp({logit} - m)" for logit in WIDE)
CHOSEN = " ".join(f"WHEN {place} THEN {logit}" for place, logit in enumerate(WIDE))
OTHERS = {
    "bce": ("greatest(z, 0) - z * y + ln(1 + exp(-abs(z)))", "{file}"),
    "cross_entropy": (
        f"ln({EXPONENTIALS}) + m - (CASE y {CHOSEN} END)",
        f"(SELECT *, list_max([{', '.join(WIDE)}]) AS m FROM {{file}})",  # noqa: S608  # constants
    ),
    "cross_entropy_list": (
        "ln(list_sum(list_transform(logits, lambda logit: exp(logit - m)))) + m - logits[y + 1]",
        "(SELECT *, list_max(logits) AS m FROM {file})",
    ),
}


def statement(question: str, file: str) -> str:
    """Everything in it is a constant of this script."""
    if question in OTHERS:
        loss, source = OTHERS[question]
        wanted = {question: loss}
    else:
        source = ERRORS
        wanted = EIGHT if question == "compare" else {name: EIGHT[name] for name in [question.removeprefix("slices_")]}
    keys, order = ("region, ", "GROUP BY region ORDER BY region") if question.startswith("slices_") else ("", "")
    losses = ", ".join(f"{loss} AS {name}" for name, loss in wanted.items())
    results = ", ".join(f"avg({name}), stddev_samp({name}) / sqrt(count({name}))" for name in wanted)
    return f"SELECT {results} FROM (SELECT {keys}{losses} FROM {source.format(file=file)}) {order}"  # noqa: S608


def main() -> None:
    """Mean and standard error in turn."""
    question, file = sys.argv[1:]
    reader = "read_parquet(?)" if file.endswith(".parquet") else "read_csv(?)"
    for row in duckdb.connect().execute(statement(question, reader), [file]).fetchall():
        for mean, stderr in zip(row[::2], row[1::2], strict=True):
            print(repr(float(mean)), repr(float(stderr)))


main()
