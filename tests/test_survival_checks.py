"""Proportional hazards checked, and patients left out by leaving them out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.families.survival import free_hazards
from bayes_escc.inference import estimate
from bayes_escc.report.check_text import proportional_hazards_text
from bayes_escc.runs.run import frozen_analysis, prepare_design
from tests.helpers.survival import LIVER, NLR, cohort, scans
from tests.oracles.evidence import gamma_exponential


def crossing(n=160, seed=5):
    """A falling hazard on A and a rising one on B, with the same median."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    shape = np.where(arm, 2.2, 0.7)
    time = 4.0 * (rng.exponential(size=n) / np.log(2)) ** (1 / shape)
    stop = rng.uniform(6.0, 20.0, n)
    return pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": np.where(arm, "B", "A"),
            "time": np.minimum(time, stop),
            "event": (time <= stop).astype(int),
        }
    )


class TestProportionalHazards:
    def test_nothing_is_found_where_there_is_nothing(self):
        model = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER])
        found = be.check_proportional_hazards(model, cohort(200))
        assert found.sentence.startswith("Nothing here speaks against proportional hazards;")
        assert found.bayes_factor > 1
        (row,) = found.rows
        assert row["lower"] < 1 < row["upper"]
        assert row["predictive_probability"] > 0.05

    def test_a_fit_that_failed_gives_no_answer(self, monkeypatch, tmp_path, capsys):
        from bayes_escc.checks import proportional_hazards

        def failed(design, sampling):
            found = estimate(design, sampling)
            return replace(found, diagnostics=replace(found.diagnostics, converged=False, messages=("It wandered.",)))

        monkeypatch.setattr(proportional_hazards, "estimate", failed)
        crossing().to_csv(tmp_path / "patients.csv", index=False)
        (tmp_path / "pfs.toml").write_text(
            'id = "pfs"\ntitle = "PFS"\n[data]\nkind = "patients"\nfile = "patients.csv"\ntime = "time"\n'
            'event = "event"\ntime_unit = "months"\n[model]\nfamily = "survival"\nbaseline = "exponential"\n'
        )
        assert main(["proportional-hazards", str(tmp_path / "pfs.toml"), "--json"]) == 4
        told = capsys.readouterr()
        found = json.loads(told.out)
        assert found["sentence"].startswith("NOT CONVERGED: ")
        assert found["messages"] == ["proportional hazards: It wandered.", "free hazards: It wandered."]
        assert "NOT CONVERGED: proportional hazards: It wandered. free hazards" in told.err
        assert "NOT CONVERGED: proportional" in proportional_hazards_text(found)

    @pytest.mark.parametrize(
        "settings",
        [
            {"baseline": "weibull"},
            pytest.param({"baseline": "piecewise", "cutpoints": [2.0, 5.0]}, marks=pytest.mark.slow),
        ],
    )
    def test_crossing_hazards_are_found(self, settings):
        model = be.SurvivalModel(data_unit="months", **settings)
        found = be.check_proportional_hazards(model, crossing())
        (row,) = found.rows
        assert found.sentence.startswith("Hazards do not look proportional (B): between")
        assert "P(better) over time" in found.sentence
        assert row["lower"] > 1
        assert row["predictive_probability"] < 0.01
        assert found.bayes_factor < 0.01
        assert found.elpd_difference > 2 * found.se_difference

    def test_the_change_is_that_of_the_shapes(self):
        """Between two times, a Weibull hazard ratio changes by (late / early) to the difference of the shapes."""
        found = be.check_proportional_hazards(be.SurvivalModel(data_unit="months"), crossing())
        free = be.SurvivalModel(data_unit="months", regimen_effect="nonproportional").fit(crossing(), sampler="laplace")
        shape = np.exp(free.estimand("log_shape"))
        change = (found.late / found.early) ** (shape.sel(regimen="B") - shape.sel(regimen="A"))
        assert np.isclose(np.median(change), found.rows[0]["change"], rtol=1e-6)

    def test_few_events_and_intervals(self):
        model = be.SurvivalModel(data_unit="months", interval=("lower", "upper"))
        found = be.check_proportional_hazards(model, scans(cohort(30)))
        assert "events would show only a strong change" in found.sentence

    def test_constant_hazards_are_freed_too(self):
        found = be.check_proportional_hazards(be.SurvivalModel(baseline="exponential", data_unit="months"), crossing())
        assert "do not look proportional" in found.sentence

    def test_what_cannot_be_checked(self):
        with pytest.raises(be.AnalysisError, match='needs a survival analysis with regimen_effect = "proportional"'):
            be.check_proportional_hazards(be.SurvivalModel(regimen_effect="stratified", data_unit="months"), crossing())
        alone = crossing().query("regimen == 'A'")
        with pytest.raises(be.AnalysisError, match="at least two regimens"):
            be.check_proportional_hazards(be.SurvivalModel(data_unit="months"), alone)

    def test_from_the_command_line(self, capsys):
        assert main(["proportional-hazards", "second_line_pfs_weibull", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        text = proportional_hazards_text(told)
        assert told["sentence"] in text
        assert "change of the hazard ratio" in text
        assert "Bayes factor for proportional" in text


class TestExactLoo:
    def test_closed_form(self):
        """Left out one by one, the predictive density is a ratio of two marginal likelihoods."""
        patients = cohort(14)
        model = be.SurvivalModel(
            baseline="exponential",
            regimen_effect="none",
            data_unit="months",
            priors={"hazard": be.Prior("Gamma", alpha=2, beta=8)},
        )
        found = be.exact_loo(model, patients, patients="all")
        d, t = patients["event"].sum(), patients["time"].sum()
        for i, (e, x) in enumerate(zip(patients["event"], patients["time"], strict=True)):
            a, b = 2 + d - e, 8 + t - x  # the posterior of the others
            expected = gamma_exponential(e, x, a, b)
            # relative variance of the density over that posterior, for the error of its mean over 4000 draws
            variance = np.exp(gamma_exponential(2 * e, 2 * x, a, b) - 2 * expected) - 1
            assert abs(found.each[i] - expected) < 4 * np.sqrt(variance / 4000), i
        assert found.refitted == tuple(range(14))

    def test_only_the_unreliable_are_refitted(self):
        patients = cohort(40)
        patients.loc[0, ["nlr", "time", "event"]] = [60.0, 14.0, 0]  # far from all others
        model = be.SurvivalModel(data_unit="months", covariates=[NLR, LIVER])
        with pytest.warns(UserWarning, match="shape parameter of Pareto"):
            fit = be.loo(model.fit(patients, sampler="laplace"))
        assert fit.pareto_k[0] > fit.good_k
        found = be.exact_loo(model, patients)
        assert 0 in found.refitted
        assert len(found.refitted) < 10
        assert found.unreliable == 0
        weighted = [i for i in range(40) if i not in found.refitted]
        assert np.allclose(found.each[weighted], fit.each[weighted], atol=0.1)

    def test_constants_are_those_of_all_patients(self):
        """Centres, scales and cut points move with the data; here they must not."""
        patients = cohort(20)
        model = be.SurvivalModel(data_unit="months", baseline="piecewise", covariates=[NLR])
        stated = frozen_analysis(model.analysis, prepare_design(model.analysis, model.read(patients)))
        fewer = prepare_design(stated, model.read(patients.iloc[3:]))
        everyone = prepare_design(model.analysis, model.read(patients))
        assert np.allclose(fewer.cuts, everyone.cuts)
        kept = np.argsort([str(r) for r in patients["regimen"].iloc[3:]], kind="stable")
        assert np.allclose(fewer.encoded.values, everyone.encoded.values[3:][kept])
        assert fewer.regimens == everyone.regimens

    def test_it_needs_patients(self, cohorts):
        with pytest.raises(be.AnalysisError, match="exact_loo: needs patients"):
            be.exact_loo(be.ResponseModel(endpoint="ORR"), cohorts)


class TestTrend:
    """The sign of a change of the hazard ratio in the data, and its tail among replicates, by hand."""

    TIME, EVENT, ENTRY = np.array([2.0, 5.0, 1.0, 7.0]), np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 2.0])
    REGIMEN = np.array([0, 0, 1, 1])

    def test_rates_before_and_after_count_from_entry_and_an_event_at_the_split_is_early(self):
        found = free_hazards._trend(self.TIME[None], self.EVENT[None], self.ENTRY, self.REGIMEN, 2.0, 2)
        # regimen 0: 3 months and 1 event on either side; regimen 1: 1 month and 1 event, then 5 months and none
        first = np.log(1.5 / 3.0) - np.log(1.5 / 3.0)
        second = np.log(0.5 / 5.0) - np.log(1.5 / 1.0)
        assert found == pytest.approx(np.array([[second - first]]))

    @pytest.mark.parametrize(("above", "tail"), [(9, 0.2), (3, 0.6), (5, 1.0), (0, 0.0)])
    def test_the_tail_is_of_both_sides(self, above, tail, monkeypatch):
        frame = pd.DataFrame({"patient_id": list("abcd"), "regimen": ["A", "A", "B", "B"], "time": self.TIME,
                              "event": self.EVENT.astype(int), "entry": self.ENTRY})  # fmt: skip
        model = be.SurvivalModel(data_unit="months", entry="entry")
        design = prepare_design(model.analysis, model.read(frame))
        parameters = design.prior(np.random.default_rng(1), 10)
        trends = iter([np.zeros((1, 1)), np.where(np.arange(10) < above, 1.0, -1.0)[:, None]])
        monkeypatch.setattr(free_hazards, "_trend", lambda *_: next(trends))
        checked = free_hazards.Proportionality(design, design.spec, 1.0, 2.0)
        assert checked.tails(parameters, np.random.default_rng(2)) == pytest.approx([tail])
