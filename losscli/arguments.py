"""From columns to the arguments of a loss, and from those to what the loss says of each row."""

import math
from collections.abc import Sequence
from typing import Any

from losscli.arrays import Array, Index, Mask, np
from losscli.block import Block
from losscli.data.labels import Coding
from losscli.data.table import CellError
from losscli.errors import UsageError
from losscli.fingerprint import fingerprint
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
        parts = [by_columns(columns[0].cells)]
    else:
        # the columns one after the other in memory: what is done class by class reads them as they lie
        parts = [np.stack([column.cells for column in columns], dtype=np.float64).T]
    if entry.layout in ("vector", "stack") and parts[0].ndim == 1:
        parts = [parts[0][:, None]]
    if rows is not None:
        parts = [part[rows] for part in parts]
    return [part if entry.transform is None else entry.transform(part) for part in parts]


def all_arrays(term: Term, block: Block, rows: Index | None) -> Arrays:
    """The arrays of every input.

    Raises:
        CellError: they do not fit together; it names the first row that is read.
        UsageError: a parameter has a number too many or too few.
    """
    arrays = {entry.argument: _arrays(entry, block, rows) for entry in term.entries}
    width = next((arrays[entry.argument][0].shape[-1] for entry in term.inputs if entry.layout == "vector"), 1)
    for entry in term.inputs:
        inner = max(block.column(entry, name).inner for name in entry.columns)
        if entry.layout in ("vector", "one") and inner:
            problem = f"{_named(entry)} holds lists of lists, not a vector a row"
            raise _misfit(term, block, rows, problem, f"give a column whose rows are lists of numbers, {_flag(entry)}")
        if entry.layout == "stack":
            flat = arrays[entry.argument][0]
            problem = _no_stack(entry, flat, width, inner)
            if problem:
                raise _misfit(term, block, rows, problem, f"give vectors of one width, {_flag(entry)}")
            arrays[entry.argument] = [flat.reshape(len(flat), flat.shape[1] // width, width)]
    check_shapes(term, arrays, block, rows)
    return arrays


def _no_stack(entry: Input, flat: Array, width: int, inner: int) -> str:
    """Why the numbers of a row are no vectors of a width; empty where they are."""
    if not flat.shape[1] or not width:
        return f"{_named(entry)} holds empty lists"
    if flat.shape[1] % width or inner not in (0, width):
        has = f"vectors of {inner}" if inner else f"{flat.shape[1]} numbers"
        return f"{_named(entry)} has {has} in a row, which are no vectors of {width}"
    return ""


def _named(entry: Input) -> str:
    """A role with its columns, for a message."""
    names = ", ".join(repr(name) for name in entry.columns[:4]) + (", ..." if len(entry.columns) > 4 else "")
    return f"{entry.argument} ({'column' if len(entry.columns) == 1 else 'columns'} {names})"


def _flag(entry: Input) -> str:
    return f"--{entry.argument.replace('_', '-')} COLUMN"


def _misfit(term: Term, block: Block, rows: Index | None, problem: str, hint: str) -> CellError:
    """The error for columns that do not fit, at the first row that is read."""
    first = 0 if rows is None or not rows.size else int(rows[0])
    return CellError(block.first_row + 1 + first, f"{term.spec.loss.name}: {problem}", hint)


def check_shapes(term: Term, arrays: Arrays, block: Block, rows: Index | None) -> None:
    """Refuse vectors of different widths, and parameters with a number too many or too few.

    Raises:
        CellError: the columns do not fit together.
        UsageError: a parameter has a number too many or too few.
    """
    found = _uneven_widths(term, arrays)
    if not found and (rows is None or rows.size):
        found = _uneven_outputs(term, arrays)
    if found:
        raise _misfit(term, block, rows, *found)
    name, wide = term.spec.loss.name, _widths(term, arrays)
    outputs = output_count(term, arrays)
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


def _uneven_widths(term: Term, arrays: Arrays) -> tuple[str, str] | None:
    """What is wrong with the numbers of values a row, and the way out; None where nothing is."""
    wide = _widths(term, arrays)
    entries = [entry for entry in term.inputs if entry.argument in wide]
    for entry in entries:
        if not wide[entry.argument]:
            return f"{_named(entry)} holds empty lists", f"give a column whose lists have values, {_flag(entry)}"
    if len(set(wide.values())) > 1:
        shown = ", ".join(f"{_named(entry)} {wide[entry.argument]}" for entry in entries)
        return f"the roles have different numbers of values a row: {shown}", _same("values a row", entries)
    if set(wide) == {"target"}:
        others = ", ".join(_named(entry) for entry in term.inputs if entry.argument != "target")
        return (
            f"target has {wide['target']} values a row where the prediction has one: {_named(entries[0])}; {others}",
            "give the prediction a column for each, --pred 'p_*', or one column as target",
        )
    for entry in entries:
        width = entry.domain.width
        if width not in (None, wide[entry.argument]):
            hint = f"--{entry.argument.replace('_', '-')} {','.join('ABCDEFGH'[:width])}"
            return f"{_named(entry)} needs {width} values a row, not {wide[entry.argument]}", hint
    return None


def _uneven_outputs(term: Term, arrays: Arrays) -> tuple[str, str] | None:
    """What is wrong with the numbers of outputs, and the way out; None where nothing is."""
    widest = output_count(term, arrays)
    if not widest:
        shown = ", ".join(_named(entry) for entry in term.inputs)
        return f"its columns hold empty lists: {shown}", "give columns whose lists have values"
    for entry in term.inputs:
        parts = len(arrays[entry.argument])
        if parts not in (1, widest) or (entry.argument in ("target", "pred") and parts != widest):
            shown = ", ".join(f"{_named(other)} {len(arrays[other.argument])}" for other in term.inputs)
            return f"the roles have different numbers of outputs: {shown}", _same("outputs", term.inputs)
    return None


def _same(what: str, entries: Sequence[Input]) -> str:
    flags = " and ".join(dict.fromkeys(f"--{entry.argument.replace('_', '-')}" for entry in entries))
    return f"give {flags} columns with as many {what}"


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
    # columns without a value a row have no rows here: check_shapes has refused others
    total: Array = term.spec.loss.function(**arguments_of(term, arrays, 0)) if widest else np.zeros(0)
    for output in range(1, widest):
        total = total + term.spec.loss.function(**arguments_of(term, arrays, output))
    return total if widest <= 1 else total / widest


def _flat(array: Array) -> Array:
    """Each row as a vector, also where there are no rows."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def output_count(term: Term, arrays: Arrays) -> int:
    """How many outputs a row has; the loss of a row is the mean over them."""
    return max((len(arrays[entry.argument]) for entry in term.inputs), default=1)


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


def _truth_of(term: Term, arrays: Arrays) -> int:
    """The fingerprint of the truth of the rows, their weights included."""
    truth = arrays["target"]
    weights = arrays[term.weight.argument] if term.weight else []
    # the elements of lists have no weight each
    return fingerprint([*truth, *(values for values in weights if len(values) == len(truth[0]))])


def observe(term: Term, arrays: Arrays, tally: Tally) -> None:
    """Count what the loss looks for, clipped values, and the classes of the rows."""
    if term.fingerprint and "target" in arrays:
        tally.see_truth(_truth_of(term, arrays))
    loss = term.spec.loss
    arguments = [arguments_of(term, arrays, output) for output in range(output_count(term, arrays))]
    if not arguments:
        return
    for observation in loss.observes:
        counts = [observation.count(**given) for given in arguments]
        tally.observe(observation.name, min(counts) if observation.when == "all" else max(counts))
    classes = class_count(term, arrays)
    tally.widen(classes)
    # once each class has been seen there is nothing to look for
    unseen = not classes or len(tally.seen) < classes
    for entry in term.inputs:
        labels = arrays[entry.argument][0]
        if unseen and entry.domain.coded == "class" and labels.ndim == 1 and labels.size:
            tally.seen.update(np.flatnonzero(np.bincount(labels.astype(np.int64))).tolist())
        if isinstance(entry.coding, Coding) and entry.coding.other is not None:
            tally.observe(POSITIVE_SEEN, int(np.count_nonzero(arrays[entry.argument][0] == 1.0)))
    if loss.clipped is not None:
        masks: list[Mask] = [loss.clipped(**given) for given in arguments]
        tally.clip(int(np.count_nonzero(masks[0] if len(masks) == 1 else np.any(masks, axis=0))))
