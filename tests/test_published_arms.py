"""Own patients beside published arms: against a grid, against patients, and what must not change."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli.entry import main
from bayes_escc.evidence.population.margins import Margin, integration_points, latent_correlation, margin_of
from bayes_escc.evidence.population.overlap import matching_weights, overlap_of
from bayes_escc.report.chinese import in_chinese
from bayes_escc.runs.run import prepare_design
from tests.helpers.published_arms import OWN, PUBLISHED, analysis, write
from tests.oracles.published_arms import grid_posterior, modified_posterior


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("published")
    write(found)
    return found


@pytest.fixture(scope="module")
def posterior(folder):
    return be.fit_analysis(analysis(folder))


def test_it_agrees_with_a_grid(folder, posterior):
    x, y = write(folder)
    a, b, c, weight = grid_posterior(x, y, 0.6, 50, 21)
    expit = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    share = x.mean()
    by_grid = {
        OWN: (weight * (share * expit(a + c) + (1 - share) * expit(a))).sum(),
        PUBLISHED: (weight * (share * expit(b + c) + (1 - share) * expit(b))).sum(),
    }
    rate = posterior.estimand("rate")
    for regimen, expected in by_grid.items():
        draws = rate.sel(regimen=regimen).to_numpy()
        assert abs(draws.mean() - expected) < 4 * draws.std() / np.sqrt(draws.size) + 2e-3  # half a cell of the grid
    better = (weight * ((b > a) + 0.5 * (b == a))).sum()
    (row,) = be.to_result(posterior)["comparisons"]
    assert abs(row["probability_better"] - better) < 4 * row["mcse_probability"] + 5e-3
    assert row["anchoring"] == "unanchored, not randomised"
    assert row["bias_sd"] == 0.5


def test_with_shared_coefficients_only_sizes_differ_between_populations(posterior):
    report = be.to_result(posterior)["population"]
    rows = [r for r in report["populations"] if r["regimen"] == PUBLISHED]
    assert {r["population"] for r in rows} == {"own", "trial", "pooled", "overlap"}
    assert len({r["probability_better"] for r in rows}) == 1
    assert len({round(r["rate"], 6) for r in rows}) == 4
    assert report["integration"]["rule"] == "exact"
    assert report["integration"]["without_correlation"] < 1e-9
    assert report["identification"][0]["sd_ratio"] < 0.9
    naive, matched, simulated = report["companions"]
    assert naive["note"] == "not a comparison of regimens"
    assert matched["ess"] < naive["ess"]
    assert (simulated["method"], simulated["note"]) == (
        "simulated treatment comparison",
        "for the published population",
    )
    assert 0 < simulated["ess"] < 1.5 * naive["ess"]
    # with one yes-or-no covariate both reweight the same two rates, but for the priors of the regression
    assert simulated["rate"] == pytest.approx(matched["rate"], abs=0.02)


def test_the_report_reads_against_the_reference_that_was_asked_for(folder):
    """As the headline does, whichever regimen comes first in the tables."""
    chosen = analysis(folder)
    design = prepare_design(chosen, chosen.load_table())
    draws = design.prior(np.random.default_rng(2), 400)
    forth, back = (design.population_report(draws, reference) for reference in (OWN, PUBLISHED))
    for one, other in ((forth, back), (back, forth)):
        (ratio,), (inverse,) = one["conditional"], other["conditional"]
        assert (ratio["regimen"], ratio["reference"]) == (inverse["reference"], inverse["regimen"])
        assert ratio["log_odds_ratio"] == pytest.approx(-inverse["log_odds_ratio"])
        for companion, turned in zip(one["companions"], other["companions"], strict=True):
            assert companion["log_odds_ratio"] == pytest.approx(-turned["log_odds_ratio"])
            assert companion["reference"] == turned["regimen"]
    for name in ("own", "trial", "pooled", "overlap"):
        rows, others = ([r for r in f["populations"] if r["population"] == name] for f in (forth, back))
        assert [r["regimen"] for r in rows] == [OWN, PUBLISHED]
        assert [r["regimen"] for r in others] == [PUBLISHED, OWN]
        assert others[0]["probability_better"] is None
        assert others[1]["probability_better"] == pytest.approx(1 - rows[1]["probability_better"])
        assert others[1]["difference"] == pytest.approx(-rows[1]["difference"])
    posterior = be.fit_analysis(replace(chosen, comparisons=(replace(chosen.comparisons[0], reference=PUBLISHED),)))
    result = be.to_result(posterior)
    (row,) = result["comparisons"]
    (said,) = (r for r in result["population"]["populations"] if r["population"] == "own" and r["regimen"] == OWN)
    assert said["difference"] == pytest.approx(row["median"], abs=1e-9)
    assert said["probability_better"] == pytest.approx(row["probability_better"])
    assert (design.rows, design.patients) == (60, 110)


def test_regimens_and_trials_that_may_be_one_are_noted(tmp_path):
    write(tmp_path, rows=[(s, r, "liver", "percent", 60.0) for s in ("ESCORT", "ESCORT, Asia") for r in ("B", "a")])
    rows = [
        {"study": "ESCORT", "regimen": "a", "endpoint": "ORR", "n": 50, "events": 20},
        {"study": "ESCORT, Asia", "regimen": "a", "endpoint": "ORR", "n": 20, "events": 9},
        {"study": "another", "regimen": "B", "endpoint": "DCR", "n": 20, "events": 9},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "arms.csv", index=False)
    chosen = analysis(tmp_path)
    said = [str(w) for w in prepare_design(chosen, chosen.load_table()).warnings]
    assert any("regimen 'a' resembles 'A'" in w for w in said)
    assert any("ESCORT, Asia, a may be a part or an update of ESCORT" in w for w in said)
    assert not any("ESCORT, a may be a part" in w for w in said)


def test_an_arm_that_is_a_point_counts_as_patients_do(tmp_path):
    write(tmp_path, share=100.0)
    found = analysis(tmp_path, overlap={"extrapolate": True}, population="own")
    design = prepare_design(found, found.load_table())
    parameters = design.prior(np.random.default_rng(0), 50)
    arm = design.log_likelihood(parameters)["published"].to_numpy()[..., 0]
    logit = parameters["intercept"].to_numpy()[..., 1] + parameters["coefficient"].to_numpy()[..., 0]
    one_by_one = -21 * np.logaddexp(0, -logit) - 29 * np.logaddexp(0, logit)
    constant = arm - one_by_one
    assert np.ptp(constant) < 1e-9
    huge = replace_values(parameters, 40.0)
    assert np.isfinite(design.log_likelihood(huge)["published"].to_numpy()).all()


def replace_values(parameters, size):
    return parameters.assign(
        intercept=parameters["intercept"] * 0 + size, coefficient=parameters["coefficient"] * 0 - 2 * size
    )


def test_the_arm_of_the_model_is_that_of_numpy(folder):
    found = analysis(folder)
    design = prepare_design(found, found.load_table())
    model = design.build()
    point = {"intercept": np.array([-0.3, 0.4]), "coefficient": np.array([0.7])}
    logs = model.compile_logp(vars=[model["published"]])(point)
    parameters = design.prior(np.random.default_rng(0), 1)
    parameters = parameters.assign(
        intercept=parameters["intercept"] * 0 + point["intercept"], coefficient=parameters["coefficient"] * 0 + 0.7
    )
    assert float(logs) == pytest.approx(float(design.log_likelihood(parameters)["published"].sum()), abs=1e-10)


def test_several_continuous_covariates_are_integrated_with_a_small_known_error(tmp_path):
    rows = [
        ("trial", PUBLISHED, "liver", "percent", 40.0),
        ("trial", PUBLISHED, "age", "mean", 60.0),
        ("trial", PUBLISHED, "age", "sd", 9.0),
        ("trial", PUBLISHED, "nlr", "median", 2.9),
        ("trial", PUBLISHED, "nlr", "q1", 2.0),
        ("trial", PUBLISHED, "nlr", "q3", 4.2),
    ]
    write(tmp_path, rows=rows)
    found = be.fit_analysis(analysis(tmp_path, covariates=["liver", "age", {"column": "nlr", "transform": "log"}]))
    integration = be.to_result(found)["population"]["integration"]
    assert integration["rule"] == "scrambled Sobol points"
    assert 0.0 < integration["change"] < 0.05


def test_margins_from_what_papers_print():
    assert margin_of({"percent": 40.0}, binary=True, positive=False, n=20) == Margin("binary", 0.4)
    assert margin_of({"mean": 40.0}, binary=True, positive=False, n=20) is None
    found = margin_of({"median": 60.0, "q1": 53.255, "q3": 66.745}, binary=False, positive=False, n=20)
    assert (found.kind, found.first, found.second) == ("normal", 60.0, pytest.approx(10.0))
    # the quartiles of exp(1 + 0.5 z)
    quartiles = {"median": np.exp(1.0), "q1": np.exp(1 - 0.5 * 0.67449), "q3": np.exp(1 + 0.5 * 0.67449)}
    found = margin_of(quartiles, binary=False, positive=True, n=20)
    assert found.second == pytest.approx(0.5, abs=1e-3)
    by_moments = margin_of({"mean": found.mean, "sd": found.sd}, binary=False, positive=True, n=20)
    assert by_moments.first == pytest.approx(found.first)
    assert by_moments.second == pytest.approx(found.second)


def test_points_reproduce_moments_and_correlation():
    exact = integration_points([Margin("binary", 0.3), Margin("normal", 2.0, 1.5)])
    assert exact.exact
    assert exact.weight @ exact.values == pytest.approx([0.3, 2.0], abs=1e-12)
    assert exact.weight @ (exact.values[:, 1] - 2.0) ** 2 == pytest.approx(2.25, abs=1e-10)
    related = np.array([[1.0, 0.5], [0.5, 1.0]])
    points = integration_points([Margin("normal", 0, 1), Margin("lognormal", 0, 0.5)], related, seed=3)
    logs = np.stack([points.values[:, 0], np.log(points.values[:, 1])])
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.5, abs=0.02)
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_normal([0, 0], related, 4000)
    assert latent_correlation(drawn)[0, 1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("related", [-0.6, 0.3, 0.8])
def test_a_copula_has_the_correlation_of_the_patients_it_was_learnt_from(related):
    """Cut or not, two covariates of the points are as related as those of the patients behind the copula."""
    drawn = np.random.default_rng(4).multivariate_normal([0, 0], [[1, related], [related, 1]], 40_000)
    for cuts in ((0.5, 0.2), (-1.2, 0.8), (0.4, None), (None, None)):
        x = np.stack([drawn[:, j] if c is None else (drawn[:, j] > c) * 1.0 for j, c in enumerate(cuts)], axis=1)
        latent = latent_correlation(x)
        assert latent[0, 1] == pytest.approx(related, abs=4 * 2 / np.sqrt(40_000)), cuts
        laws = [Margin("normal", 0, 1) if c is None else Margin("binary", x[:, j].mean()) for j, c in enumerate(cuts)]
        points = integration_points(laws, latent)
        centred = points.values - points.weight @ points.values
        found = (points.weight[:, None] * centred).T @ centred
        expected = np.corrcoef(x.T)[0, 1]
        assert found[0, 1] / np.sqrt(found[0, 0] * found[1, 1]) == pytest.approx(expected, abs=0.02), cuts


def test_a_combination_never_seen_among_few_is_no_perfect_correlation():
    x = np.zeros((80, 2))
    x[:8, 0] = x[8:16, 1] = 1.0  # a tenth have each; of 80, less than one was to be expected with both
    assert -0.3 < latent_correlation(x)[0, 1] < 0.0


def test_matching_weights_meet_the_means_or_do_not_exist():
    rng = np.random.default_rng(1)
    x = np.stack([rng.integers(0, 2, 80), rng.normal(0, 1, 80)], axis=1).astype(float)
    weights = matching_weights(x, np.array([0.7, 0.4]))
    assert weights @ x == pytest.approx([0.7, 0.4], abs=1e-6)
    assert matching_weights(x, np.array([0.5, 9.0])) is None
    far = overlap_of("far", ["a", "b"], x, np.array([0.5, 9.0]), np.array([0.5, 1.0]), [True, False])
    assert far.state == "none"
    near = overlap_of("near", ["a", "b"], x, x.mean(axis=0), x.std(axis=0), [True, False])
    assert near.state == "good"


def refused(folder, message, **options):
    found = analysis(folder, **options)
    with pytest.raises(be.DataError, match=message):
        prepare_design(found, found.load_table())


def test_what_is_refused_and_why(tmp_path, capsys):
    write(tmp_path, share=61.0)
    refused(tmp_path, "no whole number of 50 patients gives 61.0")
    write(tmp_path, rows=[("trial", PUBLISHED, "age", "mean", 60.0)])
    refused(tmp_path, "nothing usable is published of liver")
    write(tmp_path)
    two = pd.concat([pd.read_csv(tmp_path / "arms.csv")] * 2)
    two.to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, "would count twice")
    x, y = write(tmp_path)
    pd.DataFrame(
        [{"study": "ward paper", "regimen": OWN, "endpoint": "ORR", "n": len(x), "events": int(y.sum())}]
    ).to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, "seems to be the own patients")
    arm = {"study": "The WARD trial", "regimen": OWN, "endpoint": "ORR", "n": 44, "events": 20}  # of other counts
    pd.DataFrame([arm]).to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, "The WARD trial .* seems to be the own patients")
    rows = [("trial", PUBLISHED, "age", "mean", 140.0), ("trial", PUBLISHED, "age", "sd", 5.0)]
    write(tmp_path, rows=rows)
    refused(tmp_path, "Ways out", covariates=["age"])
    (tmp_path / "none.toml").write_text(
        """id = "none"
