"""Simulation-based calibration: parameters drawn from the prior rank uniformly among their posterior draws.

Talts et al. 2018. Slow; run with `make slow`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.runs.run import prepare_design

SIMULATIONS, BINS, THIN = 240, 12, 10

pytestmark = pytest.mark.slow


def table(studies):
    return pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(studies)],
            "regimen": [f"R{i % 3}" for i in range(studies)],
            "endpoint": "ORR",
            "events": 0,
            "n": [15, 30, 45][:studies] if studies < 4 else np.resize([12, 20, 35, 50], studies),
        }
    )


@pytest.mark.parametrize(
    ("model", "frame", "names"),
    [
        (be.ResponseModel(), table(3), ["rate"]),
        (
            be.ResponseModel(pooling="partial", priors={"tau": be.Prior("HalfNormal", sigma=0.7)}),
            table(3),
            ["tau", "logit_mean"],
        ),
        (be.ResponseModel(pooling="partial", pool_over="studies"), table(9), ["tau", "logit_mean"]),
        (be.ResponseModel(likelihood="beta_binomial"), table(9), ["mean", "precision"]),
    ],
    ids=["binomial", "over regimens", "over studies", "beta-binomial"],
)
def test_ranks_are_uniform(model, frame, names):
    rng = np.random.default_rng(20)
    design = prepare_design(model.analysis, be.read_counts(frame))
    truths = design.prior(rng, SIMULATIONS)
    replicated = design.simulate(truths, rng)["events"].to_numpy()[0]
    ranks = {name: [] for name in names}
    for i in range(SIMULATIONS):
        posterior = model.fit(frame.assign(events=replicated[i]), seed=i, sampler="nuts", draws=250, tune=500)
        for name in names:
            draws = posterior.tree["posterior"][name].to_numpy()[:, ::THIN].reshape(4 * 250 // THIN, -1)
            ranks[name].append((draws[:, 0] < truths[name].to_numpy()[0, i].ravel()[0]).sum())
    assert_uniform(ranks)


def assert_uniform(ranks):
    """Ranks among 100 thinned draws are uniform over the bins."""
    for name in ranks:
        counts, possible = (np.histogram(r, bins=BINS, range=(0, 101))[0] for r in (ranks[name], np.arange(101)))
        assert stats.chisquare(counts, SIMULATIONS * possible / 101).pvalue > 1e-3, (name, counts)


PATIENTS, CENTRES = 60, 6


def follow_up(rng, log_hazard):
    """Exponential times in months, followed for at most a year."""
    time = rng.exponential(size=log_hazard.shape) / np.exp(log_hazard)
    return {"time": np.minimum(time, 12.0), "event": (time <= 12.0).astype(int)}


def frailty(rng):
    """Patients of centres and the truth behind them."""
    sd, median, ratio = abs(rng.normal(0, 0.6)), rng.lognormal(np.log(4), 0.6), rng.normal(0, 0.7)
    arm, centre = np.arange(PATIENTS) % 2, np.arange(PATIENTS) // 2 % CENTRES
    u = sd * rng.normal(size=CENTRES)
    observed = follow_up(rng, np.log(np.log(2) / median) + ratio * (arm - 0.5) + u[centre])
    frame = pd.DataFrame({"regimen": np.array(["A", "B"])[arm], "centre": [f"C{c}" for c in centre], **observed})
    return frame, {"frailty_sd": sd, "reference_median": median, "log_hazard_ratio": ratio, "log_frailty": u[0]}


def incomplete(rng):
    """Patients with holes in a number and in a yes-or-no covariate, and the truth behind them."""
    median, ratio, slope = rng.lognormal(np.log(4), 0.6), rng.normal(0, 0.7), rng.normal(0, [0.5, 0.7])
    arm = np.arange(PATIENTS) % 2
    x = rng.normal(0.4 * (arm - 0.5), 1.0)
    flag = (rng.random(PATIENTS) < 1 / (1 + np.exp(-0.5 * x))).astype(float)
    observed = follow_up(rng, np.log(np.log(2) / median) + ratio * (arm - 0.5) + slope[0] * x + slope[1] * flag)
    likely = np.where(observed["event"] == 1, 3.0, 1.0)  # at random given the outcome
    holes = [rng.choice(PATIENTS, size, replace=False, p=likely / likely.sum()) for size in (15, 12)]
    frame = pd.DataFrame({"regimen": np.array(["A", "B"])[arm], **observed, "x": x, "flag": flag})
    frame.loc[holes[0], "x"], frame.loc[holes[1], "flag"] = np.nan, np.nan
    return frame, {"reference_median": median, "log_hazard_ratio": ratio, "coefficient": slope[0]}


@pytest.mark.parametrize("simulate", [frailty, incomplete])
def test_survival_effects(simulate):
    """Frailty; and missing values, whose regressions hold a fixed truth within their priors."""
    priors = {"median": be.Prior("LogNormal", mu=np.log(4), sigma=0.6)}
    common = {"baseline": "exponential", "data_unit": "months", "times": [6.0], "horizons": [6.0]}
    if simulate is frailty:
        model = be.SurvivalModel(
            **common, frailty="centre", priors={**priors, "frailty_sd": be.Prior("HalfNormal", sigma=0.6)}
        )
    else:
        x = {"column": "x", "center": 0.0, "scale": 1.0, "missing": "impute"}
        model = be.SurvivalModel(**common, covariates=[x, {"column": "flag", "missing": "impute"}], priors=priors)
    rng, ranks = np.random.default_rng(21), {}
    for i in range(SIMULATIONS):
        frame, truth = simulate(rng)
        fit = model.fit(frame.assign(patient_id=range(PATIENTS)), seed=i, draws=250, tune=500)
        for name, value in truth.items():
            draws = fit.tree["posterior"][name].to_numpy()[:, ::THIN].reshape(4 * 250 // THIN, -1)
            ranks.setdefault(name, []).append((draws[:, 0] < value).sum())
    assert_uniform(ranks)
