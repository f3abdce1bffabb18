"""Leave-one-out of hierarchies integrates the left-out study's own effect, and says what it cannot compare."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.families.response.binomial import integrated_log_pmf
from bayes_escc.families.synthesis.integrated import log_density_of_arms
from tests.helpers.synthesis import AS_EVENTS, AS_TOTAL
from tests.oracles import left_out

Y = [-0.9, -0.75, -0.5, -0.35, -0.2, -0.12]
SE = [0.45, 0.4, 0.3, 0.2, 0.12, 0.08]


@pytest.fixture(scope="module")
def effects():
    """Six log hazard ratios under random and common effects."""
    frame = pd.DataFrame(
        {
            "study": list("abcdef"),
            "experimental": "drug",
            "control": "control",
            "endpoint": "PFS",
            "measure": "HR",
            "ci_level": 0.95,
            "estimate": np.exp(Y),
            "lower": np.exp(np.array(Y) - 1.959964 * np.array(SE)),
            "upper": np.exp(np.array(Y) + 1.959964 * np.array(SE)),
        }
    )
    priors = {"effect": be.Prior("Normal", mu=0, sigma=1), "tau": be.Prior("HalfNormal", sigma=0.5)}
    random = be.SynthesisModel(endpoint="PFS", priors=priors).fit(frame, draws=4000, seed=3)
    common = be.SynthesisModel(endpoint="PFS", pooling="common", priors={"effect": priors["effect"]})
    return {"random": random, "common": common.fit(frame, draws=4000, seed=3)}


def test_the_ranking_of_random_and_common_effects_is_that_of_quadrature(effects):
    random, common = left_out.normal_effects(Y, SE, 0.5)
    assert (round(random, 2), round(common, 2)) == (-1.81, -1.26)
    for name, expected in (("random", random), ("common", common)):
        found = be.loo(effects[name])
        assert found.marginal
        assert (found.mcse, found.unreliable) == (0.0, 0)  # by quadrature, not by weighted draws
        assert found.elpd == pytest.approx(expected, abs=1e-6)
    table = be.compare_models(effects)
    assert list(table.index) == ["common", "random"]
    gap = be.loo(effects["random"]).each - be.loo(effects["common"]).each
    assert table.loc["random", "difference"] == pytest.approx(gap.sum())
    assert table.loc["random", "se_difference"] == pytest.approx(np.sqrt(len(gap)) * gap.std())


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution")
def test_conditional_and_marginal_are_not_compared(effects):
    conditional = be.loo(effects["random"], integrated=False)
    assert not conditional.marginal
    assert conditional.elpd > be.loo(effects["random"]).elpd + 0.3
    with pytest.raises(be.AnalysisError, match="conditionally on effects of its own"):
        be.compare_models(effects, integrated=False)
    with pytest.raises(be.AnalysisError, match="nothing to integrate out"):
        be.loo(effects["common"], integrated=True)


def test_studies_of_a_network_are_left_out_whole_by_quadrature():
    """A trial of three arms among others: the density is the evidence of all over that of the others."""
    rows = [
        ("t1", "B", "A", -0.5, 0.2),
        ("t1", "C", "A", -0.2, 0.25),
        ("t2", "B", "A", -0.1, 0.3),
        ("t3", "C", "B", 0.3, 0.2),
    ]
    frame = pd.DataFrame(rows, columns=["study", "regimen", "control", "estimate", "se"])
    frame = frame.assign(endpoint="OS", measure="log HR", control_se=[0.15, 0.15, np.nan, np.nan])
    model = be.SynthesisModel(endpoint="OS", network=True, reference="A")
    table = be.read_effects(frame)
    fit = model.fit(table, seed=1)
    found = be.loo(fit)
    assert (len(found.each), found.mcse) == (3, 0.0)
    for i, study in enumerate(("t1", "t2", "t3")):
        keep = be.read_effects(frame[frame["study"] != study].reset_index(drop=True))
        left = model.fit(keep, seed=1).diagnostics.log_evidence
        assert found.each[i] == pytest.approx(fit.diagnostics.log_evidence - left, abs=1e-8)


@pytest.mark.parametrize(("mean", "tau"), [(-1.0, 0.5), (0.3, 2.5), (-3.0, 0.01)])
def test_a_studys_effect_is_integrated_out(mean, tau):
    from scipy import integrate, stats

    k, n = np.array([0, 7, 39, 500]), np.array([5, 7, 139, 2000])
    found = integrated_log_pmf(k, n, np.full(4, mean), np.full(4, tau))

    def density(u, i):
        return stats.binom.pmf(k[i], n[i], 1 / (1 + np.exp(-u))) * stats.norm.pdf(u, mean, tau)

    for i in range(4):
        centre = np.log((k[i] + 0.5) / (n[i] - k[i] + 0.5))
        points = sorted({mean, float(np.clip(centre, mean - 8 * tau, mean + 8 * tau))})
        expected = integrate.quad(
            density, mean - 10 * tau, mean + 10 * tau, args=(i,), points=points, limit=400, epsabs=1e-300, epsrel=1e-9
        )[0]
        assert found[i] == pytest.approx(np.log(expected), abs=2e-4)


@pytest.mark.slow
def test_a_hierarchy_of_rates_is_no_better_than_the_beta_binomial_for_its_memory(spondylitis):
    """Eight control arms: -25.22 for the hierarchy (the conditional density says -24.10) against -24.57.

    Grids twice as fine and half as wide again move the two expectations by less than 1e-4.
    """
    table = be.read_counts(spondylitis)
    options = {"endpoint": str(table.endpoints[0])}
    hierarchy = be.ResponseModel(pooling="partial", pool_over="studies", **options).fit(table, draws=2000, seed=1)
    overdispersed = be.ResponseModel(likelihood="beta_binomial", **options).fit(table, draws=2000, seed=1)
    expected = left_out.rates(AS_EVENTS, AS_TOTAL, 1.5, 1.0), left_out.beta_binomial(AS_EVENTS, AS_TOTAL)
    assert expected == (pytest.approx(-25.2245, abs=2e-4), pytest.approx(-24.5659, abs=1e-4))
    for fit, value in zip((hierarchy, overdispersed), expected, strict=True):
        found = be.loo(fit)
        assert found.marginal
        assert found.elpd == pytest.approx(value, abs=4.5 * found.mcse)
    assert be.compare_models({"hierarchy": hierarchy, "beta-binomial": overdispersed}).index[0] == "beta-binomial"


@pytest.mark.parametrize("tau", [0.01, 0.5, 2.5])
@pytest.mark.parametrize(
    ("events", "total"), [((3, 8), (20, 22)), ((0, 4), (15, 15)), ((0, 0), (10, 12)), ((15, 15), (15, 15))]
)
def test_baseline_and_contrast_of_a_trial_are_integrated_out(events, total, tau):
    own = np.array([[[5.0, 0.0], [5.0, tau]]])
    found = log_density_of_arms(np.array(events), np.array(total), np.array([[0.0, -0.7]]), own)
    expected = left_out.arms_of_study(events, total, -0.7, tau, 5.0)
    assert found[0] == pytest.approx(expected, abs=2e-3)


def test_a_trial_of_three_arms_is_integrated_too():
    """Against a plain grid of standard normal nodes, far finer than the package's."""
    from scipy import stats

    events, total = np.array([4, 9, 7]), np.array([20, 25, 18])
    mean = np.array([-1.0, -0.4, -0.2])
    own = np.array([[0.8, 0.0, 0.0], [0.8, 0.6, 0.0], [0.8, 0.3, 0.6 * np.sqrt(0.75)]])
    z, w = np.polynomial.hermite_e.hermegauss(50)
    u = np.stack(np.meshgrid(z, z, z, indexing="ij"), axis=-1).reshape(-1, 3)
    weight = (w[:, None, None] * w[:, None] * w).ravel() / w.sum() ** 3
    likelihood = stats.binom.pmf(events, total, 1 / (1 + np.exp(-(mean + u @ own.T)))).prod(axis=1)
    found = log_density_of_arms(events, total, mean[None], own[None])[0]
    assert found == pytest.approx(np.log(weight @ likelihood), abs=2e-4)


