"""Clusters, runs and draws: standard errors and intervals against NumPy, and digits that large means must not cost."""

from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from losscli.arrays import Array
from losscli.data.group_keys import Keys
from losscli.joint import SeveralMoments
from losscli.moments import SCALE, Moments
from losscli.resampled import Clustered, Resampled, drawn_sums
from losscli.statistics import drawn_p_value, percentile_interval
from losscli.unit_arrays import Units
from tests.engine import in_slice, run

TARGET = {"target": "y"}
PAIR = {"pred": ["a", "b"]}
ROWS = 600
RNG = np.random.default_rng(21)
USERS = RNG.permutation(np.repeat(np.arange(48), np.tile([2, 8, 15, 25], 12)))
EFFECT = RNG.normal(size=48)[USERS]
A, B = EFFECT + RNG.normal(size=ROWS), EFFECT + 1.2 * RNG.normal(size=ROWS)
W = RNG.exponential(size=ROWS)
TABLE = pa.table(
    {"y": np.zeros(ROWS), "a": A, "b": B, "w": W, "u": USERS, "name": [f"user {u}" for u in USERS], "half": USERS % 2}
)


def by_clusters(losses: Array, weights: Array, labels: Any) -> tuple[float, float]:
    """The weighted mean and its standard error as a ratio of the totals of C clusters, with C / (C - 1)."""
    mean = np.average(losses, weights=weights)
    totals = np.array([np.sum((weights * (losses - mean))[labels == label]) for label in np.unique(labels)])
    return mean, float(np.sqrt(len(totals) / (len(totals) - 1) * np.sum(totals**2)) / weights.sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("asked", "labels"), [({"cluster": "u"}, USERS), ({"block": 7}, np.arange(ROWS) // 7)])
def test_rows_of_a_cluster_count_together(asked: dict[str, Any], labels: Array, weighted: bool) -> None:
    weights = W if weighted else np.ones(ROWS)
    more = {"weight": "w"} if weighted else {}
    report = run(TABLE, ["mse"], TARGET, models=PAIR, **asked, **more)
    found = [(one.value, one) for one in report.results] + [(one.difference, one) for one in report.comparisons]
    for (value, entry), losses in zip(found, (A**2, B**2, B**2 - A**2), strict=True):
        mean, stderr = by_clusters(losses, weights, labels)
        count = len(np.unique(labels))
        reach = stats.t.ppf(0.975, count - 1) * stderr
        assert entry.count == count
        assert value == pytest.approx(mean, rel=1e-12)
        assert entry.stderr == pytest.approx(stderr, rel=1e-11)
        np.testing.assert_allclose([entry.ci.low, entry.ci.high], [mean - reach, mean + reach], rtol=1e-9)
    assert report.comparisons[0].p_value == pytest.approx(2 * stats.t.sf(abs(mean) / stderr, count - 1), rel=1e-9)


def test_names_and_numbers_make_the_same_clusters() -> None:
    one, two = (run(TABLE, ["mse"], TARGET, models=PAIR, cluster=name) for name in ("u", "name"))
    assert in_slice(one) == in_slice(two)


def test_two_columns_make_clusters_of_their_pairs() -> None:
    pairs = USERS // 4 * 3 + np.arange(ROWS) % 3
    table = TABLE.append_column("v", pa.array(USERS // 4)).append_column("z", pa.array(np.arange(ROWS) % 3))
    (found,) = run(table, ["mse"], {"target": "y", "pred": "a"}, cluster="v,z").results
    assert found.stderr == pytest.approx(by_clusters(A**2, np.ones(ROWS), pairs)[1], rel=1e-11)


def test_clusters_of_one_row_are_the_rows() -> None:
    table = TABLE.append_column("own", pa.array(np.arange(ROWS)))
    rows = run(table, ["mse"], TARGET, models=PAIR)
    for asked in ({"cluster": "own"}, {"block": 1}):
        for one, two in zip(in_slice(rows), in_slice(run(table, ["mse"], TARGET, models=PAIR, **asked)), strict=True):
            assert one[1] == pytest.approx(two[1], rel=1e-12)
            assert one[3] == two[3]


def test_clusters_of_one_set() -> None:
    """Expected: the influence of each row on dice, by its gradient, added up in clusters."""
    mask, probs, other = (RNG.random(ROWS) < 0.4).astype(float), RNG.random(ROWS), RNG.random(ROWS)
    table = pa.table({"m": mask, "p": probs, "q": other, "u": USERS})
    report = run(table, ["dice"], {"target": "m"}, models={"probs": ["p", "q"]}, cluster="u")
    eps, parts = report.results[0].params["eps"], []
    for scores in (probs, other):
        top, bottom = 2 * np.sum(mask * scores) + eps, np.sum(mask + scores) + eps
        parts.append(-2 * mask * scores / bottom + top * (mask + scores) / bottom**2)
    for entry, change in zip([*report.results, *report.comparisons], [*parts, parts[1] - parts[0]], strict=True):
        totals = np.array([change[label == USERS].sum() for label in np.unique(USERS)])
        assert entry.stderr == pytest.approx(np.sqrt(48 * np.var(totals, ddof=1)), rel=1e-9)


def multinomial(losses: Array, weights: Array, labels: Array, draws: int) -> Array:
    """The weighted mean over clusters that are drawn with replacement, as many as there are."""
    rng = np.random.default_rng(0)
    names = np.unique(labels)
    totals = np.array([np.sum((weights * losses)[labels == name]) for name in names])
    heavy = np.array([np.sum(weights[labels == name]) for name in names])
    chosen = rng.integers(0, len(names), (draws, len(names)))
    return np.asarray(totals[chosen].sum(axis=1) / heavy[chosen].sum(axis=1))


@pytest.mark.parametrize(
    "asked", [{}, {"weight": "w"}, {"cluster": "u"}, {"cluster": "u", "weight": "w"}, {"block": 7}]
)
def test_draws_are_those_of_the_plain_bootstrap(asked: dict[str, Any]) -> None:
    """Within the error of 4,000 draws: 1.1% for the standard error, and for quantiles of 2.5% about 4% of it."""
    labels = USERS if "cluster" in asked else np.arange(ROWS) // asked.get("block", 1)
    weights = W if "weight" in asked else np.ones(ROWS)
    report = run(TABLE, ["mse"], TARGET, models=PAIR, bootstrap=4000, seed=1, **asked)
    formula = run(TABLE, ["mse"], TARGET, models=PAIR, **asked)
    for kind, losses in ((-1, B**2 - A**2), (0, A**2), (1, B**2)):
        entries = [[*one.results, *one.comparisons][kind] for one in (report, formula)]
        drawn, analytic = entries
        plain = multinomial(losses, weights, labels, 20_000)
        assert drawn.stderr == pytest.approx(plain.std(ddof=1), rel=0.05)
        assert drawn.stderr == pytest.approx(analytic.stderr, rel=0.08)  # skewed totals of few clusters differ most
        # tails as Student's quantile has them under the normal distribution
        tail = stats.norm.sf(stats.t.ppf(0.975, len(np.unique(labels)) - 1))
        expected = np.quantile(plain, [tail, 1.0 - tail])
        np.testing.assert_allclose([drawn.ci.low, drawn.ci.high], expected, atol=0.2 * analytic.stderr)
        assert drawn.ci.method == "bootstrap"
    paired, analytic = report.comparisons[0], formula.comparisons[0]
    assert paired.p_value == pytest.approx(analytic.p_value, abs=0.03)


def test_draws_of_one_set_and_of_its_classes() -> None:
    """Each class of a whole input has its own interval, near the one by the delta method."""
    mask = np.eye(3)[RNG.integers(0, 3, ROWS)]
    probs, other = RNG.dirichlet(np.ones(3), (2, ROWS))
    columns = np.concatenate([mask, probs, other], axis=1)
    names = [f"{role}{i}" for role in "mpq" for i in range(3)]
    table = pa.table({**dict(zip(names, columns.T, strict=True)), "u": USERS})
    for average in ("macro", "none"):
        for more in ({}, {"cluster": "u"}):
            asked: dict[str, Any] = {"models": {"probs": ["p0,p1,p2", "q0,q1,q2"]}, "params": {"average": average}}
            formula = run(table, ["dice"], {"target": "m0,m1,m2"}, **asked, **more)
            drawn = run(table, ["dice"], {"target": "m0,m1,m2"}, bootstrap=2000, **asked, **more)
            assert len(formula.results) == (6 if average == "none" else 2)
            for one, two in zip(in_slice(formula), in_slice(drawn), strict=True):
                assert one[0] == two[0]
                assert one[1] == pytest.approx(two[1], rel=0.1)
                np.testing.assert_allclose(one[2][:2], two[2][:2], atol=0.3 * one[1])


def test_seeds_make_draws_and_nothing_else_does() -> None:
    drawn = [
        in_slice(run(TABLE, ["mse"], TARGET, models=PAIR, bootstrap=200, seed=seed)) for seed in (0, 0, 1, 2**64 - 1)
    ]
    assert drawn[0] == drawn[1]
    assert len({entry[0][1] for entry in drawn}) == 3
    assert len({entry[0][0] for entry in drawn}) == 1
    alone = run(TABLE, ["mae", "mse"], TARGET, models=PAIR, bootstrap=200)
    assert in_slice(alone)[2:4] == drawn[0][:2]


def test_a_row_has_its_draws_wherever_the_pieces_end() -> None:
    """Expected: each row once, and the sum over them."""
    values = RNG.normal(size=(600, 2))
    numbers = np.arange(600) * 11 + 5
    whole = drawn_sums(values, numbers, 150, 9)
    each = [drawn_sums(values[i : i + 1], numbers[i : i + 1], 150, 9) for i in range(600)]
    one_by_one = np.add.reduce(each)
    np.testing.assert_allclose(whole, one_by_one, rtol=1e-10, atol=1e-10)
    counts = drawn_sums(np.ones((1, 1)), np.array([70]), 100_000, 3)[:, 0]
    seen = np.bincount(counts.astype(int), minlength=9)[:5] / 100_000
    np.testing.assert_allclose(seen, stats.poisson.pmf(np.arange(5), 1.0), atol=0.006)
    assert counts.mean() == pytest.approx(1.0, abs=0.013)
    assert counts.var() == pytest.approx(1.0, abs=0.03)


def test_different_rows_have_draws_of_their_own() -> None:
    counts = np.stack([drawn_sums(np.ones((1, 1)), np.array([i]), 5000, 0)[:, 0] for i in range(40)])
    correlations = np.asarray(np.corrcoef(counts))[np.triu_indices(40, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(5000)
    assert abs(correlations.mean()) < 4 / np.sqrt(5000 * 780)


def test_replicates_of_large_means_are_right() -> None:
    """Losses of 1e8 with a spread of 1e-3. Expected: the same draws on the distances from 1e8, which are exact."""
    rows = 3000
    steps = np.asarray(RNG.integers(-1000, 1000, (2, rows)) * 2.0**-20, dtype=np.float64)
    numbers = np.arange(rows)
    state = Resampled(SeveralMoments(2), gaps=False, draws=200, seed=4)
    state.take(Units(1e8 + steps.T, None, None, numbers=numbers), lambda plain, units: plain.add(units.losses, None))
    drawn = state.drawn()
    counts = drawn_sums(np.ones((rows, 1)), numbers, 200, 4)
    expected = drawn_sums(np.ascontiguousarray(steps.T), numbers, 200, 4) / counts
    np.testing.assert_allclose(drawn[:, :2] / drawn[:, 2:], 1e8 + expected, rtol=1e-15)
    table = pa.table({"y": np.zeros(rows), "a": 1e8 + steps[0], "b": 1e8 + steps[1], "u": np.arange(rows) // 10})
    small = pa.table({"y": np.full(rows, -1.0), "a": steps[0], "b": steps[1], "u": np.arange(rows) // 10})
    for asked in ({"bootstrap": 200}, {"bootstrap": 200, "cluster": "u"}, {"cluster": "u"}):
        large = in_slice(run(table, ["mae"], TARGET, models=PAIR, **asked))
        near = in_slice(run(small, ["mae"], TARGET, models=PAIR, **asked))
        for one, two in zip(large, near, strict=True):
            assert one[1] == pytest.approx(two[1], rel=2e-3)


@pytest.mark.parametrize("kind", ["moments", "several", "clustered", "resampled"])
def test_blocks_may_be_added_in_any_order(kind: str) -> None:
    """Exactly: sums between blocks lose nothing. Sums of clusters are added in the order of the file by the fold."""

    def part(block: int) -> Any:
        rng = np.random.default_rng(block)
        losses = 10.0 ** rng.uniform(-8, 8) * rng.normal(size=(50, 2))
        weights = rng.exponential(size=50)
        units = Units(losses, weights, None, numbers=np.arange(50) + 50 * block)
        if kind == "moments":
            found = Moments()
            found.add(losses[:, 0].copy(), weights)
            return found
        if kind == "several":
            several = SeveralMoments(2)
            several.add(losses, weights)
            return several
        state: Any = Resampled(SeveralMoments(2), False, 100, 1)
        if kind == "clustered":
            state = Clustered(SeveralMoments(2), False, None)
            units.clusters = Keys(np.arange(50) % 3, [f"{block}-{i}" for i in range(3)])
        state.take(units, lambda plain, taken: plain.add(taken.losses, taken.weights))
        return state

    found = []
    for order in (range(12), reversed(range(12)), np.random.default_rng(0).permutation(12).tolist()):
        total = part(next(iter(order := list(order))))
        for block in order[1:]:
            total += part(block)
        found.append(total)
    plain = [total if kind in ("moments", "several") else total.plain for total in found]
    assert plain[0] == plain[1] == plain[2]
    if kind == "resampled":
        sums = [state.sums.wholes(100, state.width) for state in found]
        assert sums[0] == sums[1] == sums[2]
        assert len(sums[0]) == 300
    if kind == "moments":
        exact = sum((Fraction(part(block).first, 1 << SCALE) for block in range(12)), Fraction(0))
        assert plain[0].total() == exact


def test_an_interval_of_draws_is_the_middle_of_them() -> None:
    """Expected: by hand. For very many units the tails are 2.5%: 25 of 999 values lie at or below the lower bound."""
    drawn = [float(i) for i in range(1, 1000)]
    interval = percentile_interval(drawn, 10**9, 0.95)
    assert interval is not None
    np.testing.assert_allclose([interval.low, interval.high], [25.0, 975.0], rtol=1e-6)
    few = percentile_interval(drawn, 20, 0.95)
    assert few is not None
    tail = stats.norm.sf(stats.t.ppf(0.975, 19))  # 1.8%
    np.testing.assert_allclose([few.low, few.high], [1000 * tail, 1000 * (1 - tail)], rtol=1e-9)
    assert percentile_interval(drawn[:99], 50, 0.95) is None


def test_a_p_value_of_draws_goes_with_their_interval() -> None:
    """Expected: by hand. Of 999 draws 24 lie below 0: (24 + 1) / 1000 in each tail."""
    drawn = [-1.0] * 24 + [1.0] * 975
    assert drawn_p_value(drawn, 10**9) == pytest.approx(0.05, rel=1e-6)
    assert drawn_p_value(drawn, 20) == pytest.approx(2 * stats.t.sf(stats.norm.isf(0.025), 19), rel=1e-9)
    assert drawn_p_value([0.0] * 200, 50) == 1.0
    assert drawn_p_value([-1.0, 1.0] * 100, 50) == 1.0
    for below in range(0, 60):
        values = [-1.0 - i for i in range(below)] + [1.0 + i for i in range(999 - below)]
        interval = percentile_interval(values, 30, 0.95)
        assert interval is not None
        holds = interval.low <= 0.0
        # between two draws the interval is a line and the p-value a step, so they agree but for the draw at the bound
        assert (
            holds == (drawn_p_value(values, 30) > 0.05)
            or abs(below - 1000 * stats.norm.sf(stats.t.ppf(0.975, 29))) < 1.5
        )


@pytest.mark.parametrize("scale", [2.0**-660, 2.0**600])
def test_draws_of_any_size(scale: float) -> None:
    """Powers of two change no digit, also where squares overflow or vanish."""
    asked = {"models": PAIR, "bootstrap": 200}
    table = TABLE.set_column(1, "a", pa.array(A * scale)).set_column(2, "b", pa.array(B * scale))
    for one, two in zip(
        in_slice(run(table, ["mae"], TARGET, **asked)), in_slice(run(TABLE, ["mae"], TARGET, **asked)), strict=True
    ):
        assert one[1] / scale == pytest.approx(two[1], rel=1e-12)


def test_a_row_without_a_cluster_is_refused_or_counted() -> None:
    users = [None if i in (4, 9) else int(u) for i, u in enumerate(USERS)]
    table = TABLE.set_column(TABLE.column_names.index("u"), "u", pa.array(users))
    with pytest.raises(Exception, match="column 'u' has no value in 2 of 600 rows: rows 5, 10"):
        run(table, ["mse"], TARGET, models=PAIR, cluster="u")
    report = run(table, ["mse"], TARGET, models=PAIR, cluster="u", missing="skip")
    kept = np.array([user is not None for user in users])
    mean, stderr = by_clusters(A[kept] ** 2, np.ones(598), USERS[kept])
    assert report.results[0].skipped == {"missing": 2}
    assert report.results[0].value == pytest.approx(mean, rel=1e-13)
    assert report.results[0].stderr == pytest.approx(stderr, rel=1e-11)


def test_a_run_ends_where_its_file_ends() -> None:
    """Two files of 25 rows make runs of 10, 10 and 5 rows each: six clusters, not three and not five."""
    rng = np.random.default_rng(8)
    errors = rng.normal(1.0, 1.0, 50)
    table = pa.table({"y": np.zeros(50), "p": errors})
    files = [table.slice(0, 25), table.slice(25)]
    [result] = run(files, ["mae"], {"target": "y", "pred": "p"}, block=10).results
    assert result.count == 6
    # the ratio of totals over clusters, C / (C - 1) times the squares of their residuals
    runs = np.array([0] * 10 + [1] * 10 + [2] * 5 + [3] * 10 + [4] * 10 + [5] * 5)
    residuals = np.bincount(runs, np.abs(errors) - np.abs(errors).mean())
    assert result.stderr == pytest.approx(np.sqrt(6 / 5 * (residuals**2).sum()) / 50, rel=1e-12)


def test_rows_of_another_file_are_drawn_by_themselves() -> None:
    """Were the draws those of the number in its file, two copies would have 1.41 times the standard error."""
    rng = np.random.default_rng(9)
    table = pa.table({"y": np.zeros(400), "p": rng.normal(0.0, 1.0, 400)})
    [drawn] = run([table, table], ["mae"], {"target": "y", "pred": "p"}, bootstrap=2000).results
    [formula] = run([table, table], ["mae"], {"target": "y", "pred": "p"}).results
    # the standard deviation of 2,000 draws is right to 1.6%, and four times that is allowed
    assert drawn.stderr == pytest.approx(formula.stderr, rel=0.07)
