"""What compute and compare have in common: from options to a request, from a request to a report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ChanceOptions
from losscli.cli.invocation import command_line
from losscli.cli.memory import keep_freed_memory
from losscli.cli.options import InputOptions, OutputOptions
from losscli.cli.penalty_options import PenaltyOptions
from losscli.cli.progress import Progress
from losscli.cli.row_options import RowOptions
from losscli.cli.writing import Destination, say, write_report
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.request import Request
    from losscli.results import Reduction, Report


def request_of(
    losses: Sequence[str],
    rows: RowOptions,
    catalogue: CatalogueOptions,
    reading: InputOptions,
    chance: ChanceOptions,
    baseline: str | None = None,
) -> "Request":
    """The request that the options describe.

    Args:
        baseline: the model that others are held against.

    Raises:
        UsageError: an option that does not fit.
    """
    from losscli.models import models_in
    from losscli.request import make_request

    return make_request(
        losses,
        _roles(rows, catalogue),
        catalogue.parameters,
        command=command_line(),
        weight=rows.weight,
        where=rows.where or [],
        missing=rows.missing,
        invalid=rows.invalid,
        transform=rows.transform,
        reading=reading.text_options().summary(),
        group=rows.group,
        batch_size=rows.batch_size,
        classes=rows.classes,
        positive_class=rows.positive_class,
        probs_percent=rows.probs_percent,
        chance=chance.said(baseline),
        models=models_in(catalogue.repeated),
    )


def _roles(rows: RowOptions, catalogue: CatalogueOptions) -> dict[str, str]:
    given = dict(catalogue.roles)
    for text in rows.column or []:
        role, equals, names = text.partition("=")
        role = role.strip().replace("-", "_")
        if not equals or not role or not names:
            raise UsageError(f"--column takes ROLE=NAMES, not {text!r}")
        if (
            role in {**given, **catalogue.repeated}
            or (role == "weight" and rows.weight)
            or (role == "group" and rows.group)
        ):
            raise UsageError(f"the columns of {role} are given twice")
        given[role] = names
    return given


def run_job(
    command: str,
    sources: "Sequence[Source]",
    request: "Request",
    reduction: "Reduction",
    places: Sequence[Destination],
    reading: InputOptions,
    output: OutputOptions,
    penalty: PenaltyOptions,
) -> None:
    """Scan the inputs once and write the report."""
    from losscli.evaluation import scan
    from losscli.execution import thread_count
    from losscli.results import Input
    from losscli.summary import report_of

    begin()
    penalties = penalty.penalties()
    with Progress(output.quiet) as progress:
        once = any(source.read_once for source in sources)
        sums = scan([source.open for source in sources], request, thread_count(reading.threads), progress, once)
    inputs: list[Input] = []
    if any(place.kind == "json" for place in places):
        from losscli.data.identity import file_hash

        inputs = [Input(source.name, *file_hash(source.name)) for source in sources]
    report = report_of(command, sums, request, reduction, output.level(), inputs, penalties)
    tell(report, places, output)


def begin() -> None:
    """Set up the process for work on many rows; starting up does without."""
    import gc

    gc.enable()
    keep_freed_memory()


def tell(report: "Report", places: Sequence[Destination], output: OutputOptions) -> None:
    """Write a report, its warnings to standard error."""
    if not output.quiet:
        for warning in report.warnings:
            say(f"warning: {warning}")
    write_report(report, places)
