"""What the tool does with files as they occur in the wild: see tests/wild for the files and the table."""

import json
import math
import re
import shlex
from collections import Counter
from typing import Any, NoReturn

import pytest

from tests.cli import run_cli
from tests.wild.case import FILES, Case
from tests.wild.corpus import BINARIES, CASES, TEXTS

# all control characters but the tab and the line feed; a carriage return can hide what stands before it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_wild_file(case: Case) -> None:
    stdin = (FILES / case.stdin).read_bytes() if case.stdin else b""
    outcome = run_cli(case.args, stdin=stdin, cwd=FILES)
    said = f"{case.why}\n$ losscli {case.line}\n{outcome.out}\n{outcome.err}"

    assert outcome.code == case.code, said
    _check_manners(outcome.out, outcome.err, said)
    _check_pieces(case, outcome.out, outcome.err, said)
    if case.code != 0:
        assert outcome.err.strip(), said
        _check_no_value(outcome.out, said)
        _check_ready_command(outcome.err, said)
    elif case.as_json:
        _check_results(case, _strict_json(outcome.out), said)


def _check_manners(out: str, err: str, said: str) -> None:
    """What holds for any input: no traceback, no escapes and no workflow commands out of the data."""
    assert "Traceback (most recent call last)" not in out + err, said
    for stream in (out, err):
        found = _CONTROL.search(stream.replace("\r\n", "\n"))
        assert found is None, f"control character {found and found[0]!r} in the output\n{said}"
        assert not any(line.lstrip().startswith("::") for line in stream.splitlines()), said


def _check_pieces(case: Case, out: str, err: str, said: str) -> None:
    for stream, has, lacks in (
        (out, case.stdout_has, case.stdout_lacks),
        (err, case.stderr_has, case.stderr_lacks),
    ):
        # a message may be wrapped to the width of a terminal
        folded = stream.casefold()
        joined = " ".join(folded.split())
        for piece in has:
            assert piece.casefold() in folded or piece.casefold() in joined, f"lacks {piece!r}\n{said}"
        for piece in lacks:
            assert piece.casefold() not in folded, f"has {piece!r}\n{said}"
    joined = " ".join(err.split())
    for row in case.rows_named:
        # "row 3" or "rows 2, 3 and 7", with any separator for thousands out of the picture
        assert re.search(rf"\brows?\b[^.;]*?(?<![\d.,]){row}(?![\d]|[.,]\d)", joined, re.IGNORECASE), (
            f"does not name row {row}\n{said}"
        )


def _check_no_value(out: str, said: str) -> None:
    """A run that failed hands no number on to the next command."""
    if out.strip():
        assert all(result["value"] is None for result in _strict_json(out)["results"]), said


def _check_ready_command(err: str, said: str) -> None:
    """Whoever follows the commands that are offered never scores a column against itself, a perfect 0."""
    for _ in range(4):
        offered = re.search(r"^\s*losscli (comp.+)$", err, re.MULTILINE)
        if offered is None:
            return
        args = shlex.split(offered[1])
        outcome = run_cli((*args, *(() if "--json" in args else ("--json",))), cwd=FILES)
        if outcome.code == 0:
            for result in _strict_json(outcome.out)["results"]:
                columns = [name for names in result["columns"].values() for name in names]
                assert len(set(columns)) == len(columns), f"{offered[1]} has {columns}\n{said}"
            return
        err = outcome.err


def _check_results(case: Case, document: dict[str, Any], said: str) -> None:
    assert document["schema"] == "losscli.result/1", said
    assert document["command"] == case.line.split()[0], said
    results = document["results"]
    values = case.values or (case.value,)
    assert len(results) == len(values), said
    for result, value in zip(results, values, strict=True):
        assert value is not None
        assert result["status"] == "ok", said
        assert math.isclose(result["value"], value, rel_tol=1e-12), f"value {result['value']!r}, not {value!r}\n{said}"
        assert result["rows"] - result["used"] == sum(result["skipped"].values()), said
        assert all(count > 0 for count in result["skipped"].values()), said
        _check_interval(result, said)
    first = results[0]
    assert first["rows"] == case.rows, said
    assert first["used"] == (case.rows if case.used is None else case.used), said
    if case.skipped is not None:
        assert first["skipped"] == dict(case.skipped), said
    if case.columns is not None:
        # whether blanks around a name belong to it is left open
        columns = {role: tuple(map(str.strip, names)) for role, names in first["columns"].items()}
        assert columns == dict(case.columns), said


def _check_interval(result: dict[str, Any], said: str) -> None:
    """A mean has an interval from 20 units on, and none below."""
    if result["reduction"] != "mean" or result["used"] < 20:
        assert result["ci"] is None or result["used"] >= 20, said
    else:
        assert result["ci"]["low"] <= result["value"] <= result["ci"]["high"], said


def _strict_json(out: str) -> dict[str, Any]:
    def refuse(token: str) -> NoReturn:
        raise AssertionError(f"{token} is no JSON")

    document: dict[str, Any] = json.loads(out, parse_constant=refuse)
    return document


def test_every_file_has_a_case() -> None:
    used = frozenset().union(*(case.files for case in CASES))
    assert sorted(path.name for path in FILES.iterdir() if path.name not in used) == []


def test_every_case_is_whole() -> None:
    ids = Counter(case.id for case in CASES)
    assert [name for name, count in ids.items() if count > 1] == []
    for case in CASES:
        assert case.files, case.id
        assert case.why.endswith("."), case.id
        if case.code == 0 and case.as_json:
            assert case.rows is not None, case.id
            assert case.values or case.value is not None, case.id
            assert case.columns or case.stdout_has or "@" in case.line or "--pred" in case.line, case.id
        else:
            assert case.value is None, case.id
            assert not case.values, case.id


def test_files_are_those_of_the_script() -> None:
    assert {path.name for path in FILES.iterdir()} == TEXTS.keys() | BINARIES.keys()
    assert not TEXTS.keys() & BINARIES.keys()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_text_files_are_not_mangled(name: str) -> None:
    assert (FILES / name).read_bytes() == TEXTS[name]


def test_files_are_small() -> None:
    assert {path.name: size for path in FILES.iterdir() if (size := path.stat().st_size) > 4000} == {}
