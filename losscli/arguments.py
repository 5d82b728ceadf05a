"""From columns to the arguments of a loss, and from those to what the loss says of each row."""

import math
from typing import Any

from losscli.arrays import Array, Index, Mask, np
from losscli.block import Block
from losscli.data.labels import Coding
from losscli.errors import DataError, UsageError
from losscli.numerics import by_columns
from losscli.plan import Input, Term
from losscli.tally import POSITIVE_SEEN, Tally

Arrays = dict[str, list[Array]]


def _arrays(entry: Input, block: Block, rows: Index | None) -> list[Array]:
    """The arrays of an input: one for each output, or a single one in its layout."""
    columns = [block.column(entry, name) for name in entry.columns]
    if entry.layout == "each":
        parts = [part for column in columns for part in column.parts]
    elif len(columns) == 1:
        parts = [by_columns(columns[0].values)]
    else:
        # the columns one after the other in memory: what is done class by class reads them as they lie
        parts = [np.stack([column.values for column in columns]).T]
    if entry.layout in ("vector", "stack") and parts[0].ndim == 1:
        parts = [parts[0][:, None]]
    if rows is not None:
        parts = [part[rows] for part in parts]
    return [part if entry.transform is None else entry.transform(part) for part in parts]


def all_arrays(term: Term, block: Block, rows: Index | None) -> Arrays:
    arrays = {entry.argument: _arrays(entry, block, rows) for entry in term.entries}
    width = next((arrays[entry.argument][0].shape[-1] for entry in term.inputs if entry.layout == "vector"), 1)
    for entry in term.inputs:
        if entry.layout in ("vector", "one") and any(block.column(entry, name).inner for name in entry.columns):
            raise DataError(f"{term.spec.loss.name}: {entry.argument} holds lists of lists, not a vector a row")
        if entry.layout == "stack":
            flat = arrays[entry.argument][0]
            if not flat.shape[1] or not width:
                raise DataError(f"{term.spec.loss.name}: {entry.argument} holds empty lists")
            inner = max(block.column(entry, name).inner for name in entry.columns)
            if flat.shape[1] % width or inner not in (0, width):
                has = f"vectors of {inner}" if inner else f"{flat.shape[1]} numbers"
                raise DataError(
                    f"{term.spec.loss.name}: {entry.argument} has {has} in a row, which are no vectors of {width}"
                )
            arrays[entry.argument] = [flat.reshape(len(flat), flat.shape[1] // width, width)]
    check_shapes(term, arrays)
    return arrays


def check_shapes(term: Term, arrays: Arrays) -> None:
    """Refuse vectors of different widths, and parameters with a number too many or too few."""
    name = term.spec.loss.name
    wide = _widths(term, arrays)
    for role, count in wide.items():
        if not count:
            raise DataError(f"{name}: {role} holds empty lists")
    if len(set(wide.values())) > 1:
        shown = ", ".join(f"{role} {width}" for role, width in wide.items())
        raise DataError(f"{name}: the roles have different numbers of values a row: {shown}")
    if set(wide) == {"target"}:
        raise DataError(f"{name}: target has {wide['target']} values a row where the prediction has one")
    for entry in term.inputs:
        width = entry.domain.width
        if entry.argument in wide and width not in (None, wide[entry.argument]):
            raise DataError(f"{name}: {entry.argument} needs {width} values a row, not {wide[entry.argument]}")
    outputs = max((len(arrays[entry.argument]) for entry in term.inputs), default=1)
    for parameter in term.spec.loss.parameters:
        value = term.values.get(parameter.name)
        expected = outputs if parameter.many == "output" else max(wide.values(), default=0)
        count = len(value) if isinstance(value, tuple) else 1
        single = parameter.many == "class" and isinstance(value, float)
        if (isinstance(value, tuple) or single) and expected and count != expected:
            raise UsageError(
                f"{name}: {parameter.name} has {count} number{'s'[: count > 1]} where there are {expected} "
                f"{'outputs' if parameter.many == 'output' else 'classes'}"
            )


def class_count(term: Term, arrays: Arrays) -> int:
    """How many classes the predictions have columns for; 0 where they have one column."""
    return max(_widths(term, arrays).values(), default=0)


def _widths(term: Term, arrays: Arrays) -> dict[str, int]:
    """How many values a row, or an element of a list, has in each role that has several."""
    return {
        entry.argument: arrays[entry.argument][0].shape[1]
        for entry in term.inputs
        if entry.layout in ("vector", "elements") and arrays[entry.argument][0].ndim > 1
    }


def beyond_classes(entry: Input, labels: Array, classes: int) -> Mask | None:
    """Which labels are the index of no class; None where none is."""
    if entry.domain.coded != "class" or labels.ndim > 1 or not classes or not labels.size or labels.max() < classes:
        return None
    return labels >= classes


def losses_of(term: Term, arrays: Arrays) -> Array:
    """The loss of each row, the mean over its outputs; or what each row adds to a set, or all of it for a batch."""
    if term.sets.kind == "batch":
        return np.concatenate([_flat(arrays[entry.argument][0]) for entry in term.inputs], axis=1)
    widest = output_count(term, arrays)
    total: Array | None = None
    for output in range(widest):
        losses = term.spec.loss.function(**arguments_of(term, arrays, output))
        total = losses if total is None else total + losses
    if total is None:
        raise DataError(f"{term.spec.loss.name}: its columns hold empty lists")
    return total if widest == 1 else total / widest


def _flat(array: Array) -> Array:
    """Each row as a vector, also where there are no rows."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def output_count(term: Term, arrays: Arrays) -> int:
    used = {entry.argument: arrays[entry.argument] for entry in term.inputs}
    widest = max(len(parts) for parts in used.values())
    for name, parts in used.items():
        if len(parts) not in (1, widest) or (name in ("target", "pred") and len(parts) != widest):
            sizes = ", ".join(f"{role} {len(found)}" for role, found in used.items())
            raise DataError(f"{term.spec.loss.name}: the roles have different numbers of outputs: {sizes}")
    return widest


def arguments_of(term: Term, arrays: Arrays, output: int) -> dict[str, Any]:
    """What the function is called with for one of the outputs."""
    given: dict[str, Any] = {}
    for entry in term.inputs:
        parts = arrays[entry.argument]
        given[entry.argument] = parts[output if len(parts) > 1 else 0]
    outputs = {p.name for p in term.spec.loss.parameters if p.many == "output"}
    for name, value in term.values.items():
        given[name] = value[output] if name in outputs and isinstance(value, tuple) else value
    return given


def weights_of(term: Term, arrays: Arrays) -> Array | None:
    """The weights of the rows: those of their column times those that the loss itself gives."""
    given = arrays[term.weight.argument][0] if term.weight else None
    own = None if term.spec.loss.weighs is None else term.spec.loss.weighs(**arguments_of(term, arrays, 0))
    if own is None or given is None:
        return given if own is None else own
    return given * own


def batch_widths(term: Term, arrays: Arrays) -> tuple[tuple[str, int], ...]:
    wide = [(e.argument, arrays[e.argument][0].shape[-1]) for e in term.inputs if e.layout in ("vector", "stack")]
    return tuple(wide) if term.sets.kind == "batch" else ()


def observe(term: Term, arrays: Arrays, tally: Tally) -> None:
    """Count what the loss looks for, clipped values, and the classes of the rows."""
    loss = term.spec.loss
    outputs = range(output_count(term, arrays))
    arguments = [arguments_of(term, arrays, output) for output in outputs]
    for observation in loss.observes:
        counts = [observation.count(**given) for given in arguments]
        tally.observe(observation.name, min(counts) if observation.when == "all" else max(counts))
    tally.widen(class_count(term, arrays))
    for entry in term.inputs:
        labels = arrays[entry.argument][0]
        if entry.domain.coded == "class" and labels.ndim == 1 and labels.size:
            tally.seen.update(np.flatnonzero(np.bincount(labels.astype(np.int64))).tolist())
        if isinstance(entry.coding, Coding) and entry.coding.other is not None:
            tally.observe(POSITIVE_SEEN, int(np.count_nonzero(arrays[entry.argument][0] == 1.0)))
    if loss.clipped is not None:
        masks: list[Mask] = [loss.clipped(**given) for given in arguments]
        tally.clip(int(np.count_nonzero(np.any(masks, axis=0))))
