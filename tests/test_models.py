"""Several models in one command: each as if it were alone, and beside the baseline by paired differences."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from losscli.arrays import Array
from losscli.errors import DataError
from losscli.statistics import holm, smallest_shown, student_t_quantile
from tests.cli import run_cli
from tests.engine import in_slice, run
from tests.sampling import quick
from tests.test_slices import CONTESTS, HOW, TWO

TARGET = {"target": "y"}
PAIR = {"pred": ["a", "b"]}


def table_of(a: Any, b: Any, **more: Any) -> pa.Table:
    """A target of 0 and the predictions of two models, so that squared errors are squares of predictions."""
    return pa.table({"y": np.zeros(len(a)), "a": a, "b": b, **more})


def mean(losses: Array) -> Fraction:
    return sum(map(Fraction, losses.tolist()), Fraction(0)) / len(losses)


RNG = np.random.default_rng(6)
A, B = RNG.normal(size=500), RNG.normal(size=500) * 1.1
PLAIN = table_of(A, B, u=np.arange(500) % 60, w=RNG.exponential(size=500))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", CONTESTS)
def test_each_model_is_as_if_it_were_alone(contest: str, how: str) -> None:
    if contest == "batches" and how == "runs":
        pytest.skip("batches have no runs")
    loss, roles, asked = CONTESTS[contest]
    others = {**{name: value for name, value in asked.items() if name != "models"}, **HOW[how]}
    together = run(TWO, [loss], roles, **asked, **HOW[how])
    ((role, columns),) = asked["models"].items()
    for place, column in enumerate(columns):
        alone = run(TWO, [loss], {**roles, role: column}, **others)
        assert in_slice(together)[place] == in_slice(alone)[0]
        assert together.results[place].model == column


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", CONTESTS)
def test_swapped_models_swap_the_sign(contest: str, how: str) -> None:
    if contest == "batches" and how == "runs":
        pytest.skip("batches have no runs")
    loss, roles, asked = CONTESTS[contest]
    ((role, columns),) = asked["models"].items()
    (one,) = run(TWO, [loss], roles, **asked, **HOW[how]).comparisons
    swapped = {**asked, "models": {role: columns[::-1]}, **HOW[how]}
    (two,) = run(TWO, [loss], roles, **swapped).comparisons
    named = {**asked, "baseline": columns[1], **HOW[how]}
    (three,) = run(TWO, [loss], roles, **named).comparisons
    for other in (two, three):
        assert (other.model, other.baseline) == (one.baseline, one.model)
        assert other.difference == -one.difference
        assert other.p_value == pytest.approx(one.p_value, rel=1e-12)
        np.testing.assert_allclose(other.stderr, one.stderr, rtol=1e-13)
        np.testing.assert_allclose([other.ci.low, other.ci.high], [-one.ci.high, -one.ci.low], rtol=1e-12)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("contest", CONTESTS)
def test_two_equal_models_do_not_differ(contest: str, how: str) -> None:
    if contest == "batches" and how == "runs":
        pytest.skip("batches have no runs")
    loss, roles, asked = CONTESTS[contest]
    ((role, columns),) = asked["models"].items()
    names = columns[0].split(",")
    twins = [f"{name}_twin" for name in names]
    table = TWO
    for name, twin in zip(names, twins, strict=True):
        table = table.append_column(twin, table[name])
    asked = {**asked, "models": {role: [",".join(names), ",".join(twins)]}, **HOW[how]}
    (found,) = run(table, [loss], roles, **asked).comparisons
    assert (found.difference, found.percent, found.stderr) == (0.0, 0.0, 0.0)
    assert (found.p_value, found.p_adjusted, found.verdict) == (1.0, 1.0, "no clear difference")
    assert (found.ci.low, found.ci.high) == (0.0, 0.0)


def test_a_difference_is_that_of_the_means_rounded_once() -> None:
    """Expected: Fraction, and SciPy's paired t test."""
    report = run(PLAIN, ["mse"], TARGET, models=PAIR)
    (found,) = report.comparisons
    exact = mean(B**2) - mean(A**2)
    assert found.difference == pytest.approx(float(exact), rel=1e-15)
    test = stats.ttest_rel(B**2, A**2)
    interval = test.confidence_interval()
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-10)
    np.testing.assert_allclose([found.ci.low, found.ci.high], [interval.low, interval.high], rtol=1e-10)
    assert found.stderr == pytest.approx(stats.sem(B**2 - A**2), rel=1e-12)
    assert found.percent == pytest.approx(100.0 * float(exact / mean(A**2)), rel=1e-13)


