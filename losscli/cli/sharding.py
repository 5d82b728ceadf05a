"""A shard of compute or compare: what was asked as plain data, and its state written."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.chance_options import ResamplingOptions, SliceOptions, chance_of
from losscli.cli.engine_options import EngineOptions
from losscli.cli.model_options import JoinOptions, ModelOptions
from losscli.cli.options import InputOptions, OutputOptions
from losscli.cli.penalty_options import PenaltyOptions
from losscli.cli.row_options import RowOptions
from losscli.cli.shard_options import ShardOptions
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.request import Request
    from losscli.results import Reduction

_MERELY_FAST = ("threads",)
"""Options that change no digit."""


@dataclass(frozen=True)
class Asked:
    """What a command line says of its result, but for the files and the outputs."""

    command: str
    losses: list[str]
    reduction: str = "mean"
    baseline: str | None = None
    reading: InputOptions = InputOptions()
    rows: RowOptions = RowOptions()
    catalogue: CatalogueOptions = dataclasses.field(default_factory=lambda: CatalogueOptions({}, {}, {}))
    slices: SliceOptions = SliceOptions()
    resampling: ResamplingOptions = ResamplingOptions()

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data: what is not at its default."""
        found: dict[str, Any] = {}
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            found[entry.name] = _changed(value) if dataclasses.is_dataclass(value) else value
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Asked":
        """What `to_dict` wrote.

        Raises:
            UsageError: it is something else.
        """
        return cls(**_checked(cls, values))

    def request(self) -> "Request":
        """The request that it describes.

        Raises:
            UsageError: an option that does not fit.
        """
        from losscli.cli.job import request_of

        chance = chance_of(self.slices, self.resampling, self.baseline)
        return request_of(self.losses, self.rows, self.catalogue, self.reading, chance)

    def how(self) -> "Reduction":
        """The reduction, which each of the losses has.

        Raises:
            UsageError: the losses of rows are asked for, which no state holds.
        """
        from losscli.results import Reduction

        how = Reduction.of(self.reduction)
        if how is Reduction.NONE:
            raise UsageError("--reduction none has no state: each row has its own result", hint="leave --shard out")
        return how


def _changed(options: Any) -> dict[str, Any]:
    found = {}
    for entry in dataclasses.fields(options):
        value = getattr(options, entry.name)
        if value != entry.default and entry.name not in _MERELY_FAST:
            found[entry.name] = value
    return found


def _checked(kind: Any, values: Any) -> dict[str, Any]:
    """The values of a dataclass of options, each of the type that its field has."""
    hints = get_type_hints(kind)
    if not isinstance(values, dict) or values.keys() - hints.keys():
        raise UsageError(f"{kind.__name__} has other options")
    return {name: _of_type(hints[name], value, name) for name, value in values.items()}


def _of_type(hint: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(hint):
        made: Any = hint
        return made(**_checked(made, value))
    kinds = get_args(hint) if type(None) in get_args(hint) else (hint,)
    if not any(_fits(kind, value) for kind in kinds):
        raise UsageError(f"the option {name} has another type")
    return value


def _fits(hint: Any, value: Any) -> bool:
    origin, inner = getattr(hint, "__origin__", hint), get_args(hint)
    if origin is list:
        return isinstance(value, list) and all(_fits(inner[0], entry) for entry in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(inner[1], entry) for entry in value.values())
    return isinstance(value, hint)


def check_one_table(
    joins: JoinOptions, where: EngineOptions, models: ModelOptions | None = None, *, hist: bool = False
) -> None:
    """Refuse what brings several files together, whose rows cannot be cut into shards, and what a state does not keep.

    Raises:
        UsageError: there are models or a truth in files of their own, or a histogram or an engine is asked for.
    """
    where.refuse("--emit-state", "each shard is computed where it is asked for; leave one of them out")
    if hist:
        raise UsageError("--emit-state keeps no distribution", hint="leave --hist out")
    if joins != JoinOptions() or models not in (None, ModelOptions()):
        raise UsageError(
            "--emit-state reads files that have everything in them, not --truth, --model or --model-column",
            hint="join the files first",
        )


def emit_state(
    asked: Asked,
    part: ShardOptions,
    files: list[str] | None,
    reading: InputOptions,
    penalty: PenaltyOptions,
    output: OutputOptions,
) -> None:
    """Evaluate a shard and write its state.

    Raises:
        UsageError: an option that states have no use for, or an input that cannot be cut.
    """
    from losscli.cli.job import begin
    from losscli.cli.progress import Progress
    from losscli.cli.writing import say, write_texts
    from losscli.data.identity import identities
    from losscli.execution import thread_count
    from losscli.results import Input
    from losscli.states.document import document_text
    from losscli.states.scanning import check_shardable, scan_shard
    from losscli.states.shards import Shard

    _check_no_output(output)
    shard = Shard.parse(part.shard or "1/1")
    how, request = asked.how(), asked.request()
    for spec in request.specs:
        how.check(spec.loss.name, spec.loss.reductions)
    check_shardable(request)
    path = part.emit_state or ""
    sources, notes = _sources(files, asked, path)
    begin()
    penalties = penalty.penalties()
    with Progress(output.quiet) as progress:
        scanned = scan_shard(
            [source.open for source in sources], request, shard, thread_count(reading.threads), progress
        )
    inputs = [Input(*entry) for entry in identities(sources)]
    write_texts({path: document_text(asked.to_dict(), shard, inputs, penalties, scanned, notes)})
    if not output.quiet:
        for note in notes:
            say(f"warning: {note}")
        rows = f"{scanned.rows:,} {'row' if scanned.rows == 1 else 'rows'}"
        say(f"shard {shard}: {rows}, state in {path}; `losscli merge` joins the states")


def _sources(files: list[str] | None, asked: Asked, path: str) -> "tuple[list[Source], list[str]]":
    """The files of the whole input, none of which is a stream or the place of the state; and what is said of others."""
    from losscli.cli.writing import Destination, check_places

    sources, notes = asked.reading.noted_sources(files, asked.rows.where)
    once = next((source for source in sources if source.read_once), None)
    if once is not None:
        raise UsageError(f"{once.label} cannot be cut into shards: it can be read once", hint="give a file")
    check_places([Destination("state", path)], [source.name for source in sources])
    return sources, notes


def _check_no_output(output: OutputOptions) -> None:
    kept = dataclasses.replace(OutputOptions(), quiet=output.quiet, debug=output.debug)
    if output != kept:
        raise UsageError("with --emit-state there is no result to write", hint="say it to `losscli merge`")
