"""A saved result is computed again from what it says of itself, and a digit that was changed is found."""

import json
from pathlib import Path
from typing import Any

import pytest

from losscli.verification import first_difference, relative_difference
from tests.cli import Outcome, run_cli
from tests.test_shards import CASES, TEXT, make_files


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the shards' tests."""
    return make_files(tmp_path_factory.mktemp("verified"))


MORE = {
    "options of text": (["compute", "--loss", "mse", "-t", "2", "-p", "3", "--no-header", "--na", "x"], ["bare.csv"]),
    "several options of text": (
        [
            *("compute", "--loss", "mse", "-t", "t", "-p", "p", "--delimiter", ";", "--decimal", ","),
            *("--skip-lines", "1", "--na", "-", "--na", "", "--missing", "skip", "--percent-cells"),
        ],
        ["german.csv"],
    ),
    "a parameter from a column": (["compute", "--loss", "pinball", "--tau", "@q", "-t", "y", "-p", "a"], TEXT),
    "weights of classes": (
        ["compute", "--loss", "cross_entropy:class_weight=1,2,3", "-t", "class", "--probs", "prob_*"],
        TEXT,
    ),
    "balanced": (
        ["compute", "--loss", "cross_entropy:class_weight=balanced", "-t", "class", "--probs", "prob_*"],
        TEXT,
    ),
    "a condition": (["compute", "--loss", "mse", "-t", "y", "-p", "a", "--where", "country in DE,FR"], TEXT),
    "bounds of many digits": (["compute", "--loss", "mse", "-t", "y", "-p", "a", "--by", "y:9,10.1234567"], TEXT),
    "slices in part": (
        [
            *("compare", "--loss", "mse", "--loss", "mae", "-t", "y", "-p", "a", "--by", "image", "--by", "flag"),
            *("--min-rows", "300", "--top", "3"),
        ],
        TEXT,
    ),
    "another level": (["compute", "--loss", "mse", "-t", "y", "-p", "a", "--confidence", "0.8"], TEXT),
    "no interval": (["compute", "--loss", "mse", "-t", "y", "-p", "a", "--no-ci"], TEXT),
    "a positive class": (
        ["compute", "--loss", "bce", "-t", "split", "--probs", "p", "--positive-class", "test"],
        TEXT,
    ),
}


@pytest.mark.parametrize("case", [*CASES, *MORE])
def test_what_was_just_computed_agrees(case: str, data: Path) -> None:
    command, files = {**CASES, **MORE}[case]
    (data / "bare.csv").write_text("".join(f"{i},{i / 7},{i / 8}\n" for i in range(30)) + "30,x,1\n31,1,1\n")
    rows = [f"{i},5;{'-' if i == 3 else f'{i}%'}" for i in range(40)]
    (data / "german.csv").write_text("\n".join(["of some day", "t;p", *rows]) + "\n")
    if case == "options of text":
        command = [*command, "--missing", "skip"]
    saved = run_cli([*command, *files, "--json"], cwd=data)
    assert saved.code == 0, saved.err
    (data / "saved.json").write_text(saved.out)
    done = run_cli(["verify", "saved.json", *files, "--json"], cwd=data)
    assert done.code == 0, (done.out, done.err)
    told = json.loads(done.out)
    asked = json.loads(saved.out)
    assert told["verdict"] == "PASS"
    assert len(told["findings"]) == len(asked["results"]) + len(asked["comparisons"])
    assert all(entry["same"] is True for entry in told["inputs"])
    assert len(told["inputs"]) == len(files)


TEN = "y,p\n" + "".join(f"{i},{i + i / 8}\n" for i in range(1, 41))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "ten.csv").write_text(TEN)
    made = run_cli(
        ["compare", "--loss", "mae", "--loss", "mse", "-t", "y", "-p", "p", "ten.csv", "--json"], cwd=tmp_path
    )
    (tmp_path / "saved.json").write_text(made.out)
    return tmp_path


def _verified_after(place: Path, change: Any) -> Outcome:
    values = json.loads((place / "saved.json").read_text())
    change(values)
    (place / "changed.json").write_text(json.dumps(values))
    return run_cli(["verify", "changed.json", "ten.csv", "-o", "json"], cwd=place)


