"""Simulation-based calibration: parameters drawn from the prior rank uniformly among their posterior draws.

Talts et al. 2018. Slow; run with `make slow`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.run import prepare_design

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
    for name in names:
        counts, possible = (np.histogram(r, bins=BINS, range=(0, 101))[0] for r in (ranks[name], np.arange(101)))
        assert stats.chisquare(counts, SIMULATIONS * possible / 101).pvalue > 1e-3, (name, counts)
