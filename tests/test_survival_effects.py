"""Centre frailty and missing covariates against quadrature, PyMC's log density and known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile import Mode
from scipy import stats

import bayes_escc as be
from bayes_escc.families.survival.missing import IMPUTATION_PRIORS
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import DESIGNS, LIVER, NLR, cohort, mean_matches, scans
from tests.oracles import effects_grid

AGE = {"column": "age", "missing": "impute"}
FILL = [{**NLR, "missing": "impute"}, {**LIVER, "missing": "impute"}, {"column": "ecog", "missing": "impute"}, AGE]


def incomplete(n=60, *, seed=1, share=0.25):
    """Patients of centres, with holes in four covariates."""
    rng = np.random.default_rng(seed + 100)
    frame = cohort(n, seed=seed).assign(
        centre=[f"C{i}" for i in rng.integers(0, 5, n)],
        ecog=(rng.random(n) < 0.5).astype(int),
        age=rng.normal(60, 9, n).round(),
        grade=rng.integers(0, 3, n),
    )
    for column in ("nlr", "liver", "ecog", "age"):
        frame[column] = frame[column].astype(object).where(rng.random(n) >= share, "")
    return frame


def design_of(frame, **options):
    model = be.SurvivalModel(data_unit="months", **options)
    return prepare_design(model.analysis, model.read(frame))


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


QUICK = ("weibull", "exponential stratified", "random walk nonproportional")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in DESIGNS])
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
    design = design_of(frame, entry="entry", covariates=FILL, frailty="centre", shrinkage="horseshoe", **options)
    theirs, parameters = at_a_point(design)
    outcome = sum(v for k, v in theirs.items() if not k.startswith("covariate"))
    assert float(design.log_likelihood(parameters)["time"].sum()) == pytest.approx(outcome, rel=1e-9)
    rng = np.random.default_rng(5)
    prior = design.prior(rng, 3)
    for estimand in design.estimands(prior, rng).data_vars.values():
        assert np.isfinite(estimand.to_numpy()).all()
    assert set(np.unique(design.simulate(prior, rng)["event"])) <= {0, 1}
    shares = parameters["branch_probability"].to_numpy()
    assert np.allclose(shares.sum(axis=-1), 1)


@pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
def test_what_the_compiled_model_holds_is_data(baseline):
    """A model built on one table, given the data of another of the same structure, is the model of the other."""
    frames = [incomplete(40, seed=1), incomplete(40, seed=1)]
    frames[1] = frames[1].assign(time=frames[1]["time"] * 1.3, centre=frames[1]["centre"].to_numpy()[::-1])
    frames[1]["age"] = [v if v == "" else 0.8 * v + 10 for v in frames[1]["age"]]
    frames[1]["nlr"] = [v if v == "" else v**2 for v in frames[1]["nlr"]]
    options = {"cutpoints": [3.0]} if baseline == "piecewise" else {}
    plain = {"center": 0.0, "scale": 1.0}
    covariates = [{**c, **plain} if c["column"] in ("nlr", "age") else c for c in FILL]
    designs = [design_of(f, baseline=baseline, covariates=covariates, frailty="centre", **options) for f in frames]
    assert designs[0].structure == designs[1].structure
    models = [d.build() for d in designs]
    given = {v.name for v in models[0].data_vars}
    assert given == set(designs[1].data)
    values = []
    for model in models:
        with model:
            pm.set_data({k: v for k, v in designs[1].data.items() if k in given})
        terms = model.logp(sum=False)
        find = model.compile_fn([t.sum() for t in terms], mode=Mode(linker="py", optimizer="fast_compile"))
        values.append(np.sum(find(models[0].initial_point())))
    assert values[0] == pytest.approx(values[1])
    assert not np.isclose(values[0], np.sum(_log_density(designs[0])))


def _log_density(design):
    model = design.build()
    terms = model.logp(sum=False)
    find = model.compile_fn([t.sum() for t in terms], mode=Mode(linker="py", optimizer="fast_compile"))
    return find(model.initial_point())


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

    @pytest.mark.slow
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
            frame["event"],
            frame["time"],
            coded,
            (np.log(4), 0.6),
            0.5,
            (IMPUTATION_PRIORS["intercept"]["sigma"], IMPUTATION_PRIORS["sd"]["sigma"]),
        )
        posterior = fit.tree["posterior"].to_dataset()
        mean_matches(posterior["coefficient"].isel(covariate=0), *truth["coefficient"])
        mean_matches(np.log(posterior["reference_median"]), *truth["log_median"])
        mean_matches(posterior["imputation_intercept"].isel(incomplete=0), *truth["intercept"])
        mean_matches(posterior["imputation_sd"].isel(incomplete_number=0), *truth["sd"])
        assert posterior["missing"].to_numpy()[0] == "nlr, row 3"
        assert "imputed" in {w["code"] for w in fit.evidence["warnings"]}

    def test_a_missing_yes_or_no_value(self):
        frame = cohort(30, seed=6).assign(regimen="A")
        frame["liver"] = frame["liver"].astype(object)
        frame.loc[[0, 4, 8, 12, 16, 20], "liver"] = ""
        covariate = {**LIVER, "missing": "impute"}
        prior = {"median": MEDIAN, "coefficient": be.Prior("Normal", mu=0, sigma=0.7)}
        fit = be.SurvivalModel(**PLAIN, covariates=[covariate], priors=prior).fit(frame, seed=3, draws=2000)
        truth = effects_grid.missing_flag(
            frame["event"],
            frame["time"],
            pd.to_numeric(frame["liver"], errors="coerce").to_numpy(),
            (np.log(4), 0.6),
            0.7,
            IMPUTATION_PRIORS["intercept"]["sigma"],
        )
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
            frame["event"],
            frame["time"],
            np.column_stack([frame["liver"], np.log(frame["nlr"])]),
            (np.log(4), 0.6),
            0.6,
        )
        mean_matches(fit.estimand("coefficient").sel(covariate="liver"), *truth["b0"])
        mean_matches(fit.estimand("coefficient").sel(covariate="nlr"), *truth["b1"])
        mean_matches(fit.estimand("coefficient_sd"), *truth["sd"])


class TestPerPatient:
    """The likelihood of a patient with frailties and missing values integrated out, by dense sums."""

    @pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
    def test_integrated(self, baseline):
        frame = incomplete(30, seed=4).drop(columns=["age"])
        options = {"baseline": baseline, "covariates": FILL[:2], "frailty": "centre", "times": [3], "horizons": [6]}
        # a level near the data: the rule of some twenty nodes is for draws of a posterior, not for any number
        if baseline == "piecewise":
            options["cutpoints"] = [3.0]
            options["priors"] = {"hazard": be.Prior("LogNormal", mu=np.log(0.2), sigma=0.6)}
        else:
            options["priors"] = {"median": MEDIAN}
        design = design_of(frame, **options)
        parameters = design.prior(np.random.default_rng(3), 4)
        found = design.log_likelihood(parameters)["time_integrated"].to_numpy()[0]
        nodes = np.linspace(-7, 7, 141)
        weight = stats.norm.pdf(nodes) / stats.norm.pdf(nodes).sum()
        for d in range(4):
            p = parameters.isel(chain=0, draw=d)
            curves = design.curves(parameters.isel(draw=[d]))
            for i in range(30):
                who = np.array([i])
                nlr, liver = design.encoded.values[i]
                on = design.risk.missing.fixed[i]
                a, tau = p["imputation_intercept"].to_numpy(), float(p["imputation_sd"][0])
                slope, link = p["imputation_slope"].to_numpy(), float(p["imputation_link"][0])
                spread = np.nanstd(design.encoded.values[:, 0])  # what is observed has mean 0
                u = np.array([nlr / spread]) if not np.isnan(nlr) else a[0] + slope[0] @ on + tau * nodes
                x = u * spread
                shares = np.ones(1) if not np.isnan(nlr) else weight
                logit = a[1] + slope[1] @ on + link * u
                beta, sd = p["coefficient"].to_numpy(), float(p["frailty_sd"])
                base = curves.patient_increment(design.regimen[who], np.zeros(1), design.follow_up.lower[who])[0, 0]
                hazard = curves.patient_log_hazard(design.regimen[who], design.follow_up.lower[who])[0, 0]
                above = below = 0.0
                for value in (0, 1):
                    if not np.isnan(liver) and liver != value:
                        continue
                    probability = 1 / (1 + np.exp(-logit if value else logit))
                    eta = beta[0] * x[:, None] + beta[1] * value + sd * nodes[None, :]
                    term = np.exp(design.follow_up.event[i] * (hazard + eta) - base * np.exp(eta)) @ weight
                    above += (shares * probability * term).sum()
                    below += (shares * probability).sum()
                assert found[d, i] == pytest.approx(np.log(above / below), abs=1e-3)

    def test_draws_keep_their_numbers(self):
        """Of a large table every second, third ... draw is kept, and says which."""
        model = be.SurvivalModel(
            baseline="exponential",
            regimen_effect="stratified",
            data_unit="months",
            priors={"hazard": be.Prior("Gamma", alpha=2, beta=8)},
        )
        frame = cohort(1500)
        fit = model.fit(frame, draws=1000)
        kept = fit.tree["log_likelihood"]["draw"].to_numpy()
        assert kept[1] > 1
        assert np.array_equal(kept, np.arange(0, 1000, kept[1]))
        hazard = fit.tree["posterior"]["hazard"].sel(draw=kept).isel(regimen=0).to_numpy()
        mine = np.flatnonzero(frame["regimen"] == "A")[0]
        expected = np.log(hazard) * frame["event"][mine] - hazard * frame["time"][mine]
        assert np.allclose(fit.tree["log_likelihood"]["time"].isel(patient=mine), expected)
        with pytest.raises(be.AnalysisError, match="nothing to integrate out"):
            be.loo(fit, integrated=True)
        assert be.loo(fit).p == pytest.approx(2, abs=0.6)


class TestCoding:
    def test_ordinal_levels_are_steps(self):
        frame = cohort(40).assign(ecog=[0, 1, 2, 1] * 10, grade=["low", "high", "middle", "high"] * 10)
        ordinal = {"column": "ecog", "coding": "ordinal"}
        text = {"column": "grade", "coding": "ordinal", "levels": ["low", "middle", "high"]}
        encoded = design_of(frame, covariates=[ordinal, text]).encoded
        assert encoded.labels == ("ecog[>=1]", "ecog[>=2]", "grade[>=middle]", "grade[>=high]")
        assert encoded.values[:4].tolist() == [[0, 0, 0, 0], [1, 0, 1, 1], [1, 1, 1, 0], [1, 0, 1, 1]]
        assert encoded.profile({"ecog": 2, "grade": "low"}).tolist() == [1, 1, 0, 0]
        assert encoded.constants[1] == ("ecog[>=2]", "2 against 1")
        with pytest.raises(be.DataError, match="order of high, low, middle is not known"):
            design_of(frame, covariates=[{"column": "grade", "coding": "ordinal"}])
        with pytest.raises(be.DataError, match="not one of low, high"):
            design_of(frame, covariates=[{**text, "levels": ["low", "high"]}])

    def test_bins_make_rows_that_do_not_grow(self):
        sizes = []
        for n in (300, 3000):
            design = design_of(
                cohort(n), baseline="piecewise", cutpoints=[2, 5], covariates=[{**NLR, "bins": 5}, LIVER]
            )
            sizes.append(len(design.cell_events))
            note = next(w for w in design.warnings if w.code == "binned")
            assert "5 bins stand for nlr and keep 8" in note.message
            values = design.encoded.values[:, 0]
            assert len(np.unique(values)) == 5
            assert values.mean() == pytest.approx(0, abs=1e-9)  # each bin is the mean of its patients
        assert sizes[1] <= 5 * 2 * 2 * 3
        with pytest.raises(be.AnalysisError, match="a weibull model has none"):
            be.SurvivalModel(covariates=[{**NLR, "bins": 5}])
        with pytest.raises(be.AnalysisError, match="lie between bins"):
            be.SurvivalModel(baseline="piecewise", covariates=[{**NLR, "bins": 5, "missing": "impute"}])

    def test_what_cannot_be_imputed_is_said(self):
        frame = incomplete(40).assign(stage=["I", "II", "III", ""] * 10)
        with pytest.raises(be.DataError, match="3 levels cannot be imputed"):
            design_of(frame, covariates=[{"column": "stage", "missing": "impute"}])
        with pytest.raises(be.DataError, match="the value is missing"):
            design_of(frame, covariates=[LIVER])
        assert design_of(frame, covariates=[{**LIVER, "missing": "complete_case"}]).patients < 40
        with pytest.raises(be.AnalysisError, match="not one of refuse"):
            be.ResponseModel(likelihood="logistic", covariates=[{**LIVER, "missing": "impute"}])


class TestImputation:
    """Priors and order of the regressions are stated, and what is imputed goes by the row of the table."""

    def test_missing_numbers_are_labelled_by_row(self):
        frame = incomplete(20)
        frame["regimen"] = np.where(np.arange(20) < 12, "B", "A")  # the reference comes last in the table
        design = design_of(frame, covariates=FILL, regimens=["A", "B"])
        blank = {c: [i + 2 for i in np.flatnonzero(frame[c] == "")] for c in ("nlr", "age")}
        expected = {f"{c}, row {i}" for c, rows in blank.items() for i in rows}
        assert set(design.prior(np.random.default_rng(1), 2)["imputed"]["missing"].to_numpy()) == expected
        column, row = next(iter(sorted(expected))).split(", row ")
        position = design.row_numbers.index(int(row))
        j = design.encoded.labels.index(column)
        assert design.encoded.missing[position, j]

    def test_a_stated_order_is_that_of_the_regressions(self):
        frame = incomplete(40)
        labels = [frame[c].eq("").sum() for c in ("nlr", "age")]
        first, second = (
            ("age", "nlr") if labels[0] <= labels[1] else ("nlr", "age")
        )  # not those with fewest holes first
        design = design_of(frame, covariates=FILL, imputation_order=[first, second, "ecog", "liver"])
        missing = design.risk.missing
        assert [design.encoded.labels[j] for j in missing.order] == [first, second, "ecog", "liver"]
        assert missing.links[0] == f"{second} on {first}"
        other = design_of(frame, covariates=FILL)
        assert other.structure != design.structure
        one = design_of(frame, covariates=FILL, imputation_order=["ecog"]).risk.missing
        assert [design.encoded.labels[j] for j in one.flags] == ["ecog", "liver"]
        with pytest.raises(be.AnalysisError, match=r"imputation_order: numbers come before .* put nlr before liver"):
            design_of(frame, covariates=FILL, imputation_order=["liver", "nlr"])

    def test_stated_priors_are_those_of_both_roads(self):
        priors = {
            "imputation_intercept": be.Prior("Normal", mu=1.0, sigma=0.1),
            "imputation_slope": be.Prior("Normal", mu=0, sigma=0.01),
            "imputation_sd": be.Prior("HalfNormal", sigma=3),
        }
        frame = incomplete(20)
        design, default = (design_of(frame, covariates=FILL, priors=p) for p in (priors, {}))
        assert design.structure != default.structure
        drawn = design.prior(np.random.default_rng(1), 4000)
        plain = Mode(linker="py", optimizer="fast_compile")
        model = design.build()
        for name, mean, sd in (("intercept", 1.0, 0.1), ("slope", 0.0, 0.01), ("sd", 3 * np.sqrt(2 / np.pi), None)):
            values = drawn[f"imputation_{name}"].to_numpy().reshape(4000, -1)
            spread = sd or 3 * np.sqrt(1 - 2 / np.pi)
            assert values.mean(axis=0) == pytest.approx(mean, abs=4.5 * spread / np.sqrt(4000))
            theirs = pm.draw(model[f"imputation_{name}"], 400, random_seed=2, mode=plain).reshape(400, -1)
            assert theirs.mean(axis=0) == pytest.approx(mean, abs=4.5 * spread / np.sqrt(400))
        assert "intercept ~ Normal(1, 0.1), slopes ~ Normal(0, 0.01), residual sd ~ HalfNormal(3)" in " ".join(
            design.priors_in_words()
        )

    def test_wrong_ones_are_explained(self):
        prior = be.Prior("HalfNormal", sigma=1)
        with pytest.raises(be.AnalysisError, match=r'imputation_sd: needs a covariate with missing = "impute"'):
            be.SurvivalModel(priors={"imputation_sd": prior})
        with pytest.raises(be.AnalysisError, match="grade is not a covariate with missing"):
            be.SurvivalModel(covariates=FILL, imputation_order=["grade"])
        with pytest.raises(be.AnalysisError, match="names a covariate twice"):
            be.SurvivalModel(covariates=FILL, imputation_order=["nlr", "nlr"])
        with pytest.raises(be.AnalysisError, match=r"imputation_sd.*one value holds for all"):
            be.SurvivalModel(covariates=FILL, priors={"imputation_sd": {"nlr": prior}})


class TestPopulations:
    """Results are averaged over patients at their own centres, or at new ones, with what is missing as drawn."""

    def test_by_hand(self):
        frame = incomplete(20, seed=3)
        common = {"covariates": FILL[:2], "frailty": "centre", "times": [4.0], "horizons": [6.0]}
        designs = {c: design_of(frame, centres=c, **common) for c in ("observed", "new")}
        parameters = designs["new"].prior(np.random.default_rng(2), 3)
        for centres, design in designs.items():
            found = design.estimands(parameters, np.random.default_rng(1))["survival"].to_numpy()[0, :, 0, 0]
            nodes = np.linspace(-7, 7, 201)
            weight = stats.norm.pdf(nodes) / stats.norm.pdf(nodes).sum()
            for d in range(3):
                p, curves = parameters.isel(chain=0, draw=d), design.curves(parameters.isel(draw=[d]))
                h = curves.cumulative(np.array([4.0]))[0, 0, 0]
                imputed = dict(zip(p["missing"].to_numpy(), p["imputed"].to_numpy(), strict=True))
                shares = dict(zip(p["unknown_patient"].to_numpy(), p["branch_probability"].to_numpy(), strict=True))
                total = 0.0
                for i, (nlr, liver) in enumerate(design.encoded.values):
                    x = imputed[f"nlr, row {i + 2}"] if np.isnan(nlr) else nlr
                    odds = shares[str(i + 1)] if np.isnan(liver) else [1 - liver, liver]
                    u = float(p["frailty_sd"]) * nodes, weight
                    if centres == "observed":
                        u = p["log_frailty"].sel(centre=frame["centre"][i]).to_numpy()[None], np.ones(1)
                    for value in (0, 1):
                        risk = np.exp(float(p["coefficient"][0]) * x + float(p["coefficient"][1]) * value + u[0])
                        total += odds[value] * (np.exp(-h * risk) * u[1]).sum() / 20
                assert found[d] == pytest.approx(total, abs=1e-6 if centres == "observed" else 1e-4)


@pytest.mark.parametrize("baseline", ["weibull", "exponential", "piecewise"])
def test_separation_is_explained(baseline):
    frame = cohort(40)
    none = frame.assign(event=np.where(frame["liver"] == 1, 0, frame["event"]))
    found = {w.code: w for w in design_of(none, baseline=baseline, covariates=[NLR, LIVER]).warnings}
    assert found["separation"].column == "liver"
    assert "none of the 11 patients with liver = 1 had the event" in found["separation"].message
    assert "wider and a narrower prior" in found["separation"].remedy
    first = frame.assign(lower=np.where(frame["regimen"] == "B", 0, frame["time"]))
    first = first.assign(upper=np.where(frame["regimen"] == "B", 2.0, frame["time"])).drop(columns=["time", "event"])
    found = {w.code: w.message for w in design_of(first, baseline=baseline, interval=("lower", "upper")).warnings}
    assert found["separation"] == "every patient on B had the event by the first look"
    chosen = design_of(none, baseline=baseline, where={"liver": 1})
    assert "no patient had the event" in {w.message for w in chosen.warnings}
    for odd in (frame[frame["regimen"] == "A"], frame.iloc[[0, 2, 4, 1]], frame.assign(event=0), frame.assign(time=0)):
        design = design_of(odd, baseline=baseline)
        estimands = design.estimands(design.prior(np.random.default_rng(1), 20), np.random.default_rng(1))
        assert np.isfinite(estimands["survival"]).all()


def test_centres_that_gave_one_regimen_each_are_noted():
    frame = pd.DataFrame(
        {
            "patient_id": range(40),
            "regimen": ["a", "b"] * 20,
            "time": 4.0,
            "event": [1, 1, 0, 1] * 10,
            "centre": ["x", "y", "z", "y"] * 10,
        }
    )
    noted = {w.code for w in design_of(frame, frailty="centre").warnings}
    assert "centres_confounded" in noted
    crossed = frame.assign(centre=["x", "x", "y", "y"] * 10)
    assert "centres_confounded" not in {w.code for w in design_of(crossed, frailty="centre").warnings}


def test_wrong_settings_are_explained():
    frame = incomplete(40)
    with pytest.raises(be.AnalysisError, match="there is no column 'center'"):
        design_of(frame, frailty="center")
    with pytest.raises(be.AnalysisError, match="hazards cannot differ between centres"):
        design_of(frame.assign(centre="x"), frailty="centre")
    with pytest.raises(be.DataError, match="the centre is blank"):
        design_of(frame.assign(centre=[""] + ["a", "b", "c"] * 13), frailty="centre")
    with pytest.raises(be.AnalysisError, match="is a covariate already"):
        be.SurvivalModel(frailty="nlr", covariates=[NLR])
    with pytest.raises(be.AnalysisError, match=r"needs model\.frailty"):
        be.SurvivalModel(centres="new")
    with pytest.raises(be.AnalysisError, match="one value holds for all"):
        be.SurvivalModel(frailty="c", priors={"frailty_sd": {"a": be.Prior("HalfNormal")}})
    with pytest.raises(be.AnalysisError, match="'C9' is not in the table"):
        design_of(frame, frailty="centre", population={"centre": "C9"})
    with pytest.raises(be.AnalysisError, match="needs covariates"):
        be.SurvivalModel(shrinkage="ridge")
    with pytest.raises(be.AnalysisError, match=r"priors\.coefficient\.NAME"):
        be.SurvivalModel(shrinkage="ridge", covariates=[NLR], priors={"coefficient": be.Prior("Normal")})
    with pytest.raises(be.AnalysisError, match="cannot be the few that matter"):
        design_of(cohort(40), shrinkage="horseshoe", covariates=[NLR, LIVER], relevant=2)
    with pytest.raises(be.AnalysisError, match="needs coefficients on one scale"):
        design_of(frame, shrinkage="ridge", covariates=[{**AGE, "scale": "none"}])
    model = be.SurvivalModel(data_unit="months", frailty="centre")
    with pytest.raises(be.AnalysisError, match="integrated=True"):
        be.exact_loo(model, model.read(frame))


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", ["MCAR", "MAR"])
@pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
def test_a_known_truth_is_recovered(baseline, mechanism):
    """Values missing at random, also where that hangs on the outcome: only complete cases are then wrong."""
    n, rng = 2000, np.random.default_rng(3)
    arm, liver = np.arange(n) % 2, (rng.random(n) < 0.4).astype(float)
    x = rng.normal(0.6 * liver - 0.3 * arm, 1.0)
    time = rng.exponential(size=n) / (np.log(2) / 4.0 * np.exp(-0.4 * arm + 0.7 * x + 0.6 * liver))
    stop = rng.uniform(3, 15, n)
    event = time <= stop
    early = event & (time < 3)
    share = np.where(early, 0.6, 0.1) if mechanism == "MAR" else np.full(n, 0.3)
    holes = rng.random((2, n)) < share
    frame = pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": np.where(arm, "B", "A"),
            "time": np.minimum(time, stop),
            "event": event.astype(int),
            "x": np.where(holes[0], np.nan, x),
            "liver": np.where(holes[1], np.nan, liver),
        }
    )
    options = {"cutpoints": [2.0, 5.0]} if baseline == "piecewise" else {}
    fits = {}
    for missing in ("impute", "complete_case"):
        covariates = [
            {"column": "x", "center": 0.0, "scale": 1.0, "missing": missing},
            {"column": "liver", "missing": missing},
        ]
        model = be.SurvivalModel(
            baseline=baseline, data_unit="months", covariates=covariates, times=[6], horizons=[6], **options
        )
        fits[missing] = model.fit(frame, seed=2, draws=500, tune=500, chains=2)

    def misses(fit, name, truth, **labels):
        draws = fit.estimand(name).sel(**labels)
        return abs(float(draws.mean()) - truth) / float(draws.std())

    fit = fits["impute"]
    assert fit.diagnostics.divergences == 0
    assert misses(fit, "coefficient", 0.7, covariate="x") < 4
    assert misses(fit, "coefficient", 0.6, covariate="liver") < 4
    assert misses(fit, "log_hazard_ratio", -0.4, contrast="B") < 4
    truth = np.exp(-6 * np.log(2) / 4 * np.exp(0.7 * x + 0.6 * liver)).mean()
    assert misses(fit, "survival", truth, regimen="A", time=6) < 4
    if mechanism == "MAR":
        assert misses(fits["complete_case"], "survival", truth, regimen="A", time=6) > 4
