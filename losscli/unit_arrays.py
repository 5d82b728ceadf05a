"""Units as arrays: the loss of each row, what rows add to the sums of a set, or the rows of batches."""

from collections.abc import Sequence
from dataclasses import dataclass

from losscli.arrays import Array, Index, Mask, np
from losscli.data.group_keys import Keys
from losscli.errors import UsageError
from losscli.plan import Term
from losscli.tally import Tally


@dataclass(slots=True)
class Units:
    """The units of one term in a run of rows, or what its rows are to become units of.

    Attributes:
        losses: shape (n,); of shape (n, k) where a row has k results, adds to k sums, or is a row of a batch.
        weights: shape (n,); None for weights of 1.
        rows: which rows of the run they are, counted from 0; None where each row is one.
        keys: the group of each; None where there are no groups.
        widths: for rows of a batch, how many columns of `losses` each role has.
    """

    losses: Array
    weights: Array | None
    rows: Index | None
    keys: Keys | None = None
    widths: tuple[tuple[str, int], ...] = ()

    def part(self, first: int, last: int) -> "Units":
        """Those of the rows from first to last of the run."""
        if self.rows is None:
            chosen = slice(first, last)
            rows = None
        else:
            low, high = np.searchsorted(self.rows, [first, last])
            chosen = slice(int(low), int(high))
            rows = self.rows[chosen] - first
        weights = None if self.weights is None else self.weights[chosen]
        keys = None if self.keys is None else self.keys.of(chosen)
        return Units(self.losses[chosen], weights, rows, keys, self.widths)

    @classmethod
    def joined(cls, parts: Sequence["Units"]) -> "Units":
        """Those of runs that follow one another; the rows are not kept."""
        if len(parts) == 1:
            return parts[0]
        # a run of which no row is left may have been left out before its width was known
        there = [part for part in parts if len(part.losses)] or list(parts[:1])
        weights = [part.weights for part in there if part.weights is not None]
        keys = [part.keys for part in there if part.keys is not None]
        return cls(
            np.concatenate([part.losses for part in there]),
            np.concatenate(weights) if weights else None,
            None,
            Keys.joined(keys) if keys else None,
            there[0].widths,
        )


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
    weights = None if units.weights is None else units.weights[~bad]
    rows = None if units.rows is None else units.rows[~bad]
    return Units(units.losses[~bad], weights, np.flatnonzero(~bad) if rows is None else rows)


def refuse_several(losses: Array) -> None:
    """Raise an error where a unit has several losses.

    Raises:
        UsageError: it has one for each class.
    """
    if losses.ndim > 1:
        raise UsageError("a set has a loss for each class here", hint="--average macro or micro gives one a set")
