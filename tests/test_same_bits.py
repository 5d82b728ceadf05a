"""The same rows give the same bits: from any format, in any pieces, on any number of threads, alone or together.

One table of 100,000 rows is written in every format. The results of all files must be one text, to the last digit.
What that text must say is worked out once from Fractions, with NumPy for the losses of the rows.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losscli
from losscli.arrays import Array, Mask
from tests.cli import run_cli, run_process
from tests.sampling import Case, case_id, plain_cases, sample

ROWS = 100_000
LOSSES = ("mse", "mae", "huber:delta=0.5", "log_cosh", "pinball:tau=0.8")
NAMES = ("target", "pred", "weight", "gaps", "weight_gaps", "part")
ASKED = {
    "plain": ("-t", "target", "-p", "pred"),
    "weighted": ("-t", "target", "-p", "pred", "-w", "weight"),
    "where": ("-t", "target", "-p", "pred", "-w", "weight", "--where", "part<3"),
    "gaps": ("-t", "gaps", "-p", "pred", "-w", "weight_gaps", "--missing", "skip"),
    "gaps, where": ("-t", "gaps", "-p", "pred", "--missing", "skip", "--where", "part in 0,4"),
}
NUMBERED = {name: str(place) for place, name in enumerate(NAMES, start=1)}

each_question = pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)

Cells = Mapping[str, Array]


def make_cells(rows: int) -> Cells:
    """Columns of doubles with all their digits; NaN is missing."""
    rng = np.random.default_rng(5)
    target = 1e4 + rng.standard_normal(rows)
    weight = rng.exponential(size=rows)
    return {
        "target": target,
        "pred": target + rng.standard_t(3, rows),
        "weight": weight,
        "gaps": np.where(rng.random(rows) < 0.02, np.nan, target),
        "weight_gaps": np.where(rng.random(rows) < 0.01, np.nan, weight),
        "part": rng.integers(0, 5, rows).astype(np.float64),
    }


@dataclass(frozen=True)
class Files:
    """The table in a folder, as files of every format."""

    folder: Path
    cells: Cells

    def table(self) -> pa.Table:
        return pa.table({name: pa.array(values.tolist(), from_pandas=True) for name, values in self.cells.items()})

    def lines(self) -> Iterator[dict[str, float | None]]:
        columns = [[None if cell != cell else cell for cell in values.tolist()] for values in self.cells.values()]
        for row in zip(*columns, strict=True):
            yield dict(zip(self.cells, row, strict=True))

    def write_parquet(self, size: int, names: Sequence[str] = NAMES) -> str:
        path = self.folder / f"{size}{names[0]}.parquet"
        pq.write_table(self.table().rename_columns(list(names)), path, row_group_size=size)
        return str(path)

    def write_arrow(self, size: int, stream: bool = False) -> str:
        table, path = self.table(), self.folder / f"{size}{stream}.arrow"
        kind = pa.ipc.new_stream if stream else pa.ipc.new_file
        with kind(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=size)
        return str(path)

    def write_text(self) -> list[str]:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, NAMES)  # writes a float as its repr, None as nothing
        writer.writeheader()
        writer.writerows(self.lines())
        content = text.getvalue().encode()
        objects = "\n".join(map(json.dumps, self.lines())).encode()
        contents = {"a.csv": content, "a.csv.gz": gzip.compress(content, 1), "a.jsonl": objects}
        for name, data in contents.items():
            (self.folder / name).write_bytes(data)
        return [str(self.folder / name) for name in contents]

    def write_json_array(self) -> str:
        path = self.folder / "a.json"
        path.write_text(json.dumps(list(self.lines())))
        return str(path)

    def write_numpy(self) -> tuple[str, str]:
        archive, matrix = self.folder / "a.npz", self.folder / "a.npy"
        arrays: dict[str, Any] = dict(self.cells)
        np.savez(archive, **arrays)
        np.save(matrix, np.stack(list(self.cells.values()), axis=1))
        return str(archive), str(matrix)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("table"), make_cells(ROWS))


@pytest.fixture(scope="module")
def named(files: Files) -> dict[str, list[str]]:
    """Files whose columns have names, by format, the reference first."""
    parquet = [files.write_parquet(size) for size in (ROWS, 1000, 7919)]
    arrow = [files.write_arrow(size) for size in (1001, 65_536)] + [files.write_arrow(4999, stream=True)]
    return {"columnar": [*parquet, *arrow, files.write_numpy()[0]], "text": files.write_text()}


def results(asked: Sequence[str], *paths: str, threads: int = 2, stdin: bytes = b"") -> str:
    """The results in the words of the JSON output, so that every digit counts."""
    losses = [word for loss in LOSSES for word in ("-l", loss)]
    done = run_cli(["compare", *losses, *asked, *paths, "--json", "--threads", str(threads)], stdin)
    assert done.code == 0, done.err
    found: str = done.out.partition('"results":')[2].partition('"comparisons":')[0]
    assert '"value"' in found
    return found


def used_rows(cells: Cells, asked: Sequence[str]) -> tuple[Array, Array, dict[str, int]]:
    """Squared errors and weights of the rows that are used, and how many are not, by cause."""
    kept: Mask = np.ones(len(cells["target"]), dtype=bool)
    if "--where" in asked:
        kept = np.isin(cells["part"], [0.0, 1.0, 2.0] if "part<3" in asked else [0.0, 4.0])
    weights = cells[asked[asked.index("-w") + 1]] if "-w" in asked else np.ones(kept.size)
    errors = (cells["pred"] - cells[asked[1]]) ** 2
    absent = kept & (np.isnan(errors) | np.isnan(weights))
    skipped = {"where": int(np.sum(~kept)), "missing": int(np.sum(absent))}
    used = kept & ~absent
    return errors[used], weights[used], {cause: count for cause, count in skipped.items() if count}


@each_question
def test_the_reference_is_right(asked: Sequence[str], files: Files, named: dict[str, list[str]]) -> None:
    """Expected: Fraction."""
    found = json.loads(run_cli(["compute", "-l", "mse", *asked, named["columnar"][0], "--json"]).out)["results"][0]
    losses, weights, skipped = used_rows(files.cells, asked)
    # whole numbers of 2**-200, which all of these doubles are
    wholes = [[int(value) for value in np.ldexp(values, 200).tolist()] for values in (weights, losses)]
    weight = sum(wholes[0])
    value = Fraction(sum(w * loss for w, loss in zip(*wholes, strict=True)), weight * 2**200)
    assert found["value"] == pytest.approx(float(value), rel=1e-15, abs=0.0)
    assert found["weight_sum"] == pytest.approx(float(Fraction(weight, 2**200)), rel=1e-15, abs=0.0)
    assert (found["rows"], found["used"], found["skipped"]) == (ROWS, len(losses), skipped)


@each_question
@pytest.mark.parametrize("kind", ["columnar", "text"])
def test_every_format_gives_the_same_bits(asked: Sequence[str], kind: str, named: dict[str, list[str]]) -> None:
    expected = results(asked, named["columnar"][0])
    for path in named[kind]:
        assert results(asked, path) == expected, path


@pytest.mark.parametrize("threads", [1, 7])
@pytest.mark.parametrize("kind", ["columnar", "text"])
def test_so_does_any_number_of_threads(kind: str, threads: int, named: dict[str, list[str]]) -> None:
    expected = results(ASKED["gaps"], named["columnar"][0])
    for path in named[kind]:
        assert results(ASKED["gaps"], path, threads=threads) == expected, path


@pytest.mark.parametrize("ending", ["parquet", "arrow", "npz", "csv", "csv.gz", "jsonl"])
def test_so_does_standard_input(ending: str, named: dict[str, list[str]]) -> None:
    expected = results(ASKED["gaps"], named["columnar"][0])
    path = [path for paths in named.values() for path in paths if path.endswith(ending)][-1]
    asked = [*ASKED["gaps"], "--input-format", ending.removesuffix(".gz")]
    assert results(asked, "-", stdin=Path(path).read_bytes()) == expected


@each_question
def test_so_does_a_matrix_whose_columns_are_numbers(asked: Sequence[str], files: Files) -> None:
    by_number = [NUMBERED.get(word, word) for word in asked]
    by_number = [word.replace("part", NUMBERED["part"]) for word in by_number]
    matrix = files.write_numpy()[1]
    assert results(by_number, matrix) == results(by_number, files.write_parquet(7919, list(NUMBERED.values())))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A table of two blocks, for pieces so small that there are many."""
    return Files(tmp_path_factory.mktemp("few"), make_cells(20_000))


