"""A rule of a gate: a loss, its limits, and which number is held against them."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from losscli.catalogue import find
from losscli.comparison import slice_text
from losscli.errors import UsageError
from losscli.gates.entries import finite_text
from losscli.plan import LossSpec
from losscli.records import dataclass, field

ON = ("value", "upper", "lower")
LEVELS = ("error", "warn")
MAX, MIN, REGRESSION = "max", "min", "max_regression"
ColumnNames = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Regression:
    """How much worse than the baseline is allowed.

    Attributes:
        percent: in percent of the absolute value of the baseline; None where it is a number.
        absolute: in the units of the loss; None where it is a percent.
        floor: beside a percent, so much is always allowed; None where nothing is said.
    """

    percent: float | None = None
    absolute: float | None = None
    floor: float | None = None

    def allowed(self, baseline: float) -> float | None:
        """The largest regression that is allowed; None where a percent of 0 says nothing."""
        if self.percent is None:
            return self.absolute
        if baseline == 0.0 and self.floor is None:
            return None
        return max(self.percent * abs(baseline) / 100.0, self.floor or 0.0)

    def __str__(self) -> str:
        words = f"{shown(self.percent)}%" if self.percent is not None else shown(self.absolute or 0.0)
        return words if self.floor is None else f"{words} floor {shown(self.floor)}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold.

    Attributes:
        loss: the loss with its parameters, as it was written.
        spec: the same, checked.
        roles: the columns of roles that are this rule's own.
        max, min: the largest and the smallest number that is allowed.
        regression: how much worse than the baseline is allowed.
        min_rows: with fewer rows there is no verdict.
        by: the columns that slice the rows; each slice is held against the limits.
        slice: only slices with these values.
        where: filters of this rule beside those of all.
        on: which number is held against the limits; None leaves it to the kind of limit.
        level: `error`, or `warn` for a rule that never stops anything.
        name: what it is called in reports; None for the loss.
        table: which [[gate]] of the configuration it is, from 1; None for a rule of the command line.
    """

    loss: str
    spec: LossSpec
    roles: Mapping[str, ColumnNames] = field(default_factory=dict)
    max: float | None = None
    min: float | None = None
    regression: Regression | None = None
    min_rows: int | None = None
    by: tuple[str, ...] = ()
    slice: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    on: str | None = None
    level: str = "error"
    name: str | None = None
    table: int | None = None

    @property
    def slicing(self) -> tuple[str, ...]:
        """The columns by which the engine must slice the rows for this rule."""
        return tuple(dict.fromkeys([*self.by, *self.slice]))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The limits that it has, as the keys that set them."""
        limits = {MAX: self.max, MIN: self.min, REGRESSION: self.regression}
        return tuple(kind for kind, limit in limits.items() if limit is not None)

    def on_of(self, kind: str, paired: bool) -> str:
        """Which number is held against a limit.

        Args:
            paired: whether the regression is one of paired rows, whose interval decides unless the rule says else.
        """
        return self.on or ("lower" if kind == REGRESSION and paired else "value")

    def text(self, kind: str, on: str) -> str:
        """A limit of it as a reader would write it."""
        limit = {MAX: self.max, MIN: self.min, REGRESSION: self.regression}[kind]
        words = [self.name or self.loss, kind, shown(limit) if isinstance(limit, float) else str(limit)]
        return " ".join(words if on == "value" else [*words, "on", on])

    def covers(self, part: Mapping[str, Any] | None) -> bool:
        """Whether a slice is one that the rule is about."""
        return all(name in (part or {}) and _same((part or {})[name], value) for name, value in self.slice.items())

    def missing_slice(self) -> str:
        """Why there is nothing to hold against the limits."""
        return f"no rows in slice {slice_text(self.slice)}" if self.slice else "no rows"

    def check(self, place: str) -> None:
        """Refuse limits that contradict one another, or none.

        Raises:
            UsageError: with the place.
        """
        if not self.kinds:
            raise UsageError(f"{place}: the rule has no limit", hint="give it max, min or max_regression")
        if self.max is not None and self.min is not None and self.max < self.min:
            raise UsageError(
                f"{place}: max {shown(self.max)} is below min {shown(self.min)}", hint="nothing would pass"
            )


def rule_of(
    spec: LossSpec,
    *,
    max: str | None = None,
    min: str | None = None,
    max_regression: str | None = None,
    floor: str | None = None,
    min_rows: str | None = None,
    on: str | None = None,
    level: str | None = None,
) -> Rule:
    """A rule from the texts of a command line.

    Args:
        spec: the loss with all its parameters.
        max, min, max_regression, floor, min_rows, on, level: what the options of these names say.

    Raises:
        UsageError: a limit that is no number, none at all, or a word that is none.
    """
    loss = loss_text(spec.loss.name, spec.given)
    for flag, word, allowed in (("--on", on, ON), ("--level", level, LEVELS)):
        if word is not None and word not in allowed:
            raise UsageError(f"{flag} takes {' or '.join(allowed)}, not {word!r}")
    if min_rows is not None and not re.fullmatch("[1-9][0-9]{0,17}", min_rows):
        raise UsageError(f"--min-rows takes a whole number of 1 or more, not {min_rows!r}")
    place = f"--loss {loss}"
    rule = Rule(
        loss,
        spec,
        max=_number("--max", max),
        min=_number("--min", min),
        regression=regression_of(place, max_regression, _number("--floor", floor)),
        min_rows=None if min_rows is None else int(min_rows),
        on=on,
        level=level or "error",
    )
    rule.check(place)
    return rule


def loss_text(loss: str, params: Mapping[str, Any]) -> str:
    """A loss as a configuration names it, with the parameters that are not at their defaults."""
    defaults = {parameter.name: parameter.default for parameter in find(loss).parameters}
    given = {name: value for name, value in params.items() if _as_list(value) != _as_list(defaults.get(name))}
    return f"{loss}:{','.join(f'{name}={_word(value)}' for name, value in given.items())}" if given else loss


def regression_of(place: str, given: str | float | None, floor: float | None) -> Regression | None:
    """What max_regression and floor say: `2%` or a number in units of the loss.

    Raises:
        UsageError: neither; a negative one; a floor without a percent.
    """
    if given is None and floor is None:
        return None
    if given is None:
        raise UsageError(f"{place}: floor without max_regression", hint='for instance max_regression = "2%"')
    if floor is not None and floor < 0.0:
        raise UsageError(f"{place}: floor takes a number of 0 or more, not {shown(floor)}")
    percent = None
    if isinstance(given, str) and given.rstrip().endswith("%"):
        percent = finite_text(given.rstrip()[:-1])
    absolute = finite_text(given) if isinstance(given, str) else given
    number = absolute if percent is None else percent
    if number is None or number < 0.0:
        allowed = 'a percent such as "2%" or a number in units of the loss, 0 or more'
        raise UsageError(f"{place}: max_regression takes {allowed}, not {given!r}")
    if percent is None and floor is not None:
        raise UsageError(
            f"{place}: floor stands beside a percent, and max_regression {shown(number)} is in units of the loss",
            hint="leave floor out",
        )
    return Regression(percent, absolute, floor)


def shown(number: float) -> str:
    """A number as a reader writes it, to the last digit."""
    return repr(float(number)).removesuffix(".0")


def _number(flag: str, text: str | None) -> float | None:
    if text is None:
        return None
    number = finite_text(text)
    if number is None:
        raise UsageError(f"{flag} takes a finite number, not {text!r}")
    return number


def _same(found: Any, wanted: Any) -> bool:
    """Whether the value of a slice is the one that a rule names; the text of a number is as good as the number."""
    if found is None:
        return False
    if isinstance(found, bool) or isinstance(wanted, bool):
        return str(found).lower() == str(wanted).lower()
    if str(found) == str(wanted):
        return True
    both = [str(found), str(wanted)]
    # as decimals, for float64 does not tell long identifiers apart
    return all(finite_text(text) is not None for text in both) and Decimal(both[0]) == Decimal(both[1])


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(shown(number) for number in value)
    return shown(value) if isinstance(value, float) else str(value)
