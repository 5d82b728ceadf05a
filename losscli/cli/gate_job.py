"""The work of `losscli check`: what is read, the scans, the verdict, and what is written."""

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import SliceOptions, chance_of
from losscli.cli.engine_options import EngineOptions
from losscli.cli.gate_options import GateOptions
from losscli.cli.gate_settings import Settings
from losscli.cli.github_actions import tell_github
from losscli.cli.job import hashed_inputs, request_of, scanned
from losscli.cli.model_options import ModelOptions, assembly_of
from losscli.cli.options import InputOptions, OutputOptions
from losscli.cli.writing import Destination, say, write_report, write_stdout, write_texts
from losscli.errors import DataError, ExitCode, NobodyReads, UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.assembly import Assembly
    from losscli.evaluation import Sums
    from losscli.execution import Engine
    from losscli.gates.configuration import Configuration
    from losscli.gates.rule import Rule
    from losscli.gates.running import Held, Reference
    from losscli.request import Request
    from losscli.results import Report

BASELINE, CANDIDATE = "baseline", "candidate"
"""What the two are called where the baseline is a file of predictions."""
ROW_ROLES = ("weight", "group")
"""What --column may say besides the roles of losses; it holds for all rules."""


@dataclass(frozen=True)
class GateJob:
    """A run of the gate."""

    gate: GateOptions
    configuration: "Configuration | None"
    rules: "Sequence[Rule]"
    settings: Settings
    catalogue: CatalogueOptions
    reading: InputOptions
    where: EngineOptions
    output: OutputOptions

    def inputs(self) -> "tuple[Assembly, Reference]":
        """What is read, and what regressions are measured from; nothing of it is opened yet.

        Raises:
            UsageError: parts that do not go together, or a regression without a baseline.
        """
        from losscli.gates.running import Reference, check_reference

        named, models = self._baseline(), self.settings.models
        several = bool(models.model or models.model_column or self.catalogue.repeated)
        check_reference(self.rules, there=several or named is not None)
        if named is not None and not several and self._is_predictions(named):
            return self._beside(named)
        inputs = self._assembly(self.settings.files, models, named if several else None)
        if named is None or several:
            return inputs, Reference(paired=several, model=named if several else None)
        if not Path(named).exists():
            return inputs, Reference(missing=(named, self._on_missing()))
        return inputs, self._saved(named, inputs)

    def _baseline(self) -> str | None:
        said = self.configuration.baseline if self.configuration else None
        return self.gate.baseline or (said.path if said else None)

    def _is_predictions(self, named: str) -> bool:
        from losscli.gates.baseline import is_saved_report

        return Path(named).exists() and not is_saved_report(named)

    def _saved(self, named: str, inputs: "Assembly") -> "Reference":
        """A saved result to measure from.

        Raises:
            UsageError: a rule that does not fit, which is said before a saved result that cannot be read.
            DataError: it cannot be read.
        """
        from losscli.gates.baseline import read_baseline
        from losscli.gates.running import Reference

        try:
            saved = read_baseline(named)
        except DataError:
            if not inputs.read_once:
                self._refuse_early(inputs, self._requests(None))
            raise
        return Reference(saved=saved, truth=hashed_inputs(inputs)[-1:] if self.settings.joins.truth else ())

    def _on_missing(self) -> str:
        said = self.configuration.baseline if self.configuration else None
        return self.gate.missing_baseline or (said.missing if said else "fail")

    def _beside(self, named: str) -> "tuple[Assembly, Reference]":
        """The files of the command beside a file of predictions that is the baseline."""
        from losscli.gates.running import Reference

        files = self.settings.files or []
        if len(files) != 1:
            raise UsageError(
                f"{named} holds predictions, and {len(files)} files are held against it",
                hint="give one FILE or a pattern in quotes, or name both: --model old=A --model new=B --baseline old",
            )
        pair = [f"{BASELINE}={named}", f"{CANDIDATE}={files[0]}"]
        return self._assembly(None, ModelOptions(model=pair), BASELINE), Reference(paired=True, model=BASELINE)

    def _assembly(self, files: list[str] | None, models: ModelOptions, baseline: str | None) -> "Assembly":
        from losscli.data.where import Condition

        conditions = [Condition.parse(text) for text in self.settings.rows.where or []]
        return assembly_of(files, self.reading, self.settings.joins, models, baseline, conditions)

    def _request(self, losses: Sequence[str], baseline: str | None) -> "Request":
        """The request of some losses; the columns of roles are each rule's own."""
        catalogue = replace(self.catalogue, roles={}, parameters={})
        given, rows = self._given(), self.settings.rows
        weight, group = (given.get(name, getattr(rows, name)) for name in ROW_ROLES)
        rows = replace(rows, column=None, weight=weight, group=group)
        chance = chance_of(SliceOptions(), self.settings.resampling, baseline)
        return replace(request_of(losses, rows, catalogue, self.reading, chance), fingerprint=True)

    def _given(self) -> dict[str, str]:
        from losscli.cli.job import roles_of

        return roles_of(self.settings.rows, self.catalogue)

    def _requests(self, baseline: str | None) -> "list[tuple[list[Rule], Request]]":
        """The rules that a scan serves, with its request, for each scan."""
        from losscli.gates.running import check_roles, requests_of

        given = {name: text for name, text in self._given().items() if name not in ROW_ROLES}
        shared = self.configuration.roles if self.configuration else {}
        several = self.catalogue.repeated
        check_roles(self.rules, [*given, *several])
        # what the line says for each model wins over what the configuration says for all rules
        shared = {name: columns for name, columns in shared.items() if name not in several}
        return requests_of(self.rules, lambda some: self._request(some, baseline), shared, given)

    def _refuse_early(self, inputs: "Assembly", requests: "list[tuple[list[Rule], Request]]") -> None:
        """Refuse a rule that does not fit before the rows of the scans of others are read.

        Raises:
            UsageError: a column that is not there, or an input that cannot be read for each scan.
        """
        if inputs.read_once:
            raise UsageError(
                "rules with filters of their own read the input once for each, and this one can be read once",
                hint="write it to a file first",
            )
        for _, request in requests:
            with closing(inputs.openers[0]()) as table:
                request.plan(table).needs(table)

    def run(self, inputs: "Assembly", reference: "Reference", places: Sequence[Destination]) -> int:
        """Scan, judge, write, and say what the process ends with."""
        from losscli.cli.job import begin
        from losscli.gates.judgement import exit_code
        from losscli.gates.running import report_of_all

        requests = self._requests(reference.model)
        begin()
        if len(requests) > 1:
            self._refuse_early(inputs, requests)
        confidence = self.settings.confidence
        reports, held = self._checked(inputs, reference, requests)
        order = {id(rule): place for place, rule in enumerate(self.rules)}
        held.sort(key=lambda one: order[id(one.rule)])
        if self.gate.update_limits:
            return self._update(held)
        outcome = self.gate.on_inconclusive or (self.configuration.on_inconclusive if self.configuration else None)
        saves = self.gate.save_baseline or reference.creates
        hashed = hashed_inputs(inputs) if saves or any(place.kind == "json" for place in places) else []
        report = report_of_all(reports, held, confidence, hashed, outcome)
        code = exit_code(report.checks, outcome)
        self._write(report, places, code, reference)
        return code

    def _checked(
        self, inputs: "Assembly", reference: "Reference", requests: "list[tuple[list[Rule], Request]]"
    ) -> "tuple[list[Report], list[Held]]":
        """A report for each scan, and each rule held against what it found."""
        from losscli.engine_choice import engine_for
        from losscli.execution import thread_count
        from losscli.gates.running import checked

        reports: list[Report] = []
        held: list[Held] = []
        threads = thread_count(self.reading.threads)
        with engine_for(self.where.engine, threads, inputs, [request for _, request in requests]) as engine:
            for rules, request in requests:
                sums = self._scanned(inputs, request, engine)
                report, of_rules = checked(rules, sums, request, self.settings.confidence, reference, inputs.left_out)
                reports.append(report)
                held += of_rules
        return reports, held

    def _scanned(self, inputs: "Assembly", request: "Request", engine: "Engine") -> "Sums":
        """One scan.

        Raises:
            DataError: as that of any command, but in the words of rules.
        """
        from losscli.slicing import TooManySlicesError

        try:
            return scanned(inputs, request, engine, self.output)
        except TooManySlicesError as error:
            raise DataError(
                f"a rule by {error.named} has more than {error.most:,} slices",
                'cut numbers into ranges: by = "age:0,18,65"; or take a part of the rows: where = "user=7"',
            ) from None

    def _write(self, report: "Report", places: Sequence[Destination], code: int, reference: "Reference") -> None:
        if not self.output.quiet:
            for warning in report.warnings:
                say(f"warning: {warning}")
        if all(place.kind != "github" for place in places):
            for line in tell_github(report, os.environ).splitlines():
                say(line)
        saved = self.gate.save_baseline or (reference.creates if code != ExitCode.FAILED else None)
        files = [*places, Destination("json", saved)] if saved else places
        try:
            write_report(report, files)
        except NobodyReads as gone:
            raise NobodyReads(ExitCode(code)) from gone
        if saved and not self.output.quiet:
            say(f"saved {saved}")

    def _update(self, held: "Sequence[Held]") -> int:
        """Write the present values into the configuration, and show what changed."""
        from losscli.gates.configuration import read_text
        from losscli.gates.limits import Slack, difference, new_limits, rewritten
        from losscli.gates.rule import MAX, MIN

        if self.configuration is None:
            raise UsageError("--update-limits writes the rules of a configuration, and there is none")
        slack = Slack() if self.gate.slack is None else Slack.of(self.gate.slack)
        of_rules = [new_limits(one.rule, one.results, slack) for one in held]
        limits = [limit for found in of_rules for limit in found]
        path = self.configuration.path
        before = read_text(Path(path), path)
        after = rewritten(before, path, limits)
        if after != before:
            write_texts({path: after})
        unknown = [
            one.rule
            for one, found in zip(held, of_rules, strict=True)
            if len(found) < len({MAX, MIN} & {*one.rule.kinds})
        ]
        for rule in unknown:
            lacking = "an interval" if rule.on in ("upper", "lower") else "a value"
            say(f"warning: gate {rule.table}, {rule.name or rule.loss}: its limit stays: {lacking} cannot be computed")
        write_stdout(difference(before, after, path) or f"{path}: nothing changes\n")
        return ExitCode.INCONCLUSIVE if unknown else ExitCode.OK