@pytest.fixture(scope="module")
def few_paths(few: Files) -> list[str]:
    """The smaller table in formats of every kind, the reference first."""
    columnar = [few.write_parquet(ROWS), few.write_parquet(7919), few.write_arrow(3001), few.write_numpy()[0]]
    return [*columnar, *few.write_text(), few.write_json_array()]


@pytest.mark.parametrize("size", [4999, 99_991])
def test_so_do_pieces_of_any_size(size: int, few_paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = results(ASKED["gaps"], few_paths[0])
    monkeypatch.setattr("losscli.data.text.PIECE_BYTES", size)
    monkeypatch.setattr("losscli.data.json_lines._PIECE_BYTES", 10 * size)
    monkeypatch.setattr("losscli.data.json_lines._OBJECTS_A_PIECE", size)
    monkeypatch.setattr("losscli.data.arrays.ROWS_A_FRAGMENT", size)
    for path in few_paths:
        assert results(ASKED["gaps"], path) == expected, path


@pytest.mark.parametrize("size", [7, 97, 997])
def test_so_do_pieces_of_a_line_and_less(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of 100 rows, so that a few rows are many blocks."""
    monkeypatch.setattr("losscli.fold.BLOCK", 100)
    monkeypatch.setattr("losscli.data.text._SNIFFED_BYTES", 50)  # the header line has 42
    monkeypatch.setattr("losscli.data.text.PIECE_BYTES", size)
    monkeypatch.setattr("losscli.data.json_lines._PIECE_BYTES", 11 * size)
    table = Files(tmp_path, make_cells(503))
    expected = results(ASKED["weighted"], table.write_parquet(ROWS))
    for path in (*table.write_text(), table.write_json_array()):
        assert results(ASKED["weighted"], path, threads=3) == expected, path


@pytest.mark.parametrize("rows", [97, 5000, 100_000])
def test_so_do_batches_of_any_size(rows: int, few_paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = results(ASKED["gaps, where"], few_paths[0])
    monkeypatch.setattr("losscli.part_sums.BLOCK", rows)
    for path in few_paths[:-1]:
        assert results(ASKED["gaps, where"], path) == expected, path


def test_so_do_batches_of_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of 100 rows, so that a few rows are many blocks."""
    monkeypatch.setattr("losscli.fold.BLOCK", 100)
    table = Files(tmp_path, make_cells(503))
    paths = [table.write_parquet(ROWS), table.write_arrow(311), table.write_text()[0]]
    expected = results(ASKED["gaps"], paths[0])
    monkeypatch.setattr("losscli.part_sums.BLOCK", 1)
    for path in paths:
        assert results(ASKED["gaps"], path) == expected, path


@pytest.mark.parametrize("case", plain_cases(), ids=case_id)
def test_batches_make_no_difference_to_any_loss(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions of NumPy must not treat the last few elements of an array in another way than the rest."""
    rng = np.random.default_rng(8)
    columns = {role.name: sample(case.domain(role), 700, rng, octaves=7.0) for role in case.roles}
    table = pa.table({name: pa.array(values.tolist()) for name, values in columns.items()})
    given: dict[str, Any] = {**case.given, **{name: name for name in columns}}
    found = []
    for rows in (700, 1, 3, 97):
        monkeypatch.setattr("losscli.part_sums.BLOCK", rows)
        result = losscli.compute(table, loss=case.loss.name, threads=1, **given)
        found.append((result.value, result.stderr, result.ci))
    assert found == found[:1] * 4


@each_question
def test_losses_together_are_losses_alone(asked: Sequence[str], few_paths: list[str]) -> None:
    path = few_paths[1]
    together = json.loads(results(asked, path).rstrip().rstrip(","))
    for loss, found in zip(LOSSES, together, strict=True):
        alone = run_cli(["compute", "-l", loss, *asked, path, "--json"])
        assert json.loads(alone.out)["results"] == [found]


def test_files_add_up_in_any_order(few: Files, few_paths: list[str], tmp_path: Path) -> None:
    """Blocks begin anew with each file, so the order of the files makes no difference."""
    other = Files(tmp_path, {name: values[:17_001] for name, values in few.cells.items()}).write_parquet(5000)
    path = few_paths[1]
    assert results(ASKED["gaps"], path, other) == results(ASKED["gaps"], other, path)


def test_runs_print_the_same_bytes(named: dict[str, list[str]]) -> None:
    losses = [word for loss in LOSSES for word in ("-l", loss)]
    asked = ["compare", *losses, *ASKED["gaps"], named["columnar"][1], named["text"][0], "--json"]
    first, *others = (run_process(asked) for _ in range(3))
    assert first.code == 0
    assert '"status": "ok"' in first.out
    assert others == [first, first]


def test_large_losses_warn_nobody(tmp_path: Path) -> None:
    """Expected: by hand. Sums and squares beyond the largest float are handled, so NumPy's warnings say nothing."""
    path = tmp_path / "large.csv"
    path.write_text("y_true,y_pred\n" + "0,1e308\n" * 4)
    done = run_process(["compute", "-l", "mae", "--no-ci", "--json", str(path)])
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["results"][0]["value"] == 1e308
