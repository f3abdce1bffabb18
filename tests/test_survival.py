"""Survival models against closed forms, grids, maximum likelihood and known truth."""

from __future__ import annotations

from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import bayes_escc as be
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import DESIGNS, LIVER, NLR, cohort, mean_matches, scans
from tests.oracles.survival_grid import weibull_posterior
from tests.oracles.weibull_aft import weibull_aft

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def patients():
    return cohort(60)


@pytest.fixture(scope="module")
def weibull(patients):
    model = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], times=[3, 6], horizons=[6, 9])
    return model.fit(patients, seed=2)


def test_what_a_fit_costs(weibull):
    """Three gradients a draw in whitened coordinates, within 20 %: five or seven with a metric that is adapted."""
    steps = weibull.tree["sample_stats"]["n_steps"].to_numpy()
    assert steps.shape == (4, 1000)
    assert 0.8 * 3.2 < steps.mean() < 1.2 * 3.2


class TestClosedForm:
    GAMMA = be.Prior("Gamma", alpha=2, beta=8)

    def test_exponential(self, patients):
        model = be.SurvivalModel(
            baseline="exponential",
            regimen_effect="stratified",
            priors={"hazard": self.GAMMA},
            data_unit="months",
            times=[6],
            horizons=[6],
        )
        fit = model.fit(patients, seed=3)
        assert fit.sampler == "exact"
        sampled = model.fit(patients, seed=4, sampler="nuts")
        for regimen, rows in patients.groupby("regimen"):
            law = stats.gamma(2 + rows["event"].sum(), scale=1 / (8 + rows["time"].sum()))
            for one in (fit, sampled):
                mean_matches(one.estimand("hazard").sel(regimen=regimen), law.mean(), law.std())
                survival = one.estimand("survival").sel(regimen=regimen, time=6)
                moments = [law.expect(lambda h, p=p: np.exp(-6 * p * h)) for p in (1, 2)]
                mean_matches(survival, moments[0], np.sqrt(moments[1] - moments[0] ** 2))
                area = law.expect(lambda h: -np.expm1(-6 * h) / h)
                square = law.expect(lambda h: (np.expm1(-6 * h) / h) ** 2)
                mean_matches(one.estimand("rmst").sel(regimen=regimen, horizon=6), area, np.sqrt(square - area**2))
                median = one.estimand("median").sel(regimen=regimen)
                assert np.allclose(median, np.log(2) / one.estimand("hazard").sel(regimen=regimen))

    def test_piecewise(self, patients):
        cuts = [2.0, 5.0]
        model = be.SurvivalModel(
            baseline="piecewise",
            cutpoints=cuts,
            regimen_effect="none",
            priors={"hazard": self.GAMMA},
            data_unit="months",
        )
        fits = model.fit(patients, seed=3), model.fit(patients, seed=4, sampler="nuts")
        assert [f.sampler for f in fits] == ["exact", "nuts"]
        time, event = patients["time"].to_numpy(), patients["event"].to_numpy() == 1
        for j, (start, end) in enumerate(zip([0, *cuts], [*cuts, np.inf], strict=True)):
            exposure = np.clip(np.minimum(time, end) - start, 0, None).sum()
            events = (event & (time > start) & (time <= end)).sum()
            law = stats.gamma(2 + events, scale=1 / (8 + exposure))
            for fit in fits:
                mean_matches(fit.estimand("hazard").isel(interval=j), law.mean(), law.std())

    def test_priors_by_regimen(self, patients):
        priors = {"hazard": {"A": self.GAMMA, "B": be.Prior("Gamma", alpha=50, beta=100)}}
        model = be.SurvivalModel(baseline="exponential", regimen_effect="stratified", priors=priors, data_unit="months")
        rows = patients[patients["regimen"] == "B"]
        law = stats.gamma(50 + rows["event"].sum(), scale=1 / (100 + rows["time"].sum()))
        mean_matches(model.fit(patients).estimand("hazard").sel(regimen="B"), law.mean(), law.std())

    def test_only_where_it_exists(self, patients):
        model = be.SurvivalModel(
            baseline="exponential", priors={"hazard": self.GAMMA}, covariates=[NLR], data_unit="months"
        )
        with pytest.raises(be.AnalysisError, match="no closed form"):
            model.fit(patients, sampler="exact")