TRIALS = [((6, 30), (11, 29)), ((9, 40), (10, 42)), ((3, 25), (12, 24)), ((8, 35), (7, 33)), ((12, 50), (25, 48))]


@pytest.fixture(scope="module")
def arm_counts():
    """Five trials of two arms under random and common log odds ratios."""
    rows = [
        {"study": f"s{i}", "regimen": regimen, "endpoint": "ORR", "events": e, "n": n}
        for i, trial in enumerate(TRIALS)
        for regimen, (e, n) in zip(("control", "drug"), trial, strict=True)
    ]
    priors = {
        "effect": be.Prior("Normal", mu=0, sigma=1),
        "tau": be.Prior("HalfNormal", sigma=0.5),
        "baseline": be.Prior("Normal", mu=0, sigma=2),
    }
    shared = {"likelihood": "binomial", "control": "control"}
    table = be.read_counts(pd.DataFrame(rows))
    random = be.SynthesisModel(priors=priors, **shared)
    common = be.SynthesisModel(pooling="common", priors={k: v for k, v in priors.items() if k != "tau"}, **shared)
    return {name: m.fit(table, draws=1000, seed=5) for name, m in (("random", random), ("common", common))}


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution")
def test_leaving_a_trial_of_arm_counts_out_is_leaving_it_out(arm_counts):
    """Grids over effect and heterogeneity, every trial left out whole, are the refits without it."""
    events, total = ([[arm[i] for arm in trial] for trial in TRIALS] for i in (0, 1))
    for name, tau_sd in (("random", 0.5), ("common", 0.0)):
        found = be.loo(arm_counts[name])
        assert found.marginal
        assert len(found.each) == len(TRIALS)
        expected = left_out.arm_counts(events, total, 1.0, tau_sd, 2.0)
        assert found.elpd == pytest.approx(expected, abs=4.5 * found.mcse)
        conditional = be.loo(arm_counts[name], integrated=False)
        assert not conditional.marginal
    assert set(be.compare_models(arm_counts).index) == {"random", "common"}
