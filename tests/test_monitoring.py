"""Where a study stands against its rules."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.rule_position import positions
from bayes_escc.probability.beta import Beta
from bayes_escc.rules.normal import null_crossing

from .test_decision import ANLOTINIB, CHEMOTHERAPY, with_rules


@pytest.fixture(scope="module")
def monitored():
    return be.fit_analysis(
        Analysis.from_dict(
            with_rules(
                {
                    "kind": "posterior_probability",
                    "name": "superior",
                    "reference": CHEMOTHERAPY,
                    "go_above": 0.975,
                    "looks": [10, 20],
                },
                {
                    "kind": "posterior_probability",
                    "name": "futile",
                    "value": 0.30,
                    "stop_below": 0.1,
                    "regimen": ANLOTINIB,
                    "looks": [15],
                    "alternative_rate": 0.5,
                },
                {
                    "kind": "toxicity",
                    "name": "many",
                    "limit": 0.2,
                    "stop_above": 0.9,
                    "regimen": ANLOTINIB,
                    "looks": [10, 20],
                },
                {"kind": "precision", "name": "narrow", "width": 0.4, "regimen": ANLOTINIB},
                {
                    "kind": "bop2",
                    "name": "b",
                    "rate": 0.2,
                    "alternative_rate": 0.4,
                    "lambda": 0.86,
                    "gamma": 0.92,
                    "patients": 40,
                    "looks": [10, 20, 30],
                    "regimen": ANLOTINIB,
                },
            )
        )
    )


def test_positions(monitored):
    found = {p.rule: p for p in positions(monitored)}
    assert [p.decision for p in found.values()] == ["continue", "continue", "stop", "stop", "continue"]
    law = stats.beta(13, 24)
    assert found["many"].value == pytest.approx(law.sf(0.2), abs=1e-12)
    assert found["narrow"].value == pytest.approx(law.ppf(0.975) - law.ppf(0.025), abs=1e-9)
    assert found["futile"].value == pytest.approx(law.sf(0.3), abs=1e-10)
    assert found["b"].thresholds == {"stop_below": pytest.approx(0.86 * (35 / 40) ** 0.92)}
    assert found["superior"].value == monitored.compare(reference=CHEMOTHERAPY).rows[0]["probability_better"]
    assert (found["superior"].events, found["superior"].look) == ((12, 10), (35, 29))
    assert found["superior"].looks == ((10, 10), (20, 20), (35, 29))
    assert found["superior"].null_rates == pytest.approx((23 / 66, 23 / 66))
    assert found["many"].looks == ((10,), (20,), (35,))
    assert "not a planned look" in found["many"].sentence
    assert found["b"].planned_power > found["b"].power == 0.0


def test_the_looks_really_taken(monitored):
    (assumed,) = [p for p in positions(monitored) if p.rule == "many"]
    (stated,) = [p for p in positions(monitored, {"many": [5, 8, 11, 14, 17, 20, 30]}) if p.rule == "many"]
    assert len(stated.looks) == 8
    assert stated.false_alarm > assumed.false_alarm
    assert stated.value == assumed.value


def test_in_a_result_and_saved(monitored, tmp_path):
    result = be.to_result(monitored)
    assert [row["rule"] for row in result["monitoring"]] == [r.name for r in monitored.analysis.rules]
    json.dumps(result["monitoring"], allow_nan=False)
    loaded = be.Posterior.load(monitored.save(tmp_path / "x.nc"))
    assert positions(loaded) == positions(monitored)
    assert "monitoring" not in be.to_result(be.fit_analysis(be.find_analysis("second_line_response")))


def test_looks_that_do_not_ascend_are_taken_as_far_as_they_do(monitored):
    """Two cuts with the same patients, and a patient withdrawn since: an update must not fail over it."""
    taken = {"many": [10, 20, 20, 36, 34], "superior": [(10, 12), (11, 11), (20, 20), (35, 29)]}
    found = {p.rule: p for p in positions(monitored, taken)}
    assert found["many"].looks == ((10,), (20,), (34,), (35,))
    assert found["superior"].looks == ((11, 11), (20, 20), (35, 29))


def test_rules_made_in_python(monitored):
    rules = [
        be.PosteriorProbability(name="margin", reference=CHEMOTHERAPY, margin=0.1, go_above=0.9, null_rate=0.3),
        be.ThallSimon(standard=Beta(34, 124), go_above=0.9, regimen=ANLOTINIB, looks=(10, 20)),
    ]
    first, second = positions(monitored, rules=rules)
    assert first.value == monitored.compare(reference=CHEMOTHERAPY, margin=0.1).rows[0]["probability_better_by_margin"]
    assert first.null_rates == (0.3, 0.3)
    assert second.decision == "go"
    assert "not specified in the analysis" in first.sentence
    assert "not specified" not in positions(monitored)[0].sentence


def test_each_regimen_has_its_own_prior():
    content = with_rules(
        {"kind": "posterior_probability", "reference": CHEMOTHERAPY, "go_above": 0.9, "null_rate": 0.3, "looks": [20]}
    )
    content["priors"]["rate"][CHEMOTHERAPY] = {"distribution": "Beta", "alpha": 3, "beta": 7}
    posterior = be.fit_analysis(Analysis.from_dict(content))
    (rule,), (position,) = posterior.analysis.rules, positions(posterior)
    assert (rule.prior, rule.reference_prior) == (Beta(1, 1), Beta(3, 7))
    assert position.value == pytest.approx(float(rule.statistics((35, 29))[12, 10]), abs=1e-10)


@pytest.mark.parametrize("looks", [[20], [10, 20, 30], [12, 40, 41, 90]])
def test_repeated_looks_at_follow_up(looks):
    """Passing at any look is one minus an orthant probability of correlated normals."""
    times = np.array(looks, dtype=float)
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    go, stop = null_crossing(looks, 0.975, None)
    never = stats.multivariate_normal(cov=correlation, allow_singular=True, seed=1).cdf(
        np.full(len(looks), stats.norm.ppf(0.975))
    )
    assert go.sum() == pytest.approx(1 - float(never), abs=2e-4)
    assert stop.sum() == 0
    both, _ = null_crossing(looks, 0.975, 0.1)
    assert both[0] == pytest.approx(0.025, abs=1e-12)
    assert both.sum() <= go.sum()


def test_positions_of_follow_up():
    analysis = be.find_analysis("second_line_pfs_monitored")
    posterior = be.fit_analysis(analysis)
    better, predicted = positions(posterior)
    assert better.look == (posterior.evidence["events"],)
    assert better.false_alarm == pytest.approx(0.025, abs=1e-9)
    again, _ = positions(posterior, {"better median": [15, 30]})
    assert again.looks == ((15,), (30,), better.look)
    assert again.false_alarm > 0.045
    assert "by normal theory, with a flat prior" in again.sentence
    assert predicted.look == ()
    with_margin = be.PosteriorProbability(
        estimand="median", reference="toripalimab + chemotherapy", margin=1.0, go_above=0.9
    )
    (position,) = positions(posterior, rules=[with_margin])
    assert position.false_alarm is None
