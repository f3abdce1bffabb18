"""Progression-free and overall survival together: closed forms against quadrature, conjugacy, identities, the truth."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.bundled import find_analysis
from bayes_escc.cli import main
from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.course.hazards import CourseHazards
from bayes_escc.report.answer import answer_text
from bayes_escc.runs.run import fit_analysis, frozen_analysis, prepare_design
from bayes_escc.study.changes import compare_cuts
from bayes_escc.study.cuts import read_cut
from tests.helpers.english import english_in
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut
from tests.oracles import course as oracle

CUTS, LATER_CUTS = [2.0, 5.0], [1.5]
TRANSITIONS = ("progression", "death_without_progression", "death_after_progression")


def patients(seed=3, sizes=(60, 50), hazards=((0.15, 0.03, 0.12), (0.1, 0.03, 0.1)), follow_up=(4.0, 24.0)):
    """Courses under constant hazards, censored at random."""
    rng, parts = np.random.default_rng(seed), []
    for regimen, n, (progression, death, later) in zip("AB", sizes, hazards, strict=True):
        first, progressed, end = oracle.simulate(rng, n, progression, death, later)
        stop = rng.uniform(*follow_up, n)
        part = {
            "patient_id": [f"{regimen}{i}" for i in range(n)],
            "regimen": regimen,
            "time": np.minimum(first, stop),
            "event": (first <= stop).astype(int),
            "overall": np.minimum(end, stop),
            "overall_event": (end <= stop).astype(int),
            "progressed": (progressed & (first <= stop)).astype(int),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def gamma(alpha=0.5, beta=3.0):
    return be.Prior("Gamma", alpha=alpha, beta=beta)


PRIORS = {f"{t}_hazard": gamma(beta=b) for t, b in zip(TRANSITIONS, (3.0, 20.0, 4.0), strict=True)}
ASKED = {"times": [3.0, 9.0], "horizons": [6.0, 12.0], "data_unit": "months", "priors": PRIORS}


def model(**options):
    return be.CourseModel(**{**ASKED, **options})


@pytest.fixture(scope="module")
def frame():
    return patients()


@pytest.fixture(scope="module")
def fitted(frame):
    return model().fit(frame, draws=500, chains=2)


@pytest.fixture(scope="module")
def piecewise(frame):
    cuts = {"progression": [2.0, 5.0], "death_without_progression": [4.0], "death_after_progression": [3.0]}
    return model(baseline="piecewise", cutpoints=cuts).fit(frame, draws=200, chains=2)


class TestHazards:
    """Closed forms against adaptive quadrature and the known formulas of constant hazards."""

    @pytest.mark.parametrize("clock", ["reset", "forward"])
    @pytest.mark.parametrize(("cuts", "later_cuts"), [([], []), (CUTS, LATER_CUTS), ([3.0], [2.0, 6.0])])
    def test_everything_is_its_integral(self, clock, cuts, later_cuts):
        rng = np.random.default_rng(1)
        progression, death = (rng.gamma(2, 0.1, size=(2, 2, len(cuts) + 1)) for _ in range(2))
        later = rng.gamma(2, 0.1, size=(2, 2, len(later_cuts) + 1))
        found = CourseHazards(progression, death, later, np.array(cuts), np.array(later_cuts), clock)
        times = np.array([1.0, 4.0, 9.0])
        after, gone = found.alive_after(times), [found.incidence(c, times) for c in ("progression", "death")]
        for d, r in [(0, 0), (1, 1)]:
            steps = [oracle.Steps(cuts, h[d, r]) for h in (progression, death)]
            path = oracle.Path(*steps, oracle.Steps(later_cuts, later[d, r]), clock)
            for i, t in enumerate(times):
                assert after[d, r, i] == pytest.approx(path.alive_after(t), abs=1e-10)
                assert [g[d, r, i] for g in gone] == pytest.approx([path.incidence(s, t) for s in steps], abs=1e-10)
            assert found.mean_after(8.0)[d, r] == pytest.approx(path.mean(path.alive_after, 8.0), abs=1e-8)
            assert found.mean_free(8.0)[d, r] == pytest.approx(path.mean(path.free, 8.0), abs=1e-8)
            assert found.median_free()[d, r] == pytest.approx(path.median(path.free), rel=1e-8)
            assert found.median_alive()[d, r] == pytest.approx(path.median(path.overall), rel=1e-8)

    @pytest.mark.parametrize("rates", [(0.2, 0.05, 0.1), (0.2, 0.05, 0.25), (0.2, 1e-9, 3.0), (1e-7, 0.3, 0.2)])
    def test_constant_hazards_have_known_formulas(self, rates):
        found = CourseHazards(*(np.full((1, 1, 1), r) for r in rates), np.empty(0), np.empty(0))
        for t in (0.5, 4.0, 40.0):
            at = np.array([t])
            assert found.alive_after(at).item() == pytest.approx(oracle.constant_alive_after(*rates, t), rel=1e-9)
            assert found.alive(at).item() == pytest.approx(oracle.constant_overall(*rates, t), rel=1e-9)
            if rates[0] + rates[1] != rates[2]:
                expected = oracle.constant_mean_after(*rates, t)
                assert found.mean_after(t).item() == pytest.approx(expected, rel=1e-8)
        assert found.alive(found.median_alive()[0]).item() == pytest.approx(0.5, abs=1e-10)

    def test_states_sum_to_one_and_deaths_are_deaths(self):
        rng = np.random.default_rng(5)
        hazards = [rng.gamma(1, 0.2, size=(50, 2, k)) for k in (3, 3, 2)]
        found = CourseHazards(*hazards, np.array(CUTS), np.array(LATER_CUTS))
        times = np.linspace(0.0, 30.0, 40)
        progressed, died = (found.incidence(c, times) for c in ("progression", "death"))
        assert np.allclose(found.free(times) + progressed + died, 1.0, atol=1e-12)
        assert (found.alive_after(times) <= progressed + 1e-12).all()
        assert (np.diff(found.alive(times), axis=-1) <= 1e-12).all()

    def test_a_later_hazard_equal_to_the_first_makes_death_blind_to_progression(self):
        """With the clock running on and one hazard of death before and after, OS is exponential steps of it alone."""
        rng = np.random.default_rng(6)
        progression, death = (rng.gamma(2, 0.1, size=(4, 1, 3)) for _ in range(2))
        found = CourseHazards(progression, death, death, np.array(CUTS), np.array(CUTS), "forward")
        alone = CourseHazards(0.0 * progression, death, death, np.array(CUTS), np.array(CUTS), "forward")
        times = np.array([1.0, 3.0, 8.0])
        assert np.allclose(found.alive(times), alone.free(times), atol=1e-12)
        assert np.allclose(found.mean_free(9.0) + found.mean_after(9.0), alone.mean_free(9.0), atol=1e-10)


class TestPosterior:
    def test_hazards_are_conjugate(self, frame, fitted):
        assert fitted.sampler == "exact"
        for r, regimen in enumerate("AB"):
            mine = frame[frame["regimen"] == regimen]
            later = mine["overall"] - mine["time"]
            died_first = (mine["event"] == 1) & (mine["progressed"] == 0)
            events = (mine["progressed"].sum(), died_first.sum(), (mine["progressed"] * mine["overall_event"]).sum())
            at_risk = (mine["time"].sum(), mine["time"].sum(), later[mine["progressed"] == 1].sum())
            for t, d, e in zip(TRANSITIONS, events, at_risk, strict=True):
                prior = PRIORS[f"{t}_hazard"]
                law = stats.gamma(prior["alpha"] + d, scale=1.0 / (prior["beta"] + e))
                drawn = fitted.groups["posterior"][f"{t}_hazard"].to_numpy()[..., r].ravel()
                assert drawn.mean() == pytest.approx(law.mean(), abs=4 * law.std() / math.sqrt(drawn.size))
                assert stats.kstest(drawn, law.cdf).pvalue > 1e-3

    def test_the_evidence_is_that_of_gamma_hazards(self, frame, fitted):
        design = prepare_design(fitted.analysis, model().read(frame))
        total = 0.0
        for t in TRANSITIONS:
            a, b = (PRIORS[f"{t}_hazard"][k] for k in ("alpha", "beta"))
            for d, e in zip(design.happened[t].ravel(), design.at_risk[t].ravel(), strict=True):
                total += a * math.log(b) - math.lgamma(a) + math.lgamma(a + d) - (a + d) * math.log(b + e)
        assert fitted.diagnostics.log_evidence == pytest.approx(total, abs=1e-8)

    @pytest.mark.parametrize("name", ["fitted", "piecewise"])
    def test_the_numpy_likelihood_is_the_one_sampled_and_that_of_the_cells(self, name, frame, request):
        posterior = request.getfixturevalue(name)
        design = prepare_design(posterior.analysis, model().read(frame))
        draws = posterior.groups["posterior"].isel(chain=[0], draw=slice(0, 3))
        own = design.log_likelihood(draws)["time"].to_numpy().sum(axis=-1)[0]
        pm_model = design.build()
        logp = pm_model.compile_logp(vars=[pm_model[t] for t in TRANSITIONS])
        for i in range(3):
            point = pm_model.initial_point()
            for t in TRANSITIONS:
                value = draws[f"{t}_hazard"].to_numpy()[0, i]
                if f"{t}_hazard_log__" in point:
                    point[f"{t}_hazard_log__"] = np.log(value)
                else:
                    point |= {f"{t}_hazard_{r}_log__": np.log(v) for r, v in enumerate(value)}
            assert float(logp(point)) == pytest.approx(own[i], rel=1e-9)

    @pytest.mark.parametrize("clock", ["reset", "forward"])
    def test_every_patient_by_hand(self, clock):
        rows = pd.DataFrame(
            {
                "patient_id": list("123456"), "regimen": "A", "time": [3.0, 6.0, 1.0, 4.0, 7.0, 2.5],
                "event": [1, 1, 1, 0, 0, 1], "overall": [9.0, 8.0, 1.0, 4.0, 9.0, 2.5],
                "overall_event": [1, 0, 1, 0, 1, 0], "entry": [0.0, 2.5, 0.0, 1.0, 0.0, 0.0],
            }
        )  # fmt: skip
        asked = model(
            baseline="piecewise", clock=clock, entry="entry",
            cutpoints={"progression": CUTS, "death_without_progression": CUTS, "death_after_progression": LATER_CUTS},
        )  # fmt: skip
        design = prepare_design(asked.analysis, asked.read(rows))
        draws = design.prior(np.random.default_rng(2), 2)
        found = design.log_likelihood(draws)["time"].to_numpy()[0]
        for d in range(2):
            first, death = (oracle.Steps(CUTS, draws[f"{t}_hazard"].to_numpy()[0, d, 0]) for t in TRANSITIONS[:2])
            later = oracle.Steps(LATER_CUTS, draws[f"{TRANSITIONS[2]}_hazard"].to_numpy()[0, d, 0])

            def left(t, entry=0.0, first=first, death=death):
                return -sum(h.cumulative(t) - h.cumulative(entry) for h in (first, death))

            def lived(since, until, later=later):
                start, stop = (0.0, until - since) if clock == "reset" else (since, until)
                return later.cumulative(start) - later.cumulative(stop), later(stop)

            by_hand = [
                left(3.0) + math.log(first(3.0)) + lived(3.0, 9.0)[0] + math.log(lived(3.0, 9.0)[1]),
                left(6.0, 2.5) + math.log(first(6.0)) + lived(6.0, 8.0)[0],
                left(1.0) + math.log(death(1.0)),
                left(4.0, 1.0),
                left(7.0),
                left(2.5) + math.log(first(2.5)),
            ]
            assert found[d] == pytest.approx(by_hand, rel=1e-10)

    def test_other_priors_are_sampled_and_agree(self, frame):
        """A LogNormal as narrow as no other: the posterior is where grid integration has it."""
        priors = {**PRIORS, "death_after_progression_hazard": be.Prior("LogNormal", mu=math.log(0.1), sigma=0.2)}
        posterior = model(priors=priors).fit(frame, sampler="laplace", draws=500, chains=4)
        assert posterior.sampler == "laplace"
        mine = frame[frame["regimen"] == "A"]
        d = (mine["progressed"] * mine["overall_event"]).sum()
        e = (mine["overall"] - mine["time"])[mine["progressed"] == 1].sum()
        log_h = np.linspace(math.log(0.1) - 2, math.log(0.1) + 2, 4001)
        weight = d * log_h - e * np.exp(log_h) - 0.5 * ((log_h - math.log(0.1)) / 0.2) ** 2
        weight = np.exp(weight - weight.max())
        mean = (np.exp(log_h) * weight).sum() / weight.sum()
        spread = math.sqrt((np.exp(2 * log_h) * weight).sum() / weight.sum() - mean**2)
        drawn = posterior.groups["posterior"]["death_after_progression_hazard"].to_numpy()[..., 0]
        assert drawn.mean() == pytest.approx(mean, abs=4 * spread / math.sqrt(drawn.size))


class TestEstimands:
    def test_they_are_functions_of_the_same_draws(self, fitted):
        hazards = [fitted.groups["posterior"][f"{t}_hazard"].to_numpy()[0, :5] for t in TRANSITIONS]
        told = {n: fitted.estimand(n).to_numpy()[0, :5] for n in fitted.estimand_names}
        for d in range(5):
            for r in range(2):
                rates = [h[d, r] for h in hazards]
                for i, t in enumerate(ASKED["times"]):
                    assert told["os"][d, r, i] == pytest.approx(oracle.constant_overall(*rates, t), rel=1e-9)
                    assert told["survival_after_progression"][d, r, i] == pytest.approx(math.exp(-rates[2] * t))
                after = oracle.constant_mean_after(*rates, 12.0)
                assert told["time_after_progression"][d, r, 1] == pytest.approx(after, rel=1e-8)
                assert told["os_rmst"][d, r, 1] == pytest.approx(told["pfs_rmst"][d, r, 1] + after, rel=1e-8)
        assert np.allclose(told["death_after_progression_hazard_ratio"][..., 1], (hazards[2][:, 1] / hazards[2][:, 0]))

    def test_pfs_is_that_of_the_survival_model_where_both_causes_are_one(self, frame, fitted):
        """Gamma hazards of two causes with one b add up to Gamma(a1 + a2, b): the same posterior of PFS."""
        shared = {**PRIORS, **{f"{t}_hazard": gamma(0.5, 6.0) for t in TRANSITIONS[:2]}}
        ours = model(priors=shared).fit(frame, draws=2000)
        survival = be.SurvivalModel(
            baseline="exponential", regimen_effect="stratified", priors={"hazard": gamma(1.0, 6.0)}, data_unit="months",
            times=[3.0, 9.0], horizons=[6.0, 12.0],
        ).fit(frame)  # fmt: skip
        theirs = survival.summary("survival")
        mine = ours.summary("pfs")
        assert np.allclose(mine["mean"], theirs["mean"], atol=4 * theirs["sd"].max() / math.sqrt(8000))
        assert np.allclose(mine["sd"], theirs["sd"], rtol=0.06)
        assert len(fitted.summary("pfs")) == len(theirs)

    def test_both_endpoints_meet_kaplan_meier_as_patients_grow(self):
        many = patients(seed=8, sizes=(6000, 10), follow_up=(1e6, 1e6 + 1))
        many = many[many["regimen"] == "A"]
        posterior = model(times=[2.0, 6.0, 15.0]).fit(many, draws=200, chains=2)
        for name, time, event in (("pfs", "time", "event"), ("os", "overall", "overall_event")):
            steps = kaplan_meier(many[time].to_numpy(), many[event].to_numpy() == 1, np.zeros(len(many)))
            expected = steps(np.array([2.0, 6.0, 15.0]))
            error = np.sqrt(expected * (1 - expected) / len(many))
            found = posterior.summary(name)["median"].to_numpy()
            assert (np.abs(found - expected) < 4 * error).all(), name

    def test_occupancy_meets_aalen_johansen_of_censored_patients(self):
        many = patients(seed=9, sizes=(4000, 10), follow_up=(2.0, 20.0))
        many = many[many["regimen"] == "A"]
        times = [2.0, 6.0, 12.0]
        posterior = model(times=times).fit(many, draws=200, chains=2)
        columns = (many[c].to_numpy() for c in ("time", "progressed", "overall", "overall_event"))
        first, progressed, end, died = columns
        occupied = oracle.occupancy(first, progressed == 1, end, died == 1, times)
        found = posterior.summary("alive_after_progression")["median"].to_numpy()
        assert np.abs(found - occupied[:, 1]).max() < 4 * 0.5 / math.sqrt(0.5 * len(many))
        assert np.allclose(occupied.sum(axis=1), 1.0)

    def test_a_known_truth_is_recovered(self):
        """Over simulated studies the intervals of OS at a time hold the truth as often as they say."""
        truth, inside = oracle.constant_overall(0.15, 0.03, 0.12, 9.0), 0
        for seed in range(40):
            posterior = model().fit(patients(seed=100 + seed, sizes=(40, 5)), draws=250, chains=2)
            row = next(r for r in posterior.summary_rows(0.8) if r["estimand"] == "os" and r["time"] == 9.0)
            inside += row["lower"] < truth < row["upper"]
        assert stats.binomtest(inside, 40, 0.8).pvalue > 1e-3


class TestInvariance:
    def summary(self, frame, **options):
        return model(**options).fit(frame, draws=100, chains=2)

    def test_rows_in_any_order(self, frame, fitted):
        shuffled = frame.sample(frac=1.0, random_state=1)
        other = model(regimens=["A", "B"]).fit(shuffled, draws=500, chains=2)
        for t in TRANSITIONS:
            a, b = (p.groups["posterior"][f"{t}_hazard"].to_numpy() for p in (fitted, other))
            assert np.allclose(a, b, rtol=1e-12)

    def test_regimens_in_the_other_order_are_the_same_posterior(self, frame):
        designs = [prepare_design(model(regimens=list(order)).analysis, model().read(frame)) for order in ("AB", "BA")]
        for t in TRANSITIONS:
            assert np.allclose(designs[0].happened[t], designs[1].happened[t][::-1])
            assert np.allclose(designs[0].at_risk[t], designs[1].at_risk[t][::-1])

    def test_the_unit_of_time_changes_nothing(self, frame):
        days = 30.4375
        scaled = frame.assign(time=frame["time"] * days, overall=frame["overall"] * days)
        in_days = be.CourseModel(
            data_unit="days", times=[3 * days, 9 * days], horizons=[6 * days, 12 * days],
            priors={k: gamma(p["alpha"], p["beta"] * days) for k, p in PRIORS.items()},
        ).fit(scaled, draws=100, chains=2)  # fmt: skip
        months = self.summary(frame)
        for name, factor in (("os", 1.0), ("pfs_median", days), ("os_rmst", days), ("time_after_progression", days)):
            ours, theirs = (p.estimand(name).to_numpy() for p in (months, in_days))
            assert np.allclose(factor * ours, theirs, rtol=1e-7), name
        stated, default = (
            be.CourseModel(data_unit=unit, times=[1.0], horizons=[1.0]).fit(table, draws=20, chains=2)
            for unit, table in (("months", frame), ("days", scaled))
        )
        assert np.allclose(days * default.estimand("hazard"), stated.estimand("hazard"), rtol=1e-9)

    def test_of_constant_hazards_the_clock_does_not_matter(self, frame):
        ours, theirs = (self.summary(frame, clock=clock) for clock in ("reset", "forward"))
        for name in ("os", "os_median", "alive_after_progression", "os_rmst"):
            assert np.allclose(ours.estimand(name), theirs.estimand(name), rtol=1e-8), name

    def test_equal_hazards_on_both_sides_of_a_cut_are_one(self):
        rng = np.random.default_rng(4)
        one = [rng.gamma(2, 0.1, size=(3, 2, 1)) for _ in range(3)]
        cut = [np.repeat(h, 2, axis=-1) for h in one]
        plain = CourseHazards(*one, np.empty(0), np.empty(0))
        times = np.array([1.0, 5.0])
        for clock in ("reset", "forward"):
            split = CourseHazards(*cut, np.array([2.5]), np.array([1.5]), clock)
            assert np.allclose(split.alive(times), plain.alive(times), rtol=1e-12)
            assert np.allclose(split.mean_after(9.0), plain.mean_after(9.0), rtol=1e-10)


class TestBias:
    """A bias multiplies all hazards of a regimen; without it everything follows from the same draws."""

    @pytest.mark.parametrize("name", ["fitted", "piecewise"])
    @pytest.mark.parametrize(
        ("estimand", "time", "scale", "threshold"),
        [
            ("pfs", 3.0, "difference", 0.05), ("os", 9.0, "odds_ratio", 1.2), ("pfs_rmst", 6.0, "difference", 0.0),
            ("os_rmst", 12.0, "difference", 1.0), ("pfs_median", None, "ratio", 1.3),
            ("os_median", None, "difference", 2.0),
        ],
    )  # fmt: skip
    def test_at_the_critical_bias_the_contrast_is_the_threshold(
        self, name, estimand, time, scale, threshold, frame, request
    ):
        posterior = request.getfixturevalue(name)
        design = prepare_design(posterior.analysis, model().read(frame))
        draws = posterior.groups["posterior"].isel(chain=[0], draw=slice(0, 40))
        critical = design.critical_bias(draws, RegimenContrast(estimand, time, "B", "A", scale, threshold))
        for d in range(0, 40, 13):
            one = draws.isel(draw=[d])
            asked = {"estimand": estimand, "time": time}
            own = design.without_bias(one, **asked, regimen="B", bias=float(critical[0, d])).item()
            against = design.without_bias(one, **asked, regimen="A", bias=0.0).item()
            gained = {
                "difference": own - against,
                "ratio": own / against,
                "odds_ratio": own / (1 - own) / (against / (1 - against)),
            }
            assert gained[scale] == pytest.approx(threshold, abs=1e-5)

    def test_a_bias_of_constant_hazards_stretches_time(self, frame, fitted):
        design = prepare_design(fitted.analysis, model().read(frame))
        draws = fitted.groups["posterior"]
        plain = fitted.estimand("os_median").sel(regimen="B").to_numpy()
        moved = design.without_bias(draws, estimand="os_median", time=None, regimen="B", bias=0.4)
        assert np.allclose(moved, plain * math.exp(0.4), rtol=1e-8)
        assert design.without_bias(draws, estimand="progression_incidence", time=3.0, regimen="B", bias=0.1) is None

    def test_an_unanchored_comparison_is_averaged_over_a_bias(self, frame):
        content_of = content()
        content_of["data"]["design"] = "single-arm"
        posterior = fit_analysis(Analysis.from_dict(content_of), model().read(frame))
        rows = be.to_result(posterior)["comparisons"]
        for row in rows:
            assert row["bias_scale"] == "log_hazard"
            assert row["bias_sd"] == 0.35
            plain, averaged = row["probability_better"], row["probability_better_with_bias"]
            assert abs(averaged - 0.5) <= abs(plain - 0.5) + 1e-9


class TestJoint:
    def test_four_cases_by_the_same_draws(self, frame):
        asked = content(frame_file="x.csv")
        analysis = Analysis.from_dict(asked)
        posterior = fit_analysis(analysis, model().read(frame))
        rows = be.to_result(posterior)["joint"]
        assert [(r["first"], r["second"], r["time"]) for r in rows] == [
            ("pfs_rmst", "os_rmst", 6.0), ("pfs_rmst", "os_rmst", 12.0),
        ]  # fmt: skip
        for i, row in enumerate(rows):
            gains = [posterior.estimand(n).to_numpy()[..., i] for n in ("pfs_rmst", "os_rmst")]
            a, b = (g[..., 1] - g[..., 0] for g in gains)
            cases = ("both", "first_only", "second_only", "neither")
            shares = [((a > 0) & (b > 0)).mean(), ((a > 0) & (b <= 0)).mean(), ((a <= 0) & (b > 0)).mean()]
            shares.append(((a <= 0) & (b <= 0)).mean())
            assert [row[f"probability_{c}"] for c in cases] == pytest.approx(shares)
            assert sum(shares) == pytest.approx(1.0)
            assert row["correlation"] == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
        compared = {(r["estimand"], r["time"]): r["probability_better"] for r in be.to_result(posterior)["comparisons"]}
        first = rows[0]["probability_both"] + rows[0]["probability_first_only"]
        assert compared["pfs_rmst", 6.0] == pytest.approx(first)

    def test_nothing_is_said_of_estimands_without_a_partner(self, cohorts):
        assert "joint" not in be.to_result(be.ResponseModel(endpoint="ORR").fit(cohorts))


def content(frame_file="patients.csv", **changes):
    return {
        "id": "both", "question": "Which?", "title": "SIMULATED patients",
        "data": {
            "kind": "patients", "file": frame_file, "time": "time", "event": "event", "overall": "overall",
            "overall_event": "overall_event", "time_unit": "months",
        },
        "model": {"family": "course"},
        "estimands": {"times": [3, 9], "horizons": [6, 12]},
        "comparisons": [{"estimand": "os_rmst"}, {"estimand": "pfs_rmst"}],
        **changes,
    }  # fmt: skip


class TestRuns:
    def test_an_analysis_runs_in_both_languages(self, frame, tmp_path):
        frame.drop(columns="progressed").to_csv(tmp_path / "patients.csv", index=False)
        analysis = Analysis.from_dict(content(), folder=tmp_path)
        posterior, result, paths = be.run_analysis(analysis, tmp_path / "out")
        assert {p.name for p in paths} >= {"occupancy.svg", "predictive_check.svg", "result.json", "page.json"}
        assert posterior.diagnostics.converged
        for language, part in (("en", "in both"), ("zh", "两项均更优")):
            page = be.Report(tmp_path / "out", language=language).html
            assert part in page
            told = "".join(answer_text(result, "Which?", language=language).split())
            assert ("inneither0." if language == "en" else "两项均不更优0.") in told  # not cut short
        assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["joint"]
        assert result["data"]["events"] == int(frame["progressed"].sum() + frame["overall_event"].sum())

    @pytest.mark.parametrize("name", ["fitted", "piecewise"])
    def test_the_figure_holds_its_texts(self, name, request):
        figure = be.plots.occupancy(request.getfixturevalue(name))
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)

    def test_replicates_are_of_the_same_kind_as_the_data(self, frame, fitted):
        """Replicates under the posterior: the share of each transition, and what each patient may look like."""
        found, observed = fitted.groups["posterior_predictive"], fitted.observed
        time, event, progressed, overall, died = (
            found[k].to_numpy() for k in ("time", "event", "progressed", "overall", "died")
        )
        assert (progressed <= event).all()
        assert ((event == 0) <= (died == 0)).all()
        assert (overall >= time).all()
        assert np.allclose(overall[(progressed == 0)], time[progressed == 0])
        for key, values in (("progressed", progressed), ("died", died)):
            per_data = values.mean(axis=-1)
            assert abs(per_data.mean() - float(observed[key].mean())) < 3 * per_data.std()

    def test_what_is_frozen_is_the_same_analysis(self, frame):
        asked = Analysis.from_dict(content(model={"family": "course", "baseline": "piecewise"}))
        table = model().read(frame)
        design = prepare_design(asked, table)
        frozen = frozen_analysis(asked, design)
        again = prepare_design(frozen, table)
        assert again.structure == design.structure
        assert {t: c.tolist() for t, c in again.cuts.items()} == {t: c.tolist() for t, c in design.cuts.items()}
        more = prepare_design(frozen, model().read(patients(seed=11, sizes=(70, 70))))
        assert {t: c.tolist() for t, c in more.cuts.items()} == {t: c.tolist() for t, c in design.cuts.items()}

    def test_a_study_grows(self, frame, tmp_path):
        analysis = Analysis.from_dict(content())
        early = frame.assign(
            event=np.where(frame["time"] > 6, 0, frame["event"]),
            overall_event=np.where(frame["overall"] > 6, 0, frame["overall_event"]),
            time=frame["time"].clip(upper=6.0), overall=frame["overall"].clip(upper=6.0),
        )  # fmt: skip
        with be.Study.create(tmp_path / "s.db", analysis) as study:
            study.update(early)
            kinds = {c.kind for c in study.diff(frame)}
            assert kinds <= {"follow-up extended", "event occurred"}
            assert kinds == {"follow-up extended", "event occurred"}
            study.update(frame)
            dead = frame.assign(overall_event=0)
            assert "event retracted" in {c.kind for c in study.diff(dead)}

    def test_a_single_arm_is_told(self, frame):
        result = be.to_result(model().fit(frame[frame["regimen"] == "A"], draws=100, chains=2))
        said = be.report.sentences.verdict(result)
        assert said[0].startswith("Median PFS of A")
        assert said[1].startswith("Median OS of A")

    def test_what_a_run_and_its_checks_say_in_chinese_is_chinese(self, tmp_path, capsys):
        name = "second_line_pfs_and_os"
        own = [find_analysis(name).title, find_analysis(name).question, *find_analysis(name).data.regimens]
        own += [p.default.rationale for _, p in find_analysis(name).spec.priors]
        for words in (["run", name, "--out", str(tmp_path), "--full"], ["sensitivity", name], ["check", name]):
            assert main([*words, "--language", "zh"]) == 0
            assert english_in(capsys.readouterr().out, own) == [], words
        drawn = (tmp_path / "occupancy.svg").read_text(encoding="utf-8")
        assert "进展后存活" in drawn
        assert "progression" not in drawn
        page = be.Report(tmp_path, language="zh").html
        text = re.sub(r"<(svg|style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        assert "疾病-死亡模型" in text
        for word in (*own, name):  # what a person wrote
            text = text.replace(word, "")
        for part in ("progress", "survival after", "in both"):
            assert part not in text, part

    def test_sensitivity_varies_hazards_and_priors(self, frame):
        found = be.sensitivity(Analysis.from_dict(content()), model().read(frame))
        labels = [row["label"] for row in found.rows]
        assert {"piecewise hazards", "piecewise hazards by time since the start"} <= set(labels)
        assert sum("as wide" in label for label in labels) == 6
        assert {row["sampler"] for row in found.rows} == {"exact"}


NOTES = {
    "progression_unknown": ("1,A,3,0,9,0\n2,A,2,1,5,1\n3,A,2,1,2,1", "1 patient lived on after assessments"),
    "not_told_apart": ("1,A,3,0,3,0\n2,A,2,1,5,1", "no event of death without progression on A"),
    "course": ("1,A,3,0,3,0\n2,A,2,1,5,1", "of 2 patients on A, 1 progressed and 1 of them died; 0 died without"),
}


@pytest.mark.parametrize("code", NOTES)
def test_what_is_noted(code, tmp_path):
    rows, said = NOTES[code]
    (tmp_path / "t.csv").write_text(f"patient_id,regimen,time,event,overall,overall_event\n{rows}\n", encoding="utf-8")
    notes = {w.code: w for w in prepare_design(model().analysis, model().read(tmp_path / "t.csv")).warnings}
    assert said in notes[code].message


WRONG = [
    ({"model": {"family": "course", "cutpoints": [3]}}, 'cutpoints: needs baseline = "piecewise"'),
    ({"model": {"family": "course", "baseline": "piecewise", "cutpoints": {"progresion": [3]}}}, "Did you mean"),
    ({"model": {"family": "course", "baseline": "piecewise", "cutpoints": [3, 2]}}, "ascending order"),
    ({"model": {"family": "course", "clock": "stopped"}}, "clock"),
    ({"priors": {"progression_hazard": {"distribution": "Normal", "mu": 0, "sigma": 1}}}, "progression_hazard"),
    ({"priors": {"hazard": {"distribution": "Gamma", "alpha": 1, "beta": 1}}}, "hazard"),
    ({"estimands": {"times": [0]}}, "positive numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_wrong_settings_are_explained(change, said):
    with pytest.raises(be.AnalysisError, match=said):
        Analysis.from_dict({**content(), **change})


def test_wrong_combinations_are_explained(frame):
    beyond = prepare_design(model(baseline="piecewise", cutpoints=[999.0]).analysis, model().read(frame))
    said = [w.message for w in beyond.warnings if w.code == "not_told_apart"]
    assert sum("after the last cut point, at 999 months" in s for s in said) == 3
    with pytest.raises(be.AnalysisError, match="is not here"):
        prepare_design(model(priors={"progression_hazard": {"C": gamma()}}).analysis, model().read(frame))
    with pytest.raises(be.AnalysisError, match="not read with both endpoints"):
        model(overall=None, overall_event=None).fit(frame.drop(columns=["overall", "overall_event"]))


CHANGES = [
    (("3", "1", "5", "0"), ("3", "1", "9", "0"), ["follow-up extended"]),
    (("3", "1", "5", "0"), ("3", "1", "9", "1"), ["event occurred"]),
    (("3", "1", "5", "0"), ("3", "1", "4", "1"), ["time shortened"]),
    (("3", "1", "5", "1"), ("3", "1", "9", "0"), ["event retracted"]),
    (("3", "1", "5", "1"), ("3", "1", "9", "1"), ["corrected"]),
    (("3", "0", "3", "0"), ("4", "1", "9", "1"), ["event occurred", "event occurred"]),
    (("3", "1", "5", "1"), ("3", "1", "5", "1"), []),
]  # fmt: skip
"""PFS, its event, OS and its event, in one cut and in the next."""


@pytest.mark.parametrize(("before", "after", "kinds"), CHANGES)
def test_what_a_cut_changes_of_a_course(before, after, kinds):
    analysis = Analysis.from_dict(content())
    columns = ["patient_id", "regimen", "time", "event", "overall", "overall_event"]
    rows = [("x", "A", "7", "1", "8", "1"), ("y", "B", "7", "1", "8", "1")]
    cuts = [
        read_cut(pd.DataFrame([("p", "A", *values), *rows], columns=columns), analysis) for values in (before, after)
    ]
    assert [c.kind for c in compare_cuts(*cuts)] == kinds
