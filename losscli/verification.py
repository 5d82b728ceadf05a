"""A saved result beside the same computed now: whether each number agrees to the last bit, and where it does not."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from losscli.comparison import slice_text
from losscli.contrasts import judged
from losscli.data.identity import identities
from losscli.data.pruning import fitting_sources
from losscli.data.sources import Source
from losscli.evaluation import scan
from losscli.records import dataclass
from losscli.request import Request
from losscli.rerun import Job
from losscli.results import Report
from losscli.saved import SavedReport
from losscli.summary import report_of
from losscli.version import __version__

RESULT, COMPARISON = "result", "comparison"
_RESULT_FIELDS: tuple[str, ...] = (
    *("value", "status", "stderr", "ci", "rows", "used", "count", "skipped", "clipped"),
    *("weight_sum", "denominator", "unit", "units", "direction", "transform", "resampling"),
)
_COMPARISON_FIELDS = (
    "baseline",
    "difference",
    "percent",
    "stderr",
    "ci",
    "p_value",
    "p_adjusted",
    "verdict",
    "detectable",
    "count",
    "unit",
    "units",
    "direction",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one saved result or comparison.

    Attributes:
        kind: `result` or `comparison`.
        name: its loss, model and slice.
        field: the first field that differs; None where all agree to the last bit.
        saved, now: what it is in the file, and what it is now.
        digit: the first significant digit that differs, counted from 1; None where it is no number.
        relative: by how much it differs, relative to the saved number; None where that cannot be said.
    """

    kind: str
    name: str
    field: str | None = None
    saved: Any = None
    now: Any = None
    digit: int | None = None
    relative: float | None = None

    @property
    def agrees(self) -> bool:
        """Whether all is as it was."""
        return self.field is None

    def to_dict(self) -> dict[str, Any]:
        """The finding as it stands in JSON."""
        return {"agrees": self.agrees, **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class FileFinding:
    """Whether a file is the one that the result is of; `same` is None where the result does not say."""

    path: str | None
    saved_path: str | None
    same: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The same as it stands in JSON."""
        return {"path": self.path, "saved_path": self.saved_path, "same": self.same}


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a saved report."""

    saved: SavedReport
    findings: Sequence[Finding]
    files: Sequence[FileFinding]

    @property
    def agrees(self) -> bool:
        """Whether every number does."""
        return all(finding.agrees for finding in self.findings)

    def warnings(self) -> Iterator[str]:
        """What a reader should know."""
        if self.saved.version != __version__:
            yield f"the result is of losscli {self.saved.version}, this is {__version__}"
        for file in self.files:
            if file.same is False:
                yield f"{file.path or 'no file'} is not the file of the result, {file.saved_path or 'which has fewer'}"
        if any(entry.get("penalties") for entry in self.saved.results):
            yield "penalties are not computed again: they need the parameters of the model"


def verify(saved: SavedReport, jobs: Sequence[Job], sources: Sequence[Source], threads: int) -> Verification:
    """Compute a saved report again.

    Args:
        sources: the files, each to be read with the options of the job.

    Raises:
        DataError, UsageError: the files cannot be evaluated as the result says.
    """
    requests = [(job, job.request(saved)) for job in jobs]
    # what every part of the command left out by the names of folders
    shared = [one for one in requests[0][1].where if all(one in request.where for _, request in requests)]
    sources = fitting_sources(sources, shared).sources
    reports = [_report(saved, job, request, sources, threads) for job, request in requests]
    comparisons = [entry for report in reports for entry in report.comparisons]
    if len(reports) > 1:
        # p-values are adjusted over all comparisons of the command
        comparisons = judged(comparisons, saved.level())
    results = [entry.to_dict() for report in reports for entry in report.results]
    findings = _findings(RESULT, saved.results, results, _RESULT_FIELDS)
    findings += _findings(COMPARISON, saved.comparisons, [entry.to_dict() for entry in comparisons], _COMPARISON_FIELDS)
    return Verification(saved, findings, list(_files(saved, sources)))


def _report(saved: SavedReport, job: Job, request: Request, sources: Sequence[Source], threads: int) -> Report:
    texts = job.texts()
    openers = [replace(source, options=texts).open for source in sources]
    return report_of(saved.command, scan(openers, request, threads), request, job.reduction, saved.level())


def _files(saved: SavedReport, sources: Sequence[Source]) -> Iterator[FileFinding]:
    for now, was in zip_longest(identities(sources), saved.inputs):
        if now is None or was is None:
            same = None if not saved.inputs else False
            yield FileFinding(now.path if now else None, was.path if was else None, same)
            continue
        yield FileFinding(now.path, was.path, None if was.hash is None else now.hash == was.hash)


def _findings(
    kind: str, saved: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], fields: Sequence[str]
) -> list[Finding]:
    known = {_key(entry): entry for entry in now}
    return [_finding(kind, entry, known.get(_key(entry)), fields) for entry in saved]


def _key(entry: Mapping[str, Any]) -> str:
    return repr([_plain(entry.get(name)) for name in ("loss", "params", "reduction", "model", "slice")])


def _plain(value: Any) -> Any:
    """The same for what JSON made of it: lists for tuples."""
    if isinstance(value, Mapping):
        return [(name, _plain(part)) for name, part in value.items()]
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _finding(kind: str, saved: Mapping[str, Any], now: Mapping[str, Any] | None, fields: Sequence[str]) -> Finding:
    name = " ".join(filter(None, [str(saved.get("loss")), saved.get("model"), slice_text(saved.get("slice"))]))
    if now is None:
        return Finding(kind, name, field="loss", saved=saved.get("loss"))
    for field, was, is_ in _numbers(saved, now, fields):
        if was != is_:
            return Finding(kind, name, field, was, is_, first_difference(was, is_), relative_difference(was, is_))
    return Finding(kind, name)


def _numbers(saved: Mapping[str, Any], now: Mapping[str, Any], fields: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    """Each field with both its values, those of an object one by one."""
    for field in fields:
        if field not in saved:
            # a result of an earlier version does not say it
            continue
        was, is_ = saved[field], now[field]
        if isinstance(was, Mapping) and isinstance(is_, Mapping):
            for name in dict.fromkeys([*was, *is_]):
                yield f"{field}.{name}", was.get(name), is_.get(name)
        else:
            yield field, was, is_


def _number(value: Any) -> float | None:
    # whole numbers in a file have any size; those that no result holds are no numbers here
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > sys.float_info.max:
        return None
    return float(value)


def first_difference(was: Any, is_: Any) -> int | None:
    """The first significant digit in which two numbers differ; None where they are no numbers."""
    one, two = _number(was), _number(is_)
    if one is None or two is None:
        return None
    # the shortest digits that stand for a double, as JSON shows them
    left, right = Decimal(repr(one)), Decimal(repr(two))
    if left.is_signed() != right.is_signed() or left.adjusted() != right.adjusted():
        return 1
    digits = zip_longest(left.as_tuple().digits, right.as_tuple().digits, fillvalue=0)
    return next((place for place, (mine, theirs) in enumerate(digits, start=1) if mine != theirs), None)


def relative_difference(was: Any, is_: Any) -> float | None:
    """How far two numbers lie apart, relative to the first; None where that is 0 or one is no number."""
    one, two = _number(was), _number(is_)
    if one is None or two is None or one == 0.0:
        return None
    difference = abs(two - one) / abs(one)
    return difference if difference - difference == 0.0 else None
