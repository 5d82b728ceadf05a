"""Sets of several classes and sets without truth: averages, one-hot and index labels. Expected values are by hand."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import run_cli

# Three images of two pixels and two classes, without eps. Intersection, prediction and truth of class 0:
# A 1/2, 3/4, 1; B 1, 5/4, 2; C 0, 1/2, 0; of class 1: A 3/4, 5/4, 1; B 0, 3/4, 0; C 3/2, 3/2, 2.
LABELS = [[0, 1], [0, 0], [1, 1]]
FIRST = [[0.5, 0.25], [0.75, 0.5], [0.25, 0.25]]
SECOND = [[1.0 - p for p in row] for row in FIRST]
DICE = {
    ("A", 0): 1 - 2 * 0.5 / 1.75,
    ("A", 1): 1 - 2 * 0.75 / 2.25,
    ("B", 0): 1 - 2 * 1.25 / 3.25,
    ("B", 1): 1.0,
    ("C", 0): 1.0,
    ("C", 1): 1 - 2 * 1.5 / 3.5,
}
MICRO = {"A": 1 - 2 * 1.25 / 4.0, "B": 1 - 2 * 1.25 / 4.0, "C": 1 - 2 * 1.5 / 4.0}


def _table(layout: str, labels: str) -> tuple[pa.Table, dict[str, Any]]:
    """The images as lists or as rows with a group, their labels as an index or as a column for each class."""
    columns: dict[str, Any] = {"p_0": FIRST, "p_1": SECOND}
    if labels == "index":
        columns["y"] = LABELS
    else:
        columns |= {f"y_{c}": [[float(label == c) for label in row] for row in LABELS] for c in (0, 1)}
    named: dict[str, Any] = {"target": [name for name in columns if name.startswith("y")], "probs": ["p_0", "p_1"]}
    if layout == "lists":
        return pa.table(columns), named
    flat = {name: [cell for row in rows for cell in row] for name, rows in columns.items()}
    return pa.table({**flat, "g": ["A", "A", "B", "B", "C", "C"]}), {**named, "group": "g"}


each_layout = pytest.mark.parametrize(
    ("layout", "labels"), [(a, b) for a in ("lists", "groups") for b in ("index", "one-hot")]
)
EMPTY = {"formula": 1.0, "1": 1.0, "0": 0.0}


@each_layout
@pytest.mark.parametrize("empty", EMPTY)
def test_macro_is_the_mean_over_classes(layout: str, labels: str, empty: str) -> None:
    table, named = _table(layout, labels)
    result = losscli.compute(table, loss=f"dice:eps=0,empty={empty}", **named)
    values = {**DICE, ("B", 1): EMPTY[empty], ("C", 0): EMPTY[empty]}
    assert result.value == pytest.approx(sum(values.values()) / 6, rel=1e-14)


@each_layout
def test_micro_adds_the_sums_of_the_classes(layout: str, labels: str) -> None:
    table, named = _table(layout, labels)
    result = losscli.compute(table, loss="dice:eps=0,average=micro", **named)
    assert result.value == pytest.approx(sum(MICRO.values()) / 3, rel=1e-14)


@each_layout
def test_skip_leaves_classes_without_truth_out(layout: str, labels: str) -> None:
    table, named = _table(layout, labels)
    result = losscli.compute(table, loss="dice:eps=0,empty=skip", **named)
    images = [(DICE["A", 0] + DICE["A", 1]) / 2, DICE["B", 0], DICE["C", 1]]
    assert result.value == pytest.approx(sum(images) / 3, rel=1e-14)


@each_layout
def test_none_shows_each_class(layout: str, labels: str) -> None:
    table, named = _table(layout, labels)
    found = losscli.compare(table, losses=["dice:eps=0,average=none,empty=skip"], **named).results
    assert [result.slice for result in found] == [{"class": "0"}, {"class": "1"}]
    expected = [(DICE["A", 0] + DICE["B", 0]) / 2, (DICE["A", 1] + DICE["C", 1]) / 2]
    assert [result.value for result in found] == pytest.approx(expected, rel=1e-14)
    assert [result.count for result in found] == [2, 2]


@pytest.mark.parametrize("average", ["macro", "micro", "none"])
def test_the_whole_file_is_one_set(average: str) -> None:
    """Expected: the sums of the three images, class by class."""
    table, named = _table("groups", "index")
    named.pop("group")
    by_class = [1 - 2 * 1.75 / (2.5 + 3.0), 1 - 2 * 2.25 / (3.5 + 3.0)]
    expected = {"macro": [sum(by_class) / 2], "micro": [1 - 2 * 4.0 / 12.0], "none": by_class}
    found = losscli.compare(table, losses=[f"dice:eps=0,average={average}"], **named)
    assert [result.value for result in found.results] == pytest.approx(expected[average], rel=1e-14)
    assert any("the whole input is one set" in warning for warning in found.warnings)


NOTHING: dict[str, Any] = {"g": [1, 1, 2, 2], "y": [0.0, 0.0, 1.0, 0.0], "p": [0.5, 0.0, 0.5, 0.5]}
"""Two images, the first without truth; the loss of the second is 1 - 2 * 0.5 / 2 = 1/2 and of the first 1."""


@pytest.mark.parametrize(
    ("empty", "value", "count"),
    [("formula", 0.75, 2), ("1", 0.75, 2), ("0", 0.25, 2), ("skip", 0.5, 1), ("nan", None, 1)],
)
@pytest.mark.parametrize("layout", ["groups", "lists"])
def test_an_image_without_truth(empty: str, value: float | None, count: int, layout: str, tmp_path: Path) -> None:
    table, group = pa.table(NOTHING), ["--group", "g"]
    if layout == "lists":
        table, group = pa.table({name: [NOTHING[name][:2], NOTHING[name][2:]] for name in ("y", "p")}), []
    pq.write_table(table, tmp_path / "a.parquet")
    asked = ["compute", "-l", f"dice:eps=0,empty={empty}", "-t", "y", "--probs", "p", *group]
    done = run_cli([*asked, str(tmp_path / "a.parquet"), "--json"])
    report = json.loads(done.out)
    found = report["results"][0]
    assert (found["value"], found["count"]) == (value, count)
    assert found["skipped"] == ({"empty": 1} if empty == "skip" else {})
    assert found["status"] == ("undefined" if empty == "nan" else "ok")
    warned = any("in 1 set the truth, or that of a class, is empty" in warning for warning in report["warnings"])
    assert warned == (empty == "formula")


def test_losses_of_classes_are_no_losses_of_sets(tmp_path: Path) -> None:
    table, _ = _table("groups", "index")
    pq.write_table(table, tmp_path / "a.parquet")
    asked = [
        "compute",
        "-l",
        "dice:average=none",
        "-t",
        "y",
        "--probs",
        "p_0,p_1",
        "--group",
        "g",
        "--reduction",
        "none",
    ]
    done = run_cli([*asked, str(tmp_path / "a.parquet")])
    assert (done.code, "--average macro or micro" in done.err) == (2, True)