class TestWeibullOnAGrid:
    """One regimen, every kind of observation, against quadrature."""

    FRAME = pd.DataFrame(
        {
            "patient_id": range(12),
            "regimen": "A",
            "lower": [2.0, 4.0, 0.0, 6.0, 3.0, 8.0, 1.0, 5.5, 0.0, 2.5, 4.0, 7.0],
            "upper": [2.0, 6.0, 2.0, np.inf, 3.0, np.inf, 3.0, 5.5, 1.0, 5.0, np.inf, 9.5],
            "entry": [0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.5, 3.0, 0.0, 0.0, 0.0, 5.0],
        }
    )

    def test_posterior(self):
        model = be.SurvivalModel(
            interval=("lower", "upper"),
            entry="entry",
            data_unit="months",
            regimen_effect="none",
            times=[3, 6],
            priors={"median": be.Prior("LogNormal", mu=1.4, sigma=0.6), "log_shape": be.Prior("Normal", sigma=0.3)},
        )
        fit = model.fit(self.FRAME, seed=5, draws=2000)
        truth = weibull_posterior(
            self.FRAME["entry"], self.FRAME["lower"], self.FRAME["upper"], (1.4, 0.6), (0, 0.3), [3, 6]
        )
        assert fit.diagnostics.converged
        assert "interval_censored" in {w["code"] for w in fit.evidence["warnings"]}
        mean_matches(fit.estimand("median").sel(regimen="A"), *truth["median"])
        mean_matches(fit.estimand("reference_median"), *truth["median"])
        mean_matches(fit.estimand("log_shape"), *truth["log_shape"])
        for t in (3, 6):
            mean_matches(fit.estimand("survival").sel(regimen="A", time=t), *truth[f"survival {t}"])

    def test_the_same_by_the_hazard_at_a_reference_time(self):
        """With the shape fixed at one, a prior on the median is one on the hazard at any time."""
        tight = be.Prior("Normal", mu=0, sigma=1e-6)
        common = {
            "interval": ("lower", "upper"),
            "entry": "entry",
            "data_unit": "months",
            "regimen_effect": "none",
            "reference_time": 4.0,
        }
        at_median = be.SurvivalModel(
            **common, priors={"median": be.Prior("LogNormal", mu=np.log(4), sigma=0.6), "log_shape": tight}
        )
        at_time = be.SurvivalModel(
            **common,
            priors={"log_cumulative_hazard": be.Prior("Normal", mu=np.log(np.log(2)), sigma=0.6), "log_shape": tight},
        )
        values = []
        for model in (at_median, at_time):
            design = prepare_design(model.analysis, model.read(self.FRAME))
            draws = design.prior(np.random.default_rng(1), 4000)
            found = design.estimands(draws, np.random.default_rng(1))["median"].to_numpy().ravel()
            values.append(np.quantile(np.log(found), [0.1, 0.5, 0.9]))
        assert np.allclose(*values, atol=0.06)


def likelihood_of(design):
    """Minus the log-likelihood and its gradient as functions of the sampler's coordinates."""
    model = design.build()
    total = sum(term.sum() for term in model.logp(model.observed_RVs, sum=False))
    inputs = model.continuous_value_vars
    value = model.compile_fn(total, inputs=inputs, point_fn=False)
    import pytensor

    slope = model.compile_fn(pytensor.grad(total, inputs), inputs=inputs, point_fn=False)
    sizes = [int(np.prod(model.initial_point()[v.name].shape)) for v in inputs]
    shapes = [model.initial_point()[v.name].shape for v in inputs]

    def split(x):
        parts = np.split(np.asarray(x, dtype=float), np.cumsum(sizes)[:-1])
        return [p.reshape(s) for p, s in zip(parts, shapes, strict=True)]

    names = [v.name for v in inputs]
    start = np.concatenate([np.ravel(model.initial_point()[n]) for n in names])
    return (
        names,
        sizes,
        start,
        lambda x: -float(value(*split(x))),
        lambda x: -np.concatenate([np.ravel(g) for g in slope(*split(x))]),
    )


