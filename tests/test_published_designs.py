"""Boundaries and operating characteristics as others printed them; each with its source."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.probability.beta import Beta
from bayes_escc.rules import (
    Bop2,
    Criterion,
    PosteriorProbability,
    PredictiveProbability,
    ThallSimon,
    boundaries,
    calibrate,
    operating_characteristics,
)
from bayes_escc.rules.paths import walk
from bayes_escc.rules.rule import GO, STOP
from tests.oracles.simon import SIMON

LOOKS = (10, 15, 20, 25, 30, 35)


def coin(rate):
    return PosteriorProbability(value=0.5, go_above=0.5).steps(np.array([[r] for r in rate]))


def verdicts(looks, stop_at_most, go_at_least):
    """Verdicts from printed boundaries."""
    found = []
    for n, low, high in zip(looks, stop_at_most, go_at_least, strict=True):
        counts = np.arange(n + 1)
        found.append(np.where(counts >= high, GO, np.where(counts <= low, STOP, 0)).astype(np.int8))
    return found


@pytest.mark.parametrize("design", SIMON, ids=lambda d: f"{d[4]}/{d[5]}, {d[6]}/{d[7]}")
def test_simon_two_stage_designs(design):
    p0, p1, alpha, beta, r1, n1, r, n, size, early = design
    go, stop = walk([(n1,), (n,)], verdicts((n1, n), (r1, r), (n1 + 1, r + 1)), coin([p0, p1]))
    assert stop[0, 0] == pytest.approx(early, abs=0.00005)
    assert n1 + (n - n1) * (1 - stop[0, 0]) == pytest.approx(size, abs=0.005)
    assert go[0].sum() <= alpha
    assert go[1].sum() >= 1 - beta
    assert go.sum(axis=1) + stop.sum(axis=1) == pytest.approx(1, abs=1e-12)


def test_an_exact_crossing_probability():
    """Qaqish's cp3, of 2004, printed for GEE software at UNC: 20 subjects one by one, P(event) = 0.2.

    Its table lists the events at which each number of subjects crosses; it prints P(upper) = 0.0484005 and
    E(subjects) = 19.4662.
    """
    upper = {3: 3, 5: 4, 6: 4, 8: 5, 9: 5, 11: 6, 12: 6, 14: 7, 15: 7, 17: 8, 18: 8, 20: 9}
    looks = sorted(upper)
    go, stop = walk([(n,) for n in looks], verdicts(looks, [-1] * 12, [upper[n] for n in looks]), coin([0.2]))
    assert go.sum() == pytest.approx(0.0484005, abs=1e-7)
    crossed = {n: float(p) for n, p in zip(looks, go[0], strict=True)}
    assert crossed[3] == pytest.approx(0.008, abs=1e-12)
    assert crossed[9] == pytest.approx(0.006946816, abs=1e-12)
    assert crossed[20] == pytest.approx(0.000879917165477, abs=1e-14)
    ended = sum(n * p for n, p in crossed.items())
    assert ended + 20 * (1 - go.sum()) == pytest.approx(19.4662, abs=5e-5)
    assert stop.sum() == 0


def test_lee_and_liu_predictive_probability():
    """Table 1 of Lee and Liu 2008, 16 of 23 and 40 in all; digits from the tests of Genentech's phase1b."""
    rule = PredictiveProbability(value=0.6, success=0.9, patients=40, prior=Beta(0.6, 0.4))
    assert rule.statistics((23,))[16] == pytest.approx(0.5655589, abs=1e-6)


def test_lee_and_liu_design_for_rates_of_20_and_40_percent():
    """The design of Lee and Liu 2008 (Table 2; doi 10.1177/1740774508089279): every patient from the tenth to the 36th.

    The paper's text was not at hand when this was written: the rejection regions, 0.088, 0.906 and 27.67 are as
    two people remembered them, and the exact computation, which knows none of them, gives the same digits.
    """
    regions = {10: 0, 17: 1, 21: 2, 24: 3, 27: 4, 29: 5, 31: 6, 33: 7, 34: 8, 35: 9, 36: 10}
    rule = PredictiveProbability(
        value=0.2, success=0.9, stop_below=0.001, patients=36, prior=Beta(0.2, 0.8), looks=tuple(range(10, 36))
    )
    bound = {row.patients[0]: row.stop[0][1] for row in boundaries(rule).rows}
    assert {n: k for n, k in bound.items() if bound.get(n - 1) != k} == regions
    null, alternative = operating_characteristics(rule, rates=[0.2, 0.4]).scenarios
    assert sum(null.go) == pytest.approx(0.088, abs=5e-4)
    assert sum(alternative.go) == pytest.approx(0.906, abs=5e-4)
    assert null.expected_patients == pytest.approx(27.67, abs=5e-3)


