"""The same jobs from Python: files, pandas data frames or Arrow tables in, results out."""

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from losscli.api_inputs import Data, Pairing, inputs_of
from losscli.api_request import Rows, request_of, text_of, texts_of
from losscli.arrays import Array
from losscli.chance import Chance
from losscli.data.columns import ColumnNames
from losscli.data.identity import identities
from losscli.engine_choice import engine_for
from losscli.errors import UsageError
from losscli.evaluation import scan
from losscli.execution import thread_count
from losscli.models import ModelChoice
from losscli.penalties import Strengths, penalties_of
from losscli.plan import Policy
from losscli.request import Request
from losscli.results import Input, Penalty, Reduction, Report, Result
from losscli.summary import check_paired, report_of, with_left_out

if TYPE_CHECKING:
    import pandas as pd

ALONE = Pairing()


def compute(
    data: Data,
    *,
    loss: str,
    weight: str | None = None,
    where: str | Sequence[str] = (),
    missing: Policy = "error",
    invalid: Policy = "error",
    transform: str | None = None,
    group: str | Sequence[str] | None = None,
    batch_size: int | None = None,
    classes: str | Sequence[str] | None = None,
    positive_class: str | None = None,
    probs_percent: bool = False,
    cluster: str | Sequence[str] | None = None,
    block: int | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    l1: float | None = None,
    l2: float | None = None,
    params: "str | PathLike[str] | Array | None" = None,
    reduction: str = "mean",
    confidence: float | None = 0.95,
    threads: int | None = None,
    engine: str | None = None,
    input_format: str | None = None,
    **named: Any,
) -> Result:
    """Compute one loss.

    Args:
        data: a path, several paths, a pandas DataFrame or an Arrow table.
        loss: its name, also with parameters: `pinball:tau=0.8`.
        weight: the column of weights.
        where: filters such as `split=test`; all must hold.
        missing, invalid: `error` or `skip`, for rows that lack a value or have one outside its domain.
        transform: `log1p` or `log`, applied to target and prediction first.
        group: the column whose rows with one value form a set or a batch.
        batch_size: how many rows after one another are a batch.
        classes: the names of the classes in the order of the prediction columns.
        positive_class: the label that is class 1; all others are 0.
        probs_percent: whether probabilities are 0 to 100.
        cluster: the column whose rows with one value depend on one another; block: so many consecutive rows do.
        bootstrap: how many resamples intervals rest on; seed: which.
        l1, l2, params: factors of the penalties on the model's parameters, which are a path or an array;
            `result.penalties` and `result.risk` have what they add.
        reduction: `mean`, `mean-count` or `sum`; `batchmean` or `elementmean` for kl_div. For the loss of each row
            call the function in `losscli.losses`.
        confidence: the level of the interval; None for no interval.
        threads: how many to use; all processors by default.
        engine: `local`, `dask`, `ray`, `dask://HOST:PORT` or `ray://HOST:PORT`: where to work; the result is the same.
        input_format: where the name of a file does not tell.
        **named: the columns of roles (`target="y"`, `pred=["a", "b"]`) and the parameters of the loss.

    Raises:
        UsageError: a loss, parameter or column that is not there or not clear.
        DataError: a file or a value that cannot be evaluated.
    """
    rows = Rows(weight, where, missing, invalid, transform, group, batch_size, classes, positive_class, probs_percent)
    chance = Chance(cluster=text_of(cluster), block=block, bootstrap=bootstrap, seed=seed)
    request = request_of([loss], named, rows, chance)
    how, penalties = _reduction(reduction), _penalties(l1, l2, params)
    results = _run(
        "compute", data, request, confidence, threads, engine, input_format, penalties, reduction=how
    ).results
    if len(results) > 1:
        raise UsageError(f"{loss} has {len(results)} results here, one for each class; losscli.compare returns all")
    return results[0]


