"""The page of a design: every number of its result, in two languages, as HTML and as Word."""

from __future__ import annotations

import io
import json
import re

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.report.blocks import Figure, Paragraph, Paste, Table
from bayes_escc.report.result import to_json
from bayes_escc.trials.page import design_sections, protocol_paragraph
from bayes_escc.trials.pages import design_drawings, read_design_result, write_design_page
from tests.helpers.trials import PFS, RESPONSE, TWO, design

# names that the designs of this file use, and terms that have no Chinese
OWN_WORDS = re.findall(
    r"\w+",
    "new old response ORR PFS efficacy null better both toxicity bad good analysis "
    "assurance HR log Normal bayes escc design FILE report trials Beta go_above",
)


def plain(result):
    return json.loads(to_json(result.to_dict()))


@pytest.fixture(scope="module")
def response():
    changes = {
        "calibration": {"rule": "response", "truths": ["null"], "false_alarm": 0.05},
        "drift": {"values": [-0.1, 0.1]},
        "design_prior": {
            "ORR": {"new": {"distribution": "Beta", "alpha": 3, "beta": 7}},
            "effective": {"estimand": "ORR", "above": 0.25},
        },
    }
    return plain(design(RESPONSE, **changes).simulate(trials=200, workers=1))


@pytest.fixture(scope="module")
def timed():
    return plain(design(PFS).simulate(trials=60, workers=1))


def tables(sections, anchor):
    section = next(s for s in sections if s.anchor == anchor)
    return [block for block in section.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_of_the_result_is_on_the_page(response, language):
    sections = design_sections(response, language, list(design_drawings(response)))
    assert all(section.status == "present" for section in sections if section.anchor != "size")
    (characteristics,) = tables(sections, "characteristics")
    for row, told in zip(characteristics.rows, response["scenarios"], strict=True):
        assert row[2] == f"{told['go']['value']:.4f}"  # exact, so without an interval
        assert row[-1] == f"{told['patients']['value']:.1f}"
    (prior,) = tables(sections, "assurance")
    assurance = response["design_prior"][0]["assurance"]
    assert prior.rows[0][1] == f"{assurance['value']:.4f}"  # exact too
    shown = {block.name for section in sections for block in section.blocks if isinstance(block, Figure)}
    assert shown == set(design_drawings(response))


def test_boundaries_in_counts(response):
    (table,) = tables(design_sections(response, "en"), "boundaries")
    by_hand = be.rules.boundaries(design(RESPONSE).spec.rules[0].rule, [10, 20, 40]).rows
    assert [row[3] for row in table.rows] == [f"≥ {r.go[0][0]}" for r in by_hand]
    assert [row[4] for row in table.rows] == [f"≤ {r.stop[0][1]}".replace("≤ 0", "0") for r in by_hand]


def test_boundaries_of_a_time_to_event(timed):
    (table,) = tables(design_sections(timed, "en"), "boundaries")
    assert [row[2] for row in table.rows] == ["0.99", "0.97"]
    # by hand: exp(-2.326 sqrt(4 / 30)) and exp(-1.881 sqrt(4 / 50))
    assert [row[4] for row in table.rows] == ["0.43", "0.59"]


def test_the_paragraph_says_the_thresholds_of_each_look(timed):
    said = protocol_paragraph(timed, "en")
    assert (
        "30 events (success above 0.99, futility below 0.1); 50 events (success above 0.97, futility below 0.1)" in said
    )
    assert "allocated 1:1 in permuted blocks of 4" in said
    assert "60 trials for each truth (seed 2" in said
    assert "  " not in said


def test_nothing_english_is_left_on_a_chinese_page(response, timed):
    two = plain(design(TWO).simulate(trials=20, workers=1))
    own = set(OWN_WORDS)
    for data in (response, timed, two):
        for section in design_sections(data, "zh"):
            for block in section.blocks:
                texts = [block.text] if isinstance(block, Paragraph | Paste) else []
                if isinstance(block, Table):
                    texts = [block.title, block.note, *block.header, *(cell for row in block.rows for cell in row)]
                for text in texts:
                    left = set(re.findall(r"[A-Za-z_]{2,}", text)) - own
                    assert not left, (section.anchor, text)


@pytest.mark.parametrize("arm", ["rate", "median", "the end", "month", "better", "standard rate", "of 2"])
def test_an_arm_called_like_a_term_keeps_its_name(arm):
    content = json.loads(json.dumps(TWO).replace('"new"', f'"{arm}"'))
    data = plain(design(content).simulate(trials=20, workers=1))
    for usual, named in zip(
        *(protocol_paragraphs(d) for d in (plain(design(TWO).simulate(trials=20)), data)), strict=True
    ):
        assert named == usual.replace("new", arm)


def protocol_paragraphs(data):
    return [protocol_paragraph(data, language) for language in ("en", "zh")]


def test_html_and_word(response, tmp_path):
    paths = write_design_page(response, tmp_path, language="both", word=True)
    html = paths[0].read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("<svg") == 2 * len(design_drawings(response))
    assert "操作特征" in html
    assert "Operating characteristics" in html
    docx = pytest.importorskip("docx")
    document = docx.Document(io.BytesIO(paths[1].read_bytes()))
    assert len(document.inline_shapes) == 2 * len(design_drawings(response))


@pytest.mark.parametrize(
    ("language", "apart", "none"), [("en", "is the prior of the analysis", "No design prior"), ("zh", "相同", "未给出")]
)
def test_the_page_says_where_design_and_analysis_have_one_prior_and_where_there_is_none(language, apart, none):
    prior = {
        "ORR": {"new": {"distribution": "Beta", "alpha": 1, "beta": 1}},
        "effective": {"estimand": "ORR", "above": 0.25},
    }
    for changes, said in (({"design_prior": prior}, apart), ({}, none)):
        sections = design_sections(plain(design(RESPONSE, **changes).simulate(trials=20, workers=1)), language)
        texts = [b.text for s in sections if s.anchor == "assurance" for b in s.blocks if isinstance(b, Paragraph)]
        assert any(said in text for text in texts)
        rows = [row for table in tables(sections, "layout") for row in table.rows]
        assert any("ORR, new ~ Beta(1, 1)" in row[1] for row in rows)


def test_a_design_that_disagrees_says_so_first(timed):
    audit = {
        "trials": 20,
        "largest": 0.2,
        "in_errors": 30.0,
        "changed": 4,
        "near": 10,
        "found": 14,
        "searched": 500,
        "agrees": False,
    }
    first = design_sections({**timed, "audit": audit}, "en")[0].blocks[0]
    assert first.alarm
    assert "NOT CONVERGED" in first.text
    assert "10 are near a threshold (of 14 such answers among 500)" in first.text


def test_commands(tmp_path, capsys):
    out = str(tmp_path / "result")
    assert main(["design", "second_line_single_arm", "--trials", "50", "--out", out, "--report"]) == 0
    page = (tmp_path / "result" / "report.html").read_text(encoding="utf-8")
    assert main(["report", out]) == 0
    assert (tmp_path / "result" / "report.html").read_text(encoding="utf-8") == page
    assert main(["report", out, out]) == 2
    for content in (
        "{}",
        "[]",
        '{"schema_version": 2, "stated": {}, "audit": {"trials": 20}}',
    ):  # the last of an earlier version
        (tmp_path / "design.json").write_text(content)
        with pytest.raises(be.BayesEsccError, match="simulate it again"):
            read_design_result(tmp_path)
    capsys.readouterr()
