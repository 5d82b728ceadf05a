"""Where parts of the input are worked on: always in order, and never more than a few ahead of the fold.

On threads of this process, or by an engine that has processes of its own. Those engines, which are in files beside this
one, get whatever runs there as bytes, and give bytes back, so none of them looks into what is computed.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import ClassVar, Protocol, TypeAlias, TypeVar, cast

from losscli.errors import DataError, UsageError
from losscli.memory import tight
from losscli.records import dataclass

Item = TypeVar("Item")
Output = TypeVar("Output")

_AHEAD = 2
"""Fragments in flight for each thread: one at work, one ready."""


def ordered_map(
    function: Callable[[Item], Output], items: Iterable[Item], threads: int
) -> Generator[Output, None, None]:
    """function of each item, in the order of the items; an error surfaces at the place of its item.

    A single item, or one thread, is worked on here: starting a pool costs more than a small file. Where memory is
    limited and little is left, one item is at work at a time.
    """
    if threads == 1 or tight():
        yield from map(function, items)
        return
    source = _settled(items)
    first = list(islice(source, 2))
    if len(first) == 1 and first[0][1] is None:
        yield function(cast("Item", first.pop()[0]))
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[Output]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="losscli") as pool:
        try:
            for item, error in _handed_over(first, source):
                if error is not None:
                    while waiting:
                        yield waiting.popleft().result()
                    raise error
                waiting.append(pool.submit(function, cast("Item", item)))
                del item
                while waiting and (len(waiting) >= _AHEAD * threads or tight()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Engine(Protocol):
    """Where parts of the input are worked on.

    Attributes:
        far: whether workers share nothing with this process, so that what they need has to travel.
        slots: how many parts are worked on at a time.
    """

    @property
    def far(self) -> bool: ...

    @property
    def slots(self) -> int: ...

    def map(self, function: Callable[[Item], Output], items: Iterable[Item]) -> Generator[Output, None, None]:
        """function of each item, in the order of the items, and never more than a few ahead of who takes them."""


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of this process."""

    slots: int
    far: ClassVar[bool] = False

    def map(self, function: Callable[[Item], Output], items: Iterable[Item]) -> Generator[Output, None, None]:
        """function of each item, in the order of the items."""
        return ordered_map(function, items, self.slots)


@dataclass(frozen=True, slots=True)
class EngineName:
    """An engine as a command names it.

    Attributes:
        name: `local`, `dask` or `ray`.
        address: of its scheduler or head; empty to start it on this machine.
    """

    name: str = "local"
    address: str = ""

    @classmethod
    def parse(cls, asked: str | None) -> "EngineName":
        """`local`, `dask`, `ray`, `dask://HOST:PORT` or `ray://HOST:PORT`.

        Raises:
            UsageError: something else.
        """
        name, mark, address = (asked or "local").partition("://")
        if name not in ENGINES or bool(mark) != bool(address) or (name == "local" and address):
            raise UsageError(
                f"there is no engine {asked!r}", hint="local, dask, ray, dask://HOST:PORT or ray://HOST:PORT"
            )
        return cls(name, address)

    @contextmanager
    def start(self, threads: int) -> Iterator[Engine]:
        """The engine at work; what it started is ended afterwards.

        Args:
            threads: how many parts to work on at a time, where that is not the business of a cluster.

        Raises:
            DataError: its package is not there, it cannot be reached, or its workers have another losscli.
        """
        if self.name == "local":
            yield Threads(threads)
            return
        import importlib
        import importlib.util

        if importlib.util.find_spec(PACKAGES[self.name]) is None:
            raise DataError(
                f"--engine {self.name} needs {PACKAGES[self.name]}, which is not installed",
                f"pip install 'losscli[{self.name}]'",
            )
        module = importlib.import_module(f"losscli.execution_{self.name}")
        with module.started(self.address, threads) as engine:
            yield engine


PACKAGES = {"dask": "distributed", "ray": "ray"}
ENGINES = ("local", *PACKAGES)


Settled: TypeAlias = tuple[Item | None, Exception | None]


def _settled(items: Iterable[Item]) -> Iterator[Settled[Item]]:
    """The items, and at the end the error of their source, so that it comes after the results before it."""
    try:
        for item in items:
            yield item, None
    except Exception as error:
        yield None, error


def _handed_over(first: list[Settled[Item]], rest: Iterator[Settled[Item]]) -> Iterator[Settled[Item]]:
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
    if re.fullmatch("[1-9][0-9]{0,3}", asked) is None:
        raise UsageError(f"--threads must be a whole number of at least 1, not {asked}")
    return int(asked)
