"""The options that say which rows count, how much, and what their columns mean."""

from typing import Annotated

from losscli.cli.flags import COLUMN_PANEL, ROW_PANEL, flag_option, text_option
from losscli.records import dataclass


@dataclass(frozen=True)
class RowOptions:
    """Which rows count, and how much."""

    weight: Annotated[
        str | None,
        text_option("--weight", "-w", help="Column of non-negative weights.", metavar="COLUMN", panel=COLUMN_PANEL),
    ] = None
    group: Annotated[
        str | None,
        text_option(
            "--group",
            help="Column(s) whose rows with one value form a set or a batch: an image, a batch of pairs.",
            metavar="COLUMN",
            panel=COLUMN_PANEL,
        ),
    ] = None
    batch_size: Annotated[
        str | None,
        text_option("--batch-size", help="So many rows after one another are a batch.", metavar="N", panel=ROW_PANEL),
    ] = None
    classes: Annotated[
        str | None,
        text_option(
            "--classes",
            help="Names of the classes, in the order of the prediction columns.",
            metavar="A,B,...",
            panel=COLUMN_PANEL,
        ),
    ] = None
    positive_class: Annotated[
        str | None,
        text_option(
            "--positive-class", help="The label that is class 1; all others are 0.", metavar="NAME", panel=COLUMN_PANEL
        ),
    ] = None
    probs_percent: Annotated[
        bool, flag_option("--probs-percent", help="Probabilities are 0 to 100.", panel=COLUMN_PANEL)
    ] = False
    column: Annotated[
        list[str] | None,
        text_option("--column", help="Any role, spelled out; repeatable.", metavar="ROLE=NAMES", panel=COLUMN_PANEL),
    ] = None
    where: Annotated[
        list[str] | None,
        text_option(
            "--where",
            help="Keep rows that fit: COL=V, !=, <, <=, >, >=, or 'COL in A,B'; repeatable.",
            metavar="CONDITION",
            panel=ROW_PANEL,
        ),
    ] = None
    missing: Annotated[
        str | None,
        text_option(
            "--missing",
            help="Rows that lack a value: error (default) or skip.",
            metavar="error|skip",
            panel=ROW_PANEL,
        ),
    ] = None
    invalid: Annotated[
        str | None,
        text_option(
            "--invalid",
            help="Rows with a value outside the loss's domain: error (default) or skip.",
            metavar="error|skip",
            panel=ROW_PANEL,
        ),
    ] = None
    transform: Annotated[
        str | None,
        text_option(
            "--transform",
            help="Apply log1p or log to target and prediction first.",
            metavar="log1p|log",
            panel=ROW_PANEL,
        ),
    ] = None
