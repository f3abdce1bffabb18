"""Own patients beside published survival: against a grid and quadrature, and what must not change."""

import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.companions import cox
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.population.margins import Margin, integration_points
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.evidence.population.published_survival import load_survival
from bayes_escc.evidence.population.survival_facts import Counted, Landmark, Median, NotReached
from bayes_escc.families.survival import published_terms as terms
from bayes_escc.runs.page_facts import _cox_facts
from bayes_escc.runs.run import fit_analysis, prepare_design
from tests.helpers.published_survival import (
    EVERYTHING,
    FACTS,
    RATIO,
    analysis,
    design_of,
    own_patients,
    published_patients,
    write,
    write_everything,
)
from tests.oracles.published_survival import (
    averaged_density,
    averaged_median,
    averaged_survival,
    grid_posterior,
)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pfs")
    write(folder, ratio=RATIO)
    published = {"patients": "patients.csv", "covariates": "covariates.csv", "effects": "effects.csv"}
    return fit_analysis(analysis(folder, published=published))


def test_the_joint_posterior_is_that_of_a_grid(fitted):
    ratio = np.log(0.80), np.log(1.07 / 0.60) / (2 * 1.959964)
    level, contrast, slope, weight = grid_posterior(own_patients(), (*published_patients(), 0.6), ratio)
    draws = fitted.tree["posterior"]
    found = [draws["log_hazard_ratio"], draws["coefficient"], np.log(np.log(2) / draws["reference_median"])]
    for values, grid in zip(found, (contrast, slope, level), strict=True):
        mean = (weight * grid).sum()
        sd = np.sqrt((weight * (grid - mean) ** 2).sum())
        assert float(values.mean()) == pytest.approx(mean, abs=5 * sd / np.sqrt(8000))
        assert float(values.std()) == pytest.approx(sd, rel=5 / np.sqrt(2 * 8000))


def test_with_shared_coefficients_the_probability_is_the_same_in_every_population(fitted):
    report = be.to_result(fitted)["population"]
    rows = [r for r in report["populations"] if r["regimen"] == "B"]
    assert {r["population"] for r in rows} == {"own", "trial", "pooled", "overlap"}
    assert len({r["probability_better"] for r in rows}) == 1
    assert len({r["rmst"] for r in rows}) == 4


def test_the_ledger_says_what_each_fact_contributed(fitted):
    ledger = {r["fact"]: r for r in be.to_result(fitted)["population"]["ledger"]}
    curve, ratio = ledger["trial: B"], ledger["other trial: B against A"]
    assert not curve["all_that_is_known"]
    _, contrast, _, weight = grid_posterior(own_patients(), (*published_patients(), 0.6), None)
    mean = (weight * contrast).sum()
    sd = np.sqrt((weight * (contrast - mean) ** 2).sum())
    assert ratio["sd_without"] == pytest.approx(sd, rel=0.05)
    assert ratio["share"] == pytest.approx(1 - ratio["sd"] / ratio["sd_without"])


def test_the_headline_allows_for_bias(fitted):
    row = be.to_result(fitted)["comparisons"][0]
    assert row["bias_sd"] == 0.35
    assert abs(row["probability_better_with_bias"] - 0.5) < abs(row["probability_better"] - 0.5)


# ---- averages over covariates -------------------------------------------------------------------


