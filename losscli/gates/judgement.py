"""Rules held against numbers: what passes, what fails, and what cannot be said."""

import math
from collections.abc import Sequence

from losscli.comparison import Comparison
from losscli.errors import ExitCode
from losscli.gates.baseline import SavedResult
from losscli.gates.holm import Claim, adjusted_ends
from losscli.gates.rule import MAX, MIN, REGRESSION, Rule
from losscli.records import dataclass
from losscli.results import Result, too_few
from losscli.statistics import Interval
from losscli.verdicts import Check, Verdict

MISSING = {"fail": Verdict.FAIL, "warn": Verdict.WARN, "create": Verdict.WARN}
"""What a regression comes to without a baseline, by what --missing-baseline says."""


@dataclass(frozen=True, slots=True)
class Case:
    """A result that rules are held against, with what it is compared with.

    Attributes:
        result: the loss of a model over a slice.
        baseline: the loss of the baseline over the same rows.
        comparison: the paired difference to it; None where the rows of the baseline are not there.
        reason: why there is no baseline; None where there is one.
        without: what a regression comes to without one.
    """

    result: Result
    baseline: float | None = None
    comparison: Comparison | None = None
    reason: str | None = None
    without: Verdict = Verdict.INCONCLUSIVE

    @classmethod
    def paired(cls, result: Result, baseline: Result, comparison: Comparison) -> "Case":
        """A result beside that of another model over the same rows."""
        return cls(result, baseline.value, comparison)

    @classmethod
    def saved(cls, result: Result, match: SavedResult | str) -> "Case":
        """A result beside one that was saved, or the reason why none fits; see `match`."""
        return cls(result, reason=match) if isinstance(match, str) else cls(result, match.value)

    @classmethod
    def missing(cls, result: Result, path: str, policy: str) -> "Case":
        """A result whose baseline is a file that does not exist.

        Args:
            policy: `fail`, `warn` or `create`.
        """
        later = "; this run becomes it" if policy == "create" else ""
        return cls(result, reason=f"no baseline: {path} does not exist{later}", without=MISSING[policy])


@dataclass(frozen=True, slots=True)
class _Measure:
    """A number and its limit, both turned so that more is worse."""

    value: float
    limit: float
    interval: Interval | None
    count: int
    no_interval: str


@dataclass(frozen=True, slots=True)
class _Open:
    """Why nothing can be held against the limit, and what that comes to."""

    reason: str
    verdict: Verdict = Verdict.INCONCLUSIVE


def judge(rule: Rule, cases: Sequence[Case]) -> list[Check]:
    """A check for each limit of a rule and each case.

    Where bounds of intervals are held against the limit, the cases that can be decided are adjusted together.

    Args:
        cases: the slices and models that the rule is about; none where the slice that it names has no rows.
    """
    checks: list[Check] = []
    for kind in rule.kinds:
        measures = [_measure(rule, kind, case) for case in cases]
        tested = _tested(rule, kind, cases, measures)
        for case, measure, number in zip(cases, measures, tested, strict=True):
            checks.append(_check(rule, kind, case, measure, number))
        if not cases:
            checks.append(_without_rows(rule, kind))
    return checks


def verdict_of(checks: Sequence[Check], on_inconclusive: str | None = None) -> Verdict:
    """What all checks come to: that of the worst, and never PASS where there is none.

    Args:
        on_inconclusive: what one that is inconclusive counts as: `fail`, `warn` or `pass`; None leaves it.
    """
    counts_as = {None: Verdict.INCONCLUSIVE, "fail": Verdict.FAIL, "warn": Verdict.WARN, "pass": Verdict.PASS}
    verdicts = [check.verdict for check in checks] or [Verdict.INCONCLUSIVE]
    return Verdict.of_all([counts_as[on_inconclusive] if v is Verdict.INCONCLUSIVE else v for v in verdicts])


def exit_code(checks: Sequence[Check], on_inconclusive: str | None = None) -> ExitCode:
    """What the process ends with.

    Args:
        on_inconclusive: `fail` makes an inconclusive gate end with 1, `warn` and `pass` with 0; None leaves it at 4.
    """
    codes = {Verdict.FAIL: ExitCode.FAILED, Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}
    return codes.get(verdict_of(checks, on_inconclusive), ExitCode.OK)


def _measure(rule: Rule, kind: str, case: Case) -> _Measure | _Open:
    """What is held against a limit, or why nothing is."""
    result = case.result
    value = result.value
    if value is None:
        return _Open(f"no value: {result.reason or result.status}")
    if not math.isfinite(value):
        return _Open("the value is not finite")
    paired = case.comparison if kind == REGRESSION else None
    rows = paired.count if paired is not None and paired.unit == "row" else result.used
    if rule.min_rows is not None and rows < rule.min_rows:
        return _Open(f"{rows} row{'s'[: rows != 1]}, {rule.min_rows} needed")
    if kind == REGRESSION:
        found = _regression(rule, case, value)
    else:
        limit = rule.max if kind == MAX else rule.min
        sign = 1.0 if kind == MAX else -1.0
        few = too_few(result.count, result.effective, result.interval_over)
        why = f"no interval: {few}" if few else "no interval"
        found = _Measure(sign * value, sign * (limit or 0.0), _turned(result.ci, sign), result.count, why)
    if isinstance(found, _Measure) and not (math.isfinite(found.value) and math.isfinite(found.limit)):
        return _Open("the difference or what is allowed is not finite")
    return found


