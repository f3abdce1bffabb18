"""Neither the order of rows, regimens, studies and covariates nor the reference changes a density or a prior rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.runs.run import prepare_design
from tests.helpers.synthesis import NETWORK, TRIALS, network

rng = np.random.default_rng(1)
COUNTS = pd.DataFrame(
    [(s, r, int(rng.integers(1, 15)), 25) for s in ("s1", "s2", "s3") for r in "ABC"],
    columns=["study", "regimen", "events", "n"],
).assign(endpoint="ORR")
RECIST = pd.DataFrame(
    [("t", r, c, k) for r, ks in (("A", (2, 7, 9, 5)), ("B", (1, 3, 9, 8)), ("C", (4, 4, 6, 6))) for c, k in
     zip(("CR", "PR", "SD", "PD"), ks, strict=True)],
    columns=["study", "regimen", "endpoint", "events"],
)  # fmt: skip
RECIST["n"] = RECIST.groupby("regimen")["events"].transform("sum")
PATIENTS = pd.DataFrame(
    {
        "patient_id": np.arange(60),
        "regimen": list("ABC") * 20,
        "x": rng.normal(size=60),
        "old": rng.integers(0, 2, 60),
        "centre": rng.choice(["u", "v", "w"], 60),
        "response": rng.integers(0, 2, 60),
        "time": rng.integers(1, 11, 60),
        "event": rng.integers(0, 2, 60),
    }
)
COVARIATES = [{"column": "x", "center": 0, "scale": 1}, {"column": "old"}]


def response(frame, regimens, covariates=None, **options):
    if covariates is not None:
        options["covariates"] = covariates
    model = be.ResponseModel(endpoint="ORR", regimens=regimens, **options)
    table = model.read(frame) if "patient_id" in frame else be.read_counts(frame)
    return prepare_design(model.analysis, table)


def survival(frame, regimens, covariates=(), **options):
    model = be.SurvivalModel(
        data_unit="months", regimens=regimens, covariates=covariates, times=[3], horizons=[6], **options
    )
    return prepare_design(model.analysis, model.read(frame))


FAMILIES = {
    "independent rates": (response, COUNTS, {}),
    "rates that share a mean": (response, COUNTS, {"pooling": "partial"}),
    "rates that differ between studies": (response, COUNTS, {"pooling": "partial", "pool_over": "studies"}),
    "beta-binomial": (response, COUNTS, {"likelihood": "beta_binomial"}),
    "RECIST categories": (response, RECIST, {"likelihood": "multinomial"}),
    "logistic": (response, PATIENTS, {"likelihood": "logistic", "covariates": COVARIATES}),
    "survival with covariates": (survival, PATIENTS, {"covariates": COVARIATES}),
    "frailty": (survival, PATIENTS, {"frailty": "centre", "baseline": "exponential"}),
    "ridge": (survival, PATIENTS, {"covariates": COVARIATES, "shrinkage": "ridge"}),
}


def log_density(design, parameters):
    """Log prior plus log likelihood of every draw."""
    parts = [*design.log_prior(parameters).data_vars.values()]
    likelihood = design.log_likelihood(parameters)
    parts += [array for name, array in likelihood.data_vars.items() if not str(name).endswith("_integrated")]
    return sum(p.sum([d for d in p.dims if d not in ("chain", "draw")]).to_numpy().ravel() for p in parts)


def in_the_order_of(design, parameters):
    """Parameters of the same names in the order that another design has them."""
    found = parameters
    if "log_hazard_ratio" in parameters:
        ratio = parameters["log_hazard_ratio"]
        known = {"A": 0.0 * ratio.isel(contrast=0, drop=True)}
        known |= {str(r): ratio.sel(contrast=r, drop=True) for r in ratio["contrast"].to_numpy()}
        first = design.regimens[0]
        values = np.stack([(known[r] - known[first]).to_numpy() for r in design.others], axis=-1)
        found = found.drop_vars("log_hazard_ratio").drop_dims("contrast", errors="ignore")
        found = found.assign_coords(contrast=list(design.others))
        found = found.assign(log_hazard_ratio=(("chain", "draw", "contrast"), values))
    for dim, labels in design.coords.items():
        if dim in found.coords and dim != "contrast":
            found = found.sel({dim: list(labels)})
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_order_changes_no_density(family):
    prepare, frame, options = FAMILIES[family]
    first = prepare(frame, ["A", "B", "C"], **options)
    turned = dict(options)
    if "covariates" in options:
        turned["covariates"] = options["covariates"][::-1]
    other = prepare(frame.sample(frac=1, random_state=3).reset_index(drop=True), ["C", "A", "B"], **turned)
    parameters = first.prior(np.random.default_rng(2), 6)
    np.testing.assert_allclose(
        log_density(other, in_the_order_of(other, parameters)), log_density(first, parameters), atol=1e-9
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_every_regimen_is_as_likely_to_be_the_best_before_the_data(family):
    prepare, frame, options = FAMILIES[family]
    design, draws = prepare(frame, ["A", "B", "C"], **options), 4000
    estimands = design.estimands(design.prior(np.random.default_rng(2), draws), np.random.default_rng(3))
    for name in {"rate", "predicted_rate", "median", "rmst"} & set(map(str, estimands.data_vars)):
        array = estimands[name]
        array = array.isel({d: 0 for d in array.dims if d not in ("chain", "draw", "regimen")})
        values = array.transpose("chain", "draw", "regimen").to_numpy().reshape(draws, 3)
        best = np.bincount(values.argmax(axis=1), minlength=3) / draws
        assert best == pytest.approx(1 / 3, abs=4.5 * np.sqrt(2 / 9 / draws)), name


class TestNetworkOfCounts:
    """The prior of a study's level is that of the mean of its arms: none of them is the one that it is about."""

    @pytest.mark.parametrize("reference", "ABCD")
    def test_neither_rows_nor_reference_change_the_density(self, reference):
        first = network(NETWORK, "A")
        other = network(NETWORK.sample(frac=1, random_state=5).reset_index(drop=True), reference)
        parameters = first.prior(np.random.default_rng(2), 6)
        mu = parameters["mu"]
        known = {"A": np.zeros(mu.shape[:2]), **{str(t): mu.sel(term=t).to_numpy() for t in mu["term"].to_numpy()}}
        turned = np.stack([known[t] - known[reference] for t in other.terms], axis=-1)
        mapped = parameters[["baseline"]].sel(trial=list(other.studies))
        mapped = mapped.assign_coords(term=list(other.terms)).assign(mu=(("chain", "draw", "term"), turned))
        np.testing.assert_allclose(log_density(other, mapped), log_density(first, parameters), atol=1e-9)

    def test_the_model_that_is_sampled_is_the_one_that_is_summarised(self):
        """The density PyMC has against log prior and log likelihood in NumPy."""
        design = network(NETWORK, "B")
        parameters = design.prior(np.random.default_rng(2), 3)
        with design.build() as model:
            logp = model.compile_logp()
            found = [
                float(logp({name: parameters[name].to_numpy()[0, i] for name in ("mu", "baseline")})) for i in range(3)
            ]
        np.testing.assert_allclose(found, log_density(design, parameters), rtol=1e-9)

    def test_arms_are_alike_before_the_data(self):
        design, draws = network(NETWORK, "A"), 4000
        logits = design._logits(design.prior(np.random.default_rng(4), draws))[0]
        for study in TRIALS:
            arms = [i for i, s in enumerate(design.counts.study) if s == study]
            best = np.bincount(logits[:, arms].argmax(axis=1), minlength=len(arms)) / draws
            assert best == pytest.approx(1 / len(arms), abs=4.5 * 0.5 / np.sqrt(draws))
            spread = logits[:, arms].std(axis=0)
            assert spread == pytest.approx(spread.mean(), rel=0.06)

    def test_the_reference_coding_keeps_the_level_of_the_first_arm(self):
        design = network(NETWORK, "A", regimen_coding="reference")
        parameters = design.prior(np.random.default_rng(4), 3)
        logits, of = design._logits(parameters), list(design.counts.study)
        assert logits[..., of.index("t1")] == pytest.approx(parameters["baseline"].sel(trial="t1").to_numpy())


def test_subgroups_are_alike_before_the_data():
    rows = pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(6)],
            "regimen": "drug",
            "control": "usual",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": [0.8, 0.7, 0.9, 0.85, 1.0, 0.95],
            "se": 0.2,
            "where": ["east", "west", "north"] * 2,
        }
    )
    for subgroup in ("where", {"column": "where", "heterogeneity": "separate"}):
        first, other = (
            prepare_design(be.SynthesisModel(endpoint="OS", subgroup=subgroup).analysis, be.read_effects(frame))
            for frame in (rows, rows.iloc[::-1].reset_index(drop=True))
        )
        draws = first.prior(np.random.default_rng(5), 4000)
        best = np.bincount(draws["mu"].to_numpy()[0].argmax(axis=-1), minlength=3) / 4000
        assert best == pytest.approx(1 / 3, abs=4.5 * np.sqrt(2 / 9 / 4000))
        few = draws.isel(draw=slice(5))
        mapped = few.sel(term=list(other.terms), row=list(other.row_labels))
        if "covariate" in few.coords:
            mapped = mapped.sel(covariate=list(other.effect_labels))
        np.testing.assert_allclose(log_density(other, mapped), log_density(first, few), atol=1e-9)
