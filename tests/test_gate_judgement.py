"""The verdict of every kind of rule, by hand; Holm's step-down by hand from SciPy's Student distribution."""

import json
import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from losscli.errors import ExitCode
from losscli.gates.judgement import Case, exit_code, judge, verdict_of
from losscli.gates.rule import Rule
from losscli.statistics import t_interval
from losscli.verdicts import Check, Verdict
from tests.gate_results import comparison, interval, result, rule

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=300)

PASS, WARN, FAIL, OPEN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.INCONCLUSIVE


def one(the_rule: Rule, case: Case) -> Check:
    (check,) = judge(the_rule, [case])
    return check


# The value is 0.4 with an interval from 0.3 to 0.5.
LIMITS = [
    # limits, verdict, tested, margin, reason
    ({"max": 0.42}, PASS, 0.4, 0.02, None),
    ({"max": 0.4}, PASS, 0.4, 0.0, None),
    ({"max": 0.39}, FAIL, 0.4, -0.01, "0.4 is above 0.39"),
    ({"max": 0.42, "on": "upper"}, FAIL, 0.5, -0.08, "0.5 is above 0.42"),
    ({"max": 0.5, "on": "upper"}, PASS, 0.5, 0.0, None),
    ({"max": 0.35, "on": "lower"}, PASS, 0.3, 0.05, None),
    ({"max": 0.3, "on": "lower"}, PASS, 0.3, 0.0, None),
    ({"max": 0.29, "on": "lower"}, FAIL, 0.3, -0.01, "0.3 is above 0.29"),
    ({"min": 0.39}, PASS, 0.4, 0.01, None),
    ({"min": 0.4}, PASS, 0.4, 0.0, None),
    ({"min": 0.41}, FAIL, 0.4, -0.01, "0.4 is below 0.41"),
    ({"min": 0.39, "on": "lower"}, FAIL, 0.3, -0.09, "0.3 is below 0.39"),
    ({"min": 0.3, "on": "lower"}, PASS, 0.3, 0.0, None),
    ({"min": 0.45, "on": "upper"}, PASS, 0.5, 0.05, None),
    ({"min": 0.51, "on": "upper"}, FAIL, 0.5, -0.01, "0.5 is below 0.51"),
    ({"max": 0.39, "level": "warn"}, WARN, 0.4, -0.01, "0.4 is above 0.39"),
    ({"max": 0.42, "level": "warn"}, PASS, 0.4, 0.02, None),
    ({"max": 0.42, "min_rows": 442}, PASS, 0.4, 0.02, None),
    ({"max": 0.42, "min_rows": 443}, OPEN, None, None, "442 rows, 443 needed"),
    ({"max": 0.42, "min_rows": 443, "level": "warn"}, WARN, None, None, "442 rows, 443 needed"),
]


@pytest.mark.parametrize(("limits", "verdict", "tested", "margin", "reason"), LIMITS)
def test_max_and_min(
    limits: dict[str, Any], verdict: Verdict, tested: float | None, margin: float | None, reason: str | None
) -> None:
    check = one(rule(**limits), Case(result(0.4, (0.3, 0.5))))
    kind = "max" if "max" in limits else "min"
    assert (check.verdict, check.reason, check.tested) == (verdict, reason, tested)
    assert check.margin == (None if margin is None else pytest.approx(margin, abs=1e-12))
    assert (check.kind, check.limit, check.on) == (kind, limits[kind], limits.get("on", "value"))
    assert (check.value, check.ci, check.baseline, check.difference) == (0.4, interval(0.3, 0.5), None, None)


