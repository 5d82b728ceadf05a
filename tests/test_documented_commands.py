"""What the pages promise: every command in them runs, the generated parts are in step, the exit codes are those."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from losscli.errors import ExitCode
from losscli.execution import PACKAGES
from tests.cli import ROOT, run_cli

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "sample_data/README.md")),
    # the recipes run in a repository of their own: test_pipelines.py
    *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / "pipelines.md"}),
]
_FENCED = re.compile(r"^ *```(?:sh|bash|shell|console)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_RUNS = re.compile(r"^(?:.*\|\s*)?losscli\s")
LEFT_OUT = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__"}


def documented(text: str) -> list[str]:
    """The lines of the fenced shell blocks that run losscli, with continued lines joined and prompts left out."""
    lines = []
    for block in _FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ")
            if _RUNS.match(command):
                lines.append(command)
    return lines


COMMANDS = [
    pytest.param(line, id=f"{page.relative_to(ROOT)}: {line[:60]}")
    for page in PAGES
    if page.exists()
    for line in dict.fromkeys(documented(page.read_text()))
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, so that what a command writes does no harm."""
    place = tmp_path_factory.mktemp("clone") / "losscli"
    shutil.copytree(ROOT, place, ignore=lambda _, names: LEFT_OUT & set(names))
    # the partitioned data set that docs/files.md makes of a sample
    part = place / "preds" / "country=DE" / "month=2"
    part.mkdir(parents=True)
    shutil.copy(place / "sample_data" / "diabetes_preds.parquet", part)
    return place


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A `losscli` on PATH that is the one of this checkout."""
    shims = tmp_path_factory.mktemp("shims")
    shim = shims / "losscli"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m losscli "$@"\n')
    shim.chmod(0o755)
    return {**os.environ, "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}"}


def _bash(line: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],  # noqa: S607 - any bash
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("line", COMMANDS)
def test_documented_command_runs(line: str, clone: Path, environment: dict[str, str]) -> None:
    for name, package in PACKAGES.items():
        if f"--engine {name}" in line:
            pytest.importorskip(package, reason=f"{package} is not installed")
    done = _bash(line, clone, environment)
    assert done.returncode == 0, f"$ {line}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert done.stdout or " -o " in line or " --emit-state " in line


def test_the_readme_has_commands() -> None:
    """So that a change of its layout does not leave the test above with nothing to run."""
    assert len(documented((ROOT / "README.md").read_text())) >= 6
    assert documented("```sh\n$ cat a | losscli list \\\n  --json | head\nls losscli\n```\n") == [
        "cat a | losscli list    --json | head"
    ]


def test_examples_of_the_help_run(tmp_path: Path) -> None:
    """Each command's help has a line that begins with losscli; here it meets a file of the name that it has."""
    shutil.copy(ROOT / "sample_data" / "diabetes_preds.parquet", tmp_path / "preds.parquet")
    for command in ("compute", "compare", "list", "explain"):
        lines = [line.strip() for line in run_cli([command, "--help"]).out.splitlines()]
        examples = [line for line in lines if line.startswith(f"losscli {command}")]
        assert examples, command
        for example in examples:
            outcome = run_cli(example.split()[1:], cwd=tmp_path)
            assert outcome.code == 0, (example, outcome.err)


def test_generated_pages_are_in_step() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_exit_codes_of_the_readme_are_those_of_the_package() -> None:
    section = (ROOT / "README.md").read_text().split("## Exit codes")[1].split("\n## ")[0]
    listed = {int(code): text for code, text in re.findall(r"^\| *(\d+) *\| *(.+?) *\|$", section, re.MULTILINE)}
    assert set(listed) == {int(code) for code in ExitCode}
    words = {0: "done", 1: "rule", 2: "usage", 3: "data", 4: "inconclusive", 70: "fault", 130: "interrupted"}
    for code, text in listed.items():
        assert words[code] in text.lower()


def test_the_help_says_what_percent_cells_does() -> None:
    """50.5% is read as 0.505 (test_rows.py), so the help must not say 50.5."""
    help_text = " ".join(run_cli(["compute", "--help"]).out.split())
    assert "50.5% as 0.505" in help_text


def test_the_recipe_for_spark_works(clone: Path) -> None:
    """Its function gets Arrow batches, as mapInArrow gives them, and the merge of what it yields is a plain run."""
    recipe = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "cluster.md").read_text(), re.DOTALL)
    assert recipe
    names: dict[str, Any] = {}
    exec(recipe[1], names)  # noqa: S102 - our own page
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clone)
        batches = [pa.record_batch({"shard": ["1/3", "3/3"]}), pa.record_batch({"shard": ["2/3"]})]
        for i, batch in enumerate(names["states_of_shards"](batches)):
            (clone / f"spark-{i}.json").write_text(batch.column("state")[0].as_py())
    merged = run_cli(["merge", *(f"spark-{i}.json" for i in range(3)), "--json"], cwd=clone)
    assert merged == run_cli([*names["ARGUMENTS"], "--json"], cwd=clone)
    assert merged.code == 0
