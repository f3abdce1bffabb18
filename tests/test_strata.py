"""Strata with their own baseline hazard: against densities, quadrature and maximum likelihood written out."""

from __future__ import annotations

import json

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.runs.run import frozen_analysis, prepare_design
from tests.helpers.survival import agrees, by_pymc
from tests.oracles import strata as oracle

LEVEL = be.Prior("LogNormal", mu=np.log(6), sigma=0.8)
RATIO = be.Prior("Normal", mu=0, sigma=0.7)
SHAPE = be.Prior("Normal", mu=0, sigma=0.3)


def patients(n=80, seed=3, *, ties=False):
    """Patients of two lines: the second has a worse and a rising hazard, and gets B more often."""
    rng = np.random.default_rng(seed)
    late = rng.random(n) < 0.45
    second = rng.random(n) < np.where(late, 0.65, 0.35)
    x = rng.normal(size=n).round(2)
    shape, median = np.where(late, 1.6, 0.9), np.where(late, 3.0, 9.0)
    hazard = np.log(2) / median**shape * np.exp(-0.6 * second + 0.4 * x)
    time = (rng.exponential(size=n) / hazard) ** (1 / shape)
    stop = rng.uniform(5, 20, n)
    seen = np.minimum(time, stop)
    frame = pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": np.where(second, "B", "A"),
            "time": np.maximum(np.ceil(seen) if ties else seen.round(3), 0.05),
            "event": (time <= stop).astype(int),
            "line": np.where(late, "second", "first"),
            "pd_l1": rng.choice(["high", "low"], n),
            "centre": rng.choice(["u", "v", "w"], n),
            "x": x,
            "liver": rng.integers(0, 2, n),
        }
    )
    return frame.sort_values("regimen", kind="stable", ignore_index=True)  # as they are read


def model(**options):
    usual = {"data_unit": "months", "regimens": ["A", "B"], "times": [3, 6], "horizons": [9], "strata": ["line"]}
    return be.SurvivalModel(**{**usual, **options})


def prepared(frame, **options):
    chosen = model(**options)
    return prepare_design(chosen.analysis, chosen.read(frame))


def drawn(design, draws=3, seed=1):
    return design.prior(np.random.default_rng(seed), draws)


def as_it_was(values):
    return values.to_numpy()[0]


X = [{"column": "x", "center": 0.0, "scale": 1.0}]


