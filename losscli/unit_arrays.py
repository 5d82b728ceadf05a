"""Units as arrays: the loss of each row, what rows add to the sums of a set, or the rows of batches."""

from collections.abc import Sequence
from typing import Any

from losscli.arrays import Array, Index, Mask, np
from losscli.data.group_keys import Keys
from losscli.errors import UsageError
from losscli.plan import Term
from losscli.records import dataclass
from losscli.tally import Tally


@dataclass(slots=True)
class Units:
    """The units of one contest in a run of rows, or what its rows are to become units of.

    Attributes:
        losses: shape (n,); of shape (n, k) where a row has k results, adds to k sums, or is a row of a batch. Those of
            several models stand side by side.
        weights: shape (n,); None for weights of 1.
        rows: which rows of the run they are, counted from 0; None where each row is one.
        keys: the group of each; None where there are no groups.
        widths: for rows of a batch, how many columns of `losses` each role has.
        slices: the slice of each; None where there are none.
        clusters: what each is resampled with; None where each is by itself.
        numbers: the row of each in the whole input, where resampling asks for it.
    """

    losses: Array
    weights: Array | None
    rows: Index | None
    keys: Keys | None = None
    widths: tuple[tuple[str, int], ...] = ()
    slices: Keys | None = None
    clusters: Keys | None = None
    numbers: Index | None = None

    def at(self, places: "Index | Mask | slice", rows: Index | None = None) -> "Units":
        """Some of them, which are these rows of the run."""
        return Units(
            self.losses[places],
            None if self.weights is None else self.weights[places],
            rows,
            None if self.keys is None else self.keys.of(places),
            self.widths,
            None if self.slices is None else self.slices.of(places),
            None if self.clusters is None else self.clusters.of(places),
            None if self.numbers is None else self.numbers[places],
        )

    def part(self, first: int, last: int) -> "Units":
        """Those of the rows from first to last of the run."""
        if self.rows is None:
            return self.at(slice(first, last))
        low, high = np.searchsorted(self.rows, [first, last])
        chosen = slice(int(low), int(high))
        return self.at(chosen, self.rows[chosen] - first)

    def kept(self, good: Mask) -> "Units":
        """Those for which the mask is true; they know their rows."""
        places = np.flatnonzero(good)
        return self.at(places, places if self.rows is None else self.rows[places])

    @classmethod
    def joined(cls, parts: Sequence["Units"]) -> "Units":
        """Those of runs that follow one another; the rows are not kept."""
        if len(parts) == 1:
            return parts[0]
        # a run of which no row is left may have been left out before its width was known
        there = [part for part in parts if len(part.losses)] or list(parts[:1])
        return cls(
            np.concatenate([part.losses for part in there]),
            _joined([part.weights for part in there]),
            None,
            _joined_keys([part.keys for part in there]),
            there[0].widths,
            _joined_keys([part.slices for part in there]),
            _joined_keys([part.clusters for part in there]),
            _joined([part.numbers for part in there]),
        )


def _joined(parts: Sequence[Any]) -> Any:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there else None


def _joined_keys(parts: Sequence[Keys | None]) -> Keys | None:
    there = [part for part in parts if part is not None]
    return Keys.joined(there) if there else None


def defined(term: Term, units: Units, tally: Tally) -> Units:
    """Without units that have no loss, which are left out or make the result undefined as a parameter says."""
    bad: Mask = np.isnan(units.losses)
    if bad.ndim > 1:
        bad = np.all(bad, axis=1)
    count = int(np.count_nonzero(bad))
    if not count:
        return units
    name, word = term.spec.loss.leaves_out or ("", "")
    if name and term.values.get(name) == word:
        tally.skip(name, count)
    else:
        tally.undefined += count
        tally.undefined_rows = np.flatnonzero(bad) if units.rows is None else units.rows[bad]
    return units.kept(~bad)


def refuse_several(losses: Array) -> None:
    """Raise an error where a unit has several losses.

    Raises:
        UsageError: it has one for each class.
    """
    if losses.ndim > 1:
        raise UsageError("a set has a loss for each class here", hint="--average macro or micro gives one a set")
