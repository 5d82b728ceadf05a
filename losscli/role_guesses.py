"""Columns that may fill a role though no name says so: shown as a choice that the reader makes, never taken."""

from losscli.catalogue import Loss, Role
from losscli.column_facts import FEW
from losscli.data.role_names import roles_of_name, stem, tokens, words_of
from losscli.data.table import Kind
from losscli.file_head import Head
from losscli.plan import WATCHED

_MOST = 3
"""Where the names say nothing and more columns than these are left, none is offered: it would be a lottery."""
_SCORES = frozenset(["score", "scores", "confidence", "p", "output", "predict", "preds", "pred", "prediction"])
_MEANS = frozenset(
    ["mu", "mean", "lambda", "lam", "expected", "fit", "fitted", "estimate", "value", "predict", "score"]
)
_TRUTHS = words_of("target") | {"observation", "measured", "measurement", "reference", "gold", "ground", "correct"}
_OTHER_TASKS = frozenset(["logits", "probs", "log_probs", "rate", "log_rate", "anchor", "left", "reconstruction"])
_ANY_TRUTH = frozenset(["y", "true", "label", "target", "gt"])
MASKS = frozenset(["mask", "masks", "pixel", "pixels", "seg", "segmentation", "voxel"])


def guessed(head: Head, loss: Loss, role: Role) -> list[tuple[str, ...]]:
    """Columns that may be meant though their names do not say so."""
    if role.domain.width == 4:
        return _guessed_boxes(head, role)
    if role.name == "target":
        # a truth by name belongs to the predictions; only a loss of other things may have another
        numbers = [column.name for column in head.usable if column.kind is Kind.NUMBER]
        named = any("target" in head.roles[name] for name in numbers)
        of_pred = bool({"pred", "logits", "probs", "rate"} & {entry.name for entry in loss.roles})
        return [] if role.domain.vector or (named and of_pred) else _guessed_targets(head, role)
    if role.name in ("logits", "probs"):
        several = role.domain.vector or role.domain.several is not None
        wide = [head.called_like_labels] if several and head.called_like_labels else []
        return wide if role.domain.vector else [*wide, *_scores(head)]
    if role.name in ("pred", "rate") and not role.domain.coded and not role.domain.vector:
        return _guessed_means(head, role)
    return []


def _guessed_means(head: Head, role: Role) -> list[tuple[str, ...]]:
    """Columns that may be what a model expects: by a word in their names, or the only ones that are left."""
    if _OTHER_TASKS & set().union(*head.roles.values()):
        return []
    numbers = [c.name for c in head.usable if c.kind is Kind.NUMBER and c.name not in head.levels]
    words = words_of("pred") | _MEANS
    said = [n for n in numbers if words & set(tokens(n)) and head.roles[n] <= {"mu"}]
    if said or role.name == "rate":
        return [(name,) for name in said[:_MOST]]
    spare = _spare(head, numeric=True)
    return [(name,) for name in spare] if len(spare) <= _MOST else []


def _guessed_targets(head: Head, role: Role) -> list[tuple[str, ...]]:
    stems = {stem(column.name) for column in head.usable} - {()}
    named = [c.name for c in head.usable if tuple(tokens(c.name)) in stems and not head.roles[c.name]]
    named = [name for name in named if role.domain.coded or head.facts[name].kind is Kind.NUMBER]
    if role.domain.coded:
        two = role.domain.coded == "binary"
        spare = [name for name in _spare(head, numeric=False) if _few(head, name, 2 if two else FEW)]
        spare += [c.name for c in head.usable if c.kind is Kind.LIST and MASKS & set(tokens(c.name)) and two]
        if two:
            spare.sort(key=lambda name: not head.facts[name].within_one)
        found = [name for name in named if _few(head, name, 2 if two else FEW)] or spare
    else:
        spare = _spare(head, numeric=True)
        said = [name for name in spare if _TRUTHS & set(tokens(name))]
        found = named or said or [name for name in spare if not words_of("pred") & set(tokens(name))]
    return [(name,) for name in found] if len(found) <= _MOST else []


def _few(head: Head, name: str, most: int) -> bool:
    """Whether a column looks like labels: two values or more, each of them often."""
    facts = head.facts[name]
    few = facts.different is not None and 2 <= facts.different <= most
    often = facts.different is not None and (facts.different <= 2 or facts.present >= 4 * facts.different)
    usual = facts.binary and facts.high in (1.0, 255.0) if most == 2 else facts.whole
    return few and often and (facts.kind is not Kind.NUMBER or usual)


def _spare(head: Head, *, numeric: bool) -> list[str]:
    """Columns whose names say nothing of what they are."""
    kinds = (Kind.NUMBER,) if numeric else (Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN)
    classes = head.called_like_labels
    return [
        column.name
        for column in head.usable
        if column.kind in kinds
        and head.says_nothing(column.name)
        and column.name.lower() not in WATCHED
        and column.name not in head.levels
        and column.name not in classes
        and head.facts[column.name].different != 1
        and head.facts[column.name].present
    ]


def _levels(head: Head) -> set[str]:
    """Columns that hold a level, of which each name or each row says one."""
    return {*head.levels, *head.level_columns()}


def _scores(head: Head) -> list[tuple[str, ...]]:
    """Columns of a prediction whose names do not say of which kind it is."""
    targets = [c.name for c in head.usable if roles_of_name(c.name) == {"target"}]
    shared = {tokens(name)[0] for name in targets if tokens(name)[0] not in _ANY_TRUTH}
    found: list[tuple[str, ...]] = []
    for column in head.usable:
        words = tokens(column.name)
        roles = head.roles[column.name]
        says = roles == {"pred"} or (not roles and bool(set(words) & _SCORES))
        beside = not roles and words[:1] != [] and words[0] in shared
        if column.kind in (Kind.NUMBER, Kind.LIST) and (says or beside) and column.name not in _levels(head):
            found.append((column.name,))
    return found


def _guessed_boxes(head: Head, role: Role) -> list[tuple[str, ...]]:
    """Groups of four columns, or lists of four, that are called like a box and not like the other side."""
    lists = [(c.name,) for c in head.usable if head.facts[c.name].shortest == 4 == head.facts[c.name].longest]
    other = {"target": "pred", "pred": "target"}.get(role.name, "")
    found: list[tuple[str, ...]] = [names for names in [*head.boxes, *lists] if other not in head.roles[names[0]]]
    named = [names for names in found if role.name in head.roles[names[0]]]
    return named or found
