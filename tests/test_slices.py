"""Slices: each is what a filter to its rows gives, to the last bit, and the whole is what it is without slices."""

import datetime
import json
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from losscli.errors import DataError
from tests import sampling, several
from tests.cli import run_cli
from tests.engine import in_slice, run

ROWS = 120
HOW: dict[str, dict[str, Any]] = {
    "plain": {},
    "weighted": {"weight": "w"},
    "clusters": {"cluster": "u", "weight": "w"},
    "runs": {"block": 3},
    "draws": {"bootstrap": 100, "seed": 3, "weight": "w"},
    "drawn clusters": {"bootstrap": 100, "cluster": "u"},
}


def cut_columns(rows: int) -> dict[str, Any]:
    """Columns to cut by, to weigh by, and to resample by: each group lies in one cluster."""
    rng = np.random.default_rng(8)
    return {
        "c": [("a", "b", "c d")[i] for i in rng.integers(0, 3, rows)],
        "w": rng.exponential(size=rows),
        "g": np.arange(rows) // 4,
        "u": np.arange(rows) // 4 % 30,
    }


def table_of(case: sampling.Case | several.Case) -> tuple[pa.Table, dict[str, Any]]:
    """Rows for a loss, and the columns of its roles."""
    if isinstance(case, several.Case):
        table, names = case.table(case.draw(ROWS, seed=4))
    else:
        rng = np.random.default_rng(4)
        table = pa.table({r.name: sampling.sample(case.domain(r), ROWS, rng, octaves=3.0) for r in case.roles})
        names = {role.name: [role.name] for role in case.roles}
    for name, column in cut_columns(ROWS).items():
        table = table.append_column(name, pa.array(column))
    return table, names


def units_of(case: sampling.Case | several.Case) -> list[dict[str, Any]]:
    """The ways to make units of rows that a loss has."""
    kind = case.kind if isinstance(case, several.Case) else "row"
    ways: dict[str, list[dict[str, Any]]] = {
        "row": [{}],
        "set": [{}, {"group": "g"}],
        "batch": [{"group": "g"}, {"batch_size": 5}],
    }
    return ways[kind]


ALL = [*sampling.plain_cases(), *several.plain_cases()]


