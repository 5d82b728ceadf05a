"""Sets that are list columns: the lists of a row are its set, which has one loss."""

from typing import Any

from losscli.arguments import Arrays, arguments_of, beyond_classes, check_shapes, class_count, observe
from losscli.arrays import Array, Index, Mask, np
from losscli.block import Block
from losscli.data.lists import Elements
from losscli.plan import Input, Term
from losscli.refusals import note_missing, outside_domains
from losscli.tally import Complaint, Tally
from losscli.unit_arrays import Units, defined


def units_of_lists(term: Term, block: Block, rows: Index | None, tally: Tally) -> Units:
    """The loss of the set in each row.

    Raises:
        CellError: a column holds no lists of numbers.
    """
    rows = np.arange(block.size) if rows is None else rows
    rows = _complete(term, block, rows, tally)
    arrays, bounds = _flat(term, block, rows)
    invalid = _outside(term, arrays, bounds, rows, block, tally)
    if invalid.any():
        tally.skip("invalid", int(np.count_nonzero(invalid)))
        rows = rows[~invalid]
        arrays, bounds = _flat(term, block, rows)
    if not rows.size:
        return Units(np.zeros(0), None if term.weight is None else np.zeros(0), rows)
    observe(term, arrays, tally)
    addends = term.spec.loss.function(**arguments_of(term, arrays, 0))
    sums = np.stack([_summed(addends[:, i], bounds) for i in range(addends.shape[1])]).T
    for observation in term.spec.loss.observes_sets:
        tally.observe(observation.name, observation.count(sums=sums, **term.values))
    weights = None if term.weight is None else block.column(term.weight, term.weight.columns[0]).values[rows]
    return defined(term, Units(losses_of_sums(term, sums), weights, rows), tally)


def losses_of_sums(term: Term, sums: Any) -> Any:
    """The losses of sets from their sums, of shape (sets,) or (sets, classes); of complex sums they are complex."""
    assert term.spec.loss.of_sums is not None  # noqa: S101 - a loss of sets has it; tells the type checker
    return np.asarray(term.spec.loss.of_sums(sums, **term.values))


def _complete(term: Term, block: Block, rows: Index, tally: Tally) -> Index:
    """The rows in which no list lacks a value and all are of one length; others are counted."""
    absent = np.zeros(rows.size, dtype=bool)
    sizes: list[Index] = []
    names: list[str] = []
    for entry in term.inputs:
        for name in entry.columns:
            elements = block.elements(name, entry.coding)
            sizes.append(np.diff(elements.bounds)[rows])
            names.append(name)
            absent |= note_missing(name, elements.missing[rows], rows, block, tally)
    if term.weight is not None:
        name = term.weight.columns[0]
        absent |= note_missing(name, block.column(term.weight, name).missing[rows], rows, block, tally)
    tally.skip("missing", int(np.count_nonzero(absent)))
    tally.skip("invalid", _uneven(names, sizes, absent, block, rows, tally))
    return rows[~absent]


def _uneven(names: list[str], sizes: list[Index], left_out: Mask, block: Block, rows: Index, tally: Tally) -> int:
    """How many rows have an empty list, which is no set, or lists of several lengths; they are marked as left out."""
    found = 0
    for name, size in zip(names, sizes, strict=True):
        for bad, allowed in (
            (size == 0, "a list of at least one element"),
            (size != sizes[0], f"a list as long as that of {names[0]!r} in the same row"),
        ):
            places = np.flatnonzero(bad & ~left_out)
            if places.size:
                examples = [(block.first_row + 1 + int(rows[i]), f"{size[i]} elements") for i in places[:5].tolist()]
                tally.complain(Complaint("invalid", name, allowed), places.size, iter(examples))
                left_out[places] = True
                found += places.size
    return found


def _flat(term: Term, block: Block, rows: Index) -> tuple[Arrays, Index]:
    """The elements of all rows one after the other, as the loss reads them, and where each row's begin."""
    arrays: Arrays = {}
    bounds = np.zeros(1, dtype=np.int64)
    for entry in term.inputs:
        parts = [_of_rows(block.elements(name, entry.coding), rows, block) for name in entry.columns]
        bounds = parts[0].bounds
        arrays[entry.argument] = [_joined(entry, parts)]
    check_shapes(term, arrays, block, rows)
    return arrays, bounds


def _of_rows(elements: Elements, rows: Index, block: Block) -> Elements:
    return elements.of_rows(None if rows.size == block.size else rows)


def _joined(entry: Input, parts: list[Elements]) -> Array:
    values = parts[0].values if len(parts) == 1 else np.stack([part.values for part in parts]).T
    return values if entry.transform is None else entry.transform(values)


def _outside(term: Term, arrays: Arrays, bounds: Index, rows: Index, block: Block, tally: Tally) -> Mask:
    """Which rows have an element that is not allowed."""
    invalid = np.zeros(rows.size, dtype=bool)
    classes = class_count(term, arrays)
    owners = None
    for entry in term.inputs:
        values = arrays[entry.argument][0]
        fine = entry.domain.within_bounds(values) and np.isfinite(np.add.reduce(values, axis=None))
        if fine and entry.domain.broken_rows(values) is None and beyond_classes(entry, values, classes) is None:
            continue
        owners = np.repeat(np.arange(rows.size), np.diff(bounds)) if owners is None else owners
        known = invalid[owners]
        raw = [_of_rows(block.elements(name), rows, block) for name in entry.columns] if entry.coding else []
        shown = [np.stack([part.values for part in raw], axis=-1).reshape(values.shape)] if raw else None
        bad = outside_domains(entry, [values], classes, known, block, rows[owners], tally, shown)
        invalid[owners[bad & ~known]] = True
    if term.weight is not None:
        weights = block.column(term.weight, term.weight.columns[0]).values[rows]
        invalid |= outside_domains(term.weight, [weights], 0, invalid, block, rows, tally)
    return invalid


def _summed(values: Array, bounds: Index) -> Array:
    """The sum of each run of elements; 0 for an empty one."""
    sums = np.zeros(bounds.size - 1)
    there = np.flatnonzero(np.diff(bounds))
    if there.size:
        sums[there] = np.add.reduceat(values, bounds[:-1][there])
    return sums
