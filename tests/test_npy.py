"""Arrays in .npy files, read in runs of rows: any order and type, and files that change meanwhile.

The expected values are NumPy's own reading of the same file.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from losscli.data import npy
from losscli.data.arrays import NumpyTable
from losscli.data.table import Kind, Need
from tests.cli import run_cli

ROWS = 1000
RANDOM = np.random.default_rng(11)
RECORD = np.dtype([("y_true", "<f4"), ("name", "<U3"), ("outputs", ">f8", (2, 2)), ("ok", "?"), ("y_pred", ">i2")])


def _records(shape: tuple[int, ...], order: Any = "C") -> Any:
    array = np.empty(shape, RECORD, order=order)
    for name in ("y_true", "outputs", "y_pred"):
        array[name] = RANDOM.integers(-99, 99, array[name].shape)
    array["name"] = RANDOM.choice(["a", "bé", "ccc"], shape)
    array["ok"] = RANDOM.integers(0, 2, shape)
    return array


ARRAYS = {
    "plain": RANDOM.normal(size=ROWS),
    "matrix": RANDOM.normal(size=(ROWS, 5)),
    "matrix, Fortran": np.asfortranarray(RANDOM.normal(size=(ROWS, 5))),
    "big endian, Fortran": np.asfortranarray(RANDOM.normal(size=(ROWS, 3)).astype(">f4")),
    "three dimensions": RANDOM.integers(0, 99, (ROWS, 2, 3), dtype=np.int16),
    "three dimensions, Fortran": np.asfortranarray(RANDOM.integers(0, 99, (ROWS, 2, 3))),
    "booleans": RANDOM.integers(0, 2, (ROWS, 3)).astype(bool),
    "texts": RANDOM.choice(["a", "bé", "ccc"], (ROWS, 2)),
    "bytes": RANDOM.choice([b"a", b"bb"], ROWS),
    "records": _records((ROWS,)),
    "records in columns": _records((ROWS, 2)),
    "records in columns, Fortran": _records((ROWS, 2), "F"),
    "names beyond latin-1": np.zeros(ROWS, [("préd_€\\x41", "f8"), ("y", "f8")]),
    "one row": RANDOM.normal(size=(1, 3)),
}


def _by_numpy(array: Any) -> dict[str, list[Any]]:
    if array.dtype.names:
        found = {name: array[name].reshape(len(array), -1) for name in array.dtype.names}
        found = {name: cells if cells.shape[1] > 1 else cells[:, 0] for name, cells in found.items()}
    else:
        found = {str(i + 1): cells for i, cells in enumerate(array.reshape(len(array), -1).T)}
    plain = {name: cells.tolist() for name, cells in found.items()}
    return {name: [c.decode() if isinstance(c, bytes) else c for c in cells] for name, cells in plain.items()}


def _by_the_table(table: NumpyTable, names: list[str], rows: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in names}
    for fragment in table.fragments([Need(name, True, Kind.NUMBER) for name in names]):
        for batch in fragment.batches(rows):
            for name, cells in zip(names, batch, strict=True):
                found[name] += cells.to_pylist()
    return found


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
@pytest.mark.parametrize("rows", [ROWS, 64, 7])
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_every_order_and_type(array: Any, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npy, "_READ_BYTES", 100)
    np.save(tmp_path / "a.npy", array)
    content = (tmp_path / "a.npy").read_bytes()
    expected = _by_numpy(array)
    for table in (NumpyTable("a", str(tmp_path / "a.npy")), NumpyTable("a", "-", content)):
        assert [column.name for column in table.columns] == list(expected)
        assert _by_the_table(table, list(expected), rows) == expected
        for name in expected:
            assert _by_the_table(table, [name], rows) == {name: expected[name]}


def test_the_kinds_of_records() -> None:
    stream = io.BytesIO()
    np.save(stream, ARRAYS["records"])
    kinds = [column.kind for column in NumpyTable("a", "-", stream.getvalue()).columns]
    assert kinds == [Kind.NUMBER, Kind.TEXT, Kind.LIST, Kind.BOOLEAN, Kind.NUMBER]


def _cut(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _replace(path: Path) -> None:
    np.save(path.with_name("new.npy"), np.zeros((300_000, 2)))
    path.with_name("new.npy").replace(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [(_cut, "became shorter"), (_empty, "became shorter"), (_replace, "was replaced"), (Path.unlink, "no such file")],
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_file_that_changes_while_it_is_read(
    change: Callable[[Path], None],
    said: str,
    order: Any,
    reduction: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mapped file would end the process here, with a signal and without a word."""
    file = tmp_path / "a.npy"
    np.save(file, np.ones((300_000, 2), order=order))
    fragments = NumpyTable.fragments

    def changed_first(table: NumpyTable, needs: Any) -> Iterator[Any]:
        change(file)
        return fragments(table, needs)

    monkeypatch.setattr(NumpyTable, "fragments", changed_first)
    outcome = run_cli(["compute", str(file), "--loss", "mae", "-t", "1", "-p", "2", "-r", reduction])
    assert outcome.code == 3
    assert "a.npy" in outcome.err
    assert said in outcome.err