@pytest.mark.parametrize("slope", [0.0, 0.4, -1.5])
def test_averages_over_a_number_are_those_of_quadrature(slope):
    scale, shape, mean, sd = 0.12, 1.3, 0.4, 0.9
    points = integration_points([Margin("normal", mean, sd)])
    hazard = terms.WeibullHazard(np, np.array([np.log(scale)]), np.log(np.array([shape])), 1.0)
    eta, weight = slope * points.values[:, 0][None, :], np.log(points.weight)
    for t in (0.01, 2.0, 9.0):
        left = terms.survival(np, hazard, eta, weight, np.array([t]))[0, 0]
        assert np.exp(left) == pytest.approx(averaged_survival(t, scale, shape, slope, mean, sd), abs=2e-5)
        rows = {"exact_time": np.array([t]), "exact_count": np.ones(1)}
        density = np.exp(terms.patients(np, hazard, eta, weight, rows)[0])
        assert density == pytest.approx(averaged_density(t, scale, shape, slope, mean, sd), abs=2e-5)
        rows = {"lower": np.array([t / 3]), "upper": np.array([t]), "interval_count": np.ones(1)}
        within = averaged_survival(t / 3, scale, shape, slope, mean, sd) - averaged_survival(
            t, scale, shape, slope, mean, sd
        )
        assert np.exp(terms.patients(np, hazard, eta, weight, rows)[0]) == pytest.approx(within, abs=2e-5)
    middle = np.exp(terms.median(np, hazard, eta, weight, np.array([3.0]))[0])
    assert middle == pytest.approx(averaged_median(scale, shape, slope, mean, sd), rel=1e-4)


@pytest.mark.parametrize("baseline", ["exponential", "weibull", "piecewise"])
def test_an_arm_whose_patients_are_all_alike_counts_as_these_patients(tmp_path, baseline):
    write(tmp_path, share=100.0)
    beside = design_of(tmp_path, model={"baseline": baseline}, overlap={"extrapolate": True})
    t, e = published_patients()
    own = pd.read_csv(tmp_path / "own.csv")
    more = pd.DataFrame({"regimen": "B", "study": "trial", "liver": 1, "time": t, "event": e})
    more["patient_id"] = [f"Q{i}" for i in range(len(t))]
    pd.concat([own, more]).to_csv(tmp_path / "both.csv", index=False)
    content = {
        "id": "together",
        "data": {"kind": "patients", "file": "both.csv", "time": "time", "event": "event", "time_unit": "months"},
        "model": {
            "family": "survival",
            "baseline": baseline,
            "covariates": ["liver"],
        },
    }
    if baseline == "piecewise":
        content["model"]["cutpoints"] = beside.cuts.tolist()
    if baseline == "weibull":
        content["model"]["reference_time"] = beside.reference_time
    together = Analysis.from_dict(content, folder=tmp_path)
    together = prepare_design(together, together.load_table())
    parameters = beside.prior(np.random.default_rng(1), 40)
    mine = beside.published.log_likelihood(beside.curves(parameters), parameters)[:, 0]
    everyone = together.log_likelihood(parameters)["time"].to_numpy()[0]
    np.testing.assert_allclose(mine, everyone[:, len(own) :].sum(axis=1), rtol=1e-9)


def test_a_published_arm_beside_a_model_without_covariates(tmp_path):
    """A constant hazard of own patients, and the median of a paper: a sum over a grid of two log hazards."""
    arms = [
        {"study": "trial", "regimen": "B", "endpoint": "PFS", "n": 70, "median": 4.4, "ci_low": 3.4, "ci_high": 5.9}
    ]
    write(tmp_path, arms=arms)
    found = fit_analysis(analysis(tmp_path, published={"arms": "arms.csv"}, model={"covariates": []}))
    row = found.compare("median", reference="A").rows[0]
    time, event, _ = own_patients()
    own, paper = np.meshgrid(np.linspace(0.3, 3.0, 1201), np.linspace(0.6, 2.4, 1201), indexing="ij")  # log medians
    level, effect = 0.5 * (own + paper), own - paper  # of hazards: the regimen of the paper against ours
    density = event.sum() * -own - np.log(2) * time.sum() * np.exp(-own)
    density += -0.5 * ((np.log(4.4) - paper) / ((np.log(5.9) - np.log(3.4)) / (2 * 1.959964))) ** 2
    density += -0.5 * ((level - np.log(6)) / 2.5) ** 2 - 0.5 * (effect / 0.7) ** 2
    mass = np.exp(density - density.max())
    exact = mass[paper > own].sum() / mass.sum()
    assert abs(row["probability_better"] - exact) < 4 * row["mcse_probability"] + 2e-3


