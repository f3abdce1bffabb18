"""Margins and values of medians, survival and restricted means, answered without sampling."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.runs.run import prepare_design
from bayes_escc.trials.conduct import look_times, state_at, statistic_at
from bayes_escc.trials.generate import generate
from bayes_escc.trials.hazards import _coded, hazard_statistics
from bayes_escc.trials.slow import fitted_probability, frame_of
from tests.helpers.trials import PFS, design
from tests.oracles.trials import weibull_beyond, weibull_grid


def patients_of(seed, n, shape=1.2):
    """Two arms with staggered censoring."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    time = rng.weibull(shape, n) * 5 * np.where(arm, 1.6, 1.0)
    end = rng.uniform(2, 12, n)
    return arm, np.minimum(time, end), time <= end


def rule_design(content=PFS, **rule):
    content = json.loads(json.dumps(content))
    content["monitoring"] = [
        {"name": "r", "kind": "posterior_probability", "reference": "old", "go_above": 0.9, "looks": [{"events": 30}]}
    ]
    content["monitoring"][0] |= rule
    content["monitoring"][0] = {k: v for k, v in content["monitoring"][0].items() if v is not None}
    return design(content)


def answer(d, arm, time, seen, covariates=()):
    known = np.ones((1, len(arm)), bool)
    batch = [np.asarray(v)[None] for v in (arm, time, seen)]
    return hazard_statistics(
        d.model, d.spec.rules[0], len(d.spec.arms), *batch, [np.asarray(c)[None] for c in covariates], known
    )[0]


def median(g, s, u):
    return np.exp(u - g / np.exp(s))


def survival(time):
    return lambda g, s, u: np.exp(-math.log(2) * np.exp(np.exp(s) * (math.log(time) - u) + g))


def restricted_mean(horizon):
    t = np.linspace(0, horizon, 201)[1:]

    def value(g, s, u):
        curve = np.exp(-math.log(2) * np.exp(math.exp(s) * (np.log(t)[:, None] - u) + np.asarray(g)[None]))
        return np.trapezoid(np.vstack([np.ones_like(curve[:1]), curve]), np.append(0, t), axis=0)

    return value


QUANTITIES = {
    "median": (median, {"estimand": "median"}),
    "survival": (survival(6.0), {"estimand": "survival", "time": 6.0}),
    "rmst": (restricted_mean(10.0), {"estimand": "rmst", "time": 10.0}),
}


@pytest.mark.parametrize("name", QUANTITIES)
@pytest.mark.parametrize("n", [30, 60])
def test_margins_against_a_grid(name, n):
    arm, time, seen = patients_of(n, n)
    grid = weibull_grid(time, seen, arm)
    of, rule = QUANTITIES[name]
    for margin in {"median": (1.0, 3.0), "survival": (0.1, 0.25), "rmst": (0.5, 1.5)}[name]:
        exact = weibull_beyond(grid, lambda g, s, u: of(g / 2, s, u) - of(-g / 2, s, u), margin)
        found = answer(rule_design(margin=margin, **rule), arm, time, seen)
        assert found == pytest.approx(exact, abs=0.004)
    ratio = weibull_beyond(grid, lambda g, s, u: of(g / 2, s, u) / of(-g / 2, s, u), 1.25)
    assert answer(rule_design(margin=1.25, scale="ratio", **rule), arm, time, seen) == pytest.approx(ratio, abs=0.004)


def test_values_of_one_of_two_arms_against_a_grid():
    arm, time, seen = patients_of(5, 60)
    grid = weibull_grid(time, seen, arm)
    for of, rule, value in (
        (median, {"estimand": "median"}, 4.0),
        (survival(6.0), {"estimand": "survival", "time": 6.0}, 0.3),
    ):
        exact = weibull_beyond(grid, lambda g, s, u, of=of: of(g / 2, s, u), value)
        d = rule_design(reference=None, regimen="new", value=value, **rule)
        assert answer(d, arm, time, seen) == pytest.approx(exact, abs=0.004)


