"""The language of an answer: whole in the one that was asked for, and no name of a person's own translated."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import bundled_analyses, find_analysis
from bayes_escc.cli import main
from bayes_escc.plots.chinese import with_chinese_texts
from bayes_escc.report.chinese import figure_in_chinese, in_chinese
from bayes_escc.report.naming import own_names
from bayes_escc.report.text import result_text
from bayes_escc.runs.prompt_counts import compare_counts
from tests.helpers.english import english_in
from tests.helpers.inputs import INPUTS
from tests.helpers.prompts import ROWS
from tests.helpers.studies import cohort

AWKWARD = [
    ("Control", "Experimental"),  # headings of forests
    ("months", "patients"),  # units
    ("Prior", "Posterior"),
    ("event", "none"),
    ("A against B", "C"),  # a name that a pattern could take apart
    ("rate of X", "P(better)"),
    ("randomised", "good"),
    ("new; poor and age", "45 months"),
]


@pytest.mark.parametrize(("first", "second"), AWKWARD)
def test_an_arm_named_like_a_word_of_the_catalogue_keeps_its_name(first, second):
    result = json.loads(json.dumps(compare_counts([f"{first}=12/30", f"{second}=7/28"], better="higher")))
    own = own_names(result)
    assert {first, second} <= own
    shown = result_text(result, "zh")
    assert shown.count(first) >= 3
    assert shown.count(second) >= 3
    for text in (f"{first} against {second}", f"← {first} better", f"{second}, before the data"):
        assert first in figure_in_chinese(text, own) or second in figure_in_chinese(text, own), text
    assert figure_in_chinese(first, own) == first
    said = in_chinese(f"no patient on {first} had the event. The log names their rows.", own)
    assert said == f"{first}组无患者发生事件。所在行见日志。"


def test_a_name_is_kept_where_the_catalogue_uses_the_same_word_itself():
    said = in_chinese("no event lies between 2 and 3 months.", frozenset({"months", "event"}))
    assert "之间没有事件" in said


def test_figures_keep_names_and_translate_the_rest():
    table = pd.DataFrame({"study": "ward", "regimen": ["Control", "Prior"], "endpoint": "ORR", "n": [30, 28]})
    posterior = be.ResponseModel().fit(table.assign(events=[12, 7]))
    figure = be.plots.difference(posterior.compare("rate", reference="Control"))
    with_chinese_texts(figure, own=frozenset({"Control", "Prior"}))
    from matplotlib.text import Text

    shown = [t.get_text() for t in figure.findobj(Text)]
    assert any("Control更优" in t or "Prior更优" in t for t in shown), shown
    assert not any("better" in t for t in shown), shown


def test_figures_of_bias_and_publications_are_chinese(monkeypatch):
    """No English word is left on the figures of tipping points, of the ledger and of curves read back."""
    from matplotlib.text import Text

    fact = {"fact": "ESCORT: B", "regimen": "C", "sd": 0.2, "all_that_is_known": False, "share": 0.5}
    routes = ("curve", "subgroups", "median", "landmark", "hazard_ratio")
    rows = [{**fact, "route": route, "sd_without": 0.4} for route in routes]
    rows += [{**fact, "route": "curve", "regimen": "B", "sd_without": None}, {**rows[0], "all_that_is_known": True}]
    monkeypatch.setattr("bayes_escc.plots._ledger.population_of", lambda _: {"ledger": rows})
    fitted = SimpleNamespace(diagnostics=SimpleNamespace(converged=True))
    points = pd.DataFrame({"time": [2, 5, 9, 12], "survival": [90, 70, 40, 30]})
    numbers = pd.DataFrame({"time": [0, 6, 12], "n": [20, 13, 5]})
    read = be.reconstruct(points, at_risk=numbers, events=12, scale="percent")
    (rates,) = be.tipping({"A": (10, 29), "B": (16, 35)}, margin=0.1)
    (ratios,) = be.tipping({"A": (10, 29), "B": (16, 35)}, margin=1.5, scale="ratio")
    figures = [be.plots.tipping(rates), be.plots.tipping(ratios), be.plots.ledger(fitted)]
    figures += [be.plots.reconstruction(read, unit="months"), be.plots.reconstruction(read)]
    own = frozenset({"A", "B", "C", "ESCORT"})
    for figure in figures:
        assert all("by 0.1" not in t.get_text() for t in figure.findobj(Text))  # points, not a share
        for text in with_chinese_texts(figure, own=own).findobj(Text):
            assert not re.search("[a-z]{2,}", text.get_text()), text.get_text()


def test_run_in_chinese_is_chinese_throughout(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", "second_line_response", "--out", str(out), "--full", "--language", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "比较" in shown
    assert "结果保存于" in shown
    assert "median" not in shown
    assert "Results are in" not in shown
    drawn = (out / "difference.svg").read_text(encoding="utf-8")
    assert "更优" in drawn
    assert "better" not in drawn
    english = be.Report(out, language="en").html  # drawn again in the language of the page
    assert "better" in english
    assert "更优 →" not in english


REFUSED = {
    "counts": (
        "study,regimen,endpoint,n,events\nS,A,ORR,20,25\nS,,ORR,30,7\nS,C,ORR,-3,x\n",
        (
            "第2行，events列“25”：事件数多于20例患者。请更正事件数",
            "第3行，regimen列“”：regimen为空。",
            "events不是数字。",
        ),
    ),
    "effects": (
        "study,experimental,control,endpoint,measure,estimate,ci_low,ci_high,ci_level\n"
        "S,A,B,OS,HR,0.7,0.5,0.98,\nT,A,A,OS,HR,0.7,0.5,0.98,0.95\n",
        ("第2行，ci_level列“”：未注明区间的置信水平。请逐行给出", "第3行", "试验方案与对照方案相同。请更正其一。"),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_in_a_chinese_run_has_heading_row_and_remedy_in_chinese(kind, tmp_path, capsys):
    table, said = REFUSED[kind]
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    family = {"counts": "response", "effects": "synthesis"}[kind]
    (tmp_path / "t.toml").write_text(
        f'id = "t"\nquestion = "Which?"\n[data]\nkind = "{kind}"\nfile = "t.csv"\n[model]\nfamily = "{family}"\n',
        encoding="utf-8",
    )
    assert main(["run", str(tmp_path / "t.toml"), "--language", "zh"]) == 3
    told = capsys.readouterr().err
    assert told.startswith("bayes-escc: t.csv未被接受：")
    for part in said:
        assert part in told
    assert main(["run", str(tmp_path / "t.toml")]) == 3
    assert "was refused" in capsys.readouterr().err


def test_a_key_that_is_not_known_is_told_in_chinese(tmp_path, capsys):
    (tmp_path / "t.toml").write_text('id = "t"\n[data]\nfiel = "t.csv"\n', encoding="utf-8")
    assert main(["run", str(tmp_path / "t.toml"), "--language=zh"]) == 2
    assert "  - data.fiel：未知的键；此处可用" in capsys.readouterr().err


def test_overlap_of_times_to_event_in_both_languages(capsys):
    """It printed an empty line for survival, exit 0."""
    assert main(["overlap", "own_against_published_pfs"]) == 0
    assert "48.9 of 60 own patients count after matching" in capsys.readouterr().out
    assert main(["overlap", "own_against_published_pfs", "--language", "zh"]) == 0
    told = capsys.readouterr().out
    assert "肝转移" in told
    assert "匹配后本组60例相当于48.9例" in told


def test_a_tipping_point_in_chinese(capsys):
    given = ["tipping", "A=10/29", "B=12/35", "--margin", "10%", "--language"]
    tables = {}
    for language in ("en", "zh"):
        assert main([*given, language]) == 0
        tables[language] = capsys.readouterr().out
    assert "缓解率：B与A比较，扣除偏倚之后" in tables["zh"]
    assert not re.findall(r"[A-Za-z]{3,}", re.sub(r"CrI|OR", "", tables["zh"]))
    numbers = {language: re.findall(r"[-+]?\d+\.\d+", table) for language, table in tables.items()}
    assert sorted(numbers["en"]) == sorted(numbers["zh"])


# ---- what every command prints ----------------------------------------------------------------


def told(words, capsys):
    """What a command says to a person, on both streams."""
    code = main([*words, "--language", "zh"])
    out, err = capsys.readouterr()
    return code, out + err


NAMES = [
    "paclitaxel, docetaxel or irinotecan",
    "paclitaxel or docetaxel",
    "toripalimab + anlotinib",
    "toripalimab + chemotherapy",
    "synthetic trial",
]
"""Names of the tables that ship."""


@pytest.mark.parametrize("name", sorted(bundled_analyses()))
def test_a_check_in_chinese_is_chinese(name, capsys):
    code, said = told(["check", name], capsys)
    assert code == 0
    assert "未发现问题" in said
    notes = "\n".join(line for line in said.split("\n") if line.startswith("注意"))
    assert english_in(notes, NAMES) == []


def test_a_check_says_the_same_problem_in_both_languages(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("study,regimen,endpoint,n,events\nS,A,ORR,20,25\n", encoding="utf-8")
    code, said = told(["check", str(tmp_path / "t.csv"), "--kind", "counts"], capsys)
    assert code == 3
    assert "第2行，events列“25”：事件数多于20例患者" in said


def test_a_raw_sheet_checked_through_its_mapping_is_told_in_chinese(tmp_path, capsys):
    sheet = "examples/ward_sheet.xlsx"
    answers = ["reference=特瑞普利单抗 + 化疗", "margin.pfs=1", "margin.response=10"]
    given = [word for answer in answers for word in ("--answer", answer)]
    assert main(["start", sheet, "--out", str(tmp_path / "c"), "--yes", *given]) == 0
    capsys.readouterr()
    code, said = told(["check", sheet, "--mapping", str(tmp_path / "c" / "mapping.toml")], capsys)
    assert code == 0
    assert "读作" in said
    assert "24例" in said
    assert english_in(said) == []


STUDY = """id = "follow_up"
title = "随访"
question = "哪种方案更好?"
[report]
language = "zh"
[data]
kind = "patients"
id = "code"
regimen = "arm"
time = "months"
event = "progressed"
time_unit = "months"
regimens = ["old", "new"]
[model]
family = "survival"
baseline = "exponential"
regimen_effect = "stratified"
[priors.hazard]
distribution = "Gamma"
alpha = 1
beta = 5
rationale = "宽"
[[comparisons]]
estimand = "median"
reference = "old"
margin = 1
[sampling]
draws = 200
chains = 2
"""


@pytest.fixture(scope="module")
def study_said(tmp_path_factory):
    """What a study says from its beginning to a refused table, its analysis being Chinese; and its file."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "a.toml").write_text(STUDY, encoding="utf-8")
    at = cohort(3)
    for month in (5, 7):
        at(float(month)).to_csv(folder / f"{month}.csv", index=False)
    wrong = at(8.0)
    wrong.loc[1, "months"] = 0.1
    wrong.drop(index=3).to_csv(folder / "8.csv", index=False)
    record, cut = str(folder / "s.db"), {n: str(folder / f"{n}.csv") for n in (5, 7, 8)}
    steps = {
        "init": ["init", record, "--analysis", str(folder / "a.toml")],
        "first": ["update", record, cut[5]],
        "preview": ["update", record, cut[7], "--preview"],
        "second": ["update", record, cut[7]],
        "same": ["update", record, cut[7]],
        "diff": ["diff", record, cut[8]],
        "refused": ["update", record, cut[8]],
        "status": ["status", record],
        "history": ["history", record],
        "verify": ["verify", record],
        "named": ["withdraw", record, "P02", "--why", "P02 moved"],
        "withdraw": ["withdraw", record, "P02", "--why", "moved"],
        "again": ["results", record, "--out", str(folder / "r")],
        "plot": ["plot", record, "--out", str(folder / "p")],
        "once": ["init", record, "--analysis", str(folder / "a.toml")],
    }
    said = {}
    for step, words in steps.items():
        out, err = io.StringIO(), io.StringIO()
        # those that do not open the analysis are told the language
        more = ["--language", "zh"] if step in ("init", "verify", "once") else []
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["study", *words, *more])
        said[step] = (code, out.getvalue() + err.getvalue())
    return folder, said