def ways_of(case: sampling.Case | several.Case, units: Mapping[str, Any]) -> list[str]:
    """Two ways to make intervals, which take turns; batches have no runs, and lie within clusters."""
    batches = isinstance(case, several.Case) and case.kind == "batch"
    ways = [
        how
        for how, asked in HOW.items()
        if not (batches and ("block" in asked or ("batch_size" in units and "cluster" in asked)))
    ]
    turn = ALL.index(case) % len(ways)
    return [ways[(turn + step) % len(ways)] for step in range(2)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_slice_of_any_loss_is_what_the_filter_gives(case: sampling.Case | several.Case) -> None:
    table, roles = table_of(case)
    for units in units_of(case):
        for how in ways_of(case, units):
            asked = {"params": case.given, "invalid": "skip", **units, **HOW[how]}
            cut = run(table, [case.loss.name], roles, by=["c"], **asked)
            assert in_slice(cut) == in_slice(run(table, [case.loss.name], roles, **asked)), how
            alone = run(table, [case.loss.name], roles, where=["c=c d"], **asked)
            assert in_slice(cut, c="c d") == in_slice(alone), how
            assert in_slice(alone)[0][1] is not None


def two_models() -> pa.Table:
    rng = np.random.default_rng(2)
    rows = 400
    target = rng.integers(0, 2, rows)
    columns: dict[str, Any] = {
        "y": target.astype(float),
        "a": rng.random(rows),
        "b": rng.random(rows),
        "n": rng.integers(-1, 3, rows),
        "f": rng.integers(0, 3, rows) / 4,
        "t": [("x", "y z", "1")[i] for i in rng.integers(0, 3, rows)],
        "flag": rng.random(rows) < 0.5,
        "day": [datetime.date(2024, 1, int(i)) for i in rng.integers(1, 4, rows)],
        "age": rng.integers(10, 80, rows).astype(float),
        "gap": [None if i == 0 else int(i) for i in rng.integers(0, 3, rows)],
        "null": pa.nulls(rows, pa.float64()),
        "w": rng.exponential(size=rows),
        "g": np.arange(rows) // 5,
        "u": np.arange(rows) // 5 % 40,
    }
    columns |= {f"{role}{i}": rng.normal(size=rows) for role in ("left", "one", "two") for i in range(3)}
    return pa.table(columns)


TWO = two_models()
PAIR = {"pred": ["a", "b"]}
CONTESTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rows": ("mse", {"target": "y"}, {"models": PAIR}),
    "sets": ("dice", {"target": "y"}, {"models": {"probs": ["a", "b"]}, "group": "g"}),
    "one set": ("dice", {"target": "y"}, {"models": {"probs": ["a", "b"]}}),
    "batches": (
        "info_nce",
        {"anchor": "left0,left1,left2"},
        {"models": {"positive": ["one0,one1,one2", "two0,two1,two2"]}, "group": "g"},
    ),
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", CONTESTS)
def test_a_slice_of_two_models_is_what_the_filter_gives(contest: str, how: str) -> None:
    loss, roles, asked = CONTESTS[contest]
    if contest == "batches" and how == "runs":
        pytest.skip("batches have no runs")
    asked = {**asked, **HOW[how]}
    cut = run(TWO, [loss], roles, by=["t"], **asked)
    whole = run(TWO, [loss], roles, **asked)
    assert in_slice(cut) == in_slice(whole)
    assert len(in_slice(whole)) == 3  # two values and a difference
    for label in ("x", "y z"):
        assert in_slice(cut, t=label) == in_slice(run(TWO, [loss], roles, where=[f"t={label}"], **asked))


@pytest.mark.parametrize(
    ("column", "labels"),
    {
        "n": {-1: "n=-1", 0: "n=0", 2: "n=2"},
        "f": {0: "f=0", 0.25: "f=0.25", 0.5: "f=0.5"},
        "t": {"x": "t=x", "y z": "t=y z", 1: "t=1"},
        "flag": {True: "flag=true", False: "flag=false"},
        "day": {"2024-01-01": "day=2024-01-01", "2024-01-03": "day=2024-01-03"},
        "gap": {1: "gap=1", 2: "gap=2"},
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_of_every_kind_make_slices(column: str, labels: Mapping[Any, str]) -> None:
    cut = run(TWO, ["mse"], {"target": "y"}, by=[column], models=PAIR)
    for label, condition in labels.items():
        alone = run(TWO, ["mse"], {"target": "y"}, where=[condition], models=PAIR)
        found = in_slice(cut, **{column: label})
        assert found == in_slice(alone)
        assert found


def squared(rows: Any) -> Fraction:
    """The mean squared error of a over some rows, by Fraction."""
    errors = (TWO["a"].to_numpy() - TWO["y"].to_numpy())[rows] ** 2
    return sum(map(Fraction, errors.tolist()), Fraction(0)) / len(errors)


def test_rows_without_a_value_are_a_slice_of_their_own() -> None:
    """Expected: Fraction."""
    rows = np.array([value is None for value in TWO["gap"].to_pylist()])
    (found,) = in_slice(run(TWO, ["mse"], {"target": "y", "pred": "a"}, by=["gap"]), gap=None)
    assert found[0] == pytest.approx(float(squared(rows)), rel=1e-14)
    assert found[3] == rows.sum()


def test_a_column_without_any_value_is_one_slice() -> None:
    report = run(TWO, ["mse"], {"target": "y", "pred": "a"}, by=["null"])
    assert [result.slice for result in report.results] == [None, {"null": None}]
    assert in_slice(report) == in_slice(report, null=None)


def test_ranges_are_closed_below() -> None:
    cut = run(TWO, ["mse"], {"target": "y", "pred": "a"}, by=["age:18,65"], bootstrap=100)
    ranges = {"< 18": ["age<18"], "[18, 65)": ["age>=18", "age<65"], ">= 65": ["age>=65"]}
    assert {18.0, 65.0} <= set(TWO["age"].to_pylist())  # rows at the bounds themselves
    for label, conditions in ranges.items():
        alone = run(TWO, ["mse"], {"target": "y", "pred": "a"}, where=conditions, bootstrap=100)
        assert in_slice(cut, age=label) == in_slice(alone)


def test_two_columns_cross() -> None:
    cut = run(TWO, ["mse"], {"target": "y"}, by=["t", "age:40", "flag"], models=PAIR, cluster="u")
    for text in ("x", "y z"):
        for label, condition in (("< 40", "age<40"), (">= 40", "age>=40")):
            where = [f"t={text}", condition, "flag=true"]
            alone = run(TWO, ["mse"], {"target": "y"}, where=where, models=PAIR, cluster="u")
            assert in_slice(cut, t=text, age=label, flag=True) == in_slice(alone)
    assert len(cut.results) == 2 * (1 + 3 * 2 * 2)


def test_rows_left_out_are_left_out_of_their_slice() -> None:
    gaps = [None if i % 7 == 0 else value for i, value in enumerate(TWO["a"].to_pylist())]
    table = TWO.set_column(TWO.column_names.index("a"), "a", pa.array(gaps))
    for how in HOW.values():
        asked = {"models": PAIR, "missing": "skip", **how}
        cut = run(table, ["mse"], {"target": "y"}, by=["t"], **asked)
        assert in_slice(cut, t="x") == in_slice(run(table, ["mse"], {"target": "y"}, where=["t=x"], **asked))


def test_bounds_of_many_digits_keep_slices_apart() -> None:
    """Expected: by hand, one row in each range."""
    table = pa.table({"y": [0.0] * 4, "p": [1.0, 2.0, 3.0, 4.0], "x": [1234567, 1234568, 1234569, 1234570]})
    report = run(table, ["mse"], {"target": "y", "pred": "p"}, by=["x:1234568,1234569,1234570"])
    found = {result.slice["x"]: result.value for result in report.results if result.slice}
    assert found == {"< 1234568": 1.0, "[1234568, 1234569)": 4.0, "[1234569, 1234570)": 9.0, ">= 1234570": 16.0}


def test_small_bounds_are_shown_as_they_are_written() -> None:
    table = pa.table({"y": [0.0] * 2, "p": [1.0, 2.0], "x": [0.1, 0.30000001]})
    report = run(table, ["mse"], {"target": "y", "pred": "p"}, by=["x:0.2,0.3"])
    assert [result.slice["x"] for result in report.results if result.slice] == [">= 0.3", "< 0.2"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", ["rows", "one set", "sets"])
def test_small_slices_are_put_together(contest: str, how: str) -> None:
    """The rest is the result over all of their rows; sums of parts may differ in the last digits."""
    rows = len(TWO)
    labels = ["big"] * 100 + ["large"] * 100 + ["s1"] * 45 + ["s2"] * 60 + ["s3"] * (rows - 305)
    table = TWO.append_column("k", pa.array(labels))
    loss, roles, asked = CONTESTS[contest]
    asked = {**asked, **HOW[how]}
    cut = run(table, [loss], roles, by=["k"], min_rows=100, **asked)
    assert {entry.slice["k"] for entry in cut.results if entry.slice} == {"big", "large", "(other)"}
    alone = run(table, [loss], roles, where=["k in s1,s2,s3"], **asked)
    one, two = in_slice(cut, k="(other)"), in_slice(alone)
    for found, expected in zip(one, two, strict=True):
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-13, atol=1e-16)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)
        low_and_high = [entry[2][:2] if entry[2] else (0.0, 0.0) for entry in (found, expected)]
        np.testing.assert_allclose(low_and_high[0], low_and_high[1], rtol=1e-9)
        assert found[3] == expected[3]


def test_batches_of_small_slices_are_put_together() -> None:
    labels = ["big"] * 200 + ["s1"] * 100 + ["s2"] * 100
    table = TWO.append_column("k", pa.array(labels))
    loss, roles, asked = CONTESTS["batches"]
    cut = run(table, [loss], roles, by=["k"], min_rows=150, **asked)
    assert in_slice(cut, k="(other)") == in_slice(run(table, [loss], roles, where=["k in s1,s2"], **asked))


def test_a_value_that_reads_as_other_is_a_slice_of_its_own() -> None:
    """Expected: by hand."""
    table = pa.table({"y": [0.0] * 5, "p": [1.0, 1.0, 2.0, 2.0, 3.0], "k": ["(other)", "(other)", "x", "x", "z"]})
    report = run(table, ["mse"], {"target": "y", "pred": "p"}, by=["k"], min_rows=2)
    found = [(result.slice["k"], result.value, result.used) for result in report.results if result.slice]
    assert found == [("x", 4.0, 2), ("(other)", 1.0, 2), ("(other)", 9.0, 1)]


def test_the_worst_slices_come_first() -> None:
    """Expected: by hand."""
    table = pa.table({"y": [0.0] * 4, "p": [1.0, 3.0, 2.0, 0.5], "k": list("abcd")})
    report = run(table, ["mse"], {"target": "y", "pred": "p"}, by=["k"], top=2)
    assert [(result.slice, result.value) for result in report.results] == [
        (None, (1 + 9 + 4 + 0.25) / 4),
        ({"k": "b"}, 9.0),
        ({"k": "c"}, 4.0),
    ]


def test_slices_that_are_not_shown_count_among_the_comparisons() -> None:
    """The worst of many slices differ more by chance, so Holm's factor is the number of all of them.

    Expected: by hand. Of three comparisons the least p-value counts three times, the next twice, the largest once.
    """
    rng = np.random.default_rng(31)
    errors = rng.normal(size=(90, 2)) * [1.0, 1.2]
    table = pa.table({"y": np.zeros(90), "a": errors[:, 0], "b": errors[:, 1], "k": np.arange(90) // 45})
    for top in (None, 1):
        report = run(table, ["mse"], {"target": "y"}, models=PAIR, by=["k"], top=top)
        every = run(table, ["mse"], {"target": "y"}, models=PAIR, by=["k"])
        raw = sorted(entry.p_value for entry in every.comparisons)
        assert 3 * raw[0] <= 2 * raw[1] <= raw[2] < 1.0
        factors = dict(zip(raw, (3, 2, 1), strict=True))
        assert len(report.comparisons) == (3 if top is None else 2)
        for entry in report.comparisons:
            assert entry.p_adjusted == pytest.approx(factors[entry.p_value] * entry.p_value, rel=1e-12)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", CONTESTS)
def test_a_slice_whose_weights_are_0_has_no_value_and_stops_nothing(contest: str, how: str) -> None:
    if contest == "batches" and how == "runs":
        pytest.skip("batches have no runs")
    loss, roles, asked = CONTESTS[contest]
    part = np.arange(len(TWO)) // 5 % 2
    table = TWO.append_column("k", pa.array(part)).append_column("none", pa.array((part == 0).astype(float)))
    asked = {**asked, **HOW[how], "weight": "none"}
    report = run(table, [loss], roles, by=["k"], **asked)
    light = [result for result in report.results if result.slice == {"k": 1}]
    assert [(result.value, result.reason) for result in light] == [(None, "the weights of all used rows are 0")] * 2
    assert in_slice(report, k=0) == in_slice(run(table, [loss], roles, where=["k=0"], **asked))
    tests = [entry.verdict for entry in report.comparisons if entry.slice == {"k": 1}]
    assert tests == ["not tested"]
    with pytest.raises(DataError, match="the weights of all used rows are 0"):
        run(table, [loss], roles, where=["k=1"], **asked)


@pytest.mark.parametrize("lists", [True, False])
def test_a_slice_says_that_a_set_of_it_has_no_loss(lists: bool) -> None:
    """Where truth and prediction are empty and eps is 0, a slice is no better than the whole."""
    masks, scores = [[0.0, 1.0], [0.0, 0.0], [1.0, 1.0]] * 10, [[0.25, 0.75], [0.0, 0.0], [0.5, 0.5]] * 10
    labels, empty = ["a", "b", "b"] * 5 + ["a", "c", "c"] * 5, {"params": {"eps": 0.0}}
    if lists:
        table = pa.table({"m": masks, "p": scores, "c": labels})
    else:
        flat = {name: [x for row in rows for x in row] for name, rows in (("m", masks), ("p", scores))}
        table = pa.table({**flat, "c": [label for label in labels for _ in "ab"], "g": np.arange(60) // 2})
        empty["group"] = "g"  # type: ignore[assignment]
    cut = run(table, ["dice"], {"target": "m", "probs": "p"}, by=["c"], **empty)
    for label in "abc":
        alone = run(table, ["dice"], {"target": "m", "probs": "p"}, where=[f"c={label}"], **empty)
        (found,), (expected,) = in_slice(cut, c=label), in_slice(alone)
        assert (found[0], found[-1]) == (expected[0], expected[-1])
    assert in_slice(cut, c="a")[0][0] == 0.25  # 1 - 2 * 0.75 / (1 + 1), in each of the ten
    assert in_slice(cut, c="b")[0][-1].startswith("5 sets have no loss")
    rest = run(table, ["dice"], {"target": "m", "probs": "p"}, by=["c"], min_rows=11 if lists else 21, **empty)
    assert in_slice(rest, c="(other)")[0][-1].startswith("10 sets have no loss")


def test_a_slice_all_of_whose_sets_have_no_loss_is_there() -> None:
    table = pa.table({"m": [[1.0], [0.0]], "p": [[0.5], [0.0]], "c": ["a", "b"]})
    cut = run(table, ["dice"], {"target": "m", "probs": "p"}, by=["c"], params={"eps": 0.0})
    assert in_slice(cut, c="b")[0][0] is None


def test_too_many_slices_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("y,p,k\n" + "".join(f"1,2,{i}\n" for i in range(100_000)))
    before = time.perf_counter()
    done = run_cli(["compute", "-l", "mse", "-t", "y", "-p", "p", "--by", "k", str(path)])
    assert time.perf_counter() - before < 5.0
    assert done.code == 3
    assert "--by k makes more than 1,000 slices" in done.err
    assert "--max-slices N" in done.err
    few = ["compute", "-l", "mse", "-t", "y", "-p", "p", "--by", "k:10,20", "--max-slices", "2", str(path)]
    assert run_cli(few).code == 3
    few[few.index("2")] = "3"
    done = run_cli([*few, "--json"])
    assert done.code == 0, done.err
    assert [result["count"] for result in json.loads(done.out)["results"]] == [100_000, 10, 10, 99_980]


def shuffled_file(folder: Path, rows: int, group: int) -> Path:
    """A Parquet file whose row groups cut blocks, with texts that it has as a dictionary, and columns to cut by."""
    rng = np.random.default_rng(21)
    words = np.array(["a", "b c", "d", "e"])[rng.integers(0, 4, rows)]
    columns: dict[str, Any] = {
        "y": rng.normal(size=rows),
        "p": rng.normal(size=rows),
        "q": rng.normal(size=rows),
        "r": rng.random(rows),
        "w": rng.exponential(size=rows),
        "word": pa.array(words, mask=rng.random(rows) < 0.01),
        "n": rng.integers(-3, 4, rows),
        "far": rng.integers(0, 4, rows) * 1_000_003,
        "age": rng.integers(0, 90, rows).astype(float),
        "many": rng.integers(0, 700, rows),
        "half": (rng.random(rows) < 0.5).astype(float),
        "image": rng.integers(0, 40, rows),
    }
    path = folder / "shuffled.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return path


CUTS: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    "texts": (["word"], {"b c": ["word=b c"], "e": ["word=e"]}),
    "whole numbers": (["n"], {"-3": ["n=-3"], "0": ["n=0"]}),
    "numbers that lie apart": (["far"], {"1000003": ["far=1000003"]}),
    "ranges": (["age:18,65"], {"[18, 65)": ["age>=18", "age<65"]}),
    "crossed": (["word", "age:18"], {"d,< 18": ["word=d", "age<18"]}),
    "many": (["many"], {"77": ["many=77"], "699": ["many=699"]}),
    "many crossed": (["many", "n", "word"], {"5,1,a": ["many=5", "n=1", "word=a"]}),
}
ASKED: dict[str, list[str]] = {
    "plain": ["--pred", "p"],
    "weighted": ["--pred", "p", "--weight", "w"],
    "models": ["--pred", "p", "--pred", "q", "--weight", "w"],
}


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shuffled_file(tmp_path_factory.mktemp("shuffled"), 150_000, 41_000)


def numbers_of(path: Path, *arguments: str) -> dict[str, list[Any]]:
    """The numbers of each slice, by the values that name it; all rows under the empty text."""
    found = run_cli(["compare", str(path), *arguments, "--json", "-q"])
    assert found.code == 0, found
    document = json.loads(found.out)
    numbers: dict[str, list[Any]] = {}
    for entry in [*document["results"], *document["comparisons"]]:
        name = ",".join(map(str, (entry["slice"] or {}).values()))
        shown = ("value", "stderr", "ci", "used", "weight_sum", "difference", "p_value")
        numbers.setdefault(name, []).append([entry.get(key) for key in shown])
    return numbers


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("cut", CUTS)
def test_slices_of_a_file_of_several_blocks_are_what_filters_give(shuffled: Path, cut: str, asked: str) -> None:
    by, slices = CUTS[cut]
    common = ["--loss", "mse", "--target", "y", *ASKED[asked]]
    flags = [flag for way in by for flag in ("--by", way)]
    found = numbers_of(shuffled, *common, *flags, "--max-slices", "100000", "--threads", "2")
    for name, conditions in slices.items():
        alone = numbers_of(shuffled, *common, *[flag for one in conditions for flag in ("--where", one)])
        assert found[name] == alone[""], name
    assert found[""] == numbers_of(shuffled, *common)[""]


def test_rows_without_a_text_are_a_slice_in_every_block(shuffled: Path) -> None:
    """Expected: pyarrow's count of nulls, and NumPy's mean."""
    table = pq.read_table(shuffled)
    lacking = np.array(pc.is_null(table["word"]))
    found = numbers_of(shuffled, "--loss", "mse", "--target", "y", "--pred", "p", "--by", "word")["None"][0]
    errors = (np.array(table["y"]) - np.array(table["p"]))[lacking]
    assert found[3] == lacking.sum() > 1000
    assert found[0] == pytest.approx(np.mean(errors**2), rel=1e-13)


@pytest.mark.parametrize("weight", [[], ["--weight", "w"]])
def test_sets_of_slices_of_several_blocks_are_what_filters_give(shuffled: Path, weight: list[str]) -> None:
    roles = ["--loss", "dice", "--target", "half", "--probs", "r", "--group", "image", *weight]
    found = numbers_of(shuffled, *roles, "--by", "word")
    assert found["b c"] == numbers_of(shuffled, *roles, "--where", "word=b c")[""]
    assert len(found) == 6
