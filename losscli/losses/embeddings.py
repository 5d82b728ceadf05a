"""Losses of embeddings: pairs, triples, and rows of a batch against one another."""

from typing import Literal, TypeAlias

from losscli.arrays import Array, np
from losscli.catalogue import Rows, loss
from losscli.domain import Binary, BinaryNumber, Direction, Embedding, PositiveNumber, PositiveScalar, Stack
from losscli.errors import UsageError
from losscli.losses.embedding_curves import OVER_THE_COSINE, OVER_THE_NEGATIVE, OVER_THE_PAIR
from losscli.losses.similarities import among_others, among_themselves, both_ways
from losscli.numerics import norm, total, unit_rows
from losscli.observations import Observation
from losscli.signature import Batch, BatchUnlessNegative

Distance: TypeAlias = Literal["euclidean", "cosine"]


def _distance(left: Array, right: Array, distance: Distance, p: float = 2.0) -> Array:
    if distance == "euclidean":
        return norm(left - right, p)
    # 1 - cos is half the squared distance of the unit vectors, which keeps its digits where they are close
    apart = unit_rows(left) - unit_rows(right)
    return 0.5 * total(apart * apart)


def _the_wrong_way(
    target: Array,
    left: Array,
    right: Array,
    margin: float | Array = 1.0,
    distance: Distance = "euclidean",
    similar: float = 1.0,
) -> int:
    """Rows in which a similar pair is farther apart than the margin, or another one nearer."""
    far = _distance(left, right, distance) > margin
    return int(np.count_nonzero(far == (target == similar)))


WRONG_WAY = Observation(
    "similar pairs apart",
    _the_wrong_way,
    "in {count} rows, half of all or more, similar pairs are farther apart than the margin or others nearer; "
    "--similar 1 or 0 says which label marks similar pairs",
    when="half",
)


@loss(
    task="metric learning",
    convex="no",
    differentiable="piecewise",
    robust="by the margin; no",
    units="squared distance units",
    pred_means="",
    observes=(WRONG_WAY,),
    variants={"left": ("distance",), "right": ("distance",)},
    curve=OVER_THE_PAIR,
)
def contrastive(
    target: Binary,
    left: Embedding,
    right: Embedding,
    *,
    margin: PositiveNumber = 1.0,
    distance: Distance = "euclidean",
    similar: BinaryNumber = 1.0,
) -> Rows:
    """Squared distance of a similar pair, and how far a dissimilar pair is within the margin, squared.

    Formula: y d^2 + (1 - y) max(0, margin - d)^2, where y is 1 for a similar pair
    Args:
        target: whether the pair is similar: 1 or 0, or as --similar says.
        left: the columns of the first embedding.
        right: the columns of the second embedding.
        margin: the distance that a dissimilar pair needs to cost nothing.
        distance: euclidean, or cosine for one less the cosine of the angle.
        similar: the label of a similar pair, 1 or 0.
    Pitfalls: The original paper marks similar pairs by 0: --similar 0; pairs that look marked the other way bring a
        warning. A vector of zeros has no cosine and is refused. A margin beyond 2 means nothing for cosine
        distances, which go up to 2.
    Libraries:
        PyTorch: none; CosineEmbeddingLoss is another loss, with labels of 1 and -1.
        pytorch-metric-learning: ContrastiveLoss takes the distances without a square.
    Reference: R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant mapping,
        CVPR 2006; without its factor of 1/2.
    Example:
        a distance of 5, similar and not

        >>> contrastive([1.0, 0.0], [[0.0, 0.0]] * 2, [[3.0, 4.0]] * 2, margin=6.0).tolist()
        [25.0, 1.0]
    """
    apart = _distance(left, right, distance)
    short = np.maximum(margin - apart, 0.0)
    return np.where(target == similar, apart * apart, short * short)


@loss(
    task="metric learning",
    convex="no",
    differentiable="piecewise",
    robust="by the margin; no",
    units="distance units",
    pred_means="",
    acts_with={"p": "distance=euclidean"},
    variants={"anchor": ("distance",), "positive": ("distance",), "negative": ("distance",)},
    curve=OVER_THE_NEGATIVE,
)
def triplet(
    anchor: Embedding,
    positive: Embedding,
    negative: Embedding,
    *,
    margin: PositiveNumber = 1.0,
    p: PositiveScalar = 2.0,
    swap: bool = False,
    distance: Distance = "euclidean",
) -> Rows:
    """How much closer than the margin the negative is to the anchor, seen from the positive.

    Formula: max(0, d(anchor, positive) - d(anchor, negative) + margin)
    Args:
        anchor: the columns of the anchor's embedding.
        positive: the columns of the embedding of the same class.
        negative: the columns of the embedding of another class.
        margin: by how much the negative must be farther.
        p: the norm of euclidean distances: 2, 1 or another.
        swap: takes the distance of positive and negative where it is less than that of anchor and negative.
        distance: euclidean, or cosine for one less the cosine of the angle.
    Pitfalls: Most triples of a trained model cost 0, so that the mean says more about how triples were chosen than
        about the model. Positive and negative swapped give a number all the same. A vector of zeros has no cosine and
        is refused.
    Libraries:
        PyTorch: TripletMarginLoss agrees with its eps set to 0; by default it adds 1e-6 to each difference.
        pytorch-metric-learning: TripletMarginLoss has a margin of 0.05 and normalises the embeddings first.
    Reference: F. Schroff, D. Kalenichenko and J. Philbin, FaceNet, CVPR 2015, with distances not squared.
    Example:
        distances of 1 and 1.5

        >>> triplet([[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.5]]).tolist()
        [0.5]
    """
    near = _distance(anchor, positive, distance, p)
    far = _distance(anchor, negative, distance, p)
    if swap:
        far = np.minimum(far, _distance(positive, negative, distance, p))
    return np.maximum(near - far + margin, 0.0)


