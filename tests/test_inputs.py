"""How bytes become rows: pieces of text cut anywhere, line ends, compressed and piped input, row groups, arrays.

The expected values come from the rows that the test wrote, read back with Python's csv module where quotes matter.
"""

import bz2
import csv
import gzip
import io
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from losscli.data import json_lines, text
from tests.cli import ROOT, Outcome, run_cli, run_process

SNIFFED = 64 << 10
"""So many bytes are read first; what follows them comes in pieces."""
FILLER = [("x" * 90, i % 7, i % 5) for i in range(700)]
ROLES = ("-t", "y_true", "-p", "y_pred", "--json")


def _value(outcome: Outcome) -> tuple[float, int]:
    assert outcome.code == 0, outcome.err
    result = json.loads(outcome.out)["results"][0]
    return result["value"], result["rows"]


def _sum(file: Path, *more: str) -> tuple[float, int]:
    return _value(run_cli(["compute", str(file), "--loss", "mae", "-r", "sum", *ROLES, *more]))


def _by_hand(content: str) -> tuple[float, int]:
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    return float(sum(abs(float(row["y_pred"]) - float(row["y_true"])) for row in rows)), len(rows)


def _csv(rows: Sequence[tuple[str, float, float]], end: str = "\n") -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end)
    writer.writerows([("note", "y_true", "y_pred"), *rows])
    return stream.getvalue()


