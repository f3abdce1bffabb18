"""The response family: exact answers, NUTS against them, and against independent quadrature.

A tolerance is four Monte Carlo standard errors of the quantity compared.
"""

from __future__ import annotations

from typing import ClassVar

import arviz as az
import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.runs.run import prepare_design
from tests.helpers.synthesis import AS_EVENTS, AS_TOTAL
from tests.oracles import quadrature

REFERENCE = "toripalimab + chemotherapy"


def mean_matches(draws, truth, sd=None):
    """The mean (and sd) of draws agree with the truth within four Monte Carlo errors."""
    array = draws if "chain" in draws.dims else draws.expand_dims("chain")
    error = float(az.mcse(array, method="mean"))
    assert abs(float(array.mean()) - truth) < 4 * error, (float(array.mean()), truth, error)
    if sd is not None:
        assert abs(float(array.std()) - sd) < 4 * float(az.mcse(array, method="sd"))


class TestExact:
    def test_rates_are_conjugate(self, exact):
        assert exact.sampler == "exact"
        summary = exact.summary("rate").set_index("regimen")
        for regimen, k, n in [(REFERENCE, 10, 29), ("toripalimab + anlotinib", 12, 35), ("anlotinib + S-1", 5, 20)]:
            law = stats.beta(1 + k, 1 + n - k)
            row = summary.loc[regimen]
            assert row["mean"] == pytest.approx(law.mean())
            assert row["sd"] == pytest.approx(law.std())
            assert [row["lower"], row["median"], row["upper"]] == pytest.approx(list(law.ppf([0.025, 0.5, 0.975])))
            assert row["mcse_mean"] == 0.0

    @pytest.mark.parametrize(
        ("reference", "regimen", "y", "x"),
        [
            (REFERENCE, "toripalimab + anlotinib", (11, 20), (13, 24)),
            ("anlotinib + S-1", "PD-1 inhibitor + anlotinib", (6, 16), (7, 15)),
        ],
    )
    def test_the_stated_comparisons_meet_quadrature_by_every_route(self, exact, nuts, reference, regimen, y, x):
        truth = {t: quadrature.beta_exceeds(*x, *y, t) for t in (0.0, 0.10, -0.05, 0.05)}
        for posterior in (exact, nuts):
            comparison = posterior.compare("rate", reference=reference, margin=0.10, rope=(-0.05, 0.05))
            row = comparison.table.set_index("regimen").loc[regimen]
            exactly = posterior.sampler == "exact"
            for value, error, target in [
                (row["probability_better"], row["mcse_probability"], truth[0.0]),
                (row["probability_better_by_margin"], row["mcse_probability_by_margin"], truth[0.10]),
                (row["probability_in_rope"], row["mcse_probability_in_rope"], truth[-0.05] - truth[0.05]),
            ]:
                assert abs(value - target) < (1e-10 if exactly else 4 * error)
                assert error < (1e-10 if exactly else 0.02)
        typed = be_compare(f"{reference}={y[0] - 1}/{sum(y) - 2}", f"{regimen}={x[0] - 1}/{sum(x) - 2}")
        assert typed["comparisons"][0]["probability_better"] == pytest.approx(truth[0.0], abs=1e-10)

    def test_the_draws_are_independent_and_from_the_law(self, exact):
        draws = exact.estimand("rate").sel(regimen=REFERENCE)
        assert draws.shape == (4, 1000)
        assert stats.kstest(draws.to_numpy().ravel(), stats.beta(11, 20).cdf).pvalue > 1e-4

    def test_studies_of_a_regimen_add_up(self):
        rows = [("A", "x", 3, 10), ("B", "x", 5, 12), ("C", "y", 4, 9)]
        frame = pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="ORR")
        posterior = be.ResponseModel(prior=be.Prior("Jeffreys")).fit(frame)
        law = stats.beta(8.5, 14.5)
        assert posterior.summary().set_index("regimen").loc["x", "mean"] == pytest.approx(law.mean())

    def test_a_prior_of_ones_own_for_one_regimen(self, cohorts):
        model = be.ResponseModel(
            endpoint="ORR", priors={"rate": {"anlotinib + S-1": be.Prior("Beta", alpha=5, beta=15)}}
        )
        summary = model.fit(cohorts).summary().set_index("regimen")
        assert summary.loc["anlotinib + S-1", "mean"] == pytest.approx((5 + 5) / 40)
        assert summary.loc[REFERENCE, "mean"] == pytest.approx(11 / 31)

    def test_a_prior_without_closed_form_goes_to_nuts_and_meets_quadrature(self, cohorts):
        model = be.ResponseModel(endpoint="ORR", regimens=[REFERENCE], prior=be.Prior("Uniform", lower=0.1, upper=0.4))
        with pytest.raises(be.AnalysisError, match="no closed form"):
            model.fit(cohorts, sampler="exact")
        posterior = model.fit(cohorts, seed=4)
        grid = np.linspace(0.1, 0.4, 20_001)
        weight = stats.binom.pmf(10, 29, grid)
        weight /= weight.sum()
        mean = weight @ grid
        mean_matches(posterior.estimand("rate").isel(regimen=0), mean, np.sqrt(weight @ grid**2 - mean**2))

    def test_thresholds_and_predictions(self, exact, nuts):
        law = stats.beta(11, 20)
        predictive = stats.betabinom(20, 11, 20)
        for posterior in (exact, nuts):
            row = posterior.probability("rate", above=0.20, regimen=REFERENCE).iloc[0]
            assert abs(row["probability"] - law.sf(0.2)) < max(1e-10, 4 * row["mcse_probability"])
            below = posterior.probability("rate", below=0.20, regimen=REFERENCE).iloc[0]
            assert row["probability"] + below["probability"] == pytest.approx(1.0)
            predicted = posterior.predict(20, at_least=[8]).set_index("regimen").loc[REFERENCE]
            tolerance = 1e-9 if posterior.sampler == "exact" else 0.15
            assert predicted["mean"] == pytest.approx(predictive.mean(), abs=tolerance)
            assert predicted["P(>= 8)"] == pytest.approx(predictive.sf(7), abs=tolerance / 5)
            assert [predicted["lower"], predicted["upper"]] == pytest.approx(predictive.ppf([0.025, 0.975]), abs=1)


