"""The configuration of a gate: losscli.toml, or [tool.losscli] of pyproject.toml. It is read, never executed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from losscli.catalogue import all_losses
from losscli.errors import DataError, UsageError
from losscli.gates.entries import Entries
from losscli.gates.gate_table import GATE_KEYS, gate_rule
from losscli.gates.rule import ColumnNames, Rule
from losscli.plan import TRANSFORMS
from losscli.records import dataclass, field

OWN_FILE, PROJECT_FILE = "losscli.toml", "pyproject.toml"
MISSING_BASELINE = ("fail", "warn", "create")
ON_INCONCLUSIVE = ("fail", "warn", "pass")
POLICIES = ("error", "skip")
KEYS = (
    *("files", "weight", "group", "batch_size", "cluster", "where", "missing", "invalid", "transform", "classes"),
    *("positive_class", "probs_percent", "confidence", "models", "model_column", "truth", "key", "on_inconclusive"),
    *("gate", "baseline"),
)
BASELINE_KEYS = ("path", "missing")


@dataclass(frozen=True, slots=True)
class BaselineChoice:
    """What the present is compared with.

    Attributes:
        path: a saved result or a prediction file.
        missing: what to do where there is no such file: `fail`, `warn` or `create`.
    """

    path: str
    missing: str = "fail"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a configuration says. None and empty mean that it says nothing.

    Attributes:
        path: the file.
        rules: its [[gate]] tables.
        roles: the columns of roles, for all rules.
        files: the inputs, where the command names none.
        weight, group, batch_size, cluster, where, missing, invalid, transform, classes, positive_class,
            probs_percent: what the options of the same names say.
        confidence: the level of the intervals.
        models: the file of each model by its name.
        model_column: the column whose values are the models.
        truth: the files of the truth where predictions stand in others.
        key: the columns by which rows find each other, as `--key` takes them.
        baseline: what the present is compared with.
        on_inconclusive: what becomes of an inconclusive gate: `fail`, `warn` or `pass`.
    """

    path: str
    rules: tuple[Rule, ...]
    roles: Mapping[str, ColumnNames] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    weight: str | None = None
    group: ColumnNames | None = None
    batch_size: int | None = None
    cluster: ColumnNames | None = None
    where: tuple[str, ...] = ()
    missing: str | None = None
    invalid: str | None = None
    transform: str | None = None
    classes: ColumnNames | None = None
    positive_class: str | None = None
    probs_percent: bool = False
    confidence: float | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    model_column: str | None = None
    truth: tuple[str, ...] = ()
    key: ColumnNames | None = None
    baseline: BaselineChoice | None = None
    on_inconclusive: str | None = None


def find_configuration(named: str | None, folder: Path | None = None) -> Configuration | None:
    """The configuration that --config names, or that of the working directory; None where there is none.

    Args:
        folder: where to look; the working directory otherwise.

    Raises:
        UsageError: a file that is named and does not exist, and whatever is wrong in one that does.
        DataError: a file that cannot be read.
    """
    if named is not None:
        values = _table_of(Path(named), named)
        if values is None:
            raise UsageError(f"{named} has no table [tool.losscli]", hint=f"or put its keys into {OWN_FILE}")
        return configuration_of(values, named)
    for name in (OWN_FILE, PROJECT_FILE):
        file = (folder or Path()) / name
        values = _table_of(file, name) if file.exists() else None
        if values is not None:
            return configuration_of(values, str(file) if folder else name)
    return None


