"""What every analysis that ships prints, draws and reports: short, with units, without overlaps, in both languages."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

import bayes_escc as be
from bayes_escc.analysis import bundled_analyses
from bayes_escc.plots.chinese import with_chinese_texts
from bayes_escc.report.answer import MAX_LINES, WIDTH, answer_text
from bayes_escc.report.blocks import Figure
from bayes_escc.report.layout import display_width
from bayes_escc.report.naming import own_names
from bayes_escc.report.page import sections
from bayes_escc.report.result import comparisons_of, to_json, to_result
from bayes_escc.report.text import result_text
from bayes_escc.runs.figures import drawings_of, figures_of
from bayes_escc.runs.page_facts import page_facts
from bayes_escc.runs.run import fit_prepared, prepare_design
from tests.helpers.words import FORBIDDEN

EXACT = (
    "anlotinib_randomised_response", "pd1_first_line_adverse_events", "pd1_second_line_network",
    "pd1_second_line_pfs", "pd1_second_line_response", "second_line_borrowing", "second_line_response",
    "second_line_response_monitored", "toripalimab_adverse_events",
)  # fmt: skip
"""Analyses of every kind whose posterior is exact, so that fitting them costs little."""
SAMPLED = sorted(set(bundled_analyses()) - set(EXACT))
ALL = [*EXACT, *(pytest.param(name, marks=pytest.mark.slow) for name in SAMPLED)]
every_analysis = pytest.mark.parametrize("name", ALL)


BARE_TIME = re.compile(r"(?<!tips )(?<!\d )\b(at|to) \d+(\.\d+)?(?= *$|: |,(?! \d))(?! months)", re.MULTILINE)
"""A time without its unit."""


@cache
def fitted(name):
    """An analysis with few draws: its posterior, result and facts of its page."""
    analysis = be.find_analysis(name).with_sampling(draws=200, tune=200, chains=2)
    table = analysis.load_table()
    design = prepare_design(analysis, table)
    posterior = fit_prepared(analysis, design, table)
    result = json.loads(to_json(to_result(posterior, comparisons_of(posterior))))
    facts = json.loads(to_json(page_facts(posterior, design, table, result)))
    return posterior, result, facts


@every_analysis
def test_the_answer_is_short_and_the_full_tables_have_units(name):
    posterior, result, _ = fitted(name)
    where = f"Results are in results/{name}; every table: --full; a page to print: bayes-escc report results/{name}"
    for shown in (answer_text(result, posterior.analysis.question, where=[where]), result_text(result)):
        assert not FORBIDDEN.search(shown.replace("effective", "")), name
        assert "1.00 (1.00 to 1.00)" not in shown
        assert "log_hazard_ratio" not in shown
        assert not re.search(
            r"(?<!tips )(?<!\d )\b(at|to) \d+(\.\d+)?(?= *$|: |,(?! \d))(?! months)", shown, re.MULTILINE
        ), shown
        if shown.startswith(result["analysis"]["title"] + "\n="):
            continue
        lines = shown.split("\n")
        assert len(lines) <= MAX_LINES
        assert max(map(display_width, lines)) <= WIDTH


def own_words(posterior, result):
    """What people wrote: titles, questions, names of regimens, studies, endpoints and covariates, reasons."""
    content = json.loads(posterior.analysis.content)
    found = [result["analysis"]["title"], result["analysis"]["id"], content.get("question", ""), str(content)]
    for row in (*result["estimates"], *result["comparisons"]):
        found += [str(row[k]) for k in ("study", "regimen", "reference", "endpoint", "covariate") if row.get(k)]
    found += [a.study for a in posterior.arms] + [a.regimen for a in posterior.arms]
    found += [rule.name for rule in posterior.analysis.rules]
    found += [f.replace("_", " ") for f in found]
    return sorted({f for f in found if f}, key=len, reverse=True)


ENGLISH = re.compile(r"(?:\b[a-z]{2,}\b[ ,;:]+){3,}")
"""Four English words in a row."""
KNOWN = ("credible interval, CrI", "bayes-escc run", "bayes-escc sensitivity", "draws after")


@every_analysis
def test_the_chinese_page_holds_no_english_sentence(name):
    posterior, result, facts = fitted(name)
    drawn = [f"{name}" for name in figures_of(posterior, comparisons_of(posterior))]
    words = [*own_words(posterior, result), str(facts["data"]["source"]), *facts["data"]["studies"]]
    leaks = []
    for section in sections(facts, "zh", drawn):
        for block in section.blocks:
            for text in texts_of(block):
                left = text
                for own in words:
                    left = left.replace(own, "#")
                leaks += [text] if ENGLISH.search(left) else []
    assert not leaks, leaks[:5]


@every_analysis
def test_every_figure_of_a_run_stands_on_its_page_with_a_caption(name):
    posterior, _, facts = fitted(name)
    drawn = list(drawings_of(posterior, comparisons_of(posterior)))
    for language in ("en", "zh"):
        shown = [b for s in sections(facts, language, drawn) for b in s.blocks if isinstance(b, Figure)]
        if facts["result"]["diagnostics"]["converged"]:
            assert sorted(b.name for b in shown) == sorted(drawn)
        else:  # a page compares nothing that did not converge, as the few draws of these fits may not
            assert {b.name for b in shown} <= set(drawn)
        assert all(b.caption and "_" not in b.caption for b in shown)


@every_analysis
def test_every_table_printed_in_chinese_is_chinese(name):
    posterior, result, _ = fitted(name)
    for shown in (answer_text(result, "", language="zh"), result_text(result, "zh")):
        shown = " ".join(shown.split())
        for own in own_words(posterior, result):
            shown = shown.replace(own, "#")
        assert not ENGLISH.search(shown), ENGLISH.search(shown)
        assert not re.search(r"\b(at|to|against|median|without|none|prior|patients|events)\b", shown), name


def texts_of(block):
    """Every text of a block of a page."""
    found = []
    for value in vars(block).values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            found += [cell for row in value for cell in ([row] if isinstance(row, str) else row)]
    return found


@every_analysis
def test_figures_do_not_overlap_in_either_language(name):
    from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut

    posterior, _, _ = fitted(name)
    for figure in figures_of(posterior, comparisons_of(posterior)).values():
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)
        with_chinese_texts(figure, own=own_names(fitted(name)[1]))
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)
