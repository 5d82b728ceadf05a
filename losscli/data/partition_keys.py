"""The keys that the folders of a data set say of the files in them: `country=DE/month=1/part-0.parquet`."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from losscli.errors import DataError
from losscli.records import dataclass

_NULL = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """What a folder says of all rows of a file.

    Attributes:
        name: the column.
        text: its value as it is written; None where there is none.
        whole: whether the column holds whole numbers, because all files of the data set have one.
    """

    name: str
    text: str | None
    whole: bool = False


def keys_of_files(paths: Sequence[str]) -> list[tuple[PartitionKey, ...]]:
    """The keys of each file of a data set, the outermost first.

    Args:
        paths: below the data set, with slashes.

    Raises:
        DataError: a file below two folders of one key.
    """
    found = [_keys_of(path) for path in paths]
    texts: dict[str, list[str]] = {}
    for keys in found:
        for key in keys:
            if key.text is not None:
                texts.setdefault(key.name, []).append(key.text)
    whole = {name for name, values in texts.items() if all(_is_whole(value) for value in values)}
    return [tuple(PartitionKey(key.name, key.text, key.name in whole) for key in keys) for keys in found]


def _keys_of(path: str) -> list[PartitionKey]:
    found: dict[str, PartitionKey] = {}
    for folder in path.split("/")[:-1]:
        name, equals, value = folder.partition("=")
        if not equals or not name:
            continue
        key = PartitionKey(unquote(name), None if value == _NULL else unquote(value))
        if key.name in found:
            raise DataError(f"{path} lies in two folders that say {key.name!r}", "name the folder below one of them")
        found[key.name] = key
    return list(found.values())


def _is_whole(text: str) -> bool:
    """Whether a text is a whole number; 01 is a text, for it may be a code."""
    return _WHOLE.fullmatch(text) is not None and -_LARGEST <= int(text) <= _LARGEST
