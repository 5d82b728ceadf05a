"""What one scan computes: losses bound to columns and parameters, filters, and what to do with bad rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from losscli.arrays import Array, np
from losscli.catalogue import GIVEN_ELSEWHERE, Loss
from losscli.data.columns import ColumnNames, Roles
from losscli.data.labels import AnyCoding
from losscli.data.table import Kind, Need, Table, position
from losscli.data.where import Condition
from losscli.domain import Domain
from losscli.records import dataclass, field

Policy = Literal["error", "skip"]
WATCHED = frozenset(["split", "subset", "fold", "model", "model_id", "model_name", "output_type"])
"""Columns whose values usually ask for a choice: a mean over train and test together is seldom meant."""


@dataclass(frozen=True, slots=True)
class LossSpec:
    """A loss and its parameters as the user gave them; `@column` takes a parameter from a column.

    Attributes:
        resolved: the numbers that a word among the parameters stands for, such as class weights called balanced.
        roles: columns that only this loss reads for a role, in place of those of the command.
        by: how the rows are cut for this loss only; None for what the command says.
    """

    loss: Loss
    given: Mapping[str, Any] = field(default_factory=dict)
    resolved: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, ColumnNames] = field(default_factory=dict)
    by: tuple[str, ...] | None = None

    def values(self) -> dict[str, Any]:
        """The parameters that are values, checked, defaults included; words that are not resolved yet are left out."""
        fixed = {name: value for name, value in self.given.items() if not _is_column(value)}
        open_words = dict.fromkeys(self.words(), GIVEN_ELSEWHERE)
        checked = self.loss.with_defaults(
            {**fixed, **open_words, **self.resolved, **dict.fromkeys(self.columns(), GIVEN_ELSEWHERE)}
        )
        return {name: value for name, value in checked.items() if value is not GIVEN_ELSEWHERE}

    def columns(self) -> dict[str, str]:
        """For each parameter that comes from a column, the name of that column."""
        return {name: value[1:] for name, value in self.given.items() if _is_column(value)}

    def words(self) -> dict[str, str]:
        """The parameters of several numbers for which a word is given, or names with numbers."""
        many = {parameter.name for parameter in self.loss.parameters if parameter.many == "class"}
        return {name: value for name, value in self.given.items() if name in many and isinstance(value, str)}


def _is_column(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


@dataclass(frozen=True, slots=True)
class Transform:
    """A function applied to cells before the loss."""

    name: str

    def __call__(self, values: Array) -> Array:
        if self.name == "percent":
            return values / 100.0
        return np.log1p(values) if self.name == "log1p" else np.log(values)


TRANSFORMS = {name: Transform(name) for name in ("log1p", "log")}
PERCENT = Transform("percent")
Layout = Literal["each", "one", "vector", "stack", "elements"]


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of a loss function: the columns it comes from and what they may hold.

    Attributes:
        argument: the role or parameter.
        columns: the columns.
        domain: what the values may be, after the transform if there is one.
        layout: how the columns become arrays: `each` column is an output of its own, `one` column is the array,
            all columns are one `vector` a row or a `stack` of vectors, a list column has the `elements` of a set.
        coding: how cells that are labels become numbers; None where they are numbers.
        transform: what is done to the cells first.
        hint: the way out where cells lie outside the domain.
        optional: whether a row without a value is no row for this loss, such as one without a level.
        revealed: whether a finite loss proves the values finite, so that they need not be looked at.
    """

    argument: str
    columns: tuple[str, ...]
    domain: Domain
    layout: Layout = "each"
    coding: AnyCoding | None = None
    transform: Transform | None = None
    hint: str = ""
    optional: bool = False
    revealed: bool = False

    @property
    def allowed(self) -> str:
        if self.coding is not None and self.coding.names:
            return f"one of the classes {', '.join(self.coding.names[:12])}"
        return self.domain.allowed + (f" after {self.transform.name}" if self.transform else "")


WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Sets:
    """How rows form units.

    Attributes:
        kind: each `row`; a `set` of the rows with the same group, or the `whole` input; a `batch` of rows that are
            compared with one another.
        group: the columns whose values are the same within a unit.
        size: how many consecutive rows are a batch; None where a group is.
    """

    kind: Literal["row", "set", "whole", "batch"]
    group: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One loss bound to columns.

    Attributes:
        spec: the loss with its parameters.
        inputs: its roles, and the parameters that come from columns.
        weight: the input for the weights; None for weights of 1.
        values: the parameters that are the same for each row.
        sets: how rows form units.
        classes: the names of the classes where they are known.
        model: whose predictions they are; None for the only ones.
        fingerprint: whether the fingerprint of its truth is taken.
    """

    spec: LossSpec
    inputs: tuple[Input, ...]
    weight: Input | None
    values: Mapping[str, Any]
    sets: Sets = Sets("row")
    classes: tuple[str, ...] | None = None
    model: str | None = None
    fingerprint: bool = False

    @property
    def roles(self) -> Roles:
        """The columns of each role, weight and group included, as the result shows them."""
        shown = {entry.argument: entry.columns for entry in self.inputs}
        if self.weight:
            shown[WEIGHT] = self.weight.columns
        if self.sets.group:
            shown["group"] = self.sets.group
        return shown

    @property
    def entries(self) -> Sequence[Input]:
        """The inputs, the weight among them."""
        return (*self.inputs, self.weight) if self.weight else self.inputs


@dataclass(frozen=True, slots=True)
class By:
    """One way to cut the rows into slices.

    Attributes:
        column: the column whose values tell.
        bounds: the numbers between which a slice lies; empty for a slice for each value.
    """

    column: str
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Resampling:
    """What is taken to vary by chance, and how intervals are made from it.

    Attributes:
        cluster: the columns whose rows with one value depend on one another; empty where each unit is by itself.
        run: how many consecutive rows depend on one another; None for one.
        draws: how many times to resample; 0 for intervals by formula.
        seed: which draws.
    """

    cluster: tuple[str, ...] = ()
    run: int | None = None
    draws: int = 0
    seed: int = 0

    @property
    def of_clusters(self) -> bool:
        """Whether several units are resampled together."""
        return bool(self.cluster) or self.run is not None


EACH_UNIT = Resampling()


@dataclass(frozen=True, slots=True)
class Contest:
    """One loss with the predictions of each model, over the same units.

    Attributes:
        terms: the loss bound to the columns of each model.
        baseline: which of them the others are held against.
        by: how the rows are cut into slices; several ways are crossed.
        resampling: what intervals and tests rest on.
        most_slices: more of them are refused.
        fewest_rows: slices with fewer rows are put together.
        described: whether the distribution of the losses is wanted as well.
    """

    terms: tuple[Term, ...]
    baseline: int = 0
    by: tuple[By, ...] = ()
    resampling: Resampling = EACH_UNIT
    most_slices: int = 1000
    fewest_rows: int = 0
    described: bool = False

    @property
    def first(self) -> Term:
        """The term of the first model; all but the predictions is the same in the others."""
        return self.terms[0]

    @property
    def by_place(self) -> bool:
        """Whether a unit has several results, such as one for each class."""
        name, word = self.first.spec.loss.several_by or ("", "")
        return bool(name) and self.first.values.get(name) == word

    @property
    def gaps(self) -> bool:
        """Whether a unit may lack some of its results; the sums of one undivided set lack none."""
        return self.by_place and self.first.sets.kind != "whole"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker needs to know."""

    contests: tuple[Contest, ...]
    where: tuple[Condition, ...]
    missing: Policy
    invalid: Policy
    watched: tuple[str, ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every loss of every model."""
        return tuple(term for contest in self.contests for term in contest.terms)

    @property
    def refused(self) -> set[str]:
        """The causes for which a row is refused rather than left out."""
        return {cause for cause, policy in (("missing", self.missing), ("invalid", self.invalid)) if policy == "error"}

    def needs(self, table: Table) -> list[Need]:
        """The columns to read from a table, each once.

        Raises:
            UsageError: the table lacks one of them.
        """
        entries = [entry for term in self.terms for entry in term.entries]
        labels = {name for entry in entries if entry.coding for name in entry.columns}
        numbers = {name for entry in entries for name in entry.columns}
        bins = {by.column for contest in self.contests for by in contest.by if by.bounds}
        looked_at = numbers | bins | {condition.column for condition in self.where}
        groups = [name for term in self.terms for name in term.sets.group]
        for contest in self.contests:
            groups += [*contest.resampling.cluster, *(by.column for by in contest.by if not by.bounds)]
        watched = [column.name for column in table.columns if column.name in self.watched]
        found: dict[str, Need] = {}
        for name in (
            *sorted(numbers),
            *sorted(bins),
            *groups,
            *(condition.column for condition in self.where),
            *watched,
        ):
            column = table.columns[position(table, name)]
            # a group is told by its text, so that all pieces of a file tell it alike
            by_kind = column.kind is Kind.NUMBER and name not in groups
            as_number = by_kind or (name in numbers | bins and name not in labels)
            found.setdefault(name, Need(name, as_number, column.kind, column.width, name not in looked_at))
        return list(found.values())


def watched_columns(table: Table, selected: set[str]) -> tuple[str, ...]:
    """Columns of the table that usually ask for a choice and about which the command says nothing."""
    names = [column.name for column in table.columns]
    return tuple(name for name in names if name.lower() in WATCHED and name not in selected and names.count(name) == 1)
