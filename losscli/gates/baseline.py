"""Baselines that were saved: a result read back from its JSON, and whether it is of the same data and the same sum.

What "the same data" can mean: a saved result holds no rows. It holds how many rows and units were used, how many were
left out and why, the sum of their weights, the loss with its parameters, the filters, the policies, the names of the
target and weight columns, a fingerprint of the values of the truth and its weights (all but the first in the
signature), and hashes of the files. Two results are taken to be of the same data where all of these agree; the hash of
a file counts where the file holds the truth alone, since files with predictions differ from model to model. What this
cannot detect: the same values of the truth in other rows. A prediction file as the baseline has the rows, and finds it.
What `losscli compute` saves has no fingerprint.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from losscli.errors import DataError
from losscli.records import dataclass
from losscli.results import Input, Result
from losscli.saved import input_of, saved_values
from losscli.strict import UnfitError, field, listed, mapped, number, or_none, text, whole

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
class SavedBaseline:
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


def read_baseline(path: str) -> SavedBaseline:
    """A report from its JSON.

    Raises:
        DataError: the file cannot be read, was cut off or changed by hand, or has another schema.
    """
    try:
        values = saved_values(path)
        return SavedBaseline(
            path,
            field(values, "version", "", text),
            tuple(_saved_result(v, f"results[{i}]") for i, v in enumerate(field(values, "results", "", listed))),
            tuple(input_of(v, f"inputs[{i}]") for i, v in enumerate(field(values, "inputs", "", listed))),
        )
    except UnfitError as error:
        raise DataError(f"{path} is no saved result: {error}", _SAVE_AGAIN) from error


def match(result: Result, saved: SavedBaseline, truth: Sequence[Input] = ()) -> SavedResult | str:
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


def _counterpart(result: Result, saved: SavedBaseline) -> SavedResult | str:
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


def _saved_result(value: Any, place: str) -> SavedResult:
    entry = mapped(value, place)

    def of(name: str, read: Callable[[Any, str], Any]) -> Any:
        return field(entry, name, place, read)

    return SavedResult(
        loss=of("loss", text),
        params=of("params", mapped),
        reduction=of("reduction", text),
        value=of("value", or_none(number)),
        reason=of("reason", or_none(text)),
        direction=of("direction", text),
        unit=of("unit", text),
        used=of("used", whole),
        count=of("count", whole),
        skipped=of("skipped", mapped),
        weight_sum=of("weight_sum", or_none(number)),
        slice=of("slice", or_none(mapped)),
        model=of("model", or_none(text)),
        signature=of("signature", text),
    )