def _regression(rule: Rule, case: Case, value: float) -> _Measure | _Open:
    comparison, baseline = case.comparison, case.baseline
    if case.reason is not None:
        return _Open(case.reason, case.without)
    if baseline is None or not math.isfinite(baseline):
        return _Open("the baseline has no value" if comparison else "no baseline")
    allowed = rule.regression.allowed(baseline) if rule.regression else None
    if allowed is None:
        return _Open("the baseline is 0, of which a percent says nothing; floor gives a number")
    sign = 1.0 if case.result.direction == "lower" else -1.0
    if comparison is None:
        why = "there is no paired difference to a saved result; give the baseline's predictions"
        return _Measure(sign * (value - baseline), allowed, None, case.result.count, why)
    if comparison.difference is None:
        return _Open(f"no difference: {comparison.reason or 'there is no value'}")
    why = comparison.reason or "the difference has no interval"
    interval = _turned(comparison.ci, sign)
    return _Measure(sign * comparison.difference, allowed, interval, comparison.count, why)


def _turned(interval: Interval | None, sign: float) -> Interval | None:
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return None
    low, high = sorted([sign * interval.low, sign * interval.high])
    return Interval(interval.level, low, high, interval.method)


def _tested(rule: Rule, kind: str, cases: Sequence[Case], measures: Sequence[_Measure | _Open]) -> list[float | None]:
    """The number of each case that decides; None where none can."""
    found: list[float | None] = [None] * len(cases)
    claims: dict[int, Claim] = {}
    for place, (case, measure) in enumerate(zip(cases, measures, strict=True)):
        on = rule.on_of(kind, case.comparison is not None)
        if isinstance(measure, _Open):
            continue
        if on == "value":
            found[place] = measure.value
        elif measure.interval is not None:
            # a min is turned, and its bounds with it
            upper = (on == "upper") != (kind == MIN)
            claims[place] = Claim.of(measure.value, measure.interval, measure.limit, upper=upper, count=measure.count)
    for place, end in zip(claims, adjusted_ends(list(claims.values())), strict=True):
        found[place] = end
    return found


def _check(rule: Rule, kind: str, case: Case, measure: _Measure | _Open, tested: float | None) -> Check:
    result, comparison = case.result, case.comparison if kind == REGRESSION else None
    on = rule.on_of(kind, case.comparison is not None)
    known = measure if isinstance(measure, _Measure) else None
    sign = -1.0 if kind == MIN else 1.0
    verdict, reason = _verdict(rule, kind, measure, tested)
    difference = comparison.difference if comparison else None
    if kind == REGRESSION and comparison is None and known is not None and case.baseline is not None:
        difference = (result.value or 0.0) - case.baseline
    return Check(
        rule=rule.text(kind, on),
        kind=kind,
        on=on,
        level=rule.level,
        verdict=verdict,
        loss=result.loss,
        params=result.params,
        model=result.model,
        slice=result.slice,
        value=_finite(result.value),
        ci=result.ci,
        baseline=_finite(case.baseline) if kind == REGRESSION else None,
        difference=_finite(difference),
        tested=None if tested is None else _finite(sign * tested + 0.0),
        limit=sign * known.limit + 0.0 if known else _limit(rule, kind),
        margin=None if tested is None or known is None else _finite(known.limit - tested),
        units=result.units,
        unit=comparison.unit if comparison else result.unit,
        count=comparison.count if comparison else result.count,
        reason=reason,
    )


def _verdict(rule: Rule, kind: str, measure: _Measure | _Open, tested: float | None) -> tuple[Verdict, str | None]:
    if isinstance(measure, _Open):
        verdict, reason = measure.verdict, measure.reason
    elif tested is None or not math.isfinite(tested):
        verdict, reason = Verdict.INCONCLUSIVE, measure.no_interval
    elif tested <= measure.limit:
        return Verdict.PASS, None
    else:
        verdict, reason = Verdict.FAIL, _excess(kind, tested, measure.limit)
    return (Verdict.WARN if rule.level == "warn" else verdict), reason


def _excess(kind: str, tested: float, limit: float) -> str:
    """Why a number does not hold, as a reader would say it."""
    sign = -1.0 if kind == MIN else 1.0
    texts = [f"{sign * number + 0.0:.6g}" for number in (tested, limit)]
    if texts[0] == texts[1]:
        texts = [repr(sign * number + 0.0) for number in (tested, limit)]
    if kind == REGRESSION:
        return f"worse by {texts[0]} where {texts[1]} is allowed"
    return f"{texts[0]} is {'below' if kind == MIN else 'above'} {texts[1]}"


def _limit(rule: Rule, kind: str) -> float | None:
    """The limit where nothing could be held against it; None where it hangs on the baseline."""
    absolute = rule.regression.absolute if rule.regression else None
    return {MAX: rule.max, MIN: rule.min, REGRESSION: absolute}[kind]


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else number


def _without_rows(rule: Rule, kind: str) -> Check:
    """The check of a rule about a slice that has no rows."""
    on = rule.on_of(kind, paired=False)
    loss = rule.spec.loss
    params = {p.name: rule.spec.given.get(p.name, p.default) for p in loss.parameters}
    return Check(
        rule=rule.text(kind, on),
        kind=kind,
        on=on,
        level=rule.level,
        verdict=Verdict.WARN if rule.level == "warn" else Verdict.INCONCLUSIVE,
        loss=loss.name,
        params={name: list(value) if isinstance(value, tuple) else value for name, value in params.items()},
        model=None,
        slice=rule.slice or None,
        value=None,
        ci=None,
        baseline=None,
        difference=None,
        tested=None,
        limit=_limit(rule, kind),
        margin=None,
        units=loss.units(params),
        unit="row",
        count=0,
        reason=rule.missing_slice(),
    )
