"""The arrows between the parts of the package, and what a command may load."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import ROOT

PACKAGE = ROOT / "losscli"

# Which parts may import which; a part is a module or a folder of the package. Everything may import errors, arrays
# and version, which import nothing of the package.
FREE = {"errors", "arrays", "records", "version"}
ARROWS: dict[str, set[str]] = {
    "memory": set(),
    "row_rules": set(),
    "domain": {"row_rules"},
    "docstrings": set(),
    "observations": set(),
    "numerics": set(),
    "moments": set(),
    "class_weights": set(),
    "joint": {"moments"},
    "signature": {"domain"},
    "curves": {"domain", "signature"},
    "calling": {"domain", "loss"},
    "loss": {"calling", "catalogue", "curves", "docstrings", "domain", "observations", "signature"},
    "catalogue": {"calling", "loss", "losses", "observations", "signature"},
    "losses": {"catalogue", "curves", "domain", "numerics", "observations", "signature", "workers"},
    "data": {"catalogue", "domain", "memory"},
    "fingerprint": set(),
    "tally": {"fingerprint"},
    "plan": {"catalogue", "data", "domain"},
    "examples": {"loss"},
    "explanation": {"catalogue", "curves", "examples", "plan"},
    "binding": {"catalogue", "class_weights", "data", "domain", "plan"},
    "specs": {"catalogue", "class_weights", "plan"},
    "chance": {"data", "plan"},
    "models": {"catalogue", "data", "plan"},
    "request": {"binding", "chance", "data", "models", "plan", "shared_columns", "specs"},
    "block": {"data", "plan"},
    "arguments": {"block", "data", "fingerprint", "numerics", "plan", "tally"},
    "unit_arrays": {"data", "plan", "tally"},
    "refusals": {"arguments", "block", "plan", "tally", "unit_arrays"},
    "element_units": {"arguments", "block", "data", "plan", "refusals", "tally", "unit_arrays"},
    "units": {"arguments", "block", "element_units", "plan", "refusals", "tally", "unit_arrays"},
    "grouped": {"data", "memory", "moments", "segments"},
    "batches": {"data", "unit_arrays"},
    "slicing": {"data", "grouped", "joint", "many_slices", "moments", "resampled", "segments", "unit_arrays"},
    "workers": set(),
    "drawing": set(),
    "placed_sums": set(),
    "exact_sums": {"moments"},
    "resampled": {"data", "drawing", "exact_sums", "grouped", "moments", "unit_arrays", "workers"},
    "segments": set(),
    "slice_moments": {"placed_sums", "moments", "segments"},
    "many_slices": {"data", "moments", "segments", "slice_moments"},
    "cutting": {"block", "data", "domain", "plan"},
    "described": {"histogram", "unit_arrays"},
    "fold": {"batches", "described", "grouped", "joint", "moments", "resampled", "slicing", "unit_arrays"},
    "shared_columns": {"block", "class_weights", "data", "plan"},
    "pairing": {
        "block",
        "cutting",
        "data",
        "moments",
        "plan",
        "refusals",
        "shared_columns",
        "tally",
        "unit_arrays",
        "units",
    },
    "spread": {"element_units", "joint", "moments", "plan", "resampled"},
    "outcome": {
        "batches",
        "fold",
        "grouped",
        "joint",
        "moments",
        "pairing",
        "plan",
        "spread",
        "tally",
    },
    "contest_state": {
        "batches",
        "described",
        "fold",
        "grouped",
        "histogram",
        "joint",
        "moments",
        "outcome",
        "plan",
        "resampled",
        "slicing",
        "spread",
        "tally",
        "unit_arrays",
    },
    "notices": {"block"},
    "statistics": {"moments"},
    "grown": {"batches", "contest_state", "grouped", "memory", "resampled"},
    "execution": {"memory"},
    "walk": {"data", "execution", "memory"},
    "execution_far": set(),
    "execution_dask": {"execution_far"},
    "execution_ray": {"execution_far"},
    "engine_choice": {"data", "execution", "request"},
    "parts": {"data", "fold"},
    "far_parts": {"data", "parts"},
    "file_walk": {"data", "execution", "far_parts", "memory", "parts", "walk"},
    "part_sums": {
        "memory",
        "block",
        "contest_state",
        "data",
        "fold",
        "grown",
        "moments",
        "notices",
        "pairing",
        "parts",
        "plan",
        "tally",
    },
    "resolved_words": {
        "block",
        "class_weights",
        "data",
        "execution",
        "file_walk",
        "fold",
        "parts",
        "plan",
        "request",
    },
    "evaluation": {
        "batches",
        "contest_state",
        "data",
        "execution",
        "file_walk",
        "fold",
        "notices",
        "outcome",
        "part_sums",
        "plan",
        "request",
        "resolved_words",
        "slicing",
        "tally",
        "unit_arrays",
        "units",
        "walk",
        "workers",
        "memory",
        "grown",
    },
    "ranking": set(),
    "histogram": set(),
    "worst_rows": {
        "data",
        "evaluation",
        "notices",
        "part_sums",
        "plan",
        "ranking",
        "tally",
        "unit_arrays",
        "units",
        "walk",
    },
    "worst_units": {
        "evaluation",
        "execution",
        "outcome",
        "plan",
        "ranking",
        "remarks",
        "request",
        "resolved_words",
        "summary",
        "tally",
        "unit_arrays",
        "worst_rows",
    },
    "column_facts": {"block", "data", "domain", "plan"},
    "file_head": {"catalogue", "column_facts", "data"},
    "role_guesses": {"catalogue", "column_facts", "data", "file_head", "plan"},
    "role_choices": {"catalogue", "column_facts", "data", "file_head", "role_guesses"},
    "proposals": {"catalogue", "column_facts", "data", "file_head", "role_choices", "role_guesses"},
    "trials": {"block", "column_facts", "data", "plan", "proposals", "request", "tally", "units"},
    "inspection": {
        "block",
        "column_facts",
        "data",
        "file_head",
        "fold",
        "proposals",
        "row_rules",
        "trials",
        "walk",
    },
    "naturalness": {"catalogue", "data", "inspection", "role_guesses", "trials"},
    "shell": set(),
    "suggestions": {
        "catalogue",
        "data",
        "inspection",
        "naturalness",
        "proposals",
        "role_choices",
        "shell",
        "tally",
        "trials",
    },
    "role_uses": {"inspection"},
    "pitfalls": {"column_facts", "data", "inspection", "label_counts", "naturalness", "plan", "suggestions"},
    "label_counts": {"block", "data", "fold", "memory", "walk"},
    "comparison": {"statistics"},
    "verdicts": {"comparison", "statistics"},
    "results": {"comparison", "statistics", "verdicts"},
    "penalties": {"data", "fold", "moments", "results", "statistics"},
    "estimates": {"element_units", "joint", "moments", "outcome", "plan", "results", "spread", "statistics"},
    "contrasts": {"comparison", "estimates", "results", "statistics"},
    "remarks": {"comparison", "evaluation", "outcome", "plan", "results", "statistics", "tally"},
    "result_signature": {"comparison", "plan", "request", "results"},
    "summary": {
        "comparison",
        "contest_state",
        "contrasts",
        "data",
        "estimates",
        "evaluation",
        "outcome",
        "plan",
        "remarks",
        "request",
        "result_signature",
        "results",
        "slicing",
        "statistics",
        "tally",
    },
    "gates": {
        "catalogue",
        "comparison",
        "contrasts",
        "data",
        "evaluation",
        "plan",
        "request",
        "results",
        "saved",
        "specs",
        "statistics",
        "strict",
        "summary",
        "verdicts",
    },
    "worst_frame": {"reports", "worst_units"},
    "reports": {
        "catalogue",
        "class_weights",
        "column_facts",
        "comparison",
        "curves",
        "data",
        "explanation",
        "histogram",
        "inspection",
        "pitfalls",
        "results",
        "role_uses",
        "shell",
        "statistics",
        "suggestions",
        "verdicts",
        "verification",
        "worst_units",
    },
    "api_inputs": {"data", "models"},
    "api_request": {"catalogue", "chance", "models", "plan", "request"},
    "api": {
        "api_inputs",
        "api_request",
        "catalogue",
        "chance",
        "data",
        "engine_choice",
        "evaluation",
        "execution",
        "models",
        "penalties",
        "plan",
        "request",
        "results",
        "summary",
        "worst_frame",
        "worst_rows",
        "worst_units",
        "verification",
    },
    "api_gate": {
        "api_inputs",
        "api_request",
        "catalogue",
        "chance",
        "data",
        "engine_choice",
        "evaluation",
        "execution",
        "gates",
        "models",
        "plan",
        "request",
        "results",
        "specs",
        "summary",
    },
    "testing": {"api_gate", "api_inputs", "reports", "results", "verdicts"},
    "cli": {
        "catalogue",
        "chance",
        "class_weights",
        "data",
        "engine_choice",
        "evaluation",
        "execution",
        "explanation",
        "gates",
        "inspection",
        "label_counts",
        "memory",
        "models",
        "notices",
        "outcome",
        "penalties",
        "plan",
        "remarks",
        "reports",
        "request",
        "rerun",
        "resolved_words",
        "results",
        "saved",
        "slicing",
        "specs",
        "suggestions",
        "summary",
        "states",
        "tally",
        "unit_arrays",
        "verification",
        "worst_rows",
        "worst_units",
    },
    "states": {
        "batches",
        "class_weights",
        "contest_state",
        "data",
        "described",
        "evaluation",
        "exact_sums",
        "fold",
        "grouped",
        "joint",
        "models",
        "moments",
        "notices",
        "pairing",
        "part_sums",
        "plan",
        "request",
        "resampled",
        "results",
        "slicing",
        "strict",
        "tally",
        "unit_arrays",
        "walk",
    },
    "strict": set(),
    "saved": {"results", "strict"},
    "rerun": {
        "catalogue",
        "chance",
        "data",
        "models",
        "plan",
        "request",
        "results",
        "saved",
        "slicing",
        "specs",
    },
    "verification": {
        "comparison",
        "contrasts",
        "data",
        "evaluation",
        "request",
        "rerun",
        "results",
        "saved",
        "summary",
    },
    "__init__": {"api", "api_gate", "losses", "memory", "results"},
    "__main__": {"cli"},
}
# Heavy or chosen packages, and the only parts that may import them.
THIRD_PARTY: dict[str, set[str]] = {
    "numpy": {"arrays"},
    "pyarrow": {"data", "api_inputs"},
    "pandas": {"api", "api_inputs", "results", "worst_frame"},
    "rich": {"reports"},
    "matplotlib": {"reports"},
    "tomlkit": {"gates"},
    "typer": {"cli"},
    "click": set(),
    "requests": {"data"},
    "urllib3": {"data"},
    "dask": {"execution", "execution_dask"},
    "ray": {"execution", "execution_ray"},
    "distributed": {"execution_dask"},
}


def _part(file: Path) -> str:
    inside = file.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
            if node.module == "losscli":
                found.update(f"losscli.{alias.name}" for alias in node.names)
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(file: Path) -> None:
    part = _part(file)
    for name in _imports(file):
        top, *rest = name.split(".")
        if top == "losscli" and rest:
            allowed = FREE | {part} | ARROWS.get(part, set())
            assert rest[0] in allowed, f"{part} must not import {name}"
        elif top in THIRD_PARTY:
            assert part in THIRD_PARTY[top], f"{part} must not import {name}"


def test_only_the_command_line_ends_the_process() -> None:
    for file in FILES:
        text = file.read_text()
        if file.name != "__main__.py":
            assert "sys.exit" not in text, file
            assert "raise SystemExit" not in text, file


def test_files_and_functions_stay_short() -> None:
    for file in FILES:
        text = file.read_text()
        assert text.count("\n") <= 300, f"{file} is long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                doc = ast.get_docstring(node, clean=False)
                length = (node.end_lineno or 0) - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)
                assert length <= 40, f"{file}: {node.name} has {length} lines"


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"numpy", "pyarrow", "pandas", "pydantic", "scipy", "sklearn"}


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--version"], ["compute", "--help"], ["explain", "--help"], ["list"], ["list", "--json"], ["schema"]],
)
def test_help_and_catalogue_load_nothing_heavy(args: list[str]) -> None:
    loaded = _loaded(f"from losscli.cli.app import run; run({args!r})")
    assert not loaded & HEAVY


def test_the_list_of_commands_does_without_their_options() -> None:
    """Each command has some forty; `compute --help` has to read the annotations of all of its own."""
    code = "from unittest.mock import patch; import typer.main; from losscli.cli.app import run\n"
    code += "with patch('typer.main.get_param_completion') as made: run(['--help']); print(made.call_count)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(done.stdout.splitlines()[-1]) < 10


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not _loaded("import losscli, losscli.losses") & (HEAVY | {"typer", "rich"})


@pytest.mark.parametrize("name", ["diabetes_preds.csv", "diabetes_preds.parquet"])
@pytest.mark.parametrize("output", ["json", "plain"])
def test_the_main_job_loads_neither_pandas_nor_what_it_does_not_use(name: str, output: str) -> None:
    args = ["compute", f"sample_data/{name}", "--loss", "mse", "-o", output]
    loaded = _loaded(f"from losscli.cli.app import run; assert run({args!r}) == 0")
    assert "numpy" in loaded
    for_several_files = {"joined", "panel", "pivot", "lockstep", "chained", "held", "key_index", "truth_target"}
    assert not loaded & {f"losscli.data.{part}" for part in for_several_files}
    assert not loaded & {
        "pandas",
        "pydantic",
        "pyarrow.compute",
        "pyarrow.dataset",
        "pyarrow.fs",
        "ssl",
        "rich",
        "losscli.cli.compare",
    }
