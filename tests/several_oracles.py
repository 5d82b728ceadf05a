"""Independent values of losses of vectors, sets and batches, in 50 digits of mpmath, as the literature writes them.

A function here has the name of its loss and gets the roles by name: a number, or a list of them for a vector. Losses of
sets and batches get a list of rows and return the loss of the set, or a list of the losses of the rows.
"""

from collections.abc import Sequence
from typing import Any

from mpmath import mp

from tests.oracles import ULPS, Inexact, Number, oracle

Vector = Sequence[Number]
Vectors = Sequence[Vector]


def _nll(logits: Vector | None, probs: Vector | None, log_probs: Vector | None) -> list[Number]:
    """-log p of each class."""
    if log_probs is not None:
        return [-value for value in log_probs]
    if probs is not None:
        return [mp.inf if value == 0 else -mp.log(value) for value in probs]
    assert logits is not None
    # the others' share alone is what the loss of a sure class has: 100 digits keep it beside 1
    with mp.workdps(9000 if max(logits) - min(logits) > 200 else 200):
        total = mp.fsum([mp.exp(value) for value in logits])
        return [+mp.log(total / mp.exp(value)) for value in logits]


@oracle
def cross_entropy(
    target: Any,
    label_smoothing: Number,
    class_weight: Vector | None,
    logits: Vector | None = None,
    probs: Vector | None = None,
    log_probs: Vector | None = None,
    **_: Any,
) -> Number | Inexact:
    nll = _nll(logits, probs, log_probs)
    classes = len(nll)
    shares = list(target) if isinstance(target, list) else [mp.mpf(int(target) == c) for c in range(classes)]
    smoothed = [share * (1 - label_smoothing) + label_smoothing / classes for share in shares]
    weights = class_weight or [mp.mpf(1)] * classes
    terms = [w * q * loss for w, q, loss in zip(weights, smoothed, nll, strict=True) if q > 0]
    # what the mean multiplies by the weight of the row again
    own = mp.fsum([w * share for w, share in zip(weights, shares, strict=True)]) if class_weight else mp.mpf(1)
    if class_weight is None and len(terms) == 1 and terms[0] == nll[shares.index(1)] and logits is None:
        return terms[0]
    of_one = max(abs(value) for value in nll if value < mp.inf)
    why = "1 - label_smoothing and log p are rounded before they are multiplied and added"
    return Inexact(tuple(term / own for term in terms), why, (of_one,) if label_smoothing else ())


@oracle
def kl_div(
    target: Vector,
    base: str,
    logits: Vector | None = None,
    probs: Vector | None = None,
    log_probs: Vector | None = None,
    **_: Any,
) -> Inexact:
    nll = _nll(logits, probs, log_probs)
    scale = mp.log(2) if base == "2" else mp.mpf(1)
    terms = [p * part / scale for p, q in zip(target, nll, strict=True) if p > 0 for part in (mp.log(p), q)]
    return Inexact(tuple(terms), "log p and log q are rounded before they cancel")


@oracle
def elbo(
    reconstruction: Number,
    beta: Number,
    kl: Number = None,
    mu: Vector | None = None,
    log_var: Vector | None = None,
) -> Inexact:
    if kl is not None:
        return Inexact((reconstruction, beta * kl), "beta kl is rounded before it is added")
    assert mu is not None and log_var is not None  # noqa: PT018 - tells the type checker
    terms = [m * m / 2 for m in mu]
    for value in log_var:
        terms += [mp.expm1(value) / 2, -value / 2]
    why = "expm1(log_var) and log_var are rounded before they cancel"
    return Inexact((reconstruction, *(beta * term for term in terms)), why)


