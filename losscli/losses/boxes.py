"""Losses of boxes: four numbers of the truth and four of the prediction."""

from typing import Literal, TypeAlias

from losscli.arrays import Array, np
from losscli.catalogue import Rows, loss
from losscli.curves import Bound, Curve
from losscli.domain import Box
from losscli.observations import Observation

Format: TypeAlias = Literal["xyxy", "xywh", "cxcywh"]


def _corners(box: Array, box_format: Format) -> tuple[Array, Array, Array, Array]:
    first, second, third, fourth = (box[..., i] for i in range(4))
    if box_format == "xyxy":
        return first, second, third, fourth
    if box_format == "xywh":
        return first, second, first + third, second + fourth
    half_width, half_height = 0.5 * third, 0.5 * fourth
    return first - half_width, second - half_height, first + half_width, second + half_height


def _near_1(lengths: tuple[Array, ...]) -> tuple[Array, ...]:
    """Lengths along one axis; of a size whose squares overflow or vanish, divided by a power of two.

    No ratio of areas changes by it, and neither does a digit: the last length is the largest and tells the power.
    """
    largest = lengths[-1]
    if not largest.size or (largest.max() < 1e100 and largest.min() > 1e-100):
        return lengths
    usual = (largest < 1e100) & (largest > 1e-100)
    down = np.where(usual | ~np.isfinite(largest), 0, -np.frexp(largest)[1])
    return tuple(np.ldexp(length, down) for length in lengths)


class _Pair:
    """Two boxes by their corners: areas, intersection, and the hull around both.

    Areas are in units that differ from row to row where boxes are very small or large: only their ratios count.
    """

    def __init__(self, target: Array, pred: Array, box_format: Format, target_box_format: Format | None) -> None:
        self.target = _corners(target, target_box_format or box_format)
        self.pred = _corners(pred, box_format)
        ax1, ay1, ax2, ay2 = self.target
        bx1, by1, bx2, by2 = self.pred
        self.hull_width = np.maximum(ax2, bx2) - np.minimum(ax1, bx1)
        self.hull_height = np.maximum(ay2, by2) - np.minimum(ay1, by1)
        across = _near_1((*_shared_and_own(ax1, ax2, bx1, bx2), self.hull_width))
        down = _near_1((*_shared_and_own(ay1, ay2, by1, by2), ay2 - ay1, by2 - by1, self.hull_height))
        width, target_beside, pred_beside, hull_width = across
        height, target_above, pred_above, target_height, pred_height, hull_height = down
        self.hull = hull_width * hull_height
        # what only one box covers, from parts that are not negative: nothing cancels where the boxes nearly agree
        in_target = target_beside * target_height + width * target_above
        self.in_one = in_target + (pred_beside * pred_height + width * pred_above)
        self.union = self.in_one + width * height

    def apart(self) -> Array:
        """1 - intersection over union; of two boxes without an area 0 where they are the same, else 1."""
        differ = np.any([one != other for one, other in zip(self.target, self.pred, strict=True)], axis=0)
        value: Array = np.divide(self.in_one, self.union, out=differ.astype(np.float64), where=self.union > 0.0)
        return value


def _shared_and_own(first: Array, last: Array, other_first: Array, other_last: Array) -> tuple[Array, Array, Array]:
    """Of two intervals the length that both cover, and what each has outside it."""
    low, high = np.maximum(first, other_first), np.minimum(last, other_last)
    meet = high > low
    own = np.where(meet, (low - first) + (last - high), last - first)
    others = np.where(meet, (low - other_first) + (other_last - high), other_last - other_first)
    return np.maximum(high - low, 0.0), own, others


def _like_corners(
    target: Array, box_format: Format = "xyxy", target_box_format: Format | None = None, **_: object
) -> int:
    """Rows whose third and fourth number are larger than the first two, as those of corners are."""
    if (target_box_format or box_format) == "xyxy":
        return 0
    return int(np.count_nonzero((target[:, 2] > target[:, 0]) & (target[:, 3] > target[:, 1])))


LIKE_CORNERS = Observation(
    "sizes larger than positions",
    _like_corners,
    "in all rows the width and height of the target are larger than its position, as corners are; if they are "
    "corners, --box-format xyxy reads them as such",
    when="all",
)


def _unit_box(x: Array, box_format: Format) -> Array:
    """A box of 1 by 1 whose left edge is at x."""
    nothing, one = np.zeros_like(x), np.ones_like(x)
    parts = {
        "xyxy": (x, nothing, x + 1.0, one),
        "xywh": (x, nothing, one, one),
        "cxcywh": (x + 0.5, 0.5 * one, one, one),
    }
    return np.stack(parts[box_format], axis=-1)


def _shifted(loss: Bound, x: Array) -> Array:
    box_format = loss.keywords["box_format"]
    target_format = loss.keywords["target_box_format"] or box_format
    return loss(_unit_box(np.zeros_like(x), target_format), _unit_box(x, box_format))


OVER_THE_SHIFT = Curve("shift of a box of 1 by 1 against itself", -2.0, 2.0, {"": _shifted})
_FORMATS = {"target": ("target_box_format", "box_format"), "pred": ("box_format",)}


