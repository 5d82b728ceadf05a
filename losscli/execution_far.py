"""What runs in a worker of an engine: bytes in, bytes out, and never another version of losscli than asked."""

import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeVar

from losscli.errors import DataError, LosscliError
from losscli.version import __version__

Item = TypeVar("Item")
Output = TypeVar("Output")
Ticket = TypeVar("Ticket")

WAIT = 10.0
"""Seconds in which a cluster must answer."""
PATIENCE = 60.0
"""Seconds after which a cluster without a single worker is given up."""
RETRIES = 3
"""How often a part is begun again whose worker has gone."""
_AHEAD = 3
"""Parts on their way for each slot: one at work, one ready, one whose result is fetched."""


KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""What tells the C library to keep the memory of a block for the next one; asking the system again takes longer."""


@lru_cache(maxsize=1)
def versions() -> str:
    """What must be the same everywhere for the same bits."""
    return f"losscli {__version__}, NumPy {version('numpy')}"


def work_there(asked: str, function: bytes, item: bytes) -> bytes:
    """A function of an item, both pickled; so is the result."""
    here = versions()
    if here != asked:
        raise RuntimeError(f"a worker has {here}, not {asked}")
    return pickle.dumps(_loaded(function)(pickle.loads(item)), pickle.HIGHEST_PROTOCOL)  # noqa: S301 - our own bytes


@lru_cache(maxsize=4)
def _loaded(function: bytes) -> Any:
    return pickle.loads(function)  # noqa: S301 - as above


def check_versions(found: Iterable[tuple[str, str]]) -> None:
    """See that every worker has what is here.

    Args:
        found: workers, and what `versions` says there or the error that it ended with.

    Raises:
        DataError: one does not.
    """
    here = versions()
    for worker, there in found:
        if there != here:
            raise DataError(
                f"the worker {worker} has not what is here ({here}): {there}",
                "install the same versions on all workers",
            )


def probe() -> "Callable[[], str]":
    """A function that tells the versions of a worker, also of one without losscli: it travels by value."""

    def told() -> str:
        try:
            from losscli.execution_far import versions
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return versions()

    return told


class Tickets(Protocol[Ticket]):
    """What the engines differ in: how bytes get to a worker and back."""

    def submit(self, function: bytes, item: bytes) -> Ticket:
        """Have `work_there` done."""

    def done(self, waiting: "deque[Ticket]", seconds: float) -> list[Ticket]:
        """Those at the head that are done; waits so long for the first."""

    def results(self, tickets: list[Ticket]) -> list[bytes]:
        """What they came to."""

    def slots(self) -> int:
        """How many parts are worked on at a time; 0 while there are no workers."""

    def cancel(self, tickets: "deque[Ticket]") -> None:
        """Forget them."""


def far_map(
    tickets: "Tickets[Ticket]", function: Callable[[Item], Output], items: Iterable[Item]
) -> Generator[Output, None, None]:
    """function of each item by workers, in the order of the items."""
    sent = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
    waiting: deque[Ticket] = deque()
    room = _Room(tickets)
    try:
        for item in items:
            waiting.append(tickets.submit(sent, pickle.dumps(item, pickle.HIGHEST_PROTOCOL)))
            del item
            while len(waiting) >= room.count():
                yield from _taken(tickets, waiting)
        while waiting:
            yield from _taken(tickets, waiting)
    finally:
        tickets.cancel(waiting)


def _taken(tickets: "Tickets[Ticket]", waiting: "deque[Ticket]") -> Generator[Any, None, None]:
    alone = time.monotonic()
    while not (done := tickets.done(waiting, 5.0)):
        if tickets.slots():
            alone = time.monotonic()
        elif time.monotonic() - alone > PATIENCE:
            raise DataError("the cluster has no workers any more", "start some, and run again")
    for _ in done:
        waiting.popleft()
    for result in tickets.results(done):
        yield pickle.loads(result)  # noqa: S301 - made by work_there


class _Room:
    """How many parts may be on their way: clusters grow and shrink."""

    def __init__(self, tickets: "Tickets[Any]") -> None:
        self._tickets = tickets
        self._asked = 0.0
        self._slots = 1

    def count(self) -> int:
        now = time.monotonic()
        if now - self._asked > 2.0:
            self._asked, self._slots = now, max(1, self._tickets.slots())
        return _AHEAD * self._slots


def prepare_children() -> None:
    """Processes that are started here find this package, never a module in the working folder, and keep quiet."""
    place = str(Path(__file__).resolve().parent.parent)
    if place not in sys.path:
        sys.path.append(place)
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ["PYTHONWARNINGS"] = "ignore"
    os.environ.update(KEEPS_MEMORY)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), place]))


def given_up(error: Exception) -> DataError:
    """The error for a part that the engine could not get done."""
    # Ray wraps what went wrong in the traceback of the worker
    error = getattr(error, "cause", None) or error
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DataError(
        f"the workers did not get a part of the input done: {reason}",
        "look into the logs of the cluster, give its workers more memory, or compute here: --engine local",
    )


def unreachable(name: str, address: str, error: object) -> DataError:
    """The error for a cluster that does not answer."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DataError(
        f"no {name} cluster answers at {address} within {WAIT:.0f} seconds: {reason[:200]}",
        "check the address and whether it runs, or compute here: --engine local",
    )


@contextmanager
def as_ours() -> Iterator[None]:
    """Tell what goes wrong in an engine as losscli tells it; its own errors stay as they are."""
    try:
        yield
    except LosscliError:
        raise
    except Exception as error:
        raise given_up(error) from error
