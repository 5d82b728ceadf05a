"""What GitHub Actions is told: annotations as its runner reads them, and the summary of the step."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from losscli.cli.github_actions import tell_github
from losscli.reports.github import SUMMARY_BYTES, annotations, step_summary
from losscli.reports.safe import printable
from losscli.results import Report
from losscli.verdicts import Verdict
from tests.cli import ROOT, run_cli
from tests.hand_made import RESULT, check, gate

FILE = str(ROOT / "sample_data" / "diabetes_preds.csv")
FAIL, LOST, WARN, PASS = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.PASS


def _read(text: str) -> list[tuple[str, str, str]]:
    """Level, title and message of each line, read by the rules of the runner (ActionCommand.cs of actions/runner)."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text.removesuffix("\n")):
        match = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
        assert match is not None, line
        properties = dict(pair.split("=", 1) for pair in match[2].split(","))
        assert list(properties) == ["title"]
        title = properties["title"]
        for mark in ("\r", "\n", ":", ",", "%"):
            title = title.replace(f"%{ord(mark):02X}", mark)
        message = match[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        found.append((match[1], title, message))
    return found


def test_the_worst_comes_first() -> None:
    report = gate(
        check(PASS, "fine"),
        check(WARN, "warned", margin=-5.0),
        check(LOST, "lost", margin=None),
        check(FAIL, "over by a tenth", limit=100.0, margin=-10.0),
        check(FAIL, "over by half", limit=1.0, margin=-0.5),
        check(FAIL, "worse by a fifth", limit=0.01, margin=-2.0, baseline=-10.0),
        check(FAIL, "over nothing", limit=0.0, margin=-1e-9),
    )
    assert [(level, title) for level, title, _ in _read(annotations(report))] == [
        ("error", "FAIL: over nothing"),
        ("error", "FAIL: over by half"),
        ("error", "FAIL: worse by a fifth"),
        ("error", "FAIL: over by a tenth"),
        ("error", "INCONCLUSIVE: lost"),
        ("warning", "WARN: warned"),
    ]


def test_there_are_at_most_ten_and_the_last_says_how_many_more() -> None:
    found = _read(annotations(gate(*(check(FAIL, f"r{i}", limit=1.0, margin=-float(i)) for i in range(1, 14)))))
    assert [title for _, title, _ in found] == [f"FAIL: r{i}" for i in range(13, 3, -1)]
    assert [message.endswith(" (and 3 more)") for _, _, message in found] == [False] * 9 + [True]
    assert "more)" not in annotations(gate(*[check(FAIL)] * 10))


def test_what_is_inconclusive_and_allowed_is_a_warning() -> None:
    report = replace(gate(check(LOST)), verdict=WARN)
    assert [level for level, _, _ in _read(annotations(report))] == ["warning"]


def test_a_gate_that_passes_says_so_once() -> None:
    assert _read(annotations(gate(check(PASS), check(PASS)))) == [("notice", "PASS: losscli", "2 rules passed")]


def test_the_title_names_slice_and_model() -> None:
    ((_, title, message),) = _read(annotations(gate(check(FAIL, slice={"a": 1}, model="new", margin=-1.0, count=1))))
    assert title == "FAIL: mae max 0.42 [a=1] (new)"
    assert message == (
        "value 0.400000 (95% interval 0.375000 to 0.425000) target units, "
        "0.400000 (value) is held against the limit 0.420000, margin -1.00000, 1 row"
    )


def test_results_and_warnings_without_a_gate() -> None:
    lost = replace(RESULT, value=None, status="undefined", reason="no units", model="b", slice={"class": "x"})
    assert _read(annotations(Report("compare", [RESULT, lost], ["beware, all: 100%"]))) == [
        ("warning", "pinball/b tau=0.8 class=x", "undefined: no units"),
        ("warning", "losscli compare", "beware, all: 100%"),
        ("notice", "pinball tau=0.8", "0.175 (95% interval 0.150000 to 0.200000) target units, 24 rows"),
    ]
    assert annotations(Report("compare", [])) == ""


EVIL = [
    "a\n::error::b",
    "a\r::error::b",
    "a\u2028::error::b",
    "a%0A::error::b",
    "a%0a%0D%25",
    "x::stop-commands::t",
    "x,file=/etc/passwd,line=1",
    "##[error]b",
    "\x85::debug::b",
    "\ud800\x1b[2J",
]


@pytest.mark.parametrize("name", EVIL)
def test_names_inject_no_command(name: str) -> None:
    broken = check(FAIL, name, slice={name: name}, model=name, reason=name, units=name)
    lost = replace(RESULT, loss=name, value=None, reason=name)
    for report in (gate(broken), Report("compute", [lost])):
        text = annotations(report)
        assert len(text.splitlines()) == 1
        assert "##[" not in text
        ((_, title, message),) = _read(text.encode().decode())
        # what the runner shows is what was said, to the letter
        assert printable(name) in title
        assert printable(name) in message


@pytest.mark.parametrize("kind", ["plain", "csv", "table", "markdown", "junit", "github"])
@pytest.mark.parametrize(
    "mark", ["##[error]", "##[stop-commands]t", "##vso[task.complete]", "###[warning]", "##VSO[x]"]
)
def test_a_column_is_no_command_of_the_older_kind(mark: str, kind: str) -> None:
    # the runner finds such a command anywhere in a line, and on standard error too
    rows = f"{mark}y,{mark}p\n1,2\n".encode()
    outcome = run_cli(["compute", "-", "--loss", "mse", "-t", f"{mark}y", "-p", f"{mark}p", "-o", kind], stdin=rows)
    assert outcome.code == 0
    refused = run_cli(["compute", "-", "--loss", "mse", "-t", f"{mark}y", "-p", f"{mark}q", "-o", kind], stdin=rows)
    assert refused.code == 2
    assert mark.strip("#") in refused.err
    assert not re.search(r"##[a-zA-Z]*\[", outcome.out + outcome.err + refused.err)


def test_a_long_name_is_cut() -> None:
    ((_, title, message),) = _read(annotations(gate(check(FAIL, "%" * 10_000, reason="," * 100_000))))
    assert len(title) == 250
    assert len(message) == 4000
    assert title.endswith("...")


def _cells(line: str) -> list[str]:
    return [html.unescape(cell.strip()) for cell in line.strip("|").split("|")]


def test_the_summary_has_the_verdict_and_the_worst_rule_first() -> None:
    report = gate(
        check(PASS, "fine"),
        check(WARN, "warned"),
        check(FAIL, "broken", value=0.5, tested=0.5, margin=-0.08, model="new", reason="over"),
        warnings=["a <b>word</b>"],
    )
    lines = step_summary(report).splitlines()
    assert lines[:4] == ["### losscli check: FAIL", "", "3 rules: 1 FAIL, 1 WARN, 1 PASS", ""]
    numbers = ["0.500000", "0.375000 to 0.425000", "0.500000", "0.420000", "-0.0800000", "1,000 rows", "over"]
    assert _cells(lines[6]) == ["FAIL", "broken", "new", *numbers]
    assert [_cells(line)[:2] for line in lines[7:9]] == [["WARN", "warned"], ["PASS", "fine"]]
    assert lines[9:] == ["", "- a &#60;b&#62;word&#60;/b&#62;"]


def test_names_are_no_markup_in_the_summary() -> None:
    name = "|<script>`*_x_*`[a](http://b)\n# c\n\n<img src=x>"
    text = step_summary(gate(check(FAIL, name, slice={"s": name}, model=name, reason=name), warnings=[name]))
    assert not re.search(r"[<>`*\[\]]", text)
    lines = text.splitlines()
    assert len(lines) == 9
    assert all(line.count("|") == 11 for line in lines[4:7])
    assert _cells(lines[6])[2] == printable(name)


def test_the_summary_of_results() -> None:
    text = step_summary(Report("compute", [RESULT], ["beware"]))
    assert text.startswith("### losscli compute\n\n| loss |")
    assert "0.175" in text
    assert text.endswith("- beware\n")


def test_a_summary_is_cut_where_github_would_refuse_it() -> None:
    report = gate(*(check(FAIL, f"é rule {i}") for i in range(20_000)), warnings=["last"])
    text = step_summary(report)
    assert SUMMARY_BYTES - 400 < len(text.encode()) <= SUMMARY_BYTES
    *_, blank, note = text.splitlines()
    rows = text.count("| FAIL |")
    # 20,000 rules, a blank line and a warning
    assert (blank, note) == ("", f"{20_002 - rows:,} lines left out: the summary of a step has room for 1 MiB.")


@pytest.mark.parametrize("room", range(0, 1300, 7))
def test_a_summary_is_never_longer_than_its_room(room: int) -> None:
    report = gate(*(check(FAIL, f"rule {i}") for i in range(8)))
    whole = step_summary(report)
    text = step_summary(report, room)
    assert len(text.encode()) <= room
    assert text == whole or "left out" in text or text == ""


def _actions(path: Path) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(path)}


