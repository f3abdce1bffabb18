"""Centre frailty and missing covariates against quadrature, PyMC's log density and known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pytensor.compile import Mode

import bayes_escc as be
from bayes_escc.families.survival.missing import PRIORS
from bayes_escc.run import prepare_design
from tests.oracles import effects_grid
from tests.test_survival import DESIGNS, LIVER, NLR, cohort, mean_matches, scans

AGE = {"column": "age", "missing": "impute"}
FILL = [{**NLR, "missing": "impute"}, {**LIVER, "missing": "impute"}, {"column": "ecog", "missing": "impute"}, AGE]


def incomplete(n=60, *, seed=1, share=0.25):
    """Patients of centres, with holes in four covariates."""
    rng = np.random.default_rng(seed + 100)
    frame = cohort(n, seed=seed).assign(
        centre=[f"C{i}" for i in rng.integers(0, 5, n)], ecog=(rng.random(n) < 0.5).astype(int),
        age=rng.normal(60, 9, n).round(), grade=rng.integers(0, 3, n),
    )  # fmt: skip
    for column in ("nlr", "liver", "ecog", "age"):
        frame[column] = frame[column].astype(object).where(rng.random(n) >= share, "")
    return frame


def design_of(frame, **options):
    model = be.SurvivalModel(data_unit="months", **options)
    return prepare_design(model.analysis, model._table(frame))


def at_a_point(design, seed=3):
    """PyMC's log density by observed variable and the parameters, at a random point."""
    model, plain = design.build(), Mode(linker="py", optimizer="fast_compile")  # nothing to compile
    rng = np.random.default_rng(seed)
    point = {k: v + 0.2 * rng.normal(size=np.shape(v)) for k, v in model.initial_point(random_seed=3).items()}
    terms = model.logp(model.observed_RVs, sum=False)
    found = model.compile_fn([t.sum() for t in terms], on_unused_input="ignore", mode=plain)(point)
    outputs = [v for v in model.unobserved_value_vars if not v.name.endswith("__")]
    values = model.compile_fn(outputs, on_unused_input="ignore", mode=plain)(point)
    values = dict(zip([v.name for v in outputs], values, strict=True))
    prior = design.prior(rng, 2)
    parameters = xr.Dataset({k: (a.dims, np.asarray(values[k])[None, None]) for k, a in prior.data_vars.items()})
    return dict(zip([v.name for v in model.observed_RVs], map(float, found), strict=True)), parameters


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("kind", ["exact", "interval"])
def test_the_numpy_likelihood_is_the_one_sampled(name, kind):
    """With frailty, missing numbers and missing yes-or-no values, for every baseline and censoring."""
    options = dict(DESIGNS[name])
    frame = incomplete()
    frame["entry"] = np.where(np.arange(60) % 3 == 0, 0.3 * frame["time"], 0)
    if kind == "interval":
        frame = scans(frame)
        frame["entry"] = np.minimum(frame["entry"], frame["lower"])
        options["interval"] = ("lower", "upper")
    design = design_of(frame, entry="entry", covariates=FILL, frailty="centre", **options)
    theirs, parameters = at_a_point(design)
    outcome = sum(v for k, v in theirs.items() if not k.startswith("covariate"))
    assert float(design.log_likelihood(parameters)["progression"].sum()) == pytest.approx(outcome, rel=1e-9)
    rng = np.random.default_rng(5)
    prior = design.prior(rng, 3)
    for estimand in design.estimands(prior, rng).data_vars.values():
        assert np.isfinite(estimand.to_numpy()).all()
    assert set(np.unique(design.simulate(prior, rng)["event"])) <= {0, 1}
    shares = parameters["branch_probability"].to_numpy()
    assert np.allclose(shares.sum(axis=-1), 1)


MEDIAN = be.Prior("LogNormal", mu=np.log(4), sigma=0.6)
PLAIN = {"data_unit": "months", "baseline": "exponential", "regimen_effect": "none", "times": [6.0], "horizons": [6.0]}