@quick
@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=20, max_size=40),
    st.sampled_from(["mae", "mse"]),
)
def test_any_pair_of_models_against_scipy(pairs: Sequence[tuple[float, float]], loss: str) -> None:
    a, b = np.array(pairs).T
    one, two = (np.abs(a), np.abs(b)) if loss == "mae" else (a**2, b**2)
    (found,) = run(table_of(a, b), [loss], TARGET, models=PAIR).comparisons
    assert found.difference == pytest.approx(float(mean(two) - mean(one)), rel=1e-14, abs=1e-15 * np.max(one + two))
    if np.ptp(two - one) > 1e-6 * max(np.max(one), np.max(two)):
        assert found.p_value == pytest.approx(stats.ttest_rel(two, one).pvalue, rel=1e-6, abs=1e-300)
    worse = {1: "worse", 0: "no clear difference", -1: "better"}
    sure = found.p_value < 0.05
    assert found.verdict == worse[int(np.sign(found.difference)) * sure]
    assert sure == (found.ci.low > 0 or found.ci.high < 0)


def test_a_difference_that_is_the_same_in_each_row_is_sure() -> None:
    """Expected: by hand. 2 is 1 more than 1 in each row, and 1 less the other way round."""
    table = table_of(np.ones(30), np.full(30, 2.0))
    (found,) = run(table, ["mae"], TARGET, models=PAIR).comparisons
    assert (found.difference, found.stderr, found.p_value, found.verdict) == (1.0, 0.0, 0.0, "worse")
    (found,) = run(table, ["mae"], TARGET, models=PAIR, baseline="b").comparisons
    assert (found.difference, found.stderr, found.p_value, found.verdict) == (-1.0, 0.0, 0.0, "better")


def test_errors_of_any_size_whose_losses_tie_do_not_differ() -> None:
    """Each model is wrong by as much as the other, on the other side."""
    (found,) = run(table_of(A, -A), ["mse"], TARGET, models=PAIR).comparisons
    assert (found.difference, found.p_value, found.verdict) == (0.0, 1.0, "no clear difference")


@pytest.mark.parametrize(("rows", "reason"), [(1, "1 row, 20 needed"), (19, "19 rows, 20 needed"), (20, None)])
def test_few_units_are_not_tested(rows: int, reason: str | None) -> None:
    (found,) = run(PLAIN.slice(0, rows), ["mse"], TARGET, models=PAIR).comparisons
    assert found.reason == reason
    assert (found.verdict == "not tested") == (found.p_value is None) == (found.ci is None) == (rows < 20)
    assert found.difference is not None
    assert (found.stderr is None) == (rows == 1)
    (drawn,) = run(PLAIN.slice(0, rows), ["mse"], TARGET, models=PAIR, bootstrap=100).comparisons
    assert (drawn.reason, drawn.difference, drawn.stderr is None) == (reason, found.difference, rows == 1)


@pytest.mark.parametrize(("clusters", "tested"), [(19, False), (20, True)])
def test_clusters_are_what_counts(clusters: int, tested: bool) -> None:
    table = PLAIN.append_column("k", pa.array(np.arange(500) % clusters))
    (found,) = run(table, ["mse"], TARGET, models=PAIR, cluster="k").comparisons
    assert found.count == clusters
    assert found.reason == (None if tested else "19 clusters, 20 needed")


