"""What a command or a call asks of the data: checked as far as it can be before any file is opened."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from losscli.binding import Binding
from losscli.chance import UNSAID, Chance, way_of
from losscli.data.columns import ColumnNames, Selection
from losscli.data.labels import named_classes
from losscli.data.table import Table
from losscli.data.where import Condition
from losscli.errors import UsageError
from losscli.models import ModelChoice, check_read, models_of, renamed, view_of, with_truth
from losscli.plan import (
    PERCENT,
    TRANSFORMS,
    WEIGHT,
    Contest,
    LossSpec,
    Plan,
    Policy,
    Term,
    Transform,
    watched_columns,
)
from losscli.records import dataclass
from losscli.shared_columns import check_shapes, shared_names
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
        group: the columns whose values are the same within a set or batch.
        batch_size: how many consecutive rows are a batch.
        models: the columns of each model; empty for one, or for what the input itself says.
        chance: what was said of slices and of what intervals rest on.
        described: whether the distribution of the losses is wanted as well.
        fingerprint: whether results carry a fingerprint of their truth in the signature.
    """

    specs: Sequence[LossSpec]
    selection: Selection
    weight: str | None = None
    where: Sequence[Condition] = ()
    missing: Policy = "error"
    invalid: Policy = "error"
    transform: Transform | None = None
    reading: str = ""
    group: str | None = None
    batch_size: int | None = None
    models: Sequence[ModelChoice] = ()
    chance: Chance = UNSAID
    described: bool = False
    fingerprint: bool = False

    def plan(self, table: Table) -> Plan:
        """The request bound to the columns of a table.

        Raises:
            UsageError: a column that is not there or is not clear.
        """
        # beside losses of sets or batches, those of rows have no use for a group
        alone = all(spec.loss.unit.kind == "row" for spec in self.specs)
        contests = tuple(
            self._contest(spec, table, grouped=alone or spec.loss.unit.kind != "row") for spec in self.specs
        )
        terms = [term for contest in contests for term in contest.terms]
        self._check_used(terms)
        used = {name for term in terms for names in term.roles.values() for name in names}
        used |= {condition.column for condition in self.where}
        used |= {way.column for contest in contests for way in contest.by}
        return Plan(contests, tuple(self.where), self.missing, self.invalid, watched_columns(table, used))

    def _contest(self, spec: LossSpec, table: Table, *, grouped: bool) -> Contest:
        """One loss bound to the columns of each model."""
        models = self.models or [ModelChoice(name) for name in models_of(table)] or [ModelChoice(None)]
        names = [model.name for model in models]
        baseline = self.chance.baseline
        if baseline is not None and baseline not in names:
            raise UsageError(f"there is no model {baseline!r}", hint=f"one of {', '.join(map(str, names))}")
        terms: list[Term] = []
        for model in models:
            check_read(spec.loss, model)
            given = {**self.selection.given, **spec.roles, **model.roles}
            view = view_of(table, model.name, shared_names(terms[0]) if terms else ())
            with_truth(spec.loss, given, view)
            binding = Binding(spec, replace(self.selection, given=given), view)
            term = binding.term(
                weight=self.weight,
                transform=self.transform,
                group=self.group if grouped else None,
                size=self.batch_size if grouped else None,
            )
            terms.append(replace(renamed(term, view, model.name), fingerprint=self.fingerprint))
        how = self.chance.resampling(table)
        if how.run is not None and terms[0].sets.kind == "batch":
            raise UsageError(f"{spec.loss.name}: --block is for rows and sets, not for batches", hint="leave it out")
        contest = Contest(
            tuple(terms),
            0 if baseline is None else names.index(baseline),
            tuple(way_of(text, table) for text in (self.chance.by if spec.by is None else spec.by)),
            how,
            self.chance.most_slices(),
            self.chance.fewest_rows(),
            self.described,
        )
        check_shapes(terms, by_place=contest.by_place)
        return contest

    def _check_used(self, terms: Sequence[Term]) -> None:
        """Refuse what was said of probabilities where no loss reads any."""
        names = " and ".join(term.spec.loss.name for term in terms)
        inputs = [entry for term in terms for entry in term.inputs]
        if self.selection.probs_percent and not any(entry.transform is PERCENT for entry in inputs):
            raise UsageError(f"{names}: --probs-percent does not apply: no probabilities are read", hint="leave it out")


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
    group: ColumnNames | None = None,
    batch_size: str | int | None = None,
    classes: str | Sequence[str] | None = None,
    positive_class: str | None = None,
    probs_percent: bool = False,
    chance: Chance = UNSAID,
    models: Sequence[ModelChoice] = (),
) -> Request:
    """A request from what a user wrote.

    Args:
        losses: `NAME` or `NAME:param=value,...`.
        roles: the columns of roles; `weight` may be among them.
        parameters: parameters beside the names of the losses.
        command: the command line so far, for suggestions; None for a call from Python.
        group: the column of sets or batches; batch_size: rows of a batch instead.
        classes: the names of the classes in the order of the prediction's columns.
        positive_class: the label of class 1 of two.
        probs_percent: whether probabilities are 0 to 100.
        chance: slices, and what intervals rest on.
        models: the columns of each model.

    Raises:
        UsageError: anything that does not fit.
    """
    specs = _specs(losses, parameters)
    _check_words(missing, invalid, transform)
    _check_roles([*roles, *(name for model in models for name in model.roles)], specs)
    _check_labels(specs, classes is not None, positive_class is not None)
    chance.check()
    return Request(
        specs,
        _selection(roles, command, classes, positive_class, probs_percent),
        weight=_as_text(roles.get(WEIGHT, weight)),
        where=[Condition.parse(text) for text in where],
        missing=cast("Policy", missing),
        invalid=cast("Policy", invalid),
        transform=TRANSFORMS[transform] if transform else None,
        reading=reading,
        group=_as_text(roles.get("group", group)),
        batch_size=None if batch_size is None else _size(batch_size),
        models=models,
        chance=chance,
    )


