"""Both endpoints of a patient: one course of disease, read from times or dates, contradictions told all at once."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.course import course_of
from tests.helpers.english import english_in

HEADER = "patient_id,regimen,pfs,progressed_or_died,os,died"
BOTH = {
    "time": "pfs", "event": "progressed_or_died", "overall": "os", "overall_event": "died", "time_unit": "months",
    "response": None,
}  # fmt: skip
ROWS = """
1,A,3,1,9,1
2,A,3,1,9,0
3,A,4,1,4,1
4,B,5,0,5,0
5,B,6,0,8,0
6,B,6,0,8,1
7,B,2,1,2,0
"""
"""Progressed and died; progressed and alive; died without progression; censored; followed for life after assessments
had ended, alive and dead; progressed on the day of the last contact."""


def table(rows=ROWS, header=HEADER):
    return pd.read_csv(io.StringIO(f"{header}\n{rows.strip()}\n"), dtype=str)


DATES = {"start": "start", "event": "pd", "death": "death", "last_contact": "seen"}
DATED = pd.DataFrame(
    {
        "patient_id": list("1234567"),
        "regimen": list("AAABBBB"),
        "start": "2024-01-01",
        "pd": ["2024-02-10", "2024-02-10", "", "", "2024-03-01", "", "2024-02-10"],
        "death": ["2024-05-10", "", "2024-03-01", "", "2024-03-01", "", ""],
        "seen": ["", "2024-06-01", "", "2024-04-10", "", "2024-01-20", ""],
    }
)


def test_each_patient_is_one_path():
    found = be.read_patients(table(), **BOTH).course()
    assert found.first.tolist() == [3, 3, 4, 5, 6, 6, 2]
    assert found.progressed.tolist() == [True, True, False, False, False, False, True]
    assert found.died_first.tolist() == [False, False, True, False, False, False, False]
    assert found.later.tolist() == [6, 6, 0, 0, 0, 0, 0]
    assert found.died_later.tolist() == [True, False, False, False, False, False, False]
    assert found.unknown.tolist() == [False, False, False, False, True, True, False]
    assert found.end.tolist() == [9, 9, 4, 5, 6, 6, 2]
    assert found.event.sum() == 4
    assert found.died.sum() == 2
    days = found.in_unit("days")
    assert np.allclose(days.end, 30.4375 * found.end)
    assert days.unit == "days"


def test_the_same_from_dates():
    read = be.read_patients(DATED, dates=DATES, both_endpoints=True, response=None)
    found = read.course()
    assert found.unit == "days"
    assert found.first.tolist() == [40, 40, 60, 100, 60, 19, 40]
    assert found.progressed.tolist() == [True, True, False, False, False, False, True]
    assert found.died_first.tolist() == [False, False, True, False, True, False, False]
    assert found.later.tolist() == [90, 112, 0, 0, 0, 0, 0]
    assert found.died_later.tolist() == [True, False, False, False, False, False, False]
    tied = [w for w in read.warnings if w.code == "progression_at_death"]
    assert [w.row for w in tied] == [6]
    assert tied[0].column == "death"


def test_dates_are_censored_at_the_cut_for_both():
    read = be.read_patients(DATED, dates={**DATES, "cut": "2024-02-20"}, both_endpoints=True, response=None)
    found = read.course()
    assert found.first.tolist() == [40, 40, 50, 50, 50, 19, 40]
    assert found.later.tolist() == [10, 10, 0, 0, 0, 0, 0]
    assert not found.died.any()
    assert {w.row for w in read.warnings if w.code == "censored_at_cut"} >= {2, 3, 4, 5, 6}


def test_the_median_unit_and_codes_are_those_of_both():
    coded = table().replace({"progressed_or_died": {"1": "yes", "0": "no"}, "died": {"1": "yes", "0": "no"}})
    codes = {"yes": "event", "no": "censored"}
    assert be.read_patients(coded, **BOTH, event_codes=codes).course().died.sum() == 2


WRONG = """
1,A,9,1,3,1
2,A,4,0,4,1
3,A,4,1,,1
4,A,4,1,7,x
5,A,4,1,7,0
"""


def test_contradictions_are_told_all_at_once():
    with pytest.raises(be.DataError) as caught:
        be.read_patients(table(WRONG), **BOTH)
    found = {(p.row, p.code) for p in caught.value.problems}
    assert found == {(2, "pfs_exceeds_os"), (3, "death_is_no_event"), (4, "missing_number"), (5, "event_code")}


def test_dates_that_contradict_are_told_all_at_once():
    wrong = DATED.assign(
        pd=["2024-06-10", "2023-12-10", "", "", "2024-03-01", "", "2024-02-10"],
        seen=["", "2024-06-01", "2024-09-01", "", "", "2024-01-20", ""],
    )
    with pytest.raises(be.DataError) as caught:
        be.read_patients(wrong, dates=DATES, both_endpoints=True, response=None)
    assert {(p.row, p.code) for p in caught.value.problems} == {
        (2, "after_death"), (3, "event_before_start"), (4, "after_death"), (5, "no_end"),
    }  # fmt: skip


def test_refusals_and_notes_in_chinese(tmp_path, capsys):
    table(WRONG).to_csv(tmp_path / "t.csv", index=False)
    given = ["check", str(tmp_path / "t.csv"), "--kind", "patients", "--time", "pfs", "--event", "progressed_or_died"]
    given += ["--overall", "os", "--overall-event", "died", "--time-unit", "months", "--language", "zh"]
    assert main(given) == 3
    said = capsys.readouterr().err
    assert "4时死亡，但无进展生存期当时并未以事件结束" in said
    assert english_in(said, ["progressed_or_died"]) == []


def test_zero_times_are_half_a_day_of_both():
    read = be.read_patients(table("1,A,0,1,0,1\n2,A,0,1,4,1\n3,B,0,0,0,0"), **BOTH)
    found, half = read.course("days"), 0.5
    assert found.first.tolist() == [half] * 3
    assert found.died_first.tolist() == [True, False, False]
    assert found.end[2] == half
    waiting = be.read_patients(table("1,A,3,1,5,1\n2,A,,,,\n3,B,0,0,0,0\n4,B,2,0,2,0"), **BOTH, pending=True)
    assert waiting.course().end.tolist() == [5, 0, 0, 2]


def test_what_does_not_hold_both_is_refused():
    only = be.read_patients(table(), **{**BOTH, "overall_event": None})
    with pytest.raises(be.AnalysisError, match="not read with both endpoints"):
        only.course()
    scans = table("1,A,3,4,5,1", "patient_id,regimen,lower,upper,os,died")
    read = be.read_patients(
        scans, response=None, interval=("lower", "upper"), overall="os", overall_event="died", time_unit="months"
    )
    with pytest.raises(be.AnalysisError, match="between two scans"):
        course_of(read.frame, "months")
    with pytest.raises(be.AnalysisError, match="overall_event= goes with overall="):
        be.read_patients(table(), **{**BOTH, "overall": None})
    with pytest.raises(be.AnalysisError, match="leave overall="):
        be.read_patients(DATED.assign(os="1"), dates=DATES, both_endpoints=True, overall="os", response=None)
