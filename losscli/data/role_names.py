"""What the names of columns say about roles: words as they occur in prediction files."""

import re
from collections.abc import Mapping

from losscli.errors import UsageError
from losscli.records import dataclass

# A role's own name always counts; these are other words for it. A word counts where it begins or ends a column's name.
_WORDS: Mapping[str, frozenset[str]] = {
    "pred": frozenset(["pred", "predicted", "prediction", "forecast", "yhat", "hat"]),
    "target": frozenset(["true", "actual", "observed", "obs", "truth", "label", "target", "y", "gt"]),
    "var": frozenset(["var", "variance"]),
    "log_var": frozenset(["log_var", "logvar"]),
    "logits": frozenset(["logit", "logits"]),
    "probs": frozenset(["prob", "probs", "proba", "probability", "probabilities"]),
    "log_probs": frozenset(["log_prob", "log_probs", "logprob", "logprobs"]),
}
_STANDARD = ("pred", "target", "rate", "log_rate", "var", "std", "log_var", "logits", "probs", "log_probs")
_OTHER_WORDS = frozenset(["id", "ids", "n", "num", "count", "index", "date", "time", "horizon", "range"])
"""A name with one of these is about a truth or a prediction without being one."""
_STRONGER = (("pred", "target"), ("log_rate", "rate"), ("log_var", "var"), ("log_probs", "probs"))
"""y_pred begins with y; what says prediction outweighs what says truth, and log_rate outweighs rate."""


def words_of(role: str) -> frozenset[str]:
    """The words for a role."""
    return _WORDS.get(role, frozenset([role]))


TRUTH_WORDS = words_of("pred") | words_of("target")


def roles_of_name(name: str, also: tuple[str, ...] = ()) -> set[str]:
    """The roles that a column's name suggests.

    Args:
        also: roles to look for besides those that every file may have.
    """
    words = tokens(name)
    if not words:
        return set()
    ends = {words[0], words[-1], "_".join(words[:2]), "_".join(words[-2:])}
    fitting = {role for role in (*_STANDARD, *also) if ends & words_of(role)}
    for strong, weak in _STRONGER:
        if strong in fitting:
            fitting.discard(weak)
    if _OTHER_WORDS & set(words):
        fitting -= {"pred", "target"}
    # pred_var is a variance: the narrower word says what the number is
    if fitting - {"pred", "target"}:
        fitting -= {"pred", "target"}
    return fitting


def check_different(loss: str, roles: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a column that is compared with itself.

    Raises:
        UsageError: two roles have the same columns.
    """
    seen: dict[tuple[str, ...], str] = {}
    for role in sorted(roles, key=["target"].__contains__, reverse=True):
        other = seen.setdefault(roles[role], role)
        if other != role:
            raise UsageError(f"{loss}: {other} and {role} are the same column, {roles[role][0]!r}")


def stem(name: str) -> tuple[str, ...]:
    """What a prediction is of: price for price_pred; empty where the name does not say."""
    if "pred" not in roles_of_name(name):
        return ()
    return tuple(word for word in tokens(name) if word not in TRUTH_WORDS)


def tokens(name: str) -> list[str]:
    """The words of a name in lower case: split at symbols, digits kept, and at camel case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", spaced) if word]


@dataclass(frozen=True, slots=True)
class Member:
    """A column as one of several that differ in their ending: what they share, and the ending."""

    shared: str
    ending: str


def member(name: str) -> Member | None:
    """A name as one of a group: logit_ and 3 of logit_3; None where it has a single word."""
    parts = re.fullmatch(r"(.*[\W_])([^\W_]+)", name) or re.fullmatch(r"(.*[^\W\d_])(\d+)", name)
    return Member(parts[1], parts[2]) if parts else None
