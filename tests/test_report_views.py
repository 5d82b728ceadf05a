"""How models, slices and rules look: small outputs by hand, and what holds at every width."""

import csv
import io
import json
import re

import pytest
from rich.cells import cell_len

from losscli.comparison import Comparison
from losscli.reports.rows import aligned
from losscli.reports.table import table_text
from losscli.reports.text import csv_text, json_lines_text, markdown_text, plain_text
from losscli.results import Report, Result
from losscli.verdicts import Verdict
from tests.made_reports import Slice, check, checks, comparison, models_and_slices, result, two_models
from tests.test_terminal import NASTY, _check_inert

LONG = [f"resnet50_imagenet_finetuned_lr0.001_b{place:03}" for place in range(50)]
SLICES: list[Slice] = [
    None,
    *({"country": f"C{place}", "age": f"[{place}, {place + 9})"} for place in range(9)),
    {"country": None},
]
GATE = checks(
    check(Verdict.PASS, 1.5, 2.0),
    check(Verdict.FAIL, 2.5, 2.25, slice={"country": "DE"}),
    check(Verdict.WARN, 2.5, 2.0, rule="mae max_regression 2%", baseline=2.0, difference=0.5, tested=0.25),
    check(Verdict.INCONCLUSIVE, 2.5, 2.0, ci=None, reason="12 rows, 200 needed", model="new"),
)
REPORTS = {
    "two models": two_models(),
    "long names": models_and_slices(LONG, [None]),
    "slices": models_and_slices(["old", "new"], SLICES),
    "wide letters": models_and_slices(["模型" * 20, "a b " * 30], [None, {"国": "中国" * 20}]),
    "only slices": Report("compute", [result(2.0 + n, None, part) for n, part in enumerate(SLICES)]),
    "tiny and huge": Report(
        "compare",
        [result(1.23456789e-7, "old"), result(9.87654321e12, "new")],
        comparisons=[comparison(9.87654321e12, 1e-9, "new")],
    ),
    "rules": GATE,
    "many rules": checks(*(check(list(Verdict)[n % 4], n / 7, 3.0, slice={"c": f"C{n}"}) for n in range(40))),
}


def _number(text: str) -> tuple[float, float]:
    """A printed number and how far from it the true one may be."""
    digits = re.sub(r"[eE].*", "", text)
    exponent = int(re.sub(r".*[eE]", "", text)) if re.search("[eE]", text) else 0
    decimals = len(digits.partition(".")[2])
    return float(text.replace(",", "")), 0.5000001 * 10.0 ** (exponent - decimals)


def test_two_models_by_hand() -> None:
    # the bar has 61 characters from -0.75 to 0: -0.5 is after 20 of them and -0.25 after 40
    bar = f"├{'─' * 19}●{'─' * 19}┤{' ' * 19}│"
    assert table_text(two_models(), 80, colour=False).splitlines() == [
        "mae: target units; lower is better; 40 rows; baseline old",
        "model     value  difference      its 95% interval  percent  p (Holm)  verdict",
        "─" * (5 + 8 + 10 + 20 + 7 + 8 + 8 + 6 * 2),
        "old    2.00000                                                        baseline",
        "new    1.50000*    -0.50000  -0.75000 to -0.25000   -25.0%      0.50  better",
        "",
        f"model  {' ' * 53}better 0",
        "─" * (5 + 2 + 61),
        f"new    {bar}",
        "",
        "* best value",
        "columns: target=y",
        "reduction: mean",
    ]


