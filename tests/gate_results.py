"""Results and comparisons for the tests of the gate, made by hand."""

from typing import Any

from losscli.comparison import Comparison
from losscli.gates.rule import Rule, regression_of
from losscli.results import Result
from losscli.specs import parse_spec
from losscli.statistics import Interval

UNITS = 442


def interval(low: float, high: float, level: float = 0.95) -> Interval:
    return Interval(level, low, high, "t")


def result(value: float | None = 0.4, ci: tuple[float, float] | None = None, **other: Any) -> Result:
    """A mean absolute error of so much."""
    fields: dict[str, Any] = {
        "loss": "mae",
        "params": {},
        "reduction": "mean",
        "value": value,
        "status": "ok" if value is not None else "undefined",
        "reason": None if value is not None else "no batch has a loss",
        "stderr": None,
        "ci": None if ci is None else interval(*ci),
        "units": "target units",
        "direction": "lower",
        "rows": UNITS,
        "used": UNITS,
        "unit": "row",
        "count": UNITS,
        "skipped": {},
        "clipped": 0,
        "weight_sum": float(UNITS),
        "denominator": float(UNITS),
        "columns": {"target": ["y_true"], "pred": ["y_pred"]},
        "transform": None,
        "slice": None,
        "model": None,
        "signature": signature(),
    }
    return Result(**{**fields, **other})


def signature(pred: str = "y_pred", count: int = UNITS, middle: str = "", version: str = "0.1.0") -> str:
    """As summary.py writes it for a mean absolute error."""
    return f"mae|red:mean|w:none|n:{count}|target:y_true|pred:{pred}{middle}|missing:error|invalid:error|v:{version}"


def comparison(
    difference: float | None, ci: tuple[float, float] | None = None, count: int = UNITS, **other: Any
) -> Comparison:
    """A paired difference of so much."""
    fields: dict[str, Any] = {
        "loss": "mae",
        "params": {},
        "reduction": "mean",
        "slice": None,
        "model": "new",
        "baseline": "old",
        "difference": difference,
        "percent": None,
        "stderr": None,
        "ci": None if ci is None else interval(*ci),
        "p_value": None,
        "p_adjusted": None,
        "verdict": "not tested",
        "detectable": None,
        "units": "target units",
        "direction": "lower",
        "unit": "row",
        "count": count,
        "reason": None,
    }
    return Comparison(**{**fields, **other})


def rule(
    loss: str = "mae", max_regression: str | float | None = None, floor: float | None = None, **other: Any
) -> Rule:
    """A rule of these limits."""
    made = Rule(loss, parse_spec(loss), regression=regression_of("test", max_regression, floor), **other)
    made.check("test")
    return made
