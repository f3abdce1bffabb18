"""The selection model against brute force, against the plain model, and in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.checks import sensitivity
from bayes_escc.families.synthesis.gaussian import GaussianModel, integrate
from bayes_escc.families.synthesis.selection import selection, words
from tests.oracles.selection import step_selection

Y, SE = np.array([-0.5, -0.35, -0.6, -0.1, 0.05]), np.array([0.15, 0.17, 0.25, 0.2, 0.3])
EFFECT, TAU = be.Prior("Normal", mu=0, sigma=0.6), be.Prior("HalfNormal", sigma=0.4)


@pytest.fixture(scope="module")
def found():
    return selection(Y, SE, "lower", EFFECT, TAU)


def test_the_posterior_meets_brute_force(found):
    expected = step_selection(Y, SE, -1, 0.6, TAU.to_scipy(), 3.0)
    assert found.log_evidence == pytest.approx(expected["log_evidence"], abs=1e-6)
    np.testing.assert_allclose(found.mu.moments, expected["mu"], rtol=1e-6)
    np.testing.assert_allclose(found.omega_moments, expected["omega"], rtol=1e-6)
    tau = [found.tau_quantile(q) for q in (np.arange(400) + 0.5) / 400]
    assert np.mean(tau) == pytest.approx(expected["tau"][0], rel=2e-3)  # the mean as an average of quantiles


def test_without_selection_it_is_the_plain_model():
    plain = selection(Y, SE, "lower", EFFECT, TAU, select=False)
    model = GaussianModel(Y, np.diag(SE**2), np.ones((5, 1)), np.eye(5), np.zeros(1), np.array([0.6]))
    expected = integrate(model, TAU)
    location, spread = expected.linear(np.ones((1, 1)))
    law = expected.mixture(location[0], spread[0])
    assert plain.log_evidence == pytest.approx(expected.log_evidence, abs=1e-7)
    np.testing.assert_allclose(plain.mu.moments, [law.mean, law.sd], rtol=1e-6)
    for q in (0.025, 0.5, 0.975):
        assert plain.mu.quantile(q) == pytest.approx(law.quantile(q), abs=1e-6)
        assert plain.tau_quantile(q) == pytest.approx(expected.law.quantile(q), rel=1e-4)


def test_a_common_effect_has_no_heterogeneity():
    common = selection(Y, SE, "lower", EFFECT, None)
    tiny = selection(Y, SE, "lower", EFFECT, be.Prior("Uniform", lower=0, upper=1e-5))
    assert common.tau_quantile(0.5) is None
    np.testing.assert_allclose(common.mu.moments, tiny.mu.moments, rtol=1e-6)


def test_direction_scale_and_order_change_what_they_should(found):
    mirrored = selection(-Y, SE, "higher", EFFECT, TAU)
    np.testing.assert_allclose(mirrored.mu.moments, np.array([-1, 1]) * found.mu.moments, rtol=1e-8)
    assert mirrored.omega_moments == pytest.approx(found.omega_moments, rel=1e-8)
    scaled = selection(
        10 * Y[::-1], 10 * SE[::-1], "lower", be.Prior("Normal", mu=0, sigma=6), be.Prior("HalfNormal", sigma=4)
    )
    np.testing.assert_allclose(scaled.mu.moments, 10 * np.array(found.mu.moments), rtol=1e-7)
    assert found.mu.moments[0] > selection(Y, SE, "lower", EFFECT, TAU, select=False).mu.moments[0]


def test_many_trials_do_say_whether_others_are_missing():
    """Some 170 of 1200 simulated trials: those that favour the experimental arm, and one in ten of the others."""
    rng = np.random.default_rng(4)
    se = rng.uniform(0.1, 0.4, 1200)
    y = rng.normal(-0.05, np.hypot(se, 0.05))
    kept = (y < -1.96 * se) | (rng.uniform(size=1200) < 0.1)
    found = selection(y[kept], se[kept], "lower", EFFECT, TAU)
    assert found.informative
    for (mean, sd), truth in ((found.omega_moments, 0.1), (found.mu.moments, -0.05)):
        assert abs(mean - truth) < 4 * sd
    plain = selection(y[kept], se[kept], "lower", EFFECT, TAU, select=False)
    assert plain.mu.moments[0] + 0.05 < -4 * plain.mu.moments[1]  # what selection does to the plain pool
    assert "say more of it than its prior did" in words(found, int(kept.sum()), 0.95)


@pytest.mark.slow
def test_the_selection_model_is_calibrated():
    """Trials simulated from the prior and published as the model says: ranks of the truth are uniform."""
    rng = np.random.default_rng(1)
    effect, tau_prior = be.Prior("Normal", mu=0, sigma=0.3), be.Prior("HalfNormal", sigma=0.2)
    ranks = []
    for _ in range(100):
        mu, tau, omega = rng.normal(0, 0.3), abs(rng.normal(0, 0.2)), rng.uniform()
        y: list[float] = []
        se: list[float] = []
        while len(y) < 15:
            s = rng.uniform(0.1, 0.4)
            one = rng.normal(mu, np.hypot(s, tau))
            if one < -1.959964 * s or rng.uniform() < omega:
                y.append(one)
                se.append(s)
        found = selection(np.array(y), np.array(se), "lower", effect, tau_prior)
        ranks.append((found.mu.cdf(mu), 1 - found.omega.cdf(-np.log(omega))))
    for name, values in zip(("mu", "omega"), np.array(ranks).T, strict=True):
        assert stats.kstest(values, "uniform").pvalue > 0.001, name


def test_sensitivity_shows_the_selection_and_what_it_rests_on():
    found = sensitivity(be.find_analysis("pd1_second_line_pfs"))
    (row,) = (r for r in found.rows if r["group"] == "selection")
    assert row["lower"] < found.rows[0]["median"] < row["median"] < row["upper"]
    (note,) = found.notes
    assert note.endswith("shows what such selection would do to the pooled effect, not that there was any.")
    assert found.to_dict()["notes"] == [note]
    observed = be.fit_analysis(be.find_analysis("pd1_second_line_pfs")).observed
    expected = selection(
        observed["y"].to_numpy(),
        observed["se"].to_numpy(),
        "lower",
        be.Prior("Normal", mu=0, sigma=1),
        be.Prior("HalfNormal", sigma=0.25),
    )
    assert row["median"] == pytest.approx(np.exp(expected.mu.quantile(0.5)), rel=1e-9)
