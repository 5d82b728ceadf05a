"""The Python API, called as it should not be, and with data frames of several models."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import losscli
from losscli.errors import UsageError
from tests.tables import csv_file

OLD = pd.DataFrame({"id": range(30), "y": [float(i) for i in range(30)], "p": [i + 1.0 for i in range(30)]})
NEW = OLD.assign(p=OLD["y"] + 0.5)


def compared(**changes: Any) -> Any:
    """Both models, each with a frame of its own."""
    given: dict[str, Any] = {"models": {"old": OLD, "new": NEW}, "losses": ["mae"], "target": "y", "pred": "p"}
    return losscli.compare(**{**given, **changes})


def test_an_inner_join_of_frames_counts_what_it_leaves_out() -> None:
    report = compared(models={"old": OLD, "new": NEW.head(20)}, key="id", join="inner")
    old, new = report.results
    assert (old.value, new.value, old.used, old.rows) == (1.0, 0.5, 20, 30)
    assert dict(old.skipped) == {"unmatched": 10}
    assert any("--join inner left out 10 rows" in warning for warning in report.warnings)


def test_all_files_of_a_model_beside_a_frame_are_read(tmp_path: Path) -> None:
    parts = [NEW.head(10), NEW.tail(20)]
    files = [tmp_path / f"{place}.csv" for place in range(2)]
    for part, file in zip(parts, files, strict=True):
        part.to_csv(file, index=False)
    report = compared(models={"old": OLD, "new": files}, key="id", join="inner")
    assert [result.used for result in report.results] == [30, 30]
    assert [result.value for result in report.results] == [1.0, 0.5]


def test_a_single_loss_stands_for_itself() -> None:
    assert [result.loss for result in compared(losses="mae").results] == ["mae", "mae"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"join": "inner"}, "--join inner needs --key"),
        ({"key": "id=other"}, "names a column of --truth"),
        ({"models": {"old": OLD}}, "it takes two to compare"),
        ({"baseline": "older"}, "'older' is none of the models"),
        ({"data": OLD, "models": {"a": "p"}, "key": "id", "pred": None}, "--key pairs rows with"),
        ({"data": OLD, "models": ["p", "y"], "pred": None}, "models must be a mapping"),
        ({"data": OLD, "models": {1: "p"}, "pred": None}, "the names must be texts, not 1"),
    ],
)
def test_what_would_change_nothing_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        compared(**changes)


def test_a_number_of_rows_is_whole(tmp_path: Path) -> None:
    file = csv_file(tmp_path / "t.csv", "y,p\n1,2\n2,4")
    with pytest.raises(UsageError, match=r"not 1\.5"):
        losscli.worst(file, loss="mae", target="y", pred="p", n=1.5)  # type: ignore[arg-type]
