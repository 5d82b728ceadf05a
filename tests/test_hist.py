"""`compute --hist`: the distribution below the table, with counts by hand and by NumPy."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.cli import run_cli

_BAR = re.compile(r"^\s*(?P<low>[\d.e+-]+)(?: to (?P<high>[\d.e+-]+))? │[█▏▎▍▌▋▊▉ ]*(?P<count>\d+) ", re.MULTILINE)


def _bars(text: str) -> list[tuple[str, int]]:
    return [(found["low"], int(found["count"])) for found in _BAR.finditer(text)]


def _file(folder: Path, errors: list[float]) -> None:
    lines = [f"{error!r},0,{'ab'[place % 2]}" for place, error in enumerate(errors)]
    (folder / "p.csv").write_text("\n".join(["pred,target,c", *lines]) + "\n")


def test_every_row_is_counted_where_numpy_counts_it(tmp_path: Path) -> None:
    errors = np.random.default_rng(5).uniform(0.0, 1.0, 400).tolist()
    _file(tmp_path, errors)
    done = run_cli(["compute", "--loss", "mae", "p.csv", "--hist"], cwd=tmp_path)
    assert done.code == 0, done.err
    edges = [(float(m["low"]), float(m["high"]), int(m["count"])) for m in _BAR.finditer(done.out)]
    assert sum(count for _, _, count in edges) == 400
    for low, high, count in edges:
        # the shown edges are rounded to three digits, so a value near one may be on either side
        inside = sum(low + 1e-3 <= error < high - 1e-3 for error in errors)
        around = sum(low - 1e-3 <= error < high + 1e-3 for error in errors)
        assert inside <= count <= around


def test_few_values_are_told_one_by_one(tmp_path: Path) -> None:
    _file(tmp_path, [1.0] * 10 + [2.0] * 5 + [4.0] * 25)
    done = run_cli(["compute", "--loss", "mae", "p.csv", "--hist"], cwd=tmp_path)
    assert _bars(done.out) == [("1", 10), ("2", 5), ("4", 25)]
    # (10 + 10 + 100) / 40
    assert "mean 3 " in done.out


def test_the_whole_is_drawn_beside_slices_and_draws(tmp_path: Path) -> None:
    _file(tmp_path, [1.0] * 10 + [2.0] * 30)
    for more in (["--by", "c"], ["--bootstrap", "100"], ["--cluster", "c"], ["--threads", "1"]):
        done = run_cli(["compute", "--loss", "mae", "p.csv", "--hist", *more], cwd=tmp_path)
        assert done.code == 0, done.err
        assert _bars(done.out) == [("1", 10), ("2", 30)], more


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-o", "json"], "--hist is drawn below a table"),
        (["--reduction", "none"], "not each of them"),
        (["--reduction", "sum"], "around their mean"),
        (["--emit-state", "s.json"], "keeps no distribution"),
    ],
)
def test_where_nothing_can_be_drawn_it_is_refused(tmp_path: Path, more: list[str], said: str) -> None:
    _file(tmp_path, [1.0] * 30)
    done = run_cli(["compute", "--loss", "mae", "p.csv", "--hist", *more], cwd=tmp_path)
    assert (done.code, said in done.err) == (2, True), done.err
