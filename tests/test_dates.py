"""Dates of patients: read in one way only, checked against each other, turned into follow-up."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.dates import read_date

DATES = {"start": "begin", "event": "pd", "death": "died", "last_contact": "seen"}
TABLE = {
    "patient_id": ["p1", "p2", "p3", "p4"],
    "regimen": ["A", "A", "B", "B"],
    "begin": ["2023-01-10", "2023-02-01", "2023/3/5", "20230401"],
    "pd": ["2023-04-10", "", "", "2023年7月1日"],
    "died": ["2023-09-01", "2023-05-02", "", ""],
    "seen": ["", "", "2023-12-05", "2023-07-01"],
}


def table(**change):
    return pd.DataFrame(TABLE | change)


def read(frame, dates=DATES, **settings):
    return be.read_patients(frame, response=None, dates={**dates, "cut": "2024-01-01"}, **settings)


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-01-31",
            "2024-1-31",
            "2024/01/31",
            "2024.1.31",
            "20240131",
            "2024年1月31日",
            "2024-01-31 00:00:00",
            "２０２４－０１－３１",
        ],
    )
    def test_year_first(self, text):
        assert read_date(text) == dt.date(2024, 1, 31)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("03/04/2020", "day and month cannot be told apart"),
            ("31.12.20", "day and month cannot be told apart"),
            ("2023-11-31", "no such day"),
            ("2023-13-01", "no such day"),
            ("45292", "2024-01-01 in Excel for Windows or 2028-01-02 in old Excel"),
            ("2024-01-31T10:00:00+08:00", "without time of day and time zone"),
            ("1023-01-31", "before 1950"),
            ("soon", "not a date"),
            ("12345", "not a date"),
        ],
    )
    def test_everything_else_is_refused(self, text, why):
        assert why in read_date(text)


class TestFollowUp:
    def test_to_the_first_event_else_to_the_last_contact(self):
        found = read(table())
        assert found.time_unit == "days"
        assert list(found.frame["time"].astype(float)) == [90, 90, 275, 91]
        assert list(found.frame["event"]) == ["1", "1", "0", "1"]
        months = read(table(), time_unit="months").follow_up()
        assert np.allclose(months.lower * 30.4375, [90, 90, 275, 91])

    def test_columns_of_dates_from_pandas(self):
        frame = table()
        for column in DATES.values():
            frame[column] = pd.to_datetime(
                [str(v).replace("年", "-").replace("月", "-").replace("日", "") or None for v in frame[column]],
                format="mixed",
            )
        assert read(frame).digest != ""
        assert list(read(frame).frame["time"].astype(float)) == [90, 90, 275, 91]

    @pytest.mark.parametrize(
        ("change", "row", "code"),
        [
            ({"pd": ["2023-01-09", "", "", "2023-07-01"]}, 2, "event_before_start"),
            ({"died": ["2022-09-01", "2023-05-02", "", ""]}, 2, "death_before_start"),
            ({"seen": ["", "", "2023-03-01", "2023-07-01"]}, 4, "last_contact_before_start"),
            ({"begin": ["2024-01-02", "2023-02-01", "2023-03-05", "2023-04-01"]}, 2, "after_data_cut"),
            ({"seen": ["", "", "2099-12-05", "2023-07-01"]}, 4, "in_the_future"),
            ({"pd": ["2023-10-10", "", "", "2023-07-01"]}, 2, "after_death"),
            ({"seen": ["2023-12-01", "", "2023-12-05", "2023-07-01"]}, 2, "after_death"),
            ({"seen": ["", "", "", "2023-07-01"]}, 4, "no_end"),
            ({"begin": ["", "2023-02-01", "2023-03-05", "2023-04-01"]}, 2, "missing_date"),
            ({"begin": ["10/01/2023", "2023-02-01", "2023-03-05", "2023-04-01"]}, 2, "unusable_date"),
        ],
    )
    def test_contradictions_are_refused_by_row(self, change, row, code):
        with pytest.raises(be.DataError) as refused:
            read(table(**change))
        assert (row, code) in {(p.row, p.code) for p in refused.value.problems}, refused.value

    def test_what_follows_the_data_cut_is_censored_at_it(self):
        """An event after the cut, and a last contact after it, both end there; each patient is named."""
        frame = pd.DataFrame(
            {
                "id": ["P1", "P2", "P3", "P4"],
                "regimen": ["A", "A", "B", "B"],
                "start": ["2013-10-08", "2013-10-09", "2013-10-10", "2013-10-01"],
                "pd": ["2013-10-10", "2013-10-12", "2013-10-15", ""],
                "last": ["2013-10-10", "2013-10-12", "2013-10-15", "2013-10-20"],
            }
        )
        dates = {"start": "start", "event": "pd", "last_contact": "last", "cut": "2013-10-12"}
        found = be.read_patients(frame, id="id", response=None, dates=dates)
        assert list(found.follow_up().last) == [2, 3, 2, 11]
        assert list(found.follow_up().event) == [True, True, False, False]
        assert [w.row for w in found.warnings if w.code == "censored_at_cut"] == [4, 5]
        timed = frame.assign(days=[2, 3, 5, 19], had=[1, 1, 1, 0])
        asked = {"id": "id", "response": None, "dates": dates, "time": "days", "event": "had", "time_unit": "days"}
        assert list(be.read_patients(timed, **asked).follow_up().last) == [2, 3, 2, 11]
        cnsr = timed.assign(had=[0, 0, 0, 1])
        coded = be.read_patients(cnsr, **asked, event_codes={"0": "event", "1": "censored"})
        assert list(coded.follow_up().event) == [True, True, False, False]

    def test_the_cut_holds_for_times_without_a_date_of_their_end(self):
        """Who has no date of an end ends when the time says; a contact long after an event takes nothing from it."""
        frame = table(seen=["", "", "", "2023-12-05"], pd=[""] * 4, died=[""] * 4, days=[400, 20, 400, 30])
        dates = {"start": "begin", "last_contact": "seen", "cut": "2023-06-01"}
        asked = {"response": None, "time": "days", "event": "had", "time_unit": "days"}
        found = be.read_patients(frame.assign(had=[1, 1, 0, 1]), dates=dates, **asked)
        assert list(found.follow_up().last) == [142, 20, 88, 30]
        assert list(found.follow_up().event) == [False, True, False, True]
        noted = {w.row: w.message for w in found.warnings if w.code == "censored_at_cut"}
        assert noted.keys() == {2, 4}
        assert noted[2].startswith("the end of follow-up (400) lies after the data cut (2023-06-01)")

    def test_the_cut_holds_for_intervals(self):
        """After the cut nothing is known: neither progression nor that somebody was free of it."""
        frame = pd.DataFrame({"lower": [10, 100, 10, 70, 80], "upper": ["50", "200", "inf", "100", "80"]})
        frame = frame.assign(patient_id=list("abcde"), regimen="A", begin="2023-03-05", seen="")
        dates = {"start": "begin", "last_contact": "seen", "cut": "2023-05-20"}  # day 76
        found = be.read_patients(frame, dates=dates, interval=("lower", "upper"), time_unit="days", response=None)
        assert list(found.follow_up().lower) == [10, 76, 10, 70, 76]
        assert list(found.follow_up().upper) == [50, np.inf, np.inf, np.inf, np.inf]
        assert [w.row for w in found.warnings if w.code == "censored_at_cut"] == [3, 5, 6]

    def test_the_future_needs_no_data_cut(self):
        later = (dt.date.today() + dt.timedelta(days=40)).isoformat()
        with pytest.raises(be.DataError, match="lies after today"):
            be.read_patients(table(seen=["", "", later, "2023-07-01"]), response=None, dates=DATES)

    def test_all_problems_come_at_once(self):
        with pytest.raises(be.DataError) as refused:
            read(table(pd=["2022-01-01", "", "", "31/12/2023"], seen=["", "", "2099-05-05", "x"]))
        assert {p.row for p in refused.value.problems} == {2, 4, 5}

    def test_times_beside_dates_are_checked(self):
        timed = table(months=[90 / 30.4375, 3.0, 275 / 30.4375, 91.0], event=[1, 1, 0, 1])
        found = read(timed, time="months", event="event", time_unit="months")
        assert [w.row for w in found.warnings if w.code == "time_and_dates"] == [5]  # days among months
        with pytest.raises(be.DataError) as refused:
            read(timed.assign(event=[0, 1, 1, 1]), time="months", event="event", time_unit="months")
        assert {(p.row, p.code) for p in refused.value.problems} == {
            (2, "date_without_event"),
            (4, "event_without_date"),
        }
        with pytest.raises(be.DataError, match="the table has a column event too"):
            read(timed)

    def test_a_contact_before_the_event_is_noted(self):
        found = read(table(seen=["", "", "2023-12-05", "2023-06-01"]))
        assert [w.code for w in found.warnings if w.row == 5] == ["contact_before_event"]

    @pytest.mark.parametrize(
        ("dates", "message"),
        [
            ({"event": "pd"}, '"start" is required'),
            ({"start": "begin"}, "name at least one"),
            ({"start": "begin", "evnt": "pd"}, "unknown key 'evnt'.*'event'"),
            ({"start": "begin", "event": "pd", "cut": "01/02/2023"}, "day and month"),
        ],
    )
    def test_settings(self, dates, message):
        with pytest.raises(be.AnalysisError, match=message):
            be.read_patients(table(), response=None, dates=dates)


@pytest.mark.parametrize(("again", "named"), [("event", "event date and as the death"), ("start", "start date and as")])
def test_one_column_cannot_be_two_dates(again, named):
    with pytest.raises(be.DataError, match=f"the column is named as the {named}"):
        be.read_patients(table(), response=None, dates={**DATES, "death": DATES[again]})


def test_from_a_file_and_the_command_line(tmp_path, capsys):
    path = tmp_path / "ward.csv"
    table().to_csv(path, index=False)
    stated = ["start=begin", "event=pd", "death=died", "last_contact=seen", "cut=2024-01-01"]
    assert main(["check", str(path), "--kind", "patients", "--dates", *stated]) == 0
    assert "90" in capsys.readouterr().out
    assert main(["check", str(path), "--kind", "patients", "--dates", *stated[:-1], "cut=2023-08-01", "--json"]) == 0
    noted = [(w["code"], w["row"]) for w in json.loads(capsys.readouterr().out)["warnings"]]
    assert ("censored_at_cut", 4) in noted
    (tmp_path / "ward.toml").write_text(
        """
        [data]
        kind = "patients"
        file = "ward.csv"
        dates = { start = "begin", event = "pd", death = "died", last_contact = "seen", cut = 2024-01-01 }
        [model]
        family = "survival"
        time_unit = "months"
        """,
        encoding="utf-8",
    )
    found = be.find_analysis(str(tmp_path / "ward.toml")).load_table()
    assert list(found.frame["event"]) == ["1", "1", "0", "1"]
    in_python = be.SurvivalModel(dates={**DATES, "cut": dt.date(2024, 1, 1)}).read(path)
    assert in_python.digest == found.digest


def test_one_regimen_is_not_compared(tmp_path):
    content = {
        "data": {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
        "model": {"family": "survival"},
        "comparisons": [{"estimand": "rmst"}],
    }
    analysis = be.Analysis.from_dict(content)
    alone = be.simulate_cohort(regimens=["A"], patients=[20], medians=[4.0])
    patients = be.read_patients(alone, response=None, time="time", event="event", time_unit="months")
    with pytest.raises(be.AnalysisError, match=r"comparisons\[0\]: there is only one regimen, A, so there is nothing"):
        be.fit_analysis(analysis, patients)


class TestExports:
    HEAD = "record_id,redcap_event_name,redcap_repeat_instrument,regimen,time,event\n"

    def test_rows_of_visits_are_told_once(self, tmp_path):
        path = tmp_path / "export.csv"
        path.write_text(self.HEAD + "1,base,,A,3,1\n1,visit,scan,,,\n2,base,,B,4,0\n", encoding="utf-8")
        with pytest.raises(be.DataError, match=r"1 problem\n.*row 3, column redcap_repeat_instrument.*every visit"):
            be.read_patients(path, id="record_id", response=None, time="time", event="event", time_unit="months")

    def test_open_forms_are_noted(self):
        frame = pd.DataFrame(
            {
                "patient_id": ["1", "2"],
                "regimen": ["A", "B"],
                "time": [3, 4],
                "event": [1.0, 1.0],
                "baseline_complete": [2, 0],
            }
        )
        found = be.read_patients(frame, response=None, time="time", event="event", time_unit="months")
        assert [(w.code, w.row) for w in found.warnings] == [("incomplete_form", 3)]

    def test_events_as_floats_of_a_csv(self, tmp_path):
        path = tmp_path / "floats.csv"
        path.write_text("patient_id,regimen,time,event\n1,A,3,1.0\n2,B,4,0.0\n", encoding="utf-8")
        found = be.read_patients(path, response=None, time="time", event="event", time_unit="months")
        assert list(found.frame["event"]) == ["1", "0"]
