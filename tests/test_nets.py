"""General nets: plain functions against SciPy, NumPy or a count by hand, over a grid of arguments."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.evidence.population.confounder import (
    Confounder,
    bias_of_confounder,
    bounding_factor,
    e_value,
    needed_prevalence,
    needed_strength,
    risk_ratio,
)
from bayes_escc.families.exchangeable import PairPrior, zero_sum_basis
from bayes_escc.families.survival.shrinkage import _horseshoe_sd, expected_global_scale
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.distributions import BetaLaw, HalfNormal, HalfT, LogNormal, LogT, Normal
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_contrasts import RateContrast
from bayes_escc.rules.tails import contrast_tails, interval_widths, predictive_counts, upper_tails
from bayes_escc.settings.prior import Prior

P = np.array([1e-4, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999])
X = np.array([0.02, 0.3, 0.5, 0.9, 1.7, 4.0])

LAWS = {
    "normal": (Normal(0.4, 1.7), stats.norm(0.4, 1.7)),
    "half normal": (HalfNormal(1.7), stats.halfnorm(scale=1.7)),
    "half Cauchy": (HalfT(1.0, 0.6), stats.halfcauchy(scale=0.6)),
    "log normal": (LogNormal(0.4, 0.7), stats.lognorm(0.7, scale=math.exp(0.4))),
    "beta": (BetaLaw(2.0, 5.0), stats.beta(2.0, 5.0)),
}


class TestLaws:
    @pytest.mark.parametrize("name", LAWS)
    def test_quantile_distribution_and_density_are_scipys(self, name):
        ours, theirs = LAWS[name]
        assert np.asarray(ours.ppf(P), dtype=float) == pytest.approx(theirs.ppf(P), rel=1e-9)
        assert np.asarray(ours.cdf(X), dtype=float) == pytest.approx(theirs.cdf(X), rel=1e-9)
        assert np.asarray(ours.pdf(X), dtype=float) == pytest.approx(theirs.pdf(X), rel=1e-9)
        if hasattr(ours, "logpdf"):
            assert np.asarray(ours.logpdf(X), dtype=float) == pytest.approx(theirs.logpdf(X), rel=1e-9)
        if name != "normal":
            assert np.asarray(ours.pdf([-0.5]), dtype=float).tolist() == [0.0]
            assert np.asarray(ours.cdf([-0.5]), dtype=float).tolist() == [0.0]

    @pytest.mark.parametrize("nu", [1.0, 3.0, 8.0])
    def test_half_and_log_t(self, nu):
        half, log = HalfT(nu, 0.6), LogT(nu, 0.4, 0.6)
        base = stats.t(nu, scale=0.6)
        assert np.asarray(half.cdf(X)) == pytest.approx(2 * base.cdf(X) - 1)
        assert np.asarray(half.pdf(X)) == pytest.approx(2 * base.pdf(X))
        assert np.asarray(half.ppf(P)) == pytest.approx(base.ppf(0.5 + P / 2))
        shifted = stats.t(nu, 0.4, 0.6)
        assert np.asarray(log.cdf(X)) == pytest.approx(shifted.cdf(np.log(X)))
        assert np.asarray(log.pdf(X)) == pytest.approx(shifted.pdf(np.log(X)) / X)
        assert np.asarray(log.ppf(P[1:-1])) == pytest.approx(np.exp(shifted.ppf(P[1:-1])))


MIXTURE = BetaMixture((0.6, 0.4), (Beta(3.0, 9.0), Beta(1.0, 1.0)))


def of_mixture(function, after=(0, 0)):
    """A function of the mixture's posterior after events among patients, by the conjugate formula."""
    k, m = after
    parts = [(0.6, 3.0, 9.0), (0.4, 1.0, 1.0)]
    evidence = [w * math.exp(special.betaln(a + k, b + m - k) - special.betaln(a, b)) for w, a, b in parts]
    total = sum(evidence)
    return sum(e / total * function(stats.beta(a + k, b + m - k)) for e, (_, a, b) in zip(evidence, parts, strict=True))


