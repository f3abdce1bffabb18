"""Decision rules: tails, boundaries, exact operating characteristics, reading, refusals."""

from __future__ import annotations

import dataclasses
import re
import tomllib

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.probability.beta import Beta, contrast_quantile, exceedance
from bayes_escc.rules import (
    Bop2,
    CountBoundary,
    Criterion,
    PosteriorProbability,
    Precision,
    PredictiveProbability,
    PredictiveSurvival,
    ThallSimon,
    Toxicity,
    boundaries,
    calibrate,
    operating_characteristics,
    read_rule,
)
from bayes_escc.rules.paths import walk
from bayes_escc.rules.tails import contrast_tails, contrast_widths, interval_widths, predictive_counts, upper_tails
from bayes_escc.settings.reader import Reader

from .oracles import decision as slow
from .test_plots import assert_no_text_overlaps, assert_nothing_is_cut, texts

LOOKS = (10, 15, 20, 25, 30, 35, 40)


def superiority(threshold, **more):
    return PosteriorProbability(reference="B", go_above=threshold, null_rate=0.30, looks=LOOKS, **more)


# --- tails


@pytest.mark.parametrize(("a", "b", "n", "limit"), [(1, 1, 40, 0.3), (0.2, 0.8, 7, 0.05), (3, 17, 500, 0.6)])
def test_tails_of_all_counts(a, b, n, limit):
    k = np.arange(n + 1)
    assert upper_tails(Beta(a, b), n, limit) == pytest.approx(stats.beta.sf(limit, a + k, b + n - k), abs=1e-12)


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
@pytest.mark.parametrize(
    ("x", "nx", "y", "ny"),
    [(Beta(1, 1), 9, Beta(1, 1), 12), (Beta(0.1, 0.3), 4, Beta(0.3, 0.1), 3), (Beta(1, 1), 150, Beta(15, 35), 0)],
)
def test_contrasts_of_all_counts(x, nx, y, ny, scale):
    thresholds = [-0.25, 0.0, 0.1] if scale == "difference" else [0.6, 1.0, 1.7]
    for threshold in thresholds:
        found = contrast_tails(x, nx, y, ny, threshold, scale)
        for i in {0, 1, nx // 2, nx}:
            for j in {0, ny // 2, ny}:
                laws = Beta(x.alpha + i, x.beta + nx - i), Beta(y.alpha + j, y.beta + ny - j)
                assert found[i, j] == pytest.approx(exceedance(*laws, threshold, scale)[0], abs=1e-10)


def test_predictive_counts():
    found = predictive_counts(Beta(0.6, 1.4), 13, 40)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert found[5, 5:33] == pytest.approx(stats.betabinom.pmf(np.arange(28), 27, 5.6, 9.4), abs=1e-13)


# --- operating characteristics


@pytest.mark.parametrize(
    ("threshold", "seven", "one"), [(0.95, 0.131, 0.048), (0.975, 0.068, 0.024), (0.99, 0.028, 0.010)]
)
def test_repeated_looks_raise_false_alarms(threshold, seven, one):
    """Simulated before this module existed: 100 000 trials of 10, 15 ... 40 per arm, both rates 0.30."""
    rule = superiority(threshold)
    for looks, simulated in ((None, seven), ([40], one)):
        exact = operating_characteristics(rule, looks).false_alarm
        error = 4 * (simulated * (1 - simulated) / 100_000) ** 0.5 + 0.0005  # and its rounding
        assert exact == pytest.approx(simulated, abs=error)


def test_two_arms_by_brute_force():
    rule = PosteriorProbability(
        reference="B", go_above=0.9, stop_below=0.2, margin=0.05, prior=Beta(1, 2), reference_prior=Beta(2, 3)
    )
    tail = {}

    def verdict(k, m, n):
        if (k, m, n) not in tail:
            tail[k, m, n] = slow.contrast(1 + k, 2 + n - k, 2 + m, 3 + n - m, 0.05)
        return 1 if tail[k, m, n] > 0.9 else -1 if tail[k, m, n] < 0.2 else 0

    go, stop = slow.two_arms([4, 7, 9], verdict, 0.5, 0.25)
    (found,) = operating_characteristics(rule, [4, 7, 9], [(0.5, 0.25)]).scenarios
    assert found.go == pytest.approx(go, abs=1e-12)
    assert found.stop == pytest.approx(stop, abs=1e-12)
    ended = np.cumsum(np.add(go, stop))
    assert found.expected_patients == pytest.approx(2 * (4 + 3 * (1 - ended[0]) + 2 * (1 - ended[1])), abs=1e-10)


def test_unequal_arms_and_the_direction():
    rule = PosteriorProbability(reference="B", go_above=0.8, better="lower", looks=((5, 9), (8, 12)))
    (found,) = operating_characteristics(rule, rates=[(0.2, 0.6)]).scenarios
    mirrored = PosteriorProbability(reference="A", go_above=0.8, looks=((9, 5), (12, 8)))
    swapped = contrast_tails(Beta(1, 1), 9, Beta(1, 1), 5, 0.0)
    assert rule.statistics((5, 9)) == pytest.approx(swapped.T, abs=1e-12)
    (other,) = operating_characteristics(mirrored, rates=[(0.6, 0.2)]).scenarios
    assert found.probability_go == pytest.approx(other.probability_go, abs=1e-12)
    assert found.expected_by_arm == pytest.approx(other.expected_by_arm[::-1], abs=1e-10)


RULES = [
    PosteriorProbability(value=0.3, go_above=0.9, stop_below=0.1, looks=(6, 9, 14)),
    PosteriorProbability(value=0.3, go_above=0.9, better="lower", prior=Beta(0.5, 0.5), looks=(6, 9, 14)),
    PredictiveProbability(value=0.3, success=0.9, stop_below=0.1, go_above=0.97, patients=14, looks=(6, 9)),
    ThallSimon(standard=Beta(15, 35), margin=0.1, go_above=0.9, stop_below=0.1, looks=(6, 9, 14)),
    Bop2(criteria=(Criterion(0.3),), cut=0.8, power=0.7, patients=14, looks=(6, 9)),
    Toxicity(limit=0.25, stop_above=0.85, looks=(6, 9, 14)),
    Precision(width=0.42, looks=(6, 9, 14)),
]


def slow_verdict(rule, k, n):
    """Each rule's definition, written again."""
    up = lambda a, b, limit: slow.posterior_tail(a, b, k, n, limit)  # noqa: E731
    if rule.kind == "posterior_probability":
        p = up(rule.prior.alpha, rule.prior.beta, 0.3)
        p = 1 - p if rule.better == "lower" else p
        return 1 if p > 0.9 else -1 if rule.stop_below is not None and p < 0.1 else 0
    if rule.kind == "predictive_probability":
        wins = lambda t: slow.posterior_tail(1, 1, t, 14, 0.3) > 0.9  # noqa: E731
        if n == 14:
            return 1 if wins(k) else -1
        p = slow.predictive(1, 1, k, n, 14, wins)
        return 1 if p > 0.97 else -1 if p < 0.1 else 0
    if rule.kind == "thall_simon":
        p = slow.contrast(1 + k, 1 + n - k, 15, 35, 0.1)
        return 1 if p > 0.9 else -1 if p < 0.1 else 0
    if rule.kind == "bop2":
        fails = up(0.3, 0.7, 0.3) < 0.8 * (n / 14) ** 0.7
        return -1 if fails else 1 if n == 14 else 0
    if rule.kind == "toxicity":
        return -1 if up(1, 1, 0.25) > 0.85 else 0
    law = stats.beta(1 + k, 1 + n - k)
    return -1 if law.ppf(0.975) - law.ppf(0.025) < 0.42 else 0


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.kind)
@pytest.mark.parametrize("rate", [0.15, 0.45])
def test_one_arm_by_brute_force(rule, rate):
    go, stop = slow.one_arm([6, 9, 14], lambda k, n: slow_verdict(rule, k, n), rate)
    (found,) = operating_characteristics(rule, rates=[rate]).scenarios
    assert found.go == pytest.approx(go, abs=1e-12)
    assert found.stop == pytest.approx(stop, abs=1e-12)
    assert found.probability_undecided == pytest.approx(1 - sum(go) - sum(stop), abs=1e-12)
    table = boundaries(rule)
    for row in table.rows:
        for k in range(row.patients[0] + 1):
            verdict = slow_verdict(rule, k, row.patients[0])
            assert any(a <= k <= b for a, b in row.go) == (verdict == 1)
            assert any(a <= k <= b for a, b in row.stop) == (verdict == -1)


@pytest.mark.parametrize(("claim", "nested"), [("either", True), ("both", False)])
def test_two_endpoints_by_brute_force(claim, nested):
    second = Criterion(0.5, 0.7) if nested else Criterion(0.4, 0.2, "toxicity", "lower")
    rule = Bop2(
        criteria=(Criterion(0.2, 0.4), second),
        claim=claim,
        nested=nested,
        cut=0.7,
        power=0.5,
        patients=10,
        looks=(4, 7),
    )

    def verdict(i, j, n):
        good = [
            slow.posterior_tail(0.2, 0.8, i, n, 0.2),
            slow.posterior_tail(second.rate, 1 - second.rate, j, n, second.rate),
        ]
        good[1] = good[1] if nested else 1 - good[1]
        fails = [g < 0.7 * (n / 10) ** 0.5 for g in good]
        stops = all(fails) if claim == "either" else any(fails)
        return -1 if stops else 1 if n == 10 else 0

    rates, cells = ((0.3, 0.6), [0.3, 0.0, 0.3, 0.4]) if nested else ((0.4, 0.3, 0.2), [0.2, 0.2, 0.1, 0.5])
    go, stop = slow.two_counts([4, 7, 10], verdict, cells)
    (found,) = operating_characteristics(rule, rates=[rates]).scenarios
    assert found.go == pytest.approx(go, abs=1e-12)
    assert found.stop == pytest.approx(stop, abs=1e-12)


def test_a_statistic_that_equals_its_threshold_decides_nothing():
    """A uniform rate is above 0.1 with probability 0.99 after one response, and above a half with 0.5 at n/2 of n."""
    go = PosteriorProbability(value=0.1, go_above=0.99, looks=(1,))
    assert operating_characteristics(go, rates=[0.5]).scenarios[0].probability_go == 0.0
    futile = PosteriorProbability(value=0.5, stop_below=0.5, looks=tuple(range(2, 61, 2)))
    for (n,) in futile.looks:
        assert np.flatnonzero(futile.verdicts((n,)) == -1).tolist() == list(range(n // 2))
    final = PredictiveProbability(patients=2, success=1.0 - 0.1**3, value=0.1, looks=(1,), go_above=0.5)
    assert not final.statistics((1,)).any()  # two responses of two reach the threshold and do not pass it
    two = PosteriorProbability(value=0.1, futility_value=0.5, go_above=0.99, stop_below=0.25, looks=(1,))
    assert two.verdicts((1,)).tolist() == [0, 0]


def test_a_path_through_given_boundaries():
    """Two stages by hand: 1 of 2, then 2 of 3, coin tosses."""
    verdicts = [np.array([-1, 0, 0], dtype=np.int8), np.array([-1, -1, 1, 1], dtype=np.int8)]
    steps = PosteriorProbability(value=0.5, go_above=0.9).steps(np.array([[0.5]]))
    go, stop = walk([(2,), (3,)], verdicts, steps)
    assert stop[0].tolist() == [0.25, 0.25]
    assert go[0].tolist() == [0.0, 0.5]


# --- calibration


def test_calibrated_threshold_is_the_smallest_that_holds():
    found = calibrate(superiority(0.95, alternative_rate=0.5), 0.05)
    assert found.operating_characteristics.false_alarm <= 0.05
    looser = operating_characteristics(superiority(round(found.rule.go_above - 1e-4, 6)))
    assert looser.false_alarm > 0.05


def test_calibrated_bop2_has_the_largest_power():
    rule = Bop2(criteria=(Criterion(0.2, 0.4),), cut=0.9, power=1, patients=20, looks=(10,))
    found = calibrate(rule, 0.10).operating_characteristics
    assert found.false_alarm <= 0.10
    for cut in np.arange(0.5, 1.0, 0.05):
        for power in np.arange(0.0, 1.01, 0.1):
            other = operating_characteristics(Bop2(**{**vars(rule), "cut": float(cut), "power": float(power)}))
            assert other.false_alarm > 0.10 or other.power <= found.power + 1e-12


# --- reading and refusing


def with_rules(*rules):
    path = be.find_analysis("second_line_response").folder / "second_line_response.toml"
    return {**tomllib.loads(path.read_text(encoding="utf-8")), "monitoring": list(rules)}


ANLOTINIB, CHEMOTHERAPY = "toripalimab + anlotinib", "toripalimab + chemotherapy"


def test_rules_are_read_as_values_and_hashed():
    content = with_rules(
        {"kind": "posterior_probability", "reference": CHEMOTHERAPY, "go_above": 0.975, "looks": [10, 20]}
    )
    analysis = Analysis.from_dict(content)
    (rule,) = analysis.rules
    assert rule == PosteriorProbability(
        reference=CHEMOTHERAPY, go_above=0.975, looks=(10, 20), reference_prior=Beta(1, 1), better="higher"
    )
    content["monitoring"][0]["go_above"] = 0.95
    changed = Analysis.from_dict(content)
    assert changed.rules != analysis.rules
    assert changed.sha256 != analysis.sha256
    assert be.find_analysis("second_line_response").rules == ()


def test_all_problems_of_rules_at_once():
    content = with_rules(
        {"kind": "posterior_probabilty"},
        {"kind": "toxicity", "limt": 0.3},
        {"kind": "posterior_probability", "value": 0.2, "go_above": 0.3, "stop_below": 0.5},
        {"kind": "bop2", "rate": 0.2, "lambda": 1.9, "gamma": 1, "patients": 40, "looks": [10, 50]},
        {"kind": "toxicity", "name": "t", "limit": 0.3, "stop_above": 1.2, "looks": [20, 10]},
        {"kind": "thall_simon", "name": "t", "go_above": 0.9},
        {"kind": "predictive_probability", "success": 0.9, "value": 0.2, "reference": "x"},
        {"kind": "precision", "width": -1, "looks": [[10, 12]]},
        {"kind": "posterior_probability", "name": "p", "value": 0.2, "go_above": 0.9, "prior": {"alpha": 1, "beta": 2}},
        {"kind": "toxicity", "name": "u", "limit": 0.3},
    )
    with pytest.raises(AnalysisError) as error:
        Analysis.from_dict(content)
    said = str(error.value)
    for part in (
        "monitoring[0].kind: 'posterior_probabilty' is not one of",
        "Did you mean 'posterior_probability'?",
        "monitoring[1].limt: unknown key",
        "Did you mean 'limit'?",
        "monitoring[2]: go_above (0.3) must be greater than stop_below (0.5)",
        "monitoring[3].looks: a look has more patients than the 40",
        "lambda lies between 0 and 1, not 1.9",
        "monitoring[4].looks: 10 cannot follow 20: looks ascend",
        "stop_above is a probability between 0 and 1, not 1.2",
        "monitoring[5]: standard, a Beta law of the standard rate, is required",
        "monitoring[6]: patients, the planned maximum, is required",
        "give one of reference (a regimen) and value",
        "monitoring[7].looks: a look is a number of patients, not [10, 12]",
        "width is above 0, not -1",
        "monitoring[8].prior: is that of the analysis",
        "monitoring[9].stop_above: is required",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "counts", "stop_at_most": 5}, "stop_at_most: must be responses of patients"),
        ({"kind": "counts", "stop_at_most": ["1/10", 2.5]}, "stop_at_most: must be responses of patients"),
        ({"kind": "bop2", "efficacy": [1]}, "efficacy: must be"),
        ({"kind": "bop2", "efficacy": True}, "efficacy: must be"),
        ({"kind": "bop2", "endpoint": 5}, "endpoint: must be"),
    ],
)
def test_values_of_another_kind_are_refused_by_their_key(keys, said):
    bop2 = {"rate": 0.2, "lambda": 0.9, "gamma": 1, "patients": 20} if keys["kind"] == "bop2" else {}
    problems = []
    assert read_rule(Reader({**bop2, **keys}, "", problems)) is None
    assert any(said in problem for problem in problems), problems


