"""Which columns tell which rows of two tables belong together, as `--key` names them."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal, TypeAlias

from losscli.data.table import Column, Headed, Kind, position
from losscli.errors import UsageError
from losscli.records import dataclass

Join: TypeAlias = Literal["strict", "inner"]
JOINS: tuple[Join, ...] = ("strict", "inner")


def join_named(text: str) -> Join:
    """What `--join` says.

    Raises:
        UsageError: there is no such join.
    """
    for join in JOINS:
        if text == join:
            return join
    raise UsageError(f"--join is strict or inner, not {text!r}")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A column of the predictions and the one of the truth whose values must be equal."""

    here: str
    there: str


@dataclass(frozen=True, slots=True)
class JoinKeys:
    """The columns that together tell a row; there is at least one."""

    pairs: tuple[KeyPair, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> "JoinKeys":
        """Read `a,b=c`: b of the predictions is c of the truth.

        Raises:
            UsageError: a name is empty or comes twice.
        """
        pairs: list[KeyPair] = []
        for part in ",".join(texts).split(","):
            here, equals, there = (piece.strip() for piece in part.partition("="))
            if not here or (equals and not there):
                raise UsageError(
                    f"--key {','.join(texts)!r}: a name is missing",
                    hint="--key id, or --key location,target_end_date=date where the truth has another name",
                )
            if here in [pair.here for pair in pairs]:
                raise UsageError(f"--key names {here!r} twice")
            pairs.append(KeyPair(here, there or here))
        return cls(tuple(pairs))

    @property
    def here(self) -> tuple[str, ...]:
        """The columns of the predictions."""
        return tuple(pair.here for pair in self.pairs)

    @property
    def renamed(self) -> tuple[KeyPair, ...]:
        """The pairs whose names differ."""
        return tuple(pair for pair in self.pairs if pair.here != pair.there)


def check_columns(table: Headed, names: Sequence[str]) -> None:
    """See that a table has each key column once.

    Raises:
        UsageError: it does not.
    """
    for name in names:
        if not has_column(table, name):
            raise UsageError(f"{table.label} has no column {name!r} for --key", hint=near_names(name, table.columns))
        kind = table.columns[position(table, name)].kind
        if kind in (Kind.LIST, Kind.OTHER):
            raise UsageError(
                f"{table.label}: column {name!r} holds values that are no key: {kind.value}",
                hint="name columns of text, numbers or dates",
            )


def has_column(table: Headed, name: str) -> bool:
    """Whether a column has this name, blanks around it aside."""
    return any(column.name.strip() == name.strip() for column in table.columns)


def near_names(name: str, columns: Sequence[Column]) -> str:
    """What else may have been meant."""
    names = [column.name for column in columns]
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(other) for other in near)}?"
    shown = ", ".join(repr(other) for other in names[:20])
    return f"its columns are {shown}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def truth_pairs(keys: JoinKeys, predictions: Headed, truth: Headed, *, several_models: bool) -> JoinKeys:
    """The keys by which predictions find their truth; those that only the predictions have pair models.

    Raises:
        UsageError: a key that neither or only one of the tables has, where that is not allowed.
    """
    check_columns(predictions, keys.here)
    found: list[KeyPair] = []
    for pair in keys.pairs:
        if has_column(truth, pair.there):
            check_columns(truth, [pair.there])
            found.append(pair)
        elif pair.here != pair.there:
            raise UsageError(
                f"{truth.label} has no column {pair.there!r} for --key {pair.here}={pair.there}",
                hint=near_names(pair.there, truth.columns),
            )
        elif not several_models:
            raise UsageError(
                f"{truth.label} has no column {pair.here!r} for --key",
                hint=f"write --key {pair.here}=NAME_IN_TRUTH where it has another name there; "
                + near_names(pair.here, truth.columns),
            )
    if not found:
        raise UsageError(
            f"{truth.label} has none of the columns of --key: {', '.join(keys.here)}",
            hint=f"write --key {keys.here[0]}=NAME_IN_TRUTH; {near_names(keys.here[0], truth.columns)}",
        )
    return JoinKeys(tuple(found))
