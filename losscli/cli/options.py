"""The options that commands share, and those that the catalogue makes: a flag for each role and parameter."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from losscli.catalogue import Loss, all_losses
from losscli.cli.completion import complete_column
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.data.text_options import TextOptions

INPUT_PANEL = "Input"
COLUMN_PANEL = "Columns"
ROW_PANEL = "Rows"
PARAMETER_PANEL = "Parameters of losses"
OUTPUT_PANEL = "Output"

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        help="CSV, TSV, Parquet, Arrow, JSON Lines, JSON, NPY or NPZ files, patterns, or - for standard input.",
        show_default=False,
    ),
]


def _text(*flags: str, help: str, metavar: str, panel: str) -> Any:
    complete = complete_column if metavar == "COLUMN" else None
    return typer.Option(
        *flags, help=help, metavar=metavar, rich_help_panel=panel, show_default=False, autocompletion=complete
    )


def _flag(*flags: str, help: str, panel: str) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel=panel, show_default=False)


@dataclass(frozen=True)
class InputOptions:
    """How files are read."""

    input_format: Annotated[
        str | None,
        _text(
            "--input-format",
            help="Format of the input where the name does not tell: csv, tsv, parquet, arrow, jsonl, json, npy, npz.",
            metavar="FORMAT",
            panel=INPUT_PANEL,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        _text(
            "--delimiter",
            help="What separates cells; otherwise found in the header.",
            metavar="CHAR",
            panel=INPUT_PANEL,
        ),
    ] = None
    decimal: Annotated[
        str,
        _text("--decimal", help="Decimal mark of text files (default .).", metavar="CHAR", panel=INPUT_PANEL),
    ] = "."
    no_header: Annotated[
        bool,
        _flag("--no-header", help="The first line is data; columns are called 1, 2, 3, ...", panel=INPUT_PANEL),
    ] = False
    skip_lines: Annotated[
        str,
        _text("--skip-lines", help="Lines to leave out before the header.", metavar="N", panel=INPUT_PANEL),
    ] = "0"
    na: Annotated[
        list[str] | None,
        _text(
            "--na",
            help="Text that means missing, instead of NA, null, nan and the like.",
            metavar="TEXT",
            panel=INPUT_PANEL,
        ),
    ] = None
    percent_cells: Annotated[bool, _flag("--percent-cells", help="Read 50.5% as 50.5.", panel=INPUT_PANEL)] = False
    threads: Annotated[
        str | None,
        _text(
            "--threads",
            help="Threads to use; the result has the same bits for any number.",
            metavar="N",
            panel=INPUT_PANEL,
        ),
    ] = None

    def text_options(self) -> "TextOptions":
        """The part that concerns text files."""
        from losscli.data.text_options import TextOptions

        if not self.skip_lines.isdigit():
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


@dataclass(frozen=True)
class RowOptions:
    """Which rows count, and how much."""

    weight: Annotated[
        str | None,
        _text("--weight", "-w", help="Column of non-negative weights.", metavar="COLUMN", panel=COLUMN_PANEL),
    ] = None
    column: Annotated[
        list[str] | None,
        _text("--column", help="Any role, spelled out; repeatable.", metavar="ROLE=NAMES", panel=COLUMN_PANEL),
    ] = None
    where: Annotated[
        list[str] | None,
        _text(
            "--where",
            help="Keep rows that fit: COL=V, !=, <, <=, >, >=, or 'COL in A,B'; repeatable.",
            metavar="CONDITION",
            panel=ROW_PANEL,
        ),
    ] = None
    missing: Annotated[
        str,
        _text(
            "--missing",
            help="Rows that lack a value: error (default) or skip.",
            metavar="error|skip",
            panel=ROW_PANEL,
        ),
    ] = "error"
    invalid: Annotated[
        str,
        _text(
            "--invalid",
            help="Rows with a value outside the loss's domain: error (default) or skip.",
            metavar="error|skip",
            panel=ROW_PANEL,
        ),
    ] = "error"
    transform: Annotated[
        str | None,
        _text(
            "--transform",
            help="Apply log1p or log to target and prediction first.",
            metavar="log1p|log",
            panel=ROW_PANEL,
        ),
    ] = None


@dataclass(frozen=True)
class OutputOptions:
    """What is printed, and where."""

    output: Annotated[
        list[str] | None,
        _text(
            "--output",
            "-o",
            help="table, plain, json, jsonl, csv, markdown, each to standard output or to a file; repeatable.",
            metavar="KIND[:PATH]",
            panel=OUTPUT_PANEL,
        ),
    ] = None
    json: Annotated[bool, _flag("--json", help="The same as -o json.", panel=OUTPUT_PANEL)] = False
    confidence: Annotated[
        str,
        _text("--confidence", help="Level of the intervals (default 0.95).", metavar="LEVEL", panel=OUTPUT_PANEL),
    ] = "0.95"
    no_ci: Annotated[bool, _flag("--no-ci", help="No intervals.", panel=OUTPUT_PANEL)] = False
    quiet: Annotated[bool, _flag("--quiet", "-q", help="No warnings and no progress.", panel=OUTPUT_PANEL)] = False
    debug: Annotated[bool, _flag("--debug", help="Show the traceback of an error.", panel=OUTPUT_PANEL)] = False

    def level(self) -> float | None:
        """The confidence of the intervals; None for no intervals."""
        if self.no_ci:
            return None
        try:
            level = float(self.confidence)
        except ValueError:
            level = 0.0
        if not 0.0 < level < 1.0:
            raise UsageError(f"--confidence takes a number between 0 and 1, not {self.confidence!r}")
        return level


@dataclass(frozen=True)
class CatalogueOptions:
    """What was given of the flags that the catalogue makes."""

    roles: dict[str, str]
    parameters: dict[str, str | bool]


_SHORT = {"target": "-t", "pred": "-p"}


def role_flags() -> Iterator[tuple[str, str]]:
    """Each role of the catalogue once, with the help that the docstrings give."""
    readers: dict[str, list[Loss]] = {}
    for loss in all_losses():
        for role in loss.roles:
            readers.setdefault(role.name, []).append(loss)
    for name, losses in readers.items():
        help_text = losses[0].doc.arguments.get(name, "").split(", instead of")[0].rstrip(".")
        every = len(losses) == len(readers["target"])
        yield (
            name,
            help_text if every or name == "pred" else f"{help_text} [{', '.join(x.name for x in losses)}]",
        )


def parameter_flags() -> Iterator[tuple[str, bool, str]]:
    """Each parameter of the catalogue once: its name, whether it is a mere flag, and its help by loss."""
    owners: dict[str, list[Loss]] = {}
    for loss in all_losses():
        for parameter in loss.parameters:
            owners.setdefault(parameter.name, []).append(loss)
    for name, losses in owners.items():
        parameters = [next(p for p in loss.parameters if p.name == name) for loss in losses]
        texts: dict[str, list[str]] = {}
        for loss in losses:
            texts.setdefault(loss.doc.arguments.get(name, ""), []).append(loss.name)
        shown = " ".join(f"{', '.join(names)}: {text}" for text, names in texts.items())
        default = parameters[0].default
        ending = f" (default {default:g})" if isinstance(default, float) else ""
        yield name, all(parameter.is_flag for parameter in parameters), shown.rstrip(".") + ending + "."


def _catalogue_parameters() -> Iterator[inspect.Parameter]:
    for name, help_text in role_flags():
        flags = [f"--{name.replace('_', '-')}", *([_SHORT[name]] if name in _SHORT else [])]
        option = _text(*flags, help=help_text, metavar="COLUMN", panel=COLUMN_PANEL)
        # repeated flags are collected so that a second one can be refused instead of winning silently
        yield _keyword(f"role_{name}", Annotated[list[str] | None, option], None)
    for name, is_flag, help_text in parameter_flags():
        flag = f"--{name.replace('_', '-')}"
        if is_flag:
            yield _keyword(f"param_{name}", Annotated[bool, _flag(flag, help=help_text, panel=PARAMETER_PANEL)], False)
        else:
            option = _text(flag, help=help_text, metavar="VALUE", panel=PARAMETER_PANEL)
            yield _keyword(f"param_{name}", Annotated[str | None, option], None)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _catalogue_options(values: dict[str, Any]) -> CatalogueOptions:
    roles: dict[str, str] = {}
    parameters: dict[str, str | bool] = {}
    for key, value in values.items():
        kind, _, name = key.partition("_")
        if kind == "role" and value:
            if len(value) > 1:
                raise UsageError(
                    f"--{name.replace('_', '-')} is given {len(value)} times",
                    hint="several columns of one prediction are a comma list: a,b; compare models by one run for each",
                )
            roles[name] = value[0]
        elif kind == "param" and value is not None and value is not False:
            parameters[name] = value
    return CatalogueOptions(roles, parameters)


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
        parts = list(_catalogue_parameters() if group is CatalogueOptions else _fields(group))
        members[parameter.name] = [part.name for part in parts]
        own.extend(parts)

    @functools.wraps(function)
    def command(**values: Any) -> Any:
        arguments = dict(values)
        for name, names in members.items():
            taken = {key: arguments.pop(key) for key in names}
            group = groups[name]
            arguments[name] = _catalogue_options(taken) if group is CatalogueOptions else group(**taken)
        return function(**arguments)

    command.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined] # what Typer reads
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in own}
    del command.__wrapped__  # or type hints would be read from the function behind it
    return command


def _fields(group: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for entry in dataclasses.fields(group):
        yield _keyword(entry.name, hints[entry.name], entry.default)