def test_rows_that_one_model_lacks_are_left_out_for_all() -> None:
    """Expected: NumPy over the rows that all three have."""
    a, b, c = (values.copy() for values in (A, B, A * 0.5))
    a[3], b[[3, 5, 9]], c[400:] = np.nan, np.nan, np.nan
    table = pa.table(
        {"y": np.zeros(500), **{n: pa.array(v, from_pandas=True) for n, v in zip("abc", (a, b, c), strict=True)}}
    )
    report = run(table, ["mse"], TARGET, models={"pred": ["a", "b", "c"]}, missing="skip")
    there = ~np.isnan(a + b + c)
    assert there.sum() == 397
    for result, values, missing in zip(report.results, (a, b, c), (1, 3, 100), strict=True):
        assert result.value == pytest.approx(np.mean(values[there] ** 2), rel=1e-14)
        assert (result.used, result.skipped) == (397, {"missing": missing, "other_models": 103 - missing})
    for found, values in zip(report.comparisons, (b, c), strict=True):
        assert found.count == 397
        expected = stats.ttest_rel(values[there] ** 2, a[there] ** 2)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_p_values_are_adjusted_after_holm() -> None:
    """Expected: by hand. The smallest times 4, the next times 3, and so on, none smaller than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
    report = run(PLAIN, ["mse", "mae"], TARGET, models={"pred": ["a", "b", "u"]})
    raw = [found.p_value for found in report.comparisons]
    assert len(raw) == 4
    adjusted = stats.false_discovery_control(raw)  # another adjustment, which is never the larger one
    assert all(one.p_adjusted >= other for one, other in zip(report.comparisons, adjusted, strict=True))
    assert [found.p_adjusted for found in report.comparisons] == holm(raw)


@pytest.mark.parametrize("count", [20, 50, 200, 5000])
def test_the_smallest_difference_is_shown_four_times_in_five(count: int) -> None:
    """Expected: the power of the t test, by SciPy's non-central t distribution, within 1%."""

    def power(true: float) -> float:
        edge = stats.t.ppf(0.975, count - 1)
        return float(stats.nct.sf(edge, count - 1, true) + stats.nct.cdf(-edge, count - 1, true))

    needed = optimize.brentq(lambda true: power(true) - 0.8, 1.0, 6.0)
    assert smallest_shown(1.0, count, 0.95) == pytest.approx(needed, rel=0.01)
    assert student_t_quantile(0.975, count - 1) == pytest.approx(stats.t.ppf(0.975, count - 1), rel=1e-10)


def test_weights_make_a_ratio() -> None:
    """Expected: the delta method, by NumPy."""
    weights, difference = PLAIN["w"].to_numpy(), B**2 - A**2
    (found,) = run(PLAIN, ["mse"], TARGET, models=PAIR, weight="w").comparisons
    value = np.average(difference, weights=weights)
    residuals = weights * (difference - value)
    stderr = np.sqrt(500 / 499 * np.sum(residuals**2)) / weights.sum()
    assert found.difference == pytest.approx(value, rel=1e-12)
    assert found.stderr == pytest.approx(stderr, rel=1e-12)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(value) / stderr, 499), rel=1e-9)


def dice(mask: Array, probs: Array, eps: float) -> Any:
    return 1.0 - (2.0 * (mask * probs).sum() + eps) / (mask.sum() + probs.sum() + eps)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_one_set_has_the_error_of_the_delta_method(weighted: bool) -> None:
    """Expected: the influence of each row by the gradient written out, and for the difference that of the two."""
    mask, one, two = (TWO[name].to_numpy() for name in ("y", "a", "b"))
    weights = TWO["w"].to_numpy() if weighted else np.ones(len(mask))
    asked = {"weight": "w"} if weighted else {}
    report = run(TWO, ["dice"], TARGET, models={"probs": ["a", "b"]}, **asked)
    eps = report.results[0].params["eps"]
    parts, values = [], []
    for probs in (one, two):
        top, bottom = 2 * np.sum(weights * mask * probs) + eps, np.sum(weights * (mask + probs)) + eps
        change = weights * (-2 * mask * probs / bottom + top * (mask + probs) / bottom**2)
        parts.append(change)
        values.append(1 - top / bottom)
    n = len(mask)
    for found, change, value in zip(report.results, parts, values, strict=True):
        assert found.value == pytest.approx(value, rel=1e-13)
        assert found.stderr == pytest.approx(np.sqrt(n * np.var(change, ddof=1)), rel=1e-10)
    (paired,) = report.comparisons
    assert paired.stderr == pytest.approx(np.sqrt(n * np.var(parts[1] - parts[0], ddof=1)), rel=1e-10)
    assert paired.difference == report.results[1].value - report.results[0].value


