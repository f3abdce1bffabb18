"""Where a study stands against its rules."""

from __future__ import annotations

import json

import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis import Analysis
from bayes_escc.monitoring import positions

from .test_decision import ANLOTINIB, CHEMOTHERAPY, with_rules


@pytest.fixture(scope="module")
def monitored():
    return be.fit_analysis(
        Analysis.from_dict(
            with_rules(
                {"kind": "posterior_probability", "name": "superior", "reference": CHEMOTHERAPY, "go_above": 0.975,
                 "looks": [10, 20]},
                {"kind": "posterior_probability", "name": "futile", "value": 0.30, "stop_below": 0.1,
                 "regimen": ANLOTINIB, "looks": [15], "alternative_rate": 0.5},
                {"kind": "toxicity", "name": "many", "limit": 0.2, "stop_above": 0.9, "regimen": ANLOTINIB,
                 "looks": [10, 20]},
                {"kind": "precision", "name": "narrow", "width": 0.4, "regimen": ANLOTINIB},
                {"kind": "bop2", "name": "b", "rate": 0.2, "alternative_rate": 0.4, "lambda": 0.86, "gamma": 0.92,
                 "patients": 40, "looks": [10, 20, 30], "regimen": ANLOTINIB},
            )
        )
    )  # fmt: skip


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
