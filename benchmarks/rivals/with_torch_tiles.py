"""NT-Xent with PyTorch on the CPU, some rows at a time: `with_torch_tiles.py nt_xent FILE`.

The matrix of similarities is never whole in memory. One tile is used again and again, which was faster than a new one
each time; a similarity is at most 1, so no exponential overflows.
"""

from __future__ import annotations

import sys

import torch
from with_torch import views

ROWS = 128


def main() -> None:
    """Read, compute, print."""
    both = views(sys.argv[2])
    scaled, count = both / 0.5, len(both)
    partner = torch.arange(count).roll(count // 2)
    total = torch.zeros((), dtype=torch.float64)
    buffer = torch.empty((ROWS, count))
    for first in range(0, count, ROWS):
        places = torch.arange(first, min(first + ROWS, count))
        tile = torch.mm(scaled[places], both.T, out=buffer[: len(places)])
        own = torch.arange(len(places))
        known = tile[own, partner[places]]
        tile[own, places] = -torch.inf
        total += (tile.exp_().sum(dim=1).log() - known).sum(dtype=torch.float64)
    print(repr(total.item() / count))


main()
