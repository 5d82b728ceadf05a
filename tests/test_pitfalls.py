"""Right files read in a wrong way: each is refused, warned of, counted, or said in the explanation of the loss.

Expected values and counts are by hand unless a test names another source.
"""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from losscli.catalogue import find
from tests.cli import ROOT, Outcome, run_cli

SAMPLES = ROOT / "sample_data"
CANCER = str(SAMPLES / "breast_cancer.csv")
DIGITS = str(SAMPLES / "digits.parquet")
BOXES = str(SAMPLES / "boxes.parquet")


def _csv(folder: Path, text: str, *args: str) -> Outcome:
    file = folder / "data.csv"
    file.write_text(text)
    return run_cli(["compute", str(file), *args])


def _parquet(folder: Path, columns: dict[str, Any], *args: str) -> Outcome:
    file = folder / "data.parquet"
    pq.write_table(pa.table(columns), file)
    return run_cli(["compute", str(file), *args])


def _result(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return found


# --- kinds of predictions


@pytest.mark.parametrize("loss", ["bce", "focal"])
def test_probabilities_given_as_logits_are_warned_of(loss: str) -> None:
    args = ["compute", CANCER, "--loss", loss, "-t", "y_true", "--logits"]
    assert "all logits lie between 0 and 1" in run_cli([*args, "prob_candidate"]).err
    assert "between 0 and 1" not in run_cli([*args, "logit_candidate"]).err


def test_so_are_probabilities_of_several_classes(tmp_path: Path) -> None:
    rows = {"y": [0, 1], "p_0": [0.7, 0.4], "p_1": [0.3, 0.6]}
    args = ("--loss", "cross_entropy", "-t", "y", "--logits", "p_*")
    assert "all logits lie between 0 and 1" in _parquet(tmp_path, rows, *args).err


@pytest.mark.parametrize("loss", ["bce", "focal"])
def test_logits_given_as_probabilities_are_refused(loss: str) -> None:
    outcome = run_cli(["compute", CANCER, "--loss", loss, "-t", "y_true", "--probs", "logit_candidate"])
    assert outcome.code == 3
    assert "from 0 to 1" in outcome.err
    assert "--logits reads any number" in outcome.err


@pytest.mark.parametrize(
    ("loss", "flags"),
    [
        ("bce", ("--logits", "--probs", "--log-probs")),
        ("cross_entropy", ("--logits", "--probs", "--log-probs")),
        ("focal", ("--logits", "--probs")),
        ("kl_div", ("--logits", "--probs", "--log-probs")),
    ],
)
def test_a_bare_pred_is_refused_with_what_to_write(loss: str, flags: tuple[str, ...]) -> None:
    outcome = run_cli(["compute", CANCER, "--loss", loss, "-t", "y_true", "-p", "prob_candidate"])
    assert outcome.code == 2
    assert all(flag in outcome.err for flag in flags)
    assert "prob_candidate" in outcome.err


def test_clipped_probabilities_are_counted(tmp_path: Path) -> None:
    """Expected: two of the rows have a certain probability; -log(1e-6) and 0 and log 2."""
    text = "y,p\n1,0\n1,1\n0,0.5\n"
    refused = _csv(tmp_path, text, "--loss", "bce", "-t", "y", "--probs", "p")
    assert refused.code == 3
    assert "row 1 (0.0)" in refused.err
    assert "--eps" in refused.err
    result = _result(_csv(tmp_path, text, "--loss", "bce", "-t", "y", "--probs", "p", "--eps", "1e-6", "--json"))
    assert result["clipped"] == 2
    expected = (-math.log(1e-6) - math.log1p(-1e-6) + math.log(2)) / 3
    assert math.isclose(result["value"], expected, rel_tol=1e-12)


def test_percent_probabilities_need_to_be_said(tmp_path: Path) -> None:
    text = "y,p\n1,80\n0,20\n"
    assert _csv(tmp_path, text, "--loss", "bce", "-t", "y", "--probs", "p").code == 3
    outcome = _csv(tmp_path, text, "--loss", "bce", "-t", "y", "--probs", "p", "--probs-percent", "--json")
    assert math.isclose(_result(outcome)["value"], -math.log(0.8), rel_tol=1e-12)


# --- labels and classes


def test_rows_that_do_not_add_up_to_1_are_refused(tmp_path: Path) -> None:
    rows = {"y": [0, 1], "p_0": [0.7, 0.4], "p_1": [0.3, 0.61]}
    outcome = _parquet(tmp_path, rows, "--loss", "cross_entropy", "-t", "y", "--probs", "p_*")
    assert outcome.code == 3
    assert "row 2 (0.4, 0.61)" in outcome.err
    assert "add up to 1" in outcome.err


def test_one_column_of_a_one_hot_truth_leaves_classes_that_do_not_occur(tmp_path: Path) -> None:
    rows = {"y_0": [1, 0, 0], "l_0": [2.0, 0.1, 0.2], "l_1": [0.0, 3.0, 0.1], "l_2": [-1.0, 0.0, 4.0]}
    outcome = _parquet(tmp_path, rows, "--loss", "cross_entropy", "-t", "y_0", "--logits", "l_*")
    assert "1 of 3 classes does not occur in the target: 2" in outcome.err


def test_a_one_hot_truth_is_read_as_such_and_indices_in_its_place_are_refused(tmp_path: Path) -> None:
    logits = {"l_0": [2.0, 0.1], "l_1": [0.0, 3.0]}
    args = ("--loss", "cross_entropy", "--logits", "l_*", "--json")
    by_index = _parquet(tmp_path, {"y": [0, 1], **logits}, "-t", "y", *args)
    one_hot = _parquet(tmp_path, {"y_a": [1, 0], "y_b": [0, 1], **logits}, "-t", "y_*", *args)
    booleans = _parquet(tmp_path, {"y_a": [True, False], "y_b": [False, True], **logits}, "-t", "y_*", *args)
    assert _result(by_index)["value"] == _result(one_hot)["value"] == _result(booleans)["value"]
    indices = _parquet(tmp_path, {"y_a": [0, 1], "y_b": [0, 1], **logits}, "-t", "y_*", *args)
    assert indices.code == 3
    assert "add up to 1" in indices.err


def test_a_label_that_is_no_class_is_shown_with_the_classes(tmp_path: Path) -> None:
    rows = {"y": ["cat", "bird"], "prob_cat": [0.7, 0.4], "prob_dog": [0.3, 0.6]}
    outcome = _parquet(tmp_path, rows, "--loss", "cross_entropy", "-t", "y", "--probs", "prob_*")
    assert outcome.code == 3
    assert "row 2 ('bird')" in outcome.err
    assert "cat, dog" in outcome.err


def test_an_index_beyond_the_classes_is_refused(tmp_path: Path) -> None:
    rows = {"y": [1, 2], "a": [0.7, 0.4], "b": [0.3, 0.6]}
    outcome = _parquet(tmp_path, rows, "--loss", "cross_entropy", "-t", "y", "--probs", "a,b")
    assert outcome.code == 3
    assert "row 2 (2.0)" in outcome.err


def test_classes_counted_from_1_are_matched_by_the_names_of_the_columns(tmp_path: Path) -> None:
    """Expected: -log of the probability of the column that the label names."""
    rows = {"y": [1, 3], "p_1": [0.5, 0.2], "p_2": [0.25, 0.3], "p_3": [0.25, 0.5]}
    outcome = _parquet(tmp_path, rows, "--loss", "cross_entropy", "-t", "y", "--probs", "p_*", "--json")
    assert math.isclose(_result(outcome)["value"], math.log(2), rel_tol=1e-12)
    zero = _parquet(tmp_path, {**rows, "y": [0, 1]}, "--loss", "cross_entropy", "-t", "y", "--probs", "p_*")
    assert zero.code == 3
    assert "row 1 (0" in zero.err
    assert "1, 2, 3" in zero.err


@pytest.mark.parametrize("labels", [["-1", "1", "1"], ["0", "1", "1"]])
def test_labels_of_the_hinge(labels: list[str], tmp_path: Path) -> None:
    """Expected: scores of 0.5 on the wrong side, right at 2, and 0.25 short of the margin."""
    text = "y,s\n" + "".join(f"{y},{s}\n" for y, s in zip(labels, ["0.5", "2", "0.75"], strict=True))
    outcome = _csv(tmp_path, text, "--loss", "hinge", "-t", "y", "-p", "s", "--json")
    assert math.isclose(_result(outcome)["value"], (1.5 + 0.0 + 0.25) / 3, rel_tol=1e-12)
    said = "in 1 row the target is 0, which was read as -1" in outcome.err
    assert said == ("0" in labels)


def test_both_spellings_of_the_hinge_in_one_file_are_refused(tmp_path: Path) -> None:
    outcome = _csv(tmp_path, "y,s\n0,1\n-1,1\n1,1\n", "--loss", "hinge", "-t", "y", "-p", "s")
    assert outcome.code == 3
    assert "both 0 and -1" in outcome.err


def test_labels_of_minus_1_are_refused_where_0_is_meant(tmp_path: Path) -> None:
    text = "y,z\n-1,-2\n1,2\n"
    outcome = _csv(tmp_path, text, "--loss", "bce", "-t", "y", "--logits", "z")
    assert outcome.code == 3
    assert "--classes=-1,1" in outcome.err
    mapped = _csv(tmp_path, text, "--loss", "bce", "-t", "y", "--logits", "z", "--classes=-1,1", "--json")
    assert math.isclose(_result(mapped)["value"], math.log1p(math.exp(-2.0)), rel_tol=1e-12)


def test_a_positive_class_that_does_not_occur_is_refused() -> None:
    args = ["compute", CANCER, "--loss", "bce", "-t", "diagnosis", "--probs", "prob_candidate", "--positive-class"]
    assert run_cli([*args, "malignant"]).code == 0
    outcome = run_cli([*args, "malignnt"])
    assert outcome.code == 3
    assert "'malignnt'" in outcome.err


def test_text_labels_of_two_classes_ask_which_one_is_1() -> None:
    outcome = run_cli(["compute", CANCER, "--loss", "bce", "-t", "diagnosis", "--probs", "prob_candidate"])
    assert outcome.code == 2
    assert "--positive-class" in outcome.err


def test_weight_is_not_pos_weight(tmp_path: Path) -> None:
    """Expected: log 2 for each row; a weight is divided by again, pos_weight is not."""
    text = "y,z,w\n1,0,3\n0,0,1\n"
    args = ("--loss", "bce", "-t", "y", "--logits", "z", "--json")
    assert math.isclose(_result(_csv(tmp_path, text, *args, "-w", "w"))["value"], math.log(2), rel_tol=1e-12)
    weighted = _result(_csv(tmp_path, text, *args, "--pos-weight", "3"))["value"]
    assert math.isclose(weighted, 2 * math.log(2), rel_tol=1e-12)
    assert "pos_weight" in find("bce").doc.sections["Pitfalls"]


def test_the_mean_over_elements_is_the_divergence_divided_by_the_classes(tmp_path: Path) -> None:
    """Expected: log 2 of two classes."""
    rows = {"p_a": [1.0], "p_b": [0.0], "q_a": [0.5], "q_b": [0.5]}
    args = ("--loss", "kl_div", "-t", "p_*", "--probs", "q_*", "--json", "--reduction")
    assert math.isclose(_result(_parquet(tmp_path, rows, *args, "batchmean"))["value"], math.log(2), rel_tol=1e-12)
    outcome = _parquet(tmp_path, rows, *args, "elementmean")
    assert math.isclose(_result(outcome)["value"], math.log(2) / 2, rel_tol=1e-12)
    assert "divided by the number of classes, 2" in outcome.err
    other = run_cli(["compute", str(SAMPLES / "diabetes_preds.csv"), "--loss", "mse", "--reduction", "elementmean"])
    assert other.code == 2


# --- units of values


def test_mape_is_a_fraction_and_says_so(tmp_path: Path) -> None:
    text = "y,pred\n100,94\n"
    fraction = _result(_csv(tmp_path, text, "--loss", "mape", "--json"))
    percent = _result(_csv(tmp_path, text, "--loss", "mape", "--percent", "--json"))
    assert (fraction["units"], percent["units"]) == ("fraction", "percent")
    assert math.isclose(100 * fraction["value"], percent["value"], rel_tol=1e-12)
    assert "fraction" in find("mape").doc.sections["Pitfalls"]


def test_a_variance_for_a_standard_deviation_is_in_the_explanation() -> None:
    assert "standard deviation" in find("gaussian_nll").doc.sections["Pitfalls"]


# --- boxes


def test_swapped_corners_are_refused(tmp_path: Path) -> None:
    text = "t_x1,t_y1,t_x2,t_y2,p_x1,p_y1,p_x2,p_y2\n0,0,2,2,2,0,0,2\n"
    outcome = _csv(tmp_path, text, "--loss", "giou", "-t", "t_*", "-p", "p_*")
    assert outcome.code == 3
    assert "x1 <= x2" in outcome.err
    assert "row 1 (2, 0, 0, 2)" in outcome.err


def test_a_glob_of_corners_is_in_the_order_of_a_box() -> None:
    """Natural order would be x1, x2, y1, y2."""
    outcome = run_cli(["compute", BOXES, "--loss", "box_iou", "-t", "true_*", "-p", "cand_*", "--json"])
    assert _result(outcome)["columns"]["target"] == ["true_x1", "true_y1", "true_x2", "true_y2"]


def test_names_that_speak_of_sizes_are_not_read_as_corners(tmp_path: Path) -> None:
    text = "t_x,t_y,t_w,t_h,p_x,p_y,p_w,p_h\n1,1,2,2,1,1,2,2\n"
    args = ("--loss", "box_iou", "-t", "t_*", "-p", "p_*")
    outcome = _csv(tmp_path, text, *args)
    assert outcome.code == 2
    assert "--box-format xywh" in outcome.err
    assert _result(_csv(tmp_path, text, *args, "--box-format", "xywh", "--json"))["value"] == 0.0


def test_sizes_read_as_corners_are_refused_or_warned_of(tmp_path: Path) -> None:
    """Boxes of a width of 2 at 5: x2 < x1 in each row."""
    columns = {f"{side}_{i}": [5.0 if i < 2 else 2.0] * 4 for side in "tp" for i in range(4)}
    args = ("--loss", "box_iou", "-t", "t_*", "-p", "p_*")
    outcome = _parquet(tmp_path, columns, *args)
    assert outcome.code == 3
    assert "--box-format xywh" in outcome.err
    columns["t_2"] = columns["t_3"] = columns["p_2"] = columns["p_3"] = [9.0, 9.0, 9.0, 2.0]
    skipped = _parquet(tmp_path, columns, *args, "--invalid", "skip")
    assert "a tenth of the rows or more, 1, are not allowed and left out; --box-format xywh" in skipped.err


# --- embeddings and sets


def test_pairs_of_the_wrong_polarity_are_warned_of() -> None:
    args = ["compute", str(SAMPLES / "embeddings.parquet"), "--loss", "contrastive", "-t", "similar"]
    assert "similar pairs" not in run_cli(args).err
    assert "similar pairs" in run_cli([*args, "--similar", "0"]).err


def test_a_zero_vector_has_no_cosine(tmp_path: Path) -> None:
    rows = {"y": [1, 1], "left": [[1.0, 0.0], [0.0, 0.0]], "right": [[1.0, 1.0], [1.0, 0.0]]}
    args = ("--loss", "contrastive", "-t", "y")
    outcome = _parquet(tmp_path, rows, *args, "--distance", "cosine")
    assert outcome.code == 3
    assert "row 2 (0, 0)" in outcome.err
    assert _parquet(tmp_path, rows, *args).code == 0


def test_a_batch_of_one_row_is_warned_of(tmp_path: Path) -> None:
    rows = {"anchor": [[1.0, 0.0]] * 3, "positive": [[1.0, 0.5]] * 3}
    outcome = _parquet(tmp_path, rows, "--loss", "nt_xent", "--batch-size", "2", "--json")
    assert "one batch has a single row" in outcome.err
    assert "what a batch is" in _parquet(tmp_path, rows, "--loss", "nt_xent").err


def test_empty_masks_are_counted_and_may_be_left_out(tmp_path: Path) -> None:
    text = "img,y,m\na,1,1\na,0,0\nb,0,0.5\nb,0,0\n"
    args = ("--loss", "dice", "-t", "y", "-p", "m", "--group", "img", "--json")
    outcome = _csv(tmp_path, text, *args)
    assert "in 1 set the truth" in outcome.err
    skipped = _result(_csv(tmp_path, text, *args, "--empty", "skip"))
    assert (skipped["value"], skipped["skipped"], skipped["count"]) == (0.0, {"empty": 1}, 1)
    undefined = _csv(tmp_path, text, *args, "--empty", "nan")
    assert _result(undefined)["value"] is None
    assert _result(undefined)["status"] == "undefined"


def test_the_whole_file_as_one_set_says_so() -> None:
    args = ["compute", str(SAMPLES / "masks.parquet"), "--loss", "dice", "-t", "mask_true", "--probs", "mask_candidate"]
    assert "the whole input is one set" in run_cli(args).err
    assert "one set" not in run_cli([*args, "--group", "image_id"]).err


def test_a_class_that_is_absent_has_no_balanced_weight() -> None:
    args = ["compute", DIGITS, "--loss", "cross_entropy", "-t", "y_true", "--logits", "logit_*"]
    outcome = run_cli([*args, "--class-weight", "balanced", "--where", "y_true<9"])
    assert outcome.code == 3
    assert "class 9 does not occur" in outcome.err
