"""No regimen is favoured before the data, whichever stands first: every family, coding and engine."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.families.exchangeable import PairPrior, deviations
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import two_arms
from tests.oracles.two_arms import log_hazard_ratio, log_hazard_ratio_of_intervals

SURVIVAL = [
    ("exponential", "proportional", {}),
    ("exponential", "stratified", {}),
    ("weibull", "proportional", {}),
    ("weibull", "nonproportional", {}),
    ("weibull", "stratified", {}),
    ("piecewise", "proportional", {"cutpoints": [3, 6]}),
    ("piecewise", "nonproportional", {"cutpoints": [3, 6]}),
    ("piecewise", "stratified", {"cutpoints": [3, 6]}),
    ("piecewise", "proportional", {"cutpoints": [3, 6], "smoothing": "random_walk"}),
    ("piecewise", "nonproportional", {"cutpoints": [3, 6], "smoothing": "random_walk"}),
    ("piecewise", "stratified", {"cutpoints": [3, 6], "smoothing": "random_walk"}),
]


def patients(labels=("A", "B", "C"), n=8, seed=5):
    """Patients in whole months, so that times repeat."""
    rng = np.random.default_rng(seed)
    rows = [
        {"regimen": label, "time": int(rng.integers(1, 11)), "event": int(rng.random() < 0.6), "old": int(i % 3 == 0)}
        for label in labels
        for i in range(n)
    ]
    return pd.DataFrame(rows).assign(patient_id=lambda f: [f"P{i}" for i in range(len(f))])


def survival_design(baseline, effect, options, regimens=None, frame=None, **more):
    model = be.SurvivalModel(
        baseline=baseline,
        regimen_effect=effect,
        data_unit="months",
        times=[3, 6],
        horizons=[6],
        regimens=regimens,
        **options,
        **more,
    )
    table = model.read(patients() if frame is None else frame)
    return prepare_design(model.analysis, table)


def best_shares(values):
    """How often each column is the largest."""
    return np.bincount(values.reshape(-1, values.shape[-1]).argmax(axis=-1), minlength=values.shape[-1]) / (
        values.size / values.shape[-1]
    )


class TestPairPrior:
    @pytest.mark.parametrize("regimens", [2, 3, 5])
    @pytest.mark.parametrize(
        "prior",
        [be.Prior("Normal", sigma=0.7), be.Prior("StudentT", nu=4, sigma=0.5), be.Prior("Cauchy", alpha=0, beta=0.3)],
    )
    def test_every_pair_has_the_stated_law(self, prior, regimens):
        found = deviations(PairPrior(prior, regimens).sample(np.random.default_rng(1), 40_000))
        assert np.abs(found.sum(axis=1)).max() < 1e-9 * np.abs(found).max()
        for i, j in permutations(range(regimens), 2):
            share = (found[:, i] - found[:, j] < prior.law().ppf(0.8)).mean()
            assert abs(share - 0.8) < 4.5 * np.sqrt(0.16 / 40_000)

    @pytest.mark.parametrize("prior", [be.Prior("Normal", sigma=0.7), be.Prior("StudentT", nu=4, sigma=0.5)])
    def test_its_density_is_that_of_the_contrasts_in_any_order(self, prior):
        from scipy import stats

        law = PairPrior(prior, 4)
        x = np.random.default_rng(2).normal(size=(6, 4))
        scale = float(prior["sigma"]) ** 2 * law.correlation
        if prior.distribution == "Normal":
            expected = stats.multivariate_normal(np.zeros(3), scale)
        else:
            expected = stats.multivariate_t(np.zeros(3), scale, df=4)
        for order in permutations(range(4)):
            y = x[:, list(order)]
            assert law.log_density(y[:, 1:] - y[:, :1]) == pytest.approx(expected.logpdf(x[:, 1:] - x[:, :1]))

    def test_a_prior_without_a_joint_law_is_refused_for_three(self):
        assert PairPrior(be.Prior("Uniform", lower=-1, upper=1), 2).regimens == 2
        with pytest.raises(be.AnalysisError, match="cannot hold for every pair of 3"):
            PairPrior(be.Prior("Uniform", lower=-1, upper=1), 3)


class TestBeforeTheData:
    @pytest.mark.parametrize(("baseline", "effect", "options"), SURVIVAL)
    def test_every_regimen_is_as_likely_to_be_the_best(self, baseline, effect, options):
        design = survival_design(baseline, effect, options)
        rng, draws = np.random.default_rng(3), 6000
        estimands = design.estimands(design.prior(rng, draws), rng)
        for name in ("median", "rmst"):
            values = estimands[name].to_numpy().reshape(draws, 3, -1)[..., -1]
            assert best_shares(values) == pytest.approx(1 / 3, abs=4.5 * np.sqrt(2 / 9 / draws))

    def test_the_reference_coding_favours_those_who_are_not_the_reference(self):
        design = survival_design("exponential", "proportional", {}, regimen_coding="reference")
        rng = np.random.default_rng(3)
        shares = best_shares(design.estimands(design.prior(rng, 6000), rng)["median"].to_numpy())
        assert shares[0] < 0.30

    def test_rates(self):
        rng = np.random.default_rng(4)
        frame = pd.DataFrame({"study": list("xyz"), "regimen": list("ABC"), "endpoint": "ORR", "events": 3, "n": 9})
        for model in (
            be.ResponseModel(endpoint="ORR"),
            be.ResponseModel(endpoint="ORR", pooling="partial"),
            be.ResponseModel(endpoint="ORR", likelihood="beta_binomial"),
        ):
            design = prepare_design(model.analysis, be.read_counts(frame))
            rates = design.estimands(design.prior(rng, 6000), rng)["rate"].to_numpy()
            assert best_shares(rates) == pytest.approx(1 / 3, abs=4.5 * np.sqrt(2 / 9 / 6000))

    def test_network(self):
        design = prepare_design(network_model().analysis, network_table())
        rng = np.random.default_rng(4)
        effects = design.estimands(design.prior(rng, 6000), rng)["effect"].to_numpy()
        assert best_shares(effects) == pytest.approx(1 / 4, abs=4.5 * np.sqrt(3 / 16 / 6000))


class TestOrder:
    @pytest.mark.parametrize(("baseline", "effect", "options"), SURVIVAL)
    def test_the_order_of_regimens_and_rows_leaves_the_density_alone(self, baseline, effect, options):
        first = survival_design(baseline, effect, options)
        frame = patients().sample(frac=1.0, random_state=1)
        order = ["C", "A", "B"]
        other = survival_design(baseline, effect, options, order, frame)
        parameters = first.prior(np.random.default_rng(6), 5)
        mapped = parameters.copy()
        if "regimen" in parameters.coords:
            mapped = mapped.sel(regimen=order)
        if "log_hazard_ratio" in parameters:
            ratio = parameters["log_hazard_ratio"]
            against = {"A": 0.0, "B": ratio.sel(contrast="B"), "C": ratio.sel(contrast="C")}
            values = np.stack([(against[r] - against["C"]).to_numpy() for r in ("A", "B")], axis=2)
            mapped["log_hazard_ratio"] = (ratio.dims, values)
            mapped = mapped.assign_coords(contrast=["A", "B"])
        assert log_density(first, parameters) == pytest.approx(log_density(other, mapped), rel=1e-10)

    def test_covariates_in_another_order(self):
        frame = patients().assign(weak=lambda f: (np.arange(len(f)) % 4 == 0).astype(int))
        one = survival_design("weibull", "proportional", {}, frame=frame, covariates=["old", "weak"])
        two = survival_design("weibull", "proportional", {}, frame=frame, covariates=["weak", "old"])
        parameters = one.prior(np.random.default_rng(6), 5)
        mapped = parameters.sel(covariate=["weak", "old"])
        assert log_density(one, parameters) == pytest.approx(log_density(two, mapped), rel=1e-10)

    def test_studies_and_reference_of_a_network(self):
        table = network_table()
        shuffled = be.read_effects(NETWORK.iloc[::-1].reset_index(drop=True))
        answers = []
        for model, one in ((network_model(), table), (network_model(reference="D"), shuffled)):
            fit = model.fit(one, seed=1, draws=200, chains=2)
            assert fit.sampler == "exact"
            rows = fit.compare("effect", reference="B").rows
            answers.append({r["regimen"]: (r["probability_better"], r["lower"], r["upper"]) for r in rows})
        assert answers[0].keys() == answers[1].keys()
        for regimen, numbers in answers[0].items():
            assert numbers == pytest.approx(answers[1][regimen], rel=1e-8)


NETWORK = pd.DataFrame(
    {
        "study": ["s1", "s2", "s3", "s4", "s5"],
        "regimen": ["B", "C", "C", "D", "D"],
        "control": ["A", "A", "B", "A", "C"],
        "endpoint": "OS",
        "measure": "HR",
        "estimate": [0.8, 0.7, 0.95, 0.9, 1.3],
        "se": [0.15, 0.2, 0.25, 0.3, 0.2],
    }
)


def network_table():
    return be.read_effects(NETWORK)


def network_model(**options):
    return be.SynthesisModel(network=True, endpoint="OS", **options)


def log_density(design, parameters):
    """Log prior plus log likelihood of every draw."""
    parts = [*design.log_prior(parameters).data_vars.values(), *design.log_likelihood(parameters).data_vars.values()]
    return sum(p.sum([d for d in p.dims if d not in ("chain", "draw")]).to_numpy().ravel() for p in parts)


class TestAnswers:
    ARMS = ((12, 60.0, 20), (7, 75.0, 20))
    PRIORS: ClassVar = {"median": be.Prior("LogNormal", mu=1.386, sigma=0.6)}

    @pytest.mark.parametrize("sampler", ["laplace", "nuts"])
    def test_two_exponential_arms_against_quadrature(self, sampler):
        probability, mean = log_hazard_ratio((12, 60.0), (7, 75.0), 0.7, (1.386, 0.6))
        frame = two_arms(*self.ARMS)
        for regimens, other, sign in ((["A", "B"], "B", 1.0), (["B", "A"], "A", -1.0)):
            model = be.SurvivalModel(
                baseline="exponential",
                priors=self.PRIORS,
                data_unit="months",
                regimens=regimens,
                times=[3],
                horizons=[3],
            )
            fit = model.fit(frame, seed=1, sampler=sampler, draws=1000, tune=500, chains=4)
            row = fit.compare("hazard_ratio", reference=regimens[0], scale="ratio").rows[0]
            expected = probability if sign > 0 else 1.0 - probability
            assert row["regimen"] == other
            assert abs(row["probability_better"] - expected) < 4.5 * row["mcse_probability"]
            ratio = fit.estimand("log_hazard_ratio").isel(contrast=0)
            assert abs(float(ratio.mean()) - sign * mean) < 4.5 * float(be_mcse(ratio))

    def test_the_same_patients_in_both_arms(self):
        arm = (8, 120.0, 20)
        for labels in (("A", "B"), ("B", "A")):
            model = be.SurvivalModel(baseline="exponential", data_unit="months", times=[3], horizons=[3])
            fit = model.fit(two_arms(arm, arm, labels), seed=1, sampler="laplace", draws=2000)
            row = fit.compare("median", reference=labels[0]).rows[0]
            assert abs(row["probability_better"] - 0.5) < 4.5 * row["mcse_probability"]

    def test_no_events(self):
        for regimens in (["A", "B"], ["B", "A"]):
            model = be.SurvivalModel(
                baseline="exponential",
                priors=self.PRIORS,
                data_unit="months",
                regimens=regimens,
                times=[3],
                horizons=[3],
            )
            fit = model.fit(two_arms((0, 40.0, 7), (0, 40.0, 7)), seed=1, sampler="laplace", draws=2000)
            row = fit.compare("median", reference=regimens[0]).rows[0]
            assert abs(row["probability_better"] - 0.5) < 4.5 * row["mcse_probability"]

    def test_three_regimens_are_mirrored_by_the_engines(self):
        answers = []
        for regimens, sampler in (
            (["A", "B", "C"], "laplace"),
            (["C", "A", "B"], "laplace"),
            (["B", "C", "A"], "nuts"),
        ):
            model = be.SurvivalModel(data_unit="months", regimens=regimens, times=[3], horizons=[3])
            fit = model.fit(patients(n=12), seed=2, sampler=sampler, draws=1000, tune=500, chains=4)
            medians = np.log(fit.estimand("median"))
            answers.append({r: (float(medians.sel(regimen=r).mean()), be_mcse(medians.sel(regimen=r))) for r in "ABC"})
        for regimen in "ABC":
            values = [answer[regimen] for answer in answers]
            for one, other in ((0, 1), (0, 2)):
                error = np.hypot(values[one][1], values[other][1])
                assert abs(values[one][0] - values[other][0]) < 4.5 * error


def be_mcse(draws):
    import arviz as az

    return float(az.mcse(draws, method="mean"))


class TestLevelPrior:
    """How much of the contrast the default prior of the level decides; the table of docs/survival.md."""

    @staticmethod
    def expected(n, median, ratio):
        """Expected events and total time of n patients followed for 6 to 14 months."""
        hazard = np.log(2) / median * ratio
        events = n * (1 - np.exp(-hazard * np.linspace(6, 14, 201))).mean()
        return events, events / hazard

    @pytest.mark.parametrize("median", [2, 4, 12, 24])
    def test_it_leaks_less_than_a_fiftieth_into_the_log_hazard_ratio(self, median):
        from bayes_escc.families.survival.spec import DEFAULT_PRIORS

        prior, _ = DEFAULT_PRIORS["median"]
        level = (float(prior["mu"]), float(prior["sigma"]))
        for ratio in (1.0, 0.7):
            for sizes in ((20, 20), (60, 60), (20, 60), (60, 20)):
                arms = self.expected(sizes[0], median, 1.0), self.expected(sizes[1], median, ratio)
                with_prior = log_hazard_ratio(*arms, 0.7, level)[1]
                assert abs(with_prior - log_hazard_ratio(*arms, 0.7)[1]) < 0.02

    @staticmethod
    def by_interval(sizes, median, ratio):
        """The same by interval, with the cuts that are the default: equal shares of at least five events, at most 8."""
        censored, grid = np.linspace(6, 14, 201), np.linspace(0, 14, 2001)
        hazards = np.log(2) / median * np.array([1.0, ratio])

        def events(n, hazard, until):
            return n * (1 - np.exp(-hazard * np.minimum.outer(until, censored))).mean(axis=-1)

        both = sum(events(n, h, grid) for n, h in zip(sizes, hazards, strict=True))
        intervals = max(1, int(min(8, both[-1] // 5)))
        cuts = np.interp(np.arange(intervals + 1) / intervals * both[-1], both, grid)
        found = [np.diff(events(n, h, cuts)) for n, h in zip(sizes, hazards, strict=True)]
        return [(d, d / h) for d, h in zip(found, hazards, strict=True)]

    @pytest.mark.parametrize("median", [2, 4, 12, 24])
    def test_that_of_every_interval_leaks_as_little(self, median):
        from bayes_escc.families.survival.spec import DEFAULT_PRIORS

        prior, _ = DEFAULT_PRIORS["log_hazard"]
        level = (float(prior["mu"]), float(prior["sigma"]))
        for ratio in (1.0, 0.7):
            for sizes in ((20, 20), (60, 60), (20, 60), (60, 20)):
                arms = self.by_interval(sizes, median, ratio)
                with_prior = log_hazard_ratio_of_intervals(*arms, 0.7, level)
                assert abs(with_prior - log_hazard_ratio_of_intervals(*arms, 0.7)) < 0.02


class TestReference:
    def test_a_prior_that_favours_one_regimen_asks_for_it(self):
        asymmetric = be.Prior("Normal", mu=-0.3, sigma=0.4)
        with pytest.raises(be.AnalysisError, match='regimen_coding = "reference"'):
            be.SurvivalModel(priors={"log_hazard_ratio": asymmetric})
        with pytest.raises(be.AnalysisError, match='regimen_coding = "reference"'):
            be.SurvivalModel(priors={"log_hazard_ratio": {"B": be.Prior("Normal", sigma=0.4)}})
        with pytest.raises(be.AnalysisError, match='regimen_coding = "reference"'):
            network_model(priors={"effect": asymmetric})
        model = be.SurvivalModel(priors={"log_hazard_ratio": asymmetric}, regimen_coding="reference")
        assert model.analysis.spec.regimen_coding == "reference"

    def test_only_networks_have_a_coding_in_a_synthesis(self):
        with pytest.raises(be.AnalysisError, match="regimen_coding: belongs to a network"):
            be.SynthesisModel(regimen_coding="reference")

    def test_a_frozen_analysis_states_it_and_an_older_one_means_the_reference(self):
        from bayes_escc.families.frozen import with_former_defaults

        design = survival_design("exponential", "proportional", {})
        assert design.frozen()["model"]["regimen_coding"] == "exchangeable"
        older = with_former_defaults({"model": {"family": "survival"}})
        assert older["model"]["regimen_coding"] == "reference"
        assert with_former_defaults({"model": {"family": "response"}})["model"] == {"family": "response"}

    def test_the_reference_coding_is_the_model_it_was(self):
        design = survival_design("exponential", "proportional", {}, regimen_coding="reference")
        parameters = design.prior(np.random.default_rng(1), 4)
        hazards = design.curves(parameters).log_hazards[:, :, 0]
        expected = np.log(np.log(2) / parameters["reference_median"].to_numpy()[0])
        assert hazards[:, 0] == pytest.approx(expected)
        assert hazards[:, 1:] - hazards[:, :1] == pytest.approx(parameters["log_hazard_ratio"].to_numpy()[0])


def test_designs_of_another_coding_do_not_share_compiled_code():
    first = survival_design("exponential", "proportional", {})
    other = survival_design("exponential", "proportional", {}, regimen_coding="reference")
    assert first.structure != other.structure
    assert replace(first.spec, regimen_coding="reference") == other.spec


@pytest.mark.parametrize(
    "prior", [be.Prior("Normal", sigma=0.7), be.Prior("StudentT", nu=4, sigma=0.5), be.Prior("Cauchy", alpha=0, beta=1)]
)
@pytest.mark.parametrize("size", [None, 2])
def test_the_pymc_variable_is_the_law_it_stands_for(prior, size):
    """General net: log density and draws inside the model against those in NumPy."""
    import pymc as pm

    law = PairPrior(prior, 4)
    with pm.Model(coords={"contrast": list("BCD"), "other": list("xy")}) as model:
        law.to_pymc("ratio", "contrast", None if size is None else "other", size or 1)
    values = law.sample(np.random.default_rng(3), 5, size)
    logp = model.compile_logp()
    for value in values:
        expected = law.log_density(value[None]).sum()
        assert float(logp({"ratio": value})) == pytest.approx(float(expected), rel=1e-10)
    draws = pm.draw(model["ratio"], 1000, random_seed=1)
    assert draws.shape == (1000, *values.shape[1:])
    assert abs(np.mean(draws[:, 0] < draws[:, 2]) - 0.5) < 4.5 * 0.5 / draws[:, 0].size ** 0.5