[data]
kind = "patients"
file = "own.csv"
endpoint = "ORR"
[published]
arms = "arms.csv"
covariates = "covariates.csv"
[model]
family = "response"
likelihood = "logistic"
covariates = ["age"]
""",
        encoding="utf-8",
    )
    assert main(["overlap", str(tmp_path / "none.toml")]) == 3
    said = capsys.readouterr()
    assert "Ways out" in said.err
    assert "age" in said.out


@pytest.mark.parametrize(
    ("name", "cell", "message"),
    [
        ("n", "0", "there are no patients in this arm"),
        ("n", "5_0", "n is not a number"),
        ("events", "21.5", "a fractional count"),
        ("design", "foo", "unknown design"),
    ],
)
def test_cells_of_published_arms_are_checked_as_counts_are(tmp_path, name, cell, message):
    write(tmp_path)
    rows = pd.read_csv(tmp_path / "arms.csv", dtype=str).assign(**{name: cell})
    if name == "n":
        rows = rows.assign(events="0")
    rows.to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, message)


@pytest.mark.parametrize(("cell", "fits"), [(".5", False), ("1e1", True), ("6_0", False), ("60.00000000000001", True)])
def test_printed_shares_are_read_as_percentages_of_counts_are(tmp_path, cell, fits):
    write(tmp_path, share=cell)
    found = analysis(tmp_path)
    if fits:
        prepare_design(found, found.load_table())
    else:
        refused(tmp_path, "no whole number of 50 patients" if "_" not in cell else "not a number")


def test_populations_and_bootstrap(folder):
    base = analysis(folder)
    found = {}
    pd.DataFrame({"liver": [1, 1, 1, 0, 1]}).to_csv(folder / "registry.csv", index=False)
    for population in ("own", "pooled", "overlap", {"study": "trial"}, {"liver": 1}, {"file": "registry.csv"}):
        chosen = analysis(folder, population=population)
        design = prepare_design(chosen, chosen.load_table())
        parameters = design.prior(np.random.default_rng(2), 400)
        found[str(population)] = design.estimands(parameters, np.random.default_rng(0))["rate"].to_numpy()
    assert len({round(float(v.mean()), 6) for v in found.values()}) == 6
    parts = [found["{'liver': 1}"], 5 * found["{'file': 'registry.csv'}"] - 4 * found["{'liver': 1}"]]
    assert ((parts[1] > 0) & (parts[1] < 1)).all()  # four of five with metastases, and one without
    boot = analysis(folder, estimands={"weights": "bootstrap"})
    design = prepare_design(boot, boot.load_table())
    parameters = design.prior(np.random.default_rng(2), 400)
    wider = design.estimands(parameters, np.random.default_rng(0))["rate"].to_numpy()
    same = (wider[..., 1] > wider[..., 0]) == (found["own"][..., 1] > found["own"][..., 0])
    assert same.all()  # one population for both regimens, so none gains by it
    assert not np.allclose(wider, found["own"])
    with pytest.raises(be.AnalysisError, match="no study"):
        prepare_design(analysis(folder, population={"study": "other"}), base.load_table())
    with pytest.raises(be.AnalysisError, match=r"estimands\.population"):
        analysis(folder, population="elsewhere")


def test_a_bootstrapped_published_population_varies_as_its_printed_share_does(tmp_path):
    write(tmp_path, share=40.0, n=50, events=21)
    boot = analysis(tmp_path, population={"study": "trial"}, estimands={"weights": "bootstrap"})
    design = prepare_design(boot, boot.load_table())
    points = design.population_points
    weight = design.laws.weights(points, 20_000, np.random.default_rng(1))
    shares = weight @ points.values[:, 0]
    assert shares.mean() == pytest.approx(0.4, abs=4 * 0.07 / np.sqrt(20_000))
    assert shares.std() == pytest.approx(np.sqrt(0.24 / 51), rel=0.02)  # of a Beta(20, 30)


def test_the_population_of_a_trial_is_that_of_all_its_arms(tmp_path):
    """Whichever row comes first: 48 of 60 and 6 of 30 with metastases, 54 of 90 together."""
    found = []
    for turned in (False, True):
        folder = tmp_path / str(turned)
        folder.mkdir()
        write(folder, rows=[("trial", "C", "liver", "percent", 20.0), ("trial", "B", "liver", "percent", 80.0)])
        rows = [
            {"study": "trial", "regimen": r, "endpoint": "ORR", "n": n, "events": 9} for r, n in (("B", 60), ("C", 30))
        ]
        pd.DataFrame(rows[::-1] if turned else rows).to_csv(folder / "arms.csv", index=False)
        chosen = analysis(folder, population={"study": "trial"}, overlap={"extrapolate": True})
        design = prepare_design(chosen, chosen.load_table())
        points = design.population_points
        assert points.weight @ points.values[:, 0] == pytest.approx((48 + 6) / 90)
        assert points.patients == 90
        assert [o.study for o in design.overlaps] == [
            f"trial, {r['regimen']}" for r in (rows[::-1] if turned else rows)
        ]
        report = design.population_report(design.prior(np.random.default_rng(2), 100))
        assert {r["population"] for r in report["populations"]} == {"own", "trial", "pooled", "overlap"}
        headline = design.estimands(design.prior(np.random.default_rng(2), 100), np.random.default_rng(0))["rate"]
        (said,) = (r["rate"] for r in report["populations"] if (r["population"], r["regimen"]) == ("trial", OWN))
        assert said == pytest.approx(float(headline.sel(regimen=OWN).median()))
        found.append(said)
    assert found[0] == pytest.approx(found[1])


def test_tables_of_one_paper_may_write_its_name_in_several_ways(tmp_path):
    write(tmp_path, rows=[("TRIAL", "b", "liver", "percent", 60.0)])
    chosen = analysis(tmp_path)
    design = prepare_design(chosen, chosen.load_table())
    assert design.points[0].weight @ design.points[0].values[:, 0] == pytest.approx(0.6)


@pytest.mark.slow
def test_nuts_agrees(folder, posterior):
    sampled = be.fit_analysis(analysis(folder, sampler="nuts"))
    for regimen in (OWN, PUBLISHED):
        a, b = (p.estimand("rate").sel(regimen=regimen).to_numpy() for p in (sampled, posterior))
        assert abs(a.mean() - b.mean()) < 5 * a.std() / np.sqrt(2000)


def test_results_are_saved_and_read(posterior, tmp_path):
    loaded = be.Posterior.load(posterior.save(tmp_path / "posterior.nc"))
    assert json.dumps(be.to_result(loaded)["population"]) == json.dumps(be.to_result(posterior)["population"])
    assert replace(loaded, seconds={}).analysis.sha256 == posterior.analysis.sha256


# ---- declared effect modifiers ------------------------------------------------------------------------------


def with_subgroups(folder, *, yes=(30, 6), no=(20, 15), total=(50, 21)):
    """The published arm once more, told apart by the covariate."""
    common = {"study": "trial", "regimen": PUBLISHED, "endpoint": "ORR"}
    rows = [] if total is None else [{**common, "n": total[0], "events": total[1], "subgroup": ""}]
    rows += [{**common, "n": yes[0], "events": yes[1], "subgroup": "liver = yes"}] if yes else []
    rows += [{**common, "n": no[0], "events": no[1], "subgroup": "liver = no"}] if no else []
    pd.DataFrame(rows).to_csv(folder / "arms.csv", index=False)


def relaxed(folder, **more):
    content = {"family": "response", "likelihood": "logistic", "covariates": ["liver"], "effect_modifiers": ["liver"]}
    return analysis(folder, model=content, **more)


def test_modifiers_agree_with_a_grid_with_and_without_subgroup_rows(tmp_path):
    x, y = write(tmp_path)
    ratios = []
    for rows, counts in ((None, [(None, 50, 21)]), ((30, 6), [(1, 30, 6), (0, 20, 15)])):
        if rows:
            with_subgroups(tmp_path)
        posterior = be.fit_analysis(relaxed(tmp_path))
        grid = modified_posterior(x, y, 0.6, counts)
        report = be.to_result(posterior)["population"]
        for population, share in (("own", x.mean()), ("trial", 0.6)):
            (row,) = (r for r in report["populations"] if r["population"] == population and r["regimen"] == PUBLISHED)
            mean, sd, better = grid.answer(share)
            assert row["difference"] == pytest.approx(mean, abs=0.15 * sd)  # median against mean
            assert row["probability_better"] == pytest.approx(better, abs=0.03)
        ratios.append({c["covariate"]: c["sd_ratio"] for c in report["identification"]}["liver, B against A"])
    assert ratios[1] < ratios[0] - 0.02  # by subgroup rows, of 50 patients, not much
    assert ratios[0] == pytest.approx(1.0, abs=0.05)


def test_modifiers_leave_the_published_population_and_widen_the_own(tmp_path, posterior):
    write(tmp_path)
    wide = {"interaction": {"distribution": "Normal", "mu": 0, "sigma": 1}}
    free = be.to_result(be.fit_analysis(relaxed(tmp_path, priors=wide)))["population"]
    shared = be.to_result(posterior)["population"]

    def width(report, population):
        (row,) = (r for r in report["populations"] if (r["population"], r["regimen"]) == (population, PUBLISHED))
        return row["difference_upper"] - row["difference_lower"], row["probability_better"]

    assert width(free, "trial")[0] == pytest.approx(width(shared, "trial")[0], rel=0.15)
    assert width(free, "own")[0] > width(shared, "own")[0]  # by 8 %; Monte Carlo error 1.5 %
    assert width(free, "own")[1] != width(free, "trial")[1]
    assert {r["subgroup"] for r in free["subgroups"]} == {"liver: yes", "liver: no"}
    assert "hypothesis" in free["subgroup_warning"]


def test_the_order_of_regimens_changes_nothing_under_modifiers(tmp_path):
    """Two own regimens in either order: the prior of the interaction favours none of them."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(90)],
            "regimen": np.repeat(["A", "B", "C"], 30),
            "response": np.where(rng.random(90) < 0.4, "PR", "SD"),
            "liver": rng.integers(0, 2, 90),
        }
    )
    found = []
    for names in (("A", "B", "C"), ("C", "A", "B")):
        renamed = frame.sort_values("regimen", key=lambda c: c.map(names.index), kind="stable")
        model = be.ResponseModel(likelihood="logistic", covariates=["liver"], effect_modifiers=["liver"])
        design = prepare_design(model.analysis, be.read_patients(renamed))
        parameters = design.prior(np.random.default_rng(0), 40_000)["coefficient"].to_numpy()[0]
        labels = dict(zip(design.labels, parameters.T, strict=True))
        found.append([(labels[f"liver on {a}"] - labels[f"liver on {b}"]).std() for a, b in ("AB", "BC", "AC")])
    assert np.array(found) == pytest.approx(np.full((2, 3), 0.35), rel=0.02)


