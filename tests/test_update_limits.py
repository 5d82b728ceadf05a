"""`losscli check --update-limits`: what it writes, and that the present passes it."""

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.cli import Outcome, run_cli
from tests.gate_files import COUNTRIES, OLD, TRUTH, table, write

ERRORS = np.abs(TRUTH - OLD)
CONFIGURATION = """\
# our gates; the numbers are checked by CI
files = ["old.csv"]

[[gate]]
loss = "mae"   # the main one
max =    0.001 # keep this
by = "country"

[[gate]]
loss = "mse"
on = "upper"
max = 1e-9
[[gate]]
loss = "huber"
min = 55.0
name = "not too good"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "old.csv", table(OLD))
    return tmp_path


def check(folder: Path, *args: str) -> Outcome:
    return run_cli(["check", *args], cwd=folder)


def limits(file: Path) -> list[float]:
    values = tomllib.loads(file.read_text())
    gates = values["gate"] if "gate" in values else values["tool"]["losscli"]["gate"]
    return [rule.get("max", rule.get("min")) for rule in gates]


def expected_limits() -> list[float]:
    squares = (TRUTH - OLD) ** 2
    upper = squares.mean() + stats.t.ppf(0.975, len(squares) - 1) * stats.sem(squares)
    huber = np.where(ERRORS <= 1, ERRORS**2 / 2, ERRORS - 0.5).mean()
    worst = max(ERRORS[name == COUNTRIES].mean() for name in set(COUNTRIES.tolist()))
    return [float(worst), float(upper), float(huber)]


@pytest.mark.parametrize("name", ["losscli.toml", "pyproject.toml"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_limits_are_written_and_all_else_stays(folder: Path, name: str, newline: str) -> None:
    text = CONFIGURATION
    if name == "pyproject.toml":
        text = "[project]\nname = 'x' # mine\n\n[tool.losscli]\n" + text.replace("[[gate]]", "[[tool.losscli.gate]]")
        text += "\n[tool.other]\nmax = 1\n"
    file = folder / name
    file.write_bytes(text.replace("\n", newline).encode())
    assert check(folder).code == 1
    outcome = check(folder, "--update-limits")
    assert outcome.code == 0, outcome.err
    assert limits(file) == pytest.approx(expected_limits(), rel=1e-9)
    after = file.read_bytes().decode()
    # but for the three numbers it is the same text
    for old, new in zip(("   0.001", "1e-9", "55.0"), limits(file), strict=True):
        after = after.replace(repr(new), old.strip())
    assert after.replace("max = 0.001", "max =    0.001") == text.replace("\n", newline)
    changed = [line for line in outcome.out.splitlines() if line.startswith(("-m", "+m"))]
    assert [line[:5] for line in changed] == ["-max ", "+max ", "-max ", "+max ", "-min ", "+min "]
    assert check(folder).code == 0
    assert "nothing changes" in check(folder, "--update-limits").out


def test_slack_leaves_room_and_a_second_run_changes_nothing(folder: Path) -> None:
    file = folder / "losscli.toml"
    file.write_text(CONFIGURATION)
    assert check(folder, "--update-limits", "--slack", "5%").code == 0
    worst, upper, huber = expected_limits()
    for limit, edge in zip(limits(file), (1.05 * worst, 1.05 * upper, 0.95 * huber), strict=True):
        # four digits, away from the value
        step = 10.0 ** (math.floor(math.log10(edge)) - 3)
        assert abs(limit - edge) <= step
        assert (limit >= edge) == (edge != 0.95 * huber)
    before = file.read_bytes()
    assert check(folder, "--update-limits", "--slack", "5%").code == 0
    assert file.read_bytes() == before
    assert check(folder, "--slack", "5%").code == 2
    assert check(folder, "--update-limits", "--slack", "-1").code == 2


def test_a_limit_whose_value_cannot_be_computed_stays(folder: Path) -> None:
    file = folder / "losscli.toml"
    gates = '[[gate]]\nloss = "mae"\nslice = {country = "XX"}\nmax = 3.0\n[[gate]]\nloss = "mae"\nmax = 0.5\n'
    file.write_text(gates)
    outcome = check(folder, "old.csv", "--update-limits")
    assert outcome.code == 4
    assert "gate 1" in outcome.err
    assert limits(file)[0] == 3.0
    assert limits(file)[1] == pytest.approx(ERRORS.mean(), rel=1e-12)
    # no interval, so nothing to prove a limit with
    write(folder / "few.csv", {name: cells[:5] for name, cells in table(OLD).items()})
    file.write_text('[[gate]]\nloss = "mae"\non = "upper"\nmax = 3.0\n')
    outcome = check(folder, "few.csv", "--update-limits")
    assert outcome.code == 4
    assert "gate 1" in outcome.err
    assert limits(file) == [3.0]


@pytest.mark.parametrize(
    "args",
    [
        ("--update-limits", "--loss", "mae", "--max", "1"),
        ("--update-limits", "--save-baseline", "b.json"),
        ("--update-limits", "-o", "json:out.json"),
    ],
)
def test_what_does_not_go_with_update_limits_is_2(folder: Path, args: Sequence[str]) -> None:
    (folder / "losscli.toml").write_text(CONFIGURATION)
    assert check(folder, "old.csv", *args).code == 2
    assert (folder / "losscli.toml").read_text() == CONFIGURATION
