"""Models from files of their own: what they should have in common is the same in each row, or they are not compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli import run_cli
from tests.tables import csv_file, parquet_file

A = "id,y,p,w,level,g\n1,1,2,1,0.1,u\n2,4,2,3,0.1,u\n3,5,9,1,0.1,v"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    csv_file(tmp_path / "a.csv", A)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compared(other: str, *options: str) -> tuple[int, str, str]:
    """a.csv beside another file."""
    csv_file(Path("b.csv"), other)
    done = run_cli(["compare", "--model", "A=a.csv", "--model", "B=b.csv", "--json", *options])
    return done.code, done.out, done.err


def values(out: str) -> list[Any]:
    return [result["value"] for result in json.loads(out)["results"]]


MAE = ("--loss", "mae", "-t", "y", "-p", "p")
DIFFERENT = {
    "weights": (
        "id,y,p,w\n1,1,3,1\n2,4,2,2\n3,5,9,1",
        (*MAE, "-w", "w"),
        "row 2: the models have different weights: 'w' is 3.0 and 'B:w' is 2.0",
    ),
    "levels": (
        "id,y,p,level\n1,1,3,0.1\n2,4,2,0.1\n3,5,9,0.9",
        ("--loss", "pinball", "-t", "y", "-p", "p", "--tau", "@level"),
        "row 3: the models have different values of tau: 'level' is 0.1 and 'B:level' is 0.9",
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_models_share_is_the_same_in_each_row(case: str) -> None:
    other, options, words = DIFFERENT[case]
    code, out, err = compared(other, *options)
    assert (code, out) == (3, "")
    assert words in err


def test_a_truth_with_fewer_digits_is_told_as_such() -> None:
    parquet_file(Path("b.parquet"), {"y": np.array([0.1], np.float32), "p": [1.0]})
    csv_file(Path("a.csv"), "y,p\n0.1,1")
    done = run_cli(["compare", "--model", "A=a.csv", "--model", "B=b.parquet", *MAE])
    assert done.code == 3
    assert "'y' is 0.1 and 'B:y' is 0.10000000149011612" in done.err
    assert "one file has the digits of a float32" in done.err


def test_weights_that_agree_count_once() -> None:
    code, out, _ = compared("id,y,p,w\n1,1,3,1\n2,4,2,3.0\n3,5,8,1", *MAE, "-w", "w")
    # (1 * 1 + 3 * 2 + 1 * 4) / 5 and (1 * 2 + 3 * 2 + 1 * 3) / 5
    assert (code, values(out)) == (0, [2.2, 2.2])


def test_weights_of_the_first_file_serve_all() -> None:
    code, out, _ = compared("p\n3\n2\n8", *MAE, "-w", "w")
    assert (code, values(out)) == (0, [2.2, 2.2])


def test_a_prediction_is_never_taken_from_the_file_of_another_model() -> None:
    code, out, err = compared("id,y,other\n1,1,3\n2,4,2\n3,5,8", *MAE)
    assert (code, out) == (2, "")
    assert "b.csv has no column 'p'" in err


def test_a_pattern_of_predictions_finds_those_of_the_model_only() -> None:
    csv_file(Path("a.csv"), "y_1,y_2,p_1,p_2\n1,1,2,2")
    code, _, err = compared("y_1,y_2,p_1\n1,1,2", "--loss", "mae", "-t", "y_*", "-p", "p_*")
    assert code == 2
    assert "B:p_1" not in err
    assert "p_2" not in err


def test_groups_are_the_same_in_each_row() -> None:
    csv_file(Path("a.csv"), "m,p,g\n1,0.5,u\n0,0.5,u\n1,0.5,v")
    dice = ("--loss", "dice", "-t", "m", "--probs", "p", "--group", "g")
    code, _, err = compared("m,p,g\n1,0.5,u\n0,0.5,v\n1,0.5,v", *dice)
    assert code == 3
    assert "row 2: the models have different groups: g is 'u' and B:g is 'v'" in err
    assert compared("m,p,g\n1,0.4,u\n0,0.5,u\n1,0.5,v", *dice)[0] == 0


def test_truths_have_the_same_columns() -> None:
    csv_file(Path("a.csv"), "y_1,y_2,p_1,p_2\n1,1,2,2")
    other = "y_1,y_2,y_3,p_1,p_2,p_3\n1,1,1,2,2,2"
    code, _, err = compared(other, "--loss", "mae", "-t", "y_*", "-p", "p_*")
    assert code == 2
    assert "different numbers of target columns: y_1, y_2 and B:y_1, B:y_2, B:y_3" in err


def test_truths_of_classes_are_compared_by_name() -> None:
    csv_file(Path("a.csv"), "label,prob_cat,prob_dog\ndog,0.5,0.5")
    options = ("--loss", "cross_entropy", "-t", "label", "--probs", "prob_*")
    # both truths are class 1 of their model
    code, _, err = compared("label,prob_cat,prob_emu\nemu,0.5,0.5", *options)
    assert code == 3
    assert "different truths: 'label' is 'dog' and 'B:label' is 'emu'" in err


def test_results_of_classes_stand_in_one_order() -> None:
    csv_file(Path("t.csv"), "label,a_cat,a_dog,b_dog,b_cat\ndog,0.5,0.5,0.5,0.5\ncat,0.1,0.9,0.5,0.5")
    both = ("-t", "label", "--probs", "a_cat,a_dog", "--probs", "b_dog,b_cat", "--loss")
    done = run_cli(["compare", "t.csv", *both, "dice:average=none"])
    assert done.code == 2
    assert "the models have different classes: cat, dog and dog, cat" in done.err
    # without results of classes the order is each model's own: ln 2 and ln 10, against ln 2 twice
    for weights in ("balanced", "1,2"):
        done = run_cli(["compare", "t.csv", *both, "cross_entropy", "--class-weight", weights])
        assert "the models have different classes: cat, dog and dog, cat" in done.err
    done = run_cli(["compare", "t.csv", "--json", *both, "cross_entropy", "--class-weight", "cat=1,dog=1"])
    assert values(done.out) == pytest.approx([1.4978661367769954, 0.6931471805599453], rel=1e-14)
    done = run_cli(["compare", "t.csv", "--json", *both, "cross_entropy"])
    assert values(done.out) == pytest.approx([1.4978661367769954, 0.6931471805599453], rel=1e-14)
