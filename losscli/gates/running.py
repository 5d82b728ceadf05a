"""A gate from beginning to end: rules to requests, one scan for those with the same filters, results to checks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from losscli.contrasts import judged
from losscli.data.columns import ColumnNames
from losscli.data.left_out import LeftOut
from losscli.data.where import Condition
from losscli.errors import UsageError
from losscli.evaluation import Sums
from losscli.gates.baseline import SavedBaseline, match
from losscli.gates.gate_table import roles_for
from losscli.gates.judgement import Case, judge, verdict_of
from losscli.gates.rule import Rule
from losscli.records import dataclass
from losscli.request import Request
from losscli.results import Input, Reduction, Report, Result
from losscli.summary import Part, counted, parts_of
from losscli.verdicts import Check


@dataclass(frozen=True, slots=True)
class Reference:
    """What regressions are measured from.

    Attributes:
        saved: a saved report.
        missing: a file that does not exist, and what is done about it.
        paired: whether a model of the input is the baseline.
        model: the name of that one; None for the first.
        truth: the files that hold the truth alone.
    """

    saved: SavedBaseline | None = None
    missing: tuple[str, str] | None = None
    paired: bool = False
    model: str | None = None
    truth: Sequence[Input] = ()

    @property
    def creates(self) -> str | None:
        """The file that does not exist and is to be made; None where there is none."""
        return self.missing[0] if self.missing is not None and self.missing[1] == "create" else None

    def case(self, result: Result, part: Part) -> Case:
        """A result with what it is held against."""
        if self.saved is not None:
            return Case.saved(result, match(result, self.saved, self.truth))
        if self.missing is not None:
            return Case.missing(result, *self.missing)
        comparison = next(
            (one for one in part.comparisons if (one.model, one.slice) == (result.model, result.slice)), None
        )
        if comparison is None:
            return Case(result)
        baseline = next(
            one for one in part.results if (one.model, one.slice) == (comparison.baseline, comparison.slice)
        )
        return Case.paired(result, baseline, comparison)


def check_reference(rules: Sequence[Rule], *, there: bool) -> None:
    """Refuse a regression that nothing is given for.

    Args:
        there: whether there is anything to measure regressions from.

    Raises:
        UsageError: there is no baseline.
    """
    for rule in rules:
        if rule.regression is not None and not there:
            raise UsageError(
                f"max_regression of {rule.loss} needs a baseline",
                hint="--baseline FILE, a saved result or the predictions of the model to beat",
            )


def check_roles(rules: Sequence[Rule], given: Iterable[str]) -> None:
    """Refuse columns of a role that no rule reads.

    Raises:
        UsageError: with the roles that are read.
    """
    read = {role.name for rule in rules for role in rule.spec.loss.roles} | {"pred"}
    for name in given:
        if name not in read:
            raise UsageError(f"no rule reads {name}", hint=f"roles: {', '.join(sorted(read))}")


def requests_of(
    rules: Sequence[Rule],
    request: Callable[[Sequence[str]], Request],
    shared: Mapping[str, ColumnNames],
    given: Mapping[str, ColumnNames],
) -> list[tuple[list[Rule], Request]]:
    """The rules that one scan serves, with what it computes for each of them.

    Args:
        request: makes the request of some losses.
        shared: the columns of roles that hold for all rules; given: those of the command line.

    Raises:
        UsageError: a loss or a parameter that does not fit.
    """
    found: list[tuple[list[Rule], Request]] = []
    for where in dict.fromkeys(rule.where for rule in rules):
        some = [rule for rule in rules if rule.where == where]
        asked = request([rule.loss for rule in some])
        specs = [replace(rule.spec, roles=roles_for(rule, shared, given), by=rule.slicing or None) for rule in some]
        found.append((some, replace(asked, specs=specs, where=[*asked.where, *_conditions(where)])))
    return found


def _conditions(texts: Sequence[str]) -> list[Condition]:
    return [Condition.parse(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Held:
    """A rule, the results that it was held against, and what that came to."""

    rule: Rule
    results: Sequence[Result]
    checks: Sequence[Check]


def checked(
    rules: Sequence[Rule],
    sums: Sums,
    request: Request,
    confidence: float,
    reference: Reference,
    left_out: LeftOut,
) -> tuple[Report, list[Held]]:
    """The results of a scan, and what each rule comes to.

    Args:
        left_out: what an inner join left out in this scan.

    Raises:
        DataError: no row is left to evaluate.
    """
    parts, warnings = parts_of(sums, request, Reduction.MEAN, confidence)
    warnings = [*warnings, *left_out.warnings()]
    parts = [
        [replace(part, results=[counted(result, left_out) for result in part.results]) for part in of_rule]
        for of_rule in parts
    ]
    found = []
    for rule, of_rule in zip(rules, parts, strict=True):
        pairs = _about(rule, of_rule, reference)
        cases = [reference.case(result, part) for result, part in pairs]
        found.append(Held(rule, [result for result, _ in pairs], judge(rule, cases)))
    flat = [part for of_rule in parts for part in of_rule]
    results = [replace(result, warnings=warnings) for part in flat for result in part.results]
    comparisons = [comparison for part in flat for comparison in part.comparisons]
    return Report("check", results, warnings, (), comparisons), found


def report_of_all(
    reports: Sequence[Report], held: Sequence[Held], confidence: float, inputs: Sequence[Input], outcome: str | None
) -> Report:
    """One report of all scans, with the verdict.

    Args:
        outcome: what becomes of an inconclusive gate: `fail`, `warn` or `pass`; None leaves it.
    """
    checks = [check for one in held for check in one.checks]
    verdict = verdict_of(checks, outcome)
    comparisons = judged([comparison for report in reports for comparison in report.comparisons], confidence)
    return Report(
        "check",
        [result for report in reports for result in report.results],
        list(dict.fromkeys(warning for report in reports for warning in report.warnings)),
        inputs,
        comparisons,
        checks,
        verdict,
    )


def _about(rule: Rule, parts: Sequence[Part], reference: Reference) -> list[tuple[Result, Part]]:
    """The results that a rule is about: its slices or all rows, of each model.

    Not those of the baseline, where one is named or a regression is measured from it; else no model is privileged.
    """
    aside = reference.paired and (reference.model is not None or rule.regression is not None)
    some = [part for part in parts if (part.label is not None) == bool(rule.slicing)]
    found = []
    for part in some:
        baselines = {comparison.baseline for comparison in part.comparisons} if aside else set()
        for result in part.results:
            if result.model not in baselines and (not rule.slicing or rule.covers(result.slice)):
                found.append((result, part))
    return found