# The baseline is 2.0 and the model 2.1, so it is worse by 0.1, which is 5 percent.
PAIRED = [
    # rule, interval of the difference, verdict, tested, limit, reason
    ({"max_regression": "2%"}, (0.01, 0.19), PASS, 0.01, 0.04, None),
    ({"max_regression": "2%"}, (0.04, 0.16), PASS, 0.04, 0.04, None),
    ({"max_regression": "2%"}, (0.05, 0.15), FAIL, 0.05, 0.04, "worse by 0.05 where 0.04 is allowed"),
    ({"max_regression": "2%", "floor": 0.06}, (0.05, 0.15), PASS, 0.05, 0.06, None),
    ({"max_regression": "2%", "floor": 0.01}, (0.05, 0.15), FAIL, 0.05, 0.04, "worse by 0.05 where 0.04 is allowed"),
    ({"max_regression": "2%", "on": "value"}, (0.01, 0.19), FAIL, 0.1, 0.04, "worse by 0.1 where 0.04 is allowed"),
    ({"max_regression": "5%", "on": "value"}, (0.01, 0.19), PASS, 0.1, 0.1, None),
    ({"max_regression": "5%", "on": "upper"}, (0.01, 0.19), FAIL, 0.19, 0.1, "worse by 0.19 where 0.1 is allowed"),
    ({"max_regression": "10%", "on": "upper"}, (0.01, 0.19), PASS, 0.19, 0.2, None),
    ({"max_regression": 0.05}, (0.06, 0.14), FAIL, 0.06, 0.05, "worse by 0.06 where 0.05 is allowed"),
    ({"max_regression": 0.07}, (0.06, 0.14), PASS, 0.06, 0.07, None),
    ({"max_regression": "0%"}, (0.01, 0.19), FAIL, 0.01, 0.0, "worse by 0.01 where 0 is allowed"),
    ({"max_regression": "0%"}, (-0.01, 0.21), PASS, -0.01, 0.0, None),
    ({"max_regression": "2%", "level": "warn"}, (0.05, 0.15), WARN, 0.05, 0.04, "worse by 0.05 where 0.04 is allowed"),
]


@pytest.mark.parametrize(("limits", "ends", "verdict", "tested", "limit", "reason"), PAIRED)
def test_paired_regression(
    limits: dict[str, Any],
    ends: tuple[float, float],
    verdict: Verdict,
    tested: float,
    limit: float,
    reason: str | None,
) -> None:
    case = Case.paired(result(2.1, model="new"), result(2.0, model="old"), comparison(0.1, ends))
    check = one(rule(**limits), case)
    assert (check.verdict, check.reason, check.tested) == (verdict, reason, tested)
    assert check.limit == pytest.approx(limit, abs=1e-15)
    assert check.margin == pytest.approx(limit - tested, abs=1e-12)
    assert (check.kind, check.on) == ("max_regression", limits.get("on", "lower"))
    assert (check.value, check.baseline, check.difference, check.model) == (2.1, 2.0, 0.1, "new")


@pytest.mark.parametrize(
    ("on", "verdict", "tested"),
    [(None, PASS, 0.01), ("lower", PASS, 0.01), ("value", FAIL, 0.1), ("upper", FAIL, 0.19)],
)
def test_where_higher_is_better_a_fall_is_a_regression(on: str | None, verdict: Verdict, tested: float) -> None:
    """0.8 fell by 0.1 to 0.7; the difference of -0.1 has the interval from -0.19 to -0.01."""
    new, old = result(0.7, direction="higher"), result(0.8, direction="higher")
    case = Case.paired(new, old, comparison(-0.1, (-0.19, -0.01), direction="higher"))
    check = one(rule(max_regression="2%", on=on), case)
    assert (check.verdict, check.difference) == (verdict, -0.1)
    assert check.tested == pytest.approx(tested, abs=1e-15)
    assert check.limit == pytest.approx(0.016, abs=1e-15)


def test_a_model_that_is_better_passes_every_regression() -> None:
    for direction, difference, ends in (("lower", -0.1, (-0.15, -0.05)), ("higher", 0.1, (0.05, 0.15))):
        for on in ("value", "upper", "lower"):
            new, old = result(1.0, direction=direction), result(1.0 - difference, direction=direction)
            case = Case.paired(new, old, comparison(difference, ends, direction=direction))
            assert one(rule(max_regression="0%", on=on), case).verdict is PASS


def test_a_percent_is_of_the_absolute_baseline() -> None:
    """A log-likelihood of -2 may rise by 2 percent of 2, to -1.96."""
    better = Case(result(-1.97), baseline=-2.0)
    worse = Case(result(-1.95), baseline=-2.0)
    assert [one(rule(max_regression="2%"), case).verdict for case in (better, worse)] == [PASS, FAIL]
    assert one(rule(max_regression="2%"), better).limit == pytest.approx(0.04, abs=1e-15)


