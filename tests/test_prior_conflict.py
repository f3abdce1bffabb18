"""Prior and data that disagree are said to, and the log prior is that of the model."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be

NARROW = be.Prior("LogNormal", mu=1.386, sigma=0.6)


def notes(fit, code="prior_conflict"):
    return [w["message"] for w in fit.evidence["warnings"] if w["code"] == code]


def slow_disease(n, median, seed=1):
    """Exponential progression, everyone followed for 6 to 14 months."""
    rng = np.random.default_rng(seed)
    time, stop = rng.exponential(median / np.log(2), 2 * n), rng.uniform(6, 14, 2 * n)
    return pd.DataFrame(
        {
            "patient_id": range(2 * n),
            "regimen": ["A", "B"] * n,
            "time": np.minimum(time, stop),
            "event": (time <= stop).astype(int),
        }
    )


def fitted(median, n, prior):
    priors = {} if prior is None else {"median": prior}
    model = be.SurvivalModel(baseline="exponential", data_unit="months", priors=priors, times=[6], horizons=[6])
    return model.fit(slow_disease(n, median), seed=1, sampler="laplace")


class TestSurvival:
    @pytest.mark.parametrize("n", [12, 30])
    def test_a_median_far_above_its_prior(self, n):
        (said,) = notes(fitted(24.0, n, NARROW))
        assert "the number of events per month" in said
        assert "the prior of median" in said

    @pytest.mark.parametrize("prior", [NARROW, None])
    def test_silence_where_they_agree(self, prior):
        assert not notes(fitted(5.0, 30, prior))

    def test_the_default_level_leaves_the_median_to_the_data(self):
        fit = fitted(24.0, 30, None)
        frame = slow_disease(30, 24.0)
        estimate = np.log(2) * frame["time"].sum() / frame["event"].sum()
        assert not notes(fit)
        assert float(fit.estimand("median").median("draw").mean()) == pytest.approx(estimate, rel=0.25)


def effects(values, errors):
    studies = [f"s{i}" for i in range(len(values))]
    table = {"study": studies, "regimen": "B", "control": "A", "endpoint": "OS", "measure": "HR"}
    return be.read_effects(pd.DataFrame({**table, "estimate": np.exp(values), "se": errors}))


class TestSynthesis:
    def test_a_heterogeneity_above_its_prior(self):
        """Seven studies that agree and one far away: the mean of tau is 1.52, beyond its prior's 97.5 % point, 1.12."""
        table = {
            "study": [f"s{i}" for i in range(8)],
            "regimen": "x",
            "control": "c",
            "endpoint": "SCORE",
            "measure": "MD",
            "better": "higher",
            "estimate": [-1, 0.5, 0.5, 0.5, 1, 1, 2, 10],
            "se": np.sqrt([1, 1, 2.4, 0.5, 1, 1, 1.2, 1.5]),
        }
        priors = {"effect": be.Prior("Normal", mu=0, sigma=20), "tau": be.Prior("HalfNormal", sigma=0.5)}
        fit = be.SynthesisModel(endpoint="SCORE", priors=priors).fit(be.read_effects(pd.DataFrame(table)), seed=1)
        assert float(fit.estimand("tau").mean()) > stats.halfnorm.ppf(0.975, scale=0.5)
        said = notes(fit)
        assert any("spread between studies" in m and "the prior of tau" in m for m in said)

    def test_an_effect_beyond_its_prior(self):
        priors = {"effect": be.Prior("Normal", mu=0, sigma=0.2)}
        fit = be.SynthesisModel(endpoint="OS", pooling="common", priors=priors).fit(
            effects([1.1, 1.0, 1.2], 0.1), seed=1
        )
        (said,) = notes(fit)
        assert "the weighted mean effect" in said
        assert "the prior of effect" in said

    def test_silence_where_they_agree(self):
        assert not notes(be.SynthesisModel(endpoint="OS").fit(effects([-0.3, -0.1, -0.4], 0.15), seed=1))


def test_a_pool_at_the_prompt_says_it_too():
    from bayes_escc.runs.prompt_effects import pool_effects

    typed = [f"S{i}={y},{y - 2},{y + 2}" for i, y in enumerate((-1, 0.5, 0.5, 1, 1, 2, 10))]
    priors = {"tau_prior": "HalfNormal(0.5)", "effect_prior": "Normal(0, 20)"}
    said = [w for w in pool_effects(typed, measure="MD", **priors)["data"]["warnings"] if w["code"] == "prior_conflict"]
    assert "the prior of tau and the data disagree" in said[0]["message"]
    quiet = pool_effects(typed[:6], measure="MD", **priors)["data"]["warnings"]
    assert not [w for w in quiet if w["code"] == "prior_conflict"]


def test_rates_that_no_one_expected():
    frame = pd.DataFrame({"study": "s", "regimen": ["A", "B"], "endpoint": "ORR", "events": [18, 3], "n": [20, 20]})
    prior = be.Prior("Beta", alpha=4, beta=16)
    fit = be.ResponseModel(endpoint="ORR", prior=prior).fit(be.read_counts(frame), seed=1)
    (said,) = notes(fit)
    assert "the rate of A is 0.9" in said
    # Box's tail exactly: twice P(at least 18 of 20) under the beta-binomial
    tail = 2 * stats.betabinom.sf(17, 20, 4, 16)
    assert tail < 1e-4
    assert "at most 0.00" in said


@pytest.mark.parametrize("kind", ["exact rates", "exact pool", "laplace survival"])
def test_power_scaling_runs_on_the_tree(kind):
    if kind == "exact rates":
        frame = pd.DataFrame({"study": "s", "regimen": ["A", "B"], "endpoint": "ORR", "events": [8, 3], "n": [20, 20]})
        fit = be.ResponseModel(endpoint="ORR").fit(be.read_counts(frame), seed=1)
    elif kind == "exact pool":
        fit = be.SynthesisModel(endpoint="OS").fit(effects([-0.3, -0.1, -0.4], 0.15), seed=1)
    else:
        fit = fitted(5.0, 30, NARROW)
    found = az.psense_summary(fit.tree)
    assert np.isfinite(found[["prior", "likelihood"]].to_numpy()).all()
    assert set(fit.tree["log_prior"].to_dataset().data_vars) <= set(fit.tree["posterior"].to_dataset().data_vars)
