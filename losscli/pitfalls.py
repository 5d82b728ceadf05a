"""What in a file leads to a wrong number when nobody looks: found among the facts, said in a sentence each."""

from collections.abc import Iterator, Sequence

from losscli.column_facts import ColumnFacts
from losscli.data.doubts import first_line_is_data
from losscli.data.role_names import tokens
from losscli.data.table import Kind
from losscli.inspection import Inspection
from losscli.naturalness import is_natural
from losscli.plan import WATCHED
from losscli.records import dataclass
from losscli.suggestions import not_allowed

_SHOWN = 8
_MOST_LABELS = 20
_NO_LABELS = frozenset(["id", "ids", "index", "row", "col", "year", "month", "day", "hour", "horizon", "weight"])
_RARE = 0.2
"""A class is rare with less than this part of the share that it would have if all were as frequent."""


@dataclass(frozen=True, slots=True)
class Pitfall:
    """Something to know before a number is trusted.

    Attributes:
        kind: a word for programs.
        columns: the columns that it is about.
        says: the sentence.
    """

    kind: str
    columns: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Balance:
    """The labels of a column in the order of their classes, with their counts."""

    column: str
    labels: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> int:
        """How many rows have a label."""
        return sum(count for _, count in self.labels)


def balances(found: Inspection) -> list[Balance]:
    """The columns that look like labels: a few values, each in more than a row."""
    return [
        Balance(facts.name, tuple(in_order(facts))) for facts in found.columns.values() if _looks_like_labels(facts)
    ]


def in_order(facts: ColumnFacts) -> Iterator[tuple[str, int]]:
    """The values of a column as text with their counts, numbers by size, names in natural order."""
    from losscli.label_counts import LabelCounts

    yield from LabelCounts(facts.name, dict(facts.counts or {})).in_order()


def _looks_like_labels(facts: ColumnFacts) -> bool:
    few = facts.different is not None and 2 <= facts.different <= _MOST_LABELS
    words = facts.kind in (Kind.TEXT, Kind.BOOLEAN)
    whole = facts.kind is Kind.NUMBER and facts.whole and not facts.infinite
    often = facts.different is not None and facts.present >= 2 * facts.different
    return few and often and (words or whole) and not _NO_LABELS & set(tokens(facts.name))


def pitfalls(found: Inspection) -> list[Pitfall]:
    """All of them, those that stop a command first."""
    return [
        *_of_names(found),
        *_of_cells(found),
        *_of_choices(found),
        *_of_trials(found),
        *_of_labels(found),
        *_of_keys(found),
    ]


def _of_names(found: Inspection) -> Iterator[Pitfall]:
    for name, count in found.repeated.items():
        yield Pitfall("repeated_name", (name,), f"{count} columns are called {name!r}; a command cannot name them")
    for name, file in found.partly.items():
        yield Pitfall("not_in_every_file", (name,), f"{file} has no column {name!r}")
    if first_line_is_data(found.head.table):
        yield Pitfall("no_header", (), "the first line looks like data: --no-header reads it as such")
    blank = sum(not name.strip() for name in found.columns)
    if blank:
        yield Pitfall("no_name", ("",), "a column has no name, most often the index of a data frame")


def _of_cells(found: Inspection) -> Iterator[Pitfall]:
    for facts in found.columns.values():
        if facts.fault is not None:
            way = f"; {facts.fault.hint}" if facts.fault.hint else ""
            yield Pitfall("unreadable", (facts.name,), f"row {facts.fault.row:,}: {facts.fault.problem}{way}")
    lacking = [facts for facts in found.columns.values() if facts.missing]
    for facts in lacking[:_SHOWN]:
        of = f"{facts.missing:,} of {facts.rows:,} rows"
        says = f"{facts.name!r} has no value in {of}, the first is row {facts.first_missing:,}"
        yield Pitfall("missing", (facts.name,), f"{says}; --missing skip leaves such rows out")
    if len(lacking) > _SHOWN:
        more = tuple(facts.name for facts in lacking[_SHOWN:])
        yield Pitfall("missing", more, f"{len(more):,} more columns lack values")
    for facts in found.columns.values():
        if facts.infinite:
            yield Pitfall(
                "infinite", (facts.name,), f"{facts.name!r} has {facts.infinite:,} values that are not finite"
            )


