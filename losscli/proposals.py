"""Commands that may fit a file: for each loss, the columns that may fill its roles, before the whole file is read."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from losscli.catalogue import Loss, Parameter, all_losses
from losscli.column_facts import ColumnFacts
from losscli.data.box_columns import box_format_of
from losscli.data.labels import class_names, looks_boolean
from losscli.data.role_names import tokens, words_of
from losscli.data.table import Kind
from losscli.file_head import Head
from losscli.records import dataclass, field
from losscli.role_choices import MOST, Choice
from losscli.role_choices import choices as choices_of
from losscli.role_guesses import MASKS

TEMPLATES = {"tau": "TAU", "batch_size": "N", "classes": "CLASS_A,CLASS_B,...", "positive_class": "NAME"}


@dataclass(frozen=True)
class Proposal:
    """One loss with columns and what else a command says.

    Attributes:
        loss: the loss.
        choices: the columns of its roles.
        flags: further options with their values.
        unsaid: options that the command needs and for which the file does not say a value.
        doubts: roles and options for which there are other proposals.
    """

    loss: Loss
    choices: tuple[Choice, ...]
    flags: Mapping[str, str] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def roles(self) -> dict[str, str]:
        """For each role, the text of its flag."""
        return {choice.role: choice.text for choice in self.choices}

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """For each role, its columns."""
        return {choice.role: choice.columns for choice in self.choices}

    @property
    def by_name(self) -> bool:
        """Whether the names of the columns say all of it."""
        return all(choice.by_name for choice in self.choices)

    @property
    def unclear(self) -> tuple[str, ...]:
        """What the reader has to choose: roles with other candidates, and roles that no name fills."""
        guessed = [choice.role for choice in self.choices if not choice.by_name]
        return tuple(dict.fromkeys([*self.doubts, *guessed]))


def proposals(head: Head) -> list[Proposal]:
    """What may be computed from a file, in the order of the catalogue."""
    found: list[Proposal] = []
    for loss in all_losses():
        for roles in _role_sets(loss):
            by_name = {role.name: role for role in loss.roles}
            options = [choices_of(head, loss, by_name[name]) for name in roles]
            if not all(options):
                continue
            # of the levels of quantiles there may be more than of models
            combined = _combined(options)[: max(MOST, *map(len, options))]
            doubts = _doubts(combined)
            if loss.unit.kind == "set" and not any(_speaks_of_masks(choices, head) for choices in combined):
                # any two classes are a set, and seldom meant as one
                combined = combined[:1]
            for choices in combined:
                spare = _spare_roles(loss, head, choices)
                found += _completed(Proposal(loss, (*choices, *spare), doubts=doubts), head)
    return found


def _speaks_of_masks(choices: Sequence[Choice], head: Head) -> bool:
    names = [name for choice in choices for name in choice.columns]
    return any(MASKS & set(tokens(name)) or head.facts[name].kind is Kind.LIST for name in names)


def _role_sets(loss: Loss) -> Iterator[tuple[str, ...]]:
    """The roles that must be filled, for each form of the loss."""
    always = tuple(role.name for role in loss.roles if not role.optional)
    for form in loss.forms or ((),):
        yield (*always, *form)


def _spare_roles(loss: Loss, head: Head, choices: Sequence[Choice]) -> list[Choice]:
    """The role with which a row of a batch stands for itself, where a column has its name."""
    role = next((role for role in loss.roles if role.name == loss.unit.unless), None)
    found = choices_of(head, loss, role) if role is not None else []
    rest = _rest(choices[-1])
    return [choice for choice in found if choice.by_name and _rest(choice) == rest][:1]


def _combined(options: Sequence[Sequence[Choice]]) -> list[tuple[Choice, ...]]:
    """One choice for each role; those that name the same thing or model belong together."""
    found = [
        choices
        for choices in itertools.product(*options)
        if len({name for choice in choices for name in choice.columns}) == sum(len(c.columns) for c in choices)
    ]
    targets = {choice.columns for choices in found for choice in choices if choice.role == "target"}
    if len(targets) > 1:
        # price and price_pred, among others with truths of their own
        found = [c for c in found if len({_rest(choice) for choice in c}) == 1 and _rest(c[0])] or found
    alike = [c for c in found if len({_rest(choice) for choice in c if choice.role != "target"}) == 1]
    return alike or found


def _rest(choice: Choice) -> tuple[str, ...]:
    """What the name of a column says besides its role: which model, or of what."""
    words = tokens(choice.columns[0])
    known = words_of(choice.role) | words_of("pred") | words_of("target")
    if len(choice.columns) > 1:
        words = words[:-1]
    return tuple(word for word in words if word not in known)


def _doubts(combined: Sequence[Sequence[Choice]]) -> tuple[str, ...]:
    """The roles for which there is more than one choice."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for choices in combined:
        for choice in choices:
            found.setdefault(choice.role, set()).add(choice.columns)
    return tuple(role for role, columns in found.items() if len(columns) > 1)