def be_compare(*arms):
    from bayes_escc.runs.prompt_counts import compare_counts

    return compare_counts(arms)


class TestHierarchy:
    def test_over_studies_meets_quadrature(self, over_studies):
        truth = quadrature.binomial_hierarchy(
            AS_EVENTS, AS_TOTAL, lambda mu: stats.norm.logpdf(mu, 0, 2), lambda tau: stats.halfnorm.logpdf(tau, scale=1)
        )
        assert over_studies.diagnostics.converged
        mean_matches(over_studies.estimand("tau").isel(regimen=0), *truth["tau"])
        mean_matches(over_studies.estimand("logit_mean").isel(regimen=0), *truth["mu"])
        mean_matches(over_studies.estimand("rate").isel(regimen=0), *truth["centre"])
        mean_matches(over_studies.estimand("predicted_rate").isel(regimen=0), *truth["predicted"])
        for i, (mean, sd) in enumerate(truth["rate"]):
            mean_matches(over_studies.estimand("study_rate").isel(row=i), mean, sd)

    def test_the_published_predictive_prior(self, over_studies):
        """RBesT's introduction: mean 0.26, sd 0.09, 95 % interval 0.11 to 0.47 for a new study."""
        row = over_studies.summary("predicted_rate").iloc[0]
        assert row["mean"] == pytest.approx(0.26, abs=0.01)
        assert row["sd"] == pytest.approx(0.09, abs=0.01)
        assert row["lower"] == pytest.approx(0.11, abs=0.015)
        assert row["upper"] == pytest.approx(0.47, abs=0.025)

    def test_over_regimens_meets_quadrature(self, cohorts):
        model = be.ResponseModel(endpoint="ORR", pooling="partial", priors={"tau": be.Prior("HalfNormal", sigma=0.7)})
        posterior = model.fit(cohorts, seed=6, draws=2000)
        truth = quadrature.binomial_hierarchy(
            [10, 12, 6, 5],
            [29, 35, 20, 20],
            lambda mu: stats.norm.logpdf(mu, 0, 1.5),
            lambda tau: stats.halfnorm.logpdf(tau, scale=0.7),
        )
        assert posterior.diagnostics.converged
        mean_matches(posterior.estimand("tau"), *truth["tau"])
        for i, (mean, sd) in enumerate(truth["rate"]):
            mean_matches(posterior.estimand("rate").isel(regimen=i), mean, sd)

    def test_study_rows_carry_their_labels(self, over_studies):
        rows = [r for r in over_studies.summary_rows() if r["estimand"] == "study_rate"]
        assert [r["study"] for r in rows] == [f"Study {i + 1}" for i in range(8)]
        assert {r["regimen"] for r in rows} == {"placebo"}
        assert {r["endpoint"] for r in rows} == {"ASAS20"}


