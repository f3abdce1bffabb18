"""Hazards, the further course of a patient who is event-free, and other target populations."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.survival.bias import critical_bias, without_bias
from bayes_escc.families.survival.curves import PiecewiseCurves, WeibullCurves
from bayes_escc.families.survival.event_free import remaining_mean, remaining_median, remaining_survival
from bayes_escc.families.survival.population import Population, condensed, median_time, restricted_mean, survival
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import LIVER, NLR, cohort
from tests.oracles.event_free import remaining

SETTINGS = {"data_unit": "months", "covariates": [NLR, LIVER], "times": [3, 6], "horizons": [6, 9]}


@pytest.fixture(scope="module")
def patients():
    return cohort(60)


@pytest.fixture(scope="module")
def fitted(patients):
    return be.SurvivalModel(**SETTINGS, event_free=2.5).fit(patients, seed=2, sampler="laplace")


class TestEventFree:
    RISKS = (0.5, 1.0, 3.0)

    @pytest.mark.parametrize("shape", [0.6, 1.0, 1.7])
    def test_weibull(self, shape):
        curves = WeibullCurves(np.log([[0.4]]), np.array([[shape]]), 4.0)
        self.check(curves, lambda t: 0.4 * (t / 4.0) ** shape)

    def test_piecewise(self):
        hazards, cuts = np.array([0.2, 0.05, 0.4]), np.array([3.0, 5.0])
        edges = np.array([0.0, 3.0, 5.0, np.inf])
        curves = PiecewiseCurves(np.log(hazards)[None, None], cuts)
        self.check(curves, lambda t: float(hazards @ np.clip(np.minimum(t, edges[1:]) - edges[:-1], 0, None)))

    def check(self, curves, cumulative):
        everyone = Population(np.log([self.RISKS]), np.full(3, 1 / 3))
        expected = remaining(cumulative, self.RISKS, 2.5, 4.0, 6.0)
        found = (
            remaining_survival(curves, everyone, 2.5, np.array([4.0]))[0, 0, 0],
            remaining_median(curves, everyone, 2.5)[0, 0],
            remaining_mean(curves, everyone, 2.5, 6.0)[0, 0],
        )
        assert np.allclose(found, expected, rtol=1e-7), (found, expected)

    def test_they_are_compared_like_any_other(self, fitted):
        survival = fitted.estimand("survival")
        assert fitted.estimand("remaining_survival").dims == survival.dims
        for name in ("remaining_survival", "remaining_median", "remaining_rmst", "hazard_rate"):
            rows = fitted.compare(name).rows
            assert rows
            assert all(0 < r["probability_better"] < 1 for r in rows)
            assert fitted.ranking_rows(name)
        assert "event-free then" in fitted.estimand("remaining_median").attrs["unit"]

    def test_constant_hazards_forget(self, patients):
        model = be.SurvivalModel(baseline="exponential", data_unit="months", event_free=5, times=[3], horizons=[6])
        fit = model.fit(patients, seed=1, sampler="laplace")
        for later, now in (
            ("remaining_median", "median"),
            ("remaining_survival", "survival"),
            ("remaining_rmst", "rmst"),
        ):
            assert np.allclose(fit.estimand(later), fit.estimand(now), rtol=1e-8)

    def test_beyond_follow_up_is_said(self, patients):
        model = be.SurvivalModel(data_unit="months", event_free=14, times=[3], horizons=[6])
        codes = {w.code for w in prepare_design(model.analysis, model.read(patients)).warnings}
        assert "beyond_follow_up" in codes

    @pytest.mark.parametrize("value", [0, -1, "3"])
    def test_what_cannot_be(self, value):
        with pytest.raises(be.AnalysisError, match=r"event_free(: must be a number above 0|= must be a finite number)"):
            be.SurvivalModel(event_free=value)


def test_hazards_are_those_of_the_average_curve(fitted, patients):
    """-d log S(t) / dt of the standardised curve, by differences."""
    step = 1e-4
    settings = {**SETTINGS, "times": [3 - step, 3, 3 + step]}
    fit = be.SurvivalModel(**settings).fit(patients, seed=2, sampler="laplace")
    logs = np.log(fit.estimand("survival").to_numpy())
    slope = (logs[..., 0] - logs[..., 2]) / (2 * step)
    assert np.allclose(fit.estimand("hazard_rate").to_numpy()[..., 1], slope, rtol=1e-5)


class TestLargePopulations:
    def test_condensing_changes_nothing_that_matters(self):
        rng = np.random.default_rng(1)
        patterns = np.column_stack([rng.normal(size=3000), rng.random(3000) < 0.4])
        weight = np.full(3000, 1 / 3000)
        coefficients = rng.normal(scale=[0.8, 0.5], size=(20, 2))
        coefficients[0] = 0.0  # nobody differs
        full = Population(coefficients @ patterns.T, weight)
        small = condensed(lambda block: (coefficients[block] @ patterns.T, weight), 20, 3000)
        assert small.log_risk.shape[1] < 200
        assert np.allclose(small.weight.sum(axis=1), 1.0)
        shape, scale = np.exp(rng.normal(scale=0.3, size=(20, 2))), rng.normal(scale=0.5, size=(20, 2))
        curves = WeibullCurves(scale, shape, 4.0)
        times = np.array([0.5, 3.0, 12.0])
        assert np.allclose(survival(curves, small, times), survival(curves, full, times), atol=1e-6)
        assert np.allclose(median_time(curves, small), median_time(curves, full), rtol=1e-5)
        assert np.allclose(restricted_mean(curves, small, 9.0), restricted_mean(curves, full, 9.0), rtol=1e-6)
        args = (2.0, times)
        assert np.allclose(remaining_survival(curves, small, *args), remaining_survival(curves, full, *args), atol=1e-6)


class TestNodes:
    """Chebyshev points in place of the patients of a population."""

    @pytest.mark.parametrize("spread", [0.0, 0.3, 1.0])
    def test_mean_survival_errs_by_less_than_is_proven_under_every_hazard(self, spread):
        rng = np.random.default_rng(3)
        risks = np.clip(rng.standard_t(4, size=(7, 90)) * spread, -2.5, 2.5) + rng.normal(size=(7, 1))
        for weight in (np.full(90, 1 / 90), rng.dirichlet(np.ones(90)), rng.dirichlet(np.ones(90), size=7)):
            full = Population(risks, weight)
            nodes = full.nodes
            assert nodes.log_risk.shape[1] < 0.75 * 90
            cumulative = np.exp(rng.uniform(-12.0, 8.0, size=(7, 400)))
            assert np.abs(nodes.mean_survival(cumulative) - full.mean_survival(cumulative)).max() < 1.1e-8

    def test_few_patients_and_wide_populations_stay_themselves(self):
        rng = np.random.default_rng(4)
        for risks in (rng.normal(size=(3, 10)), 20.0 * rng.normal(size=(3, 60)), np.full((3, 60), np.inf)):
            population = Population(risks, np.full(risks.shape[1], 1 / risks.shape[1]))
            assert population.nodes is population

    def test_a_level_of_mean_survival_is_found_for_every_draw(self):
        rng = np.random.default_rng(5)
        population = Population(rng.normal(size=(6, 30)), np.full(30, 1 / 30))
        wanted = np.array([0.999999, 0.7, 1e-5, 0.0, 1.0, -0.2])
        found = population.log_cumulative_at(wanted)
        reached = population.mean_survival(np.exp(found)[:, None])[:, 0]
        assert np.allclose(reached, np.clip(wanted, 0.0, 1.0), rtol=1e-9)
        assert found[3:].tolist() == [np.inf, -np.inf, np.inf]


class TestCriticalBias:
    """The bias that is found makes the two regimens differ by the threshold, in every draw."""

    @pytest.mark.parametrize("estimand", ["median", "survival", "rmst"])
    @pytest.mark.parametrize(("scale", "threshold"), [("difference", 0.05), ("ratio", 1.1), ("ratio", 0.9)])
    @pytest.mark.parametrize("kind", ["Weibull", "piecewise"])
    def test_taking_it_away_gives_the_threshold(self, kind, scale, threshold, estimand):
        rng = np.random.default_rng(6)
        level = rng.normal(-1.0, 0.4, size=(30, 2))
        curves = WeibullCurves(level, np.exp(rng.normal(0.1, 0.2, size=(30, 2))), 6.0)
        if kind == "piecewise":
            curves = PiecewiseCurves(level[..., None] + rng.normal(scale=0.3, size=(30, 2, 3)), np.array([2.0, 5.0]))
        population = Population(rng.normal(scale=0.7, size=(30, 40)), np.full(40, 1 / 40))
        asked = {"regimens": ("A", "B"), "event_free": None}
        contrast = RegimenContrast(estimand, 8.0, "B", "A", scale, threshold)
        found = critical_bias(curves, population, contrast, **asked)
        asked |= {"estimand": estimand, "time": 8.0}
        plain = without_bias(curves, population, **asked, regimen="A", bias=0.0)
        for k in range(30):
            left = without_bias(curves, population, **asked, regimen="B", bias=float(found[k]))[k]
            assert left == pytest.approx(
                plain[k] + threshold if scale == "difference" else plain[k] * threshold, rel=1e-7
            )

    @pytest.mark.parametrize("estimand", ["median", "survival", "rmst"])
    def test_what_no_bias_could_reach_is_infinite(self, estimand):
        curves = WeibullCurves(np.full((5, 2), -1.0), np.ones((5, 2)), 6.0)
        population = Population(np.random.default_rng(7).normal(size=(5, 20)), np.full(20, 1 / 20))
        for threshold, answer in ((1e9, np.inf), (-1e9, -np.inf)):
            contrast = RegimenContrast(estimand, 8.0, "B", "A", "difference", threshold)
            found = critical_bias(curves, population, contrast, regimens=("A", "B"), event_free=None)
            assert (found == answer).all()


class TestTargetTables:
    REGISTRY = pd.DataFrame({"id": ["a", "b", "c"], "nlr": [2.0, 5.5, 1.2], "liver": [1, 0, 1]})

    def test_a_table_is_averaged_over(self, patients, tmp_path):
        self.REGISTRY.to_csv(tmp_path / "registry.csv", index=False)
        (tmp_path / "mine.csv").write_text(patients.to_csv(index=False), encoding="utf-8")
        (tmp_path / "mine.toml").write_text(
            """
            [data]
            kind = "patients"
            file = "mine.csv"
            time = "time"
            event = "event"
            time_unit = "months"
            [model]
            family = "survival"
            covariates = [{ column = "nlr", transform = "log" }, { column = "liver" }]
            [estimands]
            times = [3, 6]
            horizons = [6, 9]
            population = { file = "registry.csv" }
            [sampling]
            sampler = "laplace"
            seed = 2
            """,
            encoding="utf-8",
        )
        from_file = be.fit_analysis(be.find_analysis(str(tmp_path / "mine.toml")))
        settings = {**SETTINGS, "population": self.REGISTRY}
        from_frame = be.SurvivalModel(**settings).fit(patients, seed=2, sampler="laplace")
        from_path = be.SurvivalModel(**{**SETTINGS, "population": tmp_path / "registry.csv"}).fit(
            patients, seed=2, sampler="laplace"
        )
        each = [
            be.SurvivalModel(**{**SETTINGS, "population": {"nlr": nlr, "liver": liver}})
            .fit(patients, seed=2, sampler="laplace")
            .estimand("survival")
            for nlr, liver in zip(self.REGISTRY["nlr"], self.REGISTRY["liver"], strict=True)
        ]
        mean = sum(e.to_numpy() for e in each) / 3
        for fit in (from_file, from_frame, from_path):
            assert np.allclose(fit.estimand("survival"), mean)
        assert '"id"' not in json.dumps(json.loads(from_frame.analysis.content)["estimands"])

    @pytest.mark.parametrize(
        ("change", "messages"),
        [
            ({"nlr": [2.0, None, -1.0]}, ["row 3, column nlr", "missing_value", "row 4, column nlr '-1'"]),
            ({"nlr": ["2,0", "high", "1.2"]}, ["row 2, column nlr '2,0'", "row 3, column nlr 'high'"]),
        ],
    )
    def test_problems_are_listed_by_row(self, patients, change, messages):
        model = be.SurvivalModel(**{**SETTINGS, "population": self.REGISTRY.assign(**change)})
        with pytest.raises(be.DataError) as refused:
            model.fit(patients)
        assert all(m in str(refused.value) for m in messages), refused.value

    def test_columns_are_checked(self, patients):
        table = self.REGISTRY.rename(columns={"liver": "livr"})
        with pytest.raises(be.DataError, match=r"there is no column liver, a covariate of the model"):
            be.SurvivalModel(**{**SETTINGS, "population": table}).fit(patients)
        with pytest.raises(be.AnalysisError, match="without covariates in the model all patients are alike"):
            be.SurvivalModel(data_unit="months", population={"rows": [{"nlr": 2}]}).fit(patients)
        with pytest.raises(be.DataError, match="there is no file"):
            be.SurvivalModel(**{**SETTINGS, "population": {"file": "nowhere.csv"}}).fit(patients)
        with pytest.raises(be.AnalysisError, match=r"population: must be .*registry.csv"):
            be.SurvivalModel(**{**SETTINGS, "population": {"rows": []}})