OF_EVERY_KIND = {
    "posterior_probability": lambda **k: PosteriorProbability(
        **{"value": 0.3, "go_above": 0.9, "looks": (10, 20), **k}
    ),
    "thall_simon": lambda **k: ThallSimon(**{"standard": Beta(3, 7), "go_above": 0.9, "looks": (10, 20), **k}),
    "toxicity": lambda **k: Toxicity(**{"limit": 0.3, "stop_above": 0.9, "looks": (10, 20), **k}),
    "precision": lambda **k: Precision(**{"width": 0.3, "looks": (10, 20), **k}),
    "predictive_probability": lambda **k: PredictiveProbability(**{"patients": 40, "success": 0.9, "value": 0.2, **k}),
    "predictive_survival": lambda **k: PredictiveSurvival(**{"reference": "A", "events": 40, "success": 0.9, **k}),
    "counts": lambda **k: CountBoundary(**{"stop_at_most": "1/10", **k}),
    "bop2": lambda **k: Bop2(**{"patients": 40, "criteria": (Criterion(0.2, 0.4),), "cut": 0.9, "power": 1.0, **k}),
}
OTHER_KINDS = ["x", 5, -1, 0.5, True, None, [1], {"a": 1}, np.nan, np.inf, 10**400, object(), (1, 2), b"x", "\ud800"]


