"""Predictive probability of success for follow-up, against the conjugate exponential model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.rule_position import positions
from bayes_escc.errors import AnalysisError
from bayes_escc.rules import PredictiveSurvival, operating_characteristics
from bayes_escc.rules.completion import Completed, complete, final_probability, log_rank, successes
from bayes_escc.runs.run import fit_analysis, prepare_design

from .oracles import completed_studies as slow

PRIOR = (2.0, 12.0)  # shape, rate of every hazard
DRAWS = 4000


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(5)
    rows = []
    for arm, n, hazard in (("control", 21, 0.18), ("new", 26, 0.10)):
        event, seen = rng.exponential(1 / hazard, n), rng.uniform(1, 9, n)
        rows += [(arm, min(e, s), int(e <= s)) for e, s in zip(event, seen, strict=True)]
    frame = pd.DataFrame(rows, columns=["regimen", "pfs", "event"])
    frame["patient_id"] = [f"P{i}" for i in range(len(frame))]
    return frame


def content(*rules):
    return {
        "id": "pfs",
        "data": {
            "kind": "patients",
            "time": "pfs",
            "event": "event",
            "time_unit": "months",
            "regimens": ["control", "new"],
        },
        "model": {
            "family": "survival",
            "baseline": "exponential",
            "regimen_effect": "stratified",
            "time_unit": "months",
        },
        "priors": {"hazard": {"distribution": "Gamma", "alpha": PRIOR[0], "beta": PRIOR[1]}},
        "sampling": {"draws": DRAWS // 4, "chains": 4, "seed": 3},
        "monitoring": list(rules),
    }


@pytest.fixture(scope="module")
def patients(cohort):
    table = be.read_patients(cohort, response=None, time="pfs", event="event", time_unit="months")
    return [
        (int(r == "new"), t, bool(e)) for r, t, e in cohort[["regimen", "pfs", "event"]].itertuples(index=False)
    ], table


def gammas(patients):
    """Posterior of each arm's hazard: conjugate."""
    return [
        (PRIOR[0] + sum(e for a, _, e in patients if a == k), PRIOR[1] + sum(t for a, t, _ in patients if a == k))
        for k in (0, 1)
    ]


def fitted(table, **rule):
    rule = {"kind": "predictive_survival", "reference": "control", "regimen": "new", **rule}
    posterior = fit_analysis(Analysis.from_dict(content(rule)), table)
    assert posterior.sampler == "exact"
    (position,) = positions(posterior)
    return posterior, position


def test_with_everyone_followed_it_is_a_quadrature(patients):
    listed, table = patients
    arms = []
    for k in (1, 0):
        mine = [(t, e) for a, t, e in listed if a == k]
        shape, rate = gammas(listed)[k]
        arms.append((shape, rate, len(mine), sum(not e for _, e in mine), sum(t for t, _ in mine)))
    for value in (1.0, 0.7):
        exact = slow.everyone_followed(arms, value, 0.95)
        _, position = fitted(table, follow_up=100_000, final="exponential", success=0.95, value=value)
        assert 0.05 < exact < 0.95
        assert position.value == pytest.approx(exact, abs=4 * (exact * (1 - exact) / DRAWS) ** 0.5)
        assert position.mcse == pytest.approx((exact * (1 - exact) / DRAWS) ** 0.5, rel=0.2)


PLANS = [
    ({"events": 38, "final": "exponential"}, {}),
    ({"follow_up": 6.0, "final": "exponential"}, {}),
    (
        {"follow_up": 4.0, "patients": [40, 35], "accrual": 5.0, "final": "exponential"},
        {"planned": (35, 40), "accrual": 5.0},
    ),
    ({"events": 60, "patients": [40, 40], "accrual": 3.0}, {"planned": (40, 40), "accrual": 3.0}),
    ({"events": 40, "final": "exponential", "drop_out": 0.08}, {"drop_out": 0.08}),
    (
        {"follow_up": 4.0, "patients": [40, 35], "accrual": 5.0, "final": "exponential", "drop_out": 0.1},
        {"planned": (35, 40), "accrual": 5.0, "drop_out": 0.1},
    ),
]


@pytest.mark.parametrize(("plan", "planned"), PLANS, ids=lambda p: "-".join(p))
def test_completed_patient_by_patient(patients, plan, planned):
    listed, table = patients
    judge = slow.exponential_judge(1.0, 0.95) if plan.get("final") else slow.log_rank_judge(1.0, 0.95)
    size = 4000 if plan.get("final") else 1500
    stated = {k: v for k, v in plan.items() if k in ("events", "follow_up")}
    share = slow.simulated(np.random.default_rng(8), size, gammas(listed), listed, judge=judge, **stated, **planned)
    _, position = fitted(table, success=0.95, **plan)
    error = (share * (1 - share) * (1 / size + 1 / DRAWS)) ** 0.5
    assert position.value == pytest.approx(share, abs=4 * error)


def test_a_completed_study_keeps_what_was_seen(patients):
    listed, table = patients
    rule = PredictiveSurvival(
        reference="control", regimen="new", events=60, patients=(40, 40), accrual=3.0, success=0.95
    )
    analysis = Analysis.from_dict(content())
    design = prepare_design(analysis, table)
    parameters = fit_analysis(analysis, table).tree["posterior"].to_dataset().isel(draw=slice(0, 50))
    studies = complete(rule, design, parameters, np.random.default_rng(1))
    event = np.array([e for _, _, e in listed])
    time = np.array([t for _, t, _ in listed])
    assert (studies.event[:, : len(listed)][:, event]).all()
    assert studies.time[:, : len(listed)][:, event] == pytest.approx(np.tile(time[event], (200, 1)))
    assert (studies.time[:, : len(listed)] >= time - 1e-12).all()
    assert (studies.event.sum(axis=1) == 60).all()
    assert studies.time.shape[1] == 80
    assert studies.experimental.sum() == 40


