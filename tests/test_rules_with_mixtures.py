"""Rules with mixture priors, rules stated in counts, and two values or an uncertain standard."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.probability.beta import Beta, exceedance
from bayes_escc.probability.mixtures import BetaMixture, beta_of_width
from bayes_escc.rules import CountBoundary, boundaries, operating_characteristics, read_rule
from bayes_escc.rules.tails import contrast_tails, interval_widths, predictive_counts, upper_tails
from bayes_escc.settings.reader import Reader

CONTROL = BetaMixture((0.5, 0.3, 0.2), (Beta(14.0, 43.0), Beta(5.0, 13.0), Beta(1.0, 1.0)))
ARM = BetaMixture((0.7, 0.3), (Beta(1.0, 1.0), Beta(3.0, 7.0)))


def test_tails_of_mixtures_are_those_of_the_updated_mixture():
    above = upper_tails(CONTROL, 12, 0.3)
    widths = interval_widths(CONTROL, 12, 0.9)
    contrast = contrast_tails(ARM, 5, CONTROL, 4, 0.1)
    for k in range(13):
        after = CONTROL.update(k, 12)
        assert above[k] == pytest.approx(float(after.sf(0.3)), abs=1e-12)
        assert widths[k] == pytest.approx(after.quantile(0.95) - after.quantile(0.05), abs=1e-9)
    for i, j in product(range(6), range(5)):
        x, y = ARM.update(i, 5), CONTROL.update(j, 4)
        expected = sum(
            v * w * exceedance(a, b, 0.1, "difference")[0]
            for v, a in zip(x.weights, x.components, strict=True)
            for w, b in zip(y.weights, y.components, strict=True)
        )
        assert contrast[i, j] == pytest.approx(expected, abs=1e-9)


def test_the_predictive_law_of_counts_is_that_of_the_mixture():
    found = predictive_counts(CONTROL, 6, 15)
    assert found.sum(axis=1) == pytest.approx(np.ones(7), abs=1e-12)
    for k in (0, 3, 6):
        assert found[k, k : k + 10] == pytest.approx(CONTROL.update(k, 6).predictive(9), abs=1e-12)


def test_a_mixture_of_one_component_is_that_component():
    single, mixed = Beta(2.0, 5.0), BetaMixture((0.4, 0.6), (Beta(2.0, 5.0), Beta(2.0, 5.0)))
    for reference in (None, "control"):
        keys = {"value": 0.3} if reference is None else {"reference": reference}
        rules = [
            be.PredictiveProbability(patients=20, success=0.9, stop_below=0.05, looks=(10,), prior=p, **keys)
            for p in (single, mixed)
        ]
        one, other = (operating_characteristics(r, rates=[(0.3,) * r.arms, (0.5,) * r.arms]) for r in rules)
        for a, b in zip(one.scenarios, other.scenarios, strict=True):
            assert a.go == pytest.approx(b.go, abs=1e-12)
            assert a.stop == pytest.approx(b.stop, abs=1e-12)


def test_operating_characteristics_of_a_control_that_borrows_are_those_of_enumeration():
    rule = be.PosteriorProbability(
        reference="control", go_above=0.9, looks=((8, 5),), prior=ARM, reference_prior=CONTROL
    )
    found = operating_characteristics(rule, rates=[(0.5, 0.25)]).scenarios[0]
    expected = 0.0
    for i, j in product(range(9), range(6)):
        x, y = ARM.update(i, 8), CONTROL.update(j, 5)
        p = sum(
            v * w * exceedance(a, b, 0.0, "difference")[0]
            for v, a in zip(x.weights, x.components, strict=True)
            for w, b in zip(y.weights, y.components, strict=True)
        )
        expected += (p > 0.9) * stats.binom.pmf(i, 8, 0.5) * stats.binom.pmf(j, 5, 0.25)
    assert found.probability_go == pytest.approx(expected, abs=1e-12)


def test_the_final_analysis_may_have_its_own_prior():
    """The prediction borrows, the final analysis does not: by enumeration of the patients to come."""
    rule = be.PredictiveProbability(
        patients=15, success=0.9, value=0.3, stop_below=0.1, prior=CONTROL, final_prior=Beta(1.0, 1.0)
    )
    found = rule.statistics((6,))
    for k in (1, 3, 5):
        ahead = CONTROL.update(k, 6).predictive(9)
        success = [stats.beta.sf(0.3, 1 + k + j, 1 + 15 - k - j) > 0.9 for j in range(10)]
        assert found[k] == pytest.approx(float(ahead @ success), abs=1e-12)
    assert "prior Beta(1, 1)" in rule.sentence


def test_the_final_analysis_of_two_arms_forgets_the_history_of_both():
    """`final_prior` alone is that of both arms, also where the control's prediction borrows."""
    vague = Beta(0.7, 1.3)
    both = {"patients": (9, 7), "success": 0.9, "reference": "control", "prior": ARM, "reference_prior": CONTROL}
    rule = be.PredictiveProbability(**both, final_prior=vague)
    named = be.PredictiveProbability(**both, final_prior=vague, final_reference_prior=vague)
    control = be.PredictiveProbability(**both, final_reference_prior=vague)

    def reported(first, i, second, j):
        x, y = (prior if hasattr(prior, "weights") else BetaMixture((1.0,), (prior,)) for prior in (first, second))
        x, y = x.update(i, 9), y.update(j, 7)
        return sum(
            v * w * exceedance(a, b, 0.0, "difference")[0]
            for v, a in zip(x.weights, x.components, strict=True)
            for w, b in zip(y.weights, y.components, strict=True)
        )

    for i, j in ((7, 2), (5, 3)):
        assert rule.statistics((9, 7))[i, j] == pytest.approx(reported(vague, i, vague, j), abs=1e-12)
        assert control.statistics((9, 7))[i, j] == pytest.approx(reported(ARM, i, vague, j), abs=1e-12)
    assert rule.statistics((6, 5)) == pytest.approx(named.statistics((6, 5)), abs=1e-15)
    assert "Beta(0.7, 1.3) in both arms" in rule.sentence
    assert "Beta(0.7, 1.3) for control" in control.sentence


