"""The JSON Schema of results: it holds what is written, refuses what is not, and is that of the classes."""

import dataclasses
import json
import shlex
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from docs.result_schema import result_schema
from losscli.catalogue import all_losses
from losscli.comparison import Comparison
from losscli.reports.text import json_text
from losscli.results import Input, Report, Result
from losscli.verdicts import Check
from tests.cli import ROOT, run_cli
from tests.hand_made import FULL

FILE = ROOT / "losscli" / "schemas" / "result-1.json"
SCHEMA = json.loads(FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
PIXELS = "-t mask_true --probs mask_candidate"
DIABETES = "diabetes.csv -p pred_candidate"
SAMPLES = {
    "mse": f"{DIABETES} -w weight --transform log1p",
    "mae": f"{DIABETES} -r sum",
    "huber": f"{DIABETES} --delta 20 --where sex=code1 --no-ci",
    "smooth_l1": f"{DIABETES} -r mean-count --confidence 0.9",
    "log_cosh": DIABETES,
    "pinball": "diabetes.parquet -p q80 --tau 0.8",
    "mape": f"{DIABETES} --eps 1e-3",
    "msle": f"{DIABETES} --where 'sex=code1'",
    "poisson_nll": "counts.csv -p rate_candidate --full exact",
    "gaussian_nll": f"{DIABETES} --var var_candidate",
    "bce": "breast_cancer.csv -t diagnosis --positive-class malignant --probs prob_candidate",
    "hinge": "breast_cancer.csv -t y_true --pred logit_candidate",
    "focal": "breast_cancer.csv -t y_true --logits logit_candidate --alpha-mode balanced",
    "cross_entropy": "digits.parquet -t y_true --logits 'logit_*' --class-weight 1,2,1,1,1,1,1,1,1,1",
    "kl_div": "- --target t0,t1 --probs p0,p1 -r batchmean",
    "dice": f"masks.parquet {PIXELS} --group image_id",
    "iou": f"masks_list.parquet {PIXELS} --average none",
    "tversky": f"masks.parquet {PIXELS}",
    "box_iou": "boxes.parquet -t 'true_*' -p 'cand_*'",
    "giou": "boxes.csv -t 'true_*' -p 'base_*'",
    "diou": "boxes.csv -t 'true_*' -p 'base_*' --where size=small",
    "contrastive": "embeddings.parquet -t similar",
    "triplet": "embeddings.parquet",
    "info_nce": "embeddings.parquet --anchor anchor --positive positive --batch-size 32",
    "nt_xent": "embeddings.parquet --batch-size 64",
    "elbo": "- --reconstruction t0 --kl p0",
}
PIPED = b"t0,t1,p0,p1\n0.5,0.5,0.25,0.75\n0.25,0.75,0.5,0.5\n"


def _properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][name]["properties"]
    return found


def _errors(instance: Any) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(instance)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_file_is_what_the_classes_say() -> None:
    assert FILE.read_text() == result_schema()


def test_every_loss_has_a_sample() -> None:
    assert set(SAMPLES) == {loss.name for loss in all_losses()}


@pytest.mark.parametrize("loss", SAMPLES)
@pytest.mark.parametrize("command", ["compute", "compare"])
def test_what_is_written_is_valid(command: str, loss: str) -> None:
    options = SAMPLES[loss]
    if command == "compare" and " -r " in options:
        options = options[: options.index(" -r ")]
    args = [command, "--loss", loss, *shlex.split(options), "-q", "--json"]
    outcome = run_cli(args, stdin=PIPED if options.startswith("-") else b"", cwd=ROOT / "sample_data")
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    assert _errors(found) == []
    assert list(found) == list(SCHEMA["properties"])
    assert all(list(entry) == list(_properties("result")) for entry in found["results"])


def test_what_is_not_ok_is_valid_too() -> None:
    rows = b"y_true,y_pred\n1.2e154,0\n1.2e154,0\n"
    found = json.loads(run_cli(["compute", "-", "--loss", "mse", "-r", "sum", "--json"], stdin=rows).out)
    assert found["results"][0]["value"] is None
    assert found["results"][0]["status"] == "overflow"
    assert _errors(found) == []


