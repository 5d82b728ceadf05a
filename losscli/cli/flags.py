"""How an option is declared to Typer."""

import inspect
from typing import Any

import typer

from losscli.cli.completion import complete_column

INPUT_PANEL = "Input"
COLUMN_PANEL = "Columns"
ROW_PANEL = "Rows"
PARAMETER_PANEL = "Parameters of losses"
SLICE_PANEL = "Slices"
CHANCE_PANEL = "Intervals and tests"
OUTPUT_PANEL = "Output"


def text_option(*flags: str, help: str, metavar: str, panel: str) -> Any:
    complete = complete_column if metavar == "COLUMN" else None
    return typer.Option(
        *flags, help=help, metavar=metavar, rich_help_panel=panel, show_default=False, autocompletion=complete
    )


def flag_option(*flags: str, help: str, panel: str) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel=panel, show_default=False)


def keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """A parameter of a command's signature."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
