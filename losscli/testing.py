"""Assertions for test suites: a model's loss is within a limit, a model is not worse than another.

    from losscli.testing import assert_no_regression

    def test_the_new_model() -> None:
        assert_no_regression("new.parquet", "old.parquet", loss="mae", target="y", pred="yhat")

They are the gate of `losscli check`: what cannot be computed never passes.
"""

from typing import TYPE_CHECKING, Any

from losscli.results import Report
from losscli.verdicts import Verdict

if TYPE_CHECKING:
    from losscli.api_inputs import Data

_WIDTH = 200


class InconclusiveError(AssertionError):
    """Nothing failed, but what was asked for could not be computed: too few rows, a baseline of other data."""


def assert_no_regression(
    candidate: "Data",
    baseline: "Data",
    *,
    loss: str,
    allow: str | float = "2%",
    floor: float | None = None,
    on: str | None = None,
    key: "str | list[str] | None" = None,
    **options: Any,
) -> Report:
    """Assert that a model's loss is not worse than that of another on the same rows, beyond what is allowed.

    Args:
        candidate: its predictions: a path, a pandas DataFrame or an Arrow table.
        baseline: the predictions of the model to beat, or the path of a saved result.
        loss: its name, also with parameters: `pinball:tau=0.8`.
        allow: how much worse is allowed: a percent of the baseline's loss, or a number in the units of the loss.
        floor: beside a percent, so much worse is always allowed.
        on: `lower` fails only where the whole interval of the difference is worse than allowed, `upper` asks for the
            proof that it is not, `value` compares the numbers. None is `lower`, and `value` for a saved result, which
            has no rows to pair.
        key: the columns that pair the rows; without them rows are paired in order, and their targets must agree.
        **options: the columns of roles (`target="y"`, `pred="yhat"`) and all else that `losscli.check` takes.

    Returns:
        The report of the gate.

    Raises:
        AssertionError: the model is worse than allowed.
        InconclusiveError: it cannot be said; this too is an AssertionError.
        UsageError: a loss, limit, parameter or column that is not there or not clear.
        DataError: a file or a value that cannot be evaluated; rows that do not pair.
    """
    __tracebackhide__ = True
    from losscli.api_gate import check

    return _passed(
        check(candidate, loss=loss, baseline=baseline, max_regression=allow, floor=floor, on=on, key=key, **options)
    )


def assert_loss(
    data: "Data",
    *,
    loss: str,
    max: float | None = None,
    min: float | None = None,
    on: str = "value",
    **options: Any,
) -> Report:
    """Assert that a loss is within its limits.

    Args:
        data: the predictions: a path, several paths, a pandas DataFrame or an Arrow table.
        loss: its name, also with parameters: `pinball:tau=0.8`.
        max, min: the largest and the smallest value that is allowed; one of them or both.
        on: what is held against the limits: the `value`, or the `upper` or `lower` bound of its interval.
        **options: the columns of roles (`target="y"`, `pred="yhat"`) and all else that `losscli.check` takes.

    Returns:
        The report of the gate.

    Raises:
        AssertionError: the loss is beyond a limit.
        InconclusiveError: it cannot be said; this too is an AssertionError.
        UsageError: a loss, limit, parameter or column that is not there or not clear.
        DataError: a file or a value that cannot be evaluated.
    """
    __tracebackhide__ = True
    from losscli.api_gate import check

    return _passed(check(data, loss=loss, max=max, min=min, on=on, **options))


def _passed(report: Report) -> Report:
    __tracebackhide__ = True
    if report.verdict is Verdict.PASS:
        return report
    from losscli.reports.safe import printable
    from losscli.reports.table import table_text

    warnings = "".join(f"warning: {printable(warning)}\n" for warning in report.warnings)
    message = f"\n{table_text(report, _WIDTH, colour=False)}{warnings}".rstrip()
    raise (AssertionError if report.verdict is Verdict.FAIL else InconclusiveError)(message)