class TestMaximumLikelihood:
    """The likelihood is maximal where lifelines 0.30.3's WeibullAFTFitter finds it, with its value.

    lung: Loprinzi et al., J Clin Oncol 1994;12:601-607 (227 patients with known ECOG). GBSG2: Schumacher
    et al., J Clin Oncol 1994;12:2086-2093. Both as they ship with lifelines (lung: NCCTG, MIT licence).
    """

    @staticmethod
    def maximum(frame, covariates, **options):
        table = frame.assign(patient_id=range(len(frame)), regimen="all")
        model = be.SurvivalModel(data_unit="days", regimen_effect="none", covariates=covariates, **options)
        design = prepare_design(model.analysis, model.read(table))
        names, sizes, start, value, slope = likelihood_of(design)
        found = optimize.minimize(value, start, jac=slope, method="BFGS", options={"gtol": 1e-5})
        return dict(zip(names, np.split(found.x, np.cumsum(sizes)[:-1]), strict=True)), -found.fun, found.hess_inv

    def test_lung(self):
        frame = pd.read_csv(DATA / "lung.csv")
        plain = {"center": "none", "scale": "none", "coding": "numeric"}
        covariates = [{"column": "female", **plain}, {"column": "ecog", **plain}]
        at, value, spread = self.maximum(frame, covariates)
        assert value == pytest.approx(-1133.060791679392, abs=1e-6)
        shape = np.exp(at["log_shape"])
        assert at["log_shape"] == pytest.approx(0.31327194620852206, abs=1e-5)
        accelerated = -at["coefficient"] / shape
        assert accelerated == pytest.approx([0.40136068735833214, -0.3557323668582539], abs=1e-5)
        intercept = at["reference_median_log__"] - np.log(np.log(2)) / shape
        assert intercept == pytest.approx(6.220959938787994, abs=1e-5)
        assert np.sqrt(np.diag(spread)).max() < 0.2

    def test_lung_with_delayed_entry(self):
        frame = pd.read_csv(DATA / "lung.csv")
        frame["entry"] = np.minimum(np.arange(len(frame)) % 7 * 10, frame["time"] - 1)
        plain = {"center": "none", "scale": "none", "coding": "numeric"}
        at, value, _ = self.maximum(frame, [{"column": "female", **plain}, {"column": "ecog", **plain}], entry="entry")
        assert value == pytest.approx(-1124.2547001973342, abs=1e-6)
        assert at["log_shape"] == pytest.approx(0.18763096378747285, abs=1e-4)

    @pytest.mark.parametrize("n", [227, 686])
    def test_a_second_tool(self, n):
        """SciPy's optimum in the parametrisation of survreg: on lung, and on as many patients as GBSG2 has."""
        plain = {"center": "none", "scale": "none", "coding": "numeric"}
        if n == 227:
            frame, columns = pd.read_csv(DATA / "lung.csv"), ["female", "ecog"]
        else:
            frame, columns = cohort(n, follow=(2.0, 60.0)), ["nlr", "liver"]
        at, value, _ = self.maximum(frame, [{"column": c, **plain} for c in columns])
        x = frame[columns].to_numpy(dtype=float)
        mu, slopes, sigma, best = weibull_aft(frame["time"].to_numpy(), frame["event"].to_numpy(), x)
        shape = np.exp(at["log_shape"])
        assert value == pytest.approx(best, abs=1e-5)
        assert shape == pytest.approx(1 / sigma, rel=1e-4)
        assert -at["coefficient"] / shape == pytest.approx(slopes, abs=1e-4)
        assert at["reference_median_log__"] - np.log(np.log(2)) / shape == pytest.approx(mu, abs=1e-4)

    def test_gbsg2(self):
        # its licence does not let the table ship with this project, so it comes with lifelines or not at all
        table = pytest.importorskip("lifelines.datasets").load_gbsg2()
        frame = pd.DataFrame(
            {"time": table["time"], "event": table["cens"], "hormone": (table["horTh"] == "yes").astype(int)}
        ).assign(age=table["age"], nodes=table["pnodes"])
        covariates = [
            {"column": "hormone"},
            {"column": "age", "center": 50.0, "scale": 10.0},
            {"column": "nodes", "transform": "log", "center": "none", "scale": "none"},
        ]
        at, value, _ = self.maximum(frame, covariates)
        assert value == pytest.approx(-2591.9408720734796, abs=1e-5)
        accelerated = -at["coefficient"] / np.exp(at["log_shape"])
        assert accelerated == pytest.approx([0.31931926755555046, -0.003622720112305487, -0.4224028268057712], abs=1e-4)

    def test_flat_priors_sample_it(self):
        """With wide priors the posterior mode is that maximum, and its mean near by."""
        frame = pd.read_csv(DATA / "lung.csv").assign(patient_id=range(227), regimen="all")
        plain = {"center": "none", "scale": "none", "coding": "numeric"}
        wide = be.Prior("Normal", mu=0, sigma=10)
        model = be.SurvivalModel(
            data_unit="days",
            regimen_effect="none",
            covariates=[{"column": "female", **plain}, {"column": "ecog", **plain}],
            priors={"median": be.Prior("LogNormal", mu=6, sigma=3), "log_shape": wide, "coefficient": wide},
        )
        fit = model.fit(frame, seed=6)
        shape = np.exp(fit.estimand("log_shape"))
        accelerated = -fit.estimand("coefficient") / shape
        for label, mean, error in (("female", 0.40136, 0.123716), ("ecog", -0.355732, 0.082585)):
            draws = accelerated.sel(covariate=label)
            assert abs(float(draws.mean()) - mean) < 0.15 * error  # n = 227: mean and mode differ by O(1/n)
            assert float(draws.std()) == pytest.approx(error, rel=0.1)


