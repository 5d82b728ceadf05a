"""Results: the value of each loss with its uncertainty and everything that can change a digit of it."""

import math
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from losscli.comparison import Comparison, Slice, slice_text
from losscli.errors import UsageError
from losscli.records import dataclass, field
from losscli.statistics import FEWEST_UNITS, Interval
from losscli.verdicts import Check, Verdict
from losscli.version import __version__

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "losscli.result/1"


class Reduction(Enum):
    """How the losses of the units become one number."""

    MEAN = "mean"
    MEAN_COUNT = "mean-count"
    SUM = "sum"
    NONE = "none"
    BATCHMEAN = "batchmean"
    ELEMENTMEAN = "elementmean"

    @classmethod
    def of(cls, name: str) -> "Reduction":
        """The reduction of this name; an underscore is as good as a hyphen."""
        word = name.replace("_", "-")
        if word not in [entry.value for entry in cls]:
            raise UsageError(
                f"there is no reduction {name!r}", hint=f"one of {', '.join(entry.value for entry in cls)}"
            )
        return cls(word)

    def check(self, loss: str, own: Sequence[str]) -> None:
        """Refuse a reduction that only other losses have.

        Args:
            own: the reductions that this loss has besides those of all.
        """
        if self in (Reduction.BATCHMEAN, Reduction.ELEMENTMEAN) and self.value not in own:
            raise UsageError(f"{loss} has no reduction {self.value}", hint="mean, mean-count, sum or none")


def one_is_one(text: str) -> str:
    """The text with `1 row` for `1 rows`."""
    return re.sub(r"\b1 (row|set|cluster|run|batche?)s\b", lambda match: f"1 {match[1].removesuffix('e')}", text)


def too_few(count: int, effective: float | None, over: str) -> str | None:
    """Why there are too few units for an interval; None where there are enough.

    Args:
        effective: how many units of equal weights know as much; None for as many as there are.
        over: what the units are called.
    """
    if count < FEWEST_UNITS:
        return one_is_one(f"{count} {over}, {FEWEST_UNITS} needed")
    # a number that comes of divisions
    if effective is not None and effective < FEWEST_UNITS - 1e-9:
        return one_is_one(f"the weights leave {effective:.3g} {over} of {count}, {FEWEST_UNITS} needed")
    return None


