"""Follow-up of patients: every problem named, Kaplan-Meier and its reverse, units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayes_escc import Analysis, AnalysisError, DataError, read_patients
from bayes_escc.evidence.follow_up import unit_factor
from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.evidence.problems import counted
from bayes_escc.runs.run import prepare_design

DATA = Path(__file__).parent / "data"
COLUMNS = {"response": None, "time": "time", "event": "event", "time_unit": "months"}
FRAME = pd.DataFrame(
    {
        "patient_id": ["001", "1", "2", "3", "4", "5"],
        "regimen": ["a", "a", "a", "b", "b", "b"],
        "time": [3.5, 4, 7.25, 2, 5, 9],
        "event": [1, 0, 1, 1, 1, 0],
        "entry": ["", 0, 1, 0, 0.5, 0],
    }
)


def problems(frame, **options):
    with pytest.raises(DataError) as caught:
        read_patients(frame, **{**COLUMNS, **options})
    return {p.code: p for p in caught.value.problems}


def test_follow_up_becomes_intervals():
    table = read_patients(FRAME, entry="entry", **COLUMNS)
    assert list(table.frame["patient_id"][:2]) == ["001", "1"]
    found = table.follow_up()
    assert found.unit == "months"
    assert np.array_equal(found.lower, FRAME["time"])
    assert np.array_equal(np.isinf(found.upper), FRAME["event"] == 0)
    assert list(found.entry) == [0, 0, 1, 0, 0.5, 0]
    assert table.select(regimens=["b"]).follow_up().lower.tolist() == [2, 5, 9]
    days = table.follow_up("days")
    assert np.allclose(days.lower, FRAME["time"] * 30.4375)
    assert np.array_equal(days.right, found.right)


def test_tables_without_follow_up_stay_as_they_were():
    table = read_patients(FRAME.drop(columns=["time", "event", "entry"]), response=None)
    assert table.time_unit is None
    with pytest.raises(AnalysisError, match="read without follow-up"):
        table.follow_up()


def test_units():
    assert unit_factor("months", "days") == 30.4375
    assert unit_factor("years", "months") == 12.0
    assert unit_factor("weeks", "days") == 7
    with pytest.raises(AnalysisError, match="Did you mean 'months'"):
        unit_factor("month", "days")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("time", "4.2m", "not_a_number"),
        ("time", "4,2", "not_a_number"),
        ("time", ">12", "not_a_number"),
        ("time", "2021-03-04", "not_a_number"),
        ("time", "inf", "not_a_number"),
        ("time", "nan", "not_a_number"),
        ("time", "", "missing_number"),
        ("time", "-1", "negative_time"),
        ("time", "1801", "too_long"),
        ("time", "45292", "serial_date"),
        ("event", "2", "event_code"),
        ("event", "yes", "event_code"),
        ("event", "死亡", "event_code"),
        ("event", "", "event_code"),
        ("entry", "2", "entry_after_end"),
        ("entry", "x", "not_a_number"),
        ("age", "121", "implausible"),
        ("ECOG", "7", "implausible"),
        ("os", "1.9", "pfs_exceeds_os"),
    ],
)
def test_each_problem_names_its_row_and_value(column, value, code):
    frame = FRAME.assign(age="60", ECOG="1", os="240").astype(object)
    frame.loc[3, column] = value
    found = problems(frame, entry="entry", overall="os")
    assert code in found
    assert found[code].row == 5
    assert found[code].remedy.endswith((".", "}."))
    assert found[code].value == (value if code != "pfs_exceeds_os" else "2")


def test_all_problems_come_together():
    frame = FRAME.astype(object)
    frame.loc[0, "time"], frame.loc[1, "event"], frame.loc[2, "entry"] = "x", "2", 8
    assert set(problems(frame, entry="entry")) == {"not_a_number", "event_code", "entry_after_end"}


def test_the_unit_must_be_declared():
    assert "time_unit" in problems(FRAME, time_unit=None)
    assert "time_unit" in problems(FRAME, time_unit="month")


def test_other_codes_need_a_declared_map():
    frame = FRAME.assign(event=["死亡", "删失", "死亡", "死亡", "死亡", "删失"])
    table = read_patients(frame, event_codes={"死亡": "event", "删失": "censored"}, **COLUMNS)
    assert list(table.frame["event"]) == list("101110")
    assert "event_code" in problems(frame)
    coded = FRAME.assign(event=[2, 1, 2, 2, 2, 1])
    assert list(read_patients(coded, event_codes={2: 1, 1: 0}, **COLUMNS).frame["event"]) == list("101110")
    logical = FRAME.assign(event=[True, False, True, True, True, False])
    assert list(read_patients(logical, **COLUMNS).frame["event"]) == list("101110")
    with pytest.raises(AnalysisError, match="gives every code the meaning"):
        read_patients(frame, event_codes={"死亡": "dead"}, **COLUMNS)


def test_interval_columns():
    frame = pd.DataFrame(
        {
            "patient_id": range(5),
            "regimen": "a",
            "last_free": [0, 2, 3, 4, 2],
            "first_pd": ["1.5", "4", "inf", "4", "∞"],
            "entry": [0, 0, 0, 0, 2.5],
        }
    )
    table = read_patients(frame, response=None, interval=("last_free", "first_pd"), entry="entry", time_unit="months")
    found = table.follow_up()
    assert found.interval.tolist() == [True, True, False, False, False]
    assert found.exact.tolist() == [False, False, False, True, False]
    assert found.lower.tolist() == [0, 2, 3, 4, 2.5]  # who entered late was free of the event then
    scan = table.follow_up(dating="detecting_scan")
    assert scan.exact.tolist() == [True, True, False, True, False]
    assert scan.lower[1] == 4
    for change, code in (
        ({"first_pd": 1}, "interval_reversed"),
        ({"first_pd": ""}, "missing_number"),
        ({"last_free": -1}, "negative_time"),
    ):
        with pytest.raises(DataError) as caught:
            read_patients(
                frame.astype(object).assign(**change),
                response=None,
                interval=("last_free", "first_pd"),
                time_unit="months",
            )
        assert code in {p.code for p in caught.value.problems}


def test_arguments_that_do_not_go_together():
    with pytest.raises(AnalysisError, match="go together"):
        read_patients(FRAME, response=None, time="time", time_unit="months")
    with pytest.raises(AnalysisError, match=r"takes two columns|must be a sequence of texts"):
        read_patients(FRAME, response=None, interval="time", time_unit="months")
    with pytest.raises(DataError, match="there is also a column time"):
        read_patients(FRAME.assign(pfs=FRAME["time"]), **{**COLUMNS, "time": "pfs"})


def test_zero_times_count_half_a_day_and_say_so():
    frame = FRAME.assign(time=[0, *FRAME["time"][1:]])
    table = read_patients(frame, **COLUMNS)
    assert table.follow_up("days").lower[0] == pytest.approx(0.5)
    assert [w.code for w in table.warnings] == ["zero_time"]


def test_suspicious_tables_are_noted():
    n = 40
    frame = pd.DataFrame({"patient_id": range(n), "regimen": ["a", "b"] * 20, "time": 5.0, "event": 1})
    assert "event_share" in {w.code for w in read_patients(frame, **COLUMNS).warnings}
    none = frame.assign(event=[0, 1] * 20)
    assert "no_events" in {w.code for w in read_patients(none, **COLUMNS).warnings}
    mixed = none.assign(time=[60.0, 5.0] * 20)
    assert "mixed_units" in {w.code for w in read_patients(mixed, **COLUMNS).warnings}


def test_chinese_encodings_and_labels(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_bytes("编号,方案,时间,进展\n001,甲,3.5,1\n002,乙,４.０,0\n".encode("gb18030"))
    table = read_patients(path, id="编号", regimen="方案", response=None, time="时间", event="进展", time_unit="months")
    assert table.follow_up().lower.tolist() == [3.5, 4.0]
    assert table.regimens == ("甲", "乙")


@pytest.fixture(scope="module")
def lung():
    return pd.read_csv(DATA / "lung.csv")


class TestKaplanMeier:
    """Against SciPy's empirical distribution function, and lifelines 0.30.3 with delayed entry."""

    def test_survival_is_scipys(self, lung):
        ours = kaplan_meier(lung["time"], lung["event"])
        data = stats.CensoredData.right_censored(lung["time"], lung["event"] == 0)
        theirs = stats.ecdf(data).sf
        at = np.linspace(0, 1000, 301)
        assert np.allclose(ours(at), theirs.evaluate(at), atol=1e-12)
        assert ours.median == 310

    def test_reverse(self, lung):
        assert kaplan_meier(lung["time"], lung["event"], reverse=True).median == 588

    def test_of_an_event_and_a_censoring_at_one_time_the_event_comes_first(self):
        """Four patients: at 1 an event and then one of three censored; the last is censored at 3."""
        assert kaplan_meier([1, 1, 2, 3], [1, 0, 1, 0], reverse=True)([1, 3]) == pytest.approx([2 / 3, 0])

    def test_the_median_is_where_one_half_is_reached(self):
        """Of four patients 3, 2, 1 and none are left just after 1, 2, 3 and 4; two if the last two are censored."""
        assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median == 2
        assert kaplan_meier([1, 2, 3, 4], [1, 1, 0, 0]).median == 2
        assert kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median is None
        assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])([0.5, 1, 1.5, 4]) == pytest.approx([1, 0.75, 0.75, 0])

    def test_delayed_entry_is_lifelines(self, lung):
        entry = np.minimum(np.arange(len(lung)) % 7 * 10, lung["time"] - 1)
        ours = kaplan_meier(lung["time"], lung["event"], entry)
        assert np.allclose(ours([100, 300, 600]), [0.7660060521243115, 0.47044401446345974, 0.18936922364230663])

    def test_at_risk(self):
        assert at_risk([0, 2, 2.5, 5], [2, 2, 5], [0, 1, 2]).tolist() == [1, 2, 1, 1]

    def test_summary_by_regimen(self, lung):
        frame = lung.assign(patient_id=range(len(lung)), regimen=np.where(lung["female"], "f", "m"))
        table = read_patients(frame, response=None, time="time", event="event", time_unit="days")
        summary = table.follow_up_summary().set_index("regimen")
        assert summary.loc["all", "median_follow_up"] == 588
        assert summary.loc["all", "kaplan_meier_median"] == 310
        assert summary["events"].to_dict() == {"m": 111, "f": 53, "all": 164}
        assert table.follow_up_summary("months")["longest_follow_up"].max() == pytest.approx(1022 / 30.4375)


