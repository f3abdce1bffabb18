"""The exact engine against SciPy, closed forms and adaptive quadrature."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from bayes_escc.errors import AnalysisError
from bayes_escc.probability.beta import (
    Beta,
    contrast_density,
    contrast_mean_sd,
    contrast_quantile,
    exceedance,
    exceedance_after_shifts,
    rank_distribution,
)
from bayes_escc.probability.logit_panels import CORE, shared_rule
from tests.oracles.quadrature import beta_exceeds

SHAPES = [(13, 24), (0.5, 0.5), (0.5, 29.5), (1, 31), (2000, 3), (1, 1), (0.1, 5)]


@pytest.mark.parametrize(("a", "b"), [*SHAPES, (30_000, 70_000)])
def test_distribution_function_and_quantiles_are_scipys(a, b):
    x = np.linspace(0.001, 0.999, 499)
    tolerance = Beta(a, b).rounding_floor() + 1e-13
    assert np.abs(Beta(a, b).cdf(x) - special.betainc(a, b, x)).max() < tolerance
    assert np.abs(Beta(a, b).sf(x) - special.betaincc(a, b, x)).max() < tolerance
    for q in (1e-6, 0.025, 0.5, 0.975):
        assert Beta(a, b).quantile(q) == pytest.approx(special.betaincinv(a, b, q), rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [*SHAPES, (30_000, 70_000)])
def test_mean_and_standard_deviation_are_scipys(a, b):
    assert Beta(a, b).mean == pytest.approx(stats.beta(a, b).mean(), rel=1e-12)
    assert Beta(a, b).sd == pytest.approx(stats.beta(a, b).std(), rel=1e-12)


def test_distribution_function_outside_the_unit_interval():
    assert list(Beta(2, 3).cdf([-1.0, 0.0, 1.0, 2.0])) == [0.0, 0.0, 1.0, 1.0]
    assert Beta(2, 3).quantile(0.0) == 0.0
    assert Beta(2, 3).quantile(1.0) == 1.0


@pytest.mark.parametrize(("x", "y"), list(itertools.permutations(SHAPES[:5], 2)))
@pytest.mark.parametrize(
    ("scale", "threshold"),
    [("difference", 0.0), ("difference", 0.1), ("difference", -0.05), ("ratio", 1.5), ("odds_ratio", 0.7)],
)
def test_exceedance_meets_adaptive_quadrature(x, y, scale, threshold):
    value, error = exceedance(Beta(*x), Beta(*y), threshold, scale)
    assert value == pytest.approx(beta_exceeds(*x, *y, threshold, scale), abs=1e-8)
    assert 0 < error < 1e-9


def test_the_stated_pairs_against_an_exact_finite_sum():
    """For whole shapes P(X > Y) is a finite sum (Cook 2003), independent of any quadrature."""

    def finite_sum(a, b, c, d):
        i = np.arange(a)
        terms = special.betaln(c + i, b + d) - np.log(b + i) - special.betaln(1 + i, b) - special.betaln(c, d)
        return float(np.exp(terms).sum())

    for (k, n), (k0, n0) in [((12, 35), (10, 29)), ((6, 20), (5, 20)), ((15, 20), (14, 20)), ((0, 7), (0, 9))]:
        x, y = (1 + k, 1 + n - k), (1 + k0, 1 + n0 - k0)
        value, error = exceedance(Beta(*x), Beta(*y), 0.0, "difference")
        assert value == pytest.approx(finite_sum(*x, *y), abs=1e-12)
        assert abs(value - finite_sum(*x, *y)) <= 10 * error


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
def test_quantiles_invert_exceedance(scale):
    x, y = Beta(13, 24), Beta(11, 20)
    for q in (0.025, 0.5, 0.975):
        cut = contrast_quantile(x, y, q, scale)
        assert exceedance(x, y, cut, scale)[0] == pytest.approx(1 - q, abs=1e-9)


def test_quantiles_of_very_large_samples_are_those_of_a_normal():
    x, y = Beta(30_000, 70_000), Beta(29_000, 71_000)
    sd = np.hypot(x.sd, y.sd)
    for q in (0.025, 0.975):
        normal = stats.norm.ppf(q, x.mean - y.mean, sd)
        assert contrast_quantile(x, y, q, "difference") == pytest.approx(normal, abs=sd * 1e-3)


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
def test_moments_and_density_by_integration_of_the_tail(scale):
    x, y = Beta(13, 24), Beta(11, 20)
    mean, sd = contrast_mean_sd(x, y, scale)
    rng = np.random.default_rng(1)
    a, b = rng.beta(13, 24, 1_000_000), rng.beta(11, 20, 1_000_000)
    draws = {"difference": a - b, "ratio": a / b, "odds_ratio": a / (1 - a) / (b / (1 - b))}[scale]
    assert abs(mean - draws.mean()) < 4 * draws.std() / 1000
    assert sd == pytest.approx(draws.std(), rel=0.02)
    grid = np.linspace(np.quantile(draws, 0.0001), np.quantile(draws, 0.9999), 400)
    density = contrast_density(x, y, grid, scale)
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=2e-3)


def test_moments_that_do_not_exist_are_none():
    assert contrast_mean_sd(Beta(2, 2), Beta(1, 3), "ratio") == (None, None)
    assert contrast_mean_sd(Beta(2, 2), Beta(1.5, 3), "ratio")[1] is None
    assert contrast_mean_sd(Beta(2, 0.5), Beta(3, 3), "odds_ratio") == (None, None)


def test_rank_distributions_sum_to_one_and_meet_simulation():
    laws = [Beta(13, 24), Beta(11, 20), Beta(7, 15), Beta(0.5, 10.5)]
    for better in ("higher", "lower"):
        table = np.stack([p for p, _ in rank_distribution(laws, better)])
        assert table.sum(axis=0) == pytest.approx(np.ones(4), abs=1e-10)
        assert table.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-10)
    rng = np.random.default_rng(2)
    draws = np.stack([rng.beta(law.alpha, law.beta, 400_000) for law in laws])
    ranks = (-draws).argsort(axis=0).argsort(axis=0)
    for (found, _), mine in zip(rank_distribution(laws, "higher"), ranks, strict=True):
        share = np.bincount(mine, minlength=4) / 400_000
        assert np.all(np.abs(found - share) < 4 * np.sqrt(found * (1 - found) / 400_000) + 1e-9)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 60),
    st.integers(1, 60),
    st.integers(0, 60),
    st.integers(1, 60),
    st.sampled_from([0.5, 1.0]),
)
def test_swapping_the_arms_gives_the_complement(k, m, j, l, prior):  # noqa: E741
    x, y = Beta(prior + k, prior + m), Beta(prior + j, prior + l)
    forward, backward = exceedance(x, y, 0.0, "difference")[0], exceedance(y, x, 0.0, "difference")[0]
    assert forward + backward == pytest.approx(1.0, abs=1e-10)
    for scale in ("ratio", "odds_ratio"):
        assert exceedance(x, y, 1.0, scale)[0] == pytest.approx(forward, abs=1e-9)


def test_identical_and_mirrored_arms_are_even():
    for n in range(1, 42):
        for k in range(0, n + 1, 3):
            x = Beta(1 + k, 1 + n - k)
            assert exceedance(x, x, 0.0, "difference")[0] == pytest.approx(0.5, abs=1e-10)
            for scale, null in (("difference", 0.0), ("ratio", 1.0), ("odds_ratio", 1.0)):
                assert contrast_quantile(x, x, 0.5, scale) == pytest.approx(null, abs=1e-8)
    low, high = Beta(1, 2), Beta(2, 1)
    assert exceedance(low, high, 0.0, "difference")[0] == pytest.approx(1 / 6, abs=1e-12)


@pytest.mark.parametrize("shape", [0.001, 0.01, 0.1])
def test_tiny_shapes_keep_their_mass(shape):
    x = Beta(shape, 10 + shape)
    assert exceedance(x, x, 0.0, "difference")[0] == pytest.approx(0.5, abs=1e-9)
    assert sum(p[0] for p, _ in rank_distribution([x, x, x], "higher")) == pytest.approx(1.0, abs=1e-8)
    y = Beta(2 * shape, 10 + shape)
    # as the shapes vanish both rates are pure powers of uniforms: P(X > Y) tends to a / (a + 2a)
    assert exceedance(x, y, 0.0, "difference")[0] == pytest.approx(1 / 3, abs=20 * shape)


@pytest.mark.parametrize("n", [1_000, 100_000, 10**6, 10**9, 10**12])
def test_any_number_of_patients_costs_the_same_and_is_as_accurate(n):
    half, more = n // 2, n // 2 + round(2.0 * n**0.5)
    x, y = Beta(1.0 + more, 1.0 + n - more), Beta(1.0 + half, 1.0 + n - half)
    value, error = exceedance(y, x, 0.0, "difference")
    z = (y.mean - x.mean) / np.hypot(x.sd, y.sd)
    assert value == pytest.approx(stats.norm.cdf(z), rel=max(1e-6, 30.0 / n))  # of order 1 / n is left
    assert error < 1e-6 * value
    assert value == pytest.approx(1.0 - exceedance(x, y, 0.0, "difference").value, abs=1e-9)
    assert len(x.panels(CORE).edges) < 60
    assert len(x.panels().edges) < 400
    lower, upper = (contrast_quantile(x, y, q, "difference") for q in (0.025, 0.975))
    assert (upper - lower) / np.hypot(x.sd, y.sd) == pytest.approx(2 * stats.norm.ppf(0.975), rel=1e-3)


def test_small_probabilities_are_relatively_accurate():
    def finite_sum(a, b, c, d):
        i = np.arange(a)
        terms = special.betaln(c + i, b + d) - np.log(b + i) - special.betaln(1 + i, b) - special.betaln(c, d)
        return float(np.exp(terms).sum())

    for x, y in [((2, 99), (60, 41)), ((11, 990), (300, 701)), ((1, 400), (399, 2)), ((31, 970), (80, 921))]:
        value = exceedance(Beta(*x), Beta(*y), 0.0, "difference").value
        assert value < 1e-5
        assert value == pytest.approx(finite_sum(*x, *y), rel=1e-9)


def test_far_tails_of_one_rate_are_relatively_accurate():
    for a, b in [(13, 24), (0.5, 29.5), (30_000, 70_000)]:
        for q in (1e-6, 1e-30, 1e-100):
            at = Beta(a, b).quantile(q)
            assert float(Beta(a, b).cdf(at)) == pytest.approx(special.betainc(a, b, at), rel=1e-9)


@pytest.mark.parametrize("shape", [(1e-300, 1e300), (1e-6, 1.0), (1.0, 1e16)])
def test_a_rate_that_is_a_constant_to_all_digits_is_refused(shape):
    with pytest.raises(AnalysisError, match="must lie between 1e-05 and 1e\\+15"):
        Beta(*shape).cdf(0.5)


@pytest.mark.parametrize("prior", [(1e6, 1e6), (1e-3, 1e14), (1e-4, 1e-4)])
@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
def test_odd_priors_are_answered(prior, scale):
    x, y = Beta(prior[0] + 12, prior[1] + 23), Beta(prior[0] + 10, prior[1] + 19)
    value, error = exceedance(x, y, 0.0 if scale == "difference" else 1.0, scale)
    assert 0.0 < value < 1.0
    assert error < 1e-6
    quantiles = [contrast_quantile(x, y, q, scale) for q in (0.025, 0.5, 0.975)]
    assert quantiles == sorted(quantiles)


@pytest.mark.parametrize("n", [40, 10**6, 10**12])
def test_ranks_of_twelve_rates_meet_a_sum_over_a_fine_grid(n):
    """P(rank) of each of 12 rates by trapezia over its own quantiles, with SciPy's distribution functions."""
    counts = [round(n * 0.4 + 0.4 * i * math.sqrt(0.24 * n)) for i in range(-6, 6)]
    laws = [Beta(1.0 + k, 1.0 + n - k) for k in counts]
    found = rank_distribution(laws, "higher")
    for i in (0, 5, 11):
        own = stats.beta(laws[i].alpha, laws[i].beta)
        at = np.linspace(own.mean() - 9.0 * own.std(), own.mean() + 9.0 * own.std(), 4001).clip(0.0, 1.0)
        ahead = np.eye(1, 12)[0] * np.ones((4001, 1))
        for j, other in enumerate(laws):
            if j != i:
                p = stats.beta.sf(at, other.alpha, other.beta)[:, None]
                ahead = ahead * (1.0 - p) + np.roll(ahead, 1, axis=1) * p
        mine = np.trapezoid(ahead * own.pdf(at)[:, None], at, axis=0)
        assert found[i][0] == pytest.approx(mine / mine.sum(), rel=1e-6, abs=1e-12)


