"""What is asked of losscli and its rivals: on which file, with which command, and who else answers."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import data
from answers import Tolerance
from measure import Command
from tools import (
    DUCKDB,
    LOSSCLI,
    NUMPY,
    PANDAS,
    POLARS,
    SCIPY,
    SKLEARN,
    TORCH,
    TORCH_TILES,
    TORCH_WHOLE,
    Rival,
)

DOUBLE = Tolerance(1e-9, 1e-9)  # relative; the tools add in different orders, and logarithms differ in the last bit
SINGLE = Tolerance(1e-6, 1e-6)  # the rivals compute in float32 what is written in float32, as their users do
DRAWN = Tolerance(1e-9, 0.15)  # of 1,000 draws, a standard error is itself uncertain by 2% on either side


@dataclass(frozen=True)
class File:
    """A file of the benchmark; its length follows from that of the largest Parquet file."""

    what: str
    content: str = data.PREDICTIONS
    kind: str = "parquet"
    times: int = 1
    over: int = 1

    def rows(self, base: int) -> int:
        """Its rows where that file has so many."""
        return base * self.times // self.over

    def path(self, base: int) -> Path:
        """Where it is or will be."""
        return data.location(self.kind, self.rows(base), self.content)

    def ensure(self, base: int) -> Path:
        """The same, once it is there."""
        return data.ensure(self.kind, self.rows(base), self.content)


@dataclass(frozen=True)
class Contest:
    """A question about a file. `question` is what the rivals' scripts are told."""

    part: str
    name: str
    question: str
    file: File
    words: tuple[str, ...]
    rivals: tuple[Rival, ...]
    tolerance: Tolerance = DOUBLE
    beside: tuple[str, tuple[str, ...]] | None = None  # another command of losscli that takes its turn, and its name

    def commands(self, file: Path, rivals: tuple[Rival, ...], with_losscli: bool) -> list[Command]:
        """Everything that takes turns: losscli, and those of the rivals that are here."""
        own = [losscli(LOSSCLI, self.words, file)]
        if self.beside:
            own.append(losscli(self.beside[0], self.beside[1], file))
        others = [rival.command(self.question, file) for rival in self.rivals if rival in rivals]
        return [*own, *others] if with_losscli else others


def losscli(name: str, words: tuple[str, ...], file: Path) -> Command:
    """losscli on a file; `-m` from the project's root runs this checkout, installed or not."""
    job, *options = words
    return Command(name, (sys.executable, "-m", "losscli", job, str(file), *options, "-o", "plain"))


PAIR = ("--target", "y_true", "--pred", "y_pred")
NUMBERS = File("two float64 columns")
CLASSES = "a class as int64 and the logits of ten classes as float32"
LOGITS = {
    "cross_entropy": ("logit_*", File(f"{CLASSES}, a column each", "cross_entropy", over=2)),
    "cross_entropy_list": ("logits", File(f"{CLASSES}, one column of lists", "cross_entropy_list", over=2)),
}
EIGHT = ("mse", "mae", "huber", "smooth_l1:beta=0.5", "log_cosh", "pinball:tau=0.2", "pinball:tau=0.8", "mape")
EIGHT_WORDS = ("compare", *(word for loss in EIGHT for word in ("--loss", loss)), *PAIR)
NO_SLICES = f"{LOSSCLI} without slices"
MSE_ALONE = f"{LOSSCLI}, mse alone"


def compute(loss: str, *options: str) -> tuple[str, ...]:
    """The words of a command for one loss."""
    return ("compute", "--loss", loss, *options)


def of_numbers(part: str, file: File, losses: dict[str, tuple[Rival, ...]]) -> tuple[Contest, ...]:
    """A contest for each loss of a target and a prediction."""
    options = {"pinball": ("--tau", "0.8")}
    return tuple(
        Contest(part, name, name, file, compute(name, *options.get(name, ()), *PAIR), rivals)
        for name, rivals in losses.items()
    )


