"""Embeddings that lie as a curve needs them: so far apart, or at such an angle."""

from losscli.arrays import Array, np
from losscli.curves import Bound, Curve, Line, place_by_place

__all__: list[str] = []


def _at_distance(x: Array, distance: str) -> tuple[Array, Array]:
    """Pairs of vectors that are x apart; a cosine distance is at most 2."""
    cosine = np.maximum(1.0 - x, -1.0)
    if distance == "cosine":
        apart = np.stack([cosine, np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0))], axis=-1)
        return np.tile([1.0, 0.0], (len(x), 1)), apart
    return np.zeros((len(x), 2)), np.stack([x, np.zeros_like(x)], axis=-1)


def _pairs(alike: bool) -> Line:
    def line(loss: Bound, x: Array) -> Array:
        similar = loss.keywords["similar"]
        left, right = _at_distance(x, loss.keywords["distance"])
        return loss(np.full_like(x, similar if alike else 1.0 - similar), left, right)

    return line


def _triples(loss: Bound, x: Array) -> Array:
    distance = loss.keywords["distance"]
    anchor, negative = _at_distance(x, distance)
    positive = [1.0, 0.0] if distance == "euclidean" else [0.0, 1.0]
    return loss(anchor, np.tile(positive, (len(x), 1)), -negative if distance == "euclidean" else negative)


def _first_of_two(loss: Bound, cosine: float) -> float:
    """The loss of a row of a batch of two, whose embeddings are at right angles to those of the other."""
    positive = [cosine, float(np.sqrt(max(1.0 - cosine * cosine, 0.0))), 0.0]
    return float(loss([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [positive, [0.0, 0.0, 1.0]])[0])


OVER_THE_COSINE = Curve(
    "cosine similarity to the positive, in a batch of 2", -1.0, 1.0, {"": place_by_place(_first_of_two)}
)
OVER_THE_PAIR = Curve(
    "distance of the pair", 0.0, 2.0, {"similar": _pairs(True), "dissimilar": _pairs(False)}, grows_with=("margin",)
)
OVER_THE_NEGATIVE = Curve(
    "distance of anchor and negative where that of the positive is 1",
    0.0,
    4.0,
    {"": _triples},
    grows_with=("margin",),
)