@dataclass(frozen=True, slots=True)
class Penalty:
    """What the parameters of a model add to the risk.

    Attributes:
        name: `l1` or `l2`.
        strength: its factor.
        total: the sum of the sizes or of the squares of the parameters.
        value: the factor times the sum.
        count: how many parameters.
        columns: the columns of the file that they are in.
        path: the file; empty for an array.
    """

    name: str
    strength: float
    total: float
    value: float
    count: int
    columns: tuple[str, ...]
    path: str

    def to_dict(self) -> dict[str, Any]:
        """The penalty as it stands in JSON."""
        return {
            "name": self.name,
            "strength": self.strength,
            "total": self.total,
            "value": self.value,
            "parameters": self.count,
            "columns": list(self.columns),
            "path": self.path,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The value of one loss.

    Attributes:
        loss: its name.
        params: all its parameters; `@column` where one comes from a column.
        reduction: mean, mean-count or sum.
        value: the value in `units`; None where it cannot be said, see `status` and `reason`.
        status: `ok`, or why there is no value.
        reason: the same in words; None where all is well.
        stderr: the standard error of a mean; None for other reductions and for fewer than two units.
        ci: its confidence interval; None where none was asked for or there are too few units.
        units: what the value is measured in.
        direction: whether `lower` or `higher` is better.
        rows: the data rows of the input.
        used: the rows in the value.
        unit: what has a loss: a `row`, a `set` of rows or a `batch`.
        count: how many units there are; for a whole input that is one set, its rows, which the interval is over.
        skipped: the rows that are not, by cause.
        clipped: the used rows in which a parameter such as eps replaced a value.
        weight_sum: the sum of the weights of the used rows.
        denominator: what the sum of the weighted losses was divided by.
        columns: the columns of each role.
        transform: what was applied to target and prediction first; None for nothing.
        slice, model: which part of the rows, and whose predictions; None for all and for the only one.
        signature: everything that can change a digit of the value, in one line.
        penalties: what the parameters of the model add to the risk.
        resampling: what the interval rests on besides the units: clusters, runs of rows, draws; None for the units.
        ci_method: how an interval is made, also where there is none.
        effective: how many units of equal weights know as much as the weighted ones; None for as many as there are.
        warnings: what a reader should know about the number; in JSON they stand beside the results.
    """

    loss: str
    params: Mapping[str, Any]
    reduction: str
    value: float | None
    status: str
    reason: str | None
    stderr: float | None
    ci: Interval | None
    units: str
    direction: str
    rows: int
    used: int
    unit: str
    count: int
    skipped: Mapping[str, int]
    clipped: int
    weight_sum: float | None
    denominator: float | None
    columns: Mapping[str, Sequence[str]]
    transform: str | None
    slice: Slice | None
    model: str | None
    signature: str
    penalties: tuple[Penalty, ...] = ()
    resampling: Mapping[str, Any] | None = None
    ci_method: str = "t"
    effective: float | None = None
    warnings: Sequence[str] = ()

    @property
    def risk(self) -> float | None:
        """The value with the penalties added; None where there are none, or no value."""
        if not self.penalties or self.value is None:
            return None
        return math.fsum([self.value, *(penalty.value for penalty in self.penalties)])

    @property
    def interval_over(self) -> str:
        """What the interval resamples: clusters, runs, the units, or the rows of a single set."""
        how = self.resampling or {}
        if how.get("cluster") or how.get("block"):
            return "clusters" if how.get("cluster") else "runs"
        plural = {"batch": "batches"}
        return "rows" if self.ci_method == "delta" else plural.get(self.unit, f"{self.unit}s")

    def to_dict(self) -> dict[str, Any]:
        """The result as it stands in JSON."""
        hidden = ("warnings", "ci_method", "effective")
        entry = {name: getattr(self, name) for name in self.__slots__ if name not in hidden}
        entry["params"] = dict(self.params)
        entry["skipped"] = dict(self.skipped)
        entry["columns"] = {role: list(names) for role, names in self.columns.items()}
        entry["resampling"] = None if self.resampling is None else dict(self.resampling)
        entry["penalties"] = [penalty.to_dict() for penalty in self.penalties]
        entry["risk"] = self.risk
        entry["slice"] = None if self.slice is None else dict(self.slice)
        entry["ci"] = None if self.ci is None else self.ci.to_dict()
        return entry

    def to_frame(self) -> "pd.DataFrame":
        """The result as a data frame of one row."""
        return frame_of([self])


@dataclass(frozen=True, slots=True)
class Input:
    """One file that was read.

    Attributes:
        path: its name as it was given.
        bytes: its size; None for standard input and other streams.
        hash: of its content, the algorithm before it, or what the server says of it; None where there is none.
        files: how many files of a folder or a pattern it stands for; not there for a single one.
    """

    path: str
    bytes: int | None
    hash: str | None
    files: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The input as it stands in JSON."""
        entry: dict[str, Any] = {"path": self.path, "bytes": self.bytes, "hash": self.hash}
        return entry if self.files is None else {**entry, "files": self.files}


@dataclass(frozen=True, slots=True)
class Report:
    """All that a command has to say.

    Attributes:
        command: its name.
        results: one for each loss.
        warnings: what a reader should know about the numbers.
        inputs: the files.
        comparisons: each model beside the baseline.
        checks: the rules of a gate; verdict: what they come to, None where there is no gate.
    """

    command: str
    results: Sequence[Result]
    warnings: Sequence[str] = ()
    inputs: Sequence[Input] = field(default=())
    comparisons: Sequence[Comparison] = field(default=())
    checks: Sequence[Check] = field(default=())
    verdict: Verdict | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report as it stands in JSON: no time stamps, so that a rerun has the same bytes."""
        return {
            "schema": SCHEMA,
            "version": __version__,
            "command": self.command,
            "results": [result.to_dict() for result in self.results],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "checks": [check.to_dict() for check in self.checks],
            "verdict": self.verdict.value if self.verdict else None,
            "warnings": list(self.warnings),
            "inputs": [entry.to_dict() for entry in self.inputs],
        }

    def to_frame(self) -> "pd.DataFrame":
        """The results as a data frame, one row each."""
        return frame_of(self.results)


def frame_of(results: Sequence[Result]) -> "pd.DataFrame":
    """Results as rows; params, skipped and columns become text, the interval two columns."""
    import pandas as pd

    rows = []
    for result in results:
        row = result.to_dict()
        interval = row.pop("ci") or {"level": None, "low": None, "high": None}
        row.update(ci_level=interval["level"], ci_low=interval["low"], ci_high=interval["high"])
        row["params"] = ",".join(f"{name}={value}" for name, value in result.params.items())
        row["skipped"] = ",".join(f"{cause}={count}" for cause, count in result.skipped.items())
        row["slice"] = slice_text(result.slice) or None
        row["resampling"] = ",".join(f"{name}={value}" for name, value in (result.resampling or {}).items()) or None
        row["penalties"] = ",".join(f"{penalty.name}={penalty.value}" for penalty in result.penalties)
        row["columns"] = ";".join(f"{role}={','.join(names)}" for role, names in result.columns.items())
        rows.append(row)
    return pd.DataFrame(rows)