def _scaled(vectors: Array, similarity: str) -> Array:
    return unit_rows(vectors) if similarity == "cosine" else vectors


@loss(
    task="contrastive learning",
    convex="no in the embeddings",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    pred_means="",
    variants={"anchor": ("similarity",), "positive": ("similarity",), "negative": ("similarity",)},
    curve=OVER_THE_COSINE,
)
def info_nce(
    anchor: Direction,
    positive: Direction,
    negative: Stack | None = None,
    *,
    temperature: PositiveScalar = 0.1,
    similarity: Literal["cosine", "dot"] = "cosine",
    symmetric: bool = False,
) -> BatchUnlessNegative:
    """Cross-entropy of finding the positive of an anchor among negatives by similarity.

    Formula: -log of exp(s(a, p) / T) over the sum of exp(s(a, x) / T) for the positive and the negatives x
    Args:
        anchor: the columns of the anchor's embedding.
        positive: the columns of the embedding that belongs to it.
        negative: the negatives of the row, a list of vectors; without it the positives of the other rows of a batch.
        temperature: divides the similarities.
        similarity: cosine, or dot for the product of the vectors as they are.
        symmetric: the mean with the loss of finding the anchor among the anchors of the batch.
    Pitfalls: The loss depends on how many negatives there are: with n in all, guessing costs log n. A batch of one
        row has no negatives and costs 0, which brings a warning. A vector of zeros has no cosine and is refused.
    Libraries:
        PyTorch: none; cross_entropy(a @ p.T / T, arange(n)) of unit vectors agrees, and with its transpose symmetric.
        pytorch-metric-learning: NTXentLoss(temperature=0.07) takes negatives of the same labels out.
    Reference: A. van den Oord, Y. Li and O. Vinyals, Representation learning with contrastive predictive coding,
        2018.
    Example:
        a positive as similar as the one negative: one of two, log 2

        >>> info_nce([[1.0, 0.0]], [[1.0, 1.0]], [[[1.0, -1.0]]]).round(12).tolist()
        [0.69314718056]
    """
    left, right = _scaled(anchor, similarity), _scaled(positive, similarity)
    if negative is not None:
        if symmetric:
            raise UsageError("info_nce: symmetric compares the rows of a batch, not negatives of a row's own")
        known = total(left * right) / temperature
        apart = total(_scaled(negative, similarity) * left[:, None, :]) / temperature - known[:, None]
        least = np.maximum(apart.max(axis=1), 0.0)
        value: Array = least + np.log1p(np.expm1(-least) + total(np.exp(apart - least[:, None])))
        return value
    if not symmetric:
        return among_others(left, right, temperature)
    forward, backward = both_ways(left, right, temperature)
    return 0.5 * (forward + backward)


@loss(
    task="contrastive learning",
    convex="no in the embeddings",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    pred_means="",
    curve=OVER_THE_COSINE,
)
def nt_xent(anchor: Direction, positive: Direction, *, temperature: PositiveScalar = 0.5) -> Batch:
    """Cross-entropy of finding the other view of a row among all views of a batch by cosine similarity.

    Formula: -log of exp(s(v, v') / T) over the sum of exp(s(v, x) / T) for all views x but v, both views of a row
    Args:
        anchor: the columns of the embedding of one view.
        positive: the columns of the embedding of the other view.
        temperature: divides the similarities.
    Pitfalls: The loss depends on the size of the batch: guessing costs log(2n - 1). A batch of one row has no
        negatives and costs 0.
    Libraries:
        PyTorch: none; cross_entropy over the 2n views with the diagonal at minus infinity agrees.
        pytorch-metric-learning: SelfSupervisedLoss(NTXentLoss(temperature=0.5)) agrees.
    Reference: T. Chen and others, A simple framework for contrastive learning of visual representations, ICML 2020.
    Example:
        two pairs at right angles: one of three, the others at exp(-2)

        >>> nt_xent([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]).round(12).tolist()
        [0.239544766222, 0.239544766222]
    """
    views = np.concatenate([unit_rows(anchor), unit_rows(positive)])
    count = len(anchor)
    places = (np.arange(2 * count) + count) % (2 * count)
    losses = among_themselves(views, places, temperature)
    return 0.5 * (losses[:count] + losses[count:])
