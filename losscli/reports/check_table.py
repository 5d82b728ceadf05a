"""The rules of a gate for people: the verdict of each as a word, the numbers that it rests on, and the reasons."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from losscli.comparison import slice_text
from losscli.reports.fitting import Column, least_width, names, numbers, that_fit
from losscli.reports.layout import INDENT, labelled_lines, needs_labels, table_lines
from losscli.reports.rows import intervals, limit_text, significant
from losscli.reports.safe import printable
from losscli.results import Report
from losscli.verdicts import Check, Verdict

_STYLES = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.FAIL: "bold red",
}
_MOST = 20
_LIGHT = ("baseline",)
_HEAVY = ("n", "margin", "difference", "tested", "limit")


def check_parts(report: Report, width: int) -> list[Any]:
    """The table of the rules, a summary, and why the ones that do not pass do not."""
    from rich.text import Text

    style = _STYLES[report.verdict] if report.verdict else "bold"
    parts = [
        *_lines(report.checks, width),
        Text(""),
        Text(summary(report.checks), style=style),
        *(Text(reason) for reason in _reasons(report.checks)),
    ]
    return [Text("\n").join(parts)]


def summary(checks: Sequence[Check]) -> str:
    """How many rules come to what, such as `5 rules: 3 PASS, 1 WARN, 1 FAIL`."""
    counts = Counter(check.verdict for check in checks)
    told = ", ".join(f"{counts[verdict]:,} {verdict.value}" for verdict in Verdict if counts[verdict])
    return f"{checks_and_rules(checks)}: {told}"


def checks_and_rules(checks: Sequence[Check]) -> str:
    """How many there are: rules, or checks of rules where a rule has several slices or models."""
    rules = len({check.rule for check in checks})
    of = f"{rules:,} rule{'' if rules == 1 else 's'}"
    return of if rules == len(checks) else f"{len(checks):,} checks of {of}"


def what_of(check: Check) -> str:
    """The model and the slice that a check is about."""
    return " ".join(filter(None, [check.model, slice_text(check.slice)]))


def _lines(checks: Sequence[Check], width: int) -> list[Any]:
    """The table in the first form that has room for all that matters.

    The interval beside the value or below it, the rules in a column or on lines of their own.
    """
    labels, columns = _labels(checks), _columns(checks)
    stacked = _stacked(columns)
    for choice in (columns, stacked):
        kept = that_fit(labels, choice, _LIGHT, (), width)
        if least_width([*labels, *kept]) <= width and not needs_labels(labels, kept, width):
            return table_lines([*labels, *kept], width)
    for choice in (columns, stacked):
        kept = that_fit((), choice, _LIGHT, (), width - INDENT)
        if least_width(kept) <= width - INDENT:
            return labelled_lines(labels, kept, width)
    return labelled_lines(labels, that_fit((), stacked, _LIGHT, _HEAVY, width - INDENT), width)


def _stacked(columns: Sequence[Column]) -> list[Column]:
    """The columns with the interval below the value."""
    bounds = next((column for column in columns if column.heading.endswith("interval")), None)
    if bounds is None:
        return list(columns)
    value = columns[0]
    pairs = zip(value.cells, bounds.cells, strict=True)
    cells = [value if interval == "-" else f"{value}\n{interval}" for value, interval in pairs]
    both = numbers(f"{value.heading}\n{bounds.heading}", cells)
    return [both, *(column for column in columns[1:] if column is not bounds)]


def _labels(checks: Sequence[Check]) -> list[Column]:
    columns = [
        Column("verdict", [c.verdict.value for c in checks], to_left=True, styles=[_STYLES[c.verdict] for c in checks]),
        names("rule", [printable(check.rule) for check in checks]),
    ]
    if any(check.model is not None for check in checks):
        columns.append(names("model", [printable(check.model or "") for check in checks]))
    if any(check.slice is not None for check in checks):
        columns.append(names("slice", [printable(slice_text(check.slice)) or "(all)" for check in checks]))
    return columns


def _columns(checks: Sequence[Check]) -> list[Column]:
    columns = [numbers("value", [significant(check.value) for check in checks])]
    level = next((check.ci.level for check in checks if check.ci), None)
    if level is not None:
        bounds = [intervals([check.ci], 6)[0] for check in checks]
        columns.append(numbers(f"{level * 100:g}% interval", bounds))
    if any(check.baseline is not None for check in checks):
        columns.append(numbers("baseline", [significant(check.baseline) for check in checks]))
    if any(check.difference is not None for check in checks):
        columns.append(numbers("difference", [significant(check.difference, 4, "+") for check in checks]))
    if any(check.tested != check.value for check in checks):
        columns.append(numbers("tested", [significant(check.tested) for check in checks]))
    columns.append(numbers("limit", [limit_text(check.limit) for check in checks]))
    columns.append(numbers("margin", [significant(check.margin, 4, "+") for check in checks]))
    columns.append(numbers("n", [f"{check.count:,}" for check in checks]))
    return columns


def _reasons(checks: Sequence[Check]) -> list[str]:
    """Why a rule does not pass, the worst first; so many that they can be read."""
    order = list(Verdict)
    told = [check for check in checks if check.reason and check.verdict is not Verdict.PASS]
    told.sort(key=lambda check: -order.index(check.verdict))
    lines = []
    for check in told[:_MOST]:
        of = what_of(check)
        about = f"{check.rule} ({of})" if of else check.rule
        lines.append(printable(f"{check.verdict.value} {about}: {check.reason}"))
    if len(told) > _MOST:
        lines.append(f"and {len(told) - _MOST:,} reasons more: -o plain and -o json have all of them")
    return lines
