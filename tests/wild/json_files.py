"""JSON Lines and JSON arrays: keys that come and go, tokens beyond the standard, other shapes of JSON."""

import gzip
from pathlib import Path

from tests.wild.case import Case, Writer, roles, text

LINES = (
    '{"y_true": 3.0, "y_pred": 2.5}',
    '{"y_true": -0.5, "y_pred": 0.0}',
    '{"y_true": 2.0, "y_pred": 2.0}',
    '{"y_true": 7.0, "y_pred": 8.0}',
)

TEXTS = {
    "lines.jsonl": text(*LINES),
    "lines_crlf_bom.jsonl": b"\xef\xbb\xbf" + text(*LINES, "", "", eol="\r\n"),
    "lines_in_disguise.json": text(*LINES),
    "lines_reordered.jsonl": text(
        '{"id": 18446744073709551616, "y_pred": 1, "y_true": 1.5}',
        '{"y_true": 2, "note": "late key", "y_pred": 2.25}',
        '{"y_pred":4.0,"y_true":4}',
    ),
    "lines_missing_keys.jsonl": text(
        '{"y_true": 1.0, "y_pred": 1.5}',
        '{"y_true": 2.0}',
        '{"y_true": null, "y_pred": 3.0}',
        "{}",
        '{"y_true": 4.0, "y_pred": 3.0}',
    ),
    "lines_late_numbers.jsonl": text(
        '{"y_true": null}',
        '{"y_true": null, "y_pred": null}',
        '{"y_true": 1, "y_pred": 1.5}',
        '{"y_true": 2.5, "y_pred": 2}',
    ),
    "lines_nan.jsonl": text(
        '{"y_true": 1.0, "y_pred": 1.5}', '{"y_true": 2.0, "y_pred": NaN}', '{"y_true": 4.0, "y_pred": 3.0}'
    ),
    "lines_infinity.jsonl": text('{"y_true": 1.0, "y_pred": 1.5}', '{"y_true": 2.0, "y_pred": -Infinity}'),
    "lines_text_value.jsonl": text(
        '{"y_true": 1.0, "y_pred": 1.5}',
        '{"y_true": 2.0, "y_pred": 2.5}',
        '{"y_true": 3.0, "y_pred": "timeout"}',
    ),
    "lines_cut_off.jsonl": text(LINES[0], LINES[1], '{"y_true": 2.0, "y_p', last_eol=False),
    "lines_log_noise.jsonl": text(LINES[0], "INFO 2024-01-01 12:00:00 step 100", LINES[1]),
    "lines_nested.jsonl": text(
        '{"id": "a", "input": {"text": "x, \\"y\\"", "tags": ["p", "q"]}, "y_true": 3.0, "y_pred": 2.5}',
        '{"id": "b", "input": {"text": "line\\nbreak", "tags": []}, "y_true": -0.5, "y_pred": 0.0}',
    ),
    "lines_nested_prediction.jsonl": text(
        '{"sale_price": 10.0, "predicted_sale_price": {"value": 10.5, "lower_bound": 9.0}}',
        '{"sale_price": 12.0, "predicted_sale_price": {"value": 11.0, "lower_bound": 9.5}}',
    ),
    "lines_escaped_names.jsonl": text(
        r'{"\u0446\u0435\u043d\u0430_actual": 10.5, "\u0446\u0435\u043d\u0430_pred": 10}',
        '{"цена_actual": 8, "цена_pred": 8.25}',
    ),
    "gluonts.jsonl": text(
        '{"item_id": "A", "target": [10.0, 12.0], "mean": [11.0, 12.5], "0.9": [14.0, 15.0]}',
        '{"item_id": "B", "target": [5.0, 4.0], "mean": [5.0, 6.0], "0.9": [7.0, 8.0]}',
    ),
    "array.json": text("[", '  {"y_true": 3.0, "y_pred": 2.5},', '  {"y_true": -0.5,', '   "y_pred": 0.0}', "]"),
    "array_compact.json": text("[" + ",".join(LINES) + "]", last_eol=False),
    "array_gaps.json": text('[{"y_true": 1.0, "y_pred": 1.5}, {"y_true": 2.0}, {"y_pred": 2.0, "y_true": null}]'),
    "array_empty.json": text("[]"),
    "array_of_numbers.json": text("[3.0, 2.5, -0.5, 0.0]"),
    "pandas_columns.json": text('{"y_true":{"0":3.0,"1":-0.5},"y_pred":{"0":2.5,"1":0.0}}'),
    "mlflow_split.json": text('{"columns": ["y_true", "y_pred"], "data": [[3.0, 2.5], [-0.5, 0.0]]}'),
}


def _gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(text(*LINES), mtime=0))


BINARIES: dict[str, Writer] = {"lines.jsonl.gz": _gzip}

BOTH = roles("y_true", "y_pred")
MSE = 0.375

