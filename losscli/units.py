"""From a run of rows to the units of each loss: what is left out, the loss of each row, its weight."""

from losscli.arguments import (
    all_arrays,
    batch_widths,
    beyond_classes,
    class_count,
    losses_of,
    observe,
    weights_of,
)
from losscli.arrays import Index, np
from losscli.block import Block, chosen_rows
from losscli.element_units import units_of_lists
from losscli.plan import Term
from losscli.refusals import finite_units, note_missing, outside_domains
from losscli.tally import Tally
from losscli.unit_arrays import Units


def units_of(term: Term, block: Block, tally: Tally, *, trusting: bool = False) -> Units:
    """The units of a term in a block; what is left out goes to the tally.

    Args:
        trusting: whether losses that are not finite are left for the fold to find, which saves a pass over them.

    Raises:
        CellError: a cell is no number, or the columns do not fit together.
    """
    rows = chosen_rows(block)
    if rows is not None:
        tally.skip("where", block.size - rows.size)
    if any(entry.layout == "elements" for entry in term.inputs):
        return units_of_lists(term, block, rows, tally)
    rows = _without_ignored(term, block, rows, tally)
    units = _when_all_is_well(term, block, rows, tally, trusting=trusting)
    return _sorted_out(term, block, rows, tally) if units is None else units


def _without_ignored(term: Term, block: Block, rows: Index | None, tally: Tally) -> Index | None:
    """The rows without those whose label is the one to ignore."""
    role, name = term.spec.loss.ignores or ("", "")
    value = term.values.get(name)
    entry = next((entry for entry in term.inputs if entry.argument == role), None)
    if value is None or entry is None or entry.layout != "one":
        return rows
    labels = block.column(entry, entry.columns[0]).values
    kept = labels != value if rows is None else labels[rows] != value
    if kept.all():
        return rows
    tally.skip("ignored", int(kept.size - np.count_nonzero(kept)))
    return np.flatnonzero(kept) if rows is None else rows[kept]


def _when_all_is_well(term: Term, block: Block, rows: Index | None, tally: Tally, *, trusting: bool) -> Units | None:
    """The units where every row has all its values and they lie inside their domains; None otherwise.

    In the roles that a loss says it reveals, a NaN or infinity makes the loss itself not finite (a test holds every
    loss to that), so one sum over the losses stands for a look at each of those columns.
    """
    for entry in term.entries:
        if any(block.column(entry, name).nulls is not None for name in entry.columns):
            return None
    arrays = all_arrays(term, block, rows)
    classes = class_count(term, arrays)
    for entry in term.entries:
        for values in arrays[entry.argument]:
            if not entry.domain.within_bounds(values) or beyond_classes(entry, values, classes) is not None:
                return None
            if not entry.revealed and not np.isfinite(np.add.reduce(values, axis=None)):
                return None
            if entry.domain.broken_rows(values) is not None:
                return None
    keys = None
    if term.sets.group:
        keys, lacking = block.keys(term.sets.group, rows)
        if lacking.any():
            return None
    losses = losses_of(term, arrays)
    if not trusting and not np.isfinite(np.add.reduce(losses, axis=None)):
        return None
    observe(term, arrays, tally)
    return Units(losses, weights_of(term, arrays), rows, keys, batch_widths(term, arrays))


def _sorted_out(term: Term, block: Block, rows: Index | None, tally: Tally) -> Units:
    """The units of the rows that are left when those with missing and invalid values are counted and left out."""
    rows = np.arange(block.size) if rows is None else rows
    for entry in term.inputs:
        if entry.optional:
            lacking = block.column(entry, entry.columns[0]).missing[rows]
            tally.skip(f"no_{entry.argument}", int(np.count_nonzero(lacking)))
            rows = rows[~lacking]
    rows = _with_values(term, block, rows, tally)
    arrays = all_arrays(term, block, rows)
    classes = class_count(term, arrays)
    invalid = np.zeros(rows.size, dtype=bool)
    for entry in term.entries:
        invalid |= outside_domains(entry, arrays[entry.argument], classes, invalid, block, rows, tally)
    tally.skip("invalid", int(np.count_nonzero(invalid)))
    rows = rows[~invalid]
    if rows.size == 0:
        return Units(np.zeros(0), None if term.weight is None else np.zeros(0), rows)
    arrays = all_arrays(term, block, rows)
    keys = block.keys(term.sets.group, rows)[0] if term.sets.group else None
    units = Units(losses_of(term, arrays), weights_of(term, arrays), rows, keys, batch_widths(term, arrays))
    observe(term, arrays, tally)
    return finite_units(term, units, block, tally)


def _with_values(term: Term, block: Block, rows: Index, tally: Tally) -> Index:
    """The rows that lack nothing, those that do counted."""
    absent = np.zeros(rows.size, dtype=bool)
    seen: set[str] = set()
    for entry in term.entries:
        for name in entry.columns:
            if name not in seen:
                seen.add(name)
                absent |= note_missing(name, block.column(entry, name).missing[rows], rows, block, tally)
    if term.sets.group:
        for name in term.sets.group:
            absent |= note_missing(name, block.keys([name], rows)[1], rows, block, tally)
    tally.skip("missing", int(np.count_nonzero(absent)))
    return rows[~absent]