def test_each_line_is_a_result() -> None:
    args = ["compare", "diabetes_preds.csv", "--loss", "mse", "--loss", "pinball:tau=0.2", "-o", "jsonl"]
    lines = run_cli(args, cwd=ROOT / "sample_data").out.splitlines()
    assert len(lines) == 2
    of_result = VALIDATOR.evolve(schema={"$ref": "#/$defs/result", "$defs": SCHEMA["$defs"]})
    assert all(of_result.is_valid(json.loads(line)) for line in lines)
    assert not of_result.is_valid({})


def test_comparisons_checks_and_penalties_are_valid() -> None:
    found = json.loads(json_text(FULL))
    assert _errors(found) == []
    assert _errors(json.loads(json_text(Report("compute", [])))) == []


@pytest.mark.parametrize(
    ("name", "instance"),
    [
        ("comparison", FULL.comparisons[0].to_dict()),
        ("check", FULL.checks[0].to_dict()),
        ("result", FULL.results[0].to_dict()),
        ("penalty", FULL.results[1].penalties[0].to_dict()),
        ("interval", FULL.results[0].to_dict()["ci"]),
        ("input", Input("folder", 1, "sha256-files:0", 2).to_dict()),
    ],
)
def test_its_keys_are_those_that_are_written(name: str, instance: dict[str, Any]) -> None:
    assert set(SCHEMA["$defs"]) == {"comparison", "check", "result", "penalty", "interval", "input"}
    assert list(_properties(name)) == list(instance)
    assert SCHEMA["$defs"][name]["required"] == [key for key in instance if (name, key) != ("input", "files")]
    assert SCHEMA["$defs"][name]["additionalProperties"] is False
    assert all(entry.get("description") for entry in _properties(name).values())


@pytest.mark.parametrize(
    ("kind", "name", "apart"),
    [
        (Comparison, "comparison", set()),
        (Check, "check", set()),
        (Result, "result", {"warnings", "ci_method", "effective", "risk"}),
    ],
)
def test_its_keys_are_the_fields_of_the_classes(kind: Any, name: str, apart: set[str]) -> None:
    assert {field.name for field in dataclasses.fields(kind)} ^ set(_properties(name)) == apart


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document, open objects such as params left out."""
    if path and path[-1] in ("params", "slice", "skipped", "columns"):
        return [path]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, entry in inside for found in _paths(entry, (*path, key)))]


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


PATHS = _paths(json.loads(json_text(FULL)))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)) or "top")
def test_what_is_not_written_is_refused(path: tuple[Any, ...]) -> None:
    wrongs: list[Any] = [[{"x": [[]]}], {"x": {"y": {}}}]
    for wrong in wrongs:
        document = json.loads(json_text(FULL))
        if path:
            _at(document, path[:-1])[path[-1]] = wrong
        else:
            document = wrong
        assert _errors(document), path
    document = json.loads(json_text(FULL))
    if isinstance(_at(document, path), dict) and path[-1:] not in [("params",), ("slice",), ("skipped",), ("columns",)]:
        _at(document, path)["more"] = 1
        assert _errors(document), path
        for key in [key for key in _at(document, path) if key != "more"]:
            document = json.loads(json_text(FULL))
            del _at(document, path)[key]
            assert _errors(document), (path, key)


@pytest.mark.parametrize("word", ["NaN", "fail", "", None])
def test_a_verdict_is_one_of_four_words(word: str | None) -> None:
    document = json.loads(json_text(FULL))
    document["verdict"] = word
    assert _errors(document) == ([] if word is None else ["$.verdict"])
    document["checks"][0]["verdict"] = word
    assert "$.checks[0].verdict" in _errors(document)


@pytest.mark.parametrize("name", [[], ["result-1"], ["result/1"], ["losscli.result/1"]])
def test_the_command_prints_it(name: list[str]) -> None:
    outcome = run_cli(["schema", *name])
    assert (outcome.code, outcome.out, outcome.err) == (0, FILE.read_text(), "")


@pytest.mark.parametrize("name", ["result-2", "", "../errors", "result", "result-1.json"])
def test_another_name_is_a_usage_error(name: str) -> None:
    outcome = run_cli(["schema", name])
    assert (outcome.code, outcome.out) == (2, "")
    assert "result-1" in outcome.err
