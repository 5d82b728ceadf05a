"""What kind of file a table was read from."""

from losscli.data.partitions import bare
from losscli.data.table import Table
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class FileKind:
    """The format of a file, what separates its cells, and its row groups; None where that does not apply."""

    format: str
    delimiter: str | None = None
    row_groups: int | None = None


def kind_of_file(table: Table) -> FileKind:
    """The format that a table was read as."""
    table = bare(table)
    delimiter = getattr(table, "delimiter", None)
    if delimiter is not None:
        return FileKind("tsv" if delimiter == "\t" else "csv", delimiter)
    metadata = getattr(table, "metadata", None)
    if metadata is not None:
        return FileKind("parquet", row_groups=metadata.num_row_groups)
    names = {"ArrowTable": "arrow", "JsonTable": "json", "NumpyTable": "numpy"}
    return FileKind(names.get(type(table).__name__, "table"))