def test_classes_that_an_image_lacks_are_left_out_of_the_pairs() -> None:
    """Expected: each image by hand, over those whose truth has the class; SciPy's standard error."""
    rng = np.random.default_rng(12)
    images, pixels = 60, 4
    truth = np.eye(3)[rng.choice(3, (images, pixels), p=[0.6, 0.3, 0.1])]
    models = rng.dirichlet([1.0, 1.0, 1.0], (2, images, pixels))
    cells = np.concatenate([truth, *models], axis=2).reshape(images * pixels, 9)
    names = [f"{role}{i}" for role in "mpq" for i in range(3)]
    table = pa.table({**dict(zip(names, cells.T, strict=True)), "g": np.repeat(np.arange(images), pixels)})
    asked: dict[str, Any] = {
        "models": {"pred": ["p0,p1,p2", "q0,q1,q2"]},
        "group": "g",
        "params": {"average": "none", "eps": 0.0, "empty": "skip"},
    }
    by_formula = run(table, ["dice"], {"target": "m0,m1,m2"}, **asked).comparisons
    by_draws = run(table, ["dice"], {"target": "m0,m1,m2"}, bootstrap=2000, **asked).comparisons
    by_clusters = run(table, ["dice"], {"target": "m0,m1,m2"}, cluster="g", **asked).comparisons
    for place, found in enumerate(zip(by_formula, by_draws, by_clusters, strict=True)):
        there = truth[:, :, place].any(axis=1)
        one, two = (
            np.array([dice(*pair, 0.0) for pair in zip(truth[there, :, place], model[there, :, place], strict=True)])
            for model in models
        )
        stderr = stats.sem(two - one)
        for entry, tolerance in zip(found, (1e-9, 0.1, 1e-9), strict=True):
            assert entry.difference == pytest.approx((two - one).mean(), rel=1e-9)
            assert entry.stderr == pytest.approx(stderr, rel=tolerance)
        assert found[0].count == found[2].count == there.sum()
    assert there.sum() < images  # the last class


TWO_MODELS = "-t y -p a -p b"
TWO_MASKS = "-t m --probs qa --probs qb"
TWO_VIEWS = "--anchor a,b --positive qa,qb --positive x,w"
BITS = {
    "rows": f"-l mse -l mae {TWO_MODELS} -w w",
    "slices": f"-l mse {TWO_MODELS} --by c --by x:-1,0.5 --min-rows 300",
    "clusters": f"-l mse {TWO_MODELS} --cluster u -w w --by c",
    "runs": f"-l mse {TWO_MODELS} --block 700 --by c",
    "draws": f"-l mse {TWO_MODELS} --bootstrap 100 --seed 5 -w w --by c",
    "drawn clusters": f"-l mse {TWO_MODELS} --bootstrap 100 --cluster u",
    "sets": f"-l dice {TWO_MASKS} --group g --by c --cluster u",
    "one set": f"-l dice {TWO_MASKS} --by c --cluster u",
    "one set, drawn": f"-l dice {TWO_MASKS} --bootstrap 100 -w w",
    "batches": f"-l nt_xent {TWO_VIEWS} --batch-size 20 --where x>1",
    "batches of groups": f"-l nt_xent {TWO_VIEWS} --group h --where x>1.5 --by c",
    "gaps": "-l mse -t y -p gap -p b --missing skip --bootstrap 100 --by c",
}


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """A table of 70,000 rows, more than a block, as files of several kinds and the threads to read each with."""
    rows = 70_000
    rng = np.random.default_rng(15)
    y = rng.normal(size=rows)
    gap = np.where(rng.random(rows) < 0.01, np.nan, y + rng.normal(size=rows))
    table = pa.table(
        {
            "y": y,
            "a": y + rng.normal(size=rows),
            "b": y + rng.standard_t(4, rows),
            "gap": pa.array(gap, from_pandas=True),
            "w": rng.exponential(size=rows),
            "x": rng.normal(size=rows),
            "c": [("one", "two", "three")[i] for i in rng.integers(0, 3, rows)],
            "g": np.arange(rows) // 40,
            "h": np.arange(rows) // 350,
            "u": np.arange(rows) // 40 % 200,
            "m": rng.integers(0, 2, rows),
            "qa": rng.random(rows),
            "qb": rng.random(rows),
        }
    )
    folder = tmp_path_factory.mktemp("pieces")
    found = []
    for size, threads in ((rows, 1), (1000, 2), (7777, 5), (65_536, 2)):
        path = folder / f"{size}.parquet"
        pq.write_table(table, path, row_group_size=size)
        found.append([str(path), "--threads", str(threads)])
    path = folder / "all.csv"
    pa_csv.write_csv(table, path)
    return [*found, [str(path), "--threads", "2"], [str(path), "--threads", "5"]]


