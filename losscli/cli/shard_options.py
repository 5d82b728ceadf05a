"""The options that evaluate a part of the input and keep its sums."""

from typing import Annotated

from losscli.cli.flags import text_option
from losscli.errors import UsageError
from losscli.records import dataclass

SHARD_PANEL = "Shards"


@dataclass(frozen=True)
class ShardOptions:
    """Which part of the input, and where its state goes."""

    shard: Annotated[
        str | None,
        text_option(
            "--shard",
            help="Evaluate the I-th of N parts of the input, cut at row groups and files.",
            metavar="I/N",
            panel=SHARD_PANEL,
        ),
    ] = None
    emit_state: Annotated[
        str | None,
        text_option(
            "--emit-state",
            help="Write no result but the sums, which losscli merge joins with those of the other shards.",
            metavar="FILE",
            panel=SHARD_PANEL,
        ),
    ] = None

    @property
    def asked(self) -> bool:
        """Whether a state is asked for.

        Raises:
            UsageError: a shard without a place for its state.
        """
        if self.shard is not None and not self.emit_state:
            raise UsageError("--shard needs a file for what it computes", hint="--emit-state FILE")
        return self.emit_state is not None
