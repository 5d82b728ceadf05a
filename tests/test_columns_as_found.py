"""Columns with the names that tools give them: an order or a class is never taken from chance."""

import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.errors import UsageError
from tests.cli import run_cli

YOLO = ("x_center", "y_center", "width", "height")
"""The names of the YOLO format, whose alphabetical order is not that of a box."""


def _boxes(path: Path, truth: tuple[str, ...], pred: tuple[str, ...]) -> str:
    """One box of 4 by 2 around (4, 4), and the same box moved by 1 to the right: they share 6 of 10."""
    true, moved = (4.0, 4.0, 4.0, 2.0), (5.0, 4.0, 4.0, 2.0)
    columns = {
        name: [value] for names, box in ((truth, true), (pred, moved)) for name, value in zip(names, box, strict=True)
    }
    pq.write_table(pa.table(columns), path)
    return str(path)


@pytest.mark.parametrize("ending", ["pred_{}", "{}_pred", "pred_box_{}"])
def test_names_of_yolo_are_put_in_the_order_of_a_box(tmp_path: Path, ending: str) -> None:
    file = _boxes(tmp_path / "yolo.parquet", YOLO, tuple(ending.format(name) for name in YOLO))
    pattern = ending.format("*")
    result = losscli.compute(file, loss="box_iou", target=",".join(YOLO), pred=pattern, box_format="cxcywh")
    assert result.value == pytest.approx(1 - 6 / 10, rel=1e-12), "the pattern was read in alphabetical order"


def test_names_of_yolo_are_no_corners(tmp_path: Path) -> None:
    file = _boxes(tmp_path / "yolo.parquet", YOLO, tuple(f"pred_{name}" for name in YOLO))
    outcome = run_cli(["compute", file, "-l", "giou", "-t", ",".join(YOLO), "-p", "pred_*"])
    assert outcome.code == 2, outcome.out
    assert "--box-format cxcywh" in outcome.err


def test_a_pattern_over_names_of_no_box_is_refused(tmp_path: Path) -> None:
    file = _boxes(tmp_path / "odd.parquet", YOLO, ("p_top", "p_west", "p_bottom", "p_east"))
    with pytest.raises(UsageError, match=r"order of the columns .* not clear"):
        losscli.compute(file, loss="giou", target=",".join(YOLO), pred="p_*", box_format="cxcywh")


def test_numbered_columns_keep_their_order(tmp_path: Path) -> None:
    file = _boxes(tmp_path / "numbers.parquet", ("t_0", "t_1", "t_2", "t_3"), ("p_0", "p_1", "p_2", "p_3"))
    value = losscli.compute(file, loss="box_iou", target="t_*", pred="p_*", box_format="cxcywh").value
    assert value == pytest.approx(1 - 6 / 10, rel=1e-12)


@pytest.mark.parametrize(
    ("truth", "pred", "allowed"),
    [
        ("ymin,xmin,ymax,xmax", "p_ymin,p_xmin,p_ymax,p_xmax", True),
        ("ymin,xmin,ymax,xmax", "p_xmin,p_ymin,p_xmax,p_ymax", False),
        ("xmin,xmax,ymin,ymax", "p_xmin,p_xmax,p_ymin,p_ymax", False),
    ],
)
def test_the_order_that_names_speak_of(tmp_path: Path, truth: str, pred: str, allowed: bool) -> None:
    cells = {"xmin": [0], "ymin": [10], "xmax": [4], "ymax": [12]}
    cells |= {"p_xmin": [1], "p_ymin": [10], "p_xmax": [5], "p_ymax": [12]}
    pq.write_table(pa.table(cells), tmp_path / "voc.parquet")
    outcome = run_cli(["compute", str(tmp_path / "voc.parquet"), "-l", "box_iou", "-t", truth, "-p", pred])
    assert outcome.code == (0 if allowed else 2), outcome.out + outcome.err
    assert allowed or "--target xmin,ymin,xmax,ymax" in outcome.err


@pytest.mark.parametrize("kind", [pa.list_(pa.bool_()), pa.large_list(pa.bool_()), pa.list_(pa.bool_(), 3), None])
@pytest.mark.parametrize("loss", ["bce", "dice"])
def test_lists_of_booleans_are_masks(tmp_path: Path, kind: pa.DataType | None, loss: str) -> None:
    truth, probs = [[True, False, True], [True, True, False]], [[0.9, 0.2, 0.7], [0.6, 0.7, 0.1]]
    file = tmp_path / ("masks.jsonl" if kind is None else "masks.parquet")
    if kind is None:
        rows = zip(truth, probs, strict=True)
        file.write_text("".join(json.dumps({"y": y, "p": p}) + "\n" for y, p in rows))
    else:
        pq.write_table(pa.table({"y": pa.array(truth, kind), "p": probs}), file)
    numbers = pa.table({"y": [[float(cell) for cell in row] for row in truth], "p": probs})
    expected = losscli.compute(numbers, loss=loss, target="y", probs="p").value
    assert losscli.compute(str(file), loss=loss, target="y", probs="p").value == expected


