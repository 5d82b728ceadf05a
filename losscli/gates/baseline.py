"""Baselines that were saved: a result read back from its JSON, and whether it is of the same data and the same sum.

What "the same data" can mean: a saved result holds no rows. It holds how many rows and units were used, how many were
left out and why, the sum of their weights, the loss with its parameters, the filters, the policies, the names of the
target and weight columns, a fingerprint of the values of the truth and its weights (all but the first in the
signature), and hashes of the files. Two results are taken to be of the same data where all of these agree; the hash of
a file counts where the file holds the truth alone, since files with predictions differ from model to model. What this
cannot detect: the same values of the truth in other rows. A prediction file as the baseline has the rows, and finds it.
What `losscli compute` saves has no fingerprint.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from losscli.errors import DataError
from losscli.gates.entries import finite
from losscli.results import SCHEMA, Input, Result

_TRUTH = "target"
_CONTENT = "truth"
_SAVE_AGAIN = "write it again with --save-baseline"
_BEGINNING = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"schema"\s*:\s*"losscli\.result/')


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What is used of a result that was saved; the attributes are those of `Result`."""

    loss: str
    params: Mapping[str, Any]
    reduction: str
    value: float | None
    reason: str | None
    direction: str
    unit: str
    used: int
    count: int
    skipped: Mapping[str, int]
    weight_sum: float | None
    slice: Mapping[str, Any] | None
    model: str | None
    signature: str


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report that was saved.

    Attributes:
        path: its file.
        version: of the losscli that wrote it.
        results: its results.
        inputs: the files that were read.
    """

    path: str
    version: str
    results: tuple[SavedResult, ...]
    inputs: tuple[Input, ...]


def is_saved_report(path: str) -> bool:
    """Whether a file begins as a saved result does; a prediction file does not, whatever its name."""
    try:
        with Path(path).open("rb") as stream:
            return _BEGINNING.match(stream.read(4096)) is not None
    except OSError:
        return False


def read_saved_report(path: str) -> SavedReport:
    """A report from its JSON.

    Raises:
        DataError: the file cannot be read, was cut off or changed by hand, or has another schema.
    """
    try:
        values = json.loads(Path(path).read_bytes(), parse_constant=_no_number)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        what = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f"{path} is no saved result: it is no JSON{what}", _SAVE_AGAIN) from None
    report = _Fields(values, path, "the report")
    schema = report.text("schema")
    if schema != SCHEMA:
        raise DataError(f"{path} has the schema {schema!r}, not {SCHEMA!r}", _SAVE_AGAIN)
    return SavedReport(
        path,
        report.text("version"),
        tuple(_saved_result(entry) for entry in report.entries("results", "result")),
        tuple(
            Input(entry.text("path"), entry.whole_or_none("bytes"), entry.text_or_none("hash"))
            for entry in report.entries("inputs", "input")
        ),
    )


def match(result: Result, saved: SavedReport, truth: Sequence[Input] = ()) -> SavedResult | str:
    """The saved result that a result may be held against, or why there is none.

    Args:
        truth: the inputs that hold the truth and no prediction; their content must be that of the saved result's.
    """
    found = _counterpart(result, saved)
    if isinstance(found, str):
        return found
    where = f"the baseline {saved.path}"
    if found.value is None:
        return f"{where} has no value: {found.reason or 'it was not defined'}"
    different = _different_sum(result, found)
    if different:
        return f"{where} is another sum: {different}"
    rows = _different_rows(result, found)
    if not rows and _different_truth(result, found):
        rows = "the truth has other values"
    known = {entry.hash for entry in saved.inputs}
    rows = rows or next((f"{entry.path} has changed" for entry in truth if entry.hash not in known), "")
    return f"{where} is of other data: {rows}" if rows else found


def _counterpart(result: Result, saved: SavedReport) -> SavedResult | str:
    """The only saved result of the same loss and slice, or the one of the same model among several."""
    of_loss = [entry for entry in saved.results if entry.loss == result.loss]
    if not of_loss:
        return f"the baseline {saved.path} has no result of {result.loss}"
    params = [entry for entry in of_loss if _plain(entry.params) == _plain(result.params)]
    if not params:
        return (
            f"the baseline {saved.path} has other parameters of {result.loss}: "
            f"{_listed(of_loss[0].params)} where there is {_listed(result.params)}"
        )
    here = [entry for entry in params if _plain(entry.slice or {}) == _plain(result.slice or {})]
    if not here:
        return f"the baseline {saved.path} does not have this slice"
    alike = [entry for entry in here if entry.reduction == result.reduction] or here
    if len(alike) > 1:
        # several rules may be about one loss: with other filters, columns or slices, or with all of it the same
        alike = [entry for entry in alike if not _different_sum(result, entry)] or alike[:1]
    found = _of_model(result, alike)
    return (
        found or f"the baseline {saved.path} has several models, none of which is {result.model or 'the present one'}"
    )


def _of_model(result: Result, alike: Sequence[SavedResult]) -> SavedResult | None:
    """The saved result among several that is of the same model or of the same columns; None where none is."""
    for some in (
        alike,
        [entry for entry in alike if entry.model == result.model],
        [entry for entry in alike if entry.model == result.model and entry.signature == result.signature],
        [entry for entry in alike if entry.signature == result.signature],
    ):
        if some and len({(entry.model, entry.signature, entry.value) for entry in some}) == 1:
            return some[0]
    return None


def _different_sum(result: Result, saved: SavedResult) -> str:
    """The first of what can change a digit, besides rows and predictions, that differs; empty where nothing does."""
    for name in ("reduction", "direction", "unit"):
        if getattr(saved, name) != getattr(result, name):
            return f"its {name} is {getattr(saved, name)} where there is {getattr(result, name)}"
    aside = {*result.columns, "n", _CONTENT} - {_TRUTH, "weight", "group"}
    before, now = (_parts(signature, aside) for signature in (saved.signature, result.signature))
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            then, here = (", ".join(parts.get(name, ["nothing"])) for parts in (before, now))
            word = "version" if name == "v" else name
            return f"its {word} is {then} where there is {here}"
    return ""


def _parts(signature: str, aside: Collection[str] = ()) -> dict[str, list[str]]:
    """The parts of a signature by what they are about, without those that are named."""
    parts: dict[str, list[str]] = {}
    for part in signature.split("|"):
        name, _, value = part.partition(":")
        if name not in aside:
            parts.setdefault(name, []).append(value)
    return parts


def _different_rows(result: Result, saved: SavedResult) -> str:
    """In what the rows differ, as far as counts tell; empty where they do not."""
    for name, words in (("used", "rows"), ("count", f"{result.unit}s"), ("weight_sum", "sum of weights")):
        then, now = getattr(saved, name), getattr(result, name)
        if then != now:
            return f"{then} {words} where there are {now}" if name != "weight_sum" else f"{words} {then}, now {now}"
    if dict(saved.skipped) != dict(result.skipped):
        return f"it left out {_listed(saved.skipped)} where now it is {_listed(result.skipped)}"
    return ""


def _different_truth(result: Result, saved: SavedResult) -> bool:
    """Whether the fingerprints of the truth differ; what compute wrote has none, and tells nothing."""
    before, now = (_parts(signature).get(_CONTENT) for signature in (saved.signature, result.signature))
    return before is not None and now is not None and before != now


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, in which true is not 1."""
    return {
        name: list(value) if isinstance(value, tuple) else str(value) if isinstance(value, bool) else value
        for name, value in values.items()
    }


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "nothing"


