"""Parts of the input on the workers of a Dask scheduler."""

import logging
import signal
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count, takewhile
from multiprocessing import active_children, resource_tracker
from typing import Any, ClassVar, TypeVar

import dask
import distributed
from distributed.utils import LoopRunner

from losscli.errors import DataError
from losscli.execution_far import (
    KEEPS_MEMORY,
    RETRIES,
    WAIT,
    as_ours,
    check_versions,
    far_map,
    prepare_children,
    probe,
    unreachable,
    versions,
    work_there,
)
from losscli.records import dataclass, field

Item = TypeVar("Item")
Output = TypeVar("Output")


@dataclass(slots=True)
class Dask:
    """A connection to a scheduler."""

    client: Any
    far: ClassVar[bool] = True
    _name: str = field(default_factory=lambda: f"losscli-{uuid.uuid4().hex}")
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def slots(self) -> int:
        """How many parts are worked on at a time."""
        return max(1, _Futures(self).slots())

    def map(self, function: Callable[[Item], Output], items: Iterable[Item]) -> Generator[Output, None, None]:
        """function of each item, in the order of the items."""
        return far_map(_Futures(self), function, items)

    def submit(self, function: bytes, item: bytes) -> Any:
        """A task of its own name: the same part may be worked on twice."""
        key = f"{self._name}-{next(self._numbers)}"
        return self.client.submit(work_there, versions(), function, item, key=key, pure=False)


@dataclass(frozen=True, slots=True)
class _Futures:
    dask: Dask

    def submit(self, function: bytes, item: bytes) -> Any:
        with as_ours():
            return self.dask.submit(function, item)

    def done(self, waiting: deque[Any], seconds: float) -> list[Any]:
        with as_ours():
            try:
                with self.dask.client.as_current():
                    distributed.wait(waiting[0], timeout=seconds)
            except TimeoutError:
                return []
            return list(takewhile(lambda future: future.done(), waiting))

    def results(self, tickets: list[Any]) -> list[bytes]:
        with as_ours():
            found: list[bytes] = self.dask.client.gather(tickets)
            return found

    def slots(self) -> int:
        with as_ours():
            return sum(self.dask.client.nthreads().values())

    def cancel(self, tickets: deque[Any]) -> None:
        if tickets and self.dask.client.status == "running":
            self.dask.client.cancel(list(tickets))


@contextmanager
def started(address: str, threads: int) -> Iterator[Dask]:
    """The workers of a scheduler, or as many processes of this machine as there would be threads.

    Raises:
        DataError: nobody answers at the address, or workers have another losscli.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # a worker that dies takes its part along to the next one, so often and no more
    settings = {
        "distributed.scheduler.allowed-failures": RETRIES,
        "distributed.comm.timeouts.connect": f"{WAIT}s",
        "distributed.nanny.pre-spawn-environ": {**KEEPS_MEMORY, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    }
    with ExitStack() as stack, warnings.catch_warnings(), dask.config.set(settings):
        warnings.filterwarnings("ignore", module="distributed")
        cluster = _full(address) if address else stack.enter_context(_processes(threads))
        try:
            client = distributed.Client(cluster, timeout=WAIT, set_as_default=False)
            stack.callback(client.close, timeout=_PARTING)
            client.wait_for_workers(1, timeout=WAIT)
            found = client.run(probe(), on_error="return")
        except (OSError, TimeoutError) as error:
            raise unreachable("Dask", address or "this machine", error) from error
        check_versions((worker, str(there)) for worker, there in found.items())
        yield Dask(client)


_PARTING = 3.0
"""Seconds for a friendly end; after them processes are killed."""


def _full(address: str) -> str:
    return address if "://" in address else f"tcp://{address}"


@contextmanager
def _processes(count: int) -> Iterator[Any]:
    prepare_children()
    others, loop = active_children(), _deaf_loop()
    with ExitStack() as stack:
        stack.callback(loop.stop)
        stack.callback(_kill_all_but, others)
        try:
            cluster = distributed.LocalCluster(
                loop=loop.loop,
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                worker_dashboard_address=None,
                memory_limit=None,
                silence_logs=logging.CRITICAL,
            )
        except (OSError, TimeoutError, RuntimeError) as error:
            raise DataError(f"no Dask cluster starts on this machine: {error}", "--engine local") from error
        stack.callback(_close, cluster)
        yield cluster


def _close(cluster: Any) -> None:
    with suppress(TimeoutError):
        cluster.close(timeout=_PARTING)


def _kill_all_but(others: list[Any]) -> None:
    for process in active_children():
        if process not in others:
            process.kill()


def _deaf_loop() -> Any:
    """The loop whose thread starts the workers: they inherit from it that Ctrl-C is the business of this process."""
    # otherwise it would be started later, by that thread, and let Ctrl-C through again
    resource_tracker.ensure_running()
    loop = LoopRunner(asynchronous=False)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        loop.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return loop
