"""Sheets that `start` was not written for: what is decided is right, what is not is asked, nothing counts twice."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

import bayes_escc as be
from bayes_escc.cli.entry import main
from bayes_escc.evidence.sheet.decide import decide
from bayes_escc.evidence.sheet.grids import read_grids
from bayes_escc.evidence.sheet.start import read_answers
from tests.helpers import messy_sheets as messy

TODAY = dt.date(2024, 6, 1)
MARGINS = {"margin.pfs": "1", "margin.response": "none"}
PER_ARM = {
    "sheet.Camrelizumab+apatinib (n=9)": "Camrelizumab+apatinib",
    "sheet.Irinotecan": "Irinotecan",
    "reference": "Irinotecan",
}


DEATHS = {"margin.os": "2"}
"""Asked where the sheet dates deaths and last contacts, too."""


def decided(path, answers):
    return decide(read_grids(path), {**MARGINS, **answers}, effects=False, today=TODAY)


def test_a_chinese_sheet_with_totals_is_read_without_a_question_but_what_only_people_know(tmp_path):
    path = messy.chinese_with_totals(tmp_path / "a.xlsx")
    asked = {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions}
    assert asked == {"reference", *MARGINS, *DEATHS}
    rows = decided(path, {**DEATHS, "reference": "多西他赛"}).applied.rows
    assert len(rows) == 20
    assert {r["regimen"] for r in rows} == set(messy.ARMS)
    assert [r["ecog"] for r in rows] == [str(i % 3) for i in range(20)]
    assert [r["event"] for r in rows] == ["0" if i % 4 == 0 else "1" for i in range(20)]
    assert all(float(r["time"]) == messy._days(i) for i, r in enumerate(rows) if i % 4)
    assert float(rows[4]["nlr"]) == pytest.approx(2.9 / 0.5)


def test_sheets_named_like_arms_are_the_arms_and_nothing_else_is_asked_of_them(tmp_path):
    path = messy.sheet_per_arm(tmp_path / "b.xlsx")
    first = decide(read_grids(path), {}, effects=False, today=TODAY).questions
    assert {q.code for q in first} == {c for c in PER_ARM if c != "reference"}
    assert first[0].candidates[0].value == "Camrelizumab+apatinib"  # not its number of patients
    decision = decided(path, PER_ARM)
    assert not decision.questions
    assert sorted({r["regimen"] for r in decision.applied.rows}) == ["Camrelizumab+apatinib", "Irinotecan"]
    assert len(decision.applied.rows) == 18


def test_an_answer_of_a_code_with_an_equals_sign_can_be_given(tmp_path):
    code = "sheet.Camrelizumab+apatinib (n=9)"
    assert read_answers([], [f"{code}=Camrelizumab"]) == {code: "Camrelizumab"}


def test_a_row_that_repeats_another_counts_once_and_the_short_name_is_asked_about(tmp_path):
    path = messy.with_repeats(tmp_path / "c.xlsx")
    first = decide(read_grids(path), {}, effects=False, today=TODAY).questions
    assert [q.code for q in first] == ["same.nivolumab"]
    decision = decided(path, {"same.nivolumab": "yes", "reference": "Paclitaxel"})
    assert not decision.questions
    assert len(decision.applied.rows) == 12
    assert any("1 row repeats another" in n.en for n in decision.notes)
    assert [e.row for e in decision.applied.log if "read once" in e.why.en] == [9]
    by_id = {r["patient_id"]: r for r in decision.applied.rows}
    assert float(by_id["P03"]["nlr"]) == pytest.approx(3030 / 1200, rel=1e-3)  # "/mm3" without brackets
    assert float(by_id["P03"]["cd4_cd8"]) == pytest.approx(33 / 20)  # shares of T cells


def test_a_patient_number_with_two_different_rows_is_asked_about_and_set_aside_whole(tmp_path):
    path = messy.with_repeats(tmp_path / "d.xlsx", differing=True)
    answers = {"same.nivolumab": "yes", "reference": "Paclitaxel"}
    (question,) = decided(path, answers).questions
    assert question.code == "unusable"
    assert "patient number p06 stands in rows 8, 9" in "".join(question.lines("en"))
    rows = decided(path, {**answers, "unusable": "set_aside"}).applied.rows
    assert len(rows) == 11  # neither of the two counts, not for response either
    assert "P06" not in {r["patient_id"] for r in rows}


def test_an_open_word_changes_nothing_in_what_another_answer_would_change(tmp_path):
    path = messy.sheet_per_arm(tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(path)
    book["Irinotecan"]["F3"] = "未评效"
    book["Irinotecan"]["B4"] = "0-1"
    book.save(path)
    questions = {q.code: q for q in decide(read_grids(path), {**MARGINS, **PER_ARM}, today=TODAY).questions}
    assert "17 of 18" not in questions["word.ecog.0-1"].candidates[0].effect.en
    assert {c.effect.en for c in questions["word.ecog.0-1"].candidates} == {
        c.effect.en for c in questions["word.response.未评效"].candidates if c.value == "pending"
    }
    assert questions["word.ecog.0-1"].candidates[0].means.en == "0"  # a grade, not "no"


def test_prompts_flags_and_page_write_the_same_bytes(tmp_path, monkeypatch, capsys):
    flask = pytest.importorskip("flask")
    assert flask
    from bayes_escc.cli.app.guard import Guard
    from bayes_escc.cli.app.server import create_app
    from bayes_escc.cli.app.session import Page
    from bayes_escc.cli.app.workspace import Workspace

    work = tmp_path / "work"
    page = Page(Workspace(work), Guard(5000))
    client, base = create_app(page).test_client(), "http://127.0.0.1:5000"
    client.get(f"/open?token={page.guard.token}", base_url=base)

    def post(path, **form):
        data = {"secret": page.guard.form_secret, **form}
        assert client.post(path, base_url=base, headers={"Origin": base}, data=data).status_code == 302

    with messy.sheet_per_arm(tmp_path / "b.xlsx").open("rb") as stream:
        post("/sheet", sheet=(stream, "b.xlsx"))
    answers = {**PER_ARM, **MARGINS}
    for _ in range(6):
        questions = page.workspace.decide()[1]
        if not questions:
            break
        post("/columns", **{f"{'free' if q.free else 'answer'}.{q.code}": answers[q.code] for q in questions})
    post("/write")
    page.stop()
    sheet = str(page.workspace.sheet)

    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", sheet, "--out", str(work / "flags"), "--language", "en", *flags]) == 0

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    order = [q.code for q in decide(read_grids(sheet), {}, effects=False).questions]
    typed = iter([answers[c] for c in [*order, "reference", *MARGINS]])
    monkeypatch.setattr("builtins.input", lambda _="": next(typed))
    assert main(["start", sheet, "--out", str(work / "typed"), "--language", "en"]) == 0

    written = {f.name: f.read_bytes() for f in (work / "flags").iterdir()}
    assert {"pfs.toml", "response.toml", "mapping.toml", "sheet_log.csv"} <= set(written)
    for folder in ("analyses", "typed"):
        assert {f.name: f.read_bytes() for f in (work / folder).iterdir()} == written, folder


def test_names_under_the_titles_of_groups_are_read_with_them(tmp_path):
    path = messy.events_in_groups(tmp_path / "d.xlsx")
    first = {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions}
    assert first == {"reference", *MARGINS, *DEATHS, "word.response.未评估"}  # not evaluable, or not yet evaluated?
    answers = {**DEATHS, "reference": messy.ARMS[0], "word.response.未评估": "pending"}
    decision = decided(path, answers)
    assert [int(float(r["time"])) for r in decision.applied.rows] == [messy._days(i) for i in range(16)]
    assert [r["event"] for r in decision.applied.rows] == [str(int(i % 4 > 0 or i % 5 == 0)) for i in range(16)]
    assert any("4 patients are not yet assessed for response" in n.en for n in decision.notes)


@pytest.mark.parametrize(("merged", "serial"), [(True, False), (False, False), (False, True)])
def test_scans_beside_each_other_are_visits(merged, serial, tmp_path, capsys):
    path, expected = messy.scans_beside(tmp_path / "e.xlsx", merged=merged, serial=serial)
    answers = {"reference": "Docetaxel", "margin.pfs": "none", "schedule": "6"}
    assert {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions} >= {"schedule"}
    decision = decide(read_grids(path), answers, effects=False, today=TODAY)
    assert not decision.questions
    got = [(7 * float(r["last_free"]), 7 * float(r["first_progression"])) for r in decision.applied.rows]
    assert got == [pytest.approx(e) for e in expected]
    assert any("scans are read as visits" in n.en for n in decision.notes)
    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", str(path), "--out", str(tmp_path / "out"), *flags]) == 0
    path.rename(tmp_path / "next.xlsx")
    capsys.readouterr()
    assert main(["check", str(tmp_path / "next.xlsx"), "--mapping", str(tmp_path / "out" / "mapping.toml")]) == 0
    said = capsys.readouterr().out
    assert "12 patients" in said


def test_scans_beside_a_date_of_progression_are_left_aside_aloud(tmp_path):
    path, _ = messy.scans_beside(tmp_path / "f.xlsx", merged=False)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    sheet.cell(1, 13, "Date of PD")
    sheet.cell(2, 13, dt.date(2022, 4, 1))
    book.save(path)
    decision = decide(read_grids(path), {"reference": "Docetaxel", "margin.pfs": "none"}, effects=False, today=TODAY)
    assert any("4 scans of every patient are not read" in n.en for n in decision.notes)


@pytest.mark.parametrize("numbered", [True, False])
def test_scans_belong_to_the_patient_of_their_row_whatever_he_is_called(numbered, tmp_path):
    path, expected = messy.scans_beside(tmp_path / "g.xlsx", merged=False)
    book = openpyxl.load_workbook(path)
    book.active.cell(1, 1, "住院号")
    for row in range(2, 14):
        book.active.cell(row, 1, f"00{row:04d}77")
    book.save(path)
    answers = {"reference": "Docetaxel", "margin.pfs": "none", "schedule": "6"}
    answers["identifier"] = "住院号" if numbered else "none"
    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", str(path), "--out", str(tmp_path / "out"), *flags]) == 0
    log = (tmp_path / "out" / "sheet_log.csv").read_text(encoding="utf-8")
    for row, (low, high) in enumerate(expected, start=2):
        assert f",{row},PFS,,{low / 7:.4g} to {high / 7:.4g} weeks," in log


def test_an_interval_behind_a_count_leaves_the_count(tmp_path):
    path, answers = messy.response_with_intervals(tmp_path / "h.xlsx"), {"reference": "Chemotherapy"}
    decision = decide(read_grids(path), {**answers, "margin.response": "none"}, effects=False, today=TODAY)
    found = {(r["regimen"], r["endpoint"]): (r["events"], r["n"]) for r in decision.applied.rows}
    assert found["Tislelizumab", "ORR"] == ("11", "41")
    assert found["Chemotherapy", "ORR"] == ("4", "38")  # as printed, not CR + PR


@pytest.mark.parametrize(
    "text",
    [
        "regimen,endpoint,events,percent,n\nA,ORR,10,34.5,40\nA,DCR,20,,40\nB,ORR,9,30,30\nB,DCR,10,,30\n",
        "regimen,endpoint,events,percent,n\nA,ORR,8/29,,40\nA,DCR,20,,40\nB,ORR,9,30,30\nB,DCR,10,,30\n",
        "regimen,endpoint,events,percent,n\nA,ORR,12 (50%),30,24\nA,DCR,12,,24\nB,ORR,9,30,30\nB,DCR,10,,30\n",
        "endpoint,A (n=40),B (n=30)\nORR,8/29 (27.6%),9 (30%)\nDCR,20,21\n",
    ],
)
def test_a_count_that_contradicts_what_stands_beside_it_is_asked_about(tmp_path, text):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    answers = {"regimen.A": "A", "regimen.B": "B", "reference": "B", "margin.response": "none"}
    decision = decide(read_grids(path), answers, effects=False, today=TODAY)
    assert "count.A.ORR" in {q.code for q in decision.questions}
    decision = decide(read_grids(path), {**answers, "count.A.ORR": "8/29"}, effects=False, today=TODAY)
    assert "count.A.ORR" not in {q.code for q in decision.questions}
    found = {(r["regimen"], r["endpoint"]): (r["events"], r["n"]) for r in decision.applied.rows}
    assert found["A", "ORR"] == ("8", "29")
    assert found["B", "ORR"] == ("9", "30")
    decision = decide(read_grids(path), {**answers, "count.A.ORR": "none"}, effects=False, today=TODAY)
    assert ("A", "ORR") not in {(r["regimen"], r["endpoint"]) for r in decision.applied.rows}


def test_sheets_of_different_patients_may_each_have_their_own_headers_and_units(tmp_path, capsys):
    path = messy.arms_in_their_own_units(tmp_path / "i.xlsx")
    answers = {
        "sheet.信迪利单抗": "信迪利单抗",
        "sheet.Irinotecan": "Irinotecan",
        "reference": "Irinotecan",
        "margin.pfs": "1",
    }
    assert {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions} == {
        "sheet.信迪利单抗",
        "sheet.Irinotecan",
    }
    decision = decide(read_grids(path), answers, effects=False, today=TODAY)
    assert not decision.questions
    days = {"days": 1, "weeks": 7, "months": 30.4375}[decision.mapping.rule("time_unit")]
    for row in decision.applied.rows:
        i, arm = int(row["patient_id"][1:]), int(row["regimen"] == "Irinotecan")
        assert float(row["time"]) * days == pytest.approx(messy._days(i + arm), abs=0.02)
        assert float(row["nlr"]) == pytest.approx((3.1 + i / 10) / 1.25, rel=1e-3)
        assert row["ecog"] == str(i % 3)
    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    assert main(["start", str(path), "--out", str(tmp_path / "out"), *flags]) == 0
    capsys.readouterr()
    assert main(["check", str(path), "--mapping", str(tmp_path / "out" / "mapping.toml")]) == 0
    assert "20 patients, 12 events of 20 followed" in capsys.readouterr().out


def test_a_blood_count_of_the_size_of_another_unit_is_asked_about(tmp_path):
    path = messy.chinese_with_totals(tmp_path / "j.xlsx")
    book = openpyxl.load_workbook(path)
    book.active.cell(8, 10, 4200)  # per microlitre, in a column of 10^9 per litre
    book.save(path)
    decision = decided(path, {**DEATHS, "reference": "多西他赛"})
    assert {q.code for q in decision.questions} == {"word.neutrophils.4200"}
    decision = decided(path, {**DEATHS, "reference": "多西他赛", "word.neutrophils.4200": "4.2"})
    assert float(decision.applied.rows[3]["nlr"]) == pytest.approx(4.2 / 1.2)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("例数,n", "5,20"),
        ("总例数,例数", "20,5"),
        ("例数,缓解例数", "20,5"),
        ("例数,率(%)", "20,25"),
        ("n,例数(%)", "20,5 (25.0%)"),
    ],
)
def test_cases_are_events_beside_a_total_and_the_total_beside_events(header, cells, tmp_path, capsys):
    path = tmp_path / "c.csv"
    path.write_text(f"研究,治疗方案,终点,{header}\nS,化疗,ORR,{cells}\nS,免疫,ORR,{cells}\n", encoding="utf-8")
    table = be.read_counts(path)
    assert [tuple(row) for row in table.frame[["events", "n"]].to_numpy()] == [(5, 20)] * 2
    decision = decide(read_grids(path), {"reference": "化疗", "margin.response": "none"}, effects=False, today=TODAY)
    assert not decision.questions
    assert {r["n"] for r in decision.applied.rows} == {"20"}
    assert {r.get("events", "") for r in decision.applied.rows} <= {"5", ""}


def test_cases_alone_are_refused_with_both_meanings(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("研究,治疗方案,终点,例数\nS,化疗,ORR,5\nS,免疫,ORR,9\n", encoding="utf-8")
    with pytest.raises(be.DataError, match="no column n"):
        be.read_counts(path)


def test_a_subtotal_ends_a_block_and_not_the_table(tmp_path):
    path = messy.blocks_with_subtotals(tmp_path / "k.xlsx")
    first = {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions}
    assert first == {"regimen_title"}  # and not what all patients got
    decision = decided(path, {"regimen_title": "yes", "reference": "Chemotherapy"})
    assert not decision.questions
    assert [r["regimen"] for r in decision.applied.rows] == ["Tislelizumab"] * 8 + ["Chemotherapy"] * 8
    assert [int(r["time"]) for r in decision.applied.rows] == [50 + 7 * n for n in range(1, 17)]


def test_years_of_two_digits_are_told_row_by_row_not_as_a_sheet_without_outcome(tmp_path, capsys):
    path = tmp_path / "l.csv"
    rows = [f"{i},{('A drug', 'B drug')[i % 2]},{i:02d}/03/21,{i:02d}/05/22,,{i:02d}/05/22" for i in range(1, 10)]
    path.write_text("\n".join(["Pt no,Treatment,Started,Date progressed,Date died,Last seen", *rows]), encoding="utf-8")
    assert main(["start", str(path), "--out", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err
    assert "the year has two digits" in told
    assert "--answer unusable=set_aside" in told


def test_effects_of_journals_with_mid_dots_and_what_a_refusal_calls_the_table(tmp_path, capsys):
    path = tmp_path / "m.csv"
    path.write_text(
        "研究,试验组,对照组,终点,HR(95%CI)\nESCORT,卡瑞利珠单抗,化疗,OS,0.71(0.57～0.87)\n"
        "ATTRACTION-3,纳武利尤单抗,化疗,OS,0·77（0·62–0·96）\n",
        encoding="utf-8",
    )
    rows = decide(read_grids(path), {}, effects=False, today=TODAY).applied.rows
    assert [(r["estimate"], r["ci_low"], r["ci_high"]) for r in rows] == [
        ("0.71", "0.57", "0.87"),
        ("0.77", "0.62", "0.96"),
    ]
    path = tmp_path / "n.csv"
    path.write_text("Endpoint,A drug (n=29),B drug (n=35)\nORR,10 (36.5%),6 (17.1%)\n", encoding="utf-8")
    answers = ["--answer", "reference=A drug", "--answer", "margin.response=none"]
    assert main(["start", str(path), "--out", str(tmp_path / "out"), *answers]) == 0
    capsys.readouterr()
    assert main(["check", str(tmp_path / "out" / "response.toml")]) == 3
    assert "the table that the mapping makes of n.csv was refused" in capsys.readouterr().err


def test_a_table_of_a_paper_may_give_its_patients_in_a_row_of_their_own(tmp_path):
    path = tmp_path / "o.csv"
    rows = ("N,58,61", "CR,2,0", "PR,25,17", "SD,20,25", "PD,8,15", "NE,3,4", "ORR (%),0.4655,0.2787",
            '"Median DoR, mo",6.1,4.2', "TRAE any grade,55,58")  # fmt: skip
    path.write_text("\n".join(["Outcome,Arm A: sintilimab+chemo,Arm B: chemo", *rows]), encoding="utf-8")
    decision = decide(
        read_grids(path), {"reference": "Arm B: chemo", "margin.response": "none"}, effects=False, today=TODAY
    )
    assert not decision.questions
    found = {(r["regimen"], r["endpoint"]): (r["events"], r["n"]) for r in decision.applied.rows}
    assert found["Arm A: sintilimab+chemo", "ORR"] == ("27", "58")
    assert found["Arm B: chemo", "DCR"] == ("42", "61")
    assert found["Arm B: chemo", "any_TRAE"] == ("58", "61")


def test_a_sheet_of_scans_follows_a_hospital_number_through_its_pseudonym(tmp_path):
    path, expected = messy.scans_by_hospital_number(tmp_path / "p.xlsx")
    answers = {"reference": "甲药", "margin.pfs": "none", "schedule": "6", "identifier": "住院号"}
    flags = [part for code, value in answers.items() for part in ("--answer", f"{code}={value}")]
    out = tmp_path / "out"
    assert main(["start", str(path), "--out", str(out), *flags]) == 0
    log = (out / "sheet_log.csv").read_text(encoding="utf-8")
    for row, (low, high) in enumerate(expected, start=2):
        assert f"基线,{row},PFS,,{low / 7:.4g} to {high / 7:.4g} weeks," in log
    assert not any("7000" in f.read_text(encoding="utf-8") for f in out.iterdir() if f.name != "pseudonyms.key")
    unmatched = {**answers, "identifier": "none", "unusable": "set_aside"}
    assert {q.code for q in decide(read_grids(path), unmatched, effects=False, today=TODAY).questions} == {"strays"}