def test_worse_by_a_margin_is_the_other_tail():
    arm, time, seen = patients_of(7, 60)
    up = rule_design(estimand="median", margin=1.0, regimen="old", reference="new")
    down = rule_design(estimand="median", margin=1.0, better="lower")
    assert answer(down, arm, time, seen) == pytest.approx(answer(up, arm, time, seen), abs=0.003)


SINGLE = {
    **PFS,
    "analysis": {**PFS["analysis"], "model": {"family": "survival", "baseline": "exponential"}},
    "design": {"arms": ["new"], "patients": 40},
    "endpoints": {"PFS": {}},
    "truths": [{"name": "null", "PFS": {"median": 4.0}}, {"name": "better", "PFS": {"median": 7.0}}],
    "monitoring": [
        {
            "name": "median",
            "kind": "posterior_probability",
            "estimand": "median",
            "value": 4.0,
            "looks": [{"events": 30}],
            "go_above": 0.95,
        }
    ],
}


def test_one_exponential_arm_against_quadrature():
    """Events and exposure are sufficient; the prior of the log median is normal."""
    rng = np.random.default_rng(3)
    time, end = rng.exponential(8, 40), rng.uniform(3, 15, 40)
    seen, time = time <= end, np.minimum(time, end)
    d, t = seen.sum(), time.sum()

    def density(u):
        return np.exp(-d * (u - 2.0) - math.log(2) * t * np.exp(-u)) * stats.norm.pdf(u, math.log(6), 2.5)

    above = integrate.quad(density, math.log(6.5), 6)[0] / integrate.quad(density, -2, 6, points=[2.0])[0]
    content = json.loads(json.dumps(SINGLE))
    content["monitoring"][0]["value"] = 6.5
    assert answer(design(content), np.zeros(40, int), time, seen) == pytest.approx(above, abs=5e-4)


def test_power_of_one_exponential_arm_by_a_one_dimensional_integral():
    """With a look at the 30th event, exposure is a Gamma variable, whatever the accrual and independent drop-out."""
    d = design(SINGLE)

    def probability(exposure):
        u = np.linspace(-2, 6, 4001)
        log = -30 * u - math.log(2) * exposure * np.exp(-u) + stats.norm.logpdf(u, math.log(6), 2.5)
        mass = np.exp(log - log.max())
        return mass[u > math.log(4.0)].sum() / mass.sum()

    low, high = 100.0, 800.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if probability(middle) > 0.95 else (middle, high)
    for name, truth in (("null", 4.0), ("better", 7.0)):
        exact = stats.gamma(30, scale=truth / math.log(2)).sf(low)
        share = (d.conduct(name, 40, 0, 2000).decision > 0).mean()
        assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


def test_covariates_and_three_arms_agree_with_the_package_s_own_fit():
    rng = np.random.default_rng(4)
    content = json.loads(json.dumps(PFS))
    content["analysis"]["model"]["covariates"] = [{"column": "nlr", "transform": "log"}, "liver"]
    content["analysis"]["data"]["time_unit"] = "weeks"
    content["design"] = {"arms": {"old": 1, "new": 1, "third": 1}, "patients": 60, "block": 6}
    content["truths"] = [
        {
            "name": "t",
            "PFS": {"median": 4, "hazard_ratio": {"new": 0.6}},
            "covariates": {
                "rows": {
                    "nlr": list(np.exp(0.8 * rng.normal(size=80))),
                    "liver": [int(v) for v in rng.random(80) < 0.4],
                },
                "coefficients": {"nlr": 0.3, "liver": 0.6},
            },
        }
    ]
    week = 7 / 30.4375
    for rule in (
        {"estimand": "median", "margin": 1.0 / week},
        {"estimand": "rmst", "time": 12.0 / week, "margin": 0.5 / week},
    ):
        d = rule_design(content, regimen="new", **rule)
        planned = d.spec.rules[0]
        patients = generate(d.spec, d.spec.truths[0], 60, 0, 1)
        state = state_at(d.spec, patients, look_times(d.spec, patients, planned, planned.looks[0]))
        fast = statistic_at(d.spec, d.model, d.analysis, planned, patients, state)[0][0]
        value, error = fitted_probability(d.analysis, frame_of(d.spec, d.analysis, patients, state, 0), planned)
        assert abs(fast - value) < max(4 * error, 0.006)


