"""The n highest scores of runs of rows: against a plain sort, however the rows are cut."""

import numpy as np
import pytest

from losscli.ranking import Ranking


def _sorted(scores: np.ndarray, most: int) -> tuple[list[float], list[int]]:
    """By Python's sort: the highest first, of equal ones the earlier first."""
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], row))[:most]
    return [float(scores[row]) for row in order], order


@pytest.mark.parametrize("most", [1, 2, 7, 60, 1000])
@pytest.mark.parametrize("cut", [1, 3, 50, 500])
def test_it_is_a_sort_whatever_the_runs(most: int, cut: int) -> None:
    rng = np.random.default_rng(most * 1000 + cut)
    for scores in (
        rng.integers(0, 5, 300).astype(float),
        rng.normal(size=300),
        np.zeros(300),
        np.arange(300.0),
        -np.arange(300.0),
    ):
        ranking = Ranking(most)
        for first in range(0, 300, cut):
            ranking.add(scores[first : first + cut], None, first)
        assert (ranking.scores.tolist(), ranking.rows.tolist()) == _sorted(scores, most)


def test_rows_that_are_left_out_keep_their_numbers() -> None:
    ranking = Ranking(2)
    ranking.add(np.array([5.0, 1.0]), np.array([3, 9]), 100)
    ranking.add(np.array([5.0, 7.0]), np.array([0, 4]), 200)
    assert ranking.rows.tolist() == [204, 103]


@pytest.mark.parametrize("most", [1, 4, 25])
def test_what_fragments_kept_is_all_that_is_needed(most: int) -> None:
    rng = np.random.default_rng(most)
    scores = rng.integers(0, 4, 240).astype(float)
    whole = Ranking(most)
    for first in range(0, 240, 40):
        part = Ranking(most)
        for start in (0, 10, 30):
            stop = {0: 10, 10: 30, 30: 40}[start]
            part.add(scores[first + start : first + stop], None, start)
        whole.absorb(part, first)
    assert (whole.scores.tolist(), whole.rows.tolist()) == _sorted(scores, most)
