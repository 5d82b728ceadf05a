"""What a command or a call asks of the data: checked as far as it can be before any file is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from losscli.data.columns import ColumnNames, Selection
from losscli.data.table import Table
from losscli.data.where import Condition
from losscli.errors import UsageError
from losscli.plan import TRANSFORMS, WEIGHT, LossSpec, Plan, Policy, Transform, bind, watched_columns
from losscli.specs import parse_spec, with_parameters


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be computed.

    Attributes:
        specs: the losses.
        selection: what was said of columns.
        weight: the column of weights.
        where: the filters that all must hold.
        missing, invalid: what to do with rows that lack a value or have one outside its domain.
        transform: what is applied to target and prediction first.
        reading: the options of reading files that are not at their defaults, as one text.
    """

    specs: Sequence[LossSpec]
    selection: Selection
    weight: str | None = None
    where: Sequence[Condition] = ()
    missing: Policy = "error"
    invalid: Policy = "error"
    transform: Transform | None = None
    reading: str = ""

    def plan(self, table: Table) -> Plan:
        """The request bound to the columns of a table.

        Raises:
            UsageError: a column that is not there or is not clear.
        """
        terms = tuple(bind(spec, self.selection, table, self.weight, self.transform) for spec in self.specs)
        used = {name for term in terms for names in term.roles.values() for name in names}
        used |= {condition.column for condition in self.where}
        return Plan(terms, tuple(self.where), self.missing, self.invalid, watched_columns(table, used))


def make_request(
    losses: Sequence[str],
    roles: Mapping[str, ColumnNames],
    parameters: Mapping[str, Any],
    *,
    command: str | None,
    weight: str | None,
    where: Sequence[str],
    missing: str,
    invalid: str,
    transform: str | None,
    reading: str = "",
) -> Request:
    """A request from what a user wrote.

    Args:
        losses: `NAME` or `NAME:param=value,...`.
        roles: the columns of roles; `weight` may be among them.
        parameters: parameters beside the names of the losses.
        command: the command line so far, for suggestions; None for a call from Python.

    Raises:
        UsageError: anything that does not fit.
    """
    if not losses:
        raise UsageError("no loss is named", hint="--loss NAME; `losscli list` shows all of them")
    specs = with_parameters([parse_spec(text) for text in losses], parameters)
    for name, policy in (("missing", missing), ("invalid", invalid)):
        if policy not in ("error", "skip"):
            raise UsageError(f"--{name} takes error or skip, not {policy!r}")
    if transform is not None and transform not in TRANSFORMS:
        raise UsageError(f"--transform takes {' or '.join(TRANSFORMS)}, not {transform!r}")
    _check_roles(roles, specs)
    weights = roles.get(WEIGHT, weight)
    return Request(
        specs,
        Selection({name: names for name, names in roles.items() if name != WEIGHT}, command),
        weight=weights if weights is None or isinstance(weights, str) else ",".join(weights),
        where=[Condition.parse(text) for text in where],
        missing=cast("Policy", missing),
        invalid=cast("Policy", invalid),
        transform=TRANSFORMS[transform] if transform else None,
        reading=reading,
    )


def _check_roles(given: Mapping[str, ColumnNames], specs: Sequence[LossSpec]) -> None:
    read = {role.name for spec in specs for role in spec.loss.roles} | {WEIGHT}
    read |= {"pred" for spec in specs if spec.loss.pred_means != "pred"}
    for role in given:
        if role not in read:
            names = " and ".join(spec.loss.name for spec in specs)
            raise UsageError(
                f"{names} {'does' if len(specs) == 1 else 'do'} not read {role}",
                hint=f"roles: {', '.join(sorted(read))}",
            )