@pytest.mark.parametrize("kind", OF_EVERY_KIND)
def test_every_field_of_every_rule_refuses_what_it_cannot_be_by_its_name(kind):
    make = OF_EVERY_KIND[kind]
    refusals = []
    for field in dataclasses.fields(make()):
        for value in OTHER_KINDS:
            try:
                rule = make(**{field.name: value})
                assert all((rule.sentence, rule.statistic, rule.to_dict()))
            except AnalysisError as error:
                refusals.append((field.name, str(error)))
    assert len(refusals) > 5 * len(dataclasses.fields(make()))
    for name, said in refusals:
        assert re.search(rf"\b({name}|{ {'cut': 'lambda', 'power': 'gamma'}.get(name, name) })\b", said), (name, said)


@pytest.mark.parametrize(
    ("weights", "components", "said"),
    [
        ("x", None, "a mixture has weights and components"),
        ((0.5, 0.5), (1, 2), "components are Beta laws"),
        (("a", 0.5), (Beta(1, 1), Beta(2, 1)), "the weights of a mixture are numbers"),
        ((True, 0.5), (Beta(1, 1), Beta(2, 1)), "the weights of a mixture are numbers"),
        ((0.5, 0.6), (Beta(1, 1), Beta(2, 1)), "sum to 1"),
    ],
)
def test_a_mixture_refuses_what_it_cannot_be(weights, components, said):
    with pytest.raises(AnalysisError, match=said):
        be.BetaMixture(weights, components)


