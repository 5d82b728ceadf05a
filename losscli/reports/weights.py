"""Class weights as a table, as text for machines, and in the form that --class-weight takes."""

import csv
import io
import json
from collections.abc import Sequence

from losscli.class_weights import ClassWeight
from losscli.errors import UsageError
from losscli.reports.rows import significant
from losscli.reports.safe import inert_lines, printable, spreadsheet_cell

KINDS = ("table", "plain", "json", "csv")
_HEADINGS = ("class", "count", "balanced", "balanced_normalised", "effective", "effective_normalised")


def class_weight_text(table: Sequence[ClassWeight], scheme: str) -> str:
    """The weights as --class-weight takes them: numbers in the order of classes 0, 1, 2, or names with numbers."""
    weights = [entry.balanced if scheme == "balanced" else entry.effective_normalised for entry in table]
    if any("," in entry.name for entry in table):
        raise UsageError("--class-weight separates classes by commas, and a class has one in its name")
    if [entry.name for entry in table] == [str(place) for place in range(len(table))]:
        return ",".join(map(repr, weights))
    return ",".join(f"{printable(entry.name)}:{weight!r}" for entry, weight in zip(table, weights, strict=True))


def weights_text(table: Sequence[ClassWeight], kind: str, width: int, beta: float) -> str:
    """The weights in one of KINDS."""
    if kind == "json":
        return _json_text(table, beta)
    if kind == "table":
        return _table_text(table, width)
    rows = [list(_HEADINGS), *([entry.name, str(int(entry.count)), *map(repr, _values(entry))] for entry in table)]
    if kind == "plain":
        return "".join("\t".join(printable(cell) for cell in row) + "\n" for row in rows)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([spreadsheet_cell(row[0]), *row[1:]] for row in rows)
    return stream.getvalue()


def _values(entry: ClassWeight) -> tuple[float, ...]:
    return (
        entry.balanced,
        entry.balanced_normalised,
        entry.effective,
        entry.effective_normalised,
    )


def _json_text(table: Sequence[ClassWeight], beta: float) -> str:
    entries = [
        {"class": entry.name, "count": int(entry.count), **dict(zip(_HEADINGS[2:], _values(entry), strict=True))}
        for entry in table
    ]
    usable = not any("," in entry.name for entry in table)
    forms = {scheme: class_weight_text(table, scheme) if usable else None for scheme in ("balanced", "effective")}
    report = {"schema": "losscli.weights/1", "beta": beta, "classes": entries, "class_weight": forms}
    return json.dumps(report, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _table_text(table: Sequence[ClassWeight], width: int) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in _HEADINGS:
        words = heading.replace("_", " ")
        shown.add_column(words, justify="left" if heading == "class" else "right", overflow="fold")
    for entry in table:
        numbers = [f"{int(entry.count):,}", *(significant(value) for value in _values(entry))]
        shown.add_row(Text(printable(entry.name)), *map(Text, numbers))
    stream = io.StringIO()
    console = Console(file=stream, width=width, no_color=True, highlight=False, legacy_windows=False)
    console.print(shown)
    for scheme in ("balanced", "effective") if not any("," in entry.name for entry in table) else ():
        console.print(f"--class-weight {class_weight_text(table, scheme)}", markup=False, soft_wrap=True, emoji=False)
    return inert_lines("\n".join(line.rstrip() for line in stream.getvalue().splitlines())) + "\n"
