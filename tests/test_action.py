"""The composite action: its structure, and its steps run in bash as a runner does, on sample data."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli import ROOT
from tests.github_runner import ACTION, OWN, Runner, stand_ins

# From "Metadata syntax reference" of the documentation of GitHub Actions: the keys of a composite action.
STEP_KEYS = {"run", "shell", "if", "name", "id", "env", "working-directory", "uses", "with", "continue-on-error"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return stand_ins(tmp_path_factory.mktemp("bin"))


@pytest.fixture
def job(tmp_path: Path, environment: dict[str, str]) -> Runner:
    """A job whose workspace has predictions: mae is 1, 3 for the worse model; few has 3 rows."""
    folder, temp = tmp_path / "work space", tmp_path / "temp"
    folder.mkdir()
    temp.mkdir()
    truth = [float(number) for number in range(40)]
    for name, error, rows in (("good", 1.0, 40), ("worse", 3.0, 40), ("few", 1.0, 3)):
        frame = pd.DataFrame({"y_true": truth[:rows], "y_pred": [number + error for number in truth[:rows]]})
        frame.to_csv(folder / f"{name}.csv", index=False)
    return Runner(folder, temp, environment)


def _run(job: Runner, **inputs: str) -> dict[str, str]:
    job.run([{"id": "it", "uses": OWN, "with": {name.replace("_", "-"): text for name, text in inputs.items()}}])
    return {name: job.context[f"steps.it.outputs.{name}"] for name in ACTION["outputs"]}


def _outcomes(path: str) -> list[set[str]]:
    """What each test case of a JUnit file came to."""
    cases = ET.parse(path).iter("testcase")  # noqa: S314 - our own file
    return [{child.tag for child in case} & {"failure", "error", "skipped"} for case in cases]


def test_the_structure_is_that_of_a_composite_action() -> None:
    assert (
        {"name", "description", "runs"}
        <= set(ACTION)
        <= {"name", "author", "description", "inputs", "outputs"}
        | {
            "runs",
            "branding",
        }
    )
    assert set(ACTION["runs"]) == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for name, entry in ACTION["inputs"].items():
        assert re.fullmatch("[a-z][a-z0-9-]*", name)
        assert set(entry) == {"description", "default"}
        assert isinstance(entry["default"], str)
    for entry in ACTION["outputs"].values():
        assert set(entry) == {"description", "value"}
    for step in ACTION["runs"]["steps"]:
        assert set(step) <= STEP_KEYS
        assert ("run" in step) != ("uses" in step)
        assert ("run" in step) == ("shell" in step)


def test_no_expression_stands_in_a_script_and_every_input_is_used() -> None:
    text = (ROOT / "action.yml").read_text()
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    for name in ACTION["inputs"]:
        assert f"inputs.{name}" in text


def test_pass(job: Runner) -> None:
    outputs = _run(job, files="good.csv", args="--loss mae --max 1.5")
    assert not job.failed, job.log
    assert (outputs["verdict"], outputs["exit-code"]) == ("PASS", "0")
    report = json.loads(Path(outputs["json"]).read_text())
    assert report["results"][0]["value"] == 1.0
    assert _outcomes(outputs["junit"]) == [set()]
    assert "PASS" in Path(outputs["markdown"]).read_text()
    assert "PASS" in job.summary
    assert "PASS" in job.log
    assert "::error" not in job.log
    assert job.used == ["actions/setup-python@v5"]


def test_fail(job: Runner) -> None:
    outputs = _run(job, files="worse.csv", args="--loss mae --max-regression 2%", baseline="good.csv")
    assert job.failed
    assert (outputs["verdict"], outputs["exit-code"]) == ("FAIL", "1")
    check = json.loads(Path(outputs["json"]).read_text())["checks"][0]
    assert (check["value"], check["baseline"], check["limit"]) == (3.0, 1.0, 0.02)
    assert _outcomes(outputs["junit"]) == [{"failure"}]
    assert "::error" in job.log
    assert "FAIL" in job.summary


def test_inconclusive(job: Runner) -> None:
    outputs = _run(job, files="few.csv", args="--loss mae --max 5 --on upper")
    assert job.failed
    assert (outputs["verdict"], outputs["exit-code"]) == ("INCONCLUSIVE", "4")
    assert _outcomes(outputs["junit"]) == [{"error"}]


@pytest.mark.parametrize(
    ("fail_on", "file", "fails"),
    [("fail", "few", False), ("fail", "worse", True), ("never", "few", False), ("never", "worse", False)],
)
def test_fail_on_says_which_verdict_fails_the_step(job: Runner, fail_on: str, file: str, fails: bool) -> None:
    outputs = _run(job, files=f"{file}.csv", args="--loss mae --max 2 --on upper", fail_on=fail_on)
    assert job.failed is fails
    assert outputs["exit-code"] == {"few": "4", "worse": "1"}[file]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"files": "good.csv", "args": "--loss nope --max 1"}, "2"),
        ({"files": "none.csv", "args": "--loss mae --max 1"}, "3"),
        ({"files": "good.csv", "args": "--loss 'mae"}, ""),
        ({"files": "good.csv", "args": "--loss mae --max 1", "fail-on": "no"}, ""),
    ],
)
def test_what_stops_the_check_fails_the_step_and_leaves_no_verdict(
    job: Runner, inputs: dict[str, str], code: str
) -> None:
    outputs = _run(job, **{"fail_on": "never", **inputs})
    assert job.failed
    assert outputs == {"verdict": "", "exit-code": code, "junit": "", "json": "", "markdown": ""}


def test_nothing_in_the_inputs_is_executed(job: Runner) -> None:
    evil = "$(touch hacked) `touch hacked` ; touch hacked"
    _run(job, files=f"good.csv\n{evil}", args="--loss mae --max 1.5")
    _run(job, files="good.csv", args=f'--loss mae --max 1.5 "{evil}" ; touch hacked')
    for name in ("config", "baseline", "fail_on", "package"):
        _run(job, files="good.csv", args="--loss mae --max 1.5", **{name: evil})
    assert not list(job.folder.rglob("hacked"))


def test_a_file_is_never_an_option_and_may_have_blanks(job: Runner) -> None:
    (job.folder / "--json.csv").write_bytes((job.folder / "good.csv").read_bytes())
    (job.folder / "a b.csv").write_bytes((job.folder / "good.csv").read_bytes())
    outputs = _run(job, files="--json.csv\n\na b.csv\n", args="--loss mae\n--max 1.5\n")
    assert outputs["verdict"] == "PASS", job.log
    assert json.loads(Path(outputs["json"]).read_text())["results"][0]["rows"] == 80


def test_a_configuration_in_another_folder(job: Runner) -> None:
    rules = 'files = ["good.csv"]\n[[gate]]\nloss = "mae"\nmax = 0.5\nlevel = "warn"\n'
    (job.folder / "part").mkdir()
    (job.folder / "part" / "rules.toml").write_text(rules)
    (job.folder / "good.csv").rename(job.folder / "part" / "good.csv")
    outputs = _run(job, config="rules.toml", working_directory="part")
    assert not job.failed, job.log
    assert (outputs["verdict"], outputs["exit-code"]) == ("WARN", "0")


@pytest.mark.parametrize(
    ("package", "installed"), [("", str(ROOT)), ("losscli @ file:a b.whl", "losscli @ file:a b.whl")]
)
def test_it_installs_its_own_checkout_unless_another_package_is_named(
    job: Runner, environment: dict[str, str], package: str, installed: str
) -> None:
    _run(job, files="good.csv", args="--loss mae --max 1.5", package=package, python_version="")
    called = (Path(environment["PATH"].split(":")[0]) / "pip.txt").read_text().splitlines()
    assert called[0] == "install"
    assert called[-2:] == ["--", installed]
    assert job.used == []


def test_the_page_has_every_input_and_output() -> None:
    page: Any = (ROOT / "docs" / "pipelines.md").read_text()
    cells = " ".join(re.findall(r"^\|([^|]+)\|", page, re.MULTILINE))
    for name in (*ACTION["inputs"], *ACTION["outputs"]):
        assert f"`{name}`" in cells, name
