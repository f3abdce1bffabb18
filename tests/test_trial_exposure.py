"""Designs with constant hazards: events and time at risk are sufficient, and one arm needs no simulation."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.trials.comparison import compare_designs
from bayes_escc.trials.conduct import look_times, state_at, statistic_at
from bayes_escc.trials.exact import exact_characteristics, why_not_exact
from bayes_escc.trials.generate import generate
from bayes_escc.trials.slow import fitted_probability, frame_of

LOG2 = math.log(2.0)
GAMMA = {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"}
DATA = {"kind": "patients", "regimen": "regimen", "time": "t", "event": "event", "time_unit": "months"}


def two_arms(rule, unit="months", priors=None, arms=None, **changes):
    """Two or more arms under Gamma hazards."""
    content = {
        "id": "gamma",
        "analysis": {
            "data": {**DATA, "time_unit": unit},
            "model": GAMMA,
            "priors": priors or {"hazard": {"distribution": "Gamma", "alpha": 1.5, "beta": 9.0, "rationale": "r"}},
        },
        "design": {"arms": arms or {"old": 1, "new": 2}, "patients": 60},
        "accrual": {"rate": 5, "drop_out": 0.02},
        "endpoints": {"PFS": {}},
        "truths": [{"name": "t", "PFS": {"median": 5, "hazard_ratio": 0.6}}],
        "monitoring": [
            {
                "name": "r",
                "kind": "posterior_probability",
                "regimen": "new",
                "looks": [{"events": 40}],
                "go_above": 0.9,
                **rule,
            }
        ],
        "simulation": {"trials": 1000, "audit": 0},
    }
    return be.Design.from_dict({**content, **changes})


def seen(d, trials=30):
    """What the rule sees at its look: statistic, and events and months by arm."""
    planned = d.spec.rules[0]
    patients = generate(d.spec, d.spec.truths[0], 60, 0, trials)
    state = state_at(d.spec, patients, look_times(d.spec, patients, planned, planned.looks[0]))
    values, slow = statistic_at(d.spec, d.model, None, planned, patients, state)
    assert not slow.any()
    of = [patients.arm == i for i in range(len(d.spec.arms))]
    sums = [((state.seen & here).sum(1), (state.time * here).sum(1)) for here in of]
    return values, sums, patients, state


MARGINS = [
    {"estimand": "hazard_ratio", "reference": "old"},
    {"estimand": "hazard_ratio", "reference": "old", "margin": 0.8},
    {"estimand": "hazard_ratio", "reference": "old", "better": "higher"},
    {"estimand": "median", "reference": "old", "margin": 1.0},
    {"estimand": "median", "reference": "old", "margin": 1.3, "scale": "ratio"},
    {"estimand": "median", "reference": "old", "margin": 0.5, "better": "lower"},
    {"estimand": "survival", "reference": "old", "time": 6.0, "margin": 0.1},
    {"estimand": "survival", "reference": "old", "time": 6.0, "margin": 1.2, "scale": "ratio"},
    {"estimand": "rmst", "reference": "old", "time": 10.0, "margin": 0.5},
    {"estimand": "median", "value": 6.0},
    {"estimand": "survival", "time": 6.0, "value": 0.5, "better": "lower"},
    {"estimand": "rmst", "time": 10.0, "value": 6.0},
]


@pytest.mark.parametrize("rule", MARGINS, ids=lambda r: "-".join(map(str, r.values())))
def test_gamma_hazards_against_draws_of_their_own(rule):
    """Each arm's hazard is Gamma(1.5 + events, 9 + months); 400,000 draws of both."""
    values, sums, _, _ = seen(two_arms(rule), 3)
    rng = np.random.default_rng(1)
    time = rule.get("time", 0)
    of = {
        "hazard_ratio": lambda h: h,
        "median": lambda h: LOG2 / h,
        "survival": lambda h: np.exp(-h * time),
        "rmst": lambda h: -np.expm1(-h * time) / h,
    }[rule["estimand"]]
    for trial in range(3):
        old, new = (of(rng.gamma(1.5 + d[trial], 1 / (9.0 + t[trial]), 400_000)) for d, t in sums)
        sign = -1 if rule.get("better", "lower" if rule["estimand"] == "hazard_ratio" else "higher") == "lower" else 1
        if "value" in rule:
            hit = sign * (new - rule["value"]) > 0
        elif rule.get("scale") == "ratio" or rule["estimand"] == "hazard_ratio":
            hit = sign * (new / old - rule.get("margin", 1.0)) > 0
        else:
            hit = sign * (new - old) > rule.get("margin", 0.0)
        share = hit.mean()
        assert abs(values[trial] - share) < 4 * math.sqrt(max(share * (1 - share), 1e-6) / 400_000)


