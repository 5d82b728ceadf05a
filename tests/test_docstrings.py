"""The docstring of every loss: its sections, a word on each role and parameter, an example that runs."""

import doctest
import re

import pytest

from losscli.catalogue import Loss, all_losses, find
from losscli.docstrings import Docstring

SECTIONS = ("Formula", "Args", "Pitfalls", "Libraries", "Reference", "Example")

each_loss = pytest.mark.parametrize("loss", list(all_losses()), ids=lambda loss: loss.name)


@each_loss
def test_the_summary_is_a_sentence(loss: Loss) -> None:
    assert loss.doc.summary.endswith(".")
    assert loss.doc.summary[0].isupper()
    assert len(loss.doc.summary) <= 120


@each_loss
def test_every_section_is_there_once_in_order_and_says_something(loss: Loss) -> None:
    assert tuple(loss.doc.sections) == SECTIONS
    for name, text in loss.doc.sections.items():
        assert text.strip(), f"{loss.name}: {name} is empty"


@each_loss
def test_each_role_and_parameter_is_explained_and_nothing_else(loss: Loss) -> None:
    names = [role.name for role in loss.roles] + [parameter.name for parameter in loss.parameters]
    assert list(loss.doc.arguments) == names
    for name, text in loss.doc.arguments.items():
        assert text.strip().endswith("."), f"{loss.name}: {name}: {text!r}"


LIBRARIES = (
    "PyTorch",
    "torchvision",
    "pytorch-metric-learning",
    "MONAI",
    "Keras",
    "scikit-learn",
    "SciPy",
    "statsmodels",
    "GluonTS",
)


@each_loss
def test_each_library_has_a_sentence_of_its_own(loss: Loss) -> None:
    said = loss.doc.libraries
    assert said, f"{loss.name} names no library"
    assert set(said) <= set(LIBRARIES), "a name that is spelt in two ways is two libraries"
    assert list(said) == sorted(said, key=LIBRARIES.index), "in the same order everywhere"
    assert "PyTorch" in said or "torchvision" in said, "the first that is looked for; none is an answer"
    for library, text in said.items():
        assert text.endswith("."), f"{loss.name}: {library}: {text!r}"
        assert text != "none." or library == "PyTorch", f"{loss.name}: {library} need not be named"
    # nothing stands outside an entry
    assert loss.doc.sections["Libraries"].split(":", 1)[0] == next(iter(said))
    assert "".join(f"{name}:{text}" for name, text in said.items()).replace(" ", "") == "".join(
        loss.doc.sections["Libraries"].split()
    )


@each_loss
def test_what_a_library_is_said_to_be_names_options_that_there_are(loss: Loss) -> None:
    names = {role.name for role in loss.roles} | {parameter.name for parameter in loss.parameters} | {"reduction"}
    for text in loss.doc.libraries.values():
        for flag in re.findall(r"--([a-z][a-z-]*)", text):
            assert flag.replace("-", "_") in names, f"{loss.name} has no --{flag}"


@each_loss
def test_the_example_runs(loss: Loss) -> None:
    found = doctest.DocTestParser().get_doctest(loss.__doc__ or "", {loss.name: loss}, loss.name, None, None)
    assert found.examples, f"{loss.name} has no example"
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(found, out=said.append)
    assert outcome.failed == 0, "".join(said)


@each_loss
def test_the_example_is_an_example_of_the_loss(loss: Loss) -> None:
    examples = doctest.DocTestParser().get_examples(loss.__doc__ or "")
    assert any(f"{loss.name}(" in example.source for example in examples)
    assert not any(example.options for example in examples), "an option could hide a difference"


def test_a_wrong_example_would_be_noticed() -> None:
    loss = find("mse")
    text = (loss.__doc__ or "").replace("[0.25, 0.25, 0.0, 1.0]", "[0.25, 0.25, 0.0, 2.0]")
    assert text != loss.__doc__
    found = doctest.DocTestParser().get_doctest(text, {loss.name: loss}, loss.name, None, None)
    assert doctest.DocTestRunner(verbose=False).run(found, out=lambda _: None).failed == 1


TEXT = """A line
    that goes on.

    Formula: a + b
    Args:
        first: one,
            in two lines.
        second: two: with a colon.
    Libraries:
        some-library: its function,
            in two lines.
        another: none.
    Example:
        words

        >>> 1
        1
    """


def test_a_docstring_falls_into_its_parts() -> None:
    doc = Docstring.parse(TEXT)
    assert doc.summary == "A line that goes on."
    assert list(doc.sections) == ["Formula", "Args", "Libraries", "Example"]
    assert doc.sections["Formula"] == "a + b"
    assert doc.sections["Example"] == "words\n\n>>> 1\n1"
    assert doc.arguments == {"first": "one, in two lines.", "second": "two: with a colon."}
    assert doc.libraries == {"some-library": "its function, in two lines.", "another": "none."}


def test_a_docstring_without_sections_is_a_summary() -> None:
    assert Docstring.parse("Only this.") == Docstring("Only this.", {}, {})
    assert Docstring.parse("") == Docstring("", {}, {})
    assert Docstring.parse("").libraries == {}
