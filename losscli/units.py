"""From a run of rows to the units of each loss: what is left out, the loss of each row, its weight."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from losscli.arrays import Array, Index, Mask, np
from losscli.data.numbers import Numbers, to_numbers
from losscli.data.table import CellError, Need
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
    """A run of rows whose columns become numbers once, whichever terms ask for them."""

    def __init__(self, batch: Any, needs: Sequence[Need], first_row: int) -> None:
        self.size: int = batch.num_rows
        self.first_row = first_row
        self._batch = batch
        self._place = {need.name: i for i, need in enumerate(needs)}
        self._numbers: dict[str, Numbers] = {}

    def cells(self, name: str) -> Any:
        """The column as Arrow holds it."""
        return self._batch.column(self._place[name])

    def numbers(self, name: str) -> Numbers:
        """The column as numbers.

        Raises:
            CellError: a cell is no number; its row counts within the fragment.
        """
        if name not in self._numbers:
            try:
                self._numbers[name] = to_numbers(self.cells(name), name)
            except CellError as error:
                raise CellError(self.first_row + error.row, error.problem, error.hint) from None
        return self._numbers[name]

    def rounded(self) -> dict[str, int]:
        """For each column read so far, how many whole numbers had no exact float64."""
        return {name: numbers.rounded for name, numbers in self._numbers.items() if numbers.rounded}

    def matching(self, conditions: Sequence[Condition]) -> Mask | None:
        """Which rows fit all conditions; None without conditions."""
        fits: Mask | None = None
        for condition in conditions:
            one = condition.keeps(self.cells(condition.column))
            fits = one if fits is None else fits & one
        return fits


def units_of(term: Term, block: Block, matching: Mask | None, tally: Tally) -> Units:
    """The units of a term in a block; what is left out goes to the tally.

    Raises:
        CellError: a cell is no number.
        DataError: the roles have different numbers of outputs.
    """
    entries = (*term.inputs, term.weight) if term.weight else term.inputs
    parts = {entry.argument: _parts(entry, block) for entry in entries}
    keep = matching
    if matching is not None:
        tally.skip("where", block.size - int(np.count_nonzero(matching)))
    keep = _without_missing(entries, block, keep, tally)
    keep = _inside_domains(entries, parts, block, keep, tally)
    if keep is not None:
        parts = {name: [part[keep] for part in arrays] for name, arrays in parts.items()}
    weights = parts.pop(term.weight.argument)[0] if term.weight else None
    losses = _row_losses(term, parts)
    rows = None if keep is None else np.flatnonzero(keep)
    return _finite(term, Units(losses, weights, rows), block, tally)


def _parts(entry: Input, block: Block) -> list[Array]:
    raw = [part for name in entry.columns for part in block.numbers(name).parts]
    # outside its domain a transform gives NaN or infinity, which no domain of a role contains
    return raw if entry.transform is None else [entry.transform(part) for part in raw]


def _without_missing(entries: Sequence[Input], block: Block, keep: Mask | None, tally: Tally) -> Mask | None:
    absent: Mask | None = None
    for entry in entries:
        for name in entry.columns:
            missing = block.numbers(name).missing
            if missing is None:
                continue
            counted = missing if keep is None else missing & keep
            count = int(np.count_nonzero(counted))
            if count:
                complaint = Complaint("missing", name, "")
                tally.complain(complaint, count, ((row, 0.0) for row in _rows_of(counted, block)))
            absent = counted if absent is None else absent | counted
    if absent is None:
        return keep
    tally.skip("missing", int(np.count_nonzero(absent)))
    return ~absent if keep is None else keep & ~absent


def _inside_domains(
    entries: Sequence[Input], parts: dict[str, list[Array]], block: Block, keep: Mask | None, tally: Tally
) -> Mask | None:
    bad: Mask | None = None
    for entry in entries:
        for i, values in enumerate(parts[entry.argument]):
            if keep is not None:
                # rows that are left out already must not be looked at: their cells may hold anything
                values = np.where(keep, values, entry.domain.inside())
            outside = entry.domain.outside(values)
            if outside is None:
                continue
            name = entry.columns[min(i, len(entry.columns) - 1)]
            raw = block.numbers(name).parts[0 if len(entry.columns) > 1 else i]
            examples = ((row, float(raw[row - 1 - block.first_row])) for row in _rows_of(outside, block))
            complaint = Complaint("invalid", name, entry.allowed, entry.hint)
            tally.complain(complaint, int(np.count_nonzero(outside)), examples)
            bad = outside if bad is None else bad | outside
    if bad is None:
        return keep
    tally.skip("invalid", int(np.count_nonzero(bad)))
    return ~bad if keep is None else keep & ~bad


def _rows_of(mask: Mask, block: Block) -> Iterator[int]:
    """The row numbers of a mask, counted from 1 within the fragment."""
    return (block.first_row + 1 + int(i) for i in np.flatnonzero(mask)[:5])


def _row_losses(term: Term, parts: dict[str, list[Array]]) -> Array:
    """The loss of each row: the mean over its outputs."""
    widest = max(len(arrays) for arrays in parts.values())
    for name, arrays in parts.items():
        if len(arrays) not in (1, widest) or (name in ("target", "pred") and len(arrays) != widest):
            sizes = ", ".join(f"{role} {len(found)}" for role, found in parts.items())
            raise DataError(f"{term.spec.loss.name}: the roles have different numbers of outputs: {sizes}")
    total: Array | None = None
    for output in range(widest):
        arguments = {name: arrays[output if len(arrays) > 1 else 0] for name, arrays in parts.items()}
        losses = term.spec.loss.function(**arguments, **term.values)
        total = losses if total is None else total + losses
    if total is None:
        raise DataError(f"{term.spec.loss.name}: its columns hold empty lists")
    return total if widest == 1 else total / widest


def _finite(term: Term, units: Units, block: Block, tally: Tally) -> Units:
    """Leave out, and count, rows whose loss no float64 can hold."""
    if np.isfinite(np.add.reduce(units.losses)):
        return units
    good = np.isfinite(units.losses)
    if good.all():
        return units
    rows = np.arange(block.size) if units.rows is None else units.rows
    bad = rows[~good]
    name = term.inputs[-1].columns[0]
    complaint = Complaint("invalid", name, f"a value whose {term.spec.loss.name} is a finite float64")
    cells = block.numbers(name).parts[0]
    tally.complain(complaint, len(bad), ((block.first_row + 1 + int(i), float(cells[i])) for i in bad[:5]))
    tally.skip("invalid", len(bad))
    weights = None if units.weights is None else units.weights[good]
    return Units(units.losses[good], weights, rows[good])
