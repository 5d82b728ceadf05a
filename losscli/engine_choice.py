"""The engine of a command, started when everything that can be refused before has been looked at."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from losscli.errors import UsageError
from losscli.execution import Engine, EngineName, Threads

if TYPE_CHECKING:
    from losscli.data.assembly import Assembly
    from losscli.request import Request


@contextmanager
def engine_for(asked: str | None, threads: int, inputs: "Assembly", requests: "Sequence[Request]") -> Iterator[Engine]:
    """The engine at work; what it started is ended afterwards.

    Args:
        asked: as --engine takes it; None for the threads of this process.
        requests: what the scans will be of; looked at against the first file before an engine is started.

    Raises:
        UsageError: no such engine, or an input that it cannot read.
        DataError: its package is not there, or it cannot be reached.
    """
    name = EngineName.parse(asked)
    if name.name == "local":
        yield Threads(threads)
        return
    _check(name.name, inputs)
    if not inputs.read_once:
        for request in requests:
            with closing(inputs.openers[0]()) as table:
                request.plan(table).needs(table)
    with name.start(threads) as engine:
        yield engine


def _check(name: str, inputs: "Assembly") -> None:
    from losscli.data.own_file import source_of

    sources = [source_of(opener) for opener in inputs.openers]
    if any(source is not None and source.address is not None for source in sources):
        raise UsageError("--engine reads files that all workers see by a path, no addresses", hint="--engine local")
    if None in sources:
        raise UsageError(
            f"--engine {name} reads files that have everything in them, not --truth, --model, --model-column or frames",
            hint="join the files first, or compute here: --engine local",
        )
