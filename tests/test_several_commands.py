"""The command and losses of vectors, sets and batches: what it refuses, leaves out, weighs, and adds up.

The cases come from the catalogue, so a new loss is held to these laws by itself.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.arrays import Array
from losscli.results import Result
from tests.cli import run_cli
from tests.sampling import Values
from tests.several import Case, case_id, plain_cases

ROWS = 24
OF_ROWS = [case for case in plain_cases() if case.kind == "row"]
OF_SETS = [case for case in plain_cases() if case.kind == "set"]
OF_BATCHES = [case for case in plain_cases() if case.kind == "batch"]

each_case = pytest.mark.parametrize("case", plain_cases(), ids=case_id)


def _table(case: Case, values: Values, **more: Any) -> pa.Table:
    table, _ = case.table(values)
    for name, column in more.items():
        table = table.append_column(name, pa.array(column))
    return table


def _named(case: Case, values: Values) -> dict[str, Any]:
    named: dict[str, Any] = case.table(values)[1]
    return {**named, "batch_size": 6} if case.kind == "batch" else named


def _compute(case: Case, values: Values, more: dict[str, Any] | None = None, **asked: Any) -> Result:
    table = _table(case, values, **(more or {}))
    return losscli.compute(table, loss=case.loss.name, **{**_named(case, values), **asked})


def _write(case: Case, values: Values, folder: Path, kind: str) -> str:
    path = str(folder / f"rows.{kind}")
    if kind == "parquet":
        pq.write_table(_table(case, values), path, row_group_size=5)
    else:
        pa_csv.write_csv(_table(case, values), path)
    return path


def _command(case: Case, values: Values, path: str) -> list[str]:
    names = {name: ",".join(columns) for name, columns in case.table(values)[1].items()}
    flags = [word for name, columns in names.items() for word in (f"--{name.replace('_', '-')}", columns)]
    batch = ["--batch-size", "6"] if case.kind == "batch" else []
    return ["compute", "-l", case.loss.name, *flags, *batch, path]


def _broken(case: Case) -> list[tuple[str, float, Values]]:
    """Rows of which the eighth has a value that is not allowed: the column, the value or the first one, the rows."""
    found = []
    for role, shape in case.shapes.items():
        domain = case.domain(role)
        for value in case.outside(role):
            values = case.draw(ROWS)
            values[role.name][(7, *(0 for _ in shape))] = value
            found.append((role.name if len(shape) != 1 else f"{role.name}_0", value, values))
        if domain.row_rule:
            values = case.draw(ROWS)
            values[role.name][(7, *(0 for _ in shape[:-1]))] = domain.row_rule.wrong
            names = ", ".join(f"{role.name}_{i}" for i in range(shape[-1])) if len(shape) == 1 else role.name
            found.append((names, domain.row_rule.wrong[0], values))
    return found


@each_case
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_row_that_is_not_allowed_is_refused_or_counted(case: Case, kind: str, tmp_path: Path) -> None:
    """With the file, the column, the row, the value and what is allowed; without that row it is what remains."""
    if kind == "csv" and any(len(shape) > 1 for shape in case.shapes.values()):
        return  # lists of vectors are no cells of CSV
    broken = _broken(case)
    for column, value, values in broken:
        path = _write(case, values, tmp_path, kind)
        done = run_cli(_command(case, values, path))
        said = f"{path}: column '{column}' has 1 of {ROWS} values that are not allowed: row 8 ("
        assert (done.code, done.out) == (3, ""), f"{done.out}{done.err}"
        assert said in done.err, done.err
        # a list of vectors is shown from its first number on, a cell of text in quotes
        shown = done.err.partition(said)[2].partition(")")[0].split(", ")
        assert value in [float(text.strip("'")) for text in shown if text != "..."]
        assert "; allowed is " in done.err
        assert "--invalid skip" in done.err
    column, value, values = broken[-1]
    left = {name: np.delete(array, 7, axis=0) for name, array in values.items()}
    done = run_cli([*_command(case, values, _write(case, values, tmp_path, kind)), "--invalid", "skip", "--json"])
    assert done.code == 0, done.err
    found = json.loads(done.out)["results"][0]
    assert (found["skipped"], found["used"]) == ({"invalid": 1}, ROWS - 1)
    assert found["value"] == pytest.approx(_compute(case, left).value, rel=1e-14)


@each_case
def test_the_command_is_the_mean_of_the_function(case: Case) -> None:
    """Expected: the plain function on the arrays, batch by batch."""
    values = case.draw(ROWS)
    if case.kind == "batch":
        batches = [{name: array[i : i + 6] for name, array in values.items()} for i in range(0, ROWS, 6)]
        expected = float(np.mean([case(batch).mean() for batch in batches]))
    else:
        expected = float(np.mean(case(values)))
    assert _compute(case, values).value == pytest.approx(expected, rel=1e-13)


@each_case
def test_weights_of_1_change_nothing(case: Case) -> None:
    values = case.draw(ROWS)
    more = {"w": [1.0] * ROWS, "g": [i % 3 for i in range(ROWS)]}
    asked = [{}, {"group": "g"}] if case.kind == "set" else [{}]
    for question in asked:
        plain, weighted = (_compute(case, values, more, **question, **w) for w in ({}, {"weight": "w"}))
        assert weighted.value == pytest.approx(plain.value, rel=1e-14)
        assert weighted.stderr == pytest.approx(plain.stderr, rel=1e-9)


@pytest.mark.parametrize("case", OF_ROWS + OF_SETS, ids=case_id)
@pytest.mark.parametrize("group", [False, True], ids=["all", "groups"])
def test_a_weight_is_a_number_of_rows(case: Case, group: bool) -> None:
    """A weight of 2 is the row twice, a weight of 0 is no row."""
    if group and case.kind != "set":
        return
    values, weights = case.draw(ROWS), np.array([2, 0, 1] * (ROWS // 3))
    groups = np.arange(ROWS) % 5
    groups[weights == 0] += 5 * (groups[weights == 0] == 4)  # a group of which no row is left
    written_out = {name: np.repeat(array, weights, axis=0) for name, array in values.items()}
    asked: dict[str, Any] = {"group": "g"} if group else {}
    more = {"w": weights.astype(np.float64).tolist(), "g": groups.tolist()}
    found = _compute(case, values, more, **asked, weight="w")
    expected = _compute(case, written_out, {"g": np.repeat(groups, weights).tolist()}, **asked)
    assert found.value == pytest.approx(expected.value, rel=1e-13)
    if case.kind == "row":
        assert found.weight_sum == expected.weight_sum


@pytest.mark.parametrize("case", [case for case in OF_SETS if not any(map(len, case.shapes.values()))], ids=case_id)
def test_a_weight_of_a_list_is_a_number_of_sets(case: Case) -> None:
    values = case.draw(ROWS)
    lists = {name: array.reshape(6, -1) for name, array in values.items()}
    weights = [2, 0, 1, 1, 3, 1]

    def value(chosen: list[int], **more: Any) -> Result:
        table = pa.table({**{name: array[chosen].tolist() for name, array in lists.items()}, **more})
        named: dict[str, Any] = {name: name for name in lists} | ({"weight": "w"} if more else {})
        return losscli.compute(table, loss=case.loss.name, **named)

    found, expected = value(list(range(6)), w=weights), value(np.repeat(np.arange(6), weights).tolist())
    assert found.value == pytest.approx(expected.value, rel=1e-14)
    assert found.weight_sum == expected.weight_sum


@pytest.mark.parametrize("case", OF_ROWS, ids=case_id)
def test_class_weights_are_weights_of_the_rows(case: Case) -> None:
    """Of soft labels a class weighs its share; where labels are indices it is a weight column of the weights."""
    many = [parameter.name for parameter in case.loss.parameters if parameter.many == "class"]
    index = [role for role in case.shapes if case.is_index(role)]
    if not many or not index:
        return
    weights: Array = np.array([0.5, 2.0, 1.25])
    values = case.draw(ROWS)
    column = weights[values[index[0].name].astype(int)].tolist()
    for reduction in ("mean", "mean-count", "sum"):
        found = _compute(case, values, None, **{many[0]: tuple(weights.tolist())}, reduction=reduction)
        expected = _compute(case, values, {"w": column}, weight="w", reduction=reduction)
        assert (found.value, found.stderr, found.weight_sum) == (expected.value, expected.stderr, expected.weight_sum)


@each_case
def test_row_groups_and_threads_change_no_bit(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of 16 rows, so that a few rows are several."""
    monkeypatch.setattr("losscli.fold.BLOCK", 16)
    values, path = case.draw(50), str(tmp_path / "a.parquet")
    groups = (np.arange(50) * 7 % 4).tolist()
    for asked in ({}, {"group": "g"}) if case.kind != "row" else ({},):
        found = []
        for size in (50, 1, 7, 16, 33):
            pq.write_table(_table(case, values, g=groups), path, row_group_size=size)
            for threads in (1, 2, 7):
                named = {**_named(case, values), **asked}
                named = {name: value for name, value in named.items() if not (asked and name == "batch_size")}
                result = losscli.compute(path, loss=case.loss.name, threads=threads, **named)
                found.append((result.value, result.stderr, result.weight_sum, result.count))
        assert found == found[:1] * len(found)
