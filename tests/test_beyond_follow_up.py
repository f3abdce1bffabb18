"""How much of an answer lies beyond the follow-up of the shorter arm is said, wherever it is more than a little."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.report.result import to_result
from bayes_escc.report.text import result_text

PRIOR = be.Prior("Gamma", alpha=2, beta=8)


def trial(events: dict[str, int], last: dict[str, float], each: int = 20) -> pd.DataFrame:
    """Patients followed evenly up to a last time, the first of each arm with an event."""
    rows = [
        {"patient_id": f"{arm}{i}", "regimen": arm, "time": last[arm] * (i + 1) / each, "event": int(i < number)}
        for arm, number in events.items()
        for i in range(each)
    ]
    return pd.DataFrame(rows)


def fit(frame: pd.DataFrame, **settings):
    options = {
        "baseline": "exponential",
        "regimen_effect": "stratified",
        "priors": {"hazard": PRIOR},
        "data_unit": "months",
    }
    return be.SurvivalModel(**{**options, **settings}).fit(frame, seed=3)


def notes(posterior) -> list[str]:
    warnings = posterior.evidence["warnings"]
    return [w["message"] for w in warnings if w["code"] == "beyond_follow_up"]


def shares(message: str) -> dict[str, float]:
    """What is said in per cent, by what it is said of."""
    return {what: float(share) for share, what in re.findall(r"(\d+) % of the draws for ([^,;:.]+)", message)}


def test_a_median_from_few_events_says_what_share_is_extrapolated():
    frame = trial({"A": 3, "B": 3}, {"A": 11.5, "B": 12.5})
    posterior = fit(frame)
    (note,) = [m for m in notes(posterior) if "median" in m]
    exposure = frame.groupby("regimen")["time"].sum()
    beyond = {a: stats.gamma(5, scale=1 / (8 + exposure[a])).cdf(np.log(2) / 11.5) for a in "AB"}
    either = 1 - (1 - beyond["A"]) * (1 - beyond["B"])
    said = shares(note)
    assert said == {
        "A": pytest.approx(100 * beyond["A"], abs=3),
        "B": pytest.approx(100 * beyond["B"], abs=3),
        "B against A": pytest.approx(100 * either, abs=3),
    }
    assert "11.5 months" in note
    assert "P(better)" in note
    assert "restricted mean (rmst)" in note
    result = to_result(posterior)
    assert note in [w["message"] for w in result["data"]["warnings"]]
    assert "beyond the 11.5 months" in " ".join(result_text(result).split())


def test_what_the_follow_up_shows_is_not_noted():
    assert not notes(fit(trial({"A": 18, "B": 18}, {"A": 60.0, "B": 60.0})))


@pytest.mark.parametrize("order", ["AB", "BA"])
def test_units_and_order_change_nothing(order):
    frame = trial({"A": 2, "B": 6}, {"A": 11.5, "B": 9.0})
    frame = pd.concat([frame[frame["regimen"] == a] for a in order])
    (months,) = notes(fit(frame))
    per_day = be.Prior("Gamma", alpha=2, beta=8 * 365.25 / 12)
    days = frame.assign(time=frame["time"] * 365.25 / 12)
    (same,) = notes(fit(days, data_unit="days", priors={"hazard": per_day}, time_unit="days"))
    assert shares(same) == {key: pytest.approx(value, abs=1) for key, value in shares(months).items()}
    pair = f"{order[1]} against {order[0]}"
    assert shares(months)[pair] >= max(shares(months)[a] for a in "AB")


def test_a_remaining_median_counts_from_the_start():
    frame = trial({"A": 18, "B": 18}, {"A": 60.0, "B": 60.0})
    messages = notes(fit(frame, event_free=50.0, times=[3.0], horizons=[6.0]))
    (note,) = [m for m in messages if "remaining median" in m]
    assert shares(note)["A"] > 50


def test_one_regimen_has_no_comparison():
    (note,) = notes(fit(trial({"A": 3}, {"A": 11.5})))
    assert set(shares(note)) == {"A"}
    assert "P(better)" not in note


@pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
def test_proportional_hazards_say_it_too(baseline):
    frame = trial({"A": 3, "B": 3}, {"A": 11.5, "B": 11.5})
    model = be.SurvivalModel(baseline=baseline, data_unit="months")
    (note,) = [m for m in notes(model.fit(frame, seed=3, sampler="laplace")) if "of the draws" in m]
    assert set(shares(note)) == {"A", "B", "B against A"}
