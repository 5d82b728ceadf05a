"""From the arguments of the functions of the Python API to a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from losscli.catalogue import all_losses
from losscli.chance import UNSAID, Chance
from losscli.models import ModelChoice
from losscli.plan import Policy
from losscli.records import dataclass
from losscli.request import Request, make_request


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows count and what they mean, as the arguments of `compute` say."""

    weight: str | None
    where: str | Sequence[str]
    missing: Policy
    invalid: Policy
    transform: str | None
    group: str | Sequence[str] | None
    batch_size: int | None
    classes: str | Sequence[str] | None
    positive_class: str | None
    probs_percent: bool


def text_of(names: str | Sequence[str] | None) -> str | None:
    """Names as the command takes them."""
    return names if names is None or isinstance(names, str) else ",".join(names)


def texts_of(names: str | Sequence[str]) -> tuple[str, ...]:
    """One text or several, as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def request_of(
    losses: Sequence[str],
    named: Mapping[str, Any],
    rows: Rows,
    chance: Chance = UNSAID,
    models: Sequence[ModelChoice] = (),
) -> Request:
    """What the arguments of the functions ask for.

    Args:
        named: the columns of roles and the parameters of the losses.
        models: the columns of each model, where all are in one table.

    Raises:
        UsageError: anything that does not fit.
    """
    roles = {role.name for entry in all_losses() for role in entry.roles}
    return make_request(
        losses,
        {name: value for name, value in named.items() if name in roles and value is not None},
        {name: value for name, value in named.items() if name not in roles},
        command=None,
        weight=rows.weight,
        where=texts_of(rows.where),
        missing=rows.missing,
        invalid=rows.invalid,
        transform=rows.transform,
        group=rows.group,
        batch_size=rows.batch_size,
        classes=rows.classes,
        positive_class=rows.positive_class,
        probs_percent=rows.probs_percent,
        chance=chance,
        models=models,
    )
