"""Previews: Pareto smoothing against ArviZ, reweighting against conjugate answers, errors named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.inference import compiled
from bayes_escc.probability.psis import log_mean_exp, smooth
from bayes_escc.study import preview as previews
from bayes_escc.study.preview import MAX_K, MIN_ESS
from tests.helpers.studies import PRIOR, analysis, cohort, sums, table
from tests.oracles.exponential import hazard_quantile, log_predictive, probability_lower_hazard

AT = cohort(11, patients=60)
SPEC = analysis(sampling={"draws": 1000, "chains": 4})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A study of a cohort at month 8, for previews (which record nothing)."""
    with be.Study.create(tmp_path_factory.mktemp("preview") / "s.db", SPEC) as study:
        study.update(AT(8.0))
        yield study


class TestSmoothing:
    @pytest.mark.parametrize("degrees", [2, 4, 30])
    @pytest.mark.parametrize(("size", "efficiency"), [(4000, 1.0), (4000, 0.4), (150, 1.0)])
    def test_as_arviz_has_it(self, degrees, size, efficiency):
        from arviz_stats.base.array import BaseArray

        log_ratio = np.random.default_rng(degrees).standard_t(degrees, size)
        weights, k_hat = smooth(log_ratio, efficiency=efficiency)
        # ArviZ takes the log-likelihood of what is left out: the negative of the log ratio
        logs, shape = BaseArray().psislw(-log_ratio, r_eff=efficiency)
        assert k_hat == pytest.approx(float(shape), abs=1e-10)
        np.testing.assert_allclose(weights, np.exp(logs), rtol=1e-9)

    def test_weights_that_do_not_vary(self):
        weights, k_hat = smooth(np.full(1000, -1e4))
        assert np.array_equal(weights, np.full(1000, 1e-3))
        assert k_hat == 0

    def test_the_shape_of_a_known_tail(self):
        u = np.random.default_rng(0).random(200_000)
        assert smooth(-0.5 * np.log(u))[1] == pytest.approx(0.5, abs=0.1)

    def test_draws_that_cannot_be(self):
        assert smooth(np.full(10, -np.inf))[1] == np.inf
        logs = np.random.default_rng(0).normal(size=2000)
        logs[:3] = -np.inf
        assert smooth(logs)[0][:3].tolist() == [0, 0, 0]
        assert log_mean_exp(np.array([1000.0, 1000.0])) == 1000.0


class TestAgainstConjugate:
    def check(self, shown, frame):
        assert shown.shown, shown.reason
        (row,) = shown.comparisons
        exact = probability_lower_hazard(PRIOR, sums(frame, "old"), sums(frame, "new"))
        assert row["probability_better"] == pytest.approx(exact, abs=4 * row["mcse_probability"])
        assert shown.pareto_k <= MAX_K
        assert shown.ess >= MIN_ESS

    @pytest.mark.parametrize("month", [8.3, 9.0])
    def test_the_cohort_grows(self, base, month):
        changes, shown = base.preview(AT(month))
        assert any(c.kind == "follow-up extended" for c in changes)
        self.check(shown, AT(month))

    def test_the_sign_is_right(self, base):
        """A wrong sign would move P(better) away from the truth, with a good k-hat."""
        now = AT(8.0)
        early = pd.concat([now, table(*[(f"Q{i}", "old", 0.6, 1) for i in range(3)])])
        before = probability_lower_hazard(PRIOR, sums(now, "old"), sums(now, "new"))
        after = probability_lower_hazard(PRIOR, sums(early, "old"), sums(early, "new"))
        _, shown = base.preview(early)
        assert after - before > 8 * shown.comparisons[0]["mcse_probability"]
        self.check(shown, early)

    def test_a_patient_less_and_a_correction(self, base):
        now = AT(8.0)
        self.check(base.preview(now.iloc[1:])[1], now.iloc[1:])
        corrected = now.assign(arm=now.arm.where(now.code != "P03", "new"))
        self.check(base.preview(corrected)[1], corrected)

    def test_the_density_of_the_new_patients(self, base):
        now, later = AT(8.0), pd.concat([AT(8.0), table(("Q1", "old", 2.0, 1), ("Q2", "new", 1.5, 0))])
        found = base.preview(later)[1].predictive
        exact = sum(log_predictive(PRIOR, sums(now, arm), new) for arm, new in (("old", (1, 2.0)), ("new", (0, 1.5))))
        assert found["patients"] == 2
        assert found["log_density"] == pytest.approx(exact, abs=4 * found["mcse"])

    def test_the_interval(self, base):
        spec = analysis(comparisons=[], thresholds=[])
        assert spec is not None
        later = AT(9.0)
        _, shown = base.preview(later)
        row = shown.comparisons[0]
        draws = np.random.default_rng(1)
        old, new = (
            np.log(2) / draws.gamma(PRIOR[0] + d, 1 / (PRIOR[1] + t), 400_000)
            for d, t in (sums(later, "old"), sums(later, "new"))
        )
        lower, median, upper = np.quantile(new - old, [0.025, 0.5, 0.975])
        width = upper - lower
        assert row["median"] == pytest.approx(median, abs=0.03 * width)
        assert row["lower"] == pytest.approx(lower, abs=0.06 * width)
        assert row["upper"] == pytest.approx(upper, abs=0.06 * width)
        assert hazard_quantile(PRIOR, sums(later, "old"), 0.5) > 0