class TestDensity:
    """The log density of every patient, events at tied times among them, in NumPy written out and in PyMC."""

    def test_weibull(self):
        frame = patients(ties=True)
        design = prepared(frame, covariates=X)
        parameters = drawn(design)
        assert design.strata.labels == ("line = first", "line = second")
        found = design.log_likelihood(parameters)["time"].to_numpy()[0]
        for d in range(3):
            one = {name: as_it_was(values)[d] for name, values in parameters.items()}
            expected = oracle.weibull_density(
                frame["time"].to_numpy(),
                frame["event"].to_numpy(),
                (frame["regimen"] == "B").to_numpy(),
                (frame["line"] == "second").to_numpy().astype(int),
                one["reference_median"],
                np.exp(one["log_shape"]),
                one["log_hazard_ratio"][0],
                one["coefficient"][0] * frame["x"].to_numpy(),
            )
            np.testing.assert_allclose(found[d], expected, rtol=1e-9, atol=1e-9)
        total, slopes = by_pymc(design, parameters)
        assert total == pytest.approx(found[0].sum(), rel=1e-9)
        assert np.isfinite(slopes).all()

    @pytest.mark.parametrize("baseline", ["piecewise", "exponential"])
    def test_hazards_constant_between_cuts(self, baseline):
        frame, cuts = patients(ties=True), (3.0, 7.0)
        own = {"cutpoints": cuts} if baseline == "piecewise" else {}
        design = prepared(frame, baseline=baseline, covariates=X, **own)
        parameters = drawn(design)
        found = design.log_likelihood(parameters)["time"].to_numpy()[0]
        for d in range(3):
            one = {name: as_it_was(values)[d] for name, values in parameters.items()}
            logs = one["log_hazard"] if own else np.log(np.log(2) / one["reference_median"])[:, None]
            expected = oracle.piecewise_density(
                frame["time"].to_numpy(),
                frame["event"].to_numpy(),
                (frame["regimen"] == "B").to_numpy(),
                (frame["line"] == "second").to_numpy().astype(int),
                logs,
                cuts if own else (),
                one["log_hazard_ratio"][0],
                one["coefficient"][0] * frame["x"].to_numpy(),
            )
            np.testing.assert_allclose(found[d], expected, rtol=1e-9, atol=1e-9)
        events = design.cells.events.sum()
        assert events == frame["event"].sum()
        total, slopes = by_pymc(design, parameters)
        assert total == pytest.approx(found[0].sum(), rel=1e-9)
        assert np.isfinite(slopes).all()

    @pytest.mark.parametrize(
        "options",
        [
            {"baseline": "gompertz"},
            {"baseline": "log_logistic", "regimen_effect": "accelerated"},
            {"frailty": "centre", "baseline": "exponential"},
            {"strata": ["line", "pd_l1"], "regimen_effect": "none"},
            {"covariates": [*X, "liver"], "effect_modifiers": ["liver"], "baseline": "piecewise", "cutpoints": [4.0]},
        ],
        ids=["gompertz", "accelerated", "frailty", "crossed", "modifiers"],
    )
    def test_one_density_for_all(self, options):
        """NumPy's curves of groups, which estimands use, are those that are sampled."""
        frame = patients(40)
        design = prepared(frame, **options)
        parameters = drawn(design, 1)
        found = design.log_likelihood(parameters)["time"].to_numpy().sum()
        if options.get("frailty"):
            frailty = parameters["log_frailty"] / parameters["frailty_sd"]
            parameters = parameters.assign(frailty_z=frailty)
        assert by_pymc(design, parameters)[0] == pytest.approx(found, rel=1e-9)

    def test_a_hazard_of_one_stratum_is_that_of_its_patients_alone(self):
        """The density of a stratum is that of the model without strata on its patients, coded alike."""
        frame = patients(60)
        whole = prepared(frame, regimen_coding="reference")
        parameters = drawn(whole)
        values = whole.log_likelihood(parameters)["time"].to_numpy()[0]
        for s, line in enumerate(("first", "second")):
            mine = (frame["line"] == line).to_numpy()
            alone = prepared(frame[mine], strata=(), regimen_coding="reference", reference_time=6.0)
            assert alone.regimens == whole.regimens
            theirs = alone.log_likelihood(parameters.isel(stratum=s, drop=True))["time"].to_numpy()[0]
            np.testing.assert_allclose(values[:, mine], theirs, rtol=1e-9)

    def test_the_random_walk_of_every_stratum(self):
        design = prepared(patients(), baseline="piecewise", cutpoints=[2.0, 5.0], smoothing="random_walk")
        parameters = drawn(design, 4000)
        assert parameters["log_hazard"].dims == ("chain", "draw", "stratum", "interval")
        steps = parameters["log_hazard"].diff("interval").to_numpy()[0]
        assert abs(np.corrcoef(steps[:, 0, 0], steps[:, 1, 0])[0, 1]) < 4 / np.sqrt(4000)
        scaled = steps / parameters["drift_sd"].to_numpy()[0][:, None, None] / design.step_scale
        assert scaled.std() == pytest.approx(1.0, abs=0.03)