@pytest.mark.parametrize(("baseline", "baselines"), [("weibull", "exchangeable"), ("piecewise", "shared")])
def test_the_graph_says_what_numpy_says_and_has_finite_slopes(tmp_path, baseline, baselines):
    published = write_everything(tmp_path)
    design = design_of(tmp_path, published=published, model={"baseline": baseline, "baselines": baselines})
    assert design.published.labels == [
        *(f"{a['study']}: {a['regimen']}" for a in EVERYTHING),
        "other trial: B against A",
    ]
    model = design.build()
    at = model.initial_point()
    rng = np.random.default_rng(2)
    at = {k: v + 0.3 * rng.normal(size=np.shape(v)) for k, v in at.items()}
    logp = model.compile_fn(model.logp(vars=[model["published"]]), mode="FAST_COMPILE")
    values = {}
    for variable in model.free_RVs:
        value = at[model.rvs_to_values[variable].name]
        logged = model.rvs_to_values[variable].name.endswith("_log__")
        values[variable.name] = np.exp(value) if logged else value
    import xarray as xr

    template = design.prior(rng, 1)
    parameters = xr.Dataset(
        {k: v.copy(data=np.asarray(values[k], dtype=float).reshape(v.shape)) for k, v in template.items()}
    )
    mine = design.published.log_likelihood(design.curves(parameters), parameters)
    assert float(logp(at)) == pytest.approx(float(mine.sum()), rel=1e-9)
    slopes = model.compile_fn(model.dlogp(), mode="FAST_COMPILE")
    for push in (-40.0, 40.0):
        far = {k: (v + push if k == "coefficient" else v) for k, v in at.items()}
        assert np.isfinite(slopes(far)).all()


# ---- baselines ----------------------------------------------------------------------------------


def test_single_arms_with_their_own_baselines_leave_effects_untouched(tmp_path):
    published = write_everything(tmp_path)
    design = design_of(tmp_path, published=published, model={"baselines": "own"})
    assert design.published.labels == ["other trial: B against A"]
    assert not any(name.startswith("arm") for name in design.published.arrays)
    assert "silent_arms" in {w.code for w in design.warnings}


def test_only_the_contrast_within_a_randomised_trial_counts(tmp_path):
    arms = [
        {
            "study": "rct",
            "regimen": r,
            "n": 60,
            "median": m,
            "ci_low": m / 1.3,
            "ci_high": m * 1.3,
            "design": "randomised",
        }
        for r, m in (("B", 6.0), ("A", 4.0))
    ]
    write(tmp_path, arms=arms, patients=False)
    pd.DataFrame([("rct", r, "liver", "percent", 60.0) for r in "AB"], columns=FACTS).to_csv(
        tmp_path / "covariates.csv", index=False
    )
    design = design_of(tmp_path, published={"arms": "arms.csv", "covariates": "covariates.csv"})
    assert design.published.own_level == ("rct",)
    parameters = design.prior(np.random.default_rng(1), 30)
    curves = design.curves(parameters)
    before = design.published.log_likelihood(curves, parameters)
    higher = parameters.assign(reference_median=parameters["reference_median"] * 3.0)
    np.testing.assert_allclose(design.published.log_likelihood(design.curves(higher), higher), before, rtol=1e-8)


# ---- what papers say ----------------------------------------------------------------------------