@pytest.mark.parametrize("values", [("x",), (True,), (0.2, 0.4, 5), (0.2, 0.4, "e", "up"), (0.2, 0.4, "e", "lower", 3)])
def test_a_criterion_refuses_what_it_cannot_be_by_its_name(values):
    names = [field.name for field in dataclasses.fields(Criterion)]
    with pytest.raises(AnalysisError, match=f"^{names[len(values) - 1]} must be"):
        Criterion(*values)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("posterior_probability", {"better": "higher", "alternative_rate": 0.2}),
        ("posterior_probability", {"better": "lower", "alternative_rate": 0.3}),
        ("posterior_probability", {"value": None, "reference": "A", "null_rate": 0.3, "alternative_rate": 0.2}),
        ("posterior_probability", {"alternative_rate": 0.2}),  # a higher rate is better unless it is said otherwise
        ("thall_simon", {"alternative_rate": 0.3}),
        ("toxicity", {"alternative_rate": 0.2}),
        ("predictive_probability", {"better": "higher", "alternative_rate": 0.1}),
        ("predictive_probability", {"value": None, "standard": Beta(3, 7), "alternative_rate": 0.2}),
        ("counts", {"null_rate": 0.3, "alternative_rate": 0.3}),
        ("bop2", {"criteria": (Criterion(0.2, 0.2, better="lower"),)}),
    ],
)
def test_an_alternative_on_the_wrong_side_of_the_null_is_no_power(kind, keys):
    with pytest.raises(AnalysisError, match=r"alternative_rate \(0\.\d\) must lie (above|below)"):
        operating_characteristics(OF_EVERY_KIND[kind](**keys))


