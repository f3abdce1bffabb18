"""Every tree works in ArviZ without preparation, and draws made elsewhere work here."""

from __future__ import annotations

import warnings

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_escc as be
from bayes_escc.names import CHAIN, DRAW

FUNCTIONS = {
    "summary": lambda tree: az.summary(tree, ci_prob=0.95),
    "plot_trace": az.plot_trace,
    "plot_forest": az.plot_forest,
    "plot_pair": az.plot_pair,
    "loo": az.loo,
    "compare": lambda tree: az.compare({"one": tree, "same": tree}),
    "plot_ppc_dist": lambda tree: az.plot_ppc_dist(tree, num_samples=10),
    "plot_loo_pit": az.plot_loo_pit,
    "psense_summary": az.psense_summary,
    "plot_prior_posterior": az.plot_prior_posterior,
    "plot_rank": az.plot_rank,
}


@pytest.fixture(scope="module")
def survival():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {"patient_id": range(40), "regimen": ["A", "B"] * 20, "time": rng.exponential(5, 40).round(1) + 0.1}
    )
    model = be.SurvivalModel(
        baseline="exponential", regimen_effect="stratified", data_unit="months", times=[6.0], horizons=[6.0],
        priors={"hazard": be.Prior("Gamma", alpha=2, beta=12)},
    )  # fmt: skip
    return model.fit(frame.assign(event=(np.arange(40) % 4 > 0).astype(int)), seed=1, draws=250)


@pytest.fixture(scope="module")
def pool():
    table = pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(4)], "regimen": "E", "control": "C", "endpoint": "OS", "measure": "HR",
            "estimate": [0.7, 0.8, 0.75, 0.9], "se": [0.1, 0.15, 0.2, 0.12],
        }
    )  # fmt: skip
    return be.SynthesisModel(endpoint="OS").fit(be.read_effects(table), seed=1, draws=250)


