"""Parquet, Feather and Arrow: types of numbers, lists, structs, nulls, and damaged files."""

import datetime
import decimal
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from tests.wild.case import Case, Writer, roles, text

TRUE = [3.0, -0.5, 2.0, 7.0]
PRED = [2.5, 0.0, 2.0, 8.0]
SINGLE_TRUE = (0.1, 0.2, 0.3, 0.7)
SINGLE_PRED = (0.15, 0.1, 0.3, 0.9)


def _parquet(columns: Mapping[str, Any], row_group_size: int | None = None) -> Writer:
    def write(path: Path) -> None:
        pa.parquet.write_table(pa.table(dict(columns)), path, row_group_size=row_group_size)

    return write


def _truncated(path: Path) -> None:
    whole = pa.BufferOutputStream()
    pa.parquet.write_table(pa.table({"y_true": TRUE, "y_pred": PRED}), whole)
    path.write_bytes(whole.getvalue().to_pybytes()[:-40])


def _feather(path: Path) -> None:
    pa.feather.write_feather(pa.table({"y_true": TRUE, "y_pred": PRED}), str(path), compression="lz4")


def _ipc_file(path: Path) -> None:
    table = pa.table({"y_true": TRUE, "y_pred": PRED})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)


def _ipc_stream(path: Path) -> None:
    table = pa.table({"y_true": TRUE, "y_pred": PRED})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)


def _single(values: tuple[float, ...]) -> tuple[float, ...]:
    """The values as a float32 column holds them."""
    return struct.unpack(f"<{len(values)}f", struct.pack(f"<{len(values)}f", *values))


PLAIN = _parquet({"y_true": TRUE, "y_pred": PRED}, row_group_size=3)

BINARIES: dict[str, Writer] = {
    "plain.parquet": PLAIN,
    "parquet_in_disguise.csv": PLAIN,
    "truncated.parquet": _truncated,
    "no_rows.parquet": _parquet({"y_true": pa.array([], pa.float64()), "y_pred": pa.array([], pa.float64())}),
    "pandas_frame.parquet": _parquet(
        {
            "fare": [3.0, -0.5],
            "fare_pred": [2.5, 0.0],
            "target_date": [datetime.date(2024, 1, 1)] * 2,
            "__index_level_0__": [7, 3],
        }
    ),
    "float32.parquet": _parquet(
        {"y_true": pa.array(SINGLE_TRUE, pa.float32()), "y_pred": pa.array(SINGLE_PRED, pa.float32())}
    ),
    "float16.parquet": _parquet(
        {"y_true": pa.array(TRUE, pa.float16()), "y_pred": pa.array([2.5, 0.25, 2.0, 8.0], pa.float16())}
    ),
    "int8.parquet": _parquet({"y_true": pa.array([127, -128], pa.int8()), "y_pred": pa.array([-128, 127], pa.int8())}),
    "unsigned.parquet": _parquet(
        {"actual": pa.array([0, 200], pa.uint8()), "predicted": pa.array([255, 100], pa.uint8())}
    ),
    "uint64.parquet": _parquet(
        {
            "actual": pa.array([2**63, 0], pa.uint64()),
            "predicted": pa.array([2**63 - 2048, 2**63], pa.uint64()),
        }
    ),
    "decimals.parquet": _parquet(
        {
            "price_actual": pa.array([decimal.Decimal("19.99"), decimal.Decimal("-5.25")], pa.decimal128(10, 2)),
            "price_forecast": pa.array([decimal.Decimal("20.49"), decimal.Decimal("-5.00")], pa.decimal128(12, 4)),
        }
    ),
    "categories.parquet": _parquet(
        {
            "model": pa.array(["a", "a", "a"]).dictionary_encode(),
            "target": pa.array(["sales", "sales", "sales"]).dictionary_encode(),
            "y_true": pa.array([1.5, 2.0, 1.5]).dictionary_encode(),
            "y_pred": pa.array([1.0, 2.25, None]).dictionary_encode(),
        }
    ),
    "lists.parquet": _parquet({"y_true": [[1.0, 2.0], [3.0, 4.0]], "y_pred": [[1.5, 2.0], [3.0, 5.0]]}),
    "fixed_lists.parquet": _parquet(
        {
            "y_true": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "y_pred": pa.array([[1.5, 2.0], [3.0, 5.0]], pa.list_(pa.float32(), 2)),
        }
    ),
    "ragged_lists.parquet": _parquet({"y_true": [[1.0, 2.0], [3.0, 4.0]], "y_pred": [[1.5, 2.0], [3.0]]}),
    "lists_with_null.parquet": _parquet({"y_true": [[1.0, 2.0], [3.0, 4.0]], "y_pred": [[1.5, 2.0], [3.0, None]]}),
    "structs.parquet": _parquet(
        {
            "y": [3.0, 5.5],
            "forecast": [{"mean": 2.5, "p90": 4.0}, {"mean": 6.0, "p90": 7.0}],
            "yhat": [2.0, 5.0],
        }
    ),
    "dots.parquet": _parquet(
        {"y": [3.0, 5.5], "forecast.mean": [2.5, 6.0], "forecast": [{"mean": 90.0}, {"mean": 90.0}]}
    ),
    "nulls_and_nans.parquet": _parquet({"y_true": [1.0, None, 3.0, 4.0], "y_pred": [1.5, 2.0, float("nan"), 3.0]}),
    "infinite.parquet": _parquet({"y_true": [1.0, 2.0, 3.0], "y_pred": [1.5, 2.0, float("inf")]}, row_group_size=2),
    "numbers_as_text.parquet": _parquet({"y_true": ["3.0", "-0.5"], "y_pred": ["2.5", "0.0"]}),
    "plain.feather": _feather,
    "file.arrow": _ipc_file,
    "stream.arrow": _ipc_stream,
}

