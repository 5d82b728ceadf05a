"""`losscli merge`: states of shards to the result of one run over everything."""

from typing import Annotated

import typer

from losscli.cli.options import OutputOptions, grouped
from losscli.errors import UsageError

States = Annotated[
    list[str] | None,
    typer.Argument(metavar="STATE...", help="What --emit-state wrote, of every shard.", show_default=False),
]


@grouped
def command(states: States = None, *, output: OutputOptions) -> None:
    """Join the states that --shard I/N --emit-state FILE wrote: the same bytes as one run over everything.

    losscli merge part1.json part2.json part3.json
    """
    from losscli.cli.job import begin, tell
    from losscli.cli.sharding import Asked
    from losscli.cli.writing import KINDS, check_places, default_kind, destinations
    from losscli.data.left_out import LeftOut
    from losscli.errors import DataError
    from losscli.states.document import read_document
    from losscli.states.merging import check_together, merged, trusted_no_further
    from losscli.summary import report_of, with_left_out

    if not states:
        raise UsageError("no state", hint="name the files that --emit-state wrote")
    places = destinations(output.output or [], output.json, KINDS, default_kind())
    check_places(places, states)
    level = output.level()
    begin()
    documents = check_together([read_document(path) for path in states])
    first = documents[0]
    try:
        asked = Asked.from_dict(first.asked)
        request, how = asked.request(), asked.how()
    except (UsageError, TypeError) as error:
        raise DataError(f"{first.path}: its command is none of losscli: {error}", "write it again") from error
    sums = merged(documents, request)
    inputs = first.inputs if any(place.kind == "json" for place in places) else ()
    with trusted_no_further():
        report = report_of(asked.command, sums, request, how, level, inputs, first.penalties)
    tell(with_left_out(report, LeftOut(first.notes)), places, output)