@pytest.mark.parametrize(("value", "verdict"), [(2.03, PASS), (2.05, FAIL), (1.0, PASS)])
def test_a_saved_baseline_is_held_by_value(value: float, verdict: Verdict) -> None:
    check = one(rule(max_regression="2%"), Case(result(value, (0.0, 9.0)), baseline=2.0))
    assert (check.on, check.verdict) == ("value", verdict)
    assert check.difference == check.tested == pytest.approx(value - 2.0)


# What cannot be computed.
UNDECIDED: list[tuple[dict[str, Any], Case, str]] = [
    ({"max": 1.0}, Case(result(None)), "no value: no batch has a loss"),
    ({"max": 1.0}, Case(result(None, reason=None, status="overflow")), "no value: overflow"),
    ({"max": 1.0}, Case(result(math.nan)), "the value is not finite"),
    ({"max": 1.0}, Case(result(-math.inf)), "the value is not finite"),
    ({"max": 1.0, "on": "upper"}, Case(result(0.4, count=19)), "no interval: 19 rows, 20 needed"),
    ({"max": 1.0, "on": "upper"}, Case(result(0.4, count=7, unit="set")), "no interval: 7 sets, 20 needed"),
    ({"max": 1.0, "on": "upper"}, Case(result(0.4)), "no interval"),
    ({"max": 1.0, "on": "lower"}, Case(result(0.4, (math.nan, math.nan))), "no interval"),
    ({"max": 1.0, "min_rows": 2}, Case(result(0.4, used=1)), "1 row, 2 needed"),
    ({"max_regression": "2%"}, Case(result(0.4)), "no baseline"),
    ({"max_regression": "2%"}, Case(result(None), baseline=0.4), "no value: no batch has a loss"),
    ({"max_regression": "2%"}, Case(result(0.4), baseline=math.nan), "no baseline"),
    (
        {"max_regression": "2%"},
        Case.saved(result(0.4), "the baseline is of other data"),
        "the baseline is of other data",
    ),
    (
        {"max_regression": "2%"},
        Case(result(0.4), baseline=0.0),
        "the baseline is 0, of which a percent says nothing; floor gives a number",
    ),
    (
        {"max_regression": "2%", "on": "upper"},
        Case(result(0.4, (0.3, 0.5)), baseline=0.4),
        "there is no paired difference to a saved result; give the baseline's predictions",
    ),
    (
        {"max_regression": "2%", "on": "lower"},
        Case(result(0.4, (0.3, 0.5)), baseline=0.4),
        "there is no paired difference to a saved result; give the baseline's predictions",
    ),
    (
        {"max_regression": "2%"},
        Case.paired(result(0.4), result(None), comparison(None, reason="old has no value")),
        "the baseline has no value",
    ),
    (
        {"max_regression": "2%"},
        Case.paired(result(0.4), result(0.3), comparison(None, reason="other rows")),
        "no difference: other rows",
    ),
    (
        {"max_regression": "2%"},
        Case.paired(result(0.4), result(0.3), comparison(0.1, count=12, reason="12 rows, 20 needed")),
        "12 rows, 20 needed",
    ),
    (
        {"max_regression": "2%"},
        Case.paired(result(0.4), result(0.3), comparison(math.nan, (0.0, 0.1))),
        "the difference or what is allowed is not finite",
    ),
    (
        {"max_regression": "2%", "min_rows": 100},
        Case.paired(result(0.4), result(0.3), comparison(0.1, (0.0, 0.2), count=99)),
        "99 rows, 100 needed",
    ),
]


@pytest.mark.parametrize(("limits", "case", "reason"), UNDECIDED)
def test_what_cannot_be_computed_is_inconclusive(limits: dict[str, Any], case: Case, reason: str) -> None:
    check = one(rule(**limits), case)
    assert (check.verdict, check.reason, check.tested, check.margin) == (OPEN, reason, None, None)
    warned = one(rule(**limits, level="warn"), case)
    assert (warned.verdict, warned.reason) == (WARN, reason)


