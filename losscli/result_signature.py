"""The signature of a result: everything that can change a digit of it, but for the files, in one line."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from losscli.comparison import Slice
from losscli.plan import By, Contest, Term
from losscli.request import Request
from losscli.results import Reduction
from losscli.version import __version__


def signature_of(
    contest: Contest,
    term: Term,
    params: Mapping[str, Any],
    reduction: Reduction,
    count: int,
    part: Slice | None,
    request: Request,
    truth: int | None = None,
) -> str:
    """Parts between bars, each a word and what it is, such as `tau:0.8`.

    Args:
        params: the parameters as the result shows them.
        count: the units.
        part: the slice; None for all rows.
        truth: the fingerprint of the truth of all rows; None where it was not taken.
    """
    parts = [term.spec.loss.name]
    parts += [f"{name}:{_word(value)}" for name, value in params.items()]
    parts += [f"red:{reduction.value}", f"w:{_names(term.weight.columns) if term.weight else 'none'}", f"n:{count}"]
    parts += [f"{entry.argument}:{_names(entry.columns)}" for entry in term.inputs]
    parts += _units(contest, term, part)
    parts += _labels(request)
    parts += [f"where:{quote(str(condition), safe='=<>!,. ')}" for condition in request.where]
    parts += [f"missing:{request.missing}", f"invalid:{request.invalid}"]
    if request.transform is not None:
        parts.append(f"transform:{request.transform.name}")
    if request.reading:
        parts.append(f"read:{quote(request.reading, safe=' =,')}")
    if truth is not None:
        parts.append(f"truth:{truth:016x}")
    return "|".join([*parts, f"v:{__version__}"])


def _units(contest: Contest, term: Term, part: Slice | None) -> list[str]:
    """How rows form units, slices, and what intervals rest on."""
    found: list[str] = []
    if term.sets.group:
        found.append(f"group:{_names(term.sets.group)}")
    if term.sets.size is not None:
        found.append(f"batch:{term.sets.size}")
    found += [f"by:{_names([_way(way)])}" for way in contest.by]
    if contest.fewest_rows:
        found.append(f"min_rows:{contest.fewest_rows}")
    if part:
        found.append("slice:" + ",".join(f"{_names([name])}={_names([str(value)])}" for name, value in part.items()))
    how = contest.resampling
    if how.cluster:
        found.append(f"cluster:{_names(how.cluster)}")
    if how.run is not None:
        found.append(f"block:{how.run}")
    if how.draws:
        found.append(f"bootstrap:{how.draws},{how.seed}")
    return found


def _labels(request: Request) -> list[str]:
    """How labels and probabilities are read."""
    found: list[str] = []
    selection = request.selection
    if selection.classes:
        found.append(f"classes:{_names(selection.classes)}")
    if selection.positive_class is not None:
        found.append(f"positive:{_names([selection.positive_class])}")
    if selection.probs_percent:
        found.append("probs:percent")
    return found


def _way(way: By) -> str:
    return ":".join(
        [way.column, *([",".join(repr(bound).removesuffix(".0") for bound in way.bounds)] if way.bounds else [])]
    )


def _names(names: Sequence[str]) -> str:
    return ",".join(map(_name, names))


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    return quote(name, safe=" ()[]%.-/")


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