REGRESSION = (
    *of_numbers(
        "parquet",
        NUMBERS,
        {
            "mse": (DUCKDB, POLARS, SKLEARN),
            "mae": (DUCKDB, POLARS, SKLEARN),
            "huber": (DUCKDB, POLARS),
            "pinball": (DUCKDB, POLARS, SKLEARN),
            "log_cosh": (DUCKDB, POLARS, SKLEARN, PANDAS),
        },
    ),
    Contest(
        "parquet",
        "bce",
        "bce",
        File("a class as int8 and a logit as float64", "bce"),
        compute("bce", "--target", "y", "--logits", "z"),
        (DUCKDB, POLARS, NUMPY, TORCH),
    ),
    Contest(
        "compare",
        "eight losses",
        "compare",
        NUMBERS,
        EIGHT_WORDS,
        (DUCKDB, POLARS),
        beside=(MSE_ALONE, compute("mse", *PAIR)),
    ),
)
TEXT = "six columns of which two are wanted"
CSV = (
    *of_numbers("csv", File(TEXT, kind="csv", over=4), dict.fromkeys(("mse", "pinball", "log_cosh"), (DUCKDB, POLARS))),
    *of_numbers("csv_gz", File(f"{TEXT}, gzipped", kind="csv.gz", over=4), {"mse": (DUCKDB, POLARS)}),
)
SLICES = (
    Contest(
        "slices",
        "mse by region",
        "slices_mse",
        File(f"two float64 columns and one of text with {data.REGIONS} values in no order", data.SLICED),
        compute("mse", *PAIR, "--by", "region"),
        (DUCKDB, POLARS),
        beside=(NO_SLICES, compute("mse", *PAIR)),
    ),
)
CLASSIFICATION = tuple(
    Contest(
        name,
        name,
        name,
        file,
        compute("cross_entropy", "--target", "y", "--logits", columns),
        (DUCKDB, POLARS, NUMPY, TORCH),
        SINGLE,
    )
    for name, (columns, file) in LOGITS.items()
)
RESAMPLED = (
    Contest(
        "bootstrap",
        "mse, 1,000 resamples",
        "mse",
        File("two float64 columns", over=20),
        compute("mse", *PAIR, "--bootstrap", "1000", "--seed", "7"),
        (SCIPY,),
        DRAWN,
    ),
)


def nt_xent(base: int) -> Contest:
    """All rows in one batch, so the command names their number."""
    file = File("two columns of lists of 128 float32, one batch", "nt_xent", over=1_000)
    columns = ("--anchor", "anchor", "--positive", "positive", "--batch-size", str(file.rows(base)))
    return Contest(
        "nt_xent", "nt_xent", "nt_xent", file, compute("nt_xent", *columns), (TORCH_WHOLE, TORCH_TILES), SINGLE
    )


SCRIPTS = (NUMPY, TORCH)
OTHER_MODELS = (
    Contest(
        "dice",
        "dice",
        "dice",
        File("a pixel a row, 1,000 images in order: int32, the true mask uint8, the soft one float32", "dice", times=5),
        compute("dice", "--target", "mask_true", "--probs", "mask_prob", "--group", "image_id"),
        SCRIPTS,
        SINGLE,
    ),
    Contest(
        "giou",
        "giou",
        "giou",
        File("corners of two boxes, eight float32 columns", "giou", over=4),
        compute("giou", "--target", "t_*", "--pred", "p_*"),
        SCRIPTS,
        SINGLE,
    ),
    Contest(
        "triplet",
        "triplet",
        "triplet",
        File("three columns of lists of 128 float32", "triplet", over=20),
        compute("triplet", "--anchor", "anchor", "--positive", "positive", "--negative", "negative"),
        SCRIPTS,
        SINGLE,
    ),
)


def contests(base: int) -> tuple[Contest, ...]:
    """All of them, in the order of the page."""
    return (*REGRESSION, *CSV, *SLICES, *CLASSIFICATION, *RESAMPLED, nt_xent(base), *OTHER_MODELS)


PARTS = {
    "parquet": "Parquet, one loss",
    "compare": "Parquet, eight losses at once",
    "csv": "CSV",
    "csv_gz": "CSV, gzipped",
    "slices": "Slices",
    "cross_entropy": "Ten classes, a column each",
    "cross_entropy_list": "Ten classes, one column of lists",
    "bootstrap": "Bootstrap",
    "nt_xent": "A batch of embeddings",
    "dice": "Masks",
    "giou": "Boxes",
    "triplet": "Triples of embeddings",
}
