"""From roles to columns: what the flags say, and what the names and types leave no doubt about."""

import fnmatch
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from losscli.catalogue import Loss, Role
from losscli.data.box_columns import box_order
from losscli.data.doubts import Candidate, Open, kinds_of, what_is_unclear
from losscli.data.role_names import TRUTH_WORDS, check_different, member, roles_of_name, stem, tokens, words_of
from losscli.data.sources import natural_order
from losscli.data.table import Column, Headed, Kind, position
from losscli.errors import UsageError
from losscli.records import dataclass

Roles = dict[str, tuple[str, ...]]
ColumnNames = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user said of columns.

    Attributes:
        given: for a role, the text of its flag (a column, a comma list or a glob), or names as they are.
        command: the command line, to which a suggestion adds what is missing; None for a call from Python.
        classes: the names of the classes, in the order of the prediction's columns.
        positive_class: the label of class 1 of two.
        probs_percent: whether probabilities are 0 to 100.
    """

    given: Mapping[str, ColumnNames]
    command: str | None
    classes: tuple[str, ...] | None = None
    positive_class: str | None = None
    probs_percent: bool = False

    def suggestion(self, flags: Mapping[str, str]) -> str:
        """What to write to choose these columns."""
        if self.command is None:
            return ", ".join(f"{flag}={column!r}" for flag, column in flags.items())
        added = (f"--{flag.replace('_', '-')} {shlex.quote(column)}" for flag, column in flags.items())
        return " ".join([self.command, *added])


def resolve_roles(loss: Loss, selection: Selection, table: Headed) -> Roles:
    """The columns of every role that a loss reads.

    Raises:
        UsageError: a column that is not there, or a role that no column or more than one fits.
    """
    roles = _given_roles(loss, selection, table)
    unfilled: list[tuple[str, ...]] = [
        (role.name,) for role in loss.roles if not role.optional and role.name not in roles
    ]
    if loss.forms and not any(name in roles for form in loss.forms for name in form):
        unfilled.append(tuple(name for form in loss.forms for name in form))
    unclear: list[Open] = []
    for forms in unfilled:
        found = look(loss, forms, table, roles)
        if len(found.usable) == 1:
            for column in found.usable[0].columns:
                position(table, column.name)
            names = found.usable[0].names
            roles[found.usable[0].role] = box_order(names) if len(names) == 4 else names
        else:
            unclear.append(found)
    if unclear:
        raise what_is_unclear(loss, unclear, selection.suggestion, table, roles)
    loss.check_roles(roles)
    kinds = {column.name: column.kind for column in table.columns}
    if not any(kinds[name] is Kind.LIST for names in roles.values() for name in names):
        # how many outputs a list column has is known when it is read
        _check_widths(loss, roles)
    check_different(loss.name, roles)
    return {role.name: roles[role.name] for role in loss.roles if role.name in roles}


def _given_roles(loss: Loss, selection: Selection, table: Headed) -> Roles:
    width_of = {role.name: role.domain.width for role in loss.roles}
    known = set(width_of)
    roles: Roles = {}
    said = any(name in selection.given for form in loss.forms for name in form)
    if "pred" in selection.given and "pred" not in known and not loss.pred_means and not said:
        flags = " or ".join(f"--{name.replace('_', '-')}" for form in loss.forms for name in form) or "its own roles"
        example = {form[0]: selection.given["pred"] for form in loss.forms[:1]}
        raise UsageError(
            f"{loss.name}: a bare --pred does not say what kind of prediction it is; write {flags}",
            hint=_instead_of_pred(selection, example),
        )
    for flag, text in selection.given.items():
        # beside its own flags a loss leaves --pred to the others of the command
        name = loss.pred_means if flag == "pred" and "pred" not in known and not said else flag
        if name not in known:
            continue
        if name in roles:
            raise UsageError(f"{loss.name}: --pred means the {name}, which --{name.replace('_', '-')} also names")
        roles[name] = expand(text, table)
        if width_of[name] == 4 and isinstance(text, str) and text not in roles[name] and "," not in text:
            roles[name] = box_order(roles[name])
    return roles


def _instead_of_pred(selection: Selection, example: Mapping[str, ColumnNames]) -> str | None:
    """The command with the flag of a kind in place of --pred."""
    if not example:
        return None
    role, columns = next(iter(example.items()))
    flag = f"--{role.replace('_', '-')}"
    text = columns if isinstance(columns, str) else ",".join(columns)
    return (
        f"for instance {flag} {shlex.quote(text)}" if selection.command is not None else f"for instance {role}={text!r}"
    )


def _check_widths(loss: Loss, roles: Roles) -> None:
    domains = {role.name: role.domain for role in loss.roles}
    single = {name: names for name, names in roles.items() if not domains[name].vector and not domains[name].several}
    widest = max((len(names) for names in single.values()), default=1)
    for role, names in single.items():
        if len(names) not in (1, widest) or (role in ("target", "pred") and len(names) != widest):
            raise UsageError(
                f"{loss.name}: {role} has {len(names)} columns ({', '.join(names)}) where others have {widest}",
                hint="name as many columns for each role",
            )
    vectors = {name: names for name, names in roles.items() if domains[name].vector and not domains[name].stacked}
    for role, names in vectors.items():
        other, most = max(((o, len(n)) for o, n in vectors.items()), key=lambda item: item[1])
        width = domains[role].width
        if width not in (None, len(names)):
            raise UsageError(f"{loss.name}: {role} needs {width} columns, not {len(names)} ({', '.join(names)})")
        if len(names) != most:
            raise UsageError(f"{loss.name}: {role} has {len(names)} columns where {other} has {most}")


def expand(text: ColumnNames, table: Headed) -> tuple[str, ...]:
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


def _expand_part(part: str, names: list[str], table: Headed) -> list[str]:
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


def look(loss: Loss, forms: tuple[str, ...], table: Headed, roles: Roles) -> Open:
    """The columns that fit a role, or one of its forms, by name and by type; those of `roles` are taken."""
    taken = {name for names in roles.values() for name in names}
    by_name = {role.name: role for role in loss.roles}
    fits: list[Candidate] = []
    usable: list[Candidate] = []
    for form in forms:
        free = [column for column in _candidates(loss, form, table.columns) if column.name not in taken]
        found = _grouped(by_name[form], free)
        fits += found
        kinds = kinds_of(by_name[form])
        usable += [candidate for candidate in found if all(column.kind in kinds for column in candidate.columns)]
    return Open(forms, fits, usable)


def _grouped(role: Role, columns: Sequence[Column]) -> list[Candidate]:
    """Each column by itself, or those of a role of several values in groups that share all but the ending."""
    if not role.domain.vector:
        return [Candidate(role.name, (column,)) for column in columns]
    groups: dict[str, list[Column]] = {}
    found = [Candidate(role.name, (column,)) for column in columns if column.kind is Kind.LIST]
    for column in columns:
        part = member(column.name)
        if column.kind is not Kind.LIST and part is not None:
            groups.setdefault(part.shared, []).append(column)
    for group in groups.values():
        if len(group) > 1:
            found.append(Candidate(role.name, tuple(sorted(group, key=lambda column: natural_order(column.name)))))
    return found


def _candidates(loss: Loss, role: str, columns: Sequence[Column]) -> list[Column]:
    """Columns whose name fits a role: those of nothing but such words where there are any, else all."""
    own = tuple(entry.name for entry in loss.roles)
    found = [column for column in columns if role in roles_of_name(column.name, own)]
    if not found and role == loss.pred_means != "pred":
        found = [column for column in columns if "pred" in roles_of_name(column.name, own)]
    if role == "target" and found:
        # beside price and price_pred no other column is the truth without a doubt
        stems = {stem(column.name) for column in columns} - {()}
        doubts = [column for column in columns if column not in found and tuple(tokens(column.name)) in stems]
        if doubts:
            return found + doubts
    whole = [column for column in found if set(tokens(column.name)) <= TRUTH_WORDS | words_of(role)]
    return whole or found
