"""A prior far wider than the data costs the quadrature no more panels, and loses nothing to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayes_escc.families.synthesis.gaussian import GaussianModel, integrate
from bayes_escc.settings.prior import Prior

Y, SE = np.log([0.71, 0.73, 0.77]), np.array([0.108, 0.149, 0.112])
TAU = Prior("HalfNormal", sigma=0.5)


def model(sd: float, mean: float = 0.0) -> GaussianModel:
    return GaussianModel(Y, np.diag(SE**2), np.ones((3, 1)), np.eye(3), np.array([mean]), np.array([sd]))


@pytest.mark.parametrize(("sd", "mean"), [(1.0, 0.0), (0.3, 0.7), (10.0, -4.0)])
def test_the_marginal_density_is_that_of_a_normal(sd, mean):
    tau = np.array([0.0, 0.1, 0.6, 3.0])
    right = [
        stats.multivariate_normal(np.full(3, mean), np.diag(SE**2 + t**2) + sd**2 * np.ones((3, 3))).logpdf(Y)
        for t in tau
    ]
    assert np.allclose(model(sd, mean).log_marginal(tau), right, rtol=1e-11)


def flat(tau: np.ndarray) -> np.ndarray:
    """Log marginal density of tau under a flat effect, up to a constant: inverse variances."""
    weight = 1.0 / (SE**2 + tau[:, None] ** 2)
    centre = (weight * Y).sum(axis=1) / weight.sum(axis=1)
    misfit = (weight * (Y - centre[:, None]) ** 2).sum(axis=1)
    return 0.5 * (np.log(weight).sum(axis=1) - np.log(weight.sum(axis=1)) - misfit)


@pytest.mark.parametrize("sd", [1e3, 1e6, 1e9])
def test_a_wide_prior_is_a_flat_one_at_the_price_of_a_narrow_one(sd):
    tau = np.array([0.0, 0.05, 0.1, 0.3, 1.0])
    found = model(sd).log_marginal(tau)
    assert np.allclose(found - found[0], flat(tau) - flat(tau)[0], atol=1e-5)
    assert len(integrate(model(sd), TAU).tau) <= 2 * len(integrate(model(1.0), TAU).tau)
