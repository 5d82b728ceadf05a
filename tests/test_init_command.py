"""`losscli init`: what it writes, that the present passes it, and that names from a file cannot break it."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli import ROOT, Outcome, run_cli
from tests.gate_files import NEW, OLD, TRUTH, table, write

ERRORS = np.abs(TRUTH - OLD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "old.csv", table(OLD))
    write(tmp_path / "new.csv", table(NEW))
    return tmp_path


def check(folder: Path, *args: str) -> Outcome:
    return run_cli(["check", *args], cwd=folder)


def limits(file: Path) -> list[float]:
    return [rule.get("max", rule.get("min")) for rule in tomllib.loads(file.read_text())["gate"]]


def init(folder: Path, *args: str) -> Outcome:
    return run_cli(["init", *args], cwd=folder)


def test_init_writes_limits_a_little_above_the_present_and_refuses_to_write_over(folder: Path) -> None:
    assert init(folder, "old.csv", "--loss", "mae").code == 0
    file = folder / "losscli.toml"
    (limit,) = limits(file)
    assert 1.05 * ERRORS.mean() <= limit <= 1.0502 * ERRORS.mean()
    assert check(folder).code == 0
    before = file.read_bytes()
    outcome = init(folder, "new.csv", "--loss", "mse")
    assert outcome.code == 2
    assert "--force" in outcome.err
    assert file.read_bytes() == before
    assert init(folder, "new.csv", "--loss", "mse", "--force", "--slack", "0").code == 0
    assert limits(file) == pytest.approx([((TRUTH - NEW) ** 2).mean()], rel=1e-12)


def test_init_writes_to_standard_output_or_another_file(folder: Path) -> None:
    outcome = init(folder, "old.csv", "--loss", "mae", "-o", "-")
    assert tomllib.loads(outcome.out)["gate"][0]["loss"] == "mae"
    assert not (folder / "losscli.toml").exists()
    assert init(folder, "old.csv", "-o", "gates.toml").code == 0
    assert check(folder, "--config", "gates.toml").code == 0
    assert init(folder, "old.csv", "-o", "no/gates.toml").code == 3


def test_init_never_writes_over_its_input(folder: Path) -> None:
    before = (folder / "old.csv").read_bytes()
    assert init(folder, "old.csv", "-o", "old.csv", "--force").code == 2
    assert (folder / "old.csv").read_bytes() == before


def test_init_reads_standard_input(folder: Path) -> None:
    data = (folder / "old.csv").read_bytes()
    for args in (("--loss", "mae"), ()):
        outcome = run_cli(["init", "-", *args, "-o", "-"], stdin=data, cwd=folder)
        assert outcome.code in (0, 2), outcome.err
        if outcome.code == 0:
            assert "files" not in tomllib.loads(outcome.out)


def test_init_says_what_a_configuration_cannot(folder: Path) -> None:
    write(folder / "na.csv", {**table(OLD), "y_pred": ["none", *OLD[1:]]})
    outcome = init(folder, "na.csv", "--loss", "mae", "--na", "none", "--missing", "skip")
    assert outcome.code == 0
    assert "none" in outcome.err
    assert check(folder, "--na", "none").code == 0


def test_init_without_a_loss_that_fits_says_what_to_do(folder: Path) -> None:
    write(folder / "odd.csv", {"colour": ["red", "blue"], "shape": ["round", "square"]})
    outcome = init(folder, "odd.csv")
    assert outcome.code == 2
    assert "losscli inspect" in outcome.err
    assert not (folder / "losscli.toml").exists()


def test_all_that_init_was_told_holds_for_check(folder: Path) -> None:
    columns = {**table(OLD), "y_pred": ["", *OLD[1:]]}
    write(folder / "gaps.csv", columns)
    args: tuple[str, ...] = (
        "gaps.csv",
        "--loss",
        "mae",
        "-w",
        "w",
        "--missing",
        "skip",
        "--where",
        "country=DE",
        "--slack",
        "0",
    )
    assert init(folder, *args).code == 0
    assert check(folder).code == 0
    labels = np.where(TRUTH > 20, "yes", "no")
    write(folder / "classes.csv", {"label": labels, "score": 100 / (1 + np.exp(20 - NEW))})
    args = ("classes.csv", "--loss", "log_loss", "--target", "label", "--probs", "score", "--probs-percent")
    assert init(folder, *args, "--positive-class", "yes", "--force", "--slack", "0").code == 0
    outcome = check(folder)
    assert outcome.code == 0, outcome.err
    write(folder / "pairs.csv", {f"{side}{i}": OLD if side == "l" else NEW for side in "lr" for i in (1, 2)})
    args = ("pairs.csv", "--loss", "info_nce", "--anchor", "l1,l2", "--positive", "r1,r2", "--batch-size", "50")
    assert init(folder, *args, "--force", "--slack", "0").code == 0
    assert check(folder).code == 0
    write(folder / "semi.csv", table(OLD))
    (folder / "semi.csv").write_text((folder / "semi.csv").read_text().replace(",", ";"))
    assert init(folder, "semi.csv", "--loss", "mae", "--force").code == 0
    assert check(folder).code == 0


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "a\\",
        "a,b",
        "p*",
        '"""',
        "a'b",
        "tab\tname",
        "x] = 1",
        "#",
        "ünï",
        "\x1b[31m",
        "=",
        " lead",
        "[a]",
        "a|b",
    ],
)
def test_names_of_columns_cannot_break_the_file(folder: Path, name: str) -> None:
    write(folder / "h.csv", {f"{name} true": TRUTH, f"{name} pred": OLD, f"{name}other": NEW})
    outcome = init(folder, "h.csv", "--loss", "mae", "--slack", "0")
    if outcome.code == 2:
        # the names do not tell, so they are said as they are
        assert "h.csv" in outcome.err or "role" in outcome.err
        return
    assert outcome.code == 0, outcome.err
    file = folder / "losscli.toml"
    assert "\x1b" not in file.read_text()
    found = tomllib.loads(file.read_text())
    assert limits(file) == pytest.approx([ERRORS.mean()], rel=1e-9)
    assert found.keys() == {"files", "target", "pred", "gate"}
    outcome = check(folder)
    assert outcome.code == 0, outcome.err


