"""Small tables for tests of the data layer: written as files, and read back as rows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from losscli.data.held import need_of
from losscli.data.sources import Source
from losscli.data.table import Table
from losscli.data.text_options import TextOptions


def source(path: Path, options: TextOptions | None = None) -> Source:
    """An input of the command."""
    return Source(str(path), None, options or TextOptions())


def csv_file(path: Path, text: str) -> Path:
    """A CSV file; blanks around lines are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line.strip()}\n" for line in text.strip().splitlines()))
    return path


def parquet_file(path: Path, columns: Mapping[str, Any], rows_a_group: int = 1000) -> Path:
    """A Parquet file."""
    pq.write_table(pa.table(dict(columns)), path, row_group_size=rows_a_group)
    return path


def closed_after(opened: list[Any]) -> Iterator[None]:
    """What a fixture yields that closes the tables which a test opened."""
    yield
    while opened:
        opened.pop().close()


def rows_of(table: Table, names: Sequence[str], batch_rows: int = 1000) -> list[tuple[Any, ...]]:
    """The rows of some columns; what each fragment says of its start is checked."""
    found: list[tuple[Any, ...]] = []
    for fragment in table.fragments([need_of(table, name) for name in names]):
        assert fragment.start in (None, len(found))
        for batch in fragment.batches(batch_rows):
            assert 0 < len(batch[0]) <= batch_rows
            found.extend(zip(*(cells.to_pylist() for cells in batch), strict=True))
    return found


def names_of(table: Table) -> list[str]:
    """The names of the columns."""
    return [column.name for column in table.columns]
