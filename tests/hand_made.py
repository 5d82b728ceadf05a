"""Reports made by hand, for the tests of what is written of them."""

from dataclasses import replace
from typing import Any

from losscli.comparison import WORSE, Comparison
from losscli.results import Input, Penalty, Report, Result
from losscli.statistics import Interval
from losscli.verdicts import Check, Verdict

CHECK = Check(
    rule="mae max 0.42",
    kind="max",
    on="value",
    level="error",
    verdict=Verdict.PASS,
    loss="mae",
    params={},
    model=None,
    slice=None,
    value=0.4,
    ci=Interval(0.95, 0.375, 0.425, "t"),
    baseline=None,
    difference=None,
    tested=0.4,
    limit=0.42,
    margin=0.02,
    units="target units",
    unit="row",
    count=1000,
)
RESULT = Result(
    loss="pinball",
    params={"tau": 0.8},
    reduction="mean",
    value=0.175,
    status="ok",
    reason=None,
    stderr=0.0125,
    ci=Interval(0.95, 0.15, 0.2, "t"),
    units="target units",
    direction="lower",
    rows=25,
    used=24,
    unit="row",
    count=24,
    skipped={"missing": 1},
    clipped=0,
    weight_sum=24.0,
    denominator=24.0,
    columns={"target": ["y_true"], "pred": ["y_pred"]},
    transform=None,
    slice=None,
    model=None,
    signature="pinball|tau:0.8|n:24",
)
COMPARISON = Comparison(
    loss="mae",
    params={},
    reduction="mean",
    slice={"country": None, "age": 7},
    model="new",
    baseline="old",
    difference=0.5,
    percent=None,
    stderr=0.25,
    ci=Interval(0.95, 0.01, 0.99, "t"),
    p_value=0.04,
    p_adjusted=0.08,
    verdict=WORSE,
    detectable=0.7,
    units="target units",
    direction="lower",
    unit="row",
    count=40,
)
PENALTY = Penalty("l1", 0.1, 30.0, 3.0, 12, ("w",), "weights.csv")


def check(verdict: Verdict, rule: str = "mae max 0.42", **changes: Any) -> Check:
    """A rule with this verdict."""
    return replace(CHECK, verdict=verdict, rule=rule, **changes)


def gate(*checks: Check, **changes: Any) -> Report:
    """The report of a gate."""
    return Report("check", (), checks=checks, verdict=Verdict.of_all([entry.verdict for entry in checks]), **changes)


FULL = Report(
    "check",
    [RESULT, replace(RESULT, value=None, status="undefined", reason="no rows", ci=None, penalties=(PENALTY,))],
    ["a word"],
    [Input("a.csv", 12, "sha256:00"), Input("-", None, None)],
    [COMPARISON, replace(COMPARISON, difference=None, ci=None, reason="few")],
    [CHECK, check(Verdict.INCONCLUSIVE, value=None, ci=None, tested=None, margin=None, reason="no rows")],
    Verdict.INCONCLUSIVE,
)
