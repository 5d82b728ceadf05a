"""The options that bring several files, or the rows of one, into one table: models, truth and keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from losscli.cli.flags import text_option
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.cli.options import InputOptions
    from losscli.data.assembly import Arrangement, ModelFiles
    from losscli.data.sources import Source

MODEL_PANEL = "Models and truth"


@dataclass(frozen=True)
class ModelOptions:
    """Where models and their truth are, and what tells which rows belong together."""

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
    baseline: Annotated[
        str | None,
        text_option("--baseline", help="The model that others are compared with.", metavar="NAME", panel=MODEL_PANEL),
    ] = None
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

    def arrangement(self, files: "list[str] | None", reading: "InputOptions") -> "Arrangement":
        """What the options ask for.

        Args:
            files: the FILE arguments of the command.

        Raises:
            UsageError: an option that does not fit.
            DataError: a pattern that fits no file.
        """
        from losscli.data.assembly import Arrangement
        from losscli.data.keys import JoinKeys, join_named

        if self.join is not None and not self.key:
            raise UsageError("--join says what happens to rows that --key cannot pair; --key is not given")
        found = Arrangement(
            truth=self._truth(files, reading),
            keys=JoinKeys.parse(self.key) if self.key else None,
            models=self._models(reading),
            model_column=self.model_column,
            baseline=self.baseline,
            join=join_named(self.join or "strict"),
        )
        found.check(reading.sources(files) if files else [])
        return found

    def _truth(self, files: "list[str] | None", reading: "InputOptions") -> "Source | None":
        if self.truth is None:
            return None
        from losscli.data.sources import Source

        if self.truth in (files or []):
            raise UsageError(f"{self.truth} is given as predictions and as --truth")
        return Source("", reading.input_format, reading.text_options()).beside(self.truth)

    def _models(self, reading: "InputOptions") -> "tuple[ModelFiles, ...]":
        from losscli.data.assembly import ModelFiles

        found: list[ModelFiles] = []
        for text in self.model or []:
            name, equals, file = text.partition("=")
            if not equals or not name.strip() or not file:
                raise UsageError(f"--model takes NAME=FILE, not {text!r}", hint=_suggested(text, name, file))
            found.append(ModelFiles(name.strip(), tuple(reading.sources([file]))))
        return tuple(found)


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
