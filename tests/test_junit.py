"""JUnit XML: what each verdict becomes, counts, names, and data that must stay data."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from losscli.reports.junit import junit_text
from losscli.results import Report
from losscli.verdicts import Verdict
from losscli.version import __version__
from tests.cli import ROOT, run_cli
from tests.hand_made import FULL, RESULT, check, gate

FILE = str(ROOT / "sample_data" / "diabetes_preds.csv")
# What Jenkins reads: its schema junit-10.xsd, of which this is the part that we use.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


def _suite(report: Report) -> Element:
    return _parsed(junit_text(report))


def _parsed(text: str) -> Element:
    """The one suite of a valid document, whose counts are those of what is in it."""
    root = fromstring(text)  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    (suite,) = root
    cases = suite.findall("testcase")
    counts = {"tests": len(cases)}
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[key] = len(suite.findall(f"testcase/{tag}"))
    assert {key: int(suite.attrib[key]) for key in counts} == counts
    assert all(root.attrib[key] == suite.attrib[key] for key in ("tests", "failures", "errors"))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(set(names)) == len(names)
    return suite


def test_each_verdict_has_its_element() -> None:
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE)
    suite = _suite(gate(*(check(verdict, f"rule {verdict.value}") for verdict in verdicts)))
    found = {case.attrib["name"]: case[0].tag for case in suite.findall("testcase")}
    assert found == {
        "rule PASS": "system-out",
        "rule FAIL": "failure",
        "rule WARN": "skipped",
        "rule INCONCLUSIVE": "error",
    }
    assert suite.attrib == {"name": "losscli check", "tests": "4", "failures": "1", "errors": "1", "skipped": "1"}


@pytest.mark.parametrize("overall", [Verdict.PASS, Verdict.WARN])
def test_what_is_inconclusive_and_allowed_stops_no_pipeline(overall: Verdict) -> None:
    report = replace(gate(check(Verdict.INCONCLUSIVE)), verdict=overall)
    assert [entry.tag for entry in _suite(report).findall("testcase/*")] == ["skipped"]


def test_a_failure_says_its_numbers() -> None:
    failed = check(
        Verdict.FAIL,
        "mae max 0.42",
        model="new",
        slice={"country": "DE", "age": None},
        on="upper",
        value=0.5,
        tested=0.52,
        margin=-0.1,
        reason="over the limit",
    )
    (case,) = _suite(gate(failed)).findall("testcase")
    assert case.attrib == {"classname": "mae/new", "name": "mae max 0.42 [country=DE age=(missing)]"}
    assert case[0].attrib["type"] == "losscli.FAIL"
    assert case[0].attrib["message"] == (
        "FAIL: over the limit; value 0.500000 (95% interval 0.375000 to 0.425000) target units, "
        "0.520000 (upper) is held against the limit 0.420000, margin -0.100000, 1,000 rows"
    )
    assert case[0].text == f"{case.attrib['name']}: {case[0].attrib['message']}"


def test_rules_of_one_name_are_told_apart() -> None:
    suite = _suite(
        gate(*[check(Verdict.PASS, "r")] * 3, check(Verdict.PASS, "r #2"), check(Verdict.PASS, "r", loss="b"))
    )
    assert [case.attrib["name"] for case in suite.findall("testcase")] == ["r", "r #2", "r #3", "r #2 #2", "r"]


def test_without_rules_a_result_passes_where_it_has_a_value() -> None:
    lost = replace(
        RESULT, value=None, status="undefined", reason="nothing to divide by", slice={"class": "a"}, model="m"
    )
    suite = _suite(Report("compare", [RESULT, lost], ["look here", "and here"]))
    first, second = suite.findall("testcase")
    assert first.attrib == {"classname": "pinball", "name": "pinball:tau=0.8"}
    assert first[0].tag == "system-out"
    assert first[0].text == "0.175 (95% interval 0.150000 to 0.200000) target units"
    assert second.attrib == {"classname": "pinball/m", "name": "pinball:tau=0.8 [class=a]"}
    assert (second[0].tag, second[0].attrib["message"]) == ("error", "undefined: nothing to divide by")
    assert suite.findtext("system-out") == "warning: look here\nwarning: and here"
    found = [(entry.attrib["name"], entry.attrib["value"]) for entry in suite.iter("property")]
    assert found == [
        ("version", __version__),
        ("command", "compare"),
        ("signature.1", RESULT.signature),
        ("signature.2", RESULT.signature),
    ]


def test_a_report_without_anything_is_a_document_too() -> None:
    assert _suite(Report("compute", [])).attrib["tests"] == "0"


WILD = [
    chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFFFE, 0xFFFF, 0x2028)
]


@pytest.mark.parametrize("mark", WILD, ids=lambda mark: f"U+{ord(mark):04X}")
def test_what_xml_cannot_hold_is_shown(mark: str) -> None:
    name = f"a{mark}b"
    broken = check(Verdict.FAIL, name, reason=name, model=name, units=name, slice={name: name})
    lost = replace(RESULT, value=None, reason=name, loss=name, signature=name, columns={name: [name]})
    for report in (gate(broken, warnings=[name]), Report("compute", [lost], [name])):
        text = junit_text(report)
        assert mark == "\n" or mark not in text
        suite = _parsed(text.encode().decode())
        (case,) = suite.findall("testcase")
        assert f"a\\x{ord(mark):02x}b" in case.attrib["name"] or f"a\\u{ord(mark):04x}b" in case.attrib["name"]


def test_every_other_character_of_a_name_comes_back() -> None:
    name = "]]> </testcase><failure/> <!-- & &amp; &#0; \" ' <![CDATA[ x ]]> é 漢 😀 \U0010ffff"
    (case,) = _suite(gate(check(Verdict.FAIL, name, reason=name))).findall("testcase")
    assert case.attrib["name"] == name
    assert case[0].attrib["message"].startswith(f"FAIL: {name}; value")
    assert len(list(case)) == 1


def test_names_are_no_commands_of_a_ci_system() -> None:
    text = junit_text(gate(check(Verdict.FAIL, "##[error]no", reason="##vso[task.complete]x"), warnings=["::error::x"]))
    assert "##[" not in text
    assert "##vso[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_the_command_writes_it_beside_other_kinds(tmp_path: Path) -> None:
    places = {kind: tmp_path / f"out.{kind}" for kind in ("junit", "json", "github")}
    outputs = [word for kind, path in places.items() for word in ("-o", f"{kind}:{path}")]
    args = ["compare", FILE, "--loss", "mse", "--loss", "pinball:tau=0.8"]
    outcome = run_cli([*args, *outputs, "-o", "junit"])
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == places["junit"].read_text() == run_cli([*args, "-o", "junit"]).out
    first, second = _parsed(outcome.out).findall("testcase")
    values = [entry["value"] for entry in json.loads(places["json"].read_text())["results"]]
    for case, value in zip((first, second), values, strict=True):
        assert float((case.findtext("system-out") or "").split(" ")[0]) == value
    assert places["github"].read_text().count("::notice title=") == 2


def test_compute_writes_it() -> None:
    outcome = run_cli(["compute", FILE, "--loss", "mae", "-o", "junit"])
    assert (outcome.code, outcome.err) == (0, "")
    assert _parsed(outcome.out).attrib["name"] == "losscli compute"


def test_the_full_report_is_valid() -> None:
    assert _suite(FULL).attrib["errors"] == "1"
