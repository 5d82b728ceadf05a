"""Threads for the parts of a piece of work, lent to whoever runs on a thread of a scan.

A part never asks for another: what waits here waits for work that runs, so threads cannot wait for one another in a
ring. The results are in the order of the parts, so they do not depend on how many threads there are.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from losscli.arrays import np
from losscli.records import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Executor

Item = TypeVar("Item")
Output = TypeVar("Output")


@dataclass(slots=True)
class _Shared:
    """What all scans of the process share while one of them runs."""

    users: int = 0
    threads: int = 1
    pool: "Executor | None" = None


_SHARED = _Shared()
_LOCK = Lock()


@contextmanager
def workers(threads: int) -> Iterator[None]:
    """Have so many threads for parts while this lasts; scans at the same time share those of the first."""
    with _LOCK:
        if not _SHARED.users:
            _SHARED.threads = threads
        _SHARED.users += 1
    try:
        yield
    finally:
        with _LOCK:
            _SHARED.users -= 1
            ended = None if _SHARED.users else _SHARED.pool
            if not _SHARED.users:
                _SHARED.threads, _SHARED.pool = 1, None
        if ended is not None:
            ended.shutdown()


def worker_count() -> int:
    """How many parts are worked on at a time; 1 outside of a scan."""
    return _SHARED.threads


def in_parts(function: Callable[[Item], Output], parts: Sequence[Item]) -> Iterator[Output]:
    """function of each part, in their order; on the threads of the scan where there are several of both."""
    if len(parts) < 2 or _SHARED.threads < 2:
        return map(function, parts)

    def quietly(part: Item) -> Output:
        # what the caller said of warnings holds for its own thread only
        with np.errstate(all="ignore"):
            return function(part)

    return _pool().map(quietly, parts)


def _pool() -> "Executor":
    from concurrent.futures import ThreadPoolExecutor

    with _LOCK:
        if _SHARED.pool is None:
            _SHARED.pool = ThreadPoolExecutor(_SHARED.threads, thread_name_prefix="losscli-part")
        return _SHARED.pool
