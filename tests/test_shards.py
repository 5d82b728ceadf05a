"""States of shards joined have the bytes of one run over everything, whatever the shards, losses and files are.

What is expected is the plain run, which the other tests hold to independent values.
"""

import datetime
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import run_cli

ROWS = 200_003


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of several forms."""
    return make_files(tmp_path_factory.mktemp("shards"))


def make_files(place: Path) -> Path:
    """Rows of every kind, in row groups whose bounds are not those of blocks."""
    table = _table(ROWS, 1)
    pq.write_table(table, place / "odd.parquet", row_group_size=7919)
    pq.write_table(table.slice(0, 150_000), place / "wide.parquet", row_group_size=70_001)
    pq.write_table(_table(30_500, 2), place / "small.parquet", row_group_size=1000)
    pq.write_table(_table(70_000, 4), place / "block.parquet", row_group_size=65_536)
    pq.write_table(_table(131_072, 6), place / "whole.parquet", row_group_size=65_536)
    pq.write_table(table.slice(0, 0), place / "empty.parquet")
    with pa.OSFile(str(place / "some.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for batch in _table(90_000, 3).to_batches(max_chunksize=11_111):
            writer.write_batch(batch)
    _csv(_table(4_001, 5), place / "text.csv")
    return place


def _table(rows: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    target = random.normal(10.0, 3.0, rows)
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(i)) for i in range(5)]
    lacking = random.random(rows) < 0.01
    mask = random.integers(0, 2, rows)
    columns = {
        "y": target,
        "a": target + random.normal(0.1, 1.0, rows),
        "b": target + random.normal(0.0, 1.2, rows),
        "f": pa.array((target + random.normal(0.0, 1.0, rows)).astype(np.float32)),
        "gaps": pa.array(target + 1.0, mask=lacking),
        "w": random.integers(0, 5, rows) / 4.0,
        # some images have no weight at all, and are none
        "z": (np.arange(rows) // 997 % 5 > 0) / 4.0,
        "mask": mask,
        "p": np.clip(mask * 0.6 + random.random(rows) * 0.4, 0.0, 1.0),
        "q": random.random(rows),
        "image": np.arange(rows) // 997,
        "user": random.integers(0, 500, rows),
        "day": pa.array([days[int(i)] for i in random.integers(0, 5, rows)]),
        "flag": pa.array(random.random(rows) < 0.5),
        "country": pa.array([["DE", "FR", None][int(i)] for i in random.integers(0, 3, rows)]),
        "ratio": pa.array(random.integers(0, 4, rows) / 4.0),
        "split": pa.array([["test", "train"][int(i)] for i in random.integers(0, 2, rows)]),
        "class": random.integers(0, 3, rows),
        **{f"prob_{i}": part for i, part in enumerate(_simplex(random, rows))},
    }
    return pa.table(columns)


def _simplex(random: np.random.Generator, rows: int) -> "list[np.ndarray]":
    # thirds of quarters: the three add up to 1 to the last bit
    one, two = random.integers(1, 4, rows) / 8.0, random.integers(1, 4, rows) / 8.0
    return [one, two, 1.0 - one - two]


def _csv(table: pa.Table, path: Path) -> None:
    names = table.column_names
    columns = [table.column(name).to_pylist() for name in names]
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([",".join(names), *lines]) + "\n")


def in_shards(
    command: Sequence[str], files: Sequence[str], count: int, place: Path, outputs: Sequence[str] = ("--json",)
) -> tuple[str, str]:
    """What the merge of so many shards prints, on standard output and the warnings."""
    states: list[str] = []
    for number in range(1, count + 1):
        state = f"state-{number}.json"
        done = run_cli([*command, *files, "--shard", f"{number}/{count}", "--emit-state", state], cwd=place)
        assert (done.code, done.out) == (0, ""), done.err
        assert done.err.count("\n") == 1
        states.insert(0, state)
    merged = run_cli(["merge", *states, *outputs], cwd=place)
    assert merged.code == 0, merged.err
    return merged.out, merged.err


ODD, WIDE, SMALL, BLOCK, WHOLE, ARROW, TEXT, EMPTY = (
    ["odd.parquet"],
    ["wide.parquet"],
    ["small.parquet"],
    ["block.parquet"],
    ["whole.parquet"],
    ["some.arrow"],
    ["text.csv"],
    ["empty.parquet"],
)
PAIR = ["-t", "y", "-p", "a"]
MODELS = ["-t", "y", "-p", "a", "-p", "b"]
CASES = {
    "rows": (["compute", "--loss", "mse", *PAIR], ODD),
    "a row group of one block": (["compute", "--loss", "mse", *PAIR], BLOCK),
    "losses": (["compare", "--loss", "mae", "--loss", "huber:delta=2", "--loss", "pinball:tau=0.8", *PAIR], WIDE),
    "weights and sum": (["compute", "--loss", "mae", "-w", "w", "--reduction", "sum", *PAIR], ODD),
    "models": (["compare", "--loss", "mae", "--loss", "mse", "-w", "w", *MODELS], ODD),
    "by": (["compare", "--loss", "mse", *MODELS, "--by", "country", "--by", "day", "--min-rows", "20"], SMALL),
    "by of ranges": (["compute", "--loss", "mae", *PAIR, "--by", "y:5,10,15", "--by", "flag"], ODD),
    "by of numbers": (["compute", "--loss", "mae", *PAIR, "--by", "ratio", "--top", "2"], WIDE),
    "cluster": (["compare", "--loss", "mae", *MODELS, "--cluster", "user", "-w", "w"], ODD),
    "clusters of two columns": (["compute", "--loss", "mae", *PAIR, "--cluster", "user,day"], SMALL),
    "block": (["compute", "--loss", "mse", *PAIR, "--block", "24"], ODD),
    "bootstrap": (["compare", "--loss", "mae", *MODELS, "--bootstrap", "100", "--seed", "7"], SMALL),
    "bootstrap of clusters": (["compute", "--loss", "mae", *PAIR, "--bootstrap", "200", "--cluster", "user"], SMALL),
    "where": (["compute", "--loss", "mse", *PAIR, "--where", "split=test", "--where", "y>8"], ODD),
    "where nothing in most": (["compute", "--loss", "mse", *PAIR, "--where", "image=3"], ODD),
    "missing": (["compute", "--loss", "mse", "-t", "y", "-p", "gaps", "--missing", "skip"], ODD),
    "missing of one model": (
        ["compare", "--loss", "mae", "-t", "y", "-p", "a", "-p", "gaps", "--missing", "skip"],
        ODD,
    ),
    "invalid": (["compute", "--loss", "msle", "-t", "y", "-p", "a", "--invalid", "skip"], ODD),
    "transform": (["compute", "--loss", "mse", *PAIR, "--transform", "log1p", "--invalid", "skip"], SMALL),
    "float32": (["compute", "--loss", "mse", "-t", "y", "-p", "f"], WIDE),
    "sets": (["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--group", "image"], ODD),
    "sets of models": (
        ["compare", "--loss", "dice", "-t", "mask", "--probs", "p", "--probs", "q", "--group", "image", "-w", "w"],
        ODD,
    ),
    "weighted sets of whole blocks": (
        ["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--group", "image", "-w", "z"],
        WHOLE,
    ),
    "clusters of whole blocks": (["compute", "--loss", "mae", *PAIR, "--cluster", "image", "-w", "w"], WHOLE),
    "sets apart": (["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--group", "day"], WIDE),
    "sets by": (["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--group", "image", "--by", "flag"], SMALL),
    "clusters of sets": (
        ["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--group", "image,user", "--cluster", "user"],
        SMALL,
    ),
    "whole": (["compute", "--loss", "dice", "-t", "mask", "--probs", "p"], ODD),
    "whole models": (["compare", "--loss", "dice", "-t", "mask", "--probs", "p", "--probs", "q", "--by", "flag"], WIDE),
    "whole with draws": (["compute", "--loss", "dice", "-t", "mask", "--probs", "p", "--bootstrap", "100"], SMALL),
    "classes": (["compute", "--loss", "cross_entropy", "-t", "class", "--probs", "prob_*"], ODD),
    "files": (["compare", "--loss", "mae", "--loss", "mse", *MODELS, "--block", "10"], [*SMALL, *EMPTY, *ARROW]),
    "text among files": (["compute", "--loss", "mse", *PAIR, "--by", "country"], [*TEXT, *SMALL, *TEXT, *WIDE]),
    "arrow": (["compute", "--loss", "mse", *PAIR], ARROW),
    "batches of a size": (
        ["compute", "--loss", "info_nce", "--anchor", "a,b", "--positive", "y,f", "--batch-size", "300"],
        SMALL,
    ),
    "batches by group": (
        ["compute", "--loss", "info_nce", "--anchor", "a,b", "--positive", "y,f", "--group", "image"],
        SMALL,
    ),
    "batches apart": (
        ["compute", "--loss", "info_nce", "--anchor", "a,b", "--positive", "y,f", "--group", "user", "--by", "flag"],
        TEXT,
    ),
}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("case", CASES)
def test_shards_joined_are_one_run(case: str, count: int, data: Path) -> None:
    command, files = CASES[case]
    plain = run_cli([*command, *files, "--json"], cwd=data)
    assert plain.code == 0, plain.err
    assert in_shards(command, files, count, data) == (plain.out, plain.err)
