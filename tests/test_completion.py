"""What the shell is offered after Tab: losses, columns, lists of columns, flags; and nothing where a file is broken."""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from losscli.catalogue import all_losses
from losscli.cli.app import run
from tests.cli import ROOT, Outcome

# the process of a completion ends at once, and with it the file whose columns it read
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def _asked(words: list[str], shell: str) -> dict[str, str]:
    """What the completion script of the shell hands over for these words, the last of which is incomplete."""
    line = " ".join(["losscli", *words])
    more = {"COMP_WORDS": line, "COMP_CWORD": str(len(words))} if shell == "bash" else {"_TYPER_COMPLETE_ARGS": line}
    return {"_LOSSCLI_COMPLETE": f"complete_{shell}", **more}


def _complete(words: list[str], shell: str, folder: Path) -> Outcome:
    """The same in this process: a process for each case would take a minute."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with patch.dict(os.environ, _asked(words, shell)), redirect_stdout(out), redirect_stderr(err):
            try:
                code = run([])
            except SystemExit as ended:
                code = int(ended.code or 0)
    finally:
        os.chdir(before)
    return Outcome(code, out.getvalue(), err.getvalue())


def _process(environment: dict[str, str], folder: Path) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-c", "from losscli.__main__ import main; main()"],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion")
    path.joinpath("data.csv").write_text("y_true,y_pred,weight\n0,1,1\n")
    path.joinpath("broken.parquet").write_bytes(b"PAR1 and no more")
    path.joinpath("broken.json").write_bytes('[{"y_é": 1}]'.encode("latin-1"))
    path.joinpath("empty.csv").write_bytes(b"")
    path.joinpath("broken.npz").write_bytes(b"PK\x03\x04")
    return path


CASES: list[tuple[list[str], set[str]]] = [
    (["compute", "--loss", "p"], {"poisson_nll", "pinball"}),
    (["compute", "-l", "hub"], {"huber"}),
    (["compute", "--loss", ""], {loss.name for loss in all_losses()}),
    (["compare", "--loss", "mae", "--loss", "ms"], {"mse", "msle"}),
    (["compute", "data.csv", "--loss", "mse", "--target", "y"], {"y_true", "y_pred"}),
    (["compute", "data.csv", "--loss", "mse", "-t", "y_true", "-p", "y_p"], {"y_pred"}),
    (["compute", "data.csv", "-w", "w"], {"weight"}),
    (["compute", "data.csv", "-p", "weight,y_"], {"weight,y_true", "weight,y_pred"}),
    (["compute", "data.csv", "-p", "q"], set()),
    (["explain", "hub"], {"huber"}),
    (["com"], {"compute", "compare"}),
    (["exp"], {"explain"}),
    (["compute", "--tra"], {"--transform"}),
    (["compute", "--no-"], {"--no-header", "--no-ci"}),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(("words", "offered"), CASES, ids=[" ".join(words) for words, _ in CASES])
def test_completion(words: list[str], offered: set[str], shell: str, folder: Path) -> None:
    if shell == "zsh" and words[-1] == "":
        pytest.skip("an empty word is not in the line that zsh hands over")
    outcome = _complete(words, shell, folder)
    assert (outcome.code, outcome.err) == (0, "")
    if shell == "bash":
        assert set(outcome.out.split("\n")) - {""} == offered
    else:
        # a name and, behind a colon, what it is: ("mse":"Squared error"
        assert set(re.findall(r'^(?:_arguments .*\(\()?"([^"]+)"', outcome.out, re.MULTILINE)) == offered


@pytest.mark.parametrize("words", [["compute", "--loss", "p"], ["compute", "data.csv", "-p", "weight,y_"]])
def test_a_real_process_offers_the_same(words: list[str], folder: Path) -> None:
    assert _process(_asked(words, "bash"), folder) == _complete(words, "bash", folder)


@pytest.mark.parametrize("name", ["broken.parquet", "broken.json", "broken.npz", "empty.csv", "absent.csv", ".", "*.x"])
def test_a_file_that_cannot_be_read_offers_nothing(name: str, folder: Path) -> None:
    outcome = _complete(["compute", name, "--target", "y"], "bash", folder)
    assert (outcome.code, outcome.out.strip(), outcome.err) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_for_the_shell(shell: str, folder: Path) -> None:
    outcome = _process({"_LOSSCLI_COMPLETE": f"source_{shell}"}, folder)
    assert outcome.code == 0, outcome.err
    assert f"_LOSSCLI_COMPLETE=complete_{shell}" in outcome.out
