"""Arrow and Parquet files whose bytes were changed: offsets, indices, lengths and texts that lead anywhere.

Arrow's readers trust them, so the first to look at such a column may end the process. Each case runs in a process that
reports its exit codes; all that may come out is a result, an error of usage or an error of data.
"""

import io
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import ROOT, run_cli

ROWS = 40
TEXTS = [("a", "bé", "", "more than twelve bytes", "12", None)[i % 6] for i in range(ROWS)]
DIGITS = [str(i / 4) for i in range(ROWS)]
PAIRS = [[float(i), 2.0] for i in range(ROWS)]
TIMES = [datetime(2024, 1, 1) + timedelta(hours=i) for i in range(ROWS)]

FILTERED = {
    "where text": (pa.array(TEXTS), "x=a"),
    "where large text": (pa.array(TEXTS, pa.large_string()), "x in a,bé"),
    "where text view": (pa.array(TEXTS, pa.string_view()), "x!=a"),
    "where dictionary": (pa.array(TEXTS).dictionary_encode(), "x=12"),
    "where order of text": (pa.array(DIGITS), "x>3"),
    "where whole number": (pa.array(range(ROWS)), "x<5"),
    "where moment": (pa.array(TIMES), "x>=2024-01-01"),
    "where time of day": (pa.array([moment.time() for moment in TIMES]), "x>01:00"),
    "where boolean": (pa.array([i % 3 == 0 for i in range(ROWS)]), "x=true"),
}
TARGETS = {
    "target text": pa.array(DIGITS),
    "target text view": pa.array(DIGITS, pa.string_view()),
    "target dictionary": pa.array(DIGITS).dictionary_encode(),
    "target list": pa.array([None, *PAIRS[1:]]),
    "target large list": pa.array(PAIRS, pa.large_list(pa.float64())),
    "target list of decimals": pa.array([[Decimal(i), None] for i in range(ROWS)], pa.list_(pa.decimal128(9, 2))),
    "target decimal": pa.array([Decimal(i) / 4 for i in range(ROWS)], pa.decimal128(20, 4)),
    "target number": pa.array([float(i) for i in range(ROWS)]),
}
# each of them was a crash or a fault of the tool when it was found
KEPT = {
    "arrow": {
        "where text": [6, 31, 74],
        "where large text": [0, 16],
        "where text view": [1, 10, 19],
        "where dictionary": [0, 6, 28],
        "where order of text": [6, 80],
        "where whole number": [18, 49],
        "where moment": [49, 74],
        "where time of day": [19, 56, 64],
        "where boolean": [41, 83],
        "target text": [1, 50],
        "target text view": [1, 11],
        "target dictionary": [1, 33],
        "target list": [57, 80],
        "target large list": [27, 74],
        "target list of decimals": [0, 28],
        "target decimal": [50, 63],
        "target number": [27, 74],
    },
    "parquet": {"where time of day": [88], "target dictionary": [99, 111]},
}


def _table(name: str) -> tuple[pa.Table, list[str]]:
    """A table for a case and the options that use its column x; `model` is looked at without being asked for."""
    column, options = pa.array(range(ROWS)), ["-t", "x", "--missing", "skip", "--invalid", "skip"]
    if name in FILTERED:
        column, condition = FILTERED[name]
        target, options = pa.array([0.0] * ROWS), ["-t", "y", "--where", condition]
    else:
        column = target = TARGETS[name]
    pred = pa.array(PAIRS) if "list" in name else pa.array([1.0] * ROWS)
    model = pa.array(["one", "two"] * (ROWS // 2)).dictionary_encode()
    return pa.table({"x": column, "y": target, "p": pred, "model": model}), [*options, "-p", "p"]


def _content(kind: str, table: pa.Table) -> bytearray:
    stream = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, stream, row_group_size=25, compression="none")
    else:
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=25)
    return bytearray(stream.getvalue())


def _outcome(kind: str, name: str, seed: int, folder: str) -> int:
    """The exit code of one case; 99 where what was printed is not for users."""
    table, options = _table(name)
    content, choose = _content(kind, table), random.Random(seed)  # noqa: S311 - seeds that can be kept
    for _ in range(choose.choice([1, 2, 4])):
        place = choose.randrange(len(content))
        if choose.random() < 0.5:
            content[place] = choose.randrange(256)
        else:
            place -= place % 4
            content[place : place + 4] = choose.choice([2**31 - 1, 2**32 - 1, 2**30, 2**16, 0]).to_bytes(4, "little")
    file = Path(folder) / f"a.{kind}"
    file.write_bytes(content)
    outcome = run_cli(["compute", str(file), "--loss", "mae", *options])
    return 99 if "Traceback" in outcome.err or "fault" in outcome.err else int(outcome.code)


def report(kind: str, seeds: dict[str, Sequence[int]]) -> None:
    """Print each case with its exit code; the last line printed is the case that ended the process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, chosen in seeds.items():
            for seed in chosen:
                print(f"{name}, seed {seed}:", end=" ", flush=True)
                print(_outcome(kind, name, seed, folder), flush=True)


@pytest.mark.parametrize("kind", ["arrow", "parquet"])
def test_changed_bytes_end_in_a_result_or_an_error(kind: str) -> None:
    code = f"from tests.test_broken_columns import KEPT, report; report({kind!r}, KEPT[{kind!r}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == sum(map(len, KEPT[kind].values()))
    assert [line for line in lines if line.rpartition(" ")[2] not in ("0", "2", "3")] == []


ODD = {
    "lists": pa.array([[1], [2]]),
    "structures": pa.array([{"a": 1}, {"a": 2}]),
    "intervals": pa.array([pa.MonthDayNano([1, 2, 3]), None]),
    "dates past year 9999": pa.array([2**31 - 1, 1], pa.date32()),
    "moments past year 9999": pa.array([2**62, 1], pa.timestamp("s")),
    "endless durations": pa.array([2**62, 1], pa.duration("s")),
    "a zone that is nowhere": pa.array([1, 2], pa.timestamp("s", "Nowhere/Land")),
}


@pytest.mark.parametrize("column", ODD.values(), ids=ODD.keys())
def test_columns_that_cannot_be_shown(column: pa.Array, tmp_path: Path) -> None:
    """A column called split is looked at without being asked for, which must not stop the run, whatever it holds."""
    table = pa.table({"split": column, "y_true": [1.0, 2.0], "y_pred": [1.0, 4.0]})
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    args = ["compute", str(tmp_path / "a.arrow"), "--loss", "mae"]
    assert run_cli(args).code == 0
    for condition in ("split=1970-01-02", "split>3", "split=a"):
        assert run_cli([*args, "--where", condition]).code in (0, 3)
