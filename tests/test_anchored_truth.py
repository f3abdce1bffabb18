"""Anchored truth beside the unanchored answer: a connected network of published trials, cut apart.

PASI 75 at week 12 as published, as in the data set plaque_psoriasis_agd of the R package multinma. Percentages of
FIXTURE and ERASURE stand in the abstract of Langley et al, N Engl J Med 2014;371:326.
"""

import math
from dataclasses import replace
from statistics import NormalDist

import pytest

import bayes_escc as be
from bayes_escc.evidence.population.between_trials import between_trials, log_odds_of_counts

SEC_300 = {"CLEAR": (304, 334), "ERASURE": (200, 245), "FEATURE": (44, 59), "FIXTURE": (249, 323), "JUNCTURE": (52, 60)}
SEC_150 = {"ERASURE": (174, 243), "FEATURE": (41, 59), "FIXTURE": (219, 327), "JUNCTURE": (43, 60)}
PAIRS = [(t, s) for t in SEC_300 for s in SEC_150 if t != s]


def test_the_counts_give_the_percentages_as_printed():
    printed = {("FIXTURE", 300): 77.1, ("FIXTURE", 150): 67.0, ("ERASURE", 300): 81.6, ("ERASURE", 150): 71.6}
    for (trial, dose), percent in printed.items():
        k, n = (SEC_300 if dose == 300 else SEC_150)[trial]
        assert round(100 * k / n, 1) == percent


def randomised():
    """The log odds ratio within trials, weighted by precision, by hand."""
    total = weight = 0.0
    for trial, (k, n) in SEC_150.items():
        a, m = SEC_300[trial]
        variance = 1 / (a + 0.5) + 1 / (m - a + 0.5) + 1 / (k + 0.5) + 1 / (n - k + 0.5)
        gap = math.log((a + 0.5) / (m - a + 0.5)) - math.log((k + 0.5) / (n - k + 0.5))
        total, weight = total + gap / variance, weight + 1 / variance
    return total / weight


def test_a_bias_of_the_default_size_is_what_the_unanchored_answer_is_off_by():
    """Four of sixteen intervals miss the randomised answer; allowing for the default bias, none does."""
    truth = randomised()
    assert truth == pytest.approx(0.528, abs=0.001)
    level = NormalDist().cdf(1.96)
    held = {"without": 0, "with": 0}
    for t, s in PAIRS:
        (found,) = be.tipping({"150 mg": SEC_150[s], "300 mg": SEC_300[t]}, scale="odds_ratio")[:1]
        assert found.bias.sd == 0.5
        # P(contrast > truth) is P(better) under a bias as large as the truth: without, and averaged over the law
        plain = found.critical.probability_at(truth)[0]
        wide = found.critical.averaged(replace(found.bias, mean=truth))[0]
        held["without"] += 1 - level < plain < level
        held["with"] += 1 - level < wide < level
    assert held == {"without": 12, "with": 16}


def test_one_regimen_says_how_large_the_bias_is():
    found = between_trials(*log_odds_of_counts(*zip(*SEC_300.values(), strict=True)))
    assert found.bias_sd[0] == pytest.approx(0.77, abs=0.005)
    assert found.bias_sd[1] < 0.5 < found.bias_sd[2]
