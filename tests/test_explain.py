"""`losscli explain`: every loss in every width, examples that are run, slopes, JSON, pictures, errors.

UPDATE_SNAPSHOTS=1 writes the files of tests/explained again.
"""

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import pytest

from losscli.catalogue import Loss, all_losses, find
from losscli.explanation import Explanation
from losscli.plan import LossSpec
from losscli.reports.curve_text import ASCII, BRAILLE, Panel, alphabet_for, ticks_between
from tests.cli import ROOT, Outcome, run_cli, run_process

SNAPSHOTS = Path(__file__).parent / "explained"
WIDTHS = (40, 80, 200)
SHOWN = [("huber:delta=3", 40), ("huber:delta=3", 80), ("bce", 80), ("dice", 80), ("gaussian_nll", 200)]
KEYS = [
    *("schema", "version", "command", "loss", "aliases", "summary", "formula", "unit", "roles", "one_of", "parameters"),
    *("task", "convex", "differentiable", "robust", "units", "direction", "reductions", "pitfalls", "libraries"),
    *("reference", "example", "ready", "curve"),
]
HEADINGS = ("Formula", "Reads", "Properties", "Pitfalls", "Libraries", "Reference", "Example", "Command", "Curve")

each_loss = pytest.mark.parametrize("loss", list(all_losses()), ids=lambda loss: loss.name)
with_matplotlib = pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed")


def _explain(*args: str, width: int = 80) -> Outcome:
    with patch.dict(os.environ, {"COLUMNS": str(width)}):
        return run_cli(["explain", *args])