def test_covariates_are_coded_as_the_analysis_codes_them():
    content = json.loads(json.dumps(PFS))
    stated = [{"column": "nlr", "transform": "log", "center": 0.5}, {"column": "age", "scale": "none"}, "liver"]
    content["analysis"]["model"]["covariates"] = stated
    rng = np.random.default_rng(8)
    rows = {"nlr": list(rng.uniform(1, 6, 40)), "age": list(rng.normal(60, 9, 40)), "liver": [0, 1] * 20}
    for truth in content["truths"]:
        truth["covariates"] = {"rows": rows}
    d = design(content)
    patients = generate(d.spec, d.spec.truths[0], 60, 0, 1)
    planned = d.spec.rules[0]
    state = state_at(d.spec, patients, look_times(d.spec, patients, planned, planned.looks[1]))
    prepared = prepare_design(d.analysis, d.analysis.data.read(frame_of(d.spec, d.analysis, patients, state, 0)))
    coded = [_coded(patients.covariates[c.column], c, state.entered)[0][state.entered] for c in d.model.covariates]
    np.testing.assert_allclose(np.column_stack(coded), prepared.encoded.values, atol=1e-12)
    content["truths"][0]["covariates"] = {name: {"mean": 3.0} for name in rows}
    with pytest.raises(be.AnalysisError, match="takes its log"):
        design(content)


def covariates_design(covariates, priors=None, model=None, estimands=None, **rule):
    content = json.loads(json.dumps(PFS))
    content["analysis"]["model"] |= {"covariates": list(covariates), **(model or {})}
    if priors is not None:
        content["analysis"]["priors"] = {"coefficient": {"distribution": "Normal", **priors, "rationale": "known"}}
    if estimands is not None:
        content["analysis"]["estimands"] = estimands
    for truth in content["truths"]:
        truth["covariates"] = covariates
    return rule_design(content, **rule)


def test_the_default_prior_of_a_continuous_covariate_is_that_of_the_analysis():
    """Yes-or-no covariates have a wider one; both were those of the model whose trial is fitted."""
    arm, time, seen = patients_of(5, 40)
    lab = np.random.default_rng(1).normal(size=40) + 0.8 * arm
    law = {"lab": {"mean": 0.0, "sd": 1.0, "coefficient": 0.5}}
    stated = {sd: covariates_design(law, {"mu": 0, "sigma": sd}, estimand="hazard_ratio") for sd in (0.5, 0.7)}
    found = answer(covariates_design(law, estimand="hazard_ratio"), arm, time, seen, [lab])
    narrow, wide = (answer(d, arm, time, seen, [lab]) for d in stated.values())
    assert found == pytest.approx(narrow, abs=1e-12)
    assert abs(found - wide) > 0.003
    binary = (lab > 0).astype(float)
    yes_or_no = answer(covariates_design(law, estimand="hazard_ratio"), arm, time, seen, [binary])
    assert yes_or_no == pytest.approx(answer(stated[0.7], arm, time, seen, [binary]), abs=1e-12)


