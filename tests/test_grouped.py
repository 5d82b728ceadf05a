"""The sums of groups over many blocks: what each addition rounds away is kept. Expected values are by hand."""

import numpy as np

from losscli.data.group_keys import Keys
from losscli.grouped import GroupSums


def test_what_an_addition_rounds_away_is_not_lost() -> None:
    sums = GroupSums()
    for value in (1e16, 1.0, 1.0, -1e16):
        # a block for each: within a block the sum is NumPy's
        sums.add(np.array([[value, 1.0]]), None, Keys(np.zeros(1, dtype=np.int64), ["a"]))
    sums.settle()
    labels, totals = sums.totals()
    assert labels == ["a"]
    assert totals.tolist() == [[2.0, 4.0]]


def test_blocks_are_added_in_the_order_of_the_file_whoever_brings_them() -> None:
    alone, brought = GroupSums(), GroupSums()
    for label, value in (("b", 0.1), ("a", 0.2), ("b", 0.3)):
        part = GroupSums()
        for state in (alone, part):
            state.add(np.array([[value]]), None, Keys(np.zeros(1, dtype=np.int64), [label]))
        brought += part
        brought.settle()
    alone.settle()
    assert alone.totals()[0] == brought.totals()[0] == ["b", "a"]
    assert alone.totals()[1].tolist() == brought.totals()[1].tolist()
