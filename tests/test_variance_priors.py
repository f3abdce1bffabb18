"""Priors of squares, such as an inverse gamma of tau squared, and Beta priors by mean and width."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.families.synthesis.gaussian import GaussianModel
from bayes_escc.families.synthesis.gaussian import integrate as integrate_tau
from bayes_escc.runs.prompt_effects import pool_effects

Y, SE = np.array([-0.9, -0.75, -0.5, -0.35, -0.2, -0.12]), np.array([0.45, 0.4, 0.3, 0.2, 0.12, 0.08])
MODEL = GaussianModel(Y, np.diag(SE**2), np.ones((6, 1)), np.eye(6), np.zeros(1), np.ones(1))


def posterior_of_log_tau(law):
    """Normaliser and mean of tau by SciPy's quadrature over log tau, the effect integrated out."""

    def density(u, power):
        tau = np.exp(u)
        marginal = stats.multivariate_normal(np.zeros(6), np.diag(SE**2 + tau**2) + 1.0)
        return marginal.pdf(Y) * law.pdf(tau**2) * 2.0 * tau**2 * tau**power

    parts = [(-12.0, -4.0), (-4.0, -1.0), (-1.0, 1.0), (1.0, 12.0)]
    return [
        sum(integrate.quad(density, a, b, args=(power,), epsabs=0, limit=300)[0] for a, b in parts) for power in (0, 1)
    ]


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 0.1), (0.001, 0.001), (0.5, 0.02)])
def test_inverse_gamma_of_tau_squared_is_integrated(alpha, beta):
    prior = be.Prior("InverseGamma", alpha=alpha, beta=beta, variance=True)
    found = integrate_tau(MODEL, prior)
    total, first = posterior_of_log_tau(stats.invgamma(alpha, scale=beta))
    assert found.log_evidence == pytest.approx(np.log(total), abs=1e-6)
    assert found.weight @ found.tau == pytest.approx(first / total, rel=1e-6)


def test_the_law_is_that_of_a_root():
    prior = be.Prior("InverseGamma", alpha=3, beta=0.5, variance=True)
    square = stats.invgamma(3, scale=0.5)
    at = np.array([0.2, 0.5, 1.3])
    assert prior.law().cdf(at) == pytest.approx(square.cdf(at**2))
    assert prior.law().ppf(0.3) == pytest.approx(np.sqrt(square.ppf(0.3)))
    assert prior.log_density(at) == pytest.approx(square.logpdf(at**2) + np.log(2 * at))
    assert integrate.quad(prior.law().pdf, 0, np.inf)[0] == pytest.approx(1.0, abs=1e-7)
    drawn = prior.sample(np.random.default_rng(1), 4000)
    with pm.Model():
        variable = prior.to_pymc("tau")
    for values in (drawn, pm.draw(variable, 400, random_seed=1)):
        assert abs(prior.law().cdf(values).mean() - 0.5) < 4 / np.sqrt(12 * len(values))
    assert be.Prior(**prior.to_dict()) == prior
    assert prior != be.Prior("InverseGamma", alpha=3, beta=0.5)
    assert prior.fits("positive")
    with pytest.raises(be.AnalysisError, match="a variance is positive"):
        be.Prior("Normal", mu=0, sigma=1, variance=True)
    with pytest.raises(be.AnalysisError, match="true or false"):
        be.Prior("HalfNormal", sigma=1, variance="yes")


def test_file_model_and_prompt_agree():
    content = {
        "data": {"kind": "effects"},
        "model": {"family": "synthesis"},
        "priors": {"tau": {"distribution": "InverseGamma", "alpha": 2, "beta": 0.1, "variance": True}},
    }
    prior = be.Prior("InverseGamma", alpha=2, beta=0.1, variance=True)
    assert be.Analysis.from_dict(content).spec.prior("tau").default == prior
    typed = [
        f"T{i}={y},{y - 1.959963985 * s:.9f},{y + 1.959963985 * s:.9f}"
        for i, (y, s) in enumerate(zip(Y.tolist(), SE.tolist(), strict=True))
    ]
    found = pool_effects(typed, measure="log HR", tau_prior="InverseGamma(2, 0.1, variance)")
    tau = next(r for r in found["estimates"] if r["estimand"] == "tau")
    own = integrate_tau(MODEL, prior)
    assert tau["mean"] == pytest.approx(own.weight @ own.tau, rel=1e-6)


def test_a_beta_by_mean_and_width_of_its_interval():
    prior = be.Prior("Beta", mean=0.2, width=0.3)
    law = stats.beta(*prior.beta_shape())
    assert law.mean() == pytest.approx(0.2)
    assert law.ppf(0.95) - law.ppf(0.05) == pytest.approx(0.3, abs=1e-9)
    narrow = be.Prior("Beta", mean=0.2, width=0.3, prob=0.95)
    law = stats.beta(*narrow.beta_shape())
    assert law.ppf(0.975) - law.ppf(0.025) == pytest.approx(0.3, abs=1e-9)
    with pytest.raises(be.AnalysisError, match="no Beta with one mode"):
        be.Prior("Beta", mean=0.2, width=0.99)
    with pytest.raises(be.AnalysisError, match="between 0 and 1"):
        be.Prior("Beta", mean=20, width=0.3)
    content = {
        "data": {"kind": "counts", "endpoint": "ORR"},
        "model": {"family": "response"},
        "priors": {"rate": {"distribution": "Beta", "mean": 0.2, "width": 0.3}},
    }
    assert be.Analysis.from_dict(content).spec.prior("rate").default == prior
