"""The worked example in the docstring of a loss, run: its lines with what they print here and now."""

import ast
import doctest
from typing import Any

from losscli.errors import LosscliError
from losscli.loss import Loss
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of an example and what it printed."""

    source: str
    output: str


class _Recorder(doctest.DocTestRunner):
    """Runs an example and keeps what each statement printed."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.printed: list[str] = []
        self.wrong: list[str] = []

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        """Say nothing."""

    def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:  # noqa: ARG002 - doctest's
        """Keep what was printed."""
        self.printed.append(got)

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:  # noqa: ARG002
        """Keep what differs."""
        self.wrong.append(f"{example.source.strip()} gives {got.strip()}, not {example.want.strip()}")

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:  # noqa: ARG002
        """Keep what went wrong."""
        self.wrong.append(f"{example.source.strip()} fails: {exc_info[1]}")


def run_example(loss: Loss) -> tuple[Step, ...]:
    """Run the example of a loss with the plain function.

    Raises:
        LosscliError: it does not print what the docstring says: a fault of the tool.
    """
    test = doctest.DocTestParser().get_doctest(loss.__doc__ or "", {loss.name: loss}, loss.name, None, None)
    recorder = _Recorder()
    recorder.run(test, out=lambda _: None)
    if recorder.wrong:
        raise LosscliError(
            f"a fault of losscli itself: in the example of {loss.name}, {recorder.wrong[0]}",
            hint="send this line to the authors; the numbers of this loss are not to be trusted here",
        )
    return tuple(
        Step(example.source.rstrip("\n"), printed.rstrip("\n"))
        for example, printed in zip(test.examples, recorder.printed, strict=True)
    )


def parameters_of_example(loss: Loss) -> dict[str, Any]:
    """The parameters that the example gives its loss, for those that have no default."""
    found: dict[str, Any] = {}
    names = {parameter.name for parameter in loss.parameters}
    for example in doctest.DocTestParser().get_examples(loss.__doc__ or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == loss.name:
                for keyword in node.keywords:
                    if keyword.arg in names and isinstance(keyword.value, ast.Constant):
                        found.setdefault(str(keyword.arg), keyword.value.value)
    return found
