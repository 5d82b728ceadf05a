"""`losscli check`: the gate."""

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ResamplingOptions
from losscli.cli.engine_options import EngineOptions
from losscli.cli.gate_options import GateOptions
from losscli.cli.model_options import JoinOptions, ModelOptions
from losscli.cli.options import Files, InputOptions, Losses, OutputOptions, grouped
from losscli.cli.row_options import RowOptions


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    *,
    gate: GateOptions,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    models: ModelOptions,
    joins: JoinOptions,
    where: EngineOptions,
    resampling: ResamplingOptions,
    output: OutputOptions,
) -> int:
    """Hold losses against limits, and say yes or no by the exit code.

    losscli check preds.parquet --loss mae --max 0.4
    """
    from losscli.cli.gate_job import GateJob
    from losscli.cli.gate_settings import settings_of
    from losscli.cli.writing import KINDS, Destination, check_places, default_kind, destinations
    from losscli.gates.configuration import find_configuration, rules_of

    gate.check_words()
    if gate.update_limits:
        gate.check_update(loss or [], output)
    configuration = find_configuration(gate.config)
    rules = rules_of(configuration, gate.rules(loss or [], catalogue.parameters))
    settings = settings_of(files, rows, models, joins, resampling, output, configuration)
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    job = GateJob(gate, configuration, rules, settings, catalogue, reading, where, output)
    inputs, reference = job.inputs()
    saved = [Destination("json", gate.save_baseline)] if gate.save_baseline else []
    own = [configuration.path] if configuration else []
    check_places([*places, *saved], [*own, *(source.name for source in inputs.sources)])
    return job.run(inputs, reference, places)