def test_subgroup_rows_are_held_against_their_arm(tmp_path):
    write(tmp_path)
    with_subgroups(tmp_path, yes=(30, 7))
    refused(tmp_path, "add up to 22 of 50, and the arm has 21 of 50")
    with_subgroups(tmp_path, no=None)
    refused(tmp_path, "one row with the covariate and one without")
    with_subgroups(tmp_path, yes=(25, 6), no=(25, 15))
    refused(tmp_path, "25 of 50 patients have liver by its rows, and 60 % as printed")
    with_subgroups(tmp_path, total=None)
    found = analysis(tmp_path)
    design = prepare_design(found, found.load_table())
    assert design.known[0].n == 50
    assert design.count_labels == ["trial: B, liver = yes", "trial: B, liver = no"]
    refused(tmp_path, "no yes-or-no covariate of the model", covariates=["nlr"], published={"missing": "own"})
    rows = pd.read_csv(tmp_path / "arms.csv")
    rows.assign(subgroup=["liver = yes", "age = no"]).to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, "told apart by liver and by age")
    rows.assign(subgroup=["liver = yes", "sometimes"]).to_csv(tmp_path / "arms.csv", index=False)
    refused(tmp_path, "is not a covariate and whether it is present")
    content = {"family": "response", "likelihood": "logistic", "covariates": ["liver"], "effect_modifiers": ["nlr"]}
    with pytest.raises(be.AnalysisError, match="a modifier is a covariate as well"):
        analysis(tmp_path, model=content)


