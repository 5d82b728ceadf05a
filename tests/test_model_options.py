"""What the options of models, truth and keys come to, and what makes no sense."""

import io
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from losscli.cli.model_options import JoinOptions, ModelOptions, arrangement_of
from losscli.cli.options import InputOptions
from losscli.data.assembly import Arrangement, assembled
from losscli.errors import DataError, LosscliError, UsageError
from tests.tables import csv_file, parquet_file, rows_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    csv_file(tmp_path / "a.csv", "id,y,pred\n1,1,10\n2,2,20")
    csv_file(tmp_path / "b.csv", "id,y,pred\n2,2,21\n1,1,11")
    csv_file(tmp_path / "truth.csv", "id,y\n2,200\n1,100")
    csv_file(tmp_path / "long.csv", "model,id,pred\nA,1,10\nB,2,21\nA,2,20\nB,1,11")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(files: list[str] | None = None, reading: InputOptions | None = None, **options: Any) -> Arrangement:
    of_models = {name: options.pop(name) for name in ("model", "model_column") if name in options}
    baseline = options.pop("baseline", None)
    reading = reading or InputOptions()
    found = arrangement_of(files, reading, JoinOptions(**options), ModelOptions(**of_models), baseline)
    found.check(reading.sources(files) if files else [])
    return found