def compare(
    data: "Data | None" = None,
    *,
    losses: str | Sequence[str],
    weight: str | None = None,
    where: str | Sequence[str] = (),
    missing: Policy = "error",
    invalid: Policy = "error",
    transform: str | None = None,
    group: str | Sequence[str] | None = None,
    batch_size: int | None = None,
    classes: str | Sequence[str] | None = None,
    positive_class: str | None = None,
    probs_percent: bool = False,
    models: "Mapping[str, Data | Mapping[str, ColumnNames]] | None" = None,
    baseline: str | None = None,
    truth: "str | PathLike[str] | None" = None,
    key: str | Sequence[str] | None = None,
    join: str = "strict",
    by: str | Sequence[str] = (),
    min_rows: int | None = None,
    top: int | None = None,
    max_slices: int | None = None,
    cluster: str | Sequence[str] | None = None,
    block: int | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    l1: float | None = None,
    l2: float | None = None,
    params: "str | PathLike[str] | Array | None" = None,
    confidence: float | None = 0.95,
    threads: int | None = None,
    engine: str | None = None,
    input_format: str | None = None,
    **named: Any,
) -> Report:
    """Compute several losses over the same data in one scan, of one model or of several side by side.

    Args:
        losses: their names; a single one may stand for itself.
        data: what `compute` takes; None where each model has its own.
        models: for each name the column of its prediction, or its columns by role; without data, the data of each.
        baseline: the model that the others are held against; the first where it is None.
        truth: the file with the truth; key: the columns that pair its rows, or those of models, as `--key` takes them;
            join: `strict`, or `inner` to leave out and count rows without a partner.
        by: columns whose values cut the rows into slices, also by ranges: `age:0,18,65`; several are crossed.
        min_rows: slices of fewer rows are put together; top: only so many of the worst are returned; max_slices: more
            of them are refused.

    The other arguments are those of `compute`.

    Raises:
        UsageError: a loss, parameter or column that is not there or not clear.
        DataError: a file or a value that cannot be evaluated.
    """
    rows = Rows(weight, where, missing, invalid, transform, group, batch_size, classes, positive_class, probs_percent)
    chance = Chance(texts_of(by), min_rows, top, max_slices, text_of(cluster), block, bootstrap, seed, baseline)
    pairing, asked = _of_models(Pairing.of(data, models or {}, truth, key, join, baseline), losses, named, rows, chance)
    return _run("compare", data, asked, confidence, threads, engine, input_format, _penalties(l1, l2, params), pairing)


def _of_models(
    found: tuple[Pairing, list[ModelChoice]],
    losses: str | Sequence[str],
    named: Mapping[str, Any],
    rows: Rows,
    chance: Chance,
) -> tuple[Pairing, Request]:
    """How models are paired, and the request with the columns of each."""
    pairing, choices = found
    return pairing, request_of(texts_of(losses), named, rows, chance, choices)


def _reduction(name: str) -> Reduction:
    how = Reduction.of(name)
    if how is Reduction.NONE:
        raise UsageError("reduction none is the function in losscli.losses", hint="mean, mean-count or sum")
    return how


def worst(
    data: Data,
    *,
    loss: str,
    n: int = 20,
    columns: str | Sequence[str] | None = None,
    weight: str | None = None,
    where: str | Sequence[str] = (),
    missing: Policy = "error",
    invalid: Policy = "error",
    transform: str | None = None,
    group: str | Sequence[str] | None = None,
    batch_size: int | None = None,
    classes: str | Sequence[str] | None = None,
    positive_class: str | None = None,
    probs_percent: bool = False,
    threads: int | None = None,
    input_format: str | None = None,
    **named: Any,
) -> "pd.DataFrame":
    """The rows with the largest loss (sets, batches), the worst first; of equal ones the earlier first.

    Args:
        n: how many.
        columns: those to show beside the columns that the loss reads; None for all, an empty list for no other.
            The other arguments are those of `compute`.

    Returns:
        A frame with `rank`, `row` (from 1), `loss` and the columns of the file; for sets `group`, `loss`, `rows`.

    Raises:
        UsageError: a loss, parameter or column that is not there or not clear.
        DataError: a file or a value that cannot be evaluated.
    """
    from losscli.worst_frame import frame_of_worst
    from losscli.worst_rows import Asked
    from losscli.worst_units import worst_of

    request = request_of(
        [loss],
        named,
        Rows(weight, where, missing, invalid, transform, group, batch_size, classes, positive_class, probs_percent),
    )
    read = inputs_of(data, input_format, ALONE, request.where)
    count = thread_count(None if threads is None else str(threads))
    return frame_of_worst(worst_of(read.openers, request, Asked(n, columns), count, once=read.read_once))


def _penalties(l1: float | None, l2: float | None, params: "str | PathLike[str] | Array | None") -> tuple[Penalty, ...]:
    return penalties_of(Strengths.of(l1, l2), fspath(params) if isinstance(params, PathLike) else params)


def _run(
    command: str,
    data: "Data | None",
    request: Request,
    confidence: float | None,
    threads: int | None,
    engine: str | None,
    input_format: str | None,
    penalties: tuple[Penalty, ...] = (),
    pairing: Pairing = ALONE,
    reduction: Reduction = Reduction.MEAN,
) -> Report:
    if confidence is not None and not 0.0 < confidence < 1.0:
        raise UsageError(f"confidence must be between 0 and 1, not {confidence}")
    count = thread_count(None if threads is None else str(threads))
    read = inputs_of(data, input_format, pairing, request.where)
    # hashed for a report only: a single result does not show its files
    inputs = [Input(*entry) for entry in identities(read.sources)] if command == "compare" else []
    with engine_for(engine, count, read, [request]) as started:
        sums = scan(read.openers, request, started, once=read.read_once)
    check_paired(sums, read.left_out)
    return with_left_out(report_of(command, sums, request, reduction, confidence, inputs, penalties), read.left_out)
