"""Faults of batches and classes that were found by trying to break the tool. Expected values are by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import Outcome, run_cli


def _run(folder: Path, *args: str, **columns: Any) -> Outcome:
    pq.write_table(pa.table(columns), folder / "a.parquet")
    return run_cli(["compute", *args, str(folder / "a.parquet")])


VIEWS: dict[str, Any] = {"a": [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "b": [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]}
NT_XENT = ("-l", "nt_xent", "--anchor", "a", "--positive", "b", "--group", "g")


def test_no_row_that_fits_is_no_fault_of_the_tool(tmp_path: Path) -> None:
    done = _run(tmp_path, *NT_XENT, "--where", "g=7", **VIEWS, g=[1, 1, 2])
    assert (done.code, "none of 3 rows is left (where 3)" in done.err) == (3, True)
    info_nce = ("-l", "info_nce", "--anchor", "a", "--positive", "b", "--negative", "c")
    done = _run(tmp_path, *info_nce, "--where", "g=7", **VIEWS, g=[1, 1, 2], c=[[[1.0, 1.0]]] * 3)
    assert (done.code, "none of 3 rows is left (where 3)" in done.err) == (3, True)


def test_weights_of_any_size_weigh_batches() -> None:
    """Their sum overflowed. Expected: 0.2395 of two pairs at right angles, as the docstring says, and 0 of one row."""
    table = pa.table({**VIEWS, "g": [1, 1, 2], "w": [1.7e308] * 3})
    result = losscli.compute(table, loss="nt_xent", anchor="a", positive="b", group="g", weight="w")
    assert result.value == pytest.approx(0.239544766222 / 2, rel=1e-11)


def test_a_batch_whose_loss_is_not_finite_is_refused_by_name(tmp_path: Path) -> None:
    large: dict[str, Any] = {"a": [[1e10, 0.0], [0.0, 1e10]], "b": [[0.0, 1e10], [1e10, 1e5]], "g": [5, 5]}
    loss = ("-l", "info_nce:similarity=dot,temperature=1e-300", *NT_XENT[2:])
    done = _run(tmp_path, *loss, **large)
    assert (done.code, "the loss of batch 5 is no finite float64" in done.err) == (3, True)


def test_a_column_for_each_class_needs_predictions_of_each(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"y_0": [1.0, 0.0], "y_1": [0.0, 1.0], "p": [0.0, 1.0]}
    for loss in ("dice", "iou", "tversky"):
        done = _run(tmp_path, "-l", loss, "-t", "y_0,y_1", "-p", "p", **columns)
        assert (done.code, "target has 2 values a row where the prediction has one" in done.err) == (3, True)
    with pytest.raises(losscli.DataError, match="dice: target has 2 values a row where the prediction has one"):
        losscli.losses.dice([[1.0, 0.0]], pred=[1.0])


def test_a_class_weight_of_one_number_is_refused(tmp_path: Path) -> None:
    loss = ("-l", "cross_entropy:class_weight=2", "-t", "y", "--logits", "z")
    done = _run(tmp_path, *loss, y=[0, 1], z=[[1.0, 2.0, 3.0]] * 2)
    assert (done.code, "class_weight has 1 number where there are 3 classes" in done.err) == (2, True)


@pytest.mark.parametrize("group", [[], ["--group", "g"]], ids=["whole", "groups"])
def test_nothing_in_truth_and_prediction_warns_nobody_of_numpy(group: list[str], tmp_path: Path) -> None:
    """0 / 0 is no value, with the reason; any warning of NumPy is an error in these tests."""
    columns: dict[str, Any] = {"y": [0.0, 0.0], "p": [0.0, 0.0], "g": [1, 1]}
    done = _run(tmp_path, "-l", "dice:eps=0", "-t", "y", "--probs", "p", *group, "--json", **columns)
    assert (done.code, '"value": null' in done.out) == (0, True)


MASKS = b"g,y,p\na,1,0.5\na,0,0\nb,1,1\n"


def test_sets_and_batches_of_standard_input_are_listed() -> None:
    """Standard input was opened twice, which was a fault of the tool."""
    dice = ["compute", "-l", "dice:eps=0", "-t", "y", "--probs", "p", "--group", "g", "--reduction", "none", "-"]
    done = run_cli(dice, stdin=MASKS)
    assert (done.code, done.out.splitlines()[0], done.out.splitlines()[2]) == (0, "row,loss", "b,0.0")
    nce = ["compute", "-l", "nt_xent", "--anchor", "y,p", "--positive", "p,y", "--batch-size", "3", "-r", "none", "-"]
    assert run_cli(nce, stdin=MASKS.replace(b"a,0,0", b"a,0,2")).out.count("\n") == 2


def test_the_losses_of_rows_come_with_the_warnings_of_their_mean(tmp_path: Path) -> None:
    """A positive class that no row has went unnoticed, and so did labels of 0 that were read as -1."""
    columns: dict[str, Any] = {"y": [0, 1, 1], "z": [-2.0, 1.0, 3.0]}
    place = tmp_path / "losses.csv"
    wrong = ("-l", "bce", "-t", "y", "--logits", "z", "--positive-class", "7", "-r", "none", "-o", f"csv:{place}")
    done = _run(tmp_path, *wrong, **columns)
    assert (done.code, "none of the used rows of column 'y' is '7'" in done.err, place.exists()) == (3, True, False)
    hinge = ("-l", "hinge", "-t", "y", "-p", "z", "-r", "none")
    assert "in 1 row the target is 0, which was read as -1" in _run(tmp_path, *hinge, **columns).err
    mixed = _run(tmp_path, *hinge, y=[0, 1, -1], z=columns["z"])
    assert (mixed.code, "the target has both 0 and -1" in mixed.err) == (3, True)


@pytest.mark.parametrize(
    ("loss", "flags", "message"),
    [
        (["mse", "-t", "y", "-p", "z"], ["--classes", "a,b"], "--classes does not apply: no labels are read"),
        (
            ["mse", "-t", "y", "-p", "z"],
            ["--positive-class", "b"],
            "--positive-class does not apply: no labels are read",
        ),
        (["bce", "-t", "y", "--logits", "z"], ["--probs-percent"], "no probabilities are read"),
    ],
)
def test_an_option_that_would_not_act_is_refused(
    loss: list[str], flags: list[str], message: str, tmp_path: Path
) -> None:
    done = _run(tmp_path, "-l", *loss, *flags, y=[0, 1, 1], z=[-2.0, 1.0, 3.0])
    assert (done.code, message in done.err) == (2, True)


def test_symmetric_with_negatives_is_a_fault_of_the_command(tmp_path: Path) -> None:
    rows: dict[str, Any] = {"a": VIEWS["a"], "b": VIEWS["b"], "n": [[1.0, 1.0]] * 3}
    done = _run(
        tmp_path, "-l", "info_nce:symmetric=true", "--anchor", "a", "--positive", "b", "--negative", "n", **rows
    )
    assert done.code == 2


def test_a_class_weight_of_0_does_not_go_with_smoothing(tmp_path: Path) -> None:
    """The smoothed part of such rows was lost: 0.2819 for the two rows where PyTorch has 0.3133."""
    columns: dict[str, Any] = {"y": [0, 1], "z": [[1.0, 2.0], [1.0, 2.0]]}
    loss = ("-l", "cross_entropy:label_smoothing=0.2", "--class-weight", "0,1", "-t", "y", "--logits", "z")
    done = _run(tmp_path, *loss, **columns)
    shown = " ".join(done.err.split())
    assert (done.code, "a class weight of 0 does not go with label_smoothing" in shown) == (2, True)
    with pytest.raises(losscli.UsageError, match="a class weight of 0"):
        losscli.losses.cross_entropy([0.0], logits=[[1.0, 2.0]], label_smoothing=0.2, class_weight=[0.0, 1.0])
    alone = ("-l", "cross_entropy", "--class-weight", "0,1", "-t", "y", "--logits", "z")
    assert _run(tmp_path, *alone, **columns).code == 0
