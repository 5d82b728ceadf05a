"""How an option is declared to Typer."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from losscli.cli.completion import complete_column

INPUT_PANEL = "Input"
COLUMN_PANEL = "Columns"
ROW_PANEL = "Rows"
PARAMETER_PANEL = "Parameters of losses"
SLICE_PANEL = "Slices"
CHANCE_PANEL = "Intervals and tests"
OUTPUT_PANEL = "Output"


def text_option(
    *flags: str, help: str, metavar: str, panel: str, callback: Callable[[str | None], str | None] | None = None
) -> Any:
    complete = complete_column if metavar == "COLUMN" else None
    return typer.Option(
        *flags,
        help=help,
        metavar=metavar,
        rich_help_panel=panel,
        show_default=False,
        autocompletion=complete,
        callback=callback,
    )


def flag_option(*flags: str, help: str, panel: str) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel=panel, show_default=False)


def output_option(kinds: str) -> Any:
    """The option for what is printed and where.

    Args:
        kinds: what it takes, in words, and how often.
    """
    return text_option("--output", "-o", help=kinds, metavar="KIND[:PATH]", panel=OUTPUT_PANEL)


AsJson = Annotated[bool, flag_option("--json", help="The same as -o json.", panel=OUTPUT_PANEL)]
Quiet = Annotated[bool, flag_option("--quiet", "-q", help="No warnings, no progress.", panel=OUTPUT_PANEL)]
Debug = Annotated[bool, flag_option("--debug", help="Show the traceback of an error.", panel=OUTPUT_PANEL)]


def keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """A parameter of a command's signature."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