def test_a_headline_that_only_the_prior_answers_is_refused(tmp_path):
    write(tmp_path)
    found = relaxed(tmp_path)
    design = prepare_design(found, found.load_table())
    with pytest.raises(be.DataError, match=r"as uncertain as its prior was.*subgroup rows"):
        design.population_report(design.prior(np.random.default_rng(0), 4000))


def test_under_strong_imbalance_naive_and_adjusted_point_apart(tmp_path):
    """Within either level of the covariate the published regimen does better; its patients are mostly worse off."""
    x = np.repeat([0, 1], [45, 15])
    y = np.concatenate([np.arange(45) < 27, np.arange(15) < 2]).astype(float)  # 60 % and 13 %
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(60)], "regimen": OWN, "study": "ward", "liver": x})
    frame["response"] = np.where(y == 1, "PR", "PD")
    frame.to_csv(tmp_path / "own.csv", index=False)
    arm = {"study": "trial", "regimen": PUBLISHED, "endpoint": "ORR", "n": 100, "events": 38, "design": "single-arm"}
    pd.DataFrame([arm]).to_csv(tmp_path / "arms.csv", index=False)
    facts = [("trial", PUBLISHED, "liver", "percent", 80.0)]
    columns = ["study", "regimen", "covariate", "statistic", "value"]
    pd.DataFrame(facts, columns=columns).to_csv(tmp_path / "covariates.csv", index=False)
    refused(tmp_path, "Ways out")  # more than one standard deviation apart
    result = be.to_result(be.fit_analysis(analysis(tmp_path, overlap={"extrapolate": True})))
    naive, matched, simulated = (c["log_odds_ratio"] for c in result["population"]["companions"])
    assert naive < -0.2  # 38 % against 48 %
    assert min(matched, simulated) > 0.3
    a, b, _, weight = grid_posterior(x, y, 0.8, 100, 38)
    better = weight[b > a].sum() + 0.5 * weight[b == a].sum()
    (row,) = result["comparisons"]
    assert better > 0.5  # the other way round than the plain rates
    assert row["probability_better"] == pytest.approx(better, abs=0.02)
    assert row["probability_better"] > row["probability_better_with_bias"] > 0.5


