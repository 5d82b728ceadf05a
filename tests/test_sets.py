"""Losses of sets: groups, list columns, the whole file, and what they add up to, on the sample masks.

What is expected comes from the definition, computed image by image with NumPy, or is said in the test.
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.arrays import Array
from tests.cli import ROOT, run_cli

FLAT, LISTS = (str(ROOT / "sample_data" / name) for name in ("masks.parquet", "masks_list.parquet"))
ROLES: dict[str, Any] = {"target": "mask_true", "probs": "mask_candidate"}
LOSSES = ("dice", "iou", "tversky", "dice:squared=true,eps=0", "tversky:alpha=0.5,beta=0.5,empty=0")
EPS = 1e-6


def _masks() -> pa.Table:
    return pq.read_table(FLAT)


def _column(table: pa.Table, name: str) -> Array:
    return np.array(table[name].to_pylist())


def _dice(y: Array, p: Array, eps: float = EPS) -> float:
    return float(1.0 - (2.0 * np.sum(y * p) + eps) / (np.sum(y) + np.sum(p) + eps))


def _by_image(table: pa.Table) -> dict[Any, float]:
    ids, y, p = (_column(table, name) for name in ("image_id", "mask_true", "mask_candidate"))
    return {image: _dice(y[ids == image], p[ids == image]) for image in dict.fromkeys(ids.tolist())}


def _losses(paths: Sequence[str], *asked: str) -> dict[str, float]:
    flags = ["-l", "dice", "-t", "mask_true", "--probs", "mask_candidate", *asked]
    done = run_cli(["compute", *flags, "--reduction", "none", *paths])
    assert done.code == 0, done.err
    return {name: float(loss) for name, loss in (line.rsplit(",", 1) for line in done.out.splitlines()[1:])}


def test_each_image_has_its_loss() -> None:
    expected = {str(name): pytest.approx(loss, rel=1e-13) for name, loss in _by_image(_masks()).items()}
    found = _losses([FLAT], "--group", "image_id")
    assert found == expected
    assert list(found) == list(expected)
    result = losscli.compute(FLAT, loss="dice", group="image_id", **ROLES)
    losses = np.array(list(found.values()))
    assert (result.count, result.used, result.unit) == (24, 23268, "set")
    assert result.value == pytest.approx(float(losses.mean()), rel=1e-14)
    assert result.stderr == pytest.approx(float(losses.std(ddof=1) / np.sqrt(24)), rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_groups_in_any_order_of_rows(loss: str) -> None:
    table = _masks()
    order = np.random.default_rng(1).permutation(table.num_rows)
    expected = losscli.compute(table, loss=loss, group="image_id", **ROLES)
    found = losscli.compute(table.take(pa.array(order)), loss=loss, group="image_id", **ROLES)
    assert found.value == pytest.approx(expected.value, rel=1e-13)
    assert found.stderr == pytest.approx(expected.stderr, rel=1e-11)
    assert found.count == 24


@pytest.mark.parametrize("loss", LOSSES)
def test_list_columns_are_groups(loss: str) -> None:
    """Images of different sizes, one a row."""
    lists = losscli.compute(LISTS, loss=loss, **ROLES)
    assert len({len(mask) for mask in pq.read_table(LISTS)["mask_true"].to_pylist()}) > 1
    flat = losscli.compute(FLAT, loss=loss, group="image_id", **ROLES)
    assert (lists.count, lists.unit) == (24, "set")
    assert lists.value == pytest.approx(flat.value, rel=1e-13)
    assert lists.stderr == pytest.approx(flat.stderr, rel=1e-11)


def _write(table: pa.Table, folder: Path) -> list[str]:
    """The same rows in all formats and row groups."""
    paths = []
    for size in (table.num_rows, 1000, 7919):
        paths.append(str(folder / f"{size}.parquet"))
        pq.write_table(table, paths[-1], row_group_size=size)
    csv, arrow, lines = (str(folder / f"a.{ending}") for ending in ("csv", "arrow", "jsonl"))
    pa_csv.write_csv(table, csv)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table, max_chunksize=4999)
    Path(lines).write_text("\n".join(map(json.dumps, table.to_pylist())))
    return [*paths, csv, arrow, lines]


@pytest.fixture(scope="module")
def large() -> pa.Table:
    """Several blocks of 65,536 rows, groups that stand apart, weights."""
    rng = np.random.default_rng(2)
    rows = 150_000
    columns = {"mask_true": rng.random(rows) < 0.3, "mask_candidate": rng.random(rows), "w": rng.exponential(size=rows)}
    table = pa.table({name: values.astype(np.float64).tolist() for name, values in columns.items()})
    return table.append_column("image_id", pa.array(rng.integers(0, 300, rows).tolist()))


@pytest.mark.parametrize("group", [[], ["--group", "image_id"]], ids=["whole", "groups"])
def test_the_same_bits_from_any_file_and_number_of_threads(group: list[str], large: pa.Table, tmp_path: Path) -> None:
    found = {}
    asked = ["-l", "dice", "-l", "tversky", "-t", "mask_true", "--probs", "mask_candidate", "-w", "w", *group]
    for path in _write(large, tmp_path):
        for threads in (1, 2, 7):
            done = run_cli(["compare", *asked, path, "--json", "--threads", str(threads)])
            assert done.code == 0, done.err
            found[path, threads] = done.out.partition('"results":')[2].partition('"comparisons":')[0]
    assert len(set(found.values())) == 1
    assert '"value": 0.' in next(iter(found.values()))


def test_groups_across_files_and_formats(tmp_path: Path) -> None:
    """An image whose rows lie in two files is one image."""
    table = _masks()
    first, second = table.slice(0, 10_000), table.slice(10_000)
    pq.write_table(first, tmp_path / "a.parquet", row_group_size=777)
    pa_csv.write_csv(second, tmp_path / "b.csv")
    found = _losses([str(tmp_path / "a.parquet"), str(tmp_path / "b.csv")], "--group", "image_id")
    assert found == {str(name): pytest.approx(loss, rel=1e-13) for name, loss in _by_image(table).items()}


@pytest.mark.parametrize("kind", ["text", "dictionary", "int32", "float", "two columns"])
def test_what_a_group_may_be(kind: str) -> None:
    table = _masks()
    ids = _column(table, "image_id").tolist()
    numbers = {name: place for place, name in enumerate(dict.fromkeys(ids))}
    places = [numbers[name] for name in ids]
    columns: dict[str, Any] = {
        "text": {"g": pa.array([f"image {place}" for place in places])},
        "dictionary": {"g": pa.array([f"image {place}" for place in places]).dictionary_encode()},
        "int32": {"g": pa.array(places, pa.int32())},
        "float": {"g": pa.array([place / 2 for place in places])},
        "two columns": {"g": pa.array([place % 5 for place in places]), "h": pa.array([str(p // 5) for p in places])},
    }[kind]
    for name, column in columns.items():
        table = table.append_column(name, column)
    expected = losscli.compute(table, loss="dice", group="image_id", **ROLES)
    found = losscli.compute(table, loss="dice", group=list(columns), **ROLES)
    assert (found.value, found.stderr, found.count) == (expected.value, expected.stderr, 24)


def test_a_row_without_a_group_is_missing(tmp_path: Path) -> None:
    """Expected: the same without these rows."""
    table = _masks()
    ids = [None if i % 1000 == 3 else name for i, name in enumerate(_column(table, "image_id").tolist())]
    place = table.column_names.index("image_id")
    path = str(tmp_path / "a.parquet")
    pq.write_table(table.set_column(place, "image_id", pa.array(ids)), path, row_group_size=5000)
    done = run_cli(
        ["compute", "-l", "dice", "-t", "mask_true", "--probs", "mask_candidate", "--group", "image_id", path]
    )
    assert done.code == 3
    assert "column 'image_id' has no value in 24 of 23268 rows: rows 4, 1004, 2004" in done.err
    found = losscli.compute(path, loss="dice", group="image_id", missing="skip", **ROLES)
    kept = table.filter(pa.array([name is not None for name in ids]))
    assert found.skipped == {"missing": 24}
    assert found.value == pytest.approx(float(np.mean(list(_by_image(kept).values()))), rel=1e-13)


def test_the_standard_error_of_the_whole_file_is_that_of_a_ratio() -> None:
    """Without eps the loss is 1 - 2 A / B for sums A and B; its variance is that of the residuals 2 a - R b over B."""
    table = _masks()
    y, p = _column(table, "mask_true"), _column(table, "mask_candidate")
    result = losscli.compute(table, loss="dice:eps=0", **ROLES)
    a, b = [Fraction(v) for v in (y * p).tolist()], [Fraction(v) for v in (y + p).tolist()]
    ratio = 2 * sum(a) / sum(b)
    n = len(a)
    square = sum((2 * one - ratio * other) ** 2 for one, other in zip(a, b, strict=True))
    expected = float(square * Fraction(n, n - 1) / sum(b) ** 2) ** 0.5
    assert result.value == pytest.approx(float(1 - ratio), rel=1e-14)
    assert result.stderr == pytest.approx(expected, rel=1e-12)
    assert (result.ci_method, result.count) == ("delta", n)


@pytest.mark.parametrize("loss", ["dice", "iou"])
def test_the_standard_error_of_the_whole_file_is_that_of_a_bootstrap(loss: str) -> None:
    """4000 resamples of the rows, whose sums are those of multinomial counts; the error of its spread is 1.1%."""
    table = _masks()
    y, p = _column(table, "mask_true"), _column(table, "mask_candidate")
    rng = np.random.default_rng(3)
    values = []
    for _ in range(4000):
        rows = rng.integers(0, y.size, y.size)
        both, sizes = np.sum(y[rows] * p[rows]), np.sum(y[rows]) + np.sum(p[rows])
        values.append(
            1.0 - (2.0 * both + EPS) / (sizes + EPS) if loss == "dice" else 1.0 - (both + EPS) / (sizes - both + EPS)
        )
    result = losscli.compute(table, loss=loss, **ROLES)
    assert result.stderr == pytest.approx(float(np.std(values, ddof=1)), rel=0.05)
    assert result.value == pytest.approx(float(np.mean(values)), rel=0.01)
