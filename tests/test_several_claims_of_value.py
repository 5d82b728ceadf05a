"""Units of the losses of several values a row, of sets and of batches: measured otherwise, and as probabilities."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import integrate, stats

from losscli.catalogue import Loss, find
from tests.sampling import forms
from tests.several_settings import SEVERAL, WIDTH, Setting

each_loss = pytest.mark.parametrize("loss", SEVERAL, ids=lambda loss: loss.name)


@each_loss
def test_its_units_are_as_claimed(loss: Loss) -> None:
    units = loss.facts.units
    powers = {"distance units": 1, "squared distance units": 2}
    rng = np.random.default_rng(11)
    if units in powers:
        values = Setting(loss, next(forms(loss)), {}).draw(rng, 300)
        scaled = {name: array if name == "target" else 8.0 * array for name, array in values.items()}
        np.testing.assert_array_equal(loss(**scaled, margin=24.0), 8.0 ** powers[units] * loss(**values, margin=3.0))
    elif units == "none":
        for form in forms(loss):
            values = Setting(loss, form, {}).draw(rng, 30)
            if loss.unit.kind == "set":
                # twice as many pixels of the same kind are the same picture
                twice = {name: np.concatenate([array, array]) for name, array in values.items()}
                assert float(loss(**twice, eps=0.0)) == pytest.approx(float(loss(**values, eps=0.0)), rel=1e-12)
            else:
                scaled = {name: 8.0 * array for name, array in values.items()}
                np.testing.assert_array_equal(loss(**scaled), loss(**values))
    elif units == "nats":
        assert loss.name in PROBABILITIES, f"{loss.name}: no reading of its nats in {__file__}"
        for total in PROBABILITIES[loss.name](rng):
            assert total == pytest.approx(1.0, rel=1e-9)
    else:
        pytest.fail(f"{loss.name}: units are said to be {units!r}, which has no reading in {__file__}")


# --- in nats a loss is minus the logarithm of a probability: over all that could be true those make 1


def _of_classes(rng: np.random.Generator) -> Iterator[float]:
    shares = rng.dirichlet(np.ones(WIDTH), WIDTH)[:1].repeat(WIDTH, axis=0)
    labels = np.arange(WIDTH, dtype=np.float64)
    for form in ({"probs": shares}, {"log_probs": np.log(shares)}, {"logits": np.log(shares) + 5.0}):
        yield float(np.exp(-find("cross_entropy")(labels, **form)).sum())
        yield float(np.exp(-find("kl_div")(np.eye(WIDTH), **form)).sum())
        assert find("kl_div").units({"base": "2"}) == "bits"
        yield float(np.exp2(-find("kl_div")(np.eye(WIDTH), **form, base="2")).sum())


def _of_a_divergence(rng: np.random.Generator) -> Iterator[float]:
    """The divergence is the mean of the log-ratio of two densities; the reconstruction is added as it is."""
    for mu, log_var in rng.normal(size=(4, 2)).tolist():
        posterior, prior = stats.norm(mu, math.exp(log_var / 2.0)), stats.norm(0.0, 1.0)
        expected, _ = integrate.quad(
            lambda z, q=posterior, p=prior: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mu - 30.0, mu + 30.0, points=[mu]
        )
        yield float(find("elbo")([0.0], mu=[[mu]], log_var=[[log_var]])[0]) / expected
        yield float(find("elbo")([2.0], [expected])[0]) / (2.0 + expected)


def _of_candidates(rng: np.random.Generator) -> Iterator[float]:
    """Each candidate in turn as the positive of the same anchor; and candidates that are all alike."""
    anchor, candidates = rng.normal(size=(4, WIDTH))[:1].repeat(4, axis=0), rng.normal(size=(4, WIDTH))
    others = np.stack([np.delete(candidates, i, axis=0) for i in range(4)])
    for similarity in ("cosine", "dot"):
        yield float(np.exp(-find("info_nce")(anchor, candidates, others, similarity=similarity)).sum())
    for count in (2, 5):
        alike = np.ones((count, WIDTH))
        yield float(np.exp(-find("info_nce")(alike, alike)[0])) * count
        yield float(np.exp(-find("nt_xent")(alike, alike)[0])) * (2 * count - 1)


PROBABILITIES: dict[str, Callable[[np.random.Generator], Iterator[float]]] = {
    "cross_entropy": _of_classes,
    "kl_div": _of_classes,
    "elbo": _of_a_divergence,
    "info_nce": _of_candidates,
    "nt_xent": _of_candidates,
}
