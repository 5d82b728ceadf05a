"""The options that commands share, and those that the catalogue makes: a flag for each role and parameter."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from losscli.cli.catalogue_options import CatalogueOptions, catalogue_options, catalogue_parameters
from losscli.cli.completion import complete_loss
from losscli.cli.flags import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    AsJson,
    Debug,
    Quiet,
    flag_option,
    keyword,
    output_option,
    text_option,
)
from losscli.errors import UsageError
from losscli.memory import limit_to, size_of
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.data.text_options import TextOptions

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        help="CSV, TSV, Parquet, Arrow, JSON Lines, JSON, NPY or NPZ files, patterns, folders, addresses, or - for "
        "standard input.",
        show_default=False,
    ),
]


Losses = Annotated[
    list[str] | None,
    typer.Option(
        "--loss",
        "-l",
        autocompletion=complete_loss,
        metavar="NAME[:PARAM=VALUE,...]",
        help="A loss by name, its parameters behind it or as options; compare takes several.",
        show_default=False,
    ),
]
ReductionName = Annotated[
    str,
    typer.Option(
        "--reduction",
        "-r",
        metavar="mean|mean-count|sum|none",
        help="Weighted mean (default), sum over the number of rows, sum, or the loss of each row; kl_div has "
        "batchmean and elementmean too.",
        show_default=False,
    ),
]


Histogram = Annotated[
    bool,
    typer.Option("--hist", help="Draw the distribution of the losses below the table.", rich_help_panel=OUTPUT_PANEL),
]


def _limit_memory(size: str | None) -> str | None:
    """Have the limit hold from now on, for this command and no longer."""
    limit_to(None if size is None else size_of(size))
    return size


@dataclass(frozen=True)
class InputOptions:
    """How files are read."""

    input_format: Annotated[
        str | None,
        text_option(
            "--input-format",
            help="Format of the input where the name does not tell: csv, tsv, parquet, arrow, jsonl, json, npy, npz.",
            metavar="FORMAT",
            panel=INPUT_PANEL,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        text_option(
            "--delimiter",
            help="What separates cells; otherwise found in the header.",
            metavar="CHAR",
            panel=INPUT_PANEL,
        ),
    ] = None
    decimal: Annotated[
        str,
        text_option("--decimal", help="Decimal mark of text files (default .).", metavar="CHAR", panel=INPUT_PANEL),
    ] = "."
    no_header: Annotated[
        bool,
        flag_option("--no-header", help="The first line is data; columns are called 1, 2, 3, ...", panel=INPUT_PANEL),
    ] = False
    skip_lines: Annotated[
        str,
        text_option("--skip-lines", help="Lines to leave out before the header.", metavar="N", panel=INPUT_PANEL),
    ] = "0"
    na: Annotated[
        list[str] | None,
        text_option(
            "--na",
            help="Text that means missing, instead of NA, null, nan and the like.",
            metavar="TEXT",
            panel=INPUT_PANEL,
        ),
    ] = None
    percent_cells: Annotated[bool, flag_option("--percent-cells", help="Read 50.5% as 0.505.", panel=INPUT_PANEL)] = (
        False
    )
    threads: Annotated[
        str | None,
        text_option(
            "--threads",
            help="Threads to use; the result has the same bits for any number.",
            metavar="N",
            panel=INPUT_PANEL,
        ),
    ] = None

    max_memory: Annotated[
        str | None,
        text_option(
            "--max-memory",
            help="Stop where the process would take more memory than this, such as 500MB or 2GiB.",
            metavar="SIZE",
            panel=INPUT_PANEL,
            callback=_limit_memory,
        ),
    ] = None

    def text_options(self) -> "TextOptions":
        """The part that concerns text files."""
        from losscli.data.text_options import TextOptions

        if not (self.skip_lines.isascii() and self.skip_lines.isdigit()):
            raise UsageError(f"--skip-lines takes a whole number, not {self.skip_lines!r}")
        for flag, mark in (("--delimiter", self.delimiter), ("--decimal", self.decimal)):
            if mark is not None and (len(mark) != 1 or not mark.isascii()):
                raise UsageError(f"{flag} takes one character, not {mark!r}", hint=r"a tab is written as $'\t'")
        options = TextOptions(
            delimiter=self.delimiter,
            decimal=self.decimal,
            header=not self.no_header,
            skip_lines=int(self.skip_lines),
            percent_cells=self.percent_cells,
        )
        return dataclasses.replace(options, nulls=("", *self.na)) if self.na else options

    def sources(self, files: list[str] | None) -> "list[Source]":
        """The inputs that the command names."""
        from losscli.data.sources import resolve

        return resolve(files or [], self.input_format, self.text_options())

    def fitting_sources(self, files: list[str] | None, where: list[str] | None, *, quiet: bool) -> "list[Source]":
        """The same without the files that a filter leaves out by the names of their folders, which is said."""
        sources, notes = self.noted_sources(files, where)
        if notes and not quiet:
            from losscli.cli.writing import say

            for note in notes:
                say(f"warning: {note}")
        return sources

    def noted_sources(self, files: list[str] | None, where: list[str] | None) -> "tuple[list[Source], list[str]]":
        """The same, and what is to be said of the files that are left out."""
        sources = self.sources(files)
        if not where or not any(source.keys for source in sources):
            return sources, []
        from losscli.data.pruning import fitting_sources
        from losscli.data.where import Condition

        found = fitting_sources(sources, [Condition.parse(text) for text in where])
        return found.sources, found.notes()


UNSAID_LEVEL = 0.95
"""The level of the intervals where none is said."""


@dataclass(frozen=True)
class OutputOptions:
    """What is printed, and where."""

    output: Annotated[
        list[str] | None,
        output_option(
            "table, plain, json, jsonl, csv, markdown, junit, github, each to standard output or to a file; repeatable."
        ),
    ] = None
    json: AsJson = False
    confidence: Annotated[
        str | None,
        text_option("--confidence", help="Level of the intervals (default 0.95).", metavar="LEVEL", panel=OUTPUT_PANEL),
    ] = None
    no_ci: Annotated[bool, flag_option("--no-ci", help="No intervals.", panel=OUTPUT_PANEL)] = False
    quiet: Quiet = False
    debug: Debug = False

    def level(self) -> float | None:
        """The confidence of the intervals; None for no intervals."""
        if self.no_ci:
            return None
        try:
            level = float(UNSAID_LEVEL if self.confidence is None else self.confidence)
        except ValueError:
            level = 0.0
        if not 0.0 < level < 1.0:
            raise UsageError(f"--confidence takes a number between 0 and 1, not {self.confidence!r}")
        return level


def grouped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take groups of options as one argument each.

    A parameter whose type is one of the dataclasses of this module becomes the options of its fields; for
    CatalogueOptions they come from the catalogue. The command gets the dataclass.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)}
    own: list[inspect.Parameter] = []
    members: dict[str, list[str]] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in groups:
            own.append(parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        group = groups[parameter.name]
        parts = list(catalogue_parameters() if group is CatalogueOptions else _fields(group))
        members[parameter.name] = [part.name for part in parts]
        own.extend(parts)

    @functools.wraps(function)
    def command(**values: Any) -> Any:
        arguments = dict(values)
        for name, names in members.items():
            taken = {key: arguments.pop(key) for key in names}
            group = groups[name]
            arguments[name] = catalogue_options(taken) if group is CatalogueOptions else group(**taken)
        return function(**arguments)

    command.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined] # what Typer reads
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in own}
    del command.__wrapped__  # or type hints would be read from the function behind it
    return command


def _fields(group: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for entry in dataclasses.fields(group):
        yield keyword(entry.name, hints[entry.name], entry.default)
