"""Every command that `inspect` calls ready ends with 0 on the file that it was made for."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli import ROOT, run_cli
from tests.wild.case import FILES

SAMPLES = ROOT / "sample_data"
FIRST = {
    "boxes.csv": "losscli compute boxes.csv --loss box_iou --target true_x1,true_y1,true_x2,true_y2 "
    "--pred base_x1,base_y1,base_x2,base_y2",
    "breast_cancer.csv": "losscli compute breast_cancer.csv --loss bce --target y_true --logits logit_baseline",
    "counts.csv": "losscli compute counts.csv --loss poisson_nll --target y_true --rate rate_baseline",
    "diabetes.csv": "losscli compute diabetes.csv --loss mae --target y_true --pred pred_baseline",
    "diabetes_preds.csv": "losscli compute diabetes_preds.csv --loss mae --target y_true --pred y_pred",
    "digits.parquet": "losscli compute digits.parquet --loss cross_entropy --target y_true --logits 'logit_*'",
    "digits_list.parquet": "losscli compute digits_list.parquet --loss cross_entropy --target y_true --logits logits",
    "embeddings.parquet": "losscli compute embeddings.parquet --loss triplet --anchor anchor --positive positive "
    "--negative negative",
    "masks.parquet": "losscli compute masks.parquet --loss dice --target mask_true --probs mask_baseline "
    "--group image_id",
    "masks_list.parquet": "losscli compute masks_list.parquet --loss dice --target mask_true --probs mask_baseline",
}
DATA = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".parquet"))


def _inspect(name: str, folder: Path) -> dict[str, Any] | None:
    """What was found; None where the file cannot be read, which must be said and not be a fault."""
    outcome = run_cli(["inspect", name, "--json"], cwd=folder)
    if outcome.code != 0:
        assert outcome.code == 3, outcome.err
        assert outcome.err.strip()
        return None
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def _run_all(document: dict[str, Any], folder: Path) -> None:
    side_by_side = document["compare"]
    for entry in [*document["ready"], *side_by_side]:
        outcome = run_cli([*entry["arguments"][1:], "--json"], cwd=folder)
        assert outcome.code == 0, f"{entry['command']}\n{outcome.err}"
        if "$'" not in entry["command"]:
            assert shlex.split(entry["command"]) == entry["arguments"]


@pytest.mark.parametrize("name", DATA)
def test_sample_data(name: str) -> None:
    document = _inspect(name, SAMPLES)
    assert document is not None
    expected = FIRST.get(name) or FIRST[name.replace(".parquet", ".csv")].replace(".csv", ".parquet")
    assert document["ready"][0]["command"] == expected
    _run_all(document, SAMPLES)


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
def test_files_as_found(name: str) -> None:
    document = _inspect(name, FILES)
    if document is not None:
        _run_all(document, FILES)
        shown = run_cli(["inspect", name], cwd=FILES)
        assert shown.code == 0, shown.err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iris_proba.csv", "--loss cross_entropy --target species --probs virginica,setosa,versicolor"),
        ("energy_europe.csv", "--loss mae --target 'Actual Total Load [MW] - BZN|DE-LU' --pred 'Day-ahead Total Load"),
        ("kriging.csv", "--loss mae --target observed --pred var1.pred"),
        ("yolo.csv", "--loss box_iou --target x_center,y_center,width,height --pred pred_x_center,pred_y_center"),
        ("boolean_masks.jsonl", "--loss dice --target mask --probs prob"),
        ("hub_quantiles.csv", "--loss pinball --target observation --pred value --tau @output_type_id"),
        ("labels_from_1.csv", "--loss cross_entropy --target y --logits 'logit_*'"),
        ("tumour.csv", "--loss bce --target diagnosis --probs p --positive-class malignant"),
        ("pixels_255.csv", "--loss dice --target mask --probs prob --group image --positive-class 255"),
    ],
)
def test_what_comes_first_for_files_as_found(name: str, expected: str) -> None:
    document = _inspect(name, FILES)
    assert document is not None
    assert expected in document["ready"][0]["command"]


def test_no_column_is_scored_against_itself() -> None:
    for path in sorted(FILES.glob("*.csv")):
        document = _inspect(path.name, FILES)
        for entry in document["ready"] if document else []:
            line = entry["arguments"]
            named = [
                line[i + 1] for i, word in enumerate(line) if word in ("--target", "--pred", "--probs", "--logits")
            ]
            assert len(set(named)) == len(named), entry["command"]
