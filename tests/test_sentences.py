"""Sentences: graded words, no word that claims too much, and the same numbers as the rows, in both languages."""

from __future__ import annotations

import inspect
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_escc.report import answer, layout, sentences
from bayes_escc.report.answer import MAX_LINES, WIDTH, answer_text
from bayes_escc.report.quantities import estimate_text, interval_text, per_step
from bayes_escc.report.sentences import Contrast, grade, verdict
from tests.helpers.words import FORBIDDEN

WORDS = {"almost certainly", "very probably", "probably", "more likely than not, but uncertain"}


def row(p=0.97, **changes):
    sides = {"median": 1.5, "lower": -0.5, "upper": 3.5}
    stated = {
        "estimand": "median",
        "regimen": "B",
        "reference": "A",
        "endpoint": None,
        "scale": "difference",
        "time": None,
        "better": "higher",
        **sides,
        "ci_prob": 0.95,
        "probability_better": p,
        "mcse_probability": 0.0,
        "margin": None,
        "probability_better_by_margin": None,
        "mcse_probability_by_margin": None,
        "rope": None,
        "probability_in_rope": None,
        "mcse_probability_in_rope": None,
        "anchoring": "unanchored, not randomised",
    }
    return {**stated, **changes}


def result(*rows, converged=True, ranking=(), warnings=(), unit="months", **changes):
    estimand = rows[0]["estimand"] if rows else "rate"
    known = {
        "estimand": estimand,
        "regimen": "A",
        "study": None,
        "endpoint": None,
        "time": None,
        "covariate": None,
        "unit": unit,
        "median": 4.0,
        "lower": 3.0,
        "upper": 5.0,
        "ci_prob": 0.95,
    }
    return {
        "analysis": {"id": "example", "title": "A against B", "priors": []},
        "data": {"patients": 64, "events": 40, "warnings": list(warnings)},
        "diagnostics": {"converged": converged, "messages": ["R-hat is 1.2."] if not converged else []},
        "estimates": [known],
        "comparisons": list(rows),
        "ranking": list(ranking),
        **changes,
    }


@pytest.mark.parametrize(
    ("p", "english", "chinese"),
    [
        (0.995, "B almost certainly kept patients progression-free longer than A", "几乎肯定长于"),
        (0.97, "B very probably kept", "极有可能长于"),
        (0.92, "B probably kept", "很可能长于"),
        (0.70, "it is more likely than not, but uncertain, that B kept", "较可能（但不确定性较大）长于"),
        (0.5, "The data cannot tell which of B and A keeps patients progression-free longer", "现有数据无法分辨"),
        (0.35, "The data cannot tell which of A and B", "现有数据无法分辨"),
        (0.03, "A very probably kept patients progression-free longer than B", "A的无进展生存期极有可能长于B"),
    ],
)
def test_the_word_follows_the_number(p, english, chinese):
    assert english in verdict(result(row(p)))[0]
    assert chinese in verdict(result(row(p)), "zh")[0]


def test_a_probability_near_a_boundary_gets_the_milder_word():
    assert grade(0.951) == 1
    assert grade(0.951, 0.01) == 2
    assert grade(0.949, 0.01) == 2
    assert grade(0.66) == 3
    assert grade(0.6599) is None


@given(
    p=st.floats(0.0, 1.0),
    language=st.sampled_from(["en", "zh"]),
    estimand=st.sampled_from(["median", "rate", "effect"]),
)
@settings(max_examples=60, deadline=None)
def test_swapping_the_regimens_says_the_same(p, language, estimand):
    one = row(p, estimand=estimand, endpoint="ORR" if estimand == "rate" else None)
    other = {
        **one,
        "regimen": "A",
        "reference": "B",
        "probability_better": 1.0 - p,
        "median": -one["median"],
        "lower": -one["upper"],
        "upper": -one["lower"],
    }
    if p != 0.5:
        assert verdict(result(one), language) == verdict(result(other), language)