def _saved_result(entry: "_Fields") -> SavedResult:
    slice_ = entry.table_or_none("slice")
    return SavedResult(
        loss=entry.text("loss"),
        params=entry.table("params"),
        reduction=entry.text("reduction"),
        value=entry.number_or_none("value"),
        reason=entry.text_or_none("reason"),
        direction=entry.text("direction"),
        unit=entry.text("unit"),
        used=entry.whole("used"),
        count=entry.whole("count"),
        skipped=entry.table("skipped"),
        weight_sum=entry.number_or_none("weight_sum"),
        slice=slice_,
        model=entry.text_or_none("model"),
        signature=entry.text("signature"),
    )


class _Fields:
    """The fields of an object of a saved result, each of its type or refused."""

    def __init__(self, values: Any, path: str, what: str) -> None:
        self._path, self._what = path, what
        if not isinstance(values, dict):
            raise DataError(f"{path} is no saved result: {what} is no object", _SAVE_AGAIN)
        self._values = values

    def text(self, name: str) -> str:
        value = self._value(name)
        return value if isinstance(value, str) else self._refuse(name, "a text")

    def text_or_none(self, name: str) -> str | None:
        return None if self._value(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        value = self._value(name)
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return int(value) if fits else self._refuse(name, "a whole number of 0 or more")

    def whole_or_none(self, name: str) -> int | None:
        return None if self._value(name) is None else self.whole(name)

    def number_or_none(self, name: str) -> float | None:
        value = self._value(name)
        number = finite(value)
        return number if value is None or number is not None else self._refuse(name, "a finite number or null")

    def table(self, name: str) -> dict[str, Any]:
        value = self._value(name)
        return value if isinstance(value, dict) else self._refuse(name, "an object")

    def table_or_none(self, name: str) -> dict[str, Any] | None:
        return None if self._value(name) is None else self.table(name)

    def entries(self, name: str, what: str) -> "list[_Fields]":
        value = self._value(name)
        found = value if isinstance(value, list) else self._refuse(name, "a list")
        return [_Fields(entry, self._path, f"{what} {number}") for number, entry in enumerate(found, 1)]

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise DataError(f"{self._path} is no whole saved result: {self._what} has no {name!r}", _SAVE_AGAIN)
        return self._values[name]

    def _refuse(self, name: str, allowed: str) -> Any:
        raise DataError(f"{self._path} is no saved result: {name!r} of {self._what} is not {allowed}", _SAVE_AGAIN)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")
