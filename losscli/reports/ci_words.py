"""What the reports for CI systems say of a rule, which rule is the worst, and which one stops a pipeline."""

import math
from collections.abc import Iterable

from losscli.comparison import slice_text
from losscli.reports.rows import significant
from losscli.reports.safe import printable
from losscli.results import Report
from losscli.statistics import Interval
from losscli.verdicts import Check, Verdict

_WORST_FIRST = tuple(reversed(Verdict))


def stops(report: Report, check: Check) -> bool:
    """Whether a rule is a reason for the run not to pass; one that is inconclusive is none where that is allowed."""
    if check.verdict is Verdict.INCONCLUSIVE:
        return report.verdict not in (Verdict.PASS, Verdict.WARN)
    return check.verdict is Verdict.FAIL


def worst_first(checks: Iterable[Check]) -> list[Check]:
    """FAIL, INCONCLUSIVE, WARN, PASS; among those the one that is furthest over its limit, else in order."""
    return sorted(checks, key=lambda check: (_WORST_FIRST.index(check.verdict), -_excess(check)))


def _excess(check: Check) -> float:
    """How far a rule is from holding, as a share of the size of the loss; infinite where no number says it."""
    if check.margin is None:
        return math.inf
    size = abs(check.limit if check.baseline is None else check.baseline) if check.limit is not None else 0.0
    if size == 0.0:
        return math.inf if check.margin < 0.0 else 0.0
    return -check.margin / size


def rule_name(check: Check) -> str:
    """The rule and the slice that it was held against."""
    part = slice_text(check.slice)
    return printable(f"{check.rule} [{part}]" if part else check.rule)


def subject(loss: str, model: str | None) -> str:
    """Whose loss it is, as `loss/model`."""
    return printable(loss if model is None else f"{loss}/{model}")


def sentence(check: Check) -> str:
    """The numbers of a rule, and why it does not hold."""
    said = [f"value {significant(check.value)}{interval_words(check.ci)} {check.units}".rstrip()]
    if check.baseline is not None:
        said.append(f"baseline {significant(check.baseline)}")
    if check.difference is not None:
        said.append(f"difference {significant(check.difference)}")
    if check.tested is not None:
        said.append(f"{significant(check.tested)} ({check.on}) is held against the limit {significant(check.limit)}")
    if check.margin is not None:
        said.append(f"margin {significant(check.margin)}")
    said.append(counted(check.count, check.unit))
    numbers = ", ".join(said)
    return printable(numbers if check.reason is None else f"{check.reason}; {numbers}")


def interval_words(interval: Interval | None) -> str:
    """An interval in parentheses after a blank; empty where there is none."""
    if interval is None:
        return ""
    return f" ({interval.level * 100:g}% interval {significant(interval.low)} to {significant(interval.high)})"


def counted(count: int, unit: str) -> str:
    """Such as `1 row` and `2,000 batches`."""
    return f"{count:,} {unit}{'' if count == 1 else 'es' if unit.endswith('ch') else 's'}"