PLAIN = {"data_unit": "months", "covariates": [NLR, LIVER], "times": [3.0, 6.0], "horizons": [9.0]}


class TestEqualModels:
    """Weibull with shape one, exponential and one-interval piecewise are the same model."""

    def test_likelihoods(self, patients):
        frame = patients.assign(entry=np.where(np.arange(60) % 3 == 0, 0.5 * patients["time"], 0))
        rng = np.random.default_rng(0)
        interval = scans(frame)
        interval["entry"] = np.minimum(frame["entry"], interval["lower"])
        log_median = np.log(rng.uniform(2, 8, 5))
        effects = {
            "log_hazard_ratio": (("chain", "draw", "contrast"), rng.normal(size=(1, 5, 1))),
            "coefficient": (("chain", "draw", "covariate"), rng.normal(size=(1, 5, 2))),
        }
        import xarray as xr

        for table, columns in ((frame, {}), (interval, {"interval": ("lower", "upper")})):
            found = []
            for baseline, own in (
                ("weibull", {"reference_median": np.exp(log_median), "log_shape": np.zeros(5)}),
                ("exponential", {"reference_median": np.exp(log_median)}),
                ("piecewise", {"log_hazard": (np.log(np.log(2)) - log_median)[:, None]}),
            ):
                options = {"cutpoints": []} if baseline == "piecewise" else {}
                model = be.SurvivalModel(baseline=baseline, entry="entry", **options, **columns, **PLAIN)
                design = prepare_design(model.analysis, model.read(table))
                values = {
                    name: (("chain", "draw", "interval")[: v.ndim + 1], v[None]) for name, v in own.items()
                } | effects
                parameters = xr.Dataset(values)
                estimands = design.estimands(parameters, rng)
                found.append(
                    (
                        design.log_likelihood(parameters)["time"].to_numpy(),
                        *(estimands[n].to_numpy() for n in ("median", "survival", "rmst", "hazard_ratio")),
                    )
                )
            for other in found[1:]:
                for a, b in zip(found[0], other, strict=True):
                    assert np.allclose(a, b, rtol=1e-6)

    def test_posteriors(self, patients):
        """The same prior on the median: the same posterior."""
        median = be.Prior("LogNormal", mu=1.4, sigma=0.6)
        exponential = be.SurvivalModel(baseline="exponential", priors={"median": median}, **PLAIN)
        weibull = be.SurvivalModel(
            priors={"median": median, "log_shape": be.Prior("Normal", mu=0, sigma=1e-3)}, **PLAIN
        )
        piecewise = be.SurvivalModel(
            baseline="piecewise",
            cutpoints=[],
            priors={"log_hazard": be.Prior("Normal", mu=np.log(np.log(2)) - 1.4, sigma=0.6)},
            **PLAIN,
        )
        fits = [m.fit(patients, seed=s) for s, m in enumerate((exponential, weibull, piecewise))]
        for name in ("median", "rmst"):
            draws = [f.estimand(name).sel(regimen="B").squeeze() for f in fits]
            for other in draws[1:]:
                error = np.hypot(float(az.mcse(draws[0])), float(az.mcse(other)))
                assert abs(float(draws[0].mean()) - float(other.mean())) < 4 * error
                error = np.hypot(float(az.mcse(draws[0], method="sd")), float(az.mcse(other, method="sd")))
                assert abs(float(draws[0].std()) - float(other.std())) < 4 * error


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("kind", ["exact", "interval"])
def test_the_numpy_likelihood_is_the_one_sampled(patients, name, kind):
    """The sum over patients in NumPy is the PyMC model's likelihood, at points of the posterior's support."""
    options = dict(DESIGNS[name])
    frame = patients.assign(entry=np.where(np.arange(60) % 3 == 0, 0.3 * patients["time"], 0))
    if kind == "interval":
        frame = scans(frame)
        frame["entry"] = np.minimum(frame["entry"], frame["lower"])
        options["interval"] = ("lower", "upper")
    model = be.SurvivalModel(entry="entry", data_unit="months", covariates=[NLR, LIVER], **options)
    design = prepare_design(model.analysis, model.read(frame))
    pymc_model = design.build()
    point = pymc_model.initial_point(random_seed=3)
    rng = np.random.default_rng(4)
    point = {k: v + 0.2 * rng.normal(size=np.shape(v)) for k, v in point.items()}
    total = sum(t.sum() for t in pymc_model.logp(pymc_model.observed_RVs, sum=False))
    theirs = float(pymc_model.compile_fn(total, point_fn=True, on_unused_input="ignore")(point))
    outputs = [v for v in pymc_model.unobserved_value_vars if not v.name.endswith("__")]
    values = dict(
        zip([v.name for v in outputs], pymc_model.compile_fn(outputs, on_unused_input="ignore")(point), strict=True)
    )
    import xarray as xr

    prior = design.prior(rng, 2)
    parameters = xr.Dataset({k: (a.dims, np.asarray(values[k])[None, None]) for k, a in prior.data_vars.items()})
    ours = design.log_likelihood(parameters)["time"]
    assert ours.sizes["patient"] == 60
    assert float(ours.sum()) == pytest.approx(theirs, rel=1e-9)
    estimands = design.estimands(prior, rng)
    for estimand in estimands.data_vars.values():
        assert np.isfinite(estimand.to_numpy()).all()
    simulated = design.simulate(prior, rng)
    assert set(np.unique(simulated["event"])) <= {0, 1}