def test_a_ratio_is_turned_by_its_inverse_and_a_margin_is_said_of_its_own_regimen():
    ratio = row(
        0.03,
        estimand="hazard_ratio",
        scale="ratio",
        better="lower",
        median=2.0,
        lower=1.0,
        upper=4.0,
        margin=0.8,
        probability_better_by_margin=0.02,
        mcse_probability_by_margin=0.0,
    )
    turned = Contrast.of(ratio)
    assert (turned.first, turned.low, turned.middle, turned.high) == ("A", 0.25, 0.5, 1.0)
    said = " ".join(verdict(result(ratio, unit="hazard ratio")))
    assert "hazard ratio 0.50, 95 % CrI 0.25 to 1.00" in said
    assert "That B is better by a ratio of 0.8 or beyond has posterior probability 0.020: hardly" in said


def test_the_probability_that_allows_for_bias_heads_the_verdict():
    biased = row(0.97, bias_sd=0.35, probability_better_with_bias=0.80, mcse_probability_with_bias=0.0)
    first = verdict(result(biased))[0]
    assert "more likely than not, but uncertain" in first
    assert "posterior probability 0.800 allowing for bias (0.970 without)" in first
    assert "0.800（考虑偏倚；不考虑时为0.970）" in verdict(result(biased), "zh")[0]


def test_a_regimen_that_a_bias_favours_is_not_said_to_have_done_a_negative_amount_better():
    """With the mean of a bias beyond the difference seen, the better regimen is the one that did worse."""
    biased = row(0.4, bias_sd=0.35, probability_better_with_bias=0.7, mcse_probability_with_bias=0.0)
    seen = {**biased, "median": -0.3, "lower": -4.0, "upper": 3.5}
    first = verdict(result(seen))[0]
    assert "difference in " in first
    assert "-0.3 months, 95 % CrI -4.0 to 3.5 months" in first
    assert "longer" not in first.partition(";")[2]


def test_a_failed_fit_has_no_headline():
    for language in ("en", "zh"):
        (said,) = verdict(result(row(0.999), converged=False), language)
        assert "0.9" not in said
        assert "B" not in said.replace("CONVERGED", "")
    shown = answer_text(result(row(0.999), converged=False))
    assert "NOT CONVERGED" in shown
    assert "0.999" not in shown
    assert "R-hat is 1.2." in shown


def test_ranks_head_three_regimens_and_claim_no_order_below_two_thirds():
    ranking = [
        {
            "estimand": "median",
            "endpoint": None,
            "time": None,
            "regimen": name,
            "probability_best": p,
            "mcse_probability_best": 0.0,
        }
        for name, p in (("A", 0.2), ("B", 0.5), ("C", 0.3))
    ]
    said = verdict(result(row(), row(regimen="C"), ranking=ranking))[0]
    assert said.startswith(
        "Of 3 regimens, B ranks first with posterior probability 0.500, and C with 0.300; no order is"
    )
    assert "最优的后验概率为0.500" in verdict(result(row(), row(regimen="C"), ranking=ranking), "zh")[0]
    biased = {"bias_sd": 0.5, "probability_better_with_bias": 0.8, "mcse_probability_with_bias": 0.0}
    note = verdict(result(row(**biased), row(regimen="C", **biased), ranking=ranking))[1]
    assert note == "The ranks do not allow for bias between the patients; the comparisons below do."
    assert "未考虑患者之间的偏倚" in verdict(result(row(**biased), ranking=ranking), "zh")[1]
    assert "bias" not in " ".join(verdict(result(row(), row(regimen="C"), ranking=ranking)))


def test_no_word_that_claims_too_much():
    for module in (sentences, answer):
        for line in inspect.getsource(module).split("\n"):
            assert not FORBIDDEN.search(line), line
    cases = [
        row(p, margin=1.0, probability_better_by_margin=m, mcse_probability_by_margin=0.0, anchoring=a)
        for p in (0.001, 0.2, 0.5, 0.8, 0.99)
        for m in (0.01, 0.5, 0.95)
        for a in ("randomised", "unanchored, not randomised", "same study, randomisation not stated")
    ]
    for case in cases:
        for language in ("en", "zh"):
            assert not FORBIDDEN.search(" ".join(verdict(result(case), language)))