class TestRates:
    def test_tails_after_every_count(self):
        for prior, of in ((Beta(2.0, 3.0), None), (MIXTURE, of_mixture)):
            found = upper_tails(prior, 7, 0.35)
            for k in range(8):
                beta = stats.beta(2.0 + k, 10.0 - k)
                expected = beta.sf(0.35) if of is None else of(lambda law: law.sf(0.35), (k, 7))
                assert found[k] == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize(
        ("scale", "threshold"),
        [
            ("difference", 0.1),
            ("difference", -0.2),
            ("difference", 0.0),
            ("ratio", 1.4),
            ("ratio", 0.7),
            ("odds_ratio", 1.5),
        ],
    )
    def test_contrasts_after_every_pair_of_counts(self, scale, threshold):
        found = contrast_tails(Beta(1.5, 2.0), 3, Beta(2.0, 1.0), 2, threshold, scale)

        def needed(y):
            if scale == "difference":
                return y + threshold
            if scale == "ratio":
                return y * threshold
            return special.expit(special.logit(y) + math.log(threshold))

        for k, j in itertools.product(range(4), range(3)):
            x, y = stats.beta(1.5 + k, 5.0 - k), stats.beta(2.0 + j, 3.0 - j)
            value, _ = integrate.quad(
                lambda r, x=x, y=y: y.pdf(r) * x.sf(np.clip(needed(r), 0, 1)), 0, 1, epsabs=1e-11, limit=200
            )
            assert found[k, j] == pytest.approx(value, abs=1e-7)

    def test_predictive_counts_are_beta_binomial(self):
        found = predictive_counts(Beta(1.5, 2.5), 4, 11)
        for s in range(5):
            law = stats.betabinom(7, 1.5 + s, 2.5 + 4 - s)
            assert found[s, s : s + 8] == pytest.approx(law.pmf(np.arange(8)))
            assert found[s].sum() == pytest.approx(1.0)

    def test_widths_of_intervals(self):
        found = interval_widths(Beta(1.5, 2.5), 6, 0.9)
        for s in range(7):
            low, high = stats.beta(1.5 + s, 8.5 - s).ppf([0.05, 0.95])
            assert found[s] == pytest.approx(high - low, abs=1e-9)

    def test_a_mixture_is_its_parts(self):
        for x in (0.1, 0.4, 0.9):
            assert float(MIXTURE.cdf(x)) == pytest.approx(of_mixture(lambda law, x=x: law.cdf(x)))
            assert float(MIXTURE.sf(x)) == pytest.approx(of_mixture(lambda law, x=x: law.sf(x)))
            assert float(np.squeeze(MIXTURE.density(np.array([x])))) == pytest.approx(
                of_mixture(lambda law, x=x: law.pdf(x))
            )
            assert MIXTURE.quantile(float(MIXTURE.cdf(x))) == pytest.approx(x)
        mean = of_mixture(lambda law: law.mean())
        assert MIXTURE.mean == pytest.approx(mean)
        assert MIXTURE.sd == pytest.approx(math.sqrt(of_mixture(lambda law: law.var() + law.mean() ** 2) - mean**2))
        draws = MIXTURE.sample(np.random.default_rng(1), (20_000,))
        assert draws.mean() == pytest.approx(mean, abs=4 * MIXTURE.sd / math.sqrt(20_000))
        assert MIXTURE.ess_moment() == pytest.approx(mean * (1 - mean) / MIXTURE.sd**2 - 1)

    @pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
    def test_a_contrast_of_mixtures(self, scale):
        contrast = RateContrast(MIXTURE, Beta(4.0, 6.0), scale)
        rng = np.random.default_rng(2)
        x, y = MIXTURE.sample(rng, (200_000,)), rng.beta(4.0, 6.0, 200_000)
        values = {"difference": x - y, "ratio": x / y, "odds_ratio": x / (1 - x) * (1 - y) / y}[scale]
        for q in (0.1, 0.5, 0.9):
            at = contrast.quantile(q)
            assert float(contrast.cdf(at)) == pytest.approx(q, abs=1e-7)
            assert (values < at).mean() == pytest.approx(q, abs=4.5 * math.sqrt(q * (1 - q) / 200_000))
        if scale == "difference":
            assert contrast.mean == pytest.approx(values.mean(), abs=4.5 * values.std() / math.sqrt(200_000))
            assert contrast.sd == pytest.approx(values.std(), rel=0.02)


class TestRegimens:
    @pytest.mark.parametrize("count", [2, 3, 5])
    def test_a_basis_of_contrasts(self, count):
        basis = zero_sum_basis(count)
        assert basis.T @ basis == pytest.approx(np.eye(count - 1))
        assert basis.sum(axis=0) == pytest.approx(0.0)

    @pytest.mark.parametrize(
        ("prior", "pair"),
        [
            (Prior("Normal", mu=0, sigma=0.8), stats.norm(0, 0.8)),
            (Prior("StudentT", nu=4, mu=0, sigma=0.8), stats.t(4, 0, 0.8)),
            (Prior("Cauchy", alpha=0, beta=0.8), stats.cauchy(0, 0.8)),
        ],
        ids=["Normal", "StudentT", "Cauchy"],
    )
    def test_every_pair_has_the_prior(self, prior, pair):
        law = PairPrior(prior, 4)
        drawn = law.sample(np.random.default_rng(3), 20_000)
        drawn = np.asarray(drawn).reshape(20_000, 3)
        for i, j in itertools.combinations(range(4), 2):
            effects = np.column_stack([np.zeros(20_000), drawn])
            assert stats.kstest(effects[:, j] - effects[:, i], pair.cdf).pvalue > 1e-4
        points = np.random.default_rng(4).normal(size=(5, 3))
        shape = 0.64 * (np.eye(3) + 1) / 2
        if prior.distribution == "Normal":
            expected = stats.multivariate_normal(np.zeros(3), shape).logpdf(points)
        else:
            expected = stats.multivariate_t(np.zeros(3), shape, df=law.freedom).logpdf(points)
        assert np.asarray(law.log_density(points)) == pytest.approx(expected)


