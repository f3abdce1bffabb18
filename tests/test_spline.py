"""Smooth hazards by M-splines: the basis by SciPy, the density written out, the posterior by importance sampling."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats
from scipy.interpolate import BSpline

import bayes_escc as be
from bayes_escc.families.survival.spline_curves import HazardBasis, SplineCurves, default_knots
from bayes_escc.runs.run import prepare_design
from tests.helpers.survival import LIVER, NLR, cohort, scans

KNOTS = (1.5, 3.0, 6.0, 9.0)
SETTINGS = {"baseline": "m_spline", "data_unit": "months", "times": [3.0, 6.0], "horizons": [6.0]}


def by_scipy(time, knots=KNOTS):
    """Cubic B-splines between zero and the last knot, and as at the last knot beyond it, (times, terms)."""
    padded = np.concatenate([np.zeros(4), knots[:-1], np.full(4, knots[-1])])
    terms = [BSpline.basis_element(padded[k : k + 5], extrapolate=False) for k in range(len(knots) + 3)]
    at = np.minimum(np.asarray(time, dtype=float), knots[-1] * (1 - 1e-15))
    return np.nan_to_num(np.stack([term(at) for term in terms], axis=-1))


def area(log_coefficients, start, end, knots=KNOTS):
    """Cumulative hazard between two times, by quadrature."""

    def hazard(time):
        return float(by_scipy([time], knots)[0] @ np.exp(log_coefficients))

    edges = [start, *(k for k in knots if start < k < end), end]
    return sum(integrate.quad(hazard, a, b, epsabs=1e-12, epsrel=1e-12)[0] for a, b in pairwise(edges))


class TestBasis:
    basis = HazardBasis(KNOTS)
    times = np.array([0.0, 0.4, 1.5, 2.2, 3.0, 5.9, 8.9, 9.0, 14.0])

    def test_it_is_scipys(self):
        np.testing.assert_allclose(self.basis.hazard(self.times), by_scipy(self.times), atol=1e-12)

    def test_its_terms_sum_to_one_so_that_equal_coefficients_are_a_constant_hazard(self):
        np.testing.assert_allclose(self.basis.hazard(self.times).sum(axis=-1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(self.basis.cumulative(self.times).sum(axis=-1), self.times, rtol=1e-12, atol=1e-12)
        assert (self.basis.hazard(self.times) >= 0.0).all()

    def test_its_integral_by_quadrature(self):
        logs = np.array([-2.0, -1.0, -1.7, -2.4, -0.8, -1.2, -3.0])
        ours = self.basis.cumulative(self.times) @ np.exp(logs)
        assert ours == pytest.approx([area(logs, 0.0, t) for t in self.times], rel=1e-9, abs=1e-12)

    def test_a_unit_of_time_changes_nothing_but_the_unit(self):
        days = HazardBasis(tuple(30.4375 * k for k in KNOTS))
        np.testing.assert_allclose(days.hazard(30.4375 * self.times), self.basis.hazard(self.times), atol=1e-12)
        np.testing.assert_allclose(days.cumulative(30.4375 * self.times), 30.4375 * self.basis.cumulative(self.times))
        np.testing.assert_allclose(days.step_scale, self.basis.step_scale)

    def test_steps_between_far_knots_are_larger(self):
        assert np.all(np.diff(HazardBasis((1.0, 2.0, 4.0, 8.0, 16.0)).step_scale[1:-2]) > 0)
        # coefficients stand at the means of three inner knots: 0, 1, 5, 9 and 12
        distance = np.array([1.0, 4.0, 4.0, 3.0]) / 3.0
        np.testing.assert_allclose(HazardBasis((3.0, 12.0)).step_scale, np.sqrt(distance))
        even = HazardBasis((1.0, 2.0, 3.0, 4.0, 5.0, 6.0)).step_scale
        np.testing.assert_allclose(even, even[::-1])

    def test_knots_at_equal_shares_of_the_events(self):
        events = np.arange(1.0, 41.0)
        assert default_knots(events)[-1] == 40.0
        assert len(default_knots(events)) == 7
        assert default_knots(events[:9]).tolist() == [9.0]
        assert default_knots(np.repeat([2.0, 3.0], 30)).tolist() == [2.0, 3.0]  # ties are one knot


class TestCurves:
    basis = HazardBasis(KNOTS)
    rng = np.random.default_rng(1)
    curves = SplineCurves(basis, rng.normal(0.0, 0.3, (50, 2)), np.exp(rng.normal(-1.5, 0.6, (50, 2, 7))))
    times = np.array([0.2, 1.5, 4.4, 9.0, 20.0])

    def test_inverse_undoes_cumulative(self):
        found = self.curves.cumulative(self.times)
        for j, t in enumerate(self.times):
            np.testing.assert_allclose(self.curves.inverse(np.log(found[..., j])), t, rtol=1e-11)
        group = np.array([0, 1, 1, 0, 1])
        spent = self.curves.patient_increment(group, np.zeros(5), self.times)
        np.testing.assert_allclose(spent, found[:, group, np.arange(5)], rtol=1e-12)
        np.testing.assert_allclose(
            self.curves.patient_inverse(group, spent), np.broadcast_to(self.times, (50, 5)), rtol=1e-11
        )
        np.testing.assert_allclose(self.curves.cumulative_each(self.times), found, rtol=1e-12)

    def test_hazard_is_the_slope(self):
        step, times = 1e-5, np.array([0.2, 1.7, 4.4, 8.9, 20.0])
        slope = (self.curves.cumulative(times + step) - self.curves.cumulative(times - step)) / (2 * step)
        np.testing.assert_allclose(np.exp(self.curves.log_hazard(times)), slope, rtol=1e-6)
        group = np.array([1, 0, 1, 0, 1])
        np.testing.assert_allclose(
            np.exp(self.curves.patient_log_hazard(group, times)), slope[:, group, np.arange(5)], rtol=1e-6
        )

    def test_a_bias_is_taken_off_one_regimen(self):
        other = self.curves.without_bias(slice(1, None, 2), np.full(50, 0.4))
        found = self.curves.cumulative(self.times)[:, 1:] * np.exp(-0.4)
        np.testing.assert_allclose(other.cumulative(self.times), found, rtol=1e-12)


def whole_months():
    """Ties, events at knots, late entries, and rows that repeat."""
    rows = [
        (2, 1, 0),
        (2, 1, 0),
        (3, 0, 0),
        (6, 1, 2),
        (6, 1, 2),
        (9, 1, 1),
        (12, 0, 5),
        (12, 1, 0),
        (1, 1, 0),
        (3, 1, 0),
    ]
    frame = pd.DataFrame(rows * 2, columns=["time", "event", "entry"])
    frame["regimen"] = np.where(np.arange(20) % 3, "A", "B")
    frame["nlr"] = 1.0 + np.arange(20) % 4
    frame["liver"] = np.arange(20) % 2
    return frame.assign(patient_id=[f"P{i}" for i in range(20)])


def log_density(frame, logs, multiples):
    """Of every patient, written out."""
    found = []
    for row, multiple in zip(frame.to_dict("records"), multiples, strict=True):
        if "upper" in row:
            before = multiple * area(logs, row["entry"], row["lower"]) if row["lower"] > row["entry"] else 0.0
            inside = multiple * area(logs, row["lower"], row["upper"]) if np.isfinite(row["upper"]) else np.inf
            found.append(-before + (np.log(-np.expm1(-inside)) if np.isfinite(inside) else 0.0))
            continue
        value = -multiple * area(logs, row["entry"], row["time"])
        if row["event"]:
            value += np.log(multiple * float(by_scipy([row["time"]])[0] @ np.exp(logs)))
        found.append(value)
    return np.array(found)


@pytest.mark.parametrize("interval", [False, True], ids=["times", "scans"])
def test_the_density_of_the_model_is_the_one_written_out(interval):
    frame = whole_months()
    options = {"covariates": [NLR, LIVER], "entry": "entry", "knots": KNOTS}
    if interval:
        frame = scans(frame)
        frame["entry"] = np.minimum(frame["entry"], frame["lower"])
        options["interval"] = ("lower", "upper")
    model = be.SurvivalModel(**SETTINGS, **options)
    design = prepare_design(model.analysis, model.read(frame))
    built, rng = design.build(), np.random.default_rng(3)
    point = {k: v + 0.4 * rng.normal(size=np.shape(v)) for k, v in built.initial_point().items()}
    outputs = [v for v in built.unobserved_value_vars if not v.name.endswith("__")]
    values = dict(
        zip([v.name for v in outputs], built.compile_fn(outputs, on_unused_input="ignore")(point), strict=True)
    )
    total = sum(t.sum() for t in built.logp(built.observed_RVs, sum=False))
    theirs = float(built.compile_fn(total, on_unused_input="ignore")(point))
    ratio = np.concatenate([[0.0], values["log_hazard_ratio"]])
    effect = (ratio - ratio.mean())[[design.regimens.index(r) for r in frame["regimen"]]]
    multiples = np.exp(effect + design.encoded.values @ values["coefficient"])
    logs = values["log_coefficient"]
    assert logs[0] == pytest.approx(values["log_hazard"])
    wanted = values["log_hazard"] + np.cumsum(values["drift_sd"] * design.basis.step_scale * values["step_z"])
    assert logs[1:] == pytest.approx(wanted)
    each = log_density(frame, logs, multiples)
    assert theirs == pytest.approx(each.sum(), rel=1e-8)
    import xarray as xr

    template = design.prior(rng, 1)
    one = xr.Dataset({k: (a.dims, np.asarray(values[k])[None, None], a.attrs) for k, a in template.data_vars.items()})
    assert design.log_likelihood(one)["time"].to_numpy()[0, 0] == pytest.approx(each, rel=1e-8)


def test_the_posterior_is_that_of_importance_sampling():
    """One cubic piece: four coefficients, their drift and a hazard ratio, by an independent density and sampler."""
    frame = cohort(40, seed=4, slope=0.0)
    priors = {
        "log_hazard": be.Prior("Normal", mu=-2.0, sigma=1.0),
        "drift_sd": be.Prior("LogNormal", mu=-0.7, sigma=0.2),
    }
    model = be.SurvivalModel(**SETTINGS, knots=[8.0], priors=priors)
    posterior = model.fit(frame, seed=5)
    assert posterior.diagnostics.converged
    knots, scale = (8.0,), HazardBasis((8.0,)).step_scale
    arm, time, event = (frame["regimen"] == "B").to_numpy(), frame["time"].to_numpy(), frame["event"].to_numpy()
    hazards, areas = by_scipy(time, knots), np.stack([[area(np.where(np.arange(4) == k, 0.0, -np.inf), 0.0, t, knots)
                                                       for k in range(4)] for t in time])  # fmt: skip

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")
    def density(at):
        first, z, log_drift, ratio = at[:, 0], at[:, 1:4], at[:, 4], at[:, 5]
        drift = np.exp(log_drift)
        logs = first[:, None] + np.concatenate([0.0 * z[:, :1], np.cumsum(drift[:, None] * scale * z, axis=1)], axis=1)
        multiple = np.exp(np.where(arm, 0.5, -0.5) * ratio[:, None])
        coefficients = np.exp(logs)
        found = (event * np.log(multiple * (coefficients @ hazards.T)) - multiple * (coefficients @ areas.T)).sum(
            axis=1
        )
        found += stats.norm.logpdf(first, -2.0, 1.0) + stats.norm.logpdf(z).sum(axis=1)
        found += stats.norm.logpdf(log_drift, -0.7, 0.2)
        found += stats.norm.logpdf(ratio, 0.0, 0.7)
        return np.where(np.isfinite(found), found, -np.inf), logs

    start = np.array([-2.0, 0.0, 0.0, 0.0, -0.7, 0.0])
    best = optimize.minimize(lambda x: -density(x[None])[0][0], start, method="BFGS")
    rng = np.random.default_rng(6)
    law = stats.multivariate_t(best.x, best.hess_inv, df=8, seed=rng)
    draws = law.rvs(200_000)
    found, logs = density(draws)
    weight = np.exp(found - law.logpdf(draws) - np.max(found - law.logpdf(draws)))
    weight /= weight.sum()
    effective = 1.0 / (weight**2).sum()
    assert effective > 5_000
    areas_at = np.array(
        [[area(np.where(np.arange(4) == k, 0.0, -np.inf), 0.0, t, knots) for k in range(4)] for t in (3.0, 6.0)]
    )
    possible = weight > 0.0
    draws, logs, weight = draws[possible], logs[possible], weight[possible]
    survival = np.exp(-np.exp(0.5 * draws[:, 5])[:, None] * (np.exp(logs) @ areas_at.T))
    summary = posterior.summary("survival")
    for j, t in enumerate((3.0, 6.0)):
        row = summary[(summary["regimen"] == "B") & (summary["time"] == t)].iloc[0]
        mean = float(weight @ survival[:, j])
        sd = float(np.sqrt(weight @ (survival[:, j] - mean) ** 2))
        assert abs(row["mean"] - mean) < 4 * np.hypot(row["mcse_mean"], sd / effective**0.5)
        assert row["sd"] == pytest.approx(sd, rel=0.06)
    ratios = posterior.estimand("hazard_ratio").sel(regimen="B").to_numpy().ravel()
    mean, error = float(weight @ draws[:, 5]), float(np.sqrt(weight @ draws[:, 5] ** 2)) / effective**0.5
    assert abs(np.log(ratios).mean() - mean) < 4 * np.hypot(np.log(ratios).std() / 1_000**0.5, error)


def test_without_drift_it_is_the_exponential_model():
    frame = cohort(40, seed=7, slope=0.0)
    priors = {"log_hazard": be.Prior("Normal", mu=-2.0, sigma=1.0)}
    smooth = be.SurvivalModel(**SETTINGS, priors=priors | {"drift_sd": be.Prior("HalfNormal", sigma=1e-4)})
    constant = be.SurvivalModel(**{**SETTINGS, "baseline": "exponential"}, priors=priors)
    ours, theirs = (
        m.fit(frame, seed=1).summary().set_index(["estimand", "regimen", "time"]) for m in (smooth, constant)
    )
    for row in theirs.index.intersection(ours.index):
        if row[0] in ("median", "rmst", "survival") or (row[0] == "hazard_ratio" and row[1] == "B"):
            one, other = ours.loc[row], theirs.loc[row]
            assert abs(one["mean"] - other["mean"]) < 4 * np.hypot(one["mcse_mean"], other["mcse_mean"]), row


@pytest.mark.parametrize("effect", ["proportional", "stratified", "none"])
def test_estimands_are_functions_of_the_curve(effect):
    frame = cohort(50, seed=2)
    model = be.SurvivalModel(**SETTINGS, knots=KNOTS, regimen_effect=effect, covariates=[LIVER])
    design = prepare_design(model.analysis, model.read(frame))
    parameters = design.prior(np.random.default_rng(8), 3)
    found = design.estimands(parameters, np.random.default_rng(9))
    risks = np.exp(design.encoded.values @ parameters["coefficient"].to_numpy()[0].T).T  # (draws, patients)
    logs = parameters["log_coefficient"].to_numpy()[0]
    for draw in range(3):
        for r in range(2):
            mine = logs[draw, r] if effect == "stratified" else logs[draw]
            ratio = float(parameters["log_hazard_ratio"][0, draw, 0]) * (r - 0.5) if effect == "proportional" else 0.0

            def survival(time, mine=mine, ratio=ratio, draw=draw):
                return float(np.exp(-np.exp(ratio) * area(mine, 0.0, time) * risks[draw]).mean())

            one = found.isel(chain=0, draw=draw, regimen=r)
            assert one["survival"].to_numpy() == pytest.approx([survival(3.0), survival(6.0)], rel=1e-8)
            median = float(one["median"])
            assert survival(median) == pytest.approx(0.5, abs=1e-7)
            nodes, weights = np.polynomial.legendre.leggauss(60)
            times = 3.0 * (nodes + 1.0)
            assert float(one["rmst"][0]) == pytest.approx(
                3.0 * sum(w * survival(t) for t, w in zip(times, weights, strict=True)), rel=1e-5
            )


def test_order_of_rows_and_regimens_changes_no_density():
    frame = cohort(40, seed=3)
    model = be.SurvivalModel(**SETTINGS, covariates=[NLR])
    turned = be.SurvivalModel(**SETTINGS, covariates=[NLR], regimens=["B", "A"])
    one = prepare_design(model.analysis, model.read(frame))
    other = prepare_design(turned.analysis, turned.read(frame.iloc[::-1]))
    assert one.basis == other.basis
    parameters = one.prior(np.random.default_rng(1), 4)
    mirrored = parameters.assign_coords(contrast=["A"])
    mirrored = mirrored.assign(log_hazard_ratio=-mirrored["log_hazard_ratio"])
    ours, theirs = one.log_likelihood(parameters)["time"], other.log_likelihood(mirrored)["time"]
    np.testing.assert_allclose(ours.sum("patient"), theirs.sum("patient"), rtol=1e-10)


def test_strata_have_coefficients_of_their_own():
    frame = cohort(60, seed=5)
    model = be.SurvivalModel(**SETTINGS, strata="liver", knots=KNOTS)
    design = prepare_design(model.analysis, model.read(frame))
    parameters = design.prior(np.random.default_rng(1), 2)
    assert parameters["log_coefficient"].shape == (1, 2, 2, 7)
    ours = design.log_likelihood(parameters)["time"].to_numpy()[0, 1]
    logs = parameters["log_coefficient"].to_numpy()[0, 1]
    half = 0.5 * float(parameters["log_hazard_ratio"][0, 1, 0])
    for stratum in (0, 1):
        mine = (frame["liver"] == stratum).to_numpy()
        some = frame[mine].assign(entry=0.0)
        multiples = np.exp(np.where(some["regimen"] == "B", half, -half))
        assert ours[mine] == pytest.approx(log_density(some, logs[stratum], multiples), rel=1e-8)


def test_a_knot_beyond_follow_up_is_noted():
    """Not refused: a study keeps its knots when the patient followed longest leaves it."""
    frame = cohort(40, seed=6)
    for knots, told in (([2.0, 400.0], True), ([2.0, 5.0], False)):
        model = be.SurvivalModel(**SETTINGS, knots=knots)
        design = prepare_design(model.analysis, model.read(frame))
        assert any("the last knot, at 400 months, lies beyond" in w.message for w in design.warnings) == told
    parameters = design.prior(np.random.default_rng(1), 2)
    assert np.isfinite(design.log_likelihood(parameters)["time"]).all()


def test_events_after_the_last_knot_are_noted():
    """There the hazard is constant whatever they say: two in three of these were missed without a word."""
    frame = cohort(40, seed=6)
    for knots in ([0.5, 1.0], None):
        model = be.SurvivalModel(**SETTINGS, knots=knots)
        design = prepare_design(model.analysis, model.read(frame))
        late = int(((frame["time"] > 1.0) & (frame["event"] == 1)).sum())
        total = int(frame["event"].sum())
        told = [w.message for w in design.warnings if w.code == "after_last_knot"]
        assert [m.split(" came")[0] for m in told] == ([] if knots is None else [f"{late} of {total} events"])


def test_a_study_keeps_its_knots():
    frame = cohort(60, seed=6)
    model = be.SurvivalModel(**SETTINGS)
    design = prepare_design(model.analysis, model.read(frame))
    frozen = design.frozen()["model"]
    assert frozen["knots"] == pytest.approx(list(design.basis.knots))
    assert "reference_time" not in frozen
    again = be.SurvivalModel(**SETTINGS, knots=frozen["knots"])
    assert prepare_design(again.analysis, again.read(frame.iloc[:30])).basis == design.basis


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"knots": [3, 2]}, "ascending order"),
        ({"baseline": "weibull", "knots": [2]}, r'knots: needs baseline = "m_spline"'),
        ({"cutpoints": [2]}, 'needs baseline = "piecewise"'),
        ({"reference_time": 3.0}, "whose level"),
        ({"regimen_effect": "nonproportional"}, '"proportional", "stratified" or "none"'),
        ({"regimen_effect": "accelerated"}, '"accelerated" is of'),
        ({"priors": {"median": be.Prior("LogNormal", mu=1, sigma=1)}}, "median"),
        ({"priors": {"log_shape": be.Prior("Normal")}}, "log_shape: is not a parameter of this model"),
    ],
)  # fmt: skip
def test_what_a_spline_does_not_take(options, message):
    with pytest.raises(be.AnalysisError, match=message):
        be.SurvivalModel(**{**SETTINGS, **options}).fit(cohort(30))
