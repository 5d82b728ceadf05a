"""Slices whose moments are added up side by side, a block at a time for all of them."""

from collections.abc import Iterator
from typing import Any

from losscli.arrays import Array, Index, np
from losscli.data.group_keys import Keys
from losscli.moments import Moments
from losscli.records import dataclass, field
from losscli.segments import Segments
from losscli.slice_moments import SliceMoments


@dataclass(slots=True)
class ManySlices:
    """The moments of slices.

    Attributes:
        places: the place of each slice, in the order in which they first occur.
    """

    places: dict[Any, int] = field(default_factory=dict)
    _series: list[SliceMoments] = field(default_factory=list)
    _known: tuple[list[Any], Index] | None = None

    def add(self, slices: Keys, losses: Array, weights: Array | None) -> None:
        """Add a block of units.

        Args:
            slices: the slice of each, no label under two codes.
            losses: shape (n,), or (n, k) for several results.
            weights: shape (n,); None for weights of 1.

        Raises:
            NotFiniteError: a loss or a weight is NaN or infinite.
        """
        segments = Segments.of(slices.codes, len(slices.labels))
        places = self._placed(slices.labels, segments)
        heavy = None if weights is None else segments.gathered(weights)
        columns = losses[:, None] if losses.ndim == 1 else losses
        self._widen(columns.shape[1], weighted=weights is not None)
        for i, series in enumerate(self._series):
            series.add(segments, places, segments.gathered(columns[:, i]), heavy, len(self.places))

    def __iadd__(self, other: "ManySlices") -> "ManySlices":
        places = np.array([self._place(label) for label in other.places], dtype=np.int64)
        for theirs in other._series[:1]:
            self._widen(len(other._series), weighted=theirs.weighted)
        # a run of rows without a whole block has no series
        for mine, theirs in zip(self._series, other._series, strict=bool(other._series)):
            mine.absorb(theirs, places)
        return self

    def moments(self) -> Iterator[tuple[Any, list[Moments]]]:
        """The moments of each result of each slice."""
        columns = [series.moments(len(self.places)) for series in self._series]
        for label, place in self.places.items():
            yield label, [column[place] for column in columns]

    def _widen(self, count: int, *, weighted: bool) -> None:
        while len(self._series) < count:
            self._series.append(SliceMoments(weighted))

    def _placed(self, labels: list[Any], segments: Segments) -> Index:
        """The place of each slice that has rows."""
        if self._known is None or self._known[0] is not labels:
            self._known = labels, np.array([self.places.get(label, -1) for label in labels], dtype=np.int64)
        places, used = self._known[1], segments.used
        new = np.flatnonzero(places[used] < 0)
        for code in used[new[np.argsort(segments.first_rows[new])]].tolist() if new.size else ():
            places[code] = self._place(labels[code])
        return places[used]

    def _place(self, label: Any) -> int:
        return self.places.setdefault(label, len(self.places))
