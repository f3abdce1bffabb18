"""Visit tables as hospitals keep them, to the intervals in which patients progressed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main

PATIENTS = pd.DataFrame(
    {
        "case": ["001", "1", "c", "d", "e"],
        "regimen": ["A", "A", "B", "B", "B"],
        "first_dose": ["2023-01-02"] * 5,
        "death_date": ["", "2023-09-01", "2023-03-01", "", "2023-02-01"],
        "age": [50, 61, 70, 44, 58],
    }
)
VISITS = pd.DataFrame(
    [
        ("001", "2022-12-28", "SD"),
        ("001", "2023-02-13", "PR"),
        ("001", "2023/3/27", "疾病进展"),  # days 42 and 84
        ("1", "2023-02-13", "stable disease"),
        ("1", "2023-03-27", "NE"),  # dies on day 242, long after day 42
        ("c", "2023-02-13", "CR"),  # dies on day 58
        ("d", "2023-02-13", "ok"),
        ("d", "2023-03-27", "SD"),  # still free
    ],
    columns=["case", "visit", "response"],
)
COLUMNS = {
    "patient_id": "case",
    "date": "visit",
    "result": "response",
    "start": "first_dose",
    "death": "death_date",
    "words": {"ok": "free"},
}
EXPECTED = {"001": (42, 84), "1": (42, 242), "c": (58, 58), "d": (84, np.inf), "e": (30, 30)}


def pairs(frame, unit=1.0):
    return {r["case"]: (r["last_free"] * unit, r["first_progression"] * unit) for _, r in frame.iterrows()}


@pytest.mark.parametrize(("unit", "days", "schedule"), [("days", 1.0, 42), ("weeks", 7.0, 6)])
def test_intervals(unit, days, schedule):
    found = be.join_scans(PATIENTS, VISITS, schedule=schedule, unit=unit, **COLUMNS)
    for patient, expected in EXPECTED.items():
        assert np.allclose(pairs(found, days)[patient], expected)
    assert list(found["age"]) == ["50", "61", "70", "44", "58"]
    rules = dict(zip(found["case"], found["scan_rule"], strict=True))
    assert rules["1"] == "death after missed scans, event between last scan and death"
    assert rules["e"] == "death, scans as planned"


def test_rules_are_selectable():
    settings = {"schedule": 42, "unit": "days", **COLUMNS}
    assert pairs(be.join_scans(PATIENTS, VISITS, death_after_missed="censor", **settings))["1"] == (42, np.inf)
    assert pairs(be.join_scans(PATIENTS, VISITS, death_after_missed="exact", **settings))["1"] == (242, 242)
    assert pairs(be.join_scans(PATIENTS, VISITS, missed=9, **settings))["1"] == (242, 242)


def test_times_instead_of_dates():
    visits = pd.DataFrame({"patient_id": ["a", "a", "b"], "month": [2, 4, 2], "pd": ["no", "yes", "0"]})
    patients = pd.DataFrame({"patient_id": ["a", "b"], "regimen": ["A", "B"], "died": ["", "3.0"]})
    found = be.join_scans(patients, visits, schedule=2, unit="months", time="month", result="pd", death="died")
    assert list(zip(found["last_free"], found["first_progression"], strict=True)) == [(2, 4), (3, 3)]


@pytest.mark.parametrize(
    ("change", "code", "row"),
    [
        ({"response": "dunno"}, "unknown_result", 2),
        ({"visit": "13/02/2023"}, "unusable_date", 2),
        ({"visit": "44970"}, "unusable_date", 2),
        ({"case": "zz"}, "unknown_patient", 2),
        ({"visit": "2023-02-30"}, "unusable_date", 2),
        ({"response": "PD"}, "progression_before_start", 2),
        ({"case": "e", "visit": "2023-02-13"}, "scan_after_death", 6),
    ],
)
def test_problems_are_listed_by_row(change, code, row):
    visits = VISITS.copy()
    visits.loc[0, list(change)] = list(change.values())
    with pytest.raises(be.DataError) as refused:
        be.join_scans(PATIENTS, visits, schedule=42, unit="days", **COLUMNS)
    assert [(p.code, p.row) for p in refused.value.problems] == [(code, row)]


def test_patients_without_anything_are_named():
    patients = pd.concat([PATIENTS, PATIENTS.iloc[[0]].assign(case="f")])
    with pytest.raises(be.DataError, match=r"row 7, column case 'f': the patient has neither a usable scan"):
        be.join_scans(patients, VISITS, schedule=42, unit="days", **COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": 0}, "schedule must be a positive"),
        ({"unit": "month"}, "'month' is not one of.*'months'"),
        ({"start": None}, "dates of visits need start="),
        ({"missed": -1}, "missed must be"),
        ({"words": {"ok": "fine"}}, "words= mean one of progression, free, unknown, not fine"),
    ],
)
def test_settings(change, message):
    with pytest.raises(be.AnalysisError, match=message):
        be.join_scans(PATIENTS, VISITS, **{"schedule": 42, "unit": "days", **COLUMNS, **change})


@pytest.fixture
def files(tmp_path):
    PATIENTS.to_csv(tmp_path / "ward.csv", index=False)
    VISITS.to_csv(tmp_path / "visits.csv", index=False, encoding="gb18030")
    return tmp_path


def test_from_the_command_line(files, capsys):
    stated = [
        "scans",
        files / "ward.csv",
        files / "visits.csv",
        "--schedule",
        "6",
        "--unit",
        "weeks",
        "--id",
        "case",
        "--date",
        "visit",
        "--result",
        "response",
        "--start",
        "first_dose",
        "--death",
        "death_date",
        "--words",
        "ok=free",
        "--out",
        files / "intervals.csv",
    ]
    assert main([str(s) for s in stated]) == 0
    told = capsys.readouterr().out
    assert "progression between scans" in told
    assert "1 visit on or before the day of the start (baseline) was left out" in told
    table = be.read_patients(
        files / "intervals.csv",
        id="case",
        response=None,
        interval=("last_free", "first_progression"),
        time_unit="weeks",
    )
    assert np.allclose(table.follow_up("days").lower, [v[0] for v in EXPECTED.values()])
    assert main([str(s) for s in [*stated, "--json"]]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [r["first_progression"] is None for r in rows] == [False, False, False, True, False]
    assert main([str(s) for s in stated if s != "ok=free" and s != "--words"]) == 3


def check_the_cut(files):
    """Scans and deaths after day 58 are left out, and the patients they were of are named."""
    text = (files / "mine.toml").read_text(encoding="utf-8")
    for name, change in (("cut", ", cut = 2023-03-01 }"), ("early", ", cut = 2023-01-20 }")):
        (files / f"{name}.toml").write_text(text.replace(" }\n        [data.scans]", change + "\n        [data.scans]"))
    table = be.find_analysis(str(files / "cut.toml")).load_table()
    assert np.allclose(table.follow_up("days").lower, [42, 42, 58, 42, 30])
    assert np.allclose(table.follow_up("days").upper, [np.inf, np.inf, 58, np.inf, 30])
    said = {w.value: w.message for w in table.warnings if w.code == "after_data_cut"}
    assert said.keys() == {"001", "1", "d"}
    assert said["1"] == "the death after the data cut (2023-03-01) left out"
    with pytest.raises(be.DataError, match=r"up to the data cut \(2023-01-20\)"):
        be.find_analysis(str(files / "early.toml")).load_table()


def test_from_a_file(files):
    (files / "mine.toml").write_text(
        """
        [data]
        kind = "patients"
        file = "ward.csv"
        id = "case"
        dates = { start = "first_dose", death = "death_date" }
        [data.scans]
        file = "visits.csv"
        id = "case"
        date = "visit"
        result = "response"
        schedule = 6
        unit = "weeks"
        words = { ok = "free" }
        [model]
        family = "survival"
        time_unit = "months"
        """,
        encoding="utf-8",
    )
    analysis = be.find_analysis(str(files / "mine.toml"))
    table = analysis.load_table()
    follow_up = table.follow_up("days")
    assert np.allclose(follow_up.upper, [v[1] for v in EXPECTED.values()])
    assert {"scan_rule", "scans_left_out"} <= {w.code for w in table.warnings}
    fit = be.fit_analysis(analysis.with_sampling(sampler="laplace"))
    assert fit.evidence["events"] == 4
    check_the_cut(files)
    text = (files / "mine.toml").read_text(encoding="utf-8")
    (files / "bad.toml").write_text(
        text.replace("schedule = 6", "").replace('"ok" = "free"', "").replace("unit =", "time_unit ="), encoding="utf-8"
    )
    with pytest.raises(be.AnalysisError, match=r"data.scans.schedule: is required"):
        be.find_analysis(str(files / "bad.toml"))