def test_a_study_in_chinese_is_chinese_throughout(study_said):
    _, said = study_said
    assert {step: code for step, (code, _) in said.items() if code} == {"refused": 3, "named": 3, "once": 2}
    for step, (_, text) in said.items():
        assert english_in(text, {"new", "old"}) == [], step
    expected = {
        "init": "尚无数据",
        "first": "已记录为第1次数据截止。新增14",
        "preview": "无预览",
        "second": "更优的概率",
        "same": "表格与上次数据截止相同，无需记录。",
        "diff": "P04：未说明而移除（上次数据截止中有，本次没有）",
        "refused": "P02：更正（3.45时发生事件 → 0.1时发生事件）",
        "status": "第2次数据截止",
        "history": "数据截止",
        "verify": "记录完整",
        "named": "原因中写有患者编号（P02）",
        "withdraw": "1例撤回同意，已从各次数据截止中删除",
        "again": "重新拟合：各数值与记录完全一致。",
        "once": "每项研究只建立一次",
    }
    assert {step: part for step, part in expected.items() if part not in said[step][1]} == {}


def test_figures_of_a_study_in_chinese_are_chinese(study_said):
    folder, _ = study_said
    for path in [*(folder / "p").glob("*.svg"), *(folder / "r").glob("*.svg")]:
        texts = re.findall(r">([^<>]+)</text>", path.read_text(encoding="utf-8"))
        told = [t for t in texts if re.search("[a-z]{3,}", re.sub("new|old|tau|Kaplan-Meier", "", t))]
        assert told == [], path.name


def test_json_of_a_study_is_the_same_in_both_languages(study_said, capsys):
    folder, _ = study_said
    found = []
    for language in ("en", "zh"):
        assert main(["study", "history", str(folder / "s.db"), "--json", "--language", language]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["second_line_response", "pd1_second_line_os"])
def test_a_sensitivity_analysis_in_chinese_is_chinese(name, tmp_path, capsys):
    code, said = told(["sensitivity", name, "--out", str(tmp_path)], capsys)
    assert code == 0
    assert "贝叶斯因子" in said
    assert english_in(said, [find_analysis(name).title, *NAMES]) == []


@pytest.mark.parametrize("name", ["second_line_single_arm", "second_line_randomised"])
def test_a_design_in_chinese_is_chinese(name, capsys):
    design = be.Design.bundled(name)
    own = [design.spec.title, *(t.name for t in design.spec.truths), *design.spec.arms]
    code, said = told(["design", "check", name], capsys)
    assert code == 0
    assert "决策规则与界值" in said
    assert english_in(said, own) == []
    code, said = told(["design", "replay", name], capsys)
    assert code == 0
    assert english_in(said, own) == []


def test_a_design_simulated_in_chinese_says_the_numbers_of_the_english(capsys):
    given = ["design", "second_line_single_arm", "--trials", "50", "--language"]
    shown = {}
    for language in ("en", "zh"):
        assert main([*given, language]) == 0
        shown[language] = capsys.readouterr()
    own = [t.name for t in be.Design.bundled("second_line_single_arm").spec.truths]
    title = be.Design.bundled("second_line_single_arm").spec.title
    assert english_in(shown["zh"].out + shown["zh"].err, [title, *own]) == []
    exact = set(re.findall(r"\b0\.\d{4}\b", shown["en"].out))
    assert exact
    assert exact <= set(re.findall(r"\b0\.\d{4}\b", shown["zh"].out))


