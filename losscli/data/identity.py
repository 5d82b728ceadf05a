"""Which data a result is of: the size of each file and a hash of its content."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from losscli.data.sources import Source

_WHOLE_BYTES = 64 << 20
_SAMPLE = 1 << 20
_SAMPLES = 32
_LEAST_SAMPLE = 4 << 10
MOST_LISTED = 100
"""Of a folder or pattern that stands for more files, the files together are one entry."""


class Identity(NamedTuple):
    """What tells an input from another.

    Attributes:
        path: its name as it was given; of many files the folder or the pattern.
        bytes: its size; None for standard input and other streams.
        hash: of its content, or what stands for it, the kind before it; None where there is none.
        files: how many files it is, where they are so many that they stand together; None for a single one.
    """

    path: str
    bytes: int | None
    hash: str | None
    files: int | None = None


def identities(sources: Sequence[Source]) -> list[Identity]:
    """Each input, the files of a folder or pattern as one where they are many."""
    found: list[Identity] = []
    for within, group in groupby(sources, key=lambda source: source.within):
        files = list(group)
        if within is not None and len(files) > MOST_LISTED:
            found.append(_identity_of_many(within, files))
        else:
            found += map(identity_of, files)
    return found


def identity_of(source: Source) -> Identity:
    """One input.

    Files of up to 64 MiB are hashed as a whole (`sha256:`). Of larger ones, reading all of which would take longer
    than evaluating two columns, the size and 32 evenly spaced MiB are hashed, the first and the last MiB among them
    (`sha256-sampled:`): the last holds the index of a Parquet or Arrow file, which changes with any column. What is
    not on this machine is told by what its server says of it (`etag:`, `last-modified:`), for nothing more is read.
    """
    if source.address is not None:
        from losscli.data.remote import said_of

        return Identity(source.name, *said_of(source.address, source.name))
    file = Path(source.name)
    if source.name == "-" or not file.is_file():
        return Identity(source.name, None, None)
    size = file.stat().st_size
    if size <= _WHOLE_BYTES:
        with file.open("rb") as stream:
            return Identity(source.name, size, f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}")
    digest = hashlib.sha256(str(size).encode())
    for part in _samples(source.name, size, _SAMPLE, _SAMPLES):
        digest.update(part)
    return Identity(source.name, size, f"sha256-sampled:{digest.hexdigest()}")


def _samples(path: str, size: int, length: int, count: int) -> Iterator[bytes]:
    """Evenly spaced parts of a file, the first and the last among them."""
    with Path(path).open("rb") as stream:
        for i in range(count):
            stream.seek((size - length) * i // (count - 1))
            yield stream.read(length)


def _identity_of_many(within: str, files: Sequence[Source]) -> Identity:
    """Many files as one: a hash of the path of each below what they share, of its size and its content.

    Files of up to 64 MiB together are read as a whole (`sha256-files:`). Of more, each adds its first and its last
    bytes, so many that all of them are about 64 MiB (`sha256-files-sampled:`). Of files in a bucket each adds the size
    and the time that the listing says (`sha256-listing:`).
    """
    shared = os.path.commonprefix([source.name for source in files])  # noqa: RUF071 - up to its last slash
    start = shared.rfind("/") + 1
    digest = hashlib.sha256()
    if files[0].address is not None:
        from losscli.data.buckets import sizes_and_times

        facts = sizes_and_times([source.address or "" for source in files], within)
        total = sum(size for size, _ in facts)
        for source, (size, moment) in zip(files, facts, strict=True):
            digest.update(_line(source.name[start:], size) + f"{moment}".encode())
        return Identity(within, total, f"sha256-listing:{digest.hexdigest()}", len(files))
    sizes = [Path(source.name).stat().st_size for source in files]
    whole = sum(sizes) <= _WHOLE_BYTES
    length = max(_LEAST_SAMPLE, _WHOLE_BYTES // (2 * len(files)))
    for source, size in zip(files, sizes, strict=True):
        digest.update(_line(source.name[start:], size))
        if whole or size <= 2 * length:
            digest.update(Path(source.name).read_bytes())
        else:
            for part in _samples(source.name, size, length, 2):
                digest.update(part)
    kind = "sha256-files" if whole else "sha256-files-sampled"
    return Identity(within, sum(sizes), f"{kind}:{digest.hexdigest()}", len(files))


def _line(name: str, size: int) -> bytes:
    return f"\n{name}\0{size}\0".encode("utf-8", "surrogateescape")
