"""The options that cut the rows into slices, and those that say what intervals rest on."""

from typing import TYPE_CHECKING, Annotated

from losscli.cli.flags import CHANCE_PANEL, SLICE_PANEL, text_option
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.chance import Chance


@dataclass(frozen=True)
class SliceOptions:
    """How rows are cut into slices."""

    by: Annotated[
        list[str] | None,
        text_option(
            "--by",
            help="A result for each value of a column, or for ranges of it: age:0,18,65; repeated, they cross.",
            metavar="COLUMN[:A,B,...]",
            panel=SLICE_PANEL,
        ),
    ] = None
    min_rows: Annotated[
        str | None,
        text_option("--min-rows", help="Put slices of fewer rows together.", metavar="N", panel=SLICE_PANEL),
    ] = None
    top: Annotated[
        str | None, text_option("--top", help="Show only so many of the worst slices.", metavar="N", panel=SLICE_PANEL)
    ] = None
    max_slices: Annotated[
        str | None,
        text_option("--max-slices", help="Refuse more slices (default 1000).", metavar="N", panel=SLICE_PANEL),
    ] = None


@dataclass(frozen=True)
class ResamplingOptions:
    """What is taken to vary by chance."""

    cluster: Annotated[
        str | None,
        text_option(
            "--cluster",
            help="Column(s) whose rows with one value depend on one another: a user, a series.",
            metavar="COLUMN",
            panel=CHANCE_PANEL,
        ),
    ] = None
    block: Annotated[
        str | None,
        text_option("--block", help="So many consecutive rows depend on one another.", metavar="N", panel=CHANCE_PANEL),
    ] = None
    bootstrap: Annotated[
        str | None,
        text_option(
            "--bootstrap", help="Intervals from so many resamples, such as 2000.", metavar="N", panel=CHANCE_PANEL
        ),
    ] = None
    seed: Annotated[
        str | None, text_option("--seed", help="Which resamples (default 0).", metavar="N", panel=CHANCE_PANEL)
    ] = None


def chance_of(slices: SliceOptions, resampling: ResamplingOptions, baseline: str | None = None) -> "Chance":
    """The same for the engine."""
    from losscli.chance import Chance

    return Chance(
        tuple(slices.by or ()),
        slices.min_rows,
        slices.top,
        slices.max_slices,
        resampling.cluster,
        resampling.block,
        resampling.bootstrap,
        resampling.seed,
        baseline,
    )
