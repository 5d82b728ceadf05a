"""Runs the steps of a workflow or of a composite action in bash, as far as a runner of GitHub does.

Expressions are the paths that stand in `context`, and conditions `always()`, `a == 'b'` and `a != 'b'` joined by `&&`;
anything else is an error of the test. Steps that use an action of GitHub are only noted.
"""

import os
import re
import stat
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cli import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
OWN = "OWNER/losscli@REF"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

# Stands in for python on PATH: its `-m venv` gives an environment with this checkout, and with a pip that notes how it
# was called.
_PYTHON = """\
#!{executable}
import os, pathlib, subprocess, sys
args = sys.argv[1:]
if args[:2] != ["-m", "venv"]:
    os.execv({executable!r}, [{executable!r}, *args])
subprocess.run([{executable!r}, "-m", "venv", "--without-pip", args[2]], check=True)
site = next(pathlib.Path(args[2]).glob("lib/python*/site-packages"))
(site / "pip").mkdir()
(site / "pip" / "__init__.py").touch()
(site / "pip" / "__main__.py").write_text("import sys; open({pip!r}, 'w').write('\\\\n'.join(sys.argv[1:]))")
(site / "checkout.pth").write_text({root!r} + "\\n" + {packages!r} + "\\n")
"""


def script(path: Path, text: str) -> None:
    """An executable file."""
    path.write_text(textwrap.dedent(text))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def stand_ins(folder: Path) -> dict[str, str]:
    """An environment whose losscli is this checkout and whose python makes environments with it."""
    folder.mkdir(exist_ok=True)
    values = {
        "executable": sys.executable,
        "root": str(ROOT),
        "packages": sysconfig.get_path("purelib"),
        "pip": str(folder / "pip.txt"),
    }
    script(folder / "python", _PYTHON.format(**values))
    script(folder / "losscli", f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m losscli "$@"\n')
    script(folder / "pip", f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder / "pip.txt"}"\n')
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_"))}
    return {**clean, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@dataclass
class Runner:
    """A job.

    Attributes:
        folder: the workspace.
        temp: what RUNNER_TEMP is.
        env: the environment.
        context: the values of expressions.
        log: what the steps wrote to both outputs.
        used: the actions of GitHub that were asked for.
        failed: whether a step failed.
    """

    folder: Path
    temp: Path
    env: dict[str, str]
    context: dict[str, str] = field(default_factory=dict)
    log: str = ""
    used: list[str] = field(default_factory=list)
    failed: bool = False

    @property
    def summary(self) -> str:
        """What the summary of the steps has."""
        path = self.temp / "summary.md"
        return path.read_text() if path.exists() else ""

    def run(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Run those steps whose condition holds."""
        for step in steps:
            name = str(step.get("id", ""))
            self.context.setdefault(f"steps.{name}", "")
            condition = str(step.get("if", "success()"))
            if (self.failed and "always()" not in condition) or not self._holds(condition):
                continue
            if "run" in step:
                code, outputs = self._bash(step)
            elif step["uses"] == OWN:
                code, outputs = self._action(step.get("with", {}))
            else:
                self.used.append(step["uses"])
                code, outputs = 0, {}
            self.context.update({f"steps.{name}.outputs.{key}": value for key, value in outputs.items()})
            self.failed = self.failed or code != 0

    def _action(self, given: Mapping[str, Any]) -> tuple[int, dict[str, str]]:
        assert set(given) <= set(ACTION["inputs"])
        inputs = {name: str(given.get(name, entry["default"])) for name, entry in ACTION["inputs"].items()}
        inner = Runner(self.folder, self.temp, self.env, {f"inputs.{name}": text for name, text in inputs.items()})
        inner.run(ACTION["runs"]["steps"])
        self.log += inner.log
        self.used += inner.used
        return int(inner.failed), {name: inner.filled(out["value"]) for name, out in ACTION["outputs"].items()}

    def filled(self, text: Any) -> str:
        """A text with its expressions replaced."""
        return _EXPRESSION.sub(lambda match: self._value(match[1]), str(text))

    def _value(self, path: str) -> str:
        step = re.fullmatch(r"(steps\.[\w-]+)\.outputs\.[\w-]+", path)
        if step and step[1] in self.context:
            return self.context.get(path, "")
        return self.context[path]

    def _holds(self, condition: str) -> bool:
        for term in condition.split("&&"):
            if term.strip() in ("always()", "success()"):
                continue
            compared = re.fullmatch(r"\s*([\w.-]+)\s*(==|!=)\s*'([^']*)'\s*", term)
            assert compared, term
            if (self._value(compared[1]) == compared[3]) != (compared[2] == "=="):
                return False
        return True

    def _bash(self, step: Mapping[str, Any]) -> tuple[int, dict[str, str]]:
        text = step["run"]
        assert not _EXPRESSION.search(text), "an expression in a script is executed as it is"
        output, file = self.temp / "output.txt", self.temp / "step.sh"
        output.write_text("")
        file.write_text(text)
        own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        given = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(self.temp),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],  # noqa: S607 - any bash
            cwd=self.folder / self.filled(step.get("working-directory", ".")),
            env={**self.env, **given, **own},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.log += done.stdout + done.stderr
        pairs = [line.partition("=") for line in output.read_text().splitlines()]
        return done.returncode, {name: value for name, _, value in pairs}
