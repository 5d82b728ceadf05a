"""Faults of sets and batches that were found by trying to break the tool. Expected values are by hand."""

from pathlib import Path
from typing import Any

import numpy as np
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
    monkeypatch.setattr("losscli.data.text._SNIFFED_BYTES", 50)
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
    probs: dict[str, Any] = {first: [[0.9, 0.2]] * 2, second: [[0.1, 0.8]] * 2}
    path = _parquet(tmp_path, y=[labels[:1] * 2, labels], **probs)
    outcome = run_cli(["compute", "-l", "dice", "-t", "y", "--probs", names, path])
    assert outcome.code == 3
    assert f"column 'y' has 1 of 2 values that are not allowed: row 2 ({bad}" in outcome.err


def test_lists_of_other_numbers_of_classes_are_refused(tmp_path: Path) -> None:
    lists: dict[str, Any] = {name: [[1.0, 0.0]] for name in ("y_0", "y_1", "y_2", "p_0", "p_1")}
    path = _parquet(tmp_path, **lists)
    outcome = run_cli(["compute", "-l", "dice", "-t", "y_0,y_1,y_2", "-p", "p_0,p_1", path])
    assert (outcome.code, "'y_2') 3, pred (columns 'p_0', 'p_1') 2" in outcome.err) == (3, True)


def test_a_row_without_negatives_is_refused(tmp_path: Path) -> None:
    none = pa.array([[], []], type=pa.list_(pa.list_(pa.float64())))
    path = _parquet(tmp_path, a=[[1.0, 0.0]] * 2, b=[[1.0, 1.0]] * 2, c=none)
    outcome = run_cli(["compute", "-l", "info_nce", "--anchor", "a", "--positive", "b", "--negative", "c", path])
    assert (outcome.code, "negative (column 'c') holds empty lists" in outcome.err) == (3, True)


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


def test_a_norm_neither_vanishes_nor_overflows() -> None:
    """Differences of 1e-4 to the power of 100 vanished, and squares of 1e200 overflowed."""
    one, far, here = [[1e-4, 0.0]], [[0.0, 1e200]], [[0.0, 0.0]]
    triplet = losscli.losses.triplet
    assert triplet(here, one, here, p=100.0, margin=1e-4).tolist() == pytest.approx([2e-4], rel=1e-15)
    assert triplet(here, [[0.4, 0.0]], one, p=1000.0).tolist() == pytest.approx([1.3999], rel=1e-15)
    assert triplet(here, far, here).tolist() == [1e200]
    assert triplet(here, [[3e-170, 4e-170]], here, margin=1e-170).tolist() == pytest.approx([6e-170], rel=1e-15)


@pytest.mark.parametrize("size", [1e-170, 1e-300, 1e200, 1e300])
def test_boxes_of_any_size(size: float) -> None:
    """Areas vanished, so that boxes that overlap had a loss of 1, or overflowed, so that there was none."""
    target, pred = np.array([[2.0, 2.0, 4.0, 4.0]]) * size, np.array([[1.0, 1.0, 3.0, 3.0]]) * size
    expected = {"box_iou": 6 / 7, "giou": 6 / 7 + 2 / 9, "diou": 6 / 7 + 2 / 18}
    for name, value in expected.items():
        assert getattr(losscli.losses, name)(target, pred).tolist() == pytest.approx([value], rel=1e-14), name


WRONG_SHAPES: dict[str, tuple[str, dict[str, Any], str]] = {
    "fewer columns": (
        "triplet",
        {"anchor": np.ones((3, 2)), "positive": np.ones((3, 1)), "negative": np.ones((3, 2))},
        "values a row: anchor 2, positive 1, negative 2",
    ),
    "more columns": ("contrastive", {"target": [1.0], "left": [[1.0]], "right": [[1.0, 2.0]]}, "left 1, right 2"),
    "fewer rows": ("nt_xent", {"anchor": np.eye(3), "positive": np.ones((1, 3))}, "rows: anchor 3, positive 1"),
    "one label": ("cross_entropy", {"target": [0.0], "logits": np.ones((3, 2))}, "rows: target 1, logits 3"),
    "one pixel": ("dice", {"target": [1.0, 1.0, 0.0], "pred": [1.0]}, "rows: target 3, pred 1"),
    "three axes": ("cross_entropy", {"target": [0.0], "logits": np.ones((1, 2, 3))}, "logits needs an array of shape"),
    "one vector": (
        "info_nce",
        {"anchor": np.eye(3), "positive": np.eye(3), "negative": np.eye(3)},
        "negative needs an array of shape (rows, vectors, values of a row), not (3, 3)",
    ),
    "a column": ("dice", {"target": [1.0, 0.0], "pred": [[1.0], [0.0]]}, "pred needs an array of shape (rows)"),
    "no vectors": (
        "info_nce",
        {"anchor": np.eye(3), "positive": np.eye(3), "negative": np.ones((3, 0, 3))},
        "negative has no values",
    ),
    "no values": (
        "triplet",
        dict.fromkeys(("anchor", "positive", "negative"), np.ones((2, 0))),
        "anchor has no values",
    ),
}


