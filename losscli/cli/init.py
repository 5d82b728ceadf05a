"""`losscli init`: a first configuration of the gate, from the present values of a file."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from losscli.cli.catalogue_options import CatalogueOptions
from losscli.cli.flags import OUTPUT_PANEL, Debug, Quiet, flag_option, text_option
from losscli.cli.options import Files, InputOptions, Losses, grouped
from losscli.cli.row_options import RowOptions
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.gates.limits import Slack

MOST_LOSSES = 3
"""How many losses are taken where none is named: a gate of many rules that say the same is not read."""
KEPT = ("missing", "invalid", "transform", "positive_class", "classes", "probs_percent", "where")
"""The options of rows that the configuration says as well; columns stand there as roles."""


@dataclass(frozen=True)
class InitOptions:
    """Where the configuration goes, and how far its limits are from the present values."""

    output: Annotated[
        str,
        text_option(
            "--output",
            "-o",
            help="The file to write (default losscli.toml), or - .",
            metavar="FILE",
            panel=OUTPUT_PANEL,
        ),
    ] = "losscli.toml"
    force: Annotated[bool, flag_option("--force", help="Write over a file that is there.", panel=OUTPUT_PANEL)] = False
    slack: Annotated[
        str,
        text_option(
            "--slack",
            help="How far limits are from the present values: 5% (default), or a number.",
            metavar="PERCENT|NUMBER",
            panel=OUTPUT_PANEL,
        ),
    ] = "5%"
    quiet: Quiet = False
    debug: Debug = False


@grouped
def command(
    files: Files = None,
    loss: Losses = None,
    *,
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    asked: InitOptions,
) -> None:
    """Write a first losscli.toml: the losses that fit the file, with limits a little above their present values.

    losscli init preds.parquet
    """
    from pathlib import Path

    from losscli.cli.writing import Destination, check_places, say, write_stdout, write_texts
    from losscli.gates.limits import Slack

    slack = Slack.of(asked.slack)
    to_file = asked.output != "-"
    if to_file and Path(asked.output).exists() and not asked.force:
        raise UsageError(f"{asked.output} is there already", hint="--force writes over it; -o FILE names another")
    catalogue.check_single()
    sources = reading.fitting_sources(files, rows.where, quiet=asked.quiet)
    if to_file:
        check_places([Destination("toml", asked.output)], [source.name for source in sources])
    # an address with a password is for no file that others read
    secret = any(source.address not in (None, source.name) for source in sources)
    named = [] if secret or any(source.read_once for source in sources) else files or []
    if not loss:
        # read twice: to find the losses, and for their values
        sources = [source.kept() if source.read_once else source for source in sources]
        loss, catalogue, rows = _fitting(sources, reading, catalogue, rows)
    text = _configuration(sources, named, loss, reading, catalogue, rows, slack)
    unsaid = reading.text_options().summary()
    if unsaid and not asked.quiet:
        say(f"warning: a configuration does not say how text is read: give `losscli check` the same options ({unsaid})")
    if not to_file:
        write_stdout(text)
        return
    write_texts({asked.output: text})
    if not asked.quiet:
        say(f"wrote {asked.output}; `losscli check` holds the file against it")


def _fitting(
    sources: "Sequence[Source]", reading: InputOptions, catalogue: CatalogueOptions, rows: RowOptions
) -> tuple[list[str], CatalogueOptions, RowOptions]:
    """The losses that fit best, and what they read, as `losscli inspect` finds them.

    Raises:
        UsageError: none fits without a word from the reader.
    """
    from losscli.data.where import Condition
    from losscli.execution import thread_count
    from losscli.inspection import inspect
    from losscli.suggestions import suggestions

    conditions = [Condition.parse(text) for text in rows.where or []]
    openers = [(source.name, source.open) for source in sources]
    found = suggestions(inspect(openers, conditions, thread_count(reading.threads)), [])
    # a note says that something in the command is a guess
    sure = [suggestion for suggestion in found.ready if not suggestion.note] or found.ready[:1]
    lines = [_with_parameters(_flags(suggestion.arguments)) for suggestion in sure]
    if not lines:
        raise UsageError("no loss fits the file by its names alone", hint="losscli inspect FILE; then --loss NAME")
    first = {name: text for name, text in lines[0].items() if name != "loss"}
    alike = [line["loss"] for line in lines if {**first, "loss": line["loss"]} == line]
    own: dict[str, Any] = {name: text for name, text in first.items() if hasattr(rows, name)}
    roles = {name: text for name, text in first.items() if name not in own}
    return (
        list(dict.fromkeys(alike))[:MOST_LOSSES],
        replace(catalogue, roles={**roles, **catalogue.roles}),
        replace(rows, **{name: text for name, text in own.items() if getattr(rows, name) is None}),
    )


def _with_parameters(line: dict[str, str]) -> dict[str, str]:
    """The same with the parameters of the loss behind its name, where they hold for its own rule only."""
    from losscli.catalogue import find

    known = {parameter.name for parameter in find(line["loss"]).parameters}
    given = ",".join(f"{name}={text}" for name, text in line.items() if name in known)
    rest = {name: text for name, text in line.items() if name not in known}
    return {**rest, "loss": f"{line['loss']}:{given}"} if given else line


def _flags(arguments: Sequence[str]) -> dict[str, str]:
    """What each option of a suggested command says; its first words are the command."""
    found: dict[str, str] = {}
    rest = iter(arguments[2:])
    for argument in rest:
        if argument.startswith("--"):
            flag, equals, text = argument[2:].partition("=")
            found[flag.replace("-", "_")] = text if equals else next(rest, "")
    return found


def _configuration(
    sources: "Sequence[Source]",
    files: Sequence[str],
    losses: Sequence[str],
    reading: InputOptions,
    catalogue: CatalogueOptions,
    rows: RowOptions,
    slack: "Slack",
) -> str:
    """The text, from the present values."""
    from losscli.cli.job import request_of
    from losscli.evaluation import scan
    from losscli.execution import thread_count
    from losscli.gates.first import first_configuration
    from losscli.results import Reduction
    from losscli.summary import report_of

    request = request_of(losses, rows, catalogue, reading)
    once = any(source.read_once for source in sources)
    sums = scan([source.open for source in sources], request, thread_count(reading.threads), once=once)
    results = report_of("init", sums, request, Reduction.MEAN, None).results
    said = {name: getattr(rows, name) for name in KEPT if getattr(rows, name)}
    if rows.batch_size:
        said["batch_size"] = int(rows.batch_size)
    return first_configuration(results, files, slack, settings=said)
