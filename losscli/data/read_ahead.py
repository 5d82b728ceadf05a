"""An iterator that is run ahead of its reader, on a thread of its own."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The items in their order, the next one made while the last one is at work; errors surface at their place."""
    with ThreadPoolExecutor(1, thread_name_prefix="losscli-read") as pool:
        following = pool.submit(next, items, _END)
        while (item := following.result()) is not _END:
            following = pool.submit(next, items, _END)
            yield item  # type: ignore[misc] # what is not the mark of the end is an item