class TestPosterior:
    def test_exponential_by_quadrature(self):
        frame = patients(50)
        fit = model(baseline="exponential", priors={"median": LEVEL, "log_hazard_ratio": RATIO}).fit(
            frame, sampler="laplace", seed=4
        )
        cell = frame.assign(late=frame["line"] == "second", b=frame["regimen"] == "B").groupby(["late", "b"])
        events, exposure = (cell[c].sum().to_numpy().reshape(2, 2) for c in ("event", "time"))
        expected = oracle.exponential_posterior(events, exposure, (oracle.LOG_LOG2 - np.log(6), 0.8), 0.7)
        agrees_with(fit, expected)

    def test_weibull_by_quadrature(self):
        frame = patients(50)
        priors = {"median": LEVEL, "log_hazard_ratio": RATIO, "log_shape": SHAPE}
        fit = model(priors=priors, reference_time=1.0).fit(frame, sampler="laplace", seed=4)
        expected = oracle.weibull_posterior(
            frame["time"].to_numpy(),
            frame["event"].to_numpy(),
            (frame["regimen"] == "B").to_numpy().astype(int),
            (frame["line"] == "second").to_numpy().astype(int),
            (np.log(6), 0.8),
            0.3,
            0.7,
        )
        agrees_with(fit, expected)

    def test_gamma_hazards_of_strata_are_conjugate(self):
        frame = patients(50)
        design = prepared(
            frame,
            baseline="exponential",
            regimen_effect="none",
            priors={"hazard": be.Prior("Gamma", alpha=2, beta=9)},
        )
        found = design.exact(np.random.default_rng(1), 4, 2500).draws["hazard"].to_numpy().reshape(-1, 2)
        for s, line in enumerate(("first", "second")):
            mine = frame[frame["line"] == line]
            law = stats.gamma(2 + mine["event"].sum(), scale=1 / (9 + mine["time"].sum()))
            assert stats.kstest(found[:, s], law.cdf).pvalue > 1e-4

    def test_simpson(self):
        """Where the worse stratum gets B more often, B seems worse and is better; flat priors: maximum likelihood."""
        rng = np.random.default_rng(8)
        n = 800
        late = np.arange(n) % 2 == 1
        second = rng.random(n) < np.where(late, 0.8, 0.2)
        rate = np.where(late, 0.30, 0.05) * np.where(second, 0.6, 1.0)
        time, stop = rng.exponential(size=n) / rate, rng.uniform(6, 24, n)
        frame = pd.DataFrame(
            {
                "patient_id": np.arange(n),
                "regimen": np.where(second, "B", "A"),
                "time": np.minimum(time, stop),
                "event": (time <= stop).astype(int),
                "line": np.where(late, "second", "first"),
            }
        )
        flat = {
            "median": be.Prior("LogNormal", mu=np.log(6), sigma=4),
            "log_shape": be.Prior("Normal", mu=0, sigma=2),
            "log_hazard_ratio": be.Prior("Normal", mu=0, sigma=10),
        }
        for strata, stratum in ((["line"], late.astype(int)), ([], np.zeros(n, dtype=int))):
            best, error = oracle.most_likely_ratio(
                frame["time"].to_numpy(), frame["event"].to_numpy(), second.astype(int), stratum
            )
            ratio = np.log(
                model(strata=strata, priors=flat).fit(frame, sampler="laplace", seed=2).estimand("hazard_ratio")
            )
            ratio = ratio.sel(regimen="B")
            assert float(ratio.mean()) == pytest.approx(best, abs=0.2 * error)
            assert float(ratio.std()) == pytest.approx(error, rel=0.1)
            assert (best < -0.2) if strata else (best > 0.3)

    @pytest.mark.slow
    def test_laplace_agrees_with_nuts(self):
        frame = patients(60)
        for options in ({"covariates": X}, {"baseline": "piecewise", "cutpoints": [4.0]}):
            chosen = model(**options)
            ours, nuts = chosen.fit(frame, sampler="laplace", seed=5), chosen.fit(frame, seed=6)
            assert (ours.sampler, nuts.sampler) == ("laplace", "nuts")
            for name in ours.estimand_names:
                agrees(ours, nuts, name)

    def test_the_prior_drawn_is_that_of_the_model(self):
        import pymc as pm

        for options in ({"covariates": X}, {"baseline": "piecewise", "cutpoints": [4.0]}):
            design = prepared(patients(40), **options)
            ours = design.prior(np.random.default_rng(2), 1500)
            names = list(ours)
            theirs = pm.draw([design.build()[name] for name in names], 1500, random_seed=6, mode="FAST_COMPILE")
            for name, values in zip(names, theirs, strict=True):
                mine, other = as_it_was(ours[name]).reshape(1500, -1), values.reshape(1500, -1)
                assert mine.shape == other.shape
                for j in range(mine.shape[1]):
                    assert stats.ks_2samp(mine[:, j], other[:, j]).pvalue > 1e-4, name


def agrees_with(fit, expected):
    """Mean and sd of the log hazard ratio, and P(below zero), within four Monte Carlo errors."""
    assert fit.sampler == "laplace"
    mean, sd, below = expected
    ratio = np.log(fit.estimand("hazard_ratio").sel(regimen="B"))
    for found, wanted, error in (
        (ratio.mean(), mean, az.mcse(ratio, method="mean")),
        (ratio.std(), sd, az.mcse(ratio, method="sd")),
        ((ratio < 0).mean(), below, 0.5 / np.sqrt(ratio.size)),
    ):
        assert float(found) == pytest.approx(wanted, abs=4 * float(error) + 1e-4)