def test_every_kind_of_fact_is_read(tmp_path):
    write_everything(tmp_path)
    spec = PublishedSpec("arms.csv", "covariates.csv", folder=tmp_path, patients="patients.csv", effects="effects.csv")
    found = load_survival(spec, "PFS", "months")
    kinds = [type(a.fact) for a in found.arms]
    assert kinds == [type(None), Median, Landmark, NotReached, Counted]
    assert found.arms[1].fact.below == pytest.approx(np.log(4.1 / 3.2) / 1.959964)
    assert found.arms[1].fact.above == pytest.approx(np.log(5.9 / 4.1) / 1.959964)
    assert found.ratios[0].error == pytest.approx(np.log(1.07 / 0.60) / (2 * 1.959964))
    weeks = load_survival(PublishedSpec(**{**vars(spec), "time_unit": "months"}), "PFS", "weeks")
    assert weeks.arms[1].fact.value == pytest.approx(4.1 * 30.4375 / 7)
    assert weeks.arms[1].fact.below == found.arms[1].fact.below


def facts_of(folder, arms, use=None):
    write(folder, arms=arms, patients=False)
    return load_survival(PublishedSpec("arms.csv", "covariates.csv", folder=folder, use=use), "PFS", "months")


def test_a_fact_rests_on_the_events_of_its_own_row(tmp_path):
    """Eight events by three months and thirty in all are two things, whichever stands first."""
    arm = {"study": "S1", "regimen": "B", "n": 40}
    arms = [{**arm, "events": 30, "median": 5}, {**arm, "events": 8, "time": 3}]
    for rows in (arms, arms[::-1]):
        assert facts_of(tmp_path, rows, "landmark").arms[0].fact == Counted(3.0, 8, 40)
        assert facts_of(tmp_path, rows, "median").arms[0].fact.below == pytest.approx(1 / np.sqrt(30) / np.log(2))
        for wrong, said in (({"n": 45}, "another n in row 2"), ({"events": 31}, "more events by a time than the 30")):
            with pytest.raises(DataError, match=said):
                facts_of(tmp_path, [arms[0], {**arms[1], **wrong}], "median")


S1, S2 = ({"study": s, "regimen": "B", "n": 40, "time": 12, "at_risk": 20} for s in ("S1", "S2"))


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([{**S1, "survival": 45}, {**S2, "survival": 0.9}], "survival in row 2 is a percentage"),
        ([{**S1, "survival": "45%"}, {**S2, "survival": 0.9}], "survival in row 2 is a percentage"),
        ([{**S1, "survival": 45, "ci_low": 60, "ci_high": 30}], "0.6 is not below the upper limit 0.3"),
        ([{**S1, "survival": 45, "ci_low": 50, "ci_high": 60}], "0.45 does not lie in its interval"),
        ([{**S1, "survival": 45, "ci_low": 30, "ci_high": 160}], "lies between 0 and 1"),
        ([{**S1, "survival": 45, "ci_low": 30, "ci_high": 60, "ci_level": 30}], "between 0.5 and 1"),
    ],
)
def test_survival_has_one_scale_and_lies_in_its_interval(tmp_path, arms, said):
    with pytest.raises(DataError, match=said):
        facts_of(tmp_path, arms)


def test_survival_in_percent_and_a_level_with_its_sign_are_read(tmp_path):
    for survival, low, high in ((45, 30, 60), ("45%", "30%", "60%"), (0.45, 0.3, 0.6)):
        row = {**S1, "survival": survival, "ci_low": low, "ci_high": high, "ci_level": "90%"}
        fact = facts_of(tmp_path, [row]).arms[0].fact
        wide = np.log(-np.log(0.3)) - np.log(-np.log(0.6))
        assert (fact.survival, fact.error) == pytest.approx((0.45, wide / (2 * 1.6448536)))