class TestGates:
    def test_a_time_in_days_is_found_and_its_patient_named(self, base):
        now = AT(8.0)
        last = now.code[(now.progressed == 0) & (now.months > 2)].iloc[0]
        slip = now.assign(months=now.months.where(now.code != last, now.months * 30.4375))
        _, shown = base.preview(slip)
        assert not shown.shown
        assert "refit" in shown.reason
        assert [u for u, _ in shown.suspects] == [last]
        assert f"Is the row of {last} right" in shown.warnings[0]

    def test_a_new_patient_in_days_is_named_though_the_weights_have_a_light_tail(self, base):
        _, shown = base.preview(pd.concat([AT(8.0), table(("W1", "old", 140.0, 0), ("W2", "new", 2.0, 0))]))
        assert not shown.shown
        assert [u for u, _ in shown.suspects] == ["W1"]

    def test_of_many_patients_only_those_that_matter_are_looked_at_one_by_one(self, base, monkeypatch):
        smoothed = []
        monkeypatch.setattr(previews, "smooth", lambda v, **k: (smoothed.append(v), smooth(v, **k))[1])
        later = AT(8.0)
        slip = later.assign(months=later.months + 1e-4 * (later.progressed == 0))
        slip.loc[slip[slip.progressed == 0].index[0], "months"] *= 30.4375
        _, shown = base.preview(slip)
        assert len(shown.suspects) == 1
        assert len(smoothed) == 2  # all together, and one alone

    def test_too_much_at_once_shows_nothing(self, base):
        early = pd.concat([AT(8.0), table(*[(f"Q{i}", "old", 0.3, 1) for i in range(25)])])
        _, shown = base.preview(early)
        assert not shown.shown
        assert shown.comparisons == ()
        assert shown.pareto_k > MAX_K or shown.ess < MIN_ESS

    def test_too_few_draws_show_nothing(self, tmp_path):
        with be.Study.create(tmp_path / "s.db", analysis(sampling={"draws": 100})) as study:
            assert "no fit" in study.preview(AT(8.0))[1].reason
            study.update(AT(8.0))
            assert "effective draws" in study.preview(AT(8.2))[1].reason


def test_large_cohorts_are_thinned_alike(tmp_path):
    """Beyond some size families keep every second, third ... draw of the log-likelihood."""
    at = cohort(5, patients=900)
    with be.Study.create(tmp_path / "s.db", SPEC) as study:
        study.update(at(9.0))
        later = pd.concat([at(9.0), table(*[(f"Q{i}", "new", 1.0, 0) for i in range(3)])])
        _, shown = study.preview(later)
    exact = probability_lower_hazard(PRIOR, sums(later, "old"), sums(later, "new"))
    assert shown.shown
    row = shown.comparisons[0]
    assert row["probability_better"] == pytest.approx(exact, abs=4 * row["mcse_probability"])


