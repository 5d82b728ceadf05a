"""What PyTorch and torchvision compute (tests/data/library_values.json) is what the losses give.

Each entry says the loss, its parameters and its reduction. It goes through `losscli.compute` on an Arrow table with the
same arrays as columns, single numbers for one value a row and lists for several; the losses of the rows come from the
function of the loss.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import losscli
from losscli.catalogue import all_losses, find
from tests.cli import ROOT

FILE: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "library_values.json").read_text())
ENTRIES: list[dict[str, Any]] = FILE["entries"]
RELATIVE, ABSOLUTE = 1e-10, 1e-12

NO_FUNCTION = "PyTorch and torchvision have no function for it, as tests/data/make_library_values.py says"
WITHOUT_VALUES = dict.fromkeys(
    ("log_cosh", "pinball", "mape", "msle", "hinge", "dice", "iou", "tversky"),
    NO_FUNCTION,
)
OTHER_CONVENTION: dict[str, str] = {}
"""Entries, by their call, whose value is another one by convention, with the reason."""


def _label(entry: dict[str, Any]) -> str:
    return "-".join([entry["loss"], *entry["arrays"], *map(str, entry["params"].values()), entry["reduction"]])


def _parameters(entry: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the loss takes them: base is a word, several numbers are a tuple."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in entry["params"].items()}
    return {**given, "base": str(given["base"])} if "base" in given else given


def _close(found: Any, expected: Any) -> None:
    assert found == pytest.approx(expected, rel=RELATIVE, abs=ABSOLUTE)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["reduction"] != "none"], ids=_label)
def test_a_reduced_value_is_that_of_the_library(entry: dict[str, Any]) -> None:
    columns = {name: pa.array(values) for name, values in entry["arrays"].items()}
    rows = len(next(iter(entry["arrays"].values())))
    named: dict[str, Any] = {name: name for name in columns} | _parameters(entry)
    if entry["weight"] is not None:
        columns["w"] = pa.array(entry["weight"])
        named["weight"] = "w"
    loss = find(entry["loss"])
    if loss.unit.kind == "batch" and loss.unit.unless not in columns:
        # all rows are compared with one another
        named["batch_size"] = rows
    result = losscli.compute(pa.table(columns), loss=entry["loss"], reduction=entry["reduction"], **named)
    if entry["call"] in OTHER_CONVENTION:
        assert result.value != pytest.approx(entry["expected"], rel=RELATIVE)
        return
    _close(result.value, entry["expected"])


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["reduction"] == "none"], ids=_label)
def test_the_loss_of_each_row_is_that_of_the_library(entry: dict[str, Any]) -> None:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in entry["arrays"].items()}
    parameters = {name: np.array(v) if isinstance(v, tuple) else v for name, v in _parameters(entry).items()}
    loss = find(entry["loss"])
    losses = loss(**arrays, **parameters)
    # of several outputs a row the loss of the row is their mean
    _close(losses.mean(axis=1).tolist() if losses.ndim > 1 else losses.tolist(), entry["expected"])


def test_every_loss_has_values_or_a_reason() -> None:
    assert {entry["loss"] for entry in ENTRIES} | set(WITHOUT_VALUES) == {loss.name for loss in all_losses()}
    assert not {entry["loss"] for entry in ENTRIES} & set(WITHOUT_VALUES)
    assert set(OTHER_CONVENTION) <= {entry["call"] for entry in ENTRIES}


def test_the_file_says_what_made_it() -> None:
    assert set(FILE["made_with"]) == {"torch", "torchvision"}
    assert Path(ROOT / "tests" / "data" / "make_library_values.py").exists()