@pytest.mark.parametrize(
    ("arms", "ratio", "said"),
    [
        ([{"study": "trial", "regimen": "B", "n": 50, "median": 4, "ci_low": 3, "ci_high": 5}], None, "median"),
        (None, {**RATIO, "study": "trial"}, "hazard ratio"),
        ([{"study": "trial", "regimen": "B", "n": 50, "time": 6, "survival": 0.4, "at_risk": 12}], None, "landmark"),
    ],
)
def test_one_study_by_two_routes_is_refused_unless_one_is_named(tmp_path, arms, ratio, said):
    write(tmp_path, arms=arms, ratio=ratio)
    files = {"patients": "patients.csv", "covariates": "covariates.csv"}
    files |= ({} if arms is None else {"arms": "arms.csv"}) | ({} if ratio is None else {"effects": "effects.csv"})
    with pytest.raises(DataError, match=f"count twice.*curve and {said}"):
        design_of(tmp_path, published=files)
    design = design_of(tmp_path, published={**files, "use": "curve"})
    assert design.published.labels == ["trial: B"]
    assert any(said in left for left in design.published.known.not_used)


MEDIAN = {"regimen": "B", "n": 50, "median": 4.0, "ci_low": 3.0, "ci_high": 5.0}
COUNTED = {"regimen": "B", "n": 50, "events": 31, "time": 6}


@pytest.mark.parametrize(
    ("arms", "ratio"),
    [
        (
            [{**COUNTED, "study": "KEYNOTE-181"}, {**COUNTED, "regimen": "A", "n": 52, "study": "KEYNOTE-181"}],
            "Keynote 181",
        ),
        ([{**COUNTED, "study": "Orient"}, {**COUNTED, "regimen": "A", "n": 52, "study": "Orient"}], "the ORIENT trial"),
        ([{**MEDIAN, "study": "一号试验"}, {**MEDIAN, "regimen": "A", "n": 52, "study": "一号试验"}], "一号"),
        (
            [
                {**COUNTED, "study": "first report", "registry": "NCT01234567"},
                {**COUNTED, "regimen": "A", "n": 52, "study": "first report", "registry": "NCT01234567"},
            ],
            "later report",
        ),
    ],
)
def test_a_hazard_ratio_and_counts_of_one_trial_count_twice_whatever_it_is_called(tmp_path, arms, ratio):
    write(tmp_path, arms=arms, ratio={**RATIO, "study": ratio, "registry": "nct 0123-4567"}, patients=False)
    files = {"arms": "arms.csv", "effects": "effects.csv", "covariates": "covariates.csv"}
    with pytest.raises(DataError, match=r"count twice.*(landmark|median) and hazard ratio"):
        design_of(tmp_path, published=files)


def test_two_publications_of_one_registration_count_twice_however_it_is_written(tmp_path):
    arms = [
        {**MEDIAN, "study": "first report", "registry": "NCT01234567"},
        {**MEDIAN, "study": "later report", "registry": " nct 0123-4567", "n": 51},
    ]
    write(tmp_path, arms=arms, patients=False)
    with pytest.raises(DataError, match="count twice"):
        design_of(tmp_path, published={"arms": "arms.csv", "covariates": "covariates.csv"})


@pytest.mark.parametrize(
    "fact", [MEDIAN, COUNTED, {"regimen": "B", "n": 50, "time": 6, "survival": 0.4, "at_risk": 12}]
)
def test_the_same_numbers_under_another_name_are_noted(tmp_path, fact):
    write(tmp_path, arms=[{**fact, "study": "one"}, {**fact, "study": "another"}], patients=False)
    found = load_survival(PublishedSpec("arms.csv", "covariates.csv", folder=tmp_path), "PFS", "months")
    assert any("another has the same" in note.message for note in found.notes)


def test_an_update_and_a_registration_given_twice_are_refused(tmp_path):
    row = {"regimen": "B", "n": 50, "median": 4, "ci_low": 3, "ci_high": 5, "registry": "NCT1"}
    write(tmp_path, arms=[{"study": "first", **row}, {"study": "update", **row}], patients=False)
    with pytest.raises(DataError, match="NCT1 is first too"):
        design_of(tmp_path, published={"arms": "arms.csv", "covariates": "covariates.csv"})


