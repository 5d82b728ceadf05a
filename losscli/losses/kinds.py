"""What the values of a prediction say of its kind, and where probabilities are clipped."""

from losscli.arrays import Array, Mask, np
from losscli.observations import Observation

__all__: list[str] = []


def _between_0_and_1(logits: Array | None = None, **_: object) -> int:
    """All rows where every logit lies between 0 and 1, none where one does not."""
    if logits is None or not logits.size or logits[:1].min() < 0.0 or logits[:1].max() > 1.0:
        return 0
    return 0 if logits.min() < 0.0 or logits.max() > 1.0 else len(logits)


LIKE_PROBABILITIES = Observation(
    "logits between 0 and 1",
    _between_0_and_1,
    "all logits lie between 0 and 1, as probabilities do; if they are, --probs reads them as such",
    when="all",
)


def beyond_eps(
    probs: Array | None = None,
    log_probs: Array | None = None,
    logits: Array | None = None,
    eps: Array | float = 0.0,
    **_: object,
) -> Mask:
    """Where a probability is clipped."""
    if probs is None:
        given = np.asarray(logits if log_probs is None else log_probs)
        return np.zeros(given.shape, dtype=np.bool_)
    # 1 - p is exact where it is the lesser; 1 - eps is not
    return np.minimum(probs, 1.0 - np.asarray(probs)) < eps
