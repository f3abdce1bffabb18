"""Constant hazards with Gamma priors compare by their F law, not by draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.probability.hazard_laws import Gamma, HazardContrast, HazardLaw, rank_hazards
from tests.helpers.survival import two_arms

A, B, C = Gamma(12.0, 60.0), Gamma(7.0, 75.0), Gamma(3.0, 20.0)


def below(x, y):
    """P(hazard of x < hazard of y), by the F law of SciPy."""
    return stats.f.cdf(y.shape / y.rate / (x.shape / x.rate), 2 * x.shape, 2 * y.shape)


@pytest.mark.parametrize(("what", "time"), [("hazard", 1.0), ("median", 1.0), ("survival", 6.0), ("rmst", 12.0)])
class TestContrasts:
    def test_which_is_better_is_one_question(self, what, time):
        x, y = HazardLaw(B, what, time), HazardLaw(A, what, time)
        expected = below(B, A) if what != "hazard" else 1 - below(B, A)
        for scale, null in (("difference", 0.0), ("ratio", 1.0)):
            law = HazardContrast(x, y, scale)
            assert float(law.sf(null)) == pytest.approx(expected, abs=1e-12)
            assert float(law.sf(null + 1e-9)) == pytest.approx(expected, abs=1e-7)  # by the integral
            assert float(law.cdf(law.quantile(0.3))) == pytest.approx(0.3, abs=1e-9)
            turned = HazardContrast(y, x, scale)
            at = law.quantile(0.2)
            mirrored = -at if scale == "difference" else 1 / at
            assert float(turned.sf(mirrored)) == pytest.approx(0.2, abs=1e-7)

    def test_a_difference_against_quadrature(self, what, time):
        x, y = HazardLaw(B, what, time), HazardLaw(A, what, time)
        law = stats.gamma(A.shape, scale=1 / A.rate)
        at = 0.3 * float(x.sd)
        expected = integrate.quad(lambda h: law.pdf(h) * float(x.sf(y.of(np.array(h)) + at)), 0, 2, epsabs=1e-11)[0]
        assert float(HazardContrast(x, y, "difference").sf(at)) == pytest.approx(expected, abs=1e-8)

    def test_the_density_is_the_slope_of_the_distribution(self, what, time):
        law = HazardLaw(B, what, time)
        at = np.array([law.quantile(q) for q in (0.02, 0.3, 0.7, 0.98)])
        step = 1e-5 * at
        np.testing.assert_allclose(law.density(at), (law.cdf(at + step) - law.cdf(at - step)) / (2 * step), rtol=1e-5)
        assert law.density(-1.0) == 0.0

    def test_moments(self, what, time):
        x, law = HazardLaw(B, what, time), stats.gamma(B.shape, scale=1 / B.rate)
        for power, found in ((1, x.mean), (2, x.sd**2 + x.mean**2)):
            expected = integrate.quad(lambda h, k=power: law.pdf(h) * x.of(np.array(h)) ** k, 0, 3, epsabs=1e-12)[0]
            assert found == pytest.approx(expected, rel=1e-6)


def test_moments_that_do_not_exist():
    assert HazardLaw(Gamma(1.0, 4.0), "median").mean is None
    assert HazardLaw(Gamma(2.0, 4.0), "median").sd is None
    assert HazardContrast(HazardLaw(A, "hazard"), HazardLaw(Gamma(1.0, 4.0), "hazard"), "ratio").mean is None


def test_ranks():
    for better, sign in (("lower", 1), ("higher", -1)):
        table, _, _ = rank_hazards([A, B, C], better)
        np.testing.assert_allclose(table.sum(axis=0), 1.0, atol=1e-9)
        np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-9)
        np.testing.assert_allclose(table, rank_hazards([A, B, C], "lower")[0][:, ::sign], atol=1e-9)
    pair, _, _ = rank_hazards([A, B], "lower")
    assert pair[1, 0] == pytest.approx(below(B, A), abs=1e-9)


@pytest.mark.parametrize("unit", [1.0, 12.0])
def test_an_analysis_says_it_without_monte_carlo_error(unit):
    """12 events in 60 months and 7 in 75 under Gamma(4, 16); the same in another unit of time."""
    prior = be.Prior("Gamma", alpha=4, beta=16 * unit)
    model = be.SurvivalModel(
        baseline="exponential",
        regimen_effect="stratified",
        priors={"hazard": prior},
        data_unit="months",
        times=[3 * unit],
        horizons=[6 * unit],
    )
    fit = model.fit(two_arms((12, 60.0 * unit, 20), (7, 75.0 * unit, 20)), seed=1)
    assert fit.sampler == "exact"
    a, b = Gamma(16.0, 76.0), Gamma(11.0, 91.0)
    for estimand in ("median", "survival", "rmst", "hazard_ratio"):
        (row,) = fit.compare(estimand, reference="A").rows
        assert row["probability_better"] == pytest.approx(below(b, a), abs=1e-10), estimand
        assert row["mcse_probability"] < 1e-7
    (ratio,) = fit.compare("median", reference="A", scale="ratio").rows
    f = stats.f(2 * a.shape, 2 * b.shape)
    scale = (a.shape / a.rate) / (b.shape / b.rate)
    assert [ratio["lower"], ratio["median"], ratio["upper"]] == pytest.approx(
        list(scale * f.ppf([0.025, 0.5, 0.975])), rel=1e-8
    )
    best = {r["regimen"]: r["probability_best"] for r in fit.ranking_rows("median")}
    assert best["B"] == pytest.approx(below(b, a), abs=1e-7)
    for figure in (be.plots.intervals, be.plots.prior_posterior):
        for estimand in ("median", "rmst"):
            assert figure(fit, estimand).axes
    median = fit.summary("median").set_index("regimen")
    assert median.loc["A", "mean"] == pytest.approx(unit * np.log(2) * a.rate / (a.shape - 1), rel=1e-10)
    prior_law = fit.known("median", prior=True).contrast(
        {**dict.fromkeys(("study", "endpoint", "time", "covariate")), "regimen": "B"}, "A", "difference"
    )
    assert prior_law.beyond(0.0, "above").value == pytest.approx(0.5, abs=1e-12)
