"""A result that was saved as JSON, read back with a look at what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from losscli.errors import DataError
from losscli.records import dataclass
from losscli.results import SCHEMA, Input
from losscli.strict import UnfitError, field, json_object, listed, mapped, or_none, text, whole

_KEYS = ("loss", "params", "reduction", "value", "columns", "slice", "model", "signature")


@dataclass(frozen=True, slots=True)
class SavedReport:
    """What `-o json` wrote.

    Attributes:
        path: the file.
        version: that of the losscli that wrote it.
        results, comparisons: as they stand in JSON.
        inputs: the files that it is of; empty where it does not say.
    """

    path: str
    version: str
    command: str
    results: Sequence[Mapping[str, Any]]
    comparisons: Sequence[Mapping[str, Any]]
    inputs: Sequence[Input]

    def level(self) -> float | None:
        """The confidence of its intervals; None where it has none."""
        for entry in (*self.results, *self.comparisons):
            if entry.get("ci"):
                level = mapped(entry["ci"], "ci").get("level")
                if not isinstance(level, float) or not 0.0 < level < 1.0:
                    raise UnfitError("ci.level", "must be a number between 0 and 1")
                return level
        return None


def saved_values(path: str) -> dict[str, Any]:
    """The object of a file that says of itself that it is a saved result.

    Raises:
        DataError: the file cannot be read.
        UnfitError: it is none.
    """
    values = json_object(path)
    if values.get("schema") != SCHEMA:
        raise UnfitError("schema", f"is {str(values.get('schema'))[:40]!r} where a result has {SCHEMA!r}")
    return values


def read_saved(path: str) -> SavedReport:
    """Read a saved result.

    Raises:
        DataError: it cannot be read, or is none.
    """
    try:
        values = saved_values(path)
        results = [_result(entry, f"results[{i}]") for i, entry in enumerate(_entries(values, "results"))]
        comparisons = [
            _comparison(entry, f"comparisons[{i}]") for i, entry in enumerate(_entries(values, "comparisons"))
        ]
        inputs = [input_of(entry, f"inputs[{i}]") for i, entry in enumerate(_entries(values, "inputs"))]
        version, command = text(values.get("version"), "version"), text(values.get("command"), "command")
        saved = SavedReport(path, version, command, results, comparisons, inputs)
        saved.level()
    except UnfitError as error:
        raise DataError(f"{path} is no saved result: {error}", "give what -o json wrote") from error
    if not results:
        raise DataError(f"{path} has no results", "give what -o json of compute or compare wrote")
    return saved


def _entries(values: Mapping[str, Any], name: str) -> Sequence[Any]:
    return listed(values.get(name, []), name)


def _result(value: Any, place: str) -> Mapping[str, Any]:
    result = mapped(value, place)
    lacking = [key for key in _KEYS if key not in result]
    if lacking:
        raise UnfitError(place, f"lacks {', '.join(lacking)}")
    for key in ("loss", "reduction", "signature"):
        text(result[key], f"{place}.{key}")
    if result["model"] is not None:
        text(result["model"], f"{place}.model")
    for key in ("params", "slice", "resampling"):
        if result.get(key) is not None:
            mapped(result[key], f"{place}.{key}")
    for role, names in mapped(result["columns"], f"{place}.columns").items():
        for name in listed(names, f"{place}.columns.{role}"):
            text(name, f"{place}.columns.{role}")
    return result


def _comparison(value: Any, place: str) -> Mapping[str, Any]:
    comparison = mapped(value, place)
    for key in ("loss", "model", "baseline"):
        text(comparison.get(key), f"{place}.{key}")
    if comparison.get("slice") is not None:
        mapped(comparison["slice"], f"{place}.slice")
    return comparison


def input_of(value: Any, place: str) -> Input:
    """A file that was read, as JSON has it.

    Raises:
        UnfitError: it is none.
    """
    entry = mapped(value, place)
    return Input(
        field(entry, "path", place, text),
        field(entry, "bytes", place, or_none(whole)),
        field(entry, "hash", place, or_none(text)),
    )
