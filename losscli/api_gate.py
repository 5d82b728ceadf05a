"""The gate from Python: a loss held against limits or a baseline, and the report with its checks and verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

from losscli.api_inputs import Data, Pairing, inputs_of
from losscli.api_request import Rows, request_of, text_of
from losscli.catalogue import all_losses
from losscli.chance import Chance
from losscli.data.columns import ColumnNames
from losscli.data.identity import identities
from losscli.engine_choice import engine_for
from losscli.errors import UsageError
from losscli.evaluation import scan
from losscli.execution import thread_count
from losscli.gates.baseline import is_saved_report, read_baseline
from losscli.gates.entries import Entries
from losscli.gates.gate_table import gate_rule
from losscli.gates.rule import Rule, loss_text
from losscli.gates.running import Reference, check_reference, check_roles, checked, report_of_all, requests_of
from losscli.models import ModelChoice
from losscli.plan import Policy
from losscli.records import dataclass, field
from losscli.request import Request
from losscli.results import Input, Report
from losscli.specs import parse_spec, with_parameters

BASELINE, CANDIDATE = "baseline", "candidate"
"""What the two are called where the baseline has data of its own."""


def check(
    data: "Data | None" = None,
    *,
    loss: str,
    max: float | None = None,
    min: float | None = None,
    max_regression: str | float | None = None,
    floor: float | None = None,
    min_rows: int | None = None,
    on: str | None = None,
    by: str | Sequence[str] = (),
    baseline: "Data | None" = None,
    models: "Mapping[str, Data | Mapping[str, ColumnNames]] | None" = None,
    weight: str | None = None,
    where: str | Sequence[str] = (),
    missing: Policy = "error",
    invalid: Policy = "error",
    transform: str | None = None,
    group: str | Sequence[str] | None = None,
    batch_size: int | None = None,
    classes: str | Sequence[str] | None = None,
    positive_class: str | None = None,
    probs_percent: bool = False,
    truth: "str | PathLike[str] | None" = None,
    key: str | Sequence[str] | None = None,
    join: str = "strict",
    cluster: str | Sequence[str] | None = None,
    block: int | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    confidence: float = 0.95,
    threads: int | None = None,
    engine: str | None = None,
    input_format: str | None = None,
    **named: Any,
) -> Report:
    """Hold a loss against limits, as `losscli check` does with one rule.

    Args:
        data: what `compute` takes; None where each model has its own.
        loss: its name, also with parameters: `pinball:tau=0.8`.
        max, min: the largest and the smallest value that is allowed.
        max_regression: how much worse than the baseline is allowed: `2%`, or a number in the units of the loss.
        floor: beside a percent, so much worse is always allowed.
        min_rows: with fewer rows there is no verdict.
        on: what is held against the limits: the `value`, or the `upper` or `lower` bound of its interval. None is
            `lower` for a regression between paired rows, and `value` otherwise.
        by: columns whose values slice the rows; each slice must keep the limits.
        baseline: the predictions of the model to beat, as a path, a data frame or an Arrow table, or the path of a
            saved result. With models, the name of one; None is the first.
        models: as `compare` takes them.

    The other arguments are those of `compare`.

    Returns:
        A report with the results, a check for each limit and slice, and the verdict.

    Raises:
        UsageError: a loss, limit, parameter or column that is not there or not clear; a regression without a baseline.
        DataError: a file or a value that cannot be evaluated; rows of candidate and baseline that do not pair.
    """
    limits = {"max": max, "min": min, "max_regression": max_regression, "floor": floor, "min_rows": min_rows, "on": on}
    rows = Rows(weight, where, missing, invalid, transform, group, batch_size, classes, positive_class, probs_percent)
    held, chance = _Held.of(data, baseline, models or {}, (truth, key, join)), _chance(cluster, block, bootstrap, seed)
    return _run(loss, {**limits, "by": by}, named, rows, held, chance, confidence, threads, engine, input_format)


@dataclass(frozen=True, slots=True)
class _Held:
    """What is read, and what regressions are measured from."""

    data: "Data | None"
    pairing: Pairing
    reference: Reference = field(default_factory=Reference)
    choices: Sequence[ModelChoice] = ()

    @classmethod
    def of(
        cls,
        data: "Data | None",
        baseline: "Data | None",
        models: "Mapping[str, Data | Mapping[str, ColumnNames]]",
        join: "tuple[str | PathLike[str] | None, str | Sequence[str] | None, str]",
    ) -> "_Held":
        if models:
            if baseline is not None and not isinstance(baseline, str):
                raise UsageError("beside models, baseline is the name of one", hint=f"one of {', '.join(models)}")
            pairing, choices = Pairing.of(data, models, *join, baseline)
            return cls(data, pairing, Reference(paired=True, model=baseline), choices)
        if baseline is None:
            return cls(data, Pairing.of(data, {}, *join, None)[0])
        if isinstance(baseline, (str, PathLike)) and is_saved_report(fspath(baseline)):
            saved = Reference(saved=read_baseline(fspath(baseline)))
            return cls(data, Pairing.of(data, {}, *join, None)[0], saved)
        if data is None:
            raise UsageError("there is no data", hint="a path, a data frame, or models with data of their own")
        pair = {BASELINE: baseline, CANDIDATE: data}
        pairing, _ = Pairing.of(None, pair, *join, BASELINE)
        return cls(None, pairing, Reference(paired=True, model=BASELINE))


def _rule(loss: str, parameters: Mapping[str, Any], limits: Mapping[str, Any]) -> Rule:
    """The rule that the arguments describe, refused where a [[gate]] that says the same is."""
    spec = with_parameters([parse_spec(loss)], parameters)[0]
    given = {name: _plain(value) for name, value in limits.items() if value is not None}
    if not given["by"]:
        del given["by"]
    text = loss_text(spec.loss.name, spec.given)
    rule = gate_rule(Entries({"loss": text, **given}, f"check of {text}"), 1, (), {})
    return replace(rule, spec=spec, table=None)


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python, and a sequence of names as a list."""
    if isinstance(value, tuple):
        return list(value)
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value


