"""Folders and patterns to the files that they stand for, with what the folders say of each."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from losscli.data.partition_keys import PartitionKey, keys_of_files
from losscli.data.sources import format_of_name, natural_order
from losscli.errors import DataError
from losscli.records import dataclass

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a folder or a pattern stands for; `keys` are what the folders below that say."""

    name: str
    keys: tuple[PartitionKey, ...] = ()


def files_of_folder(folder: str, input_format: str | None) -> list[Found]:
    """The data files below a folder, in natural order of their paths.

    Raises:
        DataError: there are none, they are of several formats, or a folder cannot be read.
    """
    start = folder if folder.endswith("/") else f"{folder}/"
    inside = sorted(_walked(folder, "", ()), key=natural_order)
    chosen = chosen_files(folder, inside, input_format)
    return with_keys([start + path for path in chosen], chosen)


def _walked(folder: str, path: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    try:
        state = os.stat(folder)  # noqa: PTH116 - names come back as they were written, which a Path would change
        if (state.st_dev, state.st_ino) in above:
            raise DataError(f"{folder} is a link to a folder that it lies in", "name the folders without it")
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_hidden(entry.name):
                    continue
                if entry.is_dir():
                    inner = (*above, (state.st_dev, state.st_ino))
                    yield from _walked(entry.path, f"{path}{entry.name}/", inner)
                elif entry.is_file():
                    yield path + entry.name
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error.strerror or error}", "check its access rights") from error


def is_hidden(name: str) -> bool:
    """Whether files or folders of this name are no data, as Spark and Arrow have it; `_key=1` is a partition."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def chosen_files(folder: str, inside: Sequence[str], input_format: str | None) -> list[str]:
    """The data files among those below a folder: all where a format was said, else those whose name tells one.

    Raises:
        DataError: there are none, or they are of several formats.
    """
    if input_format is not None and inside:
        return list(inside)
    formats = {name: kind for name in inside if (kind := format_of_name(name)) is not None}
    if not formats:
        others = f"; it has other files, such as {inside[0]}" if inside else ""
        way = "--input-format reads all of them as one format" if inside else "check the path"
        raise DataError(f"{folder} holds no data file{others}", way)
    counts = Counter(formats.values())
    if len(counts) > 1:
        kinds = ", ".join(f"{count:,} of {kind}" for kind, count in counts.most_common())
        most = next(name for name, kind in formats.items() if kind == counts.most_common(1)[0][0])
        ending = most.rsplit("/", 1)[-1].partition(".")[2].rsplit(".", 1)[-1]
        pattern = f"{folder.rstrip('/')}/**/*.{ending}"
        raise DataError(f"{folder} holds files of several formats: {kinds}", f"name those of one: '{pattern}'")
    return list(formats)


def with_keys(names: Sequence[str], paths: Sequence[str]) -> list[Found]:
    """Files with their keys; `paths` are their paths below the folder from which on folders say something."""
    return [Found(name, keys) for name, keys in zip(names, keys_of_files(paths), strict=True)]


def files_of_pattern(pattern: str, input_format: str | None) -> list[Found]:
    """The files that fit a pattern, in natural order; a folder that fits stands for the files below it.

    Raises:
        DataError: nothing fits, or what `files_of_folder` refuses.
    """
    # not Path.glob: the pattern may be absolute, and the names must come back as they were written
    names = sorted(glob.glob(pattern, recursive=True), key=natural_order)  # noqa: PTH207
    deep = "**" in pattern.split("/")
    start = fixed_part(pattern)
    if deep:
        # the folders on the way fit as well, and their files once more
        names = [name for name in names if not os.path.isdir(name) and seen_by(pattern, below(start, name))]  # noqa: PTH112
    found: list[str] = []
    for name in names:
        if not deep and os.path.isdir(name):  # noqa: PTH112
            found += [file.name for file in files_of_folder(name, input_format)]
        else:
            found.append(name)
    if not found:
        raise DataError(f"{pattern}: no file fits this pattern", "check the pattern")
    return with_keys(found, [below(start, name) for name in found])


def below(start: str, name: str) -> str:
    """The part of a path after a folder; a pattern with two slashes in a row finds paths with one."""
    return name[len(start) :] if name.startswith(start) else os.path.relpath(name, start)


def fixed_part(pattern: str) -> str:
    """The folder above the first part of a pattern that varies, with its slash; empty for the working folder."""
    first = _MAGIC.search(pattern)
    place = first.start() if first else len(pattern)
    return pattern[: pattern.rfind("/", 0, place) + 1]


def seen_by(pattern: str, path: str) -> bool:
    """Whether `**` sees a path: nothing in folders such as _temporary, unless the pattern itself has such a name."""
    named = any(is_hidden(part) for part in pattern.split("/") if part not in (".", ".."))
    return named or not any(is_hidden(part) for part in path.split("/"))
