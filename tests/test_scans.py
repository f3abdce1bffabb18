"""Scan tables to intervals: every rule, logged; every problem, named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be

SCANS = pd.DataFrame(
    [
        ("001", 1.5, 0),
        ("001", 3.0, 0),
        ("001", 4.5, 1),
        ("001", 6.0, 0),  # progressed between 3 and 4.5
        ("2", 1.5, 1),  # at the first scan
        ("3", 1.5, 0),
        ("3", 3.0, 0),  # still free
        ("4", 1.5, 0),
        ("4", 3.0, 0),  # dies at 5, one scan missed
        ("5", 1.5, 0),  # dies at 9, many scans missed
    ],
    columns=["patient_id", "time", "progression"],
)
DEATHS = pd.DataFrame({"patient_id": ["4", "5", "6"], "time": [5.0, 9.0, 1.0]})


def intervals(**options):
    found = be.scan_intervals(SCANS, schedule=1.5, deaths=DEATHS, **options).set_index("patient_id")
    return found, {p: (r["last_free"], r["first_progression"]) for p, r in found.iterrows()}


def test_intervals():
    found, pairs = intervals()
    assert pairs == {
        "001": (3.0, 4.5),
        "2": (0.0, 1.5),
        "3": (3.0, np.inf),
        "4": (5.0, 5.0),
        "5": (1.5, 9.0),
        "6": (1.0, 1.0),
    }
    assert found.loc["5", "rule"] == "death after missed scans, event between last scan and death"
    assert found.loc["4", "rule"] == "death, scans as planned"


def test_rules_for_deaths_after_missed_scans():
    assert intervals(death_after_missed="exact")[1]["5"] == (9.0, 9.0)
    assert intervals(death_after_missed="censor")[1]["5"] == (1.5, np.inf)
    assert intervals(missed=0)[1]["4"] == (3.0, 5.0)
    assert intervals(missed=5)[1]["5"] == (9.0, 9.0)
    assert "censored" in intervals(death_after_missed="censor")[0].loc["5", "rule"]


def test_the_result_is_read_as_patients():
    frame = be.scan_intervals(SCANS, schedule=1.5, deaths=DEATHS).assign(regimen="a")
    table = be.read_patients(frame, response=None, interval=("last_free", "first_progression"), time_unit="months")
    assert table.follow_up().interval.tolist() == [True, True, False, False, True, False]


def test_they_agree_with_the_simulator():
    cohort = be.simulate_cohort(scan_every=1.5)
    rows = []
    for _, patient in cohort.iterrows():
        last = patient["last_free"]
        rows += [(patient["patient_id"], t, 0) for t in np.arange(1.5, last + 0.1, 1.5)]
        if np.isfinite(patient["first_progression"]):
            rows.append((patient["patient_id"], patient["first_progression"], 1))
    scans = pd.DataFrame(rows, columns=["patient_id", "time", "progression"])
    found = be.scan_intervals(scans, schedule=1.5).set_index("patient_id")
    expected = cohort.set_index("patient_id").loc[found.index]
    assert np.allclose(found["last_free"], expected["last_free"])
    assert np.array_equal(found["first_progression"], expected["first_progression"])


@pytest.mark.parametrize(
    ("scans", "deaths", "code"),
    [
        (SCANS.assign(progression=2), None, "progression_code"),
        (SCANS.assign(time="x"), None, "not_a_number"),
        (SCANS.assign(time=-1), None, "not_a_number"),
        (SCANS.assign(patient_id=""), None, "blank_label"),
        (SCANS.drop(columns="time"), None, "missing_column"),
        (SCANS, DEATHS.assign(time=0.5), "scan_after_death"),
        (SCANS, DEATHS.assign(patient_id="9"), "duplicate_patient"),
    ],
)
def test_problems(scans, deaths, code):
    with pytest.raises(be.DataError) as caught:
        be.scan_intervals(scans, schedule=1.5, deaths=deaths)
    assert code in {p.code for p in caught.value.problems}


def test_settings():
    with pytest.raises(be.AnalysisError, match="schedule must be positive"):
        be.scan_intervals(SCANS, schedule=0)
    with pytest.raises(be.AnalysisError, match="death_after_missed"):
        be.scan_intervals(SCANS, schedule=1, death_after_missed="guess")
