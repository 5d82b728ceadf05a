"""Make the benchmark's data files: deterministic, generated when absent, never downloaded.

The harness runs this file as its own process. It must not import NumPy or pyarrow itself, because a child's
peak memory as the kernel reports it starts from what its parent held when it was started.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import model_data

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("benchmarks", "data")  # from the project's root, where every measured process runs
EDITION = 1  # in each file's name; raise it when what is written changes, so that no stale file is measured
SEED = 20240229
ROW_GROUP = 1_000_000
CSV_CHUNK = 250_000
DISTINCT_GROUPS = 20  # a longer file repeats its row groups, so that 100M rows are made in seconds
PREDICTIONS = "predictions"  # begins the name of a file that is made here; the others are in model_data.py
SLICED = "sliced"  # the same numbers with a column of text beside them
CSV_COLUMNS = ("id", "date", "store", "y_true", "y_pred", "weight")
REGIONS = 20


def draw(chunk: int, rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A normal truth, and a prediction that is a little biased and misses by half a unit."""
    import numpy as np

    random = np.random.default_rng([SEED, chunk])
    truth = random.normal(10.0, 3.0, rows)
    return truth, truth + random.normal(0.05, 0.5, rows)


def spans(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """The number of each chunk and how many rows it has."""
    for chunk, start in enumerate(range(0, rows, size)):
        yield chunk, min(size, rows - start)


def predictions(chunk: int, size: int) -> pa.Table:
    """Two float64 columns."""
    import pyarrow as pa

    truth, pred = draw(chunk % DISTINCT_GROUPS, size)
    return pa.table({"y_true": truth, "y_pred": pred})


def sliced(chunk: int, size: int) -> pa.Table:
    """A region to each row, as text and in no order: what slices are made of."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng([SEED, SEED, chunk % DISTINCT_GROUPS])
    names = np.array([f"region_{place:02}" for place in range(REGIONS)])
    return predictions(chunk, size).append_column("region", pa.array(names[random.integers(0, REGIONS, size)]))


def write_parquet(path: Path, rows: int, draws: Callable[[int, int], pa.Table]) -> None:
    """Snappy, a million rows a group; everything else as pyarrow does by default."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, draws(0, 1).schema, compression="snappy") as writer:
        for chunk, size in spans(rows, ROW_GROUP):
            writer.write_table(draws(chunk, size), row_group_size=ROW_GROUP)


def csv_chunk(chunk: int, size: int) -> pa.Table:
    """Six columns as a forecast's file has them; the truth was measured to four decimals."""
    import numpy as np
    import pyarrow as pa

    first = chunk * CSV_CHUNK
    ids = np.arange(first, first + size)
    truth, pred = draw(chunk, size)
    days = np.datetime64("2024-01-01") + (ids // 20_000).astype("timedelta64[D]")
    stores = np.char.add("store_", (ids % 500).astype(str))
    weight = np.round(1.0 + (ids % 7) / 8.0, 3)
    columns = (ids, np.datetime_as_string(days), stores, np.round(truth, 4), pred, weight)
    return pa.table([pa.array(column) for column in columns], names=list(CSV_COLUMNS))


def write_csv(path: Path, rows: int, compression: str | None) -> None:
    """A plain CSV as pandas writes it: a header, commas, LF, nothing quoted; or the same compressed."""
    import pyarrow as pa
    import pyarrow.csv as pc

    options = pc.WriteOptions(include_header=False, quoting_style="none")
    with pa.output_stream(str(path), compression=compression) as file:
        file.write((",".join(CSV_COLUMNS) + "\n").encode())
        for chunk, size in spans(rows, CSV_CHUNK):
            pc.write_csv(csv_chunk(chunk, size), file, options)


def location(kind: str, rows: int, content: str = PREDICTIONS) -> Path:
    """Where the data file of that many rows is or will be, from the project's root."""
    return FOLDER / f"{content}-{EDITION}-{rows}.{kind}"


def ensure(kind: str, rows: int, content: str = PREDICTIONS) -> Path:
    """The data file of that many rows; another process writes it when it is absent."""
    path = location(kind, rows, content)
    if not (ROOT / path).exists():
        print(f"writing {path}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, __file__, str(ROOT / path), str(rows)], check=True)
    return path


def write_file(out: Path, path: Path, rows: int) -> None:
    """What a file of that name has in it."""
    content = path.name.partition("-")[0]
    if content not in (PREDICTIONS, SLICED):
        model_data.write(content, out, rows)
    elif path.suffix == ".parquet":
        write_parquet(out, rows, predictions if content == PREDICTIONS else sliced)
    else:
        write_csv(out, rows, "gzip" if path.suffix == ".gz" else None)


def main() -> int:
    """Write one file whole or not at all, so that a broken run never leaves half a file to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("rows", type=int)
    arguments = parser.parse_args()
    path: Path = arguments.path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(path.suffix + ".unfinished")
    write_file(unfinished, path, arguments.rows)
    unfinished.replace(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
