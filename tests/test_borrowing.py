"""Historical rates as a prior: mixtures, their size in patients, and updating them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.beta import Beta
from bayes_escc.borrowing import fit_beta_mixture
from tests.conftest import AS_EVENTS, AS_TOTAL
from tests.oracles.quadrature import binomial_hierarchy

MIXTURE = be.BetaMixture((0.6, 0.4), (Beta(8.0, 20.0), Beta(3.0, 4.0)))


def density(mixture):
    return lambda x: sum(
        w * stats.beta.pdf(x, c.alpha, c.beta) for w, c in zip(mixture.weights, mixture.components, strict=True)
    )


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 5.0), (11.0, 30.0), (90.0, 210.0)])
def test_the_size_of_one_beta_is_the_sum_of_its_parameters(alpha, beta):
    single = be.BetaMixture((1.0,), (Beta(alpha, beta),))
    assert single.ess() == pytest.approx(alpha + beta, rel=1e-6)
    assert single.ess_moment() == pytest.approx(alpha + beta, rel=1e-10)


def test_the_size_of_a_mixture_is_predictively_consistent():
    """Neuenschwander et al. 2020: n new patients add n to the expected ELIR."""
    n = 15
    weights = [
        integrate.quad(lambda x, k=k: density(MIXTURE)(x) * stats.binom.pmf(k, n, x), 0, 1)[0] for k in range(n + 1)
    ]
    expected = sum(w * MIXTURE.update(k, n).ess() for k, w in enumerate(weights))
    assert expected - n == pytest.approx(MIXTURE.ess(), rel=1e-5)


def test_updating_is_bayes_theorem():
    after = MIXTURE.update(9, 21)
    prior = density(MIXTURE)
    z = integrate.quad(lambda x: prior(x) * stats.binom.pmf(9, 21, x), 0, 1, epsabs=1e-13)[0]
    for x in (0.2, 0.4, 0.6):
        assert density(after)(x) == pytest.approx(prior(x) * stats.binom.pmf(9, 21, x) / z, rel=1e-9)
    mean = integrate.quad(lambda x: x * prior(x) * stats.binom.pmf(9, 21, x), 0, 1, epsabs=1e-13)[0] / z
    assert after.mean == pytest.approx(mean, rel=1e-9)
    assert float(after.cdf(after.quantile(0.3))) == pytest.approx(0.3, abs=1e-10)


def test_expectation_maximisation_finds_the_mixture_it_was_given():
    rng = np.random.default_rng(3)
    draws = np.concatenate([rng.beta(8, 20, 12000), rng.beta(30, 10, 8000)])
    fitted = fit_beta_mixture(draws, 2)
    low = int(np.argmin([c.mean for c in fitted.components]))
    assert fitted.weights[low] == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 20000))
    assert fitted.components[low].mean == pytest.approx(8 / 28, abs=0.005)
    single = fit_beta_mixture(rng.beta(5, 9, 20000), 1).components[0]
    assert single.mean == pytest.approx(5 / 14, abs=0.004)
    assert single.alpha + single.beta == pytest.approx(14, rel=0.05)


@pytest.fixture(scope="module")
def spondylitis_prior(over_studies):
    return be.map_prior(over_studies)


def test_the_map_prior_is_the_predictive_distribution(spondylitis_prior):
    """Baeten et al. 2013, eight historical controls: against quadrature over mean and spread."""
    expected = binomial_hierarchy(
        AS_EVENTS, AS_TOTAL, lambda mu: stats.norm(0, 2).logpdf(mu), lambda tau: stats.halfnorm(scale=1).logpdf(tau)
    )["predicted"]
    mean, sd = np.ravel(expected)[:2]
    assert spondylitis_prior.mean == pytest.approx(mean, abs=4 * sd / np.sqrt(2000))
    assert spondylitis_prior.sd == pytest.approx(sd, rel=0.08)
    assert sum(AS_TOTAL) > 5 * spondylitis_prior.ess() > 50  # 513 patients borrow far fewer


def test_a_vague_component_lets_the_data_speak(spondylitis_prior):
    """RBesT's example: 15 of 24 would contradict the historical 25 %."""
    full = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=0.0)
    robust = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=0.2)
    none = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=1.0)
    assert full.posterior.mean < robust.posterior.mean < none.posterior.mean
    assert none.posterior.mean == pytest.approx(none.alone.mean)
    assert robust.weight_after > 0.6 > robust.robust_weight
    agreeing = be.borrow(spondylitis_prior, events=6, n=24, robust_weight=0.2)
    assert agreeing.weight_after < 0.2
    table = agreeing.table.set_index("rate")
    widths = table["upper"] - table["lower"]
    assert widths["with borrowing"] < widths["without"]
    assert agreeing.patients_borrowed < spondylitis_prior.ess()


def test_what_cannot_be_borrowed_is_refused(exact, spondylitis_prior):
    with pytest.raises(be.AnalysisError, match="pooled over studies"):
        be.map_prior(exact)
    with pytest.raises(be.AnalysisError, match="between 0 and 1"):
        be.borrow(spondylitis_prior, events=1, n=5, robust_weight=1.5)
    with pytest.raises(be.AnalysisError, match="between 0 and n"):
        be.borrow(spondylitis_prior, events=6, n=5)