def test_overlap_is_told_in_the_units_of_the_covariates(tmp_path):
    """Ages in years and ratios as printed, in both languages, and not in standard deviations of own patients."""
    facts = [("trial", PUBLISHED, *f) for f in (("age", "mean", 95.0), ("age", "sd", 4.0))]
    facts += [("trial", PUBLISHED, "nlr", s, v) for s, v in (("median", 4.0), ("q1", 3.0), ("q3", 16 / 3))]
    write(tmp_path, rows=facts)
    own = pd.read_csv(tmp_path / "own.csv")
    covariates = ["age", {"column": "nlr", "transform": "log"}]
    chosen = analysis(tmp_path, covariates=covariates, overlap={"extrapolate": True})
    design = prepare_design(chosen, chosen.load_table())
    age, nlr = design.overlaps[0].balance
    assert (age.own_low, age.own_high) == pytest.approx((own["age"].min(), own["age"].max()))
    assert (age.own_mean, age.target_mean) == pytest.approx((own["age"].mean(), 95.0), rel=1e-3)
    assert (nlr.own_low, nlr.own_high) == pytest.approx((own["nlr"].min(), own["nlr"].max()))
    assert nlr.own_mean == pytest.approx(np.exp(np.log(own["nlr"]).mean()))
    assert nlr.target_mean == pytest.approx(4.0, rel=1e-3)
    (reason,) = (r for r in design.overlaps[0].reasons if "no weights" in r)
    assert f"95 published, own from {own['age'].min():.3g} to {own['age'].max():.3g}" in reason
    refusal = "; ".join(design.overlaps[0].reasons)
    note = f"trial: overlap of own and published patients is none ({refusal})."
    assert not re.search("[a-z]{4,}", in_chinese(note, frozenset({"trial"})).replace("trial", "")), in_chinese(note)