def _no_constant(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")


def _document(spec: str) -> dict[str, Any]:
    outcome = _explain(spec, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found: dict[str, Any] = json.loads(outcome.out, parse_constant=_no_constant)
    return found


def _points(spec: str, line: int = 0) -> dict[float, tuple[float, float]]:
    """The loss and its slope by place."""
    return {point["x"]: (point["loss"], point["slope"]) for point in _document(spec)["curve"]["lines"][line]["points"]}


@each_loss
@pytest.mark.parametrize("width", WIDTHS)
def test_every_loss_in_every_width(loss: Loss, width: int) -> None:
    outcome = _explain(loss.name, width=width)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)
    assert "\x1b" not in outcome.out
    assert [heading for heading in HEADINGS if heading not in lines] == []
    assert f"Unit: {loss.unit.kind}" in lines
    for name in [*(role.name for role in loss.roles), *(parameter.name for parameter in loss.parameters)]:
        assert any(line.split()[:1] == [f"--{name.replace('_', '-')}"] for line in lines), name
    words = " ".join(outcome.out.split())
    for section in ("Formula", "Pitfalls", "Reference"):
        # a word longer than a narrow line is broken, so blanks do not count
        assert "".join(loss.doc.sections[section].split()) in words.replace(" ", ""), section


@each_loss
def test_the_example_is_run(loss: Loss) -> None:
    """What is printed is what the function gives now, not what the docstring says."""
    called: list[object] = []

    def watched(*args: Any, **named: Any) -> Any:
        called.append(args)
        return loss.function(*args, **named)

    spied = dataclasses.replace(loss, function=watched)
    object.__setattr__(spied, "__doc__", loss.__doc__)
    explained = Explanation.of(LossSpec(spied))
    assert called
    assert all(step.output for step in explained.steps)
    said = _explain(loss.name).out
    for step in explained.steps:
        assert "".join(step.output.split()) in "".join(said.split())


def test_an_example_that_differs_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = find("mse")
    monkeypatch.setitem(vars(loss), "__doc__", (loss.__doc__ or "").replace("0.0, 1.0]\n", "0.0, 2.0]\n"))
    outcome = _explain("mse")
    assert (outcome.code, outcome.out) == (70, "")
    assert "gives [0.25, 0.25, 0.0, 1.0], not [0.25, 0.25, 0.0, 2.0]" in outcome.err
    monkeypatch.setitem(vars(loss), "__doc__", (loss.__doc__ or "").replace("mse([", "absent(["))
    outcome = _explain("mse")
    assert (outcome.code, outcome.out) == (70, "")
    assert "fails" in outcome.err


def test_slopes_are_the_derivatives() -> None:
    """By hand: (e^2)' = 2e; huber's is e up to delta and delta beyond; that of -log p in the logit is p - y."""
    for x, (value, slope) in _points("mse").items():
        assert math.isclose(value, x * x, abs_tol=1e-15)
        assert math.isclose(slope, 2.0 * x, abs_tol=1e-7)
    for x, (value, slope) in _points("huber:delta=1.5").items():
        size = abs(x)
        assert math.isclose(value, x * x / 2 if size <= 1.5 else 1.5 * (size - 0.75), abs_tol=1e-15)
        assert math.isclose(slope, max(-1.5, min(x, 1.5)), abs_tol=1e-4 if math.isclose(size, 1.5) else 1e-7)
    for line, label in ((0, 1.0), (1, 0.0)):
        for x, (value, slope) in _points("bce", line).items():
            p = 1.0 / (1.0 + math.exp(-x))
            assert math.isclose(value, -label * math.log(p) - (1.0 - label) * math.log(1.0 - p), rel_tol=1e-12)
            assert math.isclose(slope, p - label, abs_tol=1e-7)


def test_the_middle_of_a_kink_is_between_its_sides() -> None:
    points = _points("pinball:tau=0.8")
    assert points[-0.2][0] == pytest.approx(0.16)
    assert points[-0.2][1] == pytest.approx(-0.8)
    assert points[0.0][1] == pytest.approx((0.2 - 0.8) / 2)


@each_loss
def test_json_is_strict_and_in_order(loss: Loss) -> None:
    document = _document(loss.name)
    assert list(document) == KEYS
    assert (document["schema"], document["command"]) == ("losscli.explanation/1", "explain")
    assert [role["name"] for role in document["roles"]] == [role.name for role in loss.roles]
    assert document["example"]["steps"]
    assert all(entry["text"] for entry in document["libraries"])
    curve = document["curve"]
    if loss.curve is None:
        assert curve is None
        return
    for line in curve["lines"]:
        assert len(line["points"]) == 41
        assert line["points"][0]["x"] == curve["low"]
        assert line["points"][-1]["x"] == curve["high"]
        assert all(point["loss"] is not None and point["slope"] is not None for point in line["points"])


@each_loss
def test_the_ready_command_has_options_that_there_are(loss: Loss) -> None:
    """Filled in or not, nothing of it is a usage error before the file, which does not exist, is looked for."""
    words = Explanation.of(LossSpec(loss)).ready.replace("--batch-size N", "--batch-size 8").split()
    outcome = run_cli(words[1:])
    assert (outcome.code, outcome.err.splitlines()[0]) == (3, "losscli: FILE: no such file")


def test_parameters_change_the_curve_and_are_told() -> None:
    assert "Here: 3." in _explain("huber:delta=3").out
    assert "--delta 3.0" in _explain("huber:delta=3").out
    # the axis grows so that the end of the quadratic part is in sight
    assert (_document("huber:delta=1")["curve"]["high"], _document("huber:delta=3")["curve"]["high"]) == (4.0, 6.0)
    assert _points("huber:delta=3")[6.0][0] == 3 * (6 - 1.5)
    assert _document("mape:percent=true")["units"] == "percent"
    assert "--percent" in _document("mape:percent=true")["ready"].split()
    cosine = _points("triplet:distance=cosine,margin=0.5")
    assert cosine[0.5][0] == pytest.approx(1.0)
    assert cosine[1.5][0] == pytest.approx(0.0)
    for box_format in ("xyxy", "xywh", "cxcywh"):
        assert _points(f"box_iou:box_format={box_format}")[0.5][0] == pytest.approx(1 - 0.5 / 1.5)
    alike, unlike = _points("contrastive:similar=0"), _points("contrastive:similar=0", line=1)
    assert (alike[0.5][0], unlike[0.5][0]) == (0.25, 0.25)
    assert (alike[2.0][0], unlike[2.0][0]) == (4.0, 0.0)


def test_what_cannot_be_drawn_is_said() -> None:
    document = _document("pinball:tau=@level")
    assert document["curve"]["params"] == {"tau": 0.8}
    assert "--tau @level" in document["ready"]
    assert "without tau=@level" in _explain("pinball:tau=@level").out
    for spec in ("ce:class_weight=balanced", "ce:class_weight=1,2,3", "ce:class_weight=cat:1,dog:2"):
        assert _document(spec)["curve"]["params"]["class_weight"] is None
        assert "without class_weight=" in " ".join(_explain(spec).out.split())
    assert _document("bce:pos_weight=1,2")["curve"]["params"]["pos_weight"] == 1.0


def test_aliases_and_near_misses() -> None:
    assert _explain("binary-cross-entropy").out == _explain("bce").out
    for name, near in (("hubr", "huber"), ("pinbal:tau=0.3", "pinball")):
        outcome = _explain(name)
        assert (outcome.code, outcome.out) == (2, "")
        assert near in outcome.err
    for spec in ("huber:delta=-1", "huber:beta=1", "huber:delta", "huber:delta=x"):
        assert _explain(spec).code == 2
    assert run_cli(["explain"]).code == 2


def test_a_word_of_the_user_steers_nothing() -> None:
    outcome = _explain("pinball:tau=@\x1b[31mlevel")
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    assert r"\x1b[31mlevel" in outcome.out


def test_an_encoding_without_braille_gets_letters() -> None:
    assert alphabet_for("utf-8") is BRAILLE
    assert alphabet_for("ascii") is ASCII
    assert alphabet_for("latin-1") is ASCII
    outcome = run_process(["explain", "bce"], env={"PYTHONIOENCODING": "ascii", "COLUMNS": "80"})
    assert outcome.code == 0
    assert outcome.out.isascii()
    assert "\\u" not in outcome.out
    assert "* label 1   o label 0" in outcome.out
    assert re.search(r"\*{3}.*o{3}", outcome.out)


def test_colour_is_for_terminals_only() -> None:
    outcome = run_process(["explain", "mse"], env={"TERM": "xterm-256color", "FORCE_COLOR": "1", "COLUMNS": "80"})
    assert outcome.out == _explain("mse").out
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    escape = re.compile(r"\x1b\[[0-9;]*m")
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        main, side = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "losscli", "explain", "mse"],
            stdin=side,
            stdout=side,
            stderr=side,
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "COLUMNS": "80"} | env,
        )
        os.close(side)
        shown = b""
        try:
            while part := os.read(main, 65_536):
                shown += part
        except OSError:
            pass  # the terminal is closed when the process has ended
        os.close(main)
        assert process.wait(60) == 0
        text = shown.decode().replace("\r\n", "\n")
        assert ("\x1b[" in text) is coloured
        plain = escape.sub("", text)
        assert [line.rstrip() for line in plain.splitlines()] == _explain("mse").out.splitlines()


