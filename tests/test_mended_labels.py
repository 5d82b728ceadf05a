"""Mistakes with labels, lists and several losses of one command, each of which gave a wrong answer once."""

import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import ROOT, run_cli

CANCER = str(ROOT / "sample_data" / "breast_cancer.csv")


@pytest.mark.parametrize(("positive", "expected"), [("False", 0.2), ("false", 0.2), ("TRUE", 0.8), ("true", 0.8)])
def test_either_boolean_can_be_the_positive_class(positive: str, expected: float, tmp_path: Path) -> None:
    """Expected: by hand; a row that is true has the probability 0.8, which is 0.2 for its opposite."""
    file = tmp_path / "data.parquet"
    pq.write_table(pa.table({"y": [True], "p": [0.8]}), file)
    args = ["compute", str(file), "-l", "bce", "-t", "y", "--probs", "p", "--positive-class", positive, "--json"]
    # the other label occurs too, or the positive class would be unknown
    pq.write_table(pa.table({"y": [True, False], "p": [0.8, 0.2]}), file)
    value = json.loads(run_cli(args).out)["results"][0]["value"]
    assert math.isclose(value, -math.log(expected), rel_tol=1e-12)


def test_a_row_with_empty_lists_is_no_set(tmp_path: Path) -> None:
    """It had the loss 0, as if its empty mask had been predicted without a fault."""
    file = tmp_path / "masks.parquet"
    kind = pa.list_(pa.float64())
    columns = {"y": pa.array([[1.0, 0.0], []], kind), "m": pa.array([[0.0, 0.0], []], kind)}
    pq.write_table(pa.table(columns), file)
    args = ["compute", str(file), "-l", "dice:eps=0", "-t", "y", "-p", "m", "--json"]
    outcome = run_cli(args)
    assert outcome.code == 3
    assert "row 2 (0 elements)" in outcome.err
    assert "at least one element" in outcome.err
    result = json.loads(run_cli([*args, "--invalid", "skip"]).out)["results"][0]
    assert (result["value"], result["skipped"]) == (1.0, {"invalid": 1})


def test_losses_of_several_kinds_of_scores_stand_side_by_side() -> None:
    """--logits is for one loss and --pred for the other."""
    args = ["compare", CANCER, "-l", "bce", "-l", "hinge", "-t", "y_true", "--logits", "logit_candidate"]
    outcome = run_cli([*args, "-p", "logit_candidate", "--json"])
    assert outcome.code == 0, outcome.err
    columns = [result["columns"] for result in json.loads(outcome.out)["results"]]
    assert [sorted(entry) for entry in columns] == [["logits", "target"], ["pred", "target"]]


def test_weights_by_name_cannot_have_commas_in_names(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text('label\n"a,b"\nc\n')
    outcome = run_cli(["weights", str(file), "--only", "balanced"])
    assert outcome.code == 2
    assert "comma" in outcome.err
    assert json.loads(run_cli(["weights", str(file), "--json"]).out)["class_weight"]["balanced"] is None
    assert "--class-weight" not in run_cli(["weights", str(file), "-o", "table"]).out


def test_a_label_column_of_names_is_what_is_suggested(tmp_path: Path) -> None:
    """A score was suggested as the truth, although a column of names stood beside it."""
    file = tmp_path / "iris.csv"
    file.write_text(",species,prob_setosa,prob_other\n0,setosa,0.9,0.1\n1,other,0.2,0.8\n")
    outcome = run_cli(["compute", str(file), "-l", "ce"])
    assert outcome.code == 2
    assert outcome.err.rstrip().endswith("--target species")


def test_losses_of_pixels_and_of_their_images_stand_side_by_side() -> None:
    """--group is for dice; bce has a loss for each pixel."""
    masks = str(ROOT / "sample_data" / "masks.parquet")
    args = ["compare", masks, "-l", "dice", "-l", "bce", "-t", "mask_true", "--probs", "mask_candidate"]
    outcome = run_cli([*args, "--group", "image_id", "--json"])
    assert outcome.code == 0, outcome.err
    assert [(r["unit"], r["count"]) for r in json.loads(outcome.out)["results"]] == [("set", 24), ("row", 23268)]
    alone = ["compute", masks, "-l", "bce", "-t", "mask_true", "--probs", "mask_candidate", "--group", "image_id"]
    assert run_cli(alone).code == 2
