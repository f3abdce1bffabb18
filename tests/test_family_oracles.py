"""Each path of a likelihood, a prior or an average against a plain computation, on data with ties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_escc as be
from bayes_escc.families.step_hazards import default_cuts
from bayes_escc.families.survival.shrinkage import expected_global_scale
from bayes_escc.runs.run import prepare_design

PLAIN = Mode(linker="py", optimizer="fast_compile")
CUTS = [30.0, 60.0]


def design_of(model, table):
    return prepare_design(model.analysis, model.read(table))


def value_point(model, parameters, draw):
    """The values of a model's free variables at one draw of its parameters, on the scale it is sampled on."""
    point = {}
    for rv in model.free_RVs:
        value = parameters[rv.name].to_numpy()[0, draw]
        transform = model.rvs_to_transforms[rv]
        point[model.rvs_to_values[rv].name] = value if transform is None else np.log(value)
    return point


def sampled_log_likelihood(design, parameters, draw):
    """The log likelihood of the PyMC model."""
    model = design.build()
    terms = [t.sum() for t in model.logp(model.observed_RVs, sum=False)]
    find = model.compile_fn(sum(terms), mode=PLAIN, on_unused_input="ignore")
    return float(find(value_point(model, parameters, draw)))


def computed(model, name):
    """What a model computes under a name, as a function of its free values."""
    found = next(v for v in model.unobserved_value_vars if v.name == name)
    return model.compile_fn(found, mode=PLAIN, on_unused_input="ignore")


def whole_days():
    """Follow-up in whole days: events at the cuts, equal rows, and two regimens of different size."""
    times = [30, 30, 30, 60, 60, 31, 29, 90, 90, 12, 60, 75, 30, 45]
    events = [1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0]
    frame = pd.DataFrame({"time": times, "event": events, "regimen": ["A"] * 8 + ["B"] * 6})
    return frame.assign(patient_id=[f"P{i}" for i in range(len(frame))])


def piecewise_log_likelihood(log_hazards, time, event):
    """Of one patient: an interval holds its right end."""
    edges = [0.0, *CUTS, np.inf]
    spent = [max(0.0, min(time, b) - a) for a, b in pairwise(edges)]
    at = sum(time > c for c in CUTS)
    return event * log_hazards[at] - float(np.dot(spent, np.exp(log_hazards)))


