"""Parameters that differ from row to row: those that may, and those that are refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import losscli
from losscli.catalogue import all_losses, find
from losscli.errors import UsageError
from tests.cli import run_cli

ROWS: dict[str, Sequence[float]] = {
    "y": [0, 1, 2],
    "prob_0": [0.2, 0.3, 0.0],
    "prob_1": [0.3, 0.3, 0.5],
    "prob_2": [0.5, 0.4, 0.5],
}
SMOOTHING, EPS = [0.1, 0.2, 0.3], [1e-3, 2e-3, 4e-3]


def _file(folder: Path) -> str:
    columns: dict[str, Sequence[float]] = {**ROWS, "s": SMOOTHING, "e": EPS, "x": [1.0, 2.0, 3.0], "v": [2.0, 1.0, 0.5]}
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path = folder / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_smoothing_from_a_column_is_that_of_its_row(tmp_path: Path) -> None:
    """With as many rows as classes each class had the smoothing of another row."""
    path = _file(tmp_path)
    result = losscli.compute(
        path, loss="cross_entropy", target="y", probs="prob_*", label_smoothing="@s", eps="@e", confidence=None
    )
    loss = find("cross_entropy")
    probs = np.array([ROWS[f"prob_{i}"] for i in range(3)]).T
    rows = [
        float(loss([float(i)], probs=probs[i : i + 1], label_smoothing=SMOOTHING[i], eps=EPS[i])[0]) for i in range(3)
    ]
    assert result.value == pytest.approx(sum(rows) / 3, rel=1e-15)
    assert result.clipped == 1, "smoothing reads the probability of each class"


def test_the_least_probability_from_a_column_is_that_of_its_row() -> None:
    target, probs = np.full((3, 3), 1 / 3), np.array([[0.0, 0.5, 0.5]] * 3)
    losses = find("kl_div")(target, probs, eps=np.array(EPS))
    assert losses.tolist() == [float(find("kl_div")(target[:1], probs[:1], eps=eps)[0]) for eps in EPS]


@pytest.mark.parametrize(
    "arguments",
    [
        ["-l", "info_nce", "--anchor", "x,v", "--positive", "v,x", "--batch-size", "3", "--temperature", "@s"],
        ["-l", "triplet", "--anchor", "x,v", "--positive", "v,x", "--negative", "v,s", "--p", "@x"],
        ["-l", "dice", "-t", "s", "--pred", "e", "--eps", "@e"],
        ["-l", "cross_entropy", "-t", "y", "--probs", "prob_*", "--ignore-index", "@y"],
    ],
)
def test_what_is_the_same_for_all_rows_comes_from_no_column(arguments: list[str], tmp_path: Path) -> None:
    """info_nce took its default of 0.1 without a word, and the others were faults of the tool."""
    outcome = run_cli(["compute", *arguments, _file(tmp_path)])
    assert outcome.code == 2
    assert f"{arguments[-2][2:].replace('-', '_')} is the same for all rows" in outcome.err


def test_a_plain_call_refuses_such_arrays_too() -> None:
    with pytest.raises(UsageError, match="p must be one number"):
        find("triplet")([[0.0, 1.0]], [[1.0, 1.0]], [[2.0, 1.0]], p=np.array([1.0, 2.0]))
    with pytest.raises(UsageError, match="margin must be one number or one for each row, not 3"):
        find("triplet")([[0.0, 1.0]], [[1.0, 1.0]], [[2.0, 1.0]], margin=np.array([1.0, 2.0, 3.0]))


def test_no_parameter_of_a_set_or_batch_differs_by_row() -> None:
    assert not [p.name for loss in all_losses() if loss.unit.kind != "row" for p in loss.parameters if p.by_row]
