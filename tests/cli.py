"""Runs the command line: in this process, which is quick, or as a process of its own, which is real."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from losscli.cli.app import run

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """What a command line ended with and printed."""

    code: int
    out: str
    err: str


def run_cli(args: Sequence[str], stdin: bytes = b"", cwd: Path | None = None) -> Outcome:
    """Run a command line in this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    before = Path.cwd()
    try:
        os.chdir(cwd or before)
        given = patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with given, redirect_stdout(out), redirect_stderr(err):
            code = run(args)
    finally:
        os.chdir(before)
    for stream in (out, err):
        stream.flush()
    return Outcome(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def run_process(
    args: Sequence[str],
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a command line as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "losscli", *args],
        input=stdin,
        capture_output=True,
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        timeout=120,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
