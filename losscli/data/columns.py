"""From roles to columns: what the flags say, and what the names and types leave no doubt about."""

import fnmatch
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from losscli.catalogue import Loss
from losscli.data.sources import natural_order
from losscli.data.table import Column, Kind, Table, position
from losscli.errors import UsageError

# Names as they occur in prediction files; a token counts where it begins or ends the name.
_TOKENS: Mapping[str, frozenset[str]] = {
    "pred": frozenset(["pred", "predicted", "prediction", "forecast", "yhat", "hat"]),
    "target": frozenset(["true", "actual", "observed", "obs", "truth", "label", "target", "y", "gt"]),
    "rate": frozenset(["rate"]),
    "log_rate": frozenset(["log_rate"]),
    "var": frozenset(["var", "variance"]),
    "std": frozenset(["std"]),
    "log_var": frozenset(["log_var", "logvar"]),
}
_OTHER_WORDS = frozenset(["id", "ids", "n", "num", "count", "index", "date", "time", "horizon", "range"])
"""A name with one of these is about a truth or a prediction without being one."""
_ROLE_WORDS = _TOKENS["pred"] | _TOKENS["target"]
_NUMERIC = (Kind.NUMBER, Kind.LIST)

Roles = dict[str, tuple[str, ...]]
ColumnNames = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user said of columns.

    Attributes:
        given: for a role, the text of its flag (a column, a comma list or a glob), or names as they are.
        command: the command line, to which a suggestion adds what is missing; None for a call from Python.
    """

    given: Mapping[str, ColumnNames]
    command: str | None

    def suggestion(self, flags: Mapping[str, str]) -> str:
        """What to write to choose these columns."""
        if self.command is None:
            return ", ".join(f"{flag}={column!r}" for flag, column in flags.items())
        added = (f"--{flag.replace('_', '-')} {shlex.quote(column)}" for flag, column in flags.items())
        return " ".join([self.command, *added])


@dataclass(frozen=True, slots=True)
class _Open:
    """A role that the flags do not name: its forms, the columns whose names fit, and those that fit by type too."""

    forms: tuple[str, ...]
    fits: Sequence[tuple[str, Column]]
    usable: Sequence[tuple[str, Column]]


def resolve_roles(loss: Loss, selection: Selection, table: Table) -> Roles:
    """The columns of every role that a loss reads.

    Raises:
        UsageError: a column that is not there, or a role that no column or more than one fits.
    """
    roles = _given_roles(loss, selection, table)
    unfilled: list[tuple[str, ...]] = [
        (role.name,) for role in loss.roles if not role.optional and role.name not in roles
    ]
    if loss.one_of and not any(name in roles for name in loss.one_of):
        unfilled.append(loss.one_of)
    unclear: list[_Open] = []
    for forms in unfilled:
        found = _look(loss, forms, table, roles)
        if len(found.usable) == 1:
            form, column = found.usable[0]
            position(table, column.name)
            roles[form] = (column.name,)
        else:
            unclear.append(found)
    if unclear:
        raise _unclear(loss, unclear, selection, table, roles)
    loss.check_roles(roles)
    kinds = {column.name: column.kind for column in table.columns}
    if not any(kinds[name] is Kind.LIST for names in roles.values() for name in names):
        # how many outputs a list column has is known when it is read
        _check_widths(loss, roles)
    if "target" in roles and roles["target"] == roles.get(loss.pred_means):
        raise UsageError(f"{loss.name}: target and {loss.pred_means} are the same column, {roles['target'][0]!r}")
    return {role.name: roles[role.name] for role in loss.roles if role.name in roles}


def _given_roles(loss: Loss, selection: Selection, table: Table) -> Roles:
    known = {role.name for role in loss.roles}
    roles: Roles = {}
    for flag, text in selection.given.items():
        name = loss.pred_means if flag == "pred" and "pred" not in known else flag
        if name not in known:
            continue
        if name in roles:
            raise UsageError(f"{loss.name}: --pred means the {name}, which --{name.replace('_', '-')} also names")
        roles[name] = expand(text, table)
    return roles


def _check_widths(loss: Loss, roles: Roles) -> None:
    widest = max(len(names) for names in roles.values())
    for role, names in roles.items():
        if len(names) not in (1, widest) or (role in ("target", "pred") and len(names) != widest):
            raise UsageError(
                f"{loss.name}: {role} has {len(names)} columns ({', '.join(names)}) where others have {widest}",
                hint="name as many columns for each role",
            )


def expand(text: ColumnNames, table: Table) -> tuple[str, ...]:
    """The columns that a flag's text names: one column, a comma list, or globs in natural order.

    A sequence has names as they are.
    """
    names = [column.name for column in table.columns]
    if not isinstance(text, str):
        for name in text:
            position(table, name)
        return tuple(text)
    if text in names:
        position(table, text)
        return (text,)
    found: list[str] = []
    for part in text.split(","):
        found.extend(_expand_part(part, names, table))
    return tuple(found)


def _expand_part(part: str, names: list[str], table: Table) -> list[str]:
    exact = [name for name in (part, part.strip()) if name in names]
    if not exact:
        exact = [name for name in names if name.strip() == part.strip()]
    if exact:
        position(table, exact[0])
        return exact[:1]
    if any(mark in part for mark in "*?["):
        matches = sorted((name for name in names if fnmatch.fnmatchcase(name, part)), key=natural_order)
        if matches:
            return matches
        raise UsageError(f"{table.label}: no column fits {part!r}", hint=_names_hint(names))
    near = get_close_matches(part, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(name) for name in near)}?" if near else _names_hint(names)
    raise UsageError(f"{table.label} has no column {part!r}", hint=hint)


def _names_hint(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return f"its columns are {shown}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _look(loss: Loss, forms: tuple[str, ...], table: Table, roles: Roles) -> _Open:
    """The columns that fit a role, or one of its forms, by name and by type."""
    taken = {name for names in roles.values() for name in names}
    fits = [
        (form, column)
        for form in forms
        for column in _candidates(form, table.columns, pred_means=loss.pred_means)
        if column.name not in taken
    ]
    return _Open(forms, fits, [(form, column) for form, column in fits if column.kind in _NUMERIC])


def _candidates(role: str, columns: Sequence[Column], *, pred_means: str) -> list[Column]:
    """Columns whose name fits a role: those of nothing but such words where there are any, else all."""
    found = [column for column in columns if role in roles_of_name(column.name)]
    if not found and role == pred_means != "pred":
        return _candidates("pred", columns, pred_means="pred")
    if role == "target" and found:
        # beside price and price_pred no other column is the truth without a doubt
        stems = {stem for column in columns if (stem := _stem(column.name))}
        doubts = [column for column in columns if column not in found and tuple(tokens(column.name)) in stems]
        if doubts:
            return found + doubts
    whole = [column for column in found if set(tokens(column.name)) <= _ROLE_WORDS | _TOKENS.get(role, frozenset())]
    return whole or found


def _stem(name: str) -> tuple[str, ...]:
    """What a prediction is of: price for price_pred; empty where the name does not say."""
    words = tokens(name)
    if "pred" not in roles_of_name(name):
        return ()
    return tuple(word for word in words if word not in _TOKENS["pred"] and word not in _TOKENS["target"])


def roles_of_name(name: str) -> set[str]:
    """The roles that a column's name suggests."""
    words = tokens(name)
    if not words:
        return set()
    ends = {words[0], words[-1], "_".join(words[:2]), "_".join(words[-2:])}
    fitting = {role for role, vocabulary in _TOKENS.items() if ends & vocabulary}
    # y_pred begins with y; what says prediction outweighs what says truth, and log_rate outweighs rate
    for strong, weak in (("pred", "target"), ("log_rate", "rate"), ("log_var", "var")):
        if strong in fitting:
            fitting.discard(weak)
    if _OTHER_WORDS & set(words):
        fitting -= {"pred", "target"}
    # pred_var is a variance: the narrower word says what the number is
    if fitting - {"pred", "target"}:
        fitting -= {"pred", "target"}
    return fitting


