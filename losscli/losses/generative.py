"""Losses of generative models."""

from losscli.arrays import np
from losscli.catalogue import Rows, loss
from losscli.curves import Curve
from losscli.domain import NonNegative, NonNegativeNumber, Real, Vector
from losscli.numerics import exp_rest, total


@loss(
    aliases=("beta_vae",),
    task="generative models",
    convex="no in the model (yes in mu and log_var)",
    differentiable="yes",
    robust="not applicable",
    units="nats",
    one_of=("kl", "mu+log_var"),
    pred_means="reconstruction",
    curve=Curve("kl at a reconstruction of 1", 0.0, 5.0, {"": lambda loss, x: loss(np.ones_like(x), kl=x)}),
)
def elbo(
    reconstruction: Real,
    kl: NonNegative | None = None,
    mu: Vector | None = None,
    log_var: Vector | None = None,
    *,
    beta: NonNegativeNumber = 1.0,
) -> Rows:
    """Negative evidence lower bound: the reconstruction loss and, times beta, the divergence from the prior.

    Formula: reconstruction + beta KL, where KL = -1/2 sum of (1 + log_var - mu^2 - exp(log_var))
    Args:
        reconstruction: the negative log-likelihood of the reconstruction.
        kl: the divergence of the posterior from the prior, 0 or more.
        mu: the means of the posterior, instead of kl; the prior is standard normal.
        log_var: the logarithms of its variances, with mu.
        beta: the weight of the divergence; other than 1 it is a beta-VAE.
    Pitfalls: A reconstruction loss that is a mean over pixels is not on the scale of a KL that is a sum over latent
        dimensions: beta then means something else.
    Libraries:
        PyTorch: none; the example VAE adds the sums of both over a batch: --reduction sum.
        Keras: none; its example takes the mean over a batch of the sums over pixels and dimensions.
    Reference: D. P. Kingma and M. Welling, Auto-encoding variational Bayes, ICLR 2014; I. Higgins and others,
        beta-VAE, ICLR 2017.
    Example:
        a reconstruction of 12.5 and a divergence of 3.2

        >>> elbo([12.5], [3.2], beta=4.0).tolist()
        [25.3]
    """
    if kl is None:
        assert mu is not None and log_var is not None  # noqa: S101, PT018 - the catalogue has checked the roles
        kl = 0.5 * total(mu * mu + exp_rest(log_var))
    return reconstruction + beta * kl