def test_every_update_says_how_far_its_preview_was_off(tmp_path):
    with be.Study.create(tmp_path / "s.db", SPEC) as study:
        first = study.update(AT(8.0))
        assert first.record["preview"] is None
        second = study.update(AT(9.0))
        assert second.record["preview"]["shown"]
        assert second.record["disagreement"]["largest"] < 4
        assert second.record["predictive"]["patients"] == len(AT(9.0)) - len(AT(8.0))
        stored = study.fits()[-1].record
        assert stored["predictive"] == second.record["predictive"]
        assert "Q" not in json.dumps(stored["preview"])


def test_response_models_are_reweighted_too(tmp_path):
    rng = np.random.default_rng(2)
    best = rng.choice(["CR", "PR", "SD", "PD"], 60)
    frame = pd.DataFrame({"patient_id": range(100, 160), "regimen": ["x", "y"] * 30, "best": best})
    frame["nlr"] = np.round(rng.lognormal(1, 0.4, 60), 2)
    spec = {"id": "r", "data": {"kind": "patients", "endpoint": "ORR", "response": "best"}}
    with be.Study.create(tmp_path / "b.db", be.Analysis.from_dict(spec)) as study:
        study.update(frame.iloc[:50])
        _, shown = study.preview(frame.iloc[:53])
        update = study.update(frame.iloc[:53])
        assert shown.shown
        row, refit = shown.comparisons[0], update.record["result"]["comparisons"][0]
        assert row["probability_better"] == pytest.approx(refit["probability_better"], abs=4 * row["mcse_probability"])


@pytest.mark.slow
def test_a_sampled_model_is_refitted_without_compiling_and_foreseen(tmp_path):
    frame = be.simulate_cohort(patients=(40, 40), seed=9).drop(columns="study")
    covariates = [{"column": "nlr", "transform": "log"}, {"column": "ecog"}]
    data = {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"}
    model = {"family": "survival", "covariates": covariates}
    content = {"id": "w", "data": data, "model": model, "comparisons": [{"estimand": "rmst"}], "sampling": {"seed": 3}}
    with be.Study.create(tmp_path / "s.db", be.Analysis.from_dict(content)) as study:
        study.update(frame.iloc[np.r_[0:30, 40:70]])
        structures = set(compiled._compiled)
        second = study.update(frame.iloc[np.r_[0:33, 40:73]])
        study.update(frame)
        assert set(compiled._compiled) == structures
        assert second.record["preview"]["shown"]
        assert second.record["disagreement"]["largest"] < 4
        assert second.record["predictive"]["patients"] == 6
        assert study.posterior(2).summary().equals(second.posterior.summary())
        constants = json.loads(study.frozen.content)["model"]["covariates"]
        first = np.log(frame.iloc[np.r_[0:30, 40:70]].nlr)
        assert constants[0]["center"] == pytest.approx(first.mean())
        assert constants[0]["scale"] == pytest.approx(first.std())


def test_a_preview_from_a_cold_shell_imports_no_sampler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with be.Study.create(tmp_path / "s.db", SPEC) as study:
        study.update(AT(8.0))
    AT(8.2).to_csv("cut.csv", index=False)
    assert main(["study", "update", "s.db", "cut.csv", "--preview"]) == 0
    code = (
        "import sys; from bayes_escc.cli import main\n"
        "assert main(['study', 'update', 's.db', 'cut.csv', '--preview', '--json']) == 0\n"
        "heavy = {'pymc', 'pytensor', 'numba', 'arviz', 'matplotlib', 'nutpie'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(be.__file__).parent.parent)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["shown"]
    with be.Study.open(tmp_path / "s.db") as study:
        assert len(study.log) == 2
