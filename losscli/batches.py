"""Batches: rows that are compared with one another are brought together, evaluated, and let go."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from losscli.arrays import Array, np
from losscli.data.group_keys import Keys
from losscli.errors import DataError
from losscli.records import dataclass, field
from losscli.unit_arrays import Units

Evaluate = Callable[[Units], Array]
"""From the rows of a batch to the loss of each of them."""


class RowsApartError(Exception):
    """Rows of a group stand apart in the input: they have to be gathered before the first batch is evaluated."""


@dataclass(slots=True)
class BatchRows:
    """What a run of rows brings to the batches of a batch-wise loss: the rows themselves, block by block."""

    blocks: list[Units] = field(default_factory=list)

    def __iadd__(self, other: "BatchRows") -> "BatchRows":
        self.blocks.extend(other.blocks)
        return self

    def add_units(self, units: Units) -> None:
        """Add a block of rows."""
        if len(units.losses):
            self.blocks.append(units)


@dataclass(slots=True)
class Batches:
    """The batches of a whole input, in order.

    Attributes:
        evaluate: the loss of each row of a batch.
        size: how many consecutive rows are a batch; None where a group is one.
        gather: whether all rows are held before the first batch is evaluated, for groups whose rows stand apart.
        labels: the group of each batch, or its number from 1.
        losses: the loss of each batch for each model: the weighted mean over its rows.
        clusters: what each batch is resampled with; empty where each is by itself.
        weights: the mean weight of its rows.
        sizes: how many rows each has.
        single: how many batches have a single row.
        short: how many rows the last batch has where it has fewer than `size`; 0 where it is complete.
    """

    evaluate: Evaluate
    size: int | None
    gather: bool
    labels: list[Any] = field(default_factory=list)
    losses: list[list[float]] = field(default_factory=list)
    clusters: list[Any] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    single: int = 0
    short: int = 0
    rows: int = 0
    _waiting: list[Units] = field(default_factory=list)
    _current: Any = None
    _done: set[Any] = field(default_factory=set)
    _gathered: dict[Any, list[Units]] = field(default_factory=dict)

    def take(self, found: BatchRows) -> None:
        """Take the rows of a fragment, in order, and evaluate the batches that are complete.

        Raises:
            DataError: the loss of a batch is not finite.
            RowsApartError: a row belongs to a batch that was evaluated before.
        """
        for units in found.blocks:
            if self.size is not None:
                self._take_sized(units)
            else:
                self._take_grouped(units)
        found.blocks = []

    def _take_sized(self, units: Units) -> None:
        size, done, count = self.size or 1, 0, len(units.losses)
        while done < count:
            held = sum(len(part.losses) for part in self._waiting)
            step = min(size - held, count - done)
            self._waiting.append(_some(units, slice(done, done + step)))
            done += step
            if held + step == size:
                self._close(len(self.losses) + 1)

    def _take_grouped(self, units: Units) -> None:
        keys = units.keys
        if keys is None:
            return
        codes = keys.codes
        starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1]).tolist()
        for first, last in zip(starts, [*starts[1:], len(codes)], strict=True):
            label = keys.labels[int(codes[first])]
            part = _some(units, slice(first, last))
            if self.gather:
                self._gathered.setdefault(label, []).append(part)
                continue
            if self._waiting and label != self._current:
                self._close(self._current)
            if label in self._done:
                raise RowsApartError
            self._current = label
            self._waiting.append(part)

    def finish(self) -> None:
        """Evaluate what is left."""
        if self._waiting:
            self.short = 0 if self.size is None else sum(len(part.losses) for part in self._waiting)
            self._close(self._current if self.size is None else len(self.losses) + 1)
        for label, parts in self._gathered.items():
            self._waiting = parts
            self._close(label)
        self._gathered = {}

    def waiting(self) -> tuple[int, int]:
        """How many rows are held until their batch is complete, and how many bytes their numbers have."""
        held = [*self._waiting, *(part for parts in self._gathered.values() for part in parts)]
        return sum(len(part.losses) for part in held), sum(part.losses.nbytes for part in held)

    def take_finished(self, other: "Batches") -> None:
        """Add the batches of another state that has evaluated all of its own."""
        self.labels += other.labels
        self.losses += other.losses
        self.clusters += other.clusters
        self.weights += other.weights
        self.sizes += other.sizes
        self.single += other.single
        self.rows += other.rows

    def _close(self, label: Any) -> None:
        units = Units.joined(self._waiting)
        self._waiting = []
        self._done.add(label)
        with np.errstate(all="ignore"):
            losses = self.evaluate(units)
        count = len(losses)
        self.rows += count
        self.single += count == 1
        found, weight = _of_batch(losses.reshape(count, -1), units.weights)
        if not all(map(math.isfinite, found)):
            raise DataError(f"the loss of batch {label} is no finite float64", "check the sizes of its vectors")
        if units.clusters is not None:
            self.clusters.append(_one_cluster(units.clusters, label))
        self.labels.append(label)
        self.losses.append(found)
        self.weights.append(weight)
        self.sizes.append(count)


def _one_cluster(clusters: Keys, label: Any) -> Any:
    found = clusters.settled().labels
    if len(found) > 1:
        raise DataError(
            f"batch {label} has rows of several clusters: {found[0]}, {found[1]}",
            "name a cluster that holds whole batches",
        )
    return found[0]


def _of_batch(losses: Array, weights: Array | None) -> tuple[list[float], float]:
    """The loss of a batch for each model, and its weight."""
    columns = [np.ascontiguousarray(column) for column in losses.T]
    if weights is None:
        return [float(np.add.reduce(column)) / len(losses) for column in columns], 1.0
    pairs = [_weighted(column, weights) for column in columns]
    return [loss for loss, _ in pairs], pairs[0][1]


def _weighted(losses: Array, weights: Array) -> tuple[float, float]:
    """The weighted mean of losses, 0 without weight, and the mean weight; weights near 1, so that no sum overflows."""
    most = float(np.max(weights))
    if not most:
        return 0.0, 0.0
    shares = weights / most
    heavy = float(np.add.reduce(shares))
    return float(np.add.reduce(shares * losses)) / heavy, heavy / len(losses) * most


def _some(units: Units, rows: slice) -> Units:
    return replace(units.at(rows), keys=None)
