"""Mean loss and its standard error with NumPy: `with_numpy.py PART FILE`.

Of several ways to write a loss, each is the fastest that was tried; float32 stays float32 as far as it can.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
from reading import Array, borders, box, class_columns, column, matrix


def bce(file: str) -> Array:
    """From the logit, so that no exponential overflows."""
    target, logit = column(file, "y"), column(file, "z")
    rows: Array = np.logaddexp(0, logit) - target * logit
    return rows


def of_classes(target: Array, logits: Array) -> Array:
    """The log of the sum of exponentials less the logit of the class; a class is a row, and is changed in place."""
    logits -= logits.max(axis=0)
    chosen = logits[target, np.arange(len(target))]
    np.exp(logits, out=logits)
    rows: Array = np.log(logits.sum(axis=0)) - chosen
    return rows


def cross_entropy(file: str) -> Array:
    """From a column for each class."""
    return of_classes(column(file, "y"), np.stack(class_columns(file)))


def cross_entropy_list(file: str) -> Array:
    """From a list for each row; the copy in the other order makes the rest more than twice as fast."""
    return of_classes(column(file, "y"), np.array(matrix(file, "logits").T, order="C"))


def dice(file: str) -> Array:
    """Image by image, which keeps the products in the cache; added in float64."""
    truth, soft = column(file, "mask_true"), column(file, "mask_prob")
    losses = []
    for first, end in pairwise(borders(file)):
        hard, guess = truth[first:end], soft[first:end]
        both = (hard * guess).sum(dtype=np.float64)
        total = hard.sum(dtype=np.float64) + guess.sum(dtype=np.float64)
        losses.append(1 - (2 * both + 1e-6) / (total + 1e-6))
    return np.array(losses)


def giou(file: str) -> Array:
    """1 - IoU, and the part of the hull that neither box covers."""
    left, top, right, bottom = box(file, "t")
    pred_left, pred_top, pred_right, pred_bottom = box(file, "p")
    across = np.minimum(right, pred_right) - np.maximum(left, pred_left)
    down = np.minimum(bottom, pred_bottom) - np.maximum(top, pred_top)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    sizes = (right - left) * (bottom - top) + (pred_right - pred_left) * (pred_bottom - pred_top)
    union = sizes - shared
    width = np.maximum(right, pred_right) - np.minimum(left, pred_left)
    hull = width * (np.maximum(bottom, pred_bottom) - np.minimum(top, pred_top))
    rows: Array = 1 - shared / union + (hull - union) / hull
    return rows


def triplet(file: str) -> Array:
    """Euclidean, margin 1; einsum was much faster than `np.linalg.norm`."""
    anchor, positive, negative = (matrix(file, name) for name in ("anchor", "positive", "negative"))
    between = anchor - positive
    near = np.sqrt(np.einsum("ij,ij->i", between, between))
    np.subtract(anchor, negative, out=between)
    far = np.sqrt(np.einsum("ij,ij->i", between, between))
    rows: Array = np.maximum(near - far + 1, 0)
    return rows


PARTS = {
    "bce": bce,
    "cross_entropy": cross_entropy,
    "cross_entropy_list": cross_entropy_list,
    "dice": dice,
    "giou": giou,
    "triplet": triplet,
}


def main() -> None:
    """Read, compute, print; sums in float64."""
    part, file = sys.argv[1:]
    losses = PARTS[part](file)
    mean = losses.mean(dtype=np.float64)
    print(repr(float(mean)), repr(float(losses.std(ddof=1, dtype=np.float64) / np.sqrt(len(losses)))))


main()
