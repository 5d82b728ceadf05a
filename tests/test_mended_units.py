"""Faults of sets and batches that were found by trying to break the tool. Expected values are by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import run_cli

MASK = {"y": [1.0, 0.0, 1.0], "p": [0.5, 0.0, 1.0]}
"""Its dice without eps is 1 - 2 * 1.5 / (1.5 + 2)."""
DICE = 1.0 / 7.0


def _parquet(folder: Path, name: str = "a.parquet", rows: int | None = None, **columns: Any) -> str:
    pq.write_table(pa.table(columns), folder / name, row_group_size=rows)
    return str(folder / name)


def _csv(folder: Path, text: str, name: str = "a.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def _dice(*args: str, loss: str = "dice:eps=0") -> list[str]:
    return ["compute", "-l", loss, "-t", "y", "--probs", "p", *args]


def _losses(*args: str) -> dict[str, float]:
    """The loss of each unit as `--reduction none` prints it."""
    outcome = run_cli([*_dice(*args), "--reduction", "none"])
    assert outcome.code == 0, outcome.err
    return {line.split(",")[0]: float(line.split(",")[1]) for line in outcome.out.splitlines()[1:]}


@pytest.mark.parametrize("rows", [1000, 65_536, 70_000])
def test_a_whole_file_may_have_row_groups_of_any_size(rows: int, tmp_path: Path) -> None:
    """It was a fault of the tool from the second block of 65,536 rows on."""
    count = 140_000
    path = _parquet(tmp_path, rows=rows, y=[1.0, 0.0] * (count // 2), p=[0.5, 0.5] * (count // 2))
    assert losscli.compute(path, loss="dice:eps=0", target="y", probs="p").value == 0.5


def test_a_single_class_has_a_loss_for_each_class() -> None:
    table = pa.table({"y": [MASK["y"]] * 3, "p": [MASK["p"]] * 3})
    result = losscli.compute(table, loss="dice:eps=0,average=none", target="y", probs="p")
    assert result.value == pytest.approx(DICE, rel=1e-15)


def test_a_group_has_one_name_in_all_files(tmp_path: Path) -> None:
    """CSV gave 1.0 where Parquet gives 1."""
    path = _csv(tmp_path, "g,y,p\n1,1,0.5\n2,1,1\n1,0,0\n")
    other = _parquet(tmp_path, g=[1, 3], y=[1.0, 1.0], p=[1.0, 0.5])
    texts = _parquet(tmp_path, "b.parquet", g=["1", "3"], y=[1.0, 1.0], p=[1.0, 0.5])
    expected = {"1": pytest.approx(DICE, rel=1e-15), "2": 0.0, "3": pytest.approx(1 / 3, rel=1e-15)}
    assert _losses("--group", "g", path, other) == expected
    assert _losses("--group", "g", path, texts) == expected


def test_a_group_is_one_wherever_a_file_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces with a text among the groups 1 was a text, in others a number, and so two groups."""
    monkeypatch.setattr("losscli.data.text.PIECE_BYTES", 1000)
    path = _csv(tmp_path, "g,y,p\n" + "1,1,0.5\n2,1,1\n" * 1000 + "late,1,0.5\n1,1,0.5\n" + "1,1,0.5\n" * 500)
    assert list(_losses("--group", "g", path)) == ["1", "2", "late"]


def test_zeros_before_a_group_count(tmp_path: Path) -> None:
    assert list(_losses("--group", "g", _csv(tmp_path, "g,y,p\n001,1,0.9\n1,1,0.2\n"))) == ["001", "1"]


@pytest.mark.parametrize("groups", [[[1], [2], [1]], [{"a": 1}, {"a": 2}, {"a": 1}]], ids=["list", "struct"])
def test_a_group_of_several_values_is_refused(groups: list[Any], tmp_path: Path) -> None:
    outcome = run_cli(_dice("--group", "g", _parquet(tmp_path, g=groups, **MASK)))
    assert outcome.code == 2
    assert "group column 'g'" in outcome.err
