"""The catalogue as a table, as JSON and as a page of the docs."""

import json
import re
from collections.abc import Sequence
from typing import Any

from losscli.catalogue import Loss, Parameter

HEADINGS = (
    "name",
    "family",
    "aliases",
    "roles",
    "parameters",
    "unit",
    "task",
    "convex",
    "differentiable",
    "robust",
    "units",
)


def catalogue_row(loss: Loss) -> dict[str, str]:
    """What a table shows of a loss, by heading."""
    facts = loss.facts
    return {
        "name": loss.name,
        "family": loss.family,
        "aliases": ", ".join(loss.aliases),
        "roles": roles_text(loss),
        "parameters": ", ".join(parameter_text(parameter) for parameter in loss.parameters),
        "unit": unit_text(loss),
        "task": facts.task,
        "convex": facts.convex,
        "differentiable": facts.differentiable,
        "robust": facts.robust,
        "units": facts.units,
    }


def roles_text(loss: Loss) -> str:
    """The roles, those of which one is enough joined by `or`."""
    needed = [role.name for role in loss.roles if not role.optional]
    free = [f"[{role.name}]" for role in loss.roles if role.optional and not any(role.name in f for f in loss.forms)]
    one_of = [" or ".join(" with ".join(form) for form in loss.forms)] if loss.forms else []
    return ", ".join([*needed, *one_of, *free])


def unit_text(loss: Loss) -> str:
    """What has a loss; for a batch also the role with which a row has one."""
    return f"{loss.unit.kind}, or row with {loss.unit.unless}" if loss.unit.unless else loss.unit.kind


def parameter_text(parameter: Parameter) -> str:
    """A parameter with its default."""
    if parameter.required:
        return f"{parameter.name} (required)"
    default = parameter.default
    shown = "none" if default is None else str(default).lower() if isinstance(default, bool) else default
    return f"{parameter.name} ({shown:g})" if isinstance(shown, float) else f"{parameter.name} ({shown})"


def catalogue_json(losses: Sequence[Loss]) -> str:
    """All that the catalogue knows, for scripts."""
    return json.dumps([_entry(loss) for loss in losses], indent=1) + "\n"


def _entry(loss: Loss) -> dict[str, Any]:
    facts = loss.facts
    return {
        "name": loss.name,
        "family": loss.family,
        "unit": loss.unit.kind,
        "aliases": list(loss.aliases),
        "summary": loss.doc.summary,
        "formula": loss.doc.sections.get("Formula", ""),
        "roles": [
            {"name": role.name, "optional": role.optional, "allowed": role.domain.allowed} for role in loss.roles
        ],
        "one_of": list(loss.one_of),
        "parameters": [
            {
                "name": parameter.name,
                "required": parameter.required,
                "default": parameter.default,
                "allowed": parameter.allowed,
            }
            for parameter in loss.parameters
        ],
        "task": facts.task,
        "convex": facts.convex,
        "differentiable": facts.differentiable,
        "robust": facts.robust,
        "units": facts.units,
        "direction": facts.direction,
    }


_SHORT = ("convex", "differentiable", "robust")
_WITH_PARAMETERS = 120
_WITH_FACTS = 70
"""Columns of a terminal from which on the parameters, and the properties, have room."""


def catalogue_table(losses: Sequence[Loss], width: int) -> str:
    """A table for people, family by family; a claim with a condition has a star, and explain has the condition."""
    import io

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    facts = ["convex", "differentiable", "robust", "units"] if width >= _WITH_FACTS else []
    shown = ["roles", *(["parameters"] if width >= _WITH_PARAMETERS else []), *facts]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("name", no_wrap=True)
    for heading in shown:
        label = {"differentiable": "smooth"}.get(heading, heading)
        table.add_column(label, overflow="fold", no_wrap=heading in _SHORT)
    family = ""
    for loss in losses:
        if loss.family != family:
            table.add_row(Text(family := loss.family, style="bold"))
        row = catalogue_row(loss)
        cells = [short(row[key]) if key in _SHORT else row[key] for key in shown]
        table.add_row(*map(Text, (f"  {loss.name}", *cells)))
    stream = io.StringIO()
    Console(file=stream, width=width, no_color=True, highlight=False).print(table)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    notes = "* with a condition; `losscli explain NAME` has it, the parameters, pitfalls and an example"
    return "\n".join([*lines, "", notes]) + "\n"


def short(claim: str) -> str:
    """A claim in a word, with a star where there is more to it; a dash where it does not apply."""
    if claim == "not applicable":
        return "-"
    words = re.split(r"[\s:;,]+", claim)
    # "by the margin; no" says no in the end
    answer = words[0] if words[0] in ("yes", "no") else next((word for word in words if word in ("yes", "no")), claim)
    return answer if answer == claim else f"{answer}*"


def catalogue_page(losses: Sequence[Loss]) -> str:
    """The page docs/catalogue.md."""
    lines = [
        "# The catalogue",
        "",
        "Generated from the losses' own signatures and docstrings by `make docs`; e stands for pred - target.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + " --- |" * len(HEADINGS),
    ]
    for loss in losses:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in catalogue_row(loss).values()) + " |")
    for loss in losses:
        lines += ["", *_section(loss)]
    return "\n".join(lines) + "\n"


def _section(loss: Loss) -> list[str]:
    doc = loss.doc
    lines = [f"## {loss.name}", "", doc.summary, "", f"Formula: `{_line(doc.sections['Formula'])}`", ""]
    for role in loss.roles:
        lines.append(f"- `--{role.name.replace('_', '-')}`: {doc.arguments[role.name]} Allowed: {role.domain.allowed}.")
    for parameter in loss.parameters:
        text = doc.arguments[parameter.name]
        lines.append(f"- `--{parameter.name.replace('_', '-')}`: {text} Allowed: {parameter.allowed}.")
    for name in ("Pitfalls", "Libraries", "Reference"):
        lines += ["", f"{name}: {_line(doc.sections[name])}"]
    example = doc.sections["Example"].splitlines()
    return [
        *lines,
        "",
        f"Example: {example[0]}",
        "",
        "```pycon",
        *(line for line in example[1:] if line),
        "```",
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
