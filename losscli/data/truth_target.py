"""Which column of a joined table is the truth."""

from collections.abc import Sequence

from losscli.data.columns import expand
from losscli.data.joined import JoinedTable
from losscli.data.keys import near_names
from losscli.data.role_names import roles_of_name
from losscli.data.table import Column
from losscli.errors import UsageError
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class _Offered:
    """The columns of the truth that may be meant."""

    label: str
    columns: Sequence[Column]


def truth_target(table: JoinedTable, given: str | None) -> str:
    """The joined table's name of the column that is the target, or a comma list where several were named.

    Args:
        given: what `--target` says, which names columns of the truth; None where it is not given.

    Raises:
        UsageError: there is no such column, or it is not clear which one is meant.
    """
    names = table.truth_names
    offered = [column for column in table.truth.columns if column.name in names]
    if not offered:
        raise UsageError(f"{table.truth.label} has no column but the keys", hint="it needs one with the truth")
    if given is not None:
        return _named(table, offered, given)
    if len(offered) == 1:
        return names[offered[0].name]
    fitting = [column for column in offered if "target" in roles_of_name(column.name)]
    if len(fitting) == 1:
        return names[fitting[0].name]
    candidates = ", ".join(repr(column.name) for column in (fitting or offered)[:20])
    raise UsageError(
        f"{table.truth.label} has several columns that may be the target: {candidates}",
        hint=f"for instance --target {(fitting or offered)[0].name}",
    )


def _named(table: JoinedTable, offered: Sequence[Column], given: str) -> str:
    names = table.truth_names
    joined = {new: old for old, new in names.items()}
    if given in names:
        return names[given]
    if given in joined:
        return given
    if not any(mark in given for mark in ",*?["):
        where = " (the predictions have one, but with --truth the target is of the truth)"
        own = where if given in [column.name for column in table.predictions.columns] else ""
        raise UsageError(f"{table.truth.label} has no column {given!r} for --target{own}", near_names(given, offered))
    return ",".join(names[name] for name in expand(given, _Offered(table.truth.label, offered)))
