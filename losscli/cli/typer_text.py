"""Typer commands whose arguments are text: nothing to convert, so nothing to convert with.

Typer 0.29 builds a pydantic adapter for each argument, which takes 80 ms to import: a third of a whole run on a
small file. Every option here is text, a list of texts or a flag, and is read by the code that knows what it means.
"""

from typing import Any

from typer.core import TyperCommand


class _AsGiven:
    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002 - the signature that Typer calls
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        return value


class TextCommand(TyperCommand):
    """A command that takes its arguments as they were typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self.params:
            vars(param)["get_runtime_param"] = _AsGiven
