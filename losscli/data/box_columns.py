"""The four columns of a box: their order where names say it, and the format that names speak of."""

from collections.abc import Sequence

from losscli.data.role_names import tokens
from losscli.errors import UsageError

_LOW = (("x1", "y1"), ("xmin", "ymin"), ("minx", "miny"), ("left", "top"), ("l", "t"))
_HIGH = (("x2", "y2"), ("xmax", "ymax"), ("maxx", "maxy"), ("right", "bottom"), ("r", "b"))
_CENTERS = (
    ("cx", "cy"),
    ("xc", "yc"),
    ("xcenter", "ycenter"),
    ("centerx", "centery"),
    ("xcentre", "ycentre"),
    ("centrex", "centrey"),
)
_SIZES = (("w", "h"), ("width", "height"))
_ORDERS = {
    "xyxy": (*(low + high for low, high in zip(_LOW, _HIGH, strict=True)), ("x0", "y0", "x1", "y1")),
    "xywh": tuple(corner + size for corner in (("x", "y"), *_LOW) for size in _SIZES),
    "cxcywh": tuple(center + size for center in _CENTERS for size in _SIZES),
}
_TURNED = (1, 0, 3, 2)
"""y before x: a box on its side, which overlaps as it does upright if the other one is turned as well."""


def box_order(names: Sequence[str]) -> tuple[str, ...]:
    """The names that a pattern found, in the order of a box.

    Raises:
        UsageError: the names neither are those of a box nor end in numbers.
    """
    places = _places(names)
    if places is not None:
        return tuple(names[places.index(i)] for i in range(4))
    if len(names) == 4 and not all(part.isdigit() for part in _parts(names)):
        raise UsageError(
            f"the order of the columns {', '.join(names)} in a box is not clear from their names",
            hint="name the four in order: x1,y1,x2,y2, or x,y,w,h with --box-format xywh",
        )
    return tuple(names)


def check_order(loss: str, sides: dict[str, Sequence[str]]) -> None:
    """Refuse columns that are named in another order than that of a box.

    Raises:
        UsageError: the order is not that of a box, or not the same on both sides.
    """
    found = {role: places for role, names in sides.items() if (places := _places(names)) is not None}
    for role, places in found.items():
        if places == (0, 1, 2, 3) or (places == _TURNED and all(other == _TURNED for other in found.values())):
            continue
        names = sides[role]
        raise UsageError(
            f"{loss}: {role} has the columns of a box in another order: {', '.join(names)}",
            hint=f"--{role} {','.join(box_order(names))}",
        )


def box_format_of(names: Sequence[str]) -> str | None:
    """The format that the names speak of, in whatever order; None where they speak of none."""
    parts = sorted(_parts(names))
    return next((kind for kind, orders in _ORDERS.items() if any(sorted(order) == parts for order in orders)), None)


def _places(names: Sequence[str]) -> tuple[int, ...] | None:
    """The place in a box that each name speaks of."""
    parts = _parts(names)
    for orders in _ORDERS.values():
        for order in orders:
            if sorted(order) == sorted(parts):
                return tuple(order.index(part) for part in parts)
    return None


def _parts(names: Sequence[str]) -> tuple[str, ...]:
    """What is left of the names without the words that all begin or end with."""
    words = [tokens(name) for name in names]
    shortest = min(map(len, words), default=0)
    start = 0
    while start < shortest - 1 and len({part[start] for part in words}) == 1:
        start += 1
    end = 0
    while end < shortest - 1 - start and len({part[-1 - end] for part in words}) == 1:
        end += 1
    return tuple("".join(part[start : len(part) - end]) for part in words)
