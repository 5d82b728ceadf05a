"""`losscli schema`: what the JSON of the other commands looks like."""

from typing import Annotated

import typer

from losscli.errors import UsageError

Name = Annotated[
    str,
    typer.Argument(metavar="[NAME]", help="Which schema: result/1 or its file's name, result-1.", show_default=False),
]


def command(
    name: Name = "result-1",
    debug: Annotated[  # noqa: ARG001 - the command line as a whole looks for it
        bool, typer.Option("--debug", help="Show the traceback of an error.", show_default=False)
    ] = False,
) -> None:
    """Show the JSON Schema of -o json, by default that of compute, compare and check.

    losscli schema > result.schema.json
    """
    from importlib.resources import files

    from losscli.cli.writing import write_stdout

    texts = {
        entry.name.removesuffix(".json"): entry
        for entry in files("losscli").joinpath("schemas").iterdir()
        if entry.name.endswith(".json")
    }
    # an output names its schema as losscli.result/1
    wanted = name.removeprefix("losscli.").replace("/", "-")
    if wanted not in texts:
        raise UsageError(f"there is no schema {name!r}", hint=f"one of {', '.join(sorted(texts))}")
    write_stdout(texts[wanted].read_text("utf-8"))
