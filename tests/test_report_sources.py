"""What a page is made of: folders of analyses, a study with its looks, checks beside results, words of covariates."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.report.page import sections
from bayes_escc.report.quantities import covariate_words
from bayes_escc.report.result import to_result
from bayes_escc.report.text import result_text
from bayes_escc.runs.report import folder_source, write_report
from bayes_escc.study.report import study_source
from tests.helpers import ward_sheets as ward

COUNTS = """
schema = 1
title = "Two regimens"
question = "Which?"
[data]
kind = "counts"
file = "counts.csv"
[model]
family = "response"
[[comparisons]]
estimand = "rate"
reference = "A"
[[monitoring]]
name = "futility"
kind = "posterior_probability"
regimen = "B"
reference = "A"
stop_below = 0.05
looks = [[10, 10], [20, 20]]
"""


def counts(a, n, b, m):
    return pd.DataFrame(
        {
            "study": ["s", "s"],
            "regimen": ["A", "B"],
            "endpoint": "ORR",
            "events": [a, b],
            "n": [n, m],
            "design": "randomised",
        }
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    counts(2, 10, 4, 10).to_csv(place / "counts.csv", index=False)
    (place / "a.toml").write_text(COUNTS, encoding="utf-8")
    with be.Study.create(place / "study.db", place / "a.toml", who="registry") as made:
        made.update(counts(2, 10, 4, 10), who="registry")
        made.update(counts(4, 20, 9, 20), who="registry", why="second look")
    return place / "study.db"


def test_a_study_has_a_page_with_its_looks(study, tmp_path):
    source = study_source(study)
    rows = source.facts["looks"]
    assert [r["cut"] for r in rows] == [1, 2]
    assert (
        rows[-1]["comparison"]["probability_better"] == source.facts["result"]["comparisons"][0]["probability_better"]
    )
    for language in ("en", "zh"):
        (looks,) = (s for s in sections(source.facts, language, ["study_probability"]) if s.anchor == "looks")
        assert looks.status == "present"
        assert "second look" in str(looks.blocks)
    assert main(["report", str(study), "--language", "both", "--out", str(tmp_path)]) == 0
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "研究的历次数据截止与期中查看" in html
    assert "study_probability" in html.replace("study-probability", "study_probability")


def test_an_analysis_without_a_study_has_no_looks_and_says_so(tmp_path):
    main(["run", "second_line_response", "--out", str(tmp_path / "out"), "--no-figures", "--report"])
    facts = folder_source(tmp_path / "out").facts
    states = {s.anchor: s.status for s in sections(facts, "en")}
    assert states["looks"] == "not applicable"
    assert states["sensitivity"] == "present"  # exact, so it costs nothing
    assert (tmp_path / "out" / "report.html").exists()


def test_a_sensitivity_analysis_beside_the_results_is_taken_if_it_is_of_them(tmp_path):
    out = tmp_path / "out"
    main(["run", "second_line_response", "--out", str(out), "--no-figures"])
    assert "sensitivity" not in folder_source(out).facts
    main(["sensitivity", "second_line_response", "--out", str(out)])
    assert folder_source(out).facts["sensitivity"]["rows"]
    told = json.loads((out / "sensitivity.json").read_text(encoding="utf-8"))
    (out / "sensitivity.json").write_text(json.dumps({**told, "analysis_sha256": "0" * 64}), encoding="utf-8")
    assert "sensitivity" not in folder_source(out).facts


def test_a_folder_of_analyses_makes_one_page(tmp_path):
    sheet = ward.printed_counts(tmp_path / "counts.xlsx")
    flags = [f for answer in ("reference=特瑞普利单抗+化疗", "margin.response=10") for f in ("--answer", answer)]
    out = tmp_path / "cohort"
    assert main(["start", str(sheet), "--out", str(out), *flags]) == 0
    shutil.copy(out / "response.toml", out / "again.toml")
    assert main(["run", str(out), "--no-figures", "--report"]) == 0
    html = (out / "results" / "report.html").read_text(encoding="utf-8")
    assert html.count("<main ") == 3
    assert write_report([out / "results" / "again"])[0].exists()


def test_a_raw_sheet_is_checked_through_its_mapping(tmp_path, capsys):
    sheet, out = ward.chinese_pfs(tmp_path / "a.xlsx"), tmp_path / "cohort"
    assert main(["start", str(sheet), "--out", str(out)]) == 3
    assert "哪种方案为参照" in capsys.readouterr().err  # asked in the language of the sheet
    flags = ["reference=特瑞普利单抗 + 化疗", "margin.pfs=1", "margin.response=10"]
    assert main(["start", str(sheet), "--out", str(out), *(f for a in flags for f in ("--answer", a))]) == 0
    capsys.readouterr()
    assert main(["check", str(sheet), "--mapping", str(out / "mapping.toml")]) == 0
    said = capsys.readouterr().out
    assert "24 patients" in said
    assert not any(secret in said for secret in ward.PLANTED)


def test_covariates_are_named_as_people_say_them():
    log = "log hazard ratio per (log(nlr) - 1.15) / 0.506"
    assert covariate_words("nlr", log) == "NLR, per doubling"
    assert covariate_words("nlr", log, {"nlr": {"label": "N/L ratio", "unit": ""}}) == "N/L ratio, per doubling"
    age = "log hazard ratio per (age - 61.2) / 9.03"
    assert covariate_words("age", age) == "age, per point"
    assert covariate_words("age", age, {"age": {"label": "", "unit": "years"}}) == "age, per year"
    assert covariate_words("ecog[>=1]", "log hazard ratio per 1 against 0") == "ECOG 1 or more against 0"
    assert covariate_words("site[lung]", "log odds ratio per lung against liver") == "site lung against liver"
    assert covariate_words("liver_metastasis", "log hazard ratio per liver_metastasis", language="zh") == "肝转移"


def test_label_and_unit_of_a_covariate_reach_the_result_and_change_no_number():
    table = be.load_dataset("second_line_pfs_synthetic")
    fits = []
    for words in ({}, {"label": "Neutrophils / lymphocytes", "unit": "points"}):
        model = be.SurvivalModel(
            covariates=[{"column": "nlr", "transform": "log", **words}], baseline="exponential", time_unit="months"
        )
        fits.append(model.fit(table, draws=100, tune=100, chains=2, sampler="laplace"))
    plain, named = (to_result(f) for f in fits)
    assert "covariates" not in plain
    assert named["covariates"] == {"nlr": {"label": "Neutrophils / lymphocytes", "unit": "points"}}
    assert named["estimates"] == plain["estimates"]
    assert "Neutrophils / lymphocytes, per doubling" in result_text(named)


def test_a_sheet_without_an_outcome_is_refused_before_it_is_asked_about(tmp_path, capsys):
    rows = [["病人", "治疗", "开始", "结果"], *([f"P{i}", "甲乙"[i % 2], "2022-01-05", "好转"] for i in range(12))]
    sheet = ward.save(tmp_path / "odd.xlsx", rows)
    assert main(["start", str(sheet), "--out", str(tmp_path / "o")]) == 3
    said = capsys.readouterr().err
    assert "--use response=" in said
    assert "结果" in said
    assert "reference=" not in said
    assert main(["start", str(sheet), "--out", str(tmp_path / "o"), "--use", "response=结果"]) == 3
    assert "word.response.好转" in capsys.readouterr().err
