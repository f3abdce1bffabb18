"""Designs of whole trials: streams, answers, looks, and operating characteristics against enumeration."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.inference.tail_areas import tail_areas
from bayes_escc.trials.calibration import threshold
from bayes_escc.trials.comparison import compare_designs
from bayes_escc.trials.conduct import join, look_times, state_at
from bayes_escc.trials.design import run_piece
from bayes_escc.trials.estimates import average, proportion, ratio, wilson
from bayes_escc.trials.execute import Piece, execute, fingerprint, pack, unpack
from bayes_escc.trials.generate import event_times, generate
from bayes_escc.trials.spec import LookPlan
from bayes_escc.trials.streams import philox, uniforms
from tests.helpers.trials import PFS, RESPONSE, design
from tests.oracles.trials import single_arm, weibull_tail


@pytest.fixture(scope="module")
def single():
    return design(RESPONSE)


class TestStreams:
    def test_known_answers_of_random123(self):
        zeros = philox(np.zeros(4, dtype=np.uint64), (0, 0))
        ones = philox(np.full(4, 0xFFFFFFFF, dtype=np.uint64), (0xFFFFFFFF, 0xFFFFFFFF))
        assert [int(v) for v in zeros] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
        assert [int(v) for v in ones] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]

    def test_a_number_depends_on_seed_purpose_trial_and_place_alone(self):
        whole = uniforms(1, "event", 0, 100, 61)
        np.testing.assert_array_equal(whole[40:50, :30], uniforms(1, "event", 40, 10, 30))
        assert not np.isin(whole, uniforms(2, "event", 0, 100, 61)).any()
        assert not np.isin(whole, uniforms(1, "entry", 0, 100, 61)).any()
        assert not np.isin(whole, uniforms(1, "event", 0, 100, 61, column=1)).any()
        large = uniforms(7, "event", 2**32 - 2, 4000, 50)
        assert abs(large.mean() - 0.5) < 4 * math.sqrt(1 / 12 / large.size)
        assert len(np.unique(large)) == large.size


class TestPatients:
    def test_fewer_patients_are_the_beginning_of_the_same_trial(self):
        spec = design(PFS).spec
        small, large = (generate(spec, spec.truths[1], n, 3, 5) for n in (30, 60))
        for name in ("entry", "event", "drop_out"):
            np.testing.assert_array_equal(getattr(small, name), getattr(large, name)[:, :30])
        np.testing.assert_array_equal(small.arm, large.arm[:, :30])

    def test_blocks_are_balanced(self):
        spec = design(PFS).spec
        arm = generate(spec, spec.truths[0], 60, 0, 50).arm
        assert (arm.reshape(50, 15, 4).sum(axis=2) == 2).all()

    def test_delayed_effects_by_the_law_of_their_times(self):
        u = uniforms(1, "event", 0, 400, 100)
        times = event_times(-np.log(u), np.ones(u.shape, int), 4.0, 1.3, (((0.0, 1.0),), ((0.0, 1.0), (3.0, 0.5))))
        for t in (1.0, 3.0, 6.0, 12.0):
            hazard = math.log(2) * (min(t, 3.0) / 4) ** 1.3
            hazard += 0.5 * max(0.0, math.log(2) * ((t / 4) ** 1.3 - (3.0 / 4) ** 1.3))
            p = math.exp(-hazard)
            assert abs((times > t).mean() - p) < 4 * math.sqrt(p * (1 - p) / times.size)

    def test_responders_and_covariates_change_the_hazard(self):
        content = {
            **PFS,
            "endpoints": {"ORR": {}, "PFS": {}},
            "truths": [
                {
                    "name": "t",
                    "ORR": 0.5,
                    "PFS": {"median": 4},
                    "association": {"responders_hazard": 0.4},
                    "covariates": {"liver": {"probability": 0.4, "coefficient": 0.7}},
                }
            ],
        }
        spec = design(content).spec
        p = generate(spec, spec.truths[0], 60, 0, 2000)
        for responder in (0, 1):
            for liver in (0, 1):
                chosen = (p.response["ORR"] == responder) & (p.covariates["liver"] == liver)
                rate = math.log(2) / 4 * 0.4**responder * math.exp(0.7 * liver)
                mean = p.event[chosen].mean()
                assert abs(mean - 1 / rate) < 4 / rate / math.sqrt(chosen.sum())


class TestAnswers:
    @pytest.mark.parametrize("seed", range(4))
    def test_tail_areas_against_a_grid(self, seed):
        rng = np.random.default_rng(seed)
        n = (14, 30, 60, 24)[seed]
        arm = np.arange(n) % 2
        time = rng.weibull((0.8, 1.2, 1.5, 1.0)[seed], n) * 5 * np.where(arm, 1.6, 1.0)
        end = rng.uniform(2, 12, n)
        seen = (time <= end).astype(float)
        time = np.minimum(time, end)
        answer = tail_areas(
            np.log(time)[None],
            seen[None],
            (arm - 0.5)[None, :, None],
            np.array([math.log(6.0), 0.0, 0.0]),
            np.diag([1 / 2.5**2, 1 / 0.3**2, 1 / 0.7**2]),
            np.zeros(1),
            fixed_shape=False,
        )
        assert answer[0] == pytest.approx(weibull_tail(time, seen, arm), abs=0.003)

    def test_labels_do_not_matter(self):
        content = json.loads(json.dumps(PFS))
        content["monitoring"][0] |= {"reference": "new", "regimen": "old"}
        spec = design(PFS)
        swapped = design(content)
        patients = generate(spec.spec, spec.spec.truths[1], 60, 0, 50)
        from bayes_escc.trials.conduct import statistic_at

        values = []
        for d in (spec, swapped):
            planned = d.spec.rules[0]
            state = state_at(d.spec, patients, look_times(d.spec, patients, planned, planned.looks[1]))
            values.append(statistic_at(d.spec, d.model, d.analysis, planned, patients, state)[0])
        np.testing.assert_allclose(values[0], 1.0 - values[1], atol=2e-3)

    def test_the_package_s_own_fit_agrees(self):
        audited = design(PFS, simulation={"trials": 600, "seed": 2, "audit": 0.005}).audit()
        assert audited.trials - audited.near == 3
        assert 1 <= audited.near <= 3  # of 600 trials and four looks some are within 0.005 of a threshold
        assert audited.agrees
        assert audited.in_errors < 5
        assert audited.near <= audited.found
        assert audited.searched == 2000  # 500 trials of two truths at two looks

    def test_how_much_is_audited_is_a_setting(self, monkeypatch):
        from bayes_escc.trials import audit

        monkeypatch.setattr(audit, "fitted_probability", lambda *_: (0.5, 0.001))
        stated = {"trials": 600, "seed": 2, "audit": 0.05, "audit_most": 6, "audit_near": 4}
        audited = design(PFS, simulation=stated).audit()
        assert (audited.trials, audited.near) == (10, 4)
        assert audited.found > 4
        assert not audited.agrees
        none = design(PFS, simulation={**stated, "audit_near": 0}).audit()
        assert (none.trials, none.near, none.found) == (6, 0, audited.found)


class TestLooks:
    @pytest.mark.parametrize(
        ("plan", "month"),
        [
            (LookPlan(patients=10), 9.5 / 3),
            (LookPlan(evaluable=10), 9.5 / 3 + 2.0),
            (LookPlan(at_least_months=7), 7.0),
            (LookPlan(evaluable=10, at_least_months=7), 7.0),
            (LookPlan(evaluable=40, by_month=9), 9.0),
        ],
    )
    def test_when_a_look_falls(self, plan, month):
        spec = design(RESPONSE).spec
        patients = generate(spec, spec.truths[0], 40, 0, 3)
        np.testing.assert_allclose(look_times(spec, patients, spec.rules[0], plan), month)

    def test_a_look_knows_only_what_was_known_then(self):
        spec = design(PFS).spec
        patients = generate(spec, spec.truths[0], 60, 0, 20)
        times = look_times(spec, patients, spec.rules[0], LookPlan(events=30))
        state = state_at(spec, patients, times)
        assert (state.seen.sum(axis=1) >= 30).all()  # those seen at one visit count together
        assert ((patients.entry + state.time <= times[:, None] + 1e-9) | ~state.entered).all()
        assert (state.time % 2.0 < 1e-9).all()
        earlier = state_at(spec, patients, times - 1e-6)
        assert (earlier.seen.sum(axis=1) < 30).all()


class TestOperatingCharacteristics:
    def test_enumeration_against_every_path(self, single):
        result = single.simulate(workers=1)
        for row, rate in zip(result.rows, (0.2, 0.4), strict=True):
            go, stop = single_arm((10, 20, 40), rate, 0.2, 0.98, 0.1)
            assert row["go"].exact
            assert row["go"].value == pytest.approx(go, abs=1e-9)
            assert row["stop"].value == pytest.approx(stop, abs=1e-9)

    def test_simulation_against_enumeration(self, single):
        for truth, rate in (("null", 0.2), ("better", 0.4)):
            outcomes = single.conduct(truth, 40, 0, 4000)
            go, stop = single_arm((10, 20, 40), rate, 0.2, 0.98, 0.1)
            for share, exact in (((outcomes.decision > 0).mean(), go), ((outcomes.decision < 0).mean(), stop)):
                assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)

    def test_poisson_accrual_changes_dates_and_not_decisions(self, single):
        other = design(RESPONSE, accrual={"rate": 3, "pattern": "poisson"})
        a, b = (d.conduct("better", 40, 0, 300) for d in (single, other))
        assert abs(float(a.decision.mean() - b.decision.mean())) < 0.15
        assert (a.months != b.months).all()

    def test_pfs_power_is_near_schoenfeld_s(self):
        content = {
            **PFS,
            "endpoints": {"PFS": {}},
            "design": {"arms": {"old": 1, "new": 1}, "patients": 120, "block": 4},
            "monitoring": [{**PFS["monitoring"][0], "looks": [{"events": 100}], "go_above": 0.975, "stop_below": 0.01}],
        }
        result = design(content).conduct("better", 120, 0, 600)
        theory = 0.5 * math.erfc((1.96 - math.sqrt(100 / 4) * math.log(2)) / math.sqrt(2))
        assert abs((result.decision > 0).mean() - theory) < 0.04  # the prior shrinks, so power is a little below
        null = design(content).conduct("null", 120, 0, 600)
        assert (null.decision > 0).mean() < 0.025 + 4 * math.sqrt(0.025 * 0.975 / 600)

    def test_the_design_prior_is_averaged(self):
        prior = {"new": {"distribution": "Beta", "alpha": 6, "beta": 14}}
        d = design(RESPONSE, design_prior={"ORR": prior, "effective": {"estimand": "ORR", "above": 0.25}})
        result = d.simulate(trials=3000, workers=1)
        row = result.prior[0]
        rates = np.random.default_rng(1).beta(6, 14, 400)
        exact = np.mean([single_arm((10, 20, 40), r, 0.2, 0.98, 0.1)[0] for r in rates[:60]])
        assert abs(row["assurance"].value - exact) < 0.15
        joint = row["assurance"].value * row["effective_given_go"].value
        assert joint <= row["effective"].value + 1e-12
        assert row["effective_given_go"].value + row["ineffective_given_go"].value == pytest.approx(1.0)

    def test_a_rule_that_advises_ends_nothing(self):
        content = json.loads(json.dumps(RESPONSE))
        content["monitoring"].append(
            {
                "name": "futility",
                "kind": "posterior_probability",
                "value": 0.3,
                "looks": [10, 20],
                "stop_below": 0.3,
                "binding": False,
            }
        )
        with_advice = design(content).conduct("null", 40, 0, 500)
        alone = design(RESPONSE).conduct("null", 40, 0, 500)
        np.testing.assert_array_equal(with_advice.decision, alone.decision)
        assert (with_advice.advice[:, 1] < 0).mean() > 0.2
        content["monitoring"][1]["binding"] = True
        assert (design(content).conduct("null", 40, 0, 500).decision < 0).mean() > (alone.decision < 0).mean()

    def test_a_calibrated_threshold_is_an_order_statistic(self):
        values = np.arange(1000) / 1000
        value, (low, high) = threshold({"null": values}, 0.05, upper=False)
        assert (values > value).mean() == 0.05
        assert low < value < high
        assert threshold({"null": values}, 0.05, upper=True)[0] > value


class TestWorkers:
    def test_pieces_order_and_restarts_change_nothing(self, tmp_path):
        d = design(PFS)
        whole = d.conduct("better", 60, 0, 30)
        parts = [d.conduct("better", 60, first, 7 if first < 28 else 2) for first in (28, 0, 14, 7, 21)]
        for name, values in vars(join(parts)).items():
            np.testing.assert_array_equal(values, getattr(whole, name), err_msg=name)
        pieces = [Piece("better", 60, first, 10) for first in (0, 10, 20)]
        folder = tmp_path / "trials"
        execute(run_piece, d.content, ".", pieces[:2], keep=folder)
        kept = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
        done = execute(run_piece, d.content, ".", pieces, keep=folder)
        assert all((folder / name).stat().st_mtime_ns == at for name, at in kept.items())
        np.testing.assert_array_equal(join([o for _, o in done]).months, whole.months)

    def test_outcomes_survive_as_bytes(self):
        outcomes = design(RESPONSE).conduct("null", 40, 0, 20)
        again = unpack(pack(outcomes))
        for name, values in vars(outcomes).items():
            np.testing.assert_array_equal(getattr(again, name), values)
        assert fingerprint() == fingerprint()

    def test_a_worker_that_would_make_other_numbers_is_named(self, monkeypatch):
        distributed = pytest.importorskip("distributed")

        class Client:
            def __init__(self, address, timeout):
                self.address = address

            def __enter__(self):
                return self

            def __exit__(self, *_):
                return None

            def run(self, asked):
                return {"tcp://a": asked(), "tcp://b": "0.0.1 of another version"}

        monkeypatch.setattr(distributed, "Client", Client)
        d = design(RESPONSE)
        with pytest.raises(be.FitError, match=r"tcp://b: 0\.0\.1 of another version") as refused:
            execute(run_piece, d.content, ".", [Piece("null", 40, 0, 10)], scheduler="tcp://here")
        assert "tcp://a" not in str(refused.value)

    @pytest.mark.slow
    def test_processes_and_a_cluster_of_which_a_worker_is_killed(self, tmp_path):
        import os
        import signal

        from distributed import Client, LocalCluster

        d = design(PFS)
        pieces = [Piece("better", 60, first, 50) for first in range(0, 500, 50)]
        here = [o for _, o in execute(run_piece, d.content, ".", pieces)]
        processes, five = (
            [o for _, o in execute(run_piece, d.content, ".", pieces, workers=count)] for count in (2, 5)
        )
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            with Client(cluster) as client:
                pids = list(client.run(os.getpid).values())
            os.kill(pids[0], signal.SIGKILL)
            there = [o for _, o in execute(run_piece, d.content, ".", pieces, scheduler=cluster.scheduler_address)]
        for other in (processes, five, there):
            for a, b in zip(here, other, strict=True):
                for name, values in vars(a).items():
                    np.testing.assert_array_equal(getattr(b, name), values, err_msg=name)


class TestComparison:
    def test_the_same_patients_make_differences_precise(self):
        waiting = {"accrual": {"rate": 3}, "endpoints": {"ORR": {"assessed_after": 2.0}}}
        fewer = json.loads(json.dumps({**RESPONSE, **waiting}))
        fewer["monitoring"][0]["looks"] = [{"patients": 10}, {"patients": 20}, {"patients": 40, "at_least_months": 15}]
        other = json.loads(json.dumps(fewer))
        other["monitoring"][0]["looks"][2]["at_least_months"] = 16
        rows = compare_designs(design(fewer), design(other), 1000)
        row = next(r for r in rows if r["what"] == "P(go)" and r["truth"] == "better")
        apart = math.hypot(row["first"]["mcse"], row["second"]["mcse"])
        assert row["difference"]["mcse"] < 0.7 * apart
        assert row["difference"]["value"] == pytest.approx(row["second"]["value"] - row["first"]["value"])

    def test_what_is_known_exactly_is_compared_exactly(self):
        fewer = json.loads(json.dumps(RESPONSE))
        fewer["monitoring"][0]["looks"] = [10, 20, 36]
        rows = compare_designs(design(RESPONSE), design(fewer), 20)
        assert all(row[side]["exact"] for row in rows for side in ("first", "second", "difference"))
        row = next(r for r in rows if r["what"] == "P(go)" and r["truth"] == "better")
        a, b = (single_arm(looks, 0.4, 0.2, 0.98, 0.1)[0] for looks in ((10, 20, 40), (10, 20, 36)))
        assert row["difference"]["value"] == pytest.approx(b - a, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"design": {"arms": {"a": 1, "b": 1}, "patients": 40, "block": 3}}, "design.block"),
        ({"design": {"arms": ["new"], "patients": 1}}, "design.patients"),
        ({"accrual": {"rate": [[0, 2], [0, 5]]}}, "accrual.rate"),
        ({"accrual": {"rate": -1}}, "accrual.rate"),
        ({"endpoints": {}}, "endpoints"),
        ({"truths": []}, "truths"),
        ({"truths": [{"name": "x", "ORR": 1.5}]}, "truths[0].ORR"),
        ({"monitoring": [{"kind": "posterior_probability", "value": 0.2, "go_above": 0.9}]}, "looks"),
        (
            {"monitoring": [{"kind": "posterior_probability", "value": 0.2, "go_above": [0.9, 0.8], "looks": [10]}]},
            "go_above",
        ),
        (
            {
                "monitoring": [
                    {"kind": "posterior_probability", "value": 0.2, "go_above": 0.9, "looks": [{"events": 9}]}
                ]
            },
            "looks",
        ),
        ({"simulation": {"trials": 2}}, "simulation.trials"),
        ({"simulatoin": {}}, "Did you mean 'simulation'"),
        ({"analysis": 3}, "analysis"),
    ],
)
def test_what_a_design_file_may_not_say(changes, said):
    with pytest.raises(be.AnalysisError) as refused:
        design(RESPONSE, **changes)
    assert said in str(refused.value)


def test_an_analysis_with_covariates_needs_their_truth():
    content = json.loads(json.dumps(PFS))
    content["analysis"]["model"]["covariates"] = ["ecog"]
    with pytest.raises(be.AnalysisError, match="adjusts for ecog"):
        design(content)


def test_wilson_s_interval_of_no_success():
    assert wilson(0, 10_000)[0] == 0.0
    assert wilson(0, 10_000)[1] == pytest.approx(3.8e-4, rel=0.02)


class TestFigures:
    def test_every_figure_of_a_design(self, single):
        wanted = {"rule": "response", "truths": ["null"], "false_alarm": 0.05}
        d = design(RESPONSE, calibration=wanted, drift={"values": [-0.1, 0.1]})
        result = d.simulate(trials=200, workers=1)
        for name in ("decisions", "power", "duration", "convergence", "calibration", "drift"):
            figure = getattr(be.plots, f"design_{name}")(result)
            assert "200 trials by truth, seed 5" in figure.get_supxlabel()
        data = json.loads(json.dumps(result.to_dict()))
        axes = be.plots.design_drift(data).axes[0]  # the content of design.json serves as well
        assert [float(x) for x in axes.lines[0].get_xdata()] == [-0.1, 0.0, 0.1]
        plain = single.simulate(trials=200, workers=1)
        for name in ("drift", "calibration"):
            with pytest.raises(be.AnalysisError, match=name):
                getattr(be.plots, f"design_{name}")(plain)

    def test_bars_are_the_shares_that_ended(self, single):
        result = single.simulate(trials=200, workers=1)
        axes = be.plots.design_decisions(result).axes[0]
        for place, row in enumerate(result.rows):
            bars = [bar for bar in axes.patches if abs(bar.get_y() + bar.get_height() / 2 - place) < 0.1]
            goes = sum(bar.get_width() for bar in bars if not bar.get_hatch())
            stops = sum(bar.get_width() for bar in bars if bar.get_hatch())
            assert goes == pytest.approx(row["go"].value)
            assert stops == pytest.approx(row["stop"].value)


class TestCommands:
    def test_shipped_designs_are_described_and_replayed(self, capsys):
        for path in sorted((Path(be.__file__).parents[1] / "models" / "designs").glob("*.toml")):
            assert main(["design", "check", path.stem]) == 0
            assert main(["design", "replay", path.stem, "--trial", "7"]) == 0
        assert "look 1" in capsys.readouterr().out

    def test_a_replay_shows_what_each_look_knows_of_each_patient(self):
        from bayes_escc.trials.conduct import counts_at

        looks = [{"months": 5.0}, {"evaluable": 20}, {"evaluable": 40}]
        rule = {**RESPONSE["monitoring"][0], "looks": looks}
        d = design({**RESPONSE, "monitoring": [rule], "accrual": {"rate": 3, "drop_out": 0.1}})
        planned = d.spec.rules[0]
        for trial in range(5):
            shown = d.replay(trial, truth="better")
            patients = generate(d.spec, d.spec.truths[1], 40, trial, 1)
            columns = [c for c in shown if c.startswith("response, look")]
            for plan, column in zip(planned.looks, columns, strict=True):
                counts = counts_at(d.spec, patients, planned, plan, look_times(d.spec, patients, planned, plan))
                known = shown[column].isin(["event", "none"])
                assert known.sum() == counts.n[0, 0]
                assert (shown[column] == "event").sum() == counts.x[0, 0]
            last = shown[columns[-1]]
            if counts.ended[0]:
                assert set(last[~known]) == {"left"}
                assert (shown["drop_out"][last == "left"] < 2.0).all()

    @pytest.mark.parametrize(
        ("drop_out", "said"),
        [
            (0.0, None),
            (0.02, "of 0.02 a month."),
            ({"old": 0.01, "new": 0.03}, "of 0.01 a month (old), 0.03 a month (new)."),
        ],
    )
    def test_a_check_says_who_leaves(self, drop_out, said):
        from bayes_escc.trials.words import design_in_words

        lines = design_in_words(design(PFS, accrual={"rate": 4, "drop_out": drop_out}))
        leave = [line for line in lines if line.startswith("Patients leave")]
        assert leave == ([] if said is None else [f"Patients leave follow-up at a hazard {said}"])

    def test_an_audit_that_disagrees_ends_with_exit_code_4(self, tmp_path, monkeypatch, capsys):
        from bayes_escc.trials import audit

        monkeypatch.setattr(audit, "fitted_probability", lambda *_: (0.5, 0.001))
        text = (Path(be.__file__).parents[1] / "models" / "designs" / "second_line_randomised.toml").read_text("utf-8")
        path = tmp_path / "trial.toml"
        path.write_text(text, encoding="utf-8")
        assert main(["design", str(path), "--trials", "100"]) == 4
        told = capsys.readouterr()
        assert "DISAGREES" in told.out
        assert "within 0.005 of a threshold, among" in told.out
        assert "NOT CONVERGED" in told.err

    def test_a_run_writes_and_continues(self, tmp_path, capsys):
        command = ["design", "second_line_single_arm", "--trials", "200", "--out", str(tmp_path), "--json"]
        assert main(command) == 0
        first = json.loads(capsys.readouterr().out)
        assert main(command) == 0
        assert json.loads(capsys.readouterr().out) == first
        assert json.loads((tmp_path / "design.json").read_text()) == first
        assert first["scenarios"][0]["go"]["value"] < 0.06

    def test_wrong_words(self, capsys):
        assert main(["design", "compare", "second_line_single_arm"]) == 2
        assert main(["design", "no_such_design"]) == 2
        assert main(["design", "replay", "second_line_single_arm", "--trial", "-1"]) == 2
        assert "there is no trial -1" in capsys.readouterr().err
        assert main(["design", "no_such_design"]) == 2
        assert "second_line_randomised" in capsys.readouterr().err


def test_too_few_trials_to_tell_an_error_from_are_refused(capsys, tmp_path):
    """One trial wrote "nan" and a folder that no page could be made of."""
    assert main(["design", "second_line_single_arm", "--trials", "1", "--out", str(tmp_path / "one")]) == 2
    assert "trials must be a whole number from 10" in capsys.readouterr().err
    assert not (tmp_path / "one").exists()


def test_errors_of_simulated_numbers_are_their_spread_over_repetitions():
    """Means, shares and ratios of two thousand simulations of 400 trials each, and the interval of a mean by SciPy."""
    rng = np.random.default_rng(12)
    values = rng.gamma(2.0, 3.0, (2_000, 400))
    found = [average(v) for v in values[:50]]
    assert np.mean([e.mcse for e in found]) == pytest.approx(values.mean(axis=1).std(ddof=1), rel=0.06)
    low, high = stats.t.interval(0.95, 399, values[0].mean(), values[0].std(ddof=1) / 20.0)
    assert (found[0].lower, found[0].upper) == pytest.approx((low, high))
    which = values > 6.0
    shares = [proportion(w) for w in which[:50]]
    assert np.mean([e.mcse for e in shares]) == pytest.approx(which.mean(axis=1).std(ddof=1), rel=0.06)
    bottom = values > 3.0
    parts = [ratio(w, b, none="") for w, b in zip(which[:50], bottom[:50], strict=True)]
    repeated = (which & bottom).sum(axis=1) / bottom.sum(axis=1)
    assert np.mean([e.mcse for e in parts]) == pytest.approx(repeated.std(ddof=1), rel=0.06)
    assert parts[0].value == pytest.approx(repeated[0])