class TestEstimands:
    def test_standardised_values_are_averages_over_patients(self, weibull, patients):
        p = weibull.tree["posterior"].to_dataset().isel(chain=0, draw=7)
        x = np.log(patients["nlr"])
        columns = np.column_stack([(x - x.mean()) / x.std(ddof=1), patients["liver"]])
        risk = np.exp(columns @ p["coefficient"].to_numpy())
        shape = float(np.exp(p["log_shape"]))
        against = float(p["log_hazard_ratio"].item())
        average = np.log(2) / float(p["reference_median"]) ** shape  # of both regimens
        for regimen, ratio in (("A", 0.0), ("B", against)):
            h = average * np.exp(ratio - against / 2)

            def curve(t, h=h):
                return np.exp(-h * risk * t**shape).mean()

            def one(name, regimen=regimen):
                return weibull.estimand(name).isel(chain=0, draw=7).sel(regimen=regimen)

            assert float(one("survival").sel(time=6)) == pytest.approx(curve(6.0))
            assert float(one("rmst").sel(horizon=9)) == pytest.approx(integrate.quad(curve, 0, 9)[0], rel=1e-6)
            assert float(one("median")) == pytest.approx(optimize.brentq(lambda t, c=curve: c(t) - 0.5, 0.01, 99))
            assert float(one("hazard_ratio")) == pytest.approx(np.exp(ratio))
            slopes = []
            for h_r in (average * np.exp(-against / 2), h):
                logs = [np.log(np.exp(-h_r * risk * t**shape).mean()) for t in (6 - 1e-5, 6 + 1e-5)]
                slopes.append((logs[0] - logs[1]) / 2e-5)
            marginal = float(one("marginal_hazard_ratio").sel(time=6))
            assert marginal == pytest.approx(slopes[1] / slopes[0], rel=1e-6)
            if regimen == "B":  # drawn towards one, as those at high risk leave
                assert abs(np.log(marginal)) < abs(ratio)
            assert float(one("time_ratio")) == pytest.approx(np.exp(-ratio / shape))

    def test_targets(self, patients):
        common = {"data_unit": "months", "covariates": [NLR, LIVER], "times": [6.0], "horizons": [6.0]}
        fits = {
            label: be.SurvivalModel(population=p, **common).fit(patients, seed=2, draws=200, tune=300)
            for label, p in (("all", "all"), ("A", "A"), ("one", {"nlr": 3.0, "liver": 1}))
        }
        p = fits["one"].tree["posterior"].to_dataset()
        x = np.log(patients["nlr"])
        risk = (p["coefficient"] * [(np.log(3.0) - x.mean()) / x.std(ddof=1), 1.0]).sum("covariate")
        risk = risk - p["log_hazard_ratio"].isel(contrast=0) / 2
        survival = np.exp(-np.log(2) * (6 / p["reference_median"]) ** np.exp(p["log_shape"]) * np.exp(risk))
        assert np.allclose(fits["one"].estimand("survival").sel(regimen="A", time=6), survival)
        by_population = [float(f.estimand("survival").sel(regimen="A").mean()) for f in fits.values()]
        assert len(set(by_population)) == 3
        with pytest.raises(be.AnalysisError, match="neither"):
            be.SurvivalModel(population="C", **common).fit(patients)
        with pytest.raises(be.AnalysisError, match="liver is needed"):
            be.SurvivalModel(population={"nlr": 3.0}, **common).fit(patients)

    def test_everything_can_be_compared(self, weibull):
        for name, better in (
            ("median", "higher"),
            ("survival", "higher"),
            ("rmst", "higher"),
            ("time_ratio", "higher"),
        ):
            table = weibull.compare(name).table
            assert set(table["better"]) == {better}
            assert table["time"].notna().all() == (name in ("survival", "rmst"))
        ratio = weibull.compare("hazard_ratio", scale="ratio").table.iloc[0]
        draws = weibull.estimand("log_hazard_ratio")
        assert ratio["probability_better"] == pytest.approx(float((draws < 0).mean()))
        assert set(weibull.compare("survival").table["time"]) == {3, 6}
        assert len(weibull.ranking("rmst")) == 4
        rows = weibull.summary("log_hazard_ratio")
        assert list(rows["regimen"]) == ["B"]

    def test_prior_predictive_is_printed_and_stored(self, weibull):
        text = " ".join(weibull.priors)
        assert "Together the priors imply, on A: median PFS" in text
        assert "difference in restricted mean" in text
        assert set(weibull.estimand("median", prior=True).dims) == {"chain", "draw", "regimen"}

    def test_crossing_hazards(self, patients):
        model = be.SurvivalModel(data_unit="months", regimen_effect="nonproportional", times=[1, 4, 9])
        fit = model.fit(patients, seed=2, draws=400, tune=500)
        p = fit.tree["posterior"].to_dataset()
        shape = np.exp(p["log_shape"])
        ratio = fit.estimand("hazard_ratio").sel(regimen="B")
        k = (shape.sel(regimen="B") / shape.sel(regimen="A"), shape.sel(regimen="B") - shape.sel(regimen="A"))
        for t in (1, 4, 9):  # log hazard ratio of cumulative hazards at the prior's median, 6 months
            expected = np.exp(p["log_hazard_ratio"].isel(contrast=0)) * k[0] * (t / 6.0) ** k[1]
            assert np.allclose(ratio.sel(time=t), expected)
        assert "time_ratio" not in fit.estimand_names


