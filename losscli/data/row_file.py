"""The Parquet file of row losses."""

from typing import Any

import pyarrow as pa

from losscli.arrays import np

_ROWS_A_GROUP = 1 << 20


class RowFile:
    """Writes columns `row` and `loss`. The rows are numbers, or the values of groups."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: Any = None
        self._held: list[pa.RecordBatch] = []

    def write(self, rows: Any, losses: Any) -> None:
        """Add rows with their losses."""
        named = _labels(rows) if isinstance(rows, list) else _numbers(pa.int64(), rows.astype(np.int64))
        columns = [named, _numbers(pa.float64(), losses)]
        self._held.append(pa.RecordBatch.from_arrays(columns, names=["row", "loss"]))
        if sum(batch.num_rows for batch in self._held) >= _ROWS_A_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow.parquet as pq

        if self._file is None:
            schema = self._held[0].schema if self._held else pa.schema([("row", pa.int64()), ("loss", pa.float64())])
            self._file = pq.ParquetWriter(self._path, schema)
        if self._held:
            self._file.write_table(pa.Table.from_batches(self._held), row_group_size=_ROWS_A_GROUP)
            self._held = []

    def close(self) -> None:
        """Write what is held and the end of the file."""
        self._write_group()
        self._file.close()


def _numbers(kind: pa.DataType, array: Any) -> pa.Array:
    return pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(np.ascontiguousarray(array))])


def _labels(values: list[Any]) -> pa.Array:
    """The values of groups, as text where they are of several kinds."""
    if len({type(value) for value in values}) > 1:
        values = [str(value) for value in values]
    return pa.array(values)
