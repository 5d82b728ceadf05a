"""How fragments are spread over threads: in order, and never more than a few ahead of the fold."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from losscli.errors import UsageError

Item = TypeVar("Item")
Output = TypeVar("Output")

_AHEAD = 2
"""Fragments in flight for each thread: one at work, one ready."""


def ordered_map(function: Callable[[Item], Output], items: Iterable[Item], threads: int) -> Iterator[Output]:
    """function of each item, in the order of the items; an error surfaces at the place of its item.

    A single item, or one thread, is worked on here: starting a pool costs more than a small file.
    """
    source = iter(items)
    first = list(_take(source, 2))
    if threads == 1 or len(first) < 2:
        for item in _chain(first, source):
            yield function(item)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[Output]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="losscli") as pool:
        try:
            for item in _chain(first, source):
                waiting.append(pool.submit(function, item))
                if len(waiting) >= _AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _take(source: Iterator[Item], count: int) -> Iterator[Item]:
    for _, item in zip(range(count), source, strict=False):
        yield item


def _chain(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    # held items are handed over one by one, so that a large piece is not kept alive by this list
    while first:
        yield first.pop(0)
    yield from rest


def thread_count(asked: str | None) -> int:
    """The number of threads: what was asked for, otherwise the processors that this process may use.

    Raises:
        UsageError: not a whole number of at least 1.
    """
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not asked.isdigit() or int(asked) < 1:
        raise UsageError(f"--threads must be a whole number of at least 1, not {asked}")
    return int(asked)
