"""What `explain --json` prints: all that is known of a loss, its curve in numbers, keys in a fixed order."""

import json
from typing import Any

from losscli.explanation import Explanation
from losscli.reports.explanation import finite
from losscli.version import __version__

POINTS = 41
"""How many points of the curve there are for each line; odd, so that the middle is one of them."""


def explanation_json(explained: Explanation) -> str:
    """One JSON object, strict: never NaN or Infinity."""
    return json.dumps(_document(explained), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _document(explained: Explanation) -> dict[str, Any]:
    loss, sections = explained.loss, explained.loss.doc.sections
    return {
        "schema": "losscli.explanation/1",
        "version": __version__,
        "command": "explain",
        "loss": loss.name,
        "aliases": list(loss.aliases),
        "summary": loss.doc.summary,
        "formula": _line(sections.get("Formula", "")),
        "unit": {"kind": loss.unit.kind, "unless": loss.unit.unless or None, "meaning": explained.unit},
        "roles": _roles(explained),
        "one_of": [list(form) for form in loss.forms],
        "parameters": _parameters(explained),
        **_facts(explained),
        "reductions": list(loss.reductions),
        "pitfalls": _line(sections.get("Pitfalls", "")),
        "libraries": [{"name": name or None, "text": text} for name, text in explained.libraries],
        "reference": _line(sections.get("Reference", "")),
        "example": {
            "text": _line(sections.get("Example", "").partition(">>>")[0]),
            "steps": [{"source": step.source, "output": step.output} for step in explained.steps],
        },
        "ready": explained.ready,
        "curve": _curve(explained),
    }


def _roles(explained: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "name": role.name,
            "flag": _flag(role.name),
            "optional": role.optional,
            "meaning": explained.loss.doc.arguments[role.name],
            "allowed": role.domain.allowed,
        }
        for role in explained.loss.roles
    ]


def _parameters(explained: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "name": parameter.name,
            "flag": _flag(parameter.name),
            "required": parameter.required,
            "default": parameter.default,
            "given": explained.spec.given.get(parameter.name),
            "meaning": explained.loss.doc.arguments[parameter.name],
            "allowed": parameter.allowed,
        }
        for parameter in explained.loss.parameters
    ]


def _facts(explained: Explanation) -> dict[str, str]:
    facts = explained.loss.facts
    return {
        "task": facts.task,
        "convex": facts.convex,
        "differentiable": facts.differentiable,
        "robust": facts.robust,
        "units": explained.loss.units(explained.values),
        "direction": facts.direction,
    }


def _curve(explained: Explanation) -> dict[str, Any] | None:
    traced = explained.curve(POINTS)
    if traced is None:
        return None
    places = traced.places.tolist()
    return {
        "axis": traced.axis,
        "low": places[0],
        "high": places[-1],
        "params": explained.drawn,
        "lines": [
            {
                "label": line.label or None,
                "points": [
                    {"x": x, "loss": loss, "slope": slope}
                    for x, loss, slope in zip(
                        places, finite(line.losses.tolist()), finite(line.slopes.tolist()), strict=True
                    )
                ],
            }
            for line in traced.lines
        ],
    }


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _line(text: str) -> str:
    return " ".join(text.split())
