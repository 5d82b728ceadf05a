"""`--max-memory`: a run stays under it or stops with exit code 3, as the system measures whole processes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import losscli
from losscli.arrays import np
from losscli.errors import DataError, UsageError
from losscli.memory import Growing, keep, limit_to, look, max_memory, size_of, taken, tight
from tests.cli import ROOT, run_cli

MB = 10**6
TOLERANCE = 10
MEASURED = pytest.mark.skipif(sys.platform != "linux", reason="measures processes as Linux does")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500_000_000),
        ("2GiB", 2 * 1024**3),
        ("1.5 GB", 1_500_000_000),
        ("64kB", 64_000),
        ("64KiB", 65_536),
        ("1tb", 10**12),
        ("123B", 123),
        (4096, 4096),
    ],
)
def test_sizes(text: str | int, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "500",
        "MB",
        "0MB",
        "-5MB",
        "5 M",
        "1e3MB",
        "5MBs",
        "five MB",
        "1,5GB",
        "nan",
        "9999999999TB",
        "\N{ARABIC-INDIC DIGIT FIVE}MB",
    ],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="size with its unit"):
        size_of(text)
    done = run_cli(["compute", "sample_data/diabetes_preds.csv", "-l", "mse", f"--max-memory={text}"])
    assert (done.code, done.out) == (2, "")
    assert "500MB or 2GiB" in done.err


@pytest.mark.parametrize("size", [0, -1, True, 1 << 62])
def test_a_number_of_bytes_from_python_is_one(size: int) -> None:
    with pytest.raises(UsageError):
        size_of(size)


def test_the_message_names_the_largest() -> None:
    now, most = taken()
    assert 0 < now <= most
    with max_memory(now // 2):
        with pytest.raises(DataError, match="before a row is read"):
            look()
        keep("a", lambda: Growing("a small thing", "no way", 5))
        keep("b", lambda: Growing("7 large things", "take fewer", 50))
        with pytest.raises(DataError, match="what grew is 7 large things") as found:
            look(lambda: Growing("another", "no way", 6))
        assert found.value.hint == "take fewer; or allow more"
        assert tight()
    look()
    assert not tight()


def test_what_is_to_come_counts() -> None:
    with max_memory(taken()[0] + 500 * MB):
        look()
        look(more=50 * MB)
        with pytest.raises(DataError):
            look(more=800 * MB)


def test_a_limit_ends_with_its_command() -> None:
    done = run_cli(["compute", "sample_data/diabetes_preds.csv", "-l", "mse", "--max-memory", "1MB"])
    assert done.code == 3
    assert re.search("1MB is too little: before a row is read losscli takes [0-9]+MB", done.err)
    assert run_cli(["compute", "sample_data/diabetes_preds.csv", "-l", "mse"]).code == 0
    limit_to(None)


def test_from_python() -> None:
    data = ROOT / "sample_data" / "diabetes_preds.csv"
    with losscli.max_memory("1MB"), pytest.raises(DataError, match="too little"):
        losscli.compute(data, loss="mse")
    with losscli.max_memory("100GB"):
        assert losscli.compute(data, loss="mse").rows == losscli.compute(data, loss="mae").rows
    with pytest.raises(UsageError), losscli.max_memory("much"):
        pass


def _measured(args: Sequence[str], stdin: bytes | None = None) -> tuple[int, float, str, str]:
    """Exit code, peak in MB as wait4 has it, output and errors; the child starts from a small process."""
    starter = (
        "import os, sys\n"
        "child = os.posix_spawn(sys.executable, [sys.executable, '-m', 'losscli', *sys.argv[1:]], os.environ)\n"
        "_, status, usage = os.wait4(child, 0)\n"
        "print('\\npeak', os.waitstatus_to_exitcode(status), usage.ru_maxrss, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter, *args],
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    out, _, last = done.stdout.decode().rpartition("\npeak ")
    code, kib = map(int, last.split())
    return code, kib * 1024 / MB, out, done.stderr.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 600,000 rows in as many groups as half of them, its rows with keys, and its truth, in another order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = tmp_path_factory.mktemp("memory")
    random = np.random.default_rng(1)
    rows = 600_000
    truth = random.normal(size=rows)
    order = random.permutation(rows)
    columns = {
        "id": order,
        "group": random.integers(0, rows // 2, rows),
        "y_true": truth[order],
        "y_pred": truth[order] + 1.0,
        "mask": (truth > 0)[order] * 1.0,
        "soft": random.random(rows),
    }
    pq.write_table(pa.table(columns), place / "all.parquet", row_group_size=100_000)
    pq.write_table(pa.table({"id": np.arange(rows), "truth": truth}), place / "truth.parquet", row_group_size=100_000)
    with (place / "all.csv").open("w") as file:
        file.write("y_true,y_pred\n")
        for one, other in zip(columns["y_true"].tolist(), columns["y_pred"].tolist(), strict=True):
            file.write(f"{one!r},{other!r}\n")
    return place


GROWING = {
    "sets": (["-l", "dice", "-t", "mask", "--probs", "soft", "--group", "group"], "the sums of [0-9,]+ sets"),
    "clusters": (["-l", "mse", "-t", "y_true", "-p", "y_pred", "--cluster", "group"], "the sums of [0-9,]+ clusters"),
    "truth": (
        ["-l", "mse", "--truth", "{}/truth.parquet", "--key", "id", "-t", "truth", "-p", "y_pred"],
        r"[0-9,]+ rows of .*truth\.parquet, which are held",
    ),
}


@MEASURED
@pytest.mark.parametrize("what", GROWING)
def test_above_what_is_needed_it_runs_and_below_it_stops(what: str, folder: Path) -> None:
    options, grown = GROWING[what]
    args = ["compute", str(folder / "all.parquet"), *(text.format(folder) for text in options), "-q", "--json"]
    code, needed, free, _ = _measured(args)
    assert code == 0
    above = needed * 1.15
    code, peak, out, err = _measured([*args, "--max-memory", f"{above:.0f}MB"])
    assert (code, err) == (0, "")
    assert peak <= above + TOLERANCE
    assert json.loads(out)["results"] == json.loads(free)["results"]

    below = 80 + (needed - 80) * 0.4
    code, peak, out, err = _measured([*args, "--max-memory", f"{below:.0f}MB"])
    assert (code, out) == (3, "")
    assert re.search(f"what grew is ({grown})", err), err
    assert "or allow more" in err
    # a table that doubles as it grows is the largest step between two looks
    assert peak <= below * 1.2 + TOLERANCE


@MEASURED
def test_a_stream_held_as_a_whole(folder: Path) -> None:
    content = (folder / "all.parquet").read_bytes() + b"\0" * 200 * MB
    code, peak, out, err = _measured(["compute", "-", "-l", "mse", "--max-memory", "150MB"], content)
    assert (code, out) == (3, "")
    assert re.search("what grew is the content of standard input, which is held as a whole", err)
    assert peak <= 150 + 2 * TOLERANCE


@MEASURED
@pytest.mark.parametrize("name", ["all.parquet", "all.csv"])
def test_a_flat_run_takes_less_where_little_is_allowed(name: str, folder: Path) -> None:
    """With room for a fragment or two it reads one at a time; the result has the same bits."""
    args = ["compute", *[str(folder / name)] * 3, "-l", "mse", "-t", "y_true", "-p", "y_pred", "-q", "--json"]
    free = _measured(args)
    assert free[0] == 0
    code, peak, out, err = _measured([*args, "--max-memory", "110MB"])
    assert (code, err) == (0, "")
    assert peak <= 110 + TOLERANCE
    assert json.loads(out)["results"] == json.loads(free[2])["results"]


@MEASURED
def test_memory_does_not_grow_with_the_file(folder: Path) -> None:
    for name in ("all.parquet", "all.csv"):
        args = ["-l", "mse", "-t", "y_true", "-p", "y_pred", "-q", "--json"]
        # enough for as many files as are on their way at a time
        some = _measured(["compute", *[str(folder / name)] * 6, *args])
        often = _measured(["compute", *[str(folder / name)] * 40, *args])
        assert (some[0], often[0]) == (0, 0)
        assert often[1] < some[1] * 1.1


def test_what_was_taken_for_a_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    megabyte, now = 10**6, [50, 60]
    monkeypatch.setattr("losscli.memory.taken", lambda: (now[0] * megabyte, now[1] * megabyte))
    with max_memory("100MB"):
        look()
        now[1] = 109
        look()
        now[1] = 111
        with pytest.raises(DataError, match="is too little"):
            look()
