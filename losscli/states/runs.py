"""Rows that are not added up yet: those at both ends of a run of fragments, and those of batches."""

from collections.abc import Sequence
from typing import Any

from losscli.arrays import np
from losscli.fold import BLOCK, FragmentSums, Run
from losscli.resampled import FILE
from losscli.states.labels import LabelTable, keys_at
from losscli.states.numbers import array_list, floats_of, places_of
from losscli.strict import Fields, UnfitError, listed, text, whole
from losscli.unit_arrays import Units

_NAMES = ("losses", "weights", "keys", "widths", "slices", "clusters", "numbers")


def units_fields(units: Units, labels: LabelTable) -> dict[str, Any]:
    """Units as JSON; in a block that is joined later their rows are of no use."""
    return {
        "losses": array_list(units.losses),
        "weights": None if units.weights is None else array_list(units.weights),
        "keys": labels.written(units.keys),
        "widths": [list(width) for width in units.widths],
        "slices": labels.written(units.slices),
        "clusters": labels.written(units.clusters),
        "numbers": None if units.numbers is None else array_list(units.numbers),
    }


def units_of(value: Any, place: str, labels: Sequence[Any]) -> Units:
    """The units that `units_fields` wrote.

    Raises:
        UnfitError: it is damaged.
    """
    fields = Fields(value, place, _NAMES)
    # NaN stands for a result that a unit lacks, see SeveralMoments
    losses = floats_of(*fields.at("losses"), (1, 2), gaps=True)
    weights, at_weights = fields.at("weights")
    numbers, at_numbers = fields.at("numbers")
    widths = [listed(width, place, 2) for width in fields.listed("widths")]
    units = Units(
        losses,
        None if weights is None else floats_of(weights, at_weights, (1,)),
        np.zeros(len(losses), dtype=np.int64),
        keys_at(*fields.at("keys"), labels),
        tuple((text(name, place), whole(width, place, 0, 1 << 30)) for name, width in widths),
        keys_at(*fields.at("slices"), labels),
        keys_at(*fields.at("clusters"), labels),
        None if numbers is None else places_of(numbers, at_numbers, FILE * FILE),
    )
    _check_lengths(units, place)
    return units


def _check_lengths(units: Units, place: str) -> None:
    lengths = {len(part) for part in (units.weights, units.numbers) if part is not None}
    lengths |= {len(keys.codes) for keys in (units.keys, units.slices, units.clusters) if keys is not None}
    if lengths - {len(units.losses)}:
        raise UnfitError(place, "its arrays differ in length")
    if units.weights is not None and units.weights.size and units.weights.min() < 0.0:
        raise UnfitError(place, "has a weight below 0")


def ends_of(start: int, rows: int) -> tuple[int | None, int | None]:
    """How many of so many rows from a start lie before the first bound of a block, and how many after the last.

    None where the rows begin, or end, at a bound.
    """
    before = -start % BLOCK
    if before and rows < before:
        return rows, None
    return before or None, (start + rows) % BLOCK or None


def ends_fields(sums: FragmentSums, labels: LabelTable) -> dict[str, Any]:
    """The rows at both ends as JSON; None where there are none."""
    before, after = [units_fields(run.units, labels) for run in sums.before], None
    if sums.after:
        after = units_fields(sums.after[0].units, labels)
    return {"before": before[0] if before else None, "after": after}


def end_of(value: Any, place: str, labels: Sequence[Any], span: int | None) -> list[Run]:
    """The rows of one end, of which there must be so many."""
    if (value is None) != (span is None):
        raise UnfitError(place, "does not fit the rows")
    if value is None or span is None:
        return []
    units = units_of(value, place, labels)
    if len(units.losses) > span:
        raise UnfitError(place, f"has {len(units.losses)} units of {span} rows")
    return [Run(units, span)]
