"""Class weights from class counts: inverse frequency and the effective number of samples."""

import math
import re
from collections.abc import Sequence

from losscli.errors import DataError, UsageError
from losscli.records import dataclass

DEFAULT_BETA = 0.999


def inverse_frequency(counts: Sequence[float]) -> list[float]:
    """n / (C n_c) for each of C classes with n_c rows, n in all: as scikit-learn's `balanced`.

    Raises:
        DataError: a class without rows.
    """
    _check(counts)
    total = math.fsum(counts)
    return [total / (len(counts) * count) for count in counts]


def effective_number(counts: Sequence[float], beta: float = DEFAULT_BETA) -> list[float]:
    """(1 - beta) / (1 - beta^n_c) for each class; Cui and others, Class-balanced loss, CVPR 2019.

    1 - beta^n is taken by expm1, so that it keeps its digits where beta is close to 1; beta = 0 gives ones.

    Raises:
        UsageError: beta is not from 0 up to, but not including, 1.
        DataError: a class without rows.
    """
    if not 0.0 <= beta < 1.0:
        raise UsageError(f"beta must be a number from 0 up to, but not including, 1, not {beta}")
    _check(counts)
    if beta == 0.0:
        return [1.0] * len(counts)
    return [(1.0 - beta) / -math.expm1(count * math.log1p(beta - 1.0)) for count in counts]


def normalised(weights: Sequence[float]) -> list[float]:
    """The weights scaled so that they add up to their number."""
    factor = len(weights) / math.fsum(weights)
    return [factor * weight for weight in weights]


def _check(counts: Sequence[float]) -> None:
    for place, count in enumerate(counts):
        if not count >= 1.0:
            raise DataError(
                f"class {place} has {count:g} rows: a weight needs one at least", "give the weights as a list"
            )


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """What a class weighs.

    Attributes:
        name: the class.
        count: its rows.
        balanced: inverse frequency, n / (C n_c).
        balanced_normalised: the same, scaled so that all add up to C.
        effective: (1 - beta) / (1 - beta^n_c).
        effective_normalised: the same, scaled so that all add up to C.
    """

    name: str
    count: float
    balanced: float
    balanced_normalised: float
    effective: float
    effective_normalised: float


def weight_table(counts: Sequence[tuple[str, float]], beta: float) -> list[ClassWeight]:
    """The weights of classes from their names and counts.

    Raises:
        UsageError: beta is not from 0 up to, but not including, 1.
        DataError: a class without rows.
    """
    numbers = [count for _, count in counts]
    balanced, effective = inverse_frequency(numbers), effective_number(numbers, beta)
    columns = (balanced, normalised(balanced), effective, normalised(effective))
    return [ClassWeight(name, count, *row) for (name, count), *row in zip(counts, *columns, strict=True)]


def given_counts(text: str) -> list[tuple[str, float]]:
    """The counts of `1000,100,10`, whose classes are 0, 1, 2, or of `cat:1000,dog:100`.

    Raises:
        UsageError: it is no such list.
    """
    found: list[tuple[str, float]] = []
    for place, part in enumerate(text.split(",")):
        name, _, number = part.rpartition(":")
        if not re.fullmatch(r"\s*[0-9]{1,15}\s*", number):
            raise UsageError(f"--counts takes whole numbers, not {part!r}", hint="1000,100,10 or cat:1000,dog:100")
        found.append((name.strip() or str(place), float(number)))
    if len({name for name, _ in found}) < len(found):
        raise UsageError("--counts names a class twice")
    return found


def scheme(text: str) -> float | None:
    """The beta of `effective:BETA`, nan for `balanced`; None where the text is neither.

    Raises:
        UsageError: a beta that is no number from 0 to 1.
    """
    word = text.strip().lower()
    if word == "balanced":
        return math.nan
    match = re.fullmatch(r"effective(?::(.*))?", word)
    if match is None:
        return None
    try:
        beta = float(match[1]) if match[1] else DEFAULT_BETA
    except ValueError:
        beta = math.nan
    if not 0.0 <= beta < 1.0:
        raise UsageError(f"effective takes a beta from 0 up to, but not including, 1: effective:0.999, not {text!r}")
    return beta


def weights_of(beta: float, counts: Sequence[float]) -> tuple[float, ...]:
    """The weights that a scheme gives: balanced for a beta of nan; those of effective add up to their number."""
    return tuple(inverse_frequency(counts) if math.isnan(beta) else normalised(effective_number(counts, beta)))


def named_weights(text: str, names: Sequence[str] | None) -> tuple[float, ...]:
    """The weights of `cat:1,dog:2` (or with =) in the order of the classes.

    Raises:
        UsageError: it is no such list, or does not name each class once.
    """
    pairs = [re.fullmatch(r"\s*(.+\S|\S)\s*[:=]\s*([^\s:=]+)\s*", part) for part in text.split(",")]
    found: dict[str, float] = {}
    for pair in pairs:
        try:
            weight = float(pair[2]) if pair else math.nan
        except ValueError:
            weight = math.nan
        if pair is None or not 0.0 <= weight < math.inf:
            raise UsageError(f"class_weight {text!r} is no list of weights", hint="1,2,3 or cat:1,dog:2 or balanced")
        if pair[1] in found:
            raise UsageError(f"class_weight names {pair[1]!r} twice")
        found[pair[1]] = weight
    if names is None:
        raise UsageError("class_weight by name needs the names of the classes", hint="--classes cat,dog")
    if set(found) != set(names):
        raise UsageError(
            f"class_weight names {', '.join(found)} where the classes are {', '.join(names)}",
            hint="give each class a weight",
        )
    return tuple(found[name] for name in names)