def test_beta_binomial_meets_quadrature(overdispersed):
    truth = quadrature.beta_binomial(
        AS_EVENTS, AS_TOTAL, lambda m: np.zeros_like(m), lambda k: stats.lognorm(1, scale=np.exp(3)).logpdf(k)
    )
    assert overdispersed.diagnostics.converged
    mean_matches(overdispersed.estimand("rate").isel(regimen=0), *truth["mean"])
    mean_matches(np.log(overdispersed.estimand("precision").isel(regimen=0)), *truth["log_precision"])
    mean_matches(overdispersed.estimand("predicted_rate").isel(regimen=0), *truth["predicted"])
    shrunken = overdispersed.summary("study_rate")["mean"].to_numpy()
    raw = np.array(AS_EVENTS) / np.array(AS_TOTAL)
    centre = overdispersed.summary("rate")["mean"].iloc[0]
    assert np.all(np.abs(shrunken - centre) < np.abs(raw - centre) + 0.01)


class TestRecist:
    MODEL: ClassVar = {"likelihood": "multinomial", "endpoint": ["ORR", "DCR"]}

    def test_exact_and_nuts(self, recist):
        model = be.ResponseModel(**self.MODEL, prior=be.Prior("Dirichlet", a=1))
        exact = model.fit(recist)
        nuts = model.fit(recist, sampler="nuts", seed=2)
        assert (exact.sampler, nuts.sampler) == ("exact", "nuts")
        frame = exact.summary("rate").set_index(["regimen", "endpoint"])
        for regimen, responders, controlled, n in [("x", 10, 18, 29), ("y", 12, 25, 35)]:
            for endpoint, k, members in [("ORR", responders, 2), ("DCR", controlled, 3)]:
                law = stats.beta(members + k, 5 - members + n - k)
                assert frame.loc[(regimen, endpoint), "mean"] == pytest.approx(law.mean())
                draws = nuts.estimand("rate").sel(regimen=regimen, endpoint=endpoint)
                mean_matches(draws, law.mean(), law.std())
        for endpoint in ("ORR", "DCR"):
            by = {
                p.sampler: p.compare("rate", reference="x").table.set_index("endpoint").loc[endpoint]
                for p in (exact, nuts)
            }
            gap = abs(by["exact"]["probability_better"] - by["nuts"]["probability_better"])
            assert gap < 4 * by["nuts"]["mcse_probability"]

    def test_response_and_control_come_from_the_same_draws(self, recist):
        posterior = be.ResponseModel(**self.MODEL).fit(recist)
        rate, categories = posterior.estimand("rate"), posterior.estimand("category_rate")
        assert np.allclose(rate.sel(endpoint="DCR") - rate.sel(endpoint="ORR"), categories.sel(category="SD"))
        assert np.allclose(categories.sum("category"), 1.0)
        labels = {(labels["regimen"], labels["endpoint"]) for labels, _ in labelled_cells(categories)}
        assert ("x", "NE") in labels

    def test_patients_and_counts_agree(self, recist):
        rows = [
            {"patient_id": f"{arm.regimen}{c}{i}", "regimen": arm.regimen, "study": arm.study, "response": c}
            for arm in recist.itertuples()
            for c in ("CR", "PR", "SD", "PD", "NE")
            for i in range(getattr(arm, c))
        ]
        table = be.read_patients(pd.DataFrame(rows))
        from_patients = be.ResponseModel(**self.MODEL).fit(table)
        assert from_patients.summary().equals(be.ResponseModel(**self.MODEL).fit(recist).summary())
        binomial = be.ResponseModel(endpoint="ORR").fit(table).summary().set_index("regimen")
        assert binomial.loc["x", "mean"] == pytest.approx(11 / 31)

    def test_categories_that_are_missing_or_do_not_add_up(self, recist):
        long = be.read_counts(recist).frame
        with pytest.raises(be.DataError, match="no row for PD"):
            be.ResponseModel(**self.MODEL).fit(long[~((long["endpoint"] == "PD") & (long["regimen"] == "x"))])
        with pytest.raises(be.DataError, match="but n is 29"):
            be.ResponseModel(**self.MODEL).fit(
                long.assign(events=np.where(long["endpoint"] == "SD", 1, long["events"]))
            )
        with pytest.raises(be.AnalysisError, match="3 weights, but there are 5 categories"):
            be.ResponseModel(**self.MODEL, prior=be.Prior("Dirichlet", a=[1, 1, 1])).fit(recist)


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(8)
    n = 40
    x = rng.normal(size=n)
    arm = np.arange(n) % 2
    y = rng.random(n) < 1 / (1 + np.exp(-(-0.4 + 0.9 * arm - 0.7 * x)))
    return pd.DataFrame(
        {"patient_id": np.arange(n), "regimen": np.where(arm, "b", "a"), "response": y.astype(int), "nlr": np.exp(x)}
    )