def test_patients_read_from_a_curve_are_told_in_chinese(tmp_path, capsys):
    times = np.arange(0, 13)
    curve = pd.DataFrame({"time": times, "survival": np.round(np.exp(-0.12 * times), 3)})
    curve.to_csv(tmp_path / "c.csv", index=False)
    pd.DataFrame({"time": [0, 6, 12], "n": [60, 29, 13]}).to_csv(tmp_path / "r.csv", index=False)
    given = ["reconstruct", str(tmp_path / "c.csv"), "--at-risk", str(tmp_path / "r.csv"), "--versions", "3"]
    code, said = told([*given, "--events", "40", "--median", "9"], capsys)
    assert code == 0
    assert "60例患者" in said
    assert "原文为40例" in said
    assert english_in(said) == []
    code, said = told(["reconstruct", str(tmp_path / "c.csv")], capsys)
    assert code == 3
    assert "仅凭曲线无法得知患者例数与删失例数。" in said
    assert english_in(said) == []


def test_what_is_typed_and_refused_is_told_in_chinese(capsys):
    counts, effects = ["compare", "A=10/29", "B=12/35"], ["pool", "S1=0.7,0.5,0.9"]
    for given, part in (
        ([*counts, "--prior", "2,3"], "未说明依据"),
        (effects, "1项研究"),
        ([*counts, "--margin", "200"], "差值应在-1～1之间"),
        ([*counts, "--scale", "ratio", "--margin", "0.8"], "应不小于1"),
    ):
        _, said = told(given, capsys)
        assert part in said
        assert english_in(said) == [], given


REFUSALS = {name: made for name, made in INPUTS.items() if made.refused or made.noted}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_table_is_refused_or_noted_for_is_told_in_chinese(name, tmp_path, capsys):
    made = REFUSALS[name]
    (tmp_path / "t.csv").write_text(made.text, encoding="utf-8", newline="")
    code, said = told(["check", str(tmp_path / "t.csv"), "--kind", made.kind, *made.options], capsys)
    assert code == (3 if made.refused else 0)
    lines = [line for line in said.split("\n") if line.startswith(("bayes-escc", "  - ", "注意"))]
    assert lines
    assert english_in("\n".join(lines)) == []


TYPED = [name for name, typed in ROWS.items() if (typed.refused or typed.noted) and "published law" not in name]
"""What is typed wrongly, but for the categories of a published law, which are its authors' words."""


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_wrongly_is_told_in_chinese(name, capsys):
    _, said = told([word for word in ROWS[name].line() if word != "--json"], capsys)
    assert english_in(re.sub("列有[^。]*。", "", said)) == []


