"""What a synthesis rests on, each row against the model it stands for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.checks import sensitivity
from bayes_escc.cli import main
from tests.helpers.synthesis import effects_table
from tests.oracles.meta import generalised_least_squares


@pytest.fixture(scope="module")
def found():
    return sensitivity(be.find_analysis("pd1_second_line_pfs"))


def label(found, start):
    (row,) = (r for r in found.rows if r["label"].startswith(start))
    return row


def test_leaving_a_study_out_is_fitting_without_it(found):
    trials = be.load_dataset("pd1_trials_effects")
    for left_out, kept in (("ESCORT", ["ATTRACTION-3", "KEYNOTE-181"]), ("KEYNOTE-181", ["ATTRACTION-3", "ESCORT"])):
        model = be.SynthesisModel(
            endpoint="PFS",
            where={"study": kept, "histology": "ESCC", "pd_l1": "any"},
            priors={"effect": be.Prior("Normal", mu=0, sigma=1), "tau": be.Prior("HalfNormal", sigma=0.25)},
        )
        expected = model.fit(trials).summary("effect").iloc[0]
        row = label(found, f"without {left_out}")
        for column in ("median", "lower", "upper"):
            assert row[column] == pytest.approx(expected[column], rel=1e-10)


def test_the_first_row_is_the_analysis_itself(found):
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_pfs"))
    expected = posterior.summary("effect").iloc[0]
    assert found.rows[0]["median"] == pytest.approx(expected["median"], rel=1e-12)
    p = posterior.probability("effect", below=1.0)["probability"].item()
    assert found.rows[0]["probability_below_null"] == pytest.approx(p, abs=1e-12)


def test_the_bayes_factor_of_the_effect_is_the_savage_dickey_ratio(found):
    posterior = be.fit_analysis(be.find_analysis("pd1_second_line_pfs"))
    law = posterior.law_at("mu", {"regimen": None, "study": None, "endpoint": "PFS", "time": None, "covariate": None})
    assert found.bayes_factors["effect"] == pytest.approx(stats.norm(0, 1).pdf(0) / float(law.density(0.0)), rel=1e-8)


def test_the_bayes_factor_of_heterogeneity_is_a_ratio_of_integrals(found):
    observed = be.fit_analysis(be.find_analysis("pd1_second_line_pfs")).observed
    y, v = observed["y"].to_numpy(), observed["se"].to_numpy() ** 2

    def evidence(tau):
        return stats.multivariate_normal(np.zeros(3), np.diag(v + tau**2) + 1.0).pdf(y)

    prior = stats.halfnorm(scale=0.25)
    random = integrate.quad(lambda t: evidence(t) * prior.pdf(t), 0, 3, epsrel=1e-11)[0]
    assert found.bayes_factors["heterogeneity"] == pytest.approx(random / evidence(0.0), rel=1e-8)


def test_pet_is_a_regression_on_the_standard_error():
    trials = be.load_dataset("pd1_trials_effects")
    analysis = be.Analysis.from_dict(
        {
            "data": {
                "kind": "effects",
                "endpoint": "OS",
                "where": {"line": "second", "histology": "ESCC", "pd_l1": "any"},
            },
            "model": {"family": "synthesis", "pooling": "common"},
            "priors": {"effect": {"distribution": "Normal", "mu": 0, "sigma": 100}},
        }
    )
    table = trials.select(endpoint="OS", where=dict(analysis.data.where)).frame
    y, se = table["y"].to_numpy(), table["se"].to_numpy()
    # the prior of the slope, Normal(0, 2), enters as one more observation
    X = np.vstack([np.column_stack([np.ones(len(y)), se]), [0.0, 1.0]])
    estimate, error = generalised_least_squares(np.append(y, 0.0), np.diag(np.append(se**2, 4.0)), X)
    row = label(sensitivity(analysis, trials), "PET")
    assert np.log(row["median"]) == pytest.approx(estimate[0], abs=1e-4)
    assert np.log(row["upper"] / row["lower"]) == pytest.approx(2 * 1.959964 * error[0], rel=1e-4)


def test_one_call_one_table_one_figure(found, tmp_path, capsys):
    assert len(found.table) == len(found.rows) == 14
    assert main(["sensitivity", "pd1_second_line_os", "--out", str(tmp_path)]) == 0
    assert "without KEYNOTE-181" in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {
        "power_scaling.csv",
        "power_scaling_better.csv",
        *(f"sensitivity.{ending}" for ending in ("csv", "json", "svg", "png")),
    }
    assert main(["sensitivity", "pd1_second_line_os", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bayes_factors"]["effect"] > 10


def test_a_network_is_fitted_again_for_every_row():
    analysis = be.find_analysis("pd1_second_line_network")
    result = sensitivity(analysis)
    posterior = be.fit_analysis(analysis)
    expected = {r["regimen"]: r for r in posterior.summary_rows() if r["estimand"] == "effect"}
    first = [r for r in result.rows if r["group"] == "analysis"]
    assert len(first) == len(expected) - 1
    for row in first:
        regimen = row["label"].removesuffix(": as specified")
        assert row["median"] == pytest.approx(expected[regimen]["median"], rel=1e-9)
    assert {"pooling", "prior of tau"} <= {r["group"] for r in result.rows}
    assert json.dumps(result.to_dict())


def test_subgroups_and_meta_regressions_are_fitted_again():
    table = effects_table(
        [-0.5, -0.4, -0.1, 0.0, -0.2],
        [0.2] * 5,
        "HR",
        where=["east", "east", "west", "west", "west"],
        year=[2010, 2012, 2015, 2018, 2020],
    )
    for options in (
        {"subgroup": "where"},
        {"covariates": [{"column": "year", "center": 2015}]},
    ):
        model = be.SynthesisModel(endpoint="weight", **options)
        result = sensitivity(model, table)
        expected = model.fit(table).summary("effect")
        first = [r for r in result.rows if r["group"] == "analysis"]
        assert [r["median"] for r in first] == pytest.approx(list(expected["median"]), rel=1e-9)
        assert sum(r["group"] == "leave one out" for r in result.rows) == 5 * len(first)


@pytest.mark.slow
def test_counts_with_a_zero_cell_are_fitted_again():
    import pandas as pd

    rows = [
        (f"t{i}", arm, k, n)
        for i, (a, b, n) in enumerate([(0, 4, 30), (3, 8, 40), (5, 9, 50)])
        for arm, k in (("drug", a), ("control", b))
    ]
    rows = [(s, arm, k, n) for s, arm, k, n in rows]
    table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="any_AE"))
    model = be.SynthesisModel(endpoint="any_AE", likelihood="binomial", control="control")
    result = sensitivity(model, table)
    assert result.rows[0]["label"] == "as specified"
    assert result.rows[0]["median"] < 1.0
    assert sum(r["group"] == "leave one out" for r in result.rows) == 3


def test_recist_categories_and_hierarchies_are_varied():
    from bayes_escc.families.response.varied import variations

    def labels(**model):
        analysis = be.Analysis.from_dict({"data": {"endpoint": "ORR"}, "model": {"family": "response", **model}})
        return [v.label for v in variations(analysis.spec)]

    assert "mean log odds twice as wide" in " ".join(labels(pooling="partial"))
    assert any(label.startswith("tau half as wide: HalfNormal(0.5)") for label in labels(pooling="partial"))
    assert any(label.startswith("precision twice as wide") for label in labels(likelihood="beta_binomial"))
    assert any(label.startswith("categories half as wide") for label in labels(likelihood="multinomial"))


@pytest.mark.slow
def test_priors_of_log_odds_and_of_their_contrast_are_varied(cohorts):
    priors = {"log_odds": be.Prior("Normal", mu=-1, sigma=1), "log_odds_ratio": be.Prior("Normal", mu=0, sigma=0.5)}
    found = be.sensitivity(be.ResponseModel(endpoint="ORR", priors=priors), cohorts).table.set_index("label")
    widths = (found["upper"] - found["lower"]).filter(like="log odds ratio")
    assert widths.filter(like="half").iloc[0] < 0.8 * widths.filter(like="twice").iloc[0]
    assert found["lower"].notna().all()


def test_peese_is_a_regression_on_the_variance():
    """Weighted least squares gives -0.11 on the variance (and +0.04 on the standard error)."""
    y, se = [-0.9, -0.75, -0.5, -0.35, -0.2, -0.12], [0.45, 0.4, 0.3, 0.2, 0.12, 0.08]
    model = be.SynthesisModel(
        endpoint="weight", pooling="common", priors={"effect": be.Prior("Normal", mu=0, sigma=100)}
    )
    result = sensitivity(model, effects_table(y, se, "HR"))
    estimate, _ = generalised_least_squares(
        np.array(y), np.diag(np.array(se) ** 2), np.column_stack([np.ones(6), np.array(se) ** 2])
    )
    assert round(float(estimate[0]), 2) == -0.11
    assert np.log(label(result, "PEESE")["median"]) == pytest.approx(estimate[0], abs=0.003)


@pytest.mark.parametrize("patients", [None, [40, 60, 160, 360, 1400]])
@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_another_unit_is_the_same_answer(factor, patients):
    """Kilograms, grams and tonnes: every row of the check is the same, in its unit."""
    y, se = np.array([-12.0, -9, -5, -4, -2]), np.array([6.0, 5, 3, 2, 1])
    known = {} if patients is None else {"n_experimental": patients, "n_control": patients}

    def rows(unit):
        model = be.SynthesisModel(
            endpoint="weight",
            priors={"effect": be.Prior("Normal", mu=0, sigma=20 * unit), "tau": be.Prior("HalfNormal", sigma=3 * unit)},
        )
        table = effects_table(y * unit, se * unit, "MD", better="lower", **known)
        return sensitivity(model, table)

    kilograms, other = rows(1.0), rows(factor)
    assert len(kilograms.rows) == len(other.rows)
    for a, b in zip(kilograms.rows, other.rows, strict=True):
        for key in ("median", "lower", "upper", "tau"):
            if a[key] is not None:
                assert b[key] / factor == pytest.approx(a[key], rel=1e-5, abs=1e-7)
        assert b["probability_below_null"] == pytest.approx(a["probability_below_null"], abs=1e-6)
    assert label(kilograms, "PET")["median"] == pytest.approx(-0.73, abs=0.01)
    assert label(kilograms, "PEESE")["median"] == pytest.approx(-2.04, abs=0.01)
    for name, factor_of_bayes in kilograms.bayes_factors.items():
        assert other.bayes_factors[name] == pytest.approx(factor_of_bayes, rel=1e-6)


def test_the_published_prior_fits_the_outcome_or_is_left_out():
    def named(endpoint, measure, control="chemotherapy"):
        table = effects_table([-0.4, -0.2, -0.1], [0.2, 0.15, 0.1], measure).assign(endpoint=endpoint, control=control)
        rows = sensitivity(be.SynthesisModel(endpoint=endpoint), table).rows
        return [r["label"].split(": tau")[0] for r in rows if r["label"].startswith(("Turner", "Rhodes"))]

    assert named("OS", "HR") == ["Turner, all-cause mortality, pharmacological vs pharmacological"]
    assert named("OS", "HR", "placebo") == ["Turner, all-cause mortality, pharmacological vs placebo"]
    assert named("any_AE", "OR") == ["Turner, adverse events, pharmacological vs pharmacological"]
    assert named("ORR", "OR") == []
