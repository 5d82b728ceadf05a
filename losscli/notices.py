"""What a scan notices about the data that is no error: a reader of the numbers should know it."""

from collections.abc import Sequence

from losscli.block import Block
from losscli.records import dataclass, field


@dataclass(slots=True)
class Notices:
    """Observations, by column.

    Attributes:
        rounded: how many whole numbers had no exact float64.
        narrow: the columns whose type holds fewer digits than float64, with that type.
        watched: the values of columns that usually ask for a choice.
    """

    rounded: dict[str, int] = field(default_factory=dict)
    narrow: dict[str, str] = field(default_factory=dict)
    watched: dict[str, set[str]] = field(default_factory=dict)

    def look(self, block: Block, watched: Sequence[str]) -> None:
        """Note what a block shows."""
        for name, count in block.rounded().items():
            self.rounded[name] = self.rounded.get(name, 0) + count
        self.narrow.update(block.narrow())
        for name in watched:
            values = self.watched.setdefault(name, set())
            if len(values) < 3 and block.has(name):
                values.update(block.some_values(name))

    def absorb(self, other: "Notices") -> None:
        """Add what was noticed in the rows that follow."""
        for name, count in other.rounded.items():
            self.rounded[name] = self.rounded.get(name, 0) + count
        self.narrow.update(other.narrow)
        for name, values in other.watched.items():
            self.watched.setdefault(name, set()).update(values)

    def lines(self) -> list[str]:
        """The warnings."""
        found = [
            f"column {name!r}: {count} whole {'number is' if count == 1 else 'numbers are'} beyond 2^53 rounded "
            "to float64"
            for name, count in self.rounded.items()
        ]
        for kind in dict.fromkeys(self.narrow.values()):
            names = [name for name, other in self.narrow.items() if other == kind]
            shown = ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            columns = f"column {shown} holds" if len(names) == 1 else f"columns {shown} hold"
            found.append(f"{columns} {kind} values, widened to float64")
        for name, values in self.watched.items():
            if len(values) > 1:
                shown = ", ".join(sorted(values)[:3]) + (", ..." if len(values) > 3 else "")
                found.append(
                    f"column {name!r} has several values ({shown}) and all rows are used; "
                    f"--where '{name}=VALUE' chooses"
                )
        return found