def test_lee_and_liu_bounds_of_phase1b():
    """Printed in the tests of phase1b (boundsPredprob)."""
    rule = PredictiveProbability(value=0.2, success=0.8, stop_below=0.1, go_above=0.9, patients=40, looks=(10, 20, 30))
    rows = boundaries(rule).rows
    assert [r.stop[0][1] for r in rows] == [0, 2, 5, 9]
    assert [r.go[0][0] for r in rows] == [4, 7, 9, 10]
    posterior = PosteriorProbability(value=0.2, go_above=0.8)
    at_bounds = [posterior.statistics((n,))[k] for n, k in ((10, 0), (20, 2), (30, 5), (40, 9))]
    assert at_bounds == pytest.approx([0.0859, 0.1787, 0.3931, 0.7040], abs=5e-5)


def test_lee_and_liu_bounds_of_ph2bayes():
    """stopbound_pred(0.05, "futility", 40, 0.6, 1.4, 0.3, 0.85): the first n at which each bound holds."""
    first = {4: 0, 8: 1, 11: 2, 14: 3, 17: 4, 20: 5, 22: 6, 25: 7, 27: 8, 29: 9}
    rule = PredictiveProbability(
        value=0.3, success=0.85, stop_below=0.05, patients=40, prior=Beta(0.6, 1.4), looks=tuple(range(1, 30))
    )
    bound = {r.patients[0]: r.stop[0][1] if r.stop else None for r in boundaries(rule).rows}
    assert bound[1] is None
    for n, k in first.items():
        assert bound[n] == k
        assert bound[n - 1] != k


def test_predictive_probabilities_of_saville():
    """Saville et al., Clin Trials 2014;11:485: posterior near 0.80 at every look, predictive 0.54 to 0.003.

    Success is P(rate > 0.50) > 0.95 after 100 patients, 59 or more responses; 12 of 20 responded at the first look.
    The counts of the other looks are those nearest a posterior of 0.80.
    """
    predictive = PredictiveProbability(value=0.5, success=0.95, patients=100)
    posterior = PosteriorProbability(value=0.5, go_above=0.95)
    final = posterior.statistics((100,))
    assert 0.963 <= final[59] < 0.964  # printed as 0.963
    assert final[58] < 0.95
    for n, k, printed, digits in ((20, 12, 0.54, 2), (50, 28, 0.30, 2), (75, 41, 0.086, 3), (90, 49, 0.003, 3)):
        assert np.argmin(abs(posterior.statistics((n,)) - 0.80)) == k
        assert round(float(predictive.statistics((n,))[k]), digits) == printed
    one_look = operating_characteristics(posterior, [100], [0.5])
    assert one_look.scenarios[0].probability_go == pytest.approx(0.044, abs=0.0005)


def test_thall_and_simon_criterion():
    """P(pE > pS + 0.1) after 16 of 23, both priors Beta(0.6, 0.4): the tests of phase1b (postprobDist)."""
    rule = ThallSimon(standard=Beta(0.6, 0.4), margin=0.1, prior=Beta(0.6, 0.4), go_above=0.9)
    assert rule.statistics((23,))[16] == pytest.approx(0.4431067, abs=1e-5)


# Futility boundaries in the README of BOP2FE (Xu et al. 2025); the futility rule there is that of BOP2.
BOP2 = {
    "one endpoint": (
        Bop2(criteria=(Criterion(0.2),), cut=0.909, power=1, patients=40, looks=LOOKS),
        [[1, 2, 3, 5, 7, 9, 11]],
    ),
    "CR within CR/PR": (
        Bop2(
            criteria=(Criterion(0.15, endpoint="CR"), Criterion(0.30, endpoint="CR/PR")),
            cut=0.95,
            power=1,
            patients=40,
            claim="either",
            nested=True,
            looks=LOOKS,
        ),
        [[0, 1, 3, 4, 5, 7, 10], [2, 3, 6, 8, 10, 13, 17]],
    ),
    "co-primary": (
        Bop2(
            criteria=(Criterion(0.10, endpoint="ORR"), Criterion(0.20, endpoint="PFS6")),
            cut=0.95,
            power=1,
            patients=40,
            claim="either",
            looks=LOOKS,
        ),
        [[0, 1, 2, 3, 4, 5, 7], [1, 2, 4, 5, 7, 9, 12]],
    ),
    "efficacy and toxicity": (
        Bop2(
            criteria=(Criterion(0.45, endpoint="response"), Criterion(0.30, endpoint="toxicity", better="lower")),
            cut=0.70,
            power=1,
            patients=40,
            claim="both",
            looks=LOOKS,
        ),
        [[3, 5, 8, 10, 13, 16, 19], [5, 6, 7, 8, 9, 10, 11]],
    ),
}


@pytest.mark.parametrize("name", BOP2)
def test_bop2_boundaries(name):
    rule, printed = BOP2[name]
    rows = boundaries(rule).rows
    for i, criterion in enumerate(rule.criteria):
        mine = [r for r in rows if len(rule.criteria) == 1 or r.counted == criterion.endpoint]
        if criterion.better == "higher":
            assert [r.stop[0] for r in mine] == [(0, k) for k in printed[i]]
        else:
            assert [r.stop[0] for r in mine] == [(k, r.patients[0]) for r, k in zip(mine, printed[i], strict=True)]