@pytest.mark.parametrize("tree", ["exact", "nuts", "overdispersed", "survival", "pool"])
def test_arviz_needs_no_preparation(tree, request):
    posterior = request.getfixturevalue(tree)
    with az.rc_context({"plot.max_subplots": 150}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ warns of small tables and of discrete data
        for name, function in FUNCTIONS.items():
            assert function(posterior.tree) is not None, name
            plt.close("all")


@pytest.mark.parametrize("tree", ["exact", "nuts", "overdispersed", "survival", "pool"])
def test_what_is_observed_is_replicated_and_has_a_density(tree, request):
    groups = request.getfixturevalue(tree).tree
    names = set(groups["observed_data"].data_vars)
    assert names
    assert names == set(groups["log_likelihood"].data_vars)
    assert names <= set(groups["posterior_predictive"].data_vars)


def test_integrated_densities_stand_apart(pool):
    """Or power scaling would count the data twice."""
    assert set(pool.tree["log_likelihood"].data_vars) == {"y"}
    assert set(pool.tree["integrated_log_likelihood"].data_vars) == {"y_integrated"}
    assert set(pool.observed.data_vars) == {"y", "se"}
    loo = be.loo(pool)
    tau, mu = (pool.tree["posterior"][n].to_numpy() for n in ("tau", "mu"))
    y, se = (pool.observed[n].to_numpy() for n in ("y", "se"))
    density = stats.norm(mu.reshape(*tau.shape, 1), np.hypot(tau[..., None], se)).logpdf(y)
    ours = pool.tree["integrated_log_likelihood"]["y_integrated"].to_numpy()
    assert np.allclose(ours, density)
    assert np.isfinite(loo.elpd)


# ---- draws made elsewhere ----------------------------------------------------------------------------

LABELS = {"coords": {"arm": ["A", "B", "C"]}, "rename": {"theta": "rate", "arm": "regimen"}}


def beta_draws(seed=1):
    return np.random.default_rng(seed).beta([11, 13, 30], [20, 24, 20], size=(4, 1000, 3))


def own(**options):
    options = {**LABELS, "dims": {"theta": ["arm"]}, "better": {"rate": "higher"}, **options}
    return be.Posterior.from_draws({"theta": beta_draws()}, **options)


def test_arrays_are_compared_ranked_and_held_to_thresholds():
    posterior, draws = own(), beta_draws()
    table = posterior.compare("rate", margin=0.1).table.set_index("regimen")
    gap = draws[..., 1:] - draws[..., :1]
    assert table["probability_better"].to_numpy() == pytest.approx((gap > 0).mean(axis=(0, 1)))
    assert table["probability_better_by_margin"].to_numpy() == pytest.approx((gap > 0.1).mean(axis=(0, 1)))
    best = np.bincount(draws.argmax(axis=-1).ravel(), minlength=3) / 4000
    ranks = posterior.ranking("rate").set_index("regimen")
    assert ranks["probability_best"].to_numpy() == pytest.approx(best)
    found = posterior.probability("rate", above=0.4)
    assert found["probability"].to_numpy() == pytest.approx((draws > 0.4).mean(axis=(0, 1)))
    summary = posterior.summary("rate")
    assert summary["median"].to_numpy() == pytest.approx(np.median(draws, axis=(0, 1)))
    assert posterior.diagnostics.converged
    assert posterior.diagnostics.max_rhat < 1.01


def test_a_tree_of_pymc_keeps_its_groups_and_names():
    import pymc as pm

    with pm.Model(coords={"regimen": ["x", "y"], "patient": range(4)}):
        median = pm.LogNormal("median", 1.0, 0.5, dims="regimen")
        pm.Normal("effect_of_patient", 0, 1, dims="patient")
        pm.Normal("seen", median.sum(), 1.0, observed=[3.0, 4.0])
        tree = pm.sample(200, tune=200, chains=2, random_seed=1, progressbar=False, cores=1)
    posterior = be.Posterior.from_draws(tree, units={"median": "months"})
    assert posterior.estimand_names == ("median",)
    assert {"sample_stats", "observed_data", "posterior"} <= set(posterior.tree.children)
    assert "effect_of_patient" in posterior.tree["posterior"]
    assert (
        posterior.compare("median").table["unit" if "unit" in posterior.compare("median").table else "scale"].size == 1
    )
    assert not posterior.diagnostics.converged  # 400 draws are too few, and that is said
    assert any("effective draws" in m for m in posterior.diagnostics.messages)


def test_one_chain_and_a_dataset():
    flat = {"theta": beta_draws()[0]}
    one = be.Posterior.from_draws(flat, dims={"theta": ["arm"]}, **LABELS)
    assert dict(one.estimand("rate").sizes) == {CHAIN: 1, DRAW: 1000, "regimen": 3}
    data = xr.Dataset({"rate": (("draw", "regimen"), beta_draws()[0])}, coords={"regimen": list("ABC")})
    same = be.Posterior.from_draws(data)
    assert same.summary()["median"].to_numpy() == pytest.approx(one.summary()["median"].to_numpy())


def test_it_is_saved_drawn_and_reported(tmp_path):
    question = [{"estimand": "rate", "reference": "A", "margin": 0.1, "better": "higher"}]
    posterior = own(comparisons=question, title="Our own model", patients=118, priors=("rate ~ Beta(1, 1)",))
    loaded = be.Posterior.load(posterior.save(tmp_path / "own.nc"))
    result = be.to_result(loaded)
    assert result == be.to_result(posterior)
    assert [r["regimen"] for r in result["comparisons"]] == ["B", "C"]
    assert result["analysis"]["title"] == "Our own model"
    assert result["data"]["patients"] == 118
    assert all(r["anchoring"] != "randomised" for r in result["comparisons"])
    be.plots.intervals(posterior)
    be.plots.difference(posterior.compare("rate"))
    be.plots.ranks(posterior, estimand="rate")
    written = {p.name for p in be.write_posterior(posterior, tmp_path / "results")}
    assert {"result.json", "comparisons.csv", "posterior.nc", "rates.svg", "difference_1.svg"} <= written
    page = be.write_report([tmp_path / "results"], language="both")[0].read_text(encoding="utf-8")
    assert "Our own model" in page
    assert "fitted outside of this package" in page
    assert "binomial" not in page
    plt.close("all")


def test_every_problem_is_named():
    with pytest.raises(be.AnalysisError, match=r"no variable has.*rename those of yours"):
        be.Posterior.from_draws({"theta": beta_draws()}, dims={"theta": ["arm"]})
    with pytest.raises(be.AnalysisError, match=r"shape \(4, 1000, 3\).*name its further dimensions"):
        be.Posterior.from_draws({"theta": beta_draws()})
    with pytest.raises(be.AnalysisError, match=r"'thetta'.*Did you mean 'theta'"):
        own(rename={"thetta": "rate"})
    with pytest.raises(be.AnalysisError, match="has 3 values, not 2"):
        own(coords={"arm": ["A", "B"]})
    with pytest.raises(be.AnalysisError, match="repeat"):
        own(coords={"arm": ["A", "B", "B"]})
    with pytest.raises(be.AnalysisError, match=r"neither higher nor lower"):
        own(better={"rate": "up"})
    with pytest.raises(be.AnalysisError, match=r"units: 'ratee'"):
        own(units={"ratee": "months"})
    with pytest.raises(be.AnalysisError, match="from_cmdstanpy"):
        be.Posterior.from_draws([1.0, 2.0])
    with pytest.raises(be.AnalysisError, match="no group posterior"):
        be.Posterior.from_draws(xr.DataTree())
