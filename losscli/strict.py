"""JSON that comes from a file, read with a look at each value: it may be cut off, edited, or made to do harm."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from losscli.errors import DataError

MOST = 1 << 60
"""No count in such a file is larger."""


class UnfitError(Exception):
    """A value that is not what such a file holds.

    Args:
        place: where it stands.
        problem: what is wrong with it.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)


def json_object(path: str) -> dict[str, Any]:
    """The object that a file holds: strict JSON, each key once.

    Raises:
        DataError: the file cannot be read.
        UnfitError: it holds something else.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", "check the path") from error
    try:
        values: Any = json.loads(raw, parse_constant=_refused, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnfitError("", "it is no JSON, or is cut off") from None
    if not isinstance(values, dict):
        raise UnfitError("", "it is no JSON object")
    return values


def _refused(word: str) -> Any:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def whole(value: Any, place: str, least: int = 0, most: int = MOST) -> int:
    """The value, which must be a whole number between two bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UnfitError(place, f"must be a whole number from {least} to {most}")
    return value


def text(value: Any, place: str) -> str:
    """The value, which must be a text."""
    if not isinstance(value, str):
        raise UnfitError(place, "must be a text")
    return value


def listed(value: Any, place: str, count: int | None = None) -> Sequence[Any]:
    """The value, which must be a list; of so many where a count is given."""
    if not isinstance(value, list):
        raise UnfitError(place, "must be a list")
    if count is not None and len(value) != count:
        raise UnfitError(place, f"must have {count} entries, not {len(value)}")
    return value


def mapped(value: Any, place: str) -> Mapping[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise UnfitError(place, "must be an object")
    return value


def number(value: Any, place: str) -> float:
    """The value, which must be a finite number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise UnfitError(place, "must be a finite number")


Kind = TypeVar("Kind")


def field(values: Mapping[str, Any], name: str, place: str, read: Callable[[Any, str], Kind]) -> Kind:
    """What an object that may have other keys too has under a key, which must be there."""
    if name not in values:
        raise UnfitError(place, f"lacks {name}")
    return read(values[name], f"{place}.{name}" if place else name)


def or_none(read: Callable[[Any, str], Kind]) -> Callable[[Any, str], Kind | None]:
    """A reader that lets null pass."""
    return lambda value, place: None if value is None else read(value, place)


class Fields:
    """An object that has just these keys.

    Args:
        value: what was read.
        place: where it stands, for messages.
        names: the keys.
    """

    def __init__(self, value: Any, place: str, names: Sequence[str]) -> None:
        self.place = place
        self._values = mapped(value, place)
        absent = [name for name in names if name not in self._values]
        unknown = [name for name in self._values if name not in names]
        if absent or unknown:
            problem = f"lacks {', '.join(absent)}" if absent else f"has unknown {', '.join(unknown[:3])}"
            raise UnfitError(place, problem)

    def at(self, name: str) -> tuple[Any, str]:
        """A value and its place."""
        return self._values[name], f"{self.place}.{name}" if self.place else name

    def whole(self, name: str, least: int = 0, most: int = MOST) -> int:
        """A whole number."""
        return whole(*self.at(name), least, most)

    def text(self, name: str) -> str:
        """A text."""
        return text(*self.at(name))

    def flag(self, name: str) -> bool:
        """True or false."""
        value, place = self.at(name)
        if not isinstance(value, bool):
            raise UnfitError(place, "must be true or false")
        return value

    def listed(self, name: str, count: int | None = None) -> Sequence[Any]:
        """A list."""
        return listed(*self.at(name), count)

    def counts(self, name: str) -> dict[str, int]:
        """An object of counts."""
        value, place = self.at(name)
        return {key: whole(count, f"{place}.{key}") for key, count in mapped(value, place).items()}
