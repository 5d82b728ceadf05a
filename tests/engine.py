"""Runs the engine in this process on tables in memory, and says what a result comes to."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from losscli.chance import Chance
from losscli.comparison import Comparison
from losscli.data.arrow import MemoryTable
from losscli.evaluation import scan
from losscli.models import models_in
from losscli.request import Request, make_request
from losscli.results import Reduction, Report, Result
from losscli.summary import report_of


def request_of(losses: Sequence[str], roles: Mapping[str, Any], **asked: Any) -> Request:
    """A request as a command makes it; what is no word of a request is one of slices and chance."""
    own = ("weight", "where", "missing", "invalid", "transform", "group", "batch_size", "classes")
    said = {name: asked.pop(name) for name in own if name in asked}
    plain = {"weight": None, "where": (), "missing": "error", "invalid": "error", "transform": None}
    models = models_in(asked.pop("models", {}))
    parameters = asked.pop("params", {})
    return make_request(losses, roles, parameters, command=None, models=models, chance=Chance(**asked), **plain | said)


def run(table: pa.Table | Sequence[pa.Table], losses: Sequence[str], roles: Mapping[str, Any], **asked: Any) -> Any:
    """The report on a table, or on several as if they were files; its numbers may be None, and tests read them."""
    threads, confidence = asked.pop("threads", 1), asked.pop("confidence", 0.95)
    reduction = Reduction.of(asked.pop("reduction", "mean"))
    request = request_of(losses, roles, **asked)
    tables = [table] if isinstance(table, pa.Table) else list(table)
    openers = [lambda one=one: MemoryTable("t", one) for one in tables]
    return report_of("compare", scan(openers, request, threads), request, reduction, confidence)


def said(result: Result | Comparison) -> tuple[Any, ...]:
    """Every number of a result or a comparison, to the last bit."""
    ci = result.ci and (result.ci.low, result.ci.high, result.ci.method)
    if isinstance(result, Result):
        return result.value, result.stderr, ci, result.count, result.weight_sum, result.denominator, result.reason
    return result.difference, result.stderr, ci, result.count, result.p_value, result.detectable


def in_slice(report: Report, **part: Any) -> list[tuple[Any, ...]]:
    """All numbers of a slice, classes and models in order; of all rows where none is named."""
    found: list[Result | Comparison] = [*report.results, *report.comparisons]
    return [said(entry) for entry in found if _without_class(entry.slice) == part]


def _without_class(part: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (part or {}).items() if name != "class"}
