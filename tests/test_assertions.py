"""losscli.check and the assertions of losscli.testing: what passes, what fails, and that nothing else passes.

The predictions are made so that every value is known by hand: the truth is 0, 1, 2, ... and a model is too high by the
same amount everywhere, so that its mae is that amount, or by amounts that are listed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import t as student

import losscli
from losscli.testing import InconclusiveError, assert_loss, assert_no_regression
from losscli.verdicts import Verdict
from tests.cli import run_cli

ROLES: dict[str, Any] = {"target": "y", "pred": "p"}


def model(error: float, rows: int = 40, **columns: Any) -> pd.DataFrame:
    """Predictions that are too high by so much."""
    truth = np.arange(float(rows))
    return pd.DataFrame({"id": range(rows), "y": truth, "p": truth + error, **columns})


def noisy(error: float, spread: float) -> pd.DataFrame:
    """Predictions whose errors are, by turns, so much more and so much less; the mae is error."""
    frame = model(error)
    frame["p"] += np.where(frame["id"] % 2 == 0, spread, -spread)
    return frame


def _forms(frame: pd.DataFrame, folder: Path, name: str) -> list[Any]:
    """The same data in each form that is taken."""
    frame.to_csv(folder / f"{name}.csv", index=False)
    frame.to_parquet(folder / f"{name}.parquet")
    table = pa.Table.from_pandas(frame)
    return [frame, table, str(folder / f"{name}.csv"), folder / f"{name}.parquet"]


def test_pass_and_fail_in_every_form(tmp_path: Path) -> None:
    old, same, worse = (_forms(model(e), tmp_path, n) for e, n in ((1.0, "old"), (1.01, "same"), (1.05, "worse")))
    for baseline, candidate in [*zip(old, same, strict=True), (old[0], same[2]), (old[3], same[1])]:
        report = assert_no_regression(candidate, baseline, loss="mae", **ROLES)
        check = report.checks[0]
        assert report.verdict is check.verdict is Verdict.PASS
        assert (check.baseline, check.limit, check.count) == (1.0, 0.02, 40)
        assert check.difference == pytest.approx(0.01, abs=1e-12)
    for baseline, candidate in [*zip(old, worse, strict=True), (old[0], worse[2]), (old[3], worse[1])]:
        with pytest.raises(AssertionError) as caught:
            assert_no_regression(candidate, baseline, loss="mae", **ROLES)
        assert not isinstance(caught.value, InconclusiveError)


def test_the_message_shows_what_the_table_of_check_shows(tmp_path: Path) -> None:
    model(1.0).to_csv(tmp_path / "old.csv", index=False)
    noisy(1.5, 0.25).to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(AssertionError) as caught:
        assert_no_regression(tmp_path / "new.csv", tmp_path / "old.csv", loss="mae", **ROLES)
    message = str(caught.value)
    # errors 1.75 and 1.25 in turns: value 1.5, the differences 0.75 and 0.25 have a mean of 0.5 and the standard error
    # 0.25 sqrt(40 / 39) / sqrt(40); allowed is 2 percent of 1
    tested = f"{0.5 - student.ppf(0.975, 39) * 0.25 / 39**0.5:.6g}"
    for word in ("FAIL", "mae max_regression 2% on lower", "1.5", "95% interval", "+0.5", "0.02", "40", tested):
        assert word in message, word
    assert f"worse by {tested} where 0.02 is allowed" in message
    line = f"check new.csv --loss mae -t y -p p --max-regression 2% --baseline {tmp_path / 'old.csv'} -o table"
    shown = run_cli(line.split(), cwd=tmp_path)
    assert shown.code == 1
    for cell in next(row for row in shown.out.splitlines() if " to " in row).split():
        assert cell in message


def test_more_is_allowed_by_a_number_or_a_floor() -> None:
    old, new = model(1.0), model(1.25)
    for allowed in ({"allow": 0.25}, {"allow": "25%"}, {"allow": np.float32(0.25)}, {"floor": 0.25}):
        assert assert_no_regression(new, old, loss="mae", **allowed, **ROLES).checks[0].limit == 0.25
    for allowed in ({"allow": 0.24}, {"allow": "24%"}, {"floor": 0.24}):
        with pytest.raises(AssertionError, match=r"worse by 0\.25"):
            assert_no_regression(new, old, loss="mae", **allowed, **ROLES)


def test_on_says_which_bound_decides() -> None:
    """The difference is 0 and its interval reaches to 0.5 t(0.975, 39) / sqrt(39) = 0.161945 on both sides."""
    old, new = model(1.0), noisy(1.0, 0.5)
    for on in (None, "lower", "value"):
        assert_no_regression(new, old, loss="mae", allow=0.1, on=on, **ROLES)
    with pytest.raises(AssertionError, match=r"worse by 0\.161945 where 0\.1 is allowed"):
        assert_no_regression(new, old, loss="mae", allow=0.1, on="upper", **ROLES)
    assert_no_regression(new, old, loss="mae", allow=0.17, on="upper", **ROLES)


def test_a_higher_value_may_be_better() -> None:
    """Of IoU a candidate with more is no regression: masks of 4 cells, of which the better model has all right."""
    frame = pd.DataFrame({"image": np.repeat(np.arange(30), 4), "y": [1.0, 1.0, 0.0, 0.0] * 30})
    good, poor = frame.assign(p=frame["y"]), frame.assign(p=[1.0, 0.0, 0.0, 0.0] * 30)
    options: dict[str, Any] = {"loss": "mae", "target": "y", "pred": "p"}
    assert_no_regression(good, poor, **options)
    with pytest.raises(AssertionError):
        assert_no_regression(poor, good, allow=0.1, **options)


def test_too_few_rows_are_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match="20 needed"):
        assert_no_regression(model(1.0, 10), model(1.0, 10), loss="mae", **ROLES)
    with pytest.raises(InconclusiveError, match="40 rows, 50 needed"):
        assert_loss(model(1.0), loss="mae", max=2.0, min_rows=50, **ROLES)
    with pytest.raises(InconclusiveError, match="INCONCLUSIVE mae max 2 on upper: no interval"):
        assert_loss(model(1.0, 10), loss="mae", max=2.0, on="upper", **ROLES)
    assert issubclass(InconclusiveError, AssertionError)


def test_a_baseline_of_zero_under_a_percent_is_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match="the baseline is 0"):
        assert_no_regression(model(0.0), model(0.0), loss="mae", **ROLES)
    assert_no_regression(model(0.0), model(0.0), loss="mae", floor=0.0, **ROLES)


def test_other_truths_and_missing_values_never_pass() -> None:
    old = model(1.0)
    other = model(1.0)
    other.loc[7, "y"] = 9.0
    with pytest.raises(losscli.DataError, match=r"row 8: the models have different truths"):
        assert_no_regression(other, old, loss="mae", **ROLES)
    with pytest.raises(losscli.DataError, match="has 40, the data frame has 39"):
        assert_no_regression(model(1.0, 39), old, loss="mae", **ROLES)
    gap = model(1.0)
    gap.loc[3, "p"] = np.nan
    for both in ((gap, old), (old, gap)):
        with pytest.raises(losscli.DataError, match="has no value in 1 of 40 rows: row 4"):
            assert_no_regression(*both, loss="mae", **ROLES)
    with pytest.raises(losscli.DataError, match="has no value in 1 of 40 rows: row 4"):
        assert_loss(gap, loss="mae", max=5.0, **ROLES)
    assert assert_loss(gap, loss="mae", max=5.0, missing="skip", **ROLES).results[0].used == 39


def test_rows_are_paired_by_their_keys() -> None:
    old = noisy(1.0, 0.5)
    new = noisy(1.0, 0.5).sample(frac=1.0, random_state=3)
    report = assert_no_regression(new, old, loss="mae", key="id", on="upper", allow=0.0, **ROLES)
    assert report.checks[0].difference == 0.0
    with pytest.raises(losscli.DataError):
        assert_no_regression(new, old, loss="mae", **ROLES)
    report = assert_no_regression(new[:30], old, loss="mae", key=["id"], join="inner", **ROLES)
    assert report.checks[0].count == 30
    assert any("left out 10 rows" in warning for warning in report.warnings)


def test_rows_of_frames_that_an_inner_join_leaves_out_are_counted() -> None:
    models: dict[str, Any] = {"old": model(1.0), "new": model(1.0, 30)}
    report = losscli.compare(models=models, losses=["mae"], key="id", join="inner", **ROLES)
    assert (report.results[0].rows, report.results[0].used) == (40, 30)
    assert report.results[0].skipped == {"unmatched": 10}
    assert any("left out 10 rows" in warning for warning in report.warnings)


def _saved(tmp_path: Path, error: float, rows: int = 40) -> Path:
    model(error, rows).to_csv(tmp_path / "old.csv", index=False)
    line = "check old.csv --loss mae -t y -p p --max 9 --save-baseline old.json"
    assert run_cli(line.split(), cwd=tmp_path).code == 0
    return tmp_path / "old.json"


def test_a_saved_result_is_a_baseline(tmp_path: Path) -> None:
    saved = _saved(tmp_path, 1.0)
    for data in _forms(model(1.01), tmp_path, "same"):
        check = assert_no_regression(data, saved, loss="mae", **ROLES).checks[0]
        assert (check.on, check.baseline, check.limit) == ("value", 1.0, 0.02)
    for data in _forms(model(1.05), tmp_path, "worse"):
        with pytest.raises(AssertionError, match=r"worse by 0\.05 where 0\.02 is allowed") as caught:
            assert_no_regression(data, str(saved), loss="mae", **ROLES)
        assert not isinstance(caught.value, InconclusiveError)
    with pytest.raises(InconclusiveError, match="there is no paired difference to a saved result"):
        assert_no_regression(model(1.0), saved, loss="mae", on="lower", **ROLES)


def test_a_saved_result_of_something_else_is_inconclusive(tmp_path: Path) -> None:
    saved = _saved(tmp_path, 1.0)
    with pytest.raises(InconclusiveError, match="is of other data: 40 rows where there are 39"):
        assert_no_regression(model(1.0, 39), saved, loss="mae", **ROLES)
    with pytest.raises(InconclusiveError, match="has no result of mse"):
        assert_no_regression(model(1.0), saved, loss="mse", **ROLES)
    with pytest.raises(InconclusiveError, match="is another sum"):
        assert_no_regression(model(1.0), saved, loss="mae", where="id>=0", **ROLES)


def test_a_report_of_check_is_a_baseline(tmp_path: Path) -> None:
    report = losscli.check(model(1.0), loss="mae", max=2.0, **ROLES)
    (tmp_path / "old.json").write_text(json.dumps(report.to_dict()))
    assert_no_regression(model(1.0), tmp_path / "old.json", loss="mae", **ROLES)


def test_limits() -> None:
    frame = noisy(1.0, 0.5)
    report = assert_loss(frame, loss="mae", max=1.0, min=1.0, **ROLES)
    assert [check.kind for check in report.checks] == ["max", "min"]
    with pytest.raises(AssertionError, match=r"1 is above 0\.9"):
        assert_loss(frame, loss="mae", max=0.9, **ROLES)
    with pytest.raises(AssertionError, match=r"1 is below 1\.1"):
        assert_loss(frame, loss="mae", min=1.1, **ROLES)
    # the interval of the mean ends at 1.1619, see above
    with pytest.raises(AssertionError, match=r"1\.16194 is above 1\.1"):
        assert_loss(frame, loss="mae", max=1.1, on="upper", **ROLES)
    # of 1 + 0.5 and 1 - 0.5: (0.5 * (1.5 - 0.25) + 0.5 ** 2 / 2) / 2 with delta 0.5
    assert assert_loss(frame, loss="huber", delta=0.5, max=0.38, **ROLES).results[0].value == 0.375


def test_each_slice_must_hold() -> None:
    frame = pd.concat([model(1.0, part="a"), model(3.0, part="b")], ignore_index=True)
    assert_loss(frame, loss="mae", max=2.0, **ROLES)
    with pytest.raises(AssertionError, match=r"part=b\): 3 is above 2\.5"):
        assert_loss(frame, loss="mae", max=2.5, by="part", **ROLES)


def test_models_in_one_table() -> None:
    frame = model(1.0, q=np.arange(40.0) + 2.0)
    asked: dict[str, Any] = {"loss": "mae", "max_regression": "2%", "target": "y"}
    models = {"old": "p", "new": "q"}
    assert losscli.check(frame, models=models, **asked).verdict is Verdict.FAIL
    assert losscli.check(frame, models=models, baseline="new", **asked).verdict is Verdict.PASS
    own = {"old": model(1.0), "new": model(2.0)}
    assert losscli.check(models=own, pred="p", **asked).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_loss(model(1.0), loss="mae", **ROLES), "no limit"),
        (lambda: assert_loss(model(1.0), loss="mea", max=1.0, **ROLES), "mea"),
        (lambda: assert_loss(model(1.0), loss="mae", max=float("nan"), **ROLES), "max takes a finite number"),
        (lambda: assert_loss(model(1.0), loss="mae", max="1", **ROLES), "max takes a finite number"),  # type: ignore[arg-type]
        (lambda: assert_loss(model(1.0), loss="mae", max=2.0, on="both", **ROLES), "on takes value or upper or lower"),
        (lambda: assert_loss(model(1.0), loss="mae", max=2.0, delta=1.0, **ROLES), "delta"),
        (lambda: assert_loss(model(1.0), loss="mae", max=2.0, target="y", pred="none"), "none"),
        (lambda: assert_loss(model(1.0), loss="mae", max=2.0, logits="p", **ROLES), "logits"),
        (lambda: assert_loss(model(1.0), loss="mae", max=2.0, confidence=95.0, **ROLES), "confidence"),
        (lambda: assert_loss(model(1.0), loss="mae", max_regression="2%", **ROLES), "needs a baseline"),
        (lambda: assert_no_regression(model(1.0), model(1.0), loss="mae", allow="-2%", **ROLES), "max_regression"),
        (lambda: assert_no_regression(model(1.0), model(1.0), loss="mae", allow="2", **ROLES), "max_regression"),
        (lambda: losscli.check(loss="mae", max=1.0), "there is no data"),
        (lambda: losscli.check(loss="mae", max_regression=1.0, baseline=model(1.0)), "there is no data"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(losscli.UsageError, match=message):
        call()


def test_a_baseline_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(losscli.DataError, match="no such file"):
        assert_no_regression(model(1.0), tmp_path / "none.json", loss="mae", **ROLES)


def test_names_in_data_cannot_reach_the_terminal() -> None:
    frame = pd.concat([model(1.0, part="a\x1b[31m"), model(3.0, part="b\nPASS")], ignore_index=True)
    with pytest.raises(AssertionError) as caught:
        assert_loss(frame, loss="mae", max=0.5, by="part", **ROLES)
    assert "\x1b" not in str(caught.value)
    assert "\nPASS" not in str(caught.value)
