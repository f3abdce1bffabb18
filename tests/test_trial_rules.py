"""Rules of designs: several endpoints, borrowed priors, thresholds that are found, and registry rows."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.trials.answers import rate_statistics
from bayes_escc.trials.calibration import extremes
from bayes_escc.trials.conduct import counts_at, look_times, looks_of
from bayes_escc.trials.exact import exact_characteristics, why_not_exact
from bayes_escc.trials.generate import generate
from bayes_escc.trials.sample_size import sample_size
from tests.helpers.trials import PFS, RESPONSE, TWO, design
from tests.oracles.borrowed import new_study_logit, probability_better

EVENTS, TOTAL = (11, 9), (44, 51)


def within(share, exact, trials, errors=4.0):
    return abs(share - exact) < errors * math.sqrt(max(exact * (1 - exact), 1e-4) / trials)


def changed(content, **rule):
    content = json.loads(json.dumps(content))
    content["monitoring"][0] |= rule
    return content


class TestSeveralEndpoints:
    def test_the_share_of_both_is_as_stated(self):
        spec = design(TWO).spec
        for truth, both in ((spec.truths[0], 0.10), (spec.truths[1], None)):
            p = generate(spec, truth, 40, 0, 4000)
            one, two = p.response["ORR"], p.response["toxicity"]
            for seen, rate in ((one, truth.rates["ORR"][0]), (two, truth.rates["toxicity"][0])):
                assert within(seen.mean(), rate, seen.size)
            if both is not None:
                assert within((one & two).mean(), both, one.size)
            else:
                table = [[(one & two).sum(), (one & ~two).sum()], [(~one & two).sum(), (~one & ~two).sum()]]
                odds = table[0][0] * table[1][1] / (table[0][1] * table[1][0])
                assert abs(math.log(odds / 0.5)) < 4 * math.sqrt(sum(1 / n for row in table for n in row))

    @pytest.mark.parametrize(
        ("rule", "endpoints"),
        [({}, None), ({"claim": "either"}, None), ({"claim": "either", "nested": True, "criteria": None}, "nested")],
    )
    def test_simulation_agrees_with_enumeration(self, rule, endpoints):
        content = json.loads(json.dumps(TWO))
        if endpoints == "nested":
            rule = {**rule, "criteria": [{"endpoint": "CR", "rate": 0.1}, {"endpoint": "ORR", "rate": 0.25}]}
            content["endpoints"] = {"CR": {"assessed_after": 2.0}, "ORR": {"assessed_after": 2.0}}
            content["truths"] = [{"name": "t", "CR": 0.15, "ORR": 0.35}]
        d = design(changed(content, **rule))
        exact = exact_characteristics(d.spec)
        for truth in d.spec.truths:
            outcomes = d.conduct(truth.name, 40, 0, 3000)
            enumerated = exact[(40, truth.name)]
            assert within((outcomes.decision > 0).mean(), enumerated.probability_go, 3000)
            assert within((outcomes.decision < 0).mean(), enumerated.probability_stop, 3000)

    def test_a_share_of_both_that_cannot_be(self):
        content = json.loads(json.dumps(TWO))
        content["truths"][0]["association"]["both"] = 0.25
        with pytest.raises(be.AnalysisError, match=r"association.both.*between 0 and 0.2"):
            design(content)

    def test_a_rule_says_which_of_two_endpoints(self):
        content = json.loads(json.dumps(TWO))
        content["monitoring"] = RESPONSE["monitoring"]
        with pytest.raises(be.AnalysisError, match="say which of ORR, toxicity"):
            design(content)


class TestKinds:
    @pytest.mark.parametrize(
        ("rule", "published"),
        [
            # Simon (1989), optimal designs for 0.2 against 0.4 at 5 % and 20 %, and at 5 % and 10 %
            ({"kind": "counts", "stop_at_most": ["3/13", "12/43"]}, (0.050, 0.800)),
            ({"kind": "counts", "stop_at_most": ["4/19", "15/54"]}, (0.048, 0.904)),
        ],
    )
    def test_simon_s_two_stages_as_published(self, rule, published):
        content = json.loads(json.dumps(RESPONSE))
        content["design"]["patients"] = 54
        content["monitoring"] = [{"name": "stages", **rule}]
        result = design(content).simulate(trials=500, workers=1)
        for row, share in zip(result.rows, published, strict=True):
            assert row["go"].exact
            assert row["go"].value == pytest.approx(share, abs=0.0035)

    @pytest.mark.parametrize(
        ("rule", "rates", "published", "tolerance"),
        [
            # Lee and Liu (2008): every patient from the tenth on, 36 in all
            (
                {
                    "kind": "predictive_probability",
                    "value": 0.2,
                    "success": 0.9,
                    "stop_below": 0.001,
                    "patients": 36,
                    "prior": {"alpha": 0.2, "beta": 0.8},
                    "looks": list(range(10, 36)),
                },
                (0.2, 0.4),
                (0.088, 0.906),
                5e-4,
            ),
            # Saville et al. (2014): P(rate > 0.5) > 0.95 after 100 patients
            (
                {"kind": "posterior_probability", "value": 0.5, "go_above": 0.95, "looks": [100]},
                (0.5,),
                (0.044,),
                5e-4,
            ),
        ],
    )
    def test_published_error_rates(self, rule, rates, published, tolerance):
        content = json.loads(json.dumps(RESPONSE))
        content["design"]["patients"] = 100
        content["monitoring"] = [{"name": "published", **rule}]
        content["truths"] = [{"name": str(rate), "ORR": rate} for rate in rates]
        d = design(content)
        exact = exact_characteristics(d.spec)
        for rate, share in zip(rates, published, strict=True):
            enumerated = exact[(100, str(rate))].probability_go
            assert enumerated == pytest.approx(share, abs=tolerance)
            assert within((d.conduct(str(rate), 100, 0, 2000).decision > 0).mean(), enumerated, 2000)

    def test_a_rule_is_looked_at_with_all_its_patients(self):
        rule = {"name": "r", "kind": "predictive_probability", "value": 0.2, "success": 0.9, "patients": 40}
        looks = design({**RESPONSE, "monitoring": [{**rule, "stop_below": 0.05, "looks": [10, 20]}]}).spec.rules[0]
        assert [look.evaluable for look in looks.looks] == [10, 20, 40]
        assert looks.stop_below == (0.05, 0.05, 0.05)

    def test_counts_of_a_rule_are_its_looks(self):
        content = json.loads(json.dumps(RESPONSE))
        content["monitoring"] = [{"name": "stages", "kind": "counts", "stop_at_most": ["3/13", "12/40"]}]
        assert [look.evaluable for look in design(content).spec.rules[0].looks] == [13, 40]

    def test_advice_ends_nothing_and_is_enumerated_apart(self):
        d = design(changed(RESPONSE, binding=False))
        assert why_not_exact(d.spec) == ""
        result = d.simulate(trials=300, workers=1)
        assert result.rows[1]["go"].value == 0.0
        advice = result.rows[1]["advice"][0]["go"]
        assert advice.exact
        assert within((d.conduct("better", 40, 0, 2000).advice[:, 0] > 0).mean(), advice.value, 2000)

    def test_uniform_accrual(self):
        content = {**RESPONSE, "accrual": {"rate": [[0, 2], [10, 4]], "pattern": "uniform"}}
        spec = design(content).spec
        entry = generate(spec, spec.truths[0], 40, 0, 2000).entry
        assert (np.diff(entry, axis=1) >= 0).all()
        assert entry.max() <= 15.0  # 20 patients in ten months, 20 in five
        assert within((entry < 10).mean(), 0.5, entry.size)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    rows = {"study": ["old", "older"], "regimen": "placebo", "endpoint": "ORR"}
    pd.DataFrame({**rows, "events": EVENTS, "n": TOTAL}).to_csv(folder / "history.csv", index=False)
    return folder


def borrowing_design(folder, **borrowing):
    content = {
        "id": "borrowing",
        "analysis": {
            "data": {"file": "unused.csv", "endpoint": "ORR"},
            "model": {"family": "response"},
            "borrowing": {
                "file": "history.csv",
                "robust_weight": 0.2,
                "priors": {
                    "logit_mean": {"distribution": "Normal", "mu": 0, "sigma": 2},
                    "tau": {"distribution": "HalfNormal", "sigma": 1},
                },
                **borrowing,
            },
        },
        "design": {"arms": {"placebo": 1, "secukinumab": 4}, "patients": 30, "block": 5},
        "accrual": {"rate": 3, "pattern": "even"},
        "endpoints": {"ORR": {}},
        "truths": [
            {"name": "null", "should_go": False, "ORR": 0.25},
            {"name": "better", "should_go": True, "ORR": {"placebo": 0.25, "secukinumab": 0.6}},
        ],
        "monitoring": [
            {
                "name": "better",
                "kind": "posterior_probability",
                "regimen": "secukinumab",
                "reference": "placebo",
                "looks": [{"patients": 30}],
                "go_above": 0.95,
            }
        ],
        "simulation": {"trials": 1000, "seed": 3},
    }
    if "sam_difference" in borrowing:
        del content["analysis"]["borrowing"]["robust_weight"]
    return be.Design.from_dict(content, folder=folder)


class TestBorrowing:
    def test_the_borrowed_prior_is_that_of_the_analysis(self, history):
        planned = borrowing_design(history).spec.rules[0]
        found = rate_statistics(planned, 0, np.array([[23, 6]]), np.array([[14, 1]]), np.array([False]))[0]
        log_priors = (lambda m: stats.norm.logpdf(m, 0, 2), lambda t: stats.halfnorm.logpdf(t, scale=1))
        historical = new_study_logit(EVENTS, TOTAL, *log_priors)
        expected, alone = (probability_better((14, 23), (1, 6), weight, *historical) for weight in (0.2, 1.0))
        assert found == pytest.approx(expected, abs=0.002)  # a mixture of Betas stands for the predictive law
        assert abs(found - alone) > 0.01

    def test_a_worker_elsewhere_borrows_the_same(self, history, tmp_path):
        d = borrowing_design(history)
        again = be.Design.from_dict(json.loads(d.content), folder=tmp_path)
        assert again.spec == d.spec

    def test_a_weight_that_adapts_to_the_counts(self, history):
        """The weight of Yang et al. (2023) for every count of the reference, and the enumeration with it."""
        d = borrowing_design(history, sam_difference=0.2)
        ((key, prior),) = d.spec.rules[0].adaptive
        assert key == "reference_prior"
        parts = list(zip(prior.mixture.weights, prior.mixture.components, strict=True))
        centre = sum(w * p.alpha / (p.alpha + p.beta) for w, p in parts)
        rate = np.linspace(0, 1, 2001)[1:-1]
        goes = np.zeros((25, 7), bool)
        for y in range(7):
            apart = max(stats.binom.pmf(y, 6, centre + 0.2), stats.binom.pmf(y, 6, max(centre - 0.2, 1e-6)))
            vague = apart / (apart + stats.binom.pmf(y, 6, centre))
            control = (1 - vague) * sum(w * stats.beta.pdf(rate, p.alpha, p.beta) for w, p in parts)
            after = (control + vague) * rate**y * (1 - rate) ** (6 - y)
            for x in range(25):
                goes[x, y] = after @ stats.beta.sf(rate, 1 + x, 25 - x) / after.sum() > 0.95
        made = exact_characteristics(d.spec)[(30, "better")]
        exact = stats.binom.pmf(np.arange(25), 24, 0.6) @ goes @ stats.binom.pmf(np.arange(7), 6, 0.25)
        assert made.probability_go == pytest.approx(exact, abs=1e-6)
        assert within((d.conduct("better", 30, 0, 2000).decision > 0).mean(), exact, 2000)
        fixed = exact_characteristics(borrowing_design(history).spec)[(30, "better")]
        assert abs(fixed.probability_go - exact) > 1e-3

    def test_a_weight_that_adapts_goes_with_a_posterior_probability(self, history):
        content = json.loads(borrowing_design(history, sam_difference=0.2).content)
        content["monitoring"][0] = {
            "name": "predictive",
            "kind": "predictive_probability",
            "regimen": "secukinumab",
            "reference": "placebo",
            "success": 0.9,
            "stop_below": 0.1,
            "patients": [24, 6],
            "looks": [15],
        }
        with pytest.raises(be.AnalysisError, match="sam_difference"):
            be.Design.from_dict(content, folder=history)


@pytest.mark.parametrize("kind", [{"kind": "posterior_probability", "value": 0.2}, {"kind": "precision", "width": 0.3}])
def test_a_rule_on_the_posterior_of_the_analysis_states_no_prior_of_its_own(kind):
    analysis = {
        "data": {"file": "x.csv", "endpoint": "ORR"},
        "model": {"family": "response"},
        "priors": {"rate": {"distribution": "Beta", "alpha": 1, "beta": 1, "rationale": "vague"}},
    }
    rule = {"name": "one", "regimen": "new", "looks": [{"patients": 40}], "go_above": 0.9, **kind}
    if kind["kind"] == "precision":
        del rule["go_above"]
    design(RESPONSE, analysis=analysis, monitoring=[rule])
    with pytest.raises(be.AnalysisError, match="prior: is that of the analysis"):
        design(RESPONSE, analysis=analysis, monitoring=[{**rule, "prior": {"alpha": 8, "beta": 2}}])


def test_pooled_rates_are_refused_rather_than_given_another_prior():
    analysis = {"data": {"file": "x.csv", "endpoint": "ORR"}, "model": {"family": "response", "pooling": "partial"}}
    with pytest.raises(be.AnalysisError, match="rates are pooled"):
        design(RESPONSE, analysis=analysis)


class TestDrift:
    def test_false_alarms_over_drift_by_enumeration(self, history):
        d = borrowing_design(history)
        prior = d.spec.rules[0].rule.reference_prior
        rate = np.linspace(0, 1, 2001)[1:-1]
        parts = zip(prior.weights, prior.components, strict=True)
        control = sum(w * stats.beta.pdf(rate, part.alpha, part.beta) for w, part in parts)
        goes = np.zeros((25, 7), bool)
        for y in range(7):
            after = control * rate**y * (1 - rate) ** (6 - y)
            for x in range(25):
                goes[x, y] = after @ stats.beta.sf(rate, 1 + x, 25 - x) / after.sum() > 0.95
        rows = d.simulate(trials=20, workers=1).drift
        assert sorted(row["drift"] for row in rows) == pytest.approx([-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15])
        for row in rows:
            p = 0.25 + row["drift"]
            exact = stats.binom.pmf(np.arange(25), 24, p) @ goes @ stats.binom.pmf(np.arange(7), 6, p)
            assert row["go"].exact
            assert row["go"].value == pytest.approx(exact, abs=1e-6)
        assert rows[-1]["go"].value > 2 * next(row for row in rows if row["drift"] < -0.1)["go"].value

    def test_drift_that_leaves_the_range_is_refused(self):
        with pytest.raises(be.AnalysisError, match=r"drift.values: 0.9 takes the rates of null out"):
            design(RESPONSE, drift={"values": [0.1, 0.9]})


class TestSampleSize:
    def test_a_known_curve_is_found_with_its_error(self):
        """Shares of the same patients, of which the probit is a straight line in the root of their number."""
        sizes = [40, 60, 80, 100, 120]
        d = design({**PFS, "design": {"arms": {"old": 1, "new": 1}, "patients": sizes}}, sample_size={"power": 0.8})
        small = d.conduct("better", 40, 0, 10)
        found = []
        for seed in range(60):
            u = np.random.default_rng(seed).normal(size=(4000, 1))
            own = np.random.default_rng(1000 + seed).normal(size=(4000, len(sizes)))
            z = math.sqrt(0.7) * u + math.sqrt(0.3) * own
            go = z < -1.2 + 0.22 * np.sqrt(sizes)
            outcomes = {(n, "better"): replace(small, decision=go[:, i].astype(np.int8)) for i, n in enumerate(sizes)}
            found.append(sample_size(d.spec, outcomes))
        exact = ((stats.norm.ppf(0.8) + 1.2) / 0.22) ** 2
        off = np.array([(f["patients"] - exact) / f["mcse"] for f in found])
        assert abs(off.mean()) < 4 / math.sqrt(60)
        assert 0.75 < off.std() < 1.3
        assert sum(f["lower"] < exact < f["upper"] for f in found) >= 51

    def test_steps_between_sizes_over_the_same_patients(self):
        """The variance of a difference of shares of the same trials, and less of it than of two sets of trials."""
        sizes = [30, 40, 60]
        layout = {"arms": {"old": 1, "new": 1}, "patients": sizes, "block": 2}
        d = design({**PFS, "design": layout}, sample_size={"power": 0.5})
        outcomes = {(n, "better"): d.conduct("better", n, 0, 400) for n in sizes}
        found = sample_size(d.spec, outcomes)
        for step, (a, b) in zip(found["steps"], itertools.pairwise(sizes), strict=True):
            one, two = (outcomes[(n, "better")].decision > 0 for n in (a, b))
            p, q, both = one.mean(), two.mean(), (one & two).mean()
            variance = (p * (1 - p) + q * (1 - q) - 2 * (both - p * q)) / 400
            assert step["difference"].value == pytest.approx(q - p)
            assert step["difference"].mcse == pytest.approx(math.sqrt(variance), rel=0.01)
            assert step["difference"].mcse < math.sqrt((p * (1 - p) + q * (1 - q)) / 400)

    def test_a_size_that_is_read_off_has_an_interval(self):
        """Shares that no probit line follows; the interval holds the true size as often as it should."""
        sizes, curve = [40, 60, 80, 100], np.array([0.30, 0.32, 0.74, 0.75])
        d = design({**PFS, "design": {"arms": {"old": 1, "new": 1}, "patients": sizes}}, sample_size={"power": 0.5})
        small, found = d.conduct("better", 40, 0, 10), []
        for seed in range(60):
            u = np.random.default_rng(seed).random((1000, 1))
            outcomes = {
                (n, "better"): replace(small, decision=(u[:, 0] < curve[i]).astype(np.int8))
                for i, n in enumerate(sizes)
            }
            found.append(sample_size(d.spec, outcomes))
        assert all(f["mcse"] is None and f["misfit"] < 0.001 for f in found)
        exact = float(np.interp(0.5, curve, sizes))
        assert sum(f["lower"] <= exact <= f["upper"] for f in found) >= 51

    def test_an_enumerated_size_is_the_first_from_which_the_power_holds_for_good(self):
        sizes = list(range(15, 31))
        layout = {"arms": ["new"], "patients": sizes}
        rule = {
            **RESPONSE["monitoring"][0],
            "looks": [{"patients": 100}],
            "stop_below": None,
        }  # taken at the end of all
        rule = {k: v for k, v in rule.items() if v is not None} | {"go_above": 0.95}
        d = design({**RESPONSE, "design": layout, "monitoring": [rule]}, sample_size={"power": 0.7})
        found = d.simulate(trials=20).sizes
        power = {}
        for n in sizes:
            cut = next(x for x in range(n + 1) if stats.beta.sf(0.2, 1 + x, 1 + n - x) > 0.95)
            power[n] = float(stats.binom.sf(cut - 1, n, 0.4))
        np.testing.assert_allclose(found["shares"], list(power.values()), atol=1e-9)
        wanted = next(n for n in sizes if all(power[m] >= 0.7 for m in sizes if m >= n))
        assert found["exact"]
        assert found["patients"] == wanted
        assert any(power[n] >= 0.7 for n in sizes if n < wanted)  # it goes up and down

    def test_three_sizes_are_needed(self):
        with pytest.raises(be.AnalysisError, match=r"sample_size.power"):
            design(RESPONSE, sample_size={"power": 0.8})


class TestCalibration:
    def test_a_trial_that_stopped_cannot_go_later(self):
        wanted = {"rule": "response", "key": "go_above", "truths": ["null"], "false_alarm": 0.05}
        d = design(changed(RESPONSE, stop_below=0.6), calibration=wanted)
        result = d.simulate(trials=4000, workers=1).calibrated
        held = design(changed(RESPONSE, stop_below=0.6, go_above=result["value"]))
        exact = exact_characteristics(held.spec)[(40, "null")].probability_go
        assert exact <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 4000)
        assert within(result["fresh_trials"]["null"], exact, 4000)
        outcomes = d.conduct("null", 40, 0, 2000)
        planned = d.spec.rules[0]
        by_path = extremes(planned, d.spec.calibration, outcomes.paths) > planned.go_above[0]
        np.testing.assert_array_equal(by_path, outcomes.decision > 0)

    def test_the_upper_bound_is_held(self):
        wanted = {"rule": "response", "truths": ["null"], "false_alarm": 0.05, "upper": True}
        result = design(RESPONSE, calibration=wanted).simulate(trials=2000, workers=1).calibrated
        held = design(changed(RESPONSE, go_above=result["value"]))
        assert exact_characteristics(held.spec)[(40, "null")].probability_go < 0.05

    def test_both_parameters_of_bop2(self):
        rule = {
            "name": "bop2",
            "kind": "bop2",
            "patients": 40,
            "rate": 0.2,
            "alternative_rate": 0.4,
            "looks": [10, 20, 30, 40],
        }
        content = {**RESPONSE, "monitoring": [{**rule, "lambda": 0.5, "gamma": 0.5}]}
        wanted = {"rule": "bop2", "key": ["lambda", "gamma"], "truths": ["null"], "false_alarm": 0.1}
        result = design(content, calibration=wanted).simulate(trials=4000, workers=1).calibrated
        found = result["values"]
        again = {**RESPONSE, "monitoring": [{**rule, **found}]}
        exact = exact_characteristics(design(again).spec)
        assert exact[(40, "null")].probability_go <= 0.1 + 4 * math.sqrt(0.09 / 4000)
        # no other gamma of the grid is much more powerful at its own lambda
        best = max(c["power"] for c in result["candidates"])
        assert within(exact[(40, "better")].probability_go, best, 4000)

    def test_where_to_go_and_where_to_stop(self):
        wanted = {
            "rule": "response",
            "key": ["go_above", "stop_below"],
            "truths": ["null"],
            "false_alarm": 0.05,
            "power": 0.8,
        }
        result = design(RESPONSE, calibration=wanted).simulate(trials=3000, workers=1).calibrated
        again = exact_characteristics(design(changed(RESPONSE, **result["values"])).spec)
        assert again[(40, "better")].probability_go > 0.8 - 4 * math.sqrt(0.16 / 3000)
        enough = [c for c in result["candidates"] if c["power"] >= 0.8]
        assert min(c["patients"] for c in enough) == pytest.approx(again[(40, "null")].expected_patients, rel=0.2)


def test_rows_of_a_registry_are_drawn_whole(tmp_path):
    rng = np.random.default_rng(1)
    nlr = rng.normal(size=50).round(3)
    table = pd.DataFrame({"nlr": nlr, "liver": (nlr > 0).astype(int), "unused": "x"})
    table.loc[3, "nlr"] = np.nan
    table.to_csv(tmp_path / "registry.csv", index=False)
    content = json.loads(json.dumps(PFS))
    content["analysis"]["model"]["covariates"] = ["nlr", "liver"]
    for truth in content["truths"]:
        truth["covariates"] = {"file": "registry.csv", "coefficients": {"nlr": 0.3}}
    d = be.Design.from_dict(content, folder=tmp_path)
    p = generate(d.spec, d.spec.truths[0], 60, 0, 300)
    np.testing.assert_array_equal(p.covariates["liver"], p.covariates["nlr"] > 0)
    assert set(np.unique(p.covariates["nlr"])) == set(table["nlr"].dropna())
    assert be.Design.from_dict(json.loads(d.content)).spec == d.spec  # no file is needed any more
    content["truths"][0]["covariates"]["coefficients"] = {"nrl": 0.3}
    with pytest.raises(be.AnalysisError, match="Did you mean 'nlr'"):
        be.Design.from_dict(content, folder=tmp_path)


OWN = {
    "id": "own",
    "design": {"arms": {"A": 1, "B": 1}, "patients": 80},
    "accrual": {"rate": 4},
    "endpoints": {"ORR": {}},
    "truths": [{"name": "t", "ORR": {"A": 0.3, "B": 0.4, "C": 0.3}}],
    "monitoring": [
        {
            "name": "predicts",
            "kind": "predictive_probability",
            "regimen": "B",
            "value": 0.2,
            "success": 0.9,
            "stop_below": 0.05,
            "patients": 40,
        }
    ],
}
COMPARES = {
    "schema": 1,
    "id": "an",
    "title": "x",
    "question": "Is B better?",
    "data": {"kind": "counts", "file": "x.csv", "endpoint": "ORR"},
    "model": {"family": "response", "likelihood": "binomial", "pooling": "none"},
    "priors": {"rate": {"distribution": "Beta", "alpha": 1, "beta": 1, "rationale": "flat"}},
    "monitoring": [
        {"name": "b", "kind": "posterior_probability", "regimen": "B", "reference": "A", "looks": [10, 20]}
        | {"go_above": 0.95}
    ],
}


def own(arms, **changes):
    content = json.loads(json.dumps({**OWN, **changes}))
    content["design"]["arms"] = arms
    content["truths"][0]["ORR"] = {arm: content["truths"][0]["ORR"][arm] for arm in arms}
    return content


def compared(arms, **changes):
    content = own(arms, analysis=COMPARES, **changes)
    del content["monitoring"]
    return design(content)


class TestPatientsOfTheRulesOwnArms:
    """What a rule itself says of patients is of its own arms, whatever other arms the design has."""

    def test_a_planned_maximum_is_of_the_rule_s_arm(self):
        content = own({"A": 1, "B": 1})
        content["monitoring"][0]["looks"] = [40]  # of both arms, so that the last analysis is still to come
        d = design(content)
        planned = d.spec.rules[0]
        assert [(look.evaluable, look.own) for look in planned.looks] == [(40, None), (None, (40,))]
        x, n = np.arange(21), np.arange(41)
        success = stats.beta.sf(0.2, 1 + n, 41 - n) > 0.9
        ahead = [stats.betabinom.pmf(np.arange(21), 20, 1 + k, 21 - k)[success[k : k + 21]].sum() for k in x]
        go = sum(
            stats.binom.pmf(k, 20, 0.4) * stats.binom.pmf(np.arange(21), 20, 0.4)[success[k : k + 21]].sum()
            for k in x[np.array(ahead) >= 0.05]
        )
        known = exact_characteristics(d.spec)[(80, "t")]
        assert known.probability_go == pytest.approx(go, abs=1e-9)
        assert within((d.conduct("t", 80, 0, 2000).decision > 0).mean(), go, 2000)

    def test_a_rule_without_looks_of_the_design_has_its_own(self):
        d = design(own({"A": 1, "B": 1}))
        assert [look.own for look in d.spec.rules[0].looks] == [(40,)]
        assert str(d.spec.rules[0].looks[0]) == "40 evaluable in the rule's own arm"

    @pytest.mark.parametrize("waits", [0.0, 2.0])
    @pytest.mark.parametrize("pattern", ["even", "poisson"])
    def test_looks_of_an_analysis_in_a_design_with_a_third_arm(self, pattern, waits):
        d = compared(
            {"A": 1, "B": 1, "C": 1},
            design={"patients": 60},
            endpoints={"ORR": {"assessed_after": waits}},
            accrual={"rate": 4, "pattern": pattern},
        )
        known = exact_characteristics(d.spec)[(60, "t")]
        together = compared({"A": 1, "B": 1}, design={"patients": 40})
        assert [look.evaluable for look in together.spec.rules[0].looks] == [20, 40]
        alone = exact_characteristics(together.spec)[(40, "t")]
        assert known.go == pytest.approx(alone.go, abs=1e-12)
        assert known.expected_months is None  # in which place of a block the last one came is chance
        assert within((d.conduct("t", 60, 0, 2000).decision > 0).mean(), known.probability_go, 2000)

    def test_an_arm_of_twice_as_many_does_not_call_the_look(self):
        d = compared({"A": 1, "B": 2}, design={"patients": 60})
        planned = d.spec.rules[0]
        patients = generate(d.spec, d.spec.truths[0], 60, 0, 50)
        for plan, least in zip(planned.looks, (10, 20), strict=True):
            n = counts_at(d.spec, patients, planned, plan, look_times(d.spec, patients, planned, plan)).n
            assert (n[:, 1] == least).all()
            assert (n[:, 0] >= least).all()
        assert "differs from trial to trial" in why_not_exact(d.spec)

    def test_where_patients_leave_no_arm_has_more_than_its_maximum(self):
        content = own({"A": 1, "B": 1}, accrual={"rate": 4, "drop_out": 0.05})
        content["endpoints"] = {"ORR": {"assessed_after": 3.0}}
        content["design"]["patients"] = 120
        content["monitoring"][0] |= {"reference": "A"}
        del content["monitoring"][0]["value"]
        d = design(content)
        planned, patients = d.spec.rules[0], generate(d.spec, d.spec.truths[0], 120, 0, 50)
        plan = planned.looks[0]
        assert plan.own == (40, 40)
        assert (counts_at(d.spec, patients, planned, plan, look_times(d.spec, patients, planned, plan)).n == 40).all()
        d.conduct("t", 120, 0, 20)

    def test_too_few_for_an_arm_are_a_last_analysis(self):
        d = design(own({"A": 1, "B": 1}, design={"patients": 60}))
        n = np.arange(31)
        go = stats.binom.pmf(n, 30, 0.4)[stats.beta.sf(0.2, 1 + n, 31 - n) > 0.9].sum()
        assert exact_characteristics(d.spec)[(60, "t")].probability_go == pytest.approx(go, abs=1e-9)
        assert within((d.conduct("t", 60, 0, 2000).decision > 0).mean(), go, 2000)

    def test_a_look_of_another_rule_within_the_same_block_is_not_enumerated(self):
        content = own({"A": 1, "B": 1})
        other = {"name": "c", "kind": "posterior_probability", "regimen": "A", "value": 0.2, "go_above": 0.9}
        content["monitoring"].append({**other, "looks": [80]})
        assert "differs from trial to trial" in why_not_exact(design(content).spec)
        content["monitoring"][1]["looks"] = [40]
        d = design(content)
        known = exact_characteristics(d.spec)[(80, "t")]
        assert within((d.conduct("t", 80, 0, 2000).decision > 0).mean(), known.probability_go, 2000)

    def test_events_of_an_analysis_are_of_its_own_arms(self):
        content = json.loads(json.dumps(PFS))
        content["design"]["arms"] = {**dict.fromkeys(content["design"]["arms"], 1), "third": 1}
        rule = content.pop("monitoring")[0]
        content["analysis"]["monitoring"] = [{**rule, "regimen": "new", "looks": [30, 50], "go_above": 0.99}]
        with pytest.raises(be.AnalysisError, match="alone; state the rule here, with looks at events of all arms"):
            design(content)


class TestLooksThatCannotBe:
    """What a design refuses when it is run, its check refuses too, naming the rule and the look."""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"looks": [20, 40], "go_above": [0.99, 0.6], "stop_below": [0.1, 0.7]},
                r"go_above: at looks\[1\] of the rule one, go_above \(0.6\) must be greater than stop_below \(0.7\)",
            ),
            (
                {"looks": [20, 40], "go_above": 0.9, "stop_below": [0.9, 0.1]},
                r"go_above: at looks\[0\] of the rule one, go_above \(0.9\) must be greater",
            ),
            (
                {"looks": [20, 10], "go_above": 0.9},
                r"looks\[1\] \(10 evaluable\) cannot follow looks\[0\] \(20 evaluable\)",
            ),
            ({"looks": [10, 10], "go_above": 0.9}, r"looks\[1\] \(10 evaluable\) cannot follow"),
            ({"looks": [5, {"months": 6}, {"months": 4}], "go_above": 0.9}, r"looks\[2\] \(month 4\) cannot"),
            (
                {"looks": [{"patients": 60}], "kind": "predictive_probability", "patients": 40, "success": 0.9}
                | {"stop_below": 0.05},
                r"looks\[0\] \(60 patients entered\) is 60 patients of new, more than the 40 that the rule one allows",
            ),
            (
                {"looks": [20, 60], "kind": "predictive_probability", "patients": 40, "success": 0.9}
                | {"stop_below": 0.05},
                r"looks\[1\] \(60 evaluable\) is 60 patients of new, more than the 40",
            ),
        ],
    )
    def test_it_is_refused_before_anything_is_simulated(self, changes, said):
        rule = {"name": "one", "kind": "posterior_probability", "value": 0.2, **changes}
        with pytest.raises(be.AnalysisError, match=said):
            design(RESPONSE, monitoring=[rule])

    def test_a_maximum_of_one_arm_is_less_than_the_patients_of_all(self):
        content = own({"A": 1, "B": 1})
        content["monitoring"][0]["looks"] = [20, 80]
        assert [look.evaluable for look in design(content).spec.rules[0].looks] == [20, 80]
        content["monitoring"][0]["looks"] = [20, 82]
        with pytest.raises(be.AnalysisError, match=r"is 41 patients of B, more than the 40"):
            design(content)

    def test_looks_on_different_things_may_come_in_any_order(self):
        looks = [{"patients": 20}, 15, {"patients": 20, "at_least_months": 9}]
        rule = {"name": "one", "kind": "posterior_probability", "value": 0.2, "looks": looks, "go_above": 0.9}
        assert len(design(RESPONSE, monitoring=[rule]).spec.rules[0].looks) == 3


def test_columns_of_looks_are_rules_by_looks():
    assert looks_of(design(PFS).spec) == [(0, 0), (0, 1)]