def _corners(box: Vector, box_format: str) -> tuple[Number, ...]:
    x, y, width, height = box
    if box_format == "xyxy":
        return x, y, width, height
    if box_format == "xywh":
        return x, y, x + width, y + height
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _boxes(target: Vector, pred: Vector, box_format: str, target_box_format: str | None) -> tuple[Number, ...]:
    """Intersection over union, the share of the hull that is not covered, the squared distance over the diagonal."""
    ax, ay, ax2, ay2 = _corners(target, target_box_format or box_format)
    bx, by, bx2, by2 = _corners(pred, box_format)
    both = max(min(ax2, bx2) - max(ax, bx), 0) * max(min(ay2, by2) - max(ay, by), 0)
    union = (ax2 - ax) * (ay2 - ay) + (bx2 - bx) * (by2 - by) - both
    wide, high = max(ax2, bx2) - min(ax, bx), max(ay2, by2) - min(ay, by)
    overlap = both / union if union else mp.mpf(target == pred)
    uncovered = (wide * high - union) / (wide * high) if wide * high else mp.mpf(0)
    apart = ((ax + ax2 - bx - bx2) ** 2 + (ay + ay2 - by - by2) ** 2) / 4
    diagonal = wide**2 + high**2
    return overlap, uncovered, apart / diagonal if diagonal else mp.mpf(0)


_AREAS = "corners, areas and their ratio are rounded before they are taken from 1"


@oracle
def box_iou(target: Vector, pred: Vector, box_format: str, target_box_format: str | None) -> Inexact:
    return Inexact((mp.mpf(1), -_boxes(target, pred, box_format, target_box_format)[0]), _AREAS)


@oracle
def giou(target: Vector, pred: Vector, box_format: str, target_box_format: str | None) -> Inexact:
    overlap, uncovered, _ = _boxes(target, pred, box_format, target_box_format)
    return Inexact((mp.mpf(1), -overlap, uncovered), _AREAS)


@oracle
def diou(target: Vector, pred: Vector, box_format: str, target_box_format: str | None) -> Inexact:
    overlap, _, distance = _boxes(target, pred, box_format, target_box_format)
    return Inexact((mp.mpf(1), -overlap, distance), _AREAS)


def _cosine(left: Vector, right: Vector) -> Number:
    return _dot(left, right) / mp.sqrt(_dot(left, left) * _dot(right, right))


def _dot(left: Vector, right: Vector) -> Number:
    return mp.fsum([a * b for a, b in zip(left, right, strict=True)])


def _distance(left: Vector, right: Vector, distance: str, p: Number = 2) -> Number:
    if distance == "cosine":
        return 1 - _cosine(left, right)
    return mp.fsum([abs(a - b) ** p for a, b in zip(left, right, strict=True)]) ** (mp.mpf(1) / p)


_UNIT = "vectors of length 1 have coordinates that are rounded, and their distance is made of those"


@oracle
def contrastive(
    target: Number, left: Vector, right: Vector, margin: Number, distance: str, similar: Number
) -> Number | Inexact:
    apart = _distance(left, right, distance)
    if target == similar and distance == "euclidean":
        return apart**2
    rounded = (mp.mpf(1), margin, apart)
    parts = (apart,) if target == similar else (margin, -apart)
    size = max(mp.fsum(parts), mp.mpf(0))
    # the square of a difference: its error is twice the difference times that of its parts, and the square of that
    own = ULPS * mp.mpf(2) ** -52 * max(rounded)
    return Inexact((size**2,), _UNIT, tuple(2 * size * part for part in rounded), least=float(own**2))


@oracle
def triplet(
    anchor: Vector, positive: Vector, negative: Vector, margin: Number, p: Number, swap: bool, distance: str
) -> Inexact:
    near = _distance(anchor, positive, distance, p)
    far = _distance(anchor, negative, distance, p)
    if swap:
        far = min(far, _distance(positive, negative, distance, p))
    terms = (near, -far, margin) if near - far + margin > 0 else (mp.mpf(0),)
    return Inexact(terms, f"distances are rounded before they cancel; {_UNIT}", (near, far, margin, mp.mpf(1)))


def _info_nce(anchor: Vector, positive: Vector, others: Vectors, temperature: Number, similarity: str) -> Inexact:
    compare = _cosine if similarity == "cosine" else _dot
    own = compare(anchor, positive) / temperature
    scores = [compare(anchor, other) / temperature for other in others]
    loss = mp.log1p(mp.fsum([mp.exp(score - own) for score in scores]))
    # each similarity is a sum of products, rounded, and e to its power has that as a relative error
    sizes = [mp.fsum([abs(a * b) for a, b in zip(anchor, other, strict=True)]) for other in (positive, *others)]
    largest = 1 / temperature if similarity == "cosine" else max(sizes) / temperature
    slope = min(-mp.expm1(-loss), loss)
    return Inexact((loss,), "similarities are rounded, and the temperature divides them", (largest * slope,))


