"""Rows that an inner join leaves out, counted; and what is said of files that were not read."""

import threading
from collections.abc import Iterable


class LeftOut:
    """How many rows were left out, and why; threads may add to it.

    Attributes:
        rows: for each reason, in words, how many rows.
        notes: what else to say, of rows that were not read.
    """

    def __init__(self, notes: Iterable[str] = ()) -> None:
        self.rows: dict[str, int] = {}
        self.notes = list(notes)
        self._unmatched = 0
        self._lock = threading.Lock()

    def add(self, reason: str, rows: int, *, predictions: bool = True) -> None:
        """Count rows.

        Args:
            reason: such as `rows of a.csv without a partner in b.csv`.
            predictions: whether they are rows of the table whose rows are evaluated.
        """
        if rows:
            with self._lock:
                self.rows[reason] = self.rows.get(reason, 0) + rows
                self._unmatched += rows if predictions else 0

    @property
    def unmatched(self) -> int:
        """How many rows of the table whose rows are evaluated were left out."""
        return self._unmatched

    def absorb(self, other: "LeftOut", *, predictions: bool = True) -> None:
        """Add what another has counted."""
        for reason, rows in other.rows.items():
            self.add(reason, rows, predictions=False)
        self._unmatched += other.unmatched if predictions else 0

    def warnings(self) -> list[str]:
        """What to say of it."""
        joined = [f"--join inner left out {count} {reason}" for reason, count in self.rows.items()]
        return [*joined, *self.notes]
