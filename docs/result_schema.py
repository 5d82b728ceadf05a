"""The JSON Schema of results, written from the classes that become JSON, so that the two cannot drift apart."""

import dataclasses
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from losscli.comparison import BETTER, UNCLEAR, UNTESTED, WORSE, Comparison, Slice
from losscli.results import SCHEMA, Input, Penalty, Reduction, Report, Result
from losscli.statistics import Interval
from losscli.verdicts import Check

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
OBJECTS = {Comparison: "comparison", Result: "result", Penalty: "penalty", Interval: "interval", Check: "check"}
OBJECTS[Input] = "input"
SCALARS = ["string", "number", "boolean", "null"]
PARAMS = {"type": [*SCALARS, "array"], "items": {"type": SCALARS}}

# What the annotations of text do not say: which words there are.
WORDS: dict[str, Sequence[str]] = {
    "result.reduction": [entry.value for entry in Reduction if entry is not Reduction.NONE],
    "comparison.reduction": [entry.value for entry in Reduction if entry is not Reduction.NONE],
    "comparison.verdict": [BETTER, WORSE, UNCLEAR, UNTESTED],
    "check.kind": ["max", "min", "max_regression", "min_rows"],
    "check.on": ["value", "upper", "lower"],
    "check.level": ["error", "warn"],
    "penalty.name": ["l1", "l2"],
    **{f"{name}.direction": ["lower", "higher"] for name in ("result", "comparison")},
    **{f"{name}.unit": ["row", "set", "batch"] for name in ("result", "comparison", "check")},
}
# Where JSON has another key than the class.
RENAMED = {"penalty.count": "parameters"}
LEFT_OUT = {"result.warnings", "result.ci_method", "result.effective"}
# Keys that are there only where they say something.
SOMETIMES = {"input": ("files",)}
ADDED = {"result": {"risk": {"description": "The value with the penalties added.", "type": ["number", "null"]}}}


def result_schema() -> str:
    """The schema as JSON."""
    top = _object(Report, "report")
    first = {"schema": {"const": SCHEMA}, "version": {"description": "That of losscli.", "type": "string"}}
    keys = {**first, **top["properties"]}
    order = ("schema", "version", "command", "results", "comparisons", "checks", "verdict", "warnings", "inputs")
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('.', ':').replace('/', ':')}",
        "title": SCHEMA,
        "description": "What -o json of compute, compare and check writes; a line of -o jsonl is a result.",
        **top,
        "properties": {key: keys.pop(key) for key in order},
        "required": list(order),
        "$defs": {name: _object(kind, name) for kind, name in OBJECTS.items()},
    }
    if keys:
        raise TypeError(f"Report has fields that have no place yet: {', '.join(keys)}")
    return json.dumps(whole, indent=1) + "\n"


def _object(kind: Any, name: str) -> dict[str, Any]:
    hints, words = get_type_hints(kind), _descriptions(kind)
    keys: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        path = f"{name}.{field.name}"
        if path not in LEFT_OUT:
            says = {"description": words[field.name]} if field.name in words else {}
            keys[RENAMED.get(path, field.name)] = {**says, **_value(hints[field.name], path)}
    keys.update(ADDED.get(name, {}))
    required = [key for key in keys if key not in SOMETIMES.get(name, ())]
    return {"type": "object", "properties": keys, "required": required, "additionalProperties": False}


def _value(hint: Any, path: str) -> dict[str, Any]:
    """The schema of a value with this annotation."""
    if path in WORDS:
        return {"enum": list(WORDS[path])}
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    if hint in OBJECTS:
        return {"$ref": f"#/$defs/{OBJECTS[hint]}"}
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return {"enum": [entry.value for entry in hint]}
    if hint == Slice:
        # parameters are annotated alike; theirs may be lists too
        return {"type": "object", "additionalProperties": PARAMS if path.endswith("params") else {"type": SCALARS}}
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return _either([_value(part, path) for part in parts])
    if get_origin(hint) is Mapping:
        return {"type": "object", "additionalProperties": _value(parts[1], path)}
    if get_origin(hint) not in (tuple, Sequence):
        raise TypeError(f"{path} is annotated as {hint}, which has no schema yet")
    return {"type": "array", "items": _value(parts[0], path)}


def _either(choices: list[dict[str, Any]]) -> dict[str, Any]:
    if all(set(choice) == {"type"} for choice in choices):
        return {"type": [choice["type"] for choice in choices]}
    return {"anyOf": choices}


def _descriptions(kind: Any) -> dict[str, str]:
    """What the docstring of a class says of its fields."""
    text = inspect.getdoc(kind) or ""
    found: dict[str, str] = {}
    for match in re.finditer(r"(?ms)(?:^    |; )(\w+(?:, \w+)*): (.*?)(?=; \w+: |\n    \w|\Z)", text):
        for name in match[1].split(", "):
            found[name] = re.sub(r"\bNone\b", "null", " ".join(match[2].split())).rstrip(".;")
    return found
