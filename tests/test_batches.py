"""Losses of batches: groups and sizes, in any order, from any file, and a batch of one.

What is expected comes from a direct computation of the definition with NumPy, on the whole matrix of similarities.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.arrays import Array, Index
from losscli.catalogue import find
from tests.cli import Outcome, run_cli

ROLES: dict[str, Any] = {"anchor": "a", "positive": "b"}
ALONE = "has a single row, which has nothing to be compared with and costs 0"


def _softmax_losses(scores: Array, own: Index) -> Array:
    largest = scores.max(axis=1)
    losses: Array = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1)) - scores[np.arange(len(own)), own]
    return losses


def _unit(vectors: Array) -> Array:
    scaled: Array = vectors / np.sqrt((vectors * vectors).sum(axis=1))[:, None]
    return scaled


def _nt_xent(a: Array, b: Array, temperature: float = 0.5) -> Array:
    views, n = _unit(np.concatenate([a, b])), len(a)
    scores = views @ views.T / temperature
    np.fill_diagonal(scores, -np.inf)
    losses = _softmax_losses(scores, np.roll(np.arange(2 * n), n))
    both: Array = (losses[:n] + losses[n:]) / 2
    return both


def _info_nce(a: Array, b: Array, temperature: float = 0.1) -> Array:
    return _softmax_losses(_unit(a) @ _unit(b).T / temperature, np.arange(len(a)))


def _rows(count: int, width: int = 4, seed: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)), rng.normal(size=(count, width))


def _table(a: Array, b: Array, **more: Any) -> pa.Table:
    return pa.table({"a": a.tolist(), "b": b.tolist(), **more})


@pytest.mark.parametrize(("loss", "direct"), [("nt_xent", _nt_xent), ("info_nce", _info_nce)])
def test_5000_rows_against_the_whole_matrix(loss: str, direct: Any) -> None:
    """More than the tiles of similarities that are held at a time."""
    a, b = _rows(5000, 16)
    expected = direct(a, b)
    np.testing.assert_allclose(find(loss)(a, b), expected, rtol=1e-12)


SIZES = [5, 1, 30, 12, 2, 50]


def _grouped(seed: int = 2) -> tuple[Array, Array, list[int], Array]:
    """Rows in groups of the sizes, the groups, and the expected loss of each."""
    a, b = _rows(sum(SIZES), seed=seed)
    groups = np.repeat(np.arange(len(SIZES)), SIZES)
    expected = np.array([_nt_xent(a[groups == g], b[groups == g]).mean() for g in range(len(SIZES))])
    return a, b, groups.tolist(), expected


@pytest.mark.parametrize("order", ["sorted", "mixed", "backwards"])
def test_groups_in_any_order(order: str) -> None:
    a, b, groups, expected = _grouped()
    count = len(groups)
    places = {"sorted": np.arange(count), "mixed": np.random.default_rng(3).permutation(count)}.get(order)
    places = np.arange(count)[::-1] if places is None else places
    table = _table(a[places], b[places], g=np.array(groups)[places].tolist())
    result = losscli.compute(table, loss="nt_xent", group="g", **ROLES)
    assert (result.count, result.used, result.unit) == (len(SIZES), count, "batch")
    assert result.value == pytest.approx(float(expected.mean()), rel=1e-12)
    assert result.stderr == pytest.approx(float(expected.std(ddof=1) / np.sqrt(len(SIZES))), rel=1e-11)
    held = any("all rows were held in memory" in warning for warning in result.warnings)
    assert held == (order == "mixed")
    assert any(f"one batch {ALONE}" in warning for warning in result.warnings)


def _write(table: pa.Table, folder: Path) -> list[str]:
    """The same rows in all formats that hold lists, and in any row groups."""
    paths = []
    for size in (table.num_rows, 1, 7, 33):
        paths.append(str(folder / f"{size}.parquet"))
        pq.write_table(table, paths[-1], row_group_size=size)
    with pa.ipc.new_file(str(folder / "a.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=9)
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, table.to_pylist())))
    return [*paths, str(folder / "a.arrow"), str(folder / "a.jsonl")]


@pytest.mark.parametrize("asked", [["--group", "g"], ["--group", "m"], ["--batch-size", "7"]], ids=" ".join)
def test_the_same_bits_from_any_file_and_number_of_threads(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks of 16 rows, so that a few rows are several; the groups of m stand apart."""
    monkeypatch.setattr("losscli.fold.BLOCK", 16)
    a, b, groups, _ = _grouped()
    mixed = np.random.default_rng(4).permutation(groups).tolist()
    table = _table(a, b, g=groups, m=mixed, w=np.random.default_rng(5).exponential(size=len(groups)).tolist())
    found = set()
    flags = ["compare", "-l", "nt_xent", "-l", "info_nce", "--anchor", "a", "--positive", "b", "-w", "w", *asked]
    for path in _write(table, tmp_path):
        for threads in (1, 2, 7):
            done = run_cli([*flags, path, "--json", "--threads", str(threads)])
            assert done.code == 0, done.err
            found.add(done.out.partition('"results":')[2].partition('"comparisons":')[0])
    assert len(found) == 1


def _nt_xent_of(folder: Path, table: pa.Table, *asked: str) -> Outcome:
    pq.write_table(table, folder / "a.parquet", row_group_size=10)
    return run_cli(["compute", "-l", "nt_xent", "--anchor", "a", "--positive", "b", *asked, str(folder / "a.parquet")])