def test_a_closed_pipe_ends_quietly() -> None:
    line = f"{sys.executable} -m losscli explain info_nce --json | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],  # noqa: S607 - any bash
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@with_matplotlib
@pytest.mark.filterwarnings("default")  # what matplotlib warns of is not of this project
@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_is_the_same_each_time(kind: str, begins: bytes, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.{kind}" for name in ("a", "b")]
    for file in files:
        assert _explain("bce:pos_weight=2", "--plot", str(file)).out == _explain("bce:pos_weight=2").out
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(begins)
    assert b"<dc:date>" not in first
    # nothing of the making is left beside them
    assert sorted(tmp_path.iterdir()) == sorted(files)


@with_matplotlib
@pytest.mark.filterwarnings("default")
def test_a_name_of_the_user_is_no_formula(tmp_path: Path) -> None:
    assert _explain("pinball:tau=@a$b^$", "--plot", str(tmp_path / "a.svg")).code == 0


@with_matplotlib
@pytest.mark.filterwarnings("default")
def test_a_picture_that_cannot_be_written_is_no_picture(tmp_path: Path) -> None:
    outcome = _explain("mse", "--plot", str(tmp_path / "absent" / "a.svg"))
    assert (outcome.code, outcome.out) == (3, "")
    assert "cannot be written" in outcome.err


def test_without_matplotlib_the_way_out_is_said(tmp_path: Path) -> None:
    before = tmp_path / "a.svg"
    before.write_text("as it was")
    with patch.dict(sys.modules, {"matplotlib": None, "matplotlib.figure": None}):
        outcome = _explain("mse", "--plot", str(before))
        assert _explain("mse").code == 0
    assert (outcome.code, outcome.out) == (3, "")
    assert "pip install 'losscli[plot]'" in outcome.err
    assert [file.read_text() for file in tmp_path.iterdir()] == ["as it was"]


@pytest.mark.parametrize("name", ["a.pdf", "a", "svg", "a.svg.txt"])
def test_another_ending_is_a_usage_error(name: str, tmp_path: Path) -> None:
    outcome = _explain("mse", "--plot", str(tmp_path / name))
    assert (outcome.code, outcome.out) == (2, "")
    assert ".svg" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_and_rich_are_not_imported_otherwise() -> None:
    code = "from losscli.cli.app import run; import sys; run(['explain', 'mse']); run(['explain', 'mse', '--json'])"
    code += "; print(sorted({'matplotlib', 'rich', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_numbers_on_axes_are_round() -> None:
    assert ticks_between(-4, 4, 5) == [-4, -2, 0, 2, 4]
    assert ticks_between(0.03, 0.97, 6) == [0.2, 0.4, 0.6, 0.8]
    assert ticks_between(0, 3e-7, 4) == [0, 1e-7, 2e-7, 3e-7]


def test_a_panel_of_hard_lines_is_drawn() -> None:
    """A level line, one without a single value, one with gaps; all rows have one width."""
    for values in ([2.0] * 40, [0.0] * 40, [None] * 40, [None, 1.0, 5.0] * 13 + [None], [1e300, -1e300] * 20):
        rows = Panel("loss", 0.0, 1.0, [values]).draw(20, 8, 8, BRAILLE)
        assert {sum(len(text) for text, _ in row) for row in rows} == {30}


@pytest.mark.parametrize(("spec", "width"), SHOWN)
def test_snapshot(spec: str, width: int) -> None:
    file = SNAPSHOTS / f"{spec.replace(':', '-').replace('=', '-')}-{width}.txt"
    text = _explain(spec, width=width).out
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