def test_no_effect_modifiers_may_be_stated(folder):
    """As docs/population.md states them."""
    model = {"family": "response", "likelihood": "logistic", "covariates": ["liver"], "effect_modifiers": []}
    assert analysis(folder, model=model).spec == analysis(folder).spec


def test_a_positive_covariate_is_never_integrated_below_zero(tmp_path):
    """Its square root, as its logarithm, has no law that reaches below zero."""
    write(tmp_path, rows=[("trial", PUBLISHED, "nlr", "mean", 3.0), ("trial", PUBLISHED, "nlr", "sd", 2.5)])
    for transform in ("sqrt", "log"):
        chosen = analysis(tmp_path, covariates=[{"column": "nlr", "transform": transform}])
        design = prepare_design(chosen, chosen.load_table())
        (points,), (encoder,) = design.points, design.encoded.encoders
        assert np.isfinite(points.values).all()
        printed = np.array([encoder.printed(v) for v in points.values[:, 0]])
        assert (printed > 0).all()
        assert points.weight @ printed == pytest.approx(3.0, rel=1e-6)
        assert points.weight @ (printed - 3.0) ** 2 == pytest.approx(6.25, rel=1e-4)


LINES = {"column": "line", "levels": ["first", "second", "third"]}


def with_lines(folder, rows):
    write(folder, rows=rows)
    own = pd.read_csv(folder / "own.csv")
    own["line"] = ["first", "second", "third"] * 20
    own.to_csv(folder / "own.csv", index=False)