class TestPiecewise:
    OPTIONS = {"baseline": "piecewise", "cutpoints": CUTS, "data_unit": "days", "times": [30], "horizons": [60]}  # noqa: RUF012

    def test_an_event_at_a_cut_belongs_to_the_interval_it_ends(self):
        frame = whole_days()
        design = design_of(be.SurvivalModel(**self.OPTIONS, regimen_effect="stratified"), frame)
        parameters = design.prior(np.random.default_rng(1), 3)
        logs = parameters["log_hazard"].to_numpy()[0]
        for draw in range(3):
            each = [
                piecewise_log_likelihood(logs[draw, "AB".index(r)], t, e)
                for r, t, e in zip(frame["regimen"], frame["time"], frame["event"], strict=True)
            ]
            ours = design.log_likelihood(parameters)["time"].to_numpy()[0, draw]
            assert ours == pytest.approx(each, rel=1e-10)
        model = design.build()
        hazards = computed(model, "log_hazard")
        rng = np.random.default_rng(
            2
        )  # hazards of neighbouring intervals differ, as they do not where a sampler starts
        point = {k: v + 0.3 * rng.normal(size=np.shape(v)) for k, v in model.initial_point().items()}
        logs = hazards(point)
        terms = [t.sum() for t in model.logp(model.observed_RVs, sum=False)]
        theirs = float(model.compile_fn(sum(terms), mode=PLAIN, on_unused_input="ignore")(point))
        rows = zip(frame["regimen"], frame["time"], frame["event"], strict=True)
        assert theirs == pytest.approx(sum(piecewise_log_likelihood(logs["AB".index(r)], t, e) for r, t, e in rows))

    def test_equal_rows_between_scans_count_each(self):
        rows = [(20, 40)] * 4 + [(30, 60)] * 3 + [(0, 30)] * 2 + [(70, np.inf)] * 3
        frame = pd.DataFrame(rows, columns=["lower", "upper"]).assign(regimen="A")
        frame["patient_id"] = [f"P{i}" for i in range(len(frame))]
        model = be.SurvivalModel(**self.OPTIONS, regimen_effect="none", interval=("lower", "upper"))
        design = design_of(model, frame)
        parameters = design.prior(np.random.default_rng(1), 2)
        for draw in range(2):
            hazards = np.exp(parameters["log_hazard"].to_numpy()[0, draw])

            def free(t, hazards=hazards):
                edges = [0.0, *CUTS, np.inf]
                spent = [max(0.0, min(t, b) - a) for a, b in pairwise(edges)]
                return np.exp(-np.dot(spent, hazards))

            expected = sum(np.log(free(a) - (0.0 if np.isinf(b) else free(b))) for a, b in rows)
            assert sampled_log_likelihood(design, parameters, draw) == pytest.approx(expected, rel=1e-6)
            ours = float(design.log_likelihood(parameters)["time"][0, draw].sum())
            assert ours == pytest.approx(expected, rel=1e-6)

    def test_cut_points_by_default_have_equal_shares_of_the_events(self):
        """At most eight intervals of at least five events, the last of which begins before the last event."""
        times = np.arange(1.0, 42.0)  # 41 events: every eighth of them is a whole number of steps
        assert default_cuts(times) == pytest.approx([6.0, 11.0, 16.0, 21.0, 26.0, 31.0, 36.0])
        assert default_cuts(times[:9]).size == 0
        assert default_cuts(times[:11]) == pytest.approx([6.0])
        assert default_cuts(np.repeat([3.0, 12.0], [6, 35])).tolist() == [3.0]

    def test_a_random_walk_adds_up_steps_whose_variance_grows_with_the_distance(self):
        model = be.SurvivalModel(
            **{**self.OPTIONS, "cutpoints": [10.0, 50.0, 70.0]}, smoothing="random_walk", regimen_effect="none"
        )
        design = design_of(model, whole_days())
        pymc_model = design.build()
        z, drift, first = np.array([0.7, -1.1, 0.4]), 0.6, -4.0
        # midpoints 5, 30, 60 and, the open interval as wide as the one before it, 80
        distance = np.array([25.0, 30.0, 20.0])
        expected = first + np.concatenate([[0.0], np.cumsum(drift * z * np.sqrt(distance / distance.mean()))])
        find = computed(pymc_model, "log_hazard")
        u = design._step_coordinates().in_units(z[None], drift, np.array([[first]]))
        found = find({"log_hazard_first": first, "drift_sd_log__": np.log(drift), "step_u__": u})
        assert found == pytest.approx(expected)
        draws = design.prior(np.random.default_rng(1), 4000)
        steps = np.diff(draws["log_hazard"].to_numpy()[0], axis=-1) / draws["drift_sd"].to_numpy()[0][:, None]
        assert steps.std(axis=0) == pytest.approx(np.sqrt(distance / distance.mean()), rel=4.5 / np.sqrt(2 * 4000))
        assert np.abs(np.corrcoef(steps.T)[np.triu_indices(3, 1)]).max() < 4.5 / np.sqrt(4000)

    def test_steps_are_standard_normal_a_priori_in_whatever_coordinates_they_are_sampled(self):
        """The density of the coordinates is that of standard normal steps times the Jacobian, by differences."""
        model = be.SurvivalModel(
            **{**self.OPTIONS, "cutpoints": [10.0, 50.0, 60.0]}, smoothing="random_walk", regimen_effect="stratified"
        )
        design = design_of(model, whole_days())
        coordinates, drift = design._step_coordinates(), 0.6
        first, z = np.array([[-4.0], [-3.0]]), np.array([[0.7, -1.1, 0.4], [-0.2, 1.5, 0.3]])

        def in_units(flat):
            return coordinates.in_units(flat.reshape(z.shape), drift, first).ravel()

        step = 1e-5 * np.eye(z.size)
        jacobian = np.array([(in_units(z.ravel() + e) - in_units(z.ravel() - e)) / 2e-5 for e in step])
        expected = stats.norm.logpdf(z).sum() - np.linalg.slogdet(jacobian)[1]
        pymc_model = design.build()
        values = {"drift_sd_log__": np.log(drift), "step_u__": in_units(z.ravel()).reshape(z.shape)}
        values |= {f"log_hazard_first_{i}": float(first[i, 0]) for i in range(2)}
        point = {v.name: values.get(v.name, 0.0) for v in pymc_model.value_vars}
        (term,) = pymc_model.logp([pymc_model["step_u__"]], sum=False)
        found = pymc_model.compile_fn(term.sum(), mode=PLAIN, on_unused_input="ignore")(point)
        assert float(found) == pytest.approx(expected, abs=1e-6)


def covariate_frame():
    frame = whole_days()
    rng = np.random.default_rng(8)
    old = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    return frame.assign(old=old, **{f"x{j}": rng.normal(size=len(frame)) for j in range(3)})


