"""Piecewise hazards with stated cut points are answered without sampling: against quadrature and the package's fit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import bayes_escc as be
from bayes_escc.trials.conduct import look_times, state_at, statistic_at
from bayes_escc.trials.generate import generate
from bayes_escc.trials.slow import fitted_probability, frame_of
from tests.helpers.trials import PFS, design


def piecewise(cuts=(2.0, 5.0), unit="months", covariates=(), laws=None, **rule):
    content = json.loads(json.dumps(PFS))
    content["analysis"]["data"]["time_unit"] = unit
    content["analysis"]["model"] = {
        "family": "survival",
        "baseline": "piecewise",
        "cutpoints": list(cuts),
        "covariates": list(covariates),
    }
    for truth in content["truths"]:
        truth["covariates"] = laws or {}
    content["monitoring"][0] |= {"looks": [{"events": 40}], "go_above": 0.97, **rule}
    return design(content)


def seen(d, trials):
    planned = d.spec.rules[0]
    patients = generate(d.spec, d.spec.truths[1], 60, 0, trials)
    state = state_at(d.spec, patients, look_times(d.spec, patients, planned, planned.looks[0]))
    values, slow = statistic_at(d.spec, d.model, None, planned, patients, state)
    assert not slow.any()
    return values, patients, state


@pytest.mark.parametrize("margin", [None, 0.8])
def test_two_intervals_against_a_grid(margin):
    """Two levels and a log hazard ratio on a grid; visits fall on the cut, and belong to the interval before it."""
    d = piecewise(cuts=(4.0,), **({} if margin is None else {"margin": margin}))
    values, patients, state = seen(d, 6)
    level, g = np.linspace(-6.0, 2.0, 161), np.linspace(-3.5, 3.5, 281)
    prior = -0.5 * ((level - math.log(math.log(2) / 6)) / 5.0) ** 2
    for trial in range(6):
        log = -0.5 * (g / 0.7) ** 2
        for low, high in ((0.0, 4.0), (4.0, np.inf)):
            d_of, t_of = [], []
            for arm in (0, 1):
                here = (patients.arm[trial] == arm) & state.entered[trial]
                time, event = state.time[trial][here], state.seen[trial][here]
                d_of.append((event & (time > low) & (time <= high)).sum())
                t_of.append((np.clip(time, low, high) - low).sum())
            half = 0.5 * g
            rate = np.exp(-half) * t_of[0] + np.exp(half) * t_of[1]
            each = prior[:, None] + sum(d_of) * level[:, None] + (d_of[1] - d_of[0]) * half[None]
            each = each - np.exp(level)[:, None] * rate[None]
            top = each.max()
            log = log + top + np.log(np.exp(each - top).sum(axis=0))
        mass = np.exp(log - log.max())
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (mass[1:] + mass[:-1]))])
        exact = np.interp(math.log(margin or 1.0), g, cumulative / cumulative[-1])
        assert values[trial] == pytest.approx(exact, abs=0.003)


@pytest.mark.parametrize("unit", ["months", "weeks"])
def test_covariates_and_units_agree_with_the_package_s_own_fit(unit):
    per = 1.0 if unit == "months" else 365.25 / 12 / 7
    laws = {"nlr": {"mean": 3, "sd": 1, "coefficient": 0.4}, "liver": {"probability": 0.4, "coefficient": 0.5}}
    d = piecewise((2.5 * per, 5.0 * per), unit, ["nlr", "liver"], laws, estimand="median")
    values, patients, state = seen(d, 2)
    for trial in range(2):
        table = frame_of(d.spec, d.analysis, patients, state, trial)
        fitted, error = fitted_probability(d.analysis, table, d.spec.rules[0])
        assert abs(values[trial] - fitted) < max(4 * error, 0.005)


def test_sums_by_arm_are_those_of_patients():
    """Without covariates arms are summed; with one that is 0 for everybody they are not, and nothing changes."""
    alone, _, _ = seen(piecewise(), 20)
    laws = {"rows": {"nothing": [0.0, 0.0]}, "coefficients": {}}
    beside, _, _ = seen(piecewise(covariates=["nothing"], laws=laws), 20)
    np.testing.assert_allclose(alone, beside, atol=1e-6)


def test_what_is_still_fitted_says_why():
    d = piecewise(estimand="median", margin=1.0)
    assert "margin of a curve" in d.model
    content = json.loads(piecewise().content)
    del content["analysis"]["model"]["cutpoints"]
    assert "found in the data" in be.Design.from_dict(content).model
    content["analysis"]["model"] |= {"cutpoints": [2.0, 5.0], "smoothing": "random_walk"}
    assert "random walk" in be.Design.from_dict(content).model