def test_rates_that_lie_together_share_their_panels():
    laws = [Beta(1.0 + k, 1001.0 - k).panels(45.0) for k in range(400, 412)]
    assert len(shared_rule(laws)[0]) < 3 * len(shared_rule(laws[:1])[0])


@pytest.mark.parametrize(
    "laws", [((5e5, 5e5), (10, 10)), ((10, 10), (5e5, 5e5)), ((5e7, 5e7), (3, 30)), ((2, 30), (9, 9))]
)
@pytest.mark.parametrize(("scale", "threshold"), [("difference", 0.0), ("difference", 0.05), ("ratio", 1.2)])
def test_shifts_of_unequal_arms_meet_the_shifted_law(laws, scale, threshold):
    """Whichever of both rates is known much better: P after a shift of the log odds by quadrature over a fine grid."""
    x, y = (Beta(*law) for law in laws)
    shifts = np.array([-0.3, -0.01, 0.0, 0.02, 0.4, 3.0])
    found = exceedance_after_shifts(x, y, threshold, scale, shifts)
    known, other = (x, y) if x.alpha + x.beta > y.alpha + y.beta else (y, x)  # trapezoids over the better known one
    centre, spread = math.log(known.alpha / known.beta), math.sqrt(1.0 / known.alpha + 1.0 / known.beta)
    u = centre + spread * np.linspace(-40.0, 40.0, 40_001)
    log_density = known.alpha * special.log_expit(u) + known.beta * special.log_expit(-u)
    weights = np.exp(log_density - log_density.max())
    if known is x:
        rate = special.expit(u - shifts[:, None])
        bound = rate - threshold if scale == "difference" else rate / threshold
        tail = stats.beta.cdf(bound, other.alpha, other.beta)
    else:
        rate = special.expit(u)
        bound = np.clip(rate + threshold if scale == "difference" else rate * threshold, 0.0, 1.0)
        tail = stats.beta.sf(special.expit(special.logit(bound) + shifts[:, None]), other.alpha, other.beta)
    assert found == pytest.approx(tail @ weights / weights.sum(), rel=1e-7, abs=1e-12)