class TestPopulation:
    def test_patterns_are_averaged_with_their_frequencies(self):
        frame = covariate_frame()
        model = be.SurvivalModel(
            baseline="exponential",
            data_unit="days",
            covariates=[{"column": "old", "center": 0.0, "scale": 1.0}],
            times=[30],
            horizons=[60],
        )
        design = design_of(model, frame)
        p = design.prior(np.random.default_rng(2), 5)
        found = design.estimands(p, np.random.default_rng(3))["survival"].sel(time=30).to_numpy()[0]
        level = np.log(np.log(2.0)) - np.log(p["reference_median"].to_numpy()[0])
        ratio, slope = p["log_hazard_ratio"].to_numpy()[0, :, 0], p["coefficient"].to_numpy()[0, :, 0]
        for r, sign in enumerate((-0.5, 0.5)):
            hazards = np.exp(level[:, None] + sign * ratio[:, None] + slope[:, None] * frame["old"].to_numpy())
            assert found[:, r] == pytest.approx(np.exp(-30.0 * hazards).mean(axis=1), rel=1e-9)

    def test_replicates_are_followed_as_long_as_those_censored(self):
        """Who progressed early would have been followed on: not censored at the progression that did not happen."""
        frame = pd.DataFrame({"time": [1, 1, 2, 40, 50, 60], "event": [1, 1, 1, 0, 0, 0], "regimen": "A"})
        frame["patient_id"] = [f"P{i}" for i in range(6)]
        model = be.SurvivalModel(
            baseline="exponential", regimen_effect="none", data_unit="days", times=[30], horizons=[50]
        )
        design = design_of(model, frame)
        never = design.prior(np.random.default_rng(1), 300)
        never["reference_median"] = never["reference_median"] * 0 + 1e9
        found = design.simulate(never, np.random.default_rng(2))
        assert not found["event"].any()
        assert set(np.unique(found["time"][..., :3])) == {40.0, 50.0, 60.0}
        assert (found["time"][..., 3:].to_numpy() == [40.0, 50.0, 60.0]).all()


class TestShrinkage:
    def test_both_scales_of_the_horseshoe_and_its_slab(self):
        covariates = [{"column": f"x{j}"} for j in range(3)]
        model = be.SurvivalModel(
            baseline="exponential",
            data_unit="days",
            covariates=covariates,
            shrinkage="horseshoe",
            relevant=1,
            times=[30],
            horizons=[60],
        )
        design = design_of(model, covariate_frame())
        pymc_model = design.build()
        z, local, scale, slab = np.array([0.5, -2.0, 1.0]), np.array([0.3, 4.0, 20.0]), 0.2, 0.9
        wide = scale * local
        expected = z * np.sqrt(slab * wide**2 / (slab + wide**2))
        find = computed(pymc_model, "coefficient")
        given = {
            "coefficient_z": z,
            "local_scale_log__": np.log(local),
            "global_scale_log__": np.log(scale),
            "slab_variance_log__": np.log(slab),
        }
        assert find(given) == pytest.approx(expected)
        assert expected_global_scale(1, 3, 9) == pytest.approx(0.5 / 3.0)  # 1 of 3, a third of a unit from 9 events
        assert design.risk.coefficients.scale["beta"] == pytest.approx(0.5 / np.sqrt(design.events))


def multi_arm(reverse=False):
    rows = [("t3", "A", 12, 40), ("t3", "B", 18, 40), ("t3", "C", 22, 44), ("t2", "A", 9, 30), ("t2", "B", 15, 31)]
    frame = pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="ORR", better="higher")
    return be.read_counts(frame.iloc[::-1].reset_index(drop=True) if reverse else frame)


