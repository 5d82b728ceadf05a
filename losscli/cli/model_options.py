"""The options that bring several files, or the rows of one, into one table: models, truth and keys."""

from typing import TYPE_CHECKING, Annotated

from losscli.cli.flags import text_option
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.cli.options import InputOptions
    from losscli.data.assembly import Arrangement, Assembly, ModelFiles
    from losscli.data.keys import Join
    from losscli.data.sources import Source
    from losscli.data.where import Condition

MODEL_PANEL = "Models and truth"


@dataclass(frozen=True)
class ModelOptions:
    """Where the predictions of several models are."""

    model: Annotated[
        list[str] | None,
        text_option(
            "--model",
            help="A model and its file, or a pattern of files; give two or more, the first is the baseline.",
            metavar="NAME=FILE",
            panel=MODEL_PANEL,
        ),
    ] = None
    model_column: Annotated[
        str | None,
        text_option(
            "--model-column",
            help="Column whose values are the models; --key pairs their rows.",
            metavar="COLUMN",
            panel=MODEL_PANEL,
        ),
    ] = None

    def files(self, reading: "InputOptions") -> "tuple[ModelFiles, ...]":
        """Each model with its files.

        Raises:
            UsageError: a text without NAME= or without a file.
        """
        from losscli.data.assembly import ModelFiles

        found: list[ModelFiles] = []
        for text in self.model or []:
            name, equals, file = text.partition("=")
            if not equals or not name.strip() or not file:
                raise UsageError(f"--model takes NAME=FILE, not {text!r}", hint=_suggested(text, name, file))
            found.append(ModelFiles(name.strip(), tuple(reading.sources([file]))))
        return tuple(found)


@dataclass(frozen=True)
class JoinOptions:
    """Where the truth is, and what tells which rows belong together."""

    truth: Annotated[
        str | None,
        text_option("--truth", help="File with the truth, joined by --key.", metavar="FILE", panel=MODEL_PANEL),
    ] = None
    key: Annotated[
        list[str] | None,
        text_option(
            "--key",
            help="Column(s) that tell which rows belong together; a=b where the truth calls a by the name b.",
            metavar="COLUMNS",
            panel=MODEL_PANEL,
        ),
    ] = None
    join: Annotated[
        str | None,
        text_option(
            "--join",
            help="Rows without a partner: strict (default) is an error, inner leaves them out and counts them.",
            metavar="strict|inner",
            panel=MODEL_PANEL,
        ),
    ] = None

    def checked(self) -> "Join":
        """What is done with rows that have no partner.

        Raises:
            UsageError: --join without --key, or a word that it does not take.
        """
        from losscli.data.keys import join_named

        if self.join is not None and not self.key:
            raise UsageError("--join says what happens to rows that --key cannot pair; --key is not given")
        return join_named(self.join or "strict")

    def truth_source(self, files: "list[str] | None", reading: "InputOptions") -> "Source | None":
        """The file of the truth, if there is one.

        Raises:
            UsageError: it is among the predictions.
        """
        if self.truth is None:
            return None
        from losscli.data.sources import Source

        if self.truth in (files or []):
            raise UsageError(f"{self.truth} is given as predictions and as --truth")
        return Source("", reading.input_format, reading.text_options()).beside(self.truth)


def _suggested(text: str, name: str, file: str) -> str:
    """A name for a file that came without one."""
    from pathlib import Path

    path = file or name
    if not path:
        return "for instance --model new=preds.csv"
    return (
        f"for instance --model {Path(path).name.split('.')[0] or 'new'}={path}"
        if text != f"{name}="
        else (f"name the file of {name}")
    )


@dataclass(frozen=True)
class BaselineOption:
    """Which model others are held against."""

    baseline: Annotated[
        str | None,
        text_option("--baseline", help="The model that others are compared with.", metavar="NAME", panel=MODEL_PANEL),
    ] = None


def arrangement_of(
    files: "list[str] | None",
    reading: "InputOptions",
    joins: JoinOptions,
    models: ModelOptions,
    baseline: str | None = None,
) -> "Arrangement":
    """How the files become tables.

    Args:
        files: the FILE arguments of the command.
        baseline: the model that others are held against, where models have files or rows of their own.

    Raises:
        UsageError: an option that does not fit.
        DataError: a pattern that fits no file.
    """
    from losscli.data.assembly import Arrangement
    from losscli.data.keys import JoinKeys

    return Arrangement(
        truth=joins.truth_source(files, reading),
        keys=JoinKeys.parse(joins.key) if joins.key else None,
        models=models.files(reading),
        model_column=models.model_column,
        baseline=baseline if models.model or models.model_column else None,
        join=joins.checked(),
    )


def assembly_of(
    files: "list[str] | None",
    reading: "InputOptions",
    joins: JoinOptions,
    models: ModelOptions,
    baseline: str | None = None,
    conditions: "Sequence[Condition]" = (),
) -> "Assembly":
    """The tables that the engine reads; see `arrangement_of`.

    Args:
        conditions: filters; rows that they leave out need no partner.

    Raises:
        UsageError: an option that does not fit, or no input.
    """
    from losscli.data.assembly import assembled

    how = arrangement_of(files, reading, joins, models, baseline)
    return assembled(reading.sources(files) if files or not models.model else [], how, conditions)
