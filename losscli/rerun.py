"""From saved results to the requests that made them: their fields and signatures say all that changes a digit."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from losscli.catalogue import Loss, find
from losscli.chance import Chance
from losscli.data.columns import Selection
from losscli.data.text_options import TextOptions
from losscli.data.where import Condition
from losscli.errors import DataError, LosscliError
from losscli.models import ModelChoice
from losscli.plan import TRANSFORMS, WEIGHT, LossSpec, Policy
from losscli.records import dataclass, field
from losscli.request import Request
from losscli.results import Reduction
from losscli.saved import SavedReport
from losscli.slicing import OTHER
from losscli.specs import parse_value

_MANY = 1 << 40


@dataclass
class Job:
    """Saved results that one scan computes again.

    Attributes:
        words: the parts of their signature that are the same for all of them.
        first: one of them.
        specs: the losses.
        models: for each model the columns of each role; a single None where there are no models.
    """

    reduction: Reduction
    words: tuple[str, ...]
    first: Mapping[str, Any]
    specs: list[LossSpec] = field(default_factory=list)
    models: dict[str | None, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def texts(self) -> TextOptions:
        """How the text files were read."""
        return _text_options(next(iter(_values(self.words, "read")), ""))

    def request(self, saved: SavedReport) -> Request:
        """The request that these results are of."""
        columns, how = self.first["columns"], self.first.get("resampling") or {}
        words = self.words
        labels = [[unquote(name) for name in text.split(",")] for text in _raw(words, "classes")]
        batch = next(iter(_values(words, "batch")), None)
        request = Request(
            self.specs,
            Selection(
                {},
                None,
                tuple(labels[0]) if labels else None,
                next(iter(_values(words, "positive")), None),
                "probs:percent" in words,
            ),
            weight=next(iter(columns.get(WEIGHT, ())), None),
            where=[Condition.parse(text) for text in _values(words, "where")],
            missing=_policy(words, "missing"),
            invalid=_policy(words, "invalid"),
            transform=next((TRANSFORMS[name] for name in _values(words, "transform")), None),
            reading=self.texts().summary(),
            group=",".join(columns.get("group", ())) or None,
            batch_size=None if batch is None else int(batch),
            models=self._models(),
            chance=self._chance(saved, how),
            fingerprint=bool(_raw(words, "truth")),
        )
        request.chance.check()
        return request

    def _models(self) -> list[ModelChoice]:
        if None in self.models:
            return []
        # the roles in which models differ are theirs, the others the losses'
        own = {
            role
            for roles in self.models.values()
            for role, names in roles.items()
            if any(other.get(role) != names for other in self.models.values())
        }
        if not own:
            raise DataError("the models of the result have the same columns, so they had files of their own")
        return [
            ModelChoice(name, {role: names for role, names in roles.items() if role in own})
            for name, roles in self.models.items()
        ]

    def _chance(self, saved: SavedReport, how: Mapping[str, Any]) -> Chance:
        by = tuple(_values(self.words, "by"))
        few = next(iter(_values(self.words, "min_rows")), None)
        cluster = how.get("cluster")
        return Chance(
            by,
            min_rows=few if by else None,
            top=_slice_count(saved, by) or None,
            max_slices=_MANY if by else None,
            cluster=",".join(map(str, cluster)) if cluster else None,
            block=how.get("block"),
            bootstrap=how.get("bootstrap"),
            seed=how.get("seed"),
            baseline=self._baseline(saved),
        )

    def _baseline(self, saved: SavedReport) -> str | None:
        """The baseline, where there is a comparison that names one of these models."""
        names = (entry.get("baseline") for entry in saved.comparisons)
        return next((name for name in names if name in self.models), None)


def jobs_of(saved: SavedReport) -> list[Job]:
    """The scans that compute all saved results again.

    Raises:
        DataError: a result says what no losscli of this version can compute.
    """
    try:
        jobs: list[Job] = []
        for result in saved.results:
            _add(jobs, result)
        for job in jobs:
            job.request(saved)
    except (LosscliError, LookupError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        told = error.message if isinstance(error, LosscliError) else str(error)
        raise DataError(f"{saved.path}: its command cannot be told: {told}", "compute the result again") from error
    return jobs


def _add(jobs: list[Job], result: Mapping[str, Any]) -> None:
    loss = find(result["loss"])
    names = {role.name for role in loss.roles}
    roles = {role: tuple(columns) for role, columns in result["columns"].items() if role in names}
    spec = LossSpec(loss, _given(loss, result["params"]), roles=roles)
    spec.values()
    words = _words(result)
    for job in jobs:
        mine = job.models.get(result["model"], {})
        fits = all(mine.get(role, columns) == columns for role, columns in roles.items()) or result["model"] is None
        if (job.reduction.value, job.words) == (result["reduction"], words) and fits:
            break
    else:
        job = Job(Reduction.of(result["reduction"]), words, result)
        jobs.append(job)
    if not any((other.loss.name, other.given) == (spec.loss.name, spec.given) for other in job.specs):
        job.specs.append(spec)
    own = job.models.setdefault(result["model"], {})
    if result["model"] is not None:
        own.update(roles)


def _given(loss: Loss, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are not at their defaults."""
    known = {parameter.name: parameter for parameter in loss.parameters}
    found = {}
    for name, value in params.items():
        read = parse_value(known[name], value, loss)
        if read != known[name].default:
            found[name] = read
    return found


def _words(result: Mapping[str, Any]) -> tuple[str, ...]:
    """What the signature says beside the loss and its columns, and of no slice alone."""
    parts = result["signature"].split("|")[1 + len(result["params"]) :]
    arguments = tuple(f"{name}:" for name in result["columns"] if name not in (WEIGHT, "group"))
    return tuple(part for part in parts if not part.startswith((*arguments, "n:", "slice:", "v:", "red:")))


def _raw(words: Sequence[str], name: str) -> list[str]:
    return [word.removeprefix(f"{name}:") for word in words if word.startswith(f"{name}:")]


def _values(words: Sequence[str], name: str) -> list[str]:
    return [unquote(text) for text in _raw(words, name)]


def _policy(words: Sequence[str], name: str) -> Policy:
    return "skip" if f"{name}:skip" in words else "error"


def _slice_count(saved: SavedReport, by: Sequence[str]) -> int:
    """How many slices the result shows for a loss, but for the one of all small ones; --top may have chosen them."""
    if not by:
        return 0
    labels = set()
    for result in saved.results:
        part = {name: value for name, value in (result["slice"] or {}).items() if name != "class"}
        if part and OTHER not in part.values():
            labels.add((result["loss"], repr(result["params"]), repr(part)))
    counts = [sum(label[:2] == other[:2] for label in labels) for other in labels]
    return max(counts, default=0)


def _text_options(summary: str) -> TextOptions:
    """What `TextOptions.summary` wrote."""
    call = ast.parse(f"_({summary})", mode="eval").body
    if not isinstance(call, ast.Call) or call.args:
        raise ValueError(f"read:{summary}")
    options = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    kinds = {entry.name: type(entry.default) for entry in dataclasses.fields(TextOptions)}
    for name, value in options.items():
        if name not in kinds or not isinstance(value, str if name == "delimiter" else kinds[name]):
            raise ValueError(f"read:{summary}")
    return TextOptions(**options)
