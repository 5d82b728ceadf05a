"""What a gate reads: the options of the command line over what the configuration says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from losscli.cli.chance_options import ResamplingOptions
from losscli.cli.model_options import JoinOptions, ModelOptions
from losscli.cli.options import OutputOptions
from losscli.cli.row_options import RowOptions
from losscli.errors import UsageError

if TYPE_CHECKING:
    from losscli.gates.configuration import Configuration

UNSAID_LEVEL = "0.95"


@dataclass(frozen=True, slots=True)
class Settings:
    """The options that say what is read, filled in from the configuration."""

    files: list[str] | None
    rows: RowOptions
    models: ModelOptions
    joins: JoinOptions
    resampling: ResamplingOptions
    confidence: float


def settings_of(
    files: list[str] | None,
    rows: RowOptions,
    models: ModelOptions,
    joins: JoinOptions,
    resampling: ResamplingOptions,
    output: OutputOptions,
    configuration: "Configuration | None",
) -> Settings:
    """The options, and where they say nothing what the configuration says.

    Raises:
        UsageError: no interval is asked for, or a level that is none.
    """
    level = output.level()
    if level is None:
        raise UsageError("check needs intervals: --no-ci does not apply", hint='on = "value" holds the value alone')
    if configuration is None:
        return Settings(files, rows, models, joins, resampling, level)
    said = configuration
    if output.confidence == UNSAID_LEVEL and said.confidence is not None:
        level = said.confidence
    several = models.model or [f"{name}={file}" for name, file in said.models.items()] or None
    return Settings(
        files or (list(said.files) if said.files and not several else None),
        _rows(rows, said),
        replace(models, model=several, model_column=models.model_column or said.model_column),
        replace(joins, truth=joins.truth or _one_truth(said.truth), key=joins.key or _texts(said.key)),
        replace(resampling, cluster=resampling.cluster or _text(said.cluster)),
        level,
    )


def _rows(rows: RowOptions, said: "Configuration") -> RowOptions:
    return replace(
        rows,
        weight=rows.weight or said.weight,
        group=rows.group or _text(said.group),
        batch_size=rows.batch_size or (None if said.batch_size is None else str(said.batch_size)),
        classes=rows.classes or _text(said.classes),
        positive_class=rows.positive_class or said.positive_class,
        probs_percent=rows.probs_percent or said.probs_percent,
        where=[*said.where, *(rows.where or [])],
        missing=rows.missing if rows.missing != "error" else said.missing or "error",
        invalid=rows.invalid if rows.invalid != "error" else said.invalid or "error",
        transform=rows.transform or said.transform,
    )


def _one_truth(files: Sequence[str]) -> str | None:
    if len(files) > 1:
        raise UsageError(f"truth names {len(files)} files", hint="name the one that has it")
    return files[0] if files else None


def _text(names: str | Sequence[str] | None) -> str | None:
    return names if names is None or isinstance(names, str) else ",".join(names)


def _texts(names: str | Sequence[str] | None) -> list[str] | None:
    text = _text(names)
    return None if text is None else [text]
