"""The results of a report put together: a block for each loss, in it the slices, in them the models."""

from collections.abc import Mapping, Sequence
from typing import Any

from losscli.catalogue import find
from losscli.comparison import Comparison, Slice
from losscli.records import dataclass
from losscli.reports.rows import plain, result_key
from losscli.results import Report, Result


@dataclass(frozen=True, slots=True)
class Line:
    """What a report says of one loss, slice and model.

    Attributes:
        result: the value.
        comparison: beside the baseline; None for the baseline itself and where nothing is compared.
        best: whether no other model has a better value in this loss and slice, and some have a worse one.
    """

    result: Result
    comparison: Comparison | None
    best: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One loss.

    Attributes:
        name: the loss with the parameters that are not at their defaults.
        baseline: the model that the others are held against; None where nothing is compared.
        lines: the slices in the order of the report, all rows first, and in each slice the models.
    """

    name: str
    baseline: str | None
    lines: Sequence[Line]


def has_parts(report: Report) -> bool:
    """Whether there are models or slices to tell apart."""
    return any(result.model is not None or result.slice is not None for result in report.results)


def blocks(report: Report) -> list[Block]:
    """The losses of a report in its order."""
    comparisons = {result_key(comparison): comparison for comparison in report.comparisons}
    of_loss: dict[str, list[Result]] = {}
    for result in report.results:
        of_loss.setdefault(repr(result_key(result)[:2]), []).append(result)
    return [_block(results, comparisons) for results in of_loss.values()]


def _block(results: Sequence[Result], comparisons: Mapping[Any, Comparison]) -> Block:
    slices: dict[Any, list[Result]] = {None: []}  # all rows stand first wherever they come
    for result in results:
        slices.setdefault(result_key(result)[2], []).append(result)
    models = list(dict.fromkeys(result.model for result in results))
    lines = []
    for inside in slices.values():
        best = _best(inside)
        for result in sorted(inside, key=lambda entry: models.index(entry.model)):
            lines.append(Line(result, comparisons.get(result_key(result)), result.value is not None and result in best))
    baselines = [line.comparison.baseline for line in lines if line.comparison]
    return Block(loss_name(results[0].loss, results[0].params), next(iter(baselines), None), lines)


def _best(results: Sequence[Result]) -> list[Result]:
    values = [result.value for result in results if result.value is not None]
    if len(set(values)) < 2:
        return []
    best = max(values) if results[0].direction == "higher" else min(values)
    return [result for result in results if result.value == best]


def loss_name(loss: str, params: Mapping[str, Any]) -> str:
    """The loss, with the parameters that are not at their defaults."""
    defaults = {parameter.name: parameter.default for parameter in find(loss).parameters}
    return " ".join([loss, *(f"{name}={plain(value)}" for name, value in params.items() if value != defaults[name])])


def slice_columns(parts: Sequence[Slice | None]) -> dict[str, list[str]]:
    """The cells of each column that cuts the rows into slices."""
    names = dict.fromkeys(name for part in parts for name in part or {})
    return {name: [_slice_cell(part, name, place == 0) for part in parts] for place, name in enumerate(names)}


def _slice_cell(part: Slice | None, name: str, first: bool) -> str:
    if part is None:
        return "(all)" if first else ""
    if name not in part:
        return ""
    value = part[name]
    return "(missing)" if value is None else str(value) if value != "" else '""'