def test_the_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    report = gate(check(FAIL))
    assert tell_github(report, _actions(path)) == annotations(report)
    assert path.read_text() == step_summary(report)
    path.write_text("- what stands there")
    tell_github(report, _actions(path))
    assert path.read_text() == f"- what stands there\n\n{step_summary(report)}"


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "false"}, {"CI": "true"}])
def test_elsewhere_nothing_is_said(tmp_path: Path, environ: dict[str, str]) -> None:
    path = tmp_path / "summary.md"
    assert tell_github(gate(check(FAIL)), {"GITHUB_STEP_SUMMARY": str(path), **environ}) == ""
    assert not path.exists()


def test_annotations_need_no_summary() -> None:
    assert tell_github(gate(check(FAIL)), {"GITHUB_ACTIONS": "true"}).startswith("::error title=")


@pytest.mark.parametrize("name", [".", "no/such/folder", "a\0b", "n" * 5000])
def test_a_summary_that_cannot_be_written_is_a_warning(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = gate(check(FAIL))
    assert tell_github(report, _actions(tmp_path / name)) == annotations(report)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warning: the summary of the step cannot be written")
    assert err.count("\n") == 1


def test_a_summary_that_is_full_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (SUMMARY_BYTES - 100))
    tell_github(gate(check(FAIL)), _actions(path))
    assert path.stat().st_size == SUMMARY_BYTES - 100
    assert "no room" in capsys.readouterr().err
    path.write_bytes(b"x" * (SUMMARY_BYTES - 450))
    tell_github(gate(*(check(FAIL, f"rule {i}") for i in range(9))), _actions(path))
    assert SUMMARY_BYTES - 450 < path.stat().st_size <= SUMMARY_BYTES
    assert path.read_text().endswith("lines left out: the summary of a step has room for 1 MiB.\n")


def test_the_command_writes_annotations(tmp_path: Path) -> None:
    outcome = run_cli(["compute", FILE, "--loss", "mse", "-o", "github", "-o", f"json:{tmp_path / 'a.json'}"])
    assert outcome.code == 0
    ((level, title, message),) = _read(outcome.out)
    assert (level, title) == ("notice", "mse")
    assert message.endswith("squared target units, 442 rows")


def test_two_outputs_for_standard_output_are_refused() -> None:
    outcome = run_cli(["compute", FILE, "--loss", "mse", "-o", "github", "--json"])
    assert outcome.code == 2
    assert "github" in outcome.err
