"""A call of PyTorch or torchvision with its arrays and its value, and seeded numbers to make the arrays of."""

from importlib import import_module
from math import log
from random import Random
from typing import Any

# Neither is a dependency of the project, not even of its tests.
torch: Any = import_module("torch")
torchvision: Any = import_module("torchvision")

Entry = dict[str, Any]
Row = list[float]
Table = list[Row]

F = "torch.nn.functional"
REDUCTIONS = ("mean", "sum", "none")

BY_COUNT = "PyTorch divides by the number of rows, not by the sum of the weights"
ROW_MEAN = "the loss of a row is the mean over its columns"


class Draw:
    """Seeded numbers of 6 decimals; the name of the family is the seed, so that families do not move one another."""

    def __init__(self, family: str) -> None:
        self._random = Random(family)  # noqa: S311 - test data, no secret

    def reals(self, rows: int, low: float = -3.0, high: float = 3.0) -> Row:
        return [round(self._random.uniform(low, high), 6) for _ in range(rows)]

    def table(self, rows: int, columns: int, low: float = -3.0, high: float = 3.0) -> Table:
        return [self.reals(columns, low, high) for _ in range(rows)]

    def simplex(self, rows: int, columns: int) -> Table:
        """Probabilities that sum to 1: the last one is what the others leave."""
        sizes = self.table(rows, columns, 0.1, 1.0)
        shares = [[round(size / sum(row), 6) for size in row[:-1]] for row in sizes]
        return [[*row, round(1.0 - sum(row), 6)] for row in shares]

    def log_simplex(self, rows: int, columns: int) -> Table:
        return [[round(log(share), 6) for share in row] for row in self.simplex(rows, columns)]

    def labels(self, rows: int, classes: int) -> list[int]:
        """Class indices; with enough rows each class occurs."""
        found = [row % classes for row in range(rows)]
        self._random.shuffle(found)
        return found

    def bits(self, rows: int) -> Row:
        return [float(label) for label in self.labels(rows, 2)]


def entry(
    loss: str,
    call: str,
    arrays: dict[str, Any],
    reduction: str = "mean",
    note: str = "",
    weight: Row | None = None,
    **params: Any,
) -> Entry:
    """Run the call on the arrays and enter its value."""
    names = {name: torch.tensor(values) for name, values in arrays.items()}
    names |= {"torch": torch, "torchvision": torchvision}
    if weight is not None:
        names["weight"] = torch.tensor(weight)
    *before, last = call.split("; ")
    exec("\n".join(before), names)  # noqa: S102 - the calls stand in this file
    value = eval(last, names)  # noqa: S307 - likewise
    rows = (len(next(iter(arrays.values()))),) if reduction == "none" else ()
    if value.dtype != torch.float64 or tuple(value.shape) != rows or not value.isfinite().all():
        raise ValueError(f"{call} gave {value}")
    return {
        "library": "torchvision" if "torchvision." in call else "PyTorch",
        "call": call,
        "loss": loss,
        "params": params,
        "reduction": reduction,
        "arrays": arrays,
        "weight": weight,
        "expected": value.tolist(),
        "note": note,
    }