@loss(
    task="box regression",
    convex="no",
    differentiable="piecewise",
    robust="bounded",
    units="none",
    variants=_FORMATS,
    observes=(LIKE_CORNERS,),
    curve=OVER_THE_SHIFT,
)
def box_iou(target: Box, pred: Box, *, box_format: Format = "xyxy", target_box_format: Format | None = None) -> Rows:
    """One less the intersection over the union of two boxes.

    Formula: 1 - area(target and pred) / area(target or pred)
    Args:
        target: the four columns of the true box.
        pred: the four columns of the predicted box.
        box_format: corners (xyxy), corner and size (xywh), or center and size (cxcywh).
        target_box_format: the format of the target where it differs.
    Pitfalls: Boxes that do not touch cost 1 at any distance. A format read wrongly gives a number all the same
        unless corners come out swapped, which is refused.
    Libraries:
        torchvision: ops.box_iou is one less this, for every pair of two lists; its diagonal is that of the rows.
        MONAI: box_pair_iou is one less this, with an epsilon below.
    Reference: P. Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11, 1912.
    Example:
        two squares of 4 that share 1 of 7

        >>> box_iou([[2.0, 2.0, 4.0, 4.0]], [[1.0, 1.0, 3.0, 3.0]]).round(12).tolist()
        [0.857142857143]
    """
    return _Pair(target, pred, box_format, target_box_format).apart()


@loss(
    task="box regression",
    convex="no",
    differentiable="piecewise",
    robust="bounded",
    units="none",
    variants=_FORMATS,
    observes=(LIKE_CORNERS,),
    curve=OVER_THE_SHIFT,
)
def giou(target: Box, pred: Box, *, box_format: Format = "xyxy", target_box_format: Format | None = None) -> Rows:
    """The loss of box_iou and the share of the hull around both boxes that neither covers.

    Formula: 1 - IoU + (hull - union) / hull
    Args:
        target: the four columns of the true box.
        pred: the four columns of the predicted box.
        box_format: corners (xyxy), corner and size (xywh), or center and size (cxcywh).
        target_box_format: the format of the target where it differs.
    Pitfalls: It goes up to 2. A format read wrongly gives a number all the same unless corners come out swapped,
        which is refused.
    Libraries:
        torchvision: ops.generalized_box_iou_loss agrees but for its epsilon of 1e-7 below.
        MONAI: BoxGIoULoss agrees but for its epsilon below.
        Keras: keras_cv GIoULoss agrees; its default format is corners.
    Reference: H. Rezatofighi and others, Generalized intersection over union, CVPR 2019.
    Example:
        two squares of 4 that share 1 of 7 in a hull of 9

        >>> giou([[2.0, 2.0, 4.0, 4.0]], [[1.0, 1.0, 3.0, 3.0]]).round(12).tolist()
        [1.079365079365]
    """
    pair = _Pair(target, pred, box_format, target_box_format)
    hull = pair.hull
    uncovered = np.divide(hull - pair.union, hull, out=np.zeros_like(hull), where=hull > 0.0)
    # rounding can make the hull of equal boxes smaller than their union
    value: Rows = pair.apart() + np.maximum(uncovered, 0.0)
    return value


@loss(
    task="box regression",
    convex="no",
    differentiable="piecewise",
    robust="bounded",
    units="none",
    variants=_FORMATS,
    observes=(LIKE_CORNERS,),
    curve=OVER_THE_SHIFT,
)
def diou(target: Box, pred: Box, *, box_format: Format = "xyxy", target_box_format: Format | None = None) -> Rows:
    """The loss of box_iou and the squared distance of the centers over the squared diagonal of the hull.

    Formula: 1 - IoU + rho^2 / c^2
    Args:
        target: the four columns of the true box.
        pred: the four columns of the predicted box.
        box_format: corners (xyxy), corner and size (xywh), or center and size (cxcywh).
        target_box_format: the format of the target where it differs.
    Pitfalls: It goes up to 2. A format read wrongly gives a number all the same unless corners come out swapped,
        which is refused.
    Libraries:
        torchvision: ops.distance_box_iou_loss agrees but for its epsilon of 1e-7 below.
    Reference: Z. Zheng and others, Distance-IoU loss, AAAI 2020.
    Example:
        two squares of 4 that share 1 of 7, centers 2 apart (squared) in a hull of diagonal 18 (squared)

        >>> diou([[2.0, 2.0, 4.0, 4.0]], [[1.0, 1.0, 3.0, 3.0]]).round(12).tolist()
        [0.968253968254]
    """
    pair = _Pair(target, pred, box_format, target_box_format)
    ax1, ay1, ax2, ay2 = pair.target
    bx1, by1, bx2, by2 = pair.pred
    # twice the distance of the centers, corner by corner: a sum of two corners would lose the digits of both
    across, down = (ax1 - bx1) + (ax2 - bx2), (ay1 - by1) + (ay2 - by2)
    widest = np.maximum(pair.hull_width, pair.hull_height)
    across, down, width, height, _ = _near_1((across, down, pair.hull_width, pair.hull_height, widest))
    apart, diagonal = 0.25 * (across * across + down * down), width * width + height * height
    distance = np.divide(apart, diagonal, out=np.zeros_like(apart), where=diagonal > 0.0)
    value: Rows = pair.apart() + distance
    return value
