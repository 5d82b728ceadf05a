"""The option that says where the work is done."""

from typing import Annotated

from losscli.cli.flags import INPUT_PANEL, text_option
from losscli.errors import UsageError
from losscli.records import dataclass


@dataclass(frozen=True)
class EngineOptions:
    """Where parts of the input are worked on."""

    engine: Annotated[
        str | None,
        text_option(
            "--engine",
            help="Where to work: local (threads, the default), dask or ray (processes), dask://HOST:PORT or "
            "ray://HOST:PORT (a cluster); the result has the same bytes.",
            metavar="ENGINE",
            panel=INPUT_PANEL,
        ),
    ] = None

    def refuse(self, what: str, way_out: str) -> None:
        """Refuse an engine beside what is done on this machine.

        Raises:
            UsageError: there is one.
        """
        if self.engine not in (None, "local"):
            raise UsageError(f"--engine {self.engine} does not go with {what}", hint=way_out)
