"""Thresholds that say whether an answer may be trusted, and the formula of I-squared, each by other code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_escc as be
from bayes_escc.inference.diagnostics import diagnose


def chains(values):
    data = xr.Dataset({"x": (("chain", "draw"), values)})
    return diagnose(data, data.rename(x="y"), xr.Dataset())


def test_chains_that_differ_by_a_little_are_not_converged():
    """R-hat of 1.02 to 1.1 is refused: four chains of 2000, one shifted."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(4, 2000))
    assert chains(values).converged
    shifted = values + np.array([0.0, 0.0, 0.0, 0.6])[:, None]
    found = chains(shifted)
    between, within = shifted.mean(axis=1).var(ddof=1), shifted.var(axis=1, ddof=1).mean()
    rhat = np.sqrt((1999 / 2000 * within + between) / within)
    assert 1.02 < rhat < 1.1
    assert found.max_rhat == pytest.approx(rhat, abs=0.02)
    assert not found.converged
    assert "R-hat" in found.messages[0]


@pytest.mark.parametrize("draws", [30, 60, 90])
def test_fewer_than_400_effective_draws_are_too_few(draws):
    found = chains(np.random.default_rng(draws).normal(size=(4, draws)))
    assert found.min_ess_bulk < 400
    assert not found.converged
    assert any("effective draws" in message for message in found.messages)


def test_enough_independent_draws_are_enough():
    assert chains(np.random.default_rng(2).normal(size=(4, 1000))).converged


def test_i_squared_is_that_of_higgins_and_thompson():
    y, se = np.array([-0.5, -0.1, -0.4, 0.1]), np.array([0.25, 0.2, 0.15, 0.3])
    table = pd.DataFrame(
        {
            "study": list("abcd"),
            "experimental": "drug",
            "control": "usual",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": np.exp(y),
            "ci_low": np.exp(y - 1.959963985 * se),
            "ci_high": np.exp(y + 1.959963985 * se),
            "ci_level": 0.95,
        }
    )
    posterior = be.SynthesisModel(endpoint="OS").fit(table, draws=500, seed=2)
    weight = 1 / se**2
    typical = 3 * weight.sum() / (weight.sum() ** 2 - (weight**2).sum())
    tau = posterior.estimand("tau").to_numpy()
    assert posterior.estimand("i_squared").to_numpy() == pytest.approx(tau**2 / (tau**2 + typical), rel=1e-6)
