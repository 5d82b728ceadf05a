"""One [[gate]] of a configuration, and the columns that it reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from losscli.errors import UsageError
from losscli.gates.entries import Entries, finite
from losscli.gates.rule import LEVELS, ON, ColumnNames, Regression, Rule, regression_of
from losscli.plan import LossSpec
from losscli.specs import parse_spec

GATE_KEYS = (
    *("loss", "max", "min", "max_regression", "floor", "min_rows"),
    *("by", "slice", "where", "on", "level", "name"),
)


def gate_rule(entries: Entries, number: int, roles: Sequence[str], elsewhere: Mapping[str, str]) -> Rule:
    """The rule of a table.

    Args:
        number: which [[gate]] it is, from 1.
        roles: the roles of all losses.
        elsewhere: the keys of the whole file, with what to do with one that stands here.

    Raises:
        UsageError: with the file, the number of the table and the key.
    """
    entries.check_keys([*GATE_KEYS, *roles], elsewhere)
    loss = entries.text("loss")
    if loss is None:
        raise UsageError(f"{entries.place}: loss is not there", hint='for instance loss = "mae"')
    spec = _spec(entries.place, loss)
    by = entries.texts("by")
    if len(set(by)) < len(by):
        raise UsageError(f"{entries.place}: by names a column twice")
    rule = Rule(
        loss,
        spec,
        _own_roles(entries, spec, roles),
        max=entries.number("max"),
        min=entries.number("min"),
        regression=_regression(entries),
        min_rows=entries.whole("min_rows"),
        by=by,
        slice=_slice(entries),
        where=entries.conditions("where"),
        on=entries.word("on", ON),
        level=entries.word("level", LEVELS) or "error",
        name=entries.text("name"),
        table=number,
    )
    rule.check(entries.place)
    return rule


def roles_for(
    rule: Rule, shared: Mapping[str, ColumnNames], given: Mapping[str, ColumnNames]
) -> dict[str, ColumnNames]:
    """The columns of the roles that the loss of a rule reads.

    What stands in the [[gate]] wins over the command line, and that over what the configuration says for all. A
    loss that reads one of several forms, such as logits or probabilities, takes the form of the first that says one.

    Args:
        shared: what the configuration says for all rules.
        given: what the command line says.
    """
    loss = rule.spec.loss
    read = {role.name for role in loss.roles} | {"pred"}
    forms = {name for form in loss.forms for name in form} | {"pred" if loss.forms else ""}
    found: dict[str, ColumnNames] = {}
    for source in (rule.roles, given, shared):
        settled = bool(forms & set(found))
        for name, columns in source.items():
            if name in read and name not in found and not (settled and name in forms):
                found[name] = columns
    return found


def _spec(place: str, loss: str) -> LossSpec:
    try:
        spec = parse_spec(loss)
        spec.values()
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", error.hint) from None
    return spec


def _own_roles(entries: Entries, spec: LossSpec, roles: Sequence[str]) -> dict[str, ColumnNames]:
    read = [role.name for role in spec.loss.roles]
    found: dict[str, ColumnNames] = {}
    for name in roles:
        names = entries.names(name)
        if names is None:
            continue
        if name not in read and not (name == "pred" and spec.loss.pred_means):
            raise UsageError(
                f"{entries.place}: {spec.loss.name} does not read {name}", hint=f"it reads {', '.join(read)}"
            )
        found[name] = names
    return found


def _regression(entries: Entries) -> Regression | None:
    given = entries.values.get("max_regression")
    percent = isinstance(given, str) and "%" in given
    if given is not None and not percent and finite(given) is None:
        raise entries.refused("max_regression", 'a percent such as "2%" or a number in units of the loss, 0 or more')
    return regression_of(entries.place, given, entries.number("floor", least=0.0))


def _slice(entries: Entries) -> dict[str, Any]:
    table = Entries(entries.table("slice", '{country = "DE"}') or {}, f"{entries.place}, slice")
    found: dict[str, Any] = {}
    for name, value in table.values.items():
        if isinstance(value, (list, dict)) or value == "":
            raise table.refused(name, "a text, a number, true or false, or a date")
        found[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return found
