"""Columns as the lines of a table: headings, a rule, and rows in which names are wrapped and numbers are not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from losscli.reports.fitting import GAP, Column, widths, wrapped

if TYPE_CHECKING:
    from rich.text import Text

INDENT = 2
"""Blanks before numbers that stand below their name."""


def table_lines(columns: Sequence[Column], width: int) -> "list[Text]":
    """The table, whose columns fit into the width."""
    from rich.text import Text

    found = widths(columns, width)
    total = sum(found) + GAP * (len(found) - 1)
    heads = _row([column.heading for column in columns], [""] * len(columns), columns, found)
    for line in heads:
        line.stylize("bold")
    lines = [*heads, Text("─" * total)]
    for place in range(len(columns[0].cells)):
        lines += _row(*_cells(columns, place), columns, found)
    return lines


def labelled_lines(labels: Sequence[Column], columns: Sequence[Column], width: int) -> "list[Text]":
    """The same with the labels of a row on a line above its numbers, for names too long for a column."""
    from rich.text import Text

    inner = width - INDENT
    found = widths(columns, inner)
    heads = _row([column.heading for column in columns], [""] * len(columns), columns, found)
    names = "  ".join(label.heading for label in labels)
    lines = [
        Text(line, "bold") for line in [*wrapped(names, width), *(f"{' ' * INDENT}{head.plain}" for head in heads)]
    ]
    lines.append(Text("─" * (INDENT + sum(found) + GAP * (len(found) - 1))))
    for place in range(len(columns[0].cells)):
        texts, styles = _cells(labels, place)
        style = next((style for style in styles if style), "")
        lines += [Text(line, style) for line in wrapped("  ".join(filter(None, texts)), width)]
        lines += [Text(" " * INDENT).append_text(line) for line in _row(*_cells(columns, place), columns, found)]
    return lines


def needs_labels(labels: Sequence[Column], columns: Sequence[Column], width: int) -> bool:
    """Whether names are better on lines of their own: in their columns they would take more lines."""
    found = widths([*labels, *columns], width)
    wrapping = [(label, wide) for label, wide in zip(labels, found, strict=False) if label.narrowest is not None]
    rows = range(len(columns[0].cells))
    return sum(max(len(wrapped(c.cells[row], wide)) for c, wide in wrapping) for row in rows) > 2 * len(rows)


def _cells(columns: Sequence[Column], place: int) -> tuple[list[str], list[str]]:
    return [c.cells[place] for c in columns], [c.styles[place] if c.styles else "" for c in columns]


def _row(texts: Sequence[str], styles: Sequence[str], columns: Sequence[Column], found: Sequence[int]) -> "list[Text]":
    from rich.cells import cell_len
    from rich.text import Text

    cells = [
        wrapped(text, wide) if column.narrowest is not None else text.split("\n")
        for text, column, wide in zip(texts, columns, found, strict=True)
    ]
    lines = []
    for place in range(max(map(len, cells))):
        line = Text()
        for cell, style, column, wide in zip(cells, styles, columns, found, strict=True):
            text = cell[place] if place < len(cell) else ""
            blanks = " " * (wide - cell_len(text))
            line.append("" if column is columns[0] else " " * GAP)
            line.append("" if column.to_left else blanks).append(text, style).append(blanks if column.to_left else "")
        line.rstrip()
        lines.append(line)
    return lines
