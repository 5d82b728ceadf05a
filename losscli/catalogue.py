"""The catalogue: what a loss is, the decorator that makes one, and look-up by name.

A loss is one decorated function. Its signature and docstring are the only description of it:
positional parameters are the roles that it reads, keyword-only parameters are its options, annotations
are their domains, the return annotation says what a unit is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from losscli.arrays import Array, Mask
from losscli.calling import GIVEN_ELSEWHERE
from losscli.errors import UsageError
from losscli.loss import Loss
from losscli.observations import Observation
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
    aliases: tuple[str, ...] = (),
    one_of: tuple[str, ...] = (),
    pred_means: str = "pred",
    guards: Mapping[str, str] | None = None,
    variants: Mapping[str, tuple[str, ...]] | None = None,
    reveals: tuple[str, ...] = (),
    clipped: Callable[..., Mask] | None = None,
    weighs: Callable[..., Array | None] | None = None,
    ignores: tuple[str, str] | None = None,
    of_sums: Callable[..., Array] | None = None,
    leaves_out: tuple[str, str] | None = None,
    several_by: tuple[str, str] | None = None,
    observes: Sequence[Observation] = (),
    observes_sets: Sequence[Observation] = (),
    reductions: tuple[str, ...] = (),
    units_by: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Array]], Loss]:
    """Make a loss of a function and enter it in the catalogue.

    Args:
        task, convex, differentiable, robust, units, direction: the facts that `list` shows.
        aliases: other names that are accepted.
        one_of: optional roles of which exactly one is read; `a+b` is a form that consists of two.
        pred_means: the role that `--pred` stands for; empty where the kind of a prediction must be said.
        guards: for a role, the parameter that relaxes its domain when it is set.
        variants: for a role, the parameters whose word chooses among the variants of its domain; the first that is
            given counts.
        reveals: roles whose NaN and infinity never leave the loss finite, so that a finite loss proves them finite;
            the columns of other roles are looked at. A property test holds the loss to it.
        clipped: for a loss that replaces values near the edge of a domain, which ones; it takes what the loss takes.
        weighs: for a loss whose parameters weigh rows, the weight of each row; None for weights of 1.
        ignores: a role and a parameter: rows in which they are equal are no units, and are counted as ignored.
        of_sums: for a set, its loss from the sums of what the function returns: of shape (sets, sums) and the
            parameters; NaN where a set has none.
        leaves_out: a parameter and its word under which sets without a loss are left out and counted.
        several_by: a parameter and its word under which a set has several losses, one for each class.
        observes_sets: what to look for in the sums of sets, which are given as `sums`.
        observes: what to look for in valid rows.
        reductions: reductions that this loss has besides those of all.
        units_by: for a flag among the parameters, or `name=word`, the units that it makes of the value.
    """

    def decorate(function: Callable[..., Array]) -> Loss:
        signature = read_signature(function)
        made = Loss(
            name=function.__name__,
            aliases=aliases,
            function=function,
            roles=signature.roles,
            parameters=signature.parameters,
            unit=signature.unit,
            facts=Facts(task, convex, differentiable, robust, units, direction),
            one_of=one_of,
            pred_means=pred_means,
            guards=guards or {},
            variants=variants or {},
            reveals=reveals,
            clipped=clipped,
            weighs=weighs,
            ignores=ignores,
            of_sums=of_sums,
            leaves_out=leaves_out,
            several_by=several_by,
            observes=tuple(observes),
            observes_sets=tuple(observes_sets),
            reductions=reductions,
            units_by=units_by or {},
        )
        for name in (made.name, *aliases):
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