def test_the_same_problem_of_many_rows_is_told_five_times():
    frame = pd.concat([FRAME] * 10, ignore_index=True).assign(patient_id=range(60), entry=0)
    frame["event"] += 1
    with pytest.raises(DataError, match="refused: 40 problems") as caught:
        read_patients(frame, **COLUMNS)
    told = str(caught.value)
    assert len(caught.value.problems) == 40
    assert told.count("[event_code]") == 5
    assert "and the same in 35 more rows: 10, " in told


def test_a_column_named_for_censoring_read_as_events_is_noted():
    n = 40
    frame = pd.DataFrame({"patient_id": range(n), "regimen": "a", "time": 5.0, "CNSR": [0, 0, 1, 0] * 10})
    codes = {w.code for w in read_patients(frame, **{**COLUMNS, "event": "CNSR"}).warnings}
    assert "censoring_column" in codes
    stated = {"event": "CNSR", "event_codes": {0: "event", 1: "censored"}}
    assert not read_patients(frame, **{**COLUMNS, **stated}).warnings
    renamed = frame.rename(columns={"CNSR": "event"})
    assert not read_patients(renamed, **COLUMNS).warnings


def test_months_declared_as_days_are_noted():
    frame = pd.DataFrame({"patient_id": range(40), "regimen": "a", "time": 4.5, "event": [0, 1] * 20})
    assert "short_follow_up" in {w.code for w in read_patients(frame, **{**COLUMNS, "time_unit": "days"}).warnings}
    assert not read_patients(frame, **COLUMNS).warnings


