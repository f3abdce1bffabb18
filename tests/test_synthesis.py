"""Evidence synthesis against closed forms, quadrature, published answers and NUTS."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.inference import entry_points
from bayes_escc.runs.run import prepare_design
from tests.helpers.synthesis import COUNSELLING, PARKINSON, SMOKING, VAGUE, assert_agree, row, sampled_point
from tests.oracles.meta import generalised_least_squares, random_effects
from tests.oracles.offsets import log_jacobian

SECOND_LINE = {"line": "second", "histology": "ESCC", "pd_l1": "any"}
SCHOOLS = pd.DataFrame(
    {
        "study": list("ABCDEFGH"),
        "experimental": "coaching",
        "control": "no coaching",
        "endpoint": "SAT-V",
        "measure": "MD",
        "estimate": [28, 8, -3, 7, -1, 1, 18, 12],
        "se": [15, 10, 16, 11, 9, 11, 10, 18],
        "better": "higher",
    }
)
SCHOOL_PRIORS = {"effect": be.Prior("Normal", mu=0, sigma=5), "tau": be.Prior("HalfCauchy", beta=5)}


@pytest.fixture(scope="module")
def trials():
    return be.load_dataset("pd1_trials_effects")


@pytest.fixture(scope="module")
def schools():
    return be.SynthesisModel(priors=SCHOOL_PRIORS).fit(SCHOOLS, seed=4, draws=4000)


@pytest.fixture(scope="module")
def schools_nuts():
    return be.SynthesisModel(priors=SCHOOL_PRIORS).fit(SCHOOLS, seed=4, sampler="nuts", draws=2000)


def pfs(trials, tau, **kwargs):
    model = be.SynthesisModel(
        endpoint="PFS",
        where={"study": ["ATTRACTION-3", "KEYNOTE-181", "ESCORT"], "histology": "ESCC", "pd_l1": "any"},
        priors={**VAGUE, "tau": tau},
    )
    return model.fit(trials, **kwargs)


TAU_PRIORS = [
    be.Prior("HalfNormal", sigma=0.5),
    be.Prior("HalfCauchy", beta=0.3),
    be.Prior("HalfStudentT", nu=3, sigma=0.4),
    be.Prior("LogNormal", mu=-1.5, sigma=0.8),
    be.Prior("Uniform", lower=0, upper=2),
    be.Prior("Exponential", lam=2),
    be.Prior("Gamma", alpha=0.5, beta=2),
    be.Prior("InverseGamma", alpha=2.5, beta=0.3),
]


@pytest.mark.parametrize("tau", TAU_PRIORS, ids=lambda p: p.distribution)
def test_quadrature_agrees_with_adaptive_quadrature(trials, tau):
    posterior = pfs(trials, tau)
    observed = posterior.observed
    cuts = [0.0, 0.1, 0.3]
    expected = random_effects(observed["y"].to_numpy(), observed["se"].to_numpy(), tau.to_scipy(), 0.0, 100.0, cuts)
    mu, spread = row(posterior, "mu"), row(posterior, "tau")
    np.testing.assert_allclose([mu["mean"], mu["sd"]], expected["mu"], rtol=2e-7)
    np.testing.assert_allclose([spread["mean"], spread["sd"]], expected["tau"], rtol=2e-7)
    for cut, p, new in zip(cuts, expected["below"], expected["new_below"], strict=True):
        assert posterior.probability("effect", below=np.exp(cut))["probability"].item() == pytest.approx(p, abs=1e-9)
        found = posterior.probability("predicted_effect", below=np.exp(cut))["probability"].item()
        assert found == pytest.approx(new, abs=1e-9)
    for cut, p in zip(cuts[1:], expected["tau_below"], strict=True):
        assert posterior.probability("tau", below=cut)["probability"].item() == pytest.approx(p, abs=1e-8)


def test_common_effect_is_the_inverse_variance_mean(trials):
    posterior = be.SynthesisModel(endpoint="OS", pooling="common", where=SECOND_LINE, priors=VAGUE).fit(trials)
    data = posterior.observed
    y, w = data["y"].to_numpy(), 1 / data["se"].to_numpy() ** 2
    precision = w.sum() + 1e-4
    law = stats.norm(w @ y / precision, precision**-0.5)
    found = row(posterior, "effect")
    np.testing.assert_allclose(
        found[["lower", "median", "upper"]].astype(float), np.exp(law.ppf([0.025, 0.5, 0.975])), rtol=1e-10
    )
    assert found["mean"] == pytest.approx(np.exp(law.mean() + law.var() / 2), rel=1e-10)
    assert posterior.probability("effect", below=0.8)["probability"].item() == pytest.approx(
        law.cdf(np.log(0.8)), abs=1e-12
    )
    assert [round(v, 2) for v in found[["median", "lower", "upper"]]] == [0.73, 0.66, 0.81]


def test_eight_schools_have_their_published_posterior(schools):
    """Gelman et al., Bayesian Data Analysis, 3rd ed., 5.5; reference draws of posteriordb."""
    for (estimand, labels), mean, sd in (
        (("mu", {}), 4.41, 3.31),
        (("tau", {}), 3.60, 3.23),
        (("study_effect", {"study": "A"}), 6.19, 5.60),
        (("study_effect", {"study": "C"}), 3.92, 5.34),
    ):
        found = row(schools, estimand, **labels)
        # the reference draws have a Monte Carlo error of about a hundredth of the standard deviation
        assert found["mean"] == pytest.approx(mean, abs=4 * 0.01 * sd)
        assert found["sd"] == pytest.approx(sd, abs=4 * 0.01 * sd)


def test_nuts_agrees_with_quadrature(schools, schools_nuts):
    assert schools.sampler == "exact"
    assert schools_nuts.diagnostics.converged
    assert_agree(schools_nuts, schools)
    for estimand, cut in (("effect", 0), ("predicted_effect", 0), ("tau", 2)):
        p = schools.probability(estimand, below=cut).iloc[0]
        q = schools_nuts.probability(estimand, below=cut).iloc[0]
        assert abs(p["probability"] - q["probability"]) < 4 * q["mcse_probability"]


def test_exact_draws_follow_the_exact_laws(schools):
    size = 16000
    for name in schools.estimand_names:
        for labels, draws in labelled_cells(schools.estimand(name)):
            law = schools.law_at(name, labels)
            p = float(law.cdf(np.quantile(draws, 0.3)))
            assert abs(p - 0.3) < 4 * np.sqrt(0.3 * 0.7 / size), (name, labels)
            for q in (0.025, 0.5, 0.975):
                assert float(law.cdf(law.quantile(q))) == pytest.approx(q, abs=1e-10)


def test_the_prior_laws_are_those_of_the_prior_draws(schools):
    for name in ("effect", "tau", "predicted_effect"):
        ((labels, draws),) = labelled_cells(schools.estimand(name, prior=True))
        law = schools.law_at(name, labels, prior=True)
        for q in (0.1, 0.5, 0.9):
            assert abs(float(law.cdf(np.quantile(draws, q))) - q) < 4 * np.sqrt(q * (1 - q) / draws.size)


@pytest.mark.parametrize("variant", ["schools", "network", "binomial"])
def test_the_model_and_the_arrays_have_the_same_likelihood(variant, parkinson, smoking):
    model, table = {
        "schools": (be.SynthesisModel(priors=SCHOOL_PRIORS), be.read_effects(SCHOOLS)),
        "network": (be.SynthesisModel(network=True), parkinson),
        "binomial": (be.SynthesisModel(network=True, likelihood="binomial", reference="No intervention"), smoking),
    }[variant]
    design = prepare_design(model.analysis, table)
    pymc_model = design.build()
    draws = design.prior(np.random.default_rng(2), 5)
    name = "events" if variant == "binomial" else "y"
    logp = pymc_model.compile_logp(vars=[pymc_model[name]], sum=True)
    expected = design.log_likelihood(draws)[name].to_numpy().sum(axis=-1)[0]
    for i in range(5):
        assert float(logp(sampled_point(design, pymc_model, draws, i))) == pytest.approx(expected[i], rel=1e-9)


@pytest.mark.parametrize("variant", ["schools", "network"])
def test_offsets_are_standard_normal_in_the_coordinates_they_are_sampled_in(variant, parkinson):
    """A change of variables: density of the residues = standard normal density of the offsets, times the Jacobian."""
    model, table = {
        "schools": (be.SynthesisModel(priors=SCHOOL_PRIORS), be.read_effects(SCHOOLS)),
        "network": (be.SynthesisModel(network=True), parkinson),
    }[variant]
    design = prepare_design(model.analysis, table)
    pymc_model = design.build()
    draws = design.prior(np.random.default_rng(3), 4)
    logp = pymc_model.compile_logp(vars=[pymc_model["residue__"], pymc_model["offset_density"]], sum=True)
    for i in range(4):
        offset, tau = draws["offset"].to_numpy()[0, i], float(draws["tau"][0, i])
        expected = -0.5 * float(np.sum(offset**2 + np.log(2 * np.pi))) + log_jacobian(tau, design.data["told_error"])
        assert float(logp(sampled_point(design, pymc_model, draws, i))) == pytest.approx(expected, rel=1e-9)


def test_moments_that_do_not_exist_are_absent(trials):
    heavy = pfs(trials, be.Prior("HalfCauchy", beta=0.5))
    assert pd.isna(row(heavy, "predicted_effect")["mean"])
    assert np.isfinite(row(heavy, "predicted_effect")["median"])
    light = row(pfs(trials, be.Prior("HalfNormal", sigma=0.4)), "predicted_effect")
    assert light[["mean", "sd"]].notna().all()
    # a half-normal prior of scale 0.5 lets the mean of a new ratio exist, but not its variance
    half = row(pfs(trials, be.Prior("HalfNormal", sigma=0.5)), "predicted_effect")
    assert np.isfinite(half["mean"])
    assert pd.isna(half["sd"])


def test_a_synthesis_survives_its_file(trials, tmp_path):
    posterior = pfs(trials, be.Prior("HalfNormal", sigma=0.5))
    loaded = be.Posterior.load(posterior.save(tmp_path / "p.nc"))
    assert be.to_result(loaded) == be.to_result(posterior)


# What the thesis prints, and the trials that reproduce it with the classical estimators.
def test_the_thesis_pool_of_second_line_pfs_up_to_the_prior_on_tau(trials):
    """Printed: 0.88 [0.68 to 1.14], a random-effects interval that takes tau as known."""
    posterior = pfs(trials, be.Prior("HalfNormal", sigma=0.5))
    assert round(row(posterior, "effect")["median"], 2) == 0.88
    y, se = (posterior.observed[v].to_numpy() for v in ("y", "se"))
    w = se**-2
    q = w @ (y - w @ y / w.sum()) ** 2
    tau = np.sqrt((q - 2) / (w.sum() - (w**2).sum() / w.sum()))  # DerSimonian and Laird
    known = pfs(trials, be.Prior("Uniform", lower=tau - 1e-7, upper=tau + 1e-7))
    found = row(known, "effect")
    assert (round(found["median"], 2), round(found["upper"], 2)) == (0.88, 1.14)
    assert found["lower"] == pytest.approx(0.685, abs=0.0006)  # prints 0.68 or 0.69
    wider = row(posterior, "effect")
    assert wider["lower"] < found["lower"] < found["upper"] < wider["upper"]


@pytest.mark.parametrize(
    ("line", "endpoint", "studies", "printed"),
    [
        ("first", "ORR", ["KEYNOTE-590", "ESCORT-1st", "CheckMate 648"], (1.99, 1.65, 2.39)),
    ],
)
def test_the_thesis_pools_of_counts_as_common_effects(line, endpoint, studies, printed):
    counts = be.load_dataset("pd1_trials_counts")
    model = be.SynthesisModel(
        endpoint=endpoint,
        pooling="common",
        control="arm",
        priors=VAGUE,
        where={"line": line, "population": "all", "study": studies},
    )
    found = row(model.fit(counts), "effect")
    assert tuple(round(found[c], 2) for c in ("median", "lower", "upper")) == printed


def test_the_thesis_pool_of_second_line_response():
    """Printed: 1.98 [0.81 to 4.84], DerSimonian-Laird; the pool is of ESCC patients."""
    counts = be.load_dataset("pd1_trials_counts").to_frame()
    chosen = counts[
        ((counts["study"] == "KEYNOTE-181") & (counts["population"] == "ESCC"))
        | (counts["study"].isin(["ATTRACTION-3", "ESCORT"]) & (counts["population"] == "all"))
    ]
    table = be.read_counts(chosen.drop(columns="percent"))
    model = be.SynthesisModel(
        endpoint="ORR", control="arm", priors={**VAGUE, "tau": be.Prior("Uniform", lower=0.7, upper=0.7001)}
    )
    found = row(model.fit(table), "effect")
    assert found["median"] == pytest.approx(1.98, abs=0.02)


def test_meta_regression_and_subgroups_are_generalised_least_squares(trials):
    first = {"where": {"population": "all", "endpoint": "OS"}, "regimens": None}
    table = trials.select(endpoint="OS", where={"population": "all"})
    kept = table.frame[table.frame["experimental"] != "nivolumab + ipilimumab"].drop(columns=["y", "se"]).astype(str)
    table = be.read_effects(kept)
    del first
    y, V = table.frame["y"].to_numpy(), np.diag(table.frame["se"] ** 2)
    second = (table.frame["line"] == "second").to_numpy(dtype=float)
    wide = {**VAGUE, "coefficient": be.Prior("Normal", mu=0, sigma=100)}
    model = be.SynthesisModel(pooling="common", priors=wide, covariates=[{"column": "line", "coding": "categorical"}])
    posterior = model.fit(table)
    estimate, error = generalised_least_squares(y, V, np.column_stack([np.ones(len(y)), second]))
    found = row(posterior, "coefficient")
    assert found["covariate"] == "line[second]"
    np.testing.assert_allclose([found["mean"], found["sd"]], [estimate[1], error[1]], rtol=1e-5)
    groups = be.SynthesisModel(pooling="common", priors=VAGUE, subgroup="line").fit(table)
    estimate, error = generalised_least_squares(y, V, np.column_stack([1 - second, second]))
    for level, e, s in zip(("first", "second"), estimate, error, strict=True):
        found = row(groups, "mu", covariate=f"line = {level}")
        np.testing.assert_allclose([found["mean"], found["sd"]], [e, s], rtol=1e-5)


@pytest.fixture(scope="module")
def parkinson():
    rows = []
    for study in range(1, 8):
        (_, control, base, base_se), *others = [a for a in PARKINSON if a[0] == study]
        rows += [
            {
                "study": f"Trial {study}",
                "experimental": f"T{arm}",
                "control": f"T{control}",
                "endpoint": "off time",
                "measure": "MD",
                "estimate": repr(mean - base),
                "se": float(np.hypot(se, base_se)),
                "control_se": base_se,
                "better": "lower",
            }
            for _, arm, mean, se in others
        ]
    return be.read_effects(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def smoking():
    rows = []
    for i, line in enumerate(SMOKING, start=1):
        *arms, which = line.split()
        for arm, t in zip(arms, which, strict=True):
            r, n = arm.split("/")
            rows.append(
                {
                    "study": f"Study {i}",
                    "regimen": COUNSELLING[int(t) - 1],
                    "endpoint": "abstinence",
                    "events": r,
                    "n": n,
                }
            )
    return be.read_counts(pd.DataFrame(rows), endpoints={"abstinence": "higher"})


def effects_of(posterior, reference):
    comparison = posterior.compare("mu", reference=reference, better="lower")
    return {r["regimen"]: (r["mean"], r["sd"]) for r in comparison.rows}


def test_a_common_effect_network_gives_the_published_answer(parkinson):
    """TSD 2, example 5 (mean difference in off time against placebo), printed to two decimals."""
    posterior = be.SynthesisModel(network=True, pooling="common", reference="T1", priors=VAGUE).fit(parkinson)
    for regimen, mean, sd in (("T2", -1.81, 0.33), ("T3", -0.47, 0.49), ("T4", -0.52, 0.48), ("T5", -0.82, 0.52)):
        found = row(posterior, "effect", regimen=regimen)
        assert found["mean"] == pytest.approx(mean, abs=0.0105)  # half a unit, and WinBUGS's own error
        assert found["sd"] == pytest.approx(sd, abs=0.0105)


def test_a_common_effect_network_is_generalised_least_squares(parkinson):
    """Arm by arm, with a free mean per study: an independent route to the correlated contrasts."""
    y = np.array([a[2] for a in PARKINSON])
    V = np.diag([a[3] ** 2 for a in PARKINSON])
    X = np.zeros((len(y), 7 + 5))
    for i, (study, arm, _, _) in enumerate(PARKINSON):
        X[i, study - 1] = 1
        X[i, 6 + arm] += 1
    X = np.delete(X, 7, axis=1)  # T1 is the reference
    estimate, error = generalised_least_squares(y, V, X)
    posterior = be.SynthesisModel(network=True, pooling="common", reference="T1", priors=VAGUE).fit(parkinson)
    for j, regimen in enumerate(("T2", "T3", "T4", "T5")):
        found = row(posterior, "effect", regimen=regimen)
        np.testing.assert_allclose([found["mean"], found["sd"]], [estimate[7 + j], error[7 + j]], rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def parkinson_random(parkinson):
    priors = {**VAGUE, "tau": be.Prior("Uniform", lower=0, upper=5)}
    return be.SynthesisModel(network=True, reference="T1", priors=priors).fit(parkinson, seed=6, draws=4000)


def test_a_random_effects_network_gives_the_published_answer(parkinson_random):
    published = (("T2", -1.85, 0.54), ("T3", -0.50, 0.66), ("T4", -0.53, 0.65), ("T5", -0.83, 0.80))
    for regimen, mean, sd in published:
        found = row(parkinson_random, "effect", regimen=regimen)
        assert found["mean"] == pytest.approx(mean, abs=0.03)
        assert found["sd"] == pytest.approx(sd, abs=0.05)
    tau = row(parkinson_random, "tau")
    np.testing.assert_allclose(tau[["mean", "sd", "median"]].astype(float), [0.40, 0.43, 0.28], atol=0.025)


def test_the_reference_does_not_change_a_comparison(parkinson, parkinson_random):
    priors = {**VAGUE, "tau": be.Prior("Uniform", lower=0, upper=5)}
    other = be.SynthesisModel(network=True, reference="T4", priors=priors).fit(parkinson, seed=6)
    one = row(parkinson_random, "effect", regimen="T4")
    two = row(other, "effect", regimen="T1")
    assert one["mean"] == pytest.approx(-two["mean"], abs=1e-3)  # the vague priors differ a little
    assert one["sd"] == pytest.approx(two["sd"], rel=1e-3)


def test_names_and_order_of_regimens_change_nothing(parkinson, parkinson_random):
    frame = parkinson.to_frame().drop(columns="y").iloc[::-1].astype(str).replace("nan", "")
    frame = frame.replace({"T2": "zzz", "T3": "aaa"}).drop(columns=["ci_low", "ci_high", "ci_level"])
    priors = {**VAGUE, "tau": be.Prior("Uniform", lower=0, upper=5)}
    renamed = be.SynthesisModel(network=True, reference="T1", priors=priors).fit(be.read_effects(frame))
    for before, after in (("T2", "zzz"), ("T3", "aaa"), ("T5", "T5")):
        one, two = row(parkinson_random, "effect", regimen=before), row(renamed, "effect", regimen=after)
        np.testing.assert_allclose(
            one[["mean", "sd", "lower", "upper"]].astype(float),
            two[["mean", "sd", "lower", "upper"]].astype(float),
            rtol=1e-7,
        )


def test_network_nuts_agrees_with_quadrature(parkinson, parkinson_random):
    priors = {**VAGUE, "tau": be.Prior("Uniform", lower=0, upper=5)}
    nuts = be.SynthesisModel(network=True, reference="T1", priors=priors).fit(
        parkinson, seed=6, sampler="nuts", draws=2000
    )
    assert_agree(nuts, parkinson_random)


def test_every_regimen_is_ranked_and_compared_with_every_other(parkinson_random):
    rows = parkinson_random.ranking_rows("effect", better="lower")
    assert sum(r["probability_best"] for r in rows) == pytest.approx(
        1, abs=5 * max(r["mcse_probability_best"] for r in rows)
    )
    assert max(rows, key=lambda r: r["sucra"])["regimen"] == "T2"
    league = parkinson_random.compare("effect", reference="T2", better="lower")
    assert {r["anchoring"] for r in league.rows} == {"randomised within trials, compared through the network"}
    exact = row(parkinson_random, "effect", regimen="T2")
    one = next(r for r in league.rows if r["regimen"] == "T1")
    assert one["mean"] == pytest.approx(-exact["mean"], abs=4 * exact["sd"] / 16000**0.5)


def test_a_new_trial_of_two_regimens_differs_by_one_heterogeneity(parkinson_random):
    """Whichever regimen is the reference: the variance added to a comparison is tau squared."""
    new, mu = parkinson_random.estimand("predicted_effect"), parkinson_random.estimand("mu")
    tau = parkinson_random.estimand("tau").to_numpy()
    for one, other in (("T2", "T3"), ("T1", "T4"), ("T4", "T5")):
        added = (new - mu).sel(regimen=one).to_numpy() - (new - mu).sel(regimen=other).to_numpy()
        z = added / tau
        assert abs(z.mean()) < 4 / z.size**0.5
        assert z.var() == pytest.approx(1, abs=4 * (2 / z.size) ** 0.5)


def test_correlated_contrasts_need_the_variance_of_the_shared_arm(parkinson):
    frame = parkinson.to_frame().drop(columns=["y", "control_se", "ci_low", "ci_high", "ci_level"]).astype(str)
    with pytest.raises(be.DataError, match="the variance of that arm is not known"):
        be.SynthesisModel(network=True).fit(be.read_effects(frame))
    with pytest.raises(be.DataError, match="share patients"):
        be.SynthesisModel().fit(be.read_effects(frame))


def test_a_network_in_pieces_is_refused_with_the_pieces(parkinson):
    kept = parkinson.select(where={"study": ["Trial 1", "Trial 6"]})
    with pytest.raises(be.DataError, match=r"2 pieces .* \(1\) T1, T3; \(2\) T4, T5|2 pieces .* \(1\) T3, T1"):
        be.SynthesisModel(network=True).fit(kept)


def test_smoking_cessation_gives_the_published_answer(smoking):
    """TSD 4, table 3: log odds ratios of a random-effects network with zero cells, binomial likelihood."""
    priors = {
        "effect": be.Prior("Normal", mu=0, sigma=100),
        "tau": be.Prior("Uniform", lower=0, upper=5),
        "baseline": be.Prior("Normal", mu=0, sigma=100),
    }
    model = be.SynthesisModel(network=True, likelihood="binomial", reference="No intervention", priors=priors)
    posterior = model.fit(smoking, seed=2, sampler="nuts", draws=2000)
    assert posterior.diagnostics.converged
    for regimen, mean, sd in zip(COUNSELLING[1:], (0.49, 0.84, 1.10), (0.40, 0.24, 0.44), strict=True):
        found = row(posterior, "mu", regimen=regimen)
        assert found["mean"] == pytest.approx(mean, abs=4 * found["mcse_mean"] + 0.01)
        assert found["sd"] == pytest.approx(sd, abs=0.03)
    tau = row(posterior, "tau")
    assert tau["median"] == pytest.approx(0.82, abs=4 * tau["mcse_mean"] + 0.005)
    best = {r["regimen"]: r["probability_best"] for r in posterior.ranking_rows("effect")}
    assert max(best, key=best.get) == "Group counselling"


def test_zero_cells_are_refused_by_the_normal_likelihood(smoking):
    with pytest.raises(be.DataError, match=r"Study 6 \(No intervention: 0/33\), Study 15 .* no continuity correction"):
        be.SynthesisModel(network=True, kind="counts").fit(smoking)


def test_questions_that_do_not_fit_are_refused_together():
    with pytest.raises(be.AnalysisError) as caught:
        be.Analysis.from_dict(
            {
                "data": {"kind": "effects"},
                "model": {"family": "synthesis", "network": True, "subgroup": "line", "pooling": "none"},
                "priors": {"baseline": {"distribution": "Normal"}},
            }
        )
    text = str(caught.value)
    assert "model.pooling" in text
    assert "model.subgroup: not available with network = true" in text
    assert "priors.baseline: is not a parameter here" in text


def test_a_network_refits_on_changed_data_without_compiling(parkinson, monkeypatch):
    priors = {**VAGUE, "tau": be.Prior("Uniform", lower=0, upper=5)}  # of the fit above, which is compiled already
    model = be.SynthesisModel(network=True, reference="T1", priors=priors)
    model.fit(parkinson, sampler="nuts", draws=200, tune=200)

    def refuse(_):
        raise AssertionError("a network of the same shape was compiled again")

    monkeypatch.setattr(entry_points, "compile_model", refuse)
    frame = parkinson.to_frame().drop(columns=["y", "ci_low", "ci_high", "ci_level"]).astype(str)
    frame["estimate"] = [str(round(float(v) + 0.1, 3)) for v in frame["estimate"]]
    again = model.fit(be.read_effects(frame), sampler="nuts", draws=200, tune=200)
    assert again.sampler == "nuts"
    assert model.fit(parkinson).sampler == "exact"


@pytest.mark.parametrize("name", ["pd1_second_line_pfs", "pd1_second_line_network"])
def test_results_keep_their_schema(name):
    import json

    from tests.helpers.schema import SCHEMA, conforms

    result = json.loads(be.report.result.to_json(be.to_result(be.fit_analysis(be.find_analysis(name)))))
    for block in set(SCHEMA) & set(result):
        records = result[block]
        for record in records if isinstance(records, list) else [records]:
            conforms(record, SCHEMA[block], block)
    assert "thresholds" in result or result["ranking"]


def test_a_covariate_may_be_named_alone():
    """`covariates = ["x"]` is `[{ column = "x" }]`."""

    def spec(covariates):
        content = {
            "schema": 1,
            "id": "a",
            "title": "A",
            "question": "Does it matter?",
            "data": {"kind": "effects", "dataset": "pd1_trials_effects", "endpoint": "OS"},
            "model": {"family": "synthesis", "covariates": covariates},
        }
        return Analysis.from_dict(content).spec

    assert spec(["line"]) == spec([{"column": "line"}])
    assert (
        be.SynthesisModel(covariates=["line"]).analysis.spec
        == be.SynthesisModel(covariates=[{"column": "line"}]).analysis.spec
    )


def test_a_meta_regression_says_in_what_unit_its_coefficient_is():
    frame = SCHOOLS.assign(dose=[str(d) for d in (1, 2, 3, 4, 5, 6, 7, 8)])
    priors = {**SCHOOL_PRIORS, "coefficient": be.Prior("Normal", mu=0, sigma=10)}
    model = be.SynthesisModel(covariates=[{"column": "dose"}], priors=priors)
    design = prepare_design(model.analysis, be.read_effects(frame))
    (note,) = [w for w in design.warnings if w.code == "covariate_scale"]
    assert "dose in the model is (dose - 4.5) / 2.44949" in note.message