def test_own_patients_that_are_the_published_arm_are_refused(tmp_path):
    write(tmp_path)
    time, event, _ = own_patients()
    rows = pd.DataFrame({"study": "elsewhere", "regimen": "A", "time": time, "event": event})
    rows.to_csv(tmp_path / "patients.csv", index=False)
    facts = pd.DataFrame([("elsewhere", "A", "liver", "percent", 35.0)], columns=FACTS)
    facts.to_csv(tmp_path / "covariates.csv", index=False)
    with pytest.raises(DataError, match="count twice"):
        design_of(tmp_path)


def test_scan_dated_arms_beside_own_intervals_are_refused_and_both_ways_out_work(tmp_path):
    write(tmp_path, scans=True)
    with pytest.raises(DataError, match="half a scan interval"):
        design_of(tmp_path, scans=True)
    dated = design_of(tmp_path, scans=True, model={"dating": "detecting_scan"})
    assert not dated.published.interval
    arms = [{"study": "trial", "regimen": "B", "endpoint": "PFS", "n": 50, "scan_interval": 1.5}]
    write(tmp_path, scans=True, arms=arms)
    files = {"arms": "arms.csv", "patients": "patients.csv", "covariates": "covariates.csv"}
    between = design_of(tmp_path, scans=True, published=files)
    assert between.published.interval
    rows = between.published.arrays
    np.testing.assert_allclose(rows["arm0_upper"] - rows["arm0_lower"], np.minimum(1.5, rows["arm0_upper"]))


def test_settings_that_cannot_be_are_refused(tmp_path):
    write(tmp_path)
    with pytest.raises(AnalysisError, match="proportional"):
        design_of(tmp_path, model={"regimen_effect": "stratified"})
    facts = pd.DataFrame([("trial", "B", "ecog", "percent", 60.0)], columns=FACTS)
    facts.to_csv(tmp_path / "covariates.csv", index=False)
    with pytest.raises(DataError, match="nothing usable is published of liver"):
        design_of(tmp_path)


def test_the_order_of_rows_changes_nothing(tmp_path):
    published = write_everything(tmp_path)
    first = design_of(tmp_path, published=published)
    parameters = first.prior(np.random.default_rng(1), 20)
    before = first.published.log_likelihood(first.curves(parameters), parameters).sum(axis=1)
    for name in ("arms.csv", "patients.csv", "covariates.csv"):
        frame = pd.read_csv(tmp_path / name)
        frame.iloc[::-1].to_csv(tmp_path / name, index=False)
    again = design_of(tmp_path, published=published)
    flipped = parameters.sel(contrast=list(again.regimens[1:])) if again.regimens != first.regimens else parameters
    after = again.published.log_likelihood(again.curves(flipped), flipped).sum(axis=1)
    np.testing.assert_allclose(after, before, rtol=1e-9)


def test_tables_of_one_paper_may_write_its_name_in_several_ways(tmp_path):
    curves = [("Trial", "B", t, s) for t, s in ((2, 90), (5, 70), (9, 40))]
    curves.append(("trial", "b", 12, 30))
    pd.DataFrame(curves, columns=["study", "regimen", "time", "survival"]).to_csv(tmp_path / "curves.csv", index=False)
    risk = [("TRIAL", "B", 0, 20), ("TRIAL", "B", 6, 13), ("TRIAL", "B", 12, 5)]
    pd.DataFrame(risk, columns=["study", "regimen", "time", "n"]).to_csv(tmp_path / "risk.csv", index=False)
    spec = PublishedSpec(None, None, curves="curves.csv", at_risk="risk.csv", scale="percent", folder=tmp_path)
    (arm,) = load_survival(spec, "PFS", "months").arms
    assert (arm.study, arm.regimen, arm.n) == ("Trial", "B", 20)
    assert arm.reconstruction.curve.time.tolist() == [0, 2, 5, 9, 12]
    pd.DataFrame([("other", *r[1:]) for r in risk], columns=["study", "regimen", "time", "n"]).to_csv(
        tmp_path / "risk.csv", index=False
    )
    with pytest.raises(DataError, match="has no rows of Trial"):
        load_survival(spec, "PFS", "months")