@pytest.mark.parametrize("size", [1, 7, 10, 32, 33, 34, 1000])
def test_batches_of_consecutive_rows(size: int, tmp_path: Path) -> None:
    """Whatever the row groups are; the last batch has what is left."""
    a, b = _rows(33)
    done = _nt_xent_of(tmp_path, _table(a, b), "--batch-size", str(size), "--reduction", "none")
    found = [float(line.split(",")[1]) for line in done.out.splitlines()[1:]]
    expected = [_nt_xent(a[i : i + size], b[i : i + size]).mean() for i in range(0, 33, size)]
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)
    done = _nt_xent_of(tmp_path, _table(a, b), "--batch-size", str(size))
    warned = {1: f"33 batches have{ALONE[3:]}", 32: f"one batch {ALONE}"}.get(size, "")
    assert warned in done.err
    assert (ALONE[4:] in done.err) == bool(warned)
    short = {
        7: "the last batch has 5 rows where others have 7",
        10: "the last batch has 3 rows where others have 10",
        32: "the last batch has 1 row where others have 32",
        34: "the only batch has 33 rows where --batch-size asks for 34",
        1000: "the only batch has 33 rows where --batch-size asks for 1000",
    }.get(size, "")
    assert short in " ".join(done.err.split())
    assert (" batch has" in done.err.replace("one batch has", "")) == bool(short)


def test_a_batch_goes_on_in_the_next_file(tmp_path: Path) -> None:
    a, b = _rows(20)
    for name, rows in (("a", slice(0, 9)), ("b", slice(9, 20))):
        pq.write_table(_table(a[rows], b[rows], g=[1] * len(a[rows])), tmp_path / f"{name}.parquet")
    paths = [str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")]
    for asked in ({"group": "g"}, {"batch_size": 20}):
        named: dict[str, Any] = {**ROLES, **asked}
        found = losscli.compute(paths, loss="nt_xent", **named).value
        assert found == pytest.approx(float(_nt_xent(a, b).mean()), rel=1e-12)


def test_rows_that_are_left_out_leave_no_gap(tmp_path: Path) -> None:
    """A batch has as many rows as it is asked for, of those that are used."""
    a, b = _rows(12)
    kept = np.arange(12) % 3 != 1
    left_out: list[Any] = [row if keep else None for row, keep in zip(a.tolist(), kept.tolist(), strict=True)]
    asked = ("--batch-size", "4", "--missing", "skip", "--json")
    done = _nt_xent_of(tmp_path, pa.table({"a": left_out, "b": b.tolist()}), *asked)
    found = json.loads(done.out)["results"][0]
    expected = [_nt_xent(a[kept][i : i + 4], b[kept][i : i + 4]).mean() for i in (0, 4)]
    assert (found["skipped"], found["count"]) == ({"missing": 4}, 2)
    assert found["value"] == pytest.approx(float(np.mean(expected)), rel=1e-12)


def test_weights_of_rows_weigh_a_batch() -> None:
    """The loss of a batch is the weighted mean over its rows, its weight the mean of theirs."""
    a, b, groups, _ = _grouped()
    weights = np.random.default_rng(6).exponential(size=len(groups))
    parts = [np.array(groups) == g for g in range(len(SIZES))]
    losses = [np.average(_nt_xent(a[part], b[part]), weights=weights[part]) for part in parts]
    expected = np.average(losses, weights=[weights[part].mean() for part in parts])
    table = _table(a, b, g=groups, w=weights.tolist())
    result = losscli.compute(table, loss="nt_xent", group="g", weight="w", **ROLES)
    assert result.value == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("group", ["g", "m"])
def test_standard_input_with_groups(kind: str, group: str, tmp_path: Path) -> None:
    """It can be read once, so its rows are held; sorted or not, the losses are those of the file."""
    a, b, groups, _ = _grouped()
    mixed = np.random.default_rng(7).permutation(groups).tolist()
    columns = {f"{name}_{i}": part[:, i].tolist() for name, part in (("a", a), ("b", b)) for i in range(4)}
    table = pa.table({**columns, "g": groups, "m": mixed})
    path = tmp_path / f"rows.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "csv":
        pa_csv.write_csv(table, str(path))
    else:
        path.write_text("\n".join(map(json.dumps, table.to_pylist())))
    asked = ["compute", "-l", "nt_xent", "--anchor", "a_*", "--positive", "b_*", "--group", group, "--json"]
    piped = run_cli([*asked, "--input-format", kind, "-"], path.read_bytes())
    assert piped.code == 0, piped.err
    found, of_file = (json.loads(out)["results"][0] for out in (piped.out, run_cli([*asked, str(path)]).out))
    assert found == of_file


def test_what_a_batch_is_must_be_said(tmp_path: Path) -> None:
    table = _table(*_rows(4), g=[1] * 4)
    done = _nt_xent_of(tmp_path, table)
    assert (done.code, "--batch-size N" in done.err) == (2, True)
    done = _nt_xent_of(tmp_path, table, "--group", "g", "--batch-size", "2")
    assert (done.code, "leave one of them out" in done.err) == (2, True)
    for size in ("0", "-1", "1.5", "x"):
        done = _nt_xent_of(tmp_path, table, f"--batch-size={size}")
        assert (done.code, "--batch-size takes a whole number of at least 1" in done.err) == (2, True)