def test_bop2_fe_superiority_boundaries():
    """The same README prints the superiority boundaries of O'Brien and Fleming's kind: go with so many, or more."""
    for name, printed in (
        ("one endpoint", [[7, 8, 9, 10, 11, 11, 12]]),
        ("CR within CR/PR", [[8, 8, 8, 9, 10, 10, 11], [9, 11, 12, 13, 15, 16, 18]]),
        ("co-primary", [[7, 7, 7, 7, 7, 8, 8], [8, 9, 10, 11, 11, 12, 13]]),
        ("efficacy and toxicity", [[8, 10, 12, 14, 16, 18, 20], [0, 2, 4, 5, 7, 8, 10]]),
    ):
        rule = replace(BOP2[name][0], efficacy="obrien_fleming")
        rows = boundaries(rule).rows
        for criterion, counts in zip(rule.criteria, printed, strict=True):
            mine = [r for r in rows if len(rule.criteria) == 1 or r.counted == criterion.endpoint]
            if criterion.better == "higher":
                assert [r.go[0] for r in mine] == [(k, r.patients[0]) for r, k in zip(mine, counts, strict=True)]
            else:
                assert [r.go[0] for r in mine] == [(0, k) for k in counts]


@pytest.mark.parametrize("efficacy", ["obrien_fleming", 1.1, 0.0])
def test_an_efficacy_boundary_of_bop2_is_enumerated(efficacy):
    """Every sequence of ten outcomes in turn: false alarms, power and patients."""
    rule = Bop2(criteria=(Criterion(0.2),), cut=0.8, power=0.6, patients=10, looks=(4, 7), efficacy=efficacy)
    found = operating_characteristics(rule, None, [0.2, 0.5]).scenarios
    for row, rate in zip(found, (0.2, 0.5), strict=True):
        go = size = 0.0
        for outcomes in product((0, 1), repeat=10):
            for n in (4, 7, 10):
                k, share = sum(outcomes[:n]), n / 10
                p = stats.beta.sf(0.2, 0.2 + k, 0.8 + n - k)
                if efficacy == "obrien_fleming":
                    cut = 2 * stats.norm.cdf(stats.norm.ppf(0.9) / share**0.5) - 1
                else:
                    cut = 1 - 0.2 * share**efficacy
                if p > cut or p < 0.8 * share**0.6:
                    break
            chance = rate ** sum(outcomes) * (1 - rate) ** (10 - sum(outcomes))
            go, size = go + chance * (p > cut), size + chance * n
        assert row.probability_go == pytest.approx(go, abs=1e-12)
        assert row.expected_patients == pytest.approx(size, abs=1e-10)


def test_lambda_and_gamma_are_found_with_the_efficacy_boundary():
    plain = Bop2(criteria=(Criterion(0.2, 0.4),), cut=0.9, power=1, patients=40, looks=LOOKS)
    early = calibrate(replace(plain, efficacy="obrien_fleming"), 0.10)
    without = calibrate(plain, 0.10)
    assert early.rule.efficacy == "obrien_fleming"
    rates = [s.probability_go for s in early.operating_characteristics.scenarios]
    sizes = [s.expected_patients for s in early.operating_characteristics.scenarios]
    assert rates[0] <= 0.10 < 0.8 < rates[1]
    assert sizes[1] < [s.expected_patients for s in without.operating_characteristics.scenarios][1]


@pytest.mark.parametrize("wrong", ["pocock", -1.0])
def test_an_efficacy_boundary_that_is_none_is_refused(wrong):
    with pytest.raises(be.AnalysisError, match="efficacy"):
        Bop2(criteria=(Criterion(0.2),), cut=0.9, power=1, patients=40, efficacy=wrong)


def test_bop2_fe_operating_characteristics():
    """The same README, 10 000 simulated studies with its futility and superiority boundaries, rates 0.2 and 0.4."""
    looks = (*LOOKS, 40)
    go, stop = walk(
        [(n,) for n in looks],
        verdicts(looks, (1, 2, 3, 5, 7, 9, 11), (7, 8, 9, 10, 11, 11, 12)),
        coin([0.2, 0.4]),
    )
    for row, futile, superior, size, rejected in ((0, 0.877, 0.0722, 20.5, 0.0858), (1, 0.103, 0.859, 23.6, 0.885)):
        left = np.concatenate([[1.0], 1.0 - np.cumsum(go[row] + stop[row])[:-1]])
        expected = left @ np.diff(looks, prepend=0)
        second = left @ (np.array(looks) ** 2 - np.array((0, *looks[:-1])) ** 2)
        for exact, simulated, rounding in (
            (go[row].sum(), rejected, 0.0005),
            (stop[row, :-1].sum(), futile, 0.0005),
            (go[row, :-1].sum(), superior, 0.0005),
        ):
            assert exact == pytest.approx(simulated, abs=4 * (exact * (1 - exact) / 10_000) ** 0.5 + rounding)
        error = ((second - expected**2) / 10_000) ** 0.5
        assert expected == pytest.approx(size, abs=4 * error + 0.05)
