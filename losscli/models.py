"""Several models in one command: which columns are whose."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from losscli.catalogue import Loss
from losscli.data.columns import ColumnNames
from losscli.data.table import Table
from losscli.errors import UsageError
from losscli.plan import Term
from losscli.records import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model: its name, and the columns that it has for roles of its own.

    Attributes:
        name: what results call it; None for the only one.
        roles: for each role the text of its flag; empty where the model has a file, or rows, of its own.
    """

    name: str | None
    roles: Mapping[str, ColumnNames] = field(default_factory=dict)


def models_in(repeated: Mapping[str, Sequence[ColumnNames]]) -> list[ModelChoice]:
    """The models that flags given several times stand for: the first of each flag is the first model's, and so on.

    Raises:
        UsageError: the flags are not given equally often, or two models would have one name.
    """
    counts = {role: len(texts) for role, texts in repeated.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{_flag(role)} {count} times" for role, count in counts.items())
        raise UsageError(
            f"the flags of several models are not given equally often: {shown}",
            hint="each once for each model; a flag that is the same for all once",
        )
    count = next(iter(counts.values()), 0)
    models = []
    for place in range(count):
        roles = {role: texts[place] for role, texts in repeated.items()}
        text = next(iter(roles.values()))
        models.append(ModelChoice(text if isinstance(text, str) else ",".join(text), roles))
    names = [model.name for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two models have the columns {twice}", hint="name each model once")
    return models


def _flag(role: str) -> str:
    return f"--{role.replace('_', '-')}"


def check_read(loss: Loss, model: ModelChoice) -> None:
    """Refuse a loss for which the model is like any other.

    Raises:
        UsageError: the loss reads none of the columns that are the model's own.
    """
    read = {role.name for role in loss.roles} | ({"pred"} if loss.pred_means else set())
    if model.roles and not read & set(model.roles):
        flags = " or ".join(_flag(role) for role in model.roles)
        raise UsageError(
            f"{loss.name} reads no {flags}, by which the models differ",
            hint=f"its roles are {', '.join(_flag(role.name) for role in loss.roles)}",
        )


def models_of(table: Any) -> Sequence[str]:
    """The models that a table has side by side; none where it is a single file."""
    return getattr(table, "models", ())


def view_of(table: Any, model: str | None, shared: Collection[str]) -> Table:
    """What a model's own file looks like; the table itself where there are no several files.

    Args:
        shared: the columns that are no predictions, which the model may leave to the first one's file.
    """
    view: Table = table.view(model, shared) if model is not None and models_of(table) else table
    return view


def with_truth(loss: Loss, given: dict[str, ColumnNames], view: Any) -> None:
    """Say which column of the truth is the target, where the truth is in a file of its own.

    Raises:
        UsageError: there is no such column, or it is not clear which one is meant.
    """
    joined = getattr(view, "joined", None)
    if joined is None or all(role.name != "target" for role in loss.roles):
        return
    from losscli.data.truth_target import truth_target

    names = given.get("target")
    given["target"] = truth_target(joined, names if names is None or isinstance(names, str) else ",".join(names))


def renamed(term: Term, view: Any, model: str | None) -> Term:
    """A loss bound on a model's own file, with the names that its columns have in the table of all models."""
    names: Mapping[str, str] = getattr(view, "names", {})

    def of(columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(names.get(name, name) for name in columns)

    inputs = tuple(replace(entry, columns=of(entry.columns)) for entry in term.inputs)
    weight = None if term.weight is None else replace(term.weight, columns=of(term.weight.columns))
    sets = replace(term.sets, group=of(term.sets.group))
    return replace(term, inputs=inputs, weight=weight, sets=sets, model=model)