class TestSymmetry:
    def test_one_stratum_is_none(self):
        frame = patients(40).assign(line="first")
        whole, plain = prepared(frame), prepared(frame, strata=())
        assert whole.structure == plain.structure
        assert whole.coords == plain.coords
        assert whole.data.keys() == plain.data.keys()
        assert all(np.array_equal(whole.data[k], plain.data[k]) for k in plain.data)
        ours, theirs = (d.estimands(drawn(d), np.random.default_rng(0)) for d in (whole, plain))
        assert ours.equals(theirs)
        assert [w.code for w in whole.warnings if "strat" in w.code] == ["one_stratum"]

    def test_labels_rows_and_regimens_in_any_order(self):
        """Strata called otherwise, rows shuffled and regimens turned: the same density and the same estimands."""
        frame = patients(40)
        first = prepared(frame, regimens=["A", "B"], covariates=X)
        turned = frame.assign(line=frame["line"].map({"first": "z", "second": "a"})).sample(frac=1, random_state=1)
        other = prepared(turned, regimens=["B", "A"], covariates=X)
        assert other.strata.labels == ("line = a", "line = z")
        parameters = drawn(first, 4)
        same = parameters.isel(stratum=[1, 0]).assign_coords(stratum=list(other.strata.labels))
        same = same.assign(log_hazard_ratio=-parameters["log_hazard_ratio"]).assign_coords(contrast=["A"])
        densities = [
            d.log_likelihood(p)["time"].sum("patient").to_numpy() for d, p in ((first, parameters), (other, same))
        ]
        np.testing.assert_allclose(*densities, rtol=1e-10)
        ours, theirs = (d.estimands(p, np.random.default_rng(0)) for d, p in ((first, parameters), (other, same)))
        for name in ("median", "survival", "rmst", "hazard_rate"):
            np.testing.assert_allclose(ours[name], theirs[name].sel(regimen=["A", "B"]), rtol=1e-6)

    def test_categories_are_crossed_and_only_those_that_occur_are_strata(self):
        frame = patients(60)
        frame = frame[~((frame["line"] == "second") & (frame["pd_l1"] == "low"))]
        design = prepared(frame, strata=["line", "pd_l1"])
        assert design.strata.labels == (
            "line = first, pd_l1 = high",
            "line = first, pd_l1 = low",
            "line = second, pd_l1 = high",
        )
        assert design.groups.count == 6

    def test_whole_numbers_are_categories_however_they_are_written(self):
        frame = patients(30).assign(line=np.arange(30) % 2 + 1)
        texts = frame.assign(line=frame["line"].astype(float))
        assert prepared(frame).strata.labels == prepared(texts).strata.labels == ("line = 1", "line = 2")

    @pytest.mark.parametrize(
        ("cells", "labels", "index"),
        [
            (["1", "1.00", "2", "2.0"], ("1", "2"), [0, 0, 1, 1]),
            (["2.50", "2.5", "0.5", "5e-1"], ("0.5", "2.5"), [1, 1, 0, 0]),
            ([True, False, "TRUE", "false"], ("false", "true"), [1, 0, 1, 0]),
            (["1", "yes", "0", "No"], ("0", "1"), [1, 1, 0, 0]),
            (["有", "无", "是", "无"], ("无", "是"), [1, 0, 1, 0]),
            (["1", "yes", "2", "unknown"], ("1", "2", "unknown", "yes"), [0, 3, 1, 2]),
        ],
    )
    def test_one_label_for_one_value(self, cells, labels, index):
        """In a column of yes and no 1 and yes are one; where there is a 2 as well, 1 is a number and yes a word."""
        design = prepared(patients(40).assign(line=pd.Series(cells * 10, dtype=object)))
        assert design.strata.labels == tuple(f"line = {label}" for label in labels)
        assert design.strata.index[:4].tolist() == index

    @pytest.mark.parametrize("cells", [["true", "FALSE"], ["1", "0"], ["yes", "no"], [True, False]])
    @pytest.mark.parametrize("wanted", [True, "true", 1, "yes"])
    def test_a_profile_may_say_true(self, cells, wanted):
        frame = patients(40).assign(line=pd.Series(cells * 20, dtype=object))
        design = prepared(frame, population={"line": wanted})
        assert np.array_equal(design.target.stratum, [int(design.strata.index[0])])
        assert prepared(frame, strata_levels=[[False], [True]]).strata.index.tolist() == [1, 0] * 20
        rows = pd.DataFrame({"line": [wanted]})
        assert prepared(frame, population=rows).target.stratum == design.target.stratum

    def test_true_is_no_category_of_numbers(self):
        with pytest.raises(be.AnalysisError, match="there is no stratum 'line = true'; there are line = 1; line = 2"):
            prepared(patients(40).assign(line=["1", "2"] * 20), population={"line": True})


