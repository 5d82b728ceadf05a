"""What `inspect` finds in small files whose content is plain to see; every value here was counted by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli import ROOT, run_cli, run_process

SAMPLES = ROOT / "sample_data"


def _inspect(*args: str, stdin: bytes = b"", cwd: Path | None = None) -> dict[str, Any]:
    outcome = run_cli(["inspect", *args, "--json"], stdin=stdin, cwd=cwd)
    assert outcome.code == 0, outcome.err
    document: dict[str, Any] = json.loads(outcome.out, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))
    return document


def _file(folder: Path, text: str, name: str = "preds.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def _columns(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in document["columns"]}


def _pitfalls(document: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in document["pitfalls"]:
        found.setdefault(entry["kind"], []).append(entry["text"])
    return found


def test_the_facts_of_each_kind_of_column(tmp_path: Path) -> None:
    rows = ["2024-03-02,1,0.5,true,Oslo", "2024-03-01,,0.25,false,Rome", "2024-03-09,4,1,true,Oslo"]
    text = "\n".join(["day,y_true,y_pred,flag,city", *rows, ""])
    document = _inspect(_file(tmp_path, text))
    columns = _columns(document)
    assert [(name, column["kind"]) for name, column in columns.items()] == [
        ("day", "date or time"),
        ("y_true", "number"),
        ("y_pred", "number"),
        ("flag", "boolean"),
        ("city", "text"),
    ]
    assert (columns["day"]["min"], columns["day"]["max"]) == ("2024-03-01", "2024-03-09")
    truth = columns["y_true"]
    assert (truth["missing"], truth["first_missing"]) == (1, 2)
    assert (truth["min"], truth["max"], truth["whole"], truth["within_0_1"]) == (1, 4, True, False)
    predicted = columns["y_pred"]
    assert (predicted["min"], predicted["max"], predicted["whole"], predicted["within_0_1"]) == (0.25, 1, False, True)
    assert predicted["different"] == 3
    assert columns["city"]["values"] == [{"value": "Oslo", "count": 2}, {"value": "Rome", "count": 1}]
    assert columns["flag"]["values"] == [{"value": "false", "count": 1}, {"value": "true", "count": 2}]
    assert document["rows"] == 3


def test_lists_have_lengths_and_a_range(tmp_path: Path) -> None:
    text = '{"id": 1, "scores": [0.5, 2]}\n{"id": 2, "scores": [1]}\n{"id": 3, "scores": null}\n'
    column = _columns(_inspect(_file(tmp_path, text, "rows.jsonl")))["scores"]
    assert column["kind"] == "list of numbers"
    assert column["lengths"] == [1, 2]
    assert (column["min"], column["max"], column["missing"]) == (0.5, 2, 1)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_facts_do_not_depend_on_row_groups_or_threads(tmp_path: Path, threads: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = [None if i % 100 == 7 else float(i % 50) for i in range(1000)]
    table = pa.table({"y_true": values, "y_pred": [float(i) for i in range(1000)]})
    pq.write_table(table, tmp_path / "small.parquet", row_group_size=33)
    document = _inspect(str(tmp_path / "small.parquet"), "--threads", threads)
    assert document["files"][0]["row_groups"] == 31
    truth = _columns(document)["y_true"]
    # rows 8, 108, ..., 908 lack a value
    assert (truth["missing"], truth["first_missing"], truth["different"]) == (10, 8, 50)
    assert (truth["min"], truth["max"]) == (0, 49)
    assert _columns(document)["y_pred"]["max"] == 999


def test_several_files_add_up_and_one_may_lack_a_column(tmp_path: Path) -> None:
    one = _file(tmp_path, "y_true,y_pred,note\n1,2,a\n", "one.csv")
    two = _file(tmp_path, "y_pred,y_true\n5,4\n7,\n", "two.csv")
    document = _inspect(one, two)
    assert [entry["rows"] for entry in document["files"]] == [1, 2]
    assert _columns(document)["y_true"]["max"] == 4
    assert _columns(document)["y_true"]["missing"] == 1
    assert any("two.csv has no column 'note'" in text for text in _pitfalls(document)["not_in_every_file"])
    run = run_cli([*document["ready"][0]["arguments"][1:], "--json"])
    # |2 - 1| and |5 - 4|; the last row has no truth
    assert json.loads(run.out)["results"][0]["value"] == 1.0


def test_filters_apply_and_stand_in_the_commands(tmp_path: Path) -> None:
    path = _file(tmp_path, "y_true,y_pred,split\n1,2,test\n9,9,train\n3,3.5,test\n")
    document = _inspect(path, "--where", "split=test")
    assert document["rows"] == 2
    assert _columns(document)["y_true"]["max"] == 3
    assert "several_values" not in _pitfalls(document)
    assert "--where=split=test" in document["ready"][0]["arguments"]
    run = run_cli([*document["ready"][0]["arguments"][1:], "--json"])
    assert json.loads(run.out)["results"][0]["value"] == 0.75


def test_options_of_reading_stand_in_the_commands(tmp_path: Path) -> None:
    path = _file(tmp_path, "about this file\ny_true|y_pred\n1,5|2,0\n3,0|x\n")
    args = ["--delimiter", "|", "--decimal", ",", "--skip-lines", "1", "--na", "x"]
    document = _inspect(path, *args)
    ready = document["ready"][0]["arguments"]
    assert {"--delimiter=|", "--decimal=,", "--skip-lines=1", "--na=x"} <= set(ready)
    assert ready[-2:] == ["--missing", "skip"]
    run = run_cli([*ready[1:], "--json"])
    assert json.loads(run.out)["results"][0]["value"] == 0.5


def test_class_balance_counts_labels(tmp_path: Path) -> None:
    rows = "".join(f"{int(i < 2)},{i / 100}\n" for i in range(40))
    document = _inspect(_file(tmp_path, f"label,score\n{rows}"))
    assert document["classes"][0]["labels"] == [
        {"label": "0", "count": 38, "share": 0.95},
        {"label": "1", "count": 2, "share": 0.05},
    ]
    assert "class 1 is 5% of the rows" in _pitfalls(document)["imbalance"][0]


def test_a_score_of_unknown_kind_brings_both_commands(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "label,score\n0,.25\n1,.75\n1,.5\n0,.5\n"))
    bce = [entry["arguments"] for entry in document["ready"] if entry["loss"] == "bce"]
    assert [("--probs" in line, "--logits" in line) for line in bce] == [(True, False), (False, True)]
    said = _pitfalls(document)["logits_or_probabilities"][0]
    assert all(part in said for part in ("--probs", "--logits", "from 0.25 to 0.75"))


def test_probabilities_in_percent_are_asked_about(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "label,prob\n0,25\n1,75\n1,50\n"))
    needs = [entry for entry in document["needs"] if entry["loss"] == "bce"]
    assert needs[0]["arguments"][-1] == "--probs-percent"
    assert "75" in needs[0]["note"]
    assert not any("--probs" in entry["arguments"] for entry in document["ready"])


def test_values_outside_a_domain_are_told_with_their_row(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y_true,y_pred\n1,1\n0,2\n-3,1\n"))
    told = _pitfalls(document)["not_allowed"]
    assert any(text.startswith("for mape: 1 of 3 rows of 'y_true' is not allowed, first 0.0 in row 2") for text in told)
    assert any("for msle" in text and "first -3.0 in row 3" in text for text in told)
    assert not {"mape", "msle"} & {entry["loss"] for entry in document["ready"]}
    needed = next(entry for entry in document["needs"] if entry["loss"] == "mape")
    assert needed["arguments"][-2:] == ["--invalid", "skip"]
    assert "--eps" in needed["note"]


def test_a_level_that_a_name_says_is_proposed_and_no_other(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y,p10,p90,q5\n1,0,2,1\n2,1,3,2\n"))
    pinball = [entry["arguments"] for entry in document["ready"] if entry["loss"] == "pinball"]
    assert [(line[line.index("--pred") + 1], line[line.index("--tau") + 1]) for line in pinball] == [
        ("p10", "0.1"),
        ("p90", "0.9"),
        ("q5", "0.05"),
    ]
    alone = _inspect(_file(tmp_path, "y_true,y_pred\n1,0\n2,1\n"))
    assert "pinball" not in {entry["loss"] for entry in alone["ready"]}
    assert next(e for e in alone["needs"] if e["loss"] == "pinball")["arguments"][-2:] == ["--tau", "TAU"]


def test_levels_in_rows_are_proposed_as_a_column(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y,pred,tau\n1,0,.1\n1,2,.9\n"))
    pinball = next(entry for entry in document["ready"] if entry["loss"] == "pinball")
    assert pinball["arguments"][-2:] == ["--tau", "@tau"]
    run = run_cli([*pinball["arguments"][1:], "--json"])
    # 0.1 * 1 and (1 - 0.9) * 1
    assert json.loads(run.out)["results"][0]["value"] == pytest.approx(0.1, rel=1e-12)


def test_pitfalls_of_columns(tmp_path: Path) -> None:
    text = "index,id,target,y_pred,model,weight,same,same,one\n" + "".join(
        f"{i},{i // 2},{i},{i},{'ab'[i % 2]},1.5,0,0,7\n" for i in range(6)
    )
    told = _pitfalls(_inspect(_file(tmp_path, text)))
    assert told["repeated_name"] == ["2 columns are called 'same'; a command cannot name them"]
    assert told["several_values"] == ["'model' has several values (a, b); --where model=a keeps one"]
    assert "'one' has the same value in every row" in told["constant"]
    assert told["identical"] == ["'target' and 'y_pred' are the same in every row"]
    assert told["index"] == ["'index' numbers the rows: an index, no data"]
    assert told["repeated_key"] == ["'id' has 3 different values in 6 rows: rows of one key are not independent"]
    assert told["weight"] == ["'weight' looks like weights, which are used only where --weight says so"]


def test_a_target_of_text_is_no_number(tmp_path: Path) -> None:
    told = _pitfalls(_inspect(_file(tmp_path, "target,observation,value\nflu,1,2\nflu,3,4\n")))
    assert told["text_target"] == ["'target' holds text ('flu'): labels of classes, but no numbers"]


def test_cells_that_cannot_be_read_are_a_pitfall_and_no_end(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "actual,predicted\n1,2\n3,4\n5,6.5%\n"))
    assert _columns(document)["predicted"]["fault"]["row"] == 3
    assert _columns(document)["actual"]["max"] == 5
    assert document["ready"] == []
    assert "--percent-cells" in document["needs"][0]["note"]


def test_probabilities_of_classes_that_add_up_to_1(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y,prob_a,prob_b\na,.25,.75\nb,.5,.5\nb,.5,.25\n"))
    assert document["groups"] == [{"columns": ["prob_a", "prob_b"], "rows": 3, "rows_adding_up_to_1": 2}]


def test_columns_called_like_labels_are_classes(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "cat,dog,owl,species\n.5,.25,.25,dog\n0.25,.5,.25,cat\n"))
    first = document["ready"][0]["arguments"]
    assert first[first.index("--probs") + 1] == "cat,dog,owl"
    assert first[first.index("--classes") + 1] == "cat,dog,owl"
    assert set(document["ready"][0]["unclear"]) == {"target", "probs"}


def test_two_whole_numbers_are_labels_where_they_come_often(tmp_path: Path) -> None:
    few = _inspect(_file(tmp_path, "y_true,y_pred\n1,2\n2,2\n"))
    assert few["ready"][0]["loss"] == "mae"
    many = _inspect(_file(tmp_path, "y_true,y_pred\n" + "1,.25\n2,.75\n" * 10))
    assert many["ready"][0]["loss"] == "bce"
    assert "--positive-class could also be 1" in many["ready"][0]["note"]


def test_models_are_choices_of_the_first_loss(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y_true,pred_a,pred_b\n1,2,1\n2,2,4\n"))
    lines = [entry["arguments"] for entry in document["ready"] if entry["loss"] == document["ready"][0]["loss"]]
    assert [line[line.index("--pred") + 1] for line in lines] == ["pred_a", "pred_b"]
    models = document["compare"][-1]["arguments"]
    assert models[1] == "compare"
    assert [models[i + 1] for i, word in enumerate(models) if word == "--pred"] == ["pred_a", "pred_b"]


def test_a_prediction_goes_with_the_spread_of_its_model() -> None:
    document = _inspect(str(SAMPLES / "diabetes.csv"))
    line = next(entry["arguments"] for entry in document["ready"] if entry["loss"] == "gaussian_nll")
    assert (line[line.index("--pred") + 1], line[line.index("--var") + 1]) == ("pred_baseline", "var_baseline")


def test_standard_input_is_read_once() -> None:
    document = _inspect("-", stdin=b"y_true,y_pred\n1,2\n3,3\n")
    assert document["files"][0] == {
        "name": "-",
        "format": "csv",
        "delimiter": ",",
        "rows": 2,
        "row_groups": None,
        "bytes": None,
    }
    assert document["ready"][0]["arguments"][:3] == ["losscli", "compute", "-"]


def test_the_keys_of_the_json_stand_in_a_fixed_order(tmp_path: Path) -> None:
    document = _inspect(_file(tmp_path, "y_true,y_pred\n1,2\n"))
    assert list(document) == [
        "schema",
        "version",
        "command",
        "files",
        "rows",
        "columns",
        "repeated",
        "groups",
        "classes",
        "pitfalls",
        "ready",
        "needs",
        "compare",
    ]
    assert document["schema"] == "losscli.inspect/1"


def test_infinite_numbers_are_counted_and_json_stays_strict(tmp_path: Path) -> None:
    column = _columns(_inspect(_file(tmp_path, "y_true,y_pred\n1,inf\n2,3\n")))["y_pred"]
    assert (column["min"], column["max"], column["not_finite"]) == (3, 3, 1)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 3, "is empty"),
        ("y_true,y_pred\n", 3, "has no rows"),
        ("y_true,y_pred\n1,2,3\n", 3, "row 1: the row has 3 cells where the header has 2"),
        ("a,a\n1,2\n", 3, "has no columns that can be read"),
    ],
)
def test_files_without_anything_to_look_at(tmp_path: Path, text: str, code: int, said: str) -> None:
    outcome = run_cli(["inspect", _file(tmp_path, text)])
    assert outcome.code == code
    assert said in outcome.err
    assert outcome.out == ""


def test_a_filter_that_no_row_fits(tmp_path: Path) -> None:
    outcome = run_cli(["inspect", _file(tmp_path, "a,b\n1,2\n"), "--where", "a=7"])
    assert (outcome.code, "no row fits the filters" in outcome.err) == (3, True)


def test_a_file_that_is_not_there() -> None:
    assert run_cli(["inspect", "nowhere.csv"]).code == 3
    assert run_cli(["inspect"]).code == 2
    assert run_cli(["inspect", "nowhere.csv", "-o", "csv"]).code == 2


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_keeps_to_the_width(width: int) -> None:
    outcome = run_process(["inspect", "sample_data/diabetes.csv"], env={"COLUMNS": str(width)})
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "File",
        "Columns",
        "Classes",
        "Pitfalls",
        "Ready to run",
        "Side by side",
    ]


def test_many_columns_of_one_stem_share_a_line(tmp_path: Path) -> None:
    names = [f"logit_{i}" for i in range(200)]
    text = f"y,{','.join(names)}\n" + "".join(f"{i},{','.join(['0.5'] * 200)}\n" for i in range(3))
    out = run_cli(["inspect", _file(tmp_path, text)]).out
    assert "logit_0 ... logit_199" in out
    assert "200 x number" in out
    assert "--logits 'logit_*'" in out
    assert len(out.splitlines()) < 40


def test_names_from_a_file_cannot_steer_the_terminal_and_still_run(tmp_path: Path) -> None:
    path = _file(tmp_path, "y_true,\x1b[31mred_pred,[bold]x[/],::error::y\n1,2,3,4\n2,2,3,5\n")
    out = run_cli(["inspect", path]).out
    assert "\x1b" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "[bold]x[/]" in out
    document = _inspect(path)
    assert "$'\\x1b[31mred_pred'" in document["ready"][0]["command"]
    # a shell hands on what the command says
    import subprocess

    echoed = subprocess.run(
        ["/bin/bash", "-c", f"printf '%s\\0' {document['ready'][0]['command']}"], capture_output=True, check=True
    )
    assert echoed.stdout.decode().split("\0")[:-1] == document["ready"][0]["arguments"]


def test_the_output_goes_to_files_too(tmp_path: Path) -> None:
    path, place = _file(tmp_path, "y_true,y_pred\n1,2\n"), tmp_path / "seen.json"
    outcome = run_cli(["inspect", path, "-o", f"json:{place}", "-o", "table"])
    assert outcome.code == 0
    assert outcome.out.startswith("File\n")
    assert json.loads(place.read_text())["rows"] == 1
