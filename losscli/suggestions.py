"""The commands that run on a file, the most natural first, and those that need a word from the reader."""

from collections.abc import Iterator, Sequence

from losscli.catalogue import Loss
from losscli.inspection import Inspection
from losscli.naturalness import is_natural, rank
from losscli.proposals import TEMPLATES
from losscli.records import dataclass
from losscli.role_choices import MOST, Choice
from losscli.shell import shell_line
from losscli.tally import Complaint, Occurrences
from losscli.trials import Trial

_PREDICTIONS = ("pred", "rate", "logits", "probs", "log_probs")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A command for a file.

    Attributes:
        loss: the loss, or several with blanks between them.
        says: what the loss is, in a line.
        arguments: the command, an argument each.
        unclear: roles and options that the reader may want to choose otherwise.
        note: what to know before it runs, or what it needs; empty where there is nothing.
    """

    loss: str
    says: str
    arguments: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    note: str = ""

    @property
    def command(self) -> str:
        """The line to run."""
        return shell_line(self.arguments)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What to run.

    Attributes:
        ready: commands that run as they stand.
        needs: commands that lack something, or that leave rows out.
        compare: commands that show several losses, or several models, side by side.
    """

    ready: tuple[Suggestion, ...]
    needs: tuple[Suggestion, ...]
    compare: tuple[Suggestion, ...]


def suggestions(found: Inspection, reading: Sequence[str]) -> Suggestions:
    """What to run on the files of an inspection.

    Args:
        reading: the files and the options of reading, as they were typed.
    """
    order = {id(trial): place for place, trial in enumerate(found.trials)}
    trials = sorted(found.trials, key=lambda trial: (*rank(trial, found), order[id(trial)]))
    runs = [trial for trial in trials if _runs(trial)]
    # what the first loss may mean stands together
    chosen = sorted(_chosen(runs), key=lambda trial: trial.proposal.loss is not runs[0].proposal.loss)
    ready = tuple(_ready(trial, runs, reading) for trial in chosen)
    needs = tuple(_needs([trial for trial in trials if not _runs(trial)], found, reading))
    return Suggestions(ready, needs, tuple(_compared(chosen, runs, reading)))


def _runs(trial: Trial) -> bool:
    """Whether the command of a trial ends well as it stands, or with rows that lack a value left out."""
    invalid = any(complaint.cause == "invalid" for complaint in trial.tally.complaints)
    return trial.term is not None and not trial.problem and not invalid and trial.used > 0 and not trial.proposal.unsaid


def _chosen(runs: Sequence[Trial]) -> Iterator[Trial]:
    """All that the first loss may mean; of every other loss what is clear, or its first choice."""
    first = runs[0].proposal.loss if runs else None
    shown: dict[str, int] = {}
    for trial in runs:
        name = trial.proposal.loss.name
        enough = 2 * MOST if trial.proposal.loss is first or not trial.proposal.unclear else 1
        if shown.get(name, 0) < enough:
            shown[name] = shown.get(name, 0) + 1
            yield trial


