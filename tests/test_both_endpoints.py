"""Progression-free and overall survival of one sheet: one folder, one mapping, one analysis for each."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.sheet.read import read_sheet
from bayes_escc.report.answer import answer_text

# start, progression, death, last contact; then days and event of PFS and of OS, counted by hand
PATIENTS = [
    ("2022-01-01", "2022-03-02", "2022-06-30", "2022-06-30", 60, 1, 180, 1),
    ("2022-01-01", "2022-04-11", "", "2022-12-27", 100, 1, 360, 0),
    ("2022-01-01", "", "2022-02-20", "2022-02-20", 50, 1, 50, 1),
    ("2022-01-01", "", "", "2022-10-28", 300, 0, 300, 0),
    ("2022-01-01", "2022-03-22", "2022-07-20", "2022-07-20", 80, 1, 200, 1),
    ("2022-01-01", "2022-07-30", "", "2022-12-27", 210, 1, 360, 0),
    ("2022-01-01", "2022-02-10", "2022-04-11", "2022-04-11", 40, 1, 100, 1),
    ("2022-01-01", "", "", "2022-12-27", 360, 0, 360, 0),
    ("2022-01-01", "2022-05-31", "2022-11-27", "2022-11-27", 150, 1, 330, 1),
    ("2022-01-01", "2022-06-20", "", "2022-10-28", 170, 1, 300, 0),
]
ARMS = ("化疗", "特瑞普利单抗+化疗")
MARGINS = {"reference": "化疗", "margin.pfs": "1", "margin.os": "2"}


def written(path, header, row, patients=PATIENTS):
    lines = [header, *(",".join(str(c) for c in (f"P{i:02d}", ARMS[i % 2], *row(p))) for i, p in enumerate(patients))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


SHEETS = {
    "dates": ("编号,治疗方案,首次用药日期,进展日期,死亡日期,末次随访日期", lambda p: p[:4]),
    "dates and who died": (
        "patient id,arm,first dose,PD date,death date,last contact,vital status",
        lambda p: (*p[:4], "dead" if p[2] else "alive"),
    ),
    "dates, and deaths on the last contact": (
        "patient id,arm,first dose,PD date,last contact,DTHFL",
        lambda p: (p[0], p[1], p[3], "Y" if p[2] else "N"),
    ),
    "times": (
        "编号,治疗方案,PFS(天),是否进展或死亡,OS(天),是否死亡",
        lambda p: (p[4], "是" if p[5] else "否", p[6], "是" if p[7] else "否"),
    ),
    "times and who is alive": (
        "id,arm,PFS (days),PFS event,OS (days),alive",
        lambda p: (p[4], p[5], p[6], "no" if p[7] else "yes"),
    ),
    "a time and dates": (
        "id,arm,first dose,death date,last contact,PFS (days),PFS event",
        lambda p: (p[0], p[2], p[3], p[4], p[5]),
    ),
    "dates and both times": (
        "编号,治疗方案,首次用药日期,进展日期,死亡日期,末次随访日期,PFS(月),OS(月)",
        lambda p: (*p[:4], round(p[4] / 30.4375, 1), round(p[6] / 30.4375, 1)),
    ),
}
ANSWERS = {"dates, and deaths on the last contact": {"undated_deaths": "last_contact"}}


@pytest.mark.parametrize("kind", SHEETS)
def test_one_sheet_leads_to_both_endpoints_in_one_folder(kind, tmp_path, capsys):
    path = written(tmp_path / "ward.csv", *SHEETS[kind])
    answers = {**MARGINS, **ANSWERS.get(kind, {})}
    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    out = tmp_path / "cohort"
    assert main(["start", path, "--out", str(out), *flags]) == 0
    assert f"bayes-escc run {out}" in capsys.readouterr().out
    assert sorted(p.name for p in out.glob("*.toml")) == ["mapping.toml", "os.toml", "pfs.toml"]
    unit = 1 / 30.4375
    for name, time, event in (("pfs", 4, 5), ("os", 6, 7)):
        stated = tomllib.loads((out / f"{name}.toml").read_text(encoding="utf-8"))
        assert stated["data"].get("endpoint", "PFS") == name.upper()
        assert stated["comparisons"][0]["margin"] == {"pfs": 1, "os": 2}[name]
        table = be.Analysis.from_file(out / f"{name}.toml").load_table()
        assert table.frame["event"].astype(int).tolist() == [p[event] for p in PATIENTS]
        days = [p[time] for p in PATIENTS]
        assert table.follow_up("months").lower.tolist() == pytest.approx([d * unit for d in days])
    assert main(["start", path, "--out", str(out)]) == 0  # the answers hold


def test_both_follow_from_scans_and_dates(tmp_path):
    sheet = read_sheet(
        written(
            tmp_path / "scans.csv",
            "编号,治疗方案,首次用药日期,第1次评估日期,第1次评估结果,第2次评估日期,第2次评估结果,死亡日期,末次随访日期",
            lambda p: (p[0], "2022-01-22", "SD", "2022-02-19", "PD" if p[1] else "SD", p[2], p[3]),
        ),
        answers={"schedule": "4"},
    )
    assert sheet.mapping.rule("time") == "visits"
    assert sheet.frame["os_time"].astype(int).tolist() == [p[6] for p in PATIENTS]
    assert sheet.frame["os_event"].astype(int).tolist() == [p[7] for p in PATIENTS]


def test_next_months_sheet_is_read_through_the_same_mapping_by_both(tmp_path, capsys):
    path = written(tmp_path / "ward.csv", *SHEETS["dates"])
    out = tmp_path / "cohort"
    flags = [part for code, value in MARGINS.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", path, "--out", str(out), *flags]) == 0
    later = [*PATIENTS[:3], ("2022-01-01", "", "2022-11-27", "2022-11-27", 330, 1, 330, 1), *PATIENTS[4:]]
    fresh = written(tmp_path / "next.csv", *SHEETS["dates"], later)
    assert main(["check", fresh, "--mapping", str(out / "mapping.toml")]) == 0
    said = capsys.readouterr().out
    assert "9 events of 10 followed, median PFS" in said or "事件9例" in said
    for name, events in (("pfs", 9), ("os", 6)):
        store = str(tmp_path / f"{name}.db")
        assert main(["study", "init", store, "--analysis", str(out / f"{name}.toml")]) == 0
        assert main(["study", "update", store, path]) == 0
        assert main(["study", "update", store, fresh]) == 0
        capsys.readouterr()
        table = be.Analysis.from_file(out / f"{name}.toml").data.read(fresh)
        assert table.frame["event"].astype(int).sum() == events


# Deaths without a date -----------------------------------------------------------------------------------------------


def questions_of(path, **answers):
    try:
        return read_sheet(path, answers=answers), []
    except be.OpenQuestionsError as error:
        return None, list(error.questions)


@pytest.mark.parametrize(("died", "lives"), [("是", "否"), ("1", "0"), ("dead", "alive")])
def test_a_death_without_a_date_is_asked_about_patient_by_patient(died, lives, tmp_path):
    """Deaths before progression were ignored: the patients were censored at their last contact."""
    header = "编号,治疗方案,首次用药日期,进展日期,末次随访日期,是否死亡"
    path = written(tmp_path / "w.csv", header, lambda p: (p[0], p[1], p[3], died if p[2] else lives))
    _, asked = questions_of(path)
    assert [q.code for q in asked] == ["undated_deaths"]
    assert "rows 2, 4, 6, 8, 10" in asked[0].rows.en
    found, _ = questions_of(path, undated_deaths="last_contact")
    assert any("5 deaths have no date: the last contact is taken for it" in n for n in found.notes)
    assert found.frame["event"].astype(int).tolist() == [p[5] for p in PATIENTS]
    assert found.frame["os_event"].astype(int).tolist() == [p[7] for p in PATIENTS]
    _, asked = questions_of(path, undated_deaths="unknown")
    assert [q.code for q in asked] == ["unusable"]
    assert "row 4" in "\n".join(asked[0].lines("en"))  # died without progression; the others progressed before
    found, _ = questions_of(path, undated_deaths="unknown", unusable="set_aside")
    assert found.frame["time"].tolist() == [str(p[4]) if i != 2 else "" for i, p in enumerate(PATIENTS)]
    assert "os_time" not in found.frame  # no death has a date
    assert any("overall survival is not analysed" in n for n in found.notes)


def test_of_deaths_some_of_which_are_dated_the_others_are_asked_about(tmp_path):
    header = "patient id,arm,first dose,PD date,date of death,last contact,dead"
    path = written(
        tmp_path / "w.csv",
        header,
        lambda p: (*p[:2], "" if p[2] == "2022-02-20" else p[2], p[3], "yes" if p[2] else "no"),
    )
    _, asked = questions_of(path)
    assert [(q.code, q.rows.en) for q in asked] == [("undated_deaths", " (1 patient, row 4)")]
    found, _ = questions_of(path, undated_deaths="last_contact")
    assert found.frame["os_time"].astype(int).tolist() == [p[6] for p in PATIENTS]


def test_a_word_among_the_dates_of_death_may_say_that_it_happened(tmp_path):
    header = "编号,治疗方案,首次用药日期,进展日期,死亡日期,末次随访日期"
    path = written(
        tmp_path / "w.csv", header, lambda p: (*p[:2], "已故" if p[2] == "2022-02-20" else p[2] or "存活", p[3])
    )
    _, asked = questions_of(path)
    assert [q.code for q in asked] == ["word.death.已故"]
    assert [c.value for c in asked[0].candidates] == ["none", "undated"]
    found, _ = questions_of(path, **{"word.death.已故": "undated", "undated_deaths": "last_contact"})
    assert found.frame["os_event"].astype(int).tolist() == [p[7] for p in PATIENTS]


def test_alive_with_a_date_of_death_is_a_fault_of_the_row(tmp_path):
    header = "patient id,arm,first dose,PD date,date of death,last contact,vital status"
    path = written(tmp_path / "w.csv", header, lambda p: (*p[:4], "dead" if p[2] and p[4] != 40 else "alive"))
    _, asked = questions_of(path)
    assert [q.code for q in asked] == ["unusable"]
    assert "row 8" in "\n".join(asked[0].lines("en"))


def test_patients_without_a_last_contact_are_asked_about_for_overall_survival_alone(tmp_path):
    path = written(tmp_path / "w.csv", SHEETS["dates"][0], lambda p: (*p[:3], "" if p[1] else p[3]))
    _, asked = questions_of(path)
    assert [q.code for q in asked] == ["unusable_os"]
    assert [c.value for c in asked[0].candidates] == ["set_aside", "leave_out"]
    found, _ = questions_of(path, unusable_os="leave_out")
    assert found.frame["time"].astype(int).tolist() == [p[4] for p in PATIENTS]
    assert "os_time" not in found.frame
    found, _ = questions_of(path, unusable_os="set_aside")
    expected = [str(p[6]) if p[2] or not p[1] else "" for p in PATIENTS]
    assert found.frame["os_time"].tolist() == expected


HEADERS = [
    ("DTHFL", "Y", "N"), ("mortality", "1", "0"), ("Mortality (Y/N)", "Y", "N"), ("死亡状态", "1", "0"),
    ("status (0=alive, 1=dead)", "1", "0"), ("status: 0=alive", "1", "0"), ("status: 0=alive 1=dead", "1", "0"),
    ("Alive/Dead", "Dead", "Alive"), ("存活/死亡/失访", "死亡", "失访"), ("expired", "yes", "no"), ("已故", "是", "否"),
    ("Survival", "dead", "alive"), ("outcome", "died", "alive"), ("OS censor", "0", "1"), ("OS_censored", "no", "yes"),
    ("OS(0=censored,1=death)", "1", "0"), ("生存状态 0:存活 1:死亡 2:失访", "1", "2"), ("存亡", "亡", "存"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "died", "lives"), HEADERS)
def test_who_died_is_understood_where_header_and_words_leave_no_doubt(header, died, lives, tmp_path):
    """Alone with a time, beside dates of progression, and beside two times."""
    events = [str(p[7]) for p in PATIENTS]
    path = written(
        tmp_path / "a.csv", f'patient id,arm,OS (days),"{header}"', lambda p: (p[6], died if p[7] else lives)
    )
    assert read_sheet(path).frame["event"].tolist() == events
    path = written(
        tmp_path / "b.csv",
        f'patient id,arm,first dose,PD date,last contact,"{header}"',
        lambda p: (p[0], p[1], p[3], died if p[7] else lives),
    )
    found = read_sheet(path, answers={"undated_deaths": "last_contact"}).frame
    assert found["os_event"].tolist() == events
    assert found["event"].tolist() == [str(p[5]) for p in PATIENTS]
    path = written(
        tmp_path / "c.csv",
        f'patient id,arm,PFS (days),PFS event,OS (days),"{header}"',
        lambda p: (p[4], p[5], p[6], died if p[7] else lives),
    )
    assert read_sheet(path).frame["os_event"].tolist() == events


@pytest.mark.parametrize("header", ["生存状态", "vital", "存亡", "死亡/存活", "survival (0/1)"])
def test_codes_that_may_be_either_way_round_are_asked(header, tmp_path):
    path = written(
        tmp_path / "b.csv",
        f"patient id,arm,first dose,PD date,last contact,{header}",
        lambda p: (p[0], p[1], p[3], 1 if p[7] else 0),
    )
    assert [q.code for q in questions_of(path)[1]] == ["coding.death"]
    found, _ = questions_of(path, **{"coding.death": "0=dead", "undated_deaths": "last_contact"})
    assert found.frame["os_event"].tolist() == [str(1 - p[7]) for p in PATIENTS]


def test_a_status_of_yes_and_blank_is_asked_what_a_blank_means(tmp_path):
    path = written(tmp_path / "w.csv", "patient id,arm,OS (days),DTHFL", lambda p: (p[6], "Y" if p[7] else ""))
    assert [q.code for q in questions_of(path)[1]] == ["word.status.(blank)"]
    found, _ = questions_of(path, **{"word.status.(blank)": "censored"})
    assert found.frame["event"].tolist() == [str(p[7]) for p in PATIENTS]


# What a person reads -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_are_chapters_of_one_page_each_under_its_name(language, tmp_path, capsys):
    path = written(tmp_path / "ward.csv", *SHEETS["dates"])
    out, results = tmp_path / "cohort", tmp_path / "results"
    flags = [part for code, value in MARGINS.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", path, "--out", str(out), "--language", language, *flags]) == 0
    more = ["--out", str(results), "--report", "--language", language, "--sampler", "laplace"]
    assert main(["run", str(out), *more]) == 0
    capsys.readouterr()
    found = {n: json.loads((results / n / "result.json").read_text(encoding="utf-8")) for n in ("pfs", "os")}
    assert found["os"]["data"]["endpoint"] == "OS"
    assert "endpoint" not in found["pfs"]["data"]
    told = answer_text(found["os"], language=language)  # names of rows are cut short after they are made those of OS
    assert not re.search("PFS|无进展|rogression-free", told)
    assert not re.search("overall survival|deaths are", told) or language == "en"
    page = re.sub(r"<svg.*?</svg>", "", next(results.glob("*.html")).read_text(encoding="utf-8"), flags=re.S)
    names = {"en": ("rogression-free survival", "verall survival"), "zh": ("无进展生存期", "总生存期")}[language]
    assert names[0] in page
    assert names[1] in page
    for name, wrong in (("pfs", "OS|总生存期|verall survival"), ("os", "PFS|无进展|rogression-free")):
        for figure in (results / name).glob("*.svg"):
            texts = " | ".join(re.findall(r">([^<>]+)</text>", figure.read_text(encoding="utf-8")))
            assert not re.search(wrong, texts), figure.name
            if language == "zh":  # a text in the words of OS is none that the catalogue of Chinese knows
                assert not re.search(r"Alive|[Hh]azard of|later|earlier", texts), figure.name


def test_dates_are_days_apart_as_counted_here():
    for start, progression, death, last, pfs, _, overall, _ in PATIENTS:
        day = [date.fromisoformat(d) if d else date.max for d in (start, progression, death, last)]
        assert (min(day[1:]) - day[0]).days == pfs
        assert (min(day[2:]) - day[0]).days == overall