QUOTED = [("a\nb", 1, 4), ('say "no",\nthen\n', 0, 8), ("\n\n\n", 2, 2), ('"', 0, 1), ("", 5, 1), ('\n"\n""', 3, 4)]


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_pieces_are_cut_outside_quotes(size: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE_BYTES", size)
    content = _csv([*FILLER, *QUOTED, *FILLER[:5], *QUOTED], end)
    assert len(content) > SNIFFED + 500
    file = tmp_path / "quoted.csv"
    file.write_bytes(content.encode())
    expected = _by_hand(content)
    assert (_sum(file), _sum(file, "--threads", "1"), _sum(file, "--threads", "3")) == (expected,) * 3


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_stray_quote_does_not_move_the_cuts(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote in the middle of a cell, such as in 5" disk, opens nothing: csv and Arrow agree on that."""
    monkeypatch.setattr(text, "PIECE_BYTES", size)
    lines = ['0,1,5" disk', "0,2,plain", '0,4,"two\nlines"', "0,8,plain", '0,16,"see\n0,99,it"', "0,32,plain"]
    content = "y_true,y_pred,note\n" + f"0,0,{'x' * 60}\n" * 1_100 + "\n".join(lines) + "\n"
    file = tmp_path / "stray.csv"
    file.write_text(content)
    assert _by_hand(content) == (63.0, 1_106)
    assert _sum(file) == (63.0, 1_106)


@pytest.mark.parametrize("end", ["\r", "\r\r\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_line_ends_in_later_pieces(end: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE_BYTES", size)
    rows = [(note, float(i), 2.0 * i) for i, (note, _, _) in enumerate(FILLER)]
    file = tmp_path / "ends.csv"
    file.write_bytes(b"\xef\xbb\xbf" + _csv(rows, end).encode().removesuffix(end.encode()))
    assert _sum(file) == (float(sum(range(len(rows)))), len(rows))


def test_kinds_are_found_though_the_first_bytes_end_inside_a_cell(tmp_path: Path) -> None:
    """A text column called target is no candidate, also where the part that is looked at ends within quotes."""
    note = "long\n" * 8_000
    rows = [f'price,{i},{i + 1},"{note}"' for i in range(4)]
    file = tmp_path / "long.csv"
    file.write_text("\n".join(["target,y_true,y_pred,note", *rows]) + "\n")
    assert _value(run_cli(["compute", str(file), "--loss", "mae", "--json"])) == (1.0, 4)


@pytest.mark.parametrize("bad", ["?,1", "1", "1,2,3"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_errors_in_later_pieces_name_the_row(
    bad: str, threads: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "PIECE_BYTES", 64)
    rows = ["1,2"] * 20_000
    rows[19_900] = bad
    file = tmp_path / "bad.csv"
    file.write_text("\n".join(["y_true,y_pred", *rows]) + "\n")
    first = tmp_path / "first.csv"
    first.write_text("y_true,y_pred\n1,2\n1,2\n")
    for more in ((), ("-r", "none", "-o", f"csv:{tmp_path / 'out.csv'}")):
        outcome = run_cli(["compute", str(first), str(file), "--loss", "mae", "--threads", threads, *more])
        assert outcome.code == 3
        assert "bad.csv, row 19901:" in outcome.err


def test_missing_values_in_later_pieces_have_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE_BYTES", 64)
    rows = ["1,2"] * 20_000
    for row in (3, 18_000, 19_999):
        rows[row - 1] = ",2"
    (tmp_path / "a.csv").write_text("y_true,y_pred\n1,2\n")
    (tmp_path / "b.csv").write_text("\n".join(["y_true,y_pred", *rows]) + "\n")
    outcome = run_cli(["compute", "a.csv", "b.csv", "--loss", "mae"], cwd=tmp_path)
    assert "b.csv: column 'y_true' has no value in 3 of 20000 rows: rows 3, 18000, 19999" in outcome.err


def _groups(tmp_path: Path, values: list[float | None]) -> Path:
    """A Parquet file of row groups with 3, 0, 1, 0, 0 and the remaining rows."""
    file = tmp_path / "groups.parquet"
    table = pa.table({"y_true": pa.array([0.0] * len(values)), "y_pred": pa.array(values, pa.float64())})
    with pq.ParquetWriter(file, table.schema) as writer:
        for start, stop in ((0, 3), (3, 3), (3, 4), (4, 4), (4, 4), (4, len(values))):
            writer.write_table(table.slice(start, stop - start))
    assert pq.ParquetFile(file).num_row_groups >= 3
    return file


def test_row_groups_also_empty_ones(tmp_path: Path) -> None:
    file = _groups(tmp_path, [2.0**i for i in range(9)])
    for threads in ("1", "4"):
        assert _sum(file, "--threads", threads) == (511.0, 9)
    assert _value(run_cli(["compute", "-", "--loss", "mae", "-r", "sum", *ROLES], stdin=file.read_bytes())) == (
        511.0,
        9,
    )


def test_errors_in_later_row_groups_name_the_row(tmp_path: Path) -> None:
    file = _groups(tmp_path, [1.0, 2.0, 3.0, 4.0, 5.0, None, 7.0, float("inf")])
    assert "row 6\n" in run_cli(["compute", str(file), "--loss", "mae"]).err
    assert "row 8 (inf)" in run_cli(["compute", str(file), "--loss", "mae", "--missing", "skip"]).err
    outcome = run_cli(["compute", str(file), "--loss", "mae", "-r", "none", "--missing", "skip", "--invalid", "skip"])
    assert [line.split(",")[0] for line in outcome.out.splitlines()[1:]] == ["1", "2", "3", "4", "5", "7"]


def test_files_without_rows_among_others(tmp_path: Path) -> None:
    table = pa.table({"y_true": [0.0], "y_pred": [4.0]})
    (tmp_path / "empty.csv").write_text("y_true,y_pred\n")
    (tmp_path / "one.csv").write_text("y_true,y_pred\n0,2\n")
    pq.write_table(table[:0], tmp_path / "empty.parquet")
    pa.feather.write_feather(table[:0], tmp_path / "empty.arrow")
    np.savez(tmp_path / "empty.npz", y_true=np.zeros(0), y_pred=np.zeros(0))
    pq.write_table(table, tmp_path / "one.parquet")
    names = ["empty.csv", "one.csv", "empty.parquet", "empty.arrow", "empty.npz", "one.parquet", "empty.csv"]
    args = ["compute", *names, "--loss", "mae", *ROLES]
    assert _value(run_cli(args, cwd=tmp_path)) == (3.0, 2)
    assert run_cli([*args[:-1], "-r", "none"], cwd=tmp_path).out == "row,loss\n1,2.0\n2,4.0\n"
    for name in set(names) - {"one.csv", "one.parquet"}:
        outcome = run_cli(["compute", name, "--loss", "mae"], cwd=tmp_path)
        assert (outcome.code, "no rows" in outcome.err) == (3, True), name


def _members(kind: str, parts: list[bytes]) -> bytes:
    if kind == "gz":
        return b"".join(map(gzip.compress, parts))
    if kind == "bz2":
        return b"".join(map(bz2.compress, parts))
    return b"".join(pa.compress(part, codec="zstd", asbytes=True) for part in parts)


@pytest.mark.parametrize("kind", ["gz", "bz2", "zst"])
@pytest.mark.parametrize("format_", ["csv", "jsonl", "json"])
def test_compressed_in_several_members(kind: str, format_: str, tmp_path: Path) -> None:
    rows = [{"y_true": 0.0, "y_pred": float(i)} for i in range(30_000)]
    if format_ == "csv":
        lines = ["y_true,y_pred", *(f"{row['y_true']},{row['y_pred']}" for row in rows)]
        content = "\n".join(lines).encode()
    else:
        content = json.dumps(rows).encode() if format_ == "json" else "\n".join(map(json.dumps, rows)).encode()
    # the cuts lie inside a number
    parts = [content[:50_001], content[50_001:50_002], content[50_002:]]
    file = tmp_path / f"rows.{format_}.{kind}"
    file.write_bytes(_members(kind, parts))
    assert _sum(file) == (float(sum(range(30_000))), 30_000)
    args = ["compute", "-", "--input-format", format_, "--loss", "mae", "-r", "sum", *ROLES]
    assert _value(run_cli(args, stdin=file.read_bytes())) == (float(sum(range(30_000))), 30_000)


@pytest.mark.parametrize("kind", ["gz", "bz2", "zst"])
def test_compressed_with_a_member_of_nothing(kind: str, tmp_path: Path) -> None:
    """What `cat` makes of parts one of which is empty."""
    file = tmp_path / f"rows.csv.{kind}"
    file.write_bytes(_members(kind, [b"y_true,y_pred\n0,1\n", b"", b"0,3\n"]))
    assert _sum(file) == (4.0, 2)


def _in_format(kind: str) -> bytes:
    table = pa.table({"y_true": [0.0, 1.0, 2.0], "y_pred": [1.0, 3.0, 6.0]})
    stream = io.BytesIO()
    rows: list[dict[str, Any]] = table.to_pylist()
    if kind in ("csv", "tsv"):
        mark = "," if kind == "csv" else "\t"
        return "\n".join([f"y_true{mark}y_pred", *(mark.join(map(str, row.values())) for row in rows)]).encode()
    if kind == "parquet":
        pq.write_table(table, stream)
    elif kind == "arrow":
        pa.feather.write_feather(table, stream)
    elif kind == "stream":
        with pa.ipc.new_stream(stream, table.schema) as writer:
            for start in range(3):
                writer.write_table(table.slice(start, 1))
    elif kind == "npy":
        np.save(stream, np.array([tuple(row.values()) for row in rows], dtype=[("y_true", "f8"), ("y_pred", "f8")]))
    elif kind == "npz":
        np.savez(stream, **{name: table[name].to_numpy() for name in table.column_names})
    else:
        return json.dumps(rows).encode() if kind == "json" else "\n".join(map(json.dumps, rows)).encode()
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "arrow", "stream", "jsonl", "json", "npy", "npz"])
@pytest.mark.parametrize("said", [True, False])
def test_standard_input(kind: str, said: bool, tmp_path: Path) -> None:
    format_ = ["--input-format", "arrow" if kind == "stream" else kind] if said or kind == "stream" else []
    args = ["compute", "-", "--loss", "mae", *format_, *ROLES]
    assert _value(run_cli(args, stdin=_in_format(kind))) == (7 / 3, 3)
    # a file without an ending goes by its content as well
    (tmp_path / "rows").write_bytes(_in_format(kind))
    assert _value(run_cli([args[0], "rows", *args[2:]], cwd=tmp_path)) == (7 / 3, 3)


def test_a_pipe_into_the_real_process() -> None:
    done = run_process(["compute", "--loss", "mae", "-", *ROLES], stdin=_in_format("csv"), cwd=ROOT)
    assert _value(done) == (7 / 3, 3)
    assert json.loads(done.out)["inputs"] == [{"path": "-", "bytes": None, "hash": None}]


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_named_pipes(kind: str, tmp_path: Path) -> None:
    pipe = tmp_path / f"rows.{kind}"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(_in_format(kind),), daemon=True)
    writer.start()
    assert _value(run_cli(["compute", str(pipe), "--loss", "mae", *ROLES])) == (7 / 3, 3)
    writer.join(10)


@pytest.mark.parametrize("size", [7, 64, 1 << 22])
@pytest.mark.parametrize("blank", ["", "\n ", "\r\n\t"])
def test_an_array_larger_than_one_piece(size: int, blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_PIECE_BYTES", size)
    monkeypatch.setattr(json_lines, "_OBJECTS_A_PIECE", 10)
    rows = [{"note": 'é "]} [{', "y_true": 0, "y_pred": 2.5e1 * i} for i in range(35)]
    content = f"[{blank}" + f"{blank},{blank}".join(json.dumps(row, ensure_ascii=False) for row in rows) + f"{blank}]"
    file = tmp_path / "rows.json"
    file.write_bytes(b"\xef\xbb\xbf" + content.encode() + blank.encode())
    assert _sum(file) == (25.0 * sum(range(35)), 35)
    rows[33]["y_pred"] = None
    file.write_text(json.dumps(rows))
    assert "row 34" in run_cli(["compute", str(file), "--loss", "mae"]).err


@pytest.mark.parametrize("rest", ['[{"y_true": 0, "y_pred": 100}]', '{"y_true": 0, "y_pred": 100}', "x", "]"])
def test_rows_after_the_end_of_an_array_are_not_dropped(rest: str, tmp_path: Path) -> None:
    """`cat a.json b.json` makes two arrays: both are read, or the run stops, but never one of them."""
    file = tmp_path / "two.json"
    file.write_text('[{"y_true": 0, "y_pred": 2}]\n' + rest + "\n")
    outcome = run_cli(["compute", str(file), "--loss", "mae", "-r", "sum", *ROLES])
    assert outcome.code == 3 or _value(outcome) == (102.0, 2)


_LATIN = {"json": '[{"y_true": 0, "y_pred": 2, "n": "é"}]', "jsonl": '{"y_true": 0, "y_pred": 2, "n": "é"}\n'}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # NumPy leaves such a file open
@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "cut.npz", "head.npz", "cut.npy", "cut.arrow"])
def test_broken_files_are_no_fault_of_the_tool(name: str, tmp_path: Path) -> None:
    """Latin-1 where UTF-8 is due, and files that end in the middle."""
    kind = name.partition(".")[2]
    content = _LATIN[kind].encode("latin-1") if kind in _LATIN else _in_format(kind)
    keep = {"cut": len(content) // 2, "head": 4}.get(name.partition(".")[0], len(content))
    (tmp_path / name).write_bytes(content[:keep])
    outcome = run_cli(["compute", name, "--loss", "mae"], cwd=tmp_path)
    assert outcome.code in (0, 3) if kind in _LATIN else outcome.code == 3, outcome.err
    assert "fault" not in outcome.err
