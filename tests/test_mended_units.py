"""Faults of sets and batches that were found by trying to break the tool. Expected values are by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import run_cli

MASK: dict[str, Any] = {"y": [1.0, 0.0, 1.0], "p": [0.5, 0.0, 1.0]}
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


def _classes(**labels: Any) -> pa.Table:
    """Three times two pixels in two classes, 1 and 2; the flat table has all of them, the other three lists."""
    return pa.table({**labels, "p_1": [[0.9, 0.2]] * 3, "p_2": [[0.1, 0.8]] * 3})


def test_classes_of_lists_are_those_of_the_columns() -> None:
    """Labels of 1 and 2 were read as the places 1 and 2, which the command does not do for plain columns."""
    flat = pa.table({"g": [0, 0], "y": [1, 2], "p_1": [0.9, 0.2], "p_2": [0.1, 0.8]})
    expected = losscli.compute(flat, loss="dice", target="y", probs="p_1,p_2", group="g").value
    assert losscli.compute(_classes(y=[[1, 2]] * 3), loss="dice", target="y", probs="p_1,p_2").value == expected


def test_a_positive_class_of_lists_is_heard() -> None:
    """It was not, for lists; expected: 1 - 2 * 0.25 / (0.75 + 1) for the label 0."""
    table = pa.table({"y": [[1, 0]] * 3, "p": [[0.5, 0.25]] * 3})
    result = losscli.compute(table, loss="dice:eps=0", target="y", probs="p", positive_class="0")
    assert result.value == pytest.approx(1.0 - 0.5 / 1.75, rel=1e-15)


@pytest.mark.parametrize(("names", "labels", "bad"), [("p_1,p_2", [1, 3], "3"), ("a,b", [0, 2], "2")])
def test_a_label_of_a_list_beyond_the_classes_is_refused(
    names: str, labels: list[int], bad: str, tmp_path: Path
) -> None:
    first, second = names.split(",")
    path = _parquet(tmp_path, y=[labels[:1] * 2, labels], **{first: [[0.9, 0.2]] * 2, second: [[0.1, 0.8]] * 2})
    outcome = run_cli(["compute", "-l", "dice", "-t", "y", "--probs", names, path])
    assert outcome.code == 3
    assert f"column 'y' has 1 of 2 values that are not allowed: row 2 ({bad}" in outcome.err


def test_lists_of_other_numbers_of_classes_are_refused(tmp_path: Path) -> None:
    lists: dict[str, Any] = {name: [[1.0, 0.0]] for name in ("y_0", "y_1", "y_2", "p_0", "p_1")}
    path = _parquet(tmp_path, **lists)
    outcome = run_cli(["compute", "-l", "dice", "-t", "y_0,y_1,y_2", "-p", "p_0,p_1", path])
    assert (outcome.code, "target 3, pred 2" in outcome.err) == (3, True)


def test_a_row_without_negatives_is_refused(tmp_path: Path) -> None:
    none = pa.array([[], []], type=pa.list_(pa.list_(pa.float64())))
    path = _parquet(tmp_path, a=[[1.0, 0.0]] * 2, b=[[1.0, 1.0]] * 2, c=none)
    outcome = run_cli(["compute", "-l", "info_nce", "--anchor", "a", "--positive", "b", "--negative", "c", path])
    assert (outcome.code, "negative holds empty lists" in outcome.err) == (3, True)


def test_a_list_of_bad_values_is_one_row(tmp_path: Path) -> None:
    """It said 3 of 2 values."""
    path = _parquet(tmp_path, y=[[1.0, 1.0, 0.0]] * 2, p=[[0.5, 0.5, 0.5], [2.0, 3.0, 4.0]])
    outcome = run_cli(_dice(path))
    assert outcome.code == 3
    assert "column 'p' has 1 of 2 values that are not allowed: row 2 (2.0); allowed" in outcome.err


WEIGHTED: dict[str, Any] = {"y": [1.0, 0.0, 1.0, 1.0], "p": [0.5, 0.0, 1.0, 0.25], "g": [1, 1, 1, 2]}


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_group_without_weight_is_no_group(ending: str, tmp_path: Path) -> None:
    """It had a loss of 0, that of a perfect prediction."""
    columns: dict[str, Any] = {**WEIGHTED, "w": [1.0, 1.0, 1.0, 0.0]}
    path = _parquet(tmp_path, **columns)
    if ending == "csv":
        lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        path = _csv(tmp_path, "\n".join(lines))
    assert _losses("--group", "g", "-w", "w", path) == {"1": pytest.approx(DICE, rel=1e-15)}


@pytest.mark.parametrize("group", [[], ["--group", "g"]], ids=["whole", "groups"])
def test_weights_of_0_are_no_loss_of_0(group: list[str], tmp_path: Path) -> None:
    outcome = run_cli(_dice("-w", "w", *group, _parquet(tmp_path, **WEIGHTED, w=[0.0] * 4)))
    assert (outcome.code, "weights of all used rows are 0" in outcome.err) == (3, True)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_weights_beyond_float64_are_no_fault_of_the_tool(ending: str, tmp_path: Path) -> None:
    path = _parquet(tmp_path, **WEIGHTED, w=[1.7e308] * 4)
    if ending == "csv":
        path = _csv(tmp_path, "y,p,g,w\n" + "1,1,1,1.7e308\n" * 4)
    outcome = run_cli(_dice("-w", "w", "--group", "g", path))
    assert (outcome.code, "weights of a group add up to more" in outcome.err) == (3, True)
    outcome = run_cli([*_dice("-w", "w", path), "--json"])
    assert (outcome.code, '"value": null' in outcome.out) == (0, True)
    assert "a weighted sum is beyond the largest float64" in outcome.out
