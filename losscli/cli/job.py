"""What compute and compare have in common: from options to a request, from a request to a report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from losscli.cli.options import CatalogueOptions, InputOptions, OutputOptions, RowOptions
from losscli.cli.progress import Progress
from losscli.cli.writing import Destination, say, write_report
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.evaluation import Request
    from losscli.results import Reduction


def request_of(losses: Sequence[str], rows: RowOptions, catalogue: CatalogueOptions, command: str) -> "Request":
    """The request that the options describe.

    Raises:
        UsageError: an option that does not fit.
    """
    from losscli.data.columns import Selection
    from losscli.data.where import Condition
    from losscli.evaluation import Request
    from losscli.plan import TRANSFORMS, Policy
    from losscli.specs import parse_spec, with_parameters

    if not losses:
        raise UsageError("no loss is named", hint="--loss NAME; `losscli list` shows all of them")
    specs = with_parameters([parse_spec(text) for text in losses], catalogue.parameters)
    for flag, policy in (("--missing", rows.missing), ("--invalid", rows.invalid)):
        if policy not in ("error", "skip"):
            raise UsageError(f"{flag} takes error or skip, not {policy!r}")
    if rows.transform is not None and rows.transform not in TRANSFORMS:
        raise UsageError(f"--transform takes {' or '.join(TRANSFORMS)}, not {rows.transform!r}")
    given = _roles(rows, catalogue)
    _check_roles(given, specs)
    return Request(
        specs,
        Selection(given, command),
        weight=given.pop("weight", rows.weight),
        where=[Condition.parse(text) for text in rows.where or []],
        missing=cast("Policy", rows.missing),
        invalid=cast("Policy", rows.invalid),
        transform=TRANSFORMS[rows.transform] if rows.transform else None,
    )


def _roles(rows: RowOptions, catalogue: CatalogueOptions) -> dict[str, str]:
    given = dict(catalogue.roles)
    for text in rows.column or []:
        role, equals, names = text.partition("=")
        role = role.strip().replace("-", "_")
        if not equals or not role or not names:
            raise UsageError(f"--column takes ROLE=NAMES, not {text!r}")
        if role in given or (role == "weight" and rows.weight):
            raise UsageError(f"the columns of {role} are given twice")
        given[role] = names
    return given


def _check_roles(given: dict[str, str], specs: Sequence[Any]) -> None:
    read = {role.name for spec in specs for role in spec.loss.roles} | {"weight"}
    read |= {"pred" for spec in specs if spec.loss.pred_means != "pred"}
    for role in given:
        if role not in read:
            names = " and ".join(spec.loss.name for spec in specs)
            raise UsageError(
                f"{names} {'does' if len(specs) == 1 else 'do'} not read {role}",
                hint=f"roles: {', '.join(sorted(read))}",
            )


def run_job(
    command: str,
    sources: "Sequence[Source]",
    request: "Request",
    reduction: "Reduction",
    places: Sequence[Destination],
    reading: InputOptions,
    output: OutputOptions,
) -> None:
    """Scan the inputs once and write the report."""
    from losscli.data.identity import file_hash
    from losscli.evaluation import scan
    from losscli.execution import thread_count
    from losscli.results import Input, report_of

    with Progress(output.quiet) as progress:
        sums = scan([source.open for source in sources], request, thread_count(reading.threads), progress)
    inputs: list[Input] = []
    if any(place.kind == "json" for place in places):
        inputs = [Input(source.name, *file_hash(source.name)) for source in sources]
    report = report_of(command, sums, request, reduction, output.level(), inputs)
    if not output.quiet:
        for warning in report.warnings:
            say(f"warning: {warning}")
    write_report(report, places)
