"""What GitHub Actions shows: annotations, which are commands in the output of a step, and the summary of the step."""

from collections import Counter
from collections.abc import Iterator

from losscli.comparison import slice_text
from losscli.records import dataclass
from losscli.reports.ci_words import counted, interval_words, rule_name, sentence, stops, subject, worst_first
from losscli.reports.rows import params_text, significant
from losscli.reports.safe import markdown_cell, printable
from losscli.reports.text import markdown_text
from losscli.results import Report, Result
from losscli.verdicts import Check, Verdict

MOST_ANNOTATIONS = 10
"""GitHub shows no more of a kind for a step."""
SUMMARY_BYTES = 1 << 20
"""Where a step has written more, GitHub shows none of its summary."""
_LONGEST = {"title": 250, "message": 4000}
_NOTE_BYTES = 200


@dataclass(frozen=True, slots=True)
class _Annotation:
    level: str
    title: str
    message: str

    def line(self, more: int) -> str:
        """The command; `more` is how many annotations are left out after it."""
        title = _short(self.title, _LONGEST["title"])
        message = _short(self.message, _LONGEST["message"]) + (f" (and {more} more)" if more else "")
        return f"::{self.level} title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    # printable() leaves no end of a line, but this is the rule of the runner as a whole
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def annotations(report: Report) -> str:
    """At most ten commands, a line each, the worst first: of the rules, else of the results.

    A rule that does not pass is an error where it stops the run and a warning where it does not.
    """
    found = list(_of_rules(report) if report.checks else _of_results(report))
    shown = found[:MOST_ANNOTATIONS]
    rest = len(found) - len(shown)
    return "".join(entry.line(rest if entry is shown[-1] else 0) for entry in shown)


def _of_rules(report: Report) -> Iterator[_Annotation]:
    broken = [check for check in worst_first(report.checks) if check.verdict is not Verdict.PASS]
    for check in broken:
        of_model = "" if check.model is None else f" ({check.model})"
        title = f"{check.verdict.value}: {rule_name(check)}{of_model}"
        yield _Annotation("error" if stops(report, check) else "warning", title, sentence(check))
    if not broken:
        yield _Annotation("notice", "PASS: losscli", f"{counted(len(report.checks), 'rule')} passed")


def _of_results(report: Report) -> Iterator[_Annotation]:
    results = sorted(report.results, key=lambda result: result.value is not None)
    for result in results:
        if result.value is None:
            yield _Annotation("warning", _name(result), f"{result.status}: {result.reason or 'no value'}")
    for warning in report.warnings:
        yield _Annotation("warning", f"losscli {report.command}", warning)
    for result in results:
        if result.value is not None:
            words = f"{result.value!r}{interval_words(result.ci)} {result.units}, {counted(result.count, result.unit)}"
            yield _Annotation("notice", _name(result), words)


def _name(result: Result) -> str:
    words = [subject(result.loss, result.model), params_text(result), slice_text(result.slice)]
    return " ".join(filter(None, words))


def step_summary(report: Report, limit: int = SUMMARY_BYTES) -> str:
    """Markdown for the summary of a step, the worst rule first, in at most `limit` bytes; empty where nothing fits."""
    if not report.checks:
        lines = [f"### losscli {report.command}", "", *markdown_text(report).splitlines()]
    else:
        lines = [*_head(report), *map(_row, worst_first(report.checks))]
        if report.warnings:
            lines.append("")
        lines += [f"- {markdown_cell(warning)}" for warning in report.warnings]
    return _cut(lines, limit)


_HEADINGS = ("verdict", "rule", "model", "value", "interval", "tested", "limit", "margin", "n", "why")
_NUMBERS = ("value", "tested", "limit", "margin", "n")


def _head(report: Report) -> list[str]:
    found = Counter(check.verdict for check in worst_first(report.checks))
    verdict = report.verdict or Verdict.of_all(list(found))
    of_each = ", ".join(f"{count} {each.value}" for each, count in found.items())
    rules = ["---:" if heading in _NUMBERS else "---" for heading in _HEADINGS]
    return [
        f"### losscli {report.command}: {verdict.value}",
        "",
        f"{counted(len(report.checks), 'rule')}: {of_each}",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"| {' | '.join(rules)} |",
    ]


def _row(check: Check) -> str:
    interval = "" if check.ci is None else f"{significant(check.ci.low)} to {significant(check.ci.high)}"
    cells = [
        check.verdict.value,
        rule_name(check),
        check.model or "",
        significant(check.value),
        interval,
        significant(check.tested),
        significant(check.limit),
        significant(check.margin),
        counted(check.count, check.unit),
        check.reason or "",
    ]
    return f"| {' | '.join(map(markdown_cell, cells))} |"


def _cut(lines: list[str], limit: int) -> str:
    """As many of the lines as fit, and a word on those that do not."""
    left = limit
    for place, line in enumerate(lines):
        left -= len(line.encode()) + 1
        if left < _NOTE_BYTES and sum(len(rest.encode()) + 1 for rest in lines[place + 1 :]) > left:
            note = f"{counted(len(lines) - place, 'line')} left out: the summary of a step has room for 1 MiB."
            return "\n".join([*lines[:place], "", note, ""]) if place else ""
    return "\n".join([*lines, ""])
