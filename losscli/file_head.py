"""A table and what its first rows hold: what names and values suggest before the whole file is read."""

from collections.abc import Mapping
from functools import cached_property

from losscli.catalogue import all_losses
from losscli.column_facts import ColumnFacts
from losscli.data.box_columns import box_format_of
from losscli.data.quantile_names import levels_of
from losscli.data.role_names import member, roles_of_name, tokens
from losscli.data.sources import natural_order
from losscli.data.table import Column, Kind, Table
from losscli.records import dataclass, field

_NEITHER = frozenset(["id", "ids", "key", "uuid", "index", "row", "col", "n", "num", "count", "weight", "weights"])
_WHEN = frozenset(
    ["date", "time", "year", "month", "day", "hour", "week", "horizon", "step", "level", "tau", "quantile"]
)
GROUPS = frozenset(["image", "img", "frame", "slide", "scan", "volume", "patient", "batch", "query"])


@dataclass(frozen=True)
class Head:
    """A table and what its first rows hold."""

    table: Table
    facts: Mapping[str, ColumnFacts]
    levels: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        numbers = [column.name for column in self.usable if column.kind in (Kind.NUMBER, Kind.LIST)]
        object.__setattr__(self, "levels", levels_of(numbers))

    @cached_property
    def usable(self) -> list[Column]:
        """The columns that a command can name: each name once, and not blank."""
        return [column for column in self.table.columns if column.name in self.facts and column.name.strip()]

    @cached_property
    def roles(self) -> dict[str, set[str]]:
        """The roles that the name of each column suggests, those of every loss among them."""
        every = tuple(dict.fromkeys(role.name for loss in all_losses() for role in loss.roles))
        return {column.name: roles_of_name(column.name, every) for column in self.usable}

    def groups(self) -> list[tuple[str, ...]]:
        """Numeric columns that differ in their ending, and those that are called like the labels of another."""
        found: dict[str, list[str]] = {}
        for column in self.usable:
            part = member(column.name)
            if column.kind is Kind.NUMBER and part is not None:
                found.setdefault(part.shared, []).append(column.name)
        named = [tuple(sorted(names, key=natural_order)) for names in found.values() if len(names) > 1]
        classes = self.called_like_labels
        return [*named, *([classes] if classes else [])]

    @cached_property
    def called_like_labels(self) -> tuple[str, ...]:
        """The numeric columns whose names are all labels of one column; empty where there are none."""
        numbers = [column.name for column in self.usable if column.kind is Kind.NUMBER]
        for facts in self.facts.values():
            labels = {str(label).strip() for label in facts.counts or ()}
            places = [place for place, name in enumerate(numbers) if name.strip() in labels]
            if facts.kind is Kind.TEXT and len(places) > 1 and len(places) >= len(labels):
                # a class beside them may have no row
                beside = [place for place in range(places[0], len(numbers)) if self.says_nothing(numbers[place])]
                return tuple(numbers[place] for place in sorted({*places, *beside}))
        return ()

    def says_nothing(self, name: str) -> bool:
        """Whether a name suggests no role and nothing else that the tool knows."""
        words = set(tokens(name))
        return bool(words) and not self.roles[name] and not (_NEITHER | _WHEN | GROUPS) & words

    def group_column(self) -> str | None:
        """A column whose name says that its rows form an image or a batch, where rows share its values."""
        for column in self.usable:
            facts = self.facts[column.name]
            rows_share = facts.different is None or facts.different < facts.present
            plain = column.kind is Kind.TEXT or (column.kind is Kind.NUMBER and facts.whole)
            if GROUPS & set(tokens(column.name)) and plain and rows_share and not self.roles[column.name]:
                return column.name
        return None

    def level_columns(self) -> list[str]:
        """Columns that hold the level of a quantile in each row."""
        words = {"tau", "level", "quantile"}
        names = [c.name for c in self.usable if c.kind is Kind.NUMBER and self.facts[c.name].within_one]
        return [n for n in names if tokens(n) == ["output", "type", "id"] or (set(tokens(n)) <= words and tokens(n))]

    @cached_property
    def boxes(self) -> list[tuple[str, ...]]:
        """Numeric columns that are called like the four of a box, and share a first or a last word or none."""
        numbers = [column.name for column in self.usable if column.kind is Kind.NUMBER and tokens(column.name)]
        found: list[tuple[str, ...]] = []
        for place in (0, -1):
            groups: dict[str, list[str]] = {}
            for name in numbers:
                groups.setdefault(tokens(name)[place], []).append(name)
            found += [tuple(names) for names in groups.values() if len(names) == 4]
        found = [names for names in found if box_format_of(names) is not None]
        rest = tuple(name for name in numbers if not any(name in names for names in found))
        return [*found, *([rest] if len(rest) == 4 and box_format_of(rest) is not None else [])]
