"""The catalogue: what a loss is, the decorator that makes one, and look-up by name.

A loss is one decorated function. Its signature and docstring are the only description of it:
positional parameters are the roles that it reads, keyword-only parameters are its options, annotations
are their domains, the return annotation says what a unit is.
"""

from collections.abc import Callable, Iterator
from typing import Literal, Unpack

from losscli.arrays import Array
from losscli.calling import GIVEN_ELSEWHERE
from losscli.errors import UsageError
from losscli.loss import Loss, Traits
from losscli.signature import Facts, Parameter, ParameterValue, Role, Rows, read_signature

__all__ = [
    "GIVEN_ELSEWHERE",
    "Facts",
    "Loss",
    "Parameter",
    "ParameterValue",
    "Role",
    "Rows",
    "all_losses",
    "find",
    "loss",
]


_BY_NAME: dict[str, Loss] = {}


def loss(
    *,
    task: str,
    convex: str,
    differentiable: str,
    robust: str,
    units: str,
    direction: Literal["lower", "higher"] = "lower",
    **traits: Unpack[Traits],
) -> Callable[[Callable[..., Array]], Loss]:
    """Make a loss of a function and enter it in the catalogue.

    Args:
        task, convex, differentiable, robust, units, direction: the facts that `list` shows.
        **traits: what else the engine must know, see `Traits`.
    """

    def decorate(function: Callable[..., Array]) -> Loss:
        signature = read_signature(function)
        made = Loss(
            name=function.__name__,
            function=function,
            roles=signature.roles,
            parameters=signature.parameters,
            unit=signature.unit,
            facts=Facts(task, convex, differentiable, robust, units, direction),
            **traits,
        )
        for name in (made.name, *made.aliases):
            if name in _BY_NAME:
                raise ValueError(f"two losses are called {name}")
            _BY_NAME[name] = made
        return made

    return decorate


def all_losses() -> Iterator[Loss]:
    """Every loss once, in the order in which the families define them."""
    import losscli.losses  # noqa: F401 - importing the families is what fills the catalogue

    seen: set[str] = set()
    for entry in _BY_NAME.values():
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry


def find(name: str) -> Loss:
    """The loss of this name or alias; hyphens and capitals do not matter.

    Raises:
        UsageError: there is none; the message has the nearest names.
    """
    known = {alias: entry for entry in all_losses() for alias in (entry.name, *entry.aliases)}
    wanted = name.strip().lower().replace("-", "_")
    if wanted in known:
        return known[wanted]
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`losscli list` shows all of them"
    raise UsageError(f"there is no loss called {name!r}", hint=hint)
