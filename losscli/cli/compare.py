"""`losscli compare`: several losses side by side, in one scan."""

from typing import Annotated

import typer

from losscli.cli.completion import complete_loss
from losscli.cli.options import CatalogueOptions, Files, InputOptions, OutputOptions, RowOptions, grouped


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
            help="A loss; repeatable.",
            show_default=False,
        ),
    ] = None,
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    output: OutputOptions,
) -> None:
    """Compute several losses over the same rows in one scan.

    losscli compare --loss mae --loss mse --loss pinball:tau=0.8 preds.parquet
    """
    from losscli.cli.job import request_of, run_job
    from losscli.cli.writing import KINDS, default_kind, destinations
    from losscli.results import Reduction

    losses = loss or []
    request = request_of(losses, rows, catalogue)
    output.level()
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    run_job("compare", reading.sources(files), request, Reduction.MEAN, places, reading, output)