def test_log_rank_from_risk_sets():
    rng = np.random.default_rng(2)
    first = np.arange(30) % 3 == 0
    time, event = rng.exponential(size=(5, 30)), rng.random((5, 30)) < 0.7
    estimate, error = log_rank(time, event, first, rng)
    for i in range(5):
        final = list(zip(first.astype(int), time[i], event[i], strict=True))
        assert (estimate[i], error[i]) == pytest.approx(slow.log_rank(final), rel=1e-12)


def test_a_single_arm_against_a_median():
    """The median of an exponential with Gamma(d, T) hazard: P(median > m) = P(hazard < log 2 / m)."""
    from scipy import stats

    rule = PredictiveSurvival(value=5.0, follow_up=6.0, success=0.95)
    studies = Completed(np.full((1, 10), 8.0), np.arange(10)[None] < 7, np.ones(10, dtype=bool), np.zeros(1))
    (found,) = final_probability(rule, studies, np.random.default_rng(0))
    assert found == pytest.approx(stats.gamma(7, scale=1 / 80).cdf(np.log(2) / 5), abs=1e-12)


@pytest.mark.parametrize("name", ["second_line_pfs_weibull", "second_line_pfs_piecewise"])
def test_any_baseline_and_covariates(name):
    """The cumulative hazard a patient still has before progression is exponential, whatever the hazard."""
    shipped = be.find_analysis(name)
    design = prepare_design(shipped, shipped.load_table())
    parameters = design.prior(np.random.default_rng(4), 400)
    control, new = design.regimens
    rule = PredictiveSurvival(reference=control, regimen=new, follow_up=1e6, success=0.95)
    studies = complete(rule, design, parameters, np.random.default_rng(5))
    censored = np.flatnonzero(~design.follow_up.event)
    seen, later = design.follow_up.last[censored], studies.time[:, censored]
    risk = np.exp(design.log_risk(parameters, np.random.default_rng(6))[:, censored])
    left = np.stack(
        [
            design.curves(parameters.isel(draw=[i])).patient_increment(design.regimen[censored], seen, later[i])[0]
            for i in range(400)
        ]
    )
    size = left.size
    assert (left * risk).mean() == pytest.approx(1, abs=4 / size**0.5)
    assert (left * risk > np.log(2)).mean() == pytest.approx(0.5, abs=2 / size**0.5)
    rules = [
        PredictiveSurvival(name=str(v), reference=control, regimen=new, value=v, follow_up=6.0, success=0.95)
        for v in (1.0, 2.5)
    ]
    first, again = (successes(each, design, parameters, seed=1) for each in (rules, rules[::-1]))
    assert first["success"].sel(rule="1.0").equals(again["success"].sel(rule="1.0"))
    assert first["success"].sel(rule="1.0").mean() < first["success"].sel(rule="2.5").mean()


def test_in_a_sentence_and_saved(patients, tmp_path):
    _, table = patients
    posterior, position = fitted(table, follow_up=6.0, stop_below=0.01, success=0.95)
    assert "95 % Monte Carlo interval" in position.sentence
    assert position.decision == "continue"
    assert position.false_alarm is None
    assert positions(be.Posterior.load(posterior.save(tmp_path / "x.nc"))) == (position,)
    with pytest.raises(AnalysisError, match="simulated from the posterior"):
        operating_characteristics(posterior.analysis.rules[0], [10], [0.2])


def test_plans_that_cannot_be_carried_out(patients):
    _, table = patients
    base = {"kind": "predictive_survival", "success": 0.95, "reference": "control", "regimen": "new"}
    with pytest.raises(AnalysisError) as error:
        Analysis.from_dict(
            content(
                base,
                {**base, "name": "b", "events": 30, "follow_up": 6},
                {**base, "name": "c", "events": 30, "looks": [10], "final": "cox"},
                {"kind": "predictive_survival", "success": 0.9, "name": "d", "follow_up": 6, "final": "logrank"},
            )
        )
    for part in (
        "monitoring[0]: give one of events",
        "monitoring[1]: give one of events",
        "'cox' is not one of",
        "monitoring[3]: value, the median to be passed, is required",
        'one arm takes "exponential"',
    ):
        assert part in str(error.value), part
    with pytest.raises(AnalysisError) as error:
        fit_analysis(
            Analysis.from_dict(
                content(
                    {**base, "events": 90},
                    {**base, "name": "b", "follow_up": 6, "patients": [20, 30], "accrual": 2},
                    {**base, "name": "c", "follow_up": 6, "patients": 50},
                    {**base, "name": "d", "follow_up": 6, "reference": "contrl"},
                )
            ),
            table,
        )
    for part in (
        "monitoring[0].events: 90 events cannot come from 47 patients",
        "monitoring[1].patients: the data hold 26 on new, more than the planned 20",
        "monitoring[2].accrual: 53 patients are still to come",
        "monitoring[3].reference: 'contrl' is not one of control, new. Did you mean 'control'?",
    ):
        assert part in str(error.value), part
