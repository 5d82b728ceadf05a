"""The curve of a loss: over which argument it is shown, and how it and its slope are traced."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from losscli.arrays import Array, np
from losscli.domain import Domain
from losscli.records import dataclass
from losscli.signature import Parameter, Role

Bound: TypeAlias = "partial[Array]"
"""A loss with its parameters bound, which are its `keywords`."""
Line: TypeAlias = Callable[[Bound, Array], Array]
"""From a loss and places on the axis, of shape (n,), to the losses there."""

_STEP = 1e-5
"""Half the distance over which a slope is taken, as a share of the axis; rounding and curvature err alike there."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The argument over which a loss is shown.

    Attributes:
        axis: what the argument is.
        low, high: where the axis begins and ends.
        lines: for each label, the loss as a function of the argument; the label of a single line may be empty.
        grows_with: parameters on the scale of the axis, which grows until twice each of them lies on it.
    """

    axis: str
    low: float
    high: float
    lines: Mapping[str, Line]
    grows_with: tuple[str, ...] = ()

    def bounds(self, parameters: Mapping[str, Any]) -> tuple[float, float]:
        """Where the axis begins and ends under these parameters."""
        scales = [parameters.get(name) for name in self.grows_with]
        most = max((2.0 * float(scale) for scale in scales if isinstance(scale, (int, float))), default=0.0)
        factor = max(1.0, most / max(abs(self.low), abs(self.high)))
        return self.low * factor, self.high * factor


@dataclass(frozen=True, slots=True)
class TracedLine:
    """One line of a curve in numbers: the loss at each place, and its slope there."""

    label: str
    losses: Array
    slopes: Array


@dataclass(frozen=True, slots=True)
class Traced:
    """A curve in numbers."""

    axis: str
    places: Array
    lines: tuple[TracedLine, ...]


def error_curve(roles: Sequence[Role], parameters: Sequence[Parameter]) -> Curve | None:
    """The curve over pred - target of a loss that reads these two numbers; None for a loss that reads anything else."""
    domains = {role.name: role.domain for role in roles}
    if set(domains) != {"target", "pred"} or any(role.optional for role in roles):
        return None
    if any(domain.vector or domain.coded or domain.whole for domain in domains.values()):
        return None
    target, pred = domains["target"], domains["pred"]
    if _is_open(target) and _is_open(pred):
        scales = tuple(p.name for p in parameters if p.domain is not None and p.domain.low == 0.0 and p.domain.high > 1)
        return Curve("pred - target", -4.0, 4.0, {"": _error(0.0)}, grows_with=scales)
    level = next((value for value in (2.0, target.inside()) if value in target and value in pred), 1.0)
    # a loss may have no bound where its domain ends, so the axis stops short of it
    low, high = max(-4.0, 0.8 * (pred.low - level)), min(4.0, 0.8 * (pred.high - level))
    return Curve(f"pred - target at a target of {level:g}", low, high, {"": _error(level)})


def _is_open(domain: Domain) -> bool:
    return 0.0 in domain and -1e9 in domain and 1e9 in domain


def _error(target: float) -> Line:
    return lambda loss, error: loss(np.full_like(error, target), error + target)


def trace(loss: Callable[..., Array], curve: Curve, parameters: Mapping[str, Any], count: int) -> Traced:
    """The loss at `count` places of its axis, and its slopes there by central differences.

    Args:
        loss: checked or not; what it returns at a place without a loss is no number there.
    """
    low, high = curve.bounds(parameters)
    bound = partial(loss, **parameters)
    # places are short numbers: 0.2 and not 0.20000000000000018
    places = np.round(np.linspace(low, high, count), 12)
    reach = _STEP * (high - low)
    # at its ends the axis may touch the end of a domain: there the difference is that of a place further inside
    centre = np.clip(places, low + reach, high - reach)
    before, after = np.maximum(centre - reach, low), np.minimum(centre + reach, high)
    lines = []
    with np.errstate(all="ignore"):
        for label, line in curve.lines.items():
            left, middle, right = (line(bound, where) for where in (before, centre, after))
            # and the slope goes on from there as it bends; nothing is added elsewhere
            bend = np.where(centre == places, 0.0, (right - 2.0 * middle + left) / (reach * reach))
            slopes = (right - left) / (after - before) + (places - centre) * bend
            lines.append(TracedLine(label, line(bound, places) + 0.0, _rounded(slopes)))
    return Traced(curve.axis, places, tuple(lines))


def _rounded(slopes: Array) -> Array:
    """Without the digits that a difference of neighbours does not have, and without a sign of 0."""
    most = float(np.max(np.abs(slopes[np.isfinite(slopes)]), initial=0.0))
    return np.round(slopes, 8 - (math.floor(math.log10(most)) if most > 0.0 else 0)) + 0.0


def place_by_place(loss_at: Callable[[Bound, float], Any]) -> Line:
    """A line of a loss that takes one place at a time, such as that of a set or a batch."""
    return lambda loss, places: np.array([float(loss_at(loss, place)) for place in places.tolist()])
