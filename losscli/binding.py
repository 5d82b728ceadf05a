"""A loss bound to the columns of a table: domains, layouts, the codes of labels, and how rows form units."""

from collections.abc import Sequence
from typing import Any

from losscli.catalogue import Loss, Parameter, Role
from losscli.class_weights import named_weights, scheme
from losscli.data.box_columns import box_format_of, check_order
from losscli.data.columns import Selection, expand, resolve_roles
from losscli.data.labels import (
    AnyCoding,
    BooleanCoding,
    Coding,
    check_class_order,
    check_same_classes,
    class_names,
    looks_boolean,
)
from losscli.data.table import Kind, Table
from losscli.domain import NON_NEGATIVE, Domain
from losscli.errors import UsageError
from losscli.plan import PERCENT, WEIGHT, Input, Layout, LossSpec, Sets, Term, Transform

PROBABILITY_ROLES = ("probs",)


class Binding:
    """One loss and one table, while they are brought together."""

    def __init__(self, spec: LossSpec, selection: Selection, table: Table) -> None:
        self.spec = spec
        self.loss = spec.loss
        self.selection = selection
        self.table = table
        self.roles = resolve_roles(spec.loss, selection, table)
        self.columns = {column.name: column for column in table.columns}
        self._check_box_names()
        self.of_lists = self.loss.unit.kind == "set" and any(
            self._kind(name) is Kind.LIST for names in self.roles.values() for name in names
        )
        self.classes = self._classes()
        self.values = self._values()

    def term(
        self,
        *,
        weight: str | None = None,
        transform: Transform | None = None,
        group: str | None = None,
        size: int | None = None,
    ) -> Term:
        """The loss bound to its columns.

        Raises:
            UsageError: a column that is not there or is not clear, or a parameter outside its domain.
        """
        if transform is not None and self.loss.pred_means not in self.roles:
            named = self.loss.pred_means or "target and pred"
            raise UsageError(f"{self.loss.name}: --transform applies to {named}, which is not given")
        inputs = [self._input(role, transform) for role in self.loss.roles if role.name in self.roles]
        by_name = {parameter.name: parameter for parameter in self.loss.parameters}
        sets = self._sets(group, size)
        for name, column in self.spec.columns().items():
            domain = _number_domain(by_name[name], self.loss)
            inputs.append(Input(name, expand(column, self.table), domain, optional=True))
        weight_input = None
        if weight is not None:
            weight_input = Input(WEIGHT, _one_column(weight, self.table), NON_NEGATIVE)
        return Term(self.spec, tuple(inputs), weight_input, self.values, sets, self.classes)

    def _check_box_names(self) -> None:
        """Refuse columns whose names speak of another format than the one that is taken because none was said."""
        boxes = {role.name: self.roles[role.name] for role in self.loss.roles if role.domain.width == 4}
        check_order(self.loss.name, {role: names for role, names in boxes.items() if len(names) == 4})
        for role in self.loss.roles:
            names = self.roles.get(role.name, ())
            said = [self.spec.given.get(name) for name in self.loss.variants.get(role.name, ())]
            if role.domain.width != 4 or any(said) or len(names) != 4:
                continue
            spoken = box_format_of(names)
            if spoken not in (None, "xyxy"):
                raise UsageError(
                    f"{self.loss.name}: {role.name} has columns {', '.join(names)}, which look like {spoken} where "
                    "corners (xyxy) are read",
                    hint=self.selection.suggestion({self._format_flag(role, spoken): str(spoken)}),
                )

    def _format_flag(self, role: Role, spoken: str | None) -> str:
        """The parameter for the format of both sides where their names agree, otherwise that of the role."""
        flags = self.loss.variants[role.name]
        agree = all(box_format_of(names) == spoken for names in self.roles.values() if len(names) == 4)
        return flags[-1] if agree else flags[0]

    def _kind(self, name: str) -> Kind:
        column = self.columns.get(name)
        return column.kind if column is not None else Kind.NUMBER

    def _prediction_columns(self) -> tuple[str, ...]:
        """The columns that stand for classes: those of the role that has most of them, the target left out."""
        wide = [names for role, names in self.roles.items() if role != "target" and len(names) > 1]
        return max(wide, key=len, default=())

    def _classes(self) -> tuple[str, ...] | None:
        coded = [role for role in self.loss.roles if role.domain.coded]
        if not coded:
            return None
        columns = self._prediction_columns()
        given = self.selection.classes
        if given is not None and columns and len(given) != len(columns) and not self.loss.by_element:
            raise UsageError(
                f"--classes names {len(given)} classes ({', '.join(given)}) where there are {len(columns)} prediction "
                f"columns ({', '.join(columns)})"
            )
        check_same_classes(self.loss.name, self.roles.get("target", ()), columns)
        if given is not None:
            check_class_order(self.loss.name, given, columns)
        return given if given is not None or self.loss.by_element else class_names(columns, self._label())

    def _label(self) -> str | None:
        """One of the labels, where the target is a column of text."""
        target = self.roles.get("target", ())
        return self.columns[target[0]].sample if len(target) == 1 and target[0] in self.columns else None

    def _values(self) -> dict[str, Any]:
        values = self.spec.values()
        for name, text in self.spec.words().items():
            if name not in self.spec.resolved and scheme(text) is None:
                values[name] = named_weights(text, self.classes)
        return values

    def _widths(self) -> dict[str, int]:
        """How many columns each role has; a list column of a row-wise loss has several values."""
        if self.loss.by_element:
            return {}
        widths = {role: len(names) for role, names in self.roles.items()}
        if not self.of_lists:
            for role, names in self.roles.items():
                if len(names) == 1 and self._kind(names[0]) is Kind.LIST:
                    widths[role] = 2
        return widths

    def _input(self, role: Role, transform: Transform | None) -> Input:
        names = self.roles[role.name]
        domain = self.loss.domain_of(role, self.values, self._widths())
        layout = self._layout(role, domain, names)
        if role.name in PROBABILITY_ROLES and self.selection.probs_percent:
            own: Transform | None = PERCENT
        else:
            own = transform if role.name in ("target", self.loss.pred_means) else None
        return Input(
            role.name,
            names,
            domain,
            layout,
            self._coding(role, domain, names),
            own,
            domain.hint if role.domain.relaxed is None else self.loss.guard_hint(role, self.values),
            revealed=role.name in self.loss.reveals,
        )

    def _layout(self, role: Role, domain: Domain, names: Sequence[str]) -> Layout:
        if self.loss.by_element:
            return "each"
        if self.of_lists:
            return "elements"
        if domain.stacked:
            return "stack"
        if domain.vector:
            return "vector"
        if len(names) != 1:
            raise UsageError(f"{self.loss.name}: {role.name} takes one column, not {', '.join(names)}")
        return "one"

    def _coding(self, role: Role, domain: Domain, names: Sequence[str]) -> AnyCoding | None:
        if not role.domain.coded:
            return None
        kind = self._kind(names[0])
        by_word = kind is Kind.BOOLEAN or (kind is Kind.TEXT and looks_boolean(self.columns[names[0]].sample))
        if len(names) > 1 or domain.vector:
            self._check_names_of_several(role, names)
            return BooleanCoding() if by_word else None
        if domain.coded == "class":
            return self._class_coding(names[0], kind)
        if self.selection.positive_class is not None:
            return Coding((self.selection.positive_class,), other=0.0)
        if self.selection.classes is not None:
            if len(self.selection.classes) != 2:
                raise UsageError(f"{self.loss.name} has two classes, not {', '.join(self.selection.classes)}")
            return Coding(self.selection.classes)
        if by_word:
            return BooleanCoding()
        if kind is Kind.TEXT:
            sample = self.columns[names[0]].sample
            raise UsageError(
                f"{self.loss.name}: {role.name} column {names[0]!r} holds text ({sample!r}), and which text is class 1 "
                "is not said",
                hint=self._add("positive_class", sample or "NAME"),
            )
        return None

    def _check_names_of_several(self, role: Role, names: Sequence[str]) -> None:
        """Refuse names of labels where each label has a column of its own."""
        flags = {"positive-class": self.selection.positive_class}
        if self.loss.by_element:
            # elsewhere the columns are one for each class, and --classes names them
            flags["classes"] = ",".join(self.selection.classes or ())
        for flag, given in flags.items():
            if given:
                raise UsageError(
                    f"{self.loss.name}: --{flag} names the labels of a column with one label a row, and {role.name} "
                    f"has a value for each label ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})",
                    hint=f"leave --{flag} out",
                )

    def _class_coding(self, name: str, kind: Kind) -> Coding | None:
        ignored = self.values.get(self.loss.ignores[1]) if self.loss.ignores else None
        if kind in (Kind.TEXT, Kind.BOOLEAN):
            if self.classes is None:
                sample = self.columns[name].sample
                raise UsageError(
                    f"{self.loss.name}: target column {name!r} holds names ({sample!r}), and which class each "
                    "prediction column stands for is not said",
                    hint=self._names_of_classes(sample),
                )
            return Coding(self.classes, ignored=ignored)
        if self.classes is None or not all(text.strip().isdigit() for text in self.classes):
            return None
        numbers = [int(text) for text in self.classes]
        return None if numbers == list(range(len(numbers))) else Coding(self.classes, ignored=ignored)

    def _names_of_classes(self, sample: str | None) -> str:
        """How to say the classes: the names of the columns where the labels are among them."""
        columns = self._prediction_columns()
        known = sample in columns or (sample is None and columns)
        if known and not any("," in name or name in ("", *self.roles["target"]) for name in columns):
            return self._add("classes", ",".join(columns))
        return f"--classes {sample or 'cat'},... names them in the order of the columns"

    def _add(self, flag: str, value: str) -> str:
        return self.selection.suggestion({flag: value})

    def _sets(self, group: str | None, size: int | None) -> Sets:
        unit = self.loss.unit
        alone = unit.kind == "row" or (unit.unless and unit.unless in self.roles) or self.of_lists
        if alone:
            if group is not None or size is not None:
                flag = "--group" if group is not None else "--batch-size"
                why = "each row is a set of its own" if self.of_lists else "it has a loss for each row"
                raise UsageError(f"{self.loss.name}: {flag} does not apply: {why}")
            return Sets("row")
        if unit.kind == "set" and size is not None:
            raise UsageError(f"{self.loss.name}: --batch-size does not apply to sets", hint="--group COLUMN")
        columns = () if group is None else expand(group, self.table)
        for name in columns:
            if self._kind(name) in (Kind.LIST, Kind.OTHER):
                raise UsageError(
                    f"{self.loss.name}: the group column {name!r} holds neither numbers nor texts nor times",
                    hint="name a column with one value a row",
                )
        if unit.kind == "set":
            return Sets("set", columns) if columns else Sets("whole")
        if not columns and size is None:
            raise UsageError(
                f"{self.loss.name} compares the rows of a batch with one another, and what a batch is is not said",
                hint="--group COLUMN, or --batch-size N for N rows after one another",
            )
        if columns and size is not None:
            raise UsageError(f"{self.loss.name}: --group and --batch-size are given", hint="leave one of them out")
        return Sets("batch", columns, size)


def _one_column(text: str, table: Table) -> tuple[str, ...]:
    names = expand(text, table)
    if len(names) != 1:
        raise UsageError(f"--weight takes one column, not {', '.join(names)}")
    return names


def _number_domain(parameter: Parameter, loss: Loss) -> Domain:
    if parameter.domain is None or parameter.many == "class":
        raise UsageError(f"{loss.name}: {parameter.name} is {parameter.allowed}; only a number can come from a column")
    if not parameter.by_row:
        raise UsageError(
            f"{loss.name}: {parameter.name} is the same for all rows and cannot come from a column",
            hint=f"--{parameter.name.replace('_', '-')} VALUE, {parameter.domain.allowed}",
        )
    return parameter.domain