def _arguments(trial: Trial, reading: Sequence[str], more: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
    proposal = trial.proposal
    flags = [
        *proposal.roles.items(),
        *proposal.flags.items(),
        *((name, TEMPLATES.get(name, name.upper())) for name in proposal.unsaid),
        *more,
    ]
    given = [part for name, value in flags for part in _flag(name, value)]
    return ("losscli", "compute", *reading, "--loss", proposal.loss.name, *given)


def _flag(name: str, value: str) -> tuple[str, ...]:
    flag = f"--{name.replace('_', '-')}"
    if not value:
        return (flag,)
    return (f"{flag}={value}",) if value.startswith("-") else (flag, value)


def _skipped(trial: Trial) -> tuple[tuple[tuple[str, str], ...], str]:
    """What leaves out the rows that lack a value, and how many they are."""
    count = trial.tally.skipped.get("missing", 0)
    if not count:
        return (), ""
    return (("missing", "skip"),), f"leaves out {_rows(count)} without a value"


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _ready(trial: Trial, runs: Sequence[Trial], reading: Sequence[str]) -> Suggestion:
    proposal = trial.proposal
    more, note = _skipped(trial)
    notes = [*_other_choices(trial, runs), *([note] if note else [])]
    without = {cause.removeprefix("no_"): count for cause, count in trial.tally.skipped.items() if cause[:3] == "no_"}
    notes += [f"leaves out {_rows(count)} without {name}" for name, count in without.items()]
    if trial.term is not None and trial.term.sets.kind == "whole":
        notes.append("the whole file is one set; --group COLUMN makes one of each image")
    return Suggestion(
        proposal.loss.name,
        proposal.loss.doc.summary,
        _arguments(trial, reading, more),
        proposal.unclear,
        "; ".join(notes),
    )


def _other_choices(trial: Trial, runs: Sequence[Trial]) -> Iterator[str]:
    """For each role that the names leave open, what else it could be."""
    proposal = trial.proposal
    alike = [other.proposal for other in runs if other.proposal.loss is proposal.loss]
    alike = [other for other in alike if set(other.roles) == set(proposal.roles)]
    yield from (f"if {_scores(choice)}" for choice in proposal.choices if choice.open_kind)
    for name in proposal.unclear:
        given = {**proposal.roles, **proposal.flags}.get(name)
        others = dict.fromkeys({**other.roles, **other.flags}.get(name) for other in alike)
        texts = [text for text in others if text is not None and text != given]
        flag = f"--{name.replace('_', '-')}"
        if texts:
            yield f"{flag} could also be {' or '.join(texts[:MOST])}"
        elif not any(choice.role == name and choice.open_kind for choice in proposal.choices):
            yield f"{flag} is a guess: its name does not say it"


def _scores(choice: Choice) -> str:
    """What a score has to be for the command to be right."""
    kind = {"logits": "a logit", "probs": "a probability"}[choice.role]
    return (
        f"{choice.columns[0]} is {kind}"
        if len(choice.columns) == 1
        else f"{choice.text} are {choice.role.replace('probs', 'probabilities')}"
    )


def _needs(trials: Sequence[Trial], found: Inspection, reading: Sequence[str]) -> Iterator[Suggestion]:
    """The commands that lack a word, or that meet cells or rows that are not allowed; one for each loss and reason."""
    seen: set[tuple[str, str]] = set()
    for trial in trials:
        flags, note = _lack(trial, found)
        # what cannot be read is the same for every loss
        alike = (trial.problem and not trial.proposal.unsaid) or ("probs_percent", "") in flags
        key = ("" if alike else trial.proposal.loss.name, note)
        if note and key not in seen:
            seen.add(key)
            arguments = _arguments(trial, reading, (*_skipped(trial)[0], *flags))
            yield Suggestion(trial.proposal.loss.name, trial.proposal.loss.doc.summary, arguments, (), note)


def _lack(trial: Trial, found: Inspection) -> tuple[tuple[tuple[str, str], ...], str]:
    """What a command lacks: options to add, and why; no reason where it is not worth showing."""
    proposal = trial.proposal
    if proposal.unsaid:
        # without the names of the classes the columns cannot be bound, which is what is to be said
        shown = proposal.by_name and (not trial.problem or "classes" in proposal.unsaid)
        said = [f"{TEMPLATES.get(name, name.upper())}: {_meaning(proposal.loss, name)}" for name in proposal.unsaid]
        return (), "; ".join(said) if shown else ""
    if trial.term is None or trial.problem:
        faults = [n for names in proposal.columns.values() for n in names if found.columns[n].fault is not None]
        return (), trial.problem if proposal.by_name and trial.term is not None and faults else ""
    percent = _percent(trial, found)
    if percent is not None:
        column, high = percent
        note = f"if {column!r}, which goes up to {high:g}, is in percent; as a logit it is --logits"
        return (("probs_percent", ""),), note
    invalid = [(c, met) for c, met in trial.tally.complaints.items() if c.cause == "invalid" and met.examples]
    boxes = any(role.domain.width == 4 for role in proposal.loss.roles)
    if not (proposal.by_name or boxes) or not invalid or not (trial.used or boxes) or not is_natural(trial, found):
        return (), ""
    hint = f"; or {invalid[0][0].hint}" if invalid[0][0].hint else ""
    note = f"{not_allowed(*invalid[0], rows=found.rows)}; --invalid skip leaves them out{hint}"
    return (("invalid", "skip"),), note


def _meaning(loss: Loss, name: str) -> str:
    said = {
        "batch_size": "so many rows after one another are a batch; --group COLUMN says it too",
        "classes": "the names of the classes in the order of the prediction columns",
        "positive_class": "the label that is class 1",
    }
    return said.get(name) or loss.doc.arguments.get(name, "").rstrip(".")


def _percent(trial: Trial, found: Inspection) -> tuple[str, float] | None:
    """A column of probabilities that may be in percent, with its largest value."""
    for name in trial.proposal.columns.get("probs", ()):
        facts = found.columns[name]
        if facts.low is not None and facts.high is not None and facts.low >= 0.0 and 1.0 < facts.high <= 100.0:
            return name, facts.high
    return None


def not_allowed(complaint: Complaint, met: Occurrences, rows: int) -> str:
    """What is not allowed in a column, how often, and where first."""
    row, value = met.examples[0]
    verb = "is" if met.count == 1 else "are"
    return (
        f"{met.count:,} of {_rows(rows)} of {complaint.column!r} {verb} not allowed, first {value} in row {row:,}; "
        f"allowed is {complaint.allowed}"
    )


def _compared(chosen: Sequence[Trial], runs: Sequence[Trial], reading: Sequence[str]) -> Iterator[Suggestion]:
    """Several losses of the same columns, and several models under one loss."""
    if not chosen:
        return
    main = chosen[0]
    alike = [t for t in chosen if (t.proposal.roles, t.proposal.flags) == (main.proposal.roles, main.proposal.flags)]
    kind = main.proposal.loss.unit.kind
    alike = [t for t in alike if _skipped(t) == _skipped(main) and t.proposal.loss.unit.kind == kind][:4]
    if len(alike) > 1:
        names = [trial.proposal.loss.name for trial in alike]
        flags = [p for name in names for p in ("--loss", name)]
        rest = _arguments(main, reading, _skipped(main)[0])[4 + len(reading) :]
        yield Suggestion(
            " ".join(names), "several losses side by side", ("losscli", "compare", *reading, *flags, *rest)
        )
    models = [trial for trial in runs if trial.proposal.loss is main.proposal.loss and _differs_in_one(main, trial)]
    if len(models) > 1:
        role = main.proposal.unclear[0]
        others = [
            part
            for name, value in (*main.proposal.roles.items(), *main.proposal.flags.items())
            if name != role
            for part in _flag(name, value)
        ]
        columns = [part for trial in models for part in _flag(role, trial.proposal.roles[role])]
        skip = [part for name, value in _skipped(main)[0] for part in _flag(name, value)]
        line = ("losscli", "compare", *reading, "--loss", main.proposal.loss.name, *others, *columns, *skip)
        yield Suggestion(main.proposal.loss.name, "several models side by side", line)


def _differs_in_one(main: Trial, other: Trial) -> bool:
    """Whether a trial is the same but for the column of one prediction."""
    one, two = main.proposal, other.proposal
    if len(one.unclear) != 1 or one.unclear[0] not in _PREDICTIONS or one.flags != two.flags:
        return False
    return set(one.roles) == set(two.roles) and all(
        two.roles[n] == v for n, v in one.roles.items() if n != one.unclear[0]
    )
