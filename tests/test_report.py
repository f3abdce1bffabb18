"""The page: every number from page.json, nothing from a table as markup, one language, nothing asked of the outside."""

from __future__ import annotations

import json
import math
import re
import zipfile
from html import unescape

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.answers.companions import cox, fisher, log_rank
from bayes_escc.cli.entry import main
from bayes_escc.errors import RecordError
from bayes_escc.report.page import sections
from bayes_escc.report.page_lists import CHECKLISTS, LIMITATIONS
from bayes_escc.report.page_words import TITLES, WORDS
from bayes_escc.report.view import View
from bayes_escc.runs.baseline import baseline_rows, standardised_difference
from bayes_escc.runs.report import Source, chapters_of, folder_source, write_report
from bayes_escc.runs.run import run_analysis
from tests.helpers.words import FORBIDDEN

HOSTILE = "<script>alert('x')</script> & \"co\""


def counts_file(folder, name="B"):
    frame = pd.DataFrame(
        {"study": ["one", "two"], "regimen": ["A", name], "endpoint": "ORR", "events": [10, 12], "n": [29, 35]}
    )
    frame.to_csv(folder / "counts.csv", index=False)


def run(folder, out, name="B", **changes):
    counts_file(folder, name)
    content = {
        "id": "mine",
        "title": f"A against {name}",
        "question": "Which?",
        "data": {"kind": "counts", "file": "counts.csv"},
        "comparisons": [{"estimand": "rate", "reference": "A", "margin": 0.1}],
    }
    analysis = be.Analysis.from_dict({**content, **changes}, folder=folder)
    return run_analysis(analysis, out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("results")
    run(place, place / "out")
    return place / "out"


def text_of(html):
    body = re.sub(r"<style.*?</style>|<svg.*?</svg>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", body))