TEXTS = {"more_rows.csv": text("y_pred,y_true", "1.0,2.0")}

BOTH = roles("y_true", "y_pred")
MSE = 0.375

CASES = [
    Case(
        id="parquet",
        why="Two row groups of doubles.",
        line="compute plain.parquet --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="parquet-rows-across-groups",
        why="Rows are numbered through all row groups.",
        line="compute infinite.parquet --loss mse",
        code=3,
        rows_named=(3,),
        stderr_has=("y_pred", "--invalid"),
    ),
    Case(
        id="parquet-and-csv",
        why="One input may have files of two formats.",
        line="compute plain.parquet more_rows.csv --loss mae",
        value=(0.5 + 0.5 + 0 + 1 + 1) / 5,
        columns=BOTH,
        rows=5,
    ),
    Case(
        id="parquet-in-disguise",
        why="A Parquet file under the name .csv is refused, and the format can be said.",
        line="compute parquet_in_disguise.csv --loss mse",
        code=3,
        stderr_has=("parquet_in_disguise.csv", "Parquet", "--input-format"),
    ),
    Case(
        id="parquet-in-disguise-said",
        why="What is said about the format outranks the name.",
        line="compute parquet_in_disguise.csv --loss mse --input-format parquet",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="parquet-truncated",
        why="A copy that broke off lacks the footer.",
        line="compute truncated.parquet --loss mse",
        code=3,
        stderr_has=("truncated.parquet",),
    ),
    Case(
        id="parquet-no-rows",
        why="A file of no rows has nothing to evaluate.",
        line="compute no_rows.parquet --loss mse",
        code=3,
        stderr_has=("row",),
    ),
    Case(
        id="parquet-pandas",
        why="pandas stores its index as a column; a date named target_date is no target.",
        line="compute pandas_frame.parquet --loss mae --target fare",
        value=0.5,
        columns=roles("fare", "fare_pred"),
        rows=2,
    ),
    Case(
        id="parquet-date-is-no-target",
        why="Unless the target is said, there is none.",
        line="compute pandas_frame.parquet --loss mae",
        code=2,
        stderr_has=("--target", "fare"),
    ),
    Case(
        id="parquet-float32",
        why="Single precision is widened before anything is subtracted, and said so.",
        line="compute float32.parquet --loss mae",
        value=sum(abs(t - p) for t, p in zip(_single(SINGLE_TRUE), _single(SINGLE_PRED), strict=True)) / 4,
        columns=BOTH,
        rows=4,
        stdout_has=("float32",),
    ),
    Case(
        id="parquet-float16",
        why="Half precision from a network's mixed mode.",
        line="compute float16.parquet --loss mse",
        value=(0.5**2 + 0.75**2 + 0 + 1) / 4,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="parquet-int8",
        why="-128 minus 127 does not fit into a byte.",
        line="compute int8.parquet --loss mse",
        value=255.0**2,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="parquet-unsigned",
        why="100 minus 200 does not fit into an unsigned byte.",
        line="compute unsigned.parquet --loss mae",
        value=(255 + 100) / 2,
        columns=roles("actual", "predicted"),
        rows=2,
    ),
    Case(
        id="parquet-uint64",
        why="2^63 does not fit a signed integer, and 0 minus 2^63 wraps around.",
        line="compute uint64.parquet --loss mae",
        value=(2048 + 2.0**63) / 2,
        columns=roles("actual", "predicted"),
        rows=2,
    ),
    Case(
        id="parquet-decimals",
        why="Prices come as decimals, of two scales here.",
        line="compute decimals.parquet --loss mae",
        value=(0.5 + 0.25) / 2,
        columns=roles("price_actual", "price_forecast"),
        rows=2,
    ),
    Case(
        id="parquet-categories",
        why="Categories of numbers are numbers and may be null; categories of texts are texts.",
        line="compute categories.parquet --loss mae --missing skip",
        value=(0.5 + 0.25) / 2,
        columns=BOTH,
        rows=3,
        used=2,
        skipped={"missing": 1},
    ),
    Case(
        id="parquet-lists",
        why="A list column has several outputs, and a row's loss is their mean.",
        line="compute lists.parquet --loss mae",
        value=((0.5 + 0) / 2 + (0 + 1) / 2) / 2,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="parquet-fixed-lists",
        why="Lists of a fixed length, in single precision.",
        line="compute fixed_lists.parquet --loss mse",
        value=((0.25 + 0) / 2 + (0 + 1) / 2) / 2,
        columns=BOTH,
        rows=2,
    ),
    Case(
        id="parquet-ragged-lists",
        why="A row with fewer outputs than the others is an error with its row.",
        line="compute ragged_lists.parquet --loss mae",
        code=3,
        rows_named=(2,),
        stderr_has=("y_pred",),
    ),
    Case(
        id="parquet-lists-with-null",
        why="One missing output leaves the whole row out.",
        line="compute lists_with_null.parquet --loss mae --missing skip",
        value=0.25,
        columns=BOTH,
        rows=2,
        used=1,
        skipped={"missing": 1},
    ),
    Case(
        id="parquet-struct-is-no-candidate",
        why="A struct named forecast has several numbers, so yhat is the only prediction.",
        line="compute structs.parquet --loss mae",
        value=(1 + 0.5) / 2,
        columns=roles("y", "yhat"),
        rows=2,
    ),
    Case(
        id="parquet-dotted-name",
        why="A column named forecast.mean is not the field mean of the struct forecast beside it.",
        line="compute dots.parquet --loss mae -p forecast.mean",
        value=0.5,
        columns=roles("y", "forecast.mean"),
        rows=2,
    ),
    Case(
        id="parquet-nulls-and-nans",
        why="null and NaN are both missing.",
        line="compute nulls_and_nans.parquet --loss mae --missing skip",
        value=(0.5 + 1) / 2,
        columns=BOTH,
        rows=4,
        used=2,
        skipped={"missing": 2},
    ),
    Case(
        id="parquet-nulls-and-nans-error",
        why="Without leave they stop the run with the first row.",
        line="compute nulls_and_nans.parquet --loss mae",
        code=3,
        rows_named=(2,),
        stderr_has=("y_true", "--missing"),
    ),
    Case(
        id="parquet-numbers-as-text",
        why="In a typed file a column of texts is no numeric candidate.",
        line="compute numbers_as_text.parquet --loss mae",
        code=2,
        stderr_has=("y_true", "--target"),
    ),
    Case(
        id="feather",
        why="Feather with its usual LZ4.",
        line="compute plain.feather --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="arrow-file",
        why="An Arrow file of two batches.",
        line="compute file.arrow --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
    Case(
        id="arrow-stream",
        why="Hugging Face's cache calls the streaming format .arrow too.",
        line="compute stream.arrow --loss mse",
        value=MSE,
        columns=BOTH,
        rows=4,
    ),
]
