"""How much memory the process may take where the user says so: the one place that knows the limit.

The limit is on what users would measure, the resident memory of the process, and so is what it is held against. Whoever
keeps something that grows with the input looks here as it grows; nobody counts beforehand what will be needed.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from losscli.errors import DataError, UsageError
from losscli.records import dataclass, field

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([KMGT]?I?B)", re.ASCII)
_MB = 10**6
_LINE = re.compile(rb"^(VmRSS|VmHWM):\s*(\d+) kB", re.MULTILINE)
_TOLERANCE = 10 * _MB
"""How far what is free again a moment later may have gone past the limit."""
_CAUTIOUS = 48 << 20
"""With less room than this one fragment is at work at a time, on one thread."""


@dataclass(frozen=True, slots=True)
class Growing:
    """Something that is kept in memory and grows with the input.

    Attributes:
        what: in words, with how much of it there is.
        way: what makes it smaller.
        size: about how many bytes it has, which tells what of several things has grown.
    """

    what: str
    way: str
    size: int


@dataclass(slots=True)
class _Limit:
    size: int
    began: int | None = None
    most: int = 0
    kept: dict[str, Callable[[], Growing]] = field(default_factory=dict)


class _Process:
    """This process; a limit concerns all of it."""

    limit: _Limit | None = None


def size_of(text: str | int) -> int:
    """The bytes that a size such as 500MB or 2GiB stands for.

    Raises:
        UsageError: it is none.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        found = text
    else:
        parts = _SIZE.fullmatch(str(text).strip().upper())
        found = int(float(parts[1]) * _UNITS[parts[2]]) if parts else 0
    if not 0 < found < 1 << 60:
        raise UsageError(
            f"the memory limit takes a size with its unit, not {text!r}", hint="--max-memory 500MB or 2GiB"
        )
    return found


def taken() -> tuple[int, int]:
    """The bytes of resident memory that the process has now, and the most that it ever had.

    Raises:
        UsageError: the system does not say.
    """
    with suppress(OSError), open("/proc/self/status", "rb") as file:  # noqa: PTH123 - read often, and this is quicker
        found = dict(_LINE.findall(file.read()))
        if len(found) == 2:
            return int(found[b"VmRSS"]) << 10, int(found[b"VmHWM"]) << 10
    try:
        import resource
    except ImportError:
        raise UsageError(
            "the memory of a process cannot be limited on this system", hint="leave the limit out"
        ) from None
    # in bytes on the one system that comes here, which does not tell what is there now
    most = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most, most


def limit_to(size: int | None) -> None:
    """Have the process stop where it would take more than so many bytes; None for no limit."""
    _Process.limit = None if size is None else _Limit(size)


@contextmanager
def max_memory(size: str | int) -> Iterator[None]:
    """Have the jobs in this context stop with a DataError where the process would take more memory.

    Args:
        size: bytes, or a text such as 500MB or 2GiB. It is the memory of the whole process, with all that is in it.

    Raises:
        UsageError: it is no size.
    """
    before = _Process.limit
    limit_to(size_of(size))
    try:
        yield
    finally:
        _Process.limit = before


def look(growing: Callable[[], Growing] | None = None, more: int = 0) -> None:
    """Stop where the limit is passed.

    Args:
        growing: says what has grown since the last look.
        more: bytes that are to be taken next, where that is known.

    Raises:
        DataError: it is passed, or would be.
    """
    limit = _Process.limit
    if limit is None:
        return
    now, most = taken()
    if limit.began is None:
        limit.began, limit.most = now, most
    # what is free again may be given back, but a scheduler that watches has seen the most
    if most > max(limit.most, limit.size + _TOLERANCE):
        raise _too_little(limit, most, growing)
    if now + more > limit.size:
        _give_back()
        now = taken()[0]
        if now + more > limit.size:
            raise _too_little(limit, now + more, growing)


def keep(name: str, held: Callable[[], Growing]) -> None:
    """Remember what says how much is held of something, for the message; the same name replaces what it was."""
    if _Process.limit is not None:
        _Process.limit.kept[name] = held


def tight() -> bool:
    """Whether so little is left that one thing should be done after the other, in small pieces."""
    limit = _Process.limit
    return limit is not None and limit.size - taken()[0] < _CAUTIOUS


def _too_little(limit: _Limit, needed: int, growing: Callable[[], Growing] | None) -> DataError:
    began = limit.began or 0
    problem = f"--max-memory {_shown(limit.size)} is too little"
    held = [found for each in [*limit.kept.values(), *([growing] if growing else [])] if (found := _told(each))]
    if not held:
        more = _shown(began + _CAUTIOUS)
        return DataError(f"{problem}: before a row is read losscli takes {_shown(began)}", f"allow at least {more}")
    grown = max(held, key=lambda one: one.size)
    return DataError(
        f"{problem}: {_shown(needed)} are needed so far, of which losscli itself took {_shown(began)} at the start; "
        f"what grew is {grown.what}",
        f"{grown.way}; or allow more",
    )


def _told(held: Callable[[], Growing]) -> Growing | None:
    # another thread may be adding to what is counted here
    for _ in range(9):
        with suppress(RuntimeError):
            return held()
    return None


def _shown(size: int) -> str:
    return f"{-(-size // _MB)}MB"


def _give_back() -> None:
    """Give memory that is free but kept for later to the system."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