@pytest.fixture(scope="module")
def fitted(patients):
    model = be.ResponseModel(
        likelihood="logistic",
        endpoint="ORR",
        covariates=[{"column": "nlr", "transform": "log", "center": 0, "scale": 1}],
        priors={"intercept": be.Prior("Normal", mu=0, sigma=1.5), "coefficient": be.Prior("Normal", mu=0, sigma=1)},
    )
    return model.fit(patients, seed=9, draws=2000)


class TestLogistic:
    def test_meets_quadrature(self, patients, fitted):
        truth = quadrature.logistic(
            patients["response"], (patients["regimen"] == "b").to_numpy(), np.log(patients["nlr"]), 1.5, 1.0
        )
        assert fitted.diagnostics.converged
        for i in range(2):
            mean_matches(fitted.estimand("intercept").isel(regimen=i), *truth["intercepts"][i])
        mean_matches(fitted.estimand("coefficient").isel(covariate=0), *truth["coefficient"])
        row = fitted.compare("rate", reference="a").table.iloc[0]
        assert abs(row["probability_better"] - truth["probability"]) < 4 * row["mcse_probability"] + 5e-4
        mean_matches(fitted.compare("rate", reference="a").draws.isel(regimen=0), *truth["difference"])

    def test_nothing_identifies_a_patient(self, fitted, tmp_path):
        path = fitted.save(tmp_path / "p.nc")
        content = path.read_bytes()
        assert b"nlr" in content  # the covariate's name, in the analysis
        loaded = be.Posterior.load(path)
        assert set(loaded.tree["observed_data"].data_vars) == {"response"}
        assert list(loaded.tree["log_likelihood"]["patient"].to_numpy()[:3]) == ["1", "2", "3"]

    def test_covariates_are_checked_with_their_rows(self, patients):
        entry = {"column": "nlr", "transform": "log"}
        frame = patients.assign(nlr=[0.0, "x", "", *patients["nlr"][3:]])
        with pytest.raises(be.DataError, match="the value is missing"):
            be.ResponseModel(likelihood="logistic", covariates=[entry]).fit(frame)
        with pytest.raises(be.DataError) as caught:
            be.ResponseModel(likelihood="logistic", covariates=[{**entry, "missing": "complete_case"}]).fit(frame)
        assert {(p.row, p.code) for p in caught.value.problems} == {(2, "outside_transform"), (3, "not_a_number")}
        with pytest.raises(be.DataError, match="no column NLR"):
            be.ResponseModel(likelihood="logistic", covariates=[{"column": "NLR"}]).fit(patients)
        with pytest.raises(be.DataError, match="every patient has the value '1'"):
            be.ResponseModel(likelihood="logistic", covariates=[{"column": "sex"}]).fit(patients.assign(sex=1))

    def test_defaults_standardise_and_leave_yes_or_no_alone(self, patients):
        from bayes_escc.families.covariates import Covariate, encode

        frame = patients.assign(liver=["yes", "no"] * 20, stage=["III", "IVA", "IVB", "IVA"] * 10)
        table = be.read_patients(frame)
        encoded = encode(table, [Covariate("nlr", transform="log"), Covariate("liver"), Covariate("stage")])
        assert encoded.labels == ("nlr", "liver", "stage[IVA]", "stage[IVB]")
        assert encoded.values[:, 0].mean() == pytest.approx(0, abs=1e-12)
        assert encoded.values[:, 0].std(ddof=1) == pytest.approx(1)
        assert set(encoded.values[:, 1]) == {0.0, 1.0}
        assert encoded.values[:, 2:].sum() == 30


