"""How natural a loss is for the columns of a file: what is shown to a newcomer first."""

from collections.abc import Iterable

from losscli.catalogue import Loss, Role
from losscli.data.role_names import tokens
from losscli.data.table import Kind
from losscli.inspection import Inspection
from losscli.role_guesses import MASKS
from losscli.trials import Trial

_STRANGE = 6


def is_natural(trial: Trial, found: Inspection) -> bool:
    """Whether a loss is one that its columns are made for, so that rows which it refuses are worth a word."""
    return _kinship(trial, found) < _STRANGE


def rank(trial: Trial, found: Inspection) -> tuple[bool, int, bool, bool]:
    """How natural a loss is for its columns: the smaller, the sooner it is shown."""
    proposal = trial.proposal
    loss = proposal.loss
    plain = loss.facts.units == "target units" and not loss.parameters
    unlikely = False
    for choice in proposal.choices:
        if choice.open_kind:
            # never decided by the range, which only says what to look at first
            unlikely = (choice.role == "probs") != found.columns[choice.columns[0]].within_one
    guessed = any(not choice.by_name and not choice.open_kind for choice in proposal.choices)
    kinship = _kinship(trial, found)
    return guessed and kinship > 0, kinship, unlikely, not plain


def _kinship(trial: Trial, found: Inspection) -> int:
    """How closely the roles of a loss are what the columns hold."""
    proposal = trial.proposal
    loss, columns = proposal.loss, proposal.columns
    roles = {role.name: role for role in loss.roles if role.name in columns}
    target = columns.get("target", ())
    facts = found.columns[target[0]] if len(target) == 1 else None
    labels = facts is not None and facts.binary
    if loss.unit.kind == "set":
        words = {word for names in columns.values() for name in names for word in tokens(name)}
        lists = facts is not None and facts.kind is Kind.LIST
        return 0 if MASKS & words or lists else 8
    if any(role.domain.vector and not role.domain.coded for name, role in roles.items() if name != "target"):
        return 0 if any(role.domain.width for role in roles.values()) else 1 if len(columns) > 2 or target else 2
    if any(role.domain.coded for role in roles.values()):
        signs = facts is not None and facts.low == -1.0
        return 7 if not labels and "class" not in _codings(roles.values()) else 1 if signs and _reads_signs(loss) else 2
    if any(value.startswith("@") for value in proposal.flags.values()):
        return 3
    if set(roles) - {"target", "pred"} and proposal.by_name and _says_itself(trial):
        return 5 if "pred" in roles else 3
    if any(choice.role == loss.pred_means and choice.columns[0] in found.head.levels for choice in proposal.choices):
        return 5
    return 7 if labels else 4 if loss.pred_means == "pred" else 6


def _codings(roles: Iterable[Role]) -> set[str]:
    return {role.domain.coded for role in roles}


def _reads_signs(loss: Loss) -> bool:
    """Whether labels of -1 and 1 are what a loss is written for."""
    return any(role.domain.coded and role.domain.low == -1.0 for role in loss.roles)


def _says_itself(trial: Trial) -> bool:
    """Whether the columns have the names of the roles, so that a rate is no other prediction."""
    return all(
        choice.role in ("target", "pred") or choice.role in "_".join(tokens(choice.columns[0]))
        for choice in trial.proposal.choices
    )