def test_the_direction_of_an_endpoint_decides_on_which_side_the_alternative_lies():
    rule = {
        "kind": "posterior_probability",
        "endpoint": "grade3_ae",
        "value": 0.3,
        "stop_below": 0.1,
        "looks": [10, 20],
    }
    with pytest.raises(
        AnalysisError, match=r"monitoring\[0\]: alternative_rate \(0\.4\) must lie below value \(0\.3\)"
    ):
        Analysis.from_dict(with_rules({**rule, "alternative_rate": 0.4}))
    (read,) = Analysis.from_dict(with_rules({**rule, "alternative_rate": 0.2})).rules
    assert read.better == "lower"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"stop_at_most": "1/10, 5/29"},
            "Stop with at most 1 event among 10 patients, or at most 5 among 29; go with more than 5 among 29.",
        ),
        (
            {"stop_at_most": "0/10", "go_at_least": "6/10, 7/29"},
            "Stop with no events among 10 patients; go with at least 6 events among 10 patients, "
            "or at least 7 among 29.",
        ),
        ({"stop_at_most": (), "go_at_least": "6/10"}, "Go with at least 6 events among 10 patients."),
    ],
)
def test_a_rule_in_counts_says_what_it_does(keys, said):
    rule = CountBoundary(**keys)
    assert rule.sentence == said
    for row in boundaries(rule).rows:  # as the sentence has it, number by number
        n = row.patients[0]
        goes = [int(v) for v in re.findall(rf"at least (\d+)(?: events?)? among {n}\b", said)]
        goes += [int(v) + 1 for v in re.findall(rf"more than (\d+) among {n}\b", said)]
        assert row.go == tuple((low, n) for low in goes)