class TestMultiArm:
    @pytest.mark.parametrize("reverse", [False, True])
    def test_contrasts_of_one_study_share_the_variance_of_its_baseline_arm(self, reverse):
        model = be.SynthesisModel(network=True, reference="A", endpoint="ORR", kind="counts")
        c = prepare_design(model.analysis, multi_arm(reverse)).contrasts
        rows = [i for i, s in enumerate(c.study) if s == "t3"]
        shared = 1 / 12 + 1 / 28
        block = c.V[np.ix_(rows, rows)]
        assert block[0, 1] == block[1, 0] == pytest.approx(shared)
        assert sorted(np.diag(block)) == pytest.approx(sorted([shared + 1 / 18 + 1 / 22, shared + 1 / 22 + 1 / 22]))
        other = next(i for i, s in enumerate(c.study) if s == "t2")
        assert c.V[other, rows] == pytest.approx(0.0)

    def test_their_random_effects_have_correlation_one_half(self):
        """Of every arm against the baseline, so that any two arms differ by as much."""
        model = be.SynthesisModel(network=True, reference="A", endpoint="ORR", kind="counts")
        design = prepare_design(model.analysis, multi_arm())
        omega = design.L @ design.L.T
        same = np.equal.outer(design.contrasts.study, design.contrasts.study)
        assert omega == pytest.approx(np.where(same, 0.5, 0.0) + 0.5 * np.eye(len(omega)))

    def test_the_exact_likelihood_of_a_network_is_multivariate_normal(self):
        model = be.SynthesisModel(network=True, reference="A", endpoint="ORR", kind="counts")
        design = prepare_design(model.analysis, multi_arm())
        tau, c = 0.4, design.contrasts
        prior = np.where(np.eye(2) == 1, 1.0, 0.5)  # Normal(0, 1) for any pair of regimens
        X = np.array([[(e == r) - (k == r) for r in "BC"] for e, k in zip(c.experimental, c.control, strict=True)])
        same = np.equal.outer(c.study, c.study)
        V = c.V + X @ prior @ X.T + tau**2 * (0.5 * same + 0.5 * np.eye(len(c)))
        order = [design.terms.index(r) for r in "BC"]
        assert design.term_correlation[np.ix_(order, order)] == pytest.approx(prior)
        expected = stats.multivariate_normal(np.zeros(len(c)), V).logpdf(c.y)
        assert design.gaussian.log_marginal(np.array([tau]))[0] == pytest.approx(expected, rel=1e-10)


def test_unrelated_effects_of_a_pair_given_in_both_directions():
    """One trial reports B against C, another C against B: their unrelated effect is the mean of the same contrast."""
    table = pd.DataFrame(
        {
            "study": ["s1", "s2", "s3", "s4"],
            "regimen": ["B", "C", "B", "C"],
            "control": ["A", "A", "C", "B"],
            "endpoint": "OS",
            "measure": "HR",
            "estimate": [0.8, 0.9, 0.5, 1.6],
            "se": [0.2, 0.2, 0.3, 0.4],
        }
    )
    priors = {"effect": be.Prior("Normal", mu=0, sigma=100)}
    model = be.SynthesisModel(network=True, reference="A", endpoint="OS", pooling="common", priors=priors)
    rows = be.inconsistency(model, be.read_effects(table)).rows
    (row,) = [r for r in rows if {r["regimen"], r["reference"]} == {"B", "C"}]
    weight = np.array([0.3, 0.4]) ** -2.0
    of_b_to_c = weight @ [np.log(0.5), -np.log(1.6)] / weight.sum()
    sign = 1.0 if row["regimen"] == "B" else -1.0
    assert np.log(row["unrelated"][0]) == pytest.approx(sign * of_b_to_c, abs=1e-3)


PRIOR_DESIGNS = {
    "exponential": {"baseline": "exponential"},
    "weibull nonproportional": {"baseline": "weibull", "regimen_effect": "nonproportional"},
    "piecewise nonproportional": {"baseline": "piecewise", "regimen_effect": "nonproportional", "cutpoints": CUTS},
    "random walk": {
        "baseline": "piecewise",
        "regimen_effect": "nonproportional",
        "cutpoints": CUTS,
        "smoothing": "random_walk",
    },
    "walk against a reference": {
        "baseline": "piecewise",
        "regimen_effect": "nonproportional",
        "regimen_coding": "reference",
        "cutpoints": CUTS,
        "smoothing": "random_walk",
    },
    "stratified walk": {
        "baseline": "piecewise",
        "regimen_effect": "stratified",
        "cutpoints": CUTS,
        "smoothing": "random_walk",
    },
    "reference": {"baseline": "exponential", "regimen_coding": "reference"},
    "ridge": {"baseline": "exponential", "covariates": [{"column": f"x{j}"} for j in range(3)], "shrinkage": "ridge"},
    "horseshoe": {
        "baseline": "exponential",
        "covariates": [{"column": f"x{j}"} for j in range(3)],
        "shrinkage": "horseshoe",
    },
}


