"""Reports made by hand: models, slices and rules, without a file and without the engine."""

from collections.abc import Mapping
from typing import Any

from losscli.comparison import BETTER, UNCLEAR, WORSE, Comparison
from losscli.results import Report, Result
from losscli.statistics import Interval
from losscli.verdicts import Check, Verdict

Slice = Mapping[str, Any] | None


def result(value: float | None, model: str | None = None, part: Slice = None, **fields: Any) -> Result:
    """A mean absolute error whose interval reaches 1/4 to both sides."""
    given: dict[str, Any] = {
        "loss": "mae",
        "params": {},
        "reduction": "mean",
        "value": value,
        "status": "ok" if value is not None else "overflow",
        "reason": None if value is not None else "the sum is beyond the largest float64",
        "stderr": None if value is None else 0.125,
        "ci": None if value is None else Interval(0.95, value - 0.25, value + 0.25, "t"),
        "units": "target units",
        "direction": "lower",
        "rows": 40,
        "used": 40,
        "unit": "row",
        "count": 40,
        "skipped": {},
        "clipped": 0,
        "weight_sum": 40.0,
        "denominator": 40.0,
        "columns": {"target": ["y"], "pred": [model or "p"]},
        "transform": None,
        "slice": part,
        "model": model,
        "signature": "",
    }
    return Result(**{**given, **fields})


def comparison(difference: float | None, reach: float, model: str, part: Slice = None, **fields: Any) -> Comparison:
    """A model beside the model `old`."""
    low, high = (difference - reach, difference + reach) if difference is not None else (0.0, 0.0)
    given: dict[str, Any] = {
        "loss": "mae",
        "params": {},
        "reduction": "mean",
        "slice": part,
        "model": model,
        "baseline": "old",
        "difference": difference,
        "percent": None if difference is None else difference / 2.0 * 100.0,
        "stderr": None if difference is None else reach / 2.0,
        "ci": None if difference is None else Interval(0.95, low, high, "t"),
        "p_value": 0.25,
        "p_adjusted": 0.5,
        "verdict": BETTER if high < 0.0 else WORSE if low > 0.0 else UNCLEAR,
        "detectable": 0.75,
        "units": "target units",
        "direction": "lower",
        "unit": "row",
        "count": 40,
    }
    return Comparison(**{**given, **fields})


def two_models(part: Slice = None) -> Report:
    """The old model with 2, a new one with 1.5."""
    results = [result(2.0, "old", part), result(1.5, "new", part)]
    return Report("compare", results, comparisons=[comparison(-0.5, 0.25, "new", part)])


def models_and_slices(models: list[str], parts: list[Slice]) -> Report:
    """Each model in each slice, with values and differences of many sizes."""
    results, comparisons = [], []
    for row, part in enumerate(parts):
        for place, model in enumerate(models):
            difference = (place - len(models) / 3.0) * 0.37 * (-1) ** row
            results.append(result(2.0 + (difference if place else 0.0), model, part, count=40 + 1000 * row))
            if place:
                comparisons.append(comparison(difference, 0.4, model, part, baseline=models[0]))
    return Report("compare", results, comparisons=comparisons)


def check(verdict: Verdict, value: float, limit: float, **fields: Any) -> Check:
    """A rule for the mean absolute error."""
    given: dict[str, Any] = {
        "rule": f"mae max {limit:g}",
        "kind": "max",
        "on": "value",
        "level": "warn" if verdict is Verdict.WARN else "error",
        "verdict": verdict,
        "loss": "mae",
        "params": {},
        "model": None,
        "slice": None,
        "value": value,
        "ci": Interval(0.95, value - 0.25, value + 0.25, "t"),
        "baseline": None,
        "difference": None,
        "tested": value,
        "limit": limit,
        "margin": limit - value,
        "units": "target units",
        "unit": "row",
        "count": 40,
        "reason": None if verdict is Verdict.PASS else "above the limit",
    }
    return Check(**{**given, **fields})


def checks(*found: Check) -> Report:
    """The report of a gate."""
    return Report("check", [], checks=found, verdict=Verdict.of_all([entry.verdict for entry in found]))