def test_the_page_is_one_offline_file_of_the_same_bytes(folder, tmp_path):
    (page,) = write_report([folder], tmp_path / "a")
    html = page.read_text(encoding="utf-8")
    assert write_report([folder], tmp_path / "b")[0].read_bytes() == page.read_bytes()
    assert "<script" not in html
    for address in re.findall(r"https?://[^\s\"'<>]+", html):
        assert address.startswith(("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")), address
    assert "default-src 'none'" in html
    identifiers = re.findall(r'\bid="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))
    for target in re.findall(r'href="#([^"]+)"', html):
        assert target in identifiers
    for section in TITLES:
        assert section in identifiers


def test_nothing_from_a_table_becomes_markup(tmp_path):
    run(tmp_path, tmp_path / "out", HOSTILE)
    (page,) = write_report([tmp_path / "out"], language="both")
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "alert(&#39;x&#39;)" in html
    assert HOSTILE in text_of(html)


def test_every_probability_on_the_page_is_that_of_page_json(folder):
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert facts["result"] == result
    (row,) = result["comparisons"]
    for language in ("en", "zh"):
        (table,) = [
            b for s in sections(facts, language) if s.anchor == "probability" for b in s.blocks if hasattr(b, "rows")
        ]
        assert f"{row['probability_better_with_bias']:.3f}" in table.rows[0]
        assert f"{row['probability_better']:.3f}" in table.rows[0]
    changed = json.loads(json.dumps(facts).replace('"n": 29', '"n": 31'))
    said = str(sections(changed, "en"))
    assert "10/31" in said
    assert "10/29" not in said


def test_chinese_pages_hold_no_english_phrase_and_no_page_claims_too_much(folder, tmp_path):
    (page,) = write_report([folder], tmp_path, language="zh")
    said = text_of(page.read_text(encoding="utf-8"))
    assert 'lang="zh-CN"' in page.read_text(encoding="utf-8")
    for key, phrase in WORDS.items():
        english = phrase["en"].partition("{")[0].strip()
        if len(english) > 12 and english not in phrase["zh"] and not key.startswith("design_"):
            assert english not in said, key
    for table in (WORDS, TITLES, LIMITATIONS):
        for phrase in table.values():
            assert set(phrase) == {"en", "zh"}
            for words in phrase.values():
                assert not FORBIDDEN.search(words.replace("effective sample", "").replace("有效样本", "")), words


def test_what_is_absent_is_named_and_counted(folder, tmp_path):
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    states = {s.anchor: s.status for s in sections(facts, "en")}
    assert (states["estimand"], states["design"], states["sensitivity"]) == ("missing",) * 3
    assert (states["km"], states["borrowing"]) == ("not applicable",) * 2
    for rows in CHECKLISTS.values():
        assert {anchor for _, anchor in rows} <= set(states)
    stated = {
        "estimand": {
            "population": "second line",
            "death": "event",
            "new_therapy": "ignore",
            "missed_scans": "last scan",
        },
        "report": {
            "language": "zh",
            "study": dict.fromkeys(("setting", "centres", "period", "ethics", "registration"), "x"),
        },
        "comparisons": [{"estimand": "rate", "margin": 0.1, "rationale": "ten points", "fixed": "before"}],
    }
    run(tmp_path, tmp_path / "out", **stated)
    full = json.loads((tmp_path / "out" / "page.json").read_text(encoding="utf-8"))
    states = {s.anchor: s.status for s in sections(full, "en")}
    assert (states["estimand"], states["design"], states["probability"]) == ("present",) * 3
    assert 'lang="zh-CN"' in write_report([tmp_path / "out"])[0].read_text(encoding="utf-8")
    with pytest.raises(be.AnalysisError, match=r"estimand.death.*'cured'"):
        be.Analysis.from_dict({"estimand": {"death": "cured"}, "data": {"kind": "counts"}})


def test_a_failed_fit_has_no_headline_and_nothing_to_copy(folder):
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    facts["result"]["diagnostics"] |= {"converged": False, "messages": ["R-hat is 1.2."]}
    made = {s.anchor: s for s in sections(facts, "en")}
    assert "NOT CONVERGED" in made["headline"].blocks[0].text
    assert made["headline"].blocks[0].alarm
    assert (made["paste"].status, made["probability"].status) == ("missing", "missing")


def test_the_word_file_is_the_same_twice_and_holds_tables_figures_and_chinese(folder, tmp_path):
    paths = [write_report([folder], tmp_path / name, language="both", word=True)[1] for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        text = archive.read("word/document.xml").decode()
        assert "研究问题与估计目标" in text
        assert "w:tblHeader" in text
        assert "w:eastAsia" in archive.read("word/styles.xml").decode()
        assert len([n for n in archive.namelist() if n.startswith("word/media/")]) >= 2
        assert 'w:w="11906"' in text


def test_a_folder_that_was_changed_or_is_none_of_ours_is_refused(folder, tmp_path):
    with pytest.raises(RecordError, match="holds no results"):
        write_report([tmp_path])
    run(tmp_path, tmp_path / "out")
    (tmp_path / "out" / "rates.svg").write_text("<svg><script>alert(1)</script></svg>")
    with pytest.raises(RecordError, match=r"rates.svg is not as the run left it"):
        write_report([tmp_path / "out"])


def test_standardised_differences():
    a, b = [1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 7.0]
    spread = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)
    assert standardised_difference(a, b, numeric=True) == pytest.approx(1.5 / spread)
    # two levels: the difference of proportions over its pooled spread
    x, y = ["0"] * 6 + ["1"] * 4, ["0"] * 2 + ["1"] * 8
    assert standardised_difference(x, y, numeric=False) == pytest.approx(0.4 / math.sqrt((0.24 + 0.16) / 2))
    assert standardised_difference(["a"], ["b"], numeric=False) is None
    assert standardised_difference([1.0, 1.0], [1.0, 1.0], numeric=True) is None
    (row,) = baseline_rows(["A", "A", "B", "B"], {"site": ["x", "", "y", "y"]})
    assert (row["overlap"], row["missing"], row["levels"]["y"]) == (False, {"A": 1, "B": 0}, {"A": 0, "B": 2})


def test_companions_against_scipy_and_the_hypergeometric_moments():
    from scipy.stats import CensoredData, chi2, fisher_exact, logrank

    for table in ([[10, 19], [12, 23]], [[0, 9], [7, 0]], [[1, 30], [5, 2]]):
        (a, b), (c, d) = table
        assert fisher(a, a + b, c, c + d) == pytest.approx(fisher_exact(table).pvalue)
    rng = np.random.default_rng(3)
    stop, event, second = rng.integers(1, 12, 40).astype(float), rng.random(40) < 0.7, np.arange(40) % 2 == 1
    groups = [CensoredData.right_censored(stop[g], ~event[g]) for g in (second, ~second)]
    found = log_rank(stop, event, second, np.zeros(40))
    assert math.erfc(math.sqrt(found / 2)) == pytest.approx(logrank(*groups).pvalue)
    assert chi2.sf(found, 1) == pytest.approx(math.erfc(math.sqrt(found / 2)))
    # one of two patients fails: expected 1/2, variance 1/4; the last alone says nothing
    both = np.array([True, True])
    assert log_rank(np.array([1.0, 2.0]), both, np.array([False, True]), np.zeros(2)) == pytest.approx(1.0)


REMISSION = (
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
    [
        2.31,
        4.06,
        3.28,
        3.20,
        4.43,
        2.80,
        2.96,
        2.70,
        2.60,
        2.88,
        3.60,
        2.16,
        2.05,
        2.01,
        2.32,
        2.57,
        1.78,
        2.20,
        2.53,
        1.47,
        1.45,
    ],
)
PLACEBO = (
    [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23],
    [
        2.80,
        5.00,
        4.91,
        4.48,
        4.01,
        4.36,
        2.42,
        3.49,
        3.97,
        3.52,
        3.05,
        2.32,
        3.26,
        3.49,
        2.12,
        1.50,
        3.06,
        2.30,
        2.95,
        2.73,
        1.97,
    ],
)
"""Freireich and others (Blood 1963;21:699-716): weeks of remission and log white cell counts, 6-MP and placebo."""


def remission():
    stop = np.array(REMISSION[0] + PLACEBO[0], dtype=float)
    event = np.array(REMISSION[1] + [1] * 21, dtype=bool)
    return stop, event, np.repeat([0.0, 1.0], 21), np.array(REMISSION[2] + PLACEBO[1])


def test_cox_gives_the_published_values_with_tied_events():
    stop, event, placebo, white_cells = remission()
    alone = cox(stop, event, placebo[:, None])
    # the values of survival's coxph (Efron) that textbooks print for these data
    assert alone.coefficients == pytest.approx([1.5721], abs=5e-5)
    assert alone.errors == pytest.approx([0.4124], abs=5e-5)
    assert 2 * (alone.log_likelihood - alone.null_log_likelihood) == pytest.approx(16.35, abs=0.005)
    both = cox(stop, event, np.column_stack([placebo, white_cells]))
    assert both.coefficients == pytest.approx([1.3861, 1.6909], abs=5e-5)
    assert both.errors == pytest.approx([0.4248, 0.3359], abs=5e-5)


def test_cox_follows_units_labels_and_the_order_of_patients():
    stop, event, placebo, white_cells = remission()
    x = np.column_stack([placebo, white_cells])
    plain = cox(stop, event, x)
    order = np.random.default_rng(1).permutation(42)
    again = cox(7.0 * stop[order], event[order], (x * [-1.0, 10.0] + 3.0)[order])
    assert again.coefficients == pytest.approx(plain.coefficients * [-1.0, 0.1], rel=1e-6)
    assert again.errors == pytest.approx(plain.errors * [1.0, 0.1], rel=1e-6)
    assert again.log_likelihood == pytest.approx(plain.log_likelihood)
    late = cox(stop, event, x, np.full(42, 1e-9))
    assert late.coefficients == pytest.approx(plain.coefficients)
    separated = cox(
        np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, False]), np.array([[1.0], [1], [0], [0]])
    )
    assert not separated.converged