def test_a_slice_without_rows_is_inconclusive() -> None:
    (check,) = judge(rule("pinball:tau=0.8", max=1.0, slice={"country": "DE"}), [])
    assert (check.verdict, check.reason, check.slice) == (OPEN, "no rows in slice country=DE", {"country": "DE"})
    assert (check.loss, check.params, check.limit, check.units) == ("pinball", {"tau": 0.8}, 1.0, "target units")
    assert judge(rule(max_regression=0.1), [])[0].reason == "no rows"


def test_a_floor_serves_a_baseline_of_0() -> None:
    limits = rule(max_regression="2%", floor=0.01)
    assert [one(limits, Case(result(value), baseline=0.0)).verdict for value in (0.01, 0.02)] == [PASS, FAIL]


@pytest.mark.parametrize(("policy", "verdict"), [("fail", FAIL), ("warn", WARN), ("create", WARN)])
def test_a_baseline_that_is_missing(policy: str, verdict: Verdict) -> None:
    case = Case.missing(result(0.4), "base.json", policy)
    check = one(rule(max_regression="2%"), case)
    assert check.verdict is verdict
    assert (check.reason or "").startswith("no baseline: base.json does not exist")
    assert one(rule(max_regression="2%", level="warn"), case).verdict is WARN
    assert one(rule(max=0.5), case).verdict is PASS


def test_a_rule_of_several_limits_has_a_check_for_each() -> None:
    checks = judge(rule(max=0.5, min=0.45, max_regression=0.1), [Case(result(0.4), baseline=0.35)])
    assert [(check.kind, check.verdict) for check in checks] == [("max", PASS), ("min", FAIL), ("max_regression", PASS)]
    assert [check.rule for check in checks] == ["mae max 0.5", "mae min 0.45", "mae max_regression 0.1"]


def test_how_a_rule_reads() -> None:
    written = rule("pinball:tau=0.8", max_regression="2%", floor=0.001, on="upper")
    assert one(written, Case(result(0.4))).rule == "pinball:tau=0.8 max_regression 2% floor 0.001 on upper"
    assert one(rule(max=3.0, name="the main one"), Case(result(0.4))).rule == "the main one max 3"
    paired = Case.paired(result(2.1), result(2.0), comparison(0.1, (0.0, 0.2)))
    assert one(rule(max_regression="2%"), paired).rule == "mae max_regression 2% on lower"


def test_numbers_that_look_alike_are_told_to_the_last_digit() -> None:
    check = one(rule(max=0.3), Case(result(0.1 + 0.2)))
    assert check.verdict is FAIL
    assert check.reason == "0.30000000000000004 is above 0.3"


# --- several slices

DF = 59


def sliced(excess: list[float], stderr: float = 1.0, count: int = DF + 1) -> list[Case]:
    """Slices whose value is so many standard errors above 100, each with its own t interval of 95%."""
    reach = float(stats.t.ppf(0.975, count - 1)) * stderr
    values = [100.0 + number for number in excess]
    return [
        Case(result(v, (v - reach, v + reach), count=count, used=count, slice={"k": str(i)}))
        for i, v in enumerate(values)
    ]


def holm(p_values: list[float], alpha: float) -> list[bool]:
    """Holm's procedure as the paper has it: P(k) <= alpha / (m - k + 1) for all steps up to k."""
    made = [False] * len(p_values)
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] > alpha / (len(p_values) - step):
            break
        made[place] = True
    return made


def test_holm_by_hand() -> None:
    """Of t = 2.5, 2.2, 0.1 with 59 degrees of freedom p is 0.0076, 0.0159, 0.46; the levels are 0.0083, 0.0125.

    Each of the first two alone would fail at 0.025; together only the first does.
    """
    assert [round(float(stats.t.sf(t, DF)), 4) for t in (2.5, 2.2, 0.1)] == [0.0076, 0.0159, 0.4603]
    checks = judge(rule(max=100.0, on="lower", by=("k",)), sliced([2.2, 2.5, 0.1]))
    assert [check.verdict for check in checks] == [PASS, FAIL, PASS]
    alone = [one(rule(max=100.0, on="lower"), case).verdict for case in sliced([2.2, 2.5, 0.1])]
    assert alone == [FAIL, FAIL, PASS]
    # tested at a third, then at a half, where the procedure stops
    third, half = (float(stats.t.ppf(1 - 0.025 / parts, DF)) for parts in (3, 2))
    expected = [102.2 - half, 102.5 - third, 100.1 - half]
    assert [check.tested for check in checks] == pytest.approx(expected, rel=1e-10)


