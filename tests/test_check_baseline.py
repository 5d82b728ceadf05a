"""Saved baselines through `losscli check`: of the same data or not, damaged, missing, written whole."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli import Outcome, run_cli, run_process
from tests.gate_files import COUNTRIES, NEW, OLD, TRUTH, WEIGHTS, table, write

MAE_OLD, MAE_NEW = (float(np.mean(np.abs(TRUTH - pred))) for pred in (OLD, NEW))
LOOSE = ("--loss", "mae", "--max-regression", "1000", "--baseline", "base.json")
RULES = """
[[gate]]
loss = "mae"
max = 100
[[gate]]
loss = "mae"
by = "country"
max_regression = "2%"
[[gate]]
loss = "mae"
max_regression = "2%"
[[gate]]
loss = "mae"
where = "w>1"
max_regression = "2%"
[[gate]]
loss = "mae"
pred = "y_pred"
by = ["country", "w"]
max_regression = "2%"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "old.csv", table(OLD))
    write(tmp_path / "new.csv", table(NEW))
    return tmp_path


def check(folder: Path, *args: str) -> Outcome:
    return run_cli(["check", *args], cwd=folder)


def save(folder: Path, *args: str) -> None:
    outcome = check(folder, *(args or ("old.csv",)), "--loss", "mae", "--max", "1000", "--save-baseline", "base.json")
    assert outcome.code == 0, outcome.err


def only(folder: Path, *args: str) -> tuple[int, dict[str, Any]]:
    outcome = check(folder, *args, "--json", "-q")
    assert outcome.out, outcome.err
    (entry,) = json.loads(outcome.out)["checks"]
    return outcome.code, entry


def test_the_difference_to_a_saved_result_is_held_against_what_is_allowed(folder: Path) -> None:
    save(folder)
    worse = MAE_NEW - MAE_OLD
    rule = ("--loss", "mae", "--baseline", "base.json")
    assert check(folder, "new.csv", *rule, "--max-regression", repr(worse * 1.0001)).code == 0
    code, entry = only(folder, "new.csv", *rule, "--max-regression", repr(worse * 0.9999))
    assert (code, entry["verdict"], entry["on"]) == (1, "FAIL", "value")
    assert entry["difference"] == pytest.approx(worse, rel=1e-9)
    assert check(folder, "new.csv", *rule, "--max-regression", "1000", "--on", "lower").code == 4
    assert check(folder, "old.csv", *rule, "--max-regression", "0").code == 0


def _other_truth(columns: dict[str, Any]) -> None:
    # as many rows of the same sum; one value is larger and another one smaller
    columns["y_true"] = [columns["y_true"][0] + 1, columns["y_true"][1] - 1, *columns["y_true"][2:]]


def _other_weights(columns: dict[str, Any]) -> None:
    place = int(np.flatnonzero(WEIGHTS[0] != WEIGHTS)[0])
    weights = list(columns["w"])
    weights[0], weights[place] = weights[place], weights[0]
    columns["w"] = weights


def _one_row_less(columns: dict[str, Any]) -> None:
    for name in columns:
        columns[name] = columns[name][:-1]


def _a_row_skipped(columns: dict[str, Any]) -> None:
    columns["y_pred"] = ["", *columns["y_pred"][1:]]


