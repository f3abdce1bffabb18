"""The design prior integrated, and drop-out enumerated in several arms: against quadrature and other programs."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli.design import _estimate
from bayes_escc.plots._design_replays import _until_it_acts
from bayes_escc.trials.design import DRAWN
from bayes_escc.trials.enumerated import AveragedOver
from bayes_escc.trials.exact import exact_characteristics, why_not_exact
from bayes_escc.trials.exact_prior import averaged_over_prior
from bayes_escc.trials.summary import _integrated, summarise
from bayes_escc.trials.words import design_in_words
from tests.helpers.trials import PFS, design
from tests.oracles.trials import exceeds, single_arm


def trial(arms, patients, rule, *, prior=None, truths=None, **changes):
    content = {
        "id": "prior",
        "design": {"arms": arms, "patients": patients},
        "accrual": {"rate": 4, "pattern": "even"},
        "endpoints": {"ORR": {"assessed_after": 2.0}},
        "truths": truths or [{"name": "t", "ORR": 0.3}],
        "monitoring": [{"name": "r", "kind": "posterior_probability", **rule}],
        "simulation": {"trials": 2000, "seed": 3},
    }
    return be.Design.from_dict({**content, **({"design_prior": prior} if prior else {}), **changes})


def beta(a, b):
    return {"distribution": "Beta", "alpha": a, "beta": b, "rationale": "r"}


EQUAL = "The design prior of {} is the prior of the analysis"


@pytest.mark.parametrize(
    ("rule", "laws", "equal"),
    [
        ({"value": 0.2}, {"new": beta(1, 1)}, "ORR, new"),
        ({"value": 0.2, "prior": {"alpha": 2, "beta": 5}}, {"new": beta(2, 5)}, "ORR, new"),
        ({"value": 0.2, "prior": {"alpha": 2, "beta": 5}}, {"new": beta(5, 2)}, ""),
        (
            {"reference": "old", "reference_prior": {"alpha": 6, "beta": 14}},
            {"old": beta(6, 14), "new": beta(3, 4)},
            "ORR, old",
        ),
        ({"reference": "old"}, {"old": beta(6, 14), "new": beta(3, 4)}, ""),
    ],
)
def test_a_design_prior_that_is_the_prior_of_the_analysis_is_said(rule, laws, equal):
    prior = {"ORR": laws, "effective": {"estimand": "ORR", "above": 0.25}}
    rule = {"looks": [len(laws) * 8], "go_above": 0.95, **rule}
    arms = dict.fromkeys(laws, 1)
    notes = trial(arms, 8 * len(laws), rule, prior=prior).simulate(trials=20, workers=1).notes
    assert [n for n in notes if EQUAL.format(equal) in n] == [n for n in notes if "is the prior of the analysis" in n]
    assert bool(equal) == any("is the prior of the analysis" in n for n in notes)


@pytest.mark.parametrize(("law", "equal"), [({"mu": 0.0, "sigma": 0.7}, True), ({"mu": -0.3, "sigma": 0.7}, False)])
def test_a_design_prior_of_the_hazard_ratio_is_held_against_that_of_the_model(law, equal):
    prior = {
        "log_hazard_ratio": {"distribution": "Normal", **law, "rationale": "r"},
        "effective": {"estimand": "hazard_ratio", "below": 1.0},
    }
    described = design_in_words(design(PFS, design_prior=prior))
    assert "Prior of the analysis: log HR ~ Normal(0, 0.7)." in described
    assert any(EQUAL.format("log HR") in line for line in described) == equal


def test_a_design_without_a_design_prior_says_so():
    found = trial(["new"], 20, {"value": 0.2, "looks": [20], "go_above": 0.9})
    said = "No design prior is stated"
    assert any(said in note for note in found.simulate(trials=20, workers=1).to_dict()["notes"])
    assert any(said in line for line in design_in_words(found))


@pytest.mark.parametrize(("key", "cut"), [("above", 0.28), ("below", 0.22)])
def test_one_arm_by_quadrature_over_the_rate(key, cut):
    """P(go | rate) of another program, integrated over Beta(3, 7) on both sides of what counts as effective."""
    prior = {"ORR": {"new": beta(3, 7)}, "effective": {"estimand": "ORR", key: cut}}
    rule = {"value": 0.2, "looks": [10, 20, 31], "go_above": 0.97, "stop_below": 0.15}
    found = averaged_over_prior(trial(["new"], 31, rule, prior=prior).spec)[31]
    x, w = np.polynomial.legendre.leggauss(30)
    parts = []
    for low, high in ((0.0, cut), (cut, 1.0)):
        p = 0.5 * (high - low) * x + 0.5 * (high + low)
        go = np.array([single_arm([10, 20, 31], float(q), 0.2, 0.97, 0.15)[0] for q in p])
        density = stats.beta.pdf(p, 3, 7) * w * 0.5 * (high - low)
        parts.append(float(density @ go))
    assert found.go == pytest.approx(sum(parts), abs=1e-9)
    assert found.go_and_effective == pytest.approx(parts[key == "above"], abs=1e-9)
    share = stats.beta.cdf(cut, 3, 7)
    assert found.effective == pytest.approx(1 - share if key == "above" else share, abs=1e-9)
    assert found.patients is not None
    assert 10 < found.patients < 31


def simulated(design, size, trials=20_000):
    """What simulation says of the same, with its Monte Carlo errors."""
    drawn = design.conduct(DRAWN, size, 0, trials)
    return summarise(design.spec, {(size, DRAWN): drawn}, {}, trials).prior[0]


@pytest.mark.parametrize(
    ("arms", "changes"),
    [
        ({"old": 1, "new": 1}, {}),
        ({"old": 1, "new": 2}, {"accrual": {"rate": 5}, "endpoints": {"ORR": {}}}),
        ({"old": 1, "middle": 1, "new": 1}, {}),
    ],
)
def test_several_arms_against_simulation(arms, changes):
    laws = {arm: beta(a, b) for arm, (a, b) in zip(arms, ((8, 24), (6, 12), (9, 15)), strict=False)}
    prior = {"ORR": laws, "effective": {"estimand": "ORR", "above": 0.05}}
    rule = {"reference": "old", "regimen": "new", "looks": [24, 48], "go_above": [0.97, 0.9], "stop_below": 0.3}
    d = trial(arms, 48, rule, prior=prior, truths=[{"name": "t", "ORR": 0.3}], **changes)
    result = d.simulate(trials=50)
    shown = result.prior[0]
    other = simulated(d, 48)
    for key in ("assurance", "effective", "effective_given_go", "false_go_where_ineffective", "missed_where_effective"):
        assert shown[key].exact
        assert abs(shown[key].value - other[key].value) < 4 * other[key].mcse, key
    if shown["patients"].exact:
        assert abs(shown["patients"].value - other["patients"].value) < 4 * other["patients"].mcse
    assert shown["not_exact"] == ""


def test_a_share_of_nothing_is_none_with_its_reason():
    prior = {"ORR": {"new": beta(2, 18)}, "effective": {"estimand": "ORR", "above": 1e-9}}
    d = trial({"new": 1}, 12, {"value": 0.3, "looks": [12], "go_above": 0.9999999}, prior=prior)
    data = d.simulate(trials=20).to_dict()
    drawn = {k: v.to_dict() for k, v in simulated(d, 12, 400).items() if hasattr(v, "to_dict")}
    for row, exact in ((data["design_prior"][0], True), (drawn, False)):
        shown = row["effective_given_go"]
        nothing = dict.fromkeys(("value", "mcse", "lower", "upper"))
        assert shown == {**nothing, "exact": exact, "why": "no trial goes"}
        assert "why" not in row["assurance"]
        assert _estimate(shown) == "- (no trial goes)"
    assert drawn["false_go_where_ineffective"]["why"] == "every truth of the design prior is effective"
    json.dumps(data, allow_nan=False)


def test_a_share_of_nothing_integrated_is_none_with_its_reason():
    o = trial({"new": 1}, 12, {"value": 0.3, "looks": [12], "go_above": 0.95}).conduct("t", 12, 0, 20)
    row = {k: v.to_dict() for k, v in _integrated(AveragedOver(0.0, 0.0, 0.0, 12.0, 5.0), o).items()}
    for key, why in {
        "effective_given_go": "no trial goes",
        "ineffective_given_go": "no trial goes",
        "missed_where_effective": "no truth of the design prior is effective",
    }.items():
        assert row[key] == {"value": None, "mcse": None, "lower": None, "upper": None, "exact": True, "why": why}
    assert row["false_go_where_ineffective"]["value"] == 0.0


def test_a_replay_ends_where_the_rule_acts_to_nine_decimals():
    limits = [{"go_above": 0.9, "stop_below": 0.1}] * 3
    assert _until_it_acts([0.9 + 1e-13, 0.1 - 1e-13, 0.95], limits) == ([0.9 + 1e-13, 0.1 - 1e-13, 0.95], True)
    assert _until_it_acts([0.9 + 1e-13, None, 0.5], limits) == ([0.9 + 1e-13, None, 0.5], False)
    assert _until_it_acts([0.5, 0.9 + 1e-6, 0.5], limits) == ([0.5, 0.9 + 1e-6], True)


def test_two_arms_in_another_program():
    """Success and truth counted in NumPy alone, trial by trial, for a rule that reads a table of this file."""
    laws = {"old": beta(8, 24), "new": beta(9, 15)}
    prior = {"ORR": laws, "effective": {"estimand": "ORR", "above": 0.0}}
    rule = {"reference": "old", "looks": [16], "go_above": 0.9}
    found = averaged_over_prior(trial({"old": 1, "new": 1}, 16, rule, prior=prior).spec)[16]
    rng = np.random.default_rng(5)
    old, new = rng.beta(8, 24, 200_000), rng.beta(9, 15, 200_000)
    x, y = rng.binomial(8, new), rng.binomial(8, old)
    table = np.array([[exceeds((1 + i, 9 - i), (1 + j, 9 - j), 0.0) > 0.9 for j in range(9)] for i in range(9)])
    go = table[x, y]
    for exact, which in ((found.go, go), (found.go_and_effective, go & (new > old)), (found.effective, new > old)):
        assert abs(which.mean() - exact) < 4 * math.sqrt(exact * (1 - exact) / 200_000)


def test_what_is_simulated_over_the_prior_says_why():
    prior = {"ORR": {"new": beta(3, 7)}, "effective": {"estimand": "ORR", "above": 0.2}}
    rule = {"value": 0.2, "looks": [{"months": 6}], "go_above": 0.9}
    d = trial(["new"], 20, rule, prior=prior, accrual={"rate": 4})
    row = d.simulate(trials=200).prior[0]
    assert not row["assurance"].exact
    assert "differs from trial to trial" in row["not_exact"]
    d = trial(
        ["new"],
        20,
        {**rule, "endpoint": "ORR", "looks": [20]},
        prior={**prior, "effective": {"estimand": "DCR", "above": 0.5}, "DCR": {"new": beta(5, 5)}},
        endpoints={"ORR": {}, "DCR": {}},
        truths=[{"name": "t", "ORR": 0.3, "DCR": 0.5}],
    )
    assert "not of the rate" in d.simulate(trials=200).prior[0]["not_exact"]


# ---- who leaves -----------------------------------------------------------------------------------


def test_two_arms_that_patients_leave_by_listing_who_stays():
    """Six an arm, each arm with a drop-out of its own: binomial numbers stay, and all that can be is analysed."""
    hazards = {"old": 0.05, "new": 0.2}
    truths = [{"name": "t", "ORR": {"old": 0.3, "new": 0.6}}]
    rule = {"reference": "old", "looks": [12], "go_above": 0.81, "stop_below": 0.31}
    d = trial({"old": 1, "new": 1}, 12, rule, truths=truths, accrual={"rate": 3, "drop_out": hazards})
    assert why_not_exact(d.spec) == ""
    made = exact_characteristics(d.spec)[(12, "t")]
    stay = {arm: math.exp(-2.0 * h) for arm, h in hazards.items()}
    go = stop = 0.0
    for n, m in itertools.product(range(1, 7), repeat=2):  # nothing is decided while an arm has nobody
        weight = stats.binom.pmf(n, 6, stay["new"]) * stats.binom.pmf(m, 6, stay["old"])
        for x, y in itertools.product(range(n + 1), range(m + 1)):
            p = exceeds((1 + x, 1 + n - x), (1 + y, 1 + m - y), 0.0)
            mass = weight * stats.binom.pmf(x, n, 0.6) * stats.binom.pmf(y, m, 0.3)
            go, stop = go + mass * (p > 0.81), stop + mass * (p < 0.31)
    assert made.probability_go == pytest.approx(go, abs=1e-7)
    assert made.probability_stop == pytest.approx(stop, abs=1e-7)
    o = d.conduct("t", 12, 0, 4000)
    assert abs((o.decision > 0).mean() - go) < 4 * math.sqrt(go * (1 - go) / 4000)


def test_looks_by_month_of_one_arm_that_patients_leave():
    """Patients come every quarter of a month: those due at a look are known, and those who stayed are binomial."""
    rule = {"value": 0.2, "looks": [{"months": 4.0}, {"months": 7.0}], "go_above": [0.95, 0.9], "stop_below": 0.1}
    d = trial(["new"], 20, rule, accrual={"rate": 4, "pattern": "even", "drop_out": 0.1})
    made = exact_characteristics(d.spec)[(20, "t")]
    entry = (np.arange(20) + 0.5) / 4
    due = [int((entry + 2.0 <= month + 1e-9).sum()) for month in (4.0, 7.0)]
    assert due == [8, 20]
    stay, goes = math.exp(-0.2), [0.0, 0.0]
    for n in range(9):
        for x in range(n + 1):
            mass = stats.binom.pmf(n, 8, stay) * stats.binom.pmf(x, n, 0.3)
            tail = stats.beta.sf(0.2, 1 + x, 1 + n - x)
            if n and tail > 0.95:
                goes[0] += mass
            elif not n or not tail < 0.1:
                for m in range(13):
                    for y in range(m + 1):
                        later = stats.beta.sf(0.2, 1 + x + y, 1 + n + m - x - y)
                        more = stats.binom.pmf(m, 12, stay) * stats.binom.pmf(y, m, 0.3)
                        goes[1] += mass * more * (n + m > 0 and later > 0.9)
    np.testing.assert_allclose(made.go, goes, atol=1e-7)
    assert made.expected_months is not None
    o = d.conduct("t", 20, 0, 4000)
    assert abs(o.months.mean() - made.expected_months) < 4 * o.months.std() / math.sqrt(4000)


@pytest.mark.parametrize(
    ("looks", "said"),
    [([24, 48], "so that who is evaluable"), ([{"months": 8}, {"months": 12}, {"months": 15}], "too many")],
)
def test_too_many_ways_of_leaving_say_so(looks, said):
    rule = {"reference": "old", "looks": looks, "go_above": 0.9}
    accrual = {"rate": 4, "pattern": "even", "drop_out": 0.05}
    d = trial({"old": 1, "new": 1}, 48, rule, accrual=accrual, design={"arms": {"old": 1, "new": 1}, "patients": 48})
    assert said in why_not_exact(d.spec)
    assert exact_characteristics(d.spec) == {}
