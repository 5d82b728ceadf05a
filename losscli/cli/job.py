"""What compute and compare have in common: from options to a request, from a request to a report."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.engine_options import EngineOptions
from losscli.cli.invocation import command_line
from losscli.cli.memory import keep_freed_memory
from losscli.cli.options import InputOptions, OutputOptions
from losscli.cli.penalty_options import PenaltyOptions
from losscli.cli.progress import Progress
from losscli.cli.row_options import RowOptions
from losscli.cli.writing import Destination, say, write_report
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.chance import Chance
    from losscli.data.assembly import Assembly
    from losscli.evaluation import Sums
    from losscli.execution import Engine
    from losscli.request import Request
    from losscli.results import Input, Reduction, Report


def request_of(
    losses: Sequence[str],
    rows: RowOptions,
    catalogue: CatalogueOptions,
    reading: InputOptions,
    chance: "Chance | None" = None,
) -> "Request":
    """The request that the options describe.

    Args:
        chance: slices, and what intervals rest on.

    Raises:
        UsageError: an option that does not fit.
    """
    from losscli.chance import UNSAID
    from losscli.models import models_in
    from losscli.request import make_request

    return make_request(
        losses,
        roles_of(rows, catalogue),
        catalogue.parameters,
        command=command_line(),
        weight=rows.weight,
        where=rows.where or [],
        missing=rows.missing or "error",
        invalid=rows.invalid or "error",
        transform=rows.transform,
        reading=reading.text_options().summary(),
        group=rows.group,
        batch_size=rows.batch_size,
        classes=rows.classes,
        positive_class=rows.positive_class,
        probs_percent=rows.probs_percent,
        chance=chance or UNSAID,
        models=models_in(catalogue.repeated),
    )


def roles_of(rows: RowOptions, catalogue: CatalogueOptions) -> dict[str, str]:
    """The columns of roles, by their own flags or by --column.

    Raises:
        UsageError: a role that is named twice.
    """
    given = dict(catalogue.roles)
    for text in rows.column or []:
        role, equals, names = text.partition("=")
        role = role.strip().replace("-", "_")
        if not equals or not role or not names:
            raise UsageError(f"--column takes ROLE=NAMES, not {text!r}")
        own = {"weight": rows.weight, "group": rows.group}
        if role in given or role in catalogue.repeated or own.get(role):
            raise UsageError(f"the columns of {role} are given twice")
        given[role] = names
    return given


def run_job(
    command: str,
    inputs: "Assembly",
    request: "Request",
    reduction: "Reduction",
    places: Sequence[Destination],
    reading: InputOptions,
    output: OutputOptions,
    penalty: PenaltyOptions,
    where: EngineOptions,
) -> None:
    """Scan the inputs once and write the report."""
    from losscli.engine_choice import engine_for
    from losscli.execution import thread_count
    from losscli.summary import check_paired, report_of, with_left_out

    penalties = penalty.penalties()
    with engine_for(where.engine, thread_count(reading.threads), inputs, [request]) as engine:
        sums = scanned(inputs, request, engine, output)
    check_paired(sums, inputs.left_out)
    hashed = hashed_inputs(inputs) if any(place.kind == "json" for place in places) else []
    report = report_of(command, sums, request, reduction, output.level(), hashed, penalties)
    tell(with_left_out(report, inputs.left_out), places, output, _distribution(sums, report))


def begin() -> None:
    """Set up the process for work on many rows; starting up does without."""
    import gc

    # what was imported stays: the first look for garbage would go through all of it
    gc.freeze()
    gc.enable()
    keep_freed_memory()


def _distribution(sums: "Sums", report: "Report") -> Callable[[int], str] | None:
    """What draws the histogram of the losses, where it was asked for.

    Raises:
        UsageError: the whole input is one set, which has one loss.
    """
    state, result = sums.states[0], report.results[0]
    if not state.contest.described:
        return None
    histogram = state.histogram
    if histogram is None:
        raise UsageError(
            f"{result.loss}: the whole input is one set, so there is no distribution", hint="--group COLUMN makes sets"
        )
    from losscli.reports.histogram import histogram_text

    title = result.loss if result.units == "none" else f"{result.loss} ({result.units})"
    unit = {"row": "rows", "set": "sets", "batch": "batches"}[result.unit]
    encoding = sys.stdout.encoding or "utf-8"
    return lambda width: histogram_text(
        histogram, title=title, mean=result.value, unit=unit, width=width, encoding=encoding
    )


def tell(
    report: "Report",
    places: Sequence[Destination],
    output: OutputOptions,
    below: Callable[[int], str] | None = None,
) -> None:
    """Write a report, its warnings to standard error.

    Args:
        below: makes what stands below a table of a width.
    """
    if not output.quiet:
        for warning in report.warnings:
            say(f"warning: {warning}")
    write_report(report, places, below)


def scanned(inputs: "Assembly", request: "Request", engine: "Engine", output: OutputOptions) -> "Sums":
    """One scan of the inputs, with a progress bar where it takes long."""
    from losscli.evaluation import scan

    begin()
    with Progress(output.quiet) as progress:
        return scan(inputs.openers, request, engine, progress, inputs.read_once)


def hashed_inputs(inputs: "Assembly") -> "list[Input]":
    """The files that were read, with a hash of each."""
    from losscli.data.identity import identities
    from losscli.results import Input

    return [Input(*entry) for entry in identities(inputs.sources)]