@pytest.mark.parametrize("unit", ["weeks", "days"])
def test_the_package_s_own_fit_gives_the_same_number(unit):
    """Priors, values and times in the unit of the analysis, three arms with priors of their own."""
    per = {"weeks": 365.25 / 12 / 7, "days": 365.25 / 12}[unit]
    priors = {
        "hazard": {
            "distribution": "Gamma",
            "alpha": 1.0,
            "beta": 8 * per,
            "rationale": "r",
            "new": {"distribution": "Gamma", "alpha": 3.0, "beta": 30 * per, "rationale": "r"},
        }
    }
    for rule in (
        {"estimand": "median", "reference": "old", "margin": 1.0 * per},
        {"estimand": "survival", "time": 6.0 * per, "value": 0.5},
        {"estimand": "hazard_ratio", "reference": "other", "margin": 0.9},
    ):
        d = two_arms(rule, unit, priors, {"old": 1, "new": 1, "other": 1})
        values, _, patients, state = seen(d, 2)
        for trial in range(2):
            table = frame_of(d.spec, d.analysis, patients, state, trial)
            fitted, error = fitted_probability(d.analysis, table, d.spec.rules[0])
            assert values[trial] == pytest.approx(fitted, abs=max(4 * error, 1e-6))


def test_sums_of_arms_stand_for_patients_under_normal_priors():
    """The exponential likelihood depends on events and months of each arm alone, whatever patients they are of."""
    from bayes_escc.trials.hazards import _contrasts, _newton, hazard_statistics

    content = two_arms({"estimand": "hazard_ratio", "reference": "old"}).content
    import json

    content = json.loads(content)
    content["analysis"]["model"] = {"family": "survival", "baseline": "exponential"}
    del content["analysis"]["priors"]
    for rule in (
        {"estimand": "hazard_ratio", "reference": "old"},
        {"estimand": "median", "reference": "old", "margin": 1.0},
        {"estimand": "rmst", "value": 4.0, "time": 8.0},
    ):
        again = copy.deepcopy(content)
        again["monitoring"][0] = {
            **{k: again["monitoring"][0][k] for k in ("name", "kind", "regimen", "looks", "go_above")},
            **rule,
        }
        d = be.Design.from_dict(again)
        planned = d.spec.rules[0]
        _, _, patients, state = seen(d, 20)
        batch = (patients.arm, state.time, state.seen)
        fast = hazard_statistics(d.model, planned, 2, *batch, [], state.entered)
        others, shift = _contrasts(d.model, planned, 2)
        design = np.stack([(patients.arm == i) - shift for i in others], axis=-1).astype(float)
        with np.errstate(divide="ignore"):
            log_time = np.where(state.entered & (state.time > 0), np.log(np.maximum(state.time, 1e-300)), -np.inf)
        by_patient = _newton(d.model, planned, 2, log_time, state.seen.astype(float), design)
        np.testing.assert_allclose(fast, by_patient, atol=1e-9)


# ---- one arm, enumerated --------------------------------------------------------------------------


def one_arm(rules, model=None, priors=None, **changes):
    content = {
        "id": "single",
        "analysis": {
            "data": DATA,
            "model": model or {"family": "survival", "baseline": "exponential"},
            **({"priors": priors} if priors else {}),
        },
        "design": {"arms": ["new"], "patients": [40, 50]},
        "accrual": {"rate": [[0, 2], [4, 6]]},
        "endpoints": {"PFS": {}},
        "truths": [
            {"name": "null", "should_go": False, "PFS": {"median": 4.0}},
            {"name": "better", "should_go": True, "PFS": {"median": 7.0}},
        ],
        "monitoring": rules,
        "simulation": {"trials": 4000, "seed": 4, "audit": 0},
    }
    return be.Design.from_dict({**content, **changes})


PRIORS = {"hazard": {"distribution": "Gamma", "alpha": 1.0, "beta": 6.0, "rationale": "r"}}
MEDIAN = {"kind": "posterior_probability", "estimand": "median", "value": 4.0}
LOOKS = {"looks": [{"events": 12}, {"events": 24}, {"events": 36}], "go_above": [0.99, 0.97, 0.95], "stop_below": 0.2}


