"""Which columns may fill a role, and how a flag names them.

Those whose names say so are what the tool itself would take; where there are none, guesses take their place.
"""

from collections.abc import Sequence

from losscli.catalogue import Loss, Role
from losscli.column_facts import ColumnFacts
from losscli.data.box_columns import box_order
from losscli.data.columns import expand, look
from losscli.data.labels import looks_boolean
from losscli.data.role_names import member
from losscli.data.table import Kind
from losscli.errors import UsageError
from losscli.file_head import Head
from losscli.records import dataclass
from losscli.role_guesses import guessed

MOST = 4
"""So many columns are offered for a role that the names do not settle."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Columns that may fill a role.

    Attributes:
        role: the role, which is also the flag.
        text: how the flag names them.
        columns: the columns.
        by_name: whether their names say so; otherwise it is a guess from what they hold.
        open_kind: whether the names do not say if it is a logit or a probability.
    """

    role: str
    text: str
    columns: tuple[str, ...]
    by_name: bool = True
    open_kind: bool = False


def choices(head: Head, loss: Loss, role: Role) -> list[Choice]:
    """The columns that may fill a role, the likeliest first."""
    if _has_level(loss) and role.name == loss.pred_means and head.levels:
        return _made(head, role, [(name,) for name in head.levels], by_name=True)[: 3 * MOST]
    # the corner of a box is no number that stands for itself
    corners = {name for names in head.boxes for name in names} if len(head.boxes) > 1 else set()
    named = [found.names for found in look(loss, (role.name,), head.table, {}).usable]
    named = [names for names in named if all(name in head.facts for name in names) and _fits(head, role, names)]
    groups = named or guessed(head, loss, role)
    if not role.domain.vector:
        groups = [names for names in groups if not corners.intersection(names)]
    return _made(head, role, groups, by_name=bool(named))[:MOST]


def _made(head: Head, role: Role, groups: Sequence[tuple[str, ...]], *, by_name: bool) -> list[Choice]:
    found = []
    for names in groups:
        try:
            ordered = box_order(names) if role.domain.width == 4 and len(names) == 4 else names
        except UsageError:
            continue
        text = _text(head, ordered, boxes=role.domain.width == 4)
        if text is not None:
            open_kind = not by_name and role.name in ("logits", "probs")
            found.append(Choice(role.name, text, tuple(ordered), by_name, open_kind))
    return found


def _text(head: Head, names: tuple[str, ...], *, boxes: bool) -> str | None:
    """How a flag names columns so that it finds these and no others; None where it cannot."""
    part = member(names[0])
    forms = [",".join(names)]
    if part is not None and len(names) > 1 and not boxes:
        forms.insert(0, f"{part.shared}*")
    for text in forms:
        try:
            if expand(text, head.table) == names:
                return text
        except UsageError:
            continue
    return None


def _fits(head: Head, role: Role, names: tuple[str, ...]) -> bool:
    """Whether columns whose names fit may hold what the role needs."""
    facts = head.facts[names[0]]
    if role.domain.width is not None and len(names) not in (1, role.domain.width):
        return False
    if role.domain.coded and len(names) == 1:
        return _is_label(role, facts)
    if len(names) > 1 and role.name in ("logits", "probs", "log_probs"):
        return _are_classes(head, names)
    return True


def _is_label(role: Role, facts: ColumnFacts) -> bool:
    if facts.kind is Kind.LIST:
        return True
    if not facts.present:
        return facts.kind in (Kind.NUMBER, Kind.BOOLEAN)
    if role.domain.coded == "class":
        return facts.kind is not Kind.NUMBER or (facts.whole and facts.different is not None)
    words = facts.kind is Kind.TEXT and looks_boolean(str(next(iter(facts.counts or ("",)))))
    return facts.binary or facts.within_one or words


def _are_classes(head: Head, names: tuple[str, ...]) -> bool:
    """Whether the endings of columns are classes: numbers, or labels that occur; else they may be models."""
    endings = [part.ending if (part := member(name)) else name for name in names]
    if all(ending.isdigit() for ending in endings):
        return True
    labels = {str(label).strip() for facts in head.facts.values() for label in facts.counts or ()}
    return set(endings) <= labels


def _has_level(loss: Loss) -> bool:
    """Whether a loss needs the level of a quantile."""
    return any(
        p.required and p.by_row and p.domain is not None and p.domain.name == "fraction" for p in loss.parameters
    )
