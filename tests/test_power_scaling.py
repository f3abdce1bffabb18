"""Power scaling: what it says without fitting again is what a fit with the other prior says."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.checks.power_scaling import CONFLICT, STRONG
from bayes_escc.inference.groups import Groups
from tests.helpers.synthesis import effects_table

RECIST = ("CR", "PR", "SD", "PD")
POWERS = {"prior_weaker": (0.8, 1), "prior_stronger": (1.25, 1), "likelihood_weaker": (1, 0.8)}
POWERS["likelihood_stronger"] = (1, 1.25)


def counts(**events):
    rows = [{"study": "trial", "regimen": r, "endpoint": "ORR", "events": k, "n": n} for r, (k, n) in events.items()]
    return be.read_counts(pd.DataFrame(rows))


def agrees(row, expected):
    """Within four of its errors, or of that of one draw in four thousand."""
    for power, value in expected.items():
        assert abs(row[power] - value) < 4 * max(row["mcse_scaled"], 1 / 4000), power


class TestAgainstConjugateAnswers:
    def test_rates(self):
        """Beta(4, 16) to a power is Beta again, and so is a binomial likelihood to a power."""
        prior, seen = (4.0, 16.0), {"A": (8, 20), "B": (3, 20)}
        fit = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=4, beta=16)).fit(counts(**seen), seed=1)
        found = be.power_scaling(fit)
        (row,) = found.probabilities
        assert (row["regimen"], row["reference"]) == ("B", "A")

        def exactly(of_prior, of_likelihood):
            laws = [
                stats.beta(
                    1 + of_prior * (prior[0] - 1) + of_likelihood * k,
                    1 + of_prior * (prior[1] - 1) + of_likelihood * (n - k),
                )
                for k, n in seen.values()
            ]
            x = np.linspace(0, 1, 20001)
            return np.trapezoid(laws[1].pdf(x) * laws[0].cdf(x), x)

        assert row["probability_better"] == pytest.approx(exactly(1, 1), abs=1e-6)
        agrees(row, {name: exactly(*powers) for name, powers in POWERS.items()})

    def test_an_effect(self):
        y, se, sd = np.array([-0.3, -0.1, -0.4]), 0.2, 0.3
        table = effects_table(list(y), [se] * 3, "HR").assign(endpoint="OS")
        found = be.power_scaling(
            be.SynthesisModel(
                endpoint="OS", pooling="common", priors={"effect": be.Prior("Normal", mu=0, sigma=sd)}
            ).fit(table, seed=2)
        )
        row = next(r for r in found.probabilities if r["estimand"] == "effect")

        def exactly(of_prior, of_likelihood):
            precision = of_prior / sd**2 + of_likelihood * 3 / se**2
            return stats.norm.cdf(0, of_likelihood * y.sum() / se**2 / precision, precision**-0.5)

        assert row["probability_better"] == pytest.approx(exactly(1, 1), abs=1e-4)
        agrees(row, {name: exactly(*powers) for name, powers in POWERS.items()})

    def test_it_is_arviz(self):
        fit = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=4, beta=16)).fit(
            counts(A=(18, 20), B=(3, 20)), seed=1
        )
        expected = az.psense_summary(fit.tree, round_to=8)
        for row in be.power_scaling(fit).estimates:
            name = next(n for n in expected.index if row["regimen"] in n)
            assert row["prior"] == pytest.approx(expected.loc[name, "prior"], rel=1e-4, abs=1e-7)
            assert row["likelihood"] == pytest.approx(expected.loc[name, "likelihood"], rel=1e-4, abs=1e-7)
            assert (row["diagnosis"] == CONFLICT) == ("conflict" in expected.loc[name, "diagnosis"])


def test_a_flat_prior_has_no_power_and_a_firm_one_all_of_it():
    def found(alpha, beta):
        prior = be.Prior("Beta", alpha=alpha, beta=beta)
        return be.power_scaling(be.ResponseModel(endpoint="ORR", prior=prior).fit(counts(A=(2, 4), B=(1, 4)), seed=3))

    assert all(r["prior"] < 1e-3 and r["diagnosis"] == "" for r in found(1, 1).estimates)
    (flat,) = found(1, 1).probabilities
    assert flat["prior_weaker"] == pytest.approx(flat["probability_better"], abs=1e-6)
    assert {r["diagnosis"] for r in found(300, 300).estimates} == {STRONG}


def test_another_unit_is_the_same_answer():
    y, se = np.array([-12.0, -9, -5, -4, -2]), np.array([6.0, 5, 3, 2, 1])

    def found(factor):
        priors = {
            "effect": be.Prior("Normal", mu=0, sigma=20 * factor),
            "tau": be.Prior("HalfNormal", sigma=3 * factor),
        }
        table = effects_table(list(y * factor), list(se * factor), "MD")
        return be.power_scaling(be.SynthesisModel(endpoint="weight", priors=priors).fit(table, seed=4)).table

    for column in ("prior", "likelihood"):
        np.testing.assert_allclose(found(1.0)[column], found(1000.0)[column], atol=1e-6)


@cache
def patients(seed=5, n=50):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    best = rng.choice(["CR", "PR", "SD", "PD"], n)
    return pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": np.where(np.arange(n) % 2, "B", "A"),
            "score": x,
            "time": rng.exponential(5, n).clip(0.1, 12),
            "event": rng.random(n) < 0.7,
            "response": (rng.random(n) < 0.4).astype(int),
            "best_response": best,
        }
    )


def several(**columns):
    return effects_table([-0.5, -0.4, -0.1, 0.0, -0.2], [0.2] * 5, "HR", **columns).assign(endpoint="OS")


def network():
    return several().assign(experimental=["A", "B", "C", "B", "C"], control=["usual", "usual", "usual", "A", "A"])


EVERY_FAMILY = {
    "rates": lambda: (be.ResponseModel(endpoint="ORR"), counts(A=(3, 20), B=(8, 20))),
    "pool": lambda: (be.SynthesisModel(endpoint="OS"), several()),
    "network": lambda: (be.SynthesisModel(endpoint="OS", network=True, reference="usual"), network()),
    "meta-regression": lambda: (
        be.SynthesisModel(endpoint="OS", covariates=[{"column": "year", "center": 2015}]),
        several(year=[2010, 2012, 2015, 2018, 2020]),
    ),
    "subgroups": lambda: (
        be.SynthesisModel(endpoint="OS", subgroup="where"),
        several(where=["east", "east", "west", "west", "west"]),
    ),
    "medians": lambda: (be.find_analysis("second_line_pfs_medians"), None),
    "RECIST categories": lambda: (
        be.ResponseModel(endpoint="ORR", likelihood="multinomial"),
        recist(),
    ),
    "borrowed rates": lambda: (be.find_analysis("second_line_borrowing"), None),
}
SAMPLED = {
    "logistic": lambda: (
        be.ResponseModel(endpoint="ORR", likelihood="logistic", covariates=[{"column": "score"}]),
        patients(),
    ),
    "survival": lambda: (be.SurvivalModel(data_unit="months"), patients()),
    "beta-binomial": lambda: (be.ResponseModel(endpoint="ORR", likelihood="beta_binomial"), cohorts()),
    "hierarchical rates": lambda: (be.ResponseModel(endpoint="ORR", pooling="partial"), cohorts()),
    "arm counts with a 0": lambda: (
        be.SynthesisModel(endpoint="any_AE", likelihood="binomial", control="usual"),
        zero(),
    ),
}


def cohorts():
    rows = [(f"{r}{i}", r, k, 30) for r, each in (("A", (3, 5, 9)), ("B", (8, 9, 12))) for i, k in enumerate(each)]
    return be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="ORR"))


def recist():
    rows = [
        (r, c, k, 30)
        for r, each in (("A", (2, 7, 12, 9)), ("B", (4, 9, 10, 7)))
        for c, k in zip(RECIST, each, strict=True)
    ]
    return be.read_counts(pd.DataFrame(rows, columns=["regimen", "endpoint", "events", "n"]).assign(study="trial"))


def zero():
    trials = [(0, 4, 30), (3, 8, 40), (5, 9, 50)]
    rows = [(f"t{i}", r, k, n) for i, (a, b, n) in enumerate(trials) for r, k in (("drug", a), ("usual", b))]
    return be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="any_AE"))


@pytest.mark.parametrize("family", [*EVERY_FAMILY, *(pytest.param(n, marks=pytest.mark.slow) for n in SAMPLED)])
def test_every_family_answers(family):
    asked, table = {**EVERY_FAMILY, **SAMPLED}[family]()
    found = be.sensitivity(asked, table)
    scaled = found.power_scaling
    assert all(np.isfinite([r["prior"], r["likelihood"]]).all() for r in scaled.estimates)
    assert max(r["likelihood"] for r in scaled.estimates) > 0.02
    assert scaled.probabilities
    assert all(0 <= r[power] <= 1 for r in scaled.probabilities for power in POWERS)
    assert found.rows[0]["label"].endswith("as specified")
    text = repr(found)
    assert "raised to a power" in text
    assert "P(better)" in text
    json.dumps(found.to_dict(), allow_nan=False)


def test_every_estimand_is_there():
    fit = be.SynthesisModel(endpoint="OS").fit(several(), seed=1)
    varying = {n for n in fit.estimand_names if float(fit.estimand(n).std(("chain", "draw")).max()) > 1e-12}
    assert {r["estimand"] for r in be.power_scaling(fit).estimates} == varying


def test_what_it_needs():
    fit = be.ResponseModel(endpoint="ORR").fit(counts(A=(3, 20), B=(8, 20)), seed=1)
    with pytest.raises(be.AnalysisError, match="'C' is not one of A, B"):
        be.power_scaling(fit, reference="C")
    (turned,), (row,) = be.power_scaling(fit, reference="B").probabilities, be.power_scaling(fit).probabilities
    assert turned["prior_weaker"] == pytest.approx(1 - row["prior_weaker"], abs=1e-9)
    fit = replace(fit, groups=Groups({name: group for name, group in fit.groups.items() if name != "log_prior"}))
    with pytest.raises(be.AnalysisError, match="has no group log_prior"):
        be.power_scaling(fit)
