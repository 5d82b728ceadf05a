"""`losscli worst`: by hand, and against pandas' nlargest of losses that NumPy computes here."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.errors import UsageError
from tests.cli import ROOT, Outcome, run_cli

DATA = ROOT / "sample_data"
SMALL = "id,y_true,y_pred,note\n007,1,1.5,a\n008,2,5,b\n009,3,1,c\n010,4,7.0,d\n"
"""Errors of 0.5, 3, 2 and 3."""


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.csv"
    file.write_text(SMALL)
    return str(file)


def _json(args: list[str], stdin: bytes = b"") -> Any:
    outcome = run_cli(["worst", *args, "--json"], stdin)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def _rows(args: list[str], stdin: bytes = b"") -> list[int]:
    return [entry["row"] for entry in _json(args, stdin)["worst"]]


def _refused(outcome: Outcome, code: int, said: str) -> None:
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err


def test_the_worst_rows_by_hand(small: str) -> None:
    outcome = run_cli(["worst", small, "--loss", "mae", "-n", "3"])
    assert outcome.out == (
        "rank\trow\tloss\ty_true\ty_pred\tid\tnote\n"
        "1\t2\t3.0\t2\t5\t008\tb\n"
        "2\t4\t3.0\t4\t7.0\t010\td\n"
        "3\t3\t2.0\t3\t1\t009\tc\n"
    )
    assert outcome.err == ""


def test_json_has_numbers_where_the_loss_reads_numbers_and_texts_as_they_stand(small: str) -> None:
    report = _json([small, "--loss", "mae", "-n", "1"])
    assert report["schema"] == "losscli.worst/1"
    assert (report["rows"], report["used"], report["count"], report["asked"]) == (4, 4, 4, 1)
    assert report["columns"] == {"target": ["y_true"], "pred": ["y_pred"]}
    entry = {"rank": 1, "row": 2, "file": small, "file_row": 2, "loss": 3.0}
    assert report["worst"] == [{**entry, "cells": {"y_true": 2, "y_pred": 5, "id": "008", "note": "b"}}]


@pytest.mark.parametrize("n", [4, 5, 999])
def test_more_than_there_are_is_all(small: str, n: int) -> None:
    assert _rows([small, "--loss", "mae", "-n", str(n)]) == [2, 4, 3, 1]


@pytest.mark.parametrize("n", ["0", "-1", "1.5", "x", ""])
def test_n_is_a_whole_number_of_at_least_1(small: str, n: str) -> None:
    _refused(run_cli(["worst", small, "--loss", "mae", "-n", n]), 2, "-n takes a whole number of at least 1")


def test_columns_are_chosen(small: str) -> None:
    def heading(columns: str) -> str:
        return run_cli(["worst", small, "--loss", "mae", "--columns", columns]).out.splitlines()[0]

    assert heading("none") == "rank\trow\tloss\ty_true\ty_pred"
    assert heading("note") == "rank\trow\tloss\ty_true\ty_pred\tnote"
    assert heading("note,id,y_pred") == "rank\trow\tloss\ty_true\ty_pred\tnote\tid"
    assert heading("n*") == "rank\trow\tloss\ty_true\ty_pred\tnote"
    _refused(run_cli(["worst", small, "--loss", "mae", "--columns", "nte"]), 2, "no column 'nte'")
    assert "'note'" in run_cli(["worst", small, "--loss", "mae", "--columns", "nte"]).err


def _nlargest(losses: Any, n: int) -> list[int]:
    return [int(row) + 1 for row in pd.Series(np.asarray(losses)).nlargest(n).index]


@pytest.mark.parametrize("name", ["diabetes.csv", "diabetes.parquet"])
@pytest.mark.parametrize("n", [1, 20, 441, 1000])
def test_the_squared_error_of_samples_as_in_pandas(name: str, n: int) -> None:
    file = DATA / name
    frame = pd.read_csv(file) if name.endswith("csv") else pd.read_parquet(file)
    losses = (frame["y_true"] - frame["pred_candidate"]).to_numpy() ** 2
    report = _json([str(file), "--loss", "mse", "-p", "pred_candidate", "-n", str(n)])
    assert [entry["row"] for entry in report["worst"]] == _nlargest(losses, n)
    for entry in report["worst"]:
        assert entry["loss"] == losses[entry["row"] - 1]
        assert str(entry["cells"]["sex"]) == str(frame["sex"][entry["row"] - 1])
        assert float(entry["cells"]["q10"]) == frame["q10"][entry["row"] - 1]


def test_pinball_with_a_filter_as_in_pandas() -> None:
    frame = pd.read_csv(DATA / "diabetes.csv")
    under = frame["y_true"] - frame["q80"]
    losses = pd.Series(np.maximum(0.8 * under, -0.2 * under))[frame["sex"] == "code1"]
    args = [str(DATA / "diabetes.csv"), "--loss", "pinball:tau=0.8", "-t", "y_true", "-p", "q80"]
    report = _json([*args, "--where", "sex=code1", "-n", "12"])
    assert [entry["row"] for entry in report["worst"]] == [int(row) + 1 for row in losses.nlargest(12).index]
    assert report["count"] == len(losses)
    assert report["skipped"] == {"where": len(frame) - len(losses)}


def test_cross_entropy_of_list_columns_and_of_many_columns_as_in_numpy() -> None:
    frame = pd.read_parquet(DATA / "digits.parquet")
    names = [name for name in frame.columns if name.startswith("logit_")]
    logits = frame[names].to_numpy()
    target = frame["y_true"].to_numpy()
    losses = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    losses -= logits[np.arange(len(target)), target]
    wide = _json([str(DATA / "digits.parquet"), "--loss", "cross_entropy", "-t", "y_true", "--logits", "logit_*"])
    assert [entry["row"] for entry in wide["worst"]] == _nlargest(losses, 20)
    lists = pq.read_schema(DATA / "digits_list.parquet")
    column = next(entry.name for entry in lists if pa.types.is_list(entry.type) or "list" in str(entry.type))
    args = [str(DATA / "digits_list.parquet"), "--loss", "cross_entropy", "-t", "y_true", "--logits", column]
    in_lists = _json(args)["worst"]
    assert [entry["row"] for entry in in_lists] == _nlargest(losses, 20)
    assert in_lists[0]["cells"][column] == pytest.approx(logits[in_lists[0]["row"] - 1].tolist())


@pytest.mark.parametrize("n", ["1", "3", "100"])
def test_sets_have_label_loss_and_rows(n: int) -> None:
    frame = pd.read_parquet(DATA / "masks.parquet")
    sums = frame.assign(
        both=frame["mask_true"] * frame["mask_candidate"], target=frame["mask_true"], pred=frame["mask_candidate"]
    ).groupby("image_id")[["both", "target", "pred"]]
    totals = sums.sum()
    dice = 1 - (2 * totals["both"] + 1e-6) / (totals["target"] + totals["pred"] + 1e-6)
    args = ["--loss", "dice", "-t", "mask_true", "--probs", "mask_candidate", "--group", "image_id", "-n", str(n)]
    found = _json([str(DATA / "masks.parquet"), *args])
    expected = dice.nlargest(int(n))
    assert [entry["group"] for entry in found["worst"]] == expected.index.tolist()
    assert [entry["loss"] for entry in found["worst"]] == pytest.approx(expected.tolist(), rel=1e-9)
    assert [entry["rows"] for entry in found["worst"]] == sums.size()[expected.index].tolist()
    assert (found["unit"], found["count"]) == ("set", len(dice))


def test_sets_in_any_order_of_rows_with_weights_of_0(tmp_path: Path) -> None:
    """By hand: overlap 0 of 2, and all of 1; the group z has no weight."""
    file = tmp_path / "sets.csv"
    file.write_text("g,t,p,w\na,1,0,1\nb,1,1,1\nz,1,1,0\na,0,1,1\nb,0,0,1\nb,0,0,0\n")
    args = [str(file), "--loss", "dice:eps=0", "-t", "t", "--probs", "p", "--group", "g", "-w", "w"]
    assert [(e["group"], e["loss"], e["rows"]) for e in _json(args)["worst"]] == [("a", 1.0, 2), ("b", 0.0, 3)]
    outcome = run_cli(["worst", *args, "-o", "csv"])
    assert outcome.out == "rank,group,loss,rows\n1,a,1.0,2\n2,b,0.0,3\n"
    _refused(run_cli(["worst", *args, "--columns", "t"]), 2, "--columns does not apply")
    assert run_cli(["worst", *args, "--columns", "none"]).code == 0


def test_a_whole_input_that_is_one_set_has_no_worst(tmp_path: Path) -> None:
    file = tmp_path / "sets.csv"
    file.write_text("t,p\n1,0\n0,1\n")
    _refused(run_cli(["worst", str(file), "--loss", "dice", "-t", "t", "--probs", "p"]), 2, "--group")


def test_batches_have_a_number_and_rows() -> None:
    args = [str(DATA / "embeddings.parquet"), "--loss", "info_nce", "--batch-size", "50", "-n", "2"]
    columns = pq.read_schema(DATA / "embeddings.parquet").names
    roles = [
        "--anchor",
        next(n for n in columns if "anchor" in n),
        "--positive",
        next(n for n in columns if "posi" in n),
    ]
    whole = run_cli(["compute", *args[:-2], *roles, "--reduction", "none"])
    assert whole.code == 0, whole.err
    losses = [float(line.split(",")[1]) for line in whole.out.splitlines()[1:]]
    found = _json([*args, *roles])["worst"]
    assert [entry["batch"] for entry in found] == _nlargest(losses, 2)
    assert [entry["rows"] for entry in found] == [
        min(50, pq.read_metadata(DATA / "embeddings.parquet").num_rows - 50 * (entry["batch"] - 1)) for entry in found
    ]


def _many(tmp_path: Path) -> tuple[pd.DataFrame, Path]:
    """Rows with many equal losses."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "y_true": rng.integers(0, 9, 9000).astype(float),
            "y_pred": rng.integers(0, 9, 9000).astype(float),
            "id": [f"r{i:05d}" for i in range(9000)],
            "when": pd.date_range("2024-01-01", periods=9000, freq="h"),
            "flag": rng.integers(0, 2, 9000) > 0,
        }
    )
    file = tmp_path / "many.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), file, row_group_size=77)
    return frame, file


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_many_row_groups_and_ties_for_any_threads(tmp_path: Path, threads: str) -> None:
    frame, file = _many(tmp_path)
    losses = (frame["y_true"] - frame["y_pred"]).abs()
    report = _json([str(file), "--loss", "mae", "-n", "150", "--threads", threads])
    assert [entry["row"] for entry in report["worst"]] == _nlargest(losses, 150)
    for entry in report["worst"]:
        cells = entry["cells"]
        assert cells["id"] == frame["id"][entry["row"] - 1]
        assert cells["flag"] is bool(frame["flag"][entry["row"] - 1])
        assert pd.Timestamp(cells["when"]) == frame["when"][entry["row"] - 1]