def test_holm_steps_on_after_a_claim_is_made() -> None:
    """Of t = 4, 2.1 p is 0.00009, 0.0200: the second is tested at 0.025 and fails; beside a third it would not."""
    checks = judge(rule(max=100.0, on="lower"), sliced([4.0, 2.1]))
    assert [check.verdict for check in checks] == [FAIL, FAIL]
    checks = judge(rule(max=100.0, on="lower"), sliced([4.0, 2.1, 0.0]))
    assert [check.verdict for check in checks] == [FAIL, PASS, PASS]


def test_proofs_of_many_slices_are_adjusted_too() -> None:
    """The upper bound of each slice must be within the limit: -2.1 alone proves it, two such do not."""
    assert one(rule(max=100.0, on="upper"), sliced([-2.1])[0]).verdict is PASS
    checks = judge(rule(max=100.0, on="upper"), sliced([-2.1, -2.1]))
    assert [check.verdict for check in checks] == [FAIL, FAIL]
    checks = judge(rule(max=100.0, on="upper"), sliced([-2.1, -4.0]))
    assert [check.verdict for check in checks] == [PASS, PASS]


def test_values_are_not_adjusted() -> None:
    checks = judge(rule(max=100.0), sliced([2.2, 2.5, -0.1]))
    assert [check.verdict for check in checks] == [FAIL, FAIL, PASS]


def test_slices_that_cannot_be_decided_do_not_count() -> None:
    cases = [*sliced([2.2]), Case(result(None, slice={"k": "x"})), Case(result(0.4, count=5, slice={"k": "y"}))]
    assert [check.verdict for check in judge(rule(max=100.0, on="lower"), cases)] == [FAIL, OPEN, OPEN]


@repeatable
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8), st.sampled_from(["lower", "upper"]), st.booleans())
def test_verdicts_are_those_of_holm(excess: list[float], on: str, least: bool) -> None:
    limits = rule(min=100.0, on=on) if least else rule(max=100.0, on=on)
    lenient = (on == "upper") if least else (on == "lower")
    worse = [-t if least else t for t in excess]
    made = holm([float(stats.t.sf(t if lenient else -t, DF)) for t in worse], 0.025)
    found = [check.verdict for check in judge(limits, sliced(excess))]
    expected = [(FAIL if claim else PASS) if lenient else (PASS if claim else FAIL) for claim in made]
    assert found == expected


@repeatable
@given(
    st.floats(-50, 50),
    st.floats(0, 20),
    st.integers(20, 5000),
    st.floats(-50, 50),
    st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]),
)
def test_one_slice_is_decided_by_its_interval(
    value: float, stderr: float, count: int, limit: float, level: float
) -> None:
    ci = t_interval(Fraction(value), stderr, count, level)
    assert ci is not None
    case = Case(replace(result(value, count=count), ci=ci))
    assert one(rule(max=limit, on="upper"), case).verdict is (PASS if ci.high <= limit else FAIL)
    assert one(rule(max=limit, on="lower"), case).verdict is (FAIL if ci.low > limit else PASS)
    assert one(rule(min=limit, on="lower"), case).verdict is (PASS if ci.low >= limit else FAIL)
    assert one(rule(min=limit, on="upper"), case).verdict is (FAIL if ci.high < limit else PASS)


def test_an_interval_that_lies_beside_its_value_is_taken_as_it_is() -> None:
    """Resampling can give one. It has no standard error to widen it by, and no division goes wrong."""
    cases = [Case(result(1.0, (1.2, 1.4), slice={"k": str(i)})) for i in range(3)]
    assert [check.verdict for check in judge(rule(max=1.1, on="lower"), cases)] == [FAIL] * 3
    assert [check.verdict for check in judge(rule(max=1.3, on="lower"), cases)] == [PASS] * 3