def test_names_are_unique():
    rule = {"kind": "toxicity", "limit": 0.3, "stop_above": 0.9, "looks": [10]}
    with pytest.raises(AnalysisError, match="'toxicity' is the name of an earlier rule"):
        Analysis.from_dict(with_rules(rule, rule))


def test_rules_that_do_not_fit_the_data_are_refused_before_fitting():
    content = with_rules(
        {"kind": "bop2", "rate": 0.2, "lambda": 0.9, "gamma": 1, "patients": 30, "regimen": ANLOTINIB},
        {"kind": "toxicity", "limit": 0.3, "stop_above": 0.9, "endpoint": "rash", "regimen": ANLOTINIB},
        {"kind": "thall_simon", "standard": {"alpha": 1, "beta": 4}, "go_above": 0.9},
        {"kind": "posterior_probability", "value": 0.2, "go_above": 0.9, "regimen": "toripalimab + anlotinb"},
        {"kind": "precision", "estimand": "median", "width": 2},
    )
    with pytest.raises(AnalysisError) as error:
        be.fit_analysis(Analysis.from_dict(content))
    said = str(error.value)
    for part in (
        "monitoring[0].patients: the data hold 35 evaluable patients, more than the planned 30",
        "monitoring[1].endpoint: 'rash' is not one of ORR",
        "monitoring[2].regimen: name one of",
        "monitoring[3].regimen: 'toripalimab + anlotinb' is not one of",
        "Did you mean 'toripalimab + anlotinib'?",
        "monitoring[4].estimand: there is no 'median' here",
    ):
        assert part in said, part


