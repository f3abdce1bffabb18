"""Priors: the closed list, both ways of writing a distribution, sampling, words."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from bayes_escc import AnalysisError, Prior
from bayes_escc.settings.distributions import DISTRIBUTIONS
from bayes_escc.settings.prior import PriorSet

EXAMPLES = [
    Prior("Normal", mu=1, sigma=2),
    Prior("Normal", mu=1, tau=4),
    Prior("StudentT", nu=4, mu=1, sigma=2),
    Prior("StudentT", nu=4, mu=0, lam=4),
    Prior("Cauchy", alpha=0, beta=2),
    Prior("HalfNormal", sigma=2),
    Prior("HalfNormal", tau=4),
    Prior("HalfCauchy", beta=1),
    Prior("HalfStudentT", nu=3, sigma=2),
    Prior("LogNormal", mu=1, sigma=0.5),
    Prior("Gamma", alpha=2, beta=3),
    Prior("Gamma", mu=2, sigma=1),
    Prior("InverseGamma", alpha=3, beta=2),
    Prior("InverseGamma", mu=2, sigma=1),
    Prior("Exponential", lam=2),
    Prior("Exponential", scale=2),
    Prior("Beta", alpha=2, beta=3),
    Prior("Beta", mu=0.3, sigma=0.1),
    Prior("Beta", mu=0.3, nu=10),
    Prior("Uniform", lower=-1, upper=3),
]
AS_PYMC = {
    "Normal": {"mu": 1, "tau": 4},
    "StudentT": {"nu": 4, "mu": 0, "lam": 4},
    "HalfNormal": {"tau": 4},
    "Gamma": {"mu": 2, "sigma": 1},
    "InverseGamma": {"mu": 2, "sigma": 1},
    "Exponential": {"scale": 2},
    "Beta": {"mu": 0.3, "sigma": 0.1},
}


@pytest.mark.parametrize("prior", EXAMPLES, ids=str)
def test_scipy_pymc_and_numpy_are_the_same_law(prior):
    law = prior.to_scipy()
    points = np.array([law.ppf(q) for q in (0.1, 0.4, 0.7, 0.95)], dtype=float)
    values = {k: float(v) for k, v in prior.parameters}
    logp = pm.logp(getattr(pm, prior.distribution).dist(**values), points).eval()
    assert np.allclose(logp, np.log(law.pdf(points)), rtol=1e-6)
    draws = prior.sample(np.random.default_rng(3), 40_000)
    below = (draws <= points[:, None]).mean(axis=1)
    assert np.abs(below - [0.1, 0.4, 0.7, 0.95]).max() < 4 * np.sqrt(0.25 / 40_000)
    assert np.allclose(law.cdf(points), [0.1, 0.4, 0.7, 0.95], atol=1e-7)


@pytest.mark.parametrize(("name", "values"), AS_PYMC.items())
def test_alternative_parametrisations_mean_what_pymc_means(name, values):
    prior = Prior(name, **values)
    points = np.array([0.11, 0.31, 0.52])
    theirs = pm.logp(getattr(pm, name).dist(**values), points).eval()
    canonical = {k: float(v) for k, v in prior.parameters}
    ours = pm.logp(getattr(pm, name).dist(**canonical), points).eval()
    assert np.allclose(ours, theirs)


def test_named_priors():
    assert Prior("Jeffreys") == Prior("Beta", alpha=0.5, beta=0.5)
    assert Prior("Uniform") == Prior("Uniform", lower=0, upper=1)
    assert Prior("Beta", alpha=1, beta=1, rationale="a") == Prior("Beta", alpha=1, beta=1, rationale="b")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("Bta", {"alpha": 1}, "Did you mean Beta"),
        ("Beta", {"alpha": 0, "beta": 1}, "alpha must be greater than 0"),
        ("Beta", {"alpha": 1, "gamma": 1}, "no parameter 'gamma'"),
        ("Beta", {"alpha": "1", "beta": 1}, "must be a number"),
        ("Beta", {"alpha": float("nan"), "beta": 1}, "must be finite"),
        ("Beta", {"alpha": True, "beta": 1}, "must be a number"),
        ("Beta", {"mu": 0.5, "sigma": 0.6}, "sigma must be below"),
        ("Gamma", {"alpha": 1}, "needs"),
        ("Normal", {"mu": 0, "sigma": 1, "tau": 1}, "needs"),
        ("Uniform", {"lower": 1, "upper": 0}, "lower must be below upper"),
        ("Dirichlet", {"a": [1, -1]}, "positive"),
        ("Dirichlet", {"a": 5j}, "positive numbers"),
        ("Dirichlet", {"a": {"x": 1}}, "positive numbers"),
        ("Dirichlet", {"a": [1, 10**400]}, "positive numbers"),
        ("Dirichlet", {"a": [1e-300, 1]}, "between 1e-05 and 1e\\+15"),
        ("Dirichlet", {"a": 1e300}, "between 1e-05 and 1e\\+15"),
        ("Dirichlet", {"alpha": [1, 1]}, "one parameter"),
    ],
)
def test_what_is_refused(name, values, message):
    with pytest.raises(AnalysisError, match=message):
        Prior(name, **values)


def test_every_problem_is_named_at_once():
    with pytest.raises(AnalysisError) as caught:
        Prior("Beta", alpha=-1, beta="x", gamma=2)
    for part in ("alpha must be greater", "beta must be a number", "no parameter 'gamma'"):
        assert part in str(caught.value)


def test_support_decides_where_a_prior_fits():
    assert Prior("Beta", alpha=1, beta=1).fits("unit")
    assert Prior("Uniform", lower=0.1, upper=0.6).fits("unit")
    assert not Prior("Uniform", lower=-0.1, upper=0.6).fits("unit")
    assert not Prior("Normal").fits("positive")
    assert Prior("HalfCauchy", beta=1).fits("positive")
    assert Prior("Cauchy", alpha=0, beta=1).fits("real")
    assert not Prior("Dirichlet", a=[1, 1]).fits("unit")
    assert Prior("Dirichlet", a=[1, 1]).fits("simplex")


def test_a_prior_survives_being_written_down():
    for prior in (*EXAMPLES, Prior("Dirichlet", a=[1, 2], rationale="why")):
        content = prior.to_dict()
        again = Prior(content.pop("distribution"), **content)
        assert again == prior
        assert again.rationale == prior.rationale


def test_the_list_is_closed():
    assert set(DISTRIBUTIONS) == {
        "Normal",
        "StudentT",
        "Cauchy",
        "HalfNormal",
        "HalfCauchy",
        "HalfStudentT",
        "LogNormal",
        "Gamma",
        "InverseGamma",
        "Exponential",
        "Beta",
        "Uniform",
        "Dirichlet",
        "LogStudentT",
    }


def test_labels_may_have_their_own_prior_of_another_kind():
    priors = PriorSet(Prior("Beta", alpha=1, beta=1), (("b", Prior("Uniform", lower=0.2, upper=0.4)),))
    draws = priors.sample(np.random.default_rng(1), 4000, ["a", "b", "c"])
    assert draws.shape == (4000, 3)
    assert 0.2 <= draws[:, 1].min() <= draws[:, 1].max() <= 0.4
    with pm.Model(coords={"regimen": ["a", "b", "c"]}) as model:
        priors.to_pymc("rate", ["a", "b", "c"], "regimen")
    values = pm.draw(model["rate"], draws=50, random_seed=1)
    assert values.shape == (50, 3)
    assert 0.2 <= values[:, 1].min() <= values[:, 1].max() <= 0.4


def test_published_heterogeneity_priors_are_those_of_tau_squared_halved():
    """Turner et al. 2015, table IV: all-cause mortality, two drugs: tau^2 ~ LogNormal(-4.18, 1.41^2)."""
    prior = Prior("Turner", outcome="all-cause mortality", comparison="pharmacological vs pharmacological")
    law = stats.lognorm(1.41, scale=np.exp(-4.18))
    for q in (0.1, 0.5, 0.975):
        assert prior.to_scipy().ppf(q) ** 2 == pytest.approx(law.ppf(q), rel=1e-12)
    # any outcome of Turner et al.: log(tau^2) ~ Normal(-2.56, 1.74^2)
    assert Prior("Turner", outcome="any").parameters == (("mu", -1.28), ("sigma", 0.87))
    # Rhodes et al. 2015: any outcome, log(tau^2) = -3.44 + 2.59 t_5
    prior = Prior("Rhodes", outcome="any")
    assert 2 * np.log(prior.to_scipy().ppf(0.9)) == pytest.approx(-3.44 + 2.59 * stats.t(5).ppf(0.9), rel=1e-12)
    with pytest.raises(AnalysisError, match="Did you mean 'adverse events'"):
        Prior("Turner", outcome="adverse event")
    with pytest.raises(AnalysisError, match="needs outcome"):
        Prior("Rhodes")


def test_a_log_t_is_the_same_law_everywhere():
    prior = Prior("LogStudentT", nu=5, mu=-1.7, sigma=1.3)
    law = prior.to_scipy()
    x = np.array([0.01, 0.1, 0.5, 2.0])
    np.testing.assert_allclose(law.cdf(law.ppf([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9], rtol=1e-12)
    numeric = (law.cdf(x * 1.00001) - law.cdf(x * 0.99999)) / (2e-5 * x)
    np.testing.assert_allclose(law.pdf(x), numeric, rtol=1e-6)
    draws = prior.sample(np.random.default_rng(1), 4000)
    assert stats.kstest(draws, law.cdf).pvalue > 1e-4
    with pm.Model() as model:
        prior.to_pymc("tau")
    assert stats.kstest(pm.draw(model["tau"], draws=4000, random_seed=1), law.cdf).pvalue > 1e-4


@pytest.mark.parametrize(
    "prior",
    [
        Prior("Normal", mu=-0.3, sigma=0.7),
        Prior("HalfNormal", sigma=0.4),
        Prior("HalfCauchy", beta=0.5),
        Prior("LogNormal", mu=-2, sigma=0.7),
        Prior("Beta", alpha=1, beta=1),
        Prior("Beta", alpha=0.5, beta=0.5),
        Prior("Beta", alpha=12.5, beta=30),
    ],
)
def test_the_quick_laws_are_scipys(prior):
    quick, known = prior.law(), prior.to_scipy()
    q = np.array([1e-6, 0.025, 0.5, 0.975, 1 - 1e-6])
    np.testing.assert_allclose(quick.ppf(q), known.ppf(q), rtol=1e-9)
    x = np.array([-0.5, 0.0, 0.01, 0.3, 2.0, 50.0])
    np.testing.assert_allclose(quick.pdf(x), known.pdf(x), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(quick.cdf(x), known.cdf(x), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(prior.log_density(x), known.logpdf(x), rtol=1e-10)


PAIRS = {
    "Normal": ({"mu": 1, "sigma": 2}, {"mu": -1, "sigma": 0.5}),
    "StudentT": ({"nu": 4}, {"nu": 9, "mu": 1}),
    "Cauchy": ({"alpha": 0, "beta": 2}, {"alpha": 1, "beta": 1}),
    "HalfNormal": ({"sigma": 2}, {"sigma": 0.3}),
    "HalfCauchy": ({"beta": 1}, {"beta": 3}),
    "HalfStudentT": ({"nu": 3}, {"nu": 9, "sigma": 2}),
    "LogNormal": ({"mu": 1, "sigma": 0.5}, {"mu": 0, "sigma": 1}),
    "LogStudentT": ({"nu": 4, "mu": 1.4, "sigma": 0.5}, {"nu": 7, "mu": 2, "sigma": 0.8}),
    "Gamma": ({"alpha": 2, "beta": 3}, {"alpha": 1, "beta": 5}),
    "InverseGamma": ({"alpha": 3, "beta": 2}, {"alpha": 5, "beta": 1}),
    "Exponential": ({"lam": 2}, {"lam": 0.5}),
    "Beta": ({"alpha": 2, "beta": 3}, {"alpha": 5, "beta": 1}),
    "Uniform": ({"lower": -1, "upper": 3}, {"lower": 0, "upper": 1}),
}


@pytest.mark.parametrize("how", ["one", "by label", "labels that differ"])
@pytest.mark.parametrize("name", [n for n in DISTRIBUTIONS if n != "Dirichlet"])
def test_every_distribution_becomes_a_vector(name, how):
    """PyMC's variable has each label's law, whether labels share it, differ in it, or have another distribution."""
    first = Prior(name, **PAIRS[name][0])
    second = {
        "one": first,
        "by label": Prior(name, **PAIRS[name][1]),
        "labels that differ": Prior("Normal", mu=3, sigma=1),
    }[how]
    if how == "labels that differ" and name == "Normal":
        second = Prior("Gamma", alpha=2, beta=1)
    priors = PriorSet(first, (("b", second),))
    with pm.Model(coords={"regimen": ["a", "b"]}):
        variable = priors.to_pymc("x", ["a", "b"], "regimen")
    n = 400
    draws = pm.draw(variable, n, random_seed=5, mode="FAST_COMPILE")
    uniform = np.stack([priors[label].law().cdf(draws[:, i]) for i, label in enumerate("ab")])
    assert np.abs(uniform.mean(axis=1) - 0.5).max() < 4 / np.sqrt(12 * n)
    assert np.abs((uniform < 0.25).mean(axis=1) - 0.25).max() < 4 * np.sqrt(0.1875 / n)


@pytest.mark.parametrize(
    "given", [{"alpha": 1e-300, "beta": 1e300}, {"alpha": 1e-6, "beta": 1}, {"mu": 0.5, "nu": 1e17}]
)
def test_a_beta_that_cannot_be_integrated_is_refused_where_it_is_stated(given):
    with pytest.raises(AnalysisError, match=r"must (lie between|be finite)"):
        Prior("Beta", **given)
