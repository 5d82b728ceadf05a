"""All files and all cases of the corpus."""

from collections.abc import Mapping

from tests.wild import (
    array_files,
    comparisons,
    databases,
    domains,
    forecasting,
    json_files,
    label_files,
    layout,
    learning_tools,
    missing_cells,
    names,
    number_cells,
    packaging,
    parquet_files,
    science,
    selection,
    set_files,
    statistics_tools,
)
from tests.wild.case import Case, Writer

_TEXTS: tuple[Mapping[str, bytes], ...] = (
    comparisons.TEXTS,
    databases.TEXTS,
    domains.TEXTS,
    forecasting.TEXTS,
    json_files.TEXTS,
    label_files.TEXTS,
    layout.TEXTS,
    learning_tools.TEXTS,
    missing_cells.TEXTS,
    names.TEXTS,
    number_cells.TEXTS,
    packaging.TEXTS,
    parquet_files.TEXTS,
    science.TEXTS,
    selection.TEXTS,
    set_files.TEXTS,
    statistics_tools.TEXTS,
)
_BINARIES: tuple[Mapping[str, Writer], ...] = (
    array_files.BINARIES,
    json_files.BINARIES,
    packaging.BINARIES,
    parquet_files.BINARIES,
)

TEXTS: dict[str, bytes] = {name: data for part in _TEXTS for name, data in part.items()}
BINARIES: dict[str, Writer] = {name: writer for part in _BINARIES for name, writer in part.items()}

CASES: tuple[Case, ...] = (
    *statistics_tools.CASES,
    *learning_tools.CASES,
    *forecasting.CASES,
    *science.CASES,
    *databases.CASES,
    *names.CASES,
    *number_cells.CASES,
    *missing_cells.CASES,
    *layout.CASES,
    *packaging.CASES,
    *selection.CASES,
    *domains.CASES,
    *json_files.CASES,
    *parquet_files.CASES,
    *array_files.CASES,
    *label_files.CASES,
    *set_files.CASES,
    *comparisons.CASES,
)
