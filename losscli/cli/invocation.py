"""The command line as it was typed, for suggestions that a user can run."""

import shlex
from collections.abc import Sequence
from contextvars import ContextVar

_typed: ContextVar[Sequence[str]] = ContextVar("typed", default=())


def remember(arguments: Sequence[str]) -> None:
    """Keep the arguments of this run."""
    _typed.set(tuple(arguments))


def command_line() -> str:
    """The whole line, quoted for a shell; addresses are without what is secret in them."""
    words = _typed.get()
    if any("://" in word for word in words):
        from losscli.data.addresses import without_secrets

        words = [without_secrets(word) for word in words]
    return shlex.join(["losscli", *words])
