"""`losscli weights`: class weights from class counts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from losscli.cli.flags import (
    COLUMN_PANEL,
    OUTPUT_PANEL,
    PARAMETER_PANEL,
    ROW_PANEL,
    AsJson,
    Debug,
    output_option,
    text_option,
)
from losscli.cli.options import Files, InputOptions, grouped
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.sources import Source


@dataclass(frozen=True)
class WeightOptions:
    """What is counted, and how it is printed."""

    label: Annotated[
        str | None, text_option("--label", help="Column of class labels.", metavar="COLUMN", panel=COLUMN_PANEL)
    ] = None
    counts: Annotated[
        str | None,
        text_option(
            "--counts",
            help="Class counts instead of a file: 1000,100,10 or cat:1000,dog:100.",
            metavar="N,N,...",
            panel=COLUMN_PANEL,
        ),
    ] = None
    beta: Annotated[
        str,
        text_option(
            "--beta", help="Of the effective number of samples (default 0.999).", metavar="BETA", panel=PARAMETER_PANEL
        ),
    ] = "0.999"
    where: Annotated[
        list[str] | None,
        text_option("--where", help="Keep rows that fit, as in compute.", metavar="CONDITION", panel=ROW_PANEL),
    ] = None
    missing: Annotated[
        str,
        text_option(
            "--missing", help="Rows without a label: error (default) or skip.", metavar="error|skip", panel=ROW_PANEL
        ),
    ] = "error"
    only: Annotated[
        str | None,
        text_option(
            "--only",
            help="Print nothing but the weights of one scheme, as --class-weight takes them.",
            metavar="balanced|effective",
            panel=OUTPUT_PANEL,
        ),
    ] = None
    output: Annotated[
        list[str] | None, output_option("table, plain, json or csv, to standard output or to a file.")
    ] = None
    json: AsJson = False
    debug: Debug = False


@grouped
def command(files: Files = None, *, asked: WeightOptions, reading: InputOptions) -> None:
    """Class weights from class counts: inverse frequency and effective number of samples, raw and normalised.

    losscli weights --counts 1000,100,10
    """
    from losscli.class_weights import given_counts, weight_table
    from losscli.cli.writing import (
        check_places,
        default_kind,
        destinations,
        terminal_width,
        write_stdout,
        write_texts,
    )
    from losscli.reports.weights import KINDS, class_weight_text, weights_text

    _check(asked, files)
    places = destinations(asked.output or [], asked.json, KINDS, default_kind())
    if asked.counts is not None:
        found = given_counts(asked.counts)
    else:
        sources = reading.fitting_sources(files, asked.where, quiet=False)
        check_places(places, [source.name for source in sources])
        found = _counted(sources, asked, reading)
    beta = _number(asked.beta)
    table = weight_table(found, beta)
    if asked.only is not None:
        write_stdout(class_weight_text(table, asked.only) + "\n")
        return
    write_texts({place.path: weights_text(table, place.kind, terminal_width(), beta) for place in places})


def _check(asked: WeightOptions, files: list[str] | None) -> None:
    if asked.missing not in ("error", "skip"):
        raise UsageError(f"--missing takes error or skip, not {asked.missing!r}")
    if asked.only is not None and asked.only not in ("balanced", "effective"):
        raise UsageError(f"--only takes balanced or effective, not {asked.only!r}")
    if asked.only is not None and (asked.output or asked.json):
        raise UsageError("--only prints to standard output", hint="leave --output out")
    if (asked.counts is None) == (not files):
        raise UsageError("weights needs a file or --counts, one of them", hint="losscli weights --counts 1000,100,10")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--beta takes a number from 0 up to, but not including, 1, not {text!r}") from None


def _counted(sources: "Sequence[Source]", asked: WeightOptions, reading: InputOptions) -> list[tuple[str, float]]:
    from losscli.cli.writing import say
    from losscli.data.where import Condition
    from losscli.execution import thread_count
    from losscli.label_counts import count_labels

    conditions = [Condition.parse(text) for text in asked.where or []]
    openers = [source.open for source in sources]
    skip = asked.missing == "skip"
    found = count_labels(openers, asked.label, conditions, thread_count(reading.threads), skip_missing=skip)
    if found.missing:
        say(f"warning: {found.missing} rows without a label are left out")
    return [(name, float(count)) for name, count in found.in_order()]
