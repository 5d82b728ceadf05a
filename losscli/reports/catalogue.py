"""The catalogue as a table, as JSON and as a page of the docs."""

import json
from collections.abc import Sequence
from typing import Any

from losscli.catalogue import Loss, Parameter

HEADINGS = ("name", "aliases", "roles", "parameters", "task", "convex", "differentiable", "robust", "units")


def catalogue_row(loss: Loss) -> dict[str, str]:
    """What a table shows of a loss, by heading."""
    facts = loss.facts
    return {
        "name": loss.name,
        "aliases": ", ".join(loss.aliases),
        "roles": roles_text(loss),
        "parameters": ", ".join(parameter_text(parameter) for parameter in loss.parameters),
        "task": facts.task,
        "convex": facts.convex,
        "differentiable": facts.differentiable,
        "robust": facts.robust,
        "units": facts.units,
    }


def roles_text(loss: Loss) -> str:
    """The roles, those of which one is enough joined by `or`."""
    needed = [role.name for role in loss.roles if not role.optional]
    return ", ".join([*needed, " or ".join(loss.one_of)] if loss.one_of else needed)


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


def catalogue_table(losses: Sequence[Loss], width: int) -> str:
    """A table for people: what fits the width, wrapped where needed."""
    import io

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = ("name", "roles", "parameters", "convex", "differentiable", "robust", "units")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_lines=False)
    for heading in shown:
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    for loss in losses:
        row = catalogue_row(loss)
        table.add_row(*(Text(row[heading]) for heading in shown))
    stream = io.StringIO()
    Console(file=stream, width=width, no_color=True, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


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
