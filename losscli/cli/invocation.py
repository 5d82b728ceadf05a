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
    return shlex.join(["losscli", *map(without_typed_secrets, _typed.get())])


def without_typed_secrets(text: str) -> str:
    """A text in which the addresses of this run are without what is secret in them."""
    if "://" not in text:
        return text
    from losscli.data.addresses import addresses_in, shown_address

    for word in _typed.get():
        for address in addresses_in(word):
            text = text.replace(address, shown_address(address))
    return text
