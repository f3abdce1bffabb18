"""General net: every distribution of a prior is one law, in NumPy, in SciPy, in its own formulas and in PyMC."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from bayes_escc.settings.distributions import DISTRIBUTIONS
from bayes_escc.settings.prior import Prior, PriorSet

PRIORS = {
    "Normal": Prior("Normal", mu=0.7, sigma=1.4),
    "StudentT": Prior("StudentT", nu=4, mu=0.7, sigma=1.4),
    "Cauchy": Prior("Cauchy", alpha=0.7, beta=1.4),
    "HalfNormal": Prior("HalfNormal", sigma=1.4),
    "HalfCauchy": Prior("HalfCauchy", beta=1.4),
    "HalfStudentT": Prior("HalfStudentT", nu=4, sigma=1.4),
    "LogNormal": Prior("LogNormal", mu=0.7, sigma=0.6),
    "LogStudentT": Prior("LogStudentT", nu=4, mu=0.7, sigma=0.6),
    "Gamma": Prior("Gamma", alpha=2.5, beta=4.0),
    "InverseGamma": Prior("InverseGamma", alpha=2.5, beta=4.0),
    "Exponential": Prior("Exponential", lam=3.0),
    "Beta": Prior("Beta", alpha=2.5, beta=4.0),
    "Uniform": Prior("Uniform", lower=1.0, upper=4.0),
}
SCIPY = {
    "Normal": stats.norm(0.7, 1.4),
    "StudentT": stats.t(4, 0.7, 1.4),
    "Cauchy": stats.cauchy(0.7, 1.4),
    "HalfNormal": stats.halfnorm(0, 1.4),
    "HalfCauchy": stats.halfcauchy(0, 1.4),
    "LogNormal": stats.lognorm(0.6, scale=np.exp(0.7)),
    "Gamma": stats.gamma(2.5, scale=0.25),
    "InverseGamma": stats.invgamma(2.5, scale=4.0),
    "Exponential": stats.expon(scale=1 / 3),
    "Beta": stats.beta(2.5, 4.0),
    "Uniform": stats.uniform(1.0, 3.0),
}
SHARES = np.array([0.02, 0.2, 0.5, 0.8, 0.98])


def log_density(prior, points):
    """Written here: of the two laws that SciPy lacks."""
    if prior.distribution == "HalfStudentT":
        return np.log(2.0) + stats.t(4, 0.0, 1.4).logpdf(points)
    if prior.distribution == "LogStudentT":
        return stats.t(4, 0.7, 0.6).logpdf(np.log(points)) - np.log(points)
    return SCIPY[prior.distribution].logpdf(points)


def test_every_distribution_is_here():
    assert set(PRIORS) == set(DISTRIBUTIONS) - {"Dirichlet"}


@pytest.mark.parametrize("name", PRIORS)
def test_one_law_by_four_roads(name):
    prior = PRIORS[name]
    points = np.asarray(prior.law().ppf(SHARES), dtype=float)
    expected = log_density(prior, points)
    if name in SCIPY:
        assert points == pytest.approx(SCIPY[name].ppf(SHARES), rel=1e-8)
        assert np.asarray(prior.to_scipy().cdf(points), dtype=float) == pytest.approx(SHARES)
    assert np.asarray(prior.law().cdf(points), dtype=float) == pytest.approx(SHARES)
    assert prior.log_density(points) == pytest.approx(expected)
    assert prior.interval(0.6) == pytest.approx((points[1], points[3]))
    drawn = prior.sample(np.random.default_rng(1), 4000)
    assert stats.kstest(drawn, lambda x: np.asarray(prior.law().cdf(x), dtype=float)).pvalue > 1e-4
    with pm.Model():
        variable = prior.to_pymc("x")
    theirs = pm.logp(variable, points).eval()
    assert np.asarray(theirs) == pytest.approx(expected, rel=1e-5)  # PyTensor's logarithm of Gamma has six digits
    drawn = pm.draw(variable, 4000, random_seed=2)
    assert stats.kstest(drawn, lambda x: np.asarray(prior.law().cdf(x), dtype=float)).pvalue > 1e-4


@pytest.mark.parametrize("name", PRIORS)
def test_labels_of_a_set_have_their_own_laws(name):
    """Two laws of one distribution as one vector: the second is narrower by its quantiles."""
    first, second = PRIORS[name], Prior("Beta", alpha=9, beta=3) if name == "Beta" else PRIORS[name]
    with pm.Model(coords={"regimen": ["a", "b"]}):
        variable = PriorSet(first, (("b", second),)).to_pymc("x", ["a", "b"], "regimen")
    drawn = pm.draw(variable, 2000, random_seed=3)
    for column, prior in zip(drawn.T, (first, second), strict=True):
        assert stats.kstest(column, lambda x, p=prior: np.asarray(p.law().cdf(x), dtype=float)).pvalue > 1e-4
