"""Limits written anew and first configurations: the gate passes on the values that they were made of."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.errors import DataError, UsageError
from losscli.gates.configuration import configuration_of, find_configuration
from losscli.gates.first import first_configuration
from losscli.gates.judgement import Case, judge
from losscli.gates.limits import NewLimit, Slack, difference, new_limits, rewritten
from losscli.gates.rule import loss_text
from losscli.results import Result
from losscli.specs import parse_spec
from losscli.verdicts import Verdict
from tests.gate_results import result, rule

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=200)
number = st.floats(-1e12, 1e12).filter(lambda x: x == 0.0 or abs(x) > 1e-12)

BEFORE = """\
# our gate
target = "y_true"   # the truth

[[gate]]
loss = "pinball:tau=0.8" # the main one
  max   =  0.42   # agreed in May
on = 'upper'

[[gate]] # the second
min = 1
loss = "mae"
max = 2_000
[baseline]
path = "b.json"
"""
AFTER = BEFORE.replace("0.42  ", "0.5  ").replace("min = 1", "min = -0.25")


# --- limits of a text


def test_only_the_numbers_change() -> None:
    assert rewritten(BEFORE, "losscli.toml", [NewLimit(1, "max", 0.5), NewLimit(2, "min", -0.25)]) == AFTER
    assert rewritten(BEFORE, "losscli.toml", []) == BEFORE


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_stay(end: str, mark: str) -> None:
    limits = [NewLimit(1, "max", 0.5), NewLimit(2, "min", -0.25)]
    assert rewritten(mark + BEFORE.replace("\n", end), "losscli.toml", limits) == mark + AFTER.replace("\n", end)


def test_a_project_file_keeps_all_else() -> None:
    text = '[tool.a]\nb = 1\n[[tool.losscli.gate]]\nloss = "mae"\nmax = 1 # c\n[tool.z]\ngate = 3\n'
    found = rewritten(text, "somewhere/pyproject.toml", [NewLimit(1, "max", 2.5)])
    assert found == text.replace("max = 1 #", "max = 2.5 #")


def test_gates_on_one_line() -> None:
    text = 'gate = [{loss = "mae", max = 1}, # c\n  {loss = "mse", max = 2}]\n'
    assert rewritten(text, "losscli.toml", [NewLimit(2, "max", 3.5)]) == text.replace("max = 2", "max = 3.5")


def test_the_difference_is_shown() -> None:
    assert difference(BEFORE, BEFORE, "losscli.toml") == ""
    lines = difference(BEFORE, AFTER, "losscli.toml").splitlines()
    assert lines[:2] == ["--- losscli.toml (before)", "+++ losscli.toml (after)"]
    assert [line for line in lines[2:] if line[0] in "+-"] == [
        "-  max   =  0.42   # agreed in May",
        "+  max   =  0.5   # agreed in May",
        "-min = 1",
        "+min = -0.25",
    ]
    assert difference("a = 1", "a = 2", "x").endswith("-a = 1\n+a = 2\n")


@repeatable
@given(number)
def test_any_number_is_read_back(value: float) -> None:
    text = rewritten(BEFORE, "losscli.toml", [NewLimit(1, "max", value)])
    assert tomllib.loads(text)["gate"][0]["max"] == value


# --- slack


@pytest.mark.parametrize(
    ("slack", "kind", "value", "limit"),
    [
        ("0", "max", 0.123456789, 0.123456789),
        ("0%", "min", 0.123456789, 0.123456789),
        ("5%", "max", 0.123456789, 0.1297),  # 0.12962962845 rounded up
        ("5%", "min", 0.123456789, 0.1172),  # 0.11728394955 rounded down
        ("5%", "max", -100.0, -95.0),
        ("5%", "min", -100.0, -105.0),
        ("5%", "max", 0.0, 0.0),
        ("0.5", "max", 12345.0, 12350.0),
        ("0.5", "min", 12345.0, 12340.0),
        ("1", "max", 0.0, 1.0),
        ("2.5 %", "max", 200.0, 205.0),
    ],
)
def test_slack(slack: str, kind: str, value: float, limit: float) -> None:
    assert Slack.of(slack).limit(kind, value) == limit


@pytest.mark.parametrize("text", ["", "%", "x", "-1", "-5%", "5%%", "nan", "inf%"])
def test_what_is_no_slack(text: str) -> None:
    with pytest.raises(UsageError, match="--slack takes a percent such as 5% or a number of 0 or more"):
        Slack.of(text)


@repeatable
@given(st.floats(-1e308, 1e308), st.floats(0, 1e3), st.booleans())
def test_a_limit_with_slack_is_kept(value: float, slack: float, percent: bool) -> None:
    chosen = Slack(slack) if percent else Slack(absolute=slack)
    assert chosen.limit("max", value) >= value
    assert chosen.limit("min", value) <= value


# --- limits of results


def test_the_worst_slice_makes_the_limit() -> None:
    slices = [result(value, (value - 1, value + 1), slice={"k": str(value)}) for value in (3.0, 5.0, 4.0)]
    assert new_limits(rule(max=1.0, min=0.0, table=2), slices, Slack()) == [
        NewLimit(2, "max", 5.0),
        NewLimit(2, "min", 3.0),
    ]
    assert new_limits(rule(max=1.0, on="lower", table=1), slices, Slack()) == [NewLimit(1, "max", 5.0)]
    assert new_limits(rule(max_regression="2%", table=1), slices, Slack()) == []
    assert new_limits(rule(max=1.0), slices, Slack()) == []


def test_a_proof_needs_room_for_the_bound() -> None:
    alone = [result(3.0, (2.0, 4.0))]
    assert new_limits(rule(max=1.0, on="upper", table=1), alone, Slack()) == [NewLimit(1, "max", 4.0)]
    assert new_limits(rule(min=1.0, on="lower", table=1), alone, Slack()) == [NewLimit(1, "min", 2.0)]


@pytest.mark.parametrize("results", [[result(None)], [result(0.4), result(None)], []])
def test_without_all_values_a_limit_stays(results: list[Result]) -> None:
    assert new_limits(rule(max=1.0, table=1), results, Slack()) == []
    assert new_limits(rule(max=1.0, on="upper", table=1), [result(0.4)], Slack()) == []


@repeatable
@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 10)), min_size=1, max_size=6),
    st.sampled_from([None, "value", "upper", "lower"]),
    st.sampled_from(["max", "min"]),
    st.sampled_from(["0", "5%", "0.1"]),
)
def test_the_gate_passes_with_its_new_limits(
    values: list[tuple[float, float]], on: str | None, kind: str, slack: str
) -> None:
    slices = [result(v, (v - reach, v + reach), slice={"k": str(i)}) for i, (v, reach) in enumerate(values)]
    before: dict[str, Any] = {kind: 0.0}
    (limit,) = new_limits(rule(on=on, table=1, **before), slices, Slack.of(slack))
    after: dict[str, Any] = {kind: limit.value}
    held = rule(on=on, **after)
    assert {check.verdict for check in judge(held, [Case(entry) for entry in slices])} == {Verdict.PASS}


# --- the first configuration


def first(*results: Result, **how: Any) -> tuple[str, dict[str, Any]]:
    text = first_configuration(results, **how)
    return text, tomllib.loads(text)


def test_the_first_configuration() -> None:
    text, values = first(
        result(44.4557),
        result(22.2, loss="pinball", params={"tau": 0.8}, columns={"target": ["y_true"], "pred": ["q80"]}),
        files=["preds.csv"],
    )
    assert values == {
        "files": ["preds.csv"],
        "target": "y_true",
        # 44.4557 and 5 percent are 46.678485; 22.2 and 5 percent are 23.31
        "gate": [
            {"loss": "mae", "pred": "y_pred", "max": 46.68},
            {"loss": "pinball:tau=0.8", "pred": "q80", "max": 23.31},
        ],
    }
    assert "max = 46.68  # now 44.4557 target units" in text
    for key in ("min_rows", "on", "by", "max_regression", "level", "[baseline]"):
        assert f"# {key}" in text or f"#   {key}" in text


def test_columns_that_all_share_stand_once() -> None:
    columns = {"target": ["y"], "pred": ["p"], "weight": ["w"]}
    _, values = first(result(1.0, columns=columns), result(2.0, loss="mse", columns=columns))
    assert {key: values[key] for key in columns} == {"target": "y", "pred": "p", "weight": "w"}
    assert [set(gate) for gate in values["gate"]] == [{"loss", "max"}] * 2


def test_where_higher_is_better_the_limit_is_a_min() -> None:
    _, values = first(result(0.8, direction="higher"))
    assert values["gate"] == [{"loss": "mae", "min": 0.76}]


def test_slices_share_a_rule() -> None:
    slices = [result(value, slice={"country": name}) for name, value in (("DE", 1.0), ("FR", 2.0))]
    text, values = first(*slices, by=["country"])
    assert values["gate"] == [{"loss": "mae", "by": ["country"], "max": 2.1}]
    assert "# now 2 target units, the worst slice" in text


def test_a_loss_without_a_value_gets_no_rule() -> None:
    text, values = first(result(0.4), result(None, loss="mse", reason="no batch\nhas = 1"))
    assert [gate["loss"] for gate in values["gate"]] == ["mae"]
    assert "# no rule for mse: no batch?has = 1" in text
    with pytest.raises(DataError, match="nothing to hold later ones to"):
        first_configuration([result(None)])


@repeatable
@given(
    st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=3, unique=True),
    st.text(min_size=1).filter(str.strip),
    number,
)
def test_any_names_and_values_make_a_configuration_that_passes(names: list[str], file: str, value: float) -> None:
    present = result(value, columns={"target": ["y"], "pred": names})
    text = first_configuration([present], [file])
    configuration = configuration_of(tomllib.loads(text), "losscli.toml")
    pred = configuration.roles["pred"]
    assert ([pred] if isinstance(pred, str) else list(pred)) == names
    assert configuration.files == (file,)
    (gate,) = configuration.rules
    assert [check.verdict for check in judge(gate, [Case(present)])] == [Verdict.PASS]
    assert all(mark.isprintable() or mark == "\n" for mark in text)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["p"], '"p"'),
        (["p 1"], '"p 1"'),
        (["a,b"], '["a,b"]'),
        (["p*"], '["p*"]'),
        ([" p"], '[" p"]'),
        (["a", "b"], '["a", "b"]'),
        (['"]x'], '["\\"]x"]'),
        (["\x1b[31m\u202e"], '["\\u001b[31m\\u202e"]'),
        (["\U000e0001"], '["\\U000e0001"]'),
    ],
)
def test_how_names_are_written(names: list[str], written: str) -> None:
    text, _ = first(result(1.0, columns={"target": ["y"], "pred": names}))
    assert f"pred = {written}\n" in text


@pytest.mark.parametrize(
    ("loss", "written"),
    [
        ("mae", "mae"),
        ("quantile:tau=0.80", "pinball:tau=0.8"),
        ("huber:delta=1", "huber"),
        ("huber:delta=2", "huber:delta=2"),
        ("pinball:tau=@level", "pinball:tau=@level"),
        ("cross_entropy:class_weight=1,2.5,3", "cross_entropy:class_weight=1,2.5,3"),
    ],
)
def test_how_losses_are_written(loss: str, written: str) -> None:
    spec = parse_spec(loss)
    assert loss_text(spec.loss.name, spec.given) == written
    again = parse_spec(written)
    assert {**again.values(), **again.columns()} == {**spec.values(), **spec.columns()}


def test_what_was_written_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "losscli.toml").write_text(first_configuration([result(0.4)], ["a.csv"]))
    found = find_configuration(None, tmp_path)
    assert found is not None
    assert (found.files, found.roles) == (("a.csv",), {"target": "y_true", "pred": "y_pred"})
