"""The Parquet file of row losses."""

from typing import Any

import pyarrow as pa

from losscli.arrays import np

_SCHEMA = pa.schema([("row", pa.int64()), ("loss", pa.float64())])
_ROWS_A_GROUP = 1 << 20


class RowFile:
    """Writes columns `row` and `loss`; use it in a with statement."""

    def __init__(self, path: str) -> None:
        import pyarrow.parquet as pq

        self._file: Any = pq.ParquetWriter(path, _SCHEMA)
        self._held: list[pa.RecordBatch] = []

    def __enter__(self) -> "RowFile":
        return self

    def write(self, rows: Any, losses: Any) -> None:
        """Add rows with their losses."""
        columns = [
            pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(np.ascontiguousarray(array))])
            for kind, array in ((pa.int64(), rows.astype(np.int64)), (pa.float64(), losses))
        ]
        self._held.append(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))
        if sum(batch.num_rows for batch in self._held) >= _ROWS_A_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        if self._held:
            self._file.write_table(pa.Table.from_batches(self._held), row_group_size=_ROWS_A_GROUP)
            self._held = []

    def __exit__(self, *_: object) -> None:
        self._write_group()
        self._file.close()
