"""Text whose numbers are found by whole arrays: the same numbers and errors as by the parser of any CSV."""

import csv
import gzip
import io
import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from losscli.arrays import np
from losscli.data import plain_text
from losscli.data.plain_text import PlainText
from losscli.data.streams import Decompressed, Peekable
from losscli.data.text_cuts import pieces
from losscli.errors import DataError
from tests.cli import run_cli


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_text, "_WORTH_IT", 1)


def _numbers(content: bytes, places: list[int], columns: int = 3, mark: str = ",") -> list[list[float]] | None:
    found = PlainText(mark, columns, places).numbers(content, len(content))
    return None if found is None else [column.tolist() for column in found]


def test_wanted_columns_by_hand() -> None:
    content = b"1,2,x\n-0.5,1e3,\n+7,inf,nan\n"
    assert _numbers(content, [0]) == [[1.0, -0.5, 7.0]]
    assert _numbers(b"1,2,x\n-0.5,1e3,\n", [1, 0]) == [[2.0, 1000.0], [1.0, -0.5]]
    assert _numbers(b"1;2;3\n4;5;6\n", [2, 0, 2], mark=";") == [[3.0, 6.0], [1.0, 4.0], [3.0, 6.0]]
    assert _numbers(b"5\n6\n", [0], columns=1) == [[5.0, 6.0]]


def test_an_empty_line_is_no_row_of_a_single_column(tmp_path: Path) -> None:
    """As for the parser, which reads pieces that are small or have quotes."""
    (tmp_path / "one.csv").write_text("kl\n1\n\n4\n")
    (tmp_path / "two.csv").write_text('kl\n1\n\n"4"\n')
    for name in ("one.csv", "two.csv"):
        done = run_cli(["inspect", name], cwd=tmp_path)
        assert done.code == 0, done.err
        assert "2 rows" in done.out
        assert "missing" not in done.out


def test_an_empty_cell_is_nan() -> None:
    found = PlainText(",", 3, [0, 1, 2]).numbers(b"1,,3\n,5,\n", 9)
    assert found is not None
    expected = [[1.0, np.nan], [np.nan, 5.0], [3.0, np.nan]]
    np.testing.assert_array_equal(np.array(found), np.array(expected))


