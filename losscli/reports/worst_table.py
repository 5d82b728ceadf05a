"""The worst units as a table that fits its width."""

import io
from typing import Any

from losscli.reports.rows import significant
from losscli.reports.safe import inert_lines, printable
from losscli.reports.worst import cell_text, cells_of, headings, notes, number_of, own_headings
from losscli.worst_units import Worst

_WIDEST = 32
"""Columns that a cell may take; longer texts are cut, other outputs have them whole."""
_GAP = 3


def table_text(worst: Worst, width: int) -> str:
    """A table of at most `width` columns: columns of the file for which there is no room are named below it."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    names = [_cut(printable(name)) for name in headings(worst)]
    rows = [[_shown(cell, place) for place, cell in enumerate(cells_of(worst, unit))] for unit in worst.worst]
    own = own_headings(worst)
    loss_at = own.index("loss")
    for row, unit in zip(rows, worst.worst, strict=True):
        row[loss_at] = significant(unit.loss)
    kept = _that_fit([names, *rows], len(own), width)
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(names[:kept]):
        numbers = place < len(own) and own[place] not in ("file", "group", "batch")
        shown.add_column(Text(name), justify="right" if numbers or _is_numeric(worst, place) else "left", no_wrap=True)
    for row in rows:
        shown.add_row(*map(Text, row[:kept]))
    stream = io.StringIO()
    console = Console(file=stream, width=width, no_color=True, highlight=False, legacy_windows=False)
    console.print(shown)
    for line in [*notes(worst), *_cut_off(worst, kept)]:
        console.print(printable(line), markup=False, emoji=False, soft_wrap=False)
    return inert_lines("\n".join(line.rstrip() for line in stream.getvalue().splitlines())) + "\n"


def _shown(cell: Any, place: int) -> str:
    if isinstance(cell, int) and not isinstance(cell, bool) and place == 0:
        return str(cell)
    return _cut(printable(f"{cell:.6g}" if isinstance(cell, float) else cell_text(cell)))


def _cut(text: str) -> str:
    """The text, cut to the room of a cell; wide characters take two columns."""
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= _WIDEST else set_cell_size(text, _WIDEST - 1) + "…"


def _that_fit(lines: list[list[str]], own: int, width: int) -> int:
    """How many columns there is room for; ours are always there."""
    from rich.cells import cell_len

    used, kept = 0, 0
    for column in zip(*lines, strict=True):
        used += max(map(cell_len, column)) + (_GAP if kept else 0)
        if used > width and kept >= own:
            break
        kept += 1
    return kept


def _is_numeric(worst: Worst, place: int) -> bool:
    column = place - len(own_headings(worst))
    cells = [] if column < 0 else [(unit.cells or {}).get(worst.shown[column].name) for unit in worst.worst]
    return bool(cells) and all(isinstance(number_of(cell), (int, float)) for cell in cells)


def _cut_off(worst: Worst, kept: int) -> list[str]:
    left = worst.shown[max(0, kept - len(own_headings(worst))) :]
    if not left:
        return []
    names = ", ".join(shown.name for shown in left[:8]) + (", ..." if len(left) > 8 else "")
    return [f"no room for {len(left)} more {'column' if len(left) == 1 else 'columns'}: {names}; -o csv has all"]
