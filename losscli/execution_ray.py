"""Parts of the input on the workers of a Ray cluster."""

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from losscli.errors import DataError
from losscli.execution_far import (
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
from losscli.records import dataclass

# read when Ray is imported: nothing is reported to anybody
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
import ray

Item = TypeVar("Item")
Output = TypeVar("Output")
_STORE_BYTES = 256 << 20
"""Room for pieces of text on their way, of which there are a few for each process."""


@dataclass(frozen=True, slots=True)
class Ray:
    """A connection to a cluster."""

    task: Any
    far: ClassVar[bool] = True

    @property
    def slots(self) -> int:
        """How many parts are worked on at a time."""
        return max(1, _Refs(self.task).slots())

    def map(self, function: Callable[[Item], Output], items: Iterable[Item]) -> Generator[Output, None, None]:
        """function of each item, in the order of the items."""
        return far_map(_Refs(self.task), function, items)


@dataclass(frozen=True, slots=True)
class _Refs:
    task: Any

    def submit(self, function: bytes, item: bytes) -> Any:
        with as_ours():
            return self.task.remote(versions(), function, item)

    def done(self, waiting: deque[Any], seconds: float) -> list[Any]:
        with as_ours():
            first, _ = ray.wait([waiting[0]], timeout=seconds)
            if not first:
                return []
            ready = set(ray.wait(list(waiting), num_returns=len(waiting), timeout=0)[0])
            return list(takewhile(lambda ref: ref in ready, waiting))

    def results(self, tickets: list[Any]) -> list[bytes]:
        with as_ours():
            found: list[bytes] = ray.get(tickets)
            return found

    def slots(self) -> int:
        with as_ours():
            return int(ray.cluster_resources().get("CPU", 0))

    def cancel(self, tickets: deque[Any]) -> None:
        for ref in tickets:
            ray.cancel(ref)


@contextmanager
def started(address: str, threads: int) -> Iterator[Ray]:
    """The workers of a cluster, or as many processes of this machine as there would be threads.

    Raises:
        DataError: nobody answers at the address, or workers have another losscli.
    """
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    # a thread of Ray prints what happens to workers on standard output, whatever its logs are set to
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 - no path of a user
        try:
            if address:
                _connect(address, quiet)
            else:
                _start(threads, quiet)
            check_versions(_of_each_node())
            yield Ray(ray.remote(work_there).options(max_retries=RETRIES, num_cpus=1, scheduling_strategy="SPREAD"))
        finally:
            ray.shutdown()


def _connect(address: str, quiet: dict[str, Any]) -> None:
    try:
        if address == "auto":
            ray.init(address="auto", **quiet)
            return
        host, _, port = address.rpartition(":")
        # Ray's own attempts take half a minute
        socket.create_connection((host, int(port)), timeout=WAIT).close()
        ray.init(address=f"ray://{address}", **quiet)
    except Exception as error:
        raise unreachable("Ray", address, error) from error


def _start(count: int, quiet: dict[str, Any]) -> None:
    prepare_children()
    before = Path.cwd()
    # workers may import from where Ray is started: from where this package is, and not from the user's folder
    os.chdir(Path(__file__).resolve().parent.parent)
    try:
        ray.init(
            num_cpus=count,
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    except Exception as error:
        raise DataError(f"no Ray cluster starts on this machine: {error}", "--engine local") from error
    finally:
        os.chdir(before)


def _of_each_node() -> Iterator[tuple[str, str]]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            asked[node["NodeManagerAddress"]] = ray.remote(probe()).options(num_cpus=0, scheduling_strategy=where)
    if not asked:
        raise DataError("the Ray cluster has no node with processors", "add workers to it")
    with as_ours():
        yield from zip(asked, ray.get([task.remote() for task in asked.values()], timeout=6 * WAIT), strict=True)