def _completed(proposal: Proposal, head: Head) -> Iterator[Proposal]:
    """The proposal with the options that it needs, once for each way in which the file may mean it."""
    loss = proposal.loss
    for parameter in loss.parameters:
        if parameter.required:
            proposal = _with_parameter(proposal, parameter, head)
    if loss.unit.kind != "row" and loss.unit.unless not in proposal.columns:
        lists = any(head.facts[name].kind is Kind.LIST for names in proposal.columns.values() for name in names)
        column = head.group_column()
        taken = {name for names in proposal.columns.values() for name in names}
        if column is not None and column not in taken and not (lists and loss.unit.kind == "set"):
            proposal = _said(proposal, "group", column)
        elif loss.unit.kind == "batch":
            proposal = replace(proposal, unsaid=(*proposal.unsaid, "batch_size"))
    yield from _with_labels(_with_format(proposal), head)


def _with_format(proposal: Proposal) -> Proposal:
    """With the format of boxes that the names of their columns speak of, where it is not the corners."""
    spoken = {
        choice.role: box_format_of(choice.columns) or "xyxy"
        for choice in proposal.choices
        if choice.role in proposal.loss.variants and len(choice.columns) == 4
    }
    if not spoken or set(spoken.values()) == {"xyxy"}:
        return proposal
    shared = len(set(spoken.values())) == 1
    for role, name in spoken.items():
        flags = proposal.loss.variants[role]
        proposal = _said(proposal, flags[-1] if shared else flags[0], name)
    return proposal


def _said(proposal: Proposal, flag: str, value: str) -> Proposal:
    return replace(proposal, flags={**proposal.flags, flag: value})


def _with_parameter(proposal: Proposal, parameter: Parameter, head: Head) -> Proposal:
    """A value that the name of a column says, or a column that has one in each row; otherwise it stays unsaid."""
    columns = proposal.columns.get(proposal.loss.pred_means, ())
    level = head.levels.get(columns[0]) if columns else None
    if level is not None:
        # a column for each level is no choice between models
        doubts = tuple(role for role in proposal.doubts if role != proposal.loss.pred_means)
        return replace(_said(proposal, parameter.name, f"{level:g}"), doubts=doubts)
    in_rows = head.level_columns() if parameter.by_row else []
    if len(in_rows) == 1:
        return _said(proposal, parameter.name, f"@{in_rows[0]}")
    return replace(proposal, unsaid=(*proposal.unsaid, parameter.name))


def _with_labels(proposal: Proposal, head: Head) -> Iterator[Proposal]:
    """The proposal with what its labels need: which class is 1, or which class each column stands for."""
    role = next((role for role in proposal.loss.roles if role.name == "target"), None)
    columns = proposal.columns.get("target", ())
    if role is None or not role.domain.coded or len(columns) != 1:
        yield proposal
        return
    facts = head.facts[columns[0]]
    if role.domain.coded == "class":
        yield _with_classes(proposal, facts)
        return
    labels = list(facts.counts or ())
    texts = [str(label) for label in labels]
    if facts.kind is Kind.NUMBER and sorted(labels) == [-1.0, 1.0] and role.domain.name != "sign":
        yield _said(proposal, "classes", "-1,1")
    elif facts.kind is Kind.NUMBER and sorted(labels) == [0.0, 255.0]:
        yield _said(proposal, "positive_class", "255")
    elif facts.kind is Kind.NUMBER and facts.whole and len(labels) == 2 and not set(labels) <= {-1.0, 0.0, 1.0}:
        named = replace(proposal, doubts=(*proposal.doubts, "positive_class"))
        yield from (_said(named, "positive_class", f"{label:g}") for label in sorted(labels, reverse=True))
    elif facts.kind is Kind.TEXT and not all(looks_boolean(text) for text in texts):
        named = replace(proposal, doubts=(*proposal.doubts, "positive_class"))
        yield from (_said(named, "positive_class", text) for text in texts[:2])
    else:
        yield proposal


def _with_classes(proposal: Proposal, facts: ColumnFacts) -> Proposal:
    """With the classes that the columns are called after; unsaid where the labels are names and nothing says them."""
    columns = max((names for role, names in proposal.columns.items() if role != "target"), key=len, default=())
    if facts.kind not in (Kind.TEXT, Kind.BOOLEAN):
        return proposal
    labels = {str(label).strip() for label in facts.counts or ()}
    endings = class_names(columns, min(labels, default=None))
    if endings is not None and labels <= set(endings):
        return proposal
    if labels <= {name.strip() for name in columns} and not any("," in name for name in columns):
        return _said(proposal, "classes", ",".join(columns))
    return replace(proposal, unsaid=(*proposal.unsaid, "classes"))