@pytest.mark.parametrize("asked", BITS.values(), ids=BITS)
def test_pieces_and_threads_change_no_bit(asked: str, pieces: list[list[str]]) -> None:
    found = []
    for piece in pieces:
        done = run_cli(["compare", *asked.split(), *piece, "--json", "-q"])
        assert done.code == 0, done.err
        entry = json.loads(done.out)
        found.append(json.dumps([entry["results"], entry["comparisons"]]))
    assert len(set(found)) == 1


def test_row_groups_of_a_few_rows_change_no_bit(tmp_path: Path) -> None:
    whole, small = tmp_path / "whole.parquet", tmp_path / "small.parquet"
    pq.write_table(TWO, whole)
    pq.write_table(TWO, small, row_group_size=7)
    for contest, (loss, roles, asked) in CONTESTS.items():
        flags = [word for role, name in roles.items() for word in (f"--{role}", name)]
        flags += [word for role, names in asked["models"].items() for name in names for word in (f"--{role}", name)]
        flags += ["--group", asked["group"]] if "group" in asked else []
        for more in (["--by", "t"], ["--by", "t", "--bootstrap", "100"], ["--cluster", "u"]):
            texts = set()
            for path, threads in ((whole, "1"), (small, "2"), (small, "5")):
                done = run_cli(["compare", "-l", loss, *flags, *more, str(path), "--json", "--threads", threads])
                assert done.code == 0, (contest, done.err)
                texts.add(done.out.partition('"inputs"')[0])
            assert len(texts) == 1, (contest, more)


def test_files_that_are_split_at_a_block_have_the_same_sums() -> None:
    """Sums and clusters do not tell where a file ends, if a block does; the rows of draws and runs do."""
    rng = np.random.default_rng(16)
    rows = 65_536 + 500
    table = table_of(rng.normal(size=rows), rng.normal(size=rows), u=np.arange(rows) % 77)
    halves = [table.slice(0, 65_536), table.slice(65_536)]
    for asked in ({}, {"cluster": "u"}, {"by": ["u"]}):
        assert in_slice(run(table, ["mse"], TARGET, models=PAIR, **asked)) == in_slice(
            run(halves, ["mse"], TARGET, models=PAIR, **asked)
        )


@pytest.mark.parametrize("asked", [{}, {"cluster": "u"}, {"by": ["u"]}])
def test_losses_near_the_largest_number(asked: dict[str, Any]) -> None:
    """Their sum is beyond it and their mean is not. Expected: by hand."""
    table = table_of(np.full(40, 1e308), np.full(40, 0.5e308), u=np.arange(40))
    report = run(table, ["mae"], TARGET, models=PAIR, **asked)
    assert [result.value for result in report.results if result.slice is None] == [1e308, 0.5e308]
    assert report.comparisons[0].difference == -0.5e308


def test_differences_beyond_the_largest_number_are_refused() -> None:
    """A reconstruction error may be of either sign."""
    table = pa.table({"a": [1.7e308] * 2, "b": [-1.7e308] * 2, "k": [0.0] * 2})
    with pytest.raises(DataError, match="the losses of two models differ by more than a float64 holds"):
        run(table, ["elbo"], {"kl": "k"}, models={"reconstruction": ["a", "b"]})


def test_small_differences_of_large_losses_keep_their_digits() -> None:
    """Losses of 1e8 that differ by 1e-3. Expected: NumPy on the distances from 1e8, which are exact."""
    rng = np.random.default_rng(17)
    rows = 5000
    steps = rng.integers(-1000, 1000, (2, rows)) * 2.0**-20
    table = table_of(1e8 + steps[0], 1e8 + steps[1])
    (found,) = run(table, ["mae"], TARGET, models=PAIR).comparisons
    exact = mean(steps[1]) - mean(steps[0])
    assert found.difference == float(exact)
    assert found.stderr == pytest.approx(stats.sem(steps[1] - steps[0]), rel=1e-12)
    results = run(table, ["mae"], TARGET, models=PAIR).results
    for result, own in zip(results, steps, strict=True):
        assert result.value == float(Fraction(10**8) + mean(own))
        assert result.stderr == pytest.approx(stats.sem(own), rel=1e-12)
