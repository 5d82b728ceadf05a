"""`losscli verify`: a saved result computed again."""

from typing import Annotated

import typer

from losscli.cli.flags import INPUT_PANEL, AsJson, Debug, Quiet, output_option, text_option
from losscli.cli.options import Files, grouped
from losscli.errors import ExitCode, UsageError
from losscli.records import dataclass

Saved = Annotated[str | None, typer.Argument(metavar="RESULT.json", help="What -o json wrote.", show_default=False)]


@dataclass(frozen=True)
class VerifyOptions:
    """How files are read and what is printed; all else is in the result."""

    input_format: Annotated[
        str | None,
        text_option(
            "--input-format",
            help="Format of the input where the name does not tell: csv, tsv, parquet, arrow, jsonl, json, npy, npz.",
            metavar="FORMAT",
            panel=INPUT_PANEL,
        ),
    ] = None
    threads: Annotated[str | None, text_option("--threads", help="Threads to use.", metavar="N", panel=INPUT_PANEL)] = (
        None
    )
    output: Annotated[list[str] | None, output_option("table, plain or json, to standard output or to a file.")] = None
    json: AsJson = False
    quiet: Quiet = False
    debug: Debug = False


@grouped
def command(saved: Saved = None, files: Files = None, *, options: VerifyOptions) -> int:
    """Compute a saved result again, and say which digit differs. Exit code 1 where one does.

    losscli verify result.json preds.parquet
    """
    from losscli.cli.job import begin
    from losscli.cli.writing import (
        check_places,
        default_kind,
        destinations,
        say,
        terminal_width,
        write_texts,
    )
    from losscli.data.sources import resolve
    from losscli.data.text_options import TextOptions
    from losscli.execution import thread_count
    from losscli.reports.verification import KINDS, verification_text
    from losscli.rerun import jobs_of
    from losscli.saved import read_saved
    from losscli.verification import verify

    if saved is None:
        raise UsageError("no result", hint="losscli verify RESULT.json FILE...")
    places = destinations(options.output or [], options.json, KINDS, default_kind())
    sources = resolve(files or [], options.input_format, TextOptions())
    check_places(places, [saved, *(source.name for source in sources)])
    once = next((source.label for source in sources if source.read_once), None)
    if once is not None:
        raise UsageError(f"{once} can be read once, and a verification may read it again", hint="give a file")
    begin()
    report = read_saved(saved)
    found = verify(report, jobs_of(report), sources, thread_count(options.threads))
    if not options.quiet:
        for warning in found.warnings():
            say(f"warning: {warning}")
    write_texts({place.path: verification_text(found, place.kind, terminal_width()) for place in places})
    return ExitCode.OK if found.agrees else ExitCode.FAILED
