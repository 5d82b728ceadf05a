"""The work of `losscli check`: what is read, the scans, the verdict, and what is written."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import SliceOptions, chance_of
from losscli.cli.gate_options import GateOptions
from losscli.cli.gate_settings import Settings
from losscli.cli.github_actions import tell_github
from losscli.cli.job import hashed_inputs, request_of, scanned
from losscli.cli.model_options import ModelOptions, assembly_of
from losscli.cli.options import InputOptions, OutputOptions
from losscli.cli.writing import Destination, say, write_report, write_stdout, write_texts
from losscli.errors import ExitCode, NobodyReads, UsageError

if TYPE_CHECKING:
    from losscli.data.assembly import Assembly
    from losscli.gates.configuration import Configuration
    from losscli.gates.rule import Rule
    from losscli.gates.running import Held, Reference
    from losscli.request import Request
    from losscli.results import Report

BASELINE, CANDIDATE = "baseline", "candidate"
"""What the two are called where the baseline is a file of predictions."""


@dataclass(frozen=True)
class GateJob:
    """A run of the gate."""

    gate: GateOptions
    configuration: "Configuration | None"
    rules: "Sequence[Rule]"
    settings: Settings
    catalogue: CatalogueOptions
    reading: InputOptions
    output: OutputOptions

    def inputs(self) -> "tuple[Assembly, Reference]":
        """What is read, and what regressions are measured from; nothing of it is opened yet.

        Raises:
            UsageError: parts that do not go together, or a regression without a baseline.
        """
        from losscli.gates.running import Reference, check_reference

        named, models = self._baseline(), self.settings.models
        several = bool(models.model or models.model_column or self.catalogue.repeated)
        reference = Reference(paired=several, model=named if several else None)
        if named is not None and not several:
            if self._is_predictions(named):
                return self._beside(named)
            reference = self._saved(named)
        check_reference(self.rules, reference)
        inputs = self._assembly(self.settings.files, models, named if several else None)
        if reference.saved is not None and self.settings.joins.truth is not None:
            reference = replace(reference, truth=hashed_inputs(inputs)[-1:])
        return inputs, reference

    def _baseline(self) -> str | None:
        said = self.configuration.baseline if self.configuration else None
        return self.gate.baseline or (said.path if said else None)

    def _is_predictions(self, named: str) -> bool:
        from losscli.gates.baseline import is_saved_report

        return Path(named).exists() and not is_saved_report(named)

    def _saved(self, named: str) -> "Reference":
        from losscli.gates.baseline import read_saved_report
        from losscli.gates.running import Reference

        if Path(named).exists():
            return Reference(saved=read_saved_report(named))
        return Reference(missing=(named, self._on_missing()))

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
        return self._assembly(None, ModelOptions(model=pair), BASELINE), Reference(paired=True)

    def _assembly(self, files: list[str] | None, models: ModelOptions, baseline: str | None) -> "Assembly":
        from losscli.data.where import Condition

        conditions = [Condition.parse(text) for text in self.settings.rows.where or []]
        return assembly_of(files, self.reading, self.settings.joins, models, baseline, conditions)

    def _request(self, losses: Sequence[str], baseline: str | None) -> "Request":
        """The request of some losses; the columns of roles are each rule's own."""
        catalogue = replace(self.catalogue, roles={}, parameters={})
        rows = replace(self.settings.rows, column=None)
        chance = chance_of(SliceOptions(), self.settings.resampling, baseline)
        return request_of(losses, rows, catalogue, self.reading, chance)

    def run(self, inputs: "Assembly", reference: "Reference", places: Sequence[Destination]) -> int:
        """Scan, judge, write, and say what the process ends with."""
        from losscli.cli.job import roles_of
        from losscli.gates.judgement import exit_code
        from losscli.gates.running import check_roles, checked, report_of_all, requests_of
        from losscli.summary import with_left_out

        given = roles_of(self.settings.rows, self.catalogue)
        shared = self.configuration.roles if self.configuration else {}
        check_roles(self.rules, given)
        baseline = reference.model
        reports, held = [], []
        confidence = self.settings.confidence
        for rules, request in requests_of(self.rules, lambda some: self._request(some, baseline), shared, given):
            sums = scanned(inputs, request, self.reading, self.output)
            report, of_rules = checked(rules, sums, request, confidence, reference)
            reports.append(report)
            held += of_rules
        order = {id(rule): place for place, rule in enumerate(self.rules)}
        held.sort(key=lambda one: order[id(one.rule)])
        if self.gate.update_limits:
            return self._update(held)
        outcome = self.gate.on_inconclusive or (self.configuration.on_inconclusive if self.configuration else None)
        hashed = hashed_inputs(inputs) if self._hashes(places) else []
        report = report_of_all(reports, held, confidence, hashed, outcome)
        report = with_left_out(report, inputs.left_out)
        code = exit_code(report.checks, outcome)
        self._write(report, places, code, reference)
        return code

    def _hashes(self, places: Sequence[Destination]) -> bool:
        return bool(self.gate.save_baseline) or any(place.kind == "json" for place in places)

    def _write(self, report: "Report", places: Sequence[Destination], code: int, reference: "Reference") -> None:
        from losscli.reports.text import json_text

        if not self.output.quiet:
            for warning in report.warnings:
                say(f"warning: {warning}")
        saved = self.gate.save_baseline
        if saved is None and reference.missing and reference.missing[1] == "create" and code != ExitCode.FAILED:
            saved = reference.missing[0]
        if saved is not None:
            write_texts({saved: json_text(report)})
            say(f"saved {saved}")
        if all(place.kind != "github" for place in places):
            for line in tell_github(report, os.environ).splitlines():
                say(line)
        try:
            write_report(report, places)
        except NobodyReads as gone:
            raise NobodyReads(ExitCode(code)) from gone

    def _update(self, held: "Sequence[Held]") -> int:
        """Write the present values into the configuration, and show what changed."""
        from losscli.gates.configuration import read_text
        from losscli.gates.limits import Slack, difference, new_limits, rewritten

        if self.configuration is None or any(one.rule.table is None for one in held):
            raise UsageError("--update-limits writes the rules of a configuration", hint="leave --loss out")
        slack = Slack() if self.gate.slack is None else Slack.of(self.gate.slack)
        limits = [limit for one in held for limit in new_limits(one.rule, one.results, slack)]
        path = self.configuration.path
        before = read_text(Path(path), path)
        after = rewritten(before, path, limits)
        if after != before:
            write_texts({path: after})
        unknown = [one.rule for one in held if not one.results or any(r.value is None for r in one.results)]
        for rule in unknown:
            say(f"warning: {rule.loss}: the limits stay: a value cannot be computed")
        write_stdout(difference(before, after, path) or f"{path}: nothing changes\n")
        return ExitCode.INCONCLUSIVE if unknown else ExitCode.OK
