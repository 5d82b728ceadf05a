"""What a state holds comes back as it was, and what is no state, or not of one run, is refused with the reason."""

import base64
import datetime
import decimal
import hashlib
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.errors import DataError
from losscli.fold import BLOCK
from losscli.pairing import InCluster
from losscli.states.labels import LabelTable, label_list, label_of, labels_at
from losscli.states.numbers import array_list, whole_of, whole_text
from losscli.states.runs import ends_of
from losscli.states.shards import Shard, Span
from losscli.strict import UnfitError
from losscli.version import __version__
from tests.cli import Outcome, run_cli

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=200)


@repeatable
@given(st.integers(-(2**4000), 2**4000))
def test_whole_numbers_come_back(value: int) -> None:
    assert whole_of(whole_text(value), "") == value


def test_whole_numbers_are_short() -> None:
    assert whole_text(0) == "0"
    assert whole_text(-5 << 2000) == "-5p2000"


@pytest.mark.parametrize(
    "text", ["", "5", "p3", "0x5p1", "5p99999", "5p-1", " 5p1", "5p1\n", 5, None, "f" * 5001 + "p0"]
)
def test_other_texts_are_no_whole_numbers(text: Any) -> None:
    with pytest.raises(UnfitError):
        whole_of(text, "here")


@pytest.mark.parametrize(
    "label",
    [
        *(None, True, False, 0, 1, -(2**70), 1.5, float("inf"), "", "a\ud800", "x" * 1000),
        datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
        datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone(datetime.timedelta(hours=-3))),
        datetime.time(23, 59, 1),
        datetime.timedelta(days=-1, seconds=5, microseconds=7),
        b"\x00\xff",
        decimal.Decimal("1.50"),
        ("a", 1, None),
        (("a", 1), True),
        InCluster(("a", 1), "b"),
    ],
)
def test_labels_come_back_with_their_types(label: Any) -> None:
    back = label_of(json.loads(json.dumps(label_list(label))), "")
    assert back == label
    assert type(back) is type(label)
    assert str(back) == str(label)


def test_equal_labels_of_different_types_are_kept_apart() -> None:
    labels = LabelTable()
    numbers = labels.numbers([1, True, 1.0, 1])
    assert numbers.tolist() == [0, 1, 2, 0]
    assert [type(label) for label in labels_at(array_list(numbers), "", [label_of(e, "") for e in labels.entries])] == [
        *(int, bool, float, int)
    ]


def test_a_label_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(DataError, match="which a state cannot hold"):
        label_list(object())


@pytest.mark.parametrize(
    "entry",
    [
        [],
        {},
        ["float"],
        ["float", "x"],
        ["date", "2024-13-01"],
        ["bytes", "@"],
        ["decimal", "x"],
        ["timedelta", 10**9, 0, 0],
    ],
)
def test_what_is_no_label_is_refused(entry: Any) -> None:
    with pytest.raises(UnfitError):
        label_of(entry, "here")


def test_pieces_of_shards() -> None:
    """Ten pieces in three files and four shards: 0 1 | 2 3 4 | 5 6 | 7 8 9 by i * 10 // 4."""
    pieces = [3, 0, 7]
    found = [list(Shard(number, 4).of_pieces(pieces)) for number in range(1, 5)]
    assert found == [
        [Span(0, 0, 2)],
        [Span(0, 2, 3), Span(2, 0, 2)],
        [Span(2, 2, 4)],
        [Span(2, 4, 7)],
    ]
    assert list(Shard(1, 3).of_pieces([])) == []


def test_ends_of_a_run_of_rows() -> None:
    assert ends_of(0, 10) == (None, 10)
    assert ends_of(0, BLOCK) == (None, None)
    assert ends_of(5, BLOCK - 5) == (BLOCK - 5, None)
    assert ends_of(5, 7) == (7, None)
    assert ends_of(5, 2 * BLOCK) == (BLOCK - 5, 5)


