"""The first configuration of a gate, as a text that explains itself, from the present values."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from losscli.errors import DataError
from losscli.gates.limits import Slack
from losscli.gates.rule import MAX, MIN, loss_text, shown
from losscli.results import Result

_BARE = re.compile(r"[A-Za-z0-9_ .:/%@()-]+")
_HEAD = """\
# What `losscli check` holds these predictions to. docs/gates.md of losscli has every key.
# The limits are the present values with some slack; `losscli check --update-limits` writes them anew.
"""
_EXPLAINED = """
# More keys of a rule:
#   min_rows = 200           with fewer rows there is no verdict
#   on = "upper"             the bound of the confidence interval must keep the limit, not just the value
#   by = "country"           every slice must keep it; slice = {country = "DE"} for only one
#   max_regression = "2%"    so much worse than the baseline is allowed; floor = 0.001 always is
#   level = "warn"           never stops anything
"""
_BASELINE = """
# For max_regression: a result that --save-baseline wrote, or the prediction file of the model to beat.
# [baseline]
# path = "baseline.json"
# missing = "fail"
"""


def first_configuration(
    results: Sequence[Result],
    files: Sequence[str] = (),
    slack: Slack | None = None,
    by: Sequence[str] = (),
    settings: Mapping[str, str | int | Sequence[str]] | None = None,
) -> str:
    """The text of a losscli.toml that the results pass.

    Args:
        results: the present ones; several of one loss are its slices.
        files: the inputs, to be checked where the command names none.
        slack: how far the limits are from the present values; 5% otherwise.
        by: the columns that the results are sliced by.
        settings: what else holds for all rules, such as `missing`.

    Raises:
        DataError: no result has a value.
    """
    losses: dict[str, list[Result]] = {}
    for result in results:
        losses.setdefault(loss_text(result.loss, result.params), []).append(result)
    values = {name: [result.value for result in several] for name, several in losses.items()}
    if all(None in found for found in values.values()):
        raise DataError(
            "no loss has a value, so there is nothing to hold later ones to", "name other losses: --loss NAME"
        )
    shared = _shared_columns(results)
    lines = [_HEAD]
    if files:
        lines.append(f"files = {_toml(list(files))}")
    lines += [f"{role} = {_columns(names)}" for role, names in shared.items()]
    lines += [f"{key} = {_toml(value)}" for key, value in (settings or {}).items()]
    for name, several in losses.items():
        lines.append(_gate(name, several, shared, slack or Slack(5.0), by))
    return "\n".join([*lines, _EXPLAINED.rstrip("\n"), _BASELINE])


def _gate(name: str, results: Sequence[Result], shared: Mapping[str, Any], slack: Slack, by: Sequence[str]) -> str:
    values = [result.value for result in results if result.value is not None]
    if len(values) < len(results):
        reason = next(result.reason or result.status for result in results if result.value is None)
        return f"\n# no rule for {_comment(name)}: {_comment(reason)}"
    kind = MAX if results[0].direction == "lower" else MIN
    worst = max(values) if kind == MAX else min(values)
    lines = ["", "[[gate]]", f"loss = {_toml(name)}"]
    lines += [f"{r} = {_columns(names)}" for r, names in _roles(results[0]).items() if r not in shared]
    if by:
        lines.append(f"by = {_toml(list(by))}")
    now = f"now {worst:.6g} {_comment(results[0].units)}" + (", the worst slice" if len(results) > 1 else "")
    lines.append(f"{kind} = {shown(slack.limit(kind, worst))}  # {now}")
    return "\n".join(lines)


def _roles(result: Result) -> dict[str, Sequence[str]]:
    """The columns of the roles; that of a parameter stands behind the name of the loss."""
    return {role: names for role, names in result.columns.items() if role not in result.params}


def _shared_columns(results: Sequence[Result]) -> dict[str, Sequence[str]]:
    """The roles whose columns are the same wherever they are read; a weight and a group hold for all."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for result in results:
        for role, names in _roles(result).items():
            found.setdefault(role, set()).add(tuple(names))
    return {role: next(iter(names)) for role, names in found.items() if len(names) == 1}


def _columns(names: Sequence[str]) -> str:
    """Columns as a flag takes them where the name is plain; otherwise a list, whose names are taken as they are."""
    plain = len(names) == 1 and _BARE.fullmatch(names[0]) and names[0] == names[0].strip()
    return _toml(names[0] if plain else list(names))


def _toml(value: str | int | Sequence[str]) -> str:
    if isinstance(value, int):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{"".join(map(_mark, value))}"'
    return f"[{', '.join(_toml(item) for item in value)}]"


def _mark(mark: str) -> str:
    """A character of a TOML text; what could steer a terminal is written by its number."""
    if mark in '"\\':
        return f"\\{mark}"
    if unicodedata.category(mark)[0] not in "CZ" or mark == " ":
        return mark
    return f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"


def _comment(text: str) -> str:
    """A text that does not leave its comment."""
    return "".join(mark if mark.isprintable() else "?" for mark in text)
