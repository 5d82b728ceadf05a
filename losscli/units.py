"""From a run of rows to the units of each loss: what is left out, the loss of each row, its weight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from losscli.arrays import Array, Index, Mask, np
from losscli.data.numbers import Numbers, to_numbers
from losscli.data.table import Batch, CellError, Need, different_values
from losscli.data.where import Condition
from losscli.errors import DataError
from losscli.plan import Input, Term
from losscli.tally import Complaint, Tally


@dataclass(slots=True)
class Units:
    """The units of one term in a run of rows.

    Attributes:
        losses: shape (n,).
        weights: shape (n,); None for weights of 1.
        rows: which rows of the run the units are, counted from 0; None where each row is one.
    """

    losses: Array
    weights: Array | None
    rows: Index | None


class Block:
    """A run of rows whose columns become numbers once, whichever terms ask for them.

    Attributes:
        size: how many rows.
        first_row: how many rows of the fragment come before.
        matching: which rows fit all conditions; None without conditions.
    """

    def __init__(
        self,
        batch: Batch,
        needs: Sequence[Need],
        first_row: int,
        parse: Callable[[str], float | None],
        conditions: Sequence[Condition],
    ) -> None:
        self.size = len(batch[0])
        self.first_row = first_row
        self._parse = parse
        self._kinds = {need.name: need.kind for need in needs}
        self._batch = batch
        self._place = {need.name: i for i, need in enumerate(needs)}
        self._numbers: dict[str, Numbers] = {}
        self.matching = self._matching(conditions)

    def has(self, name: str) -> bool:
        """Whether the column was read."""
        return name in self._place

    def some_values(self, name: str) -> list[str]:
        """A few of the different values that the matching rows have in a column."""
        return different_values(self.cells(name), self.matching)[:4]

    def cells(self, name: str) -> Any:
        """The column as Arrow holds it."""
        return self._batch[self._place[name]]

    def numbers(self, name: str) -> Numbers:
        """The column as numbers.

        Raises:
            CellError: a cell is no number; its row counts within the fragment.
        """
        if name not in self._numbers:
            try:
                self._numbers[name] = to_numbers(self.cells(name), name, self._parse, self.matching)
            except CellError as error:
                raise CellError(self.first_row + error.row, error.problem, error.hint) from None
        return self._numbers[name]

    def rounded(self) -> dict[str, int]:
        """For each column read so far, how many whole numbers had no exact float64."""
        return {name: numbers.rounded for name, numbers in self._numbers.items() if numbers.rounded}

    def narrow(self) -> dict[str, str]:
        """The columns read so far whose type has fewer digits than float64, with that type."""
        return {name: numbers.narrow for name, numbers in self._numbers.items() if numbers.narrow}

    def _matching(self, conditions: Sequence[Condition]) -> Mask | None:
        """Which rows fit all conditions; None without conditions."""
        fits: Mask | None = None
        for condition in conditions:
            one = condition.keeps(self.cells(condition.column), self._kinds[condition.column], self._parse)
            fits = one if fits is None else fits & one
        return fits


Parts = dict[str, list[Array]]


def units_of(term: Term, block: Block, tally: Tally, *, trusting: bool = False) -> Units:
    """The units of a term in a block; what is left out goes to the tally.

    Args:
        trusting: whether losses that are not finite are left for the fold to find, which saves a pass over them.

    Raises:
        CellError: a cell is no number.
        DataError: the roles have different numbers of outputs.
    """
    entries = (*term.inputs, term.weight) if term.weight else term.inputs
    rows = None
    if block.matching is not None:
        rows = np.flatnonzero(block.matching)
        tally.skip("where", block.size - rows.size)
    parts = {entry.argument: _parts(entry, block, rows) for entry in entries}
    units = _when_all_is_well(term, entries, parts, block, rows, trusting=trusting)
    if units is None:
        return _sorted_out(term, entries, block, rows, tally)
    tally.clip(_clipped_rows(term, parts))
    return units


def _when_all_is_well(
    term: Term, entries: Sequence[Input], parts: Parts, block: Block, rows: Index | None, *, trusting: bool
) -> Units | None:
    """The units where every row has all its values and they lie inside their domains; None otherwise.

    In the roles that a loss says it reveals, a NaN or infinity makes the loss itself not finite (a test holds every
    loss to that), so one sum over the losses stands for a look at each of those columns.
    """
    for entry in entries:
        if any(block.numbers(name).nulls is not None for name in entry.columns):
            return None
        for values in parts[entry.argument]:
            if not entry.domain.within_bounds(values):
                return None
            if not entry.revealed and not np.isfinite(np.add.reduce(values)):
                return None
    weights = parts[term.weight.argument][0] if term.weight else None
    losses = _row_losses(term, parts)
    if not trusting and not np.isfinite(np.add.reduce(losses)):
        return None
    return Units(losses, weights, rows)


def _sorted_out(term: Term, entries: Sequence[Input], block: Block, rows: Index | None, tally: Tally) -> Units:
    """The units of the rows that are left when those with missing and invalid values are counted and left out."""
    rows = np.arange(block.size) if rows is None else rows
    for entry in entries:
        if entry.optional:
            lacking = block.numbers(entry.columns[0]).missing[rows]
            tally.skip(f"no_{entry.argument}", int(np.count_nonzero(lacking)))
            rows = rows[~lacking]
    absent = np.zeros(rows.size, dtype=bool)
    for name in dict.fromkeys(name for entry in entries for name in entry.columns):
        lacking = block.numbers(name).missing[rows]
        _complain(Complaint("missing", name, ""), lacking, rows, block, tally)
        absent |= lacking
    tally.skip("missing", int(np.count_nonzero(absent)))
    rows = rows[~absent]
    invalid = np.zeros(rows.size, dtype=bool)
    for entry in entries:
        for name in entry.columns:
            for element, cells in enumerate(block.numbers(name).parts):
                outside = entry.domain.outside(_transformed(entry, cells[rows]))
                if outside is not None:
                    complaint = Complaint("invalid", name, entry.allowed, entry.hint)
                    # a row of a list column counts once, whichever of its values are not allowed
                    _complain(complaint, outside & ~invalid, rows, block, tally, element)
                    invalid |= outside
    tally.skip("invalid", int(np.count_nonzero(invalid)))
    rows = rows[~invalid]
    if rows.size == 0:
        return Units(np.zeros(0), None if term.weight is None else np.zeros(0), rows)
    parts = {entry.argument: _parts(entry, block, rows) for entry in entries}
    weights = parts[term.weight.argument][0] if term.weight else None
    tally.clip(_clipped_rows(term, parts))
    return _finite(term, Units(_row_losses(term, parts), weights, rows), block, tally)


def _parts(entry: Input, block: Block, rows: Index | None) -> list[Array]:
    parts = [part for name in entry.columns for part in block.numbers(name).parts]
    if rows is not None:
        parts = [part[rows] for part in parts]
    return [_transformed(entry, part) for part in parts]


def _transformed(entry: Input, cells: Array) -> Array:
    # outside its domain a transform gives NaN or infinity, which no domain of a role contains
    return cells if entry.transform is None else entry.transform(cells)


def _complain(complaint: Complaint, bad: Mask, rows: Index, block: Block, tally: Tally, element: int = 0) -> None:
    count = int(np.count_nonzero(bad))
    if count:
        cells = block.numbers(complaint.column).parts[element]
        first = rows[bad][:5].tolist()
        tally.complain(complaint, count, ((block.first_row + 1 + row, float(cells[row])) for row in first))


def _row_losses(term: Term, parts: Parts) -> Array:
    """The loss of each row: the mean over its outputs."""
    used = {entry.argument: parts[entry.argument] for entry in term.inputs}
    widest = max(len(arrays) for arrays in used.values())
    for name, arrays in used.items():
        if len(arrays) not in (1, widest) or (name in ("target", "pred") and len(arrays) != widest):
            sizes = ", ".join(f"{role} {len(found)}" for role, found in used.items())
            raise DataError(f"{term.spec.loss.name}: the roles have different numbers of outputs: {sizes}")
    total: Array | None = None
    for output in range(widest):
        arguments = {name: arrays[output if len(arrays) > 1 else 0] for name, arrays in used.items()}
        losses = term.spec.loss.function(**arguments, **term.values)
        total = losses if total is None else total + losses
    if total is None:
        raise DataError(f"{term.spec.loss.name}: its columns hold empty lists")
    return total if widest == 1 else total / widest


def _clipped_rows(term: Term, parts: Parts) -> int:
    """In how many rows the loss takes another value for one that lies at the edge of its domain."""
    clipped = term.spec.loss.clipped
    if clipped is None:
        return 0
    used = {entry.argument: parts[entry.argument] for entry in term.inputs}
    rows: Mask | None = None
    for output in range(max(len(arrays) for arrays in used.values())):
        arguments = {name: arrays[output if len(arrays) > 1 else 0] for name, arrays in used.items()}
        mask = clipped(**arguments, **term.values)
        rows = mask if rows is None else rows | mask
    return 0 if rows is None else int(np.count_nonzero(rows))


def _finite(term: Term, units: Units, block: Block, tally: Tally) -> Units:
    """Leave out, and count, rows whose loss no float64 can hold."""
    bad = ~np.isfinite(units.losses)
    if units.rows is None or not bad.any():
        return units
    allowed = f"a value whose {term.spec.loss.name} is a finite float64"
    _complain(Complaint("invalid", term.inputs[-1].columns[0], allowed), bad, units.rows, block, tally)
    tally.skip("invalid", int(np.count_nonzero(bad)))
    good = ~bad
    weights = None if units.weights is None else units.weights[good]
    return Units(units.losses[good], weights, units.rows[good])
