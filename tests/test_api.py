"""The package from Python: what compute and compare take, what they return, and the losses as functions."""

import json
import math
import pickle
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from tests.cli import ROOT, run_cli

SAMPLE = ROOT / "sample_data" / "diabetes.parquet"
COLUMNS: dict[str, Any] = {"target": "y_true", "pred": "pred_candidate"}
TRUTHS, PREDS = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
FRAME = pd.DataFrame({"y_true": TRUTHS, "y_pred": PREDS})
MSE = (0.25 + 0.25 + 0 + 1) / 4


def _of_command(*words: str) -> dict[str, Any]:
    outcome = run_cli(["compute", str(SAMPLE), *words, "--json"])
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)["results"][0]
    return found


def test_a_path_in_each_form_gives_what_the_command_gives() -> None:
    expected = _of_command("--loss", "huber", "--delta", "20", "-t", "y_true", "-p", "pred_candidate", "-w", "weight")
    frame = pd.read_parquet(SAMPLE)
    error = np.abs(frame["pred_candidate"].to_numpy() - frame["y_true"].to_numpy())
    losses = np.where(error <= 20, error**2 / 2, 20 * (error - 10))
    assert math.isclose(expected["value"], float(np.average(losses, weights=frame["weight"])), rel_tol=1e-13)
    for data in (str(SAMPLE), SAMPLE, [SAMPLE], (str(SAMPLE),), frame, pa.Table.from_pandas(frame)):
        result = losscli.compute(data, loss="huber", delta=20.0, weight="weight", **COLUMNS)
        assert result.to_dict() == expected
    spelled = losscli.compute(SAMPLE, loss="huber:delta=20", weight="weight", **COLUMNS)
    assert spelled.to_dict() == expected


def test_several_paths_are_one_sequence(tmp_path: Path) -> None:
    FRAME[:1].to_csv(tmp_path / "a.csv", index=False)
    FRAME[1:].to_parquet(tmp_path / "b.parquet")
    result = losscli.compute([tmp_path / "a.csv", str(tmp_path / "b.parquet")], loss="mse")
    assert (result.value, result.rows) == (MSE, 4)
    assert losscli.compute(str(tmp_path / "*.*"), loss="mse").value == MSE


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.set_index(pd.Index(["a", "b", "c", "d"], name="y_obs")),
        FRAME.set_index(pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["actual", "pred"])),
        FRAME.astype("category"),
        FRAME.astype("Float64"),
        FRAME.astype("float32"),
        FRAME.astype("double[pyarrow]"),
        FRAME.astype(object),
        FRAME.iloc[::-1],
        FRAME.assign(note=pd.Series(["x", None, "y", "z"], dtype=object), when=pd.Timestamp("2024-01-02")),
        FRAME.assign(**{"0": 1.0}).rename(columns={"0": 0}),
    ],
    ids=["index", "multi", "category", "Float64", "float32", "arrow", "object", "reversed", "others", "int label"],
)
def test_data_frames(frame: pd.DataFrame) -> None:
    result = losscli.compute(frame, loss="mse")
    assert result.value == MSE
    assert result.columns == {"target": ("y_true",), "pred": ("y_pred",)}


def test_columns_with_numbers_as_labels_go_by_their_text() -> None:
    frame = pd.DataFrame(np.column_stack([TRUTHS, PREDS]))
    assert losscli.compute(frame, loss="mse", target="0", pred="1").value == MSE


def test_integers_of_pandas_with_missing_values() -> None:
    frame = pd.DataFrame({"y_true": pd.Series([1, None, 3], dtype="Int64"), "y_pred": [2, 2, 5]})
    with pytest.raises(losscli.DataError, match=r"y_true.*1 of 3 rows: row 2"):
        losscli.compute(frame, loss="mae")
    result = losscli.compute(frame, loss="mae", missing="skip")
    assert (result.value, result.used, result.skipped) == (1.5, 2, {"missing": 1})


def test_columns_that_are_not_needed_may_hold_anything() -> None:
    frame = FRAME.assign(mixed=pd.Series([1, "two", {"three": 3}, None], dtype=object))
    assert losscli.compute(frame, loss="mse").value == MSE


def test_arrow_tables_and_batches() -> None:
    table = pa.table({"y_true": TRUTHS, "y_pred": PREDS})
    chunked = pa.concat_tables([table[:1], table[1:1], table[1:]])
    for data in (table, chunked, table.to_batches()[0], table[1:][:0].schema.empty_table()):
        if data.num_rows:
            assert losscli.compute(data, loss="mse").value == MSE
        else:
            with pytest.raises(losscli.DataError, match="no rows"):
                losscli.compute(data, loss="mse")


def test_result_has_value_interval_and_frame() -> None:
    result = losscli.compute(SAMPLE, loss="mae", confidence=0.9, **COLUMNS)
    assert result.ci is not None
    assert result.value is not None
    assert result.ci.low < result.value < result.ci.high
    frame = result.to_frame()
    assert frame.shape[0] == 1
    row = frame.to_dict("records")[0]
    assert (row["value"], row["ci_level"]) == (result.value, 0.9)
    assert (row["ci_low"], row["ci_high"]) == (result.ci.low, result.ci.high)
    assert row["columns"] == "target=y_true;pred=pred_candidate"
    assert losscli.compute(SAMPLE, loss="mae", confidence=None, **COLUMNS).ci is None
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["ci"]["method"] == "t"


def test_compare_is_the_command_too() -> None:
    names = ["mae", "mse", "pinball:tau=0.8"]
    report = losscli.compare(SAMPLE, losses=names, **COLUMNS)
    words = [word for name in names for word in ("--loss", name)]
    line = ["compare", str(SAMPLE), *words, "-t", "y_true", "-p", "pred_candidate", "--json"]
    assert report.to_dict() == json.loads(run_cli(line).out)
    assert report.to_frame()["loss"].tolist() == ["mae", "mse", "pinball"]
    assert [losscli.compute(SAMPLE, loss=name, **COLUMNS) for name in names] == list(report.results)


