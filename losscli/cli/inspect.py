"""`losscli inspect`: what is in a file, and which commands fit it."""

import dataclasses
import os
import sys
from collections.abc import Iterator
from typing import Annotated

from losscli.cli.flags import ROW_PANEL, AsJson, Debug, Quiet, output_option, text_option
from losscli.cli.invocation import without_typed_secrets
from losscli.cli.options import Files, InputOptions, grouped
from losscli.records import dataclass


@dataclass(frozen=True)
class InspectOptions:
    """Which rows are looked at, and how what is found is printed."""

    where: Annotated[
        list[str] | None,
        text_option("--where", help="Keep rows that fit, as in compute.", metavar="CONDITION", panel=ROW_PANEL),
    ] = None
    output: Annotated[list[str] | None, output_option("table or json, to standard output or to a file.")] = None
    json: AsJson = False
    quiet: Quiet = False
    debug: Debug = False


@grouped
def command(files: Files = None, *, asked: InspectOptions, reading: InputOptions) -> None:
    """What the tool sees in the file(s): columns, roles, classes, pitfalls, and commands that run on them.

    losscli inspect preds.parquet
    """
    from losscli.cli.memory import keep_freed_memory
    from losscli.cli.progress import Progress
    from losscli.cli.writing import check_places, destinations, terminal_width, write_texts
    from losscli.data.where import Condition
    from losscli.execution import thread_count
    from losscli.inspection import inspect
    from losscli.suggestions import suggestions

    places = destinations(asked.output or [], asked.json, ("table", "json"), "table")
    conditions = [Condition.parse(text) for text in asked.where or []]
    sources = reading.fitting_sources(files, asked.where, quiet=asked.quiet)
    check_places(places, [source.name for source in sources])
    keep_freed_memory()
    with Progress(asked.quiet) as progress:
        openers = [(source.name, source.open) for source in sources]
        found = inspect(openers, conditions, thread_count(reading.threads), progress)
    suggested = suggestions(found, list(_typed(files or [], asked, reading)))
    texts: dict[str | None, str] = {}
    for place in places:
        if place.kind == "json":
            from losscli.reports.inspection_json import inspection_json

            texts[place.path] = inspection_json(found, suggested)
        else:
            from losscli.reports.inspection import inspection_text

            colour = place.path is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            texts[place.path] = inspection_text(found, suggested, terminal_width(), colour)
    write_texts(texts)


def _typed(files: list[str], asked: InspectOptions, reading: InputOptions) -> Iterator[str]:
    """The files and the options of reading, for the commands that are suggested."""
    # a name that begins with a dash would be taken for an option
    yield from (f"./{name}" if name.startswith("-") and name != "-" else without_typed_secrets(name) for name in files)
    for entry in dataclasses.fields(reading):
        value = getattr(reading, entry.name)
        if value == entry.default or entry.name in ("threads", "max_memory"):
            continue
        flag = f"--{entry.name.replace('_', '-')}"
        if value is True:
            yield flag
        for text in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
            yield f"{flag}={text}"
    yield from (f"--where={text}" for text in asked.where or [])
