"""Roles that neither the flags nor the names of columns fill: what fits, and what to write."""

import re
from collections.abc import Callable, Mapping, Sequence

from losscli.catalogue import Loss, Role
from losscli.data.role_names import member, stem, tokens
from losscli.data.table import Column, Headed, Kind
from losscli.errors import UsageError
from losscli.records import dataclass

NUMERIC = (Kind.NUMBER, Kind.LIST)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Columns that may be a role together: one, or for a role of several values a group that differs in its ending."""

    role: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def text(self) -> str:
        """How a flag names them."""
        first = member(self.names[0])
        return self.names[0] if len(self.names) == 1 or first is None else f"{first.shared}*"


@dataclass(frozen=True, slots=True)
class Open:
    """A role that the flags do not name: its forms, what fits by name, and what fits by type too."""

    forms: tuple[str, ...]
    fits: Sequence[Candidate]
    usable: Sequence[Candidate]


def kinds_of(role: Role) -> tuple[Kind, ...]:
    """What a column of a role may hold."""
    return (*NUMERIC, Kind.BOOLEAN, Kind.TEXT) if role.domain.coded else NUMERIC


def what_is_unclear(
    loss: Loss,
    unclear: Sequence[Open],
    suggest: Callable[[Mapping[str, str]], str],
    table: Headed,
    roles: Mapping[str, Sequence[str]],
) -> UsageError:
    """The error for roles that no column or more than one fits, with a line to run.

    Args:
        suggest: adds flags to the command.
        roles: what is filled already.
    """
    first = unclear[0]
    wanted = " or ".join(first.forms)
    coded = any(role.domain.coded for role in loss.roles if role.name in first.forms)
    # a label may be a name, and a column of names is rather one than a score is
    kinds = (Kind.TEXT, Kind.BOOLEAN) if coded else ()
    numeric = [column.name for kind in (kinds, NUMERIC) for column in table.columns if column.kind in kind]
    if first.usable:
        shown = _listed([candidate.text for candidate in first.usable])
        message = f"{table.label}: more than one column fits {wanted}: {shown}"
    else:
        why = "".join(f"; {c.text!r} holds {_held(c.columns[0])}" for c in first.fits)
        which = "columns" if coded else "numeric columns"
        message = f"{table.label}: no column fits {wanted}{why}; {which}: {_listed(numeric)}"
    if first_line_is_data(table):
        return UsageError(message, hint="the first line looks like data: --no-header reads it as such")
    stems = {stem(column.name) for column in table.columns} - {()}
    free = [name for name in numeric if name.strip() and not any(name in names for names in roles.values())]
    # what a prediction is named after is the likeliest truth
    free.sort(key=lambda name: tuple(tokens(name)) not in stems)
    flags: dict[str, str] = {}
    for role in unclear:
        form = role.usable[0].role if role.usable else role.forms[0]
        example = role.usable[0].text if role.usable else next(iter(free), "COLUMN")
        free = [name for name in free if name != example]
        flags["pred" if form == loss.pred_means else form] = example
    return UsageError(message, hint=suggest(flags))


def first_line_is_data(table: Headed) -> bool:
    """Whether the names of the columns are numbers, as those of a file without a header line are."""
    return all(_is_number(column.name) for column in table.columns) and not _goes_by_number(table)


def _is_number(name: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", name.strip(), re.IGNORECASE) is not None


def _goes_by_number(table: Headed) -> bool:
    return [column.name for column in table.columns] == [str(i + 1) for i in range(len(table.columns))]


def _held(column: Column) -> str:
    return f"{column.kind.value} ({column.sample!r})" if column.sample is not None else column.kind.value


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    return ", ".join(repr(name) for name in names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