def test_what_may_have_been_copied_wrongly_is_noted(tmp_path):
    even = {"study": "KEYNOTE-181", "regimen": "B", "n": 80, "median": 4.1, "ci_low": 3.2, "ci_high": 5.9}
    uneven = {**even, "study": "Keynote 181 (China)", "ci_low": 4.0}  # 0.025 below and 0.36 above on the log scale
    other = {**even, "study": "KEYNOTE-1811", "ci_high": "NR"}
    write(tmp_path, arms=[even, uneven, other], patients=False)
    published = {"arms": "arms.csv", "covariates": "covariates.csv"}
    said = [str(w) for w in design_of(tmp_path, published=published).warnings]
    assert (
        [w for w in said if "times as far" in w] == [w for w in said if "China" in w and "15 times as far" in w] != []
    )
    assert (
        [w for w in said if "may be a part" in w] == [w for w in said if w.startswith("Keynote 181 (China), B")] != []
    )


def test_companions_are_regressions_of_the_patients_who_are_there(tmp_path):
    """A regimen known from papers alone has no patients, and is no column of Cox's regression."""
    write(tmp_path)
    data = design_of(tmp_path).regression_data()
    assert data.regimens == ("A",)
    time, event, x = own_patients()
    adjusted = cox(data.stop, data.event, data.covariates.values)
    alone = cox(time, event == 1, x[:, None].astype(float))
    assert adjusted.converged
    assert adjusted.coefficients == pytest.approx(alone.coefficients)
    (fact,) = (f for f in _cox_facts(design_of(tmp_path)) if f["adjusted"])
    assert fact["rows"][0]["hazard_ratio"] == pytest.approx(np.exp(alone.coefficients[0]))


def test_hazards_that_are_not_proportional_are_refused_with_a_remedy(tmp_path):
    write(tmp_path)
    with pytest.raises(AnalysisError, match="do not say how a contrast changes over time; fit your own regimens"):
        design_of(tmp_path, model={"baseline": "weibull", "regimen_effect": "nonproportional"})


@pytest.mark.parametrize(
    ("endpoint", "trial", "ratio"),
    [
        ("OS", "of deaths", -0.4),
        ("PFS", "of progression", 0.1),
        ("DFS", "of relapse", -0.2),
        ("总生存期", "of deaths", -0.4),
    ],
)
def test_published_rows_are_those_of_the_endpoint_of_own_patients(tmp_path, endpoint, trial, ratio):
    median = {"regimen": "B", "n": 80, "median": 4.1, "ci_low": 3.2, "ci_high": 5.9}
    arms = [
        {"study": "of progression", "endpoint": "PFS", **median},
        {"study": "of deaths", "endpoint": "overall survival", **median},
        {"study": "of relapse", "endpoint": "disease-free survival", **median},
    ]
    write(tmp_path, arms=arms, patients=False)
    ratios = [
        {**RATIO, "endpoint": e, "estimate": np.exp(r)}
        for e, r in (("Progression-free survival", 0.1), ("os", -0.4), ("DFS", -0.2))
    ]
    limits = [{**r, "ci_low": r["estimate"] / 1.4, "ci_high": r["estimate"] * 1.4} for r in ratios]
    pd.DataFrame(limits).to_csv(tmp_path / "effects.csv", index=False)
    content = json.loads(analysis(tmp_path, published={"arms": "arms.csv", "effects": "effects.csv"}).content)
    content["data"]["endpoint"] = endpoint
    content["published"]["covariates"] = "covariates.csv"
    found = Analysis.from_dict(content, folder=tmp_path)
    design = prepare_design(found, found.load_table())
    assert [a.study for a in design.published.known.arms] == [trial]
    assert [h.log_ratio for h in design.published.known.ratios] == pytest.approx([ratio])
