"""Mean loss and its standard error with PyTorch on the CPU: `with_torch.py PART FILE`.

PyTorch's own function where there is one; it uses as many threads as it likes.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import torch
from reading import borders, box, class_columns, column, matrix
from torch import Tensor
from torch import from_numpy as tensor
from torch.nn import functional


def bce(file: str) -> Tensor:
    """From the logit."""
    target, logit = tensor(column(file, "y")), tensor(column(file, "z"))
    return functional.binary_cross_entropy_with_logits(logit, target.to(logit.dtype), reduction="none")


def cross_entropy(file: str) -> Tensor:
    """From a column for each class."""
    logits = torch.stack([tensor(logit) for logit in class_columns(file)], dim=1)
    return functional.cross_entropy(logits, tensor(column(file, "y")), reduction="none")


def cross_entropy_list(file: str) -> Tensor:
    """From a list for each row."""
    logits = tensor(matrix(file, "logits"))
    return functional.cross_entropy(logits, tensor(column(file, "y")), reduction="none")


def dice(file: str) -> Tensor:
    """Image by image: `bincount` and `segment_reduce` add so many float32 one by one, and lose the fourth digit."""
    truth, soft = tensor(column(file, "mask_true")), tensor(column(file, "mask_prob"))
    losses = []
    for first, end in pairwise(borders(file)):
        hard, guess = truth[first:end], soft[first:end]
        losses.append(1 - (2 * (hard * guess).sum() + 1e-6) / (hard.sum() + guess.sum() + 1e-6))
    return torch.stack(losses)


def giou(file: str) -> Tensor:
    """1 - IoU, and the part of the hull that neither box covers; PyTorch itself has no loss of boxes."""
    left, top, right, bottom = map(tensor, box(file, "t"))
    pred_left, pred_top, pred_right, pred_bottom = map(tensor, box(file, "p"))
    across = torch.minimum(right, pred_right) - torch.maximum(left, pred_left)
    down = torch.minimum(bottom, pred_bottom) - torch.maximum(top, pred_top)
    shared = across.clamp(min=0) * down.clamp(min=0)
    sizes = (right - left) * (bottom - top) + (pred_right - pred_left) * (pred_bottom - pred_top)
    union = sizes - shared
    width = torch.maximum(right, pred_right) - torch.minimum(left, pred_left)
    hull = width * (torch.maximum(bottom, pred_bottom) - torch.minimum(top, pred_top))
    return 1 - shared / union + (hull - union) / hull


def triplet(file: str) -> Tensor:
    """Euclidean, margin 1; half the time of `triplet_margin_loss`, which adds 1e-6 to each difference besides."""
    anchor, positive, negative = (tensor(matrix(file, name)) for name in ("anchor", "positive", "negative"))
    near: Tensor = torch.linalg.vector_norm(anchor - positive, dim=1)
    far: Tensor = torch.linalg.vector_norm(anchor - negative, dim=1)
    return (near - far + 1).clamp(min=0)


def nt_xent(file: str, rows: int | None = None) -> Tensor:
    """Of all views by cross entropy; the whole matrix of similarities, or some of its rows at a time."""
    pair = [tensor(matrix(file, name)) for name in ("anchor", "positive")]
    views = functional.normalize(torch.cat(pair), dim=1)
    count = len(views)
    own = torch.arange(count).roll(count // 2)
    losses = []
    for first in range(0, count, rows or count):
        similar = views[first : first + (rows or count)] @ views.T / 0.5
        here = torch.arange(len(similar))
        similar[here, here + first] = -torch.inf
        losses.append(functional.cross_entropy(similar, own[first : first + len(similar)], reduction="none"))
    return torch.cat(losses).reshape(2, -1).double().mean(dim=0)


def nt_xent_in_parts(file: str) -> Tensor:
    """A thousand rows of the matrix at a time, for who has not the memory."""
    return nt_xent(file, 1000)


PARTS = {
    "bce": bce,
    "cross_entropy": cross_entropy,
    "cross_entropy_list": cross_entropy_list,
    "dice": dice,
    "giou": giou,
    "nt_xent": nt_xent,
    "nt_xent_in_parts": nt_xent_in_parts,
    "triplet": triplet,
}


def main() -> None:
    """Read, compute, print; sums in float64."""
    part, file = sys.argv[1:]
    losses = PARTS[part](file).double()
    print(repr(losses.mean().item()), repr(losses.std().item() / len(losses) ** 0.5))


main()
