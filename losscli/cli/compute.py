"""`losscli compute`: one loss over the files."""

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ResamplingOptions, SliceOptions, chance_of
from losscli.cli.model_options import JoinOptions, ModelOptions, assembly_of
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
from losscli.errors import UsageError


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    reduction: ReductionName = "mean",
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    joins: JoinOptions,
    slices: SliceOptions,
    resampling: ResamplingOptions,
    penalty: PenaltyOptions,
    output: OutputOptions,
) -> None:
    """Compute one loss over the file(s), with its standard error and interval.

    losscli compute --loss pinball --tau 0.8 preds.parquet
    """
    from losscli.cli.job import request_of, run_job
    from losscli.cli.row_losses import ROW_KINDS, write_row_losses
    from losscli.cli.writing import KINDS, check_places, default_kind, destinations
    from losscli.execution import thread_count
    from losscli.results import Reduction

    losses = loss or []
    if len(losses) > 1:
        raise UsageError(f"compute takes one loss, not {len(losses)}", hint="losscli compare shows several")
    how = Reduction.of(reduction)
    catalogue.check_single()
    request = request_of(losses, rows, catalogue, reading, chance_of(slices, resampling))
    if how is Reduction.NONE:
        if penalty != PenaltyOptions():
            raise UsageError("penalties are added to a mean or a sum, not to the losses of rows")
        if slices != SliceOptions() or resampling != ResamplingOptions():
            raise UsageError("the losses of rows have no slices and no intervals", hint="leave --by and its like out")
        places = destinations(output.output or [], output.json, ROW_KINDS, "csv")
        inputs = assembly_of(files, reading, joins, ModelOptions(), conditions=request.where)
        check_places(places, [source.name for source in inputs.sources])
        write_row_losses(inputs, request, places, output.quiet, thread_count(reading.threads))
        return
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    inputs = assembly_of(files, reading, joins, ModelOptions(), conditions=request.where)
    check_places(places, [source.name for source in inputs.sources])
    run_job("compute", inputs, request, how, places, reading, output, penalty)
