"""Priors, shapes and covariates varied: each line is what a fit of its own would give."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.families.response.varied import RATE_PRIORS
from bayes_escc.families.survival.varied import HAZARD_RATIO_PRIORS, variations
from bayes_escc.report.sensitivity_text import sensitivity_text
from bayes_escc.runs.run import prepare_design
from bayes_escc.settings.prior import PriorSet
from tests.helpers.survival import LIVER, NLR, cohort
from tests.oracles.evidence import beta_binomial, gamma_exponential


@pytest.fixture(scope="module")
def patients():
    return cohort(60)


@pytest.fixture(scope="module")
def model():
    return be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], times=[3, 6], horizons=[6, 9])


@pytest.fixture(scope="module")
def found(model, patients):
    return be.sensitivity(model, patients)


class TestSurvival:
    def test_every_line_is_there(self, found):
        table = found.table
        assert list(table["group"].unique()) == [
            "analysis",
            "prior of the log hazard ratio",
            "other priors",
            "baseline",
            "regimen effect",
            "covariates",
        ]
        assert (table["sampler"] == "laplace").all()
        assert table["probability_better"].between(0, 1).all()
        assert table["bayes_factor"].iloc[0] == 1.0
        assert table.set_index("label").loc["hazards not proportional", "hazard_ratio"] != table["hazard_ratio"].iloc[0]

    def test_weighted_priors_are_refits(self, found, model, patients):
        """The proposals weighted for another prior against a model compiled with it."""
        rows = found.table.set_index("label")
        for name, prior in (HAZARD_RATIO_PRIORS[2],):  # the one farthest from the compiled one
            row = rows.loc[f"{name}: {prior}"]
            asked = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], times=[3, 6], horizons=[6, 9])
            spec = asked.analysis.spec  # about the average regimen, although it favours one: not to be stated as such
            priors = tuple((r, PriorSet(prior) if r == "log_hazard_ratio" else p) for r, p in spec.priors)
            asked.analysis = replace(asked.analysis, spec=replace(spec, priors=priors))
            refit = asked.fit(patients, seed=9, sampler="laplace")
            told = refit.diagnostics
            error = np.hypot(told.mcse_log_evidence, row["mcse_log_evidence"])
            assert abs(told.log_evidence - row["log_evidence"]) < 4 * error
            other = refit.compare("median").rows[0]
            error = np.hypot(other["mcse_probability"], row["mcse_probability"])
            assert abs(other["probability_better"] - row["probability_better"]) < 4 * error

    def test_beliefs_show(self, found):
        rows = found.table.set_index("label")
        p = {label.split(":")[0]: row["probability_better"] for label, row in rows.iterrows()}
        assert p["enthusiastic"] > p["as specified"]
        assert abs(p["sceptical"] - 0.5) < abs(p["vague"] - 0.5)

    @pytest.mark.slow
    def test_closed_form(self, patients):
        gamma = be.Prior("Gamma", alpha=4, beta=16)
        model = be.SurvivalModel(
            baseline="exponential", regimen_effect="stratified", priors={"hazard": gamma}, data_unit="months"
        )
        rows = be.sensitivity(model, patients).table.set_index("label")
        groups = [(r["event"].sum(), r["time"].sum()) for _, r in patients.groupby("regimen")]
        for label, (a, b) in {
            "as specified": (4, 16),
            "hazard half as wide: Gamma(16, 64)": (16, 64),
            "hazard twice as wide: Gamma(1, 4)": (1, 4),
        }.items():
            expected = sum(gamma_exponential(d, t, a, b) for d, t in groups)
            assert abs(rows.loc[label, "log_evidence"] - expected) < 4 * rows.loc[label, "mcse_log_evidence"]

    def test_it_is_told_in_full(self, found):
        text = sensitivity_text(found.to_dict())
        assert text == repr(found)
        for word in ("sceptical", "piecewise hazards", "without covariates", "Bayes factor", "hazard ratio"):
            assert word in text
        json.dumps(found.to_dict(), allow_nan=False)
        assert found.plot().axes


@pytest.mark.slow
def test_every_line_is_the_same_in_months_and_in_days(found, patients):
    """Priors are stated in the unit of the analysis, so their words differ; no answer does.

    A density of times in days is smaller by the length of a month for every event, and so is the evidence; no Bayes
    factor is.
    """
    days = 30.4375
    model = be.SurvivalModel(
        data_unit="days",
        time_unit="days",
        covariates=[NLR, LIVER],
        times=[3 * days, 6 * days],
        horizons=[6 * days, 9 * days],
    )
    other = be.sensitivity(model, patients.assign(time=patients["time"] * days)).table
    assert list(other["group"]) == list(found.table["group"])
    events = int(patients["event"].sum())
    for (_, a), (_, b) in zip(found.table.iterrows(), other.iterrows(), strict=True):
        assert a["label"].split(":")[0] == b["label"].split(":")[0]
        same_draws = {"rel": 1e-6, "abs": 1e-9, "nan_ok": True}  # one seed: the same draws in another unit
        for key in ("probability_better", "bayes_factor", "hazard_ratio", "hazard_ratio_lower", "hazard_ratio_upper"):
            assert b[key] == pytest.approx(a[key], **same_draws), (a["label"], key)
        for key in ("median", "lower", "upper"):
            assert b[key] == pytest.approx(days * a[key], **same_draws), (a["label"], key)
        assert b["log_evidence"] == pytest.approx(a["log_evidence"] - events * np.log(days), rel=1e-6)


def test_every_variation_can_be_prepared(patients):
    """Also where the target population, or the shrinkage, is one of covariates."""
    for settings in (
        {"population": {"nlr": 3.0, "liver": 1}},
        {"population": pd.DataFrame({"nlr": [3.0, 2.0], "liver": [1, 0]})},
        {"baseline": "piecewise", "smoothing": "random_walk", "shrinkage": "ridge"},
        {"baseline": "exponential", "priors": {"hazard": be.Prior("Gamma", alpha=2, beta=8)}},
    ):
        model = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], **settings)
        table = model.read(patients)
        design = prepare_design(model.analysis, table)
        spec = replace(design.spec, stated=tuple(r for r, _ in design.spec.priors))
        labels = []
        for one in variations(spec):
            other = prepare_design(replace(model.analysis, spec=one.spec), table)
            assert other.patients == design.patients
            labels.append(one.label)
        assert "without covariates" in labels
        assert len(set(labels)) == len(labels)


class TestResponse:
    def test_closed_form(self, cohorts):
        found = be.sensitivity(be.ResponseModel(endpoint="ORR"), cohorts).table.groupby("label").first()
        rows = cohorts.frame.query("endpoint == 'ORR'")
        for name, prior in RATE_PRIORS:
            row = found.loc[f"{name}: {prior}"]
            counts = zip(rows["events"], rows["n"], strict=True)
            expected = sum(beta_binomial(k, n, prior["alpha"], prior["beta"]) for k, n in counts)
            assert abs(row["log_evidence"] - expected) < 4 * row["mcse_log_evidence"], name

    def test_patients(self):
        rng = np.random.default_rng(4)
        x = rng.normal(size=70)
        table = pd.DataFrame(
            {
                "patient_id": np.arange(70),
                "regimen": np.where(np.arange(70) % 2, "B", "A"),
                "age_score": x,
                "response": (rng.random(70) < 1 / (1 + np.exp(0.5 - x))).astype(int),
            }
        )
        model = be.ResponseModel(endpoint="ORR", likelihood="logistic", covariates=[{"column": "age_score"}])
        found = be.sensitivity(model, table).table
        assert {"intercept twice as wide: Normal(0, 3)", "without covariates"} <= set(found["label"])


def test_what_cannot_be_varied(model, patients):
    with pytest.raises(be.AnalysisError, match="a model needs the table"):
        be.sensitivity(model)
    with pytest.raises(be.AnalysisError, match="there is only one regimen"):
        be.sensitivity(model, patients[patients["regimen"] == "A"])
    with pytest.raises(be.AnalysisError, match="there is no estimand 'rate' here, but median"):
        be.sensitivity(model, patients, estimand="rate")


def test_from_the_command_line(capsys, tmp_path):
    assert main(["sensitivity", "second_line_response", "--json", "--out", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["estimand"] == "rate"
    assert told == json.loads((tmp_path / "sensitivity.json").read_text(encoding="utf-8"))
    assert (tmp_path / "sensitivity.png").stat().st_size > 10_000


class TestBayesFactors:
    def test_between_baselines(self, patients):
        fits = {
            name: be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], baseline=name).fit(
                patients, seed=3, sampler="laplace"
            )
            for name in ("exponential", "weibull")
        }
        found = be.bayes_factors(fits)
        logs = {name: fit.diagnostics.log_evidence for name, fit in fits.items()}
        best = max(logs, key=logs.get)
        assert found.index[0] == best
        other = next(n for n in logs if n != best)
        assert np.isclose(found.loc[other, "bayes_factor"], np.exp(logs[other] - logs[best]))
        assert np.isclose(found["probability"].sum(), 1.0)

    def test_they_need_the_evidence_and_the_same_patients(self, patients, exact, model):
        ours = model.fit(patients, sampler="laplace", draws=100)
        nuts = model.fit(patients, draws=50, tune=50, chains=2)
        with pytest.raises(be.AnalysisError, match=r"b: there is no evidence; fit with sampler = .laplace."):
            be.bayes_factors({"a": ours, "b": nuts})
        fewer = model.fit(patients.iloc[:50], sampler="laplace", draws=100)
        with pytest.raises(be.AnalysisError, match="saw different patients"):
            be.bayes_factors({"a": ours, "b": fewer})
        with pytest.raises(be.AnalysisError, match="at least two"):
            be.bayes_factors({"a": ours})


@pytest.mark.parametrize(
    ("baseline", "effect", "role", "new"),
    [
        ("weibull", "proportional", "log_hazard_ratio", be.Prior("Normal", mu=0, sigma=0.3)),
        ("log_normal", "accelerated", "log_time_ratio", be.Prior("Normal", mu=0.4, sigma=0.3)),
        ("log_logistic", "accelerated", "log_spread", be.Prior("Normal", mu=-1, sigma=0.2)),
        ("gompertz", "proportional", "log_hazard_ratio", be.Prior("StudentT", nu=4, mu=0, sigma=0.3)),
        ("gompertz", "stratified", "hazard_growth", be.Prior("Normal", mu=0.2, sigma=0.3)),
        ("weibull", "nonproportional", "log_shape", be.Prior("Normal", mu=0.1, sigma=0.1)),
        ("weibull", "proportional", "coefficient", be.Prior("Normal", mu=0, sigma=0.2)),
    ],
)
def test_another_prior_changes_the_density_as_the_priors_state(baseline, effect, role, new):
    """With three regimens, whose ratios have a joint prior: the weights of a sensitivity analysis against densities."""
    frame = cohort(90).assign(regimen=np.array(["A", "B", "C"])[np.arange(90) % 3])
    model = be.SurvivalModel(
        data_unit="months", covariates=[NLR, LIVER], horizons=[6], baseline=baseline, regimen_effect=effect
    )
    design = prepare_design(model.analysis, model.read(frame))
    parameters = design.prior(np.random.default_rng(3), 40)
    variables = {str(n): a.transpose("chain", "draw", ...).to_numpy()[0] for n, a in parameters.data_vars.items()}
    changed = PriorSet(new)
    before, after = design.log_prior(parameters), design.log_prior(parameters, {role: changed})
    expected = sum(
        (after[name] - before[name]).transpose("chain", "draw", ...).to_numpy()[0].reshape(40, -1).sum(axis=1)
        for name in before.data_vars
    )
    assert design.prior_change([(role, changed)])(variables) == pytest.approx(expected, abs=1e-10)


def test_the_ratio_of_times_is_varied_where_regimens_stretch_time():
    model = be.SurvivalModel(data_unit="months", horizons=[6], baseline="log_normal", regimen_effect="accelerated")
    design = prepare_design(model.analysis, model.read(cohort(60)))
    varied = {v.group: v for v in variations(design.spec, design) if v.label.startswith("enthusiastic")}
    assert list(varied) == ["prior of the log time ratio"]
    favoured = varied["prior of the log time ratio"].spec.prior("log_time_ratio").default
    assert np.exp(favoured["mu"]) == pytest.approx(1 / 0.7)  # a longer time is better


def test_rates_with_exact_laws_are_varied_exactly():
    """They were weighted Laplace draws: 0.499 for the 0.490 of the analysis on the same page."""
    found = be.sensitivity(be.find_analysis("second_line_response")).table
    assert set(found["sampler"]) == {"exact"}
    specified = found.set_index("label").loc["as specified"]
    assert specified["probability_better"] == pytest.approx(0.489637, abs=1e-6)
    assert specified["mcse_probability"] < 1e-9


def test_the_figure_of_a_ratio_has_its_null_at_one(model, patients):
    found = be.sensitivity(model, patients, estimand="hazard_ratio")
    axes = found.plot().axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "Hazard ratio (log axis)"


def test_a_difference_of_rates_is_in_points_and_a_time_is_named(model, patients):
    rates = str(be.sensitivity(be.find_analysis("second_line_response")))
    assert "rate: difference in percentage points (95 % CrI)" in rates
    assert "-0.3 (-22.9 to 22.0)" in rates
    text = sensitivity_text(be.sensitivity(model, patients, estimand="survival").to_dict())
    assert "PFS rate at 6: difference in percentage points" in text
