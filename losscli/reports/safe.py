"""Names and values from a file are data: what could steer a terminal or a spreadsheet is made visible instead."""

import re
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """The text with control, format and bidirectional characters written as escapes.

    So is `##[`, with which a command of a CI system may begin anywhere in a line; two colons are one only at its
    beginning, see inert_lines.
    """
    if "##" in text:
        text = _COMMAND.sub(r"#\\x23", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(mark) for mark in text)


_COMMAND = re.compile(r"##(?=[a-z]*\[)", re.IGNORECASE)


def _visible(mark: str) -> str:
    if mark not in _BIDI and unicodedata.category(mark) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return mark
    code = ord(mark)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def spreadsheet_cell(text: str) -> str:
    """The text as a CSV cell that no spreadsheet takes for a formula."""
    shown = printable(text)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown


_MARKS = re.compile(r"[\\`*{}\[\]<>|#&~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def markdown_cell(text: str) -> str:
    """The text as a cell of a Markdown table, in which no mark has a meaning; an underscore inside a word has none."""
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", printable(text))


def xml_text(text: str) -> str:
    """The text with only such characters as XML 1.0 may hold; marks such as < are left to the writer of the XML."""
    return re.sub("[\ufffe\uffff]", lambda mark: f"\\u{ord(mark[0]):04x}", printable(text))


_STROKES = str.maketrans({"─": "-", "│": "|", "├": "|", "┤": "|", "●": "o", "◀": "<", "▶": ">", "±": "~"})


def drawable(text: str, encoding: str) -> str:
    """A table whose strokes an encoding that lacks them can hold; as escapes they would break its lines."""
    try:
        "─●±".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_STROKES)
    return text


def inert_lines(text: str) -> str:
    """The text without lines that a CI system takes for its commands, which begin with two colons."""
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1\\x3a", text)