def test_a_trial_is_answered_alike_whatever_trials_stand_beside_it():
    """A column that is yes-or-no in one trial, and has a third value in another."""
    d = covariates_design({"ecog": {"mean": 0.7, "sd": 0.5, "coefficient": 0.3}}, estimand="hazard_ratio")
    parts = [patients_of(seed, 40) for seed in (1, 2)]
    ecog = np.stack([np.arange(40) // 3 % 2, np.arange(40) // 3 % 3]).astype(float)
    together = hazard_statistics(
        d.model, d.spec.rules[0], 2, *(np.stack(values) for values in zip(*parts, strict=True)), [ecog],
        np.ones((2, 40), bool),
    )  # fmt: skip
    alone = [answer(d, *part, [own]) for part, own in zip(parts, ecog, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


LIVER = {"liver": {"probability": 0.4, "coefficient": 0.5}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {"effect_modifiers": ["liver"]}, "estimand": "median"}, "effect_modifiers"),
        ({"estimands": {"population": {"liver": 1}}, "estimand": "median", "margin": 1.0}, "population"),
        ({"estimands": {"population": "old"}, "estimand": "survival", "time": 6, "margin": 0.1}, "population"),
    ],
)
def test_what_the_fast_engine_does_not_answer_is_fitted(changes, said):
    assert said in covariates_design(LIVER, **changes).model


def test_hazard_ratios_and_order_are_those_of_any_population():
    everyone = covariates_design(LIVER, estimand="median").model
    assert covariates_design(LIVER, estimands={"population": {"liver": 1}}, estimand="median").model == everyone


def test_published_arms_beside_the_trial_are_not_passed_over(tmp_path):
    (tmp_path / "arms.csv").write_text("study,regimen,endpoint,n,median,ci_low,ci_high\npaper,old,PFS,80,4,3.3,5\n")
    content = json.loads(json.dumps(PFS))
    content["analysis"]["published"] = {"arms": "arms.csv"}
    content["analysis"]["model"]["baselines"] = "shared"
    content["analysis"]["sampling"] = {"sampler": "laplace", "draws": 500, "chains": 4, "seed": 1}
    d = be.Design.from_dict(content, folder=tmp_path)
    assert "published arms" in d.model


@pytest.mark.parametrize("effect", ["stratified", "nonproportional", "accelerated"])
def test_a_hazard_ratio_that_changes_is_asked_for_at_a_time(effect):
    """It is not that of the longer median: of crossing hazards the order of hazards depends on when."""
    content = json.loads(json.dumps(PFS))
    baseline = "log_logistic" if effect == "accelerated" else "weibull"
    content["analysis"]["model"] = {"family": "survival", "baseline": baseline, "regimen_effect": effect}
    content["analysis"]["sampling"] = {"sampler": "laplace", "draws": 500, "chains": 4, "seed": 1}
    with pytest.raises(be.AnalysisError, match="say at which it is meant"):
        rule_design(content, estimand="hazard_ratio")
    rng = np.random.default_rng(2)
    arm = np.arange(200) % 2
    time = np.where(arm == 1, 5 * rng.weibull(0.6, 200), 5 * rng.weibull(1.8, 200)) + 0.01
    columns = {"patient_id": [f"P{i}" for i in range(200)], "regimen": np.array(["old", "new"])[arm], "months": time}
    table = pd.DataFrame(columns).assign(event=1)
    found = {
        at: fitted_probability(d.analysis, table, d.spec.rules[0])[0]
        for at in (0.5, 9.0)
        for d in [rule_design(content, estimand="hazard_ratio", time=at, better="lower")]
    }
    if effect == "accelerated":
        assert all(0 <= p <= 1 for p in found.values())
    else:
        assert found[0.5] < 0.05
        assert found[9.0] > 0.95


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"estimand": "survival", "margin": 0.1}, "at which time"),
        ({"estimand": "median", "scale": "odds_ratio"}, "difference or ratio"),
        ({"estimand": "hazard_ratio", "reference": None, "value": 1.0, "regimen": "new"}, "is to a reference"),
        ({"estimand": "median", "regimen": "old"}, "compared with itself"),
    ],
)
def test_what_a_rule_on_times_may_not_say(rule, said):
    with pytest.raises(be.AnalysisError, match=said):
        rule_design(**rule)