def test_an_uncertain_standard_is_thall_and_simons():
    """Final success against Beta(34, 90) is the statistic of Thall and Simon at the last look."""
    standard = Beta(34.0, 90.0)
    rule = be.PredictiveProbability(patients=25, success=0.9, standard=standard, margin=0.05, stop_below=0.1)
    thall = be.ThallSimon(standard=standard, margin=0.05, go_above=0.9)
    final = thall.statistics((25,))
    assert rule.statistics((25,)) == pytest.approx(final, abs=1e-12)
    ahead = BetaMixture((1.0,), (Beta(1.0, 1.0),)).update(4, 10).predictive(15)
    assert rule.statistics((10,))[4] == pytest.approx(float(ahead @ (final[4:20] > 0.9)), abs=1e-12)
    assert rule.false_alarm_rates == (standard.mean,)
    with pytest.raises(be.AnalysisError, match="standard takes the place"):
        be.PredictiveProbability(patients=25, success=0.9, standard=standard, value=0.3)


def test_simons_two_stages_are_stated_as_he_prints_them():
    """Simon 1989, table 1: p0 = 0.1, p1 = 0.3, optimal 1/10 5/29: error 0.047, power 0.805, EN 15.0, PET 0.74."""
    rule = CountBoundary(stop_at_most="1/10, 5/29", null_rate=0.1, alternative_rate=0.3)
    found = operating_characteristics(rule)
    null = found.scenarios[0]
    assert round(found.false_alarm, 3) == 0.047
    assert round(found.power, 3) == 0.805
    assert round(null.expected_patients, 1) == 15.0
    assert round(null.probability_early, 2) == 0.74
    assert boundaries(rule).cells == [["10", "<= 1", "never"], ["29", "<= 5", ">= 6"]]


def test_rules_in_counts_are_read_and_checked(capsys):
    assert main(["monitor", "oc", "counts", "stop_at_most=1/10,5/29", "null_rate=0.1", "alternative_rate=0.3"]) == 0
    assert "0.047" in capsys.readouterr().out
    with pytest.raises(be.AnalysisError, match="cannot both stop and go"):
        CountBoundary(stop_at_most=["4/10"], go_at_least=["3/10"])
    with pytest.raises(be.AnalysisError, match="more responses than patients"):
        CountBoundary(stop_at_most=["11/10"])
    with pytest.raises(be.AnalysisError, match='such as "1/10"'):
        CountBoundary(stop_at_most=["few"])


def test_futility_may_be_about_another_value():
    """Go if P(rate > 0.2) > 0.9, stop if P(rate > 0.4) < 0.1."""
    rule = be.PosteriorProbability(
        value=0.2,
        futility_value=0.4,
        go_above=0.9,
        stop_below=0.1,
        looks=(10, 20),
        null_rate=None,
        alternative_rate=0.4,
    )
    for n in (10, 20):
        verdict = rule.verdicts((n,))
        for k in range(n + 1):
            go = stats.beta.sf(0.2, 1 + k, 1 + n - k) > 0.9
            stop = stats.beta.sf(0.4, 1 + k, 1 + n - k) < 0.1
            assert verdict[k] == (1 if go else -1 if stop else 0)
    assert "P(rate > 0.4) < 0.1" in rule.sentence
    with pytest.raises(be.AnalysisError, match="goes with value"):
        be.PosteriorProbability(reference="x", futility_value=0.4, go_above=0.9)


