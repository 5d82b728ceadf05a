"""Losses of masks and boxes that are nearly right keep their digits: 1 - ratio would have lost them."""

from fractions import Fraction

import numpy as np
import pytest

from losscli.catalogue import find


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dice", Fraction(1, 2 * 10**7 + 1)), ("iou", Fraction(1, 10**7 + 1)), ("tversky", Fraction(3, 10**8 + 3))],
)
def test_one_wrong_pixel_of_ten_million(name: str, expected: Fraction) -> None:
    """The sums are whole numbers, so that the loss has no error but that of one division."""
    of_sums = find(name).of_sums
    assert of_sums is not None
    given = {"eps": 0.0, "empty": "formula", "average": "macro"}
    rates = {"alpha": 0.3, "beta": 0.7} if name == "tversky" else {}
    loss = of_sums(np.array([[1e7, 1e7 + 1.0, 1e7]]), **given, **rates)
    assert float(loss[0]) == pytest.approx(float(expected), rel=1e-15)


@pytest.mark.parametrize("name", ["box_iou", "giou", "diou"])
@pytest.mark.parametrize("shift", [2.0**-20, 2.0**-40])
def test_boxes_that_nearly_agree(name: str, shift: float) -> None:
    """Shifted along one axis, the boxes fill their hull, and IoU is (1 - s) / (1 + s)."""
    target, pred = [[0.0, 0.0, 1.0, 1.0]], [[shift, 0.0, 1.0 + shift, 1.0]]
    s = Fraction(shift)
    expected = 2 * s / (1 + s)
    if name == "diou":
        expected += s * s / ((1 + s) ** 2 + 1)
    assert float(find(name)(target, pred)[0]) == pytest.approx(float(expected), rel=1e-14)


def test_boxes_that_meet_along_one_axis_only() -> None:
    one = find("box_iou")
    assert one(
        [[0.0, 0.0, 2.0, 1.0]] * 3, [[1.0, 5.0, 3.0, 6.0], [1.0, 0.0, 3.0, 1.0], [2.0, 0.0, 3.0, 1.0]]
    ).tolist() == [
        1.0,
        pytest.approx(2 / 3, rel=1e-15),
        1.0,
    ]
