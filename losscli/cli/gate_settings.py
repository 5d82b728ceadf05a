"""What a gate reads: the options of the command line over what the configuration says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.cli.chance_options import ResamplingOptions
from losscli.cli.model_options import JoinOptions, ModelOptions
from losscli.cli.options import OutputOptions
from losscli.cli.row_options import RowOptions
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.gates.configuration import Configuration


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
    if output.confidence is None and said.confidence is not None:
        level = said.confidence
    models = _models(files, models, said)
    return Settings(
        files or (list(said.files) if said.files and not models.model else None),
        _rows(rows, said),
        models,
        replace(joins, truth=joins.truth or _one_truth(said.truth), key=joins.key or _texts(said.key)),
        # a run of rows on the line takes the place of clusters
        replace(resampling, cluster=resampling.cluster or (None if resampling.block else _text(said.cluster))),
        level,
    )


def _models(files: list[str] | None, models: ModelOptions, said: "Configuration") -> ModelOptions:
    """The models of the line; those of the configuration where the line names no models and, for files, no files."""
    if models.model or models.model_column:
        return models
    several = None if files else [f"{name}={file}" for name, file in said.models.items()] or None
    return replace(models, model=several, model_column=None if several else said.model_column)


def _rows(rows: RowOptions, said: "Configuration") -> RowOptions:
    # of two that exclude one another the one on the line takes the place of the other in the configuration
    spelled_out = {text.partition("=")[0].strip() for text in rows.column or ()}
    batches = rows.group or rows.batch_size or "group" in spelled_out
    labels = rows.classes or rows.positive_class
    size = None if said.batch_size is None else str(said.batch_size)
    return replace(
        rows,
        weight=rows.weight if "weight" in spelled_out else rows.weight or said.weight,
        group=rows.group if batches else _text(said.group),
        batch_size=rows.batch_size if batches else size,
        classes=rows.classes if labels else _text(said.classes),
        positive_class=rows.positive_class if labels else said.positive_class,
        probs_percent=rows.probs_percent or said.probs_percent,
        where=rows.where or list(said.where),
        missing=rows.missing or said.missing,
        invalid=rows.invalid or said.invalid,
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