def tokens(name: str) -> list[str]:
    """The words of a name in lower case: split at symbols, digits kept, and at camel case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", spaced) if word]


def _unclear(loss: Loss, unclear: Sequence[_Open], selection: Selection, table: Table, roles: Roles) -> UsageError:
    first = unclear[0]
    wanted = " or ".join(first.forms)
    numeric = [column.name for column in table.columns if column.kind in _NUMERIC]
    if first.usable:
        shown = _listed([column.name for _, column in first.usable])
        message = f"{table.label}: more than one column fits {wanted}: {shown}"
    else:
        why = "".join(f"; {column.name!r} holds {_held(column)}" for _, column in first.fits)
        message = f"{table.label}: no column fits {wanted}{why}; numeric columns: {_listed(numeric)}"
    if all(_is_number(column.name) for column in table.columns) and not _goes_by_number(table):
        return UsageError(message, hint="the first line looks like data: --no-header reads it as such")
    stems = {_stem(column.name) for column in table.columns} - {()}
    free = [name for name in numeric if name.strip() and not any(name in names for names in roles.values())]
    # what a prediction is named after is the likeliest truth
    free.sort(key=lambda name: tuple(tokens(name)) not in stems)
    flags: dict[str, str] = {}
    for role in unclear:
        form = role.usable[0][0] if role.usable else role.forms[0]
        example = role.usable[0][1].name if role.usable else next(iter(free), "COLUMN")
        free = [name for name in free if name != example]
        flags["pred" if form == loss.pred_means else form] = example
    return UsageError(message, hint=selection.suggestion(flags))


def _is_number(name: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", name.strip(), re.IGNORECASE) is not None


def _goes_by_number(table: Table) -> bool:
    return [column.name for column in table.columns] == [str(i + 1) for i in range(len(table.columns))]


def _held(column: Column) -> str:
    return f"{column.kind.value} ({column.sample!r})" if column.sample is not None else column.kind.value


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    return ", ".join(repr(name) for name in names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