@pytest.mark.parametrize(("event", "upper"), [(0, 6.0), (1, np.inf)])
def test_an_event_column_that_contradicts_the_interval_is_noted(event, upper):
    frame = pd.DataFrame(
        {"patient_id": [1, 2], "regimen": "a", "time": 4.0, "event": [event, 1], "lower": 4.0, "upper": [upper, 6.0]}
    )

    def contradicted(table):
        found = read_patients(table, interval=("lower", "upper"), **COLUMNS).warnings
        return [w for w in found if w.code == "event_contradicts_interval"]

    (noted,) = contradicted(frame)
    assert "whether 1 patient had the event" in noted.message
    assert noted.row == 2
    assert not contradicted(frame.assign(event=[1 - event, 1]))


def test_things_are_counted_in_words():
    assert [counted(n, "event") for n in (0, 1, 2)] == ["0 events", "1 event", "2 events"]


def test_patients_without_follow_up_are_refused_by_the_name_of_what_is_missing(tmp_path):
    """It was said that the time unit None is none of days, weeks, months and years."""
    (tmp_path / "p.csv").write_text("patient_id,regimen,time,event\na,A,3,1\nb,B,4,0\n")
    content = {
        "id": "p",
        "question": "Which?",
        "data": {"kind": "patients", "file": "p.csv", "time_unit": "months"},
        "model": {"family": "survival"},
    }
    chosen = Analysis.from_dict(content, folder=tmp_path)
    with pytest.raises(AnalysisError, match="read without follow-up: name the columns with time= and event="):
        prepare_design(chosen, chosen.load_table())