def test_rules_by_hand() -> None:
    gate = checks(check(Verdict.PASS, 1.5, 2.0), check(Verdict.FAIL, 2.5, 2.25))
    assert table_text(gate, 80, colour=False).splitlines() == [
        "verdict  rule            value        95% interval  limit   margin   n",
        "──────────────────────────────────────────────────────────────────────",
        "PASS     mae max 2     1.50000  1.25000 to 1.75000      2  +0.5000  40",
        "FAIL     mae max 2.25  2.50000  2.25000 to 2.75000   2.25  -0.2500  40",
        "",
        "2 rules: 1 PASS, 1 FAIL",
        "FAIL mae max 2.25: above the limit",
    ]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [*range(40, 201, 7), 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = table_text(REPORTS[name], width, colour=False)
    assert max(map(cell_len, text.splitlines())) <= width
    if name == "two models":
        assert "2.00000" in text
        assert "1.50000*" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_values_and_names_are_whole_at_every_width(width: int) -> None:
    report = REPORTS["long names"]
    text = table_text(report, width, colour=False)
    for entry in report.results:
        assert re.search(rf"(?<![\d.]){entry.value:.4f}(?![\d.])", text)
        # a name may be broken, but no letter of it is lost
        assert entry.model is not None
        assert entry.model in text or width == 100
    for one in report.comparisons:
        assert f" {one.difference:+.3f} " in text


def test_numbers_read_back_to_what_they_stand_for() -> None:
    report = models_and_slices(["old", "new", "newer"], [None])
    lines = [line for line in table_text(report, 200, colour=False).splitlines() if line.startswith("new")]
    assert len(lines) == len(report.comparisons)
    for line, one, value in zip(lines, report.comparisons, report.results[1:], strict=True):
        assert one.ci is not None
        assert value.value is not None
        true = [value.value, value.stderr, one.difference, one.ci.low, one.ci.high, one.percent, one.p_adjusted]
        found = re.findall(r"(?<=\s)[-+]?[\d.,]+(?:e[-+]\d+)?(?=[\s*%])", line)
        for text, number in zip(found, [*true, one.detectable], strict=True):
            read, half = _number(text)
            assert number is not None
            assert abs(read - number) <= half, (text, number)


def test_numbers_of_one_column_have_one_number_of_decimals() -> None:
    assert aligned([12.5, 1.0, None, 0.25], 4) == ["12.50", "1.00", "-", "0.25"]
    assert aligned([1.0, 1e-9], 4) == ["1.000", "1.000e-09"]  # too far apart
    assert aligned([1e-9, 2e-9], 2) == ["1.0e-09", "2.0e-09"]


def test_the_best_is_marked_by_direction_and_not_where_all_are_equal() -> None:
    higher = [result(2.0, "old", direction="higher"), result(1.5, "new", direction="higher")]
    assert "2.00000*" in table_text(Report("compare", higher), 80, colour=False)
    equal = [result(2.0, "old"), result(2.0, "new")]
    assert "*" not in table_text(Report("compare", equal), 80, colour=False)


def test_slices_keep_their_order_after_all_rows() -> None:
    parts = [{"c": "z"}, None, {"c": "a"}, {"c": None}, {"c": ""}]
    report = Report("compute", [result(2.0, None, part) for part in parts])
    lines = table_text(report, 80, colour=False).splitlines()
    assert [line.split()[0] for line in lines[3:8]] == ["(all)", "z", "a", "(missing)", '""']


def test_a_column_of_the_file_may_be_named_like_one_of_ours() -> None:
    parts: list[Slice] = [dict.fromkeys(("rows", "percent", "± stderr"), "x"), {"rows": "y"}]
    for width in range(40, 120, 9):
        text = table_text(models_and_slices(["old", "new"], parts), width, colour=False)
        assert text.count("x") >= 3
        assert "y" in text


def test_slices_of_two_columns_are_said_in_full() -> None:
    parts: list[Slice] = [{"a": "x", "b": "1"}, {"a": "x", "b": "2"}]
    lines = table_text(Report("compute", [result(2.0, None, part) for part in parts]), 80, colour=False).splitlines()
    assert [line.split()[:2] for line in lines[3:5]] == [["x", "1"], ["x", "2"]]


def test_a_thousand_slices_are_shown_as_they_are() -> None:
    parts = [None, *({"c": f"s{place}"} for place in range(1000))]
    lines = table_text(Report("compute", [result(2.0, None, part) for part in parts]), 80, colour=False).splitlines()
    assert [line.split()[0] for line in lines[4:1004]] == [f"s{place}" for place in range(1000)]


def test_what_has_no_value_or_no_test_says_why() -> None:
    untested = comparison(None, 0.0, "new", verdict="not tested", reason="12 rows, 20 needed", p_adjusted=None)
    report = Report("compare", [result(2.0, "old"), result(None, "new")], comparisons=[untested])
    for text in (table_text(report, 80, colour=False), table_text(report, 200, colour=False)):
        assert "mae new: 12 rows, 20 needed" in text
        assert "overflow" in text
        assert "not tested" in text
        assert "●" not in text


def test_notes_are_said_once_for_all_slices_and_name_whom_they_are_of() -> None:
    parts = [None, {"c": "a"}, {"c": "b"}]
    results = [result(2.0, model, part) for part in parts for model in ("old", "new")]
    left_out = [result(2.0, m, p, skipped={"missing": 3} if m == "new" else {}) for p in parts for m in ("old", "new")]
    other = [result(2.0, m, columns={"target": ["y"], "pred": [f"{m}_pred"]}) for m in ("old", "new")]
    notes = [table_text(Report("compare", found), 80, False).splitlines()[-3:] for found in (results, left_out, other)]
    assert notes[0] == ["", "columns: target=y", "reduction: mean"]
    assert notes[1] == ["columns: target=y", "reduction: mean", "mae new: left out of 40 rows: missing=3"]
    assert notes[2] == ["columns: target=y", "pred: old_pred for old; new_pred for new", "reduction: mean"]


def test_bars_are_beside_from_100_below_from_60_and_else_left_out() -> None:
    for width, bars in ((59, 0), (60, 1), (80, 1), (120, 1), (200, 1)):
        text = table_text(two_models(), width, colour=False)
        assert text.count("●") == bars
        beside = any("●" in line and "1.50000*" in line for line in text.splitlines())
        assert beside == (width >= 100)


def test_colour_is_added_and_changes_no_letter() -> None:
    for report in (two_models(), GATE):
        coloured = table_text(report, 120, colour=True)
        assert "\x1b[" in coloured
        bare = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()]
        assert bare == table_text(report, 120, colour=False).splitlines()


