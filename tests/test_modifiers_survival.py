"""Covariates that act differently on each regimen, in survival models: against brute force, and what is reported."""

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.evidence.population.simulated import simulated_event_rate, simulated_rate
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.report.bias_text import population_text
from bayes_escc.report.result import comparisons_of
from bayes_escc.runs.figures import drawings_of
from bayes_escc.runs.run import fit_analysis, prepare_design
from tests.helpers.published_survival import analysis, write

MODEL = {"covariates": ["liver"], "effect_modifiers": ["liver"]}


def two_regimens(n=60, seed=2):
    """Own patients on two regimens, the second of which helps those without the covariate alone."""
    rng = np.random.default_rng(seed)
    x, r = np.arange(n) % 2, (np.arange(n) // 2) % 2
    t = rng.exponential(size=n) * 6 / np.exp(0.5 * x - 0.8 * r * (1 - x))
    return pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "regimen": np.where(r, "B", "A"),
            "time": np.maximum(np.minimum(t, 12).round(2), 0.01),
            "event": (t < 12).astype(int),
            "liver": x,
        }
    )


def model(**more):
    return be.SurvivalModel(data_unit="months", horizons=[9], times=[6], **{**MODEL, **more})


def prepared(**more):
    chosen = model(**more)
    return prepare_design(chosen.analysis, chosen.read(two_regimens()))


@pytest.mark.parametrize(
    "more", [{"baseline": "weibull"}, {"baseline": "piecewise", "cutpoints": [2.0, 5.0]}, {"baseline": "exponential"}]
)
def test_every_estimand_is_that_of_patients_one_by_one(more):
    design = prepared(**more)
    parameters = design.prior(np.random.default_rng(0), 12)
    found = design.estimands(parameters, np.random.default_rng(0))
    curves = design.curves(parameters)
    slopes = parameters["coefficient"].to_numpy()[0]
    labels = list(design.risk.labels)
    assert labels == ["liver", "liver on A", "liver on B"]
    x = design.encoded.values[:, 0]
    grid = np.linspace(0, 9, 18_001)
    for r, name in enumerate(("A", "B")):
        cumulative = curves.cumulative(grid)[:, r]
        risk = np.exp(np.outer(slopes[:, 0] + slopes[:, 1 + r], x))
        alive = np.mean([np.exp(-cumulative * risk[:, [i]]) for i in range(len(x))], axis=0)
        area = np.trapezoid(alive, grid, axis=1)
        assert found["rmst"].sel(regimen=name).to_numpy().ravel() == pytest.approx(area, rel=2e-3)
        at_six = alive[:, np.argmin(np.abs(grid - 6))]
        assert found["survival"].sel(regimen=name).to_numpy().ravel() == pytest.approx(at_six, abs=1e-9)
        median = found["median"].sel(regimen=name).to_numpy().ravel()
        half = np.array(
            [np.exp(-curves.cumulative(np.array([m]))[k, r, 0] * risk[k]).mean() for k, m in enumerate(median)]
        )
        assert half == pytest.approx(np.full(12, 0.5), abs=1e-6)
    bias = design.critical_bias(parameters, RegimenContrast("rmst", 9.0, "B", "A", "difference", 0.0)).ravel()
    reference = found["rmst"].sel(regimen="A").to_numpy().ravel()
    for k in np.flatnonzero(np.abs(bias) < 10)[:4]:
        left = design.without_bias(parameters, estimand="rmst", time=9.0, regimen="B", bias=float(bias[k])).ravel()[k]
        assert left == pytest.approx(reference[k], rel=1e-4)


def test_the_model_is_that_of_numpy_with_a_published_arm(tmp_path):
    write(tmp_path)
    found = analysis(tmp_path, model=MODEL)
    design = prepare_design(found, found.load_table())
    pymc_model = design.build()
    parameters = design.prior(np.random.default_rng(3), 1)
    point = {}
    for variable in pymc_model.free_RVs:
        value, where = parameters[variable.name].to_numpy()[0, 0], pymc_model.rvs_to_values[variable].name
        point[where] = np.log(value) if where.endswith("_log__") else value
    by_pymc = float(pymc_model.compile_logp(vars=pymc_model.observed_RVs)(point))
    each = design.log_likelihood(parameters)
    by_numpy = sum(float(v.sum()) for v in each.data_vars.values())
    assert by_pymc == pytest.approx(by_numpy, abs=1e-8)


