"""The parts about the files of a trained model: what each evaluates, and with which command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import data
from measure import Command
from tools import LOSSCLI, Rival

DOUBLE = 1e-9  # relative, as for the other parts
SINGLE = 1e-6  # the rivals compute in float32 what is written in float32, as their users do


@dataclass(frozen=True)
class ModelPart:
    """A loss on a file of its own; its name selects the part, and is what the rivals' scripts are told."""

    name: str
    loss: str
    columns: tuple[str, ...]
    what: str
    times: int = 1
    over: int = 1
    tolerance: float = SINGLE

    def rows(self, base: int) -> int:
        """The rows of its file where the largest file of the other parts has so many."""
        return base * self.times // self.over

    def file(self, base: int) -> Path:
        """Where its file is or will be."""
        return data.location("parquet", self.rows(base), self.name)

    def losscli(self, file: Path) -> Command:
        """losscli on that file."""
        head = (sys.executable, "-m", "losscli", "compute", str(file), "--loss", self.loss)
        return Command(LOSSCLI, (*head, *self.columns, "--json"))


MODEL_PARTS = (
    ModelPart(
        "bce",
        "bce",
        ("--target", "y", "--logits", "z"),
        "a class as int8 and a logit as float64",
        over=2,
        tolerance=DOUBLE,
    ),
    ModelPart(
        "cross_entropy",
        "cross_entropy",
        ("--target", "y", "--logits", "logit_*"),
        "a class as int64 and ten columns of logits, float32",
        over=2,
    ),
    ModelPart(
        "cross_entropy_list",
        "cross_entropy",
        ("--target", "y", "--logits", "logits"),
        "the same numbers, the logits in one column of lists of fixed size",
        over=2,
    ),
    ModelPart(
        "dice",
        "dice",
        ("--target", "mask_true", "--probs", "mask_prob", "--group", "image_id"),
        "a pixel a row, 1,000 images in order: int32, the true mask as uint8, the soft mask as float32",
        times=5,
    ),
    ModelPart(
        "giou",
        "giou",
        ("--target", "t_*", "--pred", "p_*"),
        "corners of two boxes, eight float32 columns",
        over=4,
    ),
    ModelPart(
        "triplet",
        "triplet",
        ("--anchor", "anchor", "--positive", "positive", "--negative", "negative"),
        "three columns of lists of 128 float32",
        over=20,
    ),
)
MODEL_RIVALS = (
    Rival("NumPy", "with_numpy.py", ("numpy", "pyarrow")),
    Rival("PyTorch", "with_torch.py", ("torch", "numpy", "pyarrow"), "`pip install torch` brings it"),
)
