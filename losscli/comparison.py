"""A paired comparison: by how much a model differs from the baseline, and whether that could be chance."""

from collections.abc import Mapping
from typing import Any

from losscli.records import dataclass
from losscli.statistics import Interval

Slice = Mapping[str, Any]
"""Which part of the rows a number is of: for each column the value that they share, None where it is missing."""

BETTER, WORSE, UNCLEAR, UNTESTED = "better", "worse", "no clear difference", "not tested"


def slice_text(part: Slice | None) -> str:
    """A slice for reading, such as `country=DE age=[18, 65)`; empty for all rows."""
    return " ".join(f"{name}={'(missing)' if value is None else value}" for name, value in (part or {}).items())


def plain_entry(found: Any) -> dict[str, Any]:
    """The attributes of a comparison or a check as JSON has them."""
    entry = {name: getattr(found, name) for name in found.__slots__}
    entry["params"] = dict(found.params)
    entry["slice"] = None if found.slice is None else dict(found.slice)
    entry["ci"] = None if found.ci is None else found.ci.to_dict()
    return entry


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a model differs from the baseline in one loss, over the units that both have.

    Attributes:
        loss, params, reduction: what was computed.
        slice: which part of the rows; None for all.
        model, baseline: the names of the two.
        difference: the value of the model minus that of the baseline; None where one has none, see reason.
        percent: the difference in percent of the absolute value of the baseline; None where that is 0.
        stderr: the standard error of the difference.
        ci: its confidence interval.
        p_value: of a difference at least so far from 0 if there were none, two-sided.
        p_adjusted: the same after Holm, over all comparisons of the command.
        verdict: better, worse, no clear difference, or not tested.
        detectable: the smallest difference that so many units show four times in five.
        units: what the difference is measured in.
        direction: whether `lower` or `higher` is better.
        unit: what has a loss: a `row`, a `set` or a `batch`.
        count: how many of them both models have.
        reason: why there is no difference or no test; None where all is well.
    """

    loss: str
    params: Mapping[str, Any]
    reduction: str
    slice: Slice | None
    model: str
    baseline: str
    difference: float | None
    percent: float | None
    stderr: float | None
    ci: Interval | None
    p_value: float | None
    p_adjusted: float | None
    verdict: str
    detectable: float | None
    units: str
    direction: str
    unit: str
    count: int
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The comparison as it stands in JSON."""
        return plain_entry(self)