SURVIVAL_DESIGNS = {
    "weibull at a time": {
        "reference_time": 40.0,
        "priors": {"log_cumulative_hazard": be.Prior("Normal", mu=0.3, sigma=0.7)},
        "regimen_effect": "none",
    },
    "weibull stratified": {"regimen_effect": "stratified"},
    "weibull reference": {"regimen_effect": "nonproportional", "regimen_coding": "reference"},
    "piecewise hazard": {
        "baseline": "piecewise",
        "cutpoints": CUTS,
        "priors": {"hazard": be.Prior("Gamma", alpha=2, beta=80)},
        "regimen_effect": "stratified",
    },
    "frailty": {"baseline": "exponential", "frailty": "centre"},
    "imputation": {
        "baseline": "exponential",
        "covariates": [
            {"column": "x0", "missing": "impute", "center": 0.5, "scale": 2.0},
            {"column": "old", "missing": "impute"},
            {"column": "x1"},
        ],
    },
}
COUNT_DESIGNS = {
    "rates": {},
    "beta_binomial": {"likelihood": "beta_binomial"},
    "hierarchy": {"pooling": "partial"},
    "hierarchy over studies": {"pooling": "partial", "pool_over": "studies"},
}
POOLS = {
    "pool": {},
    "pool on dose": {"covariates": ["dose"]},
    "subgroups": {"subgroup": "line"},
    "subgroups apart": {"subgroup": {"column": "line", "heterogeneity": "separate"}},
}


def effects():
    rows = [("s1", 0.7, 0.2, 1, "first"), ("s2", 0.9, 0.3, 2, "first"), ("s3", 0.6, 0.25, 4, "second")]
    frame = pd.DataFrame([*rows, ("s4", 1.1, 0.2, 3, "second")], columns=["study", "estimate", "se", "dose", "line"])
    return frame.assign(regimen="A", control="B", endpoint="OS", measure="HR")


def responders():
    frame = covariate_frame().drop(columns=["time", "event"])
    return frame.assign(response=["PR", "SD"] * 7)


def categories():
    rows = [(r, c, k) for r in "AB" for c, k in zip(("CR", "PR", "SD", "PD"), (2, 5, 7, 6), strict=True)]
    frame = pd.DataFrame(rows, columns=["regimen", "endpoint", "events"]).assign(n=20)
    return be.read_counts(frame.assign(study="S" + frame["regimen"]))


def prior_design(name):
    if name in PRIOR_DESIGNS or name in SURVIVAL_DESIGNS:
        frame = covariate_frame().assign(centre=[f"C{i % 4}" for i in range(14)])
        frame.loc[4:6, "regimen"] = "C"
        if name == "imputation":
            frame = frame.astype(object)
            frame.loc[[1, 5], "x0"], frame.loc[[5, 7, 9], "old"] = "", ""
        options = PRIOR_DESIGNS.get(name) or SURVIVAL_DESIGNS[name]
        return design_of(be.SurvivalModel(data_unit="days", times=[30], horizons=[50], **options), frame)
    if name in ("network", "binomial network"):
        likelihood = "binomial" if name.startswith("binomial") else "normal"
        model = be.SynthesisModel(network=True, endpoint="ORR", kind="counts", likelihood=likelihood)
        return prepare_design(model.analysis, multi_arm())
    if name in POOLS:
        model = be.SynthesisModel(endpoint="OS", **POOLS[name])
        return prepare_design(model.analysis, model.read(effects()))
    if name == "logistic":
        model = be.ResponseModel(likelihood="logistic", covariates=[{"column": "x0"}, {"column": "old"}])
        return design_of(model, responders())
    if name == "categories":
        model = be.ResponseModel(likelihood="multinomial", priors={"categories": be.Prior("Dirichlet", a=[1, 2, 4, 3])})
        return prepare_design(model.analysis, categories())
    return prepare_design(be.ResponseModel(endpoint="ORR", **COUNT_DESIGNS[name]).analysis, multi_arm())


EVERY_DESIGN = [
    *PRIOR_DESIGNS, *SURVIVAL_DESIGNS, "network", "binomial network", *POOLS, "logistic", "categories", *COUNT_DESIGNS,
]  # fmt: skip


@pytest.mark.parametrize("name", EVERY_DESIGN)
def test_the_prior_in_numpy_is_that_of_the_model(name):
    """General net: every parameter's marginal by both roads (Kolmogorov-Smirnov)."""
    design = prior_design(name)
    ours = design.prior(np.random.default_rng(5), 1500)
    model = design.build()
    names = [n for n in ours.data_vars if n in model.named_vars and str(n) != "offset"]
    assert names
    theirs = pm.draw([model[n] for n in names], 1500, random_seed=6, mode=PLAIN)
    for variable, drawn in zip(names, theirs, strict=True):
        mine = ours[variable].to_numpy()[0].reshape(1500, -1)
        for a, b in zip(mine.T, np.asarray(drawn).reshape(1500, -1).T, strict=True):
            assert stats.ks_2samp(a, b).pvalue > 1e-5, (variable, name)