@pytest.mark.parametrize(
    ("loss", "roles"),
    [
        ("bce", "-t a --probs a"),
        ("kl_div", "-t l --probs l"),
        ("hinge", "-t a -p a"),
        ("contrastive", "-t a --left l --right l"),
        ("triplet", "--anchor l --positive m --negative m"),
        ("nt_xent", "--anchor l --positive l --batch-size 2"),
    ],
)
def test_no_column_is_compared_with_itself(tmp_path: Path, loss: str, roles: str) -> None:
    lists = {"l": [[0.5, 0.5], [0.25, 0.75]], "m": [[1.0, 0.0], [0.5, 0.5]]}
    pq.write_table(pa.table({"a": [0.0, 1.0], **lists}), tmp_path / "same.parquet")
    outcome = run_cli(["compute", str(tmp_path / "same.parquet"), "--loss", loss, *roles.split()])
    assert outcome.code == 2, f"a column has a good loss against itself: {outcome.out}"
    assert "same column" in outcome.err


PROBS = {"setosa": [0.8, 0.1], "virginica": [0.1, 0.7], "versicolor": [0.1, 0.2]}


def _iris(path: Path) -> str:
    pq.write_table(pa.table({"species": ["setosa", "virginica"], **PROBS}), path / "iris.parquet")
    return str(path / "iris.parquet")


def test_classes_in_another_order_than_the_columns_of_their_names(tmp_path: Path) -> None:
    line = ["compute", _iris(tmp_path), "-l", "ce", "-t", "species", "--probs", "virginica,setosa,versicolor"]
    outcome = run_cli([*line, "--classes", "setosa,versicolor,virginica"])
    assert outcome.code == 2, f"the probability of another class was read: {outcome.out}"
    assert "--classes virginica,setosa,versicolor" in outcome.err
    result = run_cli([*line, "--classes", "virginica,setosa,versicolor", "--json"])
    value = json.loads(result.out)["results"][0]["value"]
    assert value == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2, rel=1e-12)


def test_columns_called_after_the_classes_bring_a_ready_command(tmp_path: Path) -> None:
    outcome = run_cli(["compute", _iris(tmp_path), "-l", "ce", "-t", "species", "--probs", "setosa,v*"])
    assert outcome.code == 2
    assert "--classes setosa,versicolor,virginica" in outcome.err


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_one_column_a_class_in_the_same_order_on_both_sides(tmp_path: Path, loss: str) -> None:
    table = {"y_a": [1, 0], "y_b": [0, 1], "p_a": [0.9, 0.2], "p_b": [0.1, 0.8]}
    pq.write_table(pa.table(table), tmp_path / "hot.parquet")
    outcome = run_cli(["compute", str(tmp_path / "hot.parquet"), "-l", loss, "-t", "y_b,y_a", "--probs", "p_*"])
    assert outcome.code == 2, f"each class was compared with another one: {outcome.out}"
    assert "another order" in outcome.err


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("-l mse -t y -p p --positive-class 1", "--positive-class"),
        ("-l mse -t y -p p --classes a,b", "--classes"),
        ("-l mse -t y -p p --probs-percent", "--probs-percent"),
        ("-l bce -t y --logits p --probs-percent", "--probs-percent"),
        ("-l cross_entropy -t y --probs p,q --positive-class 1", "--positive-class"),
    ],
)
def test_an_option_that_does_nothing_is_refused(tmp_path: Path, line: str, flag: str) -> None:
    pq.write_table(pa.table({"y": [0, 1], "p": [0.25, 0.5], "q": [0.75, 0.5]}), tmp_path / "two.parquet")
    outcome = run_cli(["compute", str(tmp_path / "two.parquet"), *line.split()])
    assert outcome.code == 2, f"the option was passed over: {outcome.out}"
    assert f"{flag} does not apply" in outcome.err


@pytest.mark.parametrize("line", ["-l giou", "-l dice --box-format xywh", "-l huber", "-l dice", "-l hinge"])
def test_lists_of_lists_in_json_are_refused_and_no_fault(tmp_path: Path, line: str) -> None:
    row = {"t": [[0, 0, 1, 1], [0, 0, 2, 2]], "p": [[0, 0, 1, 1]]}
    (tmp_path / "detections.jsonl").write_text(json.dumps(row) + "\n")
    score = "--probs" if "dice" in line else "--pred"
    outcome = run_cli(["compute", str(tmp_path / "detections.jsonl"), *line.split(), "-t", "t", score, "p"])
    assert outcome.code in (2, 3), f"Arrow's own error came through: {outcome.err}"


@pytest.mark.parametrize("column", ["y", "e"])
def test_a_parameter_of_a_set_is_no_column(tmp_path: Path, column: str) -> None:
    cells = {"y": [[0, 1], [1, 1]], "p": [[0.5, 0.5], [0.25, 1.0]], "e": [0.5, 0.25]}
    pq.write_table(pa.table(cells), tmp_path / "masks.parquet")
    line = ["compute", str(tmp_path / "masks.parquet"), "-l", "dice", "-t", "y", "--probs", "p", "--eps", f"@{column}"]
    outcome = run_cli(line)
    assert outcome.code == 2, f"the function was called without its parameter: {outcome.err}"


def test_labels_with_words_of_the_columns_are_their_classes(tmp_path: Path) -> None:
    """prob_class_0 and prob_class_1 stand for the labels class_0 and class_1, as scikit-learn's wine data name them."""
    (tmp_path / "wine.csv").write_text(
        "cultivar,prob_class_0,prob_class_1,prob_class_2\nclass_0,0.5,0.25,0.25\nclass_2,0.25,0.5,0.25\n"
    )
    line = ["compute", "--loss", "cross_entropy", "-t", "cultivar", "--probs", "prob_*", "wine.csv", "--json"]
    done = run_cli(line, cwd=tmp_path)
    assert done.code == 0, done.err
    # minus log of 1/2 and of 1/4
    assert json.loads(done.out)["results"][0]["value"] == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-15)