def test_questions_that_cannot_be_enumerated():
    hazard = PosteriorProbability(estimand="hazard_ratio", reference="B", go_above=0.9)
    with pytest.raises(AnalysisError, match="exact enumeration is for rates, not for hazard_ratio"):
        operating_characteristics(hazard, [10], [0.2])
    rule = PosteriorProbability(reference="B", go_above=0.9, looks=(10,))
    with pytest.raises(AnalysisError, match="state null_rate"):
        operating_characteristics(rule)
    with pytest.raises(AnalysisError, match="a true rate lies between 0 and 1"):
        operating_characteristics(rule, rates=[1.2])
    with pytest.raises(AnalysisError, match="state its looks"):
        boundaries(PosteriorProbability(value=0.2, go_above=0.9))


def test_a_rule_is_read_from_keys_alone():
    problems = []
    rule = read_rule(Reader({"kind": "bop2", "rate": 0.2, "lambda": 0.86, "gamma": 0.9, "patients": 40}, "", problems))
    assert not problems
    assert rule == Bop2(criteria=(Criterion(0.2),), cut=0.86, power=0.9, patients=40)


DRAWN = [
    *RULES,
    PredictiveProbability(value=0.2, success=0.9, stop_below=0.05, patients=36, looks=tuple(range(10, 36))),
    Bop2(
        criteria=(Criterion(0.45, endpoint="response"), Criterion(0.3, endpoint="grade 3 toxicity", better="lower")),
        cut=0.7,
        power=1,
        patients=40,
        looks=(10, 15, 20, 25, 30, 35),
    ),
    PosteriorProbability(
        reference="paclitaxel or docetaxel or irinotecan",
        regimen="tislelizumab with a name that is long",
        go_above=0.95,
        stop_below=0.1,
        looks=(10, 20, 30),
    ),
]


@pytest.mark.parametrize("rule", DRAWN, ids=lambda r: f"{r.kind}-{len(r.schedule)}")
def test_figures_show_the_boundaries(rule):
    criteria = len(getattr(rule, "criteria", ())) == 2
    figure = be.plots.boundaries(rule, path=[(6, 2, 3), (9, 4, 4)] if criteria else [(6, 2), (9, 4)])
    assert_nothing_is_cut(figure)
    drawn = " ".join(t.get_text() for t in texts(figure))
    if rule.arms == 1 and len(rule.schedule) < 12 and rule.kind != "precision":
        assert_no_text_overlaps(figure)
        for cells in boundaries(rule).cells:
            for cell in cells[1 + criteria :]:
                assert cell == "never" or cell.replace("<=", "≤").replace(">=", "≥") in drawn


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
def test_widths_of_all_counts(scale):
    one = interval_widths(Beta(0.5, 0.5), 25, 0.9)
    k = np.arange(26)
    laws = stats.beta(0.5 + k, 25.5 - k)
    assert one == pytest.approx(laws.ppf(0.95) - laws.ppf(0.05), abs=1e-12)
    two = contrast_widths(Beta(1, 1), 20, Beta(1, 2), 25, 0.95, scale)
    for i, j in ((0, 0), (3, 20), (10, 12), (20, 25)):
        x, y = Beta(1 + i, 21 - i), Beta(1 + j, 27 - j)
        exact = contrast_quantile(x, y, 0.975, scale) - contrast_quantile(x, y, 0.025, scale)
        assert two[i, j] == pytest.approx(exact, rel=1e-3)


def test_certain_rates_and_large_arms():
    rule = PosteriorProbability(value=0.3, go_above=0.9, looks=(20, 400))
    never, always = operating_characteristics(rule, rates=[0.0, 1.0]).scenarios
    assert (never.probability_go, always.go) == (0.0, (1.0, 0.0))
    large = PosteriorProbability(reference="B", go_above=0.975, looks=(600,))
    (found,) = operating_characteristics(large, rates=[0.3]).scenarios
    assert found.probability_go == pytest.approx(0.025, abs=0.002)  # normal theory
