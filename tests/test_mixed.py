"""Effects and arm counts in one model, arms with standard errors, and the arm that contrasts share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.runs.figures import figures_of
from bayes_escc.runs.run import prepare_design
from tests.helpers.synthesis import PARKINSON, VAGUE, row, sampled_point
from tests.oracles.meta import mixed_common_network, mixed_random_effects

PRIORS = {
    "effect": be.Prior("Normal", mu=0, sigma=2),
    "tau": be.Prior("HalfNormal", sigma=0.5),
    "baseline": be.Prior("Normal", mu=0, sigma=3),
}


def effect(study, y, se, experimental="new", control="old", **more):
    return {
        "study": study,
        "experimental": experimental,
        "control": control,
        "endpoint": "ORR",
        "measure": "log OR",
        "estimate": y,
        "se": se,
        **more,
    }


def arms(study, *counted):
    return [{"study": study, "regimen": r, "endpoint": "ORR", "events": k, "n": n} for r, k, n in counted]


EFFECTS = pd.DataFrame([effect("Osaka", 0.62, 0.31), effect("Basel", 0.21, 0.25)])
COUNTS = pd.DataFrame([*arms("Wuhan", ("old", 0, 19), ("new", 6, 22)), *arms("Lyon", ("old", 14, 60), ("new", 23, 58))])


@pytest.fixture(scope="module")
def pairwise():
    table = be.combine_evidence(EFFECTS, COUNTS)
    model = be.SynthesisModel(likelihood="binomial", control="old", priors=PRIORS)
    return model.fit(table, seed=3, draws=2000)


def test_effects_and_counts_together_meet_the_grid(pairwise):
    """A random-effects model of two published log odds ratios and two trials, one with a zero cell."""
    assert pairwise.diagnostics.converged
    trials = [((0, 19), (6, 22)), ((14, 60), (23, 58))]
    expected = mixed_random_effects(
        [(0.62, 0.31), (0.21, 0.25)], trials, PRIORS["tau"].to_scipy(), mu_sd=2.0, baseline_sd=3.0
    )
    for name in ("mu", "tau"):
        found = row(pairwise, name)
        assert abs(found["mean"] - expected[name][0]) < 4 * found["mcse_mean"]
        assert found["sd"] == pytest.approx(expected[name][1], rel=4 * (2 * found["ess_bulk"]) ** -0.5)


def test_a_mixed_fit_has_likelihoods_predictions_and_figures(pairwise, tmp_path):
    tree = pairwise.tree
    assert tree["log_likelihood"].dataset["events"].sizes["arm"] == 4
    assert tree["log_likelihood"].dataset["published"].sizes["published_study"] == 2
    assert tree["posterior_predictive"].dataset["published"].sizes["published_row"] == 2
    assert np.isnan(tree["constant_data"].dataset["y"].to_numpy()).tolist() == [False, False, True, False]
    loaded = be.Posterior.load(pairwise.save(tmp_path / "mixed.nc"))
    assert be.to_result(loaded) == be.to_result(pairwise)
    assert be.to_result(pairwise)["data"]["patients"] == 159  # those the table tells of
    assert set(figures_of(pairwise, ())) == {"forest", "funnel", "heterogeneity"}
    with pytest.raises(be.AnalysisError, match="arms with counts and published effects"):
        be.loo(pairwise)


def test_sensitivity_of_effects_and_counts_takes_log_odds_ratios():
    model = be.SynthesisModel(likelihood="binomial", control="old", priors=PRIORS)
    found = be.sensitivity(model, be.combine_evidence(EFFECTS, COUNTS[COUNTS["study"] == "Lyon"]))
    assert {"without Osaka", "without Basel", "without Lyon"} <= {r["label"] for r in found.rows}


@pytest.fixture(scope="module")
def triangle():
    effects = pd.DataFrame(
        [
            effect("E1", 0.5, 0.3, "B", "A"),
            effect("E2", 0.9, 0.35, "C", "A", control_se=0.2),
            effect("E2", 0.4, 0.33, "B", "A", control_se=0.2),
        ]
    )
    counts = pd.DataFrame([*arms("K1", ("B", 12, 40), ("C", 17, 41)), *arms("K2", ("A", 5, 30), ("C", 11, 33))])
    return be.combine_evidence(effects, counts)


def test_a_mixed_network_meets_the_grid(triangle):
    """The three-armed E2 enters the oracle as two uncorrelated combinations of its contrasts."""
    priors = {k: PRIORS[k] for k in ("effect", "baseline")}
    model = be.SynthesisModel(network=True, pooling="common", likelihood="binomial", reference="A", priors=priors)
    posterior = model.fit(triangle, seed=5, draws=2000)
    V = np.array([[0.35**2, 0.04], [0.04, 0.33**2]])
    values, vectors = np.linalg.eigh(V)
    X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.9, 0.4])
    rotated = [(tuple(v @ X), v @ y, s**0.5) for v, s in zip(vectors.T, values, strict=True)]
    expected = mixed_common_network(
        [((1, 0), 0.5, 0.3), *rotated],
        [((-1, 1), (12, 40), (17, 41)), ((0, 1), (5, 30), (11, 33))],
        effect_sd=2.0,
        baseline_sd=3.0,
        correlation=0.5,
    )
    for regimen, (mean, sd, _) in zip("BC", expected, strict=True):
        found = row(posterior, "mu", regimen=regimen)
        assert abs(found["mean"] - mean) < 4 * found["mcse_mean"]
        assert found["sd"] == pytest.approx(sd, rel=4 * (2 * found["ess_bulk"]) ** -0.5)


def test_the_model_and_the_arrays_of_a_mixed_network_have_the_same_likelihood(triangle):
    model = be.SynthesisModel(network=True, likelihood="binomial", reference="A", priors=PRIORS)
    design = prepare_design(model.analysis, triangle)
    built = design.build()
    draws = design.prior(np.random.default_rng(2), 5)
    for name in ("events", "published"):
        logp = built.compile_logp(vars=[built[name]], sum=True, mode="FAST_COMPILE")
        expected = design.log_likelihood(draws)[name].to_numpy().sum(axis=-1)[0]
        for i in range(5):
            assert float(logp(sampled_point(design, built, draws, i))) == pytest.approx(expected[i], rel=1e-9)


def test_counts_as_normal_effects_join_the_exact_route(triangle):
    """With a normal likelihood everything is exact, and equal to giving the log odds ratios as effects."""
    model = be.SynthesisModel(network=True, reference="A")
    mixed = model.fit(triangle)
    assert mixed.sampler == "exact"

    def log_odds_ratio(control, new):
        (a, n), (b, m) = control, new
        return np.log(b * (n - a) / (a * (m - b))), np.sqrt(1 / a + 1 / (n - a) + 1 / b + 1 / (m - b))

    frame = triangle.effects.to_frame().drop(columns=["y", "ci_low", "ci_high", "ci_level"])
    more = [
        effect("K1", *log_odds_ratio((12, 40), (17, 41)), "C", "B"),
        effect("K2", *log_odds_ratio((5, 30), (11, 33)), "C", "A"),
    ]
    pure = model.fit(be.read_effects(pd.concat([frame, pd.DataFrame(more)])))
    for regimen in "BC":
        one, two = row(mixed, "mu", regimen=regimen), row(pure, "mu", regimen=regimen)
        np.testing.assert_allclose(
            one[["mean", "sd", "lower", "upper"]].astype(float),
            two[["mean", "sd", "lower", "upper"]].astype(float),
            rtol=1e-8,
        )


def test_one_empty_part_leaves_the_pure_route():
    table = be.combine_evidence(EFFECTS.assign(line="first"), COUNTS.assign(line="second"))
    settings = {"likelihood": "binomial", "control": "old", "priors": PRIORS, "where": {"line": "second"}}
    analysis = be.SynthesisModel(**settings).analysis
    mixed_design, pure_design = prepare_design(analysis, table), prepare_design(analysis, table.counts)
    assert mixed_design.structure == pure_design.structure
    for name, values in pure_design.data.items():
        np.testing.assert_array_equal(mixed_design.data[name], values)
    settings = {"where": {"line": "first"}, "priors": {"tau": PRIORS["tau"]}}
    mixed, pure = (be.SynthesisModel(**settings).fit(t) for t in (table, table.effects))
    assert be.to_result(mixed)["estimates"] == be.to_result(pure)["estimates"]
    with pytest.raises(be.AnalysisError, match="no row of the DataFrame is left"):
        be.SynthesisModel(likelihood="binomial", control="old", where={"line": "first"}).fit(table)


def test_what_cannot_be_combined_is_refused():
    model = be.SynthesisModel(network=True, likelihood="binomial")
    with pytest.raises(be.DataError) as caught:
        model.fit(be.combine_evidence(EFFECTS.assign(study=["Lyon", "basel"]), COUNTS))
    assert str(caught.value) == (
        "Lyon would count twice: both the DataFrame (effects) and the DataFrame (counts) give it. Keep each study in "
        "one of the two; counts say more than an effect does."
    )
    with pytest.raises(be.DataError, match=r"HR and the odds ratios that counts give are on different scales\. Give"):
        model.fit(be.combine_evidence(EFFECTS.assign(measure="HR", estimate=0.8), COUNTS))
    with pytest.raises(be.DataError, match=r"2 pieces .* \(1\) y, x; \(2\) new, old"):
        model.fit(be.combine_evidence(EFFECTS.assign(experimental="y", control="x"), COUNTS))
    with pytest.raises(be.AnalysisError, match="there is no column 'line'"):
        be.SynthesisModel(network=True, where={"line": "x"}).fit(be.combine_evidence(EFFECTS, COUNTS))
    with pytest.raises(be.AnalysisError, match="regimen 'newer' is in neither table"):
        be.SynthesisModel(network=True, regimens=["newer", "old"]).fit(be.combine_evidence(EFFECTS, COUNTS))
    with pytest.raises(be.AnalysisError, match="beside the effects"):
        model.fit(be.read_effects(EFFECTS))
    with pytest.raises(be.AnalysisError, match=r"data.counts: belongs to kind = .effects., not .counts."):
        be.Analysis.from_dict({"data": {"kind": "counts", "counts": "x.csv"}, "model": {"family": "synthesis"}})


def test_labels_of_both_tables_are_selected_as_those_of_one_are():
    both = be.combine_evidence(EFFECTS.replace("new", "new（weekly）"), COUNTS.replace("new", "new（weekly）"))
    effects, counts = both.select_both(endpoint=None, regimens=["new（weekly）", "old"], where={})
    assert effects is not None
    assert counts is not None
    with pytest.raises(be.AnalysisError, match="no row has study = basl"):
        both.select_both(endpoint=None, regimens=None, where={"study": [EFFECTS["study"].iloc[0], "basl"]})


def test_a_file_of_effects_and_a_file_of_counts(tmp_path, capsys):
    EFFECTS.to_csv(tmp_path / "effects.csv", index=False)
    COUNTS[COUNTS["events"] > 0].to_csv(tmp_path / "counts.csv", index=False)
    lines = [
        "[data]",
        'kind = "effects"',
        'file = "effects.csv"',
        'counts = "counts.csv"',
        'endpoint = "ORR"',
        'where = { study = ["Osaka", "Basel", "Lyon"] }',
        "[model]",
        'family = "synthesis"',
        "network = true",
        'reference = "old"',
    ]
    (tmp_path / "both.toml").write_text("\n".join(lines))
    assert main(["run", str(tmp_path / "both.toml"), "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    assert "new" in capsys.readouterr().out


def test_arms_with_standard_errors_are_exact_correlated_contrasts():
    """Parkinson's disease, TSD 2: the arms give what contrasts with the shared arm's error give."""
    rows = [
        {
            "study": f"Trial {s}",
            "treatment": f"T{a}",
            "outcome": "off time",
            "better": "lower",
            "mean": m,
            "std_error": e,
        }
        for s, a, m, e in PARKINSON
    ]
    model = be.SynthesisModel(network=True, pooling="common", reference="T1", priors=VAGUE)
    table = be.read_effects(pd.DataFrame(rows))
    posterior = model.fit(table)
    published = (("T2", -1.81, 0.33), ("T3", -0.47, 0.49), ("T4", -0.52, 0.48), ("T5", -0.82, 0.52))
    for regimen, mean, sd in published:
        found = row(posterior, "effect", regimen=regimen)
        assert found["mean"] == pytest.approx(mean, abs=0.0105)
        assert found["sd"] == pytest.approx(sd, abs=0.0105)
    note = next(w for w in table.warnings if w.code == "control_not_named")
    assert "Trial 1 (T1)" in note.message
    # which arm comes first changes nothing in a network
    other = model.fit(be.read_effects(pd.DataFrame(rows[::-1])))
    for regimen, *_ in published:
        one, two = row(posterior, "effect", regimen=regimen), row(other, "effect", regimen=regimen)
        np.testing.assert_allclose([one["mean"], one["sd"]], [two["mean"], two["sd"]], rtol=1e-8)


def test_some_studies_give_arms_and_others_contrasts():
    """The mixed table of the multinma vignette: arms of trials 1 to 3, contrasts of trials 4 to 7."""
    rows = []
    for study in range(1, 8):
        (_, control, base, base_se), *others = [a for a in PARKINSON if a[0] == study]
        common = {"study": f"Trial {study}", "endpoint": "off time", "better": "lower"}
        if study <= 3:
            rows += [
                {**common, "regimen": f"T{a}", "control": f"T{control}", "measure": "mean", "estimate": m, "se": e}
                for s, a, m, e in PARKINSON
                if s == study
            ]
        else:
            rows += [
                {
                    **common,
                    "regimen": f"T{a}",
                    "control": f"T{control}",
                    "measure": "MD",
                    "estimate": repr(m - base),
                    "se": repr(float(np.hypot(e, base_se))),
                    "control_se": base_se,
                }
                for _, a, m, e in others
            ]
    priors = {**VAGUE, "tau": be.Prior("HalfNormal", sigma=5)}
    posterior = be.SynthesisModel(network=True, reference="T4", priors=priors).fit(be.read_effects(pd.DataFrame(rows)))
    arms_alone = [
        {"study": f"Trial {s}", "regimen": f"T{a}", "endpoint": "off time", "better": "lower", "mean": m, "se": e}
        for s, a, m, e in PARKINSON
    ]
    same = be.SynthesisModel(network=True, reference="T4", priors=priors).fit(be.read_effects(pd.DataFrame(arms_alone)))
    for regimen in ("T1", "T2", "T3", "T5"):
        one, two = row(posterior, "effect", regimen=regimen), row(same, "effect", regimen=regimen)
        np.testing.assert_allclose([one["mean"], one["sd"]], [two["mean"], two["sd"]], rtol=1e-7)


def arm_row(study, regimen, y, **more):
    return {
        "study": study,
        "regimen": regimen,
        "endpoint": "x",
        "measure": "log odds",
        "estimate": y,
        "se": 0.2,
        **more,
    }


ARM_PROBLEMS = [
    (
        [arm_row("S1", "a", 0.1)],
        "row 2, column study 'S1': S1 has one arm only. Add its other arm, or remove the study.",
    ),
    (
        [arm_row("S1", "a", 0.1), arm_row("S1", "a", 0.2)],
        "row 3, column study 'S1': S1, a, x also stands in row 2. Keep one, or tell subgroups apart with a column "
        "population.",
    ),
    (
        [arm_row("S1", "a", 0.1), arm_row("S1", "b", 0.2, measure="mean")],
        "row 3, column measure 'mean': x is reported as mean here and as log odds in row 2. Bring all rows of an "
        "endpoint to one measure.",
    ),
    (
        [arm_row("S1", "a", 0.1, control="c"), arm_row("S1", "b", 0.2, control="c")],
        "row 2, column study 'S1': the control of S1 is not one of its arms (a, b). Name the same one in every row.",
    ),
    (
        [arm_row("S1", "a", 0.1), arm_row("S1", "b", 0.2, control="a", measure="log OR")],
        "row 2, column study 'S1': S1 is given as arms and as contrasts of x. Keep one of the two.",
    ),
    (
        [effect("S1", 0.1, 0.2, control_se="small")],
        "row 2, column control_se 'small': control_se is a number greater than 0. Correct it, or leave it blank.",
    ),
]


@pytest.mark.parametrize(("rows", "message"), ARM_PROBLEMS)
def test_each_check_of_arms_has_its_message(rows, message):
    with pytest.raises(be.DataError) as caught:
        be.read_effects(pd.DataFrame(rows).fillna(""))
    assert message in [str(p).rpartition(" [")[0] for p in caught.value.problems]


@pytest.mark.parametrize(
    ("measure", "columns", "variance"),
    [
        ("log HR", {"events_control": 50}, 1 / 50),
        ("log HR", {"control_se": 0.1}, 0.01),
        ("log OR", {"events_control": 50, "n_control": 150}, 1 / 50 + 1 / 100),
        ("log RR", {"events_control": 50, "n_control": 150}, 1 / 50 - 1 / 150),
    ],
)
def test_the_shared_arm_gives_the_covariance(measure, columns, variance):
    rows = [{**effect("S", y, 0.3, name, "old"), "measure": measure, **columns} for name, y in (("a", 0.1), ("b", 0.2))]
    design = prepare_design(be.SynthesisModel(network=True).analysis, be.read_effects(pd.DataFrame(rows)))
    np.testing.assert_allclose(design.contrasts.V, [[0.09, variance], [variance, 0.09]], rtol=1e-12)


@pytest.mark.parametrize(
    ("measure", "columns", "reason"),
    [
        ("log OR", {"events_control": 50}, "n_control is missing"),
        ("MD", {"events_control": 50}, "the variance of that arm is not known"),
        ("log OR", {"events_control": 50, "n_control": 40}, r"events_control \(50\) is not below n_control \(40\)"),
        ("log HR", {"control_se": 0.4}, "alone, 0.4, is not below that of the contrast, 0.3"),
    ],
)
def test_a_shared_arm_that_says_too_little_or_too_much_is_refused(measure, columns, reason):
    rows = [{**effect("S", y, 0.3, name, "old"), "measure": measure, **columns} for name, y in (("a", 0.1), ("b", 0.2))]
    with pytest.raises(be.DataError, match=reason):
        be.SynthesisModel(network=True).fit(be.read_effects(pd.DataFrame(rows)))


@pytest.mark.slow
def test_the_mixed_network_is_calibrated():
    """Simulation from the prior: trials of two and three arms, counts, effects and arms with errors in one network.

    Every arm has a deviation of its own, with variance tau^2 / 2, which is what a correlation of
    one half between contrasts means; nothing of the package takes part in simulating.
    """
    rng = np.random.default_rng(11)
    priors = {
        "effect": be.Prior("Normal", mu=0, sigma=1),
        "tau": be.Prior("HalfNormal", sigma=0.5),
        "baseline": be.Prior("Normal", mu=-0.5, sigma=1),
    }
    model = be.SynthesisModel(network=True, likelihood="binomial", reference="A", priors=priors)
    designs = {"K1": "ABC", "K2": "AB", "K3": "BC", "K4": "ABC", "K5": "AC"}
    ranks = []
    for _ in range(60):
        mu = {"A": 0.0, "B": rng.normal(), "C": rng.normal()}
        tau = abs(rng.normal(0, 0.5))

        def true(regimens, mu=mu, tau=tau):
            return {r: mu[r] + rng.normal(0, tau / 2**0.5) for r in regimens}

        counts = []
        for study, regimens in designs.items():
            logits = true(regimens)
            # the prior of the baseline is that of the first arm
            shift = rng.normal(-0.5, 1) - logits[regimens[0]]
            for r, logit in logits.items():
                n = int(rng.integers(20, 80))
                events = rng.binomial(n, 1 / (1 + np.exp(-logit - shift)))
                counts.append({"study": study, "regimen": r, "endpoint": "ORR", "events": events, "n": n})
        effects = []
        for study, regimens in (("E1", "AC"), ("E2", "ABC")):
            for r, logit in true(regimens).items():
                se = rng.uniform(0.15, 0.3)
                effects.append(
                    {
                        "study": study,
                        "regimen": r,
                        "endpoint": "ORR",
                        "measure": "log odds",
                        "estimate": repr(logit + rng.normal(0, se)),
                        "se": repr(se),
                    }
                )
        table = be.combine_evidence(pd.DataFrame(effects), pd.DataFrame(counts))
        posterior = model.fit(table, seed=int(rng.integers(2**31)), draws=250, tune=500)
        found = posterior.tree["posterior"].dataset
        ranks.append(
            [(found["mu"].sel(term=r).to_numpy() < mu[r]).mean() for r in "BC"]
            + [(found["tau"].to_numpy() < tau).mean()]
        )
    for name, values in zip(("B", "C", "tau"), np.array(ranks).T, strict=True):
        assert stats.kstest(values, "uniform").pvalue > 0.001, (name, np.sort(values))
