"""Columns that do not fit together are refused with their names, their row and the way out. Expected: by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import run_cli

PAIR = [[1.0, 0.0], [0.0, 1.0]]
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, Any], str, str]] = {
    "lists of lists": (
        ("info_nce", "--anchor", "u", "--positive", "v", "--negative", "n"),
        {"u": [[[1.0, 0.0]], [[1.0, 0.0]]], "v": PAIR, "n": [PAIR, PAIR]},
        "row 1: info_nce: anchor (column 'u') holds lists of lists",
        "--anchor COLUMN",
    ),
    "empty lists": (
        ("cross_entropy", "--target", "u", "--logits", "v"),
        {"u": [0, 0], "v": [[], []]},
        "row 1: cross_entropy: logits (column 'v') holds empty lists",
        "--logits COLUMN",
    ),
    "widths": (
        ("triplet", "--anchor", "u", "--positive", "v", "--negative", "n"),
        {"u": PAIR, "v": PAIR, "n": [[1.0, 2.0, 3.0]] * 2},
        "values a row: anchor (column 'u') 2, positive (column 'v') 2, negative (column 'n') 3",
        "--anchor and --positive and --negative columns with as many values a row",
    ),
    "outputs": (
        ("mse", "--target", "u", "--pred", "v"),
        {"u": PAIR, "v": [[1.0, 2.0, 3.0]] * 2},
        "row 1: mse: the roles have different numbers of outputs: target (column 'u') 2, pred (column 'v') 3",
        "--target and --pred columns with as many outputs",
    ),
    "no outputs": (
        ("mse", "--target", "u", "--pred", "v"),
        {"u": [[], []], "v": [[], []]},
        "row 1: mse: its columns hold empty lists: target (column 'u'), pred (column 'v')",
        "give columns whose lists have values",
    ),
    "a box": (
        ("giou", "--target", "u", "--pred", "v"),
        {"u": PAIR, "v": PAIR},
        "row 1: giou: target (column 'u') needs 4 values a row, not 2",
        "--target A,B,C,D",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_columns_that_do_not_fit_are_named(case: str, tmp_path: Path) -> None:
    loss, columns, problem, hint = REFUSED[case]
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    done = run_cli(["compute", str(tmp_path / "a.parquet"), "--loss", *loss])
    shown = " ".join(done.err.split())
    assert (done.code, problem in shown, hint in shown) == (3, True, True), done.err


def test_the_row_is_the_first_that_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"u": PAIR * 2, "v": [[1.0]] * 4, "k": [0, 0, 1, 1]}), tmp_path / "a.parquet")
    loss = ("contrastive", "--target", "k", "--left", "u", "--right", "v", "--where", "k=1")
    done = run_cli(["compute", str(tmp_path / "a.parquet"), "--loss", *loss])
    assert (done.code, "a.parquet, row 3: contrastive: the roles have" in " ".join(done.err.split())) == (3, True)