@oracle
def info_nce(
    anchor: Any, positive: Any, temperature: Number, similarity: str, symmetric: bool, negative: Any = None
) -> Any:
    if negative is not None:
        return _info_nce(anchor, positive, negative, temperature, similarity)
    found = []
    for i in range(len(anchor)):
        ways = [(anchor, positive), (positive, anchor)] if symmetric else [(anchor, positive)]
        both = [_info_nce(a[i], b[i], [*b[:i], *b[i + 1 :]], temperature, similarity) for a, b in ways]
        terms = tuple(term / len(both) for way in both for term in way.terms)
        found.append(Inexact(terms, both[0].why, tuple(size for way in both for size in way.rounded)))
    return found


@oracle
def nt_xent(anchor: Vectors, positive: Vectors, temperature: Number) -> list[Inexact]:
    views, count = [*anchor, *positive], len(anchor)
    found = []
    for i in range(count):
        ways = []
        for own, other in ((i, i + count), (i + count, i)):
            rest = [view for place, view in enumerate(views) if place not in (own, other)]
            ways.append(_info_nce(views[own], views[other], rest, temperature, "cosine"))
        terms = tuple(term / 2 for way in ways for term in way.terms)
        found.append(Inexact(terms, ways[0].why, tuple(size for way in ways for size in way.rounded)))
    return found


def _mask_sums(target: Any, mask: Any, squared: bool) -> list[tuple[Number, Number, Number]]:
    """Intersection, prediction and truth of each class."""
    power = 2 if squared else 1
    classes = len(mask[0]) if isinstance(mask[0], list) else 1
    found = []
    for c in range(classes):
        p = [row[c] if isinstance(row, list) else row for row in mask]
        if isinstance(target[0], list):
            y = [row[c] for row in target]
        else:
            y = [mp.mpf(int(value) == c) for value in target] if isinstance(mask[0], list) else list(target)
        both = mp.fsum([a * b for a, b in zip(p, y, strict=True)])
        found.append((both, mp.fsum([a**power for a in p]), mp.fsum([b**power for b in y])))
    return found


def _mask(logits: Any, probs: Any, pred: Any) -> Any:
    if logits is None:
        return probs if probs is not None else pred
    if not isinstance(logits[0], list):
        return [1 / (1 + mp.exp(-value)) for value in logits]
    return [[mp.exp(-value) for value in _nll(row, None, None)] for row in logits]


_SUMS = "the sums and their ratio are rounded before they are taken from 1"


def _overlap(ratio: Any, target: Any, mask: Any, average: str, squared: bool = False) -> Inexact:
    """One less the ratio of each class: their mean, or that of the sums of all."""
    sums = _mask_sums(target, mask, squared)
    if average == "micro":
        sums = [tuple(mp.fsum(part) for part in zip(*sums, strict=True))]
    losses = [1 - ratio(*parts) for parts in sums]
    return Inexact((mp.fsum(losses) / len(losses),), _SUMS, (mp.mpf(1),))


@oracle
def dice(
    target: Any,
    eps: Number,
    squared: bool,
    average: str,
    logits: Any = None,
    probs: Any = None,
    pred: Any = None,
    **_: Any,
) -> Inexact:
    mask = _mask(logits, probs, pred)
    return _overlap(lambda both, p, y: (2 * both + eps) / (p + y + eps), target, mask, average, squared)


@oracle
def iou(
    target: Any,
    eps: Number,
    squared: bool,
    average: str,
    logits: Any = None,
    probs: Any = None,
    pred: Any = None,
    **_: Any,
) -> Inexact:
    mask = _mask(logits, probs, pred)
    return _overlap(lambda both, p, y: (both + eps) / (p + y - both + eps), target, mask, average, squared)


@oracle
def tversky(
    target: Any,
    alpha: Number,
    beta: Number,
    eps: Number,
    average: str,
    logits: Any = None,
    probs: Any = None,
    pred: Any = None,
    **_: Any,
) -> Inexact:
    mask = _mask(logits, probs, pred)

    def ratio(both: Number, p: Number, y: Number) -> Number:
        return (both + eps) / (both + alpha * (p - both) + beta * (y - both) + eps)

    return _overlap(ratio, target, mask, average)