@pytest.mark.parametrize(("name", "values", "said"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_shapes_that_do_not_fit_are_refused(name: str, values: dict[str, Any], said: str) -> None:
    """Some were spread over the rows and gave a number, others were an error of NumPy."""
    with pytest.raises(losscli.DataError, match=f"^{name}: ") as refused:
        getattr(losscli.losses, name)(**values)
    assert said in refused.value.message


def test_weights_of_another_number_of_classes_are_refused() -> None:
    with pytest.raises(losscli.UsageError, match="class_weight must be a number for each of 3 classes, not 2"):
        losscli.losses.cross_entropy([0.0], logits=[[1.0, 2.0, 3.0]], class_weight=[1.0, 2.0])


@pytest.mark.parametrize("label", [-100.0, 1.0])
def test_a_row_to_ignore_has_no_loss(label: float) -> None:
    """The index had no effect on the function: a row with the label of a class had its loss."""
    with pytest.raises(losscli.DataError, match=r"target at \(1,\) is .* which ignore_index leaves out"):
        losscli.losses.cross_entropy([0.0, label], logits=[[1.0, 2.0]] * 2, ignore_index=label)


def test_an_embedding_may_have_one_value() -> None:
    """The label 1 was taken for a class beyond the only column; expected: (1 - 2)^2 and (1 - 0.5)^2."""
    found = losscli.losses.contrastive([1.0, 0.0], [[1.0], [2.0]], [[2.0], [2.5]])
    assert found.tolist() == [1.0, 0.25]


def test_the_reason_of_no_loss_is_the_right_one(tmp_path: Path) -> None:
    """It said that --empty says nan."""
    path = _parquet(tmp_path, y=[[0.0, 0.0], [1.0, 0.0]], p=[[0.0, 0.0], [0.5, 0.5]])
    reason = losscli.compute(path, loss="dice:eps=0", target="y", probs="p").reason
    assert "--eps is 0" in str(reason)
    reason = losscli.compute(path, loss="dice:empty=nan", target="y", probs="p").reason
    assert "--empty says nan" in str(reason)


@pytest.mark.parametrize("group", [[], ["--group", "g"]], ids=["lists", "groups"])
def test_sets_without_a_loss_are_said(group: list[str], tmp_path: Path) -> None:
    """They were missing among the losses of the sets without a word."""
    path = _parquet(tmp_path, y=[[0.0, 0.0], [1.0, 0.0]], p=[[0.5, 0.0], [0.5, 0.5]])
    if group:
        path = _parquet(tmp_path, g=[1, 1, 2, 2], y=[0.0, 0.0, 1.0, 0.0], p=[0.5, 0.0, 0.5, 0.5])
    outcome = run_cli([*_dice(path, *group, loss="dice:empty=nan"), "--reduction", "none"])
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 2
    assert "sets left out because they have no loss: 1" in outcome.err


@pytest.mark.parametrize("group", [None, "g"])
def test_a_class_with_sets_without_a_loss_has_none(group: str | None) -> None:
    """They were left out of the mean of their class where --empty says nan, and not where it says skip."""
    probs: dict[str, Any] = {"p_0": [[1.0, 0.0], [0.5, 0.5]], "p_1": [[0.0, 1.0], [0.5, 0.5]]}
    table = pa.table({"y": [[0, 1], [0, 0]], **probs})
    if group:
        flat = {name: table[name].combine_chunks().flatten() for name in table.column_names}
        table = pa.table({**flat, "g": [1, 1, 2, 2]})
    named: dict[str, Any] = {"target": "y", "probs": "p_0,p_1", "group": group}
    found = losscli.compare(table, losses=["dice:average=none,empty=nan,eps=0"], **named).results
    assert [result.status for result in found] == ["ok", "undefined"]
    assert found[1].reason == "1 set has no loss, and --empty says nan"
    assert found[0].value == pytest.approx(1 / 6, rel=1e-15)
    assert found[1].value is None
    found = losscli.compare(table, losses=["dice:average=none,empty=skip,eps=0"], **named).results
    assert [result.value for result in found] == [pytest.approx(1 / 6, rel=1e-15), 0.0]
    assert [result.count for result in found] == [2, 1]


@pytest.mark.parametrize("role", ["anchor", "negative"])
def test_vectors_of_another_length_are_refused(role: str, tmp_path: Path) -> None:
    """Two negatives of 4 numbers were read as four of 2, and a list of vectors as one vector."""
    lists: dict[str, Any] = {"anchor": [[1.0, 0.0]], "positive": [[1.0, 1.0]], "negative": [[[1.0, 2.0]] * 2]}
    lists[role] = [[[1.0, 2.0, 3.0, 4.0]] * 2] if role == "negative" else [[[1.0], [0.0]]]
    flags = [word for name in lists for word in (f"--{name}", name)]
    outcome = run_cli(["compute", "-l", "info_nce", *flags, _parquet(tmp_path, **lists)])
    assert (outcome.code, f"info_nce: {role} (column '{role}') h" in outcome.err) == (3, True)
