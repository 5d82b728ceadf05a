"""The worst rows, sets or batches: a table for people, and text for machines."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from losscli.catalogue import find
from losscli.reports.rows import plain
from losscli.reports.safe import markdown_cell, printable, spreadsheet_cell
from losscli.version import __version__
from losscli.worst_units import Place, Worst

KINDS = ("table", "plain", "json", "jsonl", "csv", "markdown")
SCHEMA = "losscli.worst/1"


def worst_text(worst: Worst, kind: str, width: int = 80) -> str:
    """The worst units in one of KINDS; `width` is that of the table."""
    if kind == "table":
        from losscli.reports.worst_table import table_text

        return table_text(worst, width)
    if kind == "json":
        return json.dumps(to_dict(worst), indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    if kind == "jsonl":
        entries = (_entry(worst, place) for place in worst.worst)
        return "".join(json.dumps(entry, ensure_ascii=True, allow_nan=False) + "\n" for entry in entries)
    rows = [headings(worst), *([cell_text(cell) for cell in cells_of(worst, place)] for place in worst.worst)]
    if kind == "plain":
        return "".join("\t".join(map(printable, row)) + "\n" for row in rows)
    if kind == "markdown":
        return _markdown(worst, rows)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([_csv_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def own_headings(worst: Worst) -> list[str]:
    """The headings of what is no column of the file."""
    if worst.unit != "row":
        return ["rank", label_name(worst), "loss", "rows"]
    return ["rank", "row", *(["file", "file_row"] if len(worst.files) > 1 else []), "loss"]


def label_name(worst: Worst) -> str:
    """What tells sets or batches apart: their group or their number."""
    return "group" if "group" in worst.columns else "batch"


def headings(worst: Worst) -> list[str]:
    """All headings; a column of the file that is called like one of ours says that it is one of the file."""
    own = own_headings(worst)
    return [*own, *(f"{shown.name} (column)" if shown.name in own else shown.name for shown in worst.shown)]


def cells_of(worst: Worst, place: Place) -> list[Any]:
    """The cells of a unit under the headings."""
    if worst.unit != "row":
        return [place.rank, _label(place.label), place.loss, place.size]
    where = [place.file, place.file_row] if len(worst.files) > 1 else []
    cells = place.cells or {}
    return [place.rank, place.row, *where, place.loss, *(cells.get(shown.name) for shown in worst.shown)]


def _label(label: Any) -> Any:
    return "|".join(map(str, label)) if isinstance(label, tuple) else label


def cell_text(value: Any) -> str:
    """A cell with all its digits; lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    return json.dumps(_strict(value), ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _csv_cell(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return spreadsheet_cell(cell)
    # a number is no formula, whatever its sign
    return printable(cell)


def number_of(cell: Any) -> Any:
    """The number that a text is; any other cell as it is."""
    if not isinstance(cell, str) or not cell.isascii() or "_" in cell:
        return cell
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


def to_dict(worst: Worst) -> dict[str, Any]:
    """What JSON has; the columns that a loss reads as numbers are numbers, other texts stay as they stand."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "command": "worst",
        "loss": worst.loss,
        "params": dict(worst.params),
        "direction": worst.direction,
        "transform": worst.transform,
        "unit": worst.unit,
        "asked": worst.asked,
        "rows": worst.rows,
        "used": worst.used,
        "count": worst.count,
        "skipped": dict(worst.skipped),
        "undefined": worst.undefined,
        "columns": {role: list(names) for role, names in worst.columns.items()},
        "worst": [_entry(worst, place) for place in worst.worst],
        "warnings": list(worst.warnings),
    }


def _entry(worst: Worst, place: Place) -> dict[str, Any]:
    loss = _strict(place.loss)
    if worst.unit != "row":
        label = list(place.label) if isinstance(place.label, tuple) else place.label
        return {"rank": place.rank, label_name(worst): _strict(label), "loss": loss, "rows": place.size}
    cells = place.cells or {}
    return {
        "rank": place.rank,
        "row": place.row,
        "file": place.file,
        "file_row": place.file_row,
        "loss": loss,
        "cells": {
            shown.name: _strict(number_of(cells.get(shown.name)) if shown.numeric else cells.get(shown.name))
            for shown in worst.shown
        },
    }


def _strict(value: Any) -> Any:
    """The value without floats that JSON has no form for, and without types that it does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if isinstance(value, dict):
        return {name: _strict(item) for name, item in value.items()}
    return value if value is None or isinstance(value, (str, int)) else str(value)


def notes(worst: Worst) -> list[str]:
    """What was computed, and what was left out."""
    defaults = {parameter.name: parameter.default for parameter in find(worst.loss).parameters}
    params = [f"{name}={plain(value)}" for name, value in worst.params.items() if value != defaults[name]]
    of_what = " ".join([worst.loss, *params, *([f"after {worst.transform}"] if worst.transform else [])])
    units = {"row": "rows", "set": "sets", "batch": "batches"}[worst.unit]
    which = "largest" if worst.direction == "lower" else "smallest, for higher is better,"
    many = f"{len(worst.worst):,} " if len(worst.worst) > 1 else ""
    lines = [f"{of_what}: the {many}{which} of {worst.count:,} {units}"]
    lines.append("columns: " + " ".join(f"{role}={','.join(names)}" for role, names in worst.columns.items()))
    if worst.skipped:
        left_out = ",".join(f"{cause}={count}" for cause, count in worst.skipped.items())
        lines.append(f"left out of {worst.rows:,} rows: {left_out}")
    return lines


def _markdown(worst: Worst, rows: Sequence[Sequence[str]]) -> str:
    numeric = {"rank", "row", "file_row", "loss", "rows"}
    ours = own_headings(worst)
    rules = ["---:" if name in numeric and place < len(ours) else "---" for place, name in enumerate(rows[0])]
    lines = ["| " + " | ".join(map(markdown_cell, rows[0])) + " |", "| " + " | ".join(rules) + " |"]
    lines += ["| " + " | ".join(map(markdown_cell, row)) + " |" for row in rows[1:]]
    lines += ["", *(f"- {markdown_cell(line)}" for line in [*notes(worst), *worst.warnings])]
    return "\n".join(lines) + "\n"
