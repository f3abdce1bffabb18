"""What other packages and papers print for their own examples."""

from __future__ import annotations

import pandas as pd
import pytest

import bayes_escc as be
from tests.helpers.synthesis import row


def test_ankylosing_spondylitis_as_rbest_prints_it(over_studies):
    """The reference page of RBesT's gMAP: tau, the mean rate of a new study and its quantiles, from 4000 draws."""
    draws = 4000**0.5

    def near(found, printed, sd, unit, errors=1.0):
        """Within four errors of both, and half a unit of the last printed digit."""
        both = errors * sd * (1 / draws**2 + 1 / 2000) ** 0.5
        return abs(found - printed) < 4 * both + 0.5 * unit

    tau, new = row(over_studies, "tau"), row(over_studies, "predicted_rate")
    assert near(tau["mean"], 0.387, 0.215, 0.001)
    assert near(tau["median"], 0.359, 0.215, 0.001, 1.25)
    assert near(tau["upper"], 0.897, 0.215, 0.001, 2.7)
    assert near(new["mean"], 0.255, 0.0864, 0.001)
    assert near(new["median"], 0.247, 0.0864, 0.001, 1.25)
    assert near(new["lower"], 0.106, 0.0864, 0.001, 2.7)
    assert near(new["upper"], 0.461, 0.0864, 0.001, 2.7)


def effects(*rows, **common):
    base = {"experimental": "new", "control": "old", "endpoint": "OS", "measure": "log HR", **common}
    return be.read_effects(pd.DataFrame([{**base, "study": s, "estimate": y, "se": e} for s, y, e in rows]))


def test_one_or_two_studies_are_pooled_with_a_note():
    for rows, words in (
        ([("A", -0.3, 0.2)], "one study can say little of the heterogeneity: its posterior is mostly its prior"),
        ([("A", -0.3, 0.2), ("B", 0.1, 0.1)], "2 studies can say little of the heterogeneity"),
    ):
        result = be.to_result(be.SynthesisModel().fit(effects(*rows)))
        (note,) = (w for w in result["data"]["warnings"] if w["code"] == "few_studies")
        assert note["message"].startswith(words)
        common = be.to_result(be.SynthesisModel(pooling="common").fit(effects(*rows)))
        assert common["data"]["warnings"] == []


def test_default_priors_are_not_used_for_differences_in_another_unit():
    table = effects(("A", -50, 30), ("B", -110, 40), measure="MD")
    with pytest.raises(be.AnalysisError) as caught:
        be.SynthesisModel().fit(table)
    assert str(caught.value) == (
        "priors.effect and priors.tau: the defaults are for log ratios, and the DataFrame gives mean differences up to "
        "110 in a unit of their own. State them on that scale: an effect beyond 2 sigma should be a surprise, so "
        "perhaps Normal(0, 1000) for the effect and HalfNormal(100) for tau."
    )
    priors = {"effect": be.Prior("Normal", mu=0, sigma=1000), "tau": be.Prior("HalfNormal", sigma=100)}
    posterior = be.SynthesisModel(priors=priors).fit(table)
    assert -110 < row(posterior, "effect")["median"] < -50
    small = be.SynthesisModel().fit(effects(("A", -0.5, 0.3), ("B", -1, 0.4), ("C", 0, 0.3), measure="MD"))
    assert [w["code"] for w in be.to_result(small)["data"]["warnings"]] == ["unknown_direction", "default_prior"]


def test_studies_without_a_covariate_may_be_left_out():
    rows = [("A", -0.3, 0.2, 60), ("B", 0.1, 0.2, ""), ("C", -0.1, 0.1, 64), ("D", -0.2, 0.15, 68)]
    table = be.read_effects(
        pd.DataFrame(
            [
                {
                    "study": s,
                    "experimental": "x",
                    "control": "y",
                    "endpoint": "OS",
                    "measure": "log HR",
                    "estimate": y,
                    "se": e,
                    "age": a,
                }
                for s, y, e, a in rows
            ]
        )
    )
    asked = {"column": "age", "missing": "complete_case"}
    posterior = be.SynthesisModel(covariates=[asked]).fit(table)
    kept = be.SynthesisModel(covariates=[{"column": "age"}], where={"study": ["A", "C", "D"]}).fit(table)
    one, two = row(posterior, "coefficient"), row(kept, "coefficient")
    assert (one["mean"], one["sd"]) == pytest.approx((two["mean"], two["sd"]), rel=1e-10)
    (note,) = (w for w in be.to_result(posterior)["data"]["warnings"] if w["code"] == "incomplete_studies")
    assert note["message"].startswith("B left out")
    with pytest.raises(be.DataError, match="the value is missing"):
        be.SynthesisModel(covariates=[{"column": "age"}]).fit(table)
    counts = pd.DataFrame(
        [
            {"study": s, "regimen": r, "endpoint": "ORR", "events": k, "n": 30, "age": a}
            for s, _, _, a in rows
            for r, k in (("x", 9), ("y", 5))
        ]
    )
    model = be.SynthesisModel(covariates=[asked], likelihood="binomial", control="y")
    design = model.analysis
    from bayes_escc.runs.run import prepare_design

    prepared = prepare_design(design, be.read_counts(counts))
    assert prepared.studies == ("A", "C", "D")
    assert prepared.arm_contrast.tolist() == [0, 1, 0, 2, 0, 3]


def test_a_study_without_a_subgroup_is_named():
    table = effects(("A", -0.3, 0.2), ("B", 0.1, 0.1)).to_frame().drop(columns=["y", "ci_low", "ci_high", "ci_level"])
    table["line"] = ["first", ""]
    with pytest.raises(be.DataError, match="line is blank for B"):
        be.SynthesisModel(subgroup="line").fit(be.read_effects(table.astype(str)))


def test_two_arms_without_events_are_no_trouble_for_the_binomial_likelihood():
    """The likelihood of such a study does not depend on the odds ratio: it says almost nothing."""
    rows = [("A", 0, 0), ("B", 3, 6), ("C", 4, 9)]
    counts = pd.DataFrame(
        [
            {"study": s, "regimen": r, "endpoint": "ORR", "events": k, "n": 20}
            for s, a, b in rows
            for r, k in (("old", a), ("new", b))
        ]
    )
    model = be.SynthesisModel(likelihood="binomial", control="old", pooling="common")
    all_of_them, some = (model.fit(be.read_counts(c), seed=2) for c in (counts, counts[counts["study"] != "A"]))
    one, two = row(all_of_them, "mu"), row(some, "mu")
    assert one["median"] == pytest.approx(two["median"], abs=0.1)
    assert 0.9 < one["sd"] / two["sd"] < 1.05
