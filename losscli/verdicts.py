"""What a gate says: each rule with its verdict, and the verdict of all of them."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from losscli.comparison import Slice, plain_entry
from losscli.records import dataclass
from losscli.statistics import Interval


class Verdict(Enum):
    """What a rule comes to."""

    PASS = "PASS"  # noqa: S105 - no password
    WARN = "WARN"
    INCONCLUSIVE = "INCONCLUSIVE"
    FAIL = "FAIL"

    @classmethod
    def of_all(cls, verdicts: "Sequence[Verdict]") -> "Verdict":
        """That of the worst."""
        order = list(cls)
        return max(verdicts, key=order.index, default=cls.PASS)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule held against a number.

    Attributes:
        rule: the rule as a reader would write it.
        kind: which limit: `max`, `min` or `max_regression`.
        on: which number is held against the limit: the `value`, or the `upper` or `lower` bound of its interval.
        level: whether a rule that does not hold is an `error` or a `warn`ing.
        verdict: what it comes to.
        loss, params, model, slice: what it is about.
        value, ci: the loss of the model, with its interval; None where there is none, see reason.
        baseline: the loss of the baseline, for a regression.
        difference: how much more the model has than the baseline, for a regression.
        tested: the number that is held against the limit.
        limit: the limit, in the units of the loss.
        margin: how far the tested number is from the limit; negative where the rule does not hold.
        units: what these numbers are measured in.
        unit, count: how many rows, sets or batches there are.
        reason: why the verdict is not PASS; None where it is.
    """

    rule: str
    kind: str
    on: str
    level: str
    verdict: Verdict
    loss: str
    params: Mapping[str, Any]
    model: str | None
    slice: Slice | None
    value: float | None
    ci: Interval | None
    baseline: float | None
    difference: float | None
    tested: float | None
    limit: float | None
    margin: float | None
    units: str
    unit: str
    count: int
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The check as it stands in JSON."""
        return {**plain_entry(self), "verdict": self.verdict.value}
