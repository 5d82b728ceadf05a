"""A table of a configuration, each key of it read as what it must be, or refused by name."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from losscli.errors import UsageError
from losscli.strict import UnfitError, number

_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}


class Entries:
    """The keys of a table.

    Args:
        values: what TOML reads.
        place: where the table stands, for messages: `losscli.toml, gate 2`.
    """

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self.values = values
        self.place = place

    def check_keys(self, allowed: Collection[str], elsewhere: Mapping[str, str]) -> None:
        """Refuse a key that means nothing here.

        Args:
            elsewhere: keys that mean something in another table, with the way there.

        Raises:
            UsageError: with the keys that are nearest, or all that there are.
        """
        for key in self.values:
            if key in allowed:
                continue
            if key in elsewhere:
                raise UsageError(f"{self.place}: {key} does not belong here", hint=elsewhere[key])
            near = _nearest(key, allowed)
            hint = f"did you mean {' or '.join(near)}?" if near else f"the keys are {', '.join(sorted(allowed))}"
            raise UsageError(f"{self.place}: there is no key {key!r}", hint=hint)

    def text(self, key: str) -> str | None:
        """A text that is not empty; None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.refused(key, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; none where the key is not there."""
        value = self.values.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not _are_texts(items) or (key in self.values and not items):
            raise self.refused(key, "a text or a list of texts")
        return tuple(items)

    def conditions(self, key: str) -> tuple[str, ...]:
        """Filters, each of which must fit the grammar of `--where`."""
        from losscli.data.where import Condition

        found = self.texts(key)
        for text in found:
            try:
                Condition.parse(text)
            except UsageError as error:
                raise UsageError(f"{self.place}: {key} {text!r} is no condition", hint=error.hint) from None
        return found

    def names(self, key: str) -> str | tuple[str, ...] | None:
        """Columns: a text as a flag takes it, or a list of names as they are."""
        found = self.texts(key)
        return None if not found else found[0] if isinstance(self.values[key], str) else found

    def number(self, key: str, least: float = -math.inf) -> float | None:
        """A finite number of at least so much; None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        number = finite(value)
        if number is None or number < least:
            raise self.refused(key, "a finite number" if least == -math.inf else f"a number of {least:g} or more")
        return number

    def whole(self, key: str) -> int | None:
        """A whole number of at least 1; None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.refused(key, "a whole number of 1 or more")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where the key is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.refused(key, "true or false")
        return value

    def word(self, key: str, allowed: Iterable[str]) -> str | None:
        """One of the words; None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if value not in list(allowed):
            raise self.refused(key, " or ".join(allowed))
        return str(value)

    def table(self, key: str, example: str) -> Mapping[str, Any] | None:
        """A table with at least one key; None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict) or not value:
            raise self.refused(key, f"a table such as {example}")
        return value

    def refused(self, key: str, allowed: str) -> UsageError:
        """The error for a value of the wrong kind."""
        value = self.values[key]
        shown = repr(value)[:60] if isinstance(value, (str, int, float)) and value != "" else _kind(value)
        return UsageError(f"{self.place}: {key} takes {allowed}, not {shown}")


def finite(value: Any) -> float | None:
    """A number that TOML has read as a finite float; None where it is none."""
    try:
        return number(value, "")
    except UnfitError:
        return None


def finite_text(text: str) -> float | None:
    """A text as a finite number; None where it is none."""
    if not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", text, re.ASCII):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def _are_texts(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, str) and item.strip() for item in items)


def _kind(value: Any) -> str:
    if value == "":
        return "an empty text"
    return next((name for kind, name in _KINDS.items() if isinstance(value, kind)), "a date or time")


def _nearest(key: str, allowed: Collection[str]) -> list[str]:
    from difflib import get_close_matches

    word = key.lower().replace("-", "_")
    return [word] if word in allowed else get_close_matches(word, sorted(allowed), n=3, cutoff=0.6)