@pytest.mark.parametrize("first", ["A", "B", "C"])
def test_an_arm_without_events_has_a_page_and_no_hazard_ratio_whichever_is_the_reference(first, tmp_path):
    """Of three arms the likelihood flattens out long before a coefficient is large: its error is what gives it away."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"patient_id": np.arange(45), "regimen": list("ABC") * 15, "time": rng.uniform(1, 14, 45)})
    frame["event"] = ((frame["regimen"] != "B") & (rng.random(45) < 0.7)).astype(int)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    content = {
        "data": {"kind": "patients", "file": "rows.csv", "time_unit": "months", "time": "time", "event": "event"},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": {"hazard": {"distribution": "Gamma", "alpha": 0.5, "beta": 4, "rationale": "Weak."}},
        "estimands": {"times": [3], "horizons": [6]},
        "comparisons": [{"estimand": "median", "reference": first}],
    }
    content["data"]["regimens"] = [first, *(r for r in "ABC" if r != first)]
    run_analysis(be.Analysis.from_dict(content, folder=tmp_path), tmp_path / "out", figures=False)
    (fitted,) = (
        c for c in json.loads((tmp_path / "out" / "page.json").read_text())["companions"] if c["kind"] == "cox"
    )
    assert not fitted["converged"]
    assert {r["hazard_ratio"] for r in fitted["rows"]} == {None}
    assert "no finite estimate" in be.Report(tmp_path / "out", language="en").html


def test_a_patient_who_leaves_and_comes_back_at_once_changes_no_companion():
    """One row of follow-up is two, the first censored where the second begins; entering late is another thing."""
    stop, event, placebo, white_cells = remission()
    covariates = np.column_stack([placebo, white_cells])
    cut = np.where(stop > 2, np.floor(stop / 2), stop / 2)
    halves = {
        "stop": np.concatenate([cut, stop]),
        "event": np.concatenate([np.zeros_like(event), event]),
        "start": np.concatenate([np.zeros_like(stop), cut]),
    }
    whole, split = cox(stop, event, covariates), cox(covariates=np.tile(covariates, (2, 1)), **halves)
    assert split.coefficients == pytest.approx(whole.coefficients, rel=1e-6)
    assert split.errors == pytest.approx(whole.errors, rel=1e-6)
    assert split.log_likelihood == pytest.approx(whole.log_likelihood)
    second = placebo == 1
    whole_test = log_rank(stop, event, second, np.zeros_like(stop))
    assert log_rank(second=np.tile(second, 2), **halves) == pytest.approx(whole_test)
    late = np.where(second, cut, 0.0)
    assert log_rank(stop, event, second, late) > 1.2 * whole_test  # fewer at risk, as many events


def test_the_catalogue_translates_what_the_package_says_and_keeps_what_people_say():
    from bayes_escc.report.chinese import in_chinese

    said = in_chinese(
        "rate ~ Beta(1, 1): 95 % between 0.025 and 0.975. Uniform: no regimen is favoured before the data."
    )
    assert said == "发生率 ~ Beta(1, 1)：95%位于0.025与0.975之间。均匀先验：见到数据之前不偏向任何方案。"
    assert in_chinese("median PFS of a reference patient ~ X: 95 % between 1 and 13 months. Our own reason.").endswith(
        "95%位于1与13个月之间。Our own reason."
    )
    assert in_chinese("Somebody's own sentence.") == "Somebody's own sentence."


def test_what_one_bias_tips_stands_in_one_row(tmp_path):
    """Under proportional hazards a bias tips the median and the hazard ratio alike."""
    times = [2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
    frame = pd.DataFrame({"regimen": ["A"] * 6 + ["B"] * 6, "months": [*times, *(1.5 * t for t in times)], "pd": 1})
    frame.assign(patient_id=range(12)).to_csv(tmp_path / "p.csv", index=False)
    content = {
        "id": "mine",
        "question": "Which?",
        "data": {"kind": "patients", "file": "p.csv", "time": "months", "event": "pd", "time_unit": "months"},
        "model": {"family": "survival", "baseline": "exponential"},
        "comparisons": [{"estimand": e, "reference": "A"} for e in ("median", "hazard_ratio")],
        "sampling": {"sampler": "laplace"},
    }
    run_analysis(be.Analysis.from_dict(content, folder=tmp_path), tmp_path / "out", figures=False)
    facts = json.loads((tmp_path / "out" / "page.json").read_text(encoding="utf-8"))
    title = WORDS["tipping_table"]["en"]
    tables = [b for s in sections(facts, "en", []) for b in s.blocks if getattr(b, "title", None) == title]
    assert len(tables) == 1
    assert [row[2] for row in tables[0].rows] == ["0.5", "0.8", "0.95"]
    assert all("median" in row[0] and "hazard ratio" in row[0] for row in tables[0].rows)


def test_chapters_come_as_papers_report_them_and_not_by_the_alphabet(folder):
    source = folder_source(folder)

    def of(title, *endpoints, family="synthesis"):
        facts = json.loads(json.dumps(source.facts))
        row = facts["result"]["estimates"][0]
        facts["result"]["analysis"] |= {"title": title, "family": family}
        facts["result"]["estimates"] = [{**row, "endpoint": e} for e in endpoints or (None,)]
        facts["result"]["comparisons"] = []
        return Source(facts, lambda language: {}, folder)

    given = [of("toxic", "grade3plus_TRAE", "SAE"), of("other", "quality of life"), of("rates", "DCR", "ORR")]
    given += [of("death", "OS"), of("curves", family="survival"), of("pooled", "PFS")]
    shown = [(c.language, c.title) for c in chapters_of(given, "both")]
    expected = ["curves", "pooled", "death", "rates", "toxic", "other"]
    assert shown == [(language, title) for language in ("en", "zh") for title in expected]


def test_a_run_answers_in_the_language_asked_for_or_stated(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    counts_file(tmp_path)
    content = """
