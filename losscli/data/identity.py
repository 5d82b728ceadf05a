"""Which data a result is of: the size of each file and a hash of its content."""

import hashlib
from pathlib import Path

_WHOLE_BYTES = 64 << 20
_SAMPLE = 1 << 20
_SAMPLES = 32


def file_hash(path: str) -> tuple[int | None, str | None]:
    """The size and the hash of a file; None for standard input and other streams.

    Files of up to 64 MiB are hashed as a whole (`sha256:`). Of larger ones, reading all of which would take longer
    than evaluating two columns, the size and 32 evenly spaced MiB are hashed, the first and the last MiB among them
    (`sha256-sampled:`): the last holds the index of a Parquet or Arrow file, which changes with any column.
    """
    file = Path(path)
    if path == "-" or not file.is_file():
        return None, None
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size <= _WHOLE_BYTES:
            return size, f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        digest = hashlib.sha256(str(size).encode())
        for i in range(_SAMPLES):
            stream.seek((size - _SAMPLE) * i // (_SAMPLES - 1))
            digest.update(stream.read(_SAMPLE))
    return size, f"sha256-sampled:{digest.hexdigest()}"
