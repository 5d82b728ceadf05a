"""What is wrong with rows: which values are not allowed, named by file row, column and value."""

from typing import Any

from losscli.arguments import beyond_classes
from losscli.arrays import Array, Index, Mask, np
from losscli.block import Block
from losscli.plan import Input, Term
from losscli.tally import Complaint, Tally
from losscli.unit_arrays import Units


def note_missing(name: str, lacking: Mask, rows: Index, block: Block, tally: Tally) -> Mask:
    count = int(np.count_nonzero(lacking))
    if count:
        first = rows[lacking][:5].tolist()
        tally.complain(Complaint("missing", name, ""), count, ((block.first_row + 1 + row, "") for row in first))
    return lacking


def outside_domains(
    entry: Input,
    arrays: list[Array],
    classes: int,
    found: Mask,
    block: Block,
    rows: Index,
    tally: Tally,
    shown: list[Array] | None = None,
) -> Mask:
    """Which rows have a value that is not allowed; each row is complained of once.

    Args:
        shown: the values as the file has them, where the arrays are codes of theirs.
    """
    bad = found.copy()
    for place, values in enumerate(arrays):
        outside = entry.domain.outside(values)
        beyond = beyond_classes(entry, values, classes)
        if beyond is not None:
            outside = beyond if outside is None else outside | beyond
        cells = values if shown is None else shown[place]
        masks = [] if outside is None else [(outside, cells)]
        if outside is None or values.ndim > 1:
            broken = entry.domain.broken_rows(values)
            if broken is not None:
                masks.append((broken, cells))
        for mask, given in masks:
            _complain_of(entry, place, mask, given, bad, block, rows, tally)
            bad |= mask.reshape(len(mask), -1).any(axis=1)
    return bad


def _complain_of(
    entry: Input, place: int, mask: Mask, cells: Array, known: Mask, block: Block, rows: Index, tally: Tally
) -> None:
    """Note the rows of a mask that are not known to be bad yet, by column where a single value is to blame."""
    if mask.ndim > 1 and len(entry.columns) > 1:
        bad = known.copy()
        for i, name in enumerate(entry.columns):
            _note(entry, name, mask[:, i] & ~bad, cells[:, i], block, rows, tally)
            bad |= mask[:, i]
        return
    fresh = mask.reshape(len(mask), -1).any(axis=1) & ~known
    # several outputs may come from one list column
    name = entry.columns[place] if place < len(entry.columns) else entry.columns[0]
    if cells.ndim > 1 and len(entry.columns) > 1:
        name = ", ".join(entry.columns)
    _note(entry, name, fresh, cells, block, rows, tally)


def _note(entry: Input, name: str, fresh: Mask, cells: Array, block: Block, rows: Index, tally: Tally) -> None:
    places = np.flatnonzero(fresh)
    if not places.size:
        return
    # of the elements of a list the first stands for its row
    places = places[np.unique(rows[places], return_index=True)[1]]
    examples = [
        (block.first_row + 1 + int(rows[i]), _shown(name, int(rows[i]), cells[i], block, entry))
        for i in places[:5].tolist()
    ]
    tally.complain(Complaint("invalid", name, entry.allowed, entry.hint), places.size, iter(examples))


def _shown(name: str, row: int, value: Any, block: Block, entry: Input) -> str:
    """The value as the file has it, which a transform has changed since."""
    if entry.transform is not None and entry.layout != "elements" and name in entry.columns:
        raw = block.column(entry, name).values[row]
        value = value if np.ndim(raw) > np.ndim(value) else raw
    if np.ndim(value):
        flat = np.ravel(value).tolist()
        return ", ".join(f"{number:g}" for number in flat[:6]) + (", ..." if len(flat) > 6 else "")
    return block.shown(name, row, float(value)) if block.has(name) else repr(float(value))


def finite_units(term: Term, units: Units, block: Block, tally: Tally) -> Units:
    """Leave out, and count, rows whose loss no float64 can hold."""
    bad: Mask = ~np.isfinite(units.losses)
    if bad.ndim > 1:
        bad = np.any(bad, axis=1)
    if units.rows is None or not bad.any():
        return units
    loss = term.spec.loss
    entry = term.inputs[-1]
    hint = next((_guard(term, e) for e in reversed(term.inputs) if e.argument in loss.guards), "")
    complaint = Complaint("invalid", entry.columns[0], f"a value whose {loss.name} is a finite float64", hint)
    values = block.column(entry, entry.columns[0]).values[units.rows[bad]][:5]
    rows = units.rows[bad][:5].tolist()
    shown = [_shown(entry.columns[0], row, value, block, entry) for row, value in zip(rows, values, strict=True)]
    examples = [(block.first_row + 1 + row, text) for row, text in zip(rows, shown, strict=True)]
    tally.complain(complaint, int(np.count_nonzero(bad)), iter(examples))
    tally.skip("invalid", int(np.count_nonzero(bad)))
    return units.kept(~bad)


def _guard(term: Term, entry: Input) -> str:
    role = next(role for role in term.spec.loss.roles if role.name == entry.argument)
    return term.spec.loss.guard_hint(role, term.values)