def test_a_changed_digit_is_found(small: Path) -> None:
    # the mean of i / 8 for i from 1 to 40 is 41 / 16
    def change(values: Any) -> None:
        assert values["results"][0]["value"] == 2.5625
        values["results"][0]["value"] = 2.5635

    done = _verified_after(small, change)
    first, second = json.loads(done.out)["findings"]
    assert done.code == 1
    assert not first["agrees"]
    assert second["agrees"]
    assert (first["field"], first["saved"], first["now"], first["digit"]) == ("value", 2.5635, 2.5625, 4)
    assert first["relative"] == pytest.approx(0.001 / 2.5635)
    plain = run_cli(["verify", "changed.json", "ten.csv"], cwd=small)
    assert plain.code == 1
    assert "result\tmae\tdiffers\tvalue\t2.5635\t2.5625\t4\t" in plain.out
    assert run_cli(["verify", "changed.json", "ten.csv", "-o", "table"], cwd=small).code == 1


@pytest.mark.parametrize("name", ["stderr", "used", "weight_sum", "status"])
def test_any_field_counts(name: str, small: Path) -> None:
    def change(values: Any) -> None:
        values["results"][1][name] = 7

    done = _verified_after(small, change)
    assert done.code == 1
    assert [entry["field"] for entry in json.loads(done.out)["findings"]] == [None, name]


def test_the_last_bit_counts(small: Path) -> None:
    def change(values: Any) -> None:
        values["results"][0]["ci"]["low"] += 2.0**-51

    done = _verified_after(small, change)
    assert (done.code, json.loads(done.out)["findings"][0]["field"]) == (1, "ci.low")


def test_another_file_is_said_and_so_is_another_version(small: Path) -> None:
    (small / "ten.csv").write_text(TEN.replace("40,45", "40,46"))

    def change(values: Any) -> None:
        values["version"] = "0.0.1"

    done = _verified_after(small, change)
    told = json.loads(done.out)
    assert done.code == 1
    assert told["inputs"] == [{"path": "ten.csv", "saved_path": "ten.csv", "same": False}]
    assert "losscli 0.0.1" in done.err
    assert "is not the file" in done.err
    # the same rows in another file agree
    (small / "ten.csv").write_text(TEN + "\n")
    again = _verified_after(small, dict)
    assert (again.code, json.loads(again.out)["inputs"][0]["same"]) == (0, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values.update(schema="losscli.result/9"), "losscli.result/9"),
        (lambda values: values.update(results=[]), "has no results"),
        (lambda values: values.update(results={}), "must be a list"),
        (lambda values: values["results"][0].pop("signature"), "lacks signature"),
        (lambda values: values["results"][0].update(loss="nothing"), "nothing"),
        (lambda values: values["results"][0].update(params={"tau": 1.0}), "cannot be told"),
        (lambda values: values["results"][0].update(reduction="none at all"), "none at all"),
        (lambda values: values["results"][0]["columns"].update(target=[1]), "must be a text"),
        (lambda values: values["results"][0].update(signature="mae|red:mean|read:exec('x')"), "cannot be told"),
        (lambda values: values["results"][0].update(signature="mae|batch:x"), "cannot be told"),
        (lambda values: values["results"][0]["ci"].update(level=7), "between 0 and 1"),
        (lambda values: values["results"][0].update(resampling={"block": "x"}), "--block"),
    ],
)
def test_a_damaged_result_is_an_error_of_the_data(change: Any, said: str, small: Path) -> None:
    done = _verified_after(small, change)
    assert (done.code, done.out) == (3, "")
    assert said in done.err


@pytest.mark.parametrize("raw", [b"", b"[1]", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_an_error_of_the_data(raw: bytes, small: Path) -> None:
    (small / "broken.json").write_bytes(raw)
    assert run_cli(["verify", "broken.json", "ten.csv"], cwd=small).code == 3
    assert run_cli(["verify", "absent.json", "ten.csv"], cwd=small).code == 3


def test_usage(small: Path) -> None:
    assert run_cli(["verify"], cwd=small).code == 2
    assert run_cli(["verify", "saved.json"], cwd=small).code == 2
    assert run_cli(["verify", "saved.json", "-"], cwd=small).code == 2
    assert run_cli(["verify", "saved.json", "ten.csv", "-o", "json:saved.json"], cwd=small).code == 2


def test_the_first_digit_that_differs() -> None:
    assert first_difference(0.1, 0.1) is None
    assert first_difference(1.0, -1.0) == 1
    assert first_difference(123.456, 123.457) == 6
    assert first_difference(9.0, 10.0) == 1
    assert first_difference(1.0, 1.0 + 2.0**-52) == 17  # 1.0000000000000002
    assert first_difference(None, 1.0) is None
    assert relative_difference(2.0, 3.0) == 0.5
    assert relative_difference(0.0, 3.0) is None