GROUPS = {"y": [1, 0, 1, 1, 0, 1], "p": [0.5, 0.25, 0.75, 1.0, 0.5, 0.5], "g": ["a", "a", "b", "b", "c", "c"]}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two states of a loss of rows and of one of sets."""
    table = pa.table({**GROUPS, "q": [0.5] * 6})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    pq.write_table(table.slice(1), tmp_path / "other.parquet", row_group_size=2)
    for number in (1, 2):
        _emit(tmp_path, f"{number}.json", "--shard", f"{number}/2")
    return tmp_path


LOSS = ("compute", "--loss", "dice", "-t", "y", "--probs", "p", "--group", "g")


def _emit(place: Path, name: str, *more: str, file: str = "a.parquet", command: tuple[str, ...] = LOSS) -> Outcome:
    done = run_cli([*command, file, *more, "--emit-state", name], cwd=place)
    assert done.code == 0, done.err
    return done


def test_a_state_without_a_shard_is_one_of_one(place: Path) -> None:
    done = _emit(place, "all.json")
    assert done.out == ""
    assert done.err == "shard 1/1: 6 rows, state in all.json; `losscli merge` joins the states\n"
    for kind in ("json", "plain", "csv", "markdown"):
        plain = run_cli([*LOSS, "a.parquet", "-o", kind, "--confidence", "0.8"], cwd=place)
        assert run_cli(["merge", "all.json", "-o", kind, "--confidence", "0.8"], cwd=place) == plain


def test_every_order_of_states(place: Path) -> None:
    plain = run_cli([*LOSS, "a.parquet", "--json", "--no-ci"], cwd=place)
    assert run_cli(["merge", "2.json", "1.json", "--json", "--no-ci"], cwd=place) == plain
    assert run_cli(["merge", "1.json", "2.json", "--json", "--no-ci"], cwd=place) == plain


def test_nothing_but_json_is_in_a_state(place: Path) -> None:
    values = json.loads((place / "1.json").read_text())
    assert values["schema"] == "losscli.state/1"
    assert values["version"] == __version__
    assert values["shard"] == [1, 2]
    assert values["labels"] == ["a", "b"] or values["labels"] == ["a"]


def _merge_error(place: Path, *states: str) -> str:
    done = run_cli(["merge", *states], cwd=place)
    assert (done.code, done.out) == (3, ""), done.err
    return done.err


def test_gaps_and_overlaps(place: Path) -> None:
    assert "shard 2 of 2 is missing" in _merge_error(place, "1.json")
    assert "shard 1/2 is there twice" in _merge_error(place, "1.json", "2.json", "1.json")
    for number in (1, 4):
        _emit(place, f"of5-{number}.json", "--shard", f"{number}/5")
    assert "shard 2-3, 5 of 5 are missing" in _merge_error(place, "of5-1.json", "of5-4.json")
    assert "2 shards and 5" in _merge_error(place, "1.json", "of5-4.json")


@pytest.mark.parametrize(
    ("command", "file", "said"),
    [
        ((*LOSS, "--reduction", "sum"), "a.parquet", "they differ in reduction"),
        ((*LOSS, "--where", "y=1"), "a.parquet", "they differ in rows"),
        (("compute", "--loss", "dice", "-t", "y", "--probs", "q", "--group", "g"), "a.parquet", "catalogue"),
        (("compute", "--loss", "iou", "-t", "y", "--probs", "p", "--group", "g"), "a.parquet", "losses"),
        (("compare", *LOSS[1:]), "a.parquet", "they differ in command"),
        (LOSS, "other.parquet", "the files differ"),
    ],
)
def test_states_of_different_runs(command: tuple[str, ...], file: str, said: str, place: Path) -> None:
    _emit(place, "2.json", "--shard", "2/2", file=file, command=command)
    assert said in _merge_error(place, "1.json", "2.json")


def _changed(path: Path, change: Callable[[Any], Any], sealed: bool = True) -> None:
    """Change a state as someone who knows how it is sealed would."""
    values = json.loads(path.read_text())
    change(values)
    body = {name: value for name, value in values.items() if name not in ("schema", "version", "sha256")}
    if sealed:
        values["sha256"] = hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()
    path.write_text(json.dumps(values))


def _contest(values: Any) -> Any:
    return values["parts"][0]["contests"][0]


def _array(kind: str, shape: list[int], *numbers: float) -> list[Any]:
    return [
        kind,
        shape,
        base64.b64encode(struct.pack(f"<{len(numbers)}{'d' if kind == 'f8' else 'q'}", *numbers)).decode(),
    ]


def test_an_edited_state(place: Path) -> None:
    _changed(place / "1.json", lambda values: values["asked"].update(reduction="sum"), sealed=False)
    assert "its content is not what was written" in _merge_error(place, "1.json", "2.json")


def test_spaces_are_no_edit(place: Path) -> None:
    state = place / "1.json"
    state.write_text(json.dumps(json.loads(state.read_text()), indent=2))
    assert run_cli(["merge", "1.json", "2.json"], cwd=place).code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.update(schema="losscli.state/2"), "schema: is 'losscli.state/2'"),
        (lambda v: v.update(version="9.9"), "version: is '9.9'"),
        (lambda v: v.update(more=1), "has unknown more"),
        (lambda v: v.pop("notices"), "lacks notices"),
        (lambda v: v.update(shard=[0, 2]), "shard: must be a whole number"),
        (lambda v: v.update(shard=[1, 10**9]), "shard: must be a whole number"),
        (lambda v: v.update(pieces=[3, 3]), "pieces: must have 1"),
        (lambda v: v.update(parts=[]), "parts: must have 1"),
        (lambda v: v.update(parts={}), "parts: must be a list"),
        (lambda v: v["inputs"][0].__setitem__(1, "x"), "inputs: must be a whole number"),
        (lambda v: v["columns"][0].__setitem__(1, "x"), "unknown kind"),
        (lambda v: v["parts"][0].update(rows=10**9), "parts[0]"),
        (lambda v: v["parts"][0].update(start=1), "does not fit the rows"),
        (lambda v: v["parts"][0].update(rows="2"), "must be a whole number"),
        (lambda v: v["parts"][0].update(contests=[]), "must have 1"),
        (lambda v: _contest(v).update(after=None), "does not fit the rows"),
        (lambda v: _contest(v)["sums"].update(weighted=1), "must be true or false"),
        (lambda v: _contest(v)["sums"].update(blocks=[[1]]), "must have 3"),
        (lambda v: _contest(v).update(sums=[1, "0", "0", "0", "0", "0"]), "must be an object"),
        (lambda v: _contest(v)["tallies"][0].update(classes=10**12), "classes"),
        (lambda v: _contest(v)["after"].update(losses=["f8", [10**9, 10**9], "AAAA"]), "bytes where its shape"),
        (lambda v: _contest(v)["after"].update(losses=["f8", [-1], ""]), "must be a whole number"),
        (lambda v: _contest(v)["after"].update(losses=["f4", [1], ""]), "must be an array of f8"),
        (lambda v: _contest(v)["after"].update(losses=["f8", [1], "*"]), "base64"),
        (lambda v: _contest(v)["after"].update(losses=_array("f8", [3, 1], 1.0, 1.0, 1.0)), "parts[0]"),
        (lambda v: _contest(v)["after"].update(losses=_array("f8", [1, 1], float("inf"))), "not finite"),
        (lambda v: _contest(v)["after"].update(keys=_array("i8", [2], 0, 99)), "numbers that are not from 0"),
        (lambda v: _contest(v)["after"].update(keys=_array("i8", [1], 0)), "differ in length"),
        (lambda v: _contest(v)["after"].update(losses=_array("f8", [2], 1.0, 1.0)), "what their command needs"),
        (lambda v: v.update(labels=[["date", "x"], ["date", "y"]]), "labels[0]: is no label"),
        (lambda v: v["notices"].update(narrow={"a": 1}), "notices"),
    ],
)
def test_a_state_made_to_do_harm(change: Callable[[Any], Any], said: str, place: Path) -> None:
    _changed(place / "1.json", change)
    told = _merge_error(place, "1.json", "2.json")
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("start", [1, 3])
def test_rows_that_are_there_twice_or_not_at_all(start: int, place: Path) -> None:
    """Of the row groups of two rows each the second shard has the second and the third."""
    _changed(place / "2.json", lambda values: values["parts"][0].update(start=start))
    told = _merge_error(place, "1.json", "2.json")
    assert "2.json is no state" in told
    assert f"is {start} where the rows before end at 2" in told or "does not fit the rows" in told


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: asked.update(losses=["nothing"]),
        lambda asked: asked.update(losses="dice"),
        lambda asked: asked.update(reduction="none"),
        lambda asked: asked.update(unknown=1),
        lambda asked: asked["rows"].update(where=["x"]),
        lambda asked: asked["rows"].update(group=7),
        lambda asked: asked["catalogue"].update(roles={"target": ["y"]}),
        lambda asked: asked.update(chance={"bootstrap": "1"}),
        lambda asked: asked.pop("losses"),
        lambda asked: asked.update(reading=[]),
    ],
)
def test_a_command_that_is_none(change: Callable[[Any], Any], place: Path) -> None:
    for name in ("1.json", "2.json"):
        _changed(place / name, lambda values: change(values["asked"]))
    assert "its command is none of losscli" in _merge_error(place, "1.json", "2.json")


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -20])
def test_a_state_that_is_cut_off(cut: int, place: Path) -> None:
    state = place / "1.json"
    raw = state.read_bytes()
    state.write_bytes(raw.rstrip(b"\n")[:cut])
    assert "cut off" in _merge_error(place, "1.json", "2.json")


@pytest.mark.parametrize("raw", [b"\x80\x04K\x01.", b"[]", b"null", b"[" * 100_000, b'{"schema": NaN}'])
def test_what_is_no_state(raw: bytes, place: Path) -> None:
    (place / "1.json").write_bytes(raw)
    assert "1.json is no state" in _merge_error(place, "1.json", "2.json")
    assert "absent.json cannot be read" in _merge_error(place, "absent.json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*LOSS, "a.parquet", "--shard", "1/2"], "--emit-state FILE"),
        ([*LOSS, "a.parquet", "--shard", "3/2", "--emit-state", "s"], "I from 1 to N"),
        ([*LOSS, "a.parquet", "--shard", "0/2", "--emit-state", "s"], "I from 1 to N"),
        ([*LOSS, "a.parquet", "--shard", "x", "--emit-state", "s"], "I from 1 to N"),
        ([*LOSS, "-", "--shard", "1/2", "--emit-state", "s"], "can be read once"),
        ([*LOSS, "a.parquet", "--emit-state", "a.parquet"], "is an input as well"),
        ([*LOSS, "a.parquet", "--emit-state", "s", "--json"], "losscli merge"),
        ([*LOSS, "a.parquet", "--emit-state", "s", "--confidence", "0.9"], "losscli merge"),
        ([*LOSS, "a.parquet", "--emit-state", "s", "--reduction", "none"], "no state"),
        ([*LOSS, "a.parquet", "--emit-state", "s", "--reduction", "batchmean"], "no reduction batchmean"),
        (
            [
                *("compute", "--loss", "cross_entropy:class_weight=balanced", "-t", "y"),
                "a.parquet",
                "--emit-state",
                "s",
            ],
            "counts of the whole input",
        ),
        (["merge"], "no state"),
    ],
)
def test_what_cannot_be_cut_is_said_before_anything_is_read(arguments: list[str], said: str, place: Path) -> None:
    done = run_cli(arguments, cwd=place)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (place / "s").exists()


def test_a_file_that_is_not_there(place: Path) -> None:
    done = run_cli([*LOSS, "absent.parquet", "--emit-state", "s"], cwd=place)
    assert (done.code, "absent.parquet: no such file" in done.err) == (3, True)


def test_a_pipe_cannot_be_cut(place: Path) -> None:
    os.mkfifo(place / "pipe.csv")
    done = run_cli([*LOSS, "pipe.csv", "--emit-state", "s"], cwd=place)
    assert (done.code, "can be read once" in done.err) == (2, True)


def test_bad_rows_of_a_shard_have_their_rows_of_the_file(place: Path) -> None:
    table = pa.table({"y": [1.0, 2.0, None, 4.0, 5.0, 6.0], "p": [1.0] * 6})
    pq.write_table(table, place / "bad.parquet", row_group_size=1)
    done = run_cli(
        ["compute", "--loss", "mse", "bad.parquet", "-t", "y", "-p", "p", "--shard", "2/3", "--emit-state", "s"],
        cwd=place,
    )
    assert done.code == 3
    assert "row 3" in done.err
    assert not (place / "s").exists()


def test_an_input_without_rows_is_said_by_the_merge(place: Path) -> None:
    pq.write_table(pa.table(GROUPS).slice(0, 0), place / "none.parquet")
    _emit(place, "s.json", file="none.parquet")
    assert "the input has no rows" in _merge_error(place, "s.json")


def test_penalties_and_warnings_are_in_the_state(place: Path) -> None:
    (place / "theta.csv").write_text("theta\n1\n2\n")
    command = ("compare", "--loss", "mae", "--loss", "mse", "-t", "y", "-p", "p")
    more = ("--l2", "0.5", "--params", "theta.csv")
    for number in (1, 2):
        _emit(place, f"p{number}.json", "--shard", f"{number}/2", *more, command=command)
    (place / "theta.csv").unlink()
    merged = run_cli(["merge", "p1.json", "p2.json", "--json"], cwd=place)
    # 0.5 (1 + 4)
    assert [entry["penalties"][0]["value"] for entry in json.loads(merged.out)["results"]] == [2.5, 2.5]
    assert "no interval: 6 rows, 20 needed" in merged.err