def _header(text: str, version: int = 1, size: int | None = None) -> bytes:
    length = len(text) if size is None else size
    return b"\x93NUMPY" + bytes([version, 0]) + length.to_bytes(2 if version == 1 else 4, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 2), }\n") + bytes(99), "99 of 144 bytes"),
        (_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 2), }\n"), "bytes of values"),
        (_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }\n"), "header"),
        (_header("{'descr': '|S0', 'fortran_order': False, 'shape': (9, 1000000000000), }\n"), "header"),
        (_header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }\n") + bytes(16), "never loaded"),
        (_header("{'descr': [('y', '<f8')], 'fortran_order': False, 'shape': (), }\n") + bytes(8), "single number"),
        (_header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 2), }\n", 3, 2**32 - 1), "header"),
        (_header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 2), }\n", 9), "version"),
        (_header("{}\n"), "header"),
    ],
)
@pytest.mark.parametrize("held", [True, False])
def test_headers_that_lie(content: bytes, said: str, held: bool, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    outcome = run_cli(
        ["compute", "-" if held else "a.npy", "--input-format", "npy", "--loss", "mae", "-t", "1", "-p", "2"],
        stdin=content,
        cwd=tmp_path,
    )
    assert outcome.code == 3
    assert said in outcome.err.lower()


def test_a_matrix_without_rows_has_none(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(0, dtype=[("y_true", "f8"), ("y_pred", "f8")]))
    outcome = run_cli(["compute", str(tmp_path / "a.npy"), "--loss", "mae"])
    assert (outcome.code, "no rows" in outcome.err) == (3, True)


def test_an_archive_has_its_columns_as_before(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", y_true=np.asfortranarray(np.eye(3)), y_pred=np.zeros((3, 3)))
    outcome = run_cli(["compute", str(tmp_path / "a.npz"), "--loss", "mae", "--json"])
    assert json.loads(outcome.out)["results"][0]["value"] == pytest.approx(1 / 3, rel=1e-15)


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_a_text_of_characters_that_do_not_exist(code: int, tmp_path: Path) -> None:
    """NumPy makes strings of them that crash what reads them next."""
    array = np.zeros(3, dtype=[("part", "<U2"), ("y_true", "<f8"), ("y_pred", "<f8")])
    array["part"] = "é"
    array.view(np.uint8)[28:32] = np.array([code], dtype="<u4").view(np.uint8)
    np.save(tmp_path / "a.npy", array)
    args = ["compute", str(tmp_path / "a.npy"), "--loss", "mae"]
    assert run_cli(args).code == 0
    outcome = run_cli([*args, "--where", "part=é"])
    assert (outcome.code, "a.npy" in outcome.err) == (3, True)
