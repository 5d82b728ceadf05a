"""`losscli worst`: the rows, sets or batches with the largest loss."""

import re
from typing import Annotated

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.flags import OUTPUT_PANEL, AsJson, Debug, Quiet, output_option, text_option
from losscli.cli.options import Files, InputOptions, Losses, grouped
from losscli.cli.row_options import RowOptions
from losscli.errors import UsageError
from losscli.records import dataclass


@dataclass(frozen=True)
class WorstOptions:
    """How many rows are shown, with what, and how."""

    number: Annotated[
        str,
        text_option("--number", "-n", help="How many (default 20).", metavar="N", panel=OUTPUT_PANEL),
    ] = "20"
    columns: Annotated[
        str | None,
        text_option(
            "--columns",
            help="Columns to show beside those that the loss reads: a comma list or patterns, or none; otherwise all.",
            metavar="A,B,...",
            panel=OUTPUT_PANEL,
        ),
    ] = None
    output: Annotated[
        list[str] | None,
        output_option("table, plain, json, jsonl, csv, markdown, each to standard output or to a file; repeatable."),
    ] = None
    json: AsJson = False
    quiet: Quiet = False
    debug: Debug = False


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    *,
    asked: WorstOptions,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
) -> None:
    """Show the rows with the largest loss, or the sets or batches, with their other columns.

    losscli worst --loss mae -n 5 preds.parquet
    """
    import gc

    from losscli.cli.job import request_of
    from losscli.cli.memory import keep_freed_memory
    from losscli.cli.progress import Progress
    from losscli.cli.row_losses import say_what_was_met
    from losscli.cli.writing import check_places, default_kind, destinations, terminal_width, write_texts
    from losscli.execution import thread_count
    from losscli.reports.worst import KINDS, worst_text
    from losscli.worst_rows import Asked
    from losscli.worst_units import worst_of

    how = Asked(_number(asked.number), () if asked.columns == "none" else asked.columns)
    losses = loss or []
    if len(losses) > 1:
        raise UsageError(f"worst takes one loss, not {len(losses)}", hint="run it for each")
    catalogue.check_single()
    request = request_of(losses, rows, catalogue, reading)
    places = destinations(asked.output or [], asked.json, KINDS, default_kind())
    sources = reading.fitting_sources(files, rows.where, quiet=asked.quiet)
    check_places(places, [source.name for source in sources])
    gc.enable()
    keep_freed_memory()
    with Progress(asked.quiet) as progress:
        once = any(source.read_once for source in sources)
        threads = thread_count(reading.threads)
        found = worst_of([source.open for source in sources], request, how, threads, progress, once)
    say_what_was_met(found.skipped, found.undefined, found.warnings, asked.quiet)
    write_texts({place.path: worst_text(found, place.kind, terminal_width()) for place in places})


def _number(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise UsageError(f"-n takes a whole number of at least 1, not {text!r}")
    return int(text)