def _chance(cluster: str | Sequence[str] | None, block: int | None, bootstrap: int | None, seed: int | None) -> Chance:
    return Chance(cluster=text_of(cluster), block=block, bootstrap=bootstrap, seed=seed)


def _run(
    loss: str,
    limits: Mapping[str, Any],
    named: Mapping[str, Any],
    rows: Rows,
    held: _Held,
    chance: Chance,
    confidence: float,
    threads: int | None,
    engine: str | None,
    input_format: str | None,
) -> Report:
    """The rule, one scan, the verdict, and the report."""
    chance = replace(chance, baseline=held.reference.model)
    if not 0.0 < confidence < 1.0:
        raise UsageError(f"confidence must be between 0 and 1, not {confidence}")
    roles = {role.name for entry in all_losses() for role in entry.roles}
    rule = _rule(loss, {name: value for name, value in named.items() if name not in roles}, limits)
    given = {name: columns for name, columns in named.items() if name in roles and columns is not None}
    check_reference([rule], there=held.reference.paired or held.reference.saved is not None)
    check_roles([rule], given)

    def request(losses: Sequence[str]) -> Request:
        return replace(request_of(losses, {}, rows, chance, held.choices), fingerprint=True)

    [(rules, asked)] = requests_of([rule], request, {}, given)
    count = thread_count(None if threads is None else str(threads))
    read = inputs_of(held.data, input_format, held.pairing, asked.where)
    inputs = [Input(*entry) for entry in identities(read.sources)]
    # of several files the truth is the last
    truth = inputs[-1:] if held.pairing.truth is not None else []
    with engine_for(engine, count, read, [asked]) as started:
        sums = scan(read.openers, asked, started, once=read.read_once)
    reference = replace(held.reference, truth=truth)
    report, of_rules = checked(rules, sums, asked, confidence, reference, read.left_out)
    return report_of_all([report], of_rules, confidence, inputs, None)
