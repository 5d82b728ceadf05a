"""`losscli compute`: one loss over the files."""

from typing import Annotated

import typer

from losscli.cli.completion import complete_loss
from losscli.cli.options import CatalogueOptions, Files, InputOptions, OutputOptions, RowOptions, grouped
from losscli.errors import UsageError


@grouped
def command(
    files: Files = None,
    loss: Annotated[
        list[str] | None,
        typer.Option(
            "--loss",
            "-l",
            autocompletion=complete_loss,
            metavar="NAME[:PARAM=VALUE,...]",
            help="The loss.",
            show_default=False,
        ),
    ] = None,
    reduction: Annotated[
        str,
        typer.Option(
            "--reduction",
            "-r",
            metavar="mean|mean-count|sum|none",
            help="Weighted mean (default), sum over the number of rows, sum, or the loss of each row.",
            show_default=False,
        ),
    ] = "mean",
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    output: OutputOptions,
) -> None:
    """Compute one loss over the file(s), with its standard error and interval.

    losscli compute --loss pinball --tau 0.8 preds.parquet
    """
    from losscli.cli.job import request_of, run_job
    from losscli.cli.row_losses import ROW_KINDS, write_row_losses
    from losscli.cli.writing import KINDS, default_kind, destinations
    from losscli.results import Reduction

    losses = loss or []
    if len(losses) > 1:
        raise UsageError(f"compute takes one loss, not {len(losses)}", hint="losscli compare shows several")
    if reduction.replace("_", "-") not in [entry.value for entry in Reduction]:
        raise UsageError(f"there is no reduction {reduction!r}", hint="mean, mean-count, sum or none")
    how = Reduction(reduction.replace("_", "-"))
    request = request_of(losses, rows, catalogue)
    output.level()
    if how is Reduction.NONE:
        places = destinations(output.output or [], output.json, ROW_KINDS, "csv")
        write_row_losses(reading.sources(files), request, places, output.quiet)
        return
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    run_job("compute", reading.sources(files), request, how, places, reading, output)
