"""A cure fraction: the promotion-time model against SciPy, maximum likelihood and the statistic of Maller and Zhou."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

import bayes_escc as be
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.survival import variations
from bayes_escc.families.survival.cure import short_follow_up
from bayes_escc.families.survival.shapes import NEVER, SHAPES
from bayes_escc.runs.run import frozen_analysis, prepare_design
from tests.oracles import shaped_hazards as oracle

SETTINGS = {"baseline": "weibull_cure", "data_unit": "months", "times": [6], "horizons": [12], "regimens": ["A", "B"]}


def cohort(n=120, seed=2, *, follow_up=(30.0, 48.0), ratio=0.5, fraction=0.1, median=5.0):
    """Simulated patients, of whom some never have the event; B multiplies the hazard."""
    rng = np.random.default_rng(seed)
    theta, law = oracle.promotion(median, (0.2, fraction))
    second = np.arange(n) % 2 == 1
    spent = rng.exponential(size=n) / np.where(second, ratio, 1.0) / theta
    time = np.where(spent < 1.0, law.ppf(np.minimum(spent, 1.0 - 1e-12)), np.inf)
    stop = rng.uniform(*follow_up, n)
    return pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "regimen": np.where(second, "B", "A"),
            "time": np.maximum(np.minimum(time, stop).round(3), 0.01),
            "event": (time <= stop).astype(int),
            "line": np.where(np.arange(n) // 2 % 2, "second", "first"),
            "x": rng.normal(size=n).round(2),
        }
    )


def prepared(frame, **options):
    chosen = be.SurvivalModel(**{**SETTINGS, **options})
    return prepare_design(chosen.analysis, chosen.read(frame))


class TestShape:
    def test_hazards_that_are_spent_keep_finite_numbers_and_slopes(self):
        import pytensor
        import pytensor.tensor as pt

        shape = SHAPES["weibull_cure"]
        a, u, v, s = [pt.dscalar("k"), pt.dscalar("c")], *(pt.dscalar(name) for name in "uvs")
        found = [shape.log_cumulative(pt, a, u), shape.log_hazard(pt, a, u), shape.log_increment(pt, a, v, u, s)]
        slopes = [g for f in found for g in pytensor.grad(f, [*a, u])]
        run = pytensor.function([*a, u, v, s], [*found, *slopes], mode="FAST_COMPILE")
        for k in (-1.5, 0.0, 1.5):
            for c in (1e-200, 1e-9, 0.3, 1.0 - 1e-9, 1.0):
                for end in (-200.0, -1.0, 0.0, 4.0, 90.0):
                    for begun, started in ((end - 1e-9, 1.0), (end - 3.0, 1.0), (-230.0, 0.0)):
                        assert np.isfinite(run(k, c, end, begun, started)).all()

    @pytest.mark.parametrize("c", [1e-6, 0.05, 0.4, 0.95])
    def test_multiples_are_of_the_same_form(self, c):
        """Whoever is the reference: a multiple of the hazard has the fraction c^r, and the same F."""
        shape, r, k = SHAPES["weibull_cure"], 0.4, 0.3
        other = c**r
        # the median of those of the other patient who ever have the event
        m = float(shape.inverse((k, c), np.log(-np.log(0.5 * (1.0 + other)) / r)))
        u = np.linspace(-3.0, 2.0, 9)
        ours = np.log(r) + shape.log_cumulative(np, (k, c), u)
        assert ours == pytest.approx(shape.log_cumulative(np, (k, other), u - m), abs=1e-9)

    def test_it_leaves_the_fraction_and_reaches_no_more(self):
        shape = SHAPES["weibull_cure"]
        assert np.exp(-np.exp(shape.log_cumulative(np, (0.2, 0.3), np.inf))) == pytest.approx(0.3)
        assert shape.inverse((0.2, 0.3), np.log(-np.log(0.3)) + 1e-9) == NEVER
        assert shape.inverse((0.2, 0.3), np.log(-np.log(0.31))) < 4.0

    def test_without_a_fraction_it_is_weibull(self):
        u = np.linspace(-4.0, 1.0, 9)
        found = SHAPES["weibull_cure"].log_cumulative(np, (0.3, 1e-300), u)
        assert found == pytest.approx(np.log(np.log(2.0)) + np.exp(0.3) * u, abs=0.02)


@pytest.mark.slow
class TestPosterior:
    def test_flat_priors_give_maximum_likelihood(self):
        frame = cohort(200)
        second, event = (frame["regimen"] == "B").to_numpy(), frame["event"].to_numpy() == 1
        time = frame["time"].to_numpy()

        def negative(x):
            theta, law = oracle.promotion(np.exp(x[0]), (x[1], 1.0 / (1.0 + np.exp(-x[2]))))
            multiple = theta * np.where(second, np.exp(x[3]), 1.0)
            return -(np.log(multiple[event]) + law.logpdf(time[event])).sum() + (multiple * law.cdf(time)).sum()

        best = optimize.minimize(negative, [np.log(5.0), 0.2, -2.0, -0.7], method="Nelder-Mead", tol=1e-9)
        wide = {
            "median": be.Prior("LogNormal", mu=1.6, sigma=20.0),
            "log_shape": be.Prior("Normal", mu=0, sigma=20.0),
            "cure_fraction": be.Prior("Beta", alpha=1, beta=1),
            "log_hazard_ratio": be.Prior("Normal", mu=0, sigma=20.0),
        }
        model = be.SurvivalModel(**SETTINGS, regimen_coding="reference", priors=wide)
        draws = model.fit(frame, sampler="laplace").tree["posterior"].to_dataset()
        fraction = draws["reference_cure_fraction"]
        found = [np.log(draws["reference_median"]), draws["log_shape"], fraction, draws["log_hazard_ratio"]]
        expected = [*best.x[:2], 1.0 / (1.0 + np.exp(-best.x[2])), best.x[3]]
        for values, value in zip(found, expected, strict=True):
            assert float(values.mean()) == pytest.approx(value, abs=0.25 * float(values.std()))


class TestEstimand:
    @pytest.mark.parametrize("options", [{}, {"covariates": ["x"]}, {"strata": ["line"]}])
    def test_the_fraction_is_survival_at_the_end_of_time(self, options):
        design = prepared(cohort(60), **options)
        parameters = design.prior(np.random.default_rng(1), 5)
        found = design.estimands(parameters, np.random.default_rng(0))["cure_fraction"]
        assert found.attrs["better"] == "higher"
        fraction = parameters["reference_cure_fraction"].to_numpy().reshape(5, -1)
        ratio = parameters["log_hazard_ratio"].to_numpy().ravel()
        slope = parameters["coefficient"].to_numpy().ravel() if "covariates" in options else np.zeros(5)
        for r, side in ((0, -0.5), (1, 0.5)):
            for d in range(5):
                risk = np.exp(side * ratio[d] + slope[d] * design.encoded.values.sum(axis=1))
                expected = np.mean(fraction[d, design.strata.index] ** risk)
                assert float(found[0, d, r]) == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize("options", [{"covariates": ["x"]}, {"strata": ["line"], "regimen_effect": "proportional"}])
    @pytest.mark.parametrize("scale", ["difference", "ratio"])
    def test_the_bias_that_tips(self, options, scale):
        """At the critical bias the fractions are apart by the threshold."""
        design = prepared(cohort(60), **options)
        parameters = design.prior(np.random.default_rng(1), 8)
        threshold = 0.02 if scale == "difference" else 1.05
        contrast = RegimenContrast("cure_fraction", None, "B", "A", scale, threshold)
        tips = design.critical_bias(parameters, contrast).ravel()
        fractions = design.estimands(parameters, np.random.default_rng(0))["cure_fraction"].to_numpy().reshape(8, 2)
        for d in np.flatnonzero(np.isfinite(tips)):
            one = parameters.isel(draw=[d])
            moved = design.without_bias(one, estimand="cure_fraction", time=None, regimen="B", bias=float(tips[d]))
            apart = moved[0, 0] - fractions[d, 0] if scale == "difference" else moved[0, 0] / fractions[d, 0]
            assert apart == pytest.approx(threshold, abs=1e-6)
        assert np.isfinite(tips).sum() >= 4

    def test_a_comparison_rank_and_threshold(self):
        fit = be.SurvivalModel(**SETTINGS).fit(cohort(120), sampler="laplace", seed=3)
        row = fit.compare("cure_fraction", reference="A").rows[0]
        assert row["scale"] == "difference"
        assert row["probability_better"] > 0.9
        assert 0.0 < float(fit.estimand("cure_fraction").mean()) < 1.0


class TestNotes:
    def test_maller_and_zhou_by_hand(self):
        # events at 2, 5, 9, follow-up to 12: the window is (6, 9] and holds one of five patients
        time, event = np.array([2.0, 5.0, 9.0, 10.0, 12.0]), np.array([True, True, True, False, False])
        assert short_follow_up(time, event) == pytest.approx((1.0 - 1.0 / 5.0) ** 5)
        assert short_follow_up(time, np.zeros(5, dtype=bool)) == 1.0

    @pytest.mark.parametrize(("follow_up", "told"), [((30.0, 48.0), 0), ((3.0, 6.0), 1)])
    def test_follow_up_without_a_plateau_is_noted(self, follow_up, told):
        found = [w for w in prepared(cohort(follow_up=follow_up)).warnings if w.code == "no_plateau"]
        assert len(found) == told

    def test_how_much_is_the_prior_is_noted(self):
        told = {}
        for follow_up in ((30.0, 48.0), (2.0, 4.0)):
            fit = be.SurvivalModel(**SETTINGS).fit(cohort(60, follow_up=follow_up), sampler="laplace", seed=3)
            told[follow_up] = [w["code"] for w in fit.evidence["warnings"]]
        assert "prior_speaks" not in told[30.0, 48.0]
        assert "prior_speaks" in told[2.0, 4.0]


def test_what_does_not_go_together_is_refused():
    for options, said in (
        ({"regimen_effect": "accelerated"}, "all would keep as many for good"),
        ({"regimen_effect": "nonproportional"}, '"proportional", "stratified" or "none"'),
        ({"baseline": "weibull", "priors": {"cure_fraction": be.Prior("Beta", alpha=1, beta=1)}}, "not a parameter"),
        ({"priors": {"cure_fraction": be.Prior("Normal", mu=0, sigma=1)}}, "cure_fraction"),
    ):
        with pytest.raises(be.AnalysisError, match=said):
            be.SurvivalModel(**{**SETTINGS, **options})


def test_a_study_keeps_its_default_prior():
    design = prepared(cohort(40))
    assert design.frozen()["priors"]["cure_fraction"]["alpha"] == 1
    assert "cure_fraction" in " ".join(design.prior_key[i][0] for i in range(1, 4))


def test_a_sensitivity_analysis_shows_it_without_a_fraction_and_with_other_priors_of_it():
    chosen = be.SurvivalModel(**SETTINGS, covariates=["x"])
    frame = cohort(40)
    design = prepare_design(chosen.analysis, chosen.read(frame))
    found = {v.label: v.spec for v in variations(chosen.analysis.spec, design, None)}
    assert not found["weibull hazards"].has("cure_fraction")
    halved = next(spec for label, spec in found.items() if label.startswith("cure fraction half as wide"))
    assert halved.prior("cure_fraction").default["beta"] == 16.0
    for spec in found.values():
        one = prepare_design(replace(chosen.analysis, spec=spec), chosen.read(frame))
        assert ("cure_fraction" in one.estimands(one.prior(np.random.default_rng(1), 2), None)) == spec.has(
            "cure_fraction"
        )


def test_a_frozen_analysis_is_the_same_model_at_the_next_look():
    chosen = be.SurvivalModel(**SETTINGS, strata=["line"])
    design = prepare_design(chosen.analysis, chosen.read(cohort(40)))
    later = prepare_design(frozen_analysis(chosen.analysis, design), chosen.read(cohort(60, seed=3)))
    assert later.structure[1:4] == design.structure[1:4]
    assert later.reference_time == design.reference_time
