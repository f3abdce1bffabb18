"""The Laplace engine against closed forms and against NUTS, and when it steps aside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.inference.density import Target
from bayes_escc.inference.laplace import systematic
from bayes_escc.probability.psis import smooth
from tests.helpers.survival import LIVER, NLR, agrees, cohort, scans
from tests.oracles.evidence import beta_binomial, gamma_exponential

GAMMA = be.Prior("Gamma", alpha=2, beta=8)


@pytest.fixture(scope="module")
def patients():
    return cohort(60)


class TestWeights:
    def test_their_sign(self):
        """Proposals from N(0, 1) weighted to N(0.5, 1); the wrong sign gives a mean of -0.5 and a fine k-hat."""
        x = np.random.default_rng(1).normal(size=20_000)
        weights, k = smooth(stats.norm.logpdf(x, 0.5) - stats.norm.logpdf(x))
        assert abs(weights @ x - 0.5) < 4 * np.sqrt(weights**2 @ (x - 0.5) ** 2)
        assert k < 0.5

    def test_a_narrow_proposal_is_found_out(self):
        x = np.random.default_rng(1).normal(scale=0.4, size=20_000)
        _, k = smooth(stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=0.4))
        assert k > 0.5

    def test_equal_weights_are_no_failure(self):
        weights, k = smooth(np.zeros(1000))
        assert np.allclose(weights, 1e-3)
        assert k == 0.0

    def test_resampling_is_in_proportion(self):
        weights = np.array([0.0, 0.5, 0.3, 0.2])
        found = systematic(np.random.default_rng(2), weights, 1000)
        assert np.allclose(np.bincount(found, minlength=4), 1000 * weights, atol=1)
        assert len(set(np.flatnonzero(np.diff(found)))) > 500  # in random order


class TestClosedForm:
    @staticmethod
    def evidence(fit, expected):
        told = fit.diagnostics
        assert fit.sampler == "laplace"
        assert told.pareto_k < 0.5
        assert 0 < told.mcse_log_evidence < 0.05
        assert abs(told.log_evidence - expected) < 4 * told.mcse_log_evidence, (told.log_evidence, expected)

    def test_exponential(self, patients):
        model = be.SurvivalModel(
            baseline="exponential", regimen_effect="stratified", priors={"hazard": GAMMA}, data_unit="months"
        )
        fit = model.fit(patients, seed=3, sampler="laplace")
        groups = [(r["event"].sum(), r["time"].sum()) for _, r in patients.groupby("regimen")]
        self.evidence(fit, sum(gamma_exponential(d, t, 2, 8) for d, t in groups))
        exact = model.fit(patients, seed=4)
        for name in ("hazard", "median", "survival", "rmst"):
            agrees(fit, exact, name)

    def test_piecewise(self, patients):
        cuts = [2.0, 5.0]
        model = be.SurvivalModel(
            baseline="piecewise", cutpoints=cuts, regimen_effect="none", priors={"hazard": GAMMA}, data_unit="months"
        )
        time, event = patients["time"].to_numpy(), patients["event"].to_numpy() == 1
        expected = 0.0
        for start, end in zip([0, *cuts], [*cuts, np.inf], strict=True):
            exposure = np.clip(np.minimum(time, end) - start, 0, None).sum()
            expected += gamma_exponential((event & (time > start) & (time <= end)).sum(), exposure, 2, 8)
        self.evidence(model.fit(patients, seed=3, sampler="laplace"), expected)

    def test_counts(self, cohorts, exact):
        fit = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=1, beta=1)).fit(
            cohorts, seed=2, sampler="laplace"
        )
        rows = cohorts.frame.query("endpoint == 'ORR'")
        self.evidence(fit, sum(beta_binomial(k, n, 1, 1) for k, n in zip(rows["events"], rows["n"], strict=True)))
        agrees(fit, exact, "rate")

    def test_a_data_set_of_one_patient(self):
        """Far from normal: one event at 5 under a wide prior."""
        one = pd.DataFrame({"patient_id": ["1"], "regimen": ["A"], "time": [5.0], "event": [1]})
        model = be.SurvivalModel(
            baseline="exponential",
            regimen_effect="stratified",
            data_unit="months",
            priors={"hazard": be.Prior("Gamma", alpha=0.5, beta=0.5)},
        )
        self.evidence(model.fit(one, sampler="laplace"), gamma_exponential(1, 5.0, 0.5, 0.5))


def weibull(**settings):
    return be.SurvivalModel(data_unit="months", times=[3, 6], horizons=[6, 9], **settings)


@pytest.mark.parametrize(
    ("model", "table"),
    [
        (weibull(covariates=[NLR, LIVER]), cohort(60)),
        (weibull(regimen_effect="nonproportional", interval=("lower", "upper")), scans(cohort(60))),
        (weibull(baseline="piecewise", cutpoints=[2.0, 5.0], covariates=[LIVER]), cohort(60)),
    ],
    ids=["weibull", "own shapes, interval-censored", "piecewise"],
)
def test_survival_agrees_with_nuts(model, table):
    ours, nuts = model.fit(table, seed=5, sampler="laplace"), model.fit(table, seed=6)
    assert (ours.sampler, nuts.sampler) == ("laplace", "nuts")
    assert "sample_stats" not in ours.tree.children
    for name in ours.estimand_names:
        agrees(ours, nuts, name)


def test_patients_with_covariates_agree_with_nuts():
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
    ours, nuts = model.fit(table, seed=5, sampler="laplace"), model.fit(table, seed=6)
    assert ours.sampler == "laplace"
    for name in ("rate", "intercept", "coefficient"):
        agrees(ours, nuts, name)


def test_a_common_effect_of_counts_agrees_with_nuts():
    rows = pd.DataFrame(
        {
            "study": ["S1", "S1", "S2", "S2", "S3", "S3"],
            "regimen": ["placebo", "active"] * 3,
            "endpoint": "death",
            "better": "lower",
            "events": [12, 5, 0, 1, 20, 14],
            "n": [60, 62, 30, 31, 90, 88],
        }
    )
    model = be.SynthesisModel(likelihood="binomial", pooling="common", control="placebo", endpoint="death")
    ours, nuts = model.fit(rows, seed=5, sampler="laplace"), model.fit(rows, seed=6, sampler="nuts")
    assert ours.sampler == "laplace"
    agrees(ours, nuts, "effect")


class TestStepsAside:
    def test_for_a_hierarchy(self, cohorts):
        fit = be.ResponseModel(endpoint="ORR", pooling="partial").fit(
            cohorts, sampler="laplace", draws=50, tune=50, chains=2
        )
        assert fit.sampler == "nuts"
        assert fit.diagnostics.log_evidence is None
        assert "Sampled by NUTS instead of Laplace: the model has a hierarchy." in fit.diagnostics.messages

    def test_for_unreliable_weights(self, patients, monkeypatch):
        monkeypatch.setattr("bayes_escc.inference.laplace.MAX_PARETO_K", -5.0)
        fit = weibull(covariates=[NLR, LIVER]).fit(patients, sampler="laplace", draws=50, tune=50, chains=2)
        assert fit.sampler == "nuts"
        assert "k-hat of the importance weights is" in fit.diagnostics.messages[-1]

    def test_where_there_is_no_mode(self, patients, monkeypatch):
        monkeypatch.setattr(Target, "curvature", lambda self, point: -np.eye(len(point)))
        fit = weibull(covariates=[NLR, LIVER]).fit(patients, sampler="laplace", draws=50, tune=50, chains=2)
        assert fit.sampler == "nuts"
        assert "no mode of the posterior was found" in fit.diagnostics.messages[-1]


def test_it_survives_saving_and_says_what_it_is(patients, tmp_path):
    fit = weibull(covariates=[NLR, LIVER]).fit(patients, seed=5, sampler="laplace")
    assert fit.seconds["compile"] < 1.0  # the structure is compiled above
    back = be.Posterior.load(fit.save(tmp_path / "fit.nc"))
    assert (back.sampler, back.diagnostics.log_evidence) == ("laplace", fit.diagnostics.log_evidence)
    told = be.to_result(fit)["diagnostics"]
    assert told["pareto_k"] == fit.diagnostics.pareto_k
    assert "k-hat" in told["messages"][0]
