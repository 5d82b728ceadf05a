"""Whether what opens a table reads a file of its own, which anybody may open at any time."""

import os
import stat
from typing import Any

from losscli.data.sources import Source


def source_of(opener: Any) -> Source | None:
    """The input that an opener reads and nothing else; None where it brings several together or holds rows."""
    owner = getattr(opener, "__self__", None)
    return owner if isinstance(owner, Source) else None


def bytes_of(source: Source) -> int | None:
    """The size of the file; None where it is none, or not there."""
    if source.content is not None:
        return None
    try:
        found = os.stat(source.place or source.name)  # noqa: PTH116 - a Path costs more than the question
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
