"""Whole outputs of compute and compare against files in tests/snapshots, and their numbers against arithmetic.

UPDATE_SNAPSHOTS=1 writes the files again. The numbers in them are checked each time against fractions and SciPy's
quantiles of Student's distribution, so that a wrong snapshot does not prove itself.
"""

import csv
import html
import io
import json
import math
import os
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import pytest
from scipy.stats import t as student

from losscli.version import __version__
from tests.cli import Outcome, run_cli, run_process

SNAPSHOTS = Path(__file__).parent / "snapshots"
TARGETS = [Fraction(i) for i in range(24)]
ERRORS = [Fraction(n, 4) for n in (1, -2, 3, 0, -5, 8)] * 4
WEIGHTS = [Fraction(n, 4) for n in (4, 5, 4, 3)] * 6
GAPS = (3, 10)
"""Rows of gaps.csv, counted from 0, without a prediction."""
SKIP = ("--missing", "skip", "--invalid", "skip")

CASES = {
    "compute": (["compute", "whole.csv", "--loss", "mse"], ["mse"]),
    "compare": (["compare", "whole.csv", "--loss", "mse", "--loss", "mae", "--loss", "pinball:tau=0.75"], None),
    "skipped": (["compute", "gaps.csv", "--loss", "mape", "-w", "weight", *SKIP], ["mape"]),
    "warned": (["compute", "gaps.csv", "--loss", "mae", "--missing", "skip"], ["mae of gaps"]),
    "few": (["compute", "few.csv", "--loss", "mse"], ["few"]),
    "transformed": (["compute", "whole.csv", "--loss", "mse", "--transform", "log1p"], ["log"]),
    "summed": (["compute", "whole.csv", "--loss", "mse", "-r", "sum"], ["sum"]),
}
TOP_KEYS = ["schema", "version", "command", "results", "comparisons", "checks", "verdict", "warnings"]
RESULT_KEYS = [
    *("loss", "params", "reduction", "value", "status", "stderr", "ci", "units", "direction", "rows", "used"),
    *("skipped", "weight_sum", "columns", "slice", "model", "signature"),
]
KINDS = ("plain", "json", "jsonl", "csv", "markdown")
MACHINE = [(name, kind) for name in ("compute", "compare", "skipped") for kind in KINDS] + [
    ("warned", "json"),
    ("warned", "markdown"),
    ("few", "json"),
    ("transformed", "json"),
    ("transformed", "csv"),
    ("summed", "plain"),
]
TABLES = [(name, width) for name in ("compute", "compare") for width in (40, 80, 200)] + [
    (name, 80) for name in ("skipped", "warned", "few", "transformed", "summed")
]


def _mean(losses: Sequence[Fraction | float], weights: Sequence[Fraction] | None = None) -> dict[str, float]:
    """The weighted mean of losses, its standard error by the delta method and its 95% interval."""
    values = [Fraction(loss) for loss in losses]
    shares = weights or [Fraction(1)] * len(values)
    total = sum(shares)
    mean = sum((w * x for w, x in zip(shares, values, strict=True)), Fraction(0)) / total
    squares = sum(w * w * (x - mean) ** 2 for w, x in zip(shares, values, strict=True))
    n = len(values)
    error = math.sqrt(squares * Fraction(n, n - 1)) / float(total)
    reach = error * float(student.ppf(0.975, n - 1))
    found = {"value": float(mean), "stderr": error, "used": n, "denominator": float(total)}
    return found if n < 20 else {**found, "ci_low": float(mean) - reach, "ci_high": float(mean) + reach}


def _expected() -> dict[str, dict[str, float]]:
    kept = [i for i in range(24) if i not in GAPS]
    relative = [i for i in kept if i > 0]  # the target of row 0 is 0, which mape does not allow
    logs = [(math.log1p(t + e) - math.log1p(t)) ** 2 for t, e in zip(TARGETS, ERRORS, strict=True)]
    squares = [e * e for e in ERRORS]
    return {
        "mse": _mean(squares),
        "mae": _mean([abs(e) for e in ERRORS]),
        "pinball": _mean([-e * Fraction(3, 4) if e < 0 else e / 4 for e in ERRORS]),
        "mape": _mean([abs(ERRORS[i]) / TARGETS[i] for i in relative], [WEIGHTS[i] for i in relative]),
        "mae of gaps": _mean([abs(ERRORS[i]) for i in kept]),
        "few": _mean([Fraction(1, 4), Fraction(1, 4), Fraction(0), Fraction(1)]),
        "log": _mean(logs),
        "sum": {"value": float(sum(squares)), "used": 24, "denominator": 1.0},
    }


EXPECTED = _expected()


