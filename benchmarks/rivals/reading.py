"""How the NumPy and the PyTorch script read a Parquet file: the columns that they need, whole, with pyarrow.

A column at a time: one call for all of them was slower here, and needed up to twice the memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

Array = NDArray[Any]
CLASSES = [f"logit_{place}" for place in range(10)]
SIDES = range(4)


def column(file: str, name: str) -> Array:
    """A column of numbers."""
    values: Array = pq.read_table(file, columns=[name])[name].to_numpy()
    return values


def matrix(file: str, name: str) -> Array:
    """A column of lists of one size as a matrix; pandas would make an object of each row."""
    lists = pq.read_table(file, columns=[name])[name]
    flat: Array = lists.combine_chunks().flatten().to_numpy()
    return flat.reshape(len(lists), -1)


def class_columns(file: str) -> list[Array]:
    """A column for the logit of each class."""
    return [column(file, name) for name in CLASSES]


def box(file: str, side: str) -> list[Array]:
    """Left, top, right and bottom of the true boxes, "t", or of the predicted ones, "p"."""
    return [column(file, f"{side}_{place}") for place in SIDES]


def borders(file: str) -> list[int]:
    """Where each image begins, which the sorted numbers of the images tell, and where the last ends."""
    image = column(file, "image_id")
    inner = np.flatnonzero(image[1:] != image[:-1]) + 1
    return [0, *inner.tolist(), len(image)]