@pytest.mark.parametrize(
    "content",
    [
        b"1,2,3\n4,5,6",  # no line end at the end
        b"1,2,3\r\n4,5,6\r\n",
        b'1,2,"3"\n4,5,6\n',
        b"1,2,3\n4,5\n",
        b"1,2,3\n4,5\n\n",  # as many marks as two whole rows have
        b"1,2,3\n\n4,5,6\n",
        b"1,2,3\n4,5,6,7\n",
        b"1,2\n3\n4,5,6\n",
        b"1,2,3\n4, 5,6\n",
        b"1,2,3\n4,NA,6\n",
        b"1,2,3\n4,5%,6\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(content: bytes) -> None:
    assert _numbers(content, [1]) is None


def test_it_gives_up_after_a_few_pieces() -> None:
    reader = PlainText(",", 2, [0])
    for _ in range(3):
        assert reader.numbers(b"x,1\n", 4) is None
    assert reader.numbers(b"1,1\n", 4) is None


@pytest.mark.parametrize("at_a_time", [1, 9, 100, 1 << 20])
def test_any_double_as_python_writes_it(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expected: what was written; repr and the nearest double go back and forth without loss."""
    monkeypatch.setattr(plain_text, "_AT_A_TIME", at_a_time)
    source = random.Random(5)  # noqa: S311 - for a test
    raw = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(600)]
    values = [value for value in raw if value == value and abs(value) != float("inf")]
    lines = "".join(f"a,{value!r},{round(value, 3) if abs(value) < 1e9 else 0},{i}\n" for i, value in enumerate(values))
    found = PlainText(",", 4, [1, 3]).numbers(lines.encode(), len(lines))
    assert found is not None
    assert found[0].tolist() == values
    assert found[1].tolist() == [float(i) for i in range(len(values))]


def _made(bad: dict[int, str]) -> str:
    source = random.Random(3)  # noqa: S311 - for a test
    rows = [f"{i},{source.gauss(0, 1)!r},{source.gauss(0, 1)!r},word" for i in range(20_000)]
    return "\n".join(["id,y_true,y_pred,note", *(bad.get(i, row) for i, row in enumerate(rows))]) + "\n"


def _run(path: Path, *options: str) -> Any:
    done = run_cli(["compute", "-l", "mse", str(path), "--json", *options])
    assert done.code == 0, done.err
    (result,) = json.loads(done.out)["results"]
    return [result[key] for key in ("value", "stderr", "rows", "used", "skipped")]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {7_000: "7000,,1,x", 19_999: "19999,2,nan,x"},
        {9_000: "9000,NA,1,x"},
        {9_000: '9000,1,2,"a, b"'},
        {9_000: "9000, 1.5 ,2,x"},
        {9_000: "9000,9007199254740993,2,x"},  # 2^53 + 1: counted as rounded, so read again as text
    ],
)
@pytest.mark.parametrize("size", [1 << 12, 1 << 16])
def test_the_same_results_as_without(
    bad: dict[int, str], size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expected: the parser of any CSV, which reads everything when no piece is worth the other way."""
    monkeypatch.setattr("losscli.data.text.PIECE_BYTES", size)
    path = tmp_path / "made.csv"
    path.write_text(_made(bad))
    options = ("--missing", "skip", "--where", "id<19000", "--threads", "2")
    used: list[bool] = []
    plain = PlainText.numbers

    def counted(reader: PlainText, content: bytes, length: int) -> Any:
        found = plain(reader, content, length)
        used.append(found is not None)
        return found

    monkeypatch.setattr(PlainText, "numbers", counted)
    with_arrays = _run(path, *options)
    assert sum(used) >= 3
    monkeypatch.setattr(plain_text, "_WORTH_IT", 1 << 60)
    assert with_arrays == _run(path, *options)
    with path.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if int(row["id"]) < 19_000]
    assert with_arrays[2] == 20_000
    assert with_arrays[3] == sum(row["y_true"].strip() not in ("", "NA") and row["y_pred"] != "nan" for row in rows)


@pytest.mark.parametrize(
    ("bad", "said"),
    [("18000,1,oops,x", "'oops', not a number"), ("18000,1,2", "3 cells"), ("18000,,2,x", "no value in 1 of")],
)
def test_the_same_errors_as_without(bad: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losscli.data.text.PIECE_BYTES", 1 << 14)
    path = tmp_path / "bad.csv"
    path.write_text(_made({18_000: bad}))
    done = run_cli(["compute", "-l", "mse", str(path)])
    monkeypatch.setattr(plain_text, "_WORTH_IT", 1 << 60)
    assert done == run_cli(["compute", "-l", "mse", str(path)])
    assert done.code == 3
    assert said in done.err
    assert "18001" in done.err


def test_texts_of_missing_cells_that_are_numbers_are_honoured(tmp_path: Path) -> None:
    path = tmp_path / "coded.csv"
    path.write_text("y_true,y_pred\n" + "1,3\n" * 50 + "-999,3\n")
    assert _run(path, "--na=-999", "--missing", "skip", "--no-ci")[:1] == [4.0]


class _OneWay(io.BytesIO):
    """A pipe: it cannot go back."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise AssertionError("a pipe was asked to go back")


@pytest.mark.parametrize("kind", [io.BytesIO, _OneWay])
@pytest.mark.parametrize("size", [3, 10, 64])
def test_what_is_given_back_is_read_again(kind: type[io.BytesIO], size: int) -> None:
    content = b"".join(b"%d,%d\n" % (i, i * i) for i in range(200)) + b"9,9"
    stream = Peekable(kind(content))
    assert stream.peek(5) == content[:5]
    head = stream.read(7)
    found = [lines.content[: lines.size] for lines in pieces(head, stream, ",", size)]
    assert b"".join(found) == content
    assert all(piece.endswith(b"\n") for piece in found[:-1])


def _read_all(stream: Peekable) -> None:
    while stream.read(1 << 16):
        pass


@pytest.mark.parametrize("library", ["isal", "arrow"])
def test_gzip_by_either_library(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if library == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setitem(__import__("sys").modules, "isal", None)
    lines = b"".join(b"%d,1\n" % i for i in range(100_000))
    packed = gzip.compress(lines) + gzip.compress(b"") + gzip.compress(b"last\n")
    stream = Decompressed(io.BytesIO(packed), "gzip", "a.csv.gz")
    found = [piece.content[: piece.size] for piece in pieces(b"", stream, ",", 4096)]
    assert b"".join(found) == lines + b"last\n"
    for broken in (packed[:-9], packed[:100], packed[:2000] + b"\xff" * 40 + packed[2040:], packed + b"more"):
        stream = Decompressed(io.BytesIO(broken), "gzip", "a.csv.gz")
        with pytest.raises(DataError, match=r"a\.csv\.gz cannot be decompressed"):
            _read_all(stream)