@pytest.fixture(scope="module")
def frame():
    return patients(60)


class TestPopulation:
    """Results are averages over patients who each have the baseline of the own stratum, by hand."""

    def by_hand(self, frame, one, regimen, among=None):
        chosen = frame if among is None else frame[among]
        late = (chosen["line"] == "second").to_numpy().astype(int)
        shift = one["log_hazard_ratio"][0] * (0.5 if regimen == "B" else -0.5)
        risk = one["coefficient"][0] * chosen["x"].to_numpy() + shift
        return oracle.Marginal(one["reference_median"][late], np.exp(one["log_shape"])[late], risk)

    @pytest.mark.parametrize("population", ["all", "B", {"line": "second", "x": 0.4}])
    def test_every_estimand(self, frame, population):
        design = prepared(frame, covariates=X, population=population, event_free=2.0)
        parameters = drawn(design)
        found = design.estimands(parameters, np.random.default_rng(0)).isel(chain=0)
        among = None if population == "all" else (frame["regimen"] == "B").to_numpy()
        target = frame if not isinstance(population, dict) else pd.DataFrame([population])
        among = None if isinstance(population, dict) else among
        for d in range(3):
            one = {name: as_it_was(values)[d] for name, values in parameters.items()}
            hazards = {}
            for regimen in ("A", "B"):
                law = self.by_hand(target, one, regimen, among)
                mine = found.isel(draw=d).sel(regimen=regimen)
                hazards[regimen] = law.hazard(6.0)
                expected = {
                    ("median", None): law.median(),
                    ("survival", 6.0): law.survival(6.0),
                    ("rmst", 9.0): law.mean(9.0),
                    ("hazard_rate", 6.0): law.hazard(6.0),
                    ("remaining_survival", 3.0): law.survival(5.0) / law.survival(2.0),
                    ("remaining_median", None): law.median(2.0),
                    ("remaining_rmst", 9.0): law.mean(9.0, 2.0),
                }
                for (name, at), value in expected.items():
                    which = {"horizon": at} if "rmst" in name else {} if at is None else {"time": at}
                    assert float(mine[name].sel(which)) == pytest.approx(value, rel=2e-5), (name, d, regimen)
            ratio = found["marginal_hazard_ratio"].isel(draw=d).sel(regimen="B", time=6.0)
            assert float(ratio) == pytest.approx(hazards["B"] / hazards["A"], rel=1e-7)
        assert "time_ratio" not in found  # strata differ in shape, so that no one number is the ratio of times

    def test_piecewise_areas_and_medians(self, frame):
        design = prepared(frame, baseline="piecewise", cutpoints=[3.0, 6.0], covariates=X)
        parameters = drawn(design)
        curves, population = design.curves(parameters), design.population(parameters)
        found = design.estimands(parameters, np.random.default_rng(0)).isel(chain=0)
        grid = (np.arange(36_000) + 0.5) * (9.0 / 36_000)
        curve = population.mean_survival(curves.cumulative(grid))
        np.testing.assert_allclose(found["rmst"][..., 0], curve.mean(axis=-1) * 9.0, rtol=1e-6)
        late = (frame["line"] == "second").to_numpy().astype(int)
        for d in range(3):
            one = {name: as_it_was(values)[d] for name, values in parameters.items()}
            for r, regimen in enumerate(("A", "B")):
                t = np.full(len(frame), float(found["median"][d].sel(regimen=regimen)))
                risk = one["coefficient"][0] * frame["x"].to_numpy()
                gone = oracle.piecewise_density(
                    t, np.zeros(len(t)), np.full(len(t), r), late, one["log_hazard"], (3.0, 6.0),
                    one["log_hazard_ratio"][0], risk,
                )  # fmt: skip
                assert np.exp(gone).mean() == pytest.approx(0.5, abs=1e-6)

    def test_a_table_of_other_patients(self, frame):
        rows = frame.iloc[[0, 3, 5, 8, 9, 20]]
        design = prepared(frame, covariates=X, population=rows[["line", "x", "centre"]])
        parameters = drawn(design, 1)
        one = {name: as_it_was(values)[0] for name, values in parameters.items()}
        found = design.estimands(parameters, np.random.default_rng(0))["survival"].sel(regimen="B", time=6.0)
        assert float(found.squeeze()) == pytest.approx(self.by_hand(rows, one, "B").survival(6.0), rel=1e-9)
        alike = prepared(frame, population=rows[["line"]])
        assert alike.target.share.sum() == pytest.approx(1.0)
        assert alike.target.share[alike.target.stratum.index(1)] == pytest.approx((rows["line"] == "second").mean())

    @pytest.mark.parametrize(
        ("estimand", "at", "scale"),
        [("survival", 6.0, "difference"), ("median", None, "ratio"), ("rmst", 9.0, "difference")],
    )
    def test_the_bias_that_tips(self, frame, estimand, at, scale):
        """Taking the critical bias away leaves exactly the threshold."""
        design = prepared(frame, covariates=X)
        parameters = drawn(design, 6)
        threshold = 0.02 if scale == "difference" else 1.1
        bias = design.critical_bias(parameters, RegimenContrast(estimand, at, "B", "A", scale, threshold)).ravel()
        against = design.without_bias(parameters, estimand=estimand, time=at, regimen="A", bias=0.0).ravel()
        reached = 0
        for k in np.flatnonzero(np.isfinite(bias)):
            own = design.without_bias(parameters, estimand=estimand, time=at, regimen="B", bias=float(bias[k])).ravel()[
                k
            ]
            found = own - against[k] if scale == "difference" else own / against[k]
            assert found == pytest.approx(threshold, abs=1e-6)
            reached += 1
        assert reached >= 4

    def test_subgroups_of_a_modifier_keep_their_strata(self, frame):
        design = prepared(frame, covariates=[*X, "liver"], effect_modifiers=["liver"])
        parameters = drawn(design, 40)
        rows = {r["subgroup"]: r for r in design.population_report(parameters)["subgroups"]}
        among = frame[frame["liver"] == 1]
        alone = prepared(
            frame, covariates=[*X, "liver"], effect_modifiers=["liver"], population=among[["line", "x", "liver"]]
        )
        means = alone.estimands(parameters, np.random.default_rng(0))["rmst"].isel(chain=0, horizon=0)
        gap = means.sel(regimen="B") - means.sel(regimen="A")
        assert rows["liver: yes"]["difference"] == pytest.approx(float(gap.median()), rel=1e-6)

    def test_those_to_come_have_the_strata_of_their_arm(self, frame):
        """Completed studies: what patients have left of their cumulative hazard is exponential, stratum by stratum."""
        from bayes_escc.rules.completion import complete
        from bayes_escc.rules.final_success import PredictiveSurvival

        design = prepared(frame)
        parameters = drawn(design, 300)
        rule = PredictiveSurvival(reference="A", regimen="B", follow_up=1e6, success=0.95)
        done = complete(rule, design, parameters, np.random.default_rng(5))
        censored = np.flatnonzero(~design.follow_up.event)
        curves, seen = design.curves(parameters), design.follow_up.last[censored]
        left = np.stack(
            [
                curves.patient_increment(design.group[censored], seen, done.time[d, censored])[d]
                for d in range(0, 300, 5)
            ]
        )
        for line in ("first", "second"):
            mine = left[:, (frame["line"] == line).to_numpy()[censored]]
            assert mine.mean() == pytest.approx(1.0, abs=5 / np.sqrt(mine.size))


