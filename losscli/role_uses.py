"""Which roles each column would fill, and for which losses."""

from losscli.inspection import Inspection
from losscli.records import dataclass


@dataclass(slots=True)
class Use:
    """A role that a column may fill.

    Attributes:
        role: the role.
        losses: the losses that read it so, in the order of the catalogue.
        by_name: whether its name says so.
    """

    role: str
    losses: list[str]
    by_name: bool


def uses(found: Inspection) -> dict[str, list[Use]]:
    """The roles of each column, those that its name says first."""
    table: dict[str, dict[str, Use]] = {name: {} for name in found.columns}
    for trial in found.trials:
        if trial.problem and not trial.proposal.unsaid:
            continue
        for choice in trial.proposal.choices:
            for name in choice.columns:
                use = table[name].setdefault(choice.role, Use(choice.role, [], choice.by_name))
                use.by_name = use.by_name or choice.by_name
                if trial.proposal.loss.name not in use.losses:
                    use.losses.append(trial.proposal.loss.name)
    return {name: sorted(roles.values(), key=lambda use: not use.by_name) for name, roles in table.items()}