def rules_of(configuration: Configuration | None, from_line: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that hold: those of the command line, or else those of the configuration.

    Raises:
        UsageError: there is no rule at all.
    """
    rules = tuple(from_line) or (configuration.rules if configuration else ())
    if not rules:
        place = f"{configuration.path} has no rule" if configuration else f"no rule: there is no {OWN_FILE} here"
        raise UsageError(place, hint="add a [[gate]] with a loss and a max, or write --loss NAME --max LIMIT")
    return rules


def configuration_of(values: Mapping[str, Any], path: str) -> Configuration:
    """A configuration from the values that TOML holds.

    Raises:
        UsageError: a key that there is not, a value of the wrong kind, a rule that makes no sense.
    """
    entries = Entries(values, path)
    roles = list(dict.fromkeys(role.name for loss in all_losses() for role in loss.roles))
    of_a_rule = {key: f"it belongs to a rule: write {key} below a line [[gate]]" for key in GATE_KEYS}
    entries.check_keys([*KEYS, *roles], of_a_rule)
    return Configuration(
        path,
        _rules(entries, roles),
        roles={name: names for name in roles if (names := entries.names(name)) is not None},
        files=entries.texts("files"),
        weight=entries.text("weight"),
        group=entries.names("group"),
        batch_size=entries.whole("batch_size"),
        cluster=entries.names("cluster"),
        where=entries.conditions("where"),
        missing=entries.word("missing", POLICIES),
        invalid=entries.word("invalid", POLICIES),
        transform=entries.word("transform", TRANSFORMS),
        classes=entries.names("classes"),
        positive_class=entries.text("positive_class"),
        probs_percent=entries.flag("probs_percent"),
        confidence=_confidence(entries),
        models=_models(entries),
        model_column=entries.text("model_column"),
        truth=entries.texts("truth"),
        key=entries.names("key"),
        baseline=_baseline(entries),
        on_inconclusive=entries.word("on_inconclusive", ON_INCONCLUSIVE),
    )


def _rules(entries: Entries, roles: Sequence[str]) -> tuple[Rule, ...]:
    tables = entries.values.get("gate", [])
    if isinstance(tables, dict):
        raise UsageError(f"{entries.place}: gate is one table where a list of tables belongs", hint="write [[gate]]")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise entries.refused("gate", "tables, each below a line [[gate]]")
    elsewhere = {
        key: f"it holds for all rules: write {key} above the first [[gate]]" for key in KEYS if key not in GATE_KEYS
    }
    return tuple(
        gate_rule(Entries(table, f"{entries.place}, gate {number}"), number, roles, elsewhere)
        for number, table in enumerate(tables, 1)
    )


def _confidence(entries: Entries) -> float | None:
    level = entries.number("confidence")
    if level is not None and not 0.0 < level < 1.0:
        raise entries.refused("confidence", "a number between 0 and 1")
    return level


def _models(entries: Entries) -> dict[str, str]:
    example = '{old = "old.csv", new = "new.csv"}'
    table = Entries(entries.table("models", example) or {}, f"{entries.place}, models")
    return {name: file for name in table.values if (file := table.text(name)) is not None}


def _baseline(entries: Entries) -> BaselineChoice | None:
    values = entries.table("baseline", '[baseline] with path = "baseline.json"')
    if values is None:
        return None
    table = Entries(values, f"{entries.place}, baseline")
    table.check_keys(BASELINE_KEYS, {})
    path = table.text("path")
    if path is None:
        raise UsageError(f"{table.place}: path is not there", hint="a saved result or a prediction file")
    return BaselineChoice(path, table.word("missing", MISSING_BASELINE) or "fail")


def _table_of(file: Path, name: str) -> Mapping[str, Any] | None:
    """What a file says to losscli; None for a pyproject.toml that says nothing."""
    values = toml_values(read_text(file, name), name)
    if file.name != PROJECT_FILE:
        return values
    tools = values.get("tool")
    own = tools.get("losscli") if isinstance(tools, dict) else None
    if own is not None and not isinstance(own, dict):
        raise UsageError(f"{name}: tool.losscli is no table", hint="write [tool.losscli]")
    return own


def read_text(file: Path, name: str) -> str:
    """The text of a configuration, its line ends as they are.

    Raises:
        UsageError: there is no such file, or it is no text.
        DataError: it cannot be read.
    """
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no configuration {name}", hint=f"`losscli init FILE` writes a {OWN_FILE}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no UTF-8 text: byte {error.start + 1}") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}") from error


def toml_values(text: str, name: str) -> Mapping[str, Any]:
    """What the text of a configuration holds.

    Raises:
        UsageError: it is no TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is no TOML: {error}") from None
    except (RecursionError, ValueError):
        # a number of thousands of digits is no number to Python
        raise UsageError(
            f"{name} is no TOML that can be read: it is nested too deeply or has too long a number"
        ) from None