def test_numbers_of_an_interval_have_one_format():
    proportion = {"lower": 0.199, "median": 0.3524, "upper": 0.528, "unit": "proportion", "ci_prob": 0.95}
    assert estimate_text(proportion) == "35.2 % (95 % CrI 19.9 to 52.8 %)"
    assert estimate_text(proportion, "zh") == "35.2% (95%CrI 19.9%～52.8%)"
    doubled = {
        "lower": 0.0,
        "median": 0.5,
        "upper": 1.0,
        "ci_prob": 0.95,
        "unit": "log hazard ratio per (log(nlr) - 1.1) / 0.5",
    }
    assert per_step(doubled["unit"]) == ("per doubling", pytest.approx(1.3863, abs=1e-4))
    assert estimate_text(doubled) == "2.00 (95 % CrI 1.00 to 4.00)"
    assert per_step("log hazard ratio per (age - 60) / 10")[1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("numbers", "unit", "english", "chinese"),
    [
        (
            (2.4, 4.6, 50102.2),
            "months",
            "4.6 months (95 % CrI 2.4 months to not reached)",
            "4.6个月 (95%CrI 2.4个月～未达到)",
        ),
        ((14.0, 60000.0, 9e4), "months", "not reached (95 % CrI 14.0 months to not reached)", None),
        ((20.0, 40.0, 6000.0), "weeks", "40.0 weeks (95 % CrI 20.0 weeks to not reached)", None),
        ((20.0, 40.0, 600.0), "months", "40.0 months (95 % CrI 20.0 to 600.0 months)", None),
        ((9.0, 40.0, 101.0), "years", "40.0 years (95 % CrI 9.0 years to not reached)", None),
    ],
)
def test_a_time_beyond_a_lifetime_is_not_reached(numbers, unit, english, chinese):
    """A Gompertz hazard that falls has patients who never have the event; a number of 50,102 months says nothing."""
    told = row(
        estimand="median", ci_prob=0.95, unit=unit, **dict(zip(("lower", "median", "upper"), numbers, strict=True))
    )
    assert estimate_text(told) == english
    if chinese is not None:
        assert estimate_text(told, "zh") == chinese
    assert interval_text(-50099.0, 5.1, 101647.7, "months") == ("5.1 months", "< -1200 to > 1200 months")


def test_the_answer_fits_25_lines_of_100_columns():
    long = "camrelizumab plus apatinib plus irinotecan after first-line platinum and fluoropyrimidine, second line"
    rows = [
        row(
            0.97,
            regimen=f"{long} {i}",
            reference=long,
            time=float(i),
            estimand="survival",
            margin=0.1,
            probability_better_by_margin=0.3,
            mcse_probability_by_margin=0.0,
            rope=[-0.05, 0.05],
            probability_in_rope=0.2,
            mcse_probability_in_rope=0.0,
        )
        for i in range(30)
    ]
    warnings = [{"row": i, "message": "a note that is rather long. " * 8} for i in range(9)]
    shown = answer_text(result(*rows, warnings=warnings, unit="proportion"), "Which? " * 60, where=["x" * 300]).split(
        "\n"
    )
    assert len(shown) <= MAX_LINES
    assert max(layout.display_width(line) for line in shown) <= WIDTH
    assert any("more: --full" in line for line in shown)
    assert any("more notes: --full" in line for line in shown)


def test_a_probability_that_is_one_number_under_the_model_is_shown_once():
    rows = [row(0.65, estimand=e) for e in ("rmst", "median", "survival")]
    table = answer_text(result(*rows)).split("\n\n")[2]
    assert table.count("0.650") == 1
    assert table.count("same") == 2


def ranked(**probabilities):
    """Rows of a table of ranks with these probabilities of being the best."""
    return [
        {
            "estimand": "median",
            "endpoint": None,
            "time": None,
            "regimen": regimen,
            "probability_best": p,
            "mcse_probability_best": 0.0,
        }
        for regimen, p in probabilities.items()
    ]


