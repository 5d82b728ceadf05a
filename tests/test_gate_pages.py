"""The page about gates has every key and its examples are configurations; the options of the gate are declared."""

import re
import subprocess
import sys
from typing import Annotated

import typer
from typer.testing import CliRunner

from losscli.cli.gate_options import GateOptions
from losscli.cli.options import grouped
from losscli.gates.configuration import (
    BASELINE_KEYS,
    KEYS,
    MISSING_BASELINE,
    ON_INCONCLUSIVE,
    configuration_of,
    toml_values,
)
from losscli.gates.gate_table import GATE_KEYS
from losscli.gates.rule import LEVELS, ON
from losscli.verdicts import Verdict
from tests.cli import ROOT

PAGE = (ROOT / "docs" / "gates.md").read_text()


def test_the_page_has_every_key_and_word() -> None:
    first_cells = " ".join(re.findall(r"^\|([^|]+)\|", PAGE, re.MULTILINE))
    for key in {*KEYS, *GATE_KEYS}:
        assert f"`{key}`" in first_cells, key
    for word in (*BASELINE_KEYS, *MISSING_BASELINE):
        assert f"`{word}`" in PAGE, word
    for word in (*ON_INCONCLUSIVE, *ON, *LEVELS):
        assert f'"{word}"' in PAGE, word
    for verdict in Verdict:
        assert f"| {verdict.value} |" in PAGE


def test_the_page_has_no_key_that_does_not_exist() -> None:
    for heading, keys in (("Keys of a rule", GATE_KEYS), ("Keys of the whole file", KEYS)):
        section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
        for cell in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE):
            assert set(re.findall(r"`(\w+)`", cell)) <= set(keys), cell


def test_the_examples_of_the_page_are_configurations() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        assert configuration_of(toml_values(example, "page"), "page").rules


def test_the_options_reach_the_command() -> None:
    seen: list[GateOptions] = []

    @grouped
    def command(gate: GateOptions, loss: Annotated[list[str] | None, typer.Option("--loss")] = None) -> None:
        seen.append(gate)
        assert [rule.max for rule in gate.rules(loss or [], {})] == [0.4]

    app = typer.Typer()
    app.command()(command)
    line = "--loss mae --max 0.4 --level warn --on upper --min-rows 3 --update-limits --slack 5% --baseline b.json"
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 0, done.output
    assert seen == [
        GateOptions(
            max="0.4", severity="warn", on="upper", min_rows="3", update_limits=True, slack="5%", baseline="b.json"
        )
    ]


def test_declaring_the_options_loads_nothing_heavy() -> None:
    code = "import losscli.cli.gate_options, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"numpy", "pyarrow", "pandas", "tomllib", "tomlkit", "rich"} & set(done.stdout.split())


def test_judging_does_not_load_what_rewrites_files() -> None:
    code = "import losscli.gates.judgement, losscli.gates.configuration, losscli.gates.limits, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"tomlkit", "pandas"} & set(done.stdout.split())
