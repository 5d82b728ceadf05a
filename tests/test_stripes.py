"""Similarities of a batch in several stripes and tiles: against long double sums over the whole matrix."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from losscli.arrays import Array
from losscli.catalogue import find
from losscli.losses import similarities
from losscli.workers import in_parts, worker_count, workers

ROWS = 1400  # six stripes, and two tiles across
RNG = np.random.default_rng(4)
LEFT = RNG.normal(size=(ROWS, 12))
RIGHT = LEFT + 0.5 * RNG.normal(size=(ROWS, 12))


def _unit(vectors: Array) -> np.ndarray:
    long = vectors.astype(np.longdouble)
    return np.asarray(long / np.sqrt((long * long).sum(axis=1, keepdims=True)))


def _rest(similarities: np.ndarray, own: np.ndarray, left_out: np.ndarray | None) -> np.ndarray:
    """log(1 + sum of exp(s - s_own)) over the others."""
    places = np.arange(len(similarities))
    apart = similarities - similarities[places, own][:, None]
    apart[places, own] = -np.inf
    if left_out is not None:
        apart[places, left_out] = -np.inf
    most = np.maximum(apart.max(axis=1), 0)
    return np.asarray(most + np.log1p(np.expm1(-most) + np.exp(apart - most[:, None]).sum(axis=1)))


def _nt_xent(temperature: float) -> np.ndarray:
    views = np.concatenate([_unit(LEFT), _unit(RIGHT)])
    own = (np.arange(2 * ROWS) + ROWS) % (2 * ROWS)
    losses = _rest(views @ views.T / np.longdouble(temperature), own, np.arange(2 * ROWS))
    return np.asarray((losses[:ROWS] + losses[ROWS:]) / 2)


def _info_nce(temperature: float, similarity: str, symmetric: bool) -> np.ndarray:
    left, right = (_unit(LEFT), _unit(RIGHT)) if similarity == "cosine" else (LEFT.astype(np.longdouble), RIGHT)
    similarities = left @ right.T / np.longdouble(temperature)
    forward = _rest(similarities, np.arange(ROWS), None)
    return (forward + _rest(similarities.T, np.arange(ROWS), None)) / 2 if symmetric else forward


@pytest.mark.parametrize("temperature", [0.5, 0.05, 0.004, 0.001])
def test_nt_xent_of_several_stripes(temperature: float) -> None:
    """Low temperatures take the way that exponentials cannot overflow on; errors of similarities grow with 1 / T."""
    found = find("nt_xent")(anchor=LEFT, positive=RIGHT, temperature=temperature)
    np.testing.assert_allclose(
        found, _nt_xent(temperature).astype(float), rtol=4e-15 + 8e-16 / temperature, atol=1e-300
    )


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize(
    ("similarity", "temperature"), [("cosine", 0.1), ("cosine", 0.002), ("dot", 1.0), ("dot", 0.2), ("dot", 0.01)]
)
def test_info_nce_of_several_stripes(similarity: str, temperature: float, symmetric: bool) -> None:
    found = find("info_nce")(
        anchor=LEFT, positive=RIGHT, temperature=temperature, similarity=similarity, symmetric=symmetric
    )
    largest = (1.0 if similarity == "cosine" else 50.0) / temperature
    expected = _info_nce(temperature, similarity, symmetric).astype(float)
    np.testing.assert_allclose(found, expected, rtol=4e-15, atol=8e-16 * largest)


@pytest.mark.parametrize("loss", ["nt_xent", "info_nce"])
@pytest.mark.parametrize("temperature", [0.2, 0.001])
def test_threads_change_no_bit(loss: str, temperature: float) -> None:
    more = {"symmetric": True} if loss == "info_nce" else {}
    found = []
    for threads in (1, 2, 5):
        with workers(threads):
            found.append(find(loss)(anchor=LEFT, positive=RIGHT, temperature=temperature, **more).tobytes())
    assert found[0] == found[1] == found[2]


def test_both_ways_meet_where_exponentials_may_still_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = find("nt_xent")(anchor=LEFT, positive=RIGHT, temperature=0.1)
    monkeypatch.setattr(similarities, "_REACH", 0.0)
    careful = find("nt_xent")(anchor=LEFT, positive=RIGHT, temperature=0.1)
    np.testing.assert_allclose(usual, careful, rtol=4e-15)
    assert usual.tobytes() != careful.tobytes()


def _slowly(number: int) -> tuple[int, str]:
    time.sleep(0.002 * (5 - number % 5))
    return number * number, threading.current_thread().name


def test_parts_come_in_their_order_from_threads_of_their_own() -> None:
    with workers(3):
        assert worker_count() == 3
        found = list(in_parts(_slowly, range(20)))
        with workers(8):
            assert worker_count() == 3
    assert [number for number, _ in found] == [number * number for number in range(20)]
    assert 1 < len({name for _, name in found}) <= 3
    assert worker_count() == 1
    assert {name for _, name in in_parts(_slowly, range(4))} == {threading.current_thread().name}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("losscli-part")]


def test_an_error_in_a_part_surfaces_and_the_threads_end() -> None:
    def fails(number: int) -> int:
        if number == 3:
            raise ValueError("the third")
        return number

    with pytest.raises(ValueError, match="the third"), workers(2):
        list(in_parts(fails, range(6)))
    assert worker_count() == 1
    with workers(2):
        assert list(in_parts(fails, range(3))) == [0, 1, 2]


def test_work_on_many_threads_shares_the_threads_for_parts() -> None:
    """More that wait than threads for parts: each gets its results, and none waits for another that waits."""
    results: dict[int, list[int]] = {}

    def piece(place: int) -> None:
        work: Callable[[int], int] = lambda number: number + place  # noqa: E731
        results[place] = list(in_parts(work, range(50)))

    with workers(2):
        threads = [threading.Thread(target=piece, args=(place,)) for place in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert results == {place: [number + place for number in range(50)] for place in range(12)}


def test_parts_on_threads_say_nothing_of_what_overflows(recwarn: pytest.WarningsRecorder) -> None:
    with workers(2):
        found = list(in_parts(lambda size: np.exp(np.array([size])), [1e4, 1e5, 1e6]))
    assert [bool(np.isinf(one[0])) for one in found] == [True] * 3
    assert not list(recwarn)