def test_plain_and_csv_have_a_row_for_each_model() -> None:
    report = two_models({"country": "DE", "age": None})
    rows = list(csv.DictReader(io.StringIO(csv_text(report))))
    assert rows == list(csv.DictReader(io.StringIO(plain_text(report)), delimiter="\t"))
    assert list(rows[0])[:5] == ["loss", "params", "reduction", "value", "stderr"]
    old, new = rows
    assert (old["model"], old["slice"], old["baseline"], old["verdict"]) == (
        "old",
        "country=DE age=(missing)",
        "",
        "",
    )
    names = ["model", "value", "baseline", "difference", "percent", "diff_low", "diff_high", "p_value", "p_adjusted"]
    assert [new[name] for name in names] == ["new", "1.5", "old", "-0.5", "-25.0", "-0.75", "-0.25", "0.25", "0.5"]
    assert (new["verdict"], new["detectable"], new["compared"], new["reason"]) == ("better", "0.75", "40", "")


def test_comparisons_find_their_result_among_parameters_and_slices() -> None:
    results: list[Result] = []
    comparisons: list[Comparison] = []
    for tau in (0.25, 0.75):
        for part in (None, {"c": 1}, {"c": "1"}):
            about = {"loss": "pinball", "params": {"tau": tau}}
            results += [result(2.0, "old", part, **about), result(1.0, "new", part, **about)]
            comparisons.append(comparison(-len(comparisons) - 1.0, 0.5, "new", part, **about))
    rows = list(
        csv.DictReader(io.StringIO(plain_text(Report("compare", results, comparisons=comparisons))), delimiter="\t")
    )
    assert [row["difference"] for row in rows] == [
        "",
        "-1.0",
        "",
        "-2.0",
        "",
        "-3.0",
        "",
        "-4.0",
        "",
        "-5.0",
        "",
        "-6.0",
    ]


def test_plain_has_a_row_for_each_check() -> None:
    rows = list(csv.DictReader(io.StringIO(plain_text(GATE)), delimiter="\t"))
    assert [row["verdict"] for row in rows] == ["PASS", "FAIL", "WARN", "INCONCLUSIVE"]
    assert [rows[1][name] for name in ("rule", "slice", "value", "ci_low", "ci_high", "limit", "margin", "count")] == [
        *("mae max 2.25", "country=DE", "2.5", "2.25", "2.75", "2.25", "-0.25", "40")
    ]
    assert (rows[2]["baseline"], rows[2]["difference"], rows[2]["tested"]) == ("2.0", "0.5", "0.25")
    assert (rows[3]["ci_low"], rows[3]["model"], rows[3]["reason"]) == ("", "new", "12 rows, 200 needed")