@pytest.mark.parametrize("change", [_other_truth, _other_weights, _one_row_less, _a_row_skipped])
def test_a_baseline_of_other_data_never_passes(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    options = ("-w", "w", "--missing", "skip")
    save(folder, "old.csv", *options)
    columns = table(OLD)
    change(columns)
    write(folder / "changed.csv", columns)
    code, entry = only(folder, "changed.csv", *options, *LOOSE)
    assert (code, entry["verdict"]) == (4, "INCONCLUSIVE")
    assert "other data" in entry["reason"]


def test_rows_in_another_order_types_and_files_are_the_same_data(folder: Path) -> None:
    save(folder)
    order = np.random.default_rng(1).permutation(len(TRUTH))
    columns = {name: np.asarray(cells)[order] for name, cells in table(NEW).items()}
    write(folder / "moved.csv", columns)
    assert check(folder, "moved.csv", *LOOSE).code == 0
    for name, part in (("one.csv", slice(0, 150)), ("two.csv", slice(150, None))):
        write(folder / name, {column: cells[part] for column, cells in table(NEW).items()})
    assert check(folder, "one.csv", "two.csv", *LOOSE).code == 0
    pq.write_table(pa.table(columns), folder / "moved.parquet", row_group_size=7)
    assert check(folder, "moved.parquet", *LOOSE, "--threads", "2").code == 0


@pytest.mark.parametrize(
    ("loss", "roles"),
    [
        ("log_loss", ["--target", "label", "--probs", "p"]),
        ("cross_entropy", ["--target", "name", "--probs", "prob_cat,prob_dog"]),
        ("mae", ["--target", "x,y", "--pred", "y,x"]),
        ("mae", ["--target", "xs", "--pred", "ys"]),
        ("dice", ["--target", "label", "--probs", "p", "--group", "g"]),
        ("dice", ["--target", "label", "--probs", "p"]),
    ],
)
def test_every_kind_of_truth_has_a_fingerprint(tmp_path: Path, loss: str, roles: Sequence[str]) -> None:
    draws = np.random.default_rng(2)
    count = 60
    x, y, p = draws.normal(size=count), draws.normal(size=count), draws.uniform(0.1, 0.9, count)
    label = draws.integers(0, 2, count)
    label[:2] = 1
    # the same counts of classes, but for one row
    other = np.where(np.arange(count) == 0, 0, label)

    def file(name: str, label: np.ndarray, x: np.ndarray) -> None:
        columns = {
            "label": label,
            "p": p,
            "name": np.where(label == 1, "dog", "cat"),
            "prob_cat": 1 - p,
            "prob_dog": p,
            "x": x,
            "y": y,
            "xs": list(np.stack([x, y]).T),
            "ys": list(np.stack([y, y]).T),
            "g": np.arange(count) // 3,
        }
        pq.write_table(pa.table(columns), tmp_path / name)

    file("a.parquet", label, x)
    file("b.parquet", other, np.where(np.arange(count) == 0, x + 1, x))
    rule = ("--loss", loss, *roles, "--max", "1000")
    assert check(tmp_path, "a.parquet", *rule, "--save-baseline", "base.json").code == 0
    rule = ("--loss", loss, *roles, "--max-regression", "1000", "--baseline", "base.json")
    assert check(tmp_path, "a.parquet", *rule).code == 0
    code, entry = only(tmp_path, "b.parquet", *rule)
    assert code == 4
    assert "the truth has other values" in entry["reason"]


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("--loss", "huber:delta=2", "--max-regression", "1000"), "no result of huber"),
        (("--loss", "mae", "--max-regression", "1000", "--where", "w>1"), "where"),
        (("--loss", "mae", "--max-regression", "1000", "-w", "w"), "another sum"),
        (("--loss", "mae", "--max-regression", "1000", "--transform", "log1p"), "transform"),
    ],
)
def test_a_baseline_of_another_sum_never_passes(folder: Path, args: Sequence[str], word: str) -> None:
    save(folder)
    code, entry = only(folder, "old.csv", *args, "--baseline", "base.json")
    assert (code, entry["verdict"]) == (4, "INCONCLUSIVE")
    assert word in entry["reason"]


def test_other_parameters_and_another_version_never_pass(folder: Path) -> None:
    args = ("old.csv", "--loss", "huber", "--max", "1000", "--save-baseline", "base.json")
    assert check(folder, *args).code == 0
    rule = ("--max-regression", "1000", "--baseline", "base.json")
    assert check(folder, "old.csv", "--loss", "huber", *rule).code == 0
    code, entry = only(folder, "old.csv", "--loss", "huber:delta=2", *rule)
    assert code == 4
    assert "parameters" in entry["reason"]
    file = folder / "base.json"
    saved = json.loads(file.read_text())
    for result in saved["results"]:
        result["signature"] = result["signature"].rsplit("|v:", 1)[0] + "|v:0.0.1"
    file.write_text(json.dumps(saved))
    code, entry = only(folder, "old.csv", "--loss", "huber", *rule)
    assert code == 4
    assert "version is 0.0.1" in entry["reason"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"value": 0', '"value": NaN, "x": 0', 1),
        lambda text: text.replace('"used": 400', '"used": -1'),
        lambda text: text.replace("losscli.result/1", "losscli.result/9"),
        lambda text: text.replace('"results": [', '"results": 3, "y": [', 1),
    ],
)
def test_a_damaged_baseline_is_3(folder: Path, damage: Callable[[str], str]) -> None:
    save(folder)
    file = folder / "base.json"
    text = damage(file.read_text())
    assert text != file.read_text()
    file.write_text(text)
    outcome = check(folder, "old.csv", *LOOSE)
    assert (outcome.code, outcome.out) == (3, "")
    assert "base.json" in outcome.err