FILE = """id = "t"
question = "Q?"
[data]
kind = "patients"
file = "t.csv"
time = "months"
event = "event"
time_unit = "months"
[model]
family = "survival"
"""
WRONG = (
    'covariates = ["weight"]',
    'baseline = "weibul"',
    'regimen_effect = "x"',
    '[priors.median]\ndistribution = "Norml"',
    '[priors.median]\ndistribution = "Normal"\nmu = 1\nsigma = -1',
    '[priors.median]\ndistribution = "Normal"\nmu = 1\nsigma = 1',
    '[[comparisons]]\nestimand = "median"\nreference = "A"\nmargin = -1',
    '[[comparisons]]\nestimand = "medan"\nreference = "A"',
    '[[comparisons]]\nestimand = "median"\nreference = "Z"',
    '[[comparisons]]\nestimand = "survival"\nreference = "A"\nmargin = 3',
    "[sampling]\ndraws = -4\nchains = 1.5",
    '[estimands]\ntimes = ["a"]',
    '[report]\nlanguage = "fr"',
    '[estimand]\ndeath = "x"',
    "[bias]\nsd = -1",
    "unknown = 3",
    'covariates = [{ column = "sex", coding = "ordinal" }]',
    'covariates = [{ column = "age", transform = "log" }]',
    'frailty = "centre"',
    'frailty = "hospital"',
    'shrinkage = "ridge"',
    'regimen_effect = "nonproportional"\nbaseline = "exponential"',
    '[estimands]\npopulation = "Z"',
    '[priors.tau]\ndistribution = "HalfNormal"\nsigma = 1',
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_an_analysis_is_told_in_chinese(wrong, tmp_path, capsys):
    (tmp_path / "t.toml").write_text(FILE + wrong + "\n", encoding="utf-8")
    rows = "1,A,3,1,low,x,1\n2,A,4,0,mid,0,1\n3,B,5,1,high,55,1\n4,B,7,0,low,60,1\n"
    (tmp_path / "t.csv").write_text("patient_id,regimen,months,event,sex,age,centre\n" + rows, encoding="utf-8")
    code, said = told(["check", str(tmp_path / "t.toml")], capsys)
    assert code in (2, 3), said
    assert english_in(said) == []


def test_a_sentence_that_is_not_known_is_left_whole():
    """It was taken apart at its commas and joined in Chinese."""
    unknown = "An unknown sentence, of two months and of A against B."
    assert in_chinese(unknown) == unknown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_covariates_of_an_overlap_are_named_as_people_say_them(language, tmp_path, capsys):
    """Reasons said "liver_metastasis differs by ..." in both languages, beside a table that said it in words."""
    given = ["overlap", "own_against_published_response", "--out", str(tmp_path), "--language", language]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert ("肝转移相差0.42个标准差" if language == "zh" else "liver metastasis differs by 0.42") in said
    assert "NLR" in said
    drawn = (tmp_path / "balance.svg").read_text(encoding="utf-8")
    for text in (said, drawn):
        assert "liver_metastasis" not in text
        assert "nlr" not in text
    assert ("肝转移" if language == "zh" else "liver metastasis") in drawn


def test_a_label_that_is_stated_names_its_covariate_in_the_reasons():
    known = find_analysis("own_against_published_response")
    content = json.loads(known.content)
    named = [{"column": c} if isinstance(c, str) else c for c in content["model"]["covariates"]]
    content["model"]["covariates"] = [{**c, "label": f"label of {c['column']}"} for c in named]
    labelled = be.Analysis.from_dict(content, folder=known.data.folder)
    reasons = [reason for found in be.overlap(labelled) for reason in found.reasons]
    assert any("label of liver_metastasis" in reason for reason in reasons), reasons


def test_damage_of_a_record_is_told_in_chinese(study_said, tmp_path, capsys):
    folder, _ = study_said
    record = tmp_path / "damaged.db"
    shutil.copy(folder / "s.db", record)
    with sqlite3.connect(record) as file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        file.execute("UPDATE log SET why = 'another reason' WHERE seq = 2")
        file.execute("UPDATE leaf SET cells = replace(cells, 'old', 'odd') WHERE cells IS NOT NULL")
    file.close()
    code, said = told(["study", "verify", str(record)], capsys)
    assert code == 5
    assert "记录已损坏" in said
    assert "与其摘要不符" in said
    assert english_in(said) == []


def test_what_is_varied_is_the_width_of_a_prior_and_a_time_has_its_unit():
    """It read "the median halved" in Chinese, and "3 PFS rate"."""
    from bayes_escc.report.sensitivity_text import power_scaling_text

    assert in_chinese("median half as wide: LogNormal(1.386, 0.3)") == "中位时间的先验宽度减半：LogNormal(1.386, 0.3)"
    row = {"estimand": "survival", "regimen": "A", "endpoint": None, "time": 3.0, "covariate": None, "study": None}
    found = {"title": "T", "powers": [0.8, 1.25], "probabilities": [], "notes": [],
             "estimates": [{**row, "prior": 0.05, "likelihood": 0.1, "diagnosis": ""}]}  # fmt: skip
    assert "3个月无进展生存率：A" in power_scaling_text(found, "zh", "months")
    assert "无进展生存率(t=3)：A" in power_scaling_text(found, "zh")
    assert "survival: A, at 3" in power_scaling_text(found)


def test_patients_and_events_of_strata_are_counted_in_chinese(tmp_path, capsys):
    """It read "ecog = 0: 27 patients, 19例事件"."""
    rows = [(f"P{i}", "AB"[i % 2], 3 + i, int(i % 3 != 1), int(i > 6)) for i in range(11)]
    rows += [("P11", "A", 4, 0, 2)]
    columns = ["patient_id", "regimen", "months", "event", "ecog"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "t.csv", index=False)
    stated = FILE + 'strata = ["ecog"]\n[estimands]\ntimes = [12]\nhorizons = [12]\n'
    (tmp_path / "t.toml").write_text(stated, encoding="utf-8")
    code, said = told(["check", str(tmp_path / "t.toml")], capsys)
    assert code == 0, said
    assert (
        "有各自基线风险率的分层：ecog = 0：7例患者，5例事件；ecog = 1：4例患者，2例事件；ecog = 2：1例患者，0例事件。"
        in said
    )
    assert "以下分层无人随访至12个月：ecog = 0（9个月）；ecog = 2（4个月）。" in said
    notes = "\n".join(line for line in said.split("\n") if line.startswith("注意"))
    assert not re.findall(r"\b(?:patients?|events?|months)\b", notes), notes
    assert "ecog = 2仅0例事件，不足以区分风险的形状与水平。" in notes
    assert not re.findall(r"\]\.", notes), notes


def test_strata_that_say_nothing_are_listed_as_chinese_lists_are():
    for said in ("no patient of ecog = 0; ecog = 1 had the event.", "all patients of a stratum are on one regimen: "
                 "ecog = 0 (A); ecog = 1 (B)."):  # fmt: skip
        assert ";" not in in_chinese(said)
        assert "ecog = 0" in in_chinese(said)


PATIENTS_WRONG = {
    "identifier stated": (
        ["--id", "MRN", "--time-unit", "months"],
        "MRN,regimen,time,event",
        "as the identifier it can be replaced by pseudonyms, --id-pseudonyms. [",
        "用--drop MRN不读取；该列为编号列，可用假名代替(--id-pseudonyms)。",
    ),
    "number of the hospital, and no identifier": (
        ["--time-unit", "months"],
        "住院号,regimen,time,event",
        "as the identifier it can be replaced by pseudonyms, --id '住院号' and --id-pseudonyms. [",
        "若以该列为编号，可用假名代替(--id '住院号'，--id-pseudonyms)。",
    ),
    "no identifier": (
        ["--time-unit", "months"],
        "code,regimen,time,event",
        ": there is no column patient_id; the columns are code, ",
        "缺少patient_id列；现有列为code、",
    ),
    "unit in the name": (
        [],
        "patient_id,regimen,pfs_weeks,event",
        "for example --time-unit weeks.",
        "例如 --time-unit weeks。",
    ),
    "unit counted": (
        [],
        "patient_id,regimen,随访天数,event",
        "for example --time-unit days.",
        "例如 --time-unit days。",
    ),
    "no unit anywhere": (
        [],
        "patient_id,regimen,time,event",
        "for example --time-unit months.",
        "例如 --time-unit months。",
    ),
}


@pytest.mark.parametrize("name", PATIENTS_WRONG)
def test_what_patients_are_refused_for_names_its_remedy_in_both_languages(name, tmp_path, capsys):
    options, header, english, chinese = PATIENTS_WRONG[name]
    (tmp_path / "t.csv").write_text(f"{header}\n7,A,3,1\n8,B,4,0\n", encoding="utf-8")
    given = ["check", str(tmp_path / "t.csv"), "--kind", "patients", "--time", header.split(",")[2], "--event", "event"]
    assert main([*given, *options]) == 3
    assert english in capsys.readouterr().err
    code, said = told([*given, *options], capsys)
    assert code == 3
    assert chinese in said
    assert english_in(said) == []


def test_pseudonyms_are_no_remedy_for_names_and_beside_an_identifier(tmp_path, capsys):
    for header in ("patient_id,住院号", "code,姓名"):
        (tmp_path / "t.csv").write_text(f"{header},regimen\n1,7,A\n2,8,B\n", encoding="utf-8")
        assert main(["check", str(tmp_path / "t.csv"), "--kind", "patients"]) == 3
        said = capsys.readouterr().err
        assert "identifying_column" in said
        assert "pseudonyms" not in said


def test_check_takes_the_remedy_that_it_names(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("MRN,regimen,response\n7001,A,PR\n7002,B,PD\n", encoding="utf-8")
    given = ["check", str(tmp_path / "t.csv"), "--kind", "patients", "--id", "MRN"]
    assert main(given) == 3
    assert main([*given, "--id-pseudonyms"]) == 0
    assert "7001" not in capsys.readouterr().out


def test_the_unit_of_the_model_is_the_example_and_is_not_assumed(tmp_path, capsys):
    text = FILE.replace('time_unit = "months"\n', "").replace('"months"', '"time"') + 'time_unit = "weeks"\n'
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    (tmp_path / "t.csv").write_text("patient_id,regimen,time,event\n1,A,3,1\n2,B,4,0\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "t.toml")]) == 3
    assert 'for example time_unit = "weeks".' in capsys.readouterr().err


# ---- checks of an analysis, visits ------------------------------------------------------------


def test_proportional_hazards_are_told_in_chinese_with_the_numbers_of_the_english(capsys):
    name = "second_line_pfs_weibull"
    assert main(["proportional-hazards", name]) == 0
    english = capsys.readouterr().out
    code, said = told(["proportional-hazards", name], capsys)
    assert code == 0
    assert "未见与比例风险假定不符之处" in said
    assert "个月（95%CrI）" in said
    assert english_in(said, [find_analysis(name).title, *NAMES]) == []
    numbers = [sorted(re.findall(r"-?\d+\.\d+", text)) for text in (english, said)]
    assert numbers[0] == numbers[1]


def test_what_a_check_of_hazards_finds_and_refuses_is_told_in_chinese(capsys):
    from types import SimpleNamespace

    from bayes_escc.checks.proportional_hazards import _sentence
    from bayes_escc.names import NO_ANSWER
    from bayes_escc.report.check_text import proportional_hazards_text

    row = {"regimen": "B", "reference": "A", "change": 3.1, "lower": 1.5, "upper": 6.2, "mcse_probability": 0.0}
    rising = {**row, "probability_rising": 0.99, "predictive_probability": 0.4}
    flat = {**row, "probability_rising": 0.6, "predictive_probability": 0.4}
    odd = {**flat, "predictive_probability": 0.01}
    few, many = (SimpleNamespace(early=2.0, late=8.0, unit="months", events=n) for n in (12, 90))
    found = {"title": "PFS", "unit": "months", "early": 2.0, "late": 8.0, "ci_prob": 0.95, "rows": [rising],
             "bayes_factor": None, "elpd_difference": 1.0, "se_difference": 0.4,
             "messages": ["proportional hazards: R-hat is 1.2.", "free hazards: R-hat is 1.3."]}  # fmt: skip
    for rows, check, part in (
        ([rising], many, "风险率似不成比例（B）：从2到8个月，风险比变为原来的3.1倍（1.5～6.2）。"),
        ([odd], many, "风险率似不成比例（B）：单一风险比不能描述全程。"),
        ([flat], few, "但12例事件只能显示较大的变化"),
        ([flat], many, "未见与比例风险假定不符之处；"),
    ):
        sentence = _sentence(rows, None, 0.0, 1.0, check)
        said = proportional_hazards_text({**found, "sentence": sentence}, "zh")
        assert part in said
        assert english_in(said, ["PFS"]) == []
    said = proportional_hazards_text({**found, "sentence": NO_ANSWER}, "zh")
    assert "未收敛：比例风险模型：" in said
    assert english_in(said, ["PFS"]) == []
    for command, part in (("proportional-hazards", "需要regimen_effect"), ("inconsistency", "需要network = true")):
        code, said = told([command, "second_line_response"], capsys)
        assert code == 2
        assert part in said
        assert english_in(said) == []


def test_the_language_that_an_analysis_states_is_that_of_its_checks(tmp_path, capsys):
    name = "pd1_first_line_network"
    text = bundled_analyses()[name].read_text(encoding="utf-8")
    stated = text.replace("[report]\n", '[report]\nlanguage = "zh"\n')
    (tmp_path / f"{name}.toml").write_text(stated, encoding="utf-8")
    code = main(["inconsistency", str(tmp_path / f"{name}.toml")])
    said = capsys.readouterr().out
    assert code == 0
    assert told(["inconsistency", name], capsys) == (0, said)
    for part in ("无间接证据", "不相关效应模型", "残差偏差"):
        assert part in said
    analysis = find_analysis(name)
    own = {row[who] for row in be.inconsistency(analysis).rows for who in ("regimen", "reference")}
    assert english_in(said, {analysis.title} | own) == []


def test_json_of_a_check_is_the_same_in_both_languages(capsys):
    shown = []
    for language in ("en", "zh"):
        assert main(["inconsistency", "pd1_first_line_network", "--json", "--language", language]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


WARD = "patient_id,regimen,start,death\n1,A,2023-01-02,\n2,A,2023-01-02,2023-03-02\n3,B,2023-01-02,2024-06-02\n"
SEEN = "patient_id,date,result\n1,2023-02-13,SD\n1,2023-03-27,PD\n1,2022-12-20,SD\n2,2023-02-13,SD\n3,2023-02-13,SD\n"
PLAN = ("--schedule", "42", "--unit", "days", "--start", "start", "--death", "death")


def test_visits_are_told_in_chinese(tmp_path, capsys):
    (tmp_path / "p.csv").write_text(WARD)
    (tmp_path / "v.csv").write_text(SEEN)
    given = ["scans", str(tmp_path / "p.csv"), str(tmp_path / "v.csv"), *PLAN]
    code, said = told([*given, "--out", str(tmp_path / "o.csv")], capsys)
    assert code == 0
    for part in ("两次检查之间进展", "1例患者：死亡，检查按计划进行。", "（基线）的1次访视未采用", "已写入"):
        assert part in said
    assert english_in(said) == []
    assert "no progression" not in said
    shown = []
    for language in ("en", "zh"):
        assert main([*given, "--json", "--language", language]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "death, scans as planned" in (tmp_path / "o.csv").read_text()  # of the file, not of the reader


@pytest.mark.parametrize(
    ("row", "options", "part"),
    [
        ("1,2099-02-13,SD", PLAN, "晚于今天"),
        ("1,2023-13-02,SD", PLAN, "日历中没有这一天"),
        ("1,03/04/2023,SD", PLAN, "无法区分日与月"),
        ("1,44970,SD", PLAN, "电子表格的日期序号"),
        ("1,2023-02-13,better", PLAN, "检查结果用词不明"),
        ("1,2023-02-13,S\x1bD", PLAN, "单元格含不可见"),
        ("9,2023-02-13,SD", PLAN, "不在p.csv中"),
        ("1,2023-02-13,SD", PLAN[:4], "需用--start指明"),
        (
            "1,2023-02-13,SD",
            ("--schedule", "inf", "--unit", "days"),
            "scans：--schedule应为两次检查之间的正数时间，而非inf；",
        ),
        ("1,2023-02-13,SD", ("--schedule", "9", "--unit", "fortnights"), "不是days、weeks、months、years之一；"),
        ("1,2023-02-13,SD", (*PLAN, "--missed", "-1"), "--missed应为不小于0的整数"),
        ("1,2023-02-13,SD", (*PLAN, "--words", "x=y"), "words=的含义为progression、free、unknown之一"),
    ],
)
def test_what_is_wrong_with_visits_is_told_in_chinese(row, options, part, tmp_path, capsys):
    (tmp_path / "p.csv").write_text(WARD)
    (tmp_path / "v.csv").write_text(f"patient_id,date,result\n{row}\n")
    code, said = told(["scans", str(tmp_path / "p.csv"), str(tmp_path / "v.csv"), *options], capsys)
    assert code in (2, 3)
    assert part in said
    assert english_in(said) == []


# ---- decision rules ---------------------------------------------------------------------------

TABULATED = {
    "thall_simon standard=34,124 go_above=0.95 stop_below=0.05 looks=10,20": "标准治疗的率为Beta(34, 124)",
    "thall_simon standard=34,124 go_above=0.9 looks=10 endpoint=DCR": "若P(疾病控制率(DCR) > 标准治疗的率) > 0.9，",
    "posterior_probability reference=X go_above=0.95 looks=10": "请写明null_rate",
    "posterior_probability reference=X margin=0.1 go_above=0.95 stop_below=0.1 looks=9": "幅度0.1（差值）",
    "posterior_probability value=0.2 futility_value=0.3 go_above=0.9 stop_below=0.1 looks=9": "若P(发生率 > 0.3) < 0.1",
    "predictive_probability value=0.2 success=0.9 stop_below=0.1 patients=20 looks=9": "以P(发生率 > 0.2) > 0.9为成功",
    "predictive_probability standard=3,9 success=0.9 patients=9 looks=5 final_prior={alpha=1,beta=2}": "为Beta(1, 2)",
    "bop2 rate=0.2 lambda=0.9 gamma=1 patients=20 looks=9 efficacy=obrien_fleming": "（O'Brien-Fleming），则提前",
    "bop2 rate=0.2 lambda=0.9 gamma=1 patients=20 looks=9 efficacy=1.5": "若其 > 1 - 0.1 (n/20)^1.5，则提前宣告成功",
    "toxicity limit=0.2 stop_above=0.9 looks=5,10 alternative_rate=0.4": "（把握度）",
    "precision width=0.3 looks=20,40": "<= 2或>= 18",
    "counts stop_at_most=1/10,5/29 null_rate=0.1": "29例中事件数>5时宣告成功",
}


@pytest.mark.parametrize("rule", TABULATED)
def test_a_rule_is_tabulated_in_chinese_with_the_numbers_of_the_english(rule, capsys):
    assert main(["monitor", "table", *rule.split()]) == 0
    english = capsys.readouterr().out
    code, said = told(["monitor", "table", *rule.split()], capsys)
    assert code == 0
    assert TABULATED[rule] in said
    assert english_in(said) == []
    plain = said.split("\n\n", 1)[1]
    assert not re.findall(r"\b(?:never|always|or|to|patients|if)\b", plain), plain
    numbers = [sorted(re.findall(r"0\.\d{3}", text.split("\n\n", 1)[1])) for text in (english, said)]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("part", ["table", "oc"])
@pytest.mark.parametrize("name", ["second_line_response_monitored", "second_line_pfs_monitored"])
def test_rules_of_an_analysis_are_told_in_its_language(part, name, tmp_path, capsys):
    text = bundled_analyses()[name].read_text(encoding="utf-8")
    stated = text.replace("[report]\n", '[report]\nlanguage = "zh"\n')
    stated += "" if "[report]" in text else '\n[report]\nlanguage = "zh"\n'
    (tmp_path / f"{name}.toml").write_text(stated, encoding="utf-8")
    code = main(["monitor", part, str(tmp_path / f"{name}.toml")])
    said = "".join(capsys.readouterr())
    assert told(["monitor", part, name], capsys) == (code, said)
    assert code == (0 if "response" in name else 2)
    assert ("真实发生率" if "response" in name else "未列表：精确枚举适用于发生率，而非中位时间。") in said
    rules = find_analysis(name).rules
    assert english_in(said, [*NAMES, *(r.rationale for r in rules), *(r.name for r in rules)]) == []


def test_what_is_found_of_rules_as_json_is_the_same_in_both_languages(capsys):
    typed = ["posterior_probability", "value=0.2", "looks=9,19"]
    for given in (
        ["table", "second_line_response_monitored"],
        ["oc", "second_line_response_monitored"],
        ["calibrate", *typed, "--false-alarm", "0.1"],
    ):
        shown = []
        for language in ("en", "zh"):
            assert main(["monitor", *given, "--json", "--language", language]) == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1]


def test_error_rates_and_a_calibration_of_a_rule_are_told_in_chinese(tmp_path, capsys):
    rates = ["posterior_probability", "reference=X", "go_above=0.95", "looks=10,20", "--rates", "0.3/0.3", "0.5/0.3"]
    code, said = told(["monitor", "oc", *rates], capsys)
    assert code == 0
    for part in ("真实方案组发生率 / 参照组发生率", "期望例数（两组合计）", "成功", "枚举了计数的所有路径"):
        assert part in said
    assert english_in(said) == []
    typed = ["bop2", "rate=0.2", "alternative_rate=0.4", "patients=20", "looks=10", "--false-alarm", "0.1"]
    code, said = told(["monitor", "calibrate", *typed], capsys)
    assert code == 0
    assert "（误判）" in said
    assert english_in(said) == []


@pytest.mark.parametrize("rule", ["bop2 rate=0.2 lambda=0.9 gamma=1 patients=20 looks=9", "posterior_probability "
                                  "reference=X go_above=0.95 stop_below=0.1 looks=9,20"])  # fmt: skip
def test_boundaries_are_drawn_in_chinese(rule, tmp_path, capsys):
    code, _ = told(["monitor", "table", *rule.split(), "--figure", str(tmp_path / "b")], capsys)
    assert code == 0
    texts = re.findall(r">([^<>]+)</text>", (tmp_path / "b.svg").read_text(encoding="utf-8"))
    assert [t for t in texts if re.search("[a-z]{2,}", re.sub("bop2|posterior.probability|&[gl]t;", "", t))] == []


RULES_WRONG = {
    "table thall_simon": "须给出standard",
    "table thall_simon standard=34,124 looks=10 go_above=2": "go_above为0～1之间的概率，而非2（是否指0.02？）",
    "table thall_simon standard=34,124 looks=10 go_above=0.9 foo=3": "foo：未知的键；此处可用kind、name、",
    "table thall_simon standard=34,124 go_above=0.9": "thall_simon：请写明looks",
    "table thall_simon standard=34,124 go_above=0.9 looks": "'looks'不是KEY=VALUE的形式",
    "table thall_simon standard=34,124 go_above=0.9 looks=20,10": "looks：10不能在20之后",
    "table thall_simon --rule x": "--rule用于选择分析中的规则",
    "table second_line_response_monitored looks=3": "KEY=VALUE用于规则类型（posterior_probability、",
    "table second_line_response_monitored --rule deths": "的规则为efficacy、predicted success、deaths。是否指",
    "table second_line_response --rule x": "没有[[monitoring]]规则",
    "oc second_line_response_monitored --rule deaths --rates 1.3": "deaths：真实发生率应在0～1之间，而非1.3（是否",
    "oc posterior_probability reference=c go_above=0.9 looks=10": "或给出真实发生率（regimen、reference）",
    "calibrate precision width=0.2 looks=10 --false-alarm 0.1": "precision：请给出null_rate",
    "calibrate bop2 rate=0.2 patients=40 looks=10 --false-alarm 0.1": "bop2：请给出alternative_rate",
    "calibrate toxicity limit=0.2 looks=10 --false-alarm 2": "所要求的误判概率应在0～1之间",
    "table counts stop_at_most=12/10": "stop_at_most：12/10的事件数多于例数",
    "table posterior_probability go_above=0.9 looks=10": "请给出reference（方案）或value（固定值）之一",
}


@pytest.mark.parametrize("wrong", RULES_WRONG)
def test_what_is_wrong_with_a_rule_is_told_in_chinese(wrong, capsys):
    code, said = told(["monitor", *wrong.split()], capsys)
    assert code == 2
    assert RULES_WRONG[wrong] in said
    assert english_in(said, ["predicted success"]) == []


# ---- strata, smooth hazards, medians beyond follow-up -----------------------------------------

BEYOND = "the median lies beyond the 10 months for which every regimen was followed: "
APART = "these patients cannot tell apart {}: they always change together."


def test_shares_of_draws_are_translated_one_by_one():
    """It read "B与A相比为B, 61%的抽样为60%的抽样": one pattern matched across the list."""
    shares = "60 % of the draws for B, 9 % of the draws for A, 61 % of the draws for B against A."
    said = in_chinese(BEYOND + shares)
    assert said == "中位时间超出各方案共同随访时间（10个月）的抽样比例：B为60%；A为9%；B与A的比较为61%。"
    own = frozenset({"B, or C", "A against D"})
    said = in_chinese(f"{BEYOND}60 % of the draws for B, or C, 7 % of the draws for A against D.", own)
    assert said.endswith("：B, or C为60%；A against D为7%。")


EFFECTS = {
    "the hazard of line = B and B against A": "line = B的风险率和B与A的差别",
    "the hazard of line = 一线, 初治, the hazard of line = 二线, 复治 and B against A": "line = 一线, 初治的风险率、"
    "line = 二线, 复治的风险率和B与A的差别",
    "the hazard of line = 一线, 初治 and the hazard of line = 二线, 复治": "line = 一线, 初治的风险率和line = 二线, "
    "复治的风险率",
    "the hazard of line = 1, pd_l1 = high, B against A, ecog and nlr": "line = 1, pd_l1 = high的风险率、B与A的差别、"
    "ecog和nlr",
    "the hazard on A, the hazard on B and nlr": "A组的风险率、B组的风险率和nlr",
    "the response on A, the response on B and nlr": "A组的缓解率、B组的缓解率和nlr",
}


@pytest.mark.parametrize("effects", EFFECTS)
def test_effects_that_cannot_be_told_apart_are_named_in_chinese(effects):
    """It read "these patients无法区分the hazard of line = B and B与A相比"."""
    assert in_chinese(APART.format(effects)) == f"这些患者无法区分{EFFECTS[effects]}：它们总是同时变化。"


def test_what_a_person_wrote_of_a_prior_is_not_taken_for_a_refusal():
    written = "Chosen by the team. A wide prior is needed. The old one cannot be used."
    assert in_chinese(written) == written


def test_an_effect_of_which_nothing_is_said_is_named_in_chinese():
    said = in_chinese("these studies say nothing of the slope on nlr: it is the same in all of them.")
    assert said == "这些研究不提供关于nlr的斜率的信息：其取值均相同。"


@pytest.mark.parametrize(("unit", "chinese"), [("months", "月"), ("days", "天")])
def test_intervals_without_events_are_told_in_chinese(unit, chinese):
    """It read "在2to 4, 6 on months之间没有事件"."""
    said = in_chinese(f"no event of line = 一线, 初治 lies between 2 to 4, 6 on {unit}.")
    assert said == f"line = 一线, 初治在2～4、6以后（{chinese}）之间没有事件。"


def _of_strata(tmp_path, model):
    """An analysis of twelve patients of two strata, on A in the first and on B in the second."""
    rows = [
        (f"P{i}", "AB"[i % 2], 3 + i, int(i % 3 != 1), ("一线, 初治", "二线")[i % 2], 50 + i % 5, i // 2 % 2)
        for i in range(12)
    ]
    columns = ["patient_id", "regimen", "months", "event", "line", "x", "liver"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "t.csv", index=False)
    path = tmp_path / "t.toml"
    path.write_text(FILE + model + "\n", encoding="utf-8")
    return str(path)


def test_strata_whose_names_hold_commas_are_listed_and_told_apart_in_chinese(tmp_path, capsys):
    model = 'strata = ["line"]\n[estimands]\ntimes = [30]\nhorizons = [12]'
    code, said = told(["check", _of_strata(tmp_path, model)], capsys)
    assert code == 0, said
    for part in (
        "有各自基线风险率的分层：line = 一线, 初治：6例患者，4例事件；line = 二线：6例患者，4例事件。",
        "某分层的所有患者均用同一方案：line = 一线, 初治 (A)；line = 二线 (B)。",
        "以下分层无人随访至30个月：line = 一线, 初治（13个月）；line = 二线（14个月）。",
        "这些患者无法区分line = 二线的风险率和B与A的差别：它们总是同时变化。",
    ):
        assert part in said
    assert english_in(said, ["Q?"]) == []


STRATA_WRONG = {
    'strata = ["lin"]': "model.strata：没有'lin'列；现有列为",
    'strata = ["x"]\ncovariates = ["x"]': "x已是协变量，而各分层的基线",
    'strata = ["line"]\nfrailty = "line"': "line已是frailty的列",
    'strata = ["regimen"]': "方案是比较的对象，不能作为分层",
    'strata = ["line"]\nregimen_effect = "stratified"': "使每种方案的风险率有各自的形状",
    'strata = ["line"]\nregimen_effect = "nonproportional"': "或逐层分析([data] where)",
    'strata_levels = ["first"]': "model.strata_levels：需要strata",
    'strata = ["line", "x"]\nstrata_levels = ["a", "b"]': "每层写作line、x的类别，而非['a', 'b']",
    'strata = ["line"]\nstrata_levels = ["二线"]': "没有分层line = 一线, 初治：本模型的分层为line = 二线。请更正写法",
    'strata = ["line"]\n[estimands]\npopulation = { line = "三线" }': "没有分层'line = 三线'；现有line = 一线",
    'strata = ["line"]\n[estimands]\npopulation = { rows = [{ line = "三线" }] }': "没有分层line = 三线：拟合所用患者",
    'strata = ["line"]\ncovariates = ["x"]\n[estimands]\npopulation = { x = 1 }': "必须给出line，它是model.strata的列",
    'covariates = ["x"]\n[estimands]\npopulation = { x = 1, nosuch = 2 }': "nosuch不是此处的协变量。",
    'covariates = ["x"]\n[estimands]\npopulation = { nosuch = 2 }': "无法描述该患者：2个问题",
    'covariates = ["liver", "x"]\n[estimands]\npopulation = { x = 2 }': "  - 必须给出liver\n",
    'covariates = ["x"]\n[estimands]\npopulation = { x = "high" }': "x = 'high'不能使用",
    'baseline = "m_spline"\nregimen_effect = "nonproportional"': '"m_spline"风险率可用',
    'baseline = "gompertz"\nregimen_effect = "nonproportional"': '"gompertz"风险率可用',
    'baseline = "weibull_cure"\nregimen_effect = "nonproportional"': '"weibull_cure"风险率可用',
    'baseline = "weibull_cure"\nregimen_effect = "accelerated"': "各方案的长期无事件比例相同",
    'regimen_effect = "accelerated"': '用于baseline = "log_logistic"、"log_normal"、"gompertz"；',
    'baseline = "m_spline"\nreference_time = 3': "m_spline的水平为零时刻的风险率",
    "knots = [2, 5]": '需要baseline = "m_spline"，而非"weibull"',
    'baselines = "own"': '"own"用于已发表组，而此处没有',
}


@pytest.mark.parametrize("wrong", STRATA_WRONG)
def test_what_is_wrong_with_strata_and_smooth_hazards_is_told_in_chinese(wrong, tmp_path, capsys):
    code, said = told(["check", _of_strata(tmp_path, wrong)], capsys)
    assert code in (2, 3), said
    assert STRATA_WRONG[wrong] in said
    assert english_in(said) == []


def test_a_column_of_too_many_strata_and_a_check_across_strata_are_refused_in_chinese(tmp_path, capsys):
    path = _of_strata(tmp_path, 'strata = ["line"]')
    code, said = told(["proportional-hazards", path], capsys)
    assert code == 2
    assert "比例风险检验：各分层风险率的形状本已不同，无法跨层检验；" in said
    assert english_in(said) == []
    path = _of_strata(tmp_path, 'strata = ["line", "x"]')
    rows = [(f"P{i}", "AB"[i % 2], 3 + i, 1, i // 2, i % 2) for i in range(80)]
    columns = ["patient_id", "regimen", "months", "event", "line", "x"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "t.csv", index=False)
    code, said = told(["check", path], capsys)
    assert code == 2
    assert "model.strata：line、x分出80层，多于24层；" in said
    assert english_in(said) == []


def test_what_cannot_stand_beside_published_arms_is_told_in_chinese(tmp_path):
    from bayes_escc.report.refusals import refusal_in_chinese
    from bayes_escc.runs.run import prepare_design
    from tests.helpers.published_survival import analysis, write_everything

    write_everything(tmp_path)
    content = json.loads(analysis(tmp_path).content)
    for stated, part in (
        ({"strata": ["line"]}, "model.strata：不能与已发表组同用"),
        ({"baseline": "m_spline"}, '"m_spline"不能与已发表组同用'),
        ({"frailty": "line"}, "其患者没有所属中心"),
        ({"regimen_effect": "stratified"}, '与已发表组同用时须为"proportional"'),
    ):
        changed = {**content, "model": {k: v for k, v in content["model"].items() if k != "cutpoints"} | stated}
        spec = be.Analysis.from_dict(changed, folder=tmp_path)
        with pytest.raises(be.AnalysisError) as caught:
            prepare_design(spec, spec.load_table())
        said = refusal_in_chinese(str(caught.value))
        assert "本组患者与已发表组不能合在一起：" in said
        assert part in said
        assert english_in(said) == []


def test_priors_and_estimates_of_survival_models_are_named_in_chinese():
    from bayes_escc.families.survival.spec import DEFAULT_PRIORS
    from bayes_escc.report.quantities import name_of

    for role, (prior, _) in DEFAULT_PRIORS.items():
        assert english_in(in_chinese(prior.rationale)) == [], role
    old = in_chinese("Hazards of neighbouring intervals are alike within a factor of 2.7.")
    assert old == "相邻时间段的风险率相差不超过2.7倍。"
    said = in_chinese("log hazard at time zero ~ Normal(-2, 5): 95 % between -12 and 7.6.")
    assert said == "零时刻的对数风险率 ~ Normal(-2, 5)：95%位于-12与7.6之间。"
    assert name_of({"estimand": "drift_sd"}, language="zh") == "相邻对数风险率之差的标准差"
    assert name_of({"estimand": "drift_sd"}) == "drift sd"
    assert in_chinese("one baseline for all") == "各层共用一个基线"
    assert in_chinese("strata") == "分层"


def test_what_ships_is_listed_in_chinese(tmp_path, capsys):
    from bayes_escc.evidence import DATASETS

    code, said = told(["datasets"], capsys)
    assert code == 0
    assert "second_line_medians（中位时间(medians)）" in said
    assert english_in(said, [d.title for d in DATASETS.values()]) == []
    for name in DATASETS:
        code, said = told(["datasets", name], capsys)
        assert code == 0
        assert ("来源：" in said) != (DATASETS[name].title in said)  # simulated patients have no source
        assert ("按原文保留，含其错误" in said) == DATASETS[name].flawed
    assert "没有数据集'nosuch'" in told(["datasets", "nosuch"], capsys)[1]
    copied = ["models", "second_line_response", "--copy", str(tmp_path / "c.toml")]
    assert f"已写入{tmp_path / 'c.toml'}；运行：bayes-escc run" in told(copied, capsys)[1]
    code, said = told(copied, capsys)
    assert code == 2
    assert "c.toml已存在；请另指定文件。" in said
    code, said = told(["models", "--copy", str(tmp_path / "d.toml")], capsys)
    assert "--copy需要分析的名称" in said
    shown = []
    for language in ("en", "zh"):
        assert main(["datasets", "second_line_medians", "--json", "--language", language]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


def test_every_command_that_answers_a_person_takes_a_language():
    """All but those that answer in the language of what they read, or are a page of their own."""
    import argparse

    from bayes_escc.cli.entry import _parser

    def leaves(parser):
        below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        return [leaf for a in below for p in a.choices.values() for leaf in leaves(p)] or [parser]

    without = [p.prog for p in leaves(_parser()) if "--language" not in p._option_string_actions]
    assert without == []


_DESIGN = """id = "d"
[design]
arms = {arms}
patients = {patients}
[accrual]
rate = {rate}
[endpoints]
{endpoints}
{truths}
{rules}
"""
_TRUTH = '[[truths]]\nname = "n"\nshould_go = false\nORR = 0.2'
_RULE = (
    '[[monitoring]]\nkind = "posterior_probability"\nestimand = "rate"\nreference = "a"\n'
    "go_above = 0.9\nstop_below = 0.1\nlooks = [{ patients = 40 }]"
)
_STATED = {
    "arms": "{ a = 1, b = 1 }",
    "patients": "[40, 60]",
    "rate": "3",
    "endpoints": "ORR = { assessed_after = 2 }",
    "truths": _TRUTH,
    "rules": _RULE,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"arms": "{ a = 0, b = 99 }"},
        {"arms": "3", "patients": "1", "rate": "[[1, 2]]", "endpoints": "", "truths": "", "rules": ""},
        {"patients": "[60, 40]"},
        {"truths": _TRUTH.replace("0.2", "{ a = 0.2, c = 0.3 }")},
        {"truths": f"{_TRUTH}\n{_TRUTH}"},
        {"rules": ""},
        {"rules": _RULE.replace("0.9", "0.05")},
        {"rules": _RULE.replace("{ patients = 40 }", "{}")},
        {"rules": _RULE.replace('"a"', '"q"')},
        {"rules": _RULE.replace("patients", "events")},
        {"rules": f"{_RULE}\n[calibration]\nkey = 'zz'\ntruths = ['q']\nfalse_alarm = 0.1"},
    ],
)
def test_what_is_wrong_with_a_design_is_told_in_chinese(changed, tmp_path, capsys):
    """They were English; a design without rules and without an analysis ended in a traceback."""
    (tmp_path / "d.toml").write_text(_DESIGN.format(**{**_STATED, **changed}))
    assert main(["design", "check", str(tmp_path / "d.toml"), "--language", "zh"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) > 1
    for line in told:
        assert re.search("[\u4e00-\u9fff]", line), line
        assert ": " not in line.removeprefix("bayes-escc: "), line


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["run", "{0}/a.toml", "--out", "{0}/c.csv"], "无法写入"),
        (["models", "second_line_response", "--copy", "{0}/c.csv/x.toml"], "无法写入"),
        (["report", "{0}"], "没有可成页的结果"),
        (["pool", "{0}/none.csv"], "既非文件，也非效应数据集"),
        (["design", "nope"], "没有设计'nope'"),
        (["design", "second_line_single_arm", "--trials", "0"], "--trials应为不小于1的整数"),
        (["tipping", "A=1/2", "B=3/4", "--level", "80"], "是否指0.8"),
    ],
)
def test_what_cannot_be_opened_or_written_is_told_in_chinese(given, said, tmp_path, capsys):
    (tmp_path / "c.csv").write_text("study,regimen,endpoint,events,n\nA,x,ORR,7,31\nB,y,ORR,12,40\n")
    (tmp_path / "a.toml").write_text(
        'id = "a"\n[data]\nkind = "counts"\nfile = "c.csv"\nendpoint = "ORR"\n[model]\nfamily = "response"\n'
    )
    assert main([g.format(tmp_path) for g in given] + ["--language", "zh"]) in (2, 5)
    assert said in capsys.readouterr().err


def test_an_interrupt_is_told_in_the_language_of_the_answer(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("bayes_escc.runs.prompt_counts.compare_counts", interrupted)
    assert main(["compare", "A=1/2", "B=3/4", "--language", "zh"]) == 130
    assert capsys.readouterr().err == "bayes-escc: 已中断，未留下写了一半的文件。\n"


def test_a_decision_has_one_word_in_a_run_a_table_a_figure_and_a_design():
    """`go` was 通过 in a run and 成功 in a design, `stop` 停止 and 终止."""
    from bayes_escc.report.chinese import figure_in_chinese
    from bayes_escc.report.monitoring_words import _DECISIONS, _LIMITS
    from bayes_escc.report.rule_words import RULE_WORDS
    from bayes_escc.trials.page_words import DESIGN_WORDS

    for decision, word in (("go", "成功"), ("stop", "终止")):
        assert _DECISIONS[decision] == RULE_WORDS[decision]["zh"] == figure_in_chinese(decision) == word
        assert word in DESIGN_WORDS[f"p_{decision}"]["zh"]
        assert word in DESIGN_WORDS[f"term_{decision}"]["zh"]
    assert all(("成功" if key.startswith("go") else "终止") in said for key, said in _LIMITS.items())
    for drawn in ("rule: go above 0.9", "rule: stop below 0.1"):
        assert not re.search("通过|停止", figure_in_chinese(drawn))


def _told_in_chinese(text):
    """Whether one variant of a sentence of the source is Chinese, as a reader meets it."""
    from bayes_escc.report.chinese import in_chinese
    from bayes_escc.report.refusals import refusal_in_chinese

    full = text.strip() if text.strip().endswith((".", "?")) else f"{text.strip()}."
    told = (in_chinese(full), refusal_in_chinese(f"  - {full.rstrip('.')}"))
    return "" in told or any(
        re.search("[\u4e00-\u9fff]", t) and not re.search(r"\b[a-z]+ [a-z]+ [a-z]+\b", t) for t in told
    )


PASSED_ON = (
    "{self.name}: {self.not_exact}.", "{rule.name}: {rule.not_exact}.", "{error}.'", "{'; '.join(wrong)}.",
    "{planned.rule.not_calibrated}", "{arm}: {message}", "{label} cannot be used.", "{listed}'", "a look is {some}",
    "{inside} the true rates", "{said} alone;", "{said}; say at which", "{said}, more than the {most}",
    "ci_prob {wrong[0]}", "{path.name} {what}.", "left out'", "are read with {first.en}", "First rows: {seen}",
)  # fmt: skip
"""Sentences that are put together of others, which are translated as they are."""


@pytest.mark.parametrize("room", ["rules", "evidence/population", "trials", "evidence/sheet"])
def test_every_refusal_and_note_of_a_room_has_its_chinese(room):
    """About 130 refusals of designs, rules and published arms reached a Chinese reader in English."""
    from tests.helpers.messages import messages

    found = list(messages(room))
    assert len(found) > 20
    missing = [
        f"{m.place}: {m.source}"
        for m in found
        if not any(part in m.source for part in PASSED_ON) and not any(map(_told_in_chinese, m.variants[:600]))
    ]
    assert missing == []
