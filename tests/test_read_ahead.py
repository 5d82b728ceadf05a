"""Items that are made ahead of their reader: their order, errors at their place, and a reader that stops early."""

import threading
from collections.abc import Iterator

import pytest

from losscli.data.read_ahead import ahead


def test_items_come_in_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([None, False, 0]))) == [None, False, 0]


def test_an_error_surfaces_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("cut off")

    read: list[int] = []
    with pytest.raises(OSError, match="cut off"):
        read.extend(ahead(broken()))
    assert read == [1, 2]


def test_the_next_item_is_made_while_the_last_is_at_work() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    found = ahead(items())
    assert next(found) == 1
    assert made.wait(10.0)
    assert list(found) == [2]


def test_a_reader_that_stops_early_leaves_no_thread() -> None:
    found = ahead(iter(range(1000)))
    assert next(found) == 0
    found.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("losscli-read")]
