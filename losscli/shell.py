"""A command as a shell takes it, also where a name in it has characters that a terminal would obey."""

import shlex
from collections.abc import Sequence


def shell_line(arguments: Sequence[str]) -> str:
    """The arguments in one line, quoted; what cannot be printed is written as $'...' with escapes."""
    return " ".join(map(_quoted, arguments))


def _quoted(text: str) -> str:
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(mark: str) -> str:
    if mark in "'\\":
        return f"\\{mark}"
    code = ord(mark)
    if mark.isprintable():
        return mark
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
