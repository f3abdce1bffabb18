"""Subgroups that share a heterogeneity, or have one each, and the difference between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from tests.helpers.synthesis import assert_agree, row
from tests.oracles.meta import random_effects, subgroups_with_one_heterogeneity

TAU = be.Prior("HalfNormal", sigma=0.4)
PRIORS = {"effect": be.Prior("Normal", mu=0, sigma=0.8), "tau": TAU}
# log hazard ratio and its standard error; two of the trials report both subgroups
DATA = {
    "high": [("Alpha", -0.52, 0.15), ("Beta", -0.31, 0.2), ("Delta", -0.7, 0.22), ("Zeta", -0.2, 0.12)],
    "low": [("Alpha", -0.05, 0.14), ("Beta", -0.28, 0.19), ("Gamma", 0.12, 0.25)],
}
TABLE = be.read_effects(
    pd.DataFrame(
        [
            {
                "study": s,
                "experimental": "ICI + chemo",
                "control": "chemo",
                "endpoint": "OS",
                "measure": "log HR",
                "estimate": y,
                "se": se,
                "population": level,
            }
            for level, rows in DATA.items()
            for s, y, se in rows
        ]
    )
)


def numbers(level):
    return [r[1] for r in DATA[level]], [r[2] for r in DATA[level]]


@pytest.fixture(scope="module")
def separate():
    settings = {"column": "population", "heterogeneity": "separate"}
    return be.SynthesisModel(subgroup=settings, priors=PRIORS).fit(TABLE, seed=2, draws=4000)


@pytest.mark.parametrize("level", ["high", "low"])
def test_separate_heterogeneity_is_two_meta_analyses(separate, level):
    """Every number of a subgroup is that of an analysis of its trials alone, by adaptive quadrature."""
    assert separate.sampler == "exact"
    expected = random_effects(*numbers(level), TAU.to_scipy(), 0.0, 0.8, [0.0, 0.3])
    label = f"population = {level}"
    mu, tau = row(separate, "mu", covariate=label), row(separate, "tau", covariate=label)
    np.testing.assert_allclose([mu["mean"], mu["sd"]], expected["mu"], rtol=2e-7)
    np.testing.assert_allclose([tau["mean"], tau["sd"]], expected["tau"], rtol=2e-7)
    for estimand, cut, p in (
        ("effect", 1.0, expected["below"][0]),
        ("predicted_effect", 1.0, expected["new_below"][0]),
        ("tau", 0.3, expected["tau_below"][0]),
    ):
        found = separate.probability(estimand, below=cut)
        assert found[found["covariate"] == label]["probability"].item() == pytest.approx(p, abs=1e-8)
    alone = be.SynthesisModel(where={"population": level}, priors=PRIORS).fit(TABLE)
    for study in dict.fromkeys(r[0] for r in DATA[level]):
        name = f"{study} ({level})" if study in {"Alpha", "Beta"} else study
        one, two = row(separate, "study_effect", study=name), row(alone, "study_effect", study=study)
        np.testing.assert_allclose([one["mean"], one["sd"]], [two["mean"], two["sd"]], rtol=1e-8)
    one, two = row(separate, "i_squared", covariate=label), row(alone, "i_squared")
    np.testing.assert_allclose([one["mean"], one["lower"]], [two["mean"], two["lower"]], rtol=1e-8)


def test_the_difference_between_subgroups_has_its_probability(separate):
    """Two independent posteriors: P(low < high) by convolving them."""
    grid = np.linspace(-4, 4, 4001)
    laws = [
        separate.law_at(
            "mu",
            dict.fromkeys(("regimen", "study", "time"), None) | {"covariate": f"population = {v}", "endpoint": "OS"},
        )
        for v in ("high", "low")
    ]
    expected = np.trapezoid(laws[0].density(grid) * laws[1].cdf(grid), grid)
    found = separate.probability("subgroup_difference", below=1).iloc[0]
    assert found["covariate"] == "population: low against high"
    assert abs(found["probability"] - expected) < 4 * found["mcse_probability"]
    assert row(separate, "subgroup_difference")["unit"] == "ratio of hazard ratios"


def test_shared_heterogeneity_is_one_quadrature():
    shared = be.SynthesisModel(subgroup="population", priors=PRIORS).fit(TABLE)
    expected = subgroups_with_one_heterogeneity([numbers("high"), numbers("low")], TAU.to_scipy(), 0.0, 0.8)
    tau = row(shared, "tau")
    np.testing.assert_allclose([tau["mean"], tau["sd"]], expected["tau"], rtol=1e-7)
    found = shared.probability("subgroup_difference", below=1)["probability"].item()
    assert found == pytest.approx(expected["below"], abs=1e-9)


def test_nuts_agrees_with_the_exact_route(separate):
    settings = {"column": "population", "heterogeneity": "separate"}
    nuts = be.SynthesisModel(subgroup=settings, priors=PRIORS).fit(TABLE, seed=2, draws=2000, sampler="nuts")
    assert nuts.diagnostics.converged
    rows = {(r["estimand"], r["study"], r["covariate"]): r["mean"] for r in separate.summary_rows()}
    for r in nuts.summary_rows():
        if r["mcse_mean"] and r["estimand"] != "subgroup_difference":
            known = rows[r["estimand"], r["study"], r["covariate"]]
            assert abs(r["mean"] - known) < 4 * r["mcse_mean"], r
    assert assert_agree  # the same rule, with the subgroup among the labels


def test_a_subgroup_may_have_its_own_prior_of_tau(tmp_path):
    tight = be.Prior("HalfNormal", sigma=0.01)
    settings = {"column": "population", "heterogeneity": "separate"}
    priors = {**PRIORS, "tau": {"population = low": tight, "population = high": TAU}}
    posterior = be.SynthesisModel(subgroup=settings, priors=priors).fit(TABLE)
    assert row(posterior, "tau", covariate="population = low")["upper"] < 0.03
    assert row(posterior, "tau", covariate="population = high")["upper"] > 0.1
    loaded = be.Posterior.load(posterior.save(tmp_path / "p.nc"))
    assert be.to_result(loaded) == be.to_result(posterior)
    with pytest.raises(be.AnalysisError, match="population = middle"):
        be.SynthesisModel(subgroup=settings, priors={"tau": {"population = middle": tight}}).fit(TABLE)
    with pytest.raises(be.AnalysisError, match="one prior for all studies"):
        be.SynthesisModel(subgroup="population", priors={"tau": {"population = low": tight}})


def test_subgroups_of_one_trial_are_noted_and_may_be_filtered(separate):
    noted = {w["code"]: w["message"] for w in be.to_result(separate)["data"]["warnings"]}
    assert noted["subgroups_of_a_study"].startswith("Alpha, Beta: subgroups of one study are pooled as independent")
    some = be.SynthesisModel(subgroup="population", where={"study": ["Alpha", "Beta"]}).fit(TABLE)
    assert len(some.summary("study_effect")) == 4
    with pytest.raises(be.DataError, match="overlapping populations"):
        be.SynthesisModel().fit(TABLE)


def test_counts_have_subgroups_too():
    rows = [
        {"study": f"T{i}", "regimen": r, "endpoint": "ORR", "events": k, "n": 40, "line": line}
        for i, (line, a, b) in enumerate([("first", 12, 20), ("second", 5, 9), ("second", 6, 7)])
        for r, k in (("old", a), ("new", b))
    ]
    table = be.read_counts(pd.DataFrame(rows))
    settings = {"column": "line", "heterogeneity": "separate"}
    posterior = be.SynthesisModel(subgroup=settings, control="old").fit(table)
    assert "i_squared" not in posterior.estimand_names  # one subgroup has a single trial
    y, se = np.log(20 * 28 / (12 * 20)), np.sqrt(1 / 12 + 1 / 28 + 1 / 20 + 1 / 20)
    expected = random_effects([y], [se], stats.halfnorm(scale=0.5), 0.0, 1.0)
    found = row(posterior, "mu", covariate="line = first")
    np.testing.assert_allclose([found["mean"], found["sd"]], expected["mu"], rtol=1e-6)


def test_settings_of_subgroups_are_checked():
    for subgroup, message in (
        ({"column": "population", "heterogeneity": "none"}, "'none' is not one of shared | separate"),
        ({"heterogeneity": "separate"}, "model.subgroup.column: is required"),
        ({"column": "population", "tau": "separate"}, "model.subgroup.tau: unknown key"),
    ):
        with pytest.raises(be.AnalysisError) as caught:
            be.SynthesisModel(subgroup=subgroup)
        assert message in str(caught.value)
    with pytest.raises(be.AnalysisError, match="common effects have no heterogeneity"):
        be.SynthesisModel(subgroup={"column": "population", "heterogeneity": "separate"}, pooling="common")