class TestData:
    def test_what_is_noted(self):
        frame = patients(60)
        frame.loc[frame["line"] == "second", "regimen"] = "B"
        frame = pd.concat([frame, frame.iloc[:2].assign(patient_id=["u", "v"], line="third", event=0)])
        design = prepared(frame)
        notes = {w.code: str(w) for w in design.warnings}
        assert "line = third: 2 patients, 0 events" in notes["strata"]
        assert "no patient of line = third had the event" in notes["stratum_without_events"]
        assert "line = second (B)" in notes["stratum_of_one_regimen"]

    def test_strata_that_are_the_regimens_are_not_told_apart_from_them(self):
        frame = patients(40)
        design = prepared(frame.assign(line=frame["regimen"].map({"A": "one", "B": "two"})))
        (said,) = (w.message for w in design.warnings if w.code == "not_told_apart")
        assert "B against A" in said
        assert not [w for w in prepared(frame).warnings if w.code == "not_told_apart"]

    def test_missing_values_are_imputed_given_the_stratum(self):
        frame = patients(40).assign(x=lambda f: f["x"].where(f.index % 7 != 0))
        design = prepared(frame, covariates=[{**X[0], "missing": "impute"}])
        assert "stratum contrast 1" in design.coords["predictor"]
        parameters = drawn(design)
        assert np.isfinite(design.estimands(parameters, np.random.default_rng(0))["median"]).all()

    def test_a_companion_regression_is_stratified_too(self):
        from bayes_escc.answers.companions import cox

        frame = patients(60)
        stratum = (frame["line"] == "second").to_numpy().astype(int)
        data = frame["time"].to_numpy(), (frame["event"] == 1).to_numpy()
        x = (frame["regimen"] == "B").to_numpy().astype(float)[:, None]
        whole = cox(*data, x, None, stratum)

        def against(b):
            total = 0.0
            for i in np.flatnonzero(data[1]):  # times are distinct, but for chance
                risk = (data[0] >= data[0][i]) & (stratum == stratum[i])
                total += b * x[i, 0] - np.log(np.exp(b * x[risk, 0]).sum())
            return -total

        from scipy.optimize import minimize_scalar

        assert float(whole.coefficients[0]) == pytest.approx(minimize_scalar(against, (-2, 2)).x, abs=1e-3)

    def test_looks_of_a_study_do_not_drift(self):
        """A frozen analysis states its strata: one that lost its patients stays, one unseen so far is refused."""
        frame = patients(50)
        chosen = model(strata=["line", "pd_l1"])
        design = prepare_design(chosen.analysis, chosen.read(frame))
        frozen = frozen_analysis(chosen.analysis, design)
        assert json.loads(frozen.content)["model"]["strata_levels"] == [list(level) for level in design.strata.levels]
        fewer = frame[~((frame["line"] == "first") & (frame["pd_l1"] == "high"))]
        later = prepare_design(frozen, chosen.read(fewer))
        assert later.structure == design.structure
        assert later.strata.labels == design.strata.labels
        carried = later.standardised_over(design)
        parameters = drawn(design)
        ours, theirs = (d.estimands(parameters, np.random.default_rng(0))["survival"] for d in (carried, design))
        np.testing.assert_allclose(ours, theirs)
        with pytest.raises(be.DataError, match=r"no stratum line = third, pd_l1 = \w+: this model knows"):
            prepare_design(frozen, chosen.read(frame.assign(line=["third", *frame["line"][1:]])))

    def test_a_study_of_a_cohort(self, tmp_path):
        from tests.helpers import studies

        frame = patients(40).rename(columns={"patient_id": "code", "regimen": "arm", "time": "months"})
        frame = frame.rename(columns={"event": "progressed"}).replace({"arm": {"A": "old", "B": "new"}})
        analysis = studies.analysis(
            model={"regimen_effect": "none", "strata": ["line"]}, comparisons=[], estimands={"times": [6]}
        )
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            study.update(frame.iloc[:30])
            study.update(frame)
            assert study.frozen.spec.strata.levels == (("first",), ("second",))


