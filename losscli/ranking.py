"""The n highest of many numbers that arrive in runs, with the rows that they are of."""

from losscli.arrays import Array, Index, np
from losscli.records import dataclass, field


def _no_scores() -> Array:
    return np.zeros(0)


def _no_rows() -> Index:
    return np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Ranking:
    """The highest scores so far, in falling order; of equal scores the earlier row comes first.

    It does not depend on how the rows are cut into runs.

    Attributes:
        most: how many are kept.
        scores: the scores.
        rows: the row of each.
    """

    most: int
    scores: Array = field(default_factory=_no_scores)
    rows: Index = field(default_factory=_no_rows)

    def add(self, scores: Array, rows: Index | None, first: int) -> None:
        """Add rows that follow those before.

        Args:
            scores: one for each row, no NaN among them.
            rows: the rows, ascending, counted from `first`; None for each of a run that begins there.
        """
        chosen = self._candidates(scores)
        if not chosen.size:
            return
        places = chosen if rows is None else rows[chosen]
        both = np.concatenate([self.scores, scores[chosen]])
        order = np.argsort(-both, kind="stable")[: self.most]
        self.scores, self.rows = both[order], np.concatenate([self.rows, places + first])[order]

    def absorb(self, other: "Ranking", first: int) -> None:
        """Add what was kept of a run of rows that follows and begins at row `first`."""
        order = np.argsort(other.rows)
        self.add(other.scores[order], other.rows[order], first)

    def _candidates(self, scores: Array) -> Index:
        """The places, ascending, of those that may be among the highest; at most as many as are kept."""
        # an equal score is no candidate where all places are taken: its row comes later
        full = len(self.scores) == self.most
        chosen: Index = np.flatnonzero(scores > self.scores[-1]) if full else np.arange(len(scores))
        if chosen.size <= self.most:
            return chosen
        found = scores[chosen]
        least = np.partition(found, found.size - self.most)[found.size - self.most]
        kept = found > least
        kept[np.flatnonzero(found == least)[: self.most - int(np.count_nonzero(kept))]] = True
        few: Index = chosen[kept]
        return few