CASES = [
    Case(
        id="json-lines",
        why="One object a line.",
        line="compute lines.jsonl --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-lines-gzip",
        why="The same, compressed.",
        line="compute lines.jsonl.gz --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-lines-stdin",
        why="The same from a pipe.",
        line="compute - --input-format jsonl --loss mse",
        stdin="lines.jsonl",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-lines-crlf-bom",
        why="PowerShell adds a byte order mark and CR LF, and empty lines follow.",
        line="compute lines_crlf_bom.jsonl --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-lines-in-disguise",
        why="Lines of JSON under the name .json are read when they are said to be lines.",
        line="compute lines_in_disguise.json --loss mse --input-format jsonl",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-lines-reordered",
        why="Keys come in any order, late or not at all, whole numbers beside fractions, "
        "and an identifier past 64 bits that nobody needs.",
        line="compute lines_reordered.jsonl --loss mae",
        value=(0.5 + 0.25 + 0) / 3,
        columns=BOTH,
        rows=3,
    ),
    Case(
        id="json-lines-missing-keys",
        why="A key that is not there is a missing value, like null.",
        line="compute lines_missing_keys.jsonl --loss mae",
        code=3,
        rows_named=(4,),
        stderr_has=("--missing",),
    ),
    Case(
        id="json-lines-missing-keys-skipped",
        why="With leave such rows are left out and counted.",
        line="compute lines_missing_keys.jsonl --loss mae --missing skip",
        value=(0.5 + 1) / 2,
        columns=BOTH,
        rows=5,
        used=2,
        skipped={"missing": 3},
    ),
    Case(
        id="json-lines-late-numbers",
        why="The first lines have only nulls, and the type shows later.",
        line="compute lines_late_numbers.jsonl --loss mae --missing skip",
        value=0.5,
        columns=BOTH,
        rows=4,
        used=2,
        skipped={"missing": 2},
    ),
    Case(
        id="json-lines-nan",
        why="Python's json.dumps writes NaN, which no standard knows; it is never a number.",
        line="compute lines_nan.jsonl --loss mae -t y_true -p y_pred",
        code=3,
        rows_named=(2,),
    ),
    Case(
        id="json-lines-nan-skipped",
        why="It stands for a missing value, and with leave the row is left out and counted.",
        line="compute lines_nan.jsonl --loss mae -t y_true -p y_pred --missing skip",
        value=(0.5 + 1) / 2,
        columns=BOTH,
        rows=3,
        used=2,
        skipped={"missing": 1},
    ),
    Case(
        id="json-lines-infinity",
        why="-Infinity is no better in JSON than inf in a CSV.",
        line="compute lines_infinity.jsonl --loss mae -t y_true -p y_pred",
        code=3,
        rows_named=(2,),
    ),
    Case(
        id="json-lines-text-value",
        why="A text where numbers were is an error with its row.",
        line="compute lines_text_value.jsonl --loss mae -t y_true -p y_pred",
        code=3,
        rows_named=(3,),
        stderr_has=("timeout", "y_pred"),
    ),
    Case(
        id="json-lines-cut-off",
        why="The process was killed while it wrote the last line.",
        line="compute lines_cut_off.jsonl --loss mae -t y_true -p y_pred",
        code=3,
        stderr_has=("lines_cut_off.jsonl", "3"),
    ),
    Case(
        id="json-lines-log-noise",
        why="A log message got between the lines.",
        line="compute lines_log_noise.jsonl --loss mae -t y_true -p y_pred",
        code=3,
        stderr_has=("lines_log_noise.jsonl", "2"),
    ),
    Case(
        id="json-lines-nested",
        why="Objects and lists inside, with quotes and escaped line breaks, are not in the way.",
        line="compute lines_nested.jsonl --loss mae",
        value=0.5,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="json-lines-nested-prediction",
        why="A prediction that is an object has several numbers and is no candidate.",
        line="compute lines_nested_prediction.jsonl --loss mae --target sale_price",
        code=2,
        stderr_has=("predicted_sale_price", "--pred"),
    ),
    Case(
        id="json-lines-escaped-names",
        why="Names in escapes and names in UTF-8 are the same names.",
        line="compute lines_escaped_names.jsonl --loss mae",
        value=(0.5 + 0.25) / 2,
        columns=roles("цена_actual", "цена_pred"),
        rows=2,
    ),
    Case(
        id="gluonts-lists",
        why="A series in each row: a row's loss is the mean over its list.",
        line="compute gluonts.jsonl --loss mae -p mean",
        value=((1 + 0.5) / 2 + (0 + 2) / 2) / 2,
        columns=roles("target", "mean"),
        rows=2,
    ),
    Case(
        id="json-array",
        why="An array of objects over several lines.",
        line="compute array.json --loss mae",
        value=0.5,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="json-array-compact",
        why="The same on one line without an end.",
        line="compute array_compact.json --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="json-array-gaps",
        why="A missing key and a null in an array.",
        line="compute array_gaps.json --loss mae --missing skip",
        value=0.5,
        columns=BOTH,
        rows=3,
        used=1,
        skipped={"missing": 2},
    ),
    Case(
        id="json-array-empty",
        why="An empty array has nothing to evaluate.",
        line="compute array_empty.json --loss mae -t y_true -p y_pred",
        code=3,
        stderr_has=("array_empty.json",),
    ),
    Case(
        id="json-array-of-numbers",
        why="Bare numbers have no columns.",
        line="compute array_of_numbers.json --loss mae",
        code=3,
        stderr_has=("array_of_numbers.json", "object"),
    ),
    Case(
        id="pandas-columns-json",
        why="pandas' to_json writes one object of columns unless orient is said, and an object is no number.",
        line="compute pandas_columns.json --loss mae -t y_true -p y_pred",
        code=3,
        stderr_has=("pandas_columns.json", "y_"),
    ),
    Case(
        id="mlflow-split-json",
        why="MLflow's table artifact has the names apart from the rows, so there are no columns of these names.",
        line="compute mlflow_split.json --loss mae -t y_true -p y_pred",
        code=2,
        stderr_has=("mlflow_split.json", "y_true"),
    ),
]