class TestMetamorphic:
    def test_the_unit_of_time_changes_nothing(self, patients, weibull):
        days = patients.assign(time=patients["time"] * 30.4375)
        model = be.SurvivalModel(
            data_unit="days", time_unit="months", covariates=[NLR, LIVER], times=[3, 6], horizons=[6, 9]
        )
        other = model.fit(days, seed=2)
        for name in ("median", "hazard_ratio"):
            assert np.allclose(
                weibull.summary(name)["median"], other.summary(name)["median"], rtol=5e-2
            )  # chaotic paths: equal up to Monte Carlo error
        in_days = be.SurvivalModel(data_unit="days", covariates=[NLR, LIVER])
        rng = np.random.default_rng
        designs = [
            prepare_design(m.analysis, m.read(t))
            for m, t in ((be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER]), patients), (in_days, days))
        ]
        draws = [d.prior(rng(1), 50) for d in designs]
        likelihoods = [
            d.log_likelihood(p)["time"].sum("patient").to_numpy() for d, p in zip(designs, draws, strict=True)
        ]
        events = patients["event"].sum()
        assert np.allclose(likelihoods[0] - likelihoods[1], events * np.log(30.4375))
        estimands = [d.estimands(p, rng(1)) for d, p in zip(designs, draws, strict=True)]
        assert np.allclose(estimands[0]["median"] * 30.4375, estimands[1]["median"])
        assert np.allclose(estimands[0]["survival"], estimands[1]["survival"])

    @pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
    def test_the_order_of_patients_changes_nothing(self, patients, baseline):
        model = be.SurvivalModel(baseline=baseline, data_unit="months", covariates=[NLR, LIVER])
        shuffled = pd.concat([patients.iloc[[0]], patients.iloc[1:].sample(frac=1, random_state=1)])
        designs = [prepare_design(model.analysis, model.read(t)) for t in (patients, shuffled)]
        parameters = designs[0].prior(np.random.default_rng(1), 20)
        found = [d.log_likelihood(parameters)["time"].sum("patient") for d in designs]
        assert np.allclose(*found)
        assert np.allclose(*[d.estimands(parameters, np.random.default_rng(1))["rmst"] for d in designs])
        assert designs[0].structure == designs[1].structure

    def test_rows_collapse_to_patterns(self):
        frame = pd.concat([cohort(500, seed=s).assign(patient_id=range(500 * s, 500 * s + 500)) for s in range(4)])
        model = be.SurvivalModel(baseline="piecewise", cutpoints=[2, 5], covariates=[LIVER], data_unit="months")
        design = prepare_design(model.analysis, model.read(frame))
        assert len(design.cell_events) == 2 * 2 * 3
        assert design.cell_events.sum() == frame["event"].sum()
        assert design.cell_exposure.sum() == pytest.approx(frame["time"].sum())


