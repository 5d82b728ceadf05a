"""What a configuration says, and every way in which it can be wrong, refused by file, table and key."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from losscli.cli.gate_options import GateOptions
from losscli.errors import DataError, UsageError
from losscli.gates.configuration import BaselineChoice, Configuration, find_configuration, rules_of
from losscli.gates.gate_table import roles_for
from losscli.gates.rule import Regression, Rule, rule_of
from losscli.specs import parse_spec
from tests.gate_results import rule

OF_THE_CONTRACT = """
target = "y_true"
pred = "p50"
[[gate]]
loss = "pinball:tau=0.8"
pred = "p80"
max = 0.42
on = "upper"
[[gate]]
loss = "mae"
by = "country"
max_regression = "2%"
floor = 0.001
min_rows = 200
level = "warn"
[baseline]
path = "quality/baseline.json"
missing = "fail"
"""


def read(text: str, folder: Path, name: str = "losscli.toml") -> Configuration:
    (folder / name).write_text(textwrap.dedent(text))
    found = find_configuration(str(folder / name))
    assert found is not None
    return found


def test_the_configuration_of_the_contract(tmp_path: Path) -> None:
    found = read(OF_THE_CONTRACT, tmp_path)
    first, second = found.rules
    assert found.roles == {"target": "y_true", "pred": "p50"}
    assert (first.loss, first.roles, first.max, first.on, first.level) == (
        *("pinball:tau=0.8", {"pred": "p80"}, 0.42),
        *("upper", "error"),
    )
    assert (first.spec.loss.name, first.spec.given, first.table) == ("pinball", {"tau": 0.8}, 1)
    assert (second.loss, second.by, second.min_rows, second.level, second.table) == (
        "mae",
        ("country",),
        200,
        "warn",
        2,
    )
    assert second.regression == Regression(percent=2.0, floor=0.001)
    assert second.slicing == ("country",)
    assert found.baseline == BaselineChoice("quality/baseline.json", "fail")


def test_every_key(tmp_path: Path) -> None:
    found = read(
        """
        files = ["a.csv", "b/*.parquet"]
        target = "y"
        probs = ["p,0", "p 1"]
        weight = "w"
        group = ["image", "part"]
        batch_size = 64
        cluster = "user"
        where = ["split=test", "age in 1,2"]
        missing = "skip"
        invalid = "error"
        transform = "log1p"
        classes = "cat,dog"
        positive_class = "dog"
        probs_percent = true
        confidence = 0.9
        model_column = "model"
        truth = "labels.parquet"
        key = ["id", "date=day"]
        on_inconclusive = "warn"
        [models]
        old = "old.csv"
        "new one" = "new.csv"
        [[gate]]
        loss = "bce"
        min = -1
        max = 1
        max_regression = 0.01
        by = ["country", "month"]
        slice = {country = "DE", month = 3, day = 2024-01-31, new = true}
        where = "split=test"
        name = "the main one"
        [baseline]
        path = "base.csv"
        """,
        tmp_path,
    )
    (gate,) = found.rules
    assert found == Configuration(
        str(tmp_path / "losscli.toml"),
        (gate,),
        roles={"target": "y", "probs": ("p,0", "p 1")},
        files=("a.csv", "b/*.parquet"),
        weight="w",
        group=("image", "part"),
        batch_size=64,
        cluster="user",
        where=("split=test", "age in 1,2"),
        missing="skip",
        invalid="error",
        transform="log1p",
        classes="cat,dog",
        positive_class="dog",
        probs_percent=True,
        confidence=0.9,
        models={"old": "old.csv", "new one": "new.csv"},
        model_column="model",
        truth=("labels.parquet",),
        key=("id", "date=day"),
        baseline=BaselineChoice("base.csv", "fail"),
        on_inconclusive="warn",
    )
    assert (gate.max, gate.min, gate.regression) == (1.0, -1.0, Regression(absolute=0.01))
    assert (gate.by, gate.where, gate.name) == (("country", "month"), ("split=test",), "the main one")
    assert gate.slice == {"country": "DE", "month": 3, "day": "2024-01-31", "new": True}
    assert gate.slicing == ("country", "month", "day", "new")
    assert gate.kinds == ("max", "min", "max_regression")


GATE = '[[gate]]\nloss = "mae"\nmax = 1\n'

# What is written, what the error says after the name of the file, and its hint.
WRONG = [
    ("max = 1", ": max does not belong here", "write max below a line [[gate]]"),
    ("tagret = 'y'", ": there is no key 'tagret'", "did you mean target?"),
    ("log-probs = 'y'", ": there is no key 'log-probs'", "did you mean log_probs?"),
    ("zzzz = 1", ": there is no key 'zzzz'", "the keys are anchor, "),
    ("target = 3", ": target takes a text or a list of texts, not 3", None),
    ("target = ''", ": target takes a text or a list of texts, not an empty text", None),
    ("target = []", ": target takes a text or a list of texts, not a list", None),
    ("target = ['a', 1]", ": target takes a text or a list of texts, not a list", None),
    ("weight = ['w']", ": weight takes a text, not a list", None),
    ("files = {}", ": files takes a text or a list of texts, not a table", None),
    ("batch_size = 0", ": batch_size takes a whole number of 1 or more, not 0", None),
    ("batch_size = 1.5", ": batch_size takes a whole number of 1 or more, not 1.5", None),
    ("where = 'split'", ": where 'split' is no condition", "COL=V"),
    ("missing = 'drop'", ": missing takes error or skip, not 'drop'", None),
    ("invalid = true", ": invalid takes error or skip, not True", None),
    ("transform = 'sqrt'", ": transform takes log1p or log, not 'sqrt'", None),
    ("probs_percent = 1", ": probs_percent takes true or false, not 1", None),
    ("confidence = 95", ": confidence takes a number between 0 and 1, not 95", None),
    ("confidence = '0.9'", ": confidence takes a finite number, not '0.9'", None),
    ("on_inconclusive = 'skip'", ": on_inconclusive takes fail or warn or pass, not 'skip'", None),
    ("models = 'a.csv'", ": models takes a table such as", None),
    ("models = {a = 1}", ", models: a takes a text, not 1", None),
    ("gate = 3", ": gate takes tables, each below a line [[gate]], not 3", None),
    ("[gate]\nloss = 'mae'\nmax = 1", ": gate is one table where a list of tables belongs", "write [[gate]]"),
    ("baseline = 'base.json'", ': baseline takes a table such as [baseline] with path = "baseline.json"', None),
    ("[baseline]\nmissing = 'warn'", ", baseline: path is not there", "a saved result or a prediction file"),
    ("[baseline]\npath = 'b'\nmising = 'warn'", ", baseline: there is no key 'mising'", "did you mean missing?"),
    ("[baseline]\npath = 'b'\nmissing = 'skip'", ", baseline: missing takes fail or warn or create, not 'skip'", None),
    ("[[gate]]\nmax = 1", ", gate 1: loss is not there", 'for instance loss = "mae"'),
    ("[[gate]]\nloss = 'mea'\nmax = 1", ", gate 1: there is no loss called 'mea'", "or mae or"),
    ("[[gate]]\nloss = 'pinball:tua=1'\nmax = 1", ", gate 1: pinball has no parameter tua", "pinball has tau"),
    ("[[gate]]\nloss = 'pinball:tau=2'\nmax = 1", ", gate 1: pinball: tau must be a number between 0 and 1", None),
    ("[[gate]]\nloss = 'pinball'\nmax = 1", ", gate 1: pinball needs tau", "--tau VALUE"),
    ("[[gate]]\nloss = 'mae'", ", gate 1: the rule has no limit", "give it max, min or max_regression"),
    ("[[gate]]\nloss = 'mae'\nmin_rows = 5", ", gate 1: the rule has no limit", None),
    (GATE + "[[gate]]\nloss = 'mae'", ", gate 2: the rule has no limit", None),
    (GATE + "min = 2", ", gate 1: max 1 is below min 2", "nothing would pass"),
    (GATE + "floor = 0.1", ", gate 1: floor without max_regression", None),
    (GATE + "max_regression = 0.1\nfloor = 0.1", ", gate 1: floor stands beside a percent", "leave floor out"),
    (GATE + "max_regression = '2%'\nfloor = -0.1", ", gate 1: floor takes a number of 0 or more, not -0.1", None),
    (GATE + "max_regression = '2'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = '2%%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = 'two%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = '-2%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = '1_0%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = 'nan%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = '1e999%'", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = -1", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = inf", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = true", ', gate 1: max_regression takes a percent such as "2%"', None),
    (GATE + "max_regression = ['2%']", ', gate 1: max_regression takes a percent such as "2%"', None),
    ("[[gate]]\nloss = 'mae'\nmax = '1'", ", gate 1: max takes a finite number, not '1'", None),
    ("[[gate]]\nloss = 'mae'\nmax = nan", ", gate 1: max takes a finite number, not nan", None),
    ("[[gate]]\nloss = 'mae'\nmin = -inf", ", gate 1: min takes a finite number, not -inf", None),
    ("[[gate]]\nloss = 'mae'\nmax = true", ", gate 1: max takes a finite number, not True", None),
    (f"[[gate]]\nloss = 'mae'\nmax = {'9' * 400}", ", gate 1: max takes a finite number, not 999", None),
    (GATE + "min_rows = 0", ", gate 1: min_rows takes a whole number of 1 or more, not 0", None),
    (GATE + "min_rows = '200'", ", gate 1: min_rows takes a whole number of 1 or more, not '200'", None),
    (GATE + "on = 'top'", ", gate 1: on takes value or upper or lower, not 'top'", None),
    (GATE + "on = ['upper']", ", gate 1: on takes value or upper or lower, not a list", None),
    (GATE + "level = 'info'", ", gate 1: level takes error or warn, not 'info'", None),
    (GATE + "by = 3", ", gate 1: by takes a text or a list of texts, not 3", None),
    (GATE + "by = ['a', 'a']", ", gate 1: by names a column twice", None),
    (GATE + "slice = 'DE'", ', gate 1: slice takes a table such as {country = "DE"}', None),
    (GATE + "slice = {}", ', gate 1: slice takes a table such as {country = "DE"}', None),
    (
        GATE + "slice = {a = [1]}",
        ", gate 1, slice: a takes a text, a number, true or false, or a date, not a list",
        None,
    ),
    (GATE + "where = 'x'", ", gate 1: where 'x' is no condition", "COL=V"),
    (GATE + "logits = 'z'", ", gate 1: mae does not read logits", "it reads target, pred"),
    (GATE + "maxx = 1", ", gate 1: there is no key 'maxx'", "did you mean max"),
    (GATE + "on_inconclusive = 'pass'", ", gate 1: on_inconclusive does not belong here", "above the first [[gate]]"),
    (GATE + "name = 3", ", gate 1: name takes a text, not 3", None),
    ("a = ", " is no TOML: ", None),
    ("target = 'a'\ntarget = 'b'", " is no TOML: ", None),
    (f"a = {'[' * 5000}{']' * 5000}", " is no TOML that can be read", None),
    (f"a = {'1' * 5000}", " is no TOML that can be read", None),
]


@pytest.mark.parametrize(("text", "message", "hint"), WRONG, ids=[text[:70] for text, _, _ in WRONG])
def test_what_is_wrong_is_named(text: str, message: str, hint: str | None, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, tmp_path)
    assert caught.value.message.startswith(f"{tmp_path / 'losscli.toml'}{message}")
    if hint is not None:
        assert hint in (caught.value.hint or "")


def test_max_may_be_min(tmp_path: Path) -> None:
    (gate,) = read(GATE + "min = 1", tmp_path).rules
    assert (gate.max, gate.min) == (1.0, 1.0)


def test_every_role_of_the_catalogue_is_a_key(tmp_path: Path) -> None:
    from losscli.catalogue import all_losses

    for loss in all_losses():
        for role in loss.roles:
            assert read(f"{role.name} = 'c'", tmp_path).roles == {role.name: "c"}


def test_where_it_is_found(tmp_path: Path) -> None:
    assert find_configuration(None, tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.other]\na = 1\n")
    assert find_configuration(None, tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.losscli]\ntarget = 'a'\n[[tool.losscli.gate]]\nloss='mae'\nmax=1\n")
    found = find_configuration(None, tmp_path)
    assert found is not None
    assert (found.path, found.roles, len(found.rules)) == (str(tmp_path / "pyproject.toml"), {"target": "a"}, 1)
    (tmp_path / "losscli.toml").write_text("target = 'b'\n")
    found = find_configuration(None, tmp_path)
    assert found is not None
    assert (found.path, found.roles, found.rules) == (str(tmp_path / "losscli.toml"), {"target": "b"}, ())


def test_the_working_directory_is_where_it_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_configuration(None) is None
    Path("losscli.toml").write_text("target = 'b'\n")
    found = find_configuration(None)
    assert found is not None
    assert found.path == "losscli.toml"


@pytest.mark.parametrize("text", ["", "[tool]\na=1", "tool = 3", "[tool.other]"])
def test_a_project_file_that_is_named_must_speak_to_losscli(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no table \[tool.losscli\]"):
        read(text, tmp_path, "pyproject.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no configuration"):
        find_configuration(str(tmp_path / "none.toml"))
    with pytest.raises(DataError, match="cannot be read"):
        find_configuration(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("tool.losscli = 3")
    with pytest.raises(UsageError, match=r"pyproject.toml: tool.losscli is no table"):
        find_configuration(None, tmp_path)
    (tmp_path / "losscli.toml").write_bytes(b"target = '\xff'")
    with pytest.raises(UsageError, match="is no UTF-8 text: byte 11"):
        find_configuration(None, tmp_path)


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "losscli.toml").write_bytes(b"\xef\xbb\xbftarget = 'y'\r\n[[gate]]\r\nloss = 'mae'\r\nmax = 1\r\n")
    found = find_configuration(str(tmp_path / "losscli.toml"))
    assert found is not None
    assert (found.roles, found.rules[0].max) == ({"target": "y"}, 1.0)


def test_nothing_of_it_is_executed(tmp_path: Path) -> None:
    """Names that Python or a shell could take for code stay names."""
    found = read("target = '__import__(\"os\").system(\"touch x\")'\nfiles = '$(touch x)'", tmp_path)
    assert found.roles["target"] == '__import__("os").system("touch x")'
    assert not (tmp_path / "x").exists()


# --- which rules hold


def test_rules_of_the_line_win() -> None:
    ours, theirs = rule(max=1.0), rule(max=2.0)
    configuration = Configuration("losscli.toml", (theirs,))
    assert rules_of(configuration, []) == (theirs,)
    assert rules_of(configuration, [ours]) == (ours,)
    assert rules_of(None, [ours]) == (ours,)


def test_no_rule_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no rule: there is no losscli.toml here"):
        rules_of(None, [])
    with pytest.raises(UsageError, match=r"x.toml has no rule"):
        rules_of(Configuration("x.toml", ()), [])


def line(loss: str, **limits: str) -> Rule:
    return rule_of(parse_spec(loss), **limits)


def test_a_rule_of_the_line() -> None:
    found = line("pinball:tau=0.8", max="0.42", min="-1e-3", min_rows="200", on="upper", level="warn")
    assert (found.loss, found.max, found.min, found.min_rows) == ("pinball:tau=0.8", 0.42, -0.001, 200)
    assert (found.on, found.level, found.table) == ("upper", "warn", None)
    assert line("mae", max_regression="2%").regression == Regression(percent=2.0)
    assert line("mae", max_regression="2.5 %", floor="0.1").regression == Regression(percent=2.5, floor=0.1)
    assert line("mae", max_regression="0.02").regression == Regression(absolute=0.02)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "--loss mae: the rule has no limit"),
        ({"min_rows": "3"}, "--loss mae: the rule has no limit"),
        ({"max": "x"}, "--max takes a finite number, not 'x'"),
        ({"max": "inf"}, "--max takes a finite number, not 'inf'"),
        ({"max": "1_0"}, "--max takes a finite number, not '1_0'"),
        ({"max": "1e999"}, "--max takes a finite number, not '1e999'"),
        ({"min": ""}, "--min takes a finite number, not ''"),
        ({"max": "1", "min": "2"}, "--loss mae: max 1 is below min 2"),
        ({"max_regression": "x"}, "--loss mae: max_regression takes a percent"),
        ({"max_regression": "-1"}, "--loss mae: max_regression takes a percent"),
        ({"max_regression": "%"}, "--loss mae: max_regression takes a percent"),
        ({"floor": "1"}, "--loss mae: floor without max_regression"),
        ({"max": "1", "floor": "1"}, "--loss mae: floor without max_regression"),
        ({"max_regression": "1", "floor": "1"}, "--loss mae: floor stands beside a percent"),
        ({"max": "1", "min_rows": "0"}, "--min-rows takes a whole number"),
        ({"max": "1", "min_rows": "2.5"}, "--min-rows takes a whole number"),
        ({"max": "1", "on": "top"}, "--on takes value or upper or lower, not 'top'"),
        ({"max": "1", "level": "info"}, "--level takes error or warn, not 'info'"),
    ],
)
def test_wrong_rules_of_the_line(limits: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        line("mae", **limits)
    assert caught.value.message.startswith(message)


def test_rules_from_options() -> None:
    first, second = GateOptions(max="0.5").rules(["mae", "pinball"], {"tau": "0.8"})
    assert (first.loss, first.max, second.loss, second.max) == ("mae", 0.5, "pinball:tau=0.8", 0.5)
    assert second.spec.given == {"tau": 0.8}
    assert GateOptions().rules([], {}) == []
    with pytest.raises(UsageError, match="--max and --min-rows without a loss"):
        GateOptions(max="1", min_rows="3").rules([], {})
    with pytest.raises(UsageError, match="the rule has no limit"):
        GateOptions().rules(["mae"], {})
    with pytest.raises(UsageError, match="mae has no parameter tau"):
        GateOptions(max="1").rules(["mae"], {"tau": "0.8"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_inconclusive": "x"}, "--on-inconclusive takes fail or warn or pass, not 'x'"),
        ({"missing_baseline": "x"}, "--missing-baseline takes fail or warn or create, not 'x'"),
        ({"slack": "5%"}, "--slack stands beside --update-limits"),
    ],
)
def test_words_of_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        GateOptions(**options).check_words()
    GateOptions(on_inconclusive="warn", missing_baseline="create", slack="5%", update_limits=True).check_words()


# --- whose columns

SHARED = {"target": "y", "pred": "p50", "logits": "z", "probs": "q"}


@pytest.mark.parametrize(
    ("loss", "own", "given", "expected"),
    [
        ("mae", {}, {}, {"target": "y", "pred": "p50"}),
        ("mae", {"pred": "p80"}, {}, {"target": "y", "pred": "p80"}),
        ("mae", {}, {"pred": "new"}, {"target": "y", "pred": "new"}),
        ("mae", {"pred": "p80"}, {"pred": "new"}, {"target": "y", "pred": "p80"}),
        ("bce", {"probs": "a"}, {}, {"target": "y", "probs": "a"}),
        ("bce", {}, {"logits": "b"}, {"target": "y", "logits": "b"}),
        ("bce", {"probs": "a"}, {"logits": "b"}, {"target": "y", "probs": "a"}),
    ],
)
def test_roles_for_a_rule(loss: str, own: dict[str, str], given: dict[str, str], expected: dict[str, str]) -> None:
    assert roles_for(rule(loss, max=1.0, roles=own), SHARED, given) == expected


@pytest.mark.parametrize(
    ("wanted", "part", "covered"),
    [
        ({}, None, True),
        ({}, {"k": "a"}, True),
        ({"k": "a"}, None, False),
        ({"k": "a"}, {"k": "a", "m": "b"}, True),
        ({"k": "a"}, {"k": "b"}, False),
        ({"k": "a"}, {"m": "a"}, False),
        ({"k": 3}, {"k": "3"}, True),
        ({"k": 3}, {"k": 3.0}, True),
        ({"k": "03"}, {"k": "3"}, True),
        ({"k": 9007199254740993}, {"k": "9007199254740992"}, False),
        ({"k": True}, {"k": "true"}, True),
        ({"k": "true"}, {"k": True}, True),
        ({"k": True}, {"k": "1"}, False),
        ({"k": "None"}, {"k": None}, False),
        ({"k": "nan"}, {"k": "nan"}, True),
    ],
)
def test_which_slices_a_rule_covers(wanted: dict[str, Any], part: dict[str, Any] | None, covered: bool) -> None:
    assert rule(max=1.0, slice=wanted).covers(part) is covered