def test_a_beta_from_its_mean_and_the_width_of_an_interval():
    law = beta_of_width(0.2, 0.3, 0.9)
    assert law.mean == pytest.approx(0.2)
    assert np.diff(stats.beta.ppf([0.05, 0.95], law.alpha, law.beta))[0] == pytest.approx(0.3, abs=1e-9)
    with pytest.raises(be.AnalysisError, match="no Beta with one mode"):
        beta_of_width(0.5, 0.99, 0.9)


def test_priors_of_rules_are_read_as_mixtures_or_by_width():
    problems: list[str] = []
    parts = [{"weight": 0.8, "alpha": 4, "beta": 10}, {"weight": 0.2, "alpha": 1, "beta": 1}]
    keys = {"kind": "predictive_probability", "patients": 20, "success": 0.9, "value": 0.3, "stop_below": 0.1}
    rule = read_rule(Reader({**keys, "prior": {"components": parts}}, "", problems))
    assert problems == []
    assert rule.prior == BetaMixture((0.8, 0.2), (Beta(4, 10), Beta(1, 1)))
    assert json.dumps(rule.to_dict())
    rule = read_rule(Reader({**keys, "prior": {"mean": 0.2, "width": 0.3}}, "", problems))
    assert rule.prior == beta_of_width(0.2, 0.3, 0.9)
    assert problems == []
    read_rule(Reader({**keys, "prior": {"components": [{"weight": 0.5, "alpha": 1, "beta": 1}]}}, "", problems))
    assert "weights sum to 1" in problems[0]


def test_a_rule_of_an_analysis_uses_its_borrowed_prior(tmp_path):
    history = {
        "study": ["a", "b", "c"],
        "regimen": "placebo",
        "endpoint": "ORR",
        "events": [5, 9, 7],
        "n": [30, 40, 31],
    }
    pd.DataFrame(history).to_csv(tmp_path / "history.csv", index=False)
    trial = {"study": "new", "regimen": ["drug", "placebo"], "endpoint": "ORR", "events": [9, 1], "n": [18, 6]}
    pd.DataFrame(trial).to_csv(tmp_path / "trial.csv", index=False)
    analysis = be.Analysis.from_dict(
        {
            "data": {"file": "trial.csv", "endpoint": "ORR"},
            "model": {"family": "response"},
            "borrowing": {"file": "history.csv", "grid": []},
            "monitoring": [
                {
                    "kind": "posterior_probability",
                    "regimen": "drug",
                    "reference": "placebo",
                    "go_above": 0.9,
                    "looks": [[18, 6]],
                    "null_rate": 0.2,
                },
                {
                    "kind": "predictive_probability",
                    "regimen": "drug",
                    "reference": "placebo",
                    "success": 0.9,
                    "patients": [24, 8],
                    "stop_below": 0.1,
                    "null_rate": 0.2,
                },
            ],
        },
        folder=tmp_path,
    )
    result = be.to_result(be.fit_analysis(analysis))
    present, final = result["monitoring"]
    better = result["comparisons"][0]["probability_better"]
    better = 1.0 - better if result["comparisons"][0]["regimen"] == "placebo" else better
    assert present["value"] == pytest.approx(better, abs=1e-9)
    parts = result["borrowing"]["map_prior"]["components"]
    fitted = BetaMixture(tuple(p["weight"] for p in parts), tuple(Beta(p["alpha"], p["beta"]) for p in parts)).robust(
        0.2
    )
    rule = be.PredictiveProbability(
        reference="placebo", success=0.9, patients=(24, 8), stop_below=0.1, reference_prior=fitted
    )
    assert final["value"] == pytest.approx(float(rule.statistics((18, 6))[9, 1]), abs=1e-9)
    flat = be.PosteriorProbability(reference="placebo", go_above=0.9, looks=((18, 6),), null_rate=0.2)
    with_borrowed = be.PosteriorProbability(
        reference="placebo", go_above=0.9, looks=((18, 6),), null_rate=0.2, reference_prior=fitted
    )
    assert present["false_alarm"] == pytest.approx(operating_characteristics(with_borrowed).false_alarm, abs=1e-9)
    assert present["false_alarm"] != pytest.approx(operating_characteristics(flat).false_alarm, abs=1e-3)
