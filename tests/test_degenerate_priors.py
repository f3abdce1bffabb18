"""Priors of the heterogeneity that rise without bound at 0 are integrated, not lost."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.families.synthesis.gaussian import GaussianModel
from bayes_escc.families.synthesis.gaussian import integrate as exact

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


def test_ordinary_priors_are_untouched():
    found = exact(MODEL, be.Prior("HalfNormal", sigma=0.5))
    assert found.law.edges[0] == 0.0
    assert found.law.quantile(0.5) == pytest.approx(0.2, abs=0.1)