SAMPLES = sorted(path for path in (ROOT / "sample_data").iterdir() if path.suffix in (".csv", ".parquet"))
WILD = sorted(path for path in (ROOT / "tests" / "wild" / "files").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", [*SAMPLES, *WILD], ids=lambda path: path.name)
def test_what_init_writes_passes_on_the_same_file(tmp_path: Path, path: Path) -> None:
    outcome = init(tmp_path, str(path), "-q")
    assert outcome.code in (0, 2, 3), outcome.err
    assert "Traceback" not in outcome.err
    if outcome.code:
        # a command that it made itself is no usage error
        assert outcome.code == 3 or "no loss fits the file by its names alone" in outcome.err
        assert not (tmp_path / "losscli.toml").exists()
        return
    outcome = check(tmp_path, "-q")
    assert outcome.code == 0, (tmp_path / "losscli.toml").read_text() + outcome.out + outcome.err


@pytest.mark.parametrize("name", sorted(file.name for file in (ROOT / "sample_data").glob("*.[pc]*[tv]")))
def test_a_sample_file_passes_what_init_writes_of_it(name: str, tmp_path: Path) -> None:
    file = str(ROOT / "sample_data" / name)
    assert init(tmp_path, file).code == 0
    assert check(tmp_path, file).code == 0


def test_a_parameter_that_a_name_says_is_that_of_its_rule(tmp_path: Path) -> None:
    # which of two columns is the prediction is open for other losses; q80_baseline says its level
    file = ROOT / "sample_data" / "diabetes.csv"
    assert init(tmp_path, str(file)).code == 0
    (rule,) = tomllib.loads((tmp_path / "losscli.toml").read_text())["gate"]
    rows = pd.read_csv(file)
    error = rows["y_true"] - rows["q80_baseline"]
    present = np.maximum(0.8 * error, -0.2 * error).mean()
    assert rule["loss"] == "pinball:tau=0.8"
    assert 1.05 * present <= rule["max"] <= 1.0502 * present
