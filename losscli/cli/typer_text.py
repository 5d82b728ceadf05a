"""Typer commands whose arguments are text: nothing to convert, so nothing to convert with.

Typer 0.29 builds a pydantic adapter for each argument, which takes 80 ms to import: a third of a whole run on a
small file. Every option here is text, a list of texts or a flag, and is read by the code that knows what it means.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup


class _AsGiven:
    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002 - the signature that Typer calls
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        return value


class TextCommand(TyperCommand):
    """A command that takes its arguments as they were typed."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, the help option included."""
        return _as_given(super().get_params(ctx))


class TextGroup(TyperGroup):
    """The same for the options that stand before the name of a command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, the help option included."""
        return _as_given(super().get_params(ctx))


def _as_given(params: list[Any]) -> list[Any]:
    for param in params:
        vars(param)["get_runtime_param"] = _AsGiven
    return params
