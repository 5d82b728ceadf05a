"""Engines for tests: started once and lent to commands that ask for one by its name."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from losscli.execution import Engine, EngineName

WORKERS = 2


@contextmanager
def lent(name: str) -> Iterator[Engine]:
    """A real engine of two processes that --engine finds by its name for as long as this lasts."""
    with EngineName.parse(name).start(WORKERS) as engine, pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def start(asked: EngineName, threads: int) -> Iterator[Engine]:
            assert (asked.name, threads > 0) == (name, True)
            yield engine

        patch.setattr(EngineName, "start", start)
        yield engine


@contextmanager
def small_parts() -> Generator[None, Any, None]:
    """Parts so small that files of tests have several, of each kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("losscli.far_parts.SMALL_FILE", 300_000)
        patch.setattr("losscli.far_parts._LARGE_FILE", 300_000)
        patch.setattr("losscli.far_parts._FEWEST_ROWS", 10_000)
        patch.setattr("losscli.far_parts._MOST_ROWS", 10_000)
        patch.setattr("losscli.data.text.PIECE_BYTES", 100_000)
        patch.setattr("losscli.data.json_lines._PIECE_BYTES", 100_000)
        yield
