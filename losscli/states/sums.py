"""What units add up to, as JSON and back: a short part for each kind of state."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from losscli.batches import BatchRows
from losscli.described import Described
from losscli.exact_sums import ExactSums
from losscli.fold import State
from losscli.grouped import GroupSums
from losscli.joint import JointMoments, SeveralMoments
from losscli.moments import Moments
from losscli.resampled import Clustered, Resampled
from losscli.slicing import Sliced
from losscli.states.labels import LabelTable, labels_at
from losscli.states.numbers import array_list, floats_of, places_of, whole_of, whole_text
from losscli.states.runs import units_fields, units_of
from losscli.strict import Fields, UnfitError, listed, whole


def sums_fields(state: State, labels: LabelTable) -> Any:
    """A state as JSON; its labels go to the table. Groups must not be settled yet, and no distribution is kept."""
    if isinstance(state, Described):
        return sums_fields(state.state, labels)
    if isinstance(state, Moments):
        return _moments_list(state)
    if isinstance(state, JointMoments):
        products = [[j, other, whole_text(value)] for (j, other), value in state.products.items()]
        return {"series": [_moments_list(part) for part in state.series], "products": products}
    if isinstance(state, SeveralMoments):
        return {"series": [_moments_list(part) for part in state.series], "absent": list(state.absent)}
    if isinstance(state, GroupSums):
        blocks = [
            [array_list(labels.numbers(block.labels)), array_list(block.sums), array_list(block.counts)]
            for block in state.blocks
        ]
        return {"rows": state.rows, "weighted": state.weighted, "blocks": blocks}
    if isinstance(state, BatchRows):
        return {"rows": [units_fields(units, labels) for units in state.blocks]}
    if isinstance(state, Clustered):
        return {"plain": sums_fields(state.plain, labels), "clusters": sums_fields(state.clusters, labels)}
    if isinstance(state, Resampled):
        sums = [whole_text(value) for value in state.sums.wholes(state.draws, state.width)]
        return {"plain": sums_fields(state.plain, labels), "sums": sums, "width": state.width}
    parts = [[int(labels.numbers([label])[0]), sums_fields(part, labels)] for label, part in state.parts.items()]
    return {"whole": sums_fields(state.whole, labels), "parts": parts}


def fill(state: State, value: Any, place: str, labels: Sequence[Any]) -> None:
    """Add to an empty state, of the kind that the loss asks for, what `sums_fields` wrote of one.

    Raises:
        UnfitError: it is of another kind, or damaged.
    """
    if isinstance(state, Described):
        fill(state.state, value, place, labels)
    elif isinstance(state, Moments):
        state += _moments_of(value, place)
    elif isinstance(state, JointMoments):
        _fill_joint(state, Fields(value, place, ("series", "products")))
    elif isinstance(state, SeveralMoments):
        fields = Fields(value, place, ("series", "absent"))
        state.series = _series(fields)
        state.absent = [whole(count, place) for count in fields.listed("absent", len(state.series))]
    elif isinstance(state, GroupSums):
        _fill_groups(state, Fields(value, place, ("rows", "weighted", "blocks")), labels)
    elif isinstance(state, BatchRows):
        fields = Fields(value, place, ("rows",))
        state.blocks = [units_of(units, f"{place}.rows", labels) for units in fields.listed("rows")]
    elif isinstance(state, Clustered):
        fields = Fields(value, place, ("plain", "clusters"))
        fill(state.plain, *fields.at("plain"), labels)
        fill(state.clusters, *fields.at("clusters"), labels)
    elif isinstance(state, Resampled):
        _fill_draws(state, Fields(value, place, ("plain", "sums", "width")), labels)
    else:
        _fill_slices(state, Fields(value, place, ("whole", "parts")), labels)


def _moments_list(moments: Moments) -> list[Any]:
    count, *sums = astuple(moments)
    return [count, *map(whole_text, sums)]


def _moments_of(value: Any, place: str) -> Moments:
    count, *sums = listed(value, place, 6)
    return Moments(whole(count, place), *(whole_of(part, place) for part in sums))


def _series(fields: Fields) -> list[Moments]:
    return [_moments_of(part, f"{fields.place}.series") for part in fields.listed("series")]


def _fill_joint(state: JointMoments, fields: Fields) -> None:
    state.series = _series(fields)
    last = max(0, len(state.series) - 1)
    for product in fields.listed("products"):
        j, other, value = listed(product, fields.place, 3)
        pair = whole(j, fields.place, 0, last), whole(other, fields.place, 0, last)
        state.products[pair] = whole_of(value, fields.place)


def _fill_groups(state: GroupSums, fields: Fields, labels: Sequence[Any]) -> None:
    state.rows = fields.whole("rows")
    state.weighted = fields.flag("weighted")
    for block in fields.listed("blocks"):
        groups, sums, counts = listed(block, fields.place, 3)
        names = labels_at(groups, fields.place, labels)
        values = floats_of(sums, fields.place, (2,))
        if len(values) != len(names):
            raise UnfitError(fields.place, f"has {len(values)} sums for {len(names)} groups")
        sizes = places_of(counts, fields.place, state.rows + 1)
        if len(sizes) != len(names):
            raise UnfitError(fields.place, f"has {len(sizes)} sizes for {len(names)} groups")
        state.add_block(names, values, sizes)


def _fill_draws(state: Resampled, fields: Fields, labels: Sequence[Any]) -> None:
    fill(state.plain, *fields.at("plain"), labels)
    state.width = fields.whole("width", 0, 1 << 20)
    sums = fields.listed("sums")
    if len(sums) not in (0, state.draws * state.width):
        raise UnfitError(fields.place, f"has {len(sums)} sums for {state.draws} draws")
    state.sums = ExactSums.of_wholes([whole_of(part, fields.place) for part in sums], state.width)


def _fill_slices(state: Sliced, fields: Fields, labels: Sequence[Any]) -> None:
    fill(state.whole, *fields.at("whole"), labels)
    for entry in fields.listed("parts", None):
        number, part = listed(entry, fields.place, 2)
        label = labels[whole(number, fields.place, 0, len(labels) - 1)]
        if not isinstance(label, tuple):
            raise UnfitError(fields.place, "has a slice that is not named by values")
        fill(state.part(label), part, fields.place, labels)