def line(level, percent):
    return ("trial", PUBLISHED, f"line[{level}]", "percent", percent)


@pytest.mark.parametrize("coding", ["categorical", "ordinal"])
def test_nobody_is_in_two_levels_of_one_covariate(tmp_path, coding):
    """Alone, beside a related yes-or-no covariate, and beside two continuous ones."""
    more = [("trial", PUBLISHED, "liver", "percent", 60.0), ("trial", PUBLISHED, "age", "mean", 60.0)]
    more += [("trial", PUBLISHED, "age", "sd", 9.0), ("trial", PUBLISHED, "nlr", "median", 3.0)]
    more += [("trial", PUBLISHED, "nlr", "q1", 2.0), ("trial", PUBLISHED, "nlr", "q3", 4.5)]
    with_lines(tmp_path, [line("first", 24.0), line("third", 30.0), *more])
    allowed = {(0, 0), (1, 0), (1, 1) if coding == "ordinal" else (0, 1)}
    shares = (0.76, 0.30) if coding == "ordinal" else (0.46, 0.30)
    nlr = {"column": "nlr", "transform": "log"}
    for others in ((), ("liver",), ("age",), ("liver", "age"), ("age", nlr)):
        chosen = analysis(tmp_path, covariates=[{**LINES, "coding": coding}, *others], overlap={"extrapolate": True})
        design = prepare_design(chosen, chosen.load_table())
        (points,) = design.points
        assert {tuple(v) for v in points.values[:, :2].astype(int).tolist()} == allowed
        assert points.weight @ points.values[:, :2] == pytest.approx(shares, abs=2e-3)


