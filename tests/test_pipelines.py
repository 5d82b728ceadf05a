"""The recipes of docs/pipelines.md: each block of the page is run, with a model that passes and one that fails."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from losscli.gates.configuration import configuration_of, toml_values
from tests.cli import ROOT
from tests.github_runner import Runner, script, stand_ins

PAGE = (ROOT / "docs" / "pipelines.md").read_text()
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# predict.py writes the predictions of the model that the variable MODEL names: the good one has an mae of 44.4557,
# the bad one, whose predictions are 30 too high, a larger one.
PREDICT = """\
import os
import pandas as pd
frame = pd.read_csv("data.csv")
frame["y_pred"] += 30.0 * (os.environ.get("MODEL") == "bad")
frame.to_parquet("preds.parquet")
"""


def blocks(heading: str, language: str) -> list[str]:
    """The code of a section of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [text for name, text in _FENCED.findall(section) if name == language]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("bin")
    found = stand_ins(folder)
    # notes what it was asked for; a run of the main branch is number 17, whose artifact is the present file
    script(
        folder / "gh",
        """\
        #!/bin/sh
        echo "$*" >> "$GH_LOG"
        case "$1 $2" in
          "run list") echo 17 ;;
          "run download") mkdir -p main && cp main.parquet main/preds.parquet ;;
        esac
        """,
    )
    return {**found, "GIT_CONFIG_GLOBAL": os.devnull, "GH_LOG": str(folder / "gh.txt"), "LOSSCLI": "losscli.whl"}


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Path:
    """A git repository with a model, its predictions and a committed baseline."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "sample_data" / "diabetes_preds.csv", folder / "data.csv")
    (folder / "predict.py").write_text(PREDICT)
    (folder / "Makefile").write_text(blocks("Makefile", "make")[0])
    done = _bash("git init -q . && make preds.parquet\n" + blocks("A first baseline", "sh")[0], folder, environment)
    assert done.returncode == 0, done.stderr
    (folder / ".gitignore").write_text("preds.parquet\n")
    commit = "git add . && git -c user.name=A -c user.email=a@b.c commit -qm baseline"
    assert _bash(commit, folder, environment).returncode == 0
    return folder


def _bash(
    text: str, folder: Path, environment: dict[str, str], model: str = "good"
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", text],  # noqa: S607 - any bash
        cwd=folder,
        env={**environment, "MODEL": model},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _predict(folder: Path, environment: dict[str, str], model: str) -> None:
    assert _bash("python predict.py", folder, environment, model).returncode == 0


def test_the_page_has_no_block_that_is_not_run() -> None:
    run = {
        "A first baseline": ["sh"],
        "Shell": ["sh"],
        "Makefile": ["make"],
        "pytest": ["python"],
        "GitHub Actions": ["yaml", "yaml"],
        "GitLab CI": ["yaml"],
        "DVC": ["yaml"],
        "pre-commit": ["toml", "yaml"],
    }
    assert [language for language, _ in _FENCED.findall(PAGE)] == [one for some in run.values() for one in some]
    for heading, languages in run.items():
        assert sum(len(blocks(heading, language)) for language in set(languages)) == len(languages)


@pytest.mark.parametrize(("model", "said"), [("good", "within its limits"), ("bad", "FAIL\tmae max 50\t")])
def test_shell(project: Path, environment: dict[str, str], model: str, said: str) -> None:
    _predict(project, environment, model)
    done = _bash(blocks("Shell", "sh")[0], project, environment)
    assert done.returncode == 0, done.stderr
    value = float(done.stdout.split()[2])
    assert (value < 50) == (model == "good")
    assert said in done.stdout


def test_shell_with_an_error(project: Path, environment: dict[str, str]) -> None:
    (project / "preds.parquet").write_text("y_true,y_pred\n1,2\n")
    text = blocks("Shell", "sh")[0].split("\n\n")[1]
    assert "losscli ended with 3" in _bash(text, project, environment).stderr


@pytest.mark.parametrize(("model", "code"), [("good", 0), ("bad", 2)])
def test_make(project: Path, environment: dict[str, str], model: str, code: int) -> None:
    (project / "preds.parquet").unlink()
    done = _bash("make quality", project, environment, model)
    # make ends with 2 where a recipe fails
    assert done.returncode == code, done.stderr
    assert done.stdout.count(f"\t{'PASS' if code == 0 else 'FAIL'}\t") == 2
    (project / "quality" / "baseline.json").unlink()
    done = _bash("make baseline", project, environment)
    assert done.returncode == (0 if code == 0 else 2)
    assert (project / "quality" / "baseline.json").exists()


@pytest.mark.parametrize("model", ["good", "bad"])
def test_pytest(project: Path, environment: dict[str, str], model: str) -> None:
    _predict(project, environment, model)
    (project / "test_losses.py").write_text(blocks("pytest", "python")[0])
    line = f"'{sys.executable}' -m pytest -q -p no:cacheprovider test_losses.py"
    done = _bash(line, project, {**environment, "PYTHONPATH": str(ROOT)})
    if model == "good":
        assert "2 passed" in done.stdout
        return
    assert "2 failed" in done.stdout
    assert "FAIL mae max 50: " in done.stdout
    assert "FAIL mae max_regression 2%: worse by" in done.stdout
    assert "api_gate.py" not in done.stdout, "the lines shown are those of the test"


def _workflow(number: int) -> dict[str, Any]:
    # on is true to YAML 1.1; GitHub reads YAML 1.2
    found: dict[Any, Any] = yaml.safe_load(blocks("GitHub Actions", "yaml")[number])
    assert set(found) == {"name", True, "permissions", "jobs"}
    for job in found["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)
        for step in job["steps"]:
            assert set(step) <= {"name", "id", "if", "uses", "with", "env", "run"}
            assert ("run" in step) != ("uses" in step)
    return found


def _job(project: Path, environment: dict[str, str], model: str, event: str) -> Runner:
    temp = project.parent / "temp"
    temp.mkdir()
    Path(environment["GH_LOG"]).write_text("")
    (project / "preds.parquet").rename(project / "main.parquet")
    context = {"github.token": "t", "github.event.pull_request.number": "5", "github.event_name": event}
    return Runner(project, temp, {**environment, "MODEL": model}, context)


@pytest.mark.parametrize("model", ["good", "bad"])
def test_the_workflow_with_a_committed_baseline(project: Path, environment: dict[str, str], model: str) -> None:
    job = _job(project, environment, model, "pull_request")
    job.run(_workflow(0)["jobs"]["losses"]["steps"])
    assert job.failed is (model == "bad"), job.log
    report = job.context["steps.losses.outputs.markdown"]
    assert (
        Path(environment["GH_LOG"]).read_text() == f"pr comment 5 --edit-last --create-if-none --body-file {report}\n"
    )
    assert ("FAIL" in Path(report).read_text()) is (model == "bad")
    assert "mae" in job.summary


@pytest.mark.parametrize("model", ["good", "bad"])
def test_the_workflow_with_the_predictions_of_the_main_branch(
    project: Path, environment: dict[str, str], model: str
) -> None:
    job = _job(project, environment, model, "pull_request")
    job.run(_workflow(1)["jobs"]["losses"]["steps"])
    assert job.failed is (model == "bad"), job.log
    asked = Path(environment["GH_LOG"]).read_text().splitlines()
    assert asked[0].startswith("run list --workflow quality --branch main --event push --status success --limit 1")
    assert asked[1:] == ["run download 17 --name predictions --dir main"]
    assert "actions/upload-artifact@v4" not in job.used
    # rows are paired, so the bound of an interval decides
    assert "on lower" in job.summary


def test_the_workflow_on_the_main_branch_keeps_its_predictions(project: Path, environment: dict[str, str]) -> None:
    job = _job(project, environment, "bad", "push")
    job.run(_workflow(1)["jobs"]["losses"]["steps"])
    assert not job.failed
    assert job.used == ["actions/checkout@v4", "actions/upload-artifact@v4"]
    assert Path(environment["GH_LOG"]).read_text() == ""


@pytest.mark.parametrize(("model", "code"), [("good", 0), ("bad", 1)])
def test_gitlab(project: Path, environment: dict[str, str], model: str, code: int) -> None:
    job = yaml.safe_load(blocks("GitLab CI", "yaml")[0])["losses"]
    assert set(job) == {"image", "script", "allow_failure", "artifacts"}
    (project / "preds.parquet").unlink()
    done = _bash("\n".join(job["script"]), project, environment, model)
    assert done.returncode == code, done.stderr
    assert (Path(environment["PATH"].split(":")[0]) / "pip.txt").read_text() == "install\nlosscli.whl\n"
    cases = list(ET.parse(project / job["artifacts"]["reports"]["junit"]).iter("testcase"))  # noqa: S314 - our own file
    assert [case.find("failure") is not None for case in cases] == [code == 1] * 2
    assert all((project / path).exists() for path in job["artifacts"]["paths"])
    assert job["allow_failure"] == {"exit_codes": [4]}


@pytest.mark.parametrize("model", ["good", "bad"])
def test_the_commands_of_dvc(project: Path, environment: dict[str, str], model: str) -> None:
    stages = yaml.safe_load(blocks("DVC", "yaml")[0])["stages"]
    made: set[str] = {"predict.py"}
    for name, stage in stages.items():
        assert set(stage) <= {"cmd", "deps", "outs", "metrics"}
        assert set(stage["deps"]) <= made, "a stage reads what an earlier one wrote"
        done = _bash(stage["cmd"], project, environment, model)
        assert done.returncode == (name == "gate" and model == "bad"), done.stderr
        names = [*stage.get("outs", []), *(path for entry in stage.get("metrics", []) for path in entry)]
        assert all((project / path).exists() for path in names)
        made.update(names)
    losses = json.loads((project / "losses.json").read_text())
    assert set(losses) == {"mae", "mse"}
    assert (losses["mae"] < 50) is (model == "good")


@pytest.mark.skipif(shutil.which("dvc") is None, reason="DVC is not installed")
def test_dvc_itself(project: Path, environment: dict[str, str]) -> None:
    (project / "dvc.yaml").write_text(blocks("DVC", "yaml")[0])
    (project / "preds.parquet").unlink()
    quiet = {**environment, "DVC_NO_ANALYTICS": "1"}
    done = _bash("dvc init -q && dvc repro && dvc metrics show --json", project, quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"mae": 44.4' in done.stdout
    (project / "predict.py").write_text(PREDICT.replace("30.0 *", "30.0 +"))
    assert _bash("dvc repro", project, quiet).returncode != 0


def _with_hook(project: Path) -> dict[str, Any]:
    (project / "losscli.toml").write_text(blocks("pre-commit", "toml")[0])
    text = blocks("pre-commit", "yaml")[0]
    (project / ".pre-commit-config.yaml").write_text(text)
    [repository] = yaml.safe_load(text)["repos"]
    assert repository["repo"] == "local"
    [hook] = repository["hooks"]
    assert set(hook) == {"id", "name", "entry", "language", "files", "pass_filenames"}
    found: dict[str, Any] = hook
    return found


@pytest.mark.parametrize(("model", "code"), [("good", 0), ("bad", 1)])
def test_the_hook(project: Path, environment: dict[str, str], model: str, code: int) -> None:
    hook = _with_hook(project)
    for name in ("preds.parquet", "losscli.toml", "quality/baseline.json"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "predsXparquet")
    assert configuration_of(toml_values(blocks("pre-commit", "toml")[0], "page"), "page").rules[0].kinds == (
        "max",
        "max_regression",
    )
    _predict(project, environment, model)
    done = _bash(hook["entry"], project, environment)
    assert done.returncode == code, done.stderr
    assert done.stdout.count("\tPASS\t" if code == 0 else "\tFAIL\t") == 2


@pytest.mark.skipif(shutil.which("pre-commit") is None, reason="pre-commit is not installed")
@pytest.mark.parametrize(("model", "code"), [("good", 0), ("bad", 1)])
def test_pre_commit_itself(project: Path, environment: dict[str, str], model: str, code: int) -> None:
    _with_hook(project)
    _predict(project, environment, model)
    own = {**environment, "PRE_COMMIT_HOME": str(project.parent / "cache")}
    done = _bash("git add -f . && pre-commit run", project, own)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("Passed" if code == 0 else "Failed") in done.stdout