def test_new_rows_cost_no_compilation(patients, weibull, monkeypatch):
    monkeypatch.setattr("bayes_escc.inference.entry_points.compile_model", None)
    model = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER], times=[3, 6], horizons=[6, 9])
    more = model.fit(cohort(90, seed=3), seed=2, draws=200, tune=200)
    assert more.tree["log_likelihood"]["time"].sizes["patient"] == 90


@pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
def test_a_known_truth_is_recovered(baseline):
    """2,000 patients: true values within four posterior standard deviations of the mean."""
    model = be.SurvivalModel(
        baseline=baseline,
        data_unit="months",
        times=[3, 6],
        horizons=[9],
        covariates=[{**NLR, "center": "none", "scale": "none"}, LIVER],
    )
    frame = cohort(2000, seed=11)
    fit = model.fit(frame, seed=3, draws=500, tune=500, chains=2)

    def near(draws, truth):
        assert abs(float(draws.mean()) - truth) < 4 * float(draws.std()), (float(draws.mean()), truth)
        assert float(draws.std()) < 0.12 * max(1, abs(truth))

    near(fit.estimand("log_hazard_ratio").isel(contrast=0), -0.4)
    near(fit.estimand("coefficient").sel(covariate="nlr"), 0.5)
    near(fit.estimand("coefficient").sel(covariate="liver"), 0.3)
    if baseline == "weibull":
        near(fit.estimand("log_shape"), np.log(1.2))
        near(fit.estimand("reference_median"), 4.0 * np.exp(0.2 / 1.2))  # of the average regimen
    risk = np.exp(0.5 * np.log(frame["nlr"]) + 0.3 * frame["liver"]).to_numpy()
    for t in (3, 6):
        truth = np.exp(-np.log(2) * (t / 4) ** 1.2 * risk).mean()
        near(fit.estimand("survival").sel(regimen="A", time=t), truth)