def test_threads_do_not_change_a_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    table = pa.table({"y_true": rng.normal(size=9_000), "y_pred": rng.normal(size=9_000)})
    pq.write_table(table, tmp_path / "groups.parquet", row_group_size=700)
    results = [losscli.compute(tmp_path / "groups.parquet", loss="log_cosh", threads=n).to_dict() for n in (1, 2, 5)]
    assert results[0] == results[1] == results[2]
    assert results[0] == losscli.compute(table, loss="log_cosh").to_dict()
    for count in (0, -1):
        with pytest.raises(losscli.UsageError, match="threads"):
            losscli.compute(table, loss="log_cosh", threads=count)


def test_roles_as_lists_are_names_as_they_are() -> None:
    frame = pd.DataFrame({"y, m": [0.0], "y, s": [0.0], "p*": [1.0], "p,q": [4.0], "pr": [99.0], "w,1": [2.0]})
    both: dict[str, Any] = {"target": ["y, m", "y, s"], "pred": ["p*", "p,q"]}
    assert losscli.compute(frame, loss="mae", weight="w,1", **both).value == 2.5
    assert losscli.compute(frame, loss="mae", target=["y, m"], pred=["p,q"]).value == 4.0
    with pytest.raises(losscli.UsageError, match="no column 'p'"):
        losscli.compute(frame, loss="mae", target="y, m", pred=["p"])


def test_options_reach_the_computation() -> None:
    frame = pd.DataFrame(
        {"y_true": [0.0, 0.0, 0.0], "y_pred": [1.0, 3.0, 7.0], "q": [0.5, 0.25, 0.5], "s": list("aab")}
    )
    assert losscli.compute(frame, loss="mae", where="s=a").value == 2.0
    assert losscli.compute(frame, loss="mae", where=["s=a", "y_pred>1"]).value == 3.0
    assert losscli.compute(frame, loss="mae", reduction="sum").value == 11.0
    assert losscli.compute(frame, loss="mae", transform="log1p").value == pytest.approx(np.log([2, 4, 8]).mean())
    assert losscli.compute(frame, loss="pinball", tau="@q", reduction="sum").value == 0.5 + 2.25 + 3.5


@pytest.mark.parametrize("number", [np.float64(2), np.float32(2), np.int64(2), 2, True], ids=lambda n: type(n).__name__)
def test_parameters_may_be_numbers_of_numpy(number: Any) -> None:
    """The squares 1/8, 1/8, 0 and 1/2 are halves of errors within delta; a boolean is no number."""
    if number is True:
        with pytest.raises(losscli.UsageError, match="delta"):
            losscli.compute(FRAME, loss="huber", delta=number)
        return
    result = losscli.compute(FRAME, loss="huber", delta=number)
    assert (result.value, result.params) == (MSE / 2, {"delta": 2.0})
    json.dumps(result.to_dict())


def test_errors_are_of_two_kinds() -> None:
    bad: list[dict[str, Any]] = [
        {"loss": "msee"},
        {"loss": "mse", "target": "nope"},
        {"loss": "mse", "tau": 0.5},
        {"loss": "pinball", "tau": 1.5},
        {"loss": "mse", "reduction": "none"},
        {"loss": "mse", "confidence": 95},
        {"loss": "mse", "where": "y_true"},
        {"loss": "mse", "missing": "drop"},
    ]
    for arguments in bad:
        with pytest.raises(losscli.UsageError):
            losscli.compute(FRAME, **arguments)
    with pytest.raises(losscli.UsageError, match="dict"):
        losscli.compute({"y_true": [1.0]}, loss="mse")
    with pytest.raises(ValueError, match="absent"):
        losscli.compute("absent.csv", loss="mse")
    assert issubclass(losscli.DataError, losscli.LosscliError)
    assert not issubclass(losscli.UsageError, ValueError)
    error = losscli.DataError("what", "way out")
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on this line
    assert (type(copied), copied.message, copied.hint) == (losscli.DataError, "what", "way out")


def test_losses_are_functions_on_arrays_lists_and_numbers() -> None:
    losses = losscli.losses
    assert losses.mse(np.array(TRUTHS), np.array(PREDS)).tolist() == [0.25, 0.25, 0.0, 1.0]
    assert losses.mae(TRUTHS, PREDS).tolist() == [0.5, 0.5, 0.0, 1.0]
    assert losses.mae(FRAME["y_true"], FRAME["y_pred"]).tolist() == [0.5, 0.5, 0.0, 1.0]
    assert float(losses.mse(3.0, 1)) == 4.0
    assert float(losses.huber(0, 3, delta=2)) == 2 * (3 - 1)
    assert losses.mae([[1.0], [2.0]], [1.0, 3.0]).tolist() == [[0.0, 2.0], [1.0, 1.0]]
    assert losses.poisson_nll([3.0], rate=[1.0]).tolist() == losses.poisson_nll([3.0], log_rate=[0.0]).tolist() == [1.0]
    with pytest.raises(losscli.DataError, match=r"target at \(1,\) is 0.0"):
        losses.mape([1.0, 0.0], [1.0, 1.0])
    with pytest.raises(losscli.UsageError, match="tau"):
        losses.pinball([1.0], [1.0])


def test_the_package_exports_what_it_says() -> None:
    for name in losscli.__all__:
        assert getattr(losscli, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        losscli.nothing_of_the_kind  # noqa: B018 - the access is the test
    assert resources.files("losscli").joinpath("py.typed").is_file()