def test_levels_are_published_one_by_one(tmp_path):
    """One percentage for a column of three levels was taken for each of them."""
    covariates = [{**LINES, "coding": "categorical"}]
    with_lines(tmp_path, [("trial", PUBLISHED, "line", "percent", 40.0)])
    refused(
        tmp_path, r"nothing usable is published of line\[first\], line\[second\], line\[third\]", covariates=covariates
    )
    with_lines(tmp_path, [line("first", 40.0), line("second", 36.0), line("third", 36.0)])
    refused(tmp_path, r"line\[third\] add up to 112", covariates=covariates)
    with_lines(tmp_path, [line("first", 40.0)])
    refused(tmp_path, "nothing usable is published", covariates=covariates)
    chosen = analysis(tmp_path, covariates=covariates, published={"missing": "own"})
    (points,) = prepare_design(chosen, chosen.load_table()).points
    assert points.weight @ points.values == pytest.approx([1 / 3, 1 / 3])


def test_a_normal_law_below_zero_is_noted(tmp_path):
    write(tmp_path, rows=[("trial", PUBLISHED, "nlr", "mean", 3.0), ("trial", PUBLISHED, "nlr", "sd", 2.5)])
    chosen = analysis(tmp_path, covariates=["nlr"], overlap={"extrapolate": True})
    (said,) = (w for w in prepare_design(chosen, chosen.load_table()).warnings if w.code == "below_zero")
    assert "a normal law of nlr has 12 % of patients below 0" in said.message  # Phi(-1.2) = 0.115
    assert 'transform = "log"' in said.remedy