def _of_choices(found: Inspection) -> Iterator[Pitfall]:
    for facts in found.columns.values():
        values = list(facts.counts or ())
        if facts.name.lower() in WATCHED and (facts.different is None or facts.different > 1):
            shown = ", ".join(map(str, values[:3])) + (", ..." if len(values) > 3 or not values else "")
            way = f"; --where {facts.name}={values[0]} keeps one" if values else ""
            yield Pitfall("several_values", (facts.name,), f"{facts.name!r} has several values ({shown}){way}")
        elif facts.different == 1 and facts.present > 1:
            yield Pitfall("constant", (facts.name,), f"{facts.name!r} has the same value in every row")
        if facts.kind in (Kind.TEXT, Kind.TIME) and "target" in found.head.roles.get(facts.name, ()):
            sample = next(iter(values), "")
            says = f"{facts.name!r} holds {facts.kind.value} ({str(sample)!r}): labels of classes, but no numbers"
            yield Pitfall("text_target", (facts.name,), says)
        if {"weight", "weights"} & set(tokens(facts.name)) and facts.kind is Kind.NUMBER:
            says = f"{facts.name!r} looks like weights, which are used only where --weight says so"
            yield Pitfall("weight", (facts.name,), says)
    open_kind = dict.fromkeys(
        choice.columns for trial in found.trials for choice in trial.proposal.choices if choice.open_kind
    )
    if open_kind:
        yield _open_kind(list(open_kind), found)
    if found.head.levels:
        said = [f"{name} is {level:g}" for name, level in found.head.levels.items()]
        shown = ", ".join(said[:_SHOWN]) + (", ..." if len(said) > _SHOWN else "")
        yield Pitfall("quantiles", tuple(found.head.levels), f"names that say a quantile level: {shown}")


def _open_kind(groups: Sequence[Sequence[str]], found: Inspection) -> Pitfall:
    """Scores of which no name says what they are; one sentence for all."""
    told = []
    for columns in groups[:_SHOWN]:
        name = repr(columns[0]) if len(columns) == 1 else f"{columns[0]!r} to {columns[-1]!r}"
        facts = [found.columns[column] for column in columns]
        lows, highs = [f.low for f in facts if f.low is not None], [f.high for f in facts if f.high is not None]
        told.append(name + (f" (from {min(lows):g} to {max(highs):g})" if lows and highs else ""))
    says = (
        f"{', '.join(told)}: no name says whether this is a logit or a probability, and a range proves neither; "
        "--probs where a sigmoid or softmax was applied, --logits where none was"
    )
    return Pitfall("logits_or_probabilities", tuple(name for columns in groups for name in columns), says)


def _of_trials(found: Inspection) -> Iterator[Pitfall]:
    seen: dict[tuple[str, str], list[str]] = {}
    said: dict[tuple[str, str], str] = {}
    for trial in found.trials:
        sound = trial.proposal.by_name and not trial.problem and is_natural(trial, found)
        for complaint, met in trial.tally.complaints.items() if sound else ():
            if complaint.cause == "invalid" and met.examples:
                key = (complaint.column, complaint.allowed)
                said.setdefault(key, not_allowed(complaint, met, found.rows))
                seen.setdefault(key, []).append(trial.proposal.loss.name)
    for key, losses in seen.items():
        yield Pitfall("not_allowed", (key[0],), f"for {', '.join(dict.fromkeys(losses))}: {said[key]}")
    same = dict.fromkeys(
        (trial.proposal.columns["target"][0], trial.proposal.columns["pred"][0])
        for trial in found.trials
        if trial.compared and trial.equal == trial.compared and not trial.problem and not trial.lost
    )
    for target, pred in same:
        yield Pitfall("identical", (target, pred), f"{target!r} and {pred!r} are the same in every row")
    for group in found.groups:
        if group.rows and 2 * group.ones >= group.rows > group.ones:
            other = group.rows - group.ones
            says = (
                f"{group.columns[0]!r} to {group.columns[-1]!r} do not add up to 1 in {other:,} of {group.rows:,} rows"
            )
            yield Pitfall("not_one", group.columns, says)


def _of_labels(found: Inspection) -> Iterator[Pitfall]:
    targets = {trial.proposal.columns.get("target", ("",))[0] for trial in found.trials if not trial.problem}
    for balance in balances(found):
        label, count = min(balance.labels, key=lambda entry: entry[1])
        if balance.column in targets and count * len(balance.labels) < _RARE * balance.rows:
            share = f"{100 * count / balance.rows:.2g}%"
            says = f"{balance.column!r}: class {label} is {share} of the rows, so a mean says little about it"
            yield Pitfall("imbalance", (balance.column,), f"{says}; `losscli weights` has weights for classes")


def _of_keys(found: Inspection) -> Iterator[Pitfall]:
    for facts in found.columns.values():
        key = bool({"id", "ids", "key", "uuid"} & set(tokens(facts.name)))
        if key and facts.different is not None and 1 < facts.different < facts.present:
            says = f"{facts.name!r} has {facts.different:,} different values in {facts.present:,} rows"
            yield Pitfall("repeated_key", (facts.name,), f"{says}: rows of one key are not independent")
        if is_index(facts):
            yield Pitfall("index", (facts.name,), f"{facts.name!r} numbers the rows: an index, no data")


def is_index(facts: ColumnFacts) -> bool:
    """Whether a column numbers the rows, from 0 or 1."""
    if facts.kind is not Kind.NUMBER or not facts.whole or facts.missing or facts.rows < 3:
        return False
    in_turn = facts.low in (0.0, 1.0) and facts.high == facts.low + facts.rows - 1
    words = tokens(facts.name)
    named = not words or bool({"index", "unnamed", "row", "id"} & set(words)) or words == ["row", "names"]
    return in_turn and named and facts.different in (None, facts.rows)
