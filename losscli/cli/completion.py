"""What the shell offers after Tab: names of losses, and columns of the file that the line names."""

from contextlib import closing

import typer

from losscli.catalogue import all_losses


def complete_loss(incomplete: str) -> list[tuple[str, str]]:
    """Losses whose name begins so, with what they are."""
    return [(loss.name, loss.doc.summary) for loss in all_losses() if loss.name.startswith(incomplete)]


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """Columns of the first file; nothing where it cannot be read, for a shell has no use for errors."""
    from losscli.data.sources import STANDARD_INPUT, resolve
    from losscli.data.text_options import TextOptions

    # a line that ends in a flag without its value is not parsed to the end: its words are left in args
    words = [*(ctx.params.get("files") or []), *ctx.args]
    # Tab asks no server for anything
    files = [name for name in words if name != STANDARD_INPUT and "://" not in name]
    try:
        sources = resolve(files[:1], None, TextOptions())
        # a comma list is completed at its last column
        before, comma, last = incomplete.rpartition(",")
        with closing(sources[0].open()) as table:
            return [before + comma + column.name for column in table.columns if column.name.startswith(last)]
    except Exception:
        return []