id = "mine"
title = "A against B"
question = "Which?"
comparisons = [{ estimand = "rate", reference = "A", margin = 0.1, rope = [-0.1, 0.1] }]
report = { language = "LANGUAGE" }
data = { kind = "counts", file = "counts.csv" }
"""
    answers = {}
    for stated in ("en", "zh", "both"):
        (tmp_path / f"{stated}.toml").write_text(content.replace("LANGUAGE", stated), encoding="utf-8")
        for asked in ((), ("--language", "en"), ("--language", "zh")):
            command = ["run", f"{stated}.toml", "--out", "out", "--no-figures", *asked]
            assert main(command) == 0
            answers[stated, asked[-1] if asked else ""] = capsys.readouterr().out
    english, chinese = answers["en", ""], answers["zh", ""]
    assert english == answers["both", ""] == answers["zh", "en"] == answers["both", "en"]
    assert chinese == answers["en", "zh"] == answers["both", "zh"]
    assert "Results are in" in english
    left = chinese.replace("bayes-escc report out --language zh", "")
    assert not re.search(r"[a-z]{3,}", re.sub(r"--full|Which\?|于out", "", left)), chinese
    assert not re.search(r"^[，。；：、）]", chinese, re.MULTILINE)
    for text, word in ((english, "95 % CrI"), (chinese, "后验概率")):
        assert word in text
    numbers = [re.findall(r"[<>]? ?0\.\d+", text.split("\n\n")[2]) for text in (english, chinese)]
    assert numbers[0] == numbers[1] != []


def test_a_caption_counts_events_only_where_they_are_known(folder):
    facts = json.loads(json.dumps(folder_source(folder).facts))
    assert View(facts, "en", ("forest",)).drawn("forest")[0].caption.endswith("64 patients, 22 events.")
    facts["result"]["analysis"]["family"] = "synthesis"
    facts["result"]["data"]["events"] = 0
    for language, ending in (("en", "64 patients."), ("zh", "64例患者。")):
        caption = View(facts, language, ("forest",)).drawn("forest")[0].caption
        assert caption.endswith(ending)
        assert "0" not in caption


@pytest.mark.parametrize(
    ("family", "model", "said", "unsaid"),
    [
        ("survival", {"baseline": "exponential"}, "exponential survival model", "Weibull"),
        ("survival", {}, "Weibull survival model", "exponential"),
        (
            "survival",
            {"baseline": "piecewise", "regimen_effect": "nonproportional"},
            "may change over time",
            "multiply",
        ),
        ("survival", {"baseline": "gompertz"}, "Gompertz", "Weibull"),
        (
            "response",
            {"likelihood": "binomial", "pooling": "partial", "pool_over": "studies"},
            "of the studies",
            "independent",
        ),
        ("response", {"likelihood": "binomial", "pooling": "none"}, "independent", "alike"),
        ("response", {"likelihood": "beta_binomial"}, "beta-binomial", "independent"),
        ("synthesis", {"pooling": "common"}, "share one effect", "random"),
        ("synthesis", {"pooling": "random", "network": True, "likelihood": "binomial"}, "network", "standard error"),
    ],
)
def test_the_model_in_words_is_that_of_the_analysis(family, model, said, unsaid):
    from bayes_escc.report.model_words import model_sentences

    facts = {"data": {}, "analysis": {"model": model}, "result": {"analysis": {"family": family}}}
    words = model_sentences(facts, "en")
    assert said in words
    assert unsaid not in words
    assert re.search("[\u4e00-\u9fff]", model_sentences(facts, "zh"))


def test_every_baseline_and_every_effect_of_a_regimen_has_its_words():
    from typing import get_args

    from bayes_escc.families.survival.spec import Baseline, RegimenEffect
    from bayes_escc.report.model_words import model_sentences

    def words(**model):
        return model_sentences(
            {"data": {}, "analysis": {"model": model}, "result": {"analysis": {"family": "survival"}}}, "en"
        )

    said = [words(baseline=b, regimen_effect="none") for b in get_args(Baseline)]
    said += [words(baseline="gompertz", regimen_effect=effect) for effect in get_args(RegimenEffect)]
    assert (
        len(set(said)) == len(get_args(Baseline)) + len(get_args(RegimenEffect)) - 1
    )  # Gompertz without an effect, twice
    assert all(len(s.split(".")) >= 3 for s in said)


def test_the_checklist_is_that_of_the_design_and_methods_hold_every_prior_and_margin(folder):
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))

    def lists(anchoring):
        for row in facts["result"]["comparisons"]:
            row["anchoring"] = anchoring
        checks = next(s for s in sections(facts, "en") if s.anchor == "checklists")
        return str(checks)

    assert "STROBE" in lists("unanchored, not randomised")
    assert "CONSORT" not in lists("unanchored, not randomised")
    assert "CONSORT" in lists("randomised")
    facts["comparisons"][0] |= {"margin": 0.1, "fixed": "before"}
    facts["result"]["analysis"]["priors"] = [f"prior {i} ~ Normal(0, 1): so." for i in range(9)]
    paste = str(next(s for s in sections(facts, "en") if s.anchor == "paste"))
    assert "prior 8 ~" in paste
    assert "10 percentage points" in paste
    assert "fixed before the data" in paste


@pytest.mark.parametrize("code", ["interval_censored", "beyond_follow_up", "centres_confounded", "prior_conflict"])
def test_what_is_noted_of_the_data_is_a_limitation(folder, code):
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))

    def limits():
        return next(s for s in sections(facts, "zh") if s.anchor == "limits").blocks[0].items

    before = limits()
    facts["result"]["data"]["warnings"].append({"code": code, "row": None, "message": "x"})
    assert len(limits()) == len(before) + 1


@pytest.mark.parametrize(("language", "said"), [("en", "liver metastasis"), ("zh", "肝转移")])
def test_what_a_coefficient_owes_to_its_prior_is_told_of_its_covariate(folder, language, said):
    """Four rows named "coefficient" alone cannot be told apart."""
    from bayes_escc.report.part_model import _scaled
    from bayes_escc.report.view import View

    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    row = {
        "estimand": "coefficient",
        "prior": 0.06,
        "likelihood": 0.11,
        "diagnosis": "-",
        "time": None,
        "endpoint": None,
    }
    rows = [{**row, "covariate": "liver_metastasis"}, {**row, "covariate": "log(nlr)"}]
    (table,) = _scaled(View(facts, language, ()), {"estimates": rows})
    labels = [line[0] for line in table.rows]
    assert said in labels[0]
    assert "NLR" in labels[1].upper()
