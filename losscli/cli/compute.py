"""`losscli compute`: one loss over the files."""

from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ChanceOptions
from losscli.cli.options import (
    Files,
    InputOptions,
    Losses,
    OutputOptions,
    ReductionName,
    grouped,
)
from losscli.cli.penalty_options import PenaltyOptions
from losscli.cli.row_options import RowOptions
from losscli.cli.shard_options import ShardOptions
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.request import Request


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    reduction: ReductionName = "mean",
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    chance: ChanceOptions,
    penalty: PenaltyOptions,
    part: ShardOptions,
    output: OutputOptions,
) -> None:
    """Compute one loss over the file(s), with its standard error and interval.

    losscli compute --loss pinball --tau 0.8 preds.parquet
    """
    from losscli.cli.job import request_of, run_job
    from losscli.cli.writing import KINDS, check_places, default_kind, destinations
    from losscli.results import Reduction

    losses = loss or []
    if len(losses) > 1:
        raise UsageError(f"compute takes one loss, not {len(losses)}", hint="losscli compare shows several")
    how = Reduction.of(reduction)
    catalogue.check_single()
    if part.asked:
        from losscli.cli.sharding import Asked, emit_state

        asked = Asked("compute", losses, reduction, reading=reading, catalogue=catalogue, rows=rows, chance=chance)
        emit_state(asked, part, files, reading, penalty, output)
        return
    request = request_of(losses, rows, catalogue, reading, chance)
    if how is Reduction.NONE:
        _write_each_row(files, request, reading, chance, penalty, output)
        return
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    sources = reading.sources(files)
    check_places(places, [source.name for source in sources])
    run_job("compute", sources, request, how, places, reading, output, penalty)


def _write_each_row(
    files: list[str] | None,
    request: "Request",
    reading: InputOptions,
    chance: ChanceOptions,
    penalty: PenaltyOptions,
    output: OutputOptions,
) -> None:
    """Write the loss of each row.

    Raises:
        UsageError: an option that only a mean or a sum has.
    """
    from losscli.cli.row_losses import ROW_KINDS, write_row_losses
    from losscli.cli.writing import check_places, destinations
    from losscli.execution import thread_count

    if penalty != PenaltyOptions():
        raise UsageError("penalties are added to a mean or a sum, not to the losses of rows")
    if chance != ChanceOptions():
        raise UsageError("the losses of rows have no slices and no intervals", hint="leave --by and its like out")
    places = destinations(output.output or [], output.json, ROW_KINDS, "csv")
    sources = reading.sources(files)
    check_places(places, [source.name for source in sources])
    write_row_losses(sources, request, places, output.quiet, thread_count(reading.threads))
