"""Options that change nothing are warned of or refused, and those that act are not."""

from pathlib import Path

import pytest

import losscli
from losscli.catalogue import Loss, all_losses
from tests.cli import run_cli

CELLS = "y,p,l0,l1,a,b,c\n1,0.5,-0.7,-0.7,1,2,3\n0,0.25,-1.3,-0.3,1,3,5\n"
IDLE = [
    (
        ("bce", "-t", "y", "--logits", "p", "--eps", "1e-7"),
        "bce: --eps is given and changes nothing; it acts with --probs",
    ),
    (("focal", "-t", "y", "--logits", "p", "--eps", "1e-7"), "focal: --eps is given and changes nothing"),
    (("cross_entropy", "-t", "y", "--logits", "l0,l1", "--eps", "1e-7"), "it acts with --probs"),
    (("kl_div", "-t", "p,q", "--logits", "l0,l1", "--eps", "1e-7"), "it acts with --probs"),
    (("poisson_nll", "-t", "y", "--log-rate", "p", "--eps", "1e-7"), "it acts with --rate"),
    (
        ("focal", "-t", "y", "--probs", "p", "--alpha", "0.5", "--alpha-mode", "none"),
        "focal: --alpha is given and changes nothing; it acts with --alpha-mode constant or balanced",
    ),
    (
        ("triplet:distance=cosine", "--anchor", "a,b", "--positive", "b,c", "--negative", "c,a", "--p", "1"),
        "triplet: --p is given and changes nothing; it acts with --distance euclidean",
    ),
]
ACTING = [
    ("bce", "-t", "y", "--probs", "p", "--eps", "1e-7"),
    ("focal", "-t", "y", "--probs", "p", "--alpha", "0.5", "--alpha-mode", "balanced"),
    ("triplet", "--anchor", "a,b", "--positive", "b,c", "--negative", "c,a", "--p", "1"),
]


def _file(folder: Path) -> str:
    lines = CELLS.splitlines()
    rows = [lines[0] + ",q", lines[1] + ",0.5", lines[2] + ",0.75"]
    (folder / "a.csv").write_text("\n".join(rows) + "\n")
    return str(folder / "a.csv")


@pytest.mark.parametrize(("args", "warning"), IDLE)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_an_option_without_effect_is_warned_of(
    args: tuple[str, ...], warning: str, reduction: str, tmp_path: Path
) -> None:
    done = run_cli(["compute", _file(tmp_path), "-l", *args, "-r", reduction])
    assert (done.code, warning in " ".join(done.err.split())) == (0, True), done.err


@pytest.mark.parametrize("args", ACTING)
def test_an_option_with_an_effect_is_not(args: tuple[str, ...], tmp_path: Path) -> None:
    done = run_cli(["compute", _file(tmp_path), "-l", *args])
    assert (done.code, "changes nothing" in done.err) == (0, False)


def test_what_is_not_given_is_not_warned_of(tmp_path: Path) -> None:
    result = losscli.compute(_file(tmp_path), loss="focal", target="y", logits="p", alpha_mode="none")
    assert not any("changes nothing" in warning for warning in result.warnings)


@pytest.mark.parametrize("flag", [("--classes", "no,yes"), ("--positive-class", "yes")])
def test_names_of_labels_with_a_column_for_each_label_are_refused(flag: tuple[str, str], tmp_path: Path) -> None:
    done = run_cli(["compute", _file(tmp_path), "-l", "bce", "-t", "y,y", "--probs", "p,q", *flag])
    assert (done.code, f"bce: {flag[0]} names the labels" in " ".join(done.err.split())) == (2, True), done.err


@pytest.mark.parametrize("entry", [entry for entry in all_losses() if entry.guards], ids=lambda entry: entry.name)
def test_every_guard_of_one_form_says_so(entry: Loss) -> None:
    """A guard that relaxes one of several forms either acts with that form alone or has something to clip in others."""
    for role, parameter in entry.guards.items():
        if len(entry.one_of) > 1 and list(entry.guards.values()).count(parameter) == 1:
            assert entry.acts_with.get(parameter) == role


@pytest.mark.parametrize("entry", [entry for entry in all_losses() if entry.acts_with], ids=lambda entry: entry.name)
def test_what_a_parameter_needs_is_there(entry: Loss) -> None:
    parameters = {parameter.name: parameter for parameter in entry.parameters}
    for name, needed in entry.acts_with.items():
        other, _, words = needed.partition("=")
        assert name in parameters
        if words:
            assert set(words.split("|")) < set(parameters[other].choices)
        else:
            assert other in {role.name for role in entry.roles if role.optional}