def test_several_rules_about_one_loss_each_find_their_own_baseline(folder: Path) -> None:
    (folder / "losscli.toml").write_text(f'{RULES}[baseline]\npath = "base.json"\nmissing = "create"\n')
    assert check(folder, "old.csv").code == 0
    outcome = check(folder, "old.csv", "--json")
    report = json.loads(outcome.out)
    assert outcome.code == 0, report["checks"]
    assert {entry["verdict"] for entry in report["checks"]} == {"PASS"}
    report = json.loads(check(folder, "new.csv", "--json").out)
    differences = {
        json.dumps([entry["rule"], entry["slice"], entry["count"]]): entry["difference"]
        for entry in report["checks"]
        if entry["kind"] == "max_regression"
    }
    more = np.abs(TRUTH - NEW) - np.abs(TRUTH - OLD)
    assert len(differences) == 3 + 1 + 1 + 9
    for key, difference in differences.items():
        _, part, count = json.loads(key)
        chosen = np.ones(len(TRUTH), dtype=bool)
        if part:
            chosen &= part["country"] == COUNTRIES
            chosen &= np.isin(WEIGHTS, [int(part["w"])] if "w" in part else [1, 2, 3])
        elif count != len(TRUTH):
            chosen = WEIGHTS > 1
        assert count == chosen.sum()
        assert difference == pytest.approx(more[chosen].mean(), rel=1e-9)


def test_models_and_columns_of_a_saved_result_are_told_apart(folder: Path) -> None:
    both = {name: cells for name, cells in table(OLD).items() if name != "y_pred"}
    write(folder / "both.csv", {**both, "a": OLD, "b": NEW})
    gates = '[[gate]]\nloss = "mae"\npred = "{}"\n{}\n[[gate]]\nloss = "mae"\npred = "{}"\n{}\n'
    file = folder / "losscli.toml"
    file.write_text(gates.format("a", "max = 100", "b", "max = 100"))
    assert check(folder, "both.csv", "--save-baseline", "base.json").code == 0
    limit = "max_regression = 0"
    file.write_text(gates.format("a", limit, "b", limit))
    report = json.loads(check(folder, "both.csv", "--baseline", "base.json", "--json").out)
    assert [entry["baseline"] for entry in report["checks"]] == [
        pytest.approx(MAE_OLD, rel=1e-12),
        pytest.approx(MAE_NEW, rel=1e-12),
    ]
    code, entry = only(folder, "both.csv", "--pred", "b", *LOOSE)
    assert (code, entry["baseline"]) == (0, pytest.approx(MAE_NEW, rel=1e-12))
    # neither of them is clearly the one of a third
    write(folder / "third.csv", {**both, "c": OLD})
    code, entry = only(folder, "third.csv", "--pred", "c", *LOOSE)
    assert (code, entry["verdict"]) == (4, "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("policy", "code", "verdict"), [("fail", 1, "FAIL"), ("warn", 0, "WARN"), ("create", 0, "WARN")]
)
def test_a_baseline_that_is_missing(folder: Path, policy: str, code: int, verdict: str) -> None:
    for args in (("--missing-baseline", policy), () if policy == "fail" else ("--missing-baseline", policy)):
        got, entry = only(folder, "old.csv", *LOOSE, *args)
        assert (got, entry["verdict"]) == (code, verdict)
        assert (folder / "base.json").exists() == (policy == "create")
        (folder / "base.json").unlink(missing_ok=True)


def test_a_baseline_that_is_created_is_the_one_of_the_next_run(folder: Path) -> None:
    assert check(folder, "old.csv", *LOOSE, "--missing-baseline", "create").code == 0
    before = (folder / "base.json").read_bytes()
    code, entry = only(folder, "new.csv", *LOOSE, "--missing-baseline", "create")
    assert (code, entry["verdict"]) == (0, "PASS")
    assert entry["baseline"] == pytest.approx(MAE_OLD, rel=1e-12)
    assert (folder / "base.json").read_bytes() == before


def test_no_baseline_is_created_by_a_run_that_fails(folder: Path) -> None:
    args = ("--loss", "mae", "--max", "0.001", "--max-regression", "1", "--baseline", "base.json")
    assert check(folder, "old.csv", *args, "--missing-baseline", "create").code == 1
    assert not (folder / "base.json").exists()


def test_an_inner_join_is_the_same_data_again(folder: Path) -> None:
    write(folder / "truth.csv", {"id": range(350), "y_true": TRUTH[:350]})
    write(folder / "pred.csv", {"id": range(len(TRUTH)), "y_pred": OLD})
    args = ("pred.csv", "--truth", "truth.csv", "--key", "id", "--join", "inner")
    save(folder, *args)
    code, entry = only(folder, *args, *LOOSE)
    assert (code, entry["verdict"], entry["count"]) == (0, "PASS", 350)


