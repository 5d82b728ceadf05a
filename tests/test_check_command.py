"""`losscli check` through the command: exit codes, where rules and settings come from, several models, outputs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from tests.cli import Outcome, run_cli, run_process
from tests.gate_files import COUNTRIES, NEW, OLD, TRUTH, USERS, WEIGHTS, table, write

MAE_OLD, MAE_NEW = (float(np.mean(np.abs(TRUTH - pred))) for pred in (OLD, NEW))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "old.csv", table(OLD))
    write(tmp_path / "new.csv", table(NEW))
    both = {name: cells for name, cells in table(OLD).items() if name != "y_pred"}
    write(tmp_path / "both.csv", {**both, "a": OLD, "b": NEW})
    return tmp_path


def gate(folder: Path, text: str, name: str = "losscli.toml") -> None:
    (folder / name).write_text(text)


def check(folder: Path, *args: str, stdin: bytes = b"") -> Outcome:
    return run_cli(["check", *args], stdin=stdin, cwd=folder)


def as_json(folder: Path, *args: str) -> tuple[int, Any]:
    outcome = check(folder, *args, "--json", "-q")
    assert outcome.out, outcome.err
    return outcome.code, json.loads(outcome.out)


def verdicts(report: Mapping[str, Any]) -> list[str]:
    return [entry["verdict"] for entry in report["checks"]]


def interval(differences: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    mean, error = differences.mean(), stats.sem(differences)
    low, high = stats.t.interval(level, len(differences) - 1, mean, error)
    return float(low), float(high)


def above(number: float) -> str:
    return repr(number * 1.001)


def below(number: float) -> str:
    return repr(number * 0.999)


# exit codes, one each, and which comes first

PASSES = '[[gate]]\nloss = "mae"\nmax = 100\n'
FAILS = '[[gate]]\nloss = "mae"\nmax = 0.001\n'
UNSURE = '[[gate]]\nloss = "mae"\nslice = {country = "XX"}\nmax = 100\n'
WARNS = '[[gate]]\nloss = "mae"\nmax = 0.001\nlevel = "warn"\n'
NO_COLUMN = '[[gate]]\nloss = "mae"\npred = "absent"\nmax = 1\n'
NO_SLICE_COLUMN = '[[gate]]\nloss = "mae"\nslice = {absent = "XX"}\nmax = 1\n'
NO_BY_COLUMN = '[[gate]]\nloss = "mae"\nby = "absent"\nmax = 1\n'
NO_FILTER_COLUMN = '[[gate]]\nloss = "mae"\nwhere = "absent=1"\nmax = 1\n'
BAD_FILTER = '[[gate]]\nloss = "mse"\nwhere = "country>2"\nmax = 1\n'


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([PASSES], 0),
        ([PASSES, WARNS], 0),
        ([FAILS], 1),
        ([NO_COLUMN], 2),
        ([NO_SLICE_COLUMN], 2),
        ([NO_BY_COLUMN], 2),
        ([NO_FILTER_COLUMN], 2),
        ([UNSURE], 4),
        ([PASSES, UNSURE, FAILS], 1),
        ([WARNS, UNSURE], 4),
        ([FAILS, NO_COLUMN], 2),
        ([UNSURE, NO_FILTER_COLUMN], 2),
        ([NO_FILTER_COLUMN, FAILS], 2),
    ],
)
def test_exit_codes(folder: Path, rules: Sequence[str], code: int) -> None:
    gate(folder, "".join(rules))
    outcome = check(folder, "old.csv")
    assert outcome.code == code, outcome.err
    assert (outcome.out == "") == (code in (2, 3))


def test_a_file_that_is_not_there_is_3_and_a_usage_error_comes_before_it(folder: Path) -> None:
    gate(folder, FAILS)
    assert check(folder, "absent.csv").code == 3
    assert check(folder, "absent.csv", "--loss", "mae", "--max", "x").code == 2
    gate(folder, FAILS + "[[gate]]\nloss = 'mae'\nmx = 1\n")
    outcome = check(folder, "absent.csv")
    assert outcome.code == 2
    assert "gate 2" in outcome.err
    assert "'mx'" in outcome.err


def test_a_column_that_is_absent_comes_before_data_that_other_rules_refuse(folder: Path) -> None:
    write(folder / "bad.csv", {**table(OLD), "y_pred": ["x", *OLD[1:]]})
    gate(folder, PASSES)
    assert check(folder, "bad.csv").code == 3
    for second in (NO_COLUMN, NO_FILTER_COLUMN):
        gate(folder, PASSES + second)
        assert check(folder, "bad.csv").code == 2, second


def test_a_column_that_is_absent_comes_before_a_baseline_that_is_cut_off(folder: Path) -> None:
    (folder / "base.json").write_text('{"schema": "losscli.result/1", "results": [')
    assert check(folder, "old.csv", "--loss", "mae", "--max-regression", "1", "--baseline", "base.json").code == 3
    args = ("--loss", "mae", "--max-regression", "1", "--baseline", "base.json", "--pred", "absent")
    assert check(folder, "old.csv", *args).code == 2


def test_a_value_outside_the_domain_is_3_even_where_another_rule_fails(folder: Path) -> None:
    gate(folder, FAILS + '[[gate]]\nloss = "msle"\nmax = 1\n')
    write(folder / "negative.csv", {**table(OLD), "y_pred": [-5.0, *OLD[1:]]})
    outcome = check(folder, "negative.csv")
    assert outcome.code == 3
    assert "-5" in outcome.err


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("max = 1\n" + PASSES, "[[gate]]"),
        (PASSES + "min_row = 3\n", "min_rows"),
        ('[[gate]]\nloss = "mea"\nmax = 1\n', "mae"),
        ('[[gate]]\nloss = "mae"\n', "no limit"),
        ("target = 'y_true'\n", "no rule"),
        (PASSES + "[baseline]\n", "path"),
        (PASSES + '[baseline]\npath = "x"\nmising = "fail"\n', "missing"),
        ('[[gate]]\nloss = "mae"\nmax_regression = "2%"\n', "baseline"),
        ("x = [", "TOML"),
    ],
)
def test_a_configuration_that_is_wrong_is_2_before_any_file_is_read(folder: Path, text: str, word: str) -> None:
    gate(folder, text)
    outcome = check(folder, "absent.csv")
    assert (outcome.code, outcome.out) == (2, "")
    assert word in outcome.err


def test_no_rule_at_all_is_2(folder: Path) -> None:
    assert check(folder, "old.csv").code == 2


# where rules and settings come from


def test_the_configuration_of_the_working_directory_is_found_and_losscli_toml_comes_first(folder: Path) -> None:
    gate(folder, f'files = "old.csv"\n[[gate]]\nloss = "mae"\nmax = {above(MAE_OLD)}\n')
    project = (
        '[project]\nname = "x"\n[tool.losscli]\nfiles = ["old.csv"]\n[[tool.losscli.gate]]\nloss = "mae"\nmax = 0\n'
    )
    gate(folder, project, "pyproject.toml")
    assert check(folder).code == 0
    (folder / "losscli.toml").unlink()
    assert check(folder).code == 1
    gate(folder, '[project]\nname = "x"\n', "pyproject.toml")
    assert check(folder).code == 2


def test_rules_on_the_line_take_the_place_of_those_of_the_configuration(folder: Path) -> None:
    gate(folder, 'files = "old.csv"\n' + FAILS)
    code, report = as_json(folder, "--loss", "mae", "--max", above(MAE_OLD))
    assert (code, verdicts(report)) == (0, ["PASS"])
    assert as_json(folder, "--loss", "mae", "--max", below(MAE_OLD))[0] == 1
    assert as_json(folder, "--loss", "mae", "--min", above(MAE_OLD))[0] == 1
    write(folder / "two.csv", {"y_true": [0, 0], "y_pred": [1, 4]})
    assert as_json(folder, "two.csv", "--loss", "mae", "--max", "2.5")[0] == 0
    assert as_json(folder, "two.csv", "--loss", "mae", "--max", "2.4999999999999996")[0] == 1


def mean(errors: np.ndarray, weights: np.ndarray | None = None) -> float:
    return float(np.average(errors, weights=weights))


ERRORS = np.abs(TRUTH - OLD)
IN_DE = COUNTRIES == "DE"


@pytest.mark.parametrize(
    ("key", "args", "expected"),
    [
        ('pred = "b"', ["both.csv", "--pred", "a"], mean(ERRORS)),
        ('target = "b"\npred = "a"', ["both.csv", "--target", "y_true"], mean(ERRORS)),
        ('weight = "id"', ["old.csv", "--weight", "w"], mean(ERRORS, WEIGHTS)),
        ('weight = "id"', ["old.csv", "--column", "weight=w"], mean(ERRORS, WEIGHTS)),
        ('where = "country=FR"', ["old.csv", "--where", "country=DE"], mean(ERRORS[IN_DE])),
        ('files = "new.csv"', ["old.csv"], mean(ERRORS)),
        ('[models]\nx = "new.csv"\ny = "new.csv"', ["old.csv"], mean(ERRORS)),
        ('model_column = "country"', ["--model", "x=new.csv", "--model", "y=old.csv"], mean(ERRORS)),
        ('transform = "log"', ["old.csv", "--transform", "log1p"], mean(np.abs(np.log1p(TRUTH) - np.log1p(OLD)))),
        ('pred = "a"', ["both.csv", "--pred", "b", "--pred", "a"], mean(ERRORS)),
    ],
)
def test_the_line_wins_over_the_configuration(folder: Path, key: str, args: Sequence[str], expected: float) -> None:
    rule = '[[gate]]\nloss = "mae"\nmax = 1000\n'
    gate(folder, rule + key if key.startswith("[") else f"{key}\n{rule}")
    code, report = as_json(folder, *args)
    assert code == 0
    assert report["checks"][-1]["value"] == pytest.approx(expected, rel=1e-12)


def test_the_line_wins_over_words_that_are_the_defaults_too(folder: Path) -> None:
    write(folder / "gaps.csv", {**table(OLD), "y_pred": ["", *OLD[1:]]})
    gate(folder, 'missing = "skip"\nconfidence = 0.8\n' + PASSES)
    assert as_json(folder, "gaps.csv")[1]["checks"][0]["ci"]["level"] == 0.8
    assert as_json(folder, "gaps.csv", "--confidence", "0.95")[1]["checks"][0]["ci"]["level"] == 0.95
    assert check(folder, "gaps.csv", "--missing", "error").code == 3


def test_the_outcome_on_the_line_wins(folder: Path) -> None:
    gate(folder, 'on_inconclusive = "pass"\n' + UNSURE)
    assert check(folder, "old.csv").code == 0
    assert check(folder, "old.csv", "--on-inconclusive", "fail").code == 1


def test_each_rule_has_its_own_columns_slices_filters_and_loss(folder: Path) -> None:
    gate(
        folder,
        """