def test_without_spread_the_values_decide() -> None:
    cases = [Case(result(1.0, (1.0, 1.0), slice={"k": str(i)})) for i in range(3)]
    for on in ("lower", "upper"):
        assert {check.verdict for check in judge(rule(max=1.0, on=on), cases)} == {PASS}
        assert {check.verdict for check in judge(rule(max=0.9, on=on), cases)} == {FAIL}


def test_distances_beyond_all_tables_are_no_trouble() -> None:
    for value, verdict in ((1e300, FAIL), (-1e300, PASS)):
        cases = [Case(result(value, (value, value + 1e-3), slice={"k": str(i)})) for i in range(2)]
        tight = [Case(result(0.0, (-1e-300, 1e-300))), Case(result(0.0, (-1e-300, 1e-300)))]
        assert {check.verdict for check in judge(rule(max=0.0, on="lower"), cases)} == {verdict}
        assert {check.verdict for check in judge(rule(max=-value, on="lower"), tight)} == {verdict}


# --- laws

odd = st.one_of(st.none(), st.just(math.nan), st.just(math.inf), st.just(-math.inf), st.floats(-1e308, 1e308))
ends = st.one_of(st.none(), st.tuples(st.floats(), st.floats()))
on_words = st.sampled_from([None, "value", "upper", "lower"])
limits = st.one_of(
    st.builds(
        lambda x, on: {"max": x, "on": on}, st.floats(-10, 10), st.sampled_from([None, "value", "upper", "lower"])
    ),
    st.builds(
        lambda x, on: {"min": x, "on": on}, st.floats(-10, 10), st.sampled_from([None, "value", "upper", "lower"])
    ),
    st.builds(
        lambda x, on: {"max_regression": x, "on": on},
        st.sampled_from(["0%", "2%", 0.0, 0.5, "1e300%"]),
        on_words,
    ),
)


@settings(repeatable, max_examples=1000)
@given(limits, odd, ends, odd, odd, ends, st.booleans(), st.sampled_from(["lower", "higher"]), st.integers(1, 3))
def test_what_is_not_a_number_never_passes(
    given_limits: dict[str, Any],
    value: float | None,
    ci: tuple[float, float] | None,
    baseline: float | None,
    difference: float | None,
    paired: tuple[float, float] | None,
    with_rows: bool,
    direction: str,
    several: int,
) -> None:
    other = comparison(difference, paired, direction=direction) if with_rows else None
    case = Case(result(value, ci, direction=direction), baseline, other)
    for check in judge(rule(**given_limits), [case] * several):
        used = [value] if "max_regression" not in given_limits else [value, baseline]
        if with_rows and "max_regression" in given_limits:
            used.append(difference)
        if any(number is None or not math.isfinite(number) for number in used):
            assert check.verdict is OPEN
        if check.verdict is PASS:
            assert check.tested is not None
            assert check.limit is not None
            assert check.reason is None
        else:
            assert check.reason
        assert (check.verdict in (PASS, FAIL)) == (check.tested is not None)
        plain = {name: entry for name, entry in check.to_dict().items() if name != "ci"}
        json.dumps(plain, allow_nan=False)


# --- exit codes


def of(*verdicts: Verdict) -> list[Check]:
    plain = one(rule(max=1.0), Case(result(0.4)))
    return [replace(plain, verdict=verdict) for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "policy", "code", "overall"),
    [
        ((PASS, PASS), None, 0, PASS),
        ((PASS, WARN), None, 0, WARN),
        ((PASS, OPEN, FAIL), None, 1, FAIL),
        ((PASS, OPEN, FAIL), "pass", 1, FAIL),
        ((WARN, OPEN), None, 4, OPEN),
        ((WARN, OPEN), "fail", 1, OPEN),
        ((WARN, OPEN), "warn", 0, OPEN),
        ((WARN, OPEN), "pass", 0, OPEN),
        ((), None, 4, OPEN),
        ((PASS,), "fail", 0, PASS),
    ],
)
def test_exit_codes(verdicts: tuple[Verdict, ...], policy: str | None, code: int, overall: Verdict) -> None:
    assert exit_code(of(*verdicts), policy) is ExitCode(code)
    assert verdict_of(of(*verdicts)) is overall
