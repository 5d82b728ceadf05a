"""From a block of rows to the units of a contest: the models side by side, over the rows that all of them have."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from losscli.arrays import Array, Index, np
from losscli.block import Block
from losscli.cutting import slices_of
from losscli.data.group_keys import Keys
from losscli.data.table import CellError
from losscli.moments import NotFiniteError
from losscli.plan import Contest
from losscli.refusals import note_missing
from losscli.shared_columns import check_same
from losscli.tally import Tally
from losscli.unit_arrays import Units
from losscli.units import units_of

OTHERS = "other_models"
"""Why a row of a model is left out: another model has no value there."""


class InCluster(NamedTuple):
    """The label of a set that is resampled with others."""

    group: object
    cluster: object


def units_of_contest(contest: Contest, block: Block, tallies: Sequence[Tally], *, trusting: bool) -> Units:
    """The units of a contest in a block; what is left out goes to the tally of each model.

    Args:
        trusting: whether losses that are not finite are left for the fold to find.

    Raises:
        CellError: a cell is no number, the columns do not fit together, or the models differ in what they should share.
    """
    parts = [
        units_of(term, block, tally, trusting=trusting) for term, tally in zip(contest.terms, tallies, strict=True)
    ]
    units = parts[0] if len(parts) == 1 else _side_by_side(contest, parts, block, tallies)
    if contest.resampling.cluster:
        units = _with_clusters(contest, units, block, tallies)
    if contest.by:
        units = replace(units, slices=slices_of(contest.by, block, units.rows))
        _note_undefined(contest, block, tallies)
    return units


def _note_undefined(contest: Contest, block: Block, tallies: Sequence[Tally]) -> None:
    """Count for each slice the rows that have no loss, which are among its units no longer."""
    for tally in tallies:
        if tally.undefined_rows is None:
            continue
        keys = slices_of(contest.by, block, tally.undefined_rows)
        tally.undefined_rows = None
        for code in keys.codes.tolist():
            label = keys.labels[code]
            tally.undefined_in[label] = tally.undefined_in.get(label, 0) + 1


def _side_by_side(contest: Contest, parts: list[Units], block: Block, tallies: Sequence[Tally]) -> Units:
    rows = parts[0].rows
    if any(not _same_rows(rows, part.rows) for part in parts[1:]):
        own = [np.arange(len(part.losses)) if part.rows is None else part.rows for part in parts]
        rows = reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), own)
        for tally, had in zip(tallies, own, strict=True):
            tally.skip(OTHERS, had.size - rows.size)
        parts = [part.at(np.searchsorted(had, rows), rows) for part, had in zip(parts, own, strict=True)]
    first = parts[0]
    if not len(first.losses):
        return first
    check_same(contest, [part.keys for part in parts], block, rows)
    # a NaN stands for a result that is not there further on, so here it must not stand for a bad row
    if not contest.gaps and not all(_finite(part.losses) for part in parts):
        raise NotFiniteError
    columns = [part.losses.reshape(len(part.losses), -1) for part in parts]
    widths = tuple(width for part in parts for width in part.widths)
    if len({column.shape[1] for column in columns}) > 1 and not widths:
        raise CellError(
            block.first_row + 1, f"{contest.first.spec.loss.name}: the models have different numbers of classes"
        )
    return replace(first, losses=np.concatenate(columns, axis=1), widths=widths)


def _finite(losses: Array) -> bool:
    # a sum that is finite proves it; one of large losses may not be though each of them is
    return bool(np.isfinite(np.add.reduce(losses, axis=None)) or np.isfinite(losses).all())


def _same_rows(one: Index | None, other: Index | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or bool(np.array_equal(one, other))


def _with_clusters(contest: Contest, units: Units, block: Block, tallies: Sequence[Tally]) -> Units:
    """The units with their clusters, without those that lack one."""
    columns = contest.resampling.cluster
    keys, lacking = block.keys(columns, units.rows)
    if lacking.any():
        rows = np.arange(block.size) if units.rows is None else units.rows
        for tally in tallies:
            for name in columns:
                note_missing(name, block.keys([name], rows)[1], rows, block, tally)
            tally.skip("missing", int(np.count_nonzero(lacking)))
        units, keys = units.kept(~lacking), keys.of(~lacking)
    if units.keys is not None and contest.first.sets.kind == "set":
        return replace(units, keys=_in_clusters(units.keys, keys))
    return replace(units, clusters=keys)


def _in_clusters(groups: Keys, clusters: Keys) -> Keys:
    codes = groups.codes.astype(np.int64) * len(clusters.labels) + clusters.codes
    different, inverse = np.unique(codes, return_inverse=True)
    pairs = [divmod(code, len(clusters.labels)) for code in different.tolist()]
    labels = [InCluster(groups.labels[group], clusters.labels[cluster]) for group, cluster in pairs]
    return Keys(inverse.reshape(-1).astype(np.int64), labels)
