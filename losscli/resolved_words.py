"""How often each class occurs in an input: what class weights called `balanced` or `effective` are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from losscli.arrays import Array, np
from losscli.block import Block, chosen_rows
from losscli.class_weights import scheme, weights_of
from losscli.data.table import CellError, Fragment, Need, Table
from losscli.errors import DataError, UsageError
from losscli.execution import Engine
from losscli.file_walk import FileWalk
from losscli.fold import BLOCK
from losscli.parts import Stretch
from losscli.plan import Input, LossSpec, Plan, Term
from losscli.records import dataclass, field
from losscli.request import Request


def resolved(openers: Sequence[Callable[[], Table]], request: Request, engine: Engine, once: bool) -> Request:
    """The request with the class weights that its words stand for, counted in a scan of the label column.

    Raises:
        UsageError: the input can be read once only.
        DataError: a class has no rows.
    """
    open_ = [_open_words(spec) for spec in request.specs]
    if not any(open_):
        return request
    if once:
        word = next(word for words in open_ for word in words.values())
        raise UsageError(
            f"class weights called {word} need the input twice, and standard input can be read once",
            hint="give a file, or the weights as a list: `losscli weights` prints it",
        )
    specs = []
    for place, (spec, words) in enumerate(zip(request.specs, open_, strict=True)):
        numbers: Mapping[str, Any] = {}
        if words:
            counts, names = _counts(openers, replace(request, specs=[spec]), engine)
            numbers = {name: _weights(word, counts, names, spec) for name, word in words.items()}
        specs.append(replace(spec, resolved=numbers) if numbers else request.specs[place])
    return replace(request, specs=specs)


def _open_words(spec: LossSpec) -> dict[str, str]:
    words = spec.words().items()
    return {name: word for name, word in words if name not in spec.resolved and scheme(word) is not None}


def _weights(word: str, counts: Array, names: Sequence[str] | None, spec: LossSpec) -> tuple[float, ...]:
    for place, count in enumerate(counts.tolist()):
        if not count >= 1.0:
            name = names[place] if names is not None and place < len(names) else str(place)
            raise DataError(
                f"{spec.loss.name}: class {name} does not occur, so that it has no weight called {word}",
                "give the weights as a list: 1,2,3",
            )
    beta = scheme(word)
    assert beta is not None  # noqa: S101 - the words were picked for it; tells the type checker
    return weights_of(beta, counts.tolist())


def _counts(
    openers: Sequence[Callable[[], Table]], request: Request, engine: Engine
) -> tuple[Array, tuple[str, ...] | None]:
    if not openers:
        return np.zeros(0), None
    first = openers[0]()
    try:
        plan = request.plan(first)
    except BaseException:
        first.close()
        raise
    total = _Total()
    FileWalk(plan.needs, partial(_of_part, plan), lambda _: total, engine).over(openers, first)
    return total.counts, plan.terms[0].classes


@dataclass(slots=True)
class _Counts:
    """The rows of each class in each fragment of a part, and all of its rows."""

    counts: list[Array] = field(default_factory=list)
    rows: int = 0


class _Total:
    """The rows of each class in all files, fragment by fragment: shares of classes are rounded when they are added."""

    def __init__(self) -> None:
        self.counts = np.zeros(0)

    def take(self, found: _Counts, before: int) -> None:  # noqa: ARG002 - counts have no place
        """Add a part."""
        for counts in found.counts:
            self.counts = _added(self.counts, counts)

    def finish(self, label: str, rows: int) -> None:
        """Nothing is left at the end of a file."""


def _of_part(plan: Plan, part: Stretch) -> _Counts:
    found = _Counts()
    for fragment in part.fragments:
        try:
            counts, rows = _of_fragment(plan, part.needs, fragment)
        except CellError as error:
            raise CellError(found.rows + error.row, error.problem, error.hint) from error
        found.counts.append(counts)
        found.rows += rows
    return found


def _of_fragment(plan: Plan, needs: Sequence[Need], fragment: Fragment) -> tuple[Array, int]:
    term = plan.terms[0]
    counts, rows = np.zeros(0), 0
    with np.errstate(all="ignore"):
        for batch in fragment.batches(BLOCK // 16):
            block = Block(batch, needs, rows, fragment.number, plan.where)
            counts = _added(counts, _of_block(term, block))
            rows += block.size
    return counts, rows


def _of_block(term: Term, block: Block) -> Array:
    """The rows of each class, or the shares where the label has a column for each."""
    entry = next(entry for entry in term.inputs if entry.domain.coded == "class" or entry.argument == "target")
    chosen = chosen_rows(block)
    columns = [block.column(entry, name).values for name in entry.columns]
    labels = columns[0] if len(columns) == 1 else np.stack(columns).T
    labels = labels if chosen is None else labels[chosen]
    width = _class_columns(term, block, entry)
    if labels.ndim > 1:
        shares: Array = np.where(np.isfinite(labels), labels, 0.0).sum(axis=0)
        return shares
    ignored = term.values.get(term.spec.loss.ignores[1]) if term.spec.loss.ignores else None
    fits = (labels >= 0.0) & (labels < width) & (labels == np.floor(labels))
    if ignored is not None:
        fits &= labels != ignored
    return np.bincount(labels[fits].astype(np.int64), minlength=width).astype(np.float64)


def _class_columns(term: Term, block: Block, label: Input) -> int:
    """How many classes the predictions have columns for."""
    wide = [entry for entry in term.inputs if entry is not label and entry.layout == "vector"]
    widths = [len(entry.columns) for entry in wide]
    for entry in wide:
        if len(entry.columns) == 1:
            values = block.column(entry, entry.columns[0]).values
            widths.append(values.shape[1] if values.ndim > 1 else 1)
    return max(widths, default=0)


def _added(counts: Array, more: Array) -> Array:
    if counts.size < more.size:
        counts, more = more, counts
    total = counts.copy()
    total[: more.size] += more
    return total
