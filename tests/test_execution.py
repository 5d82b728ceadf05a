"""The ordered map: results in order, a few items ahead and no more, errors in their place, and nothing left behind.

Expected values are by hand: the order of the items, and counts that follow from the number of threads.
"""

import gzip
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from losscli.errors import UsageError
from losscli.execution import ordered_map, thread_count
from tests.cli import run_cli

WAIT = 20.0
"""Seconds after which a test gives up on other threads."""

each_number = pytest.mark.parametrize("threads", [1, 2, 3, 7])
several = pytest.mark.parametrize("threads", [2, 3, 7])


class RefusedError(Exception):
    """What the functions of these tests raise; its argument is the item."""


def pool_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("losscli")]


def collected(results: Iterator[int], into: list[int]) -> None:
    for result in results:
        into.append(result)


@each_number
@pytest.mark.parametrize("size", [0, 1, 2, 3, 40])
def test_results_come_in_the_order_of_the_items(threads: int, size: int) -> None:
    delays = np.random.default_rng(size).uniform(0.0, 0.004, size)

    def slowly(item: int) -> int:
        time.sleep(delays[item])
        return 10 * item

    assert list(ordered_map(slowly, range(size), threads)) == [10 * item for item in range(size)]
    assert not pool_threads()


@several
def test_a_slow_first_item_holds_back_all_others(threads: int) -> None:
    last_done = threading.Event()

    def function(item: int) -> int:
        if item == 0:
            assert last_done.wait(WAIT)
        if item == threads - 1:
            last_done.set()
        return item

    assert list(ordered_map(function, range(20), threads)) == list(range(20))


@several
def test_all_threads_work_at_a_time(threads: int) -> None:
    together = threading.Barrier(threads)

    def function(item: int) -> int:
        together.wait(WAIT)
        return item

    assert list(ordered_map(function, range(3 * threads), threads)) == list(range(3 * threads))


@each_number
@pytest.mark.parametrize("slow_consumer", [False, True])
def test_few_items_are_taken_ahead(threads: int, slow_consumer: bool) -> None:
    taken = received = 0
    ahead: list[int] = []

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(60):
            taken += 1
            ahead.append(taken - received)
            yield item

    for result in ordered_map(lambda item: item, items(), threads):
        time.sleep(0.001 * slow_consumer)
        assert result == received
        received += 1
    assert (taken, received) == (60, 60)
    assert max(ahead) <= 2 * threads
    assert max(ahead) >= threads


@each_number
def test_nothing_happens_before_the_first_result_is_asked_for(threads: int) -> None:
    started: list[int] = []
    results = ordered_map(started.append, range(50), threads)
    assert not started
    next(results)
    assert len(started) <= 2 * threads
    results.close()


@each_number
def test_an_error_surfaces_in_its_place(threads: int) -> None:
    def function(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        if item in (5, 6, 30):
            raise RefusedError(item)
        return item

    received: list[int] = []
    with pytest.raises(RefusedError) as refused:
        collected(ordered_map(function, range(40), threads), received)
    assert refused.value.args == (5,)
    assert received == [0, 1, 2, 3, 4]
    assert not pool_threads()


@several
def test_a_later_error_that_comes_sooner_waits(threads: int) -> None:
    second_failed = threading.Event()

    def function(item: int) -> int:
        if item == 0:
            assert second_failed.wait(WAIT)
        else:
            second_failed.set()
        raise RefusedError(item)

    with pytest.raises(RefusedError) as refused:
        next(ordered_map(function, range(9), threads))
    assert refused.value.args == (0,)


@each_number
@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_an_error_of_the_source_surfaces_in_its_place(threads: int, size: int) -> None:
    def items() -> Iterator[int]:
        yield from range(size)
        raise RefusedError(size)

    received: list[int] = []
    with pytest.raises(RefusedError):
        collected(ordered_map(lambda item: item, items(), threads), received)
    assert received == list(range(size))
    assert not pool_threads()


def test_the_error_is_the_same_for_any_number_of_threads(tmp_path: Path) -> None:
    """A bad cell in the first piece of a file that is cut off later: the first error in the file is told."""
    path = tmp_path / "cut.csv.gz"
    cells = np.random.default_rng(0).random(400_000).round(6).tolist()
    lines = ["y_true,y_pred", "oops,1", *(f"{cell},1" for cell in cells)]
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 1)[:-1000])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("losscli.data.text.PIECE_BYTES", 1 << 20)
        told = [run_cli(["compute", "-l", "mae", str(path), "--threads", n]) for n in ("1", "2", "7")]
    assert [outcome.code for outcome in told] == [3, 3, 3]
    assert "row 1: " in told[0].err
    assert "'oops'" in told[0].err
    assert told[1].err == told[0].err
    assert told[2].err == told[0].err


@each_number
def test_a_consumer_that_leaves_stops_the_work(threads: int) -> None:
    started: list[int] = []

    def function(item: int) -> int:
        started.append(item)
        time.sleep(0.001)
        return item

    results = ordered_map(function, count(), threads)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    assert not pool_threads()
    # 2 were received and left; with the third, at most 2 for each thread were on their way
    assert len(started) <= 2 + 2 * threads
    after = len(started)
    time.sleep(0.01)
    assert len(started) == after
    with pytest.raises(StopIteration):
        next(results)


@several
def test_work_that_waits_when_the_consumer_leaves_is_never_begun(threads: int) -> None:
    gate = threading.Event()
    started: list[int] = []

    def function(item: int) -> int:
        started.append(item)
        assert item == 0 or gate.wait(WAIT)
        return item

    results = ordered_map(function, count(), threads)
    assert next(results) == 0
    # items 1 to `threads` hold all threads until well after the others are cancelled
    opening = threading.Timer(0.2, gate.set)
    opening.start()
    results.close()
    opening.join()
    assert max(started) <= threads


@pytest.mark.parametrize(("size", "threads"), [(0, 7), (1, 7), (1, 1), (5, 1)])
def test_there_is_no_pool_where_it_would_not_help(size: int, threads: int) -> None:
    before = threading.active_count()
    places: list[int] = []

    def function(_: int) -> int:
        places.append(threading.get_ident())
        return threading.active_count()

    assert list(ordered_map(function, range(size), threads)) == [before] * size
    assert places == [threading.get_ident()] * size


def test_there_is_a_pool_for_two_items() -> None:
    places = list(ordered_map(lambda _: threading.current_thread().name, range(2), 7))
    assert all(name.startswith("losscli") for name in places)


@each_number
def test_items_are_let_go_of(threads: int) -> None:
    """A piece of text is large: the map holds no item that was worked on."""
    alive = most = 0

    class Piece:
        def __init__(self) -> None:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    for _ in ordered_map(lambda piece: type(piece), (Piece() for _ in range(50)), threads):
        pass
    assert most <= 2 * threads + 2


def test_the_number_of_threads() -> None:
    assert thread_count("1") == 1
    assert thread_count("12") == 12
    assert thread_count(None) >= 1


@pytest.mark.parametrize("asked", ["0", "-1", "1.5", "", "two", "\N{SUPERSCRIPT TWO}"])
def test_no_number_of_threads(asked: str) -> None:
    with pytest.raises(UsageError, match=r"^--threads must be a whole number"):
        thread_count(asked)
