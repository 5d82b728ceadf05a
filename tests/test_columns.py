"""From names to roles: what names leave no doubt, what is asked for and how, and names that are hard to write."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from losscli.data.role_names import tokens
from tests.cli import Outcome, run_cli


def _run(folder: Path, header: list[str], *more: str, loss: str = "mae") -> Outcome:
    """A row of 0, 1, 2, 4, 8, ... under this header, so that a difference says which columns were taken."""
    cells = ["0", *(str(2**i) for i in range(len(header) - 1))]
    quoted = ['"' + name.replace('"', '""') + '"' for name in header]
    folder.joinpath("data.csv").write_text(",".join(quoted) + "\n" + ",".join(cells) + "\n")
    return run_cli(["compute", "data.csv", "--loss", loss, "--json", *more], cwd=folder)


def _columns(outcome: Outcome) -> dict[str, list[str]]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return dict(found["columns"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("y_true", ["y", "true"]),
        ("yTrue", ["y", "true"]),
        ("YTrueValue", ["y", "true", "value"]),
        ("HTTPError", ["http", "error"]),
        ("pred-10 %", ["pred", "10"]),
        ("x.actual", ["x", "actual"]),
        ("__y__", ["y"]),
        ("p50Pred", ["p50", "pred"]),
        ("y2", ["y2"]),
        ("%", []),
        ("", []),
        ("истина_y", ["истина", "y"]),
    ],
)
def test_tokens(name: str, words: list[str]) -> None:
    assert tokens(name) == words


@pytest.mark.parametrize(
    ("target", "pred"),
    [
        ("y_true", "y_pred"),
        ("y", "y_hat"),
        ("y", "yhat"),
        ("actual", "forecast"),
        ("Actual", "Predicted"),
        ("ACTUAL_SALES", "PREDICTED_SALES"),
        ("sales_actual", "sales_pred"),
        ("observed", "prediction"),
        ("obs", "pred"),
        ("ground_truth", "prediction"),
        ("gt", "pred"),
        ("label", "predicted_label"),
        ("target", "pred"),
        ("yTrue", "yPred"),
        ("y true", "y pred"),
        ("true.value", "predicted.value"),
        ("target", "target_prediction"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_plain_names_fill_both_roles(target: str, pred: str, swapped: bool, tmp_path: Path) -> None:
    header = ["id", pred, target, "price"] if swapped else ["id", target, pred, "price"]
    assert _columns(_run(tmp_path, header)) == {"target": [target], "pred": [pred]}


@pytest.mark.parametrize("name", ["predicament", "truth_table", "hatch", "trueness", "xpred", "y2", "spread"])
def test_words_inside_words_count_for_nothing(name: str, tmp_path: Path) -> None:
    header = ["y_pred", name] if name != "xpred" else ["y_true", name]
    if name == "truth_table":  # it begins with the word truth
        assert _columns(_run(tmp_path, header)) == {"target": [name], "pred": ["y_pred"]}
    else:
        assert _run(tmp_path, header).code == 2


def test_spreads_and_rates_by_name(tmp_path: Path) -> None:
    header = ["y_true", "pred", "pred_var"]
    assert _columns(_run(tmp_path, header, loss="gaussian_nll")) == {
        **{"target": ["y_true"], "pred": ["pred"]},
        "var": ["pred_var"],
    }
    assert _columns(_run(tmp_path, ["y_true", "log_rate"], loss="poisson_nll"))["log_rate"] == ["log_rate"]
    assert _run(tmp_path, ["y_true", "rate", "log_rate"], loss="poisson_nll").code == 2
    assert _columns(_run(tmp_path, ["y_true", "y_pred"], loss="poisson_nll")) == {
        **{"target": ["y_true"], "rate": ["y_pred"]}
    }


def test_text_is_no_numeric_target(tmp_path: Path) -> None:
    tmp_path.joinpath("data.csv").write_text("target,y_true,y_pred\nprice,0,1\nprice,0,2\n")
    outcome = run_cli(["compute", "data.csv", "--loss", "mae", "--json"], cwd=tmp_path)
    assert _columns(outcome) == {"target": ["y_true"], "pred": ["y_pred"]}
    days = pa.array([0, 1], pa.date32())
    pq.write_table(pa.table({"actual": days, "obs": [0.0, 0.0], "pred": [1.0, 2.0]}), tmp_path / "data.parquet")
    outcome = run_cli(["compute", "data.parquet", "--loss", "mae", "--json"], cwd=tmp_path)
    assert _columns(outcome) == {"target": ["obs"], "pred": ["pred"]}


AMBIGUOUS = [
    (["y_true", "pred_a", "pred_b"], "mae", "pred", ["pred_a", "pred_b"]),
    (["actual_a", "actual_b", "pred"], "mae", "target", ["actual_a", "actual_b"]),
    (["y_true", "pred it's", "pred $HOME", 'pred "q"', "pred;ls"], "mae", "pred", ["pred it's", "pred $HOME"]),
    (["y_true", "forecast, low", "forecast, high"], "mae", "pred", ["forecast, low", "forecast, high"]),
    (["y_true", "rate", "log_rate"], "poisson_nll", "rate or log_rate", ["rate", "log_rate"]),
    (["y_true", "pred*", "pred?"], "mae", "pred", ["pred*", "pred?"]),
    (["y_true", "pred [red]", "pred [a-z]"], "mae", "pred", ["pred [red]", "pred [a-z]"]),
    (["y_true", "-pred", "--pred"], "mae", "pred", ["-pred", "--pred"]),
    (["y_true", "@a pred", "pred=1"], "mae", "pred", ["@a pred", "pred=1"]),
    (["a", "b", "c"], "mae", "target", ["a", "b", "c"]),
]


@pytest.mark.parametrize(("header", "loss", "role", "candidates"), AMBIGUOUS, ids=[str(c[0]) for c in AMBIGUOUS])
def test_what_is_ambiguous_is_asked_for(
    header: list[str], loss: str, role: str, candidates: list[str], tmp_path: Path
) -> None:
    """All candidates are named, and the ready command runs as it stands, with other columns in each role."""
    outcome = _run(tmp_path, header, loss=loss)
    assert (outcome.code, outcome.out) == (2, "")
    assert re.search(rf"fits? {re.escape(role)}\b", outcome.err)
    for name in candidates:
        assert repr(name) in outcome.err
    ready = re.search(r"^  losscli (.+)$", outcome.err, re.MULTILINE)
    assert ready, outcome.err
    chosen = _columns(run_cli(shlex.split(ready[1]), cwd=tmp_path))
    used = [name for names in chosen.values() for name in names]
    assert len(set(used)) == len(used) == 2
    assert set(used) <= set(header)


def test_the_ready_command_keeps_what_was_typed(tmp_path: Path) -> None:
    outcome = _run(tmp_path, ["y_true", "pred_a", "pred_b"], "--where", "pred_a>0", "-w", "pred_b", "--no-ci")
    ready = next(line for line in outcome.err.splitlines() if line.startswith("  losscli"))
    assert all(word in ready for word in ("data.csv", "--where 'pred_a>0'", "-w pred_b", "--no-ci", "--json"))
    assert _columns(run_cli(shlex.split(ready)[1:], cwd=tmp_path))["weight"] == ["pred_b"]


@pytest.mark.parametrize(
    ("header", "given", "taken"),
    [
        (["a,b", "a", "b", "c"], ("a,b", "c"), (["a,b"], ["c"])),
        (["a", "b", "c", "d"], ("a,b", "c,d"), (["a", "b"], ["c", "d"])),
        (["a", "b", "c", "d"], ("a, b", " c , d "), (["a", "b"], ["c", "d"])),
        (["t*", "t1", "p"], ("t*", "p"), (["t*"], ["p"])),
        (["t1", "t10", "t2", "p1", "p2", "p3"], ("t*", "p?"), (["t1", "t2", "t10"], ["p1", "p2", "p3"])),
        (["t1", "t2", "p1", "p2"], ("t[12]", "p1,p[2-9]"), (["t1", "t2"], ["p1", "p2"])),
        (["T1", "t2", "p"], ("t*", "p"), (["t2"], ["p"])),
        ([" y ", "p q"], ("y", "p q"), ([" y "], ["p q"])),
        (["y", " y", "p"], ("y", "p"), (["y"], ["p"])),
        (["%", "=1+1"], ("%", "=1+1"), (["%"], ["=1+1"])),
    ],
)
def test_names_as_they_are_given(
    header: list[str], given: tuple[str, str], taken: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    outcome = _run(tmp_path, header, "-t", given[0], "-p", given[1])
    assert _columns(outcome) == {"target": taken[0], "pred": taken[1]}
    outcome = _run(tmp_path, header, "--column", f"target={given[0]}", "--column", f"pred={given[1]}")
    assert _columns(outcome) == {"target": taken[0], "pred": taken[1]}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("y_tru", ["'y_tru'", "did you mean 'y_true'"]),
        ("zzz", ["'zzz'", "'y_true', 'y_pred', 'pred_1'"]),
        ("q*", ["'q*'", "no column fits"]),
        ("y_true,", ["no column ''"]),
        ("y_true,zzz", ["'zzz'"]),
        ("Y_TRUE", ["'Y_TRUE'"]),
    ],
)
def test_names_that_are_not_there(given: str, words: list[str], tmp_path: Path) -> None:
    outcome = _run(tmp_path, ["y_true", "y_pred", "pred_1"], "-t", given, "-p", "y_pred")
    assert (outcome.code, outcome.out) == (2, "")
    assert all(word in outcome.err for word in words), outcome.err


def test_duplicate_names_are_an_error_only_if_used(tmp_path: Path) -> None:
    header = ["id", "id", "y_true", "y_pred"]
    assert _columns(_run(tmp_path, header)) == {"target": ["y_true"], "pred": ["y_pred"]}
    for more in (["--where", "id=0"], ["-w", "id"], ["-p", "id"]):
        outcome = _run(tmp_path, header, *more)
        assert outcome.code == 2
        assert "2 columns called 'id'" in outcome.err