class TestShrinkage:
    def test_the_slab_bounds_what_is_free(self):
        scale, local, slab = 0.3, np.array([0.1, 2.0, 50.0]), 0.8
        expected = np.sqrt(scale**2 * local**2 * slab / (slab + scale**2 * local**2))
        assert _horseshoe_sd(np, scale, local, slab) == pytest.approx(expected)
        assert expected_global_scale(2, 6, 25) == pytest.approx(2 / 4 / 5)


class TestConfounders:
    def test_a_bias_is_that_of_the_mixture_of_patients(self):
        factor = Confounder(2.5, 0.4, 0.15)
        bias = bias_of_confounder(factor)
        assert math.exp(bias) == pytest.approx((0.6 + 0.4 * 2.5) / (0.85 + 0.15 * 2.5))
        assert needed_prevalence(bias, 2.5, 0.15) == pytest.approx(0.4)
        assert needed_strength(bias, 0.4, 0.15) == pytest.approx(2.5)
        assert needed_prevalence(5.0, 1.5, 0.1) is None
        assert needed_strength(math.log(9.0), 0.2, 0.1) is None

    def test_e_values(self):
        """VanderWeele and Ding 2017: RR 3.9 has the E-value 7.26; of common events the root of the odds ratio."""
        assert risk_ratio(math.log(3.9**2), "log_odds") == pytest.approx(3.9)
        assert e_value(math.log(3.9**2), "log_odds") == pytest.approx(7.26, abs=0.005)
        assert e_value(-math.log(3.9**2), "log_odds") == pytest.approx(7.26, abs=0.005)
        root = math.sqrt(1.8)
        expected = (1 - 0.5**root) / (1 - 0.5 ** (1 / root))
        assert risk_ratio(math.log(1.8), "log_hazard") == pytest.approx(expected)
        e = e_value(math.log(3.9**2), "log_odds")
        assert bounding_factor(e, e) == pytest.approx(3.9)


class TestKaplanMeier:
    TIMES = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 4.0, 6.0, 7.0])
    EVENTS = np.array([1, 1, 1, 0, 0, 1, 0, 1, 0], dtype=bool)
    ENTRY = np.array([0.0, 0.0, 0.5, 0.0, 2.0, 0.0, 3.0, 2.0, 0.0])

    @pytest.mark.parametrize("entry", [False, True])
    def test_it_is_the_product_by_hand(self, entry):
        entered = self.ENTRY if entry else np.zeros(9)
        found = kaplan_meier(self.TIMES, self.EVENTS, entered)
        survival = 1.0
        for at in (1.0, 2.0, 4.0, 6.0):
            risk = ((at <= self.TIMES) & (entered < at)).sum()
            died = ((at == self.TIMES) & self.EVENTS).sum()
            survival *= 1.0 - died / risk
            assert float(found(np.array([at]))[0]) == pytest.approx(survival)
            assert float(found(np.array([at + 0.5]))[0]) == pytest.approx(survival)


class TestDiagnostics:
    """Chains that differ a little, and too few effective draws, are said and not accepted."""

    @staticmethod
    def diagnosed(values):
        import xarray as xr

        from bayes_escc.inference.diagnostics import diagnose

        data = xr.Dataset({"x": (("chain", "draw"), values)})
        return diagnose(data, data, xr.Dataset())

    def test_r_hat_of_1_05_is_too_large(self):
        rng = np.random.default_rng(5)
        apart = rng.normal(size=(4, 1000)) + np.array([0.0, 0.25, -0.25, 0.6])[:, None]
        found = self.diagnosed(apart)
        assert 1.02 < found.max_rhat < 1.1
        assert not found.converged
        assert any("R-hat" in m for m in found.messages)
        assert self.diagnosed(rng.normal(size=(4, 1000))).converged

    def test_two_hundred_effective_draws_are_too_few(self):
        found = self.diagnosed(np.random.default_rng(6).normal(size=(4, 50)))
        assert 100 < found.min_ess_bulk < 400
        assert not found.converged
        assert any("effective draws" in m for m in found.messages)
