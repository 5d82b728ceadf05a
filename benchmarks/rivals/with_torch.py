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


def views(file: str) -> Tensor:
    """Both views of every row, each of length one."""
    return functional.normalize(torch.cat([tensor(matrix(file, name)) for name in ("anchor", "positive")]))


def nt_xent(file: str) -> Tensor:
    """Temperature 0.5; the whole matrix of similarities, as such scripts are written, in place where it can be."""
    both = views(file)
    similar = (both / 0.5) @ both.T
    similar.fill_diagonal_(-torch.inf)
    partner = torch.arange(len(both)).roll(len(both) // 2)
    return functional.cross_entropy(similar, partner, reduction="none")


PARTS = {
    "bce": bce,
    "cross_entropy": cross_entropy,
    "cross_entropy_list": cross_entropy_list,
    "dice": dice,
    "giou": giou,
    "nt_xent": nt_xent,
    "triplet": triplet,
}


def main() -> None:
    """Read, compute, print; sums in float64."""
    part, file = sys.argv[1:]
    losses = PARTS[part](file).double()
    if part == "nt_xent":  # the rows of one batch depend on one another: it has no standard error
        print(repr(losses.mean().item()))
        return
    print(repr(losses.mean().item()), repr(losses.std().item() / len(losses) ** 0.5))


if __name__ == "__main__":
    main()
