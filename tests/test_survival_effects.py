"""Centre frailty and missing covariates against quadrature, PyMC's log density and known truth."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pytensor.compile import Mode

import bayes_escc as be
from bayes_escc.run import prepare_design
from tests.test_survival import DESIGNS, LIVER, NLR, cohort, scans

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