target = "y_true"
[[gate]]
loss = "mae"
pred = "a"
max = 1000
[[gate]]
loss = "mae"
pred = "b"
max = 1000
where = "w>1"
[[gate]]
loss = "pinball:tau=0.8"
pred = "b"
max = 1000
where = ["w>1", "country=DE"]
[[gate]]
loss = "mse"
pred = "a"
slice = {country = "DE", w = 2}
max = 1000
[[gate]]
loss = "mae"
pred = "b"
where = "w>1"
by = ["country", "w"]
max = 1000
""",
    )
    code, report = as_json(folder, "both.csv")
    assert code == 0
    under = TRUTH - NEW
    pinball = np.maximum(0.8 * under, -0.2 * under)
    heavy = WEIGHTS > 1
    expected = [
        np.abs(TRUTH - OLD).mean(),
        np.abs(under)[heavy].mean(),
        pinball[heavy & IN_DE].mean(),
        ((TRUTH - OLD) ** 2)[IN_DE & (WEIGHTS == 2)].mean(),
    ]
    values = [entry["value"] for entry in report["checks"]]
    assert values[:4] == pytest.approx(expected, rel=1e-12)
    crossed = {(e["slice"]["country"], str(e["slice"]["w"])): e["value"] for e in report["checks"][4:]}
    assert crossed == {
        (country, str(w)): pytest.approx(np.abs(under)[(country == COUNTRIES) & (w == WEIGHTS)].mean(), rel=1e-12)
        for country in set(COUNTRIES.tolist())
        for w in (2, 3)
    }
    assert report["warnings"] == []


def test_rules_with_filters_of_their_own_need_a_file(folder: Path) -> None:
    data = (folder / "old.csv").read_bytes()
    gate(folder, PASSES)
    assert check(folder, "-", stdin=data).code == 0
    gate(folder, PASSES + '[[gate]]\nloss = "mae"\nwhere = "w>1"\nmax = 100\n')
    outcome = check(folder, "-", stdin=data)
    assert outcome.code == 2
    assert "once" in outcome.err


def test_losses_of_sets_and_clusters(folder: Path) -> None:
    labels = (np.median(TRUTH) < TRUTH).astype(int)
    scores = 1 / (1 + np.exp(-(NEW - np.median(TRUTH))))
    write(folder / "mask.csv", {"y_true": labels, "y_prob": scores, "image": USERS})
    args: tuple[str, ...] = (
        "--loss",
        "dice",
        "--probs",
        "y_prob",
        "--target",
        "y_true",
        "--group",
        "image",
        "--max",
        "1",
    )
    code, report = as_json(folder, "mask.csv", *args)
    assert code == 0
    assert report["checks"][0]["unit"] == "set"
    assert report["checks"][0]["count"] == len(set(USERS.tolist()))
    args = ("--loss", "mae", "--cluster", "user", "--max", "1000", "--on", "upper")
    entry = as_json(folder, "old.csv", *args)[1]["checks"][0]
    sums = np.array([ERRORS[user == USERS].sum() for user in sorted(set(USERS.tolist()))])
    sizes = np.array([(user == USERS).sum() for user in sorted(set(USERS.tolist()))])
    residuals = sums - mean(ERRORS) * sizes
    count = len(sums)
    error = np.sqrt(count / (count - 1) * (residuals**2).sum()) / sizes.sum()
    assert entry["ci"]["high"] == pytest.approx(mean(ERRORS) + stats.t.ppf(0.975, count - 1) * error, rel=1e-9)
    assert entry["tested"] == entry["ci"]["high"]


def test_a_filter_may_leave_nothing_of_a_part_of_the_file(folder: Path) -> None:
    pq.write_table(pa.table({name: pa.array(cells) for name, cells in table(OLD).items()}), folder / "g.parquet", 50)
    args = ("g.parquet", "--loss", "mae", "--max", "100", "--where", "id>=390")
    code, report = as_json(folder, *args)
    assert (code, report["checks"][0]["count"]) == (0, 10)
    assert report["checks"][0]["value"] == pytest.approx(ERRORS[390:].mean(), rel=1e-12)
    assert check(folder, *args[:5], "--where", "id>=4000").code == 3


def test_too_many_slices_are_an_error_in_the_words_of_rules(folder: Path) -> None:
    rows = 3000
    write(folder / "many.csv", {"y_true": range(rows), "y_pred": range(rows), "key": range(rows)})
    gate(folder, '[[gate]]\nloss = "mae"\nby = "key"\nmax = 1\n')
    outcome = check(folder, "many.csv")
    assert outcome.code == 3
    assert "1,000 slices" in outcome.err
    assert "--" not in outcome.err


# several models


def test_a_regression_fails_where_the_whole_interval_of_the_difference_is_worse_than_allowed(folder: Path) -> None:
    differences = np.abs(TRUTH - NEW) - np.abs(TRUTH - OLD)
    low, high = interval(differences)
    assert 0 < low < differences.mean() < high
    for args in (
        ("new.csv", "--baseline", "old.csv"),
        ("--model", "o=old.csv", "--model", "n=new.csv", "--baseline", "o"),
        ("--model", "n=new.csv", "--model", "o=old.csv", "--baseline", "o"),
        ("both.csv", "--pred", "a", "--pred", "b"),
    ):
        for on, edge in ((None, low), ("lower", low), ("value", float(differences.mean())), ("upper", high)):
            words = ("--on", on) if on else ()
            for limit, code in ((edge * 1.000001, 0), (edge * 0.999999, 1)):
                rule = ("--loss", "mae", "--max-regression", repr(limit), *words)
                got, report = as_json(folder, *args, *rule)
                assert got == code, (args, on, limit)
                (entry,) = report["checks"]
                assert entry["tested"] == pytest.approx(edge, rel=1e-9)
                assert entry["baseline"] == pytest.approx(MAE_OLD, rel=1e-12)


def test_a_percent_is_of_the_baseline_and_the_floor_is_always_allowed(folder: Path) -> None:
    base = ("new.csv", "--baseline", "old.csv", "--loss", "mae", "--on", "value")
    worse = 100 * (MAE_NEW - MAE_OLD) / MAE_OLD
    assert as_json(folder, *base, "--max-regression", f"{worse * 1.001}%")[0] == 0
    assert as_json(folder, *base, "--max-regression", f"{worse * 0.999}%")[0] == 1
    code, report = as_json(folder, *base, "--max-regression", "1%", "--floor", above(MAE_NEW - MAE_OLD))
    assert (code, report["checks"][0]["limit"]) == (0, float(above(MAE_NEW - MAE_OLD)))
    assert as_json(folder, *base, "--max-regression", "1%", "--floor", below(MAE_NEW - MAE_OLD))[0] == 1


def test_a_baseline_of_0_leaves_a_percent_without_a_floor_inconclusive(folder: Path) -> None:
    write(folder / "exact.csv", table(TRUTH))
    base = ("old.csv", "--baseline", "exact.csv", "--loss", "mae", "--max-regression", "2%", "--on", "value")
    code, report = as_json(folder, *base)
    assert (code, verdicts(report)) == (4, ["INCONCLUSIVE"])
    assert as_json(folder, *base, "--floor", "1000")[0] == 0
    assert as_json(folder, *base, "--floor", "0.0001")[0] == 1


def test_limits_hold_for_every_model_unless_one_is_named_as_the_baseline(folder: Path) -> None:
    rule = ("--loss", "mae", "--max", above(MAE_OLD))
    found = as_json(folder, "both.csv", "--pred", "b", "--pred", "a", *rule)
    assert (found[0], {entry["model"]: entry["verdict"] for entry in found[1]["checks"]}) == (
        1,
        {"a": "PASS", "b": "FAIL"},
    )
    code, report = as_json(folder, "both.csv", "--pred", "b", "--pred", "a", "--baseline", "b", *rule)
    assert (code, [entry["model"] for entry in report["checks"]]) == (0, ["a"])
    code, report = as_json(folder, "old.csv", "--baseline", "new.csv", *rule)
    assert (code, len(report["checks"])) == (0, 1)
    gate(folder, f'[[gate]]\nloss = "mae"\nmax = {above(MAE_OLD)}\nmax_regression = "500%"\n')
    code, report = as_json(folder, "both.csv", "--pred", "b", "--pred", "a")
    assert (code, [entry["model"] for entry in report["checks"]]) == (0, ["a", "a"])


def test_rules_share_a_scan_for_each_different_filter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from losscli import evaluation

    scans = []
    real = evaluation.scan

    def counted(*args: Any, **options: Any) -> Any:
        scans.append([len(args[1].specs), *map(str, args[1].where)])
        return real(*args, **options)

    monkeypatch.setattr(evaluation, "scan", counted)
    other = '[[gate]]\nloss = "mse"\nwhere = "w>1"\nmax = 100\n'
    gate(folder, PASSES + other + PASSES.replace("mae", "mse") + other.replace("mse", "huber"))
    code, report = as_json(folder, "old.csv")
    assert (code, [entry["loss"] for entry in report["checks"]]) == (0, ["mae", "mse", "mse", "huber"])
    assert [scan[0] for scan in scans] == [2, 2]


def test_a_table_of_80_columns_shows_the_number_that_decides(folder: Path) -> None:
    rules = '[[gate]]\nloss = "mae"\nby = "country"\nmax_regression = "2%"\nlevel = "warn"\n'
    gate(folder, PASSES + rules + UNSURE + '[[gate]]\nloss = "mse"\nname = "a long name of a rule"\nmax = 0.5\n')
    outcome = check(folder, "new.csv", "--baseline", "old.csv", "-o", "table")
    assert max(map(len, outcome.out.splitlines())) <= 80
    heading = outcome.out.split("─")[0]
    for word in ("verdict", "rule", "slice", "value", "95% interval", "difference", "tested", "limit", "margin", " n"):
        assert word in heading, word


def test_models_of_a_column_are_paired_by_their_key(folder: Path) -> None:
    old, new = table(OLD), table(NEW)
    # the rows of the second model stand in another order
    order = np.random.default_rng(3).permutation(len(TRUTH))
    long = {name: [*old[name], *np.asarray(new[name])[order]] for name in old}
    long["model"] = ["o"] * len(TRUTH) + ["n"] * len(TRUTH)
    write(folder / "long.csv", long)
    rule = ("--loss", "mae", "--max-regression", "1000", "--on", "value")
    code, report = as_json(
        folder, "long.csv", "--model-column", "model", "--key", "id", "--baseline", "o", "-p", "y_pred", *rule
    )
    assert code == 0
    (entry,) = report["checks"]
    assert entry["model"] == "n"
    assert entry["difference"] == pytest.approx(MAE_NEW - MAE_OLD, rel=1e-9)


def test_truths_lengths_and_keys_that_differ_are_3_with_the_row(folder: Path) -> None:
    args = ("--loss", "mae", "--max-regression", "2%", "--baseline", "old.csv")
    truth = TRUTH.copy()
    truth[6] += 1
    write(folder / "other.csv", {**table(NEW), "y_true": truth})
    outcome = check(folder, "other.csv", *args)
    assert outcome.code == 3
    assert "row 7" in outcome.err
    write(folder / "short.csv", {name: cells[:-5] for name, cells in table(NEW).items()})
    outcome = check(folder, "short.csv", *args)
    assert outcome.code == 3
    assert str(len(TRUTH)) in outcome.err
    assert str(len(TRUTH) - 5) in outcome.err
    assert check(folder, "short.csv", *args, "--key", "id").code == 3
    assert check(folder, "short.csv", *args, "--key", "id", "--join", "inner").code in (0, 1)
    twice = table(NEW)
    twice["id"] = [0, 0, *twice["id"][2:]]
    write(folder / "twice.csv", twice)
    outcome = check(folder, "twice.csv", *args, "--key", "id")
    assert outcome.code == 3
    assert "0" in outcome.err


def test_the_truth_may_stand_in_a_file_of_its_own(folder: Path) -> None:
    write(folder / "truth.csv", {"id": range(len(TRUTH)), "y_true": TRUTH})
    write(folder / "pred.csv", {"id": range(len(TRUTH)), "y_pred": OLD})
    gate(folder, f'truth = "truth.csv"\nkey = "id"\n[[gate]]\nloss = "mae"\nmax = {above(MAE_OLD)}\n')
    assert check(folder, "pred.csv").code == 0
    assert check(folder, "pred.csv", "--loss", "mae", "--max", below(MAE_OLD)).code == 1


@pytest.mark.parametrize("rows", [1, 19])
def test_few_rows_have_no_interval_and_never_pass_on_a_bound(folder: Path, rows: int) -> None:
    write(folder / "few.csv", {name: cells[:rows] for name, cells in table(OLD).items()})
    assert check(folder, "few.csv", "--loss", "mae", "--max", "1000").code == 0
    assert check(folder, "few.csv", "--loss", "mae", "--max", "1000", "--on", "upper").code == 4
    rule = ("--loss", "mae", "--max-regression", "1000")
    assert check(folder, "few.csv", "--baseline", "few.csv", *rule).code == 4


def test_the_same_predictions_are_no_regression(folder: Path) -> None:
    for on in ("lower", "upper", "value"):
        args = ("--loss", "mae", "--max-regression", "0", "--baseline", "old.csv", "--on", on)
        assert check(folder, "old.csv", *args).code == 0, on


def test_a_slice_column_of_nulls_is_one_slice(folder: Path) -> None:
    write(folder / "null.csv", {**table(OLD), "country": [""] * len(TRUTH)})
    gate(folder, f'[[gate]]\nloss = "mae"\nby = "country"\nmax = {above(MAE_OLD)}\n')
    code, report = as_json(folder, "null.csv")
    assert code == 0
    assert [entry["slice"] for entry in report["checks"]] == [{"country": None}]
    gate(folder, UNSURE)
    assert check(folder, "null.csv").code == 4


def test_min_rows_leave_small_slices_inconclusive(folder: Path) -> None:
    counts = {name: int((name == COUNTRIES).sum()) for name in set(COUNTRIES.tolist())}
    needed = sorted(counts.values())[1]
    gate(folder, f'[[gate]]\nloss = "mae"\nby = "country"\nmin_rows = {needed}\nmax = 100\n')
    code, report = as_json(folder, "old.csv")
    found = {entry["slice"]["country"]: entry["verdict"] for entry in report["checks"]}
    assert code == 4
    assert found == {name: "PASS" if count >= needed else "INCONCLUSIVE" for name, count in counts.items()}


def test_slices_on_a_bound_are_decided_by_holm(folder: Path) -> None:
    # each slice claims to be above the limit: p-values of a one-sided t-test, stepped down at 2.5 percent
    limit = 0.75
    names = sorted(set(COUNTRIES.tolist()))
    p = {c: stats.ttest_1samp(ERRORS[c == COUNTRIES], limit, alternative="greater").pvalue for c in names}
    proven = set()
    for place, name in enumerate(sorted(names, key=lambda name: p[name])):
        if p[name] > 0.025 / (len(names) - place):
            break
        proven.add(name)
    gate(folder, f'[[gate]]\nloss = "mae"\nby = "country"\nmax = {limit}\non = "lower"\n')
    found = {e["slice"]["country"]: e["verdict"] for e in as_json(folder, "old.csv")[1]["checks"]}
    assert found == {name: "FAIL" if name in proven else "PASS" for name in names}
    # without the adjustment more of them would fail
    assert proven != {name for name in names if p[name] <= 0.025}


# outputs


@pytest.mark.parametrize(("word", "code", "verdict"), [("fail", 1, "FAIL"), ("warn", 0, "WARN"), ("pass", 0, "PASS")])
def test_what_becomes_of_an_inconclusive_gate(folder: Path, word: str, code: int, verdict: str) -> None:
    gate(folder, PASSES + UNSURE)
    args = ("old.csv", "--on-inconclusive", word)
    got, report = as_json(folder, *args)
    assert (got, report["verdict"], verdicts(report)) == (code, verdict, ["PASS", "INCONCLUSIVE"])
    for kind in ("junit", "github", "markdown", "table", "plain", "csv", "jsonl"):
        outcome = check(folder, *args, "-o", kind)
        assert outcome.code == code, kind
        assert "INCONCLUSIVE" in outcome.out, kind
    junit = check(folder, *args, "-o", "junit").out
    assert ("<error" in junit) == (word == "fail")


def test_an_allowed_doubt_does_not_hide_a_warning_or_a_failure(folder: Path) -> None:
    gate(folder, UNSURE + WARNS)
    assert as_json(folder, "old.csv", "--on-inconclusive", "pass")[1]["verdict"] == "WARN"
    gate(folder, UNSURE + FAILS)
    code, report = as_json(folder, "old.csv", "--on-inconclusive", "pass")
    assert (code, report["verdict"]) == (1, "FAIL")


def test_several_outputs_at_once_and_the_json_fits_its_schema(folder: Path) -> None:
    import jsonschema

    gate(folder, PASSES + UNSURE + '[[gate]]\nloss = "mae"\nmax_regression = "2%"\nby = "country"\n')
    outputs = [f"{kind}:out.{kind}" for kind in ("json", "junit", "markdown", "csv", "table")]
    args = [word for text in outputs for word in ("-o", text)]
    outcome = check(folder, "new.csv", "--baseline", "old.csv", *args, "-o", "plain", "-q")
    assert outcome.code == 1
    assert outcome.out.startswith("rule\t")
    assert outcome.err == ""
    schema = json.loads(run_cli(["schema"]).out)
    text = (folder / "out.json").read_text()
    jsonschema.validate(json.loads(text), schema)
    assert "NaN" not in text
    for kind in ("junit", "markdown", "csv", "table"):
        assert "FAIL" in (folder / f"out.{kind}").read_text(), kind


def test_a_pipe_that_is_closed_keeps_the_code_of_the_verdict(folder: Path) -> None:
    import os
    import subprocess
    import sys

    from tests.cli import ROOT

    gate(folder, FAILS)
    read, write_end = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "losscli", "check", "old.csv", "--json"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    os.close(write_end)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_github_actions_get_a_summary_and_at_most_ten_annotations_on_standard_error(folder: Path) -> None:
    rules = "".join(f'[[gate]]\nloss = "mae"\nname = "rule {i}"\nmax = 0.00{i + 1}\n' for i in range(15))
    gate(folder, rules)
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    outcome = run_process(["check", "old.csv", "--json"], cwd=folder, env=env)
    assert outcome.code == 1
    assert json.loads(outcome.out)["verdict"] == "FAIL"
    annotations = [line for line in outcome.err.splitlines() if line.startswith("::error")]
    assert len(annotations) == 10
    summary = (folder / "summary.md").read_text()
    assert "FAIL" in summary
    assert "rule 14" in summary


def test_there_is_no_shard(folder: Path) -> None:
    assert check(folder, "old.csv", "--loss", "mae", "--max", "1", "--shard", "1/2").code == 2