def test_the_file_of_the_truth_is_told_by_its_content(folder: Path) -> None:
    write(folder / "truth.csv", {"id": range(len(TRUTH)), "y_true": TRUTH})
    write(folder / "pred.csv", {"id": range(len(TRUTH)), "y_pred": OLD})
    args = ("pred.csv", "--truth", "truth.csv", "--key", "id")
    save(folder, *args)
    assert check(folder, *args, *LOOSE).code == 0
    # the same values in other rows, which no sum over rows could tell
    write(folder / "truth.csv", {"id": range(len(TRUTH)), "y_true": TRUTH[::-1]})
    assert check(folder, *args, *LOOSE).code == 4


def test_what_compute_saved_is_a_baseline_too(folder: Path) -> None:
    assert run_cli(["compute", "old.csv", "--loss", "mae", "-o", "json:base.json"], cwd=folder).code == 0
    assert check(folder, "old.csv", *LOOSE).code == 0


def test_what_check_saved_can_be_verified(folder: Path) -> None:
    save(folder)
    outcome = run_cli(["verify", "base.json", "old.csv"], cwd=folder)
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("place", ["old.csv", "./old.csv", "link.csv"])
def test_a_baseline_is_not_written_over_an_input(folder: Path, place: str) -> None:
    (folder / "link.csv").symlink_to(folder / "old.csv")
    before = (folder / "old.csv").read_bytes()
    outcome = check(folder, "old.csv", "--loss", "mae", "--max", "1000", "--save-baseline", place)
    assert outcome.code == 2
    assert "input" in outcome.err
    assert (folder / "old.csv").read_bytes() == before


def test_a_baseline_is_not_written_over_the_truth_or_the_configuration(folder: Path) -> None:
    write(folder / "truth.csv", {"id": range(len(TRUTH)), "y_true": TRUTH})
    write(folder / "pred.csv", {"id": range(len(TRUTH)), "y_pred": OLD})
    args = ("pred.csv", "--truth", "truth.csv", "--key", "id", "--loss", "mae", "--max", "9")
    assert check(folder, *args, "--save-baseline", "truth.csv").code == 2
    (folder / "losscli.toml").write_text(RULES)
    assert check(folder, *args, "--save-baseline", "losscli.toml").code == 2
    assert check(folder, *args, "-o", "json:losscli.toml").code == 2
    assert (folder / "losscli.toml").read_text() == RULES


def test_a_baseline_that_cannot_be_written_is_3_and_nothing_is_written(folder: Path) -> None:
    args = ("old.csv", "--loss", "mae", "--max", "1000")
    outcome = check(folder, *args, "--save-baseline", "nowhere/base.json", "-o", "json:out.json")
    assert outcome.code == 3
    assert "nowhere/base.json" in outcome.err
    save(folder)
    before = (folder / "base.json").read_bytes()
    outcome = check(folder, *args, "--save-baseline", "base.json", "-o", "csv:nowhere/out.csv")
    assert outcome.code == 3
    assert (folder / "base.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["base.json", "new.csv", "old.csv"]


def test_a_run_that_is_stopped_leaves_the_old_baseline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(folder)
    before = (folder / "base.json").read_bytes()

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "close", stopped)
    outcome = check(folder, "new.csv", "--loss", "mae", "--max", "1000", "--save-baseline", "base.json")
    monkeypatch.undo()
    assert outcome.code == 130
    assert (folder / "base.json").read_bytes() == before


def test_a_saved_baseline_has_the_same_bytes_each_time_and_says_that_it_was_saved(folder: Path) -> None:
    args = ["check", "old.csv", "--loss", "mae", "--max", "1000", "--save-baseline", "base.json"]
    outcome = run_process(args, cwd=folder)
    assert "base.json" in outcome.err
    before = (folder / "base.json").read_bytes()
    assert run_process([*args, "-q", "--threads", "1"], cwd=folder).err == ""
    assert (folder / "base.json").read_bytes() == before


def test_a_model_of_several_that_were_saved_is_told_by_its_name_or_columns(folder: Path) -> None:
    both = {name: cells for name, cells in table(OLD).items() if name != "y_pred"}
    write(folder / "both.csv", {**both, "a": OLD, "b": NEW})
    save(folder, "both.csv", "--pred", "a", "--pred", "b")
    for name, value in (("a", MAE_OLD), ("b", MAE_NEW)):
        code, entry = only(folder, "both.csv", "--pred", name, *LOOSE)
        assert (code, entry["baseline"]) == (0, pytest.approx(value, rel=1e-12))
