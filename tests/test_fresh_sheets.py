"""Sheets of other people's making lead to the truth or to questions: never a traceback, a silent loss or a guess."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from bayes_escc.cli import main
from bayes_escc.evidence.sheet.decide import decide
from bayes_escc.evidence.sheet.grids import read_grids
from tests.helpers import fresh_sheets as fresh

TODAY = dt.date(2024, 6, 1)
MARGINS = {"margin.pfs", "margin.os", "margin.response"}


def answered(path, **known):
    """The decision once every question has an answer, and the codes that were asked."""
    answers, asked = {}, {}
    for _ in range(12):
        decision = decide(read_grids(path), answers, effects=False, today=TODAY)
        if not decision.questions:
            return decision, asked
        for question in decision.questions:
            given = known.get(question.code.replace(".", "_"))
            asked[question.code] = question
            answers[question.code] = given or (question.candidates[0].value if question.candidates else "")
    raise AssertionError([q.code for q in decision.questions])


def asked_first(path):
    return {q.code for q in decide(read_grids(path), {}, effects=False, today=TODAY).questions}


def assert_is_the_cohort(rows, patients, *, times=True):
    assert len(rows) == len(patients)
    rows = sorted(rows, key=lambda r: int("".join(c for c in r["patient_id"] if c.isdigit())))
    arms = {p.arm: r["regimen"] for p, r in zip(patients, rows, strict=True)}
    assert len(set(arms.values())) == 2
    for p, r in zip(patients, rows, strict=True):
        assert r["regimen"] == arms[p.arm]
        if times:
            assert (float(r["time"]), r["event"]) == (p.days, str(int(p.event))), (p, r)
        for key, value in (("age", p.age), ("ecog", p.ecog), ("liver_metastasis", int(p.liver))):
            assert r.get(key, str(value)) == str(value), (key, p, r)
        grade = p.grade if times else min(p.grade, 3)  # >=3 on the sheet of codes
        assert r.get("ae_grade", str(grade)) == str(grade)
        if "response" in r:
            assert r["response"] == p.best
        if "sex" in r:
            assert r["sex"] == ("female" if p.woman else "male")
        if "nlr" in r:
            assert float(r["nlr"]) == pytest.approx(p.neutrophils / p.lymphocytes, rel=0.01)


@pytest.mark.parametrize(
    ("name", "seed", "questions"),
    [
        ("gb18030", 1, {"reference", *MARGINS}),
        ("utf16", 2, {"reference", *MARGINS}),
        ("grouped_headers", 3, {"reference", "margin.pfs", "margin.os"}),
        ("serials", 4, {"reference", "margin.pfs", "margin.os"}),
        ("one_sheet_each", 5, {"sheet.卡瑞利珠单抗", "sheet.替雷利珠单抗"}),
        ("coded", 6, {"reference", "margin.response"}),
        ("semicolons", 7, {"reference", "margin.pfs", "margin.os"}),
        ("days_and_status", 9, {"reference", *MARGINS}),
        ("in_blocks", 10, {"reference", "margin.pfs"}),
    ],
)
def test_the_cohort_of_a_fresh_sheet_is_read_and_only_what_people_know_is_asked(name, seed, questions, tmp_path):
    path = fresh.ALL[name](tmp_path)
    assert asked_first(path) == questions
    decision, asked = answered(path, word_response_未评价="NE")  # not evaluable, or not yet evaluated: asked
    assert "unusable" not in asked
    assert_is_the_cohort(decision.applied.rows, fresh.cohort(seed=seed), times=name != "coded")


def test_names_and_hospital_numbers_are_dropped_and_the_encoding_is_said(tmp_path):
    decision, _ = answered(fresh.gb18030(tmp_path))
    assert {"姓名", "住院号"} <= {p.header for p in decision.proposals if p.reason.en.startswith("dropped")}
    assert any("GB18030" in note.en for note in decision.notes)
    said = {a.why.en for a in decision.aside}
    assert {"above the header", "total or summary row", "note below the table", "blank row"} == said


def test_letters_of_western_europe_are_not_read_as_chinese(tmp_path):
    decision, _ = answered(fresh.semicolons(tmp_path))
    assert all(r["patient_id"].startswith("München-") for r in decision.applied.rows)
    assert any("Windows-1252" in note.en for note in decision.notes)
    from bayes_escc.evidence.reading import western

    assert western("Süd;é".encode("cp1252"))
    for chinese in ("进展", "a,方案,b", "朱镕基", "男", "€ 方案"):
        assert not western(chinese.encode("gb18030"))
    assert not western(b"plain")


def test_a_table_of_a_paper_gives_its_counts_and_says_what_is_not_read(tmp_path):
    decision, _ = answered(fresh.paper_table(tmp_path))
    counts = {(r["regimen"], r["endpoint"]): (r["events"], r["n"]) for r in decision.applied.rows}
    assert counts["Camrelizumab", "ORR"] == ("10", "31")
    assert counts["Chemotherapy", "DCR"] == ("14", "30")
    assert counts["Chemotherapy", "grade3plus_TRAE"] == ("12", "30")
    assert any("P value" in note.en for note in decision.notes)
    decision, _ = answered(fresh.per_arm_counts(tmp_path))
    counts = {(r["regimen"], r["endpoint"]): (r["events"], r["n"]) for r in decision.applied.rows}
    assert counts["观察组", "ORR"] == ("18", "40")
    assert counts["对照组", "DCR"] == ("24", "38")
    assert {regimen for regimen, _ in counts} == {"观察组", "对照组"}
    assert any("χ2值" in note.en and "P值" in note.en for note in decision.notes)


@pytest.mark.parametrize(
    ("label", "endpoint"),
    [
        ("Grade 3 or higher TRAE", "grade3plus_TRAE"),
        ("Grade ≥3 AEs, n (%)", "grade3plus_AE"),
        ("Any-grade adverse events", "any_AE"),
        ("≥3级治疗相关不良反应", "grade3plus_TRAE"),
        ("Treatment-related adverse events of grade 3 or higher", "grade3plus_TRAE"),
        ("Serious adverse events", "SAE"),
        ("严重不良事件", "SAE"),
        ("irAE", "any_irAE"),
        ("免疫相关不良反应[例(%)]", "any_irAE"),
        ("Grade 3–4 adverse events", "grade34_AE"),
        ("G3+ TRAE", "grade3plus_TRAE"),
        ("Grade>=3 irAE", "grade3plus_irAE"),
        ("3-4级不良反应", "grade34_AE"),
        ("3级以上毒副反应发生率", "grade3plus_AE"),
        ("TRAE (any grade)", "any_TRAE"),
        ("Toxicity ≥3", "grade3plus_AE"),
        ("Objective response rate", "ORR"),
        ("≥3级贫血", None),
        ("Discontinued because of an AE", None),
        ("Hepatic adverse events", None),
    ],
)
def test_adverse_events_are_known_however_a_paper_words_them(label, endpoint):
    from bayes_escc.evidence.endpoints import adverse_endpoint
    from bayes_escc.evidence.sheet.roles import endpoint_of

    if endpoint is None:
        assert adverse_endpoint(label) is None
    else:
        assert endpoint_of(label) == endpoint


def test_what_cannot_be_read_is_asked_row_by_row(tmp_path):
    path = fresh.two_digit_years(tmp_path)
    assert "identifier" in asked_first(path)
    _, asked = answered(path, word_status_awol="censored")
    assert "word.status.awol" in asked  # no word is guessed
    assert "the year has two digits" in asked["unusable"].rows.en
    visits = fresh.row_per_scan(tmp_path)
    answers = {"regimen.A": "A", "regimen.B": "B"}
    decision = decide(read_grids(visits), answers, effects=False, today=TODAY)
    unusable = next(q for q in decision.questions if q.code == "unusable")
    assert "patient number 001 stands in rows" in unusable.rows.en


def test_follow_up_without_its_beginning_is_asked_about_not_dropped(tmp_path):
    rows = [["Patient ID", "Arm", "ICF date", "PD date", "Last contact"]]
    rows += [[f"{p.number:03}", ["X", "Yy"][p.arm], p.start, p.progression, p.last] for p in fresh.cohort()]
    path = fresh.book(tmp_path / "consent.xlsx", {"S": rows})
    decision = decide(read_grids(path), {"regimen.X": "X"}, effects=False, today=TODAY)
    question = next(q for q in decision.questions if q.code == "use.start")
    assert [c.value for c in question.candidates] == ["ICF date", "none"]
    decision, _ = answered(path)
    assert sum(r["time"] != "" for r in decision.applied.rows) == 22


def test_a_fresh_sheet_leads_to_the_page(tmp_path, capsys):
    path = fresh.paper_table(tmp_path)
    flags = [f"--answer={code}" for code in ("reference=Chemotherapy", "margin.response=10")]
    assert main(["start", str(path), "--out", str(tmp_path / "out"), *flags]) == 0
    assert main(["run", str(tmp_path / "out"), "--report", "--no-figures", "--language", "zh"]) == 0
    page = (tmp_path / "out" / "results" / "report.html").read_text(encoding="utf-8")
    result = json.loads((tmp_path / "out" / "results" / "response" / "result.json").read_text(encoding="utf-8"))
    row = result["comparisons"][0]
    assert f"{100 * row['median']:.1f}" in page
    assert "Camrelizumab" in page
    assert "Traceback" not in capsys.readouterr().err