def _specs(losses: Sequence[str], parameters: Mapping[str, Any]) -> list[LossSpec]:
    if not losses:
        raise UsageError("no loss is named", hint="--loss NAME; `losscli list` shows all of them")
    return with_parameters([parse_spec(text) for text in losses], parameters)


def _check_words(missing: str, invalid: str, transform: str | None) -> None:
    for name, policy in (("missing", missing), ("invalid", invalid)):
        if policy not in ("error", "skip"):
            raise UsageError(f"--{name} takes error or skip, not {policy!r}")
    if transform is not None and transform not in TRANSFORMS:
        raise UsageError(f"--transform takes {' or '.join(TRANSFORMS)}, not {transform!r}")


def _selection(
    roles: Mapping[str, ColumnNames],
    command: str | None,
    classes: str | Sequence[str] | None,
    positive_class: str | None,
    probs_percent: bool,
) -> Selection:
    if positive_class is not None and classes is not None:
        raise UsageError("--classes and --positive-class are given", hint="leave one of them out")
    names = None if classes is None else named_classes(_as_text(classes) or "")
    given = {name: columns for name, columns in roles.items() if name not in (WEIGHT, "group")}
    return Selection(given, command, names, positive_class, probs_percent)


def _as_text(names: ColumnNames | None) -> str | None:
    return names if names is None or isinstance(names, str) else ",".join(names)


def _size(given: str | int) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", str(given)):
        raise UsageError(f"--batch-size takes a whole number of at least 1, not {given!r}")
    return int(given)


def _check_roles(given: Sequence[str], specs: Sequence[LossSpec]) -> None:
    read = {role.name for spec in specs for role in spec.loss.roles} | {WEIGHT, "group"}
    # for a loss that has no pred, --pred stands for another role or is refused with what to write
    asked = read | {"pred"}
    for role in given:
        if role not in asked:
            names = " and ".join(spec.loss.name for spec in specs)
            raise UsageError(
                f"{names} {'does' if len(specs) == 1 else 'do'} not read {role}",
                hint=f"roles: {', '.join(sorted(read))}",
            )


def _check_labels(specs: Sequence[LossSpec], classes: bool, positive: bool) -> None:
    """Refuse what says how labels are read where no loss reads any."""
    coded = {role.domain.coded for spec in specs for role in spec.loss.roles} - {""}
    names = " and ".join(spec.loss.name for spec in specs)
    if (classes and not coded) or (positive and not coded):
        flag = "--classes" if classes else "--positive-class"
        raise UsageError(f"{names}: {flag} does not apply: no labels are read", hint="leave it out")
    if positive and coded == {"class"}:
        raise UsageError(
            f"{names}: --positive-class does not apply: every class has columns of its own",
            hint="--classes names them in the order of the columns",
        )
