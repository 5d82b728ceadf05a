"""`losscli compute`: one loss over the files."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ResamplingOptions, SliceOptions, chance_of
from losscli.cli.engine_options import EngineOptions
from losscli.cli.model_options import JoinOptions, ModelOptions, assembly_of
from losscli.cli.options import (
    Files,
    Histogram,
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
    from losscli.cli.writing import Destination
    from losscli.request import Request
    from losscli.results import Reduction


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    reduction: ReductionName = "mean",
    hist: Histogram = False,
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    joins: JoinOptions,
    where: EngineOptions,
    slices: SliceOptions,
    resampling: ResamplingOptions,
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

    losses, how = loss or [], Reduction.of(reduction)
    _check_one(losses, catalogue)
    if part.asked:
        from losscli.cli.sharding import Asked, check_one_table, emit_state

        asked = Asked("compute", losses, reduction, None, reading, rows, catalogue, slices, resampling)
        check_one_table(joins, where, hist=hist)
        emit_state(asked, part, files, reading, penalty, output)
        return
    request = request_of(losses, rows, catalogue, reading, chance_of(slices, resampling))
    if how is Reduction.NONE:
        _check_plain(slices, resampling, penalty, hist, where)
        _write_each_row(files, request, reading, joins, output)
        return
    places = destinations(output.output or [], output.json, KINDS, "table" if hist else default_kind())
    request = _described(request, places, how) if hist else request
    inputs = assembly_of(files, reading, joins, ModelOptions(), conditions=request.where)
    check_places(places, [source.name for source in inputs.sources])
    run_job("compute", inputs, request, how, places, reading, output, penalty, where)


def _check_one(losses: Sequence[str], catalogue: CatalogueOptions) -> None:
    if len(losses) > 1:
        raise UsageError(f"compute takes one loss, not {len(losses)}", hint="losscli compare shows several")
    catalogue.check_single()


def _described(request: "Request", places: "Sequence[Destination]", how: "Reduction") -> "Request":
    """The request with the distribution of the losses.

    Raises:
        UsageError: there is no table to draw it below, or its mean is none.
    """
    from losscli.results import Reduction

    if all(place.kind != "table" for place in places):
        raise UsageError("--hist is drawn below a table", hint="-o table")
    if how is not Reduction.MEAN:
        raise UsageError(f"--hist shows the losses around their mean, not a {how.value}", hint="leave --reduction out")
    return replace(request, described=True)


def _check_plain(
    slices: SliceOptions, resampling: ResamplingOptions, penalty: PenaltyOptions, hist: bool, where: EngineOptions
) -> None:
    where.refuse("--reduction none", "the losses of rows are written here, in their order; leave --engine out")
    if slices != SliceOptions() or resampling != ResamplingOptions():
        raise UsageError("the losses of rows have no slices and no intervals", hint="leave --by and its like out")
    if hist:
        raise UsageError("--hist shows how the losses are distributed, not each of them", hint="leave one of them out")
    if penalty != PenaltyOptions():
        raise UsageError("penalties are added to a mean or a sum, not to the losses of rows")


def _write_each_row(
    files: list[str] | None,
    request: "Request",
    reading: InputOptions,
    joins: JoinOptions,
    output: OutputOptions,
) -> None:
    """Write the loss of each row."""
    from losscli.cli.row_losses import ROW_KINDS, write_row_losses
    from losscli.cli.writing import check_places, destinations
    from losscli.execution import thread_count

    places = destinations(output.output or [], output.json, ROW_KINDS, "csv")
    inputs = assembly_of(files, reading, joins, ModelOptions(), conditions=request.where)
    check_places(places, [source.name for source in inputs.sources])
    write_row_losses(inputs, request, places, output.quiet, thread_count(reading.threads))
