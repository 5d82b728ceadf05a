"""`losscli list`: the catalogue."""

from typing import Annotated, Any

import typer

from losscli.catalogue import Loss, all_losses


def command(
    json: Annotated[bool, typer.Option("--json", help="As JSON.", show_default=False)] = False,
    debug: Annotated[  # noqa: ARG001 - the command line as a whole looks for it
        bool, typer.Option("--debug", help="Show the traceback of an error.", show_default=False)
    ] = False,
) -> None:
    """Show the catalogue: what each loss reads, its parameters and its properties.

    losscli list
    """
    from losscli.cli.writing import default_kind, terminal_width, write_stdout
    from losscli.reports.catalogue import HEADINGS, catalogue_json, catalogue_table

    losses = list(all_losses())
    if json:
        write_stdout(catalogue_json(losses))
    elif default_kind() == "table":
        write_stdout(catalogue_table(losses, terminal_width()))
    else:
        lines = ["\t".join(HEADINGS), *("\t".join(row.values()) for row in map(_row, losses))]
        write_stdout("\n".join(lines) + "\n")


def _row(loss: Loss) -> dict[str, Any]:
    from losscli.reports.catalogue import catalogue_row

    return catalogue_row(loss)