def _write(frame: pd.DataFrame, file: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if file.name.endswith((".csv", ".csv.gz")):
        frame.to_csv(file, index=False)
    elif file.suffix == ".jsonl":
        frame.to_json(file, orient="records", lines=True)
    elif file.suffix == ".json":
        frame.to_json(file, orient="records")
    elif file.suffix == ".parquet":
        pq.write_table(table, file, row_group_size=1000)
    elif file.suffix == ".arrow":
        with pa.ipc.new_file(str(file), table.schema) as writer:
            writer.write_table(table, max_chunksize=999)
    elif file.suffix == ".arrows":
        with pa.ipc.new_stream(str(file), table.schema) as writer:
            writer.write_table(table, max_chunksize=999)
    else:
        np.savez(file, y_true=frame["y_true"], y_pred=frame["y_pred"], id=frame["id"].tolist())


NAMES = ["a.csv", "a.csv.gz", "a.jsonl", "a.json", "a.parquet", "a.arrow", "a.arrows", "a.npz"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piped", [False, True])
def test_every_format_shows_the_cells_of_its_rows(tmp_path: Path, name: str, piped: bool) -> None:
    """Long enough for several pieces of text; as a file and through a pipe."""
    rng = np.random.default_rng(1)
    count = 12_000
    frame = pd.DataFrame(
        {
            "id": [f"{i:06d}" + "x" * (900 if name.endswith((".csv", ".jsonl")) else 0) for i in range(count)],
            "y_true": rng.normal(size=count).round(3),
            "y_pred": rng.normal(size=count).round(3),
        }
    )
    file = tmp_path / name
    _write(frame, file)
    losses = (frame["y_true"] - frame["y_pred"]) ** 2
    args = ["--loss", "mse", "-n", "30", "--threads", "2"]
    report = _json(["-", *args], file.read_bytes()) if piped else _json([str(file), *args])
    rows = [entry["row"] for entry in report["worst"]]
    assert rows == _nlargest(losses, 30)
    assert [entry["cells"]["id"] for entry in report["worst"]] == [frame["id"][row - 1] for row in rows]
    assert [entry["cells"]["y_true"] for entry in report["worst"]] == [frame["y_true"][row - 1] for row in rows]
    assert report["worst"][0]["file"] == ("standard input" if piped else str(file))


def test_a_matrix_has_its_columns_by_number(tmp_path: Path) -> None:
    file = tmp_path / "m.npy"
    np.save(file, np.array([[1.0, 1.0, 9.0], [1.0, 3.0, 8.0]]))
    report = _json([str(file), "--loss", "mae", "-t", "1", "-p", "2", "-n", "1"])
    assert report["worst"][0]["cells"] == {"1": 1.0, "2": 3.0, "3": 8.0}


def test_arrays_of_another_length_have_no_cells(tmp_path: Path) -> None:
    file = tmp_path / "m.npz"
    np.savez(file, y_true=np.array([1.0, 2.0]), y_pred=np.array([1.0, 5.0]), bias=np.array(3.0), long=np.arange(9.0))
    cells = _json([str(file), "--loss", "mae", "-n", "1"])["worst"][0]["cells"]
    assert cells == {"y_true": 2.0, "y_pred": 5.0, "bias": None, "long": None}


def test_several_files_are_numbered_as_one_and_named(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("y_true,y_pred,note\n0,1,x\n0,9,y\n")
    second.write_text("more,y_pred,y_true\nm,5,0\nn,9,0\n")
    found = _json([str(first), str(second), "--loss", "mae", "-n", "3"])["worst"]
    assert [(e["row"], e["file"], e["file_row"], e["loss"]) for e in found] == [
        (2, str(first), 2, 9.0),
        (4, str(second), 2, 9.0),
        (3, str(second), 1, 5.0),
    ]
    assert [e["cells"] for e in found[:2]] == [
        {"y_true": 0, "y_pred": 9, "note": "y", "more": None},
        {"y_true": 0, "y_pred": 9, "note": None, "more": "n"},
    ]
    outcome = run_cli(["worst", str(first), str(second), "--loss", "mae", "-n", "1"])
    assert outcome.out.splitlines()[0] == "rank\trow\tfile\tfile_row\tloss\ty_true\ty_pred\tnote\tmore"


def test_numbers_are_those_of_reduction_none(tmp_path: Path) -> None:
    _, file = _many(tmp_path)
    rows = run_cli(["compute", str(file), str(file), "--loss", "mse", "--reduction", "none", "--where", "flag=true"])
    table = [(int(line.split(",")[0]), float(line.split(",")[1])) for line in rows.out.splitlines()[1:]]
    expected = sorted(table, key=lambda entry: (-entry[1], entry[0]))[:40]
    found = _json([str(file), str(file), "--loss", "mse", "--where", "flag=true", "-n", "40"])["worst"]
    assert [(entry["row"], entry["loss"]) for entry in found] == expected


def test_rows_that_lack_a_value_are_refused_or_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "holes.csv"
    file.write_text("y_true,y_pred,note\n1,,a\n1,2,b\nNA,99,c\n1,5,\n")
    _refused(run_cli(["worst", str(file), "--loss", "mae"]), 3, "--missing skip")
    outcome = run_cli(["worst", str(file), "--loss", "mae", "--missing", "skip", "-o", "csv"])
    assert outcome.out == "rank,row,loss,y_true,y_pred,note\n1,4,4.0,1,5,\n2,2,1.0,1,2,b\n"
    assert outcome.err == "warning: rows left out: missing 2\n"
    assert run_cli(["worst", str(file), "--loss", "mae", "--missing", "skip", "-q"]).err == ""
    assert _json([str(file), "--loss", "mae", "--missing", "skip"])["skipped"] == {"missing": 2}


def test_invalid_rows_are_refused_or_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("y,prob\n1,0.5\n0,1.2\n1,0.25\n")
    args = ["worst", str(file), "--loss", "bce", "-t", "y", "--probs", "prob"]
    _refused(run_cli(args), 3, "row 2 (1.2)")
    outcome = run_cli([*args, "--invalid", "skip"])
    assert [line.split("\t")[1] for line in outcome.out.splitlines()[1:]] == ["3", "1"]
    assert "invalid 1" in outcome.err


@pytest.mark.parametrize(
    "more", [["--where", "y_true>9"], ["--where", "y_true=1", "--where", "y_true=2"]], ids=["none", "never"]
)
def test_no_row_left_is_an_error(small: str, more: list[str]) -> None:
    _refused(run_cli(["worst", small, "--loss", "mae", *more]), 3, "none of 4 rows is left")


def test_all_missing_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("y_true,y_pred\n1,\n2,\n")
    _refused(run_cli(["worst", str(file), "--loss", "mae", "--missing", "skip"]), 3, "missing 2")
    file.write_text("y_true,y_pred\n")
    _refused(run_cli(["worst", str(file), "--loss", "mae"]), 3, "no rows")


def test_text_from_the_file_stays_data(tmp_path: Path) -> None:
    file = tmp_path / "evil.csv"
    evil = "[red]x[/red]\x1b[31m\u202e|<b>"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ["y_true", "y_pred", "=cmd", "note"],
                [0, -2, "=1+1", evil],
                [0, 1, "-1+1", "a\nb\tc"],
                [0, 0.5, "-3", "é"],
            ]
        )
    for kind in ("table", "plain", "csv", "markdown"):
        text = run_cli(["worst", str(file), "--loss", "mae", "-o", kind]).out
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "x" in text
    plain = run_cli(["worst", str(file), "--loss", "mae"]).out.splitlines()
    assert plain[1] == "1\t1\t2.0\t0\t-2\t=1+1\t[red]x[/red]\\x1b[31m\\u202e|<b>"
    assert plain[2] == "2\t2\t1.0\t0\t1\t-1+1\ta\\x0ab\\x09c"
    table = list(csv.reader(io.StringIO(run_cli(["worst", str(file), "--loss", "mae", "-o", "csv"]).out)))
    assert table[0][5] == "'=cmd"
    assert [row[5] for row in table[1:]] == ["'=1+1", "'-1+1", "-3"]
    assert [row[4] for row in table[1:]] == ["-2", "1", "0.5"]
    assert "[red]x[/red]" in run_cli(["worst", str(file), "--loss", "mae", "-o", "table"]).out
    markdown = run_cli(["worst", str(file), "--loss", "mae", "-o", "markdown"]).out
    assert "<b>" not in markdown
    assert {line.count("|") for line in markdown.splitlines()[:5]} == {8}
    assert _json([str(file), "--loss", "mae"])["worst"][0]["cells"]["note"] == evil


def test_bytes_that_are_no_text_do_not_stop_the_run(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(b"y_true,y_pred,note\n1,2,caf\xe9\n")
    assert _json([str(file), "--loss", "mae"])["worst"][0]["cells"]["note"] == "caf\\xe9"


def test_json_is_strict(tmp_path: Path) -> None:
    file = tmp_path / "odd.parquet"
    table = pa.table(
        {
            "y_true": [1.0, 1.0],
            "y_pred": [2.0, 1.0],
            "nan": [float("nan"), 1.0],
            "list": [[1.0, float("inf"), None], None],
            "object": [{"a": 1, "b": [float("nan")]}, None],
            "raw": [b"\xff\x00a", None],
            "nothing": pa.nulls(2),
            "large": pa.array([2**62, 1]),
        }
    )
    pq.write_table(table, file)
    text = run_cli(["worst", str(file), "--loss", "mae", "--json"]).out
    report = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert report["worst"][0]["cells"] == {
        "y_true": 1.0,
        "y_pred": 2.0,
        "nan": None,
        "list": [1.0, None, None],
        "object": {"a": 1, "b": [None]},
        "raw": "\\xff\x00a",
        "nothing": None,
        "large": 2**62,
    }
    lines = run_cli(["worst", str(file), "--loss", "mae", "-o", "jsonl"]).out.splitlines()
    assert [json.loads(line) for line in lines] == report["worst"]


def test_columns_called_like_ours_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "same.csv"
    file.write_text("y_true,y_pred,loss,rank\n1,2,9,8\n")
    assert run_cli(["worst", str(file), "--loss", "mae"]).out == (
        "rank\trow\tloss\ty_true\ty_pred\tloss (column)\trank (column)\n1\t1\t1.0\t1\t2\t9\t8\n"
    )


def test_columns_of_one_name_are_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("y_true,y_pred,a,a,b\n1,2,3,4,5\n")
    outcome = run_cli(["worst", str(file), "--loss", "mae"])
    assert outcome.out.splitlines() == ["rank\trow\tloss\ty_true\ty_pred\tb", "1\t1\t1.0\t1\t2\t5"]
    assert outcome.err == "warning: not shown: columns of the same name, 'a'\n"
    _refused(run_cli(["worst", str(file), "--loss", "mae", "--columns", "a"]), 2, "2 columns called 'a'")


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_fits_and_says_what_is_cut(tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    file = tmp_path / "wide.csv"
    names = [f"feature_{i}" for i in range(40)]
    file.write_text(f"{','.join(names)},y_true,y_pred\n{','.join(['日本' * 40] * 40)},1,2\n")
    lines = run_cli(["worst", str(file), "--loss", "mae", "-o", "table"]).out.splitlines()
    from rich.cells import cell_len

    assert max(map(cell_len, lines)) <= width
    assert lines[0].split()[:5] == ["rank", "row", "loss", "y_true", "y_pred"]
    cut = 40 - sum("feature" in word for word in lines[0].split())
    assert 30 < cut < 40
    assert f"no room for {cut} more columns: feature_{40 - cut}," in " ".join(lines)


def test_a_loss_that_is_better_when_higher_shows_the_smallest(monkeypatch: pytest.MonkeyPatch, small: str) -> None:
    from dataclasses import replace

    from losscli.catalogue import find

    loss = find("mae")
    monkeypatch.setattr("losscli.specs.find", lambda _: replace(loss, facts=replace(loss.facts, direction="higher")))
    assert _rows([small, "--loss", "mae", "-n", "2"]) == [1, 3]
    assert [entry["loss"] for entry in _json([small, "--loss", "mae", "-n", "2"])["worst"]] == [0.5, 2.0]


def test_one_loss_is_needed(small: str) -> None:
    _refused(run_cli(["worst", small, "--loss", "mae", "--loss", "mse"]), 2, "one loss")
    _refused(run_cli(["worst", small]), 2, "no loss is named")


def test_outputs_go_to_files(small: str, tmp_path: Path) -> None:
    outputs = [
        part for kind in ("table", "csv", "json", "markdown") for part in ("-o", f"{kind}:{tmp_path}/out.{kind}")
    ]
    assert run_cli(["worst", small, "--loss", "mae", *outputs]).out == ""
    for kind in ("table", "csv", "json", "markdown"):
        assert "008" in (tmp_path / f"out.{kind}").read_text()
    _refused(run_cli(["worst", small, "--loss", "mae", "-o", f"csv:{small}"]), 2, "is an input")
    _refused(run_cli(["worst", small, "--loss", "mae", "-o", "parquet"]), 2, "no output")


def test_a_gz_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    rng = np.random.default_rng(0)
    text = "y_true,y_pred\n" + "".join(f"{a},{b}\n" for a, b in rng.normal(size=(20_000, 2)).tolist())
    file.write_bytes(gzip.compress(text.encode())[:-2000])
    outcome = run_cli(["worst", str(file), "--loss", "mae"])
    assert outcome.code == 3
    assert "Traceback" not in outcome.err


def test_two_objects_in_a_line_are_two_rows() -> None:
    """As Arrow reads them, behind the rows that are looked at for the columns."""
    before = b'{"y_true":0,"y_pred":0,"k":"z"}\n' * 1000
    stdin = b'{"y_true":1,"y_pred":1,"k":"a"}{"y_true":1,"y_pred":3,"k":"b"}\n\n{"y_true":1,"y_pred":2,"k":"c"}\n'
    found = _json(["-", "--loss", "mae", "--input-format", "jsonl", "-n", "3"], before + stdin)["worst"]
    assert [(entry["row"], entry["cells"]["k"]) for entry in found] == [(1002, "b"), (1003, "c"), (1, "z")]


def test_quoted_cells_over_several_lines_do_not_shift_rows() -> None:
    stdin = b'y_true,y_pred,note\n1,1,"a\n\nb"\n\n1,9,"c,""d"""\n1,2,e\n'
    found = _json(["-", "--loss", "mae"], stdin)["worst"]
    assert [(entry["row"], entry["cells"]["note"]) for entry in found] == [(2, 'c,"d"'), (3, "e"), (1, "a\n\nb")]


def test_from_python() -> None:
    frame = pd.read_csv(DATA / "diabetes.csv")
    losses = (frame["y_true"] - frame["pred_candidate"]).abs()
    for data in (frame, pa.Table.from_pandas(frame), str(DATA / "diabetes.csv"), DATA / "diabetes.parquet"):
        found = losscli.worst(data, loss="mae", pred="pred_candidate", n=5, columns=["sex", "q10"])
        assert found.columns.tolist() == ["rank", "row", "loss", "y_true", "pred_candidate", "sex", "q10"]
        assert found["row"].tolist() == _nlargest(losses, 5)
        assert found["loss"].tolist() == losses.nlargest(5).tolist()
        assert found["y_true"].tolist() == frame["y_true"][losses.nlargest(5).index].tolist()
        assert found["sex"].tolist() == frame["sex"][losses.nlargest(5).index].tolist()
    assert "sex" in losscli.worst(frame, loss="mae", pred="pred_candidate", n=1)
    assert len(losscli.worst(frame, loss="mae", pred="pred_candidate", n=1, columns=[]).columns) == 5
    with pytest.raises(UsageError, match="at least 1"):
        losscli.worst(frame, loss="mae", pred="pred_candidate", n=0)


def test_the_function_stays_a_function_after_the_command_ran(small: str) -> None:
    run_cli(["worst", small, "--loss", "mae"])
    assert callable(losscli.worst)
