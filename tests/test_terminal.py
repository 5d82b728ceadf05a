"""On a terminal: the default is a table of its width; and names from files steer nothing, on any output."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import ROOT, run_cli

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
LOSSES = ("--loss", "mae", "--loss", "mse", "--loss", "pinball:tau=0.8")
COMPARE = ("compare", str(ROOT / "sample_data" / "diabetes_preds.csv"), *LOSSES)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def _on_terminal(args: tuple[str, ...], columns: int | None = None, size: int = 100, **env: str) -> str:
    """What a command shows on a pseudo-terminal of this size."""
    import fcntl
    import struct
    import termios

    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, size, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **env}
    if columns:
        environment["COLUMNS"] = str(columns)
    command = [sys.executable, "-m", "losscli", *args]
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, close_fds=True)
    os.close(side)
    shown = b""
    try:
        while part := os.read(main, 65_536):
            shown += part
    except OSError:
        pass  # the terminal is closed when the process has ended
    os.close(main)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


def _lines(shown: str) -> list[str]:
    """What is to be read of it: no styles, no blanks at the ends."""
    return [line.rstrip() for line in ESCAPE.sub("", shown).splitlines()]


@pytest.mark.parametrize(("columns", "size"), [(None, 100), (None, 60), (40, 100), (120, 100)])
def test_the_default_is_a_table_as_wide_as_the_terminal(
    columns: int | None, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _on_terminal(COMPARE, columns=columns, size=size)
    width = columns or size
    assert max(len(line) for line in ESCAPE.sub("", shown).splitlines()) <= width
    monkeypatch.setenv("COLUMNS", str(width))
    assert _lines(shown) == run_cli([*COMPARE, "-o", "table"]).out.splitlines()
    # styles, and nothing else that steers
    assert "\x1b[1m" in shown
    assert "\x1b" not in ESCAPE.sub("", shown)


def test_no_color_is_obeyed_and_other_outputs_have_none() -> None:
    assert "\x1b" not in _on_terminal(COMPARE, NO_COLOR="1")
    for kind in ("plain", "json"):
        assert _on_terminal((*COMPARE, "-o", kind)) == run_cli([*COMPARE, "-o", kind]).out


def test_the_catalogue_is_a_table_on_a_terminal() -> None:
    plain = ESCAPE.sub("", _on_terminal(("list",), columns=120))
    assert max(map(len, plain.splitlines())) <= 120
    assert "\t" not in plain
    assert "poisson_nll" in plain


NASTY = [
    "[red]pred[/red]",
    "[link=file:///etc]pred",
    "\x1b[31mpred\x1b[0m",
    "\x1b]0;title\x07pred",
    "pred\rforged",
    "\x9b31mpred",
    "pred\u202egnp",
    "<script>pred</script>",
    ":smile: pred",
    "a b c d ::error file=a.py::boom pred",
    "=HYPERLINK(1)|pred",
    "pred`x`*y*_z_",
]


@pytest.mark.parametrize("kind", ["table", "plain", "json", "jsonl", "csv", "markdown"])
@pytest.mark.parametrize("name", NASTY)
def test_names_steer_nothing(name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("data.csv").write_bytes(f'y_true,"{name}"\n0,1\n'.encode())
    args = ["compute", "data.csv", "--loss", "mae", "-t", "y_true", "-p", name, "-o", kind]
    for columns in range(40, 90, 3) if kind == "table" else (80,):
        monkeypatch.setenv("COLUMNS", str(columns))
        outcome = run_cli(args, cwd=tmp_path)
        assert outcome.code == 0, outcome.err
        _check_inert(outcome.out)
    visible = "".join(outcome.out.split())
    if kind == "json":
        assert json.loads(outcome.out)["results"][0]["columns"]["pred"] == [name]
    elif kind in ("table", "plain", "csv") and name.isprintable():
        # what could be printed is shown as it is, markup and all
        assert "".join(name.split()) in visible
    elif kind == "markdown":
        assert not re.search(r"<script|(?<!\\)`|(?<!\\)\*", outcome.out)


def _check_inert(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    for line in text.splitlines():
        assert not line.lstrip().startswith("::"), "a workflow command begins a line"


@pytest.mark.parametrize("name", NASTY)
def test_names_in_errors_steer_nothing(name: str, tmp_path: Path) -> None:
    tmp_path.joinpath("data.csv").write_bytes(f'y_true,"{name}",a pred,b pred\n0,"{name}",1,2\n'.encode())
    for more in ((), ("-p", name), ("-p", name, "--where", f"{name}=1")):
        outcome = run_cli(["compute", "data.csv", "--loss", "mae", "-t", "y_true", *more], cwd=tmp_path)
        assert outcome.out == ""
        assert outcome.code in (2, 3)
        _check_inert(outcome.err)
        assert len(outcome.err.splitlines()) <= 2  # the message and the way out