class TestFromAFile:
    TOML = """
schema = 1
id = "mine"
title = "PFS"
[data]
kind = "patients"
file = "patients.csv"
id = "patient_id"
regimen = "regimen"
time = "time"
event = "event"
time_unit = "months"
[model]
family = "survival"
baseline = "weibull"
covariates = [{ column = "nlr", transform = "log" }]
[priors.median]
distribution = "LogNormal"
mu = 1.4
sigma = 0.6
[estimands]
times = [6]
horizons = [6]
population = "all"
[[comparisons]]
estimand = "rmst"
reference = "A"
margin = 0.5
[[comparisons]]
estimand = "hazard_ratio"
reference = "A"
scale = "ratio"
"""

    def test_an_analysis_runs(self, patients, tmp_path):
        patients.to_csv(tmp_path / "patients.csv", index=False)
        (tmp_path / "mine.toml").write_text(self.TOML, encoding="utf-8")
        posterior, result, _ = be.run_analysis(be.find_analysis(str(tmp_path / "mine.toml")), tmp_path / "out")
        assert {r["estimand"] for r in result["estimates"]} >= {"median", "survival", "rmst", "hazard_ratio"}
        assert [c["estimand"] for c in result["comparisons"]] == ["rmst", "hazard_ratio"]
        assert result["comparisons"][0]["time"] == 6
        assert (
            be.Posterior.load(tmp_path / "out" / "posterior.nc").estimand("median").equals(posterior.estimand("median"))
        )

    def test_nothing_identifies_a_patient(self, patients, tmp_path):
        frame = patients.assign(patient_id=[f"ZX{i}Q" for i in range(60)])
        model = be.SurvivalModel(data_unit="months")
        path = model.fit(frame, draws=100, tune=100).save(tmp_path / "p.nc")
        assert b"ZX1Q" not in path.read_bytes()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ("baseline = 'cox'", "not one of exponential | weibull | piecewise"),
            ("cutpoints = [1, 2]", 'needs baseline = "piecewise"'),
            ("regimen_effect = 'crossing'", "not one of proportional"),
            ("reference_time = -1", "above 0"),
            ("smoothing = 'random_walk'", 'needs baseline = "piecewise"'),
            ("frailty = 3", "must be a non-empty text"),
        ],
    )
    def test_wrong_settings_are_explained(self, tmp_path, change, message):
        text = self.TOML.replace('baseline = "weibull"', change)
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        with pytest.raises(be.AnalysisError) as caught:
            be.find_analysis(str(tmp_path / "mine.toml"))
        assert message in str(caught.value)


def test_wrong_combinations_are_explained(patients):
    with pytest.raises(be.AnalysisError, match="constant hazards are proportional"):
        be.SurvivalModel(baseline="exponential", regimen_effect="nonproportional")
    with pytest.raises(be.AnalysisError, match="has its prior already"):
        be.SurvivalModel(priors={"median": be.Prior("LogNormal"), "log_cumulative_hazard": be.Prior("Normal")})
    with pytest.raises(be.AnalysisError, match="reference_time: is required"):
        be.SurvivalModel(priors={"log_cumulative_hazard": be.Prior("Normal")})
    with pytest.raises(be.AnalysisError, match="is not a parameter of this model"):
        be.SurvivalModel(priors={"drift_sd": be.Prior("HalfNormal")})
    with pytest.raises(be.AnalysisError, match="a random walk is of log hazards"):
        be.SurvivalModel(
            baseline="piecewise", smoothing="random_walk", priors={"hazard": be.Prior("Exponential", lam=1)}
        )
    with pytest.raises(be.AnalysisError, match="is not here"):
        be.SurvivalModel(
            priors={"log_hazard_ratio": {"A": be.Prior("Normal")}}, data_unit="months", regimen_coding="reference"
        ).fit(patients)
    with pytest.raises(be.AnalysisError, match="ascending order"):
        be.SurvivalModel(baseline="piecewise", cutpoints=[5, 2])
    with pytest.raises(be.AnalysisError, match="needs regimen_effect"):
        be.SurvivalModel(priors={"median": {"A": be.Prior("LogNormal")}})
    with pytest.raises(be.DataError, match="time unit"):
        be.SurvivalModel().fit(patients)


def test_few_events_and_arms_without_any_are_explained_not_crashed(patients):
    frame = patients.assign(event=np.where(patients["regimen"] == "B", 0, patients["event"]))
    fit = be.SurvivalModel(data_unit="months", times=[3, 400], covariates=[NLR, LIVER]).fit(frame, seed=2)
    codes = {w["code"] for w in fit.evidence["warnings"]}
    assert {"no_events", "beyond_follow_up"} <= codes
    ratio = fit.estimand("log_hazard_ratio")
    assert float(ratio.mean()) < -0.8
    assert float(ratio.quantile(0.999)) < 0.5
    few = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER]).fit(
        patients.iloc[:16], seed=2, draws=200, tune=300
    )
    assert "many_parameters" in {w["code"] for w in few.evidence["warnings"]}