def test_json_lines_say_what_each_is_only_where_there_are_several_kinds() -> None:
    alone = [json.loads(line) for line in json_lines_text(Report("compute", [result(2.0)])).splitlines()]
    assert alone == [result(2.0).to_dict()]
    several = [json.loads(line) for line in json_lines_text(two_models()).splitlines()]
    assert [line.pop("record") for line in several] == ["result", "result", "comparison"]
    assert several[2] == two_models().comparisons[0].to_dict()
    of_rules = [json.loads(line) for line in json_lines_text(GATE).splitlines()]
    assert [(line["record"], line["kind"]) for line in of_rules] == [("check", "max")] * 4


def test_a_comment_of_rules_has_the_verdict_first_and_failures_on_top() -> None:
    gate = checks(check(Verdict.PASS, 1.5, 2.0), check(Verdict.FAIL, 2.5, 2.25))
    assert markdown_text(gate).splitlines() == [
        "**FAIL**: 1 of 2 rules failed",
        "",
        "| verdict | rule | value | 95% interval | limit | margin | n | reason |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
        "| **FAIL** | mae max 2.25 | 2.50000 | 2.25000 to 2.75000 | 2.25 | -0.2500 | 40 | above the limit |",
        "| PASS | mae max 2 | 1.50000 | 1.25000 to 1.75000 | 2 | +0.5000 | 40 |  |",
    ]
    assert markdown_text(checks(check(Verdict.PASS, 1.5, 2.0))).startswith("**PASS**: 1 rule passed\n")
    assert markdown_text(REPORTS["many rules"]).splitlines()[0] == (
        "**FAIL**: 10 of 40 checks of 1 rule failed, 10 inconclusive, 10 with a warning"
    )


def test_a_comment_of_models_marks_the_best_and_folds_the_slices() -> None:
    assert markdown_text(two_models()).splitlines() == [
        "Differences from the baseline old; the best value is bold.",
        "",
        "| loss | model | value | difference | 95% interval | percent | p (Holm) | verdict | n | units |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |",
        "| mae | old | 2.00000 |  |  |  |  | baseline | 40 | target units |",
        "| mae | new | **1.50000** | -0.50000 | -0.75000 to -0.25000 | -25.0% | 0.50 | better | 40 | target units |",
        "",
        "- columns: target=y",
        "- reduction: mean",
    ]
    lines = markdown_text(REPORTS["slices"]).splitlines()
    opening, closing = lines.index("<details><summary>10 slices</summary>"), lines.index("</details>")
    assert lines[opening + 1] == lines[closing - 1] == ""  # without them the table would be no table
    assert closing - 1 - (opening + 2) == 2 + 20


def test_a_comment_stays_within_what_a_comment_may_have() -> None:
    parts: list[Slice] = [None, *({"c": f"s{place}"} for place in range(1000))]
    text = markdown_text(models_and_slices(["old", "new"], parts))
    assert len(text) < 65_536
    assert "1,800 rows more are in the other outputs" in text


@pytest.mark.parametrize("name", NASTY)
def test_names_of_models_slices_and_rules_steer_nothing(name: str) -> None:
    part = {name: name}
    compared = [comparison(-0.5, 0.25, name, p, baseline=name) for p in (None, part)]
    results = [result(v, m, p) for p in (None, part) for v, m in ((2.0, "old"), (1.5, name))]
    reason = f"no column {name}"
    reports = [
        Report("compare", results, comparisons=compared),
        checks(check(Verdict.FAIL, 2.5, 2.0, rule=name, model=name, slice=part, reason=reason)),
    ]
    for report in reports:
        for width in range(40, 130, 9):
            _check_inert(table_text(report, width, colour=False))
        for text in (plain_text(report), csv_text(report), markdown_text(report), json_lines_text(report)):
            _check_inert(text)
        assert not re.search(r"<(?!/?details|/?summary)|`|(?<!\*)\*(?!\*)", markdown_text(report))
        assert len(plain_text(report).splitlines()) == 1 + len(report.checks or report.results)
        for line in plain_text(report).splitlines():
            assert len(line.split("\t")) == len(plain_text(report).split("\n")[0].split("\t"))
