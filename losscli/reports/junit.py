"""JUnit XML, as Jenkins, GitLab and the test reports of GitHub read it."""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from losscli.comparison import slice_text
from losscli.reports.ci_words import interval_words, rule_name, sentence, stops, subject
from losscli.reports.rows import params_text
from losscli.reports.safe import printable, xml_text
from losscli.results import Report, Result
from losscli.verdicts import Check, Verdict
from losscli.version import __version__


def junit_text(report: Report) -> str:
    """A test case for each rule, or for each result where there are no rules.

    FAIL is a failure and INCONCLUSIVE an error. A warning is a skipped test, which stops no pipeline and yet is seen:
    GitLab shows no text of a test that passed. There are no times, so that a rerun has the same bytes.
    """
    cases = [_rule(report, check) for check in report.checks] or [_value(result) for result in report.results]
    _tell_apart(cases)
    failures, errors, skipped = (sum(case.find(tag) is not None for case in cases) for tag in _OUTCOMES)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors)}
    root = Element("testsuites", {"name": "losscli", **counts})
    suite = SubElement(root, "testsuite", {"name": f"losscli {report.command}", **counts, "skipped": str(skipped)})
    properties = SubElement(suite, "properties")
    for name, value in _properties(report):
        SubElement(properties, "property", name=name, value=xml_text(value))
    suite.extend(cases)
    if report.warnings:
        SubElement(suite, "system-out").text = _lines(f"warning: {warning}" for warning in report.warnings)
    indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


_OUTCOMES = ("failure", "error", "skipped")


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "version", __version__
    yield "command", report.command
    if report.verdict is not None:
        yield "verdict", report.verdict.value
    for place, result in enumerate(report.results, 1):
        yield "signature" if len(report.results) == 1 else f"signature.{place}", result.signature


def _rule(report: Report, check: Check) -> Element:
    case = _case(rule_name(check), subject(check.loss, check.model))
    words = f"{check.verdict.value}: {sentence(check)}"
    if check.verdict is Verdict.PASS:
        SubElement(case, "system-out").text = xml_text(words)
        return case
    tag = "skipped" if not stops(report, check) else "failure" if check.verdict is Verdict.FAIL else "error"
    kind = f"losscli.{check.verdict.value}"
    SubElement(case, tag, type=kind, message=xml_text(words)).text = xml_text(f"{rule_name(check)}: {words}")
    return case


def _value(result: Result) -> Element:
    name = f"{result.loss}:{params_text(result)}" if params_text(result) else result.loss
    part = slice_text(result.slice)
    case = _case(printable(f"{name} [{part}]" if part else name), subject(result.loss, result.model))
    if result.value is None:
        words = xml_text(f"{result.status}: {result.reason or 'no value'}")
        SubElement(case, "error", type=f"losscli.{result.status}", message=words).text = words
    else:
        words = f"{result.value!r}{interval_words(result.ci)} {result.units}"
        SubElement(case, "system-out").text = xml_text(words)
    return case


def _case(name: str, classname: str) -> Element:
    return Element("testcase", classname=xml_text(classname), name=xml_text(name))


def _tell_apart(cases: Iterable[Element]) -> None:
    """Number what has the same name: GitLab drops a test whose name is there already."""
    seen: set[tuple[str, str]] = set()
    for case in cases:
        name, place = case.attrib["name"], 1
        while (case.attrib["classname"], case.attrib["name"]) in seen:
            place += 1
            case.attrib["name"] = f"{name} #{place}"
        seen.add((case.attrib["classname"], case.attrib["name"]))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(map(xml_text, texts))
