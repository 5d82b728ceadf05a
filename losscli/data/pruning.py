"""Filters on what the folders of a data set say: files of which no row fits are not opened."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.partition_keys import PartitionKey
    from losscli.data.sources import Source
    from losscli.data.where import Condition

_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Fitting:
    """The files of a command whose folders do not say that no row of them fits the filters.

    Attributes:
        left_out: how many files are left out, of `total`.
        conditions: the filters that leave them out.
    """

    sources: "list[Source]"
    left_out: int
    total: int
    conditions: tuple[str, ...]

    def notes(self) -> list[str]:
        """What to say of the files that are not read; empty where all are."""
        if not self.left_out:
            return []
        files = f"{self.left_out:,} of {self.total:,} files"
        where = " and ".join(self.conditions)
        return [f"--where {where} left out {files} by their folders, unread: their rows are not counted"]


def fitting_sources(sources: "Sequence[Source]", conditions: "Sequence[Condition]") -> Fitting:
    """The inputs without those that a filter on the key of a folder leaves out as a whole.

    Raises:
        DataError: none is left, or a filter that cannot be compared with a key.
    """
    kept = list(sources)
    used = []
    for condition in conditions:
        keys = dict.fromkeys(key for source in kept for key in source.keys if key.name == condition.column)
        answers = {key: _fits(condition, key) for key in keys}
        fits = [source for source in kept if all(answers.get(key, True) for key in source.keys)]
        if len(fits) < len(kept):
            used.append(str(condition))
        if kept and not fits:
            values = list(dict.fromkeys("none" if key.text is None else key.text for key in answers))
            more = f" and {len(values) - _MOST_SHOWN} more" if len(values) > _MOST_SHOWN else ""
            raise DataError(
                f"no file fits --where {condition}: its folders say {', '.join(values[:_MOST_SHOWN])}{more}",
                "check the value",
            )
        kept = fits
    return Fitting(kept, len(sources) - len(kept), len(sources), tuple(used))


def _fits(condition: "Condition", key: "PartitionKey") -> bool:
    from losscli.data.numbers import parse_cell
    from losscli.data.partitions import cell_of, column_of

    return bool(condition.keeps(cell_of(key), column_of(key).kind, parse_cell)[0])
