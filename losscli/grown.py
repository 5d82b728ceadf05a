"""What of the sums grows with the input, in words: for the message where memory is not enough."""

from collections.abc import Iterator, Sequence

from losscli.batches import BatchRows
from losscli.contest_state import ContestState
from losscli.grouped import GroupSums
from losscli.memory import Growing
from losscli.resampled import Clustered

_A_GROUP = 200
"""About the bytes of a group: its sums, what rounding took from them, and its value as a key."""
_A_SLICE = 4000
_WORTH_NAMING = 1 << 20
"""Sums of fewer bytes are not what memory lacks for."""


def grown(states: Sequence[ContestState]) -> Growing | None:
    """The largest of what the states hold; None where all of it is small."""
    found = [held for state in states for held in _of_state(state)]
    largest = max(found, key=lambda held: held.size, default=None)
    return largest if largest is not None and largest.size > _WORTH_NAMING else None


def _of_state(state: ContestState) -> Iterator[Growing]:
    parts = list(state.parts())
    slices = len(parts) - 1
    groups = sum(len(part.places) for _, part in parts if isinstance(part, GroupSums))
    clusters = sum(len(part.clusters.places) for _, part in parts if isinstance(part, Clustered))
    where = " in slices" if slices else ""
    yield Growing(f"the sums of {slices:,} slices", "cut into fewer slices: --by age:0,18,65", slices * _A_SLICE)
    yield Growing(
        f"the sums of {groups:,} sets{where}",
        "read some of the sets at a time: --where; or leave --by out",
        groups * _A_GROUP,
    )
    yield Growing(
        f"the sums of {clusters:,} clusters{where}",
        "name a column with fewer values for --cluster",
        clusters * _A_GROUP,
    )
    if any(isinstance(part, BatchRows) for _, part in parts):
        yield from _of_batches(state)


def _of_batches(state: ContestState) -> Iterator[Growing]:
    rows = sum(batches.waiting()[0] for batches in state.batches.values())
    size = sum(batches.waiting()[1] for batches in state.batches.values())
    done = sum(len(batches.sizes) for batches in state.batches.values())
    if state.gather:
        yield Growing(
            f"{rows:,} rows that wait for the rest of their batch", "sort the input by --group, in a file", size
        )
    else:
        yield Growing(f"the {rows:,} rows of a batch", "make batches smaller: --batch-size", size)
    yield Growing(f"the losses of {done:,} batches", "make fewer batches: a larger --batch-size", done * _A_GROUP)