NONSENSE: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "once": ({"model": ["a=a.csv"]}, [], "--model is given once"),
    "twice the same": ({"model": ["a=a.csv", "a=b.csv"]}, [], "'a' is given twice"),
    "no name": ({"model": ["=a.csv", "b=b.csv"]}, [], "--model takes NAME=FILE, not '=a.csv'"),
    "no equals": ({"model": ["a.csv", "b=b.csv"]}, [], "--model takes NAME=FILE, not 'a.csv'"),
    "no file": ({"model": ["a=", "b=b.csv"]}, [], "--model takes NAME=FILE, not 'a='"),
    "files too": ({"model": ["a=a.csv", "b=b.csv"]}, ["truth.csv"], "but truth.csv is given besides"),
    "both": ({"model": ["a=a.csv", "b=b.csv"], "model_column": "m"}, [], "not from both"),
    "baseline": ({"model": ["old=a.csv", "new=b.csv"], "baseline": "olt"}, [], "'olt' is none of the models"),
    "key alone": ({"key": ["id"]}, ["a.csv"], "none of them is given"),
    "truth alone": ({"truth": "truth.csv"}, ["a.csv"], "--truth needs --key"),
    "truth without key": ({"truth": "truth.csv", "model": ["a=a.csv", "b=b.csv"]}, [], "--truth needs --key"),
    "truth as predictions": ({"truth": "a.csv", "key": ["id"]}, ["a.csv"], "as predictions and as --truth"),
    "join alone": ({"join": "inner", "model": ["a=a.csv", "b=b.csv"]}, [], "--key is not given"),
    "join": ({"join": "outer", "key": ["id"], "truth": "truth.csv"}, ["a.csv"], "strict or inner, not 'outer'"),
    "renamed": ({"key": ["id=i"], "model": ["a=a.csv", "b=b.csv"]}, [], "--key id=i names a column of --truth"),
    "empty key": ({"key": ["id,"], "truth": "truth.csv"}, ["a.csv"], "a name is missing"),
    "stdin twice": ({"key": ["id"], "truth": "-", "model": ["a=-", "b=b.csv"]}, [], "standard input can be read once"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", NONSENSE, ids=list(NONSENSE))
def test_what_makes_no_sense_is_said_before_anything_is_read(case: str) -> None:
    options, files, said = NONSENSE[case]
    with pytest.raises(UsageError) as refused:
        asked(files, **options)
    assert said in refused.value.message


@pytest.mark.usefixtures("folder")
def test_a_pattern_without_files() -> None:
    with pytest.raises(LosscliError, match="no file fits this pattern"):
        asked(model=["a=x*.csv", "b=b.csv"])


@pytest.mark.usefixtures("folder")
def test_nothing_asked() -> None:
    assert asked(["a.csv"]).plain
    # which model is the baseline may be said of columns as well
    assert asked(["a.csv"], baseline="pred").plain


@pytest.mark.usefixtures("folder")
def test_models_with_the_baseline_first() -> None:
    how = asked(model=["A=a.csv", "B=b.csv"], key=["id"], baseline="B")
    table = assembled([], how).openers[0]()
    assert rows_of(table, ["pred", "A:pred"]) == [(21, 20), (11, 10)]
    table.close()


@pytest.mark.usefixtures("folder")
def test_a_pattern_is_one_model(folder: Path) -> None:
    csv_file(folder / "c2.csv", "pred\n30\n40")
    csv_file(folder / "c10.csv", "pred\n50")
    csv_file(folder / "d.csv", "pred\n31\n41\n51")
    table = assembled([], asked(model=["c=c*.csv", "d=d.csv"])).openers[0]()
    assert rows_of(table, ["pred", "d:pred"]) == [(30, 31), (40, 41), (50, 51)]
    assert table.label == "c2.csv and 1 more file (beside d.csv)"
    table.close()


@pytest.mark.usefixtures("folder")
def test_truth_and_models_in_one() -> None:
    how = asked(model=["A=a.csv", "B=b.csv"], key=["id"], truth="truth.csv")
    table = assembled([], how).openers[0]()
    assert rows_of(table, ["truth:y", "pred", "B:truth:y", "B:pred"]) == [(100, 10, 100, 11), (200, 20, 200, 21)]
    table.close()


@pytest.mark.parametrize("name", ["long.csv", "-"])
def test_the_models_of_a_column_also_from_standard_input(folder: Path, name: str) -> None:
    reading = InputOptions(input_format="csv")
    how = asked([name], reading, model_column="model", key=["id"], truth="truth.csv")
    given = io.TextIOWrapper(io.BytesIO((folder / "long.csv").read_bytes()))
    with patch.object(sys, "stdin", given):
        found = assembled(reading.sources([name]), how)
        for _ in range(2):
            table = found.openers[0]()
            assert rows_of(table, ["y", "pred", "B:pred"]) == [(100, 10, 11), (200, 20, 21)]
    assert not found.read_once


def test_a_truth_from_standard_input(folder: Path) -> None:
    reading = InputOptions(input_format="csv")
    how = asked(["a.csv"], reading, key=["id"], truth="-")
    given = io.TextIOWrapper(io.BytesIO((folder / "truth.csv").read_bytes()))
    with patch.object(sys, "stdin", given):
        found = assembled(reading.sources(["a.csv", "b.csv"]), how)
        for columns, rows in ((["truth:y"], [(100,), (200,)]), (["truth:y", "pred"], [(100, 10), (200, 20)])):
            table = found.openers[0]()
            assert rows_of(table, columns) == rows
            table.close()


def test_predictions_from_standard_input_are_read_once(folder: Path) -> None:
    reading = InputOptions(input_format="csv")
    # the format is that of standard input; the truth's name tells its own
    parquet_file(folder / "truth.parquet", {"id": [1, 2], "y": [100.0, 200.0]})
    how = asked(["-"], reading, key=["id"], truth="truth.parquet")
    given = io.TextIOWrapper(io.BytesIO((folder / "a.csv").read_bytes()))
    with patch.object(sys, "stdin", given):
        found = assembled(reading.sources(["-"]), how)
        assert found.read_once
        table = found.openers[0]()
        assert rows_of(table, ["truth:y", "pred"]) == [(100, 10), (200, 20)]
        table.close()


@pytest.mark.usefixtures("folder")
def test_text_options_do_not_concern_a_parquet_truth(folder: Path) -> None:
    csv_file(folder / "p.csv", "id;pred\n1;1,5")
    parquet_file(folder / "truth.parquet", {"id": [1], "y": [100.0]})
    reading = InputOptions(decimal=",")
    how = asked(["p.csv"], reading, key=["id"], truth="truth.parquet")
    table = assembled(reading.sources(["p.csv"]), how).openers[0]()
    assert rows_of(table, ["y", "pred"]) == [(100, 1.5)]
    table.close()


def test_what_an_inner_join_leaves_out_is_of_the_last_reading(folder: Path) -> None:
    csv_file(folder / "some.csv", "id,y\n1,100")
    how = asked(["a.csv", "b.csv"], key=["id"], truth="some.csv", join="inner")
    found = assembled(InputOptions().sources(["a.csv", "b.csv"]), how)
    for _ in range(2):
        for opener in found.openers:
            table = opener()
            rows_of(table, ["truth:y"])
            table.close()
    assert found.left_out.unmatched == 2
    assert found.left_out.warnings() == [
        "--join inner left out 1 rows of a.csv without a partner in some.csv",
        "--join inner left out 1 rows of b.csv without a partner in some.csv",
    ]
    long = asked(["long.csv"], model_column="model", key=["id"], truth="some.csv", join="inner")
    pivot = assembled(InputOptions().sources(["long.csv"]), long)
    table = pivot.openers[0]()
    assert rows_of(table, ["y", "pred", "B:pred"]) == [(100, 10, 11)]
    assert pivot.left_out.rows == {"rows of long.csv without a partner in some.csv": 2}


@pytest.mark.usefixtures("folder")
def test_a_missing_key_column_leaves_no_file_open() -> None:
    for how in (
        asked(["a.csv"], key=["nr"], truth="truth.csv"),
        asked(["a.csv"], key=["id=nr"], truth="truth.csv"),
    ):
        with pytest.raises(UsageError, match="has no column 'nr'"):
            assembled(InputOptions().sources(["a.csv"]), how).openers[0]()
    both = asked(model=["A=a.csv", "B=truth.csv"], key=["pred"])
    with pytest.raises(UsageError, match="has no column 'pred'"):
        assembled([], both).openers[0]()
    gone = asked(["a.csv"], key=["id"], truth="gone.csv")
    with pytest.raises(DataError, match=r"gone\.csv: no such file"):
        assembled(InputOptions().sources(["a.csv"]), gone).openers[0]()
