"""`losscli weights`: against scikit-learn, the worked example of the specification, and mpmath."""

import json
from collections import Counter
from pathlib import Path

import mpmath
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.utils.class_weight import compute_class_weight

from losscli.class_weights import effective_number, inverse_frequency, named_weights, normalised, scheme
from losscli.errors import DataError, UsageError
from tests.cli import ROOT, run_cli

DIGITS = str(ROOT / "sample_data" / "digits.parquet")
EXAMPLES = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())


def test_the_worked_example() -> None:
    example = next(entry for entry in EXAMPLES if entry["loss"] == "class_balanced_weights")
    counts = ",".join(map(str, example["columns"]["counts"]))
    report = json.loads(run_cli(["weights", "--counts", counts, "--json"]).out)
    found = [entry["effective_normalised"] for entry in report["classes"]]
    assert found == pytest.approx(example["expected"], rel=1e-12)
    assert report["beta"] == example["params"]["beta"]


def test_balanced_is_that_of_scikit_learn() -> None:
    labels = pq.read_table(DIGITS)["class_name"].to_pylist()
    classes = np.unique(labels)
    expected = compute_class_weight("balanced", classes=classes, y=labels)
    report = json.loads(run_cli(["weights", DIGITS, "--label", "class_name", "--json"]).out)
    assert [entry["class"] for entry in report["classes"]] == classes.tolist()
    assert [entry["balanced"] for entry in report["classes"]] == pytest.approx(expected.tolist(), rel=1e-14)
    assert {entry["class"]: entry["count"] for entry in report["classes"]} == Counter(labels)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999, 1 - 1e-12])
def test_the_effective_number_keeps_its_digits(beta: float) -> None:
    """Expected: mpmath, also where beta is so close to 1 that 1 - beta^n cancels."""
    counts = [1.0, 2.0, 10.0, 1e3, 1e6, 1e9]
    with mpmath.workdps(50):
        exact = [(1 - mpmath.mpf(beta)) / (1 - mpmath.mpf(beta) ** int(count)) for count in counts]
        for found, expected in zip(effective_number(counts, beta), exact, strict=True):
            assert abs(found - expected) <= 4e-16 * expected


def test_schemes_agree_where_theory_says_so() -> None:
    """For equal counts all weights are 1; as beta goes to 1 the effective number is the count."""
    assert inverse_frequency([7.0, 7.0, 7.0]) == [1.0, 1.0, 1.0]
    assert normalised(effective_number([7.0, 7.0], 0.9)) == pytest.approx([1.0, 1.0], rel=1e-15)
    near = normalised(effective_number([5.0, 20.0], 1 - 1e-12))
    assert near == pytest.approx(normalised(inverse_frequency([5.0, 20.0])), rel=1e-9)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_what_only_prints_is_what_class_weight_takes(kind: str) -> None:
    """The list that `weights` prints gives the same number as the word does."""
    printed = run_cli(["weights", DIGITS, "--label", "class_name", "--only", kind]).out.strip()
    names = "zero,one,two,three,four,five,six,seven,eight,nine"
    args = ["compute", DIGITS, "--loss", "cross_entropy", "-t", "class_name", "--logits", "logit_*"]
    args += ["--classes", names, "--json", "--class-weight"]
    by_list, by_word = (json.loads(run_cli([*args, given]).out)["results"][0] for given in (printed, kind))
    assert by_list["value"] == pytest.approx(by_word["value"], rel=1e-14)
    assert by_list["stderr"] == pytest.approx(by_word["stderr"], rel=1e-12)


def test_numeric_labels_are_in_order_of_size(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("label\n10\n2\n2.0\n0\n10\n")
    lines = run_cli(["weights", str(file)]).out.splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [["0", "1"], ["2", "2"], ["10", "2"]]
    booleans = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"label": [True, False, True]}), booleans)
    lines = run_cli(["weights", str(booleans)]).out.splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [["false", "1"], ["true", "2"]]


def test_rows_are_filtered_and_missing_labels_counted(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("label,split\na,test\n,test\nb,test\nb,train\n")
    outcome = run_cli(["weights", str(file), "--where", "split=test"])
    assert outcome.code == 3
    assert "row 2" in outcome.err
    outcome = run_cli(["weights", str(file), "--where", "split=test", "--missing", "skip", "--json"])
    assert outcome.err == "warning: 1 rows without a label are left out\n"
    assert [entry["count"] for entry in json.loads(outcome.out)["classes"]] == [1, 1]


@pytest.mark.parametrize("kind", ["table", "plain", "json", "csv"])
def test_every_output_can_go_to_a_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "out"
    assert run_cli(["weights", "--counts", "cat:3,dog:1", "-o", f"{kind}:{file}"]).out == ""
    text = file.read_text()
    assert "cat" in text
    assert "dog" in text


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--counts", "3,0"], 3, "class 1 has 0 rows"),
        (["--counts", "3,x"], 2, "'x'"),
        (["--counts", "a:3,a:2"], 2, "twice"),
        (["--counts", "3,2", "--beta", "1"], 2, "beta"),
        (["--counts", "3,2", "--beta", "x"], 2, "--beta"),
        (["--counts", "3,2", "--only", "fast"], 2, "balanced or effective"),
        (["--counts", "3,2", "--only", "balanced", "--json"], 2, "--only"),
        (["--counts", "3,2", DIGITS], 2, "one of them"),
        ([], 2, "one of them"),
        ([DIGITS, "--label", "nothing"], 2, "'nothing'"),
        ([DIGITS, "--label", "logit_*"], 2, "one column"),
        ([str(ROOT / "sample_data" / "boxes.csv")], 2, "--label COLUMN"),
        (["no_such_file.csv"], 3, "no such file"),
        ([DIGITS, "--where", "y_true>99"], 3, "no row has a label"),
    ],
)
def test_what_cannot_be_weighed_is_refused(args: list[str], code: int, said: str) -> None:
    outcome = run_cli(["weights", *args])
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err


def test_weights_by_name_need_each_class_once() -> None:
    assert named_weights("dog:2, cat:1", ("cat", "dog")) == (1.0, 2.0)
    assert named_weights("a:b=2,c=1", ("a:b", "c")) == (2.0, 1.0)
    for text in ("cat:1", "cat:1,dog:2,bird:3", "cat:1,cat:2", "cat:x,dog:1", "cat", "cat:-1,dog:1"):
        with pytest.raises(UsageError, match="class_weight"):
            named_weights(text, ("cat", "dog"))
    with pytest.raises(UsageError, match="names of the classes"):
        named_weights("cat:1,dog:2", None)


def test_the_words_of_schemes() -> None:
    assert scheme("effective:0.9") == 0.9
    assert scheme("Effective") == 0.999
    assert scheme("balanced") != scheme("balanced")  # NaN stands for it
    assert scheme("1,2") is None
    with pytest.raises(UsageError):
        scheme("effective:1")
    with pytest.raises(DataError):
        inverse_frequency([1.0, 0.0])