VARIANTS = {
    "binomial": {"endpoint": "ORR"},
    "over regimens": {"endpoint": "ORR", "pooling": "partial"},
    "over studies": {"endpoint": "ORR", "pooling": "partial", "pool_over": "studies"},
    "beta-binomial": {"endpoint": "ORR", "likelihood": "beta_binomial"},
    "several endpoints": {"endpoint": ["ORR", "DCR"]},
}


def _in_sampled_units(design, point):
    """The offsets of a hierarchy as the sampler has them: centred as far as the counts of a unit inform its rate."""
    data = design.data
    mean, tau = (point[name][data["unit_group"]] for name in ("logit_mean", "tau"))
    root = np.sqrt(1.0 + tau**2 * data["unit_information"])
    return root * point["offset"] - tau * data["unit_information"] * (data["unit_logit"] - mean) / root


class TestMechanism:
    """The NumPy log-likelihood and predictions are those of the PyMC model that is sampled."""

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_log_likelihood_is_pymcs(self, cohorts, variant):
        model = be.ResponseModel(**VARIANTS[variant])
        self._check(prepare_design(model.analysis, cohorts))

    def test_log_likelihood_of_categories_and_patients(self, recist):
        self._check(prepare_design(be.ResponseModel(likelihood="multinomial").analysis, be.read_counts(recist)))
        frame = pd.DataFrame(
            {"patient_id": range(12), "regimen": ["a", "b"] * 6, "response": [0, 1, 1] * 4, "age": range(50, 62)}
        )
        model = be.ResponseModel(likelihood="logistic", covariates=[{"column": "age"}])
        self._check(prepare_design(model.analysis, be.read_patients(frame)))

    @staticmethod
    def _check(design):
        parameters = design.prior(np.random.default_rng(5), 4)
        model = design.build()
        observed = model.observed_RVs[0]
        terms = model.compile_fn(
            model.logp(observed, sum=False)[0], inputs=model.value_vars, point_fn=False, on_unused_input="ignore"
        )
        ours = next(iter(design.log_likelihood(parameters).data_vars.values())).to_numpy()
        for draw in range(4):
            point = {str(n): a.to_numpy()[0, draw] for n, a in parameters.data_vars.items()}
            values = []
            for variable in model.free_RVs:
                transform = model.rvs_to_transforms[variable]
                value = _in_sampled_units(design, point) if variable.name == "offset_u__" else point[variable.name]
                if transform is not None:
                    value = transform.forward(value, *variable.owner.inputs).eval()
                values.append(value)
            by_name = dict(zip([model.rvs_to_values[v].name for v in model.free_RVs], values, strict=True))
            inputs = [by_name[v.name] for v in model.value_vars]
            assert np.allclose(terms(*inputs), ours[0, draw], rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize("name", ["exact", "nuts", "over_studies", "overdispersed"])
    def test_groups_are_there_and_arviz_reads_them(self, name, request):
        posterior = request.getfixturevalue(name)
        groups = set(posterior.tree.children)
        assert {
            "posterior",
            "prior",
            "log_likelihood",
            "posterior_predictive",
            "prior_predictive",
            "observed_data",
        } <= groups
        assert ("sample_stats" in groups) == (posterior.sampler == "nuts")
        summary = az.summary(posterior.tree, ci_prob=0.95, ci_kind="eti")
        assert summary["r_hat"].max() <= 1.02
        simulated = posterior.tree["posterior_predictive"]["events"]
        total = posterior.observed["n"]
        assert bool((simulated <= total).all())
        assert set(simulated.dims) == {"chain", "draw", "row"}

    def test_predictions_cover_the_data(self, over_studies):
        simulated = over_studies.tree["posterior_predictive"]["events"].to_numpy().reshape(-1, 8)
        low, high = np.quantile(simulated, [0.01, 0.99], axis=0)
        assert np.all((low <= AS_EVENTS) & (high >= AS_EVENTS))


class TestMetamorphic:
    def test_relabelling_and_reordering_change_nothing(self, cohorts):
        frame = cohorts.frame.query("endpoint == 'ORR'").drop(columns=["percent"])
        base = be.ResponseModel().fit(frame).summary("rate").set_index("regimen")
        renamed = frame.assign(regimen=frame["regimen"].str.upper())[::-1]
        other = be.ResponseModel().fit(renamed).summary("rate").set_index("regimen")
        for regimen in base.index:
            assert other.loc[regimen.upper(), "mean"] == base.loc[regimen, "mean"]

    def test_splitting_a_study_changes_nothing_without_pooling(self):
        whole = pd.DataFrame({"study": ["a"], "regimen": ["x"], "endpoint": ["ORR"], "events": [9], "n": [30]})
        parts = pd.DataFrame(
            {"study": ["a", "b"], "regimen": ["x", "x"], "endpoint": ["ORR"] * 2, "events": [4, 5], "n": [10, 20]}
        )
        fits = [be.ResponseModel().fit(f).summary()[["mean", "lower", "upper"]].to_numpy() for f in (whole, parts)]
        assert np.array_equal(*fits)

    def test_several_endpoints_are_fitted_as_if_alone(self, several, exact):
        together = several.summary("rate").query("endpoint == 'ORR'").set_index("regimen")["mean"]
        alone = exact.summary("rate").set_index("regimen")["mean"]
        assert together.to_dict() == pytest.approx(alone.to_dict())
        assert several.estimand("rate").dims == ("chain", "draw", "endpoint", "regimen")
        combos = {(r["regimen"], r["endpoint"]) for r in several.summary_rows()}
        assert (REFERENCE, "DCR") not in combos
        assert (REFERENCE, "treatment_related_death") in combos

    def test_each_endpoint_is_compared_in_its_own_direction(self, several):
        table = several.compare("rate", reference=REFERENCE).table.set_index(["regimen", "endpoint"])
        assert table.loc[("toripalimab + anlotinib", "ORR"), "better"] == "higher"
        death = table.loc[("toripalimab + anlotinib", "treatment_related_death")]
        assert death["better"] == "lower"
        assert death["probability_better"] == pytest.approx(1 - quadrature.beta_exceeds(1, 36, 1, 30), abs=1e-9)


def test_wrong_combinations_are_explained(cohorts):
    with pytest.raises(be.AnalysisError, match="not a parameter with"):
        be.ResponseModel(priors={"tau": be.Prior("HalfNormal")})
    with pytest.raises(be.AnalysisError, match="does not fit, every value it allows must lie between 0 and 1"):
        be.ResponseModel(prior=be.Prior("Normal"))
    with pytest.raises(be.AnalysisError, match="need likelihood"):
        be.ResponseModel(covariates=[{"column": "age"}])
    with pytest.raises(be.AnalysisError, match="needs patients"):
        be.ResponseModel(likelihood="logistic").fit(cohorts)
    with pytest.raises(be.AnalysisError, match="Did you mean 'anlotinib"):
        be.ResponseModel(endpoint="ORR", priors={"rate": {"anlotinib + S1": be.Prior("Uniform")}}).fit(cohorts)
    with pytest.raises(be.AnalysisError, match="share one hierarchy"):
        be.ResponseModel(pooling="partial", priors={"tau": {"x": be.Prior("HalfNormal")}})
    with pytest.raises(be.AnalysisError, match="'ORX' is not in"):
        be.ResponseModel(endpoint="ORX").fit(cohorts)


def test_build_is_what_is_sampled(cohorts):
    model = be.ResponseModel(endpoint="ORR").build(cohorts)
    assert isinstance(model, pm.Model)
    assert [v.name for v in model.free_RVs] == ["rate"]
    assert list(model.coords["regimen"]) == list(cohorts.select(endpoints=["ORR"]).regimens)


def test_the_next_patients_come_from_a_new_study_where_studies_differ(over_studies, overdispersed):
    for posterior in (over_studies, overdispersed):
        rate = posterior.estimand("predicted_rate").to_numpy().ravel()
        row = posterior.prediction_rows(20)[0]
        assert row["estimand"] == "predicted_rate"
        assert row["mean"] == pytest.approx(20 * rate.mean())
        assert row["sd"] == pytest.approx(np.sqrt((20 * rate * (1 - rate)).mean() + 400 * rate.var()), rel=1e-6)


def test_randomisation_is_judged_by_study_also_for_patients(patients):
    frame = patients.assign(study=np.where(patients["regimen"] == "a", "S1", "S2"))
    for likelihood in ("binomial", "logistic"):
        content = {
            "data": {"kind": "patients", "endpoint": "ORR", "design": "randomised"},
            "model": {"likelihood": likelihood},
            "sampling": {"draws": 100, "tune": 100},
        }
        analysis = be.Analysis.from_dict(content)
        for table, label in ((frame, "unanchored, not randomised"), (patients, "randomised")):
            posterior = be.fit_analysis(analysis, be.read_patients(table))
            assert posterior.compare("rate", reference="a").table["anchoring"].iloc[0] == label


def test_tables_that_cannot_answer_are_refused(recist, patients):
    with pytest.raises(be.DataError, match="no counts of PD"):
        be.ResponseModel(likelihood="multinomial").fit(recist.drop(columns="PD"))
    with pytest.raises(be.AnalysisError, match="stands for one endpoint"):
        be.ResponseModel(endpoint=["ORR", "DCR"]).fit(be.read_patients(patients))
    with pytest.raises(be.DataError, match="not dict"):
        be.ResponseModel().fit({"a": 1})
    with pytest.raises(be.AnalysisError, match="no meaning with pooling"):
        be.ResponseModel(pool_over="studies")


def test_without_ne_the_categories_are_four(recist):
    posterior = be.ResponseModel(likelihood="multinomial").fit(recist.drop(columns="NE"))
    assert list(posterior.estimand("category_rate")["category"].to_numpy()) == ["CR", "PR", "SD", "PD"]
