"""The four columns of a box: their order where names say it, and the format that names speak of."""

from collections.abc import Sequence

from losscli.data.role_names import member

_ORDERS = {
    "xyxy": (
        ("x1", "y1", "x2", "y2"),
        ("xmin", "ymin", "xmax", "ymax"),
        ("x0", "y0", "x1", "y1"),
        ("left", "top", "right", "bottom"),
    ),
    "xywh": (
        ("x", "y", "w", "h"),
        ("x", "y", "width", "height"),
        ("left", "top", "width", "height"),
        ("xmin", "ymin", "width", "height"),
        ("x1", "y1", "w", "h"),
    ),
    "cxcywh": (
        ("cx", "cy", "w", "h"),
        ("xc", "yc", "w", "h"),
        ("cx", "cy", "width", "height"),
    ),
}


def box_order(names: Sequence[str]) -> tuple[str, ...]:
    """The names in the order of a box where their endings say it, otherwise as they are."""
    endings = [_ending(name) for name in names]
    for orders in _ORDERS.values():
        for order in orders:
            if sorted(endings) == sorted(order):
                return tuple(names[endings.index(ending)] for ending in order)
    return tuple(names)


def box_format_of(names: Sequence[str]) -> str | None:
    """The format that the names speak of; None where they speak of none."""
    endings = tuple(_ending(name) for name in names)
    return next((kind for kind, orders in _ORDERS.items() if endings in orders), None)


def _ending(name: str) -> str:
    part = member(name)
    # true_x1 may be read as true_x and 1
    last = name.lower() if part is None else part.ending.lower()
    if last.isdigit() and part is not None:
        inner = member(part.shared)
        last = (inner.ending if inner is not None else part.shared).lower() + last
    return last
