"""The worked examples of the specification (computed there with 40 digits), through the real command."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from losscli.catalogue import all_losses
from tests.cli import ROOT, run_cli

EXAMPLES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
HERE = {loss.name for loss in all_losses()}
RELATIVE = 1e-12
ROLES = {"y_true": "--target", "y_pred": "--pred", "rate": "--rate", "var": "--var", "weight": "--weight"}


def _label(example: dict[str, Any]) -> str:
    return "-".join([example["loss"], *map(str, example["params"].values()), example["reduction"]])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e["loss"] in HERE], ids=_label)
def test_worked_example(example: dict[str, Any], kind: str, tmp_path: Path) -> None:
    file = _write(example["columns"], tmp_path, kind)
    flags = [word for name in example["columns"] for word in (ROLES[name], name)]
    params = ",".join(f"{name}={value}" for name, value in example["params"].items())
    loss = f"{example['loss']}:{params}" if params else example["loss"]
    args = ["compute", str(file), "--loss", loss, "--reduction", example["reduction"], *flags]
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


def _write(columns: dict[str, list[float]], folder: Path, kind: str) -> Path:
    file = folder / f"example.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), file)
    else:
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        file.write_text("\n".join(rows) + "\n")
    return file


def test_every_loss_of_this_package_that_has_an_example_is_run() -> None:
    assert {e["loss"] for e in EXAMPLES} >= HERE