def _of(name: str) -> list[dict[str, float]]:
    return [EXPECTED[key] for key in CASES[name][1] or ("mse", "mae", "pinball")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outputs")
    rows = [[str(float(t)), str(float(t + e))] for t, e in zip(TARGETS, ERRORS, strict=True)]
    path.joinpath("whole.csv").write_text("\n".join(["y_true,y_pred", *map(",".join, rows)]) + "\n")
    lines = ["split,y_true,y_pred,weight"]
    for i, (target, pred) in enumerate(rows):
        lines.append(f"{'train' if i % 2 else 'test'},{target},{'' if i in GAPS else pred},{float(WEIGHTS[i])}")
    path.joinpath("gaps.csv").write_text("\n".join(lines) + "\n")
    path.joinpath("few.csv").write_text("y_true,y_pred\n3,2.5\n-0.5,0\n2,2\n7,8\n")
    return path


def _hold(name: str, args: Sequence[str], outcome: Outcome) -> None:
    """The output is that of the snapshot, its numbers to 12 digits: the last ones depend on the processor.

    Markdown is held as a reader sees it, for there is more than one way to escape a mark.
    """
    shown = "\n".join([f"$ losscli {' '.join(args)}", outcome.out + "--- standard error", outcome.err])
    text = shown.replace(__version__, "VERSION").rstrip("\n") + "\n"
    text = re.sub(r"\d+\.\d{9,}", lambda match: format(float(match[0]), ".12g"), text)
    text = _rendered(text) if "markdown" in name else text
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        file.write_text(text)
    assert text == file.read_text(), f"UPDATE_SNAPSHOTS=1 writes {file.name} again"


def _rendered(markdown: str) -> str:
    return html.unescape(markdown).replace("\\", "")


def _strict(text: str) -> Any:
    def refuse(token: str) -> NoReturn:
        raise AssertionError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    interval = result["ci"] or {}
    return {**result, "ci_low": interval.get("low"), "ci_high": interval.get("high")}


def _rows(kind: str, text: str) -> list[dict[str, Any]]:
    """The results in an output, by heading."""
    if kind == "json":
        return [_flat(result) for result in _strict(text)["results"]]
    if kind == "jsonl":
        return [_flat(_strict(line)) for line in text.splitlines()]
    if kind == "markdown":
        cells = [[c.strip() for c in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")]
        return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]
    return list(csv.DictReader(io.StringIO(text), delimiter="\t" if kind == "plain" else ","))


@pytest.mark.parametrize(("name", "kind"), MACHINE)
def test_output_for_machines(name: str, kind: str, folder: Path) -> None:
    args = [*CASES[name][0], "-o", kind]
    outcome = run_cli(args, cwd=folder)
    assert outcome.code == 0, outcome.err
    found = _rows(kind, outcome.out)
    assert len(found) == len(_of(name))
    for row, expected in zip(found, _of(name), strict=True):
        for heading in ("value", "stderr", "ci_low", "ci_high", "used", "denominator"):
            cell = row[heading]
            if heading not in expected:
                assert cell in (None, ""), (heading, cell)
            else:
                assert math.isclose(float(cell), expected[heading], rel_tol=1e-12), (heading, cell)
    _hold(f"{name}-{kind}", args, outcome)


@pytest.mark.parametrize(("name", "width"), TABLES)
def test_table(name: str, width: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    args = [*CASES[name][0], "-o", "table"]
    outcome = run_cli(args, cwd=folder)
    assert outcome.code == 0, outcome.err
    assert max(map(len, outcome.out.splitlines())) <= width
    for expected in _of(name):
        # whatever the width, the value stands there with six digits, never cropped
        assert re.search(rf"(?<![\d.]){re.escape(format(expected['value'], '#.6g').rstrip('.'))}\s", outcome.out)
        if width == 200 and "ci_low" in expected:
            bounds = " to ".join(format(expected[name], "#.6g").rstrip(".") for name in ("ci_low", "ci_high"))
            assert bounds in outcome.out
    _hold(f"{name}-table-{width}", args, outcome)


def test_every_snapshot_is_of_a_test() -> None:
    names = {f"{name}-{kind}.txt" for name, kind in MACHINE} | {f"{name}-table-{width}.txt" for name, width in TABLES}
    assert {file.name for file in SNAPSHOTS.iterdir()} == names


def test_values_of_dyadic_data_are_exact(folder: Path) -> None:
    """Quarters and their squares are float64, so the mean must be the double nearest to the fraction."""
    results = _strict(run_cli([*CASES["compare"][0], "--json"], cwd=folder).out)["results"]
    assert [result["value"] for result in results] == [entry["value"] for entry in _of("compare")]


def test_json_has_the_keys_of_the_contract_in_their_order(folder: Path) -> None:
    document = _strict(run_cli([*CASES["compute"][0], "--json"], cwd=folder).out)
    assert [key for key in document if key in TOP_KEYS] == TOP_KEYS
    result = document["results"][0]
    assert [key for key in result if key in RESULT_KEYS] == RESULT_KEYS
    assert list(result["ci"]) == ["level", "low", "high", "method"]
    assert (document["schema"], document["command"], result["ci"]["method"]) == ("losscli.result/1", "compute", "t")
    assert document["version"] == __version__


def test_markdown_cells_read_as_they_were_written(folder: Path) -> None:
    """What a renderer shows of a cell is the text that plain has."""
    args, _ = CASES["skipped"]
    plain = _rows("plain", run_cli([*args, "-o", "plain"], cwd=folder).out)
    markdown = _rows("markdown", run_cli([*args, "-o", "markdown"], cwd=folder).out)
    shown = [{_rendered(heading): _rendered(cell) for heading, cell in row.items()} for row in markdown]
    assert shown == plain


def test_json_lines_have_the_results_of_json(folder: Path) -> None:
    args, _ = CASES["compare"]
    document = _strict(run_cli([*args, "-o", "json"], cwd=folder).out)
    assert [_strict(line) for line in run_cli([*args, "-o", "jsonl"], cwd=folder).out.splitlines()] == (
        document["results"]
    )


def test_several_outputs_at_once(folder: Path, tmp_path: Path) -> None:
    args, _ = CASES["compute"]
    places = [word for kind in KINDS[1:] for word in ("-o", f"{kind}:{tmp_path / kind}")]
    outcome = run_cli([*args, *places, "-o", "plain"], cwd=folder)
    assert outcome.code == 0
    assert outcome.out == run_cli([*args, "-o", "plain"], cwd=folder).out
    for kind in KINDS[1:]:
        assert tmp_path.joinpath(kind).read_text() == run_cli([*args, "-o", kind], cwd=folder).out


def test_only_a_file_leaves_standard_output_empty(folder: Path, tmp_path: Path) -> None:
    outcome = run_cli([*CASES["compute"][0], "-o", f"json:{tmp_path / 'a.json'}"], cwd=folder)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    value = _strict(tmp_path.joinpath("a.json").read_text())["results"][0]["value"]
    assert math.isclose(value, EXPECTED["mse"]["value"], rel_tol=1e-12)


def test_two_outputs_for_one_place_are_refused(folder: Path, tmp_path: Path) -> None:
    args, _ = CASES["compute"]
    outcome = run_cli([*args, "-o", "json", "-o", "csv"], cwd=folder)
    assert (outcome.code, outcome.out) == (2, "")
    assert "json and csv" in outcome.err
    # the second would take the place of the first without a word
    file = tmp_path / "out"
    assert run_cli([*args, "-o", f"json:{file}", "-o", f"csv:{file}"], cwd=folder).code == 2


def test_warnings_go_to_standard_error_and_q_silences_them(folder: Path) -> None:
    args = [*CASES["warned"][0], "--json"]
    loud, quiet = run_cli(args, cwd=folder), run_cli([*args, "-q"], cwd=folder)
    assert "split" in loud.err
    assert loud.err.startswith("warning: ")
    assert quiet.err == ""
    assert quiet.out == loud.out
    assert any("split" in warning for warning in _strict(quiet.out)["warnings"])


def test_fewer_than_20_rows_have_no_interval_and_a_reason(folder: Path) -> None:
    document = _strict(run_cli([*CASES["few"][0], "--json"], cwd=folder).out)
    assert document["results"][0]["ci"] is None
    assert document["warnings"] == ["no interval: 4 rows, 20 needed"]
    assert _strict(run_cli([*CASES["few"][0], "--json", "--no-ci"], cwd=folder).out)["warnings"] == []


def test_confidence_sets_the_level(folder: Path) -> None:
    result = _strict(run_cli([*CASES["compute"][0], "--json", "--confidence", "0.9"], cwd=folder).out)["results"][0]
    reach = EXPECTED["mse"]["stderr"] * float(student.ppf(0.95, 23))
    assert result["ci"]["level"] == 0.9
    assert math.isclose(result["ci"]["low"], EXPECTED["mse"]["value"] - reach, rel_tol=1e-12)
    assert math.isclose(result["ci"]["high"], EXPECTED["mse"]["value"] + reach, rel_tol=1e-12)


def test_plain_is_never_cropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = "y_pred of " + "a very long name " * 20 + "end"
    tmp_path.joinpath("long.csv").write_text(f"y_true,{name}\n1,2\n")
    args = ["compute", "long.csv", "--loss", "mse", "-p", name]
    assert f"pred={name}\t" in run_cli(args, cwd=tmp_path).out


def test_no_colour_and_the_same_bytes_as_a_process(folder: Path) -> None:
    args, _ = CASES["compute"]
    for env in ({"NO_COLOR": "1"}, {"TERM": "xterm-256color", "FORCE_COLOR": "1"}):
        outcome = run_process([*args, "-o", "table"], cwd=folder, env={**env, "COLUMNS": "80"})
        assert outcome.code == 0
        assert "\x1b" not in outcome.out
    assert run_process(args, cwd=folder).out == run_cli([*args, "-o", "plain"], cwd=folder).out
