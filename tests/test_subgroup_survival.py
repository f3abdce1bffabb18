"""Progression-free survival by subgroup: against a grid and closed forms, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.evidence.population.published_survival import load_survival
from bayes_escc.evidence.population.subgroup_rows import is_subgroup
from bayes_escc.runs.run import fit_analysis, prepare_design
from tests.helpers.published_survival import RATIO, analysis, own_patients, write
from tests.oracles.published_survival import grid_posterior

MEDIANS = [
    {"n": 30, "median": 2.6, "ci_low": 1.9, "ci_high": 3.6, "subgroup": "liver = yes"},
    {"n": 20, "median": 6.0, "ci_low": 4.0, "ci_high": 9.5, "subgroup": "liver = no"},
]
RATIOS = [{"estimate": 0.9, "ci_low": 0.6, "ci_high": 1.35}, {"estimate": 0.5, "ci_low": 0.3, "ci_high": 0.83}]


def rows(parts, **more):
    return [{"study": "trial", "regimen": "B", "endpoint": "PFS", **p, **more} for p in parts]


def by_subgroup(folder, parts=MEDIANS, *, ratios=None, **more):
    """Own patients on A with a covariate, and rows of B by it."""
    write(folder, arms=rows(parts), patients=False)
    published = {"arms": "arms.csv", "covariates": "covariates.csv"}
    if ratios is not None:
        said = [{**RATIO, **r, "subgroup": f"liver = {v}"} for r, v in zip(ratios, ("yes", "no"), strict=True)]
        pd.DataFrame(said).to_csv(folder / "effects.csv", index=False)
        published["effects"] = "effects.csv"
    return analysis(folder, published=published, **more)


def split_normal(gap, below, above):
    """Log density of a normal law with another spread on either side."""
    return -0.5 * (gap / np.where(gap > 0, below, above)) ** 2


def test_medians_by_subgroup_are_those_of_a_grid(tmp_path):
    posterior = fit_analysis(by_subgroup(tmp_path))
    a, c, b, weight = grid_posterior(own_patients(), ([], [], 0.6), None)
    log = np.log(np.maximum(weight, 1e-300))
    for part, value in zip(MEDIANS, (1, 0), strict=True):
        errors = [np.log(part["median"] / part["ci_low"]) / 1.96, np.log(part["ci_high"] / part["median"]) / 1.96]
        log = log + split_normal(np.log(part["median"]) - np.log(np.log(2)) + a + c / 2 + b * value, *errors)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    draws = posterior.tree["posterior"].to_dataset()
    for found, grid in ((draws["log_hazard_ratio"], c), (draws["coefficient"], b)):
        mean = float((weight * grid).sum())
        sd = float(np.sqrt((weight * (grid - mean) ** 2).sum()))
        assert float(found.mean()) == pytest.approx(mean, abs=0.08 * sd)
        assert float(found.std()) == pytest.approx(sd, rel=0.08)


@pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
def test_the_graph_says_what_numpy_says_with_modifiers(tmp_path, baseline):
    more = {"baseline": baseline, "effect_modifiers": ["liver"]}
    more |= {"cutpoints": [3.0]} if baseline == "piecewise" else {}
    found = by_subgroup(tmp_path, ratios=RATIOS, model=more)
    design = prepare_design(found, found.load_table())
    parameters = design.prior(np.random.default_rng(3), 1)
    model = design.build()
    point = {}
    for variable in model.free_RVs:
        value, where = parameters[variable.name].to_numpy()[0, 0], model.rvs_to_values[variable].name
        point[where] = np.log(value) if where.endswith("_log__") else value
    by_pymc = float(model.compile_logp(vars=model.observed_RVs)(point))
    each = design.log_likelihood(parameters)
    assert by_pymc == pytest.approx(sum(float(v.sum()) for v in each.data_vars.values()), abs=1e-8)
    # a hazard ratio of those with the covariate holds what either regimen adds there
    ratio = float(parameters["log_hazard_ratio"].to_numpy().ravel()[0])
    slopes = parameters["coefficient"].to_numpy().ravel()  # liver, liver on A, liver on B
    for said, expected in zip(RATIOS, (ratio + slopes[2] - slopes[1], ratio), strict=True):
        error = np.log(said["ci_high"] / said["ci_low"]) / (2 * 1.959964)
        log = -0.5 * ((np.log(said["estimate"]) - expected) / error) ** 2 - np.log(error * np.sqrt(2 * np.pi))
        labels = list(each["published"].coords["published_fact"].to_numpy())
        column = labels.index(f"other trial: B against A, liver = {'yes' if said is RATIOS[0] else 'no'}")
        assert float(each["published"].to_numpy().ravel()[column]) == pytest.approx(log, abs=1e-4)


def test_rows_by_a_modifier_say_how_it_acts(tmp_path):
    """Subgroup rows tell the interaction of the published regimen; the total does not."""
    spreads = {}
    whole = [{"n": 50, "median": 3.7, "ci_low": 2.9, "ci_high": 4.7}]
    for name, parts in (("total", whole), ("parts", MEDIANS)):
        folder = tmp_path / name
        folder.mkdir()
        found = by_subgroup(folder, parts, model={"effect_modifiers": ["liver"]})
        draws = fit_analysis(found).tree["posterior"].to_dataset()["coefficient"].to_numpy().reshape(-1, 3)
        spreads[name] = (draws[:, 2] - draws[:, 1]).std()
    assert spreads["total"] > 0.9 * 0.35
    assert spreads["parts"] < 0.9 * spreads["total"]


def test_every_kind_of_fact_by_subgroup_and_its_population(tmp_path):
    parts = [
        {"n": 30, "time": 6, "survival": 0.2, "at_risk": 6, "subgroup": "liver: 有"},
        {"n": 20, "time": 6, "events": 8, "subgroup": "liver: 无"},
    ]
    found = by_subgroup(tmp_path, parts)
    design = prepare_design(found, found.load_table())
    assert design.published.labels == ["trial: B, liver = yes", "trial: B, liver = no"]
    points = design.published.laws.populations()["trial"]
    assert points.weight @ points.values[:, 0] == pytest.approx(0.6)
    parameters = design.prior(np.random.default_rng(0), 20)
    curves = design.curves(parameters)
    hazard = np.exp(curves.log_hazards[:, 1, 0])
    slope = parameters["coefficient"].to_numpy().reshape(-1)
    log_left = -6 * hazard * np.exp(slope)
    error = 0.2 * np.sqrt(0.8 / 6) / (-0.2 * np.log(0.2))
    said = np.log(-np.log(0.2))
    yes = -0.5 * ((said - np.log(-log_left)) / error) ** 2 - np.log(error * np.sqrt(2 * np.pi))
    dead = 1 - np.exp(-6 * hazard)
    no = 8 * np.log(dead) - 12 * 6 * hazard
    values = design.published.log_likelihood(curves, parameters)
    assert values[:, 0] == pytest.approx(yes, abs=1e-9)
    assert values[:, 1] == pytest.approx(no, abs=1e-9)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (MEDIANS[:1], "one row with the covariate and one without"),
        ([*MEDIANS, {"n": 60}], "add up to 50 patients, and the arm has 60"),
        ([*MEDIANS, {"n": 50, "median": 3.7, "ci_low": 2.9, "ci_high": 4.7}], "subgroups and median"),
        ([MEDIANS[0], {**MEDIANS[1], "subgroup": "age = no"}], "told apart by liver and by age"),
        ([MEDIANS[0], {**MEDIANS[1], "subgroup": "some"}], "not a covariate and whether it is present"),
        ([{**p, "median": None, "ci_low": None, "ci_high": None} for p in MEDIANS], "a subgroup says its median"),
        ([{**p, "subgroup": p["subgroup"].replace("liver", "ecog")} for p in MEDIANS], "no yes-or-no covariate"),
        ([{**MEDIANS[0], "n": 25}, {**MEDIANS[1], "n": 25}], "60 % as printed"),
    ],
)
def test_rows_that_do_not_go_together_are_refused(tmp_path, parts, said):
    found = by_subgroup(tmp_path, parts)
    with pytest.raises(DataError, match=said):
        prepare_design(found, found.load_table())


def test_subgroups_have_the_design_and_scans_of_their_arm_wherever_its_row_stands(tmp_path):
    total = {"n": 50, "design": "randomised", "scan_interval": 1.5}
    spec = PublishedSpec("arms.csv", "covariates.csv", folder=tmp_path)
    for parts in ([total, *MEDIANS], [*MEDIANS, total]):
        write(tmp_path, arms=rows(parts), patients=False)
        found = load_survival(spec, "PFS", "months")
        assert [(a.design, a.scan_interval) for a in found.arms] == [("randomised", 1.5)] * 2


def test_the_route_that_counts_can_be_named(tmp_path):
    parts = [*MEDIANS, {"n": 50, "median": 3.7, "ci_low": 2.9, "ci_high": 4.7}]
    for use, count in (("subgroups", 2), ("median", 1)):
        write(tmp_path, arms=rows(parts), patients=False)
        published = {"arms": "arms.csv", "covariates": "covariates.csv", "use": use}
        found = analysis(tmp_path, published=published)
        design = prepare_design(found, found.load_table())
        assert len(design.published.labels) == count
        assert design.published.known.not_used == (f"trial, B: {'median' if use == 'subgroups' else 'subgroups'}",)


def test_hazard_ratios_of_all_and_of_some_would_count_twice(tmp_path):
    found = by_subgroup(tmp_path, ratios=RATIOS)
    said = pd.read_csv(tmp_path / "effects.csv")
    pd.concat([said, pd.DataFrame([RATIO])]).to_csv(tmp_path / "effects.csv", index=False)
    with pytest.raises(DataError, match="of all patients and of subgroups"):
        prepare_design(found, found.load_table())
    pd.DataFrame([RATIO]).to_csv(tmp_path / "effects.csv", index=False)
    by_modifier = by_subgroup(tmp_path, model={"effect_modifiers": ["liver"]})
    pd.DataFrame([RATIO]).to_csv(tmp_path / "effects.csv", index=False)
    published = {"arms": "arms.csv", "covariates": "covariates.csv", "effects": "effects.csv"}
    relaxed = analysis(tmp_path, published=published, model={"effect_modifiers": ["liver"]})
    with pytest.raises(AnalysisError, match="give them by the modifier"):
        prepare_design(relaxed, by_modifier.load_table())


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("liver = yes", True), ("肝转移：有", True), ("PD-L1 >= 1", False), ("PD-L1 ≥ 1", False), ("Asia", False)],
)
def test_a_population_is_not_taken_for_a_subgroup(text, is_one):
    assert is_subgroup(text) == is_one
