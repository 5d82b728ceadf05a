"""Saved results: read back whole or refused, and held only against a result of the same data and the same sum."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.errors import DataError
from losscli.gates.baseline import SavedBaseline, is_saved_report, match, read_baseline
from losscli.gates.judgement import Case, judge
from losscli.results import Input, Report, Result
from losscli.verdicts import Verdict
from tests.cli import ROOT, run_cli
from tests.gate_results import result, rule, signature

INPUTS = (Input("preds.csv", 10, "sha256:aa"), Input("truth.csv", 20, "sha256:bb"))


def text_of(*results: Result) -> str:
    return json.dumps(Report("compute", results, (), INPUTS).to_dict(), allow_nan=False)


def saved(folder: Path, *results: Result) -> SavedBaseline:
    file = folder / "base.json"
    file.write_text(text_of(*results))
    return read_baseline(str(file))


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    before = result(0.4, params={"delta": 1.0}, skipped={"missing": 3}, model="old", slice={"k": "a", "m": None})
    report = saved(tmp_path, before)
    (entry,) = report.results
    for name in entry.__slots__:
        assert getattr(entry, name) == getattr(before, name), name
    assert report.inputs == INPUTS
    assert (report.path, report.version) == (str(tmp_path / "base.json"), "0.1.0")


def test_what_the_command_writes_is_a_saved_result(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    data = str(ROOT / "sample_data" / "diabetes_preds.csv")
    assert run_cli(["compute", "--loss", "mae", data, "-o", f"json:{file}"]).code == 0
    assert is_saved_report(str(file))
    report = read_baseline(str(file))
    # the mean absolute error of that file by NumPy is 44.4556...
    assert [entry.loss for entry in report.results] == ["mae"]
    assert report.results[0].value == pytest.approx(44.45568796606335, rel=1e-12)
    assert report.inputs[0].path == data


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"schema": "losscli.result/1"', True),
        (b'\n {\n "schema" : "losscli.result/2"', True),
        (b'\xef\xbb\xbf{"schema":"losscli.result/1"', True),
        (b'[{"schema": "losscli.result/1"}]', False),
        (b'{"y_true": 1, "y_pred": 2}\n', False),
        (b"y_true,y_pred\n1,2\n", False),
        (b"", False),
    ],
)
def test_which_files_are_saved_results(content: bytes, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_bytes(content)
    assert is_saved_report(str(tmp_path / "f.json")) is expected
    assert not is_saved_report(str(tmp_path / "none.json"))
    assert not is_saved_report(str(tmp_path))


# --- files that are not what they should be


def change(values: Any, path: list[Any], new: Any) -> str:
    """The saved values as text, with one of them replaced, or taken out where new is ...."""
    place = values
    for step in path[:-1]:
        place = place[step]
    if new is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return json.dumps(values)


FIRST = ["results", 0]
BROKEN = [
    (["schema"], ..., "schema: is 'None' where a result has 'losscli.result/1'"),
    (["schema"], "losscli.result/2", "schema: is 'losscli.result/2' where a result has 'losscli.result/1'"),
    (["schema"], 1, "schema: is '1' where a result has 'losscli.result/1'"),
    (["version"], ..., "lacks version"),
    (["results"], ..., "lacks results"),
    (["results"], {}, "results: must be a list"),
    (["results"], [1], "results[0]: must be an object"),
    (["inputs"], ..., "lacks inputs"),
    (["inputs", 1], [], "inputs[1]: must be an object"),
    (["inputs", 1, "hash"], 3, "inputs[1].hash: must be a text"),
    (["inputs", 1, "bytes"], -1, "inputs[1].bytes: must be a whole number from 0"),
    ([*FIRST, "loss"], None, "results[0].loss: must be a text"),
    ([*FIRST, "params"], [], "results[0].params: must be an object"),
    ([*FIRST, "value"], "0.4", "results[0].value: must be a finite number"),
    ([*FIRST, "value"], True, "results[0].value: must be a finite number"),
    ([*FIRST, "value"], ..., "results[0]: lacks value"),
    ([*FIRST, "used"], 1.5, "results[0].used: must be a whole number from 0"),
    ([*FIRST, "used"], True, "results[0].used: must be a whole number from 0"),
    ([*FIRST, "count"], None, "results[0].count: must be a whole number from 0"),
    ([*FIRST, "weight_sum"], "1", "results[0].weight_sum: must be a finite number"),
    ([*FIRST, "slice"], "DE", "results[0].slice: must be an object"),
    ([*FIRST, "signature"], ..., "results[0]: lacks signature"),
    ([*FIRST, "skipped"], None, "results[0].skipped: must be an object"),
]


@pytest.mark.parametrize(("path", "new", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_file_that_was_changed_is_refused(path: list[Any], new: Any, message: str, tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(change(json.loads(text_of(result(0.4))), path, new))
    with pytest.raises(DataError) as caught:
        read_baseline(str(file))
    assert message in caught.value.message
    assert str(file) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{}", b'"a"', b"\xff\xfe", b"[" * 100_000, b"{" * 10, b"\x00"])
def test_a_file_that_is_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_bytes(content)
    with pytest.raises(DataError, match=r"base\.json is no saved result"):
        read_baseline(str(tmp_path / "base.json"))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_numbers_that_json_or_a_float_cannot_have_are_refused(word: str, tmp_path: Path) -> None:
    text = text_of(result(0.4)).replace('"value": 0.4', f'"value": {word}')
    (tmp_path / "base.json").write_text(text)
    with pytest.raises(DataError, match=r"base\.json is no saved result"):
        read_baseline(str(tmp_path / "base.json"))


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_baseline(str(path))


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_a_file_that_was_cut_off_is_refused(end: int) -> None:
    import tempfile

    text = text_of(result(0.4), result(0.5))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "base.json"
        file.write_text(text[: end % len(text)])
        with pytest.raises(DataError):
            read_baseline(str(file))


# --- the same data, the same sum

NOW = result(0.45, signature=signature("new_pred"), columns={"target": ["y_true"], "pred": ["new_pred"]})


def test_other_predictions_are_what_is_compared(tmp_path: Path) -> None:
    found = match(NOW, saved(tmp_path, result(0.4)))
    assert not isinstance(found, str)
    assert found.value == 0.4
    (check,) = judge(rule(max_regression="2%"), [Case.saved(NOW, found)])
    assert (check.verdict, check.baseline, check.on) == (Verdict.FAIL, 0.4, "value")


DIFFERENT = [
    ({"loss": "mse"}, "has no result of mae"),
    ({"params": {"tau": 0.8}}, "has other parameters of mae: tau=0.8 where there is nothing"),
    ({"reduction": "sum"}, "is another sum: its reduction is sum where there is mean"),
    ({"direction": "higher"}, "is another sum: its direction is higher where there is lower"),
    ({"unit": "set"}, "is another sum: its unit is set where there is row"),
    ({"slice": {"k": "a"}}, "does not have this slice"),
    ({"value": None, "reason": "no batch has a loss"}, "has no value: no batch has a loss"),
    ({"signature": signature(version="0.0.9")}, "is another sum: its version is 0.0.9 where there is 0.1.0"),
    ({"signature": signature(middle="|where:split=test")}, "its where is split=test where there is nothing"),
    ({"signature": signature(middle="|lv:2")}, "its lv is 2 where there is nothing"),
    ({"signature": signature().replace("w:none", "w:weight")}, "its w is weight where there is none"),
    ({"signature": signature().replace("y_true", "y")}, "its target is y where there is y_true"),
    ({"signature": signature().replace("missing:error", "missing:skip")}, "its missing is skip where there is error"),
    ({"used": 441, "count": 441, "signature": signature(count=441)}, "is of other data: 441 rows where there are 442"),
    ({"used": 441}, "is of other data: 441 rows where there are 442"),
    ({"count": 441}, "is of other data: 441 rows where there are 442"),
    ({"weight_sum": 441.5}, "is of other data: sum of weights 441.5, now 442.0"),
    ({"skipped": {"missing": 2}}, "is of other data: it left out missing=2 where now it is nothing"),
]


@pytest.mark.parametrize(("before", "reason"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_what_differs_is_never_compared(before: dict[str, Any], reason: str, tmp_path: Path) -> None:
    found = match(NOW, saved(tmp_path, replace(result(0.4), **before)))
    assert isinstance(found, str)
    assert reason in found
    assert str(tmp_path / "base.json") in found
    (check,) = judge(rule(max_regression="100%"), [Case.saved(NOW, found)])
    assert (check.verdict, check.reason) == (Verdict.INCONCLUSIVE, found)


def test_a_flag_is_not_the_number_1(tmp_path: Path) -> None:
    found = match(replace(NOW, params={"log": True}), saved(tmp_path, result(0.4, params={"log": 1})))
    assert isinstance(found, str)
    found = match(replace(NOW, params={"w": (1.0, 2.0)}), saved(tmp_path, result(0.4, params={"w": [1.0, 2.0]})))
    assert not isinstance(found, str)


def test_filters_are_compared_as_a_whole(tmp_path: Path) -> None:
    here = replace(NOW, signature=signature("new_pred", middle="|where:a=1|where:b=2"))
    assert not isinstance(match(here, saved(tmp_path, result(signature=signature(middle="|where:a=1|where:b=2")))), str)
    found = match(here, saved(tmp_path, result(signature=signature(middle="|where:a=1"))))
    assert isinstance(found, str)
    assert "its where is a=1 where there is a=1, b=2" in found


def test_a_model_is_found_among_several(tmp_path: Path) -> None:
    old, new = result(0.4, model="old"), result(0.5, model="new")
    both = saved(tmp_path, old, new)
    found = match(replace(NOW, model="new"), both)
    assert not isinstance(found, str)
    assert found.value == 0.5
    other = match(replace(NOW, model="third"), both)
    assert isinstance(other, str)
    assert "has several models, none of which is third" in other
    # a baseline of one model is what any model is held against
    single = match(replace(NOW, model="third"), saved(tmp_path, old))
    assert not isinstance(single, str)


def test_each_slice_meets_its_own(tmp_path: Path) -> None:
    before = saved(tmp_path, *(result(v, slice={"k": k}) for k, v in (("a", 0.1), ("b", 0.2), (None, 0.3))))
    for name, value in (("a", 0.1), ("b", 0.2), (None, 0.3)):
        found = match(replace(NOW, slice={"k": name}), before)
        assert not isinstance(found, str)
        assert found.value == value
    assert isinstance(match(replace(NOW, slice={"k": "c"}), before), str)
    assert isinstance(match(NOW, before), str)


def test_a_truth_that_has_changed_is_other_data(tmp_path: Path) -> None:
    before = saved(tmp_path, result(0.4))
    assert not isinstance(match(NOW, before, [Input("moved/truth.csv", 20, "sha256:bb")]), str)
    found = match(NOW, before, [Input("truth.csv", 20, "sha256:cc")])
    assert isinstance(found, str)
    assert "is of other data: truth.csv has changed" in found