class TestAgainstGrids:
    """Exponential models small enough to be integrated."""

    def test_frailty(self):
        rng = np.random.default_rng(7)
        frame = cohort(40, seed=8).assign(regimen="A", centre=np.repeat(["a", "b", "c", "d"], 10))
        frame["time"] = (frame["time"] * np.repeat([0.4, 0.8, 1.4, 2.5], 10) * rng.uniform(0.9, 1.1, 40)).round(3)
        priors = {"median": MEDIAN, "frailty_sd": be.Prior("HalfNormal", sigma=0.8)}
        model = be.SurvivalModel(**PLAIN, frailty="centre", centres="new", priors=priors)
        fit = model.fit(frame, seed=3, draws=2000)
        by_centre = frame.groupby("centre")
        truth = effects_grid.frailty(by_centre["event"].sum(), by_centre["time"].sum(), (np.log(4), 0.6), 0.8, 6.0)
        assert fit.diagnostics.converged
        mean_matches(fit.estimand("frailty_sd"), *truth["frailty_sd"])
        mean_matches(np.log(fit.estimand("reference_median")), *truth["log_median"])
        mean_matches(fit.estimand("survival").sel(regimen="A", time=6), *truth["new"])
        rows = fit.summary("frailty")
        assert list(rows["study"]) == ["a", "b", "c", "d"]
        assert rows["median"].iloc[0] > 1 > rows["median"].iloc[3]

    def test_a_missing_number(self):
        frame = cohort(24, seed=5).assign(regimen="A")
        frame["nlr"] = frame["nlr"].astype(object)
        frame.loc[[1, 6, 11, 16, 21], "nlr"] = ""
        x = np.log(pd.to_numeric(frame["nlr"], errors="coerce"))
        covariate = {**NLR, "missing": "impute", "center": float(x.mean()), "scale": float(x.std(ddof=0))}
        prior = {"median": MEDIAN, "coefficient": be.Prior("Normal", mu=0, sigma=0.5)}
        fit = be.SurvivalModel(**PLAIN, covariates=[covariate], priors=prior).fit(frame, seed=3, draws=2000)
        coded = ((x - x.mean()) / x.std(ddof=0)).to_numpy()
        truth = effects_grid.missing_number(
            frame["event"], frame["time"], coded, (np.log(4), 0.6), 0.5,
            (PRIORS["intercept"]["sigma"], PRIORS["sd"]["sigma"]),
        )  # fmt: skip
        posterior = fit.tree["posterior"].to_dataset()
        mean_matches(posterior["coefficient"].isel(covariate=0), *truth["coefficient"])
        mean_matches(np.log(posterior["reference_median"]), *truth["log_median"])
        mean_matches(posterior["imputation_intercept"].isel(incomplete=0), *truth["intercept"])
        mean_matches(posterior["imputation_sd"].isel(incomplete_number=0), *truth["sd"])
        assert posterior["missing"].to_numpy()[0] == "nlr, patient 2"
        assert "imputed" in {w["code"] for w in fit.evidence["warnings"]}

    def test_a_missing_yes_or_no_value(self):
        frame = cohort(30, seed=6).assign(regimen="A")
        frame["liver"] = frame["liver"].astype(object)
        frame.loc[[0, 4, 8, 12, 16, 20], "liver"] = ""
        covariate = {**LIVER, "missing": "impute"}
        prior = {"median": MEDIAN, "coefficient": be.Prior("Normal", mu=0, sigma=0.7)}
        fit = be.SurvivalModel(**PLAIN, covariates=[covariate], priors=prior).fit(frame, seed=3, draws=2000)
        truth = effects_grid.missing_flag(
            frame["event"], frame["time"], pd.to_numeric(frame["liver"], errors="coerce").to_numpy(),
            (np.log(4), 0.6), 0.7, PRIORS["intercept"]["sigma"],
        )  # fmt: skip
        posterior = fit.tree["posterior"].to_dataset()
        mean_matches(posterior["coefficient"].isel(covariate=0), *truth["coefficient"])
        mean_matches(np.log(posterior["reference_median"]), *truth["log_median"])
        mean_matches(posterior["imputation_intercept"].isel(incomplete=0), *truth["intercept"])
        mean_matches(posterior["branch_probability"].isel(unknown_patient=0, branch=1), *truth["probability"])

    def test_ridge(self):
        frame = cohort(30, seed=9).assign(regimen="A")
        prior = {"median": MEDIAN, "coefficient_sd": be.Prior("HalfNormal", sigma=0.6)}
        covariates = [LIVER, {**NLR, "center": 0.0, "scale": 1.0}]
        model = be.SurvivalModel(**PLAIN, covariates=covariates, shrinkage="ridge", priors=prior)
        fit = model.fit(frame, seed=3, draws=2000)
        truth = effects_grid.ridge(
            frame["event"], frame["time"], np.column_stack([frame["liver"], np.log(frame["nlr"])]),
            (np.log(4), 0.6), 0.6,
        )  # fmt: skip
        mean_matches(fit.estimand("coefficient").sel(covariate="liver"), *truth["b0"])
        mean_matches(fit.estimand("coefficient").sel(covariate="nlr"), *truth["b1"])
        mean_matches(fit.estimand("coefficient_sd"), *truth["sd"])