@pytest.mark.parametrize("order", ["ABC", "CAB", "BCA"])
def test_regimens_that_tie_are_named_together_in_no_order_of_merit(order):
    third = dict.fromkeys(order, 1 / 3)
    english = verdict(result(row(0.5), ranking=ranked(**third)))[0]
    named = f"{order[0]}, {order[1]} and {order[2]}"
    assert english.startswith(f"Of 3 regimens, {named} all rank first with the same posterior probability, 0.333")
    chinese = verdict(result(row(0.5), ranking=ranked(**third)), "zh")[0]
    assert f"{'、'.join(order)}最优的后验概率相同，均为0.333" in chinese
    two = dict(zip(order, (0.4, 0.2, 0.4), strict=True))
    said = verdict(result(row(0.5), ranking=ranked(**two)))[0]
    assert f"{order[0]} and {order[2]} both rank first with the same posterior probability, 0.400" in said


def test_patients_and_events_are_counted_where_they_are_known():
    counts = {"patients": 1, "events": 1, "warnings": []}
    assert "With 1 patient and 1 event, B very probably" in verdict(result(row(), data=counts))[0]
    unknown = {**counts, "patients": 0, "events": None}
    assert verdict(result(row(), data=unknown))[0].startswith("B very probably kept patients")
    uncertain = verdict(result(row(0.7), data=unknown))[0]
    assert uncertain.startswith("It is more likely than not, but uncertain, that B ")
    assert "0例" not in verdict(result(row(), data=unknown), "zh")[0]


def test_a_mean_difference_is_named_once_and_is_no_unit():
    effect = row(estimand="effect", better="higher")
    shown = result(effect, unit="mean difference")
    text = answer_text(shown, "out")
    assert "mean difference 1.50, 95 % CrI -0.50 to 3.50" in text.replace("\n", " ")
    assert "1.50 (-0.50 to 3.50)  " in text
    assert "(-0.50 to 3.50) mean difference" not in text
    assert "difference in mean difference" not in text
    assert "均数差(MD)1.50(95%CrI -0.50～3.50)" in verdict(shown, "zh")[0]


@pytest.mark.parametrize(
    ("anchors", "said"),
    [
        (["same study, randomisation not stated", "unanchored, not randomised"], "were not assigned at random"),
        (["randomised", "randomised within trials, compared through the network"], "runs through the network"),
        (["randomised", "randomised, but for patients borrowed from earlier trials"], "but for the patients borrowed"),
        (["randomised", "as entered, randomisation not stated"], "is not stated"),
        (["randomised", "randomised"], "The regimens were assigned at random."),
    ],
)
def test_several_regimens_are_as_randomised_as_the_least_protected_of_them(anchors, said):
    """The first label by the alphabet was told."""
    key = {"estimand": "rate", "endpoint": "ORR", "time": None}
    ranking = [
        {**key, "regimen": r, "probability_best": p, "mcse_probability_best": 0.0}
        for r, p in (("A", 0.7), ("B", 0.2), ("C", 0.1))
    ]
    for ordered in (anchors, anchors[::-1]):
        rows = [{**key, "regimen": r, "anchoring": a} for r, a in zip("BC", ordered, strict=True)]
        assert said in sentences._many({"ranking": ranking, "comparisons": rows}, rows[0], "en")[-1]


@pytest.mark.parametrize("width", range(8, 60))
def test_no_line_ends_between_a_number_and_its_per_cent_sign(width):
    said = "It was 0.52 months (95 % CrI -1.2 to 2.3), and 10 % of them, or 12.5 %, had none; 5 is a count."
    lines = layout.wrapped(said, width).split("\n")
    assert " ".join(lines) == said  # with ordinary blanks
    assert not any(line.startswith("%") for line in lines), lines
    assert all(layout.display_width(line) <= width for line in lines), lines


@pytest.mark.parametrize("width", range(8, 60))
def test_no_line_of_chinese_ends_within_a_number(width):
    said = "两项上均更优的后验概率为0.061，仅前者更优0.2705，仅后者更优0.01，占66.5%，共1024例。"
    lines = layout.wrapped(said, width).split("\n")
    assert "".join(lines) == said
    assert not any(re.search(r"[0-9.]$", a) and re.match(r"[0-9.%]", b) for a, b in itertools.pairwise(lines)), lines
    assert all(layout.display_width(line) <= width for line in lines), lines
