"""Direct against indirect evidence, held against Bucher's formula and inverse-variance pools."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.checks import inconsistency
from bayes_escc.cli import main
from tests.helpers.synthesis import COUNSELLING, SMOKING
from tests.oracles.meta import generalised_least_squares, mixed_common_network, one_effect

# a triangle of two-arm trials, on the log scale: (control, experimental, y, se)
TRIANGLE = [("A", "B", -0.3, 0.1), ("A", "B", -0.2, 0.15), ("A", "C", -0.5, 0.12), ("B", "C", 0.1, 0.2)]


def analysis(pooling="common", sigma=100.0):
    return be.Analysis.from_dict(
        {
            "data": {"kind": "effects"},
            "model": {"family": "synthesis", "network": True, "pooling": pooling, "reference": "A"},
            "priors": {"effect": {"distribution": "Normal", "mu": 0, "sigma": sigma}},
        }
    )


def table(rows=TRIANGLE):
    return be.read_effects(
        pd.DataFrame(
            [
                {
                    "study": f"S{i}",
                    "control": c,
                    "experimental": e,
                    "endpoint": "OS",
                    "measure": "log HR",
                    "estimate": y,
                    "se": se,
                }
                for i, (c, e, y, se) in enumerate(rows)
            ]
        )
    )


def pool(rows):
    y, w = np.array([r[2] for r in rows]), np.array([r[3] ** -2.0 for r in rows])
    return w @ y / w.sum(), w.sum() ** -0.5


def same(found, mean, sd):
    np.testing.assert_allclose(np.log(found), mean + sd * stats.norm.ppf([0.5, 0.025, 0.975]), atol=2e-5)


def test_node_splitting_is_buchers_comparison():
    found = inconsistency(analysis(), table())
    row = next(r for r in found.rows if (r["reference"], r["regimen"]) == ("A", "B"))
    direct = pool(TRIANGLE[:2])
    indirect = (-0.5 - 0.1, np.hypot(0.12, 0.2))
    same(row["direct"], *direct)
    same(row["indirect"], *indirect)
    difference = (direct[0] - indirect[0], np.hypot(direct[1], indirect[1]))
    same(row["difference"], *difference)
    assert row["probability_above"] == pytest.approx(stats.norm.cdf(difference[0] / difference[1]), abs=1e-5)
    weights = np.array([direct[1], indirect[1]]) ** -2
    same(row["network"], weights @ [direct[0], indirect[0]] / weights.sum(), weights.sum() ** -0.5)


def test_unrelated_effects_are_separate_pools():
    for row in inconsistency(analysis(), table()).rows:
        pair = [r for r in TRIANGLE if (r[0], r[1]) == (row["reference"], row["regimen"])]
        same(row["unrelated"], *pool(pair))
        assert row["trials"] == len(pair)


def test_heterogeneity_widens_every_comparison():
    common, random = inconsistency(analysis(), table()), inconsistency(analysis("random"), table())
    for one, two in zip(common.rows, random.rows, strict=True):
        for kind in ("network", "direct", "indirect", "difference", "unrelated"):
            assert two[kind][2] / two[kind][1] > one[kind][2] / one[kind][1]


def test_a_star_has_nothing_to_split(capsys):
    found = inconsistency(be.find_analysis("pd1_second_line_network"))
    assert all(r["direct"] is None for r in found.rows)
    assert main(["inconsistency", "pd1_second_line_network"]) == 0
    assert "no indirect evidence" in capsys.readouterr().out
    assert main(["inconsistency", "pd1_second_line_network", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["direct"] is None


def test_a_loop_inside_one_trial_is_not_indirect_evidence():
    rows = pd.DataFrame(
        [
            {
                "study": "S",
                "control": "A",
                "experimental": x,
                "endpoint": "OS",
                "measure": "log HR",
                "estimate": y,
                "se": 0.2,
                "control_se": 0.1,
            }
            for x, y in (("B", -0.2), ("C", -0.4))
        ]
    )
    found = inconsistency(analysis(), be.read_effects(rows))
    assert [r["direct"] for r in found.rows] == [None, None, None]


def test_fit_and_complexity_are_those_of_least_squares():
    """With common effects and vague priors the residual deviance is chi-squared at the estimate plus its parameters."""
    y, V = np.array([r[2] for r in TRIANGLE]), np.diag([r[3] ** 2 for r in TRIANGLE])
    consistent = np.array([[1, 0], [1, 0], [0, 1], [-1, 1]])
    apart = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    for model, X in zip(inconsistency(analysis(), table()).models, (consistent, apart), strict=True):
        estimate, _ = generalised_least_squares(y, V, X)
        chi_squared = ((y - X @ estimate) ** 2 / np.diag(V)).sum()
        assert model["p"] == pytest.approx(X.shape[1], abs=1e-4)
        assert model["residual_deviance"] == pytest.approx(chi_squared + X.shape[1], abs=1e-4)
        assert (model["points"], model["tau"]) == (4, None)
        assert model["dic"] == pytest.approx(model["residual_deviance"] + model["p"])


@pytest.mark.slow
def test_sampling_agrees_with_the_exact_route():
    """Random effects on a closed loop: medians, heterogeneity, probability and deviance by NUTS."""
    asked = analysis("random", sigma=1.0)
    exact, nuts = (inconsistency(a, table()) for a in (asked, asked.with_sampling(sampler="nuts", draws=4000)))
    assert nuts.converged
    assert (exact.messages, exact.rows[0]["mcse_probability"] < 1e-9) == ((), True)
    for one, two in zip(exact.rows, nuts.rows, strict=True):
        for kind in ("network", "unrelated", "direct", "indirect", "difference"):
            sd = np.log(one[kind][2] / one[kind][1]) / 3.92
            assert abs(np.log(two[kind][0] / one[kind][0])) < 4 * 1.25 * sd / 4000**0.5
        assert abs(one["probability_above"] - two["probability_above"]) < 4 * two["mcse_probability"]
        assert two["tau"][0] == pytest.approx(one["tau"][0], abs=0.03)
    for one, two in zip(exact.models, nuts.models, strict=True):
        assert two["residual_deviance"] == pytest.approx(one["residual_deviance"], abs=0.15)
        assert two["p"] == pytest.approx(one["p"], abs=0.15)


def test_a_model_and_its_table_may_be_asked_too():
    model = be.SynthesisModel(
        network=True, pooling="common", reference="A", priors={"effect": be.Prior("Normal", mu=0, sigma=100)}
    )
    assert inconsistency(model, table()).to_dict()["rows"] == inconsistency(analysis(), table()).to_dict()["rows"]


def of_counts(pooling, **sampling):
    return be.Analysis.from_dict(
        {
            "data": {"kind": "counts"},
            "model": {
                "family": "synthesis",
                "network": True,
                "likelihood": "binomial",
                "pooling": pooling,
                "reference": "A",
            },
            "priors": {
                "effect": {"distribution": "Normal", "mu": 0, "sigma": 2},
                "baseline": {"distribution": "Normal", "mu": 0, "sigma": 3},
            },
            "sampling": sampling,
        }
    )


def test_counts_and_effects_together_are_split_by_sampling():
    """A triangle with the edges A-B as effect and counts, A-C as counts with a zero, B-C as counts."""
    effects = pd.DataFrame(
        [
            {
                "study": "E1",
                "control": "A",
                "experimental": "B",
                "endpoint": "ORR",
                "measure": "log OR",
                "estimate": 0.4,
                "se": 0.4,
            }
        ]
    )
    arms = {
        "K1": [("A", 7, 41), ("B", 15, 43)],
        "K2": [("A", 0, 25), ("C", 5, 24)],
        "K3": [("B", 12, 40), ("C", 17, 39)],
    }
    counts = pd.DataFrame(
        [
            {"study": s, "regimen": r, "endpoint": "ORR", "events": k, "n": n}
            for s, rows in arms.items()
            for r, k, n in rows
        ]
    )
    found = inconsistency(of_counts("common", draws=2000, seed=8), be.combine_evidence(effects, counts))
    assert found.converged
    row = next(r for r in found.rows if (r["reference"], r["regimen"]) == ("A", "B"))
    direct = one_effect([(0.4, 0.4)], [((7, 41), (15, 43))], 2.0, 3.0)
    sd = (direct[2] - direct[1]) / 3.92
    error = 4 * sd * 2.7 / 3000**0.5  # a tail quantile has 2.7 times the error of a mean; 3000 draws in effect
    np.testing.assert_allclose(np.log(row["direct"]), direct, atol=error)
    np.testing.assert_allclose(np.log(row["unrelated"]), direct, atol=error)
    ((_, sd, indirect), _) = mixed_common_network(
        [],
        [((0, 1), (0, 25), (5, 24)), ((-1, 1), (12, 40), (17, 39))],
        effect_sd=2.0,
        baseline_sd=3.0,
        correlation=0.5,
    )
    np.testing.assert_allclose(np.log(row["indirect"]), indirect, atol=4 * sd * 2.7 / 3000**0.5)
    assert 0 < row["mcse_probability"] < 0.02
    assert found.models[0]["points"] == 7


def smoking(order):
    """The smoking cessation trials, arms and trials in an order of the regimens."""
    trials = []
    for i, line in enumerate(SMOKING, start=1):
        *arms, which = line.split()
        rows = [
            {
                "study": f"Study {i}",
                "regimen": COUNSELLING[int(t) - 1],
                "endpoint": "abstinence",
                "events": a.split("/")[0],
                "n": a.split("/")[1],
            }
            for a, t in zip(arms, which, strict=True)
        ]
        trials.append(sorted(rows, key=lambda r: order.index(r["regimen"])))
    trials.sort(key=lambda rows: order.index(rows[0]["regimen"]))
    return be.read_counts(pd.DataFrame([r for rows in trials for r in rows]), endpoints={"abstinence": "higher"})


def smoking_analysis():
    wide = {"distribution": "Normal", "mu": 0, "sigma": 100}
    return be.Analysis.from_dict(
        {
            "data": {"kind": "counts"},
            "model": {"family": "synthesis", "network": True, "likelihood": "binomial", "reference": "No intervention"},
            "priors": {"effect": wide, "baseline": wide, "tau": {"distribution": "HalfNormal", "sigma": 5}},
            "sampling": {"draws": 2000, "seed": 3},
        }
    )


def near(found, median, sd):
    """Within four errors of two medians, each of some 1,500 draws in effect, and half a printed unit."""
    return abs(found - median) < 4 * 1.25 * sd * (2 / 1500) ** 0.5 + 0.005


@pytest.mark.slow
def test_smoking_cessation_splits_as_published():
    """Printed by multinma (its page on summaries of node splits): medians and sd of direct and indirect effects."""
    n, g, i, s = "No intervention", "Group counselling", "Individual counselling", "Self-help"
    published = {
        (n, g): ((1.03, 0.73), (1.14, 0.54), (-0.10, 0.88)),
        (n, i): ((0.87, 0.26), (0.58, 0.67), (0.30, 0.70)),
        (n, s): ((0.34, 0.54), (0.68, 0.62), (-0.34, 0.82)),
        (g, i): ((-0.11, 0.48), (-0.54, 0.63), (0.45, 0.70)),
        (g, s): ((-0.62, 0.66), (-0.60, 0.67), (-0.02, 0.89)),
        (i, s): ((0.07, 0.64), (-0.57, 0.51), (0.64, 0.80)),
    }
    found = inconsistency(smoking_analysis(), smoking([n, g, i, s]))
    assert found.converged
    assert {(r["reference"], r["regimen"]) for r in found.rows} == set(published)
    for row in found.rows:
        expected = published[row["reference"], row["regimen"]]
        for kind, (median, sd) in zip(("direct", "indirect", "difference"), expected, strict=True):
            assert near(np.log(row[kind][0]), median, sd), (row, kind)
        assert row["tau"][0] == pytest.approx(0.84, abs=0.04)


@pytest.mark.slow
def test_smoking_cessation_has_the_published_unrelated_effects():
    """TSD 4 with the correlation of its three-armed trials: means and sd as multinma's vignette quotes them."""
    published = [
        ((0, 1), 0.34, 0.59),
        ((0, 2), 0.90, 0.28),
        ((0, 3), 1.12, 0.80),
        ((1, 2), 0.04, 0.73),
        ((1, 3), 0.61, 0.72),
        ((2, 3), 0.20, 0.79),
    ]
    found = inconsistency(smoking_analysis(), smoking(COUNSELLING))
    pairs = {frozenset((r["reference"], r["regimen"])): r for r in found.rows}
    for (a, b), mean, sd in published:
        row = pairs[frozenset((COUNSELLING[a], COUNSELLING[b]))]
        sign = 1 if row["regimen"] == COUNSELLING[b] else -1
        middle = sign * np.log(row["unrelated"][0])
        assert abs(middle - mean) < 4 * 1.25 * sd * (2 / 1500) ** 0.5 + 0.005 + 0.06 * sd  # a median against a mean
    consistency, unrelated = found.models
    assert consistency["tau"][0] == pytest.approx(0.82, abs=0.03)
    assert unrelated["tau"][0] == pytest.approx(0.91, abs=0.03)
    # TSD 4, table 5: posterior mean residual deviance 54.0 and 53.4 on 50 data points
    assert consistency["residual_deviance"] == pytest.approx(54.0, abs=1.0)
    assert unrelated["residual_deviance"] == pytest.approx(53.4, abs=1.0)


def test_other_analyses_are_refused():
    with pytest.raises(be.AnalysisError, match="network = true"):
        inconsistency(be.find_analysis("pd1_second_line_os"))
