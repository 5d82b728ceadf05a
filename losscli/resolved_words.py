"""How often each class occurs in an input: what class weights called `balanced` or `effective` are made of."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from losscli.arrays import Array, np
from losscli.block import Block, chosen_rows
from losscli.class_weights import scheme, weights_of
from losscli.data.table import Fragment, Need, Table
from losscli.errors import DataError, UsageError
from losscli.fold import BLOCK
from losscli.plan import Input, LossSpec, Plan, Term
from losscli.records import dataclass
from losscli.request import Request
from losscli.walk import walked


def resolved(openers: Sequence[Callable[[], Table]], request: Request, threads: int, once: bool) -> Request:
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
            counts, names = _counts(openers, replace(request, specs=[spec]), threads)
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
    openers: Sequence[Callable[[], Table]], request: Request, threads: int
) -> tuple[Array, tuple[str, ...] | None]:
    plan: Plan | None = None
    counts = np.zeros(0)
    for opener in openers:
        with closing(opener()) as table:
            plan = plan or request.plan(table)
            needs = plan.needs(table)
            work = partial(_of_fragment, plan, needs)
            for _, found in walked(table.label, table.fragments(needs), work, threads):
                counts = _added(counts, found.counts)
    return counts, plan.terms[0].classes if plan else None


@dataclass(frozen=True, slots=True)
class _Counts:
    """The rows of each class in a fragment, and all of its rows."""

    counts: Array
    rows: int


def _of_fragment(plan: Plan, needs: Sequence[Need], fragment: Fragment) -> _Counts:
    term = plan.terms[0]
    counts, rows = np.zeros(0), 0
    with np.errstate(all="ignore"):
        for batch in fragment.batches(BLOCK // 16):
            block = Block(batch, needs, rows, fragment.number, plan.where)
            counts = _added(counts, _of_block(term, block))
            rows += block.size
    return _Counts(counts, rows)


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
