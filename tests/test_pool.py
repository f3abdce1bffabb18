"""Effects pooled at the prompt: the numbers of the model itself, from typed effects or a table."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.errors import BayesEsccError
from bayes_escc.report.result import ESTIMATE_KEYS
from bayes_escc.runs.prompt_effects import pool_effects
from tests.helpers.schema import SCHEMA, conforms

TYPED = [
    "ATTRACTION-3=0.77,0.62,0.96",
    "KEYNOTE-181=0.78,0.63,0.96",
    "ESCORT = 0.71, 0.57, 0.87",
    "RATIONALE-302=0.70,0.57,0.85",
    "ORIENT-2=0.70,0.50,0.97",
]
SELECTION = ("line=second", "histology=ESCC", "pd_l1=any")


@pytest.fixture(scope="module")
def shipped():
    return be.fit_analysis(be.find_analysis("pd1_second_line_os"))


@pytest.mark.parametrize("typed", [True, False])
def test_the_numbers_are_those_of_the_shipped_analysis(shipped, typed):
    chosen = TYPED if typed else ["pd1_trials_effects"]
    where = {} if typed else {"endpoint": "OS", "where": SELECTION}
    result = pool_effects(chosen, tau_prior="HalfNormal(0.25)", effect_prior="Normal(0, 1)", margin=0.8, **where)
    known = {(r["estimand"], r["study"]): r for r in shipped.summary_rows()}
    for r in result["estimates"]:
        for key in ("mean", "sd", "median", "lower", "upper"):
            assert r[key] == pytest.approx(known[r["estimand"], r["study"]][key], rel=1e-9), (r["estimand"], key)
    assert {r["estimand"] for r in result["estimates"]} == {
        "effect",
        "predicted_effect",
        "study_effect",
        "tau",
        "i_squared",
    }
    asked = {(r["estimand"], r["value"]): r["probability"] for r in be.to_result(shipped)["thresholds"]}
    found = {(r["estimand"], r["value"]): r["probability"] for r in result["thresholds"]}
    assert asked == pytest.approx({k: found[k] for k in asked}, rel=1e-9)
    if not typed:
        assert result["data"]["patients"] == shipped.evidence["patients"]


def test_the_result_keeps_the_schema():
    result = json.loads(json.dumps(pool_effects(TYPED)))
    for block in ("analysis", "data", "diagnostics"):
        conforms(result[block], SCHEMA[block], block)
    for r in result["estimates"]:
        assert tuple(r) == ESTIMATE_KEYS
    for r in result["thresholds"]:
        conforms(r, SCHEMA["thresholds"], "thresholds")


def test_published_priors_of_the_heterogeneity_go_by_name():
    named = "Turner(all-cause mortality; pharmacological vs pharmacological)"
    prior = be.Prior("Turner", outcome="all-cause mortality", comparison="pharmacological vs pharmacological")
    spelled = f"LogNormal(mu={prior['mu']!r}, sigma={prior['sigma']!r})"
    assert pool_effects(TYPED, tau_prior=named)["estimates"] == pool_effects(TYPED, tau_prior=spelled)["estimates"]
    with pytest.raises(BayesEsccError, match="outcome"):
        pool_effects(TYPED, tau_prior="Turner(survival)")


def test_a_common_effect_is_the_inverse_variance_mean():
    (first, *rest) = pool_effects(TYPED, common=True, effect_prior="Normal(0, 1000)")["estimates"]
    assert (round(first["median"], 2), round(first["lower"], 2), round(first["upper"], 2)) == (0.73, 0.66, 0.81)
    assert {r["estimand"] for r in rest} == {"study_effect"}


def test_negative_differences_are_no_asymmetry():
    """The limits of a difference may be negative; only those of ratios have a floor."""
    result = pool_effects(
        ["A=-4.1,-6.0,-2.2"], measure="MD", effect_prior="Normal(0, 1000)", common=True, rationale="Wide."
    )
    assert result["estimates"][0]["median"] == pytest.approx(-4.1, abs=1e-3)
    assert result["data"]["warnings"] == []


def test_levels_scales_and_other_peoples_tables(tmp_path, capsys):
    wide = pool_effects(["CheckMate 648=0.74,0.58,0.96"], level=0.991, common=True, effect_prior="Normal(0,1000)")
    effect = wide["estimates"][0]
    assert (round(effect["lower"], 2), round(effect["upper"], 2)) == (0.61, 0.89)
    differences = pool_effects(["A=-1.2,-3.0,0.6", "B=0.4,-1.1,1.9"], measure="MD", effect_prior="Normal(0, 10)")
    assert differences["estimates"][0]["unit"] == "mean difference"
    assert differences["thresholds"][0]["value"] == 0.0
    frame = pd.DataFrame(
        {
            "Upper": ["0.96", "0.87"],
            "comparator": "化疗",
            "trial": ["试验一", "试验二"],
            "HR": ["0.77", "0.71"],
            "Lower": ["0.62", "0.57"],
            "outcome": "OS",
            "level": "95%",
            "treatment": "信迪利单抗",
        }
    )
    file = tmp_path / "别人的.csv"
    file.write_bytes(frame.to_csv(index=False, sep=";").encode("gb18030"))
    assert main(["pool", str(file)]) == 0
    assert "试验一" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("effects", "options", "message"),
    [
        (["ESCORT=0.71"], {}, "is not NAME=ESTIMATE,LOW,HIGH"),
        (["ESCORT=0.71,0.87,0.57"], {}, "limits_out_of_order"),
        (["A=0.7,0.5,0.9", "A=0.8,0.6,1.1"], {}, "the name .A. is used twice"),
        (["A=0.7,0.5,0.9"], {"measure": "hazzard"}, "is not a measure"),
        (["A=0.7,0.5,0.9"], {"tau_prior": "half-normal 1"}, "takes a law such as"),
        (["A=0.7,0.5,0.9"], {"tau_prior": "HalfNormal(x)"}, "is not a number"),
        (["A=0.7,0.5,0.9"], {"tau_prior": "HalfNorm(1)"}, "HalfNormal"),
        (["A=0.7,0.5,0.9"], {"tau_prior": "Normal(0, 1)"}, "must be positive"),
        (["A=0.7,0.5,0.9"], {"effect_prior": "Cauchy(0, 1)"}, "needs a Normal"),
        (["A=0.7,0.5,0.9"], {"common": True, "tau_prior": "HalfNormal(1)"}, "no heterogeneity"),
        (["A=0.7,0.5,0.9"], {"endpoint": "OS"}, "choose rows of a table"),
        (["A=0.7,0.5,0.9"], {"ci_prob": 95}, "between 0.5 and 1"),
        (["pd1_trials_effect"], {}, "pd1_trials_effects"),
        (["pd1_trials_counts"], {}, "holds counts, not effects"),
        (["pd1_trials_effects"], {}, "name one with --endpoint"),
        (["pd1_trials_effects"], {"endpoint": "OS"}, "count more than once"),
        (["pd1_trials_effects"], {"where": ["lines=second"]}, "takes COLUMN=VALUE"),
        (["pd1_trials_effects"], {"endpoint": "XY", "where": SELECTION}, "has no .XY.; these rows have"),
    ],
)
def test_what_cannot_be_pooled_is_said(effects, options, message):
    with pytest.raises(BayesEsccError, match=message):
        pool_effects(effects, **options)


def test_mean_differences_in_their_own_unit_need_priors_in_that_unit():
    effects = ["A=-30.5,-95,34", "B=-60,-120,0", "C=12,-40,64"]
    with pytest.raises(BayesEsccError, match="the defaults are for log ratios"):
        pool_effects(effects, measure="MD")
    found = pool_effects(effects, measure="MD", effect_prior="Normal(0, 100)", tau_prior="HalfNormal(30)")
    assert found["estimates"][0]["median"] == pytest.approx(-22.2, abs=0.1)


def test_two_studies_say_that_the_prior_decides_and_typed_log_ratios_are_reported_as_ratios():
    found = pool_effects(["A=-0.3,-0.6,0.0", "B=0.1,-0.2,0.4"], measure="log HR")
    assert [w["code"] for w in found["data"]["warnings"]] == ["few_studies"]
    assert found["estimates"][0]["endpoint"] is None  # a measure is no endpoint
    assert found["estimates"][0]["unit"] == "hazard ratio"
    assert found["estimates"][0]["unit"] == "hazard ratio"
