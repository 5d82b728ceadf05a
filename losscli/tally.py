"""What was wrong with the data: counted, with the first rows, and turned into one error or into counts."""

from collections.abc import Iterator
from typing import Any

from losscli.arrays import Index
from losscli.errors import DataError
from losscli.fingerprint import WRAP
from losscli.records import dataclass, field

_EXAMPLES = 5
_ORDER = {"where": 0, "missing": 2, "invalid": 3}
POSITIVE_SEEN = "rows of the positive class"
"""The observation of every label that --positive-class names: a name that no row has is a mistake."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One kind of thing that is wrong.

    Attributes:
        cause: `missing` or `invalid`.
        column: the column's name.
        allowed: what the cells may be.
        hint: the way out, besides leaving the rows out.
    """

    cause: str
    column: str
    allowed: str
    hint: str = ""


@dataclass(slots=True)
class Occurrences:
    """How often, and the first few rows (counted within the file) with their values."""

    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, count: int, examples: Iterator[tuple[int, str]]) -> None:
        """Add further occurrences, in row order."""
        self.count += count
        for example in examples:
            if len(self.examples) >= _EXAMPLES:
                break
            self.examples.append(example)


@dataclass(slots=True)
class Tally:
    """Everything that a term met in a run of rows.

    Attributes:
        complaints: what is wrong.
        skipped: rows left out, by cause.
        clipped: rows in which a value was clipped.
        observed: how many rows show what the loss looks for.
        classes: how many columns a value of several has; 0 where there is none.
        seen: the classes that occur as labels.
        undefined: units that have no loss.
        undefined_rows: those of the block at hand, where units are rows and rows are cut into slices.
        undefined_in: how many of them each slice has.
        truth: the fingerprint of the truth of the rows; None where nobody asked for it.
    """

    complaints: dict[Complaint, Occurrences] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    clipped: int = 0
    observed: dict[str, int] = field(default_factory=dict)
    classes: int = 0
    seen: set[int] = field(default_factory=set)
    undefined: int = 0
    undefined_rows: Index | None = None
    undefined_in: dict[Any, int] = field(default_factory=dict)
    truth: int | None = None

    def complain(self, complaint: Complaint, count: int, examples: Iterator[tuple[int, str]]) -> None:
        """Note what is wrong with so many rows."""
        self.complaints.setdefault(complaint, Occurrences()).add(count, examples)

    def skip(self, cause: str, count: int) -> None:
        """Count rows that are left out."""
        if count:
            self.skipped[cause] = self.skipped.get(cause, 0) + count

    def skipped_in_order(self) -> dict[str, int]:
        """The rows left out by cause, in an order that does not depend on the data."""
        return dict(sorted(self.skipped.items(), key=lambda item: (_ORDER.get(item[0], 1), item[0])))

    def clip(self, count: int) -> None:
        """Count rows in which a value was clipped."""
        self.clipped += count

    def observe(self, name: str, count: int) -> None:
        """Count rows that show something; a count of 0 is kept too."""
        self.observed[name] = self.observed.get(name, 0) + count

    def widen(self, classes: int) -> None:
        """Note how many columns a value of several has."""
        self.classes = max(self.classes, classes)

    def see_truth(self, found: int) -> None:
        """Add the fingerprint of the truth of further rows."""
        self.truth = ((self.truth or 0) + found) % WRAP

    def absorb(self, other: "Tally", rows_before: int) -> None:
        """Add what was met in the run of rows that follows."""
        for complaint, found in other.complaints.items():
            moved = ((row + rows_before, value) for row, value in found.examples)
            self.complain(complaint, found.count, moved)
        for cause, count in other.skipped.items():
            self.skip(cause, count)
        self.clip(other.clipped)
        for name, count in other.observed.items():
            self.observe(name, count)
        self.widen(other.classes)
        self.seen |= other.seen
        self.undefined += other.undefined
        for label, count in other.undefined_in.items():
            self.undefined_in[label] = self.undefined_in.get(label, 0) + count
        if other.truth is not None:
            self.see_truth(other.truth)

    def check(self, file: str, rows: int, refused: set[str]) -> None:
        """Raise the error for the first refused kind of complaint, if there is one.

        Raises:
            DataError: with count, rows, values, what is allowed and the way out.
        """
        for cause in ("missing", "invalid"):
            for complaint, found in self.complaints.items():
                if complaint.cause == cause and cause in refused:
                    raise _error(file, rows, complaint, found)


def _error(file: str, rows: int, complaint: Complaint, found: Occurrences) -> DataError:
    more = "" if found.count <= len(found.examples) else ", ..."
    if complaint.cause == "missing":
        shown = ", ".join(str(row) for row, _ in found.examples) + more
        return DataError(
            f"{file}: column {complaint.column!r} has no value in {found.count} of {rows} rows: {_rows(found)} {shown}",
            "--missing skip leaves such rows out and counts them",
        )
    shown = ", ".join(f"{row} ({value})" for row, value in found.examples) + more
    way = f"{complaint.hint}; " if complaint.hint else ""
    return DataError(
        f"{file}: column {complaint.column!r} has {found.count} of {rows} values that are not allowed: "
        f"{_rows(found)} {shown}; allowed is {complaint.allowed}",
        f"{way}--invalid skip leaves such rows out and counts them",
    )


def _rows(found: Occurrences) -> str:
    return "row" if found.count == 1 else "rows"