def test_a_modifier_with_a_published_arm_is_reported(tmp_path):
    write(tmp_path)
    posterior = fit_analysis(analysis(tmp_path, model=MODEL))
    result = be.to_result(posterior)
    report = result["population"]
    assert "may act differently on each regimen" in population_text(report)
    # a run draws what it says of published arms
    assert {"balance", "ledger", "tipping"} <= set(drawings_of(posterior, comparisons_of(posterior)))
    assert be.plots.ledger(posterior).axes[0].get_xlabel() == "Posterior standard deviation of the log hazard ratio"
    rows = {r["population"]: r["probability_better"] for r in report["populations"] if r["regimen"] == "B"}
    assert rows["own"] != rows["trial"]
    assert [r["subgroup"] for r in report["subgroups"]] == ["liver: yes", "liver: no"]
    told = {c["covariate"]: c["from_the_prior"] for c in report["identification"]}
    assert list(told) == ["liver", "liver, B against A"]
    assert not told["liver"]
    methods = [c["method"] for c in report["companions"]]
    assert methods == ["naive", "matching weights", "simulated treatment comparison"]


def test_subgroups_of_own_patients_find_the_interaction():
    strong = be.Prior("Normal", mu=0, sigma=1)
    posterior = model(baseline="exponential", priors={"interaction": strong}).fit(two_regimens(400), sampler="laplace")
    report = be.to_result(posterior)["population"]
    yes, no = report["subgroups"]
    assert (yes["patients"], no["patients"]) == (200, 200)
    assert no["probability_better"] > 0.99
    assert 0.02 < yes["probability_better"] < 0.98
    assert "hypothesis" in posterior.summary() or "hypothesis" in report["subgroup_warning"]


def test_what_modifiers_do_not_go_with(tmp_path):
    for more, message in (
        ({"shrinkage": "ridge"}, "not there with effect_modifiers"),
        ({"regimen_effect": "stratified"}, "no meaning with regimen_effect"),
        ({"covariates": [{"column": "liver", "missing": "impute"}]}, "modifiers do not take"),
        ({"effect_modifiers": ["age"]}, "a modifier is a covariate as well"),
        ({"effect_modifiers": (), "priors": {"interaction": be.Prior("Normal", mu=0, sigma=1)}}, "there are none"),
        ({"priors": {"interaction": be.Prior("Normal", mu=1, sigma=1)}}, "the same for every pair"),
    ):
        with pytest.raises(be.AnalysisError, match=message):
            model(**more)
    ratio = {"study": "trial", "experimental": "B", "control": "A", "endpoint": "PFS", "measure": "HR"}
    write(tmp_path, patients=False, ratio={**ratio, "estimate": 0.7, "ci_low": 0.5, "ci_high": 0.98, "ci_level": 0.95})
    found = analysis(tmp_path, model=MODEL, published={"effects": "effects.csv"})
    with pytest.raises(be.AnalysisError, match="average over its patients"):
        prepare_design(found, found.load_table())


def test_simulated_comparisons_are_exact_where_patients_are_alike():
    """Without differences between own and published patients they are the plain rates, and worth their number."""
    rng = np.random.default_rng(0)
    x = np.repeat([0.0, 1.0], 200)[:, None]
    y = (rng.random(400) < 0.3 + 0.3 * x[:, 0]).astype(float)
    wide, half = np.array([100.0]), np.array([0.5, 0.5])
    rate, worth = simulated_rate(x, y, np.array([[0.0], [1.0]]), half, wide)
    assert rate == pytest.approx(y.mean(), abs=1e-4)
    variances = [y[x[:, 0] == v].var() / 200 for v in (0, 1)]
    assert worth == pytest.approx(rate * (1 - rate) / (0.25 * sum(variances)), rel=1e-3)
    assert simulated_rate(x, np.ones(400), x, np.full(400, 1 / 400), wide) == (None, 0.0)
    time = rng.exponential(size=400)
    event, horizon = (time < 1).astype(float), 1.0
    rate, _ = simulated_event_rate(
        np.zeros((400, 0)), event, np.minimum(time, 1), np.zeros((1, 0)), np.ones(1), np.zeros(0), horizon
    )
    assert rate == pytest.approx(event.sum() / np.minimum(time, 1).sum())
