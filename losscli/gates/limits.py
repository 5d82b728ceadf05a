"""Limits written anew: max and min of a configuration at the present values, with all else as it stands."""

import difflib
import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from losscli.errors import UsageError
from losscli.gates.configuration import PROJECT_FILE
from losscli.gates.entries import finite_text
from losscli.gates.holm import Claim
from losscli.gates.rule import MAX, MIN, Rule
from losscli.records import dataclass
from losscli.results import Result

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Slack:
    """How far a limit stands from the present value.

    Attributes:
        percent: in percent of the absolute value; None where it is a number.
        absolute: in the units of the loss.
    """

    percent: float | None = None
    absolute: float = 0.0

    @classmethod
    def of(cls, text: str) -> "Slack":
        """The slack that a user wrote: `5%`, or a number in units of the loss.

        Raises:
            UsageError: neither, or less than 0.
        """
        percent = text.rstrip().endswith("%")
        number = finite_text(text.rstrip().removesuffix("%"))
        if number is None or number < 0.0:
            raise UsageError(f"--slack takes a percent such as 5% or a number of 0 or more, not {text!r}")
        return cls(number) if percent else cls(absolute=number)

    def limit(self, kind: str, value: float) -> float:
        """A limit that the value keeps: the value itself without slack, else a short number beyond it."""
        # in decimals as they are read: 2 and 5% make 2.1, where floats make a little more
        exact = Decimal(repr(value))
        reach = Decimal(repr(self.absolute)) if self.percent is None else abs(exact) * Decimal(repr(self.percent)) / 100
        edge = float(_rounded(exact + reach, ROUND_CEILING) if kind == MAX else _rounded(exact - reach, ROUND_FLOOR))
        if reach == 0 or not math.isfinite(edge):
            return value
        return max(edge, value) if kind == MAX else min(edge, value)


@dataclass(frozen=True, slots=True)
class NewLimit:
    """A limit to be written: the [[gate]] from 1, its key, and the number."""

    table: int
    key: str
    value: float


def new_limits(rule: Rule, results: Sequence[Result], slack: Slack) -> list[NewLimit]:
    """The limits of a rule that the present results keep; none for what has no value.

    A rule on a bound that is to prove the value within the limit gets a limit beyond that bound, for as many slices
    as there are; any other one beyond the value.

    Args:
        results: those that the rule is held against.
    """
    if rule.table is None:
        return []
    found: list[NewLimit] = []
    for kind in (MAX, MIN):
        if kind not in rule.kinds:
            continue
        numbers = [_number(rule, kind, result, len(results)) for result in results]
        known = [number for number in numbers if number is not None]
        if known and len(known) == len(numbers):
            worst = max(known) if kind == MAX else min(known)
            found.append(NewLimit(rule.table, kind, slack.limit(kind, worst)))
    return found


def rewritten(text: str, name: str, limits: Sequence[NewLimit]) -> str:
    """The text of a configuration with new limits; comments, order and layout stay.

    Args:
        text: what stands in the file.
        name: the name of the file, which says where in it the gates are.
    """
    import tomlkit

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    document: Any = tomlkit.parse(text.removeprefix(mark))
    own = document["tool"]["losscli"] if Path(name).name == PROJECT_FILE else document
    for limit in limits:
        own["gate"][limit.table - 1][limit.key] = limit.value
    return mark + tomlkit.dumps(document)


def difference(before: str, after: str, name: str) -> str:
    """What changed, as a unified diff; empty where nothing did."""
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    lines = difflib.unified_diff(old, new, f"{name} (before)", f"{name} (after)", n=1)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _number(rule: Rule, kind: str, result: Result, several: int) -> float | None:
    """What a limit must leave room for."""
    proof = {MAX: "upper", MIN: "lower"}[kind]
    if rule.on_of(kind, paired=False) != proof:
        return result.value
    if result.ci is None or result.value is None:
        return None
    # the first of Holm's steps is the widest, so every slice passes
    sign = 1.0 if kind == MAX else -1.0
    end = result.ci.high if kind == MAX else result.ci.low
    claim = Claim(sign * result.value, sign * end, 0.0, True, result.ci.level, max(result.count - 1, 1))
    return sign * claim.widened(several)


def _rounded(number: Decimal, direction: str) -> Decimal:
    """A number of few digits that is not on the wrong side of it."""
    return number.quantize(Decimal(1).scaleb(number.adjusted() - _DIGITS + 1), direction)