TOML = """
id = "strata"
question = "Which keeps patients free for longer?"
[data]
kind = "patients"
file = "p.csv"
time_unit = "months"
[model]
family = "survival"
{model}
[estimands]
times = [6]
{estimands}
"""


class TestRefusals:
    @pytest.mark.parametrize(
        ("stated", "said"),
        [
            ('strata = ["x"]\ncovariates = ["x"]', "x is a covariate already"),
            ('strata = ["centre"]\nfrailty = "centre"', "centre is the column of the frailty already"),
            ('strata = ["regimen"]', "regimens are compared and cannot be strata"),
            ('strata = ["line", "line"]', "names something twice"),
            ('strata = ["line"]\nregimen_effect = "stratified"', "which strata do not share"),
            ('strata = ["line"]\nregimen_effect = "nonproportional"', "analyse one stratum at a time"),
            ('strata_levels = ["first"]', "needs strata"),
            ('strata = ["line"]\nstrata_levels = [["a", "b"]]', "must list distinct strata"),
            ('strata = ["line", "pd_l1"]\nstrata_levels = ["a", "b"]', "each as its categories of line, pd_l1"),
            ('strata = ["line"]\nstrata_levels = ["a", "a"]', "must list distinct strata"),
            ('strata = ["line"]\nstrata_levels = [1, 1.0]', "must list distinct strata"),
            ('strata = ["line"]\nstrata_levels = [true, "yes", false]', "must list distinct strata"),
        ],
    )
    def test_at_reading(self, tmp_path, stated, said):
        path = tmp_path / "strata.toml"
        path.write_text(TOML.format(model=stated, estimands=""), encoding="utf-8")
        with pytest.raises(be.AnalysisError, match=said):
            be.find_analysis(path)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"strata": ["lin"]}, "no column 'lin'.*Did you mean 'line'"),
            ({"strata": ["x"]}, "more than 24; strata are groups of many patients"),
            ({"population": {"x": 1.0}, "covariates": X}, "line is needed, one of the columns of model.strata"),
            ({"population": {"line": "third"}}, "no stratum 'line = third'; there are line = first; line = second"),
            ({"population": "C"}, "neither .all. nor a regimen"),
            ({"strata_levels": [["first"]]}, "no stratum line = second: this model knows line = first"),
        ],
    )
    def test_at_prepare(self, options, said):
        with pytest.raises((be.AnalysisError, be.DataError), match=said):
            prepared(patients(60), **options)

    def test_a_patient_without_a_stratum(self):
        frame = patients(20)
        frame.loc[3, "line"] = ""
        with pytest.raises(be.DataError, match="the stratum is missing") as caught:
            prepared(frame)
        assert [p.row for p in caught.value.problems] == [int(model().read(frame).frame.index[3])]

    def test_a_table_of_other_patients_of_no_stratum(self):
        rows = pd.DataFrame({"line": ["first", "third", ""]})
        with pytest.raises(be.DataError, match="2 problems"):
            prepared(patients(20), population=rows)

    def test_medians_and_published_arms(self, tmp_path):
        from tests.helpers.published_survival import analysis, write_everything

        write_everything(tmp_path)
        content = json.loads(analysis(tmp_path).content)
        content["model"] |= {"strata": ["line"]}
        spec = be.Analysis.from_dict(content, folder=tmp_path)
        with pytest.raises(be.AnalysisError, match=r"model\.strata: not beside published arms"):
            prepare_design(spec, spec.load_table())

    def test_the_check_of_proportional_hazards(self):
        with pytest.raises(be.AnalysisError, match="cannot be checked across strata"):
            be.check_proportional_hazards(model(), patients(40))


