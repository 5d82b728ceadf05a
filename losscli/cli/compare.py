"""`losscli compare`: several losses side by side, in one scan."""

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ResamplingOptions, SliceOptions, chance_of
from losscli.cli.engine_options import EngineOptions
from losscli.cli.model_options import BaselineOption, JoinOptions, ModelOptions, assembly_of
from losscli.cli.options import Files, InputOptions, Losses, OutputOptions, grouped
from losscli.cli.penalty_options import PenaltyOptions
from losscli.cli.row_options import RowOptions
from losscli.cli.shard_options import ShardOptions


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    models: ModelOptions,
    joins: JoinOptions,
    where: EngineOptions,
    versus: BaselineOption,
    slices: SliceOptions,
    resampling: ResamplingOptions,
    penalty: PenaltyOptions,
    part: ShardOptions,
    output: OutputOptions,
) -> None:
    """Compute several losses over the same rows in one scan.

    losscli compare --loss mae --loss mse --loss pinball:tau=0.8 preds.parquet
    """
    from losscli.cli.job import request_of, run_job
    from losscli.cli.writing import KINDS, check_places, default_kind, destinations
    from losscli.results import Reduction

    if part.asked:
        from losscli.cli.sharding import Asked, check_one_table, emit_state

        asked = Asked("compare", loss or [], "mean", versus.baseline, reading, rows, catalogue, slices, resampling)
        check_one_table(joins, where, models)
        emit_state(asked, part, files, reading, penalty, output)
        return
    request = request_of(loss or [], rows, catalogue, reading, chance_of(slices, resampling, versus.baseline))
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    inputs = assembly_of(files, reading, joins, models, versus.baseline, request.where)
    check_places(places, [source.name for source in inputs.sources])
    run_job("compare", inputs, request, Reduction.MEAN, places, reading, output, penalty, where)
