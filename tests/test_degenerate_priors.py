"""Priors of the heterogeneity that rise without bound at 0 are integrated, not lost."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.families.synthesis.gaussian import GaussianModel
from bayes_escc.families.synthesis.gaussian import integrate as exact
from bayes_escc.runs.prompt_effects import pool_effects

Y, SE = np.array([-0.9, -0.75, -0.5, -0.35, -0.2, -0.12]), np.array([0.45, 0.4, 0.3, 0.2, 0.12, 0.08])
MODEL = GaussianModel(Y, np.diag(SE**2), np.ones((6, 1)), np.eye(6), np.zeros(1), np.ones(1))


@pytest.mark.parametrize("shape", [0.001, 0.02, 0.2])
def test_gamma_priors_of_tau_are_integrated_in_their_own_quantiles(shape):
    """Integrated over the prior's own probability, where nothing is singular: 1.9e-140 was printed for the mean."""
    prior = stats.gamma(shape, scale=1 / shape)

    def likelihood(tau):
        return stats.multivariate_normal(np.zeros(6), np.diag(SE**2 + tau**2) + 1.0).pdf(Y)

    # the quantile of q is so close to 0 below this that the likelihood does not change
    start = prior.cdf(1e-6)
    points = [prior.cdf(t) for t in (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4, 0.8, 2.0)]

    def over(function):
        edges = [start, *points, 1.0]
        return sum(
            integrate.quad(lambda q: function(prior.ppf(q)), a, b, epsabs=0, epsrel=1e-9, limit=200)[0]
            for a, b in itertools.pairwise(edges)
            if b > a
        )

    evidence = start * likelihood(0.0) + over(likelihood)
    mean = over(lambda t: t * likelihood(t)) / evidence
    found = exact(MODEL, be.Prior("Gamma", alpha=shape, beta=shape))
    assert found.log_evidence == pytest.approx(np.log(evidence), abs=1e-5)
    assert found.law.mean == pytest.approx(mean, rel=1e-3)  # the oracle starts at 1e-6
    assert float(found.law.cdf(0.1)) == pytest.approx(
        (
            start * likelihood(0.0)
            + integrate.quad(
                lambda q: likelihood(prior.ppf(q)),
                start,
                prior.cdf(0.1),
                points=[p for p in points if start < p < prior.cdf(0.1)],
                limit=400,
            )[0]
        )
        / evidence,
        abs=1e-4,
    )


@pytest.mark.parametrize(
    ("law", "limits"),
    [
        ("InverseGamma(0.001, 0.001, variance)", (0.4594, 0.7438, 1.3914)),
        ("InverseGamma(0.001, 0.001)", (0.532, 0.737, 1.089)),
        ("LogNormal(0, 40)", (0.572, 0.734, 0.944)),
        ("Uniform(0, 100, variance)", (0.179, 0.866, 5.112)),
    ],
)
def test_priors_with_draws_beyond_all_numbers_are_integrated_without_a_warning(law, limits):
    """Limits from a grid of log tau from -400 to 400; a draw of such a prior may overflow, and so may its square."""
    found = pool_effects(["a=0.8,0.5,1.2", "b=0.7,0.5,0.9"], tau_prior=law)
    row = next(r for r in found["estimates"] if r["estimand"] == "effect")
    assert (row["lower"], row["median"], row["upper"]) == pytest.approx(limits, abs=6e-4)  # of three decimals


def test_draws_of_every_prior_are_numbers_whose_squares_are_too():
    rng = np.random.default_rng(1)
    for prior in (
        be.Prior("InverseGamma", alpha=0.001, beta=0.001),
        be.Prior("InverseGamma", alpha=0.001, beta=0.001, variance=True),
    ):
        drawn = prior.sample(rng, 2000)
        assert np.isfinite(drawn**2 @ np.ones(2000)), prior


def test_ordinary_priors_are_untouched():
    found = exact(MODEL, be.Prior("HalfNormal", sigma=0.5))
    assert found.law.edges[0] == 0.0
    assert found.law.quantile(0.5) == pytest.approx(0.2, abs=0.1)