def test_a_sensitivity_analysis_varies_what_can_be(tmp_path):
    from bayes_escc.families.survival import variations

    chosen = model(population={"line": "first"})
    design = prepare_design(chosen.analysis, chosen.read(patients(40)))
    found = {v.label: v.spec for v in variations(chosen.analysis.spec, design, None)}
    assert "hazards not proportional" not in found
    assert found["one baseline for all"].population == "all"
    assert not found["one baseline for all"].strata
    for spec in found.values():
        from dataclasses import replace

        prepare_design(replace(chosen.analysis, spec=spec), chosen.read(patients(40)))


def test_simulated_trials_fit_strata_as_the_package_does():
    from bayes_escc.families.survival import gamma_hazards, normal_priors

    spec = model().analysis.spec
    assert "every stratum" in normal_priors(spec, "months", interval=False)
    gamma = model(baseline="exponential", priors={"hazard": be.Prior("Gamma", alpha=2, beta=9)}).analysis.spec
    assert gamma_hazards(gamma, "months", interval=False) is None


def test_strata_of_one_column_are_listed_by_their_category_alone():
    frame = be.simulate_cohort(patients=(10, 10), seed=1).assign(line=["first", "second"] * 10)
    found = []
    for levels in (["second", "first"], [["second"], ["first"]]):
        model = be.SurvivalModel(data_unit="months", strata="line", strata_levels=levels)
        found.append(prepare_design(model.analysis, model.read(frame)).strata.labels)
    assert found == [("line = second", "line = first")] * 2


def test_a_study_keeps_cut_points_that_nobody_reaches_any_more(tmp_path):
    """As a spline keeps its knots: whoever was followed longest may withdraw. Before, the next cut was refused."""
    from tests.helpers import studies

    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"code": [f"P{i}" for i in range(12)], "arm": ["old", "new"] * 6, "progressed": 1})
    frame["months"] = rng.uniform(1.0, 4.0, 12).round(2)
    frame.loc[11, ["months", "progressed"]] = [20.0, 0]
    analysis = studies.analysis(
        model={"baseline": "piecewise", "regimen_effect": "none", "cutpoints": [2.0, 6.0]},
        comparisons=[],
        estimands={"times": [3]},
    )
    with be.Study.create(tmp_path / "study.db", analysis) as study:
        study.update(frame)
        study.withdraw("P11", why="withdrew consent")
        told = " ".join(str(w) for w in study.posterior().evidence["warnings"])
    assert "the last cut point, at 6 months, is not before the end of follow-up" in told
