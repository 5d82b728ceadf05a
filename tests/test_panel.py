"""Models side by side, by position and by keys. Rows, counts and messages are by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from losscli.catalogue import find
from losscli.data.chained import ChainTable
from losscli.data.columns import Selection, resolve_roles
from losscli.data.keys import Join
from losscli.data.left_out import LeftOut
from losscli.data.panel import PanelTable, Side
from losscli.data.where import Condition
from losscli.errors import DataError, UsageError
from tests.tables import closed_after, csv_file, names_of, parquet_file, rows_of, source

OPENED: list[Any] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield from closed_after(OPENED)


def panel(
    files: dict[str, Path], keys: Sequence[str] | None = None, join: Join = "strict", where: Sequence[str] = ()
) -> PanelTable:
    sides = [Side(name, source(path).open()) for name, path in files.items()]
    OPENED.extend(side.table for side in sides)
    return PanelTable(sides, keys, join, [Condition.parse(text) for text in where], LeftOut())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "old.csv", "id,y,pred\na,1,10\nb,2,20\nc,3,30\nd,4,40\ne,5,50")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "new.csv", "pred,id\n51,e\n11,a\n41,d\n31,c\n21,b")


def test_columns_and_views(old: Path, new: Path) -> None:
    table = panel({"old": old, "new": new}, ["id"])
    assert names_of(table) == ["id", "y", "pred", "new:pred", "new:id"]
    assert table.models == ["old", "new"]
    first, second = table.view("old"), table.view("new", shared={"y"})
    assert [column.name for column in first.columns] == ["id", "y", "pred"]
    assert first.names == {"id": "id", "y": "y", "pred": "pred"}
    # y is in the first file only, and what the models share may be there
    assert [column.name for column in second.columns] == ["pred", "id", "y"]
    assert second.names == {"pred": "new:pred", "id": "new:id", "y": "y"}
    assert second.label == str(new)
    roles = resolve_roles(find("mse"), Selection({}, None), second)
    assert roles == {"target": ("y",), "pred": ("pred",)}
    assert [column.name for column in table.view("new").columns] == ["pred", "id"]


BY_KEY = [(1, 10, 11), (2, 20, 21), (3, 30, 31), (4, 40, 41), (5, 50, 51)]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize("join", ["strict", "inner"])
def test_rows_by_key_in_the_order_of_the_first(old: Path, new: Path, join: Join, batch_rows: int) -> None:
    table = panel({"old": old, "new": new}, ["id"], join)
    assert rows_of(table, ["y", "pred", "new:pred"], batch_rows) == BY_KEY
    turned = panel({"new": new, "old": old}, ["id"], join)
    assert rows_of(turned, ["old:y", "old:pred", "pred"], batch_rows) == [BY_KEY[i] for i in (4, 0, 3, 2, 1)]


@pytest.mark.parametrize("group_rows", [1, 2, 3, 100])
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_rows_by_position_whatever_the_pieces(tmp_path: Path, old: Path, group_rows: int, batch_rows: int) -> None:
    other = parquet_file(tmp_path / "n.parquet", {"pred": [11.0, 21.0, 31.0, 41.0, 51.0]}, group_rows)
    third = parquet_file(tmp_path / "m.parquet", {"pred": [12.0, 22.0, 32.0, 42.0, 52.0]}, 2)
    table = panel({"old": old, "new": other, "third": third})
    rows = rows_of(table, ["y", "pred", "new:pred", "third:pred"], batch_rows)
    assert rows == [(y, 10 * y, 10 * y + 1, 10 * y + 2) for y in (1, 2, 3, 4, 5)]
    # a side of which nothing is needed
    assert rows_of(panel({"old": old, "new": other}), ["y"]) == [(1,), (2,), (3,), (4,), (5,)]
    assert rows_of(panel({"new": other, "old": old}), ["old:y"]) == [(1,), (2,), (3,), (4,), (5,)]


def test_by_position_over_the_pieces_of_large_files(tmp_path: Path) -> None:
    count = 150_001
    a = csv_file(tmp_path / "a.csv", "pred\n" + "\n".join(map(str, range(count))))
    b = parquet_file(tmp_path / "b.parquet", {"pred": [float(-i) for i in range(count)]}, 40_000)
    rows = rows_of(panel({"a": a, "b": b}), ["pred", "b:pred"], 1 << 20)
    assert rows == [(i, -i) for i in range(count)]


@pytest.mark.parametrize("kind", ["csv", "parquet", "mixed"])
@pytest.mark.parametrize("turned", [False, True])
def test_different_lengths(tmp_path: Path, kind: str, turned: bool) -> None:
    if kind == "parquet":
        long = parquet_file(tmp_path / "long.parquet", {"pred": [1.0] * 5}, 2)
    else:
        long = csv_file(tmp_path / "long.csv", "pred\n1\n1\n1\n1\n1")
    if kind == "csv":
        short = csv_file(tmp_path / "short.csv", "pred\n1\n1\n1")
    else:
        short = parquet_file(tmp_path / "short.parquet", {"pred": [1.0] * 3}, 2)
    files = {"a": long, "b": short} if not turned else {"a": short, "b": long}
    with pytest.raises(DataError, match="their numbers differ") as refused:
        rows_of(panel(files), ["pred", "b:pred"])
    assert f"{long} has 5" in refused.value.message
    assert f"{short} has 3" in refused.value.message
    assert "--key" in (refused.value.hint or "")


def test_a_file_without_rows_beside_one_with(tmp_path: Path, old: Path) -> None:
    empty = parquet_file(tmp_path / "e.parquet", {"pred": []})
    with pytest.raises(DataError, match=r"has 5, .*has 0"):
        rows_of(panel({"old": old, "new": empty}), ["pred", "new:pred"])
    keyed = parquet_file(tmp_path / "k.parquet", {"pred": [], "id": []})
    with pytest.raises(DataError, match="5 of 5 rows have no partner"):
        rows_of(panel({"old": old, "new": keyed}, ["id"]), ["pred", "new:pred"])


def test_rows_without_partner_on_either_side(tmp_path: Path, old: Path) -> None:
    other = csv_file(tmp_path / "o.csv", "id,pred\nx,1\na,11\nc,31\ny,2\nd,41\nz,3\nw,4")
    with pytest.raises(DataError) as refused:
        rows_of(panel({"old": old, "new": other}, ["id"]), ["pred", "new:pred"])
    assert refused.value.message == (
        f"{old}: 2 of 5 rows have no partner in {other}: row 2 (id='b'), row 5 (id='e'); "
        f"{other}: 4 of 7 rows have no partner in {old}: row 1 (id='x'), row 4 (id='y'), row 6 (id='z')"
    )
    table = panel({"old": old, "new": other}, ["id"], "inner")
    assert rows_of(table, ["y", "pred", "new:pred"]) == [(1, 10, 11), (3, 30, 31), (4, 40, 41)]
    counted = table._left_out
    assert counted.unmatched == 2
    assert counted.rows == {
        f"rows of {old} without one partner in {other}": 2,
        f"rows of {other} without one partner in the others": 4,
    }
    assert "rows with a partner" in table.label


def test_only_the_other_side_has_more(tmp_path: Path, old: Path) -> None:
    other = csv_file(tmp_path / "o.csv", "id,pred\na,11\nb,21\nc,31\nd,41\ne,51\nf,61")
    with pytest.raises(DataError, match=r"o\.csv: 1 of 6 rows have no partner in .*old\.csv: row 6 \(id='f'\)"):
        rows_of(panel({"old": old, "new": other}, ["id"]), ["pred", "new:pred"])


def test_repeated_keys(tmp_path: Path, old: Path) -> None:
    twice = csv_file(tmp_path / "t.csv", "id,pred\na,11\nb,21\nb,22\nc,31\nd,41\ne,51")
    with pytest.raises(DataError, match=r"t\.csv: a key stands in more than one row; first id='b' in rows 2, 3"):
        rows_of(panel({"old": old, "new": twice}, ["id"]), ["pred", "new:pred"])
    with pytest.raises(DataError, match=r"t\.csv: a key stands in more than one row; for instance id='b'"):
        rows_of(panel({"new": twice, "old": old}, ["id"]), ["pred", "old:pred"])
    expected = [(10, 11), (30, 31), (40, 41), (50, 51)]
    table = panel({"old": old, "new": twice}, ["id"], "inner")
    assert rows_of(table, ["pred", "new:pred"]) == expected
    assert table._left_out.unmatched == 1
    turned = panel({"new": twice, "old": old}, ["id"], "inner")
    assert rows_of(turned, ["old:pred", "pred"]) == expected
    assert turned._left_out.unmatched == 2


def test_nulls_in_keys(tmp_path: Path, old: Path) -> None:
    holes = csv_file(tmp_path / "h.csv", "id,pred\na,11\n,21\nc,31\nd,41\ne,51")
    for files in ({"old": old, "new": holes}, {"new": holes, "old": old}):
        with pytest.raises(DataError, match=r"h\.csv: 1 of 5 rows lack a value of their key: row 2"):
            rows_of(panel(files, ["id"]), ["pred"])
        assert len(rows_of(panel(files, ["id"], "inner"), ["pred"])) == 4


def test_three_models_by_two_keys_of_other_types(tmp_path: Path) -> None:
    a = csv_file(tmp_path / "a.csv", "day,level,pred\n2024-01-01,0.5,1\n2024-01-01,0.9,2\n2024-01-02,0.5,3")
    b = csv_file(tmp_path / "b.csv", "day,level,pred\n2024-01-02,0.50,30\n2024-01-01,0.90,20\n2024-01-01,0.50,10")
    import datetime as dt

    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 1)]
    c = parquet_file(tmp_path / "c.parquet", {"day": days, "level": [0.9, 0.5, 0.5], "pred": [200.0, 300.0, 100.0]})
    table = panel({"a": a, "b": b, "c": c}, ["day", "level"])
    assert rows_of(table, ["pred", "b:pred", "c:pred"]) == [(1, 10, 100), (2, 20, 200), (3, 30, 300)]
    # a key that a loss reads as a number besides
    levels = panel({"a": a, "b": b, "c": c}, ["day", "level"])
    assert rows_of(levels, ["level", "b:level", "c:level"]) == [(0.5,) * 3, (0.9,) * 3, (0.5,) * 3]


def test_a_key_that_one_side_lacks(tmp_path: Path, old: Path) -> None:
    other = csv_file(tmp_path / "o.csv", "ident,pred\na,1")
    with pytest.raises(UsageError, match=r"o\.csv has no column 'id' for --key"):
        panel({"old": old, "new": other}, ["id"])


def test_rows_that_a_filter_leaves_out_need_no_partner(tmp_path: Path) -> None:
    a = csv_file(tmp_path / "a.csv", "id,split,pred\n1,test,10\n2,train,20\n2,train,21\n3,test,30")
    b = csv_file(tmp_path / "b.csv", "id,split,pred\n3,test,33\n1,test,11\n9,train,9\n9,train,9")
    table = panel({"a": a, "b": b}, ["id"], where=["split=test"])
    rows = rows_of(table, ["split", "pred", "b:pred"])
    # the engine leaves out what the filter does not keep
    assert [row for row in rows if row[0] == "test"] == [("test", 10, 11), ("test", 30, 33)]
    # where only the first side has the column, the others' rows may meet rows that are left out
    c = csv_file(tmp_path / "c.csv", "id,pred\n3,33\n1,11\n2,22")
    rows = rows_of(panel({"a": a, "c": c}, ["id"], where=["split=test"]), ["split", "pred", "c:pred"])
    assert [row for row in rows if row[0] == "test"] == [("test", 10, 11), ("test", 30, 33)]


def test_a_model_in_several_files(tmp_path: Path, old: Path) -> None:
    csv_file(tmp_path / "n1.csv", "id,pred\ne,51\na,11\nd,41")
    parquet_file(tmp_path / "n2.parquet", {"pred": [31.0, 21.0], "id": ["c", "b"]})
    openers = [source(tmp_path / name).open for name in ("n1.csv", "n2.parquet")]
    for keys, rows in ((["id"], BY_KEY), (None, [(1, 10, 51), (2, 20, 11), (3, 30, 41), (4, 40, 31), (5, 50, 21)])):
        sides = [Side("old", source(old).open()), Side("new", ChainTable(openers))]
        OPENED.extend(side.table for side in sides)
        assert rows_of(PanelTable(sides, keys), ["y", "pred", "new:pred"]) == rows


def test_a_broken_row_is_said_with_its_own_file(tmp_path: Path, old: Path) -> None:
    csv_file(tmp_path / "n1.csv", "id,pred\na,1\nb,2")
    csv_file(tmp_path / "n2.csv", "id,pred\nc,3\nd,4,5\ne,5")
    openers = [source(tmp_path / name).open for name in ("n1.csv", "n2.csv")]
    for keys in (["id"], None):
        sides = [Side("old", source(old).open()), Side("new", ChainTable(openers))]
        OPENED.extend(side.table for side in sides)
        with pytest.raises(DataError, match=r"n2\.csv, row 2: the row has 3 cells where the header has 2"):
            rows_of(PanelTable(sides, keys), ["pred", "new:pred"])


def test_codes_keep_their_zeros_though_they_are_read_as_numbers_too(tmp_path: Path) -> None:
    a = csv_file(tmp_path / "a.csv", "code,pred\n01,10\n1,20\n001,30")
    b = csv_file(tmp_path / "b.csv", "code,pred\n001,31\n01,11\n1,21")
    table = panel({"a": a, "b": b}, ["code"], where=["code>0"])
    # code is needed as a number of both
    assert rows_of(table, ["code", "pred", "b:code", "b:pred"]) == [(1, 10, 1, 11), (1, 20, 1, 21), (1, 30, 1, 31)]
    inner = panel({"a": a, "b": b}, ["code"], "inner", where=["code>0"])
    assert rows_of(inner, ["code", "b:code", "b:pred"]) == [(1, 1, 11), (1, 1, 21), (1, 1, 31)]


def test_a_reader_that_stops_early_leaves_no_file_open(old: Path, new: Path) -> None:
    for keys in (["id"], None):
        table = panel({"old": old, "new": new}, keys)
        from losscli.data.held import need_of

        runs = table.fragments([need_of(table, "pred")])
        next(runs)
        runs.close()  # type: ignore[attr-defined] # a generator
        table.close()
