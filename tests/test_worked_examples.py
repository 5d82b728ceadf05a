"""The worked examples of the specification (computed there with 40 digits), through the real command."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from losscli.catalogue import all_losses, find
from tests.cli import ROOT, run_cli

EXAMPLES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
HERE = {loss.name for loss in all_losses()}
ELSEWHERE = {"class_balanced_weights": "it is no loss: tests/test_weights.py runs it through `losscli weights`"}
RELATIVE = 1e-12
ROLES = {
    "y_true": "target",
    "y_pred": "pred",
    "score": "pred",
    "mask_true": "target",
    "mask_pred": "pred",
    "boxes_true": "target",
    "boxes_pred": "pred",
    "p": "target",
    "q": "probs",
    "negatives": "negative",
}
"""The role of a column that does not have its name."""
PAIRS = {"contrastive": ("left", "right"), "nt_xent": ("anchor", "positive")}
"""The roles of z1 and z2."""


def _label(example: dict[str, Any]) -> str:
    return "-".join([example["loss"], *map(str, example["params"].values()), example["reduction"]])


def _files() -> list[Any]:
    """Each example as Parquet, and as CSV where its columns are plain."""
    found = []
    for example in EXAMPLES:
        if example["loss"] in HERE:
            flat = not any(isinstance(cell, list) for column in example["columns"].values() for cell in column)
            kinds = ["csv", "parquet"] if flat else ["parquet"]
            found += [pytest.param(example, kind, id=f"{_label(example)}-{kind}") for kind in kinds]
    return found


@pytest.mark.parametrize(("example", "kind"), _files())
def test_worked_example(example: dict[str, Any], kind: str, tmp_path: Path) -> None:
    file = _write(example["columns"], tmp_path, kind)
    args = ["compute", str(file), "--loss", _loss(example), "--reduction", example["reduction"], *_flags(example)]
    if example["reduction"] == "none":
        lines = run_cli(args).out.splitlines()
        values = [float(line.split(",")[1]) for line in lines[1:]]
        assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(1, len(values) + 1))
        assert values == pytest.approx(example["expected"], rel=RELATIVE, abs=0.0)
        return
    outcome = run_cli([*args, "--json"])
    assert outcome.code == 0, outcome.err
    value = json.loads(outcome.out)["results"][0]["value"]
    assert math.isclose(value, example["expected"], rel_tol=RELATIVE)


def _loss(example: Mapping[str, Any]) -> str:
    """The loss with its parameters; one of several numbers is an option of its own."""
    single = [f"{name}={value}" for name, value in example["params"].items() if not isinstance(value, list)]
    return ":".join([example["loss"], *([",".join(single)] if single else [])])


def _flags(example: Mapping[str, Any]) -> list[str]:
    pair = dict(zip(("z1", "z2"), PAIRS.get(example["loss"], ()), strict=False))
    roles = {pair.get(name, ROLES.get(name, name)): name for name in example["columns"]}
    flags = [word for role, name in roles.items() for word in (f"--{role}", name)]
    for name, value in example["params"].items():
        if isinstance(value, list):
            flags += [f"--{name.replace('_', '-')}", ",".join(map(str, value))]
    unit = find(example["loss"]).unit
    if unit.kind == "batch" and unit.unless not in roles:
        # all rows are compared with one another
        flags += ["--batch-size", str(len(next(iter(example["columns"].values()))))]
    return flags


def _write(columns: dict[str, list[Any]], folder: Path, kind: str) -> Path:
    file = folder / f"example.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), file)
    else:
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        file.write_text("\n".join(rows) + "\n")
    return file


def test_every_loss_has_an_example_and_every_example_is_run_or_has_a_reason() -> None:
    assert {example["loss"] for example in EXAMPLES} == HERE | set(ELSEWHERE)


def test_class_balanced_weights_are_those_of_the_specification() -> None:
    """The function behind --class-weight effective, until a command prints them."""
    from losscli.class_weights import effective_number, normalised

    example = next(example for example in EXAMPLES if example["loss"] in ELSEWHERE)
    weights = normalised(effective_number(example["columns"]["counts"], example["params"]["beta"]))
    assert weights == pytest.approx(example["expected"], rel=RELATIVE, abs=0.0)