def test_three_looks_by_integrating_over_time_at_risk():
    """P(go) and P(stop) by nested quadrature over the Gamma increments of the time at risk."""
    d = one_arm([{**MEDIAN, **LOOKS, "name": "m"}], priors=PRIORS)
    assert why_not_exact(d.spec, d.model) == ""
    made = exact_characteristics(d.spec, d.model)

    def cut(events, level):  # months at risk at which P(hazard < log 2 / 4) is the level
        low, high = 1e-3, 1e4
        for _ in range(80):
            middle = 0.5 * (low + high)
            above = stats.gamma(1 + events, scale=1 / (6.0 + middle)).cdf(LOG2 / 4) > level
            low, high = (low, middle) if above else (middle, high)
        return low

    go = [cut(n, level) for n, level in zip((12, 24, 36), (0.99, 0.97, 0.95), strict=True)]
    stop = [cut(n, 0.2) for n in (12, 24, 36)]
    nodes, weights = np.polynomial.legendre.leggauss(200)
    for name, truth in (("null", 4.0), ("better", 7.0)):
        step = stats.gamma(12, scale=truth / LOG2)
        mass, at = np.ones(1), np.zeros(1)  # of trials that went on, at months at risk
        goes, stops = [], []
        for high, low in zip(go, stop, strict=True):
            goes.append(float(mass @ step.sf(high - at)))
            stops.append(float(mass @ step.cdf(low - at)))
            x = 0.5 * (high - low) * nodes + 0.5 * (high + low)
            mass = (mass @ step.pdf(x[None] - at[:, None])) * weights * 0.5 * (high - low)
            at = x
        for size in (40, 50):
            np.testing.assert_allclose(made[(size, name)].go, goes, atol=1e-8)
            np.testing.assert_allclose(made[(size, name)].stop, stops, atol=1e-8)
        assert made[(40, name)].early == pytest.approx(sum(goes[:2]) + sum(stops[:2]), abs=1e-8)


@pytest.mark.parametrize("normal", [False, True])
def test_enumerated_and_simulated_agree_with_several_rules(normal):
    rules = [
        {**MEDIAN, **LOOKS, "name": "m"},
        {
            "name": "advice",
            "kind": "posterior_probability",
            "estimand": "survival",
            "time": 6.0,
            "value": 0.4,
            "looks": [{"events": 18}, {"events": 24}],
            "go_above": 0.8,
            "stop_below": 0.3,
            "binding": False,
        },
        {**MEDIAN, "name": "worse", "value": 3.0, "better": "lower", "looks": [{"events": 8}], "stop_below": 0.02},
    ]
    model = {"family": "survival", "baseline": "exponential"} if normal else None
    d = one_arm(rules, model, None if normal else PRIORS)
    made = exact_characteristics(d.spec, d.model)
    for name in ("null", "better"):
        o = d.conduct(name, 40, 0, 4000)
        exact = made[(40, name)]
        shares = [(o.decision > 0, exact.probability_go), (o.decision < 0, exact.probability_stop)]
        shares += [(o.at[:, k] > 0, p) for k, p in enumerate(exact.go)]
        shares += [(o.at[:, k] < 0, p) for k, p in enumerate(exact.stop)]
        shares += [(o.advice[:, r] > 0, p) for r, p in enumerate(exact.advice_go)]
        shares += [(o.advice[:, r] < 0, p) for r, p in enumerate(exact.advice_stop)]
        for which, p in shares:
            assert abs(which.mean() - p) <= 4 * math.sqrt(p * (1 - p) / 4000) + 1e-9
    result = d.simulate(trials=200)
    assert all(row["go"].exact and not row["months"].exact for row in result.rows)
    assert compare_designs(d, d, 200)[0]["first"]["exact"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accrual": {"rate": 3, "drop_out": 0.02}}, "patients drop out"),
        ({"endpoints": {"PFS": {"visits": 2}}}, "seen at visits"),
        ({"truths": [{"name": "t", "PFS": {"median": 4, "shape": 1.3}}]}, "not constant"),
        ({"design": {"arms": ["new"], "patients": [30, 50]}}, "more events than patients"),
        ({"design": {"arms": {"old": 1, "new": 1}, "patients": 50}}, "looks at a time to event"),
    ],
)
def test_what_is_simulated_says_why(changes, said):
    rule = {**MEDIAN, **LOOKS, "name": "m", "regimen": "new"}
    d = one_arm([rule], priors=PRIORS, **changes)
    assert said in why_not_exact(d.spec, d.model)
    assert exact_characteristics(d.spec, d.model) == {}
