"""What there is to say about a loss under some parameters: all of it read from the loss itself."""

import shlex
from functools import cached_property
from typing import Any

from losscli.catalogue import Loss, Parameter, Role
from losscli.curves import Traced, trace
from losscli.examples import Step, parameters_of_example, run_example
from losscli.plan import LossSpec
from losscli.records import dataclass

_UNITS = {
    "row": "Each row has a loss of its own, and the rows are what is averaged.",
    "set": "The rows of a set have one loss together, made of sums over them. --group COLUMN makes a set of the rows "
    "with one value, a list column one of each row's list; without either the whole input is one set.",
    "batch": "The rows of a batch are compared with one another, and each batch has a loss. --group COLUMN makes a "
    "batch of the rows with one value, --batch-size N of N rows after one another; one of the two is needed.",
}


@dataclass(frozen=True)
class Explanation:
    """A loss with the parameters that were given for it."""

    spec: LossSpec
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, spec: LossSpec) -> "Explanation":
        """Explain a loss; its example is run.

        Raises:
            LosscliError: the example does not give what the docstring says.
        """
        return cls(spec, run_example(spec.loss))

    @property
    def loss(self) -> Loss:
        return self.spec.loss

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every parameter in use: as given, else its default; one without a default as in the worked example."""
        shown = parameters_of_example(self.loss)
        return {
            parameter.name: self.spec.given.get(
                parameter.name,
                shown.get(parameter.name, _inside(parameter)) if parameter.required else parameter.default,
            )
            for parameter in self.loss.parameters
        }

    @cached_property
    def unit(self) -> str:
        """What has a loss, in a sentence."""
        unit = self.loss.unit
        unless = f" With --{_flag(unit.unless)} each row stands for itself." if unit.unless else ""
        return _UNITS[unit.kind] + unless

    @cached_property
    def libraries(self) -> tuple[tuple[str, str], ...]:
        """What each library does, by its name."""
        return tuple(self.loss.doc.libraries.items())

    @cached_property
    def drawn(self) -> dict[str, Any]:
        """The parameters that the curve is drawn with.

        A column has no value to draw, and several numbers, one for each class or output, no single curve: the
        default or the value of the example stands for them.
        """
        drawn: dict[str, Any] = {}
        plain = Explanation(LossSpec(self.loss), self.steps)
        for parameter in self.loss.parameters:
            value = self.values[parameter.name]
            several = isinstance(value, tuple) or (parameter.many != "" and isinstance(value, str))
            from_column = isinstance(value, str) and value.startswith("@")
            drawn[parameter.name] = plain.values[parameter.name] if several or from_column else value
        return drawn

    @property
    def not_drawn(self) -> tuple[str, ...]:
        """The given parameters that the curve does not show."""
        return tuple(name for name, value in self.values.items() if self.drawn[name] != value)

    def curve(self, count: int) -> Traced | None:
        """The loss and its slope at so many places; None where the loss says no argument to draw it over."""
        return None if self.loss.curve is None else trace(self.loss, self.loss.curve, self.drawn, count)

    @cached_property
    def ready(self) -> str:
        """A command to fill in: words in capitals stand for what only the user knows."""
        words = ["losscli", "compute", "--loss", self.loss.name]
        for parameter in self.loss.parameters:
            words += _option(parameter, self.values[parameter.name], parameter.name in self.spec.given)
        for role in self.needed:
            words += [f"--{_flag(role.name)}", "COLUMNS" if role.domain.vector else "COLUMN"]
        if self.loss.unit.kind == "set":
            words += ["--group", "COLUMN"]
        if self.loss.unit.kind == "batch":
            words += ["--batch-size", "N"]
        return shlex.join([*words, "FILE"])

    @property
    def needed(self) -> tuple[Role, ...]:
        """The roles of the shortest call: those that it cannot do without, and the first form of the alternatives."""
        form = self.loss.forms[0] if self.loss.forms else ()
        return tuple(role for role in self.loss.roles if not role.optional or role.name in form)


def _flag(name: str) -> str:
    return name.replace("_", "-")


def _inside(parameter: Parameter) -> Any:
    if parameter.domain is not None:
        return parameter.domain.inside()
    return parameter.choices[0] if parameter.choices else False


def _option(parameter: Parameter, value: Any, given: bool) -> list[str]:
    """The option of a parameter in a ready command: what was given or has to be, and numbers other than 0."""
    telling = isinstance(value, float) and value != 0.0
    if value is None or value is False or not (given or parameter.required or telling):
        return []
    flag = f"--{_flag(parameter.name)}"
    if value is True:
        return [flag]
    return [flag, ",".join(map(repr, value)) if isinstance(value, tuple) else str(value)]
